/* twophase.c: transactions that are prepared, and finished later (the extension "sqla.twophase/1").
 *
 * What ends or finishes a transaction may have happened when the link breaks meanwhile, so it is sent as COMMIT is. */
#include <config.h>
#include "postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_GID = 199 }; /* bytes of a name that the server takes (its GIDSIZE) */

static sqla_status check_gid(const char *gid, sqla_err *err)
{
    size_t n = strlen(gid);
    if (n == 0)
        return postgres__fail(err, SQLA_ERR_SQL, NULL, "the name of a prepared transaction is empty");
    if (!postgres__utf8_valid(gid, n))
        return postgres__fail(err, SQLA_ERR_SQL, NULL, "the name of a prepared transaction is not valid UTF-8");
    if (n > MAX_GID)
        return postgres__fail(err, SQLA_ERR_SQL, NULL, "the name of a prepared transaction has %zu bytes, and the server takes %d", n, MAX_GID);
    return SQLA_OK;
}

/* verb: "PREPARE TRANSACTION", which is also the tag of an answer that says so. */
static sqla_status send_verb(sqla_driver_conn *conn, const char *verb, const char *gid, PGresult **ret_res, sqla_err *err)
{
    char text[2 * MAX_GID + 64], *quoted = PQescapeLiteral(conn->link, gid, strlen(gid));
    if (quoted == NULL)
        return postgres__nomem(err);
    snprintf(text, sizeof text, "%s %s", verb, quoted);
    PQfreemem(quoted);
    return postgres__decide(conn, text, verb, NULL, ret_res, err);
}

static bool has_sqlstate(const PGresult *res, const char *sqlstate)
{
    const char *found = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    return found != NULL && strcmp(found, sqlstate) == 0;
}

static sqla_status judge(sqla_driver_conn *conn, PGresult *res, const char *verb, const char *gid, sqla_err *err)
{
    const sqla_err_fields disabled = { .sqlstate = "55000", .hint = "set max_prepared_transactions in the server's configuration" };
    const sqla_err_fields missing = { .sqlstate = "42704" };
    if (PQresultStatus(res) != PGRES_COMMAND_OK && has_sqlstate(res, disabled.sqlstate))
        return postgres__fail(err, SQLA_ERR_UNSUPPORTED, &disabled, "%s", PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
    if (PQresultStatus(res) != PGRES_COMMAND_OK && has_sqlstate(res, missing.sqlstate))
        return postgres__fail(err, SQLA_ERR_NOT_FOUND, &missing, "there is no prepared transaction '%s'", gid);
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        return postgres__failed(conn, res, 0, err);
    if (strcmp(PQcmdStatus(res), verb) != 0)
        return postgres__fail(err, SQLA_ERR_ROLLBACK_FIRST, NULL, "cannot prepare: the server rolled the transaction back");
    return SQLA_OK;
}

static sqla_status run_verb(sqla_driver_conn *conn, const char *verb, const char *gid, int64_t deadline, sqla_err *err)
{
    PGresult *res = NULL;
    sqla_status status = check_gid(gid, err);
    if (status == SQLA_OK)
        status = postgres__enter(conn, deadline, err);
    if (status != SQLA_OK)
        return status;
    status = send_verb(conn, verb, gid, &res, err);
    if (status == SQLA_OK)
        status = judge(conn, res, verb, gid, err);
    PQclear(res);
    postgres__leave(conn);
    return status;
}

/* The server takes a failed transaction back and calls that an answer; so it is not even asked. */
static sqla_status postgres_twophase_prepare(sqla_driver_conn *conn, const char *gid, int64_t deadline, sqla_err *err)
{
    sqla_txn_state state = postgres_txn_state(conn);
    if (state == SQLA_TXN_FAILED)
        return postgres__fail(err, SQLA_ERR_ROLLBACK_FIRST, NULL, "cannot prepare: a statement of the transaction failed, so it can only be rolled back");
    if (state == SQLA_TXN_IDLE)
        return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "cannot prepare: no transaction is open");
    return run_verb(conn, "PREPARE TRANSACTION", gid, deadline, err);
}

static sqla_status postgres_twophase_finish(sqla_driver_conn *conn, const char *gid, int32_t commit, int64_t deadline, sqla_err *err)
{
    sqla_txn_state state = postgres_txn_state(conn);
    if (state == SQLA_TXN_ACTIVE || state == SQLA_TXN_FAILED)
        return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "a prepared transaction cannot be finished inside of another");
    return run_verb(conn, commit != 0 ? "COMMIT PREPARED" : "ROLLBACK PREPARED", gid, deadline, err);
}

/* Those of other databases are seen there, and can only be finished there. */
static sqla_status postgres_twophase_recover(sqla_driver_conn *conn, sqla_prepared_sink *sink, int64_t deadline, sqla_err *err)
{
    static const char query[] = "SELECT gid, owner, database, (extract(epoch FROM prepared) * 1000000)::pg_catalog.int8 "
                                "FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database() ORDER BY prepared, gid";
    PGresult *res = NULL;
    sqla_status status = postgres__enter(conn, deadline, err);
    if (status != SQLA_OK)
        return status;
    status = postgres__simple(conn, query, &res, err);
    postgres__leave(conn);
    for (int i = 0; status == SQLA_OK && i < PQntuples(res); i++) {
        const sqla_prepared_record record = { sizeof record, 0, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1), PQgetvalue(res, i, 2),
                                              strtoll(PQgetvalue(res, i, 3), NULL, 10) };
        status = sink->push(sink, &record);
    }
    PQclear(res);
    return status;
}

const sqla_twophase_ops postgres__twophase = {
    .struct_size = sizeof postgres__twophase,
    .prepare = postgres_twophase_prepare,
    .finish = postgres_twophase_finish,
    .recover = postgres_twophase_recover,
};
