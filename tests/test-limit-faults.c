/* test-limit-faults.c: limits that the server keeps by itself: of time in a transaction, in a statement and for a lock, and of
 * what may be written; and tables that change under statements. Each time: what is told, and whether the connection goes on. */
#include <config.h>
#include "faults.h"

/* A setting that every session of the database begins with. */
static void set_in_database(const char *url, const char *setting)
{
    char sql[300], name[100];
    snprintf(name, sizeof name, "%s", harness_sql_text(url, "SELECT current_database()"));
    snprintf(sql, sizeof sql, "ALTER DATABASE \"%s\" SET %s", name, setting);
    CU_ASSERT(harness_sql(url, sql));
}

/* The session slept too long in its transaction, and hears of it with the next use; the server may have said why. */
static void idle__in_a_transaction_is_ended(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *kept = sqla_add(x.s, User, .name = "kept", .age = SQLA_SOME(30));
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    sqla_execute(x.s, "SET LOCAL idle_in_transaction_session_timeout = '50ms'", NULL, &x.err);
    kept->age.value = 31;
    User *fresh = sqla_add(x.s, User, .name = "fresh");
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    CU_ASSERT(harness_await_others(url, 0));
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT(is(&x.err, SQLA_ERR_DISCONNECTED));
    CU_ASSERT(x.err.sqlstate[0] == '\0' || strcmp(x.err.sqlstate, "25P03") == 0);
    refuses_then_goes_on(&x, url, &x.err);
    CU_ASSERT_EQUAL(kept->age.value, 30);
    CU_ASSERT_EQUAL(sqla_state(x.s, fresh), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(count_users(url, "fresh"), 0);
    shop_close(&x);
}

static int64_t own_pid(sqla_conn *conn, sqla_error *err)
{
    sqla_stmt *q = sqla_sql(conn, "SELECT CAST(pg_backend_pid() AS BIGINT)");
    int64_t pid = sqla_scalar_i64(q, err);
    sqla_stmt_free(q);
    return pid;
}

/* A statement of the connection fails by a limit, in a transaction or alone; the same connection goes on after a rollback. */
static void hits_limit(const char *url, const char *setting, const char *sql, sqla_status status, const char *sqlstate)
{
    shop x;
    shop_open(&x, url);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    int64_t pid = own_pid(conn, &x.err);
    CU_ASSERT_EQUAL(setting == NULL ? SQLA_OK : sqla_execute(conn, setting, NULL, &x.err), SQLA_OK);
    for (int in_transaction = 0; in_transaction < 2; in_transaction++) {
        sqla_error err = SQLA_ERROR_INIT;
        if (in_transaction)
            sqla_conn_begin(conn, &x.err);
        CU_ASSERT_EQUAL(sqla_execute(conn, sql, NULL, &err), status);
        CU_ASSERT(is(&err, status));
        CU_ASSERT_STRING_EQUAL(err.sqlstate, sqlstate);
        CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(own_pid(conn, &x.err), pid);
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_conn_close(conn);
    CU_ASSERT(pool_is(x.db, 1, 0));
    harness_let_go();
    goes_on(&x, url);
    shop_close(&x);
}

static void statement__takes_too_long(const char *url)
{
    hits_limit(url, "SET statement_timeout = '50ms'", "SELECT pg_sleep(60)", SQLA_ERR_TIMEOUT, "57014");
}

static void lock__is_waited_for_too_long(const char *url)
{
    CU_ASSERT(harness_sql(url, "CREATE TABLE held (id BIGINT); INSERT INTO held VALUES (4711)"));
    for (int now = 0; now < 2; now++) {
        harness_hold(url, "BEGIN; SELECT * FROM held FOR UPDATE");
        hits_limit(url, now ? NULL : "SET lock_timeout = '30ms'", now ? "SELECT * FROM held FOR UPDATE NOWAIT" : "UPDATE held SET id = 1",
            SQLA_ERR_BUSY, "55P03");
        harness_sql(url, "DELETE FROM users");
    }
}

static void read_only__is_the_server(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *kept = sqla_add(x.s, User, .name = "kept", .age = SQLA_SOME(30));
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    set_in_database(url, "default_transaction_read_only = on");
    sqla_engine_dispose(x.db);
    kept->age.value = 31;
    User *fresh = sqla_add(x.s, User, .name = "fresh");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_READ_ONLY);
    CU_ASSERT(is(&x.err, SQLA_ERR_READ_ONLY));
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "25006");
    refuses(&x, &x.err);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_rollback(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(kept->age.value, 30);
    CU_ASSERT_EQUAL(sqla_state(x.s, fresh), SQLA_TRANSIENT);
    CU_ASSERT_PTR_EQUAL(sqla_get(x.s, User, kept->id, &x.err), kept); /* reading goes on */
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT(pool_is(x.db, 1, 0));
    char sql[200];
    snprintf(sql, sizeof sql, "ALTER DATABASE \"%s\" RESET default_transaction_read_only", harness_sql_text(url, "SELECT current_database()"));
    CU_ASSERT(harness_hold(url, "SET default_transaction_read_only = off") && harness_hold(url, sql));
    harness_let_go();
    sqla_engine_dispose(x.db);
    goes_on(&x, url);
    shop_close(&x);
}

/* A table that changes under statements that several connections have prepared: each of them finds out by itself. */
static void plan__changes_on_all_connections(const char *url)
{
    enum { CONNS = 3 };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_conn *conns[CONNS];
    sqla_stmt *q[CONNS];
    harness_sql(url, "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (5)");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    for (int i = 0; i < CONNS; i++) {
        conns[i] = sqla_connect(db, &err);
        q[i] = sqla_stmt_keep(sqla_sql(conns[i], "SELECT * FROM t"));
        for (int k = 0; k < 3; k++) /* prepared by then */
            CU_ASSERT_EQUAL(sqla_scalar_i64(q[i], &err), 5);
    }
    harness_sql(url, "ALTER TABLE t ADD COLUMN word VARCHAR(10) DEFAULT 'x'");
    sqla_conn_begin(conns[0], &err);
    sqla_execute(conns[0], "SELECT 1", NULL, &err);
    CU_ASSERT_EQUAL(sqla_exec(q[0], NULL, NULL), SQLA_ERR_RETRY); /* the transaction has failed by it */
    sqla_conn_rollback(conns[0], &err);
    for (int i = 0; i < CONNS; i++) {
        CU_ASSERT_EQUAL(sqla_scalar_i64(q[i], &err), 5);
        sqla_stmt_free(q[i]);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    for (int i = 0; i < CONNS; i++)
        sqla_conn_close(conns[i]);
    CU_ASSERT(pool_is(db, CONNS, 0));
    sqla_engine_free(db);
}

/* Another 0A000 is no plan that has changed. */
static void plan__other_refusals_are_left_alone(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    harness_sql(url, "CREATE TABLE t (n INTEGER)");
    for (int i = 0; i < 3; i++) {
        sqla_error_clear(&err);
        CU_ASSERT_EQUAL(sqla_execute(db, "SELECT n, count(*) OVER () FROM t FOR UPDATE", NULL, &err), SQLA_ERR_UNSUPPORTED);
        CU_ASSERT_STRING_EQUAL(err.sqlstate, "0A000");
    }
    CU_ASSERT(pool_is(db, 1, 0));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).connects, 1);
    sqla_engine_free(db);
}

static const struct harness_test tests[] = {
    { "idle in a transaction: it is ended", idle__in_a_transaction_is_ended, HARNESS_POSTGRES },
    { "statement takes too long", statement__takes_too_long, HARNESS_POSTGRES },
    { "lock is waited for too long", lock__is_waited_for_too_long, HARNESS_POSTGRES },
    { "read-only is the server", read_only__is_the_server, HARNESS_POSTGRES },
    { "plan changes on all connections", plan__changes_on_all_connections, HARNESS_POSTGRES },
    { "plan: other refusals are left alone", plan__other_refusals_are_left_alone, HARNESS_POSTGRES },
};

int main(void) { return harness_main("test-limit-faults", tests, sizeof tests / sizeof tests[0]); }
