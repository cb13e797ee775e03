/* relay.c: one thread that carries bytes both ways between sockets. See relay.h. */
#include <config.h>
#include "relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

static struct sockaddr_in local(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static void cut(struct relay *r, int i)
{
    for (int side = 0; side < 2; side++)
        close(r->links[i][side]);
    r->links[i][0] = r->links[i][1] = -1;
}

static void let_in(struct relay *r)
{
    struct sockaddr_in to = local(r->server_port);
    int client = accept(r->listener, NULL, NULL), server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), i = 0;
    while (i < RELAY_LINKS && r->links[i][0] >= 0)
        i++;
    if (client < 0 || server < 0 || i == RELAY_LINKS || connect(server, (struct sockaddr *)&to, sizeof to) != 0) {
        close(client);
        close(server);
        return;
    }
    r->links[i][0] = client;
    r->links[i][1] = server;
}

static void send_all(int fd, const char *bytes, size_t n)
{
    for (ssize_t sent; n > 0; bytes += sent, n -= (size_t)sent) {
        sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
    }
}

static void carry(struct relay *r, int i, int from)
{
    char bytes[16384];
    int mode = atomic_load(&r->mode);
    ssize_t n = recv(r->links[i][from], bytes, sizeof bytes, 0);
    bool commit = n > 0 && from == 0 && mode >= RELAY_SWALLOW_ANSWER && memmem(bytes, (size_t)n, "COMMIT", 7) != NULL;
    if (n <= 0 || (commit && mode == RELAY_DROP_COMMIT)) {
        cut(r, i);
    } else if (commit) {
        send_all(r->links[i][1], bytes, (size_t)n);
        (void)recv(r->links[i][1], bytes, 1, MSG_PEEK);
        cut(r, i);
    } else {
        send_all(r->links[i][!from], bytes, (size_t)n);
    }
    if (commit)
        atomic_store(&r->mode, RELAY_PASS);
}

static void *run(void *arg)
{
    struct relay *r = arg;
    while (!atomic_load(&r->stop)) {
        struct pollfd fds[1 + 2 * RELAY_LINKS];
        int mode = atomic_load(&r->mode);
        fds[0] = (struct pollfd){ mode == RELAY_STALL || mode == RELAY_STALL_NEW ? -1 : r->listener, POLLIN, 0 };
        for (int i = 0; i < 2 * RELAY_LINKS; i++)
            fds[1 + i] = (struct pollfd){ mode == RELAY_STALL ? -1 : r->links[i / 2][i % 2], POLLIN, 0 };
        if (poll(fds, 1 + 2 * RELAY_LINKS, 5) <= 0 || atomic_load(&r->mode) != mode)
            continue;
        for (int i = 0; i < 2 * RELAY_LINKS; i++) {
            if (fds[1 + i].revents != 0 && r->links[i / 2][0] >= 0)
                carry(r, i / 2, i % 2);
        }
        if (fds[0].revents != 0)
            let_in(r);
    }
    return NULL;
}

bool relay_start(struct relay *r, const char *url)
{
    const char *tcp = getenv("SQLA_TEST_POSTGRES_TCP_URL"), *host = tcp != NULL ? strchr(tcp, '@') : NULL;
    const char *port = host != NULL ? strchr(host, ':') : NULL;
    struct sockaddr_in at = local(0);
    socklen_t size = sizeof at;
    if (port == NULL)
        return false;
    memset(r, 0, sizeof *r);
    memset(r->links, -1, sizeof r->links);
    r->server_port = atoi(port + 1);
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(r->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(r->listener, 32) != 0 ||
        getsockname(r->listener, (struct sockaddr *)&at, &size) != 0 || pthread_create(&r->thread, NULL, run, r) != 0) {
        close(r->listener);
        return false;
    }
    /* What goes by is read, so it is not encrypted. */
    snprintf(r->url, sizeof r->url, "postgresql://sqla:sesame@127.0.0.1:%d/%s?sslmode=disable", ntohs(at.sin_port),
        harness_sql_text(url, "SELECT current_database()"));
    return true;
}

void relay_stop(struct relay *r)
{
    atomic_store(&r->stop, true);
    pthread_join(r->thread, NULL);
    for (int i = 0; i < RELAY_LINKS; i++)
        cut(r, i);
    close(r->listener);
}
