/* sqlite-values.c: values through the SQLite driver and SQLite itself. Either any slot is sent and read back into the same kind
 * of slot, which gives the same or is refused when it is sent; or any stored value is read into any slot, which holds all of
 * it or refuses it. */
#include <config.h>
#include "slots.h"

static const sqla_driver_ops *ops;
static sqla_driver_conn *conn;

static void connect_once(void)
{
    static const sqla_connect_args args = { .struct_size = sizeof args, .instance = "fuzz" };
    sqla_conn_info info = { .struct_size = sizeof info };
    sqla_error err = SQLA_ERROR_INIT;
    if (conn != NULL)
        return;
    ops = fuzz_sqlite()->ops;
    must(ops->open(&args, &info, &conn, fuzz_err(&err)) == SQLA_OK);
}

/* SELECT ?: what was sent, as a result. */
static sqla_status send(const sqla_slot *slot, const void *row, sqla_driver_result **ret, sqla_error *err)
{
    static const char text[] = "SELECT ?1";
    const sqla_statement statement = { .struct_size = sizeof statement, .text = text, .length = sizeof text - 1 };
    const sqla_exec_options options = { .struct_size = sizeof options };
    const sqla_plan plan = { sizeof plan, 1, slot };
    return ops->exec(conn, &statement, &plan, row, &options, ret, fuzz_err(err));
}

static sqla_status fetch(sqla_driver_result *result, const sqla_plan *plan, char *row, fuzz_arena *arena, sqla_error *err)
{
    void *const rows[] = { row };
    size_t count = 0;
    bool end = false;
    sqla_status status = ops->result_fetch(result, plan, rows, 1, &arena->base, &count, &end, fuzz_err(err));
    must((status == SQLA_OK) == (count == 1));
    return status;
}

static sqla_blob bytes_at(const sqla_slot *slot, const char *row)
{
    sqla_blob blob = { 0 };
    sqla_value value;
    switch (slot->rep) {
    case SQLA_REP_CSTR:
        memcpy(&blob.data, row, sizeof blob.data);
        blob.size = blob.data != NULL ? strlen(blob.data) : 0;
        break;
    case SQLA_REP_CHARS:
        blob = (sqla_blob){ row, strlen(row) };
        break;
    case SQLA_REP_BYTES:
        memcpy(&blob, row, sizeof blob);
        break;
    case SQLA_REP_VALUE:
        memcpy(&value, row, sizeof value);
        blob = value.as.bytes;
        break;
    }
    return blob;
}

static bool same_bytes(sqla_blob a, sqla_blob b)
{
    if (a.data == NULL || b.data == NULL)
        return a.data == b.data;
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0 && ((const char *)b.data)[b.size] == '\0';
}

static int64_t int_at(const sqla_slot *slot, const char *row)
{
    bool u = (slot->flags & SQLA_SLOT_UNSIGNED) != 0;
    int8_t one;
    int16_t two;
    int32_t four;
    int64_t eight;
    switch (slot->size) {
    case 1:
        memcpy(&one, row, 1);
        return u ? (uint8_t)one : one;
    case 2:
        memcpy(&two, row, 2);
        return u ? (uint16_t)two : two;
    case 4:
        memcpy(&four, row, 4);
        return four;
    }
    memcpy(&eight, row, 8);
    return eight;
}

static bool is_bytes(uint32_t type) { return type == SQLA_TEXT || type == SQLA_BLOB || type == SQLA_DECIMAL || type == SQLA_JSON; }

static bool same_value(const char *sent, const char *got)
{
    sqla_value a, b;
    memcpy(&a, sent, sizeof a);
    memcpy(&b, got, sizeof b);
    switch (a.type) {
    case SQLA_BOOL:
        return (a.as.i64 != 0) == b.as.i64;
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        return a.as.f64 == b.as.f64;
    case SQLA_INTERVAL:
    case SQLA_UUID:
        return memcmp(&a.as, &b.as, sizeof a.as.uuid) == 0;
    }
    return a.as.i64 == b.as.i64;
}

static bool same(const sqla_slot *slot, const char *sent, const char *got)
{
    sqla_value value;
    if (slot->rep == SQLA_REP_VALUE) {
        memcpy(&value, sent, sizeof value);
        if (value.type == SQLA_NULL)
            return true;
        if (value.type != slot->type)
            return true; /* another type than that of the slot was sent: what comes back is that of the slot */
        return is_bytes(value.type) ? same_bytes(bytes_at(slot, sent), bytes_at(slot, got)) : same_value(sent, got);
    }
    if (slot->rep != SQLA_REP_FIXED)
        return same_bytes(bytes_at(slot, sent), bytes_at(slot, got));
    return slot->type == SQLA_BOOL ? (int_at(slot, sent) != 0) == int_at(slot, got) : memcmp(sent, got, slot->size) == 0;
}

static bool of_another_type(const sqla_slot *slot, const char *row)
{
    sqla_value value;
    if (slot->rep != SQLA_REP_VALUE)
        return false;
    memcpy(&value, row, sizeof value);
    return value.type != slot->type;
}

static void there_and_back(fuzz_in *in)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_result *result = NULL;
    fuzz_arena arena = { { fuzz_arena_take }, NULL };
    const sqla_slot slot = fuzz_slot(in);
    const sqla_plan plan = { sizeof plan, 1, &slot };
    char *bytes, *row = fuzz_fill(in, &slot, &bytes), *back = fuzz_row(&slot);
    if (send(&slot, row, &result, &err) == SQLA_OK) {
        sqla_status status = fetch(result, &plan, back, &arena, &err);
        must(status == SQLA_OK || of_another_type(&slot, row));
        must(status != SQLA_OK || same(&slot, row, back));
        ops->result_close(result);
    } else {
        must(err.message[0] != '\0');
    }
    free(arena.block);
    free(bytes);
    free(row);
    free(back);
}

/* ---- what is stored -------------------------------------------------------------------------------------------------- */

static sqla_value stored_value(fuzz_in *in, char **ret_bytes)
{
    static const uint32_t kinds[] = { SQLA_NULL, SQLA_INT64, SQLA_FLOAT64, SQLA_TEXT, SQLA_BLOB };
    sqla_value v = { .type = kinds[fuzz_byte(in) % 5] };
    size_t n;
    *ret_bytes = NULL;
    if (v.type == SQLA_TEXT || v.type == SQLA_BLOB) {
        v.as.bytes.data = *ret_bytes = fuzz_copy(in, in->left, &n);
        v.as.bytes.size = n;
    } else {
        fuzz_take(in, &v.as, 8);
    }
    return v;
}

/* What was read holds all of what was stored. */
static void check_read(const sqla_slot *slot, const char *row, const sqla_value *v)
{
    char digits[32];
    bool number = slot->type >= SQLA_BOOL && slot->type <= SQLA_INT64;
    if (v->type == SQLA_NULL || slot->rep == SQLA_REP_VALUE)
        return;
    if (slot->rep == SQLA_REP_FIXED && number) {
        must(v->type == SQLA_INT64 ? int_at(slot, row) == v->as.i64 : v->type == SQLA_FLOAT64 && (double)int_at(slot, row) == v->as.f64);
        must(slot->type != SQLA_BOOL || int_at(slot, row) == 0 || int_at(slot, row) == 1);
    } else if (slot->rep != SQLA_REP_FIXED) {
        snprintf(digits, sizeof digits, "%lld", (long long)v->as.i64);
        const sqla_blob whole = v->type == SQLA_INT64 ? (sqla_blob){ digits, strlen(digits) } : v->as.bytes;
        must(v->type != SQLA_FLOAT64 && same_bytes(whole, bytes_at(slot, row)));
    }
}

static void into_any_slot(fuzz_in *in)
{
    static const sqla_slot any = { .type = SQLA_NULL, .rep = SQLA_REP_VALUE, .flags = SQLA_SLOT_NULLABLE, .size = sizeof(sqla_value), .set_offset = -1 };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_result *result = NULL;
    fuzz_arena arena = { { fuzz_arena_take }, NULL };
    const sqla_slot slot = fuzz_slot(in);
    const sqla_plan plan = { sizeof plan, 1, &slot };
    char *bytes, *row = fuzz_row(&slot);
    const sqla_value v = stored_value(in, &bytes);
    if (send(&any, &v, &result, &err) == SQLA_OK) {
        if (fetch(result, &plan, row, &arena, &err) == SQLA_OK)
            check_read(&slot, row, &v);
        else
            must((err.status == SQLA_ERR_DATA || err.status == SQLA_ERR_UNSUPPORTED) && err.message[0] != '\0');
        ops->result_close(result);
    }
    free(arena.block);
    free(bytes);
    free(row);
}

int fuzz_sqlite_values(const uint8_t *data, size_t size)
{
    fuzz_in in = { data, size };
    connect_once();
    if (fuzz_byte(&in) % 2 == 0)
        there_and_back(&in);
    else
        into_any_slot(&in);
    return 0;
}
