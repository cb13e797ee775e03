/* watch.c: the settings of a session that the driver relies on. They are set at connect, and again when
 * the server says that raw SQL has changed one, before anything is read or written by it.
 *
 * The server says so behind a statement that gives no rows (session tracking). A change within a function
 * is told of late, with the next answer of that kind, and in a script it holds to the script's end. */
#define _GNU_SOURCE 1
#include <config.h>
#include "mariadb.h"

#include <string.h>

#define TRACKED \
    "'autocommit,character_set_client,character_set_connection,character_set_results,time_zone,sql_mode'"

/* Quotes and || are the standard's, so that a backslash is a backslash; what does not fit is refused; a
 * key of 0 is one; times are UTC; and a recursive query that goes deep is not cut off. Comments are for
 * one of the two servers each. */
#define PINS                                                                                              \
    "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = "                                                \
    "'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_" \
    "ENGINE_SUBSTITUTION,"                                                                                \
    "NO_AUTO_VALUE_ON_ZERO,PIPES_AS_CONCAT' /*M! , max_recursive_iterations = 4294967295 */ "             \
    "/*!80000 , cte_max_recursion_depth = 4294967295 */ /*M!100202 , session_track_system_variables "     \
    "= " TRACKED " */ "                                                                                   \
    "/*!80000 , session_track_system_variables = " TRACKED " */"

/* To turn autocommit on commits a transaction in which it was turned off, so that waits for the
 * transaction's end. */
sqla_status mariadb__pin(sqla_driver_conn *conn, sqla_err *err)
{
    bool inside = mariadb__server_state(conn) == SQLA_TXN_ACTIVE;
    conn->pinning = true;
    sqla_status status = mariadb__simple(conn, inside ? PINS : PINS ", autocommit = 1", err);
    if (status == SQLA_OK && !inside && conn->read_only)
        status = mariadb__simple(conn, "SET SESSION TRANSACTION READ ONLY", err);
    conn->pinning = false;
    if (status == SQLA_OK)
        conn->disturbed = false;
    if (status == SQLA_OK && !inside)
        conn->commits_not = false;
    return status;
}

/* Is that setting what it was made? The names of modes come in an order of the server's, and are set
 * seldom, so they are not compared. */
static bool is_as_made(const MARIADB_CONST_STRING *name, const MARIADB_CONST_STRING *value)
{
    static const struct {
        const char *name, *value;
    } made[] = {
        { "character_set_client", "utf8mb4" },
        { "character_set_connection", "utf8mb4" },
        { "character_set_results", "utf8mb4" },
        { "time_zone", "+00:00" },
        { "sql_mode", NULL },
    };
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        if (strlen(made[i].name) == name->length && memcmp(made[i].name, name->str, name->length) == 0)
            return made[i].value != NULL && strlen(made[i].value) == value->length &&
                   memcmp(made[i].value, value->str, value->length) == 0;
    }
    return true;
}

static void on_status(void *data, enum enum_mariadb_status_info type, ...)
{
    sqla_driver_conn *conn = data;
    va_list args;
    va_start(args, type);
    if (type == SESSION_TRACK_TYPE &&
        va_arg(args, enum enum_session_state_type) == SESSION_TRACK_SYSTEM_VARIABLES) {
        const MARIADB_CONST_STRING *name = va_arg(args, const MARIADB_CONST_STRING *),
                                   *value = va_arg(args, const MARIADB_CONST_STRING *);
        bool commits = name->length == 10 && memcmp(name->str, "autocommit", 10) == 0;
        conn->disturbed |= !conn->pinning && !is_as_made(name, value);
        conn->commits_not |=
            !conn->pinning && commits && !(value->length == 2 && memcmp(value->str, "ON", 2) == 0);
    }
    va_end(args);
}

void mariadb__watch_link(sqla_driver_conn *conn)
{
    mysql_optionsv(conn->link, MARIADB_OPT_STATUS_CALLBACK, on_status, conn);
}

/* Who turns the telling off is not told of, so that nothing is counted on from then on. */
void mariadb__watch_text(sqla_driver_conn *conn, const char *text)
{
    conn->untold = conn->untold || (!conn->pinning && strcasestr(text, "session_track") != NULL);
}

void mariadb__watch(sqla_driver_conn *conn)
{
    bool waits = conn->commits_not && mariadb__server_state(conn) == SQLA_TXN_IDLE;
    if (conn->lost || conn->stream != NULL || !(conn->disturbed || conn->untold || waits))
        return;
    mariadb__set_deadline(conn, mariadb__now() + INT64_C(5000000000));
    if (mariadb__pin(conn, NULL) != SQLA_OK)
        conn->lost = true;
}
