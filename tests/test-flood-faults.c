/* test-flood-faults.c: servers that send without an end. Each time: the call comes back by itself, says what it was, tells no outcome
 * wrongly, and has not let the process grow; and the engine goes on with the next connection. */
#include <config.h>
#include "faults.h"

#include <sys/resource.h>

#include "flooder.h"

enum { MOST_KIB = 64 * 1024, SOON = 10000 }; /* SOON: milliseconds */

typedef struct place { struct flooder server; sqla_engine *db; sqla_conn *conn; sqla_error err; } place;

static void set_up(place *x, bool mariadb, bool by_tcp, const struct flooder_plan *plan, const char *piece)
{
    *x = (place){ .err = SQLA_ERROR_INIT };
    CU_ASSERT_FATAL(flooder_start(&x->server, mariadb, by_tcp, plan));
    x->db = sqla_create_engine(with_query(x->server.url, piece), NULL, &x->err);
    CU_ASSERT(is(&x->err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->db);
}

static void tear_down(place *x)
{
    sqla_conn_close(x->conn);
    sqla_engine_free(x->db);
    flooder_stop(&x->server);
}

/* ---- roads ------------------------------------------------------------------------------------------------------------ */

static void call_connect(place *x) { CU_ASSERT_PTR_NULL(x->conn = sqla_connect(x->db, &x->err)); }

static void have(place *x)
{
    x->conn = sqla_connect(x->db, &x->err);
    CU_ASSERT_PTR_NOT_NULL(x->conn);
    CU_ASSERT(is(&x->err, SQLA_OK));
}

static void call_exec(place *x)
{
    have(x);
    sqla_execute(x->conn, "SET deluge = 1", NULL, &x->err);
}

static void call_write(place *x)
{
    have(x);
    sqla_execute(x->conn, "INSERT INTO deluge VALUES (1)", NULL, &x->err);
}

static void read_rows(place *x, bool streams)
{
    have(x);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(x->conn, "SELECT deluge"));
    if (streams) {
        for (const sqla_row *row = sqla_stream_row_(q, &x->err); row != NULL; row = sqla_stream_next_row_(q, &x->err))
            continue;
    } else {
        SQLA_EACH_ROW(row, q, &x->err)
            continue;
    }
    sqla_stmt_free(q);
}

static void call_stream(place *x) { read_rows(x, true); }
static void call_read(place *x) { read_rows(x, false); }

/* What is run again is prepared. */
static void call_prepare(place *x)
{
    have(x);
    for (int i = 0; i < 10 && !sqla_failed(&x->err); i++)
        sqla_execute(x->conn, "INSERT INTO deluge VALUES (1)", NULL, &x->err);
}

static void call_commit(place *x)
{
    have(x);
    CU_ASSERT_EQUAL(sqla_conn_begin(x->conn, &x->err), SQLA_OK);
    sqla_conn_commit(x->conn, &x->err);
}

/* The pool asks before it lends, and has another one then. */
static void call_ping(place *x)
{
    have(x);
    sqla_conn_close(x->conn);
    have(x);
}

static void call_copy_out(place *x)
{
    const void *data = NULL;
    size_t size = 0;
    have(x);
    sqla_copy *copy = sqla_copy_out(x->conn, "COPY deluge TO STDOUT", &x->err);
    CU_ASSERT_PTR_NOT_NULL(copy);
    CU_ASSERT_EQUAL(sqla_copy_read(copy, &data, &size, &x->err), SQLA_OK);
    CU_ASSERT_EQUAL(size, 6);
    sqla_copy_read(copy, &data, &size, &x->err);
    sqla_copy_cancel(copy);
}

static void call_copy_in(place *x)
{
    have(x);
    sqla_copy *copy = sqla_copy_in(x->conn, "COPY deluge FROM STDIN", &x->err);
    CU_ASSERT_PTR_NULL(copy);
}

/* ---- floods ----------------------------------------------------------------------------------------------------------- */

/* The most memory that the process has had, or has. In KiB. */
static long memory(const char *line)
{
    char text[256];
    long n = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(text, sizeof text, f) != NULL) {
        if (strncmp(text, line, strlen(line)) == 0)
            n = strtol(text + strlen(line), NULL, 10);
    }
    if (f != NULL)
        fclose(f);
    return n;
}

/* What was the most until now does not count any more.  Returns: can that be? */
static bool forget_most(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "we");
    bool ok = f != NULL && fputs("5", f) >= 0;
    return f != NULL && fclose(f) == 0 && ok;
}

typedef struct flood {
    const char *name;
    struct flooder_plan plan;
    void (*call)(place *x);
    sqla_status status;
    const char *says;
} flood;

static void survive(const flood *f, bool mariadb, bool by_tcp)
{
    place x;
    set_up(&x, mariadb, by_tcp, &f->plan, "pool_size=1&max_overflow=-1&pre_ping=true");
    bool measures = !KEEPS_FREED && forget_most();
    long before = memory("VmRSS:"), from = now_ms();
    f->call(&x);
    long grown = memory("VmHWM:") - before, took = now_ms() - from;
    bool ok = is(&x.err, f->status) && (f->status == SQLA_OK || says(&x.err, f->says));
    if (getenv("SQLA_TEST_VERBOSE") != NULL || !ok || (measures && grown >= MOST_KIB) || took >= SOON)
        fprintf(stderr, "  %-34s %ld ms, %ld KiB: %s (%s)\n", f->name, took, measures ? grown : -1, x.err.message, x.err.hint);
    CU_ASSERT(ok);
    CU_ASSERT(!measures || grown < MOST_KIB);
    CU_ASSERT(harness_in_time(took, 0, SOON * (harness_is_emulated() ? 20 : KEEPS_FREED ? 3 : 1))); /* a sanitizer looks at each byte */
    CU_ASSERT(x.conn == NULL || f->status == SQLA_OK || sqla_execute(x.conn, "SET x = 1", NULL, NULL) != SQLA_OK);
    sqla_error_clear(&x.err);
    sqla_conn_close(x.conn);
    have(&x);
    CU_ASSERT_EQUAL(sqla_execute(x.conn, "SET x = 1", NULL, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK) && pool_is(x.db, 1, 1));
    tear_down(&x);
}

#define KIND(...) { .kind = FLOOD_##__VA_ARGS__ }
#define IN(text) .trigger = text
static const char bytes[] = "48 MiB", hint[] = "max_message", work[] = "at work", answers[] = "more answers", outcome[] = "may have happened";

static const flood of_postgres[] = {
    { "connect, notices", KIND(NOTICES), call_connect, SQLA_ERR_CONNECT, "did not let us in" },
    { "connect, one notice", KIND(NOTICE_LONG), call_connect, SQLA_ERR_CONNECT, "did not let us in" },
    { "connect, parameters", KIND(PARAMETERS), call_connect, SQLA_ERR_CONNECT, "did not let us in" },
    { "connect, rubbish", KIND(ZEROS), call_connect, SQLA_ERR_CONNECT, "server" },
    { "exec, notices", KIND(NOTICES, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, hint },
    { "exec, one notice", KIND(NOTICE_LONG, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, hint },
    { "exec, parameters", KIND(PARAMETERS, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, work },
    { "exec, large parameters", KIND(PARAMETERS_LARGE, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, bytes },
    { "exec, notifications", KIND(NOTES, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, bytes },
    { "exec, one error", KIND(ERROR_LONG, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, bytes },
    { "exec, answers", KIND(ANSWERS, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, answers },
    { "exec, one row", KIND(ROW_LONG, IN("SET deluge"), .delays = true), call_exec, SQLA_ERR_PROTOCOL, bytes },
    { "write, one row", KIND(ROW_LONG, IN("INSERT")), call_write, SQLA_ERR_UNKNOWN_OUTCOME, outcome },
    { "write, notices", KIND(NOTICES, IN("INSERT")), call_write, SQLA_ERR_UNKNOWN_OUTCOME, outcome },
    { "read, notices", KIND(NOTICES, IN("SELECT deluge")), call_read, SQLA_ERR_PROTOCOL, "of notices" },
    { "read, notifications", KIND(NOTES, IN("SELECT deluge")), call_read, SQLA_ERR_PROTOCOL, "of notices" },
    { "read, parameters", KIND(PARAMETERS, IN("SELECT deluge")), call_read, SQLA_ERR_PROTOCOL, work },
    { "read, one row", KIND(ROW_LONG, IN("SELECT deluge")), call_read, SQLA_ERR_PROTOCOL, hint },
    { "stream, one row", KIND(ROW_LONG, IN("SELECT deluge")), call_stream, SQLA_ERR_PROTOCOL, hint },
    { "stream, one row, later", KIND(ROW_LONG, IN("SELECT deluge"), .delays = true), call_stream, SQLA_ERR_PROTOCOL, hint },
    { "stream, notices", KIND(NOTICES, IN("SELECT deluge")), call_stream, SQLA_ERR_PROTOCOL, bytes },
    { "prepare, notices", KIND(NOTICES, IN("INSERT"), .prepares = true), call_prepare, SQLA_ERR_PROTOCOL, bytes },
    { "commit, notices", KIND(NOTICES, IN("COMMIT")), call_commit, SQLA_ERR_UNKNOWN_OUTCOME, "while COMMIT" },
    { "commit, one error", KIND(ERROR_LONG, IN("COMMIT")), call_commit, SQLA_ERR_UNKNOWN_OUTCOME, "while COMMIT" },
    { "ping, notices", KIND(NOTICES, IN("")), call_ping, SQLA_OK, NULL },
    { "copy, one row", KIND(COPY_LONG, IN("COPY")), call_copy_out, SQLA_ERR_PROTOCOL, bytes },
    { "copy in, notices", KIND(NOTICES, IN("COPY")), call_copy_in, SQLA_ERR_PROTOCOL, bytes },
};

static const flood of_mariadb[] = {
    { "connect, progress", KIND(PROGRESS), call_connect, SQLA_ERR_CONNECT, "did not let us in" },
    { "connect, one error", KIND(ERROR_LONG), call_connect, SQLA_ERR_CONNECT, "server" },
    { "exec, one error", KIND(ERROR_LONG, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, "8 MiB" },
    { "exec, progress", KIND(PROGRESS, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, "8 MiB" },
    { "exec, what the session says", KIND(SESSION, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, "8 MiB" },
    { "exec, columns", KIND(COLUMNS, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, "8 MiB" },
    { "exec, answers", KIND(ANSWERS, IN("SET deluge")), call_exec, SQLA_ERR_PROTOCOL, answers },
    { "write, one error", KIND(ERROR_LONG, IN("INSERT")), call_write, SQLA_ERR_UNKNOWN_OUTCOME, outcome },
    { "read, one row", KIND(ROW_LONG, IN("SELECT deluge")), call_read, SQLA_ERR_PROTOCOL, hint },
    { "stream, one row", KIND(ROW_LONG, IN("SELECT deluge")), call_stream, SQLA_ERR_PROTOCOL, hint },
    { "stream, columns", KIND(COLUMNS, IN("SELECT deluge")), call_stream, SQLA_ERR_PROTOCOL, "8 MiB" },
    { "prepare, columns", KIND(COLUMNS, IN("INSERT"), .prepares = true), call_prepare, SQLA_ERR_PROTOCOL, "8 MiB" },
    { "commit, one error", KIND(ERROR_LONG, IN("COMMIT")), call_commit, SQLA_ERR_UNKNOWN_OUTCOME, "while COMMIT" },
    { "commit, what the session says", KIND(SESSION, IN("COMMIT")), call_commit, SQLA_ERR_UNKNOWN_OUTCOME, "while COMMIT" },
    { "ping, progress", KIND(PROGRESS, IN("DO 0")), call_ping, SQLA_OK, NULL },
};

static void flood__of_postgres(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof of_postgres / sizeof of_postgres[0]; i++)
        survive(&of_postgres[i], false, i % 2 == 1);
}

static void flood__of_mariadb(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof of_mariadb / sizeof of_mariadb[0]; i++)
        survive(&of_mariadb[i], true, i % 2 == 1);
}

/* ---- values that are large -------------------------------------------------------------------------------------------- */

static void large(bool mariadb, bool whole, const char *piece, size_t size, sqla_status status)
{
    const struct flooder_plan plan = { .kind = FLOOD_VALUE, .trigger = "SELECT deluge", .size = size };
    place x;
    set_up(&x, mariadb, false, &plan, piece);
    have(&x);
    size_t got = 0;
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(x.conn, "SELECT deluge"));
    if (whole) {
        SQLA_EACH_ROW(row, q, &x.err)
            got = strlen(sqla_row_text_at(row, 0, &x.err));
    } else {
        for (const sqla_row *row = sqla_stream_row_(q, &x.err); row != NULL; row = sqla_stream_next_row_(q, &x.err))
            got = strlen(sqla_row_text_at(row, 0, &x.err));
    }
    sqla_stmt_free(q);
    CU_ASSERT(is(&x.err, status));
    CU_ASSERT_EQUAL(got, status == SQLA_OK ? size : 0);
    CU_ASSERT(status == SQLA_OK || (says(&x.err, "1 MiB") && says(&x.err, "max_message")));
    tear_down(&x);
}

static void value__up_to_the_bound(const char *url)
{
    enum { BOUND = 1024 * 1024 };
    (void)url;
    for (int mariadb = 0; mariadb < 2; mariadb++) {
        large(mariadb, false, "max_message=1", BOUND - 40 * 1024, SQLA_OK);
        large(mariadb, false, "max_message=1", BOUND + 40 * 1024, SQLA_ERR_PROTOCOL);
        large(mariadb, false, "max_message=2", BOUND + 40 * 1024, SQLA_OK);
        large(mariadb, false, "connect_timeout=9", 12 * BOUND, SQLA_OK);
        large(mariadb, true, "max_message=1", BOUND - 40 * 1024, SQLA_OK);
        large(mariadb, true, "max_message=1", 12 * BOUND, SQLA_ERR_PROTOCOL);
        large(mariadb, true, "max_message=12", 12 * BOUND - 40 * 1024, SQLA_OK);
    }
}

/* The bound is of a row, and not of what a statement gives. */
static void result__of_any_size(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    int64_t rows = 0, size = 0;
    sqla_engine *db = sqla_create_engine(with_query(url, "max_message=1"), NULL, &err);
    SQLA_EACH_ROW(row, sqla_sql(db, harness_is_postgres(url) ? "SELECT repeat('x', 1000000) FROM generate_series(1, 60)" :
                                        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60) "
                                        "SELECT repeat('x', 1000000) FROM c"), &err) {
        size += (int64_t)strlen(sqla_row_text_at(row, 0, &err));
        rows++;
    }
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT(rows == 60 && size == 60 * 1000000);
    sqla_engine_free(db);
}

/* ---- the session ------------------------------------------------------------------------------------------------------ */

static void session__outlives_a_commit_that_drowned(const char *url)
{
    static const struct flooder_plan plans[] = { KIND(NOTICES, IN("COMMIT")), KIND(ERROR_LONG, IN("COMMIT")) };
    (void)url;
    for (int mariadb = 0; mariadb < 2; mariadb++) {
        place x;
        set_up(&x, mariadb, false, &plans[mariadb], "pool_size=1");
        sqla_metadata *base = sqla_metadata_new(&x.err);
        sqla_sessionmaker *maker = sqla_sessionmaker_new(x.db, base, NULL, &x.err);
        sqla_session *s = sqla_open(maker, &x.err);
        CU_ASSERT_EQUAL(sqla_execute(s, "SET x = 1", NULL, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_ERR_UNKNOWN_OUTCOME);
        sqla_error_clear(&x.err);
        CU_ASSERT_EQUAL(sqla_rollback(s, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(s, "SET x = 1", NULL, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
        sqla_close(s);
        sqla_sessionmaker_free(maker);
        sqla_metadata_free(base);
        tear_down(&x);
    }
}

static const struct harness_test tests[] = {
    { "flood: of PostgreSQL", flood__of_postgres, HARNESS_PLAIN },
    { "flood: of MariaDB", flood__of_mariadb, HARNESS_PLAIN },
    { "value: up to the bound", value__up_to_the_bound, HARNESS_PLAIN },
    { "result: of any size", result__of_any_size, HARNESS_SERVERS },
    { "session: outlives a commit that drowned", session__outlives_a_commit_that_drowned, HARNESS_PLAIN },
};

int main(void) { return harness_main("test-flood-faults", tests, sizeof tests / sizeof tests[0]); }
