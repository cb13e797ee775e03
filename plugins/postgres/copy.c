/* copy.c: COPY from and to the program, as a stream in bounded memory (the extension "sqla.bulk/1").
 *
 * The server reads on behind a row that it does not like and says so at the end; the row's number stands in the context of the
 * failure ("COPY parts, line 3, column ..."), whose words are translated, while its form is not. */
#include <config.h>
#include "postgres.h"

#include <stdlib.h>
#include <string.h>

enum { UNSENT_MOST = 65536 }; /* bytes that libpq may hold before they are sent */
#define PATIENCE INT64_C(5000000000) /* how long giving up may take */

struct sqla_driver_copy {
    sqla_driver_conn *conn;
    sqla_copy_direction direction;
    bool ended;                /* COPY_OUT: the last row has come */
    size_t unsent;
    int64_t count;
    char *row;                 /* COPY_OUT: what was given last */
};

static void release(sqla_driver_copy *copy)
{
    copy->conn->copying = false;
    postgres__leave(copy->conn);
    PQfreemem(copy->row);
    postgres__host->release(copy);
}

/* ---- beginning --------------------------------------------------------------------------------------------------- */

static const char *wrong_kind(ExecStatusType kind, sqla_copy_direction direction)
{
    if (kind == PGRES_COPY_IN && direction == SQLA_COPY_OUT)
        return "the statement copies into the database, and COPY ... TO STDOUT is wanted";
    if (kind == PGRES_COPY_OUT && direction == SQLA_COPY_IN)
        return "the statement copies out of the database, and COPY ... FROM STDIN is wanted";
    return direction == SQLA_COPY_IN ? "the statement is no COPY ... FROM STDIN" : "the statement is no COPY ... TO STDOUT";
}

static sqla_status begin(sqla_driver_conn *conn, const char *text, sqla_copy_direction direction, sqla_err *err)
{
    PGresult *res = NULL;
    if (PQsendQueryParams(conn->link, text, 0, NULL, NULL, NULL, NULL, 0) == 0)
        return postgres__broken(conn, SQLA_ERR_DISCONNECTED, err);
    sqla_status status = postgres__flush(conn);
    if (status == SQLA_OK || PQstatus(conn->link) == CONNECTION_BAD)
        status = postgres__next(conn, &res);
    if (status != SQLA_OK || res == NULL)
        return postgres__broken(conn, status != SQLA_OK ? status : SQLA_ERR_DISCONNECTED, err);
    ExecStatusType kind = PQresultStatus(res);
    if (kind == (direction == SQLA_COPY_IN ? PGRES_COPY_IN : PGRES_COPY_OUT)) {
        PQclear(res);
        return SQLA_OK;
    }
    if (kind == PGRES_FATAL_ERROR || kind == PGRES_BAD_RESPONSE)
        status = postgres__failed(conn, res, 0, err);
    else
        status = postgres__fail(err, SQLA_ERR_MISUSE, NULL, "%s", wrong_kind(kind, direction));
    (void)postgres__refuse_copy(conn, res);
    PQclear(res);
    (void)postgres__read_rest(conn, NULL);
    return status;
}

static sqla_status copy_open(sqla_driver_conn *conn, const char *text, size_t length, int32_t direction, const sqla_exec_options *options,
                             sqla_driver_copy **ret_copy, sqla_err *err)
{
    const sqla_statement statement = { sizeof statement, 0, text, length, NULL };
    sqla_status status = postgres__check_statement(&statement, NULL, err);
    if (status != SQLA_OK)
        return status;
    sqla_driver_copy *copy = postgres__host->alloc(sizeof *copy);
    if (copy == NULL)
        return postgres__nomem(err);
    *copy = (sqla_driver_copy){ .conn = conn, .direction = (sqla_copy_direction)direction, .count = -1 };
    status = postgres__enter(conn, options != NULL ? options->deadline : 0, err);
    if (status != SQLA_OK) {
        postgres__host->release(copy);
        return status;
    }
    status = begin(conn, text, copy->direction, err);
    conn->copying = status == SQLA_OK;
    if (status == SQLA_OK)
        *ret_copy = copy;
    else
        release(copy);
    return status;
}

/* ---- the stream -------------------------------------------------------------------------------------------------- */

static sqla_status link_failed(sqla_driver_copy *copy, sqla_status status, sqla_err *err)
{
    copy->conn->lost = true;
    return postgres__broken(copy->conn, status != SQLA_OK ? status : SQLA_ERR_DISCONNECTED, err);
}

static sqla_status put_piece(sqla_driver_copy *copy, const char *data, size_t size, sqla_err *err)
{
    int taken;
    while ((taken = PQputCopyData(copy->conn->link, data, (int)size)) == 0) {
        sqla_status status = postgres__flush(copy->conn);
        if (status != SQLA_OK)
            return link_failed(copy, status, err);
    }
    if (taken < 0)
        return link_failed(copy, SQLA_OK, err);
    copy->unsent += size;
    if (copy->unsent < UNSENT_MOST)
        return SQLA_OK;
    copy->unsent = 0;
    sqla_status status = postgres__flush(copy->conn);
    return status == SQLA_OK ? SQLA_OK : link_failed(copy, status, err);
}

static sqla_status copy_put(sqla_driver_copy *copy, const void *data, size_t size, sqla_err *err)
{
    const char *at = data;
    sqla_status status = copy->conn->lost ? postgres__broken(copy->conn, SQLA_ERR_DISCONNECTED, err) : SQLA_OK;
    while (status == SQLA_OK && size > 0) {
        size_t piece = size < UNSENT_MOST ? size : UNSENT_MOST;
        status = put_piece(copy, at, piece, err);
        at += piece;
        size -= piece;
    }
    return status;
}

/* The answer at the end of the stream. */
static sqla_status take_end(sqla_driver_copy *copy, sqla_err *err)
{
    PGresult *res = NULL;
    sqla_status status = postgres__answer_copy(copy->conn, &res, err);
    copy->ended = true;
    if (status != SQLA_OK)
        return status;
    copy->count = PQcmdTuples(res)[0] != '\0' ? strtoll(PQcmdTuples(res), NULL, 10) : -1;
    PQclear(res);
    return SQLA_OK;
}

static sqla_status copy_get(sqla_driver_copy *copy, const void **ret_data, size_t *ret_size, sqla_err *err)
{
    int n = -1;
    PQfreemem(copy->row);
    copy->row = NULL;
    *ret_data = NULL;
    *ret_size = 0;
    if (copy->ended)
        return SQLA_OK;
    if (copy->conn->lost)
        return postgres__broken(copy->conn, SQLA_ERR_DISCONNECTED, err);
    while ((n = PQgetCopyData(copy->conn->link, &copy->row, 1)) == 0) {
        sqla_status status = postgres__wait_input(copy->conn);
        if (status != SQLA_OK)
            return link_failed(copy, status, err);
    }
    if (n < 0)
        return n == -1 ? take_end(copy, err) : link_failed(copy, SQLA_OK, err);
    postgres__intake_progress(copy->conn);
    *ret_data = copy->row;
    *ret_size = (size_t)n;
    return SQLA_OK;
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static sqla_status end_in(sqla_driver_copy *copy, const char *why, sqla_err *err)
{
    int taken;
    while ((taken = PQputCopyEnd(copy->conn->link, why)) == 0) {
        sqla_status status = postgres__flush(copy->conn);
        if (status != SQLA_OK)
            return link_failed(copy, status, err);
    }
    copy->conn->running = why == NULL ? "COPY" : NULL; /* outside of a transaction it commits now */
    return taken > 0 ? take_end(copy, err) : link_failed(copy, SQLA_OK, err);
}

static sqla_status end_out(sqla_driver_copy *copy, sqla_err *err)
{
    const void *data = NULL;
    size_t size;
    sqla_status status = SQLA_OK;
    while (status == SQLA_OK && !copy->ended)
        status = copy_get(copy, &data, &size, err);
    return status;
}

static sqla_status copy_finish(sqla_driver_copy *copy, int64_t *ret_count, sqla_err *err)
{
    sqla_status status = copy->conn->lost ? postgres__broken(copy->conn, SQLA_ERR_DISCONNECTED, err) :
                         copy->direction == SQLA_COPY_IN ? end_in(copy, NULL, err) : end_out(copy, err);
    if (status == SQLA_OK)
        *ret_count = copy->count;
    release(copy);
    return status;
}

/* Cancelling costs the transaction, so inside of one the rest of a COPY TO is read first for a while, as with streams of rows. What
 * goes in can only be refused, and that is an error to the server: inside a transaction it fails with it. */
static void copy_abort(sqla_driver_copy *copy)
{
    sqla_driver_conn *conn = copy->conn;
    int64_t deadline = postgres__now() + PATIENCE;
    if (conn->deadline == 0 || deadline < conn->deadline)
        postgres__set_deadline(conn, deadline);
    if (!conn->lost && copy->direction == SQLA_COPY_IN) {
        (void)end_in(copy, "the program gave it up", NULL);
    } else if (!conn->lost) {
        if (conn->before != SQLA_TXN_ACTIVE && !copy->ended && !conn->timed_out) {
            (void)postgres__cancel(conn->key, conn->deadline);
            conn->lost = postgres__key_late(conn->key);
        }
        (void)end_out(copy, NULL);
    }
    release(copy);
}

const sqla_bulk_ops postgres__bulk = {
    .struct_size = sizeof postgres__bulk,
    .open = copy_open,
    .put = copy_put,
    .get = copy_get,
    .finish = copy_finish,
    .abort = copy_abort,
};
