/* array.c: lists of values: over the caller's own C arrays, which are lent and not looked at before they are sent. */
#include <config.h>
#include "base/array.h"

#include <string.h>

static sqla_value array(sqla_type type, const void *items, size_t n)
{
    sqla_value value = { .type = SQLA_ARRAY };
    value.as.array = (sqla_array){ items, n < UINT32_MAX ? (uint32_t)n : UINT32_MAX, type };
    return value;
}

sqla_value sqla_array_bool(const bool *items, size_t n) { return array(SQLA_BOOL, items, n); }
sqla_value sqla_array_i16(const int16_t *items, size_t n) { return array(SQLA_INT16, items, n); }
sqla_value sqla_array_i32(const int32_t *items, size_t n) { return array(SQLA_INT32, items, n); }
sqla_value sqla_array_i64(const int64_t *items, size_t n) { return array(SQLA_INT64, items, n); }
sqla_value sqla_array_f32(const float *items, size_t n) { return array(SQLA_FLOAT32, items, n); }
sqla_value sqla_array_f64(const double *items, size_t n) { return array(SQLA_FLOAT64, items, n); }
sqla_value sqla_array_text(const char *const *items, size_t n) { return array(SQLA_TEXT, items, n); }
sqla_value sqla_array_blob(const sqla_blob *items, size_t n) { return array(SQLA_BLOB, items, n); }
sqla_value sqla_array_decimal(const sqla_decimal *items, size_t n) { return array(SQLA_DECIMAL, items, n); }
sqla_value sqla_array_json(const sqla_json *items, size_t n) { return array(SQLA_JSON, items, n); }
sqla_value sqla_array_date(const sqla_date *items, size_t n) { return array(SQLA_DATE, items, n); }
sqla_value sqla_array_time(const sqla_time *items, size_t n) { return array(SQLA_TIME, items, n); }
sqla_value sqla_array_timestamp(const sqla_timestamp *items, size_t n) { return array(SQLA_TIMESTAMP, items, n); }
sqla_value sqla_array_local_timestamp(const sqla_local_timestamp *items, size_t n) { return array(SQLA_LOCAL_TIMESTAMP, items, n); }
sqla_value sqla_array_interval(const sqla_interval *items, size_t n) { return array(SQLA_INTERVAL, items, n); }
sqla_value sqla_array_uuid(const sqla_uuid *items, size_t n) { return array(SQLA_UUID, items, n); }
sqla_value sqla_array_values(const sqla_value *items, size_t n) { return array(SQLA_NULL, items, n); }

/* ---- items ------------------------------------------------------------------------------------------------------- */

/* The size of an item; 0: arrays of that type do not exist. */
static size_t stride(uint32_t type)
{
    switch ((sqla_type)type) {
    case SQLA_NULL: return sizeof(sqla_value);
    case SQLA_BOOL: return sizeof(bool);
    case SQLA_INT16: return sizeof(int16_t);
    case SQLA_INT32: return sizeof(int32_t);
    case SQLA_INT64: return sizeof(int64_t);
    case SQLA_FLOAT32: return sizeof(float);
    case SQLA_FLOAT64: return sizeof(double);
    case SQLA_TEXT: case SQLA_DECIMAL: case SQLA_JSON: return sizeof(const char *);
    case SQLA_BLOB: return sizeof(sqla_blob);
    case SQLA_DATE: return sizeof(sqla_date);
    case SQLA_TIME: case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP: return sizeof(int64_t);
    case SQLA_INTERVAL: return sizeof(sqla_interval);
    case SQLA_UUID: return sizeof(sqla_uuid);
    case SQLA_ENUM_TYPE: case SQLA_ARRAY: case SQLA_TYPE_COUNT_: break;
    }
    return 0;
}

static sqla_value typed_item(uint32_t type, const char *at)
{
    union { bool b; int16_t i16; int32_t i32; int64_t i64; float f32; double f64; const char *text; sqla_blob blob; sqla_interval interval; sqla_uuid uuid; } item;
    sqla_value value;
    memcpy(&item, at, stride(type));
    switch ((sqla_type)type) {
    case SQLA_BOOL: value = sqla_value_bool(item.b); break;
    case SQLA_INT16: value = sqla_value_i64(item.i16); break;
    case SQLA_INT32: case SQLA_DATE: value = sqla_value_i64(item.i32); break;
    case SQLA_INT64: case SQLA_TIME: case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP: value = sqla_value_i64(item.i64); break;
    case SQLA_FLOAT32: value = sqla_value_f64((double)item.f32); break;
    case SQLA_FLOAT64: value = sqla_value_f64(item.f64); break;
    case SQLA_TEXT: case SQLA_DECIMAL: case SQLA_JSON: value = sqla_value_text(item.text); break;
    case SQLA_BLOB: value = sqla_value_blob(item.blob); break;
    case SQLA_INTERVAL: value = sqla_value_interval(item.interval); break;
    case SQLA_UUID: value = sqla_value_uuid(item.uuid); break;
    case SQLA_NULL: case SQLA_ENUM_TYPE: case SQLA_ARRAY: case SQLA_TYPE_COUNT_: value = sqla_null(); break;
    }
    if (value.type != SQLA_NULL)
        value.type = type;
    return value;
}

sqla_value sqla_array_at(sqla_value value, size_t i)
{
    const sqla_array *a = &value.as.array;
    if (value.type != SQLA_ARRAY || i >= a->count || a->items == NULL || stride(a->type) == 0)
        return sqla_null();
    return a->type == SQLA_NULL ? ((const sqla_value *)a->items)[i] : typed_item(a->type, (const char *)a->items + i * stride(a->type));
}

uint32_t sqla__array_type(const sqla_array *a)
{
    const sqla_value *values = a->items;
    uint32_t i = 0;
    if (a->type != SQLA_NULL)
        return a->type;
    while (i < a->count && values[i].type == SQLA_NULL)
        i++;
    return i < a->count ? values[i].type : SQLA_NULL;
}

/* ---- what cannot be ------------------------------------------------------------------------------------ */

bool sqla__is_absurd(const void *data, size_t n, size_t size)
{
    return (data == NULL && n > 0) || n > PTRDIFF_MAX / (size > 0 ? size : 1);
}

const char *sqla__bytes_wrong(sqla_blob bytes)
{
    if (bytes.data == NULL && bytes.size > 0)
        return "its bytes are NULL and have a length";
    return bytes.size > PTRDIFF_MAX ? "it has more bytes than there can be" : NULL;
}

static const char *items_wrong(const sqla_array *a)
{
    const char *why = NULL;
    for (uint32_t i = 0; i < a->count && why == NULL; i++) {
        if (a->type == SQLA_BLOB)
            why = sqla__bytes_wrong(((const sqla_blob *)a->items)[i]);
        else if (((const sqla_value *)a->items)[i].type != SQLA_ARRAY) /* which is refused for what it is */
            why = sqla__value_wrong(&((const sqla_value *)a->items)[i]);
    }
    return why;
}

const char *sqla__value_wrong(const sqla_value *value)
{
    const sqla_array *a = &value->as.array;
    switch (value->type) {
    case SQLA_TEXT: case SQLA_BLOB: case SQLA_DECIMAL: case SQLA_JSON:
        return sqla__bytes_wrong(value->as.bytes);
    case SQLA_ARRAY:
        if (a->items == NULL && a->count > 0)
            return "its items are NULL and have a number";
        if (a->count == UINT32_MAX)
            return "it has more items than a list can have";
        return a->type == SQLA_NULL || a->type == SQLA_BLOB ? items_wrong(a) : NULL;
    }
    return NULL;
}

/* ---- copies ------------------------------------------------------------------------------------------------------ */

static bool copy_bytes(sqla_blob *bytes, sqla__arena *arena)
{
    if (bytes->data != NULL)
        bytes->data = sqla__arena_copy(arena, bytes->data, bytes->size);
    return bytes->data != NULL || bytes->size == 0;
}

static bool copy_values(sqla_value *values, uint32_t n, sqla__arena *arena)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < n; i++) {
        uint32_t type = values[i].type;
        if (type == SQLA_TEXT || type == SQLA_BLOB || type == SQLA_DECIMAL || type == SQLA_JSON)
            ok = copy_bytes(&values[i].as.bytes, arena);
    }
    return ok;
}

static bool copy_texts(const char **texts, uint32_t n, sqla__arena *arena)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < n; i++) {
        if (texts[i] != NULL)
            ok = (texts[i] = sqla__arena_strdup(arena, texts[i])) != NULL;
    }
    return ok;
}

static bool copy_blobs(sqla_blob *blobs, uint32_t n, sqla__arena *arena)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < n; i++)
        ok = copy_bytes(&blobs[i], arena);
    return ok;
}

bool sqla__array_copy(sqla_array a, sqla__arena *arena, sqla_array *ret)
{
    *ret = a;
    if (a.count == 0 || a.count == UINT32_MAX || stride(a.type) == 0)
        return true;
    void *items = sqla__arena_copy(arena, a.items, a.count * stride(a.type));
    ret->items = items;
    if (items == NULL)
        return false;
    switch (a.type) {
    case SQLA_NULL: return copy_values(items, a.count, arena);
    case SQLA_TEXT: case SQLA_DECIMAL: case SQLA_JSON: return copy_texts(items, a.count, arena);
    case SQLA_BLOB: return copy_blobs(items, a.count, arena);
    }
    return true;
}
