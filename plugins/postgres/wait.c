/* wait.c: sending and waiting, with deadlines of our own.
 *
 * When the deadline of a statement passes, its cancel is asked for, and the server gets a little time (grace) to answer.
 * If it does, the link goes on living and the answer is whatever the server says; if not, the link is given up. */
#include <config.h>
#include "postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MILLI = 1000000 }; /* nanoseconds */

int64_t postgres__now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

sqla_status postgres__poll(int fd, short events, int64_t deadline, short *ret_events)
{
    struct pollfd look = { fd, events, 0 };
    for (;;) {
        int wait = -1;
        if (deadline != 0) {
            int64_t left = deadline - postgres__now();
            if (left <= 0)
                return SQLA_ERR_TIMEOUT;
            wait = left > INT64_C(86400000) * MILLI ? 86400000 : (int)((left + MILLI - 1) / MILLI);
        }
        int n = poll(&look, 1, wait);
        if (n > 0) {
            *ret_events = look.revents;
            return SQLA_OK;
        }
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return SQLA_ERR_DISCONNECTED;
    }
}

/* ---- around statements ----------------------------------------------------------------------------------------- */

void postgres__set_deadline(sqla_driver_conn *conn, int64_t deadline)
{
    int64_t left = deadline != 0 ? deadline - postgres__now() : 0;
    conn->deadline = deadline;
    conn->grace = left / 10 > 100 * MILLI ? left / 10 : 100 * MILLI;
}

/* A cancel that the network holds back may arrive at any time, and the server knows only the connection: nothing may run on it
 * then that the cancel is not meant for. */
static sqla_status late_cancel(sqla_driver_conn *conn, sqla_err *err)
{
    conn->lost = true;
    return postgres__fail(err, SQLA_ERR_DISCONNECTED, NULL, "the connection was given up, since a cancel that did not get through in time "
                          "could end something else on it");
}

sqla_status postgres__enter(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    if (conn->lost || PQstatus(conn->link) == CONNECTION_BAD)
        return postgres__fail(err, SQLA_ERR_DISCONNECTED, NULL, "the connection to the server was lost before");
    if (conn->stream != NULL || conn->copying)
        return postgres__fail(err, SQLA_ERR_BUSY, NULL, "the connection is busy with %s", conn->copying ? "a COPY that is not ended" :
                              "a result that has not been read to its end");
    if (deadline != 0 && deadline <= postgres__now())
        return postgres__fail(err, SQLA_ERR_TIMEOUT, NULL, "the deadline had passed before the statement was sent");
    if (!postgres__gate_open(&conn->gate, deadline))
        return postgres__fail(err, SQLA_ERR_TIMEOUT, NULL, "the deadline passed while a cancel of the statement before was under way");
    if (postgres__key_late(conn->key)) {
        postgres__gate_close(&conn->gate);
        return late_cancel(conn, err);
    }
    conn->before = postgres_txn_state(conn);
    if (conn->before == SQLA_TXN_IDLE) {
        conn->traced = 0;
        conn->begun = conn->over = false;
    }
    conn->rolled_back = conn->completed = conn->open_outcome = false;
    conn->running = NULL;
    postgres__intake_begin(conn);
    conn->token[0] = '\0';
    postgres__set_deadline(conn, deadline);
    conn->timed_out = false;
    return SQLA_OK;
}

void postgres__leave(sqla_driver_conn *conn)
{
    conn->running = NULL;
    conn->open_outcome = false;
    postgres__intake_begin(conn);
    postgres__watch(conn);
    postgres__gate_close(&conn->gate);
    postgres__drop_notes(conn);
}

/* ---- sending and receiving ------------------------------------------------------------------------------------- */

/* Time is up: cancel and wait on, then give up. A cancel that reaches the server before it has begun the statement
 * ends nothing, and nobody is told; so it is asked for again a few times. Each has arrived before the next is sent. */
static sqla_status overdue(sqla_driver_conn *conn)
{
    enum { TIMES = 4 };
    int64_t now = postgres__now();
    if (conn->timed_out && now >= conn->give_up) {
        conn->lost = true;
        return SQLA_ERR_TIMEOUT;
    }
    if (!conn->timed_out)
        conn->give_up = now + conn->grace;
    conn->timed_out = true;
    (void)postgres__cancel(conn->key, conn->give_up);
    conn->deadline = postgres__now() + conn->grace / TIMES;
    if (conn->deadline > conn->give_up)
        conn->deadline = conn->give_up;
    return SQLA_OK;
}

static sqla_status wait_for(sqla_driver_conn *conn, short events, short *ret_seen)
{
    *ret_seen = 0;
    sqla_status status = postgres__poll(PQsocket(conn->link), events, conn->deadline, ret_seen);
    if (status == SQLA_ERR_TIMEOUT)
        return overdue(conn);
    if (status == SQLA_OK && (*ret_seen & (POLLIN | POLLERR | POLLHUP)) != 0)
        status = postgres__take(conn);
    return status;
}

sqla_status postgres__wait_input(sqla_driver_conn *conn)
{
    short seen;
    return wait_for(conn, POLLIN, &seen);
}

/* Reading while sending keeps both sides from waiting for one another with full buffers. libpq reads, too,
 * without counting, when it cannot send; so it is not asked to before it can. */
sqla_status postgres__flush(sqla_driver_conn *conn)
{
    for (;;) {
        int left = PQflush(conn->link);
        if (left == 0)
            return SQLA_OK;
        sqla_status status = left < 0 ? SQLA_ERR_DISCONNECTED : SQLA_OK;
        for (short seen = 0; status == SQLA_OK && (seen & ~POLLIN) == 0;)
            status = wait_for(conn, POLLIN | POLLOUT, &seen);
        if (status != SQLA_OK)
            return status;
    }
}

/* Behind a FATAL answer the server says nothing more. A failure without SQLSTATE is libpq's own: out of memory, or a link
 * that broke. Either way nobody knows then what else would come, and waiting for it might last for ever. */
static bool ends_all(const PGresult *res)
{
    return PQresultStatus(res) == PGRES_FATAL_ERROR && (PQresultErrorField(res, PG_DIAG_SQLSTATE) == NULL || postgres__is_fatal(res));
}

/* When libpq has no memory for the mark at the end of a pipeline, it drops the mark and waits for it for ever (seen with
 * 15.18). Its error buffer is the only sign of that. */
static bool has_dropped_mark(const PGconn *link)
{
#ifdef HAVE_PQENTERPIPELINEMODE
    return PQpipelineStatus(link) != PQ_PIPELINE_OFF && strstr(PQerrorMessage(link), "out of memory") != NULL;
#else
    (void)link;
    return false;
#endif
}

static bool is_piping(const PGconn *link)
{
#ifdef HAVE_PQENTERPIPELINEMODE
    return PQpipelineStatus(link) != PQ_PIPELINE_OFF;
#else
    (void)link;
    return false;
#endif
}

/* Statements are known by the tags of their answers. ROLLBACK may be one to a savepoint, which leaves the
 * transaction open. */
static void note_done(sqla_driver_conn *conn, PGresult *res)
{
    ExecStatusType kind = PQresultStatus(res);
    const char *tag = kind == PGRES_COMMAND_OK ? PQcmdStatus(res) : "";
    if (strcmp(tag, "DEALLOCATE ALL") == 0 || strcmp(tag, "DISCARD ALL") == 0) {
        conn->gone = conn->last_name;
        conn->dropped_count = 0;
    }
    conn->completed |= kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK;
    conn->over |= strcmp(tag, "COMMIT") == 0 || strcmp(tag, "PREPARE TRANSACTION") == 0;
    conn->rolled_back |= strcmp(tag, "ROLLBACK") == 0;
    conn->over |= conn->rolled_back && (strcmp(tag, "BEGIN") == 0 || strcmp(tag, "START TRANSACTION") == 0);
}

/* A link that broke while sending may still have the server's last words to be read: libpq gives them as a result. */
sqla_status postgres__next(sqla_driver_conn *conn, PGresult **ret_res)
{
    if (conn->lost)
        return SQLA_ERR_DISCONNECTED;
    while (PQisBusy(conn->link)) {
        if (has_dropped_mark(conn->link))
            return SQLA_ERR_DISCONNECTED;
        sqla_status status = postgres__wait_input(conn);
        if (status == SQLA_ERR_DISCONNECTED && PQstatus(conn->link) == CONNECTION_BAD)
            break;
        if (status != SQLA_OK)
            return status;
    }
    *ret_res = PQgetResult(conn->link);
    conn->lost |= *ret_res != NULL && ends_all(*ret_res);
    if (*ret_res == NULL) {
        if (!is_piping(conn->link))
            postgres__intake_end(conn);
        return SQLA_OK;
    }
    note_done(conn, *ret_res);
    if (is_piping(conn->link)) {
        postgres__intake_progress(conn);
        return SQLA_OK;
    }
    sqla_status status = postgres__intake_answer(conn, *ret_res);
    if (status != SQLA_OK) {
        PQclear(*ret_res);
        *ret_res = NULL;
    }
    return status;
}

#ifdef HAVE_PQENTERPIPELINEMODE
/* Put the rows of from behind those of to. */
static bool add_rows(PGresult *to, const PGresult *from)
{
    for (int row = 0; row < PQntuples(from); row++) {
        int at = PQntuples(to);
        for (int i = 0; i < PQnfields(from); i++) {
            bool null = PQgetisnull(from, row, i) != 0;
            char *value = null ? NULL : PQgetvalue(from, row, i);
            if (PQsetvalue(to, at, i, value, null ? -1 : PQgetlength(from, row, i)) == 0)
                return false;
        }
    }
    return true;
}

/* Read on until the statement's last result, and give that one the rows that came one by one before it. */
static sqla_status gather(sqla_driver_conn *conn, PGresult **res)
{
    PGresult *rows = *res, *next = NULL;
    sqla_status status;
    bool kept = true;
    *res = NULL;
    while ((status = postgres__next(conn, &next)) == SQLA_OK && next != NULL &&
           PQresultStatus(next) == PGRES_SINGLE_TUPLE) {
        kept = kept && add_rows(rows, next);
        PQclear(next);
        next = NULL;
    }
    if (status == SQLA_OK && next == NULL)
        status = SQLA_ERR_DISCONNECTED;
    if (status == SQLA_OK && PQresultStatus(next) == PGRES_TUPLES_OK && !(kept && add_rows(next, rows)))
        status = SQLA_ERR_NOMEM;
    PQclear(rows);
    if (status == SQLA_OK)
        *res = next;
    else
        PQclear(next);
    return status;
}

/* libpq puts single-row mode off when a statement is sent outside of a pipeline, or follows another one
 * within it. So the first statement of a pipeline still has it after a stream of rows (14 to 18), and its
 * rows come one by one, unasked. */
sqla_status postgres__next_of_pipeline(sqla_driver_conn *conn, PGresult **ret_res)
{
    sqla_status status = postgres__next(conn, ret_res);
    bool single = status == SQLA_OK && *ret_res != NULL && PQresultStatus(*ret_res) == PGRES_SINGLE_TUPLE;
    return single ? gather(conn, ret_res) : status;
}
#endif

/* Both ways of ending a copying leave it behind, or the link with it: libpq tells of a copying that is not ended again and again.
 * A stalled link cannot hold us here: what has not come is waited for like everything else. */
static void skip_copy(sqla_driver_conn *conn)
{
    char *row = NULL;
    for (int n;;) {
        while ((n = PQgetCopyData(conn->link, &row, 1)) > 0)
            PQfreemem(row);
        if (n == -1)
            return;
        if (n < 0 || postgres__wait_input(conn) != SQLA_OK) {
            conn->lost = true;
            return;
        }
    }
}

static void give_no_copy(sqla_driver_conn *conn)
{
    int taken;
    while ((taken = PQputCopyEnd(conn->link, "COPY FROM STDIN is not supported here")) == 0 && postgres__flush(conn) == SQLA_OK)
        ;
    if (taken <= 0 || postgres__flush(conn) != SQLA_OK)
        conn->lost = true;
}

bool postgres__refuse_copy(sqla_driver_conn *conn, const PGresult *res)
{
    ExecStatusType kind = PQresultStatus(res);
    if (kind == PGRES_COPY_IN) {
        give_no_copy(conn);
    } else if (kind == PGRES_COPY_OUT) {
        skip_copy(conn);
    } else if (kind == PGRES_COPY_BOTH) {
        conn->lost = true;
    } else {
        return false;
    }
    return true;
}

static bool is_failure(const PGresult *res)
{
    ExecStatusType kind = PQresultStatus(res);
    return kind != PGRES_TUPLES_OK && kind != PGRES_COMMAND_OK && kind != PGRES_EMPTY_QUERY;
}

sqla_status postgres__read_rest(sqla_driver_conn *conn, sqla_err *err)
{
    PGresult *rest = NULL;
    sqla_status status = SQLA_OK, waited;
    while ((waited = postgres__next(conn, &rest)) == SQLA_OK && rest != NULL) {
        if (is_failure(rest) && status == SQLA_OK)
            status = postgres__failed(conn, rest, 0, err);
        PQclear(rest);
        rest = NULL;
    }
    if (waited != SQLA_OK && status == SQLA_OK)
        status = postgres__broken(conn, waited, err);
    conn->lost = conn->lost || waited != SQLA_OK; /* what still comes would be taken for the next answer */
    return status;
}

/* Keep the last result, or the first that failed. *done: how many did not, before it. */
static sqla_status collect(sqla_driver_conn *conn, PGresult **kept, bool *copied, int64_t *done)
{
    PGresult *res = NULL;
    sqla_status status;
    while ((status = postgres__next(conn, &res)) == SQLA_OK && res != NULL) {
        bool copy = postgres__refuse_copy(conn, res);
        if (conn->lost && copy) {
            PQclear(res);
            return SQLA_ERR_DISCONNECTED;
        }
        *copied |= copy;
        if (copy || (*kept != NULL && is_failure(*kept))) {
            PQclear(res);
        } else {
            PQclear(*kept);
            *kept = res;
            *done += !is_failure(res);
        }
    }
    return status;
}

static sqla_status refused_copy(sqla_err *err)
{
    return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "COPY from or to the client is not supported");
}

/* The statement of a script that failed, 0-based plus 1. The server reads all of a script first, and what it cannot read may stand
 * anywhere in it (42601: a syntax error); 0: not known. */
static int64_t statement_of(const PGresult *res, int64_t done)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    return done == 0 && state != NULL && strcmp(state, "42601") == 0 ? 0 : done + 1;
}

/* The row in "COPY parts, line 3, column ...": the first piece behind a comma that is a word and a number. */
static int64_t line_of(const PGresult *res)
{
    const char *at = PQresultErrorField(res, PG_DIAG_CONTEXT);
    while (at != NULL && (at = strstr(at, ", ")) != NULL) {
        at += 2;
        const char *number = at + strcspn(at, " ,:\n");
        char *end = NULL;
        long long line = *number == ' ' && number > at ? strtoll(number, &end, 10) : 0;
        if (line > 0 && strchr(",:\n", *end) != NULL)
            return line;
    }
    return 0;
}

enum { SCRIPT = -1, COPY = -2 }; /* in the place of a row: a script, or a COPY, is answered */

static int64_t row_of(const PGresult *res, int64_t row, int64_t done)
{
    return row == SCRIPT ? statement_of(res, done) : row == COPY ? line_of(res) : row;
}

static sqla_status answer(sqla_driver_conn *conn, int64_t row, PGresult **ret_res, sqla_err *err)
{
    int64_t done = 0;
    PGresult *kept = NULL;
    bool copied = false;
    sqla_status status = postgres__flush(conn);
    if (status == SQLA_OK || (status == SQLA_ERR_DISCONNECTED && PQstatus(conn->link) == CONNECTION_BAD))
        status = collect(conn, &kept, &copied, &done);
    if (kept != NULL && is_failure(kept) && status != SQLA_ERR_TIMEOUT) {
        conn->lost |= status != SQLA_OK; /* what came behind the failure was not read */
        status = copied && status == SQLA_OK ? refused_copy(err) :
                 postgres__failed(conn, kept, row_of(kept, row, done), err);
    } else if (status != SQLA_OK || (kept == NULL && !copied))
        status = postgres__broken(conn, status != SQLA_OK ? status : SQLA_ERR_DISCONNECTED, err);
    else if (copied)
        status = refused_copy(err);
    if (status != SQLA_OK)
        PQclear(kept);
    else
        *ret_res = kept;
    return status;
}

sqla_status postgres__answer_row(sqla_driver_conn *conn, int64_t row, PGresult **ret_res, sqla_err *err)
{
    return answer(conn, row, ret_res, err);
}

sqla_status postgres__answer_script(sqla_driver_conn *conn, PGresult **ret_res, sqla_err *err)
{
    return answer(conn, SCRIPT, ret_res, err);
}

sqla_status postgres__answer_copy(sqla_driver_conn *conn, PGresult **ret_res, sqla_err *err)
{
    return answer(conn, COPY, ret_res, err);
}

sqla_status postgres__answer(sqla_driver_conn *conn, PGresult **ret_res, sqla_err *err)
{
    return answer(conn, 0, ret_res, err);
}

sqla_status postgres__simple(sqla_driver_conn *conn, const char *text, PGresult **ret_res, sqla_err *err)
{
    PGresult *res = NULL;
    if (PQsendQuery(conn->link, text) == 0)
        return postgres__broken(conn, SQLA_ERR_DISCONNECTED, err);
    sqla_status status = postgres__answer(conn, &res, err);
    if (status == SQLA_OK && ret_res != NULL)
        *ret_res = res;
    else
        PQclear(res);
    return status;
}
