/* guard.c: what a server, a proxy or the environment must not decide.
 *
 * Where TLS is wanted, a greeting that does not offer it is refused before anything is answered:
 * libmariadb would go on in clear, with a user's name and a hash of the password in its answer, when one
 * bit of the greeting is cleared on the way. It has a hook that sees what was read; where it has none, the
 * link is looked at once it is there.
 *
 * Servers name the plugin that a password is shown by. Only some of them keep it to themselves. */
#include <config.h>
#include "mariadb.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>

/* ---- the greeting -------------------------------------------------------------------------------------- */

/* Declared by a header that is not there in all versions; exported by all of them, but no part of the
 * manual. */
extern int ma_pvio_register_callback(my_bool add,
    void (*seen)(int mode, MYSQL *link, const unsigned char *bytes, size_t size)) __attribute__((weak));

enum { HEAD = 4, LONGEST_VERSION = 1024, OFFERS_TLS = 0x08, TENTH = 10, AN_ERROR = 0xff };

/* The greeting that this thread waits for. It is one packet: its length and number (HEAD bytes), the
 * version of the protocol, the server's version up to a NUL, 4 bytes, 8 bytes, a NUL, and what the server
 * can, of which the second byte counts. */
static _Thread_local struct {
    MYSQL *link; /* NULL: none is waited for, or it has been seen */
    size_t at, length;
    size_t behind; /* the place of the NUL; 0: not seen yet */
    bool refuses, refused; /* the server us, and we it */
    bool wants_tls;
} greeting;

static bool refuse_greeting(void)
{
    greeting.refused = greeting.wants_tls;
    return true;
}

/* Take one byte.  Returns: is enough known? */
static bool take_byte(unsigned char byte)
{
    size_t at = greeting.at++;
    if (at < 3)
        greeting.length |= (size_t)byte << (8 * at);
    else if (at == HEAD && byte == AN_ERROR)
        greeting.refuses = true; /* the server lets nobody in, and is not answered */
    else if (greeting.refuses)
        return at == HEAD + 2;
    else if (at == HEAD && byte != TENTH)
        return refuse_greeting();
    else if (at > HEAD && greeting.behind == 0 && byte == '\0')
        greeting.behind = at;
    else if (at > HEAD + LONGEST_VERSION && greeting.behind == 0)
        return refuse_greeting();
    else if (at >= HEAD && at - HEAD >= greeting.length)
        return refuse_greeting();
    else if (greeting.behind != 0 && at == greeting.behind + 15)
        return (byte & OFFERS_TLS) != 0 || refuse_greeting();
    return false;
}

/* A refusal has a number of two bytes. With 0xffff libmariadb takes it for a report of progress, and looks for
 * the server's version, which it has not heard then, behind NULL: so that number is made another. */
static void on_traffic(int mode, MYSQL *link, const unsigned char *bytes, size_t size)
{
    if (mode != 0 || size > PTRDIFF_MAX)
        return;
    mariadb__intake_add(link, size);
    if (greeting.link == NULL || link != greeting.link)
        return;
    for (size_t i = 0; i < size && greeting.link != NULL; i++) {
        if (take_byte(bytes[i]))
            greeting.link = NULL;
        if (greeting.refuses && greeting.link == NULL && bytes[i] == 0xff)
            *(unsigned char *)(uintptr_t)&bytes[i] = 0; /* as is said above */
    }
    if (greeting.refused)
        (void)shutdown(mysql_get_socket(link), SHUT_RDWR);
}

/* For as long as the process lives. Links of others are passed over, as are ours when they are there. */
static void watch_traffic(void)
{
    if (ma_pvio_register_callback != NULL)
        (void)ma_pvio_register_callback(1, on_traffic);
}

void mariadb__guard_begin(MYSQL *link, const mariadb__recipe *r)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    memset(&greeting, 0, sizeof greeting);
    pthread_once(&once, watch_traffic);
    greeting.wants_tls = mariadb__wants_tls(r);
    greeting.link = link;
}

sqla_status mariadb__guard_end(MYSQL *link, const mariadb__recipe *r, sqla_status status)
{
    bool refused = greeting.refused;
    greeting.link = NULL;
    if (refused || (status == SQLA_OK && mariadb__wants_tls(r) && mysql_get_ssl_cipher(link) == NULL))
        return SQLA_ERR_UNSUPPORTED;
    return status;
}

/* ---- plugins of authentication ------------------------------------------------------------------------- */

/* The first ones prove that the password is known. The next give it away to whoever has, or makes, the key
 * that it is encrypted with; and the last as it is. None asks a person at a terminal (dialog). */
#define PROVING "mysql_native_password,client_ed25519,parsec,auth_gssapi_client"
#define SHARING ",caching_sha2_password,sha256_password"
#define GIVING ",mysql_clear_password"

sqla_status mariadb__guard_plugins(MYSQL *link, const mariadb__recipe *r, bool by_socket)
{
    bool vouched = mariadb__wants_tls(r) && mariadb__verifies(r);
    const char *allowed = vouched ? PROVING SHARING GIVING : by_socket ? PROVING SHARING : PROVING;
    return mysql_optionsv(link, MARIADB_OPT_RESTRICTED_AUTH, allowed) == 0 ? SQLA_OK : SQLA_ERR_CONNECT;
}

/* ---- privileged processes ------------------------------------------------------------------------------ */

sqla_status mariadb__guard_environment(sqla_err *err)
{
    static const char *const names[] = { "LIBMYSQL_PLUGINS", "MARIADB_PLUGIN_DIR", "MYSQL_TCP_PORT",
        "MYSQL_UNIX_PORT", "MARIADB_UNIX_PORT", "MYSQL_PWD", "MARIADB_TLS_DISABLE_PEER_VERIFICATION" };
    for (size_t i = 0; i < sizeof names / sizeof names[0] && getauxval(AT_SECURE) != 0; i++) {
        char hint[96];
        snprintf(hint, sizeof hint, "unset %s", names[i]);
        if (getenv(names[i]) != NULL)
            return mariadb__fail(err, SQLA_ERR_CONFIG, &(sqla_err_fields){ .hint = hint },
                "the environment variable '%s' is set, and this process "
                "has rights that its user has not",
                names[i]);
    }
    return SQLA_OK;
}
