/* error.c: what went wrong, in the words of the driver ABI.
 *
 * The status comes from SQLite's extended result code and from what the connection was doing, never from the message. Names
 * of tables, columns and constraints are read out of the message, since SQLite gives them nowhere else. */
#include <config.h>
#include "sqlite.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#pragma weak sqlite3_error_offset /* since SQLite 3.38 */

/* Every primary code has a line, and those extended ones that mean something else than their primary code. */
typedef struct meaning {
    int code; /* extended, or primary when no extended one is listed */
    sqla_status status;
    const char *sqlstate; /* NULL: the standard has none that fits */
} meaning;

static const meaning meanings[] = {
    { SQLITE_CONSTRAINT_UNIQUE, SQLA_ERR_UNIQUE, "23505" },
    { SQLITE_CONSTRAINT_PRIMARYKEY, SQLA_ERR_UNIQUE, "23505" },
    { SQLITE_CONSTRAINT_ROWID, SQLA_ERR_UNIQUE, "23505" },
    { SQLITE_CONSTRAINT_FOREIGNKEY, SQLA_ERR_FOREIGN_KEY, "23503" },
    { SQLITE_CONSTRAINT_NOTNULL, SQLA_ERR_NOT_NULL, "23502" },
    { SQLITE_CONSTRAINT_CHECK, SQLA_ERR_CHECK, "23514" },
    { SQLITE_CONSTRAINT_DATATYPE, SQLA_ERR_DATA, "22000" },
    { SQLITE_CONSTRAINT, SQLA_ERR_CHECK, "23000" }, /* triggers that raise, virtual tables, hooks */
    { SQLITE_BUSY_SNAPSHOT, SQLA_ERR_RETRY, "40001" },
    { SQLITE_BUSY, SQLA_ERR_BUSY, "55P03" },
    { SQLITE_LOCKED, SQLA_ERR_BUSY, "55P03" },
    { SQLITE_PROTOCOL, SQLA_ERR_BUSY, "55P03" },
    { SQLITE_SCHEMA, SQLA_ERR_RETRY, "40001" },
    { SQLITE_NOMEM, SQLA_ERR_NOMEM, "53200" },
    { SQLITE_IOERR_NOMEM, SQLA_ERR_NOMEM, "53200" },
    { SQLITE_FULL, SQLA_ERR_RESOURCE, "53100" },
    { SQLITE_NOLFS, SQLA_ERR_RESOURCE, "53100" },
    { SQLITE_READONLY, SQLA_ERR_READ_ONLY, "25006" },
    { SQLITE_IOERR_CORRUPTFS, SQLA_ERR_CORRUPT, "XX001" },
    { SQLITE_IOERR_DATA, SQLA_ERR_CORRUPT, "XX001" }, /* a page whose checksum is wrong */
    { SQLITE_IOERR, SQLA_ERR_IO, "58030" },
    { SQLITE_CANTOPEN, SQLA_ERR_IO, "58030" },
    { SQLITE_CORRUPT, SQLA_ERR_CORRUPT, "XX001" },
    { SQLITE_NOTADB, SQLA_ERR_CORRUPT, "XX001" },
    { SQLITE_INTERRUPT, SQLA_ERR_CANCELLED, "57014" },
    { SQLITE_ABORT, SQLA_ERR_CANCELLED, "57014" }, /* a rollback took a result's rows away */
    { SQLITE_MISMATCH, SQLA_ERR_DATA, "22000" },
    { SQLITE_TOOBIG, SQLA_ERR_RESOURCE, "54000" },
    { SQLITE_PERM, SQLA_ERR_DENIED, "42501" },
    { SQLITE_AUTH, SQLA_ERR_DENIED, "42501" },
    { SQLITE_MISUSE, SQLA_ERR_MISUSE, NULL },
    { SQLITE_RANGE, SQLA_ERR_MISUSE, NULL },
    { SQLITE_NOTFOUND, SQLA_ERR_UNSUPPORTED, "0A000" }, /* a file control that the VFS does not know */
    { SQLITE_INTERNAL, SQLA_ERR_PROTOCOL, NULL },
    { SQLITE_EMPTY, SQLA_ERR_SQL, "42000" },  /* no longer given by the library, */
    { SQLITE_FORMAT, SQLA_ERR_SQL, "42000" }, /* but functions of an application may */
    { SQLITE_NOTICE, SQLA_ERR_SQL, "42000" },
    { SQLITE_WARNING, SQLA_ERR_SQL, "42000" },
    { SQLITE_ERROR_SNAPSHOT, SQLA_ERR_RETRY, "72000" }, /* the snapshot is too old to be read */
    { SQLITE_ERROR, SQLA_ERR_SQL, "42000" },
};

static const meaning *meaning_of(int code)
{
    const meaning *last = &meanings[sizeof meanings / sizeof *meanings - 1];
    for (int pass = 0; pass < 2; pass++) {
        for (const meaning *m = meanings; m <= last; m++) {
            if (m->code == (pass == 0 ? code : (code & 0xff)))
                return m;
        }
    }
    return last;
}

/* ---- names out of messages ------------------------------------------------------------------------------------- */

typedef struct names {
    char table[256], column[256], constraint[256];
} names;

static void copy(char *room, size_t size, const char *from, size_t n)
{
    if (n >= size)
        n = size - 1;
    memcpy(room, from, n);
    room[n] = '\0';
}

static const char *behind(const char *message, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(message, prefix, n) == 0 ? message + n : NULL;
}

/* "t.a" or "t.a, t.b": the table, and its columns with commas. */
static void read_columns(names *out, const char *list)
{
    size_t used = 0;
    while (*list != '\0') {
        const char *comma = strstr(list, ", "), *end = comma != NULL ? comma : list + strlen(list),
                   *dot = end;
        while (dot > list && *dot != '.')
            dot--;
        if (*dot != '.')
            return;
        copy(out->table, sizeof out->table, list, (size_t)(dot - list));
        if (used > 0 && used + 2 < sizeof out->column)
            used += (size_t)snprintf(out->column + used, sizeof out->column - used, ", ");
        copy(out->column + used, sizeof out->column - used, dot + 1, (size_t)(end - dot - 1));
        used += strlen(out->column + used);
        list = comma != NULL ? comma + 2 : end;
    }
}

/* A CHECK without a name is reported by its expression, which is no name. */
static bool looks_like_name(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (!(*p >= 0x80 || *p == '_' || *p == '$' || (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
                (*p >= 'a' && *p <= 'z')))
            return false;
    }
    return *text != '\0';
}

/* "t has no column named c". */
static void read_missing_column(names *out, const char *text)
{
    static const char between[] = " has no column named ";
    const char *at = strstr(text, between);
    copy(out->table, sizeof out->table, text, (size_t)(at - text));
    copy(out->column, sizeof out->column, at + sizeof between - 1, strlen(at + sizeof between - 1));
}

static void read_names(names *out, int code, const char *message)
{
    const char *at;
    if ((at = behind(message, "UNIQUE constraint failed: index '")) != NULL)
        copy(out->constraint, sizeof out->constraint, at, strlen(at) > 0 ? strlen(at) - 1 : 0);
    else if ((at = behind(message, "UNIQUE constraint failed: ")) != NULL ||
             (at = behind(message, "NOT NULL constraint failed: ")) != NULL)
        read_columns(out, at);
    else if ((at = behind(message, "CHECK constraint failed: ")) != NULL && looks_like_name(at))
        copy(out->constraint, sizeof out->constraint, at, strlen(at));
    else if ((at = behind(message, "no such table: ")) != NULL)
        copy(out->table, sizeof out->table, at, strlen(at));
    else if ((at = behind(message, "no such column: ")) != NULL)
        copy(out->column, sizeof out->column, at, strlen(at));
    else if ((at = behind(message, "table ")) != NULL && strstr(at, " has no column named ") != NULL)
        read_missing_column(out, at);
    else if (code == SQLITE_CONSTRAINT_DATATYPE && (at = strrchr(message, ' ')) != NULL)
        read_columns(out, at + 1);
}

/* SQLite has one code for all that is wrong with a statement; the standard has several. */
static const char *refine(const char *sqlstate, const char *message)
{
    static const struct { const char *words, *sqlstate; } known[] = {
        { "no such table: ", "42P01" },
        { "no such column: ", "42703" },
        { " has no column named ", "42703" },
        { "ambiguous column name: ", "42702" },
        { "no such function: ", "42883" },
        { "wrong number of arguments to function ", "42883" },
        { "no such savepoint: ", "3B001" },
        { "foreign key mismatch", "42830" },
        { "syntax error", "42601" },
        { "incomplete input", "42601" },
    };
    size_t n = strlen(message);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strstr(message, known[i].words) != NULL)
            return known[i].sqlstate;
    }
    return n > 15 && strcmp(message + n - 15, " already exists") == 0 ? "42P07" : sqlstate;
}

/* ---- reporting ------------------------------------------------------------------------------------------------- */

/* The place in the text, or in the script that it is part of, as a character, counted from 1. */
static int32_t position_in(const sqla_driver_conn *conn, const char *text)
{
    int offset = sqlite3_error_offset != NULL && text != NULL ? sqlite3_error_offset(conn->db) : -1;
    int32_t position = 1;
    if (offset < 0)
        return 0;
    for (const char *at = conn->script; at != NULL && at < text; at++)
        position += (*at & 0xc0) != 0x80;
    for (int i = 0; i < offset && text[i] != '\0'; i++)
        position += (text[i] & 0xc0) != 0x80;
    return position;
}

bool sqlite__lacks_descriptors(sqla_driver_conn *conn)
{
    int number = sqlite3_system_errno(conn->db);
    return number == EMFILE || number == ENFILE;
}

/* Codes that mean different things, depending on what was going on. An upgrade from reading to writing that meets another
 * writer is given up at once, without asking the busy handler: waiting would be waiting for ourselves. */
static sqla_status in_context(sqla_driver_conn *conn, int code, sqla_status status)
{
    if ((code & 0xff) == SQLITE_CANTOPEN && sqlite__lacks_descriptors(conn))
        return SQLA_ERR_RESOURCE;
    bool busy = status == SQLA_ERR_BUSY, ended = status == SQLA_ERR_CANCELLED;
    if ((busy || ended) && conn->timed_out)
        return SQLA_ERR_TIMEOUT;
    if (busy && sqlite__cancelled(conn))
        return SQLA_ERR_CANCELLED;
    if (code == SQLITE_BUSY && !conn->busy_asked && sqlite3_txn_state(conn->db, NULL) == SQLITE_TXN_READ)
        return SQLA_ERR_RETRY;
    return status;
}

static const char *sqlstate_in_context(const meaning *known, sqla_status status, const char *message)
{
    if (status == known->status)
        return status == SQLA_ERR_SQL ? refine(known->sqlstate, message) : known->sqlstate;
    return status == SQLA_ERR_RETRY ? "40001" : status == SQLA_ERR_RESOURCE ? "53000" : "57014";
}

const char sqlite__too_big[] =
    "a value, a row or a statement has more bytes than this SQLite library takes (SQLITE_MAX_LENGTH and "
    "SQLITE_MAX_SQL_LENGTH when it is built): store the value in pieces";

static const char *hint_for(sqla_status status, const sqla_driver_conn *conn)
{
    switch ((int)status) {
    case SQLA_ERR_RESOURCE:
        return sqlite3_errcode(conn->db) == SQLITE_TOOBIG ? sqlite__too_big : NULL;
    case SQLA_ERR_RETRY:
        return "another connection wrote since this transaction began to read; begin it anew, with the "
               "intent to write";
    case SQLA_ERR_TIMEOUT:
        return "the deadline passed while the statement ran or waited for a lock";
    case SQLA_ERR_BUSY:
        return "SQLite does not tell who holds the lock: another connection, of this program or another; let it end its transaction, "
               "or wait longer with busy_timeout";
    default:
        return conn->undone ? "SQLite has rolled the whole transaction back" : NULL;
    }
}

/* Where a lock was in the way: SQLite does not say which file it was when others are attached. */
static const char *locked_file(sqla_driver_conn *conn, sqla_status status, char *room, size_t size)
{
    bool locked = status == SQLA_ERR_BUSY || status == SQLA_ERR_RETRY;
    const char *file = locked ? sqlite3_db_filename(conn->db, "main") : NULL;
    if (file == NULL || file[0] == '\0')
        return NULL;
    snprintf(room, size, "the database is the file '%s'", file);
    return room;
}

/* ---- commits of unknown outcome ------------------------------------------------------------------------ */

/* Is what failed a commit, or a statement that commits by itself? */
static bool is_commit(const sqla_driver_conn *conn, const char *text)
{
    static const char *const verbs[] = { "commit", "end", "release" };
    if (conn->committing || (!conn->had_transaction && conn->writes))
        return true;
    for (size_t i = 0; text != NULL && i < sizeof verbs / sizeof *verbs; i++) {
        if (sqlite3_strnicmp(text + strspn(text, " \t\r\n"), verbs[i], (int)strlen(verbs[i])) == 0)
            return true;
    }
    return false;
}

/* Failures of reading and of locking, which come before anything is committed. */
static bool is_before_commit(int code)
{
    static const int codes[] = { SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ, SQLITE_IOERR_FSTAT,
        SQLITE_IOERR_RDLOCK, SQLITE_IOERR_LOCK, SQLITE_IOERR_ACCESS, SQLITE_IOERR_CHECKRESERVEDLOCK,
        SQLITE_IOERR_SHMOPEN, SQLITE_IOERR_SHMMAP, SQLITE_IOERR_SHMLOCK, SQLITE_IOERR_GETTEMPPATH,
        SQLITE_IOERR_NOMEM, SQLITE_IOERR_CORRUPTFS, SQLITE_IOERR_DATA };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i] == code)
            return true;
    }
    return (code & 0xff) != SQLITE_IOERR;
}

/* With a journal that is deleted at the end, deleting it is what commits: whatever could not be written or
 * synchronised before is rolled back, now or when the database is next opened. */
static bool deletes_journal(sqla_driver_conn *conn)
{
    sqlite3_stmt *ask = NULL;
    bool deletes = false, own = conn->own_pragma;
    conn->own_pragma = true;
    if (sqlite3_prepare_v2(conn->db, "PRAGMA journal_mode", -1, &ask, NULL) == SQLITE_OK &&
        sqlite3_step(ask) == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(ask, 0);
        deletes = mode != NULL && strcmp(mode, "delete") == 0;
    }
    sqlite3_finalize(ask);
    conn->own_pragma = own;
    return deletes;
}

/* In WAL mode a commit is in the file, as the operating system shows it, before it is synchronised; when
 * that fails SQLite says that there is none, and whoever opens the file anew finds it there. */
static bool is_undecided(sqla_driver_conn *conn, int code, const char *text)
{
    if (is_before_commit(code) || !is_commit(conn, text))
        return false;
    return (code != SQLITE_IOERR_FSYNC && code != SQLITE_IOERR_WRITE) || !deletes_journal(conn);
}

static sqla_status undecided(sqla_driver_conn *conn, int code, const char *message, sqla_err *err)
{
    const sqla_err_fields fields = { .native = code,
        .sqlstate = "58030",
        .hint = "the file has it or not when it is next opened; look there before it is done again" };
    conn->lost = true;
    return sqlite__fail(err, SQLA_ERR_UNKNOWN_OUTCOME, &fields,
        "the file could not be written or synchronised while the commit was under way, so it may have "
        "happened: %s",
        message);
}

/* ---- reporting, all of it ------------------------------------------------------------------------------ */

sqla_status sqlite__failed_in(
    sqla_driver_conn *conn, const char *text, int64_t row, const char *detail, sqla_err *err)
{
    int code = sqlite3_extended_errcode(conn->db);
    const char *message = sqlite3_errmsg(conn->db);
    const meaning *known = meaning_of(code);
    sqla_status status = in_context(conn, code, known->status);
    names found = { "", "", "" };
    char file[512], said[512];
    if (status == SQLA_ERR_IO) {
        copy(said, sizeof said, message, strlen(message));
        message = said;
        if (is_undecided(conn, code, text))
            return undecided(conn, code, message, err);
    }
    read_names(&found, code, message);
    if (conn->had_transaction && sqlite3_get_autocommit(conn->db))
        conn->undone = true;
    sqla_err_fields fields = {
        .struct_size = sizeof fields,
        .status = status,
        .native = code,
        .row = row,
        .message = message,
        .position = position_in(conn, text),
        .sqlstate = sqlstate_in_context(known, status, message),
        .detail = detail != NULL ? detail : locked_file(conn, status, file, sizeof file),
        .hint = hint_for(status, conn),
        .table = found.table[0] != '\0' ? found.table : NULL,
        .column = found.column[0] != '\0' ? found.column : NULL,
        .constraint = found.constraint[0] != '\0' ? found.constraint : NULL,
    };
    sqlite__host->set_error(err, &fields);
    return status;
}

sqla_status sqlite__failed(sqla_driver_conn *conn, const char *text, int64_t row, sqla_err *err)
{
    return sqlite__failed_in(conn, text, row, NULL, err);
}

sqla_status sqlite__fail(
    sqla_err *err, sqla_status status, const sqla_err_fields *known, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    sqla_err_fields fields = { .struct_size = sizeof fields };
    if (known != NULL)
        fields = *known;
    fields.struct_size = sizeof fields;
    fields.status = status;
    fields.message = message;
    sqlite__host->set_error(err, &fields);
    return status;
}

sqla_status sqlite__nomem(sqla_err *err)
{
    return sqlite__fail(err, SQLA_ERR_NOMEM, &(sqla_err_fields){ .sqlstate = "53200" }, "out of memory");
}
