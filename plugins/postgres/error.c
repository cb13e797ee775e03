/* error.c: what went wrong, in the words of the driver ABI.
 *
 * The status comes from the state of the link first and from the SQLSTATE then (PostgreSQL's manual, "PostgreSQL Error
 * Codes"). The message only decides where the server gives one SQLSTATE to two things: see cancelled. */
#include <config.h>
#include "postgres.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A SQLSTATE, or the beginning of several. The first line that fits counts, so the longer ones come first. Every class of the
 * manual has a line; a class that is not there is of a later server or an extension, and the statement is blamed. */
typedef struct meaning { const char *prefix; sqla_status status; } meaning;

static const meaning meanings[] = {
    { "02", SQLA_ERR_NOT_FOUND },
    { "03", SQLA_ERR_SQL },
    { "08007", SQLA_ERR_UNKNOWN_OUTCOME },
    { "08P01", SQLA_ERR_SQL }, /* with the link alive: a wrong number of parameters */
    { "08", SQLA_ERR_DISCONNECTED },
    { "09", SQLA_ERR_SQL },
    { "0A", SQLA_ERR_UNSUPPORTED },
    { "0B", SQLA_ERR_SQL },
    { "0F", SQLA_ERR_SQL },
    { "0L", SQLA_ERR_DENIED },
    { "0P", SQLA_ERR_DENIED },
    { "0Z", SQLA_ERR_SQL },
    { "20", SQLA_ERR_DATA }, /* a CASE of PL/pgSQL without a branch for the value */
    { "21", SQLA_ERR_DATA },
    { "22", SQLA_ERR_DATA },
    { "23502", SQLA_ERR_NOT_NULL },
    { "23503", SQLA_ERR_FOREIGN_KEY },
    { "23001", SQLA_ERR_FOREIGN_KEY },
    { "23505", SQLA_ERR_UNIQUE },
    { "23P01", SQLA_ERR_EXCLUSION },
    { "23", SQLA_ERR_CHECK },
    { "24", SQLA_ERR_SQL },
    { "25006", SQLA_ERR_READ_ONLY },
    { "25P02", SQLA_ERR_ROLLBACK_FIRST },
    { "25P03", SQLA_ERR_DISCONNECTED },
    { "25P04", SQLA_ERR_DISCONNECTED },
    { "25", SQLA_ERR_SQL },
    { "26", SQLA_ERR_SQL },
    { "27", SQLA_ERR_SQL },
    { "28", SQLA_ERR_DENIED },
    { "2B", SQLA_ERR_SQL },
    { "2D", SQLA_ERR_SQL },
    { "2F", SQLA_ERR_SQL },
    { "34", SQLA_ERR_SQL },
    { "38", SQLA_ERR_SQL },
    { "39", SQLA_ERR_SQL },
    { "3B", SQLA_ERR_SQL },
    { "3D", SQLA_ERR_SQL },
    { "3F", SQLA_ERR_SQL },
    { "40002", SQLA_ERR_CHECK }, /* rolled back over a constraint: the same work would break it again */
    { "40003", SQLA_ERR_UNKNOWN_OUTCOME },
    { "40", SQLA_ERR_RETRY },
    { "42501", SQLA_ERR_DENIED },
    { "42", SQLA_ERR_SQL },
    { "44", SQLA_ERR_CHECK },
    { "53", SQLA_ERR_RESOURCE },
    { "54", SQLA_ERR_RESOURCE },
    { "55006", SQLA_ERR_BUSY },
    { "55P03", SQLA_ERR_BUSY },
    { "55P02", SQLA_ERR_UNSUPPORTED }, /* a setting that only a restart changes */
    { "55", SQLA_ERR_SQL },
    { "57014", SQLA_ERR_CANCELLED },
    { "57P", SQLA_ERR_DISCONNECTED },
    { "57", SQLA_ERR_CANCELLED },
    { "58", SQLA_ERR_IO },
    { "72", SQLA_ERR_RETRY },
    { "F0", SQLA_ERR_IO },
    { "HV000", SQLA_ERR_IO }, /* what a foreign server failed at; the others of the class are about names and types */
    { "HV001", SQLA_ERR_RESOURCE },
    { "HV014", SQLA_ERR_RESOURCE },
    { "HV00K", SQLA_ERR_IO },
    { "HV00L", SQLA_ERR_IO },
    { "HV00M", SQLA_ERR_IO },
    { "HV00N", SQLA_ERR_IO },
    { "HV", SQLA_ERR_SQL },
    { "P0001", SQLA_ERR_CHECK }, /* RAISE in a trigger is a rule of the database, as a CHECK is */
    { "P0004", SQLA_ERR_CHECK },
    { "P0002", SQLA_ERR_NOT_FOUND },
    { "P0003", SQLA_ERR_TOO_MANY },
    { "P0", SQLA_ERR_SQL },
    { "XX001", SQLA_ERR_CORRUPT },
    { "XX002", SQLA_ERR_CORRUPT },
    { "XX", SQLA_ERR_SQL }, /* many extensions have no other for what they refuse, and the link lives */
};

static sqla_status status_of(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (strncmp(sqlstate, meanings[i].prefix, strlen(meanings[i].prefix)) == 0)
            return meanings[i].status;
    }
    return SQLA_ERR_SQL;
}

/* 57014 is a cancel on request and statement_timeout alike. When nobody here asked, the message is what remains; in
 * another language than English it reads as cancelled, which is true as well. */
static sqla_status cancelled(sqla_driver_conn *conn, const char *message)
{
    if (conn->timed_out)
        return SQLA_ERR_TIMEOUT;
    return !postgres__gate_fired(&conn->gate) && strstr(message, "statement timeout") != NULL ? SQLA_ERR_TIMEOUT : SQLA_ERR_CANCELLED;
}

bool postgres__is_fatal(const PGresult *res)
{
    const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

/* More than one statement where one was to be: that is the caller's misuse. The server tells it from a syntax error only
 * by the place that it names, which is in no other language. */
static bool is_several(const PGresult *res, const char *sqlstate)
{
    const char *place = PQresultErrorField(res, PG_DIAG_SOURCE_FUNCTION);
    return strcmp(sqlstate, "42601") == 0 && place != NULL && strcmp(place, "exec_parse_message") == 0;
}

/* A prepared statement that would give other columns than it was prepared for, since somebody altered a table. The host
 * prepares it again where it may; in a transaction, which has failed by this, only the whole can be run again. The server has
 * one SQLSTATE for this and for what it does not support, so the place that it names must tell. */
static bool is_outdated(const PGresult *res, const char *sqlstate)
{
    const char *place = PQresultErrorField(res, PG_DIAG_SOURCE_FUNCTION);
    return strcmp(sqlstate, "0A000") == 0 && place != NULL && strcmp(place, "RevalidateCachedQuery") == 0;
}

/* A prepared statement of ours that is not there any more, since somebody ran DEALLOCATE ALL or DISCARD ALL:
 * its name stands in the message. Where nobody did that, a pooler may have changed the session. */
static bool is_forgotten(const sqla_driver_conn *conn, const char *sqlstate, const char *message)
{
    char name[48];
    postgres__stmt_name(conn, 0, name, sizeof name);
    name[strlen(name) - 1] = '\0';
    return conn->gone > 0 && strcmp(sqlstate, "26000") == 0 && strstr(message, name) != NULL;
}

/* A SQLSTATE of a lost connection that comes over one that lives is about another one: a foreign table's, or dblink's. */
static sqla_status judge(sqla_driver_conn *conn, const PGresult *res, const char *sqlstate, const char *message)
{
    sqla_status status = sqlstate != NULL ? status_of(sqlstate) : SQLA_ERR_PROTOCOL;
    if (postgres__is_fatal(res) || PQstatus(conn->link) == CONNECTION_BAD)
        conn->lost = true;
    if (conn->lost)
        return conn->timed_out ? SQLA_ERR_TIMEOUT : status == SQLA_ERR_UNKNOWN_OUTCOME ? status : SQLA_ERR_DISCONNECTED;
    if (sqlstate != NULL && strcmp(sqlstate, "57014") == 0)
        return cancelled(conn, message);
    if (sqlstate != NULL && is_several(res, sqlstate))
        return SQLA_ERR_MISUSE;
    if (sqlstate != NULL && (is_outdated(res, sqlstate) || is_forgotten(conn, sqlstate, message)))
        return SQLA_ERR_RETRY;
    return status == SQLA_ERR_DISCONNECTED ? SQLA_ERR_IO : status;
}

static int32_t position(const sqla_driver_conn *conn, const PGresult *res)
{
    const char *text = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
    int32_t at = 0;
    for (; text != NULL && *text >= '0' && *text <= '9' && at < 100000000; text++)
        at = at * 10 + (*text - '0');
    return at > conn->ahead ? at - conn->ahead : 0;
}

/* What libpq says itself has several lines, with a line feed behind the last and tabs at the front. */
static void copy_line(char *room, size_t size, const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    if (n >= size) {
        for (n = size - 1; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
            n--;
    }
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        bool blank = text[i] == '\t' || text[i] == '\n';
        if (!blank)
            room[used++] = text[i];
        else if (used > 0 && room[used - 1] != ' ')
            room[used++] = ' ';
    }
    room[used] = '\0';
}

/* Prepared statements that are not where they were made: a pooler has changed the session under us. */
static const char *hint_for(const sqla_driver_conn *conn, const char *sqlstate)
{
    bool lost = strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "42P05") == 0;
    return lost && !conn->pooled ? "if there is a pooler such as PgBouncer between, add pooler=transaction to the URL" : NULL;
}

/* The table that is not there stands in the message alone: relation "shop.users" does not exist. */
static const char *missing_table(const char *message, char *room, size_t size)
{
    const char *from = strchr(message, '"'), *end = from != NULL ? strrchr(from + 1, '"') : NULL;
    if (end == NULL)
        return NULL;
    for (const char *c = ++from; c < end; c++)
        from = *c == '.' ? c + 1 : from;
    snprintf(room, size, "%.*s", (int)(end - from), from);
    return room;
}

/* So does a column: column "age" of relation "users" does not exist; column u.age does not exist. */
static const char *missing_column(const char *message, char *room, size_t size)
{
    static const char begin[] = "column ";
    const char *from = message + sizeof begin - 1;
    if (strncmp(message, begin, sizeof begin - 1) != 0)
        return NULL;
    bool quoted = *from == '"';
    from += quoted;
    const char *end = quoted ? strchr(from, '"') : strstr(from, " does not exist");
    if (end == NULL)
        return NULL;
    for (const char *c = from; !quoted && c < end; c++)
        from = *c == '.' ? c + 1 : from;
    snprintf(room, size, "%.*s", (int)(end - from), from);
    return room;
}

/* Was what is running sent in such a way that it may have been done for good? */
static bool may_have_happened(const sqla_driver_conn *conn)
{
    if (conn->running == NULL || conn->only_reads)
        return conn->open_outcome;
    return conn->before == SQLA_TXN_IDLE
               ? !postgres__only_reads(conn->running)
               : conn->before == SQLA_TXN_ACTIVE && postgres__ends_transaction(conn->running);
}

/* A server that ends the session says so, and then the statement that had not been done is undone. */
static bool is_undone(const sqla_driver_conn *conn, const PGresult *res)
{
    return PQresultErrorField(res, PG_DIAG_SQLSTATE) != NULL && !conn->completed &&
           conn->before == SQLA_TXN_IDLE && (conn->open_outcome || postgres__is_undone(conn->running));
}

void postgres__keep_outcome(sqla_driver_conn *conn)
{
    conn->open_outcome = may_have_happened(conn);
    conn->running = NULL;
}

static const char *what_runs(const sqla_driver_conn *conn)
{
    return conn->before == SQLA_TXN_IDLE ? "the statement, which commits by itself,"
                                         : "the statement, which ends the transaction,";
}

static sqla_status outcome_open(
    sqla_driver_conn *conn, const PGresult *res, sqla_status status, sqla_err *err)
{
    return postgres__undecided(
        conn, res, status, what_runs(conn), conn->token[0] != '\0' ? conn->token : NULL, err);
}

sqla_status postgres__undecided(sqla_driver_conn *conn, const PGresult *res, sqla_status status,
    const char *what, const char *token, sqla_err *err)
{
    sqla_err_fields fields = { .sqlstate = res != NULL ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL,
        .outcome = token };
    const char *said = res != NULL ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char flood[160];
    conn->lost = true;
    if (conn->intake.flood != POSTGRES__NO_FLOOD) {
        fields.hint = postgres__flood_hint(conn);
        postgres__flood_text(conn, flood, sizeof flood);
        return postgres__fail(err, SQLA_ERR_UNKNOWN_OUTCOME, &fields,
            "%s while %s was under way, so it may have happened", flood, what);
    }
    return postgres__fail(err, SQLA_ERR_UNKNOWN_OUTCOME, &fields,
        "%s while %s was under way, so it may have happened%s%s",
        status == SQLA_ERR_TIMEOUT || conn->timed_out ? "the deadline passed" : "the connection broke", what,
        said != NULL ? ": " : "", said != NULL ? said : "");
}

sqla_status postgres__failed(sqla_driver_conn *conn, const PGresult *res, int64_t row, sqla_err *err)
{
    char made_up[1024], name[128];
    sqla_err_fields fields = { .struct_size = sizeof fields, .row = row };
    fields.sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    fields.message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    if (fields.message == NULL) {
        copy_line(made_up, sizeof made_up, PQresultErrorMessage(res));
        fields.message = made_up[0] != '\0' ? made_up : "the server gave an answer without meaning";
    }
    fields.detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
    fields.hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);
    if (fields.hint == NULL && fields.sqlstate != NULL)
        fields.hint = hint_for(conn, fields.sqlstate);
    fields.schema = PQresultErrorField(res, PG_DIAG_SCHEMA_NAME);
    fields.table = PQresultErrorField(res, PG_DIAG_TABLE_NAME);
    if (fields.table == NULL && fields.sqlstate != NULL && strcmp(fields.sqlstate, "42P01") == 0)
        fields.table = missing_table(fields.message, name, sizeof name);
    fields.column = PQresultErrorField(res, PG_DIAG_COLUMN_NAME);
    if (fields.column == NULL && fields.sqlstate != NULL && strcmp(fields.sqlstate, "42703") == 0)
        fields.column = missing_column(fields.message, name, sizeof name);
    fields.constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);
    fields.position = position(conn, res);
    fields.status = judge(conn, res, fields.sqlstate, fields.message);
    if (conn->lost && may_have_happened(conn) && !is_undone(conn, res))
        return outcome_open(conn, res, (sqla_status)fields.status, err);
    postgres__host->set_error(err, &fields);
    return (sqla_status)fields.status;
}

sqla_status postgres__broken(sqla_driver_conn *conn, sqla_status status, sqla_err *err)
{
    char text[1024];
    if (status == SQLA_ERR_NOMEM)
        return postgres__nomem(err);
    conn->lost = true;
    if (may_have_happened(conn))
        return outcome_open(conn, NULL, status, err);
    if (conn->intake.flood != POSTGRES__NO_FLOOD) {
        const sqla_err_fields fields = { .hint = postgres__flood_hint(conn) };
        postgres__flood_text(conn, text, sizeof text);
        return postgres__fail(err, SQLA_ERR_PROTOCOL, &fields, "%s, and was given up", text);
    }
    if (status == SQLA_ERR_TIMEOUT || conn->timed_out)
        return postgres__fail(err, SQLA_ERR_TIMEOUT, NULL, "the deadline passed, and the server did not answer the cancel");
    copy_line(text, sizeof text, PQerrorMessage(conn->link));
    return postgres__fail(err, SQLA_ERR_DISCONNECTED, NULL, "%s", text[0] != '\0' ? text : "the connection to the server was lost");
}

/* ---- failing to connect ---------------------------------------------------------------------------------------- */

/* libpq has no SQLSTATE of a failed connect to give, but writes it when asked to be verbose: "...FATAL:  28P01: text",
 * with a line about the server's source behind. Take both out of the text. Returns the last SQLSTATE in it. */
static bool split_verbose(char *text, char sqlstate[6])
{
    bool found = false;
    for (char *at = strstr(text, ":  "); at != NULL; at = strstr(at + 3, ":  ")) {
        if (strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[8] == ':' && at[9] == ' ') {
            memcpy(sqlstate, at + 3, 5);
            sqlstate[5] = '\0';
            memmove(at + 3, at + 10, strlen(at + 10) + 1);
            found = true;
        }
    }
    char *line = strstr(text, " LOCATION:  ");
    if (line != NULL)
        *line = '\0';
    return found;
}

/* libpq keeps to itself why the system gave it no socket; it would give us none either. */
static bool lacks_descriptors(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool lacks = fd < 0 && (errno == EMFILE || errno == ENFILE);
    if (fd >= 0)
        close(fd);
    return lacks;
}

static sqla_status refusal(const PGconn *link, const char *sqlstate)
{
    if (sqlstate == NULL)
        return PQconnectionNeedsPassword(link) ? SQLA_ERR_DENIED : SQLA_ERR_CONNECT;
    sqla_status status = status_of(sqlstate);
    if (status == SQLA_ERR_DENIED || status == SQLA_ERR_RESOURCE)
        return status;
    return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "42", 2) == 0 ? SQLA_ERR_CONFIG : SQLA_ERR_CONNECT;
}

sqla_status postgres__refused(PGconn *link, sqla_err *err)
{
    char text[1024], sqlstate[6];
    copy_line(text, sizeof text, PQerrorMessage(link));
    bool known = split_verbose(text, sqlstate), lacks = !known && PQsocket(link) < 0 && lacks_descriptors();
    sqla_err_fields fields = { .struct_size = sizeof fields, .sqlstate = known ? sqlstate : NULL };
    if (lacks)
        return postgres__fail(err, SQLA_ERR_RESOURCE, &fields, "cannot connect to the server: too many files are open");
    if (strstr(text, "unsupported startup parameter") != NULL)
        fields.hint = "a pooler refuses what PGOPTIONS, PGGEQO and 'options' ask for: unset them, or set it on the server with ALTER ROLE ... SET";
    return postgres__fail(err, refusal(link, fields.sqlstate), &fields, "%s", text[0] != '\0' ? text : "cannot connect to the server");
}

/* ---- of our own ------------------------------------------------------------------------------------------------ */

sqla_status postgres__fail(sqla_err *err, sqla_status status, const sqla_err_fields *known, const char *format, ...)
{
    char text[1200];
    sqla_err_fields fields = { 0 };
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (known != NULL)
        fields = *known;
    fields.struct_size = sizeof fields;
    fields.status = status;
    fields.message = text;
    postgres__host->set_error(err, &fields);
    return status;
}

sqla_status postgres__nomem(sqla_err *err)
{
    return postgres__fail(err, SQLA_ERR_NOMEM, NULL, "out of memory");
}
