/* test-conn.c: connections: transactions and their outcomes, savepoints, cancelling, prepared statements under change. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>

#include "expect.h"

typedef struct bench { sqla_engine *db; sqla_conn *conn; sqla_error err; const char *url; } bench;

static void set_up_with(bench *b, const char *url)
{
    *b = (bench){ .err = SQLA_ERROR_INIT, .url = url };
    b->db = sqla_create_engine(url, NULL, &b->err);
    b->conn = sqla_connect(b->db, &b->err);
    CU_ASSERT(is(&b->err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->conn);
}

/* A connection, and a table t beside it. */
static void set_up(bench *b, const char *url)
{
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    set_up_with(b, url);
}

static void tear_down(bench *b)
{
    sqla_conn_close(b->conn);
    sqla_engine_free(b->db);
}

static sqla_status run(bench *b, const char *sql)
{
    sqla_error_clear(&b->err);
    return sqla_execute(b->conn, sql, NULL, &b->err);
}

/* As others see it. */
static int64_t rows(const bench *b) { return harness_sql_int(b->url, "SELECT count(*) FROM t"); }

/* ---- transactions ------------------------------------------------------------------------------------------------ */

static void transaction__commit_and_rollback(const char *url)
{
    bench b;
    set_up(&b, url);
    CU_ASSERT_EQUAL(sqla_conn_begin(b.conn, &b.err), SQLA_OK);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
    CU_ASSERT_EQUAL(rows(&b), 0);
    CU_ASSERT_EQUAL(ask(b.conn, "SELECT count(*) FROM t"), 1);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, &b.err), SQLA_OK);
    CU_ASSERT_EQUAL(rows(&b), 1);
    CU_ASSERT_EQUAL(sqla_conn_begin(b.conn, &b.err), SQLA_OK);
    CU_ASSERT_EQUAL(run(&b, "DELETE FROM t"), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_rollback(b.conn, &b.err), SQLA_OK);
    CU_ASSERT_EQUAL(rows(&b), 1);
    CU_ASSERT(is(&b.err, SQLA_OK));
    tear_down(&b);
}

static void transaction__autocommit_without_begin(const char *url)
{
    bench b;
    set_up(&b, url);
    for (int i = 1; i <= 3; i++) {
        CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
        CU_ASSERT_EQUAL(rows(&b), i);
    }
    CU_ASSERT_EQUAL(sqla_conn_rollback(b.conn, &b.err), SQLA_OK); /* there is none, and that is well */
    CU_ASSERT_EQUAL(rows(&b), 3);
    tear_down(&b);
}

static void transaction__calls_out_of_turn(const char *url)
{
    bench b;
    set_up(&b, url);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, &b.err), SQLA_ERR_MISUSE);
    CU_ASSERT(says(&b.err, "no transaction is open"));
    CU_ASSERT_EQUAL(sqla_conn_savepoint(b.conn, "a", NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_release(b.conn, "a", NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_rollback_to(b.conn, "a", NULL), SQLA_ERR_MISUSE);
    sqla_error_clear(&b.err);
    CU_ASSERT_EQUAL(sqla_conn_begin(b.conn, &b.err), SQLA_OK);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_begin(b.conn, &b.err), SQLA_ERR_MISUSE);
    CU_ASSERT(says(&b.err, "a transaction is open already"));
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, NULL), SQLA_OK); /* which the refusal did not harm */
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(rows(&b), 1);
    tear_down(&b);
}

/* After a failed statement SQLite goes on, and PostgreSQL rolls back, which a commit must not call done. */
static void transaction__with_a_failed_statement(const char *url)
{
    bool postgres = harness_is_postgres(url);
    bench b;
    set_up(&b, url);
    sqla_conn_begin(b.conn, &b.err);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (NULL)"), SQLA_ERR_NOT_NULL);
    CU_ASSERT_STRING_EQUAL(b.err.column, "n");
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (2)"), postgres ? SQLA_ERR_ROLLBACK_FIRST : SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, NULL), postgres ? SQLA_ERR_ROLLBACK_FIRST : SQLA_OK);
    CU_ASSERT_EQUAL(rows(&b), postgres ? 0 : 2);
    CU_ASSERT_EQUAL(sqla_conn_begin(b.conn, NULL), SQLA_OK); /* the transaction is over in either case */
    tear_down(&b);
}

/* A rule that is looked at only at the end fails the commit, and the transaction is over. */
static void commit__fails_for_sure(const char *url)
{
    bench b;
    harness_sql(url, "CREATE TABLE p (id INTEGER PRIMARY KEY)");
    harness_sql(url, "CREATE TABLE t (n INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)");
    set_up_with(&b, url);
    sqla_conn_begin(b.conn, &b.err);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (7)"), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, &b.err), SQLA_ERR_FOREIGN_KEY);
    CU_ASSERT(is(&b.err, SQLA_ERR_FOREIGN_KEY));
    CU_ASSERT_EQUAL(rows(&b), 0);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_begin(b.conn, NULL), SQLA_OK);
    tear_down(&b);
}

static void commit__that_meets_a_lock_may_be_repeated(const char *url)
{
    bench b;
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    harness_sql(url, "INSERT INTO t VALUES (1)");
    set_up_with(&b, with_query(url, "busy_timeout=50"));
    b.url = url;
    sqla_conn *reader = sqla_connect(b.db, &b.err);
    sqla_conn_begin(reader, &b.err);
    CU_ASSERT_EQUAL(ask(reader, "SELECT n FROM t"), 1);
    sqla_conn_begin(b.conn, &b.err);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (2)"), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, &b.err), SQLA_ERR_BUSY);
    CU_ASSERT(says(&b.err, "commit again"));
    CU_ASSERT_EQUAL(sqla_conn_begin(b.conn, NULL), SQLA_ERR_MISUSE); /* it is still open */
    CU_ASSERT_EQUAL(sqla_conn_rollback(reader, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(rows(&b), 2);
    sqla_conn_close(reader);
    tear_down(&b);
}

static void lost__connection_ends_the_transaction(const char *url)
{
    bench b;
    set_up(&b, url);
    sqla_conn_begin(b.conn, &b.err);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
    harness_end_others(b.url);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (2)"), SQLA_ERR_DISCONNECTED);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (3)"), SQLA_ERR_DISCONNECTED);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, NULL), SQLA_ERR_DISCONNECTED); /* known not to be done */
    CU_ASSERT_EQUAL(sqla_conn_rollback(b.conn, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(rows(&b), 0);
    tear_down(&b);
}

/* A link that is known to be dead when COMMIT would be sent leaves no doubt. */
static void lost__before_commit_was_sent(const char *url)
{
    bench b;
    set_up(&b, url);
    sqla_conn_begin(b.conn, &b.err);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
    harness_end_others(b.url);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, &b.err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT_EQUAL(rows(&b), 0);
    sqla_conn_close(b.conn);
    b.conn = NULL;
    CU_ASSERT_EQUAL(sqla_engine_pool_status(b.db).size, 0);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(b.db).disconnects, 1);
    tear_down(&b);
}

/* ---- savepoints -------------------------------------------------------------------------------------------------- */

static const char *names[] = { "a", "A", "select", "two words", "it's", "a\"b", "\"; DROP TABLE t; --",
    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", " ", "`]",
                                     "a_name_of_sixty_three_bytes_which_is_what_all_databases_do_keep" };
enum { NAMES = sizeof names / sizeof names[0] };

static int64_t largest(bench *b) { return ask(b->conn, "SELECT coalesce(max(n), -1) FROM t"); }

/* One inside the other, each with a row behind it; then back, level by level. */
static void savepoint__names_are_any_text(const char *url)
{
    bench b;
    set_up(&b, url);
    names[7] = harness_is_mariadb(url) ? "\xc3\xa4\xe2\x82\xac" : names[7]; /* its names have no others */
    sqla_conn_begin(b.conn, &b.err);
    for (int i = 0; i < NAMES; i++) {
        CU_ASSERT_EQUAL(sqla_conn_savepoint(b.conn, names[i], &b.err), SQLA_OK);
        sqla_execute(b.conn, "INSERT INTO t VALUES (:n)", sqla_params("n", i), &b.err);
    }
    CU_ASSERT(is(&b.err, SQLA_OK));
    for (int i = NAMES - 1; i >= NAMES / 2; i--) {
        CU_ASSERT_EQUAL(sqla_conn_rollback_to(b.conn, names[i], &b.err), SQLA_OK);
        CU_ASSERT_EQUAL(largest(&b), i - 1);
        CU_ASSERT_EQUAL(sqla_conn_release(b.conn, names[i], &b.err), SQLA_OK);
    }
    CU_ASSERT_EQUAL(sqla_conn_release(b.conn, names[2], &b.err), SQLA_OK); /* and those inside it */
    CU_ASSERT_EQUAL(largest(&b), NAMES / 2 - 1);
    CU_ASSERT_EQUAL(sqla_conn_rollback_to(b.conn, names[1], &b.err), SQLA_OK);
    CU_ASSERT_EQUAL(largest(&b), 0);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (100)"), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_rollback_to(b.conn, names[1], &b.err), SQLA_OK); /* it is still there */
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, &b.err), SQLA_OK);
    CU_ASSERT(is(&b.err, SQLA_OK));
    CU_ASSERT_EQUAL(rows(&b), 1);
    tear_down(&b);
}

/* A name that the database would cut or refuse is refused before it gets there, and the transaction goes on. */
static void savepoint__names_that_cannot_be(const char *url)
{
    static const char *const wrong[] = { "", "\xc3(", "\xed\xa0\x80",
        "a_name_of_sixty_four_bytes_which_is_one_more_than_all_databases_do", NULL };
    bench b;
    set_up(&b, url);
    sqla_conn_begin(b.conn, &b.err);
    for (size_t i = 0; wrong[i] != NULL; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        bool fits = harness_sqlite_path(url) != NULL && strlen(wrong[i]) > 60; /* SQLite keeps names of any length */
        CU_ASSERT_EQUAL(sqla_conn_savepoint(b.conn, wrong[i], &err), fits ? SQLA_OK : SQLA_ERR_SQL);
        CU_ASSERT(is(&err, fits ? SQLA_OK : SQLA_ERR_SQL));
    }
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_rollback_to(b.conn, "never set", &b.err), SQLA_ERR_SQL);
    tear_down(&b);
}

/* A savepoint is how a transaction outlives a failed statement on every database. */
static void savepoint__takes_a_failure_back(const char *url)
{
    bench b;
    set_up(&b, url);
    sqla_conn_begin(b.conn, &b.err);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_savepoint(b.conn, "s", &b.err), SQLA_OK);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (2)"), SQLA_OK);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (NULL)"), SQLA_ERR_NOT_NULL);
    CU_ASSERT_EQUAL(sqla_conn_rollback_to(b.conn, "s", NULL), SQLA_OK);
    CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (3)"), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, NULL), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT sum(n) FROM t"), "4");
    tear_down(&b);
}

/* ---- cancelling -------------------------------------------------------------------------------------------------- */

static atomic_bool stop;

/* Until the statement has ended: a cancel that comes before it began does nothing. */
static void *cancel_soon(void *conn)
{
    sqla_status status = SQLA_OK;
    while (!atomic_load(&stop) && status == SQLA_OK) {
        pause_ms(200);
        status = sqla_conn_cancel(conn, NULL);
    }
    return (void *)(intptr_t)status;
}

static void cancel__ends_what_runs(const char *url)
{
    bench b;
    pthread_t thread;
    void *status;
    set_up(&b, url);
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            sqla_conn_begin(b.conn, NULL);
        int64_t start = now_ms();
        atomic_store(&stop, false);
        pthread_create(&thread, NULL, cancel_soon, b.conn);
        CU_ASSERT_EQUAL(run(&b, harness_endless(url)), SQLA_ERR_CANCELLED);
        atomic_store(&stop, true);
        CU_ASSERT(is(&b.err, SQLA_ERR_CANCELLED));
        CU_ASSERT(harness_in_time(now_ms() - start, 0, 30000)); /* it would run for hours */
        pthread_join(thread, &status);
        CU_ASSERT_EQUAL((int)(intptr_t)status, SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_rollback(b.conn, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
    }
    CU_ASSERT_EQUAL(rows(&b), 2);
    tear_down(&b);
}

static void cancel__with_nothing_running_hits_nothing(const char *url)
{
    bench b;
    set_up(&b, url);
    for (int i = 0; i < 50; i++) {
        CU_ASSERT_EQUAL(sqla_conn_cancel(b.conn, &b.err), SQLA_OK);
        CU_ASSERT_EQUAL(ask(b.conn, "SELECT 5"), 5);
        CU_ASSERT_EQUAL(sqla_conn_cancel(b.conn, &b.err), SQLA_OK);
        CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
    }
    CU_ASSERT_EQUAL(rows(&b), 50);
    tear_down(&b);
}

static void *cancel_all_the_time(void *conn)
{
    intptr_t failures = 0;
    while (!atomic_load(&stop)) {
        failures += sqla_conn_cancel(conn, NULL) != SQLA_OK;
        pause_ms(1);
    }
    return (void *)failures;
}

/* Statements that are over quickly, under fire: each is done or cancelled, and afterwards all is quiet. */
static void cancel__races_with_the_end_of_statements(const char *url)
{
    bench b;
    pthread_t thread;
    void *failures;
    int64_t done = 0;
    set_up(&b, url);
    atomic_store(&stop, false);
    pthread_create(&thread, NULL, cancel_all_the_time, b.conn);
    for (int i = 0; i < 300; i++) {
        sqla_status status = run(&b, "INSERT INTO t VALUES (1)");
        CU_ASSERT(status == SQLA_OK || status == SQLA_ERR_CANCELLED);
        done += status == SQLA_OK;
    }
    atomic_store(&stop, true);
    pthread_join(thread, &failures);
    CU_ASSERT_PTR_NULL(failures);
    for (int i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(run(&b, "INSERT INTO t VALUES (2)"), SQLA_OK);
    CU_ASSERT_EQUAL(rows(&b), done + 20);
    tear_down(&b);
}

/* ---- prepared statements ----------------------------------------------------------------------------------------- */

/* The names of the columns that q gives, with commas. */
static const char *columns_of(sqla_stmt *q, sqla_error *err)
{
    static char text[200];
    text[0] = '\0';
    SQLA_EACH_ROW(row, q, err) {
        text[0] = '\0';
        for (size_t i = 0; i < sqla_row_count(row); i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? "," : "", sqla_row_name(row, i));
    }
    return text;
}

static void prepared__table_is_altered_under_it(const char *url)
{
    bench b;
    set_up(&b, url);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(b.conn, "SELECT * FROM t"));
    sqla_execute(b.conn, "INSERT INTO t VALUES (5)", NULL, &b.err);
    for (int i = 0; i < 3; i++) /* the second time it is prepared */
        CU_ASSERT_STRING_EQUAL(columns_of(q, &b.err), "n");
    harness_sql(url, "ALTER TABLE t ADD COLUMN word VARCHAR(10) DEFAULT 'x'");
    CU_ASSERT_STRING_EQUAL(columns_of(q, &b.err), "n,word");
    harness_sql(url, "ALTER TABLE t RENAME COLUMN n TO number");
    CU_ASSERT_STRING_EQUAL(columns_of(q, &b.err), "number,word");
    harness_sql(url, "DROP TABLE t");
    harness_sql(url, "CREATE TABLE t (other VARCHAR(20))");
    harness_sql(url, "INSERT INTO t VALUES ('new')");
    CU_ASSERT_STRING_EQUAL(sqla_scalar_text(q, &b.err), "new");
    CU_ASSERT(is(&b.err, SQLA_OK));
    harness_sql(url, "DROP TABLE t");
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &b.err), SQLA_ERR_SQL);
    sqla_stmt_free(q);
    tear_down(&b);
}

/* Inside a transaction it cannot be repaired, since that has failed: the whole of it is to be run again,
 * unless it is the first of it. */
static void prepared__table_is_altered_in_a_transaction(const char *url)
{
    bench b;
    set_up(&b, url);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(b.conn, "SELECT * FROM t"));
    for (int i = 0; i < 3; i++)
        sqla_exec(q, NULL, &b.err);
    harness_sql(url, "ALTER TABLE t ADD COLUMN word VARCHAR(10) DEFAULT 'x'");
    sqla_conn_begin(b.conn, &b.err);
    run(&b, "SELECT 1");
    CU_ASSERT(is(&b.err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &b.err), SQLA_ERR_RETRY);
    CU_ASSERT_STRING_EQUAL(b.err.sqlstate, "0A000");
    CU_ASSERT_EQUAL(sqla_conn_rollback(b.conn, NULL), SQLA_OK);
    sqla_conn_begin(b.conn, NULL);
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(b.conn, NULL), SQLA_OK);
    tear_down(&b);
}

static void prepared__statements_that_are_gone(const char *url)
{
    bench b;
    set_up(&b, url);
    sqla_stmt *q = sqla_stmt_keep(sqla_bind(sqla_sql(b.conn, "SELECT CAST(:n AS INTEGER)"), "n", 4));
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(sqla_scalar_i64(q, &b.err), 4);
    CU_ASSERT_EQUAL(run(&b, "DEALLOCATE ALL"), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &b.err), 4);
    CU_ASSERT(is(&b.err, SQLA_OK));
    tear_down(&b);
}

/* More texts than are kept prepared. */
static void prepared__cache_has_an_end(const char *url)
{
    char sql[64];
    bench b;
    set_up(&b, url);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 300; i++) {
            snprintf(sql, sizeof sql, "SELECT %d WHERE CAST(:n AS INTEGER) = %d", i, i);
            sqla_stmt *q = sqla_stmt_keep(sqla_bind(sqla_sql(b.conn, sql), "n", i));
            CU_ASSERT_EQUAL(sqla_scalar_i64(q, &b.err), i);
            CU_ASSERT_EQUAL(sqla_scalar_i64(q, &b.err), i); /* prepared now */
            sqla_stmt_free(q);
        }
    }
    CU_ASSERT(is(&b.err, SQLA_OK));
    if (harness_is_postgres(url))
        CU_ASSERT(ask(b.conn, "SELECT count(*) FROM pg_prepared_statements") < 200);
    tear_down(&b);
}

/* A statement of many parameters is prepared when it is seen again, and its answers are the same as
 * before. */
static void statements__of_many_parameters_can_be_prepared(const char *url)
{
    enum { MANY = 20000 };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    char *sql = malloc(MANY * 40), name[12];
    CU_ASSERT_FATAL(sql != NULL && conn != NULL);
    char *to = sql + sprintf(sql, "SELECT 77 AS n, 'word' AS word WHERE 1 IN (0");
    for (int i = 0; i < MANY; i++)
        to += sprintf(to, ", :n%d", i);
    sprintf(to, ")");
    for (int again = 0; again < 4; again++) {
        sqla_stmt *q = sqla_sql(conn, sql);
        for (int i = 0; i < MANY; i++) {
            snprintf(name, sizeof name, "n%d", i);
            sqla_bind(q, name, (int64_t)i);
        }
        int rows = 0;
        SQLA_EACH_ROW(row, q, &err)
            rows +=
                sqla_row_i64(row, "n", &err) == 77 && strcmp(sqla_row_text(row, "word", &err), "word") == 0;
        CU_ASSERT_EQUAL(rows, 1);
        CU_ASSERT(is(&err, SQLA_OK));
        sqla_stmt_free(q);
    }
    free(sql);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "transaction: commit and rollback", transaction__commit_and_rollback, HARNESS_DATABASES },
        { "transaction: autocommit without begin", transaction__autocommit_without_begin, HARNESS_DATABASES },
        { "transaction: calls out of turn", transaction__calls_out_of_turn, HARNESS_DATABASES },
        { "transaction with a failed statement", transaction__with_a_failed_statement, HARNESS_DATABASES },
        /* MariaDB checks foreign keys at once. */
        { "commit fails for sure", commit__fails_for_sure, HARNESS_SQLITE | HARNESS_POSTGRES },
        { "commit that meets a lock may be repeated", commit__that_meets_a_lock_may_be_repeated, HARNESS_SQLITE },
        { "lost: the transaction ends with the connection", lost__connection_ends_the_transaction, HARNESS_POSTGRES },
        { "lost before COMMIT was sent", lost__before_commit_was_sent, HARNESS_POSTGRES },
        { "savepoint: names are any text", savepoint__names_are_any_text, HARNESS_DATABASES },
        { "savepoint: names that cannot be", savepoint__names_that_cannot_be, HARNESS_DATABASES },
        { "savepoint takes a failure back", savepoint__takes_a_failure_back, HARNESS_DATABASES },
        { "cancel ends what runs", cancel__ends_what_runs, HARNESS_DATABASES },
        { "cancel with nothing running hits nothing", cancel__with_nothing_running_hits_nothing, HARNESS_DATABASES },
        { "cancel races with the end of statements", cancel__races_with_the_end_of_statements, HARNESS_DATABASES },
        { "prepared: the table is altered under it", prepared__table_is_altered_under_it, HARNESS_DATABASES },
        { "prepared: the table is altered in a transaction", prepared__table_is_altered_in_a_transaction, HARNESS_POSTGRES },
        { "prepared: statements that are gone", prepared__statements_that_are_gone, HARNESS_POSTGRES },
        { "prepared: the cache has an end", prepared__cache_has_an_end, HARNESS_DATABASES },
        { "statements of many parameters can be prepared", statements__of_many_parameters_can_be_prepared,
          HARNESS_DATABASES },
    };
    return harness_main("test-conn", tests, sizeof tests / sizeof tests[0]);
}
