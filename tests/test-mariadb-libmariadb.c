/* test-mariadb-libmariadb.c: the MariaDB driver over a libmariadb, and a system, that fail.
 *
 * Each function that the driver calls and that can fail is wrapped by the linker (see tests/Makefile.am). For each piece of work a
 * free run counts the calls; then each of them fails in turn, in the ways of enum way where it talks to the server. The work
 * ends with OK, or with a failure that was told, in words; and the connection works on, or says that it is lost. What was done in a
 * transaction and failed is not there after the rollback. */
#include <config.h>
#include "mariadb-driver.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- calls that fail ------------------------------------------------------------------------------------------------- */

enum call {
    MEMORY, POLL, POLL_AGAIN, LOCALE, MUTEX, CONDITION, CONDITION_ATTRIBUTE, CONDITION_CLOCK, DUPLICATE, SIGNAL, LIBRARY, INIT,
    STMT_INIT, BIND, USE_RESULT, /* from here on, they wait for the server */
    CONNECT, PREPARE, EXECUTE, FETCH, FREE, CLOSE, QUERY, NEXT, ROW, STORE_TEXT, SCRIPTS, RESET, USE, CALLS
};

enum way {
    REFUSED,                   /* the call is not made, as when the library has no memory for it */
    ANSWERED,                  /* it is made, and the server's answer is a failure */
    BROKEN,                    /* the link is broken by it */
    STUCK,                     /* it waits, and waiting fails */
    WAYS
};

static struct {
    int left[CALLS];           /* calls up to the one that fails; 0: none does */
    int seen[CALLS];
    enum way way;
    enum call at;              /* the one that was made and fails when it is over; MEMORY: none */
    bool stuck;                /* the next poll fails */
    bool silent;               /* ANSWERED: the library does not say why */
} faults;

static bool fails(enum call call)
{
    faults.seen[call]++;
    return faults.left[call] > 0 && --faults.left[call] == 0;
}

static void no_faults(void) { memset(&faults, 0, sizeof faults); }

/* What libmariadb says afterwards. handle NULL: the link says it. */
static void tell(MYSQL *link, MYSQL_STMT *handle, unsigned number, const char *message)
{
    if (link != NULL) {
        link->net.last_errno = number;
        snprintf(link->net.sqlstate, sizeof link->net.sqlstate, "HY000");
        snprintf(link->net.last_error, sizeof link->net.last_error, "%s", message);
    }
    if (handle != NULL) {
        handle->last_errno = number;
        snprintf(handle->sqlstate, sizeof handle->sqlstate, "HY000");
        snprintf(handle->last_error, sizeof handle->last_error, "%s", message);
    }
}

static void break_link(enum call call, MYSQL *link)
{
    if (faults.at == call && faults.way == BROKEN && mysql_get_socket(link) != MARIADB_INVALID_SOCKET)
        shutdown(mysql_get_socket(link), SHUT_RDWR);
}

/* Before a call is made.  Returns: it is not to be. *ret_events: what is waited for then. */
static bool is_refused(enum call call, MYSQL *link, MYSQL_STMT *handle, int *ret_events)
{
    if (!fails(call))
        return false;
    faults.stuck = faults.way == STUCK;
    *ret_events = faults.stuck ? MYSQL_WAIT_READ : 0;
    if (faults.way == REFUSED)
        tell(link, handle, 2008, "the library has no memory");
    if (faults.way == REFUSED || faults.way == STUCK)
        return true;
    faults.at = call;
    break_link(call, link);
    return false;
}

/* events: 0 when it is over.  Returns: its answer is to be a failure. */
static bool is_turned(enum call call, MYSQL *link, MYSQL_STMT *handle, int events)
{
    bool over = faults.at == call && events == 0;
    faults.at = over ? MEMORY : faults.at;
    if (!over || faults.way != ANSWERED)
        return false;
    tell(link, handle, faults.silent ? 0 : 1030, faults.silent ? "" : "the engine of the table failed");
    return true;
}

#define WRAPPED(call, type, name, declared, given, failure) \
    type __real_##name declared; \
    type __wrap_##name declared; \
    type __wrap_##name declared { return fails(call) ? failure : __real_##name given; }

WRAPPED(MEMORY, void *, malloc, (size_t n), (n), NULL)
WRAPPED(MEMORY, void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAPPED(MEMORY, void *, realloc, (void *block, size_t n), (block, n), NULL)
WRAPPED(LOCALE, locale_t, newlocale, (int mask, const char *name, locale_t base), (mask, name, base), (locale_t)0)
WRAPPED(MUTEX, int, pthread_mutex_init, (pthread_mutex_t *lock, const pthread_mutexattr_t *attr), (lock, attr), ENOMEM)
WRAPPED(CONDITION, int, pthread_cond_init, (pthread_cond_t *cond, const pthread_condattr_t *attr), (cond, attr), ENOMEM)
WRAPPED(CONDITION_ATTRIBUTE, int, pthread_condattr_init, (pthread_condattr_t *attr), (attr), ENOMEM)
WRAPPED(CONDITION_CLOCK, int, pthread_condattr_setclock, (pthread_condattr_t *attr, clockid_t clock), (attr, clock), EINVAL)
WRAPPED(DUPLICATE, int, dup3, (int from, int to, int flags), (from, to, flags), -1)
WRAPPED(SIGNAL, int, sigaction, (int signal, const struct sigaction *now, struct sigaction *before), (signal, now, before), -1)
WRAPPED(LIBRARY, int, mysql_server_init, (int n, char **words, char **groups), (n, words, groups), 1)
WRAPPED(INIT, MYSQL *, mysql_init, (MYSQL *link), (link), NULL)
WRAPPED(STMT_INIT, MYSQL_STMT *, mysql_stmt_init, (MYSQL *link), (link), NULL)
WRAPPED(BIND, my_bool, mysql_stmt_bind_param, (MYSQL_STMT *handle, MYSQL_BIND *binds), (handle, binds),
    (tell(NULL, handle, 2036, "unknown type"), 1))
WRAPPED(USE_RESULT, MYSQL_RES *, mysql_use_result, (MYSQL *link), (link), (tell(link, NULL, 2008, "the library has no memory"), NULL))

/* A signal may interrupt it, which is no failure. */
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
    bool again = fails(POLL_AGAIN), broken = fails(POLL) || faults.stuck;
    faults.stuck = false;
    errno = again ? EINTR : EINVAL;
    return again || broken ? -1 : __real_poll(fds, n, timeout);
}

/* A call that is started, and continued as long as it has to wait. of: what it belongs to, a link or a handle. */
#define WAITING(call, name, type, object, declared, given, link_of, handle_of, failure) \
    int __real_##name##_start declared; \
    int __wrap_##name##_start declared; \
    int __wrap_##name##_start declared \
    { \
        MYSQL *link = link_of; \
        MYSQL_STMT *handle = handle_of; \
        int events; \
        if (is_refused(call, link, handle, &events)) \
            return *ret = failure, events; \
        events = __real_##name##_start given; \
        if (is_turned(call, link, handle, events)) \
            *ret = failure; \
        return events; \
    } \
    int __real_##name##_cont(type *ret, object *of, int events); \
    int __wrap_##name##_cont(type *ret, object *of, int events); \
    int __wrap_##name##_cont(type *ret, object *of, int events) \
    { \
        MYSQL *link = link_of; \
        MYSQL_STMT *handle = handle_of; \
        break_link(call, link); \
        events = __real_##name##_cont(ret, of, events); \
        if (is_turned(call, link, handle, events)) \
            *ret = failure; \
        return events; \
    }

WAITING(CONNECT, mysql_real_connect, MYSQL *, MYSQL, (MYSQL **ret, MYSQL *of, const char *host, const char *user, const char *password,
    const char *database, unsigned port, const char *socket, unsigned long flags),
    (ret, of, host, user, password, database, port, socket, flags), of, NULL, NULL)
WAITING(PREPARE, mysql_stmt_prepare, int, MYSQL_STMT, (int *ret, MYSQL_STMT *of, const char *text, unsigned long n), (ret, of, text, n),
    of->mysql, of, 1)
WAITING(EXECUTE, mysql_stmt_execute, int, MYSQL_STMT, (int *ret, MYSQL_STMT *of), (ret, of), of->mysql, of, 1)
WAITING(FETCH, mysql_stmt_fetch, int, MYSQL_STMT, (int *ret, MYSQL_STMT *of), (ret, of), of->mysql, of, 1)
WAITING(FREE, mysql_stmt_free_result, my_bool, MYSQL_STMT, (my_bool *ret, MYSQL_STMT *of), (ret, of), of->mysql, of, 1)
/* The handle is gone then. */
WAITING(CLOSE, mysql_stmt_close, my_bool, MYSQL_STMT, (my_bool *ret, MYSQL_STMT *of), (ret, of), of->mysql, NULL, 1)
WAITING(QUERY, mysql_real_query, int, MYSQL, (int *ret, MYSQL *of, const char *text, unsigned long n), (ret, of, text, n), of, NULL, 1)
WAITING(NEXT, mysql_next_result, int, MYSQL, (int *ret, MYSQL *of), (ret, of), of, NULL, 1)
WAITING(STORE_TEXT, mysql_store_result, MYSQL_RES *, MYSQL, (MYSQL_RES **ret, MYSQL *of), (ret, of), of, NULL,
    (mysql_free_result(*ret), NULL))
WAITING(SCRIPTS, mysql_set_server_option, int, MYSQL, (int *ret, MYSQL *of, enum enum_mysql_set_option o), (ret, of, o), of, NULL, 1)
WAITING(RESET, mysql_reset_connection, int, MYSQL, (int *ret, MYSQL *of), (ret, of), of, NULL, 1)
WAITING(USE, mysql_select_db, int, MYSQL, (int *ret, MYSQL *of, const char *database), (ret, of, database), of, NULL, 1)

WAITING(ROW, mysql_fetch_row, MYSQL_ROW, MYSQL_RES, (MYSQL_ROW *ret, MYSQL_RES *of), (ret, of), of->handle, NULL, NULL)

/* Can a call fail in this way? A statement is closed on this side in any case; and behind a row that is a failure there are no others. */
static bool is_possible(enum call call, enum way way)
{
    if (call < CONNECT)
        return way == REFUSED;
    return call == ROW ? way == BROKEN || way == STUCK : call == CLOSE ? way == ANSWERED || way == BROKEN : true;
}

/* ---- pieces of work -------------------------------------------------------------------------------------------------- */

typedef struct work {
    const char *name;
    sqla_status (*run)(sqla_driver_conn *conn, sqla_error *err);
    bool inside;               /* a transaction is open already */
} work;

static const char *the_url; /* for work that connects */

static sqla_status look(sqla_driver_conn *conn, const char *text, uint32_t flags, int most, int *ret_n, sqla_error *err)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_result *result = NULL;
    const sqla_value *values = NULL;
    int n = 0;
    sqla_status status = linked_exec(conn, text, flags, &result, err);
    if (status != SQLA_OK)
        return status;
    while (n < most && (status = ops->result_view(result, &values, opaque(err))) == SQLA_OK && values != NULL)
        CU_ASSERT_EQUAL(values[0].as.i64, ++n);
    ops->result_close(result);
    *ret_n = n;
    return status;
}

static sqla_status run_select(sqla_driver_conn *conn, sqla_error *err)
{
    int n = 0;
    sqla_status status = look(conn, "SELECT 1, 'a'", 0, 10, &n, err);
    CU_ASSERT(status != SQLA_OK || n == 1);
    return status;
}

/* To its end, and then to the middle. */
static sqla_status run_stream(sqla_driver_conn *conn, sqla_error *err)
{
    static const char text[] = "WITH RECURSIVE s AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM s WHERE i < 20) SELECT i FROM s";
    int n = 0;
    sqla_status status = look(conn, text, SQLA_EXEC_STREAM, 100, &n, err);
    CU_ASSERT(status != SQLA_OK || n == 20);
    if (status == SQLA_OK)
        status = look(conn, text, SQLA_EXEC_STREAM, 10, &n, err);
    CU_ASSERT(status != SQLA_OK || n == 10);
    return status;
}

/* Rows that a statement has changed, the one way and the other. */
static sqla_status run_returning(sqla_driver_conn *conn, sqla_error *err)
{
    static const char text[] = "INSERT INTO t (n) VALUES (7) RETURNING n - 6";
    int n = 0;
    sqla_status status = look(conn, text, 0, 10, &n, err);
    CU_ASSERT(status != SQLA_OK || n == 1);
    return status == SQLA_OK ? look(conn, text, SQLA_EXEC_STREAM, 10, &n, err) : status;
}

static sqla_status run_script(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_driver_result *result = NULL;
    sqla_status status = linked_exec(conn, "SELECT 1; DO 1; SELECT 2", SQLA_EXEC_SCRIPT, &result, err);
    linked_driver()->ops->result_close(result);
    return status;
}

/* What the server does not prepare; and rows of it cannot be read. */
static sqla_status run_unpreparable(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_status status = linked_run(conn, "PREPARE foreign_one FROM 'SELECT 1'", err);
    if (status == SQLA_OK)
        status = linked_run(conn, "EXECUTE foreign_one", err);
    if (status != SQLA_ERR_UNSUPPORTED)
        return status;
    CU_ASSERT(says(err, "its rows cannot be read"));
    sqla_error_clear(err);
    return linked_run(conn, "DEALLOCATE PREPARE foreign_one", err);
}

static const int32_t numbers[64] = { 1, 2, 3 };
static const sqla_slot number_slot = { .type = SQLA_INT32, .rep = SQLA_REP_FIXED, .size = 4, .set_offset = -1, .name = "n" };
static const sqla_plan number_plan = { sizeof number_plan, 1, &number_slot };

static sqla_status run_prepared_as(sqla_driver_conn *conn, bool reset, sqla_error *err)
{
    static const char text[] = "SELECT ? + 0";
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_stmt *stmt = NULL;
    sqla_driver_result *result = NULL;
    const sqla_value *values = NULL;
    sqla_status status = ops->prepare(conn, text, sizeof text - 1, &number_plan, 1, NULL, &stmt, opaque(err));
    if (status == SQLA_OK && reset)
        status = ops->reset(conn, 0, opaque(err));
    if (status == SQLA_OK) {
        const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, stmt };
        status = ops->exec(conn, &statement, &number_plan, numbers, NULL, &result, opaque(err));
        if (status == SQLA_OK)
            status = ops->result_view(result, &values, opaque(err));
        CU_ASSERT(status != SQLA_OK || (values != NULL && values[0].as.i64 == 1));
        ops->result_close(result);
    }
    ops->stmt_close(stmt);
    return status;
}

/* The second prepares, and takes the first from the server. */
static sqla_status run_prepared(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_status status = run_prepared_as(conn, false, err);
    return status == SQLA_OK ? run_prepared_as(conn, false, err) : status;
}

/* What was prepared before a reset is prepared anew; and what was closed before it is closed on this side only. */
static sqla_status run_reset(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_status status = run_prepared_as(conn, false, err);
    return status == SQLA_OK ? run_prepared_as(conn, true, err) : status;
}

static int kept; /* the number that the transaction leaves */

static sqla_status run_transaction(sqla_driver_conn *conn, sqla_error *err)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    const sqla_txn_options options = { .struct_size = sizeof options, .isolation = SQLA_SERIALIZABLE };
    char text[80];
    snprintf(text, sizeof text, "INSERT INTO kept VALUES (%d)", ++kept);
    sqla_status status = ops->begin(conn, &options, opaque(err));
    if (status == SQLA_OK)
        status = ops->savepoint(conn, SQLA_SAVEPOINT_SET, "he`re", opaque(err));
    if (status == SQLA_OK)
        status = linked_run(conn, text, err);
    if (status == SQLA_OK)
        status = ops->savepoint(conn, SQLA_SAVEPOINT_RELEASE, "he`re", opaque(err));
    return status == SQLA_OK ? ops->commit(conn, &options, opaque(err)) : status;
}

static sqla_status run_read_only(sqla_driver_conn *conn, sqla_error *err)
{
    const sqla_txn_options options = { .struct_size = sizeof options, .flags = SQLA_TXN_READ_ONLY, .isolation = SQLA_READ_COMMITTED };
    sqla_status status = linked_driver()->ops->begin(conn, &options, opaque(err));
    if (status == SQLA_OK)
        status = linked_run(conn, "INSERT INTO kept VALUES (0)", err);
    if (status != SQLA_ERR_READ_ONLY)
        return status;
    sqla_error_clear(err);
    return linked_driver()->ops->rollback(conn, &options, opaque(err));
}

static sqla_status run_ping(sqla_driver_conn *conn, sqla_error *err) { return linked_driver()->ops->ping(conn, 0, 0, opaque(err)); }

/* A failure inside of a transaction, after which the server is asked for its state. */
static sqla_status run_failing(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_status status = linked_run(conn, "SELECT no_such_column", err);
    if (status != SQLA_ERR_SQL || err->native != 1054)
        return status;
    sqla_error_clear(err);
    return run_select(conn, err);
}

/* ---- batches --------------------------------------------------------------------------------------------------------- */

typedef struct item { int32_t n; int64_t id; } item;
static const sqla_slot key_slot = { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8, .offset = offsetof(item, id), .set_offset = -1 };
static const sqla_plan key_plan = { sizeof key_plan, 1, &key_slot };
enum { ROWS = 10, BLOCK = 5 };

/* The items as rows of a table. */
static sqla_status run_batch(sqla_driver_conn *conn, item items[ROWS], const char *table, uint32_t mode, int32_t key_source,
                             bool prepared, sqla_error *err)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    uint32_t block = mode == SQLA_BATCH_BLOCK ? BLOCK : 1;
    char text[200];
    void *rows[ROWS];
    snprintf(text, sizeof text, "INSERT INTO %s (n) VALUES (?)%s%s", table, block > 1 ? ", (?), (?), (?), (?)" : "",
             key_source == SQLA_KEY_RETURNED ? " RETURNING id" : "");
    sqla_batch batch = { .struct_size = sizeof batch, .mode = mode, .plan = &number_plan, .rows = rows, .count = ROWS,
                         .rows_per_statement = block, .key_source = key_source, .keys = key_source != SQLA_KEY_NONE ? &key_plan : NULL };
    sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    for (int i = 0; i < ROWS; i++)
        rows[i] = &items[i];
    sqla_status status = SQLA_OK;
    if (prepared)
        status = ops->prepare(conn, text, strlen(text), &number_plan, block, NULL, &statement.prepared, opaque(err));
    if (status == SQLA_OK)
        status = ops->execute_many(conn, &statement, &batch, NULL, opaque(err));
    CU_ASSERT(status != SQLA_OK || batch.affected == ROWS);
    ops->stmt_close(statement.prepared);
    return status;
}

static sqla_status run_keys(sqla_driver_conn *conn, uint32_t mode, int32_t key_source, bool prepared, sqla_error *err)
{
    item items[ROWS] = { { 0, 0 } };
    for (int i = 0; i < ROWS; i++)
        items[i].n = i;
    sqla_status status = run_batch(conn, items, "t", mode, key_source, prepared, err);
    for (int i = 1; i < ROWS && status == SQLA_OK; i++)
        CU_ASSERT(items[i - 1].id > 0 && items[i].id > items[i - 1].id);
    return status;
}

static sqla_status run_each(sqla_driver_conn *conn, sqla_error *err)
{
    return run_keys(conn, SQLA_BATCH_EACH, SQLA_KEY_LAST_ID, true, err);
}

static sqla_status run_returned(sqla_driver_conn *conn, sqla_error *err)
{
    return run_keys(conn, SQLA_BATCH_EACH, SQLA_KEY_RETURNED, false, err);
}

static sqla_status run_block(sqla_driver_conn *conn, sqla_error *err)
{
    return run_keys(conn, SQLA_BATCH_BLOCK, SQLA_KEY_LAST_ID, false, err);
}

static sqla_status run_block_returned(sqla_driver_conn *conn, sqla_error *err)
{
    return run_keys(conn, SQLA_BATCH_BLOCK, SQLA_KEY_RETURNED, true, err);
}

/* A batch whose eighth row breaks a constraint, so that the row has to be found; what fails on the way hides only that. */
static sqla_status run_blame_with(sqla_driver_conn *conn, int32_t key_source, sqla_error *err)
{
    item items[ROWS] = { { 0, 0 } };
    for (int i = 0; i < ROWS; i++)
        items[i].n = i == 7 ? 6 : i;
    sqla_status status = run_batch(conn, items, "u", SQLA_BATCH_BLOCK, key_source, false, err);
    CU_ASSERT_NOT_EQUAL(status, SQLA_OK);
    if (status != SQLA_ERR_UNIQUE)
        return status;
    CU_ASSERT(err->row == 8 || err->row == 0); /* 0: finding it failed */
    CU_ASSERT_STRING_EQUAL(err->sqlstate, "23505");
    sqla_error_clear(err);
    return SQLA_OK;
}

static sqla_status run_blame(sqla_driver_conn *conn, sqla_error *err) { return run_blame_with(conn, SQLA_KEY_NONE, err); }
static sqla_status run_blame_returned(sqla_driver_conn *conn, sqla_error *err) { return run_blame_with(conn, SQLA_KEY_RETURNED, err); }

/* Without a transaction around them the blocks before it stay. */
static sqla_status run_blame_outside(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_status status = linked_run(conn, "DELETE FROM u", err);
    return status == SQLA_OK ? run_blame_with(conn, SQLA_KEY_NONE, err) : status;
}

/* ---- the rest -------------------------------------------------------------------------------------------------------- */

static sqla_status look_at_table(sqla_reflect_sink *sink, uint32_t kind, const void *record)
{
    (void)sink, (void)kind;
    return record != NULL ? SQLA_OK : SQLA_ERR_PROTOCOL;
}

static sqla_status run_reflect(sqla_driver_conn *conn, sqla_error *err)
{
    sqla_reflect_sink sink = { look_at_table };
    return linked_driver()->ops->reflect(conn, SQLA_REFLECT_TABLES, NULL, &sink, opaque(err));
}

/* What takes too long is cancelled by the driver, or by another. Somebody has locked the row. */
static sqla_status run_overdue(sqla_driver_conn *conn, sqla_error *err)
{
    static const char text[] = "UPDATE held SET n = 2";
    const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, NULL };
    const sqla_exec_options options = { sizeof options, 0, mariadb__now() + 20 * 1000000 };
    sqla_driver_result *result = NULL;
    sqla_status status = linked_driver()->ops->exec(conn, &statement, NULL, NULL, &options, &result, opaque(err));
    CU_ASSERT_NOT_EQUAL(status, SQLA_OK);
    if (status != SQLA_ERR_TIMEOUT)
        return status;
    sqla_error_clear(err);
    return SQLA_OK;
}

static sqla_status run_cancel(sqla_driver_conn *conn, sqla_error *err)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    char text[400];
    sqla_driver_canceller *canceller = NULL;
    sqla_driver_result *result = NULL;
    sqla_status status = ops->cancel_new(conn, &canceller, opaque(err));
    if (status != SQLA_OK)
        return status;
    snprintf(text, sizeof text, "SELECT n FROM %s", harness_numbers(the_url, 100000));
    status = linked_exec(conn, text, SQLA_EXEC_STREAM, &result, err);
    if (status == SQLA_OK)
        status = ops->cancel_fire(canceller, mariadb__now() + INT64_C(5000000000), opaque(err));
    ops->result_close(result);
    ops->cancel_free(canceller);
    return status;
}

static sqla_status run_open(sqla_driver_conn *conn, sqla_error *err)
{
    static const uint32_t flags[] = { 0, SQLA_CONNECT_READ_ONLY };
    sqla_connect_param params[MY_PARTS];
    sqla_status status = SQLA_OK;
    (void)conn;
    my_params(the_url, params);
    for (size_t i = 0; i < 2 && status == SQLA_OK; i++) {
        sqla_driver_conn *other = NULL;
        status = linked_open_with(params, MY_PARTS, flags[i], 0, &other, err);
        CU_ASSERT((status == SQLA_OK) == (other != NULL));
        linked_driver()->ops->close(other);
    }
    return status;
}

static const work statement_work[] = {
    { "select", run_select, false },
    { "stream", run_stream, false },
    { "stream in a transaction", run_stream, true },
    { "returning", run_returning, true },
    { "script", run_script, false },
    { "unpreparable", run_unpreparable, false },
    { "prepared", run_prepared, false },
    { "reset", run_reset, false },
    { "failing", run_failing, true },
};

static const work transaction_work[] = {
    { "transaction", run_transaction, false },
    { "read only", run_read_only, false },
    { "ping", run_ping, false },
};

static const work batch_work[] = {
    { "each", run_each, true },
    { "each, returned", run_returned, true },
    { "block", run_block, true },
    { "block, returned", run_block_returned, true },
    { "blame", run_blame, true },
    { "blame, returned", run_blame_returned, true },
    { "blame outside", run_blame_outside, false },
};

static const work other_work[] = {
    { "reflect", run_reflect, false },
    { "cancel", run_cancel, false },
    { "overdue", run_overdue, false },
    { "overdue in a transaction", run_overdue, true },
    { "open", run_open, false },
};

/* ---- trying ---------------------------------------------------------------------------------------------------------- */

static const sqla_txn_options plain = { .struct_size = sizeof plain };

static sqla_driver_conn *ready(sqla_driver_conn *conn, const work *w)
{
    if (conn == NULL)
        conn = my_open(the_url);
    if (w->inside)
        CU_ASSERT_EQUAL_FATAL(linked_driver()->ops->begin(conn, &plain, NULL), SQLA_OK);
    return conn;
}

/* The connection works on, or says that it is lost; then it is closed.  Returns: it, or NULL. */
static sqla_driver_conn *afterwards(sqla_driver_conn *conn, bool *ret_ok)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_status status = ops->rollback(conn, &plain, opaque(&err));
    if (status == SQLA_OK)
        status = run_select(conn, &err);
    if (ops->txn_state(conn) == SQLA_TXN_LOST)
        *ret_ok = status != SQLA_OK && err.message[0] != '\0' && linked_run(conn, "SELECT 1", NULL) == SQLA_ERR_DISCONNECTED &&
                  ops->ping(conn, SQLA_PING_LOOK, 0, NULL) == SQLA_ERR_DISCONNECTED;
    else
        *ret_ok = status == SQLA_OK && ops->txn_state(conn) == SQLA_TXN_IDLE;
    if (*ret_ok && status == SQLA_OK)
        return conn;
    if (!*ret_ok)
        fprintf(stderr, "afterwards: %s\n", err.message);
    ops->close(conn);
    return NULL;
}

/* What was committed is there, and what was not is not; where COMMIT failed, and was made, it need not be. */
static bool is_kept_as_told(sqla_status status, enum way way)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM kept WHERE n = %d", kept);
    int64_t there = harness_sql_int(the_url, sql);
    return status == SQLA_OK ? there == 1 : there == 0 || status == SQLA_ERR_UNKNOWN_OUTCOME || way == ANSWERED;
}

static sqla_driver_conn *try_at(sqla_driver_conn *conn, const work *w, enum call call, int n, enum way way)
{
    sqla_error err = SQLA_ERROR_INIT;
    conn = ready(conn, w);
    no_faults();
    faults.way = way;
    faults.left[call] = n;
    sqla_status status = w->run(conn, &err);
    no_faults();
    bool told = status == SQLA_OK ? err.status == SQLA_OK : (sqla_status)err.status == status && err.message[0] != '\0', works = false;
    bool fits = call != MEMORY || status == SQLA_OK || status == SQLA_ERR_NOMEM;
    conn = afterwards(conn, &works);
    bool right = w->run != run_transaction || is_kept_as_told(status, way);
    if (!told || !works || !fits || !right)
        fprintf(stderr, "%s, call %d, the %d. of them, way %d: %s: %s\n", w->name, (int)call, n, (int)way, sqla_status_name(status),
                err.message);
    CU_ASSERT(told);
    CU_ASSERT(fits);
    CU_ASSERT(works);
    CU_ASSERT(right);
    return conn;
}

/* Of many calls of a kind the first and some later ones. */
static int next_of(int n) { return n < 12 ? n + 1 : 3 * n; }

static void try_work(const work *w)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn *conn = ready(NULL, w);
    int seen[CALLS];
    bool works = false;
    int64_t began = now_ms();
    no_faults();
    CU_ASSERT_EQUAL(w->run(conn, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    memcpy(seen, faults.seen, sizeof seen);
    conn = afterwards(conn, &works);
    CU_ASSERT(works);
    for (enum call call = 0; call < CALLS; call++) {
        for (int n = 1; n <= seen[call]; n = next_of(n)) {
            for (enum way way = 0; way < WAYS; way++) {
                if (is_possible(call, way))
                    conn = try_at(conn, w, call, n, way);
            }
        }
    }
    if (conn != NULL)
        linked_driver()->ops->close(conn);
    if (getenv("SQLA_TEST_VERBOSE") != NULL)
        printf("  %s: %d ms\n", w->name, (int)(now_ms() - began));
}

static void try_all(const char *url, const work *all, size_t count)
{
    the_url = url;
    harness_sql(url, "CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INTEGER) ENGINE=InnoDB");
    harness_sql(url, "CREATE TABLE u (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INTEGER UNIQUE) ENGINE=InnoDB");
    harness_sql(url, "CREATE TABLE kept (n INTEGER) ENGINE=InnoDB");
    for (size_t i = 0; i < count; i++)
        try_work(&all[i]);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
}

#define TRY_ALL(url, all) try_all(url, all, sizeof all / sizeof all[0])
static void statements__survive_failing_calls(const char *url) { TRY_ALL(url, statement_work); }
static void transactions__survive_failing_calls(const char *url) { TRY_ALL(url, transaction_work); }
static void batches__survive_failing_calls(const char *url) { TRY_ALL(url, batch_work); }
static void other_work__survives_failing_calls(const char *url)
{
    harness_sql(url, "CREATE TABLE held (n INTEGER) ENGINE=InnoDB; INSERT INTO held VALUES (1)");
    CU_ASSERT_FATAL(harness_hold(url, "START TRANSACTION; UPDATE held SET n = 3"));
    TRY_ALL(url, other_work);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT n FROM held"), 1);
    harness_let_go();
}

/* ---- the entry ------------------------------------------------------------------------------------------------------- */

/* Before anything else has loaded the driver. */
static void entry__refuses_what_cannot_work(const char *url)
{
    sqla_host another = sqla__host;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver driver = { .struct_size = sizeof driver };
    (void)url;
    another.abi_major++;
    CU_ASSERT_EQUAL(sqla_driver_entry(&another, &driver, opaque(&err)), SQLA_ERR_UNSUPPORTED);
    no_faults();
    faults.left[LOCALE] = 1;
    CU_ASSERT_EQUAL(sqla_driver_entry(&sqla__host, &driver, opaque(&err)), SQLA_ERR_NOMEM);
    no_faults();
    sqla_error_clear(&err);
    faults.left[LIBRARY] = 1;
    CU_ASSERT_EQUAL(sqla_driver_entry(&sqla__host, &driver, opaque(&err)), SQLA_ERR_PLUGIN);
    CU_ASSERT(says(&err, "libmariadb cannot be started"));
    no_faults();
    CU_ASSERT_PTR_NULL(driver.ops);
    /* An older host has less room, and gets what it has room for. */
    driver.struct_size = (uint32_t)((char *)&driver.extension - (char *)&driver);
    CU_ASSERT_EQUAL(sqla_driver_entry(&sqla__host, &driver, NULL), SQLA_OK);
    CU_ASSERT(driver.ops != NULL && driver.extension == NULL);
}

static void noted(int signal) { (void)signal; }

/* What the process has SIGPIPE do is not the library's to say; where that cannot be asked for it is left as the library has it. */
static void entry__leaves_sigpipe_alone(const char *url)
{
    struct sigaction own = { .sa_handler = noted }, before, after;
    sqla_driver driver = { .struct_size = sizeof driver };
    (void)url;
    sigaction(SIGPIPE, &own, &before);
    CU_ASSERT_EQUAL(sqla_driver_entry(&sqla__host, &driver, NULL), SQLA_OK);
    sigaction(SIGPIPE, NULL, &after);
    CU_ASSERT_EQUAL(after.sa_handler, noted);
    no_faults();
    faults.left[SIGNAL] = 1;
    CU_ASSERT_EQUAL(sqla_driver_entry(&sqla__host, &driver, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(faults.seen[SIGNAL], 1); /* nothing is set that was not asked for */
    no_faults();
    sigaction(SIGPIPE, &before, NULL);
}

/* ---- abandoning ------------------------------------------------------------------------------------------------------ */

/* The server has not been told farewell, and nothing is said on the link any more. */
static void abandon__leaks_what_it_cannot_cover(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    for (int i = 0; i < 2; i++) {
        struct rlimit before, none;
        sqla_driver_conn *conn = my_open(url);
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_FATAL(getrlimit(RLIMIT_NOFILE, &before) == 0);
        none = before;
        none.rlim_cur = 0;
        no_faults();
        faults.left[DUPLICATE] = i;
        if (i == 0)
            CU_ASSERT_FATAL(setrlimit(RLIMIT_NOFILE, &none) == 0);
        ops->abandon(conn);
        setrlimit(RLIMIT_NOFILE, &before);
        no_faults();
        CU_ASSERT(harness_await_others(url, 1));
        CU_ASSERT_EQUAL(ops->txn_state(conn), SQLA_TXN_LOST);
        CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", &err), SQLA_ERR_DISCONNECTED);
        ops->close(conn);
        CU_ASSERT(harness_await_others(url, 0));
    }
    ops->abandon(my_open(url)); /* and this one it can */
    CU_ASSERT(harness_await_others(url, 0));
}

/* ---- blame ----------------------------------------------------------------------------------------------------------- */

/* The rows that are run one by one only to find the one that fails are never committed with the rest, nor by another transaction, also
 * where undoing them fails; the block of five before may be. */
static void blame__leaves_nothing_behind(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    harness_sql(url, "CREATE TABLE u (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INTEGER UNIQUE) ENGINE=InnoDB");
    for (int inside = 0; inside < 2; inside++) {
        for (int n = 1; n <= 6; n++) {
            sqla_driver_conn *conn = my_open(url);
            sqla_error err = SQLA_ERROR_INIT;
            if (inside)
                CU_ASSERT_EQUAL(ops->begin(conn, &plain, NULL), SQLA_OK);
            no_faults();
            faults.left[QUERY] = n;
            (void)run_blame_with(conn, SQLA_KEY_NONE, &err);
            no_faults();
            CU_ASSERT(inside || ops->txn_state(conn) != SQLA_TXN_ACTIVE);
            (void)ops->commit(conn, &plain, NULL);
            ops->close(conn);
            int64_t count = harness_sql_int(url, "SELECT count(*) FROM u");
            CU_ASSERT(count == 5 || (count == 0 && inside));
            harness_sql(url, "DELETE FROM u");
        }
    }
}

/* ---- answers --------------------------------------------------------------------------------------------------------- */

/* An answer that the library can make nothing of, as when what is left of another is taken for it: nothing that follows can be believed. */
static void answers__without_meaning(const char *url)
{
    static const enum call calls[] = { PREPARE, EXECUTE, FETCH };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        sqla_driver_conn *conn = my_open(url);
        sqla_error err = SQLA_ERROR_INIT;
        no_faults();
        faults.way = ANSWERED;
        faults.silent = true;
        faults.left[calls[i]] = 1;
        CU_ASSERT_EQUAL(run_select(conn, &err), SQLA_ERR_PROTOCOL);
        no_faults();
        CU_ASSERT(says(&err, "the server gave an answer without meaning"));
        CU_ASSERT_EQUAL(linked_driver()->ops->txn_state(conn), SQLA_TXN_LOST);
        linked_driver()->ops->close(conn);
    }
}

/* ---- scripts --------------------------------------------------------------------------------------------------------- */

/* Rows that cannot be dropped, one way or the other, are not taken for an end of the script. */
static void scripts__whose_rows_cannot_be_dropped(const char *url)
{
    static const struct { enum call call; enum way way; int n; sqla_status status; } cases[] = {
        { USE_RESULT, REFUSED, 1, SQLA_ERR_NOMEM }, { USE_RESULT, REFUSED, 3, SQLA_ERR_NOMEM },
        { ROW, STUCK, 1, SQLA_ERR_DISCONNECTED }, { ROW, STUCK, 3, SQLA_ERR_DISCONNECTED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_driver_conn *conn = my_open(url);
        sqla_error err = SQLA_ERROR_INIT;
        no_faults();
        faults.way = cases[i].way;
        faults.left[cases[i].call] = cases[i].n;
        CU_ASSERT_EQUAL(run_script(conn, &err), cases[i].status);
        no_faults();
        CU_ASSERT_EQUAL(err.status, cases[i].status);
        CU_ASSERT_EQUAL(linked_driver()->ops->txn_state(conn), SQLA_TXN_LOST); /* they are still on the link */
        linked_driver()->ops->close(conn);
    }
}

static const struct harness_test tests[] = {
    { "the entry refuses what cannot work", entry__refuses_what_cannot_work, HARNESS_PLAIN },
    { "the entry leaves SIGPIPE alone", entry__leaves_sigpipe_alone, HARNESS_PLAIN },
    { "answers without meaning", answers__without_meaning, HARNESS_MARIADB },
    { "blame leaves nothing behind", blame__leaves_nothing_behind, HARNESS_MARIADB },
    { "scripts whose rows cannot be dropped", scripts__whose_rows_cannot_be_dropped, HARNESS_MARIADB },
    { "abandon leaks what it cannot cover", abandon__leaks_what_it_cannot_cover, HARNESS_MARIADB },
    { "calls fail in turn: statements", statements__survive_failing_calls, HARNESS_MARIADB },
    { "calls fail in turn: transactions", transactions__survive_failing_calls, HARNESS_MARIADB },
    { "calls fail in turn: batches", batches__survive_failing_calls, HARNESS_MARIADB },
    { "calls fail in turn: the rest", other_work__survives_failing_calls, HARNESS_MARIADB },
};

int main(void)
{
    return harness_main("test-mariadb-libmariadb", tests, sizeof tests / sizeof tests[0]);
}
