/* flooder.c: see flooder.h. As much of both protocols as the drivers need to be let in and to run something. */
#define _GNU_SOURCE 1
#include <config.h>
#include "flooder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

enum { ROOM = 256 * 1024, LONG = 0x3ffffff0 };

typedef struct client {
    int fd;
    bool floods;               /* the plan is for this one */
    const struct flooder_plan *plan;
    char text[4096];           /* the statement that was named last */
    char state;                /* of the transaction, as the server tells it: I or T */
    uint8_t number;            /* of the next packet */
    uint64_t count;            /* of names that were given */
    uint8_t out[ROOM];
    size_t size;
} client;

/* ---- bytes ------------------------------------------------------------------------------------------------------------ */

static void flush(client *c)
{
    for (size_t at = 0; at < c->size;) {
        ssize_t n = send(c->fd, c->out + at, c->size - at, MSG_NOSIGNAL);
        if (n <= 0)
            _exit(0);
        at += (size_t)n;
    }
    c->size = 0;
}

static void put(client *c, const void *bytes, size_t n)
{
    if (n > sizeof c->out - c->size)
        flush(c);
    memcpy(c->out + c->size, bytes, n);
    c->size += n;
}

static void put_many(client *c, size_t n)
{
    static char bytes[65536];
    memset(bytes, 'x', sizeof bytes);
    for (size_t piece; n > 0; n -= piece) {
        piece = n < sizeof bytes ? n : sizeof bytes;
        put(c, bytes, piece);
    }
}

static void hear(client *c, void *room, size_t n)
{
    for (size_t got = 0; got < n;) {
        ssize_t more = recv(c->fd, (char *)room + got, n - got, 0);
        if (more <= 0)
            _exit(0);
        got += (size_t)more;
    }
}

static bool is_meant(const client *c, const char *text)
{
    const char *trigger = c->floods ? c->plan->trigger : NULL;
    return trigger != NULL && (trigger[0] != '\0' ? strstr(text, trigger) != NULL : text[0] == '\0');
}

static void pause_between(client *c)
{
    flush(c);
    if (c->plan->delays)
        usleep(20000);
}

/* ---- PostgreSQL ------------------------------------------------------------------------------------------------------- */

static void head(client *c, char type, uint32_t n)
{
    uint8_t bytes[5] = { (uint8_t)type };
    n = htonl(n + 4);
    memcpy(bytes + 1, &n, 4);
    put(c, bytes, 5);
}

static void message(client *c, char type, const void *body, size_t n)
{
    head(c, type, (uint32_t)n);
    put(c, body, n);
}

#define MESSAGE(c, type, body) message(c, type, body, sizeof body - 1)

static void ready(client *c)
{
    message(c, 'Z', &c->state, 1);
    flush(c);
}

static void one_column(client *c) { MESSAGE(c, 'T', "\0\1c\0\0\0\0\0\0\0\0\0\0\031\377\377\377\377\377\377\0\0"); }

/* The head of a row of one value. */
static void begin_value(client *c, uint32_t n)
{
    uint8_t row[6] = { 0, 1 };
    head(c, 'D', n + 6);
    n = htonl(n);
    memcpy(row + 2, &n, 4);
    put(c, row, 6);
}

static void parameter(client *c, size_t value)
{
    char name[32];
    int n = snprintf(name, sizeof name, "%llx", (unsigned long long)c->count++);
    head(c, 'S', (uint32_t)((size_t)n + 2 + value));
    put(c, name, (size_t)n + 1);
    put_many(c, value);
    put(c, "", 1);
}

static void pg_once(client *c)
{
    switch (c->plan->kind) {
    case FLOOD_NOTICES: MESSAGE(c, 'N', "SNOTICE\0VNOTICE\0C00000\0Mthe river has come over its banks\0\0"); break;
    case FLOOD_PARAMETERS: parameter(c, 0); break;
    case FLOOD_PARAMETERS_LARGE: parameter(c, 8000); break;
    case FLOOD_NOTES: MESSAGE(c, 'A', "\0\0\0\1channel\0what there is to be said\0"); break;
    case FLOOD_ANSWERS: MESSAGE(c, 'C', "SET\0"); break;
    default: put_many(c, 4096);
    }
}

static _Noreturn void pg_flood(client *c)
{
    bool copies = c->plan->kind == FLOOD_COPY_LONG;
    if (c->plan->kind == FLOOD_ROW_LONG) {
        one_column(c);
        begin_value(c, 1);
        put(c, "1", 1);
        begin_value(c, LONG);
    } else if (c->plan->kind == FLOOD_NOTICE_LONG || c->plan->kind == FLOOD_ERROR_LONG) {
        head(c, c->plan->kind == FLOOD_NOTICE_LONG ? 'N' : 'E', LONG);
        put(c, "SERROR\0C42000\0M", 15); /* the text of it is what comes */
    } else if (copies) {
        MESSAGE(c, 'H', "\0\0\0");
        MESSAGE(c, 'd', "a row\n");
        head(c, 'd', LONG);
    }
    pause_between(c);
    for (;;)
        pg_once(c);
}

static void pg_value(client *c)
{
    one_column(c);
    begin_value(c, (uint32_t)c->plan->size);
    put_many(c, c->plan->size);
    MESSAGE(c, 'C', "SELECT 1\0");
}

static void pg_answer(client *c, const char *text)
{
    bool begins = strncmp(text, "BEGIN", 5) == 0, ends = strncmp(text, "COMMIT", 6) == 0 || strncmp(text, "ROLLBACK", 8) == 0;
    if (is_meant(c, text) && !c->plan->prepares) {
        if (c->plan->kind != FLOOD_VALUE)
            pg_flood(c);
        pg_value(c);
        return;
    }
    c->state = begins ? 'T' : ends ? 'I' : c->state;
    if (text[0] == '\0')
        message(c, 'I', "", 0);
    else if (strncmp(text, "COPY", 4) == 0)
        MESSAGE(c, 'G', "\0\0\0");
    else if (begins)
        MESSAGE(c, 'C', "BEGIN\0");
    else if (ends)
        message(c, 'C', text[0] == 'C' ? "COMMIT" : "ROLLBACK", text[0] == 'C' ? 7 : 9);
    else
        MESSAGE(c, 'C', "SET\0");
}

static void pg_let_in(client *c)
{
    uint8_t request[4096];
    uint32_t n;
    hear(c, &n, 4);
    n = ntohl(n) - 4;
    if (n > sizeof request)
        _exit(0);
    hear(c, request, n);
    if (memcmp(request, "\0\3", 2) != 0)
        _exit(0); /* a cancel */
    MESSAGE(c, 'R', "\0\0\0\0");
    if (c->floods && c->plan->trigger == NULL)
        pg_flood(c);
    MESSAGE(c, 'S', "server_version\00015.1\0");
    MESSAGE(c, 'S', "client_encoding\0UTF8\0");
    MESSAGE(c, 'S', "standard_conforming_strings\0on\0");
    MESSAGE(c, 'K', "\0\0\0\1\0\0\0\2");
    ready(c);
}

static void pg_serve(client *c)
{
    static char body[1 << 20];
    pg_let_in(c);
    for (;;) {
        uint8_t bytes[5];
        uint32_t n;
        hear(c, bytes, 5);
        memcpy(&n, bytes + 1, 4);
        n = ntohl(n) - 4;
        if (n >= sizeof body)
            _exit(0);
        hear(c, body, n);
        body[n] = '\0';
        if (bytes[0] == 'P') {
            snprintf(c->text, sizeof c->text, "%.4000s", body + strlen(body) + 1);
            if (c->plan->prepares && body[0] != '\0' && is_meant(c, c->text))
                pg_flood(c);
        }
        switch (bytes[0]) {
        case 'Q': pg_answer(c, body), ready(c); break;
        case 'P': message(c, '1', "", 0); break;
        case 'B': message(c, '2', "", 0); break;
        case 'D':
            if (body[0] == 'S')
                MESSAGE(c, 't', "\0\0");
            if (strncmp(c->text, "SELECT", 6) != 0 || body[0] == 'S')
                message(c, 'n', "", 0);
            break;
        case 'E': pg_answer(c, c->text); break;
        case 'S': ready(c); break;
        case 'c': MESSAGE(c, 'C', "COPY 1\0"); break;
        case 'X': _exit(0);
        }
    }
}

/* ---- MariaDB ---------------------------------------------------------------------------------------------------------- */

static void packet_head(client *c, uint32_t n)
{
    const uint8_t bytes[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), c->number++ };
    put(c, bytes, 4);
}

static void packet(client *c, const void *body, size_t n)
{
    packet_head(c, (uint32_t)n);
    put(c, body, n);
}

#define PACKET(c, body) packet(c, body, sizeof body - 1)

static void column(client *c) { PACKET(c, "\3def\1d\1t\1t\1c\1c\014\055\0\377\377\377\377\374\0\0\0\0\0"); }
static void end_of(client *c) { PACKET(c, "\376\0\0\2\0"); }

static void fine(client *c)
{
    const uint8_t ok[] = { 0, 0, 0, c->state == 'T' ? 3 : 2, 0, 0, 0 };
    packet(c, ok, sizeof ok);
    flush(c);
}

static _Noreturn void maria_flood(client *c)
{
    enum flooder_kind kind = c->plan->kind;
    if (kind == FLOOD_ROW_LONG || kind == FLOOD_COLUMNS) {
        if (kind == FLOOD_COLUMNS)
            PACKET(c, "\375\377\377\377");
        else
            PACKET(c, "\1");
        column(c);
        if (kind == FLOOD_ROW_LONG)
            end_of(c);
    }
    pause_between(c);
    for (bool first = true;; first = false) {
        if (kind == FLOOD_COLUMNS) {
            column(c);
        } else if (kind == FLOOD_ANSWERS) { /* there are more of them */
            c->number = 1;
            PACKET(c, "\0\0\0\012\0\0\0");
        } else if (kind == FLOOD_PROGRESS) {
            PACKET(c, "\377\377\377\1\1\2\1\0\0\4wait");
        } else {
            packet_head(c, 0xffffff);
            const char *start = kind == FLOOD_ERROR_LONG ? "\377\1\4#HY000" : kind == FLOOD_SESSION ? "\0\0\0\2\100\0\0" : "\0\0\376\0\0\0\40\0\0\0\0";
            size_t n = kind == FLOOD_ERROR_LONG ? 9 : kind == FLOOD_SESSION ? 7 : 11;
            if (first)
                put(c, start, n);
            put_many(c, 0xffffff - (first ? n : 0));
        }
    }
}

static void maria_value(client *c)
{
    uint32_t n = (uint32_t)c->plan->size;
    const uint8_t start[] = { 0, 0, 0xfe, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24), 0, 0, 0, 0 };
    PACKET(c, "\1");
    column(c);
    end_of(c);
    packet_head(c, n + sizeof start); /* below 16 MB */
    put(c, start, sizeof start);
    put_many(c, n);
    end_of(c);
    flush(c);
}

/* What the driver asks for at connect: the step of keys, the isolation, the largest packet. */
static void maria_settings(client *c)
{
    PACKET(c, "\3");
    for (int i = 0; i < 3; i++)
        column(c);
    end_of(c);
    PACKET(c, "\0011\017REPEATABLE-READ\01016777216");
    end_of(c);
    flush(c);
}

static void maria_let_in(client *c)
{
    static const char greeting[] = "\n5.5.5-10.11.6-MariaDB\0\1\0\0\0abcdefgh\0\376\367\055\2\0\377\201\025\0\0\0\0\0\0\1\0"
                                   "\0\0ijklmnopqrst\0mysql_native_password";
    uint8_t bytes[4096];
    packet(c, greeting, sizeof greeting);
    flush(c);
    hear(c, bytes, 4);
    hear(c, bytes, (size_t)bytes[0] | (size_t)bytes[1] << 8);
    c->number = 2;
    if (c->floods && c->plan->trigger == NULL)
        maria_flood(c);
    fine(c);
}

static void maria_run(client *c, const char *text)
{
    if (is_meant(c, text) && !c->plan->prepares) {
        if (c->plan->kind != FLOOD_VALUE)
            maria_flood(c);
        maria_value(c);
        return;
    }
    if (strstr(text, "@@auto_increment_increment") != NULL) {
        maria_settings(c);
        return;
    }
    c->state = strncmp(text, "START", 5) == 0 ? 'T' : strcmp(text, "COMMIT") == 0 || strcmp(text, "ROLLBACK") == 0 ? 'I' : c->state;
    fine(c);
}

static void maria_serve(client *c)
{
    static char body[1 << 20];
    maria_let_in(c);
    for (;;) {
        uint8_t bytes[4];
        hear(c, bytes, 4);
        size_t n = (size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16;
        if (n >= sizeof body)
            _exit(0);
        hear(c, body, n);
        body[n] = '\0';
        c->number = 1;
        switch (body[0]) {
        case 1: _exit(0);
        case 3: maria_run(c, body + 1); break;
        case 22: { /* prepare */
            bool rows = strncmp(body + 1, "SELECT", 6) == 0;
            snprintf(c->text, sizeof c->text, "%.4000s", body + 1);
            if (c->plan->prepares && is_meant(c, c->text))
                maria_flood(c);
            const uint8_t prepared[12] = { 0, 1, 0, 0, 0, rows };
            packet(c, prepared, sizeof prepared);
            if (rows)
                column(c), end_of(c);
            flush(c);
            break;
        }
        case 23: maria_run(c, c->text); break;
        case 25: break;
        default: fine(c);
        }
    }
}

/* ---- the server ------------------------------------------------------------------------------------------------------- */

static int listen_at(struct flooder *f, bool mariadb, bool by_tcp)
{
    struct sockaddr_in net = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    socklen_t size = sizeof net;
    const char *folder = harness_folder();
    int fd = socket(by_tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(local.sun_path, sizeof local.sun_path, "%.90s/.s.PGSQL.5432", folder);
    unlink(local.sun_path);
    int bound = by_tcp ? bind(fd, (struct sockaddr *)&net, sizeof net) : bind(fd, (struct sockaddr *)&local, sizeof local);
    if (fd < 0 || bound != 0 || listen(fd, 8) != 0)
        return -1;
    if (by_tcp && getsockname(fd, (struct sockaddr *)&net, &size) == 0)
        snprintf(f->url, sizeof f->url, "%s://u@127.0.0.1:%d/d?%s", mariadb ? "mariadb" : "postgresql", ntohs(net.sin_port),
            mariadb ? "ssl=off" : "sslmode=disable&gssencmode=disable");
    else if (mariadb)
        snprintf(f->url, sizeof f->url, "mariadb://u@/d?socket=%s", local.sun_path);
    else
        snprintf(f->url, sizeof f->url, "postgresql://u@/d?host=%s&port=5432", folder);
    return fd;
}

static _Noreturn void serve_all(int listener, bool mariadb, const struct flooder_plan *plan)
{
    static client c;
    signal(SIGCHLD, SIG_IGN);
    for (bool floods = true;; floods = false) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            _exit(0);
        if (fork() == 0) {
            c = (client){ .fd = fd, .floods = floods, .plan = plan, .state = 'I' };
            if (mariadb)
                maria_serve(&c);
            else
                pg_serve(&c);
        }
        close(fd);
    }
}

bool flooder_start(struct flooder *f, bool mariadb, bool by_tcp, const struct flooder_plan *plan)
{
    int listener = listen_at(f, mariadb, by_tcp);
    if (listener < 0)
        return false;
    f->child = fork();
    if (f->child == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that was ended leaves nobody behind */
        serve_all(listener, mariadb, plan);
    }
    (void)setpgid(f->child, f->child);
    close(listener);
    return f->child > 0;
}

void flooder_stop(struct flooder *f)
{
    kill(-f->child, SIGKILL);
    waitpid(f->child, NULL, 0);
}
