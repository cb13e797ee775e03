/* target.c: engines and connections as places where statements run (sql/target.h).
 *
 * An engine lends a connection for one statement, which commits by itself. Rows become plain structs in both. */
#include <config.h>
#include "engine/engine.h"

#include "base/error.h"

/* ---- engine ---------------------------------------------------------------------------------------------------- */

static sqla__stmts *engine_statements(void *self) { return &((sqla_engine *)self)->statements; }

static bool each_run(void *self)
{
    (void)self;
    return true;
}

static sqla_status engine_acquire(void *self, sqla__stmt *q, bool stream, sqla_conn **ret_conn, sqla_error *err)
{
    (void)q, (void)stream;
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

static const struct sqla_target_ops engine_ops = { engine_statements, each_run, engine_acquire, engine_release,
                                                   engine_traits, NULL };

sqla_target sqla_on_engine_(sqla_engine *db)
{
    return (sqla_target){ db != NULL ? &engine_ops : NULL, db };
}

/* ---- connection ------------------------------------------------------------------------------------------------ */

static sqla__stmts *conn_statements(void *self) { return &((sqla_conn *)self)->statements; }

/* Without a transaction each statement is one. */
static bool conn_over(void *self)
{
    sqla_conn *conn = self;
    return !conn->autocommit && (conn->lost || sqla__conn_txn_state(conn) == SQLA_TXN_IDLE);
}

static sqla_status conn_acquire(void *self, sqla__stmt *q, bool stream, sqla_conn **ret_conn, sqla_error *err)
{
    (void)q, (void)stream;
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

static const struct sqla_target_ops conn_ops = { conn_statements, conn_over, conn_acquire, conn_release,
                                                 conn_traits, NULL };

sqla_target sqla_on_conn_(sqla_conn *conn)
{
    return (sqla_target){ conn != NULL && sqla__conn_is_open(conn) ? &conn_ops : NULL, conn };
}
