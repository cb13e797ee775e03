/* test-postgres-misuse.c: what the PostgreSQL driver refuses by itself, before the server or the data would suffer from it, and keys
 * that come back otherwise than they should. */
#include <config.h>
#include "postgres-driver.h"

static const sqla_slot number_slot = { .type = SQLA_INT32, .rep = SQLA_REP_FIXED, .size = 4, .set_offset = -1, .name = "n" };
static const sqla_plan number_plan = { sizeof number_plan, 1, &number_slot };
static const sqla_txn_options plain = { .struct_size = sizeof plain };

/* ---- keys ------------------------------------------------------------------------------------------------------------ */

/* A row of a batch: what is sent, and the key that comes back. */
typedef struct item { int32_t n; int64_t id; } item;

static const sqla_slot key_slots[] = {
    { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8, .offset = offsetof(item, id), .set_offset = -1 },
    { .type = SQLA_INT64, .rep = SQLA_REP_ROW_NUMBER, .column = 1, .set_offset = -1 },
};

static sqla_status run_batch(sqla_driver_conn *conn, const char *text, uint32_t mode, uint32_t key_slot_count, item items[2], sqla_error *err)
{
    void *const rows[] = { &items[0], &items[1] };
    const sqla_plan keys = { sizeof keys, key_slot_count, key_slots };
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    sqla_batch batch = { .struct_size = sizeof batch, .mode = mode, .plan = &number_plan, .rows = rows, .count = 2, .rows_per_statement = 1,
                         .key_source = SQLA_KEY_RETURNED, .keys = &keys };
    sqla_error_clear(err);
    return linked_driver()->ops->execute_many(conn, &statement, &batch, NULL, opaque(err));
}

/* What a statement for two rows answers; NULL: the keys are 10 and 20. */
static const struct { const char *text; uint32_t mode, slots; const char *says; } answers[] = {
    { "SELECT c * 10::int8 FROM unnest($1::int4[]) c ORDER BY c", SQLA_BATCH_COLUMNS, 1, NULL },
    { "SELECT c * 10::int8, c - 1 FROM unnest($1::int4[]) c ORDER BY c DESC", SQLA_BATCH_COLUMNS, 2, NULL },
    { "SELECT c * 10::int8, c FROM unnest($1::int4[]) c", SQLA_BATCH_COLUMNS, 2, "names no row of the batch" },
    { "SELECT c * 10::int8, -c FROM unnest($1::int4[]) c", SQLA_BATCH_COLUMNS, 2, "names no row of the batch" },
    { "SELECT c * 10::int8, NULL::int4 FROM unnest($1::int4[]) c", SQLA_BATCH_COLUMNS, 2, "names no row of the batch" },
    { "SELECT c * 10::int8, 'x'::text FROM unnest($1::int4[]) c", SQLA_BATCH_COLUMNS, 2, "names no row of the batch" },
    { "SELECT c * 10::int8 FROM unnest($1::int4[]) c WHERE c = 1", SQLA_BATCH_COLUMNS, 1, "returned 1 keys" },
    { "SELECT c * 10::int8 FROM unnest($1::int4[]) c", SQLA_BATCH_COLUMNS, 2, "and the result has 1" },
    { "SELECT 'x'::text FROM unnest($1::int4[]) c", SQLA_BATCH_COLUMNS, 1, "does not fit the field" },
    { "SELECT $1::int4 * 10::int8", SQLA_BATCH_EACH, 1, NULL },
    { "SELECT $1::int4 * 10::int8 WHERE $1 = 1", SQLA_BATCH_EACH, 1, "the statement for row 2 returned no key" },
    { "SELECT $1::int4 * 10::int8 FROM generate_series(1, $1)", SQLA_BATCH_EACH, 1, "row 2 returned 2 rows of keys" },
    { "SELECT $1::int4 * 10::int8", SQLA_BATCH_EACH, 2, "and the result has 1" },
};

static void keys__belong_to_rows(const char *url)
{
    sqla_driver_conn *conn = pg_open(url);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        item items[2] = { { 1, 0 }, { 2, 0 } };
        sqla_error err = SQLA_ERROR_INIT;
        sqla_status status = run_batch(conn, answers[i].text, answers[i].mode, answers[i].slots, items, &err);
        CU_ASSERT_EQUAL(err.status, status);
        CU_ASSERT(answers[i].says == NULL ? is(&err, SQLA_OK) && items[0].id == 10 && items[1].id == 20 :
                  status != SQLA_OK && says(&err, answers[i].says));
        CU_ASSERT_EQUAL(linked_driver()->ops->txn_state(conn), SQLA_TXN_IDLE);
    }
    linked_driver()->ops->close(conn);
}

static void batches__of_another_kind(const char *url)
{
    static const char text[] = "SELECT $1::int4";
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_conn *conn = pg_open(url);
    sqla_driver_stmt *stmt = NULL;
    item items[2] = { { 1, 0 }, { 2, 0 } };
    void *const rows[] = { &items[0], &items[1] };
    sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, NULL };
    sqla_batch batch = { .struct_size = sizeof batch, .mode = SQLA_BATCH_BLOCK, .plan = &number_plan, .rows = rows, .count = 2, .rows_per_statement = 1 };
    CU_ASSERT_EQUAL(ops->execute_many(conn, &statement, &batch, NULL, NULL), SQLA_ERR_UNSUPPORTED);
    batch.mode = SQLA_BATCH_EACH;
    batch.key_source = SQLA_KEY_LAST_ID;
    CU_ASSERT_EQUAL(ops->execute_many(conn, &statement, &batch, NULL, NULL), SQLA_ERR_UNSUPPORTED);
    batch.key_source = SQLA_KEY_RETURNED;
    CU_ASSERT_EQUAL(ops->execute_many(conn, &statement, &batch, NULL, NULL), SQLA_ERR_UNSUPPORTED); /* without a plan for them */
    batch.key_source = SQLA_KEY_NONE;
    CU_ASSERT_EQUAL_FATAL(ops->prepare(conn, text, sizeof text - 1, &number_plan, 1, NULL, &stmt, NULL), SQLA_OK);
    statement.prepared = stmt;
    batch.mode = SQLA_BATCH_COLUMNS;
    CU_ASSERT_EQUAL(ops->execute_many(conn, &statement, &batch, NULL, NULL), SQLA_ERR_MISUSE);
    batch.mode = SQLA_BATCH_EACH;
    batch.count = 0;
    CU_ASSERT_EQUAL(ops->execute_many(conn, &statement, &batch, NULL, NULL), SQLA_OK);
    batch.count = 2;
    batch.plan = NULL;
    CU_ASSERT_EQUAL(ops->execute_many(conn, &statement, &batch, NULL, NULL), SQLA_ERR_SQL); /* it takes one parameter */
    ops->stmt_close(stmt);
    const sqla_exec_options columns = { sizeof columns, SQLA_EXEC_COLUMNS, 0 };
    static const char array_text[] = "SELECT $1::int4[]";
    const sqla_slot two_slots[] = { number_slot, { .type = SQLA_INT32, .rep = SQLA_REP_FIXED, .size = 4, .column = 1, .set_offset = -1 } };
    const sqla_plan two = { sizeof two, 2, two_slots };
    sqla_driver_result *result = NULL;
    CU_ASSERT_EQUAL_FATAL(ops->prepare(conn, array_text, sizeof array_text - 1, &number_plan, 1, &columns, &stmt, NULL), SQLA_OK);
    statement.prepared = stmt;
    CU_ASSERT_EQUAL(ops->exec(conn, &statement, &number_plan, &items[0], NULL, &result, NULL), SQLA_ERR_MISUSE);
    batch.mode = SQLA_BATCH_COLUMNS;
    batch.plan = &two;
    CU_ASSERT_EQUAL(ops->execute_many(conn, &statement, &batch, NULL, NULL), SQLA_ERR_SQL);
    ops->stmt_close(stmt);
    ops->close(conn);
}

/* ---- statements ------------------------------------------------------------------------------------------------------ */

static void statements__are_checked(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    const sqla_plan many = { sizeof many, 65536, &number_slot };
    const sqla_exec_options script = { sizeof script, SQLA_EXEC_SCRIPT, 0 }, late = { sizeof late, 0, 1 };
    sqla_driver_conn *conn = pg_open(url);
    sqla_driver_result *result = NULL;
    sqla_driver_stmt *stmt = NULL;
    const int32_t row = 1;
    const struct { const char *text; size_t n; const sqla_plan *plan; const sqla_exec_options *options; sqla_status status; } cases[] = {
        { "SELECT $1::int4", 15, &many, NULL, SQLA_ERR_SQL }, { "SELECT '\xff'", 10, NULL, NULL, SQLA_ERR_DATA }, { "SELECT 1\0", 9, NULL, NULL, SQLA_ERR_DATA },
        { "SELECT 1", 8, &number_plan, NULL, SQLA_ERR_SQL }, { "SELECT $10", 10, &number_plan, NULL, SQLA_ERR_SQL },
        { "SELECT $1::int4", 15, &number_plan, &script, SQLA_ERR_MISUSE }, { "SELECT 1", 8, NULL, &late, SQLA_ERR_TIMEOUT },
        { "SELECT 1; SELECT 2", 18, NULL, NULL, SQLA_ERR_MISUSE }, { "SELECT $1", 9, NULL, NULL, SQLA_ERR_SQL }, { "", 0, NULL, NULL, SQLA_OK } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sqla_statement statement = { sizeof statement, 0, cases[i].text, cases[i].n, NULL };
        sqla_error err = SQLA_ERROR_INIT;
        sqla_status status = ops->exec(conn, &statement, cases[i].plan, &row, cases[i].options, &result, opaque(&err));
        CU_ASSERT(is(&err, cases[i].status) && status == cases[i].status);
        if (status == SQLA_OK)
            ops->result_close(result);
    }
    CU_ASSERT_EQUAL(ops->prepare(conn, "SELECT $1::int4", 15, &number_plan, 2, NULL, &stmt, NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(ops->prepare(conn, "SELECT $1::int4 + $2::int4", 26, &number_plan, 1, NULL, &stmt, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->prepare(conn, "SELEC", 5, NULL, 1, NULL, &stmt, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->prepare(conn, "SELECT '\xff'", 10, NULL, 1, NULL, &stmt, NULL), SQLA_ERR_DATA);
    CU_ASSERT_PTR_NULL(stmt);
    ops->stmt_close(NULL);
    ops->result_close(NULL);
    ops->close(NULL);
    ops->close(conn);
}

/* ---- transactions ---------------------------------------------------------------------------------------------------- */

static void transactions__are_checked(const char *url)
{
    static const char long_name[] = "a name that is longer than the sixty-three bytes that the server keeps";
    char long_gid[202];
    const sqla_driver_ops *ops = linked_driver()->ops;
    const sqla_twophase_ops *twophase = linked_driver()->extension(SQLA_TWOPHASE);
    const sqla_txn_options unknown = { .struct_size = sizeof unknown, .isolation = 77 };
    sqla_driver_conn *conn = pg_open(url);
    memset(long_gid, 'g', sizeof long_gid - 1);
    long_gid[sizeof long_gid - 1] = '\0';
    CU_ASSERT_EQUAL(ops->commit(conn, &plain, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->rollback(conn, &plain, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(ops->begin(conn, &unknown, NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(twophase->prepare(conn, "g", 0, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(twophase->finish(conn, "no such", 1, 0, NULL), SQLA_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(twophase->finish(conn, "", 1, 0, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(twophase->finish(conn, "\xff", 1, 0, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(twophase->finish(conn, long_gid, 0, 0, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->begin(conn, &plain, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(ops->begin(conn, &plain, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->reset(conn, 0, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(twophase->finish(conn, "g", 1, 0, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->savepoint(conn, 77, "s", NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(ops->savepoint(conn, SQLA_SAVEPOINT_SET, "", NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->savepoint(conn, SQLA_SAVEPOINT_SET, "\xff", NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->savepoint(conn, SQLA_SAVEPOINT_SET, long_name, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(ops->txn_state(conn), SQLA_TXN_ACTIVE); /* none of it has cost the transaction */
    CU_ASSERT_EQUAL(linked_run(conn, "SELECT 1 / 0", NULL), SQLA_ERR_DATA);
    CU_ASSERT_EQUAL(ops->begin(conn, &plain, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->reset(conn, 0, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->commit(conn, &plain, NULL), SQLA_ERR_ROLLBACK_FIRST);
    CU_ASSERT_EQUAL(twophase->prepare(conn, "g", 0, NULL), SQLA_ERR_ROLLBACK_FIRST);
    CU_ASSERT_EQUAL(twophase->finish(conn, "g", 1, 0, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(ops->rollback(conn, &plain, NULL), SQLA_OK);
    ops->close(conn);
}

/* ---- what there is ---------------------------------------------------------------------------------------------------- */

typedef struct seen { sqla_reflect_sink base; int left; char text[2000]; } seen;

static sqla_status take(sqla_reflect_sink *sink, uint32_t kind, const void *record)
{
    seen *s = (seen *)(void *)sink;
    size_t n = strlen(s->text);
    if (s->left-- == 0)
        return SQLA_ERR_APPLICATION;
    if (kind == SQLA_REFLECT_TABLES) {
        const sqla_reflect_table *t = record;
        snprintf(s->text + n, sizeof s->text - n, "%s=%u ", t->name, (unsigned)t->kind);
    } else if (kind == SQLA_REFLECT_COLUMNS) {
        const sqla_reflect_column *c = record;
        snprintf(s->text + n, sizeof s->text - n, "%s.%s=%u ", c->table, c->name, (unsigned)c->type);
    } else {
        const sqla_reflect_facts *f = record;
        snprintf(s->text + n, sizeof s->text - n, "%s=%u ", f->table, (unsigned)f->facts);
    }
    return SQLA_OK;
}

static void reflect__tells_kinds(const char *url)
{
    const sqla_driver_ops *ops = linked_driver()->ops;
    sqla_driver_conn *conn = pg_open(url);
    sqla_error err = SQLA_ERROR_INIT;
    char expected[400];
    harness_sql(url, "CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN moods AS mood; CREATE TABLE a (m mood, d moods, p point, i int); "
                     "CREATE VIEW b AS SELECT 1 AS one; CREATE MATERIALIZED VIEW c AS SELECT 1 AS one; CREATE TABLE d (i int) PARTITION BY RANGE (i); "
                     "CREATE TABLE e (i int); CREATE RULE r AS ON INSERT TO e DO INSTEAD NOTHING");
    CU_ASSERT_EQUAL(linked_run(conn, "CREATE TEMP TABLE f (i int)", &err), SQLA_OK);
    seen tables = { .base = { take }, .left = 100 }, columns = tables, facts = tables, first = { .base = { take }, .left = 1 };
    CU_ASSERT_EQUAL(ops->reflect(conn, SQLA_REFLECT_TABLES, NULL, &tables.base, opaque(&err)), SQLA_OK);
    snprintf(expected, sizeof expected, "a=%u b=%u c=%u d=%u e=%u ", SQLA_TABLE, SQLA_VIEW, SQLA_MATERIALIZED_VIEW, SQLA_PARTITIONED_TABLE, SQLA_TABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(tables.text, expected));
    snprintf(expected, sizeof expected, "f=%u ", SQLA_TEMPORARY_TABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(tables.text, expected));
    const sqla_reflect_filter only = { .struct_size = sizeof only, .schema = "public", .table = "a" }, system = { .struct_size = sizeof system, .flags = SQLA_REFLECT_SYSTEM };
    CU_ASSERT_EQUAL(ops->reflect(conn, SQLA_REFLECT_COLUMNS, &only, &columns.base, opaque(&err)), SQLA_OK);
    snprintf(expected, sizeof expected, "a.m=%u a.d=%u a.p=%u a.i=%u ", SQLA_ENUM_TYPE, SQLA_ENUM_TYPE, SQLA_NULL, SQLA_INT32);
    CU_ASSERT_STRING_EQUAL(columns.text, expected);
    CU_ASSERT_EQUAL(ops->reflect(conn, SQLA_REFLECT_FACTS, NULL, &facts.base, opaque(&err)), SQLA_OK);
    snprintf(expected, sizeof expected, "a=%u ", (unsigned)(SQLA_FACT_EXACT_INSERT | SQLA_FACT_RETURNING));
    CU_ASSERT_PTR_NOT_NULL(strstr(facts.text, expected));
    CU_ASSERT_PTR_NOT_NULL(strstr(facts.text, "c=0 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(facts.text, "e=0 "));
    CU_ASSERT_EQUAL(ops->reflect(conn, SQLA_REFLECT_TABLES, &system, &first.base, opaque(&err)), SQLA_ERR_APPLICATION); /* the sink ends it */
    CU_ASSERT_EQUAL(ops->reflect(conn, 77, NULL, &first.base, NULL), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(ops->reflect(conn, 0, NULL, &first.base, NULL), SQLA_ERR_UNSUPPORTED);
    ops->close(conn);
}

static const struct harness_test tests[] = {
    { "keys belong to rows", keys__belong_to_rows, HARNESS_POSTGRES },
    { "batches of another kind", batches__of_another_kind, HARNESS_POSTGRES },
    { "statements are checked", statements__are_checked, HARNESS_POSTGRES },
    { "transactions are checked", transactions__are_checked, HARNESS_POSTGRES },
    { "reflect tells kinds", reflect__tells_kinds, HARNESS_POSTGRES },
};

int main(void)
{
    return harness_main("test-postgres-misuse", tests, sizeof tests / sizeof tests[0]);
}
