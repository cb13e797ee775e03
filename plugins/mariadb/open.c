/* open.c: from the parts of a URL to a connection that is ready, and its end. */
#include <config.h>
#include "mariadb.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- closing --------------------------------------------------------------------------------------------------- */

/* The farewell is written without waiting, into a socket that has room; where a call was given up, or the link is bad, there is
 * none, so that nothing can hold us. */
void mariadb__link_close(MYSQL *link, bool quietly)
{
    mariadb__hush hush;
    if (link == NULL)
        return;
    if (quietly && mysql_get_socket(link) != MARIADB_INVALID_SOCKET)
        (void)shutdown(mysql_get_socket(link), SHUT_RDWR);
    mariadb__hush_begin(&hush);
    mysql_close(link);
    mariadb__hush_end(&hush);
}

/* Statements outlive the link, and have nobody to tell of their end then. */
static void forget_statements(sqla_driver_conn *conn)
{
    while (conn->dropped != NULL) {
        sqla_driver_stmt *stmt = conn->dropped;
        conn->dropped = stmt->next;
        mysql_stmt_close(stmt->handle);
        mariadb__host->release(stmt);
    }
}

void mariadb_close(sqla_driver_conn *conn)
{
    if (conn == NULL)
        return;
    mariadb__link_close(conn->link, conn->lost || conn->stream != NULL);
    forget_statements(conn);
    mariadb__args_release(&conn->args);
    mariadb__gate_release(&conn->gate);
    mariadb__host->release(conn->recipe);
    mariadb__host->release(conn);
}

/* The link belongs to the parent of this process, so its socket gets something harmless laid over it before libmariadb says
 * farewell. If that fails the handle is leaked, which is the smaller evil. */
void mariadb_abandon(sqla_driver_conn *conn)
{
    int link = mysql_get_socket(conn->link), null = link >= 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
    bool covered = link < 0 || (null >= 0 && dup3(null, link, O_CLOEXEC) == link);
    if (null >= 0)
        close(null);
    conn->lost = true;
    if (covered)
        mariadb_close(conn);
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

/* The handshake of TLS is the one place where the client library waits by itself. It leaves the socket blocking, so that there is no
 * waiting for it elsewhere either; so the socket is made not to block as soon as there is one, and a read or write that came before
 * that has the deadline as a time limit of its own. */
static void do_not_block(MYSQL *link, int64_t deadline)
{
    int socket = mysql_get_socket(link), flags = socket >= 0 ? fcntl(socket, F_GETFL) : -1;
    int64_t left = deadline != 0 ? deadline - mariadb__now() : 0;
    struct timeval limit = { (time_t)(left / 1000000000), (suseconds_t)(left % 1000000000 / 1000 + 1) };
    if (flags < 0)
        return;
    if (left > 0) {
        (void)setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        (void)setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    if ((flags & O_NONBLOCK) == 0)
        (void)fcntl(socket, F_SETFL, flags | O_NONBLOCK);
}

/* The connect that is under way in this thread, for a function of ours that is called back without anything that says so. */
static _Thread_local struct { bool under_way; int64_t deadline; } connecting;

/* Beside the handshake only a farewell can come here, and that waits for nobody. */
int mariadb__wait_inside(my_socket socket, my_bool is_read, int timeout)
{
    struct pollfd look = { socket, (short)(is_read ? POLLIN : POLLOUT), 0 };
    int64_t until = connecting.under_way ? connecting.deadline : mariadb__now() + (timeout > 0 ? timeout : 0) * INT64_C(1000000);
    for (;;) {
        int n = poll(&look, 1, mariadb__milliseconds_until(until));
        if (n > 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
            return n;
        if (until != 0 && mariadb__now() >= until)
            return errno = ETIMEDOUT, 0;
    }
}

/* Matched rows are what an UPDATE is asked for, also when it found the new values there already. */
static sqla_status connect_link(MYSQL *link, const mariadb__recipe *r, const char *host, unsigned port, const char *database, int64_t deadline)
{
    MYSQL *done = NULL;
    for (int events = mysql_real_connect_start(&done, link, host, r->user, r->password, database, port, host == NULL ? r->socket : NULL,
                                               CLIENT_FOUND_ROWS);
         events != 0; events = mysql_real_connect_cont(&done, link, events)) {
        do_not_block(link, deadline);
        sqla_status status = mariadb__poll(link, events, deadline, &events);
        if (status != SQLA_OK)
            return status;
    }
    if (done == NULL)
        return deadline != 0 && mariadb__now() >= deadline ? SQLA_ERR_TIMEOUT : SQLA_ERR_CONNECT;
    do_not_block(link, 0);
    (void)fcntl(mysql_get_socket(link), F_SETFD, FD_CLOEXEC); /* libmariadb leaves it open for programs that are started */
    return SQLA_OK;
}

sqla_status mariadb__connect(MYSQL *link, const mariadb__recipe *r, const char *host, unsigned port, const char *database, int64_t deadline)
{
    mariadb__hush hush;
    mariadb__hush_begin(&hush);
    mariadb__intake intake;
    connecting.under_way = true;
    connecting.deadline = deadline;
    mariadb__intake_begin(&intake, link, MARIADB__CONNECT_MOST, 0);
    mariadb__guard_begin(link, r);
    sqla_status status = mariadb__guard_plugins(link, r, host == NULL);
    if (status == SQLA_OK)
        status = connect_link(link, r, host, port, database, deadline);
    connecting.under_way = false;
    bool flooded = mariadb__intake_end(&intake);
    mariadb__hush_end(&hush);
    status = mariadb__guard_end(link, r, status);
    return flooded && status == SQLA_ERR_CONNECT ? SQLA_ERR_PROTOCOL : status;
}

/* One of the hosts, as "name", "name:port", "[::1]:port"; a bare IPv6 address has colons of its own. */
static bool split_host(const char *text, size_t n, char *name, size_t size, unsigned *port)
{
    const char *end = text + n, *from = *text == '[' ? memchr(text, ']', n) : text;
    const char *colon = from != NULL ? memchr(from, ':', (size_t)(end - from)) : NULL;
    if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL)
        colon = NULL;
    const char *stop = colon != NULL ? colon : end;
    bool bracket = *text == '[' && stop > text + 1 && stop[-1] == ']';
    if (colon != NULL)
        *port = (unsigned)strtoul(colon + 1, NULL, 10);
    return (size_t)snprintf(name, size, "%.*s", (int)(stop - text) - 2 * bracket, text + bracket) < size && *port <= 65535;
}

static sqla_status no_tls(sqla_err *err)
{
    static const sqla_err_fields fields = { .sqlstate = "08001",
        .hint = "something between here and the server may hide that it has TLS; ssl=off, "
                "without certificates, connects in clear" };
    return mariadb__fail(err, SQLA_ERR_CONNECT, &fields, "the server offers no TLS, which the URL asks for");
}

static sqla_status connect_one(sqla_driver_conn *conn, const char *host, unsigned port, int64_t deadline, sqla_err *err)
{
    const mariadb__recipe *r = conn->recipe;
    conn->link = mariadb__recipe_link(r);
    if (conn->link == NULL)
        return mariadb__nomem(err);
    mariadb__watch_link(conn);
    sqla_status status = mariadb__connect(conn->link, r, host, port, r->database, deadline);
    if (status == SQLA_OK)
        return SQLA_OK;
    status = status == SQLA_ERR_TIMEOUT   ? mariadb__fail(err, SQLA_ERR_TIMEOUT, NULL,
                                                "the deadline passed while connecting to the server")
             : status == SQLA_ERR_CONNECT ? mariadb__refused(conn->link, err)
             : status == SQLA_ERR_PROTOCOL
                 ? mariadb__fail(err, SQLA_ERR_CONNECT, NULL,
                       "the server sent more than %d KiB, and did not let us in", MARIADB__CONNECT_MOST / 1024)
             : status == SQLA_ERR_UNSUPPORTED
                 ? no_tls(err)
                 : mariadb__fail(err, SQLA_ERR_CONNECT, NULL, "cannot wait for the server");
    mariadb__link_close(conn->link, true);
    conn->link = NULL;
    return status;
}

/* A socket is for the server of this machine, whatever other host is named beside it, as it is for all clients of the library. */
static bool is_by_socket(const mariadb__recipe *r)
{
    return r->hosts == NULL || (r->socket != NULL && strcmp(r->hosts, "localhost") == 0);
}

/* The hosts in turn, until one answers. One that refuses us has answered. */
static sqla_status connect_any(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    const mariadb__recipe *r = conn->recipe;
    char name[256];
    unsigned common = r->port != NULL ? (unsigned)strtoul(r->port, NULL, 10) : 0;
    if (is_by_socket(r))
        return connect_one(conn, NULL, common, deadline, err);
    for (const char *at = r->hosts;; at += strcspn(at, ",") + 1) {
        size_t n = strcspn(at, ",");
        unsigned port = common;
        bool last = at[n] == '\0';
        if (!split_host(at, n, name, sizeof name, &port))
            return mariadb__fail(err, SQLA_ERR_CONFIG, NULL, "'%.200s' is no host", at);
        sqla_status status = connect_one(conn, name, port, deadline, last ? err : NULL);
        if (status == SQLA_OK || last)
            return status;
        if (status == SQLA_ERR_DENIED || status == SQLA_ERR_TIMEOUT)
            return mariadb__fail(err, status, NULL, status == SQLA_ERR_DENIED ? "host '%s' refused the user" :
                                 "the deadline passed while connecting to host '%s'", name);
    }
}

/* Where the other end is, as a number: a name may mean another server the next time. With a certificate to be looked at it is the
 * name that counts. */
static void note_place(sqla_driver_conn *conn)
{
    struct sockaddr_storage other;
    socklen_t size = sizeof other;
    if (getpeername(mysql_get_socket(conn->link), (struct sockaddr *)&other, &size) != 0)
        return;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&other;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&other;
    conn->port = conn->link->port;
    if (other.ss_family == AF_INET)
        inet_ntop(AF_INET, &v4->sin_addr, conn->place, sizeof conn->place);
    else if (other.ss_family == AF_INET6)
        inet_ntop(AF_INET6, &v6->sin6_addr, conn->place, sizeof conn->place);
    bool named = conn->recipe->ssl_ca != NULL || mariadb__is_on(conn->recipe->ssl_verify);
    if (conn->place[0] != '\0' && named && conn->link->host != NULL && strlen(conn->link->host) < sizeof conn->place)
        strcpy(conn->place, conn->link->host);
}

/* ---- the session ----------------------------------------------------------------------------------------------- */

static uint32_t level_of(const char *text)
{
    static const char *const levels[] = { "", "READ-UNCOMMITTED", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE" };
    for (uint32_t i = 1; i < sizeof levels / sizeof levels[0]; i++) {
        if (text != NULL && strcasecmp(text, levels[i]) == 0)
            return i;
    }
    return SQLA_ISOLATION_DEFAULT;
}

/* The two databases call the isolation by two names; each reads only the comment that is meant for it. */
static sqla_status learn(sqla_driver_conn *conn, sqla_err *err)
{
    MYSQL_RES *rows = NULL;
    sqla_status status = mariadb__ask(conn,
        "SELECT @@auto_increment_increment, /*M! @@tx_isolation */ /*!80000 @@transaction_isolation */, "
        "@@max_allowed_packet",
        false, &rows, err);
    MYSQL_ROW row = status == SQLA_OK ? mysql_fetch_row(rows) : NULL;
    if (row != NULL) {
        conn->key_step = row[0] != NULL ? (uint32_t)strtoul(row[0], NULL, 10) : 1;
        conn->usual_level = conn->level = level_of(row[1]);
        conn->packet = row[2] != NULL ? strtoul(row[2], NULL, 10) : 0;
    }
    mysql_free_result(rows);
    return status;
}

/* Where rows come back by themselves, keys are not worked out by arithmetic, which a setting of the session could make wrong. */
static void describe(sqla_driver_conn *conn, sqla_conn_info *info)
{
    const char *version = mysql_get_server_info(conn->link);
    bool ours = mariadb_connection(conn->link) != 0;
    unsigned long number = mysql_get_server_version(conn->link);
    version = version != NULL ? version : "";
    snprintf(conn->product, sizeof conn->product, "%s %.*s", ours ? "MariaDB" : "MySQL", (int)strcspn(version, "-"), version);
    conn->features = mariadb__traits.features;
    bool returns = ours && number >= 100500;
    conn->features &= returns ? ~SQLA_FEATURE_LAST_ID : ~(SQLA_FEATURE_RETURNING | SQLA_FEATURE_ORDERED_RETURNING);
    info->server_version = (uint32_t)number;
    info->product = conn->product;
    info->features = conn->features;
    info->max_parameters = mariadb__traits.max_parameters;
}

static sqla_driver_conn *new_conn(void)
{
    sqla_driver_conn *conn = mariadb__host->alloc(sizeof *conn);
    if (conn == NULL)
        return NULL;
    memset(conn, 0, sizeof *conn);
    if (mariadb__gate_init(&conn->gate))
        return conn;
    mariadb__host->release(conn);
    return NULL;
}

static int64_t deadline_of(const sqla_connect_args *args, const mariadb__recipe *r)
{
    int64_t seconds = r->connect_timeout != NULL ? strtol(r->connect_timeout, NULL, 10) : 0;
    int64_t own = seconds > 0 ? mariadb__now() + seconds * 1000000000 : 0;
    return own != 0 && (args->deadline == 0 || own < args->deadline) ? own : args->deadline;
}

static sqla_status start(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    sqla_status status = connect_any(conn, deadline, err);
    if (status != SQLA_OK)
        return status;
    conn->id = mysql_thread_id(conn->link);
    conn->tls = mysql_get_ssl_cipher(conn->link) != NULL;
    note_place(conn);
    status = mariadb__enter_any(conn, deadline, err);
    if (status != SQLA_OK)
        return status;
    status = mariadb__pin(conn, err);
    if (status == SQLA_OK)
        status = learn(conn, err);
    mariadb__leave(conn);
    return status;
}

sqla_status mariadb_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    sqla_driver_conn *conn = new_conn();
    sqla_status status = conn != NULL ? mariadb__recipe_new(args, &conn->recipe, err) : mariadb__nomem(err);
    bool flags = args->struct_size >= offsetof(sqla_connect_args, flags) + sizeof args->flags;
    if (status == SQLA_OK) {
        conn->read_only = flags && (args->flags & SQLA_CONNECT_READ_ONLY) != 0;
        status = start(conn, deadline_of(args, conn->recipe), err);
    }
    if (status != SQLA_OK) {
        mariadb_close(conn);
        return status;
    }
    describe(conn, info);
    *ret_conn = conn;
    return SQLA_OK;
}
