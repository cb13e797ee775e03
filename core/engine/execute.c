/* execute.c: the public ways to run a statement: for its effect, for rows by name, for structs, as a stream, for one value.
 *
 * All of them take a connection where the statement runs (sql/target.h), start a run (run.c), read, and give the connection
 * back. Rows are read whole before the first is handed out, except by a stream. */
#include <config.h>
#include "engine/run.h"

#include <string.h>

#include "base/error.h"
#include "engine/result.h"
#include "sql/convert.h"

/* ---- common ---------------------------------------------------------------------------------------------------- */

/* Begin a run: the builders' failure first, then what the last run left goes, then a connection. */
static sqla_status start(sqla_stmt *q, sqla_conn **ret_conn, sqla_error *err)
{
    if (q == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no statement to run: where it was to be made there was no session, connection "
                                                     "or engine, or no memory");
    sqla_status status = sqla__stmt_failure(q, err);
    if (status != SQLA_OK)
        return status;
    if (sqla__stmt_run(q) == NULL)
        return sqla__error_nomem(err);
    return q->on.ops->acquire(q->on.self, q, ret_conn, err);
}

static sqla_status end(sqla_stmt *q, sqla_conn *conn, sqla_status status)
{
    q->on.ops->release(q->on.self, conn, status);
    return status;
}

/* Ask the database for no more rows than will be looked at. Returns the limit that q had. */
static int64_t lower_limit(sqla_stmt *q, int64_t most)
{
    int64_t limit = q->limit;
    if (q->kind != SQLA__RAW_SQL && (limit < 0 || limit > most)) {
        q->limit = most;
        q->version++;
    }
    return limit;
}

static void restore_limit(sqla_stmt *q, int64_t limit)
{
    if (q->limit != limit) {
        q->limit = limit;
        q->version++;
    }
}

/* ---- for the effect -------------------------------------------------------------------------------------------- */

static sqla_status name_of(sqla_value v, sqla__arena *arena, const char **ret, sqla_error *err)
{
    if (v.type != SQLA_TEXT)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "parameters are given as name, value, name, value: a name is not a text");
    *ret = sqla__arena_copy(arena, v.as.bytes.data, v.as.bytes.size);
    return *ret != NULL ? SQLA_OK : sqla__error_nomem(err);
}

static sqla_status split_params(const sqla_params *params, sqla__arena *arena, const char ***ret_names, sqla_value **ret_values, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    const char **names = sqla__arena_zero(arena, params->count + 1, sizeof *names);
    sqla_value *values = sqla__arena_zero(arena, params->count + 1, sizeof *values);
    if (names == NULL || values == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; status == SQLA_OK && i < params->count; i++) {
        status = name_of(params->pairs[2 * i], arena, &names[i], err);
        values[i] = params->pairs[2 * i + 1];
        if (status == SQLA_OK)
            status = sqla__convert_value(&values[i], arena, err);
    }
    *ret_names = names;
    *ret_values = values;
    return status;
}

static sqla_status execute_on(sqla_conn *conn, const char *sql, const sqla_params *params, sqla__arena *arena, sqla_error *err)
{
    const sqla_params none = { 0, NULL };
    const char **names = NULL;
    sqla_value *values = NULL;
    sqla__compiled compiled = { 0 };
    params = params != NULL ? params : &none;
    sqla_status status = split_params(params, arena, &names, &values, err);
    if (status == SQLA_OK)
        status = sqla__compile_raw(sql, names, values, params->count, sqla__conn_traits(conn), arena, &compiled, err);
    if (status == SQLA_OK)
        status = sqla__check_parameters(conn, compiled.count, err);
    if (status != SQLA_OK)
        return status;
    sqla__conn_touch(conn);
    const sqla__request request = { compiled.text, compiled.length,
        compiled.count > 0 ? &compiled.plan : NULL, compiled.values,
        sqla__conn_seen(conn, compiled.text, compiled.length), false, 0, false };
    status = sqla__conn_run(conn, &request, NULL, NULL, err);
    if (status != SQLA_OK)
        sqla__compiled_locate(&compiled, err);
    sqla__raw_ran(conn, sql);
    return status;
}

sqla_status sqla_execute_(sqla_target on, const char *sql, const sqla_params *params, sqla_error *err)
{
    sqla_error local;
    sqla__arena arena = { 0 };
    sqla_conn *conn = NULL;
    if (on.ops == NULL || sql == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, on.ops == NULL ? "there is nothing to execute on" : "there is no SQL to execute");
    sqla__error_init(&local);
    sqla_status status = on.ops->acquire(on.self, NULL, &conn, &local);
    if (status == SQLA_OK) {
        status = execute_on(conn, sql, params, &arena, &local);
        on.ops->release(on.self, conn, status);
    }
    sqla__arena_release(&arena);
    return sqla__error_give(err, &local, status);
}

static sqla_status run_script(sqla_conn *conn, const char *script, sqla_error *err)
{
    sqla__conn_touch(conn);
    sqla_status status = sqla__conn_run_script(conn, script, strlen(script), err);
    sqla__script_ran(conn);
    return status;
}

sqla_status sqla_execute_script_(sqla_target on, const char *script, sqla_error *err)
{
    sqla_error local;
    sqla_conn *conn = NULL;
    if (on.ops == NULL || script == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, on.ops == NULL ? "there is nothing to execute on" : "there is no script to execute");
    if (on.ops->objects != NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a script runs on a connection or an engine: it could end the transaction of a session");
    sqla__error_init(&local);
    sqla_status status = on.ops->acquire(on.self, NULL, &conn, &local);
    if (status == SQLA_OK) {
        status = run_script(conn, script, &local);
        on.ops->release(on.self, conn, status);
    }
    return sqla__error_give(err, &local, status);
}

sqla_status sqla_exec(sqla_stmt *q, int64_t *ret_rows, sqla_error *err)
{
    sqla_error local;
    sqla_conn *conn = NULL;
    sqla__result *result = NULL;
    int64_t affected = -1;
    sqla__error_init(&local);
    sqla_status status = start(q, &conn, &local);
    if (status == SQLA_OK) {
        status = sqla__run_start(q->run, q, conn, 0, &result, &local);
        if (status == SQLA_OK)
            status = sqla__result_finish(result, &affected, &local);
        end(q, conn, status);
    }
    if (status == SQLA_OK && ret_rows != NULL)
        *ret_rows = affected;
    return sqla__error_give(err, &local, status);
}

/* ---- rows by name ---------------------------------------------------------------------------------------------- */

static sqla_status read_rows(sqla_stmt *q, sqla_conn *conn, sqla_error *err)
{
    sqla__run *run = q->run;
    sqla__result *result = NULL;
    const sqla_plan *plan;
    uint32_t size;
    sqla_status status = sqla__run_start_buffered(run, q, conn, &result, err);
    if (status == SQLA_OK)
        status = sqla__row_make(run, result, &run->row, &plan, &size, err);
    if (status == SQLA_OK && size > 0)
        status = sqla__run_fetch_all(run, result, plan, size, err);
    else if (status == SQLA_OK)
        status = sqla__run_without_rows(err);
    sqla__result_close(result);
    return status;
}

static sqla_status buffer_rows(sqla_stmt *q, sqla_error *err)
{
    sqla_conn *conn = NULL;
    sqla_status status = start(q, &conn, err);
    return status == SQLA_OK ? end(q, conn, read_rows(q, conn, err)) : status;
}

sqla_row *sqla_next_row_(sqla_stmt *q, sqla_error *err)
{
    (void)err;
    sqla__run *run = q != NULL ? q->run : NULL;
    if (run == NULL || run->row == NULL || run->at >= run->count)
        return NULL;
    sqla__row_show(run->row, run->rows[run->at++]);
    return run->row;
}

sqla_row *sqla_rewind_row_(sqla_stmt *q, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = buffer_rows(q, &local);
    if (status == SQLA_OK)
        return sqla_next_row_(q, err);
    sqla__error_give(err, &local, status);
    return NULL;
}

/* ---- one value ------------------------------------------------------------------------------------------------- */

static sqla_status count_one(size_t count, sqla_error *err)
{
    if (count == 1)
        return SQLA_OK;
    return count == 0 ? sqla__error_set(err, SQLA_ERR_NOT_FOUND, "one row was asked for, and the statement gives none")
                      : sqla__error_set(err, SQLA_ERR_TOO_MANY, "one row was asked for, and the statement gives several");
}

/* The one row of q. NULL: a failure, given to err. */
static sqla_row *one_row(sqla_stmt *q, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    int64_t limit = q != NULL ? lower_limit(q, 2) : 0;
    sqla_status status = buffer_rows(q, &local);
    if (q != NULL)
        restore_limit(q, limit);
    if (status == SQLA_OK)
        status = count_one(q->run->count, &local);
    if (status == SQLA_OK)
        return sqla_next_row_(q, &local);
    sqla__error_give(err, &local, status);
    return NULL;
}

int64_t sqla_scalar_i64(sqla_stmt *q, sqla_error *err)
{
    int64_t v;
    const sqla_row *row = one_row(q, err);
    return row != NULL && sqla__row_cell_i64(row, 0, &v, err) == SQLA_OK ? v : 0;
}

double sqla_scalar_f64(sqla_stmt *q, sqla_error *err)
{
    double v;
    const sqla_row *row = one_row(q, err);
    return row != NULL && sqla__row_cell_f64(row, 0, &v, err) == SQLA_OK ? v : 0;
}

const char *sqla_scalar_text(sqla_stmt *q, sqla_error *err)
{
    const char *v;
    const sqla_row *row = one_row(q, err);
    return row != NULL && sqla__row_cell_text(row, 0, &v, err) == SQLA_OK ? v : NULL;
}

const char *sqla_stmt_text(sqla_stmt *q, sqla_error *err)
{
    sqla_error local;
    sqla__compiled compiled;
    sqla__error_init(&local);
    if (q == NULL) {
        sqla__error_set(err, SQLA_ERR_MISUSE, "there is no statement");
        return NULL;
    }
    if (q->run != NULL && q->run->text != NULL && q->run->text_version == q->version)
        return q->run->text;
    sqla_status status = sqla__stmt_failure(q, &local);
    if (status == SQLA_OK && q->run == NULL && sqla__stmt_run(q) == NULL)
        status = sqla__error_nomem(&local);
    if (status == SQLA_OK)
        status = sqla__compile(q, q->on.ops->traits(q->on.self), &q->arena, &compiled, &local);
    if (status != SQLA_OK) {
        sqla__error_give(err, &local, status);
        return NULL;
    }
    q->run->text = compiled.text;
    q->run->text_version = q->version;
    return compiled.text;
}

/* ---- structs --------------------------------------------------------------------------------------------------- */

static sqla_status refuse_loads(const sqla_stmt *q, sqla_error *err)
{
    if (q->loads.count == 0)
        return SQLA_OK;
    return sqla__error_set(err, SQLA_ERR_MISUSE, "relations are loaded with the objects of a session, and these rows are plain structs");
}

static sqla_status read_structs(sqla_stmt *q, sqla_conn *conn, const sqla_model *model, sqla_error *err)
{
    sqla__run *run = q->run;
    const sqla__mapping *mapping = NULL;
    const sqla_plan *plan = NULL;
    sqla__result *result = NULL;
    sqla_status status = refuse_loads(q, err);
    if (status == SQLA_OK)
        status = sqla__mapping_of_rows(model, &run->arena, &mapping, err);
    if (status == SQLA_OK)
        status = sqla__run_start_buffered(run, q, conn, &result, err);
    if (status == SQLA_OK)
        status = sqla__run_plan(run, q, mapping, result, &plan, err);
    if (status == SQLA_OK)
        status = sqla__run_fetch_all(run, result, plan, mapping->size, err);
    sqla__result_close(result);
    sqla__arena_memory memory = sqla__memory_in(&run->arena);
    for (size_t i = 0; status == SQLA_OK && mapping->converts && i < run->count; i++)
        status = sqla__row_load(mapping, run->rows[i], (int64_t)i + 1, &memory.base, err);
    return status;
}

/* As objects where the target has some for this model, else as plain structs. */
static sqla_status read_items(sqla_stmt *q, sqla_conn *conn, const sqla_model *model, sqla_error *err)
{
    bool mine = false;
    void **objects = NULL;
    size_t n = 0;
    if (q->on.ops->objects != NULL) {
        sqla_status status = q->on.ops->objects(q->on.self, conn, q, model, &objects, &n, &mine, err);
        if (status != SQLA_OK || mine) {
            q->run->rows = objects;
            q->run->count = status == SQLA_OK ? n : 0;
            return status;
        }
    }
    return read_structs(q, conn, model, err);
}

static sqla_status buffer_items(sqla_stmt *q, const sqla_model *model, sqla_error *err)
{
    sqla_conn *conn = NULL;
    if (model == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no model to read rows into");
    sqla_status status = start(q, &conn, err);
    if (status != SQLA_OK)
        return status;
    status = end(q, conn, read_items(q, conn, model, err));
    if (status != SQLA_OK)
        q->run->count = 0;
    return status;
}

void *sqla_all_(sqla_stmt *q, const sqla_model *model, size_t *ret_n, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = buffer_items(q, model, &local);
    if (status != SQLA_OK) {
        sqla__error_give(err, &local, status);
        return NULL;
    }
    if (ret_n != NULL)
        *ret_n = q->run->count;
    return q->run->rows;
}

void *sqla_next_(sqla_stmt *q, const sqla_model *model, sqla_error *err)
{
    (void)model;
    (void)err;
    sqla__run *run = q != NULL ? q->run : NULL;
    return run != NULL && run->row == NULL && run->at < run->count ? run->rows[run->at++] : NULL;
}

void *sqla_rewind_(sqla_stmt *q, const sqla_model *model, sqla_error *err)
{
    return sqla_all_(q, model, NULL, err) != NULL ? sqla_next_(q, model, err) : NULL;
}

/* At most `most` items of q, which has the limit that it had afterwards. */
static sqla_status buffer_few(sqla_stmt *q, const sqla_model *model, int64_t most, sqla_error *err)
{
    int64_t limit = q != NULL ? lower_limit(q, most) : 0;
    sqla_status status = buffer_items(q, model, err);
    if (q != NULL)
        restore_limit(q, limit);
    return status;
}

void *sqla_first_(sqla_stmt *q, const sqla_model *model, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = buffer_few(q, model, 1, &local);
    if (status == SQLA_OK)
        return q->run->count > 0 ? q->run->rows[0] : NULL;
    sqla__error_give(err, &local, status);
    return NULL;
}

void *sqla_one_(sqla_stmt *q, const sqla_model *model, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = buffer_few(q, model, 2, &local);
    if (status == SQLA_OK)
        status = count_one(q->run->count, &local);
    if (status == SQLA_OK)
        return q->run->rows[0];
    sqla__error_give(err, &local, status);
    return NULL;
}
