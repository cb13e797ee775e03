/* session.c: connections: opening and closing, ping, reset, deadlines, and cancelling from another thread. */
#include <config.h>
#include "kit.h"

#include <dirent.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Files that this process has open; -1: it cannot be told here. */
static int open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = -1;
    for (n = 0; dir != NULL && readdir(dir) != NULL; n++)
        continue;
    if (dir != NULL)
        closedir(dir);
    return dir != NULL ? n : -1;
}

static void session__open_and_close(void)
{
    kit_conn db;
    kit_must_open(&db); /* what is made once is made now */
    CU_ASSERT(db.info.product != NULL && db.info.product[0] != '\0');
    CU_ASSERT(db.info.server_version > 0);
    CU_ASSERT_EQUAL(db.info.features & ~kit_traits->features, 0);
    kit_close(&db);
    int files = open_files();
    long blocks = kit_blocks();
    for (int i = 0; i < 50; i++) {
        kit_must_open(&db);
        CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_IDLE);
        if (i % 2 == 0)
            CU_ASSERT_EQUAL(kit_number(&db, "SELECT 1"), 1);
        kit_close(&db);
    }
    CU_ASSERT_EQUAL(open_files(), files);
    CU_ASSERT_EQUAL(kit_blocks(), blocks);
}

static void session__unknown_parameter(void)
{
    const sqla_connect_param wrong = { "conf_no_such_key", "1" };
    kit_conn db;
    EXPECT(kit_open(&db, &wrong, 1, 0), SQLA_ERR_CONFIG);
    CU_ASSERT(strstr(kit_last.message, "conf_no_such_key") != NULL);
    CU_ASSERT_PTR_NULL(db.handle);
    kit_close(&db);
}

static void session__late_to_open(void)
{
    kit_conn db;
    EXPECT(kit_open(&db, NULL, 0, kit_now() - 1), SQLA_ERR_TIMEOUT);
    kit_close(&db);
}

static void session__ping(void)
{
    kit_conn db;
    kit_must_open(&db);
    kit_clear();
    if (kit_ops.ping != NULL) {
        EXPECT(kit_ops.ping(db.handle, 0, kit_now() + 5000000000, KIT_ERR), SQLA_OK);
        EXPECT(kit_ops.ping(db.handle, SQLA_PING_LOOK, 0, KIT_ERR), SQLA_OK);
    } else if (kit_traits->ping != NULL) {
        EXPECT(kit_run(&db, kit_traits->ping), SQLA_OK);
    }
    kit_close(&db);
}

/* Nothing of the session is left, or the connection says that it is better dropped. Prepared statements stay. */
static void session__reset(void)
{
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_statement statement = { sizeof statement, 0, "SELECT 1", 8, NULL };
    sqla_driver_result *result;
    kit_conn db;
    kit_must_open(&db);
    kit_clear();
    if (kit_ops.reset != NULL) {
        if (kit_ops.prepare != NULL)
            EXPECT(kit_ops.prepare(db.handle, "SELECT 1", 8, NULL, 1, &options, &statement.prepared, KIT_ERR),
                SQLA_OK);
        EXPECT(kit_ops.reset(db.handle, 0, KIT_ERR), SQLA_OK);
        if (EXPECT(kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &result, KIT_ERR), SQLA_OK))
            kit_ops.result_close(result);
        kit_must(&db, "CREATE TEMPORARY TABLE conf_temporary (a int)");
        kit_clear();
        sqla_status status = kit_ops.reset(db.handle, 0, KIT_ERR);
        CU_ASSERT(status == SQLA_OK || status == SQLA_ERR_UNSUPPORTED);
        if (status == SQLA_OK)
            EXPECT(kit_run(&db, "SELECT * FROM conf_temporary"), SQLA_ERR_SQL);
        if (statement.prepared != NULL)
            kit_ops.stmt_close(statement.prepared);
    }
    kit_close(&db);
}

/* ---- deadlines ------------------------------------------------------------------------------------------------- */

static void session__deadline(void)
{
    const char *text = kit_long_query();
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_result *result = NULL;
    const sqla_value *values;
    kit_conn db;
    kit_must_open(&db);
    kit_clear();
    int64_t start = kit_now();
    options.deadline = start + 200000000;
    sqla_status status = kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &result, KIT_ERR);
    if (status == SQLA_OK) {
        status = kit_ops.result_view(result, &values, KIT_ERR);
        kit_ops.result_close(result);
    }
    EXPECT(status, SQLA_ERR_TIMEOUT);
    CU_ASSERT(kit_now() - start >= 190000000 && kit_now() - start < 5000000000);
    kit_clear();
    if (kit_state(&db) != SQLA_TXN_LOST)
        CU_ASSERT_EQUAL(kit_number(&db, "SELECT 1"), 1);
    options.deadline = kit_now() - 1;
    kit_clear();
    if (kit_state(&db) != SQLA_TXN_LOST)
        EXPECT(kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &result, KIT_ERR), SQLA_ERR_TIMEOUT);
    kit_close(&db);
}

/* ---- cancelling ------------------------------------------------------------------------------------------------ */

typedef struct canceller {
    sqla_driver_canceller *handle;
    long after_ms;
    sqla_status status;
} canceller;

static void *fire(void *arg)
{
    canceller *c = arg;
    pause_ms(c->after_ms);
    c->status = kit_ops.cancel_fire(c->handle, kit_now() + 5000000000, NULL);
    return NULL;
}

static void session__cancel(void)
{
    canceller c = { NULL, 200, SQLA_OK };
    pthread_t thread;
    kit_conn db;
    if (kit_ops.cancel_new == NULL)
        return;
    kit_must_open(&db);
    kit_clear();
    EXPECT(kit_ops.cancel_new(db.handle, &c.handle, KIT_ERR), SQLA_OK);
    CU_ASSERT_EQUAL(kit_ops.cancel_fire(c.handle, kit_now() + 5000000000, KIT_ERR),
        SQLA_OK); /* nothing runs: nothing happens */
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT 1"), 1);
    for (int i = 0; i < 3; i++) {
        bool in_transaction = i == 1;
        if (in_transaction)
            EXPECT(kit_begin(&db, 0), SQLA_OK);
        int64_t start = kit_now();
        CU_ASSERT_EQUAL(pthread_create(&thread, NULL, fire, &c), 0);
        EXPECT(kit_run(&db, kit_long_query()), SQLA_ERR_CANCELLED);
        CU_ASSERT(kit_now() - start < 5000000000); /* enough for valgrind */
        CU_ASSERT_STRING_EQUAL(kit_last.sqlstate, "57014");
        pthread_join(thread, NULL);
        EXPECT(c.status, SQLA_OK);
        if (in_transaction)
            EXPECT(kit_rollback(&db), SQLA_OK);
        CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_IDLE);
        CU_ASSERT_EQUAL(kit_number(&db, "SELECT 1"), 1);
    }
    kit_ops.cancel_free(c.handle);
    kit_close(&db);
}

/* A write that is cancelled in a transaction: whatever the database does with the transaction, txn_state tells it, nothing
 * goes on in autocommit unseen, and a rollback makes all well. */
static void session__cancelled_write(void)
{
    canceller c = { NULL, 200, SQLA_OK };
    pthread_t thread;
    kit_conn db;
    if (kit_ops.cancel_new == NULL)
        return;
    kit_must_open(&db);
    kit_drop(&db, "conf_cancel");
    kit_must(&db, kit_sql("CREATE TABLE conf_cancel (id %s)", kit_type(SQLA_INT64)));
    kit_clear();
    EXPECT(kit_ops.cancel_new(db.handle, &c.handle, KIT_ERR), SQLA_OK);
    EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
    CU_ASSERT_EQUAL(pthread_create(&thread, NULL, fire, &c), 0);
    EXPECT(kit_run(&db, "INSERT INTO conf_cancel (id) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + "
                        "1 FROM n WHERE i < 2000000000) SELECT i FROM n"),
        SQLA_ERR_CANCELLED);
    pthread_join(thread, NULL);
    sqla_txn_state state = kit_state(&db);
    CU_ASSERT(state == SQLA_TXN_ACTIVE || state == SQLA_TXN_FAILED);
    if (state == SQLA_TXN_FAILED)
        CU_ASSERT_NOT_EQUAL(kit_run(&db, "INSERT INTO conf_cancel (id) VALUES (1)"), SQLA_OK);
    EXPECT(kit_rollback(&db), SQLA_OK);
    CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_IDLE);
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT count(*) FROM conf_cancel"), 0);
    kit_ops.cancel_free(c.handle);
    kit_drop(&db, "conf_cancel");
    kit_close(&db);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* The work whose every allocation fails once. */
static sqla_status work(kit_conn *db)
{
    struct row {
        int64_t id;
        const char *name;
    } row = { 1, "name" };
    const sqla_slot slots[] = { KIT_SLOT(struct row, id, SQLA_INT64, SQLA_REP_FIXED, 0),
        KIT_SLOT(struct row, name, SQLA_TEXT, SQLA_REP_CSTR, 1) };
    const sqla_plan plan = KIT_PLAN(slots);
    void *rows[] = { &row };
    const sqla_value *values;
    sqla_driver_result *result;
    size_t count;
    bool end;
    kit_arena arena;
    sqla_status status =
        kit_run_with(db, kit_sql("INSERT INTO conf_memory (id, name) VALUES (?, ?)"), &plan, &row);
    if (status == SQLA_OK)
        status = kit_exec(db, "SELECT id, name FROM conf_memory", NULL, NULL, SQLA_EXEC_STREAM, &result);
    if (status != SQLA_OK)
        return status;
    kit_arena_init(&arena);
    kit_ops.result_info(result);
    status = kit_ops.result_fetch(result, &plan, rows, 1, &arena.base, &count, &end, KIT_ERR);
    if (status == SQLA_OK)
        status = kit_ops.result_view(result, &values, KIT_ERR);
    kit_ops.result_close(result);
    kit_arena_release(&arena);
    return status;
}

static void session__no_memory(void)
{
    kit_conn db, keeper;
    long blocks = kit_blocks();
    kit_must_open(&keeper);
    kit_drop(&keeper, "conf_memory");
    kit_must(&keeper,
        kit_sql("CREATE TABLE conf_memory (id %s, name %s)", kit_type(SQLA_INT64), kit_type(SQLA_TEXT)));
    for (long n = 1; n < 500; n++) {
        kit_fail_alloc(n);
        sqla_status status = kit_open(&db, NULL, 0, 0);
        if (status == SQLA_OK)
            status = work(&db);
        kit_fail_alloc(0);
        CU_ASSERT(status == SQLA_OK || (status == SQLA_ERR_NOMEM && kit_last.calls == 1));
        kit_close(&db);
        if (status == SQLA_OK)
            break;
    }
    kit_drop(&keeper, "conf_memory");
    kit_close(&keeper);
    CU_ASSERT_EQUAL(kit_blocks(), blocks);
}

void kit_add_session_suite(void)
{
    static const kit_check checks[] = {
        { "open and close", session__open_and_close },
        { "unknown parameter", session__unknown_parameter },
        { "late to open", session__late_to_open },
        { "ping", session__ping },
        { "reset", session__reset },
        { "deadline", session__deadline },
        { "cancel", session__cancel },
        { "cancelled write", session__cancelled_write },
        { "no memory", session__no_memory },
    };
    KIT_SUITE("sessions", checks);
}
