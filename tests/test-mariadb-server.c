/* test-mariadb-server.c: the MariaDB driver before a server that is none, or that something in between has
 * changed: what it is told then, and that it is not told more. */
#define _GNU_SOURCE 1
#include <config.h>
#include "mariadb-driver.h"
#include "privileged.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a server ------------------------------------------------------------------------------------------ */

enum { PROTOCOL_41 = 0x0200, OFFERS_TLS = 0x0800, SECURE = 0x8000, PLUGINS = 0x0008 /* in the upper half */ };

typedef struct server {
    int listener, port;
    pthread_t thread;
    unsigned char said[4096]; /* packets, one behind the other */
    size_t size;
    size_t first; /* bytes of the greeting; the rest follows when the client has answered */
    bool drips;   /* one byte at a time */
    char heard[8192];
    size_t heard_size;
} server;

static void say(int fd, const server *s, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += s->drips ? 1 : to - from) {
        (void)send(fd, s->said + at, s->drips ? 1 : to - from, MSG_NOSIGNAL);
        if (s->drips)
            usleep(1000);
    }
}

/* Is there more to come? */
static bool hear(server *s, int fd)
{
    ssize_t n = recv(fd, s->heard + s->heard_size, sizeof s->heard - s->heard_size, 0);
    s->heard_size += n > 0 ? (size_t)n : 0;
    return n > 0 && s->heard_size < sizeof s->heard;
}

static void *serve(void *arg)
{
    server *s = arg;
    int fd = accept(s->listener, NULL, NULL);
    say(fd, s, 0, s->first);
    if (hear(s, fd)) {
        say(fd, s, s->first, s->size);
        while (hear(s, fd))
            ;
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
    CU_ASSERT_FATAL(bind(s->listener, (struct sockaddr *)&at, sizeof at) == 0 &&
                    listen(s->listener, 8) == 0 &&
                    getsockname(s->listener, (struct sockaddr *)&at, &size) == 0);
    s->port = ntohs(at.sin_port);
    return s;
}

static void add(server *s, unsigned char number, const void *body, size_t n)
{
    CU_ASSERT_FATAL(s->size + n + 4 < sizeof s->said);
    const unsigned char head[] = { (unsigned char)n, (unsigned char)(n >> 8), (unsigned char)(n >> 16),
        number };
    memcpy(s->said + s->size, head, 4);
    memcpy(s->said + s->size + 4, body, n);
    s->size += n + 4;
}

/* lower: what it can, in the lower half. plugin: by which the password is to be shown. */
static void greet(server *s, const char *version, unsigned lower, const char *plugin)
{
    unsigned char body[2048] = { 10 };
    size_t n = 1 + (size_t)sprintf((char *)body + 1, "%s", version) + 1;
    memcpy(body + n, "\1\0\0\0abcdefgh\0", 13);
    n += 13;
    body[n++] = (unsigned char)lower;
    body[n++] = (unsigned char)(lower >> 8);
    memcpy(body + n, "\055\2\0\010\0\025\0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0",
        29); /* utf8mb4, autocommit, PLUGINS, 21 bytes */
    n += 29;
    n += (size_t)sprintf((char *)body + n, "%s", plugin) + 1;
    add(s, 0, body, n);
    s->first = s->size;
}

static sqla_status connect_to(server *s, const char *key, const char *value, sqla_error *err)
{
    char port[16];
    sqla_driver_conn *conn = NULL;
    snprintf(port, sizeof port, "%d", s->port);
    const sqla_connect_param params[] = { { "host", "127.0.0.1" }, { "port", port }, { "user", "maria" },
        { "password", "sesame" }, { "database", "db" }, { key, value } };
    CU_ASSERT_EQUAL_FATAL(pthread_create(&s->thread, NULL, serve, s), 0);
    sqla_status status =
        linked_open_with(params, key != NULL ? 6 : 5, 0, mariadb__now() + INT64_C(20000000000), &conn, err);
    CU_ASSERT_PTR_NULL(conn);
    pthread_join(s->thread, NULL);
    return status;
}

static bool heard(const server *s, const char *word)
{
    return memmem(s->heard, s->heard_size, word, strlen(word)) != NULL;
}

static void end(server *s)
{
    close(s->listener);
    free(s);
}

/* ---- without TLS --------------------------------------------------------------------------------------- */

static const char *const wanting[][2] = { { "ssl", "on" }, { "ssl_verify", "on" },
    { "ssl_ca", "/nowhere/ca.pem" } };

/* Nothing is said to a server that offers none: no name, no hash. */
static void tls__missing_is_refused_before_anything_is_said(const char *url)
{
    (void)url;
    for (size_t i = 0; i < 3; i++) {
        for (int drips = 0; drips < 2; drips++) {
            server *s = server_new();
            sqla_error err = SQLA_ERROR_INIT;
            s->drips = drips;
            greet(s, "5.5.5-10.11.6-MariaDB", PROTOCOL_41 | SECURE, "mysql_native_password");
            CU_ASSERT_EQUAL(connect_to(s, wanting[i][0], wanting[i][1], &err), SQLA_ERR_CONNECT);
            CU_ASSERT(i == 2 || says(&err, "no TLS"));
            CU_ASSERT_EQUAL(s->heard_size, 0);
            end(s);
        }
    }
}

/* One that is made so that it would be read in two ways. */
static void greeting__that_is_none_is_refused(const char *url)
{
    (void)url;
    for (int i = 0; i < 3; i++) {
        server *s = server_new();
        char version[1200] = "10";
        sqla_error err = SQLA_ERROR_INIT;
        if (i == 0)
            memset(version, 'v', sizeof version - 1);
        greet(s, version, PROTOCOL_41 | SECURE | OFFERS_TLS, "mysql_native_password");
        if (i == 1)
            s->said[0] = 9; /* it ends before what is in it */
        else if (i == 2)
            s->said[4] = 9; /* an old protocol */
        CU_ASSERT_EQUAL(connect_to(s, "ssl", "on", &err), SQLA_ERR_CONNECT);
        CU_ASSERT_FALSE(heard(s, "maria"));
        CU_ASSERT_NOT_EQUAL(err.message[0], '\0');
        end(s);
    }
}

/* Without a wish for it the same server is answered; it is the test of the test. */
static void tls__that_is_not_asked_for_is_not_missed(const char *url)
{
    server *s = server_new();
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    greet(s, "5.5.5-10.11.6-MariaDB", PROTOCOL_41 | SECURE, "mysql_native_password");
    add(s, 2, "\377\25\4#28000denied", 15);
    CU_ASSERT_EQUAL(connect_to(s, NULL, NULL, &err), SQLA_ERR_DENIED);
    CU_ASSERT(heard(s, "maria"));
    CU_ASSERT_FALSE(heard(s, "sesame"));
    end(s);
}

/* One that libmariadb would take for something else, and look behind NULL. */
static void refusal__with_any_number_is_one(const char *url)
{
    (void)url;
    for (int i = 0; i < 4; i++) {
        server *s = server_new();
        sqla_error err = SQLA_ERROR_INIT;
        s->drips = i % 2 != 0;
        add(s, 0, i < 2 ? "\377\377\377#08004nobody comes in" : "\377\20\4#08004nobody comes in", 24);
        s->first = s->size;
        sqla_status status = connect_to(s, NULL, NULL, &err);
        CU_ASSERT(status == SQLA_ERR_CONNECT || status == SQLA_ERR_RESOURCE);
        CU_ASSERT(says(&err, "nobody comes in"));
        end(s);
    }
}

/* ---- plugins ------------------------------------------------------------------------------------------- */

static const char *const greedy[] = { "mysql_clear_password", "dialog", "caching_sha2_password",
    "sha256_password", "mysql_old_password", "../../evil" };

/* Named in the greeting, or asked for afterwards. */
static void password__is_given_to_no_plugin_that_shows_it(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof greedy / sizeof greedy[0]; i++) {
        for (int later = 0; later < 2; later++) {
            char change[100];
            server *s = server_new();
            sqla_error err = SQLA_ERROR_INIT;
            int n = snprintf(change, sizeof change, "\376%s%cabcdefghijklmnopqrst%c", greedy[i], '\0', '\0');
            greet(s, "5.5.5-10.11.6-MariaDB", PROTOCOL_41 | SECURE,
                later ? "mysql_native_password" : greedy[i]);
            if (later)
                add(s, 2, change, (size_t)n);
            CU_ASSERT_EQUAL(connect_to(s, NULL, NULL, &err), SQLA_ERR_DENIED);
            CU_ASSERT(says(&err, "by a plugin that would give it away"));
            CU_ASSERT_NOT_EQUAL(err.hint[0], '\0');
            CU_ASSERT_FALSE(heard(s, "sesame"));
            end(s);
        }
    }
}

/* ---- the environment ----------------------------------------------------------------------------------- */

/* What the copy does: connect to where nobody is.  Returns: 0: it tried; 1: it refused; else what is
 * wrong. */
static int connect_privileged(void)
{
    sqla_driver_conn *conn = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver driver = { .struct_size = sizeof driver };
    const sqla_connect_param params[] = { { "host", "127.0.0.1" }, { "port", "1" }, { "user", "me" } };
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
    return status == SQLA_ERR_CONNECT                                                                 ? 0
           : status == SQLA_ERR_CONFIG && strstr(err.message, "rights that its user has not") != NULL ? 1
                                                                                                      : 2;
}

static void environment__decides_nothing_in_a_privileged_process(const char *url)
{
    static const struct {
        const char *variable;
        int is;
    } table[] = { { "NONE=1", 0 }, { "LIBMYSQL_PLUGINS=evil", 1 }, { "MARIADB_PLUGIN_DIR=/tmp", 1 },
        { "MYSQL_TCP_PORT=2", 1 }, { "MYSQL_UNIX_PORT=/tmp/s", 1 }, { "MYSQL_PWD=secret", 1 },
        { "MARIADB_TLS_DISABLE_PEER_VERIFICATION=1", 1 } };
    (void)url;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int is = privileged_run("privileged", table[i].variable);
        CU_ASSERT(is == table[i].is || is == PRIVILEGED_PLAIN);
    }
}

static const struct harness_test tests[] = {
    { "TLS that is missing is refused before anything is said",
        tls__missing_is_refused_before_anything_is_said, HARNESS_PLAIN },
    { "a greeting that is none is refused", greeting__that_is_none_is_refused, HARNESS_PLAIN },
    { "a refusal with any number is one", refusal__with_any_number_is_one, HARNESS_PLAIN },
    { "TLS that is not asked for is not missed", tls__that_is_not_asked_for_is_not_missed, HARNESS_PLAIN },
    { "a password is given to no plugin that shows it", password__is_given_to_no_plugin_that_shows_it,
        HARNESS_PLAIN },
    { "the environment decides nothing in a privileged process",
        environment__decides_nothing_in_a_privileged_process, HARNESS_PLAIN },
};

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "privileged") == 0)
        return connect_privileged();
    return harness_main("test-mariadb-server", tests, sizeof tests / sizeof tests[0]);
}
