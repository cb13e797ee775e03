/* sql.c: the driver under the library: SQL that the core writes from its traits, tables that it makes, objects that it keeps.
 *
 * These checks need nothing of the kit's own host; the library loads the driver by the scheme of the URL, from the folder in
 * which the file lies. */
#include <config.h>
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqla/sqla.h>

#include "engine/conn.h"

/* ---- models ---------------------------------------------------------------------------------------------------------- */

typedef struct Author Author;
typedef struct Book Book;
typedef struct Longish Longish;
SQLA_DECLARE(Author);
SQLA_DECLARE(Book);
SQLA_DECLARE(Longish);

struct Author {
    int64_t id;
    char code[12];
    const char *name;
    sqla_opt_i32 born;
    double score;
    bool alive;
    sqla_blob picture;
    sqla_timestamp seen;
};
SQLA_MODEL(Author, "conf_authors", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(code, .unique = true),
    SQLA_COLUMN(name, .not_null = true), SQLA_COLUMN(born), SQLA_COLUMN(score), SQLA_COLUMN(alive),
    SQLA_COLUMN(picture), SQLA_COLUMN(seen), SQLA_CHECK("sane", "born > -3000"));

struct Book {
    int64_t id;
    int64_t author_id;
    const char *order; /* a word that SQL has reserved */
};
SQLA_MODEL(Book, "conf_books", SQLA_COLUMN(id, .primary_key = true), SQLA_FOREIGN_KEY(author_id, Author, id),
    SQLA_COLUMN(order));

struct Longish {
    int64_t id;
    int32_t a_column_whose_name_says_more_than_anybody_would_ask_one;
    int32_t a_column_whose_name_says_more_than_anybody_would_ask_two;
};
SQLA_MODEL(Longish, "conf_table_whose_name_is_long_and_says_much", SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(a_column_whose_name_says_more_than_anybody_would_ask_one, .index = true),
    SQLA_COLUMN(a_column_whose_name_says_more_than_anybody_would_ask_two, .index = true));

/* ---- set-up ------------------------------------------------------------------------------------------------------------ */

typedef struct place {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_error err;
} place;

/* No failure was recorded up to here. */
static void check_err(const sqla_error *err, const char *what)
{
    if (sqla_failed(err))
        FAIL(what, err->message);
}

static sqla_engine *open_engine(sqla_error *err)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(kit_path(), '/') - kit_path()), kit_path());
    setenv("SQLA_PLUGIN_PATH", folder, 1);
    sqla_engine *db = sqla_create_engine(kit_url, NULL, err);
    check_err(err, "the URL makes an engine");
    if (db == NULL)
        conform_stop();
    kit_traits = sqla__engine_traits(db);
    if (kit_traits->type_count == 0)
        conform_unsupported(
            "the traits have no types: the driver makes no tables, and no SQL is asked of it");
    return db;
}

static void set_up(place *x)
{
    *x = (place){ .err = SQLA_ERROR_INIT };
    x->db = open_engine(&x->err);
    x->base = sqla_metadata_new(&x->err);
    sqla_metadata_add(x->base, SQLA_MODELS(Author, Book, Longish), &x->err);
    sqla_metadata_drop_all(x->base, x->db, &x->err);
    sqla_metadata_create_all(x->base, x->db, &x->err);
    x->maker = sqla_sessionmaker_new(x->db, x->base, NULL, &x->err);
    check_err(&x->err, "tables are made");
}

static void tear_down(place *x)
{
    sqla_sessionmaker_free(x->maker);
    sqla_metadata_drop_all(x->base, x->db, &x->err);
    check_err(&x->err, "all went well until the tables were dropped");
    sqla_metadata_free(x->base);
    sqla_engine_free(x->db);
}

static int64_t count_authors(place *x)
{
    return sqla_scalar_i64(sqla_sql(x->db, kit_named("SELECT count(*) FROM [conf_authors]")), &x->err);
}

/* ---- engines ------------------------------------------------------------------------------------------------------------- */

static void sql__engine(void)
{
    for (int i = 0; i < 20; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = open_engine(&err);
        CHECK_INT(sqla_scalar_i64(sqla_sql(db, "SELECT 1"), &err), 1);
        check_err(&err, "a query on an engine");
        CHECK(sqla_engine_dialect(db) != NULL);
        sqla_engine_free(db);
    }
}

static void sql__named_parameters(void)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = open_engine(&err);
    sqla_execute(db, kit_named("DROP TABLE IF EXISTS [conf_named]"), NULL, &err);
    sqla_execute(db,
        kit_sql("CREATE TABLE [conf_named] ([a] %s, [b] %s, [c] %s)", kit_type(SQLA_INT32),
            kit_type(SQLA_INT32), kit_type(SQLA_TEXT)),
        NULL, &err);
    sqla_execute(db,
        kit_named("INSERT INTO [conf_named] ([a], [b], [c]) VALUES (:one, :two, ':one? $1 :two')"),
        sqla_params("two", 2, "one", 1), &err);
    sqla_execute(db, kit_named("INSERT INTO [conf_named] ([a], [b], [c]) VALUES (:same, :same, :text)"),
        sqla_params("same", 7, "text", "it's 100% \\"), &err);
    CHECK_INT(
        sqla_scalar_i64(
            sqla_sql(db,
                kit_named(
                    "SELECT count(*) FROM [conf_named] WHERE [a] = 1 AND [b] = 2 AND [c] = ':one? $1 :two'")),
            &err),
        1);
    CHECK_INT(
        sqla_scalar_i64(
            sqla_sql(db, kit_named("SELECT count(*) FROM [conf_named] WHERE [a] = 7 AND [b] = 7")), &err),
        1);
    sqla_execute(db, kit_named("DROP TABLE [conf_named]"), NULL, &err);
    check_err(&err, "statements with named parameters");
    sqla_engine_free(db);
}

/* ---- tables ---------------------------------------------------------------------------------------------------------------- */

static void sql__create_all(void)
{
    place x;
    set_up(&x);
    sqla_metadata_create_all(x.base, x.db, &x.err); /* all is there already */
    sqla_metadata_drop_all(x.base, x.db, &x.err);
    sqla_metadata_drop_all(x.base, x.db, &x.err);
    sqla_metadata_create_all(x.base, x.db, &x.err);
    CHECK_INT(count_authors(&x), 0);
    tear_down(&x);
}

/* What was made is what is found. */
static void sql__round_trip(void)
{
    place x;
    set_up(&x);
    sqla_metadata *found = sqla_inspect(x.db, NULL, &x.err);
    if (found == NULL && x.err.status == SQLA_ERR_UNSUPPORTED) {
        sqla_error_clear(&x.err);
        tear_down(&x);
        conform_unsupported("the slot 'reflect' is empty");
    }
    const char *const names[] = { "conf_authors", "conf_books",
        "conf_table_whose_name_is_long_and_says_much" };
    for (size_t t = 0; found != NULL && t < 3; t++) {
        const sqla_table *made = sqla_metadata_find(x.base, names[t]),
                         *there = sqla_metadata_find(found, names[t]);
        CHECK(there != NULL);
        if (made == NULL || there == NULL)
            continue;
        CHECK_INT(there->column_count, made->column_count);
        for (uint32_t i = 0; i < made->column_count && i < there->column_count; i++) {
            CHECK_TEXT(there->columns[i].name, made->columns[i].name);
            CHECK_INT(there->columns[i].type, made->columns[i].type);
            CHECK_INT(there->columns[i].nullable, made->columns[i].nullable);
            CHECK_INT(there->columns[i].key_position, made->columns[i].key_position);
            CHECK_INT(there->columns[i].generated_key, made->columns[i].generated_key);
        }
    }
    sqla_metadata_free(found);
    tear_down(&x);
}

/* ---- objects ------------------------------------------------------------------------------------------------------------- */

static void sql__objects(void)
{
    static const char picture[] = "\0\1\2\xff";
    place x;
    set_up(&x);
    sqla_session *s = sqla_open(x.maker, &x.err);
    Author *a = sqla_add(s, Author, .code = "a1", .name = "J\xc3\xb6rg's \"best\"", .born = SQLA_SOME(1950),
        .score = 0.1, .alive = true, .picture = { picture, 4 }, .seen = { 1700000000123456 });
    sqla_commit(s, &x.err);
    REQUIRE(a != NULL && a->id > 0);
    int64_t id = a->id;
    sqla_add(s, Book, .author_id = id, .order = "by name");
    sqla_commit(s, &x.err);
    sqla_close(s);
    s = sqla_open(x.maker, &x.err);
    a = sqla_get(s, Author, id, &x.err);
    REQUIRE(a != NULL);
    CHECK_TEXT(a->name, "J\xc3\xb6rg's \"best\"");
    CHECK(a->born.set && a->born.value == 1950 && a->score == 0.1 && a->alive);
    CHECK(a->picture.size == 4 && memcmp(a->picture.data, picture, 4) == 0);
    CHECK(a->seen.micros == 1700000000123456);
    a->score = 2.5;
    sqla_commit(s, &x.err);
    CHECK_INT(
        sqla_scalar_i64(
            sqla_sql(x.db, kit_named("SELECT count(*) FROM [conf_authors] WHERE [score] = 2.5")), &x.err),
        1);
    sqla_close(s);
    tear_down(&x);
}

static void sql__many_objects(void)
{
    enum { MANY = 2000 };
    place x;
    set_up(&x);
    sqla_session *s = sqla_open(x.maker, &x.err);
    static Author *all[MANY];
    for (int i = 0; i < MANY; i++) {
        Author author = { .name = "somebody", .score = i };
        snprintf(author.code, sizeof author.code, "c%d", i);
        all[i] = sqla_add_object(s, Author, &author);
    }
    sqla_commit(s, &x.err);
    check_err(&x.err, "many objects are stored");
    CHECK_INT(count_authors(&x), MANY);
    for (int i = 0; i < MANY; i += 97) {
        const char *sql = kit_named("SELECT [score] FROM [conf_authors] WHERE [id] = :id");
        sqla_stmt *q = sqla_bind(sqla_sql(x.db, sql), "id", all[i]->id);
        CHECK(sqla_scalar_f64(q, &x.err) == i);
    }
    for (int i = 0; i < MANY; i += 2)
        sqla_delete(s, all[i]);
    for (int i = 1; i < MANY; i += 2)
        all[i]->score += 0.5;
    sqla_commit(s, &x.err);
    CHECK_INT(count_authors(&x), MANY / 2);
    sqla_close(s);
    tear_down(&x);
}

static void sql__rollback(void)
{
    place x;
    set_up(&x);
    sqla_session *s = sqla_open(x.maker, &x.err);
    sqla_add(s, Author, .code = "a", .name = "one");
    sqla_flush(s, &x.err);
    sqla_rollback(s, &x.err);
    CHECK_INT(count_authors(&x), 0);
    sqla_error twice = SQLA_ERROR_INIT;
    sqla_add(s, Author, .code = "same", .name = "one");
    sqla_add(s, Author, .code = "same", .name = "two");
    CHECK_INT(sqla_commit(s, &twice), SQLA_ERR_UNIQUE);
    sqla_rollback(s, &x.err);
    CHECK_INT(count_authors(&x), 0);
    sqla_close(s);
    tear_down(&x);
}

/* ---- queries --------------------------------------------------------------------------------------------------------------- */

static int64_t count_found(sqla_stmt *q, sqla_error *err)
{
    int64_t n = 0;
    SQLA_EACH (Author, author, q, err)
        n += author->id > 0;
    return n;
}

static void sql__queries(void)
{
    place x;
    set_up(&x);
    sqla_session *s = sqla_open(x.maker, &x.err);
    Author *anna = sqla_add(s, Author, .code = "a", .name = "Anna", .score = 1);
    sqla_add(s, Author, .code = "b", .name = "50%", .score = 2, .born = SQLA_SOME(1900));
    Author *small = sqla_add(s, Author, .code = "c", .name = "anna", .score = 3);
    sqla_commit(s, &x.err);
    const int64_t ids[] = { anna != NULL ? anna->id : 0, small != NULL ? small->id : 0, INT32_MAX };
    sqla_stmt *q = sqla_select(s, Author);
    CHECK_INT(count_found(sqla_where_in_i64(q, sqla_col(Author, id), ids, 0), &x.err), 0);
    q = sqla_select(s, Author);
    CHECK_INT(count_found(sqla_where(q, sqla_in(sqla_col(Author, score), 1.0, 3.0, 99.0)), &x.err), 2);
    q = sqla_select(s, Author);
    CHECK_INT(count_found(sqla_where_in_i64(q, sqla_col(Author, id), ids, 3), &x.err), 2);
    q = sqla_select(s, Author);
    CHECK_INT(count_found(sqla_where(q, sqla_is_null(sqla_col(Author, born))), &x.err), 2);
    q = sqla_order_by(sqla_select(s, Author), sqla_col(Author, id));
    CHECK_INT(count_found(sqla_offset(q, 1), &x.err), 2);
    q = sqla_order_by(sqla_select(s, Author), sqla_col(Author, id));
    CHECK_INT(count_found(sqla_limit(sqla_offset(q, 2), 5), &x.err), 1);
    sqla_close(s);
    tear_down(&x);
}

enum { SQL = NEEDS_DATABASE | NEEDS_SQL | BEFORE_LOAD };
const conform_check conform_sql_checks[] = {
    { "sql-01", "engines are opened and closed again and again", SQL, 0, sql__engine },
    { "sql-02", "named parameters in the program's own SQL", SQL, 0, sql__named_parameters },
    { "sql-03", "create_all and drop_all look first", SQL, 0, sql__create_all },
    { "sql-04", "tables that were made are found as they were made", SQL, 0, sql__round_trip },
    { "sql-05", "an object comes back as it was stored", SQL, 0, sql__objects },
    { "sql-06", "thousands of objects with their keys", SQL, 0, sql__many_objects },
    { "sql-07", "a session that is rolled back leaves nothing", SQL, 0, sql__rollback },
    { "sql-08", "queries: lists, empty ones, NULL, limit and offset", SQL, 0, sql__queries },
    { NULL, NULL, 0, 0, NULL },
};
