/* postgres-talk.c: a PostgreSQL server that says anything: instead of its greeting, of the answer to the
 * settings of a session, to a statement that is prepared, or to one that is run; as bytes, or as messages
 * of the protocol. */
#include <config.h>
#include "talk.h"

#include "postgres/postgres.h"

static void put32(uint8_t *to, size_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void add(talk_stream *s, char type, const void *body, size_t n)
{
    uint8_t head[5] = { (uint8_t)type };
    put32(head + 1, n + 4);
    talk_add(s, head, 5);
    talk_add(s, body, n);
}

/* ---- the honest server --------------------------------------------------------------------------------- */

static void honest(int stage, talk_stream *s)
{
    if (stage == 0) {
        add(s, 'R', "\0\0\0\0", 4);
        add(s, 'S', "server_version\00015.1", 20);
        add(s, 'S', "client_encoding\0UTF8", 21);
        add(s, 'K', "\0\0\0\1\0\0\0\2", 8);
    } else if (stage == 1) {
        add(s, 'C', "SET", 4);
    } else { /* what is prepared has no parameters, and one column */
        add(s, '1', NULL, 0);
        add(s, 't', "\0\0", 2);
        add(s, 'T', "\0\1c\0\0\0\0\0\0\0\0\0\0\027\0\4\377\377\377\377\0\0", 22);
    }
    add(s, 'Z', "I", 1);
}

static int hear(int fd, int stage)
{
    uint8_t head[5], body[4096];
    bool first = stage == 0;
    if (!talk_read(fd, head + first, 5u - first))
        return -1;
    size_t n = ((size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4]) - 4;
    if (n > sizeof body || !talk_read(fd, body, n))
        return -1;
    return first || head[0] == 'Q' || head[0] == 'S';
}

/* ---- the other one ------------------------------------------------------------------------------------- */

static void add_columns(fuzz_in *in, talk_stream *s)
{
    static const uint16_t oids[] = { 16, 17, 20, 21, 23, 25, 114, 700, 701, 1005, 1007, 1009, 1043, 1082,
        1114, 1184, 1186, 1231, 1700, 2950, 3802, 9999 };
    uint8_t body[200] = { 0, (uint8_t)(fuzz_byte(in) % 4) };
    size_t n = 2;
    for (int i = 0; i < body[1]; i++) {
        memcpy(body + n, "c\0\0\0\0\0\0\0", 8);
        put32(body + n + 8, oids[fuzz_byte(in) % (sizeof oids / sizeof oids[0])]);
        memcpy(body + n + 12, "\377\377\377\377\377\377\0", 7);
        body[n + 19] = fuzz_byte(in) % 3;
        n += 20;
    }
    add(s, 'T', body, n);
}

static void add_row(fuzz_in *in, talk_stream *s)
{
    uint8_t body[1100] = { 0, (uint8_t)(fuzz_byte(in) % 4) };
    size_t n = 2;
    for (int i = 0; i < body[1]; i++) {
        uint8_t size = fuzz_byte(in);
        put32(body + n, size == 255 ? UINT32_MAX : size);
        fuzz_take(in, body + n + 4, size == 255 ? 0 : size);
        n += 4u + (size == 255 ? 0u : size);
    }
    add(s, 'D', body, n);
}

static void add_message(fuzz_in *in, talk_stream *s)
{
    static const char types[] = "CEZNSKA123nstIGHWdcRv";
    uint8_t kind = fuzz_byte(in), body[256];
    if (kind % 4 == 0) {
        add_columns(in, s);
    } else if (kind % 4 == 1) {
        add_row(in, s);
    } else {
        size_t n = fuzz_byte(in);
        fuzz_take(in, body, n);
        add(s, types[kind / 4 % (sizeof types - 1)], body, n);
    }
}

int fuzz_postgres_talk(const uint8_t *data, size_t size)
{
    static const talk_protocol protocol = { ".s.PGSQL.5432", honest, hear };
    static talk_stream s;
    fuzz_in in = { data, size };
    unsigned how = fuzz_byte(&in), stage = fuzz_byte(&in);
    s.n = 0;
    while ((stage & 8) != 0 && in.left > 0)
        add_message(&in, &s);
    if ((stage & 8) == 0)
        talk_add(&s, in.at, in.left);
    else if ((stage & 16) != 0)
        add(&s, 'Z', "I", 1);
    const char *folder = talk_prepare(&protocol, (int)(stage % 5), &s);
    const sqla_connect_param params[] = { { "host", folder }, { "port", "5432" }, { "user", "me" },
        { "password", "sesame" }, { "database", "d" }, { "passfile", "/dev/null/none" } };
    talk_use(fuzz_postgres(), params, 6, how);
    return 0;
}
