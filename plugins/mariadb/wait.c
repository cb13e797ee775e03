/* wait.c: calling the client library and waiting, with deadlines of our own.
 *
 * When the deadline of a statement passes, its cancel is asked for by a second connection, and the server gets a little time (grace)
 * to answer. If it does, the link goes on living and the answer is whatever the server says; if not, the link is given up. */
#include <config.h>
#include "mariadb.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define GUARD "sqla_guard"

enum { MILLI = 1000000 }; /* nanoseconds */

int64_t mariadb__now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int mariadb__milliseconds_until(int64_t deadline)
{
    if (deadline == 0)
        return -1;
    int64_t left = deadline - mariadb__now();
    if (left <= 0)
        return 0;
    return left > INT64_C(86400000) * MILLI ? 86400000 : (int)((left + MILLI - 1) / MILLI);
}

sqla_status mariadb__poll(MYSQL *link, int events, int64_t deadline, int *ret_events)
{
    struct pollfd look = { mysql_get_socket(link), 0, 0 };
    look.events = (short)(((events & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) | ((events & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
                          ((events & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
    for (;;) {
        int wait = mariadb__milliseconds_until(deadline);
        if (wait == 0)
            return SQLA_ERR_TIMEOUT;
        int n = poll(&look, 1, wait);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return SQLA_ERR_DISCONNECTED;
        if (n <= 0)
            continue;
        bool broken = (look.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
        *ret_events = ((look.revents & POLLIN) != 0 ? MYSQL_WAIT_READ : 0) | ((look.revents & POLLOUT) != 0 ? MYSQL_WAIT_WRITE : 0) |
                      ((look.revents & POLLPRI) != 0 ? MYSQL_WAIT_EXCEPT : 0) | (broken ? events & ~MYSQL_WAIT_TIMEOUT : 0);
        return SQLA_OK;
    }
}

/* ---- SIGPIPE --------------------------------------------------------------------------------------------------- */

static bool is_pending(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

void mariadb__hush_begin(mariadb__hush *hush)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    hush->blocked = pthread_sigmask(SIG_BLOCK, &pipe, &hush->before) == 0;
    hush->was_pending = hush->blocked && sigismember(&hush->before, SIGPIPE) == 1 && is_pending();
}

/* A signal that a write raised is for the thread that wrote, and is taken away before anybody gets it. */
void mariadb__hush_end(mariadb__hush *hush)
{
    const struct timespec at_once = { 0, 0 };
    sigset_t pipe;
    if (!hush->blocked)
        return;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    while (!hush->was_pending && is_pending() && sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR)
        continue;
    pthread_sigmask(SIG_SETMASK, &hush->before, NULL);
}

void mariadb__quiet_begin(sqla_driver_conn *conn, mariadb__hush *hush)
{
    hush->blocked = false;
    if (!conn->tls || conn->hushed)
        return;
    mariadb__hush_begin(hush);
    conn->hushed = hush->blocked;
}

void mariadb__quiet_end(sqla_driver_conn *conn, mariadb__hush *hush)
{
    if (!hush->blocked)
        return;
    conn->hushed = false;
    mariadb__hush_end(hush);
}

/* ---- calls ----------------------------------------------------------------------------------------------------- */

/* The answer of those that give a my_bool or nothing is put together here. */
static int start_call(MYSQL *link, mariadb__call *c, my_bool *flag)
{
    switch (c->kind) {
    case MARIADB__PREPARE: return mysql_stmt_prepare_start(&c->answer, c->handle, c->text, c->length);
    case MARIADB__EXECUTE: return mysql_stmt_execute_start(&c->answer, c->handle);
    case MARIADB__FETCH: return mysql_stmt_fetch_start(&c->answer, c->handle);
    case MARIADB__FREE: return mysql_stmt_free_result_start(flag, c->handle);
    case MARIADB__CLOSE: return mysql_stmt_close_start(flag, c->handle);
    case MARIADB__ANOTHER:
        return mysql_stmt_next_result_start(&c->answer, c->handle);
    case MARIADB__QUERY: return mysql_real_query_start(&c->answer, link, c->text, c->length);
    case MARIADB__NEXT: return mysql_next_result_start(&c->answer, link);
    case MARIADB__ROW: return mysql_fetch_row_start(&c->row, c->rows);
    case MARIADB__STORE_TEXT: return mysql_store_result_start(&c->rows, link);
    case MARIADB__SCRIPTS:
        return mysql_set_server_option_start(&c->answer, link, c->on ? MYSQL_OPTION_MULTI_STATEMENTS_ON : MYSQL_OPTION_MULTI_STATEMENTS_OFF);
    case MARIADB__RESET: return mysql_reset_connection_start(&c->answer, link);
    case MARIADB__USE: return mysql_select_db_start(&c->answer, link, c->text);
    }
    return 0;
}

static int continue_call(MYSQL *link, mariadb__call *c, my_bool *flag, int events)
{
    switch (c->kind) {
    case MARIADB__PREPARE: return mysql_stmt_prepare_cont(&c->answer, c->handle, events);
    case MARIADB__EXECUTE: return mysql_stmt_execute_cont(&c->answer, c->handle, events);
    case MARIADB__FETCH: return mysql_stmt_fetch_cont(&c->answer, c->handle, events);
    case MARIADB__FREE: return mysql_stmt_free_result_cont(flag, c->handle, events);
    case MARIADB__CLOSE: return mysql_stmt_close_cont(flag, c->handle, events);
    case MARIADB__ANOTHER:
        return mysql_stmt_next_result_cont(&c->answer, c->handle, events);
    case MARIADB__QUERY: return mysql_real_query_cont(&c->answer, link, events);
    case MARIADB__NEXT: return mysql_next_result_cont(&c->answer, link, events);
    case MARIADB__ROW: return mysql_fetch_row_cont(&c->row, c->rows, events);
    case MARIADB__STORE_TEXT: return mysql_store_result_cont(&c->rows, link, events);
    case MARIADB__SCRIPTS: return mysql_set_server_option_cont(&c->answer, link, events);
    case MARIADB__RESET: return mysql_reset_connection_cont(&c->answer, link, events);
    case MARIADB__USE: return mysql_select_db_cont(&c->answer, link, events);
    }
    return 0;
}

/* Time is up: cancel and wait on, then give up. A cancel that reaches the server before it has begun the statement ends nothing, so it
 * is asked for again. The last one ends the session: the link is as good as given up, and who is gone would let the statement run on. */
static sqla_status overdue(sqla_driver_conn *conn)
{
    enum { TIMES = 4 };
    int64_t now = mariadb__now();
    if (conn->timed_out && now >= conn->give_up)
        return SQLA_ERR_TIMEOUT;
    if (!conn->timed_out) {
        conn->give_up = now + conn->grace;
        conn->cancels = 0;
    }
    conn->timed_out = true;
    bool last = conn->give_up - now <= conn->grace / TIMES;
    (void)mariadb__cancel(conn, last ? MARIADB__KILL_SESSION : MARIADB__KILL_QUERY, conn->give_up);
    conn->cancels++;
    conn->deadline = mariadb__now() + conn->grace / TIMES;
    if (conn->deadline > conn->give_up)
        conn->deadline = conn->give_up;
    return SQLA_OK;
}

static sqla_status wait_for(sqla_driver_conn *conn, int *events)
{
    for (int seen = 0;;) {
        sqla_status status = mariadb__poll(conn->link, *events, conn->deadline, &seen);
        if (status == SQLA_ERR_TIMEOUT)
            status = overdue(conn);
        else if (status == SQLA_OK)
            return *events = seen, SQLA_OK;
        if (status != SQLA_OK)
            return status;
    }
}

/* Rows that come without a pause are never waited for, so the clock is looked at now and then. */
static sqla_status look_at_clock(sqla_driver_conn *conn)
{
    enum { ROWS = 16 };
    if (++conn->rows_seen % ROWS != 0 || conn->deadline == 0 || mariadb__now() < conn->deadline)
        return SQLA_OK;
    return overdue(conn);
}

static bool has_rows(const mariadb__call *c)
{
    return c->kind == MARIADB__FETCH || c->kind == MARIADB__ROW || c->kind == MARIADB__FREE ||
           (c->kind == MARIADB__STORE_TEXT && c->many);
}

/* A row may be as long as the URL says, and many rows as they are. Everything else is short: columns, which
 * take many times their bytes when they are unpacked, what the session says of itself, an error. */
static size_t most_of(const sqla_driver_conn *conn, const mariadb__call *c)
{
    size_t most = mariadb__most(conn->recipe), left = most > conn->answered ? most - conn->answered : 0;
    if (c->kind == MARIADB__FREE) /* rows that are dropped */
        return SIZE_MAX;
    if (has_rows(c))
        return most;
    return left < MARIADB__ANSWER_MOST ? left : MARIADB__ANSWER_MOST;
}

static sqla_status drive(sqla_driver_conn *conn, mariadb__call *c)
{
    my_bool flag = 0;
    c->answer = 0;
    if ((c->kind == MARIADB__FETCH || c->kind == MARIADB__ROW) && look_at_clock(conn) != SQLA_OK) {
        conn->lost = true;
        return SQLA_ERR_TIMEOUT;
    }
    for (int events = start_call(conn->link, c, &flag); events != 0; events = continue_call(conn->link, c, &flag, events)) {
        sqla_status status = wait_for(conn, &events);
        if (status != SQLA_OK) { /* the call stays where it is for ever */
            conn->lost = true;
            return status;
        }
    }
    c->answer = c->answer != 0 ? c->answer : flag;
    return SQLA_OK;
}

static sqla_status run(sqla_driver_conn *conn, mariadb__call *c)
{
    mariadb__intake intake;
    /* Rows that are dropped come without a pause and without a look at the clock. */
    mariadb__intake_begin(&intake, conn->link, most_of(conn, c),
        c->kind == MARIADB__FREE && conn->deadline != 0 ? conn->deadline + conn->grace : 0);
    sqla_status status = drive(conn, c);
    bool flooded = mariadb__intake_end(&intake);
    if (flooded) {
        conn->lost = conn->flooded = true;
        conn->too_much = intake.most + (has_rows(c) ? 0 : conn->answered);
        return SQLA_ERR_PROTOCOL;
    }
    if (intake.late) {
        conn->lost = conn->timed_out = true;
        return SQLA_ERR_TIMEOUT;
    }
    conn->answered += has_rows(c) ? 0 : intake.taken;
    return status;
}

sqla_status mariadb__call_run(sqla_driver_conn *conn, mariadb__call *c)
{
    mariadb__hush hush;
    if (conn->lost)
        return SQLA_ERR_DISCONNECTED;
    if (c->kind == MARIADB__QUERY || c->kind == MARIADB__PREPARE)
        mariadb__watch_text(conn, c->text);
    mariadb__quiet_begin(conn, &hush);
    sqla_status status = run(conn, c);
    mariadb__quiet_end(conn, &hush);
    return status;
}

/* ---- around statements ----------------------------------------------------------------------------------------- */

void mariadb__set_deadline(sqla_driver_conn *conn, int64_t deadline)
{
    int64_t left = deadline != 0 ? deadline - mariadb__now() : 0;
    conn->deadline = deadline;
    conn->grace = left / 10 > 100 * MILLI ? left / 10 : 100 * MILLI;
}

sqla_txn_state mariadb__server_state(const sqla_driver_conn *conn)
{
    return (conn->link->server_status & SERVER_STATUS_IN_TRANS) != 0 ? SQLA_TXN_ACTIVE : SQLA_TXN_IDLE;
}

/* A cancel that the network holds back may arrive at any time, and the server knows only the session: nothing may run in it then
 * that the cancel is not meant for. */
static sqla_status late_cancel(sqla_driver_conn *conn, sqla_err *err)
{
    mariadb__gate_close(&conn->gate);
    conn->lost = true;
    return mariadb__fail(err, SQLA_ERR_DISCONNECTED, NULL, "the connection was given up, since a cancel that did not get through in time "
                         "could end something else on it");
}

sqla_status mariadb__enter_any(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    if (conn->lost)
        return mariadb__fail(err, SQLA_ERR_DISCONNECTED, NULL, "the connection to the server was lost before");
    if (conn->stream != NULL)
        return mariadb__fail(err, SQLA_ERR_BUSY, NULL, "the connection is busy with a result that has not been read to its end");
    if (deadline != 0 && deadline <= mariadb__now())
        return mariadb__fail(err, SQLA_ERR_TIMEOUT, NULL, "the deadline had passed before the statement was sent");
    if (!mariadb__gate_open(&conn->gate, deadline))
        return mariadb__fail(err, SQLA_ERR_TIMEOUT, NULL, "the deadline passed while a cancel of the statement before was under way");
    if (mariadb__gate_late(&conn->gate))
        return late_cancel(conn, err);
    conn->before = mariadb__server_state(conn);
    conn->begun = conn->begun && conn->before == SQLA_TXN_ACTIVE;
    conn->guarded = conn->sent = conn->open_outcome = false;
    conn->answered = 0;
    conn->running = NULL;
    conn->timed_out = conn->interrupted = false;
    mariadb__set_deadline(conn, deadline);
    mariadb__drop_statements(conn);
    return SQLA_OK;
}

sqla_status mariadb__enter(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    if (conn->undone && !conn->lost)
        return mariadb__fail(err, SQLA_ERR_ROLLBACK_FIRST, NULL, "the server has ended the transaction, which must be rolled back first");
    return mariadb__enter_any(conn, deadline, err);
}

/* A cancel that came when the statement was over already would end the next one: the server keeps it in mind. So it is given
 * something to end. */
static void absorb(sqla_driver_conn *conn)
{
    mariadb__set_deadline(conn, mariadb__now() + INT64_C(1000000000));
    mariadb__refresh(conn);
}

/* Did the statement that is over leave the transaction that it found? A CALL may end one and begin another,
 * and the server's word that one is open is the same then. */
static void check_guard(sqla_driver_conn *conn)
{
    bool open =
        conn->guarded && !conn->lost && !conn->undone && mariadb__server_state(conn) == SQLA_TXN_ACTIVE;
    conn->guarded = false;
    if (!open)
        return;
    if (!conn->timed_out)
        mariadb__set_deadline(conn, mariadb__now() + INT64_C(1000000000));
    conn->undone = mariadb__simple(conn, "RELEASE SAVEPOINT " GUARD, NULL) != SQLA_OK;
}

sqla_status mariadb__put_under_way(sqla_driver_conn *conn, const char *text, sqla_err *err)
{
    bool inside = conn->before == SQLA_TXN_ACTIVE, keeps = inside && mariadb__keeps_transaction(text);
    sqla_status status = keeps ? SQLA_OK : mariadb__look(conn, err);
    if (status == SQLA_OK && inside && !keeps && conn->begun)
        status = mariadb__simple(conn, "SAVEPOINT " GUARD, err);
    conn->guarded = status == SQLA_OK && inside && !keeps && conn->begun;
    conn->running = text;
    return status;
}

void mariadb__leave(sqla_driver_conn *conn)
{
    conn->running = NULL;
    conn->open_outcome = false;
    check_guard(conn);
    bool fired = mariadb__gate_close(&conn->gate);
    bool one = !conn->timed_out || conn->cancels == 1;
    if ((fired || conn->timed_out) && !(conn->interrupted && one) && !conn->lost)
        absorb(conn);
    mariadb__watch(conn);
}

/* ---- texts of ours --------------------------------------------------------------------------------------------- */

sqla_status mariadb__simple(sqla_driver_conn *conn, const char *text, sqla_err *err)
{
    mariadb__call query = { .kind = MARIADB__QUERY, .text = text, .length = strlen(text) };
    sqla_status status = mariadb__call_run(conn, &query);
    if (status != SQLA_OK)
        return mariadb__broken(conn, status, err);
    return query.answer == 0 ? SQLA_OK : mariadb__failed(conn, NULL, text, 0, err);
}

sqla_status mariadb__ask(
    sqla_driver_conn *conn, const char *text, bool many, MYSQL_RES **ret_rows, sqla_err *err)
{
    mariadb__call store = { .kind = MARIADB__STORE_TEXT, .many = many };
    sqla_status status = mariadb__simple(conn, text, err);
    if (status != SQLA_OK)
        return status;
    status = mariadb__call_run(conn, &store);
    if (status != SQLA_OK)
        return mariadb__broken(conn, status, err);
    *ret_rows = store.rows;
    return store.rows != NULL ? SQLA_OK : mariadb__failed(conn, NULL, text, 0, err);
}

/* An answer to anything that works says so; one to a failure does not. A cancel that is still in the server's mind ends the first. */
void mariadb__refresh(sqla_driver_conn *conn)
{
    static const char nothing[] = "DO 0";
    for (int tries = 0; tries < 2 && !conn->lost; tries++) {
        mariadb__call query = { .kind = MARIADB__QUERY, .text = nothing, .length = sizeof nothing - 1 };
        if (mariadb__call_run(conn, &query) == SQLA_OK && query.answer == 0)
            return;
    }
    conn->lost = conn->lost || mysql_errno(conn->link) != MARIADB_INTERRUPTED;
}
