/* test-postgres-decode.c: what the PostgreSQL driver reads out of results: every type in both formats, well formed and not, into
 * every kind of slot. The results are libpq's own, made without a server. */
#include <config.h>
#include "postgres-driver.h"

/* A struct that any slot fits into. */
typedef union field { char bytes[64]; int64_t i64; double f64; float f32; const char *text; sqla_blob blob; sqla_value value; } field;

static sqla_slot slot_of(uint32_t type, uint32_t rep, uint32_t size)
{
    return (sqla_slot){ .type = (uint8_t)type, .rep = (uint8_t)rep, .size = size, .set_offset = -1, .name = "c" };
}

/* Read the one cell of res, which it takes. */
static sqla_status fetch(PGresult *res, const sqla_slot *slot, void *row, linked_arena *arena, sqla_error *err)
{
    const sqla_plan plan = { sizeof plan, 1, slot };
    sqla_driver_result *result = NULL;
    void *const rows[] = { row };
    size_t count = 0;
    bool end = false;
    (void)linked_driver();
    sqla_error_clear(err);
    sqla_status status = postgres__result_new(NULL, res, false, &result, opaque(err));
    CU_ASSERT_EQUAL_FATAL(status, SQLA_OK);
    status = postgres_result_fetch(result, &plan, rows, 1, arena != NULL ? &arena->base : NULL, &count, &end, opaque(err));
    CU_ASSERT_EQUAL(count, status == SQLA_OK);
    CU_ASSERT_EQUAL(end, status == SQLA_OK);
    CU_ASSERT_EQUAL(err->status, status);
    postgres_result_close(result);
    return status;
}

/* ---- every type ------------------------------------------------------------------------------------------------------ */

static void show(const sqla_value *v, char *room)
{
    switch (v->type) {
    case SQLA_NULL:
        strcpy(room, "null");
        return;
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        sprintf(room, "%.9g", v->as.f64);
        return;
    case SQLA_TEXT:
    case SQLA_BLOB:
    case SQLA_DECIMAL:
    case SQLA_JSON:
        CU_ASSERT(((const char *)v->as.bytes.data)[v->as.bytes.size] == '\0');
        sprintf(room, "'%.*s'", (int)v->as.bytes.size, (const char *)v->as.bytes.data);
        return;
    case SQLA_INTERVAL:
        sprintf(room, "%d/%d/%lld", (int)v->as.interval.months, (int)v->as.interval.days, (long long)v->as.interval.micros);
        return;
    case SQLA_UUID:
        postgres__uuid_text(&v->as.uuid, room);
        return;
    case SQLA_ARRAY:
        strcpy(room, "{");
        for (uint32_t i = 0; i < v->as.array.count; i++) {
            strcat(room, i > 0 ? "," : "");
            show((const sqla_value *)v->as.array.items + i, room + strlen(room));
        }
        strcat(room, "}");
        return;
    }
    sprintf(room, "%lld", (long long)v->as.i64);
}

/* A cell, and what it is; "!...": what is wrong with it. */
typedef struct cell { Oid oid; int format; const char *data; int size; const char *is; } cell;
#define BINARY(bytes) 1, bytes, (int)sizeof(bytes) - 1
#define TEXT(text) 0, text, (int)sizeof(text) - 1
#define UNREADABLE "!the server's answer cannot be read"
#define SIXTEEN "\x12\x34\x56\x78\x9a\xbc\xde\xf0\x01\x23\x45\x67\x89\xab\xcd\xef"
enum { OID = 26, INT4_ARRAY = 1007, BYTEA_ARRAY = 1001, NUMERIC_ARRAY = 1231, FLOAT8_ARRAY = 1022, ENUM_OID = 99999 };

static const cell cells[] = {
    { PG_BOOL, BINARY("\1"), "1" }, { PG_BOOL, BINARY("\0"), "0" }, { PG_BOOL, BINARY("\0\0"), UNREADABLE },
    { PG_BOOL, TEXT("t"), "1" }, { PG_BOOL, TEXT("f"), "0" }, { PG_BOOL, TEXT("x"), UNREADABLE }, { PG_BOOL, TEXT("true"), UNREADABLE },
    { PG_INT2, BINARY("\xff\xfe"), "-2" }, { PG_INT2, BINARY("\1"), UNREADABLE }, { PG_INT2, TEXT("-12"), "-12" },
    { PG_INT4, BINARY("\0\0\1\0"), "256" }, { PG_INT4, BINARY(""), UNREADABLE }, { PG_INT4, TEXT(""), UNREADABLE },
    { PG_INT8, BINARY("\0\0\0\1\0\0\0\0"), "4294967296" }, { PG_INT8, BINARY("\0\0\0\0\0\0\0"), UNREADABLE },
    { PG_INT8, TEXT("-9223372036854775808"), "-9223372036854775808" }, { PG_INT8, TEXT("9223372036854775807"), "9223372036854775807" },
    { PG_INT8, TEXT("9223372036854775808"), UNREADABLE }, { PG_INT8, TEXT("9223372036854775809"), UNREADABLE },
    { PG_INT8, TEXT("99999999999999999999"), UNREADABLE }, { PG_INT8, TEXT("-"), UNREADABLE }, { PG_INT8, TEXT("1:"), UNREADABLE },
    { PG_INT8, TEXT("+1"), UNREADABLE },
    { OID, BINARY("\xff\xff\xff\xff"), "4294967295" }, { OID, BINARY("\0\0\0"), UNREADABLE }, { OID, TEXT("4294967295"), "4294967295" },
    { PG_FLOAT4, BINARY("\x3f\xc0\0\0"), "1.5" }, { PG_FLOAT4, BINARY("\x3f\xc0\0"), UNREADABLE }, { PG_FLOAT4, TEXT("1.5"), "1.5" },
    { PG_FLOAT4, TEXT("1,5"), UNREADABLE }, { PG_FLOAT4, TEXT("Infinity"), "inf" },
    { PG_FLOAT8, BINARY("\xbf\xf8\0\0\0\0\0\0"), "-1.5" }, { PG_FLOAT8, BINARY("\xbf\xf8\0\0"), UNREADABLE }, { PG_FLOAT8, TEXT("-1.5"), "-1.5" },
    { PG_FLOAT8, TEXT("-Infinity"), "-inf" }, { PG_FLOAT8, TEXT("NaN"), "nan" }, { PG_FLOAT8, TEXT("1e999"), UNREADABLE },
    { PG_FLOAT8, TEXT(""), UNREADABLE }, { PG_FLOAT8, TEXT("1x"), UNREADABLE },
    { PG_TEXT, TEXT("some text"), "'some text'" }, { PG_TEXT, BINARY(""), "''" }, { PG_JSON, BINARY("{}"), "'{}'" }, { PG_JSONB, TEXT("[1]"), "'[1]'" },
    { ENUM_OID, TEXT("a label"), "'a label'" },
    { PG_BYTEA, BINARY("\1\2"), "'\1\2'" }, { PG_BYTEA, TEXT("\\x4a4b"), "'JK'" }, { PG_BYTEA, TEXT("\\x"), "''" },
    { PG_BYTEA, TEXT("\\x4"), "!in another form than 'hex'" }, { PG_BYTEA, TEXT("\\"), "!in another form than 'hex'" },
    { PG_BYTEA, TEXT("ab"), "!in another form than 'hex'" }, { PG_BYTEA, TEXT("\\012"), "!in another form than 'hex'" },
    { PG_BYTEA, TEXT("\\xg0"), UNREADABLE }, { PG_BYTEA, TEXT("\\x0G"), UNREADABLE }, { PG_BYTEA, TEXT("\\x0/"), UNREADABLE },
    { PG_BYTEA, TEXT("\\x0:"), UNREADABLE },
    { PG_DATE, BINARY("\0\0\0\1"), "10958" }, { PG_DATE, BINARY("\0\0\0"), UNREADABLE }, { PG_DATE, BINARY("\x7f\xff\xff\xff"), "2147483647" },
    { PG_DATE, BINARY("\x80\0\0\0"), "-2147483648" }, { PG_DATE, BINARY("\x7f\xff\xff\xfe"), "!the date is too far away" },
    { PG_DATE, TEXT("2000-01-02"), "10958" }, { PG_DATE, TEXT("0044-03-15 BC"), "-735160" }, { PG_DATE, TEXT("infinity"), "2147483647" },
    { PG_DATE, TEXT("-infinity"), "-2147483648" }, { PG_DATE, TEXT("2000-13-01"), UNREADABLE }, { PG_DATE, TEXT("2000-00-01"), UNREADABLE },
    { PG_DATE, TEXT("2000-01-32"), UNREADABLE }, { PG_DATE, TEXT("2000-01-00"), UNREADABLE }, { PG_DATE, TEXT("2000-01"), UNREADABLE },
    { PG_DATE, TEXT("2000"), UNREADABLE }, { PG_DATE, TEXT("00-01-01"), UNREADABLE }, { PG_DATE, TEXT("2000-1-01"), UNREADABLE },
    { PG_DATE, TEXT("2000-01-02 AD"), UNREADABLE }, { PG_DATE, TEXT("9999999-01-01"), UNREADABLE }, { PG_DATE, TEXT("9999999-01-01 BC"), UNREADABLE },
    { PG_DATE, TEXT("2000000000-01-01"), UNREADABLE }, { PG_DATE, TEXT("123456789012345678-01-01"), UNREADABLE },
    { PG_TIME, BINARY("\0\0\0\0\0\0\0\5"), "5" }, { PG_TIME, BINARY("\0\0\0\5"), UNREADABLE }, { PG_TIME, TEXT("00:00:01.5"), "1500000" },
    { PG_TIME, TEXT("24:00:00"), "86400000000" }, { PG_TIME, TEXT("00:01"), "60000000" }, { PG_TIME, TEXT("24:00:01"), UNREADABLE },
    { PG_TIME, TEXT("00:60:00"), UNREADABLE }, { PG_TIME, TEXT("00:00:61"), UNREADABLE }, { PG_TIME, TEXT("0:0"), UNREADABLE },
    { PG_TIME, TEXT("x"), UNREADABLE }, { PG_TIME, TEXT("12"), UNREADABLE }, { PG_TIME, TEXT("00:00:0"), UNREADABLE },
    { PG_TIME, TEXT("00:00:00.1234567"), UNREADABLE }, { PG_TIME, TEXT("00:00:00+01"), UNREADABLE }, { PG_TIME, TEXT("2600000000:00:00"), UNREADABLE },
    { PG_TIMESTAMP, BINARY("\0\0\0\0\0\0\0\0"), "946684800000000" }, { PG_TIMESTAMP, BINARY("\0"), UNREADABLE },
    { PG_TIMESTAMP, BINARY("\x7f\xff\xff\xff\xff\xff\xff\xff"), "9223372036854775807" },
    { PG_TIMESTAMP, BINARY("\x80\0\0\0\0\0\0\0"), "-9223372036854775808" },
    { PG_TIMESTAMP, BINARY("\x7f\xff\xff\xff\xff\xff\xff\xfe"), "!the time is too far away" },
    { PG_TIMESTAMP, BINARY("\x7f\xfc\xa2\xfe\xc4\xc8\x1f\xff"), "!the time is too far away" }, /* exactly our infinity */
    { PG_TIMESTAMP, TEXT("2000-01-01 00:00:00.25"), "946684800250000" }, { PG_TIMESTAMP, TEXT("infinity"), "9223372036854775807" },
    { PG_TIMESTAMP, TEXT("-infinity"), "-9223372036854775808" }, { PG_TIMESTAMP, TEXT("2000-01-01T00:00:00"), UNREADABLE },
    { PG_TIMESTAMP, TEXT("2000-01-01 00:00:00+01"), UNREADABLE }, { PG_TIMESTAMP, TEXT("2000-01-01"), UNREADABLE },
    { PG_TIMESTAMP, TEXT("today"), UNREADABLE }, { PG_TIMESTAMP, TEXT("2000-01-01 x"), UNREADABLE }, { PG_TIMESTAMP, TEXT("2000-01-01 25:00:00"), UNREADABLE },
    { PG_TIMESTAMP, TEXT("999999-01-01 00:00:00"), UNREADABLE }, { PG_TIMESTAMP, TEXT("294247-01-10 04:00:54.775807"), UNREADABLE },
    { PG_TIMESTAMP, TEXT("294247-01-10 23:00:00"), UNREADABLE },
    { PG_TIMESTAMPTZ, TEXT("2000-01-01 01:00:00+01"), "946684800000000" }, { PG_TIMESTAMPTZ, TEXT("1999-12-31 18:29:30-05:30:30"), "946684800000000" },
    { PG_TIMESTAMPTZ, TEXT("2000-01-01 00:00:00"), UNREADABLE }, { PG_TIMESTAMPTZ, TEXT("2000-01-01 00:00:00+1"), UNREADABLE },
    { PG_TIMESTAMPTZ, TEXT("2000-01-01 00:00:00+01:6"), UNREADABLE }, { PG_TIMESTAMPTZ, TEXT("2000-01-01 00:00:00+01:00:6"), UNREADABLE },
    { PG_TIMESTAMPTZ, TEXT("2000-01-01 00:00:00+100"), UNREADABLE }, { PG_TIMESTAMPTZ, TEXT("2000-01-01 00:00:00+01:60"), UNREADABLE },
    { PG_TIMESTAMPTZ, TEXT("2000-01-01 00:00:00+01:00:60"), UNREADABLE }, { PG_TIMESTAMPTZ, TEXT("0001-01-01 00:00:00+00 BC"), "-62167219200000000" },
    { PG_INTERVAL, BINARY("\0\0\0\0\0\0\0\3\0\0\0\2\0\0\0\1"), "1/2/3" }, { PG_INTERVAL, BINARY("\0\0\0\0\0\0\0\3"), UNREADABLE },
    { PG_INTERVAL, TEXT("1 year 2 mons -3 days +04:05:06.7"), "14/-3/14706700000" }, { PG_INTERVAL, TEXT("-00:00:01"), "0/0/-1000000" },
    { PG_INTERVAL, TEXT("2 years 1 mon 1 day"), "25/1/0" },
    { PG_INTERVAL, TEXT("1 week"), UNREADABLE }, { PG_INTERVAL, TEXT("1"), UNREADABLE }, { PG_INTERVAL, TEXT(""), UNREADABLE },
    { PG_INTERVAL, TEXT("1 day, 1 day"), UNREADABLE }, { PG_INTERVAL, TEXT("9999999999 mons"), UNREADABLE }, { PG_INTERVAL, TEXT("9999999999 days"), UNREADABLE },
    { PG_INTERVAL, TEXT("2599999999:00:00"), UNREADABLE },
    { PG_UUID, BINARY(SIXTEEN), "12345678-9abc-def0-0123-456789abcdef" }, { PG_UUID, BINARY("\1"), UNREADABLE },
    { PG_UUID, TEXT("12345678-9abc-def0-0123-456789ABCDEF"), "12345678-9abc-def0-0123-456789abcdef" },
    { PG_UUID, TEXT("12345678-9abc-def0-0123-456789abcdeg"), UNREADABLE }, { PG_UUID, TEXT("g"), UNREADABLE },
    { PG_UUID, TEXT("12345678-9abc-def0-0123-456789abcde:"), UNREADABLE }, { PG_UUID, TEXT("12345678-9abc-def0-0123-456789abcde@"), UNREADABLE },
    { PG_UUID, TEXT("12345678-9abc-def0-0123-456789abcde`"), UNREADABLE }, { PG_UUID, TEXT("12345678-9abc-def0-0123-456789abcdef0"), UNREADABLE },
    { PG_NUMERIC, TEXT("12.50"), "'12.50'" },
    { PG_NUMERIC, BINARY("\0\2\0\0\0\0\0\2\0\14\23\210"), "'12.50'" }, { PG_NUMERIC, BINARY("\0\1\0\0\100\0\0\0\0\14"), "'-12'" },
    { PG_NUMERIC, BINARY("\0\0\0\0\0\0\0\3"), "'0.000'" }, { PG_NUMERIC, BINARY("\0\1\0\1\0\0\0\0\0\1"), "'10000'" },
    { PG_NUMERIC, BINARY("\0\1\377\376\0\0\0\11\0\14"), "'0.000000120'" }, { PG_NUMERIC, BINARY("\0\0\0\0\300\0\0\0"), "'NaN'" },
    { PG_NUMERIC, BINARY("\0\0\0\0\320\0\0\0"), "'Infinity'" }, { PG_NUMERIC, BINARY("\0\0\0\0\360\0\0\0"), "'-Infinity'" },
    { PG_NUMERIC, BINARY("\0\0\0\0\020\0\0\0"), UNREADABLE }, { PG_NUMERIC, BINARY("\0\0\0\0\0\0"), UNREADABLE },
    { PG_NUMERIC, BINARY("\0\1\0\0\0\0\0\0"), UNREADABLE }, { PG_NUMERIC, BINARY("\0\0\0\0\0\0\0\0\0"), UNREADABLE },
    { INT4_ARRAY, TEXT("{}"), "{}" }, { INT4_ARRAY, TEXT("{1,NULL,-3}"), "{1,null,-3}" }, { INT4_ARRAY, TEXT("{1,x}"), UNREADABLE },
    { INT4_ARRAY, TEXT("{{1},{2}}"), "'{{1},{2}}'" }, { INT4_ARRAY, TEXT("[0:1]={1,2}"), "'[0:1]={1,2}'" }, { INT4_ARRAY, TEXT("{"), "'{'" },
    { PG_TEXT_ARRAY, TEXT("{a,\"b,\\\"c\\\\\",NULL,\"NULL\",\"\",\"{\"}"), "{'a','b,\"c\\',null,'NULL','','{'}" },
    { PG_TEXT_ARRAY, TEXT("{a\\,b}"), "{'a,b'}" }, { PG_TEXT_ARRAY, TEXT("{\"unclosed}"), "{'unclosed'}" },
    { PG_TEXT_ARRAY, TEXT("{a\\}"), "{'a\\'}" },
    { BYTEA_ARRAY, TEXT("{\"\\\\x4a4b\",NULL}"), "{'JK',null}" }, { NUMERIC_ARRAY, TEXT("{1.50}"), "{'1.50'}" }, { FLOAT8_ARRAY, TEXT("{0.5}"), "{0.5}" },
    { PG_TEXT, 0, NULL, -1, "null" },
};

/* By rows of values and by view, which must agree. */
static void check_cell(const cell *c, const char *got, const sqla_error *err)
{
    bool refused = c->is[0] == '!';
    bool ok = refused ? err->status == SQLA_ERR_DATA && strstr(err->message, c->is + 1) != NULL && strcmp(err->column, "c") == 0 && err->row == 1 :
              err->status == SQLA_OK && strcmp(got, c->is) == 0;
    if (!ok)
        fprintf(stderr, "type %u, '%s': %s, not %s; %s\n", (unsigned)c->oid, c->data, got, c->is, err->message);
    CU_ASSERT(ok);
}

static void cells__are_read_or_refused(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        const cell *c = &cells[i];
        sqla_error err = SQLA_ERROR_INIT;
        sqla_slot slot = slot_of(SQLA_NULL, SQLA_REP_VALUE, sizeof(sqla_value));
        linked_arena arena = { .base = { linked_arena_take } };
        field row = { .bytes = { 0 } };
        char text[200] = "";
        slot.flags = SQLA_SLOT_NULLABLE;
        if (fetch(pg_cell(c->oid, c->format, c->data, c->size), &slot, &row, &arena, &err) == SQLA_OK)
            show(&row.value, text);
        check_cell(c, text, &err);
        free(arena.block);

        sqla_driver_result *result = NULL;
        const sqla_value *values = NULL;
        sqla_error_clear(&err);
        CU_ASSERT_EQUAL_FATAL(postgres__result_new(NULL, pg_cell(c->oid, c->format, c->data, c->size), false, &result, opaque(&err)), SQLA_OK);
        strcpy(text, "");
        if (postgres_result_view(result, &values, opaque(&err)) == SQLA_OK) {
            show(&values[0], text);
            CU_ASSERT_EQUAL(postgres_result_view(result, &values, opaque(&err)), SQLA_OK);
            CU_ASSERT_PTR_NULL(values);
        }
        check_cell(c, text, &err);
        postgres_result_close(result);
    }
}

/* Whatever type and format a server makes up, its cell is read or refused, in each form that a program may
 * ask for. */
static void every_type_and_format__is_read_or_refused(const char *url)
{
    static const Oid beyond[] = { 0, 5000, 16384, 99999, UINT32_MAX };
    static const int formats[] = { 0, 1, 2, -1 };
    static const char data[] = "{\0\0\1,NULL}\0\0\0\0\0\0\0";
    (void)url;
    for (uint32_t at = 0; at < 4200 + sizeof beyond / sizeof beyond[0]; at++) {
        Oid oid = at < 4200 ? at : beyond[at - 4200];
        for (int i = 0; i < 16; i++) {
            int format = formats[i % 4], size = i < 8 ? (int)sizeof data - 1 : 4;
            const sqla_slot slot =
                slot_of(i & 4 ? SQLA_ARRAY : SQLA_NULL, SQLA_REP_VALUE, sizeof(sqla_value));
            linked_arena arena = { .base = { linked_arena_take } };
            sqla_error err = SQLA_ERROR_INIT;
            sqla_driver_result *result = NULL;
            const sqla_value *values = NULL;
            field row;
            sqla_status status = fetch(pg_cell(oid, format, data, size), &slot, &row, &arena, &err);
            CU_ASSERT_FATAL(status == SQLA_OK || err.message[0] != '\0');
            CU_ASSERT(status == SQLA_OK || status == SQLA_ERR_DATA || status == SQLA_ERR_UNSUPPORTED);
            CU_ASSERT(status != SQLA_OK || format == 0 || format == 1);
            free(arena.block);
            sqla_error_clear(&err);
            CU_ASSERT_EQUAL_FATAL(
                postgres__result_new(NULL, pg_cell(oid, format, data, size), false, &result, opaque(&err)),
                SQLA_OK);
            status = postgres_result_view(result, &values, opaque(&err));
            CU_ASSERT(status == SQLA_OK || (status == SQLA_ERR_DATA && err.message[0] != '\0'));
            postgres_result_close(result);
        }
    }
}

/* A type without a reader in binary form cannot be read, by either way. */
static void unknown_binary__is_refused(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    const sqla_slot slot = slot_of(SQLA_NULL, SQLA_REP_VALUE, sizeof(sqla_value));
    sqla_driver_result *result = NULL;
    const sqla_value *values = NULL;
    field row;
    (void)url;
    CU_ASSERT_EQUAL(fetch(pg_cell(ENUM_OID, 1, "x", 1), &slot, &row, NULL, &err), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT(says(&err, "column 'c' cannot be read in this form"));
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(postgres__result_new(NULL, pg_cell(ENUM_OID, 1, "x", 1), false, &result, opaque(&err)), SQLA_OK);
    CU_ASSERT_EQUAL(postgres_result_view(result, &values, opaque(&err)), SQLA_ERR_DATA);
    CU_ASSERT(says(&err, "cannot be read"));
    postgres_result_close(result);
}

/* ---- every slot ------------------------------------------------------------------------------------------------------ */

/* The number 7, or what comes nearest, as each type; the letters stand for them below. */
static const struct { char letter; Oid oid; const char *text, *binary; int binary_size; } sevens[] = {
    { 'B', PG_BOOL, "t", "\1", 1 },
    { '2', PG_INT2, "7", "\0\7", 2 },
    { '4', PG_INT4, "7", "\0\0\0\7", 4 },
    { '8', PG_INT8, "7", "\0\0\0\0\0\0\0\7", 8 },
    { 'f', PG_FLOAT4, "7", "\x40\xe0\0\0", 4 },
    { 'F', PG_FLOAT8, "7", "\x40\x1c\0\0\0\0\0\0", 8 },
    { 't', PG_TEXT, "7", "7", 1 },
    { 'j', PG_JSON, "7", "7", 1 },
    { 'n', PG_NUMERIC, "7", "\0\1\0\0\0\0\0\0\0\7", 10 },
    { 'b', PG_BYTEA, "\\x37", "7", 1 },
    { 'd', PG_DATE, "1970-01-08", "\xff\xff\xd5\x3a", 4 },
    { 'T', PG_TIME, "00:00:00.000007", "\0\0\0\0\0\0\0\7", 8 },
    { 'Z', PG_TIMESTAMPTZ, "1970-01-01 00:00:00.000007+00", "\xff\xfc\xa2\xfe\xc4\xc8\x20\x07", 8 },
    { 'L', PG_TIMESTAMP, "1970-01-01 00:00:00.000007", "\xff\xfc\xa2\xfe\xc4\xc8\x20\x07", 8 },
    { 'i', PG_INTERVAL, "00:00:00.000007", "\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\0", 16 },
    { 'u', PG_UUID, "07000000-0000-0000-0000-000000000000", "\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 },
};

/* Which of them a slot takes. What it does not take is refused when a value comes; takes NULL: there is no such slot. */
static const struct { uint32_t type, rep, size; const char *takes; } slots[] = {
    { SQLA_BOOL, SQLA_REP_FIXED, 1, "B" },
    { SQLA_INT16, SQLA_REP_FIXED, 2, "248n" },
    { SQLA_INT32, SQLA_REP_FIXED, 4, "248n" },
    { SQLA_INT64, SQLA_REP_FIXED, 8, "248n" },
    { SQLA_INT32, SQLA_REP_FIXED, 1, "248n" },
    { SQLA_FLOAT32, SQLA_REP_FIXED, 4, "248fFn" },
    { SQLA_FLOAT64, SQLA_REP_FIXED, 8, "248fFn" },
    { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, "t" },
    { SQLA_DATE, SQLA_REP_FIXED, 4, "d" },
    { SQLA_TIME, SQLA_REP_FIXED, 8, "T" },
    { SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, "Z" },
    { SQLA_LOCAL_TIMESTAMP, SQLA_REP_FIXED, 8, "L" },
    { SQLA_INTERVAL, SQLA_REP_FIXED, sizeof(sqla_interval), "i" },
    { SQLA_UUID, SQLA_REP_FIXED, 16, "u" },
    { SQLA_TEXT, SQLA_REP_CSTR, sizeof(char *), "tjn" },
    { SQLA_JSON, SQLA_REP_CSTR, sizeof(char *), "tjn" },
    { SQLA_ENUM_TYPE, SQLA_REP_CSTR, sizeof(char *), "tjn" },
    { SQLA_DECIMAL, SQLA_REP_CSTR, sizeof(char *), "248n" },
    { SQLA_TEXT, SQLA_REP_BYTES, sizeof(sqla_blob), "tjn" },
    { SQLA_DECIMAL, SQLA_REP_BYTES, sizeof(sqla_blob), "248n" },
    { SQLA_BLOB, SQLA_REP_BYTES, sizeof(sqla_blob), "b" },
    { SQLA_TEXT, SQLA_REP_CHARS, 8, "tjn" },
    { SQLA_NULL, SQLA_REP_VALUE, sizeof(sqla_value), "B248fFtjnbdTZLiu" },
    { SQLA_BOOL, SQLA_REP_VALUE, sizeof(sqla_value), "B" },
    { SQLA_INT16, SQLA_REP_VALUE, sizeof(sqla_value), "248" },
    { SQLA_INT32, SQLA_REP_VALUE, sizeof(sqla_value), "248" },
    { SQLA_INT64, SQLA_REP_VALUE, sizeof(sqla_value), "248" },
    { SQLA_FLOAT32, SQLA_REP_VALUE, sizeof(sqla_value), "fF" },
    { SQLA_FLOAT64, SQLA_REP_VALUE, sizeof(sqla_value), "fF" },
    { SQLA_TEXT, SQLA_REP_VALUE, sizeof(sqla_value), "tjn" },
    { SQLA_DECIMAL, SQLA_REP_VALUE, sizeof(sqla_value), "tjn" },
    { SQLA_BLOB, SQLA_REP_VALUE, sizeof(sqla_value), "b" },
    { SQLA_INTERVAL, SQLA_REP_VALUE, sizeof(sqla_value), "i" },
    { SQLA_ARRAY, SQLA_REP_VALUE, sizeof(sqla_value), "" },
    { SQLA_TEXT, SQLA_REP_FIXED, 8, NULL },
    { SQLA_BLOB, SQLA_REP_CSTR, sizeof(char *), NULL },
    { SQLA_INT32, SQLA_REP_CSTR, sizeof(char *), NULL },
    { SQLA_JSON, SQLA_REP_CHARS, 8, NULL },
    { SQLA_ENUM_TYPE, SQLA_REP_VALUE, sizeof(sqla_value), NULL },
    { SQLA_TEXT, 77, 8, NULL },
};

static const char *const labels[] = { "six", "7" };

static bool holds_seven(const sqla_slot *slot, const field *row)
{
    sqla_interval interval;
    switch (slot->rep) {
    case SQLA_REP_CSTR:
        return strcmp(row->text, "7") == 0;
    case SQLA_REP_BYTES:
        return row->blob.size == 1 && memcmp(row->blob.data, "7", 2) == 0;
    case SQLA_REP_CHARS:
        return strcmp(row->bytes, "7") == 0;
    case SQLA_REP_VALUE:
        return slot->type == SQLA_NULL ? row->value.type != SQLA_NULL : row->value.type == slot->type;
    }
    if (slot->type == SQLA_FLOAT32 || slot->type == SQLA_FLOAT64)
        return slot->size == 4 ? row->f32 == 7 : row->f64 == 7;
    if (slot->type == SQLA_INTERVAL)
        return memcpy(&interval, row, sizeof interval), interval.months == 0 && interval.days == 0 && interval.micros == 7;
    if (slot->size == 16)
        return true;
    const int64_t n = linked_integer(row, slot->size);
    return slot->type == SQLA_BOOL || slot->type == SQLA_ENUM_TYPE ? n == 1 : n == 7;
}

static void slots__take_what_fits(const char *url)
{
    (void)url;
    for (size_t s = 0; s < sizeof slots / sizeof slots[0]; s++) {
        for (size_t i = 0; i < 2 * sizeof sevens / sizeof sevens[0]; i++) {
            const int format = i % 2 == 1;
            sqla_error err = SQLA_ERROR_INIT;
            sqla_slot slot = slot_of(slots[s].type, slots[s].rep, slots[s].size);
            linked_arena arena = { .base = { linked_arena_take } };
            field row = { .bytes = { 0 } };
            const char *text = sevens[i / 2].text;
            if (slot.type == SQLA_ENUM_TYPE) {
                slot.labels = labels;
                slot.label_count = 2;
            }
            sqla_status status = fetch(format ? pg_cell(sevens[i / 2].oid, 1, sevens[i / 2].binary, sevens[i / 2].binary_size) :
                                       pg_cell(sevens[i / 2].oid, 0, text, (int)strlen(text)), &slot, &row, &arena, &err);
            sqla_status expected = slots[s].takes == NULL ? SQLA_ERR_UNSUPPORTED : strchr(slots[s].takes, sevens[i / 2].letter) != NULL ? SQLA_OK :
                                   SQLA_ERR_DATA;
            bool ok = status == expected && (status != SQLA_OK || holds_seven(&slot, &row)) &&
                      (status != SQLA_ERR_DATA || strstr(err.message, "does not fit the field") != NULL);
            if (!ok)
                fprintf(stderr, "slot %u, %u from '%c', format %d: %s\n", (unsigned)slot.type, (unsigned)slot.rep, sevens[i / 2].letter, format, err.message);
            CU_ASSERT(ok);
            free(arena.block);
        }
    }
}

/* ---- numbers at their limits ----------------------------------------------------------------------------------------- */

static const char too_large[] = "too large for the field", no_float[] = "does not fit into a float", digits[] = "more digits than the field";
static const struct { Oid oid; const char *text; uint32_t type, size, flags; const char *wrong; } limits[] = {
    { PG_INT8, "127", SQLA_INT64, 1, 0, NULL }, { PG_INT8, "128", SQLA_INT64, 1, 0, too_large }, { PG_INT8, "-129", SQLA_INT64, 1, 0, too_large },
    { PG_INT8, "255", SQLA_INT64, 1, SQLA_SLOT_UNSIGNED, NULL }, { PG_INT8, "256", SQLA_INT64, 1, SQLA_SLOT_UNSIGNED, too_large },
    { PG_INT8, "32767", SQLA_INT64, 2, 0, NULL }, { PG_INT8, "32768", SQLA_INT64, 2, 0, too_large },
    { PG_INT8, "65535", SQLA_INT64, 2, SQLA_SLOT_UNSIGNED, NULL }, { PG_INT8, "-1", SQLA_INT64, 2, SQLA_SLOT_UNSIGNED, too_large },
    { PG_INT8, "2147483647", SQLA_INT64, 4, 0, NULL }, { PG_INT8, "2147483648", SQLA_INT64, 4, 0, too_large },
    { PG_NUMERIC, "12.00", SQLA_INT32, 4, 0, NULL }, { PG_NUMERIC, "-12", SQLA_INT32, 4, 0, NULL },
    { PG_NUMERIC, "12.01", SQLA_INT32, 4, 0, "is not an integer" }, { PG_NUMERIC, "NaN", SQLA_INT32, 4, 0, "is not finite" },
    { PG_NUMERIC, "-Infinity", SQLA_INT32, 4, 0, "is not finite" }, { PG_NUMERIC, "99999999999999999999", SQLA_INT64, 8, 0, too_large },
    { PG_NUMERIC, "3000000000", SQLA_INT32, 4, 0, too_large },
    { PG_NUMERIC, "0.5", SQLA_FLOAT32, 4, 0, NULL }, { PG_NUMERIC, "0.1", SQLA_FLOAT64, 8, 0, NULL }, { PG_NUMERIC, "1e39", SQLA_FLOAT32, 4, 0, too_large },
    { PG_NUMERIC, "-1e39", SQLA_FLOAT32, 4, 0, too_large }, { PG_NUMERIC, "Infinity", SQLA_FLOAT32, 4, 0, NULL },
    { PG_NUMERIC, "1e999", SQLA_FLOAT64, 8, 0, too_large }, { PG_NUMERIC, "NaN", SQLA_FLOAT64, 8, 0, NULL },
    { PG_INT8, "9007199254740992", SQLA_FLOAT64, 8, 0, NULL }, { PG_INT8, "9007199254740993", SQLA_FLOAT64, 8, 0, digits },
    { PG_INT8, "-9007199254740993", SQLA_FLOAT64, 8, 0, digits }, { PG_INT8, "16777217", SQLA_FLOAT32, 4, 0, no_float },
    { PG_FLOAT8, "0.1", SQLA_FLOAT32, 4, 0, no_float }, { PG_FLOAT8, "NaN", SQLA_FLOAT32, 4, 0, NULL }, { PG_FLOAT8, "0.5", SQLA_FLOAT32, 4, 0, NULL },
    { PG_INT8, "40000", SQLA_INT16, sizeof(sqla_value), 0, too_large }, { PG_INT8, "3000000000", SQLA_INT32, sizeof(sqla_value), 0, too_large },
    { PG_FLOAT8, "0.1", SQLA_FLOAT32, sizeof(sqla_value), 0, no_float }, { PG_FLOAT8, "NaN", SQLA_FLOAT32, sizeof(sqla_value), 0, NULL },
};

static void numbers__are_not_narrowed(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        field row = { .bytes = { 0 } };
        sqla_slot slot = slot_of(limits[i].type, limits[i].size == sizeof(sqla_value) ? SQLA_REP_VALUE : SQLA_REP_FIXED, limits[i].size);
        slot.flags = (uint8_t)limits[i].flags;
        sqla_status status = fetch(pg_cell(limits[i].oid, 0, limits[i].text, (int)strlen(limits[i].text)), &slot, &row, NULL, &err);
        if (limits[i].wrong == NULL) {
            CU_ASSERT(is(&err, SQLA_OK));
        } else {
            CU_ASSERT_EQUAL(status, SQLA_ERR_DATA);
            CU_ASSERT(says(&err, limits[i].wrong));
        }
    }
}

/* What a binary value of another length is, the shortcuts say as the readers do. */
static void short_binary__is_refused(const char *url)
{
    static const struct { Oid oid; uint32_t type, size; } shorts[] = { { PG_INT4, SQLA_INT32, 4 }, { PG_INT8, SQLA_INT64, 8 }, { PG_FLOAT8, SQLA_FLOAT64, 8 } };
    (void)url;
    for (size_t i = 0; i < sizeof shorts / sizeof shorts[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        field row;
        const sqla_slot slot = slot_of(shorts[i].type, SQLA_REP_FIXED, shorts[i].size);
        CU_ASSERT_EQUAL(fetch(pg_cell(shorts[i].oid, 1, "\1\2", 2), &slot, &row, NULL, &err), SQLA_ERR_DATA);
        CU_ASSERT(says(&err, "cannot be read"));
    }
}

/* ---- texts, labels, nulls -------------------------------------------------------------------------------------------- */

static void texts__fit_or_are_refused(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    field row;
    sqla_slot slot = slot_of(SQLA_TEXT, SQLA_REP_CHARS, 4);
    (void)url;
    CU_ASSERT_EQUAL(fetch(pg_cell(PG_TEXT, 0, "abc", 3), &slot, &row, NULL, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(row.bytes, "abc");
    CU_ASSERT_EQUAL(fetch(pg_cell(PG_TEXT, 0, "abcd", 4), &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT(says(&err, "too long"));
    slot = slot_of(SQLA_TEXT, SQLA_REP_CSTR, sizeof(char *));
    CU_ASSERT_EQUAL(fetch(pg_cell(PG_TEXT, 0, "abc", 3), &slot, &row, NULL, &err), SQLA_ERR_NOMEM); /* there is nowhere to put it */
    linked_arena arena = { .base = { linked_arena_take }, .fails = true };
    CU_ASSERT_EQUAL(fetch(pg_cell(PG_TEXT, 0, "abc", 3), &slot, &row, &arena, &err), SQLA_ERR_NOMEM);
}

/* An unknown label is quoted, cut between two characters; a missing one is not. The name comes from the result when the plan has none. */
static void labels__are_named_when_unknown(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    field row;
    sqla_slot slot = slot_of(SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4);
    char text[120];
    (void)url;
    slot.labels = labels;
    slot.label_count = 2;
    slot.name = NULL;
    CU_ASSERT_EQUAL(fetch(pg_cell(ENUM_OID, 0, "blue", 4), &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot read column 'c' of row 1: the text is none of the labels of the enum: 'blue'");
    memset(text, 'a', sizeof text);
    memcpy(text + 79, "\303\274", 2); /* across the place where it is cut */
    CU_ASSERT_EQUAL(fetch(pg_cell(ENUM_OID, 0, text, sizeof text), &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT_EQUAL(strlen(strstr(err.message, ": 'a")), 3 + 79 + 1);
    CU_ASSERT_EQUAL(fetch(pg_cell(ENUM_OID, 0, "sev", 3), &slot, &row, NULL, &err), SQLA_ERR_DATA); /* as long as a label */
    CU_ASSERT_EQUAL(fetch(pg_cell(ENUM_OID, 0, NULL, -1), &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot read column 'c' of row 1: there is no value, and the field needs one");
    /* A type that we have no name for is not named. */
    slot = slot_of(SQLA_INT32, SQLA_REP_FIXED, 4);
    CU_ASSERT_EQUAL(fetch(pg_cell(ENUM_OID, 0, "blue", 4), &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot read column 'c' of row 1: it has another type");
}

/* A NULL clears the field, of whatever kind, and the flag beside it. */
static void nulls__clear_the_field(const char *url)
{
    static const struct { uint32_t type, rep, size; } kinds[] = {
        { SQLA_INT64, SQLA_REP_FIXED, 8 }, { SQLA_TEXT, SQLA_REP_CSTR, sizeof(char *) }, { SQLA_BLOB, SQLA_REP_BYTES, sizeof(sqla_blob) },
        { SQLA_TEXT, SQLA_REP_CHARS, 8 }, { SQLA_NULL, SQLA_REP_VALUE, sizeof(sqla_value) }, { SQLA_UUID, SQLA_REP_FIXED, 16 } };
    (void)url;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        static const field zero;
        sqla_error err = SQLA_ERROR_INIT;
        field row;
        sqla_slot slot = slot_of(kinds[i].type, kinds[i].rep, kinds[i].size);
        memset(&row, 0xee, sizeof row);
        slot.flags = SQLA_SLOT_NULLABLE;
        slot.set_offset = 40;
        CU_ASSERT_EQUAL(fetch(pg_cell(PG_TEXT, 0, NULL, -1), &slot, &row, NULL, &err), SQLA_OK);
        CU_ASSERT(slot.rep == SQLA_REP_CHARS ? row.bytes[0] == '\0' : memcmp(&row, &zero, slot.size) == 0);
        CU_ASSERT_EQUAL(row.bytes[40], 0);
        CU_ASSERT_EQUAL((unsigned char)row.bytes[41], 0xee);
    }
}

/* ---- plans ----------------------------------------------------------------------------------------------------------- */

static void plans__name_columns_that_exist(const char *url)
{
    static const int32_t wrong[] = { -1, 1 };
    sqla_error err = SQLA_ERROR_INIT;
    field row;
    (void)url;
    for (size_t i = 0; i < 2; i++) {
        sqla_slot slot = slot_of(SQLA_TEXT, SQLA_REP_CHARS, 8);
        slot.column = wrong[i];
        CU_ASSERT_EQUAL(fetch(pg_cell(PG_TEXT, 0, "a", 1), &slot, &row, NULL, &err), SQLA_ERR_MISUSE);
        CU_ASSERT(says(&err, "and the result has 1"));
    }
}

/* A plan without slots counts rows and writes nothing; the number of a row is no field. */
static void plans__may_write_nothing(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    const sqla_slot number = slot_of(SQLA_INT64, SQLA_REP_ROW_NUMBER, 0);
    const sqla_plan none = { sizeof none, 0, NULL };
    sqla_driver_result *result = NULL;
    field row;
    void *const rows[] = { &row, &row };
    size_t count = 7;
    bool end = false;
    (void)url;
    memset(&row, 0xee, sizeof row);
    CU_ASSERT_EQUAL(fetch(pg_cell(PG_INT8, 0, "5", 1), &number, &row, NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL_FATAL(postgres__result_new(NULL, pg_cell(PG_TEXT, 0, "a", 1), false, &result, opaque(&err)), SQLA_OK);
    CU_ASSERT_EQUAL(postgres_result_fetch(result, &none, rows, 2, NULL, &count, &end, opaque(&err)), SQLA_OK);
    CU_ASSERT(count == 1 && end);
    CU_ASSERT_EQUAL(postgres_result_fetch(result, &none, rows, 2, NULL, &count, &end, opaque(&err)), SQLA_OK);
    CU_ASSERT(count == 0 && end);
    CU_ASSERT_EQUAL((unsigned char)row.bytes[0], 0xee);
    postgres_result_close(result);
}

/* ---- memory ---------------------------------------------------------------------------------------------------------- */

/* Each allocation on the way fails in turn: it is said, and the same result can be read afterwards. */
static void memory__may_run_out(const char *url)
{
    static const struct { Oid oid; int format; const char *data; int size; } wanted[] = {
        { PG_NUMERIC, BINARY("\0\2\0\0\0\0\0\2\0\14\23\210") }, { PG_NUMERIC, BINARY("\0\0\0\0\300\0\0\0") }, { PG_BYTEA, TEXT("\\x4a4b") },
        { PG_TEXT_ARRAY, TEXT("{a,\"a text that is so long that the room for one item has to grow a little: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",c}") },
        { BYTEA_ARRAY, TEXT("{\"\\\\x4a4b\",\"\\\\x4a4b\"}") }, { INT4_ARRAY, TEXT("{1,2}") } };
    (void)url;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        for (int by_view = 0; by_view < 2; by_view++) {
            const sqla_slot slot = slot_of(SQLA_NULL, SQLA_REP_VALUE, sizeof(sqla_value));
            const sqla_plan plan = { sizeof plan, 1, &slot };
            sqla_error err = SQLA_ERROR_INIT;
            sqla_driver_result *result = NULL;
            sqla_status status = SQLA_ERR_NOMEM;
            uint64_t point = 1;
            (void)linked_driver();
            for (; status == SQLA_ERR_NOMEM && point < 100; point++) {
                linked_arena arena = { .base = { linked_arena_take } };
                const sqla_value *values = NULL;
                field row;
                void *const rows[] = { &row };
                size_t count;
                bool end;
                CU_ASSERT_EQUAL_FATAL(postgres__result_new(NULL, pg_cell(wanted[i].oid, wanted[i].format, wanted[i].data, wanted[i].size), false, &result,
                                                           opaque(&err)), SQLA_OK);
                for (int again = 0; again < 2; again++) {
                    sqla_error_clear(&err);
                    sqla__alloc_fail_at(again == 0 ? point : 0, false);
                    sqla_status now = by_view ? postgres_result_view(result, &values, opaque(&err)) :
                                      postgres_result_fetch(result, &plan, rows, 1, &arena.base, &count, &end, opaque(&err));
                    sqla__alloc_fail_at(0, false);
                    CU_ASSERT(now == SQLA_OK || (again == 0 && now == SQLA_ERR_NOMEM));
                    CU_ASSERT_EQUAL(err.status, now);
                    status = again == 0 ? now : status;
                    if (now == SQLA_OK)
                        break;
                }
                postgres_result_close(result);
                free(arena.block);
            }
            CU_ASSERT(point > 2 && point < 100);
        }
    }
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_result *result = NULL;
    sqla__alloc_fail_at(1, false);
    CU_ASSERT_EQUAL(postgres__result_new(NULL, pg_cell(PG_TEXT, 0, "a", 1), false, &result, opaque(&err)), SQLA_ERR_NOMEM);
    sqla__alloc_fail_at(0, false);
}

/* An integer as a decimal is a text that has to be made. */
static void memory__of_a_made_text(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    const sqla_slot slot = slot_of(SQLA_DECIMAL, SQLA_REP_CSTR, sizeof(char *));
    const sqla_plan plan = { sizeof plan, 1, &slot };
    postgres__decoder decoder = { .row_number = -1 };
    field row;
    (void)url;
    (void)linked_driver();
    PGresult *res = pg_cell(PG_INT8, 0, "7", 1);
    sqla__alloc_fail_at(1, false);
    CU_ASSERT_EQUAL(postgres__decoder_choose(&decoder, res, &plan, opaque(&err)), SQLA_ERR_NOMEM);
    sqla__alloc_fail_at(0, false);
    CU_ASSERT_EQUAL(postgres__decoder_choose(&decoder, res, &plan, opaque(&err)), SQLA_OK);
    sqla__alloc_fail_at(1, false);
    CU_ASSERT_EQUAL(postgres__decode_row(&decoder, res, 0, &row, NULL, 1, opaque(&err)), SQLA_ERR_NOMEM);
    sqla__alloc_fail_at(0, false);
    postgres__decoder_release(&decoder);
    PQclear(res);
}

static const struct harness_test tests[] = {
    { "cells of every type are read or refused", cells__are_read_or_refused, HARNESS_PLAIN },
    { "every type and format is read or refused", every_type_and_format__is_read_or_refused, HARNESS_PLAIN },
    { "a binary value of an unknown type is refused", unknown_binary__is_refused, HARNESS_PLAIN },
    { "slots take what fits", slots__take_what_fits, HARNESS_PLAIN },
    { "numbers are not narrowed", numbers__are_not_narrowed, HARNESS_PLAIN },
    { "binary values that are too short are refused", short_binary__is_refused, HARNESS_PLAIN },
    { "texts fit or are refused", texts__fit_or_are_refused, HARNESS_PLAIN },
    { "labels are named when they are unknown", labels__are_named_when_unknown, HARNESS_PLAIN },
    { "nulls clear the field", nulls__clear_the_field, HARNESS_PLAIN },
    { "plans name columns that exist", plans__name_columns_that_exist, HARNESS_PLAIN },
    { "plans may write nothing", plans__may_write_nothing, HARNESS_PLAIN },
    { "memory may run out", memory__may_run_out, HARNESS_PLAIN },
    { "memory of a text that has to be made", memory__of_a_made_text, HARNESS_PLAIN },
};

int main(void)
{
    return harness_main("test-postgres-decode", tests, sizeof tests / sizeof tests[0]);
}
