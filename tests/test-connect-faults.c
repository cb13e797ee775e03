/* test-connect-faults.c: connections that never come about, or that take no writes: passwords, servers, drivers and files that
 * are wrong. Each time: what is told, that no secret is told, and whether session and pool go on. */
#include <config.h>
#include "faults.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- never connected --------------------------------------------------------------------------------------------- */

static const char canary[] = "c4nary8Secret";

static struct { char text[8192]; } heard;

static void listen_to(void *data, int level, const char *line)
{
    (void)data, (void)level;
    size_t n = strlen(heard.text);
    snprintf(heard.text + n, sizeof heard.text - n, "%s\n", line);
}

static bool has_canary(const sqla_error *err)
{
    const char *const texts[] = { err->message, err->detail, err->hint, err->table, err->column, err->constraint, err->sqlstate,
        heard.text };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strstr(texts[i], canary) != NULL)
            return true;
    }
    return false;
}

/* No connection comes of that URL, and the message holds the text; the pool counts nothing. */
static void refused(const char *url, sqla_status status, const char *text)
{
    sqla_error err = SQLA_ERROR_INIT;
    heard.text[0] = '\0';
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.echo = true, .log = listen_to), &err);
    CU_ASSERT_PTR_NOT_NULL(db);
    for (int i = 0; i < 2; i++) {
        sqla_error_clear(&err);
        CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
        CU_ASSERT(is(&err, status));
        if (strstr(err.message, text) == NULL)
            fprintf(stderr, "no '%s' in: %s\n", text, err.message);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, text));
        CU_ASSERT_FALSE(has_canary(&err));
        CU_ASSERT(status != SQLA_ERR_DENIED || strncmp(err.sqlstate, "28", 2) == 0);
        CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, NULL), status);
    }
    CU_ASSERT_FALSE(db != NULL && strstr(sqla_engine_url(db), canary) != NULL);
    CU_ASSERT(pool_is(db, 0, 0));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).connects, 0);
    sqla_engine_free(db);
}

static void connect__wrong_password_is_denied_and_not_shown(const char *url)
{
    const char *tcp = harness_postgres_tcp("sqla", canary, "sqla");
    (void)url;
    if (tcp[0] == '\0')
        return;
    refused(tcp, SQLA_ERR_DENIED, "\"sqla\"");
    refused(harness_postgres_tcp("nobody_here", canary, "sqla"), SQLA_ERR_DENIED, "nobody_here");
    /* The name of the database is what the server quotes. */
    refused(harness_postgres_tcp("sqla", "sesame", "no_such_database"), SQLA_ERR_CONNECT, "no_such_database");
}

/* The log shows where it connected, and not how. */
static void connect__password_is_masked_in_the_log(const char *url)
{
    const char *tcp = harness_postgres_tcp("sqla", "sesame", "sqla");
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    if (tcp[0] == '\0')
        return;
    heard.text[0] = '\0';
    sqla_engine *db = sqla_create_engine(tcp, SQLA_ENGINE_OPTIONS(.echo = true, .log = listen_to), &err);
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 'open'", NULL, &err), SQLA_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(heard.text, "connected to postgresql://sqla:***@127.0.0.1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(heard.text, "SELECT 'open'"));
    CU_ASSERT_PTR_NULL(strstr(heard.text, "sesame"));
    CU_ASSERT_PTR_NULL(strstr(sqla_engine_url(db), "sesame"));
    sqla_engine_free(db);
}

/* A password that a server's own words hold, since somebody took it for a name. */
static void connect__password_is_masked_in_what_the_server_says(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    char named[200];
    snprintf(named, sizeof named, "%s", harness_postgres_tcp("sqla", "sesame", "sesame"));
    (void)url;
    if (named[0] == '\0')
        return;
    sqla_engine *db = sqla_create_engine(named, NULL, &err);
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_CONNECT));
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "3D000");
    CU_ASSERT_PTR_NULL(strstr(err.message, "sesame"));
    sqla_engine_free(db);
}

static void connect__nobody_is_there(const char *url)
{
    char text[600];
    (void)url;
    refused("postgresql://sqla:c4nary8Secret@no-such-host.invalid/db", SQLA_ERR_CONNECT, "no-such-host.invalid");
    refused("postgresql://sqla:c4nary8Secret@127.0.0.1:1/db", SQLA_ERR_CONNECT, "127.0.0.1");
    refused("postgresql://sqla:c4nary8Secret@127.0.0.1:1/db", SQLA_ERR_CONNECT, "port 1 ");
    snprintf(text, sizeof text, "postgresql://sqla:c4nary8Secret@/db?host=%s/nowhere&port=5432", harness_folder());
    refused(text, SQLA_ERR_CONNECT, "/nowhere");
}

/* A server that comes back is found again by the same engine. */
static void connect__succeeds_after_failures(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    char sql[300], back[300];
    const char *name = harness_sql_text(url, "SELECT current_database()");
    snprintf(sql, sizeof sql, "UPDATE pg_database SET datallowconn = false WHERE datname = '%s'", name);
    snprintf(back, sizeof back, "UPDATE pg_database SET datallowconn = true WHERE datname = '%s'", name);
    harness_hold(url, sql);
    for (int i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, NULL), SQLA_ERR_CONNECT);
    CU_ASSERT(pool_is(db, 0, 0));
    harness_hold(url, back);
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT(pool_is(db, 1, 0));
    sqla_engine_free(db);
}

static void connect__no_such_plugin(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    char *path = getenv("SQLA_PLUGIN_PATH") != NULL ? strdup(getenv("SQLA_PLUGIN_PATH")) : NULL;
    (void)url;
    setenv("SQLA_PLUGIN_PATH", "/tmp/sqla-one-place:/tmp/sqla-other-place", 1);
    CU_ASSERT_PTR_NULL(sqla_create_engine("nosuchdatabase://me:c4nary8Secret@here/db", NULL, &err));
    CU_ASSERT(is(&err, SQLA_ERR_PLUGIN));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "'nosuchdatabase.so'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "'/tmp/sqla-one-place', '/tmp/sqla-other-place'"));
    CU_ASSERT_FALSE(has_canary(&err));
    if (path != NULL)
        setenv("SQLA_PLUGIN_PATH", path, 1);
    free(path);
}

/* ---- files that are none ----------------------------------------------------------------------------------------- */

static const char *file_url(const char *name, const char *query)
{
    static char text[1000];
    snprintf(text, sizeof text, "sqlite:///%s/%s%s", harness_folder(), name, query);
    return text;
}

static void write_file(const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", harness_folder(), name);
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    for (int i = 0; i < 100; i++)
        fputs(text, f);
    fclose(f);
}

static bool file_is_the_same(const char *name, const char *text)
{
    char path[600], *whole = calloc(1, 20000);
    snprintf(path, sizeof path, "%s/%s", harness_folder(), name);
    FILE *f = fopen(path, "r");
    size_t n = f != NULL ? fread(whole, 1, 19999, f) : 0;
    bool same = n == 100 * strlen(text);
    for (size_t i = 0; same && i < 100; i++)
        same = memcmp(whole + i * strlen(text), text, strlen(text)) == 0;
    if (f != NULL)
        fclose(f);
    free(whole);
    return same;
}

static void file__that_cannot_be_opened(const char *url)
{
    char path[600];
    (void)url;
    refused(file_url("no/such/folder/x.db", ""), SQLA_ERR_CONNECT, "no/such/folder/x.db");
    refused(file_url("none.db", "?mode=rw"), SQLA_ERR_CONNECT, "none.db");
    refused(file_url("none.db", "?mode=ro"), SQLA_ERR_CONNECT, "none.db");
    snprintf(path, sizeof path, "%s/none.db", harness_folder());
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0); /* and it was not made on the way */
    refused(file_url("", ""), SQLA_ERR_CONNECT, "folder");
}

static void file__that_is_no_database(const char *url)
{
    static const char line[] = "This is a text, and no database, although it is long enough to have the header of one.\n";
    (void)url;
    write_file("text.db", line);
    refused(file_url("text.db", ""), SQLA_ERR_CORRUPT, "text.db");
    refused(file_url("text.db", "?journal_mode=wal"), SQLA_ERR_CORRUPT, "text.db");
    CU_ASSERT(file_is_the_same("text.db", line));
}

static void file__damaged_page_is_told(const char *url)
{
    shop x;
    shop_open(&x, url);
    for (int i = 0; i < 200; i++)
        sqla_add(x.s, Node, .label = "a label of some length, so that the table has several pages");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    int64_t page = harness_sql_int(url, "SELECT rootpage FROM sqlite_schema WHERE name = 'nodes'");
    int64_t size = harness_sql_int(url, "PRAGMA page_size");
    sqla_engine_dispose(x.db);
    FILE *f = fopen(harness_sqlite_path(url), "r+");
    fseek(f, (long)((page - 1) * size), SEEK_SET);
    for (int i = 0; i < size; i++)
        fputc(0x5a, f);
    fclose(f);
    sqla_stmt *q = sqla_select(x.s, Node);
    CU_ASSERT_PTR_NULL(sqla_all(q, Node, NULL, &x.err));
    CU_ASSERT(is(&x.err, SQLA_ERR_CORRUPT));
    CU_ASSERT_EQUAL(x.err.native & 0xff, 11);
    sqla_stmt_free(q);
    sqla_error_clear(&x.err);
    goes_on(&x, url); /* other tables are as they were */
    shop_close(&x);
}

static void file__read_only(const char *url)
{
    char text[1100];
    shop x, reader;
    shop_open(&x, url);
    sqla_add(x.s, User, .name = "kept");
    sqla_commit(x.s, &x.err);
    snprintf(text, sizeof text, "%s?mode=ro", url);
    shop_open(&reader, text);
    CU_ASSERT_EQUAL(shop_count(&reader, "SELECT count(*) FROM users"), 1);
    User *more = sqla_add(reader.s, User, .name = "more");
    CU_ASSERT_EQUAL(sqla_commit(reader.s, &reader.err), SQLA_ERR_READ_ONLY);
    CU_ASSERT_STRING_EQUAL(reader.err.sqlstate, "25006");
    refuses(&reader, &reader.err);
    sqla_error_clear(&reader.err);
    CU_ASSERT_EQUAL(sqla_rollback(reader.s, &reader.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_state(reader.s, more), SQLA_TRANSIENT);
    CU_ASSERT_PTR_NOT_NULL(sqla_get(reader.s, User, 1, &reader.err));
    sqla_commit(reader.s, &reader.err);
    CU_ASSERT(is(&reader.err, SQLA_OK));
    CU_ASSERT(pool_is(reader.db, 1, 0));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users"), 1);
    shop_close(&reader);
    goes_on(&x, url);
    shop_close(&x);
}

/* The same of a server that takes no writes. */
static void server__read_only(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = sqla_add(x.s, User, .name = "kept", .age = SQLA_SOME(30));
    sqla_execute(x.s, "SET TRANSACTION READ ONLY", NULL, NULL); /* flushes first, which is allowed yet */
    u->age.value = 31;
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_READ_ONLY);
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "25006");
    refuses_then_goes_on(&x, url, &x.err);
    CU_ASSERT_EQUAL(count_users(url, "kept"), 0);
    shop_close(&x);
}

static const struct harness_test tests[] = {
    { "connect: a wrong password is denied and not shown", connect__wrong_password_is_denied_and_not_shown, HARNESS_POSTGRES },
    { "connect: the password is masked in the log", connect__password_is_masked_in_the_log, HARNESS_POSTGRES },
    { "connect: the password is masked in what the server says", connect__password_is_masked_in_what_the_server_says, HARNESS_POSTGRES },
    { "connect: nobody is there", connect__nobody_is_there, HARNESS_POSTGRES },
    { "connect succeeds after failures", connect__succeeds_after_failures, HARNESS_POSTGRES },
    { "connect: no such plugin", connect__no_such_plugin, HARNESS_PLAIN },
    { "file that cannot be opened", file__that_cannot_be_opened, HARNESS_SQLITE },
    { "file that is no database", file__that_is_no_database, HARNESS_SQLITE },
    { "file: a damaged page is told", file__damaged_page_is_told, HARNESS_SQLITE },
    { "file: read-only", file__read_only, HARNESS_SQLITE },
    { "server: read-only", server__read_only, HARNESS_POSTGRES },
};

int main(void) { return harness_main("test-connect-faults", tests, sizeof tests / sizeof tests[0]); }
