/* many.c: one statement for many structs.
 *
 * The structs go to the driver as they lie in the program's memory, by the plan that reads the fields which the statement names, some
 * at a time. All of them count or none: outside of a transaction they are one, and inside of one a savepoint stands before them. */
#include <config.h>
#include "engine/run.h"

#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "engine/engine.h"
#include "sql/convert.h"

enum { CHUNK = 1000 }; /* structs that the driver is given together */
static const char savepoint[] = "sqla_many";

typedef struct job {
    sqla_conn *conn;
    const char *sql;
    sqla__compiled compiled;
    sqla__mapping used;            /* the fields that the statement names */
    const char *rows;
    size_t count, done;
    int64_t affected;
    sqla__arena chunk;             /* what the rows under way need */
} job;

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static sqla_status explain(const job *j, int64_t row, sqla_error *err)
{
    err->row = row;
    sqla__error_prefix(err, "row %lld of %zu: ", (long long)row, j->count);
    return err->status;
}

/* A copy of a struct with what lies behind it for the driver, where fields have conversions. */
static sqla_status convert_row(job *j, size_t i, void **ret, sqla_error *err)
{
    const sqla_model *model = j->used.model;
    char *copy = sqla__arena_zero(&j->chunk, 1, j->used.size);
    if (copy == NULL)
        return sqla__error_nomem(err);
    memcpy(copy, j->rows + i * model->size, model->size);
    *ret = copy;
    sqla_status status = sqla__row_store(&j->used, copy, &j->chunk, err);
    return status == SQLA_OK ? SQLA_OK : explain(j, (int64_t)i + 1, err);
}

/* Blobs that cannot be are told before anything is sent. */
static sqla_status check_row(const job *j, size_t i, const void *row, sqla_error *err)
{
    for (uint32_t c = 0; c < j->used.column_count; c++) {
        const sqla__mapped_column *column = &j->used.columns[c];
        sqla_blob blob;
        if (column->slot.rep != SQLA_REP_BYTES)
            continue;
        memcpy(&blob, (const char *)row + column->slot.offset, sizeof blob);
        const char *wrong = sqla__bytes_wrong(blob);
        if (wrong != NULL) {
            sqla__error_set(err, SQLA_ERR_MISUSE, "field '%s' of '%s': %s", column->item->field,
                j->used.model->name, wrong);
            return explain(j, (int64_t)i + 1, err);
        }
    }
    return SQLA_OK;
}

static sqla_status gather(job *j, size_t n, void **rows, sqla_error *err)
{
    for (size_t i = 0; i < n; i++) {
        /* The driver is given no plan of keys, so it writes into no row. */
        rows[i] = (void *)(uintptr_t)(j->rows + (j->done + i) * j->used.model->size);
        if (j->used.converts && convert_row(j, j->done + i, &rows[i], err) != SQLA_OK)
            return err->status;
        if (check_row(j, j->done + i, rows[i], err) != SQLA_OK)
            return err->status;
    }
    return SQLA_OK;
}

static sqla_status run_chunk(job *j, sqla_error *err)
{
    size_t n = j->count - j->done < CHUNK ? j->count - j->done : CHUNK;
    sqla__arena_reset(&j->chunk);
    void **rows = sqla__arena_take(&j->chunk, n * sizeof *rows);
    sqla_status status = rows != NULL ? gather(j, n, rows, err) : sqla__error_nomem(err);
    if (status != SQLA_OK)
        return status;
    sqla_batch batch = { .struct_size = sizeof batch, .mode = SQLA_BATCH_EACH, .plan = &j->compiled.plan, .rows = rows, .count = n,
                         .rows_per_statement = 1, .key_source = SQLA_KEY_NONE, .unmatched = -1 };
    status = sqla__conn_run_many(j->conn, j->compiled.text, j->compiled.length, &batch, err);
    if (status == SQLA_OK) {
        j->affected = batch.affected < 0 || j->affected < 0 ? -1 : j->affected + batch.affected;
        j->done += n;
        return SQLA_OK;
    }
    sqla__compiled_locate(&j->compiled, err);
    return err->row > 0 ? explain(j, err->row + (int64_t)j->done, err) : status;
}

static sqla_status run_rows(job *j, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    sqla__conn_touch(j->conn);
    while (status == SQLA_OK && j->done < j->count)
        status = run_chunk(j, err);
    sqla__raw_ran(j->conn, j->sql);
    sqla__arena_release(&j->chunk);
    return status;
}

/* ---- all or none ----------------------------------------------------------------------------------------------- */

static sqla_status in_transaction(job *j, sqla_error *err)
{
    sqla_error dropped;
    sqla_status status = sqla__conn_begin(j->conn, sqla__engine_begin(j->conn->engine, (sqla__begin){ SQLA_ISOLATION_DEFAULT, 0 }), err);
    if (status != SQLA_OK)
        return status;
    status = run_rows(j, err);
    if (status == SQLA_OK)
        status = sqla__conn_commit(j->conn, err);
    sqla__error_init(&dropped);
    if (status != SQLA_OK)
        (void)sqla__conn_rollback(j->conn, &dropped);
    return status;
}

/* Undo what was done since the savepoint. Where that cannot be had, and the transaction could still be committed with it, the connection
 * is given up. */
static void undo(sqla_conn *conn)
{
    sqla_error dropped;
    sqla__error_init(&dropped);
    if (conn->lost)
        return;
    sqla_status status = sqla__conn_savepoint(conn, SQLA_SAVEPOINT_ROLLBACK, savepoint, &dropped);
    if (status == SQLA_OK)
        (void)sqla__conn_savepoint(conn, SQLA_SAVEPOINT_RELEASE, savepoint, &dropped);
    else if (sqla__conn_txn_state(conn) == SQLA_TXN_ACTIVE)
        conn->lost = true;
}

static sqla_status in_savepoint(job *j, sqla_error *err)
{
    sqla_status status = sqla__conn_savepoint(j->conn, SQLA_SAVEPOINT_SET, savepoint, err);
    if (status != SQLA_OK)
        return status;
    status = run_rows(j, err);
    if (status == SQLA_OK)
        status = sqla__conn_savepoint(j->conn, SQLA_SAVEPOINT_RELEASE, savepoint, err);
    if (status != SQLA_OK)
        undo(j->conn);
    return status;
}

static sqla_status run(job *j, sqla_error *err)
{
    if (j->count < 2 || j->conn->autocommit)
        return run_rows(j, err);
    return sqla__conn_txn_state(j->conn) == SQLA_TXN_IDLE ? in_transaction(j, err) : in_savepoint(j, err);
}

/* ---- public ---------------------------------------------------------------------------------------------------- */

static sqla_status prepare(job *j, sqla_target on, const sqla_model *model, sqla__arena *arena, sqla_error *err)
{
    const sqla__mapping *mapping = NULL;
    sqla_status status = sqla__mapping_of_rows(model, arena, &mapping, err);
    if (status == SQLA_OK)
        status = sqla__compile_raw_rows(j->sql, mapping, on.ops->traits(on.self), arena, &j->compiled, &j->used, err);
    return status;
}

static sqla_status execute_many(job *j, sqla_target on, sqla_error *err)
{
    if (j->count == 0)
        return SQLA_OK;
    sqla_status status = on.ops->acquire(on.self, NULL, false, &j->conn, err);
    if (status != SQLA_OK)
        return status;
    status = sqla__check_parameters(j->conn, j->compiled.count, err);
    if (status == SQLA_OK)
        status = run(j, err);
    on.ops->release(on.self, j->conn, status);
    sqla__stmts_settle(on);
    return status;
}

sqla_status sqla_execute_many_(sqla_target on, const char *sql, const sqla_model *model, const void *rows, size_t n, int64_t *ret_rows, sqla_error *err)
{
    sqla_error local;
    sqla__arena arena = { 0 };
    job j = { .sql = sql, .rows = rows, .count = n };
    if (on.ops == NULL || sql == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, on.ops == NULL ? "there is nothing to execute on" : "there is no SQL to execute");
    if (model == NULL || (rows == NULL && n > 0))
        return sqla__error_set(err, SQLA_ERR_MISUSE, model == NULL ? "there is no model to read the rows by" : "there are no rows to execute it for");
    if (sqla__is_absurd(rows, n, model->size))
        return sqla__error_set(
            err, SQLA_ERR_MISUSE, "%zu rows of '%s' are more than there can be", n, model->name);
    sqla__error_init(&local);
    sqla_status status = prepare(&j, on, model, &arena, &local);
    if (status == SQLA_OK)
        status = execute_many(&j, on, &local);
    sqla__arena_release(&arena);
    if (status == SQLA_OK && ret_rows != NULL)
        *ret_rows = j.affected;
    return sqla__error_give(err, &local, status);
}
