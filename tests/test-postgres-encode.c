/* test-postgres-encode.c: what the PostgreSQL driver makes of parameters: every type from every representation, alone, as an element
 * of an array over rows, as an array, and for a statement whose parameter the server has found to be of another type. */
#include <config.h>
#include "postgres-driver.h"

static sqla_slot slot_of(uint32_t type, uint32_t rep, uint32_t size)
{
    return (sqla_slot){ .type = (uint8_t)type, .rep = (uint8_t)rep, .size = size, .set_offset = -1 };
}

/* A statement with one parameter, of the type that the server has found. */
static sqla_driver_stmt *stmt_for(Oid type)
{
    sqla_driver_stmt *stmt = calloc(1, sizeof *stmt + sizeof stmt->types[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stmt);
    stmt->count = 1;
    stmt->types[0] = type;
    return stmt;
}

/* The parameter as it would be sent: "binary:" and hexadecimal digits, "text:..." or "null". */
static void show_sent(const postgres__args *args, char *room)
{
    if (args->values[0] == NULL) {
        strcpy(room, "null");
    } else if (args->formats[0] == 0) {
        sprintf(room, "text:%s", args->values[0]);
    } else {
        strcpy(room, "binary:");
        for (int i = 0; i < args->lengths[0]; i++)
            sprintf(room + strlen(room), "%02x", (unsigned char)args->values[0][i]);
    }
}

/* Send one value.  expected: the type of the statement's parameter; 0: it is not prepared. */
static sqla_status send(const sqla_slot *slot, const void *row, Oid expected, char *room, sqla_error *err)
{
    const sqla_plan plan = { sizeof plan, 1, slot };
    sqla_driver_conn conn = { .lost = false };
    sqla_driver_stmt *stmt = expected != 0 ? stmt_for(expected) : NULL;
    (void)linked_driver();
    sqla_error_clear(err);
    strcpy(room, "");
    sqla_status status = postgres__args_row(&conn, stmt, &plan, row, 1, opaque(err));
    if (status == SQLA_OK)
        show_sent(&conn.args, room);
    CU_ASSERT_EQUAL(err->status, status);
    postgres__args_release(&conn.args);
    free(stmt);
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
#define NUMBER(type_, n) { .type = type_, .as.i64 = n }
#define REAL(type_, n) { .type = type_, .as.f64 = n }
#define BYTES(type_, text) { .type = type_, .as.bytes = { text, sizeof(text) - 1 } }
#define DAY INT64_C(86400000000)

/* A value, the type of its slot (NULL: its own), the type of the server's parameter (0: not known), and what is sent. */
static const struct { sqla_value value; uint32_t type; Oid expected; const char *is; } values[] = {
    { NUMBER(SQLA_BOOL, 1), SQLA_NULL, 0, "binary:01" }, { NUMBER(SQLA_BOOL, 5), SQLA_BOOL, 0, "binary:01" }, { NUMBER(SQLA_BOOL, 1), SQLA_INT32, 0, OTHER },
    { NUMBER(SQLA_BOOL, 1), SQLA_NULL, PG_TEXT, "text:true" }, { NUMBER(SQLA_BOOL, 0), SQLA_NULL, PG_TEXT, "text:false" },
    { NUMBER(SQLA_INT16, -2), SQLA_NULL, 0, "binary:fffe" }, { NUMBER(SQLA_INT16, 40000), SQLA_NULL, 0, "!too large for its type" },
    { NUMBER(SQLA_INT64, -40000), SQLA_INT16, 0, "!too large for its type" }, { NUMBER(SQLA_INT64, 7), SQLA_INT16, 0, "binary:0007" },
    { NUMBER(SQLA_INT32, 7), SQLA_NULL, 0, "binary:00000007" }, { NUMBER(SQLA_INT64, 3000000000), SQLA_INT32, 0, "!too large for its type" },
    { NUMBER(SQLA_INT64, 7), SQLA_NULL, 0, "binary:0000000000000007" }, { NUMBER(SQLA_INT32, 7), SQLA_INT64, 0, "binary:0000000000000007" },
    { NUMBER(SQLA_INT64, -7), SQLA_NULL, PG_NUMERIC, "text:-7" }, { NUMBER(SQLA_INT16, 7), SQLA_NULL, PG_INT8, "text:7" },
    { NUMBER(SQLA_INT32, 7), SQLA_NULL, PG_INT4, "binary:00000007" }, { NUMBER(SQLA_INT32, 7), SQLA_BOOL, 0, OTHER },
    { NUMBER(SQLA_INT32, 7), SQLA_FLOAT64, 0, "binary:401c000000000000" }, { NUMBER(SQLA_INT16, 7), SQLA_FLOAT32, 0, "binary:40e00000" },
    { NUMBER(SQLA_INT64, INT64_C(9007199254740993)), SQLA_FLOAT64, 0, OTHER }, { NUMBER(SQLA_INT64, -INT64_C(9007199254740993)), SQLA_FLOAT64, 0, OTHER },
    { REAL(SQLA_FLOAT64, 1.5), SQLA_NULL, 0, "binary:3ff8000000000000" }, { REAL(SQLA_FLOAT32, 1.5), SQLA_NULL, 0, "binary:3fc00000" },
    { REAL(SQLA_FLOAT64, 1.5), SQLA_FLOAT32, 0, "binary:3fc00000" }, { REAL(SQLA_FLOAT64, 0.1), SQLA_FLOAT32, 0, "!does not fit into a float" },
    { REAL(SQLA_FLOAT64, 1.5), SQLA_INT32, 0, OTHER }, { REAL(SQLA_FLOAT64, 1.5), SQLA_NULL, PG_NUMERIC, "text:1.5" },
    { REAL(SQLA_FLOAT32, 1.5), SQLA_NULL, PG_FLOAT8, "text:1.5" },
    { BYTES(SQLA_TEXT, "a"), SQLA_NULL, 0, "text:a" }, { BYTES(SQLA_TEXT, "a"), SQLA_JSON, 0, "text:a" }, { BYTES(SQLA_TEXT, "a"), SQLA_BLOB, 0, OTHER },
    { BYTES(SQLA_TEXT, "a"), SQLA_NULL, PG_INT4, "text:a" }, { BYTES(SQLA_TEXT, ""), SQLA_NULL, 0, "text:" },
    { BYTES(SQLA_TEXT, "a\0b"), SQLA_NULL, 0, "!has a NUL in it" }, { BYTES(SQLA_TEXT, "\xff"), SQLA_NULL, 0, "!is not valid UTF-8" },
    { BYTES(SQLA_JSON, "{}"), SQLA_NULL, 0, "text:{}" }, { BYTES(SQLA_DECIMAL, "1.50"), SQLA_NULL, 0, "text:1.50" }, { BYTES(SQLA_DECIMAL, "1"), SQLA_INT32, 0, OTHER },
    { BYTES(SQLA_BLOB, "\1\2"), SQLA_NULL, 0, "binary:0102" }, { BYTES(SQLA_BLOB, ""), SQLA_NULL, 0, "binary:" }, { BYTES(SQLA_BLOB, "a"), SQLA_TEXT, 0, OTHER },
    { BYTES(SQLA_BLOB, "a"), SQLA_NULL, PG_TEXT, "binary:61" },
    { BYTES(SQLA_DECIMAL, "+1e5"), SQLA_NULL, 0, "text:+1e5" }, { BYTES(SQLA_DECIMAL, "-.5E-10"), SQLA_NULL, 0, "text:-.5E-10" },
    { BYTES(SQLA_DECIMAL, "1.E+3"), SQLA_NULL, 0, "text:1.E+3" }, { BYTES(SQLA_DECIMAL, "NaN"), SQLA_NULL, 0, "text:NaN" },
    { BYTES(SQLA_DECIMAL, "-Infinity"), SQLA_NULL, 0, "text:-Infinity" }, { BYTES(SQLA_DECIMAL, ""), SQLA_NULL, 0, "!no decimal number" },
    { BYTES(SQLA_DECIMAL, "."), SQLA_NULL, 0, "!no decimal number" }, { BYTES(SQLA_DECIMAL, "1.2.3"), SQLA_NULL, 0, "!no decimal number" },
    { BYTES(SQLA_DECIMAL, "1e"), SQLA_NULL, 0, "!no decimal number" }, { BYTES(SQLA_DECIMAL, "1e+"), SQLA_NULL, 0, "!no decimal number" },
    { BYTES(SQLA_DECIMAL, "1x"), SQLA_NULL, 0, "!no decimal number" }, { BYTES(SQLA_DECIMAL, "1e5x"), SQLA_NULL, 0, "!no decimal number" },
    { BYTES(SQLA_DECIMAL, "nan"), SQLA_NULL, 0, "!no decimal number" }, { BYTES(SQLA_DECIMAL, "-"), SQLA_NULL, 0, "!no decimal number" },
    { NUMBER(SQLA_DATE, 0), SQLA_NULL, 0, "binary:ffffd533" }, { NUMBER(SQLA_DATE, SQLA_DATE_INFINITY), SQLA_NULL, 0, "binary:7fffffff" },
    { NUMBER(SQLA_DATE, SQLA_DATE_MINUS_INFINITY), SQLA_NULL, 0, "binary:80000000" }, { NUMBER(SQLA_DATE, 2147483646), SQLA_NULL, 0, "!the date is too far away" },
    { NUMBER(SQLA_DATE, -2147483647), SQLA_NULL, 0, "!the date is too far away" }, { NUMBER(SQLA_DATE, 0), SQLA_TIME, 0, OTHER },
    { NUMBER(SQLA_DATE, 0), SQLA_NULL, PG_TEXT, "text:1970-01-01" }, { NUMBER(SQLA_DATE, -719163), SQLA_NULL, PG_TEXT, "text:0001-12-31 BC" },
    { NUMBER(SQLA_DATE, SQLA_DATE_INFINITY), SQLA_NULL, PG_TEXT, "text:infinity" }, { NUMBER(SQLA_DATE, SQLA_DATE_MINUS_INFINITY), SQLA_NULL, PG_TEXT, "text:-infinity" },
    { NUMBER(SQLA_TIME, 5), SQLA_NULL, 0, "binary:0000000000000005" }, { NUMBER(SQLA_TIME, -1), SQLA_NULL, 0, "!not within a day" },
    { NUMBER(SQLA_TIME, DAY + 1), SQLA_NULL, 0, "!not within a day" }, { NUMBER(SQLA_TIME, DAY), SQLA_NULL, PG_TEXT, "text:24:00:00.000000" },
    { NUMBER(SQLA_TIMESTAMP, INT64_C(946684800000000)), SQLA_NULL, 0, "binary:0000000000000000" },
    { NUMBER(SQLA_TIMESTAMP, SQLA_TIMESTAMP_INFINITY), SQLA_NULL, 0, "binary:7fffffffffffffff" },
    { NUMBER(SQLA_TIMESTAMP, SQLA_TIMESTAMP_MINUS_INFINITY), SQLA_NULL, 0, "binary:8000000000000000" },
    { NUMBER(SQLA_TIMESTAMP, INT64_MIN + 1), SQLA_NULL, 0, "!the time is too far away" }, { NUMBER(SQLA_TIMESTAMP, INT64_MIN / 4), SQLA_NULL, 0, "!the time is too far away" },
    { NUMBER(SQLA_LOCAL_TIMESTAMP, INT64_MAX - 1), SQLA_NULL, 0, "binary:7ffca2fec4c81ffe" },
    { NUMBER(SQLA_TIMESTAMP, -1), SQLA_NULL, PG_TEXT, "text:1969-12-31 23:59:59.999999+00" }, { NUMBER(SQLA_LOCAL_TIMESTAMP, 0), SQLA_NULL, PG_TEXT, "text:1970-01-01 00:00:00.000000" },
    { NUMBER(SQLA_TIMESTAMP, SQLA_TIMESTAMP_INFINITY), SQLA_NULL, PG_TEXT, "text:infinity" },
    { NUMBER(SQLA_TIMESTAMP, SQLA_TIMESTAMP_MINUS_INFINITY), SQLA_NULL, PG_TEXT, "text:-infinity" },
    { NUMBER(SQLA_TIMESTAMP, INT64_C(-62167219200000001)), SQLA_NULL, PG_TEXT, "text:0002-12-31 23:59:59.999999+00 BC" },
    { NUMBER(SQLA_TIMESTAMP, 0), SQLA_LOCAL_TIMESTAMP, 0, OTHER },
    { { .type = SQLA_INTERVAL, .as.interval = { 1, 2, 3 } }, SQLA_NULL, 0, "binary:00000000000000030000000200000001" },
    { { .type = SQLA_INTERVAL, .as.interval = { 1, 2, 3 } }, SQLA_TEXT, 0, OTHER },
    { { .type = SQLA_INTERVAL, .as.interval = { 1, -2, -3000001 } }, SQLA_NULL, PG_TEXT, "text:1 mons -2 days -3.000001 seconds" },
    { { .type = SQLA_INTERVAL, .as.interval = { 0, 0, 3000001 } }, SQLA_NULL, PG_TEXT, "text:0 mons 0 days 3.000001 seconds" },
    { { .type = SQLA_UUID, .as.uuid = { { 1, 2 } } }, SQLA_NULL, 0, "binary:01020000000000000000000000000000" },
    { { .type = SQLA_UUID, .as.uuid = { { 1, 2 } } }, SQLA_BLOB, 0, OTHER },
    { { .type = SQLA_UUID, .as.uuid = { { 1, 2 } } }, SQLA_NULL, PG_TEXT, "text:01020000-0000-0000-0000-000000000000" },
    { NUMBER(SQLA_ENUM_TYPE, 0), SQLA_TEXT, 0, OTHER }, { NUMBER(SQLA_ENUM_TYPE, 0), SQLA_ENUM_TYPE, 0, "!none of the enum" },
    { NUMBER(SQLA_NULL, 0), SQLA_NULL, 0, "null" }, { NUMBER(SQLA_NULL, 0), SQLA_INT32, PG_INT4, "null" },
    { NUMBER(99, 0), SQLA_NULL, 0, OTHER }, { NUMBER(99, 0), SQLA_INT32, 0, OTHER },
};

static void values__are_sent_or_refused(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_slot slot = slot_of(values[i].type, SQLA_REP_VALUE, sizeof(sqla_value));
        char sent[200];
        slot.flags = SQLA_SLOT_NULLABLE;
        (void)send(&slot, &values[i].value, values[i].expected, sent, &err);
        check(values[i].is, sent, &err, "value", i);
    }
}

/* ---- fields ---------------------------------------------------------------------------------------------------------- */

static const char *const labels[] = { "red", "green" };
typedef union field { int8_t i8; int16_t i16; int32_t i32; int64_t i64; float f32; double f64; const char *text; sqla_blob blob; char chars[16];
    sqla_interval interval; sqla_uuid uuid; } field;

static const struct { uint32_t type, rep, size, flags; field field; const char *is; } fields[] = {
    { SQLA_BOOL, SQLA_REP_FIXED, 1, 0, { .i8 = 1 }, "binary:01" },
    { SQLA_INT16, SQLA_REP_FIXED, 1, 0, { .i8 = -1 }, "binary:ffff" }, { SQLA_INT16, SQLA_REP_FIXED, 1, SQLA_SLOT_UNSIGNED, { .i8 = -1 }, "binary:00ff" },
    { SQLA_INT32, SQLA_REP_FIXED, 2, 0, { .i16 = -1 }, "binary:ffffffff" }, { SQLA_INT32, SQLA_REP_FIXED, 2, SQLA_SLOT_UNSIGNED, { .i16 = -1 }, "binary:0000ffff" },
    { SQLA_INT32, SQLA_REP_FIXED, 4, 0, { .i32 = 5 }, "binary:00000005" }, { SQLA_INT64, SQLA_REP_FIXED, 8, 0, { .i64 = 5 }, "binary:0000000000000005" },
    { SQLA_FLOAT32, SQLA_REP_FIXED, 4, 0, { .f32 = 1.5F }, "binary:3fc00000" }, { SQLA_FLOAT64, SQLA_REP_FIXED, 4, 0, { .f32 = 1.5F }, "binary:3ff8000000000000" },
    { SQLA_FLOAT64, SQLA_REP_FIXED, 8, 0, { .f64 = 1.5 }, "binary:3ff8000000000000" }, { SQLA_FLOAT32, SQLA_REP_FIXED, 8, 0, { .f64 = 0.1 }, "!does not fit into a float" },
    { SQLA_DATE, SQLA_REP_FIXED, 4, 0, { .i32 = 10957 }, "binary:00000000" }, { SQLA_TIME, SQLA_REP_FIXED, 8, 0, { .i64 = 1 }, "binary:0000000000000001" },
    { SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, { .i64 = INT64_C(946684800000001) }, "binary:0000000000000001" },
    { SQLA_LOCAL_TIMESTAMP, SQLA_REP_FIXED, 8, 0, { .i64 = INT64_C(946684800000001) }, "binary:0000000000000001" },
    { SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, { .interval = { 1, 2, 3 } }, "binary:00000000000000030000000200000001" },
    { SQLA_UUID, SQLA_REP_FIXED, 16, 0, { .uuid = { { 1 } } }, "binary:01000000000000000000000000000000" },
    { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, 0, { .i32 = 1 }, "text:green" }, { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, 0, { .i32 = 2 }, "!none of the enum" },
    { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, 0, { .i32 = -1 }, "!none of the enum" },
    { SQLA_TEXT, SQLA_REP_FIXED, 8, 0, { .i64 = 0 }, OTHER },
    { SQLA_TEXT, SQLA_REP_CSTR, 8, 0, { .text = "abc" }, "text:abc" }, { SQLA_TEXT, SQLA_REP_CSTR, 8, SQLA_SLOT_NULLABLE, { .text = NULL }, "null" },
    { SQLA_JSON, SQLA_REP_CSTR, 8, 0, { .text = "{}" }, "text:{}" }, { SQLA_DECIMAL, SQLA_REP_CSTR, 8, 0, { .text = "1.5" }, "text:1.5" },
    { SQLA_ENUM_TYPE, SQLA_REP_CSTR, 8, 0, { .text = "green" }, "text:green" }, { SQLA_ENUM_TYPE, SQLA_REP_CSTR, 8, 0, { .text = "grean" }, "!none of the labels" },
    { SQLA_INT32, SQLA_REP_CSTR, 8, 0, { .text = "5" }, "!not sent from a text" },
    { SQLA_TEXT, SQLA_REP_BYTES, 16, 0, { .blob = { "abc", 2 } }, "text:ab" }, { SQLA_BLOB, SQLA_REP_BYTES, 16, 0, { .blob = { "abc", 2 } }, "binary:6162" },
    { SQLA_BLOB, SQLA_REP_BYTES, 16, SQLA_SLOT_NULLABLE, { .blob = { NULL, 0 } }, "null" },
    { SQLA_BLOB, SQLA_REP_BYTES, 16, 0, { .blob = { "abc", SIZE_MAX } }, "#longer than a message" },
    { SQLA_TEXT, SQLA_REP_CHARS, 16, 0, { .chars = "abc" }, "text:abc" }, { SQLA_TEXT, SQLA_REP_CHARS, 3, 0, { .chars = "abc" }, "!no NUL within its room" },
    { SQLA_TEXT, 77, 8, 0, { .i64 = 0 }, "!a representation that is not known" },
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
        sqla_status status = send(&slot, &fields[i].field, 0, sent, &err);
        check(fields[i].is, sent, &err, "field", i);
        CU_ASSERT(status == SQLA_OK || strcmp(err.column, slot.name != NULL ? "c" : "") == 0);
    }
}

/* A flag beside the field says that there is no value, which is refused where one is needed. */
static void flags__make_nulls(const char *url)
{
    const struct { int32_t n; bool set; } row = { 5, false };
    sqla_error err = SQLA_ERROR_INIT;
    char sent[200];
    sqla_slot slot = slot_of(SQLA_INT32, SQLA_REP_FIXED, 4);
    (void)url;
    slot.set_offset = (int32_t)((const char *)&row.set - (const char *)&row);
    slot.flags = SQLA_SLOT_NULLABLE;
    CU_ASSERT_EQUAL(send(&slot, &row, 0, sent, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(sent, "null");
    slot.flags = 0;
    CU_ASSERT_EQUAL(send(&slot, &row, 0, sent, &err), SQLA_ERR_NOT_NULL);
    CU_ASSERT_STRING_EQUAL(err.message, "parameter 1 has no value, and needs one");
    slot.name = "c";
    CU_ASSERT_EQUAL(send(&slot, &row, 0, sent, &err), SQLA_ERR_NOT_NULL);
    CU_ASSERT_STRING_EQUAL(err.message, "'c' has no value, and needs one");
}

/* ---- columns --------------------------------------------------------------------------------------------------------- */

#define HEAD(nulls, oid) "binary:00000001" nulls oid "0000000200000001"
static const struct { uint32_t type, rep, size; field one, two; const char *is; } columns[] = {
    { SQLA_BOOL, SQLA_REP_FIXED, 1, { .i8 = 1 }, { .i8 = 0 }, HEAD("00000000", "00000010") "0000000101" "0000000100" },
    { SQLA_INT16, SQLA_REP_FIXED, 2, { .i16 = 1 }, { .i16 = 2 }, HEAD("00000000", "00000015") "000000020001" "000000020002" },
    { SQLA_INT32, SQLA_REP_FIXED, 4, { .i32 = 1 }, { .i32 = 2 }, HEAD("00000000", "00000017") "0000000400000001" "0000000400000002" },
    { SQLA_FLOAT64, SQLA_REP_FIXED, 8, { .f64 = 1.5 }, { .f64 = 0 }, HEAD("00000000", "000002bd") "000000083ff8000000000000" "000000080000000000000000" },
    { SQLA_TEXT, SQLA_REP_CSTR, 8, { .text = "ab" }, { .text = NULL }, HEAD("00000001", "00000019") "000000026162" "ffffffff" },
    { SQLA_DECIMAL, SQLA_REP_CSTR, 8, { .text = "1" }, { .text = "2" }, HEAD("00000000", "00000019") "0000000131" "0000000132" },
    { SQLA_JSON, SQLA_REP_CSTR, 8, { .text = "1" }, { .text = "2" }, HEAD("00000000", "00000019") "0000000131" "0000000132" },
    { SQLA_ENUM_TYPE, SQLA_REP_CSTR, 8, { .text = "a" }, { .text = "b" }, HEAD("00000000", "00000019") "0000000161" "0000000162" },
    { SQLA_BLOB, SQLA_REP_BYTES, 16, { .blob = { "a", 1 } }, { .blob = { "", 0 } }, HEAD("00000000", "00000011") "0000000161" "00000000" },
    { SQLA_DATE, SQLA_REP_FIXED, 4, { .i32 = 10957 }, { .i32 = 10958 }, HEAD("00000000", "0000043a") "0000000400000000" "0000000400000001" },
    { SQLA_TEXT, SQLA_REP_CSTR, 8, { .text = "ab" }, { .text = "\xff" }, "!is not valid UTF-8" },
};

static void columns__become_arrays(const char *url)
{
    (void)url;
    (void)linked_driver();
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_slot slot = slot_of(columns[i].type, columns[i].rep, columns[i].size);
        const sqla_plan plan = { sizeof plan, 1, &slot };
        sqla_driver_conn conn = { .lost = false };
        field one = columns[i].one, two = columns[i].two;
        void *const rows[] = { &one, &two };
        char sent[300] = "";
        slot.flags = SQLA_SLOT_NULLABLE;
        if (postgres__args_columns(&conn, &plan, rows, 2, opaque(&err)) == SQLA_OK)
            show_sent(&conn.args, sent);
        else
            err.row -= 1; /* it is the second one */
        check(columns[i].is, sent, &err, "column", i);
        postgres__args_release(&conn.args);
    }
}

static void plans__that_cannot_be_sent(const char *url)
{
    const sqla_slot fine = slot_of(SQLA_INT32, SQLA_REP_FIXED, 4);
    sqla_slot slots[2] = { fine, fine };
    const sqla_plan none = { sizeof none, 0, NULL }, two = { sizeof two, 2, slots }, many = { sizeof many, 65536, slots };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn conn = { .lost = false };
    Oid types[2];
    int32_t row = 0;
    void *const rows[] = { &row };
    (void)url;
    (void)linked_driver();
    CU_ASSERT_EQUAL(postgres__args_columns(&conn, NULL, rows, 1, opaque(&err)), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(postgres__args_columns(&conn, &none, rows, 1, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(postgres__args_columns(&conn, &many, rows, 1, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(postgres__args_columns(&conn, &two, rows, SIZE_MAX, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(postgres__args_row(&conn, NULL, &many, &row, 0, NULL), SQLA_ERR_SQL);
    static const int32_t wrong[] = { -1, 2, 0 }; /* the last is named twice */
    for (size_t i = 0; i < 3; i++) {
        slots[1].column = wrong[i];
        CU_ASSERT_EQUAL(postgres__plan_types(&two, false, types, NULL), SQLA_ERR_MISUSE);
        CU_ASSERT_EQUAL(postgres__args_columns(&conn, &two, rows, 1, NULL), SQLA_ERR_MISUSE);
        if (wrong[i] != 0)
            CU_ASSERT_EQUAL(postgres__args_row(&conn, NULL, &two, &row, 0, NULL), SQLA_ERR_MISUSE);
    }
    slots[1] = slot_of(SQLA_TYPE_COUNT_, SQLA_REP_FIXED, 4);
    slots[1].column = 1;
    CU_ASSERT_EQUAL(postgres__plan_types(&two, false, types, NULL), SQLA_ERR_UNSUPPORTED);
    slots[1].type = SQLA_NULL;
    CU_ASSERT_EQUAL(postgres__plan_types(&two, true, types, NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(postgres__plan_types(&two, false, types, NULL), SQLA_OK);
    CU_ASSERT(types[0] == PG_INT4 && types[1] == 0);
    slots[1].type = SQLA_ARRAY;
    slots[1].element = SQLA_INT64;
    CU_ASSERT_EQUAL(postgres__plan_types(&two, true, types, NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(postgres__plan_types(&two, false, types, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(types[1], 1016);
    slots[1].element = SQLA_ARRAY;
    CU_ASSERT_EQUAL(postgres__plan_types(&two, false, types, NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(postgres__plan_types(NULL, false, types, NULL), SQLA_OK);
    sqla_driver_stmt *stmt = stmt_for(PG_INT4);
    CU_ASSERT_EQUAL(postgres__args_row(&conn, stmt, &two, &row, 0, NULL), SQLA_ERR_SQL);
    free(stmt);
    postgres__args_release(&conn.args);
}

/* ---- arrays ---------------------------------------------------------------------------------------------------------- */

static const int32_t ints[] = { 1, 2 };
static const bool bools[] = { true };
static const int16_t shorts[] = { 5 };
static const double doubles[] = { 1.5 };
static const sqla_uuid uuids[] = { { { 1 } } };
static const sqla_blob blobs[] = { { "a", 1 }, { NULL, 0 } };
static const char *const texts[] = { "a\"b\\", NULL, "", "NULL" };
static const char *const bad_texts[] = { "\xff" };
static const sqla_value mixed[] = { { .type = SQLA_INT32, .as.i64 = 7 }, { .type = SQLA_NULL } };
#define ARRAY_OF(oid, count) "binary:00000001" "00000000" oid count "00000001"

static const struct { uint32_t element; sqla_array array; Oid expected; const char *is; } arrays[] = {
    { SQLA_INT32, { ints, 2, SQLA_INT32 }, 0, ARRAY_OF("00000017", "00000002") "0000000400000001" "0000000400000002" },
    { SQLA_INT32, { ints, 2, SQLA_INT32 }, 1007, ARRAY_OF("00000017", "00000002") "0000000400000001" "0000000400000002" },
    { SQLA_INT32, { ints, 2, SQLA_INT32 }, 1016, "!takes another type than this array has" },
    { SQLA_INT32, { NULL, 0, SQLA_INT32 }, 0, "binary:000000000000000000000017" },
    { SQLA_BOOL, { bools, 1, SQLA_BOOL }, 0, ARRAY_OF("00000010", "00000001") "0000000101" },
    { SQLA_INT16, { shorts, 1, SQLA_INT16 }, 0, ARRAY_OF("00000015", "00000001") "000000020005" },
    { SQLA_FLOAT64, { doubles, 1, SQLA_FLOAT64 }, 0, ARRAY_OF("000002bd", "00000001") "000000083ff8000000000000" },
    { SQLA_UUID, { uuids, 1, SQLA_UUID }, 0, ARRAY_OF("00000b86", "00000001") "0000001001000000000000000000000000000000" },
    { SQLA_BLOB, { blobs, 2, SQLA_BLOB }, 0, "binary:0000000100000001000000110000000200000001" "0000000161" "ffffffff" },
    { SQLA_TEXT, { texts, 4, SQLA_TEXT }, 0, "text:{\"a\\\"b\\\\\",NULL,\"\",\"NULL\"}" },
    { SQLA_TEXT, { texts, 4, SQLA_TEXT }, 1015, "text:{\"a\\\"b\\\\\",NULL,\"\",\"NULL\"}" },
    { SQLA_TEXT, { NULL, 0, SQLA_TEXT }, 0, "text:{}" },
    { SQLA_TEXT, { bad_texts, 1, SQLA_TEXT }, 0, "!is not valid UTF-8" },
    { SQLA_INT32, { mixed, 2, SQLA_NULL }, 0, "binary:0000000100000001000000170000000200000001" "0000000400000007" "ffffffff" },
    { SQLA_TEXT, { mixed, 1, SQLA_NULL }, 0, OTHER },
    { SQLA_NULL, { mixed + 1, 1, SQLA_NULL }, 0, "text:{NULL}" },
    { SQLA_INT64, { ints, 2, SQLA_INT32 }, 0, "!an array that cannot be sent" },
    { SQLA_INT32, { ints, 2, 99 }, 0, "!an array that cannot be sent" },
    { SQLA_ENUM_TYPE, { ints, 2, SQLA_ENUM_TYPE }, 0, "!an array that cannot be sent" },
    { SQLA_ARRAY, { ints, 2, SQLA_ARRAY }, 0, "!an array that cannot be sent" },
    { SQLA_INT32, { ints, UINT32_MAX, SQLA_INT32 }, 0, "!an array that cannot be sent" },
};

static void arrays__are_sent_or_refused(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_slot slot = slot_of(SQLA_ARRAY, SQLA_REP_VALUE, sizeof(sqla_value));
        const sqla_value value = { .type = SQLA_ARRAY, .as.array = arrays[i].array };
        char sent[400];
        slot.element = (uint8_t)arrays[i].element;
        (void)send(&slot, &value, arrays[i].expected, sent, &err);
        check(arrays[i].is, sent, &err, "array", i);
    }
}

/* ---- memory ---------------------------------------------------------------------------------------------------------- */

/* Each allocation on the way fails in turn; nothing is sent then, and everything the next time. */
static void memory__may_run_out(const char *url)
{
    char *text = calloc(1, 2001);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', 2000);
    const char *const long_texts[] = { text, text };
    const sqla_value many[] = { { .type = SQLA_ARRAY, .as.array = { long_texts, 2, SQLA_TEXT } }, { .type = SQLA_ARRAY, .as.array = { ints, 2, SQLA_INT32 } } };
    (void)url;
    (void)linked_driver();
    for (int way = 0; way < 4; way++) { /* a text that is copied, a column of texts, and the two arrays */
        sqla_slot slot = way == 1 ? slot_of(SQLA_TEXT, SQLA_REP_CSTR, sizeof text) : slot_of(SQLA_ARRAY, SQLA_REP_VALUE, sizeof(sqla_value));
        const sqla_plan plan = { sizeof plan, 1, &slot };
        const sqla_blob blob = { text, 2000 };
        void *rows[] = { &text, &text };
        sqla_status status = SQLA_ERR_NOMEM;
        uint64_t point = 1;
        slot.element = way == 2 ? SQLA_TEXT : SQLA_INT32;
        slot.flags = SQLA_SLOT_NULLABLE;
        if (way == 0)
            slot = slot_of(SQLA_TEXT, SQLA_REP_BYTES, sizeof blob);
        const void *row = way == 0 ? (const void *)&blob : &many[way == 3];
        for (; status == SQLA_ERR_NOMEM && point < 50; point++) {
            sqla_driver_conn conn = { .lost = false };
            sqla_error err = SQLA_ERROR_INIT;
            sqla__alloc_fail_at(point, false);
            status = way == 1 ? postgres__args_columns(&conn, &plan, rows, 2, opaque(&err)) : postgres__args_row(&conn, NULL, &plan, row, 1, opaque(&err));
            sqla__alloc_fail_at(0, false);
            CU_ASSERT_EQUAL(err.status, status);
            CU_ASSERT(status == SQLA_OK || status == SQLA_ERR_NOMEM);
            sqla_error_clear(&err);
            CU_ASSERT_EQUAL(way == 1 ? postgres__args_columns(&conn, &plan, rows, 2, opaque(&err)) :
                            postgres__args_row(&conn, NULL, &plan, row, 1, opaque(&err)), SQLA_OK);
            postgres__args_release(&conn.args);
        }
        CU_ASSERT(point > 2 && point < 50);
    }
    free(text);
}

/* ---- bytes ----------------------------------------------------------------------------------------------------------- */

static void buffers__refuse_what_cannot_be(const char *url)
{
    postgres__buf buf = { 0 };
    (void)url;
    (void)linked_driver();
    postgres__buf_add(&buf, "abc", 3);
    CU_ASSERT(buf.size == 3 && memcmp(buf.data, "abc", 3) == 0);
    CU_ASSERT_PTR_NULL(postgres__buf_more(&buf, SIZE_MAX / 2));
    CU_ASSERT(buf.broken && buf.size == 3);
    postgres__buf_add(&buf, "d", 1);
    CU_ASSERT_EQUAL(buf.size, 3);
    postgres__buf_release(&buf);
}

static void utf8__is_checked(const char *url)
{
    static const struct { const char *text; size_t size; bool valid; } cases[] = {
        { "", 0, true }, { "plain", 5, true }, { "a text of more than eight", 25, true }, { "eight by\0te", 11, false }, { "\0", 1, false },
        { "\303\274", 2, true }, { "\342\202\254", 3, true }, { "\360\237\230\200", 4, true }, { "\364\217\277\277", 4, true }, { "\303", 1, false },
        { "\200", 1, false }, { "\301\200", 2, false }, { "\365\200\200\200", 4, false }, { "\303a", 2, false }, { "\340\237\200", 3, false },
        { "\355\240\200", 3, false }, { "\360\217\200\200", 4, false }, { "\364\220\200\200", 4, false }, { "\340\240\200", 3, true }, { "\355\237\277", 3, true },
        { "\360\220\200\200", 4, true }, { "aaaaaaa\303\274", 9, true },
    };
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_EQUAL(postgres__utf8_valid(cases[i].text, cases[i].size), cases[i].valid);
}

/* How a stream is read that may be left, by its text. */
static void roads__of_texts(const char *url)
{
    static const struct { const char *text; postgres__road road;
    } table[] = {
        { "SELECT a FROM t", POSTGRES__GUARDED },
        { " ( (select 1))", POSTGRES__GUARDED },
        { "VALUES (1)", POSTGRES__GUARDED },
        { "TABLE t", POSTGRES__GUARDED },
        { "-- update\nSELECT 1", POSTGRES__GUARDED },
        { "/* /* x */ into */SELECT 1", POSTGRES__GUARDED },
        { "SELECT 'insert', E'\\' delete', \"update\", $$merge f($$, $x$ into $$ $x$, $1",
            POSTGRES__GUARDED },
        { "SELECT 'f(', 'it''s f()' WHERE a IN (1)", POSTGRES__GUARDED },
        { "SELECT count(*), Max (a) FROM generate_series(1, 2)", POSTGRES__GUARDED },
        { "WITH a AS (SELECT 1) SELECT * FROM a", POSTGRES__GUARDED },
        { "SELECT e'it''s \\' insert'", POSTGRES__GUARDED },
        { "SELECT a FROM t FOR UPDATE", POSTGRES__CURSOR },
        { "SELECT a FROM t FOR no KEY\nUPDATE OF t", POSTGRES__CURSOR },
        { "SELECT a FROM t FOR SHARE", POSTGRES__CURSOR },
        { "SELECT a FROM t FOR KEY SHARE", POSTGRES__CURSOR },
        { "SELECT f(a) FROM t", POSTGRES__CURSOR },
        { "SELECT \"F\" (a) FROM t", POSTGRES__CURSOR },
        { "SELECT s.f /* x */ (a)", POSTGRES__CURSOR },
        { "SELECT nextval('s')", POSTGRES__CURSOR },
        { "SELECT \xc3\xa4(1)", POSTGRES__CURSOR },
        { "SELECT a$b(1)", POSTGRES__CURSOR },
        { "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", POSTGRES__DIRECT },
        { "WITH u AS (UPDATE t SET a = 1 RETURNING *) SELECT f(a) FROM u FOR UPDATE", POSTGRES__DIRECT },
        { "SELECT a INTO b FROM t", POSTGRES__DIRECT },
        { "INSERT INTO t VALUES (1) RETURNING *", POSTGRES__DIRECT },
        { "EXPLAIN SELECT 1", POSTGRES__DIRECT },
        { "FETCH 1 FROM c", POSTGRES__DIRECT },
        { "", POSTGRES__DIRECT },
        { "SELECT 'not closed", POSTGRES__GUARDED },
        { "SELECT $x$ not closed f(", POSTGRES__GUARDED },
        { "SELECT /* not closed f(", POSTGRES__GUARDED },
        { "((", POSTGRES__DIRECT },
        { "SELECTED", POSTGRES__DIRECT },
    };
    (void)url;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        postgres__road road = postgres__road_of(table[i].text);
        if (road != table[i].road)
            fprintf(stderr, "'%s': road %d\n", table[i].text, (int)road);
        CU_ASSERT_EQUAL(road, table[i].road);
    }
}

static const struct harness_test tests[] = {
    { "roads of texts", roads__of_texts, HARNESS_PLAIN },
    { "values are sent or refused", values__are_sent_or_refused, HARNESS_PLAIN },
    { "fields are sent or refused", fields__are_sent_or_refused, HARNESS_PLAIN },
    { "a flag makes a null", flags__make_nulls, HARNESS_PLAIN },
    { "columns become arrays", columns__become_arrays, HARNESS_PLAIN },
    { "plans that cannot be sent", plans__that_cannot_be_sent, HARNESS_PLAIN },
    { "arrays are sent or refused", arrays__are_sent_or_refused, HARNESS_PLAIN },
    { "memory may run out", memory__may_run_out, HARNESS_PLAIN },
    { "buffers refuse what cannot be", buffers__refuse_what_cannot_be, HARNESS_PLAIN },
    { "UTF-8 is checked", utf8__is_checked, HARNESS_PLAIN },
};

int main(void)
{
    return harness_main("test-postgres-encode", tests, sizeof tests / sizeof tests[0]);
}
