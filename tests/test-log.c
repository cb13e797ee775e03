/* test-log.c: the lines that an engine logs about events, with each form that a parameter may have in memory. */
#include <config.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/engine.h"
#include "harness.h"

static struct { char line[2000]; int level, lines; } seen;

static void take_line(void *data, int level, const char *line)
{
    (void)data;
    snprintf(seen.line, sizeof seen.line, "%s", line);
    seen.level = level;
    seen.lines++;
}

typedef struct cell {
    union {
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
    } v;
    bool set;
} cell;

/* Behind the time, which is not the same twice. */
static bool tells(const char *expected)
{
    const char *line = strstr(seen.line, " ms  ");
    bool ok = line != NULL && strcmp(line + 5, expected) == 0;
    if (!ok)
        fprintf(stderr, "'%s' and not '%s'\n", seen.line, expected);
    return ok;
}

static void echo(sqla_engine *db, const char *sql, int64_t rows, sqla_status status, const sqla_plan *plan, const void *row)
{
    const sqla_event event = { .struct_size = sizeof event, .kind = SQLA_EVENT_EXECUTE, .engine = db, .sql = sql, .sql_length = strlen(sql),
        .rows = rows, .nanoseconds = 1500000, .status = status, .message = "" };
    seen.line[0] = '\0';
    sqla__echo(db, &event, plan, row);
}

static void parameters_are_shown(const char *url)
{
    static const struct { sqla_slot slot; cell c; const char *expected; } cases[] = {
        { { .type = SQLA_INT16, .rep = SQLA_REP_FIXED, .size = 1 }, { .v = { .i8 = -1 } }, "-1" },
        { { .type = SQLA_INT16, .rep = SQLA_REP_FIXED, .size = 1, .flags = SQLA_SLOT_UNSIGNED }, { .v = { .i8 = -1 } }, "255" },
        { { .type = SQLA_INT16, .rep = SQLA_REP_FIXED, .size = 2 }, { .v = { .i16 = -2 } }, "-2" },
        { { .type = SQLA_INT16, .rep = SQLA_REP_FIXED, .size = 2, .flags = SQLA_SLOT_UNSIGNED }, { .v = { .i16 = -2 } }, "65534" },
        { { .type = SQLA_INT32, .rep = SQLA_REP_FIXED, .size = 4 }, { .v = { .i32 = -3 } }, "-3" },
        { { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8 }, { .v = { .i64 = INT64_MIN } }, "-9223372036854775808" },
        { { .type = SQLA_BOOL, .rep = SQLA_REP_FIXED, .size = 1 }, { .v = { .i8 = 1 } }, "true" },
        { { .type = SQLA_FLOAT32, .rep = SQLA_REP_FIXED, .size = 4 }, { .v = { .f32 = 0.5f } }, "0.5" },
        { { .type = SQLA_FLOAT64, .rep = SQLA_REP_FIXED, .size = 8 }, { .v = { .f64 = 0.25 } }, "0.25" },
        { { .type = SQLA_DATE, .rep = SQLA_REP_FIXED, .size = 4 }, { .v = { .i32 = 0 } }, "1970-01-01" },
        { { .type = SQLA_UUID, .rep = SQLA_REP_FIXED, .size = 16 }, { .v = { .uuid = { { 0xab } } } }, "ab000000-0000-0000-0000-000000000000" },
        { { .type = SQLA_INTERVAL, .rep = SQLA_REP_FIXED, .size = 16 }, { .v = { .interval = { 0, 1, 0 } } }, "P1D" },
        { { .type = SQLA_TEXT, .rep = SQLA_REP_CSTR, .size = 8 }, { .v = { .text = "it's" } }, "it's" },
        { { .type = SQLA_TEXT, .rep = SQLA_REP_CSTR, .size = 8 }, { .v = { .text = NULL } }, "NULL" },
        { { .type = SQLA_TEXT, .rep = SQLA_REP_CHARS, .size = 8 }, { .v = { .chars = { 'e', 'i', 'g', 'h', 't', '.', '.', '.' } } }, "eight..." },
        { { .type = SQLA_BLOB, .rep = SQLA_REP_BYTES, .size = 16 }, { .v = { .bytes = { "\1\2", 2 } } }, "0102" },
        { { .type = SQLA_NULL, .rep = SQLA_REP_VALUE, .size = sizeof(sqla_value) }, { .v = { .value = { .type = SQLA_INT64, .as = { .i64 = 7 } } } }, "7" },
        { { .type = SQLA_INT64, .rep = SQLA_REP_ROW_NUMBER, .size = 8 }, { .v = { .i64 = 7 } }, "NULL" },
        { { .type = SQLA_INT64, .rep = 99, .size = 8 }, { .v = { .i64 = 7 } }, "NULL" },
    };
    sqla_engine db = { .config = { .log = take_line } };
    char expected[200];
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_slot slot = cases[i].slot;
        const sqla_plan plan = { sizeof plan, 1, &slot };
        cell c = cases[i].c;
        slot.set_offset = -1;
        snprintf(expected, sizeof expected, "SELECT ?  [%s]", cases[i].expected);
        echo(&db, "SELECT ?", 1, SQLA_OK, &plan, &c);
        CU_ASSERT(tells(expected));
        slot.set_offset = offsetof(cell, set);
        echo(&db, "SELECT ?", 1, SQLA_OK, &plan, &c);
        CU_ASSERT(tells("SELECT ?  [NULL]"));
        c.set = true;
        echo(&db, "SELECT ?", 1, SQLA_OK, &plan, &c);
        CU_ASSERT(tells(expected));
    }
    CU_ASSERT_EQUAL(seen.level, SQLA_LOG_INFO);
}

static void lines_of_statements(const char *url)
{
    static const sqla_slot slots[] = { { .type = SQLA_TEXT, .rep = SQLA_REP_CSTR, .size = 8, .set_offset = -1 },
        { .type = SQLA_TEXT, .rep = SQLA_REP_CSTR, .size = 8, .set_offset = -1 } };
    const sqla_plan plan = { sizeof plan, 2, slots }, none = { sizeof none, 0, NULL };
    sqla_engine db = { .config = { .log = take_line } };
    char text[201], expected[300];
    cell c = { .v = { .text = text } };
    (void)url;
    snprintf(text, sizeof text, "%0200d", 0); /* longer than what is shown of one value */
    echo(&db, "INSERT\r\nINTO t", 3, SQLA_ERR_UNIQUE, &plan, &c);
    snprintf(expected, sizeof expected, "INSERT  INTO t  [%.99s..., %.99s...]  (3 rows)  failed: %s", text, text, sqla_status_name(SQLA_ERR_UNIQUE));
    CU_ASSERT(tells(expected));
    CU_ASSERT_EQUAL(seen.level, SQLA_LOG_ERROR);
    echo(&db, "SELECT 1", 1, SQLA_OK, &none, &c);
    CU_ASSERT(tells("SELECT 1"));
    echo(&db, "SELECT 1", 1, SQLA_OK, &plan, NULL);
    CU_ASSERT(tells("SELECT 1"));
    snprintf(text, sizeof text, "%s", "a\r\n\x1b[1mb\x7f");
    echo(&db, "SELECT ?, ?", 1, SQLA_OK, &plan, &c);
    CU_ASSERT(tells("SELECT ?, ?  [a   [1mb , a   [1mb ]"));
    sqla_slot many[33];
    const sqla_plan long_plan = { sizeof long_plan, 33, many };
    for (int i = 0; i < 33; i++)
        many[i] = slots[0];
    snprintf(text, sizeof text, "%s", "x");
    echo(&db, "CALL p", 1, SQLA_OK, &long_plan, &c);
    CU_ASSERT_PTR_NOT_NULL(strstr(seen.line, "x, x, and 3 more]"));
    db.config.hide_parameters = true;
    echo(&db, "SELECT 1", 1, SQLA_OK, &plan, &c);
    CU_ASSERT(tells("SELECT 1"));
    int lines = seen.lines;
    sqla__alloc_fail_at(1, true); /* a line that cannot be made is left out */
    echo(&db, "SELECT 1", 1, SQLA_OK, NULL, NULL);
    sqla__alloc_fail_at(0, false);
    CU_ASSERT_EQUAL(seen.lines, lines);
}

/* Which other events are told, and in which words; those that are none of the log's are left out. */
static void lines_of_events(const char *url)
{
    static const struct { sqla_event_kind kind; sqla_status status; const char *expected; } cases[] = {
        { SQLA_EVENT_CONNECT, SQLA_OK, "#7  connected to vice://home" },
        { SQLA_EVENT_CONNECT, SQLA_ERR_CONNECT, "" },
        { SQLA_EVENT_INVALIDATE, SQLA_ERR_DISCONNECTED, "#7  was found dead and is replaced: the line is dead" },
        { SQLA_EVENT_INVALIDATE, SQLA_OK, "" },
        { SQLA_EVENT_CHECKIN, SQLA_OK, "" },
        { SQLA_EVENT_BEGIN, SQLA_OK, "#7  1.500 ms  BEGIN" },
        { SQLA_EVENT_COMMIT, SQLA_OK, "#7  1.500 ms  COMMIT" },
        { SQLA_EVENT_COMMIT, SQLA_ERR_BUSY, "#7  1.500 ms  COMMIT  failed: ERR_BUSY" },
        { SQLA_EVENT_ROLLBACK, SQLA_OK, "#7  1.500 ms  ROLLBACK" },
        { SQLA_EVENT_SAVEPOINT, SQLA_OK, "#7  1.500 ms  SAVEPOINT one two" },
        { SQLA_EVENT_RELEASE, SQLA_OK, "#7  1.500 ms  RELEASE one two" },
        { SQLA_EVENT_ROLLBACK_TO, SQLA_OK, "#7  1.500 ms  ROLLBACK TO one two" },
        { SQLA_EVENT_PREPARE, SQLA_OK, "#7  1.500 ms  PREPARE one two" },
        { SQLA_EVENT_COMMIT_PREPARED, SQLA_OK, "#7  1.500 ms  COMMIT PREPARED one two" },
        { SQLA_EVENT_ROLLBACK_PREPARED, SQLA_OK, "#7  1.500 ms  ROLLBACK PREPARED one two" },
    };
    sqla_engine db = { .config = { .log = take_line }, .url = "vice://home" };
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = cases[i].kind >= SQLA_EVENT_SAVEPOINT ? "one\ntwo" : "";
        const sqla_event event = { .struct_size = sizeof event, .kind = cases[i].kind, .engine = &db, .status = cases[i].status,
            .message = "the line is dead", .number = 7, .nanoseconds = 1500000, .sql = name, .sql_length = strlen(name) };
        seen.line[0] = '\0';
        sqla__echo(&db, &event, NULL, NULL);
        CU_ASSERT_STRING_EQUAL(seen.line, cases[i].expected);
    }
}

/* Without a function for them, lines go to the standard error stream. */
static void lines_without_a_function(const char *url)
{
    sqla_engine db = { .url = "vice://home" };
    char name[4096], line[200] = "";
    (void)url;
    snprintf(name, sizeof name, "%s/lines", harness_folder());
    fflush(stderr);
    int kept = dup(2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(freopen(name, "w", stderr));
    sqla__engine_log(&db, SQLA_LOG_INFO, "number %d", 5);
    fflush(stderr);
    dup2(kept, 2);
    close(kept);
    FILE *file = fopen(name, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof line, file));
    fclose(file);
    CU_ASSERT_STRING_EQUAL(line, "sqla: number 5\n");
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "parameters are shown", parameters_are_shown, HARNESS_PLAIN },
        { "lines of statements", lines_of_statements, HARNESS_PLAIN },
        { "lines of events", lines_of_events, HARNESS_PLAIN },
        { "lines without a function", lines_without_a_function, HARNESS_PLAIN },
    };
    return harness_main("test-log", tests, sizeof tests / sizeof tests[0]);
}
