/* sqlite.h: what the files of the SQLite driver share.
 *
 * The driver is a thin layer over libsqlite3: a connection is one sqlite3 handle, opened without mutexes since the host
 * serialises the use of a connection, a statement is one sqlite3_stmt, and a result is a statement that is being stepped.
 * Nothing here is seen outside of the driver. */
#ifndef SQLITE_DRIVER_H
#define SQLITE_DRIVER_H

#include <sqla/driver.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

enum { SQLITE__FORM_SIZE = 80 }; /* bytes that hold the text of any date, time, interval or uuid */

/* Statements of the driver's own that each connection prepares once. */
typedef enum sqlite__control {
    SQLITE__BEGIN,
    SQLITE__BEGIN_WRITE,
    SQLITE__COMMIT,
    SQLITE__ROLLBACK,
    SQLITE__QUERY_ONLY_ON,
    SQLITE__QUERY_ONLY_OFF,
    SQLITE__CONTROL_COUNT
} sqlite__control;

/* What a canceller of another thread and the connection tell each other. A cancel changes RUNNING to CANCELLED in one step, and
 * nothing else; so it either meets what runs, or leaves no trace that the next statement could meet. SQLite's own interrupt
 * is not used: it may stay behind when a result is still open, and end what comes next. */
typedef enum sqlite__state { SQLITE__IDLE, SQLITE__RUNNING, SQLITE__CANCELLED } sqlite__state;

struct sqla_driver_canceller {
    sqla_driver_conn *conn;
};

struct sqla_driver_conn {
    sqlite3 *db;
    int64_t busy_ns;      /* how long a lock is waited for */
    int64_t busy_until;   /* end of the wait that is under way */
    int64_t deadline;     /* of what is running; 0: none */
    bool busy_asked;      /* the call under way met a lock that waiting may cure */
    bool timed_out;       /* the call under way was ended by its deadline */
    bool had_transaction; /* a transaction was open when the call began */
    bool undone;          /* SQLite rolled the transaction back by itself, and nobody has taken note yet */
    bool begun;           /* a transaction of the host's is open, as far as we know */
    bool over;            /* a statement has ended it, and perhaps begun another */
    bool committing;      /* what runs is COMMIT */
    bool writes;          /* what was stepped last may write */
    bool lost;            /* never to be used again */
    bool query_only;      /* the transaction is read-only */
    bool touched;         /* a statement changed the session in a way that is not followed */
    bool is_private;      /* the database is in memory, and ends with the last connection to it */
    bool own_pragma;      /* a PRAGMA that is prepared now is the driver's */
    bool read_only;       /* the connection is, and not only a transaction */
    dev_t device;         /* where the file is, if it is one */
    ino_t inode;
    bool is_told;         /* the host says deadlines by set_deadline */
    int64_t told;         /* the last one */
    atomic_int state;     /* sqlite__state */
    sqlite3_stmt *stepping; /* the statement that is being stepped, or NULL */
    sqlite3_stmt *control[SQLITE__CONTROL_COUNT];
    sqla_driver_result *spare; /* for the next result */
    bool forms_used;           /* the plan that was chosen last needs forms */
    void *binders;             /* room of bind.c */
    char *forms;               /* texts of values that are bound */
    size_t binder_room, form_room;
    const char *script;  /* that runs: positions count from its begin */
    struct sqla_driver_canceller canceller;
    char product[32];
};

struct sqla_driver_stmt {
    sqla_driver_conn *conn;
    sqlite3_stmt *handle;
    sqla_driver_result *reader;  /* the result that is being read from it, or NULL */
    sqla_result_column *columns; /* column_count of them */
    uint32_t column_count;
};

extern const sqla_host *sqlite__host;
extern const sqla_traits sqlite__traits;

/* ---- driver.c ---- */

int64_t sqlite__now(void);
/* Around everything that steps: arm the deadline, and remember what a failure needs to know.
 * They nest: a cancel that came since the outermost stays until its leave.
 * enter refuses with SQLA_ERR_ROLLBACK_FIRST while a transaction that SQLite gave up has not been rolled back by the host. */
sqla_status sqlite__enter(sqla_driver_conn *conn, int64_t deadline, sqla_err *err);
void sqlite__arm(sqla_driver_conn *conn, int64_t deadline);
void sqlite__leave(sqla_driver_conn *conn);
int sqlite__step(sqla_driver_conn *conn, sqlite3_stmt *stmt); /* sqlite3_step */
bool sqlite__cancelled(sqla_driver_conn *conn);
int sqlite__on_progress(void *conn); /* the progress handler, asked after each SQLITE__OPS_PER_LOOK steps */
enum { SQLITE__OPS_PER_LOOK = 2000 };
int sqlite__on_busy(void *conn, int asked); /* the busy handler */

/* ---- connect.c ---- */

sqla_status sqlite_connect_options(const sqla_connect_option **ret_options, uint32_t *ret_count, sqla_err *err);
sqla_status sqlite_open(
    const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err);
void sqlite_close(sqla_driver_conn *conn);
void sqlite_abandon(sqla_driver_conn *conn);
/* Run a text that gives no rows that anybody wants. Returns an SQLite code. */
int sqlite__run(sqla_driver_conn *conn, const char *text);

/* ---- place.c ---- */

/* Note where the file is that was opened; and see that its name still leads there. Nothing is said of a
 * database in memory.  Returns: IO: it does not. */
sqla_status sqlite__place_note(sqla_driver_conn *conn, sqla_err *err);
sqla_status sqlite__place_check(sqla_driver_conn *conn, sqla_err *err);

/* ---- error.c ---- */

/* Report what SQLite says now. text: the statement, for the position; row: 0-based plus 1, or 0.
 * Call it before anything else is asked of the connection. */
sqla_status sqlite__failed(sqla_driver_conn *conn, const char *text, int64_t row, sqla_err *err);
sqla_status sqlite__failed_in(
    sqla_driver_conn *conn, const char *text, int64_t row, const char *detail, sqla_err *err);
/* Was what failed last on the connection a file that could not be opened for want of descriptors? */
bool sqlite__lacks_descriptors(sqla_driver_conn *conn);
/* Report a failure of our own finding. fields: what is known besides status and message; NULL: nothing. */
sqla_status sqlite__fail(sqla_err *err, sqla_status status, const sqla_err_fields *fields, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
sqla_status sqlite__nomem(sqla_err *err);
extern const char sqlite__too_big[]; /* a hint */

/* ---- bind.c ---- */

/* How many parameters a row of the plan has; -1: the plan leaves some out, or names one twice. */
int64_t sqlite__plan_width(const sqla_plan *plan);
/* Choose the converters for a plan, and room for `rows` rows of it. They stay chosen until the next call. */
sqla_status sqlite__bind_choose(sqla_driver_conn *conn, const sqla_plan *plan, uint32_t rows, sqla_err *err);
/* Bind one row; block_row: its place in the block; number: its place in the batch.
 * copies: SQLite is to keep copies, since the statement runs on after the call. */
sqla_status sqlite__bind_row(sqla_driver_conn *conn, sqlite3_stmt *stmt, const sqla_plan *plan,
    const void *row, uint32_t block_row, bool copies, int64_t number, sqla_err *err);

/* ---- list.c ---- */

/* A list that is bound as one parameter, for the table sqla_list(?). The add functions return an SQLite
 * code. */
typedef struct sqlite__list sqlite__list;
int sqlite__list_register(sqlite3 *db);
sqlite__list *sqlite__list_new(size_t room); /* NULL: out of memory */
void sqlite__list_free(void *list);
int sqlite__list_add_null(sqlite__list *list);
int sqlite__list_add_int(sqlite__list *list, int64_t v);
int sqlite__list_add_double(sqlite__list *list, double v);
int sqlite__list_add_bytes(
    sqlite__list *list, int kind, const void *data, int size);            /* SQLITE_TEXT, SQLITE_BLOB */
int sqlite__list_bind(sqlite3_stmt *stmt, int index, sqlite__list *list); /* takes list, also when it fails */

/* ---- stmt.c ---- */

/* Prepare. Leaves the connection armed, also when it fails. */
sqla_status sqlite__stmt_new(sqla_driver_conn *conn, const char *text, size_t length, unsigned flags,
    int64_t deadline, sqla_driver_stmt **ret_stmt, sqla_err *err);
sqla_status sqlite__check_width(
    const sqla_driver_stmt *stmt, const sqla_plan *plan, uint32_t rows, sqla_err *err);
void sqlite_stmt_close(sqla_driver_stmt *stmt);
/* Make a statement ready to be run anew; a result that was being read from it is stale from then on. */
void sqlite__stmt_rewind(sqla_driver_stmt *stmt);
sqla_status sqlite_prepare(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan,
    uint32_t block_rows, const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err);
sqla_status sqlite_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan,
    const void *row, const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err);

/* ---- batch.c ---- */

sqla_status sqlite_execute_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch,
    const sqla_exec_options *options, sqla_err *err);

/* ---- result.c ---- */

/* A result for a statement; owns: close the statement with it (also when this fails). stmt NULL: an empty result. */
sqla_status sqlite__result_new(sqla_driver_conn *conn, sqla_driver_stmt *stmt, bool owns, int64_t deadline,
    sqla_driver_result **ret_result, sqla_err *err);
sqla_status sqlite__result_start(sqla_driver_result *result, sqla_err *err);
/* For batches: step, choose converters by plan, read the row that is there. */
int sqlite__result_step(sqla_driver_result *result);
int64_t sqlite__changes_since(sqlite3 *db, int64_t total);
sqla_status sqlite__result_choose(sqla_driver_result *result, const sqla_plan *plan, sqla_err *err);
sqla_status sqlite__result_read(sqla_driver_result *result, void *row, sqla_row_arena *arena, sqla_err *err);
void sqlite__result_stale(sqla_driver_result *result);
void sqlite__result_free(sqla_driver_result *result);
const sqla_result_info *sqlite_result_info(sqla_driver_result *result);
sqla_status sqlite_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows,
    size_t max, sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err);
sqla_status sqlite_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err);
void sqlite_result_close(sqla_driver_result *result);

/* ---- decode.c ---- */

/* What a converter finds besides fixed values: a text that goes into the row's block. */
typedef struct sqlite__span {
    const void *data;
    size_t size;
    void *target;      /* in the row */
    bool pointer_only; /* target is a const char *, else an sqla_blob */
} sqlite__span;

typedef struct sqlite__spans {
    sqlite__span *list;
    size_t count, bytes;
} sqlite__spans;

/* Put a value that is not NULL at its place. Returns NULL, or why it cannot be held. */
typedef struct sqlite__decoder sqlite__decoder;
typedef const char *sqlite__decode_fn(
    const sqlite__decoder *decoder, sqlite3_value *value, char *at, sqlite__spans *spans);
struct sqlite__decoder {
    sqlite__decode_fn *decode;
    const sqla_slot *slot;
    uint32_t offset;
    int32_t column, set_offset;
};
/* NULL: the pair of type and representation does not exist. */
sqlite__decode_fn *sqlite__decoder_for(const sqla_slot *slot);
bool sqlite__slot_has_text(const sqla_slot *slot);

/* ---- convert.c: texts of values. Each *_text returns the length, 0: not to be written; each *_parse whether it could be read ---- */

bool sqlite__utf8_valid(const char *text, size_t n);
int sqlite__date_text(int32_t days, char *room);
int sqlite__time_text(int64_t micros, char *room);
int sqlite__timestamp_text(int64_t micros, char *room);
int sqlite__interval_text(const sqla_interval *interval, char *room);
int sqlite__uuid_text(const sqla_uuid *uuid, char *room);
bool sqlite__date_parse(const char *text, size_t n, int32_t *ret_days);
bool sqlite__time_parse(const char *text, size_t n, int64_t *ret_micros);
bool sqlite__timestamp_parse(const char *text, size_t n, bool instant, int64_t *ret_micros);
bool sqlite__interval_parse(const char *text, size_t n, sqla_interval *ret_interval);
bool sqlite__uuid_parse(const char *text, size_t n, sqla_uuid *ret_uuid);
bool sqlite__decimal_valid(const char *text, size_t n);

/* ---- json.c ------------------------------------------------------------------------------------------- */

bool sqlite__json_valid(const char *text, size_t n); /* RFC 8259, at most 1000 levels */
/* Make json_valid(text) for the statements of a connection, and for the checks of its tables.
 * Returns: an SQLite code. */
int sqlite__make_json_valid(sqlite3 *db);

/* ---- like.c ------------------------------------------------------------------------------------------- */

/* Make sqla_like(text, pattern) and sqla_ilike(text, pattern) for the statements of a connection.
 * Returns: an SQLite code. */
int sqlite__make_like(sqlite3 *db);

/* ---- reflect.c ---- */

sqla_status sqlite_reflect(sqla_driver_conn *conn, uint32_t kind, const sqla_reflect_filter *filter,
    sqla_reflect_sink *sink, sqla_err *err);

#endif
