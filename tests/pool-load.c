/* pool-load.c: many threads share a few connections while things go wrong, and what must hold is looked at all the time.
 *
 * Each checkout looks whether the connection is its own and as new, runs one to three statements, and gives it back; now and
 * then it holds it for long, leaves a transaction open, changes the session, has the connection closed, takes it out of the pool
 * or leaves it to another thread to give back. Meanwhile faults strike (pool-faults.c). What is to hold, I1 to I14, is listed in
 * pool-ledger.c, which counts how often it was looked at.
 *
 *   POOL_LOAD_THREADS, POOL_LOAD_CHECKOUTS   16 threads with 400 checkouts each; rounds of 2,000 and more are judged by their
 *                                            figures too
 *   POOL_LOAD_SEED                           what chance does; printed, as are the figures */
#include <config.h>
#include "pool-load.h"

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "expect.h"
#include "server.h"

const phrases of_sqlite = { "sqlite", "SELECT CAST(:n AS BIGINT) FROM pragma_cache_size WHERE cache_size <> 77", "PRAGMA cache_size = 77",
    "INSERT INTO ledger VALUES (:n)" };
const phrases of_postgres = { "postgres",
    "SELECT CAST(:n AS BIGINT) WHERE current_setting('work_mem') <> '77MB' AND to_regclass('pg_temp.t') IS NULL", "SET work_mem = '77MB'",
    "INSERT INTO ledger VALUES (:n)" };
const phrases of_vice = { "no database", NULL, "mark", "change 1" };

pool_load load;

static _Thread_local struct { uint64_t number; bool works; } mine; /* the connection that a worker has */

uint64_t draw(uint64_t *chance)
{
    uint64_t z = *chance += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool is_long_round(void) { return load.checkouts >= 2000; }

/* ---- what is told -------------------------------------------------------------------------------------------------- */

static void count_open(long by)
{
    long now = atomic_fetch_add(&load.open, by) + by, most = atomic_load(&load.most);
    while (now > most && !atomic_compare_exchange_weak(&load.most, &most, now))
        continue;
    HOLDS(2, now <= (long)load.places, "there are more connections than places");
}

static void own(uint64_t number, bool take)
{
    int expected = take ? 0 : 1;
    HOLDS(1, atomic_compare_exchange_strong(&load.owner[number % OWNERS], &expected, !expected),
        take ? "a connection is lent twice" : "a connection comes back that is not out");
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
        HOLDS(1, !mine.works || mine.number == event->number, "a connection was changed while it was out");
        own(event->number, false);
        break;
    case SQLA_EVENT_DETACH:
        atomic_fetch_add(&load.detached, 1);
        atomic_store(&load.owner[event->number % OWNERS], 2);
        count_open(-1);
        break;
    case SQLA_EVENT_CLOSE:
        atomic_fetch_add(&load.closed, 1);
        HOLDS(1, event->number == 0 || atomic_load(&load.owner[event->number % OWNERS]) != 1, "a connection is closed that is out");
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

sqla_engine *engine_new(void)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(load.url, SQLA_ENGINE_OPTIONS(.pool_size = (int32_t)load.size,
        .max_overflow = (int32_t)(load.places - load.size), .pool_timeout_ms = DEADLINE_MS, .resolve_outcomes = load.words == &of_postgres,
        .on_event = listen_all, .events = SQLA_EVENT_CONNECT | SQLA_EVENT_CHECKOUT | SQLA_EVENT_CHECKIN |
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
    bool starved = err.status == SQLA_ERR_NOMEM && atomic_load(&load.starving), timeout = err.status == SQLA_ERR_POOL_TIMEOUT;
    atomic_fetch_add(starved ? &load.starved : timeout ? &load.gave_up : &load.refused, 1);
    if (timeout)
        HOLDS(7, took >= (int64_t)DEADLINE_MS * 1000000, "a wait was given up before its deadline");
    HOLDS(7, timeout || starved || err.status == SQLA_ERR_CONNECT || err.status == SQLA_ERR_DISCONNECTED || err.status == SQLA_ERR_RESOURCE,
        err.message);
    return NULL;
}

/* Is this failure one that the faults explain? */
static void excuse(const sqla_error *err)
{
    bool lost = err->status == SQLA_ERR_DISCONNECTED || err->status == SQLA_ERR_UNKNOWN_OUTCOME;
    bool busy = err->status == SQLA_ERR_BUSY || err->status == SQLA_ERR_RETRY;
    bool starved = err->status == SQLA_ERR_NOMEM && atomic_load(&load.starving);
    HOLDS(5, lost || busy || starved, err->message);
    atomic_fetch_add(lost ? &load.lost : busy ? &load.busy : &load.starved, 1);
}

/* What could not even be made, for want of memory, is not run. */
static bool is_made(const void *made)
{
    if (made == NULL)
        excuse(&(sqla_error){ .status = SQLA_ERR_NOMEM, .message = "nothing was made" });
    return made != NULL;
}

static void ask_own(sqla_conn *conn, int64_t nonce)
{
    char sql[64];
    sqla_error err = SQLA_ERROR_INIT;
    snprintf(sql, sizeof sql, "say %lld", (long long)nonce);
    sqla_stmt *q = sqla_sql(conn, load.words->ask != NULL ? load.words->ask : sql);
    if (!is_made(q))
        return;
    if (load.words->ask != NULL)
        sqla_bind(q, "n", nonce);
    int64_t n = sqla_scalar_i64(q, &err);
    sqla_stmt_free(q);
    bool stale = err.status == SQLA_ERR_NOT_FOUND || (err.status == SQLA_OK && n == -1);
    HOLDS(4, !stale, "a session is not as new");
    if (err.status == SQLA_OK)
        HOLDS(5, n == nonce || stale, "a query gave the answer of another");
    else if (!stale)
        excuse(&err);
}

static sqla_status insert(sqla_conn *conn, int64_t op, sqla_error *err)
{
    if (load.words->ask == NULL)
        return sqla_execute(conn, load.words->write, NULL, err);
    const sqla_params *params = sqla_params("n", op);
    if (params == NULL)
        return err->status = SQLA_ERR_NOMEM;
    return sqla_execute(conn, load.words->write, params, err);
}

/* A write that commits by itself may have happened, where that is what it says. */
static void write_one(sqla_conn *conn, int64_t op)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_status status = insert(conn, op, &err);
    ledger_note(op, status == SQLA_OK ? 'o' : status == SQLA_ERR_UNKNOWN_OUTCOME ? 'u' : 'f', NULL);
    if (status != SQLA_OK)
        excuse(&err);
}

enum { COMMITS, ROLLS_BACK, LEAVES_OPEN };

/* A transaction: committed, rolled back, or left open for the pool to end. */
static void write_in_transaction(sqla_conn *conn, int64_t op, unsigned how)
{
    sqla_error err = SQLA_ERROR_INIT;
    ledger_note(op, 'f', NULL);
    sqla_status status = sqla_conn_begin(conn, &err);
    HOLDS(4, status != SQLA_ERR_MISUSE, "a session is in a transaction");
    if (status == SQLA_OK)
        status = insert(conn, op, &err);
    if (status == SQLA_OK && how == COMMITS) {
        status = sqla_conn_commit(conn, &err);
        if (status == SQLA_OK || status == SQLA_ERR_UNKNOWN_OUTCOME)
            ledger_note(op, status == SQLA_OK ? 'o' : 'u', status == SQLA_OK ? NULL : &err);
    }
    if (status != SQLA_OK)
        excuse(&err);
    if (how != LEAVES_OPEN)
        sqla_conn_rollback(conn, NULL);
}

/* Returns: the connection to be given back, which may be one that another thread left. */
static sqla_conn *treat(worker *w, sqla_conn *conn)
{
    unsigned what = (unsigned)(draw(&w->chance) % 1000);
    if (what < 10)
        pause_ms(50);
    else if (what < 12)
        sqla_execute(conn, load.words->change_state, NULL, NULL);
    else if (what < 15)
        sqla_conn_invalidate(conn);
    else if (what < 17)
        CU_ASSERT_EQUAL(sqla_conn_detach(conn, NULL), SQLA_OK);
    mine.works = what < 17 || what >= 20;
    return mine.works ? conn : atomic_exchange(&load.parcel, conn);
}

static sqla_conn *use(worker *w, sqla_conn *conn, int64_t op)
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
            write_in_transaction(conn, op + i, what < 945 ? COMMITS : what < 995 ? ROLLS_BACK : LEAVES_OPEN);
        open = what >= 995;
    }
    return treat(w, conn);
}

/* How far the others are when the first is done. */
static void compare_with_others(void)
{
    long none = -1, least = (long)load.checkouts, most = 0;
    for (uint32_t i = 0; i < load.threads; i++) {
        long done = atomic_load(&load.workers[i].done);
        least = done < least ? done : least;
        most = done > most ? done : most;
    }
    if (atomic_compare_exchange_strong(&load.least_done, &none, least))
        atomic_store(&load.most_done, most);
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
            sqla_conn_close(use(w, conn, ((int64_t)w->number * load.checkouts + i) * OPS_PER_CHECKOUT));
        mine.works = true;
        int64_t now = now_ns();
        w->longest_gap = now - last > w->longest_gap ? now - last : w->longest_gap;
        last = now;
        atomic_fetch_add(&w->done, 1);
    }
    compare_with_others();
    atomic_fetch_sub(&load.running, 1);
    return NULL;
}

/* ---- engines ------------------------------------------------------------------------------------------------------- */

void wait_for_all(void)
{
    do {
        sqla_conn_close(atomic_exchange(&load.parcel, NULL));
        pause_ms(1);
    } while (sqla_engine_pool_status(load.db).out > 0 || atomic_load(&load.detached) != atomic_load(&load.detached_closed));
}

/* All who have one give it back first, since the count of places is one engine's. */
void make_anew(void)
{
    pthread_rwlock_wrlock(&load.lock);
    wait_for_all();
    const sqla_pool_status s = sqla_engine_pool_status(load.db);
    load.before.waits += s.waits;
    load.before.wait_ns += s.wait_ns;
    load.before.disconnects += s.disconnects;
    load.before.failed_connects += s.failed_connects;
    sqla_engine_free(load.db);
    HOLDS(3, atomic_load(&load.opened) == atomic_load(&load.closed), "connections are left of an engine that was freed");
    sqla__alloc_fail_at(0, false);
    load.db = engine_new();
    pthread_rwlock_unlock(&load.lock);
}

/* ---- rounds -------------------------------------------------------------------------------------------------------- */

static long number_of(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? atol(text) : otherwise;
}

static void reach(const char *url)
{
    if (url == NULL) {
        snprintf(load.url, sizeof load.url, "vice://");
    } else if (!harness_is_postgres(url)) {
        snprintf(load.url, sizeof load.url, "%s", with_query(url, "journal_mode=wal&synchronous=off&busy_timeout=1000"));
    } else {
        CU_ASSERT_FATAL(server_do("start"));
        snprintf(load.beside, sizeof load.beside, "%s", server_url(NULL));
        harness_sql(load.beside, "SET client_min_messages = warning; DROP TABLE IF EXISTS ledger");
        load.p = proxy_for(load.beside);
        CU_ASSERT_PTR_NOT_NULL_FATAL(load.p);
        snprintf(load.url, sizeof load.url, "%s", proxy_url(load.p, NULL));
    }
}

static void hire(void)
{
    load.workers = calloc(load.threads, sizeof *load.workers);
    CU_ASSERT_PTR_NOT_NULL_FATAL(load.workers);
    for (uint32_t i = 0; i < load.threads; i++) {
        load.workers[i].number = (int)i;
        load.workers[i].chance = load.seed + i * 1000003u;
        load.workers[i].waits = calloc(load.checkouts, sizeof *load.workers[i].waits);
    }
}

static void set_up(const char *url, const phrases *words)
{
    pthread_rwlockattr_t fair;
    memset(&load, 0, sizeof load);
    load.words = words;
    load.seed = (uint64_t)number_of("POOL_LOAD_SEED", (long)(now_ns() % 1000000000));
    load.threads = (uint32_t)number_of("POOL_LOAD_THREADS", 16);
    load.checkouts = (uint32_t)number_of("POOL_LOAD_CHECKOUTS", 400);
    load.checkouts /= harness_is_postgres(url) && !is_long_round() ? 2 : 1;
    load.places = load.threads * 3 / 8 > 3 ? load.threads * 3 / 8 : 3;
    load.places = load.places < 48 ? load.places : 48;
    load.size = load.places * 2 / 3;
    reach(url);
    hire();
    ledger_begin();
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
    HOLDS(3, atomic_load(&load.opened) == atomic_load(&load.closed) && atomic_load(&load.open) == 0,
        "connections are left of an engine that was freed");
    pthread_rwlock_destroy(&load.lock);
    pthread_barrier_destroy(&load.start);
    proxy_free(load.p);
    for (uint32_t i = 0; i < load.threads; i++)
        free(load.workers[i].waits);
    free(load.workers);
    ledger_end();
}

static void run_load(void)
{
    int64_t began = now_ns();
    for (uint32_t i = 0; i < load.threads; i++)
        pthread_create(&load.workers[i].thread, NULL, work, &load.workers[i]);
    harm_until_done();
    for (uint32_t i = 0; i < load.threads; i++)
        pthread_join(load.workers[i].thread, NULL);
    sqla_conn_close(atomic_exchange(&load.parcel, NULL));
    judge_waits(now_ns() - began);
}

static void round_of(const char *url, const phrases *words)
{
    sqla_engine *script = sqla_create_engine("vice://", NULL, NULL);
    set_up(url, words);
    load.pen = sqla_connect(script, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(load.pen);
    printf("pool-load: %s, %u threads x %u checkouts, %u places, POOL_LOAD_SEED=%llu\n", words->name, load.threads, load.checkouts, load.places,
        (unsigned long long)load.seed);
    run_load();
    print_faults();
    judge_ledger(url != NULL);
    judge_places();
    judge_storm();
    judge_quiet();
    exit_under_load();
    tear_down();
    sqla_conn_close(load.pen);
    sqla_engine_free(script);
}

static void load__without_a_database(const char *url) { round_of(url, &of_vice); }
static void load__on_a_file(const char *url) { round_of(url, &of_sqlite); }
static void load__on_a_server(const char *url) { round_of(url, &of_postgres); }

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
        { "load on a file", load__on_a_file, HARNESS_SQLITE },
        { "load on a server", load__on_a_server, HARNESS_POSTGRES },
    };
    find_vice("whole");
    if (getenv("POOL_LOAD_EXIT") != NULL)
        exit_at_work(getenv("POOL_LOAD_EXIT"));
    return harness_main("pool-load", tests, sizeof tests / sizeof tests[0]);
}
