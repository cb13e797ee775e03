/* recipe.c: what a URL says, kept for the connection and for those that its cancels are made with; and its keys. */
#include <config.h>
#include "mariadb.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct key { const char *name; size_t offset; uint32_t flags; } key;

#define KEY(name, member, flags) { name, offsetof(mariadb__recipe, member), flags }
static const key keys[] = {
    KEY("host", hosts, 0), KEY("port", port, 0), KEY("user", user, 0), KEY("password", password, SQLA_OPTION_SECRET),
    KEY("database", database, 0), KEY("socket", socket, 0), KEY("connect_timeout", connect_timeout, 0), KEY("charset", charset, 0),
    KEY("compress", compress, 0), KEY("max_message", max_message, 0), KEY("ssl", ssl, 0), KEY("ssl_ca", ssl_ca, 0), KEY("ssl_cert", ssl_cert, 0), KEY("ssl_key", ssl_key, 0),
    KEY("ssl_verify", ssl_verify, 0),
};
enum { KEYS = sizeof keys / sizeof keys[0] };

/* ---- words ----------------------------------------------------------------------------------------------------- */

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcasecmp(word, *list) == 0)
            return true;
    }
    return false;
}

bool mariadb__is_on(const char *word)
{
    static const char *const on[] = { "on", "true", "yes", "1", NULL };
    return word != NULL && is_one_of(word, on);
}

static sqla_status check_flag(const char *name, const char *word, sqla_err *err)
{
    static const char *const off[] = { "off", "false", "no", "0", NULL };
    if (word == NULL || mariadb__is_on(word) || is_one_of(word, off))
        return SQLA_OK;
    return mariadb__fail(err, SQLA_ERR_CONFIG, NULL, "connection parameter '%s' is on or off, and not '%s'", name, word);
}

static sqla_status check_number(const char *name, const char *text, unsigned long most, sqla_err *err)
{
    if (text == NULL || (strlen(text) < 9 && text[0] != '\0' && strspn(text, "0123456789") == strlen(text) && strtoul(text, NULL, 10) <= most))
        return SQLA_OK;
    return mariadb__fail(err, SQLA_ERR_CONFIG, NULL, "connection parameter '%s' is a number up to %lu, and not '%s'", name, most, text);
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

sqla_status mariadb_connect_options(const sqla_connect_option **ret_options, uint32_t *ret_count, sqla_err *err)
{
    static const sqla_connect_option options[] = {
        { "host", NULL, 0, 0, "socket" },
        { "port", NULL, 0, 0, "socket" },
        { "user", NULL, 0, 0, NULL },
        { "password", NULL, SQLA_OPTION_SECRET, 0, NULL },
        { "database", NULL, 0, 0, NULL },
        { "socket", NULL, 0, 0, "host port" },
        { "unix_socket", "socket", 0, 0, "host port" },
        { "connect_timeout", NULL, 0, 0, NULL },
        { "charset", NULL, 0, 0, NULL },
        { "compress", NULL, 0, 0, NULL },
        { "max_message", NULL, 0, 0, NULL },
        { "ssl", NULL, 0, 0, NULL },
        { "ssl_ca", NULL, 0, 0, NULL },
        { "ssl_cert", NULL, 0, 0, NULL },
        { "ssl_key", NULL, 0, 0, NULL },
        { "ssl_verify", NULL, 0, 0, "ssl_ca" },
    };
    (void)err;
    *ret_options = options;
    *ret_count = sizeof options / sizeof options[0];
    return SQLA_OK;
}

static int smallest(int a, int b, int c) { return a < b ? (a < c ? a : c) : (b < c ? b : c); }

/* How many letters have to be added, taken away or replaced between two short words. */
static int distance(const char *a, const char *b)
{
    int row[64], n = (int)strlen(b);
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

/* The host asks connect_options first; a host that does not comes here. */
static sqla_status unknown_key(const char *name, sqla_err *err)
{
    char hint[96];
    const char *nearest = keys[0].name;
    for (size_t i = 1; i < KEYS; i++) {
        if (distance(name, keys[i].name) < distance(name, nearest))
            nearest = keys[i].name;
    }
    snprintf(hint, sizeof hint, "the nearest known one is '%s'", nearest);
    return mariadb__fail(err, SQLA_ERR_CONFIG, &(sqla_err_fields){ .hint = hint }, "unknown connection parameter '%s'", name);
}

static const char **place_of(mariadb__recipe *r, const char *name)
{
    if (strcmp(name, "unix_socket") == 0)
        name = "socket";
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(name, keys[i].name) == 0)
            return (const char **)(void *)((char *)r + keys[i].offset);
    }
    return NULL;
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

static sqla_status check_most(const char *text, sqla_err *err)
{
    size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
    unsigned long n = digits > 0 && digits < 6 && text[digits] == '\0' ? strtoul(text, NULL, 10) : 0;
    if (text == NULL || (n >= 1 && n <= MARIADB__MAX_MESSAGE_MOST))
        return SQLA_OK;
    return mariadb__fail(err, SQLA_ERR_CONFIG, NULL,
        "connection parameter 'max_message' is a number of MiB from 1 to %d, and not '%s'",
        MARIADB__MAX_MESSAGE_MOST, text);
}

size_t mariadb__most(const mariadb__recipe *r)
{
    unsigned long n = r->max_message != NULL ? strtoul(r->max_message, NULL, 10) : MARIADB__MAX_MESSAGE;
    return (size_t)n * 1024 * 1024;
}

static sqla_status check(const mariadb__recipe *r, sqla_err *err)
{
    sqla_status status = check_number("port", r->hosts != NULL && strchr(r->hosts, ',') != NULL ? NULL : r->port, 65535, err);
    if (status == SQLA_OK)
        status = check_number("connect_timeout", r->connect_timeout, 1000000, err);
    if (status == SQLA_OK)
        status = check_most(r->max_message, err);
    if (status == SQLA_OK)
        status = check_flag("compress", r->compress, err);
    if (status == SQLA_OK)
        status = check_flag("ssl", r->ssl, err);
    if (status == SQLA_OK)
        status = check_flag("ssl_verify", r->ssl_verify, err);
    if (status == SQLA_OK && r->charset != NULL && strcasecmp(r->charset, "utf8mb4") != 0)
        return mariadb__fail(err, SQLA_ERR_CONFIG, NULL, "connection parameter 'charset' can only be 'utf8mb4': all text is UTF-8 here");
    return status;
}

static sqla_status fill(mariadb__recipe *r, char *room, const sqla_connect_args *args, sqla_err *err)
{
    for (uint32_t i = 0; i < args->count; i++) {
        const sqla_connect_param *param = &args->params[i];
        const char **place = place_of(r, param->key);
        if (place == NULL)
            return unknown_key(param->key, err);
        if (*place != NULL)
            return mariadb__fail(err, SQLA_ERR_CONFIG, NULL, "connection parameter '%s' is given twice", param->key);
        *place = strcpy(room, param->value);
        room += strlen(param->value) + 1;
    }
    if (r->hosts != NULL && r->hosts[0] == '/' && r->socket == NULL) { /* a path is that of a socket */
        r->socket = r->hosts;
        r->hosts = NULL;
    }
    return check(r, err);
}

sqla_status mariadb__recipe_new(const sqla_connect_args *args, mariadb__recipe **ret_recipe, sqla_err *err)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < args->count; i++)
        bytes += strlen(args->params[i].value) + 1;
    mariadb__recipe *r = mariadb__host->alloc(sizeof *r + bytes);
    if (r == NULL)
        return mariadb__nomem(err);
    *r = (mariadb__recipe){ .hosts = NULL };
    sqla_status status = mariadb__guard_environment(err);
    if (status == SQLA_OK)
        status = fill(r, (char *)(r + 1), args, err);
    if (status == SQLA_OK)
        *ret_recipe = r;
    else
        mariadb__host->release(r);
    return status;
}

/* ---- a handle -------------------------------------------------------------------------------------------------- */

bool mariadb__wants_tls(const mariadb__recipe *r)
{
    return mariadb__is_on(r->ssl) || r->ssl_ca != NULL || r->ssl_cert != NULL || r->ssl_key != NULL ||
           mariadb__is_on(r->ssl_verify);
}

/* A certificate that is given is there to be looked at, unless it is said that it is not. */
bool mariadb__verifies(const mariadb__recipe *r)
{
    return mariadb__is_on(r->ssl_verify) || (r->ssl_verify == NULL && r->ssl_ca != NULL);
}

/* A key that is encrypted cannot be used: OpenSSL would ask for its passphrase at the terminal, unless one
 * is given. */
static void set_ssl(MYSQL *link, const mariadb__recipe *r)
{
    my_bool enforce = mariadb__wants_tls(r), verify = mariadb__verifies(r);
    if (r->ssl_ca != NULL || r->ssl_cert != NULL || r->ssl_key != NULL)
        mysql_ssl_set(link, r->ssl_key, r->ssl_cert, r->ssl_ca, NULL, NULL);
    mysql_optionsv(link, MARIADB_OPT_TLS_PASSPHRASE, "");
    if (enforce)
        mysql_optionsv(link, MYSQL_OPT_SSL_ENFORCE, &enforce);
    mysql_optionsv(link, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

enum { MOST_PACKET = 1 << 24 }; /* a message that is longer comes in several packets */

/* No server may ask for files of this machine, and a link that broke is never replaced behind our back. */
MYSQL *mariadb__recipe_link(const mariadb__recipe *r)
{
    MYSQL *link = mysql_init(NULL);
    unsigned int no_files = 0;
    my_bool no = 0;
    size_t most = mariadb__most(r) + MOST_PACKET; /* so that what is too much is seen to be that (intake.c) */
    if (link == NULL)
        return NULL;
    mysql_optionsv(link, MYSQL_OPT_NONBLOCK, NULL);
    mysql_optionsv(link, MARIADB_OPT_IO_WAIT, mariadb__wait_inside);
    mysql_optionsv(link, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_optionsv(link, MYSQL_OPT_LOCAL_INFILE, &no_files);
    mysql_optionsv(link, MYSQL_OPT_RECONNECT, &no);
    mysql_optionsv(link, MYSQL_OPT_MAX_ALLOWED_PACKET, &most);
    if (mariadb__is_on(r->compress))
        mysql_optionsv(link, MYSQL_OPT_COMPRESS, NULL);
    set_ssl(link, r);
    return link;
}
