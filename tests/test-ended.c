/* test-ended.c: transactions that a statement ends, and not the program by commit or rollback. Whoever asked
 * for the transaction hears of it at the next call, by the words of the statement, and nothing runs outside
 * of one unseen. */
#include <config.h>
#include "faults.h"

#include <CUnit/CUnit.h>

/* ---- statements that end it ---------------------------------------------------------------------------- */

static const struct ending {
    const char *sql, *named;
    int on;
    bool script, keeps;
} endings[] = {
    { "COMMIT", "COMMIT", HARNESS_DATABASES, false, true },
    { "  commit /* it */ ", "commit", HARNESS_DATABASES, false, true },
    { "ROLLBACK", "ROLLBACK", HARNESS_DATABASES, false, false },
    { "COMMIT; BEGIN", "COMMIT; BEGIN", HARNESS_DATABASES, true, true },
    { "ROLLBACK; BEGIN", "ROLLBACK; BEGIN", HARNESS_DATABASES, true, false },
    { "SELECT 1; COMMIT; SELECT 2", "SELECT 1; COMMIT", HARNESS_DATABASES, true, true },
    { "END", "END", HARNESS_SQLITE | HARNESS_POSTGRES, false, true },
    { "COMMIT AND CHAIN", "COMMIT AND CHAIN", HARNESS_SERVERS, false, true },
    { "ROLLBACK AND CHAIN", "ROLLBACK AND CHAIN", HARNESS_SERVERS, false, false },
    { "BEGIN", "BEGIN", HARNESS_MARIADB, false, true },
    { "START TRANSACTION", "START TRANSACTION", HARNESS_MARIADB, false, true },
    { "CREATE TABLE other (n INTEGER)", "CREATE TABLE other", HARNESS_MARIADB, false, true },
    { "TRUNCATE TABLE empty_one", "TRUNCATE TABLE", HARNESS_MARIADB, false, true },
    { "DROP TABLE IF EXISTS nothing", "DROP TABLE", HARNESS_MARIADB, false, true },
    { "CALL commits()", "CALL commits()", HARNESS_MARIADB, false, true },
    { "CALL begins_anew()", "CALL begins_anew()", HARNESS_MARIADB, false, true },
};

static bool is_on(const struct ending *e, const char *url)
{
    int database = harness_is_postgres(url)  ? HARNESS_POSTGRES
                   : harness_is_mariadb(url) ? HARNESS_MARIADB
                                             : HARNESS_SQLITE;
    return (e->on & database) != 0;
}

static void make_tables(const char *url)
{
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    harness_sql(url, "CREATE TABLE empty_one (n INTEGER)");
    if (!harness_is_mariadb(url))
        return;
    harness_sql(url, "CREATE PROCEDURE commits() COMMIT");
    harness_sql(url, "CREATE PROCEDURE begins_anew() BEGIN COMMIT; START TRANSACTION; END");
    harness_sql(url, "CREATE PROCEDURE harmless() BEGIN INSERT INTO t VALUES (7); SELECT 1; END");
}

/* Begin, write, and have it ended. */
static void end_it(sqla_conn *conn, const struct ending *e, sqla_error *err)
{
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, err), SQLA_OK);
    CU_ASSERT_EQUAL(
        e->script ? sqla_execute_script(conn, e->sql, err) : sqla_execute(conn, e->sql, NULL, err), SQLA_OK);
    CU_ASSERT(is(err, SQLA_OK));
}

static bool names_it(sqla_error *err, sqla_status status, const struct ending *e)
{
    bool ok = is(err, status) && says(err, e->named);
    sqla_error_clear(err);
    return ok;
}

/* Whatever comes next says so and does nothing, until the program has rolled back. */
static void ended__next_call_says_so(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    make_tables(url);
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const struct ending *e = &endings[i];
        if (!is_on(e, url))
            continue;
        harness_sql(url, "DELETE FROM t");
        end_it(conn, e, &err);
        sqla_execute(conn, "INSERT INTO t VALUES (2)", NULL, &err);
        CU_ASSERT(names_it(&err, SQLA_ERR_ROLLBACK_FIRST, e));
        sqla_execute_script(conn, "INSERT INTO t VALUES (3)", &err);
        CU_ASSERT(names_it(&err, SQLA_ERR_ROLLBACK_FIRST, e));
        sqla_conn_savepoint(conn, "s", &err);
        CU_ASSERT(names_it(&err, SQLA_ERR_ROLLBACK_FIRST, e));
        sqla_conn_begin(conn, &err);
        CU_ASSERT(names_it(&err, SQLA_ERR_ROLLBACK_FIRST, e));
        CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK); /* it has been said */
        CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (10)", NULL, &err), SQLA_OK);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT sum(n) FROM t"), e->keeps ? 11 : 10);
        harness_sql(url, "DROP TABLE IF EXISTS other");
    }
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* Neither commit nor rollback has anything to end, and both say so; then it is over. */
static void ended__commit_and_rollback_say_so(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    make_tables(url);
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    for (size_t i = 0; i < 2 * sizeof endings / sizeof endings[0]; i++) {
        const struct ending *e = &endings[i / 2];
        if (!is_on(e, url))
            continue;
        harness_sql(url, "DELETE FROM t");
        end_it(conn, e, &err);
        sqla_status status = i % 2 == 0 ? sqla_conn_rollback(conn, &err) : sqla_conn_commit(conn, &err);
        CU_ASSERT(status == SQLA_ERR_MISUSE || (i % 2 == 1 && status == SQLA_ERR_ROLLBACK_FIRST));
        CU_ASSERT(names_it(&err, status, e));
        CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (20)", NULL, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
        CU_ASSERT(is(&err, SQLA_OK));
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT coalesce(sum(n), 0) FROM t"), e->keeps);
        harness_sql(url, "DROP TABLE IF EXISTS other");
    }
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* A connection that is given back so is a fresh one to the next. */
static void ended__is_forgotten_with_the_connection(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    make_tables(url);
    sqla_engine *db = sqla_create_engine(with_query(url, "pool_size=1"), NULL, &err);
    for (int i = 0; i < 3; i++) {
        sqla_conn *conn = sqla_connect(db, &err);
        end_it(conn, &endings[i], &err);
        sqla_conn_close(conn);
        CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 5);
    sqla_engine_free(db);
}

/* Statements that leave it alone, and transactions that the program keeps in raw SQL altogether. */
static void ended__what_does_not_end_it(const char *url)
{
    static const struct {
        const char *sql;
        int on;
    } kept[] = {
        { "SELECT 1", HARNESS_DATABASES },
        { "SAVEPOINT s", HARNESS_DATABASES },
        { "ROLLBACK TO s", HARNESS_DATABASES },
        { "ROLLBACK TO SAVEPOINT s", HARNESS_DATABASES },
        { "RELEASE SAVEPOINT s", HARNESS_DATABASES },
        { "INSERT INTO t VALUES (1)", HARNESS_DATABASES },
        { "CREATE TABLE made (n INTEGER)", HARNESS_SQLITE | HARNESS_POSTGRES },
        { "SET @x = 1", HARNESS_MARIADB },
        { "CALL harmless()", HARNESS_MARIADB },
        { "DO 1", HARNESS_MARIADB },
        { "DO $$ BEGIN PERFORM 1; END $$", HARNESS_POSTGRES },
        { "BEGIN", HARNESS_POSTGRES },
    };
    sqla_error err = SQLA_ERROR_INIT;
    make_tables(url);
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_conn_begin(conn, &err);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const struct ending e = { kept[i].sql, "", kept[i].on, false, true };
        if (is_on(&e, url))
            CU_ASSERT_EQUAL(sqla_execute(conn, kept[i].sql, NULL, &err), SQLA_OK);
        CU_ASSERT(is(&err, SQLA_OK));
    }
    CU_ASSERT_EQUAL(
        sqla_execute_script(conn, "SAVEPOINT s; INSERT INTO t VALUES (2); ROLLBACK TO s", &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(sqla_execute(conn, "BEGIN", NULL, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (3)", NULL, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, i == 0 ? "COMMIT" : "ROLLBACK", NULL, &err), SQLA_OK);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 1);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- sessions ------------------------------------------------------------------------------------------ */

static void session__hears_of_it(const char *url)
{
    static const char *const texts[] = { "COMMIT", "ROLLBACK", "CREATE TABLE other (n INTEGER)" };
    shop x;
    shop_open(&x, url);
    for (size_t i = 0; i < (harness_is_mariadb(url) ? 3 : 2); i++) {
        sqla_add(x.s, User, .name = texts[i]);
        CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(x.s, texts[i], NULL, &x.err), SQLA_OK);
        sqla_add(x.s, User, .name = "after it");
        CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_ERR_ROLLBACK_FIRST);
        CU_ASSERT(is(&x.err, SQLA_ERR_ROLLBACK_FIRST) && says(&x.err, texts[i]));
        refuses_then_goes_on(&x, url, &x.err);
        CU_ASSERT_EQUAL(count_users(url, "after it"), 0);
        CU_ASSERT_EQUAL(count_users(url, texts[i]), i != 1);
        harness_sql(url, "DELETE FROM users WHERE name = 'afterwards'");
    }
    shop_close(&x);
}

/* A rollback that takes nothing back does not say that it did; the session goes on. */
static void session__rollback_does_not_lie(const char *url)
{
    shop x;
    shop_open(&x, url);
    sqla_add(x.s, User, .name = "stays");
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(x.s, "COMMIT", NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_rollback(x.s, &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT(says(&x.err, "'COMMIT'"));
    CU_ASSERT_EQUAL(count_users(url, "stays"), 1);
    sqla_error_clear(&x.err);
    goes_on(&x, url);
    shop_close(&x);
}

/* DDL that fails has committed before it did. */
static void failed__ddl_says_what_it_did(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    make_tables(url);
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_conn_begin(conn, &err);
    sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, &err);
    CU_ASSERT_EQUAL(sqla_execute(conn, "CREATE TABLE t (n INTEGER)", NULL, &err), SQLA_ERR_SQL);
    CU_ASSERT(says(&err, "what had been done until then is committed"));
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (2)", NULL, &err), SQLA_ERR_ROLLBACK_FIRST);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT sum(n) FROM t"), 1);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static const struct harness_test tests[] = {
    { "ended: the next call says so", ended__next_call_says_so, HARNESS_DATABASES },
    { "ended: commit and rollback say so", ended__commit_and_rollback_say_so, HARNESS_DATABASES },
    { "ended: it is forgotten with the connection", ended__is_forgotten_with_the_connection,
        HARNESS_DATABASES },
    { "ended: what does not end it", ended__what_does_not_end_it, HARNESS_DATABASES },
    { "session hears of it", session__hears_of_it, HARNESS_DATABASES },
    { "session: rollback does not lie", session__rollback_does_not_lie, HARNESS_DATABASES },
    { "failed: DDL says what it did", failed__ddl_says_what_it_did, HARNESS_MARIADB },
};

int main(void)
{
    return harness_main("test-ended", tests, sizeof tests / sizeof tests[0]);
}
