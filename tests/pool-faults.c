/* pool-faults.c: what goes wrong while the load test runs: a table of faults, one of which strikes now and then.
 *
 * Servers are ended, reset, stalled, frozen and restarted; connects of the scripted driver fail or take long, and its lines are
 * cut; on all of them the pool is disposed of, the engine is made anew, an allocation fails, a child is forked, and handles are
 * misused. */
#include <config.h>
#include "pool-load.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "expect.h"
#include "server.h"

enum { VICE = 1, SQLITE = 2, POSTGRES = 4, EVERYWHERE = VICE | SQLITE | POSTGRES };

static atomic_long struck[FAULTS];

static int here(void)
{
    return load.words == &of_vice ? VICE : load.words == &of_sqlite ? SQLITE : POSTGRES;
}

/* ---- servers ----------------------------------------------------------------------------------------------------------- */

#define OTHERS " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"

static bool strike_one(uint64_t *chance)
{
    (void)chance;
    return harness_sql(load.beside, "SELECT pg_terminate_backend(pid)" OTHERS " ORDER BY random() LIMIT 1");
}

/* Not harness_end_others, which waits: others connect all the time. */
static bool strike_all(uint64_t *chance)
{
    (void)chance;
    return harness_sql(load.beside, "SELECT pg_terminate_backend(pid)" OTHERS);
}

static bool strike_resets(uint64_t *chance)
{
    proxy_reset_some(load.p, 10, (uint32_t)draw(chance));
    return true;
}

static bool strike_stall(uint64_t *chance)
{
    (void)chance;
    proxy_stall(load.p, PROXY_DOWN, true);
    pause_ms(300);
    proxy_clear(load.p);
    return true;
}

/* A backend that is ours to stop, being of our own server. */
static bool strike_frozen(uint64_t *chance)
{
    pid_t pid = (pid_t)harness_sql_int(load.beside, "SELECT pid" OTHERS " ORDER BY random() LIMIT 1");
    (void)chance;
    if (pid <= 0 || kill(pid, SIGSTOP) != 0)
        return false;
    pause_ms(100);
    return kill(pid, SIGCONT) == 0;
}

static bool strike_restart(uint64_t *chance)
{
    (void)chance;
    return server_do("stop fast") && server_do("start");
}

/* ---- the scripted driver ----------------------------------------------------------------------------------------------- */

static bool run_script(const char *script)
{
    return sqla_execute(load.pen, script, NULL, NULL) == SQLA_OK;
}

static bool strike_failing(uint64_t *chance) { return run_script(draw(chance) % 2 == 0 ? "opens fail 3" : "opens fail 40"); }
static bool strike_slow(uint64_t *chance) { return run_script(draw(chance) % 2 == 0 ? "opens slow 20" : "opens slow 20 fail 5"); }
static bool strike_well(uint64_t *chance) { return (void)chance, run_script("opens well"); }
static bool strike_cut(uint64_t *chance) { return (void)chance, run_script("cut all"); }

/* ---- the pool and the process ------------------------------------------------------------------------------------------- */

static bool strike_dispose(uint64_t *chance)
{
    (void)chance;
    pthread_rwlock_rdlock(&load.lock);
    sqla_engine_dispose(load.db);
    pthread_rwlock_unlock(&load.lock);
    return true;
}

static bool strike_anew(uint64_t *chance)
{
    (void)chance;
    make_anew();
    return true;
}

static bool strike_memory(uint64_t *chance)
{
    atomic_store(&load.starving, true);
    sqla__alloc_fail_at(1 + draw(chance) % 300, false);
    return true;
}

/* A child that tries what it may not, and one that becomes another program. While no thread has ended: in a child, one that nobody joined
 * looks to a sanitizer as if it were left behind. */
static bool strike_fork(uint64_t *chance)
{
    int status = 0;
    bool execs = draw(chance) % 2 == 0;
    if (atomic_load(&load.least_done) >= 0)
        return false;
    pthread_rwlock_rdlock(&load.lock);
    sqla_engine *db = load.db;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(10);
        if (execs)
            execlp("true", "true", (char *)NULL);
        bool refused = sqla_connect(db, NULL) == NULL;
        sqla_engine_dispose(db);
        harness_end_child(refused ? 0 : 1);
    }
    pthread_rwlock_unlock(&load.lock);
    HOLDS(14, pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child did not end well");
    return true;
}

static void *close_it(void *conn)
{
    sqla_conn_close(conn);
    return NULL;
}

/* Closed twice, closed by another thread, used afterwards, and used after the engine was disposed of; while nobody else closes
 * any, since a handle is known for so many closings only. */
static bool strike_misuse(uint64_t *chance)
{
    pthread_t thread;
    (void)chance;
    pthread_rwlock_wrlock(&load.lock);
    wait_for_all();
    sqla__alloc_fail_at(0, false);
    sqla_conn *conn = sqla_connect(load.db, NULL), *other = sqla_connect(load.db, NULL);
    if (conn != NULL && other != NULL) {
        uint32_t size = sqla_engine_pool_status(load.db).size;
        pthread_create(&thread, NULL, close_it, conn);
        pthread_join(thread, NULL);
        sqla_conn_close(conn);
        HOLDS(13, sqla_engine_pool_status(load.db).out == 1, "a connection that is closed twice is counted twice");
        HOLDS(13, sqla_conn_begin(conn, NULL) == SQLA_ERR_MISUSE, "a connection is used that is closed");
        sqla_engine_dispose(load.db);
        sqla_conn_close(conn);
        HOLDS(13, sqla_conn_begin(conn, NULL) == SQLA_ERR_MISUSE, "a connection is used that is closed");
        HOLDS(13, sqla_engine_pool_status(load.db).out == 1 && sqla_engine_pool_status(load.db).size <= size, "a count is wrong");
    }
    sqla_conn_close(other);
    HOLDS(13, conn == NULL || other == NULL || sqla_engine_pool_status(load.db).out == 0, "a connection is still out");
    sqla_conn_close(conn);
    pthread_rwlock_unlock(&load.lock);
    return true;
}

/* ---- the table ----------------------------------------------------------------------------------------------------------- */

/* Each strikes once when half is done, and by its weight before and after. */
typedef struct fault { const char *name; bool (*strike)(uint64_t *chance); int on; unsigned weight; } fault;

static const fault faults[] = {
    { "one backend ended", strike_one, POSTGRES, 6 },
    { "all backends ended", strike_all, POSTGRES, 1 },
    { "a tenth of the links reset", strike_resets, POSTGRES, 5 },
    { "stalled for 300 ms", strike_stall, POSTGRES, 1 },
    { "a backend frozen for 100 ms", strike_frozen, POSTGRES, 2 },
    { "server restarted", strike_restart, POSTGRES, 0 },
    { "connects fail", strike_failing, VICE, 3 },
    { "connects take long", strike_slow, VICE, 3 },
    { "connects well", strike_well, VICE, 4 },
    { "all lines cut", strike_cut, VICE, 3 },
    { "disposed of", strike_dispose, EVERYWHERE, 2 },
    { "engine made anew", strike_anew, EVERYWHERE, 0 },
    { "an allocation failed", strike_memory, EVERYWHERE, 4 },
    { "child forked", strike_fork, EVERYWHERE, 2 },
    { "handles misused", strike_misuse, EVERYWHERE, 2 },
};
enum { KINDS = sizeof faults / sizeof faults[0] };
_Static_assert((int)KINDS <= (int)FAULTS, "there is a count for each");

static void strike(int i, uint64_t *chance)
{
    if (faults[i].strike(chance))
        atomic_fetch_add(&struck[i], 1);
}

static void strike_by_chance(uint64_t *chance)
{
    unsigned sum = 0;
    for (int i = 0; i < KINDS; i++)
        sum += (faults[i].on & here()) != 0 ? faults[i].weight : 0;
    unsigned lot = (unsigned)(draw(chance) % sum);
    for (int i = 0; i < KINDS; i++) {
        unsigned weight = (faults[i].on & here()) != 0 ? faults[i].weight : 0;
        if (lot < weight) {
            strike(i, chance);
            return;
        }
        lot -= weight;
    }
}

/* The server knows of no more than there are, but for those that are about to go. */
static void look_from_beside(void)
{
    int64_t there = 0;
    if (here() != POSTGRES)
        return;
    for (int i = 0; i < 100; i++) {
        long detached = atomic_load(&load.detached) - atomic_load(&load.detached_closed);
        there = harness_others(load.beside, "");
        if (there <= (int64_t)load.places + detached)
            break;
        pause_ms(5);
        there = -1;
    }
    HOLDS(2, there >= 0, "the server has more connections than there are places");
}

void harm_until_done(void)
{
    uint64_t chance = load.seed ^ 0x5eed;
    bool half = false;
    int64_t next = now_ns();
    memset(struck, 0, sizeof struck);
    for (long turn = 0; atomic_load(&load.running) > 0; turn++) {
        pause_ms(2);
        watch_places();
        if (now_ns() < next)
            continue;
        next = now_ns() + (int64_t)(is_long_round() ? 50 + draw(&chance) % 450 : 10 + draw(&chance) % 50) * 1000000;
        strike_by_chance(&chance);
        look_from_beside();
        if (half || atomic_load(&load.workers[0].done) <= (long)load.checkouts / 2)
            continue;
        half = true;
        for (int i = 0; i < KINDS; i++) {
            if ((faults[i].on & here()) != 0)
                strike(i, &chance);
        }
    }
    sqla__alloc_fail_at(0, false);
    atomic_store(&load.starving, false);
    if (here() == VICE)
        run_script("opens well");
}

bool cut_all(void)
{
    if (here() == SQLITE)
        return false;
    if (here() == VICE)
        return run_script("cut all");
    CU_ASSERT(harness_end_others(load.beside) >= 0);
    while (proxy_links(load.p) > 0)
        pause_ms(1);
    return true;
}

void print_faults(void)
{
    const char *between = "pool-load:   faults:";
    for (int i = 0; i < KINDS; i++) {
        if ((faults[i].on & here()) == 0)
            continue;
        printf("%s %s %ld", between, faults[i].name, atomic_load(&struck[i]));
        between = ",";
    }
    printf("\n");
}

/* ---- a process that ends -------------------------------------------------------------------------------------------------- */

static void *work_on(void *db)
{
    for (;;) {
        sqla_conn *conn = sqla_connect(db, NULL);
        sqla_conn_begin(conn, NULL);
        ask(conn, load.words == &of_vice ? "say 5" : "SELECT 5");
        sqla_conn_close(conn);
    }
    return NULL;
}

void exit_at_work(const char *url)
{
    pthread_t thread;
    alarm(20);
    load.words = strncmp(url, "vice", 4) == 0 ? &of_vice : &of_sqlite;
    load.db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 2, .max_overflow = 1), NULL);
    sqla_conn *conn = sqla_connect(load.db, NULL);
    for (int i = 0; i < 8; i++)
        pthread_create(&thread, NULL, work_on, load.db);
    while (conn != NULL && sqla_engine_pool_status(load.db).checkouts < 100)
        pause_ms(1);
    exit(conn != NULL ? 42 : 1);
}

void exit_under_load(void)
{
    char self[4096] = "";
    (void)!readlink("/proc/self/exe", self, sizeof self - 1);
    for (int i = 0; i < (is_long_round() ? 50 : 3); i++) {
        int status = 0;
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            setenv("POOL_LOAD_EXIT", load.words == &of_postgres ? load.beside : load.url, 1);
            execl(self, "pool-load", (char *)NULL);
            _exit(9);
        }
        HOLDS(14, pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 42,
            "a process did not end well with connections out");
    }
}
