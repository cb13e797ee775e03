/* mariadb.h: what the files of the MariaDB driver share.
 *
 * The driver is a layer over libmariadb, in its non-blocking form: each call is started, and continued whenever poll() says so,
 * so that deadlines are ours. Statements go by the binary protocol, prepared; a row is looked at where the client library has it,
 * and its values go from there to the caller's structs. A result is read as a whole when its statement is run, and several may be
 * open; with SQLA_EXEC_STREAM rows come one by one, and the connection is taken until the last of them. Nothing here is seen
 * outside of the driver. */
#ifndef MARIADB_DRIVER_H
#define MARIADB_DRIVER_H

#include <sqla/driver.h>

#include <locale.h>
#include <mysql.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

/* Numbers of errors that are asked about in more than one place (the server's "Error Codes"). */
enum {
    MARIADB_SYNTAX = 1064, MARIADB_NOT_PREPARABLE = 1295, MARIADB_INTERRUPTED = 1317, MARIADB_STATEMENT_TIMEOUT = 1969,
    MARIADB_NEW_COLUMNS = 2057 /* a prepared statement gives other columns than it was prepared with */
};

/* What the URL said, in one block; a cancel connects with it again. It never changes. */
typedef struct mariadb__recipe {
    const char *hosts, *port, *user, *password, *database, *socket, *compress, *connect_timeout, *charset;
    const char *max_message;
    const char *ssl, *ssl_ca, *ssl_cert, *ssl_key, *ssl_verify;
} mariadb__recipe;

enum { MARIADB__MAX_MESSAGE = 48, MARIADB__MAX_MESSAGE_MOST = 1024 }; /* MiB: as is usual; at most */

/* One parameter that had to be made from what lies in the caller's struct. */
typedef union mariadb__unit {
    MYSQL_TIME time;
    int64_t i64;
    double f64;
    float f32;
    char text[72];             /* of a uuid or an interval */
} mariadb__unit;

/* Parameters in the form that libmariadb takes, used again for each statement of a connection. */
typedef struct mariadb__args {
    size_t count, room;
    MYSQL_BIND *binds;
    mariadb__unit *units;
    size_t bytes;              /* that they have when they are sent, at most */
} mariadb__args;

/* What a canceller of another thread and the connection tell each other. A cancel that comes late must not hit the next
 * statement: while one is under way, no new statement starts. */
typedef struct mariadb__gate {
    pthread_mutex_t lock;
    pthread_cond_t quiet;      /* firing fell to 0 */
    bool running;              /* a statement is under way */
    bool fired;                /* and somebody asked to cancel it */
    bool late;                 /* a cancel was sent and not answered in time: it may hit anything from now on */
    int firing;
} mariadb__gate;

struct sqla_driver_conn {
    MYSQL *link;
    mariadb__recipe *recipe;
    char place[64];            /* the server's address as a number, where a cancel finds the same server; "" by socket */
    unsigned port;
    unsigned long id;          /* the server's number of the session */
    sqla_driver_result *stream;  /* a result whose rows are still coming, or NULL */
    bool tls;                  /* what is written may raise SIGPIPE */
    bool hushed;               /* which is held off now (mariadb__quiet_begin) */
    bool lost;                 /* never to be used again */
    bool flooded;              /* since the server sent too much */
    bool pinning;              /* the driver sets what it relies on */
    bool disturbed;            /* and raw SQL has changed some of it since */
    bool commits_not;          /* autocommit was turned off */
    bool untold;               /* the server may have been told not to say so */
    bool undone;               /* the server has ended the transaction by itself, and the host has not rolled back yet */
    bool begun;                /* a transaction of the host's is open, as far as we know */
    bool guarded;              /* before what is running is a savepoint, gone if the transaction is another one */
    bool sent;                 /* what is running was sent to be run, and not only to be prepared */
    bool open_outcome;         /* rows are still coming of what commits by itself */
    const char *running;       /* the program's statement, or NULL */
    bool read_only;            /* every transaction is to be */
    bool timed_out;            /* the deadline of what is running has passed */
    bool scripting;            /* what is running may be several statements */
    bool interrupted;          /* the server has ended what was running, as it was asked to */
    sqla_txn_state before;     /* the transaction when what is running was sent */
    int64_t deadline, grace;   /* of what is running: when to cancel, and how long the server may take to obey */
    int64_t give_up;           /* timed_out: when nothing more is waited for */
    unsigned cancels;          /* timed_out: how often it was asked for */
    size_t too_much;           /* 0: too many answers */
    size_t answered;           /* bytes of answers without rows, since what is running was sent */
    int64_t told;              /* the deadline of calls that are given none (set_deadline) */
    uint32_t rows_seen;        /* so that the clock is looked at now and then while rows come */
    uint32_t generation;       /* of prepared statements: a reset of the session makes those before it void */
    uint32_t usual_level, level; /* sqla_isolation: of the session after open, and now */
    uint32_t key_step;         /* auto_increment_increment */
    size_t packet;             /* max_allowed_packet: bytes that the server takes at once; 0: not known */
    uint64_t features;
    sqla_driver_stmt *dropped; /* statements that were closed, and that the server still has */
    mariadb__args args;
    mariadb__gate gate;
    char product[64];
};

struct sqla_driver_stmt {
    sqla_driver_conn *conn;
    sqla_driver_stmt *next;      /* in the list of those that were dropped */
    MYSQL_STMT *handle;
    sqla_driver_result *reader;  /* the result that streams from it, or NULL */
    uint32_t generation;
    size_t length;
    char *text;                /* kept to be prepared again after a reset; NULL: it lives for one run */
};

/* A value as it lies in a row of the binary protocol, where the client library has it. */
typedef struct mariadb__cell {
    const unsigned char *data; /* NULL: a null */
    size_t size;
} mariadb__cell;

typedef struct mariadb__column mariadb__column;
/* Read a cell as the value that it is: its type, which comes in as the column's, and bytes where they lie in
 * the cell, or in made, which has MARIADB__MADE bytes.  Returns: NULL, or why it could not be read. */
enum { MARIADB__MADE = 40 };
typedef const char *mariadb__read_fn(
    const mariadb__column *column, const mariadb__cell *cell, sqla_value *value, char *made);
struct mariadb__column {
    mariadb__read_fn *read;
    int width;                 /* bytes of a cell; 0: they stand before it */
    uint32_t type;             /* sqla_type of the values, as far as known */
    bool is_unsigned, is_padded; /* is_padded: a decimal with as many zeros behind the point as there is room for */
    bool is_mixed;             /* some of the values may be of another type */
};

typedef struct mariadb__decoder mariadb__decoder;
/* Put a value that is not NULL at its place.  Returns: NULL, or why it does not fit. */
typedef const char *mariadb__store_fn(mariadb__decoder *decoder, const sqla_slot *slot, const sqla_value *value, char *at);
typedef struct mariadb__step {
    const mariadb__column *column;
    mariadb__store_fn *store;  /* NULL: nothing is written */
    const sqla_slot *slot;
} mariadb__step;
typedef struct mariadb__span {
    const void *data;
    size_t size;
    char *target;              /* where its pointer goes */
    bool pointer_only;         /* target is a const char *, else an sqla_blob */
    char made[MARIADB__MADE];  /* where the text had to be made */
} mariadb__span;
struct mariadb__decoder {
    const sqla_plan *plan;     /* what it was made for */
    mariadb__step *steps;
    mariadb__span *spans;
    uint32_t span_count;
    int row_number;            /* column of a SQLA_REP_ROW_NUMBER slot; -1: there is none */
};

extern const sqla_host *mariadb__host;
extern const sqla_traits mariadb__traits;
extern locale_t mariadb__c_locale; /* for reading numbers */

/* ---- error.c --------------------------------------------------------------------------------------------------- */

/* Report what the server or the client library says, and find out what became of the transaction. handle: the statement that
 * failed, NULL: the connection. text: what was run, for the position; NULL. row: 0-based plus 1, or 0.  Returns: the status. */
sqla_status mariadb__failed(sqla_driver_conn *conn, MYSQL_STMT *handle, const char *text, int64_t row, sqla_err *err);
/* Report that the link broke or that time is up (status) without an answer of the server. */
sqla_status mariadb__broken(sqla_driver_conn *conn, sqla_status status, sqla_err *err);
/* Report that the link was given up since the server sent too much.  what: the end of the sentence. */
sqla_status mariadb__flooded(
    const sqla_driver_conn *conn, sqla_status status, const char *what, sqla_err *err);
/* Rows of what is running will come for a while, and its text may go. */
void mariadb__keep_outcome(sqla_driver_conn *conn);
/* Report why no connection was made. */
sqla_status mariadb__refused(MYSQL *link, sqla_err *err);
/* Report a failure of our own finding. fields: what is known besides status and message; NULL: nothing. */
sqla_status mariadb__fail(sqla_err *err, sqla_status status, const sqla_err_fields *fields, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
sqla_status mariadb__nomem(sqla_err *err);
/* The number of the failure: of the handle, or of the link, where one that comes among rows stays. handle NULL: of the link. */
unsigned mariadb__error_number(MYSQL *link, MYSQL_STMT *handle);
/* Does the failure blame a value of a row, so that one row of a block can be found? */
bool mariadb__is_of_a_row(unsigned number);

/* ---- wait.c ---------------------------------------------------------------------------------------------------- */

int64_t mariadb__now(void);
/* How long until then, for poll(): -1: for ever; 0: it has passed. */
int mariadb__milliseconds_until(int64_t deadline);
/* Wait for what libmariadb waits for (MYSQL_WAIT_...). Returns: OK and what has come, TIMEOUT, DISCONNECTED. */
sqla_status mariadb__poll(MYSQL *link, int events, int64_t deadline, int *ret_events);
/* Around what writes to a link with TLS, which the client library's cipher does without MSG_NOSIGNAL: SIGPIPE kills nobody. */
typedef struct mariadb__hush { sigset_t before; bool blocked, was_pending; } mariadb__hush;
void mariadb__hush_begin(mariadb__hush *hush);
void mariadb__hush_end(mariadb__hush *hush);
/* The same around calls on a connection, which each do it for themselves: three calls of the system, too many for each row. */
void mariadb__quiet_begin(sqla_driver_conn *conn, mariadb__hush *hush);
void mariadb__quiet_end(sqla_driver_conn *conn, mariadb__hush *hush);

typedef enum mariadb__kind {
    MARIADB__PREPARE, MARIADB__EXECUTE, MARIADB__FETCH, MARIADB__FREE, MARIADB__CLOSE, /* of a statement */
    MARIADB__ANOTHER, /* the next result of a statement */
    MARIADB__QUERY, MARIADB__NEXT, MARIADB__ROW, MARIADB__STORE_TEXT, MARIADB__SCRIPTS, MARIADB__RESET, MARIADB__USE
} mariadb__kind;
/* A call of libmariadb, and its answer. */
typedef struct mariadb__call {
    mariadb__kind kind;
    MYSQL_STMT *handle;
    const char *text;          /* PREPARE, QUERY; USE: the database */
    size_t length;
    bool on;                   /* SCRIPTS */
    bool many;                 /* STORE_TEXT: there may be many rows */
    MYSQL_RES *rows;           /* ROW: whose; STORE_TEXT: the answer */
    MYSQL_ROW row;             /* ROW: the answer; NULL: there is none, or a failure */
    int answer;                /* 0: it worked; FETCH: MYSQL_NO_DATA too; NEXT: -1 at the end */
} mariadb__call;
/* Make a call and wait for it. Returns: OK: it was answered, if only by a failure; DISCONNECTED, TIMEOUT: it was given up, and
 * the connection with it. */
sqla_status mariadb__call_run(sqla_driver_conn *conn, mariadb__call *call);

/* Around everything that is sent: see that the connection is free, arm the deadline, open and close the gate. A transaction that
 * the server has ended by itself lets nothing in but its end (enter_any). */
sqla_status mariadb__enter(sqla_driver_conn *conn, int64_t deadline, sqla_err *err);
sqla_status mariadb__enter_any(sqla_driver_conn *conn, int64_t deadline, sqla_err *err);
void mariadb__leave(sqla_driver_conn *conn);
/* The deadline of what is running, from now on. */
void mariadb__set_deadline(sqla_driver_conn *conn, int64_t deadline);
/* A text of ours that gives no rows, between enter and leave. */
sqla_status mariadb__simple(sqla_driver_conn *conn, const char *text, sqla_err *err);
/* The same with its rows, as texts; they are freed with mysql_free_result. many: there may be many. */
sqla_status mariadb__ask(
    sqla_driver_conn *conn, const char *text, bool many, MYSQL_RES **ret_rows, sqla_err *err);
/* Have the server say what has become of the transaction. */
void mariadb__refresh(sqla_driver_conn *conn);
sqla_txn_state mariadb__server_state(const sqla_driver_conn *conn);

/* Have a statement of the program's run next: see that the server is there, and mark the transaction where
 * it may be ended by that. */
sqla_status mariadb__put_under_way(sqla_driver_conn *conn, const char *text, sqla_err *err);
/* Has the server ended the session? That costs no traffic. */
sqla_status mariadb__look(sqla_driver_conn *conn, sqla_err *err);

/* ---- reads.c ------------------------------------------------------------------------------------------- */

/* The place behind blanks and comments. Those that the server executes are none. */
const char *mariadb__skip_blank(const char *at);
/* Does the text change nothing that stays, for certain? */
bool mariadb__only_reads(const char *text);
/* Does it leave the transaction alone, for certain? One that rolls it back counts as such. */
bool mariadb__keeps_transaction(const char *text);
/* Does it give no rows, for certain? */
bool mariadb__gives_no_rows(const char *text);

/* ---- cancel.c -------------------------------------------------------------------------------------------------- */

/* Ask the server, by a connection of its own, to end what the connection runs, or the whole session. Takes no longer than the
 * deadline. */
typedef enum mariadb__kill { MARIADB__KILL_QUERY, MARIADB__KILL_SESSION } mariadb__kill;
bool mariadb__cancel(sqla_driver_conn *conn, mariadb__kill what, int64_t deadline);
bool mariadb__gate_init(mariadb__gate *gate);
void mariadb__gate_release(mariadb__gate *gate);
bool mariadb__gate_open(mariadb__gate *gate, int64_t deadline); /* false: a cancel was under way until then */
/* Returns: whether a cancel was fired meanwhile, all of which have been answered now. */
bool mariadb__gate_close(mariadb__gate *gate);
bool mariadb__gate_fired(mariadb__gate *gate);
bool mariadb__gate_late(mariadb__gate *gate);
sqla_status mariadb_cancel_new(sqla_driver_conn *conn, sqla_driver_canceller **ret_canceller, sqla_err *err);
sqla_status mariadb_cancel_fire(sqla_driver_canceller *canceller, int64_t deadline, sqla_err *err);
void mariadb_cancel_free(sqla_driver_canceller *canceller);

/* ---- recipe.c -------------------------------------------------------------------------------------------------- */

sqla_status mariadb__recipe_new(const sqla_connect_args *args, mariadb__recipe **ret_recipe, sqla_err *err);
/* A handle with all options set, not connected; NULL: out of memory. */
MYSQL *mariadb__recipe_link(const mariadb__recipe *recipe);
sqla_status mariadb_connect_options(const sqla_connect_option **ret_options, uint32_t *ret_count, sqla_err *err);
bool mariadb__is_on(const char *word);
size_t mariadb__most(const mariadb__recipe *recipe); /* max_message, in bytes */
bool mariadb__wants_tls(const mariadb__recipe *recipe); /* no connection without it */
bool mariadb__verifies(const mariadb__recipe *recipe);  /* the server's certificate must be one of its name */

/* ---- intake.c ------------------------------------------------------------------------------------------ */

enum { MARIADB__ANSWER_MOST = 8 * 1024 * 1024, MARIADB__CONNECT_MOST = 256 * 1024 };
/* What this thread reads from a link, from begin to end; beyond most bytes the link is shut down, and so it is for one that comes
 * later than until (0: any time will do). */
typedef struct mariadb__intake {
    struct mariadb__intake *outer;
    MYSQL *link;
    size_t taken, most;
    int64_t until;
    bool late;
} mariadb__intake;
void mariadb__intake_begin(mariadb__intake *intake, MYSQL *link, size_t most, int64_t until);
bool mariadb__intake_end(mariadb__intake *intake); /* was it too much? */
/* So many bytes of the link have been read, or none. */
void mariadb__intake_add(MYSQL *link, size_t size);

/* ---- guard.c ------------------------------------------------------------------------------------------- */

/* Around a connect: see that TLS is there where it is wanted. end: status: of the connect.  Returns:
 * status; UNSUPPORTED: it is not. */
void mariadb__guard_begin(MYSQL *link, const mariadb__recipe *recipe);
sqla_status mariadb__guard_end(MYSQL *link, const mariadb__recipe *recipe, sqla_status status);
/* Let the server ask for the password only in ways that do not give it away.  Returns: OK; CONNECT,
 * without a report. */
sqla_status mariadb__guard_plugins(MYSQL *link, const mariadb__recipe *recipe, bool by_socket);
/* Refuse the variables by which the user of a privileged process could lead libmariadb. */
sqla_status mariadb__guard_environment(sqla_err *err);

/* ---- watch.c ------------------------------------------------------------------------------------------- */

/* Set what the driver relies on. Between enter and leave. */
sqla_status mariadb__pin(sqla_driver_conn *conn, sqla_err *err);
/* Have a link that is not connected yet tell of settings that are changed. */
void mariadb__watch_link(sqla_driver_conn *conn);
/* Look at a text before it is sent. */
void mariadb__watch_text(sqla_driver_conn *conn, const char *text);
/* Set them again where that has happened, or give the connection up. At the end of a statement. */
void mariadb__watch(sqla_driver_conn *conn);

/* ---- open.c, conn.c -------------------------------------------------------------------------------------------- */

/* Connect a handle. host NULL: by the socket. Returns: OK; a status without a report (CONNECT: the link says why). */
sqla_status mariadb__connect(MYSQL *link, const mariadb__recipe *recipe, const char *host, unsigned port, const char *database,
                             int64_t deadline);
/* How libmariadb is to wait where it does so by itself (MARIADB_OPT_IO_WAIT). timeout: in milliseconds.  Returns: as poll(). */
int mariadb__wait_inside(my_socket socket, my_bool is_read, int timeout);
/* Close a handle without waiting for anybody, in whatever state it is. quietly: without a farewell either. */
void mariadb__link_close(MYSQL *link, bool quietly);
sqla_status mariadb_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err);
void mariadb_close(sqla_driver_conn *conn);
void mariadb_abandon(sqla_driver_conn *conn);
sqla_txn_state mariadb_txn_state(sqla_driver_conn *conn);
sqla_status mariadb_begin(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err);
sqla_status mariadb_commit(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err);
sqla_status mariadb_rollback(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err);
sqla_status mariadb_savepoint(sqla_driver_conn *conn, int32_t op, const char *name, sqla_err *err);
sqla_status mariadb_ping(sqla_driver_conn *conn, uint32_t flags, int64_t deadline, sqla_err *err);
sqla_status mariadb_reset(sqla_driver_conn *conn, int64_t deadline, sqla_err *err);
void mariadb_set_deadline(sqla_driver_conn *conn, int64_t deadline);

/* ---- values.c -------------------------------------------------------------------------------------------------- */

bool mariadb__utf8_valid(const char *text, size_t n); /* a NUL is valid */
bool mariadb__decimal_fits(const char *text, size_t n, const char **ret_why);
bool mariadb__date_put(int64_t days, MYSQL_TIME *to);         /* false: out of range */
bool mariadb__timestamp_put(int64_t micros, MYSQL_TIME *to);
bool mariadb__time_put(int64_t micros, MYSQL_TIME *to);
bool mariadb__day_of(unsigned year, unsigned month, unsigned day, int64_t *ret_days);
int mariadb__uuid_text(const sqla_uuid *uuid, char *room);
bool mariadb__uuid_parse(const char *text, size_t n, sqla_uuid *ret);
/* ISO 8601: "P14M-3DT5.000000S" is written; years, weeks, hours and minutes are read as well. */
int mariadb__interval_text(const sqla_interval *interval, char *room);
bool mariadb__interval_parse(const char *text, size_t n, sqla_interval *ret);

/* ---- encode.c -------------------------------------------------------------------------------------------------- */

void mariadb__args_release(mariadb__args *args);
/* Does the plan name each parameter once, with types that can be sent? */
sqla_status mariadb__check_plan(const sqla_plan *plan, sqla_err *err);
/* Room for count parameters; then rows are put at their places, and lie there until the next start. */
bool mariadb__args_start(mariadb__args *args, size_t count);
/* place: of the row in a block. number: 0-based row of a batch plus 1, or 0. */
sqla_status mariadb__args_row(mariadb__args *args, const sqla_plan *plan, const void *row, size_t place, int64_t number, sqla_err *err);

/* Does the server take what is to be sent? For one row of plan (NULL: there are no parameters); number: as
 * above. */
bool mariadb__args_fit(const sqla_driver_conn *conn);
sqla_status mariadb__check_args(
    const sqla_driver_conn *conn, const sqla_plan *plan, int64_t number, sqla_err *err);
sqla_status mariadb__check_length(const sqla_driver_conn *conn, size_t length, sqla_err *err);
/* Make each item of a list a parameter, and show it. */
typedef void mariadb__item_fn(void *to, const MYSQL_BIND *item);
sqla_status mariadb__list_items(
    const sqla_slot *slot, const sqla_array *list, mariadb__item_fn *take, void *to, sqla_err *err);

/* ---- list.c -------------------------------------------------------------------------------------------- */

#define MARIADB__LIST_MARK "/*sqla:list*/"
/* A statement whose lists are written into its text, and the plan of what is left to be sent. */
typedef struct mariadb__listed {
    sqla_statement statement;
    sqla_plan plan;
    char *text;                /* to be released, with slots */
    sqla_slot *slots;
} mariadb__listed;
bool mariadb__has_lists(const sqla_plan *plan);
sqla_status mariadb__listed_new(const sqla_statement *statement, const sqla_plan *plan, const void *row,
    mariadb__listed *ret, sqla_err *err);
void mariadb__listed_release(mariadb__listed *listed);

/* ---- cell.c ------------------------------------------------------------------------------------------- */

void mariadb__column_init(mariadb__column *column, const MYSQL_FIELD *field);
/* Find a cell in a row, and step behind it. row NULL: the cell is null. */
void mariadb__cell_take(const mariadb__column *column, mariadb__cell *cell, unsigned char **row);
/* Write a number, day, time or moment as text, in made. */
void mariadb__value_text(sqla_value *value, char *made);
/* What to say of a value that is not of the type of its column, and of none that was asked for. */
const char *mariadb__why_odd(const mariadb__column *column);

/* ---- decode.c ----------------------------------------------------------------------------------------- */

/* Choose how to read the columns of a result by a plan. Cheap when it is the plan of the last time. */
sqla_status mariadb__decoder_choose(mariadb__decoder *decoder, const sqla_result_info *shape, const mariadb__column *columns,
                                    const sqla_plan *plan, sqla_err *err);
/* Read one row. number: of the row in the result, 0-based plus 1. */
sqla_status mariadb__decode_row(mariadb__decoder *decoder, const sqla_result_info *shape, const mariadb__cell *cells, void *row,
                                sqla_row_arena *arena, int64_t number, sqla_err *err);
void mariadb__decoder_release(mariadb__decoder *decoder);

/* ---- stmt.c ---------------------------------------------------------------------------------------------------- */

/* Prepare a text, between enter and leave. keeps: it may be run more than once. Where *ret_not is true afterwards (NULL: a failure
 * then) the server prepares no such statement, and *ret_stmt is NULL. */
sqla_status mariadb__stmt_new(sqla_driver_conn *conn, const char *text, size_t length, bool keeps, bool *ret_not, sqla_driver_stmt **ret_stmt,
                              sqla_err *err);
/* Prepare again what a reset has made void, and drop what still comes from it. Between enter and leave. */
sqla_status mariadb__stmt_ready(sqla_driver_stmt *stmt, sqla_err *err);
sqla_status mariadb__check_width(const sqla_driver_stmt *stmt, const sqla_plan *plan, uint32_t rows, sqla_err *err);
sqla_status mariadb__check_text(const char *text, size_t length, sqla_err *err);
/* Run it with the parameters in conn->args. Returns: OK: *ret_failed says whether the handle has a failure to be reported. */
sqla_status mariadb__stmt_send(sqla_driver_stmt *stmt, bool *ret_failed, sqla_err *err);
/* The same with the report. row: as of failed. */
sqla_status mariadb__stmt_run(sqla_driver_stmt *stmt, const char *text, int64_t row, sqla_err *err);
/* Does it change rows, also when it returns some? */
bool mariadb__is_writing(const char *text);
void mariadb__drop_statements(sqla_driver_conn *conn);
/* Does the text hold more than one statement? */
bool mariadb__is_several(const char *text);
sqla_status mariadb_prepare(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows,
                            const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err);
void mariadb_stmt_close(sqla_driver_stmt *stmt);
sqla_status mariadb_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                         const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err);

/* ---- batch.c --------------------------------------------------------------------------------------------------- */

sqla_status mariadb_execute_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch,
                                 const sqla_exec_options *options, sqla_err *err);

/* ---- result.c -------------------------------------------------------------------------------------------------- */

/* A result for a statement that is prepared and not yet run. stmt NULL: one without rows. writes: rows that come count as changed.
 * owns: it closes the statement, also when this fails. */
sqla_status mariadb__result_new(sqla_driver_conn *conn, sqla_driver_stmt *stmt, bool owns, bool writes, sqla_driver_result **ret_result,
                                sqla_err *err);
/* What is to become of the rows of a statement: they are read and kept, left to come, or read and dropped. */
typedef enum mariadb__rows { MARIADB__KEEP, MARIADB__STREAM, MARIADB__DROP } mariadb__rows;
/* The statement has been run. Where it changes rows and returns some, the server may find fault only with those. text: of the statement.
 * ret_failed: as of stmt_send; NULL: such a failure is reported. */
sqla_status mariadb__result_start(sqla_driver_result *result, mariadb__rows rows, const char *text, bool *ret_failed, sqla_err *err);
/* The same without a result: nobody wants the rows, if there are any. *ret_rows: how many came. */
sqla_status mariadb__rows_drop(sqla_driver_conn *conn, sqla_driver_stmt *stmt, int64_t *ret_rows, bool *ret_failed, sqla_err *err);
/* Its statement goes, or is run again: what still comes is dropped. */
void mariadb__result_end(sqla_driver_result *result);
const sqla_result_info *mariadb_result_info(sqla_driver_result *result);
sqla_status mariadb_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
                                 sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err);
sqla_status mariadb_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err);
void mariadb_result_close(sqla_driver_result *result);
/* For batches. Step to the next row, unless the last one was not read; *ret_more: there is one. */
sqla_status mariadb__result_step(sqla_driver_result *result, bool *ret_more, sqla_err *err);
/* The integer in a column of that row, as a key plan's ROW_NUMBER asks for it; -1: there is none. */
int64_t mariadb__result_number(const sqla_driver_result *result, int column);

/* ---- reflect.c ------------------------------------------------------------------------------------------------- */

sqla_status mariadb_reflect(sqla_driver_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink, sqla_err *err);

#endif
