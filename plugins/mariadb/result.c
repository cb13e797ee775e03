/* result.c: results, as a whole or row by row.
 *
 * A whole result lies with its statement, until that is run again or closed; others may run meanwhile. A streaming one takes the
 * connection until its last row. Either way the client library shows each row where it lies, cell by cell (on_cell). */
#include <config.h>
#include "mariadb.h"

#include <string.h>

/* How long the rest of a stream that is closed early is read before it is cancelled, and how long the cancel may take. Rows that a
 * statement has changed must not be lost by that, so it is given more time. */
#define DRAIN_PATIENCE INT64_C(50000000)
#define WRITE_PATIENCE INT64_C(10000000000)
#define CANCEL_PATIENCE INT64_C(1000000000)

struct sqla_driver_result {
    sqla_driver_conn *conn;
    sqla_driver_stmt *stmt;    /* NULL: there are no rows, or they are not to be had any more */
    bool owns, writes;
    bool streaming;            /* the connection has more for us */
    bool ready;                /* a row is in the cells that nobody has read */
    bool ended, stale;
    uint32_t generation;
    int64_t number;            /* rows that have been handed out */
    mariadb__decoder decoder;
    sqla_value *view;          /* one a column; made when first asked for */
    char *texts;               /* that the view points at */
    size_t texts_room;
    sqla_result_info info;
    sqla_result_column *columns; /* column_count of each, in one block */
    mariadb__column *readers;
    mariadb__cell *cells;
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void on_cell(void *data, unsigned int column, unsigned char **row)
{
    sqla_driver_result *result = data;
    mariadb__cell_take(&result->readers[column], &result->cells[column], row);
}

static const char *type_name(const MYSQL_FIELD *field, uint32_t type)
{
    static const char *const names[SQLA_TYPE_COUNT_] = {
        [SQLA_BOOL] = "tinyint(1)", [SQLA_INT64] = "bigint", [SQLA_FLOAT32] = "float", [SQLA_FLOAT64] = "double", [SQLA_TEXT] = "text",
        [SQLA_BLOB] = "blob", [SQLA_DATE] = "date", [SQLA_TIME] = "time", [SQLA_TIMESTAMP] = "timestamp", [SQLA_LOCAL_TIMESTAMP] = "datetime",
        [SQLA_UUID] = "uuid", [SQLA_DECIMAL] = "decimal", [SQLA_JSON] = "json",
    };
    switch (field->type) {
    case MYSQL_TYPE_TINY: return type == SQLA_BOOL ? names[type] : "tinyint";
    case MYSQL_TYPE_SHORT: return "smallint";
    case MYSQL_TYPE_YEAR: return "year";
    case MYSQL_TYPE_INT24: return "mediumint";
    case MYSQL_TYPE_LONG: return "int";
    case MYSQL_TYPE_BIT: return "bit";
    case MYSQL_TYPE_GEOMETRY: return "geometry";
    default: return names[type];
    }
}

/* The server tells the columns of INSERT ... RETURNING only when it is run, and others again, since a table may have been altered: what
 * it told last lies with the link. */
static bool describe(sqla_driver_result *result)
{
    const MYSQL_FIELD *fields = result->conn->link->fields;
    size_t n = mysql_stmt_field_count(result->stmt->handle), names = 0;
    if (fields == NULL || result->conn->link->field_count != n)
        fields = mariadb_stmt_fetch_fields(result->stmt->handle);
    for (size_t i = 0; i < n; i++)
        names += strlen(fields[i].name) + 1;
    mariadb__host->release(result->columns);
    result->decoder.plan = NULL; /* it was made for columns that are gone */
    result->columns = mariadb__host->alloc(n * (sizeof *result->cells + sizeof *result->columns + sizeof *result->readers) + names);
    if (result->columns == NULL)
        return false;
    result->readers = (mariadb__column *)(void *)(result->columns + n);
    result->cells = (mariadb__cell *)(void *)(result->readers + n);
    char *name = (char *)(result->cells + n);
    for (uint32_t i = 0; i < n; i++) {
        mariadb__column_init(&result->readers[i], &fields[i]);
        result->columns[i] = (sqla_result_column){ strcpy(name, fields[i].name), result->readers[i].type, 0,
                                                   type_name(&fields[i], result->readers[i].type) };
        name += strlen(name) + 1;
    }
    result->info.column_count = (uint32_t)n;
    result->info.columns = result->columns;
    return true;
}

static sqla_status no_result(sqla_driver_stmt *stmt, bool owns, sqla_err *err)
{
    if (owns)
        mariadb_stmt_close(stmt);
    return mariadb__nomem(err);
}

sqla_status mariadb__result_new(sqla_driver_conn *conn, sqla_driver_stmt *stmt, bool owns, bool writes, sqla_driver_result **ret_result,
                                sqla_err *err)
{
    sqla_driver_result *result = mariadb__host->alloc(sizeof *result);
    if (result == NULL)
        return no_result(stmt, owns, err);
    memset(result, 0, sizeof *result);
    result->conn = conn;
    result->stmt = stmt;
    result->owns = owns;
    result->writes = writes;
    result->ended = true;
    result->decoder.row_number = -1;
    result->info.struct_size = sizeof result->info;
    *ret_result = result;
    return SQLA_OK;
}

const sqla_result_info *mariadb_result_info(sqla_driver_result *result) { return &result->info; }

static int64_t changed(const sqla_driver_result *result, uint64_t rows)
{
    return result->info.column_count > 0 && !result->writes ? 0 : rows == UINT64_MAX ? 0 : (int64_t)rows;
}

/* Rows that there is no memory to look at must not stay on the link. */
static sqla_status drop_unseen(sqla_driver_result *result, sqla_err *err)
{
    mariadb__call drop = { .kind = MARIADB__FREE, .handle = result->stmt->handle };
    (void)mariadb__call_run(result->conn, &drop);
    return mariadb__nomem(err);
}

/* The library takes a statement whose rows could not be stored for one whose rows are still to be read, and would wait for them when it
 * is run again; so it is prepared anew. */
static sqla_status store_failed(sqla_driver_result *result, const char *text, bool *ret_failed, sqla_err *err)
{
    result->ended = true;
    result->stmt->generation = result->conn->generation - 1;
    if (ret_failed == NULL)
        return mariadb__failed(result->conn, result->stmt->handle, text, 0, err);
    *ret_failed = true;
    return SQLA_OK;
}

sqla_status mariadb__result_start(sqla_driver_result *result, bool streaming, const char *text, bool *ret_failed, sqla_err *err)
{
    MYSQL_STMT *handle = result->stmt->handle;
    result->generation = result->conn->generation;
    result->number = 0;
    result->ready = result->stale = false;
    result->ended = mysql_stmt_field_count(handle) == 0;
    if (result->ended) {
        result->info.affected = changed(result, mysql_stmt_affected_rows(handle));
        return SQLA_OK;
    }
    if (!describe(result))
        return drop_unseen(result, err);
    mysql_stmt_attr_set(handle, STMT_ATTR_CB_USER_DATA, result);
    union { ps_result_callback function; const void *data; } callback = { .function = on_cell };
    mysql_stmt_attr_set(handle, STMT_ATTR_CB_RESULT, callback.data);
    result->stmt->reader = result;
    result->streaming = streaming;
    if (streaming) {
        result->info.affected = -1;
        result->conn->stream = result;
        return SQLA_OK;
    }
    mariadb__call store = { .kind = MARIADB__STORE, .handle = handle };
    sqla_status status = mariadb__call_run(result->conn, &store);
    if (status != SQLA_OK)
        return mariadb__broken(result->conn, status, err);
    if (store.answer != 0)
        return store_failed(result, text, ret_failed, err);
    result->info.affected = changed(result, mysql_stmt_num_rows(handle));
    return SQLA_OK;
}

/* ---- stepping -------------------------------------------------------------------------------------------------- */

/* The connection is free again. */
static void end_stream(sqla_driver_result *result)
{
    result->ended = true;
    if (!result->streaming)
        return;
    result->streaming = false;
    result->conn->stream = NULL;
    result->info.affected = changed(result, (uint64_t)result->number);
    mariadb__leave(result->conn);
}

static sqla_status next_of_stream(sqla_driver_result *result, sqla_err *err)
{
    mariadb__call fetch = { .kind = MARIADB__FETCH, .handle = result->stmt->handle };
    sqla_status status = mariadb__call_run(result->conn, &fetch);
    result->ready = status == SQLA_OK && fetch.answer == 0;
    if (result->ready)
        return SQLA_OK;
    if (status != SQLA_OK)
        status = mariadb__broken(result->conn, status, err);
    else if (fetch.answer != MYSQL_NO_DATA)
        status = mariadb__failed(result->conn, fetch.handle, NULL, 0, err);
    end_stream(result);
    return status;
}

/* Step so that the next row is in the cells. Without one the result has ended. */
static sqla_status advance(sqla_driver_result *result, sqla_err *err)
{
    if (result->stale || (!result->ended && result->generation != result->conn->generation))
        return mariadb__fail(err, SQLA_ERR_MISUSE, NULL, "the statement was run again, or its session was reset, before these rows were read");
    if (result->ready || result->ended)
        return SQLA_OK;
    if (result->streaming)
        return next_of_stream(result, err);
    int answer = mysql_stmt_fetch(result->stmt->handle); /* out of memory of ours: nothing is waited for */
    result->ready = answer == 0;
    result->ended = answer == MYSQL_NO_DATA;
    return answer == 0 || answer == MYSQL_NO_DATA ? SQLA_OK : mariadb__failed(result->conn, result->stmt->handle, NULL, 0, err);
}

static bool is_at_end(const sqla_driver_result *result)
{
    return result->ended || (!result->streaming && !result->ready && !result->stale &&
                             (uint64_t)result->number == mysql_stmt_num_rows(result->stmt->handle));
}

/* A row that fails is not stepped over: whoever goes on meets it again, rather than missing it. */
sqla_status mariadb_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
                                 sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err)
{
    size_t n = 0;
    *ret_count = 0;
    sqla_status status = result->ended ? SQLA_OK : mariadb__decoder_choose(&result->decoder, &result->info, result->readers, plan, err);
    while (status == SQLA_OK && n < max) {
        status = advance(result, err);
        if (status != SQLA_OK || !result->ready)
            break;
        status = mariadb__decode_row(&result->decoder, &result->info, result->cells, rows[n], arena, result->number + 1, err);
        if (status != SQLA_OK)
            break;
        result->ready = false;
        result->number++;
        n++;
    }
    *ret_count = n;
    if (status == SQLA_OK)
        *ret_end = is_at_end(result);
    return status;
}

sqla_status mariadb__result_step(sqla_driver_result *result, bool *ret_more, sqla_err *err)
{
    sqla_status status = advance(result, err);
    *ret_more = result->ready;
    return status;
}

int64_t mariadb__result_number(const sqla_driver_result *result, int column)
{
    sqla_value value = { 0 };
    const mariadb__column *reader = &result->readers[column];
    bool integer = reader->type == SQLA_INT16 || reader->type == SQLA_INT32 || reader->type == SQLA_INT64;
    if (!integer || result->cells[column].data == NULL || reader->read(reader, &result->cells[column], &value) != NULL)
        return -1;
    return value.as.i64;
}

/* ---- the view -------------------------------------------------------------------------------------------------- */

static bool has_bytes(const sqla_value *value)
{
    return value->type == SQLA_TEXT || value->type == SQLA_BLOB || value->type == SQLA_JSON || value->type == SQLA_DECIMAL;
}

/* The library has no NUL behind a text, so texts are copied. */
static bool copy_texts(sqla_driver_result *result)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < result->info.column_count; i++)
        bytes += has_bytes(&result->view[i]) ? result->view[i].as.bytes.size + 1 : 0;
    if (bytes > result->texts_room) {
        char *room = mariadb__host->resize(result->texts, bytes);
        if (room == NULL)
            return false;
        result->texts = room;
        result->texts_room = bytes;
    }
    char *to = result->texts;
    for (uint32_t i = 0; i < result->info.column_count; i++) {
        sqla_blob *blob = &result->view[i].as.bytes;
        if (!has_bytes(&result->view[i]))
            continue;
        memcpy(to, blob->data, blob->size);
        to[blob->size] = '\0';
        blob->data = to;
        to += blob->size + 1;
    }
    return true;
}

static sqla_status show(sqla_driver_result *result, sqla_err *err)
{
    for (uint32_t i = 0; i < result->info.column_count; i++) {
        const mariadb__column *reader = &result->readers[i];
        sqla_value *value = &result->view[i];
        *value = (sqla_value){ .type = result->cells[i].data != NULL ? reader->type : SQLA_NULL };
        const char *why = result->cells[i].data != NULL ? reader->read(reader, &result->cells[i], value) : NULL;
        const sqla_err_fields fields = { .row = result->number + 1, .column = result->columns[i].name };
        if (why != NULL)
            return mariadb__fail(err, SQLA_ERR_DATA, &fields, "cannot read column '%s' of row %lld: %s", fields.column, (long long)fields.row, why);
    }
    return copy_texts(result) ? SQLA_OK : mariadb__nomem(err);
}

sqla_status mariadb_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    size_t n = result->info.column_count > 0 ? result->info.column_count : 1;
    if (result->view == NULL && (result->view = mariadb__host->alloc(n * sizeof *result->view)) == NULL)
        return mariadb__nomem(err);
    sqla_status status = advance(result, err);
    if (status == SQLA_OK && result->ready)
        status = show(result, err);
    if (status != SQLA_OK)
        return status;
    *ret_values = result->ready ? result->view : NULL;
    result->number += result->ready;
    result->ready = false;
    return SQLA_OK;
}

/* ---- closing --------------------------------------------------------------------------------------------------- */

/* Read what is left; when that takes too long it is cancelled, which ends the statement and not the transaction. */
static void close_stream(sqla_driver_result *result)
{
    sqla_driver_conn *conn = result->conn;
    mariadb__call fetch = { .kind = MARIADB__FETCH, .handle = result->stmt->handle };
    int64_t until = mariadb__now() + (result->writes ? WRITE_PATIENCE : DRAIN_PATIENCE);
    if (!conn->timed_out) {
        conn->deadline = conn->deadline == 0 || until < conn->deadline ? until : conn->deadline;
        conn->grace = CANCEL_PATIENCE;
    }
    sqla_status status = SQLA_OK;
    while (status == SQLA_OK && fetch.answer == 0) {
        status = mariadb__call_run(conn, &fetch);
        result->number += status == SQLA_OK && fetch.answer == 0;
    }
    if (status == SQLA_OK && fetch.answer != MYSQL_NO_DATA)
        (void)mariadb__failed(conn, fetch.handle, NULL, 0, NULL);
    end_stream(result);
}

void mariadb__result_stale(sqla_driver_result *result)
{
    if (result->streaming)
        close_stream(result);
    result->stmt->reader = NULL;
    result->stmt = NULL;
    result->stale = !result->ended;
    result->ready = false;
}

/* Rows that lie with a statement that is kept are given back at once. */
static void drop_rows(sqla_driver_stmt *stmt)
{
    stmt->reader = NULL;
    if (stmt->generation == stmt->conn->generation && stmt->conn->stream == NULL && !stmt->conn->lost)
        (void)mysql_stmt_free_result(stmt->handle); /* nothing is left on the link, so nothing is waited for */
}

void mariadb_result_close(sqla_driver_result *result)
{
    if (result == NULL)
        return;
    if (result->streaming)
        close_stream(result);
    if (result->stmt != NULL && result->stmt->reader == result)
        drop_rows(result->stmt);
    if (result->stmt != NULL && result->owns)
        mariadb_stmt_close(result->stmt);
    mariadb__decoder_release(&result->decoder);
    mariadb__host->release(result->columns);
    mariadb__host->release(result->view);
    mariadb__host->release(result->texts);
    mariadb__host->release(result);
}
