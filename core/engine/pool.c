/* pool.c: the connections of an engine, kept and lent.
 *
 * The pool counts places. A place is taken by an idle connection, by one that is lent, and by one that is being opened, so that
 * connecting, which takes long, happens outside the lock. Who finds no place waits in a queue; what comes free is handed to
 * the first of it, never put where a newcomer could snatch it. A connection that died tells that the others of its age may be
 * dead too: generations count that, and connections of an older one are closed. */
#include <config.h>
#include "engine/engine.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

sqla_status sqla__connpool_init(sqla__connpool *pool, uint32_t limit)
{
    pthread_mutex_init(&pool->lock, NULL);
    pool->limit = limit;
    pool->generation = 1;
    sqla__error_init(&pool->last_connect);
    return SQLA_OK;
}

static void free_list(sqla_conn *conn)
{
    while (conn != NULL) {
        sqla_conn *next = conn->next;
        sqla__conn_free(conn);
        conn = next;
    }
}

void sqla__connpool_release(sqla__connpool *pool)
{
    free_list(pool->idle);
    pool->idle = NULL;
    free_list(pool->keeper);
    pool->keeper = NULL;
    pthread_mutex_destroy(&pool->lock);
}

/* ---- places ---------------------------------------------------------------------------------------------------- */

static sqla__waiter *first_waiter(sqla__connpool *pool)
{
    sqla__waiter *w = pool->first_waiter;
    if (w == NULL)
        return NULL;
    pool->first_waiter = w->next;
    if (w->next == NULL)
        pool->last_waiter = NULL;
    pool->waiting--;
    return w;
}

/* Hand a place, with the connection in it or NULL, to who waits longest. Under the lock. */
static bool hand_over(sqla__connpool *pool, sqla_conn *conn)
{
    sqla__waiter *w = first_waiter(pool);
    if (w == NULL)
        return false;
    w->conn = conn;
    w->granted = true;
    pthread_cond_signal(&w->wake);
    return true;
}

static void give_place(sqla__connpool *pool)
{
    pthread_mutex_lock(&pool->lock);
    if (!hand_over(pool, NULL))
        pool->places--;
    pthread_mutex_unlock(&pool->lock);
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
}

static sqla_status timed_out(sqla_engine *db, sqla_error *err)
{
    sqla__connpool *pool = &db->pool;
    sqla__error_set(err, SQLA_ERR_POOL_TIMEOUT, "cannot get a connection: all %u are in use, and none came back within %d ms",
                    (unsigned)pool->limit, (int)db->config.pool_timeout_ms);
    sqla__error_hint(err, "close connections and sessions that are done, or raise pool_size, max_overflow or pool_timeout_ms");
    if (pool->last_connect.status != SQLA_OK) {
        sqla__error_detail(err, "the last try to connect failed: %s", pool->last_connect.message);
        err->native = pool->last_connect.native;
        memcpy(err->sqlstate, pool->last_connect.sqlstate, sizeof err->sqlstate);
    }
    return SQLA_ERR_POOL_TIMEOUT;
}

static bool waiter_init(sqla__waiter *w)
{
    pthread_condattr_t attributes;
    memset(w, 0, sizeof *w);
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool ok = pthread_cond_init(&w->wake, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return ok;
}

/* Wait for a place, under the lock. */
static sqla_status wait(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err)
{
    sqla__connpool *pool = &db->pool;
    sqla__waiter w;
    int64_t deadline = sqla__now_ns() + (int64_t)db->config.pool_timeout_ms * 1000000;
    struct timespec until = { (time_t)(deadline / 1000000000), (long)(deadline % 1000000000) };
    if (!waiter_init(&w))
        return sqla__error_nomem(err);
    *(pool->last_waiter != NULL ? &pool->last_waiter->next : &pool->first_waiter) = &w;
    pool->last_waiter = &w;
    pool->waiting++;
    int result = 0;
    while (!w.granted && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&w.wake, &pool->lock, &until);
    if (!w.granted)
        stop_waiting(pool, &w);
    pthread_cond_destroy(&w.wake);
    *ret_conn = w.conn;
    return w.granted ? SQLA_OK : timed_out(db, err);
}

/* A place of our own: with an idle connection in it, or empty (NULL). */
static sqla_status take_place(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err)
{
    sqla__connpool *pool = &db->pool;
    sqla_status status = SQLA_OK;
    *ret_conn = NULL;
    pthread_mutex_lock(&pool->lock);
    if (pool->idle != NULL) {
        *ret_conn = pool->idle;
        pool->idle = pool->idle->next;
        pool->idle_count--;
    } else if (pool->places < pool->limit) {
        pool->places++;
    } else if (db->config.pool_timeout_ms > 0) {
        status = wait(db, ret_conn, err);
    } else {
        status = timed_out(db, err);
    }
    pthread_mutex_unlock(&pool->lock);
    return status;
}

/* ---- taking ---------------------------------------------------------------------------------------------------- */

void sqla__connpool_invalidate(sqla_engine *db, uint64_t generation, bool found_dead)
{
    sqla__connpool *pool = &db->pool;
    sqla_conn *old = NULL;
    pthread_mutex_lock(&pool->lock);
    pool->disconnects += found_dead;
    if (pool->generation == generation) {
        pool->generation++;
        old = pool->idle;
        pool->places -= pool->idle_count;
        pool->idle = NULL;
        pool->idle_count = 0;
    }
    pthread_mutex_unlock(&pool->lock);
    free_list(old);
}

static uint64_t generation_now(sqla__connpool *pool)
{
    pthread_mutex_lock(&pool->lock);
    uint64_t generation = pool->generation;
    pthread_mutex_unlock(&pool->lock);
    return generation;
}

/* Is an idle connection worth lending? A look costs nothing, so it is always taken; a ping only when it is asked for. */
static bool is_fit(sqla_engine *db, sqla_conn *conn)
{
    sqla_error dropped;
    const sqla__engine_config *c = &db->config;
    if (conn->generation != generation_now(&db->pool))
        return false;
    if (c->pool_recycle_s > 0 && sqla__now_ns() - conn->born > (int64_t)c->pool_recycle_s * 1000000000)
        return false;
    sqla__error_init(&dropped);
    int64_t deadline = c->pre_ping ? sqla__deadline_ms(c->connect_timeout_ms) : 0;
    sqla_status status = conn->driver->slots.ping(conn, c->pre_ping ? 0 : SQLA_PING_LOOK, deadline, &dropped);
    if (status == SQLA_OK)
        return true;
    sqla__engine_scrub(db, &dropped);
    sqla__engine_log(db, SQLA_LOG_INFO, "a connection was found dead and is replaced: %s", dropped.message);
    sqla__connpool_invalidate(db, conn->generation, true);
    return false;
}

/* Connections of the pool come and go: they grow old, are touched, disposed of. A database that would go with them gets one
 * more, that stays as long as the engine. Two who come first at once open two, and one of those is closed again. */
static sqla_status keep_one(sqla_engine *db, int64_t deadline, sqla_error *err)
{
    sqla__connpool *pool = &db->pool;
    sqla_conn *keeper = NULL;
    pthread_mutex_lock(&pool->lock);
    bool there = pool->keeper != NULL;
    pthread_mutex_unlock(&pool->lock);
    sqla_status status = there ? SQLA_OK : sqla__conn_open(db, deadline, &keeper, err);
    if (there || status != SQLA_OK)
        return status;
    pthread_mutex_lock(&pool->lock);
    if (pool->keeper == NULL) {
        pool->keeper = keeper;
        keeper = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    free_list(keeper);
    return SQLA_OK;
}

static sqla_status open_one(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err)
{
    int64_t deadline = sqla__deadline_ms(db->config.connect_timeout_ms);
    sqla_status status = sqla__conn_open(db, deadline, ret_conn, err);
    if (status != SQLA_OK || ((*ret_conn)->info.features & SQLA_FEATURE_EPHEMERAL) == 0)
        return status;
    status = keep_one(db, deadline, err);
    if (status != SQLA_OK)
        sqla__conn_free(*ret_conn);
    return status;
}

/* Open a connection in a place that is ours; the place is given up when that fails. */
static sqla_status open_in_place(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err)
{
    sqla__connpool *pool = &db->pool;
    uint64_t generation = generation_now(pool);
    sqla_status status = open_one(db, ret_conn, err);
    if (status != SQLA_OK) {
        pthread_mutex_lock(&pool->lock);
        pool->last_connect = *err;
        pthread_mutex_unlock(&pool->lock);
        give_place(pool);
        return status;
    }
    (*ret_conn)->generation = generation;
    pthread_mutex_lock(&pool->lock);
    pool->connects++;
    pool->last_connect.status = SQLA_OK;
    pthread_mutex_unlock(&pool->lock);
    return SQLA_OK;
}

sqla_status sqla__connpool_take(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err)
{
    sqla_conn *conn = NULL;
    if (sqla__engine_forked(db))
        return sqla__refuse_forked(err);
    sqla_status status = take_place(db, &conn, err);
    if (status == SQLA_OK && conn != NULL && !is_fit(db, conn)) {
        sqla__conn_free(conn);
        conn = NULL;
    }
    if (status == SQLA_OK && conn == NULL)
        status = open_in_place(db, &conn, err);
    if (status != SQLA_OK)
        return status;
    sqla__engine_ref(db);
    conn->next = NULL;
    *ret_conn = conn;
    return SQLA_OK;
}

/* ---- giving back ----------------------------------------------------------------------------------------------- */

/* Under the lock: to a waiter, or among the idle ones; false: it is to be closed. */
static bool keep(sqla_engine *db, sqla_conn *conn)
{
    sqla__connpool *pool = &db->pool;
    if (conn->lost || pool->closed || conn->generation != pool->generation)
        return false;
    if (hand_over(pool, conn))
        return true;
    if (pool->idle_count >= (uint32_t)db->config.pool_size)
        return false;
    conn->next = pool->idle;
    pool->idle = conn;
    pool->idle_count++;
    return true;
}

void sqla__connpool_give(sqla_engine *db, sqla_conn *conn)
{
    sqla__connpool *pool = &db->pool;
    if (conn->dead_link)
        sqla__connpool_invalidate(db, conn->generation, true);
    pthread_mutex_lock(&pool->lock);
    bool kept = keep(db, conn);
    pthread_mutex_unlock(&pool->lock);
    if (!kept) {
        sqla__conn_free(conn);
        give_place(pool);
    }
    sqla__engine_unref(db);
}

sqla_pool_status sqla_engine_pool_status(const sqla_engine *db)
{
    sqla_pool_status status = { 0 };
    if (db == NULL || sqla__engine_forked(db))
        return status;
    sqla__connpool *pool = &((sqla_engine *)(uintptr_t)db)->pool; /* only its lock is written */
    pthread_mutex_lock(&pool->lock);
    status.size = pool->places;
    status.idle = pool->idle_count;
    status.out = pool->places - pool->idle_count;
    status.waiting = pool->waiting;
    status.connects = pool->connects;
    status.disconnects = pool->disconnects;
    pthread_mutex_unlock(&pool->lock);
    return status;
}
