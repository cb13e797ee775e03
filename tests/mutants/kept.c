/* kept.c: vices of the mutant driver that keep something of one call for the next one on its
 * connection: a mode, a row, a count, a failure, a deadline, a cancel. Each does so outside of
 * transactions only, or inside of them only, so that one check alone notices. */
#include <config.h>
#include "mutant.h"

#include <string.h>

typedef struct call {
    bool inside;               /* it began in a transaction */
    bool deletes, finds_nothing, one_table;
    bool half_read;            /* a stream of structs that was closed before its end */
    uint32_t flags;            /* SQLA_EXEC_..., of begin SQLA_TXN_... */
    int64_t deadline, affected, unmatched;
    sqla_status status;
} call;
static call before, now;
static struct { sqla_driver_result *result; size_t rows; bool ended; } reading;
static int reads_only;         /* statements, up to which a transaction is read-only since one was */

void kept_opened(void)
{
    before = now = (call){ .unmatched = -1 };
    reads_only = 0;
}

static void next(sqla_driver_conn *conn)
{
    before = now;
    now = (call){ .inside = mutant_good->txn_state(conn) != SQLA_TXN_IDLE, .unmatched = -1 };
}

/* Both calls. */
static bool outside(void) { return !before.inside && !now.inside; }
static bool inside(void) { return before.inside && now.inside; }

/* ---- statements ------------------------------------------------------------------------------ */

sqla_status kept_exec(sqla_driver_conn *conn, sqla_exec_options *options, const char *text, sqla_err *err)
{
    next(conn);
    reads_only -= reads_only > 0;
    now.deletes = strncmp(text, "DELETE", 6) == 0;
    now.finds_nothing = strncmp(text, "UPDATE", 6) == 0 && strstr(text, "WHERE id < 0") != NULL;
    now.flags = options->flags;
    now.deadline = options->deadline;
    if (IS(script_kept) && outside() && strstr(text, "; INSERT") != NULL)
        options->flags |= before.flags & SQLA_EXEC_SCRIPT;
    if (IS(deadline_kept) && outside() && options->deadline == 0 && before.status == SQLA_OK)
        options->deadline = before.deadline;
    bool late = (IS(cancel_late) && outside()) || (IS(cancel_late_inside) && inside());
    if (late && before.status == SQLA_ERR_CANCELLED)
        return mutant_fail(err, SQLA_ERR_CANCELLED, "the statement was cancelled");
    return SQLA_OK;
}

void kept_exec_done(sqla_driver_result *result, sqla_status status)
{
    now.status = status;
    now.affected = status == SQLA_OK ? mutant_good->result_info(result)->affected : 0;
    reading.result = status == SQLA_OK ? result : NULL;
    reading.rows = 0;
    reading.ended = false;
}

void kept_info(sqla_result_info *info)
{
    if (IS(affected_kept) && outside() && before.deletes && now.finds_nothing)
        info->affected = before.affected;
}

/* A row of the stream that was left stands in the way of the first of these. */
void kept_fetched(sqla_driver_result *result, size_t *count, bool end)
{
    if (IS(stream_kept) && outside() && before.half_read && reading.rows == 0 && *count > 1)
        --*count;
    if (result == reading.result) {
        reading.rows += *count;
        reading.ended = end;
    }
}

void kept_close(sqla_driver_result *result)
{
    bool stream = (now.flags & SQLA_EXEC_STREAM) != 0;
    if (result == reading.result)
        now.half_read = stream && reading.rows > 0 && !reading.ended;
    reading.result = NULL;
}

/* ---- batches --------------------------------------------------------------------------------- */

sqla_status kept_batch(sqla_driver_conn *conn, const sqla_batch *batch, sqla_err *err)
{
    next(conn);
    bool streamed = (before.flags & SQLA_EXEC_STREAM) != 0 && before.deadline == 0;
    bool failed = before.status == SQLA_ERR_UNIQUE && batch->count == 0;
    if (IS(single_rows_kept) && outside() && streamed && batch->key_source == SQLA_KEY_RETURNED)
        return mutant_fail(err, SQLA_ERR_PROTOCOL, "the answer has no meaning");
    if (failed && ((IS(error_kept) && outside()) || (IS(error_kept_inside) && inside())))
        return mutant_fail(err, SQLA_ERR_UNIQUE, "such a row is there already");
    return SQLA_OK;
}

void kept_batch_done(sqla_batch *batch, const char *text)
{
    bool adds = batch->mode == SQLA_BATCH_EACH && strncmp(text, "INSERT", 6) == 0;
    if (IS(unmatched_kept) && outside() && adds)
        batch->unmatched = before.unmatched;
    now.unmatched = batch->unmatched;
}

/* ---- other calls ----------------------------------------------------------------------------- */

/* The next one after it; it runs one statement itself. */
void kept_begin(sqla_driver_conn *conn, sqla_txn_options *options)
{
    bool read_only = (options->flags & SQLA_TXN_READ_ONLY) != 0;
    next(conn);
    if (IS(read_only_kept) && reads_only > 0)
        options->flags = SQLA_TXN_READ_ONLY;
    reads_only = read_only ? 2 : 0;
}

void kept_reflect(sqla_driver_conn *conn, sqla_reflect_filter *filter)
{
    next(conn);
    now.one_table = filter->table != NULL;
    if (IS(filter_kept) && outside() && before.one_table)
        filter->table = "conf_base";
}

bool kept_deadline(sqla_driver_conn *conn, int64_t deadline)
{
    now.deadline = deadline != 0 ? deadline : now.deadline;
    return IS(told_deadline_kept) && deadline == 0 && mutant_good->txn_state(conn) == SQLA_TXN_IDLE;
}
