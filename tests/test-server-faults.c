/* test-server-faults.c: servers that are killed, stopped, started, stopped in their tracks, crowded or full: with one of our own.
 * Each time: what is told, what the database has then, and how soon session and pool go on. */
#include <config.h>
#include "faults.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "server.h"

static void empty(const char *url)
{
    harness_sql(url, "SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public");
}

/* Our server runs and is empty. */
static const char *fresh(const char *arguments)
{
    CU_ASSERT_FATAL(server_do("start %s", arguments));
    const char *url = server_url(NULL);
    empty(url);
    return url;
}

/* The shop on it, by a URL with one more piece in its query. */
static void open_fresh(shop *x, const char *arguments, const char *piece)
{
    fresh(arguments);
    shop_open(x, server_url(piece));
}

/* ---- callers in threads of their own --------------------------------------------------------------------------------- */

typedef struct caller { pthread_t thread; sqla_engine *db; sqla_session *s; sqla_error err; } caller;

static void *flush_it(void *arg)
{
    caller *c = arg;
    sqla_flush(c->s, &c->err);
    return NULL;
}

static void *commit_it(void *arg)
{
    caller *c = arg;
    sqla_commit(c->s, &c->err);
    return NULL;
}

static void *connect_it(void *arg)
{
    caller *c = arg;
    sqla_conn_close(sqla_connect(c->db, &c->err));
    return NULL;
}

static void begin_call(caller *c, const shop *x, void *(*function)(void *))
{
    *c = (caller){ .db = x->db, .s = x->s, .err = SQLA_ERROR_INIT };
    CU_ASSERT_EQUAL_FATAL(pthread_create(&c->thread, NULL, function, c), 0);
}

/* ---- killed, and there again ----------------------------------------------------------------------------------------- */

enum { CLIENTS = 8, SIZE = 4 };

static struct { sqla_engine *db; atomic_bool over; atomic_long refused, strange, served; } crowd;

/* Connects again and again; what fails has its reason with it. */
static void *keep_connecting(void *arg)
{
    (void)arg;
    while (!atomic_load(&crowd.over)) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_conn *conn = sqla_connect(crowd.db, &err);
        bool told = err.status == SQLA_ERR_CONNECT ? err.message[0] != '\0' : err.status == SQLA_ERR_POOL_TIMEOUT && err.detail[0] != '\0';
        if (conn != NULL && sqla_execute(conn, "SELECT 1", NULL, NULL) == SQLA_OK)
            atomic_fetch_add(&crowd.served, 1);
        if (conn == NULL)
            atomic_fetch_add(told ? &crowd.refused : &crowd.strange, 1);
        sqla_conn_close(conn);
        pause_ms(1);
    }
    return NULL;
}

/* All that a dead server has to do with: it is told with its cause, it is not stormed, and it is found again soon. */
static void killed__is_found_again(const char *url)
{
    pthread_t threads[CLIENTS];
    shop x;
    (void)url;
    open_fresh(&x, "", "pool_size=4&max_overflow=-1&pool_timeout_ms=2000");
    sqla_add(x.s, User, .name = "before");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_engine_warm_up(x.db, SIZE, &x.err), SQLA_OK);
    crowd.db = x.db;
    atomic_store(&crowd.over, false);
    atomic_store(&crowd.refused, 0);
    atomic_store(&crowd.strange, 0);
    CU_ASSERT(server_do("kill"));
    CU_ASSERT_PTR_NULL(sqla_connect(x.db, NULL));
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], NULL, keep_connecting, NULL);
    pause_ms(getenv("SQLA_TEST_EVERY") != NULL ? 5000 : 700);
    sqla_pool_status down = sqla_engine_pool_status(x.db);
    CU_ASSERT(atomic_load(&crowd.refused) > 0);
    CU_ASSERT(down.failed_connects < 60); /* spaced out, whoever asks */
    CU_ASSERT(server_do("start"));
    int64_t back = now_ms(), first = atomic_load(&crowd.served);
    while (atomic_load(&crowd.served) == first && now_ms() - back < 5000)
        pause_ms(1);
    CU_ASSERT(harness_in_time(now_ms() - back, 0, 1000));
    atomic_store(&crowd.over, true);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(atomic_load(&crowd.strange), 0);
    sqla_engine_dispose(x.db);
    CU_ASSERT_EQUAL(harness_sql_int(server_url(NULL), "SELECT count(*) FROM users WHERE name = 'before'"), 1);
    sqla_pool_status s = sqla_engine_pool_status(x.db);
    CU_ASSERT(s.waiting == 0 && s.idle == 0);
    shop_close(&x);
}

/* ---- stopped at work ------------------------------------------------------------------------------------------------- */

static const char sleep_in_flush[] =
    "CREATE FUNCTION snore() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';"
    "CREATE TRIGGER snore BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.name = 'sleeper') EXECUTE FUNCTION snore()";
static const char sleep_in_commit[] =
    "CREATE FUNCTION snore() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';"
    "CREATE CONSTRAINT TRIGGER snore AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
    "WHEN (NEW.name = 'sleeper') EXECUTE FUNCTION snore()";

/* Stop the server in that way while it is at work; then all of it has not happened, and the session knows that or says that it
 * does not. */
static void stop_at_work(const char *how, bool in_commit)
{
    caller c;
    shop x;
    open_fresh(&x, "", NULL);
    harness_sql(server_url(NULL), in_commit ? sleep_in_commit : sleep_in_flush);
    User *kept = sqla_add(x.s, User, .name = "kept", .age = SQLA_SOME(30));
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    kept->age.value = 31;
    User *sleeper = sqla_add(x.s, User, .name = "sleeper");
    begin_call(&c, &x, in_commit ? commit_it : flush_it);
    while (harness_others(server_url(NULL), " AND wait_event = 'PgSleep'") == 0)
        pause_ms(2);
    CU_ASSERT(server_do("%s", how));
    pthread_join(c.thread, NULL);
    CU_ASSERT(is(&c.err, in_commit ? SQLA_ERR_UNKNOWN_OUTCOME : SQLA_ERR_DISCONNECTED));
    refuses(&x, &c.err);
    CU_ASSERT(server_do("start"));
    goes_on(&x, server_url(NULL));
    CU_ASSERT_EQUAL(sqla_state(x.s, sleeper), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(kept->age.value, 30);
    CU_ASSERT_EQUAL(count_users(server_url(NULL), "sleeper"), 0);
    CU_ASSERT_EQUAL(harness_sql_int(server_url(NULL), "SELECT age FROM users WHERE name = 'kept'"), 30);
    shop_close(&x);
}

static void stopped__fast_in_a_flush(const char *url)
{
    (void)url;
    stop_at_work("stop fast", false);
    stop_at_work("stop fast", true);
}

static void stopped__immediately_in_a_flush(const char *url)
{
    (void)url;
    stop_at_work("stop immediate", false);
    stop_at_work("stop immediate", true);
}

/* ---- starting -------------------------------------------------------------------------------------------------------- */

/* A server that starts takes nobody yet (57P03): who connects tries again, as long as there is time. */
static void starting__is_waited_for_in_the_deadline(const char *url)
{
    caller c;
    shop x;
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    open_fresh(&x, "", "connect_timeout_ms=300");
    CU_ASSERT(server_do("stop fast") && server_do("standby") && server_do("start -c hot_standby=off"));
    int64_t began = now_ms();
    CU_ASSERT_PTR_NULL(sqla_connect(x.db, &err));
    int64_t took = now_ms() - began;
    CU_ASSERT(is(&err, SQLA_ERR_CONNECT));
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "57P03");
    CU_ASSERT(harness_in_time(took, 150, 800));
    CU_ASSERT(pool_is(x.db, 0, 0));
    shop_close(&x);
    x.s = NULL;
    x.db = sqla_create_engine(server_url("connect_timeout_ms=20000"), NULL, NULL);
    begin_call(&c, &x, connect_it);
    pause_ms(100);
    CU_ASSERT(server_do("promote"));
    pthread_join(c.thread, NULL);
    CU_ASSERT(is(&c.err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).failed_connects, 0); /* nobody was told of it */
    CU_ASSERT(pool_is(x.db, 1, 0));
    sqla_engine_free(x.db);
}

/* ---- full of others -------------------------------------------------------------------------------------------------- */

static void crowded__others_hold_all_places(const char *url)
{
    enum { PLACES = 12 };
    sqla_conn *held[PLACES];
    caller c;
    shop x = { .s = NULL };
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    CU_ASSERT(server_do("stop fast"));
    fresh("-c max_connections=12");
    sqla_engine *others = sqla_create_engine(server_url("pool_size=12"), NULL, &err);
    x.db = sqla_create_engine(server_url("pool_size=3"), NULL, &err);
    sqla_conn *own = sqla_connect(x.db, &err);
    for (int i = 0; i < PLACES - 1; i++)
        held[i] = sqla_connect(others, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NULL(sqla_connect(x.db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_RESOURCE));
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "53300");
    CU_ASSERT(pool_is(x.db, 1, 1)); /* what did not come about takes no place */
    begin_call(&c, &x, connect_it); /* it waits, since there is one that may come back */
    while (sqla_engine_pool_status(x.db).failed_connects < 2)
        pause_ms(1);
    sqla_conn_close(own);
    pthread_join(c.thread, NULL);
    CU_ASSERT(c.err.status == SQLA_OK || c.err.status == SQLA_ERR_RESOURCE);
    own = sqla_connect(x.db, NULL);
    CU_ASSERT_PTR_NOT_NULL(own);
    sqla_conn_invalidate(held[0]);
    sqla_conn_close(held[0]);
    int64_t began = now_ms();
    sqla_conn *more = NULL;
    while (more == NULL && now_ms() - began < 5000)
        more = sqla_connect(x.db, NULL);
    CU_ASSERT_PTR_NOT_NULL(more);
    CU_ASSERT(harness_in_time(now_ms() - began, 0, 1000));
    CU_ASSERT(pool_is(x.db, 2, 2));
    for (int i = 1; i < PLACES - 1; i++)
        sqla_conn_close(held[i]);
    sqla_conn_close(own);
    sqla_conn_close(more);
    sqla_engine_free(x.db);
    sqla_engine_free(others);
    CU_ASSERT(server_do("stop fast"));
}

/* ---- stopped in its tracks ------------------------------------------------------------------------------------------- */

/* The kernel accepts for a postmaster that does not; backends that are there go on. */
static void frozen__connects_time_out_and_hold_up_nobody(const char *url)
{
    caller slow;
    shop x;
    (void)url;
    open_fresh(&x, "", "connect_timeout_ms=300");
    sqla_conn *held = sqla_connect(x.db, &x.err);
    CU_ASSERT(server_do("pause"));
    int64_t began = now_ms();
    begin_call(&slow, &x, connect_it);
    while (sqla_engine_pool_status(x.db).out != 2)
        pause_ms(1);
    sqla_conn_close(held);
    held = sqla_connect(x.db, &x.err);
    CU_ASSERT_PTR_NOT_NULL(held);
    CU_ASSERT_EQUAL(sqla_execute(held, "SELECT 1", NULL, &x.err), SQLA_OK);
    CU_ASSERT(harness_in_time(now_ms() - began, 0, 250));
    pthread_join(slow.thread, NULL);
    int64_t took = now_ms() - began;
    CU_ASSERT(harness_in_time(took, 300, 500));
    CU_ASSERT(is(&slow.err, SQLA_ERR_TIMEOUT));
    CU_ASSERT(server_do("resume"));
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_conn_close(held);
    goes_on(&x, server_url(NULL));
    shop_close(&x);
}

/* ---- full ------------------------------------------------------------------------------------------------------------ */

/* A disk of 8 MiB, where one can be made; elsewhere test-data-faults has a trigger that says the same. */
static void full__disk_of_the_server(const char *url)
{
    char sql[600], large[3001];
    shop x;
    (void)url;
    open_fresh(&x, "", NULL);
    if (!server_do("room")) {
        shop_close(&x);
        return;
    }
    snprintf(sql, sizeof sql, "CREATE TABLESPACE small LOCATION '%s'", server_room());
    CU_ASSERT(harness_sql(server_url(NULL), sql));
    harness_sql(server_url(NULL), "ALTER TABLE nodes SET TABLESPACE small; ALTER TABLE nodes ALTER label SET STORAGE PLAIN;"
                                  "CREATE TABLE filler TABLESPACE small AS SELECT repeat('x', 1500) FROM generate_series(1, 2000)");
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    User *kept = sqla_add(x.s, User, .name = "kept");
    for (int i = 0; i < 4000; i++)
        sqla_add(x.s, Node, .label = large);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_RESOURCE);
    CU_ASSERT(is(&x.err, SQLA_ERR_RESOURCE));
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "53100");
    refuses(&x, &x.err);
    sqla_error_clear(&x.err);
    goes_on(&x, server_url(NULL)); /* what is elsewhere works */
    CU_ASSERT_EQUAL(sqla_state(x.s, kept), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(harness_sql_int(server_url(NULL), "SELECT count(*) FROM nodes"), 0);
    harness_sql(server_url(NULL), "DROP TABLE filler");
    sqla_add(x.s, Node, .label = large);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK); /* there is room again */
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
    empty(server_url(NULL));
    harness_sql(server_url(NULL), "DROP TABLESPACE small");
}

static const struct harness_test tests[] = {
    { "killed: it is found again", killed__is_found_again, HARNESS_POSTGRES },
    { "stopped fast in a flush", stopped__fast_in_a_flush, HARNESS_POSTGRES },
    { "stopped immediately in a flush", stopped__immediately_in_a_flush, HARNESS_POSTGRES },
    { "frozen: connects time out and hold up nobody", frozen__connects_time_out_and_hold_up_nobody, HARNESS_POSTGRES },
    { "full: the disk of the server", full__disk_of_the_server, HARNESS_POSTGRES },
    { "starting: it is waited for in the deadline", starting__is_waited_for_in_the_deadline, HARNESS_POSTGRES },
    { "crowded: others hold all places", crowded__others_hold_all_places, HARNESS_POSTGRES },
};

int main(void) { return harness_main("test-server-faults", tests, sizeof tests / sizeof tests[0]); }
