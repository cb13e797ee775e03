/* echo.c: a third party's driver, as small as one can be: it answers each statement with one row, whose only column is
 * the statement. It is compiled against the installed headers alone, and shows that nothing else is needed. */
#include <stdlib.h>
#include <string.h>

#include <sqla/driver.h>

struct sqla_driver_conn { int unused; };
struct sqla_driver_result {
    char *text;
    size_t length;
    bool shown;
    sqla_value value;
};

static const sqla_host *host;

static sqla_status fail(sqla_err *err, sqla_status status, const char *message)
{
    sqla_err_fields fields = { .struct_size = sizeof fields, .status = status, .message = message };
    host->set_error(err, &fields);
    return status;
}

static sqla_status echo_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    (void)args;
    sqla_driver_conn *conn = host->alloc(sizeof *conn);
    if (conn == NULL)
        return fail(err, SQLA_ERR_NOMEM, "out of memory");
    info->product = "Echo 1";
    *ret_conn = conn;
    return SQLA_OK;
}

static void echo_close(sqla_driver_conn *conn)
{
    host->release(conn);
}

static sqla_status echo_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                             const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    (void)conn, (void)plan, (void)row, (void)options;
    sqla_driver_result *result = host->alloc(sizeof *result);
    char *text = host->alloc(statement->length + 1);
    if (result == NULL || text == NULL) {
        host->release(result);
        host->release(text);
        return fail(err, SQLA_ERR_NOMEM, "out of memory");
    }
    memcpy(text, statement->text, statement->length);
    text[statement->length] = '\0';
    *result = (sqla_driver_result){ .text = text, .length = statement->length };
    *ret_result = result;
    return SQLA_OK;
}

static const sqla_result_info *echo_result_info(sqla_driver_result *result)
{
    static const sqla_result_column column = { .name = "statement", .type = SQLA_TEXT, .type_name = "text" };
    static const sqla_result_info info = { .struct_size = sizeof info, .column_count = 1, .columns = &column, .affected = -1 };
    (void)result;
    return &info;
}

static sqla_status echo_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    (void)err;
    memset(&result->value, 0, sizeof result->value);
    result->value.type = SQLA_TEXT;
    result->value.as.bytes.data = result->text;
    result->value.as.bytes.size = result->length;
    *ret_values = result->shown ? NULL : &result->value;
    result->shown = true;
    return SQLA_OK;
}

/* Rows as tagged values are all that it knows. */
static sqla_status echo_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
                                     sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err)
{
    *ret_count = 0;
    *ret_end = result->shown;
    if (result->shown || max == 0 || plan->count == 0)
        return SQLA_OK;
    const sqla_slot *slot = &plan->slots[0];
    if (slot->column != 0 || slot->rep != SQLA_REP_VALUE)
        return fail(err, SQLA_ERR_UNSUPPORTED, "this driver reads texts only, as tagged values");
    char *copy = arena->take(arena, rows[0], result->length + 1);
    if (copy == NULL)
        return fail(err, SQLA_ERR_NOMEM, "out of memory");
    memcpy(copy, result->text, result->length + 1);
    sqla_value value = { .type = SQLA_TEXT };
    value.as.bytes.data = copy;
    value.as.bytes.size = result->length;
    memcpy((char *)rows[0] + slot->offset, &value, sizeof value);
    if (slot->set_offset >= 0)
        *((bool *)rows[0] + slot->set_offset) = true;
    result->shown = true;
    *ret_count = 1;
    *ret_end = true;
    return SQLA_OK;
}

static void echo_result_close(sqla_driver_result *result)
{
    host->release(result->text);
    host->release(result);
}

static sqla_txn_state echo_txn_state(sqla_driver_conn *conn)
{
    (void)conn;
    return SQLA_TXN_IDLE;
}

static const sqla_driver_ops ops = {
    .struct_size = sizeof ops,
    .open = echo_open,
    .close = echo_close,
    .exec = echo_exec,
    .result_info = echo_result_info,
    .result_fetch = echo_result_fetch,
    .result_view = echo_result_view,
    .result_close = echo_result_close,
    .txn_state = echo_txn_state,
};

static const sqla_traits traits = {
    .struct_size = sizeof traits,
    .placeholder = SQLA_PLACEHOLDER_QUESTION,
    .dialect = "Echo",
    .quote_open = '"',
    .quote_close = '"',
    .max_parameters = 1,
};

SQLA_DRIVER_NOTE("echo", "echo");

SQLA_DRIVER_EXPORT sqla_status sqla_driver_entry(const sqla_host *services, sqla_driver *out, sqla_err *err)
{
    host = services;
    if (services->abi_major != SQLA_ABI_MAJOR)
        return fail(err, SQLA_ERR_UNSUPPORTED, "echo was built for another major of the driver ABI");
    if (out->struct_size > sizeof *out) /* a host may know more, or less */
        out->struct_size = sizeof *out;
    out->abi_major = SQLA_ABI_MAJOR;
    out->abi_minor = SQLA_ABI_MINOR;
    out->name = "echo";
    out->version = "1";
    out->ops = &ops;
    out->traits = &traits;
    return SQLA_OK;
}
