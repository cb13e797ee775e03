/* test-options.c: keys of URLs and options of engines: all that the client library knows, nothing else, none twice; what the
 * program locks and gives; the environment; several hosts; and what no text ever shows. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"

static const char canary[] = "Zx9-canary_7Qw";

/* An engine of this, or its refusal with these words in it. Returns whether it was as expected. */
static bool refused(const char *url, const sqla_engine_options *options, sqla_status status, const char *words)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, options, &err);
    bool ok = db == NULL && is(&err, status) && says(&err, words);
    if (!ok)
        fprintf(stderr, "%s: not refused with '%s'\n", url, words);
    sqla_engine_free(db);
    return ok;
}

static bool accepted(const char *url, const sqla_engine_options *options)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, options, &err);
    bool ok = db != NULL && is(&err, SQLA_OK);
    sqla_engine_free(db);
    return ok;
}

/* ---- keys -------------------------------------------------------------------------------------------------------- */

/* What the library that is loaded lists, by its own word. */
static void keys__are_those_of_the_client_library(const char *url)
{
    char text[256];
    size_t count = 0;
    PQconninfoOption *options = PQconndefaults();
    (void)url;
    CU_ASSERT_PTR_NOT_NULL_FATAL(options);
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++, count++) {
        snprintf(text, sizeof text, "postgresql://?%s=1", o->keyword);
        CU_ASSERT(accepted(text, NULL));
        snprintf(text, sizeof text, "postgresql://?%sx=1", o->keyword);
        CU_ASSERT(refused(text, NULL, SQLA_ERR_CONFIG, "unknown key"));
    }
    CU_ASSERT(count > 20);
    PQconninfoFree(options);
}

/* And the library gets them: what it does is what it was asked for. */
static void keys__reach_the_client_library(const char *url)
{
    static const struct { const char *query, *sql, *expected; } table[] = {
        { "application_name=shop%20window", "SELECT current_setting('application_name')", "shop window" },
        { "fallback_application_name=spare", "SELECT current_setting('application_name')", "spare" },
        { "options=-c%20work_mem%3D321kB", "SELECT current_setting('work_mem')", "321kB" },
        { "client_encoding=UTF8&replication=false&keepalives=0&connect_timeout=7", "SELECT current_setting('client_encoding')", "UTF8" },
        { "target_session_attrs=any&sslmode=disable&gssencmode=disable", "SELECT 'yes'::text", "yes" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = sqla_create_engine(with_query(url, table[i].query), NULL, &err);
        sqla_stmt *q = sqla_stmt_keep(sqla_sql(db, table[i].sql));
        const char *found = sqla_scalar_text(q, &err);
        CU_ASSERT(is(&err, SQLA_OK));
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        CU_ASSERT_STRING_EQUAL(found, table[i].expected);
        sqla_engine_free(db);
    }
}

/* Values that cannot be are refused when it connects, as a fault of the URL. */
static void keys__with_wrong_values(const char *url)
{
    static const struct { const char *query, *says; int on; } table[] = {
        { "sslmode=perhaps", "sslmode", HARNESS_POSTGRES }, { "client_encoding=LATIN1", "UTF8", HARNESS_POSTGRES },
        { "replication=database", "replication", HARNESS_POSTGRES }, { "connect_timeout=soon", "connect_timeout", HARNESS_POSTGRES | HARNESS_MARIADB },
        { "options=-c%20no_such_thing%3D1", "no_such_thing", HARNESS_POSTGRES },
        { "pooler=transaction&options=-c%20work_mem%3D1MB", "pooler", HARNESS_POSTGRES },
        { "max_message=0", "from 1 to 1024", HARNESS_SERVERS }, { "max_message=1025", "from 1 to 1024", HARNESS_SERVERS },
        { "max_message=1e3", "from 1 to 1024", HARNESS_SERVERS }, { "max_message=", "from 1 to 1024", HARNESS_SERVERS },
        { "mode=rx", "rwc", HARNESS_SQLITE }, { "busy_timeout=soon", "busy_timeout", HARNESS_SQLITE },
        { "foreign_keys=perhaps", "on, off", HARNESS_SQLITE },
        { "charset=latin1", "utf8mb4", HARNESS_MARIADB }, { "ssl=perhaps", "on or off", HARNESS_MARIADB },
        { "compress=2", "on or off", HARNESS_MARIADB },
    };
    int here = harness_is_postgres(url) ? HARNESS_POSTGRES : harness_is_mariadb(url) ? HARNESS_MARIADB : HARNESS_SQLITE;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if ((table[i].on & here) == 0)
            continue;
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = sqla_create_engine(with_query(url, table[i].query), NULL, &err);
        CU_ASSERT(is(&err, SQLA_OK));
        CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
        CU_ASSERT(is(&err, SQLA_ERR_CONFIG));
        CU_ASSERT(says(&err, table[i].says));
        sqla_engine_free(db);
    }
}

/* The nearest is looked for among the engine's options and the driver's keys. */
static void keys__unknown_ones_name_the_nearest(const char *url)
{
    static const struct { const char *query, *near; int on; } table[] = {
        { "pool_sizes=3", "'pool_size'", HARNESS_DATABASES }, { "pol_size=3", "'pool_size'", HARNESS_DATABASES },
        { "Echo=true", "'echo'", HARNESS_DATABASES }, { "poolers=none", "'pooler'", HARNESS_DATABASES },
        { "prepping=1", "'pre_ping'", HARNESS_DATABASES }, { "colour=red", "sqla-url(7)", HARNESS_DATABASES },
        { "sslmod=disable", "'sslmode'", HARNESS_POSTGRES }, { "SSLMODE=disable", "'sslmode'", HARNESS_POSTGRES },
        { "aplication_name=x", "'application_name'", HARNESS_POSTGRES },
        { "max_mesage=2", "'max_message'", HARNESS_SERVERS }, { "passwordd=x", "'password'", HARNESS_POSTGRES },
        { "busy_timeout=1", "sqla-url(7)", HARNESS_POSTGRES },
        { "journalmode=wal", "'journal_mode'", HARNESS_SQLITE }, { "foreign_key=on", "'foreign_keys'", HARNESS_SQLITE },
        { "sslmode=disable", "sqla-url(7)", HARNESS_SQLITE },
        { "ssl_verfy=on", "'ssl_verify'", HARNESS_MARIADB }, { "unixsocket=/x", "'unix_socket'", HARNESS_MARIADB },
        { "sslmode=disable", "sqla-url(7)", HARNESS_MARIADB },
    };
    int here = harness_is_postgres(url) ? HARNESS_POSTGRES : harness_is_mariadb(url) ? HARNESS_MARIADB : HARNESS_SQLITE;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *bad = with_query(url, table[i].query);
        if ((table[i].on & here) == 0)
            continue;
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_PTR_NULL(sqla_create_engine(bad, NULL, &err));
        CU_ASSERT(is(&err, SQLA_ERR_CONFIG));
        CU_ASSERT(says(&err, table[i].near));
        CU_ASSERT(says(&err, "unknown key"));
        const char *query = strstr(bad, table[i].query);
        CU_ASSERT_EQUAL(err.position, query - bad + 1);
    }
}

static void keys__given_twice(const char *url)
{
    static const char *const postgres[] = {
        "postgres://h/a?database=b", "postgres://h/a?dbname=b", "postgres://h?database=a&dbname=b", "postgres://h?host=i", "postgres://u@h?user=v",
        "postgres://h?sslmode=disable&sslmode=disable", "postgres://h?echo=1&echo=1", "postgres://h?sslmode=disable&SSLMODE=disable",
    };
    (void)url;
    for (size_t i = 0; i < sizeof postgres / sizeof postgres[0]; i++)
        CU_ASSERT(refused(postgres[i], NULL, SQLA_ERR_CONFIG, "given twice"));
    CU_ASSERT(refused("sqlite:///a?mode=ro&mode=ro", NULL, SQLA_ERR_CONFIG, "given twice"));
    CU_ASSERT(refused("sqlite:///a?database=b", NULL, SQLA_ERR_CONFIG, "given twice"));
}

/* A path with a slash too few would be a host. */
static void keys__parts_that_the_driver_does_not_take(const char *url)
{
    (void)url;
    CU_ASSERT(refused("sqlite://file.db", NULL, SQLA_ERR_CONFIG, "sqlite:///relative"));
    CU_ASSERT(refused("sqlite://folder/file.db", NULL, SQLA_ERR_CONFIG, "sqlite:////absolute"));
    CU_ASSERT(refused("sqlite://me@/file.db", NULL, SQLA_ERR_CONFIG, "takes none"));
    CU_ASSERT(refused("sqlite:///file.db?password=x", NULL, SQLA_ERR_CONFIG, "takes none"));
    CU_ASSERT(refused("file.db", NULL, SQLA_ERR_CONFIG, "sqlite:///file.db"));
    CU_ASSERT(refused("D:\\data\\file.db", NULL, SQLA_ERR_CONFIG, "sqlite:///D:/data/file.db"));
    CU_ASSERT(refused("oracle://h", NULL, SQLA_ERR_PLUGIN, "sqla-driver-oracle"));
}

/* ---- what the program says --------------------------------------------------------------------------------------- */

#define LOCKED(...) SQLA_ENGINE_OPTIONS(.locked = (const char *const[]){ __VA_ARGS__, NULL })
#define GIVEN(...) SQLA_ENGINE_OPTIONS(.connect = (const sqla_option[]){ __VA_ARGS__, { NULL, NULL } })

static void locked__keys_may_not_stand_in_the_url(const char *url)
{
    (void)url;
    CU_ASSERT(refused("postgres://h/d?sslmode=disable", LOCKED("sslmode"), SQLA_ERR_CONFIG, "'sslmode', which the program has locked"));
    CU_ASSERT(refused("postgres://h/d?echo=1", LOCKED("sslmode", "echo"), SQLA_ERR_CONFIG, "'echo'"));
    CU_ASSERT(refused("postgres://h/d", LOCKED("host"), SQLA_ERR_CONFIG, "'host'"));
    CU_ASSERT(refused("postgres://u:p@/d", LOCKED("password"), SQLA_ERR_CONFIG, "'password'"));
    CU_ASSERT(refused("postgres:///d?password=p", LOCKED("password"), SQLA_ERR_CONFIG, "'password'"));
    CU_ASSERT(refused("postgres://?dbname=d", LOCKED("database"), SQLA_ERR_CONFIG, "'dbname'"));
    CU_ASSERT(refused("postgres:///d", LOCKED("dbname"), SQLA_ERR_CONFIG, "'database'"));
    CU_ASSERT(refused("sqlite:///f?mode=rwc", LOCKED("mode"), SQLA_ERR_CONFIG, "'mode'"));
    CU_ASSERT(accepted("postgres://h/d?sslmode=disable", LOCKED("sslrootcert", "service")));
    CU_ASSERT(accepted("sqlite:///f", LOCKED("mode")));
    /* A lock that would lock nothing. */
    CU_ASSERT(refused("postgres://h/d", LOCKED("sslmod"), SQLA_ERR_CONFIG, "'sslmode'"));
    CU_ASSERT(refused("sqlite:///f", LOCKED("sslmode"), SQLA_ERR_CONFIG, "cannot lock"));
}

/* A key that decides what another says is refused where the other is the program's. */
static void twins__do_not_get_round_the_program(const char *url)
{
    (void)url;
    CU_ASSERT(refused("postgres:///d?hostaddr=10.0.0.1", LOCKED("host"), SQLA_ERR_CONFIG,
        "'hostaddr', which decides in the place of 'host'"));
    CU_ASSERT(refused("postgres:///d?hostaddr=10.0.0.1", GIVEN({ "host", "h" }), SQLA_ERR_CONFIG,
        "in the place of 'host', which the program gives"));
    CU_ASSERT(refused(
        "postgres://h/d", GIVEN({ "hostaddr", "10.0.0.1" }), SQLA_ERR_CONFIG, "in the place of 'hostaddr'"));
    CU_ASSERT(refused(
        "postgres://h/d?passfile=/tmp/p", LOCKED("password"), SQLA_ERR_CONFIG, "in the place of 'password'"));
    CU_ASSERT(refused("postgres://h/d?service=s", LOCKED("sslmode"), SQLA_ERR_CONFIG,
        "in the place of 'sslmode', which the program has locked"));
    CU_ASSERT(accepted("postgres://h/d?service=s", GIVEN({ "sslmode", "verify-full" })));
    CU_ASSERT(accepted("postgres://h/d?hostaddr=10.0.0.1", LOCKED("sslmode")));
    CU_ASSERT(refused(
        "postgres://one:1,two:2/d", LOCKED("port"), SQLA_ERR_CONFIG, "'port', which the program has locked"));
    CU_ASSERT(refused(
        "postgres:///d?host=one:1", GIVEN({ "port", "2" }), SQLA_ERR_CONFIG, "in the place of 'port'"));
    CU_ASSERT(accepted("postgres:///d?host=/tmp/s:1", GIVEN({ "port", "2" })));
    CU_ASSERT(accepted("postgres:///d?host=[::1]", GIVEN({ "port", "2" })));
}

static void twins__of_mariadb(const char *url)
{
    (void)url;
    CU_ASSERT(refused("mariadb:///d?socket=/tmp/s", LOCKED("host"), SQLA_ERR_CONFIG,
        "'socket', which decides in the place of 'host'"));
    CU_ASSERT(refused("mariadb:///d?unix_socket=/tmp/s", GIVEN({ "host", "localhost" }), SQLA_ERR_CONFIG,
        "in the place of 'host'"));
    CU_ASSERT(
        refused("mariadb://h/d", GIVEN({ "socket", "/run/s" }), SQLA_ERR_CONFIG, "in the place of 'socket'"));
    CU_ASSERT(refused("mariadb://h/d?ssl_verify=off", GIVEN({ "ssl_ca", "/ca.pem" }), SQLA_ERR_CONFIG,
        "in the place of 'ssl_ca'"));
    CU_ASSERT(refused(
        "mariadb://one:1,two:2/d", LOCKED("port"), SQLA_ERR_CONFIG, "'port', which the program has locked"));
    CU_ASSERT(accepted("mariadb://h/d?ssl_verify=on", LOCKED("ssl")));
}

static void given__pairs_may_not_stand_in_the_url(const char *url)
{
    (void)url;
    CU_ASSERT(refused("postgres://h/d?sslmode=disable", GIVEN({ "sslmode", "verify-full" }), SQLA_ERR_CONFIG, "given by the program"));
    CU_ASSERT(refused("postgres://h/d", GIVEN({ "host", "i" }), SQLA_ERR_CONFIG, "'host'"));
    CU_ASSERT(refused("postgres://h/d", GIVEN({ "dbname", "e" }), SQLA_ERR_CONFIG, "'database'"));
    CU_ASSERT(refused("postgres://h/d", GIVEN({ "sslmode", "a" }, { "sslmode", "b" }), SQLA_ERR_CONFIG, "twice"));
    CU_ASSERT(refused("postgres://h/d", GIVEN({ "sslmod", "a" }), SQLA_ERR_CONFIG, "'sslmode'"));
    CU_ASSERT(refused("postgres://h/d", GIVEN({ "sslmode", NULL }), SQLA_ERR_CONFIG, "without a value"));
    CU_ASSERT(refused("postgres://h/d", GIVEN({ "echo", "true" }), SQLA_ERR_CONFIG, "a member of the engine's options"));
    CU_ASSERT(accepted("postgres://h/d", GIVEN({ "sslmode", "verify-full" }, { "password", "x" })));
    CU_ASSERT(accepted("postgres://h/d", SQLA_ENGINE_OPTIONS(.locked = (const char *const[]){ "sslmode", NULL },
        .connect = (const sqla_option[]){ { "sslmode", "verify-full" }, { NULL, NULL } })));
}

/* They have their effect, and are copied. */
static void given__pairs_are_used(const char *url)
{
    bool postgres = harness_is_postgres(url);
    char key[32], value[32];
    sqla_error err = SQLA_ERROR_INIT;
    bool mariadb = harness_is_mariadb(url);
    snprintf(key, sizeof key, "%s", postgres ? "application_name" : mariadb ? "compress" : "foreign_keys");
    snprintf(value, sizeof value, "%s", postgres ? "shop" : mariadb ? "on" : "off");
    const sqla_option pairs[] = { { key, value }, { NULL, NULL } };
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.connect = pairs), &err);
    memset(key, 'x', sizeof key - 1);
    memset(value, 'x', sizeof value - 1);
    sqla_stmt *q = sqla_sql(db, postgres ? "SELECT current_setting('application_name')" :
                                mariadb  ? "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'compression'" :
                                           "PRAGMA foreign_keys");
    const char *found = sqla_scalar_text(sqla_stmt_keep(q), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    CU_ASSERT_STRING_EQUAL(found, postgres ? "shop" : mariadb ? "ON" : "0");
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
}

/* ---- the environment --------------------------------------------------------------------------------------------- */

static void from_env__reads_a_variable(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    setenv("SQLA_TEST_OWN_URL", url, 1);
    setenv("SQLA_URL", url, 1);
    const char *const names[] = { "SQLA_TEST_OWN_URL", NULL };
    for (size_t i = 0; i < 2; i++) {
        sqla_engine *db = sqla_engine_from_env(names[i], SQLA_ENGINE_OPTIONS(.pool_size = 1), &err);
        CU_ASSERT(is(&err, SQLA_OK));
        CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, &err), SQLA_OK);
        CU_ASSERT_STRING_EQUAL(sqla_engine_url(db), url);
        sqla_engine_free(db);
    }
    unsetenv("SQLA_TEST_OWN_URL");
    unsetenv("SQLA_URL");
}

static void no_url(const char *variable, const char *value, sqla_status status, const char *words)
{
    sqla_error err = SQLA_ERROR_INIT;
    if (value != NULL)
        setenv(variable != NULL ? variable : "SQLA_URL", value, 1);
    CU_ASSERT_PTR_NULL(sqla_engine_from_env(variable, NULL, &err));
    CU_ASSERT(is(&err, status));
    CU_ASSERT(says(&err, words));
    CU_ASSERT_PTR_NULL(strstr(err.message, canary));
    CU_ASSERT_PTR_NULL(strstr(err.hint, canary));
    if (value != NULL)
        unsetenv(variable != NULL ? variable : "SQLA_URL");
}

static void from_env__says_what_is_wrong(const char *url)
{
    char bad[128];
    (void)url;
    unsetenv("SQLA_URL");
    no_url(NULL, NULL, SQLA_ERR_CONFIG, "'SQLA_URL' of the environment is not set");
    no_url(NULL, "", SQLA_ERR_CONFIG, "is empty");
    no_url("SQLA_TEST_OWN_URL", NULL, SQLA_ERR_CONFIG, "'SQLA_TEST_OWN_URL'");
    no_url("SQLA_TEST_OWN_URL", "file.db", SQLA_ERR_CONFIG, "'SQLA_TEST_OWN_URL' of the environment: cannot read the URL");
    no_url("SQLA_TEST_OWN_URL", "oracle://h", SQLA_ERR_PLUGIN, "oracle");
    snprintf(bad, sizeof bad, "postgres://me:%s@host/database", canary);
    no_url(bad, NULL, SQLA_ERR_MISUSE, "sqla_create_engine()");
    no_url("", NULL, SQLA_ERR_MISUSE, "sqla_create_engine()");
}

/* ---- poolers ----------------------------------------------------------------------------------------------------- */

static void pooler__is_an_option(const char *url)
{
    const sqla_engine_options pooled = { .struct_size = sizeof pooled, .pooler = SQLA_POOLER_TRANSACTION };
    (void)url;
    CU_ASSERT(accepted("postgres://h?pooler=transaction", NULL));
    CU_ASSERT(accepted("postgres://h?pooler=none", NULL));
    CU_ASSERT(accepted("postgres://h", &pooled));
    CU_ASSERT(accepted("sqlite://?pooler=none", NULL));
    CU_ASSERT(refused("postgres://h?pooler=session", NULL, SQLA_ERR_CONFIG, "must be none or transaction"));
    CU_ASSERT(refused("postgres://h?pooler=transaction", &pooled, SQLA_ERR_CONFIG, "give it once"));
    CU_ASSERT(refused("sqlite://?pooler=transaction", NULL, SQLA_ERR_CONFIG, "no poolers"));
    CU_ASSERT(refused("postgres://h", SQLA_ENGINE_OPTIONS(.pooler = (sqla_pooler)7), SQLA_ERR_CONFIG, "'pooler' is 7"));
}

/* Without a pooler in between it does no harm, and no state is set in the session. */
static void pooler__sets_nothing(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(with_query(url, "pooler=transaction&pool_size=1&max_overflow=-1"), NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(ask(conn, "SELECT current_setting('extra_float_digits')::bigint"), 1);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(ask(conn, "SELECT current_setting('extra_float_digits')::bigint"), 3);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM pg_prepared_statements"), 0);
    CU_ASSERT_EQUAL(sqla_execute(conn, "SET work_mem TO '321kB'", NULL, &err), SQLA_OK);
    sqla_conn_close(conn);
    conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(ask(conn, "SELECT (current_setting('work_mem') = '321kB')::int"), 1); /* the program's own affair */
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* Settings that would read wrongly are refused at the connect. */
static void pooler__needs_settings_of_the_server(const char *url)
{
    static const char *const settings[] = { "DateStyle TO 'German'", "IntervalStyle TO 'iso_8601'", "bytea_output TO 'escape'",
                                            "extra_float_digits TO 0" };
    char sql[256];
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        const char *database = harness_sql_text(url, "SELECT current_database()");
        snprintf(sql, sizeof sql, "ALTER DATABASE %s SET %s", database, settings[i]);
        harness_sql(url, sql);
        sqla_engine *db = sqla_create_engine(with_query(url, "pooler=transaction"), NULL, &err);
        CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
        CU_ASSERT(is(&err, SQLA_ERR_CONFIG));
        CU_ASSERT(says(&err, "ALTER ROLE"));
        snprintf(sql, sizeof sql, "%.*s", (int)strcspn(settings[i], " "), settings[i]);
        CU_ASSERT(says(&err, sql));
        sqla_engine_free(db);
        snprintf(sql, sizeof sql, "ALTER DATABASE %s RESET ALL", harness_sql_text(url, "SELECT current_database()"));
        harness_sql(url, sql);
    }
}

/* ---- several hosts ------------------------------------------------------------------------------------------------- */

/* A port of this machine that nobody listens at. */
static int closed_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = bind(fd, (struct sockaddr *)(void *)&at, size) == 0 && getsockname(fd, (struct sockaddr *)(void *)&at, &size) == 0;
    close(fd);
    return ok ? ntohs(at.sin_port) : 1;
}

/* The server by TCP among two hosts, of which the other is closed. order: 0: it is the first. */
static const char *two_hosts(const char *url, int order, const char *query)
{
    static char text[1024];
    const char *tcp = harness_postgres_tcp("sqla", "sesame", harness_sql_text(url, "SELECT current_database()"));
    const char *host = strchr(tcp, '@') + 1, *path = strchr(host, '/');
    CU_ASSERT_PTR_NOT_NULL_FATAL(path);
    if (order == 0)
        snprintf(text, sizeof text, "%.*s,127.0.0.1:%d%s?%s", (int)(path - tcp), tcp, closed_port(), path, query);
    else
        snprintf(text, sizeof text, "%.*s127.0.0.1:%d,%s?%s", (int)(host - tcp), tcp, closed_port(), host, query);
    return text;
}

static void hosts__are_tried_in_turn_by_role(const char *url)
{
    static const struct { const char *query; bool found; int version; } table[] = {
        { "target_session_attrs=any", true, 0 }, { "target_session_attrs=read-write", true, 0 },
        { "target_session_attrs=read-only", false, 140000 }, { "target_session_attrs=primary", true, 140000 },
        { "target_session_attrs=standby", false, 140000 }, { "target_session_attrs=prefer-standby", true, 140000 },
        { "connect_timeout=5", true, 0 },
    };
    for (size_t i = 0; i < 2 * sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        if (PQlibVersion() < table[i / 2].version)
            continue;
        sqla_engine *db = sqla_create_engine(two_hosts(url, (int)i % 2, table[i / 2].query), NULL, &err);
        CU_ASSERT(is(&err, SQLA_OK));
        sqla_conn *conn = sqla_connect(db, &err);
        CU_ASSERT_EQUAL(conn != NULL, table[i / 2].found);
        if (!is(&err, table[i / 2].found ? SQLA_OK : SQLA_ERR_CONNECT))
            fprintf(stderr, "%s\n", table[i / 2].query);
        if (conn != NULL)
            CU_ASSERT_EQUAL(ask(conn, "SELECT 7"), 7);
        CU_ASSERT_PTR_NULL(strstr(err.message, "sesame"));
        sqla_conn_close(conn);
        sqla_engine_free(db);
    }
}

static void hosts__unknown_role_is_refused(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(two_hosts(url, 0, "target_session_attrs=leader"), NULL, &err);
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_CONFIG));
    CU_ASSERT(says(&err, "leader"));
    sqla_engine_free(db);
}

/* ---- secrets ------------------------------------------------------------------------------------------------------- */

typedef struct lines { pthread_mutex_t lock; char text[65536]; } lines;

static void keep_line(void *data, int level, const char *line)
{
    lines *l = data;
    (void)level;
    pthread_mutex_lock(&l->lock);
    strncat(l->text, line, sizeof l->text - strlen(l->text) - 2);
    strcat(l->text, "\n");
    pthread_mutex_unlock(&l->lock);
}

static bool hides(const char *text)
{
    bool ok = strstr(text, canary) == NULL && strstr(text, "Zx9%2Dcanary") == NULL && strstr(text, "canary_7Qw") == NULL;
    if (!ok)
        fprintf(stderr, "shown: %s\n", text);
    return ok;
}

static bool hides_all(const sqla_error *err)
{
    return hides(err->message) && hides(err->detail) && hides(err->hint) && hides(err->table) && hides(err->column) && hides(err->constraint);
}

/* Make an engine, connect, run something wrong: whatever fails, and whatever is logged, the canary stays in its cage. */
static void try_url(const char *url, const sqla_option *pairs, bool fails)
{
    static lines l;
    l = (lines){ .lock = PTHREAD_MUTEX_INITIALIZER };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.echo = true, .log = keep_line, .log_data = &l, .pool_timeout_ms = 10,
        .pool_size = 1, .max_overflow = -1, .connect = pairs), &err);
    CU_ASSERT(hides(sqla_engine_url(db)));
    sqla_conn *conn = db != NULL ? sqla_connect(db, &err) : NULL;
    if (conn != NULL) {
        sqla_execute(conn, "SELECT wrong FROM nowhere", NULL, &err);
        sqla_error late = SQLA_ERROR_INIT;
        CU_ASSERT_PTR_NULL(sqla_connect(db, &late)); /* carries the last failure to connect */
        CU_ASSERT(hides_all(&late));
    }
    if ((conn == NULL) != fails)
        fprintf(stderr, "%s: %s (%s)\n", url, err.message, err.hint);
    CU_ASSERT_EQUAL(conn == NULL, fails);
    CU_ASSERT(sqla_failed(&err));
    CU_ASSERT(hides_all(&err));
    CU_ASSERT(hides(l.text));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* %s is the canary, %p is the port of the server, %d the test's database. */
static const char *fill(const char *form, const char *secret, const char *url)
{
    static char text[1024];
    char database[128];
    size_t n = 0;
    snprintf(database, sizeof database, "%s", harness_sql_text(url, "SELECT current_database()"));
    const char *tcp = harness_postgres_tcp("sqla", "x", "x"), *port = strrchr(tcp, ':') + 1;
    for (const char *c = form; *c != '\0'; c++) {
        if (*c != '%' || strchr("spd", c[1]) == NULL) {
            text[n++] = *c;
            continue;
        }
        char what = *++c;
        if (what == 'p')
            n += (size_t)sprintf(text + n, "%.*s", (int)strcspn(port, "/"), port);
        else
            n += (size_t)sprintf(text + n, "%s", what == 's' ? secret : database);
    }
    text[n] = '\0';
    return text;
}

static void secrets__are_never_shown(const char *url)
{
    static const struct { const char *form; bool fails; } table[] = {
        /* refused at once */
        { "postgresql://me:%s", true }, { "postgresql://me:%s/db", true }, { "me:%s@host/db", true }, { "host/db?password=%s", true },
        { "password=%s", true }, { "postgresql://me:%s@h@i/db", true }, { "postgresql://me:1/%s@h/db", true }, { "postgresql://me:a%s#b@h/db", true },
        { "postgresql://me:%s%zz@h/db", true }, { "postgresql://me:%s@h:99999/db", true }, { "postgresql://me:%s@h/db?sslmod=x", true },
        { "oracle://me:%s@h/db", true }, { "postgresql://me:%s@h/db?password=%s", true }, { "postgresql://me:%s@h/db?echo=true", true },
        { "postgresql://me:%s@h/db?pool_size=many", true }, { "postgresql://me@h/db?sslpassword=%s&x=1", true },
        { "sqlite://me:%s@h/db", true }, { "sqlite:///file.db?key=%s", true }, { "sqlite:///file.db?password=%s", true },
        { "postgresql://%s:%s@/db?colour=red", true }, { "postgresql+%s://h/db", true }, { "%s://h/db", true },
        /* refused by the client library or the server */
        { "postgresql://sqla:%s@127.0.0.1:%p/%d", true }, { "postgresql://sqla@127.0.0.1:%p/%d?password=%s", true },
        { "postgresql://nobody:%s@127.0.0.1:%p/%d", true }, { "postgresql://sqla:sesame@127.0.0.1:%p/nowhere?sslpassword=%s", true },
        { "postgresql://sqla:%s@127.0.0.1:%p/%d?sslmode=perhaps", true }, { "postgresql://sqla:%s@127.0.0.1:1/%d", true },
        { "postgresql://sqla:%s@no.host.invalid/%d", true }, { "postgresql://sqla:%s@127.0.0.1:%p/%d?connect_timeout=x", true },
        { "postgresql://sqla:sesame@127.0.0.1:%p/%d?options=-c%20work_mem%3D%s", true },
        { "postgresql://sqla:sesame@127.0.0.1:%p/%d?options=%s", true },
        { "postgresql://sqla:sesame@127.0.0.1:%p/%d?options=--search_path%3D%s%20-c%20DateStyle%3D%s", true },
        { "postgresql://sqla:sesame@127.0.0.1:%p/%d?pooler=transaction&options=-c%20work_mem%3D%s", true },
        /* connected, with the canary in what the server took */
        { "postgresql://sqla:sesame@127.0.0.1:%p/%d?options=-c%20shop.password%3D%s", false },
        { "postgresql://sqla:sesame@127.0.0.1:%p/%d?sslpassword=%s", false },
    };
    const char *const spelt[] = { canary, "Zx9%2Dcanary%5F7Qw" };
    for (size_t i = 0; i < 2 * sizeof table / sizeof table[0]; i++)
        try_url(fill(table[i / 2].form, spelt[i % 2], url), NULL, table[i / 2].fails);
}

/* In the password file, and among the pairs of the program. */
static void secrets__from_files_and_from_the_program(const char *url)
{
    char path[512], form[1024];
    snprintf(path, sizeof path, "%s/passwords", harness_folder());
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "*:*:*:*:%s\n", canary);
    fclose(file);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    snprintf(form, sizeof form, "postgresql://sqla@127.0.0.1:%%p/%%d?passfile=%s", path);
    try_url(fill(form, "", url), NULL, true);
    const sqla_option password[] = { { "password", canary }, { NULL, NULL } };
    try_url(fill("postgresql://sqla@127.0.0.1:%p/%d", "", url), password, true);
    try_url(fill("postgresql://sqla:%s@127.0.0.1:%p/%d", canary, url), password, true);
    const sqla_option settings[] = { { "options", "-c work_mem=Zx9-canary_7Qw" }, { "password", "sesame" }, { NULL, NULL } };
    try_url(fill("postgresql://sqla@127.0.0.1:%p/%d", "", url), settings, true);
}

/* What the server says of the statement is shown, less the password that happens to stand in it. */
static void secrets__in_statements(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(with_query(url, "sslpassword=Zx9-canary_7Qw"), NULL, &err);
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT \"Zx9-canary_7Qw\" FROM pg_class", NULL, &err), SQLA_ERR_SQL);
    CU_ASSERT(says(&err, "***"));
    CU_ASSERT(hides_all(&err));
    sqla_engine_free(db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "keys are those of the client library", keys__are_those_of_the_client_library, HARNESS_PLAIN },
        { "keys reach the client library", keys__reach_the_client_library, HARNESS_POSTGRES },
        { "keys with wrong values", keys__with_wrong_values, HARNESS_DATABASES },
        { "keys: unknown ones name the nearest", keys__unknown_ones_name_the_nearest, HARNESS_DATABASES },
        { "keys given twice", keys__given_twice, HARNESS_PLAIN },
        { "keys: parts that the driver does not take", keys__parts_that_the_driver_does_not_take,
            HARNESS_PLAIN },
        { "twins do not get round the program", twins__do_not_get_round_the_program, HARNESS_PLAIN },
        { "twins of MariaDB", twins__of_mariadb, HARNESS_MARIADB },
        { "locked keys may not stand in the url", locked__keys_may_not_stand_in_the_url, HARNESS_PLAIN },
        { "given pairs may not stand in the url", given__pairs_may_not_stand_in_the_url, HARNESS_PLAIN },
        { "given pairs are used", given__pairs_are_used, HARNESS_DATABASES },
        { "from_env reads a variable", from_env__reads_a_variable, HARNESS_DATABASES },
        { "from_env says what is wrong", from_env__says_what_is_wrong, HARNESS_PLAIN },
        { "pooler is an option", pooler__is_an_option, HARNESS_PLAIN },
        { "pooler sets nothing", pooler__sets_nothing, HARNESS_POSTGRES },
        { "pooler needs settings of the server", pooler__needs_settings_of_the_server, HARNESS_POSTGRES },
        { "hosts are tried in turn, by role", hosts__are_tried_in_turn_by_role, HARNESS_POSTGRES },
        { "hosts: an unknown role is refused", hosts__unknown_role_is_refused, HARNESS_POSTGRES },
        { "secrets are never shown", secrets__are_never_shown, HARNESS_POSTGRES },
        { "secrets from files and from the program", secrets__from_files_and_from_the_program,
            HARNESS_POSTGRES },
        { "secrets in statements", secrets__in_statements, HARNESS_POSTGRES },
    };
    return harness_main("test-options", tests, sizeof tests / sizeof tests[0]);
}
