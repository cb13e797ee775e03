/* failing.c: a driver that goes round another one and lets one statement fail. It is found as
 * tests/.libs/failing.so.
 *
 * SQLA_RANDOM_FAIL is ROUND:N: the N-th statement from when ROUND became another number fails, before the
 * database sees it, with a plain SQLA_ERR_SQL. N is 0 for none. */
#include <config.h>
#include <sqla/driver.h>
#include <sqla/wrap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

SQLA_DRIVER_NOTE("failing", "failing");

static const sqla_host *host;
static const sqla_driver_ops *good; /* of the one driver that a process of the test has */
static sqla_driver_ops ops;

/* Those of savepoints do what they are asked, so that a failure is mended as it should be. */
static bool is_of_savepoints(const sqla_statement *statement)
{
    const char *text = statement->text != NULL ? statement->text : "";
    return strncmp(text, "SAVEPOINT", 9) == 0 || strncmp(text, "ROLLBACK", 8) == 0 ||
           strncmp(text, "RELEASE", 7) == 0;
}

static bool fails(const sqla_statement *statement)
{
    static unsigned long round, left;
    const char *wish = getenv("SQLA_RANDOM_FAIL");
    char *end;
    unsigned long asked = wish != NULL ? strtoul(wish, &end, 10) : 0;
    if (wish == NULL || *end != ':' || is_of_savepoints(statement))
        return false;
    if (asked != round)
        left = strtoul(end + 1, NULL, 10);
    round = asked;
    return left > 0 && --left == 0;
}

static sqla_status fail(sqla_err *err)
{
    const sqla_err_fields fields = {
        .struct_size = sizeof fields, .status = SQLA_ERR_SQL, .message = "injected failure"
    };
    host->set_error(err, &fields);
    return SQLA_ERR_SQL;
}

static sqla_status failing_exec(sqla_driver_conn *conn, const sqla_statement *statement,
    const sqla_plan *plan, const void *row, const sqla_exec_options *options, sqla_driver_result **ret_result,
    sqla_err *err)
{
    return fails(statement) ? fail(err) : good->exec(conn, statement, plan, row, options, ret_result, err);
}

static sqla_status failing_execute_many(sqla_driver_conn *conn, const sqla_statement *statement,
    sqla_batch *batch, const sqla_exec_options *options, sqla_err *err)
{
    return fails(statement) ? fail(err) : good->execute_many(conn, statement, batch, options, err);
}

static sqla_status failing_wrap(const sqla_driver *inner, sqla_driver *out, sqla_err *err)
{
    (void)err;
    good = inner->ops;
    ops = *inner->ops;
    ops.exec = failing_exec;
    if (ops.execute_many != NULL)
        ops.execute_many = failing_execute_many;
    *out = *inner; /* its data is what its open finds */
    out->ops = &ops;
    return SQLA_OK;
}

static const void *extension(const char *id)
{
    static const sqla_wrap_ops wrap = { .struct_size = sizeof wrap, .wrap = failing_wrap };
    return strcmp(id, SQLA_WRAP) == 0 ? &wrap : NULL;
}

static sqla_status refuse(
    const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    (void)args, (void)info, (void)ret_conn;
    return fail(err);
}

/* By itself it opens nothing, so nobody has a handle to call these with. */
static void no_conn(sqla_driver_conn *conn)
{
    (void)conn;
}
static void no_result(sqla_driver_result *result)
{
    (void)result;
}
static sqla_txn_state no_state(sqla_driver_conn *conn)
{
    return (void)conn, SQLA_TXN_IDLE;
}
static const sqla_result_info *no_info(sqla_driver_result *result)
{
    return (void)result, NULL;
}
static sqla_status no_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    (void)result, (void)ret_values;
    return fail(err);
}
static sqla_status no_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
    sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err)
{
    (void)result, (void)plan, (void)rows, (void)max, (void)arena, (void)ret_count, (void)ret_end;
    return fail(err);
}

sqla_status sqla_driver_entry(const sqla_host *from, sqla_driver *out, sqla_err *err)
{
    static const sqla_traits traits = { .struct_size = sizeof traits,
        .placeholder = SQLA_PLACEHOLDER_QUESTION,
        .dialect = "failing",
        .quote_open = '"',
        .quote_close = '"' };
    (void)err;
    host = from;
    ops = (sqla_driver_ops){ .struct_size = sizeof ops,
        .open = refuse,
        .close = no_conn,
        .exec = failing_exec,
        .result_info = no_info,
        .result_fetch = no_fetch,
        .result_view = no_view,
        .result_close = no_result,
        .txn_state = no_state };
    *out = (sqla_driver){ .struct_size = sizeof *out,
        .abi_major = SQLA_ABI_MAJOR,
        .abi_minor = SQLA_ABI_TARGET_MINOR,
        .name = "failing",
        .version = PACKAGE_VERSION,
        .ops = &ops,
        .traits = &traits,
        .extension = extension };
    return SQLA_OK;
}
