/* test-faults.c: connections that die: idle, in a transaction, in a query, around COMMIT. Each time: what is told, what the
 * database has then, and whether session and pool go on. */
#include <config.h>
#include "faults.h"

#include <pthread.h>
#include <time.h>

/* ---- the hand that kills ----------------------------------------------------------------------------------------- */

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
}

/* What the servers differ in. */
static const struct server {
    const char *asleep;            /* of the other clients, those that sleep */
    const char *sleep;             /* a statement that sleeps for a minute */
    const char *ended;             /* the SQLSTATE of a connection that was ended: of one that is told so, and of one that just ends */
} servers[] = {
    { " AND wait_event = 'PgSleep'", "SELECT pg_sleep(60)", "57P01" },
    { " AND STATE = 'User sleep'", "SELECT sleep(60)", "08S01" },
};
static const struct server *server_of(const char *url) { return &servers[harness_is_mariadb(url)]; }

/* Wait until the sleeper sleeps; a hang is ended by the harness. */
static void wait_asleep(const char *url)
{
    while (harness_others(url, server_of(url)->asleep) == 0)
        pause_briefly();
}

/* End the other clients, of which there are n. In MariaDB one that has just closed may be seen, and be ended, beside them. */
static void end_others(const char *url, int64_t n)
{
    CU_ASSERT(harness_await_others(url, n));
    CU_ASSERT(harness_end_others(url) >= n);
}

/* A statement, or a commit when there is none, in a thread of its own, so that it can be met while it runs. */
typedef struct runner {
    pthread_t thread;
    sqla_session *s;
    const char *sql;
    sqla_error err;
} runner;

static void *run_it(void *arg)
{
    runner *r = arg;
    if (r->sql != NULL)
        sqla_execute(r->s, r->sql, NULL, &r->err);
    else
        sqla_commit(r->s, &r->err);
    return NULL;
}

static void start(runner *r, sqla_session *s, const char *sql)
{
    *r = (runner){ .s = s, .sql = sql, .err = SQLA_ERROR_INIT };
    CU_ASSERT_EQUAL_FATAL(pthread_create(&r->thread, NULL, run_it, r), 0);
}

/* ---- idle ones --------------------------------------------------------------------------------------------------- */

static void idle__killed_one_is_replaced_unseen(const char *url)
{
    shop x;
    shop_open(&x, url);
    sqla_pool_status before = sqla_engine_pool_status(x.db);
    end_others(url, 1);
    CU_ASSERT(pool_is(x.db, 1, 0)); /* nobody has looked yet */
    sqla_add(x.s, User, .name = "unseen");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(count_users(url, "unseen"), 1);
    sqla_pool_status after = sqla_engine_pool_status(x.db);
    CU_ASSERT_EQUAL(after.connects, before.connects + 1);
    CU_ASSERT_EQUAL(after.disconnects, before.disconnects + 1);
    goes_on(&x, url);
    shop_close(&x);
}

static void take_all(sqla_engine *db, sqla_conn **conns, int n, sqla_error *err)
{
    for (int i = 0; i < n; i++) {
        conns[i] = sqla_connect(db, err);
        CU_ASSERT_EQUAL(sqla_execute(conns[i], "SELECT 1", NULL, err), SQLA_OK);
    }
}

static void idle__several_killed_at_once(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_conn *conns[5];
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    take_all(db, conns, 5, &err);
    for (int i = 0; i < 5; i++)
        sqla_conn_close(conns[i]);
    CU_ASSERT(pool_is(db, 5, 0));
    end_others(url, 5);
    take_all(db, conns, 5, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT(pool_is(db, 5, 5));
    CU_ASSERT(harness_await_others(url, 5));
    sqla_pool_status p = sqla_engine_pool_status(db);
    CU_ASSERT_EQUAL(p.connects, 10);
    CU_ASSERT(p.disconnects >= 1 && p.disconnects <= 5);
    for (int i = 0; i < 5; i++)
        sqla_conn_close(conns[i]);
    CU_ASSERT(pool_is(db, 5, 0));
    sqla_engine_free(db);
}

/* One that was out while the others died is as old as they, and is not kept. */
static void idle__others_of_a_dead_ones_age_are_not_kept(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_conn *conns[3];
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    take_all(db, conns, 3, &err);
    sqla_conn_close(conns[0]);
    end_others(url, 3);
    conns[0] = sqla_connect(db, &err);
    CU_ASSERT_PTR_NOT_NULL(conns[0]);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conns[1]);
    sqla_conn_close(conns[2]);
    CU_ASSERT(pool_is(db, 1, 1));
    CU_ASSERT_EQUAL(sqla_execute(conns[0], "SELECT 1", NULL, &err), SQLA_OK);
    sqla_conn_close(conns[0]);
    CU_ASSERT(pool_is(db, 1, 0));
    sqla_engine_free(db);
}

static void free__dead_idle_connections(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_conn *conns[3];
    for (int dispose = 0; dispose < 2; dispose++) {
        sqla_engine *db = sqla_create_engine(url, NULL, &err);
        take_all(db, conns, 3, &err);
        for (int i = 0; i < 3; i++)
            sqla_conn_close(conns[i]);
        end_others(url, 3);
        if (dispose) {
            sqla_engine_dispose(db);
            CU_ASSERT(pool_is(db, 0, 0));
            CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, &err), SQLA_OK);
        }
        sqla_engine_free(db);
    }
    CU_ASSERT(is(&err, SQLA_OK));
}

/* ---- in a transaction -------------------------------------------------------------------------------------------- */

/* A user that is committed and changed, and one that is new, both flushed. */
static User *flush_some(shop *x, User **ret_fresh)
{
    User *kept = sqla_add(x->s, User, .name = "kept", .age = SQLA_SOME(30));
    sqla_commit(x->s, &x->err);
    kept->age.value = 31;
    *ret_fresh = sqla_add(x->s, User, .name = "fresh");
    CU_ASSERT_EQUAL_FATAL(sqla_flush(x->s, &x->err), SQLA_OK);
    return kept;
}

static void is_put_back(shop *x, const char *url, User *kept, User *fresh)
{
    CU_ASSERT_EQUAL(kept->age.value, 30);
    CU_ASSERT_EQUAL(sqla_state(x->s, kept), SQLA_PERSISTENT);
    CU_ASSERT_EQUAL(fresh->id, 0);
    CU_ASSERT_EQUAL(sqla_state(x->s, fresh), SQLA_TRANSIENT);
    CU_ASSERT_STRING_EQUAL(fresh->name, "fresh");
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT age FROM users WHERE name = 'kept'"), 30);
    CU_ASSERT_EQUAL(count_users(url, "fresh"), 0);
}

static void transaction__killed_after_a_flush(const char *url)
{
    shop x;
    User *fresh;
    shop_open(&x, url);
    User *kept = flush_some(&x, &fresh);
    CU_ASSERT(pool_is(x.db, 1, 1));
    end_others(url, 1);
    User *lost = sqla_add(x.s, User, .name = "lost");
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT(is(&x.err, SQLA_ERR_DISCONNECTED));
    CU_ASSERT((sqla_status_class(x.err.status) & SQLA_CLASS_LOST) != 0);
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, server_of(url)->ended);
    refuses_then_goes_on(&x, url, &x.err);
    is_put_back(&x, url, kept, fresh);
    CU_ASSERT_EQUAL(count_users(url, "lost"), 0);
    CU_ASSERT_EQUAL(sqla_state(x.s, lost), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).disconnects, 1);
    shop_close(&x);
}

/* A query that fails does not break a session, but the transaction is gone, so commit cannot be had. */
static void transaction__killed_before_a_query(const char *url)
{
    shop x;
    User *fresh;
    shop_open(&x, url);
    User *kept = flush_some(&x, &fresh);
    end_others(url, 1);
    CU_ASSERT_PTR_NULL(sqla_get(x.s, User, kept->id + 100, &x.err));
    CU_ASSERT(is(&x.err, SQLA_ERR_DISCONNECTED));
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_DISCONNECTED);
    refuses_then_goes_on(&x, url, &x.err);
    is_put_back(&x, url, kept, fresh);
    shop_close(&x);
}

static void query__killed_while_it_runs(const char *url)
{
    shop x;
    runner r;
    User *fresh;
    shop_open(&x, url);
    User *kept = flush_some(&x, &fresh);
    start(&r, x.s, server_of(url)->sleep);
    wait_asleep(url);
    end_others(url, 1);
    pthread_join(r.thread, NULL);
    CU_ASSERT(is(&r.err, SQLA_ERR_DISCONNECTED));
    CU_ASSERT_STRING_EQUAL(r.err.sqlstate, server_of(url)->ended);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_DISCONNECTED);
    refuses_then_goes_on(&x, url, &x.err);
    is_put_back(&x, url, kept, fresh);
    shop_close(&x);
}

static void stream__killed_in_the_middle_is_no_end(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    int64_t seen = 0;
    char sql[300];
    shop x;
    shop_open(&x, url);
    snprintf(sql, sizeof sql, "INSERT INTO nodes (id, label) SELECT n, repeat('x', 1000) FROM %s", harness_numbers(url, 30000));
    harness_sql(url, sql);
    sqla_stmt *q = sqla_select(x.s, Node);
    SQLA_STREAM(Node, n, q, &err) {
        CU_ASSERT_EQUAL(strlen(n->label), 1000);
        if (++seen == 10)
            end_others(url, 1);
    }
    CU_ASSERT(is(&err, SQLA_ERR_DISCONNECTED));
    CU_ASSERT(seen >= 10 && seen < 30000);
    sqla_stmt_free(q);
    goes_on(&x, url);
    shop_close(&x);
}

/* ---- at COMMIT --------------------------------------------------------------------------------------------------- */

/* Dead before COMMIT was sent: it has not happened, for certain. */
static void commit__meets_a_dead_link(const char *url)
{
    shop x;
    User *fresh;
    shop_open(&x, url);
    User *kept = flush_some(&x, &fresh);
    end_others(url, 1);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT(is(&x.err, SQLA_ERR_DISCONNECTED));
    refuses_then_goes_on(&x, url, &x.err);
    is_put_back(&x, url, kept, fresh);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    sqla_conn_begin(conn, &x.err);
    sqla_execute(conn, "INSERT INTO users (name, active) VALUES ('raw', true)", NULL, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    end_others(url, 1);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &x.err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_ERR_DISCONNECTED);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, NULL), SQLA_OK);
    sqla_conn_close(conn);
    CU_ASSERT(pool_is(x.db, 0, 0));
    CU_ASSERT_EQUAL(count_users(url, "raw"), 0);
    shop_close(&x);
}

/* A trigger that is put off until COMMIT sleeps there. */
static void make_commit_sleep(const char *url)
{
    harness_sql(url, "CREATE FUNCTION snore() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END'");
    harness_sql(url, "CREATE CONSTRAINT TRIGGER snore AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
                     "WHEN (NEW.name = 'sleeper') EXECUTE FUNCTION snore()");
}

/* Dead while COMMIT was under way: nobody here can know what has happened, and nobody says otherwise.
 * PostgreSQL only: MariaDB has no trigger at COMMIT, and the locks that hold a COMMIT up there hold up all clients of the server.
 * swallow__commit_is_unknown_and_not_replayed of test-link-faults.c shows the same on both. */
static void commit__killed_under_way_is_unknown(const char *url)
{
    shop x;
    runner r;
    shop_open(&x, url);
    make_commit_sleep(url);
    User *sleeper = sqla_add(x.s, User, .name = "sleeper");
    start(&r, x.s, NULL);
    wait_asleep(url);
    end_others(url, 1);
    pthread_join(r.thread, NULL);
    CU_ASSERT(is(&r.err, SQLA_ERR_UNKNOWN_OUTCOME));
    CU_ASSERT((sqla_status_class(r.err.status) & SQLA_CLASS_RETRYABLE) == 0);
    refuses_then_goes_on(&x, url, &r.err);
    CU_ASSERT_EQUAL(sqla_state(x.s, sleeper), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(count_users(url, "sleeper"), 0);
    shop_close(&x);
}

/* ---- ends with a dead link --------------------------------------------------------------------------------------- */

static void close__session_with_a_dead_connection(const char *url)
{
    shop x;
    User *fresh;
    shop_open(&x, url);
    flush_some(&x, &fresh);
    CU_ASSERT_PTR_NOT_NULL(sqla_begin_nested(x.s, &x.err));
    end_others(url, 1);
    sqla_close(x.s);
    CU_ASSERT(pool_is(x.db, 0, 0));
    x.s = sqla_open(x.maker, &x.err);
    goes_on(&x, url);
    CU_ASSERT_EQUAL(count_users(url, "fresh"), 0);
    shop_close(&x);
}

static void savepoint__cannot_save_a_dead_connection(const char *url)
{
    shop x;
    User *fresh;
    shop_open(&x, url);
    User *kept = flush_some(&x, &fresh);
    sqla_savepoint *sp = sqla_begin_nested(x.s, &x.err);
    CU_ASSERT_PTR_NOT_NULL(sp);
    kept->age.value = 77;
    end_others(url, 1);
    CU_ASSERT_EQUAL(sqla_savepoint_commit(sp, &x.err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT_EQUAL(sqla_savepoint_rollback(sp, NULL), SQLA_ERR_MISUSE); /* it has ended */
    refuses_then_goes_on(&x, url, &x.err);
    is_put_back(&x, url, kept, fresh);
    shop_close(&x);
}

static const struct harness_test tests[] = {
    { "idle: a killed one is replaced unseen", idle__killed_one_is_replaced_unseen, HARNESS_SERVERS },
    { "idle: several killed at once", idle__several_killed_at_once, HARNESS_SERVERS },
    { "idle: others of a dead one's age are not kept", idle__others_of_a_dead_ones_age_are_not_kept, HARNESS_SERVERS },
    { "free: dead idle connections", free__dead_idle_connections, HARNESS_SERVERS },
    { "transaction: killed after a flush", transaction__killed_after_a_flush, HARNESS_SERVERS },
    { "transaction: killed before a query", transaction__killed_before_a_query, HARNESS_SERVERS },
    { "query: killed while it runs", query__killed_while_it_runs, HARNESS_SERVERS },
    { "stream: killed in the middle is no end", stream__killed_in_the_middle_is_no_end, HARNESS_SERVERS },
    { "commit meets a dead link", commit__meets_a_dead_link, HARNESS_SERVERS },
    { "commit: killed under way is unknown", commit__killed_under_way_is_unknown, HARNESS_POSTGRES },
    { "close: a session with a dead connection", close__session_with_a_dead_connection, HARNESS_SERVERS },
    { "savepoint cannot save a dead connection", savepoint__cannot_save_a_dead_connection, HARNESS_SERVERS },
};

int main(void) { return harness_main("test-faults", tests, sizeof tests / sizeof tests[0]); }
