/* test-sqlite-values.c: values on their way into SQLite and out of it, by table: each form in memory with what SQLite makes of
 * it, each kind of value in a file with what a slot makes of it, and all that must be refused, with the reason. */
#include <config.h>
#include "conform/kit.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define LENGTH(table) (sizeof(table) / sizeof *(table))
#define HUGE_SIZE ((size_t)3000000000u) /* more than SQLite takes */

/* Room for a value of any form, and the bool beside it. */
typedef union any {
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    const char *text;
    char chars[8];
    sqla_blob bytes;
    sqla_interval interval;
    sqla_uuid uuid;
    sqla_value value;
} any;
typedef struct cell { any v; bool set; } cell;

static const char *const colours[] = { "red", "green", "blue" };

static sqla_slot slot_of(int type, int rep, uint32_t size, unsigned flags)
{
    bool labelled = type == SQLA_ENUM_TYPE && (flags & 128) == 0; /* 128: this enum has no labels */
    return (sqla_slot){ .type = (uint8_t)type, .rep = (uint8_t)rep, .flags = (uint8_t)(flags & 127), .size = size, .set_offset = -1,
        .label_count = labelled ? 3 : 0, .labels = labelled ? colours : NULL, .name = "v" };
}

static void open_db(kit_conn *db)
{
    kit_must_open(db);
}

/* ---- into SQLite --------------------------------------------------------------------------------------------------- */

static bool sends(kit_conn *db, const sqla_slot *slot, const cell *c, sqla_status status, const char *expected)
{
    static const sqla_slot text_slot = { .type = SQLA_TEXT, .rep = SQLA_REP_CHARS, .size = 200, .set_offset = -1 };
    static const sqla_plan text_plan = { sizeof text_plan, 1, &text_slot };
    const sqla_plan plan = { sizeof plan, 1, slot };
    char text[200] = "";
    void *rows[] = { text };
    size_t count = 0;
    bool end;
    sqla_driver_result *result = NULL;
    sqla_status got = kit_exec(db, "SELECT typeof(?1) || ' ' || quote(?1)", &plan, c, 0, &result);
    if (got == SQLA_OK) {
        CU_ASSERT_EQUAL(kit_ops.result_fetch(result, &text_plan, rows, 1, NULL, &count, &end, KIT_ERR), SQLA_OK);
        kit_ops.result_close(result);
    }
    const char *said = got == SQLA_OK ? text : kit_last.message;
    bool ok = got == status && (got == SQLA_OK ? strcmp(said, expected) == 0 : strstr(said, expected) != NULL);
    if (!ok)
        fprintf(stderr, "type %d, form %d, %u bytes: %d: '%s' and not '%s'\n", slot->type, slot->rep, (unsigned)slot->size, (int)got, said, expected);
    return ok;
}

static void sent_as_they_are(const char *url)
{
    static const struct { int type, rep; uint32_t size; unsigned flags; any v; sqla_status status; const char *expected; } cases[] = {
        { SQLA_INT16, SQLA_REP_FIXED, 1, 0, { .i8 = -1 }, SQLA_OK, "integer -1" },
        { SQLA_INT16, SQLA_REP_FIXED, 1, SQLA_SLOT_UNSIGNED, { .i8 = -1 }, SQLA_OK, "integer 255" },
        { SQLA_INT16, SQLA_REP_FIXED, 2, 0, { .i16 = -2 }, SQLA_OK, "integer -2" },
        { SQLA_INT16, SQLA_REP_FIXED, 2, SQLA_SLOT_UNSIGNED, { .i16 = -2 }, SQLA_OK, "integer 65534" },
        { SQLA_INT32, SQLA_REP_FIXED, 4, 0, { .i32 = -3 }, SQLA_OK, "integer -3" },
        { SQLA_INT64, SQLA_REP_FIXED, 8, 0, { .i64 = INT64_MIN }, SQLA_OK, "integer -9223372036854775808" },
        { SQLA_BOOL, SQLA_REP_FIXED, 1, 0, { .i8 = 1 }, SQLA_OK, "integer 1" },
        { SQLA_BOOL, SQLA_REP_FIXED, 2, 0, { .i16 = 0x100 }, SQLA_OK, "integer 1" },
        { SQLA_BOOL, SQLA_REP_FIXED, 4, 0, { .i32 = 0x10000 }, SQLA_OK, "integer 1" },
        { SQLA_BOOL, SQLA_REP_FIXED, 8, 0, { .i64 = 0 }, SQLA_OK, "integer 0" },
        { SQLA_BOOL, SQLA_REP_FIXED, 3, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_INT32, SQLA_REP_FIXED, 3, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_FLOAT32, SQLA_REP_FIXED, 4, 0, { .f32 = 0.5f }, SQLA_OK, "real 0.5" },
        { SQLA_FLOAT64, SQLA_REP_FIXED, 8, 0, { .f64 = 0.25 }, SQLA_OK, "real 0.25" },
        { SQLA_FLOAT64, SQLA_REP_FIXED, 2, 0, { .f64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_FLOAT32, SQLA_REP_FIXED, 4, 0, { .f32 = NAN }, SQLA_ERR_DATA, "NaN" },
        { SQLA_FLOAT64, SQLA_REP_FIXED, 8, 0, { .f64 = NAN }, SQLA_ERR_DATA, "NaN" },
        { SQLA_DATE, SQLA_REP_FIXED, 4, 0, { .i32 = 0 }, SQLA_OK, "text '1970-01-01'" },
        { SQLA_DATE, SQLA_REP_FIXED, 4, 0, { .i32 = SQLA_DATE_INFINITY }, SQLA_ERR_DATA, "no infinity" },
        { SQLA_DATE, SQLA_REP_FIXED, 4, 0, { .i32 = SQLA_DATE_MINUS_INFINITY }, SQLA_ERR_DATA, "no infinity" },
        { SQLA_DATE, SQLA_REP_FIXED, 8, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_TIME, SQLA_REP_FIXED, 8, 0, { .i64 = 86400000000 }, SQLA_OK, "text '24:00:00.000000'" },
        { SQLA_TIME, SQLA_REP_FIXED, 8, 0, { .i64 = 86400000001 }, SQLA_ERR_DATA, "not a time of a day" },
        { SQLA_TIME, SQLA_REP_FIXED, 8, 0, { .i64 = -1 }, SQLA_ERR_DATA, "not a time of a day" },
        { SQLA_TIME, SQLA_REP_FIXED, 8, SQLA_SLOT_MICROS, { .i64 = 1 }, SQLA_OK, "text '00:00:00.000001'" },
        { SQLA_TIME, SQLA_REP_FIXED, 4, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, { .i64 = -1 }, SQLA_OK, "text '1969-12-31 23:59:59.999999'" },
        { SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, SQLA_SLOT_MICROS, { .i64 = -1 }, SQLA_OK, "integer -1" },
        { SQLA_LOCAL_TIMESTAMP, SQLA_REP_FIXED, 8, 0, { .i64 = SQLA_TIMESTAMP_INFINITY }, SQLA_ERR_DATA, "no infinity" },
        { SQLA_LOCAL_TIMESTAMP, SQLA_REP_FIXED, 8, 0, { .i64 = SQLA_TIMESTAMP_MINUS_INFINITY }, SQLA_ERR_DATA, "no infinity" },
        { SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, { .interval = { -1, 2, -1500000 } }, SQLA_OK, "text 'P-1M2DT-1.500000S'" },
        { SQLA_INTERVAL, SQLA_REP_FIXED, 8, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_UUID, SQLA_REP_FIXED, 16, 0, { .uuid = { { 1, 0xab } } }, SQLA_OK, "text '01ab0000-0000-0000-0000-000000000000'" },
        { SQLA_UUID, SQLA_REP_FIXED, 8, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, 0, { .i32 = 2 }, SQLA_OK, "text 'blue'" },
        { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, 0, { .i32 = 3 }, SQLA_ERR_DATA, "none of the labels" },
        { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, 0, { .i32 = -1 }, SQLA_ERR_DATA, "none of the labels" },
        { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 3, 0, { .i32 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, 128, { .i32 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_ENUM_TYPE, SQLA_REP_CSTR, 8, 0, { .text = "green" }, SQLA_OK, "text 'green'" },
        { SQLA_ENUM_TYPE, SQLA_REP_CSTR, 8, 0, { .text = "pink" }, SQLA_ERR_DATA, "none of the labels" },
        { SQLA_ENUM_TYPE, SQLA_REP_CSTR, 8, 128, { .text = "pink" }, SQLA_OK, "text 'pink'" },
        { SQLA_TEXT, SQLA_REP_CSTR, 8, 0, { .text = "it's" }, SQLA_OK, "text 'it''s'" },
        { SQLA_TEXT, SQLA_REP_CSTR, 8, 0, { .text = "\xff" }, SQLA_ERR_DATA, "UTF-8" },
        { SQLA_TEXT, SQLA_REP_CSTR, 8, 0, { .text = NULL }, SQLA_ERR_NOT_NULL, "must have a value" },
        { SQLA_TEXT, SQLA_REP_CSTR, 8, SQLA_SLOT_NULLABLE, { .text = NULL }, SQLA_OK, "null NULL" },
        { SQLA_DECIMAL, SQLA_REP_CSTR, 8, 0, { .text = "-12.50e3" }, SQLA_OK, "text '-12.50e3'" },
        { SQLA_DECIMAL, SQLA_REP_CSTR, 8, 0, { .text = "+1E-3" }, SQLA_OK, "text '+1E-3'" },
        { SQLA_DECIMAL, SQLA_REP_CSTR, 8, 0, { .text = "1e" }, SQLA_ERR_DATA, "not a decimal number" },
        { SQLA_DECIMAL, SQLA_REP_CSTR, 8, 0, { .text = "NaN" }, SQLA_ERR_DATA, "not a decimal number" },
        { SQLA_JSON, SQLA_REP_CSTR, 8, 0, { .text = "{}" }, SQLA_OK, "text '{}'" },
        { SQLA_TEXT, SQLA_REP_BYTES, 16, 0, { .bytes = { "abc", 2 } }, SQLA_OK, "text 'ab'" },
        { SQLA_TEXT, SQLA_REP_BYTES, 16, 0, { .bytes = { "", 0 } }, SQLA_OK, "text ''" },
        { SQLA_TEXT, SQLA_REP_BYTES, 16, 0, { .bytes = { "a\0b", 3 } }, SQLA_ERR_DATA, "NUL inside" },
        { SQLA_TEXT, SQLA_REP_BYTES, 16, 0, { .bytes = { "a", HUGE_SIZE } }, SQLA_ERR_RESOURCE, "LIMIT" },
        { SQLA_TEXT, SQLA_REP_BYTES, 16, 0, { .bytes = { NULL, 0 } }, SQLA_ERR_NOT_NULL, "must have a value" },
        { SQLA_BLOB, SQLA_REP_BYTES, 16, 0, { .bytes = { "a\0b", 3 } }, SQLA_OK, "blob X'610062'" },
        { SQLA_BLOB, SQLA_REP_BYTES, 16, 0, { .bytes = { "", 0 } }, SQLA_OK, "blob X''" },
        { SQLA_BLOB, SQLA_REP_BYTES, 16, 0, { .bytes = { "a", HUGE_SIZE } }, SQLA_ERR_RESOURCE, "LIMIT" },
        { SQLA_BLOB, SQLA_REP_BYTES, 16, SQLA_SLOT_NULLABLE, { .bytes = { NULL, 0 } }, SQLA_OK, "null NULL" },
        { SQLA_TEXT, SQLA_REP_CHARS, 8, 0, { .chars = "seven.." }, SQLA_OK, "text 'seven..'" },
        { SQLA_TEXT, SQLA_REP_CHARS, 8, 0, { .chars = { 'e', 'i', 'g', 'h', 't', '.', '.', '.' } }, SQLA_ERR_DATA, "no NUL within its size" },
        { SQLA_TEXT, SQLA_REP_FIXED, 8, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_NULL, SQLA_REP_FIXED, 8, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_ARRAY, SQLA_REP_FIXED, 16, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_INT64, SQLA_REP_CSTR, 8, 0, { .text = "1" }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_INT64, SQLA_REP_BYTES, 16, 0, { .text = "1" }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_BLOB, SQLA_REP_CHARS, 8, 0, { .chars = "1" }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_INT64, SQLA_REP_ROW_NUMBER, 8, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
        { SQLA_INT64, 99, 8, 0, { .i64 = 0 }, SQLA_ERR_UNSUPPORTED, "do not go together" },
    };
    kit_conn db;
    (void)url;
    open_db(&db);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const sqla_slot slot = slot_of(cases[i].type, cases[i].rep, cases[i].size, cases[i].flags);
        const cell c = { .v = cases[i].v };
        CU_ASSERT(sends(&db, &slot, &c, cases[i].status, cases[i].expected));
        sqla_status status = cases[i].status;
        if (status == SQLA_ERR_DATA || status == SQLA_ERR_RESOURCE || status == SQLA_ERR_NOT_NULL)
            CU_ASSERT_STRING_EQUAL(kit_last.column, "v");
    }
    kit_close(&db);
}

#define V(type_, member, ...) { .type = (type_), .as = { .member = __VA_ARGS__ } }

static void sent_as_values(const char *url)
{
    static const struct { sqla_value v; sqla_status status; const char *expected; } cases[] = {
        { V(SQLA_NULL, i64, 1), SQLA_ERR_NOT_NULL, "must have a value" },
        { V(SQLA_BOOL, i64, 7), SQLA_OK, "integer 1" },
        { V(SQLA_INT16, i64, -32768), SQLA_OK, "integer -32768" },
        { V(SQLA_INT16, i64, 32768), SQLA_ERR_DATA, "out of range for a 16-bit" },
        { V(SQLA_INT32, i64, 2147483647), SQLA_OK, "integer 2147483647" },
        { V(SQLA_INT32, i64, 2147483648), SQLA_ERR_DATA, "out of range for a 32-bit" },
        { V(SQLA_INT64, i64, INT64_MAX), SQLA_OK, "integer 9223372036854775807" },
        { V(SQLA_FLOAT32, f64, 0.5), SQLA_OK, "real 0.5" },
        { V(SQLA_FLOAT64, f64, NAN), SQLA_ERR_DATA, "NaN" },
        { V(SQLA_TEXT, bytes, { "text", 4 }), SQLA_OK, "text 'text'" },
        { V(SQLA_TEXT, bytes, { NULL, 4 }), SQLA_ERR_NOT_NULL, "must have a value" },
        { V(SQLA_DECIMAL, bytes, { "1.", 2 }), SQLA_OK, "text '1.'" },
        { V(SQLA_DECIMAL, bytes, { ".", 1 }), SQLA_ERR_DATA, "not a decimal number" },
        { V(SQLA_JSON, bytes, { "[]", 2 }), SQLA_OK, "text '[]'" },
        { V(SQLA_BLOB, bytes, { "\1", 1 }), SQLA_OK, "blob X'01'" },
        { V(SQLA_BLOB, bytes, { NULL, 1 }), SQLA_ERR_NOT_NULL, "must have a value" },
        { V(SQLA_DATE, i64, 19782), SQLA_OK, "text '2024-02-29'" },
        { V(SQLA_DATE, i64, INT64_C(1) << 40), SQLA_ERR_DATA, "out of the range" },
        { V(SQLA_TIME, i64, 1000000), SQLA_OK, "text '00:00:01.000000'" },
        { V(SQLA_TIMESTAMP, i64, 0), SQLA_OK, "text '1970-01-01 00:00:00.000000'" },
        { V(SQLA_LOCAL_TIMESTAMP, i64, 0), SQLA_OK, "text '1970-01-01 00:00:00.000000'" },
        { V(SQLA_INTERVAL, interval, { 0, 0, 1 }), SQLA_OK, "text 'P0M0DT0.000001S'" },
        { V(SQLA_UUID, uuid, { { 0xff } }), SQLA_OK, "text 'ff000000-0000-0000-0000-000000000000'" },
        { V(SQLA_ENUM_TYPE, i64, 1), SQLA_ERR_DATA, "none of the labels" }, /* the slot knows none */
        { V(SQLA_ARRAY, i64, 0), SQLA_ERR_UNSUPPORTED, "no arrays" },
        { V(200, i64, 0), SQLA_ERR_UNSUPPORTED, "not known" },
    };
    kit_conn db;
    sqla_slot slot = slot_of(SQLA_NULL, SQLA_REP_VALUE, sizeof(sqla_value), 0);
    (void)url;
    open_db(&db);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const cell c = { .v = { .value = cases[i].v } };
        CU_ASSERT(sends(&db, &slot, &c, cases[i].status, cases[i].expected));
    }
    slot.flags = SQLA_SLOT_NULLABLE;
    CU_ASSERT(sends(&db, &slot, &(cell){ .v = { .value = { .type = SQLA_NULL } } }, SQLA_OK, "null NULL"));
    CU_ASSERT(sends(&db, &slot, &(cell){ .v = { .value = { .type = SQLA_TEXT } } }, SQLA_OK, "null NULL"));
    kit_close(&db);
}

/* A value that is told to be absent, and a failure in a slot without a name. */
static void sent_or_not(const char *url)
{
    kit_conn db;
    sqla_slot slot = slot_of(SQLA_INT64, SQLA_REP_FIXED, 8, SQLA_SLOT_NULLABLE);
    (void)url;
    open_db(&db);
    slot.set_offset = offsetof(cell, set);
    CU_ASSERT(sends(&db, &slot, &(cell){ .v = { .i64 = 5 }, .set = true }, SQLA_OK, "integer 5"));
    CU_ASSERT(sends(&db, &slot, &(cell){ .v = { .i64 = 5 } }, SQLA_OK, "null NULL"));
    slot.flags = 0;
    CU_ASSERT(sends(&db, &slot, &(cell){ .v = { .i64 = 5 } }, SQLA_ERR_NOT_NULL, "column 'v'"));
    CU_ASSERT_STRING_EQUAL(kit_last.sqlstate, "23502");
    slot.name = NULL;
    CU_ASSERT(sends(&db, &slot, &(cell){ .v = { .i64 = 5 } }, SQLA_ERR_NOT_NULL, "parameter 1"));
    slot.column = 1;
    CU_ASSERT(sends(&db, &slot, &(cell){ .set = true }, SQLA_ERR_MISUSE, "does not name each of them once"));
    slot.column = -1;
    CU_ASSERT(sends(&db, &slot, &(cell){ .set = true }, SQLA_ERR_MISUSE, "does not name each of them once"));
    kit_close(&db);
}

/* Two that are named twice have the same sum as the four of which two are not named. */
static void named_once(const char *url)
{
    kit_conn db;
    const cell c = { .v = { .i64 = 5 }, .set = true };
    sqla_slot slots[4];
    const int32_t columns[4] = { 0, 3, 3, 0 };
    for (int i = 0; i < 4; i++) {
        slots[i] = slot_of(SQLA_INT64, SQLA_REP_FIXED, 8, 0);
        slots[i].column = columns[i];
    }
    const sqla_plan plan = { sizeof plan, 4, slots };
    const sqla_statement statement = { sizeof statement, 0, "SELECT ?, ?, ?, ?", 17, NULL };
    const sqla_exec_options options = { .struct_size = sizeof options };
    sqla_driver_result *result = NULL;
    (void)url;
    open_db(&db);
    kit_clear();
    EXPECT(kit_ops.exec(db.handle, &statement, &plan, &c, &options, &result, KIT_ERR), SQLA_ERR_MISUSE);
    CU_ASSERT_PTR_NULL(result);
    CU_ASSERT_PTR_NOT_NULL(strstr(kit_last.message, "does not name each of them once"));
    kit_close(&db);
}

/* ---- out of SQLite ------------------------------------------------------------------------------------------------- */

/* What stands in a cell, as text. */
static const char *shown(const sqla_slot *slot, const cell *c)
{
    static char text[160];
    sqla_value v = c->v.value;
    int64_t n = slot->size == 1 ? (slot->flags & SQLA_SLOT_UNSIGNED) != 0 ? (uint8_t)c->v.i8 : c->v.i8 :
                slot->size == 2 ? (slot->flags & SQLA_SLOT_UNSIGNED) != 0 ? (uint16_t)c->v.i16 : c->v.i16 :
                slot->size == 4 ? c->v.i32 : c->v.i64;
    bool real = slot->type == SQLA_FLOAT32 || slot->type == SQLA_FLOAT64;
    if (slot->rep == SQLA_REP_CSTR)
        snprintf(text, sizeof text, "%s", c->v.text != NULL ? c->v.text : "NULL");
    else if (slot->rep == SQLA_REP_CHARS)
        snprintf(text, sizeof text, "%s", c->v.chars);
    else if (slot->rep == SQLA_REP_BYTES)
        snprintf(text, sizeof text, "%zu %s", c->v.bytes.size, c->v.bytes.data != NULL ? (const char *)c->v.bytes.data : "NULL");
    else if (slot->rep == SQLA_REP_VALUE && (v.type == SQLA_FLOAT64 || v.type == SQLA_FLOAT32))
        snprintf(text, sizeof text, "%u %g", v.type, v.as.f64);
    else if (slot->rep == SQLA_REP_VALUE && (v.type == SQLA_TEXT || v.type == SQLA_BLOB || v.type == SQLA_DECIMAL || v.type == SQLA_JSON))
        snprintf(text, sizeof text, "%u %s", v.type, (const char *)v.as.bytes.data);
    else if (slot->rep == SQLA_REP_VALUE && v.type == SQLA_INTERVAL)
        snprintf(text, sizeof text, "%u %d %d %lld", v.type, (int)v.as.interval.months, (int)v.as.interval.days, (long long)v.as.interval.micros);
    else if (slot->rep == SQLA_REP_VALUE && v.type == SQLA_UUID)
        snprintf(text, sizeof text, "%u %02x%02x", v.type, v.as.uuid.bytes[0], v.as.uuid.bytes[15]);
    else if (slot->rep == SQLA_REP_VALUE)
        snprintf(text, sizeof text, "%u %lld", v.type, (long long)v.as.i64);
    else if (slot->type == SQLA_INTERVAL)
        snprintf(text, sizeof text, "%d %d %lld", (int)c->v.interval.months, (int)c->v.interval.days, (long long)c->v.interval.micros);
    else if (slot->type == SQLA_UUID)
        snprintf(text, sizeof text, "%02x%02x", c->v.uuid.bytes[0], c->v.uuid.bytes[15]);
    else if (real)
        snprintf(text, sizeof text, "%g", slot->size == 4 ? (double)c->v.f32 : c->v.f64);
    else
        snprintf(text, sizeof text, "%lld", (long long)n);
    return text;
}

static bool gives(kit_conn *db, const char *value, const sqla_slot *slot, sqla_status status, const char *expected)
{
    const sqla_plan plan = { sizeof plan, 1, slot };
    cell c;
    void *rows[] = { &c };
    size_t count = 0;
    bool end;
    kit_arena arena;
    char sql[600];
    sqla_driver_result *result = NULL;
    memset(&c, 0x55, sizeof c);
    kit_arena_init(&arena);
    snprintf(sql, sizeof sql, "SELECT %s AS v", value);
    sqla_status got = kit_exec(db, sql, NULL, NULL, 0, &result);
    if (got == SQLA_OK) {
        got = kit_ops.result_fetch(result, &plan, rows, 1, &arena.base, &count, &end, KIT_ERR);
        kit_ops.result_close(result);
    }
    const char *said = got == SQLA_OK ? shown(slot, &c) : kit_last.message;
    bool ok = got == status && (got == SQLA_OK ? count == 1 && strcmp(said, expected) == 0 : strstr(said, expected) != NULL);
    if (!ok)
        fprintf(stderr, "%s as type %d, form %d, %u bytes: %d: '%s' and not '%s'\n", value, slot->type, slot->rep, (unsigned)slot->size, (int)got,
            said, expected);
    kit_arena_release(&arena);
    return ok;
}

typedef struct taken { const char *value; int type, rep; uint32_t size; unsigned flags; sqla_status status; const char *expected; } taken;

static void try_taken(const taken *cases, size_t n)
{
    kit_conn db;
    open_db(&db);
    for (size_t i = 0; i < n; i++) {
        const sqla_slot slot = slot_of(cases[i].type, cases[i].rep, cases[i].size, cases[i].flags);
        CU_ASSERT(gives(&db, cases[i].value, &slot, cases[i].status, cases[i].expected));
    }
    kit_close(&db);
}

static void numbers_taken(const char *url)
{
    static const taken cases[] = {
        { "-128", SQLA_INT16, SQLA_REP_FIXED, 1, 0, SQLA_OK, "-128" },
        { "128", SQLA_INT16, SQLA_REP_FIXED, 1, 0, SQLA_ERR_DATA, "an 8-bit integer: the integer 128" },
        { "255", SQLA_INT16, SQLA_REP_FIXED, 1, SQLA_SLOT_UNSIGNED, SQLA_OK, "255" },
        { "-1", SQLA_INT16, SQLA_REP_FIXED, 1, SQLA_SLOT_UNSIGNED, SQLA_ERR_DATA, "an unsigned 8-bit" },
        { "-32768", SQLA_INT16, SQLA_REP_FIXED, 2, 0, SQLA_OK, "-32768" },
        { "32768", SQLA_INT16, SQLA_REP_FIXED, 2, 0, SQLA_ERR_DATA, "a 16-bit" },
        { "65535", SQLA_INT16, SQLA_REP_FIXED, 2, SQLA_SLOT_UNSIGNED, SQLA_OK, "65535" },
        { "65536", SQLA_INT16, SQLA_REP_FIXED, 2, SQLA_SLOT_UNSIGNED, SQLA_ERR_DATA, "an unsigned 16-bit" },
        { "2147483648", SQLA_INT32, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "a 32-bit" },
        { "5", SQLA_INT32, SQLA_REP_FIXED, 3, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "''", SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "not an integer: an empty text" },
        { "'-'", SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "not an integer: the text '-'" },
        { "'-9223372036854775808'", SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_OK, "-9223372036854775808" },
        { "'9223372036854775808'", SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "not an integer" },
        { "'92233720368547758070'", SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "not an integer" },
        { "'9223372036854775809'", SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "not an integer" },
        { "'-0'", SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "not an integer" },
        { "'1/'", SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "not an integer" },
        { "-9.3e18", SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "not an integer: the real -9.3" },
        { "x'0102'", SQLA_INT32, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "not an integer: a blob of 2 bytes" },
        { "'TRUE'", SQLA_BOOL, SQLA_REP_FIXED, 1, 0, SQLA_OK, "1" },
        { "'false'", SQLA_BOOL, SQLA_REP_FIXED, 4, 0, SQLA_OK, "0" },
        { "CAST(x'7472756500' AS TEXT)", SQLA_BOOL, SQLA_REP_FIXED, 1, 0, SQLA_ERR_DATA, "no bool" },
        { "'1'", SQLA_BOOL, SQLA_REP_FIXED, 1, 0, SQLA_OK, "1" },
        { "2", SQLA_BOOL, SQLA_REP_FIXED, 1, 0, SQLA_ERR_DATA, "neither 0 nor 1" },
        { "1", SQLA_BOOL, SQLA_REP_FIXED, 3, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "x'01'", SQLA_FLOAT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "not a number" },
        { "-9007199254740993", SQLA_FLOAT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "cannot hold all its digits" },
        { "1e999", SQLA_FLOAT32, SQLA_REP_FIXED, 4, 0, SQLA_OK, "inf" },
        { "-1e300", SQLA_FLOAT32, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "out of range for a 32-bit floating" },
        { "'x'", SQLA_FLOAT32, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "not a number" },
        { "1", SQLA_FLOAT32, SQLA_REP_FIXED, 2, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "NULL", SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "it is NULL, and must have a value" },
        { "NULL", SQLA_INT64, SQLA_REP_FIXED, 8, SQLA_SLOT_NULLABLE, SQLA_ERR_DATA, "there is no place that says so" },
        { "NULL", SQLA_TEXT, SQLA_REP_CHARS, 8, SQLA_SLOT_NULLABLE, SQLA_ERR_DATA, "there is no place that says so" },
        { "5", SQLA_INT64, 99, 8, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "5", SQLA_NULL, SQLA_REP_FIXED, 8, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
    };
    (void)url;
    try_taken(cases, LENGTH(cases));
}

#define LONG_TEXT "'0123456789012345678901234567890123456789012345678901234567\xe2\x82\xac\xe2\x82\xac'"

static void texts_taken(const char *url)
{
    static const taken cases[] = {
        { "'text'", SQLA_TEXT, SQLA_REP_CSTR, 8, 0, SQLA_OK, "text" },
        { "12", SQLA_TEXT, SQLA_REP_CSTR, 8, 0, SQLA_OK, "12" },
        { "1.5", SQLA_TEXT, SQLA_REP_CSTR, 8, 0, SQLA_ERR_DATA, "more than one text" },
        { "1.5", SQLA_DECIMAL, SQLA_REP_CSTR, 8, 0, SQLA_ERR_DATA, "may be rounded" },
        { "x'61'", SQLA_TEXT, SQLA_REP_CSTR, 8, 0, SQLA_ERR_DATA, "a blob, and no text: a blob of 1 bytes" },
        { "CAST(x'610062' AS TEXT)", SQLA_TEXT, SQLA_REP_CSTR, 8, 0, SQLA_ERR_DATA, "NUL inside, which a C string cannot hold: a text of 3 bytes" },
        { "CAST(x'ff' AS TEXT)", SQLA_TEXT, SQLA_REP_CSTR, 8, 0, SQLA_ERR_DATA, "not valid UTF-8: a text of 1 bytes" },
        { "NULL", SQLA_TEXT, SQLA_REP_CSTR, 8, SQLA_SLOT_NULLABLE, SQLA_OK, "NULL" },
        { "NULL", SQLA_TEXT, SQLA_REP_BYTES, 16, SQLA_SLOT_NULLABLE, SQLA_OK, "0 NULL" },
        { "'seven..'", SQLA_TEXT, SQLA_REP_CHARS, 8, 0, SQLA_OK, "seven.." },
        { "'eight...'", SQLA_TEXT, SQLA_REP_CHARS, 8, 0, SQLA_ERR_DATA, "too long for its char[]" },
        { "'x'", SQLA_TEXT, SQLA_REP_CHARS, 0, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "CAST(x'610062' AS TEXT)", SQLA_TEXT, SQLA_REP_CHARS, 8, 0, SQLA_ERR_DATA, "NUL inside" },
        { "CAST(x'610062' AS TEXT)", SQLA_TEXT, SQLA_REP_BYTES, 16, 0, SQLA_OK, "3 a" },
        { "x'6162'", SQLA_BLOB, SQLA_REP_BYTES, 16, 0, SQLA_OK, "2 ab" },
        { "'text'", SQLA_BLOB, SQLA_REP_BYTES, 16, 0, SQLA_OK, "4 text" },
        { "x''", SQLA_BLOB, SQLA_REP_BYTES, 16, 0, SQLA_OK, "0 " },
        { "5", SQLA_BLOB, SQLA_REP_BYTES, 16, 0, SQLA_ERR_DATA, "a number, and no bytes" },
        { "5", SQLA_INT64, SQLA_REP_BYTES, 16, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "5", SQLA_INT64, SQLA_REP_CSTR, 8, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "'blue'", SQLA_ENUM_TYPE, SQLA_REP_FIXED, 1, 0, SQLA_OK, "2" },
        { "'pink'", SQLA_ENUM_TYPE, SQLA_REP_FIXED, 1, 0, SQLA_ERR_DATA, "none of the labels: the text 'pink'" },
        { "CAST(x'7265640078' AS TEXT)", SQLA_ENUM_TYPE, SQLA_REP_FIXED, 1, 0, SQLA_ERR_DATA, "none of the labels" },
        { "1.5", SQLA_ENUM_TYPE, SQLA_REP_FIXED, 1, 0, SQLA_ERR_DATA, "floating point" },
        { "'red'", SQLA_ENUM_TYPE, SQLA_REP_FIXED, 3, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "'red'", SQLA_ENUM_TYPE, SQLA_REP_FIXED, 1, 128, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { LONG_TEXT, SQLA_INT64, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "4567'..." }, /* cut before a character, not within */
        { "'' || 1.5", SQLA_TEXT, SQLA_REP_CSTR, 8, 0, SQLA_OK, "1.5" },
    };
    (void)url;
    try_taken(cases, LENGTH(cases));
}

static void forms_taken(const char *url)
{
    static const taken cases[] = {
        { "'1970-01-02'", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_OK, "1" },
        { "'1970-01-02 00:00:00'", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_OK, "1" },
        { "'1970-01-02 00:00:01'", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'2023-02-29'", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'2024-13-01'", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'2024/01/01'", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'2024-01x01'", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'2024-01'", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'abcd-01-01'", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "2460000", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "counts from where" },
        { "x'00'", SQLA_DATE, SQLA_REP_FIXED, 4, 0, SQLA_ERR_DATA, "a blob, and no text" },
        { "'1970-01-01'", SQLA_DATE, SQLA_REP_FIXED, 8, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "'00:01'", SQLA_TIME, SQLA_REP_FIXED, 8, 0, SQLA_OK, "60000000" },
        { "'24:00:00'", SQLA_TIME, SQLA_REP_FIXED, 8, 0, SQLA_OK, "86400000000" },
        { "'24:00:01'", SQLA_TIME, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'00:00:01.5000000'", SQLA_TIME, SQLA_REP_FIXED, 8, 0, SQLA_OK, "1500000" },
        { "'00:00:01.5000001'", SQLA_TIME, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'00:00:01.'", SQLA_TIME, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'00:00:61'", SQLA_TIME, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'00:60'", SQLA_TIME, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'0001'", SQLA_TIME, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "1.5", SQLA_TIME, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "counts from where" },
        { "'00:01'", SQLA_TIME, SQLA_REP_FIXED, 4, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "'1970-01-01'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_OK, "0" },
        { "'1970-01-01T01:00:00Z'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_OK, "3600000000" },
        { "'1970-01-01t01:00:00z'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_OK, "3600000000" },
        { "'1970-01-01 01:00:00+01:30'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_OK, "-1800000000" },
        { "'1970-01-01 01:00:00-0130'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_OK, "9000000000" },
        { "'1970-01-01 01:00:00+02'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_OK, "-3600000000" },
        { "'1970-01-01 01:00:00+16'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'1970-01-01 01:00:00+01:99'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'1970-01-01 01:00:00 UTC'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'1970-01-01x01:00'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'1970-01-01 01:00:00Z'", SQLA_LOCAL_TIMESTAMP, SQLA_REP_FIXED, 8, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "17", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, SQLA_SLOT_MICROS, SQLA_OK, "17" },
        { "'1970-01-01 00:00:01'", SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, SQLA_SLOT_MICROS, SQLA_OK, "1000000" },
        { "'P1Y2M3W4DT5H6M7.5S'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_OK, "14 25 18367500000" },
        { "'P-1MT-0.5S'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_OK, "-1 0 -500000" },
        { "'P+1D'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_OK, "0 1 0" },
        { "'1D'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'P1'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'PD'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'PT1D'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'PT1W'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'PT1Y'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'P1H'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'P1S'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'P1X'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'PT1.S'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'PT1.5'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'P3000000000D'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'P99999999999999999999D'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'PT9000000000000000H'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'PT9000000000000S9000000000000S'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "5", SQLA_INTERVAL, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "counts from where" },
        { "'P1D'", SQLA_INTERVAL, SQLA_REP_FIXED, 8, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
        { "x'01000000000000000000000000000002'", SQLA_UUID, SQLA_REP_FIXED, 16, 0, SQLA_OK, "0102" },
        { "'010000000000000000000000000000FA'", SQLA_UUID, SQLA_REP_FIXED, 16, 0, SQLA_OK, "01fa" },
        { "x'01'", SQLA_UUID, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "a blob, and no text" },
        { "'01000000-0000-0000-0000_000000000002'", SQLA_UUID, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'0100000000000000000000000000000:'", SQLA_UUID, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'01000000000000000000000000000`00'", SQLA_UUID, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'0100000000000000000000000000@000'", SQLA_UUID, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'01'", SQLA_UUID, SQLA_REP_FIXED, 16, 0, SQLA_ERR_DATA, "form of the column's type" },
        { "'01'", SQLA_UUID, SQLA_REP_FIXED, 8, 0, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
    };
    (void)url;
    try_taken(cases, LENGTH(cases));
}

/* As a value with its type: the one that the slot asks for, or the one that is there. */
static void values_taken(const char *url)
{
    static const struct { const char *value; sqla_type type; sqla_status status; const char *shown; } cases[] = {
        { "5", SQLA_NULL, SQLA_OK, "5" },
        { "1.5", SQLA_NULL, SQLA_OK, "1.5" },
        { "'x'", SQLA_NULL, SQLA_OK, "x" },
        { "x'79'", SQLA_NULL, SQLA_OK, "y" },
        { "1", SQLA_BOOL, SQLA_OK, "1" },
        { "3", SQLA_BOOL, SQLA_ERR_DATA, "neither 0 nor 1" },
        { "-32768", SQLA_INT16, SQLA_OK, "-32768" },
        { "32768", SQLA_INT16, SQLA_ERR_DATA, "16-bit" },
        { "2147483647", SQLA_INT32, SQLA_OK, "2147483647" },
        { "2147483648", SQLA_INT32, SQLA_ERR_DATA, "32-bit" },
        { "'x'", SQLA_INT64, SQLA_ERR_DATA, "not an integer" },
        { "0.5", SQLA_FLOAT32, SQLA_OK, "0.5" },
        { "0.1", SQLA_FLOAT64, SQLA_OK, "0.1" },
        { "'1.50'", SQLA_DECIMAL, SQLA_OK, "1.50" },
        { "'{}'", SQLA_JSON, SQLA_OK, "{}" },
        { "'x'", SQLA_BLOB, SQLA_OK, "x" },
        { "'1970-01-03'", SQLA_DATE, SQLA_OK, "2" },
        { "'x'", SQLA_DATE, SQLA_ERR_DATA, "form of the column's type" },
        { "'00:00:01'", SQLA_TIME, SQLA_OK, "1000000" },
        { "'1970-01-01 00:00:01'", SQLA_TIMESTAMP, SQLA_OK, "1000000" },
        { "'1970-01-01 00:00:01'", SQLA_LOCAL_TIMESTAMP, SQLA_OK, "1000000" },
        { "'P1D'", SQLA_INTERVAL, SQLA_OK, "0 1 0" },
        { "x'01000000000000000000000000000002'", SQLA_UUID, SQLA_OK, "0102" },
        { "'green'", SQLA_ENUM_TYPE, SQLA_OK, "1" },
        { "5", SQLA_ARRAY, SQLA_ERR_DATA, "its type is not known" },
        { "5", (sqla_type)200, SQLA_ERR_UNSUPPORTED, "cannot be read in this form" },
    };
    kit_conn db;
    char expected[100];
    (void)url;
    open_db(&db);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const sqla_slot slot = slot_of((int)cases[i].type, SQLA_REP_VALUE, sizeof(sqla_value), 0);
        static const uint32_t own[] = { SQLA_INT64, SQLA_FLOAT64, SQLA_TEXT, SQLA_BLOB };
        uint32_t type = cases[i].type != SQLA_NULL ? cases[i].type : own[i];
        snprintf(expected, sizeof expected, "%u %s", type, cases[i].shown);
        CU_ASSERT(gives(&db, cases[i].value, &slot, cases[i].status, cases[i].status == SQLA_OK ? expected : cases[i].shown));
    }
    sqla_slot slot = slot_of(SQLA_ENUM_TYPE, SQLA_REP_VALUE, sizeof(sqla_value), 128);
    CU_ASSERT(gives(&db, "'red'", &slot, SQLA_ERR_UNSUPPORTED, "cannot be read in this form"));
    slot = slot_of(SQLA_NULL, SQLA_REP_VALUE, sizeof(sqla_value), SQLA_SLOT_NULLABLE);
    CU_ASSERT(gives(&db, "NULL", &slot, SQLA_OK, "0 0"));
    kit_close(&db);
}

/* Where a bool says whether there is a value; what a plan must not ask for; a text without room for it. */
static void places_taken(const char *url)
{
    kit_conn db;
    sqla_slot slot = slot_of(SQLA_INT64, SQLA_REP_FIXED, 8, SQLA_SLOT_NULLABLE);
    (void)url;
    open_db(&db);
    slot.set_offset = offsetof(cell, set);
    CU_ASSERT(gives(&db, "NULL", &slot, SQLA_OK, "0"));
    CU_ASSERT(gives(&db, "7", &slot, SQLA_OK, "7"));
    slot.rep = SQLA_REP_ROW_NUMBER;
    slot.set_offset = -1;
    CU_ASSERT(gives(&db, "NULL", &slot, SQLA_OK, "6148914691236517205")); /* as it was */
    slot.rep = SQLA_REP_FIXED;
    slot.column = 1;
    CU_ASSERT(gives(&db, "7", &slot, SQLA_ERR_MISUSE, "reads column 2 of a result that has 1"));
    slot.column = -1;
    CU_ASSERT(gives(&db, "7", &slot, SQLA_ERR_MISUSE, "reads column 0"));
    slot = slot_of(SQLA_INT64, SQLA_REP_FIXED, 8, 0);
    slot.name = NULL; /* the name of the result's column stands in */
    CU_ASSERT(gives(&db, "'x'", &slot, SQLA_ERR_DATA, "column 'v'"));
    sqla_driver_result *result = NULL;
    const sqla_slot text = slot_of(SQLA_TEXT, SQLA_REP_CSTR, 8, 0);
    const sqla_plan plan = { sizeof plan, 1, &text };
    cell c;
    void *rows[] = { &c };
    size_t count;
    bool end;
    CU_ASSERT_FATAL(EXPECT(kit_exec(&db, "SELECT 'x'", NULL, NULL, 0, &result), SQLA_OK));
    EXPECT(kit_ops.result_fetch(result, &plan, rows, 1, NULL, &count, &end, KIT_ERR), SQLA_ERR_MISUSE);
    kit_ops.result_close(result);
    kit_close(&db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "sent as they are", sent_as_they_are, HARNESS_PLAIN },
        { "sent as values", sent_as_values, HARNESS_PLAIN },
        { "sent or not", sent_or_not, HARNESS_PLAIN },
    { "each parameter is named once", named_once, HARNESS_PLAIN },
        { "numbers taken", numbers_taken, HARNESS_PLAIN },
        { "texts taken", texts_taken, HARNESS_PLAIN },
        { "forms taken", forms_taken, HARNESS_PLAIN },
        { "values taken", values_taken, HARNESS_PLAIN },
        { "places taken", places_taken, HARNESS_PLAIN },
    };
    char file[4096], why[KIT_WHY] = "";
    const char *build = getenv("BUILD");
    snprintf(file, sizeof file, "%s/plugins/.libs/sqlite.so", build != NULL ? build : ".");
    if (!kit_load(file, why)) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    return harness_main("test-sqlite-values", tests, sizeof tests / sizeof tests[0]);
}
