/* limits.c: what runs can be ended, by a deadline or from another thread, and memory that runs out. */
#include <config.h>
#include "kit.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* ---- deadlines ------------------------------------------------------------------------------------------------- */

static void limits__deadline(void)
{
    sqla_driver_result *result = NULL;
    const sqla_value *values;
    kit_conn db;
    kit_must_open(&db);
    int64_t start = kit_now();
    sqla_status status = kit_exec_until(&db, kit_long_query(), NULL, NULL, 0, start + 200000000, &result);
    if (status == SQLA_OK) {
        status = kit_ops.result_view(result, &values, KIT_ERR);
        kit_ops.result_close(result);
    }
    EXPECT(status, SQLA_ERR_TIMEOUT);
    CHECK(kit_now() - start >= 190000000 && kit_now() - start < 3000000000);
    kit_clear();
    if (kit_state(&db) != SQLA_TXN_LOST)
        CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    kit_close(&db);
}

/* A deadline that has passed: nothing is run. */
static void limits__late_to_run(void)
{
    static const char text[] = "INSERT INTO [conf_late] ([a]) VALUES (1)";
    sqla_driver_result *result = NULL;
    kit_conn db, other;
    kit_must_open(&db);
    kit_must_open(&other);
    kit_drop(&other, "conf_late");
    kit_must(&other, kit_sql("CREATE TABLE [conf_late] ([a] %s)", kit_type(SQLA_INT32)));
    EXPECT(kit_exec_until(&db, text, NULL, NULL, 0, kit_now() - 1, &result), SQLA_ERR_TIMEOUT);
    CHECK_INT(kit_number(&other, "SELECT count(*) FROM [conf_late]"), 0);
    kit_close(&db);
    kit_drop(&other, "conf_late");
    kit_close(&other);
}

/* What set_deadline says holds for calls that are given none. */
static void limits__told_deadline(void)
{
    sqla_driver_result *result = NULL;
    const sqla_value *values;
    kit_conn db;
    kit_must_open(&db);
    int64_t start = kit_now();
    sqla_status status = kit_exec(&db, kit_many_rows(), NULL, NULL, SQLA_EXEC_STREAM, &result);
    if (EXPECT(status, SQLA_OK)) {
        kit_ops.set_deadline(db.handle, start + 300000000);
        while (status == SQLA_OK && kit_now() - start < 3000000000)
            status = kit_ops.result_view(result, &values, KIT_ERR);
        EXPECT(status, SQLA_ERR_TIMEOUT);
        kit_ops.result_close(result);
    }
    CHECK(kit_now() - start < 3000000000);
    kit_close(&db);
}

/* So it does where rows come as a stream, before the first of them. */
static void limits__deadline_of_a_stream(void)
{
    sqla_driver_result *result = NULL;
    const sqla_value *values;
    kit_conn db;
    kit_must_open(&db);
    int64_t start = kit_now(), deadline = start + 200000000;
    sqla_status status =
        kit_exec_until(&db, kit_long_query(), NULL, NULL, SQLA_EXEC_STREAM, deadline, &result);
    if (status == SQLA_OK) {
        if (kit_ops.set_deadline != NULL)
            kit_ops.set_deadline(db.handle, deadline);
        status = kit_ops.result_view(result, &values, KIT_ERR);
        kit_ops.result_close(result);
    }
    EXPECT(status, SQLA_ERR_TIMEOUT);
    CHECK(kit_now() - start < 3000000000);
    kit_close(&db);
}

/* ---- deadlines of batches ---------------------------------------------------------------------------------------- */

enum { SLOW_ROWS = 2000 };
typedef struct number {
    int64_t n;
} number;

/* Each row is work for some milliseconds, all of them for minutes. */
static sqla_status run_slow_batch(kit_conn *db, size_t count, int64_t deadline)
{
    static number numbers[SLOW_ROWS];
    static void *rows[SLOW_ROWS];
    const sqla_slot slots[] = { KIT_SLOT(number, n, SQLA_INT64, SQLA_REP_FIXED, 0) };
    const sqla_plan plan = KIT_PLAN(slots);
    const char *text =
        kit_sql("UPDATE [conf_slow] SET [n] = (WITH RECURSIVE [r]([i]) AS (SELECT 1 UNION ALL SELECT "
                "[i] + 1 FROM [r] WHERE [i] < 20000) SELECT count(*) FROM [r]) WHERE [n] <> ?");
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, 0, deadline };
    for (int i = 0; i < SLOW_ROWS; i++) {
        numbers[i].n = -1 - i;
        rows[i] = &numbers[i];
    }
    sqla_batch batch = { .struct_size = sizeof batch,
        .mode = SQLA_BATCH_EACH,
        .plan = &plan,
        .rows = rows,
        .count = count,
        .rows_per_statement = 1 };
    kit_clear();
    return kit_ops.execute_many(db->handle, &statement, &batch, &options, KIT_ERR);
}

static void limits__deadline_of_a_batch(void)
{
    kit_conn db, other;
    kit_must_open(&db);
    kit_must_open(&other);
    kit_drop(&other, "conf_slow");
    kit_must(&other, kit_sql("CREATE TABLE [conf_slow] ([n] %s)", kit_type(SQLA_INT64)));
    kit_must(&other, "INSERT INTO [conf_slow] ([n]) VALUES (0)");
    EXPECT(run_slow_batch(&db, 1, kit_now() - 1), SQLA_ERR_TIMEOUT);
    CHECK_INT(kit_number(&other, "SELECT [n] FROM [conf_slow]"), 0);
    int64_t start = kit_now();
    if (kit_state(&db) != SQLA_TXN_LOST) { /* in a transaction, so that nothing of it can have happened */
        EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
        start = kit_now();
        EXPECT(run_slow_batch(&db, SLOW_ROWS, start + 300000000), SQLA_ERR_TIMEOUT);
        CHECK(kit_now() - start < 4000000000);
    }
    kit_close(&db);
    kit_drop(&other, "conf_slow");
    kit_close(&other);
}

/* ---- the intent to write ----------------------------------------------------------------------------------------- */

static sqla_status begin_to_write(kit_conn *db)
{
    const sqla_txn_options options = { sizeof options, SQLA_TXN_WRITE, kit_now() + 300000000, 0, 0 };
    kit_clear();
    return kit_ops.begin != NULL ? kit_ops.begin(db->handle, &options, KIT_ERR)
                                 : kit_begin(db, SQLA_TXN_WRITE);
}

static sqla_status write_soon(kit_conn *db, int id)
{
    sqla_driver_result *result;
    const char *text = kit_sql("INSERT INTO [conf_intent] ([id]) VALUES (%d)", id);
    sqla_status status = kit_exec_until(db, text, NULL, NULL, 0, kit_now() + 2000000000, &result);
    if (status == SQLA_OK)
        kit_ops.result_close(result);
    return status;
}

/* Who says that it means to write waits for others at the begin, or not at all: of two that were let in, neither is held up
 * by the other one's lock. */
static void limits__intent_to_write(void)
{
    kit_conn db, other;
    kit_must_open(&db);
    kit_must_open(&other);
    kit_drop(&db, "conf_intent");
    kit_must(&db, kit_sql("CREATE TABLE [conf_intent] ([id] %s NOT NULL PRIMARY KEY)", kit_type(SQLA_INT32)));
    EXPECT(begin_to_write(&db), SQLA_OK);
    sqla_status status = begin_to_write(&other);
    if (status != SQLA_OK) {
        CHECK(status == SQLA_ERR_BUSY || status == SQLA_ERR_TIMEOUT);
        CHECK(kit_state(&other) == SQLA_TXN_IDLE || kit_state(&other) == SQLA_TXN_LOST);
    }
    EXPECT(write_soon(&db, 1), SQLA_OK);
    if (status == SQLA_OK) {
        sqla_status second = write_soon(&other, 2);
        if (second == SQLA_ERR_BUSY || second == SQLA_ERR_TIMEOUT)
            FAIL("two transactions with SQLA_TXN_WRITE begin, and neither waits for the other one's lock "
                 "later",
                "the second one began, and its first write was held up by the lock");
        (void)kit_rollback(&other);
    }
    EXPECT(kit_rollback(&db), SQLA_OK);
    kit_close(&other);
    kit_drop(&db, "conf_intent");
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
    c->status = kit_ops.cancel_fire(c->handle, kit_now() + 3000000000, NULL);
    return NULL;
}

/* So that a cancel that does nothing costs seconds, and not the time of the check. */
static sqla_status run_for(kit_conn *db, const char *text, int64_t seconds)
{
    sqla_driver_result *result = NULL;
    sqla_status status = kit_exec_until(db, text, NULL, NULL, 0, kit_now() + seconds * 1000000000, &result);
    if (status == SQLA_OK)
        kit_ops.result_close(result);
    return status;
}

static void limits__cancel(void)
{
    canceller c = { NULL, 200, SQLA_OK };
    pthread_t thread;
    kit_conn db;
    kit_must_open(&db);
    kit_clear();
    EXPECT(kit_ops.cancel_new(db.handle, &c.handle, KIT_ERR), SQLA_OK);
    CHECK_INT(kit_ops.cancel_fire(c.handle, kit_now() + 3000000000, KIT_ERR),
        SQLA_OK); /* nothing runs: nothing happens */
    CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    for (int i = 0; i < 3; i++) {
        bool in_transaction = i == 1;
        if (in_transaction)
            EXPECT(kit_begin(&db, 0), SQLA_OK);
        int64_t start = kit_now();
        CHECK_INT(pthread_create(&thread, NULL, fire, &c), 0);
        EXPECT(run_for(&db, kit_long_query(), 3), SQLA_ERR_CANCELLED);
        CHECK(kit_now() - start < 3000000000); /* enough for valgrind */
        CHECK_INT(strlen(kit_last.sqlstate), 5);
        pthread_join(thread, NULL);
        EXPECT(c.status, SQLA_OK);
        if (in_transaction)
            EXPECT(kit_rollback(&db), SQLA_OK);
        CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
        CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    }
    kit_ops.cancel_free(c.handle);
    kit_close(&db);
}

/* A write that is cancelled in a transaction: whatever the database does with the transaction, txn_state tells it, nothing
 * goes on in autocommit unseen, and a rollback makes all well. */
static void limits__cancelled_write(void)
{
    canceller c = { NULL, 200, SQLA_OK };
    pthread_t thread;
    kit_conn db;
    kit_must_open(&db);
    kit_drop(&db, "conf_cancel");
    kit_must(&db, kit_sql("CREATE TABLE [conf_cancel] ([id] %s)", kit_type(SQLA_INT64)));
    kit_clear();
    EXPECT(kit_ops.cancel_new(db.handle, &c.handle, KIT_ERR), SQLA_OK);
    EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
    CHECK_INT(pthread_create(&thread, NULL, fire, &c), 0);
    EXPECT(run_for(&db,
               "INSERT INTO [conf_cancel] ([id]) WITH RECURSIVE [n]([i]) AS (SELECT 1 UNION ALL SELECT [i] + "
               "1 FROM [n] "
               "WHERE [i] < 500) SELECT [a].[i] FROM [n] [a], [n] [b], [n] [c], [n] [d] WHERE [a].[i] + "
               "[b].[i] + [c].[i] + [d].[i] > 1999",
               3),
        SQLA_ERR_CANCELLED);
    pthread_join(thread, NULL);
    sqla_txn_state state = kit_state(&db);
    CHECK(state == SQLA_TXN_ACTIVE || state == SQLA_TXN_FAILED);
    if (state == SQLA_TXN_FAILED)
        CHECK(kit_run(&db, "INSERT INTO [conf_cancel] ([id]) VALUES (1)") != SQLA_OK);
    EXPECT(kit_rollback(&db), SQLA_OK);
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_cancel]"), 0);
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
        kit_run_with(db, kit_sql("INSERT INTO [conf_memory] ([id], [name]) VALUES (?, ?)"), &plan, &row);
    if (status == SQLA_OK)
        status =
            kit_exec(db, "SELECT [id], [name] FROM [conf_memory]", NULL, NULL, SQLA_EXEC_STREAM, &result);
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

static void limits__no_memory(void)
{
    kit_conn db, keeper;
    long blocks = kit_blocks();
    kit_must_open(&keeper);
    kit_drop(&keeper, "conf_memory");
    kit_must(&keeper, kit_sql("CREATE TABLE [conf_memory] ([id] %s, [name] %s)", kit_type(SQLA_INT64),
                          kit_type(SQLA_TEXT)));
    for (long n = 1; n < 500; n++) {
        kit_fail_alloc(n);
        sqla_status status = kit_open(&db, NULL, 0, 0);
        if (status == SQLA_OK)
            status = work(&db);
        kit_fail_alloc(0);
        CHECK(status == SQLA_OK || (status == SQLA_ERR_NOMEM && kit_last.calls == 1));
        kit_close(&db);
        if (status == SQLA_OK)
            break;
    }
    kit_drop(&keeper, "conf_memory");
    kit_close(&keeper);
    CHECK_INT(kit_blocks(), blocks);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

const conform_check conform_limit_checks[] = {
    { "con-08", "cancelling from another thread", NEEDS_DATABASE | NEEDS_CANCEL, 0, limits__cancel },
    { "con-09", "a write that was cancelled is undone", NEEDS_DATABASE | NEEDS_CANCEL, 0,
        limits__cancelled_write },
    { "con-12", "out of memory at any place is NOMEM, and nothing is lost", NEEDS_DATABASE, 0,
        limits__no_memory },
    { "con-14", "a deadline ends what runs", NEEDS_DATABASE, 0, limits__deadline },
    { "con-19", "after a deadline nothing is run", NEEDS_DATABASE, 0, limits__late_to_run },
    { "con-28", "a deadline ends a batch", NEEDS_DATABASE | NEEDS_EXECUTE_MANY, 0,
        limits__deadline_of_a_batch },
    { "con-29", "a deadline ends a stream", NEEDS_DATABASE, 0, limits__deadline_of_a_stream },
    { "con-30", "who means to write has the lock from the begin on", NEEDS_DATABASE, 0,
        limits__intent_to_write },
    { "con-20", "a deadline that was told ends what runs", NEEDS_DATABASE | NEEDS_SET_DEADLINE, 0,
        limits__told_deadline },
    { NULL, NULL, 0, 0, NULL },
};
