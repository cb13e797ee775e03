/* test-run.c: sqla_run: whole pieces of work, run again when that may help, and never when it may harm. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>

#include "expect.h"
#include "relay.h"
#include "shop.h"

/* What a piece of work is told, and tells. */
typedef struct work {
    int calls;
    sqla_status answer;        /* of each call */
    int good_from;             /* the call that answers OK; 0: none */
    bool stale_err;            /* an err or session that was not fresh */
    const char *sql;
} work;

/* Adds a node, and answers as it is told. */
static sqla_status add_node(sqla_session *s, void *data, sqla_error *err)
{
    work *w = data;
    w->calls++;
    w->stale_err = w->stale_err || sqla_failed(err) || sqla_begin(s, NULL, NULL) != SQLA_ERR_MISUSE; /* it is open */
    CU_ASSERT_PTR_NOT_NULL(sqla_add(s, Node, .label = "node"));
    CU_ASSERT_EQUAL(sqla_flush(s, err), SQLA_OK);
    return w->good_from != 0 && w->calls >= w->good_from ? SQLA_OK : w->answer;
}

static int64_t nodes(const char *url) { return harness_sql_int(url, "SELECT count(*) FROM nodes"); }
static int64_t users(const char *url) { return harness_sql_int(url, "SELECT count(*) FROM users"); }

static void run__commits_or_rolls_back(const char *url)
{
    shop x;
    shop_open(&x, url);
    work w = { .answer = SQLA_OK };
    CU_ASSERT_EQUAL(sqla_run(x.maker, NULL, add_node, &w, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(nodes(url), 1);
    w = (work){ .answer = SQLA_ERR_APPLICATION };
    CU_ASSERT_EQUAL(sqla_run(x.maker, NULL, add_node, &w, &x.err), SQLA_ERR_APPLICATION);
    CU_ASSERT(is(&x.err, SQLA_ERR_APPLICATION));
    CU_ASSERT_STRING_EQUAL(x.err.detail, "attempt 1 of 5");
    CU_ASSERT_EQUAL(w.calls, 1);
    CU_ASSERT_EQUAL(nodes(url), 1);
    sqla_error_clear(&x.err);
    w = (work){ .answer = SQLA_ERR_RETRY, .good_from = 3 };
    CU_ASSERT_EQUAL(sqla_run(x.maker, SQLA_RUN_OPTIONS(.backoff_ms = 1), add_node, &w, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(w.calls, 3);
    CU_ASSERT(!w.stale_err);
    CU_ASSERT_EQUAL(nodes(url), 2);
    w = (work){ .answer = SQLA_ERR_RETRY };
    CU_ASSERT_EQUAL(sqla_run(x.maker, SQLA_RUN_OPTIONS(.attempts = 3, .backoff_ms = 1), add_node, &w, &x.err), SQLA_ERR_RETRY);
    CU_ASSERT_EQUAL(w.calls, 3);
    CU_ASSERT_STRING_EQUAL(x.err.detail, "attempt 3 of 3");
    CU_ASSERT_EQUAL(nodes(url), 2);
    w = (work){ .answer = SQLA_ERR_UNKNOWN_OUTCOME };
    CU_ASSERT_EQUAL(sqla_run(x.maker, NULL, add_node, &w, NULL), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT_EQUAL(w.calls, 1);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).out, 0);
    shop_close(&x);
}

static sqla_status fail_quietly(sqla_session *s, void *data, sqla_error *err)
{
    (void)s, (void)data;
    sqla_fail(err, "it went wrong");
    return SQLA_OK;
}

static sqla_status run_sql(sqla_session *s, void *data, sqla_error *err)
{
    work *w = data;
    w->calls++;
    return sqla_execute(s, w->sql, NULL, err);
}

static void run__what_it_does_not_take(const char *url)
{
    shop x;
    shop_open(&x, url);
    work w = { .sql = "INSERT INTO users (name, active) VALUES ('x', true)" };
    CU_ASSERT_EQUAL(sqla_run(x.maker, NULL, fail_quietly, NULL, &x.err), SQLA_ERR_APPLICATION);
    CU_ASSERT(says(&x.err, "it went wrong"));
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_run(NULL, NULL, run_sql, &w, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_run(x.maker, NULL, NULL, &w, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_run(x.maker, SQLA_RUN_OPTIONS(.attempts = -1), run_sql, &w, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_run(x.maker, &(const sqla_run_options){ .attempts = 1 }, run_sql, &w, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_run(x.maker, SQLA_RUN_OPTIONS(.isolation = (sqla_isolation)9), run_sql, &w, NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(w.calls, 0);
    CU_ASSERT_EQUAL(sqla_run(x.maker, SQLA_RUN_OPTIONS(.read_only = true), run_sql, &w, &x.err), SQLA_ERR_READ_ONLY);
    CU_ASSERT(is(&x.err, SQLA_ERR_READ_ONLY));
    CU_ASSERT_EQUAL(w.calls, 1);
    CU_ASSERT_EQUAL(users(url), 0);
    CU_ASSERT_EQUAL(sqla_run(x.maker, SQLA_RUN_OPTIONS(.isolation = SQLA_SERIALIZABLE), run_sql, &w, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(users(url), 1);
    shop_close(&x);
}

static void run__has_a_deadline(const char *url)
{
    shop x;
    shop_open(&x, url);
    work w = { .answer = SQLA_ERR_RETRY };
    int64_t start = now_ms();
    CU_ASSERT_EQUAL(sqla_run(x.maker, SQLA_RUN_OPTIONS(.attempts = 1000000, .deadline_ms = 300), add_node, &w, &x.err), SQLA_ERR_RETRY);
    CU_ASSERT(harness_in_time(now_ms() - start, 0, 300 + 1500));
    CU_ASSERT(w.calls > 1 && w.calls < 100);
    CU_ASSERT(says(&x.err, "and no time for another"));
    sqla_error_clear(&x.err);
    w = (work){ .sql = harness_endless(url) };
    start = now_ms();
    CU_ASSERT_EQUAL(sqla_run(x.maker, SQLA_RUN_OPTIONS(.deadline_ms = 200), run_sql, &w, &x.err), SQLA_ERR_TIMEOUT);
    CU_ASSERT(is(&x.err, SQLA_ERR_TIMEOUT));
    CU_ASSERT(harness_in_time(now_ms() - start, 200, 300 + 1500));
    CU_ASSERT_EQUAL(w.calls, 1);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM nodes"), 0); /* which the deadline is nothing to */
    shop_close(&x);
}

/* ---- two at once ---------------------------------------------------------------------------------------------------- */

/* On the first attempt both meet where it hurts most. Where writers come one after the other there is no such place. */
typedef struct pair {
    sqla_sessionmaker *maker;
    pthread_barrier_t meet;
    bool meets;
    int number, calls;
    sqla_isolation isolation;
    sqla_run_fn *fn;
    struct pair *first;
    sqla_status status;
} pair;

static void meet(pair *p)
{
    if (p->first->meets && p->calls == 1)
        pthread_barrier_wait(&p->first->meet);
}

/* Read, then write what follows from it. */
static sqla_status count_up(sqla_session *s, void *data, sqla_error *err)
{
    pair *p = data;
    p->calls++;
    sqla_stmt *q = sqla_sql(s, "SELECT n FROM counters WHERE id = 1");
    int64_t n = sqla_scalar_i64(q, err);
    meet(p);
    return sqla_execute(s, "UPDATE counters SET n = :n WHERE id = 1", sqla_params("n", n + 1), err);
}

/* Lock two rows, in an order that differs. */
static sqla_status lock_both(sqla_session *s, void *data, sqla_error *err)
{
    pair *p = data;
    p->calls++;
    sqla_execute(s, "UPDATE counters SET n = n + 1 WHERE id = :id", sqla_params("id", 1 + p->number), err);
    meet(p);
    sqla_execute(s, "UPDATE counters SET n = n + 1 WHERE id = :id", sqla_params("id", 2 - p->number), err);
    return err->status;
}

static void *run_pair(void *data)
{
    pair *p = data;
    sqla_error err = SQLA_ERROR_INIT;
    p->status = sqla_run(p->maker, SQLA_RUN_OPTIONS(.isolation = p->isolation, .attempts = 20), p->fn, p, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    return NULL;
}

/* Returns: how many attempts both made together. */
static int run_both(shop *x, sqla_run_fn *fn, sqla_isolation isolation, bool meets)
{
    pair pairs[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pairs[i] = (pair){ .maker = x->maker, .meets = meets, .number = i, .fn = fn, .isolation = isolation, .first = pairs };
    pthread_barrier_init(&pairs[0].meet, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, run_pair, &pairs[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&pairs[0].meet);
    CU_ASSERT(pairs[0].status == SQLA_OK && pairs[1].status == SQLA_OK);
    return pairs[0].calls + pairs[1].calls;
}

static void run__outlives_serialization_failures_and_deadlocks(const char *url)
{
    bool meets = harness_sqlite_path(url) == NULL;
    int least = meets ? 3 : 2; /* of two that have read the same, or hold what the other wants, one has to begin anew; or more often */
    shop x;
    shop_open(&x, url);
    harness_sql(url, "CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)");
    harness_sql(url, "INSERT INTO counters VALUES (1, 0), (2, 0)");
    int calls = run_both(&x, count_up, SQLA_SERIALIZABLE, meets);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT n FROM counters WHERE id = 1"), 2);
    CU_ASSERT(calls >= least);
    calls = run_both(&x, lock_both, SQLA_ISOLATION_DEFAULT, meets);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT n FROM counters WHERE id = 2"), 2);
    CU_ASSERT(calls >= least);
    shop_close(&x);
}

/* ---- outcomes -------------------------------------------------------------------------------------------------------- */

static void run__does_not_repeat_what_may_have_happened(const char *url)
{
    struct relay relay;
    shop x;
    if (!relay_start(&relay, url))
        return;
    shop_open(&x, with_query(relay.url, "resolve_outcomes=true"));
    work w = { .sql = "INSERT INTO users (name, active) VALUES ('x', true)" };
    atomic_store(&relay.mode, RELAY_SWALLOW_ANSWER);
    CU_ASSERT_EQUAL(sqla_run(x.maker, NULL, run_sql, &w, &x.err), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT(is(&x.err, SQLA_ERR_UNKNOWN_OUTCOME));
    CU_ASSERT_EQUAL(w.calls, 1);
    sqla_outcome outcome = SQLA_OUTCOME_IN_PROGRESS;
    for (int i = 0; i < 1000 && outcome == SQLA_OUTCOME_IN_PROGRESS; i++)
        outcome = sqla_outcome_resolve(x.db, &x.err, NULL);
    CU_ASSERT_EQUAL(outcome, SQLA_OUTCOME_COMMITTED);
    CU_ASSERT_EQUAL(users(url), 1);
    shop_close(&x);
    relay_stop(&relay);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "run commits or rolls back", run__commits_or_rolls_back, HARNESS_DATABASES },
        { "run: what it does not take", run__what_it_does_not_take, HARNESS_DATABASES },
        { "run has a deadline", run__has_a_deadline, HARNESS_DATABASES },
        { "run outlives serialization failures and deadlocks", run__outlives_serialization_failures_and_deadlocks, HARNESS_DATABASES },
        { "run does not repeat what may have happened", run__does_not_repeat_what_may_have_happened, HARNESS_POSTGRES },
    };
    return harness_main("test-run", tests, sizeof tests / sizeof tests[0]);
}
