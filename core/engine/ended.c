/* ended.c: transactions that a statement ended, and not the program by commit or rollback.
 *
 *  * A raw COMMIT does that, and so does DDL where the database commits before it. Whoever goes on then
 * writes without a transaction, and a rollback takes nothing back. So the driver is asked after each
 * statement whether the transaction that was begun is still there, which costs no traffic; when it is not,
 * nothing more runs until the program has rolled back, and it is told which statement it was. */
#include <config.h>
#include "engine/engine.h"

#include <string.h>

#include "base/error.h"

void sqla__txn_began(sqla_conn *conn, sqla__begin how)
{
    sqla__txn_over(conn);
    conn->begun = conn->fresh = true;
    conn->how = how;
}

void sqla__txn_over(sqla_conn *conn)
{
    conn->begun = conn->fresh = conn->ended_told = false;
    conn->ended_by[0] = '\0';
}

/* A transaction that a failure ended, or made useless, is the failure's affair: the program has that
 * error. */
static bool is_open(sqla_conn *conn, sqla_status status)
{
    sqla_txn_state state = sqla__conn_txn_state(conn);
    return state == SQLA_TXN_ACTIVE || state == SQLA_TXN_LOST ||
           (state == SQLA_TXN_FAILED && status != SQLA_OK);
}

void sqla__txn_look(sqla_conn *conn, sqla_status status, const char *text, size_t length)
{
    if (!conn->begun)
        return;
    conn->fresh = false;
    if (conn->ended_by[0] == '\0' && !is_open(conn, status))
        sqla__first_words(conn, conn->ended_by, sizeof conn->ended_by, text, length);
}

bool sqla__conn_txn_lost(const sqla_conn *conn, const char **ret_by)
{
    if (conn->ended_by[0] != '\0' && ret_by != NULL)
        *ret_by = conn->ended_by;
    return conn->ended_by[0] != '\0';
}

sqla_status sqla__conn_txn_check(sqla_conn *conn, sqla_error *err)
{
    if (conn->ended_by[0] == '\0')
        return SQLA_OK;
    conn->ended_told = true;
    sqla__error_set(err, SQLA_ERR_ROLLBACK_FIRST, "the transaction is over: the statement '%s' has ended it",
        conn->ended_by);
    sqla__error_hint(err,
        "what was done before that statement was committed by it, unless it was a ROLLBACK; end transactions "
        "with the calls for that, and run statements that commit by themselves outside of them");
    sqla__engine_scrub(conn->engine, err);
    return SQLA_ERR_ROLLBACK_FIRST;
}

/* There is nothing to commit; but another transaction may be open, which goes, so that it is over as after
 * any commit that failed. */
sqla_status sqla__txn_cannot_commit(sqla_conn *conn, sqla_error *err)
{
    sqla_error dropped;
    sqla__error_init(&dropped);
    sqla__conn_txn_check(conn, err);
    err->status = sqla__conn_txn_state(conn) == SQLA_TXN_IDLE ? SQLA_ERR_MISUSE : SQLA_ERR_ROLLBACK_FIRST;
    sqla__error_prefix(err, "cannot commit: ");
    sqla__conn_rollback(conn, &dropped);
    return err->status;
}

sqla_status sqla__txn_rolled_back(sqla_conn *conn, sqla_error *err)
{
    bool told = conn->ended_told || sqla__conn_txn_check(conn, err) == SQLA_OK;
    sqla__txn_over(conn);
    if (told)
        return SQLA_OK;
    err->status = SQLA_ERR_MISUSE;
    sqla__error_prefix(err, "cannot roll back: ");
    return SQLA_ERR_MISUSE;
}

/* The rollback of a transaction in which nothing has run takes nothing away. */
bool sqla__txn_begin_anew(sqla_conn *conn)
{
    const sqla_txn_options options = { sizeof options, conn->how.flags, conn->deadline, conn->how.isolation,
        0 };
    sqla_error dropped;
    sqla__error_init(&dropped);
    if (!conn->begun || !conn->fresh)
        return false;
    sqla_status status = conn->driver->slots.rollback(conn, &options, &dropped);
    if (status == SQLA_OK)
        status = conn->driver->slots.begin(conn, &options, &dropped);
    conn->lost = conn->lost || status != SQLA_OK;
    return status == SQLA_OK;
}
