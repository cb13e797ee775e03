/* test-mariadb-encode.c: what the MariaDB driver sends for a field: every type from every representation, and the words of what it
 * refuses; and the connection parameters that it refuses. What reflection leaves to a real server is asked of one. */
#include <config.h>
#include "mariadb-driver.h"

#include <math.h>

static sqla_slot slot_of(uint32_t type, uint32_t rep, uint32_t size)
{
    return (sqla_slot){ .type = (uint8_t)type, .rep = (uint8_t)rep, .size = size, .set_offset = -1 };
}

static int show_day(char *room, const MYSQL_TIME *t) { return sprintf(room, "%04u-%02u-%02u", t->year, t->month, t->day); }

/* The parameter as libmariadb is given it: the type that the server is told, and the value. */
static void show_sent(const MYSQL_BIND *bind, char *room)
{
    const MYSQL_TIME *time = bind->buffer;
    int n = 0;
    switch (bind->buffer_type) {
    case MYSQL_TYPE_NULL:
        strcpy(room, "null");
        return;
    case MYSQL_TYPE_LONGLONG:
        CU_ASSERT_EQUAL(bind->buffer_length, 8);
        sprintf(room, "bigint %lld", (long long)*(const int64_t *)bind->buffer);
        return;
    case MYSQL_TYPE_FLOAT:
        CU_ASSERT_EQUAL(bind->buffer_length, 4);
        sprintf(room, "float %.9g", (double)*(const float *)bind->buffer);
        return;
    case MYSQL_TYPE_DOUBLE:
        CU_ASSERT_EQUAL(bind->buffer_length, 8);
        sprintf(room, "double %.9g", *(const double *)bind->buffer);
        return;
    case MYSQL_TYPE_DATE:
        CU_ASSERT(time->time_type == MYSQL_TIMESTAMP_DATE && time->hour == 0 && time->second_part == 0);
        show_day(room + sprintf(room, "date "), time);
        return;
    case MYSQL_TYPE_TIME:
        CU_ASSERT(time->time_type == MYSQL_TIMESTAMP_TIME && time->year == 0 && time->day == 0 && !time->neg);
        sprintf(room, "time %02u:%02u:%02u.%06lu", time->hour, time->minute, time->second, time->second_part);
        return;
    case MYSQL_TYPE_DATETIME:
        CU_ASSERT(time->time_type == MYSQL_TIMESTAMP_DATETIME && !time->neg);
        n = sprintf(room, "datetime ");
        n += show_day(room + n, time);
        sprintf(room + n, " %02u:%02u:%02u.%06lu", time->hour, time->minute, time->second, time->second_part);
        return;
    default:
        sprintf(room, "%s '%.*s'", bind->buffer_type == MYSQL_TYPE_BLOB ? "blob" : bind->buffer_type == MYSQL_TYPE_NEWDECIMAL ? "decimal" :
                bind->buffer_type == MYSQL_TYPE_STRING ? "text" : "?", (int)bind->buffer_length, (const char *)bind->buffer);
        return;
    }
}

static sqla_status send(const sqla_slot *slot, const void *row, char *room, sqla_error *err)
{
    const sqla_plan plan = { sizeof plan, 1, slot };
    mariadb__args args = { .count = 0 };
    (void)linked_driver();
    sqla_error_clear(err);
    strcpy(room, "");
    CU_ASSERT_FATAL(mariadb__args_start(&args, 1));
    sqla_status status = mariadb__args_row(&args, &plan, row, 0, 1, opaque(err));
    if (status == SQLA_OK)
        show_sent(args.binds, room);
    CU_ASSERT_EQUAL(err->status, status);
    mariadb__args_release(&args);
    return status;
}

/* What is sent is as expected; "!...": it is refused for that; "#...": since it is too large. */
static void check(const char *is, const char *sent, const sqla_error *err, const char *what, size_t i)
{
    sqla_status refused = is[0] == '!' ? SQLA_ERR_DATA : is[0] == '#' ? SQLA_ERR_RESOURCE : SQLA_OK;
    bool said =
        refused != SQLA_OK ? err->row == 1 && strstr(err->message, is + 1) != NULL : strcmp(sent, is) == 0;
    bool ok = err->status == refused && said;
    if (!ok)
        fprintf(stderr, "%s %u: '%s', not '%s'; %s\n", what, (unsigned)i, sent, is, err->message);
    CU_ASSERT(ok);
}

/* ---- tagged values --------------------------------------------------------------------------------------------------- */

#define OTHER "!the value has another type than its parameter"
#define NO_DECIMAL "!it is no decimal number"
#define MORE_DIGITS "!it has more digits than the server keeps: 35 before the point and 30 behind it"
#define TOO_FAR "!the server keeps years 1 to 9999, and no infinity"
#define NUMBER(type_, n) { .type = type_, .as.i64 = n }
#define REAL(type_, n) { .type = type_, .as.f64 = n }
#define BYTES(type_, text) { .type = type_, .as.bytes = { text, sizeof(text) - 1 } }
#define DECIMAL(text) { BYTES(SQLA_DECIMAL, text), SQLA_NULL, "decimal '" text "'" }
#define REFUSED(text, is) { BYTES(SQLA_DECIMAL, text), SQLA_NULL, is }
#define INTERVAL(months, days, micros) { .type = SQLA_INTERVAL, .as.interval = { months, days, micros } }
#define UUID { .type = SQLA_UUID, .as.uuid = { { 0x12, 0xab, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xff } } }
#define DAY INT64_C(86400000000)
#define TEN "1234567890"
#define FIRST_MICRO INT64_C(-62135596800000000)
#define LAST_MICRO INT64_C(253402300799999999)

/* A value, the type of its slot (NULL: its own), and what is sent. */
static const struct { sqla_value value; uint32_t type; const char *is; } values[] = {
    { NUMBER(SQLA_NULL, 0), SQLA_NULL, "null" }, { NUMBER(SQLA_NULL, 0), SQLA_INT32, "null" },
    { NUMBER(SQLA_BOOL, 1), SQLA_NULL, "bigint 1" }, { NUMBER(SQLA_BOOL, 5), SQLA_BOOL, "bigint 1" },
    { NUMBER(SQLA_BOOL, 0), SQLA_BOOL, "bigint 0" },
    { NUMBER(SQLA_BOOL, 1), SQLA_INT32, OTHER }, { NUMBER(SQLA_BOOL, 1), SQLA_FLOAT64, OTHER },
    { NUMBER(SQLA_INT16, -2), SQLA_NULL, "bigint -2" }, { NUMBER(SQLA_INT16, 40000), SQLA_NULL, "!the number is too large for its type" },
    { NUMBER(SQLA_INT64, -40000), SQLA_INT16, "!the number is too large for its type" }, { NUMBER(SQLA_INT64, 7), SQLA_INT16, "bigint 7" },
    { NUMBER(SQLA_INT32, 7), SQLA_NULL, "bigint 7" },
    { NUMBER(SQLA_INT64, 3000000000), SQLA_INT32, "!the number is too large for its type" },
    { NUMBER(SQLA_INT64, INT64_MIN), SQLA_NULL, "bigint -9223372036854775808" }, { NUMBER(SQLA_INT32, 7), SQLA_INT64, "bigint 7" },
    { NUMBER(SQLA_INT32, 7), SQLA_BOOL, OTHER }, { NUMBER(SQLA_INT32, 7), SQLA_TEXT, OTHER },
    { NUMBER(SQLA_INT32, 7), SQLA_FLOAT64, "double 7" },
    { NUMBER(SQLA_INT16, 7), SQLA_FLOAT32, "float 7" },
    { NUMBER(SQLA_INT64, 16777217), SQLA_FLOAT32, "!the number does not fit into a float" },
    { NUMBER(SQLA_INT64, INT64_C(9007199254740992)), SQLA_FLOAT64, "double 9.00719925e+15" },
    { NUMBER(SQLA_INT64, INT64_C(9007199254740993)), SQLA_FLOAT64, OTHER },
    { NUMBER(SQLA_INT64, -INT64_C(9007199254740993)), SQLA_FLOAT64, OTHER },
    { REAL(SQLA_FLOAT64, 1.5), SQLA_NULL, "double 1.5" }, { REAL(SQLA_FLOAT32, 1.5), SQLA_NULL, "float 1.5" },
    { REAL(SQLA_FLOAT64, 1.5), SQLA_FLOAT32, "float 1.5" },
    { REAL(SQLA_FLOAT32, 1.5), SQLA_FLOAT64, "double 1.5" },
    { REAL(SQLA_FLOAT64, 0.1), SQLA_FLOAT32, "!the number does not fit into a float" },
    { REAL(SQLA_FLOAT64, 1.5), SQLA_INT32, OTHER }, { REAL(SQLA_FLOAT64, INFINITY), SQLA_NULL, "!infinite, or none (NaN)" },
    { REAL(SQLA_FLOAT64, -INFINITY), SQLA_FLOAT32, "!infinite, or none (NaN)" },
    { REAL(SQLA_FLOAT32, NAN), SQLA_NULL, "!infinite, or none (NaN)" },
    { BYTES(SQLA_TEXT, "a"), SQLA_NULL, "text 'a'" }, { BYTES(SQLA_TEXT, ""), SQLA_NULL, "text ''" },
    { BYTES(SQLA_TEXT, "{}"), SQLA_JSON, "text '{}'" },
    { BYTES(SQLA_TEXT, "1"), SQLA_DECIMAL, "decimal '1'" }, { BYTES(SQLA_TEXT, "one"), SQLA_DECIMAL, NO_DECIMAL },
    { BYTES(SQLA_TEXT, "a"), SQLA_BLOB, OTHER },
    { BYTES(SQLA_TEXT, "a"), SQLA_INT32, OTHER }, { BYTES(SQLA_TEXT, "a\0b"), SQLA_NULL, "!the text has a NUL in it" },
    { BYTES(SQLA_TEXT, "\xff"), SQLA_NULL, "!the text is not valid UTF-8" }, { BYTES(SQLA_JSON, "{}"), SQLA_NULL, "text '{}'" },
    { BYTES(SQLA_JSON, "1"), SQLA_TEXT, "text '1'" },
    { BYTES(SQLA_DECIMAL, "1"), SQLA_INT32, OTHER }, { { .type = SQLA_TEXT, .as.bytes = { NULL, 0 } }, SQLA_NULL, "null" },
    { BYTES(SQLA_BLOB, "\1\xff"), SQLA_NULL, "blob '\1\xff'" }, { BYTES(SQLA_BLOB, ""), SQLA_NULL, "blob ''" },
    { BYTES(SQLA_BLOB, "a"), SQLA_TEXT, OTHER },
    { { .type = SQLA_BLOB, .as.bytes = { NULL, 0 } }, SQLA_BLOB, "null" },
    { { .type = SQLA_BLOB, .as.bytes = { "", SIZE_MAX } }, SQLA_BLOB, "#longer than any packet" },
    DECIMAL("1.50"), DECIMAL("+1e5"), DECIMAL("-.5E-10"), DECIMAL("1.E+3"), DECIMAL("0"), DECIMAL("-0.00"), DECIMAL("0e99999"),
    DECIMAL("0e999999999999999999999999"),
    DECIMAL(TEN TEN TEN "12345"), DECIMAL("000" TEN TEN TEN "12345"), DECIMAL("0." TEN TEN TEN), DECIMAL("0." TEN TEN TEN "00"),
    DECIMAL("1e34"), DECIMAL("1e-30"),
    DECIMAL("100e-32"), DECIMAL("0.001e37"),
    REFUSED(TEN TEN TEN "123456", MORE_DIGITS), REFUSED("0." TEN TEN TEN "1", MORE_DIGITS), REFUSED("1e35", MORE_DIGITS),
    REFUSED("1e-31", MORE_DIGITS),
    REFUSED("1e1000000", MORE_DIGITS), REFUSED("1e-99999999999999999999", MORE_DIGITS), REFUSED("", NO_DECIMAL),
    REFUSED(".", NO_DECIMAL), REFUSED("-", NO_DECIMAL),
    REFUSED("1.2.3", NO_DECIMAL), REFUSED("1e", NO_DECIMAL), REFUSED("1e+", NO_DECIMAL), REFUSED("1e-", NO_DECIMAL),
    REFUSED("1ex", NO_DECIMAL), REFUSED("1x", NO_DECIMAL),
    REFUSED("1e5x", NO_DECIMAL), REFUSED("NaN", NO_DECIMAL), REFUSED("Infinity", NO_DECIMAL), REFUSED("1e1.5", NO_DECIMAL),
    REFUSED("e5", NO_DECIMAL), REFUSED(" 1", NO_DECIMAL),
    { NUMBER(SQLA_DATE, 0), SQLA_NULL, "date 1970-01-01" }, { NUMBER(SQLA_DATE, -719162), SQLA_NULL, "date 0001-01-01" },
    { NUMBER(SQLA_DATE, 2932896), SQLA_NULL, "date 9999-12-31" },
    { NUMBER(SQLA_DATE, -719163), SQLA_NULL, TOO_FAR }, { NUMBER(SQLA_DATE, 2932897), SQLA_NULL, TOO_FAR },
    { NUMBER(SQLA_DATE, SQLA_DATE_INFINITY), SQLA_NULL, TOO_FAR },
    { NUMBER(SQLA_DATE, SQLA_DATE_MINUS_INFINITY), SQLA_NULL, TOO_FAR }, { NUMBER(SQLA_DATE, 11016), SQLA_NULL, "date 2000-02-29" },
    { NUMBER(SQLA_DATE, 11322), SQLA_NULL, "date 2000-12-31" }, { NUMBER(SQLA_DATE, -25508), SQLA_NULL, "date 1900-03-01" },
    { NUMBER(SQLA_DATE, -25509), SQLA_NULL, "date 1900-02-28" },
    { NUMBER(SQLA_DATE, 1460), SQLA_NULL, "date 1973-12-31" }, { NUMBER(SQLA_DATE, 1095), SQLA_NULL, "date 1972-12-31" },
    { NUMBER(SQLA_DATE, 0), SQLA_TIME, OTHER },
    { NUMBER(SQLA_TIME, 0), SQLA_NULL, "time 00:00:00.000000" }, { NUMBER(SQLA_TIME, DAY - 1), SQLA_NULL, "time 23:59:59.999999" },
    { NUMBER(SQLA_TIME, DAY), SQLA_NULL, "time 24:00:00.000000" }, { NUMBER(SQLA_TIME, -1), SQLA_NULL, "!the time is not within a day" },
    { NUMBER(SQLA_TIME, DAY + 1), SQLA_NULL, "!the time is not within a day" },
    { NUMBER(SQLA_TIMESTAMP, 0), SQLA_NULL, "datetime 1970-01-01 00:00:00.000000" },
    { NUMBER(SQLA_TIMESTAMP, -1), SQLA_NULL, "datetime 1969-12-31 23:59:59.999999" },
    { NUMBER(SQLA_TIMESTAMP, -DAY), SQLA_NULL, "datetime 1969-12-31 00:00:00.000000" },
    { NUMBER(SQLA_LOCAL_TIMESTAMP, FIRST_MICRO), SQLA_NULL, "datetime 0001-01-01 00:00:00.000000" },
    { NUMBER(SQLA_LOCAL_TIMESTAMP, FIRST_MICRO - 1), SQLA_NULL, TOO_FAR },
    { NUMBER(SQLA_LOCAL_TIMESTAMP, LAST_MICRO), SQLA_NULL, "datetime 9999-12-31 23:59:59.999999" },
    { NUMBER(SQLA_LOCAL_TIMESTAMP, LAST_MICRO + 1), SQLA_NULL, TOO_FAR },
    { NUMBER(SQLA_TIMESTAMP, SQLA_TIMESTAMP_INFINITY), SQLA_NULL, TOO_FAR },
    { NUMBER(SQLA_TIMESTAMP, SQLA_TIMESTAMP_MINUS_INFINITY), SQLA_NULL, TOO_FAR },
    { NUMBER(SQLA_TIMESTAMP, 0), SQLA_LOCAL_TIMESTAMP, OTHER },
    { INTERVAL(1, 2, 3), SQLA_NULL, "text 'P1M2DT0.000003S'" }, { INTERVAL(-1, 0, -3000001), SQLA_NULL, "text 'P-1M0DT-3.000001S'" },
    { INTERVAL(INT32_MIN, INT32_MIN, INT64_MIN), SQLA_NULL, "text 'P-2147483648M-2147483648DT-9223372036854.775808S'" },
    { INTERVAL(1, 2, 3), SQLA_TEXT, OTHER },
    { UUID, SQLA_NULL, "text '12ab0000-0000-4000-8000-0000000000ff'" },
    { UUID, SQLA_UUID, "text '12ab0000-0000-4000-8000-0000000000ff'" }, { UUID, SQLA_BLOB, OTHER },
    { NUMBER(SQLA_ENUM_TYPE, 0), SQLA_TEXT, OTHER }, { NUMBER(SQLA_ENUM_TYPE, 0), SQLA_ENUM_TYPE, "!the value is none of the enum" },
    { { .type = SQLA_ARRAY }, SQLA_NULL, "!the server has no arrays" }, { NUMBER(99, 0), SQLA_NULL, OTHER },
    { NUMBER(99, 0), SQLA_INT32, OTHER },
};

static void values__are_sent_or_refused(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_slot slot = slot_of(values[i].type, SQLA_REP_VALUE, sizeof(sqla_value));
        char sent[200];
        slot.flags = SQLA_SLOT_NULLABLE;
        (void)send(&slot, &values[i].value, sent, &err);
        check(values[i].is, sent, &err, "value", i);
    }
}

/* ---- fields ---------------------------------------------------------------------------------------------------------- */

static const char *const labels[] = { "red", "green" };
typedef union field { int8_t i8; int16_t i16; int32_t i32; int64_t i64; float f32; double f64; const char *text; sqla_blob blob;
    char chars[16]; sqla_interval interval; sqla_uuid uuid; sqla_value value; } field;
#define NULLABLE SQLA_SLOT_NULLABLE

static const struct { uint32_t type, rep, size, flags; field field; const char *is; } fields[] = {
    { SQLA_BOOL, SQLA_REP_FIXED, 1, 0, { .i8 = 1 }, "bigint 1" }, { SQLA_BOOL, SQLA_REP_FIXED, 4, 0, { .i32 = 256 }, "bigint 1" },
    { SQLA_INT16, SQLA_REP_FIXED, 1, 0, { .i8 = -1 }, "bigint -1" },
    { SQLA_INT16, SQLA_REP_FIXED, 1, SQLA_SLOT_UNSIGNED, { .i8 = -1 }, "bigint 255" },
    { SQLA_INT32, SQLA_REP_FIXED, 2, 0, { .i16 = -1 }, "bigint -1" },
    { SQLA_INT32, SQLA_REP_FIXED, 2, SQLA_SLOT_UNSIGNED, { .i16 = -1 }, "bigint 65535" },
    { SQLA_INT32, SQLA_REP_FIXED, 4, 0, { .i32 = -5 }, "bigint -5" },
    { SQLA_INT64, SQLA_REP_FIXED, 8, 0, { .i64 = INT64_MIN }, "bigint -9223372036854775808" },
    { SQLA_INT64, SQLA_REP_FIXED, 4, 0, { .i32 = -5 }, "bigint -5" },
    { SQLA_INT32, SQLA_REP_FIXED, 8, 0, { .i64 = 3000000000 }, "!the number is too large for its type" },
    { SQLA_INT16, SQLA_REP_FIXED, 4, 0, { .i32 = -32769 }, "!the number is too large for its type" },
    { SQLA_INT16, SQLA_REP_FIXED, 4, 0, { .i32 = -32768 }, "bigint -32768" },
    { SQLA_FLOAT32, SQLA_REP_FIXED, 4, 0, { .f32 = 1.5F }, "float 1.5" },
    { SQLA_FLOAT64, SQLA_REP_FIXED, 4, 0, { .f32 = 1.5F }, "double 1.5" },
    { SQLA_FLOAT64, SQLA_REP_FIXED, 8, 0, { .f64 = 1.5 }, "double 1.5" },
    { SQLA_FLOAT32, SQLA_REP_FIXED, 8, 0, { .f64 = 0.1 }, "!the number does not fit into a float" },
    { SQLA_FLOAT32, SQLA_REP_FIXED, 4, 0, { .f32 = INFINITY }, "!infinite, or none (NaN)" },
    { SQLA_DATE, SQLA_REP_FIXED, 4, 0, { .i32 = 10957 }, "date 2000-01-01" },
    { SQLA_DATE, SQLA_REP_FIXED, 4, 0, { .i32 = INT32_MAX }, TOO_FAR },
    { SQLA_TIME, SQLA_REP_FIXED, 8, 0, { .i64 = 1 }, "time 00:00:00.000001" },
    { SQLA_TIME, SQLA_REP_FIXED, 8, 0, { .i64 = -1 }, "!the time is not within a day" },
    { SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, { .i64 = INT64_C(946684800000001) }, "datetime 2000-01-01 00:00:00.000001" },
    { SQLA_LOCAL_TIMESTAMP, SQLA_REP_FIXED, 8, 0, { .i64 = LAST_MICRO + 1 }, TOO_FAR },
    { SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, { .interval = { 1, 2, 3 } }, "text 'P1M2DT0.000003S'" },
    { SQLA_UUID, SQLA_REP_FIXED, 16, 0, { .uuid = { { 0xfe } } }, "text 'fe000000-0000-0000-0000-000000000000'" },
    { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, 0, { .i32 = 1 }, "text 'green'" },
    { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, 0, { .i32 = 2 }, "!the value is none of the enum" },
    { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, 0, { .i32 = -1 }, "!the value is none of the enum" },
    { SQLA_TEXT, SQLA_REP_FIXED, 8, 0, { .i64 = 0 }, OTHER },
    { SQLA_TEXT, SQLA_REP_CSTR, 8, 0, { .text = "abc" }, "text 'abc'" },
    { SQLA_TEXT, SQLA_REP_CSTR, 8, NULLABLE, { .text = NULL }, "null" },
    { SQLA_TEXT, SQLA_REP_CSTR, 8, 0, { .text = "\xed\xa0\x80" }, "!the text is not valid UTF-8" },
    { SQLA_JSON, SQLA_REP_CSTR, 8, 0, { .text = "{}" }, "text '{}'" },
    { SQLA_DECIMAL, SQLA_REP_CSTR, 8, 0, { .text = "1.5" }, "decimal '1.5'" },
    { SQLA_DECIMAL, SQLA_REP_CSTR, 8, 0, { .text = "1,5" }, NO_DECIMAL },
    { SQLA_ENUM_TYPE, SQLA_REP_CSTR, 8, 0, { .text = "green" }, "text 'green'" },
    { SQLA_ENUM_TYPE, SQLA_REP_CSTR, 8, 0, { .text = "grean" }, "!the text is none of the labels" },
    { SQLA_INT32, SQLA_REP_CSTR, 8, 0, { .text = "5" }, "!a value of this type is not sent from a text" },
    { SQLA_TEXT, SQLA_REP_BYTES, 16, 0, { .blob = { "abc", 2 } }, "text 'ab'" },
    { SQLA_TEXT, SQLA_REP_BYTES, 16, 0, { .blob = { "a\0b", 3 } }, "!the text has a NUL in it" },
    { SQLA_BLOB, SQLA_REP_BYTES, 16, 0, { .blob = { "abc", 2 } }, "blob 'ab'" },
    { SQLA_BLOB, SQLA_REP_BYTES, 16, NULLABLE, { .blob = { NULL, 0 } }, "null" },
    { SQLA_BLOB, SQLA_REP_BYTES, 16, 0, { .blob = { "abc", SIZE_MAX } }, "#longer than any packet" },
    { SQLA_TEXT, SQLA_REP_CHARS, 16, 0, { .chars = "abc" }, "text 'abc'" },
    { SQLA_TEXT, SQLA_REP_CHARS, 3, 0, { .chars = "abc" }, "!the text has no NUL within its room" },
    { SQLA_ENUM_TYPE, SQLA_REP_VALUE, sizeof(sqla_value), 0, { .value = NUMBER(SQLA_ENUM_TYPE, 0) }, "text 'red'" },
    { SQLA_TEXT, 77, 8, 0, { .i64 = 0 }, "!the slot has a representation that is not known" },
};

static void fields__are_sent_or_refused(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_slot slot = slot_of(fields[i].type, fields[i].rep, fields[i].size);
        char sent[200];
        slot.flags = (uint8_t)fields[i].flags;
        slot.name = i % 2 == 0 ? "c" : NULL;
        if (slot.type == SQLA_ENUM_TYPE) {
            slot.labels = labels;
            slot.label_count = 2;
        }
        sqla_status status = send(&slot, &fields[i].field, sent, &err);
        check(fields[i].is, sent, &err, "field", i);
        CU_ASSERT(status == SQLA_OK || strcmp(err.column, slot.name != NULL ? "c" : "") == 0);
    }
}

/* An enum whose slot knows no labels takes any text, and no index. */
static void enums__without_labels(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_slot slot = slot_of(SQLA_ENUM_TYPE, SQLA_REP_CSTR, 8);
    const char *blue = "blue";
    const int32_t index = 0;
    char sent[200];
    (void)url;
    CU_ASSERT_EQUAL(send(&slot, &blue, sent, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(sent, "text 'blue'");
    slot = slot_of(SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4);
    slot.label_count = 1;
    CU_ASSERT_EQUAL(send(&slot, &index, sent, &err), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot send parameter 1: the value is none of the enum");
}

/* A flag beside the field says that there is no value, which is refused where one is needed. */
static void flags__make_nulls(const char *url)
{
    struct { int32_t n; bool set; } row = { 5, false };
    sqla_error err = SQLA_ERROR_INIT;
    char sent[200];
    sqla_slot slot = slot_of(SQLA_INT32, SQLA_REP_FIXED, 4);
    (void)url;
    slot.set_offset = (int32_t)((const char *)&row.set - (const char *)&row);
    slot.flags = SQLA_SLOT_NULLABLE;
    CU_ASSERT_EQUAL(send(&slot, &row, sent, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(sent, "null");
    slot.flags = 0;
    CU_ASSERT_EQUAL(send(&slot, &row, sent, &err), SQLA_ERR_NOT_NULL);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot send parameter 1: it has no value, and needs one");
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "23502");
    slot.name = "c";
    CU_ASSERT_EQUAL(send(&slot, &row, sent, &err), SQLA_ERR_NOT_NULL);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot send a value for 'c': it has no value, and needs one");
    row.set = true;
    CU_ASSERT_EQUAL(send(&slot, &row, sent, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(sent, "bigint 5");
}

/* ---- plans ----------------------------------------------------------------------------------------------------------- */

/* The letters of the types, in their order, and which of them each form in memory can be sent from. '?' is no type. */
static const char letters[] = "NB248fFtbdTZLiunjeA?";
static const struct { uint32_t rep, size; const char *can; } forms[] = {
    { SQLA_REP_FIXED, 1, "B248e" }, { SQLA_REP_FIXED, 2, "B248e" }, { SQLA_REP_FIXED, 4, "B248efFd" }, { SQLA_REP_FIXED, 8, "B248efFTZL" },
    { SQLA_REP_FIXED, 16, "iu" }, { SQLA_REP_FIXED, 3, "" }, { SQLA_REP_CSTR, 8, "tnje" }, { SQLA_REP_CHARS, 8, "tnje" },
    { SQLA_REP_BYTES, 16, "tbnje" },
    { SQLA_REP_VALUE, sizeof(sqla_value), "NB248fFtbdTZLiunjeA" }, /* an array: a list in IN */
    { SQLA_REP_ROW_NUMBER, 0, "" }, { 77, 8, "" },
};

static void plans__have_forms_that_can_be_sent(const char *url)
{
    (void)url;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        for (uint32_t type = 0; letters[type] != '\0'; type++) {
            sqla_error err = SQLA_ERROR_INIT;
            sqla_slot slot = slot_of(type, forms[f].rep, forms[f].size);
            const sqla_plan plan = { sizeof plan, 1, &slot };
            slot.name = "c";
            bool can = strchr(forms[f].can, letters[type]) != NULL;
            sqla_status status = mariadb__check_plan(&plan, opaque(&err));
            if (status != (can ? SQLA_OK : SQLA_ERR_UNSUPPORTED))
                fprintf(stderr, "type '%c', form %u, %u bytes: %s\n", letters[type], (unsigned)forms[f].rep, (unsigned)forms[f].size,
                        err.message);
            CU_ASSERT_EQUAL(status, can ? SQLA_OK : SQLA_ERR_UNSUPPORTED);
            CU_ASSERT(can || says(&err, "parameter 1 has a type and a form in memory that cannot be sent"));
            CU_ASSERT_STRING_EQUAL(err.column, can ? "" : "c");
        }
    }
}

/* Each parameter once, in any order; also where those that are named twice make up for those that are missing. */
static void plans__name_each_parameter_once(const char *url)
{
    static const char once[] = "does not name each of them once", third[] = "slot 1 of the parameters names parameter 0",
                      fifth[] = "slot 3 of the parameters names parameter 5";
    static const struct { uint32_t count; int32_t columns[4]; const char *wrong; } plans[] = {
        { 0, { 0 }, NULL }, { 1, { 0 }, NULL }, { 4, { 0, 1, 2, 3 }, NULL }, { 4, { 3, 2, 1, 0 }, NULL }, { 4, { 2, 0, 3, 1 }, NULL },
        { 2, { 0, 0 }, once }, { 4, { 0, 3, 3, 0 }, once }, { 4, { 1, 1, 1, 3 }, once }, { 3, { 1, 1, 1 }, once },
        { 4, { 3, 0, 2, 2 }, once },
        { 2, { 0, -1 }, third }, { 4, { 0, 1, 2, 4 }, fifth } };
    (void)url;
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_slot slots[4];
        const sqla_plan plan = { sizeof plan, plans[i].count, slots };
        for (size_t k = 0; k < 4; k++) {
            slots[k] = slot_of(SQLA_INT64, SQLA_REP_FIXED, 8);
            slots[k].column = plans[i].columns[k];
        }
        CU_ASSERT_EQUAL(mariadb__check_plan(&plan, opaque(&err)), plans[i].wrong == NULL ? SQLA_OK : SQLA_ERR_MISUSE);
        CU_ASSERT(plans[i].wrong == NULL || says(&err, plans[i].wrong));
    }
    CU_ASSERT_EQUAL(mariadb__check_plan(NULL, NULL), SQLA_OK);
}

/* Rows of a block lie behind one another, and what lies in a row as the server takes it is not copied. */
static void rows__lie_behind_one_another(const char *url)
{
    struct { const char *text; int64_t number; } rows[] = { { "one", 1 }, { "two", 2 } };
    sqla_slot slots[] = { slot_of(SQLA_TEXT, SQLA_REP_CSTR, 8), slot_of(SQLA_INT64, SQLA_REP_FIXED, 8) };
    const sqla_plan plan = { sizeof plan, 2, slots };
    mariadb__args args = { .count = 0 };
    (void)url;
    (void)linked_driver();
    slots[0].column = 1;
    slots[1].offset = (uint32_t)((const char *)&rows[0].number - (const char *)&rows[0]);
    CU_ASSERT_FATAL(mariadb__args_start(&args, 4));
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(mariadb__args_row(&args, &plan, &rows[i], i, 0, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(args.count, 4);
    CU_ASSERT(args.binds[0].buffer == (void *)&rows[0].number && args.binds[2].buffer == (void *)&rows[1].number);
    CU_ASSERT(args.binds[1].buffer == (const void *)rows[0].text && args.binds[3].buffer == (const void *)rows[1].text);
    CU_ASSERT_EQUAL(mariadb__args_row(&args, NULL, NULL, 0, 0, NULL), SQLA_OK); /* a statement without parameters */
    mariadb__args_release(&args);
}

/* ---- memory ---------------------------------------------------------------------------------------------------------- */

static void memory__may_run_out(const char *url)
{
    mariadb__args args = { .count = 0 };
    (void)url;
    (void)linked_driver();
    CU_ASSERT(mariadb__args_start(&args, 0));
    CU_ASSERT(args.count == 0 && args.room == 0);
    sqla__alloc_fail_at(1, false);
    CU_ASSERT_FALSE(mariadb__args_start(&args, 3));
    sqla__alloc_fail_at(0, false);
    CU_ASSERT_EQUAL(args.room, 0);
    CU_ASSERT_FATAL(mariadb__args_start(&args, 3));
    args.binds[2].buffer_type = MYSQL_TYPE_BLOB;
    sqla__alloc_fail_at(1, false);
    CU_ASSERT(mariadb__args_start(&args, 3)); /* there is room already, which is cleared */
    CU_ASSERT_EQUAL(args.binds[2].buffer_type, 0);
    CU_ASSERT_FALSE(mariadb__args_start(&args, 1000)); /* what is there is kept */
    sqla__alloc_fail_at(0, false);
    CU_ASSERT(args.count == 3 && args.room < 1000);
    CU_ASSERT(mariadb__args_start(&args, 1000));
    CU_ASSERT(args.count == 1000 && args.room >= 1000);
    mariadb__args_release(&args);
}

/* ---- text ------------------------------------------------------------------------------------------------------------ */

static void utf8__is_checked(const char *url)
{
    static const struct { const char *text; size_t size; bool valid; } cases[] = {
        { "", 0, true }, { "plain", 5, true }, { "a text of more than eight", 25, true }, { "eight by\0te", 11, true }, { "\0", 1, true },
        { "\303\274", 2, true }, { "\342\202\254", 3, true }, { "\360\237\230\200", 4, true }, { "\364\217\277\277", 4, true },
        { "\303", 1, false },
        { "\200", 1, false }, { "\301\200", 2, false }, { "\365\200\200\200", 4, false }, { "\303a", 2, false },
        { "\340\237\200", 3, false },
        { "\355\240\200", 3, false }, { "\360\217\200\200", 4, false }, { "\364\220\200\200", 4, false }, { "\340\240\200", 3, true },
        { "\355\237\277", 3, true },
        { "\360\220\200\200", 4, true }, { "aaaaaaa\303\274", 9, true }, { "aaaaaaaaaaaaaaa\377", 16, false }, { "\342\202", 2, false },
    };
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_EQUAL(mariadb__utf8_valid(cases[i].text, cases[i].size), cases[i].valid);
}

/* ---- connection parameters ------------------------------------------------------------------------------------------- */

#define MANY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* One or two parameters, and what is refused about them; NULL: nothing. */
static const struct { sqla_connect_param params[2]; const char *says, *hint; } recipes[] = {
    { { { "port", "70000" } }, "connection parameter 'port' is a number up to 65535, and not '70000'", "" },
    { { { "port", "" } }, "connection parameter 'port' is a number up to 65535, and not ''", "" },
    { { { "port", "3306x" } }, "connection parameter 'port' is a number up to 65535, and not '3306x'", "" },
    { { { "port", "999999999" } }, "connection parameter 'port' is a number up to 65535, and not '999999999'", "" },
    { { { "port", "-1" } }, "connection parameter 'port' is a number up to 65535, and not '-1'", "" },
    { { { "port", "65535" } }, NULL, "" },
    { { { "host", "a,b" }, { "port", "1,2" } }, NULL, "" }, /* a list of ports for the list of hosts is looked at when they are called */
    { { { "host", "a" }, { "port", "1,2" } }, "connection parameter 'port' is a number up to 65535, and not '1,2'", "" },
    { { { "connect_timeout", "soon" } }, "connection parameter 'connect_timeout' is a number up to 1000000, and not 'soon'", "" },
    { { { "connect_timeout", "1000001" } }, "connection parameter 'connect_timeout' is a number up to 1000000, and not '1000001'", "" },
    { { { "connect_timeout", "1000000" } }, NULL, "" },
    { { { "compress", "maybe" } }, "connection parameter 'compress' is on or off, and not 'maybe'", "" },
    { { { "compress", "Yes" } }, NULL, "" },
    { { { "ssl", "" } }, "connection parameter 'ssl' is on or off, and not ''", "" }, { { { "ssl", "OFF" } }, NULL, "" },
    { { { "ssl_verify", "2" } }, "connection parameter 'ssl_verify' is on or off, and not '2'", "" },
    { { { "ssl_verify", "0" } }, NULL, "" },
    { { { "charset", "latin1" } }, "connection parameter 'charset' can only be 'utf8mb4': all text is UTF-8 here", "" },
    { { { "charset", "UTF8MB4" } }, NULL, "" },
    { { { "user", "a" }, { "user", "b" } }, "connection parameter 'user' is given twice", "" },
    { { { "socket", "/a" }, { "unix_socket", "/b" } }, "connection parameter 'unix_socket' is given twice", "" },
    { { { "hots", "a" } }, "unknown connection parameter 'hots'", "the nearest known one is 'host'" },
    { { { "sslca", "a" } }, "unknown connection parameter 'sslca'", "the nearest known one is 'ssl_ca'" },
    { { { "dtabase", "a" } }, "unknown connection parameter 'dtabase'", "the nearest known one is 'database'" },
    { { { "", "a" } }, "unknown connection parameter ''", "the nearest known one is 'ssl'" },
    { { { MANY, "a" } }, "unknown connection parameter '" MANY "'", "the nearest known one is 'database'" },
};

static void recipes__are_checked(const char *url)
{
    (void)url;
    (void)linked_driver();
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        const sqla_connect_args args = { .struct_size = sizeof args, .count = recipes[i].params[1].key != NULL ? 2 : 1,
            .params = recipes[i].params };
        mariadb__recipe *recipe = NULL;
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(mariadb__recipe_new(&args, &recipe, opaque(&err)), recipes[i].says != NULL ? SQLA_ERR_CONFIG : SQLA_OK);
        CU_ASSERT_EQUAL(recipe == NULL, recipes[i].says != NULL);
        CU_ASSERT_STRING_EQUAL(err.message, recipes[i].says != NULL ? recipes[i].says : "");
        CU_ASSERT_STRING_EQUAL(err.hint, recipes[i].hint);
        sqla__host.release(recipe);
    }
}

/* Each key comes to its place, and each has its option; a path as the host is that of a socket, unless there is one. */
static void recipes__keep_what_is_said(const char *url)
{
    static const sqla_connect_param params[] = { { "host", "/run/socket" }, { "port", "7" }, { "user", "u" }, { "password", "p" },
        { "database", "d" }, { "connect_timeout", "8" }, { "compress", "on" }, { "ssl_ca", "ca" }, { "ssl_cert", "cert" },
        { "ssl_key", "key" }, { "unix_socket", "/other" } };
    enum { ALL = sizeof params / sizeof params[0] };
    sqla_connect_args args = { .struct_size = sizeof args, .count = ALL, .params = params };
    const sqla_connect_option *options = NULL;
    mariadb__recipe *recipe = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    uint32_t count = 0;
    (void)url;
    CU_ASSERT_EQUAL(linked_driver()->ops->connect_options(&options, &count, opaque(&err)), SQLA_OK);
    for (uint32_t i = 0; i < count; i++) {
        const sqla_connect_param one = { options[i].key, "x" };
        const sqla_connect_args alone = { .struct_size = sizeof alone, .count = 1, .params = &one };
        sqla_error_clear(&err);
        if (mariadb__recipe_new(&alone, &recipe, opaque(&err)) == SQLA_OK)
            sqla__host.release(recipe);
        CU_ASSERT(strstr(err.message, "unknown") == NULL);
        CU_ASSERT_EQUAL((options[i].flags & SQLA_OPTION_SECRET) != 0, strcmp(options[i].key, "password") == 0);
    }
    CU_ASSERT_EQUAL_FATAL(mariadb__recipe_new(&args, &recipe, NULL), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(recipe->socket, "/other");
    CU_ASSERT_STRING_EQUAL(recipe->hosts, "/run/socket");
    CU_ASSERT(strcmp(recipe->port, "7") == 0 && strcmp(recipe->user, "u") == 0 && strcmp(recipe->password, "p") == 0 &&
              strcmp(recipe->database, "d") == 0);
    CU_ASSERT(strcmp(recipe->ssl_ca, "ca") == 0 && strcmp(recipe->ssl_cert, "cert") == 0 && strcmp(recipe->ssl_key, "key") == 0 &&
              recipe->ssl == NULL);
    sqla__host.release(recipe);
    args.count = ALL - 1;
    CU_ASSERT_EQUAL_FATAL(mariadb__recipe_new(&args, &recipe, NULL), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(recipe->socket, "/run/socket");
    CU_ASSERT_PTR_NULL(recipe->hosts);
    sqla__host.release(recipe);
    sqla__alloc_fail_at(1, false);
    CU_ASSERT_EQUAL(mariadb__recipe_new(&args, &recipe, NULL), SQLA_ERR_NOMEM);
    sqla__alloc_fail_at(0, false);
}

/* What a handle is told, before it is connected. A certificate that is given is looked at, unless it is said that it is not. */
static void links__are_told_the_options(const char *url)
{
    static const struct { mariadb__recipe recipe; bool enforced, verified, compressed; } links[] = {
        { { .hosts = "a" }, false, false, false }, { { .ssl = "on" }, true, false, false }, { { .ssl_ca = "ca" }, true, true, false },
        { { .ssl_ca = "ca", .ssl_verify = "off" }, true, false, false }, { { .ssl_verify = "1" }, true, true, false },
        { { .ssl_cert = "cert", .ssl_key = "key" }, true, false, false }, { { .ssl_key = "key", .compress = "true" }, true, false, true },
        { { .ssl = "off", .compress = "no" }, false, false, false } };
    (void)url;
    (void)linked_driver();
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        MYSQL *link = mariadb__recipe_link(&links[i].recipe);
        my_bool enforced = 2, verified = 2, reconnects = 2, compressed = 2;
        const char *ca = NULL, *key = NULL;
        unsigned int infile = 2;
        CU_ASSERT_PTR_NOT_NULL_FATAL(link);
        CU_ASSERT_EQUAL(mysql_get_optionv(link, MYSQL_OPT_SSL_ENFORCE, &enforced), 0);
        CU_ASSERT_EQUAL(mysql_get_optionv(link, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verified), 0);
        CU_ASSERT_EQUAL(mysql_get_optionv(link, MYSQL_OPT_RECONNECT, &reconnects), 0);
        CU_ASSERT_EQUAL(mysql_get_optionv(link, MYSQL_OPT_COMPRESS, &compressed), 0);
        CU_ASSERT_EQUAL(mysql_get_optionv(link, MYSQL_OPT_LOCAL_INFILE, &infile), 0);
        CU_ASSERT_EQUAL(mysql_get_optionv(link, MYSQL_OPT_SSL_CA, &ca), 0);
        CU_ASSERT_EQUAL(mysql_get_optionv(link, MYSQL_OPT_SSL_KEY, &key), 0);
        CU_ASSERT_EQUAL(enforced != 0, links[i].enforced);
        CU_ASSERT_EQUAL(verified != 0, links[i].verified);
        CU_ASSERT_EQUAL(compressed != 0, links[i].compressed);
        CU_ASSERT(reconnects == 0 && infile == 0);
        CU_ASSERT_EQUAL(ca != NULL, links[i].recipe.ssl_ca != NULL);
        CU_ASSERT_EQUAL(key != NULL, links[i].recipe.ssl_key != NULL);
        mysql_close(link);
    }
}

/* ---- reflection ------------------------------------------------------------------------------------------------------ */

/* What is pushed, as text, one record a line. */
typedef struct notes { sqla_reflect_sink base; char text[4000]; sqla_status answer; } notes;

static sqla_status note(sqla_reflect_sink *base, uint32_t kind, const void *record)
{
    notes *n = (notes *)(void *)base;
    char *at = n->text + strlen(n->text);
    size_t room = sizeof n->text - (size_t)(at - n->text);
    const sqla_reflect_table *table = record;
    const sqla_reflect_column *column = record;
    const sqla_reflect_facts *facts = record;
    switch (kind) {
    case SQLA_REFLECT_TABLES:
        snprintf(at, room, "%s %u%s %s\n", table->name, table->kind, table->on_search_path ? " here" : "",
                 table->comment != NULL ? table->comment : "-");
        break;
    case SQLA_REFLECT_COLUMNS:
        snprintf(at, room, "%u %s %u%s%s key %u default %s %s\n", column->position, column->name, column->type,
                 column->nullable ? " null" : "",
                 column->generated_key ? " generated" : "", column->key_position, column->default_text != NULL ? column->default_text : "-",
                 column->comment != NULL ? column->comment : "-");
        break;
    case SQLA_REFLECT_FACTS:
        snprintf(at, room, "%s %u %llx\n", facts->table, facts->kind, (unsigned long long)facts->facts);
        break;
    }
    return n->answer;
}

static sqla_status look(sqla_driver_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, notes *n, sqla_error *err)
{
    n->base.push = note;
    n->text[0] = '\0';
    sqla_error_clear(err);
    return linked_driver()->ops->reflect(conn, kind, filter, &n->base, opaque(err));
}

static void reflection__tells_what_is_there(const char *url)
{
    static const char *const made[] = {
        "CREATE OR REPLACE TABLE reflected (id INT UNSIGNED AUTO_INCREMENT, k2 BIGINT NOT NULL DEFAULT 7, b BOOLEAN, t TINYINT UNSIGNED, "
        "s SMALLINT UNSIGNED, "
        "f FLOAT, n DECIMAL(5,2) DEFAULT NULL COMMENT 'a price', c VARCHAR(64) DEFAULT 'it''s', e ENUM('a'), v VARBINARY(3), d DATE, "
        "h TIME, ts TIMESTAMP NULL, "
        "dt DATETIME, utc DATETIME(6) COMMENT 'UTC', span VARCHAR(64) COMMENT 'ISO 8601', word VARCHAR(64) COMMENT 'a word', "
        "u UUID, u2 CHAR(36) CHARACTER SET ascii, "
        "u3 CHAR(36) CHARACTER SET utf8mb4, j JSON, l LONGTEXT, g GEOMETRY, PRIMARY KEY (k2, id), KEY (id)) COMMENT 'a table'",
        "CREATE OR REPLACE VIEW reflected_view AS SELECT id FROM reflected",
        "CREATE OR REPLACE TABLE reflected_part (n INT) PARTITION BY HASH (n) PARTITIONS 2",
        "CREATE OR REPLACE TABLE `reflected's` (n INT)",
        "CREATE OR REPLACE TRIGGER reflected_trigger BEFORE INSERT ON `reflected's` FOR EACH ROW SET NEW.n = 1",
        "CREATE OR REPLACE SEQUENCE reflected_sequence",
    };
    static const struct { uint32_t kind; const char *table, *is; } cases[] = {
        { SQLA_REFLECT_TABLES, "reflected", "reflected 1 here a table\n" },
        { SQLA_REFLECT_TABLES, "reflected_view", "reflected_view 2 here -\n" },
        { SQLA_REFLECT_TABLES, "reflected_part", "reflected_part 4 here -\n" },
        { SQLA_REFLECT_TABLES, "reflected's", "reflected's 1 here -\n" },
        { SQLA_REFLECT_TABLES, "reflected_sequence", "" }, { SQLA_REFLECT_TABLES, "REFLECTED", "" },
        { SQLA_REFLECT_FACTS, "reflected", "reflected 1 5\n" }, { SQLA_REFLECT_FACTS, "reflected_view", "reflected_view 2 0\n" },
        { SQLA_REFLECT_FACTS, "reflected_part", "reflected_part 4 5\n" }, { SQLA_REFLECT_FACTS, "reflected's", "reflected's 1 4\n" },
        { SQLA_REFLECT_COLUMNS, "reflected_view", "1 id 4 key 0 default 0 -\n" },
        { SQLA_REFLECT_COLUMNS, "reflected",
          "1 id 4 generated key 2 default - -\n"
          "2 k2 4 key 1 default 7 -\n"
          "3 b 1 null key 0 default - -\n"
          "4 t 2 null key 0 default - -\n"
          "5 s 3 null key 0 default - -\n"
          "6 f 5 null key 0 default - -\n"
          "7 n 15 null key 0 default - a price\n"
          "8 c 7 null key 0 default 'it''s' -\n"
          "9 e 17 null key 0 default - -\n"
          "10 v 8 null key 0 default - -\n"
          "11 d 9 null key 0 default - -\n"
          "12 h 10 null key 0 default - -\n"
          "13 ts 11 null key 0 default - -\n"
          "14 dt 12 null key 0 default - -\n"
          "15 utc 11 null key 0 default - UTC\n"
          "16 span 13 null key 0 default - ISO 8601\n"
          "17 word 7 null key 0 default - a word\n"
          "18 u 14 null key 0 default - -\n"
          "19 u2 14 null key 0 default - -\n"
          "20 u3 7 null key 0 default - -\n"
          "21 j 16 null key 0 default - -\n"
          "22 l 7 null key 0 default - -\n"
          "23 g 0 null key 0 default - -\n" },
    };
    sqla_driver_conn *conn = my_open(url);
    sqla_error err = SQLA_ERROR_INIT;
    sqla_connect_param params[MY_PARTS];
    notes n = { .answer = SQLA_OK };
    my_params(url, params);
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        CU_ASSERT_EQUAL(linked_run(conn, made[i], &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) { /* by the database in use, and by its name */
        const sqla_reflect_filter filter = { .struct_size = sizeof filter, .table = cases[i / 2].table,
                                             .schema = i % 2 == 0 ? params[1].value : NULL };
        CU_ASSERT_EQUAL(look(conn, cases[i / 2].kind, &filter, &n, &err), SQLA_OK);
        if (strcmp(n.text, cases[i / 2].is) != 0)
            fprintf(stderr, "kind %u of %s: %s", (unsigned)cases[i / 2].kind, filter.table, n.text);
        CU_ASSERT_STRING_EQUAL(n.text, cases[i / 2].is);
    }
    /* A server without RETURNING has its keys by arithmetic, which others may disturb. */
    const sqla_reflect_filter one = { .struct_size = sizeof one, .table = "reflected" };
    conn->features &= ~SQLA_FEATURE_RETURNING;
    CU_ASSERT_EQUAL(look(conn, SQLA_REFLECT_FACTS, &one, &n, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(n.text, "reflected 1 b\n");
    /* Without a filter everything is told but what belongs to the server. */
    CU_ASSERT_EQUAL(look(conn, SQLA_REFLECT_TABLES, NULL, &n, &err), SQLA_OK);
    CU_ASSERT(strstr(n.text, "reflected_part 4 here") != NULL && strstr(n.text, "CHARACTER_SETS") == NULL);
    const sqla_reflect_filter system = { .struct_size = sizeof system, .schema = "information_schema", .table = "CHARACTER_SETS",
        .flags = SQLA_REFLECT_SYSTEM };
    CU_ASSERT_EQUAL(look(conn, SQLA_REFLECT_TABLES, &system, &n, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(n.text, "CHARACTER_SETS 2 -\n");
    CU_ASSERT_EQUAL(linked_run(conn, "DROP TABLE reflected, reflected_part, `reflected's`", &err), SQLA_OK);
    CU_ASSERT_EQUAL(linked_run(conn, "DROP VIEW reflected_view", &err), SQLA_OK);
    CU_ASSERT_EQUAL(linked_run(conn, "DROP SEQUENCE reflected_sequence", &err), SQLA_OK);
    linked_driver()->ops->close(conn);
}

static void reflection__may_fail(const char *url)
{
    static char long_name[300];
    static const uint32_t unknown[] = { 0, SQLA_REFLECT_FACTS + 1, UINT32_MAX };
    sqla_driver_conn *conn = my_open(url);
    sqla_error err = SQLA_ERROR_INIT;
    notes n = { .answer = SQLA_ERR_NOMEM };
    memset(long_name, 'a', sizeof long_name - 1);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        CU_ASSERT_EQUAL(look(conn, unknown[i], NULL, &n, &err), SQLA_ERR_UNSUPPORTED);
        CU_ASSERT_STRING_EQUAL(err.message, "the driver does not know this kind of object");
    }
    /* No table has such a name, so that the sink is not asked. */
    const sqla_reflect_filter long_table = { .struct_size = sizeof long_table, .table = long_name };
    const sqla_reflect_filter long_schema = { .struct_size = sizeof long_schema, .schema = long_name };
    CU_ASSERT_EQUAL(look(conn, SQLA_REFLECT_TABLES, &long_table, &n, &err), SQLA_OK);
    CU_ASSERT_EQUAL(look(conn, SQLA_REFLECT_COLUMNS, &long_schema, &n, &err), SQLA_OK);
    /* There is room for the longest that are asked for, and the query is whole. */
    const sqla_reflect_filter longest = { .struct_size = sizeof longest, .schema = long_name, .table = long_name };
    long_name[256] = '\0';
    for (uint32_t kind = SQLA_REFLECT_TABLES; kind <= SQLA_REFLECT_FACTS; kind++) {
        CU_ASSERT_EQUAL(look(conn, kind, &longest, &n, &err), SQLA_OK);
        CU_ASSERT(is(&err, SQLA_OK) && n.text[0] == '\0');
    }
    /* What the sink says ends it, after one record. */
    const sqla_reflect_filter system = { .struct_size = sizeof system, .schema = "information_schema", .flags = SQLA_REFLECT_SYSTEM };
    CU_ASSERT_EQUAL(look(conn, SQLA_REFLECT_TABLES, &system, &n, &err), SQLA_ERR_NOMEM);
    CU_ASSERT(strchr(n.text, '\n') != NULL && strchr(n.text, '\n')[1] == '\0');
    conn->told = 1; /* long ago */
    CU_ASSERT_EQUAL(look(conn, SQLA_REFLECT_TABLES, &system, &n, &err), SQLA_ERR_TIMEOUT);
    conn->told = 0;
    n.answer = SQLA_OK;
    CU_ASSERT_EQUAL(look(conn, SQLA_REFLECT_TABLES, &system, &n, &err), SQLA_OK); /* nothing was sent that time, so all is well */
    conn->lost = true;
    CU_ASSERT_EQUAL(look(conn, SQLA_REFLECT_TABLES, &system, &n, &err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT_STRING_EQUAL(n.text, "");
    linked_driver()->ops->close(conn);
}

static const struct harness_test tests[] = {
    { "values are sent or refused", values__are_sent_or_refused, HARNESS_PLAIN },
    { "fields are sent or refused", fields__are_sent_or_refused, HARNESS_PLAIN },
    { "enums without labels", enums__without_labels, HARNESS_PLAIN },
    { "a flag makes a null", flags__make_nulls, HARNESS_PLAIN },
    { "plans have forms that can be sent", plans__have_forms_that_can_be_sent, HARNESS_PLAIN },
    { "plans name each parameter once", plans__name_each_parameter_once, HARNESS_PLAIN },
    { "rows lie behind one another", rows__lie_behind_one_another, HARNESS_PLAIN },
    { "memory may run out", memory__may_run_out, HARNESS_PLAIN },
    { "UTF-8 is checked", utf8__is_checked, HARNESS_PLAIN },
    { "connection parameters are checked", recipes__are_checked, HARNESS_PLAIN },
    { "connection parameters are kept", recipes__keep_what_is_said, HARNESS_PLAIN },
    { "links are told the options", links__are_told_the_options, HARNESS_PLAIN },
    { "reflection tells what is there", reflection__tells_what_is_there, HARNESS_MARIADB },
    { "reflection may fail", reflection__may_fail, HARNESS_MARIADB },
};

int main(void) { return harness_main("test-mariadb-encode", tests, sizeof tests / sizeof tests[0]); }
