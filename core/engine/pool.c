/* pool.c: the connections of an engine, kept and lent.
 *
 * Who may have one, and when, is places.c's affair; this file opens them, looks whether they are fit, lends them and takes
 * them back. A connection that died tells that the others of its age may be dead too: generations count that, and
 * connections of an older one are closed. */
#include <config.h>
#include "engine/engine.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"

static void free_list(sqla_conn *conn)
{
    while (conn != NULL) {
        sqla_conn *next = conn->next;
        sqla__conn_free(conn);
        conn = next;
    }
}

sqla_status sqla__connpool_init(sqla__connpool *pool, const sqla__engine_config *config)
{
    pthread_mutex_init(&pool->lock, NULL);
    pool->kept = config->pool == SQLA_POOL_NONE ? 0 : (uint32_t)config->pool_size;
    pool->limit = config->pool == SQLA_POOL_NONE ? UINT32_MAX : pool->kept + (uint32_t)config->max_overflow;
    pool->most_tries = (uint32_t)config->pool_size;
    pool->chance = (uint64_t)sqla__now_ns() | 1;
    pool->generation = 1;
    sqla__error_init(&pool->last_connect);
    return SQLA_OK;
}

void sqla__connpool_release(sqla__connpool *pool)
{
    free_list(pool->idle);
    pool->idle = NULL;
    free_list(pool->keeper);
    pool->keeper = NULL;
    sqla__shells_release(pool);
    pthread_mutex_destroy(&pool->lock);
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

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

static void nap(int64_t ms)
{
    const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&pause, NULL);
}

/* A server that is starting says so (57P03, cannot connect now) and soon takes connections, so it is asked again, as long as
 * there is time: at least half of what is left stays for the next try. What the server said counts, not that the last try had no time. */
static sqla_status open_when_ready(sqla_engine *db, int64_t deadline, sqla_conn **ret_conn, sqla_error *err)
{
    sqla_error starting;
    sqla__error_init(&starting);
    for (int64_t pause = 20;; pause = pause < 500 ? pause * 2 : pause) {
        sqla_error local;
        sqla__error_init(&local);
        sqla_status status = sqla__conn_open(db, deadline, ret_conn, &local);
        bool soon = status == SQLA_ERR_CONNECT && strcmp(local.sqlstate, "57P03") == 0;
        int64_t left = deadline == 0 ? INT64_MAX : (deadline - sqla__now_ns()) / 1000000;
        if (status == SQLA_ERR_TIMEOUT && sqla_failed(&starting))
            return sqla__error_give(err, &starting, starting.status);
        if (!soon || left < 20)
            return sqla__error_give(err, &local, status);
        starting = local;
        nap(pause < left / 2 ? pause : left / 2);
    }
}

static sqla_status open_one(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err)
{
    int64_t deadline = sqla__deadline_ms(db->config.connect_timeout_ms);
    sqla_status status = open_when_ready(db, deadline, ret_conn, err);
    if (status != SQLA_OK || ((*ret_conn)->info.features & SQLA_FEATURE_EPHEMERAL) == 0)
        return status;
    status = keep_one(db, deadline, err);
    if (status != SQLA_OK)
        sqla__conn_free(*ret_conn);
    return status;
}

static void tell_of_connect(sqla_engine *db, sqla_conn *conn, int64_t start)
{
    if (conn->number == 1 && sqla__watched(db, SQLA_EVENT_FIRST_CONNECT))
        sqla__event_conn(conn, SQLA_EVENT_FIRST_CONNECT, start, SQLA_OK, "");
    if (sqla__watched(db, SQLA_EVENT_CONNECT))
        sqla__event_conn(conn, SQLA_EVENT_CONNECT, start, SQLA_OK, "");
}

/* Open a connection in a place that is ours; the place is given up when that fails. */
static sqla_status open_in_place(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err)
{
    sqla__connpool *pool = &db->pool;
    int64_t began = sqla__now_ns();
    pthread_mutex_lock(&pool->lock);
    uint64_t generation = pool->generation;
    pthread_mutex_unlock(&pool->lock);
    sqla_status status = open_one(db, ret_conn, err);
    sqla__place_opened(pool, began, status, err);
    if (status != SQLA_OK) {
        if (sqla__watched(db, SQLA_EVENT_CONNECT))
            sqla__event_no_connect(db, began, err);
        return status;
    }
    (*ret_conn)->generation = generation;
    pthread_mutex_lock(&pool->lock);
    (*ret_conn)->number = ++pool->numbered;
    pthread_mutex_unlock(&pool->lock);
    tell_of_connect(db, *ret_conn, began);
    return SQLA_OK;
}

/* ---- taking ---------------------------------------------------------------------------------------------------- */

/* The places of those that are closed are free when they are closed, so that there are never more than there are places. */
void sqla__connpool_invalidate(sqla_engine *db, uint64_t generation, bool found_dead)
{
    sqla__connpool *pool = &db->pool;
    sqla_conn *old = NULL;
    uint32_t n = 0;
    pthread_mutex_lock(&pool->lock);
    pool->count.disconnects += found_dead;
    if (pool->generation == generation) {
        pool->generation++;
        old = pool->idle;
        n = pool->idle_count;
        pool->idle = NULL;
        pool->idle_count = 0;
    }
    pthread_mutex_unlock(&pool->lock);
    free_list(old);
    if (n > 0)
        sqla__places_give(pool, n);
}

/* While connects fail, an idle connection is in doubt. */
static bool in_doubt(sqla__connpool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool doubt = pool->failures > 0;
    pthread_mutex_unlock(&pool->lock);
    return doubt;
}

/* Is an idle connection worth lending? A look costs nothing, so it is always taken; a ping only when asked for, or in doubt. */
static bool is_fit(sqla_engine *db, sqla_conn *conn, sqla_error *ret_why)
{
    const sqla__engine_config *c = &db->config;
    sqla__error_init(ret_why);
    if (c->pool_recycle_s > 0 && c->pool != SQLA_POOL_STATIC && sqla__now_ns() - conn->born > (int64_t)c->pool_recycle_s * 1000000000)
        return false;
    sqla_status status = conn->driver->slots.ping(conn, SQLA_PING_LOOK, 0, ret_why);
    if (status == SQLA_OK && (c->pre_ping || in_doubt(&db->pool)))
        status = conn->driver->slots.ping(conn, 0, sqla__deadline_ms(c->connect_timeout_ms), ret_why);
    if (status == SQLA_OK)
        return true;
    sqla__engine_scrub(db, ret_why);
    if (sqla__watched(db, SQLA_EVENT_INVALIDATE))
        sqla__event_conn(conn, SQLA_EVENT_INVALIDATE, 0, status, ret_why->message);
    sqla__connpool_invalidate(db, conn->generation, true);
    return false;
}

/* A database whose file was taken away is not one that another connection finds again. */
static bool is_beyond_help(const sqla_error *why)
{
    return why->status == SQLA_ERR_IO || why->status == SQLA_ERR_CORRUPT;
}

static sqla_status take_fit(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err)
{
    int64_t deadline = sqla__deadline_ms(db->config.pool_timeout_ms);
    for (;;) {
        sqla_conn *conn = NULL;
        sqla_error why;
        sqla_status status = sqla__place_take(db, deadline, &conn, err);
        if (status != SQLA_OK)
            return status;
        if (conn == NULL)
            return open_in_place(db, ret_conn, err);
        if (is_fit(db, conn, &why)) {
            *ret_conn = conn;
            return SQLA_OK;
        }
        sqla__conn_free(conn);
        if (is_beyond_help(&why)) {
            sqla__places_give(&db->pool, 1);
            return sqla__error_give(err, &why, why.status);
        }
        if (sqla__place_reopen(&db->pool))
            return open_in_place(db, ret_conn, err);
    }
}

static void add_to_out(sqla__connpool *pool, sqla_conn *conn)
{
    conn->next_out = NULL;
    conn->previous_out = pool->out_last;
    *(pool->out_last != NULL ? &pool->out_last->next_out : &pool->out) = conn;
    pool->out_last = conn;
}

static void remove_from_out(sqla__connpool *pool, sqla_conn *conn)
{
    *(conn->previous_out != NULL ? &conn->previous_out->next_out : &pool->out) = conn->next_out;
    *(conn->next_out != NULL ? &conn->next_out->previous_out : &pool->out_last) = conn->previous_out;
}

static void lend(sqla_engine *db, sqla_conn *conn)
{
    sqla__connpool *pool = &db->pool;
    conn->next = NULL;
    conn->out_since = sqla__now_ns();
    if (db->config.pool_sites)
        sqla__site_note(conn);
    pthread_mutex_lock(&pool->lock);
    pool->count.checkouts++;
    add_to_out(pool, conn);
    pthread_mutex_unlock(&pool->lock);
    atomic_store(&conn->use, SQLA__LENT);
    if (sqla__watched(db, SQLA_EVENT_CHECKOUT))
        sqla__event_conn(conn, SQLA_EVENT_CHECKOUT, 0, SQLA_OK, "");
}

/* Who waits keeps the engine, so that it may be freed meanwhile. */
sqla_status sqla__connpool_take(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err)
{
    sqla_conn *conn = NULL;
    if (sqla__engine_forked(db))
        return sqla__refuse_forked(err);
    sqla__engine_ref(db);
    sqla_status status = take_fit(db, &conn, err);
    if (status != SQLA_OK) {
        sqla__engine_unref(db);
        return status;
    }
    lend(db, conn);
    *ret_conn = conn;
    return SQLA_OK;
}

/* ---- giving back ----------------------------------------------------------------------------------------------- */

/* Under the lock: to a waiter, or among the idle ones; false: it is to be closed. */
static bool keep(sqla_engine *db, sqla_conn *conn)
{
    sqla__connpool *pool = &db->pool;
    if (conn->lost || conn->doomed || pool->closed || conn->generation != pool->generation)
        return false;
    if (pool->kept == 0 || (pool->first_waiter == NULL && pool->idle_count >= pool->kept))
        return false;
    conn = sqla__shell_change(conn);
    if (sqla__place_hand_over(pool, conn))
        return true;
    bool last = db->config.pool_fifo && pool->idle != NULL;
    conn->next = last ? NULL : pool->idle;
    *(last ? &pool->idle_last->next : &pool->idle) = conn;
    if (conn->next == NULL)
        pool->idle_last = conn;
    pool->idle_count++;
    return true;
}

static void put(sqla_engine *db, sqla_conn *conn, bool was_out)
{
    sqla__connpool *pool = &db->pool;
    pthread_mutex_lock(&pool->lock);
    if (was_out)
        remove_from_out(pool, conn);
    bool kept = keep(db, conn);
    pthread_mutex_unlock(&pool->lock);
    if (kept)
        return;
    sqla__conn_free(conn);
    sqla__places_give(pool, 1);
}

void sqla__connpool_give(sqla_engine *db, sqla_conn *conn)
{
    if (conn->lost && !conn->doomed && sqla__watched(db, SQLA_EVENT_INVALIDATE))
        sqla__event_conn(conn, SQLA_EVENT_INVALIDATE, 0, SQLA_ERR_DISCONNECTED, "the connection was lost");
    if (sqla__watched(db, SQLA_EVENT_CHECKIN))
        sqla__event_conn(conn, SQLA_EVENT_CHECKIN, conn->out_since, SQLA_OK, "");
    if (conn->detached) {
        sqla__conn_free(conn);
        sqla__engine_unref(db);
        return;
    }
    if (conn->dead_link)
        sqla__connpool_invalidate(db, conn->generation, true);
    put(db, conn, true);
    sqla__engine_unref(db);
}

sqla_status sqla_conn_detach(sqla_conn *conn, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (conn == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no connection to detach");
    sqla_engine *db = conn->engine;
    if (sqla__engine_forked(db))
        return sqla__error_give(err, &local, sqla__refuse_forked(&local));
    if (!sqla__conn_is_open(conn))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot detach a connection that is closed");
    if (conn->detached)
        return SQLA_OK;
    conn->detached = true;
    pthread_mutex_lock(&db->pool.lock);
    remove_from_out(&db->pool, conn);
    pthread_mutex_unlock(&db->pool.lock);
    if (sqla__watched(db, SQLA_EVENT_DETACH))
        sqla__event_conn(conn, SQLA_EVENT_DETACH, 0, SQLA_OK, "");
    sqla__places_give(&db->pool, 1);
    return SQLA_OK;
}

void sqla_conn_invalidate(sqla_conn *conn)
{
    if (conn == NULL || conn->doomed || sqla__engine_forked(conn->engine) || !sqla__conn_is_open(conn))
        return;
    conn->doomed = true;
    if (sqla__watched(conn->engine, SQLA_EVENT_INVALIDATE))
        sqla__event_conn(conn, SQLA_EVENT_INVALIDATE, 0, SQLA_OK, "");
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

sqla_status sqla_engine_warm_up(sqla_engine *db, uint32_t n, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (db == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no engine to warm up");
    if (sqla__engine_forked(db))
        return sqla__error_give(err, &local, sqla__refuse_forked(&local));
    sqla_status status = SQLA_OK;
    n = n < db->pool.kept ? n : db->pool.kept;
    while (status == SQLA_OK && sqla__place_add(&db->pool, n)) {
        sqla_conn *conn = NULL;
        status = open_in_place(db, &conn, &local);
        if (status == SQLA_OK)
            put(db, conn, false);
    }
    return sqla__error_give(err, &local, status);
}

sqla_pool_status sqla_engine_pool_status(const sqla_engine *db)
{
    sqla_pool_status status = { 0 };
    if (db == NULL || sqla__engine_forked(db))
        return status;
    sqla__connpool *pool = &((sqla_engine *)(uintptr_t)db)->pool; /* only its lock is written */
    pthread_mutex_lock(&pool->lock);
    status = pool->count;
    status.size = pool->places;
    status.idle = pool->idle_count;
    status.out = pool->places - pool->idle_count;
    status.waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
    return status;
}
