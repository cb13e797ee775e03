/* pool-load.c: many threads share a few connections while things go wrong, and what must hold is looked at all the time.
 *
 * Each checkout looks whether the connection is its own and as new, runs one to three statements, and gives it back; now and
 * then it holds it for long, leaves a transaction open, changes the session, has the connection closed or takes it out of
 * the pool. Meanwhile backends are ended, connects fail and take long, the pool is emptied, the engine is made anew. What is
 * to hold:
 *   I1  a connection has one user            I2  there are never more than there are places
 *   I3  opened = closed + idle + out         I4  a session is as new, without a transaction
 *   I5  a query gives its own answer         I6  what was said to be written is there once, what was not is not
 *   I7  nobody waits beyond the deadline, or gives up before it
 *   I8  nobody waits while there is room     I10 after all of it every place can be taken
 *   I12 all threads get on alike (rounds of 2,000 checkouts and more)
 * (I9, I11, I13 and I14 are in test-pool.c, one by one.)
 *
 *   POOL_LOAD_THREADS, POOL_LOAD_CHECKOUTS   16 threads with 400 checkouts each
 *   POOL_LOAD_SEED                           what chance does; printed, as are the figures */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "expect.h"

enum { OWNERS = 1 << 16, DEADLINE_MS = 2000, SLACK_MS = 400, OPS_PER_CHECKOUT = 3 };

/* What a database is told. */
typedef struct phrases {
    const char *ask, *change_state, *write;
} phrases;
static const phrases of_sqlite = {
    "SELECT CAST(:n AS BIGINT) FROM pragma_cache_size WHERE cache_size <> 77", "PRAGMA cache_size = 77", "INSERT INTO ledger VALUES (:n)"
};
static const phrases of_postgres = {
    "SELECT CAST(:n AS BIGINT) WHERE current_setting('work_mem') <> '77MB' AND to_regclass('pg_temp.t') IS NULL", "SET work_mem = '77MB'",
    "INSERT INTO ledger VALUES (:n)"
};
static const phrases of_vice = { NULL, "mark", "change 1" };

typedef struct worker {
    pthread_t thread;
    uint64_t chance;
    int number;
    atomic_long done;
    int64_t longest_gap;
    int64_t *waits;                /* nanoseconds, one a checkout */
} worker;

static struct {
    sqla_engine *db;
    pthread_rwlock_t lock;         /* for db: held by who connects */
    pthread_barrier_t start;
    sqla_pool_status before;       /* the counts of the engine that was freed */
    const phrases *words;
    char url[2048], database[64];
    uint32_t threads, checkouts, places;
    worker *workers;
    atomic_char *ops;              /* what became of each write: 'o', 'f' or 'u' */
    atomic_int owner[OWNERS];
    atomic_long opened, closed, detached, detached_closed, open, most;
    atomic_long broken[16];        /* invariants */
    atomic_long refused, gave_up, lost, busy;
    atomic_uint running;
    atomic_long least_done;        /* when the first thread was done: the fewest checkouts of another; -1: not yet */
} load;

static _Thread_local struct { uint64_t number; bool works; } mine; /* the connection that a worker has */

static uint64_t draw(uint64_t *chance)
{
    uint64_t z = *chance += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void broken(int invariant, const char *how)
{
    if (atomic_fetch_add(&load.broken[invariant], 1) < 3)
        fprintf(stderr, "I%d is broken: %s\n", invariant, how);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- what is told -------------------------------------------------------------------------------------------------- */

static void count_open(long by)
{
    long now = atomic_fetch_add(&load.open, by) + by, most = atomic_load(&load.most);
    while (now > most && !atomic_compare_exchange_weak(&load.most, &most, now))
        continue;
    if (now > (long)load.places)
        broken(2, "there are more connections than places");
}

static void own(uint64_t number, bool take)
{
    int expected = take ? 0 : 1;
    if (!atomic_compare_exchange_strong(&load.owner[number % OWNERS], &expected, !expected))
        broken(1, take ? "a connection is lent twice" : "a connection comes back that is not out");
}

static void listen(void *data, const sqla_event *event)
{
    (void)data;
    switch ((int)event->kind) {
    case SQLA_EVENT_CONNECT:
        if (event->status == SQLA_OK) {
            atomic_fetch_add(&load.opened, 1);
            count_open(1);
        }
        break;
    case SQLA_EVENT_CHECKOUT:
        mine.number = event->number;
        own(event->number, true);
        break;
    case SQLA_EVENT_CHECKIN:
        if (mine.works && mine.number != event->number)
            broken(1, "a connection was changed while it was out");
        own(event->number, false);
        break;
    case SQLA_EVENT_DETACH:
        atomic_fetch_add(&load.detached, 1);
        atomic_store(&load.owner[event->number % OWNERS], 2);
        count_open(-1);
        break;
    case SQLA_EVENT_CLOSE:
        atomic_fetch_add(&load.closed, 1);
        if (event->number != 0 && atomic_load(&load.owner[event->number % OWNERS]) == 1)
            broken(1, "a connection is closed that is out");
        break;
    }
}

/* A detached connection has left the count already. */
static void listen_all(void *data, const sqla_event *event)
{
    atomic_int *owner = &load.owner[event->number % OWNERS];
    int detached = 2;
    if (event->kind == SQLA_EVENT_CHECKIN && atomic_load(owner) == 2)
        return;
    listen(data, event);
    if (event->kind != SQLA_EVENT_CLOSE)
        return;
    if (atomic_compare_exchange_strong(owner, &detached, 0))
        atomic_fetch_add(&load.detached_closed, 1);
    else
        count_open(-1);
}

static sqla_engine *engine_new(void)
{
    sqla_error err = SQLA_ERROR_INIT;
    int32_t size = (int32_t)(load.places * 2 / 3);
    sqla_engine *db = sqla_create_engine(load.url, SQLA_ENGINE_OPTIONS(.pool_size = size, .max_overflow = (int32_t)load.places - size,
        .pool_timeout_ms = DEADLINE_MS, .on_event = listen_all, .events = SQLA_EVENT_CONNECT | SQLA_EVENT_CHECKOUT | SQLA_EVENT_CHECKIN |
        SQLA_EVENT_CLOSE | SQLA_EVENT_DETACH), &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    return db;
}

/* ---- one checkout -------------------------------------------------------------------------------------------------- */

static sqla_conn *check_out(worker *w, long i)
{
    sqla_error err = SQLA_ERROR_INIT;
    pthread_rwlock_rdlock(&load.lock);
    int64_t began = now_ns();
    sqla_conn *conn = sqla_connect(load.db, &err);
    int64_t took = now_ns() - began;
    pthread_rwlock_unlock(&load.lock);
    w->waits[i] = took;
    if (conn != NULL)
        return conn;
    atomic_fetch_add(err.status == SQLA_ERR_POOL_TIMEOUT ? &load.gave_up : &load.refused, 1);
    if (err.status == SQLA_ERR_POOL_TIMEOUT && took < (int64_t)DEADLINE_MS * 1000000)
        broken(7, "a wait was given up before its deadline");
    if (err.status != SQLA_ERR_POOL_TIMEOUT && err.status != SQLA_ERR_CONNECT && err.status != SQLA_ERR_DISCONNECTED &&
        err.status != SQLA_ERR_RESOURCE)
        broken(7, err.message);
    return NULL;
}

/* Is this failure one that the faults explain? */
static void excuse(const sqla_error *err)
{
    if (err->status == SQLA_ERR_DISCONNECTED || err->status == SQLA_ERR_UNKNOWN_OUTCOME)
        atomic_fetch_add(&load.lost, 1);
    else if (err->status == SQLA_ERR_BUSY || err->status == SQLA_ERR_RETRY)
        atomic_fetch_add(&load.busy, 1);
    else
        broken(5, err->message);
}

static void ask_own(sqla_conn *conn, int64_t nonce)
{
    char sql[64];
    sqla_error err = SQLA_ERROR_INIT;
    snprintf(sql, sizeof sql, "say %lld", (long long)nonce);
    sqla_stmt *q = sqla_sql(conn, load.words->ask != NULL ? load.words->ask : sql);
    if (load.words->ask != NULL)
        sqla_bind(q, "n", nonce);
    int64_t n = sqla_scalar_i64(q, &err);
    sqla_stmt_free(q);
    if (err.status == SQLA_ERR_NOT_FOUND || (err.status == SQLA_OK && n == -1))
        broken(4, "a session is not as new");
    else if (err.status != SQLA_OK)
        excuse(&err);
    else if (n != nonce)
        broken(5, "a query gave the answer of another");
}

static void note_op(int64_t op, char what)
{
    atomic_store(&load.ops[op], what);
}

/* A write that commits by itself may have happened when the link broke. */
static void write_one(sqla_conn *conn, int64_t op)
{
    sqla_error err = SQLA_ERROR_INIT;
    const sqla_params *params = load.words->ask != NULL ? sqla_params("n", op) : NULL;
    sqla_status status = sqla_execute(conn, load.words->write, params, &err);
    note_op(op, status == SQLA_OK ? 'o' : status == SQLA_ERR_DISCONNECTED ? 'u' : 'f');
    if (status != SQLA_OK)
        excuse(&err);
}

/* A transaction: committed, rolled back, or left open for the pool to end. */
static void write_in_transaction(sqla_conn *conn, int64_t op, unsigned how)
{
    sqla_error err = SQLA_ERROR_INIT;
    const sqla_params *params = load.words->ask != NULL ? sqla_params("n", op) : NULL;
    note_op(op, 'f');
    sqla_status status = sqla_conn_begin(conn, &err);
    if (status == SQLA_ERR_MISUSE)
        broken(4, "a session is in a transaction");
    if (status == SQLA_OK)
        status = sqla_execute(conn, load.words->write, params, &err);
    if (status == SQLA_OK && how == 0)
        status = sqla_conn_commit(conn, &err);
    if (status == SQLA_OK && how == 0)
        note_op(op, 'o');
    if (status == SQLA_ERR_UNKNOWN_OUTCOME)
        note_op(op, 'u');
    if (status != SQLA_OK)
        excuse(&err);
    if (how != 2)
        sqla_conn_rollback(conn, NULL);
}

static void use(worker *w, sqla_conn *conn, int64_t op)
{
    unsigned deeds = 1 + (unsigned)(draw(&w->chance) % OPS_PER_CHECKOUT);
    bool open = false;
    ask_own(conn, op);
    for (unsigned i = 0; i < deeds && !open; i++) {
        unsigned what = (unsigned)(draw(&w->chance) % 1000);
        if (what < 700)
            ask_own(conn, op + i);
        else if (what < 890)
            write_one(conn, op + i);
        else
            write_in_transaction(conn, op + i, what < 945 ? 0 : what < 995 ? 1 : 2);
        open = what >= 995;
    }
    unsigned what = (unsigned)(draw(&w->chance) % 1000);
    if (what < 10)
        pause_ms(50);
    else if (what < 12)
        sqla_execute(conn, load.words->change_state, NULL, NULL);
    else if (what < 15)
        sqla_conn_invalidate(conn);
    else if (what < 17)
        CU_ASSERT_EQUAL(sqla_conn_detach(conn, NULL), SQLA_OK);
}

static void *work(void *data)
{
    worker *w = data;
    pthread_barrier_wait(&load.start);
    int64_t last = now_ns();
    mine.works = true;
    for (long i = 0; i < (long)load.checkouts; i++) {
        sqla_conn *conn = check_out(w, i);
        if (conn != NULL)
            use(w, conn, ((int64_t)w->number * load.checkouts + i) * OPS_PER_CHECKOUT);
        sqla_conn_close(conn);
        int64_t now = now_ns();
        w->longest_gap = now - last > w->longest_gap ? now - last : w->longest_gap;
        last = now;
        atomic_fetch_add(&w->done, 1);
    }
    long none = -1, least = (long)load.checkouts;
    for (uint32_t i = 0; i < load.threads; i++)
        least = atomic_load(&load.workers[i].done) < least ? atomic_load(&load.workers[i].done) : least;
    atomic_compare_exchange_strong(&load.least_done, &none, least);
    atomic_fetch_sub(&load.running, 1);
    return NULL;
}

/* ---- faults -------------------------------------------------------------------------------------------------------- */

/* All who have one give it back first, since the count of places is one engine's. */
static void make_anew(void)
{
    pthread_rwlock_wrlock(&load.lock);
    while (sqla_engine_pool_status(load.db).out > 0 || atomic_load(&load.detached) != atomic_load(&load.detached_closed))
        pause_ms(1);
    load.before = sqla_engine_pool_status(load.db);
    sqla_engine_free(load.db);
    if (atomic_load(&load.opened) != atomic_load(&load.closed))
        broken(3, "connections are left of an engine that was freed");
    load.db = engine_new();
    pthread_rwlock_unlock(&load.lock);
}

/* pen: a connection beside the engine under test. */
static void do_harm(sqla_conn *pen, uint64_t *chance)
{
    char sql[256];
    unsigned what = (unsigned)(draw(chance) % 8);
    bool postgres = load.words == &of_postgres;
    if (what == 0) {
        pthread_rwlock_rdlock(&load.lock);
        sqla_engine_dispose(load.db);
        pthread_rwlock_unlock(&load.lock);
    } else if (postgres && what < 7) {
        snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s' ORDER BY pid %s",
            load.database, what == 1 ? "" : "LIMIT 1");
        CU_ASSERT_EQUAL(sqla_execute(pen, sql, NULL, NULL), SQLA_OK);
    } else if (postgres) {
        for (int i = 0; i < 2; i++) {
            snprintf(sql, sizeof sql, "ALTER DATABASE \"%s\" ALLOW_CONNECTIONS %s", load.database, i == 0 ? "false" : "true");
            CU_ASSERT_EQUAL(sqla_execute(pen, sql, NULL, NULL), SQLA_OK);
            pause_ms(load.checkouts < 2000 && i == 0 ? 20 : load.checkouts < 2000 ? 0 : 100);
        }
    } else if (load.words == &of_vice) {
        const char *const scripts[] = { "opens fail 3", "opens slow 20", "opens fail 40", "opens well" };
        CU_ASSERT_EQUAL(sqla_execute(pen, scripts[what % 4], NULL, NULL), SQLA_OK);
    }
}

/* Somebody waits, there is room, and for longer than any pause between connects nobody has got one, nor failed to open one. */
static void watch_waiters(void)
{
    static uint64_t answers;
    static int64_t since;
    pthread_rwlock_rdlock(&load.lock);
    const sqla_pool_status s = sqla_engine_pool_status(load.db);
    pthread_rwlock_unlock(&load.lock);
    if (s.checkouts + s.failed_connects != answers || s.waiting == 0 || (s.idle == 0 && s.size >= load.places)) {
        answers = s.checkouts + s.failed_connects;
        since = now_ns();
    } else if (now_ns() - since > (int64_t)(500 + SLACK_MS) * 1000000) {
        broken(8, "somebody waits while there is room");
    }
}

static void harm_until_done(sqla_conn *pen, uint64_t chance)
{
    bool anew = false;
    int64_t next = now_ns();
    while (atomic_load(&load.running) > 0) {
        pause_ms(5);
        watch_waiters();
        if (now_ns() < next)
            continue;
        next = now_ns() + (int64_t)(load.checkouts < 2000 ? 20 + draw(&chance) % 100 : 50 + draw(&chance) % 450) * 1000000;
        do_harm(pen, &chance);
        if (!anew && atomic_load(&load.workers[0].done) > (long)load.checkouts / 2) {
            make_anew();
            anew = true;
        }
    }
}

/* ---- afterwards ---------------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void judge_waits(int64_t took)
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
    const sqla_pool_status s = sqla_engine_pool_status(load.db);
    printf("pool-load:   %.0f checkouts/s, wait p50 %.3f p99.9 %.3f max %.3f ms, longest gap %.0f ms, "
        "fewest when the first was done %ld of %u\n", (double)n / ((double)took / 1e9), (double)all[n / 2] / 1e6,
        (double)all[n - 1 - n / 1000] / 1e6, (double)all[n - 1] / 1e6, (double)gap / 1e6, atomic_load(&load.least_done), load.checkouts);
    if (s.longest_wait_ns > (int64_t)(DEADLINE_MS * 11 / 10 + SLACK_MS) * 1000000)
        broken(7, "a wait went on beyond its deadline");
    if (load.checkouts >= 2000 && atomic_load(&load.least_done) < (long)load.checkouts * 8 / 10)
        broken(12, "one thread was left behind");
    free(all);
}

static void judge_ledger(const char *url)
{
    long count[3] = { 0 };
    sqla_error err = SQLA_ERROR_INIT;
    size_t n = (size_t)load.threads * load.checkouts * OPS_PER_CHECKOUT;
    char *found = calloc(n, 1);
    if (url != NULL) {
        sqla_stmt *q = sqla_sql(load.db, "SELECT op FROM ledger");
        SQLA_EACH_ROW(row, q, &err)
            found[sqla_row_i64(row, "op", &err)]++;
        sqla_stmt_free(q);
        CU_ASSERT(is(&err, SQLA_OK));
    }
    for (size_t i = 0; i < n; i++) {
        char what = atomic_load(&load.ops[i]);
        count[0] += what == 'o';
        count[1] += what == 'f';
        count[2] += what == 'u';
        if (url != NULL && (found[i] > 1 || (what == 'o' && found[i] != 1) || (what != 'o' && what != 'u' && found[i] != 0)))
            broken(6, "the ledger is not as it was told");
    }
    free(found);
    printf("pool-load:   writes: %ld done, %ld not, %ld unknown; failures: %ld lost, %ld busy, %ld not connected, %ld given up\n",
        count[0], count[1], count[2], atomic_load(&load.lost), atomic_load(&load.busy), atomic_load(&load.refused), atomic_load(&load.gave_up));
}

/* Every place can be taken, and the books are even. */
static void judge_places(void)
{
    sqla_conn *all[512];
    for (uint32_t i = 0; i < load.places; i++) {
        all[i] = sqla_connect(load.db, NULL);
        if (all[i] == NULL)
            broken(10, "a place is gone");
    }
    for (uint32_t i = 0; i < load.places; i++)
        sqla_conn_close(all[i]);
    const sqla_pool_status s = sqla_engine_pool_status(load.db), *b = &load.before;
    uint64_t waits = s.waits + b->waits;
    if (s.out != 0 || s.waiting != 0 || s.size != s.idle || s.size > load.places * 2 / 3)
        broken(3, "a connection is still out");
    if (atomic_load(&load.opened) != atomic_load(&load.closed) + s.idle)
        broken(3, "opened is not closed and idle together");
    printf("pool-load:   %ld opened, %ld at once at most, %llu found dead, %llu failed to connect, %llu waits of %.3f ms\n",
        atomic_load(&load.opened), atomic_load(&load.most), (unsigned long long)(s.disconnects + b->disconnects),
        (unsigned long long)(s.failed_connects + b->failed_connects), (unsigned long long)waits,
        waits > 0 ? (double)(s.wait_ns + b->wait_ns) / (double)waits / 1e6 : 0.0);
}

/* ---- rounds -------------------------------------------------------------------------------------------------------- */

static long number_of(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? atol(text) : otherwise;
}

static void set_up(const char *url, const phrases *words, uint64_t seed)
{
    pthread_rwlockattr_t fair;
    memset(&load, 0, sizeof load);
    load.words = words;
    load.threads = (uint32_t)number_of("POOL_LOAD_THREADS", 16);
    load.checkouts = (uint32_t)number_of("POOL_LOAD_CHECKOUTS", 400);
    load.checkouts /= harness_is_postgres(url) && load.checkouts < 2000 ? 2 : 1;
    load.places = load.threads * 3 / 8 > 3 ? load.threads * 3 / 8 : 3;
    load.places = load.places < 512 ? load.places : 512;
    snprintf(load.url, sizeof load.url, "%s", url == NULL ? "vice://" : harness_is_postgres(url) ? url :
        with_query(url, "journal_mode=wal&synchronous=off&busy_timeout=1000"));
    snprintf(load.database, sizeof load.database, "%s", harness_is_postgres(url) ? harness_sql_text(url, "SELECT current_database()") : "");
    load.ops = calloc((size_t)load.threads * load.checkouts * OPS_PER_CHECKOUT, sizeof *load.ops);
    load.workers = calloc(load.threads, sizeof *load.workers);
    CU_ASSERT_FATAL(load.ops != NULL && load.workers != NULL);
    for (uint32_t i = 0; i < load.threads; i++) {
        load.workers[i].number = (int)i;
        load.workers[i].chance = seed + i * 1000003u;
        load.workers[i].waits = calloc(load.checkouts, sizeof *load.workers[i].waits);
    }
    atomic_store(&load.least_done, -1);
    atomic_store(&load.running, load.threads);
    pthread_rwlockattr_init(&fair);
    pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&load.lock, &fair);
    pthread_barrier_init(&load.start, NULL, load.threads);
    load.db = engine_new();
    if (url != NULL)
        CU_ASSERT_EQUAL(sqla_execute(load.db, "CREATE TABLE ledger (op BIGINT PRIMARY KEY)", NULL, NULL), SQLA_OK);
}

static void tear_down(void)
{
    sqla_engine_free(load.db);
    if (atomic_load(&load.opened) != atomic_load(&load.closed) || atomic_load(&load.open) != 0)
        broken(3, "connections are left of an engine that was freed");
    pthread_rwlock_destroy(&load.lock);
    pthread_barrier_destroy(&load.start);
    for (uint32_t i = 0; i < load.threads; i++)
        free(load.workers[i].waits);
    free(load.workers);
    free(load.ops);
    for (int i = 0; i < 16; i++)
        CU_ASSERT_EQUAL(atomic_load(&load.broken[i]), 0);
}

static void round_of(const char *url, const phrases *words, const char *pen_url)
{
    uint64_t seed = (uint64_t)number_of("POOL_LOAD_SEED", (long)(now_ns() % 1000000000));
    sqla_engine *script = sqla_create_engine(pen_url, NULL, NULL);
    sqla_conn *pen = sqla_connect(script, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pen);
    set_up(url, words, seed);
    printf("pool-load: %s, %u threads x %u checkouts, %u places, POOL_LOAD_SEED=%llu\n", url == NULL ? "no database" :
        harness_is_postgres(url) ? "postgres" : "sqlite", load.threads, load.checkouts, load.places, (unsigned long long)seed);
    int64_t began = now_ns();
    for (uint32_t i = 0; i < load.threads; i++)
        pthread_create(&load.workers[i].thread, NULL, work, &load.workers[i]);
    harm_until_done(pen, seed ^ 0x5eed);
    for (uint32_t i = 0; i < load.threads; i++)
        pthread_join(load.workers[i].thread, NULL);
    int64_t took = now_ns() - began;
    if (url == NULL)
        sqla_execute(pen, "opens well", NULL, NULL);
    judge_waits(took);
    judge_ledger(url);
    judge_places();
    tear_down();
    sqla_conn_close(pen);
    sqla_engine_free(script);
}

static void load__without_a_database(const char *url)
{
    round_of(url, &of_vice, "vice://");
}

static void load__on_a_database(const char *url)
{
    bool postgres = harness_is_postgres(url);
    round_of(url, postgres ? &of_postgres : &of_sqlite, postgres ? getenv("SQLA_TEST_POSTGRES_URL") : "sqlite://");
}

/* What the pool itself costs: recorded, and not judged. */
static void load__of_nobody_else(const char *url)
{
    enum { N = 20000 };
    (void)url;
    sqla_engine *db = sqla_create_engine("vice://", NULL, NULL);
    int64_t began = now_ns();
    for (int i = 0; i < N; i++)
        sqla_conn_close(sqla_connect(db, NULL));
    printf("pool-load: alone, %.0f ns for a checkout and its return\n", (double)(now_ns() - began) / N);
    const sqla_pool_status s = sqla_engine_pool_status(db);
    CU_ASSERT(s.checkouts == N && s.connects == 1 && s.waits == 0 && s.peak_out == 1);
    sqla_engine_free(db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "load of nobody else", load__of_nobody_else, HARNESS_PLAIN },
        { "load without a database", load__without_a_database, HARNESS_PLAIN },
        { "load on a database", load__on_a_database, HARNESS_DATABASES },
    };
    find_vice("whole");
    return harness_main("pool-load", tests, sizeof tests / sizeof tests[0]);
}
