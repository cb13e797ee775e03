/* mariadb.c: talks to MariaDB beside the library. A URL is one of ours, which has nothing in it that needs escapes. */
#include <config.h>
#include "mariadb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef WITH_MARIADB
#include <mysql.h>

static MYSQL *held;
static unsigned long last_id;

/* What stands between two marks of a URL; "" where it is not there. */
static void part(const char *url, const char *before, const char *ends, char *out, size_t size)
{
    const char *from = strstr(url, before);
    from = from != NULL ? from + strlen(before) : "";
    snprintf(out, size, "%.*s", (int)strcspn(from, ends), from);
}

/* mariadb://user:password@host:port/database?socket=path */
static MYSQL *connect_to(const char *url)
{
    char user[64], password[64] = "", place[128], database[128], socket[256];
    part(url, "://", "@", user, sizeof user);
    part(url, "@", "/", place, sizeof place);
    part(strchr(url, '@') != NULL ? strchr(url, '@') : url, "/", "?", database, sizeof database);
    part(url, "socket=", "&", socket, sizeof socket);
    char *colon = strchr(user, ':'), *port = strchr(place, ':');
    if (colon != NULL) {
        snprintf(password, sizeof password, "%s", colon + 1);
        *colon = '\0';
    }
    if (port != NULL)
        *port++ = '\0';
    MYSQL *link = mysql_init(NULL);
    mysql_options(link, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(link, MYSQL_INIT_COMMAND, "SET sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT', time_zone = '+00:00'");
    if (mysql_real_connect(link, place[0] != '\0' ? place : NULL, user, password, database, port != NULL ? (unsigned)atoi(port) : 0,
                           socket[0] != '\0' ? socket : NULL, CLIENT_MULTI_STATEMENTS) == NULL)
        printf("%s: %s\n", url, mysql_error(link));
    return link;
}

static void keep_cell(MYSQL_RES *rows, char *ret, size_t size)
{
    MYSQL_ROW row = ret != NULL ? mysql_fetch_row(rows) : NULL;
    if (row != NULL)
        snprintf(ret, size, "%s", row[0] != NULL ? row[0] : "");
    mysql_free_result(rows);
}

static bool run_on(MYSQL *link, const char *sql, char *ret, size_t size)
{
    int code = mysql_query(link, sql);
    if (ret != NULL)
        ret[0] = '\0';
    for (; code == 0; code = mysql_next_result(link)) {
        MYSQL_RES *rows = mysql_store_result(link);
        if (rows != NULL)
            keep_cell(rows, ret, size);
    }
    if (code > 0)
        printf("%s: %s\n", sql, mysql_error(link));
    return code < 0;
}

const char *mariadb_server(void)
{
    const char *url = getenv("SQLA_TEST_MARIADB_URL");
    return url != NULL && *url != '\0' ? url : NULL;
}

bool mariadb_run(const char *url, const char *sql, char *ret, size_t size)
{
    MYSQL *link = connect_to(url);
    bool ok = run_on(link, sql, ret, size);
    last_id = mysql_thread_id(link);
    mysql_close(link);
    return ok;
}

unsigned long mariadb_last_id(void) { return last_id; }

bool mariadb_hold(const char *url, const char *sql)
{
    if (held == NULL)
        held = connect_to(url);
    return run_on(held, sql, NULL, 0);
}

void mariadb_let_go(void)
{
    if (held != NULL)
        mysql_close(held);
    held = NULL;
}
#else
const char *mariadb_server(void) { return NULL; }
bool mariadb_run(const char *url, const char *sql, char *ret, size_t size)
{
    (void)url, (void)ret, (void)size;
    printf("%s: the tests were built without libmariadb\n", sql);
    return false;
}
unsigned long mariadb_last_id(void) { return 0; }
bool mariadb_hold(const char *url, const char *sql) { return mariadb_run(url, sql, NULL, 0); }
void mariadb_let_go(void) {}
#endif
