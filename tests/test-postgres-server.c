/* test-postgres-server.c: the PostgreSQL driver before a server that says what the test has written down for it: answers that a real
 * one gives rarely, gave in older versions, or must never give. */
#include <config.h>
#include "postgres-driver.h"
#include "privileged.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- messages of the protocol ---------------------------------------------------------------------------------------- */

/* What the server says at one time. */
typedef struct reply { char bytes[8192]; size_t n; } reply;

static void put32(char *to, size_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (char)(v >> (24 - 8 * i));
}

static void add(reply *r, char type, const void *body, size_t n)
{
    CU_ASSERT_FATAL(r->n + n + 5 <= sizeof r->bytes);
    r->bytes[r->n] = type;
    put32(r->bytes + r->n + 1, n + 4);
    if (n > 0)
        memcpy(r->bytes + r->n + 5, body, n);
    r->n += n + 5;
}

static void add_complete(reply *r, const char *tag) { add(r, 'C', tag, strlen(tag) + 1); }

/* state: 'I', 'T', 'E'. */
static void add_ready(reply *r, char state) { add(r, 'Z', &state, 1); }

static void add_parameter(reply *r, const char *name, const char *value)
{
    char body[200];
    int n = snprintf(body, sizeof body, "%s%c%s", name, '\0', value);
    add(r, 'S', body, (size_t)n + 1);
}

/* fields: the letter of each with its text, one behind the other with '|' between: "SERROR|C42601|Mwrong". */
static void add_words(reply *r, char type, const char *fields)
{
    char body[4096];
    size_t n = strlen(fields);
    CU_ASSERT_FATAL(n + 2 < sizeof body);
    memcpy(body, fields, n + 1);
    for (size_t i = 0; i < n; i++)
        body[i] = body[i] == '|' ? '\0' : body[i];
    body[n + 1] = '\0';
    add(r, type, body, n > 0 ? n + 2 : 1);
}

/* A result of one column, "c", and its rows; NULL: a null. The last is behind a NULL pointer of the caller's count. */
static void add_rows(reply *r, Oid oid, int count, const char *const *texts)
{
    char body[300] = { 0, 1, 'c', 0, 0, 0, 0, 0, 0, 0 };
    put32(body + 10, oid);
    memcpy(body + 14, "\377\377\377\377\377\377\0\0", 8);
    add(r, 'T', body, 22);
    for (int i = 0; i < count; i++) {
        size_t n = texts[i] != NULL ? strlen(texts[i]) : 0;
        memcpy(body, "\0\1", 2);
        put32(body + 2, texts[i] != NULL ? n : UINT32_MAX);
        if (n > 0)
            memcpy(body + 6, texts[i], n);
        add(r, 'D', body, 6 + n);
    }
}

/* ---- the server ------------------------------------------------------------------------------------------------------ */

enum { REPLIES = 8 };
typedef struct server {
    int listener, port;
    pthread_t thread;
    reply greeting, replies[REPLIES]; /* one each time the client waits; behind the last the link is closed */
    int count;
    int cancels;               /* requests to cancel that come before the last reply is said */
    char heard[8192];          /* all texts of statements, one behind the other */
} server;

static bool receive(int fd, char *room, size_t n)
{
    for (size_t got = 0; got < n;) {
        ssize_t more = recv(fd, room + got, n - got, 0);
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return true;
}

static size_t length_of(const char *four)
{
    const unsigned char *b = (const unsigned char *)four;
    return ((size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3]) - 4;
}

static void say(int fd, const reply *r)
{
    if (r->n > 0)
        (void)send(fd, r->bytes, r->n, MSG_NOSIGNAL);
}

/* Read a message.  Returns: its type; 0: the client has gone. */
static char hear(server *s, int fd)
{
    char head[5], body[65536];
    if (!receive(fd, head, 5) || length_of(head + 1) > sizeof body || !receive(fd, body, length_of(head + 1)))
        return 0;
    size_t used = strlen(s->heard);
    if (head[0] == 'Q' || head[0] == 'p')
        snprintf(s->heard + used, sizeof s->heard - used, "%s;", body);
    return head[0];
}

/* Wait for as many as there are to be; one that does not come is not waited for any longer. */
static void hear_cancels(const server *s)
{
    char request[16];
    struct pollfd look = { s->listener, POLLIN, 0 };
    for (int i = 0; i < s->cancels && poll(&look, 1, 3000) == 1; i++) {
        int fd = accept(s->listener, NULL, NULL);
        (void)receive(fd, request, sizeof request);
        close(fd);
    }
}

static void *serve(void *arg)
{
    server *s = arg;
    char head[4], body[4096];
    int fd = accept(s->listener, NULL, NULL);
    if (fd >= 0 && receive(fd, head, 4) && length_of(head) < sizeof body && receive(fd, body, length_of(head))) {
        say(fd, &s->greeting);
        for (int at = 0; at < s->count;) {
            char type = hear(s, fd);
            if (type == 0 || type == 'X')
                break;
            if (strchr("QScfp", type) == NULL)
                continue;
            if (at == s->count - 1)
                hear_cancels(s);
            say(fd, &s->replies[at++]);
        }
    }
    close(fd);
    return NULL;
}

static server *server_new(void)
{
    server *s = calloc(1, sizeof *s);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof at;
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(bind(s->listener, (struct sockaddr *)&at, sizeof at) == 0 && listen(s->listener, 8) == 0 &&
                    getsockname(s->listener, (struct sockaddr *)&at, &size) == 0);
    s->port = ntohs(at.sin_port);
    return s;
}

/* One that lets everybody in, and takes the settings of a new session. */
static server *friendly(const char *version)
{
    server *s = server_new();
    add(&s->greeting, 'R', "\0\0\0\0", 4);
    add_parameter(&s->greeting, "server_version", version);
    add_parameter(&s->greeting, "client_encoding", "UTF8");
    add_parameter(&s->greeting, "standard_conforming_strings", "on");
    add(&s->greeting, 'K', "\0\0\0\1\0\0\0\2", 8);
    add_ready(&s->greeting, 'I');
    add_complete(&s->replies[0], "SET");
    add_ready(&s->replies[0], 'I');
    s->count = 1;
    return s;
}

static reply *next_reply(server *s)
{
    CU_ASSERT_FATAL(s->count < REPLIES);
    return &s->replies[s->count++];
}

static void reply_done(server *s, const char *tag, char state)
{
    reply *r = next_reply(s);
    add_complete(r, tag);
    add_ready(r, state);
}

static void reply_row(server *s, Oid oid, const char *text, char state)
{
    reply *r = next_reply(s);
    add_rows(r, oid, 1, &text);
    add_complete(r, "SELECT 1");
    add_ready(r, state);
}

static void reply_error(server *s, const char *fields, char state)
{
    reply *r = next_reply(s);
    add_words(r, 'E', fields);
    if (state != '\0')
        add_ready(r, state);
}

static sqla_status connect_to(server *s, sqla_driver_conn **ret_conn, sqla_error *err)
{
    char url[200];
    CU_ASSERT_EQUAL_FATAL(pthread_create(&s->thread, NULL, serve, s), 0);
    snprintf(url, sizeof url, "postgresql://me@127.0.0.1:%d/db?sslmode=disable&gssencmode=disable", s->port);
    return pg_open_with(url, 0, postgres__now() + INT64_C(20000000000), ret_conn, err);
}

static sqla_driver_conn *must_connect(server *s)
{
    sqla_driver_conn *conn = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(connect_to(s, &conn, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
    return conn;
}

static void end(server *s, sqla_driver_conn *conn)
{
    linked_driver()->ops->close(conn);
    pthread_join(s->thread, NULL);
    close(s->listener);
    free(s);
}

/* ---- being let in ---------------------------------------------------------------------------------------------------- */

static const struct { const char *fields; sqla_status status; const char *says; } refusals[] = {
    { "SFATAL|VFATAL|C28P01|Mwrong password|Fauth.c|L1|Rauth", SQLA_ERR_DENIED, "wrong password" },
    { "SFATAL|VFATAL|C53300|Mtoo many clients", SQLA_ERR_RESOURCE, "too many clients" },
    { "SFATAL|VFATAL|C22023|Minvalid value", SQLA_ERR_CONFIG, "invalid value" },
    { "SFATAL|VFATAL|C42704|Munrecognized parameter", SQLA_ERR_CONFIG, "unrecognized parameter" },
    { "SFATAL|VFATAL|C3D000|Mthere is no database", SQLA_ERR_CONNECT, "there is no database" },
    { "SFATAL|VFATAL|C08P01|Munsupported startup parameter: extra_float_digits", SQLA_ERR_CONNECT, "PGOPTIONS" },
    { "SFATAL|Mno more than that", SQLA_ERR_CONNECT, "no more than that" },
    { "SFATAL|VFATAL|C57P03|Ma text:  with SOME: marks\n\tin it", SQLA_ERR_CONNECT, "a text:  with SOME: marks in it" },
};

static void connecting__is_refused(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        server *s = server_new();
        sqla_driver_conn *conn = NULL;
        sqla_error err = SQLA_ERROR_INIT;
        add_words(&s->greeting, 'E', refusals[i].fields);
        CU_ASSERT_EQUAL(connect_to(s, &conn, &err), refusals[i].status);
        CU_ASSERT(is(&err, refusals[i].status));
        CU_ASSERT(says(&err, refusals[i].says));
        CU_ASSERT_PTR_NULL(strstr(err.message, "LOCATION"));
        end(s, NULL);
    }
}

/* What the server says at length is cut between two characters; what says nothing is said all the same. */
static void connecting__is_refused_at_length(const char *url)
{
    char fields[3000] = "SFATAL|VFATAL|C3D000|M";
    (void)url;
    for (int shift = 0; shift < 2; shift++) {
        server *s = server_new();
        sqla_driver_conn *conn = NULL;
        sqla_error err = SQLA_ERROR_INIT;
        size_t n = strlen("SFATAL|VFATAL|C3D000|M");
        for (int i = 0; i < shift; i++)
            fields[n++] = 'x';
        for (; n + 3 < sizeof fields; n += 2)
            memcpy(fields + n, "\303\274", 3);
        add_words(&s->greeting, 'E', fields);
        CU_ASSERT_EQUAL(connect_to(s, &conn, &err), SQLA_ERR_CONNECT);
        CU_ASSERT(strlen(err.message) > 100 && postgres__utf8_valid(err.message, strlen(err.message)));
        end(s, NULL);
    }
    server *s = server_new();
    sqla_driver_conn *conn = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(connect_to(s, &conn, &err), SQLA_ERR_CONNECT);
    CU_ASSERT_NOT_EQUAL(err.message[0], '\0');
    end(s, NULL);
}

/* ---- passwords in clear -------------------------------------------------------------------------------- */

/* What the server says in pieces, with a pause between them. */
static void *serve_in_pieces(void *arg)
{
    server *s = arg;
    char head[4], body[4096];
    int fd = accept(s->listener, NULL, NULL);
    if (fd >= 0 && receive(fd, head, 4) && length_of(head) < sizeof body &&
        receive(fd, body, length_of(head))) {
        for (size_t i = 0; i < s->greeting.n; i++) {
            (void)send(fd, s->greeting.bytes + i, 1, MSG_NOSIGNAL);
            usleep(2000);
        }
        while (hear(s, fd) != 0)
            ;
    }
    close(fd);
    return NULL;
}

static sqla_status connect_with_password(
    server *s, const char *key, const char *value, bool pieces, sqla_driver_conn **ret_conn, sqla_error *err)
{
    char port[16];
    snprintf(port, sizeof port, "%d", s->port);
    const sqla_connect_param params[] = { { "host", "127.0.0.1" }, { "port", port }, { "user", "me" },
        { "password", "sesame" }, { "sslmode", "disable" }, { "gssencmode", "disable" }, { "dbname", "db" },
        { key, value } };
    CU_ASSERT_EQUAL_FATAL(pthread_create(&s->thread, NULL, pieces ? serve_in_pieces : serve, s), 0);
    return linked_open_with(
        params, key != NULL ? 8 : 7, 0, postgres__now() + INT64_C(20000000000), ret_conn, err);
}

/* Behind a notice, alone, or in pieces of one byte: the server hears no password. */
static void password__is_not_given_in_clear(const char *url)
{
    (void)url;
    for (int i = 0; i < 6; i++) {
        server *s = server_new();
        sqla_driver_conn *conn = NULL;
        sqla_error err = SQLA_ERROR_INIT;
        if (i >= 4)
            add_words(&s->greeting, 'N', "SNOTICE|VNOTICE|C00000|Mlook over there");
        add(&s->greeting, 'R', "\0\0\0\3", 4);
        CU_ASSERT_EQUAL(connect_with_password(
                            s, i % 2 ? "require_auth" : NULL, "!password", i == 2 || i == 3, &conn, &err),
            SQLA_ERR_DENIED);
        CU_ASSERT(says(&err, "in clear"));
        CU_ASSERT_PTR_NULL(conn);
        end(s, NULL);
    }
}

static void password__is_given_in_clear_when_allowed(const char *url)
{
    server *s = server_new();
    sqla_driver_conn *conn = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    reply *r = next_reply(s);
    (void)url;
    add(&s->greeting, 'R', "\0\0\0\3", 4);
    add(r, 'R', "\0\0\0\0", 4);
    add_ready(r, 'I');
    add_complete(next_reply(s), "SET");
    add_ready(&s->replies[1], 'I');
    CU_ASSERT_EQUAL(connect_with_password(s, "require_auth", "password", false, &conn, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL(strstr(s->heard, "sesame;"));
    end(s, conn);
}

/* Without the option of libpq 16 the driver knows two of its words. */
static void password__requirements_are_checked(const char *url)
{
    sqla_driver_conn *conn = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    const sqla_connect_param params[] = { { "host", "127.0.0.1" }, { "port", "1" },
        { "require_auth", "nonsense" } };
    (void)url;
    CU_ASSERT_EQUAL(linked_open_with(params, 3, 0, 0, &conn, &err), SQLA_ERR_CONFIG);
    CU_ASSERT(says(&err, "require_auth"));
}

static const char *value_of(const postgres__recipe *r, const char *key)
{
    for (int i = 0; i < r->count; i++) {
        if (strcmp(r->keys[i], key) == 0)
            return r->values[i];
    }
    return "";
}

/* What libpq is told from its version 16 on, which knows require_auth; here its list of options is made
 * up. */
static void password__in_clear_is_ruled_out_where_libpq_can(const char *url)
{
    static char verify[] = "verify-full", prefer[] = "prefer", folder[] = "/tmp", any[] = "scram-sha-256";
    static char names[4][16] = { "host", "hostaddr", "sslmode", "require_auth" };
    static const struct {
        const char *key, *value, *is;
        char *mode, *host, *auth;
    } table[] = {
        { "host", "db.example.org", "!password", prefer, NULL, NULL },
        { "host", "db.example.org,/tmp", "!password", prefer, NULL, NULL },
        { "hostaddr", "10.0.0.1", "!password", prefer, NULL, NULL },
        { "host", "/tmp", "", prefer, NULL, NULL },
        { "host", "@abstract,/tmp", "", prefer, NULL, NULL },
        { "user", "me", "", prefer, folder, NULL },
        { "sslmode", "require", "!password", prefer, names[0], NULL },
        { "sslmode", "verify-full", "", prefer, names[0], NULL },
        { "user", "me", "", verify, names[0], NULL },
        { "require_auth", "password", "password", prefer, names[0], NULL },
        { "user", "me", "", prefer, names[0], any },
    };
    (void)url;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        postgres__recipe r = { .keys = { table[i].key }, .values = { table[i].value }, .count = 1 };
        const PQconninfoOption options[] = { { .keyword = names[0], .val = table[i].host },
            { .keyword = names[1] }, { .keyword = names[2], .val = table[i].mode },
            { .keyword = names[3], .val = table[i].auth }, { .keyword = NULL } };
        CU_ASSERT_EQUAL(postgres__guard_recipe(&r, options, opaque(&err)), SQLA_OK);
        CU_ASSERT_STRING_EQUAL(value_of(&r, "require_auth"), table[i].is);
        CU_ASSERT_FALSE(r.refuses_clear);
    }
}

/* ---- the environment ----------------------------------------------------------------------------------- */

/* A host that is named is not another because the environment says so. */
static void address__of_the_environment_is_refused(const char *url)
{
    sqla_driver_conn *conn = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    const sqla_connect_param params[] = { { "host", "db.example.org" }, { "port", "1" } };
    (void)url;
    setenv("PGHOSTADDR", "127.0.0.1", 1);
    CU_ASSERT_EQUAL(linked_open_with(params, 2, 0, 0, &conn, &err), SQLA_ERR_CONFIG);
    CU_ASSERT(says(&err, "PGHOSTADDR"));
    unsetenv("PGHOSTADDR");
}

/* What the copy does: connect to where nobody is.  Returns: 0: it tried, with nothing of the environment;
 * 1: it refused; else what is wrong. */
static int connect_privileged(void)
{
    sqla_driver_conn *conn = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    const sqla_connect_param params[] = { { "host", "127.0.0.1" }, { "port", "1" }, { "user", "me" } };
    sqla_driver driver = { .struct_size = sizeof driver };
    if (getauxval(AT_SECURE) == 0)
        return PRIVILEGED_PLAIN;
    if (sqla_driver_entry(&sqla__host, &driver, opaque(&err)) != SQLA_OK)
        return 3;
    sqla_conn_info info = { .struct_size = sizeof info };
    const sqla_connect_args args = {
        .struct_size = sizeof args, .count = 3, .params = params, .instance = "test"
    };
    sqla_status status =
        driver.ops->open(&args, &info, &conn, opaque(&err)); /* there is no suite here to assert in */
    if (status == SQLA_ERR_CONNECT)
        return strstr(err.message, "127.0.0.1") != NULL ? 0 : 4;
    return status == SQLA_ERR_CONFIG && strstr(err.message, "rights that its user has not") != NULL ? 1 : 2;
}

/* Some are refused by name; those with a default of their own are passed over. */
static void environment__decides_nothing_in_a_privileged_process(const char *url)
{
    static const struct {
        const char *variable;
        int is;
    } table[] = { { "NONE=1", 0 }, { "PGHOSTADDR=127.0.0.2", 1 }, { "PGSERVICE=evil", 1 },
        { "PGSERVICEFILE=/tmp/evil", 1 }, { "PGSYSCONFDIR=/tmp", 1 }, { "PGLOCALEDIR=/tmp", 1 },
        { "PGPASSWORD=secret", 1 }, { "PGOPTIONS=-c search_path=evil", 0 }, { "PGSSLMODE=disable", 0 },
        { "PGPASSFILE=/tmp/evil", 0 }, { "PGSSLROOTCERT=/tmp/evil", 0 }, { "PGTZ=Asia/Tokyo", 1 },
        { "PGPORT=2", 0 }, { "PGUSER=you", 0 }, { "PGDATABASE=evil", 1 }, { "PGREQUIREPEER=evil", 1 },
        { "PGHOST=/tmp", 0 } };
    (void)url;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int is = privileged_run("privileged", table[i].variable);
        if (is != table[i].is && is != PRIVILEGED_PLAIN)
            fprintf(stderr, "%s: %d\n", table[i].variable, is);
        CU_ASSERT(is == table[i].is || is == PRIVILEGED_PLAIN);
    }
}

/* ---- settings ------------------------------------------------------------------------------------------ */

/* A server, or a pooler, that lets a setting be changed and not be changed back is left. */
static void settings__that_cannot_be_mended_end_the_connection(const char *url)
{
    static const char *const others[][2] = { { "client_encoding", "LATIN1" },
        { "standard_conforming_strings", "off" }, { "DateStyle", "German" },
        { "IntervalStyle", "sql_standard" } };
    (void)url;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        server *s = friendly("15.1");
        sqla_error err = SQLA_ERROR_INIT;
        reply *r = next_reply(s);
        add_complete(r, "SET");
        add_parameter(r, others[i][0], others[i][1]);
        add_ready(r, 'I');
        reply_done(s, "SET", 'I');
        sqla_driver_conn *conn = must_connect(s);
        CU_ASSERT_EQUAL(linked_run(conn, "SET something", &err), SQLA_OK);
        CU_ASSERT_EQUAL(linked_driver()->ops->txn_state(conn), SQLA_TXN_LOST);
        CU_ASSERT_PTR_NOT_NULL(strstr(s->heard, others[i][0]));
        end(s, conn);
    }
}

/* ---- failures -------------------------------------------------------------------------------------------------------- */

/* lost: the connection is not used again. */
static const struct { const char *fields; sqla_status status; bool lost; const char *says; const char *table; int position; } failures[] = {
    { "SERROR|VERROR|C42601|Mwrong|P12", SQLA_ERR_SQL, false, "wrong", "", 12 },
    { "SERROR|VERROR|C42601|Mwrong|P1x", SQLA_ERR_SQL, false, "wrong", "", 1 },
    { "SERROR|VERROR|C42601|Mwrong|P9999999999|Rother", SQLA_ERR_SQL, false, "wrong", "", 999999999 },
    { "SERROR|VERROR|C42601|Mseveral|P:|Rexec_parse_message", SQLA_ERR_MISUSE, false, "several", "", 0 },
    { "SERROR|VERROR|C0A000|Mcached plan|RRevalidateCachedQuery", SQLA_ERR_RETRY, false, "cached plan", "", 0 },
    { "SERROR|VERROR|C0A000|Mnot here|Rother", SQLA_ERR_UNSUPPORTED, false, "not here", "", 0 },
    { "SERROR|VERROR|C0A000|Mnot here", SQLA_ERR_UNSUPPORTED, false, "not here", "", 0 },
    { "SERROR|VERROR|C57014|Mcanceling statement due to statement timeout", SQLA_ERR_TIMEOUT, false, "timeout", "", 0 },
    { "SERROR|VERROR|C57014|Mcanceling statement due to user request", SQLA_ERR_CANCELLED, false, "user request", "", 0 },
    { "SERROR|VERROR|C08006|Manother server", SQLA_ERR_IO, false, "another server", "", 0 },
    { "SERROR|VERROR|CZZ999|Mof a later server", SQLA_ERR_SQL, false, "of a later server", "", 0 },
    { "SERROR|VERROR|C26000|Mno such statement", SQLA_ERR_SQL, false, "pooler=transaction", "", 0 },
    { "SERROR|VERROR|C42P05|Mthere is one", SQLA_ERR_SQL, false, "pooler=transaction", "", 0 },
    { "SERROR|VERROR|C42P01|Mrelation \"shop.users\" does not exist", SQLA_ERR_SQL, false, "does not exist", "users", 0 },
    { "SERROR|VERROR|C42P01|Mrelation \"users\" does not exist", SQLA_ERR_SQL, false, "does not exist", "users", 0 },
    { "SERROR|VERROR|C42P01|Mrelation \"users does not exist", SQLA_ERR_SQL, false, "does not exist", "", 0 },
    { "SERROR|VERROR|C42P01|Mit does not exist", SQLA_ERR_SQL, false, "does not exist", "", 0 },
    { "SERROR|VERROR|C42P01|Mit does not exist|tnamed", SQLA_ERR_SQL, false, "does not exist", "named", 0 },
    { "SERROR|VERROR|C23505|Mtwice|Dthe detail|Hthe hint|sshop|tusers|cname|nuq_users_name", SQLA_ERR_UNIQUE, false, "the hint", "users", 0 },
    { "SFATAL|VFATAL|C57P01|Mgoing down", SQLA_ERR_DISCONNECTED, true, "going down", "", 0 },
    { "SPANIC|VPANIC|CXX000|Mgoing down", SQLA_ERR_DISCONNECTED, true, "going down", "", 0 },
    { "SFATAL|VFATAL|C40003|Mwho knows", SQLA_ERR_UNKNOWN_OUTCOME, true, "who knows", "", 0 },
    { "SERROR|VERROR|Mwithout a state", SQLA_ERR_DISCONNECTED, true, "without a state", "", 0 },
    { "", SQLA_ERR_DISCONNECTED, true, "", "", 0 },
};

static void failures__have_their_status(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        server *s = friendly("15.1");
        sqla_error err = SQLA_ERROR_INIT;
        reply_error(s, failures[i].fields, 'I');
        sqla_driver_conn *conn = must_connect(s);
        CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", &err), failures[i].status);
        CU_ASSERT(is(&err, failures[i].status));
        CU_ASSERT(says(&err, failures[i].says) && err.message[0] != '\0');
        CU_ASSERT_STRING_EQUAL(err.table, failures[i].table);
        CU_ASSERT_EQUAL(err.position, failures[i].position);
        CU_ASSERT_EQUAL(linked_driver()->ops->txn_state(conn), failures[i].lost ? SQLA_TXN_LOST : SQLA_TXN_IDLE);
        end(s, conn);
    }
}

/* What the server says aside: a notice is one, and one that is fatal ends the session. */
static void notices__may_end_the_session(const char *url)
{
    static const struct { const char *fields; sqla_txn_state state; } notices[] = {
        { "SWARNING|VWARNING|C01000|Mjust so", SQLA_TXN_IDLE }, { "SNOTICE|VNOTICE|C00000|Mjust so", SQLA_TXN_IDLE }, { "SNOTICE|Mjust so", SQLA_TXN_IDLE },
        { "SNOTICE", SQLA_TXN_IDLE }, { "SFATAL|VFATAL|C57P01|Mthe end", SQLA_TXN_LOST } };
    (void)url;
    for (size_t i = 0; i < sizeof notices / sizeof notices[0]; i++) {
        server *s = friendly("15.1");
        sqla_error err = SQLA_ERROR_INIT;
        reply *r = next_reply(s);
        add_words(r, 'N', notices[i].fields);
        add(r, 'A', "\0\0\0\1channel\0payload", 20);
        add_complete(r, "CREATE TABLE");
        add_ready(r, 'I');
        sqla_driver_conn *conn = must_connect(s);
        (void)linked_run(conn, "CREATE TABLE t ()", &err);
        CU_ASSERT_EQUAL(linked_driver()->ops->txn_state(conn), notices[i].state);
        CU_ASSERT_EQUAL(err.status == SQLA_OK, notices[i].state == SQLA_TXN_IDLE);
        end(s, conn);
    }
}

/* ---- copying --------------------------------------------------------------------------------------------------------- */

/* The row is the one that the context names, wherever the words of its language put it. */
static void copying__names_the_row(const char *url)
{
    static const struct { const char *context; int64_t row; } contexts[] = {
        { "COPY parts, line 3, column n: \"x\"", 3 }, { "COPY parts, line 4", 4 }, { "COPY parts, line 5: \"x\"", 5 }, { "COPY parts, Zeile 6, Spalte n", 6 },
        { "COPY parts", 0 }, { "COPY parts, line x, column n", 0 }, { "COPY parts, 7, column n", 0 }, { "COPY parts, line 0, x", 0 },
        { "COPY parts, line 8 or so, column n", 0 }, { "COPY \"a, b\", line 9\nSQL function", 9 }, { NULL, 0 } };
    (void)url;
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        static const char text[] = "COPY parts FROM STDIN";
        const sqla_bulk_ops *bulk = linked_driver()->extension(SQLA_BULK);
        server *s = friendly("15.1");
        sqla_driver_copy *copy = NULL;
        sqla_error err = SQLA_ERROR_INIT;
        char fields[300];
        int64_t count;
        add(next_reply(s), 'G', "\0\0\0", 3);
        snprintf(fields, sizeof fields, "SERROR|VERROR|C22P02|Mwrong%s%s", contexts[i].context != NULL ? "|W" : "", contexts[i].context != NULL ? contexts[i].context : "");
        reply_error(s, fields, 'I');
        s->replies[s->count] = s->replies[s->count - 1]; /* the client says that it has ended, and that it waits */
        s->replies[s->count - 1].n = 0;
        s->count++;
        sqla_driver_conn *conn = must_connect(s);
        CU_ASSERT_EQUAL_FATAL(bulk->open(conn, text, sizeof text - 1, SQLA_COPY_IN, NULL, &copy, opaque(&err)), SQLA_OK);
        CU_ASSERT_EQUAL(bulk->put(copy, "1\n", 2, opaque(&err)), SQLA_OK);
        CU_ASSERT_EQUAL(bulk->finish(copy, &count, opaque(&err)), SQLA_ERR_DATA);
        CU_ASSERT_EQUAL(err.row, contexts[i].row);
        end(s, conn);
    }
}

/* Copying both ways at once is what replication does: there is no way out of it but the end. */
static void copying__both_ways_is_the_end(const char *url)
{
    (void)url;
    for (int flags = 0; flags < 2; flags++) {
        server *s = friendly("15.1");
        sqla_error err = SQLA_ERROR_INIT;
        sqla_driver_result *result = NULL;
        add(next_reply(s), 'W', "\0\0\0", 3);
        sqla_driver_conn *conn = must_connect(s);
        CU_ASSERT_NOT_EQUAL(linked_exec(conn, "START_REPLICATION", flags == 0 ? 0 : SQLA_EXEC_STREAM, &result, &err), SQLA_OK);
        CU_ASSERT_NOT_EQUAL(err.message[0], '\0');
        CU_ASSERT_EQUAL(linked_driver()->ops->txn_state(conn), SQLA_TXN_LOST);
        end(s, conn);
    }
}

/* ---- transactions ---------------------------------------------------------------------------------------------------- */

static const sqla_txn_options with_token = { .struct_size = sizeof with_token, .flags = SQLA_TXN_TOKEN };

/* How an older server is asked for the number of a transaction, and what is told of one whose answer never came. */
static void commit__without_answer_has_a_token(const char *url)
{
    static const struct { const char *version, *asks; } versions[] = { { "12.9", "txid_current_if_assigned" }, { "15.1", "pg_current_xact_id_if_assigned" } };
    (void)url;
    for (size_t i = 0; i < 2; i++) {
        server *s = friendly(versions[i].version);
        sqla_error err = SQLA_ERROR_INIT;
        reply_done(s, "BEGIN", 'T');
        reply_row(s, PG_INT8, "77", 'T');
        next_reply(s); /* nothing, and the link is closed */
        sqla_driver_conn *conn = must_connect(s);
        CU_ASSERT_EQUAL(linked_driver()->ops->begin(conn, &with_token, opaque(&err)), SQLA_OK);
        CU_ASSERT_EQUAL(linked_driver()->ops->commit(conn, &with_token, opaque(&err)), SQLA_ERR_UNKNOWN_OUTCOME);
        CU_ASSERT(says(&err, "COMMIT was under way"));
        linked_driver()->ops->close(conn);
        pthread_join(s->thread, NULL);
        CU_ASSERT_PTR_NOT_NULL(strstr(s->heard, versions[i].asks));
        close(s->listener);
        free(s);
    }
}

static void commit__may_be_answered_otherwise(const char *url)
{
    static const struct { const char *tag, *error; sqla_status status; } answers[] = {
        { "COMMIT", NULL, SQLA_OK }, { "ROLLBACK", NULL, SQLA_ERR_ROLLBACK_FIRST }, { NULL, "SERROR|VERROR|C40001|Magain", SQLA_ERR_RETRY },
        { NULL, "SFATAL|VFATAL|C57P01|Mthe end", SQLA_ERR_UNKNOWN_OUTCOME } };
    (void)url;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        server *s = friendly("15.1");
        sqla_error err = SQLA_ERROR_INIT;
        reply_done(s, "BEGIN", 'T');
        if (answers[i].tag != NULL)
            reply_done(s, answers[i].tag, 'I');
        else
            reply_error(s, answers[i].error, 'I');
        const sqla_txn_options plain = { .struct_size = sizeof plain };
        sqla_driver_conn *conn = must_connect(s);
        CU_ASSERT_EQUAL(linked_driver()->ops->begin(conn, &plain, opaque(&err)), SQLA_OK);
        CU_ASSERT_EQUAL(linked_driver()->ops->commit(conn, &plain, opaque(&err)), answers[i].status);
        CU_ASSERT(is(&err, answers[i].status));
        end(s, conn);
    }
}

static void outcome__is_what_the_server_says(const char *url)
{
    static const struct { const char *said; int rows, outcome; } words[] = {
        { "committed", 1, SQLA_OUTCOME_COMMITTED }, { "aborted", 1, SQLA_OUTCOME_ROLLED_BACK }, { "in progress", 1, SQLA_OUTCOME_IN_PROGRESS },
        { "asleep", 1, SQLA_OUTCOME_UNKNOWN }, { NULL, 1, SQLA_OUTCOME_UNKNOWN }, { NULL, 0, SQLA_OUTCOME_UNKNOWN } };
    (void)url;
    for (size_t i = 0; i < 2 * sizeof words / sizeof words[0]; i++) {
        server *s = friendly(i % 2 == 0 ? "15.1" : "12.9");
        sqla_error err = SQLA_ERROR_INIT;
        int32_t outcome = -1;
        reply *r = next_reply(s);
        add_rows(r, PG_TEXT, words[i / 2].rows, &words[i / 2].said);
        add_complete(r, "SELECT 1");
        add_ready(r, 'I');
        sqla_driver_conn *conn = must_connect(s);
        CU_ASSERT_EQUAL(linked_driver()->ops->resolve(conn, "xid:77", 0, &outcome, opaque(&err)), SQLA_OK);
        CU_ASSERT_EQUAL(outcome, words[i / 2].outcome);
        linked_driver()->ops->close(conn);
        pthread_join(s->thread, NULL);
        CU_ASSERT_PTR_NOT_NULL(strstr(s->heard, i % 2 == 0 ? "pg_xact_status('77')" : "txid_status(77)"));
        close(s->listener);
        free(s);
    }
}

static void tokens__of_others_are_refused(const char *url)
{
    static const char *const tokens[] = { "", "xid:", "xid:x", "xid:7x", "xid:123456789012345678901", "other:7" };
    server *s = friendly("15.1");
    sqla_driver_conn *conn = must_connect(s);
    int32_t outcome = -1;
    (void)url;
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        CU_ASSERT_EQUAL(linked_driver()->ops->resolve(conn, tokens[i], 0, &outcome, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(outcome, -1);
    end(s, conn);
}

static void prepare__may_be_answered_otherwise(const char *url)
{
    static const struct { const char *tag, *error; sqla_status status; } answers[] = {
        { "PREPARE TRANSACTION", NULL, SQLA_OK }, { "ROLLBACK", NULL, SQLA_ERR_ROLLBACK_FIRST }, { NULL, "SERROR|VERROR|C55000|Mthey are disabled", SQLA_ERR_UNSUPPORTED },
        { NULL, "SERROR|VERROR|C42704|Mno such", SQLA_ERR_NOT_FOUND }, { NULL, "SERROR|VERROR|C42710|Mtwice", SQLA_ERR_SQL } };
    (void)url;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const sqla_twophase_ops *twophase = linked_driver()->extension(SQLA_TWOPHASE);
        server *s = friendly("15.1");
        sqla_error err = SQLA_ERROR_INIT;
        const sqla_txn_options plain = { .struct_size = sizeof plain };
        reply_done(s, "BEGIN", 'T');
        if (answers[i].tag != NULL)
            reply_done(s, answers[i].tag, 'I');
        else
            reply_error(s, answers[i].error, 'E');
        sqla_driver_conn *conn = must_connect(s);
        CU_ASSERT_EQUAL(linked_driver()->ops->begin(conn, &plain, opaque(&err)), SQLA_OK);
        CU_ASSERT_EQUAL(twophase->prepare(conn, "g", 0, opaque(&err)), answers[i].status);
        CU_ASSERT(is(&err, answers[i].status));
        end(s, conn);
    }
}

/* ---- streams --------------------------------------------------------------------------------------------------------- */

/* A row, and then something else than a row. */
static void streams__may_break_off(const char *url)
{
    static const struct { const char *error; sqla_status status; bool lost; } ends[] = {
        { NULL, SQLA_ERR_DISCONNECTED, true }, { "SERROR|VERROR|C22012|Mdivision by zero", SQLA_ERR_DATA, false },
        { "SFATAL|VFATAL|C57P01|Mthe end", SQLA_ERR_DISCONNECTED, true } };
    (void)url;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        static const char *const one[] = { "1" };
        server *s = friendly("15.1");
        sqla_error err = SQLA_ERROR_INIT;
        sqla_driver_result *result = NULL;
        const sqla_value *values = NULL;
        reply *r = next_reply(s);
        add(r, '1', NULL, 0);
        add(r, '2', NULL, 0);
        add_rows(r, PG_INT4, 1, one);
        if (ends[i].error != NULL) {
            add_words(r, 'E', ends[i].error);
            add_ready(r, 'I');
        }
        sqla_driver_conn *conn = must_connect(s);
        CU_ASSERT_EQUAL_FATAL(linked_exec(conn, "SELECT 1", SQLA_EXEC_STREAM, &result, &err), SQLA_OK);
        CU_ASSERT_EQUAL(linked_driver()->ops->result_view(result, &values, opaque(&err)), SQLA_OK);
        CU_ASSERT(values != NULL && values[0].as.i64 == 1);
        CU_ASSERT_EQUAL(linked_run(conn, "SELECT 2", NULL), SQLA_ERR_BUSY);
        CU_ASSERT_EQUAL(linked_driver()->ops->result_view(result, &values, opaque(&err)), ends[i].status);
        CU_ASSERT(is(&err, ends[i].status));
        linked_driver()->ops->result_close(result);
        CU_ASSERT_EQUAL(linked_driver()->ops->txn_state(conn), ends[i].lost ? SQLA_TXN_LOST : SQLA_TXN_IDLE);
        end(s, conn);
    }
}

/* ---- deadlines --------------------------------------------------------------------------------------------- */

/* A cancel that comes before the statement has begun is lost to the server; the one after it is not. */
static void deadlines__cancel_more_than_once(const char *url)
{
    static const char text[] = "SELECT 1";
    (void)url;
    for (int cancels = 1; cancels <= 2; cancels++) {
        server *s = friendly("15.1");
        sqla_error err = SQLA_ERROR_INIT;
        sqla_driver_result *result = NULL;
        const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, NULL };
        reply_error(s, "SERROR|VERROR|C57014|Mcanceling statement due to user request", 'I');
        s->cancels = cancels;
        sqla_driver_conn *conn = must_connect(s);
        const sqla_exec_options options = { sizeof options, 0, postgres__now() + 5000000 };
        sqla_status status = linked_driver()->ops->exec(conn, &statement, NULL, NULL, &options, &result, opaque(&err));
        CU_ASSERT_EQUAL(status, SQLA_ERR_TIMEOUT);
        CU_ASSERT_EQUAL(linked_driver()->ops->txn_state(conn), SQLA_TXN_IDLE);
        end(s, conn);
    }
}

static const struct harness_test tests[] = {
    { "connecting is refused", connecting__is_refused, HARNESS_PLAIN },
    { "connecting is refused at length", connecting__is_refused_at_length, HARNESS_PLAIN },
    { "a password is not given in clear", password__is_not_given_in_clear, HARNESS_PLAIN },
    { "a password is given in clear when allowed", password__is_given_in_clear_when_allowed, HARNESS_PLAIN },
    { "a password in clear is ruled out where libpq can", password__in_clear_is_ruled_out_where_libpq_can,
        HARNESS_PLAIN },
    { "what a password needs is checked", password__requirements_are_checked, HARNESS_PLAIN },
    { "an address of the environment is refused", address__of_the_environment_is_refused, HARNESS_PLAIN },
    { "the environment decides nothing in a privileged process",
        environment__decides_nothing_in_a_privileged_process, HARNESS_PLAIN },
    { "settings that cannot be mended end the connection", settings__that_cannot_be_mended_end_the_connection,
        HARNESS_PLAIN },
    { "failures have their status", failures__have_their_status, HARNESS_PLAIN },
    { "notices may end the session", notices__may_end_the_session, HARNESS_PLAIN },
    { "copying names the row", copying__names_the_row, HARNESS_PLAIN },
    { "copying both ways is the end", copying__both_ways_is_the_end, HARNESS_PLAIN },
    { "a commit without an answer has a token", commit__without_answer_has_a_token, HARNESS_PLAIN },
    { "a commit may be answered otherwise", commit__may_be_answered_otherwise, HARNESS_PLAIN },
    { "an outcome is what the server says", outcome__is_what_the_server_says, HARNESS_PLAIN },
    { "tokens of others are refused", tokens__of_others_are_refused, HARNESS_PLAIN },
    { "preparing may be answered otherwise", prepare__may_be_answered_otherwise, HARNESS_PLAIN },
    { "deadlines cancel more than once", deadlines__cancel_more_than_once, HARNESS_PLAIN },
    { "streams may break off", streams__may_break_off, HARNESS_PLAIN },
};

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "privileged") == 0)
        return connect_privileged();
    return harness_main("test-postgres-server", tests, sizeof tests / sizeof tests[0]);
}
