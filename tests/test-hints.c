/* test-hints.c: what errors say about their likely cause: names that are nearly right, tables that were not made, locks. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>

#include "expect.h"
#include "shop.h"

/* ---- names --------------------------------------------------------------------------------------------------------- */

/* Run it on a connection: the hint has this in it, or nothing at all. */
static void hinted(sqla_conn *conn, const char *sql, const char *hint)
{
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla_execute(conn, sql, NULL, &err), SQLA_ERR_SQL);
    bool ok = hint != NULL ? strstr(err.hint, hint) != NULL : err.hint[0] == '\0';
    if (!ok)
        fprintf(stderr, "%s: %s (%s)\n", sql, err.message, err.hint);
    CU_ASSERT(ok);
}

static void names__nearest_of_the_catalog(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE customers (name TEXT, city TEXT)");
    harness_sql(url, "CREATE TABLE orders (amount INTEGER)");
    harness_sql(url, "CREATE VIEW invoices AS SELECT amount FROM orders");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    hinted(conn, "SELECT * FROM costumers", "'customers'");
    hinted(conn, "INSERT INTO order (amount) VALUES (1)", NULL); /* a word of SQL: the syntax is wrong */
    hinted(conn, "DELETE FROM order_s", "'orders'");
    hinted(conn, "SELECT * FROM invoice", "'invoices'");
    hinted(conn, "SELECT * FROM elephants", NULL);
    hinted(conn, "SELECT nam FROM customers", "name");
    hinted(conn, "SELECT c.citi FROM customers AS c", "city");
    hinted(conn, "SELECT elephant FROM customers", NULL);
    CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM customers"), 0); /* and it works on */
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static void names__of_the_failure(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE customers (name TEXT)");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT * FROM costumers", NULL, &err), SQLA_ERR_SQL);
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "42P01");
    CU_ASSERT_STRING_EQUAL(err.table, "costumers");
    CU_ASSERT(strncmp(err.message, "cannot run 'SELECT * FROM costumers': ", 38) == 0);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO customers (nam) VALUES ('a')", NULL, &err), SQLA_ERR_SQL);
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "42703");
    sqla_engine_free(db);
}

static void names__missing_column_of_an_insert(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE customers (name TEXT)");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO customers (nam) VALUES ('a')", NULL, &err), SQLA_ERR_SQL);
    CU_ASSERT_STRING_EQUAL(err.table, "customers");
    CU_ASSERT_STRING_EQUAL(err.column, "nam");
    CU_ASSERT(says(&err, "did you mean 'name'?"));
    sqla_engine_free(db);
}

/* Two schemas: the name that would be found is written in full. */
static void names__in_another_schema(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE SCHEMA store; CREATE TABLE store.customers (name TEXT)");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    hinted(conn, "SELECT * FROM customers", "'store.customers'");
    hinted(conn, "SELECT * FROM store.customer", "'store.customers'");
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* Inside a transaction that has failed the database answers nothing; the models are known all the same. */
static void names__nearest_of_the_models(const char *url)
{
    static const char *const words[] = { "SELECT * FROM usrs", "DELETE FROM adresses", "SELECT * FROM contries" };
    static const char *const hints[] = { "'users'", "'addresses'", "'countries'" };
    shop x;
    shop_open(&x, url);
    for (int i = 0; i < 3; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(sqla_execute(x.s, words[i], NULL, &err), SQLA_ERR_SQL);
        CU_ASSERT(says(&err, hints[i]));
        CU_ASSERT_EQUAL(sqla_rollback(x.s, NULL), SQLA_OK);
    }
    sqla_error err = SQLA_ERROR_INIT;
    sqla_add(x.s, User, .name = "a");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &err), SQLA_OK);
    shop_close(&x);
}

static void names__tables_that_were_not_made(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Country), &err);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(db, base, NULL, &err);
    sqla_session *s = sqla_open(maker, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NULL(sqla_first(sqla_select(s, Country), Country, &err));
    CU_ASSERT(is(&err, SQLA_ERR_SQL));
    CU_ASSERT(says(&err, "sqla_metadata_create_all()"));
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

/* A failure that has nothing to do with names costs nothing more. */
static void names__nothing_is_asked_otherwise(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    hinted(conn, "SELEC 1", NULL);
    sqla_conn_begin(conn, &err);
    CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT * FROM nowhere_at_all", NULL, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(ask(conn, "SELECT 5"), 5);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- locks --------------------------------------------------------------------------------------------------------- */

/* SQLite knows no owner of a lock, but the file. */
static void locks__name_the_file(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER)");
    harness_hold(url, "BEGIN IMMEDIATE");
    sqla_engine *db = sqla_create_engine(with_query(url, "busy_timeout=10"), NULL, &err);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_ERR_BUSY);
    CU_ASSERT(says(&err, harness_sqlite_path(url)));
    CU_ASSERT(says(&err, "busy_timeout"));
    harness_let_go();
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
    sqla_engine_free(db);
}

/* ---- tables that are older than their models ----------------------------------------------------------------------- */

typedef struct Guest {
    int64_t id;
    const char *name;
    int32_t age;
} Guest;
SQLA_DECLARE(Guest);
SQLA_MODEL(Guest, "guests", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(name), SQLA_COLUMN(age));

typedef struct heard { int warnings; char last[400]; } heard;

static void hear(void *data, int level, const char *line)
{
    heard *h = data;
    if (level != 2)
        return;
    h->warnings++;
    snprintf(h->last, sizeof h->last, "%s", line);
}

/* create_all leaves the table as it is, and says once what it lacks; so does the hint of each statement that fails over it. */
static void columns__that_a_table_lacks_are_named(const char *url)
{
    static const char *const hint = "the model of table 'guests' has this column";
    heard h = { 0 };
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE guests (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20), aged INTEGER)");
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.log = hear, .log_data = &h), &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Guest, Country), &err);
    CU_ASSERT_EQUAL(sqla_metadata_create_all(base, db, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(h.warnings, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(h.last, "table 'guests' has no column 'age', which its model has"));
    sqla_sessionmaker *maker = sqla_sessionmaker_new(db, base, NULL, &err);
    sqla_session *s = sqla_open(maker, &err);
    sqla_add(s, Guest, .name = "Ada", .age = 36);
    CU_ASSERT_EQUAL(sqla_flush(s, &err), SQLA_ERR_SQL);
    CU_ASSERT(says(&err, hint));
    CU_ASSERT_STRING_EQUAL(err.column, "age");
    CU_ASSERT_EQUAL(sqla_rollback(s, NULL), SQLA_OK);
    sqla_error_clear(&err);
    CU_ASSERT_PTR_NULL(sqla_first(sqla_select(s, Guest), Guest, &err));
    CU_ASSERT(is(&err, SQLA_ERR_SQL));
    CU_ASSERT(says(&err, hint)); /* and not only 'aged', which is near */
    CU_ASSERT_EQUAL(sqla_rollback(s, NULL), SQLA_OK);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_execute(s, "SELECT age FROM countries", NULL, &err), SQLA_ERR_SQL);
    CU_ASSERT_PTR_NULL(strstr(err.hint, "guests")); /* another table */
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

static void columns__that_are_all_there_are_no_matter(const char *url)
{
    heard h = { 0 };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.log = hear, .log_data = &h), &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Guest, Country), &err);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(sqla_metadata_create_all(base, db, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(h.warnings, 0);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "names: the nearest of the catalog", names__nearest_of_the_catalog, HARNESS_DATABASES },
        { "names of the failure", names__of_the_failure, HARNESS_DATABASES },
        { "names: a missing column of an insert", names__missing_column_of_an_insert, HARNESS_SQLITE },
        { "names in another schema", names__in_another_schema, HARNESS_POSTGRES },
        { "names: the nearest of the models", names__nearest_of_the_models, HARNESS_DATABASES },
        { "names: tables that were not made", names__tables_that_were_not_made, HARNESS_DATABASES },
        { "names: nothing is asked otherwise", names__nothing_is_asked_otherwise, HARNESS_DATABASES },
        { "locks name the file", locks__name_the_file, HARNESS_SQLITE },
        { "columns that a table lacks are named", columns__that_a_table_lacks_are_named, HARNESS_DATABASES },
        { "columns that are all there are no matter", columns__that_are_all_there_are_no_matter, HARNESS_DATABASES },
    };
    return harness_main("test-hints", tests, sizeof tests / sizeof tests[0]);
}
