/* test-create.c: create_all and drop_all on real databases, and what sqla_inspect finds of it. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>

#include "expect.h"

/* ---- models ------------------------------------------------------------------------------------------------------ */

typedef struct Parent Parent;
typedef struct Child Child;
typedef struct Egg Egg;
typedef struct Hen Hen;
typedef struct Team Team;
typedef struct Wide Wide;
SQLA_DECLARE(Parent);
SQLA_DECLARE(Child);
SQLA_DECLARE(Egg);
SQLA_DECLARE(Hen);
SQLA_DECLARE(Team);
SQLA_DECLARE(Wide);

static const char *const moods[] = { "glad", "it's \"sad\"", NULL };
enum mood { GLAD, SAD };

struct Parent { int64_t id; char code[9]; const char *name; enum mood mood; enum mood native_mood; sqla_opt_timestamp made; sqla_opt_i32 score; };
SQLA_MODEL(Parent, "parents",
    SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(code, .unique = true), SQLA_COLUMN(name, .not_null = true, .index = true),
    SQLA_ENUM(mood, moods), SQLA_ENUM(native_mood, moods, .native = true),
    SQLA_COLUMN(made, .not_null = true, .server_default = SQLA_NOW),
    SQLA_COLUMN(score, .server_default = "42"), SQLA_INDEX(name, score), SQLA_UNIQUE(name, code),
    SQLA_CHECK("positive", "score > 0"));

struct Child { int64_t id; int64_t parent_id; sqla_opt_i64 sibling_id; };
SQLA_MODEL(Child, "children",
    SQLA_COLUMN(id, .primary_key = true), SQLA_FOREIGN_KEY(parent_id, Parent, id, .on_delete = SQLA_CASCADE),
    SQLA_FOREIGN_KEY(sibling_id, Child, id));

/* A circle. */
struct Egg { int64_t id; sqla_opt_i64 hen_id; };
struct Hen { int64_t id; sqla_opt_i64 egg_id; };
SQLA_MODEL(Egg, "eggs", SQLA_COLUMN(id, .primary_key = true), SQLA_FOREIGN_KEY(hen_id, Hen, id));
SQLA_MODEL(Hen, "hens", SQLA_COLUMN(id, .primary_key = true), SQLA_FOREIGN_KEY(egg_id, Egg, id));

/* A key of two columns that the program gives, in another order than the columns; a name that needs quotes. */
struct Team { const char *motto; int32_t number; char league[4]; };
SQLA_MODEL(Team, "order of \"teams\"",
    SQLA_COLUMN(motto, .name = "the motto"), SQLA_COLUMN(number, .primary_key = true, .natural = true),
    SQLA_COLUMN(league, .primary_key = true));

/* One of each type. */
struct Wide {
    int64_t id; int16_t small; int32_t medium; int64_t large; float part; double ratio; bool flag; const char *text; char chars[11]; sqla_blob blob;
    sqla_date day; sqla_time hour; sqla_timestamp at; sqla_local_timestamp local_at; sqla_interval span; sqla_uuid uuid; sqla_decimal price; sqla_json json;
    sqla_opt_i32 maybe;
};
SQLA_MODEL(Wide, "wide",
    SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(small), SQLA_COLUMN(medium), SQLA_COLUMN(large), SQLA_COLUMN(part),
        SQLA_COLUMN(ratio), SQLA_COLUMN(flag),
    SQLA_COLUMN(text), SQLA_COLUMN(chars), SQLA_COLUMN(blob, .not_null = true), SQLA_COLUMN(day), SQLA_COLUMN(hour),
        SQLA_COLUMN(at), SQLA_COLUMN(local_at),
    SQLA_COLUMN(span), SQLA_COLUMN(uuid), SQLA_COLUMN(price), SQLA_COLUMN(json), SQLA_COLUMN(maybe));

typedef struct LongNamed LongNamed;
SQLA_DECLARE(LongNamed);
struct LongNamed { int64_t id; int64_t the_column_with_a_long_name_as_well_one; int64_t the_column_with_a_long_name_as_well_two; };
SQLA_MODEL(LongNamed, "a_table_whose_name_is_rather_long_and_says_much",
    SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(the_column_with_a_long_name_as_well_one, .index = true),
    SQLA_COLUMN(the_column_with_a_long_name_as_well_two, .index = true));

/* ---- set-up ------------------------------------------------------------------------------------------------------ */

typedef struct place { sqla_engine *db; sqla_metadata *base; sqla_error err; bool postgres, mariadb; const char *url; } place;

static void set_up(place *x, const char *url, sqla_model_fn *const *models, size_t n)
{
    *x = (place){ .err = SQLA_ERROR_INIT, .postgres = harness_is_postgres(url), .mariadb = harness_is_mariadb(url), .url = url };
    x->db = sqla_create_engine(url, NULL, &x->err);
    x->base = sqla_metadata_new(&x->err);
    sqla_metadata_add_models(x->base, models, n, &x->err);
    if (!is(&x->err, SQLA_OK))
        CU_FAIL_FATAL("the set-up failed");
}

static void tear_down(place *x)
{
    sqla_metadata_free(x->base);
    sqla_engine_free(x->db);
}

static sqla_status create(place *x) { sqla_error_clear(&x->err); return sqla_metadata_create_all(x->base, x->db, &x->err); }
static sqla_status drop(place *x) { sqla_error_clear(&x->err); return sqla_metadata_drop_all(x->base, x->db, &x->err); }

/* What the database has of its own catalog: tables, constraints and indexes by name. */
static int64_t table_count(const place *x)
{
    return harness_sql_int(x->url, x->postgres ? "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
                                 : x->mariadb  ? "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
                                               : "SELECT count(*) FROM sqlite_schema WHERE type = 'table'");
}

static bool has_constraint(const place *x, const char *name)
{
    char sql[300];
    snprintf(sql, sizeof sql, x->postgres ? "SELECT count(*) FROM pg_constraint WHERE conname = '%s'"
                            : x->mariadb  ? "SELECT count(*) FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() AND CONSTRAINT_NAME = '%s'"
                                          : "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%%CONSTRAINT %s %%'", name);
    return harness_sql_int(x->url, sql) == 1;
}

static bool has_index(const place *x, const char *name)
{
    char sql[300];
    snprintf(sql, sizeof sql, x->postgres ? "SELECT count(*) FROM pg_indexes WHERE indexname = '%s'"
                            : x->mariadb  ? "SELECT count(DISTINCT INDEX_NAME) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = '%s'"
                                          : "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = '%s'", name);
    return harness_sql_int(x->url, sql) == 1;
}

static sqla_status run(place *x, const char *sql) { return sqla_execute(x->db, sql, NULL, NULL); }

/* ---- create_all and drop_all --------------------------------------------------------------------------------------- */

static void create__and_drop(const char *url)
{
    place x;
    set_up(&x, url, SQLA_MODELS(Child, Parent, Team, Wide)); /* children named first */
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(table_count(&x), 4);
    CU_ASSERT_EQUAL(drop(&x), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(table_count(&x), 0);
    if (x.postgres)
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM pg_type WHERE typtype = 'e'"), 0);
    CU_ASSERT_EQUAL(drop(&x), SQLA_OK); /* there is nothing, and that is well */
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    CU_ASSERT_EQUAL(table_count(&x), 4);
    tear_down(&x);
}

/* Statements, run by other means as they are told. */
typedef struct told { const char *url; int count, most; bool silent; } told;

static sqla_status run_told(void *data, const char *sql, sqla_error *err)
{
    told *t = data;
    if (t->count == t->most)
        return t->silent ? SQLA_ERR_IO : sqla_fail(err, "enough");
    t->count++;
    CU_ASSERT(harness_sql(t->url, sql));
    return SQLA_OK;
}

static void create__statements_can_be_had_without_a_connection(const char *url)
{
    place x;
    told all = { url, 0, 1000, false }, some = { url, 0, 1, false }, silent = { url, 0, 0, true }, again = { url, 0, 1000, false };
    set_up(&x, url, SQLA_MODELS(Child, Parent, Team, Wide, Egg, Hen));
    CU_ASSERT_EQUAL(sqla_metadata_create_sql(x.base, x.db, run_told, &all, &x.err), SQLA_OK);
    CU_ASSERT(all.count >= 6);
    CU_ASSERT_EQUAL(table_count(&x), 6);
    CU_ASSERT(has_constraint(&x, "fk_eggs_hen_id_hens") && has_index(&x, "ix_parents_name"));
    CU_ASSERT_EQUAL(sqla_metadata_drop_sql(x.base, x.db, run_told, &again, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(table_count(&x), 0);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).connects, 0);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_metadata_create_sql(x.base, x.db, run_told, &some, &x.err), SQLA_ERR_APPLICATION);
    CU_ASSERT(says(&x.err, "enough") && some.count == 1);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_metadata_create_sql(x.base, x.db, run_told, &silent, &x.err), SQLA_ERR_IO);
    CU_ASSERT(says(&x.err, "returned ERR_IO"));
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_metadata_create_sql(x.base, x.db, NULL, NULL, &x.err), SQLA_ERR_MISUSE);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_metadata_drop_sql(x.base, NULL, run_told, &some, &x.err), SQLA_ERR_MISUSE);
    tear_down(&x);
}

static void create__leaves_what_is_there(const char *url)
{
    place x;
    harness_sql(url, "CREATE TABLE parents (id BIGINT PRIMARY KEY, other INTEGER)");
    harness_sql(url, "INSERT INTO parents VALUES (1, 2)");
    set_up(&x, url, SQLA_MODELS(Child, Team));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK); /* again: nothing to do */
    CU_ASSERT_EQUAL(table_count(&x), 3);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT other FROM parents"), 2);
    tear_down(&x);
}

/* A table of that name in a schema where nobody looks for it is another table. */
static void create__looks_where_names_are_looked_up(const char *url)
{
    place x;
    harness_sql(url, "CREATE SCHEMA elsewhere");
    harness_sql(url, "CREATE TABLE elsewhere.wide (n INTEGER)");
    set_up(&x, url, SQLA_MODELS(Wide));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    CU_ASSERT_EQUAL(table_count(&x), 1);
    CU_ASSERT_EQUAL(drop(&x), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM elsewhere.wide"), 0);
    tear_down(&x);
}

static void create__is_all_or_nothing(const char *url)
{
    place x;
    harness_sql(url, "CREATE TABLE other (n INTEGER)");
    set_up(&x, url, SQLA_MODELS(Parent, Child, Egg, LongNamed));
    harness_sql(url, x.postgres ? "CREATE TABLE ix_parents_name_score (n INTEGER)" : "CREATE INDEX ix_parents_name_score ON other (n)");
    int64_t before = table_count(&x);
    CU_ASSERT_EQUAL(create(&x), SQLA_ERR_SQL);
    CU_ASSERT(says(&x.err, "cannot create table 'parents'"));
    CU_ASSERT(says(&x.err, "ix_parents_name_score"));
    CU_ASSERT_EQUAL(table_count(&x), before);
    if (x.postgres)
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM pg_type WHERE typtype = 'e'"), 0);
    harness_sql(url, x.postgres ? "DROP TABLE ix_parents_name_score" : "DROP INDEX ix_parents_name_score");
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    CU_ASSERT(table_count(&x) > before);
    tear_down(&x);
}

static void drop__is_all_or_nothing(const char *url)
{
    place x;
    set_up(&x, url, SQLA_MODELS(Child, Team));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    harness_sql(url, "CREATE TABLE foreigner (parent_id BIGINT REFERENCES parents (id))"); /* nobody told us of it */
    run(&x, "INSERT INTO parents (id, code, name, mood, native_mood) VALUES (1, 'a', 'b', 'glad', 'glad')");
    run(&x, "INSERT INTO foreigner VALUES (1)");
    CU_ASSERT_NOT_EQUAL(drop(&x), SQLA_OK);
    CU_ASSERT(says(&x.err, "cannot drop table 'parents'"));
    CU_ASSERT_EQUAL(table_count(&x), 4);
    tear_down(&x);
}

static void circles__are_made_and_dropped(const char *url)
{
    place x;
    set_up(&x, url, SQLA_MODELS(Egg));
    for (int round = 0; round < 2; round++) {
        CU_ASSERT_EQUAL(create(&x), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT_EQUAL(table_count(&x), 2);
        CU_ASSERT(has_constraint(&x, "fk_eggs_hen_id_hens"));
        CU_ASSERT(has_constraint(&x, "fk_hens_egg_id_eggs"));
        CU_ASSERT_EQUAL(run(&x, "INSERT INTO eggs (id) VALUES (1)"), SQLA_OK);
        CU_ASSERT_EQUAL(run(&x, "INSERT INTO hens (id, egg_id) VALUES (1, 2)"), SQLA_ERR_FOREIGN_KEY);
        CU_ASSERT_EQUAL(run(&x, "INSERT INTO hens (id, egg_id) VALUES (1, 1)"), SQLA_OK);
        CU_ASSERT_EQUAL(run(&x, "UPDATE eggs SET hen_id = 1"), SQLA_OK);
        CU_ASSERT_EQUAL(drop(&x), SQLA_OK); /* with rows that point at one another */
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT_EQUAL(table_count(&x), 0);
    }
    tear_down(&x);
}

/* ---- what is in the tables ----------------------------------------------------------------------------------------- */

static void names__by_convention(const char *url)
{
    static const char *const constraints[] = { "uq_parents_code", "uq_parents_name_code", "ck_parents_positive",
        "ck_parents_mood", "fk_children_parent_id_parents",
                                               "fk_children_sibling_id_children", NULL };
    place x;
    set_up(&x, url, SQLA_MODELS(Child, LongNamed));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    for (int i = 0; constraints[i] != NULL; i++) {
        CU_ASSERT(has_constraint(&x, constraints[i]));
        if (!has_constraint(&x, constraints[i]))
            fprintf(stderr, "no %s\n", constraints[i]);
    }
    CU_ASSERT(has_index(&x, "ix_parents_name"));
    CU_ASSERT(has_index(&x, "ix_parents_name_score"));
    if (x.postgres)
        CU_ASSERT(has_constraint(&x, "pk_parents"));
    /* Two that agree in their first 63 bytes stay two. The hash is for ever: schemas outlive code. */
    CU_ASSERT(has_index(&x, "ix_a_table_whose_name_is_rather_long_and_says_much_the_7328a44e"));
    CU_ASSERT(has_index(&x, "ix_a_table_whose_name_is_rather_long_and_says_much_the_3efc0f54"));
    tear_down(&x);
}

static void constraints__hold(const char *url)
{
    static const struct { const char *values; sqla_status status; const char *constraint; } table[] = {
        { "101, 'a', 'n', 'glad', 'glad', 5", SQLA_OK, NULL },
        { "102, 'a', 'm', 'glad', 'glad', 5", SQLA_ERR_UNIQUE, "uq_parents_code" },
        { "103, 'b', NULL, 'glad', 'glad', 5", SQLA_ERR_NOT_NULL, NULL },
        { "104, 'c', 'n', 'angry', 'glad', 5", SQLA_ERR_CHECK, "ck_parents_mood" },
        { "105, 'd', 'n', 'it''s \"sad\"', 'glad', 5", SQLA_OK, NULL },
        { "106, 'e', 'n', 'glad', 'glad', 0", SQLA_ERR_CHECK, "ck_parents_positive" },
        { "101, 'f', 'n', 'glad', 'glad', 5", SQLA_ERR_UNIQUE, "pk_parents" },
    };
    place x;
    set_up(&x, url, SQLA_MODELS(Child));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char sql[200];
        sqla_error err = SQLA_ERROR_INIT;
        snprintf(sql, sizeof sql, "INSERT INTO parents (id, code, name, mood, native_mood, score) VALUES (%s)", table[i].values);
        CU_ASSERT_EQUAL(sqla_execute(x.db, sql, NULL, &err), table[i].status);
        CU_ASSERT(is(&err, table[i].status));
        if (table[i].constraint != NULL && (x.postgres || err.status == SQLA_ERR_CHECK)) /* SQLite names no other */
            CU_ASSERT_STRING_EQUAL(err.constraint, table[i].constraint);
    }
    CU_ASSERT_EQUAL(run(&x, "INSERT INTO parents (id, code, name, mood, native_mood) VALUES (110, 'x', 'n', 'glad', 'angry')"), x.postgres ? SQLA_ERR_DATA : SQLA_ERR_CHECK);
    CU_ASSERT_EQUAL(run(&x, "INSERT INTO parents (code, name, mood, native_mood) VALUES ('y', 'n', 'glad', 'glad')"), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT score FROM parents WHERE code = 'y'"), 42);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(made) FROM parents WHERE code = 'y'"), 1);
    CU_ASSERT_EQUAL(run(&x, "INSERT INTO children (id, parent_id) VALUES (1, 999)"), SQLA_ERR_FOREIGN_KEY);
    CU_ASSERT_EQUAL(run(&x, "INSERT INTO children (id, parent_id) VALUES (1, 101)"), SQLA_OK);
    CU_ASSERT_EQUAL(run(&x, "INSERT INTO children (id, parent_id, sibling_id) VALUES (2, 105, 1)"), SQLA_OK);
    CU_ASSERT_EQUAL(run(&x, "DELETE FROM children WHERE id = 1"), SQLA_ERR_FOREIGN_KEY);
    CU_ASSERT_EQUAL(run(&x, "DELETE FROM parents WHERE id = 105"), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM children"), 1); /* ON DELETE CASCADE */
    tear_down(&x);
}

static void enums__native_where_there_are_some(const char *url)
{
    place x;
    set_up(&x, url, SQLA_MODELS(Parent));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum"),
        "glad,it's \"sad\"");
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT typname FROM pg_type WHERE typtype = 'e'"), "parents_native_mood");
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM pg_constraint WHERE conname = 'ck_parents_native_mood'"), 0);
    tear_down(&x);
}

/* A type outlives its table: create_all takes it as it finds it, and drop_all finds it without the table. */
static void enums__types_left_behind_are_known(const char *url)
{
    place x;
    set_up(&x, url, SQLA_MODELS(Parent));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    harness_sql(url, "DROP TABLE parents");
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(
        run(&x, "INSERT INTO parents (code, name, mood, native_mood) VALUES ('y', 'n', 'glad', 'glad')"),
        SQLA_OK);
    harness_sql(url, "DROP TABLE parents");
    CU_ASSERT_EQUAL(drop(&x), SQLA_OK);
    CU_ASSERT_EQUAL(
        harness_sql_int(url, "SELECT count(*) FROM pg_type WHERE typname = 'parents_native_mood'"), 0);
    CU_ASSERT_EQUAL(drop(&x), SQLA_OK);
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    tear_down(&x);
}

/* A type of that name that is another one would refuse the model's labels with each row. */
static void enums__other_types_are_refused(const char *url)
{
    static const char *const others[] = { "ENUM ('glad')", "ENUM ('it''s \"sad\"', 'glad')",
        "ENUM ('glad', 'it''s \"sad\"', 'more')", "(a integer)" };
    place x;
    set_up(&x, url, SQLA_MODELS(Parent));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char sql[200];
        snprintf(sql, sizeof sql, "CREATE TYPE parents_native_mood AS %s", others[i]);
        harness_sql(url, sql);
        CU_ASSERT_EQUAL(create(&x), SQLA_ERR_SQL);
        CU_ASSERT(says(&x.err, "type 'parents_native_mood' is there already") &&
                  says(&x.err, "sqla_metadata_drop_all"));
        CU_ASSERT_EQUAL(table_count(&x), 0);
        CU_ASSERT_EQUAL(drop(&x), SQLA_OK);
        CU_ASSERT_EQUAL(create(&x), SQLA_OK);
        CU_ASSERT_EQUAL(drop(&x), SQLA_OK);
    }
    tear_down(&x);
}

/* Elsewhere it is another type. */
static void enums__types_of_other_schemas_are_others(const char *url)
{
    place x;
    set_up(&x, url, SQLA_MODELS(Parent));
    harness_sql(url, "CREATE SCHEMA elsewhere");
    harness_sql(url, "CREATE TYPE elsewhere.parents_native_mood AS ENUM ('other')");
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(drop(&x), SQLA_OK);
    CU_ASSERT_EQUAL(
        harness_sql_int(url, "SELECT count(*) FROM pg_type WHERE typname = 'parents_native_mood'"), 1);
    tear_down(&x);
}

/* The names of two columns' types are the same when table and column are cut differently. */
typedef struct CutOne {
    int64_t id;
    enum mood b_c;
} CutOne;
typedef struct CutTwo {
    int64_t id;
    enum mood c;
} CutTwo;
SQLA_DECLARE(CutOne);
SQLA_DECLARE(CutTwo);
SQLA_MODEL(CutOne, "a", SQLA_COLUMN(id, .primary_key = true), SQLA_ENUM(b_c, moods, .native = true));
SQLA_MODEL(CutTwo, "a_b", SQLA_COLUMN(id, .primary_key = true), SQLA_ENUM(c, moods, .native = true));

static void enums__types_of_one_name_are_shared(const char *url)
{
    place x;
    set_up(&x, url, SQLA_MODELS(CutOne, CutTwo));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(table_count(&x), 2);
    CU_ASSERT_EQUAL(drop(&x), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(table_count(&x), 0);
    tear_down(&x);
}

/* ---- inspecting ---------------------------------------------------------------------------------------------------- */

static const sqla_column *column_named(const sqla_table *table, const char *name)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    }
    return NULL;
}

/* What a column is declared as may be a wider type in the database: in SQLite a float is a double, an interval is a text. */
static bool same_type(const place *x, const sqla_column *made, const sqla_column *found)
{
    if (made->type == found->type)
        return true;
    if (made->type == SQLA_ENUM_TYPE && !(made->native_enum && x->postgres))
        return found->type == SQLA_TEXT;
    return made->type == SQLA_FLOAT32 && found->type == SQLA_FLOAT64 && !x->postgres;
}

static void same_columns(const place *x, const sqla_table *made, const sqla_table *found)
{
    CU_ASSERT_EQUAL(found->column_count, made->column_count);
    for (uint32_t i = 0; i < made->column_count && i < found->column_count; i++) {
        const sqla_column *a = &made->columns[i], *b = column_named(found, a->name);
        bool ok = b != NULL && b == &found->columns[i] && b->nullable == a->nullable && b->key_position == a->key_position &&
                  (b->generated_key == a->generated_key) && same_type(x, a, b) &&
                      (b->default_text != NULL) == (a->default_text != NULL);
        if (ok)
            continue;
        fprintf(stderr, "%s.%s: made %u null %d key %u gen %d def %s, found %u (%s) null %d key %u gen %d def %s\n",
            made->name, a->name, a->type, a->nullable,
                a->key_position, a->generated_key, a->default_text, b != NULL ? b->type : 0, b != NULL ? b->type_text : "?",
                    b != NULL && b->nullable,
                b != NULL ? b->key_position : 0, b != NULL && b->generated_key, b != NULL ? b->default_text : NULL);
        CU_FAIL("a column is not as it was made");
    }
}

static void inspect__finds_what_create_all_made(const char *url)
{
    place x;
    set_up(&x, url, SQLA_MODELS(Child, Team, Wide, Egg));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    /* There a schema is a database, and the server may have others. */
    const char *schema = x.mariadb ? harness_sql_text(url, "SELECT DATABASE()") : NULL;
    sqla_metadata *found = sqla_inspect(x.db, SQLA_INSPECT_OPTIONS(.schema = schema), &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    size_t n = 0;
    for (const sqla_table *made; (made = sqla_metadata_table(x.base, n)) != NULL; n++) {
        const sqla_table *table = sqla_metadata_find(found, made->name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(table);
        CU_ASSERT_STRING_EQUAL(table->kind, "table");
        same_columns(&x, made, table);
    }
    CU_ASSERT_EQUAL(n, 6);
    CU_ASSERT_PTR_NOT_NULL(sqla_metadata_table(found, 5));
    CU_ASSERT_PTR_NULL(sqla_metadata_table(found, 6));
    sqla_metadata_free(found);
    tear_down(&x);
}

static void inspect__by_schema_and_table(const char *url)
{
    place x;
    set_up(&x, url, SQLA_MODELS(Child));
    CU_ASSERT_EQUAL(create(&x), SQLA_OK);
    harness_sql(url, "CREATE VIEW names AS SELECT name FROM parents");
    char schema[80];
    snprintf(schema, sizeof schema, "%s", x.postgres ? "public" : x.mariadb ? harness_sql_text(url, "SELECT DATABASE()") : "main");
    const char *of_the_system = x.postgres ? "pg_class" : x.mariadb ? "SCHEMATA" : "sqlite_schema";
    static const struct { bool right; const char *table; size_t count; } table[] = {
        { true, NULL, 3 }, { true, "children", 1 }, { true, "no such", 0 }, { false, NULL, 0 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t n = 0;
        sqla_metadata *found = sqla_inspect(x.db,
            SQLA_INSPECT_OPTIONS(.schema = table[i].right ? schema : "nowhere", .table = table[i].table), &x.err);
        while (sqla_metadata_table(found, n) != NULL)
            n++;
        CU_ASSERT_EQUAL(n, table[i].count);
        CU_ASSERT(is(&x.err, SQLA_OK));
        sqla_metadata_free(found);
    }
    sqla_metadata *all = sqla_inspect(x.db, NULL, &x.err);
    sqla_metadata *system = sqla_inspect(x.db, SQLA_INSPECT_OPTIONS(.system = true), &x.err);
    CU_ASSERT_STRING_EQUAL(sqla_metadata_find(all, "names")->kind, "view");
    CU_ASSERT_PTR_NULL(sqla_metadata_find(all, of_the_system));
    CU_ASSERT_PTR_NOT_NULL(sqla_metadata_find(system, of_the_system));
    sqla_metadata_free(all);
    sqla_metadata_free(system);
    tear_down(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "create and drop", create__and_drop, HARNESS_DATABASES },
        { "create: statements can be had without a connection",
            create__statements_can_be_had_without_a_connection, HARNESS_DATABASES },
        { "create leaves what is there", create__leaves_what_is_there, HARNESS_DATABASES },
        { "create looks where names are looked up", create__looks_where_names_are_looked_up,
            HARNESS_POSTGRES },
        /* MariaDB makes and drops each table for itself. */
        { "create is all or nothing", create__is_all_or_nothing, HARNESS_SQLITE | HARNESS_POSTGRES },
        { "drop is all or nothing", drop__is_all_or_nothing, HARNESS_SQLITE | HARNESS_POSTGRES },
        { "circles are made and dropped", circles__are_made_and_dropped, HARNESS_DATABASES },
        { "names by convention", names__by_convention, HARNESS_DATABASES },
        { "constraints hold", constraints__hold, HARNESS_DATABASES },
        { "enums: native where there are some", enums__native_where_there_are_some, HARNESS_POSTGRES },
        { "enums: types left behind are known", enums__types_left_behind_are_known, HARNESS_POSTGRES },
        { "enums: other types are refused", enums__other_types_are_refused, HARNESS_POSTGRES },
        { "enums: types of other schemas are others", enums__types_of_other_schemas_are_others,
            HARNESS_POSTGRES },
        { "enums: types of one name are shared", enums__types_of_one_name_are_shared, HARNESS_DATABASES },
        { "inspect finds what create_all made", inspect__finds_what_create_all_made, HARNESS_DATABASES },
        { "inspect by schema and table", inspect__by_schema_and_table, HARNESS_DATABASES },
    };
    return harness_main("test-create", tests, sizeof tests / sizeof tests[0]);
}
