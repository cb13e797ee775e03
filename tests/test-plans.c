/* test-plans.c: prepared statements that are outdated, since a table was altered under them or somebody
 * threw them away. One failure is enough for all of them, on all connections, and where nothing is lost by
 * it there is none. */
#include <config.h>
#include "faults.h"

#include <CUnit/CUnit.h>

enum { QUERIES = 12 };

/* Queries on a connection that are prepared, each with a text of its own. */
typedef struct lot {
    sqla_conn *conn;
    sqla_stmt *q[QUERIES];
} lot;

static void lot_open(lot *l, sqla_engine *db, sqla_error *err)
{
    l->conn = sqla_connect(db, err);
    for (int i = 0; i < QUERIES; i++) {
        char sql[80];
        snprintf(sql, sizeof sql, "SELECT t.*, %d AS i FROM t", i);
        l->q[i] = sqla_stmt_keep(sqla_sql(l->conn, sql));
        for (int k = 0; k < 3; k++)
            CU_ASSERT_EQUAL(sqla_exec(l->q[i], NULL, err), SQLA_OK);
    }
}

static void lot_close(lot *l)
{
    for (int i = 0; i < QUERIES; i++)
        sqla_stmt_free(l->q[i]);
    sqla_conn_close(l->conn);
}

static void alter(const char *url)
{
    static int column;
    char sql[100];
    snprintf(sql, sizeof sql, "ALTER TABLE t ADD COLUMN c%d VARCHAR(10) DEFAULT 'x'", ++column);
    harness_sql(url, sql);
}

static sqla_engine *make(const char *url, sqla_error *err)
{
    harness_sql(url, "CREATE TABLE t (n INTEGER)");
    harness_sql(url, "INSERT INTO t VALUES (1)");
    return sqla_create_engine(url, NULL, err);
}

/* In a transaction where something has run already. */
static void plans__one_failure_renews_all(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    lot l, other;
    sqla_engine *db = make(url, &err);
    lot_open(&l, db, &err);
    lot_open(&other, db, &err);
    for (int round = 0; round < 2; round++) {
        alter(url);
        sqla_conn_begin(l.conn, &err);
        sqla_execute(l.conn, "SELECT 1", NULL, &err);
        CU_ASSERT_EQUAL(sqla_exec(l.q[0], NULL, NULL), SQLA_ERR_RETRY);
        CU_ASSERT_EQUAL(sqla_conn_rollback(l.conn, &err), SQLA_OK);
        lot *const lots[] = { &l, &other };
        for (size_t k = 0; k < 2; k++) {
            sqla_conn_begin(lots[k]->conn, &err);
            sqla_execute(lots[k]->conn, "SELECT 1", NULL, &err);
            for (int i = 0; i < QUERIES; i++)
                CU_ASSERT_EQUAL(sqla_exec(lots[k]->q[i], NULL, &err), SQLA_OK);
            CU_ASSERT_EQUAL(sqla_conn_commit(lots[k]->conn, &err), SQLA_OK);
        }
    }
    CU_ASSERT(is(&err, SQLA_OK));
    lot_close(&l);
    lot_close(&other);
    CU_ASSERT(pool_is(db, 2, 0));
    sqla_engine_free(db);
}

/* A result that is open outlives it. */
static void plans__open_results_are_left_alone(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    lot l;
    int64_t seen = 0;
    sqla_engine *db = make(url, &err);
    lot_open(&l, db, &err);
    sqla_conn_begin(l.conn, &err);
    SQLA_EACH_ROW (row, l.q[0], &err) {
        seen += sqla_row_i64(row, "n", &err);
        CU_ASSERT_EQUAL(sqla_execute(l.conn, "DEALLOCATE ALL", NULL, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_exec(l.q[1], NULL, NULL), SQLA_ERR_RETRY);
    }
    CU_ASSERT_EQUAL(seen, 1);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_conn_rollback(l.conn, &err), SQLA_OK);
    lot_close(&l);
    sqla_engine_free(db);
}

/* The first statement of a transaction: it is begun again as it was, and nobody sees it. */
static void plans__first_statement_begins_again(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    lot l;
    sqla_engine *db = make(url, &err);
    lot_open(&l, db, &err);
    for (int i = 0; i < 3; i++) {
        sqla_isolation level;
        alter(url);
        sqla_conn_begin_with(
            l.conn, SQLA_TXN_OPTIONS(.isolation = SQLA_SERIALIZABLE, .read_only = i > 0), &err);
        CU_ASSERT_EQUAL(sqla_exec(l.q[i], NULL, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_isolation(l.conn, &level, &err), SQLA_OK);
        CU_ASSERT_EQUAL(level, SQLA_SERIALIZABLE);
        CU_ASSERT_EQUAL(sqla_execute(l.conn, "SAVEPOINT s", NULL, &err), SQLA_OK); /* it is a transaction */
        CU_ASSERT(is(&err, SQLA_OK));
        CU_ASSERT_EQUAL(sqla_execute(l.conn, "INSERT INTO t (n) VALUES (2)", NULL, NULL),
            i > 0 ? SQLA_ERR_READ_ONLY : SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_rollback(l.conn, &err), SQLA_OK);
    }
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 1);
    CU_ASSERT(is(&err, SQLA_OK));
    lot_close(&l);
    sqla_engine_free(db);
}

/* A savepoint is something that was done: it would be gone. */
static void plans__savepoint_is_not_lost(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    lot l;
    sqla_engine *db = make(url, &err);
    lot_open(&l, db, &err);
    alter(url);
    sqla_conn_begin(l.conn, &err);
    CU_ASSERT_EQUAL(sqla_conn_savepoint(l.conn, "s", &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_exec(l.q[0], NULL, NULL), SQLA_ERR_RETRY);
    CU_ASSERT_EQUAL(sqla_conn_rollback_to(l.conn, "s", &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_exec(l.q[0], NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(l.conn, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    lot_close(&l);
    sqla_engine_free(db);
}

/* A unit of work with many queries is run twice, and not once for each of them. */
typedef struct work {
    int runs;
} work;

static sqla_status query_all(sqla_session *s, void *data, sqla_error *err)
{
    ((work *)data)->runs++;
    sqla_execute(s, "SELECT 1", NULL, err);
    for (int i = 0; i < QUERIES; i++) {
        char sql[80];
        snprintf(sql, sizeof sql, "SELECT users.*, %d AS i FROM users", i);
        sqla_stmt *q = sqla_stmt_keep(sqla_sql(s, sql));
        sqla_exec(q, NULL, err);
        sqla_stmt_free(q);
    }
    return err->status;
}

static void plans__unit_of_work_runs_twice_at_most(const char *url)
{
    shop x;
    work w = { 0 };
    shop_open(&x, url);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(sqla_run(x.maker, NULL, query_all, &w, &x.err), SQLA_OK);
    harness_sql(url, "ALTER TABLE users ADD COLUMN more INTEGER");
    w.runs = 0;
    CU_ASSERT_EQUAL(sqla_run(x.maker, SQLA_RUN_OPTIONS(.attempts = 2), query_all, &w, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT(w.runs <= 2);
    shop_close(&x);
}

/* Thrown away by the program: that costs no more, in a transaction and outside. */
static void plans__thrown_away(const char *url)
{
    static const char *const texts[] = { "DEALLOCATE ALL", "DISCARD PLANS", "DISCARD ALL" };
    sqla_error err = SQLA_ERROR_INIT;
    lot l;
    sqla_engine *db = make(url, &err);
    lot_open(&l, db, &err);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(sqla_execute(l.conn, texts[i], NULL, &err), SQLA_OK);
        for (int k = 0; k < QUERIES; k++)
            CU_ASSERT_EQUAL(sqla_exec(l.q[k], NULL, &err), SQLA_OK);
    }
    sqla_conn_begin(l.conn, &err);
    CU_ASSERT_EQUAL(sqla_exec(l.q[0], NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(l.conn, "DEALLOCATE ALL", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_exec(l.q[0], NULL, &err), SQLA_ERR_RETRY);
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "26000");
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_conn_rollback(l.conn, &err), SQLA_OK);
    for (int round = 0; round < 3; round++) {
        sqla_conn_begin(l.conn, &err);
        sqla_execute(l.conn, "SELECT 1", NULL, &err);
        for (int k = 0; k < QUERIES; k++)
            CU_ASSERT_EQUAL(sqla_exec(l.q[k], NULL, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_commit(l.conn, &err), SQLA_OK);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    lot_close(&l);
    sqla_engine_free(db);
}

/* A statement of that name that never was ours is the program's mistake. */
static void plans__other_names_are_the_programs(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = make(url, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    for (int i = 0; i < 3; i++) {
        sqla_error_clear(&err);
        CU_ASSERT_EQUAL(sqla_execute(conn, "EXECUTE nothing", NULL, &err), SQLA_ERR_SQL);
        CU_ASSERT_STRING_EQUAL(err.sqlstate, "26000");
    }
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* Where a failure leaves the transaction usable, there is none at all. */
static void plans__transaction_goes_on(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    lot l;
    sqla_engine *db = make(url, &err);
    lot_open(&l, db, &err);
    alter(url);
    sqla_conn_begin(l.conn, &err);
    CU_ASSERT_EQUAL(sqla_execute(l.conn, "SELECT 1", NULL, &err), SQLA_OK);
    for (int k = 0; k < QUERIES; k++)
        CU_ASSERT_EQUAL(sqla_exec(l.q[k], NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(l.conn, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    lot_close(&l);
    sqla_engine_free(db);
}

static const struct harness_test tests[] = {
    { "plans: one failure renews all", plans__one_failure_renews_all, HARNESS_POSTGRES },
    { "plans: open results are left alone", plans__open_results_are_left_alone, HARNESS_POSTGRES },
    { "plans: the first statement begins again", plans__first_statement_begins_again, HARNESS_POSTGRES },
    { "plans: a savepoint is not lost", plans__savepoint_is_not_lost, HARNESS_POSTGRES },
    { "plans: a unit of work runs twice at most", plans__unit_of_work_runs_twice_at_most, HARNESS_DATABASES },
    { "plans: thrown away", plans__thrown_away, HARNESS_POSTGRES },
    { "plans: other names are the program's", plans__other_names_are_the_programs, HARNESS_POSTGRES },
    { "plans: the transaction goes on", plans__transaction_goes_on, HARNESS_SQLITE | HARNESS_MARIADB },
};

int main(void)
{
    return harness_main("test-plans", tests, sizeof tests / sizeof tests[0]);
}
