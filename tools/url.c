/* url.c: which database is meant, and an engine for it.
 *
 * The library reads URLs; here only so much is looked at as it takes to tell a URL from a name, to keep passwords out of sight,
 * and to open files of SQLite for reading alone. PostgreSQL has a setting for that too, but only as a start-up option: one of
 * ours would displace those of a service file and of PGOPTIONS, and poolers refuse them. What is asked there only reads. */
#include <config.h>
#include "inspect.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- what is it? ----------------------------------------------------------------------------------------------- */

static bool is_url(const char *arg)
{
    return arg[strcspn(arg, ":/")] == ':';
}

static bool is_sqlite_file(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char bytes[sizeof magic];
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    FILE *file = fopen(path, "rbe");
    bool same = file != NULL && fread(bytes, sizeof bytes, 1, file) == 1 && memcmp(bytes, magic, sizeof magic) == 0;
    if (file != NULL)
        fclose(file);
    return same;
}

bool inspect_is_database(const char *arg)
{
    return is_url(arg) || is_sqlite_file(arg);
}

/* sqlite:///path, with the escapes that it takes; NULL: it cannot be one, which was complained of. */
static char *url_of_file(const char *path)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_url *url = sqla_url_parse("sqlite://", &err);
    sqla_url_set(url, "database", path);
    const char *text = sqla_url_text(url, &err);
    char *copy = text != NULL ? inspect_printf("%s", text) : NULL;
    if (copy == NULL)
        inspect_complain_of(NULL, &err, NULL);
    sqla_url_free(url);
    return copy;
}

/* ---- secrets --------------------------------------------------------------------------------------------------- */

static bool is_secret_key(const char *key, size_t n)
{
    static const char *const parts[] = { "pass", "pwd", "secret", "token", "key" };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t length = strlen(parts[i]);
        for (size_t at = 0; at + length <= n; at++) {
            if (strncasecmp(key + at, parts[i], length) == 0)
                return true;
        }
    }
    return false;
}

/* Where in an argument something may begin that holds a password; NULL: nothing does. Whoever forgets to escape an '@' or a '/'
 * moves the password to another part, so that all behind the scheme counts. */
static const char *secret_in(const char *arg)
{
    const char *colon = strchr(arg, ':');
    const char *from = colon == NULL ? NULL : strncmp(colon, "://", 3) == 0 ? colon + 3 : colon + 1;
    if (from == NULL)
        return NULL;
    const char *at = strrchr(from, '@');
    if (at != NULL && memchr(from, ':', (size_t)(at - from)) != NULL)
        return from;
    for (const char *key = strchr(from, '?'); key != NULL; key = strchr(key, '&')) {
        key++;
        if (is_secret_key(key, strcspn(key, "=&")))
            return from;
    }
    return NULL;
}

char *inspect_masked(const char *arg)
{
    const char *secret = secret_in(arg);
    return secret != NULL ? inspect_printf("%.*s***", (int)(secret - arg), arg) : inspect_printf("%s", arg);
}

/* Others can see the arguments of a process as long as it runs. */
static void wipe_argument(char *arg)
{
    char *secret = arg + (secret_in(arg) - arg);
    memset(secret, '*', strlen(secret));
}

/* ---- where it comes from --------------------------------------------------------------------------------------- */

static int take_argument(inspect *in, char *arg)
{
    in->url = is_url(arg) ? inspect_printf("%s", arg) : url_of_file(arg);
    in->url_given = true;
    if (!is_url(arg) || secret_in(arg) == NULL)
        return in->url != NULL ? INSPECT_DONE : INSPECT_USAGE;
    wipe_argument(arg);
    if (!in->quiet)
        inspect_hint("others can see a password among the arguments: a PGPASSWORD, ~/.pgpass, a service, or the URL in $SQLA_URL "
                     "is not seen");
    return INSPECT_DONE;
}

bool inspect_hint_of_file(const char *word)
{
    struct stat st;
    bool exists = stat(word, &st) == 0;
    if (exists)
        inspect_hint("'%s' is there, but it is not a database of SQLite", word);
    else if (strpbrk(word, "./") != NULL)
        inspect_hint("there is no file '%s'", word);
    return exists || strpbrk(word, "./") != NULL;
}

static int nothing_given(const char *first)
{
    inspect_complain("no database is given");
    if (first == NULL || !inspect_hint_of_file(first))
        inspect_hint("give a URL (postgresql://user@host/database, sqlite:///file.db) or a file of SQLite, or set SQLA_URL");
    return INSPECT_USAGE;
}

int inspect_find_url(inspect *in, size_t count, char **args, size_t *ret_used)
{
    const char *variable = in->url_env != NULL ? in->url_env : "SQLA_URL";
    const char *value = getenv(variable);
    *ret_used = 0;
    if (count > 0 && inspect_is_database(args[0])) {
        *ret_used = 1;
        return take_argument(in, args[0]);
    }
    if (value != NULL && value[0] != '\0') {
        in->url = inspect_printf("%s", value);
        return INSPECT_DONE;
    }
    if (in->url_env == NULL)
        return nothing_given(count > 0 ? args[0] : NULL);
    char *shown = inspect_masked(variable);
    inspect_complain("no database is given: the environment variable '%s' is not set", shown);
    free(shown);
    return INSPECT_USAGE;
}

void inspect_forget(char *url)
{
    if (url != NULL)
        explicit_bzero(url, strlen(url));
    free(url);
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static bool is_sqlite(const char *url)
{
    return strncmp(url, "sqlite", 6) == 0 && (url[6] == ':' || url[6] == '+');
}

/* The URL that an engine is made from. A file of SQLite is opened for reading alone: what in the URL says otherwise, or would change
 * the file, is left out, and that is not shown to who did not write it. NULL: err says why. */
static char *url_to_open(inspect *in, sqla_error *err)
{
    if (!is_sqlite(in->url))
        return inspect_printf("%s", in->url);
    sqla_url *url = sqla_url_parse(in->url, err);
    if (url == NULL)
        return NULL;
    sqla_url_set(url, "mode", NULL);
    sqla_url_set(url, "journal_mode", NULL);
    in->shown = inspect_printf("%s", sqla_url_masked(url));
    sqla_url_set(url, "mode", "ro");
    const char *text = sqla_url_text(url, err);
    char *copy = text != NULL ? inspect_printf("%s", text) : NULL;
    sqla_url_free(url);
    return copy;
}

static void log_line(void *data, int level, const char *line)
{
    (void)data;
    (void)level;
    inspect_complain("%s", line);
}

static int cannot_make(const sqla_error *err)
{
    inspect_complain_of(NULL, err, NULL);
    return err->status == SQLA_ERR_PLUGIN ? INSPECT_DRIVER : err->status == SQLA_ERR_CONFIG ? INSPECT_USAGE : INSPECT_FAILED;
}

/* The driver of SQLite has a hint, about modes, where there is no file; ours is about paths. */
static int cannot_connect(const inspect *in, const sqla_engine *db, const sqla_error *err)
{
    static const char no_file[] = "sqla-inspect makes no file; sqlite:///file.db lies in the current folder, "
                                  "sqlite:////folder/file.db in a folder from the root on";
    bool missing = is_sqlite(in->url) && err->status == SQLA_ERR_CONNECT && err->hint[0] != '\0';
    char *what = inspect_printf("connect to %s", inspect_url_shown(in, db));
    inspect_complain_of(what, err, missing ? no_file : NULL);
    free(what);
    return err->status == SQLA_ERR_PLUGIN ? INSPECT_DRIVER : err->status == SQLA_ERR_CONFIG ? INSPECT_USAGE : INSPECT_CONNECT;
}

const char *inspect_url_shown(const inspect *in, const sqla_engine *db)
{
    return in->shown != NULL ? in->shown : sqla_engine_url(db);
}

/* The first connection is made here and goes back into the pool, where the verb finds it, so that what fails is told apart. */
int inspect_open(inspect *in, sqla_engine **ret)
{
    sqla_error err = SQLA_ERROR_INIT;
    char *url = url_to_open(in, &err);
    sqla_engine *db = url != NULL ? sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1, .echo = in->verbose,
                                                                                .log = log_line), &err) : NULL;
    inspect_forget(url);
    if (db == NULL)
        return cannot_make(&err);
    sqla_conn *conn = sqla_connect(db, &err);
    if (conn == NULL) {
        int status = cannot_connect(in, db, &err);
        sqla_engine_free(db);
        return status;
    }
    sqla_conn_close(conn);
    *ret = db;
    return INSPECT_DONE;
}
