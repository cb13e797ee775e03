/* features.c: what a driver says that its database can do, it can do; and where the opposite can be seen, no more than that. */
#include <config.h>
#include "kit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static kit_conn db;

/* ---- inserts and keys ---------------------------------------------------------------------------------------------- */

static const char *key_type(void)
{
    return kit_sql(
        "%s%s", kit_traits->generated_key, kit_traits->generated_key_is_primary ? "" : " PRIMARY KEY");
}

static void features__default_values(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_default");
    kit_must(&db,
        kit_sql("CREATE TABLE [conf_default] ([id] %s, [n] %s DEFAULT 7)", key_type(), kit_type(SQLA_INT32)));
    const char *words = kit_traits->insert_defaults != NULL ? kit_traits->insert_defaults : " DEFAULT VALUES";
    bool works = kit_run(&db, kit_sql("INSERT INTO [conf_default]%s", words)) == SQLA_OK;
    CHECK(!works || kit_number(&db, "SELECT [n] FROM [conf_default]") == 7);
    kit_drop(&db, "conf_default");
    kit_agrees(&db, SQLA_FEATURE_DEFAULT_VALUES, works, "an INSERT without any value");
    kit_close(&db);
}

static void features__insert_select(void)
{
    sqla_driver_result *result;
    kit_must_open(&db);
    kit_drop(&db, "conf_from");
    kit_must(&db, kit_sql("CREATE TABLE [conf_from] ([n] %s)", kit_type(SQLA_INT32)));
    kit_must(&db, "INSERT INTO [conf_from] ([n]) VALUES (1), (2), (3)");
    if (EXPECT(kit_exec(&db, "INSERT INTO [conf_from] ([n]) SELECT [n] + 10 FROM [conf_from] WHERE [n] > 1",
                   NULL, NULL, 0, &result),
            SQLA_OK)) {
        CHECK_INT(kit_ops.result_info(result)->affected, 2);
        kit_ops.result_close(result);
    }
    CHECK_INT(kit_number(&db, "SELECT sum([n]) FROM [conf_from]"), 31);
    kit_drop(&db, "conf_from");
    kit_close(&db);
}

static void features__returning(void)
{
    sqla_driver_result *result;
    const sqla_value *values = NULL;
    kit_must_open(&db);
    kit_drop(&db, "conf_returning");
    kit_must(
        &db, kit_sql("CREATE TABLE [conf_returning] ([id] %s, [n] %s)", key_type(), kit_type(SQLA_INT32)));
    sqla_status status =
        kit_exec(&db, "INSERT INTO [conf_returning] ([n]) VALUES (5) RETURNING [id]", NULL, NULL, 0, &result);
    bool works = status == SQLA_OK;
    if (works) {
        EXPECT(kit_ops.result_view(result, &values, KIT_ERR), SQLA_OK);
        int64_t key = values != NULL && values[0].type == SQLA_INT64 ? values[0].as.i64 : INT64_MIN;
        kit_ops.result_close(result);
        CHECK_INT(key, kit_number(&db, "SELECT [id] FROM [conf_returning] WHERE [n] = 5"));
    }
    kit_drop(&db, "conf_returning");
    kit_agrees(&db, SQLA_FEATURE_RETURNING, works, "INSERT ... RETURNING");
    kit_close(&db);
}

/* Keys that are given are kept; those that are not are new ones. Where they begin, and what lies between two of them, is
 * the database's affair: all tables may take theirs from one sequence. */
static void features__generated_key(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_key");
    kit_must(&db, kit_sql("CREATE TABLE [conf_key] ([id] %s, [n] %s)", key_type(), kit_type(SQLA_INT32)));
    kit_must(&db, "INSERT INTO [conf_key] ([n]) VALUES (1)");
    kit_must(&db, "INSERT INTO [conf_key] ([n]) VALUES (2)");
    kit_must(&db, "INSERT INTO [conf_key] ([id], [n]) VALUES (5000000000, 3)");
    CHECK_INT(kit_number(&db, "SELECT [id] FROM [conf_key] WHERE [n] = 3"), 5000000000);
    CHECK_INT(kit_number(&db, "SELECT count(DISTINCT [id]) FROM [conf_key]"), 3);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_key] WHERE [id] IS NULL"), 0);
    kit_drop(&db, "conf_key");
    kit_close(&db);
}

/* Rows that an UPDATE found count, also where it changed nothing in them. */
static void features__matched_rows(void)
{
    sqla_driver_result *result;
    kit_must_open(&db);
    kit_drop(&db, "conf_matched");
    kit_must(&db, kit_sql("CREATE TABLE [conf_matched] ([n] %s)", kit_type(SQLA_INT32)));
    kit_must(&db, "INSERT INTO [conf_matched] ([n]) VALUES (1), (2), (3)");
    if (EXPECT(kit_exec(&db, "UPDATE [conf_matched] SET [n] = [n] WHERE [n] < 3", NULL, NULL, 0, &result),
            SQLA_OK)) {
        CHECK_INT(kit_ops.result_info(result)->affected, 2);
        kit_ops.result_close(result);
    }
    kit_drop(&db, "conf_matched");
    kit_close(&db);
}

/* ---- tables -------------------------------------------------------------------------------------------------------------- */

static void features__if_exists(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_exists");
    kit_drop(&db, "conf_exists");
    const char *create = kit_sql("CREATE TABLE IF NOT EXISTS [conf_exists] ([n] %s)", kit_type(SQLA_INT32));
    EXPECT(kit_run(&db, create), SQLA_OK);
    EXPECT(kit_run(&db, create), SQLA_OK);
    EXPECT(kit_run(&db, kit_sql("CREATE TABLE [conf_exists] ([n] %s)", kit_type(SQLA_INT32))), SQLA_ERR_SQL);
    EXPECT(kit_run(&db, "DROP TABLE [conf_exists]"), SQLA_OK);
    EXPECT(kit_run(&db, "DROP TABLE [conf_exists]"), SQLA_ERR_SQL);
    if (kit_ops.reflect == NULL) { /* so the library says IF NOT EXISTS of all that it makes */
        EXPECT(kit_run(&db, create), SQLA_OK);
        for (int i = 0; i < 2; i++)
            EXPECT(kit_run(&db, "CREATE INDEX IF NOT EXISTS [conf_exists_n] ON [conf_exists] ([n])"), SQLA_OK);
        kit_drop(&db, "conf_exists");
    }
    kit_close(&db);
}

static void features__schemas(void)
{
    kit_must_open(&db);
    conform_undo_by(kit_named("DROP TABLE IF EXISTS [conf_schema].[conf_there]"));
    conform_undo_by(kit_named("DROP SCHEMA IF EXISTS [conf_schema]"));
    EXPECT(kit_run(&db, "CREATE SCHEMA [conf_schema]"), SQLA_OK);
    EXPECT(kit_run(&db, kit_sql("CREATE TABLE [conf_schema].[conf_there] ([n] %s)", kit_type(SQLA_INT32))),
        SQLA_OK);
    EXPECT(kit_run(&db, "INSERT INTO [conf_schema].[conf_there] ([n]) VALUES (4)"), SQLA_OK);
    CHECK_INT(kit_number(&db, "SELECT [n] FROM [conf_schema].[conf_there]"), 4);
    EXPECT(kit_run(&db, "SELECT [n] FROM [conf_there]"), SQLA_ERR_SQL);
    EXPECT(kit_run(&db, "DROP TABLE [conf_schema].[conf_there]"), SQLA_OK);
    EXPECT(kit_run(&db, "DROP SCHEMA [conf_schema]"), SQLA_OK);
    kit_close(&db);
}

/* Any name can be a name when it is quoted, and keeps its case. */
static void features__quoted_names(void)
{
    char text[2048];
    kit_must_open(&db);
    kit_drop(&db, "conf_Names");
    size_t n = (size_t)snprintf(text, sizeof text, "CREATE TABLE %s (%s %s", kit_quoted("conf_Names"),
        kit_quoted("Mixed Case"), kit_type(SQLA_INT32));
    for (const char *const *word = kit_traits->reserved_words; *word != NULL && n < sizeof text - 100; word++)
        n += (size_t)snprintf(text + n, sizeof text - n, ", %s %s", kit_quoted(*word), kit_type(SQLA_INT32));
    snprintf(text + n, sizeof text - n, ")");
    EXPECT(kit_run(&db, text), SQLA_OK);
    EXPECT(kit_run(&db,
               kit_sql("INSERT INTO %s (%s) VALUES (3)", kit_quoted("conf_Names"), kit_quoted("Mixed Case"))),
        SQLA_OK);
    CHECK_INT(
        kit_number(&db, kit_sql("SELECT %s FROM %s", kit_quoted("Mixed Case"), kit_quoted("conf_Names"))), 3);
    kit_drop(&db, "conf_Names");
    kit_close(&db);
}

/* Returns: false: the database does not take the table that points at the other one. */
static bool make_family(const char *actions)
{
    kit_drop(&db, "conf_leaf");
    kit_drop(&db, "conf_root");
    kit_must(&db, kit_sql("CREATE TABLE [conf_root] ([id] %s NOT NULL PRIMARY KEY)", kit_type(SQLA_INT32)));
    if (kit_run(&db, kit_sql("CREATE TABLE [conf_leaf] ([root] %s%s%s)", kit_type(SQLA_INT32),
                         actions != NULL ? ", FOREIGN KEY ([root]) REFERENCES [conf_root] ([id])" : "",
                         actions != NULL ? actions : "")) != SQLA_OK)
        return false;
    kit_must(&db, "INSERT INTO [conf_root] ([id]) VALUES (1), (2)");
    kit_must(&db, "INSERT INTO [conf_leaf] ([root]) VALUES (1), (2)");
    return true;
}

static void drop_family(void)
{
    kit_drop(&db, "conf_leaf");
    kit_drop(&db, "conf_root");
}

static void features__fk_actions(void)
{
    kit_must_open(&db);
    bool works = make_family(" ON DELETE CASCADE ON UPDATE CASCADE") &&
                 kit_run(&db, "DELETE FROM [conf_root] WHERE [id] = 1") == SQLA_OK &&
                 kit_run(&db, "UPDATE [conf_root] SET [id] = 5 WHERE [id] = 2") == SQLA_OK &&
                 kit_number(&db, "SELECT count(*) FROM [conf_leaf]") == 1 &&
                 kit_number(&db, "SELECT [root] FROM [conf_leaf]") == 5;
    drop_family();
    kit_agrees(&db, SQLA_FEATURE_FK_ACTIONS, works, "ON DELETE and ON UPDATE act");
    kit_close(&db);
}

static void features__add_constraint(void)
{
    kit_must_open(&db);
    bool works = make_family(NULL) &&
                 kit_run(&db, "ALTER TABLE [conf_leaf] ADD CONSTRAINT [conf_fk_leaf] FOREIGN KEY ([root]) "
                              "REFERENCES [conf_root] ([id])") == SQLA_OK;
    if (works)
        EXPECT(kit_run(&db, "INSERT INTO [conf_leaf] ([root]) VALUES (77)"), SQLA_ERR_FOREIGN_KEY);
    drop_family();
    kit_agrees(&db, SQLA_FEATURE_ADD_CONSTRAINT, works, "ALTER TABLE ... ADD CONSTRAINT");
    kit_close(&db);
}

static void features__cascade_drop(void)
{
    kit_must_open(&db);
    bool works = make_family("") && kit_run(&db, "DROP TABLE [conf_root] CASCADE") == SQLA_OK &&
                 kit_number(&db, "SELECT count(*) FROM [conf_leaf]") == 2;
    drop_family();
    kit_agrees(&db, SQLA_FEATURE_CASCADE_DROP, works, "DROP TABLE ... CASCADE");
    kit_close(&db);
}

static void features__native_enum(void)
{
    kit_must_open(&db);
    bool works = kit_run(&db, "CREATE TYPE [conf_mood] AS ENUM ('glad', 'sad')") == SQLA_OK;
    if (works) {
        kit_drop(&db, "conf_moody");
        conform_undo_by(kit_named("DROP TYPE IF EXISTS [conf_mood]"));
        kit_must(&db, "CREATE TABLE [conf_moody] ([mood] [conf_mood])");
        EXPECT(kit_run(&db, "INSERT INTO [conf_moody] ([mood]) VALUES ('glad')"), SQLA_OK);
        EXPECT(kit_run(&db, "INSERT INTO [conf_moody] ([mood]) VALUES ('bored')"), SQLA_ERR_DATA);
        kit_drop(&db, "conf_moody");
        kit_must(&db, "DROP TYPE [conf_mood]");
    }
    kit_agrees(&db, SQLA_FEATURE_NATIVE_ENUM, works, "CREATE TYPE ... AS ENUM");
    kit_close(&db);
}

/* The text for "now" is a default, and gives an instant of this hour. */
static void features__now(void)
{
    struct {
        sqla_timestamp at;
    } row = { { 0 } };
    const sqla_slot slots[] = { KIT_SLOT(
        struct { sqla_timestamp at; }, at, SQLA_TIMESTAMP, SQLA_REP_FIXED, 0) };
    const sqla_plan plan = KIT_PLAN(slots);
    void *rows[] = { &row };
    sqla_driver_result *result;
    size_t count;
    bool end;
    if (kit_traits->now == NULL)
        conform_unsupported("the trait 'now' is empty");
    kit_must_open(&db);
    kit_drop(&db, "conf_now");
    kit_must(&db, kit_sql("CREATE TABLE [conf_now] ([n] %s, [at] %s DEFAULT %s)", kit_type(SQLA_INT32),
                      kit_type(SQLA_TIMESTAMP), kit_traits->now));
    kit_must(&db, "INSERT INTO [conf_now] ([n]) VALUES (1)");
    if (EXPECT(kit_exec(&db, "SELECT [at] FROM [conf_now]", NULL, NULL, 0, &result), SQLA_OK)) {
        EXPECT(kit_ops.result_fetch(result, &plan, rows, 1, NULL, &count, &end, KIT_ERR), SQLA_OK);
        kit_ops.result_close(result);
    }
    int64_t off = row.at.micros / 1000000 - (int64_t)time(NULL);
    CHECK(off > -1800 && off < 1800);
    kit_drop(&db, "conf_now");
    kit_close(&db);
}

/* Two tables that point at each other, the one that comes first at one that is not there yet. */
static void features__forward_keys(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_ahead");
    kit_drop(&db, "conf_behind");
    bool works = kit_run(&db, kit_sql("CREATE TABLE [conf_ahead] ([id] %s NOT NULL PRIMARY KEY, [behind] %s, "
                                      "FOREIGN KEY ([behind]) REFERENCES [conf_behind] ([id]))",
                                  kit_type(SQLA_INT64), kit_type(SQLA_INT64))) == SQLA_OK;
    kit_agrees(&db, SQLA_FEATURE_FORWARD_KEYS, works, "a foreign key at a table that is not there yet");
    if (works) {
        kit_must(&db, kit_sql("CREATE TABLE [conf_behind] ([id] %s NOT NULL PRIMARY KEY)", kit_type(SQLA_INT64)));
        EXPECT(kit_run(&db, "INSERT INTO [conf_ahead] ([id], [behind]) VALUES (1, 7)"), SQLA_ERR_FOREIGN_KEY);
        EXPECT(kit_run(&db, "INSERT INTO [conf_behind] ([id]) VALUES (7)"), SQLA_OK);
        EXPECT(kit_run(&db, "INSERT INTO [conf_ahead] ([id], [behind]) VALUES (1, 7)"), SQLA_OK);
    }
    kit_drop(&db, "conf_ahead");
    kit_drop(&db, "conf_behind");
    kit_close(&db);
}

/* ---- connections --------------------------------------------------------------------------------------------------------- */

static sqla_status open_as(kit_conn *conn, uint32_t flags)
{
    const sqla_connect_args args = { .struct_size = sizeof args,
        .count = kit_param_count,
        .params = kit_params,
        .instance = kit_instance(),
        .flags = flags,
        .data = kit_driver.data };
    kit_clear();
    memset(conn, 0, sizeof *conn);
    conn->info.struct_size = sizeof conn->info;
    return kit_ops.open(&args, &conn->info, &conn->handle, KIT_ERR);
}

static void features__read_only(void)
{
    kit_conn writer;
    kit_must_open(&writer);
    kit_drop(&writer, "conf_read");
    kit_must(&writer, kit_sql("CREATE TABLE [conf_read] ([n] %s)", kit_type(SQLA_INT32)));
    if (EXPECT(open_as(&db, SQLA_CONNECT_READ_ONLY), SQLA_OK)) {
        EXPECT(kit_run(&db, "INSERT INTO [conf_read] ([n]) VALUES (1)"), SQLA_ERR_READ_ONLY);
        CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_read]"), 0);
        EXPECT(kit_begin(&db, 0), SQLA_OK);
        EXPECT(kit_run(&db, "INSERT INTO [conf_read] ([n]) VALUES (1)"), SQLA_ERR_READ_ONLY);
        EXPECT(kit_rollback(&db), SQLA_OK);
        if (kit_ops.reset != NULL && kit_ops.reset(db.handle, 0, KIT_ERR) == SQLA_OK)
            EXPECT(kit_run(&db, "INSERT INTO [conf_read] ([n]) VALUES (1)"), SQLA_ERR_READ_ONLY);
        kit_close(&db);
    }
    kit_drop(&writer, "conf_read");
    kit_close(&writer);
}

static void features__pooled(void)
{
    if (EXPECT(open_as(&db, SQLA_CONNECT_POOLED), SQLA_OK)) {
        CHECK_INT(kit_number(&db, "SELECT 1"), 1);
        EXPECT(kit_begin(&db, 0), SQLA_OK);
        CHECK_INT(kit_number(&db, "SELECT 2"), 2);
        EXPECT(kit_commit(&db), SQLA_OK);
        kit_close(&db);
    }
}

/* Connections of one engine share such a database, and it ends with the last of them. Elsewhere it stays. */
static void features__ephemeral(void)
{
    kit_conn other;
    kit_must_open(&db);
    bool declared = kit_feature(&db, SQLA_FEATURE_EPHEMERAL);
    kit_drop(&db, "conf_ephemeral");
    kit_must(&db, kit_sql("CREATE TABLE [conf_ephemeral] ([n] %s)", kit_type(SQLA_INT32)));
    kit_must_open(&other);
    kit_close(&db);
    CHECK_INT(kit_number(&other, "SELECT count(*) FROM [conf_ephemeral]"), 0);
    kit_close(&other);
    kit_must_open(&db);
    bool ends = kit_run(&db, "SELECT count(*) FROM [conf_ephemeral]") != SQLA_OK;
    CHECK_INT(ends, declared);
    kit_drop(&db, "conf_ephemeral");
    kit_close(&db);
}

static void features__resolve(void)
{
    int32_t outcome = -7;
    kit_must_open(&db);
    kit_clear();
    EXPECT(kit_ops.resolve(db.handle, "no token of anybody's", 0, &outcome, KIT_ERR), SQLA_ERR_MISUSE);
    CHECK_INT(outcome, -7);
    kit_close(&db);
}

const conform_check conform_feature_checks[] = {
    { "dml-02", "an insert of nothing but defaults, as declared", NEEDS_DATABASE, 0,
        features__default_values },
    { "dml-03", "an insert of what a query finds", NEEDS_DATABASE, 0, features__insert_select },
    { "dml-14", "an insert that returns its key, as declared", NEEDS_DATABASE, 0, features__returning },
    { "dml-15", "generated keys, and keys that were given", NEEDS_DATABASE, 0, features__generated_key },
    { "dml-16", "an update counts the rows that it found", NEEDS_DATABASE, 0, features__matched_rows },
    { "ddl-01", "IF EXISTS and IF NOT EXISTS", NEEDS_DATABASE, 0, features__if_exists },
    { "ddl-02", "tables in schemas", NEEDS_DATABASE, SQLA_FEATURE_SCHEMAS, features__schemas },
    { "ddl-03", "quoted names: reserved words and mixed case", NEEDS_DATABASE, 0, features__quoted_names },
    { "ddl-05", "actions of foreign keys, as declared", NEEDS_DATABASE, 0, features__fk_actions },
    { "ddl-06", "constraints that are added later, as declared", NEEDS_DATABASE, 0,
        features__add_constraint },
    { "ddl-07", "dropping what others point at, as declared", NEEDS_DATABASE, 0, features__cascade_drop },
    { "ddl-08", "types of labels, as declared", NEEDS_DATABASE, 0, features__native_enum },
    { "ddl-09", "now, as a default", NEEDS_DATABASE, 0, features__now },
    { "ddl-10", "foreign keys at tables that are not there yet, as declared", NEEDS_DATABASE, 0,
        features__forward_keys },
    { "con-23", "a read-only connection refuses to write", NEEDS_DATABASE, SQLA_FEATURE_READ_ONLY,
        features__read_only },
    { "con-24", "a connection through a pooler", NEEDS_DATABASE, SQLA_FEATURE_POOLER, features__pooled },
    { "con-25", "a database lives as long as is declared", NEEDS_DATABASE, 0, features__ephemeral },
    { "con-26", "a token that is none is MISUSE", NEEDS_DATABASE | NEEDS_RESOLVE, 0, features__resolve },
    { NULL, NULL, 0, 0, NULL },
};
