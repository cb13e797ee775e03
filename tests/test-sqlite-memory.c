/* test-sqlite-memory.c: the SQLite driver when memory runs out, SQLite's own as well as the host's.
 *
 * SQLite gets an allocator that fails at the n-th call, for every n, once and then from there on; so does the small host of
 * tools/conform/kit.c. Each piece of work then ends with OK or with NOMEM, what it says is what the file holds, no block
 * stays behind, and the same work succeeds afterwards. The database is one of UTF-16, so that each text that is read is
 * converted, which needs memory. Of long pieces of work a part of the points is tried; with SQLA_TORTURE=all all. */
#include <config.h>
#include "conform/kit.h"

#include <CUnit/CUnit.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* ---- memory that fails --------------------------------------------------------------------------------------------- */

static struct { sqlite3_mem_methods real; long left; bool lasting; } memory;

static bool fails(void)
{
    if (memory.left == 0)
        return false;
    if (memory.left == 1)
        return memory.lasting || memory.left-- == 1;
    memory.left--;
    return false;
}

static void *failing_malloc(int size) { return fails() ? NULL : memory.real.xMalloc(size); }
static void *failing_realloc(void *block, int size) { return fails() ? NULL : memory.real.xRealloc(block, size); }

/* Before SQLite is used at all. Its small blocks come from the allocator too then, not from a piece of the connection's. */
static bool take_over_memory(void)
{
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.real) != SQLITE_OK)
        return false;
    sqlite3_mem_methods methods = memory.real;
    methods.xMalloc = failing_malloc;
    methods.xRealloc = failing_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK && sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
}

/* ---- trying -------------------------------------------------------------------------------------------------------- */

enum { TOO_MANY = 20000 };

typedef struct work {
    const char *name;
    sqla_status (*run)(kit_conn *db);
    bool opens;              /* it opens a connection of its own */
    const char *shows, *undo; /* SQL of one number that shows what was done, and SQL that undoes it; NULL: nothing was */
    sqla_status fails;       /* with all the memory there is; OK: it does not */
} work;

static char path[4096];

static sqla_status open_file(kit_conn *conn)
{
    const sqla_connect_param params[] = { { "database", path }, { "synchronous", "off" }, { "journal_mode", "memory" } };
    return kit_open(conn, params, 3, 0);
}

static const char tables[] =
    "PRAGMA encoding = 'UTF-16'; "
    "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, number INTEGER, at TEXT, data BLOB, label TEXT); "
    "CREATE TABLE kept (name TEXT, number INTEGER, word TEXT, digits TEXT, day TEXT, at TEXT, span TEXT, uid TEXT, data BLOB, label TEXT); "
    "INSERT INTO kept VALUES ('a name of some length', 12, 'true', '4711', '2024-02-29', '2024-02-29 12:00:00', 'P1M2DT3S', "
    "'12345678-9abc-def0-1234-56789abcdef0', x'010203', 'blue'), ('other', 13, 'false', '-5', '1999-12-31 00:00:00', "
    "'1999-12-31T23:59:59', 'P1Y', '123456789abcdef0123456789abcdef0', 'text', 'red'); "
    "CREATE VIEW v AS SELECT id, name FROM t; CREATE TEMP TABLE gone (a)";

static void make_file(kit_conn *db)
{
    sqla_driver_result *result = NULL;
    snprintf(path, sizeof path, "%s/memory.db", harness_folder());
    CU_ASSERT_FATAL(EXPECT(open_file(db), SQLA_OK));
    CU_ASSERT_FATAL(EXPECT(kit_exec(db, tables, NULL, NULL, SQLA_EXEC_SCRIPT, &result), SQLA_OK));
    kit_ops.result_close(result);
}

static void fail_at(bool host, long point, bool lasting)
{
    memory.lasting = lasting;
    if (host)
        kit_fail_alloc(point);
    else
        memory.left = point;
}

/* What the work did is undone, and what is remembered with it. */
static void undo(const work *w, kit_conn *db)
{
    EXPECT(kit_ops.rollback(db->handle, NULL, KIT_ERR), SQLA_OK);
    if (w->undo != NULL)
        kit_must(db, w->undo);
}

/* One try.  Returns: did memory fail in it? */
static bool try_at(const work *w, kit_conn *db, bool host, long point, bool lasting, int64_t done)
{
    long blocks = kit_blocks();
    kit_clear();
    fail_at(host, point, lasting);
    sqla_status status = w->run(db);
    bool reached = (host ? kit_alloc_left() : memory.left) == (lasting ? 1 : 0);
    fail_at(host, 0, false);
    bool told = status == w->fails || status == SQLA_ERR_NOMEM;
    if (!told)
        fprintf(stderr, "%s: point %ld of %s%s: %s\n", w->name, point, host ? "the host" : "SQLite", lasting ? " and on" : "", kit_last.message);
    CU_ASSERT(told);
    CU_ASSERT(reached || status == w->fails);
    if (w->shows != NULL) {
        EXPECT(kit_ops.rollback(db->handle, NULL, KIT_ERR), SQLA_OK);
        CU_ASSERT_EQUAL(kit_number(db, w->shows), status == SQLA_OK ? done : 0);
    }
    undo(w, db);
    EXPECT(w->run(db), w->fails);
    undo(w, db);
    if (w->opens)
        CU_ASSERT_EQUAL(kit_blocks(), blocks);
    return reached;
}

static void try_all(const work *w)
{
    kit_conn db;
    bool all = getenv("SQLA_TORTURE") != NULL;
    make_file(&db);
    EXPECT(w->run(&db), w->fails);
    int64_t done = w->shows != NULL ? kit_number(&db, w->shows) : 0;
    undo(w, &db);
    for (int way = 0; way < 3; way++) { /* the host's allocator fails once only */
        long point = 1;
        while (point < TOO_MANY && try_at(w, &db, way == 2, point, way == 1, done))
            point += all || point < 200 ? 1 : point / 30;
        CU_ASSERT(point < TOO_MANY);
        if (getenv("SQLA_TEST_VERBOSE") != NULL)
            printf("  %s: %ld points\n", w->name, point);
    }
    kit_close(&db);
}

/* ---- pieces of work ------------------------------------------------------------------------------------------------ */

static sqla_status open_and_close(kit_conn *db)
{
    const sqla_connect_param params[] = { { "database", path }, { "synchronous", "normal" }, { "journal_mode", "persist" } };
    const sqla_connect_args args = { .struct_size = sizeof args, .count = 3, .params = params, .instance = "memory", .flags = SQLA_CONNECT_READ_ONLY };
    kit_conn other = { .info = { .struct_size = sizeof other.info } };
    (void)db;
    sqla_status status = kit_ops.open(&args, &other.info, &other.handle, KIT_ERR);
    if (status == SQLA_OK)
        kit_ops.close(other.handle);
    return status;
}

static sqla_status open_private(kit_conn *db)
{
    kit_conn other = { .handle = NULL };
    (void)db;
    sqla_status status = kit_open(&other, NULL, 0, 0);
    kit_close(&other);
    return status;
}

typedef struct record { int64_t id, number; const char *name; sqla_timestamp at; sqla_blob data; char label[16]; } record;

static const sqla_slot sent_slots[] = {
    KIT_SLOT(record, name, SQLA_TEXT, SQLA_REP_CSTR, 0),
    KIT_SLOT(record, number, SQLA_INT64, SQLA_REP_FIXED, 1),
    KIT_SLOT(record, at, SQLA_TIMESTAMP, SQLA_REP_FIXED, 2),
    KIT_SLOT(record, data, SQLA_BLOB, SQLA_REP_BYTES, 3),
    KIT_SLOT(record, label, SQLA_TEXT, SQLA_REP_CHARS, 4),
};
static const sqla_plan sent = KIT_PLAN(sent_slots);
#define INSERT "INSERT INTO t (name, number, at, data, label) VALUES "
#define TUPLE "(?, ?, ?, ?, ?)"

static record some_record(int i)
{
    static const char *const names[] = { "first", "second", "third", "fourth" };
    return (record){ .number = i, .name = names[i % 4], .at = { 1700000000000000 + i }, .data = { "\1\2\3", 3 }, .label = "some label" };
}

static sqla_status insert_one(kit_conn *db)
{
    record r = some_record(0);
    return kit_run_with(db, INSERT TUPLE, &sent, &r);
}

static sqla_status batch(kit_conn *db, uint32_t mode, const char *text, uint32_t block, uint32_t key_source, const char *third)
{
    static const sqla_slot key = KIT_SLOT(record, id, SQLA_INT64, SQLA_REP_FIXED, 0);
    static const sqla_plan keys = { sizeof keys, 1, &key };
    record records[4];
    void *rows[4];
    for (int i = 0; i < 4; i++) {
        records[i] = some_record(i);
        rows[i] = &records[i];
    }
    records[2].name = third;
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    sqla_batch b = { .struct_size = sizeof b, .mode = mode, .plan = &sent, .rows = rows, .count = 4, .rows_per_statement = block,
        .key_source = key_source, .keys = key_source != SQLA_KEY_NONE ? &keys : NULL };
    sqla_txn_options options = { .struct_size = sizeof options };
    sqla_status status = kit_ops.begin(db->handle, &options, KIT_ERR);
    if (status == SQLA_OK)
        status = kit_ops.execute_many(db->handle, &statement, &b, NULL, KIT_ERR);
    if (status == SQLA_OK)
        status = kit_ops.commit(db->handle, &options, KIT_ERR);
    if (status != SQLA_OK)
        kit_ops.rollback(db->handle, &options, KIT_ERR);
    return status;
}

static sqla_status insert_each(kit_conn *db) { return batch(db, SQLA_BATCH_EACH, INSERT TUPLE " RETURNING id", 0, SQLA_KEY_RETURNED, "third"); }
static sqla_status insert_block(kit_conn *db) { return batch(db, SQLA_BATCH_BLOCK, INSERT TUPLE ", " TUPLE, 2, SQLA_KEY_LAST_ID, "third"); }
static sqla_status insert_twice(kit_conn *db) { return batch(db, SQLA_BATCH_BLOCK, INSERT TUPLE ", " TUPLE ", " TUPLE ", " TUPLE, 4, SQLA_KEY_NONE, "first"); }

/* Each way in which a text can be read. */
typedef struct kept {
    const char *name, *number;
    bool word;
    int64_t digits, label;
    sqla_date day;
    sqla_timestamp at;
    sqla_interval span;
    sqla_uuid uid;
    sqla_blob data;
    sqla_value value;
    char chars[32];
} kept;

static const char *const colours[] = { "red", "blue" };
static const sqla_slot kept_slots[] = {
    KIT_SLOT(kept, name, SQLA_TEXT, SQLA_REP_CSTR, 0),
    KIT_SLOT(kept, number, SQLA_TEXT, SQLA_REP_CSTR, 1),
    KIT_SLOT(kept, word, SQLA_BOOL, SQLA_REP_FIXED, 2),
    KIT_SLOT(kept, digits, SQLA_INT64, SQLA_REP_FIXED, 3),
    KIT_SLOT(kept, day, SQLA_DATE, SQLA_REP_FIXED, 4),
    KIT_SLOT(kept, at, SQLA_TIMESTAMP, SQLA_REP_FIXED, 5),
    KIT_SLOT(kept, span, SQLA_INTERVAL, SQLA_REP_FIXED, 6),
    KIT_SLOT(kept, uid, SQLA_UUID, SQLA_REP_FIXED, 7),
    KIT_SLOT(kept, data, SQLA_BLOB, SQLA_REP_BYTES, 8),
    KIT_SLOT(kept, value, SQLA_NULL, SQLA_REP_VALUE, 0),
    KIT_SLOT(kept, chars, SQLA_TEXT, SQLA_REP_CHARS, 0),
    { .type = SQLA_ENUM_TYPE, .rep = SQLA_REP_FIXED, .column = 9, .offset = offsetof(kept, label), .size = 8, .set_offset = -1, .label_count = 2,
        .labels = colours, .name = "label" },
};
static const sqla_plan kept_plan = KIT_PLAN(kept_slots);

static sqla_status fetch(kit_conn *db)
{
    kept row[2];
    void *rows[] = { &row[0], &row[1] };
    kit_arena arena;
    size_t count = 0;
    bool end = false;
    sqla_driver_result *result = NULL;
    kit_arena_init(&arena);
    sqla_status status = kit_exec(db, "SELECT * FROM kept ORDER BY number", NULL, NULL, 0, &result);
    if (status == SQLA_OK) {
        if (kit_ops.result_info(result)->column_count != 10)
            CU_FAIL("the result has another shape");
        status = kit_ops.result_fetch(result, &kept_plan, rows, 2, &arena.base, &count, &end, KIT_ERR);
        kit_ops.result_close(result);
    }
    if (status == SQLA_OK) {
        CU_ASSERT_EQUAL(count, 2);
        CU_ASSERT_STRING_EQUAL(row[1].name, "other");
        CU_ASSERT_STRING_EQUAL(row[1].number, "13");
        CU_ASSERT(row[0].word && row[0].digits == 4711 && row[0].label == 1 && row[0].data.size == 3);
        CU_ASSERT_EQUAL(row[1].day.days, 10956);
    }
    kit_arena_release(&arena);
    return status;
}

static sqla_status view(kit_conn *db)
{
    const sqla_value *values = NULL;
    sqla_driver_result *result = NULL;
    sqla_status status = kit_exec(db, "SELECT name, number, data FROM kept", NULL, NULL, SQLA_EXEC_STREAM, &result);
    int n = 0;
    if (status != SQLA_OK)
        return status;
    do {
        status = kit_ops.result_view(result, &values, KIT_ERR);
        n += status == SQLA_OK && values != NULL;
    } while (status == SQLA_OK && values != NULL);
    kit_ops.result_close(result);
    CU_ASSERT(status != SQLA_OK || n == 2);
    return status;
}

/* The room that a connection keeps for its next result is taken by one that stays open. */
static sqla_status read_two(kit_conn *db)
{
    sqla_driver_result *first = NULL;
    sqla_status status = kit_exec(db, "SELECT name FROM kept", NULL, NULL, 0, &first);
    if (status != SQLA_OK)
        return status;
    status = fetch(db);
    if (status == SQLA_OK)
        status = view(db);
    kit_ops.result_close(first);
    return status;
}

static sqla_status prepare(kit_conn *db)
{
    static const char text[] = "SELECT name, number FROM kept WHERE name = ?";
    static const sqla_slot slot = KIT_SLOT(record, name, SQLA_TEXT, SQLA_REP_CSTR, 0);
    static const sqla_plan plan = { sizeof plan, 1, &slot };
    record r = some_record(1);
    sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { .struct_size = sizeof options };
    sqla_driver_result *result = NULL;
    kit_clear();
    sqla_status status = kit_ops.prepare(db->handle, text, strlen(text), &plan, 1, &options, &statement.prepared, KIT_ERR);
    if (status != SQLA_OK)
        return status;
    status = kit_ops.exec(db->handle, &statement, &plan, &r, &options, &result, KIT_ERR);
    if (status == SQLA_OK)
        kit_ops.result_close(result);
    kit_ops.stmt_close(statement.prepared);
    return status;
}

static sqla_status script(kit_conn *db)
{
    sqla_driver_result *result = NULL;
    sqla_status status = kit_exec(db, "BEGIN; INSERT INTO t (name) VALUES ('one'), ('two'); -- two\nSELECT * FROM t; COMMIT", NULL, NULL,
        SQLA_EXEC_SCRIPT, &result);
    if (status == SQLA_OK)
        kit_ops.result_close(result);
    else
        kit_ops.rollback(db->handle, NULL, KIT_ERR);
    return status;
}

static sqla_status read_only(kit_conn *db)
{
    sqla_txn_options options = { .struct_size = sizeof options, .flags = SQLA_TXN_READ_ONLY };
    kit_clear();
    sqla_status status = kit_ops.begin(db->handle, &options, KIT_ERR);
    if (status == SQLA_OK)
        status = kit_run(db, "INSERT INTO t (name) VALUES ('forbidden')");
    sqla_status ended = kit_ops.rollback(db->handle, &options, KIT_ERR);
    return status == SQLA_ERR_READ_ONLY && ended != SQLA_OK ? ended : status;
}

/* ---- what is there ------------------------------------------------------------------------------------------------- */

typedef struct counter { sqla_reflect_sink base; int count; } counter;

static sqla_status count_record(sqla_reflect_sink *base, uint32_t kind, const void *pushed)
{
    counter *c = (counter *)(void *)base;
    (void)kind;
    CU_ASSERT_PTR_NOT_NULL(pushed);
    c->count++;
    return SQLA_OK;
}

static sqla_status reflect(kit_conn *db)
{
    static const uint32_t kinds[] = { SQLA_REFLECT_TABLES, SQLA_REFLECT_COLUMNS, SQLA_REFLECT_FACTS };
    static const int counts[] = { 4, 19, 4 };
    sqla_status status = SQLA_OK;
    for (int i = 0; i < 3 && status == SQLA_OK; i++) {
        counter c = { { .push = count_record }, 0 };
        status = kit_ops.reflect(db->handle, kinds[i], NULL, &c.base, KIT_ERR);
        CU_ASSERT(status != SQLA_OK || c.count == counts[i]);
    }
    return status;
}

#define COUNT "SELECT count(*) FROM t"
#define DELETE "DELETE FROM t"
#define WORK(name, ...) static void name(const char *url) { static const work w = { #name, __VA_ARGS__ }; (void)url; try_all(&w); }
WORK(memory_open, open_and_close, .opens = true)
WORK(memory_open_private, open_private, .opens = true)
WORK(memory_insert, insert_one, .shows = COUNT, .undo = DELETE)
WORK(memory_insert_each, insert_each, .shows = COUNT, .undo = DELETE)
WORK(memory_insert_block, insert_block, .shows = COUNT, .undo = DELETE)
WORK(memory_insert_twice, insert_twice, .shows = COUNT, .undo = DELETE, .fails = SQLA_ERR_UNIQUE)
WORK(memory_fetch, fetch, .fails = SQLA_OK)
WORK(memory_view, view, .fails = SQLA_OK)
WORK(memory_read_two, read_two, .fails = SQLA_OK)
WORK(memory_prepare, prepare, .fails = SQLA_OK)
WORK(memory_script, script, .shows = COUNT, .undo = DELETE)
WORK(memory_read_only, read_only, .undo = DELETE, .fails = SQLA_ERR_READ_ONLY) /* and then it may write again */
WORK(memory_reflect, reflect, .fails = SQLA_OK)

int main(void)
{
    static const struct harness_test tests[] = {
        { "open and close", memory_open, HARNESS_PLAIN },
        { "a private database", memory_open_private, HARNESS_PLAIN },
        { "insert", memory_insert, HARNESS_PLAIN },
        { "a batch, row by row", memory_insert_each, HARNESS_PLAIN },
        { "a batch in blocks", memory_insert_block, HARNESS_PLAIN },
        { "a batch that fails", memory_insert_twice, HARNESS_PLAIN },
        { "fetch", memory_fetch, HARNESS_PLAIN },
        { "view", memory_view, HARNESS_PLAIN },
        { "two results at once", memory_read_two, HARNESS_PLAIN },
        { "prepare", memory_prepare, HARNESS_PLAIN },
        { "script", memory_script, HARNESS_PLAIN },
        { "read-only transaction", memory_read_only, HARNESS_PLAIN },
        { "reflect", memory_reflect, HARNESS_PLAIN },
    };
    char file[4096], why[KIT_WHY] = "";
    const char *build = getenv("BUILD");
    snprintf(file, sizeof file, "%s/plugins/.libs/sqlite.so", build != NULL ? build : ".");
    if (!take_over_memory() || !kit_load(file, why)) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    return harness_main("test-sqlite-memory", tests, sizeof tests / sizeof tests[0]);
}
