/* batch.c: execute_many in each of its modes does what a loop of single statements does, and the keys come back. */
#include <config.h>
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct item {
    int64_t id;
    int32_t n;
    const char *name;
    double x;
    bool has_x;
} item;

static const char *const columns[] = { "n", "name", "x" };
static const sqla_type types[] = { SQLA_INT32, SQLA_TEXT, SQLA_FLOAT64 };

static const sqla_slot insert_slots[] = {
    KIT_SLOT(item, n, SQLA_INT32, SQLA_REP_FIXED, 0),
    KIT_SLOT(item, name, SQLA_TEXT, SQLA_REP_CSTR, 1),
    { .type = SQLA_FLOAT64,
        .rep = SQLA_REP_FIXED,
        .flags = SQLA_SLOT_NULLABLE,
        .column = 2,
        .offset = offsetof(item, x),
        .size = 8,
        .set_offset = offsetof(item, has_x),
        .name = "x" },
};
static const sqla_plan insert_plan = KIT_PLAN(insert_slots);
static const sqla_slot key_slots[] = { KIT_SLOT(item, id, SQLA_INT64, SQLA_REP_FIXED, 0) };
static const sqla_plan key_plan = KIT_PLAN(key_slots);
/* n and name, then the key. */
static const sqla_slot update_slots[] = {
    KIT_SLOT(item, n, SQLA_INT32, SQLA_REP_FIXED, 0),
    KIT_SLOT(item, name, SQLA_TEXT, SQLA_REP_CSTR, 1),
    KIT_SLOT(item, id, SQLA_INT64, SQLA_REP_FIXED, 2),
};
static const sqla_plan update_plan = KIT_PLAN(update_slots);
static const sqla_plan delete_plan = KIT_PLAN(key_slots);

enum { MOST = 3000, NAME = 24 };
static item items[MOST];
static char names[MOST][NAME];
static void *rows[MOST];
static kit_conn db;

/* Rows are scattered, as objects are. */
static void make_items(void)
{
    for (int i = 0; i < MOST; i++) {
        int at = (int)((unsigned)i * 1237u % MOST);
        snprintf(names[i], NAME, "n\xc3\xa4me %d", i);
        names[i][i % 50 == 0 ? 0 : NAME - 1] = '\0'; /* some are empty */
        items[at] = (item){ 0, i * 3, names[i], i / 8.0, i % 7 != 0 };
        rows[i] = &items[at];
    }
}

static void begin_batch(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_batch");
    kit_must(&db, kit_sql("CREATE TABLE [conf_batch] ([id] %s%s, [n] %s NOT NULL CHECK ([n] <> -666), [name] "
                          "%s NOT NULL, [x] %s)",
                      kit_traits->generated_key, kit_traits->generated_key_is_primary ? "" : " PRIMARY KEY",
                      kit_type(SQLA_INT32), kit_type(SQLA_TEXT), kit_type(SQLA_FLOAT64)));
    make_items();
}

static void end_batch(void)
{
    kit_drop(&db, "conf_batch");
    kit_close(&db);
}

static sqla_status run_batch(const char *text, sqla_batch *batch, bool prepared)
{
    const sqla_exec_options options = { sizeof options,
        batch->mode == SQLA_BATCH_COLUMNS ? SQLA_EXEC_COLUMNS : 0, 0 };
    sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    kit_arena arena;
    kit_arena_init(&arena);
    kit_clear();
    batch->struct_size = sizeof *batch;
    batch->arena = &arena.base;
    uint32_t block = batch->mode == SQLA_BATCH_BLOCK ? batch->rows_per_statement : 1;
    sqla_status status = SQLA_OK;
    if (prepared && kit_ops.prepare != NULL)
        status = kit_ops.prepare(
            db.handle, text, strlen(text), batch->plan, block, &options, &statement.prepared, KIT_ERR);
    if (status == SQLA_OK)
        status = kit_ops.execute_many(db.handle, &statement, batch, &options, KIT_ERR);
    if (statement.prepared != NULL)
        kit_ops.stmt_close(statement.prepared);
    kit_arena_release(&arena);
    return status;
}

/* ---- what is in the table -------------------------------------------------------------------------------------- */

/* Each row is there with its key, in the right struct. */
static void check_rows(size_t n, bool keys)
{
    struct found {
        int64_t id;
        int32_t n;
        char name[NAME];
        double x;
        bool has_x;
    } found;
    const sqla_slot slots[] = {
        KIT_SLOT(struct found, id, SQLA_INT64, SQLA_REP_FIXED, 0),
        KIT_SLOT(struct found, n, SQLA_INT32, SQLA_REP_FIXED, 1),
        KIT_SLOT(struct found, name, SQLA_TEXT, SQLA_REP_CHARS, 2),
        { .type = SQLA_FLOAT64,
            .rep = SQLA_REP_FIXED,
            .flags = SQLA_SLOT_NULLABLE,
            .column = 3,
            .offset = offsetof(struct found, x),
            .size = 8,
            .set_offset = offsetof(struct found, has_x),
            .name = "x" },
    };
    const sqla_plan plan = KIT_PLAN(slots);
    void *into[] = { &found };
    sqla_driver_result *result;
    size_t count, i = 0, wrong = 0;
    bool end = false;
    if (!EXPECT(kit_exec(&db, "SELECT [id], [n], [name], [x] FROM [conf_batch] ORDER BY [n]", NULL, NULL, 0,
                    &result),
            SQLA_OK))
        return;
    while (
        !end && EXPECT(kit_ops.result_fetch(result, &plan, into, 1, NULL, &count, &end, KIT_ERR), SQLA_OK)) {
        const item *sent = i < n ? rows[i] : NULL;
        if (count == 1) {
            i++;
            wrong += sent == NULL || found.n != sent->n || strcmp(found.name, sent->name) != 0 ||
                     found.has_x != sent->has_x || (found.has_x && found.x != sent->x) ||
                     (keys && found.id != sent->id);
        }
    }
    conform_expect_int((long long)i, (long long)n, "how many rows are in the table", __FILE__, __LINE__);
    conform_expect_int((long long)wrong, 0,
        keys ? "rows that differ from what was sent, or lie under another key than their struct got"
             : "rows that differ from what was sent",
        __FILE__, __LINE__);
    kit_ops.result_close(result);
}

static const char *insert_each(const char *returning)
{
    return kit_sql("INSERT INTO [conf_batch] ([n], [name], [x]) VALUES (?, ?, ?)%s", returning);
}

/* ---- inserts --------------------------------------------------------------------------------------------------- */

static void batch__each(void)
{
    static const size_t counts[] = { 0, 1, 2, 64, 65, 1000, MOST };
    begin_batch();
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        sqla_batch batch = { .mode = SQLA_BATCH_EACH,
            .plan = &insert_plan,
            .rows = rows,
            .count = counts[i],
            .rows_per_statement = 1 };
        EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
        EXPECT(run_batch(insert_each(""), &batch, i % 2 == 0), SQLA_OK);
        CHECK_INT(batch.affected, (int64_t)counts[i]);
        CHECK_INT(batch.unmatched, -1);
        EXPECT(kit_commit(&db), SQLA_OK);
        check_rows(counts[i], false);
        kit_must(&db, "DELETE FROM [conf_batch]");
    }
    end_batch();
}

static void batch__each_with_returned_keys(void)
{
    begin_batch();
    sqla_batch batch = { .mode = SQLA_BATCH_EACH,
        .plan = &insert_plan,
        .rows = rows,
        .count = 500,
        .rows_per_statement = 1,
        .key_source = SQLA_KEY_RETURNED,
        .keys = &key_plan };
    EXPECT(run_batch(insert_each(" RETURNING [id]"), &batch, true), SQLA_OK);
    CHECK_INT(batch.affected, 500);
    check_rows(500, true);
    end_batch();
}

static void batch__each_with_last_id(void)
{
    begin_batch();
    sqla_batch batch = { .mode = SQLA_BATCH_EACH,
        .plan = &insert_plan,
        .rows = rows,
        .count = 500,
        .rows_per_statement = 1,
        .key_source = SQLA_KEY_LAST_ID,
        .keys = &key_plan };
    EXPECT(run_batch(insert_each(""), &batch, true), SQLA_OK);
    check_rows(500, true);
    end_batch();
}

static void insert_by_block(size_t n, uint32_t block, bool keys)
{
    bool last_id = kit_feature(&db, SQLA_FEATURE_LAST_ID),
         ordered = kit_feature(&db, SQLA_FEATURE_RETURNING | SQLA_FEATURE_ORDERED_RETURNING);
    if (keys && !last_id && !ordered)
        return;
    sqla_batch batch = { .mode = SQLA_BATCH_BLOCK,
        .plan = &insert_plan,
        .rows = rows,
        .count = n,
        .rows_per_statement = block,
        .key_source = !keys     ? SQLA_KEY_NONE
                      : last_id ? SQLA_KEY_LAST_ID
                                : SQLA_KEY_RETURNED,
        .keys = keys ? &key_plan : NULL };
    const char *text = kit_fill(kit_traits->insert_block, "conf_batch", columns, types, 3, block, NULL,
        SQLA_NULL, keys && !last_id ? "id" : NULL);
    kit_must(&db, "DELETE FROM [conf_batch]");
    EXPECT(run_batch(text, &batch, true), SQLA_OK);
    CHECK_INT(batch.affected, (int64_t)n);
    check_rows(n, keys);
}

static void batch__block(void)
{
    begin_batch();
    if (kit_traits->insert_block == NULL)
        conform_unsupported("the trait 'insert_block' is empty");
    insert_by_block(MOST / kit_traits->insert_block_rows * kit_traits->insert_block_rows,
        kit_traits->insert_block_rows, false);
    insert_by_block(MOST / kit_traits->insert_block_rows * kit_traits->insert_block_rows,
        kit_traits->insert_block_rows, true);
    insert_by_block(12, 3, true);
    insert_by_block(5, 1, true);
    insert_by_block(0, 10, true);
    end_batch();
}

static void batch__columns(void)
{
    static const size_t counts[] = { 1, 3, 1000, MOST };
    begin_batch();
    if (kit_traits->insert_columns == NULL)
        conform_unsupported("the trait 'insert_columns' is empty");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        bool keys = kit_feature(&db, SQLA_FEATURE_RETURNING | SQLA_FEATURE_ORDERED_RETURNING) && i % 2 == 1;
        sqla_batch batch = { .mode = SQLA_BATCH_COLUMNS,
            .plan = &insert_plan,
            .rows = rows,
            .count = counts[i],
            .rows_per_statement = 1,
            .key_source = keys ? SQLA_KEY_RETURNED : SQLA_KEY_NONE,
            .keys = keys ? &key_plan : NULL };
        const char *text = kit_fill(kit_traits->insert_columns, "conf_batch", columns, types, 3, 1, NULL,
            SQLA_NULL, keys ? "id" : NULL);
        EXPECT(run_batch(text, &batch, true), SQLA_OK);
        CHECK_INT(batch.affected, (int64_t)counts[i]);
        check_rows(counts[i], keys);
        kit_must(&db, "DELETE FROM [conf_batch]");
    }
    end_batch();
}

/* ---- updates and deletes --------------------------------------------------------------------------------------- */

static void insert_all(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((item *)rows[i])->id = (int64_t)i + 1;
        struct with_id {
            int64_t id;
            int32_t n;
            const char *name;
            double x;
            bool has_x;
        } *row = rows[i];
        const sqla_slot slots[] = { insert_slots[0], insert_slots[1], insert_slots[2],
            { .type = SQLA_INT64,
                .rep = SQLA_REP_FIXED,
                .column = 3,
                .offset = offsetof(item, id),
                .size = 8,
                .set_offset = -1,
                .name = "id" } };
        const sqla_plan plan = KIT_PLAN(slots);
        if (!EXPECT(kit_run_with(&db,
                        kit_sql("INSERT INTO [conf_batch] ([n], [name], [x], [id]) VALUES (?, ?, ?, ?)"),
                        &plan, row),
                SQLA_OK))
            return;
    }
}

static void change_items(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        item *it = rows[i];
        it->n += 1;
        snprintf(names[i], NAME, "changed %zu", i);
        it->name = names[i];
    }
}

static sqla_status update_by(sqla_batch_mode mode, size_t n, uint32_t block, sqla_batch *batch)
{
    const char *template = mode == SQLA_BATCH_BLOCK ? kit_traits->update_block : kit_traits->update_columns;
    const char *text =
        mode == SQLA_BATCH_EACH
            ? kit_sql("UPDATE [conf_batch] SET [n] = ?, [name] = ? WHERE [id] = ?")
            : kit_fill(template, "conf_batch", columns, types, 2, block, "id", SQLA_INT64, NULL);
    *batch = (sqla_batch){
        .mode = mode, .plan = &update_plan, .rows = rows, .count = n, .rows_per_statement = block
    };
    return run_batch(text, batch, true);
}

static sqla_status delete_by(sqla_batch_mode mode, size_t n, uint32_t block, sqla_batch *batch)
{
    const char *template = mode == SQLA_BATCH_BLOCK ? kit_traits->delete_block : kit_traits->delete_columns;
    const char *text = mode == SQLA_BATCH_EACH ? kit_sql("DELETE FROM [conf_batch] WHERE [id] = ?")
                                               : kit_fill(template, "conf_batch", columns, types, 0, block,
                                                     "id", SQLA_INT64, NULL);
    *batch = (sqla_batch){
        .mode = mode, .plan = &delete_plan, .rows = rows, .count = n, .rows_per_statement = block
    };
    return run_batch(text, batch, true);
}

static void batch__update_and_delete(void)
{
    static const sqla_batch_mode modes[] = { SQLA_BATCH_EACH, SQLA_BATCH_BLOCK, SQLA_BATCH_COLUMNS };
    enum { N = 400, BLOCK = 100 };
    sqla_batch batch;
    begin_batch();
    for (size_t i = 0; i < 3; i++) {
        bool updates = i == 0 || (i == 1 ? kit_traits->update_block : kit_traits->update_columns) != NULL;
        bool deletes = i == 0 || (i == 1 ? kit_traits->delete_block : kit_traits->delete_columns) != NULL;
        make_items();
        insert_all(N);
        if (updates) {
            change_items(N);
            EXPECT(update_by(modes[i], N, BLOCK, &batch), SQLA_OK);
            CHECK_INT(batch.affected, N);
            check_rows(N, true);
        }
        if (deletes) {
            EXPECT(delete_by(modes[i], N - BLOCK, BLOCK, &batch), SQLA_OK);
            CHECK_INT(batch.affected, N - BLOCK);
            CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_batch]"), BLOCK);
        }
        kit_must(&db, "DELETE FROM [conf_batch]");
    }
    end_batch();
}

/* A row that is not there is told, by its number where rows go one by one, by the count otherwise. */
static void batch__unmatched(void)
{
    static const sqla_batch_mode modes[] = { SQLA_BATCH_EACH, SQLA_BATCH_BLOCK, SQLA_BATCH_COLUMNS };
    sqla_batch batch;
    begin_batch();
    insert_all(20);
    kit_must(&db, "DELETE FROM [conf_batch] WHERE [id] = 8");
    for (size_t i = 0; i < 3; i++) {
        if (i > 0 && (i == 1 ? kit_traits->update_block : kit_traits->update_columns) == NULL)
            continue;
        EXPECT(update_by(modes[i], 20, 10, &batch), SQLA_OK);
        CHECK_INT(batch.affected, 19);
        CHECK_INT(batch.unmatched, i == 0 ? 7 : -1);
    }
    end_batch();
}

/* ---- failures -------------------------------------------------------------------------------------------------- */

/* Row 75 breaks the CHECK. After the rollback nothing is left, and the connection works. */
static void fail_by(sqla_batch_mode mode, uint32_t block, const char *text)
{
    sqla_batch batch = {
        .mode = mode, .plan = &insert_plan, .rows = rows, .count = 100, .rows_per_statement = block
    };
    ((item *)rows[75])->n = -666;
    EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
    EXPECT(run_batch(text, &batch, true), SQLA_ERR_CHECK);
    CHECK(kit_last.row == 76 || (kit_last.row == 0 && mode != SQLA_BATCH_EACH));
    EXPECT(kit_rollback(&db), SQLA_OK);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_batch]"), 0);
}

static void batch__failures(void)
{
    begin_batch();
    fail_by(SQLA_BATCH_EACH, 1, insert_each(""));
    if (kit_traits->insert_block != NULL)
        fail_by(SQLA_BATCH_BLOCK, 50,
            kit_fill(kit_traits->insert_block, "conf_batch", columns, types, 3, 50, NULL, SQLA_NULL, NULL));
    if (kit_traits->insert_columns != NULL)
        fail_by(SQLA_BATCH_COLUMNS, 1,
            kit_fill(kit_traits->insert_columns, "conf_batch", columns, types, 3, 1, NULL, SQLA_NULL, NULL));
    end_batch();
}

/* So it is beyond a thousand rows, where a driver may send them in parts. */
static void fail_far_by(sqla_batch_mode mode, uint32_t block, const char *text)
{
    static const size_t wrong[] = { 1000, 1001, 2047, MOST - 1 };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        make_items();
        sqla_batch batch = {
            .mode = mode, .plan = &insert_plan, .rows = rows, .count = MOST, .rows_per_statement = block
        };
        ((item *)rows[wrong[i]])->n = -666;
        EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
        EXPECT(run_batch(text, &batch, true), SQLA_ERR_CHECK);
        bool may_not_know = kit_last.row == 0 && mode != SQLA_BATCH_EACH;
        CHECK_INT(kit_last.row, may_not_know ? 0 : (int64_t)wrong[i] + 1);
        EXPECT(kit_rollback(&db), SQLA_OK);
    }
}

static void batch__far_failures(void)
{
    begin_batch();
    fail_far_by(SQLA_BATCH_EACH, 1, insert_each(""));
    if (kit_traits->insert_block != NULL)
        fail_far_by(SQLA_BATCH_BLOCK, 50,
            kit_fill(kit_traits->insert_block, "conf_batch", columns, types, 3, 50, NULL, SQLA_NULL, NULL));
    if (kit_traits->insert_columns != NULL)
        fail_far_by(SQLA_BATCH_COLUMNS, 1,
            kit_fill(kit_traits->insert_columns, "conf_batch", columns, types, 3, 1, NULL, SQLA_NULL, NULL));
    end_batch();
}

static void batch__bad_value(void)
{
    begin_batch();
    sqla_batch batch = {
        .mode = SQLA_BATCH_EACH, .plan = &insert_plan, .rows = rows, .count = 10, .rows_per_statement = 1
    };
    ((item *)rows[6])->name = "bad \xff";
    EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
    EXPECT(run_batch(insert_each(""), &batch, true), SQLA_ERR_DATA);
    CHECK_INT(kit_last.row, 7);
    CHECK_TEXT(kit_last.column, "name");
    EXPECT(kit_rollback(&db), SQLA_OK);
    ((item *)rows[6])->name = NULL;
    EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
    EXPECT(run_batch(insert_each(""), &batch, true), SQLA_ERR_NOT_NULL);
    CHECK_INT(kit_last.row, 7);
    EXPECT(kit_rollback(&db), SQLA_OK);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_batch]"), 0);
    end_batch();
}

/* A mode for which there is no template is refused, or works; it is never done wrong. */
static void batch__mode_that_is_not_there(void)
{
    begin_batch();
    if (kit_traits->insert_columns == NULL && kit_traits->update_columns == NULL) {
        sqla_batch batch = { .mode = SQLA_BATCH_COLUMNS,
            .plan = &insert_plan,
            .rows = rows,
            .count = 4,
            .rows_per_statement = 1 };
        EXPECT(run_batch(insert_each(""), &batch, false), SQLA_ERR_UNSUPPORTED);
    }
    sqla_batch unknown = {
        .mode = 99, .plan = &insert_plan, .rows = rows, .count = 4, .rows_per_statement = 1
    };
    EXPECT(run_batch(insert_each(""), &unknown, false), SQLA_ERR_UNSUPPORTED);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_batch]"), 0);
    end_batch();
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

enum { MANY = NEEDS_DATABASE | NEEDS_EXECUTE_MANY };
const conform_check conform_batch_checks[] = {
    { "dml-01", "generated keys come back as the last id", MANY, SQLA_FEATURE_LAST_ID,
        batch__each_with_last_id },
    { "dml-04", "generated keys come back by RETURNING, row by row", MANY, SQLA_FEATURE_RETURNING,
        batch__each_with_returned_keys },
    { "dml-05", "thousands of rows in blocks, with their keys", MANY, 0, batch__block },
    { "dml-06", "thousands of rows as columns, with their keys", MANY, 0, batch__columns },
    { "dml-07", "a mode that is not there is refused", MANY, 0, batch__mode_that_is_not_there },
    { "dml-08", "updates and deletes in each mode tell their rows", MANY, 0, batch__update_and_delete },
    { "dml-09", "a batch does what a loop does", MANY, 0, batch__each },
    { "dml-11", "a row that is not there is told", MANY, 0, batch__unmatched },
    { "dml-12", "a failure in a batch names its row, and is undone", MANY, 0, batch__failures },
    { "dml-17", "a failure beyond a thousand rows names its row", MANY, 0, batch__far_failures },
    { "dml-13", "a value that cannot be sent names row and column", MANY, 0, batch__bad_value },
    { NULL, NULL, 0, 0, NULL },
};
