/* test-pool.c: the pool of an engine: places, waiting, dead connections, resets, threads.
 *
 * What databases can be made to do is done with them; slow and failing connects come from tests/vice.c. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

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
    if (harness_sqlite_path(url) == NULL)
        CU_ASSERT(harness_await_others(url, 2));
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
    CU_ASSERT(harness_in_time(took, 200, 500));
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
    CU_ASSERT(harness_in_time(now_ms() - start, 0, 500));
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
    harness_end_others(url);
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
    harness_end_others(url);
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

/* A link that broke behind the answer to a statement is no transaction that is open. */
static void dead__is_told_by_begin(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    sqla_engine *db = vice(NULL);
    sqla_conn *conn = sqla_connect(db, NULL);
    CU_ASSERT_EQUAL(sqla_execute(conn, "fade", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT(is(&err, SQLA_ERR_DISCONNECTED));
    sqla_conn_close(conn);
    CU_ASSERT(pool_is(db, 0, 0, 0, 1, 1));
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

/* ---- kinds of pools ---------------------------------------------------------------------------------------------- */

/* The numbers of the connections that were lent, in turn, and what else was told. */
static struct {
    char text[2000];
    uint64_t lent[32];
    int count;
    const char *sql;               /* run on the connection at CONNECT */
    char message[512];
    int64_t nanoseconds;
    const sqla_conn *conn;
} heard;

static const char *name_of(sqla_event_kind kind)
{
    static const char *const names[] = { "FIRST_CONNECT", "CONNECT", "CHECKOUT", "CHECKIN", "RESET", "INVALIDATE", "CLOSE", "EXECUTE", "BEGIN",
        "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "ROLLBACK_TO", "DETACH" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((unsigned)kind == 1u << i)
            return names[i];
    }
    return "?";
}

static void listen(void *data, const sqla_event *event)
{
    size_t n = strlen(heard.text);
    CU_ASSERT_PTR_EQUAL(data, &heard);
    CU_ASSERT(event->struct_size == sizeof *event && event->engine != NULL && event->message != NULL);
    snprintf(heard.text + n, sizeof heard.text - n, "%s%s%s%.*s%s%s", n > 0 ? " " : "", name_of(event->kind), event->sql != NULL ? "=" : "",
        (int)event->sql_length, event->sql != NULL ? event->sql : "", event->status != SQLA_OK ? "!" : "",
        event->status != SQLA_OK ? sqla_status_name(event->status) : "");
    if (event->kind == SQLA_EVENT_CHECKOUT && heard.count < 32)
        heard.lent[heard.count++] = event->number;
    if (event->kind == SQLA_EVENT_CONNECT && heard.sql != NULL)
        CU_ASSERT_EQUAL(sqla_execute(event->conn, heard.sql, NULL, NULL), SQLA_OK);
    if (event->status != SQLA_OK)
        snprintf(heard.message, sizeof heard.message, "%s", event->message);
    heard.nanoseconds = event->nanoseconds;
    heard.conn = event->conn;
}

static bool heard_is(const char *expected)
{
    bool same = strcmp(heard.text, expected) == 0;
    if (!same)
        fprintf(stderr, "heard: %s\n", heard.text);
    heard.text[0] = '\0';
    return same;
}

static void kind__none_keeps_nothing(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(with_query(url, "pool=none"), SQLA_ENGINE_OPTIONS(.pool_timeout_ms = -1), &err);
    sqla_conn *all[20];
    for (int i = 0; i < 20; i++) /* more than the size and the overflow of a queue */
        all[i] = sqla_connect(db, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT(pool_is(db, 20, 0, 20, 20, 0));
    for (int i = 0; i < 20; i++)
        sqla_conn_close(all[i]);
    CU_ASSERT(pool_is(db, 0, 0, 0, 20, 0));
    CU_ASSERT_EQUAL(sqla_execute(db, "CREATE TABLE t (n INTEGER)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
    CU_ASSERT(pool_is(db, 0, 0, 0, 22, 0));
    CU_ASSERT_EQUAL(sqla_engine_warm_up(db, 5, &err), SQLA_OK); /* there is nothing to keep them in */
    CU_ASSERT(pool_is(db, 0, 0, 0, 22, 0));
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 1);
    sqla_engine_free(db);
}

static void kind__static_has_one(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    memset(&heard, 0, sizeof heard);
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool = SQLA_POOL_STATIC, .pool_timeout_ms = 100, .pool_recycle_s = 1,
        .on_event = listen, .event_data = &heard, .events = SQLA_EVENT_CHECKOUT), &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_POOL_TIMEOUT));
    CU_ASSERT(says(&err, "all 1 are in use"));
    pause_ms(1000);
    sqla_conn_close(conn);
    sqla_conn_close(sqla_connect(db, NULL));
    CU_ASSERT(pool_is(db, 1, 1, 0, 1, 0)); /* its age does not matter */
    CU_ASSERT(heard.count == 2 && heard.lent[0] == 1 && heard.lent[1] == 1);
    sqla_engine_free(db);
}

static void kind__wrong_ones_are_refused(const char *url)
{
    static const struct { const char *query, *says; } table[] = {
        { "pool=lake", "engine option 'pool' in the URL must be queue, none or static" },
        { "pool=static&pool_size=3", "engine option 'pool_size' is for pool=queue alone, and this is pool=static" },
        { "pool=none&max_overflow=3", "engine option 'max_overflow' is for pool=queue alone, and this is pool=none" },
        { "pool_fifo=perhaps", "'pool_fifo' in the URL is neither true nor false" },
    };
    (void)url;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_PTR_NULL(sqla_create_engine(with_query("sqlite://", table[i].query), NULL, &err));
        CU_ASSERT(is(&err, SQLA_ERR_CONFIG));
        CU_ASSERT(says(&err, table[i].says));
    }
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_PTR_NULL(sqla_create_engine("sqlite://", SQLA_ENGINE_OPTIONS(.pool = (sqla_pool_kind)3), &err));
    CU_ASSERT(is(&err, SQLA_ERR_CONFIG));
}

static void order__of_idle_connections(const char *url)
{
    for (int fifo = 0; fifo < 2; fifo++) {
        memset(&heard, 0, sizeof heard);
        sqla_engine *db = sqla_create_engine(with_query(url, fifo ? "pool_fifo=true" : "pool_fifo=no"), SQLA_ENGINE_OPTIONS(
            .on_event = listen, .event_data = &heard, .events = SQLA_EVENT_CHECKOUT), NULL);
        sqla_conn *c[3];
        for (int i = 0; i < 3; i++)
            c[i] = sqla_connect(db, NULL);
        for (int i = 0; i < 3; i++)
            sqla_conn_close(c[i]);
        for (int i = 0; i < 6; i++)
            sqla_conn_close(sqla_connect(db, NULL));
        for (int i = 0; i < 6; i++)
            CU_ASSERT_EQUAL(heard.lent[3 + i], fifo ? (uint64_t)i % 3 + 1 : 3);
        CU_ASSERT(pool_is(db, 3, 3, 0, 3, 0));
        sqla_engine_free(db);
    }
}

static void warm_up__opens_until_they_are_there(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 4, .max_overflow = 3), &err);
    CU_ASSERT_EQUAL(sqla_engine_warm_up(db, 2, &err), SQLA_OK);
    CU_ASSERT(pool_is(db, 2, 2, 0, 2, 0));
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_engine_warm_up(db, 2, &err), SQLA_OK); /* one is out, and is there */
    CU_ASSERT(pool_is(db, 2, 1, 1, 2, 0));
    CU_ASSERT_EQUAL(sqla_engine_warm_up(db, 100, &err), SQLA_OK);
    CU_ASSERT(pool_is(db, 4, 3, 1, 4, 0));
    sqla_conn_close(conn);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
    CU_ASSERT_EQUAL(sqla_engine_warm_up(NULL, 1, &err), SQLA_ERR_MISUSE);
    sqla_error_clear(&err);
    db = sqla_create_engine("vice://down", NULL, &err);
    CU_ASSERT_EQUAL(sqla_engine_warm_up(db, 3, &err), SQLA_ERR_CONNECT);
    CU_ASSERT(pool_is(db, 0, 0, 0, 0, 0));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).failed_connects, 1);
    sqla_engine_free(db);
}

static void detach__frees_the_place(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1, .pool_timeout_ms = -1), &err);
    sqla_conn *a = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_execute(a, "CREATE TEMPORARY TABLE mine (n INTEGER)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_detach(a, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_detach(a, &err), SQLA_OK);
    CU_ASSERT(pool_is(db, 0, 0, 0, 1, 0));
    sqla_conn *b = sqla_connect(db, &err);
    CU_ASSERT(pool_is(db, 1, 0, 1, 2, 0));
    CU_ASSERT_EQUAL(ask(a, "SELECT count(*) FROM mine"), 0);
    sqla_conn_close(b);
    sqla_engine_free(db); /* it outlives even that */
    CU_ASSERT_EQUAL(ask(a, "SELECT count(*) FROM mine"), 0);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(a);
    CU_ASSERT(harness_await_others(url, 0));
    CU_ASSERT_EQUAL(sqla_conn_detach(NULL, &err), SQLA_ERR_MISUSE);
}

static void invalidate__closes_instead(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_conn_invalidate(conn);
    sqla_conn_invalidate(conn);
    sqla_conn_invalidate(NULL);
    CU_ASSERT_EQUAL(ask(conn, "SELECT 5"), 5);
    sqla_conn_close(conn);
    CU_ASSERT(pool_is(db, 0, 0, 0, 1, 0));
    sqla_conn_close(sqla_connect(db, &err));
    CU_ASSERT(pool_is(db, 1, 1, 0, 2, 0));
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
}

/* ---- counts, and who holds what ------------------------------------------------------------------------------------ */

static void status__counts(const char *url)
{
    pthread_t thread;
    sqla_error err = SQLA_ERROR_INIT;
    shared.db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 2, .max_overflow = -1, .pool_timeout_ms = 150), NULL);
    sqla_conn *a = sqla_connect(shared.db, NULL), *b = sqla_connect(shared.db, NULL);
    CU_ASSERT_PTR_NULL(sqla_connect(shared.db, NULL));
    sqla_pool_status s = sqla_engine_pool_status(shared.db);
    CU_ASSERT(s.checkouts == 2 && s.waits == 1 && s.timeouts == 1 && s.failed_connects == 0 && s.peak_out == 2);
    CU_ASSERT(s.wait_ns >= 150000000 && s.longest_wait_ns == s.wait_ns && s.wait_ns < 450000000);
    pthread_create(&thread, NULL, connect_once, &err);
    while (sqla_engine_pool_status(shared.db).waiting != 1)
        pause_ms(1);
    sqla_conn_close(a);
    pthread_join(thread, NULL);
    sqla_conn_close(b);
    s = sqla_engine_pool_status(shared.db);
    CU_ASSERT(s.checkouts == 3 && s.waits == 2 && s.timeouts == 1 && s.peak_out == 2 && s.wait_ns > s.longest_wait_ns);
    sqla_engine_free(shared.db);
}

static char logged[4][1024];
static int log_count;

static void log_line(void *data, int level, const char *line)
{
    (void)data;
    CU_ASSERT_EQUAL(level, 2);
    if (log_count < 4)
        snprintf(logged[log_count++], sizeof logged[0], "%s", line);
}

static void timeout__tells_who_holds_them(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    log_count = 0;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 2, .max_overflow = -1, .pool_timeout_ms = -1,
        .pool_sites = true, .log = log_line), &err);
    sqla_conn *a = sqla_connect(db, &err);
    pause_ms(100);
    sqla_conn *b = sqla_connect(db, &err);
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_POOL_TIMEOUT));
    CU_ASSERT(says(&err, "2 out; longest: 0.1"));
    CU_ASSERT(says(&err, "taken by test-pool"));
    CU_ASSERT_EQUAL_FATAL(log_count, 2); /* the one that is out longest is the first */
    CU_ASSERT_PTR_NOT_NULL(strstr(logged[0], "a connection is out for 0.1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(logged[1], "a connection is out for 0.0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(logged[1], "taken by test-pool"));
    CU_ASSERT_PTR_NOT_NULL(strstr(logged[1], " < "));
    CU_ASSERT_PTR_NOT_NULL(strstr(logged[1], "+0x"));
    sqla_conn_close(a);
    sqla_conn_close(b);
    sqla_engine_free(db);
}

/* ---- a database that is down --------------------------------------------------------------------------------------- */

enum { CLIENTS = 16 };
static atomic_bool over;
static atomic_long longest_ms, answers;

static void *try_all_the_time(void *data)
{
    (void)data;
    while (!atomic_load(&over)) {
        sqla_error err = SQLA_ERROR_INIT;
        int64_t start = now_ms();
        sqla_conn *conn = sqla_connect(shared.db, &err);
        int64_t took = now_ms() - start;
        if (took > atomic_load(&longest_ms))
            atomic_store(&longest_ms, took);
        atomic_fetch_add(&answers, 1);
        atomic_fetch_add(&shared.failures, conn == NULL && err.status != SQLA_ERR_CONNECT);
        sqla_conn_close(conn);
        if (conn != NULL)
            break;
    }
    return NULL;
}

/* However many want to connect, a database that is down is asked now and then, all have their answer from that, and all are
 * served soon after it is back. */
static void down__is_asked_now_and_then(const char *url)
{
    pthread_t threads[CLIENTS];
    (void)url;
    sqla_engine *script = vice(NULL);
    sqla_conn *pen = sqla_connect(script, NULL);
    shared.db = vice(SQLA_ENGINE_OPTIONS(.pool_size = 4, .max_overflow = 2));
    atomic_store(&over, false);
    atomic_store(&longest_ms, 0);
    atomic_store(&answers, 0);
    atomic_store(&shared.failures, 0);
    sqla_execute(pen, "opens fail 1000000", NULL, NULL);
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], NULL, try_all_the_time, NULL);
    pause_ms(1500);
    uint64_t tries = sqla_engine_pool_status(shared.db).failed_connects;
    CU_ASSERT(tries >= 4 && tries <= 6 + 14); /* six at first, then after 10 ms, 20, 40 ..., less up to a half */
    CU_ASSERT(atomic_load(&answers) >= CLIENTS);
    int64_t back = now_ms();
    sqla_execute(pen, "opens well", NULL, NULL);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT(harness_in_time(now_ms() - back, 0, 1000));
    CU_ASSERT(harness_in_time(atomic_load(&longest_ms), 0, 1500));
    CU_ASSERT_EQUAL(atomic_load(&shared.failures), 0);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(shared.db).out, 0);
    sqla_conn_close(pen);
    sqla_engine_free(shared.db);
    sqla_engine_free(script);
}

/* Where each try takes long, no more than pool_size are under way. */
static void down__is_not_stormed(const char *url)
{
    pthread_t threads[CLIENTS];
    (void)url;
    sqla_engine *script = vice(NULL);
    sqla_conn *pen = sqla_connect(script, NULL);
    shared.db = vice(SQLA_ENGINE_OPTIONS(.pool_size = 2, .max_overflow = 10));
    sqla_execute(pen, "opens fail 1", NULL, NULL);
    CU_ASSERT_PTR_NULL(sqla_connect(shared.db, NULL));
    sqla_execute(pen, "opens slow 300 fail 1000000", NULL, NULL);
    atomic_store(&over, false);
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], NULL, try_all_the_time, NULL);
    pause_ms(1200);
    CU_ASSERT_EQUAL(ask(pen, "count tries"), 2);
    sqla_execute(pen, "opens well", NULL, NULL);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    sqla_conn_close(pen);
    sqla_engine_free(shared.db);
    sqla_engine_free(script);
}

/* Who does not wait hears of the last failure, until it is time to try again. */
static void down__is_told_to_who_does_not_wait(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    sqla_engine *db = sqla_create_engine("vice://down", SQLA_ENGINE_OPTIONS(.pool_timeout_ms = -1), &err);
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_CONNECT));
    sqla_error_clear(&err);
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_POOL_TIMEOUT));
    CU_ASSERT(says(&err, "none is open, and none could be opened"));
    CU_ASSERT(says(&err, "nobody is at home"));
    pause_ms(20);
    sqla_error_clear(&err);
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_CONNECT));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).failed_connects, 2);
    sqla_engine_free(db);
}

/* While connects fail, who waits is served by a connection that comes back; and what is idle is asked whether it lives. */
static void down__connections_that_are_there_go_on(const char *url)
{
    pthread_t thread;
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    sqla_engine *script = vice(NULL);
    sqla_conn *pen = sqla_connect(script, NULL);
    shared.db = vice(SQLA_ENGINE_OPTIONS(.pool_size = 3));
    sqla_conn *conn = sqla_connect(shared.db, NULL);
    sqla_execute(pen, "opens fail 1000000", NULL, NULL);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_PTR_NULL(sqla_connect(shared.db, NULL));
    pthread_create(&thread, NULL, connect_once, &err);
    while (sqla_engine_pool_status(shared.db).waiting != 1)
        pause_ms(1);
    int64_t pings = ask(pen, "count pings");
    sqla_conn_close(conn);
    pthread_join(thread, NULL);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(ask(pen, "count pings"), pings + 1);
    CU_ASSERT(pool_is(shared.db, 1, 1, 0, 1, 0));
    sqla_execute(pen, "opens well", NULL, NULL);
    sqla_conn_close(pen);
    sqla_engine_free(shared.db);
    sqla_engine_free(script);
}

/* ---- handles ------------------------------------------------------------------------------------------------------- */

static void handle__that_is_closed_is_known(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1), NULL);
    sqla_conn *old = sqla_connect(db, NULL);
    sqla_conn_close(old);
    sqla_conn_close(old);
    CU_ASSERT(pool_is(db, 1, 1, 0, 1, 0));
    for (int lent = 0; lent < 2; lent++) {
        sqla_conn *other = lent ? sqla_connect(db, NULL) : NULL;
        CU_ASSERT_EQUAL(sqla_execute(old, "SELECT 1", NULL, NULL), SQLA_ERR_MISUSE);
        CU_ASSERT_EQUAL(sqla_conn_begin(old, &err), SQLA_ERR_MISUSE);
        CU_ASSERT(says(&err, "the connection has been closed"));
        CU_ASSERT_EQUAL(sqla_conn_commit(old, NULL), SQLA_ERR_MISUSE);
        CU_ASSERT_EQUAL(sqla_conn_rollback(old, NULL), SQLA_OK); /* there is none */
        CU_ASSERT_EQUAL(sqla_conn_savepoint(old, "a", NULL), SQLA_ERR_MISUSE);
        CU_ASSERT_EQUAL(sqla_conn_cancel(old, NULL), SQLA_ERR_MISUSE);
        CU_ASSERT_EQUAL(sqla_conn_detach(old, NULL), SQLA_ERR_MISUSE);
        sqla_conn_invalidate(old);
        CU_ASSERT_PTR_NULL(sqla_sql(old, "SELECT 1"));
        sqla_conn_close(old);
        CU_ASSERT(pool_is(db, 1, !lent, (uint32_t)lent, 1, 0));
        CU_ASSERT_EQUAL(lent ? ask(other, "SELECT 5") : 5, 5);
        sqla_conn_close(other);
    }
    sqla_conn *conn = sqla_connect(db, NULL);
    sqla_conn_detach(conn, NULL);
    sqla_conn_close(conn);
    sqla_conn_close(conn);
    CU_ASSERT(pool_is(db, 0, 0, 0, 1, 0));
    sqla_engine_free(db);
}

static pthread_barrier_t both;

static void *close_at_once(void *conn)
{
    for (int i = 0; i < 500; i++) {
        pthread_barrier_wait(&both);
        sqla_conn_close(*(sqla_conn **)conn);
        pthread_barrier_wait(&both);
    }
    return NULL;
}

/* Of two who close it at once, one does; and a thread may close what another one took. */
static void handle__is_closed_by_one_of_two(const char *url)
{
    pthread_t thread;
    sqla_conn *conn = NULL;
    sqla_engine *db = sqla_create_engine(url, NULL, NULL);
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&thread, NULL, close_at_once, &conn);
    for (int i = 0; i < 500; i++) {
        conn = sqla_connect(db, NULL);
        CU_ASSERT_PTR_NOT_NULL(conn);
        pthread_barrier_wait(&both);
        if (i % 10 != 0)
            sqla_conn_close(conn);
        pthread_barrier_wait(&both);
        if (sqla_engine_pool_status(db).out != 0)
            CU_FAIL("it was closed twice, or not at all");
    }
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&both);
    CU_ASSERT(pool_is(db, 1, 1, 0, 1, 0));
    sqla_engine_free(db);
}

static void dispose__while_connections_are_out(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_conn *c[8];
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 8), &err);
    for (int i = 0; i < 8; i++)
        c[i] = sqla_connect(db, &err);
    sqla_engine_dispose(db);
    sqla_engine_dispose(db);
    CU_ASSERT_EQUAL(ask(c[7], "SELECT 5"), 5);
    for (int i = 0; i < 8; i++)
        sqla_conn_close(c[i]);
    CU_ASSERT(pool_is(db, 0, 0, 0, 8, 0));
    sqla_conn_close(sqla_connect(db, &err));
    CU_ASSERT(pool_is(db, 1, 1, 0, 9, 0));
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
}

/* Who waits when the engine is freed is served all the same, and is the last to have it. */
static void free__while_somebody_waits(const char *url)
{
    pthread_t threads[3];
    sqla_error errs[3] = { SQLA_ERROR_INIT, SQLA_ERROR_INIT, SQLA_ERROR_INIT };
    shared.db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1), NULL);
    sqla_conn *conn = sqla_connect(shared.db, NULL);
    for (uint32_t i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, connect_once, &errs[i]);
        while (sqla_engine_pool_status(shared.db).waiting != i + 1)
            pause_ms(1);
    }
    sqla_engine_free(shared.db);
    CU_ASSERT_EQUAL(ask(conn, "SELECT 5"), 5);
    sqla_conn_close(conn);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT(is(&errs[i], SQLA_OK));
    }
}

static void *connect_and_exit(void *data)
{
    (void)data;
    pause_ms(50);
    exit(42);
}

/* A process ends while connections are out, in a transaction, and while a thread waits for one. */
static void exit__with_connections_out(const char *url)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        static sqla_conn *conn;
        pthread_t thread;
        alarm(20);
        shared.db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1), NULL);
        conn = sqla_connect(shared.db, NULL);
        sqla_execute(conn, "CREATE TABLE t (n INTEGER)", NULL, NULL);
        sqla_conn_begin(conn, NULL);
        if (sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, NULL) != SQLA_OK)
            _exit(1);
        pthread_create(&thread, NULL, connect_and_exit, NULL);
        sqla_connect(shared.db, NULL);
        _exit(2);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
}

/* A child has its parent's connections, idle ones and some that are out, and threads of the parent that waited. */
static void fork__with_waiters(const char *url)
{
    int status = 0;
    pthread_t thread;
    sqla_error err = SQLA_ERROR_INIT;
    shared.db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1), NULL);
    sqla_conn *conn = sqla_connect(shared.db, NULL);
    pthread_create(&thread, NULL, connect_once, &err);
    while (sqla_engine_pool_status(shared.db).waiting != 1)
        pause_ms(1);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        bool refused = sqla_connect(shared.db, NULL) == NULL && sqla_engine_warm_up(shared.db, 1, NULL) == SQLA_ERR_MISUSE &&
            sqla_conn_detach(conn, NULL) == SQLA_ERR_MISUSE;
        sqla_engine_dispose(shared.db);
        sqla_conn_close(conn);
        sqla_conn_close(conn);
        sqla_engine_free(shared.db);
        harness_end_child(refused ? 0 : 1);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(ask(conn, "SELECT 5"), 5);
    sqla_conn_close(conn);
    pthread_join(thread, NULL);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT(pool_is(shared.db, 1, 1, 0, 1, 0));
    sqla_engine_free(shared.db);
}

/* ---- events -------------------------------------------------------------------------------------------------------- */

static void events__tell_all_in_order(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    memset(&heard, 0, sizeof heard);
    harness_sql(url, "CREATE TABLE t (n INTEGER)");
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.on_event = listen, .event_data = &heard), &err);
    CU_ASSERT(heard_is(""));
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_PTR_EQUAL(heard.conn, conn);
    CU_ASSERT(heard_is("FIRST_CONNECT CONNECT CHECKOUT"));
    sqla_conn_begin(conn, &err);
    sqla_execute(conn, "DELETE FROM t", NULL, &err);
    CU_ASSERT(heard.nanoseconds > 0);
    sqla_conn_savepoint(conn, "mark", &err);
    sqla_conn_rollback_to(conn, "mark", &err);
    sqla_conn_release(conn, "mark", &err);
    sqla_conn_commit(conn, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT(heard_is("BEGIN EXECUTE=DELETE FROM t SAVEPOINT=mark ROLLBACK_TO=mark RELEASE=mark COMMIT"));
    CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT nothing", NULL, NULL), SQLA_ERR_SQL);
    CU_ASSERT_PTR_NOT_NULL(strstr(heard.message, "nothing"));
    sqla_conn_begin(conn, &err);
    sqla_conn_close(conn);
    CU_ASSERT(heard.nanoseconds > 0);
    CU_ASSERT(heard_is("EXECUTE=SELECT nothing!ERR_SQL BEGIN ROLLBACK RESET CHECKIN"));
    conn = sqla_connect(db, &err);
    sqla_conn_invalidate(conn);
    sqla_conn_close(conn);
    CU_ASSERT(heard_is("CHECKOUT INVALIDATE CHECKIN CLOSE"));
    conn = sqla_connect(db, &err);
    sqla_conn_detach(conn, &err);
    sqla_conn_close(conn);
    CU_ASSERT(heard_is("CONNECT CHECKOUT DETACH CHECKIN CLOSE"));
    sqla_conn_close(sqla_connect(db, &err));
    heard.text[0] = '\0';
    sqla_engine_free(db);
    CU_ASSERT(heard_is("CLOSE"));
    CU_ASSERT_EQUAL(heard.lent[0], 1);
    CU_ASSERT_EQUAL(heard.lent[1], 1);
    CU_ASSERT_EQUAL(heard.lent[2], 2);
    CU_ASSERT(is(&err, SQLA_OK));
}

static void events__of_sessions_and_batches(const char *url)
{
    memset(&heard, 0, sizeof heard);
    harness_sql(url, "CREATE TABLE t (n INTEGER)");
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.on_event = listen, .event_data = &heard,
        .events = SQLA_EVENT_BEGIN | SQLA_EVENT_COMMIT | SQLA_EVENT_CHECKIN), NULL);
    sqla_metadata *base = sqla_metadata_new(NULL);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(db, base, NULL, NULL);
    sqla_session *s = sqla_open(maker, NULL);
    CU_ASSERT_EQUAL(sqla_execute(s, "DELETE FROM t", NULL, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_commit(s, NULL), SQLA_OK);
    CU_ASSERT(heard_is("BEGIN COMMIT CHECKIN"));
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

/* What is set at CONNECT is there for the first user, and its statements are not told. */
static void events__may_prepare_a_connection(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    bool postgres = harness_is_postgres(url);
    memset(&heard, 0, sizeof heard);
    heard.sql = postgres ? "SET work_mem = '77MB'" : harness_is_mariadb(url) ? "SET sort_buffer_size = 77777" : "PRAGMA cache_size = 77";
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.on_event = listen, .event_data = &heard), &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT(heard_is("FIRST_CONNECT CONNECT CHECKOUT"));
    CU_ASSERT_EQUAL(ask(conn, postgres ? "SELECT count(*) FROM pg_settings WHERE name = 'work_mem' AND setting = '78848'" :
        harness_is_mariadb(url) ? "SELECT @@sort_buffer_size = 77777" : "SELECT cache_size = 77 FROM pragma_cache_size"), 1);
    sqla_conn_close(conn);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
}

static void events__tell_failures_to_connect(const char *url)
{
    (void)url;
    memset(&heard, 0, sizeof heard);
    sqla_engine *db = sqla_create_engine("vice://down", SQLA_ENGINE_OPTIONS(.on_event = listen, .event_data = &heard), NULL);
    CU_ASSERT_PTR_NULL(sqla_connect(db, NULL));
    CU_ASSERT(heard_is("CONNECT!ERR_CONNECT"));
    CU_ASSERT_STRING_EQUAL(heard.message, "nobody is at home");
    CU_ASSERT_PTR_NULL(heard.conn);
    sqla_engine_free(db);
}

static void events__tell_of_dead_connections(const char *url)
{
    memset(&heard, 0, sizeof heard);
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.on_event = listen, .event_data = &heard), NULL);
    sqla_conn_close(sqla_connect(db, NULL));
    harness_end_others(url);
    heard.text[0] = '\0';
    sqla_conn *conn = sqla_connect(db, NULL);
    CU_ASSERT(heard_is("INVALIDATE!ERR_DISCONNECTED CLOSE CONNECT CHECKOUT"));
    harness_end_others(url);
    CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT 1", NULL, NULL), SQLA_ERR_DISCONNECTED);
    sqla_conn_close(conn);
    CU_ASSERT(heard_is("EXECUTE=SELECT 1!ERR_DISCONNECTED INVALIDATE!ERR_DISCONNECTED CHECKIN CLOSE"));
    sqla_engine_free(db);
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
        sqla_stmt *q = sqla_bind(sqla_sql(conn, "SELECT CAST(:n AS INTEGER)"), "n", number);
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
        { "dead: told by begin", dead__is_told_by_begin, HARNESS_PLAIN },
        { "recycle replaces old connections", recycle__replaces_old_connections, HARNESS_DATABASES },
        { "kind: none keeps nothing", kind__none_keeps_nothing, HARNESS_DATABASES },
        { "kind: static has one", kind__static_has_one, HARNESS_DATABASES },
        { "kind: wrong ones are refused", kind__wrong_ones_are_refused, HARNESS_PLAIN },
        { "order of idle connections", order__of_idle_connections, HARNESS_DATABASES },
        { "warm_up opens until they are there", warm_up__opens_until_they_are_there, HARNESS_DATABASES },
        { "detach frees the place", detach__frees_the_place, HARNESS_DATABASES },
        { "invalidate closes instead", invalidate__closes_instead, HARNESS_DATABASES },
        { "status counts", status__counts, HARNESS_DATABASES },
        { "timeout tells who holds them", timeout__tells_who_holds_them, HARNESS_DATABASES },
        { "down: it is asked now and then", down__is_asked_now_and_then, HARNESS_PLAIN },
        { "down: it is not stormed", down__is_not_stormed, HARNESS_PLAIN },
        { "down: it is told to who does not wait", down__is_told_to_who_does_not_wait, HARNESS_PLAIN },
        { "down: connections that are there go on", down__connections_that_are_there_go_on, HARNESS_PLAIN },
        { "handle: one that is closed is known", handle__that_is_closed_is_known, HARNESS_DATABASES },
        { "handle: it is closed by one of two", handle__is_closed_by_one_of_two, HARNESS_DATABASES },
        { "dispose while connections are out", dispose__while_connections_are_out, HARNESS_DATABASES },
        { "free while somebody waits", free__while_somebody_waits, HARNESS_DATABASES },
        { "exit with connections out", exit__with_connections_out, HARNESS_DATABASES },
        { "fork with waiters", fork__with_waiters, HARNESS_DATABASES },
        { "events tell all in order", events__tell_all_in_order, HARNESS_DATABASES },
        { "events of sessions and batches", events__of_sessions_and_batches, HARNESS_DATABASES },
        { "events may prepare a connection", events__may_prepare_a_connection, HARNESS_DATABASES },
        { "events tell failures to connect", events__tell_failures_to_connect, HARNESS_PLAIN },
        { "events tell of dead connections", events__tell_of_dead_connections, HARNESS_POSTGRES },
        { "reset leaves nothing in PostgreSQL", reset__leaves_nothing_in_postgres, HARNESS_POSTGRES },
        { "reset leaves nothing in SQLite", reset__leaves_nothing_in_sqlite, HARNESS_SQLITE },
        { "transaction that is open is rolled back", transaction__that_is_open_is_rolled_back, HARNESS_DATABASES },
        { "threads share a few connections", threads__share_a_few_connections, HARNESS_DATABASES },
    };
    find_vice("");
    return harness_main("test-pool", tests, sizeof tests / sizeof tests[0]);
}
