/* test-no-rows.c: reading rows of a statement that gives none. It is refused before it runs, or what it did
 * is told. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>

typedef struct Number {
    int32_t n;
} Number;
SQLA_DECLARE(Number);
SQLA_ROW(Number, SQLA_COLUMN(n));

static void by_scalar(sqla_stmt *q, sqla_error *err)
{
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, err), 0);
}
static void by_text(sqla_stmt *q, sqla_error *err)
{
    CU_ASSERT_PTR_NULL(sqla_scalar_text(q, err));
}

static void by_rows(sqla_stmt *q, sqla_error *err)
{
    SQLA_EACH_ROW (row, q, err)
        CU_ASSERT_EQUAL(sqla_row_count(row), 99);
}

static void by_stream(sqla_stmt *q, sqla_error *err)
{
    SQLA_STREAM_ROW(row, q, err)
    CU_ASSERT_EQUAL(sqla_row_count(row), 99);
}

static void by_structs(sqla_stmt *q, sqla_error *err)
{
    CU_ASSERT_PTR_NULL(sqla_all(q, Number, NULL, err));
}

static void by_struct_stream(sqla_stmt *q, sqla_error *err)
{
    SQLA_STREAM (Number, number, q, err)
        CU_ASSERT_EQUAL(number->n, 99);
}

static void (*const ways[])(
    sqla_stmt *q, sqla_error *err) = { by_scalar, by_text, by_rows, by_stream, by_structs, by_struct_stream };
enum { WAYS = sizeof ways / sizeof ways[0] };

/* Is t still as it was made? */
static bool is_untouched(const char *url)
{
    return harness_sql_int(url, "SELECT count(*) FROM t") == 1 &&
           harness_sql_int(url, "SELECT sum(n) FROM t") == 1;
}

static void no_rows__statement_is_not_run(const char *url)
{
    const char *const texts[] = {
        "INSERT INTO t VALUES (2)",
        "UPDATE t SET n = 5",
        "DELETE FROM t",
        " -- it goes\n delete from t",
        "DROP TABLE t",
        "INSERT INTO t SELECT 7 /* RETURNING */",
        "CREATE TABLE made (n INTEGER)",
        harness_is_mariadb(url) ? "TRUNCATE TABLE t"
                                : "WITH c AS (SELECT 9 AS n) INSERT INTO t SELECT n FROM c",
        harness_is_postgres(url) ? "SELECT 5 AS n INTO made" : "REPLACE INTO t VALUES (3)",
    };
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    harness_sql(url, "INSERT INTO t VALUES (1)");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    for (size_t i = 0; i < WAYS * sizeof texts / sizeof texts[0]; i++) {
        sqla_stmt *q = sqla_stmt_keep(i % 2 == 0 ? sqla_sql(conn, texts[i / WAYS]) : sqla_sql(db, texts[i / WAYS]));
        for (int again = 0; again < 3; again++) { /* unprepared, and prepared */
            ways[i % WAYS](q, &err);
            CU_ASSERT(is(&err, SQLA_ERR_MISUSE) && says(&err, "the statement gives none, and was not run"));
            sqla_error_clear(&err);
        }
        sqla_stmt_free(q);
        CU_ASSERT(is_untouched(url));
    }
    CU_ASSERT_EQUAL(
        sqla_execute(conn, "CREATE TABLE made (n INTEGER)", NULL, &err), SQLA_OK); /* nobody has made it */
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* The transaction is as it was, too. */
static void no_rows__transaction_goes_on(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_stmt *q = sqla_stmt_keep(sqla_bind(sqla_sql(conn, "INSERT INTO t VALUES (:n)"), "n", 1));
    sqla_conn_begin(conn, &err);
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, NULL), 0);
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT sum(n) FROM t"), 3);
    sqla_stmt_free(q);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* What gives rows is run once, by all these ways. */
static void no_rows__returning_gives_some(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    int64_t sum = 0;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(db, "INSERT INTO t VALUES (2) RETURNING n"));
    for (int again = 0; again < 3; again++) {
        sum += sqla_scalar_i64(q, &err);
        SQLA_EACH_ROW (row, q, &err)
            sum += sqla_row_i64(row, "n", &err);
        SQLA_STREAM (Number, number, q, &err)
            sum += number->n;
    }
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(sum, 18);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 9);
    sqla_stmt_free(q);
    sqla_engine_free(db);
}

/* What a procedure gives shows when it has run: then that is told. */
static void no_rows__what_ran_is_told(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    harness_sql(url, "CREATE PROCEDURE adds() INSERT INTO t VALUES (4)");
    harness_sql(url, "CREATE PROCEDURE shows() BEGIN SELECT 6; SELECT 7; INSERT INTO t VALUES (5); END");
    harness_sql(url,
        "CREATE PROCEDURE breaks() BEGIN SELECT 8; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(conn, "CALL adds()"));
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &err), 0);
    CU_ASSERT(is(&err, SQLA_ERR_NOT_FOUND) && says(&err, "the statement was run"));
    sqla_error_clear(&err);
    sqla_stmt_free(q);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 1);
    q = sqla_stmt_keep(sqla_sql(
        conn, "CALL shows()")); /* the first of its results is the statement's; the others are no obstacle */
    for (int again = 0; again < 4; again++)
        CU_ASSERT_EQUAL(sqla_scalar_i64(q, &err), 6);
    SQLA_STREAM_ROW(row, q, &err)
    CU_ASSERT_EQUAL(sqla_row_i64_at(row, 0, &err), 6);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_stmt_free(q);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT sum(n) FROM t"), 29);
    for (int again = 0; again < 3; again++) {
        CU_ASSERT_EQUAL(sqla_execute(conn, "CALL breaks()", NULL, &err), SQLA_ERR_CHECK);
        sqla_error_clear(&err);
    }
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* A procedure may fail among the rows of a result that nobody reads: what comes behind has not been done. */
static void call__failure_among_dropped_rows_is_told(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    harness_sql(url, "CREATE PROCEDURE breaks() BEGIN SELECT 1; SELECT EXP(seq) FROM seq_1_to_1000; INSERT INTO t VALUES (1); END");
    sqla_engine *db = sqla_create_engine(with_query(url, "pool_size=1"), NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    for (int again = 0; again < 3; again++) {
        CU_ASSERT_EQUAL(sqla_execute(conn, "CALL breaks()", NULL, &err), SQLA_ERR_DATA);
        sqla_error_clear(&err);
        SQLA_STREAM_ROW(row, sqla_sql(conn, "CALL breaks()"), &err)
            CU_ASSERT_EQUAL(sqla_row_i64_at(row, 0, &err), 1);
        CU_ASSERT(is(&err, SQLA_ERR_DATA) && says(&err, "DOUBLE value is out of range"));
        sqla_error_clear(&err);
        CU_ASSERT_EQUAL(sqla_scalar_i64(sqla_sql(conn, "SELECT 7"), &err), 7);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static const struct harness_test tests[] = {
    { "no rows: the statement is not run", no_rows__statement_is_not_run, HARNESS_DATABASES },
    { "no rows: the transaction goes on", no_rows__transaction_goes_on, HARNESS_DATABASES },
    { "no rows: RETURNING gives some", no_rows__returning_gives_some, HARNESS_DATABASES },
    { "no rows: what ran is told", no_rows__what_ran_is_told, HARNESS_MARIADB },
    { "call: a failure among dropped rows is told", call__failure_among_dropped_rows_is_told, HARNESS_MARIADB },
};

int main(void)
{
    return harness_main("test-no-rows", tests, sizeof tests / sizeof tests[0]);
}
