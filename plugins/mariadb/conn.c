/* conn.c: the life of a connection after it was opened: transactions, checking, resetting.
 *
 * Each answer that is no failure says whether a transaction is open. A failure does not, so the server is asked then (mariadb__failed):
 * it ends transactions by itself, over a deadlock, and so does any statement of DDL, whether it works or not. */
#include <config.h>
#include "mariadb.h"

#include <poll.h>
#include <string.h>

/* ---- alive? ---------------------------------------------------------------------------------------------------- */

/* The server says nothing on an idle link but that it closes it. */
sqla_status mariadb__look(sqla_driver_conn *conn, sqla_err *err)
{
    struct pollfd fd = { mysql_get_socket(conn->link), POLLIN, 0 };
    bool idle = conn->stream == NULL;
    if (!conn->lost && !mariadb__gate_late(&conn->gate) && (!idle || poll(&fd, 1, 0) <= 0))
        return SQLA_OK;
    conn->lost = true;
    return mariadb__fail(err, SQLA_ERR_DISCONNECTED, NULL, "the server has closed the connection");
}

static sqla_status run(sqla_driver_conn *conn, const char *text, int64_t deadline, sqla_err *err)
{
    sqla_status status = mariadb__enter(conn, deadline, err);
    if (status == SQLA_OK) {
        status = mariadb__simple(conn, text, err);
        mariadb__leave(conn);
    }
    return status;
}

sqla_status mariadb_ping(sqla_driver_conn *conn, uint32_t flags, int64_t deadline, sqla_err *err)
{
    sqla_status status = mariadb__look(conn, err);
    if (status != SQLA_OK || (flags & SQLA_PING_LOOK) != 0)
        return status;
    status = mariadb__enter_any(conn, deadline, err);
    if (status == SQLA_OK) {
        status = mariadb__simple(conn, "DO 0", err);
        mariadb__leave(conn);
    }
    return status;
}

/* ---- transactions ---------------------------------------------------------------------------------------------- */

sqla_txn_state mariadb_txn_state(sqla_driver_conn *conn)
{
    if (conn->lost)
        return SQLA_TXN_LOST;
    return conn->undone ? SQLA_TXN_FAILED : mariadb__server_state(conn);
}

/* The level of the session, which is that of its transactions. One that is chosen for a single transaction could not be asked for
 * afterwards: the server's variable tells the session's. */
static sqla_status set_level(sqla_driver_conn *conn, uint32_t level, sqla_err *err)
{
    static const char *const levels[] = { "", "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE" };
    char text[64];
    if (level == SQLA_ISOLATION_DEFAULT || level == conn->level)
        return SQLA_OK;
    snprintf(text, sizeof text, "SET SESSION TRANSACTION ISOLATION LEVEL %s", levels[level]);
    sqla_status status = mariadb__simple(conn, text, err);
    if (status == SQLA_OK)
        conn->level = level;
    return status;
}

static uint32_t isolation_of(const sqla_txn_options *options)
{
    return options->struct_size >= offsetof(sqla_txn_options, isolation) + sizeof options->isolation ? options->isolation : 0;
}

sqla_status mariadb_begin(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    uint32_t level = isolation_of(options);
    if (mariadb_txn_state(conn) == SQLA_TXN_ACTIVE || mariadb_txn_state(conn) == SQLA_TXN_FAILED)
        return mariadb__fail(err, SQLA_ERR_MISUSE, NULL, "cannot begin: a transaction is open already");
    if (level > SQLA_SERIALIZABLE)
        return mariadb__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "unknown isolation %u", (unsigned)level);
    sqla_status status = mariadb__enter(conn, options->deadline, err);
    if (status != SQLA_OK)
        return status;
    status = set_level(conn, level != SQLA_ISOLATION_DEFAULT ? level : conn->usual_level, err);
    if (status == SQLA_OK)
        status = mariadb__simple(conn, (options->flags & SQLA_TXN_READ_ONLY) != 0 ? "START TRANSACTION READ ONLY" : "START TRANSACTION", err);
    conn->begun = status == SQLA_OK;
    mariadb__leave(conn);
    return status;
}

/* Behind COMMIT a broken link leaves open what has happened. */
static sqla_status undecided(sqla_driver_conn *conn, sqla_status status, sqla_err *err)
{
    conn->lost = true;
    if (conn->flooded)
        return mariadb__flooded(
            conn, SQLA_ERR_UNKNOWN_OUTCOME, " while COMMIT was under way, so it may have happened", err);
    return mariadb__fail(err, SQLA_ERR_UNKNOWN_OUTCOME, NULL, "%s while COMMIT was under way, so it may have happened",
                         status == SQLA_ERR_TIMEOUT || conn->timed_out ? "the deadline passed" : "the connection broke");
}

static bool is_link_broken(unsigned number) { return number == 2006 || number == 2013 || number == 2055; }

static sqla_status send_commit(sqla_driver_conn *conn, sqla_err *err)
{
    static const char text[] = "COMMIT";
    mariadb__call query = { .kind = MARIADB__QUERY, .text = text, .length = sizeof text - 1 };
    sqla_status status = mariadb__call_run(conn, &query);
    if (status != SQLA_OK || (query.answer != 0 && is_link_broken(mysql_errno(conn->link))))
        return undecided(conn, status, err);
    if (query.answer != 0)
        return mariadb__failed(conn, NULL, text, 0, err);
    conn->begun = false;
    (void)set_level(conn, conn->usual_level, NULL); /* begin tries again; and what is committed is committed */
    return SQLA_OK;
}

/* A session that the server has ended before COMMIT is sent has certainly not committed; asking for that is one look. */
sqla_status mariadb_commit(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    sqla_txn_state state = mariadb_txn_state(conn);
    if (state == SQLA_TXN_FAILED)
        return mariadb__fail(err, SQLA_ERR_ROLLBACK_FIRST, NULL, "cannot commit: the server has ended the transaction, so it can only be rolled back");
    if (state == SQLA_TXN_IDLE)
        return mariadb__fail(err, SQLA_ERR_MISUSE, NULL, "cannot commit: no transaction is open");
    sqla_status status = mariadb__look(conn, err);
    if (status == SQLA_OK)
        status = mariadb__enter(conn, options->deadline, err);
    if (status != SQLA_OK)
        return status;
    status = send_commit(conn, err);
    mariadb__leave(conn);
    return status;
}

sqla_status mariadb_rollback(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    if (mariadb_txn_state(conn) == SQLA_TXN_IDLE && conn->stream == NULL)
        return SQLA_OK;
    sqla_status status = mariadb__enter_any(conn, options->deadline, err);
    if (status != SQLA_OK)
        return status;
    status = mariadb__simple(conn, "ROLLBACK", err);
    if (status == SQLA_OK) {
        conn->undone = conn->begun = false;
        (void)set_level(conn, conn->usual_level, NULL);
    }
    mariadb__leave(conn);
    return status;
}

/* ---- savepoints ------------------------------------------------------------------------------------------------ */

static sqla_status check_name(const char *name, sqla_err *err)
{
    size_t n = strlen(name);
    if (n == 0 || n > mariadb__traits.max_identifier)
        return mariadb__fail(err, SQLA_ERR_SQL, NULL, "the name of a savepoint has %zu bytes, and the server takes 1 to %u", n,
                             (unsigned)mariadb__traits.max_identifier);
    if (!mariadb__utf8_valid(name, n))
        return mariadb__fail(err, SQLA_ERR_SQL, NULL, "the name of a savepoint is not valid UTF-8");
    return SQLA_OK;
}

sqla_status mariadb_savepoint(sqla_driver_conn *conn, int32_t op, const char *name, sqla_err *err)
{
    const char *verb = op == SQLA_SAVEPOINT_SET ? "SAVEPOINT" : op == SQLA_SAVEPOINT_RELEASE ? "RELEASE SAVEPOINT" :
                       op == SQLA_SAVEPOINT_ROLLBACK ? "ROLLBACK TO SAVEPOINT" : NULL;
    if (verb == NULL)
        return mariadb__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "unknown savepoint operation %d", (int)op);
    sqla_status status = check_name(name, err);
    if (status != SQLA_OK)
        return status;
    char text[192];
    int n = snprintf(text, sizeof text, "%s `", verb);
    for (; *name != '\0'; name++) {
        text[n++] = *name;
        if (*name == '`')
            text[n++] = '`';
    }
    text[n++] = '`';
    text[n] = '\0';
    return run(conn, text, conn->told, err);
}

/* ---- between two programs ---------------------------------------------------------------------------------------- */

/* Rows that are being read have it at once. Once the deadline has passed they are being cancelled, and nothing changes that. */
void mariadb_set_deadline(sqla_driver_conn *conn, int64_t deadline)
{
    conn->told = deadline;
    if (conn->stream != NULL && !conn->timed_out)
        mariadb__set_deadline(conn, deadline);
}

/* The server forgets everything, prepared statements too: ours are prepared anew when they are next run. The database in use is the
 * one thing that it keeps. */
static sqla_status reset(sqla_driver_conn *conn, sqla_err *err)
{
    mariadb__call forget = { .kind = MARIADB__RESET }, use = { .kind = MARIADB__USE, .text = conn->recipe->database };
    sqla_status status = mariadb__call_run(conn, &forget);
    if (status == SQLA_OK && forget.answer == 0 && use.text != NULL)
        status = mariadb__call_run(conn, &use);
    if (status != SQLA_OK)
        return mariadb__broken(conn, status, err);
    if (forget.answer != 0 || use.answer != 0)
        return mariadb__failed(conn, NULL, NULL, 0, err);
    conn->generation++;
    conn->level = conn->usual_level;
    return mariadb__pin(conn, err);
}

sqla_status mariadb_reset(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    if (mariadb_txn_state(conn) == SQLA_TXN_ACTIVE || mariadb_txn_state(conn) == SQLA_TXN_FAILED)
        return mariadb__fail(err, SQLA_ERR_MISUSE, NULL, "cannot reset the session: a transaction is open");
    sqla_status status = mariadb__enter(conn, deadline, err);
    if (status == SQLA_OK) {
        status = reset(conn, err);
        mariadb__leave(conn);
    }
    return status;
}
