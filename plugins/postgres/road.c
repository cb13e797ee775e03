/* road.c: streams that may be left before their end, inside a transaction.
 *
 * A statement that runs can only be ended by a cancel, which fails the transaction. So a query that does
 * nothing but read has a savepoint before it: to leave it is to cancel it and to go back there. That would
 * also take back what the query did: locks of rows, and what functions of the program's own write. Such a
 * query is read by a cursor, in pieces, the next of which is on its way while one is read; that costs up
 * to half of the speed of a plain stream, since the server copies each piece. A statement that changes
 * rows is not left at all: it is read to its end, so that all of it is done. The text tells which is
 * which. */
#include <config.h>
#include "postgres.h"

#include <stdio.h>
#include <string.h>

/* ---- the road ------------------------------------------------------------------------------------------ */

postgres__road postgres__road_of(const char *text)
{
    const postgres__deeds deeds = postgres__deeds_of(text);
    if (!deeds.queries || deeds.writes)
        return POSTGRES__DIRECT;
#ifdef HAVE_PQENTERPIPELINEMODE
    return deeds.locks || deeds.calls ? POSTGRES__CURSOR : POSTGRES__GUARDED;
#else
    return POSTGRES__CURSOR;
#endif
}

#define NAME "sqla_stream"

/* ---- the savepoint ------------------------------------------------------------------------------------- */

#ifdef HAVE_PQENTERPIPELINEMODE
static bool send_text(sqla_driver_conn *conn, const char *text)
{
    return PQsendQueryParams(conn->link, text, 0, NULL, NULL, NULL, NULL, 0) != 0;
}

/* The savepoint, the statement and the end of the savepoint travel together, so that there is no trip more
 * than without. */
static sqla_status send_guarded(sqla_driver_conn *conn, const sqla_statement *statement, sqla_err *err)
{
    bool before = send_text(conn, "SAVEPOINT " NAME);
    sqla_status status = before ? postgres__send(conn, statement, err) : postgres__nomem(err);
    if (status == SQLA_OK && !send_text(conn, "RELEASE SAVEPOINT " NAME))
        status = postgres__nomem(err);
    if (PQpipelineSync(conn->link) == 0 || postgres__flush(conn) == SQLA_ERR_TIMEOUT)
        conn->lost = true;
    return status;
}

/* The first answer of the statement, or the savepoint's where it could not be set. */
static sqla_status first_answer(sqla_driver_conn *conn, PGresult **ret_res)
{
    PGresult *res = NULL;
    sqla_status status = postgres__next(conn, &res);
    if (status != SQLA_OK || PQresultStatus(res) != PGRES_COMMAND_OK) {
        *ret_res = res;
        return status;
    }
    PQclear(res);
    res = NULL;
    status = postgres__next(conn, &res); /* nothing: the end of its answers */
    if (status == SQLA_OK && res == NULL && PQsetSingleRowMode(conn->link) != 0)
        status = postgres__next(conn, ret_res);
    PQclear(res);
    return status;
}

sqla_status postgres__guarded_start(sqla_driver_conn *conn, const sqla_statement *statement,
    PGresult **ret_res, bool *ret_more, sqla_err *err)
{
    PGresult *res = NULL;
    if (PQenterPipelineMode(conn->link) == 0)
        return postgres__broken(conn, SQLA_ERR_DISCONNECTED, err);
    sqla_status status = send_guarded(conn, statement, err), waited = SQLA_OK;
    if (status == SQLA_OK && (waited = first_answer(conn, &res)) == SQLA_OK && res != NULL) {
        *ret_more = PQresultStatus(res) == PGRES_SINGLE_TUPLE;
        if (!*ret_more && PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_COMMAND_OK)
            status = postgres__failed(conn, res, 0, err);
    } else if (status == SQLA_OK) {
        status = postgres__broken(conn, waited != SQLA_OK ? waited : SQLA_ERR_DISCONNECTED, err);
    }
    if (!*ret_more)
        postgres__guarded_end(conn);
    *ret_res = res;
    return status;
}

void postgres__guarded_end(sqla_driver_conn *conn)
{
    bool synced = false;
    while (!conn->lost && !synced) {
        PGresult *res = NULL;
        sqla_status status = postgres__next(conn, &res);
        synced = res != NULL && PQresultStatus(res) == PGRES_PIPELINE_SYNC;
        conn->lost =
            conn->lost || status != SQLA_OK || (res == NULL && PQstatus(conn->link) == CONNECTION_BAD);
        PQclear(res);
    }
    if (PQexitPipelineMode(conn->link) == 0)
        conn->lost = true;
}
#else
sqla_status postgres__guarded_start(sqla_driver_conn *conn, const sqla_statement *statement,
    PGresult **ret_res, bool *ret_more, sqla_err *err)
{
    (void)conn, (void)statement, (void)ret_res, (void)ret_more;
    return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "this libpq has no pipelines");
}

void postgres__guarded_end(sqla_driver_conn *conn) { (void)conn; }
#endif

/* Where the cancel came too late the statement is over, and with it the savepoint. One that was asked for twice may hit the way back
 * instead, which is then gone again. */
void postgres__guarded_back(sqla_driver_conn *conn)
{
    enum { TRIES = 3 };
    sqla_status status = SQLA_OK;
    for (int i = 0; i < TRIES && !conn->lost && PQtransactionStatus(conn->link) == PQTRANS_INERROR; i++)
        status = postgres__simple(conn, "ROLLBACK TO SAVEPOINT " NAME "; RELEASE SAVEPOINT " NAME, NULL, NULL);
    if (status != SQLA_OK)
        conn->lost = true;
}

/* ---- the cursor ---------------------------------------------------------------------------------------- */

enum { FIRST_ROWS = 8, MOST_ROWS = 1024, PIECE = 128 * 1024 }; /* PIECE: bytes that a piece should have */
static const char declare[] = "DECLARE " NAME " NO SCROLL CURSOR FOR ";

sqla_status postgres__cursor_declare(sqla_driver_conn *conn, const sqla_statement *statement, sqla_err *err)
{
    const postgres__args *a = &conn->args;
    PGresult *res = NULL;
    char *text = postgres__host->alloc(sizeof declare + statement->length);
    if (text == NULL)
        return postgres__nomem(err);
    memcpy(text, declare, sizeof declare - 1);
    memcpy(text + sizeof declare - 1, statement->text, statement->length);
    text[sizeof declare - 1 + statement->length] = '\0';
    conn->ahead = (int)sizeof declare - 1;
    sqla_status status =
        PQsendQueryParams(conn->link, text, a->count, a->types, a->values, a->lengths, a->formats, 0) != 0
            ? postgres__answer(conn, &res, err)
            : postgres__broken(conn, SQLA_ERR_DISCONNECTED, err);
    conn->ahead = 0;
    PQclear(status == SQLA_OK ? res : NULL);
    postgres__host->release(text);
    return status;
}

/* How many rows to ask for, so that a piece of rows like those that came has a good size. */
static int next_rows(const PGresult *piece)
{
    int n = piece != NULL ? PQntuples(piece) : 0;
    size_t each = n > 0 ? PQresultMemorySize(piece) / (size_t)n : 0,
           rows = each > 0 ? PIECE / each : FIRST_ROWS;
    return rows < 1 ? 1 : rows > MOST_ROWS ? MOST_ROWS : (int)rows;
}

bool postgres__cursor_ask(sqla_driver_conn *conn, const PGresult *piece, int format, int *ret_rows)
{
    char text[64];
    *ret_rows = next_rows(piece);
    snprintf(text, sizeof text, "FETCH %d FROM " NAME, *ret_rows);
    return PQsendQueryParams(conn->link, text, 0, NULL, NULL, NULL, NULL, format) != 0;
}

void postgres__cursor_close(sqla_driver_conn *conn)
{
    if (!conn->lost && PQtransactionStatus(conn->link) == PQTRANS_INTRANS &&
        postgres__simple(conn, "CLOSE " NAME, NULL, NULL) != SQLA_OK)
        conn->lost = true;
}
