/* result.c: results, as a whole or row by row.
 *
 * The client library shows each row where it lies, cell by cell (on_cell). A whole result is read at once, and its cells are copied into
 * blocks of ours: the library would read it in one go, without a look at the clock as long as rows are there to be read. A streaming one
 * takes the connection until its last row. */
#include <config.h>
#include "mariadb.h"

#include <string.h>

/* How long the rest of a stream that is closed early is read before it is cancelled, and how long the cancel may take. Rows that a
 * statement has changed must not be lost by that, so it is given more time. */
#define DRAIN_PATIENCE INT64_C(50000000)
#define WRITE_PATIENCE INT64_C(10000000000)
#define CANCEL_PATIENCE INT64_C(4000000000)

/* Rows, one behind the other: of each cell its size, NULL_SIZE for a null, and its bytes. */
typedef struct block {
    struct block *next;
    size_t used, room;         /* bytes behind the head */
} block;
#define NULL_SIZE UINT32_MAX
enum { SMALLEST_BLOCK = 2000, LARGEST_BLOCK = 256 * 1024 };

struct sqla_driver_result {
    sqla_driver_conn *conn;
    sqla_driver_stmt *stmt;    /* NULL: there are no rows, or they are not to be had any more */
    bool owns, writes;
    bool streaming;            /* the connection has more for us */
    bool ready;                /* a row is in the cells that nobody has read */
    bool ended;
    int64_t number;            /* rows that have been handed out */
    int64_t count;             /* rows that came, unless they stream */
    block *blocks, *last;      /* that hold them */
    block *reading;            /* where the next one is */
    size_t read;               /* bytes of it that have been read */
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
        uint32_t type = result->readers[i].is_mixed
                            ? SQLA_NULL
                            : result->readers[i].type; /* then each value says its own */
        result->columns[i] = (sqla_result_column){ strcpy(name, fields[i].name), type, 0,
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
static sqla_status drop_unseen(sqla_driver_conn *conn, sqla_driver_stmt *stmt, sqla_err *err)
{
    mariadb__call drop = { .kind = MARIADB__FREE, .handle = stmt->handle };
    (void)mariadb__call_run(conn, &drop);
    return mariadb__nomem(err);
}

/* ---- rows that are kept ---------------------------------------------------------------------------------------- */

/* One block stays for the next run of the statement. */
static void forget_rows(sqla_driver_result *result, bool all)
{
    block *kept = all ? NULL : result->blocks;
    for (block *b = all ? result->blocks : kept != NULL ? kept->next : NULL, *next; b != NULL; b = next) {
        next = b->next;
        mariadb__host->release(b);
    }
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = 0;
    }
    result->blocks = result->last = result->reading = kept;
    result->read = 0;
    result->count = 0;
}

static char *take_room(sqla_driver_result *result, size_t size)
{
    block *last = result->last;
    if (last == NULL || last->room - last->used < size) {
        size_t room = last == NULL ? SMALLEST_BLOCK : last->room * 2 < LARGEST_BLOCK ? last->room * 2 : LARGEST_BLOCK;
        room = room < size ? size : room;
        block *more = mariadb__host->alloc(sizeof *more + room);
        if (more == NULL)
            return NULL;
        *more = (block){ NULL, 0, room };
        *(last != NULL ? &last->next : &result->blocks) = more;
        result->reading = last != NULL ? result->reading : more;
        result->last = last = more;
    }
    last->used += size;
    return (char *)(last + 1) + last->used - size;
}

/* The row in the cells.  Returns: false: there is no memory for it. */
static bool keep_row(sqla_driver_result *result)
{
    size_t size = result->info.column_count * sizeof(uint32_t);
    for (uint32_t i = 0; i < result->info.column_count; i++)
        size += result->cells[i].data != NULL ? result->cells[i].size : 0;
    char *to = take_room(result, size);
    for (uint32_t i = 0; to != NULL && i < result->info.column_count; i++) {
        const mariadb__cell *cell = &result->cells[i];
        uint32_t n = cell->data != NULL ? (uint32_t)cell->size : NULL_SIZE;
        memcpy(to, &n, sizeof n);
        to += sizeof n;
        if (cell->data != NULL && n > 0)
            memcpy(to, cell->data, n);
        to += cell->data != NULL ? n : 0;
    }
    return to != NULL;
}

/* Put the next row into the cells.  Returns: false: there is none. */
static bool show_row(sqla_driver_result *result)
{
    while (result->reading != NULL && result->read == result->reading->used) {
        result->reading = result->reading->next;
        result->read = 0;
    }
    if (result->reading == NULL)
        return false;
    const unsigned char *from = (const unsigned char *)(result->reading + 1), *at = from + result->read;
    for (uint32_t i = 0; i < result->info.column_count; i++) {
        uint32_t n;
        memcpy(&n, at, sizeof n);
        at += sizeof n;
        result->cells[i] = (mariadb__cell){ n != NULL_SIZE ? at : NULL, n != NULL_SIZE ? n : 0 };
        at += result->cells[i].size;
    }
    result->read = (size_t)(at - from);
    return true;
}

/* ---- starting -------------------------------------------------------------------------------------------------- */

/* Read what is left on the link; when that takes too long it is cancelled, which ends the statement and not the transaction. */
static void drain(sqla_driver_result *result)
{
    sqla_driver_conn *conn = result->conn;
    mariadb__call fetch = { .kind = MARIADB__FETCH, .handle = result->stmt->handle };
    int64_t until = mariadb__now() + (result->writes ? WRITE_PATIENCE : DRAIN_PATIENCE);
    if (!conn->timed_out) {
        conn->deadline = conn->deadline == 0 || until < conn->deadline ? until : conn->deadline;
        conn->grace = CANCEL_PATIENCE;
    }
    mariadb__hush hush;
    sqla_status status = SQLA_OK;
    mariadb__quiet_begin(conn, &hush);
    while (status == SQLA_OK && fetch.answer == 0) {
        status = mariadb__call_run(conn, &fetch);
        result->number += status == SQLA_OK && fetch.answer == 0;
    }
    mariadb__quiet_end(conn, &hush);
    if (status == SQLA_OK && fetch.answer != MYSQL_NO_DATA)
        (void)mariadb__failed(conn, fetch.handle, NULL, 0, NULL);
}

/* The statement failed among its rows, and is prepared anew, since who knows what the library thinks of it. */
static sqla_status rows_failed(sqla_driver_result *result, const char *text, bool *ret_failed, sqla_err *err)
{
    result->ended = true;
    result->stmt->generation = result->conn->generation - 1;
    if (ret_failed == NULL)
        return mariadb__failed(result->conn, result->stmt->handle, text, 0, err);
    *ret_failed = true;
    return SQLA_OK;
}

static sqla_status read_rows(sqla_driver_result *result, bool keep, const char *text, bool *ret_failed, sqla_err *err)
{
    mariadb__call fetch = { .kind = MARIADB__FETCH, .handle = result->stmt->handle };
    sqla_status status = mariadb__call_run(result->conn, &fetch);
    for (; status == SQLA_OK && fetch.answer == 0; status = mariadb__call_run(result->conn, &fetch)) {
        result->count++;
        if (keep && !keep_row(result)) {
            result->ended = true;
            drain(result);
            return mariadb__nomem(err);
        }
    }
    if (status != SQLA_OK)
        return mariadb__broken(result->conn, status, err);
    if (fetch.answer != MYSQL_NO_DATA)
        return rows_failed(result, text, ret_failed, err);
    result->info.affected = changed(result, (uint64_t)result->count);
    return SQLA_OK;
}

static sqla_status take_rows(sqla_driver_result *result, bool keep, const char *text, bool *ret_failed, sqla_err *err)
{
    mariadb__hush hush;
    mariadb__quiet_begin(result->conn, &hush);
    sqla_status status = read_rows(result, keep, text, ret_failed, err);
    mariadb__quiet_end(result->conn, &hush);
    return status;
}

/* A CALL gives as many results as its procedure makes, and the one of its own end: the first is the
 * statement's, and the others are dropped. It may fail in any of them, also among the rows, of which the call
 * that drops them says nothing. The end is the one that has no rows: libmariadb (3.3.20) calls a function that
 * is not there when it is asked for what comes behind. */
static sqla_status drop_others(sqla_driver_result *result, const char *text, sqla_err *err)
{
    sqla_driver_conn *conn = result->conn;
    MYSQL_STMT *handle = result->stmt->handle;
    while (!conn->lost && mysql_stmt_more_results(handle)) {
        mariadb__call another = { .kind = MARIADB__ANOTHER, .handle = handle },
                      drop = { .kind = MARIADB__FREE, .handle = handle };
        sqla_status status = mariadb__call_run(conn, &another);
        if (status == SQLA_OK && another.answer > 0)
            return mariadb__failed(conn, handle, text, 0, err);
        bool rows = status == SQLA_OK && mysql_stmt_field_count(handle) > 0;
        if (status == SQLA_OK && !rows && mysql_stmt_more_results(handle)) {
            conn->flooded = true;
            status = SQLA_ERR_PROTOCOL;
        }
        if (rows)
            status = mariadb__call_run(conn, &drop);
        if (status != SQLA_OK)
            return mariadb__broken(conn, status, err);
        if (rows && mysql_errno(conn->link) != 0) {
            result->stmt->generation = conn->generation - 1;
            return mariadb__failed(conn, NULL, text, 0, err);
        }
    }
    return SQLA_OK;
}

sqla_status mariadb__result_start(sqla_driver_result *result, mariadb__rows rows, const char *text, bool *ret_failed, sqla_err *err)
{
    MYSQL_STMT *handle = result->stmt->handle;
    result->number = 0;
    result->ready = false;
    result->ended = mysql_stmt_field_count(handle) == 0;
    forget_rows(result, false);
    if (result->ended) {
        result->info.affected = changed(result, mysql_stmt_affected_rows(handle));
        return drop_others(result, text, err);
    }
    if (!describe(result))
        return drop_unseen(result->conn, result->stmt, err);
    mysql_stmt_attr_set(handle, STMT_ATTR_CB_USER_DATA, result);
    union { ps_result_callback function; const void *data; } callback = { .function = on_cell };
    mysql_stmt_attr_set(handle, STMT_ATTR_CB_RESULT, callback.data);
    result->streaming = rows == MARIADB__STREAM;
    if (!result->streaming) {
        sqla_status status = take_rows(result, rows == MARIADB__KEEP, text, ret_failed, err);
        return status == SQLA_OK && (ret_failed == NULL || !*ret_failed) ? drop_others(result, text, err)
                                                                         : status;
    }
    result->stmt->reader = result;
    result->info.affected = -1;
    result->conn->stream = result;
    return SQLA_OK;
}

sqla_status mariadb__rows_drop(sqla_driver_conn *conn, sqla_driver_stmt *stmt, int64_t *ret_rows, bool *ret_failed, sqla_err *err)
{
    sqla_driver_result *result = NULL;
    if (mysql_stmt_field_count(stmt->handle) == 0)
        return SQLA_OK;
    if (mariadb__result_new(conn, stmt, false, true, &result, NULL) != SQLA_OK)
        return drop_unseen(conn, stmt, err);
    sqla_status status = mariadb__result_start(result, MARIADB__DROP, NULL, ret_failed, err);
    *ret_rows = result->count;
    mariadb_result_close(result);
    return status;
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
    else
        status = drop_others(result, NULL, err);
    end_stream(result);
    return status;
}

/* Step so that the next row is in the cells. Without one the result has ended. */
static sqla_status advance(sqla_driver_result *result, sqla_err *err)
{
    if (result->ready || result->ended)
        return SQLA_OK;
    if (result->streaming)
        return next_of_stream(result, err);
    result->ready = show_row(result);
    result->ended = !result->ready;
    return SQLA_OK;
}

static bool is_at_end(const sqla_driver_result *result)
{
    return result->ended || (!result->streaming && !result->ready && result->number == result->count);
}

/* A row that fails is not stepped over: whoever goes on meets it again, rather than missing it. */
sqla_status mariadb_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
                                 sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err)
{
    size_t n = 0;
    mariadb__hush hush;
    hush.blocked = false;
    *ret_count = 0;
    sqla_status status = result->ended ? SQLA_OK : mariadb__decoder_choose(&result->decoder, &result->info, result->readers, plan, err);
    if (result->streaming) /* a whole one may outlive its connection */
        mariadb__quiet_begin(result->conn, &hush);
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
    mariadb__quiet_end(result->conn, &hush);
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
    char made[MARIADB__MADE];
    const mariadb__column *reader = &result->readers[column];
    bool integer = reader->type == SQLA_INT16 || reader->type == SQLA_INT32 || reader->type == SQLA_INT64;
    if (!integer || result->cells[column].data == NULL ||
        reader->read(reader, &result->cells[column], &value, made) != NULL)
        return -1;
    return value.type == SQLA_DECIMAL ? -1 : value.as.i64;
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
    char *made =
        (char *)(result->view +
                 result->info.column_count); /* room for a text of each column lies behind the values */
    for (uint32_t i = 0; i < result->info.column_count; i++) {
        const mariadb__column *reader = &result->readers[i];
        sqla_value *value = &result->view[i];
        *value = (sqla_value){ .type = result->cells[i].data != NULL ? reader->type : SQLA_NULL };
        const char *why = result->cells[i].data != NULL ? reader->read(reader, &result->cells[i], value,
                                                              made + (size_t)i * MARIADB__MADE)
                                                        : NULL;
        const sqla_err_fields fields = { .row = result->number + 1, .column = result->columns[i].name };
        if (why != NULL)
            return mariadb__fail(err, SQLA_ERR_DATA, &fields, "cannot read column '%s' of row %lld: %s", fields.column, (long long)fields.row, why);
    }
    return copy_texts(result) ? SQLA_OK : mariadb__nomem(err);
}

sqla_status mariadb_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    size_t n = result->info.column_count > 0 ? result->info.column_count : 1;
    if (result->view == NULL &&
        (result->view = mariadb__host->alloc(n * (sizeof *result->view + MARIADB__MADE))) == NULL)
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

static void close_stream(sqla_driver_result *result)
{
    drain(result);
    (void)drop_others(result, NULL, NULL);
    end_stream(result);
}

void mariadb__result_end(sqla_driver_result *result)
{
    if (result->streaming)
        close_stream(result);
    result->stmt->reader = NULL;
    result->stmt = NULL;
    result->ready = false;
}

void mariadb_result_close(sqla_driver_result *result)
{
    if (result == NULL)
        return;
    if (result->streaming)
        close_stream(result);
    if (result->stmt != NULL && result->stmt->reader == result)
        result->stmt->reader = NULL;
    if (result->stmt != NULL && result->owns)
        mariadb_stmt_close(result->stmt);
    forget_rows(result, true);
    mariadb__decoder_release(&result->decoder);
    mariadb__host->release(result->columns);
    mariadb__host->release(result->view);
    mariadb__host->release(result->texts);
    mariadb__host->release(result);
}
