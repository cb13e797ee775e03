/* test-postgres-libpq.c: the PostgreSQL driver over a libpq, and a system, that fail.
 *
 * Each function that the driver calls and that can fail is wrapped by the linker (see tests/Makefile.am). For each piece of work a
 * free run counts the calls; then each of them fails in turn, once with the link alive and once with the link broken by it. The work
 * ends with OK, or with a failure that was told, in words; and the connection works on, or says that it is lost. What was done in a
 * transaction and failed is not there after the rollback. */
#include <config.h>
#include "postgres-driver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

/* ---- calls that fail ------------------------------------------------------------------------------------------------- */

enum call {
    MEMORY, POLL, POLL_AGAIN, RANDOM, LOCALE, THREAD, MUTEX, CONDITION, CONDITION_ATTRIBUTE, DEFAULTS, CONNECT, NONBLOCKING, GET_CANCEL, ESCAPE, SEND_QUERY,
    SEND_PARAMS, SEND_PREPARED, SEND_PREPARE, SEND_DESCRIBE, ENTER_PIPELINE, EXIT_PIPELINE, SYNC, SINGLE_ROWS, CONSUME, FLUSH, GET_RESULT, EMPTY_RESULT,
    PUT_COPY, END_COPY, GET_COPY, SET_VALUE, CALLS
};

static struct {
    int left[CALLS];           /* calls up to the one that fails; 0: none does */
    int seen[CALLS];
    bool breaks;               /* the link is broken by it */
    bool broken;
} faults;

static bool fails(enum call call)
{
    faults.seen[call]++;
    if (faults.left[call] == 0 || --faults.left[call] > 0)
        return false;
    faults.broken = faults.breaks && call >= SEND_QUERY;
    return true;
}

#define WRAPPED(call, type, name, declared, given, failure) \
    type __real_##name declared; \
    type __wrap_##name declared; \
    type __wrap_##name declared { return fails(call) ? failure : __real_##name given; }

WRAPPED(MEMORY, void *, malloc, (size_t n), (n), NULL)
WRAPPED(MEMORY, void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAPPED(MEMORY, void *, realloc, (void *block, size_t n), (block, n), NULL)
WRAPPED(RANDOM, ssize_t, getrandom, (void *room, size_t n, unsigned flags), (room, n, flags), -1)
WRAPPED(LOCALE, locale_t, newlocale, (int mask, const char *name, locale_t base), (mask, name, base), (locale_t)0)
WRAPPED(THREAD, int, pthread_create, (pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *), void *arg), (t, attr, run, arg), EAGAIN)
WRAPPED(MUTEX, int, pthread_mutex_init, (pthread_mutex_t *lock, const pthread_mutexattr_t *attr), (lock, attr), ENOMEM)
WRAPPED(CONDITION, int, pthread_cond_init, (pthread_cond_t *cond, const pthread_condattr_t *attr), (cond, attr), ENOMEM)
WRAPPED(CONDITION_ATTRIBUTE, int, pthread_condattr_init, (pthread_condattr_t *attr), (attr), ENOMEM)
WRAPPED(DEFAULTS, PQconninfoOption *, PQconndefaults, (void), (), NULL)
WRAPPED(CONNECT, PGconn *, PQconnectStartParams, (const char *const *keys, const char *const *values, int expand), (keys, values, expand), NULL)
WRAPPED(NONBLOCKING, int, PQsetnonblocking, (PGconn *link, int on), (link, on), -1)
WRAPPED(GET_CANCEL, PGcancel *, PQgetCancel, (PGconn *link), (link), NULL)
WRAPPED(ESCAPE, char *, PQescapeLiteral, (PGconn *link, const char *text, size_t n), (link, text, n), NULL)
WRAPPED(ESCAPE, char *, PQescapeIdentifier, (PGconn *link, const char *text, size_t n), (link, text, n), NULL)
WRAPPED(SEND_QUERY, int, PQsendQuery, (PGconn *link, const char *text), (link, text), 0)
WRAPPED(SEND_PARAMS, int, PQsendQueryParams, (PGconn *link, const char *text, int n, const Oid *types, const char *const *values, const int *lengths,
    const int *formats, int format), (link, text, n, types, values, lengths, formats, format), 0)
WRAPPED(SEND_PREPARED, int, PQsendQueryPrepared, (PGconn *link, const char *name, int n, const char *const *values, const int *lengths,
    const int *formats, int format), (link, name, n, values, lengths, formats, format), 0)
WRAPPED(SEND_PREPARE, int, PQsendPrepare, (PGconn *link, const char *name, const char *text, int n, const Oid *types), (link, name, text, n, types), 0)
WRAPPED(SEND_DESCRIBE, int, PQsendDescribePrepared, (PGconn *link, const char *name), (link, name), 0)
WRAPPED(ENTER_PIPELINE, int, PQenterPipelineMode, (PGconn *link), (link), 0)
WRAPPED(EXIT_PIPELINE, int, PQexitPipelineMode, (PGconn *link), (link), 0)
WRAPPED(SYNC, int, PQpipelineSync, (PGconn *link), (link), 0)
WRAPPED(SINGLE_ROWS, int, PQsetSingleRowMode, (PGconn *link), (link), 0)
WRAPPED(CONSUME, int, PQconsumeInput, (PGconn *link), (link), 0)
WRAPPED(FLUSH, int, PQflush, (PGconn *link), (link), -1)
WRAPPED(GET_RESULT, PGresult *, PQgetResult, (PGconn *link), (link), NULL)
WRAPPED(EMPTY_RESULT, PGresult *, PQmakeEmptyPGresult, (PGconn *link, ExecStatusType status), (link, status), NULL)
WRAPPED(PUT_COPY, int, PQputCopyData, (PGconn *link, const char *data, int n), (link, data, n), -1)
WRAPPED(END_COPY, int, PQputCopyEnd, (PGconn *link, const char *why), (link, why), -1)
WRAPPED(GET_COPY, int, PQgetCopyData, (PGconn *link, char **row, int async), (link, row, async), -2)
WRAPPED(SET_VALUE, int, PQsetvalue, (PGresult *res, int row, int column, char *value, int n),
        (res, row, column, value, n), 0)

/* A signal may interrupt it, which is no failure. */
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
    bool again = fails(POLL_AGAIN), broken = fails(POLL);
    errno = again ? EINTR : EINVAL;
    return again || broken ? -1 : __real_poll(fds, n, timeout);
}

ConnStatusType __real_PQstatus(const PGconn *link);
ConnStatusType __wrap_PQstatus(const PGconn *link);
ConnStatusType __wrap_PQstatus(const PGconn *link) { return faults.broken ? CONNECTION_BAD : __real_PQstatus(link); }

static void no_faults(void) { memset(&faults, 0, sizeof faults); }

/* ---- pieces of work -------------------------------------------------------------------------------------------------- */

typedef struct work {
    const char *name;
    sqla_status (*run)(sqla_driver_conn *conn, sqla_error *err);
    bool inside;               /* a transaction is open already */
} work;

static const char *the_url; /* for work that connects */

static sqla_status run_select(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_driver_result *result = NULL;
    sqla_status status = linked_exec(conn, "SELECT 1, 'a'", 0, &result, err);
    const sqla_value *values = NULL;
    if (status == SQLA_OK && (status = linked_driver()->ops->result_view(result, &values, opaque(err))) == SQLA_OK)
        CU_ASSERT(values != NULL && values[0].as.i64 == 1);
    linked_driver()->ops->result_close(result);
    return status;
}

static sqla_status run_script(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_driver_result *result = NULL;
    sqla_status status = linked_exec(conn, "SELECT 1; SELECT 2", SQLA_EXEC_SCRIPT, &result, err);
    linked_driver()->ops->result_close(result);
    return status;
}

/* To its end, and then to the middle. */
static sqla_status run_stream(sqla_driver_conn *conn, sqla_error *err)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_status status = SQLA_OK;
    for (int most = 100; most > 0 && status == SQLA_OK; most -= 90) {
        sqla_driver_result *result = NULL;
        const sqla_value *values = NULL;
        int n = 0;
        status = linked_exec(conn, "SELECT i FROM generate_series(1, 20) i", SQLA_EXEC_STREAM, &result, err);
        if (status != SQLA_OK)
            return status;
        while (n < most && (status = ops->result_view(result, &values, opaque(err))) == SQLA_OK && values != NULL)
            CU_ASSERT_EQUAL(values[0].as.i64, ++n);
        CU_ASSERT(status != SQLA_OK || n == (most > 20 ? 20 : most));
        ops->result_close(result);
    }
    return status;
}

static const int32_t numbers[64] = { 1, 2, 3 };
static const sqla_slot number_slot = { .type = SQLA_INT32, .rep = SQLA_REP_FIXED, .size = 4, .set_offset = -1, .name = "n" };
static const sqla_plan number_plan = { sizeof number_plan, 1, &number_slot };

static sqla_status run_prepared(sqla_driver_conn *conn, sqla_error *err)
{
    static const char text[] = "SELECT $1::int4 + 1";
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_stmt *stmt = NULL;
    sqla_driver_result *result = NULL;
    sqla_status status = ops->prepare(conn, text, sizeof text - 1, &number_plan, 1, NULL, &stmt, opaque(err));
    if (status == SQLA_OK) {
        const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, stmt };
        status = ops->exec(conn, &statement, &number_plan, numbers, NULL, &result, opaque(err));
        ops->result_close(result);
    }
    ops->stmt_close(stmt);
    return status;
}

/* Enough of them that those which were closed are taken from the server. */
static sqla_status run_many_prepared(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (int i = 0; i < 17 && status == SQLA_OK; i++)
        status = run_prepared(conn, err);
    return status;
}

static sqla_status run_transaction(sqla_driver_conn *conn, sqla_error *err)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    const sqla_txn_options options = { .struct_size = sizeof options, .flags = SQLA_TXN_TOKEN };
    sqla_status status = ops->begin(conn, &options, opaque(err));
    if (status == SQLA_OK)
        status = ops->savepoint(conn, SQLA_SAVEPOINT_SET, "here", opaque(err));
    if (status == SQLA_OK)
        status = linked_run(conn, "CREATE TEMP TABLE gone (n int) ON COMMIT DROP", err);
    if (status == SQLA_OK)
        status = ops->savepoint(conn, SQLA_SAVEPOINT_RELEASE, "here", opaque(err));
    return status == SQLA_OK ? ops->commit(conn, &options, opaque(err)) : status;
}

static sqla_status run_twophase(sqla_driver_conn *conn, sqla_error *err)
{
    const sqla_twophase_ops *ops = linked_driver()->extension(SQLA_TWOPHASE);
    const sqla_txn_options options = { .struct_size = sizeof options };
    char gid[64];
    static int count;
    snprintf(gid, sizeof gid, "libpq %d %d", (int)getpid(), count++);
    sqla_status status = linked_driver()->ops->begin(conn, &options, opaque(err));
    if (status == SQLA_OK)
        status = ops->prepare(conn, gid, 0, opaque(err));
    return status == SQLA_OK ? ops->finish(conn, gid, 1, 0, opaque(err)) : status;
}

static sqla_status look_at_prepared(sqla_prepared_sink *sink, const sqla_prepared_record *record)
{
    (void)sink;
    return record->gid != NULL ? SQLA_OK : SQLA_ERR_PROTOCOL;
}

static sqla_status run_recover(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_prepared_sink sink = { look_at_prepared };
    return ((const sqla_twophase_ops *)linked_driver()->extension(SQLA_TWOPHASE))->recover(conn, &sink, 0, opaque(err));
}

/* count rows in a mode, with the keys that the database makes. */
static sqla_status run_batch(sqla_driver_conn *conn, uint32_t mode, size_t count, bool prepared, sqla_error *err)
{
    static const char columns[] = "INSERT INTO t (n) SELECT c0 FROM unnest($1::int4[]) WITH ORDINALITY AS u(c0, o) ORDER BY u.o RETURNING id";
    static const char each[] = "INSERT INTO t (n) VALUES ($1) RETURNING id";
    const char *text = mode == SQLA_BATCH_COLUMNS ? columns : each;
    const sqla_driver_ops *ops = linked_driver()->ops;
    const sqla_exec_options options = { sizeof options, mode == SQLA_BATCH_COLUMNS ? SQLA_EXEC_COLUMNS : 0, 0 };
    struct { int32_t n; int64_t id; } rows[64];
    void *pointers[64];
    const sqla_slot key = { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8, .offset = (uint32_t)((char *)&rows[0].id - (char *)&rows[0]), .set_offset = -1 };
    const sqla_plan keys = { sizeof keys, 1, &key };
    sqla_batch batch = { .struct_size = sizeof batch, .mode = mode, .plan = &number_plan, .rows = pointers, .count = count, .rows_per_statement = 1,
                         .key_source = SQLA_KEY_RETURNED, .keys = &keys };
    sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    for (size_t i = 0; i < count; i++) {
        rows[i].n = (int32_t)i;
        rows[i].id = 0;
        pointers[i] = &rows[i];
    }
    sqla_status status = prepared ? ops->prepare(conn, text, strlen(text), &number_plan, 1, &options, &statement.prepared, opaque(err)) : SQLA_OK;
    if (status == SQLA_OK)
        status = ops->execute_many(conn, &statement, &batch, &options, opaque(err));
    CU_ASSERT(status != SQLA_OK || (batch.affected == (int64_t)count && rows[0].id > 0 && rows[count - 1].id > 0));
    ops->stmt_close(statement.prepared);
    return status;
}

static sqla_status run_columns(sqla_driver_conn *conn, sqla_error *err) { return run_batch(conn, SQLA_BATCH_COLUMNS, 10, true, err); }
static sqla_status run_traced(sqla_driver_conn *conn, sqla_error *err) { return run_batch(conn, SQLA_BATCH_COLUMNS, 60, true, err); }
static sqla_status run_traced_text(sqla_driver_conn *conn, sqla_error *err) { return run_batch(conn, SQLA_BATCH_COLUMNS, 60, false, err); }
static sqla_status run_each(sqla_driver_conn *conn, sqla_error *err) { return run_batch(conn, SQLA_BATCH_EACH, 5, true, err); }
static sqla_status run_each_text(sqla_driver_conn *conn, sqla_error *err) { return run_batch(conn, SQLA_BATCH_EACH, 5, false, err); }
static sqla_status run_one(sqla_driver_conn *conn, sqla_error *err) { return run_batch(conn, SQLA_BATCH_EACH, 1, true, err); }

/* The first row's keys come as those of a stream do, since nothing puts that off between the two. */
static sqla_status run_each_after_a_stream(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_status status = run_stream(conn, err);
    return status == SQLA_OK ? run_each_text(conn, err) : status;
}

/* A batch whose last row breaks a constraint, so that the row has to be found; what fails on the way hides only that. */
static sqla_status run_blame(sqla_driver_conn *conn, sqla_error *err)
{
    static const char text[] = "INSERT INTO t (n) SELECT 1 / (59 - c0) FROM unnest($1::int4[]) AS u(c0)";
    int32_t rows[60];
    void *pointers[60];
    sqla_batch batch = { .struct_size = sizeof batch, .mode = SQLA_BATCH_COLUMNS, .plan = &number_plan, .rows = pointers, .count = 60, .rows_per_statement = 1 };
    const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, NULL };
    for (int32_t i = 0; i < 60; i++) {
        rows[i] = i;
        pointers[i] = &rows[i];
    }
    sqla_status status = linked_driver()->ops->execute_many(conn, &statement, &batch, NULL, opaque(err));
    if (status != SQLA_ERR_DATA)
        return status;
    CU_ASSERT(err->row == 60 || err->row == 0); /* 0: finding it failed */
    CU_ASSERT_STRING_EQUAL(err->sqlstate, "22012");
    sqla_error_clear(err);
    return SQLA_OK;
}

static const sqla_bulk_ops *bulk(void) { return linked_driver()->extension(SQLA_BULK); }

static sqla_status run_copy_in(sqla_driver_conn *conn, sqla_error *err)
{
    static const char text[] = "COPY t (n) FROM STDIN";
    static char rows[100000];
    sqla_driver_copy *copy = NULL;
    int64_t count = 0;
    memset(rows, '0', sizeof rows);
    for (size_t i = 1000; i <= sizeof rows; i += 1000)
        memcpy(rows + i - 2, "7\n", 2);
    sqla_status status = bulk()->open(conn, text, sizeof text - 1, SQLA_COPY_IN, NULL, &copy, opaque(err));
    if (status != SQLA_OK)
        return status;
    status = bulk()->put(copy, rows, sizeof rows, opaque(err));
    if (status != SQLA_OK) {
        bulk()->abort(copy);
        return status;
    }
    status = bulk()->finish(copy, &count, opaque(err));
    CU_ASSERT(status != SQLA_OK || count == sizeof rows / 1000);
    return status;
}

static sqla_status run_copy_out(sqla_driver_conn *conn, sqla_error *err)
{
    static const char text[] = "COPY (SELECT i FROM generate_series(1, 5) i) TO STDOUT";
    sqla_driver_copy *copy = NULL;
    const void *data = text;
    size_t size, seen = 0;
    int64_t count = 0;
    sqla_status status = bulk()->open(conn, text, sizeof text - 1, SQLA_COPY_OUT, NULL, &copy, opaque(err));
    if (status != SQLA_OK)
        return status;
    while (status == SQLA_OK && data != NULL) {
        status = bulk()->get(copy, &data, &size, opaque(err));
        seen += status == SQLA_OK ? size : 0;
    }
    CU_ASSERT(status != SQLA_OK || seen == 10);
    if (status != SQLA_OK) {
        bulk()->abort(copy);
        return status;
    }
    status = bulk()->finish(copy, &count, opaque(err));
    CU_ASSERT(status != SQLA_OK || count == 5);
    return status;
}

/* Given up in the middle, both ways, and refused where a statement is run. */
static sqla_status run_copy_abort(sqla_driver_conn *conn, sqla_error *err)
{
    static const char in[] = "COPY t (n) FROM STDIN", out[] = "COPY (SELECT i FROM generate_series(1, 1000) i) TO STDOUT";
    sqla_driver_copy *copy = NULL;
    sqla_status status = bulk()->open(conn, in, sizeof in - 1, SQLA_COPY_IN, NULL, &copy, opaque(err));
    if (status == SQLA_OK)
        bulk()->abort(copy);
    if (status == SQLA_OK)
        status = bulk()->open(conn, out, sizeof out - 1, SQLA_COPY_OUT, NULL, &copy, opaque(err));
    if (status == SQLA_OK)
        bulk()->abort(copy);
    if (status != SQLA_OK)
        return status;
    status = bulk()->open(conn, out, sizeof out - 1, SQLA_COPY_IN, NULL, &copy, opaque(err));
    CU_ASSERT_PTR_NULL(status == SQLA_OK ? copy : NULL);
    if (status == SQLA_ERR_MISUSE) {
        sqla_error_clear(err);
        status = linked_run(conn, out, err);
    }
    if (status != SQLA_ERR_UNSUPPORTED)
        return status;
    sqla_error_clear(err);
    sqla_driver_result *result = NULL;
    status = linked_exec(conn, in, SQLA_EXEC_STREAM, &result, err);
    if (status != SQLA_ERR_UNSUPPORTED)
        return status;
    sqla_error_clear(err);
    return SQLA_OK;
}

static sqla_status look_at_table(sqla_reflect_sink *sink, uint32_t kind, const void *record)
{
    (void)sink, (void)kind;
    return record != NULL ? SQLA_OK : SQLA_ERR_PROTOCOL;
}

static sqla_status run_reflect(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_reflect_sink sink = { look_at_table };
    return linked_driver()->ops->reflect(conn, SQLA_REFLECT_TABLES, NULL, &sink, opaque(err));
}

/* Statements that somebody prepared by SQL go. */
static sqla_status run_reset(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_status status = linked_run(conn, "DEALLOCATE ALL", err);
    if (status == SQLA_OK)
        status = linked_run(conn, "PREPARE foreign_one AS SELECT 1", err);
    return status == SQLA_OK ? linked_driver()->ops->reset(conn, 0, opaque(err)) : status;
}

static sqla_status run_ping(sqla_driver_conn *conn, sqla_error *err) { return linked_driver()->ops->ping(conn, 0, 0, opaque(err)); }

static sqla_status run_resolve(sqla_driver_conn *conn, sqla_error *err)
{
    int32_t outcome = -1;
    sqla_status status = linked_driver()->ops->resolve(conn, "xid:3", 0, &outcome, opaque(err));
    CU_ASSERT(status != SQLA_OK || outcome == SQLA_OUTCOME_UNKNOWN || outcome == SQLA_OUTCOME_COMMITTED || outcome == SQLA_OUTCOME_ROLLED_BACK);
    return status;
}

/* What takes too long is cancelled by the driver, or by another. */
static sqla_status run_overdue(sqla_driver_conn *conn, sqla_error *err)
{
    static const char text[] = "SELECT pg_sleep(30)";
    const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, NULL };
    const sqla_exec_options options = { sizeof options, 0, postgres__now() + 20 * 1000000 };
    sqla_driver_result *result = NULL;
    sqla_status status = linked_driver()->ops->exec(conn, &statement, NULL, NULL, &options, &result, opaque(err));
    CU_ASSERT_NOT_EQUAL(status, SQLA_OK);
    if (status != SQLA_ERR_TIMEOUT)
        return status;
    sqla_error_clear(err);
    return SQLA_OK;
}

static sqla_status run_cancel(sqla_driver_conn *conn, sqla_error *err)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_canceller *canceller = NULL;
    sqla_driver_result *result = NULL;
    sqla_status status = ops->cancel_new(conn, &canceller, opaque(err));
    if (status != SQLA_OK)
        return status;
    status = linked_exec(conn, "SELECT i FROM generate_series(1, 20000) i", SQLA_EXEC_STREAM, &result, err);
    if (status == SQLA_OK)
        status = ops->cancel_fire(canceller, 0, opaque(err));
    ops->result_close(result);
    ops->cancel_free(canceller);
    return status;
}

static sqla_status run_open(sqla_driver_conn *conn, sqla_error *err)
{
    (void)conn;
    sqla_status status = SQLA_OK;
    for (uint32_t flags = 0; flags <= (SQLA_CONNECT_POOLED | SQLA_CONNECT_READ_ONLY) && status == SQLA_OK; flags++) {
        sqla_driver_conn *other = NULL;
        status = pg_open_with(the_url, flags, 0, &other, err);
        CU_ASSERT((status == SQLA_OK) == (other != NULL));
        linked_driver()->ops->close(other);
    }
    return status;
}

static const work statement_work[] = {
    { "select", run_select, false },
    { "script", run_script, false },
    { "stream", run_stream, false },
    { "stream in a transaction", run_stream, true },
    { "prepared", run_prepared, false },
    { "many prepared", run_many_prepared, false },
    { "transaction", run_transaction, false },
    { "two-phase", run_twophase, false },
    { "recover", run_recover, false },
};

static const work batch_work[] = {
    { "columns", run_columns, true },
    { "columns, traced", run_traced, true },
    { "columns, traced, as text", run_traced_text, true },
    { "each", run_each, true },
    { "each as text", run_each_text, true },
    { "each after a stream", run_each_after_a_stream, true },
    { "one", run_one, true },
    { "blame", run_blame, true },
};

static const work other_work[] = {
    { "copy in", run_copy_in, true },
    { "copy out", run_copy_out, true },
    { "copy given up", run_copy_abort, false },
    { "reflect", run_reflect, false },
    { "reset", run_reset, false },
    { "ping", run_ping, false },
    { "resolve", run_resolve, false },
    { "cancel", run_cancel, false },
    { "overdue", run_overdue, false },
    { "open", run_open, false },
};

/* ---- trying ---------------------------------------------------------------------------------------------------------- */

static sqla_driver_conn *ready(sqla_driver_conn *conn, const work *w)
{
    const sqla_txn_options options = { .struct_size = sizeof options };
    if (conn == NULL)
        conn = pg_open(the_url);
    if (w->inside)
        CU_ASSERT_EQUAL_FATAL(linked_driver()->ops->begin(conn, &options, NULL), SQLA_OK);
    return conn;
}

/* The connection works on, or says that it is lost; then it is closed.  Returns: it, or NULL. */
static sqla_driver_conn *afterwards(sqla_driver_conn *conn, bool *ret_ok)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    const sqla_txn_options options = { .struct_size = sizeof options };
    sqla_error err = SQLA_ERROR_INIT;
    if (ops->txn_state(conn) == SQLA_TXN_LOST) {
        *ret_ok = linked_run(conn, "SELECT 1", &err) == SQLA_ERR_DISCONNECTED && ops->ping(conn, SQLA_PING_LOOK, 0, NULL) == SQLA_ERR_DISCONNECTED;
        ops->close(conn);
        return NULL;
    }
    *ret_ok = ops->rollback(conn, &options, opaque(&err)) == SQLA_OK && run_select(conn, &err) == SQLA_OK &&
              ops->txn_state(conn) == SQLA_TXN_IDLE;
    if (*ret_ok)
        return conn;
    fprintf(stderr, "%s\n", err.message);
    ops->close(conn);
    return NULL;
}

static sqla_driver_conn *try_at(sqla_driver_conn *conn, const work *w, enum call call, int n, bool breaks)
{
    sqla_error err = SQLA_ERROR_INIT;
    conn = ready(conn, w);
    no_faults();
    faults.breaks = breaks;
    faults.left[call] = n;
    sqla_status status = w->run(conn, &err);
    faults.left[call] = 0;
    bool told = status == SQLA_OK ? err.status == SQLA_OK : (sqla_status)err.status == status && err.message[0] != '\0', works = false;
    bool fits = call != MEMORY || status == SQLA_OK || status == SQLA_ERR_NOMEM;
    conn = afterwards(conn, &works);
    no_faults();
    if (!told || !works || !fits)
        fprintf(stderr, "%s, call %d, the %d. of them, %s: %s: %s\n", w->name, (int)call, n, breaks ? "broken" : "alive", sqla_status_name(status), err.message);
    CU_ASSERT(told);
    CU_ASSERT(fits);
    CU_ASSERT(works);
    return conn;
}

/* What was prepared and never finished, since that failed. */
static void finish_prepared(const char *url)
{
    static const char query[] = "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() LIMIT 1";
    for (const char *gid = harness_sql_text(url, query); gid[0] != '\0'; gid = harness_sql_text(url, query)) {
        char sql[200];
        snprintf(sql, sizeof sql, "ROLLBACK PREPARED '%s'", gid);
        CU_ASSERT_FATAL(harness_sql(url, sql));
    }
}

/* Of many calls of a kind the first and some later ones. */
static int next_of(int n) { return n < 3 ? n + 1 : 3 * n; }

static void try_all(const char *url, const work *all, size_t count)
{
    the_url = url;
    harness_sql(url, "CREATE TABLE t (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n INTEGER)");
    for (size_t i = 0; i < count; i++) {
        const work *w = &all[i];
        sqla_error err = SQLA_ERROR_INIT;
        sqla_driver_conn *conn = ready(NULL, w);
        int seen[CALLS];
        bool works = false;
        int64_t began = now_ms();
        no_faults();
        CU_ASSERT_EQUAL(w->run(conn, &err), SQLA_OK);
        if (err.status != SQLA_OK)
            fprintf(stderr, "%s: %s\n", w->name, err.message);
        memcpy(seen, faults.seen, sizeof seen);
        conn = afterwards(conn, &works);
        CU_ASSERT(works);
        for (enum call call = 0; call < CALLS; call++) {
            for (int n = 1; n <= seen[call]; n = next_of(n)) {
                if (call != GET_RESULT) /* no result is the end of them, unless the link is broken */
                    conn = try_at(conn, w, call, n, false);
                if (call >= SEND_QUERY)
                    conn = try_at(conn, w, call, n, true);
            }
        }
        if (conn != NULL)
            linked_driver()->ops->close(conn);
        finish_prepared(url);
        if (getenv("SQLA_TEST_VERBOSE") != NULL)
            printf("  %s: %d ms\n", w->name, (int)(now_ms() - began));
    }
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
}

static void statements__survive_failing_calls(const char *url) { try_all(url, statement_work, sizeof statement_work / sizeof statement_work[0]); }
static void batches__survive_failing_calls(const char *url) { try_all(url, batch_work, sizeof batch_work / sizeof batch_work[0]); }
static void other_work__survives_failing_calls(const char *url) { try_all(url, other_work, sizeof other_work / sizeof other_work[0]); }

/* ---- the entry ------------------------------------------------------------------------------------------------------- */

int __real_PQisthreadsafe(void);
int __wrap_PQisthreadsafe(void);
static bool is_threadsafe = true;
int __wrap_PQisthreadsafe(void) { return is_threadsafe && __real_PQisthreadsafe(); }

/* Before anything else has loaded the driver. */
static void entry__refuses_what_cannot_work(const char *url)
{
    sqla_host another = sqla__host;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver driver = { .struct_size = sizeof driver };
    (void)url;
    another.abi_major++;
    CU_ASSERT_EQUAL(sqla_driver_entry(&another, &driver, opaque(&err)), SQLA_ERR_UNSUPPORTED);
    is_threadsafe = false;
    CU_ASSERT_EQUAL(sqla_driver_entry(&sqla__host, &driver, opaque(&err)), SQLA_ERR_PLUGIN);
    CU_ASSERT(says(&err, "thread safety"));
    is_threadsafe = true;
    sqla_error_clear(&err);
    no_faults();
    faults.left[LOCALE] = 1;
    CU_ASSERT_EQUAL(sqla_driver_entry(&sqla__host, &driver, opaque(&err)), SQLA_ERR_NOMEM);
    no_faults();
    CU_ASSERT_PTR_NULL(driver.ops);
    /* An older host has less room, and gets what it has room for. */
    driver.struct_size = (uint32_t)((char *)&driver.extension - (char *)&driver);
    CU_ASSERT_EQUAL(sqla_driver_entry(&sqla__host, &driver, NULL), SQLA_OK);
    CU_ASSERT(driver.ops != NULL && driver.extension == NULL);
    CU_ASSERT_PTR_NULL(linked_driver()->extension("sqla.other/1"));
}

static void options__without_memory(const char *url)
{
    const sqla_connect_option *options = NULL;
    uint32_t count = 0;
    sqla_error err = SQLA_ERROR_INIT;
    static const enum call calls[] = { DEFAULTS, MEMORY };
    (void)url;
    (void)linked_driver();
    for (size_t i = 0; i < 2; i++) {
        no_faults();
        sqla_error_clear(&err);
        faults.left[calls[i]] = 1;
        CU_ASSERT_EQUAL(linked_driver()->ops->connect_options(&options, &count, opaque(&err)), SQLA_ERR_NOMEM);
        no_faults();
    }
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(linked_driver()->ops->connect_options(&options, &count, NULL), SQLA_OK);
        CU_ASSERT(count > 10 && strcmp(options[0].key, "database") == 0);
    }
}

static const struct harness_test tests[] = {
    { "the entry refuses what cannot work", entry__refuses_what_cannot_work, HARNESS_PLAIN },
    { "options without memory", options__without_memory, HARNESS_PLAIN },
    { "calls fail in turn: statements and transactions", statements__survive_failing_calls, HARNESS_POSTGRES },
    { "calls fail in turn: batches", batches__survive_failing_calls, HARNESS_POSTGRES },
    { "calls fail in turn: the rest", other_work__survives_failing_calls, HARNESS_POSTGRES },
};

int main(void)
{
    return harness_main("test-postgres-libpq", tests, sizeof tests / sizeof tests[0]);
}
