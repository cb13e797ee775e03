/* guard.c: what a server, the environment or a file must not decide.
 *
 * A password in clear is for a server that a certificate or a local socket vouches for. A libpq of version
 * 16 and later has an option for that (require_auth); before one that has not, the server's request is
 * looked at while it still lies in the socket. Within TLS nothing can be seen there.
 *
 * In a privileged process (AT_SECURE) the environment belongs to somebody who has fewer rights than the
 * process, and so do the files that libpq looks for below HOME: what is not given is the built-in default
 * then, or is refused. */
#include <config.h>
#include "postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/socket.h>

/* ---- what is given ------------------------------------------------------------------------------------- */

static const char *given(const postgres__recipe *r, const char *key)
{
    for (int i = 0; i < r->count; i++) {
        if (strcmp(r->keys[i], key) == 0 && r->values[i] != NULL && r->values[i][0] != '\0')
            return r->values[i];
    }
    return NULL;
}

static const PQconninfoOption *option_of(const PQconninfoOption *options, const char *key)
{
    while (options->keyword != NULL && strcmp(options->keyword, key) != 0)
        options++;
    return options->keyword != NULL ? options : NULL;
}

/* What holds for a key: given, or else what libpq takes from its environment, its service file or its
 * source. NULL: nothing. */
static const char *effective(const postgres__recipe *r, const PQconninfoOption *options, const char *key)
{
    const char *value = given(r, key);
    const PQconninfoOption *option = option_of(options, key);
    return value != NULL                                                     ? value
           : option != NULL && option->val != NULL && option->val[0] != '\0' ? option->val
                                                                             : NULL;
}

static void put(postgres__recipe *r, const char *key, const char *value)
{
    if (r->count >= POSTGRES__MAX_PARAMS) {
        r->options.broken = true;
        return;
    }
    r->keys[r->count] = key;
    r->values[r->count++] = value;
}

/* ---- twins --------------------------------------------------------------------------------------------- */

/* libpq connects to the address whatever the host is called. */
static sqla_status check_address(const postgres__recipe *r, const PQconninfoOption *options, sqla_err *err)
{
    static const sqla_err_fields fields = {
        .hint = "PGHOSTADDR, or hostaddr in a service file, would lead to another server than the one that "
                "is named; unset it, or give hostaddr as well"
    };
    if (given(r, "host") == NULL || given(r, "hostaddr") != NULL || given(r, "service") != NULL ||
        effective(r, options, "hostaddr") == NULL)
        return SQLA_OK;
    return postgres__fail(
        err, SQLA_ERR_CONFIG, &fields, "the host is given, and the environment gives another address for it");
}

/* ---- passwords in clear -------------------------------------------------------------------------------- */

static bool is_socket(const char *host)
{
    return host[0] == '/' || host[0] == '@';
}

/* Are all of the hosts sockets of this machine? Without any it is the one that libpq was built with. */
static bool is_local(const char *hosts)
{
    for (const char *at = hosts; at != NULL; at = strchr(at, ','), at = at != NULL ? at + 1 : NULL) {
        if (!is_socket(at))
            return false;
    }
    return true;
}

static sqla_status limit_auth(postgres__recipe *r, const PQconninfoOption *options, sqla_err *err)
{
    const char *mode = effective(r, options, "sslmode"), *wanted = effective(r, options, "require_auth");
    bool vouched = mode != NULL && strncmp(mode, "verify-", 7) == 0;
    bool local = is_local(effective(r, options, "host")) && effective(r, options, "hostaddr") == NULL;
    bool own = option_of(options, "require_auth") != NULL;
    if (own && wanted == NULL && !vouched && !local)
        put(r, "require_auth", "!password");
    if (own)
        return SQLA_OK;
    if (r->require_auth != NULL && strcmp(r->require_auth, "password") != 0 &&
        strcmp(r->require_auth, "!password") != 0)
        return postgres__fail(err, SQLA_ERR_CONFIG, NULL,
            "connection parameter 'require_auth' can only be 'password' or '!password' with this "
            "libpq: the others need version 16");
    r->refuses_clear = r->require_auth != NULL ? r->require_auth[0] == '!' : !vouched;
    return SQLA_OK;
}

enum { LOOK_SIZE = 16384, REQUEST_SIZE = 9 };

static uint32_t number_at(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

typedef enum sight { SIGHT_CLEAR, SIGHT_PASSWORD, SIGHT_CUT } sight;

/* Messages of the protocol: a letter, a length that counts itself, a body; that of 'R' begins with what is
 * asked for, where 3 is the password as it is. CUT: the last one is not there as far as it has to be seen. */
static sight look_through(const unsigned char *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        bool asks = bytes[at] == 'R';
        if (n - at < 5 || (asks && n - at < REQUEST_SIZE))
            return SIGHT_CUT;
        if (asks && number_at(bytes + at + 5) == 3)
            return SIGHT_PASSWORD;
        size_t length = number_at(bytes + at + 1);
        if (length < 4 || length > n - at - 1)
            break;
        at += length + 1;
    }
    return SIGHT_CLEAR;
}

static bool is_visible(PGconn *link)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    return PQstatus(link) == CONNECTION_AWAITING_RESPONSE && PQsslInUse(link) == 0 &&
           PQgssEncInUse(link) == 0 && PQpass(link) != NULL && PQpass(link)[0] != '\0' &&
           getsockname(PQsocket(link), (struct sockaddr *)&address, &size) == 0 &&
           address.ss_family != AF_UNIX;
}

sqla_status postgres__guard_answer(PGconn *link, const postgres__recipe *r, int64_t deadline, sqla_err *err)
{
    static const sqla_err_fields fields = { .sqlstate = "28000",
        .hint = "connect by TLS with sslmode=verify-full, or allow it with "
                "require_auth=password" };
    unsigned char bytes[LOOK_SIZE];
    sight seen = SIGHT_CUT;
    while (seen == SIGHT_CUT && r->refuses_clear && is_visible(link)) {
        ssize_t n = recv(PQsocket(link), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
        seen = n > 0 ? look_through(bytes, (size_t)n) : SIGHT_CLEAR;
        if (seen == SIGHT_CUT && (deadline == 0 || postgres__now() < deadline))
            (void)poll(
                NULL, 0, 1); /* the rest is on its way, and poll() on the socket would not wait for it */
        else if (seen == SIGHT_CUT)
            return postgres__fail(
                err, SQLA_ERR_TIMEOUT, NULL, "the deadline passed while connecting to the server");
    }
    if (seen != SIGHT_PASSWORD)
        return SQLA_OK;
    return postgres__fail(
        err, SQLA_ERR_DENIED, &fields, "the server asks for the password in clear, which it is not given");
}

/* ---- privileged processes ------------------------------------------------------------------------------ */

static bool is_among(const char *word, const char *const *list)
{
    while (*list != NULL && strcmp(word, *list) != 0)
        list++;
    return *list != NULL;
}

static sqla_status refuse_variable(const char *name, const char *key, sqla_err *err)
{
    char hint[160];
    snprintf(hint, sizeof hint, key != NULL ? "unset %s, or give '%s' in the URL" : "unset %s", name, key);
    return postgres__fail(err, SQLA_ERR_CONFIG, &(sqla_err_fields){ .hint = hint },
        "the environment variable '%s' is set, and this process has "
        "rights that its user has not",
        name);
}

/* An option that is not given: where libpq would look in the environment, or in a file of the user's,
 * something is put in its place. */
static sqla_status settle(postgres__recipe *r, const PQconninfoOption *option, sqla_err *err)
{
    static const char *const files[] = { "passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl",
        "sslcrldir", NULL };
    const char *key = option->keyword, *name = option->envvar, *said = name != NULL ? getenv(name) : NULL;
    if (given(r, key) != NULL || strcmp(key, "connect_timeout") == 0) /* the driver's own */
        return SQLA_OK;
    if (is_among(key, files))
        put(r, key, "/dev/null/none"); /* below what is no folder there is nothing */
    else if (said == NULL || said[0] == '\0')
        return SQLA_OK;
    else if (option->compiled != NULL && option->compiled[0] != '\0')
        put(r, key, option->compiled);
    else if (strcmp(key, "options") == 0)
        put(r, key, " ");
    else if (strcmp(key, "application_name") != 0) /* a name for people */
        return refuse_variable(name, key, err);
    return SQLA_OK;
}

static sqla_status distrust_environment(postgres__recipe *r, const PQconninfoOption *options, sqla_err *err)
{
    static const char *const others[] = { "PGSERVICEFILE", "PGSYSCONFDIR", "PGLOCALEDIR", "PGDATESTYLE",
        "PGTZ", "PGGEQO", "PGREQUIRESSL", NULL };
    sqla_status status = SQLA_OK;
    if (given(r, "service") != NULL)
        return postgres__fail(err, SQLA_ERR_CONFIG, NULL,
            "connection parameter 'service' cannot be given: the service file may be the user's, and "
            "this process has rights that its user has not");
    for (const char *const *name = others; *name != NULL; name++) {
        if (getenv(*name) != NULL)
            return refuse_variable(*name, NULL, err);
    }
    for (; options->keyword != NULL && status == SQLA_OK; options++)
        status = settle(r, options, err);
    return status;
}

sqla_status postgres__guard_recipe(postgres__recipe *r, const PQconninfoOption *options, sqla_err *err)
{
    sqla_status status = getauxval(AT_SECURE) != 0 ? distrust_environment(r, options, err) : SQLA_OK;
    if (status == SQLA_OK)
        status = check_address(r, options, err);
    return status == SQLA_OK ? limit_auth(r, options, err) : status;
}
