/* rows.c: reading results: batches of any size, the end that stays the end, closing halfway, views, partial plans. */
#include <config.h>
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

typedef struct item {
    int64_t id;
    int32_t n;
    const char *name;
    double x;
} item;

static const sqla_slot item_slots[] = {
    KIT_SLOT(item, id, SQLA_INT64, SQLA_REP_FIXED, 0),
    KIT_SLOT(item, n, SQLA_INT32, SQLA_REP_FIXED, 1),
    KIT_SLOT(item, name, SQLA_TEXT, SQLA_REP_CSTR, 2),
    KIT_SLOT(item, x, SQLA_FLOAT64, SQLA_REP_FIXED, 3),
};
static const sqla_plan item_plan = KIT_PLAN(item_slots);
static const char all_items[] = "SELECT [id], [n], [name], [x] FROM [conf_row] ORDER BY [id]";

enum { ITEMS = 1000 };
static kit_conn db;

static void fill(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_row");
    kit_must(&db,
        kit_sql(
            "CREATE TABLE [conf_row] ([id] %s NOT NULL PRIMARY KEY, [n] %s NOT NULL, [name] %s NOT NULL, [x] "
            "%s NOT NULL)",
            kit_type(SQLA_INT64), kit_type(SQLA_INT32), kit_type(SQLA_TEXT), kit_type(SQLA_FLOAT64)));
    EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
    for (int i = 0; i < ITEMS; i++) {
        char name[32];
        snprintf(name, sizeof name, "item %d", i);
        const item it = { i, -i, name, i / 4.0 };
        if (kit_run_with(&db, kit_sql("INSERT INTO [conf_row] ([id], [n], [name], [x]) VALUES (?, ?, ?, ?)"),
                &item_plan, &it) != SQLA_OK)
            FAIL("a row that the check needs", kit_last.message);
    }
    EXPECT(kit_commit(&db), SQLA_OK);
}

static void drop(void)
{
    kit_drop(&db, "conf_row");
    kit_close(&db);
}

static bool is_item(const item *it, int64_t i)
{
    char name[32];
    snprintf(name, sizeof name, "item %lld", (long long)i);
    return it->id == i && it->n == -i && it->x == (double)i / 4.0 && strcmp(it->name, name) == 0;
}

/* Read all by fetches of max rows; the rows lie in one array, in reverse. */
static void read_by(size_t max, uint32_t flags)
{
    static item items[ITEMS + 1];
    void *rows[ITEMS + 1];
    size_t read = 0, count = 0;
    bool end = false;
    kit_arena arena;
    sqla_driver_result *result;
    kit_arena_init(&arena);
    memset(items, 0, sizeof items);
    for (size_t i = 0; i <= ITEMS; i++)
        rows[i] = &items[ITEMS - i];
    if (!EXPECT(kit_exec(&db, all_items, NULL, NULL, flags, &result), SQLA_OK))
        return;
    while (!end && read <= ITEMS) {
        size_t room = ITEMS + 1 - read < max ? ITEMS + 1 - read : max;
        if (!EXPECT(kit_ops.result_fetch(
                        result, &item_plan, rows + read, room, &arena.base, &count, &end, KIT_ERR),
                SQLA_OK))
            break;
        CHECK(count <= room && (count > 0 || end));
        read += count;
        if (count == 0)
            break;
    }
    CHECK(end);
    conform_expect_int((long long)read, ITEMS, "how many rows come until the end", __FILE__, __LINE__);
    conform_expect_int(
        arena.calls, ITEMS, "how often the arena is asked, once for each row with texts", __FILE__, __LINE__);
    for (size_t i = 0; i < ITEMS; i++) {
        if (!is_item(&items[ITEMS - i], (int64_t)i))
            FAIL("each row comes in its place with the values that were stored",
                "another row, or other values");
    }
    kit_ops.result_close(result);
    kit_arena_release(&arena);
}

static void rows__any_batch_size(void)
{
    static const size_t sizes[] = { 1, 2, 64, 999, 1000, 1001, 1000000 };
    fill();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        read_by(sizes[i], 0);
    drop();
}

static void rows__any_batch_size_of_a_stream(void)
{
    static const size_t sizes[] = { 1, 64, 1000000 };
    fill();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        read_by(sizes[i], SQLA_EXEC_STREAM);
    drop();
}

static void rows__end_stays_the_end(void)
{
    item items[2];
    void *rows[] = { &items[0], &items[1] };
    size_t count;
    bool end;
    kit_arena arena;
    sqla_driver_result *result;
    const sqla_value *values;
    fill();
    kit_arena_init(&arena);
    if (EXPECT(kit_exec(&db, "SELECT [id], [n], [name], [x] FROM [conf_row] WHERE [id] = 3", NULL, NULL, 0,
                   &result),
            SQLA_OK)) {
        EXPECT(
            kit_ops.result_fetch(result, &item_plan, rows, 2, &arena.base, &count, &end, KIT_ERR), SQLA_OK);
        CHECK(count == 1 && end && is_item(&items[0], 3));
        for (int i = 0; i < 3; i++) {
            count = 9;
            end = false;
            EXPECT(kit_ops.result_fetch(result, &item_plan, rows, 2, &arena.base, &count, &end, KIT_ERR),
                SQLA_OK);
            CHECK(count == 0 && end);
            values = (const sqla_value *)(const void *)items;
            EXPECT(kit_ops.result_view(result, &values, KIT_ERR), SQLA_OK);
            CHECK(values == NULL);
        }
        kit_ops.result_close(result);
    }
    kit_arena_release(&arena);
    drop();
}

/* A statement with an effect is run once, however often its result is asked. */
static void rows__never_run_twice(void)
{
    struct {
        int64_t id;
    } row;
    const sqla_slot slots[] = { KIT_SLOT(
        struct { int64_t id; }, id, SQLA_INT64, SQLA_REP_FIXED, 0) };
    const sqla_plan plan = KIT_PLAN(slots);
    void *rows[] = { &row };
    sqla_driver_result *result;
    size_t count;
    bool end = false;
    fill();
    if (EXPECT(kit_exec(&db,
                   "INSERT INTO [conf_row] ([id], [n], [name], [x]) VALUES (5000, 1, 'a', 0) RETURNING [id]",
                   NULL, NULL, 0, &result),
            SQLA_OK)) {
        for (int i = 0; i < 4; i++)
            EXPECT(kit_ops.result_fetch(result, &plan, rows, 1, NULL, &count, &end, KIT_ERR), SQLA_OK);
        CHECK_INT(row.id, 5000);
        CHECK_INT(kit_ops.result_info(result)->affected, 1);
        kit_ops.result_close(result);
    }
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_row] WHERE [id] = 5000"), 1);
    drop();
}

static void rows__close_halfway(void)
{
    item it;
    void *rows[] = { &it };
    size_t count;
    bool end;
    kit_arena arena;
    sqla_driver_result *result;
    fill();
    kit_arena_init(&arena);
    for (int i = 0; i < 20; i++) {
        if (!EXPECT(
                kit_exec(&db, all_items, NULL, NULL, i % 2 == 0 ? SQLA_EXEC_STREAM : 0, &result), SQLA_OK))
            break;
        if (i % 4 != 3)
            EXPECT(kit_ops.result_fetch(result, &item_plan, rows, 1, &arena.base, &count, &end, KIT_ERR),
                SQLA_OK);
        kit_ops.result_close(result);
        CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_row]"), ITEMS);
        CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    }
    kit_arena_release(&arena);
    drop();
}

/* Columns that a plan does not name are not looked at; nor is their order that of the plan. */
static void rows__partial_plan(void)
{
    struct part {
        double x;
        const char *text;
    } part = { 0, NULL };
    const sqla_slot slots[] = { KIT_SLOT(struct part, text, SQLA_TEXT, SQLA_REP_CSTR, 2),
        KIT_SLOT(struct part, x, SQLA_FLOAT64, SQLA_REP_FIXED, 3) };
    const sqla_plan plan = KIT_PLAN(slots);
    const sqla_plan empty = { sizeof empty, 0, slots };
    void *rows[] = { &part };
    sqla_driver_result *result;
    size_t count;
    bool end;
    kit_arena arena;
    fill();
    kit_arena_init(&arena);
    if (EXPECT(kit_exec(&db, all_items, NULL, NULL, 0, &result), SQLA_OK)) {
        EXPECT(kit_ops.result_fetch(result, &empty, rows, 1, NULL, &count, &end, KIT_ERR), SQLA_OK);
        EXPECT(kit_ops.result_fetch(result, &plan, rows, 1, &arena.base, &count, &end, KIT_ERR), SQLA_OK);
        CHECK(count == 1 && part.x == 0.25 && part.text != NULL && strcmp(part.text, "item 1") == 0);
        kit_ops.result_close(result);
    }
    kit_arena_release(&arena);
    drop();
}

static void rows__no_arena_without_text(void)
{
    struct {
        int64_t id;
    } row;
    const sqla_slot slots[] = { KIT_SLOT(
        struct { int64_t id; }, id, SQLA_INT64, SQLA_REP_FIXED, 0) };
    const sqla_plan plan = KIT_PLAN(slots);
    void *rows[] = { &row };
    sqla_driver_result *result;
    size_t count;
    bool end;
    fill();
    if (EXPECT(kit_exec(&db, all_items, NULL, NULL, 0, &result), SQLA_OK)) {
        EXPECT(kit_ops.result_fetch(result, &plan, rows, 1, NULL, &count, &end, KIT_ERR), SQLA_OK);
        CHECK(count == 1 && row.id == 0);
        kit_ops.result_close(result);
    }
    drop();
}

/* What was read before the row that fails is good. */
static void rows__failure_in_the_middle(void)
{
    struct {
        int16_t n;
    } row[8];
    const sqla_slot slots[] = { KIT_SLOT(
        struct { int16_t n; }, n, SQLA_INT16, SQLA_REP_FIXED, 0) };
    const sqla_plan plan = KIT_PLAN(slots);
    void *rows[] = { &row[0], &row[1], &row[2], &row[3], &row[4], &row[5], &row[6], &row[7] };
    sqla_driver_result *result;
    size_t count = 9;
    bool end;
    fill();
    kit_must(&db, "UPDATE [conf_row] SET [n] = 70000 WHERE [id] = 5");
    if (EXPECT(kit_exec(&db, "SELECT [n] FROM [conf_row] ORDER BY [id]", NULL, NULL, 0, &result), SQLA_OK)) {
        EXPECT(kit_ops.result_fetch(result, &plan, rows, 8, NULL, &count, &end, KIT_ERR), SQLA_ERR_DATA);
        CHECK_INT(count, 5);
        CHECK_INT(kit_last.row, 6);
        CHECK(row[0].n == 0 && row[4].n == -4);
        kit_ops.result_close(result);
    }
    drop();
}

/* So it is beyond a thousand rows, and when they are read in parts. */
static void rows__failure_far_in(void)
{
    enum { WRONG = ITEMS + 100, PART = 48 };
    static int16_t values[PART];
    const sqla_slot slot = {
        .type = SQLA_INT16, .rep = SQLA_REP_FIXED, .size = 2, .set_offset = -1, .name = "n"
    };
    const sqla_plan plan = { sizeof plan, 1, &slot };
    void *rows[PART];
    sqla_driver_result *result;
    fill();
    for (size_t i = 0; i < PART; i++)
        rows[i] = &values[i];
    kit_must(
        &db, kit_sql("INSERT INTO [conf_row] ([id], [n], [name], [x]) SELECT [id] + %d, 1, [name], [x] FROM "
                     "[conf_row] WHERE [id] < 200",
                 ITEMS));
    kit_must(&db, kit_sql("UPDATE [conf_row] SET [n] = 70000 WHERE [id] = %d", WRONG));
    for (uint32_t flags = 0; flags <= SQLA_EXEC_STREAM; flags += SQLA_EXEC_STREAM) {
        size_t read = 0, count = 0;
        bool end = false;
        sqla_status status =
            kit_exec(&db, "SELECT [n] FROM [conf_row] ORDER BY [id]", NULL, NULL, flags, &result);
        if (!EXPECT(status, SQLA_OK))
            break;
        for (; status == SQLA_OK && !end && read < 2 * WRONG; read += count)
            status = kit_ops.result_fetch(result, &plan, rows, PART, NULL, &count, &end, KIT_ERR);
        EXPECT(status, SQLA_ERR_DATA);
        CHECK_INT(read, WRONG);
        CHECK_INT(kit_last.row, WRONG + 1);
        kit_ops.result_close(result);
    }
    drop();
}

static void rows__view(void)
{
    sqla_driver_result *result;
    const sqla_value *values = NULL;
    int64_t n = 0;
    fill();
    if (EXPECT(kit_exec(&db, "SELECT [id], [name], [x], NULL FROM [conf_row] ORDER BY [id]", NULL, NULL,
                   SQLA_EXEC_STREAM, &result),
            SQLA_OK)) {
        const sqla_result_info *info = kit_ops.result_info(result);
        CHECK_INT(info->column_count, 4);
        CHECK(info->column_count == 4 && strcmp(info->columns[1].name, "name") == 0);
        while (
            EXPECT(kit_ops.result_view(result, &values, KIT_ERR), SQLA_OK) && values != NULL && n <= ITEMS) {
            char name[32];
            snprintf(name, sizeof name, "item %lld", (long long)n);
            CHECK(values[0].type == SQLA_INT64 && values[0].as.i64 == n);
            CHECK(values[1].type == SQLA_TEXT && strcmp(values[1].as.bytes.data, name) == 0 &&
                  values[1].as.bytes.size == strlen(name));
            CHECK(values[2].type == SQLA_FLOAT64 && values[2].as.f64 == (double)n / 4.0);
            CHECK_INT(values[3].type, SQLA_NULL);
            n++;
        }
        CHECK_INT(n, ITEMS);
        kit_ops.result_close(result);
    }
    drop();
}

static void rows__info(void)
{
    sqla_driver_result *result;
    fill();
    if (EXPECT(kit_exec(&db, "UPDATE [conf_row] SET [n] = 1 WHERE [id] < 10", NULL, NULL, 0, &result),
            SQLA_OK)) {
        CHECK_INT(kit_ops.result_info(result)->column_count, 0);
        CHECK_INT(kit_ops.result_info(result)->affected, 10);
        kit_ops.result_close(result);
    }
    if (EXPECT(kit_exec(&db, kit_sql("CREATE TABLE [conf_row_more] ([a] %s)", kit_type(SQLA_INT32)), NULL,
                   NULL, 0, &result),
            SQLA_OK)) {
        CHECK(kit_ops.result_info(result)->affected <= 0);
        kit_ops.result_close(result);
    }
    if (EXPECT(kit_exec(&db, "DELETE FROM [conf_row] WHERE [id] < 0", NULL, NULL, 0, &result), SQLA_OK)) {
        CHECK_INT(kit_ops.result_info(result)->affected, 0);
        kit_ops.result_close(result);
    }
    kit_drop(&db, "conf_row_more");
    drop();
}

/* ---- prepared statements --------------------------------------------------------------------------------------- */

static void rows__prepared(void)
{
    struct param {
        int64_t id;
    } param;
    const sqla_slot slots[] = { KIT_SLOT(struct param, id, SQLA_INT64, SQLA_REP_FIXED, 0) };
    const sqla_plan plan = KIT_PLAN(slots);
    const sqla_exec_options options = { sizeof options, 0, 0 };
    item it;
    void *rows[] = { &it };
    size_t count;
    bool end;
    kit_arena arena;
    sqla_driver_result *result;
    fill();
    const char *text = kit_sql("SELECT [id], [n], [name], [x] FROM [conf_row] WHERE [id] = ?");
    sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    kit_arena_init(&arena);
    kit_clear();
    if (EXPECT(
            kit_ops.prepare(db.handle, text, strlen(text), &plan, 1, &options, &statement.prepared, KIT_ERR),
            SQLA_OK)) {
        for (param.id = 0; param.id < 50; param.id++) {
            if (!EXPECT(
                    kit_ops.exec(db.handle, &statement, &plan, &param, &options, &result, KIT_ERR), SQLA_OK))
                break;
            EXPECT(kit_ops.result_fetch(result, &item_plan, rows, 1, &arena.base, &count, &end, KIT_ERR),
                SQLA_OK);
            CHECK(count == 1 && is_item(&it, param.id));
            kit_ops.result_close(result);
        }
        kit_ops.stmt_close(statement.prepared);
    }
    kit_arena_release(&arena);
    drop();
}

/* A result whose statement is run again is stale, and says so instead of giving rows of the other run. A driver with one
 * open result at a time refuses the second run instead. */
static void rows__prepared_run_again(void)
{
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_result *first, *second;
    item it;
    void *rows[] = { &it };
    size_t count = 9;
    bool end;
    kit_arena arena;
    fill();
    kit_arena_init(&arena);
    const char *text = kit_named(all_items);
    sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    kit_clear();
    if (EXPECT(
            kit_ops.prepare(db.handle, text, strlen(text), NULL, 1, &options, &statement.prepared, KIT_ERR),
            SQLA_OK)) {
        EXPECT(kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &first, KIT_ERR), SQLA_OK);
        EXPECT(kit_ops.result_fetch(first, &item_plan, rows, 1, &arena.base, &count, &end, KIT_ERR), SQLA_OK);
        sqla_status status = kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &second, KIT_ERR);
        CHECK(status == SQLA_OK || status == SQLA_ERR_BUSY);
        if (status == SQLA_OK) {
            kit_clear();
            status = kit_ops.result_fetch(first, &item_plan, rows, 1, &arena.base, &count, &end, KIT_ERR);
            CHECK((status == SQLA_ERR_MISUSE && count == 0) || (status == SQLA_OK && is_item(&it, 1)));
            EXPECT(
                kit_ops.result_fetch(second, &item_plan, rows, 1, &arena.base, &count, &end, NULL), SQLA_OK);
            CHECK(is_item(&it, 0));
            kit_ops.result_close(second);
        }
        kit_ops.result_close(first);
        kit_ops.stmt_close(statement.prepared);
    }
    kit_arena_release(&arena);
    drop();
}

/* Two columns, of which the second one is new, whatever is remembered of the time when there was one. */
static void has_two_columns(sqla_driver_result *result)
{
    const sqla_value *values = NULL;
    CHECK_INT(kit_ops.result_info(result)->column_count, 2);
    if (EXPECT(kit_ops.result_view(result, &values, KIT_ERR), SQLA_OK) && values != NULL &&
        kit_ops.result_info(result)->column_count == 2)
        CHECK(values[0].type == SQLA_INT64 && values[0].as.i64 == 1 && values[1].type == SQLA_NULL);
    CHECK(values != NULL);
    kit_ops.result_close(result);
}

/* A statement that was prepared before may be refused, but shows no columns of the past. */
static void rows__column_added(void)
{
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_result *result;
    kit_must_open(&db);
    kit_drop(&db, "conf_row");
    kit_must(&db, kit_sql("CREATE TABLE [conf_row] ([a] %s)", kit_type(SQLA_INT64)));
    kit_must(&db, "INSERT INTO [conf_row] ([a]) VALUES (1)");
    const char *text = kit_named("SELECT * FROM [conf_row]");
    sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    kit_clear();
    if (kit_ops.prepare != NULL)
        EXPECT(
            kit_ops.prepare(db.handle, text, strlen(text), NULL, 1, &options, &statement.prepared, KIT_ERR),
            SQLA_OK);
    if (EXPECT(kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &result, KIT_ERR), SQLA_OK)) {
        CHECK_INT(kit_ops.result_info(result)->column_count, 1);
        kit_ops.result_close(result);
    }
    bool added =
        kit_run(&db, kit_sql("ALTER TABLE [conf_row] ADD COLUMN [b] %s", kit_type(SQLA_INT64))) == SQLA_OK;
    kit_clear();
    if (added && kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &result, KIT_ERR) == SQLA_OK)
        has_two_columns(result);
    else if (added)
        CHECK_INT(kit_last.calls, 1);
    if (statement.prepared != NULL)
        kit_ops.stmt_close(statement.prepared);
    if (added && EXPECT(kit_exec(&db, "SELECT * FROM [conf_row]", NULL, NULL, 0, &result), SQLA_OK))
        has_two_columns(result);
    drop();
    if (!added)
        conform_unsupported("the database does not take ALTER TABLE ... ADD COLUMN");
}

static void rows__several_open(void)
{
    sqla_driver_result *first, *second;
    item a, b;
    void *first_row[] = { &a }, *second_row[] = { &b };
    size_t count;
    bool end;
    kit_arena arena;
    fill();
    kit_arena_init(&arena);
    EXPECT(kit_exec(&db, all_items, NULL, NULL, SQLA_EXEC_STREAM, &first), SQLA_OK);
    sqla_status status = kit_exec(&db, all_items, NULL, NULL, SQLA_EXEC_STREAM, &second);
    if (status != SQLA_OK)
        EXPECT(status, SQLA_ERR_BUSY);
    for (int i = 0; status == SQLA_OK && i < 10; i++) {
        EXPECT(kit_ops.result_fetch(first, &item_plan, first_row, 1, &arena.base, &count, &end, KIT_ERR),
            SQLA_OK);
        EXPECT(kit_ops.result_fetch(second, &item_plan, second_row, 1, &arena.base, &count, &end, KIT_ERR),
            SQLA_OK);
        CHECK(is_item(&a, i) && is_item(&b, i));
    }
    if (status == SQLA_OK)
        kit_ops.result_close(second);
    kit_ops.result_close(first);
    kit_arena_release(&arena);
    kit_drop(&db, "conf_row");
    kit_agrees(
        &db, SQLA_FEATURE_MULTIPLE_RESULTS, status == SQLA_OK, "other statements run while a result streams");
    kit_close(&db);
}

/* The texts of one row stay as they are while the next ones are read; those of a view until the next call. */
static void rows__borrowed_texts(void)
{
    item items[100];
    void *rows[100];
    const sqla_value *values = NULL;
    sqla_driver_result *result;
    size_t count = 0, more = 0;
    bool end;
    kit_arena arena;
    fill();
    kit_arena_init(&arena);
    for (size_t i = 0; i < 100; i++)
        rows[i] = &items[i];
    if (EXPECT(kit_exec(&db, all_items, NULL, NULL, 0, &result), SQLA_OK)) {
        EXPECT(
            kit_ops.result_fetch(result, &item_plan, rows, 50, &arena.base, &count, &end, KIT_ERR), SQLA_OK);
        EXPECT(kit_ops.result_fetch(result, &item_plan, rows + count, 50, &arena.base, &more, &end, KIT_ERR),
            SQLA_OK);
        EXPECT(kit_ops.result_view(result, &values, KIT_ERR), SQLA_OK);
        CHECK(kit_ops.result_info(result)->column_count == 4);
        CHECK(values != NULL && values[2].type == SQLA_TEXT &&
              strcmp(values[2].as.bytes.data, "item 100") == 0);
        kit_ops.result_close(result);
    }
    kit_close(&db); /* and longer than all the driver has */
    CHECK_INT(count + more, 100);
    for (size_t i = 0; i < count + more; i++)
        CHECK(is_item(&items[i], (int64_t)i));
    kit_arena_release(&arena);
    kit_must_open(&db);
    drop();
}

/* What is written into rows is the caller's: it lies in the arena, all of one row in one piece. */
static void rows__texts_in_the_arena(void)
{
    item items[64];
    void *rows[64];
    sqla_driver_result *result;
    size_t count = 0;
    bool end;
    kit_arena arena;
    fill();
    kit_arena_init(&arena);
    for (size_t i = 0; i < 64; i++)
        rows[i] = &items[i];
    if (EXPECT(kit_exec(&db, all_items, NULL, NULL, 0, &result), SQLA_OK)) {
        EXPECT(
            kit_ops.result_fetch(result, &item_plan, rows, 64, &arena.base, &count, &end, KIT_ERR), SQLA_OK);
        kit_ops.result_close(result);
    }
    CHECK_INT(arena.calls, count);
    for (size_t i = 0; i < count; i++)
        CHECK(kit_arena_owns(&arena, items[i].name));
    kit_arena_release(&arena);
    drop();
}

/* Not a byte beyond the rows that were asked for. */
static void rows__no_more_than_asked(void)
{
    struct {
        int64_t id;
    } row[8];
    const sqla_slot slots[] = { KIT_SLOT(
        struct { int64_t id; }, id, SQLA_INT64, SQLA_REP_FIXED, 0) };
    const sqla_plan plan = KIT_PLAN(slots);
    void *rows[8];
    sqla_driver_result *result;
    size_t count = 0;
    bool end = true;
    fill();
    for (size_t i = 0; i < 8; i++) {
        rows[i] = &row[i];
        row[i].id = -7;
    }
    if (EXPECT(kit_exec(&db, "SELECT [id] FROM [conf_row] ORDER BY [id]", NULL, NULL, 0, &result), SQLA_OK)) {
        EXPECT(kit_ops.result_fetch(result, &plan, rows, 5, NULL, &count, &end, KIT_ERR), SQLA_OK);
        CHECK_INT(count, 5);
        CHECK(!end);
        CHECK(row[4].id == 4);
        CHECK(row[5].id == -7 && row[6].id == -7 && row[7].id == -7);
        kit_ops.result_close(result);
    }
    drop();
}

/* A stream lies in bounded memory, and what is left of it costs nothing to give up. */
static void rows__long_stream(void)
{
    enum { ROWS = 100000 };
    const sqla_value *values = NULL;
    sqla_driver_result *result;
    sqla_status status = SQLA_OK;
    long read = 0, held[3] = { 0 }; /* at a tenth, at the half, and at the end */
    kit_must_open(&db);
    if (EXPECT(kit_exec(&db, kit_many_rows(), NULL, NULL, SQLA_EXEC_STREAM, &result), SQLA_OK)) {
        while (status == SQLA_OK && read < ROWS) {
            status = kit_ops.result_view(result, &values, KIT_ERR);
            REQUIRE(status != SQLA_OK || values != NULL);
            if (++read == ROWS / 10 || read == ROWS / 2)
                held[read == ROWS / 2] = process_memory();
        }
        EXPECT(status, SQLA_OK);
        held[2] = process_memory();
        CHECK(held[1] - held[0] < 4 << 20 || held[2] - held[1] < 4 << 20); /* caches fill once */
        int64_t start = kit_now();
        kit_ops.result_close(result);
        CHECK(kit_now() - start < 5000000000);
    }
    CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    kit_close(&db);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

const conform_check conform_row_checks[] = {
    { "row-01", "rows are the same by one, by some, and by a million at once", NEEDS_DATABASE, 0,
        rows__any_batch_size },
    { "row-02", "the end stays the end", NEEDS_DATABASE, 0, rows__end_stays_the_end },
    { "row-03", "what has an effect is run once", NEEDS_DATABASE, SQLA_FEATURE_RETURNING,
        rows__never_run_twice },
    { "row-04", "a result may be closed at any place", NEEDS_DATABASE, 0, rows__close_halfway },
    { "row-05", "a plan names the columns that are read", NEEDS_DATABASE, 0, rows__partial_plan },
    { "row-06", "no arena is asked without texts", NEEDS_DATABASE, 0, rows__no_arena_without_text },
    { "row-07", "rows before the one that fails are good, and its number is told", NEEDS_DATABASE, 0,
        rows__failure_in_the_middle },
    { "row-18", "a column that was added is there", NEEDS_DATABASE, 0, rows__column_added },
    { "row-19", "a row beyond a thousand that fails is told by its number", NEEDS_DATABASE, 0,
        rows__failure_far_in },
    { "row-08", "views show what fetches write", NEEDS_DATABASE, 0, rows__view },
    { "row-09", "a result tells its shape and the rows that it changed", NEEDS_DATABASE, 0, rows__info },
    { "row-10", "a prepared statement, again and again", NEEDS_DATABASE | NEEDS_PREPARE, 0, rows__prepared },
    { "row-11", "a statement that is run again makes its old result stale", NEEDS_DATABASE | NEEDS_PREPARE, 0,
        rows__prepared_run_again },
    { "row-12", "other statements while a result streams, as declared", NEEDS_DATABASE, 0,
        rows__several_open },
    { "row-13", "texts stay as they are as long as they are lent", NEEDS_DATABASE, 0, rows__borrowed_texts },
    { "row-14", "no more rows than were asked for", NEEDS_DATABASE, 0, rows__no_more_than_asked },
    { "row-15", "a long stream takes bounded memory", NEEDS_DATABASE, 0, rows__long_stream },
    { "row-16", "streamed rows are the same by one, by some, and by a million", NEEDS_DATABASE, 0,
        rows__any_batch_size_of_a_stream },
    { "row-17", "texts in rows lie in the arena", NEEDS_DATABASE, 0, rows__texts_in_the_arena },
    { NULL, NULL, 0, 0, NULL },
};
