/* test-loose.c: keys that the database takes for equal although they are spelled differently: collations
 * without case or blanks, citext, CHAR(n). Relations, the identity map, select-in and get go by the
 * database's word, and a foreign key that is set and finds no parent is never passed over. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- models: the same tables, with and without .loose ------------------------------------------------ */

typedef struct Land Land;
typedef struct Town Town;
struct Land {
    const char *code;
    int32_t size;
    SQLA_MANY(Town) towns;
};
struct Town {
    int32_t id;
    const char *land_code;
    Land *land;
};
SQLA_DECLARE(Land);
SQLA_DECLARE(Town);
SQLA_MODEL(Land, "lands", SQLA_COLUMN(code, .primary_key = true), SQLA_COLUMN(size),
    SQLA_TO_MANY(towns, Town, land_code));
SQLA_MODEL(Town, "towns", SQLA_COLUMN(id, .primary_key = true, .natural = true),
    SQLA_FOREIGN_KEY(land_code, Land, code), SQLA_TO_ONE(land, Land, land_code));

typedef struct LooseLand LooseLand;
typedef struct LooseTown LooseTown;
struct LooseLand {
    const char *code;
    int32_t size;
    SQLA_MANY(LooseTown) towns;
};
struct LooseTown {
    int32_t id;
    const char *land_code;
    LooseLand *land;
};
SQLA_DECLARE(LooseLand);
SQLA_DECLARE(LooseTown);
SQLA_MODEL(LooseLand, "lands", SQLA_COLUMN(code, .primary_key = true, .loose = true), SQLA_COLUMN(size),
    SQLA_TO_MANY(towns, LooseTown, land_code));
SQLA_MODEL(LooseTown, "towns", SQLA_COLUMN(id, .primary_key = true, .natural = true),
    SQLA_FOREIGN_KEY(land_code, LooseLand, code, .loose = true), SQLA_TO_ONE(land, LooseLand, land_code));

enum { SQLITE = 1, POSTGRES = 2, MARIADB = 4 };
static int database_of(const char *url)
{
    return harness_is_postgres(url) ? POSTGRES : harness_is_mariadb(url) ? MARIADB : SQLITE;
}

/* What to run first (it may be something that the server does not have), the types of the two columns, and
 * how the towns spell "Fr". told: only a model with .loose can know, since the database compares the two
 * columns by different rules, or spells a key otherwise than it was given. */
static const struct variant {
    int on;
    const char *first, *parent, *child, *spellings[3];
    bool told;
} variants[] = {
    { SQLITE, NULL, "TEXT COLLATE NOCASE", "TEXT COLLATE NOCASE", { "Fr", "FR", "fR" }, false },
    { SQLITE, NULL, "TEXT COLLATE NOCASE", "TEXT", { "Fr", "FR", "fR" }, true },
    { SQLITE, NULL, "TEXT COLLATE RTRIM", "TEXT COLLATE RTRIM", { "Fr", "Fr ", "Fr   " }, false },
    { POSTGRES, "CREATE EXTENSION citext", "citext", "citext", { "Fr", "FR", "fR" }, false },
    { POSTGRES,
        "CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        "text COLLATE caseless", "text COLLATE caseless", { "Fr", "FR", "fR" }, false },
    { POSTGRES, NULL, "char(6)", "char(6)", { "Fr", "Fr ", "Fr   " }, true },
    { MARIADB, NULL, "VARCHAR(20) COLLATE utf8mb4_general_ci", "VARCHAR(20) COLLATE utf8mb4_general_ci",
        { "Fr", "FR", "f\xc5\x95" }, false },
    { MARIADB, NULL, "VARCHAR(20) COLLATE utf8mb4_bin", "VARCHAR(20) COLLATE utf8mb4_bin",
        { "Fr", "Fr ", "Fr   " }, false },
    { MARIADB, NULL, "CHAR(6) COLLATE utf8mb4_bin", "CHAR(6) COLLATE utf8mb4_bin", { "Fr", "Fr ", "Fr   " },
        false },
};

typedef struct atlas {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_session *s;
    sqla_error err;
} atlas;

static void run(atlas *x, const char *sql)
{
    sqla_execute(x->db, sql, NULL, &x->err);
    if (!is(&x->err, SQLA_OK))
        CU_FAIL_FATAL("the set-up failed");
}

static void make_tables(atlas *x, const struct variant *v)
{
    char sql[400];
    snprintf(sql, sizeof sql, "CREATE TABLE lands (code %s NOT NULL PRIMARY KEY, size INTEGER NOT NULL)",
        v->parent);
    run(x, sql);
    snprintf(sql, sizeof sql,
        "CREATE TABLE towns (id INTEGER NOT NULL PRIMARY KEY, land_code %s, FOREIGN KEY (land_code) "
        "REFERENCES lands (code))",
        v->child);
    run(x, sql);
    run(x, "INSERT INTO lands VALUES ('Fr', 1), ('De', 2)");
    for (int i = 0; i < 3; i++)
        sqla_execute(x->db, "INSERT INTO towns VALUES (:id, :code)",
            sqla_params("id", i + 1, "code", v->spellings[i]), &x->err);
    run(x, "INSERT INTO towns VALUES (4, 'De'), (5, NULL)");
}

/* false: the server has not what the variant needs. */
static bool atlas_open(atlas *x, const char *url, const struct variant *v, bool loose)
{
    *x = (atlas){ .err = SQLA_ERROR_INIT };
    x->db = sqla_create_engine(url, NULL, &x->err);
    if (v->first != NULL && sqla_execute(x->db, v->first, NULL, NULL) != SQLA_OK) {
        sqla_engine_free(x->db);
        return false;
    }
    make_tables(x, v);
    x->base = sqla_metadata_new(&x->err);
    if (loose)
        sqla_metadata_add(x->base, SQLA_MODELS(LooseLand, LooseTown), &x->err);
    else
        sqla_metadata_add(x->base, SQLA_MODELS(Land, Town), &x->err);
    x->maker = sqla_sessionmaker_new(x->db, x->base, NULL, &x->err);
    x->s = sqla_open(x->maker, &x->err);
    CU_ASSERT_FATAL(is(&x->err, SQLA_OK));
    return true;
}

static void atlas_close(atlas *x, const struct variant *v)
{
    sqla_close(x->s);
    sqla_sessionmaker_free(x->maker);
    sqla_metadata_free(x->base);
    sqla_execute(x->db, "DROP TABLE towns", NULL, NULL);
    sqla_execute(x->db, "DROP TABLE lands", NULL, NULL);
    if (v->first != NULL && strstr(v->first, "citext") != NULL)
        sqla_execute(x->db, "DROP EXTENSION citext", NULL, NULL);
    if (v->first != NULL && strstr(v->first, "caseless") != NULL)
        sqla_execute(x->db, "DROP COLLATION caseless", NULL, NULL);
    sqla_engine_free(x->db);
}

/* ---- what must hold, for a pair of models ------------------------------------------------------------ */

#define CHECKS(L, T, name)                                                                              \
    static void name##_to_one(atlas *x)                                                                 \
    {                                                                                                   \
        size_t n = 0;                                                                                   \
        sqla_stmt *q = sqla_order_by(sqla_selectin(sqla_select(x->s, T), T, land), sqla_col(T, id));    \
        T **towns = sqla_all(q, T, &n, &x->err);                                                        \
        CU_ASSERT_FATAL(is(&x->err, SQLA_OK) && n == 5);                                                \
        CU_ASSERT_FATAL(towns[0]->land != NULL && towns[3]->land != NULL);                              \
        CU_ASSERT(towns[0]->land->size == 1 && towns[3]->land->size == 2);                              \
        CU_ASSERT_PTR_EQUAL(towns[1]->land, towns[0]->land);                                            \
        CU_ASSERT_PTR_EQUAL(towns[2]->land, towns[0]->land);                                            \
        CU_ASSERT_PTR_NULL(towns[4]->land);                                                             \
        sqla_stmt_free(q);                                                                              \
    }                                                                                                   \
    static void name##_one_by_one(atlas *x)                                                             \
    {                                                                                                   \
        for (int id = 3; id > 0; id--) {                                                                \
            T *town = sqla_get(x->s, T, id, &x->err);                                                   \
            CU_ASSERT_EQUAL(sqla_load(x->s, town, land, &x->err), SQLA_OK);                             \
            CU_ASSERT_FATAL(is(&x->err, SQLA_OK) && town != NULL && town->land != NULL);                \
            CU_ASSERT_EQUAL(town->land->size, 1);                                                       \
        }                                                                                               \
    }                                                                                                   \
    static void name##_to_many(atlas *x)                                                                \
    {                                                                                                   \
        size_t n = 0;                                                                                   \
        sqla_stmt *q = sqla_order_by(sqla_selectin(sqla_select(x->s, L), L, towns), sqla_col(L, size)); \
        L **lands = sqla_all(q, L, &n, &x->err);                                                        \
        CU_ASSERT_FATAL(is(&x->err, SQLA_OK) && n == 2);                                                \
        CU_ASSERT(lands[0]->towns.count == 3 && lands[1]->towns.count == 1);                            \
        SQLA_EACH_IN(T, town, lands[0]->towns)                                                          \
        CU_ASSERT_PTR_EQUAL(town->land, lands[0]);                                                      \
        sqla_stmt_free(q);                                                                              \
    }                                                                                                   \
    /* The same row is the same object, by whatever spelling it is asked for, fresh or stale. */        \
    static void name##_get(atlas *x, const struct variant *v)                                           \
    {                                                                                                   \
        L *land = sqla_get(x->s, L, "Fr", &x->err);                                                     \
        CU_ASSERT_PTR_NOT_NULL(land);                                                                   \
        for (int round = 0; round < 2; round++) {                                                       \
            for (int i = 0; i < 3; i++)                                                                 \
                CU_ASSERT_PTR_EQUAL(sqla_get(x->s, L, v->spellings[i], &x->err), land);                 \
            CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);                                       \
        }                                                                                               \
        CU_ASSERT(is(&x->err, SQLA_OK));                                                                \
    }                                                                                                   \
    /* A collection that was loaded is whole: what is appended, removed and deleted goes by it. */      \
    static void name##_changes(atlas *x, const struct variant *v)                                       \
    {                                                                                                   \
        L *fr = sqla_get(x->s, L, v->spellings[1], &x->err), *de = sqla_get(x->s, L, "De", &x->err);    \
        CU_ASSERT_FATAL(fr != NULL && de != NULL);                                                      \
        sqla_load(x->s, fr, towns, &x->err);                                                            \
        CU_ASSERT_EQUAL_FATAL(fr->towns.count, 3);                                                      \
        T *moved = sqla_get(x->s, T, 2, &x->err), *freed = sqla_get(x->s, T, 3, &x->err);               \
        sqla_append(x->s, de, towns, moved);                                                            \
        sqla_remove(x->s, fr, towns, freed);                                                            \
        CU_ASSERT_EQUAL(fr->towns.count, 1);                                                            \
        CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);                                           \
        CU_ASSERT(is(&x->err, SQLA_OK));                                                                \
        CU_ASSERT(freed->land_code == NULL && strncmp(moved->land_code, "De", 2) == 0);                 \
        sqla_delete(x->s, fr);                                                                          \
        CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);                                           \
        CU_ASSERT(is(&x->err, SQLA_OK));                                                                \
        T *left = sqla_get(x->s, T, 1, &x->err);                                                        \
        CU_ASSERT(left != NULL && left->land_code == NULL);                                             \
    }                                                                                                   \
    /* What was added is the row that comes back, and not another object. */                            \
    static void name##_added(atlas *x)                                                                  \
    {                                                                                                   \
        L *land = sqla_add(x->s, L, .code = "Es", .size = 3);                                           \
        T *town = sqla_add(x->s, T, .id = 9, .land = land);                                             \
        CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);                                           \
        sqla_stmt *q = sqla_where(sqla_select(x->s, L), sqla_eq(sqla_col(L, size), 3));                 \
        L *again = sqla_one(q, L, &x->err);                                                             \
        CU_ASSERT(is(&x->err, SQLA_OK));                                                                \
        CU_ASSERT_PTR_EQUAL(again, land);                                                               \
        sqla_stmt_free(q);                                                                              \
        land->size = 4;                                                                                 \
        CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);                                           \
        CU_ASSERT_EQUAL(sqla_load(x->s, town, land, &x->err), SQLA_OK);                                 \
        CU_ASSERT(is(&x->err, SQLA_OK));                                                                \
        CU_ASSERT_PTR_EQUAL(town->land, land);                                                          \
    }                                                                                                   \
    /* Batches find their rows by such keys as well. */                                                 \
    static void name##_many(atlas *x)                                                                   \
    {                                                                                                   \
        L *lands[40];                                                                                   \
        for (int i = 0; i < 40; i++)                                                                    \
            lands[i] = sqla_add(x->s, L, .code = sqla_printf(x->s, "x%d", i), .size = i);               \
        CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);                                           \
        for (int i = 0; i < 40; i++)                                                                    \
            lands[i]->size += 100;                                                                      \
        CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);                                           \
        for (int i = 0; i < 40; i++)                                                                    \
            sqla_delete(x->s, lands[i]);                                                                \
        CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);                                           \
        CU_ASSERT(is(&x->err, SQLA_OK));                                                                \
    }                                                                                                   \
    static void name##_all(const char *url, const struct variant *v, bool loose)                        \
    {                                                                                                   \
        for (int check = 0; check < 7; check++) {                                                       \
            atlas x;                                                                                    \
            if (!atlas_open(&x, url, v, loose)) {                                                       \
                fprintf(stderr, "not here: %s\n", v->first);                                            \
                return;                                                                                 \
            }                                                                                           \
            if (check == 0)                                                                             \
                name##_to_one(&x);                                                                      \
            if (check == 1)                                                                             \
                name##_one_by_one(&x);                                                                  \
            if (check == 2)                                                                             \
                name##_to_many(&x);                                                                     \
            if (check == 3)                                                                             \
                name##_get(&x, v);                                                                      \
            if (check == 4)                                                                             \
                name##_changes(&x, v);                                                                  \
            if (check == 5)                                                                             \
                name##_added(&x);                                                                       \
            if (check == 6)                                                                             \
                name##_many(&x);                                                                        \
            atlas_close(&x, v);                                                                         \
        }                                                                                               \
    }
CHECKS(Land, Town, plain)
CHECKS(LooseLand, LooseTown, loose)

static void keys__are_compared_by_the_database(const char *url)
{
    for (size_t i = 0; i < COUNT(variants); i++)
        if ((variants[i].on & database_of(url)) != 0 && !variants[i].told)
            plain_all(url, &variants[i], false);
}

static void keys__of_loose_columns_are_too(const char *url)
{
    for (size_t i = 0; i < COUNT(variants); i++)
        if ((variants[i].on & database_of(url)) != 0)
            loose_all(url, &variants[i], true);
}

/* ---- keys that name nothing -------------------------------------------------------------------------- */

typedef struct Owner Owner;
typedef struct Thing Thing;
struct Owner {
    int32_t id;
};
struct Thing {
    int32_t id;
    sqla_opt_i32 owner_id;
    Owner *owner;
};
SQLA_DECLARE(Owner);
SQLA_DECLARE(Thing);
SQLA_MODEL(Owner, "owners", SQLA_COLUMN(id, .primary_key = true, .natural = true));
SQLA_MODEL(Thing, "things", SQLA_COLUMN(id, .primary_key = true, .natural = true),
    SQLA_FOREIGN_KEY(owner_id, Owner, id), SQLA_TO_ONE(owner, Owner, owner_id));

/* A table without the constraint, as a database may have it. */
static void key__without_a_parent_is_no_success(const char *url)
{
    atlas x = { .err = SQLA_ERROR_INIT };
    x.db = sqla_create_engine(url, NULL, &x.err);
    run(&x, "CREATE TABLE owners (id INTEGER NOT NULL PRIMARY KEY)");
    run(&x, "CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY, owner_id INTEGER)");
    run(&x, "INSERT INTO owners VALUES (1)");
    run(&x, "INSERT INTO things VALUES (1, 1), (2, NULL), (3, 7)");
    x.base = sqla_metadata_new(&x.err);
    sqla_metadata_add(x.base, SQLA_MODELS(Owner, Thing), &x.err);
    x.maker = sqla_sessionmaker_new(x.db, x.base, NULL, &x.err);
    x.s = sqla_open(x.maker, &x.err);
    for (int id = 1; id <= 2; id++) {
        Thing *thing = sqla_get(x.s, Thing, id, &x.err);
        CU_ASSERT_EQUAL(sqla_load(x.s, thing, owner, &x.err), SQLA_OK);
        CU_ASSERT_FATAL(is(&x.err, SQLA_OK));
        CU_ASSERT_EQUAL(thing->owner != NULL, id == 1);
    }
    Thing *lost = sqla_get(x.s, Thing, 3, &x.err);
    CU_ASSERT_EQUAL(sqla_load(x.s, lost, owner, &x.err), SQLA_ERR_NOT_FOUND);
    CU_ASSERT(says(&x.err,
        "cannot load 'owner' of 'Thing': there is no 'Owner' with the key '7', which its 'owner_id' names"));
    sqla_error_clear(&x.err);
    sqla_stmt *q = sqla_selectin(sqla_select(x.s, Thing), Thing, owner);
    size_t n = 0;
    (void)sqla_all(q, Thing, &n, &x.err);
    CU_ASSERT(is(&x.err, SQLA_ERR_NOT_FOUND));
    sqla_error_clear(&x.err);
    lost->owner_id = (sqla_opt_i32)SQLA_NONE; /* and the session goes on */
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_close(x.s);
    sqla_sessionmaker_free(x.maker);
    sqla_metadata_free(x.base);
    sqla_engine_free(x.db);
}

/* ---- what reflection says ---------------------------------------------------------------------------- */

static void inspect__says_which_columns_are_loose(const char *url)
{
    static const struct {
        int on;
        const char *type;
        bool loose;
    } columns[] = {
        { SQLITE, "TEXT", false },
        { SQLITE, "TEXT COLLATE NOCASE", true },
        { SQLITE, "VARCHAR(9) COLLATE RTRIM", true },
        { SQLITE, "TEXT COLLATE BINARY", false },
        { SQLITE, "INTEGER", false },
        { POSTGRES, "text", false },
        { POSTGRES, "varchar(9)", false },
        { POSTGRES, "char(9)", true },
        { POSTGRES, "integer", false },
        { MARIADB, "VARCHAR(9) COLLATE utf8mb4_nopad_bin", false },
        { MARIADB, "VARCHAR(9) COLLATE utf8mb4_bin", true },
        { MARIADB, "TEXT COLLATE utf8mb4_general_ci", true },
        { MARIADB, "CHAR(9) COLLATE utf8mb4_nopad_bin", true },
        { MARIADB, "INTEGER", false },
    };
    for (size_t i = 0; i < COUNT(columns); i++) {
        char sql[200];
        sqla_error err = SQLA_ERROR_INIT;
        if ((columns[i].on & database_of(url)) == 0)
            continue;
        sqla_engine *db = sqla_create_engine(url, NULL, &err);
        snprintf(sql, sizeof sql, "CREATE TABLE looked_at (c %s)", columns[i].type);
        sqla_execute(db, sql, NULL, &err);
        sqla_metadata *found = sqla_inspect(db,
            &(sqla_inspect_options){ .struct_size = sizeof(sqla_inspect_options), .table = "looked_at" },
            &err);
        CU_ASSERT_FATAL(is(&err, SQLA_OK) && sqla_metadata_table(found, 0) != NULL);
        if (sqla_metadata_table(found, 0)->columns[0].loose != columns[i].loose)
            fprintf(stderr, "%s\n", columns[i].type);
        CU_ASSERT_EQUAL(sqla_metadata_table(found, 0)->columns[0].loose, columns[i].loose);
        sqla_metadata_free(found);
        sqla_execute(db, "DROP TABLE looked_at", NULL, &err);
        sqla_engine_free(db);
    }
}

typedef struct Wrong {
    int32_t id;
} Wrong;
SQLA_DECLARE(Wrong);
SQLA_MODEL(Wrong, "wrong", SQLA_COLUMN(id, .primary_key = true, .loose = true));

static void loose__is_for_texts(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_metadata *base = sqla_metadata_new(NULL);
    (void)url;
    CU_ASSERT_EQUAL(sqla_metadata_add(base, SQLA_MODELS(Wrong), &err), SQLA_ERR_MISUSE);
    CU_ASSERT(says(&err, ".loose and no text"));
    sqla_metadata_free(base);
}

/* A .sql_type that is more than a plain text says it by itself. */
typedef struct Typed {
    const char *a, *b, *c, *d, *e, *f;
} Typed;
SQLA_DECLARE(Typed);
SQLA_MODEL(Typed, "typed", SQLA_COLUMN(a, .primary_key = true, .sql_type = "VARCHAR(40)"),
    SQLA_COLUMN(b, .sql_type = "text"), SQLA_COLUMN(c, .sql_type = "citext"),
    SQLA_COLUMN(d, .sql_type = "VARCHAR(40) COLLATE NOCASE"), SQLA_COLUMN(e, .sql_type = "CHAR(3)"),
    SQLA_COLUMN(f, .sql_type = "character varying (9)"));

static void loose__follows_from_the_type(const char *url)
{
    static const bool loose[] = { false, false, true, true, true, false };
    sqla_metadata *base = sqla_metadata_new(NULL);
    (void)url;
    sqla_metadata_add(base, SQLA_MODELS(Typed), NULL);
    sqla_engine *db = sqla_create_engine("sqlite://", NULL, NULL);
    sqla_metadata_create_sql(base, db, NULL, NULL, NULL);
    CU_ASSERT_EQUAL(sqla_metadata_create_all(base, db, NULL), SQLA_OK);
    const sqla_table *table = sqla_metadata_table(base, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    for (uint32_t i = 0; i < table->column_count; i++)
        CU_ASSERT_EQUAL(table->columns[i].loose, loose[i]);
    sqla_engine_free(db);
    sqla_metadata_free(base);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "keys are compared by the database", keys__are_compared_by_the_database, HARNESS_DATABASES },
        { "keys of loose columns are too", keys__of_loose_columns_are_too, HARNESS_DATABASES },
        { "key without a parent is no success", key__without_a_parent_is_no_success, HARNESS_DATABASES },
        { "inspect says which columns are loose", inspect__says_which_columns_are_loose, HARNESS_DATABASES },
        { "loose is for texts", loose__is_for_texts, HARNESS_PLAIN },
        { "loose follows from the type", loose__follows_from_the_type, HARNESS_SQLITE },
    };
    return harness_main("test-loose", tests, COUNT(tests));
}
