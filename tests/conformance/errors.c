/* errors.c: failures have the right status, and say what they are about. */
#include <config.h>
#include "kit.h"

#include <stdlib.h>
#include <string.h>

static kit_conn db;

static void begin_errors(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_child");
    kit_drop(&db, "conf_parent");
    kit_must(&db, kit_sql("CREATE TABLE conf_parent (id %s NOT NULL PRIMARY KEY, name %s NOT NULL, age %s "
                          "CONSTRAINT conf_ck_age CHECK (age > 0), "
                          "CONSTRAINT conf_uq_name UNIQUE (name))",
                      kit_type(SQLA_INT32), kit_type(SQLA_TEXT), kit_type(SQLA_INT32)));
    kit_must(&db, kit_sql("CREATE TABLE conf_child (id %s NOT NULL PRIMARY KEY, parent %s CONSTRAINT conf_fk "
                          "REFERENCES conf_parent (id))",
                      kit_type(SQLA_INT32), kit_type(SQLA_INT32)));
    kit_must(&db, "INSERT INTO conf_parent (id, name, age) VALUES (1, 'one', 1)");
}

static void end_errors(void)
{
    kit_drop(&db, "conf_child");
    kit_drop(&db, "conf_parent");
    kit_close(&db);
}

/* ---- integrity ------------------------------------------------------------------------------------------------- */

static void errors__integrity(void)
{
    begin_errors();
    EXPECT(kit_run(&db, "INSERT INTO conf_parent (id, name) VALUES (2, 'one')"), SQLA_ERR_UNIQUE);
    CU_ASSERT_STRING_EQUAL(kit_last.sqlstate, "23505");
    CU_ASSERT_STRING_EQUAL(kit_last.table, "conf_parent");
    CU_ASSERT(kit_last.column[0] != '\0' || kit_last.constraint[0] != '\0');
    EXPECT(kit_run(&db, "INSERT INTO conf_parent (id, name) VALUES (1, 'two')"), SQLA_ERR_UNIQUE);
    EXPECT(kit_run(&db, "INSERT INTO conf_parent (id, name) VALUES (3, NULL)"), SQLA_ERR_NOT_NULL);
    CU_ASSERT_STRING_EQUAL(kit_last.sqlstate, "23502");
    CU_ASSERT_STRING_EQUAL(kit_last.table, "conf_parent");
    CU_ASSERT_STRING_EQUAL(kit_last.column, "name");
    EXPECT(kit_run(&db, "INSERT INTO conf_parent (id, name, age) VALUES (4, 'four', 0)"), SQLA_ERR_CHECK);
    CU_ASSERT_STRING_EQUAL(kit_last.sqlstate, "23514");
    CU_ASSERT_STRING_EQUAL(kit_last.constraint, "conf_ck_age");
    EXPECT(kit_run(&db, "INSERT INTO conf_child (id, parent) VALUES (1, 99)"), SQLA_ERR_FOREIGN_KEY);
    CU_ASSERT_STRING_EQUAL(kit_last.sqlstate, "23503");
    kit_must(&db, "INSERT INTO conf_child (id, parent) VALUES (1, 1)");
    EXPECT(kit_run(&db, "DELETE FROM conf_parent WHERE id = 1"), SQLA_ERR_FOREIGN_KEY);
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT count(*) FROM conf_parent"), 1);
    end_errors();
}

/* ---- wrong statements ------------------------------------------------------------------------------------------ */

static void errors__wrong_statements(void)
{
    static const char *const texts[] = {
        "SELEKT 1",
        "SELECT * FROM conf_nothing",
        "SELECT nothing FROM conf_parent",
        "INSERT INTO conf_parent (nothing) VALUES (1)",
        "SELECT 'abc",
        "(",
    };
    begin_errors();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        EXPECT(kit_run(&db, texts[i]), SQLA_ERR_SQL);
        CU_ASSERT_EQUAL(strlen(kit_last.sqlstate), 5);
        CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_IDLE);
    }
    EXPECT(kit_run(&db, "SELECT 'gr\xc3\xbc\xc3\x9f', nothing FROM conf_parent"), SQLA_ERR_SQL);
    CU_ASSERT(kit_last.position == 0 || kit_last.position == 16);
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT 1"), 1);
    end_errors();
}

/* A misspelt column in quotes of a name is no text. */
static void errors__quoted_name_is_no_text(void)
{
    begin_errors();
    char text[] = "SELECT count(*) FROM conf_parent WHERE [nothing] = 'x'";
    *strchr(text, '[') = kit_traits->quote_open;
    *strchr(text, ']') = kit_traits->quote_close;
    EXPECT(kit_run(&db, text), SQLA_ERR_SQL);
    end_errors();
}

static void errors__prepare(void)
{
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_stmt *stmt = NULL;
    begin_errors();
    kit_clear();
    if (kit_ops.prepare != NULL) {
        EXPECT(kit_ops.prepare(db.handle, "SELEKT 1", 8, NULL, 1, &options, &stmt, KIT_ERR), SQLA_ERR_SQL);
        CU_ASSERT_STRING_EQUAL(kit_last.sqlstate, "42601");
        CU_ASSERT(kit_last.position == 1);
        CU_ASSERT_PTR_NULL(stmt);
    }
    end_errors();
}

/* ---- parameters ------------------------------------------------------------------------------------------------ */

typedef struct pair {
    int32_t id;
    const char *name;
} pair;

static void errors__number_of_parameters(void)
{
    const sqla_slot slots[] = { KIT_SLOT(pair, id, SQLA_INT32, SQLA_REP_FIXED, 0),
        KIT_SLOT(pair, name, SQLA_TEXT, SQLA_REP_CSTR, 1) };
    const sqla_plan both = KIT_PLAN(slots), one = { sizeof one, 1, slots };
    const pair row = { 5, "five" };
    begin_errors();
    const char *text = kit_sql("INSERT INTO conf_parent (id, name) VALUES (?, ?)");
    EXPECT(kit_run_with(&db, text, &one, &row), SQLA_ERR_SQL);
    EXPECT(kit_run_with(&db, text, NULL, NULL), SQLA_ERR_SQL);
    EXPECT(kit_run_with(&db, "INSERT INTO conf_parent (id, name) VALUES (7, 'seven')", &both, &row),
        SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT count(*) FROM conf_parent"), 1);
    EXPECT(kit_run_with(&db, text, &both, &row), SQLA_OK);
    end_errors();
}

/* One more than the limit is refused; the limit itself works. */
static void errors__limit_of_parameters(void)
{
    begin_errors();
    uint32_t limit = db.info.max_parameters != 0 ? db.info.max_parameters : kit_traits->max_parameters;
    size_t room = 64 + (size_t)(limit + 1) * 16;
    char *text = malloc(room);
    sqla_slot *slots = calloc(limit + 1, sizeof *slots);
    int64_t value = 1;
    for (uint32_t extra = 0; text != NULL && slots != NULL && extra < 2; extra++) {
        size_t n = (size_t)sprintf(text, "SELECT 1 WHERE 1 IN (");
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
        CU_ASSERT(extra == 0 ? status == SQLA_OK : status != SQLA_OK && kit_last.calls == 1);
    }
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT 1"), 1);
    free(text);
    free(slots);
    end_errors();
}

/* ---- scripts --------------------------------------------------------------------------------------------------- */

static void errors__scripts(void)
{
    sqla_driver_result *result;
    begin_errors();
    EXPECT(kit_run(&db, "INSERT INTO conf_parent (id, name) VALUES (8, 'a'); INSERT INTO conf_parent (id, "
                        "name) VALUES (9, 'b')"),
        SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT count(*) FROM conf_parent"), 1);
    EXPECT(
        kit_run(&db, "INSERT INTO conf_parent (id, name) VALUES (8, 'a;b') ;  -- behind\n /* and ; this */ "),
        SQLA_OK);
    const char *script = "INSERT INTO conf_parent (id, name) VALUES (9, 'b'); SELECT 1; -- a comment\nUPDATE "
                         "conf_parent SET name = 'c;' WHERE id = 9;";
    if (EXPECT(kit_exec(&db, script, NULL, NULL, SQLA_EXEC_SCRIPT, &result), SQLA_OK)) {
        CU_ASSERT_EQUAL(kit_ops.result_info(result)->column_count, 0);
        kit_ops.result_close(result);
    }
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT count(*) FROM conf_parent WHERE name = 'c;'"), 1);
    EXPECT(kit_exec(&db, "SELECT 1; SELEKT 2", NULL, NULL, SQLA_EXEC_SCRIPT, &result), SQLA_ERR_SQL);
    end_errors();
}

/* What looks like SQL in a value is a value. */
static void errors__injection(void)
{
    static const char *const values[] = { "'; DROP TABLE conf_parent; --", "\\'", "$$", "a\"b", "%s%n", "?",
        "$1", ":x", "/*", "\\x00", "''" };
    const sqla_slot slots[] = { KIT_SLOT(pair, id, SQLA_INT32, SQLA_REP_FIXED, 0),
        KIT_SLOT(pair, name, SQLA_TEXT, SQLA_REP_CSTR, 1) };
    const sqla_plan plan = KIT_PLAN(slots);
    begin_errors();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct {
            char name[64];
        } back = { "" };
        const sqla_slot back_slots[] = { KIT_SLOT(
            struct { char name[64]; }, name, SQLA_TEXT, SQLA_REP_CHARS, 0) };
        const sqla_plan back_plan = KIT_PLAN(back_slots);
        const pair row = { 100 + (int32_t)i, values[i] };
        void *rows[] = { &back };
        sqla_driver_result *result;
        size_t count;
        bool end;
        EXPECT(kit_run_with(&db, kit_sql("INSERT INTO conf_parent (id, name) VALUES (?, ?)"), &plan, &row),
            SQLA_OK);
        if (EXPECT(kit_exec(&db, kit_sql("SELECT name FROM conf_parent WHERE id = %d", row.id), NULL, NULL, 0,
                       &result),
                SQLA_OK)) {
            EXPECT(kit_ops.result_fetch(result, &back_plan, rows, 1, NULL, &count, &end, KIT_ERR), SQLA_OK);
            CU_ASSERT_STRING_EQUAL(back.name, values[i]);
            kit_ops.result_close(result);
        }
    }
    end_errors();
}

void kit_add_error_suite(void)
{
    static const kit_check checks[] = {
        { "integrity", errors__integrity },
        { "wrong statements", errors__wrong_statements },
        { "a quoted name is no text", errors__quoted_name_is_no_text },
        { "prepare", errors__prepare },
        { "number of parameters", errors__number_of_parameters },
        { "limit of parameters", errors__limit_of_parameters },
        { "scripts", errors__scripts },
        { "injection", errors__injection },
    };
    KIT_SUITE("errors", checks);
}
