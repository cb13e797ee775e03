/* deadlines.c: kinds of calls that have a deadline, or are cancelled. See pairs.h. */
#include <config.h>
#include "pairs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

/* ---- deadlines ------------------------------------------------------------------------------- */

enum { MS = 1000000 };
static int64_t near = 4 * MS; /* a deadline that a small query meets; grows where the machine is slow */

static void sleep_until(int64_t when)
{
    int64_t left = when - kit_now();
    if (left > 0)
        nanosleep(&(struct timespec){ left / 1000000000, left % 1000000000 }, NULL);
}

static sqla_status exec_until(
    const char *sql, uint32_t flags, int64_t deadline, sqla_driver_result **ret_result)
{
    return kit_exec_until(&pair_db.db, sql, NULL, NULL, flags, deadline, ret_result);
}

/* A machine that is too slow for it is no fault of the driver; the next such call has more time. */
static bool was_in_time(sqla_status status, int64_t deadline)
{
    if (status != SQLA_ERR_TIMEOUT || kit_now() < deadline)
        return true;
    near = near < 2000 * (int64_t)MS ? near * 2 : near;
    pair_db.late = true;
    return false;
}

/* Run, and read to the end, before the deadline. A call that follows comes when it has passed. */
static void met_deadline(uint32_t flags)
{
    const sqla_value *values = NULL;
    sqla_driver_result *result;
    int rows = 0;
    int64_t deadline = kit_now() + near;
    sqla_status status = exec_until(PAIR_QUERY, flags, deadline, &result);
    if (status == SQLA_OK) {
        while ((status = kit_ops.result_view(result, &values, KIT_ERR)) == SQLA_OK && values != NULL)
            rows++;
        kit_ops.result_close(result);
    }
    if (!was_in_time(status, deadline) || !PAIR_OK(status))
        return;
    PAIR_INT(rows, PAIR_BASE);
    if (pair_db.first)
        sleep_until(deadline + MS);
}

static void deadline_met(void)
{
    met_deadline(0);
}

static void deadline_met_by_stream(void)
{
    met_deadline(SQLA_EXEC_STREAM);
}

static void deadline_of_many(void)
{
    pair_row row = { 0, 15, "o", 0, false };
    void *rows[] = { &row };
    const sqla_slot slots[] = { KIT_SLOT(pair_row, n, SQLA_INT32, SQLA_REP_FIXED, 0),
        KIT_SLOT(pair_row, name, SQLA_TEXT, SQLA_REP_CSTR, 1) };
    const sqla_plan plan = KIT_PLAN(slots);
    int64_t deadline = kit_now() + near * 100; /* a write that is late may have happened */
    sqla_batch batch = { .struct_size = sizeof batch,
        .mode = SQLA_BATCH_EACH,
        .plan = &plan,
        .rows = rows,
        .count = 1,
        .rows_per_statement = 1 };
    const sqla_statement statement = { sizeof statement, 0, pair_db.insert_text, strlen(pair_db.insert_text),
        NULL };
    const sqla_exec_options options = { sizeof options, 0, deadline };
    kit_clear();
    if (!PAIR_OK(kit_ops.execute_many(pair_db.db.handle, &statement, &batch, &options, KIT_ERR)))
        return;
    PAIR_INT(batch.affected, 1);
    pair_db.rows++;
    pair_db.sum += 15;
}

/* It is told for one result, and taken back. */
static void deadline_told(void)
{
    sqla_driver_result *result;
    const sqla_value *values = NULL;
    int64_t deadline = kit_now() + near;
    if (!PAIR_OK(pair_exec(PAIR_QUERY, NULL, NULL, SQLA_EXEC_STREAM, &result)))
        return;
    kit_ops.set_deadline(pair_db.db.handle, deadline);
    sqla_status status = kit_ops.result_view(result, &values, KIT_ERR);
    if (was_in_time(status, deadline))
        PAIR_OK(status);
    if (pair_db.first)
        sleep_until(deadline + MS);
    kit_ops.set_deadline(pair_db.db.handle, 0);
    pair_db.may_be_lost = true;
    kit_ops.result_close(result);
}

static void deadline_passed_before(void)
{
    sqla_driver_result *result;
    PAIR_IS(exec_until("INSERT INTO [conf_pair] ([n], [name]) VALUES (1, 'late')", 0, kit_now() - 1, &result),
        SQLA_ERR_TIMEOUT);
}

/* Where the call begins to give rows before its deadline, reading them ends by it. */
static void ended_by_deadline(void)
{
    sqla_driver_result *result;
    const sqla_value *values = NULL;
    pair_db.late = true;
    sqla_status status = exec_until(kit_long_query(), 0, kit_now() + 3 * MS, &result);
    if (status == SQLA_OK) {
        status = kit_ops.result_view(result, &values, KIT_ERR);
        kit_ops.result_close(result);
    }
    if (!pair_lost(status))
        PAIR_INT(status, SQLA_ERR_TIMEOUT);
}

/* ---- cancels --------------------------------------------------------------------------------- */

typedef struct canceller {
    sqla_driver_canceller *handle;
    atomic_bool over; /* the call has returned */
} canceller;

/* Until the call is over: it may not have begun when the first one is fired. */
static void *fire(void *arg)
{
    canceller *c = arg;
    while (!atomic_load(&c->over)) {
        nanosleep(&(struct timespec){ 0, 2 * MS }, NULL);
        (void)kit_ops.cancel_fire(c->handle, kit_now() + INT64_C(3000000000), NULL);
    }
    return NULL;
}

static void cancelled(void)
{
    canceller c = { NULL, false };
    pthread_t thread;
    sqla_driver_result *result;
    kit_clear();
    if (!PAIR_OK(kit_ops.cancel_new(pair_db.db.handle, &c.handle, KIT_ERR)))
        return;
    if (pthread_create(&thread, NULL, fire, &c) != 0)
        conform_stop();
    sqla_status status = exec_until(kit_long_query(), 0, kit_now() + INT64_C(20000000000), &result);
    if (status == SQLA_OK)
        kit_ops.result_close(result);
    atomic_store(&c.over, true);
    pthread_join(thread, NULL);
    PAIR_IS(status, SQLA_ERR_CANCELLED);
    kit_ops.cancel_free(c.handle);
}

/* Nothing runs, so nothing happens, and nothing is kept for what comes. */
static void cancelled_idle(void)
{
    sqla_driver_canceller *handle = NULL;
    kit_clear();
    if (!PAIR_OK(kit_ops.cancel_new(pair_db.db.handle, &handle, KIT_ERR)))
        return;
    PAIR_OK(kit_ops.cancel_fire(handle, 0, KIT_ERR));
    kit_ops.cancel_free(handle);
}

const pair_call pair_limits[] = {
    { "a query that meets its deadline", PAIR_SLOW, 0, 0, deadline_met },
    { "a stream that meets its deadline", PAIR_SLOW, 0, 0, deadline_met_by_stream },
    { "a batch with a deadline", 0, NEEDS_EXECUTE_MANY, 0, deadline_of_many },
    { "a deadline that is told", PAIR_SLOW, NEEDS_SET_DEADLINE, 0, deadline_told },
    { "a deadline that has passed", 0, 0, 0, deadline_passed_before },
    { "a query that its deadline ends", PAIR_SLOW, 0, 0, ended_by_deadline },
    { "a query that is cancelled", PAIR_SLOW, NEEDS_CANCEL, 0, cancelled },
    { "a cancel of nothing", 0, NEEDS_CANCEL, 0, cancelled_idle },
    { NULL, 0, 0, 0, NULL },
};
