/* postgres.h: what the files of the PostgreSQL driver share.
 *
 * The driver is a thin layer over libpq. Every call that may wait is made without blocking and followed by poll(), so
 * that deadlines are ours. A result is read as a whole when its statement is run, and several may be open; with
 * SQLA_EXEC_STREAM rows come one by one, and the connection is taken until the last of them. Nothing here is seen
 * outside of the driver. */
#ifndef POSTGRES_DRIVER_H
#define POSTGRES_DRIVER_H

#include <sqla/bulk.h>
#include <sqla/driver.h>
#include <sqla/twophase.h>

#include <libpq-fe.h>
#include <locale.h>
#include <pthread.h>

/* Object identifiers of types that are built into the server (its catalog file pg_type.dat); they never change. */
enum {
    PG_BOOL = 16, PG_BYTEA = 17, PG_INT8 = 20, PG_INT2 = 21, PG_INT4 = 23, PG_TEXT = 25, PG_JSON = 114, PG_FLOAT4 = 700,
    PG_FLOAT8 = 701, PG_TEXT_ARRAY = 1009, PG_VARCHAR = 1043, PG_DATE = 1082, PG_TIME = 1083, PG_TIMESTAMP = 1114,
    PG_TIMESTAMPTZ = 1184, PG_INTERVAL = 1186, PG_NUMERIC = 1700, PG_UUID = 2950, PG_JSONB = 3802
};

/* A growing run of bytes. When memory runs out it goes broken and stays so, which is asked once, at the end. */
typedef struct postgres__buf { char *data; size_t size, room; bool broken; } postgres__buf;

/* Parameters in the form that libpq takes, used again for each statement of a connection. */
typedef struct postgres__args {
    int count, room;
    Oid *types;
    const char **values;       /* NULL: a null */
    int *lengths, *formats;
    size_t *places;            /* where in bytes the value lies, until bytes has stopped growing */
    postgres__buf bytes;
    size_t first;              /* by columns: the place of rows[0] in the whole batch */
} postgres__args;

typedef struct postgres__key postgres__key; /* what cancelling needs to know of a connection; cancel.c */

/* What a canceller of another thread and the connection tell each other. A cancel that comes late must not hit the next
 * statement: while one is under way, no new statement starts. */
typedef struct postgres__gate {
    pthread_mutex_t lock;
    pthread_cond_t quiet;      /* firing fell to 0 */
    bool running;              /* a statement is under way */
    bool fired;                /* and somebody asked to cancel it */
    int firing;
} postgres__gate;

/* What came from the server, as far as it has to be held against a bound; intake.c. */
typedef enum postgres__flood {
    POSTGRES__NO_FLOOD,
    POSTGRES__FLOOD_OF_BYTES,
    POSTGRES__FLOOD_OF_NOTICES,
    POSTGRES__FLOOD_OF_ANSWERS,
    POSTGRES__FLOOD_OF_WORK
} postgres__flood;
typedef struct postgres__intake {
    int own, ends[2];          /* by which libpq gets a piece at a time: the link once more, and a pair */
    char *room;                /* for a piece; NULL: the pair is not there either */
    size_t most;               /* max_message, in bytes */
    size_t taken;              /* bytes since the last row, or since the call began */
    size_t aside;              /* of these notices and the like */
    size_t answers;            /* since the call began */
    int64_t work;              /* of the thread when taken was small; 0: it is */
    bool whole;                /* any number of rows may come in one result */
    bool begun;                /* something has come since, and it may be half of a message */
    FILE *watch;               /* where libpq shows that a message has ended; NULL: it does not */
    char shown[32];
    postgres__flood flood;     /* why the link was given up */
} postgres__intake;

enum { POSTGRES__MAX_MESSAGE = 48, POSTGRES__MAX_MESSAGE_MOST = 1024 }; /* MiB: as is usual; at most */
enum { POSTGRES__MAX_PARAMS = 128 };
/* What goes to PQconnectStartParams. Texts that had to be made lie in hosts, ports and options. */
typedef struct postgres__recipe {
    const char *keys[POSTGRES__MAX_PARAMS + 1], *values[POSTGRES__MAX_PARAMS + 1];
    int count;
    const char *host, *port;
    const char *require_auth;  /* where libpq has no such option */
    postgres__buf hosts, ports, options;
    int64_t seconds;           /* connect_timeout; 0: none */
    size_t most;               /* max_message, in bytes */
    bool pooled;
    bool refuses_clear;        /* no password in clear for a server that is seen to ask for one */
} postgres__recipe;

struct sqla_driver_conn {
    PGconn *link;
    postgres__key *key;
    sqla_driver_result *stream;  /* a result whose rows are still coming, or NULL */
    bool lost;                 /* never to be used again */
    bool may_have_prepared;    /* a statement may have made prepared ones beside ours */
    bool set_something;        /* a statement may have changed a setting that is not reported */
    bool begun;                /* a transaction of the host's is open, as far as we know */
    bool over;                 /* a statement has ended it, and perhaps begun another */
    bool rolled_back;          /* what is running has said ROLLBACK, if only to a savepoint */
    bool only_reads;           /* the session refuses every write */
    bool cannot_look;          /* the server cannot see that its client is gone while it works */
    bool completed;            /* a statement of what is running was done; committed it may not be */
    bool open_outcome;         /* rows are still coming of what commits by itself */
    const char *running;       /* the program's statement that was sent, or NULL */
    char token[32];            /* what to resolve its outcome by, or "" */
    bool pooled;               /* behind a pooler: the session is ours within a transaction only */
    bool read_only;            /* every BEGIN is to say so, since the session cannot */
    bool timed_out;            /* the deadline of what is running has passed */
    sqla_txn_state before;     /* the transaction when what is running was sent */
    int64_t deadline, grace;   /* of what is running: when to cancel, and how long the server may take to obey */
    uint64_t tag;              /* in the names of prepared statements: no other connection has it */
    int64_t give_up;           /* behind the deadline: when the server has had its time to obey */
    int64_t told;              /* the deadline of calls that are given none (set_deadline) */
    uint64_t last_name;        /* of a prepared statement */
    uint64_t gone;             /* the last of those that DEALLOCATE ALL or DISCARD ALL has taken away */
    uint64_t *dropped;         /* names that the server still has */
    size_t dropped_count, dropped_room;
    postgres__args args;
    postgres__gate gate;
    postgres__intake intake;
    int traced;                /* savepoints that batches of this transaction have made */
    bool copying;              /* a COPY is open, which takes the connection */
    int ahead;                 /* characters of ours before the statement that is running */
    char product[48];
    sqla_driver_result *spare;   /* for the next result */
};

struct sqla_driver_stmt {
    sqla_driver_conn *conn;
    uint64_t number;
    char name[48];
    int count;                 /* parameters */
    int fields;                /* columns of results; 0: it gives no rows; -1: not known */
    int format;                /* of results: 1 when every column has a binary reader */
    bool columns;              /* parameters are arrays */
    bool sets;                 /* it may change settings that are not reported */
    Oid types[];               /* of the parameters, as the server sees them */
};

extern const sqla_host *postgres__host;
extern locale_t postgres__c_locale; /* for reading numbers */
extern const sqla_traits postgres__traits;

/* ---- error.c --------------------------------------------------------------------------------------------------- */

/* Report what the server says in a result. row: 0-based plus 1, or 0.  Returns: the status. */
sqla_status postgres__failed(sqla_driver_conn *conn, const PGresult *res, int64_t row, sqla_err *err);
/* Report that the link broke or that time is up (status) without an answer of the server. */
sqla_status postgres__broken(sqla_driver_conn *conn, sqla_status status, sqla_err *err);
/* The same where that leaves open what has happened.  res: the last answer, or NULL. what: "COMMIT". token:
 * what to resolve it by; NULL. */
sqla_status postgres__undecided(sqla_driver_conn *conn, const PGresult *res, sqla_status status, const char *what,
                                const char *token, sqla_err *err);
/* Rows of what is running will come for a while, and its text may go. */
void postgres__keep_outcome(sqla_driver_conn *conn);
/* Report why libpq made no connection. */
sqla_status postgres__refused(PGconn *link, sqla_err *err);
/* Report a failure of our own finding. fields: what is known besides status and message; NULL: nothing. */
sqla_status postgres__fail(sqla_err *err, sqla_status status, const sqla_err_fields *fields, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
sqla_status postgres__nomem(sqla_err *err);
/* What a notice or an answer says about the link: the server closes it behind a FATAL message. */
bool postgres__is_fatal(const PGresult *res);

/* ---- wait.c ---------------------------------------------------------------------------------------------------- */

int64_t postgres__now(void);
/* Around everything that is sent: see that the connection is free, arm the deadline, open and close the gate. */
sqla_status postgres__enter(sqla_driver_conn *conn, int64_t deadline, sqla_err *err);
void postgres__leave(sqla_driver_conn *conn);
/* The deadline of what is running, from now on. */
void postgres__set_deadline(sqla_driver_conn *conn, int64_t deadline);
/* Wait until fd can be read or written. Returns: OK, TIMEOUT, DISCONNECTED. */
sqla_status postgres__poll(int fd, short events, int64_t deadline, short *ret_events);
/* Send what libpq has in its buffer, reading what comes meanwhile. */
sqla_status postgres__flush(sqla_driver_conn *conn);
/* The next result, as PQgetResult gives it (NULL: the end of one statement's results). */
sqla_status postgres__next(sqla_driver_conn *conn, PGresult **ret_res);
/* The same within a pipeline, where each result is a whole one whatever ran before. */
sqla_status postgres__next_of_pipeline(sqla_driver_conn *conn, PGresult **ret_res);
/* Read and drop what else the statement answers; the link is lost when that cannot be, since it would be in
 * the way of what comes. Returns: OK; a reported failure: a statement that was done may fail when it
 * commits. */
sqla_status postgres__read_rest(sqla_driver_conn *conn, sqla_err *err);
/* The answer to one statement that has been given to libpq: its last result, to be cleared, or a reported failure. */
sqla_status postgres__answer(sqla_driver_conn *conn, PGresult **ret_res, sqla_err *err);
/* The same for a row of a batch (0-based plus 1), which a failure names. */
sqla_status postgres__answer_row(sqla_driver_conn *conn, int64_t row, PGresult **ret_res, sqla_err *err);
/* The same at the end of a COPY: a failure names the row that its context names. */
sqla_status postgres__answer_copy(sqla_driver_conn *conn, PGresult **ret_res, sqla_err *err);
/* Wait until something has come, and take it in. */
sqla_status postgres__wait_input(sqla_driver_conn *conn);
/* The same for a script: a failure names the number of its statement. */
sqla_status postgres__answer_script(sqla_driver_conn *conn, PGresult **ret_res, sqla_err *err);
/* A text of ours that gives no rows, by the simple protocol, between enter and leave. ret_res may be NULL. */
sqla_status postgres__simple(sqla_driver_conn *conn, const char *text, PGresult **ret_res, sqla_err *err);
/* End the copying that a statement began, since there is nobody who could feed it. */
bool postgres__refuse_copy(sqla_driver_conn *conn, const PGresult *res);

/* ---- intake.c ------------------------------------------------------------------------------------------ */

/* A call begins: nothing has come yet. What may give many rows at once sets intake.whole afterwards. */
void postgres__intake_begin(sqla_driver_conn *conn);
void postgres__intake_release(sqla_driver_conn *conn);
/* A row has come. */
void postgres__intake_progress(sqla_driver_conn *conn);
/* A statement has been answered to its end. */
void postgres__intake_end(sqla_driver_conn *conn);
/* A notice, or the like, has come. */
void postgres__intake_aside(sqla_driver_conn *conn, const char *text);
/* A result has come.  Returns: OK; PROTOCOL: there are too many, and the link is given up. */
sqla_status postgres__intake_answer(sqla_driver_conn *conn, const PGresult *res);
/* Read what has come, or a part of it.  Returns: OK, DISCONNECTED; PROTOCOL: it is too much, and the link is
 * given up. */
sqla_status postgres__take(sqla_driver_conn *conn);
/* PQconnectPoll, where *taken counts what has come. */
sqla_status postgres__take_connect(
    PGconn *link, size_t *taken, PostgresPollingStatusType *ret_next, sqla_err *err);
void postgres__drop_notes(sqla_driver_conn *conn);
/* What was too much, as a sentence; and a hint, or NULL. */
void postgres__flood_text(const sqla_driver_conn *conn, char *room, size_t size);
const char *postgres__flood_hint(const sqla_driver_conn *conn);

/* ---- cancel.c -------------------------------------------------------------------------------------------------- */

/* Ask the server to end what the connection runs. Takes no longer than the deadline, whatever the network does. */
bool postgres__cancel(postgres__key *key, int64_t deadline); /* false: it could not even be tried */
/* Is a cancel that nobody waits for any more still under way? It would hit whatever runs when it arrives. */
bool postgres__key_late(postgres__key *key);
postgres__key *postgres__key_new(PGconn *link);
void postgres__key_drop(postgres__key *key);
bool postgres__gate_init(postgres__gate *gate);
void postgres__gate_release(postgres__gate *gate);
bool postgres__gate_open(postgres__gate *gate, int64_t deadline); /* false: a cancel was under way until then */
/* Returns: whether a cancel was fired meanwhile. */
bool postgres__gate_close(postgres__gate *gate);
bool postgres__gate_fired(postgres__gate *gate);
sqla_status postgres_cancel_new(sqla_driver_conn *conn, sqla_driver_canceller **ret_canceller, sqla_err *err);
sqla_status postgres_cancel_fire(sqla_driver_canceller *canceller, int64_t deadline, sqla_err *err);
void postgres_cancel_free(sqla_driver_canceller *canceller);

/* ---- watch.c ------------------------------------------------------------------------------------------- */

/* Settings that the driver relies on; and the same for one transaction. */
const char *postgres__pins(const sqla_driver_conn *conn);
extern const char postgres__local_pins[];
/* Set them in a new session, or see that they hold there. */
sqla_status postgres__pin(sqla_driver_conn *conn, sqla_err *err);
/* Set them again where a statement changed them, or give the connection up. Behind a statement, before the
 * gate closes. */
void postgres__watch(sqla_driver_conn *conn);
/* May the statement change one that the server does not report? */
bool postgres__names_settings(const char *text);

/* ---- guard.c ------------------------------------------------------------------------------------------- */

/* Look through the options of a connect, and add what keeps others out of them. options: what libpq knows,
 * with its defaults. */
sqla_status postgres__guard_recipe(postgres__recipe *recipe, const PQconninfoOption *options, sqla_err *err);
/* Look at what the server has answered, before libpq reads it. */
sqla_status postgres__guard_answer(
    PGconn *link, const postgres__recipe *recipe, int64_t deadline, sqla_err *err);

/* ---- open.c, conn.c -------------------------------------------------------------------------------------------- */

sqla_status postgres_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err);
sqla_status postgres_connect_options(const sqla_connect_option **ret_options, uint32_t *ret_count, sqla_err *err);
/* Has the server ended the session? Before it is sent what must not be lost; that costs no traffic. */
sqla_status postgres__look(sqla_driver_conn *conn, sqla_err *err);
/* The number of the transaction, to resolve its outcome by; "": it has none. Between enter and leave. */
sqla_status postgres__take_token(sqla_driver_conn *conn, char token[32], sqla_err *err);
void postgres_close(sqla_driver_conn *conn);
void postgres_abandon(sqla_driver_conn *conn);
sqla_txn_state postgres_txn_state(sqla_driver_conn *conn);
sqla_status postgres_begin(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err);
sqla_status postgres_commit(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err);
sqla_status postgres_rollback(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err);
sqla_status postgres_savepoint(sqla_driver_conn *conn, int32_t op, const char *name, sqla_err *err);
sqla_status postgres_ping(sqla_driver_conn *conn, uint32_t flags, int64_t deadline, sqla_err *err);
sqla_status postgres_reset(sqla_driver_conn *conn, int64_t deadline, sqla_err *err);
void postgres_set_deadline(sqla_driver_conn *conn, int64_t deadline);
/* Send a text whose answer decides something for good, and wait. Returns: SQLA_OK: the server has answered, and *ret_res is to be
 * cleared and may be a failure; else the link broke (reported as an unknown outcome; what: "COMMIT"). token: what to resolve it
 * by; NULL. Between enter and leave. */
sqla_status postgres__decide(sqla_driver_conn *conn, const char *text, const char *what, const char *token, PGresult **ret_res, sqla_err *err);
sqla_status postgres_resolve(sqla_driver_conn *conn, const char *outcome, int64_t deadline, int32_t *ret_outcome, sqla_err *err);

/* ---- reads.c ------------------------------------------------------------------------------------------- */

/* Does the text change nothing that stays, for certain? */
bool postgres__only_reads(const char *text);
/* queries: it begins as SELECT, WITH, VALUES or TABLE does. writes: it changes rows. locks: it takes locks of rows. calls: it calls what
 * is not known to change nothing. */
typedef struct postgres__deeds { bool queries, writes, locks, calls; } postgres__deeds;
postgres__deeds postgres__deeds_of(const char *text);
/* Is one of its statements COMMIT, or another that ends a transaction and keeps it? */
bool postgres__ends_transaction(const char *text);
/* Does it end with its transaction undone when the server ends the session under it? */
bool postgres__is_undone(const char *text);
/* Does it give rows, or none, for certain? */
bool postgres__gives_rows(const char *text);
bool postgres__gives_no_rows(const char *text);
bool postgres__has_word(const char *text, const char *sought); /* sought: in small letters */

/* ---- twophase.c ------------------------------------------------------------------------------------------------ */

extern const sqla_twophase_ops postgres__twophase;

/* ---- types.c --------------------------------------------------------------------------------------------------- */

typedef struct postgres__type {
    Oid oid;
    uint32_t type;             /* sqla_type */
    const char *name;
} postgres__type;
const postgres__type *postgres__type_find(Oid oid); /* NULL: not one that we know */

void postgres__buf_add(postgres__buf *buf, const void *data, size_t size);
char *postgres__buf_more(postgres__buf *buf, size_t size); /* room for size bytes behind the last; NULL: broken */
void postgres__buf_release(postgres__buf *buf);

bool postgres__utf8_valid(const char *text, size_t n);
enum { POSTGRES__FORM_SIZE = 80 }; /* bytes that hold the text of any value of fixed size */
/* Texts as the server reads and, with our settings, writes them. Each *_text returns the length. */
int postgres__date_text(int32_t days, char *room);
int postgres__time_text(int64_t micros, char *room);
int postgres__timestamp_text(int64_t micros, bool instant, char *room);
int postgres__interval_text(const sqla_interval *interval, char *room);
int postgres__uuid_text(const sqla_uuid *uuid, char *room);
bool postgres__date_parse(const char *text, int32_t *ret_days);
bool postgres__time_parse(const char *text, int64_t *ret_micros);
bool postgres__timestamp_parse(const char *text, bool instant, int64_t *ret_micros);
bool postgres__interval_parse(const char *text, sqla_interval *ret_interval);
bool postgres__uuid_parse(const char *text, sqla_uuid *ret_uuid);
bool postgres__float_parse(const char *text, double *ret_value); /* whatever the locale; false: out of range, too */

/* ---- encode.c -------------------------------------------------------------------------------------------------- */

void postgres__args_release(postgres__args *args);
/* The types that a statement is prepared with. types: as many as the plan has slots. */
sqla_status postgres__plan_types(const sqla_plan *plan, bool columns, Oid *types, sqla_err *err);
/* Put one row into conn->args. stmt: what it is for, NULL: unprepared. number: 0-based row of a batch plus 1, or 0. */
sqla_status postgres__args_row(sqla_driver_conn *conn, const sqla_driver_stmt *stmt, const sqla_plan *plan, const void *row,
                               int64_t number, sqla_err *err);
/* Put the rows of a batch into conn->args, one array a slot. */
sqla_status postgres__args_columns(sqla_driver_conn *conn, const sqla_plan *plan, void *const *rows, size_t count, sqla_err *err);
/* Bytes that a message can have, less what it needs for itself. The server takes none beyond 1 GB, and
 * ends the connection over it. */
enum { POSTGRES__MESSAGE = 0x3fffffff - 1024 * 1024 };
/* How many of the rows have so many bytes together; at least one. */
size_t postgres__rows_within(const sqla_plan *plan, void *const *rows, size_t count, size_t most);

/* ---- decode.c -------------------------------------------------------------------------------------------------- */

/* Read a cell as the value that it is. A value whose text had to be made lies in scratch: reserved is 1 then, and
 * as.bytes.data is its place there as an integer.  Returns: NULL, or why it could not be read. */
typedef const char *postgres__read_fn(const char *data, size_t size, sqla_value *value, postgres__buf *scratch);
extern const char postgres__no_memory[]; /* the reason that is none of the value's */
/* The reader for a column, which may be one that refuses every value, and the type of what it reads. */
postgres__read_fn *postgres__reader_for(Oid oid, int format, uint32_t *ret_type);
bool postgres__has_binary(Oid oid);
bool postgres__is_array(Oid oid, int format); /* does such a column hold arrays that array_read reads? */
/* Read an array out of its text, and say where its items have come to lie; see there. */
const char *postgres__array_read(Oid oid, const char *data, size_t size, sqla_value *value, postgres__buf *scratch, bool *ret_done);
void postgres__array_settle(sqla_value *value, char *block);

typedef struct postgres__decoder postgres__decoder;
/* Put a value that is not NULL at its place.  Returns: NULL, or why it does not fit. */
typedef const char *postgres__store_fn(postgres__decoder *decoder, const sqla_slot *slot, const sqla_value *value, char *at);
typedef struct postgres__step {
    postgres__read_fn *read;
    postgres__store_fn *store;
    const sqla_slot *slot;
    enum { POSTGRES__TWO_STEPS, POSTGRES__SWAP4, POSTGRES__SWAP8, POSTGRES__SPAN } shortcut; /* where one step does for both */
    uint32_t type;             /* of what is read */
    Oid array;                 /* the column's type, where it is read as an array; 0 */
} postgres__step;
enum { POSTGRES__ARRAY_SPAN = 0x100 };
typedef struct postgres__span {
    const char *data;
    size_t size;
    char *target;              /* where its pointer goes */
    uint32_t kind;             /* sqla_rep of the target, or POSTGRES__ARRAY_SPAN */
    bool in_scratch;
} postgres__span;
struct postgres__decoder {
    const sqla_plan *plan;     /* what it was made for */
    postgres__step *steps;
    postgres__span *spans;
    uint32_t span_count;
    int row_number;            /* column of a SQLA_REP_ROW_NUMBER slot; -1: there is none */
    postgres__buf scratch;
};
/* Choose how to read the columns of a result by a plan. Cheap when it is the plan of the last time. */
sqla_status postgres__decoder_choose(postgres__decoder *decoder, const PGresult *shape, const sqla_plan *plan, sqla_err *err);
/* Read one row. number: of the row in the result, 0-based plus 1. */
sqla_status postgres__decode_row(postgres__decoder *decoder, const PGresult *res, int at, void *row, sqla_row_arena *arena,
                                 int64_t number, sqla_err *err);
void postgres__decoder_release(postgres__decoder *decoder);

/* ---- stmt.c ---------------------------------------------------------------------------------------------------- */

sqla_status postgres_prepare(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows,
                             const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err);
void postgres_stmt_close(sqla_driver_stmt *stmt);
/* The name of the n-th prepared statement of a connection. */
void postgres__stmt_name(const sqla_driver_conn *conn, uint64_t n, char *room, size_t size);
/* Take the statements that were closed from the server, when that is worth a trip and harmless. Between enter and leave. */
void postgres__drop_statements(sqla_driver_conn *conn);
/* Give a statement with the parameters in conn->args to libpq. */
sqla_status postgres__send(sqla_driver_conn *conn, const sqla_statement *statement, sqla_err *err);
sqla_status postgres__check_statement(const sqla_statement *statement, const sqla_plan *plan, sqla_err *err);
sqla_status postgres_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                          const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err);

/* ---- batch.c --------------------------------------------------------------------------------------------------- */

sqla_status postgres_execute_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch,
                                  const sqla_exec_options *options, sqla_err *err);

/* ---- copy.c ---------------------------------------------------------------------------------------------------- */

extern const sqla_bulk_ops postgres__bulk;

/* ---- road.c -------------------------------------------------------------------------------------------- */

/* How rows come that may be left, inside a transaction: as always; behind a savepoint; by a cursor. */
typedef enum postgres__road { POSTGRES__DIRECT, POSTGRES__GUARDED, POSTGRES__CURSOR } postgres__road;
postgres__road postgres__road_of(const char *text);
/* All of these are called between enter and leave. Where one cannot put things right, the connection is
 * lost. */
/* Run a statement between a savepoint and its release. *ret_res: what came first; *ret_more: more rows are
 * to come. */
sqla_status postgres__guarded_start(sqla_driver_conn *conn, const sqla_statement *statement,
    PGresult **ret_res, bool *ret_more, sqla_err *err);
void postgres__guarded_end(sqla_driver_conn *conn);  /* drop what still comes */
void postgres__guarded_back(sqla_driver_conn *conn); /* then: a statement that was cancelled is undone */
sqla_status postgres__cursor_declare(sqla_driver_conn *conn, const sqla_statement *statement, sqla_err *err);
/* Send for the next rows. piece: those that came last, NULL: there were none. */
bool postgres__cursor_ask(sqla_driver_conn *conn, const PGresult *piece, int format, int *ret_rows);
void postgres__cursor_close(sqla_driver_conn *conn);

/* ---- result.c -------------------------------------------------------------------------------------------------- */

/* Have a result ready before a statement is sent: what changed rows and gives none must not fail for want of memory afterwards. */
bool postgres__result_reserve(sqla_driver_conn *conn);
/* A result over res, which it takes (also when this fails). streaming: res holds the first row, more may come. */
sqla_status postgres__result_new(sqla_driver_conn *conn, PGresult *res, bool streaming, sqla_driver_result **ret_result, sqla_err *err);
/* How the rest of a streaming one comes, where not as always. A cursor: the form of its rows, how many are
 * on their way. */
void postgres__result_by(sqla_driver_result *result, postgres__road road, int format, int asked);
int64_t postgres__affected(PGresult *res);
const sqla_result_info *postgres_result_info(sqla_driver_result *result);
sqla_status postgres_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
                                  sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err);
sqla_status postgres_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err);
void postgres_result_close(sqla_driver_result *result);

/* ---- reflect.c ------------------------------------------------------------------------------------------------- */

sqla_status postgres_reflect(sqla_driver_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink, sqla_err *err);

#endif
