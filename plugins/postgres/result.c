/* result.c: results, as a whole or row by row.
 *
 * A whole result has no tie to the connection any more. A streaming one takes the connection until its last row; libpq
 * then gives each row as a result of its own, and the first of them is kept for the names and types of the columns. */
#include <config.h>
#include "postgres.h"

#include <stdlib.h>
#include <string.h>

/* How long a result that is closed early may still take: to be cancelled, and to be read to its end first. */
#define CANCEL_PATIENCE INT64_C(1000000000)
#define DRAIN_PATIENCE INT64_C(5000000000)
#define LEAVE_PATIENCE INT64_C(20000000)

struct sqla_driver_result {
    sqla_driver_conn *conn;
    PGresult *shape;           /* the first result that came */
    PGresult *rows;            /* the one that is being read; NULL: the next is still to come */
    int at;                    /* next row in rows */
    int64_t number;            /* rows that have been handed out */
    bool streaming;            /* the connection has more for us */
    postgres__road road;       /* by which it comes */
    int format, asked;         /* by a cursor: of its rows; how many are on their way, 0: none */
    postgres__decoder decoder;
    sqla_value *view;          /* one a column; made when first asked for */
    postgres__read_fn **readers;
    sqla_result_info info;
    sqla_result_column columns[];
};

/* Rows that were changed. A plain SELECT counts what it gives, which is nothing changed; CREATE TABLE AS says SELECT, too,
 * but gives no rows. */
int64_t postgres__affected(PGresult *res)
{
    const char *tag = PQcmdStatus(res), *count = PQcmdTuples(res);
    bool reads = strncmp(tag, "SELECT", 6) == 0 || strncmp(tag, "FETCH", 5) == 0 || strncmp(tag, "MOVE", 4) == 0;
    if (count[0] == '\0' || (reads && (PQnfields(res) > 0 || tag[0] != 'S')))
        return 0;
    return strtoll(count, NULL, 10);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void describe(sqla_driver_result *result, int columns)
{
    for (int i = 0; i < columns; i++) {
        Oid oid = PQftype(result->shape, i);
        const postgres__type *type = postgres__type_find(oid);
        bool array = postgres__is_array(oid, PQfformat(result->shape, i));
        uint32_t kind = type != NULL ? type->type : array ? SQLA_ARRAY : SQLA_TEXT;
        result->columns[i] = (sqla_result_column){ PQfname(result->shape, i), kind, 0, type != NULL ? type->name : NULL };
    }
    result->info = (sqla_result_info){ sizeof result->info, (uint32_t)columns, result->columns, -1 };
    if (!result->streaming)
        result->info.affected = postgres__affected(result->shape);
}

bool postgres__result_reserve(sqla_driver_conn *conn)
{
    if (conn->spare == NULL)
        conn->spare = postgres__host->alloc(sizeof *conn->spare);
    return conn->spare != NULL;
}

sqla_status postgres__result_new(sqla_driver_conn *conn, PGresult *res, bool streaming, sqla_driver_result **ret_result, sqla_err *err)
{
    int columns = PQnfields(res);
    sqla_driver_result *result = NULL;
    if (columns == 0 && conn != NULL && conn->spare != NULL) {
        result = conn->spare;
        conn->spare = NULL;
    } else {
        result = postgres__host->alloc(sizeof *result + (size_t)columns * sizeof *result->columns);
    }
    if (result == NULL) {
        PQclear(res);
        return postgres__nomem(err);
    }
    memset(result, 0, sizeof *result);
    result->conn = conn;
    result->shape = result->rows = res;
    result->streaming = streaming;
    result->decoder.row_number = -1;
    describe(result, columns);
    if (streaming)
        conn->stream = result;
    *ret_result = result;
    return SQLA_OK;
}

void postgres__result_by(sqla_driver_result *result, postgres__road road, int format, int asked)
{
    result->road = road;
    result->format = format;
    result->asked = asked;
}

const sqla_result_info *postgres_result_info(sqla_driver_result *result) { return &result->info; }

static void drop_rows(sqla_driver_result *result)
{
    if (result->rows != result->shape)
        PQclear(result->rows);
    result->rows = NULL;
}

/* The connection is free again. */
static void end_stream(sqla_driver_result *result)
{
    if (!result->streaming)
        return;
    result->streaming = false;
    result->conn->stream = NULL;
    postgres__leave(result->conn);
}

/* ---- the stream ------------------------------------------------------------------------------------------------ */

/* Behind the last row and behind an error there is one NULL more to be read; and what commits by itself may
 * fail there. A result that only reads is whole by then, whatever becomes of the link. */
static sqla_status finish_stream(sqla_driver_result *result, sqla_err *err)
{
    bool open = result->conn->open_outcome;
    sqla_status status = SQLA_OK;
    if (result->road == POSTGRES__GUARDED)
        postgres__guarded_end(result->conn);
    else
        status = postgres__read_rest(result->conn, open ? err : NULL);
    end_stream(result);
    return open ? status : SQLA_OK;
}

/* A cancel and a deadline that come between two pieces end neither of them. */
static sqla_status check_end(sqla_driver_conn *conn, sqla_err *err)
{
    const sqla_err_fields fields = { .sqlstate = "57014" };
    if (postgres__gate_fired(&conn->gate))
        return postgres__fail(err, SQLA_ERR_CANCELLED, &fields, "cancelled");
    if (conn->deadline != 0 && postgres__now() >= conn->deadline)
        return postgres__fail(err, SQLA_ERR_TIMEOUT, &fields, "the deadline passed while the rows were read");
    return SQLA_OK;
}

/* The next rows of a cursor into rows; those behind them are sent for before they are read. */
static sqla_status next_of_cursor(sqla_driver_result *result, sqla_err *err)
{
    PGresult *res = NULL;
    sqla_status status = postgres__answer(result->conn, &res, err);
    bool more = status == SQLA_OK && PQntuples(res) == result->asked;
    result->at = 0;
    if (status == SQLA_OK && PQntuples(res) > 0) {
        result->rows = res;
        res = NULL;
    }
    if (more)
        status = check_end(result->conn, err);
    if (more && status == SQLA_OK &&
        !postgres__cursor_ask(result->conn, result->rows, result->format, &result->asked))
        status = postgres__broken(result->conn, SQLA_ERR_DISCONNECTED, err);
    PQclear(res);
    if (more && status == SQLA_OK)
        return SQLA_OK;
    postgres__cursor_close(result->conn);
    result->info.affected = status == SQLA_OK ? 0 : result->info.affected;
    end_stream(result);
    return status;
}

/* The next row of the stream into rows, which stays NULL at the end. */
static sqla_status next_of_stream(sqla_driver_result *result, sqla_err *err)
{
    PGresult *res = NULL;
    sqla_status status = postgres__next(result->conn, &res);
    if (status != SQLA_OK || res == NULL) {
        status = postgres__broken(result->conn, status != SQLA_OK ? status : SQLA_ERR_DISCONNECTED, err);
        end_stream(result);
        return status;
    }
    if (PQresultStatus(res) == PGRES_SINGLE_TUPLE) {
        result->rows = res;
        result->at = 0;
        return SQLA_OK;
    }
    if (PQresultStatus(res) == PGRES_TUPLES_OK)
        result->info.affected = postgres__affected(res);
    else
        status = postgres__failed(result->conn, res, 0, err);
    PQclear(res);
    sqla_status finished = finish_stream(result, status == SQLA_OK ? err : NULL);
    return status == SQLA_OK ? finished : status;
}

/* Step so that rows[at] is the next row. *ret_more: false at the end. */
static sqla_status advance(sqla_driver_result *result, bool *ret_more, sqla_err *err)
{
    if (result->rows != NULL && result->at >= PQntuples(result->rows))
        drop_rows(result);
    if (result->rows == NULL && result->streaming) {
        sqla_status status =
            result->road == POSTGRES__CURSOR ? next_of_cursor(result, err) : next_of_stream(result, err);
        if (status != SQLA_OK)
            return status;
    }
    *ret_more = result->rows != NULL;
    return SQLA_OK;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* A row that fails is not stepped over: whoever goes on meets it again, rather than missing it. */
sqla_status postgres_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
                                  sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err)
{
    size_t n = 0;
    bool more = true;
    *ret_count = 0;
    sqla_status status = postgres__decoder_choose(&result->decoder, result->shape, plan, err);
    while (status == SQLA_OK && n < max) {
        status = advance(result, &more, err);
        if (status != SQLA_OK || !more)
            break;
        status = postgres__decode_row(&result->decoder, result->rows, result->at, rows[n], arena, result->number + 1, err);
        if (status != SQLA_OK)
            break;
        n++;
        result->at++;
        result->number++;
    }
    *ret_count = n;
    if (status == SQLA_OK && more && !result->streaming)
        more = result->rows != NULL && result->at < PQntuples(result->rows);
    if (status == SQLA_OK)
        *ret_end = !more;
    return status;
}

static sqla_status make_view(sqla_driver_result *result, sqla_err *err)
{
    size_t n = result->info.column_count > 0 ? result->info.column_count : 1;
    char *block = postgres__host->alloc(n * (sizeof *result->view + sizeof *result->readers));
    if (block == NULL)
        return postgres__nomem(err);
    result->view = (sqla_value *)(void *)block;
    result->readers = (postgres__read_fn **)(void *)(result->view + n);
    for (uint32_t i = 0; i < result->info.column_count; i++) {
        uint32_t type;
        result->readers[i] = postgres__reader_for(PQftype(result->shape, (int)i), PQfformat(result->shape, (int)i), &type);
    }
    return SQLA_OK;
}

static const char *view_cell(sqla_driver_result *result, int i)
{
    sqla_value *value = &result->view[i];
    *value = (sqla_value){ .type = SQLA_NULL };
    if (PQgetisnull(result->rows, result->at, i))
        return NULL;
    value->type = result->columns[i].type;
    const char *data = PQgetvalue(result->rows, result->at, i);
    size_t size = (size_t)PQgetlength(result->rows, result->at, i);
    bool done = false;
    if (value->type == SQLA_ARRAY) { /* a text, then (describe) */
        const char *why = postgres__array_read(PQftype(result->shape, i), data, size, value, &result->decoder.scratch, &done);
        if (done)
            return why;
        value->type = SQLA_TEXT;
    }
    return result->readers[i](data, size, value, &result->decoder.scratch);
}

sqla_status postgres_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    bool more = false;
    sqla_status status = result->view == NULL ? make_view(result, err) : SQLA_OK;
    postgres__buf *scratch = &result->decoder.scratch;
    if (status == SQLA_OK)
        status = advance(result, &more, err);
    if (status != SQLA_OK)
        return status;
    if (!more)
        return *ret_values = NULL, SQLA_OK;
    scratch->size = 0;
    scratch->broken = false;
    for (uint32_t i = 0; i < result->info.column_count; i++) {
        const char *why = view_cell(result, (int)i);
        const sqla_err_fields fields = { .row = result->number + 1, .column = result->columns[i].name };
        if (why != NULL)
            return why == postgres__no_memory ? postgres__nomem(err) :
                   postgres__fail(err, SQLA_ERR_DATA, &fields, "cannot read column '%s' of row %lld: %s", fields.column, (long long)fields.row, why);
    }
    for (uint32_t i = 0; i < result->info.column_count; i++) {
        if (result->view[i].reserved != 0 && result->view[i].type == SQLA_ARRAY)
            postgres__array_settle(&result->view[i], scratch->data + (uintptr_t)result->view[i].as.array.items);
        else if (result->view[i].reserved != 0)
            result->view[i].as.bytes.data = scratch->data + (uintptr_t)result->view[i].as.bytes.data;
        result->view[i].reserved = 0;
    }
    result->at++;
    result->number++;
    *ret_values = result->view;
    return SQLA_OK;
}

/* ---- closing --------------------------------------------------------------------------------------------------- */

/* Read what is left, for so long; then it is cancelled. */
static void drain(sqla_driver_conn *conn, bool guarded, int64_t patience)
{
    int64_t deadline = postgres__now() + patience;
    if (conn->deadline == 0 || deadline < conn->deadline)
        postgres__set_deadline(conn, deadline);
    conn->grace = conn->grace > CANCEL_PATIENCE ? conn->grace : CANCEL_PATIENCE;
    if (guarded)
        postgres__guarded_end(conn);
    else
        (void)postgres__read_rest(conn, NULL);
}

/* Outside of a transaction there is nothing to lose. */
static bool cancel_stream(sqla_driver_conn *conn)
{
    int64_t patience = postgres__now() + CANCEL_PATIENCE;
    if (conn->timed_out)
        return true;
    (void)postgres__cancel(
        conn->key, conn->deadline != 0 && conn->deadline < patience ? conn->deadline : patience);
    conn->lost = postgres__key_late(conn->key);
    return !conn->lost;
}

/* Cancelling costs the transaction, so inside of one the rest is read first for a while, which
 * postgres__next ends with a cancel. Where a savepoint stands before the stream that is a short while, and
 * the transaction is put right afterwards. */
static void close_stream(sqla_driver_result *result)
{
    sqla_driver_conn *conn = result->conn;
    bool inside = conn->before == SQLA_TXN_ACTIVE, guarded = result->road == POSTGRES__GUARDED;
    int64_t patience = guarded ? LEAVE_PATIENCE : inside ? DRAIN_PATIENCE : CANCEL_PATIENCE;
    if (!conn->lost && (inside || cancel_stream(conn)))
        drain(conn, guarded, patience);
    conn->timed_out = false;
    postgres__set_deadline(conn, postgres__now() + CANCEL_PATIENCE);
    if (guarded)
        postgres__guarded_back(conn);
    else if (result->road == POSTGRES__CURSOR)
        postgres__cursor_close(conn);
    end_stream(result);
}

void postgres_result_close(sqla_driver_result *result)
{
    if (result == NULL)
        return;
    if (result->streaming)
        close_stream(result);
    drop_rows(result);
    PQclear(result->shape);
    postgres__decoder_release(&result->decoder);
    postgres__host->release(result->view);
    postgres__host->release(result);
}
