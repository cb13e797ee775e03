/* test-proxy.c: the proxy that other tests are judged by, before a server that sends back what it gets. */
#include <config.h>
#include "proxy.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

/* ---- the server ------------------------------------------------------------------------------------------------------ */

typedef struct echo {
    pthread_t thread;
    int listener, got_fd[2];
    uint64_t got;              /* bytes that came, over all links, one link after the other */
    proxy *p;
} echo;

static int listen_here(int *ret_port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 8) == 0);
    CU_ASSERT_FATAL(getsockname(fd, (struct sockaddr *)&at, &size) == 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

/* What is written goes out at once. */
static void no_delay(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* Each link is served until its end; the listener's end is the thread's. */
static void *serve(void *arg)
{
    echo *e = arg;
    char room[4096];
    for (int fd; (fd = accept(e->listener, NULL, NULL)) >= 0; close(fd)) {
        no_delay(fd);
        for (ssize_t n; (n = recv(fd, room, sizeof room, 0)) > 0;) {
            e->got += (uint64_t)n;
            if (send(fd, room, (size_t)n, MSG_NOSIGNAL) < 0)
                break;
        }
        CU_ASSERT_EQUAL(write(e->got_fd[1], &e->got, sizeof e->got), (ssize_t)sizeof e->got);
    }
    return NULL;
}

static void start(echo *e)
{
    char number[16];
    int port = 0;
    *e = (echo){ .listener = listen_here(&port) };
    snprintf(number, sizeof number, "%d", port);
    CU_ASSERT_EQUAL_FATAL(pipe(e->got_fd), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&e->thread, NULL, serve, e), 0);
    e->p = proxy_new("127.0.0.1", number);
    CU_ASSERT_PTR_NOT_NULL_FATAL(e->p);
}

static void end(echo *e)
{
    proxy_free(e->p);
    shutdown(e->listener, SHUT_RDWR);
    pthread_join(e->thread, NULL);
    close(e->listener);
    close(e->got_fd[0]);
    close(e->got_fd[1]);
}

/* Bytes that the server had got when a link ended. */
static uint64_t got_at_the_end(echo *e)
{
    uint64_t n = 0;
    CU_ASSERT_EQUAL(read(e->got_fd[0], &n, sizeof n), (ssize_t)sizeof n);
    return n;
}

/* ---- the client ------------------------------------------------------------------------------------------------------ */

static int dial(const echo *e)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)proxy_port(e->p)) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    no_delay(fd);
    return fd;
}

static bool readable_within(int fd, int ms)
{
    struct pollfd look = { fd, POLLIN, 0 };
    return poll(&look, 1, ms) > 0;
}

/* Read n bytes, or as many as come before the end.  Returns: how many; *ret_reset: it ended with a reset. */
static size_t receive(int fd, char *room, size_t n, bool *ret_reset)
{
    size_t at = 0;
    ssize_t got = 1;
    while (at < n && (got = recv(fd, room + at, n - at, 0)) > 0)
        at += (size_t)got;
    *ret_reset = got < 0 && errno == ECONNRESET;
    return at;
}

static char *noise(size_t n)
{
    char *bytes = malloc(n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    uint32_t x = 12345;
    for (size_t i = 0; i < n; i++, x = x * 1664525u + 1013904223u)
        bytes[i] = (char)(x >> 24);
    return bytes;
}

/* What is sent comes back byte for byte, in pieces that fit into what sockets hold. */
static bool comes_back(int fd, size_t n)
{
    char *sent = noise(n), *back = malloc(n);
    bool same = back != NULL, reset;
    for (size_t at = 0; same && at < n; at += 8192) {
        size_t piece = n - at < 8192 ? n - at : 8192;
        same = send(fd, sent + at, piece, MSG_NOSIGNAL) == (ssize_t)piece && receive(fd, back + at, piece, &reset) == piece;
    }
    same = same && memcmp(sent, back, n) == 0;
    free(sent);
    free(back);
    return same;
}

/* ---- the tests ------------------------------------------------------------------------------------------------------- */

static void pass__everything_as_it_came(const char *url)
{
    echo e;
    (void)url;
    start(&e);
    int fd = dial(&e);
    CU_ASSERT(comes_back(fd, 300000));
    CU_ASSERT_EQUAL(proxy_bytes(e.p, PROXY_UP), 300000);
    CU_ASSERT_EQUAL(proxy_bytes(e.p, PROXY_DOWN), 300000);
    CU_ASSERT_EQUAL(proxy_links(e.p), 1);
    close(fd);
    CU_ASSERT_EQUAL(got_at_the_end(&e), 300000);
    end(&e);
}

static void pass__in_pieces(const char *url)
{
    echo e;
    (void)url;
    start(&e);
    int fd = dial(&e);
    proxy_drip(e.p, true);
    CU_ASSERT(comes_back(fd, 3000));
    CU_ASSERT_EQUAL(proxy_writes(e.p, PROXY_UP), 3000);
    CU_ASSERT_EQUAL(proxy_writes(e.p, PROXY_DOWN), 3000);
    proxy_clear(e.p);
    proxy_split(e.p, 7);
    CU_ASSERT(comes_back(fd, 30000));
    uint64_t pieces = proxy_writes(e.p, PROXY_UP) - 3000;
    CU_ASSERT(pieces > 30000 / 32 && pieces < 30000 / 4);
    close(fd);
    end(&e);
}

static void cut__after_so_many_bytes_and_once(const char *url)
{
    char room[100] = "";
    bool reset;
    echo e;
    (void)url;
    start(&e);
    int fd = dial(&e);
    proxy_cut(e.p, PROXY_DOWN, 40);
    CU_ASSERT(proxy_armed(e.p));
    CU_ASSERT_EQUAL(send(fd, room, sizeof room, 0), (ssize_t)sizeof room);
    CU_ASSERT_EQUAL(receive(fd, room, sizeof room, &reset), 40);
    CU_ASSERT_EQUAL(got_at_the_end(&e), 100);
    CU_ASSERT_FALSE(proxy_armed(e.p));
    close(fd);
    fd = dial(&e);
    CU_ASSERT(comes_back(fd, 5000)); /* once */
    proxy_cut(e.p, PROXY_UP, 0);
    CU_ASSERT_EQUAL(send(fd, room, sizeof room, 0), (ssize_t)sizeof room);
    CU_ASSERT_EQUAL(receive(fd, room, sizeof room, &reset), 0);
    CU_ASSERT_EQUAL(got_at_the_end(&e), 5100);
    close(fd);
    fd = dial(&e);
    proxy_cut(e.p, PROXY_UP, 33);
    CU_ASSERT_EQUAL(send(fd, room, sizeof room, 0), (ssize_t)sizeof room);
    receive(fd, room, sizeof room, &reset);
    CU_ASSERT_EQUAL(got_at_the_end(&e), 5133);
    close(fd);
    CU_ASSERT_EQUAL(proxy_links(e.p), 0);
    CU_ASSERT_EQUAL(proxy_accepted(e.p), 3);
    end(&e);
}

static void stall__holds_and_lets_go(const char *url)
{
    char room[10];
    bool reset;
    echo e;
    (void)url;
    start(&e);
    int fd = dial(&e);
    proxy_stall(e.p, PROXY_DOWN, true);
    CU_ASSERT_EQUAL(send(fd, "0123456789", 10, 0), 10);
    CU_ASSERT_FALSE(readable_within(fd, 50));
    proxy_stall(e.p, PROXY_DOWN, false);
    CU_ASSERT_EQUAL(receive(fd, room, sizeof room, &reset), 10);
    CU_ASSERT_EQUAL(memcmp(room, "0123456789", 10), 0);
    proxy_stall(e.p, PROXY_UP, true);
    CU_ASSERT_EQUAL(send(fd, "0123456789", 10, 0), 10);
    CU_ASSERT_FALSE(readable_within(fd, 50));
    close(fd); /* and what was held is lost with the link */
    CU_ASSERT_EQUAL(got_at_the_end(&e), 10);
    CU_ASSERT_EQUAL(proxy_links(e.p), 0);
    end(&e);
}

static void swallow__the_answer_to_a_text(const char *url)
{
    char room[20];
    bool reset;
    echo e;
    (void)url;
    start(&e);
    int fd = dial(&e);
    proxy_swallow(e.p, "COMMIT");
    CU_ASSERT(comes_back(fd, 100));
    CU_ASSERT_EQUAL(send(fd, "Q COMMIT;", 9, 0), 9);
    CU_ASSERT_EQUAL(receive(fd, room, sizeof room, &reset), 0);
    CU_ASSERT_EQUAL(got_at_the_end(&e), 109);
    CU_ASSERT_FALSE(proxy_armed(e.p));
    close(fd);
    end(&e);
}

static void reset__is_a_reset(const char *url)
{
    char room[20];
    bool reset = false;
    echo e;
    (void)url;
    start(&e);
    int fd = dial(&e);
    CU_ASSERT(comes_back(fd, 100));
    proxy_reset(e.p);
    CU_ASSERT_EQUAL(receive(fd, room, sizeof room, &reset), 0);
    CU_ASSERT(reset);
    CU_ASSERT_EQUAL(got_at_the_end(&e), 100);
    close(fd);
    end(&e);
}

/* The server is busy with the first of them, and the others have only come about. */
static void reset__of_some(const char *url)
{
    enum { ALL = 8 };
    char room[20];
    int fds[ALL];
    unsigned lost = 0;
    echo e;
    (void)url;
    start(&e);
    for (int i = 0; i < ALL; i++)
        fds[i] = dial(&e);
    while (proxy_links(e.p) < ALL)
        nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    proxy_reset_some(e.p, 50, 4711);
    for (int i = 0; i < ALL; i++) {
        lost += recv(fds[i], room, sizeof room, MSG_DONTWAIT) < 0 && errno == ECONNRESET;
        close(fds[i]);
    }
    CU_ASSERT(lost > 0 && lost < ALL);
    end(&e);
}

static void server__that_is_not_there_ends_the_link(const char *url)
{
    char room[20];
    bool reset;
    (void)url;
    echo e = { .p = proxy_new("/nonexistent", "1") };
    int fd = dial(&e);
    CU_ASSERT_EQUAL(receive(fd, room, sizeof room, &reset), 0);
    CU_ASSERT_EQUAL(proxy_accepted(e.p), 0);
    close(fd);
    proxy_free(e.p);
    proxy_free(NULL);
}

static const struct harness_test tests[] = {
    { "pass everything as it came", pass__everything_as_it_came, HARNESS_PLAIN },
    { "pass in pieces", pass__in_pieces, HARNESS_PLAIN },
    { "cut after so many bytes, and once", cut__after_so_many_bytes_and_once, HARNESS_PLAIN },
    { "stall holds and lets go", stall__holds_and_lets_go, HARNESS_PLAIN },
    { "swallow the answer to a text", swallow__the_answer_to_a_text, HARNESS_PLAIN },
    { "reset is a reset", reset__is_a_reset, HARNESS_PLAIN },
    { "reset of some", reset__of_some, HARNESS_PLAIN },
    { "server that is not there ends the link", server__that_is_not_there_ends_the_link, HARNESS_PLAIN },
};

int main(void) { return harness_main("test-proxy", tests, sizeof tests / sizeof tests[0]); }
