/* postgres-params.c: any slot to the form that the server reads, alone and as an array, and back from there by the readers of
 * results: it is refused, or it is the same. */
#include <config.h>
#include "slots.h"

#include "postgres/postgres.h"

static uint32_t big32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* What the server would call a parameter of that type, whose text it reads. */
static Oid oid_of(uint32_t type, Oid named)
{
    return named != 0 ? named : type == SQLA_DECIMAL ? PG_NUMERIC : type == SQLA_JSON ? PG_JSON : PG_TEXT;
}

static bool same(const sqla_slot *slot, const char *sent, const char *got)
{
    const char *a, *b;
    sqla_blob x, y;
    bool zero[2] = { true, true };
    switch (slot->rep) {
    case SQLA_REP_CSTR:
        memcpy(&a, sent, sizeof a);
        memcpy(&b, got, sizeof b);
        return strcmp(a, b) == 0;
    case SQLA_REP_CHARS:
        return strcmp(sent, got) == 0;
    case SQLA_REP_BYTES:
        memcpy(&x, sent, sizeof x);
        memcpy(&y, got, sizeof y);
        return x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    case SQLA_REP_VALUE:
        return true;
    }
    for (uint32_t i = 0; i < slot->size; i++) {
        zero[0] = zero[0] && sent[i] == 0;
        zero[1] = zero[1] && got[i] == 0;
    }
    return slot->type == SQLA_BOOL ? zero[0] == zero[1] : memcmp(sent, got, slot->size) == 0;
}

/* Is it a number that is not a number? Its bits may change on the way through a float. */
static bool is_nan(const sqla_slot *slot, const char *row)
{
    float narrow = 0;
    double wide = 0;
    if (slot->rep != SQLA_REP_FIXED || (slot->type != SQLA_FLOAT32 && slot->type != SQLA_FLOAT64))
        return false;
    memcpy(slot->size == 4 ? (void *)&narrow : &wide, row, slot->size);
    return narrow != narrow || wide != wide;
}

static void read_back(const sqla_slot *slot, const char *row, const postgres__args *args, Oid oid)
{
    sqla_error err = SQLA_ERROR_INIT;
    fuzz_arena arena = { { fuzz_arena_take }, NULL };
    postgres__decoder decoder = { .row_number = -1 };
    const sqla_plan plan = { sizeof plan, 1, slot };
    char name[] = "c", *got = fuzz_row(slot), *copy;
    size_t n = args->formats[0] == 1 ? (size_t)args->lengths[0] : strlen(args->values[0]);
    PGresAttDesc column = { name, 0, 0, args->formats[0], oid, -1, -1 };
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    copy = malloc(n + 1);
    must(res != NULL && copy != NULL && PQsetResultAttrs(res, 1, &column) != 0);
    memcpy(copy, args->values[0], n);
    must(PQsetvalue(res, 0, 0, copy, (int)n) != 0);
    sqla_status status = postgres__decoder_choose(&decoder, res, &plan, fuzz_err(&err));
    if (status == SQLA_OK) {
        status = postgres__decode_row(&decoder, res, 0, got, &arena.base, 1, fuzz_err(&err));
        must(status == SQLA_OK || slot->type == SQLA_DECIMAL || slot->rep == SQLA_REP_VALUE);
        must(status != SQLA_OK || is_nan(slot, row) || same(slot, row, got));
    }
    postgres__decoder_release(&decoder);
    PQclear(res);
    free(arena.block);
    free(copy);
    free(got);
}

/* An array of the row twice: its head, then each element with its length, and nothing behind. */
static void check_array(const postgres__args *args, Oid element, const char *one, size_t one_size, bool null)
{
    const char *at = args->values[0], *end = at + args->lengths[0];
    must(args->formats[0] == 1 && end - at >= 20);
    must(big32(at) == 1 && big32(at + 4) == (null ? 1 : 0) && big32(at + 8) == element && big32(at + 12) == 2 && big32(at + 16) == 1);
    at += 20;
    for (int i = 0; i < 2; i++) {
        must(end - at >= 4 && big32(at) == (null ? UINT32_MAX : (uint32_t)one_size));
        at += 4;
        if (null)
            continue;
        must((size_t)(end - at) >= one_size && memcmp(at, one, one_size) == 0);
        at += one_size;
    }
    must(at == end);
}

static void as_array(const sqla_plan *plan, char *row, Oid oid, const postgres__args *alone)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn conn = { 0 };
    void *const rows[] = { row, row };
    bool null = alone->values[0] == NULL;
    sqla_status status = postgres__args_columns(&conn, plan, rows, 2, fuzz_err(&err));
    must(status == SQLA_OK || plan->slots[0].type == SQLA_NULL);
    if (status == SQLA_OK)
        check_array(&conn.args, oid, alone->values[0], null ? 0 : alone->formats[0] == 1 ? (size_t)alone->lengths[0] : strlen(alone->values[0]), null);
    postgres__args_release(&conn.args);
}

/* The same for a parameter that the server has found to be of another type. */
static void for_another(const sqla_plan *plan, const char *row, Oid oid)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn conn = { 0 };
    sqla_driver_stmt *stmt = calloc(1, sizeof *stmt + sizeof stmt->types[0]);
    must(stmt != NULL);
    stmt->count = 1;
    stmt->types[0] = oid;
    sqla_status status = postgres__args_row(&conn, stmt, plan, row, 0, fuzz_err(&err));
    must(status == SQLA_OK || err.message[0] != '\0');
    if (status == SQLA_OK && conn.args.values[0] != NULL && conn.args.formats[0] == 0)
        must(postgres__utf8_valid(conn.args.values[0], strlen(conn.args.values[0])));
    postgres__args_release(&conn.args);
    free(stmt);
}

int fuzz_postgres_params(const uint8_t *data, size_t size)
{
    static const Oid others[] = { PG_BOOL, PG_INT8, PG_INT4, PG_TEXT, PG_FLOAT8, PG_DATE, PG_TIMESTAMP, PG_TIMESTAMPTZ, PG_NUMERIC, PG_UUID, PG_INTERVAL, 0 };
    fuzz_in in = { data, size };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn conn = { 0 };
    Oid named = 0, other;
    (void)fuzz_postgres();
    other = others[fuzz_byte(&in) % (sizeof others / sizeof others[0])];
    const sqla_slot slot = fuzz_slot(&in);
    const sqla_plan plan = { sizeof plan, 1, &slot };
    char *bytes, *row = fuzz_fill(&in, &slot, &bytes);
    must(postgres__plan_types(&plan, false, &named, fuzz_err(&err)) == SQLA_OK);
    if (postgres__args_row(&conn, NULL, &plan, row, 0, fuzz_err(&err)) == SQLA_OK) {
        if (conn.args.values[0] != NULL && slot.rep != SQLA_REP_VALUE)
            read_back(&slot, row, &conn.args, oid_of(slot.type, named));
        if (slot.rep != SQLA_REP_VALUE)
            as_array(&plan, row, named != 0 ? named : PG_TEXT, &conn.args);
    } else {
        must(err.message[0] != '\0');
    }
    for_another(&plan, row, other);
    postgres__args_release(&conn.args);
    free(bytes);
    free(row);
    return 0;
}
