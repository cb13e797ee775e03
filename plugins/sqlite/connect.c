/* connect.c: opening and closing connections.
 *
 * A connection is opened without SQLite's mutexes (the host serialises its use), is made strict (foreign keys, no strings in
 * double quotes), and reads the file once, since SQLite finds out only then that a file is no database. The database of an
 * empty path is private to an engine: a named database of the memdb VFS, which the connections of the engine share. */
#include <config.h>
#include "sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters of a connection -------------------------------------------------------------------------------- */

typedef struct settings {
    const char *path, *mode, *journal_mode, *synchronous;
    int64_t busy_ms;
    bool foreign_keys;
} settings;

static const sqla_connect_option told_keys[] = {
    { "database", NULL, 0, 0, NULL },
    { "mode", NULL, 0, 0, NULL },
    { "busy_timeout", NULL, 0, 0, NULL },
    { "foreign_keys", NULL, 0, 0, NULL },
    { "journal_mode", NULL, 0, 0, NULL },
    { "synchronous", NULL, 0, 0, NULL },
};
static const char *const modes[] = { "ro", "rw", "rwc", NULL };
static const char *const switches[] = { "on", "off", NULL };
static const char *const journal_modes[] = { "delete", "truncate", "persist", "memory", "wal", "off", NULL };
static const char *const synchronous_modes[] = { "off", "normal", "full", "extra", NULL };

/* Edit distance of two short words. */
static size_t distance(const char *a, const char *b)
{
    size_t row[33], n = strlen(a), m = strlen(b);
    if (n > 32 || m > 32)
        return 32;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 0; i < n; i++) {
        size_t corner = row[0]++;
        for (size_t j = 0; j < m; j++) {
            size_t best = corner + (a[i] != b[j]);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j + 1] + 1 < best ? row[j + 1] + 1 : best;
            corner = row[j + 1];
            row[j + 1] = best;
        }
    }
    return row[m];
}

static sqla_status unknown_key(const char *key, sqla_err *err)
{
    const char *nearest = told_keys[0].key;
    char hint[160];
    for (size_t i = 1; i < sizeof told_keys / sizeof *told_keys; i++) {
        if (distance(key, told_keys[i].key) < distance(key, nearest))
            nearest = told_keys[i].key;
    }
    if (strcmp(key, "host") == 0 || strcmp(key, "user") == 0 || strcmp(key, "password") == 0 ||
        strcmp(key, "port") == 0)
        snprintf(hint, sizeof hint,
            "a database of SQLite is a file: sqlite:///relative/path or sqlite:////absolute/path");
    else
        snprintf(hint, sizeof hint, "the nearest that SQLite knows is '%s'", nearest);
    return sqlite__fail(err, SQLA_ERR_CONFIG, &(sqla_err_fields){ .hint = hint },
        "unknown parameter '%.64s' for a database of SQLite", key);
}

sqla_status sqlite_connect_options(const sqla_connect_option **ret_options, uint32_t *ret_count, sqla_err *err)
{
    (void)err;
    *ret_options = told_keys;
    *ret_count = sizeof told_keys / sizeof *told_keys;
    return SQLA_OK;
}

static sqla_status one_of(
    const char *key, const char *value, const char *const *allowed, const char **ret, sqla_err *err)
{
    char list[96] = "";
    size_t n = 0;
    for (size_t i = 0; allowed[i] != NULL; i++) {
        if (strcmp(value, allowed[i]) == 0) {
            *ret = allowed[i];
            return SQLA_OK;
        }
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i > 0 ? ", " : "one of: ", allowed[i]);
    }
    return sqlite__fail(err, SQLA_ERR_CONFIG, &(sqla_err_fields){ .hint = list },
        "parameter '%s' cannot be '%.64s'", key, value);
}

static sqla_status read_milliseconds(const char *key, const char *value, int64_t *ret, sqla_err *err)
{
    size_t n = strspn(value, "0123456789");
    if (n == 0 || n > 9 || value[n] != '\0')
        return sqlite__fail(err, SQLA_ERR_CONFIG, NULL,
            "parameter '%s' is not a number of milliseconds: '%.64s'", key, value);
    *ret = strtoll(value, NULL, 10);
    return SQLA_OK;
}

static sqla_status read_param(const sqla_connect_param *param, settings *s, sqla_err *err)
{
    const char *key = param->key, *value = param->value, *chosen = NULL;
    if (strcmp(key, "database") == 0) {
        s->path = value;
        return SQLA_OK;
    }
    if (strcmp(key, "mode") == 0)
        return one_of(key, value, modes, &s->mode, err);
    if (strcmp(key, "journal_mode") == 0)
        return one_of(key, value, journal_modes, &s->journal_mode, err);
    if (strcmp(key, "synchronous") == 0)
        return one_of(key, value, synchronous_modes, &s->synchronous, err);
    if (strcmp(key, "busy_timeout") == 0)
        return read_milliseconds(key, value, &s->busy_ms, err);
    if (strcmp(key, "foreign_keys") != 0)
        return unknown_key(key, err);
    sqla_status status = one_of(key, value, switches, &chosen, err);
    s->foreign_keys = chosen == switches[0];
    return status;
}

static sqla_status read_settings(const sqla_connect_args *args, settings *s, sqla_err *err)
{
    sqla_status status = SQLA_OK;
    *s = (settings){ .path = "", .busy_ms = 5000, .foreign_keys = true };
    for (uint32_t i = 0; i < args->count && status == SQLA_OK; i++)
        status = read_param(&args->params[i], s, err);
    return status;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static bool is_private(const settings *s)
{
    return s->path[0] == '\0' || strcmp(s->path, ":memory:") == 0;
}

static const char *system_reason(int number)
{
    switch (number) {
    case ENOENT:
        return "a folder of the path, or the file, is not there";
    case EACCES:
    case EPERM:
        return "no permission";
    case EISDIR:
        return "it is a folder";
    case ENOTDIR:
        return "a part of the path is not a folder";
    case EMFILE:
    case ENFILE:
        return "too many files are open";
    case EROFS:
        return "the file system is read-only";
    default:
        return "the system cannot open it";
    }
}

static bool has_flag(const sqla_connect_args *args, uint32_t flag)
{
    return args->struct_size >= offsetof(sqla_connect_args, flags) + sizeof args->flags &&
           (args->flags & flag) != 0;
}

static sqla_status open_failed(
    sqla_driver_conn *conn, const sqla_connect_args *args, const settings *s, int rc, sqla_err *err)
{
    if (conn->db == NULL || (rc & 0xff) == SQLITE_NOMEM)
        return sqlite__nomem(err);
    if ((rc & 0xff) != SQLITE_CANTOPEN)
        return sqlite__failed(conn, NULL, 0, err);
    int number = sqlite3_system_errno(conn->db);
    sqla_err_fields fields = { .native = rc, .sqlstate = "08001" };
    if (number == ENOENT && has_flag(args, SQLA_CONNECT_AGAIN))
        return sqlite__fail(err, SQLA_ERR_IO, &fields,
            "database '%.300s' was moved or deleted since this engine opened it: no file has that name now",
            s->path);
    if (number == ENOENT && s->mode != NULL && strcmp(s->mode, "rwc") != 0)
        fields.hint = "mode=ro and mode=rw open only what is there";
    return sqlite__fail(err, sqlite__lacks_descriptors(conn) ? SQLA_ERR_RESOURCE : SQLA_ERR_CONNECT, &fields,
        "cannot open database '%.300s': %s", s->path,
        rc == SQLITE_CANTOPEN_ISDIR ? "it is a folder" : system_reason(number));
}

/* A path that begins like a URI is a path all the same, also where SQLite was told to read URIs everywhere. */
static sqla_status open_file(
    sqla_driver_conn *conn, const sqla_connect_args *args, const settings *s, sqla_err *err)
{
    bool private = is_private(s), uri = strncmp(s->path, "file:", 5) == 0;
    int flags = SQLITE_OPEN_NOMUTEX | (s->mode != NULL && strcmp(s->mode, "ro") == 0 ? SQLITE_OPEN_READONLY
                                                                                     : SQLITE_OPEN_READWRITE);
    if ((s->mode == NULL || strcmp(s->mode, "rwc") == 0) && !has_flag(args, SQLA_CONNECT_AGAIN))
        flags |= SQLITE_OPEN_CREATE;
    const char *name = private ? args->instance != NULL ? args->instance : "sqla" : s->path;
    char *path = sqlite3_mprintf("%s%s", private ? "/" : uri ? "./" : "", name);
    if (path == NULL)
        return sqlite__nomem(err);
    int rc = sqlite3_open_v2(path, &conn->db,
        private ? SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : flags,
        private ? "memdb" : NULL);
    sqlite3_free(path);
    if (conn->db != NULL)
        sqlite3_extended_result_codes(conn->db, 1);
    return rc == SQLITE_OK ? SQLA_OK : open_failed(conn, args, s, rc, err);
}

/* Statements that change the session in ways that reset could not take back: the connection is better dropped then. */
static bool is_question(const char *pragma)
{
    static const char *const questions[] = {
        "table_info",
        "table_xinfo",
        "table_list",
        "index_list",
        "index_info",
        "index_xinfo",
        "foreign_key_list",
        "foreign_key_check",
        "integrity_check",
        "quick_check",
        "wal_checkpoint",
        "optimize",
        "incremental_vacuum",
        "schema_version",
        "user_version",
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        if (sqlite3_stricmp(pragma, questions[i]) == 0)
            return true;
    }
    return false;
}

static int on_prepare(
    void *arg, int action, const char *first, const char *second, const char *database, const char *trigger)
{
    sqla_driver_conn *conn = arg;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_PRAGMA:
        if (second != NULL && !conn->own_pragma && !is_question(first))
            conn->touched = true;
        break;
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
        conn->touched = true;
        break;
    }
    return SQLITE_OK;
}

int sqlite__run(sqla_driver_conn *conn, const char *text)
{
    return sqlite3_exec(conn->db, text, NULL, NULL, NULL);
}

/* Set a PRAGMA, and see that it holds: SQLite passes over what it cannot do. */
static sqla_status set_journal(sqla_driver_conn *conn, const char *mode, sqla_err *err)
{
    char text[64];
    sqlite3_stmt *stmt = NULL;
    snprintf(text, sizeof text, "PRAGMA journal_mode = %s", mode);
    int rc = sqlite3_prepare_v2(conn->db, text, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    const char *now = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    sqla_status status = SQLA_OK;
    if (rc != SQLITE_ROW)
        status = sqlite__failed(conn, NULL, 0, err);
    else if (now == NULL)
        status = sqlite__nomem(err);
    else if (sqlite3_stricmp(now, mode) != 0)
        status = sqlite__fail(err, SQLA_ERR_CONFIG, NULL,
            "the database cannot have journal_mode '%s': it stays '%s'", mode, now);
    sqlite3_finalize(stmt);
    return status;
}

static sqla_status apply(sqla_driver_conn *conn, const settings *s, sqla_err *err)
{
    char text[64];
    int on = -1;
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_FKEY, s->foreign_keys ? 1 : 0, &on);
    if (on != (s->foreign_keys ? 1 : 0))
        return sqlite__fail(
            err, SQLA_ERR_UNSUPPORTED, NULL, "this SQLite library does not enforce foreign keys");
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (sqlite__make_like(conn->db) != SQLITE_OK || sqlite__make_json_valid(conn->db) != SQLITE_OK)
        return sqlite__failed(conn, NULL, 0, err);
    sqla_status status = s->journal_mode != NULL ? set_journal(conn, s->journal_mode, err) : SQLA_OK;
    if (status == SQLA_OK && s->synchronous != NULL) {
        snprintf(text, sizeof text, "PRAGMA synchronous = %s", s->synchronous);
        if (sqlite__run(conn, text) != SQLITE_OK)
            status = sqlite__failed(conn, NULL, 0, err);
    }
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL); /* last: it forbids journal_mode off */
    return status;
}

/* SQLite reads a file when it must, and opens one that it may not write for reading without a word. */
static sqla_status look_at_file(
    sqla_driver_conn *conn, const sqla_connect_args *args, const settings *s, sqla_err *err)
{
    int rc = sqlite__run(conn, "PRAGMA schema_version");
    if (rc == SQLITE_NOTADB)
        return sqlite__fail(err, SQLA_ERR_CORRUPT, &(sqla_err_fields){ .native = rc, .sqlstate = "XX001" },
            "file '%.300s' is not a database of SQLite", s->path);
    if ((rc & 0xff) == SQLITE_CANTOPEN)
        return open_failed(conn, args, s, rc, err);
    if (rc != SQLITE_OK)
        return sqlite__failed(conn, NULL, 0, err);
    if ((s->mode == NULL || strcmp(s->mode, "ro") != 0) && sqlite3_db_readonly(conn->db, "main") == 1)
        return sqlite__fail(err, SQLA_ERR_READ_ONLY,
            &(sqla_err_fields){ .sqlstate = "25006", .hint = "add mode=ro to the URL to read it" },
            "database '%.300s' cannot be opened for writing", s->path);
    return SQLA_OK;
}

static void close_handle(sqla_driver_conn *conn)
{
    for (int i = 0; i < SQLITE__CONTROL_COUNT; i++)
        sqlite3_finalize(conn->control[i]);
    sqlite3_close_v2(conn->db);
}

static void release_memory(sqla_driver_conn *conn)
{
    sqlite__result_free(conn->spare);
    sqlite__host->release(conn->binders);
    sqlite__host->release(conn->forms);
    sqlite__host->release(conn);
}

static sqla_status make_read_only(sqla_driver_conn *conn, sqla_err *err)
{
    if (sqlite__run(conn, "PRAGMA query_only = 1") != SQLITE_OK)
        return sqlite__failed(conn, NULL, 0, err);
    conn->read_only = true;
    return SQLA_OK;
}

static sqla_status open_all(sqla_driver_conn *conn, const sqla_connect_args *args, sqla_err *err)
{
    settings s;
    sqla_status status = read_settings(args, &s, err);
    if (status == SQLA_OK)
        status = open_file(conn, args, &s, err);
    if (status != SQLA_OK)
        return status;
    conn->is_private = is_private(&s);
    conn->busy_ns = s.busy_ms * 1000000;
    sqlite3_busy_handler(conn->db, sqlite__on_busy, conn);
    sqlite3_progress_handler(conn->db, SQLITE__OPS_PER_LOOK, sqlite__on_progress, conn);
    status = sqlite__enter(conn, args->deadline, err);
    if (status == SQLA_OK)
        status = look_at_file(conn, args, &s, err);
    if (status == SQLA_OK)
        status = sqlite__place_note(conn, err);
    if (status == SQLA_OK)
        status = apply(conn, &s, err);
    if (status == SQLA_OK && has_flag(args, SQLA_CONNECT_READ_ONLY))
        status = make_read_only(conn, err);
    if (status == SQLA_OK && sqlite__list_register(conn->db) != SQLITE_OK)
        status = sqlite__failed(conn, NULL, 0, err);
    sqlite3_set_authorizer(conn->db, on_prepare, conn);
    sqlite__leave(conn);
    return status;
}

/* glibc gives the top of its heap back to the system each time that a large block at the top is freed, as SQLite does at the
 * end of each statement that needs a temporary table. Having freed a block as large as this once makes it wait for more. */
static void calm_heap(void)
{
    static atomic_flag done = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&done)) {
        void *volatile block = malloc((size_t)8 << 20);
        free(block);
    }
}

sqla_status sqlite_open(
    const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    sqla_driver_conn *conn = sqlite__host->alloc(sizeof *conn);
    if (conn == NULL)
        return sqlite__nomem(err);
    memset(conn, 0, sizeof *conn);
    calm_heap();
    sqla_status status = open_all(conn, args, err);
    if (status != SQLA_OK) {
        close_handle(conn);
        release_memory(conn);
        return status;
    }
    snprintf(conn->product, sizeof conn->product, "SQLite %s", sqlite3_libversion());
    info->server_version = (uint32_t)sqlite3_libversion_number();
    info->product = conn->product;
    info->features = sqlite__traits.features & ~(conn->is_private ? 0 : SQLA_FEATURE_EPHEMERAL);
    info->max_parameters = (uint32_t)sqlite3_limit(conn->db, SQLITE_LIMIT_VARIABLE_NUMBER, -1);
    if (info->struct_size >= offsetof(sqla_conn_info, place) + sizeof info->place) {
        info->place[0] = (uint64_t)conn->device;
        info->place[1] = (uint64_t)conn->inode;
    }
    *ret_conn = conn;
    return SQLA_OK;
}

void sqlite_close(sqla_driver_conn *conn)
{
    close_handle(conn);
    release_memory(conn);
}

/* The handle itself is leaked: closing its file in this process would take the parent's locks away (POSIX locks belong to
 * the process and the file, see "How To Corrupt An SQLite Database File"). */
void sqlite_abandon(sqla_driver_conn *conn)
{
    release_memory(conn);
}
