/* talk.h: a server within the process, to which a driver connects by a Unix socket, and which says what
 * the bytes of a target say. For the targets that speak the protocols.
 *
 * It answers as a server does up to a stage, and says the stream of the target then, after which it says
 * nothing more; it reads on until the driver closes. Connections that come meanwhile, as for a cancel, are
 * closed at once. */
#ifndef TESTS_FUZZ_TALK_H
#define TESTS_FUZZ_TALK_H

#include "fuzz.h"

enum { TALK_ROOM = 65536 };
typedef struct talk_stream {
    uint8_t bytes[TALK_ROOM];
    size_t n;
} talk_stream;

/* Append n bytes, as far as there is room. */
static inline void talk_add(talk_stream *s, const void *bytes, size_t n)
{
    n = n < sizeof s->bytes - s->n ? n : sizeof s->bytes - s->n;
    memcpy(s->bytes + s->n, bytes, n);
    s->n += n;
}

typedef struct talk_protocol {
    const char *socket; /* the name of the socket in the folder */
    /* Write what an honest server says at that stage (0: the greeting). */
    void (*honest)(int stage, talk_stream *to);
    /* Read one message of the client.  Returns: does the server answer it? -1: the client has gone. */
    int (*hear)(int fd, int stage);
} talk_protocol;

/* Have the server say the stream at that stage, on the next connection.  Returns: the folder of the
 * socket. */
const char *talk_prepare(const talk_protocol *protocol, int stage, const talk_stream *stream);
/* Wait until the connection has ended. */
void talk_end(void);
bool talk_read(int fd, void *room, size_t n);
/* What a program does with a connection: run something, read what came, by views or by a plan of one slot,
 * look and close. how: bits that choose. */
void talk_use(const sqla_driver *driver, const sqla_connect_param *params, uint32_t count, unsigned how);

#endif
