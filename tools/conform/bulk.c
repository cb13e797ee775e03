/* bulk.c: kinds of calls that carry many rows: batches in each mode and with each source of keys,
 * and streams of bytes. See pairs.h. */
#include <config.h>
#include "pairs.h"

#include <string.h>
#include <sqla/bulk.h>

/* ---- batches --------------------------------------------------------------------------------- */

static const char *const columns[] = { "n", "name" };
static const sqla_type types[] = { SQLA_INT32, SQLA_TEXT };
static const sqla_slot insert_slots[] = {
    KIT_SLOT(pair_row, n, SQLA_INT32, SQLA_REP_FIXED, 0),
    KIT_SLOT(pair_row, name, SQLA_TEXT, SQLA_REP_CSTR, 1),
};
static const sqla_plan insert_plan = KIT_PLAN(insert_slots);
static const sqla_slot update_slots[] = {
    KIT_SLOT(pair_row, n, SQLA_INT32, SQLA_REP_FIXED, 0),
    KIT_SLOT(pair_row, name, SQLA_TEXT, SQLA_REP_CSTR, 1),
    KIT_SLOT(pair_row, id, SQLA_INT64, SQLA_REP_FIXED, 2),
};
static const sqla_plan update_plan = KIT_PLAN(update_slots);

enum { BATCH = 4, MANY = 60 };

/* The first keys are 0; those of the rows come back one after the other, or at least each its own. */
static void check_keys(const pair_row *rows)
{
    for (int i = 0; i < BATCH; i++)
        PAIR_CHECK(rows[i].id > (i > 0 ? rows[i - 1].id : 0));
}

static sqla_status run_batch(const char *text, sqla_batch *batch, bool prepared)
{
    const bool by_columns = batch->mode == SQLA_BATCH_COLUMNS;
    const sqla_exec_options options = { sizeof options, by_columns ? SQLA_EXEC_COLUMNS : 0, 0 };
    sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    uint32_t block = batch->mode == SQLA_BATCH_BLOCK ? batch->rows_per_statement : 1;
    sqla_status status = SQLA_OK;
    kit_clear();
    batch->struct_size = sizeof *batch;
    if (prepared && kit_ops.prepare != NULL)
        status = kit_ops.prepare(pair_db.db.handle, text, strlen(text), batch->plan, block, &options,
            &statement.prepared, KIT_ERR);
    if (status == SQLA_OK)
        status = kit_ops.execute_many(pair_db.db.handle, &statement, batch, &options, KIT_ERR);
    if (statement.prepared != NULL)
        kit_ops.stmt_close(statement.prepared);
    return status;
}

/* wrong: the row of which a check says no, 0-based; -1: none. */
static void add_rows(uint32_t mode, uint32_t source, const char *text, bool prepared, int wrong)
{
    pair_row rows[BATCH] = { { 0, 1, "a", 0, false }, { 0, 2, "b", 0, false }, { 0, 3, "", 0, false },
        { 0, 4, "d", 0, false } };
    void *places[BATCH] = { &rows[0], &rows[1], &rows[2], &rows[3] };
    sqla_batch batch = { .mode = mode,
        .plan = &insert_plan,
        .rows = places,
        .count = BATCH,
        .rows_per_statement = mode == SQLA_BATCH_BLOCK ? BATCH / 2 : 1,
        .key_source = source,
        .keys = source != SQLA_KEY_NONE ? &pair_id_plan : NULL };
    if (wrong >= 0) {
        rows[wrong].n = -666;
        PAIR_IS(run_batch(text, &batch, prepared), SQLA_ERR_CHECK);
        return;
    }
    if (!PAIR_OK(run_batch(text, &batch, prepared)))
        return;
    PAIR_INT(batch.affected, BATCH);
    PAIR_INT(batch.unmatched, -1);
    if (source != SQLA_KEY_NONE)
        check_keys(rows);
    pair_db.rows += BATCH;
    pair_db.sum += 10;
}

static const char *each_text(bool keys)
{
    return kit_sql("INSERT INTO [conf_pair] ([n], [name]) VALUES (?, ?)%s", keys ? " RETURNING [id]" : "");
}

static const char *filled(const char *template, uint32_t rows, bool keys)
{
    return kit_fill(template, "conf_pair", columns, types, 2, rows, NULL, SQLA_NULL, keys ? "id" : NULL);
}

static void each(void)
{
    add_rows(SQLA_BATCH_EACH, SQLA_KEY_NONE, each_text(false), false, -1);
}

static void each_prepared(void)
{
    add_rows(SQLA_BATCH_EACH, SQLA_KEY_NONE, each_text(false), true, -1);
}

static void each_with_returned_keys(void)
{
    add_rows(SQLA_BATCH_EACH, SQLA_KEY_RETURNED, each_text(true), false, -1);
}

static void each_with_last_id(void)
{
    add_rows(SQLA_BATCH_EACH, SQLA_KEY_LAST_ID, each_text(false), false, -1);
}

/* The statement was prepared when the connection was opened, so that nothing goes before it. */
static void each_kept(void)
{
    pair_row rows[2] = { { 0, 5, "e", 0, false }, { 0, 6, "f", 0, false } };
    void *places[] = { &rows[0], &rows[1] };
    sqla_batch batch = { .struct_size = sizeof batch,
        .mode = SQLA_BATCH_EACH,
        .plan = &insert_plan,
        .rows = places,
        .count = 2,
        .rows_per_statement = 1 };
    const sqla_statement statement = { sizeof statement, 0, pair_db.insert_text, strlen(pair_db.insert_text),
        pair_db.insert };
    const sqla_exec_options options = { sizeof options, 0, 0 };
    kit_clear();
    if (!PAIR_OK(kit_ops.execute_many(pair_db.db.handle, &statement, &batch, &options, KIT_ERR)))
        return;
    PAIR_INT(batch.affected, 2);
    PAIR_INT(batch.unmatched, -1);
    pair_db.rows += 2;
    pair_db.sum += 11;
}

static void block(void)
{
    if (kit_traits->insert_block != NULL)
        add_rows(
            SQLA_BATCH_BLOCK, SQLA_KEY_NONE, filled(kit_traits->insert_block, BATCH / 2, false), true, -1);
}

static void block_with_keys(void)
{
    bool last = kit_feature(&pair_db.db, SQLA_FEATURE_LAST_ID);
    bool returned = kit_feature(&pair_db.db, SQLA_FEATURE_RETURNING | SQLA_FEATURE_ORDERED_RETURNING);
    if (kit_traits->insert_block != NULL && (last || returned))
        add_rows(SQLA_BATCH_BLOCK, last ? SQLA_KEY_LAST_ID : SQLA_KEY_RETURNED,
            filled(kit_traits->insert_block, BATCH / 2, !last), true, -1);
}

static void by_columns(void)
{
    if (kit_traits->insert_columns != NULL)
        add_rows(SQLA_BATCH_COLUMNS, SQLA_KEY_NONE, filled(kit_traits->insert_columns, 1, false), true, -1);
}

static void by_columns_with_keys(void)
{
    bool returned = kit_feature(&pair_db.db, SQLA_FEATURE_RETURNING | SQLA_FEATURE_ORDERED_RETURNING);
    if (kit_traits->insert_columns != NULL && returned)
        add_rows(
            SQLA_BATCH_COLUMNS, SQLA_KEY_RETURNED, filled(kit_traits->insert_columns, 1, true), false, -1);
}

/* As many as a driver may take special care of, all the same. wrong: the one that a check refuses;
 * -1: none. */
static void many_columns(int wrong)
{
    static pair_row rows[MANY];
    void *places[MANY];
    for (int i = 0; i < MANY; i++) {
        rows[i] = (pair_row){ 0, i == wrong ? -666 : 1, "m", 0, false };
        places[i] = &rows[i];
    }
    sqla_batch batch = { .mode = SQLA_BATCH_COLUMNS,
        .plan = &insert_plan,
        .rows = places,
        .count = MANY,
        .rows_per_statement = 1 };
    PAIR_IS(run_batch(filled(kit_traits->insert_columns, 1, false), &batch, true),
        wrong < 0 ? SQLA_OK : SQLA_ERR_CHECK);
    if (wrong < 0) {
        PAIR_INT(batch.affected, MANY);
        pair_db.rows += MANY;
        pair_db.sum += MANY;
    }
}

static void columns_of_many(void)
{
    if (kit_traits->insert_columns != NULL)
        many_columns(-1);
}

static void failing_columns_of_many(void)
{
    if (kit_traits->insert_columns == NULL || !PAIR_OK(kit_begin(&pair_db.db, SQLA_TXN_WRITE)))
        return;
    many_columns(MANY / 2);
    PAIR_OK(kit_rollback(&pair_db.db));
}

/* The second of three is not there; nothing is changed, since conf_base is to stay as it is. */
static void update_each(void)
{
    pair_row rows[3] = { pair_base[0], pair_base[2], pair_base[3] };
    void *places[] = { &rows[0], &rows[1], &rows[2] };
    sqla_batch batch = {
        .mode = SQLA_BATCH_EACH, .plan = &update_plan, .rows = places, .count = 3, .rows_per_statement = 1
    };
    rows[1].id = -5;
    if (!PAIR_OK(
            run_batch(kit_sql("UPDATE [conf_base] SET [n] = ?, [name] = ? WHERE [id] = ?"), &batch, true)))
        return;
    PAIR_INT(batch.affected, 2);
    PAIR_INT(batch.unmatched, 1);
}

static void update_all(uint32_t mode, const char *template)
{
    pair_row rows[2] = { pair_base[0], pair_base[3] };
    void *places[] = { &rows[0], &rows[1] };
    sqla_batch batch = { .mode = mode,
        .plan = &update_plan,
        .rows = places,
        .count = 2,
        .rows_per_statement = mode == SQLA_BATCH_BLOCK ? 2 : 1 };
    const char *text = template == NULL
                           ? NULL
                           : kit_fill(template, "conf_base", columns, types, 2, 2, "id", SQLA_INT64, NULL);
    if (text == NULL || !PAIR_OK(run_batch(text, &batch, true)))
        return;
    PAIR_INT(batch.affected, 2);
    PAIR_INT(batch.unmatched, -1);
}

static void update_block(void)
{
    update_all(SQLA_BATCH_BLOCK, kit_traits->update_block);
}

static void update_columns(void)
{
    update_all(SQLA_BATCH_COLUMNS, kit_traits->update_columns);
}

static void no_rows(void)
{
    sqla_batch batch = { .mode = SQLA_BATCH_EACH, .plan = &insert_plan, .rows_per_statement = 1 };
    if (!PAIR_OK(run_batch(each_text(false), &batch, false)))
        return;
    PAIR_INT(batch.affected, 0);
    PAIR_INT(batch.unmatched, -1);
}

/* What was done before the row that fails may stand until the rollback. */
static void fail_as(uint32_t mode, const char *template)
{
    const char *text = mode == SQLA_BATCH_EACH ? each_text(false) : NULL;
    if (template != NULL)
        text = filled(template, BATCH / 2, false);
    if (text == NULL || !PAIR_OK(kit_begin(&pair_db.db, SQLA_TXN_WRITE)))
        return;
    add_rows(mode, SQLA_KEY_NONE, text, true, 2);
    PAIR_OK(kit_rollback(&pair_db.db));
}

static void failing_each(void)
{
    fail_as(SQLA_BATCH_EACH, NULL);
}

static void failing_block(void)
{
    fail_as(SQLA_BATCH_BLOCK, kit_traits->insert_block);
}

static void failing_columns(void)
{
    fail_as(SQLA_BATCH_COLUMNS, kit_traits->insert_columns);
}

const pair_call pair_batches[] = {
    { "a batch", 0, NEEDS_EXECUTE_MANY, 0, each },
    { "a prepared batch", 0, NEEDS_EXECUTE_MANY, 0, each_prepared },
    { "a batch of a kept statement", 0, NEEDS_EXECUTE_MANY, 0, each_kept },
    { "a batch that returns its keys", 0, NEEDS_EXECUTE_MANY, SQLA_FEATURE_RETURNING,
        each_with_returned_keys },
    { "a batch with the last id", 0, NEEDS_EXECUTE_MANY, SQLA_FEATURE_LAST_ID, each_with_last_id },
    { "a block", 0, NEEDS_EXECUTE_MANY, 0, block },
    { "a block with keys", 0, NEEDS_EXECUTE_MANY, 0, block_with_keys },
    { "columns", 0, NEEDS_EXECUTE_MANY, 0, by_columns },
    { "columns with keys", 0, NEEDS_EXECUTE_MANY, 0, by_columns_with_keys },
    { "columns of many", 0, NEEDS_EXECUTE_MANY, 0, columns_of_many },
    { "updates row by row", 0, NEEDS_EXECUTE_MANY, 0, update_each },
    { "updates as a block", 0, NEEDS_EXECUTE_MANY, 0, update_block },
    { "updates as columns", 0, NEEDS_EXECUTE_MANY, 0, update_columns },
    { "a batch without rows", 0, NEEDS_EXECUTE_MANY, 0, no_rows },
    { "a batch that fails", PAIR_ALONE, NEEDS_EXECUTE_MANY, 0, failing_each },
    { "a block that fails", PAIR_ALONE, NEEDS_EXECUTE_MANY, 0, failing_block },
    { "columns that fail", PAIR_ALONE, NEEDS_EXECUTE_MANY, 0, failing_columns },
    { "columns of many that fail", PAIR_ALONE, NEEDS_EXECUTE_MANY, 0, failing_columns_of_many },
    { NULL, 0, 0, 0, NULL },
};

/* ---- streams of bytes ------------------------------------------------------------------------ */

/* The words that begin such a stream are the database's own, and no trait has them. These are known
 * to more than one; a driver whose database does not know them is not asked. */
static const char into[] = "COPY [conf_pair] ([n], [name]) FROM STDIN",
                  out_of[] = "COPY [conf_base] ([id], [n]) TO STDOUT";

static sqla_driver_copy *begin_copy(const char *text, int32_t direction, sqla_status expected)
{
    const sqla_bulk_ops *ops = kit_extension(SQLA_BULK);
    const sqla_exec_options options = { sizeof options, SQLA_EXEC_STREAM, 0 };
    sqla_driver_copy *copy = NULL;
    kit_clear();
    text = kit_named(text);
    PAIR_IS(ops->open(pair_db.db.handle, text, strlen(text), direction, &options, &copy, KIT_ERR), expected);
    return copy;
}

static void copy_in(void)
{
    const sqla_bulk_ops *ops = kit_extension(SQLA_BULK);
    sqla_driver_copy *copy = begin_copy(into, SQLA_COPY_IN, SQLA_OK);
    int64_t rows = 0;
    if (copy == NULL)
        return;
    PAIR_OK(ops->put(copy, "1\tone\n2\tt", 9, KIT_ERR));
    PAIR_OK(ops->put(copy, "wo\n", 3, KIT_ERR));
    PAIR_OK(ops->finish(copy, &rows, KIT_ERR));
    PAIR_INT(rows, 2);
    pair_db.rows += 2;
    pair_db.sum += 3;
}

static void copy_in_given_up(void)
{
    const sqla_bulk_ops *ops = kit_extension(SQLA_BULK);
    sqla_driver_copy *copy = begin_copy(into, SQLA_COPY_IN, SQLA_OK);
    if (copy == NULL)
        return;
    PAIR_OK(ops->put(copy, "1\tone\n", 6, KIT_ERR));
    pair_db.may_be_lost = true;
    ops->abort(copy);
}

static void copy_in_that_fails(void)
{
    const sqla_bulk_ops *ops = kit_extension(SQLA_BULK);
    sqla_driver_copy *copy = begin_copy(into, SQLA_COPY_IN, SQLA_OK);
    int64_t rows = 0;
    if (copy == NULL)
        return;
    PAIR_OK(ops->put(copy, "1\tone\n-666\ttwo\n", 15, KIT_ERR));
    PAIR_IS(ops->finish(copy, &rows, KIT_ERR), SQLA_ERR_CHECK);
}

/* n: pieces to read before it is given up; -1: all of them. */
static void read_copy(int n)
{
    const sqla_bulk_ops *ops = kit_extension(SQLA_BULK);
    sqla_driver_copy *copy = begin_copy(out_of, SQLA_COPY_OUT, SQLA_OK);
    const void *data = NULL;
    size_t size = 0, bytes = 0;
    int64_t rows = 0;
    if (copy == NULL)
        return;
    for (int i = 0; i != n; i++) {
        if (!PAIR_OK(ops->get(copy, &data, &size, KIT_ERR)) || data == NULL)
            break;
        bytes += size;
    }
    if (n >= 0) {
        PAIR_CHECK(data != NULL || n == 0);
        pair_db.may_be_lost = true;
        ops->abort(copy);
        return;
    }
    PAIR_INT(bytes, PAIR_BASE * 5); /* "1\t10\n" */
    PAIR_OK(ops->finish(copy, &rows, KIT_ERR));
    PAIR_INT(rows, PAIR_BASE);
}

static void copy_out(void)
{
    read_copy(-1);
}

static void copy_out_given_up(void)
{
    read_copy(1);
}

static void copy_out_unread(void)
{
    read_copy(0);
}

static void copy_that_is_none(void)
{
    begin_copy("SELECT 1", SQLA_COPY_OUT, SQLA_ERR_MISUSE);
}

static void copy_the_other_way(void)
{
    begin_copy(into, SQLA_COPY_OUT, SQLA_ERR_MISUSE);
}

bool pair_knows_copies(void)
{
    const sqla_bulk_ops *ops = kit_extension(SQLA_BULK);
    const sqla_exec_options options = { sizeof options, SQLA_EXEC_STREAM, 0 };
    sqla_driver_copy *copy = NULL;
    const char *text = kit_named(out_of);
    bool known = ops != NULL && ops->open(pair_db.db.handle, text, strlen(text), SQLA_COPY_OUT, &options,
                                    &copy, NULL) == SQLA_OK;
    if (known)
        ops->abort(copy);
    return known;
}

const pair_call pair_copies[] = {
    { "a copy in", 0, NEEDS_BULK, 0, copy_in },
    { "a copy in that is given up", 0, NEEDS_BULK, 0, copy_in_given_up },
    { "a copy in that fails", 0, NEEDS_BULK, 0, copy_in_that_fails },
    { "a copy out", 0, NEEDS_BULK, 0, copy_out },
    { "a copy out that is given up", 0, NEEDS_BULK, 0, copy_out_given_up },
    { "a copy out that is not read", 0, NEEDS_BULK, 0, copy_out_unread },
    { "a copy that is none", 0, NEEDS_BULK, 0, copy_that_is_none },
    { "a copy the other way", 0, NEEDS_BULK, 0, copy_the_other_way },
    { NULL, 0, 0, 0, NULL },
};
