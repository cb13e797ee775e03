/* test-settings.c: what raw SQL sets in a session changes nothing of what the library reads and writes,
 * and no setting changes what the literals of its DDL say. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"

/* ---- settings ------------------------------------------------------------------------------------------ */

/* "\303\251": an e with an accent. */
#define ACCENT "caf\303\251"
#define TENTH 0.1234567890123456

static const struct {
    const char *sql;
    int on;
} disturbances[] = {
    { "SELECT 1", HARNESS_DATABASES },
    { "SET client_encoding TO 'LATIN1'", HARNESS_POSTGRES },
    { "SET NAMES 'LATIN1'", HARNESS_POSTGRES },
    { "SELECT set_config('client_encoding', 'LATIN1', false)", HARNESS_POSTGRES },
    { "DO $$ BEGIN PERFORM set_config('client_encoding', 'LATIN1', false); END $$", HARNESS_POSTGRES },
    { "SET standard_conforming_strings TO off", HARNESS_POSTGRES },
    { "SET DateStyle TO 'SQL, DMY'", HARNESS_POSTGRES },
    { "SET IntervalStyle TO 'sql_standard'", HARNESS_POSTGRES },
    { "SET bytea_output TO 'escape'", HARNESS_POSTGRES },
    { "SET extra_float_digits TO -3", HARNESS_POSTGRES },
    { "SELECT set_config('extra_float_digits', '0', false)", HARNESS_POSTGRES },
    { "RESET ALL", HARNESS_POSTGRES },
    { "SET NAMES latin1", HARNESS_MARIADB },
    { "SET character_set_results = latin1", HARNESS_MARIADB },
    { "SET character_set_client = latin1", HARNESS_MARIADB },
    { "SET sql_mode = ''", HARNESS_MARIADB },
    { "SET sql_mode = 'ANSI'", HARNESS_MARIADB },
    { "SET time_zone = '+05:00'", HARNESS_MARIADB },
    { "SET session_track_system_variables = '', sql_mode = ''", HARNESS_MARIADB },
};

static int database_of(const char *url)
{
    return harness_is_postgres(url)  ? HARNESS_POSTGRES
           : harness_is_mariadb(url) ? HARNESS_MARIADB
                                     : HARNESS_SQLITE;
}

/* Does the session read and write as one that nobody disturbed? */
static void check_session(sqla_conn *conn, const char *url, const char *after)
{
    sqla_error err = SQLA_ERROR_INIT;
    bool ok = sqla_execute(conn, "DELETE FROM t", NULL, &err) == SQLA_OK;
    ok &= sqla_execute(conn, "INSERT INTO t (name, ratio) VALUES (:name, :ratio)",
              sqla_params("name", ACCENT, "ratio", TENTH), &err) == SQLA_OK;
    ok &= sqla_execute(conn, "INSERT INTO t (name, ratio) VALUES ('" ACCENT "\\', 0)", NULL, &err) ==
          SQLA_OK; /* a backslash is one */
    ok &= harness_sql_int(url, "SELECT count(*) FROM t WHERE name = '" ACCENT "'") == 1;
    ok &= ask(conn, "SELECT count(*) FROM t WHERE name = '" ACCENT "'") == 1;
    ok &= sqla_scalar_f64(sqla_sql(conn, "SELECT ratio FROM t WHERE ratio > 0"), &err) == TENTH;
    const char *name = sqla_scalar_text(sqla_sql(conn, "SELECT name FROM t WHERE ratio > 0"), &err);
    ok &= name != NULL && strcmp(name, ACCENT) == 0;
    ok &= sqla_failed(&err) == 0;
    if (!ok)
        fprintf(stderr, "after %s: %s\n", after, err.message);
    CU_ASSERT(ok);
}

static void disturb(const char *url, bool inside, bool undone)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    for (size_t i = 0; i < sizeof disturbances / sizeof disturbances[0]; i++) {
        const char *sql = disturbances[i].sql;
        if ((disturbances[i].on & database_of(url)) == 0)
            continue;
        sqla_conn *conn = sqla_connect(db, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
        if (inside)
            CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, sql, NULL, &err), SQLA_OK);
        if (inside)
            CU_ASSERT_EQUAL(undone ? sqla_conn_rollback(conn, &err) : sqla_conn_commit(conn, &err), SQLA_OK);
        check_session(conn, url, sql);
        CU_ASSERT(is(&err, SQLA_OK));
        sqla_conn_close(conn);
    }
    sqla_engine_free(db);
}

static void make_table(const char *url)
{
    CU_ASSERT(harness_sql(
        url, harness_is_mariadb(url)
                 ? "CREATE TABLE t (name VARCHAR(40) COLLATE utf8mb4_bin, ratio DOUBLE) CHARSET utf8mb4"
                 : "CREATE TABLE t (name TEXT, ratio DOUBLE PRECISION)"));
}

static void settings__are_mended(const char *url)
{
    make_table(url);
    disturb(url, false, false);
    disturb(url, true, false);
    disturb(url, true, true);
}

/* The same in one transaction: what is written behind the change is written right. */
static void settings__are_mended_within_a_transaction(const char *url)
{
    bool postgres = harness_is_postgres(url);
    sqla_error err = SQLA_ERROR_INIT;
    make_table(url);
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    sqla_execute(conn, "INSERT INTO t (name, ratio) VALUES ('first', 1)", NULL, &err);
    sqla_execute(conn, postgres ? "SET LOCAL client_encoding TO 'LATIN1'" : "SET NAMES latin1", NULL, &err);
    sqla_execute(conn, "INSERT INTO t (name, ratio) VALUES (:name, 2)", sqla_params("name", ACCENT), &err);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0); /* and the transaction is open */
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t WHERE name = '" ACCENT "'"), 1);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* To turn it on again would commit what is open, so that waits. */
static void settings__autocommit_commits_nothing(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    make_table(url);
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    sqla_execute(conn, "INSERT INTO t (name, ratio) VALUES ('first', 1)", NULL, &err);
    CU_ASSERT_EQUAL(sqla_execute(conn, "SET autocommit = 0, sql_mode = ''", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
    CU_ASSERT_EQUAL(
        sqla_execute(conn, "INSERT INTO t (name, ratio) VALUES ('second', 1)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 1);
    CU_ASSERT_EQUAL(ask(conn, "SELECT @@autocommit"), 1);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- where a session begins otherwise ------------------------------------------------------------------ */

static void strings__are_standard_whatever_the_url_says(const char *url)
{
    char other[700];
    sqla_error err = SQLA_ERROR_INIT;
    make_table(url);
    snprintf(other, sizeof other,
        "%s%soptions=-c%%20standard_conforming_strings%%3Doff%%20-c%%20DateStyle%%3DGerman", url,
        strchr(url, '?') != NULL ? "&" : "?");
    sqla_engine *db = sqla_create_engine(other, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
    check_session(conn, url, "options");
    CU_ASSERT_EQUAL(sqla_execute(conn, "RESET ALL", NULL, &err), SQLA_OK);
    check_session(conn, url, "options and RESET ALL");
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- literals ------------------------------------------------------------------------------------------ */

typedef struct Thing Thing;
SQLA_DECLARE(Thing);
static const char *const kinds[] = { "plain", "back\\slash", "it's \\' or '1'='1", "\\", "n\\n" ACCENT,
    NULL };
struct Thing {
    int64_t id;
    int32_t kind;
};
SQLA_MODEL(Thing, "things", SQLA_COLUMN(id, .primary_key = true), SQLA_ENUM(kind, kinds));

typedef struct runner {
    const char *url, *before;
    int count;
} runner;

static sqla_status run_with_other_settings(void *data, const char *sql, sqla_error *err)
{
    runner *r = data;
    (void)err;
    r->count++;
    CU_ASSERT(harness_hold(r->url, r->before));
    CU_ASSERT(harness_hold(r->url, sql));
    harness_let_go();
    return SQLA_OK;
}

/* Made on a session with those settings, and used on another: each label is what it is. */
static void labels__mean_the_same_under_each_setting(const char *url)
{
    static const char *const postgres[] = { "SET standard_conforming_strings TO off",
        "SET standard_conforming_strings TO on", NULL };
    static const char *const mariadb[] = { "SET sql_mode = ''", "SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI'",
        "SET sql_mode = 'ANSI_QUOTES'", NULL };
    static const char *const sqlite[] = { "PRAGMA foreign_keys = 0", NULL };
    const char *const *setting = harness_is_postgres(url)  ? postgres
                                 : harness_is_mariadb(url) ? mariadb
                                                           : sqlite;
    for (; *setting != NULL; setting++) {
        sqla_error err = SQLA_ERROR_INIT;
        runner r = { url, *setting, 0 };
        sqla_engine *db = sqla_create_engine(url, NULL, &err);
        sqla_metadata *base = sqla_metadata_new(&err);
        sqla_metadata_add(base, SQLA_MODELS(Thing), &err);
        CU_ASSERT_EQUAL(sqla_metadata_create_sql(base, db, run_with_other_settings, &r, &err), SQLA_OK);
        CU_ASSERT(r.count > 0);
        sqla_sessionmaker *maker = sqla_sessionmaker_new(db, base, NULL, &err);
        sqla_session *s = sqla_open(maker, &err);
        for (int32_t i = 0; kinds[i] != NULL; i++)
            CU_ASSERT_PTR_NOT_NULL(sqla_add(s, Thing, .kind = i));
        CU_ASSERT_EQUAL(sqla_commit(s, &err), SQLA_OK);
        for (int32_t i = 0; kinds[i] != NULL; i++)
            CU_ASSERT_EQUAL(
                sqla_scalar_i64(sqla_bind(sqla_sql(db, "SELECT count(*) FROM things WHERE kind = :kind"),
                                    "kind", kinds[i]),
                    &err),
                1);
        CU_ASSERT_NOT_EQUAL(
            sqla_execute(db, "INSERT INTO things (id, kind) VALUES (99, 'none of them')", NULL, NULL),
            SQLA_OK);
        CU_ASSERT(is(&err, SQLA_OK));
        sqla_close(s);
        sqla_sessionmaker_free(maker);
        CU_ASSERT_EQUAL(sqla_metadata_drop_all(base, db, &err), SQLA_OK);
        sqla_metadata_free(base);
        sqla_engine_free(db);
    }
}

static const struct harness_test tests[] = {
    { "settings: are mended", settings__are_mended, HARNESS_DATABASES },
    { "settings: are mended within a transaction", settings__are_mended_within_a_transaction,
        HARNESS_SERVERS },
    { "settings: autocommit commits nothing", settings__autocommit_commits_nothing, HARNESS_MARIADB },
    { "strings: are standard whatever the URL says", strings__are_standard_whatever_the_url_says,
        HARNESS_POSTGRES },
    { "labels: mean the same under each setting", labels__mean_the_same_under_each_setting,
        HARNESS_DATABASES },
};

int main(void)
{
    return harness_main("test-settings", tests, sizeof tests / sizeof tests[0]);
}
