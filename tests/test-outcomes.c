/* test-outcomes.c: statements that commit by themselves and lose their answer. Cut anywhere, a failure that
 * promises that nothing was kept keeps that promise; and what may have happened is told as that, in each
 * form that a call can have.
 *
 *  * Cuts are tried at every so many bytes; with SQLA_TEST_EVERY set, at every single one. */
#include <config.h>
#include "faults.h"

#include <CUnit/CUnit.h>

#include "proxy.h"
#include "relay.h"

/* ---- the forms of a call ------------------------------------------------------------------------------- */

/* A database behind a proxy, and a connection through it that is new for each try. */
typedef struct wire {
    proxy *p;
    const char *url; /* beside the proxy */
    shop x;
    sqla_conn *conn;
    sqla_error err;
} wire;

static const char *insert_text(const char *name, bool returning)
{
    static char sql[200];
    snprintf(
        sql, sizeof sql, "INSERT INTO nodes (label) VALUES ('%s')%s", name, returning ? " RETURNING id" : "");
    return sql;
}

static void by_engine(wire *w, const char *name)
{
    sqla_execute(w->x.db, insert_text(name, false), NULL, &w->err);
}
static void by_connection(wire *w, const char *name)
{
    sqla_execute(w->conn, insert_text(name, false), NULL, &w->err);
}

static void by_statement(wire *w, const char *name)
{
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(w->conn, insert_text(name, false)));
    sqla_exec(q, NULL, &w->err);
    sqla_stmt_free(q);
}

static void by_script(wire *w, const char *name)
{
    char sql[400];
    snprintf(sql, sizeof sql, "SELECT 1; %s; SELECT 2", insert_text(name, false));
    sqla_execute_script(w->conn, sql, &w->err);
}

static void by_scalar(wire *w, const char *name)
{
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(w->conn, insert_text(name, true)));
    sqla_scalar_i64(q, &w->err);
    sqla_stmt_free(q);
}

static void by_rows(wire *w, const char *name)
{
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(w->x.db, insert_text(name, true)));
    SQLA_EACH_ROW (row, q, &w->err)
        CU_ASSERT_EQUAL(sqla_row_count(row), 1);
    sqla_stmt_free(q);
}

static void by_stream(wire *w, const char *name)
{
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(w->conn, insert_text(name, true)));
    SQLA_STREAM_ROW(row, q, &w->err)
    CU_ASSERT_EQUAL(sqla_row_count(row), 1);
    sqla_stmt_free(q);
}

/* A session without transactions. */
static void by_flush(wire *w, const char *name)
{
    sqla_session *s = sqla_open(w->x.maker, &w->err);
    sqla_begin(s, SQLA_TXN_OPTIONS(.isolation = SQLA_AUTOCOMMIT), &w->err);
    CU_ASSERT_PTR_NOT_NULL(sqla_add(s, Node, .label = name));
    sqla_flush(s, &w->err);
    sqla_close(s);
}

static void by_raw_commit(wire *w, const char *name)
{
    sqla_conn_begin(w->conn, &w->err);
    sqla_execute(w->conn, insert_text(name, false), NULL, &w->err);
    sqla_execute(w->conn, "COMMIT", NULL, &w->err);
}

static void by_block(wire *w, const char *name)
{
    char sql[400];
    snprintf(sql, sizeof sql, "BEGIN; %s; COMMIT", insert_text(name, false));
    sqla_execute_script(w->conn, sql, &w->err);
}

/* A script makes the engine forget what it knows of tables, and the flush would ask for that again. */
static void (*const forms[])(wire *w, const char *name) = { by_flush, by_engine, by_connection, by_statement,
    by_scalar, by_rows, by_stream, by_raw_commit, by_script, by_block };
enum { FORMS = sizeof forms / sizeof forms[0] };

static void wire_open(wire *w, const char *url, const char *piece)
{
    *w = (wire){ .url = url, .err = SQLA_ERROR_INIT };
    w->p = proxy_for(url);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->p);
    shop_open(&w->x, proxy_url(w->p, piece));
    by_flush(w, "first"); /* what has to be known of the table is known then */
}

/* A fresh connection, so that nothing goes by but what is asked for. */
static void wire_anew(wire *w)
{
    sqla_error_clear(&w->err);
    sqla_conn_close(w->conn);
    sqla_engine_dispose(w->x.db);
    w->conn = sqla_connect(w->x.db, &w->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->conn);
    sqla_conn *other = sqla_connect(w->x.db, &w->err); /* for those that take one from the pool */
    sqla_conn_close(other);
}

static void wire_close(wire *w)
{
    sqla_conn_close(w->conn);
    shop_close(&w->x);
    proxy_free(w->p);
}

static int64_t there(const wire *w, const char *name)
{
    char sql[100];
    CU_ASSERT(harness_await_others(w->url, 0));
    snprintf(sql, sizeof sql, "SELECT count(*) FROM nodes WHERE label = '%s'", name);
    return harness_sql_int(w->url, sql);
}

/* ---- what is told -------------------------------------------------------------------------------------- */

/* Cut a form once after so many bytes. Returns: was it, before it was over? */
static bool cut_once(wire *w, size_t form, proxy_way way, int64_t bytes, int64_t *unknown)
{
    char name[60];
    snprintf(name, sizeof name, "%s %zu %d", way == PROXY_UP ? "up" : "down", form, (int)bytes);
    wire_anew(w);
    proxy_cut(w->p, way, bytes);
    forms[form](w, name);
    if (proxy_armed(w->p)) {
        proxy_clear(w->p);
        CU_ASSERT(is(&w->err, SQLA_OK));
        return false;
    }
    sqla_conn_close(w->conn);
    w->conn = NULL;
    sqla_engine_dispose(w->x.db);
    int64_t rows = there(w, name);
    *unknown += w->err.status == SQLA_ERR_UNKNOWN_OUTCOME;
    bool kept = w->err.status == SQLA_OK                    ? rows == 1
                : w->err.status == SQLA_ERR_UNKNOWN_OUTCOME ? rows <= 1
                                                            : is(&w->err, SQLA_ERR_DISCONNECTED) && rows == 0;
    if (!kept)
        fprintf(stderr, "%s: %s, and %d rows are there: %s\n", name, sqla_status_name(w->err.status),
            (int)rows, w->err.message);
    CU_ASSERT(kept);
    return true;
}

static void cut_all(const char *url, proxy_way way, int64_t few)
{
    int64_t step = getenv("SQLA_TEST_EVERY") != NULL ? 1 : few;
    wire w;
    wire_open(&w, url, NULL);
    for (size_t form = 0; form < FORMS; form++) {
        int64_t unknown = 0;
        for (int64_t bytes = 0; bytes < 4000 && cut_once(&w, form, way, bytes, &unknown); bytes += step)
            continue;
        if (unknown == 0)
            fprintf(stderr, "form %zu never had an outcome that is unknown\n", form);
        CU_ASSERT(unknown > 0);
    }
    wire_close(&w);
}

static void outcome__of_a_reply_that_is_cut(const char *url)
{
    cut_all(url, PROXY_DOWN, 23);
}
static void outcome__of_a_request_that_is_cut(const char *url)
{
    cut_all(url, PROXY_UP, 17);
}

/* Whoever only reads can read again. */
static void outcome__of_reading_is_none(const char *url)
{
    static const char *const texts[] = {
        "SELECT count(*) FROM nodes",
        "SELECT id, label FROM nodes WHERE label IN ('INSERT', 'x') ORDER BY id",
        "VALUES (1), (2)",
        "WITH t (n) AS (SELECT max(id) FROM nodes) SELECT n FROM t -- DELETE",
        "SELECT upper(label), coalesce(id, 0) FROM nodes FOR UPDATE",
    };
    wire w;
    wire_open(&w, url, NULL);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (int64_t bytes = 0;; bytes += 13) {
            wire_anew(&w);
            proxy_cut(w.p, PROXY_DOWN, bytes);
            sqla_stmt *q = sqla_stmt_keep(sqla_sql(w.conn, texts[i]));
            sqla_exec(q, NULL, &w.err);
            sqla_stmt_free(q);
            if (proxy_armed(w.p))
                break;
            CU_ASSERT(w.err.status == SQLA_OK || is(&w.err, SQLA_ERR_DISCONNECTED));
        }
        proxy_clear(w.p);
    }
    wire_close(&w);
}

/* A function may do anything. */
static void outcome__of_a_query_that_writes(const char *url)
{
    wire w;
    wire_open(&w, url, NULL);
    harness_sql(url, harness_is_mariadb(url)
                         ? "CREATE FUNCTION makes() RETURNS INTEGER MODIFIES SQL DATA BEGIN INSERT INTO "
                           "nodes (label) VALUES ('made'); RETURN 1; END"
                         : "CREATE FUNCTION makes() RETURNS INTEGER AS $$ INSERT INTO nodes (label) VALUES "
                           "('made') RETURNING 1 $$ LANGUAGE sql");
    wire_anew(&w);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(w.conn, "SELECT makes()"));
    for (int i = 0; i < 3; i++) /* prepared by then, so that the answer is all that comes */
        CU_ASSERT_EQUAL(sqla_exec(q, NULL, &w.err), SQLA_OK);
    proxy_cut(w.p, PROXY_DOWN, 5);
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &w.err), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT(is(&w.err, SQLA_ERR_UNKNOWN_OUTCOME));
    sqla_stmt_free(q);
    sqla_conn_close(w.conn);
    w.conn = NULL;
    sqla_engine_dispose(w.x.db);
    CU_ASSERT_EQUAL(there(&w, "made"), 4);
    wire_close(&w);
}

/* A deadline that nobody answers is no better. */
static void outcome__of_a_deadline(const char *url)
{
    wire w;
    wire_open(&w, url, "statement_timeout_ms=250");
    wire_anew(&w);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(w.conn, insert_text("late", false)));
    for (int i = 0; i < 3; i++)
        sqla_exec(q, NULL, &w.err);
    CU_ASSERT(is(&w.err, SQLA_OK));
    proxy_stall(w.p, PROXY_DOWN, true);
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &w.err), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT(is(&w.err, SQLA_ERR_UNKNOWN_OUTCOME) && says(&w.err, "the deadline passed"));
    sqla_stmt_free(q);
    proxy_stall(w.p, PROXY_DOWN, false);
    wire_anew(&w);
    q = sqla_stmt_keep(sqla_sql(w.conn, "SELECT count(*) FROM nodes"));
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(sqla_scalar_i64(q, &w.err), 5);
    proxy_stall(w.p, PROXY_DOWN, true);
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &w.err), SQLA_ERR_TIMEOUT);
    sqla_stmt_free(q);
    proxy_clear(w.p);
    wire_close(&w);
}

/* A session that the server has ended before anything was sent has done nothing. */
static void outcome__of_a_connection_that_was_dead_before(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    shop x;
    shop_open(&x, url);
    sqla_conn *conn = sqla_connect(x.db, &err);
    CU_ASSERT(harness_end_others(url) > 0);
    CU_ASSERT_EQUAL(sqla_execute(conn, insert_text("dead", false), NULL, &err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT(is(&err, SQLA_ERR_DISCONNECTED));
    sqla_conn_close(conn);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes"), 0);
    shop_close(&x);
}

/* A raw COMMIT has a token, as the call has. */
static void outcome__of_a_raw_commit_is_told(const char *url)
{
    struct relay relay;
    char text[700];
    sqla_error err = SQLA_ERROR_INIT, failed = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER)");
    if (!relay_start(&relay, url))
        return;
    snprintf(text, sizeof text, "%s&resolve_outcomes=true", relay.url);
    sqla_engine *db = sqla_create_engine(text, NULL, &err);
    for (int mode = RELAY_SWALLOW_ANSWER; mode <= RELAY_DROP_COMMIT; mode++) {
        sqla_conn *conn = sqla_connect(db, &err);
        sqla_conn_begin(conn, &err);
        sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, &err);
        atomic_store(&relay.mode, mode);
        pause_ms(20);
        sqla_error_clear(&failed);
        CU_ASSERT_EQUAL(sqla_execute(conn, "COMMIT", NULL, &failed), SQLA_ERR_UNKNOWN_OUTCOME);
        CU_ASSERT_NOT_EQUAL(failed.outcome[0], '\0');
        sqla_conn_close(conn);
        sqla_outcome outcome = SQLA_OUTCOME_IN_PROGRESS;
        for (int i = 0; i < 500 && outcome == SQLA_OUTCOME_IN_PROGRESS; i++, pause_ms(10))
            outcome = sqla_outcome_resolve(db, &failed, &err);
        CU_ASSERT_EQUAL(
            outcome, mode == RELAY_SWALLOW_ANSWER ? SQLA_OUTCOME_COMMITTED : SQLA_OUTCOME_ROLLED_BACK);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 1);
    sqla_engine_free(db);
    relay_stop(&relay);
}

/* What commits at its end may fail there, when its rows have come. */
static void stream__that_fails_when_it_commits(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    int64_t seen = 0;
    harness_sql(url,
        "CREATE TABLE parents (id INTEGER PRIMARY KEY); CREATE TABLE children (id INTEGER, parent INTEGER "
        "REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    SQLA_STREAM_ROW(row, sqla_sql(db, "INSERT INTO children VALUES (1, 7), (2, 7) RETURNING id"), &err)
    seen += sqla_row_i64(row, "id", NULL) > 0;
    CU_ASSERT(seen > 0);
    CU_ASSERT(is(&err, SQLA_ERR_FOREIGN_KEY));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM children"), 0);
    sqla_engine_free(db);
}

static const struct harness_test tests[] = {
    { "outcome of a reply that is cut", outcome__of_a_reply_that_is_cut, HARNESS_SERVERS },
    { "outcome of a request that is cut", outcome__of_a_request_that_is_cut, HARNESS_SERVERS },
    { "outcome of reading is none", outcome__of_reading_is_none, HARNESS_SERVERS },
    { "outcome of a query that writes", outcome__of_a_query_that_writes, HARNESS_SERVERS },
    { "outcome of a deadline", outcome__of_a_deadline, HARNESS_SERVERS },
    { "outcome of a connection that was dead before", outcome__of_a_connection_that_was_dead_before,
        HARNESS_SERVERS },
    { "outcome of a raw commit is told", outcome__of_a_raw_commit_is_told, HARNESS_POSTGRES },
    { "stream that fails when it commits", stream__that_fails_when_it_commits, HARNESS_POSTGRES },
};

int main(void)
{
    return harness_main("test-outcomes", tests, sizeof tests / sizeof tests[0]);
}
