/* test-memory.c: small pieces of work of the engine in which each allocation of ours fails in turn, all of them: once, and then
 * all from that one on. Each makes its engine anew, so that nothing is remembered from the try before; each ends as it does with
 * all the memory there is, or with NOMEM, and works right afterwards. tests/torture does the same with what sessions do. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>
#include <unistd.h>

#include "base/mem.h"
#include "harness.h"
#include "shop.h"

enum { PLENTY = 1000000 };

typedef struct work {
    void (*run)(const char *url, sqla_error *err);
    sqla_status ends; /* with all the memory there is */
} work;

static void try_at(const char *url, const work *w, uint64_t point, bool lasting)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla__alloc_fail_at(point, lasting);
    w->run(url, &err);
    sqla__alloc_fail_at(0, false);
    bool ok = err.status == w->ends || err.status == SQLA_ERR_NOMEM;
    if (!ok)
        fprintf(stderr, "point %d%s: %s: %s\n", (int)point, lasting ? " and on" : "", sqla_status_name(err.status), err.message);
    CU_ASSERT(ok);
}

/* Of many points those behind the first are thinned out, unless SQLA_TORTURE says that all are wanted. */
static void try_all(const char *url, const work *w)
{
    sqla_error err = SQLA_ERROR_INIT;
    bool all = getenv("SQLA_TORTURE") != NULL;
    sqla__alloc_fail_at(PLENTY, false);
    w->run(url, &err);
    uint64_t points = PLENTY - sqla__alloc_left();
    sqla__alloc_fail_at(0, false);
    CU_ASSERT(is(&err, w->ends));
    CU_ASSERT(points > 0);
    if (getenv("SQLA_TEST_VERBOSE") != NULL)
        printf("  %d points\n", (int)points);
    for (uint64_t point = 1; point <= points; point += all || point < 250 ? 1 : 7) {
        try_at(url, w, point, false);
        try_at(url, w, point, true);
    }
    sqla_error again = SQLA_ERROR_INIT;
    w->run(url, &again);
    CU_ASSERT(is(&again, w->ends));
}

/* ---- drivers -------------------------------------------------------------------------------------------------------- */

static void list_drivers(const char *url, sqla_error *err)
{
    sqla_driver_list *list = sqla_drivers(err);
    (void)url;
    CU_ASSERT((list == NULL) == sqla_failed(err));
    sqla_drivers_free(list);
}

static void find_nothing(const char *url, sqla_error *err)
{
    (void)url;
    CU_ASSERT_PTR_NULL(sqla_create_engine("nosuchdatabase://home", NULL, err));
}

/* ---- engines -------------------------------------------------------------------------------------------------------- */

static void no_line(void *data, int level, const char *line) { (void)data, (void)level, (void)line; }

static void make_engine(const char *url, sqla_error *err)
{
    char text[2048];
    static const char more[] = "pool_size=3&max_overflow=2&pool_timeout_ms=50&connect_timeout_ms=5000&pool_recycle_s=9&pre_ping=true&echo=true&"
                               "hide_parameters=false&statement_timeout_ms=60000&isolation=serializable&pool_fifo=true";
    snprintf(text, sizeof text, "%s", with_query(url, more));
    sqla_engine *db = sqla_create_engine(text, SQLA_ENGINE_OPTIONS(.log = no_line), err);
    if (db != NULL && sqla_engine_warm_up(db, 2, err) == SQLA_OK)
        sqla_execute(db, "SELECT 1", NULL, err);
    sqla_engine_dispose(db);
    sqla_engine_free(db);
}

static void misspell_option(const char *url, sqla_error *err)
{
    char text[2048];
    snprintf(text, sizeof text, "%s", with_query(url, "pool_sice=3"));
    CU_ASSERT_PTR_NULL(sqla_create_engine(text, NULL, err));
}

static void hear(void *data, const sqla_event *event)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)data;
    if (event->kind == SQLA_EVENT_CONNECT && event->conn != NULL) /* begun and left open: it is rolled back */
        sqla_conn_begin(event->conn, &err);
}

static void tell_events(const char *url, sqla_error *err)
{
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.on_event = hear, .pool_sites = true), err);
    sqla_conn *conn = db != NULL ? sqla_connect(db, err) : NULL;
    if (conn != NULL) {
        sqla_conn_begin(conn, err);
        sqla_conn_savepoint(conn, "here", err);
        sqla_execute(conn, "SELECT :n", sqla_params("n", 1), err);
        sqla_conn_release(conn, "here", err);
        sqla_conn_rollback(conn, err);
        sqla_execute_script(conn, "SELECT 1; SELECT 2", err);
    }
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- rows ----------------------------------------------------------------------------------------------------------- */

static const char some_rows[] = "SELECT 1 AS a, 'text' AS b UNION ALL SELECT 2, 'more text' UNION ALL SELECT 3, NULL";

static void read_rows(const char *url, sqla_error *err)
{
    sqla_engine *db = sqla_create_engine(url, NULL, err);
    sqla_stmt *q = db != NULL ? sqla_stmt_keep(sqla_sql(db, some_rows)) : NULL;
    int64_t sum = 0;
    if (q == NULL && !sqla_failed(err))
        err->status = SQLA_ERR_NOMEM; /* which is what NULL says here */
    if (q != NULL) {
        SQLA_EACH_ROW(row, q, err)
            sum += sqla_row_i64(row, "a", err);
        CU_ASSERT(sqla_failed(err) || sum == 6);
        SQLA_STREAM_ROW(row, q, err)
            sum += sqla_row_i64_at(row, 0, err);
        CU_ASSERT(sqla_failed(err) || sum == 12);
        const char *text = sqla_stmt_text(q, err);
        CU_ASSERT(sqla_failed(err) || text != NULL);
    }
    sqla_stmt_free(q);
    q = db != NULL && !sqla_failed(err) ? sqla_sql(db, "SELECT 5") : NULL;
    int64_t five = q != NULL ? sqla_scalar_i64(q, err) : 5;
    CU_ASSERT(sqla_failed(err) || five == 5);
    sqla_stmt_free(q);
    sqla_engine_free(db);
}

static void misspell_table(const char *url, sqla_error *err)
{
    sqla_engine *db = sqla_create_engine(url, NULL, err);
    if (db != NULL)
        sqla_execute(db, "SELECT * FROM no_such_table", NULL, err);
    sqla_engine_free(db);
}

/* ---- what only PostgreSQL has ---------------------------------------------------------------------------------------- */

static void copy_in_and_out(const char *url, sqla_error *err)
{
    sqla_engine *db = sqla_create_engine(url, NULL, err);
    sqla_conn *conn = db != NULL ? sqla_connect(db, err) : NULL;
    const void *data = NULL;
    size_t size = 0;
    int64_t rows = 0;
    if (conn != NULL)
        sqla_execute(conn, "CREATE TEMP TABLE copied (n INTEGER)", NULL, err);
    sqla_copy *copy = !sqla_failed(err) ? sqla_copy_in(conn, "COPY copied FROM STDIN", err) : NULL;
    if (copy != NULL && sqla_copy_write(copy, "1\n2\n", 4, err) == SQLA_OK) {
        CU_ASSERT(sqla_copy_end(copy, &rows, err) != SQLA_OK || rows == 2);
    } else {
        sqla_copy_cancel(copy);
    }
    copy = !sqla_failed(err) ? sqla_copy_out(conn, "COPY copied TO STDOUT", err) : NULL;
    while (copy != NULL && sqla_copy_read(copy, &data, &size, err) == SQLA_OK && data != NULL)
        continue;
    if (copy != NULL)
        sqla_copy_end(copy, &rows, err);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static void choose_isolation(const char *url, sqla_error *err)
{
    sqla_isolation level = SQLA_ISOLATION_DEFAULT;
    sqla_engine *db = sqla_create_engine(url, NULL, err);
    sqla_conn *conn = db != NULL ? sqla_connect(db, err) : NULL;
    if (conn != NULL && sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.isolation = SQLA_SERIALIZABLE, .read_only = true, .deferrable = true), err) == SQLA_OK &&
        sqla_conn_isolation(conn, &level, err) == SQLA_OK) {
        CU_ASSERT_EQUAL(level, SQLA_SERIALIZABLE);
    }
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- models --------------------------------------------------------------------------------------------------------- */

static sqla_metadata *make_models(sqla_error *err)
{
    sqla_metadata *base = sqla_metadata_new(err);
    if (base != NULL)
        sqla_metadata_add(base, SQLA_MODELS(User, Address, Node), err);
    return base;
}

static void make_tables(const char *url, sqla_error *err)
{
    sqla_metadata *base = make_models(err), *found = NULL;
    sqla_engine *db = base != NULL ? sqla_create_engine(url, NULL, err) : NULL;
    if (db != NULL && sqla_metadata_create_all(base, db, err) == SQLA_OK) {
        sqla_metadata_create_all(base, db, err); /* and all are there */
        found = sqla_inspect(db, NULL, err);
    }
    sqla_metadata_free(found);
    if (db != NULL && !sqla_failed(err))
        sqla_metadata_drop_all(base, db, err);
    sqla_engine_free(db);
    sqla_metadata_free(base);
}

static void stream_objects(const char *url, sqla_error *err)
{
    sqla_engine *db = sqla_create_engine(url, NULL, err);
    sqla_stmt *q = db != NULL ? sqla_stmt_keep(sqla_select(db, User)) : NULL;
    size_t n = 0;
    if (q == NULL && !sqla_failed(err))
        err->status = SQLA_ERR_NOMEM;
    if (q != NULL) {
        sqla_order_by(q, sqla_col(User, id));
        SQLA_STREAM(User, u, q, err)
            n += u->id > 0;
        CU_ASSERT(sqla_failed(err) || n == 3);
        size_t count = 0;
        const User *const *all = (const User *const *)sqla_all(q, User, &count, err);
        CU_ASSERT(sqla_failed(err) || (all != NULL && count == 3));
    }
    sqla_stmt_free(q);
    sqla_engine_free(db);
}

#define WORK(name, function, ...) static void name(const char *url) { static const work w = { function, __VA_ARGS__ }; try_all(url, &w); }
WORK(memory_list, list_drivers, SQLA_OK)
WORK(memory_nothing, find_nothing, SQLA_ERR_PLUGIN)
WORK(memory_engine, make_engine, SQLA_OK)
WORK(memory_option, misspell_option, SQLA_ERR_CONFIG)
WORK(memory_events, tell_events, SQLA_OK)
WORK(memory_rows, read_rows, SQLA_OK)
WORK(memory_misspelt, misspell_table, SQLA_ERR_SQL)
WORK(memory_copy, copy_in_and_out, SQLA_OK)
WORK(memory_isolation, choose_isolation, SQLA_OK)
WORK(memory_tables, make_tables, SQLA_OK)

static void memory_stream(const char *url)
{
    static const work w = { stream_objects, SQLA_OK };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_metadata *base = make_models(&err);
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_metadata_create_all(base, db, &err);
    sqla_engine_free(db);
    CU_ASSERT_FATAL(is(&err, SQLA_OK));
    harness_sql(url, "INSERT INTO users (id, name, active) VALUES (1, 'a', true), (2, 'b', true), (3, 'c', false)");
    try_all(url, &w);
    sqla_metadata_free(base);
}

/* What a statement is cannot be left out: however often it is used, it says the same. */
static void unmade_statements_stay_so(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_stmt *q = NULL;
    static char text[100000]; /* a frame of that size would look like another stack */
    snprintf(text, sizeof text, "SELECT 1%*s", (int)sizeof text - 10, " "); /* its copy needs a block of its own */
    for (uint64_t point = 1; q == NULL; point++) {
        sqla__alloc_fail_at(point, true);
        q = sqla_sql(db, text);
        sqla__alloc_fail_at(0, false);
    }
    sqla_stmt *empty = sqla_stmt_keep(sqla_sql(db, NULL));
    sqla_stmt_keep(q);
    for (int i = 0; i < 3; i++) {
        sqla_error again = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(sqla_exec(empty, NULL, &again), SQLA_ERR_MISUSE);
        CU_ASSERT(says(&again, "has no text"));
        sqla_error_clear(&again);
        CU_ASSERT_EQUAL(sqla_exec(q, NULL, &again), SQLA_ERR_NOMEM);
    }
    sqla_stmt_free(q);
    sqla_stmt_free(empty);
    sqla_engine_free(db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "drivers listed", memory_list, HARNESS_PLAIN },
        { "no driver", memory_nothing, HARNESS_PLAIN },
        { "an engine with options", memory_engine, HARNESS_SQLITE },
        { "an option that nobody knows", memory_option, HARNESS_SQLITE },
        { "events", memory_events, HARNESS_SQLITE },
        { "rows", memory_rows, HARNESS_SQLITE },
        { "statements that could not be made", unmade_statements_stay_so, HARNESS_SQLITE },
        { "a table that is not there", memory_misspelt, HARNESS_SQLITE },
        { "copy", memory_copy, HARNESS_POSTGRES },
        { "isolation", memory_isolation, HARNESS_POSTGRES },
        { "tables made, found and dropped", memory_tables, HARNESS_SQLITE },
        { "objects as a stream", memory_stream, HARNESS_SQLITE },
    };
    return harness_main("test-memory", tests, sizeof tests / sizeof tests[0]);
}
