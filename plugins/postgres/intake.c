/* intake.c: how much a server may send before a row or an answer comes of it.
 *
 * libpq keeps what comes until a message is whole, and parameters that the server names for as long as the
 * connection lives; and it reads on as long as there is anything to be read. A server that sends without an
 * end would have all memory, and the call would never come back. So bytes are let through to libpq a piece
 * at a time, by a pair of sockets that takes the place of the link for that moment, and are counted. Where
 * the server may send many rows as one result, nobody is told of a row; then a trace of libpq's shows now and
 * then that one has come, and notices are counted, and the work that libpq has with what came. */
#include <config.h>
#include "postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MEBI = 1024 * 1024, PIECE = 16 * 1024, SLUICE = 64 * 1024, CONNECT_MOST = 256 * 1024, UNWATCHED = 8 * MEBI };

/* ---- watching a whole result ----------------------------------------------------------------------------- */

/* libpq writes a trace of each message that it has taken in whole. Whether anything was written is all that
 * counts; what does not fit into the room is dropped. */
static void begin_watch(sqla_driver_conn *conn)
{
    postgres__intake *in = &conn->intake;
    in->watch = fmemopen(in->shown, sizeof in->shown, "w");
    if (in->watch == NULL)
        return;
    PQtrace(conn->link, in->watch);
#ifdef LIBPQ_HAS_TRACE_FLAGS
    PQsetTraceFlags(conn->link, PQTRACE_SUPPRESS_TIMESTAMPS); /* localtime() is not for threads */
#endif
}

static void end_watch(sqla_driver_conn *conn)
{
    if (conn->intake.watch == NULL)
        return;
    PQuntrace(conn->link);
    fclose(conn->intake.watch);
    conn->intake.watch = NULL;
}

static bool has_shown(FILE *watch) { return fflush(watch) != 0 || ferror(watch) != 0 || ftell(watch) > 0; }

/* Watched from the first large piece on until a message has ended, and then not for another such piece. A
 * single row may be as large as when rows come one by one. */
static bool is_endless(sqla_driver_conn *conn)
{
    postgres__intake *in = &conn->intake;
    if (in->watch != NULL && has_shown(in->watch)) {
        end_watch(conn);
        in->taken = 0;
    } else if (in->watch == NULL && in->taken > UNWATCHED) {
        begin_watch(conn);
        in->taken = 0;
    }
    return in->watch != NULL && in->taken > in->most;
}

/* ---- counting ------------------------------------------------------------------------------------------ */

void postgres__intake_begin(sqla_driver_conn *conn)
{
    end_watch(conn);
    postgres__intake_progress(conn);
    conn->intake.answers = 0;
    conn->intake.whole = false;
}

void postgres__intake_progress(sqla_driver_conn *conn) { conn->intake.taken = conn->intake.aside = 0; }

void postgres__intake_end(sqla_driver_conn *conn)
{
    end_watch(conn);
    postgres__intake_progress(conn);
    conn->intake.answers = 0;
    conn->intake.begun = false;
}

void postgres__intake_aside(sqla_driver_conn *conn, const char *text)
{
    enum { AROUND = 100 }; /* bytes of a message beside its text, or a few more */
    conn->intake.aside += AROUND + (text != NULL ? strlen(text) : 0);
}

static int64_t work_of_thread(void)
{
    struct timespec t = { 0, 0 };
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* libpq looks through all parameters that it knows for each that the server names: a million of them are a
 * few megabytes, and hours of work. Rows take less than a hundredth of what is granted here. */
static bool is_laboured(postgres__intake *in)
{
    const int64_t second = 1000000000;
    enum { LITTLE = 128 * 1024 };
    if (in->taken < LITTLE) {
        in->work = 0;
        return false;
    }
    int64_t now = work_of_thread();
    if (in->work == 0)
        in->work = now;
    return now - in->work > second + (int64_t)(in->taken / 1024) * (second / 1024);
}

static sqla_status check(sqla_driver_conn *conn)
{
    postgres__intake *in = &conn->intake;
    if (in->flood == POSTGRES__NO_FLOOD && (in->whole ? is_endless(conn) : in->taken > in->most))
        in->flood = POSTGRES__FLOOD_OF_BYTES;
    else if (in->flood == POSTGRES__NO_FLOOD && in->aside > in->most)
        in->flood = POSTGRES__FLOOD_OF_NOTICES;
    else if (in->flood == POSTGRES__NO_FLOOD && is_laboured(in))
        in->flood = POSTGRES__FLOOD_OF_WORK;
    conn->lost |= in->flood != POSTGRES__NO_FLOOD;
    return in->flood != POSTGRES__NO_FLOOD ? SQLA_ERR_PROTOCOL : SQLA_OK;
}

/* Messages of NOTIFY have no place to go, and would heap up. */
void postgres__drop_notes(sqla_driver_conn *conn)
{
    PGnotify *note;
    while ((note = PQnotifies(conn->link)) != NULL) {
        postgres__intake_aside(conn, note->extra);
        PQfreemem(note);
    }
}

/* ---- taking -------------------------------------------------------------------------------------------- */

static bool have_sluice(postgres__intake *in, int link)
{
    if (in->room != NULL)
        return true;
    in->room = postgres__host->alloc(SLUICE);
    in->own = in->room != NULL ? fcntl(link, F_DUPFD_CLOEXEC, 0) : -1;
    if (in->own >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, in->ends) == 0)
        return true;
    if (in->own >= 0)
        close(in->own);
    postgres__host->release(in->room);
    in->room = NULL;
    return false;
}

void postgres__intake_release(sqla_driver_conn *conn)
{
    postgres__intake *in = &conn->intake;
    if (in->room == NULL)
        return;
    close(in->own);
    close(in->ends[0]);
    close(in->ends[1]);
    postgres__host->release(in->room);
}

static int waiting_at(int socket)
{
    int n = 0;
    return ioctl(socket, FIONREAD, &n) == 0 && n > 0 ? n : 0;
}

/* TLS may have had something to say of its own. */
static void send_back(int end, int own)
{
    char bytes[4096];
    ssize_t n = recv(end, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0)
        (void)send(own, bytes, (size_t)n, MSG_NOSIGNAL);
}

/* libpq reads as much as it has room for, and makes some room each time. */
static bool read_all(sqla_driver_conn *conn)
{
    for (int left = waiting_at(conn->intake.ends[0]), before; left > 0;) {
        if (PQconsumeInput(conn->link) == 0)
            return false;
        before = left;
        left = waiting_at(conn->intake.ends[0]);
        if (left == before)
            return false;
        if (left > 0)
            postgres__drop_notes(conn);
    }
    return true;
}

/* PQconsumeInput, for no more than a piece. It also sends what has not been sent, which must not go to the
 * pair; so as long as there is something, or there is no pair to be had, it reads what it likes. */
static bool consume_piece(sqla_driver_conn *conn, size_t *ret_size)
{
    postgres__intake *in = &conn->intake;
    int link = PQsocket(conn->link);
    bool ok = true;
    if (PQflush(conn->link) != 0 || link < 0 || !have_sluice(in, link) ||
        dup3(in->ends[0], link, O_CLOEXEC) != link) {
        *ret_size = (size_t)waiting_at(link);
        return PQconsumeInput(conn->link) != 0;
    }
    ssize_t n = recv(in->own, in->room, SLUICE, MSG_DONTWAIT);
    bool nothing = n < 0 && (errno == EAGAIN || errno == EINTR);
    if (n > 0)
        ok = send(in->ends[1], in->room, (size_t)n, MSG_NOSIGNAL) == n && read_all(conn);
    if (PQsocket(conn->link) == link) {
        if (PQsslInUse(conn->link) != 0 || PQgssEncInUse(conn->link) != 0)
            send_back(in->ends[1], in->own);
        ok = dup3(in->own, link, O_CLOEXEC) == link && ok;
        if (!ok) /* a part of the piece may be lost, and nobody is to wait for it */
            (void)shutdown(in->own, SHUT_RDWR);
    }
    *ret_size = n > 0 ? (size_t)n : 0;
    return n > 0 || nothing ? ok : PQconsumeInput(conn->link) != 0; /* libpq sees itself that it has ended */
}

/* Nothing is left over when a statement begins, so that libpq takes in no more at first than its buffer has
 * room for. */
sqla_status postgres__take(sqla_driver_conn *conn)
{
    postgres__intake *in = &conn->intake;
    size_t size = 0;
    bool ok = in->begun ? consume_piece(conn, &size) : PQconsumeInput(conn->link) != 0;
    in->begun = true;
    in->taken += size;
    if (!ok)
        return SQLA_ERR_DISCONNECTED;
    postgres__drop_notes(conn);
    return check(conn);
}

/* A text has no more statements than characters. */
sqla_status postgres__intake_answer(sqla_driver_conn *conn, const PGresult *res)
{
    enum { FEW = 1000 };
    postgres__intake *in = &conn->intake;
    if (PQresultStatus(res) == PGRES_SINGLE_TUPLE)
        postgres__intake_progress(conn);
    else if (++in->answers > FEW + (conn->running != NULL ? strlen(conn->running) : 0) &&
             in->flood == POSTGRES__NO_FLOOD)
        in->flood = POSTGRES__FLOOD_OF_ANSWERS;
    return check(conn);
}

/* ---- connecting ---------------------------------------------------------------------------------------- */

typedef struct passage {
    int link, own, ends[2];    /* link: libpq's number; own: the same socket by another number */
    struct stat inside;        /* of the end that takes the place of the link */
} passage;

static bool open_passage(passage *p, int link)
{
    *p = (passage){ link, fcntl(link, F_DUPFD_CLOEXEC, 0), { -1, -1 }, { 0 } };
    if (p->own >= 0 &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, p->ends) == 0 &&
        fstat(p->ends[0], &p->inside) == 0 && dup3(p->ends[0], link, O_CLOEXEC) == link)
        return true;
    int saved[] = { p->own, p->ends[0], p->ends[1] };
    for (size_t i = 0; i < sizeof saved / sizeof saved[0]; i++) {
        if (saved[i] >= 0)
            close(saved[i]);
    }
    return false;
}

/* Of the size bytes that were let through, libpq has read as many as it had room for, and these are taken
 * from the link now.  Returns: how many. */
static size_t drop_read(const passage *p, char *room, size_t size)
{
    size_t read = size - (size_t)waiting_at(p->ends[0]);
    for (size_t at = 0; at < read;) {
        ssize_t n = recv(p->own, room, read - at, MSG_DONTWAIT);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    return read;
}

/* libpq may have closed the link meanwhile, and may have another one by the same number. */
static void close_passage(const passage *p)
{
    struct stat now;
    send_back(p->ends[1], p->own);
    if (fstat(p->link, &now) == 0 && now.st_dev == p->inside.st_dev && now.st_ino == p->inside.st_ino)
        (void)dup3(p->own, p->link, O_CLOEXEC);
    close(p->own);
    close(p->ends[0]);
    close(p->ends[1]);
}

/* PQconnectPoll, for no more than a piece; what libpq leaves of it stays where it was, since it may be for
 * another state. *ret_size: how much there was, as far as is known. */
static PostgresPollingStatusType connect_piece(PGconn *link, size_t *ret_size)
{
    char bytes[PIECE];
    passage p;
    PostgresPollingStatusType next = PGRES_POLLING_READING;
    if (!open_passage(&p, PQsocket(link))) { /* there are no descriptors to be had */
        *ret_size = (size_t)waiting_at(PQsocket(link));
        return PQconnectPoll(link);
    }
    ssize_t n = recv(p.own, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    bool nothing = n < 0 && (errno == EAGAIN || errno == EINTR);
    n = n > 0 ? send(p.ends[1], bytes, (size_t)n, MSG_NOSIGNAL) : 0;
    if (n > 0) {
        next = PQconnectPoll(link);
        *ret_size = drop_read(&p, bytes, (size_t)n);
    }
    close_passage(&p);
    return n > 0 || nothing ? next : PQconnectPoll(link); /* libpq sees itself that the link has ended */
}

sqla_status postgres__take_connect(
    PGconn *link, size_t *taken, PostgresPollingStatusType *ret_next, sqla_err *err)
{
    size_t size = 0;
    if (PQstatus(link) == CONNECTION_AUTH_OK) { /* messages of any length from here on */
        *ret_next = connect_piece(link, &size);
    } else {
        size = (size_t)waiting_at(PQsocket(link));
        *ret_next = PQconnectPoll(link);
    }
    *taken += size;
    if (*taken <= CONNECT_MOST)
        return SQLA_OK;
    return postgres__fail(err, SQLA_ERR_CONNECT, NULL,
        "the server sent more than %d KiB, and did not let us in", CONNECT_MOST / 1024);
}

/* ---- telling ------------------------------------------------------------------------------------------- */

void postgres__flood_text(const sqla_driver_conn *conn, char *room, size_t size)
{
    static const char *const what[] = {
        [POSTGRES__FLOOD_OF_BYTES] = " MiB without a row or an answer",
        [POSTGRES__FLOOD_OF_NOTICES] = " MiB of notices without an answer",
        [POSTGRES__FLOOD_OF_ANSWERS] = "more answers than there are statements",
        [POSTGRES__FLOOD_OF_WORK] = "what keeps the client library at work, and gives no answer",
    };
    const postgres__intake *in = &conn->intake;
    if (in->flood == POSTGRES__FLOOD_OF_BYTES || in->flood == POSTGRES__FLOOD_OF_NOTICES)
        snprintf(room, size, "the server sent more than %zu%s", in->most / MEBI, what[in->flood]);
    else
        snprintf(room, size, "the server sent %s", what[in->flood]);
}

const char *postgres__flood_hint(const sqla_driver_conn *conn)
{
    return conn->intake.flood == POSTGRES__FLOOD_OF_BYTES || conn->intake.flood == POSTGRES__FLOOD_OF_NOTICES
               ? "if it is a value of that size, give a larger max_message (in MiB) in the URL"
               : NULL;
}
