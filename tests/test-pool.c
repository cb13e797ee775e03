/* test-pool.c: the pool of an engine: places, waiting, dead connections, resets, threads.
 *
 * What databases can be made to do is done with them; slow and failing connects come from tests/vice.c. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "expect.h"

/* Is the pool as told? Says so when it is not. */
static bool pool_is(const sqla_engine *db, uint32_t size, uint32_t idle, uint32_t out, uint64_t connects, uint64_t disconnects)
{
    const sqla_pool_status s = sqla_engine_pool_status(db);
    bool same = s.size == size && s.idle == idle && s.out == out && s.connects == connects && s.disconnects == disconnects &&
        s.waiting == 0;
    if (!same)
        fprintf(stderr, "size %u, idle %u, out %u, waiting %u, connects %llu, disconnects %llu\n", s.size, s.idle, s.out, s.waiting,
                (unsigned long long)s.connects, (unsigned long long)s.disconnects);
    return same;
}

/* A number that the scripted driver gives. */
static int64_t vice_says(sqla_engine *db, const char *sql)
{
    sqla_stmt *q = sqla_sql(db, sql);
    int64_t n = sqla_scalar_i64(q, NULL);
    sqla_stmt_free(q);
    return n;
}

static sqla_engine *vice(const sqla_engine_options *options)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine("vice://", options, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    return db;
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

static void size__and_overflow(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 2, .max_overflow = 1, .pool_timeout_ms = -1), &err);
    sqla_conn *c[4];
    CU_ASSERT(pool_is(db, 0, 0, 0, 0, 0));
    for (uint32_t i = 0; i < 3; i++) {
        c[i] = sqla_connect(db, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(c[i]);
        CU_ASSERT(pool_is(db, i + 1, 0, i + 1, i + 1, 0));
    }
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_POOL_TIMEOUT));
    CU_ASSERT(pool_is(db, 3, 0, 3, 3, 0));
    sqla_conn_close(c[0]);
    CU_ASSERT(pool_is(db, 3, 1, 2, 3, 0));
    c[3] = sqla_connect(db, NULL);
    CU_ASSERT(pool_is(db, 3, 0, 3, 3, 0)); /* the idle one, and not a new one */
    sqla_conn_close(c[1]);
    sqla_conn_close(c[2]);
    CU_ASSERT(pool_is(db, 3, 2, 1, 3, 0));
    sqla_conn_close(c[3]); /* one beyond the size is closed */
    CU_ASSERT(pool_is(db, 2, 2, 0, 3, 0));
    if (harness_is_postgres(url))
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"), 2);
    sqla_engine_free(db);
}

static void timeout__is_kept_and_told(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1,
        .pool_timeout_ms = 200), &err);
    sqla_conn *conn = sqla_connect(db, &err);
    int64_t start = now_ms();
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    int64_t took = now_ms() - start;
    CU_ASSERT(took >= 200 && took < 500);
    CU_ASSERT(is(&err, SQLA_ERR_POOL_TIMEOUT));
    CU_ASSERT(says(&err, "all 1 are in use, and none came back within 200 ms"));
    CU_ASSERT(says(&err, "raise pool_size, max_overflow or pool_timeout_ms"));
    CU_ASSERT(says(&err, "1 out; longest: 0.2"));
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, &err), SQLA_ERR_POOL_TIMEOUT); /* an engine needs one too */
    CU_ASSERT(pool_is(db, 1, 0, 1, 1, 0));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static struct {
    sqla_engine *db;
    pthread_mutex_t lock;
    int order[8], served;
    atomic_int out, most;
    atomic_long failures;
} shared = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *wait_in_line(void *number)
{
    sqla_conn *conn = sqla_connect(shared.db, NULL);
    pthread_mutex_lock(&shared.lock);
    shared.order[shared.served++] = conn != NULL ? (int)(intptr_t)number : -1;
    pthread_mutex_unlock(&shared.lock);
    sqla_conn_close(conn);
    return NULL;
}

static void waiters__are_served_in_order(const char *url)
{
    pthread_t threads[8];
    shared.db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1), NULL);
    shared.served = 0;
    sqla_conn *conn = sqla_connect(shared.db, NULL);
    for (int i = 0; i < 8; i++) {
        pthread_create(&threads[i], NULL, wait_in_line, (void *)(intptr_t)i);
        while (sqla_engine_pool_status(shared.db).waiting != (uint32_t)i + 1)
            pause_ms(1);
    }
    sqla_conn_close(conn);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 8; i++)
        CU_ASSERT_EQUAL(shared.order[i], i);
    CU_ASSERT(pool_is(shared.db, 1, 1, 0, 1, 0)); /* it went from hand to hand */
    sqla_engine_free(shared.db);
}

/* ---- connects that fail or take long ------------------------------------------------------------------------------- */

static void *connect_once(void *data)
{
    sqla_error *err = data;
    sqla_conn *conn = sqla_connect(shared.db, err);
    sqla_conn_close(conn);
    return conn;
}

static void connect__failure_gives_its_place_to_who_waits(const char *url)
{
    pthread_t threads[2];
    sqla_error errs[2] = { SQLA_ERROR_INIT, SQLA_ERROR_INIT };
    (void)url;
    sqla_engine *script = vice(NULL);
    shared.db = vice(SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1, .pool_timeout_ms = 10000));
    sqla_conn *pen = sqla_connect(script, NULL);
    sqla_execute(pen, "opens fail 1", NULL, NULL);
    CU_ASSERT_PTR_NULL(sqla_connect(shared.db, &errs[0]));
    CU_ASSERT(is(&errs[0], SQLA_ERR_CONNECT));
    CU_ASSERT(pool_is(shared.db, 0, 0, 0, 0, 0));
    sqla_error_clear(&errs[0]);
    sqla_execute(pen, "opens slow 300", NULL, NULL);
    pthread_create(&threads[0], NULL, connect_once, &errs[0]);
    while (sqla_engine_pool_status(shared.db).out != 1)
        pause_ms(1);
    pthread_create(&threads[1], NULL, connect_once, &errs[1]);
    while (sqla_engine_pool_status(shared.db).waiting != 1)
        pause_ms(1);
    sqla_execute(pen, "opens fail 1", NULL, NULL); /* for the one that is under way */
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT(is(&errs[0], SQLA_ERR_CONNECT));
    CU_ASSERT(is(&errs[1], SQLA_OK)); /* it got the place, and opened a connection there */
    CU_ASSERT(pool_is(shared.db, 1, 1, 0, 1, 0));
    sqla_conn_close(pen);
    sqla_engine_free(shared.db);
    sqla_engine_free(script);
}

static void connect__slow_one_keeps_nobody_waiting(const char *url)
{
    pthread_t thread;
    sqla_error err = SQLA_ERROR_INIT, slow = SQLA_ERROR_INIT;
    (void)url;
    sqla_engine *script = vice(NULL);
    shared.db = vice(SQLA_ENGINE_OPTIONS(.pool_size = 2, .max_overflow = -1, .pool_timeout_ms = 100));
    sqla_conn *pen = sqla_connect(script, NULL), *a = sqla_connect(shared.db, &err);
    sqla_execute(pen, "opens slow 600", NULL, NULL);
    int64_t start = now_ms();
    pthread_create(&thread, NULL, connect_once, &slow);
    while (sqla_engine_pool_status(shared.db).out != 2)
        pause_ms(1);
    sqla_conn_close(a);
    a = sqla_connect(shared.db, &err); /* the idle one is to be had meanwhile */
    CU_ASSERT_PTR_NOT_NULL(a);
    CU_ASSERT_EQUAL(sqla_execute(a, "rows 1", NULL, &err), SQLA_OK);
    CU_ASSERT(now_ms() - start < 500);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NULL(sqla_connect(shared.db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_POOL_TIMEOUT));
    CU_ASSERT(says(&err, "1 out, 1 being opened; longest: 0."));
    pthread_join(thread, NULL);
    CU_ASSERT(is(&slow, SQLA_OK));
    sqla_execute(pen, "opens well", NULL, NULL);
    sqla_conn_close(a);
    sqla_conn_close(pen);
    sqla_engine_free(shared.db);
    sqla_engine_free(script);
}

/* "Exhausted" is not "down": the last failure to connect goes with the timeout, until a connect succeeds. */
static void timeout__carries_the_last_failure_to_connect(const char *url)
{
    pthread_t thread;
    sqla_error err = SQLA_ERROR_INIT, slow = SQLA_ERROR_INIT;
    (void)url;
    sqla_engine *script = vice(NULL);
    shared.db = vice(SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1, .pool_timeout_ms = 50));
    sqla_conn *pen = sqla_connect(script, NULL);
    sqla_execute(pen, "opens fail 1", NULL, NULL);
    CU_ASSERT_PTR_NULL(sqla_connect(shared.db, NULL));
    sqla_execute(pen, "opens slow 400", NULL, NULL);
    pthread_create(&thread, NULL, connect_once, &slow);
    while (sqla_engine_pool_status(shared.db).out != 1)
        pause_ms(1);
    CU_ASSERT_PTR_NULL(sqla_connect(shared.db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_POOL_TIMEOUT));
    CU_ASSERT(says(&err, "none is open, and none could be opened within 50 ms"));
    CU_ASSERT_STRING_EQUAL(err.detail, "the last try to connect failed: nobody is at home");
    pthread_join(thread, NULL);
    sqla_execute(pen, "opens well", NULL, NULL);
    sqla_error_clear(&err);
    sqla_conn *conn = sqla_connect(shared.db, &err);
    CU_ASSERT_PTR_NULL(sqla_connect(shared.db, &err));
    CU_ASSERT(says(&err, "1 out; longest: 0.0"));
    sqla_conn_close(conn);
    sqla_conn_close(pen);
    sqla_engine_free(shared.db);
    sqla_engine_free(script);
}

/* ---- dead and old connections ------------------------------------------------------------------------------------ */

static void end_backends(const char *url)
{
    harness_sql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    while (harness_sql_int(url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") > 0)
        pause_ms(5);
}

static void dead__is_seen_at_checkout(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *c[3];
    for (int i = 0; i < 3; i++)
        c[i] = sqla_connect(db, &err);
    for (int i = 0; i < 3; i++)
        sqla_conn_close(c[i]);
    CU_ASSERT(pool_is(db, 3, 3, 0, 3, 0));
    end_backends(url);
    c[0] = sqla_connect(db, &err);
    CU_ASSERT(pool_is(db, 1, 0, 1, 4, 1)); /* one was found dead, and the others of its age went with it */
    CU_ASSERT_EQUAL(ask(c[0], "SELECT 5"), 5);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(c[0]);
    CU_ASSERT(pool_is(db, 1, 1, 0, 4, 1));
    sqla_engine_free(db);
}

static void dead__is_told_by_who_uses_it(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *a = sqla_connect(db, &err), *b = sqla_connect(db, &err);
    end_backends(url);
    CU_ASSERT_EQUAL(sqla_execute(a, "SELECT 1", NULL, &err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT_EQUAL(sqla_execute(a, "SELECT 1", NULL, NULL), SQLA_ERR_DISCONNECTED);
    sqla_conn_close(a);
    CU_ASSERT(pool_is(db, 1, 0, 1, 2, 1));
    sqla_conn *fresh = sqla_connect(db, NULL);
    CU_ASSERT_EQUAL(ask(fresh, "SELECT 5"), 5);
    sqla_conn_close(b); /* older than the event: closed, and nobody found it dead */
    CU_ASSERT(pool_is(db, 1, 0, 1, 3, 1));
    sqla_conn_close(fresh);
    CU_ASSERT(pool_is(db, 1, 1, 0, 3, 1));
    sqla_engine_free(db);
}

static void recycle__replaces_old_connections(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_recycle_s = 1), &err);
    sqla_conn_close(sqla_connect(db, &err));
    sqla_conn_close(sqla_connect(db, &err));
    CU_ASSERT(pool_is(db, 1, 1, 0, 1, 0));
    pause_ms(1050);
    sqla_conn_close(sqla_connect(db, &err));
    CU_ASSERT(pool_is(db, 1, 1, 0, 2, 0));
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
}

static void pre_ping__asks_idle_connections(const char *url)
{
    (void)url;
    sqla_engine *plain = vice(NULL), *careful = vice(SQLA_ENGINE_OPTIONS(.pre_ping = true));
    int64_t before = vice_says(plain, "count pings");
    for (int i = 0; i < 5; i++)
        sqla_conn_close(sqla_connect(plain, NULL));
    CU_ASSERT_EQUAL(vice_says(plain, "count pings"), before);
    for (int i = 0; i < 5; i++)
        sqla_conn_close(sqla_connect(careful, NULL));
    CU_ASSERT_EQUAL(vice_says(plain, "count pings"), before + 4); /* not the first time: it was new */
    sqla_engine_free(plain);
    sqla_engine_free(careful);
}

/* ---- what is left behind ----------------------------------------------------------------------------------------- */

/* One connection is lent to one user who does something with it, then to the next. */
static void nothing_is_left(const char *url, const char *const *deeds, const char *question, const char *answer)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1), &err);
    sqla_conn *conn = sqla_connect(db, &err);
    for (; *deeds != NULL; deeds++)
        CU_ASSERT_EQUAL(sqla_execute(conn, *deeds, NULL, &err), SQLA_OK);
    sqla_conn_close(conn);
    conn = sqla_connect(db, &err);
    sqla_stmt *q = sqla_sql(conn, question);
    const char *real = sqla_scalar_text(q, &err);
    if (!is(&err, SQLA_OK) || real == NULL || strcmp(real, answer) != 0) {
        fprintf(stderr, "%s: %s\n", question, real != NULL ? real : "NULL");
        CU_FAIL("something was left behind");
    }
    sqla_stmt_free(q);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static void reset__leaves_nothing_in_postgres(const char *url)
{
    static const struct { const char *deeds[3], *question, *answer; } table[] = {
        { { "SET work_mem = '77MB'" }, "SHOW work_mem", "4MB" },
        { { "SET TIME ZONE 'Asia/Tokyo'" }, "SHOW TIME ZONE", "UTC" },
        { { "SET search_path = pg_catalog" }, "SHOW search_path", "\"$user\", public" },
        { { "SET ROLE pg_monitor" }, "SELECT current_user", "sqla" },
        { { "SET SESSION AUTHORIZATION pg_monitor" }, "SELECT session_user", "sqla" },
        { { "SET client_encoding = 'LATIN1'" }, "SHOW client_encoding", "UTF8" },
        { { "CREATE TEMP TABLE left_behind (n INTEGER)" }, "SELECT to_regclass('left_behind')::text IS NULL", "true" },
        { { "SELECT pg_advisory_lock(77)" }, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", "0" },
        { { "LISTEN left_behind" }, "SELECT count(*) FROM pg_listening_channels()", "0" },
        { { "PREPARE left_behind AS SELECT 1" }, "SELECT count(*) FROM pg_prepared_statements WHERE name = 'left_behind'", "0" },
        { { "DO $$ BEGIN EXECUTE 'PREPARE \"it''s left\" AS SELECT 1'; END $$" },
            "SELECT count(*) FROM pg_prepared_statements WHERE from_sql", "0" },
        { { "DECLARE left_behind CURSOR WITH HOLD FOR SELECT 1" },
            "SELECT count(*) FROM pg_cursors WHERE name = 'left_behind'", "0" },
        { { "BEGIN", "CREATE TABLE left_behind (n INTEGER)" }, "SELECT to_regclass('left_behind')::text IS NULL", "true" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        nothing_is_left(url, table[i].deeds, table[i].question, table[i].answer);
}

static void reset__leaves_nothing_in_sqlite(const char *url)
{
    static const struct { const char *deeds[3], *question, *answer; } table[] = {
        { { "PRAGMA foreign_keys = OFF" }, "SELECT foreign_keys FROM pragma_foreign_keys", "1" },
        { { "PRAGMA query_only = ON" }, "SELECT query_only FROM pragma_query_only", "0" },
        { { "PRAGMA cache_size = 77" }, "SELECT cache_size <> 77 FROM pragma_cache_size", "1" },
        { { "CREATE TEMP TABLE left_behind (n INTEGER)" }, "SELECT count(*) FROM pragma_table_list WHERE name = 'left_behind'", "0" },
        { { "CREATE TEMP VIEW left_behind AS SELECT 1" }, "SELECT count(*) FROM pragma_table_list WHERE name = 'left_behind'", "0" },
        { { "ATTACH ':memory:' AS left_behind" }, "SELECT count(*) FROM pragma_database_list WHERE name = 'left_behind'", "0" },
        { { "BEGIN", "CREATE TABLE left_behind (n INTEGER)" },
            "SELECT count(*) FROM pragma_table_list WHERE name = 'left_behind'", "0" },
        { { "BEGIN IMMEDIATE" }, "SELECT 1", "1" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        nothing_is_left(url, table[i].deeds, table[i].question, table[i].answer);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM sqlite_schema"), 0);
}

/* Only what raw SQL ran on is reset. */
static void reset__is_made_when_touched(const char *url)
{
    (void)url;
    sqla_engine *db = vice(SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1)), *script = vice(NULL);
    sqla_conn *witness = sqla_connect(script, NULL);
    int64_t before = ask(witness, "count resets");
    for (int i = 0; i < 5; i++) {
        sqla_conn *conn = sqla_connect(db, NULL);
        CU_ASSERT_EQUAL(sqla_conn_begin(conn, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_savepoint(conn, "a", NULL), SQLA_OK);
        CU_ASSERT_EQUAL(i == 0 ? SQLA_OK : sqla_conn_commit(conn, NULL), SQLA_OK);
        sqla_conn_close(conn);
    }
    CU_ASSERT_EQUAL(ask(witness, "count resets"), before);
    sqla_conn *conn = sqla_connect(db, NULL);
    sqla_execute(conn, "rows 1", NULL, NULL);
    sqla_execute(conn, "rows 1", NULL, NULL);
    sqla_conn_close(conn);
    CU_ASSERT_EQUAL(ask(witness, "count resets"), before + 1);
    sqla_conn_close(sqla_connect(db, NULL)); /* touched no more */
    CU_ASSERT_EQUAL(ask(witness, "count resets"), before + 1);
    CU_ASSERT(pool_is(db, 1, 1, 0, 1, 0));
    sqla_conn_close(witness);
    sqla_engine_free(db);
    sqla_engine_free(script);
}

static void transaction__that_is_open_is_rolled_back(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1), &err);
    sqla_execute(db, "CREATE TABLE t (n INTEGER)", NULL, &err);
    for (int i = 0; i < 3; i++) {
        sqla_conn *conn = sqla_connect(db, &err);
        CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
        if (i == 1)
            CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1, 2, 3)", NULL, NULL), SQLA_ERR_SQL);
        sqla_conn_close(conn);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT(pool_is(db, 1, 1, 0, 1, 0)); /* it is kept all the same */
    sqla_engine_free(db);
}

/* The private database lives as long as its engine, whatever becomes of single connections. */
static void memory__outlives_its_connections(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    sqla_engine *db = sqla_create_engine("sqlite://", NULL, &err), *other = sqla_create_engine("sqlite://", NULL, &err);
    CU_ASSERT_EQUAL(sqla_execute(db, "CREATE TABLE t (n INTEGER)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(db, "PRAGMA cache_size = 77", NULL, &err), SQLA_OK); /* that connection is dropped */
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_execute(other, "INSERT INTO t VALUES (1)", NULL, NULL), SQLA_ERR_SQL); /* it is another one */
    sqla_engine_free(other);
    sqla_engine_free(db);
}

/* ---- many threads ------------------------------------------------------------------------------------------------ */

enum { THREADS = 8, PLACES = 3 };

static void note_out(int by)
{
    int now = atomic_fetch_add(&shared.out, by) + by, most = atomic_load(&shared.most);
    while (now > most && !atomic_compare_exchange_weak(&shared.most, &most, now))
        continue;
}

static void run_threads(void *(*work)(void *))
{
    pthread_t threads[THREADS];
    atomic_store(&shared.failures, 0);
    atomic_store(&shared.out, 0);
    atomic_store(&shared.most, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* Each asks for a number of its own, and must get that one. */
static void *ask_for_numbers(void *data)
{
    for (int64_t i = 0; i < 200; i++) {
        int64_t number = (int64_t)(intptr_t)data * 1000 + i;
        sqla_conn *conn = sqla_connect(shared.db, NULL);
        note_out(1);
        sqla_stmt *q = sqla_bind(sqla_sql(conn, "SELECT CAST(:n AS BIGINT)"), "n", number);
        atomic_fetch_add(&shared.failures, conn == NULL || sqla_scalar_i64(q, NULL) != number);
        note_out(-1);
        if (i % 7 == 0)
            sqla_conn_begin(conn, NULL); /* and is left open */
        sqla_conn_close(conn);
    }
    return NULL;
}

static void threads__share_a_few_connections(const char *url)
{
    shared.db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = PLACES, .max_overflow = -1), NULL);
    run_threads(ask_for_numbers);
    CU_ASSERT_EQUAL(atomic_load(&shared.failures), 0);
    CU_ASSERT(atomic_load(&shared.most) <= PLACES);
    const sqla_pool_status s = sqla_engine_pool_status(shared.db);
    CU_ASSERT(pool_is(shared.db, s.idle, s.idle, 0, s.idle, 0)); /* none was opened twice */
    CU_ASSERT(s.idle >= 1 && s.idle <= PLACES);
    sqla_engine_free(shared.db);
}

/* Connections fail, break, are disposed of; the counters come out even. */
static void *do_mischief(void *data)
{
    for (int i = 0; i < 300; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_conn *conn = sqla_connect(shared.db, &err);
        bool breaks = i % 40 == 9;
        if (conn != NULL)
            atomic_fetch_add(&shared.failures, sqla_execute(conn, breaks ? "lost" : "rows 5", NULL,
                &err) != (breaks ? SQLA_ERR_DISCONNECTED : SQLA_OK));
        else
            atomic_fetch_add(&shared.failures, err.status != SQLA_ERR_CONNECT);
        if (conn != NULL && i % 60 == 11)
            sqla_execute(conn, i % 120 == 11 ? "opens fail 2" : "opens slow 2", NULL, NULL);
        sqla_conn_close(conn);
        if (i % 100 == 50 && data == NULL)
            sqla_engine_dispose(shared.db);
    }
    return NULL;
}

static void threads__survive_mischief(const char *url)
{
    (void)url;
    sqla_engine *script = vice(NULL);
    sqla_conn *pen = sqla_connect(script, NULL);
    int64_t others = ask(pen, "count open");
    shared.db = vice(SQLA_ENGINE_OPTIONS(.pool_size = 2, .max_overflow = 1));
    run_threads(do_mischief);
    CU_ASSERT_EQUAL(atomic_load(&shared.failures), 0);
    const sqla_pool_status s = sqla_engine_pool_status(shared.db);
    CU_ASSERT_EQUAL(s.out, 0);
    CU_ASSERT_EQUAL(s.waiting, 0);
    CU_ASSERT(s.size == s.idle && s.size <= 2);
    CU_ASSERT_EQUAL(ask(pen, "count open") - others, s.size);
    CU_ASSERT(ask(pen, "count most") <= others + PLACES);
    sqla_execute(pen, "opens well", NULL, NULL);
    sqla_engine_free(shared.db);
    CU_ASSERT_EQUAL(ask(pen, "count open"), others);
    sqla_conn_close(pen);
    sqla_engine_free(script);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "threads survive mischief", threads__survive_mischief, HARNESS_PLAIN }, /* first: it looks at the most there ever were */
        { "connect: a failure gives its place to who waits", connect__failure_gives_its_place_to_who_waits, HARNESS_PLAIN },
        { "connect: a slow one keeps nobody waiting", connect__slow_one_keeps_nobody_waiting, HARNESS_PLAIN },
        { "timeout carries the last failure to connect", timeout__carries_the_last_failure_to_connect, HARNESS_PLAIN },
        { "pre_ping asks idle connections", pre_ping__asks_idle_connections, HARNESS_PLAIN },
        { "reset is made when touched", reset__is_made_when_touched, HARNESS_PLAIN },
        { "memory outlives its connections", memory__outlives_its_connections, HARNESS_PLAIN },
        { "size and overflow", size__and_overflow, HARNESS_DATABASES },
        { "timeout is kept and told", timeout__is_kept_and_told, HARNESS_DATABASES },
        { "waiters are served in order", waiters__are_served_in_order, HARNESS_DATABASES },
        { "dead: seen at checkout", dead__is_seen_at_checkout, HARNESS_POSTGRES },
        { "dead: told by who uses it", dead__is_told_by_who_uses_it, HARNESS_POSTGRES },
        { "recycle replaces old connections", recycle__replaces_old_connections, HARNESS_DATABASES },
        { "reset leaves nothing in PostgreSQL", reset__leaves_nothing_in_postgres, HARNESS_POSTGRES },
        { "reset leaves nothing in SQLite", reset__leaves_nothing_in_sqlite, HARNESS_SQLITE },
        { "transaction that is open is rolled back", transaction__that_is_open_is_rolled_back, HARNESS_DATABASES },
        { "threads share a few connections", threads__share_a_few_connections, HARNESS_DATABASES },
    };
    find_vice("");
    return harness_main("test-pool", tests, sizeof tests / sizeof tests[0]);
}
