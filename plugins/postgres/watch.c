/* watch.c: the settings of a session that the driver relies on. They are set at connect, and looked at
 * after each statement, since raw SQL may change them: then they are set again, before anything is read or
 * written by them.
 *
 * The server reports most of them by itself (ParameterStatus). Those that it does not report are set again
 * behind each statement whose text may change them; a function or procedure that does so within is not
 * noticed. */
#define _GNU_SOURCE 1
#include <config.h>
#include "postgres.h"

#include <string.h>

#define PINS                                                                                         \
    "SET client_encoding TO 'UTF8'; SET standard_conforming_strings TO on; SET DateStyle TO 'ISO'; " \
    "SET IntervalStyle TO 'postgres'; SET bytea_output TO 'hex'; SET extra_float_digits TO 3"

/* A statement whose client has given the link up ends within a second, and does not run on for as long as it has work. */
#define LOOKS_FOR_CLIENT "; SET client_connection_check_interval TO 1000"

const char *postgres__pins(const sqla_driver_conn *conn)
{
    bool can = PQserverVersion(conn->link) >= 140000 && !conn->cannot_look;
    return can ? PINS LOOKS_FOR_CLIENT : PINS;
}

/* Behind a pooler nothing may be set that outlasts the transaction: BEGIN carries the settings with it. */
const char postgres__local_pins[] =
    "; SET LOCAL standard_conforming_strings TO on; SET LOCAL DateStyle TO 'ISO'; "
    "SET LOCAL IntervalStyle TO 'postgres'; SET LOCAL bytea_output TO 'hex'; SET LOCAL extra_float_digits TO "
    "3";

/* What must hold outside of transactions there, where the server's own settings do. */
static const char pooled_check[] =
    "SELECT pg_catalog.concat_ws(', ', "
    "CASE WHEN pg_catalog.current_setting('DateStyle') NOT LIKE 'ISO%' THEN 'DateStyle is not ISO' END, "
    "CASE WHEN pg_catalog.current_setting('standard_conforming_strings') <> 'on' THEN "
    "'standard_conforming_strings is not on' END, "
    "CASE WHEN pg_catalog.current_setting('IntervalStyle') <> 'postgres' THEN 'IntervalStyle is not "
    "postgres' END, "
    "CASE WHEN pg_catalog.current_setting('bytea_output') <> 'hex' THEN 'bytea_output is not hex' END, "
    "CASE WHEN pg_catalog.current_setting('extra_float_digits')::int < "
    "CASE WHEN pg_catalog.current_setting('server_version_num')::int < 120000 THEN 3 ELSE 1 END "
    "THEN 'extra_float_digits is too small' END)";

static sqla_status check_pooled(sqla_driver_conn *conn, sqla_err *err)
{
    static const sqla_err_fields fields = {
        .hint = "ALTER ROLE ... SET on the server, as in ALTER ROLE me SET DateStyle TO 'ISO', holds for "
                "every session, also of a pooler"
    };
    PGresult *res = NULL;
    sqla_status status = postgres__simple(conn, pooled_check, &res, err);
    if (status == SQLA_OK && (PQntuples(res) != 1 || PQgetvalue(res, 0, 0)[0] != '\0'))
        status = postgres__fail(err, SQLA_ERR_CONFIG, &fields,
            "the server's settings do not allow to work through a pooler: %s",
            PQntuples(res) == 1 ? PQgetvalue(res, 0, 0) : "they cannot be read");
    PQclear(res);
    return status;
}

sqla_status postgres__pin(sqla_driver_conn *conn, sqla_err *err)
{
    if (conn->pooled)
        return check_pooled(conn, err);
    if (postgres__simple(conn, postgres__pins(conn), NULL, NULL) == SQLA_OK)
        return SQLA_OK;
    conn->cannot_look = true; /* there are systems on which a server cannot */
    return postgres__simple(conn, postgres__pins(conn), NULL, err);
}

/* ---- afterwards ---------------------------------------------------------------------------------------- */

/* Is a setting, as far as the server reports it, another than it was made? */
static bool has_changed(const sqla_driver_conn *conn, const char *name, const char *value)
{
    const char *now = PQparameterStatus(conn->link, name);
    return now != NULL && strncmp(now, value, strlen(value)) != 0;
}

bool postgres__names_settings(const char *text)
{
    static const char *const words[] = { "bytea_output", "extra_float_digits", "RESET", "DISCARD", "U&" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(text, words[i]) != NULL)
            return true;
    }
    return false;
}

/* Behind a pooler the others end with the transaction, or were looked at when the session came. */
static bool is_disturbed(const sqla_driver_conn *conn)
{
    return has_changed(conn, "client_encoding", "UTF8") ||
           has_changed(conn, "standard_conforming_strings", "on") ||
           (!conn->pooled &&
               (has_changed(conn, "DateStyle", "ISO") || has_changed(conn, "IntervalStyle", "postgres")));
}

/* A pooler follows these two itself. */
static const char *what_mends(const sqla_driver_conn *conn)
{
    return conn->pooled ? "SET client_encoding TO 'UTF8'; SET standard_conforming_strings TO on"
                        : postgres__pins(conn);
}

void postgres__watch(sqla_driver_conn *conn)
{
    PGTransactionStatusType state = PQtransactionStatus(conn->link);
    bool free = (state == PQTRANS_IDLE || state == PQTRANS_INTRANS) && conn->stream == NULL && !conn->copying;
    bool touched = conn->set_something && !conn->pooled;
    if (conn->lost || !free || !(touched || is_disturbed(conn)))
        return;
    postgres__set_deadline(conn, postgres__now() + INT64_C(5000000000));
    if (postgres__simple(conn, what_mends(conn), NULL, NULL) != SQLA_OK || is_disturbed(conn))
        conn->lost = true;
    conn->set_something = false;
}
