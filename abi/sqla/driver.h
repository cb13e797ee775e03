/* driver.h: the driver ABI of sqla, version 1.0. This is all that a driver needs, and all that it may see.
 *
 * A driver is a shared object with one exported function, sqla_driver_entry, and one ELF note that says what it is.
 * The core loads it by name, hands it a table of services (sqla_host) and gets a description (sqla_driver) with a
 * table of functions (sqla_driver_ops) and a table of facts about the database's SQL (sqla_traits).
 *
 * Rules that hold for every function here
 *   Growth       Every struct that crosses starts with its size. Both sides only append. A reader looks at no byte
 *                beyond the size it was told; the host copies the driver's tables into full-size ones of its own and
 *                fills the optional slots that are missing with its defaults, once, so nobody tests for NULL later.
 *   Version      Same major: they understand one another. A minor appends members, bits, enum values; it never
 *                changes one, and never adds a required slot. An unknown enum value is "something else".
 *   Handles      sqla_driver_conn, _stmt, _result, _canceller are the driver's; the host only keeps the pointers. It
 *                closes children before parents and each exactly once. Closing returns nothing and cannot fail.
 *   Text         is UTF-8 with a length where one is given; it has a NUL behind it unless said otherwise.
 *   Memory       Each side frees what it made. What a driver returns by pointer lives until the next call on the same
 *                handle, or as long as the entry says.
 *   Threads      One thread at a time per connection and what hangs on it; different connections at once. Only
 *                cancel_fire may come from any thread at any time. No callback from another thread.
 *   Process      A driver installs no signal handler, no atexit and no atfork handler, changes no locale, no working
 *                folder and no environment, and prints nothing.
 *   Out          An out parameter is written on success only, unless the entry says otherwise.
 *   Errors       A function that fails calls host->set_error(err, fields) once, and returns the same status. err may
 *                be anything; it is only passed on.
 *   Deadlines    are absolute times of CLOCK_MONOTONIC in nanoseconds; 0: none. A driver that cannot keep one says so
 *                in its manual; the host starts no thread to help. */
#ifndef SQLA_DRIVER_H
#define SQLA_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#include <sqla/status.h>
#include <sqla/types.h>
#include <sqla/plan.h>
#include <sqla/traits.h>
#include <sqla/transaction.h>
#include <sqla/reflect.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SQLA_ABI_MAJOR 1
#define SQLA_ABI_MINOR 0

typedef struct sqla_driver_conn sqla_driver_conn;
typedef struct sqla_driver_stmt sqla_driver_stmt;
typedef struct sqla_driver_result sqla_driver_result;
typedef struct sqla_driver_canceller sqla_driver_canceller;
typedef struct sqla_err sqla_err; /* the host's; opaque */

/* ---- what the host gives ------------------------------------------------------------------------------------- */

/* One failure, as a driver reports it. Zero is "not known" for every member but status; texts are copied at once. */
typedef struct sqla_err_fields {
    uint32_t struct_size;
    int32_t status;            /* sqla_status */
    int32_t native;            /* the database's own number, SQLite's extended result code; 0 */
    int32_t position;          /* 1-based character in the statement; 0 */
    int64_t row;               /* 0-based row of a batch or result, or statement of a script, plus 1; 0: not known */
    const char *sqlstate;      /* five characters, or NULL */
    const char *message;       /* what the database said; never NULL */
    const char *detail, *hint;
    const char *schema, *table, *column, *constraint;
    const char *outcome;       /* with SQLA_ERR_UNKNOWN_OUTCOME: what resolve needs to tell what happened, up to 63 bytes; NULL: nothing */
} sqla_err_fields;

typedef enum sqla_log_level { SQLA_LOG_ERROR = 1, SQLA_LOG_WARNING, SQLA_LOG_INFO, SQLA_LOG_DEBUG } sqla_log_level;

/* Services of the host. Lives as long as the process.  Threads: any. */
typedef struct sqla_host {
    uint32_t struct_size;
    uint32_t abi_major, abi_minor;
    const char *version;       /* of the host, "0.1.0" */
    void *(*alloc)(size_t size);                 /* like malloc, calloc's twin is alloc and memset; NULL: out of memory */
    void *(*resize)(void *block, size_t size);
    void (*release)(void *block);                /* takes NULL */
    void (*set_error)(sqla_err *err, const sqla_err_fields *fields);
    void (*log)(int32_t level, const char *message);
} sqla_host;

/* ---- connections --------------------------------------------------------------------------------------------- */

/* One part of the URL or of its query, decoded. A driver gets the parts under these keys: "host" (several with commas,
 * ports with them as written), "port", "user", "password", "database"; then each query key that is not an engine
 * option, as written. Empty parts are left out. */
typedef struct sqla_connect_param { const char *key, *value; } sqla_connect_param;

/* A key that open takes; see connect_options. This struct never grows. */
typedef struct sqla_connect_option {
    const char *key;
    const char *same_as;       /* key is another name of this one, under which open gets the value; NULL: it is not */
    uint32_t flags;            /* SQLA_OPTION_... */
    uint32_t reserved;
} sqla_connect_option;
enum {
    SQLA_OPTION_SECRET = 1,    /* the value is shown nowhere */
    SQLA_OPTION_SETTINGS = 2   /* the value is a list of settings, name=value, among which a secret may be */
};

enum {
    SQLA_CONNECT_POOLED = 1,   /* between us and the database is a pooler that lends a session for one transaction: leave no
                                * state in it, and count on none; only given to drivers with SQLA_FEATURE_POOLER */
    SQLA_CONNECT_READ_ONLY = 2 /* the database is to refuse every write of this connection, with SQLA_ERR_READ_ONLY, also after a
                                * reset; with POOLED: in transactions, since the host runs nothing outside of them then; only
                                * given to drivers with SQLA_FEATURE_READ_ONLY */
};

typedef struct sqla_connect_args {
    uint32_t struct_size;
    uint32_t count;
    const sqla_connect_param *params;  /* borrowed for the call */
    const char *instance;      /* a text that is different for each engine: names what is private to one (an in-memory database) */
    int64_t deadline;
    uint32_t flags;            /* SQLA_CONNECT_... */
    uint32_t reserved;
} sqla_connect_args;

/* What a connection tells about itself; filled after open, zeroed by the host before. */
typedef struct sqla_conn_info {
    uint32_t struct_size;
    uint32_t server_version;   /* PostgreSQL: 150018; SQLite: 3040001 */
    const char *product;       /* "PostgreSQL 15.18"; lives as long as the connection */
    uint64_t features;         /* sqla_traits.features less what this server lacks */
    uint32_t max_parameters;   /* as traits, for this server; 0: as traits */
} sqla_conn_info;

typedef enum sqla_txn_state {
    SQLA_TXN_IDLE = 1,         /* no transaction */
    SQLA_TXN_ACTIVE,
    SQLA_TXN_FAILED,           /* open, but the database refuses everything except rollback */
    SQLA_TXN_LOST              /* the connection is gone, and the transaction with it */
} sqla_txn_state;

typedef struct sqla_txn_options {
    uint32_t struct_size;
    uint32_t flags;            /* SQLA_TXN_... */
    int64_t deadline;
    uint32_t isolation;        /* begin: sqla_isolation, one of traits.isolation_levels or DEFAULT */
    uint32_t reserved;
} sqla_txn_options;
enum {
    SQLA_TXN_WRITE = 1,        /* begin: it means to write: take the lock at once */
    SQLA_TXN_READ_ONLY = 2,    /* begin: the database refuses writes, with SQLA_ERR_READ_ONLY */
    SQLA_TXN_DEFERRABLE = 4,   /* begin: wait until what is read can be read without ever failing; with READ_ONLY */
    SQLA_TXN_TOKEN = 8         /* commit: give an unknown outcome what resolve needs (sqla_err_fields.outcome) */
};

typedef enum sqla_savepoint_op { SQLA_SAVEPOINT_SET = 1, SQLA_SAVEPOINT_RELEASE, SQLA_SAVEPOINT_ROLLBACK } sqla_savepoint_op;

enum { SQLA_PING_LOOK = 1 /* send nothing: only look whether the link is known to be dead */ };

/* ---- statements ---------------------------------------------------------------------------------------------- */

/* A statement: its text, and the handle that prepare made for it, if any. */
typedef struct sqla_statement {
    uint32_t struct_size;
    uint32_t reserved;
    const char *text;
    size_t length;
    sqla_driver_stmt *prepared; /* NULL: run the text as it stands */
} sqla_statement;

enum {
    SQLA_EXEC_STREAM = 1,      /* hand out rows as they come, in bounded memory; else the driver may buffer as it likes */
    SQLA_EXEC_SCRIPT = 2,      /* several statements, no parameters, results dropped; without it a script is refused */
    SQLA_EXEC_COLUMNS = 4      /* prepare: each parameter will be an array over rows (columns mode) */
};
typedef struct sqla_exec_options {
    uint32_t struct_size;
    uint32_t flags;            /* SQLA_EXEC_... */
    int64_t deadline;
} sqla_exec_options;

/* A result's shape. Lives as long as the result. */
typedef struct sqla_result_column {
    const char *name;
    uint32_t type;             /* sqla_type that the values have, as far as known; SQLA_NULL: each says its own */
    uint32_t reserved;
    const char *type_name;     /* the database's word for it, or NULL */
} sqla_result_column;
typedef struct sqla_result_info {
    uint32_t struct_size;
    uint32_t column_count;     /* 0: the statement gives no rows */
    const sqla_result_column *columns;
    int64_t affected;          /* rows that were changed, when the statement is over; -1: not known, or rows are still coming */
} sqla_result_info;

/* ---- batches ------------------------------------------------------------------------------------------------- */

typedef enum sqla_batch_mode {
    SQLA_BATCH_EACH = 1,       /* the statement once a row, pipelined where the database can */
    SQLA_BATCH_BLOCK,          /* placeholders for rows_per_statement rows, row after row; the statement once a block */
    SQLA_BATCH_COLUMNS         /* each slot is one parameter: an array over all rows; the statement once */
} sqla_batch_mode;

typedef enum sqla_key_source {
    SQLA_KEY_NONE = 0,
    SQLA_KEY_RETURNED,         /* rows of RETURNING, read by the key plan: in order of the rows sent, or told by a ROW_NUMBER slot */
    SQLA_KEY_LAST_ID           /* from the last generated id by arithmetic; keys has one FIXED integer slot */
} sqla_key_source;

/* n rows for one statement. The host fills the upper part; the driver writes the lower one, also when it fails. */
typedef struct sqla_batch {
    uint32_t struct_size;
    uint32_t mode;             /* sqla_batch_mode */
    const sqla_plan *plan;     /* of the parameters of one row; slot.column counts parameters within the row */
    void *const *rows;
    size_t count;              /* in BLOCK mode a multiple of rows_per_statement */
    uint32_t rows_per_statement;
    uint32_t key_source;       /* sqla_key_source */
    const sqla_plan *keys;     /* where generated values are written, in the same rows; NULL with KEY_NONE */
    sqla_row_arena *arena;     /* for texts among them; may be NULL when keys has none */

    int64_t affected;          /* sum over all statements */
    int64_t unmatched;         /* EACH: the first row whose statement changed no row; -1: none */
} sqla_batch;

/* ---- the driver's functions ---------------------------------------------------------------------------------- */

/* Required slots first; the list of required slots never grows. What the host does in the place of an optional slot
 * stands behind "when absent". "Since" is 1.0 for all. */
typedef struct sqla_driver_ops {
    uint32_t struct_size;
    uint32_t reserved;

    /* Connect, and make the session ready: text in UTF-8, foreign keys enforced.
     * Returns: CONNECT, DENIED, TIMEOUT, CONFIG (a parameter: say which, and the nearest known one), NOMEM ...
     * Ownership: *ret_conn is closed with close. info->product lives as long as the connection.
     * Threads: any. */
    sqla_status (*open)(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err);
    /* Close, in bounded time, whatever state it is in. An open transaction is rolled back by that. */
    void (*close)(sqla_driver_conn *conn);
    /* Run one statement. A result is made for every statement, also one without rows.
     * plan and row: the parameters, read during the call; plan is NULL when there are none.
     * A text that holds more than one statement is SQLA_ERR_MISUSE unless SQLA_EXEC_SCRIPT is set.
     * Returns: any status. A wrong number of parameters is SQLA_ERR_SQL, before anything runs.
     * Ownership: *ret_result is closed with result_close, before the connection runs anything else unless the
     * driver can keep several open; one that cannot answers SQLA_ERR_BUSY. */
    sqla_status (*exec)(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                        const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err);
    /* The shape of a result and the rows affected. Cheap; may be called again at any time. Never fails. */
    const sqla_result_info *(*result_info)(sqla_driver_result *result);
    /* Read up to max rows into rows[0], rows[1] ...; only the columns that the plan names.
     * *ret_count: rows that were written, also on failure (the row that failed is not among them).
     * *ret_end: true when no row is left. The host does not fetch after that; a driver that is asked all the same
     * answers 0 rows and end again, and never runs the statement anew.
     * Returns: SQLA_ERR_DATA with row and column for a value that the slot cannot hold: nothing is ever narrowed,
     * cut or rounded silently. A value of a type that the slot does not take is such a value too, whatever the column was
     * declared as; a NULL is not. SQLA_ERR_UNSUPPORTED for a slot whose type and representation do not go together.
     * Ownership: what was written is the caller's, texts lie in the arena (may be NULL without text slots). */
    sqla_status (*result_fetch)(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
                                sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err);
    /* Step to the next row and show it as tagged values, one a column.
     * *ret_values: NULL at the end (and again when asked again).
     * Ownership: borrowed until the next call on this result. */
    sqla_status (*result_view)(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err);
    /* Drop what is left of the result. The connection is ready for the next statement afterwards. */
    void (*result_close)(sqla_driver_result *result);
    /* The state of the transaction, from the database's own word, without traffic. */
    sqla_txn_state (*txn_state)(sqla_driver_conn *conn);

    /* ---- optional ---- */

    /* Prepare a statement. options->flags may hold SQLA_EXEC_COLUMNS. plan: the types of the parameters (of one row;
     * block_rows: how many rows of them the text takes, 1 for single statements); NULL without parameters.
     * Ownership: *ret_stmt is closed with stmt_close.
     * When absent: statements run unprepared (sqla_statement.prepared is NULL). */
    sqla_status (*prepare)(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows,
                           const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err);
    void (*stmt_close)(sqla_driver_stmt *stmt);
    /* Run a statement for many rows; see sqla_batch. A failure names its row where it can be told; what had been done
     * in this call may stand, and is undone by the host's rollback.
     * Returns: as exec; SQLA_ERR_STALE never (the host compares the counts).
     * When absent: the host runs exec once a row, and uses no block and no columns template. */
    sqla_status (*execute_many)(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch,
                                const sqla_exec_options *options, sqla_err *err);
    /* Begin, end, and mark places in a transaction.
     * commit: SQLA_OK: done. SQLA_ERR_UNKNOWN_OUTCOME: the link broke while it was under way. SQLA_ERR_BUSY: not done,
     * the transaction is still open and commit may be repeated. Anything else: not done, the transaction is over or
     * failed. A database that answers COMMIT with a rollback is a failure.
     * When absent: the texts in the traits; commit asks txn_state first, so that a failed transaction is never "done". */
    sqla_status (*begin)(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err);
    sqla_status (*commit)(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err);
    sqla_status (*rollback)(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err);
    sqla_status (*savepoint)(sqla_driver_conn *conn, int32_t op, const char *name, sqla_err *err);
    /* Is the connection alive? flags: 0, or SQLA_PING_LOOK.
     * When absent: traits.ping is run; with SQLA_PING_LOOK the answer is "alive". */
    sqla_status (*ping)(sqla_driver_conn *conn, uint32_t flags, int64_t deadline, sqla_err *err);
    /* Make the session as it was after open, keeping our own prepared statements. No transaction is open.
     * When absent: traits.reset is run; without that the connection is dropped. */
    sqla_status (*reset)(sqla_driver_conn *conn, int64_t deadline, sqla_err *err);
    /* Forget the connection without a byte of traffic: the process was forked and the link is the parent's.
     * When absent: the handle is leaked on purpose. */
    void (*abandon)(sqla_driver_conn *conn);
    /* A handle that can end what the connection is running, from any thread.
     * cancel_fire does nothing when nothing runs; it keeps to the deadline.
     * Ownership: the host frees the canceller before it closes the connection, and never while cancel_fire is under way.
     * When absent: cancelling is SQLA_ERR_UNSUPPORTED. */
    sqla_status (*cancel_new)(sqla_driver_conn *conn, sqla_driver_canceller **ret_canceller, sqla_err *err);
    sqla_status (*cancel_fire)(sqla_driver_canceller *canceller, int64_t deadline, sqla_err *err);
    void (*cancel_free)(sqla_driver_canceller *canceller);
    /* Tell what is in the database; see reflect.h. Looks at the database's own catalog, whatever the session's
     * search path says.
     * When absent: SQLA_ERR_UNSUPPORTED; no check-first, and every batch takes the safe road. */
    sqla_status (*reflect)(sqla_driver_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink,
                           sqla_err *err);
    /* The keys that open takes, as the client library that is loaded knows them; "host", "port", "user", "password" and
     * "database" too, where it takes those. The host refuses all others before it connects, and names the nearest one.
     * Returns: NOMEM.
     * Ownership: *ret_options lives as long as the process.
     * Threads: any.
     * When absent: every key goes to open, which is to refuse what it does not know. */
    sqla_status (*connect_options)(const sqla_connect_option **ret_options, uint32_t *ret_count, sqla_err *err);
    /* The deadline, from now on, of the calls that are given none: result_fetch, result_view, result_close, savepoint, reflect,
     * and those of a stream of rows that is open (bulk.h). The host says it before such a call when it has changed.
     * When absent: a result has the deadline of its exec, and the others have none. */
    void (*set_deadline)(sqla_driver_conn *conn, int64_t deadline);
    /* What became of a commit that ended in SQLA_ERR_UNKNOWN_OUTCOME, by what its error carried; asked on another connection.
     * *ret_outcome: sqla_outcome.
     * Returns: SQLA_ERR_MISUSE for a token that is not one of this driver's.
     * When absent: SQLA_ERR_UNSUPPORTED. */
    sqla_status (*resolve)(sqla_driver_conn *conn, const char *outcome, int64_t deadline, int32_t *ret_outcome, sqla_err *err);
} sqla_driver_ops;

/* ---- the driver ---------------------------------------------------------------------------------------------- */

typedef struct sqla_driver {
    uint32_t struct_size;          /* in: the host's, zeroed beyond it. out: what the driver filled */
    uint32_t abi_major, abi_minor; /* what the driver was compiled for */
    uint32_t min_host_minor;       /* the lowest minor of a host it can live with */
    const char *name;              /* as in the note */
    const char *version;           /* of the driver and its client library, for people */
    const sqla_driver_ops *ops;
    const sqla_traits *traits;
    /* Tables of functions beyond those of ops, by a name with a version ("sqla.bulk/1", see bulk.h; "sqla.twophase/1", see
     * twophase.h); NULL: the driver does not have that one.
     * Ownership: what it returns lives as long as the process.  Threads: any.
     * When absent, or beyond struct_size: the driver has no extension. */
    const void *(*extension)(const char *id);
} sqla_driver;

/* The entry. Fill *out; call nothing but the host. May be called more than once in a process.
 * Returns: SQLA_OK; SQLA_ERR_UNSUPPORTED when the host's version will not do; another status with host->set_error.
 * Ownership: host and everything that out points at live as long as the process. */
typedef sqla_status sqla_driver_entry_fn(const sqla_host *host, sqla_driver *out, sqla_err *err);

#if defined(__GNUC__)
#define SQLA_DRIVER_EXPORT __attribute__((visibility("default")))
#else
#define SQLA_DRIVER_EXPORT
#endif
SQLA_DRIVER_EXPORT sqla_driver_entry_fn sqla_driver_entry;
#define SQLA_DRIVER_ENTRY_NAME "sqla_driver_entry"

/* ---- the note ------------------------------------------------------------------------------------------------ */

/* The mark of a driver, an ELF note (System V ABI, "Note Section") that can be read without running the file. The
 * file's name is the driver's name or one of its schemes, with ".so". Names are [a-z][a-z0-9_]{0,31}. */
#define SQLA_NOTE_OWNER "sqla"
#define SQLA_NOTE_TYPE 1
typedef struct sqla_driver_note {
    uint32_t abi_major, abi_minor;
    char name[32];
    char schemes[152];             /* URL schemes, with single spaces between them */
} sqla_driver_note;
typedef struct sqla_elf_note {
    uint32_t owner_size, desc_size, type;
    char owner[8];
    sqla_driver_note desc;
} sqla_elf_note;

/* SQLA_DRIVER_NOTE("sqlite", "sqlite"): at file scope of one source file of the driver. */
#define SQLA_DRIVER_NOTE(name_, schemes_) \
    __attribute__((used, aligned(4), section(".note.sqla"))) static const sqla_elf_note sqla_note_ = { \
        sizeof SQLA_NOTE_OWNER, sizeof(sqla_driver_note), SQLA_NOTE_TYPE, SQLA_NOTE_OWNER, \
        { SQLA_ABI_MAJOR, SQLA_ABI_MINOR, name_, schemes_ } }

#ifdef __cplusplus
}
#endif
#endif
