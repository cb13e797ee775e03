/* stmt.c: statements: preparing, sending, running one.
 *
 * Preparing asks the server for the shape of the answer, too: results come in binary form when every column has a reader
 * for it, and as text otherwise. A statement that is not prepared gets text, since nobody knows its columns before. */
#include <config.h>
#include "postgres.h"

#include <stdio.h>
#include <string.h>

enum { DROP_MIN = 16 }; /* closed statements that make a trip worth while */

/* ---- checks ---------------------------------------------------------------------------------------------------- */

/* The server takes parameters that nothing uses. The last one must stand in the text of a statement that uses them all. */
static sqla_status check_count(const sqla_statement *statement, const sqla_plan *plan, sqla_err *err)
{
    char last[16];
    if (statement->prepared != NULL || plan == NULL || plan->count == 0)
        return SQLA_OK;
    size_t n = (size_t)snprintf(last, sizeof last, "$%u", plan->count);
    for (const char *at = statement->text; (at = strstr(at, last)) != NULL; at += n) {
        if (at[n] < '0' || at[n] > '9')
            return SQLA_OK;
    }
    return postgres__fail(err, SQLA_ERR_SQL, NULL, "%u parameters are given, and the statement has no '%s'", plan->count, last);
}

sqla_status postgres__check_statement(const sqla_statement *statement, const sqla_plan *plan, sqla_err *err)
{
    if (plan != NULL && plan->count > 65535)
        return postgres__fail(err, SQLA_ERR_SQL, NULL, "%u parameters are more than the server takes", plan->count);
    if (statement->prepared != NULL)
        return SQLA_OK;
    if (postgres__utf8_valid(statement->text, statement->length))
        return check_count(statement, plan, err);
    return postgres__fail(err, SQLA_ERR_DATA, NULL, "the statement %s", memchr(statement->text, 0, statement->length) != NULL ?
                          "has a NUL in it" : "is not valid UTF-8");
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

/* libpq refuses without a broken link when memory runs out, or when it is used wrongly. */
static sqla_status not_sent(sqla_driver_conn *conn, sqla_err *err)
{
    if (conn->lost || PQstatus(conn->link) == CONNECTION_BAD)
        return postgres__broken(conn, SQLA_ERR_DISCONNECTED, err);
    const char *said = PQerrorMessage(conn->link);
    return postgres__fail(err, SQLA_ERR_NOMEM, NULL, "the statement could not be sent: %.*s", (int)strcspn(said, "\n"), said);
}

sqla_status postgres__send(sqla_driver_conn *conn, const sqla_statement *statement, sqla_err *err)
{
    const postgres__args *a = &conn->args;
    const sqla_driver_stmt *stmt = statement->prepared;
    conn->set_something |= stmt != NULL ? stmt->sets : postgres__names_settings(statement->text);
    int sent = stmt != NULL ? PQsendQueryPrepared(conn->link, stmt->name, a->count, a->values, a->lengths, a->formats, stmt->format) :
               PQsendQueryParams(conn->link, statement->text, a->count, a->types, a->values, a->lengths, a->formats, 0);
    return sent != 0 ? SQLA_OK : not_sent(conn, err);
}

/* ---- preparing ------------------------------------------------------------------------------------------------- */

#ifdef HAVE_PQENTERPIPELINEMODE
/* Wait for the answers behind a PQpipelineSync: *kept is the last result of interest, or the first failure. */
static sqla_status collect_pipeline(sqla_driver_conn *conn, PGresult **kept)
{
    sqla_status status = postgres__flush(conn);
    for (bool synced = false; status == SQLA_OK && !synced;) {
        PGresult *res = NULL;
        status = postgres__next_of_pipeline(conn, &res);
        if (status == SQLA_OK && res == NULL && PQstatus(conn->link) == CONNECTION_BAD)
            status = SQLA_ERR_DISCONNECTED;
        synced = res != NULL && PQresultStatus(res) == PGRES_PIPELINE_SYNC;
        bool failed = *kept != NULL && PQresultStatus(*kept) != PGRES_COMMAND_OK;
        if (res != NULL && !synced && !failed) {
            PQclear(*kept);
            *kept = res;
        } else {
            PQclear(res);
        }
    }
    return status;
}

/* Parse and describe in one trip. */
static sqla_status prepare_and_describe(sqla_driver_conn *conn, const sqla_driver_stmt *stmt, const char *text, PGresult **ret_res, sqla_err *err)
{
    PGresult *res = NULL;
    if (PQenterPipelineMode(conn->link) == 0)
        return not_sent(conn, err);
    bool sent = PQsendPrepare(conn->link, stmt->name, text, stmt->count, stmt->types) != 0 &&
                PQsendDescribePrepared(conn->link, stmt->name) != 0;
    bool closed = PQpipelineSync(conn->link) != 0;
    sqla_status status = closed ? collect_pipeline(conn, &res) : SQLA_ERR_DISCONNECTED;
    if (status != SQLA_OK)
        status = res != NULL && PQresultStatus(res) != PGRES_COMMAND_OK ? postgres__failed(conn, res, 0, err) : postgres__broken(conn, status, err);
    else if (!sent)
        status = postgres__nomem(err);
    else if (res == NULL || PQresultStatus(res) != PGRES_COMMAND_OK)
        status = res != NULL ? postgres__failed(conn, res, 0, err) : postgres__broken(conn, SQLA_ERR_DISCONNECTED, err);
    if (PQexitPipelineMode(conn->link) == 0)
        conn->lost = true;
    if (status != SQLA_OK)
        PQclear(res);
    else
        *ret_res = res;
    return status;
}
#else
static sqla_status prepare_and_describe(sqla_driver_conn *conn, const sqla_driver_stmt *stmt, const char *text, PGresult **ret_res, sqla_err *err)
{
    PGresult *res = NULL;
    if (PQsendPrepare(conn->link, stmt->name, text, stmt->count, stmt->types) == 0)
        return not_sent(conn, err);
    sqla_status status = postgres__answer(conn, &res, err);
    PQclear(status == SQLA_OK ? res : NULL);
    if (status == SQLA_OK && PQsendDescribePrepared(conn->link, stmt->name) == 0)
        status = not_sent(conn, err);
    return status == SQLA_OK ? postgres__answer(conn, ret_res, err) : status;
}
#endif

/* The server describes each parameter in four bytes, and libpq (15.18) takes an answer of that kind beyond
 * 30,000 bytes for a link out of step. A statement of so many gets text, as one that is not prepared does. */
enum { DESCRIBED_MOST = 7000 };

static sqla_status prepare_alone(
    sqla_driver_conn *conn, const sqla_driver_stmt *stmt, const char *text, sqla_err *err)
{
    PGresult *res = NULL;
    if (PQsendPrepare(conn->link, stmt->name, text, stmt->count, stmt->types) == 0)
        return not_sent(conn, err);
    sqla_status status = postgres__answer(conn, &res, err);
    PQclear(status == SQLA_OK ? res : NULL);
    return status;
}

static int format_for(const PGresult *shape)
{
    for (int i = 0; i < PQnfields(shape); i++) {
        if (!postgres__has_binary(PQftype(shape, i)))
            return 0;
    }
    return 1;
}

/* Behind a pooler that nobody told us of, a name may meet another client's session. With the tag in it that is an error, and
 * never another client's statement. */
void postgres__stmt_name(const sqla_driver_conn *conn, uint64_t n, char *room, size_t size)
{
    snprintf(room, size, "sqla_%016llx_%llu", (unsigned long long)conn->tag, (unsigned long long)n);
}

static sqla_driver_stmt *new_stmt(sqla_driver_conn *conn, uint32_t count)
{
    sqla_driver_stmt *stmt = postgres__host->alloc(sizeof *stmt + count * sizeof *stmt->types);
    if (stmt == NULL)
        return NULL;
    *stmt = (sqla_driver_stmt){ .conn = conn, .number = ++conn->last_name, .count = (int)count };
    postgres__stmt_name(conn, stmt->number, stmt->name, sizeof stmt->name);
    return stmt;
}

static sqla_status wrong_count(const sqla_driver_stmt *stmt, const PGresult *shape, sqla_err *err)
{
    return postgres__fail(err, SQLA_ERR_SQL, NULL, "the statement has %d parameters, and %d are given", PQnparams(shape), stmt->count);
}

static sqla_status prepare(sqla_driver_conn *conn, sqla_driver_stmt *stmt, const char *text, int64_t deadline, sqla_err *err)
{
    PGresult *shape = NULL;
    sqla_status status = postgres__enter(conn, deadline, err);
    if (status != SQLA_OK)
        return status;
    postgres__drop_statements(conn);
    bool described = stmt->count <= DESCRIBED_MOST;
    status = described ? prepare_and_describe(conn, stmt, text, &shape, err)
                       : prepare_alone(conn, stmt, text, err);
    postgres__leave(conn);
    stmt->fields = -1;
    if (status != SQLA_OK || !described)
        return status;
    stmt->fields = PQnfields(shape);
    stmt->format = format_for(shape);
    for (int i = 0; i < stmt->count && i < PQnparams(shape); i++)
        stmt->types[i] = PQparamtype(shape, i);
    if (PQnparams(shape) != stmt->count)
        status = wrong_count(stmt, shape, err);
    PQclear(shape);
    return status;
}

sqla_status postgres_prepare(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows,
                             const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err)
{
    const sqla_statement statement = { sizeof statement, 0, text, length, NULL };
    bool columns = options != NULL && (options->flags & SQLA_EXEC_COLUMNS) != 0;
    if (block_rows > 1)
        return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "batches go by columns here, not by blocks");
    sqla_status status = postgres__check_statement(&statement, plan, err);
    if (status != SQLA_OK)
        return status;
    sqla_driver_stmt *stmt = new_stmt(conn, plan != NULL ? plan->count : 0);
    if (stmt == NULL)
        return postgres__nomem(err);
    stmt->columns = columns;
    stmt->sets = postgres__names_settings(text);
    status = postgres__plan_types(plan, columns, stmt->types, err);
    if (status == SQLA_OK)
        status = prepare(conn, stmt, text, options != NULL ? options->deadline : 0, err);
    if (status == SQLA_OK)
        *ret_stmt = stmt;
    else
        postgres__host->release(stmt);
    return status;
}

/* ---- dropping -------------------------------------------------------------------------------------------------- */

/* Closing must not fail and may come at any time, so the name is noted down. Without memory for that the server keeps
 * the statement until the session ends, which harms nobody. */
void postgres_stmt_close(sqla_driver_stmt *stmt)
{
    if (stmt == NULL)
        return;
    sqla_driver_conn *conn = stmt->conn;
    bool gone = stmt->number <= conn->gone;
    if (!gone && conn->dropped_count == conn->dropped_room) {
        size_t room = conn->dropped_room * 2 + DROP_MIN;
        uint64_t *list = postgres__host->resize(conn->dropped, room * sizeof *list);
        if (list != NULL) {
            conn->dropped = list;
            conn->dropped_room = room;
        }
    }
    if (!gone && conn->dropped_count < conn->dropped_room)
        conn->dropped[conn->dropped_count++] = stmt->number;
    postgres__host->release(stmt);
}

/* DEALLOCATE of a name that is gone (somebody ran DEALLOCATE ALL) is an error, which would end a transaction. So it is done
 * outside of one only, and what it answers does not matter. */
void postgres__drop_statements(sqla_driver_conn *conn)
{
    if (conn->dropped_count < DROP_MIN || conn->before != SQLA_TXN_IDLE)
        return;
    while (conn->dropped_count > 0 && !conn->lost) {
        char name[48], text[64];
        PGresult *res = NULL;
        postgres__stmt_name(conn, conn->dropped[--conn->dropped_count], name, sizeof name);
        snprintf(text, sizeof text, "DEALLOCATE %s", name);
        if (PQsendQuery(conn->link, text) == 0)
            return;
        sqla_status status = postgres__flush(conn);
        while (status == SQLA_OK && (status = postgres__next(conn, &res)) == SQLA_OK && res != NULL)
            PQclear(res);
        if (status != SQLA_OK) /* its answer may come yet, and would be taken for the next one's */
            conn->lost = true;
    }
}

/* ---- will there be rows? ------------------------------------------------------------------------------- */

/* The shape of a statement that was not prepared. A pooler may have it run in another session than it was
 * described in, so it is sent anew then, and has no name here. */
static sqla_status describe(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan,
    int *ret_fields, sqla_err *err)
{
    PGresult *shape = NULL;
    sqla_driver_stmt *stmt = new_stmt(conn, plan != NULL ? plan->count : 0);
    if (stmt == NULL)
        return postgres__nomem(err);
    stmt->name[0] = '\0';
    sqla_status status = postgres__plan_types(plan, false, stmt->types, err);
    if (status == SQLA_OK)
        status = prepare_and_describe(conn, stmt, statement->text, &shape, err);
    *ret_fields = PQnfields(shape);
    PQclear(shape);
    postgres__host->release(stmt);
    return status;
}

/* What gives no rows is not run when rows are wanted. It costs a trip where the text leaves it open and
 * nobody has prepared it. */
static sqla_status check_rows(
    sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, sqla_err *err)
{
    const sqla_err_fields no_rows = {
        .hint = "the statement gives no rows: run it with sqla_exec() or sqla_execute()"
    };
    int fields = statement->prepared != NULL ? statement->prepared->fields : 1;
    sqla_status status = SQLA_OK;
    bool describable = plan == NULL || plan->count <= DESCRIBED_MOST;
    if (statement->prepared == NULL && describable && !postgres__gives_rows(statement->text))
        status = describe(conn, statement, plan, &fields, err);
    if (status == SQLA_OK && fields == 0)
        status = postgres__fail(
            err, SQLA_ERR_MISUSE, &no_rows, "cannot read rows: the statement gives none, and was not run");
    return status;
}

/* ---- running one ----------------------------------------------------------------------------------------------- */

static sqla_status run_script(sqla_driver_conn *conn, const sqla_statement *statement, PGresult **ret_res, sqla_err *err)
{
    conn->set_something |= postgres__names_settings(statement->text);
    conn->intake.whole = true;
    return PQsendQuery(conn->link, statement->text) != 0 ? postgres__answer_script(conn, ret_res, err) : not_sent(conn, err);
}

/* The first answer of a statement whose rows are to come one by one. *ret_more: more will come. */
static sqla_status start_stream(sqla_driver_conn *conn, PGresult **ret_res, bool *ret_more, sqla_err *err)
{
    PGresult *res = NULL;
    sqla_status status = postgres__flush(conn);
    if (status == SQLA_OK || PQstatus(conn->link) == CONNECTION_BAD)
        status = postgres__next(conn, &res);
    if (status != SQLA_OK || res == NULL)
        return postgres__broken(conn, status != SQLA_OK ? status : SQLA_ERR_DISCONNECTED, err);
    *ret_res = res;
    *ret_more = PQresultStatus(res) == PGRES_SINGLE_TUPLE;
    if (*ret_more)
        return SQLA_OK;
    bool copy = postgres__refuse_copy(conn, res);
    if (copy)
        status = postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "COPY from or to the client is not supported");
    else if (PQresultStatus(res) == PGRES_FATAL_ERROR || PQresultStatus(res) == PGRES_BAD_RESPONSE)
        status = postgres__failed(conn, res, 0, err);
    sqla_status rest = postgres__read_rest(conn, status == SQLA_OK ? err : NULL);
    status = status == SQLA_OK ? rest : status;
    if (status != SQLA_OK) {
        PQclear(res);
        *ret_res = NULL;
    }
    return status;
}

/* What is sent from here on may be done for good, and not be heard of. A session that the server has ended
 * before that has certainly not done it. */
static sqla_status put_under_way(sqla_driver_conn *conn, const char *text, uint32_t flags, sqla_err *err)
{
    bool ends = conn->before == SQLA_TXN_ACTIVE && postgres__ends_transaction(text);
    sqla_status status = conn->before == SQLA_TXN_IDLE || ends ? postgres__look(conn, err) : SQLA_OK;
    if (status == SQLA_OK && ends && (flags & SQLA_EXEC_TOKEN) != 0)
        status = postgres__take_token(conn, conn->token, err);
    conn->completed = false;
    conn->running = text;
    return status;
}

/* What came first, and how the rest of it comes. */
typedef struct answer { PGresult *res; bool more; postgres__road road; int format, asked; } answer;

static sqla_status run_direct(
    sqla_driver_conn *conn, const sqla_statement *statement, bool streams, answer *ret, sqla_err *err)
{
    sqla_status status = postgres__send(conn, statement, err);
    if (status != SQLA_OK)
        return status;
    if (!streams || PQsetSingleRowMode(conn->link) == 0)
        return postgres__answer(conn, &ret->res, err);
    return start_stream(conn, &ret->res, &ret->more, err);
}

static sqla_status run_cursor(
    sqla_driver_conn *conn, const sqla_statement *statement, answer *ret, sqla_err *err)
{
    ret->format = statement->prepared != NULL ? statement->prepared->format : 0;
    conn->intake.whole = true;
    sqla_status status = postgres__cursor_declare(conn, statement, err);
    if (status == SQLA_OK && !postgres__cursor_ask(conn, NULL, ret->format, &ret->asked))
        status = not_sent(conn, err);
    if (status == SQLA_OK)
        status = postgres__answer(conn, &ret->res, err);
    if (status != SQLA_OK)
        return status;
    ret->more = PQntuples(ret->res) == ret->asked;
    if (!ret->more)
        postgres__cursor_close(conn);
    else if (!postgres__cursor_ask(conn, ret->res, ret->format, &ret->asked))
        status = not_sent(conn, err);
    return status;
}

static bool may_give_rows(const sqla_statement *statement)
{
    int fields = statement->prepared != NULL ? statement->prepared->fields : -1;
    return fields >= 0 ? fields > 0 : !postgres__gives_no_rows(statement->text);
}

static sqla_status run(
    sqla_driver_conn *conn, const sqla_statement *statement, uint32_t flags, answer *ret, sqla_err *err)
{
    const uint32_t leaves = SQLA_EXEC_STREAM | SQLA_EXEC_LEAVES;
    sqla_status status = put_under_way(conn, statement->text, flags, err);
    if (status != SQLA_OK)
        return status;
    if ((flags & SQLA_EXEC_SCRIPT) != 0)
        return run_script(conn, statement, &ret->res, err);
    conn->intake.whole = (flags & SQLA_EXEC_STREAM) == 0 && may_give_rows(statement);
    ret->road = (flags & leaves) == leaves && conn->before == SQLA_TXN_ACTIVE
                    ? postgres__road_of(statement->text)
                    : POSTGRES__DIRECT;
    switch (ret->road) {
    case POSTGRES__GUARDED:
        status = postgres__guarded_start(conn, statement, &ret->res, &ret->more, err);
        break;
    case POSTGRES__CURSOR:
        status = run_cursor(conn, statement, ret, err);
        break;
    case POSTGRES__DIRECT:
        status = run_direct(conn, statement, (flags & SQLA_EXEC_STREAM) != 0, ret, err);
    }
    if (status != SQLA_OK)
        PQclear(ret->res);
    return status;
}

/* A statement by its tag: one that prepared another in SQL, or that ran a body of its own, where it may have been done. */
static bool may_have_prepared(PGresult *res)
{
    static const char *const tags[] = { "PREPARE", "DO", "CALL" };
    const char *tag = PQresultStatus(res) == PGRES_COMMAND_OK ? PQcmdStatus(res) : "";
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (strcmp(tag, tags[i]) == 0)
            return true;
    }
    return false;
}

/* The results of a script are dropped, also the last one. */
static sqla_status script_result(sqla_driver_conn *conn, PGresult *res, sqla_driver_result **ret_result, sqla_err *err)
{
    PQclear(res);
    PGresult *empty = PQmakeEmptyPGresult(conn->link, PGRES_COMMAND_OK);
    return empty != NULL ? postgres__result_new(conn, empty, false, ret_result, err) : postgres__nomem(err);
}

sqla_status postgres_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                          const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    uint32_t flags = options != NULL ? options->flags : 0;
    answer a = { 0 };
    sqla_status status = postgres__check_statement(statement, plan, err);
    if (status == SQLA_OK && (flags & SQLA_EXEC_SCRIPT) != 0 && plan != NULL && plan->count > 0)
        status = postgres__fail(err, SQLA_ERR_MISUSE, NULL, "a script takes no parameters");
    if (status == SQLA_OK && statement->prepared != NULL && statement->prepared->columns)
        status = postgres__fail(err, SQLA_ERR_MISUSE, NULL, "a statement that was prepared for columns takes batches only");
    if (status == SQLA_OK)
        status = postgres__args_row(conn, statement->prepared, plan, row, 0, err);
    if (status == SQLA_OK && !postgres__result_reserve(conn))
        status = postgres__nomem(err);
    if (status == SQLA_OK)
        status = postgres__enter(conn, options != NULL ? options->deadline : 0, err);
    if (status != SQLA_OK)
        return status;
    if ((flags & SQLA_EXEC_ROWS) != 0)
        status = check_rows(conn, statement, plan, err);
    if (status == SQLA_OK)
        status = run(conn, statement, flags, &a, err);
    conn->over |= status == SQLA_OK && conn->rolled_back && postgres__has_word(statement->text, "chain");
    if (a.more && status == SQLA_OK)
        postgres__keep_outcome(conn);
    else
        postgres__leave(conn);
    if (status != SQLA_OK)
        return status;
    conn->may_have_prepared =
        conn->may_have_prepared || (flags & SQLA_EXEC_SCRIPT) != 0 || may_have_prepared(a.res);
    if ((flags & SQLA_EXEC_SCRIPT) != 0)
        return script_result(conn, a.res, ret_result, err);
    status = postgres__result_new(conn, a.res, a.more, ret_result, err);
    if (status == SQLA_OK && a.more)
        postgres__result_by(*ret_result, a.road, a.format, a.asked);
    else if (a.more)
        conn->lost = true; /* rows that nobody will read */
    return status;
}
