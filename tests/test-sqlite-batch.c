/* test-sqlite-batch.c: batches of the SQLite driver that go wrong: asked for wrongly, or failing in the middle, by a
 * constraint, a lock, a deadline, a cancel, or keys that are not what was counted on. */
#include <config.h>
#include "conform/kit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define LENGTH(table) (sizeof(table) / sizeof *(table))

typedef struct record { int64_t id; int64_t a; int32_t small; char label[8]; bool set; } record;

static const sqla_slot a_slots[] = { KIT_SLOT(record, a, SQLA_INT64, SQLA_REP_FIXED, 0) };
static const sqla_plan a_plan = KIT_PLAN(a_slots);
static const sqla_slot id_slots[] = { KIT_SLOT(record, id, SQLA_INT64, SQLA_REP_FIXED, 0) };
static const sqla_plan id_plan = KIT_PLAN(id_slots);
static const sqla_slot small_slots[] = { KIT_SLOT(record, small, SQLA_INT32, SQLA_REP_FIXED, 0) };
static const sqla_plan small_plan = KIT_PLAN(small_slots);
static const sqla_slot odd_slots[] = { { .type = SQLA_INT16, .rep = SQLA_REP_FIXED, .offset = offsetof(record, small), .size = 2, .set_offset = -1, .name = "id" } };
static const sqla_plan odd_plan = KIT_PLAN(odd_slots);
static const sqla_slot set_slots[] = { { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .offset = offsetof(record, id), .size = 8,
    .set_offset = offsetof(record, set), .flags = SQLA_SLOT_NULLABLE, .name = "id" } };
static const sqla_plan set_plan = KIT_PLAN(set_slots);
static const sqla_slot text_slots[] = { KIT_SLOT(record, label, SQLA_TEXT, SQLA_REP_CHARS, 0) };
static const sqla_plan text_plan = KIT_PLAN(text_slots);
static const sqla_plan no_plan = { sizeof no_plan, 0, NULL };
static const sqla_slot mad_slots[] = { { .type = SQLA_INT64, .rep = 77, .set_offset = -1, .name = "mad" } };
static const sqla_plan mad_plan = KIT_PLAN(mad_slots);
/* Keys with the number of their row in front. */
static const sqla_slot numbered_slots[] = { { .type = SQLA_INT64, .rep = SQLA_REP_ROW_NUMBER, .column = 1, .set_offset = -1, .name = "n" },
    KIT_SLOT(record, id, SQLA_INT64, SQLA_REP_FIXED, 0) };
static const sqla_plan numbered_plan = KIT_PLAN(numbered_slots);

static record records[16];
static void *rows[16];

static void fresh(kit_conn *db)
{
    kit_must_open(db);
    kit_must(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE CHECK (a <> 99))");
    memset(records, 0, sizeof records);
    for (int i = 0; i < 16; i++) {
        records[i].a = i;
        rows[i] = &records[i];
    }
}

static sqla_status run(kit_conn *db, sqla_batch *b, const char *text, int64_t deadline)
{
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, 0, deadline };
    b->struct_size = sizeof *b;
    b->rows = rows;
    kit_clear();
    return kit_ops.execute_many(db->handle, &statement, b, &options, KIT_ERR);
}

#define ONE "INSERT INTO t (a) VALUES (?)"
#define TWO "INSERT INTO t (a) VALUES (?), (?)"
#define FOUR "INSERT INTO t (a) VALUES (?), (?), (?), (?)"

static void wrong_requests(const char *url)
{
    static const struct { sqla_batch b; const char *text; sqla_status status; const char *says; } cases[] = {
        { { .mode = SQLA_BATCH_COLUMNS, .plan = &a_plan, .count = 4 }, ONE, SQLA_ERR_UNSUPPORTED, "arrays" },
        { { .mode = SQLA_BATCH_BLOCK, .plan = &a_plan, .count = 4 }, TWO, SQLA_ERR_MISUSE, "not a number of blocks" },
        { { .mode = SQLA_BATCH_BLOCK, .plan = &a_plan, .count = 3, .rows_per_statement = 2 }, TWO, SQLA_ERR_MISUSE, "not a number of blocks" },
        { { .mode = SQLA_BATCH_BLOCK, .plan = NULL, .count = 4, .rows_per_statement = 2 }, TWO, SQLA_ERR_MISUSE, "not a number of blocks" },
        { { .mode = SQLA_BATCH_EACH, .plan = &a_plan, .count = 4, .key_source = SQLA_KEY_RETURNED }, ONE, SQLA_ERR_MISUSE, "no place" },
        { { .mode = SQLA_BATCH_EACH, .plan = &a_plan, .count = 4, .key_source = SQLA_KEY_LAST_ID, .keys = &no_plan },
            ONE, SQLA_ERR_MISUSE, "no place" },
        { { .mode = SQLA_BATCH_EACH, .plan = &a_plan, .count = 4, .key_source = SQLA_KEY_LAST_ID, .keys = &numbered_plan }, ONE, SQLA_ERR_MISUSE, "no place" },
        { { .mode = SQLA_BATCH_EACH, .plan = &a_plan, .count = 4, .key_source = SQLA_KEY_LAST_ID, .keys = &text_plan }, ONE, SQLA_ERR_MISUSE, "no place" },
        { { .mode = SQLA_BATCH_EACH, .plan = &a_plan, .count = 4, .key_source = SQLA_KEY_RETURNED, .keys = &numbered_plan }, ONE " RETURNING id",
            SQLA_ERR_MISUSE, "reads column 2" },
        { { .mode = SQLA_BATCH_EACH, .plan = &a_plan, .count = 4 }, TWO, SQLA_ERR_SQL, "takes 2 parameters" },
        { { .mode = SQLA_BATCH_EACH, .plan = NULL, .count = 4 }, ONE, SQLA_ERR_SQL, "takes 1 parameters" },
        { { .mode = SQLA_BATCH_EACH, .plan = &odd_plan, .count = 4 }, "INSERT INTO nowhere VALUES (?)", SQLA_ERR_SQL, "nowhere" },
        { { .mode = SQLA_BATCH_EACH, .plan = &mad_plan, .count = 4 },
            ONE, SQLA_ERR_UNSUPPORTED, "do not go together" },
    };
    kit_conn db;
    (void)url;
    fresh(&db);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        sqla_batch b = cases[i].b;
        EXPECT(run(&db, &b, cases[i].text, 0), cases[i].status);
        if (strstr(kit_last.message, cases[i].says) == NULL)
            fprintf(stderr, "no '%s' in: %s\n", cases[i].says, kit_last.message);
        CU_ASSERT_PTR_NOT_NULL(strstr(kit_last.message, cases[i].says));
    }
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT count(*) FROM t"), 0);
    kit_close(&db);
}

/* Statements without parameters, and those that change nothing or give rows that nobody asked for. */
static void odd_statements(const char *url)
{
    kit_conn db;
    sqla_batch b = { .mode = SQLA_BATCH_EACH, .count = 3 };
    (void)url;
    fresh(&db);
    EXPECT(run(&db, &b, "INSERT INTO t DEFAULT VALUES", 0), SQLA_OK);
    CU_ASSERT(b.affected == 3 && b.unmatched == -1);
    EXPECT(run(&db, &b, "SELECT a FROM t", 0), SQLA_OK);
    CU_ASSERT(b.affected == 0 && b.unmatched == 0);
    b = (sqla_batch){ .mode = SQLA_BATCH_EACH, .plan = &a_plan, .count = 4 };
    EXPECT(run(&db, &b, "UPDATE t SET a = 50 + id WHERE id = ?", 0), SQLA_OK); /* ids 0 to 3, of which 0 is not there */
    CU_ASSERT(b.affected == 3 && b.unmatched == 0);
    kit_close(&db);
}

typedef struct failing { const char *text; uint32_t mode, block; int at; int64_t value; sqla_status status; int64_t row; const char *says; } failing;

/* The row that does not fit is named, whatever the shape of the statement; what cannot be traced names the block. */
static void rows_that_fail(const char *url)
{
    static const failing cases[] = {
        { ONE, SQLA_BATCH_EACH, 0, 2, 0, SQLA_ERR_UNIQUE, 3, "" },
        { ONE, SQLA_BATCH_EACH, 0, 2, 99, SQLA_ERR_CHECK, 3, "" },
        { ONE " RETURNING id", SQLA_BATCH_EACH, 0, 2, 99, SQLA_ERR_CHECK, 3, "" },
        { FOUR, SQLA_BATCH_BLOCK, 4, 2, 1, SQLA_ERR_UNIQUE, 3, "" },
        { FOUR, SQLA_BATCH_BLOCK, 4, 3, 99, SQLA_ERR_CHECK, 4, "" },
        { "INSERT INTO t (a) VALUES (?),(?),(?),(?)", SQLA_BATCH_BLOCK, 4, 2, 1, SQLA_ERR_UNIQUE, 0, "in the block of rows 1 to 4" },
        { "INSERT INTO t (a) VALUES (?), (?), (?), ( ?)", SQLA_BATCH_BLOCK, 4, 2, 1, SQLA_ERR_UNIQUE, 0, "in the block of rows 1 to 4" },
        { "INSERT INTO t (a) VALUES ( ?), (?), (?), (?)", SQLA_BATCH_BLOCK, 4, 2, 1, SQLA_ERR_UNIQUE, 0, "in the block of rows 1 to 4" },
        { "INSERT INTO t (a) VALUES (+?), (+?)", SQLA_BATCH_BLOCK, 2, 1, 99, SQLA_ERR_CHECK, 0, "in the block of rows 1 to 2" },
        { "INSERT INTO t (a) VALUES (?), (?), (?), (?) RETURNING id", SQLA_BATCH_BLOCK, 4, 1, 99, SQLA_ERR_CHECK, 2, "" },
    };
    (void)url;
    for (int transaction = 0; transaction < 2; transaction++) {
        for (size_t i = 0; i < LENGTH(cases); i++) {
            kit_conn db;
            sqla_batch b = { .mode = cases[i].mode, .plan = &a_plan, .count = 4, .rows_per_statement = cases[i].block };
            fresh(&db);
            records[cases[i].at].a = cases[i].value;
            if (transaction == 1)
                EXPECT(kit_begin(&db, 0), SQLA_OK);
            if (!EXPECT(run(&db, &b, cases[i].text, 0), cases[i].status))
                fprintf(stderr, "... for %s\n", cases[i].text);
            CU_ASSERT_EQUAL(kit_last.row, cases[i].row);
            CU_ASSERT_PTR_NOT_NULL(strstr(kit_last.detail, cases[i].says));
            CU_ASSERT_EQUAL(kit_state(&db), transaction == 1 ? SQLA_TXN_ACTIVE : SQLA_TXN_IDLE);
            kit_close(&db);
        }
    }
}

/* A plan with more columns than the search for a row makes room for: the block is named. */
static void wide_rows_that_fail(const char *url)
{
    enum { WIDTH = 180 };
    static sqla_slot slots[WIDTH];
    static char text[8000];
    const sqla_plan plan = { sizeof plan, WIDTH, slots };
    kit_conn db;
    size_t n = 0;
    (void)url;
    fresh(&db);
    n += (size_t)snprintf(text + n, sizeof text - n, "CREATE TABLE wide (c0 UNIQUE");
    for (int i = 1; i < WIDTH; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, ", c%d", i);
    snprintf(text + n, sizeof text - n, ")");
    kit_must(&db, text);
    n = (size_t)snprintf(text, sizeof text, "INSERT INTO wide VALUES ");
    for (int i = 0; i < 2 * WIDTH; i++) {
        slots[i % WIDTH] = (sqla_slot){ .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .column = i % WIDTH, .offset = offsetof(record, a), .size = 8, .set_offset = -1 };
        n += (size_t)snprintf(text + n, sizeof text - n, "%s?%s", i % WIDTH > 0 ? ", " : i > 0 ? ", (" : "(", i % WIDTH == WIDTH - 1 ? ")" : "");
    }
    records[1].a = records[0].a;
    sqla_batch b = { .mode = SQLA_BATCH_BLOCK, .plan = &plan, .count = 2, .rows_per_statement = 2 };
    EXPECT(run(&db, &b, text, 0), SQLA_ERR_UNIQUE);
    CU_ASSERT_EQUAL(kit_last.row, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(kit_last.detail, "rows 1 to 2"));
    kit_close(&db);
}

/* A value that cannot be sent is known before the statement runs. */
static void values_that_cannot_be_sent(const char *url)
{
    static const uint32_t modes[] = { SQLA_BATCH_EACH, SQLA_BATCH_BLOCK };
    (void)url;
    for (int i = 0; i < 2; i++) {
        kit_conn db;
        sqla_batch b = { .mode = modes[i], .plan = &text_plan, .count = 4, .rows_per_statement = 2 };
        fresh(&db);
        for (int k = 0; k < 4; k++)
            snprintf(records[k].label, sizeof records[k].label, "row %d", k);
        memcpy(records[3].label, "too long", 8);
        EXPECT(run(&db, &b, i == 0 ? ONE : TWO, 0), SQLA_ERR_DATA);
        CU_ASSERT_EQUAL(kit_last.row, 4);
        CU_ASSERT_STRING_EQUAL(kit_last.column, "label");
        kit_close(&db);
    }
}

/* ---- keys ---------------------------------------------------------------------------------------------------------- */

static void keys_by_arithmetic(const char *url)
{
    kit_conn db;
    sqla_batch b = { .mode = SQLA_BATCH_BLOCK, .plan = &a_plan, .count = 4, .rows_per_statement = 2, .key_source = SQLA_KEY_LAST_ID, .keys = &small_plan };
    (void)url;
    fresh(&db);
    EXPECT(run(&db, &b, TWO, 0), SQLA_OK);
    CU_ASSERT(records[0].small == 1 && records[3].small == 4);
    kit_must(&db, "DELETE FROM t");
    b.keys = &set_plan;
    EXPECT(run(&db, &b, TWO, 0), SQLA_OK);
    CU_ASSERT(records[0].set && records[3].set && records[3].id == 4);
    kit_must(&db, "DELETE FROM t");
    b.keys = &odd_plan; /* no integer of 2 bytes is a key */
    EXPECT(run(&db, &b, TWO, 0), SQLA_ERR_DATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(kit_last.message, "out of range for its field"));
    kit_must(&db, "DELETE FROM t");
    kit_must(&db, "INSERT INTO t VALUES (5000000000, -1)");
    b.keys = &small_plan;
    EXPECT(run(&db, &b, TWO, 0), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(kit_last.column, "small");
    kit_must(&db, "DELETE FROM t");
    kit_must(&db, "CREATE TRIGGER drops BEFORE INSERT ON t WHEN new.a = 1 BEGIN SELECT raise(ignore); END");
    b.keys = &id_plan;
    EXPECT(run(&db, &b, TWO, 0), SQLA_ERR_DATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(kit_last.hint, "trigger"));
    b = (sqla_batch){ .mode = SQLA_BATCH_EACH, .plan = &a_plan, .count = 4, .key_source = SQLA_KEY_LAST_ID, .keys = &id_plan };
    kit_must(&db, "DELETE FROM t");
    records[1].id = -7;
    EXPECT(run(&db, &b, ONE, 0), SQLA_OK); /* the row that was dropped has no key, and is told */
    CU_ASSERT(b.affected == 3 && b.unmatched == 1 && records[1].id == -7 && records[3].id > 0);
    kit_close(&db);
}

static void keys_by_returning(const char *url)
{
    static const char numbered[] = "INSERT INTO t (a) VALUES (?), (?) RETURNING id, a % 2";
    static const char wrong_way[] = "INSERT INTO t (a) VALUES (?), (?) RETURNING id, %s";
    kit_conn db;
    char text[200];
    sqla_batch b = { .mode = SQLA_BATCH_BLOCK, .plan = &a_plan, .count = 4, .rows_per_statement = 2, .key_source = SQLA_KEY_RETURNED, .keys = &numbered_plan };
    (void)url;
    fresh(&db);
    EXPECT(run(&db, &b, numbered, 0), SQLA_OK);
    CU_ASSERT(b.affected == 4 && records[0].id == 1 && records[3].id == 4);
    for (int i = 0; i < 2; i++) {
        kit_must(&db, "DELETE FROM t");
        snprintf(text, sizeof text, wrong_way, i == 0 ? "-1" : "2");
        EXPECT(run(&db, &b, text, 0), SQLA_ERR_DATA);
        CU_ASSERT_PTR_NOT_NULL(strstr(kit_last.message, "rows that were not sent"));
    }
    kit_must(&db, "DELETE FROM t");
    b.keys = &text_plan; /* a key that does not fit its place: 'x' and eight bytes more */
    EXPECT(run(&db, &b, "INSERT INTO t (a) VALUES (?), (?) RETURNING 'x12345678'", 0), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(kit_last.column, "label");
    kit_must(&db, "DELETE FROM t");
    b = (sqla_batch){ .mode = SQLA_BATCH_EACH, .plan = &a_plan, .count = 2, .key_source = SQLA_KEY_RETURNED, .keys = &id_plan };
    EXPECT(run(&db, &b, "INSERT INTO t (a) VALUES (?), (77) RETURNING id", 0), SQLA_ERR_DATA); /* one row is sent, two come */
    kit_must(&db, "DELETE FROM t");
    EXPECT(run(&db, &b, "INSERT INTO t (a) SELECT ? WHERE 0 RETURNING id", 0), SQLA_OK);
    CU_ASSERT(b.affected == 0 && b.unmatched == 0);
    kit_close(&db);
}

/* ---- ends that come from outside ------------------------------------------------------------------------------------ */

#define SLOW "INSERT INTO t (a) SELECT ? + 0 * (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000000) SELECT count(*) FROM n)"

static void deadlines(const char *url)
{
    kit_conn db;
    sqla_batch b = { .mode = SQLA_BATCH_EACH, .plan = &a_plan, .count = 4 };
    (void)url;
    fresh(&db);
    EXPECT(run(&db, &b, ONE, 1), SQLA_ERR_TIMEOUT); /* long over */
    EXPECT(run(&db, &b, SLOW, kit_now() + 200000000), SQLA_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(kit_last.row, 1);
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT count(*) FROM t"), 0);
    EXPECT(run(&db, &b, ONE, 0), SQLA_OK);
    kit_close(&db);
}

static void locks(const char *url)
{
    const sqla_connect_param file[] = { { "database", harness_sqlite_path(url) }, { "busy_timeout", "10" } };
    sqla_batch b = { .mode = SQLA_BATCH_BLOCK, .plan = &a_plan, .count = 4, .rows_per_statement = 4 };
    kit_conn db;
    for (int i = 0; i < 16; i++)
        rows[i] = &records[i];
    harness_hold(url, "CREATE TABLE t (id INTEGER PRIMARY KEY, a); BEGIN IMMEDIATE");
    CU_ASSERT_FATAL(EXPECT(kit_open(&db, file, 2, 0), SQLA_OK));
    EXPECT(run(&db, &b, FOUR, 0), SQLA_ERR_BUSY);
    CU_ASSERT_EQUAL(kit_last.row, 0); /* of all rows alike */
    harness_let_go();
    EXPECT(run(&db, &b, FOUR, 0), SQLA_OK);
    kit_close(&db);
}

/* A conflict clause that rolls the whole transaction back leaves nothing to be traced. */
static void transactions_undone(const char *url)
{
    kit_conn db;
    sqla_batch b = { .mode = SQLA_BATCH_BLOCK, .plan = &a_plan, .count = 2, .rows_per_statement = 2 };
    (void)url;
    fresh(&db);
    records[1].a = records[0].a;
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    EXPECT(run(&db, &b, "INSERT OR ROLLBACK INTO t (a) VALUES (?), (?)", 0), SQLA_ERR_UNIQUE);
    CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(kit_last.hint, "rolled the whole transaction back"));
    EXPECT(run(&db, &b, TWO, 0), SQLA_ERR_ROLLBACK_FIRST);
    EXPECT(kit_rollback(&db), SQLA_OK);
    EXPECT(run(&db, &b, "INSERT OR ROLLBACK INTO t (a) VALUES (?), (?)", 0), SQLA_ERR_UNIQUE); /* without one, it is traced */
    CU_ASSERT_EQUAL(kit_last.row, 2);
    CU_ASSERT_EQUAL(kit_state(&db), SQLA_TXN_IDLE);
    EXPECT(run(&db, &b, TWO, 0), SQLA_ERR_UNIQUE);
    kit_close(&db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "wrong requests", wrong_requests, HARNESS_PLAIN },
        { "odd statements", odd_statements, HARNESS_PLAIN },
        { "rows that fail", rows_that_fail, HARNESS_PLAIN },
        { "wide rows that fail", wide_rows_that_fail, HARNESS_PLAIN },
        { "values that cannot be sent", values_that_cannot_be_sent, HARNESS_PLAIN },
        { "keys by arithmetic", keys_by_arithmetic, HARNESS_PLAIN },
        { "keys by returning", keys_by_returning, HARNESS_PLAIN },
        { "deadlines", deadlines, HARNESS_PLAIN },
        { "locks", locks, HARNESS_SQLITE },
        { "transactions undone", transactions_undone, HARNESS_PLAIN },
    };
    char file[4096], why[KIT_WHY] = "";
    const char *build = getenv("BUILD");
    snprintf(file, sizeof file, "%s/plugins/.libs/sqlite.so", build != NULL ? build : ".");
    if (!kit_load(file, why)) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    return harness_main("test-sqlite-batch", tests, sizeof tests / sizeof tests[0]);
}
