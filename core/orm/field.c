/* field.c: fields by slot. See field.h. */
#include <config.h>
#include "orm/field.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/hash.h"
#include "orm/session.h"

static const void *at(const sqla_slot *slot, const void *row) { return (const char *)row + slot->offset; }
static void *place(const sqla_slot *slot, void *row) { return (char *)row + slot->offset; }
static bool is_set(const sqla_slot *slot, const void *row) { return slot->set_offset < 0 || *((const bool *)row + slot->set_offset); }

static const char *pointer_at(const sqla_slot *slot, const void *row)
{
    const char *p;
    memcpy(&p, at(slot, row), sizeof p);
    return p;
}

static sqla_blob blob_at(const sqla_slot *slot, const void *row)
{
    sqla_blob blob;
    memcpy(&blob, at(slot, row), sizeof blob);
    return blob;
}

/* The bytes of a text or blob; NULL: it is NULL. */
static sqla_blob bytes_at(const sqla_slot *slot, const void *row)
{
    if (slot->rep == SQLA_REP_BYTES)
        return blob_at(slot, row);
    if (slot->rep == SQLA_REP_CHARS)
        return (sqla_blob){ at(slot, row), strnlen(at(slot, row), slot->size) };
    const char *text = pointer_at(slot, row);
    return (sqla_blob){ text, text != NULL ? strlen(text) : 0 };
}

static bool same_bytes(sqla_blob a, sqla_blob b)
{
    if (a.data == NULL || b.data == NULL)
        return a.data == b.data;
    return a.size == b.size && (a.data == b.data || a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool sqla__field_equal(const sqla_slot *slot, const void *a, const void *b)
{
    if (slot->rep == SQLA_REP_FIXED) {
        if (slot->set_offset >= 0 && is_set(slot, a) != is_set(slot, b))
            return false;
        return !is_set(slot, a) || memcmp(at(slot, a), at(slot, b), slot->size) == 0;
    }
    if (slot->rep == SQLA_REP_CSTR && pointer_at(slot, a) == pointer_at(slot, b))
        return true;
    return same_bytes(bytes_at(slot, a), bytes_at(slot, b));
}

uint64_t sqla__field_hash(const sqla_slot *slot, const void *row)
{
    if (slot->rep != SQLA_REP_FIXED) {
        sqla_blob bytes = bytes_at(slot, row);
        return sqla__hash_bytes(bytes.data, bytes.size);
    }
    return is_set(slot, row) ? sqla__hash_bytes(at(slot, row), slot->size) : 0;
}

bool sqla__field_is_null(const sqla_slot *slot, const void *row)
{
    switch ((sqla_rep)slot->rep) {
    case SQLA_REP_FIXED: return !is_set(slot, row);
    case SQLA_REP_CSTR: return pointer_at(slot, row) == NULL;
    case SQLA_REP_BYTES: return blob_at(slot, row).data == NULL;
    case SQLA_REP_CHARS: return false;
    case SQLA_REP_VALUE: return ((const sqla_value *)at(slot, row))->type == SQLA_NULL;
    case SQLA_REP_ROW_NUMBER: break;
    }
    return false;
}

bool sqla__field_is_zero(const sqla_slot *slot, const void *row)
{
    const unsigned char *p = at(slot, row);
    if (slot->rep == SQLA_REP_CHARS)
        return p[0] == '\0';
    for (uint32_t i = 0; i < slot->size; i++)
        if (p[i] != 0)
            return false;
    return true;
}

bool sqla__field_forgotten(const sqla_slot *slot, const void *row)
{
    return slot->set_offset >= 0 && !is_set(slot, row) && !sqla__field_is_zero(slot, row);
}

/* "12.50" has one digit behind the point, "1.5e-3" four, "15e2" none. */
bool sqla__field_beyond_scale(const sqla_slot *slot, uint32_t scale, const void *row)
{
    const char *text = slot->rep == SQLA_REP_VALUE ? ((const sqla_value *)at(slot, row))->as.bytes.data : pointer_at(slot, row), *point = text != NULL ? strchr(text, '.') : NULL;
    if (text == NULL)
        return false;
    size_t length = strcspn(text, "eE");
    long exponent = text[length] != '\0' ? strtol(text + length + 1, NULL, 10) : 0, most = 1000000;
    exponent = exponent > most ? most : exponent < -most ? -most : exponent;
    size_t fraction = point != NULL && point < text + length ? length - (size_t)(point + 1 - text) : 0, digits = length;
    while (digits > 0 && (text[digits - 1] == '0' || text[digits - 1] == '.')) {
        exponent += text[digits - 1] == '0' && fraction == 0;
        fraction -= text[digits - 1] == '0' && fraction > 0;
        digits--;
    }
    return strcspn(text, "123456789") < length && (long)fraction - exponent > (long)scale;
}

void sqla__field_copy(const sqla_slot *slot, void *to, const void *from)
{
    memcpy(place(slot, to), at(slot, from), slot->size);
    if (slot->set_offset >= 0)
        *((bool *)to + slot->set_offset) = is_set(slot, from);
}

void sqla__field_set_null(const sqla_slot *slot, void *row)
{
    memset(place(slot, row), 0, slot->size);
    if (slot->set_offset >= 0)
        *((bool *)row + slot->set_offset) = false;
}

static int64_t integer_at(const sqla_slot *slot, const void *row)
{
    const void *p = at(slot, row);
    if (slot->type == SQLA_BOOL)
        return *(const bool *)p;
    bool is_unsigned = slot->flags & SQLA_SLOT_UNSIGNED;
    switch (slot->size) {
    case 1: return is_unsigned ? *(const uint8_t *)p : *(const int8_t *)p;
    case 2: return is_unsigned ? *(const uint16_t *)p : *(const int16_t *)p;
    case 4: return *(const int32_t *)p;
    default: return *(const int64_t *)p;
    }
}

sqla_value sqla__field_value(const sqla_slot *slot, const void *row)
{
    sqla_value v = { .type = SQLA_NULL };
    if (sqla__field_is_null(slot, row))
        return v;
    if (slot->rep == SQLA_REP_VALUE)
        return *(const sqla_value *)at(slot, row);
    v.type = slot->type;
    if (slot->rep != SQLA_REP_FIXED) {
        v.as.bytes = bytes_at(slot, row);
        return v;
    }
    switch ((sqla_type)slot->type) {
    case SQLA_FLOAT32: v.as.f64 = *(const float *)at(slot, row); break;
    case SQLA_FLOAT64: v.as.f64 = *(const double *)at(slot, row); break;
    case SQLA_UUID: memcpy(&v.as.uuid, at(slot, row), sizeof v.as.uuid); break;
    case SQLA_INTERVAL: memcpy(&v.as.interval, at(slot, row), sizeof v.as.interval); break;
    case SQLA_NULL: case SQLA_BOOL: case SQLA_INT16: case SQLA_INT32: case SQLA_INT64: case SQLA_TEXT: case SQLA_BLOB:
    case SQLA_DATE: case SQLA_TIME: case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP: case SQLA_DECIMAL: case SQLA_JSON:
    case SQLA_ENUM_TYPE: case SQLA_ARRAY: case SQLA_TYPE_COUNT_: v.as.i64 = integer_at(slot, row); break;
    }
    return v;
}

const void *sqla__value_bytes(const sqla_value *value, size_t *ret_size)
{
    switch ((sqla_type)value->type) {
    case SQLA_TEXT: case SQLA_BLOB: case SQLA_DECIMAL: case SQLA_JSON:
        *ret_size = value->as.bytes.size;
        return value->as.bytes.data;
    case SQLA_UUID: case SQLA_INTERVAL:
        *ret_size = sizeof value->as.uuid;
        return &value->as;
    case SQLA_NULL: case SQLA_BOOL: case SQLA_INT16: case SQLA_INT32: case SQLA_INT64: case SQLA_FLOAT32: case SQLA_FLOAT64: case SQLA_DATE:
    case SQLA_TIME: case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP: case SQLA_ENUM_TYPE: case SQLA_ARRAY: case SQLA_TYPE_COUNT_:
        break;
    }
    *ret_size = sizeof value->as.i64;
    return &value->as;
}

bool sqla__fields_match(const sqla_slot *slot_a, const void *a, const sqla_slot *slot_b, const void *b)
{
    sqla_value x = sqla__field_value(slot_a, a), y = sqla__field_value(slot_b, b);
    if (x.type == SQLA_NULL || y.type == SQLA_NULL)
        return x.type == y.type;
    size_t n, m;
    const void *p = sqla__value_bytes(&x, &n), *q = sqla__value_bytes(&y, &m);
    return n == m && (n == 0 || memcmp(p, q, n) == 0);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static const char *name_of(const sqla_slot *slot) { return slot->name != NULL ? slot->name : "?"; }

static sqla_status does_not_fit(const sqla_slot *slot, const char *what, sqla_error *err)
{
    return sqla__error_set(err, SQLA_ERR_DATA, "column '%s': %s", name_of(slot), what);
}

static sqla_status set_integer(const sqla_slot *slot, void *row, int64_t v, sqla_error *err)
{
    int64_t low = INT64_MIN, high = INT64_MAX;
    if (slot->type == SQLA_BOOL) {
        low = 0, high = 1;
    } else if (slot->type == SQLA_ENUM_TYPE) {
        low = 0, high = (int64_t)slot->label_count - 1;
    } else if (slot->size < 8) {
        int bits = (int)slot->size * 8;
        bool is_unsigned = slot->flags & SQLA_SLOT_UNSIGNED;
        high = is_unsigned ? (INT64_C(1) << bits) - 1 : (INT64_C(1) << (bits - 1)) - 1;
        low = is_unsigned ? 0 : -high - 1;
    }
    if (v < low || v > high)
        return does_not_fit(slot, "the number is out of range", err);
    void *p = place(slot, row);
    switch (slot->size) {
    case 1: *(int8_t *)p = (int8_t)v; break;
    case 2: *(int16_t *)p = (int16_t)v; break;
    case 4: *(int32_t *)p = (int32_t)v; break;
    default: *(int64_t *)p = v; break;
    }
    return SQLA_OK;
}

static sqla_status set_text(const sqla_slot *slot, void *row, sqla_blob bytes, bool terminated, sqla_error *err)
{
    if (slot->rep == SQLA_REP_BYTES) {
        memcpy(place(slot, row), &bytes, sizeof bytes);
        return SQLA_OK;
    }
    if (memchr(bytes.data, '\0', bytes.size) != NULL)
        return does_not_fit(slot, "a text with a NUL in it", err);
    if (slot->rep == SQLA_REP_CHARS) {
        if (bytes.size >= slot->size)
            return does_not_fit(slot, "the text is too long", err);
        memset(place(slot, row), 0, slot->size);
        memcpy(place(slot, row), bytes.data, bytes.size);
        return SQLA_OK;
    }
    if (!terminated)
        return does_not_fit(slot, "a text that is not terminated", err);
    memcpy(place(slot, row), &bytes.data, sizeof bytes.data);
    return SQLA_OK;
}

static bool is_integer_type(uint32_t type) { return type == SQLA_INT16 || type == SQLA_INT32 || type == SQLA_INT64; }
static bool is_text_type(uint32_t type) { return type == SQLA_TEXT || type == SQLA_DECIMAL || type == SQLA_JSON; }

static sqla_status set_float(const sqla_slot *slot, void *row, double v, sqla_error *err)
{
    if (slot->type == SQLA_FLOAT64)
        *(double *)place(slot, row) = v;
    else if ((double)(float)v == v || v != v)
        *(float *)place(slot, row) = (float)v;
    else
        return does_not_fit(slot, "the number has no exact float", err);
    return SQLA_OK;
}

static sqla_status set_label(const sqla_slot *slot, void *row, sqla_blob text, sqla_error *err)
{
    for (uint32_t i = 0; i < slot->label_count; i++)
        if (strlen(slot->labels[i]) == text.size && memcmp(slot->labels[i], text.data, text.size) == 0)
            return set_integer(slot, row, i, err);
    return sqla__error_set(err, SQLA_ERR_DATA, "column '%s' has no label '%.*s'", name_of(slot), (int)(text.size < 60 ? text.size : 60), (const char *)text.data);
}

static sqla_status set_value(const sqla_slot *slot, void *row, sqla_value v, sqla_error *err)
{
    bool from_number = is_integer_type(v.type) || v.type == SQLA_BOOL;
    switch ((sqla_type)slot->type) {
    case SQLA_BOOL: case SQLA_INT16: case SQLA_INT32: case SQLA_INT64:
        if (from_number)
            return set_integer(slot, row, v.as.i64, err);
        break;
    case SQLA_ENUM_TYPE:
        if (v.type == SQLA_TEXT && slot->rep == SQLA_REP_FIXED)
            return set_label(slot, row, v.as.bytes, err);
        if (from_number || v.type == SQLA_ENUM_TYPE)
            return set_integer(slot, row, v.as.i64, err);
        break;
    case SQLA_FLOAT32: case SQLA_FLOAT64:
        if (v.type == SQLA_FLOAT32 || v.type == SQLA_FLOAT64)
            return set_float(slot, row, v.as.f64, err);
        if (from_number && v.as.i64 >= -(INT64_C(1) << 53) && v.as.i64 <= INT64_C(1) << 53)
            return set_float(slot, row, (double)v.as.i64, err);
        break;
    case SQLA_TEXT: case SQLA_DECIMAL: case SQLA_JSON:
        if (is_text_type(v.type))
            return set_text(slot, row, v.as.bytes, true, err);
        break;
    case SQLA_BLOB:
        if (v.type == SQLA_BLOB)
            return set_text(slot, row, v.as.bytes, false, err);
        break;
    case SQLA_DATE: case SQLA_TIME: case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP:
        if (v.type == slot->type)
            return set_integer(slot, row, v.as.i64, err);
        break;
    case SQLA_UUID:
        if (v.type == SQLA_UUID) {
            memcpy(place(slot, row), &v.as.uuid, sizeof v.as.uuid);
            return SQLA_OK;
        }
        break;
    case SQLA_INTERVAL:
        if (v.type == SQLA_INTERVAL) {
            memcpy(place(slot, row), &v.as.interval, sizeof v.as.interval);
            return SQLA_OK;
        }
        break;
    case SQLA_NULL: case SQLA_ARRAY: case SQLA_TYPE_COUNT_: break;
    }
    return does_not_fit(slot, "a value of another type", err);
}

sqla_status sqla__field_set(const sqla_slot *slot, void *row, sqla_value value, sqla_error *err)
{
    const char *wrong = sqla__value_wrong(&value);
    if (wrong != NULL)
        return sqla__error_set(
            err, SQLA_ERR_MISUSE, "the value for column '%s' cannot be: %s", name_of(slot), wrong);
    if (value.type == SQLA_NULL) {
        if (!(slot->flags & SQLA_SLOT_NULLABLE))
            return sqla__error_set(err, SQLA_ERR_NOT_NULL, "column '%s' cannot be NULL", name_of(slot));
        sqla__field_set_null(slot, row);
        return SQLA_OK;
    }
    sqla_status status = set_value(slot, row, value, err);
    if (status == SQLA_OK && slot->set_offset >= 0)
        *((bool *)row + slot->set_offset) = true;
    return status;
}

bool sqla__field_assign(const sqla_slot *to_slot, void *to, const sqla_slot *from_slot, const void *from)
{
    sqla_error ignored;
    sqla__error_init(&ignored);
    sqla_value value = sqla__field_value(from_slot, from);
    if (value.type == SQLA_NULL) {
        sqla__field_set_null(to_slot, to);
        return true;
    }
    return sqla__field_set(to_slot, to, value, &ignored) == SQLA_OK;
}

/* ---- texts ----------------------------------------------------------------------------------------------------- */

size_t sqla__field_text_size(const sqla_slot *slot, const void *row) { return bytes_at(slot, row).size; }

static bool is_pointer(const sqla_slot *slot) { return slot->rep == SQLA_REP_CSTR || slot->rep == SQLA_REP_BYTES; }

/* Copy the text of one field to `to` and point the field there. Returns the end of the copy. */
static char *move_text(const sqla_slot *slot, void *row, char *to)
{
    sqla_blob bytes = bytes_at(slot, row);
    if (bytes.data == NULL)
        return to;
    if (bytes.size > 0)
        memcpy(to, bytes.data, bytes.size);
    to[bytes.size] = '\0';
    if (slot->rep == SQLA_REP_BYTES)
        memcpy(place(slot, row), &(sqla_blob){ to, bytes.size }, sizeof bytes);
    else
        memcpy(place(slot, row), &(const char *){ to }, sizeof(const char *));
    return to + bytes.size + 1;
}

bool sqla__field_untouched(const sqla_slot *slot, const void *row, const void *snapshot)
{
    uint32_t at = slot->offset;
    return is_pointer(slot) ? memcmp((const char *)row + at, (const char *)snapshot + at, sizeof(void *)) == 0
                            : sqla__field_equal(slot, row, snapshot);
}

void sqla__object_forget_sent(sqla__object *object)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    for (uint32_t i = 0; i < mapping->column_count && mapping->converts; i++)
        if (mapping->columns[i].item->conversion != NULL)
            sqla__field_set_null(&mapping->columns[i].slot, sqla__struct_of(object));
}

bool sqla__texts_absurd(const sqla__object *object)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla_slot *slot = &mapping->columns[i].slot;
        if (is_pointer(slot) && sqla__bytes_wrong(bytes_at(slot, sqla__struct_of(object))) != NULL)
            return true;
    }
    return false;
}

bool sqla__texts_borrow(sqla__object *object, sqla__arena *arena)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla_slot *slot = &mapping->columns[i].slot;
        if (!is_pointer(slot) || sqla__field_is_null(slot, row) || sqla__field_untouched(slot, row, snapshot) ||
            sqla__bytes_wrong(bytes_at(slot, row)) != NULL)
            continue;
        char *to = sqla__arena_take(arena, sqla__field_text_size(slot, row) + 1);
        if (to == NULL)
            return false;
        move_text(slot, row, to);
    }
    return true;
}

bool sqla__texts_keep_one(const sqla_slot *slot, void *row, sqla__arena *arena)
{
    if (!is_pointer(slot) || sqla__field_is_null(slot, row))
        return true;
    char *to = sqla__arena_take(arena, sqla__field_text_size(slot, row) + 1);
    if (to != NULL)
        move_text(slot, row, to);
    return to != NULL;
}

bool sqla__texts_keep(sqla__object *object, sqla__arena *arena)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla_slot *slot = &mapping->columns[i].slot;
        if (!is_pointer(slot) || sqla__field_is_null(slot, snapshot))
            continue;
        bool same = sqla__field_untouched(slot, row, snapshot);
        if (!sqla__texts_keep_one(slot, snapshot, arena))
            return false;
        if (same)
            sqla__field_copy(slot, row, snapshot);
    }
    return true;
}

bool sqla__object_settle(sqla__object *object, bool keep_old)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    void *row = sqla__struct_of(object);
    size_t total = 0;
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla_slot *slot = &mapping->columns[i].slot;
        if (is_pointer(slot) && !sqla__field_is_null(slot, row))
            total += sqla__field_text_size(slot, row) + 1;
    }
    bool large = false;
    char *block = NULL;
    if (total > 0 && (block = sqla__text_take(&sqla__pool_of(object)->session->texts, total, &large)) == NULL)
        return false;
    char *to = block;
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if (is_pointer(&mapping->columns[i].slot))
            to = move_text(&mapping->columns[i].slot, row, to);
    sqla__object_set_texts(object, block, large, keep_old);
    sqla__object_forget_sent(object);
    memcpy(sqla__snapshot_of(object), row, mapping->size);
    return true;
}
