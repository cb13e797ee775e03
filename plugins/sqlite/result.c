/* result.c: statements that are being stepped, and their rows.
 *
 * Stepping SQLite past the end would silently run the statement again, so the end is latched, and the statement is reset at
 * once when it is reached: it holds no lock from then on. A result whose statement was run anew is stale, and says so. */
#include <config.h>
#include "sqlite.h"

#include <stdio.h>
#include <string.h>

typedef enum phase {
    ROW_READY = 1, /* stepped to a row that nobody has read yet */
    ROW_READ,      /* the row was read; step before the next one */
    ENDED,
    STALE /* the statement was run again, by somebody else */
} phase;

struct sqla_driver_result {
    sqla_driver_conn *conn;
    sqla_driver_stmt *stmt; /* NULL: there are no rows, and never were */
    bool owns_stmt, writes, info_made;
    phase phase;
    int64_t deadline;
    int64_t read; /* rows that were read */
    sqla_result_info info;

    const sqla_plan *plan; /* that the converters were chosen for; known again by its address */
    sqlite__decoder *decoders;
    sqlite__spans spans; /* texts of the row that is being read */
    uint32_t decoder_count, decoder_room;
    bool has_text;
    sqla_value *values; /* of a row that is viewed */
    uint32_t value_room;
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

static sqla_driver_result *take(sqla_driver_conn *conn)
{
    sqla_driver_result *result = conn->spare;
    conn->spare = NULL;
    if (result == NULL) {
        result = sqlite__host->alloc(sizeof *result);
        if (result != NULL)
            memset(result, 0, sizeof *result);
    }
    return result;
}

void sqlite__result_free(sqla_driver_result *result)
{
    if (result == NULL)
        return;
    sqlite__host->release(result->decoders);
    sqlite__host->release(result->spans.list);
    sqlite__host->release(result->values);
    sqlite__host->release(result);
}

sqla_status sqlite__result_new(sqla_driver_conn *conn, sqla_driver_stmt *stmt, bool owns, int64_t deadline,
    sqla_driver_result **ret_result, sqla_err *err)
{
    sqla_driver_result *result = take(conn);
    if (result == NULL) {
        if (owns)
            sqlite_stmt_close(stmt);
        return sqlite__nomem(err);
    }
    result->conn = conn;
    result->stmt = stmt;
    result->owns_stmt = owns;
    result->writes = stmt != NULL && !sqlite3_stmt_readonly(stmt->handle);
    result->info_made = false;
    result->phase = stmt != NULL ? ROW_READ : ENDED;
    result->deadline = deadline;
    result->read = 0;
    result->plan = NULL;
    result->info =
        (sqla_result_info){ .struct_size = sizeof result->info, .affected = stmt != NULL ? -1 : 0 };
    if (stmt != NULL)
        stmt->reader = result;
    *ret_result = result;
    return SQLA_OK;
}

/* Of what is read now: the host's word, where it says one. */
static int64_t deadline_now(const sqla_driver_result *result)
{
    return result->conn->is_told ? result->conn->told : result->deadline;
}

void sqlite__result_stale(sqla_driver_result *result)
{
    if (result->phase != ENDED)
        result->phase = STALE;
    result->info.column_count = 0; /* the names belong to the statement */
    result->info.columns = NULL;
    result->info_made = true;
    result->stmt = NULL;
}

/* A statement that writes and was not read to its end is over all the same, and outside of a transaction it commits here. */
void sqlite_result_close(sqla_driver_result *result)
{
    sqla_driver_conn *conn = result->conn;
    if (result->stmt != NULL) {
        if (result->phase != ENDED) {
            sqlite__arm(conn, deadline_now(result));
            if (sqlite3_reset(result->stmt->handle) != SQLITE_OK && result->writes)
                sqlite__host->log(SQLA_LOG_WARNING, sqlite3_errmsg(conn->db));
            sqlite__leave(conn);
        }
        result->stmt->reader = NULL;
        if (result->owns_stmt)
            sqlite_stmt_close(result->stmt);
    }
    result->stmt = NULL;
    if (conn->spare == NULL)
        conn->spare = result;
    else
        sqlite__result_free(result);
}

/* ---- stepping -------------------------------------------------------------------------------------------------- */

/* The rows that the statement just run has changed, by the total before it; -1: not known. The count of changes may be left from an
 * earlier statement, which the total tells. Where only the total moved, triggers have written what a view was given. */
int64_t sqlite__changes_since(sqlite3 *db, int64_t total)
{
    int64_t direct = sqlite3_changes64(db);
    if (sqlite3_total_changes64(db) == total)
        return 0;
    return direct > 0 ? direct : -1;
}

int sqlite__result_step(sqla_driver_result *result)
{
    sqlite3 *db = result->conn->db;
    sqlite3_stmt *handle = result->stmt->handle;
    int64_t before = result->writes ? sqlite3_total_changes64(db) : 0;
    int rc = sqlite__step(result->conn, handle);
    if (rc == SQLITE_ROW) {
        result->phase = ROW_READY;
    } else if (rc == SQLITE_DONE) {
        result->info.affected = result->writes ? sqlite__changes_since(db, before) : 0;
        sqlite3_reset(handle);
        result->phase = ENDED;
    }
    return rc;
}

static sqla_status step(sqla_driver_result *result, sqla_err *err)
{
    sqla_status status = sqlite__enter(result->conn, result->deadline, err);
    if (status != SQLA_OK)
        return status;
    int rc = sqlite__result_step(result);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        status = sqlite__failed(result->conn, sqlite3_sql(result->stmt->handle), 0, err);
        sqlite3_reset(result->stmt->handle);
        result->phase = ENDED;
    }
    sqlite__leave(result->conn);
    return status;
}

sqla_status sqlite__result_start(sqla_driver_result *result, sqla_err *err)
{
    return step(result, err);
}

/* ---- the shape ------------------------------------------------------------------------------------------------- */

/* Names are SQLite's, and stay until the statement is prepared anew, which happens at its first step only. */
const sqla_result_info *sqlite_result_info(sqla_driver_result *result)
{
    sqla_driver_stmt *stmt = result->stmt;
    if (result->info_made || stmt == NULL || stmt->columns == NULL)
        return &result->info;
    for (uint32_t i = 0; i < stmt->column_count; i++) {
        const char *name = sqlite3_column_name(stmt->handle, (int)i);
        stmt->columns[i] = (sqla_result_column){ name != NULL ? name : "", SQLA_NULL, 0,
            sqlite3_column_decltype(stmt->handle, (int)i) };
    }
    result->info.columns = stmt->columns;
    result->info.column_count = stmt->column_count;
    result->info_made = true;
    return &result->info;
}

/* ---- rows by plan ---------------------------------------------------------------------------------------------- */

static sqla_status make_room(sqla_driver_result *result, uint32_t count, sqla_err *err)
{
    count = count > 0 ? count : 1;
    if (count <= result->decoder_room)
        return SQLA_OK;
    sqlite__decoder *decoders = sqlite__host->resize(result->decoders, count * sizeof *decoders);
    if (decoders != NULL)
        result->decoders = decoders;
    sqlite__span *spans = sqlite__host->resize(result->spans.list, count * sizeof *spans);
    if (spans != NULL)
        result->spans.list = spans;
    if (decoders == NULL || spans == NULL)
        return sqlite__nomem(err);
    result->decoder_room = count;
    return SQLA_OK;
}

static sqla_status refuse_slot(const sqla_slot *slot, uint32_t columns, sqla_err *err)
{
    sqla_err_fields fields = { .column = slot->name };
    if (slot->column < 0 || slot->column >= (int64_t)columns)
        return sqlite__fail(err, SQLA_ERR_MISUSE, &fields, "the plan reads column %d of a result that has %u",
            slot->column + 1, columns);
    return sqlite__fail(err, SQLA_ERR_UNSUPPORTED, &fields,
        "column %d cannot be read in this form (%u, %u, %u bytes)", slot->column + 1, (unsigned)slot->type,
        (unsigned)slot->rep, (unsigned)slot->size);
}

sqla_status sqlite__result_choose(sqla_driver_result *result, const sqla_plan *plan, sqla_err *err)
{
    uint32_t columns = result->stmt->column_count;
    result->plan = NULL;
    result->has_text = false;
    sqla_status status = make_room(result, plan->count, err);
    if (status != SQLA_OK)
        return status;
    for (uint32_t i = 0; i < plan->count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        sqlite__decoder decoder = { sqlite__decoder_for(slot), slot, slot->offset, slot->column,
            slot->set_offset };
        if (decoder.decode == NULL || slot->column < 0 || (uint32_t)slot->column >= columns)
            return refuse_slot(slot, columns, err);
        result->decoders[i] = decoder;
        result->has_text = result->has_text || sqlite__slot_has_text(slot);
    }
    result->decoder_count = plan->count;
    result->plan = plan;
    return SQLA_OK;
}

static const char *read_null(const sqlite__decoder *d, char *row)
{
    const sqla_slot *slot = d->slot;
    if ((slot->flags & SQLA_SLOT_NULLABLE) == 0)
        return "it is NULL, and must have a value";
    if (d->set_offset < 0 && (slot->rep == SQLA_REP_FIXED || slot->rep == SQLA_REP_CHARS))
        return "it is NULL, and there is no place that says so";
    if (slot->rep == SQLA_REP_ROW_NUMBER)
        return NULL;
    size_t size = slot->rep == SQLA_REP_CSTR    ? sizeof(char *)
                  : slot->rep == SQLA_REP_BYTES ? sizeof(sqla_blob)
                  : slot->rep == SQLA_REP_VALUE ? sizeof(sqla_value)
                                                : slot->size;
    memset(row + d->offset, 0, size);
    if (d->set_offset >= 0)
        row[d->set_offset] = 0;
    return NULL;
}

/* What stands there, in few words: a file may hold anything in any column, and who is to look for it must know what. */
static void describe(sqlite3_value *value, char *room, size_t size)
{
    const char *text = "";
    int n = sqlite3_value_bytes(value), shown = 0;
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        snprintf(room, size, ": the integer %lld", (long long)sqlite3_value_int64(value));
        return;
    case SQLITE_FLOAT:
        sqlite3_snprintf((int)size, room, ": the real %!.17g", sqlite3_value_double(value));
        return;
    case SQLITE_BLOB:
        snprintf(room, size, ": a blob of %d bytes", n);
        return;
    case SQLITE_TEXT:
        text = (const char *)sqlite3_value_text(value);
        for (shown = n < 60 ? n : 60; shown > 0 && shown < n && ((unsigned char)text[shown] & 0xc0) == 0x80;)
            shown--;
        break;
    }
    if (text != NULL && n > 0 && memchr(text, '\0', (size_t)shown) == NULL && sqlite__utf8_valid(text, (size_t)shown))
        snprintf(room, size, ": the text '%.*s'%s", shown, text, shown < n ? "..." : "");
    else
        snprintf(room, size, n > 0 ? ": a text of %d bytes" : ": an empty text", n);
}

static sqla_status refuse_value(const sqla_driver_result *result, const sqlite__decoder *d, const char *why,
    sqlite3_value *value, sqla_err *err)
{
    char there[160] = "";
    const char *name =
        d->slot->name != NULL ? d->slot->name : sqlite3_column_name(result->stmt->handle, d->column);
    if (strcmp(why, "out of memory") == 0)
        return sqlite__nomem(err);
    sqla_err_fields fields = { .column = name, .row = result->read + 1, .sqlstate = "22000" };
    if (sqlite3_value_type(value) != SQLITE_NULL)
        describe(value, there, sizeof there);
    return sqlite__fail(err, SQLA_ERR_DATA, &fields, "cannot read column '%.128s' of row %lld: %s%s",
        name != NULL ? name : "?", (long long)result->read + 1, why, there);
}

/* All texts of the row, one behind the other, in one piece of memory. */
static sqla_status place_texts(sqlite__spans *spans, void *row, sqla_row_arena *arena, sqla_err *err)
{
    if (arena == NULL)
        return sqlite__fail(
            err, SQLA_ERR_MISUSE, NULL, "texts are to be read, and there is no memory for them");
    char *at = arena->take(arena, row, spans->bytes);
    if (at == NULL)
        return sqlite__nomem(err);
    for (const sqlite__span *span = spans->list, *end = span + spans->count; span < end; span++) {
        sqla_blob blob = { at, span->size };
        memcpy(at, span->data, span->size);
        at[span->size] = '\0';
        if (span->pointer_only)
            memcpy(span->target, &blob.data, sizeof blob.data);
        else
            memcpy(span->target, &blob, sizeof blob);
        at += span->size + 1;
    }
    return SQLA_OK;
}

/* sqlite3_column_value once, and then the functions on values: the fastest way that still looks at the type. It is safe since
 * the connection has no mutex and one thread. */
sqla_status sqlite__result_read(sqla_driver_result *result, void *row, sqla_row_arena *arena, sqla_err *err)
{
    sqlite3_stmt *handle = result->stmt->handle;
    char *base = row;
    const char *why;
    result->spans.count = result->spans.bytes = 0;
    for (const sqlite__decoder *d = result->decoders, *end = d + result->decoder_count; d < end; d++) {
        sqlite3_value *value = sqlite3_column_value(handle, d->column);
        if (sqlite3_value_type(value) == SQLITE_NULL) {
            why = read_null(d, base);
        } else {
            why = d->decode(d, value, base + d->offset, &result->spans);
            if (d->set_offset >= 0)
                base[d->set_offset] = 1;
        }
        if (why != NULL)
            return refuse_value(result, d, why, value, err);
    }
    sqla_status status = result->spans.count > 0 ? place_texts(&result->spans, row, arena, err) : SQLA_OK;
    if (status == SQLA_OK) {
        result->read++;
        result->phase = ROW_READ;
    }
    return status;
}

/* ---- for the host ---------------------------------------------------------------------------------------------- */

static sqla_status check_fresh(const sqla_driver_result *result, sqla_err *err)
{
    return result->phase != STALE ? SQLA_OK
                                  : sqlite__fail(err, SQLA_ERR_MISUSE, NULL,
                                        "the statement was run again before these rows were read");
}

/* Step if the last row was read. A failure ends the result. */
static int advance(sqla_driver_result *result, sqla_status *ret_status, sqla_err *err)
{
    if (result->phase == ROW_READY)
        return SQLITE_ROW;
    int rc = sqlite__result_step(result);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return rc;
    *ret_status = sqlite__failed(result->conn, sqlite3_sql(result->stmt->handle), 0, err);
    sqlite3_reset(result->stmt->handle);
    result->phase = ENDED;
    return rc;
}

sqla_status sqlite_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows,
    size_t max, sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err)
{
    *ret_count = 0;
    *ret_end = result->phase == ENDED;
    sqla_status status = check_fresh(result, err);
    if (status != SQLA_OK || result->phase == ENDED)
        return status;
    if (result->plan != plan)
        status = sqlite__result_choose(result, plan, err);
    if (status == SQLA_OK)
        status = sqlite__enter(result->conn, deadline_now(result), err);
    if (status != SQLA_OK)
        return status;
    size_t n = 0;
    while (n < max && status == SQLA_OK && advance(result, &status, err) == SQLITE_ROW) {
        status = sqlite__result_read(result, rows[n], arena, err);
        n += status == SQLA_OK;
    }
    sqlite__leave(result->conn);
    *ret_count = n;
    *ret_end = status == SQLA_OK && result->phase == ENDED;
    return status;
}

static sqla_status view_value(sqla_driver_result *result, uint32_t i, sqla_value *out, sqla_err *err)
{
    sqlite3_value *value = sqlite3_column_value(result->stmt->handle, (int)i);
    const sqla_slot slot = { .rep = SQLA_REP_VALUE, .column = (int32_t)i, .set_offset = -1 };
    const sqlite__decoder decoder = { sqlite__decoder_for(&slot), &slot, 0, (int32_t)i, -1 };
    sqlite__span span = { NULL, 0, NULL, false };
    sqlite__spans spans = { &span, 0, 0 };
    memset(out, 0, sizeof *out);
    if (sqlite3_value_type(value) == SQLITE_NULL)
        return SQLA_OK;
    const char *why = decoder.decode(&decoder, value, (char *)out, &spans);
    if (why != NULL)
        return refuse_value(result, &decoder, why, value, err);
    if (spans.count > 0)
        out->as.bytes = (sqla_blob){ span.data, span.size };
    return SQLA_OK;
}

static sqla_status view_row(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    uint32_t count = result->stmt->column_count;
    sqla_status status = SQLA_OK;
    if (count > result->value_room) {
        sqla_value *values = sqlite__host->resize(result->values, count * sizeof *values);
        if (values == NULL)
            return sqlite__nomem(err);
        result->values = values;
        result->value_room = count;
    }
    for (uint32_t i = 0; i < count && status == SQLA_OK; i++)
        status = view_value(result, i, &result->values[i], err);
    if (status != SQLA_OK)
        return status;
    result->read++;
    result->phase = ROW_READ;
    *ret_values = result->values;
    return SQLA_OK;
}

sqla_status sqlite_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    sqla_status status = check_fresh(result, err);
    if (status != SQLA_OK)
        return status;
    if (result->phase == ENDED) {
        *ret_values = NULL;
        return SQLA_OK;
    }
    status = sqlite__enter(result->conn, deadline_now(result), err);
    if (status != SQLA_OK)
        return status;
    int rc = advance(result, &status, err);
    if (rc == SQLITE_ROW)
        status = view_row(result, ret_values, err);
    else if (rc == SQLITE_DONE)
        *ret_values = NULL;
    sqlite__leave(result->conn);
    return status;
}
