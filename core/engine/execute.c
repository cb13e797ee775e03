/* execute.c: the public ways to run a statement: for its effect, for rows by name, for structs, for one
 * value. Streams are in stream.c.
 *
 * All of them take a connection where the statement runs (sql/target.h), start a run (run.c), read, and
 * give the connection back. Rows are read whole before the first is handed out. What is not handed out
 * goes with the call, or with the loop. */
#include <config.h>
#include "engine/run.h"

#include <string.h>

#include "base/error.h"
#include "engine/result.h"
#include "sql/convert.h"

/* ---- common -------------------------------------------------------------------------------------------- */

/* The statement to run, which sqla__run_done or the end of a loop is to follow. NULL: there is none. */
static sqla__stmt *find(const sqla_stmt *handle, sqla_error *err)
{
    sqla__stmt *q = sqla__stmt_of(handle);
    if (q != NULL)
        sqla__stmt_runs(q);
    else
        sqla__stmt_missing(handle, "run", err);
    return q;
}

/* Begin a run: the builders' failure first, then what the last run left goes, then a connection. */
static sqla_status start(sqla__stmt *q, sqla_conn **ret_conn, sqla_error *err)
{
    sqla_status status = sqla__stmt_failure(q, err);
    if (status != SQLA_OK)
        return status;
    if (sqla__stmt_run(q) == NULL)
        return sqla__error_nomem(err);
    return q->on.ops->acquire(q->on.self, q, false, ret_conn, err);
}

static sqla_status end(sqla__stmt *q, sqla_conn *conn, sqla_status status)
{
    sqla__arena_release(&q->run->scratch);
    q->on.ops->release(q->on.self, conn, status);
    return status;
}

/* Memory that is the statement's cannot be given out where the statement ends with this very run. */
static sqla_status may_lend(const sqla__stmt *q, const char *call, sqla_error *err)
{
    if (!sqla__stmt_for_one_run(q))
        return SQLA_OK;
    sqla__error_set(err, SQLA_ERR_MISUSE, "%s gives memory of its statement, and on an engine a statement "
                                          "ends with its run", call);
    sqla__error_hint(err, "keep the statement first, sqla_stmt_keep(q), and free it when that memory is not "
                          "needed any more; or use a loop, a connection or a session");
    return SQLA_ERR_MISUSE;
}

/* Ask the database for no more rows than will be looked at. Returns the limit that q had. */
static int64_t lower_limit(sqla__stmt *q, int64_t most)
{
    int64_t limit = q->limit;
    if (q->kind != SQLA__RAW_SQL && (limit < 0 || limit > most)) {
        q->limit = most;
        q->version++;
    }
    return limit;
}

static void restore_limit(sqla__stmt *q, int64_t limit)
{
    if (q->limit != limit) {
        q->limit = limit;
        q->version++;
    }
}

/* ---- for the effect ------------------------------------------------------------------------------------ */

static sqla_status execute(sqla__stmt *q, int64_t *ret_rows, sqla_error *err)
{
    sqla_conn *conn = NULL;
    sqla__result *result = NULL;
    sqla_status status = start(q, &conn, err);
    if (status != SQLA_OK)
        return status;
    status = sqla__run_start(q->run, q, conn, 0, &result, err);
    if (status == SQLA_OK)
        status = sqla__result_finish(result, ret_rows, err);
    return end(q, conn, status);
}

sqla_status sqla_exec(sqla_stmt *handle, int64_t *ret_rows, sqla_error *err)
{
    sqla_error local;
    int64_t affected = -1;
    sqla__error_init(&local);
    sqla__stmt *q = find(handle, &local);
    sqla_status status = q != NULL ? execute(q, &affected, &local) : local.status;
    if (q != NULL)
        sqla__run_done(q, false);
    if (status == SQLA_OK && ret_rows != NULL)
        *ret_rows = affected;
    return sqla__error_give(err, &local, status);
}

/* ---- rows by name -------------------------------------------------------------------------------------- */

static sqla_status read_rows(sqla__stmt *q, sqla_conn *conn, sqla_error *err)
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

static sqla_status buffer_rows(sqla__stmt *q, sqla_error *err)
{
    sqla_conn *conn = NULL;
    sqla_status status = start(q, &conn, err);
    return status == SQLA_OK ? end(q, conn, read_rows(q, conn, err)) : status;
}

static sqla_row *next_row(sqla__run *run)
{
    if (run == NULL || run->row == NULL || run->at >= run->count)
        return NULL;
    sqla__row_show(run->row, run->rows[run->at++]);
    return run->row;
}

sqla_row *sqla_next_row_(sqla_stmt *handle, sqla_error *err)
{
    sqla__stmt *q = sqla__stmt_of(handle);
    if (q == NULL)
        sqla__stmt_missing(handle, "read on", err);
    return q != NULL ? next_row(q->run) : NULL;
}

sqla_row *sqla_rewind_row_(sqla_stmt *handle, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla__stmt *q = find(handle, &local);
    sqla_status status = local.status;
    if (q != NULL) {
        q->loops++;
        status = buffer_rows(q, &local);
    }
    if (status == SQLA_OK)
        return next_row(q->run);
    sqla__error_give(err, &local, status);
    return NULL;
}

/* ---- one value ----------------------------------------------------------------------------------------- */

static sqla_status count_one(size_t count, sqla_error *err)
{
    if (count == 1)
        return SQLA_OK;
    return sqla__error_set(err, count == 0 ? SQLA_ERR_NOT_FOUND : SQLA_ERR_TOO_MANY,
                           "one row was asked for, and the statement gives %s",
                           count == 0 ? "none" : "several");
}

/* The one row of q. NULL: a failure. */
static sqla_row *one_row(sqla__stmt *q, sqla_error *err)
{
    int64_t limit = lower_limit(q, 2);
    sqla_status status = buffer_rows(q, err);
    restore_limit(q, limit);
    if (status == SQLA_OK)
        status = count_one(q->run->count, err);
    return status == SQLA_OK ? next_row(q->run) : NULL;
}

/* The first cell of a row as a C value. */
typedef sqla_status cell_fn(const sqla_row *row, void *ret, sqla_error *err);
#define FIRST_CELL(kind) \
    static sqla_status cell_##kind(const sqla_row *row, void *ret, sqla_error *err) \
    { \
        return sqla__row_cell_##kind(row, 0, ret, err); \
    }
FIRST_CELL(i64)
FIRST_CELL(f64)
FIRST_CELL(text)

/* lends: the name of the call, when the value lies in memory of q; else NULL. *ret stays as it is when
 * that fails. */
static void scalar(sqla_stmt *handle, cell_fn *cell, const char *lends, void *ret, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla__stmt *q = find(handle, &local);
    bool may = q != NULL && (lends == NULL || may_lend(q, lends, &local) == SQLA_OK);
    const sqla_row *row = may ? one_row(q, &local) : NULL;
    bool given = row != NULL && cell(row, ret, &local) == SQLA_OK;
    if (q != NULL)
        sqla__run_done(q, given && lends != NULL);
    sqla__error_give(err, &local, local.status);
}

int64_t sqla_scalar_i64(sqla_stmt *q, sqla_error *err)
{
    int64_t v = 0;
    scalar(q, cell_i64, NULL, &v, err);
    return v;
}

double sqla_scalar_f64(sqla_stmt *q, sqla_error *err)
{
    double v = 0;
    scalar(q, cell_f64, NULL, &v, err);
    return v;
}

const char *sqla_scalar_text(sqla_stmt *q, sqla_error *err)
{
    const char *v = NULL;
    scalar(q, cell_text, "sqla_scalar_text", &v, err);
    return v;
}

static sqla_status show(sqla__stmt *q, sqla__clauses *more, sqla_error *err)
{
    sqla__compiled compiled = { 0 };
    sqla_status status = sqla__stmt_failure(q, err);
    if (status != SQLA_OK || (more->text != NULL && more->text_version == q->version))
        return status;
    sqla__arena_reset(&more->text_memory);
    status = sqla__compile(q, q->on.ops->traits(q->on.self), &more->text_memory, &compiled, err);
    more->text = compiled.text;
    more->text_version = q->version;
    return status;
}

const char *sqla_stmt_text(sqla_stmt *handle, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla__stmt *q = sqla__stmt_of(handle);
    sqla__clauses *more = q != NULL ? sqla__stmt_more(q) : NULL;
    sqla_status status = q == NULL ? sqla__stmt_missing(handle, "show", &local)
                       : more == NULL ? sqla__stmt_failure(q, &local) : show(q, more, &local);
    sqla__error_give(err, &local, status);
    return status == SQLA_OK ? more->text : NULL;
}

/* ---- structs ------------------------------------------------------------------------------------------- */

static sqla_status refuse_loads(const sqla__stmt *q, sqla_error *err)
{
    if (q->more->loads.count == 0)
        return SQLA_OK;
    return sqla__error_set(err, SQLA_ERR_MISUSE, "relations are loaded with the objects of a session, and "
                                                 "these rows are plain structs");
}

static sqla_status read_structs(sqla__stmt *q, sqla_conn *conn, const sqla_model *model, sqla_error *err)
{
    sqla__run *run = q->run;
    const sqla__mapping *mapping = NULL;
    const sqla_plan *plan = NULL;
    sqla__result *result = NULL;
    sqla_status status = refuse_loads(q, err);
    if (status == SQLA_OK)
        status = sqla__mapping_of_rows(model, &run->scratch, &mapping, err);
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
static sqla_status read_items(sqla__stmt *q, sqla_conn *conn, const sqla_model *model, sqla_error *err)
{
    bool mine = false;
    void **objects = NULL;
    size_t n = 0;
    if (q->on.ops->objects != NULL) {
        sqla_status status = q->on.ops->objects(q->on.self, conn, q, model, &objects, &n, &mine, err);
        if (status != SQLA_OK || mine) {
            q->run->rows = objects;
            q->run->count = status == SQLA_OK ? n : 0;
            q->run->objects = true;
            return status;
        }
    }
    return read_structs(q, conn, model, err);
}

static sqla_status buffer_items(sqla__stmt *q, const sqla_model *model, sqla_error *err)
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

void *sqla_all_(sqla_stmt *handle, const sqla_model *model, size_t *ret_n, sqla_error *err)
{
    sqla_error local;
    void **rows = NULL;
    sqla__error_init(&local);
    sqla__stmt *q = find(handle, &local);
    if (q == NULL || may_lend(q, "sqla_all", &local) != SQLA_OK || buffer_items(q, model, &local) != SQLA_OK)
        sqla__error_give(err, &local, local.status);
    else
        rows = q->run->rows;
    if (rows != NULL && ret_n != NULL)
        *ret_n = q->run->count;
    if (q != NULL)
        sqla__run_done(q, rows != NULL);
    return rows;
}

static void *next_item(sqla__run *run)
{
    return run != NULL && run->row == NULL && run->at < run->count ? run->rows[run->at++] : NULL;
}

void *sqla_next_(sqla_stmt *handle, const sqla_model *model, sqla_error *err)
{
    sqla__stmt *q = sqla__stmt_of(handle);
    (void)model;
    if (q == NULL)
        sqla__stmt_missing(handle, "read on", err);
    return q != NULL ? next_item(q->run) : NULL;
}

void *sqla_rewind_(sqla_stmt *handle, const sqla_model *model, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla__stmt *q = find(handle, &local);
    sqla_status status = local.status;
    if (q != NULL) {
        q->loops++;
        status = buffer_items(q, model, &local);
    }
    if (status == SQLA_OK)
        return next_item(q->run);
    sqla__error_give(err, &local, status);
    return NULL;
}

/* At most `most` items of q, which has the limit that it had afterwards. */
static sqla_status buffer_few(sqla__stmt *q, const sqla_model *model, int64_t most, sqla_error *err)
{
    int64_t limit = lower_limit(q, most);
    sqla_status status = buffer_items(q, model, err);
    restore_limit(q, limit);
    return status;
}

/* The first of at most `most` items; of two, one is one too many. */
static void *first_of(sqla_stmt *handle, const sqla_model *model, int64_t most, const char *call,
                      sqla_error *err)
{
    sqla_error local;
    void *item = NULL;
    sqla__error_init(&local);
    sqla__stmt *q = find(handle, &local);
    sqla_status status = q != NULL ? may_lend(q, call, &local) : local.status;
    if (status == SQLA_OK)
        status = buffer_few(q, model, most, &local);
    if (status == SQLA_OK && most > 1)
        status = count_one(q->run->count, &local);
    if (status == SQLA_OK)
        item = q->run->count > 0 ? q->run->rows[0] : NULL;
    if (q != NULL)
        sqla__run_done(q, item != NULL && !q->run->objects);
    sqla__error_give(err, &local, status);
    return item;
}

void *sqla_first_(sqla_stmt *q, const sqla_model *model, sqla_error *err)
{
    return first_of(q, model, 1, "sqla_first", err);
}

void *sqla_one_(sqla_stmt *q, const sqla_model *model, sqla_error *err)
{
    return first_of(q, model, 2, "sqla_one", err);
}

/* ---- the end of a loop --------------------------------------------------------------------------------- */

/* Objects are the session's, and the rows of a stream are read; but texts of other rows may be used after
 * the loop, as long as its statement lives. */
static bool leaves_rows(const sqla__run *run) { return run != NULL && !run->objects && run->capacity == 0; }

void sqla_loop_end_(sqla_loop_ *loop)
{
    sqla__stmt *q = loop->more ? sqla__stmt_of(loop->q) : NULL;
    loop->more = false;
    if (q == NULL || q->loops == 0 || --q->loops > 0)
        return;
    if (leaves_rows(q->run))
        sqla__stmt_done(q);
    else
        sqla__run_done(q, false);
}
