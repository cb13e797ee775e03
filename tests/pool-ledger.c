/* pool-ledger.c: the invariants of the load test: how often each was looked at, what broke, what became of each write. */
#include <config.h>
#include "pool-load.h"

#include <CUnit/CUnit.h>

#include "engine/engine.h"
#include "expect.h"

static const char *const names[INVARIANTS] = {
    [1] = "a connection has one user", [2] = "there are never more connections than places", [3] = "opened = closed + idle + out",
    [4] = "a session is as new", [5] = "a query gives its own answer", [6] = "the ledger is as it was told",
    [7] = "nobody waits beyond the deadline, or gives up before it", [8] = "nobody waits while there is room",
    [9] = "a slow connect holds up nobody else", [10] = "connects that fail take no place",
    [11] = "one that is found dead ends all of its age, once", [12] = "all threads get on alike",
    [13] = "what is closed is known to be closed", [14] = "a process may end at any time",
};

enum { UNKNOWNS = 4096 };
typedef struct unknown { int64_t op; sqla_error failure; } unknown;

static struct {
    atomic_long broken[INVARIANTS];
    atomic_char *ops;
    size_t n;
    unknown *unknowns;
    atomic_size_t unknown_count;
} ledger;
atomic_long ledger_checked[INVARIANTS];

void ledger_broken(int invariant, const char *how)
{
    if (atomic_fetch_add(&ledger.broken[invariant], 1) < 3)
        fprintf(stderr, "I%d is broken: %s\n", invariant, how);
}

void ledger_note(int64_t op, char what, const sqla_error *failure)
{
    atomic_store(&ledger.ops[op], what);
    if (failure == NULL)
        return;
    size_t at = atomic_fetch_add(&ledger.unknown_count, 1);
    if (at < UNKNOWNS)
        ledger.unknowns[at] = (unknown){ op, *failure };
}

void ledger_begin(void)
{
    memset(&ledger, 0, sizeof ledger);
    memset(ledger_checked, 0, sizeof ledger_checked);
    ledger.n = (size_t)load.threads * load.checkouts * OPS_PER_CHECKOUT;
    ledger.ops = calloc(ledger.n, sizeof *ledger.ops);
    ledger.unknowns = calloc(UNKNOWNS, sizeof *ledger.unknowns);
    CU_ASSERT_FATAL(ledger.ops != NULL && ledger.unknowns != NULL);
}

void ledger_end(void)
{
    for (int i = 1; i < INVARIANTS; i++) {
        printf("pool-load:   I%-2d %-60s looked at %ld times%s\n", i, names[i], atomic_load(&ledger_checked[i]),
            atomic_load(&ledger.broken[i]) > 0 ? ", BROKEN" : "");
        CU_ASSERT_EQUAL(atomic_load(&ledger.broken[i]), 0);
    }
    free(ledger.ops);
    free(ledger.unknowns);
}

/* ---- at an instant --------------------------------------------------------------------------------------------------- */

/* Under the pool's own lock, where a connection that is idle, or room for one, has nobody waiting for it. After a failure the
 * first of those who wait keeps the time of the next try. */
void watch_places(void)
{
    pthread_rwlock_rdlock(&load.lock);
    sqla__connpool *pool = &load.db->pool;
    pthread_mutex_lock(&pool->lock);
    bool waiting = pool->waiting > 0, idle = pool->idle != NULL, room = pool->places < pool->limit && pool->failures == 0;
    bool opening = pool->opening > 0, over = pool->places > pool->limit;
    bool late = pool->failures > 0 && pool->places < pool->limit && pool->opening < pool->most_tries &&
        now_ns() > pool->retry_at + (int64_t)SLACK_MS * 1000000;
    pthread_mutex_unlock(&pool->lock);
    pthread_rwlock_unlock(&load.lock);
    HOLDS(2, !over, "more places are taken than there are");
    HOLDS(8, !(waiting && (idle || room || late)), "somebody waits while there is room");
    if (opening)
        HOLDS(9, !(waiting && idle), "somebody waits for a connect while another connection is there");
}

/* ---- figures ---------------------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double ms_at(const int64_t *sorted, size_t n, double part)
{
    return (double)sorted[(size_t)((double)(n - 1) * part)] / 1e6;
}

void judge_waits(int64_t took)
{
    size_t n = 0;
    int64_t *all = calloc((size_t)load.threads * load.checkouts, sizeof *all), gap = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    for (uint32_t i = 0; i < load.threads; i++) {
        memcpy(all + n, load.workers[i].waits, load.checkouts * sizeof *all);
        n += load.checkouts;
        gap = load.workers[i].longest_gap > gap ? load.workers[i].longest_gap : gap;
    }
    qsort(all, n, sizeof *all, by_size);
    printf("pool-load:   %.0f checkouts/s, wait p50 %.3f p99 %.3f p99.9 %.3f max %.3f ms, longest gap of a thread %.0f ms\n",
        (double)n / ((double)took / 1e9), ms_at(all, n, 0.5), ms_at(all, n, 0.99), ms_at(all, n, 0.999), ms_at(all, n, 1), (double)gap / 1e6);
    printf("pool-load:   when the first thread was done, others had done %ld to %ld of %u\n", atomic_load(&load.least_done),
        atomic_load(&load.most_done), load.checkouts);
    const sqla_pool_status s = sqla_engine_pool_status(load.db);
    HOLDS(7, s.longest_wait_ns <= (int64_t)(DEADLINE_MS * 11 / 10 + SLACK_MS) * 1000000, "a wait went on beyond its deadline");
    if (is_long_round()) {
        HOLDS(12, atomic_load(&load.least_done) >= (long)load.checkouts * 8 / 10, "one thread was left behind");
        HOLDS(12, gap < (int64_t)(2 * DEADLINE_MS + SLACK_MS) * 1000000, "one thread did not get on");
    }
    free(all);
}

/* ---- the ledger ------------------------------------------------------------------------------------------------------- */

static char *read_ledger(void)
{
    sqla_error err = SQLA_ERROR_INIT;
    char *found = calloc(ledger.n, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    sqla_stmt *q = sqla_sql(load.db, "SELECT op FROM ledger");
    SQLA_EACH_ROW(row, q, &err)
        found[sqla_row_i64(row, "op", &err)]++;
    sqla_stmt_free(q);
    CU_ASSERT(is(&err, SQLA_OK));
    return found;
}

/* What the database says of a commit that nobody knew of is what the ledger has. */
static size_t resolve_all(const char *found)
{
    size_t n = atomic_load(&ledger.unknown_count), resolved = 0;
    for (size_t i = 0; i < n && i < UNKNOWNS; i++) {
        const unknown *u = &ledger.unknowns[i];
        sqla_error err = SQLA_ERROR_INIT;
        sqla_outcome outcome = sqla_outcome_resolve(load.db, &u->failure, &err);
        resolved += outcome != SQLA_OUTCOME_UNKNOWN;
        if (outcome != SQLA_OUTCOME_UNKNOWN)
            HOLDS(6, (outcome == SQLA_OUTCOME_COMMITTED) == (found[u->op] == 1), "an outcome was resolved wrongly");
    }
    return resolved;
}

void judge_ledger(bool has_table)
{
    long count[3] = { 0 };
    size_t resolved = 0, asked = atomic_load(&ledger.unknown_count);
    char *found = has_table ? read_ledger() : NULL;
    for (size_t i = 0; i < ledger.n; i++) {
        char what = atomic_load(&ledger.ops[i]);
        count[0] += what == 'o';
        count[1] += what == 'f';
        count[2] += what == 'u';
        if (has_table)
            HOLDS(6, found[i] <= 1 && (what != 'o' || found[i] == 1) && (what == 'o' || what == 'u' || found[i] == 0),
                what == 'o' ? "a write that was done is not there once" : "a write that was not done is there");
    }
    if (has_table)
        resolved = resolve_all(found);
    free(found);
    printf("pool-load:   writes: %ld done, %ld not, %ld unknown, of which %zu were commits and %zu of those were resolved\n", count[0], count[1],
        count[2], asked, resolved);
    printf("pool-load:   failures: %ld lost, %ld busy, %ld without memory, %ld not connected, %ld given up\n", atomic_load(&load.lost),
        atomic_load(&load.busy), atomic_load(&load.starved), atomic_load(&load.refused), atomic_load(&load.gave_up));
}

/* Every place can be taken, and the books are even. */
void judge_places(void)
{
    sqla_conn *all[512];
    for (uint32_t i = 0; i < load.places; i++) {
        all[i] = sqla_connect(load.db, NULL);
        HOLDS(10, all[i] != NULL, "a place is gone");
    }
    for (uint32_t i = 0; i < load.places; i++)
        sqla_conn_close(all[i]);
    const sqla_pool_status s = sqla_engine_pool_status(load.db), *b = &load.before;
    uint64_t waits = s.waits + b->waits;
    HOLDS(3, s.out == 0 && s.waiting == 0 && s.size == s.idle && s.size <= load.size, "a connection is still out");
    HOLDS(3, atomic_load(&load.opened) == atomic_load(&load.closed) + (long)s.idle, "opened is not closed and idle together");
    printf("pool-load:   %ld opened, %ld at once at most, %llu found dead, %llu failed to connect, %llu waits of %.3f ms\n",
        atomic_load(&load.opened), atomic_load(&load.most), (unsigned long long)(s.disconnects + b->disconnects),
        (unsigned long long)(s.failed_connects + b->failed_connects), (unsigned long long)waits,
        waits > 0 ? (double)(s.wait_ns + b->wait_ns) / (double)waits / 1e6 : 0.0);
}

/* ---- when all faults are over ------------------------------------------------------------------------------------------- */

typedef struct calm { pthread_t thread; int repeats; long failures; int64_t *waits; } calm;

static void *use_calmly(void *arg)
{
    calm *c = arg;
    for (int i = 0; i < c->repeats; i++) {
        int64_t began = now_ns();
        sqla_conn *conn = sqla_connect(load.db, NULL);
        if (c->waits != NULL)
            c->waits[i] = now_ns() - began;
        c->failures += ask(conn, load.words == &of_vice ? "say 5" : "SELECT 5") != 5;
        sqla_conn_close(conn);
    }
    return NULL;
}

static long run_calmly(uint32_t threads, int repeats, int64_t *waits)
{
    long failures = 0;
    calm *all = calloc(threads, sizeof *all);
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    for (uint32_t i = 0; i < threads; i++) {
        all[i].repeats = repeats;
        all[i].waits = waits != NULL ? waits + (size_t)i * (size_t)repeats : NULL;
        pthread_create(&all[i].thread, NULL, use_calmly, &all[i]);
    }
    for (uint32_t i = 0; i < threads; i++) {
        pthread_join(all[i].thread, NULL);
        failures += all[i].failures;
    }
    free(all);
    return failures;
}

/* As many threads as connections are kept, so that none has to be opened but for those that died: and they are opened once. */
void judge_storm(void)
{
    for (int round = 0; round < (is_long_round() ? 20 : 3); round++) {
        sqla_engine_dispose(load.db);
        if (sqla_engine_warm_up(load.db, load.size, NULL) != SQLA_OK)
            ledger_broken(10, "the places cannot be warmed up");
        const sqla_pool_status b = sqla_engine_pool_status(load.db);
        if (!cut_all())
            return;
        long failures = run_calmly(load.size, 20, NULL);
        const sqla_pool_status s = sqla_engine_pool_status(load.db);
        HOLDS(11, failures == 0, "a dead connection was lent");
        HOLDS(11, s.connects - b.connects <= 2 * load.size, "a storm of connects followed");
        HOLDS(11, s.disconnects > b.disconnects && s.disconnects - b.disconnects <= load.size, "a connection died more than once");
    }
}

/* Twice as many threads as places: who comes first is served first, so that no wait is much longer than another. */
void judge_quiet(void)
{
    uint32_t threads = load.places * 2;
    const int repeats = is_long_round() ? 200 : 40;
    size_t n = (size_t)threads * (size_t)repeats;
    int64_t *waits = calloc(n, sizeof *waits);
    CU_ASSERT_PTR_NOT_NULL_FATAL(waits);
    long failures = run_calmly(threads, repeats, waits);
    HOLDS(5, failures == 0, "a query failed without a fault");
    qsort(waits, n, sizeof *waits, by_size);
    double p50 = ms_at(waits, n, 0.5), p999 = ms_at(waits, n, 0.999);
    printf("pool-load:   without faults, %u threads: wait p50 %.3f p99.9 %.3f max %.3f ms\n", threads, p50, p999, ms_at(waits, n, 1));
    if (is_long_round())
        HOLDS(12, p999 <= 20 * (p50 > 0.05 ? p50 : 0.05), "some waits are much longer than others");
    free(waits);
}
