/* test-mariadb-misuse.c: what the MariaDB driver refuses by itself, before the server or the data would suffer from it; keys that come
 * back otherwise than they should; and what becomes of each kind of failure that the server tells. */
#include <config.h>
#include "mariadb-driver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static const sqla_slot number_slot = { .type = SQLA_INT32, .rep = SQLA_REP_FIXED, .size = 4, .set_offset = -1, .name = "n" };
static const sqla_plan number_plan = { sizeof number_plan, 1, &number_slot };
static const sqla_txn_options plain = { .struct_size = sizeof plain };

static int64_t in_ms(int64_t ms) { return mariadb__now() + ms * 1000000; }

static sqla_status run_until(sqla_driver_conn *conn, const char *text, int64_t deadline, sqla_error *err)
{
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, 0, deadline };
    sqla_driver_result *result = NULL;
    sqla_status status = linked_driver()->ops->exec(conn, &statement, NULL, NULL, &options, &result, opaque(err));
    linked_driver()->ops->result_close(result);
    return status;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------ */

/* A row of a batch: what is sent, and the key that comes back. */
typedef struct item { int32_t n, narrow; int64_t id; char set; const char *text; } item;

enum keys { WIDE, NARROW, TINY, NUMBERED, TWO, MARKED, KEYS };
static const sqla_slot key_slots[KEYS][2] = {
    [WIDE] = { { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8, .offset = offsetof(item, id), .set_offset = -1, .name = "id" } },
    [NARROW] = { { .type = SQLA_INT32, .rep = SQLA_REP_FIXED, .size = 4, .offset = offsetof(item, narrow), .set_offset = -1,
                   .name = "id" } },
    [TINY] = { { .type = SQLA_INT16, .rep = SQLA_REP_FIXED, .size = 2, .offset = offsetof(item, narrow), .set_offset = -1, .name = "id" } },
    [NUMBERED] = { { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8, .offset = offsetof(item, id), .set_offset = -1, .name = "id" },
                   { .type = SQLA_INT64, .rep = SQLA_REP_ROW_NUMBER, .column = 1, .set_offset = -1 } },
    [TWO] = { { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8, .offset = offsetof(item, id), .set_offset = -1, .name = "id" },
              { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8, .offset = offsetof(item, id), .column = 1, .set_offset = -1 } },
    [MARKED] = { { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8, .offset = offsetof(item, id), .set_offset = offsetof(item, set),
                   .name = "id" } },
};

static sqla_status run_batch(sqla_driver_conn *conn, const char *text, uint32_t mode, int32_t source, enum keys keys, item items[2],
                             sqla_batch *batch, sqla_error *err)
{
    static void *rows[2];
    static sqla_plan plan;
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    rows[0] = &items[0];
    rows[1] = &items[1];
    plan = (sqla_plan){ sizeof plan, keys == NUMBERED || keys == TWO ? 2 : 1, key_slots[keys] };
    *batch = (sqla_batch){ .struct_size = sizeof *batch, .mode = mode, .plan = &number_plan, .rows = rows, .count = 2,
                           .rows_per_statement = mode == SQLA_BATCH_BLOCK ? 2 : 1, .key_source = source, .keys = &plan };
    return linked_driver()->ops->execute_many(conn, &statement, batch, NULL, opaque(err));
}

/* What becomes of the keys of two rows, whose values are 0 and 1. says NULL: they come, as `first` and `second`. */
static const struct {
    const char *text;
    uint32_t mode;
    int32_t source;
    enum keys keys;
    int64_t first, second;
    const char *says;
} answers[] = {
    { "INSERT INTO t (n) VALUES (?), (?)", SQLA_BATCH_BLOCK, SQLA_KEY_LAST_ID, WIDE, 5000000000, 5000000001, NULL },
    { "INSERT INTO t (n) VALUES (?)", SQLA_BATCH_EACH, SQLA_KEY_LAST_ID, MARKED, 5000000000, 5000000001, NULL },
    { "INSERT INTO t (n) VALUES (?), (?)", SQLA_BATCH_BLOCK, SQLA_KEY_LAST_ID, NARROW, 0, 0,
      "the generated key 5000000000 is out of range" },
    { "INSERT INTO s (n) VALUES (?), (?)", SQLA_BATCH_BLOCK, SQLA_KEY_LAST_ID, NARROW, 1, 2, NULL },
    { "INSERT INTO s (n) VALUES (?)", SQLA_BATCH_EACH, SQLA_KEY_LAST_ID, TINY, 0, 0, "the generated key 1 is out of range" },
    { "INSERT INTO plain (n) VALUES (?), (?)", SQLA_BATCH_BLOCK, SQLA_KEY_LAST_ID, WIDE, 0, 0, "of rows 1 to 2 cannot be told" },
    { "INSERT IGNORE INTO plain (n) VALUES (? * 0), (? * 0)", SQLA_BATCH_BLOCK, SQLA_KEY_LAST_ID, WIDE, 0, 0,
      "of rows 1 to 2 cannot be told" },
    { "INSERT INTO plain SELECT ? FROM DUAL WHERE FALSE", SQLA_BATCH_EACH, SQLA_KEY_LAST_ID, WIDE, 0, 0, NULL }, /* nothing was stored */
    { "INSERT INTO t (n) VALUES (?), (?) RETURNING id, n", SQLA_BATCH_BLOCK, SQLA_KEY_RETURNED, NUMBERED, 5000000000, 5000000001, NULL },
    { "INSERT INTO t (n) VALUES (?), (?) RETURNING id, 1 - n", SQLA_BATCH_BLOCK, SQLA_KEY_RETURNED, NUMBERED, 5000000001,
      5000000000, NULL },
    { "INSERT INTO t (n) VALUES (?), (?) RETURNING id, n + 1", SQLA_BATCH_BLOCK, SQLA_KEY_RETURNED, NUMBERED, 0, 0,
      "rows that were not sent" },
    { "INSERT INTO t (n) VALUES (?), (?) RETURNING id, n - 1", SQLA_BATCH_BLOCK, SQLA_KEY_RETURNED, NUMBERED, 0, 0,
      "rows that were not sent" },
    { "INSERT INTO t (n) VALUES (?), (?) RETURNING id, NULLIF(n, n)", SQLA_BATCH_BLOCK, SQLA_KEY_RETURNED, NUMBERED, 0, 0,
      "rows that were not sent" },
    { "INSERT INTO t (n) VALUES (?), (?) RETURNING id, 'x'", SQLA_BATCH_BLOCK, SQLA_KEY_RETURNED, NUMBERED, 0, 0,
      "rows that were not sent" },
    { "INSERT INTO t (n) VALUES (?), (?) RETURNING id, 18446744073709551615", SQLA_BATCH_BLOCK, SQLA_KEY_RETURNED, NUMBERED, 0, 0,
      "rows that were not sent" },
    { "INSERT INTO t (n) VALUES (?), (?) RETURNING id", SQLA_BATCH_BLOCK, SQLA_KEY_RETURNED, TWO, 0, 0, "and the result has 1" },
    { "INSERT INTO t (n) VALUES (?), (7) RETURNING id", SQLA_BATCH_EACH, SQLA_KEY_RETURNED, WIDE, 0, 0, "rows that were not sent" },
    { "INSERT INTO t (n) SELECT ? FROM DUAL WHERE FALSE RETURNING id", SQLA_BATCH_EACH, SQLA_KEY_RETURNED, WIDE, 0, 0, NULL },
};

static void keys__belong_to_rows(const char *url)
{
    sqla_driver_conn *conn = my_open(url);
    harness_sql(url, "CREATE TABLE plain (n INTEGER PRIMARY KEY) ENGINE=InnoDB");
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        item items[2] = { { .n = 0 }, { .n = 1 } };
        sqla_error err = SQLA_ERROR_INIT;
        sqla_batch batch;
        harness_sql(url, "CREATE OR REPLACE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INTEGER) AUTO_INCREMENT=5000000000; "
                         "CREATE OR REPLACE TABLE s (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INTEGER) ENGINE=InnoDB; DELETE FROM plain");
        sqla_status status = run_batch(conn, answers[i].text, answers[i].mode, answers[i].source, answers[i].keys, items, &batch, &err);
        CU_ASSERT_EQUAL(err.status, status);
        CU_ASSERT(answers[i].says == NULL ? is(&err, SQLA_OK) : status != SQLA_OK);
        CU_ASSERT(answers[i].says == NULL || says(&err, answers[i].says));
        if (answers[i].says == NULL) {
            CU_ASSERT_EQUAL(items[0].id + items[0].narrow, answers[i].first);
            CU_ASSERT_EQUAL(items[1].id + items[1].narrow, answers[i].second);
            CU_ASSERT_EQUAL(items[0].set, answers[i].keys == MARKED);
            CU_ASSERT_EQUAL(batch.affected, answers[i].first != 0 ? 2 : 0);
            CU_ASSERT_EQUAL(batch.unmatched, answers[i].first != 0 ? -1 : 0);
        }
        CU_ASSERT_EQUAL(linked_driver()->ops->txn_state(conn), SQLA_TXN_IDLE);
    }
    linked_driver()->ops->close(conn);
}

/* ---- batches --------------------------------------------------------------------------------------------------------- */

static void batches__are_checked(const char *url)
{
    static const char text[] = "INSERT INTO t (n) VALUES (?)", none[] = "INSERT INTO t () VALUES ()";
    static const sqla_plan no_keys = { sizeof no_keys, 0, NULL }, two_keys = { sizeof two_keys, 2, key_slots[TWO] },
                           number_key = { sizeof number_key, 1, &key_slots[NUMBERED][1] };
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_conn *conn = my_open(url);
    item items[2] = { { .n = 1 }, { .n = 2 } };
    void *const rows[] = { &items[0], &items[1] };
    const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, NULL },
                         empty = { sizeof empty, 0, none, sizeof none - 1, NULL },
                         strange = { sizeof strange, 0, "INSERT \xff", 8, NULL };
    const sqla_exec_options late = { sizeof late, 0, 1 };
    static const struct { uint32_t mode, block; int32_t source; const sqla_plan *plan, *keys; sqla_status status; } cases[] = {
        { SQLA_BATCH_COLUMNS, 1, SQLA_KEY_NONE, &number_plan, NULL, SQLA_ERR_UNSUPPORTED },
        { SQLA_BATCH_BLOCK, 0, SQLA_KEY_NONE, &number_plan, NULL, SQLA_ERR_MISUSE },
        { SQLA_BATCH_BLOCK, 3, SQLA_KEY_NONE, &number_plan, NULL, SQLA_ERR_MISUSE },
        { SQLA_BATCH_BLOCK, 1, SQLA_KEY_NONE, NULL, NULL, SQLA_ERR_MISUSE },
        { SQLA_BATCH_EACH, 1, SQLA_KEY_LAST_ID, &number_plan, NULL, SQLA_ERR_MISUSE },
        { SQLA_BATCH_EACH, 1, SQLA_KEY_RETURNED, &number_plan, &no_keys, SQLA_ERR_MISUSE },
        { SQLA_BATCH_EACH, 1, SQLA_KEY_LAST_ID, &number_plan, &two_keys, SQLA_ERR_MISUSE },
        { SQLA_BATCH_EACH, 1, SQLA_KEY_LAST_ID, &number_plan, &number_key, SQLA_ERR_MISUSE },
        { SQLA_BATCH_EACH, 1, SQLA_KEY_NONE, NULL, NULL, SQLA_ERR_SQL }, /* it takes one parameter */
        { SQLA_BATCH_BLOCK, 1, SQLA_KEY_NONE, &number_plan, NULL, SQLA_OK },
    };
    harness_sql(url, "CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INTEGER) ENGINE=InnoDB");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_batch batch = { .struct_size = sizeof batch, .mode = cases[i].mode, .plan = cases[i].plan, .rows = rows, .count = 2,
                             .rows_per_statement = cases[i].block, .key_source = cases[i].source, .keys = cases[i].keys };
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(ops->execute_many(conn, &statement, &batch, NULL, opaque(&err)), cases[i].status);
        CU_ASSERT(is(&err, cases[i].status));
    }
    sqla_batch batch = { .struct_size = sizeof batch, .mode = SQLA_BATCH_EACH, .rows = rows, .count = 2, .rows_per_statement = 1 };
    CU_ASSERT_EQUAL(ops->execute_many(conn, &strange, &batch, NULL, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->execute_many(conn, &empty, &batch, &late, NULL), SQLA_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 2); /* of the one that was right */
    CU_ASSERT_EQUAL(ops->execute_many(conn, &empty, &batch, NULL, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 4);
    batch.count = 0;
    CU_ASSERT_EQUAL(ops->execute_many(conn, &empty, &batch, NULL, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(batch.affected, 0);
    ops->close(conn);
}

/* Blocks that fail, with rows 0 and 1. row: which one is blamed; 0: that cannot be told. */
static const struct { const char *text; sqla_status status; int row; const char *says; } failing[] = {
    { "INSERT INTO u (n) VALUES (?), (?)", SQLA_ERR_UNIQUE, 2, "Duplicate entry '1'" },
    { "INSERT INTO u (n) VALUES (?),(?)", SQLA_ERR_UNIQUE, 0, "Duplicate entry '1'" },
    { "INSERT INTO u (n) VALUES (?), (1 + ? * 0)", SQLA_ERR_UNIQUE, 0, "Duplicate entry '1'" },
    { "INSERT INTO u (n) VALUES (5 - 5 + ?), (?)", SQLA_ERR_UNIQUE, 0, "Duplicate entry '1'" },
    { "INSERT INTO u (n) VALUES (?), (?) RETURNING n", SQLA_ERR_UNIQUE, 2, "Duplicate entry '1'" },
    { "INSERT INTO u (n) VALUES (?), (? + 5) RETURNING 1 / 0", SQLA_ERR_DATA, 0, "Division by 0" },
    { "INSERT INTO u (n) VALUES (IF(@again, 10, NULLIF(@again := TRUE, TRUE)) + ?), (? + 20)", SQLA_ERR_DATA, 0,
      "and not when it was repeated" },
    { "INSERT INTO no_such (n) VALUES (?), (?)", SQLA_ERR_SQL, 0, "no_such" },
};

static void blocks__that_fail_blame_a_row(const char *url)
{
    sqla_driver_conn *conn = my_open(url);
    harness_sql(url, "CREATE TABLE u (n INTEGER NOT NULL PRIMARY KEY) ENGINE=InnoDB; INSERT INTO u VALUES (1)");
    for (size_t i = 0; i < sizeof failing / sizeof failing[0]; i++) {
        item items[2] = { { .n = 0 }, { .n = 1 } };
        sqla_error err = SQLA_ERROR_INIT;
        sqla_batch batch;
        CU_ASSERT_EQUAL(linked_run(conn, "SET @again = FALSE", NULL), SQLA_OK);
        CU_ASSERT_EQUAL(linked_driver()->ops->begin(conn, &plain, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(run_batch(conn, failing[i].text, SQLA_BATCH_BLOCK, SQLA_KEY_NONE, WIDE, items, &batch, &err), failing[i].status);
        CU_ASSERT(is(&err, failing[i].status) && says(&err, failing[i].says));
        CU_ASSERT_EQUAL(err.row, failing[i].row);
        CU_ASSERT_EQUAL(linked_driver()->ops->rollback(conn, &plain, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM u"), 1);
    }
    linked_driver()->ops->close(conn);
}

/* Rows that come and that nobody has asked for are dropped, and what was changed is counted. */
static void batches__whose_rows_nobody_asked_for(const char *url)
{
    static const struct { const char *text; uint32_t mode; int64_t affected, unmatched; } cases[] = {
        { "INSERT INTO t VALUES (?) RETURNING n", SQLA_BATCH_EACH, 2, -1 },
        { "INSERT INTO t VALUES (?), (?) RETURNING n", SQLA_BATCH_BLOCK, 2, -1 },
        { "SELECT n FROM t WHERE n = ?", SQLA_BATCH_EACH, 0, 0 }, { "UPDATE t SET n = 9 WHERE n = ?", SQLA_BATCH_EACH, 4, -1 } };
    sqla_driver_conn *conn = my_open(url);
    harness_sql(url, "CREATE TABLE t (n INTEGER) ENGINE=InnoDB");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        item items[2] = { { .n = 0 }, { .n = 1 } };
        sqla_error err = SQLA_ERROR_INIT;
        sqla_batch batch;
        CU_ASSERT_EQUAL(run_batch(conn, cases[i].text, cases[i].mode, SQLA_KEY_NONE, WIDE, items, &batch, &err), SQLA_OK);
        CU_ASSERT(is(&err, SQLA_OK));
        CU_ASSERT_EQUAL(batch.affected, cases[i].affected);
        CU_ASSERT_EQUAL(batch.unmatched, cases[i].unmatched);
        CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", NULL), SQLA_OK);
    }
    linked_driver()->ops->close(conn);
}

/* A tuple that is too wide to be looked for in the text. */
static void blocks__of_very_wide_rows(const char *url)
{
    enum { WIDTH = 171 };
    static sqla_slot slots[WIDTH];
    static int32_t values[2][WIDTH];
    static char text[4000] = "INSERT INTO wide VALUES ", table[8000] = "CREATE TABLE wide (c0 INTEGER PRIMARY KEY";
    const sqla_plan plan = { sizeof plan, WIDTH, slots };
    void *const rows[] = { values[0], values[1] };
    sqla_driver_conn *conn = my_open(url);
    sqla_error err = SQLA_ERROR_INIT;
    for (uint32_t i = 0; i < WIDTH; i++) {
        size_t n = strlen(table);
        slots[i] = number_slot;
        slots[i].column = i;
        slots[i].offset = i * 4;
        if (i > 0)
            snprintf(table + n, sizeof table - n, ", c%u INTEGER", (unsigned)i);
    }
    strcat(table, ") ENGINE=InnoDB");
    harness_sql(url, table);
    for (int i = 0; i < 2 * WIDTH; i++)
        strcat(text, i == 0 ? "(?" : i == WIDTH ? "), (?" : ", ?");
    strcat(text, ")");
    sqla_batch batch = { .struct_size = sizeof batch, .mode = SQLA_BATCH_BLOCK, .plan = &plan, .rows = rows, .count = 2,
                         .rows_per_statement = 2 };
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    CU_ASSERT_EQUAL(linked_driver()->ops->execute_many(conn, &statement, &batch, NULL, opaque(&err)), SQLA_ERR_UNIQUE);
    CU_ASSERT_EQUAL(err.row, 0);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM wide"), 0);
    linked_driver()->ops->close(conn);
}

/* The host's memory for a row of keys; meanwhile time passes, or somebody cancels. */
typedef struct slow_arena { sqla_row_arena base; sqla_driver_canceller *canceller; int64_t until; char room[64]; } slow_arena;

static void *slow_take(sqla_row_arena *base, void *row, size_t size)
{
    slow_arena *arena = (slow_arena *)(void *)base;
    (void)row;
    CU_ASSERT_FATAL(size <= sizeof arena->room);
    while (mariadb__now() < arena->until)
        pause_ms(10);
    if (arena->canceller != NULL)
        CU_ASSERT_EQUAL(linked_driver()->ops->cancel_fire(arena->canceller, 0, NULL), SQLA_OK);
    return arena->room;
}

/* What comes between two statements ends the batch as well. */
static void batches__end_between_statements(const char *url)
{
    static const char text[] = "INSERT INTO t (n) VALUES (?) RETURNING 'a text'";
    static const sqla_slot text_slot = { .type = SQLA_TEXT, .rep = SQLA_REP_CSTR, .size = sizeof(char *), .offset = offsetof(item, text),
                                         .set_offset = -1 };
    static const sqla_plan keys = { sizeof keys, 1, &text_slot };
    const sqla_driver_ops *ops = linked_driver()->ops;
    const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, NULL };
    sqla_driver_conn *conn = my_open(url);
    harness_sql(url, "CREATE TABLE t (n INTEGER) ENGINE=InnoDB");
    for (int cancels = 0; cancels < 2; cancels++) {
        item items[2] = { { .n = 1 }, { .n = 2 } };
        void *const rows[] = { &items[0], &items[1] };
        slow_arena arena = { .base = { slow_take }, .until = cancels ? 0 : in_ms(1000) };
        const sqla_exec_options options = { sizeof options, 0, arena.until };
        sqla_batch batch = { .struct_size = sizeof batch, .mode = SQLA_BATCH_EACH, .plan = &number_plan, .rows = rows, .count = 2,
                             .rows_per_statement = 1, .key_source = SQLA_KEY_RETURNED, .keys = &keys, .arena = &arena.base };
        sqla_error err = SQLA_ERROR_INIT;
        if (cancels)
            CU_ASSERT_EQUAL_FATAL(ops->cancel_new(conn, &arena.canceller, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(ops->begin(conn, &plain, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(ops->execute_many(conn, &statement, &batch, &options, opaque(&err)),
                        cancels ? SQLA_ERR_CANCELLED : SQLA_ERR_TIMEOUT);
        CU_ASSERT_EQUAL(err.row, 2);
        CU_ASSERT_STRING_EQUAL(err.sqlstate, "57014");
        CU_ASSERT_STRING_EQUAL(items[0].text, "a text");
        CU_ASSERT_EQUAL(batch.affected, 1);
        CU_ASSERT_EQUAL(ops->rollback(conn, &plain, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", NULL), SQLA_OK); /* and the cancel hits nothing else */
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
        ops->cancel_free(arena.canceller);
    }
    ops->close(conn);
}

/* ---- statements ------------------------------------------------------------------------------------------------------ */

static void texts__are_read_as_the_server_reads_them(const char *url)
{
    static const struct { const char *text; bool several, writes; } cases[] = {
        { "", false, false }, { "SELECT 1", false, false }, { "SELECT 1;", false, false }, { "SELECT 1; ;; \n", false, false },
        { "SELECT 1; -- none\n", false, false },
        { "SELECT 1; # none", false, false }, { "SELECT 1; /* none */ ;", true, false }, { "SELECT 1; SELECT 2", true, false },
        { "SELECT ';', \"a;b\", `c;`", false, false },
        { "SELECT 'it''s; '; x", true, false }, { "SELECT 'open; x", false, false }, { "SELECT /* ; x", false, false },
        { "SELECT 1; /*! SELECT 2 */", true, false },
        { "SELECT 1; /*M! SELECT 2 */", true, false }, { "SELECT 1 --; x", true, false }, { "SELECT 1 --", false, false },
        { "SELECT 1 -2; x", true, false },
        { "SELECT 4 / 2; x", true, false }, { "-- first\n insert INTO t VALUES (1)", false, true },
        { "# first\n\tREPLACE INTO t", false, true },
        { "/* first */ UPDATE t", false, true }, { "DELETE FROM t", false, true }, { "/*! DELETE FROM t */", false, false },
        { "--", false, false },
    };
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool several = mariadb__is_several(cases[i].text), writes = mariadb__is_writing(cases[i].text);
        if (several != cases[i].several || writes != cases[i].writes)
            fprintf(stderr, "%s: %d %d\n", cases[i].text, several, writes);
        CU_ASSERT(several == cases[i].several && writes == cases[i].writes);
    }
}

static void statements__are_checked(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    const sqla_exec_options script = { sizeof script, SQLA_EXEC_SCRIPT, 0 }, late = { sizeof late, 0, 1 },
                            late_script = { sizeof late, SQLA_EXEC_SCRIPT, 1 },
                            columns = { sizeof columns, SQLA_EXEC_COLUMNS, 0 };
    sqla_driver_conn *conn = my_open(url);
    sqla_driver_result *result = NULL;
    sqla_driver_stmt *stmt = NULL;
    const int32_t row = 1;
    const struct {
        const char *text;
        size_t n;
        const sqla_plan *plan;
        const sqla_exec_options *options;
        sqla_status status;
        const char *says;
    } cases[] = {
        { "SELECT '\xff'", 10, NULL, NULL, SQLA_ERR_SQL, "UTF-8" },
        { "SELECT 1\0", 9, NULL, NULL, SQLA_ERR_SQL, "NUL" },
        { "SELECT 1", 8, &number_plan, NULL, SQLA_ERR_SQL, "takes 0 parameters, and is given 1" },
        { "SELECT ?", 8, NULL, NULL, SQLA_ERR_SQL, "takes 1 parameters, and is given 0" },
        { "SELECT ?", 8, &number_plan, &script, SQLA_ERR_MISUSE, "a script" },
        { "SELECT 1", 8, NULL, &late, SQLA_ERR_TIMEOUT, "before" }, { "SELECT 1", 8, NULL, &late_script, SQLA_ERR_TIMEOUT, "before" },
        { "SELECT '\xff'", 10, NULL, &script, SQLA_ERR_SQL, "UTF-8" }, { "SELECT 1; SELECT 2", 18, NULL, NULL, SQLA_ERR_MISUSE, "syntax" },
        { "-- nothing", 10, NULL, &script, SQLA_OK, "" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sqla_statement statement = { sizeof statement, 0, cases[i].text, cases[i].n, NULL };
        sqla_error err = SQLA_ERROR_INIT;
        sqla_status status = ops->exec(conn, &statement, cases[i].plan, &row, cases[i].options, &result, opaque(&err));
        CU_ASSERT(is(&err, cases[i].status) && status == cases[i].status && says(&err, cases[i].says));
        if (status == SQLA_OK)
            ops->result_close(result);
    }
    CU_ASSERT_EQUAL(ops->prepare(conn, "SELECT ?", 8, &number_plan, 1, &columns, &stmt, NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(ops->prepare(conn, "SELECT ?", 8, &number_plan, 1, &late, &stmt, NULL), SQLA_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(ops->prepare(conn, "SELECT ?", 8, &number_plan, 2, NULL, &stmt, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->prepare(conn, "SELEC", 5, NULL, 0, NULL, &stmt, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->prepare(conn, "SELECT '\xff'", 10, NULL, 1, NULL, &stmt, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->prepare(conn, "PREPARE p FROM 'SELECT 1'", 25, NULL, 1, NULL, &stmt, NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_PTR_NULL(stmt);
    ops->stmt_close(NULL);
    ops->result_close(NULL);
    ops->close(NULL);
    ops->close(conn);
}

/* A statement of a script may fail when some of its rows are there already. */
static void scripts__fail_among_rows(const char *url)
{
    sqla_driver_conn *conn = my_open(url);
    sqla_driver_result *result = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER PRIMARY KEY) ENGINE=InnoDB; INSERT INTO t VALUES (1), (2), (3)");
    CU_ASSERT_EQUAL(linked_exec(conn, "SELECT 1; SELECT IF(n < 3, n, (SELECT 1 UNION SELECT n)) FROM t; DELETE FROM t", SQLA_EXEC_SCRIPT,
                            &result, &err),
                    SQLA_ERR_DATA);
    CU_ASSERT_EQUAL(err.native, 1242);
    CU_ASSERT_EQUAL(err.row, 2);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 3);
    CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", &err), SQLA_OK);
    linked_driver()->ops->close(conn);
}

/* ---- results --------------------------------------------------------------------------------------------------------- */

static void columns__have_the_words_of_the_server(const char *url)
{
    static const char *const words[] = { "year", "mediumint", "bit", "geometry", "tinyint(1)", "tinyint", "smallint", "int", "double" };
    sqla_driver_conn *conn = my_open(url);
    sqla_driver_result *result = NULL;
    harness_sql(url, "CREATE TABLE t (a YEAR, b MEDIUMINT, c BIT(3), d GEOMETRY, e BOOLEAN, f TINYINT, g SMALLINT, h INTEGER, i DOUBLE)");
    CU_ASSERT_EQUAL_FATAL(linked_exec(conn, "SELECT * FROM t", 0, &result, NULL), SQLA_OK);
    const sqla_result_info *info = linked_driver()->ops->result_info(result);
    CU_ASSERT_EQUAL_FATAL(info->column_count, sizeof words / sizeof words[0]);
    for (uint32_t i = 0; i < info->column_count; i++)
        CU_ASSERT_STRING_EQUAL(info->columns[i].type_name, words[i]);
    linked_driver()->ops->result_close(result);
    linked_driver()->ops->close(conn);
}

/* The cell that cannot be had fails, for who asks for it so, and is not stepped over; the view shows all of
 * the row. */
static void values__that_cannot_be_read(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_conn *conn = my_open(url);
    sqla_driver_result *result = NULL;
    const sqla_value *values = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    int64_t row[1];
    void *rows[] = { row };
    const sqla_slot slot = {
        .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .column = 1, .size = 8, .set_offset = -1
    };
    const sqla_plan plan = { sizeof plan, 1, &slot };
    CU_ASSERT_EQUAL_FATAL(linked_exec(conn, "SELECT 1 AS fine, 18446744073709551615 AS large", 0, &result, NULL), SQLA_OK);
    for (int i = 0; i < 2; i++) {
        size_t count = 0;
        bool end = false;
        CU_ASSERT_EQUAL(
            ops->result_fetch(result, &plan, rows, 1, NULL, &count, &end, opaque(&err)), SQLA_ERR_DATA);
        CU_ASSERT(says(&err, "cannot read column 'large' of row 1: the number is too large"));
        CU_ASSERT_EQUAL(err.row, 1);
    }
    CU_ASSERT_EQUAL(ops->result_view(result, &values, opaque(&err)), SQLA_OK);
    CU_ASSERT_FATAL(values != NULL && values[1].type == SQLA_DECIMAL);
    CU_ASSERT_STRING_EQUAL(values[1].as.bytes.data, "18446744073709551615");
    ops->result_close(result);
    ops->close(conn);
}

static sqla_status prepare_and_run(sqla_driver_conn *conn, const char *text, uint32_t flags, sqla_driver_stmt **stmt,
                                   sqla_driver_result **ret_result)
{
    const sqla_exec_options options = { sizeof options, flags, 0 };
    if (*stmt == NULL)
        CU_ASSERT_EQUAL_FATAL(linked_driver()->ops->prepare(conn, text, strlen(text), NULL, 1, NULL, stmt, NULL), SQLA_OK);
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), *stmt };
    return linked_driver()->ops->exec(conn, &statement, NULL, NULL, &options, ret_result, NULL);
}

/* Rows that were read at once stay, whatever becomes of the statement or the session; those that were to come are gone with it. */
static void results__outlive_their_statements(const char *url)
{
    static const char text[] = "SELECT 1 UNION SELECT 2";
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_conn *conn = my_open(url);
    for (int i = 0; i < 5; i++) { /* run again; closed; closed while the rows come; reset; read to the end before */
        sqla_driver_stmt *stmt = NULL;
        sqla_driver_result *result = NULL, *other = NULL;
        const sqla_value *values = NULL;
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(prepare_and_run(conn, text, i == 2 ? SQLA_EXEC_STREAM : 0, &stmt, &result), SQLA_OK);
        CU_ASSERT_EQUAL(ops->result_view(result, &values, NULL), SQLA_OK);
        while (i == 4 && values != NULL)
            CU_ASSERT_EQUAL(ops->result_view(result, &values, NULL), SQLA_OK);
        if (i == 0)
            CU_ASSERT_EQUAL(prepare_and_run(conn, text, 0, &stmt, &other), SQLA_OK);
        if (i == 1 || i == 2 || i == 4)
            ops->stmt_close(stmt);
        if (i == 3)
            CU_ASSERT_EQUAL(ops->reset(conn, 0, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(ops->result_view(result, &values, opaque(&err)), SQLA_OK);
        CU_ASSERT(is(&err, SQLA_OK));
        CU_ASSERT(i == 2 || i == 4 ? values == NULL : values != NULL && values[0].as.i64 == 2);
        ops->result_close(result);
        if (i == 0) {
            CU_ASSERT(ops->result_view(other, &values, NULL) == SQLA_OK && values[0].as.i64 == 1);
            ops->result_close(other);
        }
        if (i == 0 || i == 3)
            ops->stmt_close(stmt);
        CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", NULL), SQLA_OK);
    }
    ops->close(conn);
}

/* The connection is taken until the last row; what a statement has changed stays, though nobody reads what it gives. */
static void streams__take_the_connection(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_conn *conn = my_open(url);
    sqla_driver_result *result = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER) ENGINE=InnoDB");
    CU_ASSERT_EQUAL(linked_exec(conn, "INSERT INTO t VALUES (1), (2) RETURNING n", SQLA_EXEC_STREAM, &result, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", &err), SQLA_ERR_BUSY);
    CU_ASSERT(says(&err, "busy with a result"));
    CU_ASSERT_EQUAL(ops->result_info(result)->affected, -1);
    CU_ASSERT_EQUAL(ops->ping(conn, SQLA_PING_LOOK, 0, NULL), SQLA_OK);
    ops->set_deadline(conn, in_ms(5000));
    ops->result_close(result);
    ops->set_deadline(conn, 0);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 2);
    CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", NULL), SQLA_OK);
    /* One that is read by nobody is closed with its connection, and then by itself. */
    CU_ASSERT_EQUAL(linked_exec(conn, "SELECT n FROM t", SQLA_EXEC_STREAM, &result, NULL), SQLA_OK);
    ops->set_deadline(conn, in_ms(30000));
    ops->result_close(result);
    CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", NULL), SQLA_OK);
    ops->close(conn);
}

/* Columns that a statement has not been prepared for: it is told to run again, unless it has changed rows. */
static void statements__whose_columns_change(const char *url)
{
    static const struct { const char *text; sqla_status status; int64_t rows; } cases[] = {
        { "SELECT * FROM t", SQLA_ERR_RETRY, 0 }, { "INSERT INTO t (n) VALUES (1) RETURNING *", SQLA_ERR_DATA, 2 } };
    sqla_driver_conn *conn = my_open(url);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_driver_stmt *stmt = NULL;
        sqla_driver_result *result = NULL;
        harness_sql(url, "CREATE OR REPLACE TABLE t (n INTEGER) ENGINE=InnoDB");
        CU_ASSERT_EQUAL(prepare_and_run(conn, cases[i].text, 0, &stmt, &result), SQLA_OK);
        linked_driver()->ops->result_close(result);
        harness_sql(url, "ALTER TABLE t ADD COLUMN another INTEGER");
        CU_ASSERT_EQUAL(prepare_and_run(conn, cases[i].text, 0, &stmt, &result), cases[i].status);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), cases[i].rows);
        CU_ASSERT_EQUAL(prepare_and_run(conn, cases[i].text, 0, &stmt, &result), SQLA_OK);
        CU_ASSERT_EQUAL(linked_driver()->ops->result_info(result)->column_count, 2);
        linked_driver()->ops->result_close(result);
        linked_driver()->ops->stmt_close(stmt);
    }
    linked_driver()->ops->close(conn);
}

/* ---- transactions ---------------------------------------------------------------------------------------------------- */

static void transactions__are_checked(const char *url)
{
    static const char long_name[] = "a name that is longer than the sixty-four bytes that the server keeps";
    const sqla_driver_ops *ops = linked_driver()->ops;
    const sqla_txn_options unknown = { .struct_size = sizeof unknown, .isolation = 77 },
                           late = { .struct_size = sizeof late, .deadline = 1 },
                           old = { .struct_size = offsetof(sqla_txn_options, isolation), .isolation = 77 };
    sqla_driver_conn *conn = my_open(url);
    harness_sql(url, "CREATE TABLE t (n INTEGER) ENGINE=InnoDB");
    CU_ASSERT_EQUAL(ops->commit(conn, &plain, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->rollback(conn, &plain, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(ops->begin(conn, &unknown, NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(ops->begin(conn, &late, NULL), SQLA_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(ops->reset(conn, 1, NULL), SQLA_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(ops->ping(conn, 0, 1, NULL), SQLA_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(ops->txn_state(conn), SQLA_TXN_IDLE);
    CU_ASSERT_EQUAL(ops->begin(conn, &old, NULL), SQLA_OK); /* an older host has no levels */
    CU_ASSERT_EQUAL(ops->begin(conn, &plain, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->reset(conn, 0, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->savepoint(conn, 77, "s", NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(ops->savepoint(conn, SQLA_SAVEPOINT_SET, "", NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->savepoint(conn, SQLA_SAVEPOINT_SET, "\xff", NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->savepoint(conn, SQLA_SAVEPOINT_SET, long_name, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->savepoint(conn, SQLA_SAVEPOINT_ROLLBACK, "no such", NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->commit(conn, &late, NULL), SQLA_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(ops->rollback(conn, &late, NULL), SQLA_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(ops->txn_state(conn), SQLA_TXN_ACTIVE); /* none of it has cost the transaction */
    /* What fails and commits by itself on the way has. */
    CU_ASSERT_EQUAL(linked_run(conn, "CREATE TABLE t (n INTEGER)", NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->txn_state(conn), SQLA_TXN_FAILED);
    CU_ASSERT_EQUAL(ops->begin(conn, &plain, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->reset(conn, 0, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->commit(conn, &plain, NULL), SQLA_ERR_ROLLBACK_FIRST);
    CU_ASSERT_EQUAL(linked_run(conn, "INSERT INTO t VALUES (1)", NULL), SQLA_ERR_ROLLBACK_FIRST);
    CU_ASSERT_EQUAL(ops->ping(conn, 0, 0, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(ops->rollback(conn, &plain, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
    ops->close(conn);
}

static void sessions__that_are_read_only(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_connect_param params[MY_PARTS];
    sqla_driver_conn *conn = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    my_params(url, params);
    harness_sql(url, "CREATE TABLE t (n INTEGER) ENGINE=InnoDB");
    CU_ASSERT_EQUAL_FATAL(linked_open_with(params, MY_PARTS, SQLA_CONNECT_READ_ONLY, 0, &conn, &err), SQLA_OK);
    for (int i = 0; i < 2; i++) { /* also behind a reset */
        CU_ASSERT_EQUAL(linked_run(conn, "INSERT INTO t VALUES (1)", NULL), SQLA_ERR_READ_ONLY);
        CU_ASSERT_EQUAL(ops->begin(conn, &plain, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(linked_run(conn, "DELETE FROM t", NULL), SQLA_ERR_READ_ONLY);
        CU_ASSERT_EQUAL(ops->rollback(conn, &plain, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(ops->reset(conn, 0, NULL), SQLA_OK);
    }
    ops->close(conn);
    /* A host of before there were flags gets a connection that writes. */
    sqla_conn_info info = { .struct_size = sizeof info };
    const sqla_connect_args args = { .struct_size = offsetof(sqla_connect_args, flags), .count = MY_PARTS, .params = params,
                                     .instance = "test", .flags = SQLA_CONNECT_READ_ONLY };
    CU_ASSERT_EQUAL_FATAL(ops->open(&args, &info, &conn, opaque(&err)), SQLA_OK);
    CU_ASSERT_EQUAL(linked_run(conn, "INSERT INTO t VALUES (1)", NULL), SQLA_OK);
    ops->close(conn);
}

/* ---- cancels that are late --------------------------------------------------------------------------------------------- */

static void *be_quiet(void *arg)
{
    mariadb__gate *gate = arg;
    pause_ms(20);
    pthread_mutex_lock(&gate->lock);
    gate->firing = 0;
    pthread_cond_broadcast(&gate->quiet);
    pthread_mutex_unlock(&gate->lock);
    return NULL;
}

/* While a cancel of the statement before is under way no other starts; and one that did not get through costs the connection. */
static void cancels__must_not_hit_the_next_statement(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_conn *conn = my_open(url);
    sqla_error err = SQLA_ERROR_INIT;
    pthread_t thread;
    conn->gate.firing = 1;
    CU_ASSERT_EQUAL(run_until(conn, "SELECT 1", in_ms(300), &err), SQLA_ERR_TIMEOUT);
    CU_ASSERT(says(&err, "while a cancel of the statement before was under way"));
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, be_quiet, &conn->gate), 0);
    CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", &err), SQLA_OK);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(ops->ping(conn, SQLA_PING_LOOK, 0, NULL), SQLA_OK);
    conn->gate.late = true;
    CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", &err), SQLA_ERR_DISCONNECTED);
    CU_ASSERT(says(&err, "a cancel that did not get through in time"));
    CU_ASSERT_EQUAL(ops->txn_state(conn), SQLA_TXN_LOST);
    ops->close(conn);
    conn = my_open(url);
    conn->gate.late = true;
    CU_ASSERT_EQUAL(ops->ping(conn, SQLA_PING_LOOK, 0, NULL), SQLA_ERR_DISCONNECTED);
    ops->close(conn);
}

static void cancels__of_nothing(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_conn *conn = my_open(url);
    sqla_driver_canceller *canceller = NULL;
    CU_ASSERT_EQUAL_FATAL(ops->cancel_new(conn, &canceller, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(ops->cancel_fire(canceller, 0, NULL), SQLA_OK);
    ops->cancel_free(canceller);
    CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", NULL), SQLA_OK);
    ops->close(conn);
}

/* A statement that takes too long ends, and its transaction goes on. The server gets a tenth of the time to obey, which may be too little
 * for one that has more to do; then the connection is lost, and more time is given. */
static void deadlines__end_the_statement_alone(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    int lost = 0;
    harness_sql(url, "CREATE TABLE t (n INTEGER) ENGINE=InnoDB; INSERT INTO t VALUES (1)");
    CU_ASSERT_FATAL(harness_hold(url, "START TRANSACTION; UPDATE t SET n = 3"));
    for (bool ended = false; !ended && lost < 10; lost += !ended) {
        sqla_driver_conn *conn = my_open(url);
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(ops->begin(conn, &plain, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(run_until(conn, "UPDATE t SET n = 2", in_ms(50 << lost), &err), SQLA_ERR_TIMEOUT);
        ended = ops->txn_state(conn) != SQLA_TXN_LOST;
        if (ended) {
            CU_ASSERT_EQUAL(ops->txn_state(conn), SQLA_TXN_ACTIVE);
            CU_ASSERT_EQUAL(ops->rollback(conn, &plain, NULL), SQLA_OK);
            CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", NULL), SQLA_OK);
        }
        ops->close(conn);
    }
    harness_let_go();
    CU_ASSERT(lost < 10);
}

/* ---- what the server says ---------------------------------------------------------------------------------------------- */

/* Numbers and messages as the server gives them; the test has it give them by SIGNAL. */
static const struct { int number; const char *message; sqla_status status; const char *sqlstate, *table, *column, *constraint; } told[] = {
    { 1062, "Duplicate entry ''a'' for key ''t.uq''", SQLA_ERR_UNIQUE, "23505", "", "", "uq" },
    { 1062, "Duplicate entry ''it''s'' for key ''PRIMARY''", SQLA_ERR_UNIQUE, "23505", "", "", "PRIMARY" },
    { 1062, "Duplicate entry", SQLA_ERR_UNIQUE, "23505", "", "", "" },
    { 1062, "uq''", SQLA_ERR_UNIQUE, "23505", "", "", "" },
    { 1452, "fails (`d`.`o`, CONSTRAINT `fk` FOREIGN KEY (`user_id`) REFERENCES", SQLA_ERR_FOREIGN_KEY, "23503", "o", "user_id", "fk" },
    { 1451, "fails", SQLA_ERR_FOREIGN_KEY, "23503", "", "", "" },
    { 1048, "Column ''a'' cannot be null", SQLA_ERR_NOT_NULL, "23502", "", "a", "" },
    { 4025, "CONSTRAINT `t.c` failed for `d`.`t`", SQLA_ERR_CHECK, "23514", "t", "c", "t.c" },
    { 4025, "CONSTRAINT `positive` failed for `d`.`t`", SQLA_ERR_CHECK, "23514", "t", "", "positive" },
    { 3819, "Check constraint ''positive'' is violated.", SQLA_ERR_CHECK, "23514", "", "", "positive" },
    { 1265, "Data truncated for column ''age'' at row 1", SQLA_ERR_DATA, "45000", "", "age", "" },
    { 1366, "Incorrect integer value: ''x'' for column `d`.`t`.`age` at row 1", SQLA_ERR_DATA, "45000", "", "age", "" },
    { 1292, "Incorrect datetime value: ''x'' for column `d`.`t`.`born` at row 1", SQLA_ERR_DATA, "22007", "", "born", "" },
    { 1292, "Incorrect datetime value: ''x''", SQLA_ERR_DATA, "22007", "", "", "" },
    { 1146, "Table ''d.t'' does not exist", SQLA_ERR_SQL, "42P01", "t", "", "" },
    { 1064, "an error in near ''x''", SQLA_ERR_SQL, "42601", "", "", "" },
    { 1205, "Lock wait timeout", SQLA_ERR_BUSY, "55P03", "", "", "" },
    { 1213, "Deadlock", SQLA_ERR_RETRY, "40001", "", "", "" },
    { 3024, "maximum time", SQLA_ERR_TIMEOUT, "57014", "", "", "" },
    { 1028, "Sort aborted", SQLA_ERR_CANCELLED, "57014", "", "", "" },
    { 1142, "command denied", SQLA_ERR_DENIED, "42501", "", "", "" },
    { 1290, "--read-only", SQLA_ERR_READ_ONLY, "45000", "", "", "" },
    { 1021, "Disk full", SQLA_ERR_RESOURCE, "53100", "", "", "" },
    { 1030, "Got error", SQLA_ERR_IO, "45000", "", "", "" },
    { 1034, "Index corrupt", SQLA_ERR_CORRUPT, "45000", "", "", "" },
    { 1235, "not yet", SQLA_ERR_UNSUPPORTED, "45000", "", "", "" },
    { 9999, "", SQLA_ERR_SQL, "45000", "", "", "" },
    { 1053, "Server shutdown", SQLA_ERR_DISCONNECTED, "57P01", "", "", "" },
    { 2014, "no number of a server", SQLA_ERR_PROTOCOL, "HY000", "", "", "" },
};

static void failures__have_a_status_and_names(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        sqla_driver_conn *conn = my_open(url);
        sqla_error err = SQLA_ERROR_INIT;
        char text[300];
        snprintf(text, sizeof text, "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = %d, MESSAGE_TEXT = '%s'", told[i].number, told[i].message);
        CU_ASSERT_EQUAL(linked_run(conn, text, &err), told[i].status);
        CU_ASSERT(is(&err, told[i].status));
        CU_ASSERT_STRING_EQUAL(err.sqlstate, told[i].sqlstate);
        CU_ASSERT_STRING_EQUAL(err.table, told[i].table);
        CU_ASSERT_STRING_EQUAL(err.column, told[i].column);
        CU_ASSERT_STRING_EQUAL(err.constraint, told[i].constraint);
        CU_ASSERT(told[i].message[0] != '\0' || says(&err, "an answer without meaning"));
        bool lost = told[i].status == SQLA_ERR_DISCONNECTED || told[i].status == SQLA_ERR_PROTOCOL;
        CU_ASSERT_EQUAL(ops->txn_state(conn), lost ? SQLA_TXN_LOST : SQLA_TXN_IDLE);
        ops->close(conn);
    }
}

/* A number that nobody knows: the class of its SQLSTATE says what it is. */
static void failures__of_an_unknown_number(const char *url)
{
    static const struct { const char *sqlstate; sqla_status status; } classes[] = {
        { "02000", SQLA_ERR_NOT_FOUND }, { "0A000", SQLA_ERR_UNSUPPORTED }, { "21000", SQLA_ERR_DATA }, { "22001", SQLA_ERR_DATA },
        { "23000", SQLA_ERR_CHECK },
        { "25006", SQLA_ERR_READ_ONLY }, { "25001", SQLA_ERR_SQL }, { "28000", SQLA_ERR_DENIED }, { "40001", SQLA_ERR_RETRY },
        { "70100", SQLA_ERR_CANCELLED },
        { "XA100", SQLA_ERR_SQL }, { "42000", SQLA_ERR_SQL }, { "08S01", SQLA_ERR_DISCONNECTED } };
    sqla_driver_conn *conn = my_open(url);
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        char text[200];
        snprintf(text, sizeof text, "SIGNAL SQLSTATE '%s' SET MYSQL_ERRNO = 9999, MESSAGE_TEXT = 'why'", classes[i].sqlstate);
        CU_ASSERT_EQUAL(linked_run(conn, text, &err), classes[i].status);
        CU_ASSERT(is(&err, classes[i].status) && says(&err, "why"));
        CU_ASSERT_STRING_EQUAL(err.sqlstate, classes[i].sqlstate);
    }
    linked_driver()->ops->close(conn);
}

/* The table stands only in the statement, and the place of an error only in the message. */
static void failures__are_looked_for_in_the_statement(const char *url)
{
    static const struct { const char *text; sqla_status status; const char *table; int position; } cases[] = {
        { "INSERT INTO `a t` VALUES (NULL)", SQLA_ERR_NOT_NULL, "a t", 0 },
        { "REPLACE  `a t`(n) VALUES (NULL)", SQLA_ERR_NOT_NULL, "a t", 0 },
        { "update ignore\nlow_priority.t SET n = 1", SQLA_ERR_SQL, "t", 0 },
        { "INSERT INTO `into` VALUES (NULL)", SQLA_ERR_NOT_NULL, "into", 0 },
        { "INSERT INTO `ba``ck` VALUES (NULL)", SQLA_ERR_NOT_NULL, "ba`ck", 0 },
        { "INSERT INTO plain VALUES (NULL)", SQLA_ERR_NOT_NULL, "plain", 0 },
        { "SELEC 1", SQLA_ERR_SQL, "", 1 }, { "SELECT '\xc3\xa4',\n FROM x", SQLA_ERR_SQL, "", 14 }, { "SELECT (", SQLA_ERR_SQL, "", 0 },
    };
    sqla_driver_conn *conn = my_open(url);
    harness_sql(url, "CREATE TABLE `a t` (n INTEGER NOT NULL); CREATE TABLE `into` (n INTEGER NOT NULL); "
                     "CREATE TABLE `ba``ck` (n INTEGER NOT NULL); CREATE TABLE plain (n INTEGER NOT NULL)");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(linked_run(conn, cases[i].text, &err), cases[i].status);
        CU_ASSERT(is(&err, cases[i].status));
        if (strcmp(err.table, cases[i].table) != 0 || err.position != cases[i].position)
            fprintf(stderr, "%s: '%s' %d: %s\n", cases[i].text, err.table, (int)err.position, err.message);
        CU_ASSERT_STRING_EQUAL(err.table, cases[i].table);
        CU_ASSERT_EQUAL(err.position, cases[i].position);
    }
    linked_driver()->ops->close(conn);
}

/* ---- hosts ----------------------------------------------------------------------------------------------------------- */

/* A server that takes connections and says nothing.  Returns: its socket. */
static int silent_server(int *ret_port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 8) == 0 &&
                    getsockname(fd, (struct sockaddr *)&at, &size) == 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static sqla_status open_hosts(const char *hosts, const char *port, const char *password, const char *seconds, int64_t deadline,
                              sqla_error *err)
{
    const sqla_connect_param params[] = { { "host", hosts }, { "user", "sqla" }, { "password", password }, { "port", port },
                                          { "connect_timeout", seconds } };
    sqla_driver_conn *conn = NULL;
    sqla_error_clear(err);
    sqla_status status = linked_open_with(params, seconds != NULL ? 5 : port != NULL ? 4 : 3, 0, deadline, &conn, err);
    if (status == SQLA_OK)
        CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1", NULL), SQLA_OK);
    linked_driver()->ops->close(conn);
    return status;
}

static void hosts__are_tried_in_turn(const char *url)
{
    static const struct { const char *hosts; sqla_status status; const char *says; } cases[] = {
        { "127.0.0.1:1", SQLA_ERR_CONNECT, "127.0.0.1" }, { "127.0.0.1:1,[::1]:2", SQLA_ERR_CONNECT, "'::1'" },
        { "[::1]", SQLA_ERR_CONNECT, "'::1'" },
        { "::1", SQLA_ERR_CONNECT, "'::1'" }, { "[]", SQLA_ERR_CONNECT, "" }, { "[::1", SQLA_ERR_CONNECT, "[::1" },
        { "[::1]x:1", SQLA_ERR_CONNECT, "[::1]x" },
        { "127.0.0.1:70000", SQLA_ERR_CONFIG, "'127.0.0.1:70000' is no host" },
        { "127.0.0.1:1,a:99999", SQLA_ERR_CONFIG, "'a:99999' is no host" },
    };
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(open_hosts(cases[i].hosts, "1", "sesame", NULL, 0, &err), cases[i].status);
        CU_ASSERT(is(&err, cases[i].status) && says(&err, cases[i].says));
    }
    char longest[400];
    memset(longest, 'h', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    CU_ASSERT_EQUAL(open_hosts(longest, "1", "sesame", NULL, 0, &err), SQLA_ERR_CONFIG);
}

/* Where a server of the tests answers by TCP. */
static void hosts__that_answer(const char *url)
{
    char hosts[200], port[16] = "";
    const char *tcp = harness_mariadb_tcp("sqla", "sesame", "sqla"), *at = strrchr(tcp, ':');
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    if (at == NULL)
        return;
    snprintf(port, sizeof port, "%.*s", (int)strspn(at + 1, "0123456789"), at + 1);
    snprintf(hosts, sizeof hosts, "127.0.0.1:1,[::1]:2,127.0.0.1:%s", port);
    CU_ASSERT_EQUAL(open_hosts(hosts, NULL, "sesame", NULL, 0, &err), SQLA_OK);
    CU_ASSERT_EQUAL(open_hosts("127.0.0.1", port, "sesame", "0", in_ms(5000), &err), SQLA_OK);
    /* One that refuses the user has answered, and the next is not asked. */
    snprintf(hosts, sizeof hosts, "127.0.0.1:%s,127.0.0.1:1", port);
    CU_ASSERT_EQUAL(open_hosts(hosts, NULL, "wrong", NULL, 0, &err), SQLA_ERR_DENIED);
    CU_ASSERT(says(&err, "host '127.0.0.1' refused the user"));
    CU_ASSERT_EQUAL(open_hosts("127.0.0.1", port, "wrong", NULL, 0, &err), SQLA_ERR_DENIED);
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "28000");
}

/* The earlier of the two times counts: the URL's, in seconds, and the deadline. */
static void hosts__that_say_nothing(const char *url)
{
    int number, listener = silent_server(&number);
    char hosts[100], port[16];
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    snprintf(port, sizeof port, "%d", number);
    snprintf(hosts, sizeof hosts, "127.0.0.1:%s,127.0.0.1:1", port);
    const struct { const char *hosts, *seconds; int64_t ms; const char *says; } cases[] = {
        { "127.0.0.1", NULL, 30, "while connecting to the server" }, { "127.0.0.1", "100", 30, "while connecting to the server" },
        { "127.0.0.1", "1", 60000, "while connecting to the server" }, { "127.0.0.1", "1", 0, "while connecting to the server" },
        { hosts, NULL, 30, "while connecting to host '127.0.0.1'" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t began = now_ms();
        CU_ASSERT_EQUAL(open_hosts(cases[i].hosts, port, "sesame", cases[i].seconds, cases[i].ms > 0 ? in_ms(cases[i].ms) : 0, &err),
                        SQLA_ERR_TIMEOUT);
        CU_ASSERT(says(&err, cases[i].says));
        CU_ASSERT(harness_in_time(now_ms() - began, 0, 10000));
    }
    close(listener);
}

static void sockets__are_of_this_machine(const char *url)
{
    sqla_connect_param params[MY_PARTS + 1];
    sqla_driver_conn *conn = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    my_params(url, params);
    params[MY_PARTS] = (sqla_connect_param){ "host", "localhost" };
    CU_ASSERT_EQUAL_FATAL(linked_open_with(params, MY_PARTS + 1, 0, 0, &conn, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(conn->place, "");
    linked_driver()->ops->close(conn);
    params[MY_PARTS].value = "127.0.0.1:1"; /* another host is meant as it is said */
    CU_ASSERT_EQUAL(linked_open_with(params, MY_PARTS + 1, 0, 0, &conn, &err), SQLA_ERR_CONNECT);
}

/* A reset makes a statement be prepared anew; where that fails, the next run tries again. */
static void prepared__anew_after_a_failure(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn *conn = my_open(url);
    sqla_driver_stmt *stmt = NULL;
    sqla_driver_result *result = NULL;
    static const char text[] = "SELECT n FROM t";
    const sqla_exec_options options = { .struct_size = sizeof options };
    CU_ASSERT_EQUAL(linked_run(conn, "CREATE TABLE t (n INTEGER)", &err), SQLA_OK);
    CU_ASSERT_EQUAL_FATAL(linked_driver()->ops->prepare(conn, text, sizeof text - 1, NULL, 1, &options, &stmt, opaque(&err)), SQLA_OK);
    const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, stmt };
    CU_ASSERT_EQUAL(linked_driver()->ops->reset(conn, 0, opaque(&err)), SQLA_OK);
    CU_ASSERT_EQUAL(linked_run(conn, "DROP TABLE t", &err), SQLA_OK);
    CU_ASSERT_EQUAL(linked_driver()->ops->exec(conn, &statement, NULL, NULL, &options, &result, opaque(&err)), SQLA_ERR_SQL);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(linked_run(conn, "CREATE TABLE t (n INTEGER)", &err), SQLA_OK);
    CU_ASSERT_EQUAL(linked_driver()->ops->exec(conn, &statement, NULL, NULL, &options, &result, opaque(&err)), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    linked_driver()->ops->result_close(result);
    linked_driver()->ops->stmt_close(stmt);
    linked_driver()->ops->close(conn);
}

static const struct harness_test tests[] = {
    { "keys belong to rows", keys__belong_to_rows, HARNESS_MARIADB },
    { "batches are checked", batches__are_checked, HARNESS_MARIADB },
    { "blocks that fail blame a row", blocks__that_fail_blame_a_row, HARNESS_MARIADB },
    { "batches whose rows nobody asked for", batches__whose_rows_nobody_asked_for, HARNESS_MARIADB },
    { "blocks of very wide rows", blocks__of_very_wide_rows, HARNESS_MARIADB },
    { "batches end between statements", batches__end_between_statements, HARNESS_MARIADB },
    { "texts are read as the server reads them", texts__are_read_as_the_server_reads_them, HARNESS_PLAIN },
    { "statements are checked", statements__are_checked, HARNESS_MARIADB },
    { "scripts fail among rows", scripts__fail_among_rows, HARNESS_MARIADB },
    { "columns have the words of the server", columns__have_the_words_of_the_server, HARNESS_MARIADB },
    { "values that cannot be read", values__that_cannot_be_read, HARNESS_MARIADB },
    { "results outlive their statements", results__outlive_their_statements, HARNESS_MARIADB },
    { "streams take the connection", streams__take_the_connection, HARNESS_MARIADB },
    { "statements whose columns change", statements__whose_columns_change, HARNESS_MARIADB },
    { "transactions are checked", transactions__are_checked, HARNESS_MARIADB },
    { "sessions that are read only", sessions__that_are_read_only, HARNESS_MARIADB },
    { "cancels must not hit the next statement", cancels__must_not_hit_the_next_statement, HARNESS_MARIADB },
    { "cancels of nothing", cancels__of_nothing, HARNESS_MARIADB },
    { "deadlines end the statement alone", deadlines__end_the_statement_alone, HARNESS_MARIADB },
    { "failures have a status and names", failures__have_a_status_and_names, HARNESS_MARIADB },
    { "failures of an unknown number", failures__of_an_unknown_number, HARNESS_MARIADB },
    { "failures are looked for in the statement", failures__are_looked_for_in_the_statement, HARNESS_MARIADB },
    { "hosts are tried in turn", hosts__are_tried_in_turn, HARNESS_PLAIN },
    { "hosts that answer", hosts__that_answer, HARNESS_MARIADB },
    { "hosts that say nothing", hosts__that_say_nothing, HARNESS_PLAIN },
    { "sockets are of this machine", sockets__are_of_this_machine, HARNESS_MARIADB },
    { "prepared anew after a failure", prepared__anew_after_a_failure, HARNESS_MARIADB },
};

int main(void)
{
    return harness_main("test-mariadb-misuse", tests, sizeof tests / sizeof tests[0]);
}
