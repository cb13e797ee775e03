/* conn.c: the life of a connection after it was opened: transactions, checking, resetting, closing. */
#include <config.h>
#include "postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- closing --------------------------------------------------------------------------------------------------- */

/* PQfinish sends a farewell if that does not block, and waits for nothing. */
void postgres_close(sqla_driver_conn *conn)
{
    if (conn == NULL)
        return;
    postgres__intake_end(conn);
    PQfinish(conn->link);
    postgres__intake_release(conn);
    postgres__key_drop(conn->key);
    postgres__args_release(&conn->args);
    postgres__gate_release(&conn->gate);
    postgres__host->release(conn->dropped);
    postgres__host->release(conn->spare);
    postgres__host->release(conn);
}

/* The link belongs to the parent of this process, so its socket gets something harmless laid over it before libpq says
 * farewell. If that fails the handle is leaked, which is the smaller evil. */
void postgres_abandon(sqla_driver_conn *conn)
{
    int link = PQsocket(conn->link), null = link >= 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
    bool covered = link < 0 || (null >= 0 && dup3(null, link, O_CLOEXEC) == link);
    if (null >= 0)
        close(null);
    if (covered)
        postgres_close(conn);
}

/* ---- alive? ---------------------------------------------------------------------------------------------------- */

static sqla_status dead(sqla_driver_conn *conn, sqla_err *err)
{
    conn->lost = true;
    return postgres__fail(err, SQLA_ERR_DISCONNECTED, NULL, "the server has closed the connection");
}

/* A server that ends a session says so and closes the link, so an idle socket can be read then. What else comes on an
 * idle link is harmless: a notice, a changed setting. */
sqla_status postgres__look(sqla_driver_conn *conn, sqla_err *err)
{
    if (conn->lost || PQstatus(conn->link) == CONNECTION_BAD || postgres__key_late(conn->key))
        return dead(conn, err);
    for (int i = 0; i < 100 && conn->stream == NULL; i++) {
        struct pollfd fd = { PQsocket(conn->link), POLLIN, 0 };
        int n = poll(&fd, 1, 0);
        if (n == 0 || (n < 0 && errno == EINTR))
            break;
        char byte;
        ssize_t got = n < 0 ? 0 : recv(fd.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return dead(conn, err);
        conn->intake.begun = true; /* half of a message may be there already */
        if (postgres__take(conn) != SQLA_OK)
            return dead(conn, err);
        if (conn->lost || PQstatus(conn->link) == CONNECTION_BAD)
            return dead(conn, err);
    }
    return SQLA_OK;
}

/* ---- transactions ---------------------------------------------------------------------------------------------- */

sqla_txn_state postgres_txn_state(sqla_driver_conn *conn)
{
    if (conn->lost || PQstatus(conn->link) == CONNECTION_BAD)
        return SQLA_TXN_LOST;
    switch (PQtransactionStatus(conn->link)) {
    case PQTRANS_IDLE:
        return SQLA_TXN_IDLE;
    case PQTRANS_ACTIVE:
        return conn->before;
    case PQTRANS_INTRANS:
        return conn->begun && conn->over
                   ? SQLA_TXN_FAILED
                   : SQLA_TXN_ACTIVE; /* it is another one than that which begin began */
    case PQTRANS_INERROR:
        return SQLA_TXN_FAILED;
    case PQTRANS_UNKNOWN:
        break;
    }
    return SQLA_TXN_LOST;
}

static sqla_status run(sqla_driver_conn *conn, const char *text, int64_t deadline, sqla_err *err)
{
    sqla_status status = postgres__enter(conn, deadline, err);
    if (status == SQLA_OK) {
        status = postgres__simple(conn, text, NULL, err);
        postgres__leave(conn);
    }
    return status;
}

static uint32_t isolation_of(const sqla_txn_options *options)
{
    return options->struct_size >= offsetof(sqla_txn_options, isolation) + sizeof options->isolation ? options->isolation : 0;
}

sqla_status postgres_begin(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    static const char *const levels[] = { "", " ISOLATION LEVEL READ UNCOMMITTED", " ISOLATION LEVEL READ COMMITTED",
                                          " ISOLATION LEVEL REPEATABLE READ", " ISOLATION LEVEL SERIALIZABLE" };
    uint32_t isolation = isolation_of(options);
    bool reads = conn->read_only || (options->flags & SQLA_TXN_READ_ONLY) != 0;
    char text[384];
    if (postgres_txn_state(conn) == SQLA_TXN_ACTIVE || postgres_txn_state(conn) == SQLA_TXN_FAILED)
        return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "cannot begin: a transaction is open already");
    if (isolation >= sizeof levels / sizeof levels[0])
        return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "unknown isolation %u", (unsigned)isolation);
    snprintf(text, sizeof text, "BEGIN%s%s%s%s", levels[isolation], reads ? " READ ONLY" : "",
             (options->flags & SQLA_TXN_DEFERRABLE) != 0 ? " DEFERRABLE" : "", conn->pooled ? postgres__local_pins : "");
    sqla_status status = postgres__enter(conn, options->deadline, err);
    if (status != SQLA_OK)
        return status;
    postgres__drop_statements(conn);
    status = postgres__simple(conn, text, NULL, err);
    conn->begun = status == SQLA_OK;
    conn->over = false;
    postgres__leave(conn);
    return status;
}

/* The last answer that is not NULL, a failure before all. */
static sqla_status take_answer(sqla_driver_conn *conn, PGresult **ret_res)
{
    PGresult *res = NULL;
    sqla_status status = postgres__flush(conn);
    if (status == SQLA_ERR_TIMEOUT)
        return status;
    while ((status = postgres__next(conn, &res)) == SQLA_OK && res != NULL) {
        PQclear(*ret_res);
        *ret_res = res;
    }
    return status;
}

sqla_status postgres__decide(sqla_driver_conn *conn, const char *text, const char *what, const char *token, PGresult **ret_res, sqla_err *err)
{
    PGresult *res = NULL;
    if (PQsendQuery(conn->link, text) == 0)
        return postgres__broken(conn, SQLA_ERR_DISCONNECTED, err);
    sqla_status status = take_answer(conn, &res);
    if (res != NULL && !conn->lost && PQstatus(conn->link) == CONNECTION_OK) {
        *ret_res = res;
        return SQLA_OK;
    }
    status = postgres__undecided(conn, res, status, what, token, err);
    PQclear(res);
    return status;
}

/* The transaction's number, by which the server can be asked what became of it. One that has changed nothing has none. */
enum { TOKEN_SIZE = 32 };
static const char token_prefix[] = "xid:";

sqla_status postgres__take_token(sqla_driver_conn *conn, char token[TOKEN_SIZE], sqla_err *err)
{
    PGresult *res = NULL;
    bool new_names = PQserverVersion(conn->link) >= 130000;
    sqla_status status = postgres__simple(conn, new_names ? "SELECT pg_catalog.pg_current_xact_id_if_assigned()" :
                                          "SELECT pg_catalog.txid_current_if_assigned()", &res, err);
    token[0] = '\0';
    if (status == SQLA_OK && PQntuples(res) == 1 && !PQgetisnull(res, 0, 0))
        snprintf(token, TOKEN_SIZE, "%s%.20s", token_prefix, PQgetvalue(res, 0, 0));
    PQclear(res);
    return status;
}

static sqla_status send_commit(sqla_driver_conn *conn, const char *token, sqla_err *err)
{
    PGresult *res = NULL;
    sqla_status status = postgres__decide(conn, "COMMIT", "COMMIT", token, &res, err);
    if (status != SQLA_OK)
        return status;
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        status = postgres__failed(conn, res, 0, err);
    else if (strcmp(PQcmdStatus(res), "COMMIT") != 0)
        status = postgres__fail(err, SQLA_ERR_ROLLBACK_FIRST, NULL, "cannot commit: the server rolled the transaction back");
    PQclear(res);
    return status;
}

/* A session that the server has ended before COMMIT is sent has certainly not committed; asking for that is one look. */
sqla_status postgres_commit(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    sqla_txn_state state = postgres_txn_state(conn);
    if (state == SQLA_TXN_FAILED)
        return postgres__fail(err, SQLA_ERR_ROLLBACK_FIRST, NULL, "cannot commit: a statement of the transaction failed, so it can only be rolled back");
    if (state == SQLA_TXN_IDLE)
        return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "cannot commit: no transaction is open");
    sqla_status status = postgres__look(conn, err);
    if (status == SQLA_OK)
        status = postgres__enter(conn, options->deadline, err);
    if (status != SQLA_OK)
        return status;
    char token[TOKEN_SIZE] = "";
    if ((options->flags & SQLA_TXN_TOKEN) != 0)
        status = postgres__take_token(conn, token, err);
    if (status == SQLA_OK)
        status = send_commit(conn, token[0] != '\0' ? token : NULL, err);
    postgres__leave(conn);
    return status;
}

static int32_t outcome_of(const PGresult *res)
{
    const char *said = PQntuples(res) == 1 && !PQgetisnull(res, 0, 0) ? PQgetvalue(res, 0, 0) : "";
    return strcmp(said, "committed") == 0 ? SQLA_OUTCOME_COMMITTED : strcmp(said, "aborted") == 0 ? SQLA_OUTCOME_ROLLED_BACK :
           strcmp(said, "in progress") == 0 ? SQLA_OUTCOME_IN_PROGRESS : SQLA_OUTCOME_UNKNOWN;
}

sqla_status postgres_resolve(sqla_driver_conn *conn, const char *outcome, int64_t deadline, int32_t *ret_outcome, sqla_err *err)
{
    const size_t n = sizeof token_prefix - 1;
    const char *number = strncmp(outcome, token_prefix, n) == 0 ? outcome + n : "";
    size_t digits = strspn(number, "0123456789");
    PGresult *res = NULL;
    char text[96];
    if (digits == 0 || digits > 20 || number[digits] != '\0')
        return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "'%.63s' names no transaction", outcome);
    snprintf(text, sizeof text, PQserverVersion(conn->link) >= 130000 ? "SELECT pg_catalog.pg_xact_status('%s')" :
             "SELECT pg_catalog.txid_status(%s)", number);
    sqla_status status = postgres__enter(conn, deadline, err);
    if (status != SQLA_OK)
        return status;
    status = postgres__simple(conn, text, &res, err);
    postgres__leave(conn);
    if (status == SQLA_OK)
        *ret_outcome = outcome_of(res);
    PQclear(res);
    return status;
}

sqla_status postgres_rollback(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    if (postgres_txn_state(conn) == SQLA_TXN_IDLE && conn->stream == NULL)
        return SQLA_OK;
    sqla_status status = run(conn, "ROLLBACK", options->deadline, err);
    conn->begun = conn->begun && status != SQLA_OK;
    return status;
}

/* The server cuts a name that is longer than it keeps, so that two savepoints would become one; and what it refuses ends the
 * transaction. So what cannot be is refused here. */
static sqla_status check_name(const char *name, sqla_err *err)
{
    size_t n = strlen(name);
    if (n == 0)
        return postgres__fail(err, SQLA_ERR_SQL, NULL, "the name of a savepoint is empty");
    if (!postgres__utf8_valid(name, n))
        return postgres__fail(err, SQLA_ERR_SQL, NULL, "the name of a savepoint is not valid UTF-8");
    if (n > postgres__traits.max_identifier)
        return postgres__fail(err, SQLA_ERR_SQL, NULL, "the name of a savepoint has %zu bytes, and the server keeps %u", n,
                              (unsigned)postgres__traits.max_identifier);
    return SQLA_OK;
}

sqla_status postgres_savepoint(sqla_driver_conn *conn, int32_t op, const char *name, sqla_err *err)
{
    const char *verb = op == SQLA_SAVEPOINT_SET ? "SAVEPOINT" : op == SQLA_SAVEPOINT_RELEASE ? "RELEASE SAVEPOINT" :
                       op == SQLA_SAVEPOINT_ROLLBACK ? "ROLLBACK TO SAVEPOINT" : NULL;
    if (verb == NULL)
        return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "unknown savepoint operation %d", (int)op);
    sqla_status status = check_name(name, err);
    if (status != SQLA_OK)
        return status;
    char text[320], *quoted = PQescapeIdentifier(conn->link, name, strlen(name));
    if (quoted == NULL)
        return postgres__nomem(err);
    snprintf(text, sizeof text, "%s %s", verb, quoted);
    PQfreemem(quoted);
    return run(conn, text, conn->told, err);
}

/* Rows that are being read or copied have it at once. Once the deadline has passed they are being cancelled, and nothing changes that. */
void postgres_set_deadline(sqla_driver_conn *conn, int64_t deadline)
{
    conn->told = deadline;
    if ((conn->stream != NULL || conn->copying) && !conn->timed_out)
        postgres__set_deadline(conn, deadline);
}

/* ---- between two programs ---------------------------------------------------------------------------------------- */

/* The empty statement is the cheapest, and is answered even in a transaction that has failed. */
sqla_status postgres_ping(sqla_driver_conn *conn, uint32_t flags, int64_t deadline, sqla_err *err)
{
    sqla_status status = postgres__look(conn, err);
    if (status != SQLA_OK || (flags & SQLA_PING_LOOK) != 0)
        return status;
    return run(conn, "", deadline, err);
}

/* Prepared statements of the driver stay; those that somebody made with PREPARE go. To ask for them costs more than all the
 * rest, so it is done after a statement that may have made some. */
static sqla_status drop_foreign_statements(sqla_driver_conn *conn, sqla_err *err)
{
    static const char names[] = "SELECT pg_catalog.string_agg(pg_catalog.concat('DEALLOCATE ', pg_catalog.quote_ident(name)), '; ') "
                                "FROM pg_catalog.pg_prepared_statements WHERE from_sql";
    PGresult *res = NULL;
    if (!conn->may_have_prepared)
        return SQLA_OK;
    sqla_status status = postgres__simple(conn, names, &res, err);
    if (status == SQLA_OK && PQntuples(res) == 1 && !PQgetisnull(res, 0, 0))
        status = postgres__simple(conn, PQgetvalue(res, 0, 0), NULL, err);
    PQclear(res);
    conn->may_have_prepared = status != SQLA_OK;
    return status;
}

/* DISCARD ALL, less DEALLOCATE ALL and what would make plans anew. All of it is one statement to the server: done, or not. */
sqla_status postgres_reset(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    char text[512];
    if (postgres_txn_state(conn) == SQLA_TXN_ACTIVE || postgres_txn_state(conn) == SQLA_TXN_FAILED)
        return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "cannot reset the session: a transaction is open");
    snprintf(text, sizeof text,
             "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; SELECT pg_catalog.pg_advisory_unlock_all(); "
             "DISCARD TEMP; DISCARD SEQUENCES; %s", postgres__pins(conn));
    sqla_status status = postgres__enter(conn, deadline, err);
    if (status != SQLA_OK)
        return status;
    status = postgres__simple(conn, text, NULL, err);
    if (status == SQLA_OK)
        status = drop_foreign_statements(conn, err);
    if (status == SQLA_OK)
        postgres__drop_statements(conn);
    postgres__leave(conn);
    return status;
}
