/* driver.c: the entry of the SQLite driver; what surrounds each call on a connection; transactions, cancelling, reset. */
#include <config.h>
#include "sqlite.h"

#include <string.h>
#include <time.h>

enum { OLDEST = 3038000 };

const sqla_host *sqlite__host;

SQLA_DRIVER_NOTE("sqlite", "sqlite");

/* ---- deadlines, locks, cancelling ------------------------------------------------------------------------------ */

int64_t sqlite__now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool sqlite__cancelled(sqla_driver_conn *conn)
{
    return atomic_load_explicit(&conn->state, memory_order_acquire) == SQLITE__CANCELLED;
}

/* SQLite asks once more when a statement is over, and would call it interrupted then, although it is done. */
int sqlite__on_progress(void *arg)
{
    sqla_driver_conn *conn = arg;
    if (conn->stepping != NULL && !sqlite3_stmt_busy(conn->stepping))
        return 0;
    conn->timed_out = conn->deadline != 0 && sqlite__now() >= conn->deadline;
    return conn->timed_out || sqlite__cancelled(conn);
}

int sqlite__step(sqla_driver_conn *conn, sqlite3_stmt *stmt)
{
    conn->stepping = stmt;
    conn->writes = !sqlite3_stmt_readonly(stmt);
    int rc = sqlite3_step(stmt);
    conn->stepping = NULL;
    return rc;
}

/* Wait a little for a lock: 1 ms at first, more later, as long as the busy timeout and the deadline allow. */
int sqlite__on_busy(void *arg, int asked)
{
    sqla_driver_conn *conn = arg;
    int64_t now = sqlite__now(), pause = asked < 10 ? (asked + 1) * INT64_C(1000000) : INT64_C(20000000);
    if (asked == 0)
        conn->busy_until = now + conn->busy_ns;
    conn->busy_asked = true;
    if (sqlite__cancelled(conn))
        return 0;
    bool deadline_first = conn->deadline != 0 && conn->deadline < conn->busy_until;
    int64_t left = (deadline_first ? conn->deadline : conn->busy_until) - now;
    if (left <= 0) {
        conn->timed_out = deadline_first;
        return 0;
    }
    if (pause > left)
        pause = left;
    nanosleep(&(struct timespec){ .tv_sec = 0, .tv_nsec = (long)pause }, NULL);
    return 1;
}

void sqlite__arm(sqla_driver_conn *conn, int64_t deadline)
{
    int idle = SQLITE__IDLE;
    conn->deadline = deadline;
    conn->busy_asked = conn->timed_out = conn->writes = false;
    conn->had_transaction = !sqlite3_get_autocommit(conn->db);
    atomic_compare_exchange_strong(&conn->state, &idle, SQLITE__RUNNING);
}

static int run_control(sqla_driver_conn *conn, sqlite__control which)
{
    static const char *const texts[SQLITE__CONTROL_COUNT] = {
        "BEGIN",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "ROLLBACK",
        "PRAGMA query_only = 1",
        "PRAGMA query_only = 0",
    };
    sqlite3_stmt **stmt = &conn->control[which];
    int rc = SQLITE_OK;
    conn->own_pragma = true;
    if (*stmt == NULL)
        rc = sqlite3_prepare_v3(conn->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    if (rc == SQLITE_OK) {
        sqlite__step(conn, *stmt);
        rc = sqlite3_reset(*stmt);
    }
    conn->own_pragma = false;
    return rc;
}

/* What failed here is tried again before the next statement outside of a transaction. */
static bool end_read_only(sqla_driver_conn *conn)
{
    if (conn->query_only)
        conn->query_only = run_control(conn, SQLITE__QUERY_ONLY_OFF) != SQLITE_OK;
    return !conn->query_only;
}

sqla_status sqlite__enter(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    if (conn->lost)
        return sqlite__fail(err, SQLA_ERR_DISCONNECTED, NULL,
            "the connection is not used again after a commit of unknown outcome");
    if (conn->undone)
        return sqlite__fail(
            err, SQLA_ERR_ROLLBACK_FIRST, NULL, "an earlier failure made SQLite roll the transaction back");
    if (deadline != 0 && sqlite__now() >= deadline)
        return sqlite__fail(err, SQLA_ERR_TIMEOUT, &(sqla_err_fields){ .sqlstate = "57014" },
            "the deadline had passed before the statement began");
    sqlite__arm(conn, deadline);
    if (conn->query_only && sqlite3_get_autocommit(conn->db) && !end_read_only(conn)) {
        sqla_status status = sqlite__failed(conn, NULL, 0, err);
        sqlite__leave(conn);
        return status;
    }
    return SQLA_OK;
}

void sqlite__leave(sqla_driver_conn *conn)
{
    atomic_store_explicit(&conn->state, SQLITE__IDLE, memory_order_release);
}

static sqla_status sqlite_cancel_new(
    sqla_driver_conn *conn, sqla_driver_canceller **ret_canceller, sqla_err *err)
{
    (void)err;
    conn->canceller.conn = conn;
    *ret_canceller = &conn->canceller;
    return SQLA_OK;
}

static sqla_status sqlite_cancel_fire(sqla_driver_canceller *canceller, int64_t deadline, sqla_err *err)
{
    (void)deadline;
    (void)err;
    int running = SQLITE__RUNNING;
    atomic_compare_exchange_strong(&canceller->conn->state, &running, SQLITE__CANCELLED);
    return SQLA_OK;
}

static void sqlite_cancel_free(sqla_driver_canceller *canceller)
{
    canceller->conn = NULL;
}

/* ---- transactions ---------------------------------------------------------------------------------------------- */

static sqla_txn_state sqlite_txn_state(sqla_driver_conn *conn)
{
    return conn->lost                         ? SQLA_TXN_LOST
           : conn->undone                     ? SQLA_TXN_FAILED
           : sqlite3_get_autocommit(conn->db) ? SQLA_TXN_IDLE
           : conn->over                       ? SQLA_TXN_FAILED
                                              : SQLA_TXN_ACTIVE;
}

static sqla_status sqlite_begin(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    bool read_only = options != NULL && (options->flags & SQLA_TXN_READ_ONLY) != 0;
    bool write = options != NULL && (options->flags & SQLA_TXN_WRITE) != 0;
    sqla_status status = sqlite__enter(conn, options != NULL ? options->deadline : 0, err);
    if (status == SQLA_OK)
        status = sqlite__place_check(conn, err);
    if (status != SQLA_OK) {
        sqlite__leave(conn);
        return status;
    }
    int rc = run_control(conn, write && !read_only ? SQLITE__BEGIN_WRITE : SQLITE__BEGIN);
    if (rc == SQLITE_OK && read_only && !conn->read_only) {
        conn->query_only = true; /* SQLite may set it and fail after that */
        rc = run_control(conn, SQLITE__QUERY_ONLY_ON);
    }
    if (rc != SQLITE_OK) {
        status = sqlite__failed(conn, NULL, 0, err);
        if (!conn->had_transaction && !sqlite3_get_autocommit(conn->db))
            run_control(conn, SQLITE__ROLLBACK);
        if (!conn->had_transaction)
            end_read_only(conn);
    }
    conn->begun = status == SQLA_OK;
    conn->over = false;
    sqlite__leave(conn);
    return status;
}

static void give_up(sqla_driver_conn *conn)
{
    if (!sqlite3_get_autocommit(conn->db))
        run_control(conn, SQLITE__ROLLBACK);
    conn->undone = false;
    end_read_only(conn);
}

/* Only a commit that met a lock may be repeated. After any other failure nothing is to be left open. */
static sqla_status commit_failed(sqla_driver_conn *conn, int rc, sqla_err *err)
{
    if ((rc & 0xff) == SQLITE_BUSY) {
        sqla_err_fields fields = { .native = rc,
            .sqlstate = "55P03",
            .hint = "the transaction is still open: commit again, or roll back" };
        return sqlite__fail(err, SQLA_ERR_BUSY, &fields, "cannot commit: %s", sqlite3_errmsg(conn->db));
    }
    sqla_status status = sqlite__failed(conn, NULL, 0, err);
    give_up(conn);
    return status;
}

static sqla_status sqlite_commit(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    if (conn->undone)
        return sqlite__fail(err, SQLA_ERR_ROLLBACK_FIRST, NULL,
            "cannot commit: an earlier failure made SQLite roll the transaction back");
    sqla_status status = sqlite__enter(conn, options != NULL ? options->deadline : 0, err);
    if (status != SQLA_OK)
        return status;
    status = sqlite__place_check(conn, err);
    conn->committing = status == SQLA_OK;
    int rc = status == SQLA_OK ? run_control(conn, SQLITE__COMMIT) : SQLITE_OK;
    if (status != SQLA_OK)
        give_up(conn);
    else if (rc != SQLITE_OK)
        status = commit_failed(conn, rc, err);
    else
        end_read_only(conn);
    conn->committing = false;
    conn->begun = conn->begun && status == SQLA_ERR_BUSY;
    sqlite__leave(conn);
    return status;
}

static sqla_status sqlite_rollback(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    sqla_status status = SQLA_OK;
    sqlite__arm(conn, options != NULL ? options->deadline : 0);
    if (!sqlite3_get_autocommit(conn->db) && run_control(conn, SQLITE__ROLLBACK) != SQLITE_OK)
        status = sqlite__failed(conn, NULL, 0, err);
    conn->undone = conn->begun = conn->over = false;
    if (status == SQLA_OK)
        end_read_only(conn);
    sqlite__leave(conn);
    return status;
}

/* What a program may have changed in a session has no end; the usual case is that it changed nothing. */
static sqla_status sqlite_reset(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    const sqla_txn_options options = { sizeof options, 0, deadline, 0, 0 };
    sqla_status status = sqlite_rollback(conn, &options, err);
    if (status == SQLA_OK && conn->touched)
        return sqlite__fail(err, SQLA_ERR_UNSUPPORTED, NULL,
            "a statement changed settings, temporary tables or attached databases of the session");
    return status;
}

/* A file does not go away by itself, but it may be taken away. */
static sqla_status sqlite_ping(sqla_driver_conn *conn, uint32_t flags, int64_t deadline, sqla_err *err)
{
    sqla_status status = sqlite__place_check(conn, err);
    if (status != SQLA_OK || (flags & SQLA_PING_LOOK) != 0)
        return status;
    status = sqlite__enter(conn, deadline, err);
    if (status == SQLA_OK && sqlite__run(conn, "SELECT 1") != SQLITE_OK)
        status = sqlite__failed(conn, NULL, 0, err);
    sqlite__leave(conn);
    return status;
}

static void sqlite_set_deadline(sqla_driver_conn *conn, int64_t deadline)
{
    conn->is_told = true;
    conn->told = deadline;
}

/* ---- the entry ------------------------------------------------------------------------------------------------- */

static const sqla_driver_ops ops = {
    .struct_size = sizeof ops,
    .open = sqlite_open,
    .close = sqlite_close,
    .exec = sqlite_exec,
    .result_info = sqlite_result_info,
    .result_fetch = sqlite_result_fetch,
    .result_view = sqlite_result_view,
    .result_close = sqlite_result_close,
    .txn_state = sqlite_txn_state,
    .prepare = sqlite_prepare,
    .stmt_close = sqlite_stmt_close,
    .execute_many = sqlite_execute_many,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .ping = sqlite_ping,
    .reset = sqlite_reset,
    .abandon = sqlite_abandon,
    .cancel_new = sqlite_cancel_new,
    .cancel_fire = sqlite_cancel_fire,
    .cancel_free = sqlite_cancel_free,
    .reflect = sqlite_reflect,
    .connect_options = sqlite_connect_options,
    .set_deadline = sqlite_set_deadline,
};

sqla_status sqla_driver_entry(const sqla_host *host, sqla_driver *out, sqla_err *err)
{
    if (host->abi_major != SQLA_ABI_MAJOR ||
        host->struct_size < offsetof(sqla_host, log) + sizeof host->log || out->struct_size < offsetof(sqla_driver, extension))
        return SQLA_ERR_UNSUPPORTED;
    sqlite__host = host;
    if (sqlite3_libversion_number() < OLDEST)
        return sqlite__fail(err, SQLA_ERR_PLUGIN, NULL,
            "the SQLite library is too old: %s, and 3.38 is needed", sqlite3_libversion());
    if (!sqlite3_threadsafe())
        return sqlite__fail(err, SQLA_ERR_PLUGIN, NULL, "the SQLite library was built without threads");
    const sqla_driver all = {
        .struct_size = offsetof(sqla_driver, extension), /* there are none, and an older host has no room for them */
        .abi_major = SQLA_ABI_MAJOR,
        .abi_minor = SQLA_ABI_MINOR,
        .min_host_minor = 0,
        .name = "sqlite",
        .version = PACKAGE_VERSION " (SQLite " SQLITE_VERSION ")",
        .ops = &ops,
        .traits = &sqlite__traits,
    };
    memcpy(out, &all, all.struct_size);
    return SQLA_OK;
}
