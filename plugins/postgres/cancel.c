/* cancel.c: ending what a connection is running, and seeing that a late cancel hits nothing else.
 *
 * libpq's cancel opens a connection of its own and blocks for as long as the network likes. It is run by a thread that
 * lives for that one call, so that whoever asked keeps to his deadline; a thread that is late ends by itself. It takes
 * no signals and calls nobody. */
#include <config.h>
#include "postgres.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* ---- the request ----------------------------------------------------------------------------------------------- */

/* What PQcancel needs. It is made once, ahead, since making it reads the connection, which only the connection's own
 * thread may do; PQcancel reads it only, so several may use it at once. A late thread may outlive the connection. */
struct postgres__key {
    PGcancel *cancel;
    atomic_int users;
};

postgres__key *postgres__key_new(PGconn *link)
{
    postgres__key *key = malloc(sizeof *key);
    PGcancel *cancel = key != NULL ? PQgetCancel(link) : NULL;
    if (cancel == NULL) {
        free(key);
        return NULL;
    }
    key->cancel = cancel;
    atomic_init(&key->users, 1);
    return key;
}

void postgres__key_drop(postgres__key *key)
{
    if (key != NULL && atomic_fetch_sub(&key->users, 1) == 1) {
        PQfreeCancel(key->cancel);
        free(key);
    }
}

/* Who waits for an errand frees it, so between two statements only those hold the key that were left alone. */
bool postgres__key_late(postgres__key *key)
{
    return atomic_load(&key->users) > 1;
}

/* Shared by the thread and who waits for it; the last of the two frees it. */
typedef struct errand {
    pthread_mutex_t lock;
    pthread_cond_t over;
    postgres__key *key;
    bool done, left_alone;
} errand;

static void errand_free(errand *e)
{
    postgres__key_drop(e->key);
    pthread_cond_destroy(&e->over);
    pthread_mutex_destroy(&e->lock);
    free(e); /* not the host's memory: the host may be gone when a late thread ends */
}

static void *run_errand(void *arg)
{
    errand *e = arg;
    char unused[256];
    (void)PQcancel(e->key->cancel, unused, sizeof unused);
    pthread_mutex_lock(&e->lock);
    e->done = true;
    bool mine = e->left_alone;
    pthread_cond_signal(&e->over);
    pthread_mutex_unlock(&e->lock);
    if (mine)
        errand_free(e);
    return NULL;
}

static bool cond_init_monotonic(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(cond, &attr) == 0;
    pthread_condattr_destroy(&attr);
    return ok;
}

static bool start_thread(errand *e)
{
    sigset_t all, old;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool ok = pthread_create(&thread, NULL, run_errand, e) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (ok)
        pthread_detach(thread);
    return ok;
}

/* deadline 0: none.  Returns: an error number, ETIMEDOUT behind the deadline. */
static int wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline)
{
    const struct timespec until = { (time_t)(deadline / 1000000000), (long)(deadline % 1000000000) };
    return deadline == 0 ? pthread_cond_wait(cond, lock) : pthread_cond_timedwait(cond, lock, &until);
}

static void wait_for_errand(errand *e, int64_t deadline)
{
    int code = 0;
    pthread_mutex_lock(&e->lock);
    while (!e->done && code == 0)
        code = wait_until(&e->over, &e->lock, deadline);
    bool mine = e->done;
    e->left_alone = true;
    pthread_mutex_unlock(&e->lock);
    if (mine)
        errand_free(e);
}

static errand *errand_new(postgres__key *key)
{
    errand *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    if (!cond_init_monotonic(&e->over)) {
        free(e);
        return NULL;
    }
    pthread_mutex_init(&e->lock, NULL);
    atomic_fetch_add(&key->users, 1);
    e->key = key;
    return e;
}

bool postgres__cancel(postgres__key *key, int64_t deadline)
{
    errand *e = errand_new(key);
    if (e == NULL)
        return false;
    if (!start_thread(e)) {
        errand_free(e);
        return false;
    }
    wait_for_errand(e, deadline);
    return true;
}

/* ---- the gate -------------------------------------------------------------------------------------------------- */

bool postgres__gate_init(postgres__gate *gate)
{
    if (pthread_mutex_init(&gate->lock, NULL) != 0)
        return false;
    if (cond_init_monotonic(&gate->quiet))
        return true;
    pthread_mutex_destroy(&gate->lock);
    return false;
}

void postgres__gate_release(postgres__gate *gate)
{
    pthread_cond_destroy(&gate->quiet);
    pthread_mutex_destroy(&gate->lock);
}

bool postgres__gate_open(postgres__gate *gate, int64_t deadline)
{
    int code = 0;
    pthread_mutex_lock(&gate->lock);
    while (gate->firing > 0 && code == 0)
        code = wait_until(&gate->quiet, &gate->lock, deadline);
    bool open = gate->firing == 0;
    if (open) {
        gate->running = true;
        gate->fired = false;
    }
    pthread_mutex_unlock(&gate->lock);
    return open;
}

bool postgres__gate_close(postgres__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->running = false;
    bool fired = gate->fired;
    pthread_mutex_unlock(&gate->lock);
    return fired;
}

bool postgres__gate_fired(postgres__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    bool fired = gate->fired;
    pthread_mutex_unlock(&gate->lock);
    return fired;
}

static bool gate_pass(postgres__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    bool pass = gate->running;
    if (pass) {
        gate->firing++;
        gate->fired = true;
    }
    pthread_mutex_unlock(&gate->lock);
    return pass;
}

static void gate_passed(postgres__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    if (--gate->firing == 0)
        pthread_cond_broadcast(&gate->quiet);
    pthread_mutex_unlock(&gate->lock);
}

/* ---- cancellers ------------------------------------------------------------------------------------------------ */

struct sqla_driver_canceller { sqla_driver_conn *conn; };

sqla_status postgres_cancel_new(sqla_driver_conn *conn, sqla_driver_canceller **ret_canceller, sqla_err *err)
{
    sqla_driver_canceller *canceller = postgres__host->alloc(sizeof *canceller);
    if (canceller == NULL)
        return postgres__nomem(err);
    canceller->conn = conn;
    *ret_canceller = canceller;
    return SQLA_OK;
}

sqla_status postgres_cancel_fire(sqla_driver_canceller *canceller, int64_t deadline, sqla_err *err)
{
    sqla_driver_conn *conn = canceller->conn;
    if (!gate_pass(&conn->gate))
        return SQLA_OK;
    bool ok = postgres__cancel(conn->key, deadline);
    gate_passed(&conn->gate);
    return ok ? SQLA_OK : postgres__nomem(err);
}

void postgres_cancel_free(sqla_driver_canceller *canceller)
{
    postgres__host->release(canceller);
}
