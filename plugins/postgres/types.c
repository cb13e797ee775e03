/* types.c: the types that the server knows, and the texts of values.
 *
 * The texts are PostgreSQL's with DateStyle ISO and IntervalStyle postgres, which each connection is set to. Days are
 * counted in the proleptic Gregorian calendar, as the server does. */
#include <config.h>
#include "postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MICROS INT64_C(86400000000)

static const postgres__type types[] = { /* sorted by oid */
    { PG_BOOL, SQLA_BOOL, "boolean" },
    { PG_BYTEA, SQLA_BLOB, "bytea" },
    { 18, SQLA_TEXT, "\"char\"" },
    { 19, SQLA_TEXT, "name" },
    { PG_INT8, SQLA_INT64, "bigint" },
    { PG_INT2, SQLA_INT16, "smallint" },
    { PG_INT4, SQLA_INT32, "integer" },
    { PG_TEXT, SQLA_TEXT, "text" },
    { 26, SQLA_INT64, "oid" },
    { PG_JSON, SQLA_JSON, "json" },
    { 142, SQLA_TEXT, "xml" },
    { PG_FLOAT4, SQLA_FLOAT32, "real" },
    { PG_FLOAT8, SQLA_FLOAT64, "double precision" },
    { 705, SQLA_TEXT, "unknown" },
    { 1042, SQLA_TEXT, "character" },
    { PG_VARCHAR, SQLA_TEXT, "character varying" },
    { PG_DATE, SQLA_DATE, "date" },
    { PG_TIME, SQLA_TIME, "time without time zone" },
    { PG_TIMESTAMP, SQLA_LOCAL_TIMESTAMP, "timestamp without time zone" },
    { PG_TIMESTAMPTZ, SQLA_TIMESTAMP, "timestamp with time zone" },
    { PG_INTERVAL, SQLA_INTERVAL, "interval" },
    { PG_NUMERIC, SQLA_DECIMAL, "numeric" },
    { 2278, SQLA_TEXT, "void" },
    { PG_UUID, SQLA_UUID, "uuid" },
    { PG_JSONB, SQLA_JSON, "jsonb" },
};

const postgres__type *postgres__type_find(Oid oid)
{
    size_t low = 0, high = sizeof types / sizeof *types;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (types[middle].oid == oid)
            return &types[middle];
        if (types[middle].oid < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- bytes ----------------------------------------------------------------------------------------------------- */

char *postgres__buf_more(postgres__buf *buf, size_t size)
{
    if (buf->broken || size > SIZE_MAX / 4 || buf->size > SIZE_MAX / 4) {
        buf->broken = true;
        return NULL;
    }
    if (buf->data == NULL || buf->size + size > buf->room) {
        size_t room = buf->room < 256 ? 256 : buf->room;
        while (room < buf->size + size)
            room *= 2;
        char *data = postgres__host->resize(buf->data, room);
        if (data == NULL) {
            buf->broken = true;
            return NULL;
        }
        buf->data = data;
        buf->room = room;
    }
    return buf->data + buf->size;
}

void postgres__buf_add(postgres__buf *buf, const void *data, size_t size)
{
    char *at = postgres__buf_more(buf, size);
    if (at == NULL || size == 0)
        return;
    memcpy(at, data, size);
    buf->size += size;
}

void postgres__buf_release(postgres__buf *buf)
{
    postgres__host->release(buf->data);
    *buf = (postgres__buf){ 0 };
}

/* ---- UTF-8 ----------------------------------------------------------------------------------------------------- */

/* Length of the sequence at p, by RFC 3629; 0: not valid. */
static size_t sequence(const unsigned char *p, size_t left)
{
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    size_t n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (left < n)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

/* NUL counts as invalid: the server's text has none. Most text is ASCII, so eight bytes are looked at together. */
bool postgres__utf8_valid(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    while (p < end) {
        uint64_t eight;
        if (end - p >= 8) {
            memcpy(&eight, p, 8);
            if (((eight | (eight - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0) {
                p += 8;
                continue;
            }
        }
        size_t step = *p == 0 ? 0 : *p < 0x80 ? 1 : sequence(p, (size_t)(end - p));
        if (step == 0)
            return false;
        p += step;
    }
    return true;
}

/* ---- the calendar ---------------------------------------------------------------------------------------------- */

typedef struct civil { int64_t year; int month, day; } civil;

/* Days since 1970-01-01, with years that begin in March so that the leap day is the last. */
static int64_t days_of(civil c)
{
    int64_t y = c.month > 2 ? c.year : c.year - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400, of_year = (153 * ((c.month + 9) % 12) + 2) / 5 + c.day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static civil civil_of(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, d = days - era * 146097;
    int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365, of_year = d - (365 * y + y / 4 - y / 100);
    int m = (int)((5 * of_year + 2) / 153);
    civil c = { y + era * 400, m < 10 ? m + 3 : m - 9, (int)of_year - (153 * m + 2) / 5 + 1 };
    c.year += c.month <= 2;
    return c;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

/* Year 0 is 1 BC. */
static int day_text(int64_t days, char *room)
{
    civil c = civil_of(days);
    return snprintf(room, POSTGRES__FORM_SIZE, "%04lld-%02d-%02d", (long long)(c.year > 0 ? c.year : 1 - c.year), c.month, c.day);
}

static const char *era_text(int64_t days) { return civil_of(days).year > 0 ? "" : " BC"; }

int postgres__date_text(int32_t days, char *room)
{
    if (days == SQLA_DATE_INFINITY || days == SQLA_DATE_MINUS_INFINITY)
        return sprintf(room, "%sinfinity", days < 0 ? "-" : "");
    int n = day_text(days, room);
    return n + sprintf(room + n, "%s", era_text(days));
}

int postgres__time_text(int64_t micros, char *room)
{
    long long s = (long long)(micros / 1000000);
    return snprintf(room, POSTGRES__FORM_SIZE, "%02lld:%02d:%02d.%06d", s / 3600, (int)(s / 60 % 60), (int)(s % 60), (int)(micros % 1000000));
}

int postgres__timestamp_text(int64_t micros, bool instant, char *room)
{
    if (micros == SQLA_TIMESTAMP_INFINITY || micros == SQLA_TIMESTAMP_MINUS_INFINITY)
        return sprintf(room, "%sinfinity", micros < 0 ? "-" : "");
    int64_t days = micros / DAY_MICROS, rest = micros % DAY_MICROS;
    if (rest < 0) {
        rest += DAY_MICROS;
        days--;
    }
    int n = day_text(days, room);
    room[n++] = ' ';
    n += postgres__time_text(rest, room + n);
    return n + sprintf(room + n, "%s%s", instant ? "+00" : "", era_text(days));
}

int postgres__interval_text(const sqla_interval *interval, char *room)
{
    uint64_t size = interval->micros < 0 ? 0 - (uint64_t)interval->micros : (uint64_t)interval->micros;
    return snprintf(room, POSTGRES__FORM_SIZE, "%d mons %d days %s%llu.%06d seconds", (int)interval->months, (int)interval->days,
                    interval->micros < 0 ? "-" : "", (unsigned long long)(size / 1000000), (int)(size % 1000000));
}

int postgres__uuid_text(const sqla_uuid *uuid, char *room)
{
    int n = 0;
    for (int i = 0; i < 16; i++)
        n += sprintf(room + n, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid->bytes[i]);
    return n;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Digits, at least least of them; the value stays below 10^17. */
static bool number(const char **at, int least, int64_t *ret_value)
{
    int64_t value = 0;
    int n = 0;
    for (; is_digit(**at) && n < 17; n++, ++*at)
        value = value * 10 + (**at - '0');
    *ret_value = value;
    return n >= least && !is_digit(**at);
}

static bool literal(const char **at, const char *text)
{
    size_t n = strlen(text);
    if (strncmp(*at, text, n) != 0)
        return false;
    *at += n;
    return true;
}

/* Behind a point: up to six digits. */
static bool fraction(const char **at, int64_t *ret_micros)
{
    int64_t value = 0;
    if (!literal(at, "."))
        return *ret_micros = 0, true;
    for (int i = 0; i < 6; i++)
        value = value * 10 + (is_digit(**at) ? *(*at)++ - '0' : 0);
    *ret_micros = value;
    return !is_digit(**at);
}

/* The sign goes into the arithmetic, since the smallest number has no positive twin. */
static bool clock_time(const char **at, int sign, int64_t *ret_micros)
{
    int64_t h, m, s = 0, f = 0;
    if (!number(at, 1, &h) || !literal(at, ":") || !number(at, 2, &m))
        return false;
    if (literal(at, ":") && (!number(at, 2, &s) || !fraction(at, &f)))
        return false;
    if (h >= INT64_C(2600000000) || m >= 60 || s > 60)
        return false;
    return !__builtin_mul_overflow((h * 60 + m) * 60 + s, sign * INT64_C(1000000), ret_micros) &&
           !__builtin_add_overflow(*ret_micros, sign * f, ret_micros);
}

/* The era stands at the end of the whole text, so whoever calls looks for it there. */
static bool day(const char **at, const char *text, int64_t *ret_days)
{
    int64_t y, m, d;
    size_t n = strlen(text);
    if (!number(at, 4, &y) || !literal(at, "-") || !number(at, 2, &m) || !literal(at, "-") || !number(at, 2, &d))
        return false;
    if (y > 1000000000 || m < 1 || m > 12 || d < 1 || d > 31)
        return false;
    bool bc = n > 3 && strcmp(text + n - 3, " BC") == 0;
    *ret_days = days_of((civil){ bc ? 1 - y : y, (int)m, (int)d });
    return true;
}

static bool at_end(const char *at) { return *at == '\0' || strcmp(at, " BC") == 0; }

bool postgres__date_parse(const char *text, int32_t *ret_days)
{
    const char *at = text;
    int64_t days;
    if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0)
        return *ret_days = *text == '-' ? SQLA_DATE_MINUS_INFINITY : SQLA_DATE_INFINITY, true;
    if (!day(&at, text, &days) || !at_end(at) || days >= INT32_MAX || days <= INT32_MIN)
        return false;
    *ret_days = (int32_t)days;
    return true;
}

bool postgres__time_parse(const char *text, int64_t *ret_micros)
{
    const char *at = text;
    int64_t micros;
    if (!clock_time(&at, 1, &micros) || *at != '\0' || micros > DAY_MICROS)
        return false;
    *ret_micros = micros;
    return true;
}

/* "+05:30:15", in micros. */
static bool zone(const char **at, int64_t *ret_micros)
{
    int64_t h, m = 0, s = 0;
    int sign = **at == '-' ? -1 : 1;
    if (!literal(at, "+") && !literal(at, "-"))
        return false;
    if (!number(at, 2, &h) || (literal(at, ":") && !number(at, 2, &m)) || (literal(at, ":") && !number(at, 2, &s)))
        return false;
    if (h >= 100 || m >= 60 || s >= 60)
        return false;
    *ret_micros = sign * ((h * 60 + m) * 60 + s) * 1000000;
    return true;
}

bool postgres__timestamp_parse(const char *text, bool instant, int64_t *ret_micros)
{
    const char *at = text;
    int64_t days, clock, offset = 0, micros;
    if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0)
        return *ret_micros = *text == '-' ? SQLA_TIMESTAMP_MINUS_INFINITY : SQLA_TIMESTAMP_INFINITY, true;
    if (!day(&at, text, &days) || !literal(&at, " ") || !clock_time(&at, 1, &clock) || (instant && !zone(&at, &offset)) || !at_end(at))
        return false;
    if (clock > DAY_MICROS || __builtin_mul_overflow(days, DAY_MICROS, &micros) || __builtin_add_overflow(micros, clock - offset, &micros))
        return false;
    *ret_micros = micros;
    return micros != SQLA_TIMESTAMP_INFINITY && micros != SQLA_TIMESTAMP_MINUS_INFINITY;
}

/* One "-3 days" of an interval, or its time of day. */
static bool interval_part(const char **at, int64_t *months, int64_t *days, int64_t *micros)
{
    int64_t n;
    int sign = literal(at, "-") ? -1 : 1;
    (void)literal(at, "+");
    const char *from = *at;
    if (clock_time(at, sign, micros))
        return true;
    *at = from;
    if (!number(at, 1, &n) || !literal(at, " "))
        return false;
    if (literal(at, "year"))
        *months += sign * n * 12;
    else if (literal(at, "mon"))
        *months += sign * n;
    else if (literal(at, "day"))
        *days = sign * n;
    else
        return false;
    (void)literal(at, "s");
    return true;
}

bool postgres__interval_parse(const char *text, sqla_interval *ret_interval)
{
    int64_t months = 0, days = 0, micros = 0;
    for (const char *at = text;;) {
        if (!interval_part(&at, &months, &days, &micros))
            return false;
        if (*at == '\0')
            break;
        if (!literal(&at, " "))
            return false;
    }
    if (months != (int32_t)months || days != (int32_t)days)
        return false;
    *ret_interval = (sqla_interval){ (int32_t)months, (int32_t)days, micros };
    return true;
}

static int hex(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool postgres__uuid_parse(const char *text, sqla_uuid *ret_uuid)
{
    sqla_uuid uuid;
    for (int i = 0; i < 16; i++) {
        text += *text == '-';
        if (hex(text[0]) < 0 || hex(text[1]) < 0)
            return false;
        uuid.bytes[i] = (uint8_t)(hex(text[0]) * 16 + hex(text[1]));
        text += 2;
    }
    *ret_uuid = uuid;
    return *text == '\0';
}

/* Numbers are written with a point, whatever the locale of the process says. */
bool postgres__float_parse(const char *text, double *ret_value)
{
    char *end;
    double value = strtod_l(text, &end, postgres__c_locale);
    *ret_value = value;
    bool finite = value - value == 0;
    return end != text && *end == '\0' && (finite || strpbrk(text, "nN") != NULL); /* infinite only where it is written so */
}
