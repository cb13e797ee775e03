/* proxy.c: a TCP proxy between a test and a server. See proxy.h, which also says whose it is.
 *
 * One thread polls everything. A link is two sockets and a buffer each way, which is filled when it is empty, so that no more
 * than one buffer is ever held back. Rules lie beside a mutex, which the thread holds while it works and gives up while it
 * polls; a byte in a pipe wakes it when a rule has changed. */
#define _GNU_SOURCE 1
#include <config.h>
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef WITH_POSTGRES
#include <libpq-fe.h>
#endif

#include "harness.h"

enum { LINKS = 64, ROOM = 16384, PIECE = 32 };

typedef struct lane {
    int from, to;
    size_t size, at;           /* what the buffer holds, and what of it has gone */
    bool ended;                /* the sender has said all */
    char data[ROOM];
} lane;

typedef struct link_pair {
    bool open, swallowing;
    int fds[2];                /* the client's, the server's */
    lane lanes[2];             /* by proxy_way */
} link_pair;

struct proxy {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t seen;       /* the thread has taken note of the rules */
    int listener, port, wake[2];
    char host[256], number[16], login[258], database[128], url[1024];
    bool mariadb, tls, stop, changed;
    unsigned reset;            /* so many of a hundred links, chosen by */
    uint32_t lots;
    int64_t cut[2];            /* bytes that may still pass; -1: no limit */
    bool stalled[2], drip;
    uint32_t seed;
    const char *swallow;
    uint64_t bytes[2], writes[2];
    unsigned accepted;
    link_pair *links;
};

/* ---- sockets --------------------------------------------------------------------------------------------------------- */

static int tune(int fd)
{
    int one = 1;
    if (fd < 0)
        return fd;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* a Unix socket has no such thing, and no delay */
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

static int connect_unix(const char *folder, const char *number)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    if (snprintf(to.sun_path, sizeof to.sun_path, "%s/.s.PGSQL.%s", folder, number) >= (int)sizeof to.sun_path)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int connect_tcp(const char *host, const char *number)
{
    struct addrinfo *found = NULL, hints = { .ai_socktype = SOCK_STREAM };
    int fd = -1;
    if (getaddrinfo(host, number, &hints, &found) != 0)
        return -1;
    for (struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

static int connect_server(const proxy *p)
{
    return tune(p->host[0] == '/' ? connect_unix(p->host, p->number) : connect_tcp(p->host, p->number));
}

static int listen_somewhere(int *ret_port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 64) != 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0) {
        close(fd);
        return -1;
    }
    *ret_port = ntohs(at.sin_port);
    return tune(fd);
}

/* ---- links ----------------------------------------------------------------------------------------------------------- */

static void close_link(link_pair *l, bool reset)
{
    const struct linger at_once = { 1, 0 };
    for (int i = 0; i < 2 && l->open; i++) {
        if (reset)
            (void)setsockopt(l->fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(l->fds[i]);
    }
    l->open = false;
}

static void open_link(proxy *p)
{
    link_pair *l = p->links;
    int client = tune(accept(p->listener, NULL, NULL));
    if (client < 0)
        return;
    while (l < p->links + LINKS && l->open)
        l++;
    int server = l < p->links + LINKS ? connect_server(p) : -1;
    if (server < 0) {
        close(client);
        return;
    }
    l->open = true;
    l->swallowing = false;
    l->fds[0] = client;
    l->fds[1] = server;
    for (int way = 0; way < 2; way++) {
        lane *a = &l->lanes[way];
        a->from = l->fds[way];
        a->to = l->fds[1 - way];
        a->size = a->at = 0;
        a->ended = false;
    }
    p->accepted++;
}

static bool again(void) { return errno == EAGAIN || errno == EINTR; }

/* Fill the buffer of a lane.  Returns: false when the link is broken. */
static bool take_in(proxy *p, link_pair *l, int way)
{
    lane *a = &l->lanes[way];
    ssize_t n = recv(a->from, a->data, sizeof a->data, 0);
    if (n < 0)
        return again();
    a->size = (size_t)n;
    a->at = 0;
    a->ended = n == 0;
    if (way == PROXY_UP && n > 0 && p->swallow != NULL && memmem(a->data, a->size, p->swallow, strlen(p->swallow)) != NULL) {
        p->swallow = NULL;
        l->swallowing = true;
    }
    return true;
}

/* Never 0 itself, which would mean no seed. */
static uint32_t next_lot(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    *seed += *seed == 0;
    return *seed >> 16;
}

/* How much of what a lane holds may go in one write. */
static size_t portion(proxy *p, const lane *a, int way)
{
    size_t n = a->size - a->at;
    if (p->drip) {
        n = 1;
    } else if (p->seed != 0) {
        size_t piece = 1 + next_lot(&p->seed) % PIECE;
        n = n < piece ? n : piece;
    }
    return p->cut[way] >= 0 && (uint64_t)p->cut[way] < n ? (size_t)p->cut[way] : n;
}

/* Pass on what a lane holds.  Returns: false when the link has ended. */
static bool pass_on(proxy *p, link_pair *l, int way)
{
    lane *a = &l->lanes[way];
    if (way == PROXY_DOWN && l->swallowing)
        return false; /* the answer has come, and is lost with the link */
    size_t n = portion(p, a, way);
    ssize_t sent = n > 0 ? send(a->to, a->data + a->at, n, MSG_NOSIGNAL) : 0;
    if (sent < 0)
        return again();
    a->at += (size_t)sent;
    p->bytes[way] += (uint64_t)sent;
    p->writes[way] += n > 0;
    if (p->cut[way] >= 0 && (p->cut[way] -= sent) == 0) {
        p->cut[way] = -1;
        return false;
    }
    return true;
}

/* One lane's turn, by what poll saw.  Returns: false when the link has ended. */
static bool step_lane(proxy *p, link_pair *l, int way, short from_seen, short to_seen)
{
    lane *a = &l->lanes[way];
    bool holds = a->at < a->size;
    if (!holds && !a->ended && (from_seen & (POLLIN | POLLHUP | POLLERR)) != 0) {
        if (!take_in(p, l, way))
            return false;
        if (a->ended)
            shutdown(a->to, SHUT_WR);
        return !(l->lanes[0].ended && l->lanes[1].ended);
    }
    if (holds && p->stalled[way])
        return (from_seen & (POLLRDHUP | POLLHUP | POLLERR)) == 0 && (to_seen & (POLLRDHUP | POLLHUP | POLLERR)) == 0;
    return !holds || (to_seen & (POLLOUT | POLLERR | POLLHUP)) == 0 || pass_on(p, l, way);
}

/* ---- the thread ------------------------------------------------------------------------------------------------------ */

static short wanted(const proxy *p, const link_pair *l, int side)
{
    const lane *out = &l->lanes[side], *in = &l->lanes[1 - side]; /* what comes from this side, and what goes to it */
    bool waits = (out->at < out->size && p->stalled[side]) || (in->at < in->size && p->stalled[1 - side]);
    short events = waits ? POLLRDHUP : 0;
    if (out->at >= out->size && !out->ended)
        events |= POLLIN;
    if (in->at < in->size && !p->stalled[1 - side])
        events |= POLLOUT;
    return events;
}

static void take_note(proxy *p)
{
    char bytes[64];
    while (read(p->wake[0], bytes, sizeof bytes) > 0)
        ;
    for (int i = 0; i < LINKS && p->reset > 0; i++) {
        if (next_lot(&p->lots) % 100 < p->reset)
            close_link(&p->links[i], true);
    }
    p->reset = 0;
    p->changed = false;
    pthread_cond_broadcast(&p->seen);
}

static void step_link(proxy *p, link_pair *l, const struct pollfd *client, const struct pollfd *server)
{
    if (!step_lane(p, l, PROXY_UP, client->revents, server->revents) || !step_lane(p, l, PROXY_DOWN, server->revents, client->revents))
        close_link(l, false);
}

/* A side from which nothing is wanted now is left out, since poll would tell of its end again and again. */
static void look_at(struct pollfd *look, int fd, short events)
{
    *look = (struct pollfd){ events != 0 ? fd : -1, events, 0 };
}

static void turn(proxy *p)
{
    struct pollfd looks[2 + 2 * LINKS] = { { p->wake[0], POLLIN, 0 }, { p->listener, POLLIN, 0 } };
    for (int i = 0; i < LINKS; i++) {
        for (int side = 0; side < 2; side++)
            look_at(&looks[2 + 2 * i + side], p->links[i].open ? p->links[i].fds[side] : -1,
                p->links[i].open ? wanted(p, &p->links[i], side) : 0);
    }
    pthread_mutex_unlock(&p->lock);
    (void)poll(looks, 2 + 2 * LINKS, -1);
    pthread_mutex_lock(&p->lock);
    if (p->changed)
        take_note(p);
    for (int i = 0; i < LINKS; i++) {
        if (p->links[i].open)
            step_link(p, &p->links[i], &looks[2 + 2 * i], &looks[3 + 2 * i]);
    }
    if ((looks[1].revents & POLLIN) != 0)
        open_link(p);
}

static void *run(void *arg)
{
    proxy *p = arg;
    pthread_mutex_lock(&p->lock);
    while (!p->stop)
        turn(p);
    for (int i = 0; i < LINKS; i++)
        close_link(&p->links[i], false);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------------------------------ */

static void release(proxy *p)
{
    int fds[] = { p->listener, p->wake[0], p->wake[1] };
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    free(p->links);
    free(p);
}

proxy *proxy_new(const char *host, const char *port)
{
    proxy *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->wake[0] = p->wake[1] = -1;
    p->cut[0] = p->cut[1] = -1;
    p->links = calloc(LINKS, sizeof *p->links);
    p->listener = listen_somewhere(&p->port);
    snprintf(p->host, sizeof p->host, "%s", host);
    snprintf(p->number, sizeof p->number, "%s", port);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->seen, NULL);
    if (p->links != NULL && p->listener >= 0 && pipe(p->wake) == 0) {
        tune(p->wake[0]);
        tune(p->wake[1]);
        if (pthread_create(&p->thread, NULL, run, p) == 0)
            return p;
    }
    release(p);
    return NULL;
}

#ifdef WITH_POSTGRES
static void keep(char *room, size_t size, const char *value, const char *otherwise)
{
    snprintf(room, size, "%s", value != NULL && *value != '\0' ? value : otherwise);
}

static proxy *for_postgres(const char *url)
{
    char host[256] = "127.0.0.1", port[16] = "5432", user[128] = "", password[128] = "", database[128] = "";
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (strcmp(o->keyword, "host") == 0)
            keep(host, sizeof host, o->val, host);
        else if (strcmp(o->keyword, "port") == 0)
            keep(port, sizeof port, o->val, port);
        else if (strcmp(o->keyword, "user") == 0)
            keep(user, sizeof user, o->val, "");
        else if (strcmp(o->keyword, "password") == 0)
            keep(password, sizeof password, o->val, "");
        else if (strcmp(o->keyword, "dbname") == 0)
            keep(database, sizeof database, o->val, "");
    }
    proxy *p = options != NULL ? proxy_new(host, port) : NULL;
    PQconninfoFree(options);
    if (p == NULL)
        return NULL;
    snprintf(p->login, sizeof p->login, "%s%s%s%s", user, *password != '\0' ? ":" : "", password, *user != '\0' ? "@" : "");
    snprintf(p->database, sizeof p->database, "%s", database);
    return p;
}
#else
static proxy *for_postgres(const char *url)
{
    (void)url;
    return NULL;
}
#endif

/* The test's database by the server's TCP port, whatever way url goes. */
static proxy *for_tcp(const char *url)
{
    char host[80], port[16], database[80];
    bool mariadb = harness_is_mariadb(url);
    if (sscanf(strstr(url, "://") + 3, "%*[^/]/%79[^?]", database) != 1)
        return NULL;
    const char *tcp = mariadb ? harness_mariadb_tcp("u", "p", database) : harness_postgres_tcp("u", "p", database);
    if (sscanf(tcp, "%*[a-z]://u:p@%79[^:]:%15[0-9]", host, port) != 2)
        return NULL;
    proxy *p = proxy_new(host, port);
    if (p == NULL)
        return NULL;
    p->mariadb = mariadb;
    snprintf(p->login, sizeof p->login, "sqla:sesame@");
    snprintf(p->database, sizeof p->database, "%s", database);
    return p;
}

proxy *proxy_for(const char *url)
{
    return harness_is_mariadb(url) ? for_tcp(url) : for_postgres(url);
}

proxy *proxy_for_tls(const char *url)
{
    proxy *p = for_tcp(url);
    if (p != NULL)
        p->tls = true;
    return p;
}

static void change(proxy *p)
{
    p->changed = true;
    while (write(p->wake[1], "", 1) < 0 && errno == EINTR)
        ;
    while (p->changed && !p->stop)
        pthread_cond_wait(&p->seen, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void proxy_free(proxy *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    change(p);
    pthread_join(p->thread, NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->seen);
    release(p);
}

int proxy_port(const proxy *p) { return p->port; }

/* Without encryption, unless it is asked for, since rules count bytes. */
const char *proxy_url(proxy *p, const char *piece)
{
    static const char *const ciphers[2][2] = { { "sslmode=disable&gssencmode=disable", "sslmode=require" }, { "ssl=off", "ssl=on&ssl_verify=off" } };
    snprintf(p->url, sizeof p->url, "%s://%s127.0.0.1:%d/%s?%s%s%s", p->mariadb ? "mariadb" : "postgresql", p->login, p->port, p->database,
        ciphers[p->mariadb][p->tls], piece != NULL ? "&" : "", piece != NULL ? piece : "");
    return p->url;
}

/* ---- rules ----------------------------------------------------------------------------------------------------------- */

void proxy_clear(proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->cut[0] = p->cut[1] = -1;
    p->stalled[0] = p->stalled[1] = p->drip = false;
    p->seed = 0;
    p->swallow = NULL;
    change(p);
}

void proxy_cut(proxy *p, proxy_way way, int64_t bytes)
{
    pthread_mutex_lock(&p->lock);
    p->cut[way] = bytes;
    change(p);
}

void proxy_stall(proxy *p, proxy_way way, bool on)
{
    pthread_mutex_lock(&p->lock);
    p->stalled[way] = on;
    change(p);
}

void proxy_drip(proxy *p, bool on)
{
    pthread_mutex_lock(&p->lock);
    p->drip = on;
    change(p);
}

void proxy_split(proxy *p, uint32_t seed)
{
    pthread_mutex_lock(&p->lock);
    p->seed = seed;
    change(p);
}

void proxy_swallow(proxy *p, const char *text)
{
    pthread_mutex_lock(&p->lock);
    p->swallow = text;
    change(p);
}

void proxy_reset(proxy *p) { proxy_reset_some(p, 100, 1); }

void proxy_reset_some(proxy *p, unsigned percent, uint32_t seed)
{
    pthread_mutex_lock(&p->lock);
    p->reset = percent;
    p->lots = seed;
    change(p);
}

/* ---- counts ---------------------------------------------------------------------------------------------------------- */

uint64_t proxy_bytes(proxy *p, proxy_way way)
{
    pthread_mutex_lock(&p->lock);
    uint64_t n = p->bytes[way];
    pthread_mutex_unlock(&p->lock);
    return n;
}

uint64_t proxy_writes(proxy *p, proxy_way way)
{
    pthread_mutex_lock(&p->lock);
    uint64_t n = p->writes[way];
    pthread_mutex_unlock(&p->lock);
    return n;
}

unsigned proxy_links(proxy *p)
{
    unsigned n = 0;
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < LINKS; i++) {
        const link_pair *l = &p->links[i];
        n += l->open && !l->lanes[PROXY_UP].ended && !l->lanes[PROXY_DOWN].ended;
    }
    pthread_mutex_unlock(&p->lock);
    return n;
}

unsigned proxy_accepted(proxy *p)
{
    pthread_mutex_lock(&p->lock);
    unsigned n = p->accepted;
    pthread_mutex_unlock(&p->lock);
    return n;
}

bool proxy_armed(proxy *p)
{
    pthread_mutex_lock(&p->lock);
    bool armed = p->cut[0] >= 0 || p->cut[1] >= 0 || p->swallow != NULL;
    pthread_mutex_unlock(&p->lock);
    return armed;
}
