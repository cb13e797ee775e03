/* postgres-results.c: any bytes as a cell of any type, in both formats, into any slot. The results are libpq's own, made
 * without a server. What is refused is refused in words; what is read is the same by every way that there is to read it. */
#include <config.h>
#include "slots.h"

#include "postgres/postgres.h"

static const Oid oids[] = { PG_BOOL, PG_BYTEA, PG_INT8, PG_INT2, PG_INT4, PG_TEXT, PG_JSON, PG_FLOAT4, PG_FLOAT8, PG_VARCHAR, PG_DATE,
    PG_TIME, PG_TIMESTAMP, PG_TIMESTAMPTZ, PG_INTERVAL, PG_NUMERIC, PG_UUID, PG_JSONB, 26, 1042, 19, 705, 18, 142, 4711 };

static PGresult *make_result(Oid oid, int format, const char *cell, size_t n)
{
    char name[] = "c";
    PGresAttDesc column = { name, 0, 0, format, oid, -1, -1 };
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char *copy = malloc(n + 1); /* what it takes is not const */
    must(res != NULL && copy != NULL && PQsetResultAttrs(res, 1, &column) != 0);
    memcpy(copy, cell, n + 1);
    must(PQsetvalue(res, 0, 0, cell != NULL ? copy : NULL, (int)n) != 0);
    free(copy);
    return res;
}

static void check_decimal(const char *text, size_t n)
{
    if (strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0 || strcmp(text, "-Infinity") == 0)
        return;
    size_t at = text[0] == '-', whole = strspn(text + at, "0123456789");
    must(whole > 0 && (whole == 1 || text[at] != '0'));
    at += whole;
    if (text[at] == '.') {
        size_t digits = strspn(text + at + 1, "0123456789");
        must(digits > 0);
        at += 1 + digits;
    }
    must(at == n && text[n] == '\0');
}

/* The reader itself, over a block of the very size.  Returns: did it read? */
static bool read_alone(Oid oid, int format, const char *cell, size_t n, sqla_value *value)
{
    postgres__buf scratch = { 0 };
    uint32_t type;
    postgres__read_fn *read = postgres__reader_for(oid, format, &type);
    *value = (sqla_value){ .type = type };
    const char *why = read != NULL ? read(cell, n, value, &scratch) : "no reader";
    if (why == NULL && value->reserved == 1) {
        size_t place = (size_t)(uintptr_t)value->as.bytes.data;
        must(place + value->as.bytes.size < scratch.size + 1 && scratch.data[place + value->as.bytes.size] == '\0');
        if (type == SQLA_DECIMAL)
            check_decimal(scratch.data + place, value->as.bytes.size);
    }
    postgres__buf_release(&scratch);
    return why == NULL;
}

/* By value: the same as by the reader. */
static void check_view(PGresult *res, bool readable, const sqla_value *alone)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_result *result = NULL;
    const sqla_value *values = NULL;
    must(postgres__result_new(NULL, res, false, &result, fuzz_err(&err)) == SQLA_OK);
    sqla_status status = postgres_result_view(result, &values, fuzz_err(&err));
    must((status == SQLA_OK) == readable && (readable || err.status == SQLA_ERR_DATA));
    if (readable && alone->reserved == 0)
        must(values[0].type == alone->type && memcmp(&values[0].as.i64, &alone->as.i64, 0) == 0);
    if (readable && alone->type >= SQLA_BOOL && alone->type <= SQLA_INT64)
        must(values[0].as.i64 == alone->as.i64);
    if (readable && (alone->type == SQLA_TEXT || alone->type == SQLA_BLOB || alone->type == SQLA_DECIMAL))
        must(values[0].as.bytes.size == alone->as.bytes.size);
    if (readable)
        must(postgres_result_view(result, &values, fuzz_err(&err)) == SQLA_OK && values == NULL);
    postgres_result_close(result);
}

static int64_t int_at(const sqla_slot *slot, const char *row)
{
    bool u = (slot->flags & SQLA_SLOT_UNSIGNED) != 0;
    int16_t two;
    int32_t four;
    int64_t eight;
    switch (slot->size) {
    case 1:
        return u ? (int64_t)(uint8_t)*row : (int64_t)(int8_t)*row;
    case 2:
        memcpy(&two, row, 2);
        return u ? (int64_t)(uint16_t)two : two;
    case 4:
        memcpy(&four, row, 4);
        return four;
    }
    memcpy(&eight, row, 8);
    return eight;
}

static void check_row(const sqla_slot *slot, const char *row, bool null, bool readable, const sqla_value *alone)
{
    bool number = slot->type >= SQLA_BOOL && slot->type <= SQLA_INT64;
    sqla_blob blob;
    must(null || readable || slot->rep == SQLA_REP_CSTR); /* what cannot be read by value cannot be read at all */
    if (!null && slot->rep == SQLA_REP_FIXED && number && alone->type >= SQLA_BOOL && alone->type <= SQLA_INT64)
        must(int_at(slot, row) == alone->as.i64);
    if (slot->rep != SQLA_REP_BYTES)
        return;
    memcpy(&blob, row, sizeof blob);
    must((blob.data == NULL) == null);
    if (!null && alone->type == slot->type)
        must(blob.size == alone->as.bytes.size && ((const char *)blob.data)[blob.size] == '\0');
}

int fuzz_postgres_results(const uint8_t *data, size_t size)
{
    fuzz_in in = { data, size };
    sqla_error err = SQLA_ERROR_INIT;
    fuzz_arena arena = { { fuzz_arena_take }, NULL };
    postgres__decoder decoder = { .row_number = -1 };
    sqla_value alone;
    size_t n;
    (void)fuzz_postgres();
    Oid oid = oids[fuzz_byte(&in) % (sizeof oids / sizeof oids[0])];
    int form = fuzz_byte(&in);
    bool null = form % 16 == 15;
    const sqla_slot slot = fuzz_slot(&in);
    const sqla_plan plan = { sizeof plan, 1, &slot };
    char *cell = fuzz_copy(&in, in.left, &n), *row = fuzz_row(&slot);
    bool readable = read_alone(oid, form % 2, cell, n, &alone);
    PGresult *res = make_result(oid, form % 2, cell, n);
    if (null)
        must(PQsetvalue(res, 0, 0, NULL, -1) != 0);
    sqla_status status = postgres__decoder_choose(&decoder, res, &plan, fuzz_err(&err));
    if (status == SQLA_OK)
        status = postgres__decode_row(&decoder, res, 0, row, &arena.base, 1, fuzz_err(&err));
    must(status == SQLA_OK || ((status == SQLA_ERR_DATA || status == SQLA_ERR_UNSUPPORTED) && err.message[0] != '\0'));
    if (status == SQLA_OK)
        check_row(&slot, row, null, readable, &alone);
    postgres__decoder_release(&decoder);
    check_view(res, null || readable, null ? &(sqla_value){ .type = SQLA_NULL } : &alone); /* and clears res */
    free(arena.block);
    free(cell);
    free(row);
    return 0;
}
