/* outcome.c: what comes of a call, held against what must: statuses, rows, counts. Each failure
 * names both calls of the pair. */
#include <config.h>
#include "pairs.h"

#include <stdio.h>
#include <string.h>

#define LONG_10 "0123456789"
#define LONG_100 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10
#define LONG_1000 LONG_100 LONG_100 LONG_100 LONG_100 LONG_100 LONG_100 LONG_100 LONG_100 LONG_100 LONG_100
const pair_row pair_base[PAIR_BASE] = {
    { 1, 10, "one", 0.5, true },
    { 2, 20, LONG_1000 LONG_1000 LONG_1000 LONG_1000, -2.25, true },
    { 3, 30, "", 0, false },
    { 4, 40, "f\xc3\xb6ur", 1e10, true },
};

const sqla_slot pair_slots[4] = {
    KIT_SLOT(pair_row, id, SQLA_INT64, SQLA_REP_FIXED, 0),
    KIT_SLOT(pair_row, n, SQLA_INT32, SQLA_REP_FIXED, 1),
    KIT_SLOT(pair_row, name, SQLA_TEXT, SQLA_REP_CSTR, 2),
    { .type = SQLA_FLOAT64,
        .rep = SQLA_REP_FIXED,
        .flags = SQLA_SLOT_NULLABLE,
        .column = 3,
        .offset = offsetof(pair_row, x),
        .size = 8,
        .set_offset = offsetof(pair_row, has_x),
        .name = "x" },
};
const sqla_plan pair_plan = KIT_PLAN(pair_slots);
const sqla_plan pair_id_plan = { sizeof(sqla_plan), 1, pair_slots };
/* ---- expectations ---------------------------------------------------------------------------- */

const char *pair_named(const char *what, char room[PAIR_TEXT])
{
    snprintf(room, PAIR_TEXT, "%s%s%s%s: %.110s", pair_db.now,
        pair_db.before != NULL ? ", after " : ", alone", pair_db.before != NULL ? pair_db.before : "",
        pair_db.inside ? ", in a transaction" : "", what);
    return room;
}

bool pair_holds(bool ok, const char *what, const char *file, unsigned line)
{
    char text[PAIR_TEXT];
    return !pair_db.lost && conform_expect(ok, pair_named(what, text), NULL, NULL, file, line);
}

bool pair_counts(long long got, long long expected, const char *what, const char *file, unsigned line)
{
    char text[PAIR_TEXT];
    return !pair_db.lost && conform_expect_int(got, expected, pair_named(what, text), file, line);
}

/* The failure is the same one as when the call was made alone, which is when it is noted down. */
static void as_alone(const char *file, unsigned line)
{
    pair_told *alone = pair_db.alone, now = { kit_last.native, kit_last.position, kit_last.row, "" };
    snprintf(now.sqlstate, sizeof now.sqlstate, "%s", kit_last.sqlstate);
    if (pair_db.before == NULL) {
        *alone = now;
        return;
    }
    pair_counts(now.native, alone->native, "the database's number of the failure", file, line);
    pair_counts(now.position, alone->position, "the position of the failure", file, line);
    pair_counts(now.row, alone->row, "the row of the failure", file, line);
    pair_holds(strcmp(now.sqlstate, alone->sqlstate) == 0, "the SQLSTATE of the failure", file, line);
}

bool pair_lost(sqla_status got)
{
    pair_db.lost = pair_db.lost || (got == SQLA_ERR_DISCONNECTED && (pair_db.late || pair_db.shaky));
    return pair_db.lost;
}

bool pair_is(sqla_status got, sqla_status expected, const char *what, const char *file, unsigned line)
{
    char text[PAIR_TEXT];
    if (pair_lost(got))
        return false;
    bool ok = kit_expect(got, expected, pair_named(what, text), file, line);
    if (ok && got != SQLA_OK)
        as_alone(file, line);
    return ok;
}

/* ---- rows ------------------------------------------------------------------------------------ */

bool pair_row_is(const pair_row *got, int at)
{
    const pair_row *b = &pair_base[at];
    return got->id == b->id && got->n == b->n && got->name != NULL && strcmp(got->name, b->name) == 0 &&
           got->has_x == b->has_x && (!b->has_x || got->x == b->x);
}

void pair_fetch_all(sqla_driver_result *result, size_t max, int first, int count)
{
    pair_row got[PAIR_BASE + 1];
    void *rows[PAIR_BASE + 1];
    size_t read = 0, n = 0;
    bool end = false;
    kit_arena arena;
    kit_arena_init(&arena);
    memset(got, 0x55, sizeof got);
    for (size_t i = 0; i <= PAIR_BASE; i++)
        rows[i] = &got[i];
    while (!end && read <= (size_t)count) {
        size_t room = PAIR_BASE + 1 - read;
        if (!PAIR_OK(kit_ops.result_fetch(
                result, &pair_plan, rows + read, room < max ? room : max, &arena.base, &n, &end, KIT_ERR)))
            break;
        read += n;
        if (!PAIR_CHECK(n > 0 || end))
            break;
    }
    PAIR_CHECK(end);
    PAIR_INT(read, count);
    for (size_t i = 0; i < read && i < (size_t)count; i++)
        PAIR_CHECK(pair_row_is(&got[i], first + (int)i));
    kit_arena_release(&arena);
}

static bool view_is(const sqla_value *v, int at)
{
    const pair_row *b = &pair_base[at];
    return v[0].type == SQLA_INT64 && v[0].as.i64 == b->id && v[2].type == SQLA_TEXT &&
           v[2].as.bytes.size == strlen(b->name) &&
           memcmp(v[2].as.bytes.data, b->name, v[2].as.bytes.size) == 0 &&
           (b->has_x ? v[3].type == SQLA_FLOAT64 && v[3].as.f64 == b->x : v[3].type == SQLA_NULL);
}

void pair_view_all(sqla_driver_result *result, int first, int count)
{
    const sqla_value *values = NULL;
    int read = 0;
    PAIR_INT(kit_ops.result_info(result)->column_count, 4);
    while (PAIR_OK(kit_ops.result_view(result, &values, KIT_ERR)) && values != NULL && read < count)
        PAIR_CHECK(view_is(values, first + read++));
    PAIR_CHECK(values == NULL);
    PAIR_INT(read, count);
}

sqla_status pair_exec(
    const char *sql, const sqla_plan *plan, const void *row, uint32_t flags, sqla_driver_result **ret_result)
{
    return kit_exec(&pair_db.db, sql, plan, row, flags, ret_result);
}

void pair_changes(const char *sql, const sqla_plan *plan, const void *row, int64_t rows, int64_t sum)
{
    sqla_driver_result *result;
    if (!PAIR_OK(pair_exec(sql, plan, row, 0, &result)))
        return;
    PAIR_INT(kit_ops.result_info(result)->column_count, 0);
    PAIR_INT(kit_ops.result_info(result)->affected, rows);
    kit_ops.result_close(result);
    pair_db.rows += sum != 0 ? rows : 0;
    pair_db.sum += sum;
}
