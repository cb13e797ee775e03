/* engine.h: engines, connections, transactions, raw SQL, results, reflection and drivers. */
#ifndef SQLA_ENGINE_H
#define SQLA_ENGINE_H
#ifndef SQLA_CHECK_HEADERS
#pragma GCC system_header
#endif

#include <sqla/sql.h>
#include <sqla/transaction.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- engine ---------------------------------------------------------------------------------------------------- */

/* Where log lines go.  level: 1 error, 2 warning, 3 info (echo), 4 debug. line has no newline; borrowed.
 * Threads: called from whatever thread did the work, several at once. */
typedef void sqla_log_fn(void *data, int level, const char *line);

/* What stands between the program and the database. TRANSACTION: a pooler such as PgBouncer that lends a session of the server
 * for one transaction: no named prepared statements are used then, no state is left in the session, and none is counted on. */
typedef enum sqla_pooler { SQLA_POOLER_NONE = 0, SQLA_POOLER_TRANSACTION } sqla_pooler;

/* A part of the URL or a key of its query, and its value. Programs make arrays of these, so this struct never grows. */
typedef struct sqla_option { const char *key, *value; } sqla_option;

/* What happens to connections, and on them, as bits. sqla_event.conn may be used by the function, for statements too, in those
 * marked +; in the others it is good for comparing alone. A session has no events of its own: what it does is seen by the
 * transactions and statements of its connection. */
typedef enum sqla_event_kind {
    SQLA_EVENT_FIRST_CONNECT = 1 << 0, /* + before the CONNECT of the first connection that this engine opens */
    SQLA_EVENT_CONNECT = 1 << 1,       /* + opened; or not: then conn is NULL, and status and message say why */
    SQLA_EVENT_CHECKOUT = 1 << 2,      /* + lent to who asked for it, in whose thread this is */
    SQLA_EVENT_CHECKIN = 1 << 3,       /* given back, rolled back and reset where that was needed */
    SQLA_EVENT_RESET = 1 << 4,         /* + put back to what it was when it was opened, since raw SQL had run */
    SQLA_EVENT_INVALIDATE = 1 << 5,    /* will not be used again: status says lost or found dead, OK that it was asked for */
    SQLA_EVENT_CLOSE = 1 << 6,         /* closed */
    SQLA_EVENT_EXECUTE = 1 << 7,       /* + a statement ran, or failed; not those that the library has for itself */
    SQLA_EVENT_BEGIN = 1 << 8,         /* + and so on: transactions, by sqla_conn_begin() and its like or by sessions; not of AUTOCOMMIT */
    SQLA_EVENT_COMMIT = 1 << 9,
    SQLA_EVENT_ROLLBACK = 1 << 10,
    SQLA_EVENT_SAVEPOINT = 1 << 11,
    SQLA_EVENT_RELEASE = 1 << 12,
    SQLA_EVENT_ROLLBACK_TO = 1 << 13,
    SQLA_EVENT_DETACH = 1 << 14,       /* + taken out of the pool for good */
    SQLA_EVENT_PREPARE = 1 << 15,      /* a transaction was prepared, or could not be; and prepared ones finished */
    SQLA_EVENT_COMMIT_PREPARED = 1 << 16,
    SQLA_EVENT_ROLLBACK_PREPARED = 1 << 17
} sqla_event_kind;

/* Something that happened. Look at no member behind struct_size. */
typedef struct sqla_event {
    uint32_t struct_size;
    sqla_event_kind kind;
    sqla_engine *engine;
    sqla_conn *conn;           /* or NULL; a handle is good from one checkout to its checkin, see number */
    const char *sql;           /* EXECUTE: the statement; SAVEPOINT, PREPARE and their like: the name; else NULL */
    size_t sql_length;
    int64_t rows;              /* EXECUTE: for how many rows of parameters it ran; else 0 */
    int64_t nanoseconds;       /* how long it took; CHECKIN: how long it was out; CLOSE: how long it was open */
    sqla_status status;
    const char *message;       /* why it failed, free of secrets; "" */
    uint64_t number;           /* of the connection: from 1 on in this engine, the same from its CONNECT to its CLOSE */
} sqla_event;

/* What it sets in a session at CONNECT lasts until raw SQL makes a reset needed, so set it at RESET again. Statements that
 * it runs on event->conn tell no events, and a transaction that it leaves open at CONNECT or RESET is rolled back. It must
 * neither close event->conn nor free the engine.
 *   event  borrowed for the call, with all that it points at
 * Threads: called in the thread that did the work, several at once; no lock is held. */
typedef void sqla_event_fn(void *data, const sqla_event *event);

/* How connections are kept. In a URL: pool=queue, none, static. */
typedef enum sqla_pool_kind {
    SQLA_POOL_QUEUE = 0,       /* pool_size are kept, max_overflow more may be out at once; who finds none waits in order */
    SQLA_POOL_NONE,            /* none is kept: each checkout opens one and each return closes it, as many as are asked for */
    SQLA_POOL_STATIC           /* there is one, kept whatever its age, for which all wait in order */
} sqla_pool_kind;

/* Zero is the default of every member. Make one with SQLA_ENGINE_OPTIONS(.echo = true); NULL means all defaults.
 * The same names are query keys of the URL, except for log, log_data, locked, connect and the three of events; a key that is
 * given in both is SQLA_ERR_CONFIG. */
typedef struct sqla_engine_options {
    uint32_t struct_size;
    int32_t pool_size;          /* connections kept; 0: 5 */
    int32_t max_overflow;       /* more that may be open at once; 0: 10; -1: none */
    int32_t pool_timeout_ms;    /* how long to wait for one; 0: 30,000; -1: do not wait */
    int32_t connect_timeout_ms; /* 0: 30,000 */
    int32_t pool_recycle_s;     /* a connection older than this is replaced at checkout; 0: never */
    bool pre_ping;              /* ping at checkout; without it a link that is known to be dead is replaced all the same */
    bool echo;                  /* log every statement, and where transactions begin and end, with connection and time */
    bool hide_parameters;       /* and not the values with it */
    sqla_log_fn *log;           /* NULL: lines go to the standard error stream */
    void *log_data;
    const char *const *locked;  /* keys that the URL must not give, "host", "user" and the like too; the last is NULL. NULL: none */
    const sqla_option *connect; /* given to the driver as if they stood in the URL, which must not give them again; the last has
                                 * the key NULL. NULL: none */
    sqla_pooler pooler;         /* in the URL: pooler=transaction */
    sqla_pool_kind pool;        /* pool_size and max_overflow are for SQLA_POOL_QUEUE alone */
    bool pool_fifo;             /* lend what is idle longest; else what is idle shortest, so that spare ones can time out */
    bool pool_sites;            /* remember who took each connection: shown, and logged, when there is none to be had */
    sqla_event_fn *on_event;    /* NULL: nobody */
    void *event_data;
    uint32_t events;            /* SQLA_EVENT_... bits; 0: all */
    int32_t statement_timeout_ms; /* see "deadlines" below; 0: none */
    sqla_isolation isolation;   /* of the transactions that are begun; one that the database has not is SQLA_ERR_CONFIG, with a list.
                                 * In the URL: isolation=read-committed, serializable, autocommit ... */
    bool read_only;             /* the database refuses every write, in transactions and outside of them, with SQLA_ERR_READ_ONLY.
                                 * Through a pooler nothing runs outside of them then: SQLA_ERR_UNSUPPORTED */
    bool resolve_outcomes;      /* a commit asks for the transaction's number first, for sqla_outcome_resolve: one trip more */
    const char *wrap;           /* the name of a driver that goes round the database's own: "trace" tells each call. NULL: none */
} sqla_engine_options;
#define SQLA_ENGINE_OPTIONS(...) (&(const sqla_engine_options){ .struct_size = sizeof(sqla_engine_options), __VA_ARGS__ })

/* Make an engine: the driver is found and the URL checked, but nothing is connected yet.
 *   url  scheme[+driver]://user:password@host:port/database?key=value; see the README. Percent escapes in each part.
 *        sqlite:// (private, in memory), sqlite:///relative.db, sqlite:////absolute.db
 * Returns: owned, free with sqla_engine_free(); NULL: CONFIG (says where the URL is wrong and how to write it),
 * PLUGIN (no such driver, with the places searched), NOMEM.  Ownership: borrows url and options.  Threads: any. */
SQLA_API sqla_engine *sqla_create_engine(const char *url, const sqla_engine_options *options, sqla_error *err);
/* The same with the URL that stands in a variable of the environment, which a program with more rights than its user ignores.
 *   variable  its name; NULL: SQLA_URL
 * Returns: as sqla_create_engine; CONFIG too when the variable is not set or empty, MISUSE when its name is none.
 * Threads: any, while no thread changes the environment. */
SQLA_API sqla_engine *sqla_engine_from_env(const char *variable, const sqla_engine_options *options, sqla_error *err);
/* Close the idle connections and free the engine once the last connection and session are closed. NULL is fine.
 * Threads: any, once. */
SQLA_API void sqla_engine_free(sqla_engine *db);
/* The URL with its password masked, and the name of the dialect for people ("PostgreSQL").
 * Ownership: returns borrowed, as long as the engine.  Threads: any. */
SQLA_API const char *sqla_engine_url(const sqla_engine *db);
SQLA_API const char *sqla_engine_dialect(const sqla_engine *db);
/* Close the connections that are idle in the pool; those that are out are closed when they come back. The engine stays
 * usable, and opens new ones: all that are there are made invalid by this.  Threads: any. */
SQLA_API void sqla_engine_dispose(sqla_engine *db);
/* Open connections, one after the other, until n are there, idle or out.  n: at most pool_size are opened.
 * Returns: SQLA_OK, or why one could not be opened (those before it stay).  Threads: any. */
SQLA_API sqla_status sqla_engine_warm_up(sqla_engine *db, uint32_t n, sqla_error *err);

/* The pool at this moment, and since the engine was made. It is given by value, so this struct never grows: whatever else is
 * counted one day gets a function of its own.  Threads: any. */
typedef struct sqla_pool_status {
    uint32_t size, idle, out, waiting; /* size: idle and out together; out: those that are being opened too */
    uint64_t connects, disconnects;    /* connections opened; found dead */
    uint64_t checkouts, waits;         /* connections lent; how often one had to be waited for, with success or without */
    uint64_t timeouts;                 /* how often there was none to be had: SQLA_ERR_POOL_TIMEOUT */
    uint64_t failed_connects;
    int64_t wait_ns, longest_wait_ns;  /* nanoseconds: of all waits together, and of the longest */
    uint32_t peak_out;                 /* the most that were out at once */
} sqla_pool_status;
SQLA_API sqla_pool_status sqla_engine_pool_status(const sqla_engine *db);

/* ---- connections ----------------------------------------------------------------------------------------------- */

/* Take a connection from the pool, opening one where there is room, and waiting in line where there is none. It takes at most
 * pool_timeout_ms, and connect_timeout_ms more where one is opened.
 *   A failed connect is told at once to who made it, and to all who were waiting before it began when no connection is out
 *   that could come back to them. After it, connects are tried again only some time later, 10 ms after the first failure, twice
 *   as long after each one more, up to 500 ms, less up to a half by chance; at most pool_size at once, and the first that
 *   succeeds ends that.
 * Returns: owned, give it back with sqla_conn_close(); NULL: CONNECT, DENIED, CONFIG, NOMEM ...; POOL_TIMEOUT: all were in
 * use (the detail says for how long), or none could be opened (the detail is the last failure to connect).
 * Threads: any; the connection itself one at a time. */
SQLA_API sqla_conn *sqla_connect(sqla_engine *db, sqla_error *err);
/* Give it back; an open transaction is rolled back, statements made on it are freed. NULL is fine.
 * A handle that was closed stays known for the next 32 that are closed, as long as its engine lives: closing it again does
 * nothing, using it is MISUSE. Later it may be the handle of somebody else's connection.
 * Threads: any, while no other uses the connection; of several that close it at once, one does. */
SQLA_API void sqla_conn_close(sqla_conn *conn);
/* Take it out of the pool for good: its place is free for another, and sqla_conn_close() ends the link.
 * Returns: SQLA_OK, also when it is out already; MISUSE.  Threads: one at a time per connection. */
SQLA_API sqla_status sqla_conn_detach(sqla_conn *conn, sqla_error *err);
/* Have it closed instead of used again when it is given back. Until then it can be used. NULL is fine.
 * Threads: one at a time per connection. */
SQLA_API void sqla_conn_invalidate(sqla_conn *conn);

/* Transactions of a connection. Without begin each statement commits by itself.
 * begin: MISUSE when one is open.
 * commit: SQLA_OK: done. UNKNOWN_OUTCOME: the link broke while COMMIT was under way. BUSY: not done, the transaction is
 *   still open, and commit may be repeated. Anything else: not done, and the transaction is over.
 * rollback: ends the transaction in any case; OK also when there is none. MISUSE: a statement had ended it.
 * A transaction that a statement has ended (a raw COMMIT; DDL on MariaDB) lets nothing more run: the next
 * call is ROLLBACK_FIRST and names that statement. Commit and rollback are MISUSE and name it as well, and
 * with those it is over.
 * savepoint, release, rollback_to: name is yours, any text. MISUSE outside a transaction.
 * Threads: one at a time per connection. */
SQLA_API sqla_status sqla_conn_begin(sqla_conn *conn, sqla_error *err);

/* How a transaction is to be. Make one with SQLA_TXN_OPTIONS(.read_only = true); NULL means all defaults. */
typedef struct sqla_transaction_options {
    uint32_t struct_size;
    sqla_isolation isolation; /* DEFAULT: the session's, else the engine's, else the database's. AUTOCOMMIT: nothing is begun, each
                               * statement commits by itself, and commit and rollback end nothing but this mode */
    bool read_only;           /* the database refuses writes: SQLA_ERR_READ_ONLY */
    bool deferrable;          /* with read_only: begin waits for a moment from which reading cannot fail (PostgreSQL, SERIALIZABLE).
                               * On SQLite reading never fails for that, so there is nothing to wait for */
    bool write;               /* it means to write: a lock that is needed for that is taken at once (SQLite), so that it need not be
                               * tried again later. Not with read_only */
} sqla_transaction_options;
#define SQLA_TXN_OPTIONS(...) (&(const sqla_transaction_options){ .struct_size = sizeof(sqla_transaction_options), __VA_ARGS__ })
/* Begin one of that kind.
 * Returns: MISUSE when one is open, or for options that exclude one another; UNSUPPORTED for a level that the database has
 * not, with a list of those that it has; and any other.  Threads: one at a time per connection. */
SQLA_API sqla_status sqla_conn_begin_with(sqla_conn *conn, const sqla_transaction_options *options, sqla_error *err);
/* The level in force: of the open transaction, else of a statement that runs now, as the database says.
 * *ret_isolation: AUTOCOMMIT in a transaction of that kind.  Returns: any status.  Threads: one at a time per connection. */
SQLA_API sqla_status sqla_conn_isolation(sqla_conn *conn, sqla_isolation *ret_isolation, sqla_error *err);
SQLA_API sqla_status sqla_conn_commit(sqla_conn *conn, sqla_error *err);
SQLA_API sqla_status sqla_conn_rollback(sqla_conn *conn, sqla_error *err);
SQLA_API sqla_status sqla_conn_savepoint(sqla_conn *conn, const char *name, sqla_error *err);
SQLA_API sqla_status sqla_conn_release(sqla_conn *conn, const char *name, sqla_error *err);
SQLA_API sqla_status sqla_conn_rollback_to(sqla_conn *conn, const char *name, sqla_error *err);
/* End what the connection is running; what runs then fails with SQLA_ERR_CANCELLED. Nothing happens when nothing runs. A
 * statement that ends meanwhile takes nothing over to the next one, which starts when the cancel is done with.
 * Returns: UNSUPPORTED where the driver cannot.  Threads: any, while the connection is open. */
SQLA_API sqla_status sqla_conn_cancel(sqla_conn *conn, sqla_error *err);

/* Two-phase commit, where the driver has it (PostgreSQL); elsewhere UNSUPPORTED. gid is a name of yours, unique among all that
 * are prepared: not empty, at most 199 bytes of UTF-8 on PostgreSQL, else SQLA_ERR_SQL.
 * prepare: end the open transaction by preparing it: it is out of the connection's hands, outlives it and even the server,
 *   holds its locks, and waits to be finished. A failure rolls it back. UNKNOWN_OUTCOME: the link broke; recover tells.
 * commit_prepared, rollback_prepared: finish one, from any connection to that database without an open transaction (else
 *   MISUSE). NOT_FOUND: there is none of that name (any more). UNKNOWN_OUTCOME: as above; if recover does not show it, it is done.
 * recover: call fn for each one that waits to be finished in this database; fn may use the connection, and ends the round by
 *   returning another status than SQLA_OK, which is returned.
 * Threads: one at a time per connection. */
typedef struct sqla_prepared_transaction {
    const char *gid, *owner;
    sqla_timestamp since;
} sqla_prepared_transaction;
typedef sqla_status sqla_recover_fn(void *data, const sqla_prepared_transaction *prepared, sqla_error *err);
SQLA_API sqla_status sqla_conn_prepare(sqla_conn *conn, const char *gid, sqla_error *err);
SQLA_API sqla_status sqla_conn_commit_prepared(sqla_conn *conn, const char *gid, sqla_error *err);
SQLA_API sqla_status sqla_conn_rollback_prepared(sqla_conn *conn, const char *gid, sqla_error *err);
SQLA_API sqla_status sqla_conn_recover(sqla_conn *conn, sqla_recover_fn *fn, void *data, sqla_error *err);

/* What became of a commit that failed with SQLA_ERR_UNKNOWN_OUTCOME, by call or by a raw COMMIT inside a
 * transaction, asked of the database on another connection. The engine needs the option resolve_outcomes
 * for it when the commit is made.
 *   failed  the error of that commit
 * Returns: IN_PROGRESS: the database still runs it, or has not noticed the broken link yet: ask again. UNKNOWN: nobody can
 * tell; with a failure in err: MISUSE (failed is no such error), UNSUPPORTED (it carries nothing to ask by: the option was not
 * set, it is that of a statement outside of a transaction, the transaction had changed nothing, or the
 * database cannot tell), or what kept us from asking.  Threads: any. */
SQLA_API sqla_outcome sqla_outcome_resolve(sqla_engine *db, const sqla_error *failed, sqla_error *err);

/* Deadlines. statement_timeout_ms of the engine, of the session, of one connection or of one statement (sqla_timeout in
 * sql.h), the nearest one given, says how long each of these may take: running a statement and reading its rows (of a stream:
 * each block of rows; of a COPY: each call), a script, a batch, begin, commit, rollback, a savepoint, the reset before a connection goes back to the pool.
 * What takes longer is SQLA_ERR_TIMEOUT. The database is asked to end the work, and has max(100 ms, 10 %) to answer; if it
 * does, the connection goes on after a rollback, else it is given up, and closed. A COMMIT that was under
 * way then, or a statement that commits by itself, is SQLA_ERR_UNKNOWN_OUTCOME, and one that waited for a
 * lock (SQLite) SQLA_ERR_BUSY. Giving a connection back, disposing and
 * freeing wait no longer than that either, or than connect_timeout_ms where there is no statement timeout.
 * What cannot be promised: the look-up of a host name, which the system does without a deadline; on SQLite, a single step of
 * its machine that takes long (a function of the program's own, a sort in memory, a checkpoint, a file system that hangs).
 * A cancel on PostgreSQL is a connection of its own, made by a thread that may stay behind when the network stalls; its
 * connection runs nothing more until that has ended.
 *   ms  0: the engine's; -1: none. It holds until it is set again or the connection is given back.
 * Threads: one at a time per connection. */
SQLA_API void sqla_conn_set_timeout(sqla_conn *conn, int32_t ms);

/* ---- raw SQL and running statements ------------------------------------------------------------------------------ */

/* Run one statement; its rows, if any, are dropped. On an engine it commits by itself; in a session it is part of the
 * session's transaction, and pending changes are flushed first.
 *   sql     may hold parameters as :name (not inside quotes, comments, dollar quotes, ::casts, := and slices)
 *   params  their values, all of them and no others; NULL: none
 * Returns: any status.  Ownership: borrows.  Threads: as what it runs on. */
SQLA_API sqla_status sqla_execute_(sqla_target on, const char *sql, const sqla_params *params, sqla_error *err);

/* Run one statement for each of n structs, in order; the rows that it gives, if any, are dropped.
 *     sqla_execute_many(db, "UPDATE parts SET price = :price WHERE id = :id", Part, parts, n, NULL, &err);
 * The statement is prepared once, and the database is given many rows at a time. All of them count or none does: outside of a
 * transaction they are one, and inside of one a failure undoes what this call did, so that the transaction goes on as it was. Without
 * transactions (autocommit) each row stands by itself.
 *   sql       each :name is a field of the model, or else a column of it; fields that it does not name are not looked at
 *   model     of the structs; it needs no table
 *   rows      the structs, one behind the other; NULL: only with n 0, when nothing runs and the statement's names are checked alone
 *   ret_rows  how many rows of the database were changed in all, -1: it does not tell; may be NULL, and is left alone by a failure
 * Returns: any status; err->row is the struct that failed, from 1, where it is known.  Ownership: borrows; nothing is written into
 * the structs.  Threads: as what it runs on. */
SQLA_API sqla_status sqla_execute_many_(sqla_target on, const char *sql, const sqla_model *model, const void *rows, size_t n, int64_t *ret_rows,
                                        sqla_error *err);

/* Run several statements, parted by semicolons; they have no parameters, and their rows are dropped. Every other call refuses a text
 * with more than one statement (SQLA_ERR_MISUSE). On an engine a transaction that the script leaves open is rolled back.
 * PostgreSQL does a script as a whole or not at all, unless it has transaction statements of its own; SQLite commits each
 * statement, unless a transaction is open.
 * Returns: any status. err->row is the number of the statement that failed, from 1, as far as it is known (PostgreSQL reads the
 * whole script before it runs any of it); err->position counts within the whole script.
 * Ownership: borrows.  Threads: as what it runs on. */
SQLA_API sqla_status sqla_execute_script_(sqla_target on, const char *script, sqla_error *err);

/* Rows in a form of the database's own, as a stream in bounded memory: PostgreSQL's COPY. SQLA_ERR_UNSUPPORTED where the database has
 * none.
 *     sqla_copy *copy = sqla_copy_in(conn, "COPY parts (id, name) FROM STDIN", &err);
 *     sqla_copy_write(copy, "1\tnut\n2\tbolt\n", 13, &err);
 *     sqla_copy_end(copy, &rows, &err);
 * The connection is busy with it (SQLA_ERR_BUSY) until the end. What the connection or its transaction ends, ends the copy too; the
 * handle is then to be freed by end or cancel all the same.
 * in, out: sql is one statement, COPY ... FROM STDIN or COPY ... TO STDOUT.
 *   Returns: owned, ended by sqla_copy_end() or sqla_copy_cancel(); NULL: an error.
 * write: size bytes, cut anywhere. The database may find fault with them as late as at the end.
 * read: *ret_data NULL behind the last piece, which is a row in text form. Borrowed until the next call on copy.
 * end: all that was written is stored, or nothing; what was not read is dropped. *ret_rows (may be NULL): how many rows, -1: not
 *   told. err->row is the row that was refused, where it is known. Frees copy.
 * cancel: nothing that was written is stored; inside a transaction that fails the transaction, which is to be rolled back. Frees
 *   copy. NULL is fine for all of them, so that a run of calls can be checked at its end.
 * Threads: one at a time per connection. */
typedef struct sqla_copy sqla_copy;
SQLA_API sqla_copy *sqla_copy_in(sqla_conn *conn, const char *sql, sqla_error *err);
SQLA_API sqla_copy *sqla_copy_out(sqla_conn *conn, const char *sql, sqla_error *err);
SQLA_API sqla_status sqla_copy_write(sqla_copy *copy, const void *data, size_t size, sqla_error *err);
SQLA_API sqla_status sqla_copy_read(sqla_copy *copy, const void **ret_data, size_t *ret_size, sqla_error *err);
SQLA_API sqla_status sqla_copy_end(sqla_copy *copy, int64_t *ret_rows, sqla_error *err);
SQLA_API void sqla_copy_cancel(sqla_copy *copy);

/* Run q; *ret_rows (may be NULL): how many rows were changed, -1: the database does not tell.
 * Returns: any status. MISUSE here, and in all other functions that run a statement: q has ended.
 * Threads: as what q was made on. */
SQLA_API sqla_status sqla_exec(sqla_stmt *q, int64_t *ret_rows, sqla_error *err);

/* Rows as they come. Each loop runs the statement anew, and reads all rows before the first is
 * handed out, so the body may use the same session or connection, and commit. A loop may be left at
 * any time: at its end, by break, and with gcc and clang by return and goto too. Other compilers do
 * not see a return; what the loop holds is then held until its owner is closed.
 * Ownership: the row is borrowed until the next step. Its texts live until q runs again or ends; on
 * an engine, and on a connection without a transaction, q ends when the loop is left. */
SQLA_API sqla_row *sqla_rewind_row_(sqla_stmt *q, sqla_error *err);
SQLA_API sqla_row *sqla_next_row_(sqla_stmt *q, sqla_error *err);
/* The statement of a loop, so that an expression that makes one is evaluated once.
 * Languages that cannot use the macros do what they do: after each call of a function that begins a
 * loop (sqla_rewind_row_, sqla_rewind_, sqla_stream_row_, sqla_stream_), they call sqla_loop_end_
 * once with { q, true, NULL }. Calling it again with the same struct does nothing. */
typedef struct sqla_loop_ { sqla_stmt *q; bool more; sqla_model_fn *model; } sqla_loop_;
SQLA_API void sqla_loop_end_(sqla_loop_ *loop);
#ifdef __GNUC__
#define SQLA_WHEN_LEFT_(function) __attribute__((cleanup(function)))
#else
#define SQLA_WHEN_LEFT_(function)
#endif
#define SQLA_LOOP_(var, stmt, model) \
    for (sqla_loop_ var##_loop_ SQLA_WHEN_LEFT_(sqla_loop_end_) = { (stmt), true, model }; \
         var##_loop_.more; sqla_loop_end_(&var##_loop_))
#define SQLA_EACH_ROW(row, stmt, err) \
    SQLA_LOOP_(row, stmt, NULL) \
        for (sqla_row *row = sqla_rewind_row_(row##_loop_.q, (err)); row != NULL; row = sqla_next_row_(row##_loop_.q, (err)))

/* Rows and cells. Columns are found by name, by position (i counts from 0), or as what was selected:
 *     sqla_row_i64(row, "age", &err)
 *     sqla_row_i64_at(row, 2, &err)
 *     sqla_row_i64_at(row, sqla_row_of(row, sqla_col(User, age), &err), &err)
 * name: the case of letters counts only where the row has names that differ in it alone. A name that is not there, or there
 *   twice, is SQLA_ERR_MISUSE and names what is there; so is a position that the row does not have.
 * sqla_row_of: the position of a column of a model. In the rows of sqla_select_cols it finds that column among others of the same
 *   name, else it goes by the column's name. SIZE_MAX: an error, which the getter that is given it leaves as it is.
 * The typed getters convert where nothing is lost: whole numbers between their forms and out of texts and decimals that are whole;
 *   true and false from 1 and 0; dates, times, intervals and uuids out of texts in the forms that ISO 8601 and SQLite's functions
 *   write them in (without a zone an instant is in UTC); decimals from whole numbers and texts, but not from floats; a text from
 *   everything but bytes; bytes from texts. A float is the nearest one of a decimal or text, and of a whole number up to 2^53.
 * Returns: a value that does not fit is SQLA_ERR_DATA, names its column, and reads as zero or NULL. So does a NULL, except where
 *   the C type has a NULL of its own (text, blob, decimal, json): there it is no error.
 * Ownership: texts and bytes are borrowed and live as long as the row's. Threads: one at a time per statement. */
SQLA_API size_t sqla_row_count(const sqla_row *row);
SQLA_API const char *sqla_row_name(const sqla_row *row, size_t i);
SQLA_API size_t sqla_row_of_(const sqla_row *row, sqla_expr column, sqla_error *err);
SQLA_API sqla_value sqla_row_at(const sqla_row *row, size_t i);
SQLA_API sqla_value sqla_row_get(const sqla_row *row, const char *name, sqla_error *err);
SQLA_API bool sqla_row_is_null(const sqla_row *row, const char *name, sqla_error *err);
SQLA_API bool sqla_row_is_null_at(const sqla_row *row, size_t i, sqla_error *err);
#define SQLA_ROW_GETTER_(kind, T) \
    SQLA_API T sqla_row_##kind(const sqla_row *row, const char *name, sqla_error *err); \
    SQLA_API T sqla_row_##kind##_at(const sqla_row *row, size_t i, sqla_error *err)
SQLA_ROW_GETTER_(bool, bool);
SQLA_ROW_GETTER_(i64, int64_t);
SQLA_ROW_GETTER_(f64, double);
SQLA_ROW_GETTER_(text, const char *);
SQLA_ROW_GETTER_(blob, sqla_blob);
SQLA_ROW_GETTER_(decimal, sqla_decimal);
SQLA_ROW_GETTER_(json, sqla_json);
SQLA_ROW_GETTER_(date, sqla_date);
SQLA_ROW_GETTER_(time, sqla_time);
SQLA_ROW_GETTER_(timestamp, sqla_timestamp);
SQLA_ROW_GETTER_(local_timestamp, sqla_local_timestamp);
SQLA_ROW_GETTER_(interval, sqla_interval);
SQLA_ROW_GETTER_(uuid, sqla_uuid);
/* A cell as a type that has a conversion (convert.h): sqla_row_converted(row, "ip", ip_address, &ip, &err). The cell is converted to
 * the type that is stored as the typed getters do, and a NULL goes to load as NULL.
 * Returns: DATA, what load says, MISUSE; *ret is then as it was.  Ownership: what *ret points at lives as long as the row's texts. */
SQLA_API sqla_status sqla_row_converted_(const sqla_row *row, const char *name, const sqla_conversion *conversion, void *ret, sqla_error *err);
SQLA_API sqla_status sqla_row_converted_at_(const sqla_row *row, size_t i, const sqla_conversion *conversion, void *ret, sqla_error *err);
#ifndef __cplusplus
#define sqla_row_converted(row, name, T, ret, err) sqla_row_converted_((row), (name), &sqla_conversion_of_##T, \
    (*_Generic((ret), T *: sqla_place_, default: sqla_this_does_not_point_at_the_type_of_the_conversion_))(ret), (err))
#define sqla_row_converted_at(row, i, T, ret, err) sqla_row_converted_at_((row), (i), &sqla_conversion_of_##T, \
    (*_Generic((ret), T *: sqla_place_, default: sqla_this_does_not_point_at_the_type_of_the_conversion_))(ret), (err))
#endif
#define sqla_row_of(row, column, err) sqla_row_of_((row), (column).expression, (err))

/* The first column of the one row that q gives: NOT_FOUND without a row, TOO_MANY with several; errors read as 0 or NULL. */
SQLA_API int64_t sqla_scalar_i64(sqla_stmt *q, sqla_error *err);
SQLA_API double sqla_scalar_f64(sqla_stmt *q, sqla_error *err);
/* Ownership: the text is borrowed from q, see sqla_all. */
SQLA_API const char *sqla_scalar_text(sqla_stmt *q, sqla_error *err);
/* The SQL that q compiles to, without running it.
 * Ownership: borrowed until q changes or ends; NULL: an error. */
SQLA_API const char *sqla_stmt_text(sqla_stmt *q, sqla_error *err);

/* Rows as structs: of a model with a table, made on a session, objects of that session (see orm.h); else plain structs that
 * belong to q. Columns match fields by name; one that is missing or to spare is an error.
 *   first: NULL without an error: no row.  one: NOT_FOUND, TOO_MANY.
 *   all: array of *ret_n pointers, NULL behind the last; NULL: an error.
 *   The array of all, the plain structs of first and one, and the text of sqla_scalar_text are
 *   memory of q. It stays until q runs again or is freed, or until what q was made on is closed,
 *   even if q has ended: a list that was read before a commit may be printed after it. A program
 *   that makes these calls without end in one session frees q, or uses a loop instead. On an
 *   engine, where q would end with the call, they are MISUSE unless q is kept.
 *   SQLA_EACH buffers as SQLA_EACH_ROW does; plain structs live as long as the texts of rows there.
 *   SQLA_STREAM reads row by row in bounded memory: each struct is const, untracked, and valid
 *   until the next step. Where the database runs one statement at a time on a connection
 *   (PostgreSQL), the session or connection is busy meanwhile: anything else is SQLA_ERR_BUSY until
 *   the last row was read or the loop is left. That takes no longer than 200 ms, whatever is left,
 *   and the transaction goes on as it was; locks that were taken, and what functions did, for the
 *   rows that were seen stay. A statement that changes rows is read to its end, so that it is done
 *   as a whole. SQLite runs other statements beside any number of streams; whether a stream meets
 *   rows that are changed meanwhile is not said. A rollback ends all streams of its connection. */
SQLA_API void *sqla_first_(sqla_stmt *q, const sqla_model *model, sqla_error *err);
SQLA_API void *sqla_one_(sqla_stmt *q, const sqla_model *model, sqla_error *err);
SQLA_API void *sqla_all_(sqla_stmt *q, const sqla_model *model, size_t *ret_n, sqla_error *err);
SQLA_API void *sqla_rewind_(sqla_stmt *q, const sqla_model *model, sqla_error *err);
SQLA_API void *sqla_next_(sqla_stmt *q, const sqla_model *model, sqla_error *err);
SQLA_API const void *sqla_stream_(sqla_stmt *q, const sqla_model *model, sqla_error *err);
SQLA_API const void *sqla_stream_next_(sqla_stmt *q, const sqla_model *model, sqla_error *err);
/* SQLA_STREAM_ROW is the same for rows whose shape is known at run time only; row and its texts are valid until the next step. */
SQLA_API const sqla_row *sqla_stream_row_(sqla_stmt *q, sqla_error *err);
SQLA_API const sqla_row *sqla_stream_next_row_(sqla_stmt *q, sqla_error *err);
#define sqla_first(q, T, err) ((T *)sqla_first_((q), (*sqla_model_of_##T)(), (err)))
#define sqla_one(q, T, err) ((T *)sqla_one_((q), (*sqla_model_of_##T)(), (err)))
#define sqla_all(q, T, ret_n, err) ((T **)sqla_all_((q), (*sqla_model_of_##T)(), (ret_n), (err)))
#define SQLA_EACH(T, var, stmt, err) \
    SQLA_LOOP_(var, stmt, sqla_model_of_##T) \
        for (T *var = (T *)sqla_rewind_(var##_loop_.q, (*var##_loop_.model)(), (err)); var != NULL; \
             var = (T *)sqla_next_(var##_loop_.q, (*var##_loop_.model)(), (err)))
#define SQLA_STREAM(T, var, stmt, err) \
    SQLA_LOOP_(var, stmt, sqla_model_of_##T) \
        for (const T *var = (const T *)sqla_stream_(var##_loop_.q, (*var##_loop_.model)(), (err)); var != NULL; \
             var = (const T *)sqla_stream_next_(var##_loop_.q, (*var##_loop_.model)(), (err)))
#define SQLA_STREAM_ROW(row, stmt, err) \
    SQLA_LOOP_(row, stmt, NULL) \
        for (const sqla_row *row = sqla_stream_row_(row##_loop_.q, (err)); row != NULL; row = sqla_stream_next_row_(row##_loop_.q, (err)))
#ifndef __cplusplus
#define sqla_execute(on, sql, params, err) sqla_execute_(SQLA_ON_(on), (sql), (params), (err))
#define sqla_execute_many(on, sql, S, rows, n, ret_rows, err) \
    SQLA_IF_SAME_(rows, (const S *)0, sqla_execute_many_)(SQLA_ON_(on), (sql), (*sqla_model_of_##S)(), (rows), (n), (ret_rows), (err))
#define sqla_execute_script(on, script, err) \
    sqla_execute_script_(_Generic((on), sqla_conn *: sqla_on_conn_, sqla_engine *: sqla_on_engine_)(on), (script), (err))
#endif

/* ---- schema ---------------------------------------------------------------------------------------------------- */

/* Create the tables of base that are not there yet, parents first, with their constraints and indexes, in one transaction
 * where the database can; tables that are there are left as they are, and a column that a model has and its table has not is a
 * warning in the log. drop_all drops those that are there, children first.
 * Tables that point at each other in a circle are UNSUPPORTED where the database can neither add a foreign key later nor take
 * one to a table that is not there yet; that is said before the first table is made.
 * The types of native enums are known as tables are: create_all takes one that is there if it has
 * the labels of the model, and says SQL if it has not; drop_all drops them after the tables, also
 * where the table is gone.
 * Both freeze base.  Returns: any status; a failure names the table.  Threads: any. */
SQLA_API sqla_status sqla_metadata_create_all(sqla_metadata *base, sqla_engine *db, sqla_error *err);
SQLA_API sqla_status sqla_metadata_drop_all(sqla_metadata *base, sqla_engine *db, sqla_error *err);
/* The statements that create_all runs in an empty database, and drop_all in one with all the tables, one after the other, in the SQL of
 * db's database. Nothing is connected: to look at, to keep, or to run elsewhere.
 *   fn  is given each statement, without a semicolon at its end, borrowed for the call; another status than SQLA_OK ends the round
 * Both freeze base.  Returns: MISUSE; what fn returned; UNSUPPORTED: what this database has not.  Threads: any. */
typedef sqla_status sqla_sql_fn(void *data, const char *sql, sqla_error *err);
SQLA_API sqla_status sqla_metadata_create_sql(sqla_metadata *base, sqla_engine *db, sqla_sql_fn *fn, void *data, sqla_error *err);
SQLA_API sqla_status sqla_metadata_drop_sql(sqla_metadata *base, sqla_engine *db, sqla_sql_fn *fn, void *data, sqla_error *err);

/* What is in a database. Zero and NULL: everything that is not the database's own. */
typedef struct sqla_inspect_options {
    uint32_t struct_size;
    const char *schema, *table; /* exact names; NULL: all */
    bool system;                /* the database's own tables too */
} sqla_inspect_options;
#define SQLA_INSPECT_OPTIONS(...) (&(const sqla_inspect_options){ .struct_size = sizeof(sqla_inspect_options), __VA_ARGS__ })
/* Returns: owned, free with sqla_metadata_free(); read it with sqla_metadata_table(); NULL: an error.  Threads: any. */
SQLA_API sqla_metadata *sqla_inspect(sqla_engine *db, const sqla_inspect_options *options, sqla_error *err);

/* ---- drivers --------------------------------------------------------------------------------------------------- */

/* A file in one of the plugin folders, as its ELF note describes it; none of its code is run. A list holds these one behind the
 * other, so this struct never grows. */
typedef struct sqla_driver_info {
    const char *file;           /* the path */
    const char *name, *schemes; /* from the note; "" when it has none */
    uint32_t abi_major, abi_minor;
    sqla_status status;         /* SQLA_OK: it would be loaded */
    const char *why;            /* why it is refused, or a warning; "" */
    const char *alias_of;       /* the file that this name is a link to; NULL */
} sqla_driver_info;
typedef struct sqla_driver_list { size_t count; const sqla_driver_info *items; } sqla_driver_list;
/* Returns: owned, free with sqla_drivers_free(); NULL: NOMEM.  Threads: any. */
SQLA_API sqla_driver_list *sqla_drivers(sqla_error *err);
SQLA_API void sqla_drivers_free(sqla_driver_list *list);
/* The folders that are searched, in order, with colons between them.  Ownership: borrowed, for ever.  Threads: any. */
SQLA_API const char *sqla_driver_path(void);

#ifdef __cplusplus
}
#endif
#endif
