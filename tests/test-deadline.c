/* test-deadline.c: how long things may take: by engine, connection and statement, with a database that works too long, that
 * waits for a lock, and with a network that falls silent. And cancels that come late. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <pthread.h>

#include "expect.h"
#include "relay.h"

typedef struct Number Number;
SQLA_DECLARE(Number);
struct Number { int64_t n; };
SQLA_ROW(Number, SQLA_COLUMN(n));

/* What a machine that is busy with other things may take on top. */
enum { SLACK = 1500 };

/* Some tens of milliseconds of work. */
static const char some_work[] = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 400000) SELECT count(*) AS n FROM c";

static bool took(int64_t start, int64_t least, int64_t most)
{
    return harness_in_time(now_ms() - start, least, most + SLACK);
}

/* ---- the database works too long ------------------------------------------------------------------------------------ */

/* A connection is given up when its server does not obey a cancel within 100 ms, and a busy machine may need more. So what asks that
 * the connection lives is tried again when it was given up, on an engine of its own. */
static bool was_given_up(sqla_conn *conn)
{
    return sqla_execute(conn, "SELECT 1", NULL, NULL) == SQLA_ERR_DISCONNECTED;
}

static bool in_one_of_some_tries(bool (*try)(sqla_engine *db, const char *url), const char *url, const sqla_engine_options *options)
{
    bool done = false;
    for (int i = 0; i < 8 && !done; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = sqla_create_engine(with_query(url, "pool_size=1"), options, &err);
        CU_ASSERT(is(&err, SQLA_OK));
        done = try(db, url);
        sqla_engine_free(db);
    }
    return done;
}

static bool end_each_statement(sqla_engine *db, const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    bool given_up = false;
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    for (int i = 0; i < 3 && !given_up; i++) { /* as it stands, prepared, and in a transaction */
        int64_t start = now_ms();
        if (i == 2) {
            CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
            CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
        }
        CU_ASSERT_EQUAL(sqla_execute(conn, harness_endless(url), NULL, &err), SQLA_ERR_TIMEOUT);
        CU_ASSERT(is(&err, SQLA_ERR_TIMEOUT));
        CU_ASSERT(took(start, 150, 250));
        sqla_conn_rollback(conn, NULL);
        given_up = was_given_up(conn);
        CU_ASSERT(given_up || strcmp(err.sqlstate, "57014") == 0);
        CU_ASSERT(given_up || ask(conn, "SELECT count(*) FROM t") == 0); /* and it goes on */
        sqla_error_clear(&err);
    }
    sqla_conn_close(conn);
    CU_ASSERT_EQUAL(sqla_execute(db, harness_endless(url), NULL, NULL), SQLA_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    return sqla_engine_pool_status(db).connects == 1; /* all of it on one connection */
}

static void engine__deadline_of_each_statement(const char *url)
{
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    CU_ASSERT(in_one_of_some_tries(end_each_statement, url, SQLA_ENGINE_OPTIONS(.statement_timeout_ms = 150)));
}

static bool give_each_its_time(sqla_engine *db, const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_execute(conn, some_work, NULL, NULL), SQLA_ERR_TIMEOUT);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(conn, some_work));
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, NULL), 0); /* both times it was the engine's */
    sqla_conn_set_timeout(conn, -1);
    if (was_given_up(conn)) {
        sqla_conn_close(conn);
        return false;
    }
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &err), 400000);
    sqla_conn_set_timeout(conn, 0);
    sqla_timeout(q, -1);
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &err), 400000);
    sqla_timeout(q, 60000);
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &err), 400000);
    CU_ASSERT_EQUAL(sqla_exec(sqla_timeout(q, 1), NULL, NULL), SQLA_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(sqla_exec(sqla_timeout(q, -2), NULL, NULL), SQLA_ERR_MISUSE);
    sqla_conn_close(conn);
    conn = sqla_connect(db, &err); /* whose timeout is the engine's again */
    CU_ASSERT_EQUAL(sqla_execute(conn, some_work, NULL, NULL), SQLA_ERR_TIMEOUT);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    return true;
}

static void nearest__timeout_counts(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT(in_one_of_some_tries(give_each_its_time, url, SQLA_ENGINE_OPTIONS(.statement_timeout_ms = 1)));
    CU_ASSERT_PTR_NULL(sqla_timeout(NULL, 1));
    sqla_conn_set_timeout(NULL, 1);
    CU_ASSERT_PTR_NULL(sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.statement_timeout_ms = -1), &err));
    CU_ASSERT(is(&err, SQLA_ERR_CONFIG));
}

static bool give_each_block_its_time(sqla_engine *db, const char *url)
{
    bool postgres = harness_is_postgres(url);
    sqla_error err = SQLA_ERROR_INIT;
    int64_t count = 0;
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_stmt *q = sqla_sql(conn, "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000) SELECT n FROM c");
    SQLA_STREAM(Number, row, q, &err) {
        count++;
        if (row->n == 1 || row->n == 500)
            pause_ms(500);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(count, 2000);
    sqla_stmt_free(q);
    q = sqla_sql(conn, postgres ? "SELECT n FROM (SELECT n, pg_sleep(CASE WHEN n = 600 THEN 100 ELSE 0 END) FROM generate_series(1, 1000) AS n "
                                  "OFFSET 0) AS x" :
                       harness_is_mariadb(url) ? "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000) "
                                                 "SELECT n FROM c WHERE SLEEP(CASE WHEN n = 600 THEN 100 ELSE 0 END) = 0" :
                       "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c WHERE n < 600");
    int64_t start = now_ms();
    count = 0;
    SQLA_STREAM(Number, row, q, &err)
        count += row->n > 0;
    CU_ASSERT(is(&err, SQLA_ERR_TIMEOUT));
    CU_ASSERT(count >= 16 && count < 600);
    CU_ASSERT(took(start, 400, 800));
    sqla_stmt_free(q);
    bool given_up = was_given_up(conn);
    CU_ASSERT(given_up || ask(conn, "SELECT 7") == 7);
    sqla_conn_close(conn);
    return !given_up;
}

/* Reading a stream may take as long as it likes; the database has its deadline for each block. */
static void stream__blocks_have_a_deadline_each(const char *url)
{
    CU_ASSERT(in_one_of_some_tries(give_each_block_its_time, url, SQLA_ENGINE_OPTIONS(.statement_timeout_ms = 400)));
}

/* A procedure's further results are dropped, and are part of the statement. */
static void call__further_results_have_the_deadline(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE PROCEDURE endless() BEGIN SELECT 1; SELECT REPEAT('x', 100) FROM seq_1_to_1000000000; END");
    sqla_engine *db = sqla_create_engine(with_query(url, "statement_timeout_ms=300"), NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    int64_t start = now_ms();
    sqla_execute(conn, "CALL endless()", NULL, &err);
    CU_ASSERT(is(&err, SQLA_ERR_TIMEOUT) || is(&err, SQLA_ERR_UNKNOWN_OUTCOME));
    CU_ASSERT(took(start, 300, 400));
    sqla_conn_close(conn);
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, NULL), SQLA_OK);
    sqla_engine_free(db);
}

/* ---- a lock in the way ---------------------------------------------------------------------------------------------- */

/* What keeps a commit waiting leaves it to be repeated. */
static void commit_behind_a_reader(sqla_conn *conn, const char *url)
{
    harness_hold(url, "BEGIN; SELECT count(*) FROM t");
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conn, "UPDATE t SET n = 5", NULL, NULL), SQLA_OK);
    int64_t start = now_ms();
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_ERR_BUSY);
    CU_ASSERT(took(start, 140, 250));
    harness_let_go();
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT n FROM t"), 5);
}

/* A server that is too busy to answer in time leaves it open what became of a statement that commits by itself. */
static bool wait_for_a_lock(sqla_engine *db, const char *url)
{
    bool sqlite = harness_sqlite_path(url) != NULL;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_conn *conn = sqla_connect(db, &err);
    harness_hold(url, sqlite ? "BEGIN IMMEDIATE" : "BEGIN; UPDATE t SET n = 2");
    int64_t start = now_ms();
    sqla_status status = sqla_execute(conn, "UPDATE t SET n = 3", NULL, &err);
    bool known = status != SQLA_ERR_UNKNOWN_OUTCOME || sqlite;
    CU_ASSERT(is(&err, known ? SQLA_ERR_TIMEOUT : SQLA_ERR_UNKNOWN_OUTCOME));
    CU_ASSERT(took(start, 140, 250));
    harness_let_go();
    if (known)
        CU_ASSERT_EQUAL(sqla_execute(conn, "UPDATE t SET n = 4", NULL, NULL), SQLA_OK);
    if (sqlite)
        commit_behind_a_reader(conn, url);
    sqla_conn_close(conn);
    return known;
}

static void lock__is_not_waited_for_longer(const char *url)
{
    harness_sql(url, "CREATE TABLE t (n INTEGER NOT NULL)");
    harness_sql(url, "INSERT INTO t VALUES (1)");
    CU_ASSERT(in_one_of_some_tries(wait_for_a_lock, url, SQLA_ENGINE_OPTIONS(.statement_timeout_ms = 150)));
}

/* ---- the network falls silent ----------------------------------------------------------------------------------------- */

/* One thing that is done when nothing comes back any more. */
typedef struct silence {
    const char *name;
    bool in_transaction;
    sqla_status (*run)(sqla_conn *conn, sqla_error *err);
    sqla_status expected;
} silence;

static sqla_status run_statement(sqla_conn *conn, sqla_error *err) { return sqla_execute(conn, "SELECT 1", NULL, err); }
static sqla_status run_savepoint(sqla_conn *conn, sqla_error *err) { return sqla_conn_savepoint(conn, "s", err); }

static void silence__nothing_waits_for_ever(const char *url)
{
    static const silence all[] = {
        { "statement", false, run_statement, SQLA_ERR_TIMEOUT },
        { "statement in a transaction", true, run_statement, SQLA_ERR_TIMEOUT },
        { "begin", false, sqla_conn_begin, SQLA_ERR_TIMEOUT },
        { "savepoint", true, run_savepoint, SQLA_ERR_TIMEOUT },
        { "commit", true, sqla_conn_commit, SQLA_ERR_UNKNOWN_OUTCOME },
        { "rollback", true, sqla_conn_rollback, SQLA_OK },
    };
    struct relay relay;
    sqla_error err = SQLA_ERROR_INIT;
    if (!relay_start(&relay, url))
        return;
    sqla_engine *db = sqla_create_engine(with_query(relay.url, "statement_timeout_ms=200&pool_size=1"), NULL, &err);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        sqla_conn *conn = sqla_connect(db, &err);
        CU_ASSERT(is(&err, SQLA_OK));
        if (all[i].in_transaction)
            CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT 2", NULL, &err), SQLA_OK);
        atomic_store(&relay.mode, RELAY_STALL);
        pause_ms(20); /* till the relay has seen it */
        int64_t start = now_ms();
        CU_ASSERT_EQUAL(all[i].run(conn, &err), all[i].expected);
        CU_ASSERT(is(&err, all[i].expected));
        CU_ASSERT(took(start, 200, 300));
        sqla_error_clear(&err);
        start = now_ms();
        CU_ASSERT_EQUAL(sqla_conn_rollback(conn, NULL), SQLA_OK);
        sqla_conn_close(conn);
        CU_ASSERT(took(start, 0, 0));
        CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 0); /* nothing more can be had of it */
        atomic_store(&relay.mode, RELAY_PASS);
    }
    sqla_engine_free(db);
    relay_stop(&relay);
}

/* From here on the server is silent. */
static void close_in_silence(struct relay *relay, sqla_engine *db, sqla_conn *conn, sqla_conn *idle)
{
    atomic_store(&relay->mode, RELAY_STALL);
    pause_ms(20);
    int64_t start = now_ms();
    sqla_conn_close(conn);
    sqla_conn_close(idle);
    sqla_engine_dispose(db);
    sqla_engine_free(db);
    CU_ASSERT(took(start, 100, 1200));
}

/* Closing has something to ask of the server: a rollback, a reset, the end of a stream. */
static void silence__closing_is_bounded(const char *url)
{
    struct relay relay;
    sqla_error err = SQLA_ERROR_INIT;
    if (!relay_start(&relay, url))
        return;
    for (int i = 0; i < 4; i++) { /* with a statement timeout, and with that of connecting only */
        const char *bound = i % 2 == 0 ? "statement_timeout_ms=200" : "connect_timeout_ms=800";
        sqla_engine *db = sqla_create_engine(with_query(relay.url, bound), NULL, &err);
        sqla_conn *conn = sqla_connect(db, &err), *idle = sqla_connect(db, &err);
        CU_ASSERT(is(&err, SQLA_OK));
        static const char many_rows[] = "SELECT CAST(generate_series(1, 3000000) AS bigint) AS n";
        CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT 1", NULL, &err), SQLA_OK); /* raw: it is to be reset */
        if (i < 2)
            close_in_silence(&relay, db, conn, idle);
        else
            SQLA_STREAM(Number, row, sqla_sql(conn, many_rows), &err) {
                if (row->n < 10)
                    continue;
                close_in_silence(&relay, db, conn, idle); /* with the stream open */
                break;
            }
        CU_ASSERT(is(&err, SQLA_OK));
        atomic_store(&relay.mode, RELAY_PASS);
    }
    relay_stop(&relay);
}

/* ---- cancels -------------------------------------------------------------------------------------------------------- */

typedef struct canceller { sqla_conn *conn; long wait_us; sqla_status status; } canceller;

static void *cancel_once(void *arg)
{
    canceller *c = arg;
    nanosleep(&(struct timespec){ 0, c->wait_us * 1000 }, NULL);
    c->status = sqla_conn_cancel(c->conn, NULL);
    return NULL;
}

/* At all moments of a short statement, and around its end. The next one runs whole, and so does the next user. The statement is made
 * longer until a cancel, which is a connection of its own to some servers, comes in time. */
static void fence__cancel_hits_no_later_statement(const char *url)
{
    char sql[160];
    enum { ROUNDS = 200 };
    sqla_error err = SQLA_ERROR_INIT;
    int cancelled = 0, done = 0;
    sqla_engine *db = sqla_create_engine(with_query(url, "pool_size=1"), NULL, &err);
    for (int i = 0, rows = 4000; i < ROUNDS; i++) {
        pthread_t thread;
        if (i == 30 && cancelled == 0) {
            i = done = 0;
            rows *= 2;
        }
        snprintf(sql, sizeof sql, "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT count(*) FROM c", rows);
        canceller c = { sqla_connect(db, &err), i % 30 * 150, SQLA_OK };
        pthread_create(&thread, NULL, cancel_once, &c);
        sqla_status status = sqla_execute(c.conn, sql, NULL, NULL);
        cancelled += status == SQLA_ERR_CANCELLED;
        done += status == SQLA_OK;
        pthread_join(thread, NULL);
        CU_ASSERT_EQUAL(c.status, SQLA_OK);
        if (i % 2 == 0) {
            sqla_conn_close(c.conn);
            c.conn = sqla_connect(db, &err);
        }
        CU_ASSERT_EQUAL(sqla_execute(c.conn, sql, NULL, &err), SQLA_OK);
        sqla_conn_close(c.conn);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(cancelled + done, ROUNDS);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).connects, 1);
    sqla_engine_free(db);
}

/* The network holds a cancel back until its deadline has passed. The connection must not be there any more when it arrives. */
static void fence__cancel_that_is_late(const char *url)
{
    struct relay relay;
    pthread_t thread;
    sqla_error err = SQLA_ERROR_INIT;
    if (!relay_start(&relay, url))
        return;
    sqla_engine *db = sqla_create_engine(with_query(relay.url, "connect_timeout_ms=300&pool_size=1"), NULL, &err);
    canceller c = { sqla_connect(db, &err), 50000, SQLA_OK };
    CU_ASSERT(is(&err, SQLA_OK));
    atomic_store(&relay.mode, RELAY_STALL_NEW);
    pause_ms(20);
    pthread_create(&thread, NULL, cancel_once, &c);
    CU_ASSERT_EQUAL(sqla_execute(c.conn, "SELECT pg_sleep(0.6)", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(sqla_execute(c.conn, "SELECT 1", NULL, &err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT(says(&err, "a cancel that did not get through"));
    atomic_store(&relay.mode, RELAY_PASS);
    sqla_conn_close(c.conn);
    sqla_status status = SQLA_ERR_CONNECT;
    for (int i = 0; i < 20 && status != SQLA_OK && status != SQLA_ERR_CANCELLED; i++) /* a busy machine may need more to connect */
        status = sqla_execute(db, "SELECT pg_sleep(0.3)", NULL, NULL);
    CU_ASSERT_EQUAL(status, SQLA_OK);
    CU_ASSERT(sqla_engine_pool_status(db).connects >= 2); /* it is another connection */
    sqla_engine_free(db);
    relay_stop(&relay);
}

/* ---- rows without a pause ------------------------------------------------------------------------------------------- */

static void read_too_much(const char *url)
{
    static const char endless[] = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 500) SELECT a.n FROM c a, c b, c d, c e";
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_set_timeout(conn, 200);
    sqla_stmt *q = sqla_sql(conn, endless);
    int64_t start = now_ms();
    SQLA_EACH_ROW(row, q, &err)
        CU_FAIL("the rows have no end");
    CU_ASSERT(is(&err, SQLA_ERR_TIMEOUT));
    CU_ASSERT(took(start, 200, 300));
    sqla_conn_close(conn);
    CU_ASSERT(took(start, 200, 600));
    sqla_engine_free(db);
}

/* The one that reads finds more each time it looks, and has no reason to wait. */
static void rows__that_never_end_are_not_read_for_ever(const char *url)
{
    read_too_much(url);
    const char *tls = harness_by_tls(url);
    if (tls[0] != '\0')
        read_too_much(tls);
}

/* Work for minutes, which does not notice that its client is gone as a sleep does. */
static const char minutes[] = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000) "
                              "SELECT count(*) FROM c x, c y, c z, c u WHERE x.n + y.n + z.n + u.n < 0";

static void *end_soon(void *arg)
{
    enum { TIMES = 25 };
    for (int i = 0; i < TIMES; i++)
        CU_ASSERT_NOT_EQUAL(sqla_execute((sqla_engine *)arg, minutes, NULL, NULL), SQLA_OK);
    return NULL;
}

/* A cancel that comes before the server has begun the statement ends nothing, and who goes away then lets it run. */
static void ended__statement_does_not_run_on(const char *url)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.statement_timeout_ms = 1, .pool_size = THREADS), &err);
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL(pthread_create(&threads[i], NULL, end_soon, db), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
    CU_ASSERT(harness_await_others(url, 0));
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "engine: a deadline of each statement", engine__deadline_of_each_statement, HARNESS_DATABASES },
        { "nearest timeout counts", nearest__timeout_counts, HARNESS_DATABASES },
        { "stream: blocks have a deadline each", stream__blocks_have_a_deadline_each, HARNESS_DATABASES },
        { "call: further results have the deadline", call__further_results_have_the_deadline, HARNESS_MARIADB },
        { "rows that never end are not read for ever", rows__that_never_end_are_not_read_for_ever, HARNESS_DATABASES },
        { "lock is not waited for longer", lock__is_not_waited_for_longer, HARNESS_DATABASES },
        { "silence: nothing waits for ever", silence__nothing_waits_for_ever, HARNESS_POSTGRES },
        { "silence: closing is bounded", silence__closing_is_bounded, HARNESS_POSTGRES },
        { "fence: a cancel hits no later statement", fence__cancel_hits_no_later_statement, HARNESS_DATABASES },
        { "fence: a cancel that is late", fence__cancel_that_is_late, HARNESS_POSTGRES },
        { "ended: a statement does not run on", ended__statement_does_not_run_on, HARNESS_SERVERS },
    };
    return harness_main("test-deadline", tests, sizeof tests / sizeof tests[0]);
}
