/* places.c: the places of a pool, and the line of those who wait for one.
 *
 * A place is taken by an idle connection, by one that is lent, and by one that is being opened or closed, so that connecting,
 * which takes long, happens outside the lock. Who finds no place waits in a queue; what comes free is handed to the first of
 * it, never put where a newcomer could snatch it.
 *
 * Where a connect fails, the next ones are spaced out: the first of the queue tries when the time has come, and a failure is
 * the answer for all who wait while no connection is there that could come back to them. */
#include <config.h>
#include "engine/engine.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"

enum { FIRST_PAUSE_MS = 10, LONGEST_PAUSE_MS = 500 };

/* ---- backoff, all under the lock --------------------------------------------------------------------------------- */

static uint64_t draw(sqla__connpool *pool)
{
    pool->chance ^= pool->chance << 13;
    pool->chance ^= pool->chance >> 7;
    pool->chance ^= pool->chance << 17;
    return pool->chance;
}

/* Twice as long after each failure, less up to a half by chance, lest all clients of a database come back in step. */
static void put_off(sqla__connpool *pool)
{
    int64_t pause = FIRST_PAUSE_MS;
    for (uint32_t i = 1; i < pool->failures && pause < LONGEST_PAUSE_MS; i++)
        pause *= 2;
    pause = (pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS) * 1000000;
    pool->retry_at = sqla__now_ns() + pause - (int64_t)(draw(pool) % (uint64_t)(pause / 2));
}

/* Is there room, now or as soon as the pause is over? */
static bool has_room(const sqla__connpool *pool)
{
    return pool->places < pool->limit && (pool->failures == 0 || pool->opening < pool->most_tries);
}

static bool may_open(const sqla__connpool *pool)
{
    return has_room(pool) && (pool->failures == 0 || sqla__now_ns() >= pool->retry_at);
}

static void note_out(sqla__connpool *pool)
{
    uint32_t out = pool->places - pool->idle_count;
    if (out > pool->count.peak_out)
        pool->count.peak_out = out;
}

static void begin_to_open(sqla__connpool *pool)
{
    pool->opening++;
    if (pool->failures > 0)
        put_off(pool);
}

static void take_room(sqla__connpool *pool)
{
    pool->places++;
    note_out(pool);
    begin_to_open(pool);
}

/* ---- the queue, all under the lock --------------------------------------------------------------------------------- */

static void grant(sqla__connpool *pool, sqla__grant what, sqla_conn *conn)
{
    sqla__waiter *w = pool->first_waiter;
    pool->first_waiter = w->next;
    if (w->next == NULL)
        pool->last_waiter = NULL;
    pool->waiting--;
    w->conn = conn;
    w->grant = what;
    pthread_cond_signal(&w->wake);
}

bool sqla__place_hand_over(sqla__connpool *pool, sqla_conn *conn)
{
    if (pool->first_waiter == NULL)
        return false;
    grant(pool, SQLA__GRANTED, conn);
    return true;
}

/* Room for those who wait longest, as far as there is some. After a failure, the first of the others keeps the time. */
static void serve(sqla__connpool *pool)
{
    while (pool->first_waiter != NULL && may_open(pool)) {
        take_room(pool);
        grant(pool, SQLA__GRANTED, NULL);
    }
    if (pool->first_waiter != NULL && pool->failures > 0)
        pthread_cond_signal(&pool->first_waiter->wake);
}

/* Who waited before a connect began that failed has the same answer, unless a connection could still come back. */
static void refuse(sqla__connpool *pool, int64_t began)
{
    if (pool->places > pool->opening)
        return;
    while (pool->first_waiter != NULL && pool->first_waiter->since < began) {
        *pool->first_waiter->err = pool->last_connect;
        grant(pool, SQLA__REFUSED, NULL);
    }
}

static void stop_waiting(sqla__connpool *pool, sqla__waiter *waiter)
{
    sqla__waiter *before = NULL;
    for (sqla__waiter *w = pool->first_waiter; w != waiter; w = w->next)
        before = w;
    *(before != NULL ? &before->next : &pool->first_waiter) = waiter->next;
    if (pool->last_waiter == waiter)
        pool->last_waiter = before;
    pool->waiting--;
    serve(pool);
}

static bool waiter_init(sqla__waiter *w, sqla_error *err)
{
    pthread_condattr_t attributes;
    memset(w, 0, sizeof *w);
    w->err = err;
    w->since = sqla__now_ns();
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool ok = pthread_cond_init(&w->wake, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return ok;
}

static void sleep_until(sqla__connpool *pool, sqla__waiter *w, int64_t until)
{
    const struct timespec at = { (time_t)(until / 1000000000), (long)(until % 1000000000) };
    pthread_cond_timedwait(&w->wake, &pool->lock, &at);
}

/* The deadline itself gives no right to what is there, so it is looked at last. */
static void wait_in_line(sqla__connpool *pool, sqla__waiter *w, int64_t deadline)
{
    *(pool->last_waiter != NULL ? &pool->last_waiter->next : &pool->first_waiter) = w;
    pool->last_waiter = w;
    pool->waiting++;
    while (w->grant == SQLA__NOT_YET && sqla__now_ns() < deadline) {
        bool keeps_time = pool->failures > 0 && w == pool->first_waiter && has_room(pool);
        sleep_until(pool, w, keeps_time && pool->retry_at < deadline ? pool->retry_at : deadline);
        if (w->grant == SQLA__NOT_YET && pool->failures > 0)
            serve(pool);
    }
    if (w->grant == SQLA__NOT_YET)
        stop_waiting(pool, w);
}

static void count_wait(sqla__connpool *pool, int64_t took)
{
    pool->count.waits++;
    pool->count.wait_ns += took;
    if (took > pool->count.longest_wait_ns)
        pool->count.longest_wait_ns = took;
}

static sqla_status wait(sqla__connpool *pool, int64_t deadline, sqla_conn **ret_conn, sqla_error *err)
{
    sqla__waiter w;
    if (!waiter_init(&w, err))
        return sqla__error_nomem(err);
    wait_in_line(pool, &w, deadline);
    count_wait(pool, sqla__now_ns() - w.since);
    pthread_cond_destroy(&w.wake);
    *ret_conn = w.conn;
    return w.grant == SQLA__GRANTED ? SQLA_OK : w.grant == SQLA__REFUSED ? err->status : SQLA_ERR_POOL_TIMEOUT;
}

/* ---- taking and giving ------------------------------------------------------------------------------------------- */

static sqla_conn *first_idle(sqla__connpool *pool)
{
    sqla_conn *conn = pool->idle;
    pool->idle = conn->next;
    pool->idle_count--;
    note_out(pool);
    return conn;
}

static sqla_status take(sqla__connpool *pool, int64_t deadline, sqla_conn **ret_conn, sqla_error *err)
{
    *ret_conn = NULL;
    if (pool->idle != NULL) {
        *ret_conn = first_idle(pool);
        return SQLA_OK;
    }
    if (pool->first_waiter == NULL && may_open(pool)) {
        take_room(pool);
        return SQLA_OK;
    }
    return deadline > 0 ? wait(pool, deadline, ret_conn, err) : SQLA_ERR_POOL_TIMEOUT;
}

static sqla_status timed_out(sqla_engine *db, bool down, sqla_error *err)
{
    const sqla__engine_config *c = &db->config;
    if (down) {
        sqla__error_set(err, SQLA_ERR_POOL_TIMEOUT, "cannot get a connection: none is open, and none could be opened within %d ms",
                        (int)c->pool_timeout_ms);
    } else {
        sqla__error_set(err, SQLA_ERR_POOL_TIMEOUT, "cannot get a connection: all %u are in use, and none came back within %d ms",
                        (unsigned)db->pool.limit, (int)c->pool_timeout_ms);
        sqla__error_hint(err, "close connections and sessions that are done, or raise pool_size, max_overflow or pool_timeout_ms");
    }
    sqla__sites_tell(db, err);
    return SQLA_ERR_POOL_TIMEOUT;
}

sqla_status sqla__place_take(sqla_engine *db, int64_t deadline, sqla_conn **ret_conn, sqla_error *err)
{
    sqla__connpool *pool = &db->pool;
    pthread_mutex_lock(&pool->lock);
    sqla_status status = take(pool, deadline, ret_conn, err);
    bool timeout = status == SQLA_ERR_POOL_TIMEOUT;
    bool down = pool->failures > 0 && pool->places == pool->opening;
    pool->count.timeouts += timeout;
    pthread_mutex_unlock(&pool->lock);
    return timeout ? timed_out(db, down, err) : status;
}

bool sqla__place_reopen(sqla__connpool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool may = pool->failures == 0;
    if (may) {
        begin_to_open(pool);
    } else {
        pool->places--;
        serve(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return may;
}

bool sqla__place_add(sqla__connpool *pool, uint32_t n)
{
    pthread_mutex_lock(&pool->lock);
    bool add = pool->places < n && pool->first_waiter == NULL && !pool->closed;
    if (add)
        take_room(pool);
    pthread_mutex_unlock(&pool->lock);
    return add;
}

void sqla__place_opened(sqla__connpool *pool, int64_t began, sqla_status status, const sqla_error *err)
{
    pthread_mutex_lock(&pool->lock);
    pool->opening--;
    if (status == SQLA_OK) {
        pool->count.connects++;
        pool->last_connect.status = SQLA_OK;
        pool->failures = 0;
    } else {
        pool->count.failed_connects++;
        pool->places--;
    }
    if (status != SQLA_OK && status != SQLA_ERR_NOMEM) {
        pool->last_connect = *err;
        pool->failures++;
        put_off(pool);
        refuse(pool, began);
    }
    serve(pool);
    pthread_mutex_unlock(&pool->lock);
}

void sqla__places_give(sqla__connpool *pool, uint32_t n)
{
    pthread_mutex_lock(&pool->lock);
    pool->places -= n;
    serve(pool);
    pthread_mutex_unlock(&pool->lock);
}
