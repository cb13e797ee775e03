/* target.c: engines and connections as places where statements run (sql/target.h).
 *
 * An engine lends a connection for one statement, which commits by itself. Rows become plain structs in both. */
#include <config.h>
#include "engine/engine.h"

#include "base/error.h"

void sqla__adopt(sqla_stmt **list, sqla_stmt *q)
{
    q->previous = NULL;
    q->next = *list;
    if (*list != NULL)
        (*list)->previous = q;
    *list = q;
}

void sqla__disown(sqla_stmt **list, sqla_stmt *q)
{
    *(q->previous != NULL ? &q->previous->next : list) = q->next;
    if (q->next != NULL)
        q->next->previous = q->previous;
    q->previous = q->next = NULL;
}

/* ---- engine ---------------------------------------------------------------------------------------------------- */

static void engine_adopt(void *self, sqla_stmt *q)
{
    sqla_engine *db = self;
    pthread_mutex_lock(&db->lock);
    sqla__adopt(&db->statements, q);
    pthread_mutex_unlock(&db->lock);
}

static void engine_disown(void *self, sqla_stmt *q)
{
    sqla_engine *db = self;
    pthread_mutex_lock(&db->lock);
    sqla__disown(&db->statements, q);
    pthread_mutex_unlock(&db->lock);
}

static sqla_status engine_acquire(void *self, sqla_stmt *q, sqla_conn **ret_conn, sqla_error *err)
{
    (void)q;
    return sqla__conn_acquire(self, ret_conn, err);
}

static void engine_release(void *self, sqla_conn *conn, sqla_status status)
{
    (void)self;
    (void)status;
    sqla__conn_release(conn);
}

static const sqla_traits *engine_traits(void *self)
{
    return sqla__engine_traits(self);
}

static const struct sqla_target_ops engine_ops = { engine_adopt, engine_disown, engine_acquire, engine_release, engine_traits, NULL };

sqla_target sqla_on_engine_(sqla_engine *db)
{
    return (sqla_target){ db != NULL ? &engine_ops : NULL, db };
}

/* ---- connection ------------------------------------------------------------------------------------------------ */

static void conn_adopt(void *self, sqla_stmt *q)
{
    sqla__adopt(&((sqla_conn *)self)->statements, q);
}

static void conn_disown(void *self, sqla_stmt *q)
{
    sqla__disown(&((sqla_conn *)self)->statements, q);
}

static sqla_status conn_acquire(void *self, sqla_stmt *q, sqla_conn **ret_conn, sqla_error *err)
{
    (void)q;
    sqla_status status = sqla__conn_check(self, err);
    if (status == SQLA_OK)
        *ret_conn = self;
    return status;
}

static void conn_release(void *self, sqla_conn *conn, sqla_status status)
{
    (void)self;
    (void)conn;
    (void)status;
}

static const sqla_traits *conn_traits(void *self)
{
    return sqla__conn_traits(self);
}

static const struct sqla_target_ops conn_ops = { conn_adopt, conn_disown, conn_acquire, conn_release, conn_traits, NULL };

sqla_target sqla_on_conn_(sqla_conn *conn)
{
    return (sqla_target){ conn != NULL && sqla__conn_is_open(conn) ? &conn_ops : NULL, conn };
}
