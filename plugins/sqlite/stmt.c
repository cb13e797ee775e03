/* stmt.c: statements: preparing them, and running one once. Batches are in batch.c. */
#include <config.h>
#include "sqlite.h"

#include <limits.h>
#include <string.h>

/* ---- the text -------------------------------------------------------------------------------------------------- */

/* The place behind white space, semicolons and comments. */
static const char *skip_blank(const char *at, const char *end)
{
    while (at < end) {
        if (strchr(" \t\n\r\f;", *at) != NULL) {
            at++;
        } else if (end - at >= 2 && at[0] == '-' && at[1] == '-') {
            while (at < end && *at != '\n')
                at++;
        } else if (end - at >= 2 && at[0] == '/' && at[1] == '*') {
            for (at += 2; at < end && !(at[0] == '*' && at + 1 < end && at[1] == '/'); at++)
                continue;
            at = end - at >= 2 ? at + 2 : end;
        } else {
            break;
        }
    }
    return at;
}

static sqla_status check_text(const char *text, size_t length, sqla_err *err)
{
    if (length > INT_MAX - 1)
        return sqlite__fail(
            err, SQLA_ERR_RESOURCE, &(sqla_err_fields){ .sqlstate = "54000", .hint = sqlite__too_big },
            "the statement has %zu bytes, which is more than SQLite takes", length);
    if (memchr(text, '\0', length) != NULL)
        return sqlite__fail(
            err, SQLA_ERR_SQL, &(sqla_err_fields){ .sqlstate = "42601" }, "the statement has a NUL inside");
    if (!sqlite__utf8_valid(text, length))
        return sqlite__fail(
            err, SQLA_ERR_SQL, &(sqla_err_fields){ .sqlstate = "22021" }, "the statement is not valid UTF-8");
    return SQLA_OK;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static sqla_status make_columns(sqla_driver_stmt *stmt, sqla_err *err)
{
    stmt->column_count = (uint32_t)sqlite3_column_count(stmt->handle);
    if (stmt->column_count == 0)
        return SQLA_OK;
    sqla_result_column *columns = sqlite__host->resize(stmt->columns, stmt->column_count * sizeof *columns);
    if (columns == NULL)
        return sqlite__nomem(err);
    stmt->columns = columns;
    return SQLA_OK;
}

static sqla_status prepare_handle(sqla_driver_conn *conn, const char *text, size_t length, unsigned flags,
    int64_t deadline, sqla_driver_stmt *stmt, sqla_err *err)
{
    const char *tail = NULL, *end = text + length;
    sqlite__arm(conn, deadline);
    int rc = sqlite3_prepare_v3(conn->db, text, (int)length, flags, &stmt->handle, &tail);
    if (rc != SQLITE_OK)
        return sqlite__failed(conn, text, 0, err);
    if (stmt->handle == NULL)
        return sqlite__fail(
            err, SQLA_ERR_SQL, &(sqla_err_fields){ .sqlstate = "42601" }, "the statement is empty");
    if (skip_blank(tail, end) != end)
        return sqlite__fail(err, SQLA_ERR_MISUSE, NULL, "the text holds more than one statement");
    return make_columns(stmt, err);
}

sqla_status sqlite__stmt_new(sqla_driver_conn *conn, const char *text, size_t length, unsigned flags,
    int64_t deadline, sqla_driver_stmt **ret_stmt, sqla_err *err)
{
    sqla_status status = check_text(text, length, err);
    if (status != SQLA_OK)
        return status;
    sqla_driver_stmt *stmt = sqlite__host->alloc(sizeof *stmt);
    if (stmt == NULL)
        return sqlite__nomem(err);
    *stmt = (sqla_driver_stmt){ .conn = conn };
    status = prepare_handle(conn, text, length, flags, deadline, stmt, err);
    if (status != SQLA_OK)
        sqlite_stmt_close(stmt);
    else
        *ret_stmt = stmt;
    return status;
}

void sqlite_stmt_close(sqla_driver_stmt *stmt)
{
    if (stmt == NULL)
        return;
    if (stmt->reader != NULL)
        sqlite__result_stale(stmt->reader);
    sqlite3_finalize(stmt->handle);
    sqlite__host->release(stmt->columns);
    sqlite__host->release(stmt);
}

void sqlite__stmt_rewind(sqla_driver_stmt *stmt)
{
    if (stmt->reader == NULL)
        return;
    sqlite__result_stale(stmt->reader);
    stmt->reader = NULL;
    sqlite3_reset(stmt->handle);
}

sqla_status sqlite__check_width(
    const sqla_driver_stmt *stmt, const sqla_plan *plan, uint32_t rows, sqla_err *err)
{
    int64_t width = sqlite__plan_width(plan);
    int takes = sqlite3_bind_parameter_count(stmt->handle);
    if (width < 0)
        return sqlite__fail(
            err, SQLA_ERR_MISUSE, NULL, "the plan of the parameters does not name each of them once");
    if (width * rows == takes)
        return SQLA_OK;
    return sqlite__fail(err, SQLA_ERR_SQL, &(sqla_err_fields){ .sqlstate = "07001" },
        "the statement takes %d parameters, and is given %lld", takes, (long long)(width * rows));
}

sqla_status sqlite_prepare(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan,
    uint32_t block_rows, const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err)
{
    sqla_driver_stmt *stmt = NULL;
    if (options != NULL && (options->flags & SQLA_EXEC_COLUMNS) != 0)
        return sqlite__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "SQLite has no parameters that are arrays");
    sqla_status status = sqlite__stmt_new(
        conn, text, length, SQLITE_PREPARE_PERSISTENT, options != NULL ? options->deadline : 0, &stmt, err);
    sqlite__leave(conn);
    if (status == SQLA_OK)
        status = sqlite__check_width(stmt, plan, block_rows > 0 ? block_rows : 1, err);
    if (status == SQLA_OK)
        *ret_stmt = stmt;
    else
        sqlite_stmt_close(stmt);
    return status;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

/* number: of the statement, 0-based plus 1. */
static sqla_status run_one_of_script(sqla_driver_conn *conn, const char **at, const char *end, int64_t number,
    int64_t deadline, sqla_err *err)
{
    sqlite3_stmt *handle = NULL;
    const char *start = *at;
    sqla_status status = sqlite__enter(conn, deadline, err);
    if (status != SQLA_OK)
        return status;
    int rc = sqlite3_prepare_v3(conn->db, start, (int)(end - start), 0, &handle, at);
    if (rc == SQLITE_OK && sqlite3_bind_parameter_count(handle) > 0)
        status = sqlite__fail(err, SQLA_ERR_SQL, &(sqla_err_fields){ .sqlstate = "07001", .row = number },
            "a statement of a script has parameters");
    while (
        status == SQLA_OK && rc == SQLITE_OK && handle != NULL && (rc = sqlite__step(conn, handle)) == SQLITE_ROW)
        rc = SQLITE_OK;
    if (status == SQLA_OK && rc != SQLITE_OK && rc != SQLITE_DONE)
        status = sqlite__failed(conn, start, number, err);
    sqlite3_finalize(handle);
    conn->over = conn->over || (conn->begun && sqlite3_get_autocommit(conn->db));
    sqlite__leave(conn);
    return status;
}

static sqla_status run_script(sqla_driver_conn *conn, const sqla_statement *statement,
    const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    const char *at = statement->text, *end = at + statement->length;
    sqla_status status = check_text(at, statement->length, err);
    for (int64_t number = 1; status == SQLA_OK && (at = skip_blank(at, end)) < end; number++) {
        conn->script = statement->text;
        status = run_one_of_script(conn, &at, end, number, options->deadline, err);
        conn->script = NULL;
    }
    return status == SQLA_OK ? sqlite__result_new(conn, NULL, false, 0, ret_result, err) : status;
}

static sqla_status bind(
    sqla_driver_conn *conn, sqla_driver_stmt *stmt, const sqla_plan *plan, const void *row, sqla_err *err)
{
    sqla_status status = sqlite__check_width(stmt, plan, 1, err);
    if (status != SQLA_OK || plan == NULL || plan->count == 0)
        return status;
    status = sqlite__bind_choose(conn, plan, 1, err);
    return status == SQLA_OK
               ? sqlite__bind_row(conn, stmt->handle, plan, row, 0, stmt->column_count > 0, 0, err)
               : status;
}

/* SQLite may have prepared the statement anew at its first step, and SELECT * may have other columns then. */
static sqla_status start(sqla_driver_conn *conn, sqla_driver_stmt *stmt, bool owns, int64_t deadline,
    sqla_driver_result **ret_result, sqla_err *err)
{
    sqla_driver_result *result = NULL;
    sqla_status status = sqlite__result_new(conn, stmt, owns, deadline, &result, err);
    if (status != SQLA_OK)
        return status;
    status = sqlite__result_start(result, err);
    if (status == SQLA_OK && (uint32_t)sqlite3_column_count(stmt->handle) != stmt->column_count)
        status = make_columns(stmt, err);
    if (status != SQLA_OK)
        sqlite_result_close(result);
    else
        *ret_result = result;
    return status;
}

static sqla_status exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan,
    const void *row, const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    sqla_driver_stmt *stmt = statement->prepared;
    bool owns = stmt == NULL;
    const sqla_err_fields no_rows = {
        .hint = "the statement gives no rows: run it with sqla_exec() or sqla_execute()"
    };
    if ((options->flags & SQLA_EXEC_SCRIPT) != 0 && plan != NULL && plan->count > 0)
        return sqlite__fail(err, SQLA_ERR_MISUSE, NULL, "a script takes no parameters");
    if ((options->flags & SQLA_EXEC_SCRIPT) != 0)
        return run_script(conn, statement, options, ret_result, err);
    sqla_status status =
        owns ? sqlite__stmt_new(conn, statement->text, statement->length, 0, options->deadline, &stmt, err)
             : SQLA_OK;
    if (status != SQLA_OK)
        return status;
    sqlite__stmt_rewind(stmt);
    if ((options->flags & SQLA_EXEC_ROWS) != 0 && stmt->column_count == 0)
        status = sqlite__fail(
            err, SQLA_ERR_MISUSE, &no_rows, "cannot read rows: the statement gives none, and was not run");
    if (status == SQLA_OK)
        status = bind(conn, stmt, plan, row, err);
    if (status == SQLA_OK)
        return start(conn, stmt, owns, options->deadline, ret_result, err);
    if (owns)
        sqlite_stmt_close(stmt);
    return status;
}

/* A cancel may come at any time from here on, also between preparing and running. */
sqla_status sqlite_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan,
    const void *row, const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    sqlite__arm(conn, options->deadline);
    sqla_status status = sqlite3_get_autocommit(conn->db) ? sqlite__place_check(conn, err) : SQLA_OK;
    if (status == SQLA_OK)
        status = exec(conn, statement, plan, row, options, ret_result, err);
    sqlite__leave(conn);
    return status;
}
