/* databases.c: makes and removes the databases of tests, and talks to them beside the library, through libpq, libmariadb
 * (mariadb.c) and sqlite3 themselves, so that no test believes the library about what the library did. */
#include <config.h>
#include "databases.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef WITH_POSTGRES
#include <libpq-fe.h>
#endif
#ifdef WITH_SQLITE
#include <sqlite3.h>
#endif

#include "harness.h"
#include "mariadb.h"

static struct {
    char folder[256];   /* "" while there is none */
    char url[1024];     /* of the running test's database */
    char database[64];  /* on one of the servers; "" while there is none */
    bool on_mariadb;    /* which of them */
    char text[4096];    /* the answer of harness_sql_text */
    char tcp[1024];     /* the answer of harness_postgres_tcp and harness_mariadb_tcp */
    char tls[1100];     /* the answer of harness_by_tls */
    char numbers[200];  /* the answer of harness_numbers */
    unsigned count;
} now;

#define OUR_NAME "harness" /* of our own connections in PostgreSQL */
/* In MariaDB; one may have gone in the meantime (1094). */
#define KILL_THEM "BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1094 BEGIN END; FOR s IN (SELECT ID "

/* ---- places ------------------------------------------------------------------------------------------------------ */

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

const char *harness_folder(void)
{
    const char *tmp = getenv("TMPDIR");
    if (now.folder[0] != '\0')
        return now.folder;
    snprintf(now.folder, sizeof now.folder, "%s/sqla-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(now.folder) == NULL) {
        perror(now.folder);
        now.folder[0] = '\0';
        return NULL;
    }
    return now.folder;
}

const char *harness_sqlite_path(const char *url)
{
    static const char scheme[] = "sqlite:///";
    return url != NULL && strncmp(url, scheme, sizeof scheme - 1) == 0 ? url + sizeof scheme - 1 : NULL;
}

bool harness_is_postgres(const char *url)
{
    return url != NULL && strncmp(url, "postgres", 8) == 0;
}

bool harness_is_mariadb(const char *url)
{
    return url != NULL && strncmp(url, "mariadb", 7) == 0;
}

/* Where the path of a URL begins (behind the slash) and ends. */
static bool find_path(const char *url, size_t *ret_at, size_t *ret_end)
{
    const char *authority = strstr(url, "://");
    const char *slash = authority == NULL ? NULL : strchr(authority + 3, '/');
    if (slash == NULL)
        return false;
    *ret_at = (size_t)(slash + 1 - url);
    *ret_end = *ret_at + strcspn(slash + 1, "?");
    return true;
}

/* The server's URL with another database in it. */
static bool with_database(char *out, size_t size, const char *url, const char *database)
{
    size_t at, end;
    if (!find_path(url, &at, &end)) {
        printf("%s: the URL of a test server must be like scheme://user@host/database\n", url);
        return false;
    }
    return snprintf(out, size, "%.*s%s%s", (int)at, url, database, url + end) < (int)size;
}

static const char *tcp_url(const char *url, const char *user, const char *password, const char *database)
{
    const char *host = url == NULL ? NULL : strchr(url, '@');
    size_t at, end;
    if (host == NULL || !find_path(url, &at, &end))
        return "";
    snprintf(now.tcp, sizeof now.tcp, "%.*s%s:%s%.*s%s%s", (int)(strstr(url, "://") + 3 - url), url, user, password,
        (int)(at - (size_t)(host - url)), host, database, url + end);
    return now.tcp;
}

const char *harness_postgres_tcp(const char *user, const char *password, const char *database)
{
    return tcp_url(getenv("SQLA_TEST_POSTGRES_TCP_URL"), user, password, database);
}

const char *harness_mariadb_tcp(const char *user, const char *password, const char *database)
{
    return tcp_url(getenv("SQLA_TEST_MARIADB_TCP_URL"), user, password, database);
}

const char *harness_by_tls(const char *url)
{
    bool mariadb = harness_is_mariadb(url);
    const char *offer = getenv("SQLA_TEST_TLS"), *name = mariadb ? "mariadb" : "postgres";
    if (offer == NULL || strstr(offer, name) == NULL || (!mariadb && !harness_is_postgres(url)))
        return "";
    const char *tcp = mariadb ? harness_mariadb_tcp("sqla", "sesame", now.database) : harness_postgres_tcp("sqla", "sesame", now.database);
    if (*tcp == '\0')
        return "";
    snprintf(now.tls, sizeof now.tls, "%s?%s", tcp, mariadb ? "ssl=on&ssl_verify=off" : "sslmode=require");
    return now.tls;
}

static void name_database(bool on_mariadb)
{
    snprintf(now.database, sizeof now.database, "sqla_test_%ld_%u", (long)getpid(), ++now.count);
    now.on_mariadb = on_mariadb;
}

/* ---- PostgreSQL beside the library ------------------------------------------------------------------------------- */

#ifdef WITH_POSTGRES
static const char *server(void)
{
    const char *url = getenv("SQLA_TEST_POSTGRES_URL");
    return url != NULL && *url != '\0' ? url : NULL;
}

static PGconn *postgres_held;

/* Run one statement; the first cell goes to ret, where there is one. */
static bool postgres_run_on(PGconn *conn, const char *sql, char *ret, size_t size)
{
    PGresult *result = PQstatus(conn) == CONNECTION_OK ? PQexec(conn, sql) : NULL;
    ExecStatusType status = result == NULL ? PGRES_FATAL_ERROR : PQresultStatus(result);
    bool ok = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
    if (!ok)
        printf("%s: %s", sql, PQerrorMessage(conn));
    if (ok && ret != NULL)
        snprintf(ret, size, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return ok;
}

static PGconn *postgres_connect(const char *url)
{
    const char *const keys[] = { "dbname", "application_name", NULL };
    const char *const values[] = { url, OUR_NAME, NULL };
    return PQconnectdbParams(keys, values, 1);
}

static bool postgres_run(const char *url, const char *sql, char *ret, size_t size)
{
    PGconn *conn = postgres_connect(url);
    bool ok = postgres_run_on(conn, sql, ret, size);
    PQfinish(conn);
    return ok;
}

static bool postgres_hold(const char *url, const char *sql)
{
    if (postgres_held == NULL)
        postgres_held = postgres_connect(url);
    return postgres_run_on(postgres_held, sql, NULL, 0);
}

static void postgres_let_go(void)
{
    PQfinish(postgres_held);
    postgres_held = NULL;
}

/* The connection by which databases come and go: one for all tests of a process, since a new one takes longer than a small test. */
static PGconn *postgres_own(void)
{
    static PGconn *conn;
    static pid_t owner;
    if (conn != NULL && owner == getpid() && PQstatus(conn) == CONNECTION_OK)
        return conn;
    if (owner == getpid())
        PQfinish(conn);
    owner = getpid();
    return conn = postgres_connect(server());
}

/* Some tests end every session there is. */
static bool postgres_run_own(const char *sql)
{
    PGconn *conn = postgres_own();
    PQclear(PQexec(conn, ""));
    return postgres_run_on(PQstatus(conn) == CONNECTION_OK ? conn : postgres_own(), sql, NULL, 0);
}

/* From PostgreSQL 15 on a database is made by way of the log unless one says otherwise, which takes ten times as long. */
static const char *strategy(void)
{
    return PQserverVersion(postgres_own()) >= 150000 ? " STRATEGY FILE_COPY" : "";
}

static const char *postgres_make(void)
{
    char sql[256];
    name_database(false);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE template0%s", now.database, strategy());
    if (with_database(now.url, sizeof now.url, server(), now.database) && postgres_run_own(sql))
        return now.url;
    now.database[0] = '\0';
    return NULL;
}

static void postgres_drop(void)
{
    char sql[256];
    snprintf(sql, sizeof sql,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s' AND pid <> pg_backend_pid()",
        now.database);
    postgres_run_own(sql);
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s", now.database);
    postgres_run_own(sql);
    now.database[0] = '\0';
}
#else
static bool postgres_run(const char *url, const char *sql, char *ret, size_t size)
{
    (void)url, (void)ret, (void)size;
    printf("%s: the tests were built without libpq\n", sql);
    return false;
}
static bool postgres_hold(const char *url, const char *sql) { return postgres_run(url, sql, NULL, 0); }
static void postgres_let_go(void) {}
static const char *postgres_make(void) { return NULL; }
static void postgres_drop(void) { now.database[0] = '\0'; }
#endif

/* ---- SQLite beside the library ----------------------------------------------------------------------------------- */

#ifdef WITH_SQLITE
static sqlite3 *sqlite_held;

static sqlite3 *sqlite_connect(const char *url)
{
    sqlite3 *db = NULL;
    sqlite3_open(harness_sqlite_path(url), &db);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

/* Run statements; the first cell of the last that has one goes to ret. */
static bool sqlite_run_on(sqlite3 *db, const char *sql, char *ret, size_t size)
{
    int rc = sqlite3_errcode(db);
    if (ret != NULL)
        ret[0] = '\0';
    for (const char *at = sql; rc == SQLITE_OK && *at != '\0';) {
        sqlite3_stmt *stmt = NULL;
        rc = sqlite3_prepare_v2(db, at, -1, &stmt, &at);
        if (rc != SQLITE_OK || stmt == NULL)
            break;
        bool first = true;
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            const char *cell = (const char *)sqlite3_column_text(stmt, 0);
            if (first && ret != NULL)
                snprintf(ret, size, "%s", cell == NULL ? "" : cell);
            first = false;
        }
        rc = sqlite3_finalize(stmt);
    }
    if (rc != SQLITE_OK)
        printf("%s: %s\n", sql, sqlite3_errmsg(db));
    return rc == SQLITE_OK;
}

static bool sqlite_run(const char *url, const char *sql, char *ret, size_t size)
{
    sqlite3 *db = sqlite_connect(url);
    bool ok = sqlite_run_on(db, sql, ret, size);
    sqlite3_close(db);
    return ok;
}

static bool sqlite_hold(const char *url, const char *sql)
{
    if (sqlite_held == NULL)
        sqlite_held = sqlite_connect(url);
    return sqlite_run_on(sqlite_held, sql, NULL, 0);
}

static void sqlite_let_go(void)
{
    sqlite3_close(sqlite_held);
    sqlite_held = NULL;
}
#else
static bool sqlite_run(const char *url, const char *sql, char *ret, size_t size)
{
    (void)url, (void)ret, (void)size;
    printf("%s: the tests were built without sqlite3\n", sql);
    return false;
}
static bool sqlite_hold(const char *url, const char *sql) { return sqlite_run(url, sql, NULL, 0); }
static void sqlite_let_go(void) {}
#endif

static const char *sqlite_make(void)
{
    const char *folder = harness_folder();
    if (folder == NULL)
        return NULL;
    snprintf(now.url, sizeof now.url, "sqlite:///%s/test.db", folder);
    return now.url;
}

static const char *mariadb_make(void)
{
    char sql[256];
    name_database(true);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", now.database);
    if (with_database(now.url, sizeof now.url, mariadb_server(), now.database) && mariadb_run(mariadb_server(), sql, NULL, 0))
        return now.url;
    now.database[0] = '\0';
    return NULL;
}

/* Sessions that a test left behind would hold the database up for as long as they wait for locks. */
static void mariadb_drop(void)
{
    char sql[512];
    snprintf(sql, sizeof sql,
        KILL_THEM "FROM information_schema.PROCESSLIST WHERE DB = '%s') DO KILL s.ID; END FOR; END", now.database);
    mariadb_run(mariadb_server(), sql, NULL, 0);
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s", now.database);
    mariadb_run(mariadb_server(), sql, NULL, 0);
    now.database[0] = '\0';
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static bool run(const char *url, const char *sql, char *ret, size_t size)
{
    bool ok = harness_is_postgres(url) ? postgres_run(url, sql, ret, size) : harness_is_mariadb(url) ? mariadb_run(url, sql, ret, size) :
              sqlite_run(url, sql, ret, size);
    if (!ok)
        CU_FAIL("a statement of the test itself failed");
    return ok;
}

bool harness_sql(const char *url, const char *sql)
{
    return run(url, sql, NULL, 0);
}

const char *harness_sql_text(const char *url, const char *sql)
{
    return run(url, sql, now.text, sizeof now.text) ? now.text : "";
}

int64_t harness_sql_int(const char *url, const char *sql)
{
    return strtoll(harness_sql_text(url, sql), NULL, 10);
}

/* ---- other clients ---------------------------------------------------------------------------------------------- */

/* Ask of them all. One of our own that was closed just now is still seen by the next for a moment, and is none of them. */
static const char *ask_of_others(const char *url, const char *before, const char *behind)
{
    static const char in_postgres[] = "FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
                                      "AND application_name <> '" OUR_NAME "'";
    static const char in_mariadb[] = "FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID NOT IN (CONNECTION_ID(), ";
    char sql[500];
    if (harness_is_postgres(url))
        snprintf(sql, sizeof sql, "%s %s%s", before, in_postgres, behind);
    else
        snprintf(sql, sizeof sql, "%s %s%lu)%s", before, in_mariadb, mariadb_last_id(), behind);
    return harness_sql_text(url, sql);
}

int64_t harness_others(const char *url, const char *and)
{
    return harness_sqlite_path(url) != NULL ? 0 : strtoll(ask_of_others(url, "SELECT count(*)", and), NULL, 10);
}

bool harness_await_others(const char *url, int64_t n)
{
    for (int i = 0; i < 5000; i++) {
        if (harness_others(url, "") == n)
            return true;
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
    return false;
}

/* A backend is out of the server's view before its socket is closed, which its end does. (One of another machine is not waited for.) */
static int64_t await_processes(const char *pids)
{
    int64_t n = 0;
    char *end = NULL;
    for (long pid; (pid = strtol(pids, &end, 10)) > 0; pids = end, n++) {
        for (int i = 0; i < 5000 && (kill((pid_t)pid, 0) == 0 || errno != ESRCH); i++)
            nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
    return n;
}

int64_t harness_end_others(const char *url)
{
    int64_t n = harness_others(url, "");
    if (harness_is_postgres(url))
        n = await_processes(ask_of_others(url, "SELECT string_agg(pid::text, ' ') FROM (SELECT pid, pg_terminate_backend(pid)", ") AS ended"));
    if (harness_is_mariadb(url))
        ask_of_others(url, KILL_THEM, ") DO KILL s.ID; END FOR; END");
    return harness_await_others(url, 0) ? n : -1;
}

/* ---- what the databases call differently ------------------------------------------------------------------------- */

/* In MariaDB a SLEEP that is ended is no failure by itself; it is one of the statement, when that looks for its next row. */
const char *harness_endless(const char *url)
{
    return harness_is_postgres(url) ? "SELECT pg_sleep(100)" : harness_is_mariadb(url) ? "SELECT sum(SLEEP(100)) FROM seq_1_to_2" :
           "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c";
}

const char *harness_numbers(const char *url, int64_t last)
{
    snprintf(now.numbers, sizeof now.numbers,
        harness_is_postgres(url) ? "generate_series(1, %" PRId64 ") AS numbers(n)" :
        harness_is_mariadb(url)  ? "(SELECT seq AS n FROM seq_1_to_%" PRId64 ") AS numbers" :
        "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %" PRId64 ") SELECT n FROM c) AS numbers", last);
    return now.numbers;
}

bool harness_hold(const char *url, const char *sql)
{
    bool ok = harness_is_postgres(url) ? postgres_hold(url, sql) : harness_is_mariadb(url) ? mariadb_hold(url, sql) : sqlite_hold(url, sql);
    if (!ok)
        CU_FAIL("a statement of the test itself failed");
    return ok;
}

void harness_let_go(void)
{
    postgres_let_go();
    mariadb_let_go();
    sqlite_let_go();
}

bool databases_have(int bit)
{
    if (bit == HARNESS_MARIADB)
        return mariadb_server() != NULL;
#ifdef WITH_SQLITE
    if (bit == HARNESS_SQLITE)
        return true;
#endif
#ifdef WITH_POSTGRES
    if (bit == HARNESS_POSTGRES)
        return server() != NULL;
#endif
    return bit == HARNESS_PLAIN;
}

const char *databases_missing(int bit)
{
    bool built = false;
#ifdef WITH_POSTGRES
    built = built || bit == HARNESS_POSTGRES;
#endif
#ifdef WITH_MARIADB
    built = built || bit == HARNESS_MARIADB;
#endif
    return !built ? "configured without it" : bit == HARNESS_POSTGRES ? "SQLA_TEST_POSTGRES_URL is not set" :
           "SQLA_TEST_MARIADB_URL is not set";
}

const char *databases_make(int bit)
{
    if (bit == HARNESS_SQLITE)
        return sqlite_make();
    return bit == HARNESS_POSTGRES ? postgres_make() : bit == HARNESS_MARIADB ? mariadb_make() : NULL;
}

void databases_drop(void)
{
    harness_let_go();
    if (now.database[0] != '\0' && now.on_mariadb)
        mariadb_drop();
    else if (now.database[0] != '\0')
        postgres_drop();
    if (now.folder[0] != '\0')
        nftw(now.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    now.folder[0] = '\0';
    now.url[0] = '\0';
}
