/* test-link-faults.c: networks that cut, stall, drip, split, swallow and reset, by way of a proxy. Each time: what is told, what
 * the database has then, and whether session and pool go on; and never is a short result taken for a whole one.
 *
 * Cuts are tried at every few bytes; with SQLA_TEST_EVERY set, at every single one. */
#include <config.h>
#include "faults.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proxy.h"

/* ---- the network ----------------------------------------------------------------------------------------------------- */

/* The shop behind a proxy; url is the database's own, beside it. */
typedef struct net { proxy *p; shop x; const char *url; } net;

/* A library for ciphers then stands between the client library and the link, and waits, fails and writes in ways of its own. */
static bool over_tls;

static void net_open(net *n, const char *url, const char *piece)
{
    n->url = url;
    n->p = over_tls ? proxy_for_tls(url) : proxy_for(url);
    CU_ASSERT_PTR_NOT_NULL_FATAL(n->p);
    shop_open(&n->x, proxy_url(n->p, piece));
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

/* What the servers' protocols and catalogs differ in. */
static const struct server {
    const char *asleep;            /* of the other clients, those that sleep */
    int commit, committed, ready;  /* bytes of COMMIT, of its answer, and of what comes behind the last word of a result */
} servers[] = {
    { " AND wait_event = 'PgSleep'",
      12, /* 'Q', a length of four bytes, "COMMIT" and a NUL */
      18, /* "COMMIT" with its head and NUL, and "ready" */
      6 },
    { " AND STATE = 'User sleep'",
      11, /* a length of three bytes, a number, a command and "COMMIT" */
      11, /* a head of four, and OK in seven */
      0 },
};
static const struct server *server_of(const char *url) { return &servers[harness_is_mariadb(url)]; }

/* The server may still be at work for a client that is gone; what it leaves is looked at when it has ended. */
static void wait_gone(const char *url)
{
    CU_ASSERT(harness_await_others(url, 0));
}

static void wait_asleep(const char *url)
{
    while (harness_others(url, server_of(url)->asleep) == 0)
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

/* A flush and a commit, cut after some bytes: nothing is there, or all, and OK is said of neither before all is there. */
static void request__cut_in_flush_and_commit(const char *url)
{
    int64_t step = steps_of(41), lost = 0;
    net n;
    net_open(&n, url, NULL);
    for (int64_t bytes = 0;; bytes += step) {
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
        if (status == SQLA_OK) { /* the reset that follows was cut, before the connection went back */
            CU_ASSERT_EQUAL(there, 2);
            continue;
        }
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
    int length = server_of(url)->commit;
    net n;
    net_open(&n, url, NULL);
    for (int bytes = 0; bytes <= length; bytes++) {
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
        CU_ASSERT_EQUAL(count_two(url, name), bytes == length ? 2 : 0);
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

/* One number of one row, which a reply that is cut must not turn into another, or into none. */
static int64_t read_scalar(net *n, sqla_error *err)
{
    sqla_stmt *q = sqla_sql(n->x.s, "SELECT count(*) FROM nodes");
    int64_t seen = sqla_scalar_i64(q, err);
    sqla_stmt_free(q);
    return seen;
}

static const struct { int64_t (*read)(net *n, sqla_error *err); int64_t few; bool partial; } readers[] = {
    { read_all, 67, false },
    { read_stream, 67, true },
    { read_rows, 71, false },
    { read_scalar, 5, false },
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

/* Behind the rows of a stream comes the answer to the release of its savepoint: parsed, bound, no rows,
 * RELEASE. */
enum { RELEASED = 28 };

/* Behind the last row PostgreSQL tells how many there were, so that a result is whole without the last
 * message, which says that the server is ready, and a stream without that answer in between. The
 * transaction is gone in any case. */
static void cut_reply(net *n, size_t reader, int64_t bytes, int64_t length)
{
    sqla_error err = SQLA_ERROR_INIT;
    begin_anew(n);
    proxy_cut(n->p, PROXY_DOWN, bytes);
    int64_t seen = readers[reader].read(n, &err);
    CU_ASSERT_FALSE(proxy_armed(n->p));
    if (err.status == SQLA_OK) {
        CU_ASSERT_EQUAL(seen, ROWS);
        int64_t release = readers[reader].partial && harness_is_postgres(n->url) ? RELEASED : 0;
        CU_ASSERT(bytes >= length - server_of(n->url)->ready - release);
    } else {
        CU_ASSERT(is(&err, SQLA_ERR_DISCONNECTED));
        CU_ASSERT(bytes < length);
        CU_ASSERT(seen == 0 || (readers[reader].partial && seen <= ROWS));
    }
    CU_ASSERT_EQUAL(sqla_commit(n->x.s, NULL), SQLA_ERR_DISCONNECTED);
}

static void add_nodes(const char *url, int count, int width)
{
    char sql[200];
    snprintf(sql, sizeof sql, "INSERT INTO nodes (id, label) SELECT n, repeat('x', %d) FROM %s", width, harness_numbers(url, count));
    harness_sql(url, sql);
}

static void reply__cut_in_select(const char *url)
{
    net n;
    net_open(&n, url, NULL);
    add_nodes(url, ROWS, 50);
    for (size_t r = 0; r < sizeof readers / sizeof readers[0]; r++) {
        int64_t length = length_of(&n, readers[r].read), step = steps_of(readers[r].few);
        CU_ASSERT(length > 30);
        for (int64_t bytes = 0; bytes < length; bytes += step)
            cut_reply(&n, r, bytes, length);
        for (int64_t bytes = length - 7; bytes <= length; bytes++)
            cut_reply(&n, r, bytes, length);
    }
    goes_on(&n.x, url);
    net_close(&n);
}

/* The answer to COMMIT, at each of its bytes: it has happened, and nobody can know. */
static void reply__cut_in_commit(const char *url)
{
    int length = server_of(url)->committed;
    net n;
    net_open(&n, url, NULL);
    for (int bytes = 0; bytes <= length; bytes++) {
        char name[40];
        sqla_error err = SQLA_ERROR_INIT;
        snprintf(name, sizeof name, "reply %02d.", bytes);
        begin_anew(&n);
        add_two(&n, name);
        CU_ASSERT_EQUAL(sqla_flush(n.x.s, &err), SQLA_OK);
        proxy_cut(n.p, PROXY_DOWN, bytes);
        sqla_commit(n.x.s, &err);
        CU_ASSERT_FALSE(proxy_armed(n.p));
        CU_ASSERT(is(&err, bytes < length ? SQLA_ERR_UNKNOWN_OUTCOME : SQLA_OK));
        if (bytes < length)
            refuses(&n.x, &err);
        wait_gone(url);
        CU_ASSERT_EQUAL(count_two(url, name), 2);
    }
    goes_on(&n.x, url);
    net_close(&n);
}

/* The replies to a flush: keys come back with them. A transaction that never was committed leaves nothing. */
static void reply__cut_in_flush(const char *url)
{
    int64_t step = steps_of(23);
    net n;
    net_open(&n, url, NULL);
    for (int64_t bytes = 0;; bytes += step) {
        sqla_error err = SQLA_ERROR_INIT;
        begin_anew(&n);
        User *u = sqla_add(n.x.s, User, .name = "flushed");
        proxy_cut(n.p, PROXY_DOWN, bytes);
        sqla_flush(n.x.s, &err);
        if (proxy_armed(n.p)) {
            CU_ASSERT(is(&err, SQLA_OK));
            break;
        }
        if (err.status != SQLA_OK) { /* it is OK where the cut came behind the last byte */
            CU_ASSERT(is(&err, SQLA_ERR_DISCONNECTED));
            refuses(&n.x, &err);
            CU_ASSERT_EQUAL(sqla_rollback(n.x.s, &err), SQLA_OK);
            CU_ASSERT_EQUAL(u->id, 0);
            CU_ASSERT_EQUAL(sqla_state(n.x.s, u), SQLA_TRANSIENT);
        }
        wait_gone(url);
        CU_ASSERT_EQUAL(count_users(url, "flushed"), 0);
    }
    proxy_clear(n.p);
    goes_on(&n.x, url);
    net_close(&n);
}

/* ---- in pieces ------------------------------------------------------------------------------------------------------- */

static void add_things(sqla_session *s, int n)
{
    char *long_text = malloc(20001);
    CU_ASSERT_PTR_NOT_NULL_FATAL(long_text);
    memset(long_text, 'y', 20000);
    long_text[20000] = '\0';
    for (int i = 0; i < n; i++)
        CU_ASSERT_PTR_NOT_NULL(sqla_add(s, Thing, .small = (int16_t)(i - 5), .medium = i * 1000003, .large = INT64_MIN + i, .ratio = i / 7.0, .part = 0.5f,
            .flag = i % 2 == 0, .text = i == n - 1 ? long_text : "käse", .code = "ab", .blob = { "\0\1\377", 3 }, .at = { i * INT64_C(1234567891) },
            .local_at = { -i }, .day = { i }, .hour = { i }, .span = { i, -i, i }, .price = { "12345678901234567890.50" },
            .uuid = { { (uint8_t)i } }, .json = { "{\"a\": [1, 2]}" }, .colour = GREEN, .o_medium = SQLA_SOME(i),
            .o_at = { { i % 3 == 0 ? i + 1 : 0 }, i % 3 == 0 }));
    free(long_text);
}

/* What a client reads of all things, as one number: without the key in front and the time behind, which no two of them share. */
static uint64_t read_things(sqla_engine *db, sqla_error *err)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    char cell[30000];
    sqla_stmt *q = sqla_sql(db, "SELECT * FROM things ORDER BY id");
    SQLA_EACH_ROW(row, q, err) {
        for (size_t i = 1; i + 1 < sqla_row_count(row); i++) {
            sqla_value_print(cell, sizeof cell, sqla_row_at(row, i));
            for (const char *c = cell; *c != '\0'; c++)
                sum = (sum ^ (unsigned char)*c) * UINT64_C(1099511628211);
        }
    }
    sqla_stmt_free(q);
    return sum;
}

/* The server's own word for it. */
static const char *sum_of_things(const char *url)
{
    return harness_sql_text(url, harness_is_postgres(url) ?
        "SELECT count(*) || md5(string_agg((to_jsonb(t) - 'made_at' - 'id')::text, '' ORDER BY id)) FROM things t" :
        "SELECT CONCAT_WS(' ', COUNT(*), SUM(small), SUM(medium), SUM(large), SUM(CRC32(ratio)), SUM(price), SUM(CRC32(text)), SUM(CRC32(code)), "
        "SUM(CRC32(`blob`)), SUM(CRC32(at)), SUM(CRC32(day)), SUM(CRC32(uuid)), SUM(CRC32(json)), SUM(CRC32(colour))) FROM things");
}

static void pieces__give_identical_results(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    char direct_text[400];
    net n;
    shop direct;
    shop_open(&direct, url);
    add_things(direct.s, 12);
    CU_ASSERT_EQUAL(sqla_commit(direct.s, &err), SQLA_OK);
    uint64_t expected = read_things(direct.db, &err);
    snprintf(direct_text, sizeof direct_text, "%s", sum_of_things(url));
    harness_sql(url, "CREATE TABLE kept AS SELECT * FROM things");
    net_open(&n, url, NULL);
    for (uint32_t seed = 0; seed < 4; seed++) {
        proxy_drip(n.p, seed == 0);
        proxy_split(n.p, seed);
        CU_ASSERT_EQUAL(read_things(n.x.db, &err), expected);
        harness_sql(url, "DELETE FROM things");
        add_things(n.x.s, 12);
        CU_ASSERT_EQUAL(sqla_commit(n.x.s, &err), SQLA_OK);
        CU_ASSERT(is(&err, SQLA_OK));
        CU_ASSERT_STRING_EQUAL(sum_of_things(url), direct_text);
        CU_ASSERT_EQUAL(read_things(direct.db, &err), expected);
        harness_sql(url, "DELETE FROM things");
        harness_sql(url, "INSERT INTO things SELECT * FROM kept");
    }
    CU_ASSERT(proxy_writes(n.p, PROXY_UP) > 10000);
    proxy_clear(n.p);
    goes_on(&n.x, url);
    net_close(&n);
    shop_close(&direct);
}

/* Errors and their fields come through in pieces, too. */
static void pieces__of_errors(const char *url)
{
    net n;
    net_open(&n, url, NULL);
    harness_sql(url, "INSERT INTO users (name, active) VALUES ('twice', true)");
    proxy_drip(n.p, true);
    sqla_add(n.x.s, User, .name = "twice");
    CU_ASSERT_EQUAL(sqla_commit(n.x.s, &n.x.err), SQLA_ERR_UNIQUE);
    CU_ASSERT_STRING_EQUAL(n.x.err.sqlstate, "23505");
    CU_ASSERT_STRING_EQUAL(n.x.err.table, "users");
    refuses_then_goes_on(&n.x, url, &n.x.err);
    net_close(&n);
}

/* ---- replies that are swallowed -------------------------------------------------------------------------------------- */

static void swallow__commit_is_unknown_and_not_replayed(const char *url)
{
    net n;
    net_open(&n, url, NULL);
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
    CU_ASSERT_EQUAL(proxy_accepted(n.p), 2); /* nobody tried again in between */
    net_close(&n);
}

/* The same by a connection; and a statement that commits by itself is not sent again, whatever is told. */
static void swallow__statements_are_not_replayed(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    net n;
    net_open(&n, url, NULL);
    sqla_conn *conn = sqla_connect(n.x.db, &err);
    sqla_conn_begin(conn, &err);
    sqla_execute(conn, "INSERT INTO users (name, active) VALUES ('raw', true)", NULL, &err);
    proxy_swallow(n.p, "COMMIT");
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_ERR_UNKNOWN_OUTCOME);
    sqla_conn_close(conn);
    CU_ASSERT(pool_is(n.x.db, 0, 0));
    sqla_error_clear(&err);
    proxy_swallow(n.p, "INSERT");
    CU_ASSERT_EQUAL(sqla_execute(n.x.db, "INSERT INTO users (name, active) VALUES ('auto', true)", NULL, &err), err.status);
    CU_ASSERT((sqla_status_class(err.status) & SQLA_CLASS_LOST) != 0);
    wait_gone(url);
    CU_ASSERT_EQUAL(count_users(url, "raw"), 1);
    CU_ASSERT_EQUAL(count_users(url, "auto") <= 1, true);
    proxy_clear(n.p);
    goes_on(&n.x, url);
    net_close(&n);
}

/* ---- peers that stall ------------------------------------------------------------------------------------------------ */

static sqla_status call_connect(net *n, sqla_error *err)
{
    sqla_engine_dispose(n->x.db);
    sqla_conn *conn = sqla_connect(n->x.db, err);
    sqla_conn_close(conn);
    return err->status;
}

/* The first one finds the link stalled; the cancel is not answered either, so the connection is given up. */
static sqla_status call_statement(net *n, sqla_error *err)
{
    return sqla_execute(n->x.db, "SELECT 1", NULL, err);
}

/* Calls that keep a deadline when nothing comes any more: the key of the URL that sets it, its milliseconds, the call. */
static const struct deadline { const char *name, *key; int64_t ms; proxy_way way; sqla_status (*call)(net *n, sqla_error *err); } deadlines[] = {
    { "connect, nothing comes back", "connect_timeout_ms=300", 300, PROXY_DOWN, call_connect },
    { "connect, nothing arrives", "connect_timeout_ms=300", 300, PROXY_UP, call_connect },
    { "statement, nothing comes back", "statement_timeout_ms=300", 300, PROXY_DOWN, call_statement },
    { "statement, nothing arrives", "statement_timeout_ms=300", 300, PROXY_UP, call_statement },
};

/* Within the time, the max(100 ms, 10 %) more in which a server may obey a cancel, and what giving up takes. */
static bool kept(int64_t took, int64_t ms)
{
    return harness_in_time(took, ms, ms + (ms / 10 > 100 ? ms / 10 : 100) + 50);
}

static void stall__deadlines_are_kept(const char *url)
{
    for (size_t i = 0; i < sizeof deadlines / sizeof deadlines[0]; i++) {
        const struct deadline *d = &deadlines[i];
        sqla_error err = SQLA_ERROR_INIT;
        net n;
        net_open(&n, url, d->key);
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
    net_open(&n, url, "statement_timeout_ms=300");
    sqla_add(n.x.s, User, .name = "stalled");
    CU_ASSERT_EQUAL(sqla_flush(n.x.s, &n.x.err), SQLA_OK);
    proxy_stall(n.p, PROXY_DOWN, true);
    CU_ASSERT_EQUAL(sqla_commit(n.x.s, &n.x.err), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT(is(&n.x.err, SQLA_ERR_UNKNOWN_OUTCOME));
    proxy_clear(n.p);
    refuses_then_goes_on(&n.x, url, &n.x.err); /* which gives the connection up */
    CU_ASSERT(harness_await_others(url, 1));
    CU_ASSERT_EQUAL(count_users(url, "stalled"), 1);
    net_close(&n);
}

/* A listener behind which nobody accepts: the kernel does, so the connection comes about and no word is said. */
static void stall__listener_that_never_answers(const char *url)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    sqla_error err = SQLA_ERROR_INIT;
    char text[200];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 8) == 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    snprintf(text, sizeof text, "%s://sqla@127.0.0.1:%d/sqla?connect_timeout_ms=250", harness_is_mariadb(url) ? "mariadb" : "postgresql", ntohs(at.sin_port));
    sqla_engine *db = sqla_create_engine(text, NULL, &err);
    for (int i = 0; i < 2; i++) {
        int64_t began = now_ms();
        sqla_error_clear(&err);
        CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
        CU_ASSERT(kept(now_ms() - began, 250));
        CU_ASSERT(is(&err, SQLA_ERR_TIMEOUT));
        CU_ASSERT(pool_is(db, 0, 0));
    }
    sqla_engine_free(db);
    close(fd);
}

typedef struct caller { pthread_t thread; sqla_engine *db; sqla_session *s; const char *sql; sqla_error err; } caller;

static void *connect_once(void *arg)
{
    caller *c = arg;
    sqla_conn_close(sqla_connect(c->db, &c->err));
    return NULL;
}

static void *execute_once(void *arg)
{
    caller *c = arg;
    if (c->sql != NULL)
        sqla_execute(c->s, c->sql, NULL, &c->err);
    else
        sqla_commit(c->s, &c->err);
    return NULL;
}

static void begin_call(caller *c, net *n, const char *sql, void *(*function)(void *))
{
    *c = (caller){ .db = n->x.db, .s = n->x.s, .sql = sql, .err = SQLA_ERROR_INIT };
    CU_ASSERT_EQUAL_FATAL(pthread_create(&c->thread, NULL, function, c), 0);
}

/* While one connect waits for nothing, a connection that is free is given out at once. */
static void stall__does_not_hold_up_others(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    caller slow;
    net n;
    net_open(&n, url, "connect_timeout_ms=600");
    sqla_conn *held = sqla_connect(n.x.db, &err);
    unsigned before = proxy_accepted(n.p);
    proxy_stall(n.p, PROXY_DOWN, true);
    begin_call(&slow, &n, NULL, connect_once);
    while (proxy_accepted(n.p) == before)
        pause_ms(1);
    sqla_conn_close(held);
    int64_t began = now_ms();
    held = sqla_connect(n.x.db, &err);
    CU_ASSERT(harness_in_time(now_ms() - began, 0, 300));
    CU_ASSERT_PTR_NOT_NULL(held);
    pthread_join(slow.thread, NULL);
    CU_ASSERT(is(&slow.err, SQLA_ERR_TIMEOUT));
    proxy_clear(n.p);
    CU_ASSERT_EQUAL(sqla_execute(held, "SELECT 1", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(held);
    CU_ASSERT(pool_is(n.x.db, 1, 0));
    net_close(&n);
}

/* Without a deadline a pause is only a pause. */
static void stall__that_ends_is_no_fault(const char *url)
{
    caller c;
    net n;
    net_open(&n, url, NULL);
    begin_anew(&n);
    add_two(&n, "late");
    proxy_stall(n.p, PROXY_DOWN, true);
    begin_call(&c, &n, NULL, execute_once);
    pause_ms(100);
    proxy_clear(n.p);
    pthread_join(c.thread, NULL);
    CU_ASSERT(is(&c.err, SQLA_OK));
    CU_ASSERT_EQUAL(count_two(url, "late"), 2);
    goes_on(&n.x, url);
    net_close(&n);
}

/* ---- links that are reset -------------------------------------------------------------------------------------------- */

static void reset__idle_is_replaced_unseen(const char *url)
{
    net n;
    net_open(&n, url, NULL);
    sqla_pool_status before = sqla_engine_pool_status(n.x.db);
    proxy_reset(n.p);
    goes_on(&n.x, url);
    sqla_pool_status after = sqla_engine_pool_status(n.x.db);
    CU_ASSERT_EQUAL(after.connects, before.connects + 1);
    CU_ASSERT_EQUAL(after.disconnects, before.disconnects + 1);
    net_close(&n);
}

static void reset__in_a_transaction(const char *url)
{
    net n;
    net_open(&n, url, NULL);
    User *kept = sqla_add(n.x.s, User, .name = "kept", .age = SQLA_SOME(30));
    sqla_commit(n.x.s, &n.x.err);
    kept->age.value = 31;
    User *fresh = sqla_add(n.x.s, User, .name = "fresh");
    CU_ASSERT_EQUAL(sqla_flush(n.x.s, &n.x.err), SQLA_OK);
    proxy_reset(n.p);
    wait_gone(url);
    sqla_add(n.x.s, User, .name = "lost");
    CU_ASSERT_EQUAL(sqla_commit(n.x.s, &n.x.err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT(is(&n.x.err, SQLA_ERR_DISCONNECTED));
    refuses_then_goes_on(&n.x, url, &n.x.err);
    CU_ASSERT_EQUAL(kept->age.value, 30);
    CU_ASSERT_EQUAL(sqla_state(n.x.s, fresh), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT age FROM users WHERE name = 'kept'"), 30);
    CU_ASSERT_EQUAL(count_users(url, "fresh") + count_users(url, "lost"), 0);
    net_close(&n);
}

static void reset__in_a_running_query(const char *url)
{
    caller c;
    net n;
    net_open(&n, url, NULL);
    begin_call(&c, &n, harness_endless(url), execute_once);
    wait_asleep(url);
    proxy_reset(n.p);
    pthread_join(c.thread, NULL);
    CU_ASSERT(is(&c.err, SQLA_ERR_DISCONNECTED));
    CU_ASSERT_EQUAL(sqla_commit(n.x.s, &n.x.err), SQLA_ERR_DISCONNECTED);
    refuses_then_goes_on(&n.x, url, &n.x.err);
    net_close(&n);
}

static void reset__in_the_middle_of_a_result(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    int64_t seen = 0;
    net n;
    net_open(&n, url, NULL);
    add_nodes(url, 30000, 1000);
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

/* COMMIT is at work in the server, which does not hear of the end before it is done: it happens, and nobody is told. */
static void reset__while_commit_is_under_way(const char *url)
{
    caller c;
    net n;
    net_open(&n, url, NULL);
    harness_sql(url, "CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END'");
    harness_sql(url, "CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
                     "WHEN (NEW.name = 'napper') EXECUTE FUNCTION nap()");
    sqla_add(n.x.s, User, .name = "napper");
    CU_ASSERT_EQUAL(sqla_flush(n.x.s, &n.x.err), SQLA_OK);
    begin_call(&c, &n, NULL, execute_once);
    wait_asleep(url);
    proxy_reset(n.p);
    pthread_join(c.thread, NULL);
    CU_ASSERT(is(&c.err, SQLA_ERR_UNKNOWN_OUTCOME));
    wait_gone(url);
    CU_ASSERT_EQUAL(count_users(url, "napper"), 1);
    refuses_then_goes_on(&n.x, url, &c.err);
    CU_ASSERT_EQUAL(count_users(url, "napper"), 1);
    net_close(&n);
}

/* ---- with TLS -------------------------------------------------------------------------------------------------------- */

/* The same test, with ciphers, where the servers offer them. Under valgrind a handshake alone takes as long as some tests give. */
#define OVER_TLS(test) \
    static void test##_over_tls(const char *url) \
    { \
        over_tls = *harness_by_tls(url) != '\0' && !harness_is_emulated(); \
        if (over_tls) \
            test(url); \
        over_tls = false; \
    }
OVER_TLS(request__cut_in_flush_and_commit)
OVER_TLS(pieces__give_identical_results)
OVER_TLS(stall__deadlines_are_kept)
OVER_TLS(stall__commit_is_unknown)
OVER_TLS(stall__that_ends_is_no_fault)
OVER_TLS(reset__idle_is_replaced_unseen)
OVER_TLS(reset__in_a_running_query)
OVER_TLS(reset__in_the_middle_of_a_result)

static const struct harness_test tests[] = {
    { "request cut in flush and commit", request__cut_in_flush_and_commit, HARNESS_SERVERS },
    { "request cut in commit", request__cut_in_commit, HARNESS_SERVERS },
    { "reply cut in select", reply__cut_in_select, HARNESS_SERVERS },
    { "reply cut in commit", reply__cut_in_commit, HARNESS_SERVERS },
    { "reply cut in flush", reply__cut_in_flush, HARNESS_SERVERS },
    { "pieces give identical results", pieces__give_identical_results, HARNESS_SERVERS },
    { "pieces of errors", pieces__of_errors, HARNESS_SERVERS },
    { "swallow: commit is unknown and not replayed", swallow__commit_is_unknown_and_not_replayed, HARNESS_SERVERS },
    { "swallow: statements are not replayed", swallow__statements_are_not_replayed, HARNESS_SERVERS },
    { "stall: deadlines are kept", stall__deadlines_are_kept, HARNESS_SERVERS },
    { "stall: commit is unknown", stall__commit_is_unknown, HARNESS_SERVERS },
    { "stall: a listener that never answers", stall__listener_that_never_answers, HARNESS_SERVERS },
    { "stall does not hold up others", stall__does_not_hold_up_others, HARNESS_SERVERS },
    { "stall that ends is no fault", stall__that_ends_is_no_fault, HARNESS_SERVERS },
    { "reset: an idle one is replaced unseen", reset__idle_is_replaced_unseen, HARNESS_SERVERS },
    { "reset in a transaction", reset__in_a_transaction, HARNESS_SERVERS },
    { "reset in a running query", reset__in_a_running_query, HARNESS_SERVERS },
    { "reset in the middle of a result", reset__in_the_middle_of_a_result, HARNESS_SERVERS },
    { "reset while commit is under way", reset__while_commit_is_under_way, HARNESS_POSTGRES },
    { "TLS: request cut in flush and commit", request__cut_in_flush_and_commit_over_tls, HARNESS_SERVERS },
    { "TLS: pieces give identical results", pieces__give_identical_results_over_tls, HARNESS_SERVERS },
    { "TLS: stall: deadlines are kept", stall__deadlines_are_kept_over_tls, HARNESS_SERVERS },
    { "TLS: stall: commit is unknown", stall__commit_is_unknown_over_tls, HARNESS_SERVERS },
    { "TLS: stall that ends is no fault", stall__that_ends_is_no_fault_over_tls, HARNESS_SERVERS },
    { "TLS: reset: an idle one is replaced unseen", reset__idle_is_replaced_unseen_over_tls, HARNESS_SERVERS },
    { "TLS: reset in a running query", reset__in_a_running_query_over_tls, HARNESS_SERVERS },
    { "TLS: reset in the middle of a result", reset__in_the_middle_of_a_result_over_tls, HARNESS_SERVERS },
};

int main(void) { return harness_main("test-link-faults", tests, sizeof tests / sizeof tests[0]); }
