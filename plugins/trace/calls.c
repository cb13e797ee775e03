/* calls.c: the functions of the driver. Each writes its line, and calls the inner one between start and stop.
 *
 * An inner one that says that all is well and gives no handle breaks its rules. The host finds that out, so it gets none either. */
#include <config.h>
#include "trace.h"

#include <string.h>

static const sqla_driver_ops *inner_of(const sqla_driver_conn *conn)
{
    return conn->around->inner->ops;
}

/* ---- connections ----------------------------------------------------------------------------------------------- */

/* What is behind other keys may be a secret. */
static void add_params(trace_line *line, const sqla_connect_args *args)
{
    static const char *const shown[] = { "host", "port", "user", "database" };
    for (uint32_t i = 0; i < args->count; i++) {
        bool show = false;
        for (size_t k = 0; k < sizeof shown / sizeof shown[0]; k++)
            show = show || strcmp(args->params[i].key, shown[k]) == 0;
        trace__add(line, "%s%s=%s", i > 0 ? ", " : "", args->params[i].key, show ? args->params[i].value : "***");
    }
}

static sqla_status refuse_alone(sqla_err *err)
{
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = SQLA_ERR_CONFIG,
                                     .message = "the driver 'trace' has no database of its own",
                                     .hint = "put it round another driver, as in sqlite:///file.db?wrap=trace" };
    trace__host->set_error(err, &fields);
    return SQLA_ERR_CONFIG;
}

static sqla_status trace_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    const trace_around *around = args->data;
    sqla_connect_args given = *args;
    trace_line line;
    if (around == NULL)
        return refuse_alone(err);
    sqla_driver_conn *conn = trace__make(sizeof *conn, err);
    if (conn == NULL)
        return SQLA_ERR_NOMEM;
    conn->around = around;
    conn->number = trace__number();
    given.data = around->inner->data;
    trace__begin(&line, around, "open");
    add_params(&line, args);
    trace__start(&line);
    sqla_status status = around->inner->ops->open(&given, info, &conn->inner, err);
    const bool made = status == SQLA_OK && conn->inner != NULL;
    trace__stop(&line, status);
    if (made)
        trace__add(&line, ": conn %u, %s", conn->number, info->product != NULL ? info->product : "?");
    trace__end(&line);
    if (made)
        *ret_conn = conn;
    else
        trace__host->release(conn);
    return status;
}

static void end_conn(sqla_driver_conn *conn, const char *call, void (*end)(sqla_driver_conn *))
{
    trace_line line;
    trace__begin_on(&line, conn, call);
    trace__start(&line);
    end(conn->inner);
    trace__finish(&line, SQLA_OK);
    trace__host->release(conn);
}

static void trace_close(sqla_driver_conn *conn)
{
    end_conn(conn, "close", inner_of(conn)->close);
}

static void trace_abandon(sqla_driver_conn *conn)
{
    end_conn(conn, "abandon", inner_of(conn)->abandon);
}

/* Asked too often to be worth a line. */
static sqla_txn_state trace_txn_state(sqla_driver_conn *conn)
{
    return inner_of(conn)->txn_state(conn->inner);
}

static void trace_set_deadline(sqla_driver_conn *conn, int64_t deadline)
{
    inner_of(conn)->set_deadline(conn->inner, deadline);
}

static sqla_status trace_ping(sqla_driver_conn *conn, uint32_t flags, int64_t deadline, sqla_err *err)
{
    trace_line line;
    trace__begin_on(&line, conn, "ping");
    trace__add(&line, (flags & SQLA_PING_LOOK) != 0 ? ", look" : "");
    trace__start(&line);
    return trace__finish(&line, inner_of(conn)->ping(conn->inner, flags, deadline, err));
}

static sqla_status trace_reset(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    trace_line line;
    trace__begin_on(&line, conn, "reset");
    trace__start(&line);
    return trace__finish(&line, inner_of(conn)->reset(conn->inner, deadline, err));
}

/* ---- transactions ---------------------------------------------------------------------------------------------- */

typedef sqla_status step_fn(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err);

static sqla_status step(sqla_driver_conn *conn, const char *call, step_fn *inner, const sqla_txn_options *options, sqla_err *err)
{
    trace_line line;
    trace__begin_on(&line, conn, call);
    if (options != NULL && options->flags != 0)
        trace__add(&line, ", flags %u", (unsigned)options->flags);
    if (options != NULL && options->isolation != SQLA_ISOLATION_DEFAULT)
        trace__add(&line, ", isolation %u", (unsigned)options->isolation);
    trace__start(&line);
    return trace__finish(&line, inner(conn->inner, options, err));
}

static sqla_status trace_begin_txn(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    return step(conn, "begin", inner_of(conn)->begin, options, err);
}

static sqla_status trace_commit(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    return step(conn, "commit", inner_of(conn)->commit, options, err);
}

static sqla_status trace_rollback(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    return step(conn, "rollback", inner_of(conn)->rollback, options, err);
}

static sqla_status trace_savepoint(sqla_driver_conn *conn, int32_t op, const char *name, sqla_err *err)
{
    trace_line line;
    trace__begin_on(&line, conn, "savepoint");
    trace__add(&line, ", %s ", op == SQLA_SAVEPOINT_SET ? "set" : op == SQLA_SAVEPOINT_RELEASE ? "release" : "rollback");
    trace__add_name(&line, name);
    trace__start(&line);
    return trace__finish(&line, inner_of(conn)->savepoint(conn->inner, op, name, err));
}

static sqla_status trace_resolve(sqla_driver_conn *conn, const char *outcome, int64_t deadline, int32_t *ret_outcome, sqla_err *err)
{
    trace_line line;
    trace__begin_on(&line, conn, "resolve");
    trace__add(&line, ", ");
    trace__add_name(&line, outcome);
    trace__start(&line);
    sqla_status status = inner_of(conn)->resolve(conn->inner, outcome, deadline, ret_outcome, err);
    trace__stop(&line, status);
    if (status == SQLA_OK)
        trace__add(&line, ": outcome %d", (int)*ret_outcome);
    trace__end(&line);
    return status;
}

/* ---- statements ------------------------------------------------------------------------------------------------ */

static sqla_status trace_prepare(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows,
                                 const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err)
{
    trace_line line;
    sqla_driver_stmt *stmt = trace__make(sizeof *stmt, err);
    if (stmt == NULL)
        return SQLA_ERR_NOMEM;
    stmt->conn = conn;
    stmt->number = trace__number();
    trace__begin_on(&line, conn, "prepare");
    trace__add(&line, ", ");
    trace__add_sql(&line, text, length);
    if (block_rows > 1)
        trace__add(&line, ", %u rows", (unsigned)block_rows);
    trace__start(&line);
    sqla_status status = inner_of(conn)->prepare(conn->inner, text, length, plan, block_rows, options, &stmt->inner, err);
    const bool made = status == SQLA_OK && stmt->inner != NULL;
    trace__stop(&line, status);
    if (made)
        trace__add(&line, ": stmt %u", stmt->number);
    trace__end(&line);
    if (made)
        *ret_stmt = stmt;
    else
        trace__host->release(stmt);
    return status;
}

static void trace_stmt_close(sqla_driver_stmt *stmt)
{
    trace_line line;
    trace__begin_on(&line, stmt->conn, "stmt_close");
    trace__add(&line, ", stmt %u", stmt->number);
    trace__start(&line);
    inner_of(stmt->conn)->stmt_close(stmt->inner);
    trace__finish(&line, SQLA_OK);
    trace__host->release(stmt);
}

/* The statement as inner knows it. */
static sqla_statement add_statement(trace_line *line, const sqla_statement *statement)
{
    sqla_statement given = *statement;
    if (statement->prepared != NULL) {
        trace__add(line, ", stmt %u", statement->prepared->number);
        given.prepared = statement->prepared->inner;
    } else {
        trace__add(line, ", ");
        trace__add_sql(line, statement->text, statement->length);
    }
    return given;
}

static sqla_status trace_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                              const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    trace_line line;
    sqla_driver_result *result = trace__make(sizeof *result, err);
    if (result == NULL)
        return SQLA_ERR_NOMEM;
    result->conn = conn;
    result->number = trace__number();
    trace__begin_on(&line, conn, "exec");
    const sqla_statement given = add_statement(&line, statement);
    trace__add(&line, ", %u parameters%s", plan != NULL ? (unsigned)plan->count : 0u,
               options != NULL && (options->flags & SQLA_EXEC_STREAM) != 0 ? ", stream" : "");
    trace__start(&line);
    sqla_status status = inner_of(conn)->exec(conn->inner, &given, plan, row, options, &result->inner, err);
    const bool made = status == SQLA_OK && result->inner != NULL;
    trace__stop(&line, status);
    if (made) {
        const sqla_result_info *info = inner_of(conn)->result_info(result->inner);
        trace__add(&line, ": result %u, %u columns, %lld affected", result->number, (unsigned)info->column_count,
                   (long long)info->affected);
    }
    trace__end(&line);
    if (made)
        *ret_result = result;
    else
        trace__host->release(result);
    return status;
}

static sqla_status trace_execute_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch,
                                      const sqla_exec_options *options, sqla_err *err)
{
    static const char *const modes[] = { "?", "each", "block", "columns" };
    trace_line line;
    trace__begin_on(&line, conn, "execute_many");
    const sqla_statement given = add_statement(&line, statement);
    trace__add(&line, ", %zu rows, %s", batch->count, batch->mode <= SQLA_BATCH_COLUMNS ? modes[batch->mode] : modes[0]);
    trace__start(&line);
    sqla_status status = inner_of(conn)->execute_many(conn->inner, &given, batch, options, err);
    trace__stop(&line, status);
    trace__add(&line, ": %lld affected", (long long)batch->affected);
    trace__end(&line);
    return status;
}

/* ---- results --------------------------------------------------------------------------------------------------- */

static void begin_result(trace_line *line, const sqla_driver_result *result, const char *call)
{
    trace__begin(line, result->conn->around, call);
    trace__add(line, "result %u", result->number);
}

static const sqla_result_info *trace_result_info(sqla_driver_result *result)
{
    return inner_of(result->conn)->result_info(result->inner);
}

static sqla_status trace_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
                                      sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err)
{
    trace_line line;
    begin_result(&line, result, "result_fetch");
    trace__add(&line, ", at most %zu", max);
    trace__start(&line);
    sqla_status status = inner_of(result->conn)->result_fetch(result->inner, plan, rows, max, arena, ret_count, ret_end, err);
    trace__stop(&line, status);
    trace__add(&line, ": %zu rows%s", *ret_count, status == SQLA_OK && *ret_end ? ", the last" : "");
    trace__end(&line);
    return status;
}

static sqla_status trace_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    trace_line line;
    begin_result(&line, result, "result_view");
    trace__start(&line);
    sqla_status status = inner_of(result->conn)->result_view(result->inner, ret_values, err);
    trace__stop(&line, status);
    trace__add(&line, status == SQLA_OK && *ret_values == NULL ? ": the end" : "");
    trace__end(&line);
    return status;
}

static void trace_result_close(sqla_driver_result *result)
{
    trace_line line;
    begin_result(&line, result, "result_close");
    trace__start(&line);
    inner_of(result->conn)->result_close(result->inner);
    trace__finish(&line, SQLA_OK);
    trace__host->release(result);
}

/* ---- others ---------------------------------------------------------------------------------------------------- */

static sqla_status trace_cancel_new(sqla_driver_conn *conn, sqla_driver_canceller **ret_canceller, sqla_err *err)
{
    sqla_driver_canceller *canceller = trace__make(sizeof *canceller, err);
    if (canceller == NULL)
        return SQLA_ERR_NOMEM;
    canceller->around = conn->around;
    canceller->number = conn->number;
    sqla_status status = inner_of(conn)->cancel_new(conn->inner, &canceller->inner, err);
    if (status == SQLA_OK && canceller->inner != NULL)
        *ret_canceller = canceller;
    else
        trace__host->release(canceller);
    return status;
}

static sqla_status trace_cancel_fire(sqla_driver_canceller *canceller, int64_t deadline, sqla_err *err)
{
    trace_line line;
    trace__begin(&line, canceller->around, "cancel_fire");
    trace__add(&line, "conn %u", canceller->number);
    trace__start(&line);
    return trace__finish(&line, canceller->around->inner->ops->cancel_fire(canceller->inner, deadline, err));
}

static void trace_cancel_free(sqla_driver_canceller *canceller)
{
    canceller->around->inner->ops->cancel_free(canceller->inner);
    trace__host->release(canceller);
}

static sqla_status trace_reflect(sqla_driver_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink,
                                 sqla_err *err)
{
    trace_line line;
    trace__begin_on(&line, conn, "reflect");
    trace__add(&line, ", kind %u", (unsigned)kind);
    if (filter != NULL && filter->table != NULL) {
        trace__add(&line, ", table ");
        trace__add_name(&line, filter->table);
    }
    trace__start(&line);
    return trace__finish(&line, inner_of(conn)->reflect(conn->inner, kind, filter, sink, err));
}

const sqla_driver_ops trace__ops = {
    .struct_size = sizeof trace__ops,
    .open = trace_open,
    .close = trace_close,
    .exec = trace_exec,
    .result_info = trace_result_info,
    .result_fetch = trace_result_fetch,
    .result_view = trace_result_view,
    .result_close = trace_result_close,
    .txn_state = trace_txn_state,
    .prepare = trace_prepare,
    .stmt_close = trace_stmt_close,
    .execute_many = trace_execute_many,
    .begin = trace_begin_txn,
    .commit = trace_commit,
    .rollback = trace_rollback,
    .savepoint = trace_savepoint,
    .ping = trace_ping,
    .reset = trace_reset,
    .abandon = trace_abandon,
    .cancel_new = trace_cancel_new,
    .cancel_fire = trace_cancel_fire,
    .cancel_free = trace_cancel_free,
    .reflect = trace_reflect,
    .set_deadline = trace_set_deadline,
    .resolve = trace_resolve,
};
