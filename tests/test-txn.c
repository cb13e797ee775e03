/* test-txn.c: kinds of transactions: isolation, read-only, deferrable, none at all; two phases; and what became of a commit. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>

#include "expect.h"
#include "relay.h"
#include "shop.h"

static bool postgres_at(const char *url) { return harness_is_postgres(url); }

static sqla_engine *engine(const char *url, const char *piece, sqla_error *err)
{
    sqla_engine *db = sqla_create_engine(piece != NULL ? with_query(url, piece) : url, NULL, err);
    CU_ASSERT(is(err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    return db;
}

/* ---- isolation ------------------------------------------------------------------------------------------------------ */

static const struct { sqla_isolation level; const char *name, *sql; } levels[] = {
    { SQLA_READ_UNCOMMITTED, "read-uncommitted", "read uncommitted" },
    { SQLA_READ_COMMITTED, "read-committed", "read committed" },
    { SQLA_REPEATABLE_READ, "repeatable-read", "repeatable read" },
    { SQLA_SERIALIZABLE, "serializable", "serializable" },
};
enum { LEVELS = sizeof levels / sizeof levels[0], SERIALIZABLE = LEVELS - 1 };

/* What the database itself says. */
static bool is_level(sqla_conn *conn, int i, bool postgres)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_isolation found = SQLA_ISOLATION_DEFAULT;
    sqla_stmt *q = sqla_sql(conn, "SHOW transaction_isolation");
    bool ok = sqla_conn_isolation(conn, &found, &err) == SQLA_OK && found == levels[i].level &&
              (!postgres || strcmp(sqla_scalar_text(q, &err), levels[i].sql) == 0) && is(&err, SQLA_OK);
    sqla_stmt_free(q);
    return ok;
}

static void isolation__of_engine_and_transaction(const char *url)
{
    char piece[64];
    bool postgres = postgres_at(url), mariadb = harness_is_mariadb(url);
    sqla_error err = SQLA_ERROR_INIT;
    for (int i = postgres || mariadb ? 0 : SERIALIZABLE; i < LEVELS; i++) {
        snprintf(piece, sizeof piece, "isolation=%s", levels[i].name);
        sqla_engine *db = engine(url, piece, &err);
        sqla_conn *conn = sqla_connect(db, &err);
        CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
        CU_ASSERT(is_level(conn, i, postgres));
        CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.isolation = SQLA_SERIALIZABLE), &err), SQLA_OK);
        CU_ASSERT(is_level(conn, SERIALIZABLE, postgres));
        CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, NULL, &err), SQLA_OK);
        CU_ASSERT(is_level(conn, i, postgres));
        sqla_conn_close(conn);
        sqla_engine_free(db);
    }
    sqla_engine *db = engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT(is_level(conn, postgres ? 1 : mariadb ? 2 : SERIALIZABLE, postgres)); /* of its own, and outside of a transaction */
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static void isolation__of_sessions(const char *url)
{
    bool postgres = postgres_at(url);
    int other = postgres ? 2 : SERIALIZABLE;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = engine(url, NULL, &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(db, base, SQLA_SESSION_OPTIONS(.isolation = levels[other].level), &err);
    sqla_session *s = sqla_open(maker, &err);
    const char *show = postgres ? "SHOW transaction_isolation" : "SELECT 'serializable'";
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(s, show));
    CU_ASSERT_STRING_EQUAL(sqla_scalar_text(q, &err), levels[other].sql);
    CU_ASSERT_EQUAL(sqla_begin(s, NULL, &err), SQLA_ERR_MISUSE); /* that has begun one */
    CU_ASSERT(says(&err, "is open already"));
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_commit(s, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_begin(s, SQLA_TXN_OPTIONS(.isolation = SQLA_SERIALIZABLE), &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(sqla_scalar_text(q, &err), "serializable");
    CU_ASSERT_EQUAL(sqla_begin(s, SQLA_TXN_OPTIONS(.isolation = SQLA_SERIALIZABLE), NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_rollback(s, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(sqla_scalar_text(q, &err), levels[other].sql);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_close(s);
    CU_ASSERT_EQUAL(sqla_begin(NULL, NULL, NULL), SQLA_ERR_MISUSE);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

/* What the level promises: a repeated read is the same, or is not. */
static void isolation__is_kept(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    sqla_engine *db = engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    for (int i = 1; i < LEVELS; i++) {
        CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.isolation = levels[i].level), &err), SQLA_OK);
        int64_t before = ask(conn, "SELECT count(*) FROM t");
        harness_sql(url, "INSERT INTO t VALUES (1)");
        CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM t"), before + (levels[i].level == SQLA_READ_COMMITTED));
        CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
    }
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static void isolation__what_there_is_not(const char *url)
{
    const char *words = "must be default, read-uncommitted, read-committed, repeatable-read, serializable or autocommit";
    bool sqlite = harness_sqlite_path(url) != NULL;
    const char *list = !sqlite ? "it has read-uncommitted, read-committed, repeatable-read, serializable, autocommit" :
                       "it has serializable, autocommit";
    static const char *const wrong[] = { "isolation=snapshot", "isolation=", "isolation=READ%20COMMITTED", "isolation=4" };
    sqla_error err = SQLA_ERROR_INIT;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CU_ASSERT_PTR_NULL(sqla_create_engine(with_query(url, wrong[i]), NULL, &err));
        CU_ASSERT(is(&err, SQLA_ERR_CONFIG));
        CU_ASSERT(says(&err, words));
        sqla_error_clear(&err);
    }
    if (sqlite) {
        CU_ASSERT_PTR_NULL(sqla_create_engine(with_query(url, "isolation=read-committed"), NULL, &err));
        CU_ASSERT(is(&err, SQLA_ERR_CONFIG));
        CU_ASSERT(says(&err, list));
        sqla_error_clear(&err);
    }
    CU_ASSERT_PTR_NULL(sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.isolation = (sqla_isolation)77), &err));
    CU_ASSERT(is(&err, SQLA_ERR_CONFIG));
    CU_ASSERT(says(&err, "'isolation' is 77"));
    sqla_error_clear(&err);
    CU_ASSERT_PTR_NULL(sqla_create_engine(with_query(url, "isolation=serializable"), SQLA_ENGINE_OPTIONS(.isolation = SQLA_SERIALIZABLE), &err));
    CU_ASSERT(says(&err, "give it once"));
    sqla_error_clear(&err);
    sqla_engine *db = engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    if (sqlite) {
        CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.isolation = SQLA_READ_COMMITTED), &err), SQLA_ERR_UNSUPPORTED);
        CU_ASSERT(says(&err, "SQLite has no isolation 'read-committed': it has serializable, autocommit"));
        sqla_error_clear(&err);
    }
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.isolation = (sqla_isolation)6), NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.read_only = true, .write = true), NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.deferrable = true), NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.read_only = true, .isolation = SQLA_AUTOCOMMIT), NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, &(const sqla_transaction_options){ .read_only = true }, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_isolation(conn, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK); /* none of that has begun anything */
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.write = true), NULL), SQLA_ERR_MISUSE);
    sqla_conn_close(conn);
    sqla_isolation level;
    CU_ASSERT_EQUAL(sqla_conn_begin_with(NULL, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_isolation(NULL, &level, NULL), SQLA_ERR_MISUSE);
    sqla_metadata *base = sqla_metadata_new(&err);
    CU_ASSERT_PTR_NULL(sqla_sessionmaker_new(db, base, SQLA_SESSION_OPTIONS(.isolation = (sqla_isolation)77), &err));
    CU_ASSERT(is(&err, SQLA_ERR_UNSUPPORTED));
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

static void autocommit__begins_nothing(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_isolation level;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    sqla_engine *db = engine(url, "isolation=autocommit", &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 1);
    CU_ASSERT_EQUAL(sqla_conn_isolation(conn, &level, &err), SQLA_OK);
    CU_ASSERT_EQUAL(level, SQLA_AUTOCOMMIT);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_savepoint(conn, "s", NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.isolation = SQLA_SERIALIZABLE), &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (2)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 1);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static void autocommit__of_a_session(const char *url)
{
    shop x;
    shop_open(&x, with_query(url, "isolation=autocommit"));
    CU_ASSERT_PTR_NOT_NULL(sqla_add(x.s, User, .name = "at once"));
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users"), 1);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_begin(x.s, SQLA_TXN_OPTIONS(.isolation = SQLA_SERIALIZABLE), &x.err), SQLA_OK);
    CU_ASSERT_PTR_NOT_NULL(sqla_add(x.s, User, .name = "together"));
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users"), 1);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users"), 2);
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
}

/* ---- reading and writing ---------------------------------------------------------------------------------------------- */

static void read_only__transaction(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    sqla_engine *db = engine(url, "pool_size=1", &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.read_only = true, .deferrable = true, .isolation = SQLA_SERIALIZABLE), &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    if (postgres_at(url))
        CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM pg_settings WHERE name = 'transaction_deferrable' AND setting = 'on'"), 1);
    CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM t"), 0);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_ERR_READ_ONLY);
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "25006");
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, NULL), SQLA_OK); /* it ended with the transaction */
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.read_only = true), NULL), SQLA_OK);
    sqla_conn_close(conn);
    conn = sqla_connect(db, NULL);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (2)", NULL, NULL), SQLA_OK);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static void read_only__engine(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    harness_sql(url, "INSERT INTO t VALUES (1)");
    sqla_engine *db = engine(url, "read_only=true&pool_size=1", &err);
    for (int i = 0; i < 3; i++) { /* also behind a reset, which raw SQL brings about */
        sqla_conn *conn = sqla_connect(db, &err);
        CU_ASSERT_EQUAL(ask(conn, "SELECT n FROM t"), 1);
        CU_ASSERT_EQUAL(sqla_execute(conn, "UPDATE t SET n = 2", NULL, &err), SQLA_ERR_READ_ONLY);
        CU_ASSERT(is(&err, SQLA_ERR_READ_ONLY));
        sqla_error_clear(&err);
        CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, "DELETE FROM t", NULL, NULL), SQLA_ERR_READ_ONLY);
        CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.read_only = true), &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, "DELETE FROM t", NULL, NULL), SQLA_ERR_READ_ONLY);
        CU_ASSERT(is(&err, SQLA_OK));
        sqla_conn_close(conn);
    }
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).connects, 1);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(User, Address), &err);
    CU_ASSERT_EQUAL(sqla_metadata_create_all(base, db, &err), SQLA_ERR_READ_ONLY);
    sqla_metadata_free(base);
    sqla_engine_free(db);
    if (postgres_at(url)) { /* beside options of the program's own */
        sqla_error_clear(&err);
        db = engine(url, "read_only=true&options=-c%20application_name%3Dours", &err);
        sqla_conn *conn = sqla_connect(db, &err);
        CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM pg_settings WHERE name = 'application_name' AND setting = 'ours'"), 1);
        CU_ASSERT_EQUAL(sqla_execute(conn, "DELETE FROM t", NULL, NULL), SQLA_ERR_READ_ONLY);
        sqla_conn_close(conn);
        sqla_engine_free(db);
    }
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT n FROM t"), 1);
}

static void read_only__session(const char *url)
{
    shop x;
    shop_open(&x, url);
    sqla_sessionmaker *reading = sqla_sessionmaker_new(x.db, x.base, SQLA_SESSION_OPTIONS(.read_only = true), &x.err);
    sqla_session *s = sqla_open(reading, &x.err);
    CU_ASSERT_PTR_NULL(sqla_get(s, User, 1, &x.err));
    CU_ASSERT_PTR_NOT_NULL(sqla_add(s, User, .name = "never"));
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_ERR_READ_ONLY);
    CU_ASSERT_EQUAL(sqla_rollback(s, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_begin(s, SQLA_TXN_OPTIONS(.write = true), NULL), SQLA_ERR_MISUSE);
    sqla_close(s);
    CU_ASSERT_EQUAL(sqla_begin(x.s, SQLA_TXN_OPTIONS(.read_only = true), NULL), SQLA_OK);
    CU_ASSERT_PTR_NOT_NULL(sqla_add(x.s, User, .name = "later"));
    CU_ASSERT_EQUAL(sqla_commit(x.s, NULL), SQLA_ERR_READ_ONLY);
    CU_ASSERT_EQUAL(sqla_rollback(x.s, NULL), SQLA_OK);
    CU_ASSERT_PTR_NOT_NULL(sqla_add(x.s, User, .name = "now"));
    CU_ASSERT_EQUAL(sqla_commit(x.s, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users"), 1);
    sqla_sessionmaker_free(reading);
    shop_close(&x);
}

static void write__takes_the_lock_at_once(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    sqla_engine *db = engine(url, "busy_timeout=20", &err);
    sqla_conn *conn = sqla_connect(db, &err);
    harness_hold(url, "BEGIN IMMEDIATE");
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.write = true), &err), SQLA_ERR_BUSY);
    harness_let_go();
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.write = true), NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_OK);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* Raw SQL may begin and end transactions, too; what counts is the database's word. */
static void state__is_the_databases(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    sqla_engine *db = engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_execute(conn, "BEGIN", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (2)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conn, "ROLLBACK", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT sum(n) FROM t"), 1);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- two phases --------------------------------------------------------------------------------------------------------- */

typedef struct found { int count; char names[400]; bool dated; sqla_status answer; } found;

static sqla_status take(void *data, const sqla_prepared_transaction *prepared, sqla_error *err)
{
    found *f = data;
    snprintf(f->names + strlen(f->names), sizeof f->names - strlen(f->names), "%s;", prepared->gid);
    f->dated = strcmp(prepared->owner, "sqla") == 0 && prepared->since.micros > INT64_C(1600000000000000);
    f->count++;
    return f->answer == SQLA_OK ? SQLA_OK : sqla_fail(err, "that is enough");
}

static sqla_status prepare_row(sqla_conn *conn, int n, const char *gid, sqla_error *err)
{
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (:n)", sqla_params("n", n), err), SQLA_OK);
    return sqla_conn_prepare(conn, gid, err);
}

static void twophase__prepare_recover_and_finish(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    found f = { 0 };
    harness_sql(url, "CREATE TABLE t (n INTEGER UNIQUE)");
    sqla_engine *db = engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(prepare_row(conn, 1, "it's \\ one", &err), SQLA_OK);
    CU_ASSERT_EQUAL(prepare_row(conn, 2, "two", &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
    sqla_conn_close(conn);
    sqla_engine_dispose(db); /* they outlive the connection */
    conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_conn_recover(conn, take, &f, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(f.names, "it's \\ one;two;");
    CU_ASSERT(f.dated);
    f = (found){ .answer = SQLA_ERR_APPLICATION };
    CU_ASSERT_EQUAL(sqla_conn_recover(conn, take, &f, &err), SQLA_ERR_APPLICATION);
    CU_ASSERT(says(&err, "that is enough"));
    CU_ASSERT_EQUAL(f.count, 1);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_conn_commit_prepared(conn, "it's \\ one", &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_rollback_prepared(conn, "two", &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT sum(n) FROM t"), "1");
    CU_ASSERT_EQUAL(sqla_conn_commit_prepared(conn, "two", &err), SQLA_ERR_NOT_FOUND);
    CU_ASSERT(says(&err, "there is no prepared transaction 'two'"));
    f = (found){ 0 };
    CU_ASSERT_EQUAL(sqla_conn_recover(conn, take, &f, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(f.count, 0);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static void twophase__what_cannot_be(const char *url)
{
    char longest[201];
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER UNIQUE)");
    sqla_engine *db = engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    memset(longest, 'x', 200);
    longest[200] = '\0';
    const char *const wrong[] = { "", "\xc3(", longest };
    CU_ASSERT_EQUAL(sqla_conn_prepare(conn, "outside", NULL), SQLA_ERR_MISUSE);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CU_ASSERT_EQUAL(prepare_row(conn, 1, wrong[i], NULL), SQLA_ERR_SQL);
        CU_ASSERT_EQUAL(sqla_conn_commit_prepared(conn, wrong[i], NULL), SQLA_ERR_SQL); /* nothing is open any more */
    }
    CU_ASSERT_EQUAL(prepare_row(conn, 1, longest + 1, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit_prepared(conn, longest + 1, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT 1/0", NULL, NULL), SQLA_ERR_DATA);
    CU_ASSERT_EQUAL(sqla_conn_prepare(conn, "failed", NULL), SQLA_ERR_ROLLBACK_FIRST); /* which rolls back */
    CU_ASSERT_EQUAL(sqla_conn_rollback_prepared(conn, longest + 1, &err), SQLA_OK);
    CU_ASSERT_EQUAL(prepare_row(conn, 1, "same", &err), SQLA_OK);
    CU_ASSERT_EQUAL(prepare_row(conn, 2, "same", NULL), SQLA_ERR_SQL); /* the name is taken */
    CU_ASSERT_EQUAL(sqla_conn_commit_prepared(conn, "same", &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT sum(n) FROM t"), "1");
    CU_ASSERT_EQUAL(sqla_conn_recover(conn, NULL, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_commit_prepared(conn, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_prepare(NULL, "x", NULL), SQLA_ERR_MISUSE);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* What was told of, one after the other. */
static void take_event(void *data, const sqla_event *event)
{
    char *text = data;
    const char *verb = event->kind == SQLA_EVENT_PREPARE ? "prepare" : event->kind == SQLA_EVENT_COMMIT_PREPARED ? "commit" :
                       event->kind == SQLA_EVENT_ROLLBACK_PREPARED ? "rollback" : "end";
    snprintf(text + strlen(text), 500 - strlen(text), "%s %.*s %s; ", verb, (int)event->sql_length, event->sql != NULL ? event->sql : "",
             sqla_status_name(event->status));
}

static void twophase__is_told_of(const char *url)
{
    char text[500] = "";
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER UNIQUE)");
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.on_event = take_event, .event_data = text, .events = SQLA_EVENT_PREPARE |
        SQLA_EVENT_COMMIT_PREPARED | SQLA_EVENT_ROLLBACK_PREPARED | SQLA_EVENT_ROLLBACK), &err);
    sqla_conn *conn = sqla_connect(db, &err);
    prepare_row(conn, 1, "one", &err);
    sqla_conn_commit_prepared(conn, "one", &err);
    prepare_row(conn, 2, "two", &err);
    sqla_conn_rollback_prepared(conn, "two", &err);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_rollback_prepared(conn, "two", NULL);
    prepare_row(conn, 3, "", NULL);
    CU_ASSERT_STRING_EQUAL(text, "prepare one OK; commit one OK; prepare two OK; rollback two OK; rollback two ERR_NOT_FOUND; prepare  ERR_SQL; "
                                 "end  OK; ");
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static void twophase__is_not_everywhere(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    found f = { 0 };
    sqla_engine *db = engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_conn_begin(conn, &err);
    CU_ASSERT_EQUAL(sqla_conn_prepare(conn, "x", &err), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT(says(&err, "driver 'sqlite' has no two-phase commit"));
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_OK); /* still open, since nothing was tried */
    CU_ASSERT_EQUAL(sqla_conn_commit_prepared(conn, "x", NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(sqla_conn_rollback_prepared(conn, "x", NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(sqla_conn_recover(conn, take, &f, NULL), SQLA_ERR_UNSUPPORTED);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- outcomes ----------------------------------------------------------------------------------------------------------- */

/* The server needs a moment to see that its client is gone. */
static sqla_outcome resolved(sqla_engine *db, const sqla_error *failed, sqla_error *err)
{
    sqla_outcome outcome = SQLA_OUTCOME_IN_PROGRESS;
    for (int i = 0; i < 1000 && outcome == SQLA_OUTCOME_IN_PROGRESS; i++) {
        outcome = sqla_outcome_resolve(db, failed, err);
        pause_ms(outcome == SQLA_OUTCOME_IN_PROGRESS ? 10 : 0);
    }
    return outcome;
}

static sqla_status commit_row(sqla_engine *db, struct relay *relay, int mode, const char *sql, sqla_error *err)
{
    sqla_conn *conn = sqla_connect(db, err);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conn, sql, NULL, err), SQLA_OK);
    atomic_store(&relay->mode, mode);
    pause_ms(20);
    sqla_status status = sqla_conn_commit(conn, err);
    sqla_conn_close(conn);
    return status;
}

static void outcome__is_told_by_the_database(const char *url)
{
    struct relay relay;
    sqla_error err = SQLA_ERROR_INIT, failed = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER UNIQUE)");
    if (!relay_start(&relay, url))
        return;
    sqla_engine *db = engine(relay.url, "resolve_outcomes=true", &err);
    CU_ASSERT_EQUAL(commit_row(db, &relay, RELAY_PASS, "INSERT INTO t VALUES (1)", &err), SQLA_OK);
    CU_ASSERT_EQUAL(commit_row(db, &relay, RELAY_SWALLOW_ANSWER, "INSERT INTO t VALUES (10)", &failed), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT(is(&failed, SQLA_ERR_UNKNOWN_OUTCOME));
    CU_ASSERT_NOT_EQUAL(failed.outcome[0], '\0');
    CU_ASSERT_EQUAL(resolved(db, &failed, &err), SQLA_OUTCOME_COMMITTED);
    sqla_error_clear(&failed);
    CU_ASSERT_EQUAL(failed.outcome[0], '\0');
    CU_ASSERT_EQUAL(commit_row(db, &relay, RELAY_DROP_COMMIT, "INSERT INTO t VALUES (100)", &failed), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT_EQUAL(resolved(db, &failed, &err), SQLA_OUTCOME_ROLLED_BACK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT sum(n) FROM t"), "11");
    sqla_error_clear(&failed); /* one that has changed nothing has nothing to ask by */
    CU_ASSERT_EQUAL(commit_row(db, &relay, RELAY_DROP_COMMIT, "SELECT 1", &failed), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT_EQUAL(sqla_outcome_resolve(db, &failed, &err), SQLA_OUTCOME_UNKNOWN);
    CU_ASSERT(is(&err, SQLA_ERR_UNSUPPORTED));
    sqla_error_clear(&err);
    snprintf(failed.outcome, sizeof failed.outcome, "xid:1; DROP TABLE t");
    CU_ASSERT_EQUAL(sqla_outcome_resolve(db, &failed, &err), SQLA_OUTCOME_UNKNOWN);
    CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
    sqla_engine_free(db);
    db = engine(relay.url, NULL, (sqla_error_clear(&err), &err)); /* without the option nothing is asked before */
    sqla_error_clear(&failed);
    CU_ASSERT_EQUAL(commit_row(db, &relay, RELAY_SWALLOW_ANSWER, "INSERT INTO t VALUES (1000)", &failed), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT_STRING_EQUAL(failed.outcome, "");
    sqla_engine_free(db);
    relay_stop(&relay);
}

static void outcome__of_something_else(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT, failed = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER)");
    sqla_engine *db = engine(url, "resolve_outcomes=true", &err);
    CU_ASSERT_EQUAL(sqla_outcome_resolve(db, NULL, &err), SQLA_OUTCOME_UNKNOWN);
    CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
    CU_ASSERT_EQUAL(sqla_outcome_resolve(db, &failed, NULL), SQLA_OUTCOME_UNKNOWN);
    sqla_fail(&failed, "mine");
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_outcome_resolve(db, &failed, &err), SQLA_OUTCOME_UNKNOWN);
    CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
    failed = (sqla_error)SQLA_ERROR_INIT;
    failed.status = SQLA_ERR_UNKNOWN_OUTCOME;
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_outcome_resolve(NULL, &failed, &err), SQLA_OUTCOME_UNKNOWN);
    CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
    if (!postgres_at(url)) {
        snprintf(failed.outcome, sizeof failed.outcome, "xid:1");
        sqla_error_clear(&err);
        CU_ASSERT_EQUAL(sqla_outcome_resolve(db, &failed, &err), SQLA_OUTCOME_UNKNOWN);
        CU_ASSERT(is(&err, SQLA_ERR_UNSUPPORTED));
    }
    sqla_conn *conn = sqla_connect(db, NULL); /* the option harms no commit */
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 1);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "isolation of engine and transaction", isolation__of_engine_and_transaction, HARNESS_DATABASES },
        { "isolation of sessions", isolation__of_sessions, HARNESS_DATABASES },
        { "isolation is kept", isolation__is_kept, HARNESS_POSTGRES },
        { "isolation: what there is not", isolation__what_there_is_not, HARNESS_DATABASES },
        { "autocommit begins nothing", autocommit__begins_nothing, HARNESS_DATABASES },
        { "autocommit of a session", autocommit__of_a_session, HARNESS_DATABASES },
        { "read-only: transaction", read_only__transaction, HARNESS_DATABASES },
        { "read-only: engine", read_only__engine, HARNESS_DATABASES },
        { "read-only: session", read_only__session, HARNESS_DATABASES },
        { "write takes the lock at once", write__takes_the_lock_at_once, HARNESS_SQLITE },
        { "state is the database's", state__is_the_databases, HARNESS_DATABASES },
        { "two-phase: prepare, recover and finish", twophase__prepare_recover_and_finish, HARNESS_POSTGRES },
        { "two-phase: what cannot be", twophase__what_cannot_be, HARNESS_POSTGRES },
        { "two-phase: is told of", twophase__is_told_of, HARNESS_POSTGRES },
        { "two-phase is not everywhere", twophase__is_not_everywhere, HARNESS_SQLITE },
        { "outcome is told by the database", outcome__is_told_by_the_database, HARNESS_POSTGRES },
        { "outcome of something else", outcome__of_something_else, HARNESS_DATABASES },
    };
    return harness_main("test-txn", tests, sizeof tests / sizeof tests[0]);
}
