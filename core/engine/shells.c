/* shells.c: the handles that programs have of connections, apart from the connections.
 *
 * A connection that is given back goes on in another shell, and the one that its user knows stays behind empty, so that a
 * handle that is used after it was closed is told from one that is good. Shells are memory of the engine until its end. An
 * empty one is used again after many others were: for ever would be better, but would be memory without bound. */
#include <config.h>
#include "engine/engine.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

enum { SPARE_SHELLS = 32 };

static bool cond_init_monotonic(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 && pthread_cond_init(cond, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return ok;
}

/* Under the lock. An empty shell, the one that was closed longest ago, or one of fresh memory. */
static sqla_conn *shell_take(sqla__connpool *pool)
{
    sqla_conn *conn = pool->spare;
    if (pool->spare_count >= SPARE_SHELLS) {
        pool->spare = conn->next;
        pool->spare_count--;
        return conn;
    }
    conn = sqla__alloc_zero(1, sizeof *conn);
    if (conn == NULL)
        return NULL;
    if (!cond_init_monotonic(&conn->cancel.done)) {
        sqla__free(conn);
        return NULL;
    }
    pthread_mutex_init(&conn->cancel.lock, NULL);
    conn->shell_next = pool->shells;
    pool->shells = conn;
    return conn;
}

/* Under the lock. Whatever is asked of an empty shell, no driver hears of it. */
static void shell_put(sqla__connpool *pool, sqla_conn *conn)
{
    const size_t shell = offsetof(sqla_conn, driver) + sizeof conn->driver;
    memset((char *)conn + shell, 0, sizeof *conn - shell);
    conn->cancel.handle = NULL;
    conn->lost = true;
    if (pool->spare_count > 0)
        pool->spare_last->next = conn;
    else
        pool->spare = conn;
    pool->spare_last = conn;
    pool->spare_count++;
}

sqla_conn *sqla__shell_new(sqla_engine *db)
{
    pthread_mutex_lock(&db->pool.lock);
    sqla_conn *conn = shell_take(&db->pool);
    pthread_mutex_unlock(&db->pool.lock);
    if (conn == NULL)
        return NULL;
    conn->engine = db;
    conn->driver = db->driver;
    conn->lost = false;
    conn->next = NULL;
    conn->born = sqla__now_ns();
    conn->info.struct_size = sizeof conn->info;
    return conn;
}

/* In a forked child the lock may be held by a thread that is not there; the shell is freed with the engine. */
void sqla__shell_drop(sqla_conn *conn)
{
    sqla__connpool *pool = &conn->engine->pool;
    sqla__free(conn->spare);
    conn->spare = NULL;
    if (sqla__engine_forked(conn->engine))
        return;
    pthread_mutex_lock(&pool->lock);
    shell_put(pool, conn);
    pthread_mutex_unlock(&pool->lock);
}

sqla_conn *sqla__shell_change(sqla_conn *conn)
{
    sqla__connpool *pool = &conn->engine->pool;
    sqla_conn *fresh = shell_take(pool);
    if (fresh == NULL)
        return conn;
    const size_t shell = offsetof(sqla_conn, driver);
    memcpy((char *)fresh + shell, (const char *)conn + shell, sizeof *conn - shell);
    fresh->engine = conn->engine;
    fresh->cancel.handle = conn->cancel.handle;
    shell_put(pool, conn);
    return fresh;
}

void sqla__shells_release(sqla__connpool *pool)
{
    for (sqla_conn *conn = pool->shells, *next; conn != NULL; conn = next) {
        next = conn->shell_next;
        pthread_cond_destroy(&conn->cancel.done);
        pthread_mutex_destroy(&conn->cancel.lock);
        sqla__free(conn->spare);
        sqla__free(conn);
    }
    pool->shells = NULL;
}
