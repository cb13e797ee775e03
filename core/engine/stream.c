/* stream.c: rows of a statement one after the other, in bounded memory.
 *
 * A block of structs, or of dynamic rows, is filled, handed out row by row, and filled again; their texts lie in an arena that is
 * emptied with it. The connection stays with the run until the last row was read, the loop is left or the
 * statement freed. */
#include <config.h>
#include "engine/run.h"

#include <string.h>

#include "base/error.h"
#include "sql/convert.h"

enum { STREAM_WAYS = SQLA_EXEC_STREAM | SQLA_EXEC_ROWS | SQLA_EXEC_LEAVES };
enum { GROWTH = 16, FETCH = 256, BLOCK_BYTES = 64 * 1024, TEXT_BYTES = 512 * 1024 };

static sqla_status make_block(sqla__run *run, uint32_t row_size, sqla_error *err)
{
    size_t stride = ((size_t)row_size + SQLA__GUARD_SIZE + 15) / 16 * 16, n = BLOCK_BYTES / stride;
    n = n < 1 ? 1 : n > FETCH ? FETCH : n;
    run->block = sqla__arena_take(&run->arena, n * stride);
    run->rows = sqla__arena_take(&run->arena, (n + 1) * sizeof *run->rows);
    if (run->block == NULL || run->rows == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; i < n; i++)
        run->rows[i] = (char *)run->block + i * stride;
    run->row_size = (uint32_t)stride;
    run->guard = row_size;
    run->capacity = (uint32_t)n;
    run->wanted = 1;
    return SQLA_OK;
}

static sqla_status open_structs(sqla__stmt *q, const sqla_model *model, sqla_error *err)
{
    sqla__run *run = q->run;
    const sqla__mapping *mapping = NULL;
    sqla_status status = sqla__mapping_of_rows(model, &run->scratch, &mapping, err);
    if (status == SQLA_OK)
        status = sqla__run_start(run, q, run->conn, STREAM_WAYS, &run->result, err);
    if (status == SQLA_OK)
        status = sqla__run_plan(run, q, mapping, run->result, &run->plan, err);
    if (status == SQLA_OK && mapping->converts)
        run->converts = mapping;
    return status == SQLA_OK ? make_block(run, mapping->size, err) : status;
}

static sqla_status open_rows(sqla__stmt *q, sqla_error *err)
{
    sqla__run *run = q->run;
    uint32_t size = 0;
    sqla_status status =
        sqla__run_start(run, q, run->conn, STREAM_WAYS, &run->result, err);
    if (status == SQLA_OK)
        status = sqla__row_make(run, run->result, &run->row, &run->plan, &size, err);
    if (status == SQLA_OK && size == 0)
        status = sqla__run_without_rows(err);
    return status == SQLA_OK ? make_block(run, size, err) : status;
}

/* How many rows to fetch next, so that their texts stay within bounds if they are like those that came. The first fetch is of one
 * row: so it is not long in coming, and it tells how large rows are. */
static uint32_t next_size(const sqla__run *run, size_t bytes)
{
    size_t each = run->count > 0 ? bytes / run->count : 0, most = run->count * GROWTH;
    if (each > 0 && TEXT_BYTES / each < most)
        most = TEXT_BYTES / each;
    return most < 1 ? 1 : most > run->capacity ? run->capacity : (uint32_t)most;
}

static sqla_status refill(sqla__run *run, sqla_error *err)
{
    sqla__texts texts = sqla__texts_in(&run->batch);
    sqla__arena_reset(&run->batch);
    memset(run->block, 0, (size_t)run->wanted * run->row_size);
    run->at = 0;
    sqla__result_renew(run->result);
    sqla_status status = sqla__result_fetch_guarded(run->result, run->plan, run->rows, run->wanted,
        run->guard, &texts.base, &run->count, &run->ended, err);
    if (status == SQLA_OK && !sqla__texts_hold(&texts))
        status = sqla__result_overrun(run->result, err);
    run->wanted = next_size(run, texts.bytes);
    return status;
}

/* Fields with conversions are loaded as the row is handed out, so that one that cannot be does not stop those before it. */
static sqla_status load_fields(sqla__run *run, void *row, sqla_error *err)
{
    sqla__arena_memory memory = sqla__memory_in(&run->batch);
    int64_t number = sqla__result_fetched(run->result) - (int64_t)(run->count - run->at) + 1;
    return run->converts != NULL ? sqla__row_load(run->converts, row, number, &memory.base, err) : SQLA_OK;
}

static const void *next(sqla__run *run, sqla_error *err)
{
    if (run->block == NULL)
        return NULL;
    sqla_status status = run->at < run->count || run->ended ? SQLA_OK : refill(run, err);
    if (status == SQLA_OK && run->at < run->count)
        status = load_fields(run, run->rows[run->at], err);
    if (status == SQLA_OK && run->at < run->count)
        return run->rows[run->at++];
    run->count = run->at = 0;
    sqla__run_stop(run, status);
    return NULL;
}

/* Start q as a stream, and with it a loop. model NULL: of dynamic rows. */
static sqla_status open_stream(sqla__stmt *q, const sqla_model *model, sqla_error *err)
{
    sqla__stmt_runs(q);
    q->loops++;
    sqla_status status = sqla__stmt_failure(q, err);
    if (status == SQLA_OK && q->more->loads.count > 0)
        status = sqla__error_set(err, SQLA_ERR_MISUSE, "a stream gives plain rows, and no relations are loaded with them");
    sqla__run *run = status == SQLA_OK ? sqla__stmt_run(q) : NULL;
    if (status == SQLA_OK)
        status = run != NULL ? q->on.ops->acquire(q->on.self, q, true, &run->conn, err) : sqla__error_nomem(err);
    if (status != SQLA_OK)
        return status;
    status = model != NULL ? open_structs(q, model, err) : open_rows(q, err);
    if (status != SQLA_OK)
        sqla__run_stop(run, status);
    return status;
}

/* The next row of a stream that is open, or whose opening has failed. */
static const void *row_after(sqla__stmt *q, sqla_status status, sqla_error *local, sqla_error *err)
{
    const void *row = NULL;
    if (status == SQLA_OK && q->run != NULL) {
        row = next(q->run, local);
        status = local->status;
    }
    if (row == NULL)
        sqla__error_give(err, local, status);
    return row;
}

static const sqla_row *shown(sqla__stmt *q, const void *cells)
{
    if (cells == NULL || q->run->row == NULL)
        return NULL;
    sqla__row_show(q->run->row, cells);
    return q->run->row;
}

const void *sqla_stream_(sqla_stmt *handle, const sqla_model *model, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla__stmt *q = sqla__stmt_of(handle);
    sqla_status status = q == NULL ? sqla__stmt_missing(handle, "stream", &local)
                       : model != NULL ? open_stream(q, model, &local)
                       : sqla__error_set(&local, SQLA_ERR_MISUSE, "there is no model to read rows into");
    return row_after(q, status, &local, err);
}

const void *sqla_stream_next_(sqla_stmt *handle, const sqla_model *model, sqla_error *err)
{
    sqla_error local;
    (void)model;
    sqla__error_init(&local);
    sqla__stmt *q = sqla__stmt_of(handle);
    return row_after(q, q != NULL ? SQLA_OK : sqla__stmt_missing(handle, "read on", &local), &local, err);
}

const sqla_row *sqla_stream_row_(sqla_stmt *handle, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla__stmt *q = sqla__stmt_of(handle);
    sqla_status status = q != NULL ? open_stream(q, NULL, &local)
                                   : sqla__stmt_missing(handle, "stream", &local);
    return shown(q, row_after(q, status, &local, err));
}

const sqla_row *sqla_stream_next_row_(sqla_stmt *handle, sqla_error *err)
{
    const void *cells = sqla_stream_next_(handle, NULL, err);
    return cells != NULL ? shown(sqla__stmt_of(handle), cells) : NULL;
}
