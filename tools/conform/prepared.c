/* prepared.c: kinds of calls about prepared statements: kept ones, new ones, those that fail. See
 * pairs.h. */
#include <config.h>
#include "pairs.h"

#include <string.h>

static sqla_status run_prepared(sqla_driver_stmt *stmt, const char *text, const sqla_plan *plan,
    const pair_row *row, uint32_t flags, sqla_driver_result **ret_result)
{
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), stmt };
    const sqla_exec_options options = { sizeof options, flags, 0 };
    kit_clear();
    *ret_result = NULL;
    return kit_ops.exec(pair_db.db.handle, &statement, plan, row, &options, ret_result, KIT_ERR);
}

static void read_prepared(sqla_driver_stmt *stmt, uint32_t flags)
{
    sqla_driver_result *result;
    if (!PAIR_OK(run_prepared(stmt, pair_db.query_text, &pair_id_plan, &pair_base[1], flags, &result)))
        return;
    pair_fetch_all(result, 5, 1, 1);
    kit_ops.result_close(result);
}

static void prepared(void)
{
    read_prepared(pair_db.query, 0);
}

static void prepared_stream(void)
{
    read_prepared(pair_db.query, SQLA_EXEC_STREAM);
}

static void prepared_unread(void)
{
    sqla_driver_result *result;
    if (!PAIR_OK(run_prepared(
            pair_db.query, pair_db.query_text, &pair_id_plan, &pair_base[2], SQLA_EXEC_STREAM, &result)))
        return;
    pair_db.may_be_lost = true;
    kit_ops.result_close(result);
}

static void prepared_insert(void)
{
    static const pair_row row = { 0, 3, "three", 0, false };
    const sqla_slot slots[] = { KIT_SLOT(pair_row, n, SQLA_INT32, SQLA_REP_FIXED, 0),
        KIT_SLOT(pair_row, name, SQLA_TEXT, SQLA_REP_CSTR, 1) };
    const sqla_plan plan = KIT_PLAN(slots);
    sqla_driver_result *result;
    if (!PAIR_OK(run_prepared(pair_db.insert, pair_db.insert_text, &plan, &row, 0, &result)))
        return;
    PAIR_INT(kit_ops.result_info(result)->affected, 1);
    kit_ops.result_close(result);
    pair_db.rows++;
    pair_db.sum += 3;
}

static void prepared_insert_that_fails(void)
{
    static const pair_row row = { 0, -666, "no", 0, false };
    const sqla_slot slots[] = { KIT_SLOT(pair_row, n, SQLA_INT32, SQLA_REP_FIXED, 0),
        KIT_SLOT(pair_row, name, SQLA_TEXT, SQLA_REP_CSTR, 1) };
    const sqla_plan plan = KIT_PLAN(slots);
    sqla_driver_result *result;
    PAIR_IS(run_prepared(pair_db.insert, pair_db.insert_text, &plan, &row, 0, &result), SQLA_ERR_CHECK);
}

static sqla_driver_stmt *prepare(const char *text, const sqla_plan *plan, sqla_status expected)
{
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_stmt *stmt = NULL;
    kit_clear();
    PAIR_IS(
        kit_ops.prepare(pair_db.db.handle, text, strlen(text), plan, 1, &options, &stmt, KIT_ERR), expected);
    return stmt;
}

static void described(void)
{
    sqla_driver_stmt *stmt = prepare(pair_db.query_text, &pair_id_plan, SQLA_OK);
    if (stmt != NULL)
        kit_ops.stmt_close(stmt);
}

static void prepared_anew(void)
{
    sqla_driver_stmt *stmt = prepare(pair_db.query_text, &pair_id_plan, SQLA_OK);
    if (stmt == NULL)
        return;
    read_prepared(stmt, 0);
    kit_ops.stmt_close(stmt);
}

static void prepared_in_vain(void)
{
    sqla_driver_stmt *stmt = prepare("SELEKT 2", NULL, SQLA_ERR_SQL);
    if (stmt != NULL)
        kit_ops.stmt_close(stmt);
}

const pair_call pair_prepared[] = {
    { "a prepared query", 0, NEEDS_PREPARE, 0, prepared },
    { "a prepared stream", 0, NEEDS_PREPARE, 0, prepared_stream },
    { "a prepared query that is not read", 0, NEEDS_PREPARE, 0, prepared_unread },
    { "a prepared insert", 0, NEEDS_PREPARE, 0, prepared_insert },
    { "a prepared insert that fails", 0, NEEDS_PREPARE, 0, prepared_insert_that_fails },
    { "preparing alone", 0, NEEDS_PREPARE, 0, described },
    { "preparing and running", 0, NEEDS_PREPARE, 0, prepared_anew },
    { "preparing what cannot be", 0, NEEDS_PREPARE, 0, prepared_in_vain },
    { NULL, 0, 0, 0, NULL },
};
