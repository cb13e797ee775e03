/* test-mariadb-faults.c: networks that cut, stall, drip, swallow and reset between the MariaDB driver and its server, by way of a
 * proxy. Each time: what is told, what the database has then, and whether session and pool go on. It is test-link-faults.c for another
 * protocol: its lengths are others, and so are the ways to see what the server is at.
 *
 * Cuts are tried at every few bytes; with SQLA_TEST_EVERY set, at every single one. */
#include <config.h>
#include "faults.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "proxy.h"

/* ---- the network ----------------------------------------------------------------------------------------------------- */

/* The shop behind a proxy; url is the database's own, beside it. */
typedef struct net { proxy *p; shop x; const char *url; } net;

/* The proxy stands before the server's TCP port, and the test's database is reached by it. false: there is no such port. */
static bool net_open(net *n, const char *url, const char *piece)
{
    char database[80], host[80], port[16], by_proxy[300];
    const char *path = strstr(url, "://") + 3;
    CU_ASSERT_EQUAL_FATAL(sscanf(path, "%*[^/]/%79[^?]", database), 1);
    if (sscanf(harness_mariadb_tcp("u", "p", database), "mariadb://u:p@%79[^:]:%15[0-9]", host, port) != 2)
        return false;
    n->url = url;
    n->p = proxy_new(host, port);
    CU_ASSERT_PTR_NOT_NULL_FATAL(n->p);
    snprintf(by_proxy, sizeof by_proxy, "mariadb://sqla:sesame@127.0.0.1:%d/%s?ssl=off%s%s", proxy_port(n->p), database, piece != NULL ? "&" : "",
             piece != NULL ? piece : "");
    shop_open(&n->x, by_proxy);
    return true;
}

static void net_close(net *n)
{
    shop_close(&n->x);
    proxy_free(n->p);
}

static int64_t steps_of(int64_t few)
{
    return getenv("SQLA_TEST_EVERY") != NULL ? 1 : few;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t others(const char *url, const char *and)
{
    char sql[300];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()%s", and);
    return harness_sql_int(url, sql);
}

/* The server may still be at work for a client that is gone; what it leaves is looked at when it has ended. */
static void wait_gone(const char *url)
{
    while (others(url, "") > 0)
        pause_ms(1);
}

static void wait_asleep(const char *url)
{
    while (others(url, " AND STATE = 'User sleep'") == 0)
        pause_ms(2);
}

/* A session with a transaction open on a connection of its own, so that what goes next is only what is asked for. */
static void begin_anew(net *n)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_rollback(n->x.s, NULL);
    sqla_engine_dispose(n->x.db);
    CU_ASSERT_EQUAL_FATAL(sqla_execute(n->x.s, "SELECT 1", NULL, &err), SQLA_OK);
}

static void add_two(net *n, const char *name)
{
    char other[80];
    snprintf(other, sizeof other, "%s too", name);
    CU_ASSERT_PTR_NOT_NULL(sqla_add(n->x.s, User, .name = name, .age = SQLA_SOME(30)));
    CU_ASSERT_PTR_NOT_NULL(sqla_add(n->x.s, User, .name = other));
}

static int64_t count_two(const char *url, const char *name)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM users WHERE name LIKE '%s%%'", name);
    return harness_sql_int(url, sql);
}

/* ---- requests that are cut ------------------------------------------------------------------------------------------- */

/* A flush and a commit, cut after some bytes: nothing is there, or all, and OK is said of neither. */
static void request__cut_in_flush_and_commit(const char *url)
{
    int64_t lost = 0;
    net n;
    if (!net_open(&n, url, NULL))
        return;
    for (int64_t bytes = 0;; bytes += steps_of(23)) {
        char name[40];
        sqla_error err = SQLA_ERROR_INIT;
        snprintf(name, sizeof name, "cut %05d.", (int)bytes);
        begin_anew(&n);
        add_two(&n, name);
        proxy_cut(n.p, PROXY_UP, bytes);
        sqla_status status = sqla_commit(n.x.s, &err);
        if (proxy_armed(n.p)) {
            CU_ASSERT_EQUAL(status, SQLA_OK);
            CU_ASSERT_EQUAL(count_two(url, name), 2);
            break;
        }
        wait_gone(url);
        int64_t there = count_two(url, name);
        CU_ASSERT(is(&err, status) && (status == SQLA_ERR_DISCONNECTED || status == SQLA_ERR_UNKNOWN_OUTCOME));
        CU_ASSERT(there == 0 || (there == 2 && status == SQLA_ERR_UNKNOWN_OUTCOME));
        CU_ASSERT_EQUAL(sqla_flush(n.x.s, NULL), SQLA_ERR_ROLLBACK_FIRST);
        lost += status == SQLA_ERR_DISCONNECTED;
    }
    CU_ASSERT(lost > 5);
    proxy_clear(n.p);
    goes_on(&n.x, url);
    net_close(&n);
}

/* COMMIT alone, at each of its bytes: only when all of it arrived has it happened. */
static void request__cut_in_commit(const char *url)
{
    enum { LENGTH = 11 }; /* a length of three bytes, a number, a command and "COMMIT" */
    net n;
    if (!net_open(&n, url, NULL))
        return;
    for (int bytes = 0; bytes <= LENGTH; bytes++) {
        char name[40];
        sqla_error err = SQLA_ERROR_INIT;
        snprintf(name, sizeof name, "commit %02d.", bytes);
        begin_anew(&n);
        add_two(&n, name);
        CU_ASSERT_EQUAL(sqla_flush(n.x.s, &err), SQLA_OK);
        proxy_cut(n.p, PROXY_UP, bytes);
        CU_ASSERT_EQUAL(sqla_commit(n.x.s, &err), SQLA_ERR_UNKNOWN_OUTCOME);
        CU_ASSERT(is(&err, SQLA_ERR_UNKNOWN_OUTCOME));
        CU_ASSERT_FALSE(proxy_armed(n.p));
        refuses(&n.x, &err);
        wait_gone(url);
        CU_ASSERT_EQUAL(count_two(url, name), bytes == LENGTH ? 2 : 0);
    }
    goes_on(&n.x, url);
    net_close(&n);
}

/* ---- replies that are cut -------------------------------------------------------------------------------------------- */

enum { ROWS = 20 };

/* Ways to read all nodes. Each returns how many it was given before the end, or before err. */
static int64_t read_all(net *n, sqla_error *err)
{
    size_t count = 0;
    sqla_stmt *q = sqla_select(n->x.s, Node);
    Node **all = sqla_all(q, Node, &count, err);
    int64_t seen = all != NULL ? (int64_t)count : 0;
    sqla_stmt_free(q);
    return seen;
}

static int64_t read_stream(net *n, sqla_error *err)
{
    int64_t seen = 0;
    sqla_stmt *q = sqla_select(n->x.s, Node);
    SQLA_STREAM(Node, node, q, err)
        seen += node->label != NULL && strlen(node->label) == 50;
    sqla_stmt_free(q);
    return seen;
}

static int64_t read_rows(net *n, sqla_error *err)
{
    int64_t seen = 0;
    sqla_stmt *q = sqla_sql(n->x.s, "SELECT id, label FROM nodes ORDER BY id");
    SQLA_EACH_ROW(row, q, err)
        seen += sqla_row_i64(row, "id", err) == seen + 1;
    sqla_stmt_free(q);
    return seen;
}

static const struct { int64_t (*read)(net *n, sqla_error *err); int64_t few; bool partial; } readers[] = {
    { read_all, 67, false },
    { read_stream, 67, true },
    { read_rows, 71, false },
};

/* How long the whole reply is, on a connection that is new as those will be that are cut. */
static int64_t length_of(net *n, int64_t (*read)(net *n, sqla_error *err))
{
    sqla_error err = SQLA_ERROR_INIT;
    begin_anew(n);
    uint64_t before = proxy_bytes(n->p, PROXY_DOWN);
    CU_ASSERT_EQUAL(read(n, &err), ROWS);
    CU_ASSERT(is(&err, SQLA_OK));
    return (int64_t)(proxy_bytes(n->p, PROXY_DOWN) - before);
}

static void reply__cut_in_select(const char *url)
{
    net n;
    if (!net_open(&n, url, NULL))
        return;
    harness_sql(url, "INSERT INTO nodes (id, label) SELECT seq, repeat('x', 50) FROM seq_1_to_20");
    for (size_t r = 0; r < sizeof readers / sizeof readers[0]; r++) {
        int64_t length = length_of(&n, readers[r].read);
        for (int64_t bytes = 0; bytes < length; bytes += steps_of(readers[r].few)) {
            sqla_error err = SQLA_ERROR_INIT;
            begin_anew(&n);
            proxy_cut(n.p, PROXY_DOWN, bytes);
            int64_t seen = readers[r].read(&n, &err);
            CU_ASSERT_FALSE(proxy_armed(n.p));
            CU_ASSERT(is(&err, SQLA_ERR_DISCONNECTED));
            CU_ASSERT(seen == 0 || (readers[r].partial && seen <= ROWS));
            CU_ASSERT_EQUAL(sqla_commit(n.x.s, NULL), SQLA_ERR_DISCONNECTED);
        }
    }
    proxy_clear(n.p);
    goes_on(&n.x, url);
    net_close(&n);
}

/* What the server has done is not undone by that nobody hears of it. */
static void reply__cut_in_commit(const char *url)
{
    net n;
    if (!net_open(&n, url, NULL))
        return;
    for (int bytes = 0; bytes < 11; bytes++) { /* a head of four, and OK in seven */
        char name[40];
        sqla_error err = SQLA_ERROR_INIT;
        snprintf(name, sizeof name, "reply %02d.", bytes);
        begin_anew(&n);
        add_two(&n, name);
        CU_ASSERT_EQUAL(sqla_flush(n.x.s, &err), SQLA_OK);
        proxy_cut(n.p, PROXY_DOWN, bytes);
        CU_ASSERT_EQUAL(sqla_commit(n.x.s, &err), SQLA_ERR_UNKNOWN_OUTCOME);
        CU_ASSERT(is(&err, SQLA_ERR_UNKNOWN_OUTCOME));
        CU_ASSERT_FALSE(proxy_armed(n.p));
        refuses(&n.x, &err);
        wait_gone(url);
        CU_ASSERT_EQUAL(count_two(url, name), 2);
    }
    goes_on(&n.x, url);
    net_close(&n);
}

/* ---- replies in pieces, and those that are swallowed ------------------------------------------------------------------ */

static void pieces__are_put_together(const char *url)
{
    net n;
    if (!net_open(&n, url, NULL))
        return;
    harness_sql(url, "INSERT INTO nodes (id, label) SELECT seq, repeat('x', 50) FROM seq_1_to_20");
    for (uint32_t seed = 0; seed < 4; seed++) {
        sqla_error err = SQLA_ERROR_INIT;
        char name[40];
        snprintf(name, sizeof name, "piece %d.", (int)seed);
        proxy_drip(n.p, seed == 0);
        proxy_split(n.p, seed);
        for (size_t r = 0; r < sizeof readers / sizeof readers[0]; r++)
            CU_ASSERT_EQUAL(readers[r].read(&n, &err), ROWS);
        add_two(&n, name);
        CU_ASSERT_EQUAL(sqla_commit(n.x.s, &err), SQLA_OK);
        CU_ASSERT_EQUAL(count_two(url, name), 2);
        CU_ASSERT(is(&err, SQLA_OK));
        CU_ASSERT_EQUAL(sqla_execute(n.x.s, "INSERT INTO nodes (id) VALUES (1)", NULL, &err), SQLA_ERR_UNIQUE);
        CU_ASSERT_STRING_EQUAL(err.sqlstate, "23505");
        sqla_rollback(n.x.s, NULL);
    }
    proxy_clear(n.p);
    goes_on(&n.x, url);
    net_close(&n);
}

static void swallow__commit_is_unknown_and_not_replayed(const char *url)
{
    net n;
    if (!net_open(&n, url, NULL))
        return;
    User *u = sqla_add(n.x.s, User, .name = "once");
    proxy_swallow(n.p, "COMMIT");
    CU_ASSERT_EQUAL(sqla_commit(n.x.s, &n.x.err), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT(is(&n.x.err, SQLA_ERR_UNKNOWN_OUTCOME));
    CU_ASSERT_FALSE(proxy_armed(n.p));
    CU_ASSERT((sqla_status_class(n.x.err.status) & SQLA_CLASS_RETRYABLE) == 0);
    wait_gone(url);
    CU_ASSERT_EQUAL(count_users(url, "once"), 1);
    refuses_then_goes_on(&n.x, url, &n.x.err);
    CU_ASSERT_EQUAL(sqla_state(n.x.s, u), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(count_users(url, "once"), 1);
    net_close(&n);
}

/* ---- peers that stall ------------------------------------------------------------------------------------------------ */

static sqla_status call_connect(net *n, sqla_error *err)
{
    sqla_engine_dispose(n->x.db);
    sqla_conn_close(sqla_connect(n->x.db, err));
    return err->status;
}

/* The cancel is not answered either, so the connection is given up. */
static sqla_status call_statement(net *n, sqla_error *err)
{
    return sqla_execute(n->x.db, "SELECT 1", NULL, err);
}

static const struct deadline { const char *key; int64_t ms; proxy_way way; sqla_status (*call)(net *n, sqla_error *err); } deadlines[] = {
    { "connect_timeout_ms=300", 300, PROXY_DOWN, call_connect },
    { "connect_timeout_ms=300", 300, PROXY_UP, call_connect },
    { "statement_timeout_ms=300", 300, PROXY_DOWN, call_statement },
    { "statement_timeout_ms=300", 300, PROXY_UP, call_statement },
};

/* Within the time, and max(100 ms, 10 %) more; a busy machine gets as much again. */
static bool kept(int64_t took, int64_t ms)
{
    int64_t slack = ms / 10 > 100 ? ms / 10 : 100;
    if (took < ms || took > ms + 2 * slack)
        fprintf(stderr, "a deadline of %d ms took %d ms\n", (int)ms, (int)took);
    return took >= ms && took <= ms + 2 * slack;
}

static void stall__deadlines_are_kept(const char *url)
{
    for (size_t i = 0; i < sizeof deadlines / sizeof deadlines[0]; i++) {
        const struct deadline *d = &deadlines[i];
        sqla_error err = SQLA_ERROR_INIT;
        net n;
        if (!net_open(&n, url, d->key))
            return;
        proxy_stall(n.p, d->way, true);
        int64_t began = now_ms();
        CU_ASSERT_EQUAL(d->call(&n, &err), SQLA_ERR_TIMEOUT);
        CU_ASSERT(kept(now_ms() - began, d->ms));
        CU_ASSERT(is(&err, SQLA_ERR_TIMEOUT));
        CU_ASSERT(pool_is(n.x.db, 0, 0));
        proxy_clear(n.p);
        goes_on(&n.x, url);
        net_close(&n);
        harness_sql(url, "DELETE FROM users");
    }
}

/* COMMIT went out and nothing came back before the deadline: it may have happened. */
static void stall__commit_is_unknown(const char *url)
{
    net n;
    if (!net_open(&n, url, "statement_timeout_ms=300"))
        return;
    sqla_add(n.x.s, User, .name = "stalled");
    CU_ASSERT_EQUAL(sqla_flush(n.x.s, &n.x.err), SQLA_OK);
    proxy_stall(n.p, PROXY_DOWN, true);
    CU_ASSERT_EQUAL(sqla_commit(n.x.s, &n.x.err), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT(is(&n.x.err, SQLA_ERR_UNKNOWN_OUTCOME));
    proxy_clear(n.p);
    refuses_then_goes_on(&n.x, url, &n.x.err); /* which gives the connection up */
    while (others(url, "") > 1)
        pause_ms(1);
    CU_ASSERT_EQUAL(count_users(url, "stalled"), 1);
    net_close(&n);
}

/* ---- links that are reset -------------------------------------------------------------------------------------------- */

typedef struct sleeper { pthread_t thread; net *n; sqla_error err; } sleeper;

static void *sleep_long(void *arg)
{
    sleeper *z = arg;
    sqla_execute(z->n->x.s, "SELECT SLEEP(60)", NULL, &z->err);
    return NULL;
}

static void reset__in_a_running_query(const char *url)
{
    net n;
    sleeper z = { .n = &n, .err = SQLA_ERROR_INIT };
    if (!net_open(&n, url, NULL))
        return;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&z.thread, NULL, sleep_long, &z), 0);
    wait_asleep(url);
    proxy_reset(n.p);
    pthread_join(z.thread, NULL);
    CU_ASSERT(is(&z.err, SQLA_ERR_DISCONNECTED));
    CU_ASSERT_EQUAL(sqla_commit(n.x.s, &n.x.err), SQLA_ERR_DISCONNECTED);
    refuses_then_goes_on(&n.x, url, &n.x.err);
    net_close(&n);
}

static void reset__in_the_middle_of_a_result(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    int64_t seen = 0;
    net n;
    if (!net_open(&n, url, NULL))
        return;
    harness_sql(url, "INSERT INTO nodes (id, label) SELECT seq, repeat('x', 1000) FROM seq_1_to_30000");
    sqla_stmt *q = sqla_select(n.x.s, Node);
    SQLA_STREAM(Node, node, q, &err) {
        CU_ASSERT_EQUAL(strlen(node->label), 1000);
        if (++seen == 10)
            proxy_reset(n.p);
    }
    CU_ASSERT(is(&err, SQLA_ERR_DISCONNECTED));
    CU_ASSERT(seen >= 10 && seen < 30000);
    sqla_stmt_free(q);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_commit(n.x.s, &err), SQLA_ERR_DISCONNECTED);
    refuses_then_goes_on(&n.x, url, &err);
    net_close(&n);
}

/* One that lies idle in the pool is replaced, and nobody notices. */
static void reset__idle_is_replaced_unseen(const char *url)
{
    net n;
    if (!net_open(&n, url, NULL))
        return;
    sqla_pool_status before = sqla_engine_pool_status(n.x.db);
    proxy_reset(n.p);
    goes_on(&n.x, url);
    sqla_pool_status after = sqla_engine_pool_status(n.x.db);
    CU_ASSERT_EQUAL(after.connects, before.connects + 1);
    CU_ASSERT_EQUAL(after.disconnects, before.disconnects + 1);
    net_close(&n);
}

static const struct harness_test tests[] = {
    { "request cut in flush and commit", request__cut_in_flush_and_commit, HARNESS_MARIADB },
    { "request cut in commit", request__cut_in_commit, HARNESS_MARIADB },
    { "reply cut in select", reply__cut_in_select, HARNESS_MARIADB },
    { "reply cut in commit", reply__cut_in_commit, HARNESS_MARIADB },
    { "pieces are put together", pieces__are_put_together, HARNESS_MARIADB },
    { "swallow: commit is unknown and not replayed", swallow__commit_is_unknown_and_not_replayed, HARNESS_MARIADB },
    { "stall: deadlines are kept", stall__deadlines_are_kept, HARNESS_MARIADB },
    { "stall: commit is unknown", stall__commit_is_unknown, HARNESS_MARIADB },
    { "reset in a running query", reset__in_a_running_query, HARNESS_MARIADB },
    { "reset in the middle of a result", reset__in_the_middle_of_a_result, HARNESS_MARIADB },
    { "reset: an idle one is replaced unseen", reset__idle_is_replaced_unseen, HARNESS_MARIADB },
};

int main(void) { return harness_main("test-mariadb-faults", tests, sizeof tests / sizeof tests[0]); }
