/* defaults.c: what stands in the place of slots that a driver leaves out, and the calls to those it fills.
 *
 * The choice is made once, when the driver is loaded, so that no caller asks whether a slot is there. */
#include <config.h>
#include "engine/engine.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "sql/compile.h"

/* ---- transactions ---------------------------------------------------------------------------------------------- */

static sqla_status run_trait(sqla_conn *conn, const char *text, int64_t deadline, const char *what, sqla_error *err)
{
    if (text == NULL)
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "driver '%s' has no way to %s", conn->driver->name, what);
    return sqla__conn_simple(conn, text, deadline, err);
}

static sqla_status own_begin(sqla_conn *conn, const sqla_txn_options *options, sqla_error *err)
{
    return conn->driver->ops.begin(conn->handle, options, sqla__opaque(err));
}

/* A template of traits with its holes filled: names[i] stands for texts[i]. */
static void fill(sqla__buf *text, const char *form, const char *const *names, const char *const *texts, size_t n)
{
    while (*form != '\0') {
        size_t i = 0;
        while (i < n && strncmp(form, names[i], strlen(names[i])) != 0)
            i++;
        sqla__buf_add_n(text, i < n ? texts[i] : form, i < n ? strlen(texts[i]) : 1);
        form += i < n ? strlen(names[i]) : 1;
    }
}

static sqla_status begin_with(sqla_conn *conn, const sqla_txn_options *options, sqla_error *err)
{
    static const char *const levels[] = { "", " ISOLATION LEVEL READ UNCOMMITTED", " ISOLATION LEVEL READ COMMITTED",
                                          " ISOLATION LEVEL REPEATABLE READ", " ISOLATION LEVEL SERIALIZABLE" };
    static const char *const names[] = { "{isolation}", "{access}", "{deferrable}" };
    const char *texts[] = { levels[options->isolation], (options->flags & SQLA_TXN_READ_ONLY) != 0 ? " READ ONLY" : "",
                            (options->flags & SQLA_TXN_DEFERRABLE) != 0 ? " DEFERRABLE" : "" };
    sqla__buf text = { 0 };
    fill(&text, conn->driver->traits.begin_with, names, texts, sizeof texts / sizeof texts[0]);
    sqla_status status = text.broken ? sqla__error_nomem(err) : sqla__conn_simple(conn, text.data, options->deadline, err);
    sqla__buf_release(&text);
    return status;
}

/* A database with one level only has it without being asked. */
static bool is_only_level(const sqla_traits *t, uint32_t isolation)
{
    return t->isolation_levels == UINT32_C(1) << isolation;
}

static bool is_able_to_refuse_writes(const sqla_traits *t)
{
    return t->begin_read_only != NULL || (t->begin_with != NULL && strstr(t->begin_with, "{access}") != NULL);
}

static sqla_status host_begin(sqla_conn *conn, const sqla_txn_options *options, sqla_error *err)
{
    const sqla_traits *t = &conn->driver->traits;
    bool reads = (options->flags & SQLA_TXN_READ_ONLY) != 0;
    bool plain = options->isolation == SQLA_ISOLATION_DEFAULT && (options->flags & SQLA_TXN_DEFERRABLE) == 0 &&
                 (!reads || t->begin_read_only != NULL);
    if (reads && !is_able_to_refuse_writes(t))
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "driver '%s' has no transactions that only read", conn->driver->name);
    if (!plain && t->begin_with != NULL)
        return begin_with(conn, options, err);
    if (options->isolation != SQLA_ISOLATION_DEFAULT && !is_only_level(t, options->isolation))
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "driver '%s' cannot choose the isolation of a transaction", conn->driver->name);
    bool writes = (options->flags & SQLA_TXN_WRITE) != 0 && t->begin_write != NULL;
    const char *text = reads ? t->begin_read_only : writes ? t->begin_write : t->begin;
    return run_trait(conn, text, options->deadline, "begin a transaction", err);
}

static sqla_status own_commit(sqla_conn *conn, const sqla_txn_options *options, sqla_error *err)
{
    return conn->driver->ops.commit(conn->handle, options, sqla__opaque(err));
}

/* A transaction that has failed is rolled back by COMMIT, and some databases call that a success. */
static sqla_status host_commit(sqla_conn *conn, const sqla_txn_options *options, sqla_error *err)
{
    if (sqla__conn_txn_state(conn) == SQLA_TXN_FAILED)
        return sqla__error_set(err, SQLA_ERR_ROLLBACK_FIRST, "cannot commit: a statement of the transaction failed, so it was rolled back");
    sqla_status status = run_trait(conn, conn->driver->traits.commit, options->deadline, "commit a transaction", err);
    bool lost = (sqla_status_class(status) & SQLA_CLASS_LOST) != 0 || sqla__conn_txn_state(conn) == SQLA_TXN_LOST;
    if (status == SQLA_OK || !lost)
        return status;
    sqla__error_prefix(err, "the connection broke while COMMIT was under way, so it may have happened: ");
    return SQLA_ERR_UNKNOWN_OUTCOME;
}

static sqla_status own_rollback(sqla_conn *conn, const sqla_txn_options *options, sqla_error *err)
{
    return conn->driver->ops.rollback(conn->handle, options, sqla__opaque(err));
}

static sqla_status host_rollback(sqla_conn *conn, const sqla_txn_options *options, sqla_error *err)
{
    return run_trait(conn, conn->driver->traits.rollback, options->deadline, "roll a transaction back", err);
}

static sqla_status own_savepoint(sqla_conn *conn, int32_t op, const char *name, sqla_error *err)
{
    return conn->driver->ops.savepoint(conn->handle, op, name, sqla__opaque(err));
}

static sqla_status host_savepoint(sqla_conn *conn, int32_t op, const char *name, sqla_error *err)
{
    static const char hole[] = "{name}";
    const sqla_traits *t = &conn->driver->traits;
    const char *form = op == SQLA_SAVEPOINT_SET ? t->savepoint : op == SQLA_SAVEPOINT_RELEASE ? t->savepoint_release : t->savepoint_rollback;
    const char *at = form != NULL ? strstr(form, hole) : NULL;
    sqla__buf text = { 0 };
    if (at == NULL)
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "driver '%s' has no savepoints", conn->driver->name);
    sqla__buf_add_n(&text, form, (size_t)(at - form));
    sqla_status status = sqla__quote_name(&text, name, t, err);
    sqla__buf_add(&text, at + sizeof hole - 1);
    if (status == SQLA_OK)
        status = text.broken ? sqla__error_nomem(err) : sqla__conn_simple(conn, text.data, conn->deadline, err);
    sqla__buf_release(&text);
    return status;
}

/* ---- sessions -------------------------------------------------------------------------------------------------- */

static sqla_status own_ping(sqla_conn *conn, uint32_t flags, int64_t deadline, sqla_error *err)
{
    return conn->driver->ops.ping(conn->handle, flags, deadline, sqla__opaque(err));
}

static sqla_status host_ping(sqla_conn *conn, uint32_t flags, int64_t deadline, sqla_error *err)
{
    const char *text = conn->driver->traits.ping;
    return (flags & SQLA_PING_LOOK) != 0 || text == NULL ? SQLA_OK : sqla__conn_simple(conn, text, deadline, err);
}

static sqla_status own_reset(sqla_conn *conn, int64_t deadline, sqla_error *err)
{
    return conn->driver->ops.reset(conn->handle, deadline, sqla__opaque(err));
}

static sqla_status host_reset(sqla_conn *conn, int64_t deadline, sqla_error *err)
{
    return run_trait(conn, conn->driver->traits.reset, deadline, "reset a connection", err);
}

static void own_abandon(sqla_conn *conn)
{
    conn->driver->ops.abandon(conn->handle);
}

static void host_abandon(sqla_conn *conn)
{
    (void)conn; /* leaked on purpose: closing it could end the session of the parent */
}

static sqla_status own_cancel_new(sqla_conn *conn, sqla_driver_canceller **ret_canceller, sqla_error *err)
{
    return conn->driver->ops.cancel_new(conn->handle, ret_canceller, sqla__opaque(err));
}

static sqla_status host_cancel_new(sqla_conn *conn, sqla_driver_canceller **ret_canceller, sqla_error *err)
{
    (void)conn;
    (void)err;
    *ret_canceller = NULL;
    return SQLA_OK;
}

static sqla_status own_resolve(sqla_conn *conn, const char *outcome, int32_t *ret_outcome, sqla_error *err)
{
    return conn->driver->ops.resolve(conn->handle, outcome, conn->deadline, ret_outcome, sqla__opaque(err));
}

static sqla_status host_resolve(sqla_conn *conn, const char *outcome, int32_t *ret_outcome, sqla_error *err)
{
    (void)outcome, (void)ret_outcome;
    return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "driver '%s' cannot tell what became of a commit", conn->driver->name);
}

static void own_set_deadline(sqla_conn *conn, int64_t deadline)
{
    conn->driver->ops.set_deadline(conn->handle, deadline);
}

static void host_set_deadline(sqla_conn *conn, int64_t deadline)
{
    (void)conn, (void)deadline;
}

static sqla_status own_reflect(sqla_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink, sqla_error *err)
{
    return conn->driver->ops.reflect(conn->handle, kind, filter, sink, sqla__opaque(err));
}

static sqla_status host_reflect(sqla_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink, sqla_error *err)
{
    (void)kind;
    (void)filter;
    (void)sink;
    return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "driver '%s' cannot tell what is in a database", conn->driver->name);
}

static sqla_status own_connect_options(const sqla_driver_ops *ops, const sqla_connect_option **ret_options, uint32_t *ret_count,
                                       sqla_error *err)
{
    return ops->connect_options(ret_options, ret_count, sqla__opaque(err));
}

static sqla_status host_connect_options(const sqla_driver_ops *ops, const sqla_connect_option **ret_options, uint32_t *ret_count,
                                        sqla_error *err)
{
    (void)ops, (void)err;
    *ret_options = NULL;
    *ret_count = 0;
    return SQLA_OK;
}

/* ---- statements ------------------------------------------------------------------------------------------------ */

static sqla_status own_prepare(sqla_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows, uint32_t flags,
                               sqla_driver_stmt **ret_stmt, sqla_error *err)
{
    const sqla_exec_options options = { sizeof options, flags, conn->deadline };
    return conn->driver->ops.prepare(conn->handle, text, length, plan, block_rows, &options, ret_stmt, sqla__opaque(err));
}

static sqla_status host_prepare(sqla_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows, uint32_t flags,
                                sqla_driver_stmt **ret_stmt, sqla_error *err)
{
    (void)conn, (void)text, (void)length, (void)plan, (void)block_rows, (void)flags, (void)err;
    *ret_stmt = NULL;
    return SQLA_OK;
}

static sqla_status own_execute_many(sqla_conn *conn, const sqla_statement *statement, sqla_batch *batch, sqla_error *err)
{
    const sqla_exec_options options = { sizeof options, batch->mode == SQLA_BATCH_COLUMNS ? SQLA_EXEC_COLUMNS : 0, conn->deadline };
    return conn->driver->ops.execute_many(conn->handle, statement, batch, &options, sqla__opaque(err));
}

/* One row of a batch: run it, count what it changed, read back what the database made. */
static sqla_status execute_one(sqla_conn *conn, const sqla_statement *statement, sqla_batch *batch, size_t i, sqla_error *err)
{
    const sqla_exec_options options = { sizeof options, 0, conn->deadline };
    const sqla_driver_ops *ops = &conn->driver->ops;
    sqla_driver_result *result = NULL;
    size_t count = 0;
    bool end = false;
    sqla_status status = ops->exec(conn->handle, statement, batch->plan, batch->rows[i], &options, &result, sqla__opaque(err));
    if (status != SQLA_OK)
        return status;
    if (batch->key_source == SQLA_KEY_RETURNED) {
        status = ops->result_fetch(result, batch->keys, batch->rows + i, 1, batch->arena, &count, &end, sqla__opaque(err));
        if (status == SQLA_OK && count != 1)
            status = sqla__error_set(err, SQLA_ERR_PROTOCOL, "an insert returned no key");
    }
    int64_t affected = ops->result_info(result)->affected;
    if (affected < 0 && count == 1)
        affected = 1;
    batch->affected = affected < 0 || batch->affected < 0 ? -1 : batch->affected + affected;
    if (affected == 0 && batch->unmatched < 0)
        batch->unmatched = (int64_t)i;
    ops->result_close(result);
    return status;
}

static sqla_status host_execute_many(sqla_conn *conn, const sqla_statement *statement, sqla_batch *batch, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    if (batch->key_source == SQLA_KEY_LAST_ID)
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "driver '%s' does not tell the last generated key", conn->driver->name);
    for (size_t i = 0; status == SQLA_OK && i < batch->count; i++) {
        status = execute_one(conn, statement, batch, i, err);
        if (status != SQLA_OK)
            err->row = (int64_t)i + 1;
    }
    return status;
}

void sqla__slots_fill(sqla__slots *slots, const sqla_driver_ops *ops)
{
#define FILL(slot) slots->slot = ops->slot != NULL ? own_##slot : host_##slot
    FILL(begin);
    FILL(commit);
    FILL(rollback);
    FILL(savepoint);
    FILL(ping);
    FILL(reset);
    FILL(prepare);
    FILL(execute_many);
    FILL(cancel_new);
    FILL(reflect);
    FILL(abandon);
    FILL(connect_options);
    FILL(resolve);
    FILL(set_deadline);
#undef FILL
}
