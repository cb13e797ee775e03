/* transactions.c: begin, commit, rollback, savepoints; and what is left after a failure. */
#include <config.h>
#include "kit.h"

#include <string.h>
#include <sqla/twophase.h>

static kit_conn db;

static int64_t count(void)
{
    return kit_number(&db, "SELECT count(*) FROM [conf_log]");
}

static void add(int id)
{
    kit_must(&db, kit_sql("INSERT INTO [conf_log] ([id]) VALUES (%d)", id));
}

static void begin_suite(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_log");
    kit_must(&db, kit_sql("CREATE TABLE [conf_log] ([id] %s NOT NULL PRIMARY KEY)", kit_type(SQLA_INT32)));
}

static void end_suite(void)
{
    kit_drop(&db, "conf_log");
    kit_close(&db);
}

/* The end of a check of a feature: the bit and what was seen must agree. */
static void end_suite_as(uint64_t feature, bool works, const char *what)
{
    kit_conn same = db;
    kit_drop(&db, "conf_log");
    kit_agrees(&same, feature, works, what);
    kit_close(&same);
}

/* What is not in a transaction is there at once, for others too. */
static void transactions__autocommit(void)
{
    kit_conn other;
    begin_suite();
    kit_must_open(&other);
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    add(1);
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    CHECK_INT(kit_number(&other, "SELECT count(*) FROM [conf_log]"), 1);
    kit_close(&other);
    end_suite();
}

static void transactions__rollback(void)
{
    static const uint32_t flags[] = { 0, SQLA_TXN_WRITE };
    begin_suite();
    for (int i = 0; i < 2; i++) {
        EXPECT(kit_begin(&db, flags[i]), SQLA_OK);
        add(i);
        CHECK_INT(kit_state(&db), SQLA_TXN_ACTIVE);
        EXPECT(kit_rollback(&db), SQLA_OK);
        CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
        CHECK_INT(count(), 0);
    }
    end_suite();
}

static void transactions__commit(void)
{
    static const uint32_t flags[] = { 0, SQLA_TXN_WRITE };
    kit_conn other;
    begin_suite();
    kit_must_open(&other);
    for (int i = 0; i < 2; i++) {
        EXPECT(kit_begin(&db, flags[i]), SQLA_OK);
        add(i);
        EXPECT(kit_commit(&db), SQLA_OK);
        CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
        CHECK_INT(kit_number(&other, "SELECT count(*) FROM [conf_log]"), i + 1);
    }
    kit_close(&other);
    end_suite();
}

static void transactions__read_only(void)
{
    if (!kit_reads_only())
        conform_unsupported("there is neither a slot nor a text for a transaction that only reads");
    begin_suite();
    EXPECT(kit_begin(&db, SQLA_TXN_READ_ONLY), SQLA_OK);
    CHECK_INT(count(), 0);
    EXPECT(kit_run(&db, "INSERT INTO [conf_log] ([id]) VALUES (1)"), SQLA_ERR_READ_ONLY);
    CHECK_TEXT(kit_last.sqlstate, "25006");
    EXPECT(kit_rollback(&db), SQLA_OK);
    EXPECT(kit_begin(&db, SQLA_TXN_READ_ONLY), SQLA_OK);
    CHECK_INT(count(), 0);
    EXPECT(kit_commit(&db), SQLA_OK);
    add(2);
    CHECK_INT(count(), 1);
    end_suite();
}

/* Where a driver has neither a slot nor texts for them, a program that asks hears UNSUPPORTED; a slot may say so too. */
static void begin_suite_with_savepoints(void)
{
    const sqla_traits *t = kit_traits;
    if (kit_ops.savepoint == NULL && t->savepoint == NULL)
        conform_unsupported("there is neither a slot nor a text for 'savepoint'");
    begin_suite();
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    bool refuses = kit_savepoint(&db, SQLA_SAVEPOINT_SET, "conf") == SQLA_ERR_UNSUPPORTED;
    EXPECT(kit_rollback(&db), SQLA_OK);
    if (refuses) {
        end_suite();
        conform_unsupported("the slot 'savepoint' answers UNSUPPORTED");
    }
}

static void transactions__savepoints(void)
{
    begin_suite_with_savepoints();
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    add(1);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_SET, "a"), SQLA_OK);
    add(2);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_SET, "b"), SQLA_OK);
    add(3);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_SET, "c"), SQLA_OK);
    add(4);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_ROLLBACK, "c"), SQLA_OK);
    CHECK_INT(count(), 3);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_RELEASE, "c"), SQLA_OK);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_RELEASE, "b"), SQLA_OK);
    CHECK_INT(count(), 3);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_ROLLBACK, "a"), SQLA_OK);
    CHECK_INT(count(), 1);
    CHECK_INT(kit_state(&db), SQLA_TXN_ACTIVE);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_RELEASE, "a"), SQLA_OK);
    EXPECT(kit_commit(&db), SQLA_OK);
    CHECK_INT(count(), 1);
    end_suite();
}

/* What a savepoint released is still the transaction's. */
static void transactions__released_savepoint(void)
{
    begin_suite_with_savepoints();
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_SET, "a"), SQLA_OK);
    add(5);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_RELEASE, "a"), SQLA_OK);
    EXPECT(kit_rollback(&db), SQLA_OK);
    CHECK_INT(count(), 0);
    end_suite();
}

/* After a failed statement: usable when the driver says so, else nothing but a rollback is taken, and COMMIT is no success. */
static void transactions__after_a_failure(void)
{
    begin_suite();
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    add(1);
    EXPECT(kit_run(&db, "INSERT INTO [conf_log] ([id]) VALUES (1)"), SQLA_ERR_UNIQUE);
    bool isolated = kit_state(&db) == SQLA_TXN_ACTIVE;
    if (isolated) {
        add(2);
        EXPECT(kit_commit(&db), SQLA_OK);
        CHECK_INT(count(), 2);
    } else {
        CHECK_INT(kit_state(&db), SQLA_TXN_FAILED);
        CHECK(kit_run(&db, "INSERT INTO [conf_log] ([id]) VALUES (2)") != SQLA_OK);
        CHECK(kit_commit(&db) != SQLA_OK);
        EXPECT(kit_rollback(&db), SQLA_OK);
        CHECK_INT(count(), 0);
    }
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    CHECK_INT(kit_feature(&db, SQLA_FEATURE_ISOLATED_ABORT), isolated);
    end_suite();
}

static void transactions__savepoint_mends_a_failure(void)
{
    begin_suite_with_savepoints();
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    add(1);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_SET, "s"), SQLA_OK);
    add(2);
    EXPECT(kit_run(&db, "INSERT INTO [conf_log] ([id]) VALUES (1)"), SQLA_ERR_UNIQUE);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_ROLLBACK, "s"), SQLA_OK);
    CHECK_INT(kit_state(&db), SQLA_TXN_ACTIVE);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_RELEASE, "s"), SQLA_OK);
    EXPECT(kit_commit(&db), SQLA_OK);
    CHECK_INT(count(), 1);
    end_suite();
}

static void transactions__ddl(void)
{
    begin_suite();
    kit_drop(&db, "conf_ddl");
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    bool made = kit_run(&db, kit_sql("CREATE TABLE [conf_ddl] ([a] %s)", kit_type(SQLA_INT32))) == SQLA_OK;
    EXPECT(kit_rollback(&db), SQLA_OK);
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    bool undone = made && kit_run(&db, "SELECT * FROM [conf_ddl]") != SQLA_OK;
    kit_drop(&db, "conf_ddl");
    end_suite_as(SQLA_FEATURE_TRANSACTIONAL_DDL, undone, "DDL is undone by a rollback");
}

static bool points_nowhere_until_the_commit(int id)
{
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    return kit_run(&db, kit_sql("INSERT INTO [conf_deferred] ([id]) VALUES (%d)", id)) == SQLA_OK;
}

/* A deferred foreign key fails at the commit; the transaction is not left open. */
static void transactions__failed_commit(void)
{
    begin_suite();
    kit_drop(&db, "conf_deferred");
    bool works =
        kit_run(&db, kit_sql("CREATE TABLE [conf_deferred] ([id] %s NOT NULL, FOREIGN KEY ([id]) REFERENCES "
                             "[conf_log] ([id]) DEFERRABLE INITIALLY DEFERRED)",
                         kit_type(SQLA_INT32))) == SQLA_OK;
    if (works && (works = points_nowhere_until_the_commit(77))) {
        EXPECT(kit_commit(&db), SQLA_ERR_FOREIGN_KEY);
        CHECK(kit_state(&db) != SQLA_TXN_ACTIVE);
        EXPECT(kit_rollback(&db), SQLA_OK);
        CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
        CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_deferred]"), 0);
        CHECK(points_nowhere_until_the_commit(78));
        add(78);
        EXPECT(kit_commit(&db), SQLA_OK);
    }
    if (kit_state(&db) != SQLA_TXN_IDLE)
        EXPECT(kit_rollback(&db), SQLA_OK);
    kit_drop(&db, "conf_deferred");
    end_suite_as(SQLA_FEATURE_DEFERRED_FK, works, "a foreign key can be deferred");
}

/* A connection that is closed takes its open transaction with it. */
static void transactions__close(void)
{
    kit_conn other;
    begin_suite();
    kit_must_open(&other);
    EXPECT(kit_begin(&other, 0), SQLA_OK);
    kit_must(&other, "INSERT INTO [conf_log] ([id]) VALUES (2)");
    kit_close(&other);
    CHECK_INT(count(), 0);
    end_suite();
}

/* ---- isolation ------------------------------------------------------------------------------------------------- */

/* The level in force, in the words of the standard; SQLA_ISOLATION_DEFAULT: it is none of those, or there is no text that
 * tells it. */
static sqla_isolation level_in_force(void)
{
    static const char *const words[] = { "", "read uncommitted", "read committed", "repeatable read",
        "serializable" };
    char text[64];
    if (kit_traits->isolation_query == NULL) {
        for (unsigned i = SQLA_READ_UNCOMMITTED; i <= SQLA_SERIALIZABLE; i++) {
            if (kit_traits->isolation_levels == UINT32_C(1) << i)
                return (sqla_isolation)i;
        }
        return SQLA_ISOLATION_DEFAULT;
    }
    kit_text(&db, kit_traits->isolation_query, text, sizeof text);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '-' || *c == '_' ? ' ' : (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    for (unsigned i = SQLA_READ_UNCOMMITTED; i <= SQLA_SERIALIZABLE; i++) {
        if (strcmp(text, words[i]) == 0)
            return (sqla_isolation)i;
    }
    FAIL("the level in force is one of the standard's", text);
    return SQLA_ISOLATION_DEFAULT;
}

static void needs_levels(void)
{
    if (kit_traits->isolation_levels == 0)
        conform_unsupported("the trait 'isolation_levels' is 0");
    kit_must_open(&db);
}

static void needs_to_see_the_level(void)
{
    const uint32_t levels = kit_traits->isolation_levels;
    needs_levels();
    if (kit_traits->isolation_query == NULL && (levels & (levels - 1)) != 0) {
        kit_close(&db);
        conform_unsupported("there are several levels, and the trait 'isolation_query' is empty");
    }
}

static void transactions__default_isolation(void)
{
    needs_to_see_the_level();
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    CHECK((kit_traits->isolation_levels & UINT32_C(1) << level_in_force()) != 0);
    EXPECT(kit_rollback(&db), SQLA_OK);
    kit_close(&db);
}

/* Each that can be asked for is in force then, or one that gives more; so is any other one, unless it is refused. */
static void transactions__each_isolation(void)
{
    needs_levels();
    for (uint32_t level = SQLA_READ_UNCOMMITTED; level <= SQLA_SERIALIZABLE; level++) {
        bool declared = (kit_traits->isolation_levels & UINT32_C(1) << level) != 0;
        if (!declared && kit_ops.begin == NULL)
            continue;
        sqla_status status = kit_begin_with(&db, 0, level);
        if (!declared && status == SQLA_ERR_UNSUPPORTED) {
            CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
            continue;
        }
        EXPECT(status, SQLA_OK);
        sqla_isolation in_force = level_in_force();
        CHECK(in_force == SQLA_ISOLATION_DEFAULT || in_force >= (sqla_isolation)level);
        EXPECT(kit_rollback(&db), SQLA_OK);
    }
    kit_close(&db);
}

/* What one transaction asked for is not the next one's. */
static void transactions__isolation_ends(void)
{
    needs_to_see_the_level();
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    sqla_isolation before = level_in_force();
    EXPECT(kit_rollback(&db), SQLA_OK);
    for (uint32_t level = SQLA_READ_UNCOMMITTED; level <= SQLA_SERIALIZABLE; level++) {
        if ((kit_traits->isolation_levels & UINT32_C(1) << level) == 0)
            continue;
        EXPECT(kit_begin_with(&db, 0, level), SQLA_OK);
        EXPECT(kit_commit(&db), SQLA_OK);
        EXPECT(kit_begin(&db, 0), SQLA_OK);
        CHECK_INT(level_in_force(), before);
        EXPECT(kit_rollback(&db), SQLA_OK);
    }
    kit_close(&db);
}

/* ---- in two phases --------------------------------------------------------------------------------------------- */

typedef struct seen_prepared {
    sqla_prepared_sink base;
    int count;
} seen_prepared;

static sqla_status push_prepared(sqla_prepared_sink *base, const sqla_prepared_record *record)
{
    seen_prepared *seen = (seen_prepared *)base;
    CHECK(record->struct_size >= sizeof *record);
    seen->count += strcmp(record->gid, kit_instance()) == 0;
    return SQLA_OK;
}

static int recovered(const sqla_twophase_ops *ops, kit_conn *conn)
{
    seen_prepared seen = { { push_prepared }, 0 };
    kit_clear();
    EXPECT(ops->recover(conn->handle, &seen.base, 0, KIT_ERR), SQLA_OK);
    return seen.count;
}

static void transactions__two_phases(void)
{
    const sqla_twophase_ops *ops = kit_extension(SQLA_TWOPHASE);
    kit_conn other;
    begin_suite();
    kit_must_open(&other);
    for (int32_t commit = 0; commit < 2; commit++) {
        EXPECT(kit_begin(&db, 0), SQLA_OK);
        add(1);
        kit_clear();
        EXPECT(ops->prepare(db.handle, kit_instance(), 0, KIT_ERR), SQLA_OK);
        CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
        CHECK_INT(recovered(ops, &other), 1);
        kit_clear();
        EXPECT(ops->finish(other.handle, kit_instance(), commit, 0, KIT_ERR), SQLA_OK);
        CHECK_INT(count(), commit);
        CHECK_INT(recovered(ops, &db), 0);
        kit_clear();
        EXPECT(ops->finish(other.handle, kit_instance(), commit, 0, KIT_ERR), SQLA_ERR_NOT_FOUND);
    }
    kit_close(&other);
    end_suite();
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

const conform_check conform_transaction_checks[] = {
    { "tx-01", "the isolation in force is one that is declared", NEEDS_DATABASE, 0,
        transactions__default_isolation },
    { "tx-02", "each isolation can be asked for", NEEDS_DATABASE, 0, transactions__each_isolation },
    { "tx-03", "an isolation ends with its transaction", NEEDS_DATABASE, 0, transactions__isolation_ends },
    { "tx-04", "outside of a transaction each statement commits", NEEDS_DATABASE, 0,
        transactions__autocommit },
    { "tx-05", "a rollback undoes", NEEDS_DATABASE, 0, transactions__rollback },
    { "tx-06", "a savepoint undoes what came after it, three deep", NEEDS_DATABASE, 0,
        transactions__savepoints },
    { "tx-07", "a released savepoint is still undone with its transaction", NEEDS_DATABASE, 0,
        transactions__released_savepoint },
    { "tx-08", "DDL in a transaction is undone, as declared", NEEDS_DATABASE, 0, transactions__ddl },
    { "tx-09", "after a failure the transaction goes on or has failed, as declared", NEEDS_DATABASE, 0,
        transactions__after_a_failure },
    { "tx-10", "a transaction in two phases", NEEDS_DATABASE | NEEDS_TWOPHASE, 0, transactions__two_phases },
    { "tx-11", "a read-only transaction refuses to write", NEEDS_DATABASE, 0, transactions__read_only },
    { "tx-12", "a commit that the database refuses is no success", NEEDS_DATABASE, 0,
        transactions__failed_commit },
    { "tx-13", "closing a connection undoes its transaction", NEEDS_DATABASE, 0, transactions__close },
    { "tx-14", "a savepoint mends a failure", NEEDS_DATABASE, 0, transactions__savepoint_mends_a_failure },
    { "tx-15", "what was committed is there for others", NEEDS_DATABASE, 0, transactions__commit },
    { NULL, NULL, 0, 0, NULL },
};
