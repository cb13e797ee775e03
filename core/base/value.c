/* value.c: making tagged values from C values, and writing them for people. Nothing here allocates. */
#include <config.h>
#include "base/array.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- making ---------------------------------------------------------------------------------------------------- */

static sqla_value integer(sqla_type type, int64_t v)
{
    sqla_value value = { .type = type };
    value.as.i64 = v;
    return value;
}

static sqla_value bytes(sqla_type type, const void *data, size_t size)
{
    sqla_value value = { .type = data != NULL ? (uint32_t)type : SQLA_NULL };
    value.as.bytes = (sqla_blob){ data, data != NULL ? size : 0 };
    return value;
}

static sqla_value text(sqla_type type, const char *v)
{
    return bytes(type, v, v != NULL ? strlen(v) : 0);
}

sqla_value sqla_null(void)
{
    return (sqla_value){ .type = SQLA_NULL };
}

sqla_value sqla_value_bool(bool v) { return integer(SQLA_BOOL, v); }
sqla_value sqla_value_i64(int64_t v) { return integer(SQLA_INT64, v); }
sqla_value sqla_value_text(const char *v) { return text(SQLA_TEXT, v); }

/* What has a length and no bytes stays as it is, so that it is refused where it is used. */
sqla_value sqla_value_blob(sqla_blob v)
{
    sqla_value value = bytes(SQLA_BLOB, v.data, v.size);
    if (v.data == NULL && v.size > 0)
        value = (sqla_value){ .type = SQLA_BLOB, .as.bytes = v };
    return value;
}

sqla_value sqla_value_json(sqla_json v) { return text(SQLA_JSON, v.text); }
sqla_value sqla_value_decimal(sqla_decimal v) { return text(SQLA_DECIMAL, v.text); }
sqla_value sqla_value_date(sqla_date v) { return integer(SQLA_DATE, v.days); }
sqla_value sqla_value_time(sqla_time v) { return integer(SQLA_TIME, v.micros); }
sqla_value sqla_value_timestamp(sqla_timestamp v) { return integer(SQLA_TIMESTAMP, v.micros); }
sqla_value sqla_value_local_timestamp(sqla_local_timestamp v) { return integer(SQLA_LOCAL_TIMESTAMP, v.micros); }

sqla_value sqla_value_f64(double v)
{
    sqla_value value = { .type = SQLA_FLOAT64 };
    value.as.f64 = v;
    return value;
}

sqla_value sqla_value_interval(sqla_interval v)
{
    sqla_value value = { .type = SQLA_INTERVAL };
    value.as.interval = v;
    return value;
}

sqla_value sqla_value_uuid(sqla_uuid v)
{
    sqla_value value = { .type = SQLA_UUID };
    value.as.uuid = v;
    return value;
}

/* Digits of numbers above INT64_MAX. A value only lends its text, and this one has no owner that could lend it, so the texts lie in
 * a ring: each is good until as many others were made as it has places, far more than one statement holds. */
enum { RING = 4096 };
static struct {
    atomic_uint next;
    char digits[RING][24];
} ring;

sqla_value sqla_value_u64(uint64_t v)
{
    if (v <= INT64_MAX)
        return sqla_value_i64((int64_t)v);
    char *digits = ring.digits[atomic_fetch_add_explicit(&ring.next, 1, memory_order_relaxed) % RING];
    snprintf(digits, sizeof ring.digits[0], "%" PRIu64, v);
    sqla_value value = text(SQLA_DECIMAL, digits);
    value.reserved = SQLA_VALUE_UNSIGNED;
    return value;
}

sqla_value sqla_value_null_pointer_(const void *null)
{
    (void)null;
    return sqla_null();
}

#define OPTIONAL(name, make) \
    sqla_value sqla_value_opt_##name(sqla_opt_##name v) { return v.set ? make : sqla_null(); }
OPTIONAL(i16, sqla_value_i64(v.value))
OPTIONAL(i32, sqla_value_i64(v.value))
OPTIONAL(i64, sqla_value_i64(v.value))
OPTIONAL(f32, sqla_value_f64((double)v.value))
OPTIONAL(f64, sqla_value_f64(v.value))
OPTIONAL(bool, sqla_value_bool(v.value))
OPTIONAL(date, sqla_value_date(v.value))
OPTIONAL(time, sqla_value_time(v.value))
OPTIONAL(timestamp, sqla_value_timestamp(v.value))
OPTIONAL(local_timestamp, sqla_value_local_timestamp(v.value))
OPTIONAL(interval, sqla_value_interval(v.value))
OPTIONAL(uuid, sqla_value_uuid(v.value))
#undef OPTIONAL

/* ---- printing -------------------------------------------------------------------------------------------------- */

/* Where text goes; length counts on when the room is full. */
typedef struct printer { char *buf; size_t size, length; } printer;

static void put_n(printer *p, const char *s, size_t n)
{
    if (p->length < p->size) {
        size_t room = p->size - p->length;
        memcpy(p->buf + p->length, s, n < room ? n : room);
    }
    p->length += n;
}

static void put(printer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(printer *p, const char *format, ...)
{
    char piece[64];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    if (n > 0)
        put_n(p, piece, (size_t)n < sizeof piece ? (size_t)n : sizeof piece - 1);
}

/* The shortest digits that read back as the same number, with a point whatever the locale says. */
static void put_float(printer *p, double v, bool single)
{
    char piece[40];
    for (int digits = single ? 6 : 15; digits <= (single ? 9 : 17); digits++) {
        snprintf(piece, sizeof piece, "%.*g", digits, v);
        if (v != v || (single ? (float)strtod(piece, NULL) == (float)v : strtod(piece, NULL) == v))
            break;
    }
    for (char *c = piece; *c != '\0'; c++) {
        if (strchr("+-.0123456789einfa", *c) == NULL)
            *c = '.';
    }
    put_n(p, piece, strlen(piece));
}

static void put_hex(printer *p, const unsigned char *data, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        char pair[2] = { digits[data[i] >> 4], digits[data[i] & 15] };
        put_n(p, pair, 2);
    }
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days since 1970-01-01 to year, month and day of the proleptic Gregorian calendar. Years are counted from March, so that the
 * leap day is the last of its year, and in eras of 400 years, which all have the same number of days. */
static void put_date(printer *p, int64_t days)
{
    int64_t since = days + 719468; /* from 0000-03-01 */
    int64_t era = floor_div(since, 146097);
    int64_t day = since - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* from March */
    int64_t day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    year += era * 400 + (month >= 10);
    month += month < 10 ? 3 : -9;
    put(p, year < 0 ? "-%04" PRId64 : year > 9999 ? "+%" PRId64 : "%04" PRId64, year < 0 ? -year : year);
    put(p, "-%02d-%02d", (int)month, (int)day_of_month);
}

static void put_fraction(printer *p, int micros)
{
    char digits[8];
    if (micros == 0)
        return;
    int n = snprintf(digits, sizeof digits, ".%06d", micros);
    while (digits[n - 1] == '0')
        n--;
    put_n(p, digits, (size_t)n);
}

static void put_time(printer *p, int64_t micros)
{
    int64_t seconds = micros / 1000000;
    put(p, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
    put_fraction(p, (int)(micros % 1000000));
}

static void put_timestamp(printer *p, int64_t micros, const char *zone)
{
    const int64_t day = INT64_C(86400000000);
    if (micros == SQLA_TIMESTAMP_INFINITY || micros == SQLA_TIMESTAMP_MINUS_INFINITY) {
        put(p, "%sinfinity", micros < 0 ? "-" : "");
        return;
    }
    put_date(p, floor_div(micros, day));
    put(p, "T");
    put_time(p, micros % day + (micros % day < 0 ? day : 0));
    put(p, "%s", zone);
}

/* ISO 8601 durations, with signs in the parts, as months and days have no fixed length in one another. */
static void put_interval(printer *p, sqla_interval v)
{
    uint64_t micros = v.micros < 0 ? 0 - (uint64_t)v.micros : (uint64_t)v.micros;
    const char *sign = v.micros < 0 ? "-" : "";
    put(p, "P");
    if (v.months / 12 != 0)
        put(p, "%dY", (int)(v.months / 12));
    if (v.months % 12 != 0)
        put(p, "%dM", (int)(v.months % 12));
    if (v.days != 0)
        put(p, "%dD", (int)v.days);
    if (micros == 0 && (v.months != 0 || v.days != 0))
        return;
    put(p, "T");
    if (micros / 3600000000u != 0)
        put(p, "%s%" PRIu64 "H", sign, micros / 3600000000u);
    if (micros / 60000000 % 60 != 0)
        put(p, "%s%dM", sign, (int)(micros / 60000000 % 60));
    if (micros % 60000000 != 0 || micros == 0) {
        put(p, "%s%d", sign, (int)(micros / 1000000 % 60));
        put_fraction(p, (int)(micros % 1000000));
        put(p, "S");
    }
}

static void put_uuid(printer *p, const uint8_t *b)
{
    static const unsigned char parts[] = { 4, 2, 2, 2, 6 };
    for (size_t i = 0; i < sizeof parts; b += parts[i++]) {
        put(p, i != 0 ? "-" : "%s", "");
        put_hex(p, b, parts[i]);
    }
}

static void put_value(printer *p, const sqla_value *v);

/* Among others a text needs to show where it ends. */
static void put_quoted(printer *p, const char *text, size_t n)
{
    put_n(p, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"' || text[i] == '\\')
            put_n(p, "\\", 1);
        put_n(p, text + i, 1);
    }
    put_n(p, "\"", 1);
}

static void put_array(printer *p, const sqla_value *v)
{
    for (uint32_t i = 0; v->as.array.count != UINT32_MAX && i < v->as.array.count; i++) {
        const sqla_value item = sqla_array_at(*v, i);
        put_n(p, i > 0 ? ", " : "{", i > 0 ? 2 : 1);
        if (item.type == SQLA_TEXT || item.type == SQLA_JSON)
            put_quoted(p, item.as.bytes.data, item.as.bytes.size);
        else if (item.type != SQLA_ARRAY)
            put_value(p, &item);
    }
    put_n(p, v->as.array.count > 0 ? "}" : "{}", v->as.array.count > 0 ? 1 : 2);
}

static void put_value(printer *p, const sqla_value *v)
{
    switch ((sqla_type)v->type) {
    case SQLA_BOOL: put(p, v->as.i64 != 0 ? "true" : "false"); break;
    case SQLA_INT16: case SQLA_INT32: case SQLA_INT64: case SQLA_ENUM_TYPE: put(p, "%" PRId64, v->as.i64); break;
    case SQLA_FLOAT32: put_float(p, v->as.f64, true); break;
    case SQLA_FLOAT64: put_float(p, v->as.f64, false); break;
    case SQLA_TEXT: case SQLA_DECIMAL: case SQLA_JSON: put_n(p, v->as.bytes.data, v->as.bytes.size); break;
    case SQLA_BLOB: put_hex(p, v->as.bytes.data, v->as.bytes.size); break;
    case SQLA_DATE:
        if (v->as.i64 >= SQLA_DATE_INFINITY || v->as.i64 <= SQLA_DATE_MINUS_INFINITY)
            put(p, "%sinfinity", v->as.i64 < 0 ? "-" : "");
        else
            put_date(p, v->as.i64);
        break;
    case SQLA_TIME: put_time(p, v->as.i64); break;
    case SQLA_TIMESTAMP: put_timestamp(p, v->as.i64, "Z"); break;
    case SQLA_LOCAL_TIMESTAMP: put_timestamp(p, v->as.i64, ""); break;
    case SQLA_INTERVAL: put_interval(p, v->as.interval); break;
    case SQLA_UUID: put_uuid(p, v->as.uuid.bytes); break;
    case SQLA_ARRAY: put_array(p, v); break;
    case SQLA_NULL: case SQLA_TYPE_COUNT_: put(p, "NULL"); break;
    }
}

size_t sqla_value_print(char *buf, size_t size, sqla_value v)
{
    printer p = { buf, buf != NULL ? size : 0, 0 };
    const sqla_value wrong = sqla_null();
    put_value(&p, sqla__value_wrong(&v) == NULL ? &v : &wrong);
    if (p.size > 0)
        buf[p.length < p.size ? p.length : p.size - 1] = '\0';
    return p.length;
}
