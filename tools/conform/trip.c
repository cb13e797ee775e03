/* trip.c: see trip.h. */
#include <config.h>
#include "trip.h"

#include <stdio.h>
#include <string.h>

enum { CANARY = 0xa5 };

kit_conn trip_db;

bool trip_gaps_are_whole(const unsigned char *row, size_t size)
{
    size_t end = TRIP_VALUE_AT + size;
    for (size_t i = 0; i < TRIP_ROOM; i++) {
        bool inside =
            (i >= TRIP_ID_AT && i < TRIP_ID_AT + 8) || i == TRIP_SET_AT || (i >= TRIP_VALUE_AT && i < end);
        if (!inside && row[i] != CANARY)
            return false;
    }
    return true;
}

void trip_check_gaps(const unsigned char *row, size_t size)
{
    if (!trip_gaps_are_whole(row, size))
        FAIL("result_fetch writes no byte of a row outside of its slots",
            "bytes beside the slots were overwritten");
}

static void make_slots(sqla_slot *slots, const trip_form *f)
{
    slots[0] = (sqla_slot){ .type = SQLA_INT64,
        .rep = SQLA_REP_FIXED,
        .column = 0,
        .offset = TRIP_ID_AT,
        .size = 8,
        .set_offset = -1,
        .name = "id" };
    slots[1] = (sqla_slot){ .type = (uint8_t)f->type,
        .rep = (uint8_t)f->rep,
        .flags = (uint8_t)(f->flags | SQLA_SLOT_NULLABLE),
        .column = 1,
        .offset = TRIP_VALUE_AT,
        .size = f->size,
        .set_offset = f->rep == SQLA_REP_FIXED || f->rep == SQLA_REP_CHARS ? TRIP_SET_AT : -1,
        .labels = f->labels,
        .label_count = f->label_count,
        .name = "v" };
}

static void make_row(unsigned char *row, const trip_form *f, int64_t id, const void *value)
{
    memset(row, CANARY, TRIP_ROOM);
    memcpy(row + TRIP_ID_AT, &id, sizeof id);
    row[TRIP_SET_AT] = value != NULL;
    memset(row + TRIP_VALUE_AT, 0, f->size);
    if (value != NULL)
        memcpy(row + TRIP_VALUE_AT, value, f->size);
}

static void make_table(sqla_type type)
{
    const char *name = kit_type(type == SQLA_ENUM_TYPE ? SQLA_TEXT : type);
    if (name == NULL)
        conform_unsupported("the traits have no type for the canonical type %d", (int)type);
    kit_drop(&trip_db, "conf_value");
    kit_must(&trip_db, kit_sql("CREATE TABLE [conf_value] ([id] %s NOT NULL PRIMARY KEY, [v] %s)",
                           kit_type(SQLA_INT64), name));
}

/* Send a value to conf_value as row `id`. */
sqla_status trip_send(const trip_form *f, int64_t id, const void *value)
{
    unsigned char row[TRIP_ROOM];
    sqla_slot slots[2];
    const sqla_plan plan = KIT_PLAN(slots);
    make_slots(slots, f);
    make_row(row, f, id, value);
    return kit_run_with(&trip_db, kit_sql("INSERT INTO [conf_value] ([id], [v]) VALUES (?, ?)"), &plan, row);
}

/* Fetch row `id`, into a row of canaries. */
sqla_status trip_fetch(const trip_form *f, int64_t id, unsigned char *row, kit_arena *arena)
{
    sqla_slot slots[2];
    const sqla_plan plan = KIT_PLAN(slots);
    void *rows[] = { row };
    sqla_driver_result *result;
    size_t count = 0;
    bool end = false;
    make_slots(slots, f);
    memset(row, CANARY, TRIP_ROOM);
    sqla_status status =
        kit_exec(&trip_db, kit_sql("SELECT [id], [v] FROM [conf_value] WHERE [id] = %lld", (long long)id),
            NULL, NULL, 0, &result);
    if (status != SQLA_OK)
        return status;
    status = kit_ops.result_fetch(result, &plan, rows, 1, &arena->base, &count, &end, KIT_ERR);
    CHECK_INT(count, status == SQLA_OK ? 1 : 0);
    kit_ops.result_close(result);
    return status;
}

/* The length of a decimal without zeros that say nothing: a database may keep those at the end, drop them, or show as many as its
 * column has places. */
static size_t telling(const char *decimal)
{
    size_t n = strlen(decimal);
    if (strchr(decimal, '.') == NULL)
        return n;
    while (decimal[n - 1] == '0')
        n--;
    return n - (decimal[n - 1] == '.');
}

static bool same_decimal(const char *s, const char *t)
{
    return telling(s) == telling(t) && memcmp(s, t, telling(s)) == 0;
}

static bool same_bytes(const trip_form *f, const void *a, const void *b)
{
    sqla_blob x, y;
    const char *s, *t;
    switch (f->rep) {
    case SQLA_REP_CSTR:
        memcpy(&s, a, sizeof s);
        memcpy(&t, b, sizeof t);
        return s != NULL && t != NULL && (f->type == SQLA_DECIMAL ? same_decimal(s, t) : strcmp(s, t) == 0);
    case SQLA_REP_BYTES:
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return x.data != NULL && y.data != NULL && x.size == y.size && memcmp(x.data, y.data, x.size) == 0 &&
               ((const char *)y.data)[y.size] == '\0';
    case SQLA_REP_CHARS:
        return strcmp(a, b) == 0;
    default:
        return memcmp(a, b, f->size) == 0;
    }
}

/* There and back. may_refuse: the database need not have the value, and says SQLA_ERR_DATA then. */
void trip_there_and_back(const trip_form *f, const void *value, bool may_refuse, const char *what)
{
    static int64_t id;
    unsigned char row[TRIP_ROOM];
    kit_arena arena;
    kit_arena_init(&arena);
    sqla_status status = trip_send(f, ++id, value);
    if (may_refuse && status == SQLA_ERR_DATA) {
        CHECK_INT(kit_last.calls, 1);
        kit_must(&trip_db, kit_sql("DELETE FROM [conf_value]"));
        return;
    }
    if (EXPECT(status, SQLA_OK) && EXPECT(trip_fetch(f, id, row, &arena), SQLA_OK)) {
        bool same = same_bytes(f, value, row + TRIP_VALUE_AT);
        if (!same)
            FAIL("a value comes back as it was", what);
        trip_check_gaps(row, f->size);
        CHECK_INT(row[TRIP_SET_AT], f->rep == SQLA_REP_FIXED || f->rep == SQLA_REP_CHARS ? 1 : CANARY);
        CHECK_INT(arena.calls, f->rep == SQLA_REP_CSTR || f->rep == SQLA_REP_BYTES ? 1 : 0);
    } else {
        fprintf(stderr, "... for %s\n", what);
    }
    kit_arena_release(&arena);
}

void trip_null(const trip_form *f)
{
    unsigned char row[TRIP_ROOM];
    static int64_t id = 1000000;
    kit_arena arena;
    kit_arena_init(&arena);
    if (f->rep != SQLA_REP_VALUE && EXPECT(trip_send(f, ++id, NULL), SQLA_OK) &&
        EXPECT(trip_fetch(f, id, row, &arena), SQLA_OK)) {
        void *pointer;
        memcpy(&pointer, row + TRIP_VALUE_AT, sizeof pointer);
        CHECK(f->rep == SQLA_REP_FIXED || f->rep == SQLA_REP_CHARS ? row[TRIP_SET_AT] == 0 : pointer == NULL);
        trip_check_gaps(row, f->size);
        CHECK_INT(arena.calls, 0);
        CHECK_INT(kit_number(
                      &trip_db, kit_sql("SELECT count(*) FROM [conf_value] WHERE [id] = %lld AND [v] IS NULL",
                                    (long long)id)),
            1);
    }
    kit_arena_release(&arena);
}

void trip_begin(sqla_type type)
{
    kit_must_open(&trip_db);
    make_table(type);
}

void trip_end(void)
{
    kit_drop(&trip_db, "conf_value");
    kit_close(&trip_db);
}
