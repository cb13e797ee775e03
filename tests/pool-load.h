/* pool-load.h: what the parts of the load test of the pool share: its state, and how an invariant is looked at.
 *
 *   pool-load.c    threads that take connections, use them and give them back; rounds; the program
 *   pool-faults.c  what goes wrong meanwhile
 *   pool-ledger.c  what is to hold, how often it was looked at, what became of each write, and the figures */
#ifndef TESTS_POOL_LOAD_H
#define TESTS_POOL_LOAD_H

#include <pthread.h>
#include <sqla/sqla.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proxy.h"

enum { OWNERS = 1 << 16, DEADLINE_MS = 2000, SLACK_MS = 400, OPS_PER_CHECKOUT = 3, INVARIANTS = 15, FAULTS = 16 };

/* What a database is told. */
typedef struct phrases {
    const char *name, *ask, *change_state, *write;
} phrases;
extern const phrases of_sqlite, of_postgres, of_vice;

typedef struct worker {
    pthread_t thread;
    uint64_t chance;
    int number;
    atomic_long done;
    int64_t longest_gap;
    int64_t *waits;                /* nanoseconds, one a checkout */
} worker;

typedef struct pool_load {
    sqla_engine *db;
    pthread_rwlock_t lock;         /* for db: held by who connects */
    pthread_barrier_t start;
    sqla_pool_status before;       /* the counts of engines that were freed */
    const phrases *words;
    proxy *p;                      /* before a server; NULL: there is none */
    sqla_conn *pen;                /* for the scripts of the scripted driver */
    char url[2048], beside[1024];  /* beside: the database without the proxy */
    uint32_t threads, checkouts, places, size;
    uint64_t seed;
    worker *workers;
    sqla_conn *_Atomic parcel;     /* a connection that whoever comes next gives back */
    atomic_int owner[OWNERS];
    atomic_long opened, closed, detached, detached_closed, open, most;
    atomic_long refused, gave_up, lost, busy, starved;
    atomic_bool starving;          /* allocations fail now and then */
    atomic_uint running;
    atomic_long least_done, most_done; /* when the first thread was done: the fewest and most checkouts; -1: not yet */
} pool_load;
extern pool_load load;

uint64_t draw(uint64_t *chance);
int64_t now_ns(void);
bool is_long_round(void);          /* one that is judged by its figures too */
sqla_engine *engine_new(void);
/* With the lock held for writing: wait until all have given back what they had. */
void wait_for_all(void);
/* The engine is freed and made anew, when all have given back what they had. */
void make_anew(void);

/* ---- pool-faults.c ---- */

/* What goes wrong until all workers are done. */
void harm_until_done(void);
/* All connections die at once; returns when they have. False: here they cannot. */
bool cut_all(void);
void print_faults(void);
/* Another process ends while connections are out and threads wait. */
void exit_under_load(void);
/* What that process does; it does not return. */
void exit_at_work(const char *url);

/* ---- pool-ledger.c ---- */

/* Look at invariant n, I1 to I14: it is counted, and told when it does not hold. */
#define HOLDS(n, ok, how) (atomic_fetch_add_explicit(&ledger_checked[n], 1, memory_order_relaxed), (ok) ? (void)0 : ledger_broken(n, how))
extern atomic_long ledger_checked[INVARIANTS];
void ledger_broken(int invariant, const char *how);
/* What became of a write: 'o' done, 'f' not, 'u' nobody knows; unknown: then the failure, which may tell by what to ask. */
void ledger_note(int64_t op, char what, const sqla_error *unknown);
void ledger_begin(void);
void ledger_end(void);             /* fails the test when an invariant was broken */
/* Look at the places and the line of those who wait, at an instant. */
void watch_places(void);
void judge_ledger(bool has_table);
void judge_waits(int64_t took);
void judge_places(void);
/* With all faults over: all connections die at once; and many threads share the places. */
void judge_storm(void);
void judge_quiet(void);

#endif
