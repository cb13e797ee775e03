/* batch.c: one statement for many rows.
 *
 * Columns: one statement with an array for each column. Each: the statement once a row, in windows that are sent as a
 * pipeline, so that a trip is paid once a window and the row that failed is known by its place.
 *
 * When a statement by columns fails, the server does not say at which row. A savepoint that travels in the same pipeline makes
 * it possible to try again: the shortest run of rows from the first on that fails ends with the row that is to blame, and it is
 * found by halving, with the same statement and shorter arrays. Measured on a local socket the savepoint costs about 20 us: a third
 * of a flush of 3 rows, a quarter at 10, a tenth at 50, and nothing that shows at 1,000; so batches of fewer than 50 rows have none,
 * and name no row. Nor have more than a few in one transaction, since a server that has to remember more than 64 of them slows
 * down for everybody. */
#include <config.h>
#include "postgres.h"

#include <string.h>

enum { WINDOW = 256 }; /* statements between two syncs */
enum { PIECE = 64 * 1024 * 1024 }; /* bytes of one statement by columns; a single row may have more */
enum { TRACED_ROWS = 50, TRACED_MOST = 48 }; /* rows that a savepoint is worth; savepoints of one transaction */

/* What is under way: the batch, and how keys are read. */
typedef struct job {
    sqla_driver_conn *conn;
    const sqla_statement *statement;
    sqla_batch *batch;
    size_t first, count;       /* columns: the rows of the batch that the statement is run for now */
    postgres__decoder keys;
} job;

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static sqla_status no_key(int64_t number, sqla_err *err)
{
    const sqla_err_fields fields = { .row = number };
    return postgres__fail(err, SQLA_ERR_DATA, &fields, "the statement for row %lld returned no key, so the database did not store the row",
                          (long long)number);
}

static sqla_status read_key(job *j, const PGresult *res, size_t row, sqla_err *err)
{
    if (PQntuples(res) != 1)
        return PQntuples(res) == 0 ? no_key((int64_t)row + 1, err) :
               postgres__fail(err, SQLA_ERR_DATA, NULL, "the statement for row %zu returned %d rows of keys", row + 1, PQntuples(res));
    sqla_status status = postgres__decoder_choose(&j->keys, res, j->batch->keys, err);
    return status == SQLA_OK ? postgres__decode_row(&j->keys, res, 0, j->batch->rows[row], j->batch->arena, (int64_t)row + 1, err) : status;
}

/* Which row of the batch a row of keys belongs to: the one it names, else the one at its place. */
static sqla_status row_of_key(const job *j, const PGresult *res, int at, size_t *ret_row, sqla_err *err)
{
    sqla_value value = { 0 };
    uint32_t type = SQLA_NULL;
    int column = j->keys.row_number;
    *ret_row = (size_t)at;
    if (column < 0)
        return SQLA_OK;
    postgres__read_fn *read = postgres__reader_for(PQftype(res, column), PQfformat(res, column), &type);
    bool integer = type == SQLA_INT16 || type == SQLA_INT32 || type == SQLA_INT64;
    if (!integer || read == NULL || PQgetisnull(res, at, column) ||
        read(PQgetvalue(res, at, column), (size_t)PQgetlength(res, at, column), &value, NULL) != NULL ||
        value.as.i64 < 0 || (uint64_t)value.as.i64 >= j->count)
        return postgres__fail(err, SQLA_ERR_DATA, NULL, "row %d of the returned keys names no row of the batch", at + 1);
    *ret_row = (size_t)value.as.i64;
    return SQLA_OK;
}

static sqla_status read_keys(job *j, const PGresult *res, sqla_err *err)
{
    if ((size_t)PQntuples(res) != j->count)
        return postgres__fail(err, SQLA_ERR_DATA, NULL, "the statement for %zu rows returned %d keys, so they cannot be told apart",
                              j->count, PQntuples(res));
    sqla_status status = postgres__decoder_choose(&j->keys, res, j->batch->keys, err);
    for (int i = 0; i < PQntuples(res) && status == SQLA_OK; i++) {
        size_t row = 0;
        status = row_of_key(j, res, i, &row, err);
        if (status == SQLA_OK)
            status = postgres__decode_row(&j->keys, res, i, j->batch->rows[j->first + row], j->batch->arena,
                (int64_t)(j->first + row) + 1, err);
    }
    return status;
}

/* ---- columns --------------------------------------------------------------------------------------------------- */

/* The arrays of the first count rows. */
static sqla_status put_columns(job *j, size_t count, sqla_err *err)
{
    j->conn->args.first = j->first;
    sqla_status status =
        postgres__args_columns(j->conn, j->batch->plan, j->batch->rows + j->first, count, err);
    j->conn->args.first = 0;
    if (status == SQLA_OK && j->statement->prepared != NULL && j->statement->prepared->count != j->conn->args.count)
        status = postgres__fail(err, SQLA_ERR_SQL, NULL, "the statement has %d parameters, and %d are given", j->statement->prepared->count,
                                j->conn->args.count);
    return status;
}

static bool is_done(const PGresult *res)
{
    ExecStatusType kind = PQresultStatus(res);
    return kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK;
}

#ifdef HAVE_PQENTERPIPELINEMODE
#define SAVEPOINT "sqla_rows"

static bool send_text(job *j, const char *text)
{
    return PQsendQueryParams(j->conn->link, text, 0, NULL, NULL, NULL, NULL, 0) != 0;
}

/* The answers up to the sync: the one at that place, or the first that is a failure. */
static sqla_status read_exchange(job *j, int place, PGresult **ret_res, sqla_err *err)
{
    PGresult *kept = NULL;
    for (int at = 0;;) {
        PGresult *res = NULL;
        sqla_status status = postgres__next_of_pipeline(j->conn, &res);
        if (status == SQLA_OK && res == NULL && PQstatus(j->conn->link) == CONNECTION_BAD)
            status = SQLA_ERR_DISCONNECTED;
        if (status != SQLA_OK) {
            j->conn->lost = true;
            status = kept != NULL && !is_done(kept) ? postgres__failed(j->conn, kept, 0, err) : postgres__broken(j->conn, status, err);
            PQclear(kept);
            return status;
        }
        if (res != NULL && PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
            PQclear(res);
            *ret_res = kept;
            return SQLA_OK;
        }
        bool failed = res != NULL && !is_done(res) && PQresultStatus(res) != PGRES_PIPELINE_ABORTED;
        bool wanted = res != NULL && (failed || (at == place && is_done(res))) && (kept == NULL || is_done(kept));
        at += res != NULL;
        PQclear(wanted ? kept : res);
        kept = wanted ? res : kept;
    }
}

/* One trip: a text, the statement with its arrays, and perhaps another text. *ret_res: the statement's answer, or a failure. */
static sqla_status exchange(job *j, const char *before, const char *after, PGresult **ret_res, sqla_err *err)
{
    PGconn *link = j->conn->link;
    sqla_status status = SQLA_OK;
    if (PQenterPipelineMode(link) == 0)
        return postgres__broken(j->conn, SQLA_ERR_DISCONNECTED, err);
    bool sent = send_text(j, before);
    if (sent)
        status = postgres__send(j->conn, j->statement, err);
    sent = sent && status == SQLA_OK && (after == NULL || send_text(j, after));
    if (PQpipelineSync(link) == 0 || postgres__flush(j->conn) == SQLA_ERR_TIMEOUT) {
        j->conn->lost = true;
        return status != SQLA_OK ? status : postgres__broken(j->conn, SQLA_ERR_DISCONNECTED, err);
    }
    sqla_status read = read_exchange(j, 1, ret_res, status == SQLA_OK ? err : NULL);
    if (PQexitPipelineMode(link) == 0)
        j->conn->lost = true;
    if (status == SQLA_OK)
        status = read;
    if (status == SQLA_OK && (!sent || *ret_res == NULL))
        status = postgres__nomem(err);
    if (status != SQLA_OK) {
        PQclear(*ret_res);
        *ret_res = NULL;
    }
    return status;
}

/* Failures that a row can be blamed for: of data, of integrity, of a check of a view, raised by a trigger. */
static bool is_of_a_row(const PGresult *res)
{
    static const char *const classes[] = { "22", "23", "44", "P0" };
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    for (size_t i = 0; state != NULL && i < sizeof classes / sizeof *classes; i++) {
        if (strncmp(state, classes[i], 2) == 0)
            return true;
    }
    return false;
}

/* The first count rows again. The transaction has failed, or is as it was before the statement; either way it is put back first. */
static sqla_status try_rows(job *j, size_t count, PGresult **ret_res, sqla_err *err)
{
    PQclear(*ret_res);
    *ret_res = NULL;
    sqla_status status = put_columns(j, count, err);
    return status == SQLA_OK ? exchange(j, "ROLLBACK TO SAVEPOINT " SAVEPOINT, NULL, ret_res, err) : status;
}

/* Which row is to blame? The last try is the run of rows that ends with it, so that the transaction ends as failed as it was, and
 * what is reported is what the server says of that row. */
static sqla_status blame(job *j, PGresult *failure, sqla_err *err)
{
    size_t passes = 0, fails = j->count;
    PGresult *res = NULL;
    sqla_status status = SQLA_OK;
    while (status == SQLA_OK && fails - passes > 1) {
        size_t middle = passes + (fails - passes) / 2;
        status = try_rows(j, middle, &res, err);
        if (status == SQLA_OK && !is_done(res) && !is_of_a_row(res))
            break;
        if (status == SQLA_OK)
            *(is_done(res) ? &passes : &fails) = middle;
    }
    if (status == SQLA_OK && fails - passes == 1)
        status = try_rows(j, fails, &res, err);
    if (status == SQLA_OK && !is_done(res) && is_of_a_row(res))
        status = postgres__failed(j->conn, res, (int64_t)(j->first + fails), err);
    else if (status == SQLA_OK)
        status = postgres__failed(j->conn, failure, 0, err);
    if (!j->conn->lost && res != NULL && is_done(res)) /* it does not fail any more: whatever that means, the rows must not stay */
        (void)postgres__simple(j->conn, "ROLLBACK TO SAVEPOINT " SAVEPOINT, NULL, NULL);
    PQclear(res);
    return status;
}

static bool is_traced(const job *j)
{
    return j->conn->before == SQLA_TXN_ACTIVE && j->batch->count >= TRACED_ROWS && j->conn->traced < TRACED_MOST;
}

static sqla_status run_traced(job *j, PGresult **ret_res, sqla_err *err)
{
    sqla_status status = exchange(j, "SAVEPOINT " SAVEPOINT, "RELEASE SAVEPOINT " SAVEPOINT, ret_res, err);
    j->conn->traced++;
    if (status != SQLA_OK || is_done(*ret_res))
        return status;
    status = is_of_a_row(*ret_res) ? blame(j, *ret_res, err) : postgres__failed(j->conn, *ret_res, 0, err);
    PQclear(*ret_res);
    *ret_res = NULL;
    return status;
}
#else
static bool is_traced(const job *j)
{
    (void)j;
    return false;
}

static sqla_status run_traced(job *j, PGresult **ret_res, sqla_err *err)
{
    (void)j, (void)ret_res, (void)err;
    return SQLA_OK;
}
#endif

static sqla_status run_piece(job *j, sqla_err *err)
{
    PGresult *res = NULL;
    sqla_status status = put_columns(j, j->count, err);
    if (status == SQLA_OK && is_traced(j)) {
        status = run_traced(j, &res, err);
    } else if (status == SQLA_OK) {
        status = postgres__send(j->conn, j->statement, err);
        if (status == SQLA_OK)
            status = postgres__answer(j->conn, &res, err);
    }
    if (status != SQLA_OK)
        return status;
    j->batch->affected += postgres__affected(res);
    if (j->batch->key_source == SQLA_KEY_RETURNED)
        status = read_keys(j, res, err);
    PQclear(res);
    return status;
}

/* A message has an end, and what is sent has to lie in memory twice: rows with many bytes go a part at a
 * time. Outside of a transaction all are one statement as far as that goes. */
static sqla_status run_columns(job *j, sqla_err *err)
{
    const sqla_batch *batch = j->batch;
    size_t most = j->conn->before == SQLA_TXN_IDLE ? POSTGRES__MESSAGE : PIECE;
    sqla_status status = SQLA_OK;
    for (; j->first < batch->count && status == SQLA_OK; j->first += j->count) {
        j->count = batch->plan == NULL ? batch->count :
                   postgres__rows_within(batch->plan, batch->rows + j->first, batch->count - j->first, most);
        status = run_piece(j, err);
    }
    return status;
}

/* ---- each ------------------------------------------------------------------------------------------------------ */

static sqla_status take_answer(job *j, PGresult *res, size_t row, sqla_err *err)
{
    if (!is_done(res))
        return postgres__failed(j->conn, res, (int64_t)row + 1, err);
    int64_t n = postgres__affected(res);
    j->batch->affected += n;
    if (n == 0 && j->batch->unmatched < 0)
        j->batch->unmatched = (int64_t)row;
    return j->batch->key_source == SQLA_KEY_RETURNED ? read_key(j, res, row, err) : SQLA_OK;
}

static sqla_status send_row(job *j, size_t row, sqla_err *err)
{
    sqla_status status = postgres__args_row(j->conn, j->statement->prepared, j->batch->plan, j->batch->rows[row], (int64_t)row + 1, err);
    return status == SQLA_OK ? postgres__send(j->conn, j->statement, err) : status;
}

/* One row alone, without a pipeline. */
static sqla_status run_one(job *j, size_t row, sqla_err *err)
{
    PGresult *res = NULL;
    sqla_status status = send_row(j, row, err);
    if (status == SQLA_OK)
        status = postgres__answer_row(j->conn, (int64_t)row + 1, &res, err);
    if (status == SQLA_OK)
        status = take_answer(j, res, row, err);
    PQclear(res);
    return status;
}

#ifdef HAVE_PQENTERPIPELINEMODE
/* Read the answers to the rows from first on, until the sync. The first failure is reported; what the server skips
 * behind it says nothing. */
static sqla_status read_window(job *j, size_t first, sqla_status status, sqla_err *err)
{
    size_t row = first;
    for (;;) {
        PGresult *res = NULL;
        sqla_status waited = postgres__next_of_pipeline(j->conn, &res);
        if (waited == SQLA_OK && res == NULL && PQstatus(j->conn->link) == CONNECTION_BAD)
            waited = SQLA_ERR_DISCONNECTED;
        if (waited != SQLA_OK) {
            j->conn->lost = true;
            return status == SQLA_OK ? postgres__broken(j->conn, waited, err) : status;
        }
        ExecStatusType kind = res != NULL ? PQresultStatus(res) : PGRES_PIPELINE_ABORTED;
        if (kind == PGRES_PIPELINE_SYNC) {
            PQclear(res);
            return status;
        }
        if (res != NULL) {
            if (status == SQLA_OK && kind != PGRES_PIPELINE_ABORTED)
                status = take_answer(j, res, row, err);
            row++;
        }
        PQclear(res);
    }
}

/* A row that cannot be sent ends the window: those before it have been given to libpq and are answered. */
static sqla_status run_window(job *j, size_t first, size_t count, sqla_err *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < count && status == SQLA_OK; i++)
        status = send_row(j, first + i, err);
    if (PQpipelineSync(j->conn->link) == 0) {
        j->conn->lost = true;
        return status != SQLA_OK ? status : postgres__broken(j->conn, SQLA_ERR_DISCONNECTED, err);
    }
    sqla_status flushed = postgres__flush(j->conn);
    if (flushed == SQLA_ERR_TIMEOUT) {
        j->conn->lost = true;
        return status != SQLA_OK ? status : postgres__broken(j->conn, flushed, err);
    }
    return read_window(j, first, status, err);
}

static sqla_status run_each(job *j, sqla_err *err)
{
    sqla_status status = SQLA_OK;
    size_t count = j->batch->count;
    if (count == 1)
        return run_one(j, 0, err);
    if (PQenterPipelineMode(j->conn->link) == 0)
        return postgres__broken(j->conn, SQLA_ERR_DISCONNECTED, err);
    for (size_t first = 0; first < count && status == SQLA_OK; first += WINDOW)
        status = run_window(j, first, count - first < WINDOW ? count - first : WINDOW, err);
    if (PQexitPipelineMode(j->conn->link) == 0)
        j->conn->lost = true;
    return status;
}
#else
static sqla_status run_each(job *j, sqla_err *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < j->batch->count && status == SQLA_OK; i++)
        status = run_one(j, i, err);
    return status;
}
#endif

/* ---- the slot -------------------------------------------------------------------------------------------------- */

static sqla_status check(const sqla_statement *statement, const sqla_batch *batch, sqla_err *err)
{
    bool columns = batch->mode == SQLA_BATCH_COLUMNS;
    if (batch->mode != SQLA_BATCH_EACH && !columns)
        return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "batches go by columns or row by row here, not by blocks");
    if (batch->key_source != SQLA_KEY_NONE && (batch->key_source != SQLA_KEY_RETURNED || batch->keys == NULL))
        return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "generated keys are told by RETURNING only");
    if (statement->prepared != NULL && statement->prepared->columns != columns)
        return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "the statement was prepared for another kind of batch");
    return postgres__check_statement(statement, batch->plan, err);
}

sqla_status postgres_execute_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch,
                                  const sqla_exec_options *options, sqla_err *err)
{
    job j = { .conn = conn, .statement = statement, .batch = batch, .keys = { .row_number = -1 } };
    batch->affected = 0;
    batch->unmatched = -1;
    sqla_status status = check(statement, batch, err);
    if (status != SQLA_OK || batch->count == 0)
        return status;
    status = postgres__enter(conn, options != NULL ? options->deadline : 0, err);
    if (status == SQLA_OK && conn->before == SQLA_TXN_IDLE && (status = postgres__look(conn, err)) != SQLA_OK)
        postgres__leave(conn);
    if (status != SQLA_OK)
        return status;
    conn->running = statement->text;
    conn->intake.whole = !postgres__gives_no_rows(statement->text);
    status = batch->mode == SQLA_BATCH_COLUMNS ? run_columns(&j, err) : run_each(&j, err);
    postgres__leave(conn);
    postgres__decoder_release(&j.keys);
    return status;
}
