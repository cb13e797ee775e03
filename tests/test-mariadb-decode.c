/* test-mariadb-decode.c: what the MariaDB driver makes of the bytes of a row: every type, well formed and not, into every kind of slot.
 * The cells are written here as the server sends them, with the length before those whose type has none, and need no server; only what
 * is told apart by names that the server sends along is asked of a real one. */
#include <config.h>
#include "mariadb-driver.h"

/* A struct that any slot fits into. */
typedef union field { char bytes[64]; int64_t i64; double f64; float f32; const char *text; sqla_blob blob; sqla_value value; } field;

/* A cell as it comes; size -1: a NULL. */
typedef struct cell { const char *data; int size; } cell;
#define CELL(bytes) { bytes, (int)sizeof(bytes) - 1 }
static const cell null_cell = { NULL, -1 };

static sqla_slot slot_of(uint32_t type, uint32_t rep, uint32_t size)
{
    return (sqla_slot){ .type = (uint8_t)type, .rep = (uint8_t)rep, .size = size, .set_offset = -1, .name = "c" };
}

/* Read a cell of a column that the server describes as source. word: its word for the type, or NULL. */
static sqla_status fetch_as(const MYSQL_FIELD *source, const char *word, const cell *from, const sqla_slot *slot, void *row,
                            linked_arena *arena, sqla_error *err)
{
    const sqla_plan plan = { sizeof plan, 1, slot };
    mariadb__column column;
    mariadb__decoder decoder = { .row_number = -1 };
    mariadb__cell found;
    /* Room for no more than the cell, so that reading on is seen. */
    unsigned char *copy = malloc(from->size > 0 ? (size_t)from->size : 1), *at = copy;
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    (void)linked_driver();
    sqla_error_clear(err);
    mariadb__column_init(&column, source);
    const sqla_result_column described = { "c", column.type, 0, word };
    const sqla_result_info shape = { .struct_size = sizeof shape, .column_count = 1, .columns = &described };
    if (from->size > 0)
        memcpy(copy, from->data, (size_t)from->size);
    mariadb__cell_take(&column, &found, from->size >= 0 ? &at : NULL);
    CU_ASSERT_EQUAL(at - copy, from->size >= 0 ? from->size : 0); /* the next cell is found behind it */
    sqla_status status = mariadb__decoder_choose(&decoder, &shape, &column, &plan, opaque(err));
    if (status == SQLA_OK)
        status = mariadb__decode_row(&decoder, &shape, &found, row, arena != NULL ? &arena->base : NULL, 1, opaque(err));
    CU_ASSERT_EQUAL(err->status, status);
    CU_ASSERT_EQUAL(err->row, status == SQLA_ERR_DATA);
    mariadb__decoder_release(&decoder);
    free(copy);
    return status;
}

static sqla_status fetch(const MYSQL_FIELD *source, const cell *from, const sqla_slot *slot, void *row, linked_arena *arena, sqla_error *err)
{
    return fetch_as(source, NULL, from, slot, row, arena, err);
}

static const MYSQL_FIELD bigint = { .type = MYSQL_TYPE_LONGLONG }, text_field = { .type = MYSQL_TYPE_VAR_STRING, .charsetnr = 45 },
                         double_field = { .type = MYSQL_TYPE_DOUBLE }, decimal_field = { .type = MYSQL_TYPE_NEWDECIMAL, .decimals = 2 };

/* ---- every type ------------------------------------------------------------------------------------------------------ */

static void show(const sqla_value *v, char *room)
{
    static const char *const names[SQLA_TYPE_COUNT_] = {
        [SQLA_BOOL] = "bool", [SQLA_INT16] = "int16", [SQLA_INT32] = "int32", [SQLA_INT64] = "int64", [SQLA_DATE] = "date",
        [SQLA_TIME] = "time", [SQLA_TIMESTAMP] = "instant", [SQLA_LOCAL_TIMESTAMP] = "local",
        [SQLA_FLOAT32] = "float32", [SQLA_FLOAT64] = "float64",
        [SQLA_TEXT] = "text", [SQLA_BLOB] = "blob", [SQLA_INTERVAL] = "interval",
        [SQLA_DECIMAL] = "decimal", [SQLA_JSON] = "json", [SQLA_UUID] = "uuid" };
    CU_ASSERT_FATAL(v->type < SQLA_TYPE_COUNT_ && (v->type == SQLA_NULL || names[v->type] != NULL));
    switch (v->type) {
    case SQLA_NULL:
        strcpy(room, "null");
        return;
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        sprintf(room, "%s %.9g", names[v->type], v->as.f64);
        return;
    case SQLA_TEXT:
    case SQLA_BLOB:
    case SQLA_DECIMAL:
    case SQLA_JSON:
        CU_ASSERT(((const char *)v->as.bytes.data)[v->as.bytes.size] == '\0');
        sprintf(room, "%s '%.*s'", names[v->type], (int)v->as.bytes.size, (const char *)v->as.bytes.data);
        return;
    case SQLA_UUID:
        room[sprintf(room, "uuid ") + mariadb__uuid_text(&v->as.uuid, room + 5)] = '\0';
        return;
    case SQLA_INTERVAL:
        CU_ASSERT(v->as.interval.months == 0 && v->as.interval.days == 0);
        sprintf(room, "interval %lld", (long long)v->as.interval.micros);
        return;
    }
    sprintf(room, "%s %lld", names[v->type], (long long)v->as.i64);
}

/* A value as shown is as expected; "!...": it was refused for that. */
static void check(const char *is, const char *shown, const sqla_error *err, const char *what, size_t i)
{
    bool refused = is[0] == '!';
    bool ok = refused ? err->status == SQLA_ERR_DATA && strstr(err->message, is + 1) != NULL :
              err->status == SQLA_OK && strcmp(shown, is) == 0;
    if (!ok)
        fprintf(stderr, "%s %u: '%s', not '%s'; %s\n", what, (unsigned)i, shown, is, err->message);
    CU_ASSERT(ok);
}

#define NO_CHARSET .charsetnr = 63
#define OF_BOOL .length = 1
#define UNSIGNED .flags = UNSIGNED_FLAG
#define TEN "aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct { MYSQL_FIELD source; cell cell; const char *is; } cells[] = {
    { { .type = MYSQL_TYPE_TINY, OF_BOOL }, CELL("\1"), "bool 1" }, { { .type = MYSQL_TYPE_TINY, OF_BOOL }, CELL("\0"), "bool 0" },
    { { .type = MYSQL_TYPE_TINY, OF_BOOL }, CELL("\2"), "int16 2" }, { { .type = MYSQL_TYPE_TINY, OF_BOOL }, CELL("\xff"), "int16 -1" },
    { { .type = MYSQL_TYPE_TINY, OF_BOOL, UNSIGNED }, CELL("\1"), "int16 1" },
    { { .type = MYSQL_TYPE_TINY, .length = 4 }, CELL("\x80"), "int16 -128" },
    { { .type = MYSQL_TYPE_TINY, .length = 3, UNSIGNED }, CELL("\xff"), "int16 255" },
    { { .type = MYSQL_TYPE_SHORT }, CELL("\xfe\xff"), "int16 -2" },
    { { .type = MYSQL_TYPE_SHORT, UNSIGNED }, CELL("\xfe\xff"), "int32 65534" },
    { { .type = MYSQL_TYPE_YEAR, UNSIGNED }, CELL("\x6b\x08"), "int16 2155" }, { { .type = MYSQL_TYPE_YEAR }, CELL("\0\0"), "int16 0" },
    { { .type = MYSQL_TYPE_INT24 }, CELL("\0\0\x80\xff"), "int32 -8388608" },
    { { .type = MYSQL_TYPE_INT24, UNSIGNED }, CELL("\xff\xff\xff\0"), "int32 16777215" },
    { { .type = MYSQL_TYPE_LONG }, CELL("\0\0\0\x80"), "int32 -2147483648" },
    { { .type = MYSQL_TYPE_LONG, UNSIGNED }, CELL("\0\0\0\x80"), "int64 2147483648" },
    { { .type = MYSQL_TYPE_LONGLONG }, CELL("\0\0\0\0\0\0\0\x80"), "int64 -9223372036854775808" },
    { { .type = MYSQL_TYPE_LONGLONG, UNSIGNED }, CELL("\xff\xff\xff\xff\xff\xff\xff\x7f"), "int64 9223372036854775807" },
    { { .type = MYSQL_TYPE_LONGLONG, UNSIGNED }, CELL("\0\0\0\0\0\0\0\x80"), "decimal '9223372036854775808'" },
    { { .type = MYSQL_TYPE_FLOAT }, CELL("\0\0\xc0\x3f"), "float32 1.5" },
    { { .type = MYSQL_TYPE_DOUBLE }, CELL("\0\0\0\0\0\0\xf8\xbf"), "float64 -1.5" },
    { { .type = MYSQL_TYPE_BIT }, CELL("\2\1\7"), "int64 263" }, { { .type = MYSQL_TYPE_BIT }, CELL("\0"), "int64 0" },
    { { .type = MYSQL_TYPE_BIT }, CELL("\x8\x7f\xff\xff\xff\xff\xff\xff\xff"), "int64 9223372036854775807" },
    { { .type = MYSQL_TYPE_BIT }, CELL("\x8\x80\0\0\0\0\0\0\0"), "decimal '9223372036854775808'" },
    { { .type = MYSQL_TYPE_BIT }, CELL("\x9\0\0\0\0\0\0\0\1\7"), "int64 1" },
    /* A decimal of a fixed scale keeps its zeros; one of any scale, which is said by the most that there can be, has none of its own. */
    { { .type = MYSQL_TYPE_NEWDECIMAL, .decimals = 2 }, CELL("\4" "1.50"), "decimal '1.50'" },
    { { .type = MYSQL_TYPE_DECIMAL }, CELL("\2-7"), "decimal '-7'" },
    { { .type = MYSQL_TYPE_NEWDECIMAL, .decimals = 30 }, CELL("\5" "1.500"), "decimal '1.5'" },
    { { .type = MYSQL_TYPE_NEWDECIMAL, .decimals = 30 }, CELL("\5" "100.0"), "decimal '100'" },
    { { .type = MYSQL_TYPE_NEWDECIMAL, .decimals = 30 }, CELL("\3" "0.0"), "decimal '0'" },
    { { .type = MYSQL_TYPE_NEWDECIMAL, .decimals = 30 }, CELL("\3" "100"), "decimal '100'" },
    { { .type = MYSQL_TYPE_NEWDECIMAL, .decimals = 30 }, CELL("\6" "-0.025"), "decimal '-0.025'" },
    { { .type = MYSQL_TYPE_DATE }, CELL("\4\xb2\7\1\1"), "date 0" }, { { .type = MYSQL_TYPE_NEWDATE }, CELL("\4\1\0\1\1"), "date -719162" },
    { { .type = MYSQL_TYPE_DATE }, CELL("\4\x0f\x27\xc\x1f"), "date 2932896" },
    { { .type = MYSQL_TYPE_DATE }, CELL("\4\xd0\7\2\x1d"), "date 11016" },
    { { .type = MYSQL_TYPE_DATE }, CELL("\4\x6c\7\2\x1d"), "text '1900-02-29'" }, { { .type = MYSQL_TYPE_DATE }, CELL("\0"), "text '0000-00-00'" },
    { { .type = MYSQL_TYPE_DATE }, CELL("\4\0\0\1\1"), "text '0000-01-01'" }, { { .type = MYSQL_TYPE_DATE }, CELL("\4\x10\x27\1\1"), "text '10000-01-01'" },
    { { .type = MYSQL_TYPE_DATE }, CELL("\4\xb2\7\0\1"), "text '1970-00-01'" }, { { .type = MYSQL_TYPE_DATE }, CELL("\4\xb2\7\xd\1"), "text '1970-13-01'" },
    { { .type = MYSQL_TYPE_DATE }, CELL("\4\xb2\7\1\0"), "text '1970-01-00'" }, { { .type = MYSQL_TYPE_DATE }, CELL("\4\xb2\7\4\x1f"), "text '1970-04-31'" },
    { { .type = MYSQL_TYPE_DATE }, CELL("\4\xb2\7\4\x1e"), "date 119" },
    { { .type = MYSQL_TYPE_DATETIME }, CELL("\4\xb2\7\1\2"), "local 86400000000" },
    { { .type = MYSQL_TYPE_DATETIME }, CELL("\7\xb2\7\1\1\1\2\3"), "local 3723000000" },
    { { .type = MYSQL_TYPE_DATETIME }, CELL("\xb\xb1\7\xc\x1f\x17\x3b\x3b\x3f\x42\xf\0"), "local -1" },
    { { .type = MYSQL_TYPE_DATETIME }, CELL("\0"), "text '0000-00-00 00:00:00'" },
    { { .type = MYSQL_TYPE_DATETIME }, CELL("\xb\0\0\0\0\1\2\3\4\0\0\0"), "text '0000-00-00 01:02:03.000004'" },
    { { .type = MYSQL_TYPE_DATETIME }, CELL("\xb\x0f\x27\xc\x1f\x17\x3b\x3b\x3f\x42\xf\0"), "local 253402300799999999" },
    { { .type = MYSQL_TYPE_TIMESTAMP }, CELL("\xb\xb2\7\1\1\0\0\0\5\0\0\0"), "instant 5" },
    { { .type = MYSQL_TYPE_TIMESTAMP }, CELL("\4\xb2\7\2\x1d"), "text '1970-02-29 00:00:00'" },
    { { .type = MYSQL_TYPE_TIME }, CELL("\0"), "time 0" }, { { .type = MYSQL_TYPE_TIME }, CELL("\x8\0\0\0\0\0\1\2\3"), "time 3723000000" },
    { { .type = MYSQL_TYPE_TIME }, CELL("\xc\0\0\0\0\0\x17\x3b\x3b\x3f\x42\xf\0"), "time 86399999999" },
    { { .type = MYSQL_TYPE_TIME }, CELL("\x8\0\1\0\0\0\0\0\0"), "time 86400000000" },
    { { .type = MYSQL_TYPE_TIME }, CELL("\x8\0\1\0\0\0\0\0\1"), "interval 86401000000" },
    { { .type = MYSQL_TYPE_TIME }, CELL("\x8\1\0\0\0\0\0\0\1"), "interval -1000000" },
    { { .type = MYSQL_TYPE_TIME }, CELL("\x8\0\x22\0\0\0\x16\x3b\x3b"), "interval 3020399000000" },
    { { .type = MYSQL_TYPE_VAR_STRING, .charsetnr = 45 }, CELL("\4text"), "text 'text'" },
    { { .type = MYSQL_TYPE_STRING, .charsetnr = 33 }, CELL("\0"), "text ''" },
    { { .type = MYSQL_TYPE_BLOB, .charsetnr = 45 }, CELL("\4long"), "text 'long'" },
    { { .type = MYSQL_TYPE_BLOB, NO_CHARSET }, CELL("\2\1\2"), "blob '\1\2'" },
    { { .type = MYSQL_TYPE_STRING, NO_CHARSET }, CELL("\1a"), "blob 'a'" },
    { { .type = MYSQL_TYPE_GEOMETRY, NO_CHARSET }, CELL("\1a"), "blob 'a'" },
    { { .type = MYSQL_TYPE_JSON, NO_CHARSET }, CELL("\2{}"), "json '{}'" },
    /* Longer lengths: a mark, and 2, 3 or 8 bytes. */
    { { .type = MYSQL_TYPE_BLOB, .charsetnr = 45 }, CELL("\xfc\x2c\1" HUNDRED HUNDRED HUNDRED), "text '" HUNDRED HUNDRED HUNDRED "'" },
    { { .type = MYSQL_TYPE_BLOB, .charsetnr = 45 }, CELL("\xfd\3\0\0" "abc"), "text 'abc'" },
    { { .type = MYSQL_TYPE_BLOB, .charsetnr = 45 }, CELL("\xfe\3\0\0\0\0\0\0\0" "abc"), "text 'abc'" },
    { { .type = MYSQL_TYPE_NULL }, { NULL, -1 }, "null" }, { { .type = MYSQL_TYPE_LONG }, { NULL, -1 }, "null" },
};

static void cells__are_read_or_refused(const char *url)
{
    const sqla_slot slot = { .type = SQLA_NULL, .rep = SQLA_REP_VALUE, .size = sizeof(sqla_value), .flags = SQLA_SLOT_NULLABLE,
        .set_offset = -1, .name = "c" };
    (void)url;
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        linked_arena arena = { .base = { linked_arena_take } };
        field row;
        char shown[400] = "";
        if (fetch(&cells[i].source, &cells[i].cell, &slot, &row, &arena, &err) == SQLA_OK)
            show(&row.value, shown);
        check(cells[i].is, shown, &err, "cell", i);
        free(arena.block);
    }
}

/* Types that only the name tells which the server sends along, and what it makes of the others. */
static const struct { const char *sql, *is; } expressions[] = {
    { "u FROM names", "uuid 12345678-9abc-4ef0-8123-456789abcdef" }, { "j FROM names", "json '{\"a\": 1}'" },
    { "l FROM names", "text '{}'" },
    { "CAST('::1' AS INET6)", "text '::1'" }, { "CAST('10.0.0.1' AS INET4)", "text '10.0.0.1'" }, { "'plain'", "text 'plain'" },
    { "X'4142'", "blob 'AB'" },
    { "TIME '24:00:00'", "time 86400000000" }, { "TIME '838:59:59'", "interval 3020399000000" }, { "TIME '-00:00:01'", "interval -1000000" },
    { "TIMESTAMP '9999-12-31 23:59:59.999999'", "local 253402300799999999" }, { "DATE '0001-01-01'", "date -719162" },
    { "18446744073709551615", "decimal '18446744073709551615'" }, { "1.50", "decimal '1.50'" }, { "1.5e0", "float64 1.5" }, { "CAST(7 AS FLOAT)", "float32 7" },
    { "CAST(1.5 AS DECIMAL(65,30))", "decimal '1.5'" }, { "NULL", "null" },
};

static void expressions__are_read_or_refused(const char *url)
{
    sqla_driver_conn *conn = my_open(url);
    sqla_error failure = SQLA_ERROR_INIT;
    const sqla_slot slot = { .type = SQLA_NULL, .rep = SQLA_REP_VALUE, .size = sizeof(sqla_value), .flags = SQLA_SLOT_NULLABLE,
        .set_offset = -1, .name = "c" };
    const sqla_plan plan = { sizeof plan, 1, &slot };
    CU_ASSERT_EQUAL(linked_run(conn, "CREATE TEMPORARY TABLE names (u UUID, j JSON, l LONGTEXT)", &failure), SQLA_OK);
    CU_ASSERT_EQUAL(linked_run(conn, "INSERT INTO names VALUES ('12345678-9abc-4ef0-8123-456789abcdef', '{\"a\": 1}', '{}')", &failure),
                    SQLA_OK);
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_driver_result *result = NULL;
        linked_arena arena = { .base = { linked_arena_take } };
        field row;
        void *const rows[] = { &row };
        size_t count = 0;
        bool end = false;
        char text[200], shown[400] = "";
        snprintf(text, sizeof text, "SELECT %s", expressions[i].sql);
        CU_ASSERT_EQUAL_FATAL(linked_exec(conn, text, 0, &result, &err), SQLA_OK);
        if (mariadb_result_fetch(result, &plan, rows, 1, &arena.base, &count, &end, opaque(&err)) == SQLA_OK)
            show(&row.value, shown);
        check(expressions[i].is, shown, &err, "expression", i);
        mariadb_result_close(result);
        free(arena.block);
    }
    linked_driver()->ops->close(conn);
}

/* ---- every slot ------------------------------------------------------------------------------------------------------ */

/* The number 7, or what comes nearest, as each type; the letters stand for them below. */
static const struct { char letter; MYSQL_FIELD source; cell cell; } sevens[] = {
    { 'B', { .type = MYSQL_TYPE_TINY, OF_BOOL }, CELL("\1") },
    { '1', { .type = MYSQL_TYPE_TINY, .length = 4 }, CELL("\7") },
    { '2', { .type = MYSQL_TYPE_SHORT }, CELL("\7\0") },
    { 'y', { .type = MYSQL_TYPE_YEAR }, CELL("\7\0") },
    { '3', { .type = MYSQL_TYPE_INT24 }, CELL("\7\0\0\0") },
    { '4', { .type = MYSQL_TYPE_LONG, UNSIGNED }, CELL("\7\0\0\0") },
    { '8', { .type = MYSQL_TYPE_LONGLONG }, CELL("\7\0\0\0\0\0\0\0") },
    { 'b', { .type = MYSQL_TYPE_BIT }, CELL("\1\7") },
    { 'f', { .type = MYSQL_TYPE_FLOAT }, CELL("\0\0\xe0\x40") },
    { 'F', { .type = MYSQL_TYPE_DOUBLE }, CELL("\0\0\0\0\0\0\x1c\x40") },
    { 't', { .type = MYSQL_TYPE_VAR_STRING, .charsetnr = 45 }, CELL("\1" "7") },
    { 'j', { .type = MYSQL_TYPE_JSON }, CELL("\1" "7") },
    { 'n', { .type = MYSQL_TYPE_NEWDECIMAL }, CELL("\1" "7") },
    { 'o', { .type = MYSQL_TYPE_BLOB, NO_CHARSET }, CELL("\1" "7") },
    { 'd', { .type = MYSQL_TYPE_DATE }, CELL("\4\xb2\7\1\x8") },
    { 'T', { .type = MYSQL_TYPE_TIME }, CELL("\xc\0\0\0\0\0\0\0\0\7\0\0\0") },
    { 'Z', { .type = MYSQL_TYPE_TIMESTAMP }, CELL("\xb\xb2\7\1\1\0\0\0\7\0\0\0") },
    { 'L', { .type = MYSQL_TYPE_DATETIME }, CELL("\xb\xb2\7\1\1\0\0\0\7\0\0\0") },
    { 'u', { .type = MYSQL_TYPE_LONGLONG, UNSIGNED }, CELL("\7\0\0\0\0\0\0\0") },
};
#define INTS "12y348bu"
#define MIXED "BbudTZL" /* columns that may hold what their type here has no place for */

/* Which of them a slot takes. What it does not take is refused when a value comes; takes NULL: there is no such slot. */
static const struct { uint32_t type, rep, size; const char *takes; } slots[] = {
    { SQLA_BOOL, SQLA_REP_FIXED, 1, "B" },
    { SQLA_INT16, SQLA_REP_FIXED, 2, "B" INTS "n" },
    { SQLA_INT32, SQLA_REP_FIXED, 4, "B" INTS "n" },
    { SQLA_INT64, SQLA_REP_FIXED, 8, "B" INTS "n" },
    { SQLA_INT32, SQLA_REP_FIXED, 1, "B" INTS "n" },
    { SQLA_FLOAT32, SQLA_REP_FIXED, 4, "B" INTS "fFn" },
    { SQLA_FLOAT64, SQLA_REP_FIXED, 8, "B" INTS "fFn" },
    { SQLA_FLOAT64, SQLA_REP_FIXED, 4, "B" INTS "fFn" },
    { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4, "t" },
    { SQLA_DATE, SQLA_REP_FIXED, sizeof(sqla_date), "d" },
    { SQLA_TIME, SQLA_REP_FIXED, 8, "T" },
    { SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, "ZL" },
    { SQLA_LOCAL_TIMESTAMP, SQLA_REP_FIXED, 8, "ZL" },
    { SQLA_TEXT, SQLA_REP_CSTR, sizeof(char *), "tjn" MIXED },
    { SQLA_JSON, SQLA_REP_CSTR, sizeof(char *), "tjn" },
    { SQLA_ENUM_TYPE, SQLA_REP_CSTR, sizeof(char *), "tjn" },
    { SQLA_DECIMAL, SQLA_REP_CSTR, sizeof(char *), "B" INTS "n" },
    { SQLA_TEXT, SQLA_REP_BYTES, sizeof(sqla_blob), "tjn" MIXED },
    { SQLA_DECIMAL, SQLA_REP_BYTES, sizeof(sqla_blob), "B" INTS "n" },
    { SQLA_BLOB, SQLA_REP_BYTES, sizeof(sqla_blob), "o" },
    { SQLA_TEXT, SQLA_REP_CHARS, 40, "tjn" MIXED },
    { SQLA_NULL, SQLA_REP_VALUE, sizeof(sqla_value), "B" INTS "fFtjnodTZL" },
    { SQLA_BOOL, SQLA_REP_VALUE, sizeof(sqla_value), "B" },
    { SQLA_INT16, SQLA_REP_VALUE, sizeof(sqla_value), "B" INTS },
    { SQLA_INT32, SQLA_REP_VALUE, sizeof(sqla_value), "B" INTS },
    { SQLA_INT64, SQLA_REP_VALUE, sizeof(sqla_value), "B" INTS },
    { SQLA_FLOAT32, SQLA_REP_VALUE, sizeof(sqla_value), "fF" },
    { SQLA_FLOAT64, SQLA_REP_VALUE, sizeof(sqla_value), "fF" },
    { SQLA_DATE, SQLA_REP_VALUE, sizeof(sqla_value), "d" },
    { SQLA_TIMESTAMP, SQLA_REP_VALUE, sizeof(sqla_value), "ZL" },
    { SQLA_LOCAL_TIMESTAMP, SQLA_REP_VALUE, sizeof(sqla_value), "ZL" },
    { SQLA_TEXT, SQLA_REP_VALUE, sizeof(sqla_value), "tjn" },
    { SQLA_DECIMAL, SQLA_REP_VALUE, sizeof(sqla_value), "tjn" },
    { SQLA_BLOB, SQLA_REP_VALUE, sizeof(sqla_value), "o" },
    { SQLA_ARRAY, SQLA_REP_VALUE, sizeof(sqla_value), "" },
    { SQLA_BOOL, SQLA_REP_FIXED, 3, NULL },
    { SQLA_INT32, SQLA_REP_FIXED, 3, NULL },
    { SQLA_FLOAT64, SQLA_REP_FIXED, 2, NULL },
    { SQLA_ENUM_TYPE, SQLA_REP_FIXED, 3, NULL },
    { SQLA_UUID, SQLA_REP_FIXED, 15, NULL },
    { SQLA_INTERVAL, SQLA_REP_FIXED, 8, NULL },
    { SQLA_DATE, SQLA_REP_FIXED, 8, NULL },
    { SQLA_TIME, SQLA_REP_FIXED, 4, NULL },
    { SQLA_TIMESTAMP, SQLA_REP_FIXED, 4, NULL },
    { SQLA_TEXT, SQLA_REP_FIXED, 8, NULL },
    { SQLA_BLOB, SQLA_REP_CSTR, sizeof(char *), NULL },
    { SQLA_INT32, SQLA_REP_CSTR, sizeof(char *), NULL },
    { SQLA_JSON, SQLA_REP_CHARS, 8, NULL },
    { SQLA_TEXT, SQLA_REP_CHARS, 0, NULL },
    { SQLA_ENUM_TYPE, SQLA_REP_VALUE, sizeof(sqla_value), NULL },
    { SQLA_TEXT, 77, 8, NULL },
};

static const char *const labels[] = { "six", "7" };

/* Of a BOOLEAN the number is 1. */
static bool holds(const sqla_slot *slot, const field *row, char letter)
{
    const int64_t number = letter == 'B' ? 1 : 7;
    const char *digit = letter == 'B' ? "1" : letter == 'd' ? "1970-01-08" : letter == 'T' ? "00:00:00.000007" :
                        letter == 'Z' || letter == 'L' ? "1970-01-01 00:00:00.000007" : "7";
    switch (slot->rep) {
    case SQLA_REP_CSTR:
        return strcmp(row->text, digit) == 0;
    case SQLA_REP_BYTES:
        return row->blob.size == strlen(digit) && memcmp(row->blob.data, digit, strlen(digit) + 1) == 0;
    case SQLA_REP_CHARS:
        return strcmp(row->bytes, digit) == 0;
    case SQLA_REP_VALUE:
        return slot->type == SQLA_NULL ? row->value.type != SQLA_NULL : row->value.type == slot->type;
    }
    if (slot->type == SQLA_FLOAT32 || slot->type == SQLA_FLOAT64)
        return slot->size == 4 ? row->f32 == (float)number : row->f64 == (double)number;
    return linked_integer(row, slot->size) == (slot->type == SQLA_ENUM_TYPE ? 1 : number);
}

static void slots__take_what_fits(const char *url)
{
    (void)url;
    for (size_t s = 0; s < sizeof slots / sizeof slots[0]; s++) {
        for (size_t i = 0; i < sizeof sevens / sizeof sevens[0]; i++) {
            sqla_error err = SQLA_ERROR_INIT;
            sqla_slot slot = slot_of(slots[s].type, slots[s].rep, slots[s].size);
            linked_arena arena = { .base = { linked_arena_take } };
            field row = { .bytes = { 0 } };
            bool bool_of_number = slot.type == SQLA_BOOL && slots[s].takes != NULL && strchr(INTS, sevens[i].letter) != NULL;
            if (slot.type == SQLA_ENUM_TYPE) {
                slot.labels = labels;
                slot.label_count = 2;
            }
            sqla_status status = fetch(&sevens[i].source, &sevens[i].cell, &slot, &row, &arena, &err);
            sqla_status expected = slots[s].takes == NULL ? SQLA_ERR_UNSUPPORTED :
                                   strchr(slots[s].takes, sevens[i].letter) != NULL ? SQLA_OK : SQLA_ERR_DATA;
            const char *why = expected == SQLA_ERR_UNSUPPORTED ? "column 'c' cannot be read in this form" :
                              bool_of_number ? "the number is neither 0 nor 1" : "it has another type";
            bool ok = status == expected && (status == SQLA_OK ? holds(&slot, &row, sevens[i].letter) :
                                             strstr(err.message, why) != NULL);
            if (!ok)
                fprintf(stderr, "slot %u, %u, %u bytes from '%c': %s\n", (unsigned)slot.type, (unsigned)slot.rep, slot.size,
                        sevens[i].letter, err.message);
            CU_ASSERT(ok);
            free(arena.block);
        }
    }
}

/* An enum without labels is no slot; the server's word for the type is said when there is one. */
static void slots__are_refused_with_words(const char *url)
{
    static const cell seven = CELL("\1" "7");
    sqla_error err = SQLA_ERROR_INIT;
    sqla_slot slot = slot_of(SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4);
    field row;
    (void)url;
    CU_ASSERT_EQUAL(fetch(&text_field, &seven, &slot, &row, NULL, &err), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(err.column, "c");
    slot = slot_of(SQLA_INT32, SQLA_REP_FIXED, 4);
    CU_ASSERT_EQUAL(fetch_as(&text_field, "text", &seven, &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot read column 'c' of row 1: a value of type 'text' does not fit the field");
    CU_ASSERT_EQUAL(fetch_as(&text_field, "text", &null_cell, &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot read column 'c' of row 1: there is no value, and the field needs one");
}

/* ---- texts that are something else ------------------------------------------------------------------------------------ */

#define UUID_TEXT "12345678-9abc-def0-0123-456789ABCDEF"
static const struct { uint32_t type; const char *text, *is; } texts[] = {
    { SQLA_UUID, UUID_TEXT, "12345678-9abc-def0-0123-456789abcdef" },
    { SQLA_UUID, "123456789abcdef00123456789abcdef", "12345678-9abc-def0-0123-456789abcdef" },
    { SQLA_UUID, "12345678-9abc-def0-0123-456789abcde", "!it is no uuid" },
    { SQLA_UUID, "12345678x9abc-def0-0123-456789abcdef", "!it is no uuid" },
    { SQLA_UUID, "12345678-9abc-def0-0123-456789abcdeg", "!it is no uuid" },
    { SQLA_UUID, "1234567/-9abc-def0-0123-456789abcdef", "!it is no uuid" },
    { SQLA_UUID, "", "!it is no uuid" }, { SQLA_UUID, "g23456789abcdef00123456789abcdef", "!it is no uuid" },
    { SQLA_INTERVAL, "P14M-3DT5.000000S", "14/-3/5000000" }, { SQLA_INTERVAL, "P1Y2M3W4DT5H6M7.8S", "14/25/18367800000" },
    { SQLA_INTERVAL, "PT-0.000001S", "0/0/-1" },
    { SQLA_INTERVAL, "PT+1S", "0/0/1000000" }, { SQLA_INTERVAL, "PT1.S", "0/0/1000000" },
    { SQLA_INTERVAL, "PT-9223372036854.775808S", "0/0/-9223372036854775808" },
    { SQLA_INTERVAL, "P2147483647M-2147483648D", "2147483647/-2147483648/0" },
    { SQLA_INTERVAL, "P2147483648M", "!its text is no interval" },
    { SQLA_INTERVAL, "P-2147483649D", "!its text is no interval" }, { SQLA_INTERVAL, "P", "!its text is no interval" },
    { SQLA_INTERVAL, "PT", "!its text is no interval" },
    { SQLA_INTERVAL, "", "!its text is no interval" }, { SQLA_INTERVAL, "1D", "!its text is no interval" },
    { SQLA_INTERVAL, "P1", "!its text is no interval" },
    { SQLA_INTERVAL, "P-", "!its text is no interval" }, { SQLA_INTERVAL, "PD", "!its text is no interval" },
    { SQLA_INTERVAL, "P1X", "!its text is no interval" },
    { SQLA_INTERVAL, "P1S", "!its text is no interval" }, { SQLA_INTERVAL, "P1H", "!its text is no interval" },
    { SQLA_INTERVAL, "PT1Y", "!its text is no interval" },
    { SQLA_INTERVAL, "PT1W", "!its text is no interval" }, { SQLA_INTERVAL, "PT1D", "!its text is no interval" },
    { SQLA_INTERVAL, "PT1ST1S", "!its text is no interval" },
    { SQLA_INTERVAL, "PT1.5M", "!its text is no interval" }, { SQLA_INTERVAL, "PT1.0000001S", "!its text is no interval" },
    { SQLA_INTERVAL, "PT1.5", "!its text is no interval" },
    { SQLA_INTERVAL, "PT9223372036854775807S", "!its text is no interval" },
    { SQLA_INTERVAL, "PT9223372036855S", "!its text is no interval" },
    { SQLA_INTERVAL, "PT-9223372036854.775809S", "!its text is no interval" },
    { SQLA_INTERVAL, "P900000000000000000Y", "!its text is no interval" },
    { SQLA_INTERVAL, "PT9223372036854.9S9223372036854.9S", "!its text is no interval" },
};

/* By a field of the type, and by a value whose slot says the type. */
static void texts__become_uuids_and_intervals(const char *url)
{
    (void)url;
    for (size_t i = 0; i < 2 * sizeof texts / sizeof texts[0]; i++) {
        const char *text = texts[i / 2].text;
        bool fixed = i % 2 == 0, uuid = texts[i / 2].type == SQLA_UUID;
        char data[64], shown[100] = "";
        const cell from = { data, sprintf(data, "%c%s", (int)strlen(text), text) };
        const cell empty = CELL("\0");
        sqla_error err = SQLA_ERROR_INIT;
        field row;
        sqla_interval interval;
        sqla_slot slot = slot_of(texts[i / 2].type, fixed ? SQLA_REP_FIXED : SQLA_REP_VALUE, fixed ? 16 : sizeof(sqla_value));
        if (fetch(&text_field, text[0] != '\0' ? &from : &empty, &slot, &row, NULL, &err) == SQLA_OK) {
            const void *at = fixed ? (const void *)&row : &row.value.as;
            CU_ASSERT(fixed || row.value.type == slot.type);
            memcpy(&interval, at, sizeof interval);
            if (uuid)
                shown[mariadb__uuid_text(at, shown)] = '\0';
            else
                sprintf(shown, "%d/%d/%lld", (int)interval.months, (int)interval.days, (long long)interval.micros);
        }
        check(texts[i / 2].is, shown, &err, "text", i / 2);
    }
}

/* ---- numbers at their limits ----------------------------------------------------------------------------------------- */

static const char too_large[] = "too large for the field", no_float[] = "does not fit into a float",
                  digits[] = "more digits than the field",
                  not_integer[] = "is not an integer", no_bool[] = "neither 0 nor 1";
enum { BYTE_VALUE = sizeof(sqla_value) }; /* as the size of a slot: it is one of a tagged value */

/* from: 'i' a BIGINT, 'F' a DOUBLE, 'n' a DECIMAL. */
static const struct { char from; const char *text; uint32_t type, size, flags; const char *wrong; } limits[] = {
    { 'i', "127", SQLA_INT64, 1, 0, NULL }, { 'i', "128", SQLA_INT64, 1, 0, too_large }, { 'i', "-129", SQLA_INT64, 1, 0, too_large },
    { 'i', "-128", SQLA_INT64, 1, 0, NULL },
    { 'i', "255", SQLA_INT64, 1, SQLA_SLOT_UNSIGNED, NULL }, { 'i', "256", SQLA_INT64, 1, SQLA_SLOT_UNSIGNED, too_large },
    { 'i', "32767", SQLA_INT64, 2, 0, NULL }, { 'i', "32768", SQLA_INT64, 2, 0, too_large },
    { 'i', "65535", SQLA_INT64, 2, SQLA_SLOT_UNSIGNED, NULL }, { 'i', "-1", SQLA_INT64, 2, SQLA_SLOT_UNSIGNED, too_large },
    { 'i', "2147483647", SQLA_INT64, 4, 0, NULL }, { 'i', "2147483648", SQLA_INT64, 4, 0, too_large },
    { 'i', "-9223372036854775808", SQLA_INT64, 8, 0, NULL },
    { 'n', "12.00", SQLA_INT32, 4, 0, NULL }, { 'n', "-12", SQLA_INT32, 4, 0, NULL }, { 'n', "12.01", SQLA_INT32, 4, 0, not_integer },
    { 'n', "99999999999999999999", SQLA_INT64, 8, 0, too_large }, { 'n', "3000000000", SQLA_INT32, 4, 0, too_large },
    { 'n', "9223372036854775807", SQLA_INT64, 8, 0, NULL }, { 'n', "9223372036854775808", SQLA_INT64, 8, 0, too_large },
    { 'n', "-9223372036854775808", SQLA_INT64, 8, 0, NULL }, { 'n', "-9223372036854775809", SQLA_INT64, 8, 0, too_large },
    { 'n', "0.5", SQLA_FLOAT32, 4, 0, NULL }, { 'n', "0.1", SQLA_FLOAT64, 8, 0, NULL },
    { 'n', "400000000000000000000000000000000000000", SQLA_FLOAT32, 4, 0, too_large },
    { 'n', "-400000000000000000000000000000000000000", SQLA_FLOAT32, 4, 0, too_large },
    { 'i', "9007199254740992", SQLA_FLOAT64, 8, 0, NULL }, { 'i', "9007199254740993", SQLA_FLOAT64, 8, 0, digits },
    { 'i', "-9007199254740993", SQLA_FLOAT64, 8, 0, digits }, { 'i', "16777217", SQLA_FLOAT32, 4, 0, no_float },
    { 'F', "0.1", SQLA_FLOAT32, 4, 0, no_float }, { 'F', "0.5", SQLA_FLOAT32, 4, 0, NULL }, { 'F', "0.1", SQLA_FLOAT64, 8, 0, NULL },
    { 'i', "0", SQLA_BOOL, 1, 0, NULL }, { 'i', "2", SQLA_BOOL, 1, 0, no_bool }, { 'i', "-1", SQLA_BOOL, 4, 0, no_bool },
    { 'i', "40000", SQLA_INT16, BYTE_VALUE, 0, too_large }, { 'i', "3000000000", SQLA_INT32, BYTE_VALUE, 0, too_large },
    { 'i', "-32768", SQLA_INT16, BYTE_VALUE, 0, NULL }, { 'i', "-2147483648", SQLA_INT32, BYTE_VALUE, 0, NULL },
    { 'i', "3000000000", SQLA_INT64, BYTE_VALUE, 0, NULL },
    { 'i', "1", SQLA_BOOL, BYTE_VALUE, 0, NULL }, { 'i', "0", SQLA_BOOL, BYTE_VALUE, 0, NULL },
    { 'i', "2", SQLA_BOOL, BYTE_VALUE, 0, no_bool },
    { 'F', "0.1", SQLA_FLOAT32, BYTE_VALUE, 0, no_float }, { 'F', "0.5", SQLA_FLOAT32, BYTE_VALUE, 0, NULL },
};

/* The cell that the server would send for a number, in room. */
static cell number_cell(char from, const char *text, char *room)
{
    double real = strtod(text, NULL);
    uint64_t bits = (uint64_t)strtoll(text, NULL, 10);
    if (from == 'n')
        return (cell){ room, sprintf(room, "%c%s", (int)strlen(text), text) };
    if (from == 'F')
        memcpy(&bits, &real, sizeof bits);
    for (int i = 0; i < 8; i++)
        room[i] = (char)(bits >> 8 * i);
    return (cell){ room, 8 };
}

static bool holds_number(const sqla_slot *slot, const field *row, const char *text)
{
    bool real = slot->type == SQLA_FLOAT32 || slot->type == SQLA_FLOAT64, u = slot->flags == SQLA_SLOT_UNSIGNED;
    int64_t n = strtoll(text, NULL, 10);
    if (real)
        return (slot->rep == SQLA_REP_VALUE ? row->value.as.f64 : slot->size == 4 ? (double)row->f32 : row->f64) == strtod(text, NULL);
    if (slot->rep == SQLA_REP_VALUE)
        return row->value.type == slot->type && row->value.as.i64 == n;
    const int64_t got = linked_integer(row, slot->size);
    return n == (!u || slot->size > 2 ? got : slot->size == 1 ? (uint8_t)got : (uint16_t)got);
}

static void numbers__are_not_narrowed(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        field row = { .bytes = { 0 } };
        char room[80];
        sqla_slot slot = slot_of(limits[i].type, limits[i].size == BYTE_VALUE ? SQLA_REP_VALUE : SQLA_REP_FIXED, limits[i].size);
        const cell from = number_cell(limits[i].from, limits[i].text, room);
        slot.flags = (uint8_t)limits[i].flags;
        const MYSQL_FIELD *source = limits[i].from == 'i' ? &bigint : limits[i].from == 'F' ? &double_field : &decimal_field;
        sqla_status status = fetch(source, &from, &slot, &row, NULL, &err);
        bool ok = limits[i].wrong == NULL ? status == SQLA_OK && holds_number(&slot, &row, limits[i].text) :
                  status == SQLA_ERR_DATA && strstr(err.message, limits[i].wrong) != NULL;
        if (!ok)
            fprintf(stderr, "'%s' into %u, %u bytes: %s\n", limits[i].text, (unsigned)slot.type, slot.size, err.message);
        CU_ASSERT(ok);
    }
}

/* What its column's type has no place for is had in the form that does, and in no other. */
static void odd_values__come_as_what_they_are(const char *url)
{
    static const MYSQL_FIELD number = { .type = MYSQL_TYPE_LONGLONG, UNSIGNED }, span = { .type = MYSQL_TYPE_TIME },
                             day = { .type = MYSQL_TYPE_DATE }, truth = { .type = MYSQL_TYPE_TINY, OF_BOOL };
    static const struct { const MYSQL_FIELD *source; cell cell; uint32_t type, rep, size; const char *is; } asked[] = {
        { &number, CELL("\xff\xff\xff\xff\xff\xff\xff\xff"), SQLA_DECIMAL, SQLA_REP_CSTR, 8, "18446744073709551615" },
        { &number, CELL("\xff\xff\xff\xff\xff\xff\xff\xff"), SQLA_TEXT, SQLA_REP_CSTR, 8, "18446744073709551615" },
        { &number, CELL("\xff\xff\xff\xff\xff\xff\xff\xff"), SQLA_INT64, SQLA_REP_FIXED, 8, "!the number is too large" },
        { &number, CELL("\xff\xff\xff\xff\xff\xff\xff\xff"), SQLA_FLOAT64, SQLA_REP_FIXED, 8, "!too large for any integer" },
        { &number, CELL("\xff\xff\xff\xff\xff\xff\xff\xff"), SQLA_INT64, SQLA_REP_VALUE, BYTE_VALUE, "!too large for any integer" },
        { &span, CELL("\x8\1\1\0\0\0\2\3\4"), SQLA_TEXT, SQLA_REP_CSTR, 8, "-26:03:04" },
        { &span, CELL("\xc\0\1\0\0\0\2\3\4\5\0\0\0"), SQLA_TEXT, SQLA_REP_CSTR, 8, "26:03:04.000005" },
        { &span, CELL("\x8\0\1\0\0\0\2\3\4"), SQLA_TIME, SQLA_REP_FIXED, 8, "!it is no time of a day" },
        { &day, CELL("\0"), SQLA_TEXT, SQLA_REP_CSTR, 8, "0000-00-00" },
        { &day, CELL("\0"), SQLA_DATE, SQLA_REP_FIXED, 4, "!a date of zeros" },
        { &truth, CELL("\2"), SQLA_TEXT, SQLA_REP_CSTR, 8, "2" },
        { &truth, CELL("\2"), SQLA_DECIMAL, SQLA_REP_CSTR, 8, "2" },
        { &truth, CELL("\2"), SQLA_BOOL, SQLA_REP_FIXED, 1, "!the number is neither 0 nor 1" },
    };
    (void)url;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        linked_arena arena = { .base = { linked_arena_take } };
        const sqla_slot slot = slot_of(asked[i].type, asked[i].rep, asked[i].size);
        field row = { .bytes = { 0 } };
        sqla_status status = fetch(asked[i].source, &asked[i].cell, &slot, &row, &arena, &err);
        check(asked[i].is, status == SQLA_OK && asked[i].rep == SQLA_REP_CSTR ? row.text : "", &err, "asked", i);
        free(arena.block);
    }
}

static void odd_values__spans_are_intervals(const char *url)
{
    static const MYSQL_FIELD span = { .type = MYSQL_TYPE_TIME };
    static const cell within = CELL("\x8\0\0\0\0\0\2\3\4"), beyond = CELL("\x8\1\1\0\0\0\2\3\4");
    const sqla_slot slot = slot_of(SQLA_INTERVAL, SQLA_REP_FIXED, sizeof(sqla_interval));
    sqla_error err = SQLA_ERROR_INIT;
    sqla_interval found;
    field row = { .bytes = { 0 } };
    (void)url;
    CU_ASSERT_EQUAL(fetch(&span, &within, &slot, &row, NULL, &err), SQLA_OK);
    memcpy(&found, row.bytes, sizeof found);
    CU_ASSERT_EQUAL(found.micros, INT64_C(7384000000));
    CU_ASSERT_EQUAL(fetch(&span, &beyond, &slot, &row, NULL, &err), SQLA_OK);
    memcpy(&found, row.bytes, sizeof found);
    CU_ASSERT_EQUAL(found.micros, -INT64_C(93784000000));
}

/* An integer as a decimal is a text that has to be made. */
static void integers__become_decimals(const char *url)
{
    static const cell least = CELL("\0\0\0\0\0\0\0\x80");
    sqla_error err = SQLA_ERROR_INIT;
    linked_arena arena = { .base = { linked_arena_take } };
    sqla_slot slot = slot_of(SQLA_DECIMAL, SQLA_REP_CSTR, sizeof(char *));
    field row;
    (void)url;
    CU_ASSERT_EQUAL_FATAL(fetch(&bigint, &least, &slot, &row, &arena, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(row.text, "-9223372036854775808");
    free(arena.block);
    arena.block = NULL;
    slot = slot_of(SQLA_DECIMAL, SQLA_REP_BYTES, sizeof(sqla_blob));
    CU_ASSERT_EQUAL_FATAL(fetch(&bigint, &least, &slot, &row, &arena, &err), SQLA_OK);
    CU_ASSERT(row.blob.size == 20 && memcmp(row.blob.data, "-9223372036854775808", 21) == 0);
    free(arena.block);
}

/* ---- texts, labels, nulls -------------------------------------------------------------------------------------------- */

static void texts__fit_or_are_refused(const char *url)
{
    static const cell abc = CELL("\3" "abc"), abcd = CELL("\4" "abcd"), with_nul = CELL("\3a\0b"), empty = CELL("\0");
    sqla_error err = SQLA_ERROR_INIT;
    field row;
    sqla_slot slot = slot_of(SQLA_TEXT, SQLA_REP_CHARS, 4);
    (void)url;
    CU_ASSERT_EQUAL(fetch(&text_field, &abc, &slot, &row, NULL, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(row.bytes, "abc");
    CU_ASSERT_EQUAL(fetch(&text_field, &empty, &slot, &row, NULL, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(row.bytes, "");
    CU_ASSERT_EQUAL(fetch(&text_field, &abcd, &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT(says(&err, "the text is too long for the field"));
    CU_ASSERT_EQUAL(fetch(&text_field, &with_nul, &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT(says(&err, "it has a NUL inside, which a C string cannot hold"));
    slot = slot_of(SQLA_TEXT, SQLA_REP_CSTR, sizeof(char *));
    CU_ASSERT_EQUAL(fetch(&text_field, &with_nul, &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT(says(&err, "it has a NUL inside, which a C string cannot hold"));
    linked_arena arena = { .base = { linked_arena_take } };
    slot = slot_of(SQLA_TEXT, SQLA_REP_BYTES, sizeof(sqla_blob));
    CU_ASSERT_EQUAL(fetch(&text_field, &with_nul, &slot, &row, &arena, &err), SQLA_OK); /* where its length is kept it may have one */
    CU_ASSERT(row.blob.size == 3 && memcmp(row.blob.data, "a\0b", 4) == 0);
    free(arena.block);
}

/* An unknown label is quoted, cut between two characters; a missing one is not. The name comes from the result when the plan has none. */
static void labels__are_named_when_unknown(const char *url)
{
    static const cell blue = CELL("\4blue"), sev = CELL("\3sev"), seven = CELL("\1" "7");
    sqla_error err = SQLA_ERROR_INIT;
    field row;
    sqla_slot slot = slot_of(SQLA_ENUM_TYPE, SQLA_REP_FIXED, 4);
    char text[121];
    const cell long_cell = { text, sizeof text };
    (void)url;
    slot.labels = labels;
    slot.label_count = 2;
    slot.name = NULL;
    CU_ASSERT_EQUAL(fetch(&text_field, &seven, &slot, &row, NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(linked_integer(&row, 4), 1);
    CU_ASSERT_EQUAL(fetch(&text_field, &blue, &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot read column 'c' of row 1: the text is none of the labels of the enum: 'blue'");
    memset(text, 'a', sizeof text);
    text[0] = sizeof text - 1;
    memcpy(text + 1 + 79, "\303\274", 2); /* across the place where it is cut */
    CU_ASSERT_EQUAL(fetch(&text_field, &long_cell, &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT_EQUAL(strlen(strstr(err.message, ": 'a")), 3 + 79 + 1);
    CU_ASSERT_EQUAL(fetch(&text_field, &sev, &slot, &row, NULL, &err), SQLA_ERR_DATA); /* as long as a label */
    CU_ASSERT(says(&err, "none of the labels of the enum: 'sev'"));
    CU_ASSERT_EQUAL(fetch(&text_field, &null_cell, &slot, &row, NULL, &err), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot read column 'c' of row 1: there is no value, and the field needs one");
}

/* A NULL clears the field, of whatever kind, and the flag beside it, even where the column is of another type. */
static void nulls__clear_the_field(const char *url)
{
    static const struct { uint32_t type, rep, size; } kinds[] = {
        { SQLA_INT64, SQLA_REP_FIXED, 8 }, { SQLA_TEXT, SQLA_REP_CSTR, sizeof(char *) }, { SQLA_BLOB, SQLA_REP_BYTES, sizeof(sqla_blob) },
        { SQLA_TEXT, SQLA_REP_CHARS, 8 }, { SQLA_NULL, SQLA_REP_VALUE, sizeof(sqla_value) }, { SQLA_UUID, SQLA_REP_FIXED, 16 } };
    static const cell word = CELL("\4word");
    (void)url;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        static const field zero;
        sqla_error err = SQLA_ERROR_INIT;
        field row;
        sqla_slot slot = slot_of(kinds[i].type, kinds[i].rep, kinds[i].size);
        memset(&row, 0xee, sizeof row);
        slot.flags = SQLA_SLOT_NULLABLE;
        slot.set_offset = 40;
        CU_ASSERT_EQUAL(fetch(&text_field, &null_cell, &slot, &row, NULL, &err), SQLA_OK);
        CU_ASSERT(slot.rep == SQLA_REP_CHARS ? row.bytes[0] == '\0' : memcmp(&row, &zero, slot.size) == 0);
        CU_ASSERT_EQUAL(row.bytes[40], 0);
        CU_ASSERT_EQUAL((unsigned char)row.bytes[41], 0xee);
    }
    sqla_error err = SQLA_ERROR_INIT;
    sqla_slot slot = slot_of(SQLA_TEXT, SQLA_REP_CHARS, 8);
    field row = { .bytes = { 0 } };
    slot.set_offset = 40;
    CU_ASSERT_EQUAL(fetch(&text_field, &word, &slot, &row, NULL, &err), SQLA_OK);
    CU_ASSERT(row.bytes[40] == 1 && strcmp(row.bytes, "word") == 0);
}

/* ---- plans ----------------------------------------------------------------------------------------------------------- */

static void plans__name_columns_that_exist(const char *url)
{
    static const cell a = CELL("\1a");
    static const struct { int32_t column; const char *says; } wrong[] = {
        { -1, "column 0 is asked for, and the result has 1" }, { 1, "column 2 is asked for, and the result has 1" } };
    (void)url;
    for (size_t i = 0; i < 2; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        field row;
        sqla_slot slot = slot_of(SQLA_TEXT, SQLA_REP_CHARS, 8);
        slot.column = wrong[i].column;
        CU_ASSERT_EQUAL(fetch(&text_field, &a, &slot, &row, NULL, &err), SQLA_ERR_MISUSE);
        CU_ASSERT(says(&err, wrong[i].says));
    }
}

/* Two columns, read by a plan of several slots: what needs bytes lies behind one another in one block. */
static void plans__of_several_slots(const char *url)
{
    static const sqla_result_column described[] = { { "n", SQLA_INT64, 0, NULL }, { "t", SQLA_TEXT, 0, NULL } };
    static const sqla_result_info shape = { .struct_size = sizeof shape, .column_count = 2, .columns = described };
    static const unsigned char seven[] = { 7, 0, 0, 0, 0, 0, 0, 0 }, text[] = { 'a', 'b' };
    const mariadb__cell found[] = { { seven, 8 }, { text, 2 } };
    struct { const char *first; sqla_blob second; const char *third; } row = { NULL, { NULL, 0 }, NULL };
    sqla_slot several[] = { slot_of(SQLA_TEXT, SQLA_REP_CSTR, 8), slot_of(SQLA_TEXT, SQLA_REP_BYTES, 16),
                            slot_of(SQLA_DECIMAL, SQLA_REP_CSTR, 8), slot_of(SQLA_INT64, SQLA_REP_ROW_NUMBER, 0) };
    const sqla_plan plan = { sizeof plan, 4, several }, none = { sizeof none, 0, NULL };
    mariadb__column columns[2];
    mariadb__decoder decoder = { .row_number = -1 };
    linked_arena arena = { .base = { linked_arena_take } };
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    (void)linked_driver();
    mariadb__column_init(&columns[0], &bigint);
    mariadb__column_init(&columns[1], &text_field);
    several[0].column = several[1].column = 1;
    several[1].offset = (uint32_t)((const char *)&row.second - (const char *)&row);
    several[2].offset = (uint32_t)((const char *)&row.third - (const char *)&row);
    CU_ASSERT_EQUAL(mariadb__decoder_choose(&decoder, &shape, columns, &none, opaque(&err)), SQLA_OK);
    CU_ASSERT_EQUAL(mariadb__decode_row(&decoder, &shape, found, &row, NULL, 1, opaque(&err)), SQLA_OK); /* it writes nothing */
    CU_ASSERT_PTR_NULL(row.first);
    CU_ASSERT_EQUAL(decoder.row_number, -1);
    CU_ASSERT_EQUAL(mariadb__decoder_choose(&decoder, &shape, columns, &plan, opaque(&err)), SQLA_OK);
    CU_ASSERT_EQUAL(decoder.row_number, 0);
    CU_ASSERT_EQUAL_FATAL(mariadb__decode_row(&decoder, &shape, found, &row, &arena.base, 1, opaque(&err)), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(row.first, "ab");
    CU_ASSERT(row.first == arena.block && row.second.data == arena.block + 3 && row.third == arena.block + 6);
    CU_ASSERT(row.second.size == 2 && memcmp(row.second.data, "ab", 3) == 0);
    CU_ASSERT_STRING_EQUAL(row.third, "7");
    mariadb__decoder_release(&decoder);
    free(arena.block);
}

/* ---- memory ---------------------------------------------------------------------------------------------------------- */

static void memory__may_run_out(const char *url)
{
    static const sqla_result_column described = { "c", SQLA_TEXT, 0, NULL };
    static const sqla_result_info shape = { .struct_size = sizeof shape, .column_count = 1, .columns = &described };
    static const mariadb__cell found = { (const unsigned char *)"abc", 3 };
    const sqla_slot slot = slot_of(SQLA_TEXT, SQLA_REP_CSTR, sizeof(char *));
    const sqla_plan plan = { sizeof plan, 1, &slot };
    mariadb__column column;
    mariadb__decoder decoder = { .row_number = -1 };
    linked_arena arena = { .base = { linked_arena_take }, .fails = true };
    sqla_error err = SQLA_ERROR_INIT;
    field row;
    (void)url;
    (void)linked_driver();
    mariadb__column_init(&column, &text_field);
    sqla__alloc_fail_at(1, false);
    CU_ASSERT_EQUAL(mariadb__decoder_choose(&decoder, &shape, &column, &plan, opaque(&err)), SQLA_ERR_NOMEM);
    sqla__alloc_fail_at(0, false);
    CU_ASSERT_PTR_NULL(decoder.plan);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(mariadb__decoder_choose(&decoder, &shape, &column, &plan, opaque(&err)), SQLA_OK);
    sqla__alloc_fail_at(1, false);
    CU_ASSERT_EQUAL(mariadb__decoder_choose(&decoder, &shape, &column, &plan, opaque(&err)), SQLA_OK); /* it is chosen already */
    sqla__alloc_fail_at(0, false);
    CU_ASSERT_EQUAL(mariadb__decode_row(&decoder, &shape, &found, &row, &arena.base, 1, opaque(&err)), SQLA_ERR_NOMEM);
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_NOMEM);
    sqla_error_clear(&err);
    /* Without an arena there is nowhere to put it. */
    CU_ASSERT_EQUAL(mariadb__decode_row(&decoder, &shape, &found, &row, NULL, 1, opaque(&err)), SQLA_ERR_NOMEM);
    arena.fails = false;
    CU_ASSERT_EQUAL_FATAL(mariadb__decode_row(&decoder, &shape, &found, &row, &arena.base, 1, opaque(&err)), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(row.text, "abc");
    mariadb__decoder_release(&decoder);
    free(arena.block);
}

static const struct harness_test tests[] = {
    { "cells of every type are read or refused", cells__are_read_or_refused, HARNESS_PLAIN },
    { "expressions of the server are read or refused", expressions__are_read_or_refused, HARNESS_MARIADB },
    { "slots take what fits", slots__take_what_fits, HARNESS_PLAIN },
    { "slots are refused with words", slots__are_refused_with_words, HARNESS_PLAIN },
    { "texts become uuids and intervals", texts__become_uuids_and_intervals, HARNESS_PLAIN },
    { "numbers are not narrowed", numbers__are_not_narrowed, HARNESS_PLAIN },
    { "odd values come as what they are", odd_values__come_as_what_they_are, HARNESS_PLAIN },
        { "odd values: spans are intervals", odd_values__spans_are_intervals, HARNESS_PLAIN },
    { "integers become decimals", integers__become_decimals, HARNESS_PLAIN },
    { "texts fit or are refused", texts__fit_or_are_refused, HARNESS_PLAIN },
    { "labels are named when they are unknown", labels__are_named_when_unknown, HARNESS_PLAIN },
    { "nulls clear the field", nulls__clear_the_field, HARNESS_PLAIN },
    { "plans name columns that exist", plans__name_columns_that_exist, HARNESS_PLAIN },
    { "plans of several slots", plans__of_several_slots, HARNESS_PLAIN },
    { "memory may run out", memory__may_run_out, HARNESS_PLAIN },
};

int main(void) { return harness_main("test-mariadb-decode", tests, sizeof tests / sizeof tests[0]); }
