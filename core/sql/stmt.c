/* stmt.c: building statements. A builder copies what it is given into the statement's arena and keeps the first failure there. */
#include <config.h>
#include "sql/stmt.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "sql/expr.h"
#include "sql/metadata.h"

/* ---- making --------------------------------------------------------------------------------------------------------- */

static sqla_stmt *make(sqla_target on, sqla__stmt_kind kind)
{
    if (on.ops == NULL)
        return NULL;
    sqla_stmt *q = sqla__alloc_zero(1, sizeof *q);
    if (q == NULL)
        return NULL;
    q->on = on;
    q->kind = kind;
    q->limit = q->offset = -1;
    sqla__error_init(&q->failure);
    on.ops->adopt(on.self, q);
    return q;
}

static bool sound(const sqla_stmt *q) { return q != NULL && q->failure.status == SQLA_OK; }
static void nomem(sqla_stmt *q) { sqla__error_nomem(&q->failure); }

/* The end of making one. */
static sqla_stmt *made(sqla_stmt *q)
{
    q->unmade = !sound(q);
    return q;
}

static sqla_stmt *changed(sqla_stmt *q)
{
    q->version++;
    return q;
}

static void copy_list(sqla_stmt *q, const sqla_expr *list, void (*push)(sqla_stmt *q, sqla_expr x))
{
    for (; sound(q) && list->kind != SQLA_EXPR_END; list++) {
        sqla_expr copy;
        if (sqla__expr_copy(list, &q->arena, &copy, &q->failure) == SQLA_OK)
            push(q, copy);
    }
}

static void push_column(sqla_stmt *q, sqla_expr x) { if (!sqla__vec_push(&q->columns, x)) nomem(q); }
static void push_where(sqla_stmt *q, sqla_expr x) { if (!sqla__vec_push(&q->where, x)) nomem(q); }
static void push_having(sqla_stmt *q, sqla_expr x) { if (!sqla__vec_push(&q->having, x)) nomem(q); }
static void push_order(sqla_stmt *q, sqla_expr x) { if (!sqla__vec_push(&q->order, x)) nomem(q); }
static void push_group(sqla_stmt *q, sqla_expr x) { if (!sqla__vec_push(&q->group, x)) nomem(q); }

sqla_stmt *sqla_stmt_select_model_(sqla_target on, const sqla_model *model)
{
    sqla_stmt *q = make(on, SQLA__SELECT_MODEL);
    if (q == NULL)
        return NULL;
    q->model = model;
    if (sqla__model_check(model, &q->failure) == SQLA_OK && model->table == NULL)
        sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "cannot select '%s': it is a row struct without a table", model->name);
    return made(q);
}

sqla_stmt *sqla_stmt_select_(sqla_target on, sqla_model_fn *model) { return sqla_stmt_select_model_(on, model != NULL ? model() : NULL); }

sqla_stmt *sqla_stmt_select_cols_(sqla_target on, const sqla_expr *columns)
{
    sqla_stmt *q = make(on, SQLA__SELECT_COLUMNS);
    if (q == NULL)
        return NULL;
    copy_list(q, columns, push_column);
    if (sound(q) && q->columns.count == 0)
        sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "a SELECT needs at least one column");
    return made(q);
}

sqla_stmt *sqla_stmt_sql_(sqla_target on, const char *sql)
{
    sqla_stmt *q = make(on, SQLA__RAW_SQL);
    if (q == NULL)
        return NULL;
    q->sql = sqla__arena_strdup(&q->arena, sql != NULL ? sql : "");
    if (q->sql == NULL)
        nomem(q);
    else if (sql == NULL)
        sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "a statement has no text");
    return made(q);
}

sqla_stmt *sqla_stmt_untouched_(sqla_target on, const char *sql)
{
    sqla_stmt *q = sqla_stmt_sql_(on, sql);
    if (q != NULL)
        q->untouched = true;
    return q;
}

void sqla_stmt_free(sqla_stmt *q)
{
    if (q == NULL)
        return;
    if (q->run != NULL)
        q->run_free(q->run);
    q->on.ops->disown(q->on.self, q);
    sqla__vec_release(&q->columns);
    sqla__vec_release(&q->where);
    sqla__vec_release(&q->having);
    sqla__vec_release(&q->order);
    sqla__vec_release(&q->group);
    sqla__vec_release(&q->joins);
    sqla__vec_release(&q->loads);
    sqla__vec_release(&q->binds);
    sqla__vec_release(&q->places);
    sqla__arena_release(&q->arena);
    sqla__free(q);
}

sqla_expr sqla__kept(sqla_stmt *q, sqla_expr x)
{
    sqla_expr copy = { .kind = SQLA_EXPR_INVALID };
    if (sound(q) && sqla__expr_copy(&x, &q->arena, &copy, &q->failure) != SQLA_OK)
        copy = (sqla_expr){ .kind = SQLA_EXPR_INVALID };
    return copy;
}

sqla_status sqla__stmt_failure(sqla_stmt *q, sqla_error *err)
{
    if (q == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no statement");
    if (q->failure.status == SQLA_OK)
        return SQLA_OK;
    sqla_status status = sqla__error_give(err, &q->failure, q->failure.status);
    if (!q->unmade)
        sqla__error_init(&q->failure);
    return status;
}

/* ---- clauses --------------------------------------------------------------------------------------------------------- */

/* Raw SQL has its clauses in its text. */
static bool takes_clauses(sqla_stmt *q, const char *what)
{
    if (!sound(q))
        return false;
    if (q->kind != SQLA__RAW_SQL)
        return true;
    sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "cannot add %s to raw SQL", what);
    return false;
}

sqla_stmt *sqla_where_(sqla_stmt *q, const sqla_bool_expr *list)
{
    if (!takes_clauses(q, "a condition"))
        return q;
    copy_list(q, &list->x, push_where);
    return changed(q);
}

sqla_stmt *sqla_having_(sqla_stmt *q, const sqla_bool_expr *list)
{
    if (!takes_clauses(q, "HAVING"))
        return q;
    copy_list(q, &list->x, push_having);
    return changed(q);
}

sqla_stmt *sqla_order_by_(sqla_stmt *q, const sqla_expr *list)
{
    if (!takes_clauses(q, "an order"))
        return q;
    copy_list(q, list, push_order);
    return changed(q);
}

sqla_stmt *sqla_group_by_(sqla_stmt *q, const sqla_expr *list)
{
    if (!takes_clauses(q, "GROUP BY"))
        return q;
    copy_list(q, list, push_group);
    return changed(q);
}

static sqla_stmt *set_count(sqla_stmt *q, int64_t *place, int64_t n, const char *what)
{
    if (!takes_clauses(q, what))
        return q;
    if (n < 0)
        sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "%s cannot be negative (%lld)", what, (long long)n);
    *place = n;
    return changed(q);
}

sqla_stmt *sqla_limit(sqla_stmt *q, int64_t n) { return q != NULL ? set_count(q, &q->limit, n, "a limit") : NULL; }
sqla_stmt *sqla_offset(sqla_stmt *q, int64_t n) { return q != NULL ? set_count(q, &q->offset, n, "an offset") : NULL; }

sqla_stmt *sqla_timeout(sqla_stmt *q, int32_t ms)
{
    if (q == NULL)
        return NULL;
    if (ms < -1)
        sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "a timeout is a number of milliseconds, 0 or -1 (%d)", (int)ms);
    q->timeout_ms = ms;
    return q;
}

sqla_stmt *sqla_distinct(sqla_stmt *q)
{
    if (!takes_clauses(q, "DISTINCT"))
        return q;
    q->distinct = true;
    return changed(q);
}

sqla_stmt *sqla_for_update(sqla_stmt *q)
{
    if (!takes_clauses(q, "FOR UPDATE"))
        return q;
    q->for_update = true;
    return changed(q);
}

static sqla_stmt *push_join(sqla_stmt *q, sqla__join join)
{
    if (!sqla__vec_push(&q->joins, join))
        nomem(q);
    return changed(q);
}

/* The model that a builder is given. NULL: q keeps why. */
static const sqla_model *take_model(sqla_stmt *q, sqla_model_fn *fn, const char *what)
{
    const sqla_model *model = fn != NULL ? fn() : NULL;
    if (sqla__model_check(model, &q->failure) != SQLA_OK)
        return NULL;
    if (model->table != NULL)
        return model;
    sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "cannot %s '%s': it is a row struct without a table", what, model->name);
    return NULL;
}

static const sqla_relation_item *take_relation(sqla_stmt *q, const sqla_model *model, size_t offset, const char *what)
{
    const sqla_relation_item *relation = sqla__model_relation_at(model, offset);
    if (relation == NULL)
        sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "cannot %s: the field at byte %zu of '%s' is no relation of its model", what, offset, model->name);
    return relation;
}

sqla_stmt *sqla_join_(sqla_stmt *q, bool outer, sqla_model_fn *fn, size_t offset)
{
    if (!takes_clauses(q, "a join"))
        return q;
    const sqla_model *model = take_model(q, fn, "join along a relation of");
    if (model == NULL || take_relation(q, model, offset, "join") == NULL)
        return q;
    return push_join(q, (sqla__join){ .outer = outer, .along = true, .model = model, .offset = offset });
}

sqla_stmt *sqla_join_on_(sqla_stmt *q, bool outer, sqla_model_fn *fn, sqla_bool_expr on)
{
    if (!takes_clauses(q, "a join"))
        return q;
    sqla__join join = { .outer = outer, .model = take_model(q, fn, "join") };
    if (join.model == NULL || sqla__expr_copy(&on.x, &q->arena, &join.on, &q->failure) != SQLA_OK)
        return q;
    return push_join(q, join);
}

sqla_stmt *sqla_load_with_(sqla_stmt *q, sqla_model_fn *fn, size_t offset)
{
    if (!sound(q))
        return q;
    const sqla_model *model = take_model(q, fn, "load a relation of");
    if (model == NULL || take_relation(q, model, offset, "load") == NULL)
        return q;
    if (!sqla__vec_push(&q->loads, ((sqla__load_with){ model, offset })))
        nomem(q);
    return changed(q);
}

sqla_stmt *sqla_bind_(sqla_stmt *q, const char *name, sqla_value value)
{
    if (!sound(q))
        return q;
    if (name == NULL || name[0] == '\0') {
        sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "a parameter has no name");
        return q;
    }
    if (q->untouched) {
        sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "a text that is left untouched has no parameter ':%.60s'", name);
        sqla__error_hint(&q->failure, "give its parameters by position with sqla_bind_at, or make it with sqla_sql");
        return q;
    }
    sqla__bind bind = { .name = sqla__arena_strdup(&q->arena, name) };
    if (bind.name == NULL || sqla__value_copy(value, &q->arena, &bind.value, &q->failure) != SQLA_OK) {
        nomem(q);
        return q;
    }
    for (size_t i = 0; i < q->binds.count; i++) {
        if (strcmp(q->binds.items[i].name, bind.name) == 0) {
            q->binds.items[i].value = bind.value;
            return changed(q);
        }
    }
    if (!sqla__vec_push(&q->binds, bind))
        nomem(q);
    return changed(q);
}

/* The places up to number, the new ones without a value. */
static bool make_places(sqla_stmt *q, size_t number)
{
    const sqla_value none = { .type = SQLA_TYPE_COUNT_ };
    while (q->places.count < number) {
        if (!sqla__vec_push(&q->places, none))
            return false;
    }
    return true;
}

sqla_stmt *sqla_bind_at_(sqla_stmt *q, size_t number, sqla_value value)
{
    enum { MOST = 1000000 }; /* no database takes as many, and a wrong number must not cost memory */
    if (!sound(q))
        return q;
    if (!q->untouched) {
        sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "only a text that is left untouched (sqla_sql_untouched) has parameters by position");
        return q;
    }
    if (number == 0 || number > MOST) {
        sqla__error_set(&q->failure, SQLA_ERR_MISUSE, "there is no parameter %zu: the first is 1", number);
        return q;
    }
    if (!make_places(q, number) || sqla__value_copy(value, &q->arena, &q->places.items[number - 1], &q->failure) != SQLA_OK)
        nomem(q);
    return changed(q);
}

/* ---- IN with a number of values known at run time -------------------------------------------------------------------- */

static sqla_stmt *where_in(sqla_stmt *q, sqla_expr column, sqla_expr *values, size_t n)
{
    sqla_expr room[2];
    values[n] = (sqla_expr){ .kind = SQLA_EXPR_END };
    return sqla_where_(q, (sqla_bool_expr[]){ sqla_in_(SQLA_OP_IN, room, column, values), { { .kind = SQLA_EXPR_END } } });
}

sqla_stmt *sqla_where_in_i64(sqla_stmt *q, sqla_num_expr column, const int64_t *values, size_t n)
{
    if (!takes_clauses(q, "a condition"))
        return q;
    sqla_expr *list = sqla__arena_zero(&q->arena, n + 1, sizeof *list);
    if (list == NULL) {
        nomem(q);
        return q;
    }
    for (size_t i = 0; i < n; i++)
        list[i] = sqla_as_any(sqla_value_i64(values[i])).x;
    return where_in(q, column.x, list, n);
}

sqla_stmt *sqla_where_in_text(sqla_stmt *q, sqla_text_expr column, const char *const *values, size_t n)
{
    if (!takes_clauses(q, "a condition"))
        return q;
    sqla_expr *list = sqla__arena_zero(&q->arena, n + 1, sizeof *list);
    if (list == NULL) {
        nomem(q);
        return q;
    }
    for (size_t i = 0; i < n; i++)
        list[i] = sqla_as_any(sqla_value_text(values[i])).x;
    return where_in(q, column.x, list, n);
}

/* ---- what it reads --------------------------------------------------------------------------------------------------- */

/* Is model's column there, or SQL text, which may read anything? */
static bool mentions(const sqla_expr *list, size_t n, const sqla_model *model)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].kind == SQLA_EXPR_SQL || sqla__expr_model(&list[i]) == model || mentions(list[i].args, list[i].count, model))
            return true;
    return false;
}

static bool leads_to(const sqla_model *owner, size_t offset, const sqla_model *model)
{
    const sqla_relation_item *relation = sqla__model_relation_at(owner, offset);
    return owner == model || (relation != NULL && relation->target() == model);
}

bool sqla__stmt_reads(const sqla_stmt *q, const sqla_model *model)
{
    if (q->kind == SQLA__RAW_SQL || q->model == model || mentions(q->columns.items, q->columns.count, model) ||
        mentions(q->where.items, q->where.count, model) || mentions(q->having.items, q->having.count, model) ||
        mentions(q->group.items, q->group.count, model) || mentions(q->order.items, q->order.count, model))
        return true;
    for (size_t i = 0; i < q->joins.count; i++) {
        const sqla__join *join = &q->joins.items[i];
        if (join->along ? leads_to(join->model, join->offset, model) : join->model == model || mentions(&join->on, 1, model))
            return true;
    }
    for (size_t i = 0; i < q->loads.count; i++)
        if (leads_to(q->loads.items[i].model, q->loads.items[i].offset, model))
            return true;
    return false;
}
