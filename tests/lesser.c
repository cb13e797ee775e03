/* lesser.c: a driver that goes round another one and takes things away, for what the core does on databases that have less.
 *
 * SQLA_TEST_LESSER says what, when an inner driver is wrapped, in words with blanks between them:
 *   blocks=R,M     all blocks have R rows, and fewer than M rows go one by one
 *   rowless        a batch that fails does not name its row, and there are no savepoints to find it with
 *   orderly        a foreign key must find its table, and cannot be added later
 *   uncounted      statements do not say how many rows they changed, there are no batches, and nothing is told of tables
 * All handles are the inner driver's own. Each test takes a copy of the file, so that it is wrapped anew. */
#include <config.h>
#include <sqla/wrap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

SQLA_DRIVER_NOTE("lesser", "lesser");

static const sqla_host *host;
static const sqla_driver *inner;
static sqla_driver_ops ops;
static sqla_traits traits;

/* The inner one's words, without the row. */
static sqla_status rowless_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch, const sqla_exec_options *options,
                                sqla_err *err)
{
    sqla_status status = inner->ops->execute_many(conn, statement, batch, options, NULL);
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = (int32_t)status, .message = "one of them is wrong" };
    if (status != SQLA_OK)
        host->set_error(err, &fields);
    return status;
}

static sqla_status lesser_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    sqla_status status = inner->ops->open(args, info, ret_conn, err);
    info->features &= traits.features;
    return status;
}

static const sqla_result_info *uncounted_info(sqla_driver_result *result)
{
    static sqla_result_info info;
    info = *inner->ops->result_info(result);
    info.affected = -1;
    return &info;
}

static void take_away(const char *what)
{
    const char *blocks = strstr(what, "blocks=");
    unsigned rows = 0, least = 0;
    if (blocks != NULL && sscanf(blocks, "blocks=%u,%u", &rows, &least) == 2) {
        traits.insert_block_rows = traits.update_block_rows = traits.delete_block_rows = rows;
        traits.insert_block_min = traits.update_block_min = traits.delete_block_min = least;
    }
    if (strstr(what, "rowless") != NULL) {
        ops.execute_many = rowless_many;
        ops.savepoint = NULL;
        traits.savepoint = traits.savepoint_release = traits.savepoint_rollback = NULL;
    }
    if (strstr(what, "orderly") != NULL)
        traits.features &= ~(SQLA_FEATURE_ADD_CONSTRAINT | SQLA_FEATURE_FORWARD_KEYS);
    if (strstr(what, "uncounted") != NULL) {
        ops.result_info = uncounted_info;
        ops.execute_many = NULL;
        ops.reflect = NULL;
        traits.features &= ~SQLA_FEATURE_LAST_ID;
    }
}

static sqla_status wrap(const sqla_driver *around, sqla_driver *out, sqla_err *err)
{
    const char *what = getenv("SQLA_TEST_LESSER");
    (void)err;
    inner = around;
    ops = *inner->ops;
    traits = *inner->traits;
    ops.open = lesser_open;
    take_away(what != NULL ? what : "");
    *out = *inner;
    out->ops = &ops;
    out->traits = &traits;
    return SQLA_OK;
}

static const void *extension(const char *id)
{
    static const sqla_wrap_ops wraps = { .struct_size = sizeof wraps, .wrap = wrap };
    return strcmp(id, SQLA_WRAP) == 0 ? &wraps : NULL;
}

/* ---- by itself --------------------------------------------------------------------------------------------------- */

/* It has no database, so the other functions are never reached. */
static sqla_status alone(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = SQLA_ERR_CONFIG, .message = "it has no database of its own" };
    (void)args, (void)info, (void)ret_conn;
    host->set_error(err, &fields);
    return SQLA_ERR_CONFIG;
}

static void no_close(sqla_driver_conn *conn) { (void)conn, abort(); }
static void no_result_close(sqla_driver_result *result) { (void)result, abort(); }
static const sqla_result_info *no_info(sqla_driver_result *result) { (void)result, abort(); }
static sqla_txn_state no_state(sqla_driver_conn *conn) { (void)conn, abort(); }
static sqla_status no_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                           const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    (void)conn, (void)statement, (void)plan, (void)row, (void)options, (void)ret_result, (void)err, abort();
}
static sqla_status no_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max, sqla_row_arena *arena,
                            size_t *ret_count, bool *ret_end, sqla_err *err)
{
    (void)result, (void)plan, (void)rows, (void)max, (void)arena, (void)ret_count, (void)ret_end, (void)err, abort();
}
static sqla_status no_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    (void)result, (void)ret_values, (void)err, abort();
}

static const sqla_driver_ops own_ops = {
    .struct_size = sizeof own_ops,
    .open = alone,
    .close = no_close,
    .exec = no_exec,
    .result_info = no_info,
    .result_fetch = no_fetch,
    .result_view = no_view,
    .result_close = no_result_close,
    .txn_state = no_state,
};

static const sqla_traits own_traits = {
    .struct_size = sizeof own_traits,
    .placeholder = SQLA_PLACEHOLDER_QUESTION,
    .dialect = "lesser",
    .quote_open = '"',
    .quote_close = '"',
};

SQLA_DRIVER_EXPORT sqla_status sqla_driver_entry(const sqla_host *from, sqla_driver *out, sqla_err *err)
{
    (void)err;
    host = from;
    *out = (sqla_driver){
        .struct_size = sizeof *out,
        .abi_major = SQLA_ABI_MAJOR,
        .abi_minor = SQLA_ABI_MINOR,
        .name = "lesser",
        .version = "1.0",
        .ops = &own_ops,
        .traits = &own_traits,
        .extension = extension,
    };
    return SQLA_OK;
}
