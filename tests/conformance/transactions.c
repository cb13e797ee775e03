/* transactions.c: begin, commit, rollback, savepoints; and what is left after a failure. */
#include <config.h>
#include "kit.h"

#include <string.h>

static kit_conn db;

static int64_t count(void)
{
    return kit_number(&db, "SELECT count(*) FROM conf_log");
}

static void add(int id)
{
    kit_must(&db, kit_sql("INSERT INTO conf_log (id) VALUES (%d)", id));
}

static void begin_suite(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_log");
    kit_must(&db, kit_sql("CREATE TABLE conf_log (id %s NOT NULL PRIMARY KEY)", kit_type(SQLA_INT32)));
}

static void end_suite(void)
{
    kit_drop(&db, "conf_log");
    kit_close(&db);
}

static void transactions__commit_and_rollback(void)
{
    static const uint32_t flags[] = { 0, SQLA_TXN_WRITE };
    begin_suite();
    CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_IDLE);
    for (int i = 0; i < 2; i++) {
        EXPECT(kit_begin(&db, flags[i]), SQLA_OK);
        add(10 * i + 1);
        CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_ACTIVE);
        EXPECT(kit_rollback(&db), SQLA_OK);
        CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_IDLE);
        CU_ASSERT_EQUAL(count(), i);
        EXPECT(kit_begin(&db, flags[i]), SQLA_OK);
        add(10 * i + 2);
        EXPECT(kit_commit(&db), SQLA_OK);
        CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_IDLE);
        CU_ASSERT_EQUAL(count(), i + 1);
    }
    add(99);
    CU_ASSERT_EQUAL(count(), 3);
    end_suite();
}

static void transactions__read_only(void)
{
    begin_suite();
    EXPECT(kit_begin(&db, SQLA_TXN_READ_ONLY), SQLA_OK);
    CU_ASSERT_EQUAL(count(), 0);
    EXPECT(kit_run(&db, "INSERT INTO conf_log (id) VALUES (1)"), SQLA_ERR_READ_ONLY);
    CU_ASSERT_STRING_EQUAL(kit_last.sqlstate, "25006");
    EXPECT(kit_rollback(&db), SQLA_OK);
    EXPECT(kit_begin(&db, SQLA_TXN_READ_ONLY), SQLA_OK);
    CU_ASSERT_EQUAL(count(), 0);
    EXPECT(kit_commit(&db), SQLA_OK);
    add(2);
    CU_ASSERT_EQUAL(count(), 1);
    end_suite();
}

static void transactions__savepoints(void)
{
    begin_suite();
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    add(1);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_SET, "a"), SQLA_OK);
    add(2);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_SET, "b"), SQLA_OK);
    add(3);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_SET, "c"), SQLA_OK);
    add(4);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_ROLLBACK, "c"), SQLA_OK);
    CU_ASSERT_EQUAL(count(), 3);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_RELEASE, "c"), SQLA_OK);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_RELEASE, "b"), SQLA_OK);
    CU_ASSERT_EQUAL(count(), 3);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_ROLLBACK, "a"), SQLA_OK);
    CU_ASSERT_EQUAL(count(), 1);
    CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_ACTIVE);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_RELEASE, "a"), SQLA_OK);
    EXPECT(kit_commit(&db), SQLA_OK);
    CU_ASSERT_EQUAL(count(), 1);
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_SET, "a"), SQLA_OK);
    add(5);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_RELEASE, "a"), SQLA_OK);
    EXPECT(kit_rollback(&db), SQLA_OK);
    CU_ASSERT_EQUAL(count(), 1);
    end_suite();
}

/* After a failed statement: usable when the driver says so, else nothing but a rollback is taken, and COMMIT is no success. */
static void transactions__after_a_failure(void)
{
    begin_suite();
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    add(1);
    EXPECT(kit_run(&db, "INSERT INTO conf_log (id) VALUES (1)"), SQLA_ERR_UNIQUE);
    if (kit_feature(&db, SQLA_FEATURE_ISOLATED_ABORT)) {
        CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_ACTIVE);
        add(2);
        EXPECT(kit_commit(&db), SQLA_OK);
        CU_ASSERT_EQUAL(count(), 2);
    } else {
        CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_FAILED);
        CU_ASSERT_NOT_EQUAL(kit_run(&db, "INSERT INTO conf_log (id) VALUES (2)"), SQLA_OK);
        CU_ASSERT_NOT_EQUAL(kit_commit(&db), SQLA_OK);
        EXPECT(kit_rollback(&db), SQLA_OK);
        CU_ASSERT_EQUAL(count(), 0);
    }
    CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_IDLE);
    end_suite();
}

static void transactions__savepoint_mends_a_failure(void)
{
    begin_suite();
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    add(1);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_SET, "s"), SQLA_OK);
    add(2);
    EXPECT(kit_run(&db, "INSERT INTO conf_log (id) VALUES (1)"), SQLA_ERR_UNIQUE);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_ROLLBACK, "s"), SQLA_OK);
    CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_ACTIVE);
    EXPECT(kit_savepoint(&db, SQLA_SAVEPOINT_RELEASE, "s"), SQLA_OK);
    EXPECT(kit_commit(&db), SQLA_OK);
    CU_ASSERT_EQUAL(count(), 1);
    end_suite();
}

static void transactions__ddl(void)
{
    begin_suite();
    kit_drop(&db, "conf_ddl");
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    kit_must(&db, "CREATE TABLE conf_ddl (a int)");
    EXPECT(kit_rollback(&db), SQLA_OK);
    if (kit_feature(&db, SQLA_FEATURE_TRANSACTIONAL_DDL))
        EXPECT(kit_run(&db, "SELECT * FROM conf_ddl"), SQLA_ERR_SQL);
    kit_drop(&db, "conf_ddl");
    end_suite();
}

/* A deferred foreign key fails at the commit; the transaction is not left open. */
static void transactions__failed_commit(void)
{
    begin_suite();
    kit_drop(&db, "conf_deferred");
    if (kit_feature(&db, SQLA_FEATURE_DEFERRED_FK)) {
        kit_must(&db, kit_sql("CREATE TABLE conf_deferred (id %s NOT NULL REFERENCES conf_log (id) "
                              "DEFERRABLE INITIALLY DEFERRED)",
                          kit_type(SQLA_INT32)));
        EXPECT(kit_begin(&db, 0), SQLA_OK);
        kit_must(&db, "INSERT INTO conf_deferred (id) VALUES (77)");
        EXPECT(kit_commit(&db), SQLA_ERR_FOREIGN_KEY);
        CU_ASSERT_NOT_EQUAL(kit_state(&db), SQLA_TXN_ACTIVE);
        EXPECT(kit_rollback(&db), SQLA_OK);
        CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_IDLE);
        CU_ASSERT_EQUAL(kit_number(&db, "SELECT count(*) FROM conf_deferred"), 0);
        EXPECT(kit_begin(&db, 0), SQLA_OK);
        kit_must(&db, "INSERT INTO conf_deferred (id) VALUES (78)");
        add(78);
        EXPECT(kit_commit(&db), SQLA_OK);
        kit_drop(&db, "conf_deferred");
    }
    end_suite();
}

/* What one connection did and did not commit is nothing to another; closing rolls back. */
static void transactions__two_connections(void)
{
    kit_conn other;
    begin_suite();
    kit_must_open(&other);
    EXPECT(kit_begin(&other, 0), SQLA_OK);
    kit_must(&other, "INSERT INTO conf_log (id) VALUES (1)");
    CU_ASSERT_EQUAL(kit_number(&other, "SELECT count(*) FROM conf_log"), 1);
    EXPECT(kit_commit(&other), SQLA_OK);
    CU_ASSERT_EQUAL(count(), 1);
    EXPECT(kit_begin(&other, 0), SQLA_OK);
    kit_must(&other, "INSERT INTO conf_log (id) VALUES (2)");
    kit_close(&other);
    CU_ASSERT_EQUAL(count(), 1);
    end_suite();
}

void kit_add_transaction_suite(void)
{
    static const kit_check checks[] = {
        { "commit and rollback", transactions__commit_and_rollback },
        { "read-only", transactions__read_only },
        { "savepoints", transactions__savepoints },
        { "after a failure", transactions__after_a_failure },
        { "a savepoint mends a failure", transactions__savepoint_mends_a_failure },
        { "DDL", transactions__ddl },
        { "failed commit", transactions__failed_commit },
        { "two connections", transactions__two_connections },
    };
    KIT_SUITE("transactions", checks);
}
