/* mariadb-talk.c: a MariaDB server that says anything: instead of its greeting, of the answer to the
 * password, to the settings of a session, or to a statement; as bytes, or as packets of the protocol. */
#include <config.h>
#include "talk.h"

#include "mariadb/mariadb.h"

static void add(talk_stream *s, uint8_t *number, const void *body, size_t n)
{
    const uint8_t head[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (*number)++ };
    talk_add(s, head, 4);
    talk_add(s, body, n);
}

/* ---- the honest server --------------------------------------------------------------------------------- */

static const char a_column[] =
    "\3def\1d\1t\1t\1c\1c\014\055\0\0\1\0\0\003\0\0\0\0";

static void add_column(talk_stream *s, uint8_t *number, uint8_t type, uint8_t flags)
{
    char body[sizeof a_column];
    memcpy(body, a_column, sizeof a_column);
    body[sizeof a_column - 7] = (char)type;
    body[sizeof a_column - 6] = (char)flags;
    add(s, number, body, sizeof a_column);
}

static void honest(int stage, talk_stream *s)
{
    static const char greeting[] = "\n5.5.5-10.11.6-"
                                   "MariaDB\0\1\0\0\0abcdefgh\0\376\367\055\2\0\377\201\025\0\0\0\0\0\0\035\0"
                                   "\0\0ijklmnopqrst\0mysql_native_password";
    uint8_t number = stage == 0 ? 0 : stage == 1 ? 2 : 1;
    if (stage == 0) {
        add(s, &number, greeting, sizeof greeting);
    } else if (stage == 3) { /* two columns of text, and a row */
        add(s, &number, "\2", 1);
        add_column(s, &number, 0xfd, 0);
        add_column(s, &number, 0xfd, 0);
        add(s, &number, "\376\0\0\2\0", 5);
        add(s, &number, "\0011\017REPEATABLE-READ", 18);
        add(s, &number, "\376\0\0\2\0", 5);
    } else if (stage == 4) { /* what is prepared has one column and no parameters */
        add(s, &number, "\0\1\0\0\0\1\0\0\0\0\0\0", 12);
        add_column(s, &number, 3, 0);
        add(s, &number, "\376\0\0\2\0", 5);
    } else {
        add(s, &number, "\0\0\0\2\0\0\0", 7);
    }
}

/* Stage 0: the server speaks first. A statement that is closed is not answered (25). */
static int hear(int fd, int stage)
{
    uint8_t head[4], body[8192];
    (void)stage;
    if (!talk_read(fd, head, 4))
        return -1;
    size_t n = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
    if (n > sizeof body || !talk_read(fd, body, n))
        return -1;
    return n == 0 || body[0] != 25;
}

/* ---- the other one ------------------------------------------------------------------------------------- */

static void add_packet(fuzz_in *in, talk_stream *s, uint8_t *number)
{
    static const uint8_t types[] = { 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 15, 16, 245, 246, 247, 248, 252,
        253, 254, 255, 6, 200 };
    uint8_t kind = fuzz_byte(in), body[256] = { 0 };
    size_t n = fuzz_byte(in);
    if (kind % 8 == 0) {
        add_column(s, number, types[n % sizeof types], fuzz_byte(in));
        return;
    }
    fuzz_take(in, body, n);
    switch (kind % 8) {
    case 1:
        body[0] = 0;
        break; /* a row, or all is well */
    case 2:
        body[0] = 0xff;
        break; /* a failure */
    case 3:
        memcpy(body, "\376\0\0\2\0", 5);
        n = 5;
        break; /* an end */
    case 4:
        body[0] %= 4;
        n = 1;
        break; /* a number of columns */
    case 5:
        memcpy(body, "\0\1\0\0\0\1\0\0\0\0\0\0", 12);
        n = 12;
        break; /* prepared */
    case 6:
        memcpy(body, "\0\0\0\2\100\0\0", 7);
        n = n < 7 ? 7 : n;
        break; /* all is well, and something was set */
    }
    add(s, number, body, n);
}

int fuzz_mariadb_talk(const uint8_t *data, size_t size)
{
    static const talk_protocol protocol = { "socket", honest, hear };
    static talk_stream s;
    fuzz_in in = { data, size };
    unsigned how = fuzz_byte(&in), stage = fuzz_byte(&in), at = stage % 6;
    uint8_t number = at == 0 ? 0 : at == 1 ? 2 : 1;
    char path[128];
    s.n = 0;
    while ((stage & 8) != 0 && in.left > 0)
        add_packet(&in, &s, &number);
    if ((stage & 8) == 0)
        talk_add(&s, in.at, in.left);
    snprintf(path, sizeof path, "%s/socket", talk_prepare(&protocol, (int)at, &s));
    const sqla_connect_param params[] = { { "socket", path }, { "user", "me" }, { "password", "sesame" },
        { "ssl", (stage & 64) != 0 ? "on" : "off" } };
    talk_use(fuzz_mariadb(), params, 4, how);
    return 0;
}
