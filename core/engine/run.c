/* run.c: starting a statement, and fetching its rows into memory of its own.
 *
 * A run belongs to its statement. What it leaves goes with the statement's next run, or earlier when nobody
 * can want it any more. Rows are read in batches straight into blocks of structs in the run's arena, and their
 * texts into the same arena. */
#include <config.h>
#include "engine/run.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "sql/mapping.h"

enum { FIRST_FETCH = 16, FETCH = 256, BLOCK_BYTES = 64 * 1024, RUN_BYTES = 512 };

/* ---- life ------------------------------------------------------------------------------------------------------ */

void sqla__run_stop(sqla__run *run, sqla_status status)
{
    sqla__result_close(run->result);
    if (run->conn != NULL && run->on.ops != NULL)
        run->on.ops->release(run->on.self, run->conn, status);
    run->result = NULL;
    run->conn = NULL;
    run->block = NULL;
    sqla__arena_release(&run->batch);
    sqla__arena_release(&run->scratch);
}

static void run_free(sqla__run *run)
{
    sqla__arena arena = run->arena;
    sqla__run_stop(run, SQLA_OK);
    sqla__arena_release(&arena);
}

sqla__run *sqla__stmt_run(sqla__stmt *q)
{
    sqla__arena arena = { 0 };
    if (q->run != NULL) {
        sqla__run_stop(q->run, SQLA_OK);
        arena = q->run->arena;
        sqla__arena_reset(&arena);
    } else if (!sqla__arena_open(&arena, RUN_BYTES)) {
        return NULL;
    }
    sqla__run *run = sqla__arena_zero(&arena, 1, sizeof *run); /* the first chunk has room for it */
    run->arena = arena;
    run->q = q;
    run->on = q->on;
    q->run = run;
    q->run_free = run_free;
    return run;
}

void sqla__run_done(sqla__stmt *q, bool lends)
{
    if (q->run != NULL && !lends && !q->kept) {
        run_free(q->run);
        q->run = NULL;
    } else if (q->run != NULL) {
        sqla__run_stop(q->run, SQLA_OK);
    }
    q->lent = lends;
    sqla__stmt_done(q);
}

/* ---- starting -------------------------------------------------------------------------------------------------- */

void sqla__raw_ran(sqla_conn *conn, const char *sql)
{
    static const char *const words[] = { "create", "alter", "drop" };
    sql += strspn(sql, " \t\r\n;(");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncasecmp(sql, words[i], strlen(words[i])) == 0)
            sqla__engine_forget_facts(sqla__conn_engine(conn));
    }
}

void sqla__script_ran(sqla_conn *conn) { sqla__engine_forget_facts(sqla__conn_engine(conn)); }

sqla_status sqla__check_parameters(const sqla_conn *conn, uint32_t count, sqla_error *err)
{
    uint32_t limit = sqla__conn_max_parameters(conn);
    if (limit == 0 || count <= limit)
        return SQLA_OK;
    sqla__error_set(err, SQLA_ERR_SQL, "the statement has %u parameters, and %s takes %u at most", (unsigned)count,
                    sqla__conn_traits(conn)->dialect, (unsigned)limit);
    sqla__error_hint(err, "put the values of a long list into a table, or run the statement for parts of it");
    return SQLA_ERR_SQL;
}

sqla_status sqla__run_start(
    sqla__run *run, sqla__stmt *q, sqla_conn *conn, uint32_t ways, sqla__result **ret_result, sqla_error *err)
{
    sqla__compiled compiled;
    bool raw = q->kind == SQLA__RAW_SQL;
    sqla_status status = sqla__stmt_failure(q, err);
    if (status == SQLA_OK)
        status = sqla__compile(q, sqla__conn_traits(conn), &run->scratch, &compiled, err);
    if (status == SQLA_OK)
        status = sqla__check_parameters(conn, compiled.count, err);
    if (status != SQLA_OK)
        return status;
    sqla__request request = { compiled.text, compiled.length, compiled.count > 0 ? &compiled.plan : NULL,
        compiled.values, true, (ways & SQLA_EXEC_STREAM) != 0, q->timeout_ms, (ways & SQLA_EXEC_ROWS) != 0,
        (ways & SQLA_EXEC_LEAVES) != 0 };
    if (raw) {
        sqla__conn_touch(conn);
        request.cached = sqla__conn_seen(conn, compiled.text, compiled.length);
    }
    status = sqla__conn_run(conn, &request, ret_result, NULL, err);
    if (status != SQLA_OK)
        sqla__compiled_locate(&compiled, err);
    if (raw)
        sqla__raw_ran(conn, q->sql);
    return status;
}

/* Rows that come one by one cost less than a whole result that is gone through once. But a raw statement may write, and is to be
 * done, or not, before its rows are looked at. */
static bool comes_in_pieces(const sqla__stmt *q)
{
    return q->kind != SQLA__RAW_SQL && q->limit != 1;
}

sqla_status sqla__run_start_buffered(sqla__run *run, sqla__stmt *q, sqla_conn *conn, sqla__result **ret_result, sqla_error *err)
{
    return sqla__run_start(
        run, q, conn, SQLA_EXEC_ROWS | (comes_in_pieces(q) ? SQLA_EXEC_STREAM : 0u), ret_result, err);
}

/* ---- plans ----------------------------------------------------------------------------------------------------- */

/* MISUSE would say that nothing was done. */
sqla_status sqla__run_without_rows(sqla_error *err)
{
    sqla__error_set(err, SQLA_ERR_NOT_FOUND, "the statement was run, and gives no rows that could be read");
    sqla__error_hint(
        err, "what it did stands; run a statement that gives no rows with sqla_exec() or sqla_execute()");
    return SQLA_ERR_NOT_FOUND;
}

static sqla_status refuse_column(const sqla__mapping *mapping, const char *column, const char *why, sqla_error *err)
{
    return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot read rows into '%s': column '%s' %s", mapping->model->name, column, why);
}

static bool is_named(const sqla__mapped_column *c, const char *name, bool exactly)
{
    if (exactly)
        return strcmp(c->name, name) == 0 || strcmp(c->item->field, name) == 0;
    return strcasecmp(c->name, name) == 0 || strcasecmp(c->item->field, name) == 0;
}

/* The column of the mapping with that name; letters differ in case where a database folds names. -1: none. */
static int32_t find_column(const sqla__mapping *mapping, const char *name)
{
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < mapping->column_count; i++) {
            if (is_named(&mapping->columns[i], name, pass == 0))
                return (int32_t)i;
        }
    }
    return -1;
}

static sqla_status match_by_name(sqla__run *run, const sqla__mapping *mapping, const sqla_result_info *info, sqla_slot *slots, sqla_error *err)
{
    unsigned char *filled = sqla__arena_zero(&run->scratch, mapping->column_count + 1, 1);
    if (filled == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < info->column_count; i++) {
        const char *name = info->columns[i].name;
        int32_t at = find_column(mapping, name);
        if (at < 0)
            return refuse_column(mapping, name, "of the result has no field there", err);
        if (filled[at]++ != 0)
            return refuse_column(mapping, name, "is in the result twice", err);
        slots[at] = mapping->columns[at].slot;
        slots[at].column = (int32_t)i;
    }
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        if (!filled[i])
            return refuse_column(mapping, mapping->columns[i].name, "is not in the result", err);
    }
    return SQLA_OK;
}

sqla_status sqla__run_plan(sqla__run *run, sqla__stmt *q, const sqla__mapping *mapping, sqla__result *result, const sqla_plan **ret_plan,
                           sqla_error *err)
{
    const sqla_result_info *info = sqla__result_info(result);
    if (q->kind == SQLA__SELECT_MODEL && q->model == mapping->model) {
        if (info->column_count != mapping->column_count)
            return sqla__error_set(err, SQLA_ERR_PROTOCOL, "a SELECT of %u columns gives %u", (unsigned)mapping->column_count,
                                   (unsigned)info->column_count);
        *ret_plan = &mapping->plan;
        return SQLA_OK;
    }
    if (info->column_count == 0)
        return sqla__run_without_rows(err);
    sqla_slot *slots = sqla__arena_zero(&run->scratch, mapping->column_count + 1, sizeof *slots);
    sqla_plan *plan = sqla__arena_take(&run->scratch, sizeof *plan);
    if (slots == NULL || plan == NULL)
        return sqla__error_nomem(err);
    *plan = (sqla_plan){ sizeof *plan, mapping->column_count, slots };
    *ret_plan = plan;
    return match_by_name(run, mapping, info, slots, err);
}

/* ---- fetching -------------------------------------------------------------------------------------------------- */

static void *take_text(sqla_row_arena *arena, void *row, size_t size)
{
    sqla__texts *texts = (sqla__texts *)(void *)arena;
    (void)row;
    texts->bytes += size;
    texts->overrun = !sqla__texts_hold(texts);
    char *block =
        size <= SIZE_MAX - SQLA__GUARD_SIZE ? sqla__arena_take(texts->arena, size + SQLA__GUARD_SIZE) : NULL;
    if (block != NULL) {
        texts->guard = block + size;
        sqla__guard_set(block + size);
    }
    return block;
}

bool sqla__texts_hold(const sqla__texts *texts)
{
    return !texts->overrun && (texts->guard == NULL || sqla__guard_holds(texts->guard));
}

sqla__texts sqla__texts_in(sqla__arena *arena)
{
    return (sqla__texts){ .base = { take_text }, .arena = arena };
}

/* The array of rows, with room for more, and for the NULL at its end. What it outgrows stays in the arena until the end of
 * the run: together that is no more than the array itself. */
static bool make_room(sqla__run *run, size_t *capacity, size_t more)
{
    size_t wanted = run->count + more + 1;
    if (wanted <= *capacity)
        return true;
    size_t grown = *capacity * 2 > wanted ? *capacity * 2 : wanted;
    void **rows = sqla__arena_take(&run->arena, grown * sizeof *rows);
    if (rows == NULL)
        return false;
    if (run->count > 0)
        memcpy(rows, run->rows, run->count * sizeof *rows);
    run->rows = rows;
    *capacity = grown;
    return true;
}

/* Put n fresh zeroed structs behind the rows that are there, each with room for guard bytes. */
static bool add_block(sqla__run *run, size_t n, uint32_t row_size)
{
    size_t stride = ((size_t)row_size + SQLA__GUARD_SIZE + 15) / 16 * 16;
    char *block = sqla__arena_zero(&run->arena, n, stride);
    for (size_t i = 0; block != NULL && i < n; i++)
        run->rows[run->count + i] = block + i * stride;
    return block != NULL;
}

static size_t fetch_size(uint32_t row_size)
{
    size_t n = BLOCK_BYTES / (row_size + 1u);
    return n < 1 ? 1 : n > FETCH ? FETCH : n;
}

sqla_status sqla__run_fetch_all(sqla__run *run, sqla__result *result, const sqla_plan *plan, uint32_t row_size, sqla_error *err)
{
    sqla__texts texts = sqla__texts_in(&run->arena);
    size_t capacity = 0, spare = 0, most = fetch_size(row_size), wanted = most < FIRST_FETCH ? most : FIRST_FETCH;
    bool end = false;
    run->count = 0;
    while (!end) {
        size_t n = 0;
        if (spare == 0) {
            if (!make_room(run, &capacity, wanted) || !add_block(run, wanted, row_size))
                return sqla__error_nomem(err);
            spare = wanted;
            wanted = most;
        }
        sqla_status status = sqla__result_fetch_guarded(
            result, plan, run->rows + run->count, spare, row_size, &texts.base, &n, &end, err);
        if (status == SQLA_OK && !sqla__texts_hold(&texts))
            status = sqla__result_overrun(result, err);
        if (status != SQLA_OK)
            return status;
        run->count += n;
        spare -= n;
    }
    run->rows[run->count] = NULL;
    return SQLA_OK;
}
