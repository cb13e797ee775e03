/* errors.c: failures have the right status, and say what they are about. */
#include <config.h>
#include "kit.h"

#include <string.h>

static kit_conn db;

static void begin_errors(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_child");
    kit_drop(&db, "conf_parent");
    kit_must(&db,
        kit_sql("CREATE TABLE [conf_parent] ([id] %s NOT NULL PRIMARY KEY, [name] %s NOT NULL, [age] %s, "
                "CONSTRAINT [conf_ck_age] CHECK ([age] > 0), CONSTRAINT [conf_uq_name] UNIQUE ([name]))",
            kit_type(SQLA_INT32), kit_key_text(), kit_type(SQLA_INT32)));
    kit_must(&db, kit_sql("CREATE TABLE [conf_child] ([id] %s NOT NULL PRIMARY KEY, [parent] %s, "
                          "CONSTRAINT [conf_fk] FOREIGN KEY ([parent]) REFERENCES [conf_parent] ([id]))",
                      kit_type(SQLA_INT32), kit_type(SQLA_INT32)));
    kit_must(&db, "INSERT INTO [conf_parent] ([id], [name], [age]) VALUES (1, 'one', 1)");
}

static void end_errors(void)
{
    kit_drop(&db, "conf_child");
    kit_drop(&db, "conf_parent");
    kit_close(&db);
}

/* The class of the standard for broken constraints; and what is told about the place is right. */
static void check_integrity(void)
{
    CHECK(strlen(kit_last.sqlstate) == 5 && strncmp(kit_last.sqlstate, "23", 2) == 0);
    CHECK(kit_last.table[0] == '\0' || strncmp(kit_last.table, "conf_", 5) == 0);
}

/* ---- integrity ------------------------------------------------------------------------------------------------- */

static void errors__unique(void)
{
    begin_errors();
    EXPECT(kit_run(&db, "INSERT INTO [conf_parent] ([id], [name]) VALUES (2, 'one')"), SQLA_ERR_UNIQUE);
    check_integrity();
    CHECK(kit_last.column[0] != '\0' || kit_last.constraint[0] != '\0');
    EXPECT(kit_run(&db, "INSERT INTO [conf_parent] ([id], [name]) VALUES (1, 'two')"), SQLA_ERR_UNIQUE);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_parent]"), 1);
    end_errors();
}

static void errors__foreign_key(void)
{
    begin_errors();
    EXPECT(kit_run(&db, "INSERT INTO [conf_child] ([id], [parent]) VALUES (1, 99)"), SQLA_ERR_FOREIGN_KEY);
    check_integrity();
    kit_must(&db, "INSERT INTO [conf_child] ([id], [parent]) VALUES (1, 1)");
    EXPECT(kit_run(&db, "DELETE FROM [conf_parent] WHERE [id] = 1"), SQLA_ERR_FOREIGN_KEY);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_parent]"), 1);
    end_errors();
}

static void errors__not_null(void)
{
    begin_errors();
    EXPECT(kit_run(&db, "INSERT INTO [conf_parent] ([id], [name]) VALUES (3, NULL)"), SQLA_ERR_NOT_NULL);
    check_integrity();
    CHECK_TEXT(kit_last.column, "name");
    end_errors();
}

static void errors__check(void)
{
    begin_errors();
    EXPECT(kit_run(&db, "INSERT INTO [conf_parent] ([id], [name], [age]) VALUES (4, 'four', 0)"),
        SQLA_ERR_CHECK);
    check_integrity();
    bool named = kit_last.constraint[0] != '\0', declared = kit_feature(&db, SQLA_FEATURE_CHECK_NAMES);
    if (named || declared)
        CHECK_TEXT(kit_last.constraint, "conf_ck_age");
    end_errors();
    if (!named && !declared)
        conform_unsupported("%s is not set", kit_feature_name(SQLA_FEATURE_CHECK_NAMES));
}

/* ---- wrong statements ------------------------------------------------------------------------------------------ */

static void errors__wrong_statements(void)
{
    static const char *const texts[] = {
        "SELEKT 1",
        "SELECT * FROM [conf_nothing]",
        "SELECT [nothing] FROM [conf_parent]",
        "INSERT INTO [conf_parent] ([nothing]) VALUES (1)",
        "SELECT 'abc",
        "(",
    };
    begin_errors();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        EXPECT(kit_run(&db, texts[i]), SQLA_ERR_SQL);
        CHECK_INT(strlen(kit_last.sqlstate), 5);
        CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    }
    CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    end_errors();
}

/* Positions count characters, and names in messages are not spoilt. */
static void errors__words(void)
{
    begin_errors();
    EXPECT(kit_run(&db, "SELECT 'gr\xc3\xbc\xc3\x9f', [nothing] FROM [conf_parent]"), SQLA_ERR_SQL);
    CHECK(kit_last.position == 0 || kit_last.position == 16);
    EXPECT(kit_run(&db, kit_sql("SELECT * FROM %s", kit_quoted("conf_n\xc3\xa4me"))), SQLA_ERR_SQL);
    CHECK(strstr(kit_last.message, "conf_n\xc3\xa4me") != NULL);
    end_errors();
}

/* A misspelt column in quotes of a name is no text. */
static void errors__quoted_name_is_no_text(void)
{
    begin_errors();
    EXPECT(kit_run(&db, kit_sql("SELECT count(*) FROM [conf_parent] WHERE %s = 'x'", kit_quoted("nothing"))),
        SQLA_ERR_SQL);
    end_errors();
}

static void errors__prepare(void)
{
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_stmt *stmt = NULL;
    begin_errors();
    kit_clear();
    EXPECT(kit_ops.prepare(db.handle, "SELEKT 1", 8, NULL, 1, &options, &stmt, KIT_ERR), SQLA_ERR_SQL);
    CHECK_INT(strlen(kit_last.sqlstate), 5);
    CHECK(kit_last.position == 0 || kit_last.position == 1);
    CHECK(stmt == NULL);
    end_errors();
}

/* Out parameters are written on success alone. */
static void errors__nothing_written(void)
{
    static const char wrong[] = "SELEKT 1";
    char marks[3];
    const sqla_statement statement = { sizeof statement, 0, wrong, sizeof wrong - 1, NULL };
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_result *result = (sqla_driver_result *)(void *)&marks[0];
    sqla_driver_stmt *stmt = (sqla_driver_stmt *)(void *)&marks[1];
    begin_errors();
    kit_clear();
    EXPECT(kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &result, KIT_ERR), SQLA_ERR_SQL);
    CHECK((void *)result == &marks[0]);
    kit_clear();
    if (kit_ops.prepare != NULL &&
        kit_ops.prepare(db.handle, wrong, sizeof wrong - 1, NULL, 1, &options, &stmt, KIT_ERR) != SQLA_OK)
        CHECK((void *)stmt == &marks[1]);
    end_errors();
}

static bool says_nothing_of_place(void)
{
    return kit_last.table[0] == '\0' && kit_last.column[0] == '\0' && kit_last.constraint[0] == '\0' &&
           kit_last.row == 0;
}

/* What one failure was about is not what the next one is about. */
static void errors__each_its_own(void)
{
    static const char *const broken[] = {
        "INSERT INTO [conf_parent] ([id], [name], [age]) VALUES (4, 'four', 0)",
        "INSERT INTO [conf_parent] ([id], [name]) VALUES (3, NULL)",
        "INSERT INTO [conf_parent] ([id], [name]) VALUES (2, 'one')",
        "INSERT INTO [conf_child] ([id], [parent]) VALUES (1, 99)",
    };
    begin_errors();
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        CHECK(kit_run(&db, broken[i]) != SQLA_OK);
        CHECK(i == 0 || strcmp(kit_last.constraint, "conf_ck_age") != 0);
        EXPECT(kit_run(&db, i % 2 == 0 ? "SELEKT 1" : "SELECT 1; SELECT 2"),
            i % 2 == 0 ? SQLA_ERR_SQL : SQLA_ERR_MISUSE);
        if (!says_nothing_of_place())
            FAIL("a wrong statement names no table, column, constraint or row",
                "one that an earlier failure named");
    }
    end_errors();
}

/* ---- scripts --------------------------------------------------------------------------------------------------- */

static void errors__scripts(void)
{
    sqla_driver_result *result;
    begin_errors();
    EXPECT(kit_run(&db,
               "INSERT INTO [conf_parent] ([id], [name]) VALUES (8, 'a'); INSERT INTO [conf_parent] ([id], "
               "[name]) VALUES (9, 'b')"),
        SQLA_ERR_MISUSE);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_parent]"), 1);
    EXPECT(kit_run(&db,
               "INSERT INTO [conf_parent] ([id], [name]) VALUES (8, 'a;b') ;  -- behind\n /* and ; this */ "),
        SQLA_OK);
    const char *script =
        "INSERT INTO [conf_parent] ([id], [name]) VALUES (9, 'b'); SELECT 1; -- a comment\nUPDATE "
        "[conf_parent] SET [name] = 'c;' WHERE [id] = 9;";
    if (EXPECT(kit_exec(&db, script, NULL, NULL, SQLA_EXEC_SCRIPT, &result), SQLA_OK)) {
        CHECK_INT(kit_ops.result_info(result)->column_count, 0);
        kit_ops.result_close(result);
    }
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_parent] WHERE [name] = 'c;'"), 1);
    EXPECT(kit_exec(&db, "SELECT 1; SELEKT 2", NULL, NULL, SQLA_EXEC_SCRIPT, &result), SQLA_ERR_SQL);
    end_errors();
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

const conform_check conform_error_checks[] = {
    { "err-01", "a broken unique constraint", NEEDS_DATABASE, 0, errors__unique },
    { "err-02", "a broken foreign key, at both its ends", NEEDS_DATABASE, 0, errors__foreign_key },
    { "err-03", "a NULL where none may be", NEEDS_DATABASE, 0, errors__not_null },
    { "err-04", "wrong statements are SQL, with a SQLSTATE", NEEDS_DATABASE, 0, errors__wrong_statements },
    { "err-05", "words of the database are kept in UTF-8", NEEDS_DATABASE, 0, errors__words },
    { "err-06", "a broken CHECK names itself", NEEDS_DATABASE, 0, errors__check },
    { "err-07", "a misspelt column in quotes is no text", NEEDS_DATABASE, 0, errors__quoted_name_is_no_text },
    { "err-08", "a wrong statement cannot be prepared", NEEDS_DATABASE | NEEDS_PREPARE, 0, errors__prepare },
    { "err-09", "scripts only where they are asked for", NEEDS_DATABASE, 0, errors__scripts },
    { "err-11", "a failure says nothing of the one before", NEEDS_DATABASE, 0, errors__each_its_own },
    { "err-10", "nothing is written when a call fails", NEEDS_DATABASE, 0, errors__nothing_written },
    { NULL, NULL, 0, 0, NULL },
};
