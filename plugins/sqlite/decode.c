/* decode.c: values of SQLite, into the program's structs, by slot.
 *
 * SQLite's columns hold values of any type, whatever they were declared as, so each value is looked at: what a slot cannot
 * hold without loss is refused. A converter is chosen for each slot once per result and plan; its loop is in result.c. */
#include <config.h>
#include "sqlite.h"

#include <stdio.h>
#include <string.h>

#define DAY_MICROS INT64_C(86400000000)

static const char not_integer[] = "it is not an integer";
static const char wrong_form[] = "its text does not have the form of the column's type";

/* ---- numbers --------------------------------------------------------------------------------------------------- */

/* Digits as SQLite would write them for an integer, and so stand for nothing else. */
static const char *parse_i64(sqlite3_value *value, int64_t *ret)
{
    char again[24];
    const char *text = (const char *)sqlite3_value_text(value);
    size_t n = (size_t)sqlite3_value_bytes(value), at = 0;
    int64_t v = 0;
    if (text == NULL)
        return "out of memory";
    bool minus = n > 0 && text[0] == '-';
    for (at = minus; at < n && text[at] >= '0' && text[at] <= '9'; at++) {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, text[at] - '0', &v))
            return not_integer;
    }
    if (at < n || (!minus && v == INT64_MIN))
        return not_integer;
    *ret = minus ? v : -v;
    return (size_t)snprintf(again, sizeof again, "%lld", (long long)*ret) == n && memcmp(again, text, n) == 0 ? NULL : not_integer;
}

static const char *read_i64(sqlite3_value *value, int64_t *ret)
{
    int storage = sqlite3_value_type(value);
    if (storage == SQLITE_INTEGER) {
        *ret = sqlite3_value_int64(value);
        return NULL;
    }
    if (storage == SQLITE_TEXT)
        return parse_i64(value, ret);
    double v = storage == SQLITE_FLOAT ? sqlite3_value_double(value) : 0.5;
    if (!(v >= -9223372036854775808.0 && v < 9223372036854775808.0) || v != (double)(int64_t)v)
        return not_integer;
    *ret = (int64_t)v;
    return NULL;
}

static const char *write_integer(const sqla_slot *slot, char *at, int64_t v)
{
    bool is_unsigned = (slot->flags & SQLA_SLOT_UNSIGNED) != 0;
    switch (slot->size) {
    case 1: {
        int8_t narrow = (int8_t)v;
        memcpy(at, &narrow, 1);
        return v == (is_unsigned ? (uint8_t)narrow : narrow) ? NULL
               : is_unsigned ? "it is out of range for an unsigned 8-bit integer"
                             : "it is out of range for an 8-bit integer";
    }
    case 2: {
        int16_t narrow = (int16_t)v;
        memcpy(at, &narrow, 2);
        return v == (is_unsigned ? (uint16_t)narrow : narrow) ? NULL
               : is_unsigned ? "it is out of range for an unsigned 16-bit integer"
                             : "it is out of range for a 16-bit integer";
    }
    case 4: {
        int32_t narrow = (int32_t)v;
        memcpy(at, &narrow, 4);
        return v == narrow ? NULL : "it is out of range for a 32-bit integer";
    }
    default:
        memcpy(at, &v, 8);
        return NULL;
    }
}

static const char *decode_integer(
    const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    int64_t v;
    (void)spans;
    const char *why = read_i64(value, &v);
    return why != NULL ? why : write_integer(d->slot, at, v);
}

static const char *decode_i64(const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    int64_t v;
    (void)d;
    (void)spans;
    const char *why = read_i64(value, &v);
    memcpy(at, why == NULL ? &v : &(int64_t){ 0 }, sizeof v);
    return why;
}

/* Other programs write the words. */
static const char *read_bool(sqlite3_value *value, int64_t *ret)
{
    bool is_text = sqlite3_value_type(value) == SQLITE_TEXT;
    const char *text = is_text ? (const char *)sqlite3_value_text(value) : NULL;
    if (is_text && text == NULL)
        return "out of memory";
    for (int v = 0; text != NULL && v < 2; v++) {
        const char *word = v == 1 ? "true" : "false";
        if (sqlite3_stricmp(text, word) == 0 && (size_t)sqlite3_value_bytes(value) == strlen(word)) {
            *ret = v;
            return NULL;
        }
    }
    const char *why = read_i64(value, ret);
    return why != NULL ? "it is no bool" : *ret != 0 && *ret != 1 ? "it is neither 0 nor 1" : NULL;
}

static const char *decode_bool(const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    int64_t v;
    (void)spans;
    const char *why = read_bool(value, &v);
    return why != NULL ? why : write_integer(d->slot, at, v);
}

/* A column with the affinity REAL gives back whole numbers as numbers with a point; an expression may not. */
static const char *read_f64(sqlite3_value *value, double *ret)
{
    int storage = sqlite3_value_type(value);
    if (storage != SQLITE_FLOAT && storage != SQLITE_INTEGER)
        return "it is not a number";
    *ret = sqlite3_value_double(value);
    if (storage == SQLITE_INTEGER) {
        int64_t v = sqlite3_value_int64(value);
        if (!(*ret < 9223372036854775808.0) || (int64_t)*ret != v)
            return "a floating point number cannot hold all its digits";
    }
    return NULL;
}

static const char *decode_f64(const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    double v;
    (void)d;
    (void)spans;
    const char *why = read_f64(value, &v);
    if (why == NULL)
        memcpy(at, &v, sizeof v);
    return why;
}

static const char *decode_f32(const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    static const float most = 3.40282347e+38f;
    double v;
    (void)d;
    (void)spans;
    const char *why = read_f64(value, &v);
    if (why != NULL)
        return why;
    bool infinite = v - v != 0;
    if (!infinite && (v > (double)most || v < -(double)most))
        return "it is out of range for a 32-bit floating point number";
    float narrow = (float)v;
    memcpy(at, &narrow, sizeof narrow);
    return (double)narrow == v ? NULL : "a 32-bit floating point number cannot hold all its digits";
}

/* ---- text and bytes -------------------------------------------------------------------------------------------- */

/* A text, as it lies in SQLite until the next step. A whole number is read as its digits. */
static const char *read_text(sqlite3_value *value, uint32_t type, const char **ret, size_t *ret_size)
{
    int storage = sqlite3_value_type(value);
    if (storage == SQLITE_FLOAT && type == SQLA_DECIMAL)
        return "it was stored as a floating point number, so its digits may be rounded";
    if (storage == SQLITE_FLOAT)
        return "it is a floating point number, which has more than one text";
    if (storage != SQLITE_TEXT && storage != SQLITE_INTEGER)
        return "it is a blob, and no text";
    *ret = (const char *)sqlite3_value_text(value);
    if (*ret == NULL)
        return "out of memory";
    *ret_size = (size_t)sqlite3_value_bytes(value);
    if (!sqlite__utf8_valid(*ret, *ret_size))
        return "it is not valid UTF-8";
    if (type == SQLA_DECIMAL && !sqlite__decimal_valid(*ret, *ret_size))
        return "it is not a decimal number";
    return NULL;
}

static void add_span(sqlite__spans *spans, const void *data, size_t size, void *target, bool pointer_only)
{
    spans->list[spans->count++] = (sqlite__span){ data, size, target, pointer_only };
    spans->bytes += size + 1;
}

static const char *decode_cstr(const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    const char *text;
    size_t size;
    const char *why = read_text(value, d->slot->type, &text, &size);
    if (why != NULL)
        return why;
    if (strlen(text) != size)
        return "it has a NUL inside, which a C string cannot hold";
    add_span(spans, text, size, at, true);
    return NULL;
}

static const char *decode_chars(
    const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    const char *text;
    size_t size;
    (void)spans;
    const char *why = read_text(value, d->slot->type, &text, &size);
    if (why != NULL)
        return why;
    if (strlen(text) != size)
        return "it has a NUL inside, which a C string cannot hold";
    if (size >= d->slot->size)
        return "it is too long for its char[]";
    memcpy(at, text, size + 1);
    return NULL;
}

static const char *read_blob(sqlite3_value *value, const void **ret, size_t *ret_size)
{
    int storage = sqlite3_value_type(value);
    if (storage != SQLITE_BLOB && storage != SQLITE_TEXT)
        return "it is a number, and no bytes";
    const void *data = sqlite3_value_blob(value);
    *ret_size = (size_t)sqlite3_value_bytes(value);
    if (data == NULL && *ret_size > 0)
        return "out of memory";
    *ret = data != NULL ? data : "";
    return NULL;
}

static const char *decode_bytes(
    const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    const void *data = NULL;
    size_t size = 0;
    const char *text = NULL, *why;
    if (d->slot->type == SQLA_BLOB) {
        why = read_blob(value, &data, &size);
    } else {
        why = read_text(value, d->slot->type, &text, &size);
        data = text;
    }
    if (why == NULL)
        add_span(spans, data, size, at, false);
    return why;
}

/* ---- enums ----------------------------------------------------------------------------------------------------- */

static const char *read_label(const sqla_slot *slot, sqlite3_value *value, int64_t *ret)
{
    const char *text;
    size_t size;
    const char *why = read_text(value, SQLA_TEXT, &text, &size);
    if (why != NULL)
        return why;
    for (uint32_t i = 0; i < slot->label_count; i++) {
        if (strlen(slot->labels[i]) == size && memcmp(slot->labels[i], text, size) == 0) {
            *ret = i;
            return NULL;
        }
    }
    return "it is none of the labels";
}

static const char *decode_enum(const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    int64_t v;
    (void)spans;
    const char *why = read_label(d->slot, value, &v);
    return why != NULL ? why : write_integer(d->slot, at, v);
}

/* ---- what is kept as text of a form ---------------------------------------------------------------------------- */

/* A number could be anything: days of the Julian calendar, seconds or milliseconds since 1970, seconds since 2001 ... */
static const char *read_form(sqlite3_value *value, const char **ret, size_t *ret_size)
{
    int storage = sqlite3_value_type(value);
    if (storage == SQLITE_INTEGER || storage == SQLITE_FLOAT)
        return "it is a number, and nothing says what it counts from where";
    if (storage != SQLITE_TEXT)
        return "it is a blob, and no text";
    *ret = (const char *)sqlite3_value_text(value);
    *ret_size = (size_t)sqlite3_value_bytes(value);
    return *ret != NULL ? NULL : "out of memory";
}

/* Some programs write midnight behind a date. */
static const char *read_date(sqlite3_value *value, int32_t *ret)
{
    const char *text;
    size_t size;
    int64_t micros;
    const char *why = read_form(value, &text, &size);
    if (why != NULL || sqlite__date_parse(text, size, ret))
        return why;
    if (!sqlite__timestamp_parse(text, size, false, &micros) || micros % DAY_MICROS != 0)
        return wrong_form;
    *ret = (int32_t)(micros / DAY_MICROS);
    return NULL;
}

static const char *read_micros(sqlite3_value *value, uint32_t type, int64_t *ret)
{
    const char *text;
    size_t size;
    const char *why = read_form(value, &text, &size);
    if (why != NULL)
        return why;
    bool ok = type == SQLA_TIME ? sqlite__time_parse(text, size, ret)
                                : sqlite__timestamp_parse(text, size, type == SQLA_TIMESTAMP, ret);
    return ok ? NULL : wrong_form;
}

static const char *read_interval(sqlite3_value *value, sqla_interval *ret)
{
    const char *text;
    size_t size;
    const char *why = read_form(value, &text, &size);
    return why != NULL ? why : sqlite__interval_parse(text, size, ret) ? NULL : wrong_form;
}

static const char *read_uuid(sqlite3_value *value, sqla_uuid *ret)
{
    const char *text;
    size_t size;
    if (sqlite3_value_type(value) == SQLITE_BLOB && sqlite3_value_bytes(value) == (int)sizeof *ret) {
        memcpy(ret, sqlite3_value_blob(value), sizeof *ret);
        return NULL;
    }
    const char *why = read_form(value, &text, &size);
    return why != NULL ? why : sqlite__uuid_parse(text, size, ret) ? NULL : wrong_form;
}

static const char *decode_date(const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    sqla_date v;
    (void)d;
    (void)spans;
    const char *why = read_date(value, &v.days);
    if (why == NULL)
        memcpy(at, &v, sizeof v);
    return why;
}

static const char *decode_time(const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    int64_t v; /* sqla_time and both timestamps are alike */
    (void)spans;
    const char *why = read_micros(value, d->slot->type, &v);
    if (why == NULL)
        memcpy(at, &v, sizeof v);
    return why;
}

/* What other programs wrote as text is read as well. */
static const char *decode_micros(const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    return sqlite3_value_type(value) == SQLITE_INTEGER ? decode_i64(d, value, at, spans) : decode_time(d, value, at, spans);
}

static const char *decode_interval(
    const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    sqla_interval v;
    (void)d;
    (void)spans;
    const char *why = read_interval(value, &v);
    if (why == NULL)
        memcpy(at, &v, sizeof v);
    return why;
}

static const char *decode_uuid(const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    sqla_uuid v;
    (void)d;
    (void)spans;
    const char *why = read_uuid(value, &v);
    if (why == NULL)
        memcpy(at, &v, sizeof v);
    return why;
}

/* ---- a value that says its own type ---------------------------------------------------------------------------- */

static uint32_t type_of(sqlite3_value *value)
{
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        return SQLA_INT64;
    case SQLITE_FLOAT:
        return SQLA_FLOAT64;
    case SQLITE_TEXT:
        return SQLA_TEXT;
    case SQLITE_BLOB:
        return SQLA_BLOB;
    default:
        return SQLA_NULL;
    }
}

static const char *check_width(uint32_t type, int64_t v)
{
    if (type == SQLA_INT16 && v != (int16_t)v)
        return "it is out of range for a 16-bit integer";
    return type == SQLA_INT32 && v != (int32_t)v ? "it is out of range for a 32-bit integer" : NULL;
}

static const char *read_into(
    const sqla_slot *slot, sqlite3_value *value, sqla_value *ret, const void **bytes, size_t *size)
{
    const char *text = NULL, *why = NULL;
    int32_t days = 0;
    switch ((sqla_type)ret->type) {
    case SQLA_BOOL:
        return read_bool(value, &ret->as.i64);
    case SQLA_INT16:
    case SQLA_INT32:
    case SQLA_INT64:
        why = read_i64(value, &ret->as.i64);
        return why != NULL ? why : check_width(ret->type, ret->as.i64);
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        return read_f64(value, &ret->as.f64);
    case SQLA_TEXT:
    case SQLA_DECIMAL:
    case SQLA_JSON:
        why = read_text(value, ret->type, &text, size);
        *bytes = text;
        return why;
    case SQLA_BLOB:
        return read_blob(value, bytes, size);
    case SQLA_DATE:
        why = read_date(value, &days);
        ret->as.i64 = days;
        return why;
    case SQLA_TIME:
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        return read_micros(value, ret->type, &ret->as.i64);
    case SQLA_INTERVAL:
        return read_interval(value, &ret->as.interval);
    case SQLA_UUID:
        return read_uuid(value, &ret->as.uuid);
    case SQLA_ENUM_TYPE:
        return read_label(slot, value, &ret->as.i64);
    case SQLA_NULL:
    case SQLA_ARRAY:
    case SQLA_TYPE_COUNT_:
        break;
    }
    return "its type is not known";
}

static const char *decode_value(
    const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    sqla_value v;
    const void *bytes = NULL;
    size_t size = 0;
    memset(&v, 0, sizeof v);
    v.type = d->slot->type != SQLA_NULL ? d->slot->type : type_of(value);
    const char *why = read_into(d->slot, value, &v, &bytes, &size);
    if (why != NULL)
        return why;
    memcpy(at, &v, sizeof v);
    if (bytes != NULL)
        add_span(spans, bytes, size, at + offsetof(sqla_value, as), false);
    return NULL;
}

static const char *decode_nothing(
    const sqlite__decoder *d, sqlite3_value *value, char *at, sqlite__spans *spans)
{
    (void)d;
    (void)value;
    (void)at;
    (void)spans;
    return NULL;
}

/* ---- choosing -------------------------------------------------------------------------------------------------- */

static bool is_width(uint32_t size)
{
    return size == 1 || size == 2 || size == 4 || size == 8;
}

static sqlite__decode_fn *fixed_decoder(const sqla_slot *slot)
{
    switch ((sqla_type)slot->type) {
    case SQLA_BOOL:
        return is_width(slot->size) ? decode_bool : NULL;
    case SQLA_INT16:
    case SQLA_INT32:
    case SQLA_INT64:
        return slot->size == 8 ? decode_i64 : is_width(slot->size) ? decode_integer : NULL;
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        return slot->size == 4 ? decode_f32 : slot->size == 8 ? decode_f64 : NULL;
    case SQLA_DATE:
        return slot->size == sizeof(sqla_date) ? decode_date : NULL;
    case SQLA_TIME:
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        return slot->size != 8 ? NULL : slot->type != SQLA_TIME && (slot->flags & SQLA_SLOT_MICROS) ? decode_micros : decode_time;
    case SQLA_INTERVAL:
        return slot->size == sizeof(sqla_interval) ? decode_interval : NULL;
    case SQLA_UUID:
        return slot->size == sizeof(sqla_uuid) ? decode_uuid : NULL;
    case SQLA_ENUM_TYPE:
        return is_width(slot->size) && slot->labels != NULL ? decode_enum : NULL;
    case SQLA_NULL:
    case SQLA_TEXT:
    case SQLA_BLOB:
    case SQLA_DECIMAL:
    case SQLA_JSON:
    case SQLA_ARRAY:
    case SQLA_TYPE_COUNT_:
        break;
    }
    return NULL;
}

sqlite__decode_fn *sqlite__decoder_for(const sqla_slot *slot)
{
    bool text = slot->type == SQLA_TEXT || slot->type == SQLA_DECIMAL || slot->type == SQLA_JSON ||
                slot->type == SQLA_ENUM_TYPE;
    switch ((sqla_rep)slot->rep) {
    case SQLA_REP_FIXED:
        return fixed_decoder(slot);
    case SQLA_REP_CSTR:
        return text ? decode_cstr : NULL;
    case SQLA_REP_BYTES:
        return text || slot->type == SQLA_BLOB ? decode_bytes : NULL;
    case SQLA_REP_CHARS:
        return text && slot->size > 0 ? decode_chars : NULL;
    case SQLA_REP_VALUE:
        return slot->type < SQLA_TYPE_COUNT_ && (slot->type != SQLA_ENUM_TYPE || slot->labels != NULL)
                   ? decode_value
                   : NULL;
    case SQLA_REP_ROW_NUMBER:
        return decode_nothing;
    }
    return NULL;
}

bool sqlite__slot_has_text(const sqla_slot *slot)
{
    return slot->rep == SQLA_REP_CSTR || slot->rep == SQLA_REP_BYTES || slot->rep == SQLA_REP_VALUE;
}
