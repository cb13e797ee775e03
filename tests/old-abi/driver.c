/* driver.c: a driver as it could be written against the first minor of the ABI, and with the required slots alone.
 *
 * It has no database: "one" gives a row with the number 1, "none" gives no rows, anything else is wrong. It is kept as it is, so
 * that drivers of its age are known to work with every later host; what the first release loads is built from it and kept as a
 * file from then on. */
#include <sqla/driver.h>

#include <string.h>

SQLA_DRIVER_NOTE("old_abi", "old_abi");

static const sqla_host *host;

struct sqla_driver_conn { int unused; };
struct sqla_driver_result {
    sqla_result_info info;
    sqla_result_column column;
    sqla_value value;
    int left;
};

static sqla_status fail(sqla_err *err, sqla_status status, const char *message)
{
    sqla_err_fields fields;
    memset(&fields, 0, sizeof fields);
    fields.struct_size = sizeof fields;
    fields.status = (int32_t)status;
    fields.message = message;
    host->set_error(err, &fields);
    return status;
}

static sqla_status old_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    sqla_driver_conn *conn = host->alloc(sizeof *conn);
    (void)args;
    if (conn == NULL)
        return fail(err, SQLA_ERR_NOMEM, "out of memory");
    info->product = "Old 1.0";
    *ret_conn = conn;
    return SQLA_OK;
}

static void old_close(sqla_driver_conn *conn)
{
    host->release(conn);
}

static int is(const sqla_statement *statement, const char *text)
{
    size_t n = statement->length;
    while (n > 0 && (statement->text[n - 1] == '\n' || statement->text[n - 1] == ' '))
        n--;
    return n == strlen(text) && memcmp(statement->text, text, n) == 0;
}

static sqla_status old_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                            const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    int one = is(statement, "one");
    (void)conn, (void)row, (void)options;
    if (plan != NULL && plan->count > 0)
        return fail(err, SQLA_ERR_SQL, "no statement of this driver has parameters");
    if (!one && !is(statement, "none"))
        return fail(err, SQLA_ERR_SQL, "neither 'one' nor 'none'");
    sqla_driver_result *result = host->alloc(sizeof *result);
    if (result == NULL)
        return fail(err, SQLA_ERR_NOMEM, "out of memory");
    memset(result, 0, sizeof *result);
    result->column.name = "n";
    result->column.type = SQLA_INT64;
    result->info.struct_size = sizeof result->info;
    result->info.column_count = one ? 1 : 0;
    result->info.columns = &result->column;
    result->left = one;
    *ret_result = result;
    return SQLA_OK;
}

static const sqla_result_info *old_result_info(sqla_driver_result *result)
{
    return &result->info;
}

static sqla_status old_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    (void)err;
    result->value.type = SQLA_INT64;
    result->value.as.i64 = 1;
    *ret_values = result->left > 0 ? &result->value : NULL;
    result->left = 0;
    return SQLA_OK;
}

static sqla_status old_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
                                    sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err)
{
    (void)arena;
    *ret_count = 0;
    *ret_end = result->left == 0;
    if (result->left == 0 || max == 0)
        return SQLA_OK;
    for (uint32_t i = 0; i < plan->count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        const sqla_value value = { .type = SQLA_INT64, .as = { .i64 = 1 } };
        char *at = (char *)rows[0] + slot->offset;
        if (slot->rep == SQLA_REP_VALUE)
            memcpy(at, &value, sizeof value);
        else if (slot->rep == SQLA_REP_FIXED && slot->type == SQLA_INT64)
            memcpy(at, &value.as.i64, sizeof value.as.i64);
        else
            return fail(err, SQLA_ERR_DATA, "the column is a number of 64 bits");
        if (slot->set_offset >= 0)
            *((char *)rows[0] + slot->set_offset) = 1;
    }
    result->left = 0;
    *ret_count = 1;
    *ret_end = true;
    return SQLA_OK;
}

static void old_result_close(sqla_driver_result *result)
{
    host->release(result);
}

static sqla_txn_state old_txn_state(sqla_driver_conn *conn)
{
    (void)conn;
    return SQLA_TXN_IDLE;
}

static const sqla_driver_ops ops = {
    .struct_size = offsetof(sqla_driver_ops, prepare),
    .open = old_open,
    .close = old_close,
    .exec = old_exec,
    .result_info = old_result_info,
    .result_fetch = old_result_fetch,
    .result_view = old_result_view,
    .result_close = old_result_close,
    .txn_state = old_txn_state,
};

static const sqla_traits traits = {
    .struct_size = offsetof(sqla_traits, defer_foreign_keys),
    .placeholder = SQLA_PLACEHOLDER_QUESTION,
    .dialect = "Old",
    .quote_open = '"',
    .quote_close = '"',
};

SQLA_DRIVER_EXPORT sqla_status sqla_driver_entry(const sqla_host *from, sqla_driver *out, sqla_err *err)
{
    (void)err;
    if (from->abi_major != SQLA_ABI_MAJOR || out->struct_size < offsetof(sqla_driver, extension))
        return SQLA_ERR_UNSUPPORTED;
    host = from;
    out->struct_size = offsetof(sqla_driver, extension);
    out->abi_major = SQLA_ABI_MAJOR;
    out->abi_minor = SQLA_ABI_TARGET_MINOR;
    out->min_host_minor = 0;
    out->name = "old_abi";
    out->version = "1.0";
    out->ops = &ops;
    out->traits = &traits;
    return SQLA_OK;
}
