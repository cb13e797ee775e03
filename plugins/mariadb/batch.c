/* batch.c: one statement for many rows, one after the other or a block at a time.
 *
 * A block that fails is undone as a whole, and the server does not say at which row. Its rows are then run one by one, between a
 * savepoint and its rollback, only to find the row and its failure. */
#include <config.h>
#include "mariadb.h"

#include <string.h>

#define SAVEPOINT "sqla_rows"

/* What is under way. */
typedef struct job {
    sqla_driver_conn *conn;
    const sqla_statement *statement;
    sqla_driver_stmt *stmt;
    sqla_batch *batch;
    sqla_driver_result *returned; /* reads the rows of RETURNING, with KEY_RETURNED; NULL */
    int row_number;               /* column of the key plan that names the row; -1 */
    uint32_t block;               /* rows of one statement */
    sqla_driver_stmt *single;     /* the statement for one row, where a block was too large; NULL */
    sqla_driver_result *single_returned;
} job;

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static bool write_key(const sqla_slot *slot, void *row, int64_t key)
{
    char *base = row;
    int32_t narrow = (int32_t)key;
    if (slot->set_offset >= 0)
        base[slot->set_offset] = 1;
    if (slot->size == sizeof key)
        memcpy(base + slot->offset, &key, sizeof key);
    else if (slot->size == sizeof narrow && narrow == key)
        memcpy(base + slot->offset, &narrow, sizeof narrow);
    else
        return false;
    return true;
}

/* The server tells the first key of a statement. One whose number of rows is known beforehand takes its keys at once, with the session's
 * step between them, whatever others do meanwhile (InnoDB's "AUTO_INCREMENT Handling", simple inserts). */
static sqla_status write_keys(job *j, size_t first, int64_t changes, sqla_err *err)
{
    const sqla_slot *slot = &j->batch->keys->slots[0];
    uint64_t key = mysql_stmt_insert_id(j->stmt->handle);
    if (changes == 0 && j->block == 1)
        return SQLA_OK; /* not stored, so no key; the host compares the counts */
    if (changes != j->block || key == 0)
        return mariadb__fail(err, SQLA_ERR_DATA, &(sqla_err_fields){ .row = (int64_t)first + 1 },
                             "the generated keys of rows %zu to %zu cannot be told", first + 1, first + j->block);
    for (uint32_t i = 0; i < j->block; i++, key += j->conn->key_step) {
        if (!write_key(slot, j->batch->rows[first + i], (int64_t)key))
            return mariadb__fail(err, SQLA_ERR_DATA, &(sqla_err_fields){ .row = (int64_t)(first + i) + 1, .column = slot->name },
                                 "the generated key %llu is out of range for its field", (unsigned long long)key);
    }
    return SQLA_OK;
}

/* The row that a row of RETURNING belongs to: as it says itself, else in their order. */
static bool target_of(const job *j, size_t first, uint32_t i, size_t *ret)
{
    int64_t number = j->row_number >= 0 ? mariadb__result_number(j->returned, j->row_number) : i;
    *ret = first + (size_t)number;
    return number >= 0 && number < j->block;
}

static sqla_status read_keys(job *j, size_t first, bool *ret_failed, int64_t *ret_changes, sqla_err *err)
{
    bool more = false, end;
    uint32_t n = 0;
    sqla_status status = mariadb__result_start(j->returned, MARIADB__KEEP, NULL, ret_failed, err);
    if (status == SQLA_OK && *ret_failed)
        return SQLA_OK;
    for (; status == SQLA_OK; n++) {
        size_t target, count;
        status = mariadb__result_step(j->returned, &more, err);
        if (status != SQLA_OK || !more)
            break;
        if (n == j->block || !target_of(j, first, n, &target))
            return mariadb__fail(err, SQLA_ERR_DATA, &(sqla_err_fields){ .row = (int64_t)first + 1 },
                                 "the statement returned rows that were not sent");
        status = mariadb_result_fetch(j->returned, j->batch->keys, &j->batch->rows[target], 1, j->batch->arena, &count, &end, err);
    }
    *ret_changes = n;
    return status;
}

/* ---- one statement --------------------------------------------------------------------------------------------- */

static sqla_status bind_block(job *j, size_t first, uint32_t rows, sqla_err *err)
{
    const sqla_plan *plan = j->batch->plan;
    sqla_status status = mariadb__args_start(&j->conn->args, plan != NULL ? (size_t)plan->count * rows : 0) ? SQLA_OK : mariadb__nomem(err);
    for (uint32_t i = 0; i < rows && status == SQLA_OK; i++)
        status = mariadb__args_row(&j->conn->args, plan, j->batch->rows[first + i], i, (int64_t)(first + i) + 1, err);
    return status == SQLA_OK && rows == 1 ? mariadb__check_args(j->conn, plan, (int64_t)first + 1, err)
                                          : status;
}

/* Rows that nobody asked for are not looked at; a failure that comes with them is reported. */
static sqla_status take_rows(sqla_driver_conn *conn, sqla_driver_stmt *stmt, const char *text, int64_t row, sqla_err *err)
{
    bool failed = false;
    int64_t rows;
    sqla_status status = mariadb__rows_drop(conn, stmt, &rows, &failed, err);
    return failed ? mariadb__failed(conn, stmt->handle, text, row, err) : status;
}

/* What the statement answers. *ret_changes: rows that it has changed. */
static sqla_status take_answer(job *j, size_t first, bool *ret_failed, int64_t *ret_changes, sqla_err *err)
{
    if (j->returned != NULL)
        return read_keys(j, first, ret_failed, ret_changes, err);
    bool returns = mysql_stmt_field_count(j->stmt->handle) > 0;
    int64_t rows = 0;
    sqla_status status = mariadb__rows_drop(j->conn, j->stmt, &rows, ret_failed, err);
    *ret_changes = !returns ? (int64_t)mysql_stmt_affected_rows(j->stmt->handle) : mariadb__is_writing(j->statement->text) ? rows : 0;
    return status;
}

/* ---- which row of a block was it? ------------------------------------------------------------------------------ */

/* The statement for one row, out of the statement for many: the first run of tuples of placeholders becomes one tuple.
 * NULL: the text does not have that form, or there is no memory. */
static char *single_text(const job *j)
{
    char tuple[512] = "(";
    size_t n = 1, width = j->batch->plan->count;
    const char *text = j->statement->text;
    if (width == 0 || width * 3 + 2 > sizeof tuple)
        return NULL;
    for (size_t i = 0; i < width; i++)
        n += (size_t)snprintf(tuple + n, sizeof tuple - n, i + 1 < width ? "?, " : "?)");
    const char *start = strstr(text, tuple), *at = start;
    for (uint32_t i = 0; start != NULL && i < j->block; i++) {
        if (strncmp(at, tuple, n) != 0)
            return NULL;
        at += n;
        at += i + 1 < j->block && strncmp(at, ", ", 2) == 0 ? 2 : 0;
    }
    size_t before = start != NULL ? (size_t)(start - text) + n : 0;
    char *single = start != NULL ? mariadb__host->alloc(before + strlen(at) + 1) : NULL;
    if (single == NULL)
        return NULL;
    memcpy(single, text, before);
    strcpy(single + before, at);
    return single;
}

/* Run the rows of the failed block one by one until one fails, which is reported. Returns SQLA_OK when none does. */
static sqla_status find_row(job *j, sqla_driver_stmt *single, const char *text, size_t first, sqla_err *err)
{
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < j->block && status == SQLA_OK; i++) {
        status = bind_block(j, first + i, 1, err);
        if (status == SQLA_OK)
            status = mariadb__stmt_run(single, text, (int64_t)(first + i) + 1, err);
        if (status == SQLA_OK)
            status = take_rows(j->conn, single, text, (int64_t)(first + i) + 1, err);
    }
    return status;
}

/* What was run only to look must not stay, where it could be committed with the rest: rather the connection is given up. */
static void undo_trace(sqla_driver_conn *conn, bool inside)
{
    if (conn->lost || conn->undone)
        return;
    bool ok = mariadb__simple(conn, inside ? "ROLLBACK TO SAVEPOINT " SAVEPOINT : "ROLLBACK", NULL) == SQLA_OK;
    if (ok && inside)
        (void)mariadb__simple(conn, "RELEASE SAVEPOINT " SAVEPOINT, NULL);
    conn->lost = conn->lost || !ok;
}

static sqla_status trace(job *j, const char *text, size_t first, sqla_err *err)
{
    bool inside = j->conn->before == SQLA_TXN_ACTIVE;
    sqla_driver_stmt *single = NULL;
    sqla_status status = SQLA_OK;
    if (mariadb__stmt_new(j->conn, text, strlen(text), false, NULL, &single, NULL) != SQLA_OK)
        return SQLA_OK;
    if (mariadb__simple(j->conn, inside ? "SAVEPOINT " SAVEPOINT : "START TRANSACTION", NULL) == SQLA_OK) {
        status = find_row(j, single, text, first, err);
        undo_trace(j->conn, inside);
    }
    mariadb_stmt_close(single);
    return status;
}

/* Rows that fail only together, or that cannot be run one by one: the block fails once more, and tells why. */
static sqla_status fail_whole(job *j, size_t first, sqla_err *err)
{
    sqla_status status = bind_block(j, first, j->block, err);
    if (status == SQLA_OK)
        status = mariadb__stmt_ready(j->stmt, err);
    if (status == SQLA_OK)
        status = mariadb__stmt_run(j->stmt, j->statement->text, 0, err);
    if (status == SQLA_OK)
        status = take_rows(j->conn, j->stmt, j->statement->text, 0, err);
    return status != SQLA_OK ? status :
           mariadb__fail(err, SQLA_ERR_DATA, NULL, "the statement for rows %zu to %zu failed at first and not when it was repeated", first + 1,
                         first + j->block);
}

static sqla_status block_failed(job *j, size_t first, sqla_err *err)
{
    if (j->block == 1 || !mariadb__is_of_a_row(mariadb__error_number(j->conn->link, j->stmt->handle)))
        return mariadb__failed(j->conn, j->stmt->handle, j->statement->text, j->block == 1 ? (int64_t)first + 1 : 0, err);
    char *text = single_text(j);
    sqla_status status = text != NULL ? trace(j, text, first, err) : SQLA_OK;
    mariadb__host->release(text);
    if (status != SQLA_OK)
        return status;
    return j->conn->lost ? mariadb__broken(j->conn, SQLA_ERR_DISCONNECTED, err) : fail_whole(j, first, err);
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

/* A cancel and a deadline that come between two statements end neither of them. */
static sqla_status check_end(const job *j, size_t first, sqla_err *err)
{
    const sqla_err_fields fields = { .row = (int64_t)first + 1, .sqlstate = "57014" };
    if (mariadb__gate_fired(&j->conn->gate))
        return mariadb__fail(err, SQLA_ERR_CANCELLED, &fields, "cancelled");
    if (j->conn->timed_out || (j->conn->deadline != 0 && mariadb__now() >= j->conn->deadline))
        return mariadb__fail(err, SQLA_ERR_TIMEOUT, &fields, "the deadline passed while the batch ran");
    return SQLA_OK;
}

static sqla_status run_block(job *j, size_t first, sqla_err *err);

static sqla_status make_single(job *j, sqla_err *err)
{
    char *text = j->single == NULL ? single_text(j) : NULL;
    sqla_status status = SQLA_OK;
    if (j->single == NULL && text == NULL)
        return mariadb__fail(err, SQLA_ERR_RESOURCE, &(sqla_err_fields){ .sqlstate = "54000" },
            "%u rows together have %zu bytes, and the server "
            "takes %zu at once (max_allowed_packet)",
            (unsigned)j->block, j->conn->args.bytes, j->conn->packet);
    if (j->single == NULL)
        status = mariadb__stmt_new(j->conn, text, strlen(text), true, NULL, &j->single, err);
    if (status == SQLA_OK && j->returned != NULL && j->single_returned == NULL)
        status = mariadb__result_new(j->conn, j->single, false, true, &j->single_returned, err);
    mariadb__host->release(text);
    return status;
}

/* A block that is larger than what the server takes at once: row by row. */
static sqla_status run_apart(job *j, size_t first, sqla_err *err)
{
    sqla_status status = make_single(j, err);
    job rows = *j;
    rows.stmt = j->single;
    rows.returned = j->single_returned;
    rows.block = 1;
    for (uint32_t i = 0; i < j->block && status == SQLA_OK; i++)
        status = run_block(&rows, first + i, err);
    return status;
}

static sqla_status run_block(job *j, size_t first, sqla_err *err)
{
    bool failed = false;
    sqla_status status = check_end(j, first, err);
    if (status == SQLA_OK)
        status = bind_block(j, first, j->block, err);
    if (status == SQLA_OK && j->block > 1 && !mariadb__args_fit(j->conn))
        return run_apart(j, first, err);
    if (status == SQLA_OK)
        status = mariadb__stmt_send(j->stmt, &failed, err);
    if (status != SQLA_OK || failed)
        return status != SQLA_OK ? status : block_failed(j, first, err);
    int64_t changes = 0;
    status = take_answer(j, first, &failed, &changes, err);
    if (status != SQLA_OK || failed)
        return status != SQLA_OK ? status : block_failed(j, first, err);
    j->batch->affected += changes;
    if (changes == 0 && j->block == 1 && j->batch->unmatched < 0)
        j->batch->unmatched = (int64_t)first;
    return j->batch->key_source == SQLA_KEY_LAST_ID ? write_keys(j, first, changes, err) : SQLA_OK;
}

static sqla_status check_batch(const sqla_batch *batch, sqla_err *err)
{
    bool block = batch->mode == SQLA_BATCH_BLOCK;
    const sqla_plan *keys = batch->keys;
    if (batch->mode != SQLA_BATCH_EACH && !block)
        return mariadb__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "the server has no parameters that are arrays");
    if (block && (batch->rows_per_statement == 0 || batch->count % batch->rows_per_statement != 0 || batch->plan == NULL))
        return mariadb__fail(err, SQLA_ERR_MISUSE, NULL, "%zu rows are not a number of blocks of %u rows", batch->count,
                             (unsigned)batch->rows_per_statement);
    if (batch->key_source != SQLA_KEY_NONE && (keys == NULL || keys->count == 0 || (batch->key_source == SQLA_KEY_LAST_ID &&
                                               (keys->count != 1 || keys->slots[0].rep != SQLA_REP_FIXED))))
        return mariadb__fail(err, SQLA_ERR_MISUSE, NULL, "there is no place for the generated keys");
    return mariadb__check_plan(batch->plan, err);
}

static sqla_status start(job *j, sqla_err *err)
{
    const sqla_plan *keys = j->batch->keys;
    bool owns = j->stmt == NULL;
    sqla_status status = owns ? mariadb__stmt_new(j->conn, j->statement->text, j->statement->length, true, NULL, &j->stmt, err) :
                         mariadb__stmt_ready(j->stmt, err);
    if (status == SQLA_OK)
        status = mariadb__check_width(j->stmt, j->batch->plan, j->block, err);
    if (status != SQLA_OK || j->batch->key_source != SQLA_KEY_RETURNED)
        return status;
    for (uint32_t i = 0; i < keys->count; i++)
        j->row_number = keys->slots[i].rep == SQLA_REP_ROW_NUMBER ? keys->slots[i].column : j->row_number;
    return mariadb__result_new(j->conn, j->stmt, false, true, &j->returned, err);
}

sqla_status mariadb_execute_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch,
                                 const sqla_exec_options *options, sqla_err *err)
{
    job j = { .conn = conn, .statement = statement, .stmt = statement->prepared, .batch = batch, .row_number = -1 };
    batch->affected = 0;
    batch->unmatched = -1;
    sqla_status status = check_batch(batch, err);
    j.block = batch->mode == SQLA_BATCH_BLOCK ? batch->rows_per_statement : 1;
    if (status == SQLA_OK && j.stmt == NULL)
        status = mariadb__check_text(statement->text, statement->length, err);
    if (status != SQLA_OK || batch->count == 0)
        return status;
    status = mariadb__enter(conn, options != NULL ? options->deadline : 0, err);
    if (status != SQLA_OK)
        return status;
    status = mariadb__put_under_way(conn, statement->text, err);
    if (status == SQLA_OK)
        status = start(&j, err);
    for (size_t i = 0; i < batch->count && status == SQLA_OK; i += j.block)
        status = run_block(&j, i, err);
    mariadb_result_close(j.returned);
    mariadb_result_close(j.single_returned);
    mariadb__leave(conn);
    mariadb_stmt_close(j.single);
    if (statement->prepared == NULL)
        mariadb_stmt_close(j.stmt);
    return status;
}
