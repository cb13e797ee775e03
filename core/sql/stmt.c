/* stmt.c: how long statements live, and the failure of the builders that they keep. The builders are in
 * build.c. */
#include <config.h>
#include "sql/stmt.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "sql/expr.h"
#include "sql/handle.h"
#include "sql/metadata.h"

/* ---- lists --------------------------------------------------------------------------------------------- */

static void lock(const sqla__stmts *list)
{
    if (list->lock != NULL)
        pthread_mutex_lock(list->lock);
}

static void unlock(const sqla__stmts *list)
{
    if (list->lock != NULL)
        pthread_mutex_unlock(list->lock);
}

static void put_in(sqla__stmt **head, sqla__stmt *q)
{
    q->previous = NULL;
    q->next = *head;
    if (*head != NULL)
        (*head)->previous = q;
    *head = q;
}

static void take_out(sqla__stmts *list, sqla__stmt *q)
{
    *(q->previous != NULL ? &q->previous->next : q->in_ran ? &list->ran : &list->idle) = q->next;
    if (q->next != NULL)
        q->next->previous = q->previous;
}

static void move(sqla__stmts *list, sqla__stmt *q, bool in_ran)
{
    lock(list);
    take_out(list, q);
    q->in_ran = in_ran;
    put_in(in_ran ? &list->ran : &list->idle, q);
    unlock(list);
}

/* ---- making -------------------------------------------------------------------------------------------- */

static const sqla__clauses nothing_more = { 0 };

static sqla__stmt *make_in(sqla__arena *arena, sqla_target on)
{
    sqla__stmt *q = sqla__arena_zero(arena, 1, sizeof *q);
    if (q == NULL || (q->handle = sqla__handle_new(q)) == NULL)
        return NULL;
    q->arena = *arena;
    q->on = on;
    q->more = &nothing_more;
    q->limit = q->offset = -1;
    return q;
}

sqla__stmt *sqla__stmt_make(sqla_target on, sqla__stmt_kind kind, size_t bytes)
{
    sqla__arena arena = { 0 };
    if (on.ops == NULL || !sqla__arena_open(&arena, bytes))
        return NULL;
    sqla__stmt *q = make_in(&arena, on);
    if (q == NULL) {
        sqla__arena_release(&arena);
        return NULL;
    }
    sqla__stmts *list = on.ops->statements(on.self);
    q->kind = (uint8_t)kind;
    lock(list);
    put_in(&list->idle, q);
    unlock(list);
    return q;
}

sqla__clauses *sqla__stmt_more(sqla__stmt *q)
{
    if (q->own_more == NULL && (q->own_more = sqla__arena_zero(&q->arena, 1, sizeof *q->own_more)) != NULL)
        q->more = q->own_more;
    if (q->own_more == NULL)
        sqla__stmt_fail(q, SQLA_ERR_NOMEM, "out of memory");
    return q->own_more;
}

/* ---- ending -------------------------------------------------------------------------------------------- */

static void clear_failure(sqla__stmt *q)
{
    sqla__free(q->failure);
    q->failure = NULL;
    q->failed = SQLA_OK;
}

static void free_more(sqla__clauses *more)
{
    for (uint32_t i = 0; i < more->binds.count; i++)
        sqla__arena_release(&more->binds.items[i].later);
    for (uint32_t i = 0; i < more->places.count; i++)
        sqla__arena_release(&more->places.items[i].later);
    sqla__arena_release(&more->text_memory);
    sqla__hash_release(&more->bind_places);
}

/* It is in no list any more. */
static void destroy(sqla__stmt *q)
{
    sqla__arena arena = q->arena;
    if (q->run != NULL)
        q->run_free(q->run);
    if (q->own_more != NULL)
        free_more(q->own_more);
    sqla__handle_drop(q->handle);
    clear_failure(q);
    sqla__arena_release(&arena);
}

static void end(sqla__stmts *list, sqla__stmt *q)
{
    lock(list);
    take_out(list, q);
    unlock(list);
    destroy(q);
}

/* Its transaction is over, or there is none that it belongs to. */
static void retire(sqla__stmts *list, sqla__stmt *q)
{
    if (q->loops > 0) {
        q->over = true;
    } else if (q->kept || q->lent || q->lent_expression) {
        q->ended = !q->kept;
        if (q->in_ran)
            move(list, q, false);
    } else {
        end(list, q);
    }
}

void sqla__stmt_runs(sqla__stmt *q)
{
    sqla__stmts *list = q->on.ops->statements(q->on.self);
    q->over = q->lent = false;
    if (list->lock == NULL && !q->in_ran)
        move(list, q, true);
}

void sqla__stmts_settle(sqla_target on)
{
    sqla__stmts *list = on.ops != NULL ? on.ops->statements(on.self) : NULL;
    if (list != NULL && list->lock == NULL && list->ran != NULL && on.ops->over(on.self))
        sqla__stmts_over(list);
}

/* Where threads share the list, only q is this thread's to look at. */
void sqla__stmt_done(sqla__stmt *q)
{
    sqla__stmts *list = q->on.ops->statements(q->on.self);
    if (q->loops > 0)
        return;
    if (q->over || list->lock != NULL)
        retire(list, q);
    else
        sqla__stmts_settle(q->on);
}

void sqla__stmts_over(sqla__stmts *list)
{
    for (sqla__stmt *q = list->ran, *next; q != NULL; q = next) {
        next = q->next;
        retire(list, q);
    }
}

void sqla__stmts_free(sqla__stmts *list)
{
    while (list->ran != NULL)
        end(list, list->ran);
    while (list->idle != NULL)
        end(list, list->idle);
}

/* ---- public -------------------------------------------------------------------------------------------- */

sqla__stmt *sqla__stmt_of(const sqla_stmt *handle)
{
    sqla__stmt *q = sqla__handle_stmt(handle);
    return q != NULL && !q->ended ? q : NULL;
}

sqla_status sqla__stmt_missing(const sqla_stmt *handle, const char *doing, sqla_error *err)
{
    if (handle == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no statement to %s: where it was to be made "
                                                     "there was no session, connection or engine, or no "
                                                     "memory",
                               doing);
    sqla__error_set(err, SQLA_ERR_MISUSE, "there is no statement to %s: it has ended, with the transaction "
                                          "that it ran in or with its owner, or was freed", doing);
    sqla__error_hint(err, "on an engine each run is a transaction of its own; keep a statement that is to "
                          "run again with sqla_stmt_keep(), and free it with sqla_stmt_free()");
    return SQLA_ERR_MISUSE;
}

sqla_stmt *sqla_stmt_keep(sqla_stmt *handle)
{
    sqla__stmt *q = sqla__stmt_of(handle);
    if (q != NULL)
        q->kept = true;
    return handle;
}

void sqla_stmt_free(sqla_stmt *handle)
{
    sqla__stmt *q = sqla__handle_stmt(handle);
    if (q != NULL)
        end(q->on.ops->statements(q->on.self), q);
}

/* ---- failures ------------------------------------------------------------------------------------------ */

void sqla__stmt_take_failure(sqla__stmt *q, const sqla_error *failure)
{
    if (q->failed != SQLA_OK)
        return;
    q->failed = failure->status;
    q->failure = sqla__alloc(sizeof *q->failure);
    if (q->failure != NULL)
        *q->failure = *failure;
    else
        q->failed = SQLA_ERR_NOMEM;
}

void sqla__stmt_fail(sqla__stmt *q, sqla_status status, const char *format, ...)
{
    sqla_error failure;
    char message[sizeof failure.message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    sqla__error_init(&failure);
    sqla__error_set(&failure, status, "%s", message);
    sqla__stmt_take_failure(q, &failure);
}

sqla_status sqla__stmt_failure(sqla__stmt *q, sqla_error *err)
{
    if (q == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no statement");
    sqla_status status = q->failed;
    if (status == SQLA_OK)
        return SQLA_OK;
    if (q->failure == NULL)
        sqla__error_nomem(err);
    else
        sqla__error_give(err, q->failure, status);
    if (!q->unmade)
        clear_failure(q);
    return status;
}

/* ---- what it reads ------------------------------------------------------------------------------------- */

/* Is model's column there, or SQL text, which may read anything? */
static bool mentions(const sqla_expr *list, size_t n, const sqla_model *model)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].kind == SQLA_EXPR_SQL || sqla__expr_model(&list[i]) == model ||
            mentions(list[i].args, list[i].count, model))
            return true;
    return false;
}

static bool leads_to(const sqla_model *owner, size_t offset, const sqla_model *model)
{
    const sqla_relation_item *relation = sqla__model_relation_at(owner, offset);
    return owner == model || (relation != NULL && relation->target() == model);
}

bool sqla__stmt_reads(const sqla__stmt *q, const sqla_model *model)
{
    const sqla__clauses *more = q->more;
    const sqla__exprs *const lists[] = { &q->columns, &q->where, &q->order, &more->having, &more->group };
    if (q->kind == SQLA__RAW_SQL || q->model == model)
        return true;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (mentions(lists[i]->items, lists[i]->count, model))
            return true;
    for (size_t i = 0; i < more->joins.count; i++) {
        const sqla__join *join = &more->joins.items[i];
        if (join->along ? leads_to(join->model, join->offset, model)
                        : join->model == model || mentions(&join->on, 1, model))
            return true;
    }
    for (size_t i = 0; i < more->loads.count; i++)
        if (leads_to(more->loads.items[i].model, more->loads.items[i].offset, model))
            return true;
    return false;
}
