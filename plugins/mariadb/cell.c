/* cell.c: the cells of a row, in the binary protocol (MariaDB's "Result Set Packets"), and the values that
 * they are.
 *
 * How to read is chosen once a result. A column may hold what its type has no place for here: a number above
 * INT64_MAX is read as a decimal then, a TIME that is no time of a day as an interval, a date of zeros as
 * text, so that a program can ask for it in that form, and none is lost with the rest of its row. */
#include <config.h>
#include "mariadb.h"

#include <stdio.h>
#include <string.h>

/* ---- bytes ------------------------------------------------------------------------------------------- */

static uint64_t little(const unsigned char *p, int n)
{
    uint64_t v = 0;
    for (int i = n; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

/* The length before a cell whose type has none: one byte, or a mark and 2, 3 or 8 bytes. */
static size_t take_length(unsigned char **row)
{
    unsigned char first = *(*row)++;
    int n = first == 252 ? 2 : first == 253 ? 3 : first == 254 ? 8 : 0;
    size_t length = n == 0 ? first : (size_t)little(*row, n);
    *row += n;
    return length;
}

void mariadb__cell_take(const mariadb__column *column, mariadb__cell *cell, unsigned char **row)
{
    if (row == NULL) {
        cell->data = NULL;
        return;
    }
    cell->size = column->width > 0 ? (size_t)column->width : take_length(row);
    cell->data = *row;
    *row += cell->size;
}

/* ---- reads ------------------------------------------------------------------------------------------- */

#define READ(name)           \
    static const char *name( \
        const mariadb__column *column, const mariadb__cell *cell, sqla_value *value, char *made)

/* A value that is of another type than its column, as text in the caller's room. */
static const char *odd(sqla_value *value, uint32_t type, const char *made, int n)
{
    value->type = type;
    value->as.bytes = (sqla_blob){ made, (size_t)n };
    return NULL;
}

static const char *large_number(sqla_value *value, uint64_t v, char *made)
{
    return odd(value, SQLA_DECIMAL, made, snprintf(made, MARIADB__MADE, "%llu", (unsigned long long)v));
}

READ(int_read)
{
    uint64_t v = little(cell->data, column->width);
    int shift = 64 - 8 * column->width;
    if (column->is_unsigned && v > INT64_MAX)
        return large_number(value, v, made);
    (void)made;
    value->as.i64 = column->is_unsigned ? (int64_t)v : (int64_t)(v << shift) >> shift;
    return NULL;
}

/* TINYINT(1) is what BOOLEAN makes, and may hold other numbers. */
READ(bool_read)
{
    const char *why = int_read(column, cell, value, made);
    value->type = value->as.i64 == 0 || value->as.i64 == 1 ? SQLA_BOOL : SQLA_INT16;
    return why;
}

READ(float_read)
{
    float narrow;
    (void)made;
    uint32_t four = (uint32_t)little(cell->data, 4);
    uint64_t eight = column->width == 8 ? little(cell->data, 8) : 0;
    memcpy(&narrow, &four, sizeof narrow);
    if (column->width == 8)
        memcpy(&value->as.f64, &eight, sizeof eight);
    else
        value->as.f64 = (double)narrow;
    return NULL;
}

/* BIT(n): bytes with the most significant first. */
READ(bits_read)
{
    uint64_t v = 0;
    (void)column;
    for (size_t i = 0; i < cell->size && i < 8; i++)
        v = v << 8 | cell->data[i];
    value->as.i64 = (int64_t)v;
    return v > INT64_MAX ? large_number(value, v, made) : NULL;
}

READ(bytes_read)
{
    (void)column, (void)made;
    value->as.bytes = (sqla_blob){ cell->data, cell->size };
    return NULL;
}

/* A column for any decimal shows zeros up to the last of its places. */
READ(decimal_read)
{
    size_t n = cell->size;
    (void)made;
    if (column->is_padded && memchr(cell->data, '.', n) != NULL) {
        while (cell->data[n - 1] == '0')
            n--;
        n -= cell->data[n - 1] == '.';
    }
    value->as.bytes = (sqla_blob){ cell->data, n };
    return NULL;
}

READ(uuid_read)
{
    (void)column, (void)made;
    return mariadb__uuid_parse((const char *)cell->data, cell->size, &value->as.uuid) ? NULL
                                                                                      : "it is no uuid";
}

static int64_t clock_of(const unsigned char *p, bool has_micros)
{
    return ((p[0] * INT64_C(60) + p[1]) * 60 + p[2]) * 1000000 + (has_micros ? (int64_t)little(p + 3, 4) : 0);
}

/* NULL: it is a day; else why not. */
static const char *read_day(const mariadb__cell *cell, int64_t *ret_days)
{
    if (cell->size < 4)
        return "it is a date of zeros, which is no day";
    return mariadb__day_of((unsigned)little(cell->data, 2), cell->data[2], cell->data[3], ret_days)
               ? NULL
               : "it is a date that does not exist";
}

static int print_clock(char *room, size_t size, uint64_t hours, const unsigned char *p, bool has_micros)
{
    int n = snprintf(room, size, "%02llu:%02u:%02u", (unsigned long long)hours, p[1], p[2]);
    return has_micros ? n + snprintf(room + n, size - (size_t)n, ".%06u", (unsigned)little(p + 3, 4)) : n;
}

/* As the server would write it: such a day can only be had as it stands. */
static const char *no_day(const mariadb__cell *cell, bool has_clock, sqla_value *value, char *made)
{
    static const unsigned char midnight[3] = { 0 };
    bool day = cell->size >= 4, clock = cell->size >= 7;
    int n = snprintf(made, MARIADB__MADE, "%04u-%02u-%02u", day ? (unsigned)little(cell->data, 2) : 0,
        day ? cell->data[2] : 0u, day ? cell->data[3] : 0u);
    if (has_clock) {
        made[n++] = ' ';
        n += print_clock(made + n, MARIADB__MADE - (size_t)n, clock ? cell->data[4] : 0,
            clock ? cell->data + 4 : midnight, cell->size >= 11);
    }
    return odd(value, SQLA_TEXT, made, n);
}

READ(date_read)
{
    (void)column;
    return read_day(cell, &value->as.i64) != NULL ? no_day(cell, false, value, made) : NULL;
}

READ(timestamp_read)
{
    int64_t days = 0;
    (void)column;
    if (read_day(cell, &days) != NULL)
        return no_day(cell, true, value, made);
    value->as.i64 =
        days * INT64_C(86400000000) + (cell->size >= 7 ? clock_of(cell->data + 4, cell->size >= 11) : 0);
    return NULL;
}

/* The server's TIME is a span of up to 838 hours, of either sign. */
READ(time_read)
{
    (void)column, (void)made;
    value->as.i64 = 0;
    if (cell->size < 8)
        return NULL;
    int64_t micros = (int64_t)little(cell->data + 1, 4) * INT64_C(86400000000) +
                     clock_of(cell->data + 5, cell->size >= 12);
    if (cell->data[0] == 0 && micros <= INT64_C(86400000000)) {
        value->as.i64 = micros;
    } else {
        value->type = SQLA_INTERVAL;
        value->as.interval = (sqla_interval){ 0, 0, cell->data[0] != 0 ? -micros : micros };
    }
    return NULL;
}

/* ---- as text ----------------------------------------------------------------------------------------- */

static int print_time(char *room, int64_t micros)
{
    uint64_t size = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros, seconds = size / 1000000,
             rest = size % 1000000;
    int n = snprintf(room, MARIADB__MADE, "%s%02llu:%02u:%02u", micros < 0 ? "-" : "",
        (unsigned long long)(seconds / 3600), (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
    return rest > 0 ? n + snprintf(room + n, MARIADB__MADE - (size_t)n, ".%06u", (unsigned)rest) : n;
}

static int print_day(char *room, int64_t days)
{
    MYSQL_TIME day = { 0 };
    (void)mariadb__date_put(days, &day);
    return snprintf(room, MARIADB__MADE, "%04u-%02u-%02u", day.year, day.month, day.day);
}

static int print_moment(char *room, int64_t micros)
{
    int64_t day = micros / INT64_C(86400000000) - (micros % INT64_C(86400000000) < 0),
            clock = micros - day * INT64_C(86400000000);
    int n = print_day(room, day);
    room[n++] = ' ';
    return n + print_time(room + n, clock);
}

void mariadb__value_text(sqla_value *value, char *made)
{
    int n = 0;
    switch (value->type) {
    case SQLA_DATE:
        n = print_day(made, value->as.i64);
        break;
    case SQLA_TIME:
        n = print_time(made, value->as.i64);
        break;
    case SQLA_INTERVAL:
        n = print_time(made, value->as.interval.micros);
        break;
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        n = print_moment(made, value->as.i64);
        break;
    default:
        n = snprintf(made, MARIADB__MADE, "%lld", (long long)value->as.i64);
        break;
    }
    odd(value, SQLA_TEXT, made, n);
}

const char *mariadb__why_odd(const mariadb__column *column)
{
    return column->read == time_read ? "it is no time of a day"
           : column->read == date_read || column->read == timestamp_read
               ? "it is a date of zeros, or one that does not exist"
               : "the number is too large for any integer here";
}

/* ---- columns ----------------------------------------------------------------------------------------- */

static bool has_attribute(const MYSQL_FIELD *field, enum mariadb_field_attr_t kind, const char *name)
{
    MARIADB_CONST_STRING text = { NULL, 0 };
    return mariadb_field_attr(&text, field, kind) == 0 && text.length == strlen(name) &&
           (text.length == 0 || memcmp(text.str, name, text.length) == 0);
}

/* When the server has told the columns with the preparation and not again, libmariadb (3.3) copies them
 * without the format. The copy of a JSON column has attributes then, all of which are empty: the server sends
 * none that are, and knows no other format. */
static bool is_json(const MYSQL_FIELD *field)
{
    return field->type == MYSQL_TYPE_JSON || has_attribute(field, MARIADB_FIELD_ATTR_FORMAT_NAME, "json") ||
           (has_attribute(field, MARIADB_FIELD_ATTR_FORMAT_NAME, "") &&
               has_attribute(field, MARIADB_FIELD_ATTR_DATA_TYPE_NAME, ""));
}

enum { BINARY = 63 }; /* the number of the character set that is none */

static mariadb__column text_column(const MYSQL_FIELD *field)
{
    if (is_json(field))
        return (mariadb__column){ bytes_read, 0, SQLA_JSON, false, false, false };
    if (has_attribute(field, MARIADB_FIELD_ATTR_DATA_TYPE_NAME, "uuid"))
        return (mariadb__column){ uuid_read, 0, SQLA_UUID, false, false, false };
    return (mariadb__column){ bytes_read, 0, field->charsetnr == BINARY ? SQLA_BLOB : SQLA_TEXT, false, false,
        false };
}

void mariadb__column_init(mariadb__column *column, const MYSQL_FIELD *field)
{
    bool u = (field->flags & UNSIGNED_FLAG) != 0;
    switch (field->type) {
    case MYSQL_TYPE_TINY:
        *column = (mariadb__column){ field->length == 1 && !u ? bool_read : int_read, 1,
            field->length == 1 && !u ? SQLA_BOOL : SQLA_INT16, u, false, field->length == 1 && !u };
        return;
    case MYSQL_TYPE_SHORT:
        *column = (mariadb__column){ int_read, 2, u ? SQLA_INT32 : SQLA_INT16, u, false, false };
        return;
    case MYSQL_TYPE_YEAR:
        *column = (mariadb__column){ int_read, 2, SQLA_INT16, true, false, false };
        return;
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
        *column = (mariadb__column){ int_read, 4,
            u && field->type == MYSQL_TYPE_LONG ? SQLA_INT64 : SQLA_INT32, u, false, false };
        return;
    case MYSQL_TYPE_LONGLONG:
        *column = (mariadb__column){ int_read, 8, SQLA_INT64, u, false, u };
        return;
    case MYSQL_TYPE_FLOAT:
        *column = (mariadb__column){ float_read, 4, SQLA_FLOAT32, false, false, false };
        return;
    case MYSQL_TYPE_DOUBLE:
        *column = (mariadb__column){ float_read, 8, SQLA_FLOAT64, false, false, false };
        return;
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
        *column = (mariadb__column){ decimal_read, 0, SQLA_DECIMAL, false, field->decimals == 30, false };
        return;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
        *column = (mariadb__column){ date_read, 0, SQLA_DATE, false, false, true };
        return;
    case MYSQL_TYPE_TIME:
        *column = (mariadb__column){ time_read, 0, SQLA_TIME, false, false, true };
        return;
    case MYSQL_TYPE_DATETIME:
        *column = (mariadb__column){ timestamp_read, 0, SQLA_LOCAL_TIMESTAMP, false, false, true };
        return;
    case MYSQL_TYPE_TIMESTAMP:
        *column = (mariadb__column){ timestamp_read, 0, SQLA_TIMESTAMP, false, false, true };
        return;
    case MYSQL_TYPE_BIT:
        *column = (mariadb__column){ bits_read, 0, SQLA_INT64, false, false, true };
        return;
    case MYSQL_TYPE_NULL:
        *column = (mariadb__column){ bytes_read, 0, SQLA_NULL, false, false, false };
        return;
    default:
        *column = text_column(field);
        return;
    }
}
