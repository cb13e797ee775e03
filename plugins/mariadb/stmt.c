/* stmt.c: statements: preparing them, and running one. Batches are in batch.c.
 *
 * All go by the binary protocol, prepared for one run where the host has not prepared them, so that there is one way of sending
 * parameters and of reading rows. What the server does not prepare goes as text, and gives no rows then. A script goes as text, too. */
#include <config.h>
#include "mariadb.h"

#include <string.h>
#include <strings.h>

/* ---- the text -------------------------------------------------------------------------------------------------- */

sqla_status mariadb__check_text(const char *text, size_t length, sqla_err *err)
{
    if (memchr(text, '\0', length) != NULL)
        return mariadb__fail(err, SQLA_ERR_SQL, &(sqla_err_fields){ .sqlstate = "42601" }, "the statement has a NUL inside");
    if (!mariadb__utf8_valid(text, length))
        return mariadb__fail(err, SQLA_ERR_SQL, &(sqla_err_fields){ .sqlstate = "22021" }, "the statement is not valid UTF-8");
    return SQLA_OK;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

/* Give the statement a handle, and have the text prepared. *ret_number: of the error, which is reported unless it is the one that
 * quiet names. */
static sqla_status prepare_handle(sqla_driver_stmt *stmt, const char *text, size_t length, unsigned quiet, unsigned *ret_number, sqla_err *err)
{
    sqla_driver_conn *conn = stmt->conn;
    if (mariadb__check_length(conn, length, err) != SQLA_OK)
        return SQLA_ERR_RESOURCE;
    stmt->handle = mysql_stmt_init(conn->link);
    stmt->generation = conn->generation - 1; /* until it is prepared */
    if (stmt->handle == NULL)
        return mariadb__nomem(err);
    mariadb__call prepare = { .kind = MARIADB__PREPARE, .handle = stmt->handle, .text = text, .length = length };
    sqla_status status = mariadb__call_run(conn, &prepare);
    if (status != SQLA_OK)
        return mariadb__broken(conn, status, err);
    if (prepare.answer == 0)
        stmt->generation = conn->generation;
    *ret_number = prepare.answer != 0 ? mysql_stmt_errno(stmt->handle) : 0;
    if (prepare.answer == 0 || *ret_number == quiet)
        return SQLA_OK;
    return mariadb__failed(conn, stmt->handle, text, 0, err);
}

sqla_status mariadb__stmt_new(sqla_driver_conn *conn, const char *text, size_t length, bool keeps, bool *ret_not, sqla_driver_stmt **ret_stmt,
                              sqla_err *err)
{
    unsigned number = 0;
    sqla_driver_stmt *stmt = mariadb__host->alloc(sizeof *stmt + (keeps ? length + 1 : 0));
    if (stmt == NULL)
        return mariadb__nomem(err);
    *stmt = (sqla_driver_stmt){ .conn = conn, .length = length };
    if (keeps) {
        stmt->text = memcpy(stmt + 1, text, length);
        stmt->text[length] = '\0';
    }
    sqla_status status = prepare_handle(stmt, text, length, ret_not != NULL ? MARIADB_NOT_PREPARABLE : 0, &number, err);
    if (status == SQLA_OK && number == 0)
        return *ret_stmt = stmt, SQLA_OK;
    mariadb_stmt_close(stmt);
    if (status == SQLA_OK)
        *ret_not = true;
    return status;
}

/* Closing must not fail and may come while rows of another statement are still on the link, so it is put off. */
void mariadb_stmt_close(sqla_driver_stmt *stmt)
{
    if (stmt == NULL)
        return;
    if (stmt->reader != NULL)
        mariadb__result_end(stmt->reader);
    if (stmt->handle == NULL) {
        mariadb__host->release(stmt);
        return;
    }
    stmt->next = stmt->conn->dropped;
    stmt->conn->dropped = stmt;
}

void mariadb__drop_statements(sqla_driver_conn *conn)
{
    while (conn->dropped != NULL && !conn->lost) {
        sqla_driver_stmt *stmt = conn->dropped;
        mariadb__call close = { .kind = MARIADB__CLOSE, .handle = stmt->handle };
        conn->dropped = stmt->next;
        if (stmt->generation != conn->generation)
            mysql_stmt_close(stmt->handle); /* the server does not know it any more */
        else
            (void)mariadb__call_run(conn, &close);
        mariadb__host->release(stmt);
    }
}

sqla_status mariadb__stmt_ready(sqla_driver_stmt *stmt, sqla_err *err)
{
    unsigned number;
    if (stmt->reader != NULL)
        mariadb__result_end(stmt->reader);
    if (stmt->handle != NULL && stmt->generation == stmt->conn->generation)
        return SQLA_OK;
    if (stmt->handle != NULL)
        mysql_stmt_close(stmt->handle);
    stmt->handle = NULL;
    return prepare_handle(stmt, stmt->text, stmt->length, 0, &number, err);
}

sqla_status mariadb__check_width(const sqla_driver_stmt *stmt, const sqla_plan *plan, uint32_t rows, sqla_err *err)
{
    uint64_t width = plan != NULL ? (uint64_t)plan->count * rows : 0, takes = mysql_stmt_param_count(stmt->handle);
    if (width == takes)
        return SQLA_OK;
    return mariadb__fail(err, SQLA_ERR_SQL, &(sqla_err_fields){ .sqlstate = "07001" }, "the statement takes %llu parameters, and is given %llu",
                         (unsigned long long)takes, (unsigned long long)width);
}

sqla_status mariadb_prepare(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows,
                            const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err)
{
    sqla_driver_stmt *stmt = NULL;
    if (options != NULL && (options->flags & SQLA_EXEC_COLUMNS) != 0)
        return mariadb__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "batches go by blocks here, not by columns");
    sqla_status status = mariadb__check_text(text, length, err);
    if (status == SQLA_OK)
        status = mariadb__check_plan(plan, err);
    if (status == SQLA_OK)
        status = mariadb__enter(conn, options != NULL ? options->deadline : 0, err);
    if (status != SQLA_OK)
        return status;
    status = mariadb__stmt_new(conn, text, length, true, NULL, &stmt, err);
    mariadb__leave(conn);
    if (status == SQLA_OK)
        status = mariadb__check_width(stmt, plan, block_rows > 0 ? block_rows : 1, err);
    if (status == SQLA_OK)
        *ret_stmt = stmt;
    else
        mariadb_stmt_close(stmt);
    return status;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

/* Rows of another shape than the handle was made for are on the link, and nobody can read them. */
static void drop_strange_rows(sqla_driver_stmt *stmt)
{
    mariadb__call drop = { .kind = MARIADB__FREE, .handle = stmt->handle };
    (void)mariadb__call_run(stmt->conn, &drop);
    stmt->generation = stmt->conn->generation - 1; /* to be prepared anew */
}

sqla_status mariadb__stmt_send(sqla_driver_stmt *stmt, bool *ret_failed, sqla_err *err)
{
    sqla_driver_conn *conn = stmt->conn;
    mariadb__call execute = { .kind = MARIADB__EXECUTE, .handle = stmt->handle };
    conn->sent = true;
    *ret_failed = conn->args.count > 0 && mysql_stmt_bind_param(stmt->handle, conn->args.binds) != 0;
    if (*ret_failed)
        return SQLA_OK;
    sqla_status status = mariadb__call_run(conn, &execute);
    if (status != SQLA_OK)
        return mariadb__broken(conn, status, err);
    *ret_failed = execute.answer != 0;
    return SQLA_OK;
}

sqla_status mariadb__stmt_run(sqla_driver_stmt *stmt, const char *text, int64_t row, sqla_err *err)
{
    bool failed = false;
    sqla_status status = mariadb__stmt_send(stmt, &failed, err);
    if (status != SQLA_OK || !failed)
        return status;
    if (mysql_stmt_errno(stmt->handle) == MARIADB_NEW_COLUMNS) {
        drop_strange_rows(stmt);
        if (mariadb__is_writing(text)) /* it is done, so nobody must be told to do it again */
            return mariadb__fail(err, SQLA_ERR_DATA, NULL, "the statement was run, and returned other columns than it was prepared for");
        return mariadb__fail(err, SQLA_ERR_RETRY, &(sqla_err_fields){ .sqlstate = "0A000" }, "the statement gives other columns than it was prepared for");
    }
    return mariadb__failed(stmt->conn, stmt->handle, text, row, err);
}

/* What comes from one statement of a text is dropped; it may still fail among its rows. Where there is no memory to take them, they stay
 * on the link. number: as row of failed. *ret_had: it had rows. */
static sqla_status drop_answer(sqla_driver_conn *conn, const char *text, int64_t number, bool *ret_had, sqla_err *err)
{
    MYSQL_RES *rows = mysql_use_result(conn->link);
    mariadb__call next = { .kind = MARIADB__ROW, .rows = rows };
    *ret_had = rows != NULL;
    if (rows == NULL && mysql_field_count(conn->link) == 0)
        return SQLA_OK;
    if (rows == NULL) {
        conn->lost = true;
        return mariadb__nomem(err);
    }
    sqla_status status;
    do
        status = mariadb__call_run(conn, &next);
    while (status == SQLA_OK && next.row != NULL);
    if (status != SQLA_OK)
        rows->handle = NULL; /* so that nothing is waited for when they are freed */
    mysql_free_result(rows);
    if (status != SQLA_OK)
        return mariadb__broken(conn, status, err);
    return mysql_errno(conn->link) == 0 ? SQLA_OK : mariadb__failed(conn, NULL, text, number, err);
}

/* A statement that cannot be prepared. */
static sqla_status run_text(sqla_driver_conn *conn, const sqla_statement *statement, sqla_driver_result **ret_result, sqla_err *err)
{
    bool rows = false;
    conn->sent = true;
    sqla_status status = mariadb__simple(conn, statement->text, err);
    if (status == SQLA_OK)
        status = drop_answer(conn, statement->text, 0, &rows, err);
    if (status == SQLA_OK && rows)
        return mariadb__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "the server does not prepare this statement, so its rows cannot be read");
    return status == SQLA_OK ? mariadb__result_new(conn, NULL, false, false, ret_result, err) : status;
}

static sqla_status run_statements(sqla_driver_conn *conn, const char *text, sqla_err *err)
{
    mariadb__call query = { .kind = MARIADB__QUERY, .text = text, .length = strlen(text) };
    conn->sent = true;
    sqla_status status = mariadb__call_run(conn, &query);
    for (int64_t number = 1;; number++) { /* of the statement, 0-based plus 1 */
        bool rows;
        if (status != SQLA_OK)
            return mariadb__broken(conn, status, err);
        if (query.answer != 0) /* below 0 where it could not even be sent */
            return mariadb__failed(conn, NULL, text, number, err);
        status = drop_answer(conn, text, number, &rows, err);
        if (status != SQLA_OK || !mysql_more_results(conn->link))
            return status;
        query = (mariadb__call){ .kind = MARIADB__NEXT };
        status = mariadb__call_run(conn, &query);
    }
}

/* The server takes several statements only while it is told to. */
static sqla_status run_script(sqla_driver_conn *conn, const sqla_statement *statement, int64_t deadline, sqla_driver_result **ret_result, sqla_err *err)
{
    mariadb__call allow = { .kind = MARIADB__SCRIPTS, .on = true }, forbid = { .kind = MARIADB__SCRIPTS, .on = false };
    sqla_driver_result *result = NULL;
    sqla_status status = mariadb__check_text(statement->text, statement->length, err);
    if (status == SQLA_OK)
        status = mariadb__check_length(conn, statement->length, err);
    if (status == SQLA_OK)
        status = mariadb__result_new(conn, NULL, false, false, &result, err);
    if (status == SQLA_OK)
        status = mariadb__enter(conn, deadline, err);
    if (status != SQLA_OK) {
        mariadb_result_close(result);
        return status;
    }
    conn->scripting = true;
    status = mariadb__put_under_way(conn, statement->text, err);
    sqla_status allowed = status == SQLA_OK ? mariadb__call_run(conn, &allow) : SQLA_OK;
    if (allowed != SQLA_OK)
        status = mariadb__broken(conn, allowed, err);
    else if (status == SQLA_OK && allow.answer != 0)
        status = mariadb__failed(conn, NULL, NULL, 0, err);
    else if (status == SQLA_OK && *mariadb__skip_blank(statement->text) != '\0')
        status = run_statements(conn, statement->text, err);
    conn->scripting = false;
    if (mariadb__call_run(conn, &forbid) != SQLA_OK)
        conn->lost = true;
    mariadb__leave(conn);
    if (status == SQLA_OK)
        *ret_result = result;
    else
        mariadb_result_close(result);
    return status;
}

/* Between enter and leave; with a stream, leave comes when it ends. */
static sqla_status run(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, bool streams,
                       sqla_driver_result **ret_result, sqla_err *err)
{
    sqla_driver_stmt *stmt = statement->prepared;
    sqla_driver_result *result = NULL;
    bool owns = stmt == NULL, cannot = false;
    sqla_status status = owns ? mariadb__stmt_new(conn, statement->text, statement->length, false, conn->args.count == 0 ? &cannot : NULL, &stmt, err) :
                         mariadb__stmt_ready(stmt, err);
    if (status == SQLA_OK && cannot)
        return run_text(conn, statement, ret_result, err);
    if (status == SQLA_OK)
        status = mariadb__check_width(stmt, plan, 1, err);
    if (status == SQLA_OK)
        status = mariadb__result_new(conn, stmt, owns, mariadb__is_writing(statement->text), &result, err);
    else if (owns)
        mariadb_stmt_close(stmt);
    if (status == SQLA_OK)
        status = mariadb__stmt_run(stmt, statement->text, 0, err);
    if (status == SQLA_OK)
        status = mariadb__result_start(result, streams ? MARIADB__STREAM : MARIADB__KEEP, statement->text, NULL, err);
    if (status == SQLA_OK)
        *ret_result = result;
    else
        mariadb_result_close(result);
    return status;
}

static sqla_status exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan,
    const void *row, const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    uint32_t flags = options != NULL ? options->flags : 0;
    sqla_status status =
        mariadb__args_start(&conn->args, plan != NULL ? plan->count : 0) ? SQLA_OK : mariadb__nomem(err);
    if (status == SQLA_OK)
        status = mariadb__args_row(&conn->args, plan, row, 0, 0, err);
    if (status == SQLA_OK)
        status = mariadb__check_args(conn, plan, 0, err);
    if (status == SQLA_OK)
        status = mariadb__enter(conn, options != NULL ? options->deadline : 0, err);
    if (status != SQLA_OK)
        return status;
    status = mariadb__put_under_way(conn, statement->text, err);
    if (status == SQLA_OK)
        status = run(conn, statement, plan, (flags & SQLA_EXEC_STREAM) != 0, ret_result, err);
    if (conn->stream == NULL)
        mariadb__leave(conn);
    else
        mariadb__keep_outcome(conn);
    return status;
}

static sqla_status exec_listed(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan,
    const void *row, const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    mariadb__listed listed;
    sqla_status status = mariadb__listed_new(statement, plan, row, &listed, err);
    if (status == SQLA_OK)
        status = exec(conn, &listed.statement, &listed.plan, row, options, ret_result, err);
    mariadb__listed_release(&listed);
    return status;
}

sqla_status mariadb_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                         const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    uint32_t flags = options != NULL ? options->flags : 0, count = plan != NULL ? plan->count : 0;
    const sqla_err_fields no_rows = {
        .hint = "the statement gives no rows: run it with sqla_exec() or sqla_execute()"
    };
    if ((flags & SQLA_EXEC_SCRIPT) != 0)
        return count > 0 ? mariadb__fail(err, SQLA_ERR_MISUSE, NULL, "a script takes no parameters") :
               run_script(conn, statement, options->deadline, ret_result, err);
    sqla_status status = statement->prepared == NULL ? mariadb__check_text(statement->text, statement->length, err) : SQLA_OK;
    if (status == SQLA_OK)
        status = mariadb__check_plan(plan, err);
    if (status == SQLA_OK && (flags & SQLA_EXEC_ROWS) != 0 && mariadb__gives_no_rows(statement->text))
        status = mariadb__fail(
            err, SQLA_ERR_MISUSE, &no_rows, "cannot read rows: the statement gives none, and was not run");
    if (status != SQLA_OK)
        return status;
    return mariadb__has_lists(plan) ? exec_listed(conn, statement, plan, row, options, ret_result, err)
                                    : exec(conn, statement, plan, row, options, ret_result, err);
}
