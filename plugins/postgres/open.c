/* open.c: from the parts of a URL to a connection that is ready.
 *
 * The keys are libpq's own, as this libpq knows them; what is not given stays absent, so that its environment variables,
 * service file and password file keep working. */
#include <config.h>
#include "postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

typedef postgres__recipe recipe;

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static int smallest(int a, int b, int c) { return a < b ? (a < c ? a : c) : (b < c ? b : c); }

/* How many letters have to be added, taken away or replaced between two short words. */
static int distance(const char *a, const char *b)
{
    int row[64];
    int n = (int)strlen(b);
    if (n >= 64)
        return n;
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 0; a[i] != '\0'; i++) {
        int corner = row[0];
        row[0] = i + 1;
        for (int j = 1; j <= n; j++) {
            int above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, corner + (a[i] != b[j - 1]));
            corner = above;
        }
    }
    return row[n];
}

static sqla_status unknown_key(const char *key, const PQconninfoOption *options, sqla_err *err)
{
    char hint[128];
    bool own = distance(key, "max_message") < distance(key, "database");
    const char *nearest = own ? "max_message" : "database";
    int least = distance(key, nearest);
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        int d = distance(key, o->keyword);
        if (d < least) {
            least = d;
            nearest = o->keyword;
        }
    }
    snprintf(hint, sizeof hint, "the nearest known one is '%s'", nearest);
    const sqla_err_fields fields = { .hint = hint };
    return postgres__fail(err, SQLA_ERR_CONFIG, &fields, "unknown connection parameter '%s'", key);
}

static bool is_known(const char *key, const PQconninfoOption *options)
{
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        if (strcmp(key, o->keyword) == 0)
            return true;
    }
    return false;
}

/* Nothing is ever freed of this list: it lives as long as the process. */
static struct {
    pthread_mutex_t lock;
    sqla_connect_option *options;
    uint32_t count;
} told = { PTHREAD_MUTEX_INITIALIZER, NULL, 0 };

/* Each decides in the place of the others; a service file may say anything. */
static const char *twins_of(const char *keyword)
{
    static const struct {
        const char *key, *twins;
    } all[] = {
        { "host", "hostaddr" },
        { "hostaddr", "host" },
        { "password", "passfile" },
        { "passfile", "password" },
        { "service", "*" },
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(keyword, all[i].key) == 0)
            return all[i].twins;
    }
    return NULL;
}

static sqla_connect_option option_from(const PQconninfoOption *o, const char *keyword)
{
    bool secret = o->dispchar != NULL && strcmp(o->dispchar, "*") == 0;
    return (sqla_connect_option){ keyword, strcmp(keyword, "dbname") == 0 ? "database" : NULL,
        secret                            ? SQLA_OPTION_SECRET
        : strcmp(keyword, "options") == 0 ? SQLA_OPTION_SETTINGS
                                          : 0,
        0, twins_of(keyword) };
}

/* The options in one block, with their names behind them. */
static sqla_connect_option *copy_options(const PQconninfoOption *options, uint32_t *ret_count)
{
    size_t n = 3, bytes = 0;
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++, n++)
        bytes += strlen(o->keyword) + 1;
    sqla_connect_option *list = postgres__host->alloc(n * sizeof *list + bytes);
    if (list == NULL)
        return NULL;
    char *names = (char *)(list + n);
    list[0] = (sqla_connect_option){ "database", NULL, 0, 0, NULL };
    list[1] = (sqla_connect_option){ "max_message", NULL, 0, 0, NULL };
    *ret_count = 2;
    if (!is_known("require_auth", options))
        list[(*ret_count)++] = (sqla_connect_option){ "require_auth", NULL, 0, 0, NULL };
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        size_t size = strlen(o->keyword) + 1;
        memcpy(names, o->keyword, size);
        list[(*ret_count)++] = option_from(o, names);
        names += size;
    }
    return list;
}

sqla_status postgres_connect_options(const sqla_connect_option **ret_options, uint32_t *ret_count, sqla_err *err)
{
    pthread_mutex_lock(&told.lock);
    PQconninfoOption *options = told.options == NULL ? PQconndefaults() : NULL;
    if (options != NULL)
        told.options = copy_options(options, &told.count);
    PQconninfoFree(options);
    bool ok = told.options != NULL;
    *ret_options = told.options;
    *ret_count = told.count;
    pthread_mutex_unlock(&told.lock);
    return ok ? SQLA_OK : postgres__nomem(err);
}

/* ---- hosts ----------------------------------------------------------------------------------------------------- */

/* Where the port begins in one of the hosts, or its end. A path and a bare IPv6 address have colons of their own. */
static const char *port_of(const char *host, const char *end)
{
    const char *from = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
    if (from == NULL || *host == '/' || *host == '@')
        return end;
    const char *colon = memchr(from, ':', (size_t)(end - from));
    if (colon == NULL || memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL)
        return end;
    return colon;
}

/* "a:1,b" becomes "a,b" and "1,": libpq has hosts and ports in two lists of the same length. */
static void split_hosts(recipe *r)
{
    bool single = r->port != NULL && strchr(r->port, ',') == NULL;
    bool some = false;
    for (const char *at = r->host;;) {
        const char *end = at + strcspn(at, ","), *colon = port_of(at, end);
        bool bracket = *at == '[' && colon > at + 1 && colon[-1] == ']';
        postgres__buf_add(&r->hosts, at + bracket, (size_t)(colon - at) - 2 * (size_t)bracket);
        if (colon < end)
            postgres__buf_add(&r->ports, colon + 1, (size_t)(end - colon - 1));
        else if (single)
            postgres__buf_add(&r->ports, r->port, strlen(r->port));
        some |= colon < end;
        /* A comma, or the NUL at the end. */
        postgres__buf_add(&r->hosts, *end == ',' ? "," : "", 1);
        postgres__buf_add(&r->ports, *end == ',' ? "," : "", 1);
        if (*end == '\0')
            break;
        at = end + 1;
    }
    r->host = r->hosts.data;
    if (some)
        r->port = r->ports.data;
}

/* ---- the recipe ------------------------------------------------------------------------------------------------ */

static void put(recipe *r, const char *key, const char *value)
{
    r->keys[r->count] = key;
    r->values[r->count++] = value;
}

static sqla_status put_timeout(recipe *r, const char *text, sqla_err *err)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || n < 0 || n > 1000000)
        return postgres__fail(err, SQLA_ERR_CONFIG, NULL, "connect_timeout '%s' is not a number of seconds", text);
    r->seconds = n;
    return SQLA_OK;
}

static sqla_status put_most(recipe *r, const char *text, sqla_err *err)
{
    size_t digits = strspn(text, "0123456789");
    long n = digits > 0 && digits < 6 && text[digits] == '\0' ? strtol(text, NULL, 10) : 0;
    if (n < 1 || n > POSTGRES__MAX_MESSAGE_MOST)
        return postgres__fail(err, SQLA_ERR_CONFIG, NULL,
            "connection parameter 'max_message' is a number of MiB from 1 to %d, and not '%s'",
            POSTGRES__MAX_MESSAGE_MOST, text);
    r->most = (size_t)n * 1024 * 1024;
    return SQLA_OK;
}

static bool is_one_of(const char *value, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasecmp(value, *words) == 0)
            return true;
    }
    return false;
}

/* Keys with one value that is right here, which is what they have without being given. */
static sqla_status check_fixed(const char *key, const char *value, sqla_err *err)
{
    static const char *const utf8[] = { "UTF8", "UTF-8", "unicode", NULL }, *const off[] = { "false", "off", "no", "0", NULL };
    if (strcmp(key, "client_encoding") == 0 && !is_one_of(value, utf8))
        return postgres__fail(err, SQLA_ERR_CONFIG, NULL, "connection parameter 'client_encoding' can only be 'UTF8': all text is UTF-8 here");
    if (strcmp(key, "replication") == 0 && !is_one_of(value, off))
        return postgres__fail(err, SQLA_ERR_CONFIG, NULL, "connection parameter 'replication' can only be 'false': a connection for "
                              "replication speaks another language than SQL");
    return SQLA_OK;
}

static bool is_fixed(const char *key)
{
    return strcmp(key, "client_encoding") == 0 || strcmp(key, "replication") == 0;
}

static sqla_status put_param(recipe *r, const sqla_connect_param *param, const PQconninfoOption *options, sqla_err *err)
{
    const char *key = strcmp(param->key, "database") == 0 || strcmp(param->key, "dbname") == 0 ? "dbname" : param->key;
    for (int i = 0; i < r->count; i++) {
        if (strcmp(r->keys[i], key) == 0)
            return postgres__fail(err, SQLA_ERR_CONFIG, NULL, "connection parameter '%s' is given twice", param->key);
    }
    bool own = strcmp(key, "require_auth") == 0 && !is_known(key, options);
    if (strcmp(key, "max_message") == 0)
        return r->most == 0 ? put_most(r, param->value, err)
                            : postgres__fail(err, SQLA_ERR_CONFIG, NULL,
                                  "connection parameter 'max_message' is given twice");
    if (strcmp(key, "dbname") != 0 && !own && !is_known(key, options))
        return unknown_key(param->key, options, err);
    if (r->count >= POSTGRES__MAX_PARAMS / 2)
        return postgres__fail(err, SQLA_ERR_CONFIG, NULL, "too many connection parameters");
    if (own)
        r->require_auth = param->value;
    else if (strcmp(key, "host") == 0)
        r->host = param->value;
    else if (strcmp(key, "port") == 0)
        r->port = param->value;
    else if (strcmp(key, "connect_timeout") == 0)
        return put_timeout(r, param->value, err);
    else if (is_fixed(key))
        return check_fixed(key, param->value, err);
    else if (r->pooled && strcmp(key, "options") == 0 && param->value[0] != '\0')
        return postgres__fail(err, SQLA_ERR_CONFIG, NULL, "connection parameter 'options' cannot be given together with a pooler, which "
                              "does not pass it on");
    else
        put(r, key, param->value);
    return SQLA_OK;
}

static bool has_flag(const sqla_connect_args *args, uint32_t flag)
{
    return args->struct_size >= offsetof(sqla_connect_args, flags) + sizeof args->flags && (args->flags & flag) != 0;
}

/* As an option of the session's start it survives RESET. What else is given as options stands before it, which here includes
 * what libpq would have taken from its environment. */
static void put_read_only(recipe *r, const PQconninfoOption *defaults)
{
    static const char read_only[] = " -c default_transaction_read_only=on";
    const char *given = NULL;
    int at = 0;
    for (const PQconninfoOption *o = defaults; o->keyword != NULL; o++)
        given = strcmp(o->keyword, "options") == 0 ? o->val : given;
    while (at < r->count && strcmp(r->keys[at], "options") != 0)
        at++;
    if (at < r->count)
        given = r->values[at];
    else
        put(r, "options", NULL);
    if (given != NULL)
        postgres__buf_add(&r->options, given, strlen(given));
    postgres__buf_add(&r->options, read_only, sizeof read_only);
    r->values[at] = r->options.data;
}

static sqla_status make_recipe(recipe *r, const sqla_connect_args *args, sqla_err *err)
{
    sqla_status status = SQLA_OK;
    PQconninfoOption *options = PQconndefaults();
    if (options == NULL)
        return postgres__nomem(err);
    for (uint32_t i = 0; i < args->count && status == SQLA_OK; i++)
        status = put_param(r, &args->params[i], options, err);
    if (status == SQLA_OK && !r->pooled && has_flag(args, SQLA_CONNECT_READ_ONLY))
        put_read_only(r, options);
    if (r->host != NULL)
        split_hosts(r);
    if (r->host != NULL && !r->hosts.broken)
        put(r, "host", r->host);
    if (r->port != NULL && !r->ports.broken)
        put(r, "port", r->port);
    put(r, "client_encoding", "UTF8");
    if (status == SQLA_OK)
        status = postgres__guard_recipe(r, options, err);
    r->keys[r->count] = NULL;
    PQconninfoFree(options);
    bool broken = r->hosts.broken || r->ports.broken || r->options.broken;
    return status == SQLA_OK && broken ? postgres__nomem(err) : status;
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

static sqla_status finish_connecting(PGconn *link, const recipe *r, int64_t deadline, sqla_err *err)
{
    size_t taken = 0;
    for (PostgresPollingStatusType next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK;) {
        short seen;
        if (next == PGRES_POLLING_FAILED)
            return postgres__refused(link, err);
        sqla_status status = postgres__poll(PQsocket(link), next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline, &seen);
        if (status == SQLA_ERR_TIMEOUT)
            return postgres__fail(err, SQLA_ERR_TIMEOUT, NULL, "the deadline passed while connecting to the server");
        if (status != SQLA_OK)
            return postgres__fail(err, SQLA_ERR_CONNECT, NULL, "cannot wait for the server");
        status = postgres__guard_answer(link, r, deadline, err);
        if (status == SQLA_OK)
            status = postgres__take_connect(link, &taken, &next, err);
        if (status != SQLA_OK)
            return status;
    }
    return SQLA_OK;
}

/* The server talks aside: into the log. A FATAL message outside of any statement ends the session. */
static void on_notice(void *arg, const PGresult *res)
{
    sqla_driver_conn *conn = arg;
    const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    if (postgres__is_fatal(res))
        conn->lost = true;
    postgres__intake_aside(conn, message);
    if (message != NULL)
        postgres__host->log(severity != NULL && strcmp(severity, "WARNING") == 0 ? SQLA_LOG_WARNING : SQLA_LOG_DEBUG, message);
}

/* libpq refuses a value that it does not know by quoting it, and has no other sign of that. */
static bool is_value_refused(const PGconn *link, const recipe *r)
{
    char quoted[128];
    for (int i = 0; i < r->count; i++) {
        if (strcmp(r->keys[i], "host") == 0 || strcmp(r->keys[i], "hostaddr") == 0 || strcmp(r->keys[i], "password") == 0)
            continue;
        snprintf(quoted, sizeof quoted, "\"%s\"", r->values[i]);
        if (strstr(PQerrorMessage(link), quoted) != NULL)
            return true;
    }
    return false;
}

static sqla_status start(sqla_driver_conn *conn, const recipe *r, int64_t deadline, sqla_err *err)
{
    conn->link = PQconnectStartParams(r->keys, r->values, 0);
    if (conn->link == NULL)
        return postgres__nomem(err);
    PQsetErrorVerbosity(conn->link, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(conn->link, on_notice, conn);
    if (PQstatus(conn->link) == CONNECTION_BAD) {
        const char *said = PQerrorMessage(conn->link);
        if (!is_value_refused(conn->link, r))
            return postgres__refused(conn->link, err);
        return postgres__fail(err, SQLA_ERR_CONFIG, NULL, "%.*s", (int)strcspn(said, "\n"), said);
    }
    sqla_status status = finish_connecting(conn->link, r, deadline, err);
    if (status != SQLA_OK)
        return status;
    PQsetErrorVerbosity(conn->link, PQERRORS_DEFAULT);
    if (PQsetnonblocking(conn->link, 1) != 0 || (conn->key = postgres__key_new(conn->link)) == NULL)
        return postgres__nomem(err);
    status = postgres__enter(conn, deadline, err);
    if (status == SQLA_OK) {
        status = postgres__pin(conn, err);
        postgres__leave(conn);
    }
    return status;
}

static void describe(sqla_driver_conn *conn, sqla_conn_info *info)
{
    const char *version = PQparameterStatus(conn->link, "server_version");
    snprintf(conn->product, sizeof conn->product, "PostgreSQL %.*s", version != NULL ? (int)strcspn(version, " ") : 0,
             version != NULL ? version : "");
    info->server_version = (uint32_t)PQserverVersion(conn->link);
    info->product = conn->product;
    info->features = postgres__traits.features;
    info->max_parameters = postgres__traits.max_parameters;
}

static sqla_driver_conn *new_conn(void)
{
    sqla_driver_conn *conn = postgres__host->alloc(sizeof *conn);
    if (conn == NULL)
        return NULL;
    memset(conn, 0, sizeof *conn);
    if (getrandom(&conn->tag, sizeof conn->tag, GRND_NONBLOCK) != (ssize_t)sizeof conn->tag)
        conn->tag = (uint64_t)postgres__now() ^ (uint64_t)getpid() << 40 ^ (uint64_t)(uintptr_t)conn;
    if (postgres__gate_init(&conn->gate))
        return conn;
    postgres__host->release(conn);
    return NULL;
}

sqla_status postgres_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    recipe r = { .count = 0 };
    int64_t deadline = args->deadline;
    sqla_driver_conn *conn = new_conn();
    r.pooled = has_flag(args, SQLA_CONNECT_POOLED);
    if (conn != NULL) {
        conn->pooled = r.pooled;
        conn->read_only = r.pooled && has_flag(args, SQLA_CONNECT_READ_ONLY);
        conn->only_reads = !r.pooled && has_flag(args, SQLA_CONNECT_READ_ONLY);
    }
    sqla_status status = conn != NULL ? make_recipe(&r, args, err) : postgres__nomem(err);
    if (status == SQLA_OK) {
        conn->intake.most = r.most != 0 ? r.most : (size_t)POSTGRES__MAX_MESSAGE * 1024 * 1024;
        int64_t own = r.seconds > 0 ? postgres__now() + r.seconds * 1000000000 : 0;
        if (own != 0 && (deadline == 0 || own < deadline))
            deadline = own;
        status = start(conn, &r, deadline, err);
    }
    postgres__buf_release(&r.hosts);
    postgres__buf_release(&r.ports);
    postgres__buf_release(&r.options);
    if (status != SQLA_OK) {
        postgres_close(conn);
        return status;
    }
    describe(conn, info);
    *ret_conn = conn;
    return SQLA_OK;
}
