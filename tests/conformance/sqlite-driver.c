/* sqlite-driver.c: what only the SQLite driver has to do right: files, locks, storage classes, schemas that get in the way of
 * key arithmetic. sqlite-driver DRIVER.so FOLDER: the folder is for databases of the test. */
#include <config.h>
#include "kit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *folder;
static char path[256];

/* A connection to a file of the test. */
static sqla_status open_file(kit_conn *conn, const char *name, const char *key, const char *value)
{
    const sqla_connect_param params[] = { { "database", path },
        { key != NULL ? key : "busy_timeout", value != NULL ? value : "100" } };
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return kit_open(conn, params, 2, 0);
}

static void fresh(kit_conn *conn, const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
    REQUIRE(EXPECT(open_file(conn, name, NULL, NULL), SQLA_OK));
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static void files__that_cannot_be_opened(void)
{
    kit_conn db;
    snprintf(path, sizeof path, "%s/text", folder);
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    for (int i = 0; i < 200; i++)
        fprintf(file, "this is no database, line %d\n", i);
    fclose(file);
    EXPECT(open_file(&db, "text", NULL, NULL), SQLA_ERR_CORRUPT);
    CHECK(strstr(kit_last.message, "/text") != NULL);
    EXPECT(open_file(&db, "no/such/folder.db", NULL, NULL), SQLA_ERR_CONNECT);
    CHECK(strstr(kit_last.message, "no/such/folder.db") != NULL);
    EXPECT(open_file(&db, ".", NULL, NULL), SQLA_ERR_CONNECT);
    EXPECT(open_file(&db, "absent.db", "mode", "rw"), SQLA_ERR_CONNECT);
    EXPECT(open_file(&db, "absent.db", "mode", "ro"), SQLA_ERR_CONNECT);
    CHECK(access(path, F_OK) != 0);
}

static void files__parameters(void)
{
    kit_conn db;
    EXPECT(open_file(&db, "a.db", "busy_timeot", "1"), SQLA_ERR_CONFIG);
    CHECK(strstr(kit_last.hint, "busy_timeout") != NULL);
    EXPECT(open_file(&db, "a.db", "busy_timeout", "1s"), SQLA_ERR_CONFIG);
    EXPECT(open_file(&db, "a.db", "mode", "readonly"), SQLA_ERR_CONFIG);
    EXPECT(open_file(&db, "a.db", "host", "localhost"), SQLA_ERR_CONFIG);
    CHECK(strstr(kit_last.hint, "sqlite:///") != NULL);
    EXPECT(open_file(&db, "a.db", "foreign_keys", "off"), SQLA_OK);
    CHECK_INT(kit_number(&db, "PRAGMA foreign_keys"), 0);
    kit_close(&db);
    EXPECT(open_file(&db, "a.db", "foreign_keys", "on"), SQLA_OK);
    CHECK_INT(kit_number(&db, "PRAGMA foreign_keys"), 1);
    kit_close(&db);
    EXPECT(open_file(&db, "a.db", "synchronous", "off"), SQLA_OK);
    CHECK_INT(kit_number(&db, "PRAGMA synchronous"), 0);
    kit_close(&db);
    const sqla_connect_param memory[] = { { "database", "" }, { "journal_mode", "wal" } };
    EXPECT(kit_open(&db, memory, 2, 0), SQLA_ERR_CONFIG);
    const sqla_connect_param uri[] = { { "database", "file::memory:?x" } };
    CHECK(kit_open(&db, uri, 1, 0) == SQLA_OK && access("file::memory:?x", F_OK) == 0); /* a path is a path */
    kit_close(&db);
    unlink("file::memory:?x");
}

static void files__read_only(void)
{
    kit_conn db;
    fresh(&db, "ro.db");
    kit_must(&db, "CREATE TABLE t (a)");
    kit_close(&db);
    if (EXPECT(open_file(&db, "ro.db", "mode", "ro"), SQLA_OK)) {
        EXPECT(kit_run(&db, "INSERT INTO t VALUES (1)"), SQLA_ERR_READ_ONLY);
        CHECK_INT(kit_number(&db, "SELECT count(*) FROM t"), 0);
        kit_close(&db);
    }
    if (geteuid() != 0) { /* root may write everything */
        chmod(path, 0444);
        EXPECT(open_file(&db, "ro.db", NULL, NULL), SQLA_ERR_READ_ONLY);
        kit_close(&db);
    }
}

/* Connections of one engine share its private database. */
static void files__private_database(void)
{
    const sqla_connect_param memory[] = { { "database", "" } };
    kit_conn a, b;
    EXPECT(kit_open(&a, memory, 1, 0), SQLA_OK);
    EXPECT(kit_open(&b, memory, 1, 0), SQLA_OK);
    kit_must(&a, "CREATE TABLE t (a)");
    EXPECT(kit_begin(&a, 0), SQLA_OK);
    kit_must(&a, "INSERT INTO t VALUES (1)");
    EXPECT(kit_rollback(&a), SQLA_OK);
    kit_must(&b, "INSERT INTO t VALUES (2)");
    CHECK_INT(kit_number(&a, "SELECT count(*) FROM t"), 1);
    kit_close(&a);
    CHECK_INT(kit_number(&b, "SELECT a FROM t"), 2);
    kit_close(&b);
}

/* ---- locks ----------------------------------------------------------------------------------------------------- */

static void locks__plain_wait(void)
{
    kit_conn a, b;
    fresh(&a, "lock.db");
    kit_must(&a, "CREATE TABLE t (a)");
    EXPECT(open_file(&b, "lock.db", "busy_timeout", "300"), SQLA_OK);
    EXPECT(kit_begin(&a, SQLA_TXN_WRITE), SQLA_OK);
    int64_t start = kit_now();
    EXPECT(kit_begin(&b, SQLA_TXN_WRITE), SQLA_ERR_BUSY);
    CHECK(kit_now() - start >= 290000000 && kit_now() - start < 900000000);
    CHECK_INT(kit_state(&b), SQLA_TXN_IDLE);
    EXPECT(kit_run(&b, "INSERT INTO t VALUES (1)"), SQLA_ERR_BUSY);
    EXPECT(kit_begin(&b, 0), SQLA_OK);
    EXPECT(kit_run(&b, "INSERT INTO t VALUES (1)"), SQLA_ERR_BUSY);
    CHECK_INT(kit_state(&b), SQLA_TXN_ACTIVE);
    EXPECT(kit_rollback(&a), SQLA_OK);
    EXPECT(kit_run(&b, "INSERT INTO t VALUES (1)"), SQLA_OK);
    EXPECT(kit_commit(&b), SQLA_OK);
    kit_close(&a);
    kit_close(&b);
}

static void locks__deadline_ends_the_wait(void)
{
    kit_conn a, b;
    fresh(&a, "lock.db");
    EXPECT(open_file(&b, "lock.db", "busy_timeout", "60000"), SQLA_OK);
    EXPECT(kit_begin(&a, SQLA_TXN_WRITE), SQLA_OK);
    int64_t start = kit_now();
    const sqla_txn_options options = { sizeof options, SQLA_TXN_WRITE, start + 200000000, 0, 0 };
    kit_clear();
    EXPECT(kit_ops.begin(b.handle, &options, KIT_ERR), SQLA_ERR_TIMEOUT);
    CHECK(kit_now() - start >= 190000000 && kit_now() - start < 900000000);
    kit_close(&a);
    kit_close(&b);
}

/* Both have read and both want to write: the second is told at once to begin anew. */
static void upgrade(const char *journal_mode)
{
    kit_conn a, b;
    fresh(&a, "upgrade.db");
    kit_must(&a, kit_sql("PRAGMA journal_mode = %s", journal_mode));
    kit_must(&a, "CREATE TABLE t (a)");
    EXPECT(open_file(&b, "upgrade.db", "busy_timeout", "5000"), SQLA_OK);
    EXPECT(kit_begin(&a, 0), SQLA_OK);
    EXPECT(kit_begin(&b, 0), SQLA_OK);
    CHECK_INT(kit_number(&a, "SELECT count(*) FROM t"), 0);
    CHECK_INT(kit_number(&b, "SELECT count(*) FROM t"), 0);
    EXPECT(kit_run(&a, "INSERT INTO t VALUES (1)"), SQLA_OK);
    int64_t start = kit_now();
    EXPECT(kit_run(&b, "INSERT INTO t VALUES (2)"), SQLA_ERR_RETRY);
    CHECK_TEXT(kit_last.sqlstate, "40001");
    CHECK(kit_now() - start < 1000000000);
    CHECK_INT(kit_state(&b), SQLA_TXN_ACTIVE);
    EXPECT(kit_rollback(&b), SQLA_OK);
    EXPECT(kit_commit(&a), SQLA_OK);
    kit_close(&a);
    kit_close(&b);
}

static void locks__upgrade(void)
{
    upgrade("delete");
}
static void locks__upgrade_in_wal(void)
{
    upgrade("wal");
}

static void locks__stale_snapshot(void)
{
    kit_conn a, b;
    fresh(&a, "snapshot.db");
    kit_must(&a, "PRAGMA journal_mode = wal");
    kit_must(&a, "CREATE TABLE t (a)");
    EXPECT(open_file(&b, "snapshot.db", NULL, NULL), SQLA_OK);
    EXPECT(kit_begin(&b, 0), SQLA_OK);
    CHECK_INT(kit_number(&b, "SELECT count(*) FROM t"), 0);
    kit_must(&a, "INSERT INTO t VALUES (1)");
    EXPECT(kit_run(&b, "INSERT INTO t VALUES (2)"), SQLA_ERR_RETRY);
    CHECK_INT(kit_last.native, 517);
    EXPECT(kit_rollback(&b), SQLA_OK);
    kit_close(&a);
    kit_close(&b);
}

static void locks__busy_commit(void)
{
    sqla_driver_result *reading;
    const sqla_value *values;
    kit_conn a, b;
    fresh(&a, "commit.db");
    kit_must(&a, "CREATE TABLE t (a)");
    kit_must(&a, "INSERT INTO t VALUES (1), (2)");
    EXPECT(open_file(&b, "commit.db", NULL, NULL), SQLA_OK);
    EXPECT(kit_exec(&b, "SELECT a FROM t", NULL, NULL, SQLA_EXEC_STREAM, &reading), SQLA_OK);
    EXPECT(kit_ops.result_view(reading, &values, KIT_ERR), SQLA_OK);
    EXPECT(kit_begin(&a, 0), SQLA_OK);
    kit_must(&a, "INSERT INTO t VALUES (3)");
    EXPECT(kit_commit(&a), SQLA_ERR_BUSY);
    CHECK_INT(kit_state(&a), SQLA_TXN_ACTIVE);
    kit_ops.result_close(reading);
    EXPECT(kit_commit(&a), SQLA_OK);
    CHECK_INT(kit_number(&b, "SELECT count(*) FROM t"), 3);
    kit_close(&a);
    kit_close(&b);
}

static void *cancel_soon(void *canceller)
{
    nanosleep(&(struct timespec){ 0, 200000000 }, NULL);
    kit_ops.cancel_fire(canceller, 0, NULL);
    return NULL;
}

static void locks__cancelled_wait(void)
{
    sqla_driver_canceller *canceller;
    pthread_t thread;
    kit_conn a, b;
    fresh(&a, "lock.db");
    EXPECT(open_file(&b, "lock.db", "busy_timeout", "20000"), SQLA_OK);
    EXPECT(kit_begin(&a, SQLA_TXN_WRITE), SQLA_OK);
    EXPECT(kit_ops.cancel_new(b.handle, &canceller, KIT_ERR), SQLA_OK);
    pthread_create(&thread, NULL, cancel_soon, canceller);
    EXPECT(kit_begin(&b, SQLA_TXN_WRITE), SQLA_ERR_CANCELLED);
    pthread_join(thread, NULL);
    kit_ops.cancel_free(canceller);
    kit_close(&a);
    kit_close(&b);
}

static void locks__full_database(void)
{
    kit_conn db;
    fresh(&db, "full.db");
    kit_must(&db, "CREATE TABLE t (a)");
    kit_must(&db, "PRAGMA max_page_count = 10");
    EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
    kit_must(&db, "INSERT INTO t VALUES ('before')");
    EXPECT(kit_run(&db, "INSERT INTO t VALUES (zeroblob(1000000))"), SQLA_ERR_RESOURCE);
    CHECK_TEXT(kit_last.sqlstate, "53100");
    CHECK(kit_state(&db) == SQLA_TXN_ACTIVE || kit_state(&db) == SQLA_TXN_FAILED);
    EXPECT(kit_rollback(&db), SQLA_OK);
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM t"), 0);
    kit_must(&db, "INSERT INTO t VALUES ('after')");
    kit_close(&db);
}

/* A conflict clause that rolls back takes the transaction away: nothing goes on in autocommit. */
static void locks__transaction_undone(void)
{
    kit_conn db;
    fresh(&db, "undone.db");
    kit_must(&db, "CREATE TABLE t (a UNIQUE ON CONFLICT ROLLBACK)");
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    kit_must(&db, "INSERT INTO t VALUES (1)");
    EXPECT(kit_run(&db, "INSERT INTO t VALUES (1)"), SQLA_ERR_UNIQUE);
    CHECK_INT(kit_state(&db), SQLA_TXN_FAILED);
    EXPECT(kit_run(&db, "INSERT INTO t VALUES (2)"), SQLA_ERR_ROLLBACK_FIRST);
    EXPECT(kit_commit(&db), SQLA_ERR_ROLLBACK_FIRST);
    EXPECT(kit_rollback(&db), SQLA_OK);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM t"), 0);
    kit_close(&db);
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

typedef struct cell {
    int64_t v;
} cell;

/* Read one expression through one slot; the value lies in *into. */
static sqla_status read_as(
    kit_conn *db, const char *expression, sqla_type type, sqla_rep rep, uint32_t size, void *into)
{
    const sqla_slot slot = {
        .type = (uint8_t)type, .rep = (uint8_t)rep, .size = size, .set_offset = -1, .name = "v"
    };
    const sqla_plan plan = { sizeof plan, 1, &slot };
    sqla_driver_result *result;
    size_t count;
    bool end;
    sqla_status status = kit_exec(db, kit_sql("SELECT %s", expression), NULL, NULL, 0, &result);
    if (status != SQLA_OK)
        return status;
    status = kit_ops.result_fetch(result, &plan, &into, 1, NULL, &count, &end, KIT_ERR);
    kit_ops.result_close(result);
    return status;
}

static void values__texts_of_times(void)
{
    static const struct {
        const char *text;
        sqla_type type;
        sqla_status status;
        int64_t micros;
    } cases[] = {
        { "'1970-01-02 00:00:01'", SQLA_TIMESTAMP, SQLA_OK, INT64_C(86401000000) },
        { "'1970-01-02T00:00:01.5Z'", SQLA_TIMESTAMP, SQLA_OK, INT64_C(86401500000) },
        { "'1970-01-02 01:00:01+01:00'", SQLA_TIMESTAMP, SQLA_OK, INT64_C(86401000000) },
        { "'1970-01-01 19:00:01-0500'", SQLA_TIMESTAMP, SQLA_OK, INT64_C(86401000000) },
        { "'1970-01-02'", SQLA_TIMESTAMP, SQLA_OK, INT64_C(86400000000) },
        { "'1970-01-02 00:00:01.000001000'", SQLA_TIMESTAMP, SQLA_OK, INT64_C(86401000001) },
        { "'1970-01-02 00:00:01.0000001'", SQLA_TIMESTAMP, SQLA_ERR_DATA, 0 },
        { "'1970-01-02 00:00:01Z'", SQLA_LOCAL_TIMESTAMP, SQLA_ERR_DATA, 0 },
        { "'1970-02-29'", SQLA_TIMESTAMP, SQLA_ERR_DATA, 0 },
        { "'1970-13-01'", SQLA_TIMESTAMP, SQLA_ERR_DATA, 0 },
        { "'now'", SQLA_TIMESTAMP, SQLA_ERR_DATA, 0 },
        { "5", SQLA_TIMESTAMP, SQLA_ERR_DATA, 0 },
        { "'12:30'", SQLA_TIME, SQLA_OK, INT64_C(45000000000) },
        { "'25:00:00'", SQLA_TIME, SQLA_ERR_DATA, 0 },
        { "'1970-01-01 00:00:00'", SQLA_TIME, SQLA_ERR_DATA, 0 },
        { "datetime(0, 'unixepoch')", SQLA_TIMESTAMP, SQLA_OK, 0 },
        { "''", SQLA_TIMESTAMP, SQLA_ERR_DATA, 0 },
    };
    kit_conn db;
    fresh(&db, "values.db");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cell got = { -1 };
        bool ok =
            EXPECT(read_as(&db, cases[i].text, cases[i].type, SQLA_REP_FIXED, 8, &got), cases[i].status);
        CHECK(cases[i].status != SQLA_OK || got.v == cases[i].micros);
        if (!ok)
            fprintf(stderr, "... for %s\n", cases[i].text);
    }
    kit_close(&db);
}

/* What SQLA_NOW writes is an instant of now. */
static void values__now(void)
{
    kit_conn db;
    cell got = { 0 };
    fresh(&db, "values.db");
    EXPECT(read_as(&db, kit_traits->now, SQLA_TIMESTAMP, SQLA_REP_FIXED, 8, &got), SQLA_OK);
    CHECK(got.v / 1000000 >= (int64_t)time(NULL) - 5 && got.v / 1000000 <= (int64_t)time(NULL) + 5);
    CHECK_INT(kit_number(&db, kit_sql("SELECT length(%s)", kit_traits->now)), 26);
    kit_close(&db);
}

static void values__storage_classes(void)
{
    static const struct {
        const char *text;
        sqla_type type;
        sqla_rep rep;
        uint32_t size;
        sqla_status status;
    } cases[] = {
        { "'5'", SQLA_INT64, SQLA_REP_FIXED, 8, SQLA_OK },
        { "'5x'", SQLA_INT64, SQLA_REP_FIXED, 8, SQLA_ERR_DATA },
        { "'05'", SQLA_INT64, SQLA_REP_FIXED, 8, SQLA_ERR_DATA },
        { "5.0", SQLA_INT64, SQLA_REP_FIXED, 8, SQLA_OK },
        { "5.5", SQLA_INT64, SQLA_REP_FIXED, 8, SQLA_ERR_DATA },
        { "1e19", SQLA_INT64, SQLA_REP_FIXED, 8, SQLA_ERR_DATA },
        { "x'05'", SQLA_INT64, SQLA_REP_FIXED, 8, SQLA_ERR_DATA },
        { "2", SQLA_BOOL, SQLA_REP_FIXED, 1, SQLA_ERR_DATA },
        { "'t'", SQLA_BOOL, SQLA_REP_FIXED, 1, SQLA_ERR_DATA },
        { "9007199254740993", SQLA_FLOAT64, SQLA_REP_FIXED, 8, SQLA_ERR_DATA },
        { "7", SQLA_FLOAT64, SQLA_REP_FIXED, 8, SQLA_OK },
        { "9223372036854775807", SQLA_FLOAT64, SQLA_REP_FIXED, 8, SQLA_ERR_DATA },
        { "0.1", SQLA_FLOAT32, SQLA_REP_FIXED, 4, SQLA_ERR_DATA },
        { "0.5", SQLA_FLOAT32, SQLA_REP_FIXED, 4, SQLA_OK },
        { "1e300", SQLA_FLOAT32, SQLA_REP_FIXED, 4, SQLA_ERR_DATA },
        { "'1'", SQLA_FLOAT64, SQLA_REP_FIXED, 8, SQLA_ERR_DATA },
        { "1.5", SQLA_DECIMAL, SQLA_REP_CHARS, 8, SQLA_ERR_DATA },
        { "15", SQLA_DECIMAL, SQLA_REP_CHARS, 8, SQLA_OK },
        { "'1.50'", SQLA_DECIMAL, SQLA_REP_CHARS, 8, SQLA_OK },
        { "'abc'", SQLA_DECIMAL, SQLA_REP_CHARS, 8, SQLA_ERR_DATA },
        { "x'6162'", SQLA_TEXT, SQLA_REP_CHARS, 8, SQLA_ERR_DATA },
        { "CAST(x'ff' AS TEXT)", SQLA_TEXT, SQLA_REP_CHARS, 8, SQLA_ERR_DATA },
        { "CAST(x'610062' AS TEXT)", SQLA_TEXT, SQLA_REP_CHARS, 8, SQLA_ERR_DATA },
        { "'12345678-9abc-def0-1234-56789abcdef0'", SQLA_UUID, SQLA_REP_FIXED, 16, SQLA_OK },
        { "'123456789ABCDEF0123456789abcdef0'", SQLA_UUID, SQLA_REP_FIXED, 16, SQLA_OK },
        { "x'123456789ABCDEF0123456789abcdef0'", SQLA_UUID, SQLA_REP_FIXED, 16, SQLA_OK },
        { "'12345678-9abc-def0-1234-56789abcdefg'", SQLA_UUID, SQLA_REP_FIXED, 16, SQLA_ERR_DATA },
        { "'P1Y2M3DT4H5M6.5S'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, SQLA_OK },
        { "'P'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, SQLA_ERR_DATA },
        { "'P1.5D'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, SQLA_ERR_DATA },
        { "'P99999999999Y'", SQLA_INTERVAL, SQLA_REP_FIXED, 16, SQLA_ERR_DATA },
        { "'1999-1-1'", SQLA_DATE, SQLA_REP_FIXED, 4, SQLA_ERR_DATA },
    };
    kit_conn db;
    fresh(&db, "values.db");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char into[16];
        if (!EXPECT(read_as(&db, cases[i].text, cases[i].type, cases[i].rep, cases[i].size, into),
                cases[i].status))
            fprintf(stderr, "... for %s\n", cases[i].text);
        if (cases[i].status != SQLA_OK)
            CHECK(strcmp(kit_last.column, "v") == 0 && kit_last.row == 1);
    }
    kit_close(&db);
}

/* No name of a type changes a value by its affinity. */
static void values__affinity(void)
{
    kit_conn db;
    fresh(&db, "affinity.db");
    for (uint32_t i = 0; i < kit_traits->type_count; i++) {
        const sqla_type_trait *type = &kit_traits->types[i];
        bool text = type->type >= SQLA_TEXT && type->type != SQLA_BLOB &&
                    !(type->type >= SQLA_DATE && type->type <= SQLA_LOCAL_TIMESTAMP);
        kit_must(&db, kit_sql("CREATE TABLE t (v %s)", type->name));
        if (text) {
            kit_must(&db, "INSERT INTO t VALUES ('0012.50')");
            CHECK_INT(
                kit_number(&db, "SELECT count(*) FROM t WHERE typeof(v) = 'text' AND length(v) = 7"), 1);
        }
        kit_must(&db, "INSERT INTO t VALUES ('2020-01-02 03:04:05.000000'), ('P14M3DT5.000000S')");
        CHECK_INT(kit_number(&db, "SELECT count(*) FROM t WHERE typeof(v) <> 'text'"), 0);
        kit_drop(&db, "t");
    }
    kit_close(&db);
}

/* ---- keys by arithmetic ---------------------------------------------------------------------------------------- */

typedef struct sink {
    sqla_reflect_sink base;
    uint64_t facts;
    int count;
} sink;

static sqla_status push_facts(sqla_reflect_sink *base, uint32_t kind, const void *record)
{
    sink *s = (sink *)base;
    (void)kind;
    s->facts = ((const sqla_reflect_facts *)record)->facts;
    s->count++;
    return SQLA_OK;
}

static void keys__facts(void)
{
    static const struct {
        const char *create;
        bool exact, arithmetic;
    } cases[] = {
        { "CREATE TABLE t (id INTEGER PRIMARY KEY, a)", true, true },
        { "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a)", true, true },
        { "CREATE TABLE t (id integer NOT NULL, a, CONSTRAINT pk PRIMARY KEY (id))", true, true },
        { "CREATE TABLE t (id INTEGER PRIMARY KEY DESC, a)", true, false },
        { "CREATE TABLE t (id INT PRIMARY KEY, a)", true, false },
        { "CREATE TABLE t (id BIGINT PRIMARY KEY, a)", true, false },
        { "CREATE TABLE t (id INTEGER PRIMARY KEY, a) WITHOUT ROWID", true, false },
        { "CREATE TABLE t (id INTEGER, b INTEGER, PRIMARY KEY (id, b))", true, false },
        { "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE ON CONFLICT IGNORE)", false, false },
        { "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE ON  \n CONFLICT REPLACE)", false, false },
        { "CREATE TABLE t (id INTEGER PRIMARY KEY, a); CREATE TRIGGER tr BEFORE INSERT ON t BEGIN SELECT "
          "RAISE(IGNORE); END",
            false, false },
        { "CREATE TABLE t (id INTEGER PRIMARY KEY, a); CREATE TEMP TRIGGER tr BEFORE INSERT ON main.t BEGIN "
          "SELECT RAISE(IGNORE); END",
            false, false },
        { "CREATE TABLE t (id INTEGER PRIMARY KEY, a); CREATE TRIGGER tr AFTER DELETE ON t BEGIN SELECT 1; "
          "END",
            true, true },
        { "CREATE TABLE x (a); CREATE VIEW t AS SELECT a FROM x", false, false },
        { "CREATE TABLE t (id INTEGER PRIMARY KEY, a); CREATE TEMP TABLE t (a)", true, false },
    };
    const sqla_reflect_filter filter = { sizeof filter, 0, NULL, "t" };
    sqla_driver_result *result;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sink s = { { push_facts }, 0, 0 };
        kit_conn db;
        fresh(&db, "facts.db");
        if (EXPECT(kit_exec(&db, cases[i].create, NULL, NULL, SQLA_EXEC_SCRIPT, &result), SQLA_OK))
            kit_ops.result_close(result);
        EXPECT(kit_ops.reflect(db.handle, SQLA_REFLECT_FACTS, &filter, &s.base, KIT_ERR), SQLA_OK);
        bool right = s.count == 1 && ((s.facts & SQLA_FACT_EXACT_INSERT) != 0) == cases[i].exact &&
                     ((s.facts & SQLA_FACT_KEY_ARITHMETIC) != 0) == cases[i].arithmetic;
        if (!right)
            fprintf(stderr, "%s: %d, %x\n", cases[i].create, s.count, (unsigned)s.facts);
        CHECK(right);
        kit_close(&db);
    }
}

static sqla_status insert_block(kit_conn *db, const char *table, cell *cells, size_t n, uint32_t block)
{
    const sqla_slot slot = {
        .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8, .set_offset = -1, .name = "a"
    };
    const sqla_slot key = {
        .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .offset = 8, .size = 8, .set_offset = -1, .name = "id"
    };
    const sqla_plan plan = { sizeof plan, 1, &slot }, keys = { sizeof keys, 1, &key };
    static const char *const columns[] = { "a" };
    static const sqla_type types[] = { SQLA_INT64 };
    const char *text =
        kit_fill(kit_traits->insert_block, table, columns, types, 1, block, NULL, SQLA_NULL, NULL);
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, 0, 0 };
    void *rows[64];
    for (size_t i = 0; i < n; i++)
        rows[i] = cells + 2 * i;
    sqla_batch batch = { .struct_size = sizeof batch,
        .mode = SQLA_BATCH_BLOCK,
        .plan = &plan,
        .rows = rows,
        .count = n,
        .rows_per_statement = block,
        .key_source = SQLA_KEY_LAST_ID,
        .keys = &keys };
    kit_clear();
    return kit_ops.execute_many(db->handle, &statement, &batch, &options, KIT_ERR);
}

static void keys__that_do_not_follow(void)
{
    cell cells[128];
    kit_conn db;
    for (int i = 0; i < 128; i++)
        cells[i].v = i;
    fresh(&db, "keys.db");
    kit_must(&db, "CREATE TABLE ignoring (id INTEGER PRIMARY KEY, a UNIQUE ON CONFLICT IGNORE)");
    kit_must(&db, "INSERT INTO ignoring (a) VALUES (4)");
    EXPECT(insert_block(&db, "ignoring", cells, 20, 10), SQLA_ERR_DATA);
    kit_must(&db, "CREATE TABLE used_up (id INTEGER PRIMARY KEY, a)");
    kit_must(&db, "INSERT INTO used_up (id, a) VALUES (9223372036854775790, 0)");
    EXPECT(
        insert_block(&db, "used_up", cells, 30, 10), SQLA_ERR_DATA); /* 17 are left, then keys are random */
    kit_must(&db, "CREATE TABLE good (id INTEGER PRIMARY KEY, a)");
    EXPECT(insert_block(&db, "good", cells, 30, 10), SQLA_OK);
    for (int i = 0; i < 30; i++)
        CHECK_INT(cells[2 * i + 1].v, i + 1);
    kit_close(&db);
}

/* A failing row of a block is found, and nothing of the search stays. */
static void keys__failing_row(void)
{
    cell cells[128];
    kit_conn db;
    for (int i = 0; i < 128; i++)
        cells[i].v = i;
    fresh(&db, "trace.db");
    kit_must(&db, "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE)");
    cells[2 * 17].v = cells[2 * 13].v;
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    EXPECT(insert_block(&db, "t", cells, 20, 10), SQLA_ERR_UNIQUE);
    CHECK_INT(kit_last.row, 18);
    CHECK_TEXT(kit_last.column, "a");
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM t"), 10);
    CHECK_INT(kit_state(&db), SQLA_TXN_ACTIVE);
    EXPECT(kit_rollback(&db), SQLA_OK);
    EXPECT(insert_block(&db, "t", cells, 20, 20), SQLA_ERR_UNIQUE);
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM t"), 0);
    kit_close(&db);
}

/* ---- reset ----------------------------------------------------------------------------------------------------- */

static void session__touched(void)
{
    static const struct {
        const char *sql;
        sqla_status status;
    } cases[] = {
        { "SELECT 1", SQLA_OK },
        { "PRAGMA table_info(x)", SQLA_OK },
        { "PRAGMA foreign_keys", SQLA_OK },
        { "PRAGMA foreign_keys = off", SQLA_ERR_UNSUPPORTED },
        { "PRAGMA case_sensitive_like = 1", SQLA_ERR_UNSUPPORTED },
        { "ATTACH ':memory:' AS other", SQLA_ERR_UNSUPPORTED },
        { "CREATE TEMP TABLE x (a)", SQLA_ERR_UNSUPPORTED },
        { "CREATE TABLE IF NOT EXISTS y (a)", SQLA_OK },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kit_conn db;
        fresh(&db, "touched.db");
        kit_must(&db, cases[i].sql);
        kit_clear();
        EXPECT(kit_ops.reset(db.handle, 0, KIT_ERR), cases[i].status);
        kit_close(&db);
    }
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

static const conform_check checks[] = {
    { "file-01", "files that cannot be opened", 0, 0, files__that_cannot_be_opened },
    { "file-02", "parameters", 0, 0, files__parameters },
    { "file-03", "read-only files", 0, 0, files__read_only },
    { "file-04", "a private database", 0, 0, files__private_database },
    { "lock-01", "a plain wait", 0, 0, locks__plain_wait },
    { "lock-02", "a deadline ends the wait", 0, 0, locks__deadline_ends_the_wait },
    { "lock-03", "an upgrade", 0, 0, locks__upgrade },
    { "lock-04", "an upgrade in WAL", 0, 0, locks__upgrade_in_wal },
    { "lock-05", "a stale snapshot", 0, 0, locks__stale_snapshot },
    { "lock-06", "a busy commit", 0, 0, locks__busy_commit },
    { "lock-07", "a cancelled wait", 0, 0, locks__cancelled_wait },
    { "lock-08", "a full database", 0, 0, locks__full_database },
    { "lock-09", "a transaction undone", 0, 0, locks__transaction_undone },
    { "value-01", "texts of times", 0, 0, values__texts_of_times },
    { "value-02", "now", 0, 0, values__now },
    { "value-03", "storage classes", 0, 0, values__storage_classes },
    { "value-04", "affinity", 0, 0, values__affinity },
    { "key-01", "facts", 0, 0, keys__facts },
    { "key-02", "keys that do not follow", 0, 0, keys__that_do_not_follow },
    { "key-03", "a failing row", 0, 0, keys__failing_row },
    { "session-01", "what touches a session", 0, 0, session__touched },
};

int main(int argc, char **argv)
{
    enum { COUNT = sizeof checks / sizeof *checks };
    const conform_check *list[COUNT];
    if (argc != 3) {
        fprintf(stderr, "usage: sqlite-driver DRIVER.so FOLDER\n");
        return 2;
    }
    folder = argv[2];
    for (size_t i = 0; i < COUNT; i++)
        list[i] = &checks[i];
    const conform_options options = {
        .name = "sqlite-driver", .driver = argv[1], .jobs = 1, .timeout_s = 60, .prepare = kit_ready
    };
    return conform_run(list, COUNT, &options);
}
