/* parameters.c: values go where they belong, and nothing else goes with them. */
#include <config.h>
#include "trip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static kit_conn db;

static void begin_parameters(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_param");
    kit_must(&db, kit_sql("CREATE TABLE [conf_param] ([id] %s NOT NULL PRIMARY KEY, [name] %s NOT NULL)",
                      kit_type(SQLA_INT32), kit_type(SQLA_TEXT)));
    kit_must(&db, "INSERT INTO [conf_param] ([id], [name]) VALUES (1, 'one')");
}

static void end_parameters(void)
{
    kit_drop(&db, "conf_param");
    kit_close(&db);
}

/* ---- how many -------------------------------------------------------------------------------------------------- */

typedef struct pair {
    int32_t id;
    const char *name;
} pair;

static void parameters__number_of_parameters(void)
{
    const sqla_slot slots[] = { KIT_SLOT(pair, id, SQLA_INT32, SQLA_REP_FIXED, 0),
        KIT_SLOT(pair, name, SQLA_TEXT, SQLA_REP_CSTR, 1) };
    const sqla_plan both = KIT_PLAN(slots), one = { sizeof one, 1, slots };
    const pair row = { 5, "five" };
    begin_parameters();
    const char *text = kit_sql("INSERT INTO [conf_param] ([id], [name]) VALUES (?, ?)");
    EXPECT(kit_run_with(&db, text, &one, &row), SQLA_ERR_SQL);
    EXPECT(kit_run_with(&db, text, NULL, NULL), SQLA_ERR_SQL);
    EXPECT(kit_run_with(&db, "INSERT INTO [conf_param] ([id], [name]) VALUES (7, 'seven')", &both, &row),
        SQLA_ERR_SQL);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_param]"), 1);
    EXPECT(kit_run_with(&db, text, &both, &row), SQLA_OK);
    end_parameters();
}

/* One more than the limit is refused; the limit itself works. */
static void parameters__limit_of_parameters(void)
{
    begin_parameters();
    uint32_t limit = db.info.max_parameters != 0 ? db.info.max_parameters : kit_traits->max_parameters;
    size_t room = 128 + (size_t)(limit + 1) * 16;
    char *text = malloc(room);
    sqla_slot *slots = calloc(limit + 1, sizeof *slots);
    int64_t value = 1;
    for (uint32_t extra = 0; text != NULL && slots != NULL && extra < 2; extra++) {
        size_t n =
            (size_t)snprintf(text, room, "SELECT count(*) FROM %s WHERE 1 IN (", kit_quoted("conf_param"));
        for (uint32_t i = 0; i < limit + extra; i++) {
            const char *mark = kit_traits->placeholder == SQLA_PLACEHOLDER_DOLLAR ? "%s$%u" : "%s?";
            slots[i] = (sqla_slot){
                .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .column = (int32_t)i, .size = 8, .set_offset = -1
            };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            n += (size_t)snprintf(text + n, room - n, mark, i > 0 ? ", " : "", i + 1);
#pragma GCC diagnostic pop
        }
        snprintf(text + n, room - n, ")");
        const sqla_plan plan = { sizeof plan, limit + extra, slots };
        sqla_status status = kit_run_with(&db, text, &plan, &value);
        CHECK(extra == 0 ? status == SQLA_OK : status != SQLA_OK && kit_last.calls == 1);
    }
    CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    free(text);
    free(slots);
    end_parameters();
}

/* ---- what looks like something else ----------------------------------------------------------------------------- */

enum { NASTY = 200, NASTY_SIZE = 64 };

/* The i-th of texts that are something in SQL, in printf, in shells; then each character of ASCII, and pairs of the worst. */
static void nasty_text(int i, char room[NASTY_SIZE])
{
    static const char *const texts[] = { "'; DROP TABLE conf_param; --", "\\'", "$$", "a\"b", "%s%n", "?",
        "$1", ":x", "/*", "\\x00", "''", "*/", "--", "#", "\\", "\\\\", "'\\''", "NULL", "null", "0", " ",
        "  ", "{name}", "{table}", "`", "``" };
    static const char worst[] = "'\"\\`$?:%";
    enum { TEXTS = sizeof texts / sizeof *texts, PAIRS = sizeof worst - 1 };
    if (i < TEXTS)
        snprintf(room, NASTY_SIZE, "%s", texts[i]);
    else if (i < TEXTS + 127)
        snprintf(room, NASTY_SIZE, "a%cb", i - TEXTS + 1);
    else
        snprintf(room, NASTY_SIZE, "%c%c", worst[(i - TEXTS - 127) / PAIRS % PAIRS],
            worst[(i - TEXTS - 127) % PAIRS]);
}

static void fetch_name(int32_t id, char room[NASTY_SIZE])
{
    const sqla_slot slot = {
        .type = SQLA_TEXT, .rep = SQLA_REP_CHARS, .size = NASTY_SIZE, .set_offset = -1, .name = "name"
    };
    const sqla_plan plan = { sizeof plan, 1, &slot };
    void *rows[] = { room };
    sqla_driver_result *result;
    size_t count;
    bool end;
    room[0] = '\0';
    if (!EXPECT(kit_exec(&db, kit_sql("SELECT [name] FROM [conf_param] WHERE [id] = %d", id), NULL, NULL, 0,
                    &result),
            SQLA_OK))
        return;
    EXPECT(kit_ops.result_fetch(result, &plan, rows, 1, NULL, &count, &end, KIT_ERR), SQLA_OK);
    kit_ops.result_close(result);
}

/* What looks like SQL in a value is a value. */
static void parameters__nasty(void)
{
    const sqla_slot slots[] = { KIT_SLOT(pair, id, SQLA_INT32, SQLA_REP_FIXED, 0),
        KIT_SLOT(pair, name, SQLA_TEXT, SQLA_REP_CSTR, 1) };
    const sqla_plan plan = KIT_PLAN(slots);
    char text[NASTY_SIZE], back[NASTY_SIZE];
    begin_parameters();
    for (int i = 0; i < NASTY; i++) {
        const pair row = { 100 + i, text };
        nasty_text(i, text);
        EXPECT(
            kit_run_with(&db, kit_sql("INSERT INTO [conf_param] ([id], [name]) VALUES (?, ?)"), &plan, &row),
            SQLA_OK);
        fetch_name(row.id, back);
        CHECK_TEXT(back, text);
    }
    end_parameters();
}

/* Any character may stand in a quoted name. */
static void parameters__nasty_names(void)
{
    char text[NASTY_SIZE];
    sqla_driver_result *result;
    kit_must_open(&db);
    for (int i = 0; i < NASTY; i++) {
        nasty_text(i, text);
        if (text[0] == ' ' || strchr(text, '\0')[-1] == ' ')
            continue; /* some databases have no names that begin or end with a space */
        if (!EXPECT(
                kit_exec(&db, kit_sql("SELECT 1 AS %s", kit_quoted(text)), NULL, NULL, 0, &result), SQLA_OK))
            continue;
        CHECK_TEXT(kit_ops.result_info(result)->columns[0].name, text);
        kit_ops.result_close(result);
    }
    kit_close(&db);
}

/* ---- places ---------------------------------------------------------------------------------------------------- */

typedef struct places {
    int32_t first, second, third;
} places;

static sqla_status fetch_places(const char *sql, const sqla_plan *plan, places *row)
{
    void *rows[] = { row };
    sqla_driver_result *result;
    size_t count = 0;
    bool end;
    sqla_status status = kit_exec(&db, sql, NULL, NULL, 0, &result);
    if (status != SQLA_OK)
        return status;
    status = kit_ops.result_fetch(result, plan, rows, 1, NULL, &count, &end, KIT_ERR);
    CHECK_INT(count, 1);
    kit_ops.result_close(result);
    return status;
}

/* The plan names its parameters in another order than the statement. */
static void parameters__places(void)
{
    const sqla_slot sent[] = { KIT_SLOT(places, third, SQLA_INT32, SQLA_REP_FIXED, 2),
        KIT_SLOT(places, first, SQLA_INT32, SQLA_REP_FIXED, 0),
        KIT_SLOT(places, second, SQLA_INT32, SQLA_REP_FIXED, 1) };
    const sqla_slot read[] = { KIT_SLOT(places, second, SQLA_INT32, SQLA_REP_FIXED, 1),
        KIT_SLOT(places, third, SQLA_INT32, SQLA_REP_FIXED, 2),
        KIT_SLOT(places, first, SQLA_INT32, SQLA_REP_FIXED, 0) };
    const sqla_plan send_plan = KIT_PLAN(sent), read_plan = KIT_PLAN(read);
    const places row = { 11, 22, 33 };
    places back = { 0, 0, 0 };
    kit_must_open(&db);
    kit_drop(&db, "conf_places");
    kit_must(&db, kit_sql("CREATE TABLE [conf_places] ([a] %s, [b] %s, [c] %s)", kit_type(SQLA_INT32),
                      kit_type(SQLA_INT32), kit_type(SQLA_INT32)));
    EXPECT(kit_run_with(
               &db, kit_sql("INSERT INTO [conf_places] ([a], [b], [c]) VALUES (?, ?, ?)"), &send_plan, &row),
        SQLA_OK);
    EXPECT(fetch_places("SELECT [a], [b], [c] FROM [conf_places]", &read_plan, &back), SQLA_OK);
    CHECK_INT(back.first, 11);
    CHECK_INT(back.second, 22);
    CHECK_INT(back.third, 33);
    kit_drop(&db, "conf_places");
    kit_close(&db);
}

static void parameters__column_twice(void)
{
    const sqla_slot read[] = { KIT_SLOT(places, first, SQLA_INT32, SQLA_REP_FIXED, 0),
        KIT_SLOT(places, second, SQLA_INT32, SQLA_REP_FIXED, 2),
        KIT_SLOT(places, third, SQLA_INT32, SQLA_REP_FIXED, 2) };
    const sqla_plan plan = KIT_PLAN(read);
    places back = { 0, 0, 0 };
    begin_parameters();
    EXPECT(fetch_places("SELECT [id], [name], [id] FROM [conf_param]", &plan, &back), SQLA_OK);
    CHECK_INT(back.first, 1);
    CHECK_INT(back.second, 1);
    CHECK_INT(back.third, 1);
    end_parameters();
}

/* ---- nothing, and zeros ---------------------------------------------------------------------------------------- */

/* How a value of each type lies in C at its simplest. */
static trip_form form_of(sqla_type type)
{
    static const uint32_t sizes[SQLA_TYPE_COUNT_] = { [SQLA_BOOL] = sizeof(bool),
        [SQLA_INT16] = 2,
        [SQLA_INT32] = 4,
        [SQLA_INT64] = 8,
        [SQLA_FLOAT32] = 4,
        [SQLA_FLOAT64] = 8,
        [SQLA_DATE] = sizeof(sqla_date),
        [SQLA_TIME] = 8,
        [SQLA_TIMESTAMP] = 8,
        [SQLA_LOCAL_TIMESTAMP] = 8,
        [SQLA_INTERVAL] = sizeof(sqla_interval),
        [SQLA_UUID] = 16 };
    bool fixed = sizes[type] != 0;
    return (trip_form){ .type = type,
        .rep = fixed               ? SQLA_REP_FIXED
               : type == SQLA_BLOB ? SQLA_REP_BYTES
                                   : SQLA_REP_CSTR,
        .size = fixed               ? sizes[type]
                : type == SQLA_BLOB ? sizeof(sqla_blob)
                                    : sizeof(char *) };
}

static void parameters__nulls(void)
{
    for (uint32_t i = 0; i < kit_traits->type_count; i++) {
        sqla_type type = (sqla_type)kit_traits->types[i].type;
        if (type == SQLA_ENUM_TYPE || type <= SQLA_NULL || type >= SQLA_ARRAY)
            continue;
        const trip_form form = form_of(type);
        trip_begin(type);
        trip_null(&form);
        trip_end();
    }
}

static void parameters__zero_bytes(void)
{
    static const sqla_blob values[] = { { "\0ab", 3 }, { "a\0b", 3 }, { "ab\0", 3 }, { "\0", 1 } };
    const trip_form form = form_of(SQLA_BLOB);
    trip_begin(SQLA_BLOB);
    TRIPS(&form, values, false);
    trip_end();
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

const conform_check conform_parameter_checks[] = {
    { "par-01", "NULL of each type", NEEDS_DATABASE, 0, parameters__nulls },
    { "par-03", "a column that is selected twice", NEEDS_DATABASE, 0, parameters__column_twice },
    { "par-04", "two hundred texts that look like something else", NEEDS_DATABASE, 0, parameters__nasty },
    { "par-05", "as many parameters as declared, and no more", NEEDS_DATABASE, 0,
        parameters__limit_of_parameters },
    { "par-06", "zero bytes in the middle of a blob", NEEDS_DATABASE, 0, parameters__zero_bytes },
    { "par-07", "a wrong number of parameters is refused before anything runs", NEEDS_DATABASE, 0,
        parameters__number_of_parameters },
    { "par-08", "parameters go to their own places, whatever their order in the plan", NEEDS_DATABASE, 0,
        parameters__places },
    { "par-09", "two hundred names that look like something else", NEEDS_DATABASE, 0,
        parameters__nasty_names },
    { NULL, NULL, 0, 0, NULL },
};
