/* twophase.c: transactions that are prepared, and finished later (sqla/twophase.h). */
#include <config.h>
#include "engine/engine.h"

#include "base/error.h"

/* Is there a driver that can, a name, and a transaction in the state that the call needs? */
static sqla_status check(sqla_conn *conn, const char *gid, bool inside, const char *what, sqla_error *err)
{
    if (conn == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no connection");
    if (conn->driver->twophase.struct_size == 0)
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "cannot %s: driver '%s' has no two-phase commit", what, conn->driver->name);
    if (gid == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot %s: it needs a name", what);
    sqla_status status = sqla__conn_start(conn, 0, err);
    if (status != SQLA_OK)
        return status;
    bool idle = !conn->autocommit && sqla__conn_txn_state(conn) == SQLA_TXN_IDLE;
    if (inside && (idle || conn->autocommit))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot %s: no transaction is open; it was never begun, or the database rolled it back", what);
    if (!inside && !idle)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot %s while a transaction is open", what);
    return SQLA_OK;
}

sqla_status sqla_conn_prepare(sqla_conn *conn, const char *gid, sqla_error *err)
{
    sqla_error local, dropped;
    sqla__error_init(&local);
    sqla_status status = check(conn, gid, true, "prepare the transaction", &local);
    if (status != SQLA_OK)
        return sqla__error_give(err, &local, status);
    int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_PREPARE);
    status = conn->driver->twophase.prepare(conn->handle, gid, conn->deadline, sqla__opaque(&local));
    if (status != SQLA_OK)
        status = sqla__conn_failed(conn, status, &local);
    else
        sqla__txn_over(conn);
    sqla__event_txn(conn, SQLA_EVENT_PREPARE, gid, start, status, &local);
    sqla__error_init(&dropped);
    if (status != SQLA_OK && !conn->lost)
        sqla__conn_rollback(conn, &dropped);
    return sqla__error_give(err, &local, status);
}

static sqla_status finish(sqla_conn *conn, const char *gid, bool commit, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = check(conn, gid, false, commit ? "commit a prepared transaction" : "roll a prepared transaction back", &local);
    if (status != SQLA_OK)
        return sqla__error_give(err, &local, status);
    sqla_event_kind kind = commit ? SQLA_EVENT_COMMIT_PREPARED : SQLA_EVENT_ROLLBACK_PREPARED;
    int64_t start = sqla__event_start(conn->engine, kind);
    status = conn->driver->twophase.finish(conn->handle, gid, commit, conn->deadline, sqla__opaque(&local));
    if (status != SQLA_OK)
        status = sqla__conn_failed(conn, status, &local);
    sqla__event_txn(conn, kind, gid, start, status, &local);
    return sqla__error_give(err, &local, status);
}

sqla_status sqla_conn_commit_prepared(sqla_conn *conn, const char *gid, sqla_error *err)
{
    return finish(conn, gid, true, err);
}

sqla_status sqla_conn_rollback_prepared(sqla_conn *conn, const char *gid, sqla_error *err)
{
    return finish(conn, gid, false, err);
}

/* Where the driver's records go on to the program's function. */
typedef struct program_sink {
    sqla_prepared_sink base;
    sqla_recover_fn *fn;
    void *data;
    sqla_error failure;            /* of fn */
    bool stopped;
} program_sink;

static sqla_status push(sqla_prepared_sink *sink, const sqla_prepared_record *record)
{
    program_sink *to = (program_sink *)(void *)sink;
    const sqla_prepared_transaction prepared = { record->gid, record->owner != NULL ? record->owner : "", { record->since } };
    sqla_status status = to->fn(to->data, &prepared, &to->failure);
    to->stopped = status != SQLA_OK;
    return status;
}

sqla_status sqla_conn_recover(sqla_conn *conn, sqla_recover_fn *fn, void *data, sqla_error *err)
{
    program_sink sink = { { push }, fn, data, SQLA_ERROR_INIT, false };
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = check(conn, "", false, "list prepared transactions", &local);
    if (status == SQLA_OK && fn == NULL)
        status = sqla__error_set(&local, SQLA_ERR_MISUSE, "there is no function to give the prepared transactions to");
    if (status != SQLA_OK)
        return sqla__error_give(err, &local, status);
    status = conn->driver->twophase.recover(conn->handle, &sink.base, conn->deadline, sqla__opaque(&local));
    if (sink.stopped)
        return sqla__error_give(err, &sink.failure, status);
    if (status != SQLA_OK)
        status = sqla__conn_failed(conn, status, &local);
    return sqla__error_give(err, &local, status);
}
