/* result.c: results of statements, between driver and reader.
 *
 * The end of the rows is latched here, since a driver that is asked beyond it may run the statement again. A result may
 * outlive its connection as an empty shell: closing a connection closes what hangs on it, whoever still holds a pointer. */
#include <config.h>
#include "engine/result.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"

enum { COLUMNS_MAX = 65535 };

sqla__result *sqla__result_new(sqla_conn *conn)
{
    sqla__result *result = conn->spare != NULL ? conn->spare : sqla__alloc(sizeof *result);
    if (result == NULL)
        return NULL;
    conn->spare = NULL;
    memset(result, 0, sizeof *result);
    result->conn = conn;
    return result;
}

void sqla__result_drop(sqla_conn *conn, sqla__result *result)
{
    if (conn->spare == NULL)
        conn->spare = result;
    else
        sqla__free(result);
}

void sqla__result_started(sqla_conn *conn, sqla__result *result, bool streams)
{
    result->next = conn->results;
    if (conn->results != NULL)
        conn->results->previous = result;
    conn->results = result;
    result->streams = streams;
    if (streams)
        conn->stream = result;
    if (result->cached != NULL)
        result->cached->busy = true;
}

/* Out of the list of open ones, and closed on the driver's side. */
static void detach(sqla__result *result)
{
    static const char streamed[] = "(one whose rows came as a stream)";
    sqla_conn *conn = result->conn;
    const sqla_driver_ops *ops = &conn->driver->ops;
    bool forked = sqla__engine_forked(conn->engine);
    *(result->previous != NULL ? &result->previous->next : &conn->results) = result->next;
    if (result->next != NULL)
        result->next->previous = result->previous;
    if (conn->stream == result)
        conn->stream = NULL;
    if (!forked && result->streams && !result->ended)
        sqla__conn_tell(conn, sqla__conn_patience(conn));
    if (!forked)
        ops->result_close(result->handle);
    if (!forked && result->streams)
        sqla__txn_look(conn, SQLA_OK, streamed, sizeof streamed - 1);
    if (result->cached != NULL)
        sqla__stmtcache_done(result->cached, forked ? NULL : ops->stmt_close);
    result->cached = NULL;
    result->handle = NULL;
    result->conn = NULL;
}

void sqla__results_detach(sqla_conn *conn)
{
    sqla__copy_detach(conn);
    while (conn->results != NULL)
        detach(conn->results);
}

void sqla__result_close(sqla__result *result)
{
    if (result == NULL)
        return;
    sqla_conn *conn = result->conn;
    if (conn == NULL) {
        sqla__free(result);
        return;
    }
    detach(result);
    sqla__result_drop(conn, result);
}

const sqla_result_info *sqla__result_info(sqla__result *result)
{
    static const sqla_result_info nothing = { sizeof nothing, 0, NULL, -1 };
    const sqla_result_info *info = result->conn != NULL ? result->conn->driver->ops.result_info(result->handle) : NULL;
    return info != NULL ? info : &nothing;
}

int64_t sqla__result_fetched(const sqla__result *result) { return result->fetched; }

static sqla_status check(const sqla__result *result, sqla_error *err)
{
    if (result->conn == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "the connection was closed before its rows were read");
    if (sqla__engine_forked(result->conn->engine))
        return sqla__refuse_forked(err);
    return SQLA_OK;
}

static sqla_status broken_rule(sqla__result *result, const char *what, sqla_error *err)
{
    sqla__error_init(err);
    sqla__error_set(err, SQLA_ERR_PROTOCOL, "driver '%s' %s", result->conn->driver->name, what);
    return sqla__conn_failed(result->conn, SQLA_ERR_PROTOCOL, err);
}

/* A length without bytes would be followed to nowhere. Structs take their texts out of the arena; only tagged values are the driver's
 * to point. */
static bool is_sound(const sqla_value *v)
{
    switch ((sqla_type)v->type) {
    case SQLA_TEXT: case SQLA_BLOB: case SQLA_DECIMAL: case SQLA_JSON: case SQLA_ENUM_TYPE:
        return v->as.bytes.data != NULL || v->as.bytes.size == 0;
    case SQLA_ARRAY: return v->as.array.items != NULL || v->as.array.count == 0;
    default: return true;
    }
}

static bool are_sound(const sqla_plan *plan, void *const *rows, size_t count)
{
    bool sound = true;
    for (uint32_t i = 0; i < plan->count; i++) {
        for (size_t n = 0; plan->slots[i].rep == SQLA_REP_VALUE && n < count && sound; n++)
            sound = is_sound((const sqla_value *)(const void *)((const char *)rows[n] + plan->slots[i].offset));
    }
    return sound;
}

sqla_status sqla__result_check(sqla__result *result, sqla_error *err)
{
    const sqla_result_info *info = sqla__result_info(result);
    bool sound = info->column_count == 0 || (info->columns != NULL && info->column_count <= COLUMNS_MAX);
    for (uint32_t i = 0; sound && i < info->column_count; i++)
        sound = info->columns[i].name != NULL;
    return sound ? SQLA_OK : broken_rule(result, "gives a result whose columns are not there", err);
}

sqla_status sqla__result_fetch(sqla__result *result, const sqla_plan *plan, void *const *rows, size_t max, sqla_row_arena *arena,
                               size_t *ret_count, bool *ret_end, sqla_error *err)
{
    size_t count = 0;
    bool end = false;
    *ret_count = 0;
    sqla_status status = check(result, err);
    if (status != SQLA_OK)
        return status;
    *ret_end = result->ended;
    if (result->ended)
        return SQLA_OK;
    sqla__conn_tell(result->conn, result->deadline);
    status = result->conn->driver->ops.result_fetch(result->handle, plan, rows, max, arena, &count, &end, sqla__opaque(err));
    if (count > max)
        return broken_rule(result, "gives more rows than it was asked for", err);
    *ret_count = count;
    result->fetched += (int64_t)count;
    if (status != SQLA_OK)
        return sqla__conn_failed(result->conn, status, err);
    if (count == 0 && !end && max > 0)
        return broken_rule(result, "gives neither a row nor the end of the rows", err);
    if (!are_sound(plan, rows, count))
        return broken_rule(result, "gives a value that has a length and no bytes", err);
    *ret_end = result->ended = end;
    return SQLA_OK;
}

/* ---- guard bytes --------------------------------------------------------------------------------------- */

static const unsigned char guard_bytes[SQLA__GUARD_SIZE] = { 0xb5, 0x4a, 0xd2, 0x91, 0x6b, 0x2e, 0xa7, 0x5c };

void sqla__guard_set(void *at)
{
    memcpy(at, guard_bytes, sizeof guard_bytes);
}
bool sqla__guard_holds(const void *at)
{
    return memcmp(at, guard_bytes, sizeof guard_bytes) == 0;
}

sqla_status sqla__result_overrun(sqla__result *result, sqla_error *err)
{
    return broken_rule(result, "writes behind what it was given to write into", err);
}

sqla_status sqla__result_fetch_guarded(sqla__result *result, const sqla_plan *plan, void *const *rows,
    size_t max, size_t guard, sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_error *err)
{
    bool holds = true;
    for (size_t i = 0; i < max; i++)
        sqla__guard_set((char *)rows[i] + guard);
    sqla_status status = sqla__result_fetch(result, plan, rows, max, arena, ret_count, ret_end, err);
    for (size_t i = 0; i < max; i++)
        holds &= sqla__guard_holds((const char *)rows[i] + guard);
    return holds || result->conn == NULL ? status : sqla__result_overrun(result, err);
}

sqla_status sqla__result_view(sqla__result *result, const sqla_value **ret_values, sqla_error *err)
{
    *ret_values = NULL;
    sqla_status status = check(result, err);
    if (status != SQLA_OK || result->ended)
        return status;
    sqla__conn_tell(result->conn, result->deadline);
    status = result->conn->driver->ops.result_view(result->handle, ret_values, sqla__opaque(err));
    if (status != SQLA_OK) {
        *ret_values = NULL;
        return sqla__conn_failed(result->conn, status, err);
    }
    result->ended = *ret_values == NULL;
    return SQLA_OK;
}

/* Only the deadline is new: a cancel that is under way may be meant for these rows. */
void sqla__result_renew(sqla__result *result)
{
    if (result != NULL && result->conn != NULL)
        result->deadline = sqla__conn_deadline(result->conn, result->timeout_ms);
}

/* Rows that nobody wants are read all the same when they are still coming: the statement is to run whole, and to fail now. */
sqla_status sqla__result_finish(sqla__result *result, int64_t *ret_affected, sqla_error *err)
{
    const sqla_value *values = NULL;
    const sqla_result_info *info = sqla__result_info(result);
    sqla_status status = SQLA_OK;
    if (info->column_count > 0 && info->affected < 0) {
        do
            status = sqla__result_view(result, &values, err);
        while (status == SQLA_OK && values != NULL);
    }
    if (status == SQLA_OK && ret_affected != NULL)
        *ret_affected = sqla__result_info(result)->affected;
    sqla__result_close(result);
    return status;
}
