/* batch.c: one statement for many rows, row by row (EACH) or in blocks of rows (BLOCK). SQLite has no array parameters.
 *
 * A block that fails is undone by SQLite, and does not say which row it was. Its rows are then run one by one, between a
 * savepoint and its rollback, only to find the row and its failure. Generated keys come by arithmetic: the rows of one
 * INSERT get consecutive rowids, as long as the largest possible one is not in use; what can be seen of that is checked. */
#include <config.h>
#include "sqlite.h"

#include <stdio.h>
#include <string.h>

typedef struct work {
    sqla_driver_conn *conn;
    sqla_driver_stmt *stmt;
    sqla_batch *batch;
    sqla_driver_result *returned; /* reads the rows of RETURNING, with KEY_RETURNED */
    const sqla_slot *row_number;  /* in the key plan; NULL */
    uint32_t block;               /* rows of one statement */
    int64_t last_id;              /* of the statement before this one in the batch; 0: there was none */
} work;

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

static sqla_status write_keys(work *w, size_t first, int64_t changes, sqla_err *err)
{
    const sqla_slot *slot = &w->batch->keys->slots[0];
    int64_t last = sqlite3_last_insert_rowid(w->conn->db);
    if (changes == 0 && w->block == 1)
        return SQLA_OK; /* not stored, so no key; the host compares the counts */
    bool follows = w->block == 1 || w->last_id == 0 || (uint64_t)last - (uint64_t)w->last_id == w->block;
    if (changes != w->block || !follows)
        return sqlite__fail(err, SQLA_ERR_DATA,
            &(sqla_err_fields){ .row = (int64_t)first + 1,
                .hint = "a trigger or a conflict clause may have dropped rows, or the largest possible key "
                        "is in use" },
            "the generated keys of rows %zu to %zu do not follow one another, so they cannot be told",
            first + 1, first + w->block);
    w->last_id = last;
    for (uint32_t i = 0; i < w->block; i++) {
        if (!write_key(slot, w->batch->rows[first + i], last - w->block + 1 + i))
            return sqlite__fail(err, SQLA_ERR_DATA,
                &(sqla_err_fields){ .row = (int64_t)(first + i) + 1, .column = slot->name },
                "the generated key %lld is out of range for its field", (long long)(last - w->block + 1 + i));
    }
    return SQLA_OK;
}

/* The row that a row of RETURNING belongs to: as it says itself, else in their order. */
static bool target_of(const work *w, size_t first, uint32_t i, size_t *ret)
{
    int64_t number = i;
    if (w->row_number != NULL)
        number = sqlite3_column_int64(w->stmt->handle, w->row_number->column);
    *ret = first + (size_t)number;
    return number >= 0 && number < w->block;
}

static sqla_status read_returned(work *w, size_t first, int rc, uint32_t *ret_count, sqla_err *err)
{
    sqla_status status = SQLA_OK;
    uint32_t n = 0;
    size_t target;
    for (; rc == SQLITE_ROW && status == SQLA_OK; n++) {
        if (n == w->block || !target_of(w, first, n, &target))
            return sqlite__fail(err, SQLA_ERR_DATA, &(sqla_err_fields){ .row = (int64_t)first + 1 },
                "the statement returned rows that were not sent");
        status = sqlite__result_read(w->returned, w->batch->rows[target], w->batch->arena, err);
        if (status == SQLA_OK)
            rc = sqlite__result_step(w->returned);
    }
    *ret_count = n;
    if (status == SQLA_OK && rc != SQLITE_DONE)
        status = sqlite__failed(w->conn, NULL, (int64_t)first + 1, err);
    return status;
}

/* ---- one statement --------------------------------------------------------------------------------------------- */

static sqla_status bind_block(work *w, size_t first, sqla_err *err)
{
    const sqla_plan *plan = w->batch->plan;
    sqla_status status = SQLA_OK;
    if (plan == NULL || plan->count == 0)
        return SQLA_OK;
    for (uint32_t i = 0; i < w->block && status == SQLA_OK; i++)
        status = sqlite__bind_row(w->conn, w->stmt->handle, plan, w->batch->rows[first + i], i, false,
            (int64_t)(first + i) + 1, err);
    return status;
}

/* Run what is bound. On failure the statement is left as it is, so that SQLite's account of the failure stays. */
static sqla_status run_bound(work *w, size_t first, int64_t *ret_changes, int *ret_code, sqla_err *err)
{
    sqlite3 *db = w->conn->db;
    int64_t before = sqlite3_total_changes64(db);
    uint32_t returned = 0;
    int rc = w->returned != NULL ? sqlite__result_step(w->returned) : sqlite__step(w->conn, w->stmt->handle);
    sqla_status status = SQLA_OK;
    *ret_code = rc;
    if (w->returned != NULL && (rc == SQLITE_ROW || rc == SQLITE_DONE)) {
        status = read_returned(w, first, rc, &returned, err);
        if (status != SQLA_OK)
            return status;
        *ret_changes = returned;
    } else {
        while (rc == SQLITE_ROW)
            rc = sqlite__step(w->conn, w->stmt->handle);
        *ret_code = rc;
        if (rc != SQLITE_DONE)
            return SQLA_ERR_SQL; /* to be reported by the caller */
        *ret_changes = sqlite__changes_since(db, before);
    }
    sqlite3_reset(w->stmt->handle);
    return SQLA_OK;
}

/* ---- which row of a block was it? ------------------------------------------------------------------------------ */

/* The statement for one row, out of the statement for many: the first run of tuples of placeholders becomes one tuple.
 * NULL: the text does not have that form. */
static char *single_text(const work *w)
{
    char tuple[512] = "(";
    size_t n = 1, width = w->batch->plan->count;
    const char *text = sqlite3_sql(w->stmt->handle);
    if (width == 0 || width * 3 + 2 > sizeof tuple)
        return NULL;
    for (size_t i = 0; i < width; i++)
        n += (size_t)snprintf(tuple + n, sizeof tuple - n, i + 1 < width ? "?, " : "?)");
    const char *start = strstr(text, tuple), *at = start;
    if (start == NULL)
        return NULL;
    for (uint32_t i = 0; i < w->block; i++) {
        if (strncmp(at, tuple, n) != 0)
            return NULL;
        at += n;
        at += i + 1 < w->block && strncmp(at, ", ", 2) == 0 ? 2 : 0;
    }
    return sqlite3_mprintf("%.*s%s", (int)(start - text + (ptrdiff_t)n), text, at);
}

/* Run the rows of the failed block one by one until one fails, which is reported. Returns SQLA_OK when none does. */
static sqla_status find_row(work *w, sqla_driver_stmt *single, size_t first, sqla_err *err)
{
    const sqla_plan *plan = w->batch->plan;
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < w->block && status == SQLA_OK; i++) {
        int64_t number = (int64_t)(first + i) + 1;
        status =
            sqlite__bind_row(w->conn, single->handle, plan, w->batch->rows[first + i], 0, false, number, err);
        int rc = status == SQLA_OK ? sqlite__step(w->conn, single->handle) : SQLITE_DONE;
        while (rc == SQLITE_ROW)
            rc = sqlite__step(w->conn, single->handle);
        if (rc != SQLITE_DONE)
            status = sqlite__failed(w->conn, NULL, number, err);
        sqlite3_reset(single->handle);
    }
    return status;
}

static sqla_status trace(work *w, const char *text, size_t first, sqla_err *err)
{
    sqla_driver_conn *conn = w->conn;
    sqla_driver_stmt *single = NULL;
    int64_t deadline = conn->deadline;
    bool had_transaction = conn->had_transaction;
    sqla_status status = SQLA_OK;
    if (sqlite__stmt_new(conn, text, strlen(text), 0, deadline, &single, NULL) == SQLA_OK &&
        sqlite__check_width(single, w->batch->plan, 1, NULL) == SQLA_OK &&
        sqlite__run(conn, "SAVEPOINT sqla_trace") == SQLITE_OK) {
        sqlite__arm(conn, deadline);
        status = find_row(w, single, first, err);
        if (!sqlite3_get_autocommit(conn->db)) {
            sqlite__run(conn, "ROLLBACK TO sqla_trace");
            sqlite__run(conn, "RELEASE sqla_trace");
        }
        /* Without a transaction of the host's, there is none to give up. */
        conn->undone = conn->undone && had_transaction;
    }
    sqlite_stmt_close(single);
    sqlite__arm(conn, deadline);
    return status;
}

/* Rows that fail only together, or that cannot be run one by one: the block fails once more, and tells why. */
static sqla_status fail_whole(work *w, size_t first, sqla_err *err)
{
    char detail[96];
    snprintf(detail, sizeof detail, "in the block of rows %zu to %zu", first + 1, first + w->block);
    int rc = sqlite__step(w->conn, w->stmt->handle);
    sqla_status status = rc != SQLITE_DONE && rc != SQLITE_ROW
                             ? sqlite__failed_in(w->conn, sqlite3_sql(w->stmt->handle), 0, detail, err)
                             : sqlite__fail(err, SQLA_ERR_DATA, &(sqla_err_fields){ .detail = detail },
                                   "the statement failed at first and not when it was repeated");
    sqlite3_reset(w->stmt->handle);
    return status;
}

/* Only a value that does not fit can be found by trying again; and only while the transaction is as it was. */
static bool can_trace(const work *w, int code)
{
    int primary = code & 0xff;
    bool undone = w->conn->had_transaction && sqlite3_get_autocommit(w->conn->db);
    return w->block > 1 && !undone &&
           (primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH || primary == SQLITE_TOOBIG);
}

static sqla_status step_failed(work *w, size_t first, int code, sqla_err *err)
{
    sqla_status status;
    if (!can_trace(w, code)) {
        status = sqlite__failed(
            w->conn, sqlite3_sql(w->stmt->handle), w->block == 1 ? (int64_t)first + 1 : 0, err);
        sqlite3_reset(w->stmt->handle);
        return status;
    }
    sqlite3_reset(w->stmt->handle);
    char *text = single_text(w);
    status = text != NULL ? trace(w, text, first, err) : SQLA_OK;
    sqlite3_free(text);
    return status != SQLA_OK ? status : fail_whole(w, first, err);
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

/* Small statements are over before SQLite looks at the deadline, and an interrupt between two of them ends neither. */
static sqla_status check_end(const work *w, size_t first, sqla_err *err)
{
    const sqla_err_fields fields = { .row = (int64_t)first + 1, .sqlstate = "57014" };
    if (sqlite__cancelled(w->conn))
        return sqlite__fail(err, SQLA_ERR_CANCELLED, &fields, "cancelled");
    if (w->conn->deadline != 0 && sqlite__now() >= w->conn->deadline)
        return sqlite__fail(err, SQLA_ERR_TIMEOUT, &fields, "the deadline passed while the batch ran");
    return SQLA_OK;
}

static sqla_status run_block(work *w, size_t first, sqla_err *err)
{
    int64_t changes = 0;
    int code = SQLITE_OK;
    sqla_status status = check_end(w, first, err);
    if (status == SQLA_OK)
        status = bind_block(w, first, err);
    if (status != SQLA_OK)
        return status;
    status = run_bound(w, first, &changes, &code, err);
    if (status != SQLA_OK) {
        bool reported = code == SQLITE_ROW || code == SQLITE_DONE;
        if (!reported)
            return step_failed(w, first, code, err);
        sqlite3_reset(w->stmt->handle);
        return status;
    }
    w->batch->affected = changes < 0 || w->batch->affected < 0 ? -1 : w->batch->affected + changes;
    if (changes == 0 && w->block == 1 && w->batch->unmatched < 0)
        w->batch->unmatched = (int64_t)first;
    return w->batch->key_source == SQLA_KEY_LAST_ID ? write_keys(w, first, changes, err) : SQLA_OK;
}

static sqla_status check_batch(const sqla_batch *batch, sqla_err *err)
{
    bool block = batch->mode == SQLA_BATCH_BLOCK;
    const sqla_plan *keys = batch->keys;
    if (batch->mode != SQLA_BATCH_EACH && !block)
        return sqlite__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "SQLite has no parameters that are arrays");
    if (block && (batch->rows_per_statement == 0 || batch->count % batch->rows_per_statement != 0 ||
                     batch->plan == NULL))
        return sqlite__fail(err, SQLA_ERR_MISUSE, NULL, "%zu rows are not a number of blocks of %u rows",
            batch->count, (unsigned)batch->rows_per_statement);
    if (batch->key_source == SQLA_KEY_NONE)
        return SQLA_OK;
    if (keys == NULL || keys->count == 0 ||
        (batch->key_source == SQLA_KEY_LAST_ID && (keys->count != 1 || keys->slots[0].rep != SQLA_REP_FIXED)))
        return sqlite__fail(err, SQLA_ERR_MISUSE, NULL, "there is no place for the generated keys");
    return SQLA_OK;
}

static sqla_status prepare_returned(work *w, sqla_err *err)
{
    const sqla_plan *keys = w->batch->keys;
    if (w->batch->key_source != SQLA_KEY_RETURNED)
        return SQLA_OK;
    sqla_status status = sqlite__result_new(w->conn, w->stmt, false, 0, &w->returned, err);
    if (status == SQLA_OK)
        status = sqlite__result_choose(w->returned, keys, err);
    for (uint32_t i = 0; status == SQLA_OK && i < keys->count; i++) {
        if (keys->slots[i].rep == SQLA_REP_ROW_NUMBER)
            w->row_number = &keys->slots[i];
    }
    return status;
}

static sqla_status run_all(work *w, const sqla_exec_options *options, sqla_err *err)
{
    sqla_batch *batch = w->batch;
    sqla_status status = sqlite__check_width(w->stmt, batch->plan, w->block, err);
    if (status == SQLA_OK && batch->plan != NULL)
        status = sqlite__bind_choose(w->conn, batch->plan, w->block, err);
    if (status == SQLA_OK)
        status = prepare_returned(w, err);
    if (status == SQLA_OK && sqlite3_get_autocommit(w->conn->db))
        status = sqlite__place_check(w->conn, err);
    if (status == SQLA_OK)
        status = sqlite__enter(w->conn, options != NULL ? options->deadline : 0, err);
    for (size_t i = 0; i < batch->count && status == SQLA_OK; i += w->block)
        status = run_block(w, i, err);
    sqlite__leave(w->conn);
    if (w->returned != NULL)
        sqlite_result_close(w->returned);
    return status;
}

sqla_status sqlite_execute_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch,
    const sqla_exec_options *options, sqla_err *err)
{
    work w = { .conn = conn, .stmt = statement->prepared, .batch = batch };
    bool owns = w.stmt == NULL;
    batch->affected = 0;
    batch->unmatched = -1;
    sqla_status status = check_batch(batch, err);
    w.block = batch->mode == SQLA_BATCH_BLOCK ? batch->rows_per_statement : 1;
    sqlite__arm(conn, options != NULL ? options->deadline : 0);
    if (status == SQLA_OK && owns)
        status = sqlite__stmt_new(conn, statement->text, statement->length, 0,
            options != NULL ? options->deadline : 0, &w.stmt, err);
    if (status == SQLA_OK) {
        sqlite__stmt_rewind(w.stmt);
        status = run_all(&w, options, err);
    }
    sqlite__leave(conn);
    if (owns && w.stmt != NULL)
        sqlite_stmt_close(w.stmt);
    return status;
}
