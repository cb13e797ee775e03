/* build.c: making statements, and adding clauses to them. What is given is copied into the statement's
 * arena, and the first failure is kept there. */
#include <config.h>
#include "sql/stmt.h"

#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "sql/expr.h"
#include "sql/metadata.h"

/* What a statement takes from the heap: with a condition a SELECT fits, and a raw text as far as it is
 * short. */
enum { SELECT_BYTES = 528, RAW_BYTES = 288, RAW_MOST = 512 };

static void nomem(sqla__stmt *q) { sqla__stmt_fail(q, SQLA_ERR_NOMEM, "out of memory"); }

static void no_table(sqla__stmt *q, const char *what, const sqla_model *model)
{
    sqla__stmt_fail(q, SQLA_ERR_MISUSE, "cannot %s '%s': it is a row struct without a table", what,
                    model->name);
}

static bool copy(sqla__stmt *q, const sqla_expr *x, sqla_expr *ret)
{
    sqla_error failure;
    sqla__error_init(&failure);
    if (sqla__expr_copy(x, &q->arena, ret, &failure) == SQLA_OK)
        return true;
    sqla__stmt_take_failure(q, &failure);
    return false;
}

static size_t length(const sqla_expr *list)
{
    size_t n = 0;
    while (list[n].kind != SQLA_EXPR_END)
        n++;
    return n;
}

static void copy_list(sqla__stmt *q, const sqla_expr *list, sqla__exprs *to)
{
    size_t n = length(list);
    if (!sqla__list_reserve(&q->arena, to, to->count + n))
        nomem(q);
    for (size_t i = 0; i < n && sqla__stmt_is_sound(q); i++) {
        if (copy(q, &list[i], &to->items[to->count]))
            to->count++;
    }
}

sqla_expr sqla__kept(sqla_stmt *handle, sqla_expr x)
{
    sqla__stmt *q = sqla__stmt_of(handle);
    sqla_expr kept = { .kind = SQLA_EXPR_INVALID };
    if (!sqla__stmt_is_sound(q) || !copy(q, &x, &kept))
        return (sqla_expr){ .kind = SQLA_EXPR_INVALID };
    q->lent_expression = true;
    return kept;
}

/* ---- making -------------------------------------------------------------------------------------------- */

/* The end of making one. */
static sqla_stmt *made(sqla__stmt *q)
{
    q->unmade = q->failed != SQLA_OK;
    return q->handle;
}

sqla_stmt *sqla_stmt_select_model_(sqla_target on, const sqla_model *model)
{
    sqla_error local;
    sqla__stmt *q = sqla__stmt_make(on, SQLA__SELECT_MODEL, SELECT_BYTES);
    if (q == NULL)
        return NULL;
    sqla__error_init(&local);
    q->model = model;
    if (sqla__model_check(model, &local) != SQLA_OK)
        sqla__stmt_take_failure(q, &local);
    else if (model->table == NULL)
        no_table(q, "select", model);
    return made(q);
}

sqla_stmt *sqla_stmt_select_(sqla_target on, sqla_model_fn *model)
{
    return sqla_stmt_select_model_(on, model != NULL ? model() : NULL);
}

sqla_stmt *sqla_stmt_select_cols_(sqla_target on, const sqla_expr *columns)
{
    sqla__stmt *q = sqla__stmt_make(on, SQLA__SELECT_COLUMNS, SELECT_BYTES);
    if (q == NULL)
        return NULL;
    copy_list(q, columns, &q->columns);
    if (sqla__stmt_is_sound(q) && q->columns.count == 0)
        sqla__stmt_fail(q, SQLA_ERR_MISUSE, "a SELECT needs at least one column");
    return made(q);
}

static sqla__stmt *make_raw(sqla_target on, const char *sql)
{
    size_t text = sql != NULL ? (strlen(sql) + 16) / 16 * 16 : 16;
    sqla__stmt *q = sqla__stmt_make(on, SQLA__RAW_SQL, RAW_BYTES + (text < RAW_MOST ? text : 0));
    if (q == NULL)
        return NULL;
    q->sql = sqla__arena_strdup(&q->arena, sql != NULL ? sql : "");
    if (q->sql == NULL)
        sqla__stmt_fail(q, SQLA_ERR_NOMEM, "out of memory");
    else if (sql == NULL)
        sqla__stmt_fail(q, SQLA_ERR_MISUSE, "a statement has no text");
    return q;
}

sqla_stmt *sqla_stmt_sql_(sqla_target on, const char *sql)
{
    sqla__stmt *q = make_raw(on, sql);
    return q != NULL ? made(q) : NULL;
}

sqla_stmt *sqla_stmt_untouched_(sqla_target on, const char *sql)
{
    sqla__stmt *q = make_raw(on, sql);
    if (q == NULL)
        return NULL;
    q->untouched = true;
    return made(q);
}

/* ---- clauses ------------------------------------------------------------------------------------------- */

/* The statement behind a handle, when it can take a clause. Raw SQL has its clauses in its text. */
static sqla__stmt *taker(sqla_stmt *handle, const char *what)
{
    sqla__stmt *q = sqla__stmt_of(handle);
    if (!sqla__stmt_is_sound(q))
        return NULL;
    q->version++;
    if (q->kind != SQLA__RAW_SQL)
        return q;
    sqla__stmt_fail(q, SQLA_ERR_MISUSE, "cannot add %s to raw SQL", what);
    return NULL;
}

sqla_stmt *sqla_where_(sqla_stmt *handle, const sqla_bool_expr *list)
{
    sqla__stmt *q = taker(handle, "a condition");
    if (q != NULL)
        copy_list(q, &list->expression, &q->where);
    return handle;
}

sqla_stmt *sqla_having_(sqla_stmt *handle, const sqla_bool_expr *list)
{
    sqla__stmt *q = taker(handle, "HAVING");
    sqla__clauses *more = q != NULL ? sqla__stmt_more(q) : NULL;
    if (more != NULL)
        copy_list(q, &list->expression, &more->having);
    return handle;
}

sqla_stmt *sqla_order_by_(sqla_stmt *handle, const sqla_expr *list)
{
    sqla__stmt *q = taker(handle, "an order");
    if (q != NULL)
        copy_list(q, list, &q->order);
    return handle;
}

sqla_stmt *sqla_group_by_(sqla_stmt *handle, const sqla_expr *list)
{
    sqla__stmt *q = taker(handle, "GROUP BY");
    sqla__clauses *more = q != NULL ? sqla__stmt_more(q) : NULL;
    if (more != NULL)
        copy_list(q, list, &more->group);
    return handle;
}

static int64_t count(sqla__stmt *q, int64_t n, const char *what)
{
    if (n < 0)
        sqla__stmt_fail(q, SQLA_ERR_MISUSE, "%s cannot be negative (%lld)", what, (long long)n);
    return n;
}

sqla_stmt *sqla_limit(sqla_stmt *handle, int64_t n)
{
    sqla__stmt *q = taker(handle, "a limit");
    if (q != NULL)
        q->limit = count(q, n, "a limit");
    return handle;
}

sqla_stmt *sqla_offset(sqla_stmt *handle, int64_t n)
{
    sqla__stmt *q = taker(handle, "an offset");
    if (q != NULL)
        q->offset = count(q, n, "an offset");
    return handle;
}

sqla_stmt *sqla_timeout(sqla_stmt *handle, int32_t ms)
{
    sqla__stmt *q = sqla__stmt_of(handle);
    if (q == NULL)
        return handle;
    if (ms < -1)
        sqla__stmt_fail(q, SQLA_ERR_MISUSE, "a timeout is a number of milliseconds, 0 or -1 (%d)", (int)ms);
    q->timeout_ms = ms;
    return handle;
}

sqla_stmt *sqla_distinct(sqla_stmt *handle)
{
    sqla__stmt *q = taker(handle, "DISTINCT");
    if (q != NULL)
        q->distinct = true;
    return handle;
}

sqla_stmt *sqla_for_update(sqla_stmt *handle)
{
    sqla__stmt *q = taker(handle, "FOR UPDATE");
    if (q != NULL)
        q->for_update = true;
    return handle;
}

/* ---- joins and relations ------------------------------------------------------------------------------- */

/* The model that a builder is given. NULL: q keeps why. */
static const sqla_model *take_model(sqla__stmt *q, sqla_model_fn *fn, const char *what)
{
    const sqla_model *model = fn != NULL ? fn() : NULL;
    sqla_error failure;
    sqla__error_init(&failure);
    if (sqla__model_check(model, &failure) != SQLA_OK) {
        sqla__stmt_take_failure(q, &failure);
        return NULL;
    }
    if (model->table != NULL)
        return model;
    no_table(q, what, model);
    return NULL;
}

static bool has_relation(sqla__stmt *q, const sqla_model *model, size_t offset, const char *what)
{
    if (model != NULL && sqla__model_relation_at(model, offset) != NULL)
        return true;
    if (model != NULL)
        sqla__stmt_fail(q, SQLA_ERR_MISUSE, "cannot %s: the field at byte %zu of '%s' is no relation of its "
                                            "model", what, offset, model->name);
    return false;
}

static void push_join(sqla__stmt *q, sqla__join join)
{
    sqla__clauses *more = sqla__stmt_more(q);
    if (more != NULL && !sqla__list_push(&q->arena, &more->joins, join))
        nomem(q);
}

sqla_stmt *sqla_join_(sqla_stmt *handle, bool outer, sqla_model_fn *fn, size_t offset)
{
    sqla__stmt *q = taker(handle, "a join");
    const sqla_model *model = q != NULL ? take_model(q, fn, "join along a relation of") : NULL;
    if (q != NULL && has_relation(q, model, offset, "join"))
        push_join(q, (sqla__join){ .outer = outer, .along = true, .model = model, .offset = offset });
    return handle;
}

sqla_stmt *sqla_join_on_(sqla_stmt *handle, bool outer, sqla_model_fn *fn, sqla_bool_expr on)
{
    sqla__stmt *q = taker(handle, "a join");
    sqla__join join = { .outer = outer, .model = q != NULL ? take_model(q, fn, "join") : NULL };
    if (join.model != NULL && copy(q, &on.expression, &join.on))
        push_join(q, join);
    return handle;
}

sqla_stmt *sqla_load_with_(sqla_stmt *handle, sqla_model_fn *fn, size_t offset)
{
    sqla__stmt *q = sqla__stmt_of(handle);
    const sqla_model *model = sqla__stmt_is_sound(q) ? take_model(q, fn, "load a relation of") : NULL;
    sqla__clauses *more = model != NULL && has_relation(q, model, offset, "load") ? sqla__stmt_more(q) : NULL;
    if (more != NULL && !sqla__list_push(&q->arena, &more->loads, ((sqla__load_with){ model, offset })))
        nomem(q);
    if (more != NULL)
        q->version++;
    return handle;
}

/* ---- parameters ---------------------------------------------------------------------------------------- */

/* A statement that runs again and again with other values must not heap them up; but the driver may still
 * look at those of a stream that is open. */
static void give_value(sqla__stmt *q, sqla_value value, sqla__bind *bind)
{
    sqla_error failure;
    bool again = bind->value.type != SQLA_TYPE_COUNT_ && q->loops == 0;
    sqla__error_init(&failure);
    if (again)
        sqla__arena_reset(&bind->later);
    if (sqla__value_copy(value, again ? &bind->later : &q->arena, &bind->value, &failure) != SQLA_OK)
        sqla__stmt_take_failure(q, &failure);
    q->version++;
}

static bool can_name(sqla__stmt *q, const char *name)
{
    sqla_error failure;
    if (name == NULL || name[0] == '\0') {
        sqla__stmt_fail(q, SQLA_ERR_MISUSE, "a parameter has no name");
        return false;
    }
    if (!q->untouched)
        return true;
    sqla__error_init(&failure);
    sqla__error_set(&failure, SQLA_ERR_MISUSE, "a text that is left untouched has no parameter ':%.60s'",
                    name);
    sqla__error_hint(&failure, "give its parameters by position with sqla_bind_at, or make it with sqla_sql");
    sqla__stmt_take_failure(q, &failure);
    return false;
}

static const sqla__bind no_value = { .value = { .type = SQLA_TYPE_COUNT_ } };

enum { FEW = 16 }; /* names that are looked through one by one */

/* The last one joins the index, and the first of them when there are no longer few. */
static bool index_binds(sqla__clauses *more)
{
    bool ok = true;
    uint32_t n = more->binds.count;
    for (uint32_t i = n == FEW + 1 ? 0 : n - 1; n > FEW && i < n && ok; i++)
        ok = sqla__hash_put_text(&more->bind_places, more->binds.items[i].name, (void *)(uintptr_t)(i + 1));
    return ok;
}

sqla__bind *sqla__stmt_bound(const sqla__stmt *q, const char *name)
{
    const sqla__clauses *more = q->more;
    if (more->binds.count > FEW) {
        uintptr_t place = (uintptr_t)sqla__hash_get_text(&more->bind_places, name);
        return place > 0 ? &more->binds.items[place - 1] : NULL;
    }
    for (uint32_t i = 0; i < more->binds.count; i++) {
        if (strcmp(more->binds.items[i].name, name) == 0)
            return &more->binds.items[i];
    }
    return NULL;
}

/* The parameter of that name, a new one without a value if need be. NULL: out of memory. */
static sqla__bind *bind_named(sqla__stmt *q, const char *name)
{
    sqla__clauses *more = sqla__stmt_more(q);
    sqla__bind *before = more != NULL ? sqla__stmt_bound(q, name) : NULL, bind = no_value;
    if (before != NULL)
        return before;
    bind.name = more != NULL ? sqla__arena_strdup(&q->arena, name) : NULL;
    if (bind.name == NULL || !sqla__list_push(&q->arena, &more->binds, bind) || !index_binds(more))
        return NULL;
    return &more->binds.items[more->binds.count - 1];
}

sqla_stmt *sqla_bind_(sqla_stmt *handle, const char *name, sqla_value value)
{
    sqla__stmt *q = sqla__stmt_of(handle);
    if (!sqla__stmt_is_sound(q) || !can_name(q, name))
        return handle;
    sqla__bind *bind = bind_named(q, name);
    if (bind != NULL)
        give_value(q, value, bind);
    else
        nomem(q);
    return handle;
}

/* The place of that number, and all before it, the new ones without a value. NULL: out of memory. */
static sqla__bind *place_at(sqla__stmt *q, size_t number)
{
    sqla__clauses *more = sqla__stmt_more(q);
    if (more == NULL || !sqla__list_reserve(&q->arena, &more->places, number))
        return NULL;
    while (more->places.count < number)
        more->places.items[more->places.count++] = no_value;
    return &more->places.items[number - 1];
}

sqla_stmt *sqla_bind_at_(sqla_stmt *handle, size_t number, sqla_value value)
{
    enum { MOST = 1000000 }; /* no database takes as many, and a wrong number must not cost memory */
    sqla__stmt *q = sqla__stmt_of(handle);
    if (!sqla__stmt_is_sound(q))
        return handle;
    if (!q->untouched) {
        sqla__stmt_fail(q, SQLA_ERR_MISUSE, "only a text that is left untouched (sqla_sql_untouched) has "
                                            "parameters by position");
    } else if (number == 0 || number > MOST) {
        sqla__stmt_fail(q, SQLA_ERR_MISUSE, "there is no parameter %zu: the first is 1", number);
    } else {
        sqla__bind *place = place_at(q, number);
        if (place != NULL)
            give_value(q, value, place);
        else
            nomem(q);
    }
    return handle;
}

/* ---- IN with a number of values known at run time ------------------------------------------------------ */

static sqla_stmt *where_in(
    sqla_stmt *handle, sqla_expr column, const void *values, size_t n, sqla_value array)
{
    sqla__stmt *q = taker(handle, "a condition");
    const sqla_expr list[] = { sqla_as_any(array).expression, { .kind = SQLA_EXPR_END } };
    sqla_expr room[2];
    if (q == NULL)
        return handle;
    if (sqla__is_absurd(values, n, sizeof(int64_t)) || n > SQLA__MOST_ITEMS)
        sqla__stmt_fail(q, SQLA_ERR_MISUSE, "a list of %zu values %s", n,
                        values == NULL ? "is NULL" : "is longer than any can be");
    const sqla_bool_expr conditions[] = { sqla_in_(SQLA_OP_IN, room, column, list),
                                          { { .kind = SQLA_EXPR_END } } };
    return sqla_where_(handle, conditions);
}

sqla_stmt *sqla_where_in_i64(sqla_stmt *handle, sqla_num_expr column, const int64_t *values, size_t n)
{
    return where_in(handle, column.expression, values, n, sqla_array_i64(values, n));
}

sqla_stmt *sqla_where_in_text(sqla_stmt *handle, sqla_text_expr column, const char *const *values, size_t n)
{
    return where_in(handle, column.expression, values, n, sqla_array_text(values, n));
}
