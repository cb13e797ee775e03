/* compile.c: from a statement to text and parameters: the clauses of a SELECT, and what compiling ends with. Expressions are
 * written by render.c, raw SQL by rawsql.c. */
#include <config.h>
#include "sql/compiler.h"

#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "sql/expr.h"

typedef sqla__compiler compiler;

static void put(compiler *c, const char *text) { sqla__buf_add(&c->text, text); }

/* ---- which tables -------------------------------------------------------------------------------------------------- */

static const sqla_model *first_model(const sqla_expr *items, size_t n)
{
    const sqla_model *model = NULL;
    for (size_t i = 0; i < n && model == NULL; i++) {
        model = sqla__expr_model(&items[i]);
        if (model == NULL)
            model = first_model(items[i].args, items[i].count);
    }
    return model;
}

static bool counts_all(const sqla_expr *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].kind == SQLA_EXPR_COUNT_ALL || counts_all(items[i].args, items[i].count))
            return true;
    return false;
}

static const sqla_model *target_of(const sqla__join *join)
{
    return sqla__model_relation_at(join->model, join->offset)->target();
}

/* Which table comes first. Columns say it, else conditions; but a join along a relation starts at the owner of the relation,
 * whichever side the columns are of. NULL: there is none. */
static const sqla_model *start_model(const sqla__stmt *q)
{
    const sqla_model *model = q->kind == SQLA__SELECT_MODEL ? q->model : first_model(q->columns.items, q->columns.count);
    const sqla__join *join = q->more->joins.count > 0 ? &q->more->joins.items[0] : NULL;
    if (model == NULL)
        model = first_model(q->where.items, q->where.count);
    if (join != NULL && join->along && q->kind == SQLA__SELECT_COLUMNS && (model == NULL || model == target_of(join)))
        model = join->model;
    return model;
}

/* The model that a join brings in. An inner join may be told from either side. */
static sqla_status joined_model(compiler *c, const sqla__join *join, const sqla_model **ret)
{
    *ret = join->along ? target_of(join) : join->model;
    if (!join->along || sqla__in_scope(c, join->model))
        return SQLA_OK;
    if (sqla__in_scope(c, *ret) && !join->outer) {
        *ret = join->model;
        return SQLA_OK;
    }
    sqla__error_set(c->err, SQLA_ERR_MISUSE, "cannot join along relation '%s' of '%s': the statement does not select '%s'",
                    sqla__model_relation_at(join->model, join->offset)->field, join->model->name, join->model->name);
    sqla__error_hint(c->err, "begin with the model that the relation belongs to");
    return c->err->status;
}

static sqla_status fill_scope(compiler *c)
{
    const sqla__stmt *q = c->q;
    const sqla_model *model = start_model(q);
    if (model == NULL && q->more->joins.count == 0 && !counts_all(q->columns.items, q->columns.count))
        return SQLA_OK;
    if (model == NULL)
        return sqla__error_set(c->err, SQLA_ERR_MISUSE, "the statement names no column of a model, so it is not known which table it reads");
    if (!sqla__vec_push(&c->scope, model))
        return sqla__error_nomem(c->err);
    for (size_t i = 0; i < q->more->joins.count; i++) {
        sqla_status status = joined_model(c, &q->more->joins.items[i], &model);
        if (status != SQLA_OK)
            return status;
        if (sqla__in_scope(c, model))
            return sqla__error_set(c->err, SQLA_ERR_UNSUPPORTED, "the table of '%s' would be in the statement twice, and its columns could not be "
                                                                 "told apart", model->name);
        if (!sqla__vec_push(&c->scope, model))
            return sqla__error_nomem(c->err);
    }
    return SQLA_OK;
}

/* ---- FROM ---------------------------------------------------------------------------------------------------------- */

static bool is_to_many(const sqla_model *model, const sqla_relation_item *relation)
{
    const sqla_item *item;
    for (uint32_t i = 0; (item = sqla__model_item(model, i)) != NULL; i++)
        if (&item->as.relation == relation)
            return item->kind == SQLA_ITEM_TO_MANY;
    return false;
}

static sqla_status join_along(compiler *c, const sqla__join *join)
{
    const sqla_relation_item *relation = sqla__model_relation_at(join->model, join->offset);
    const sqla_model *target = relation->target();
    bool to_many = is_to_many(join->model, relation);
    const sqla_model *holder = to_many ? target : join->model, *pointed = to_many ? join->model : target;
    const sqla_column_item *key = sqla__model_column_at(holder, relation->fk_offset);
    const sqla_column_item *referenced = key != NULL && key->references != NULL ? sqla__model_column_at(pointed, key->references_offset) : NULL;
    if (referenced == NULL || key->references() != pointed)
        return sqla__error_set(c->err, SQLA_ERR_MISUSE, "relation '%s' of '%s' has no foreign key", relation->field, join->model->name);
    sqla_status status = sqla__render_column(c, holder, key);
    put(c, " = ");
    return status == SQLA_OK ? sqla__render_column(c, pointed, referenced) : status;
}

static sqla_status from(compiler *c)
{
    if (c->scope.count == 0)
        return SQLA_OK;
    const sqla_model *first = c->scope.items[0];
    put(c, " FROM ");
    sqla_status status = sqla__quote_table(&c->text, first->schema, first->table, c->traits, c->err);
    for (size_t i = 0; i < c->q->more->joins.count && status == SQLA_OK; i++) {
        const sqla__join *join = &c->q->more->joins.items[i];
        const sqla_model *model = c->scope.items[i + 1];
        put(c, join->outer ? " LEFT OUTER JOIN " : " JOIN ");
        status = sqla__quote_table(&c->text, model->schema, model->table, c->traits, c->err);
        put(c, " ON ");
        if (status == SQLA_OK)
            status = join->along ? join_along(c, join) : sqla__render_condition(c, &join->on, SQLA__LEVEL_ANY);
    }
    return status;
}

/* ---- the clauses --------------------------------------------------------------------------------------------------- */

static sqla_status model_columns(compiler *c)
{
    sqla_status status = SQLA_OK;
    bool first = true;
    const sqla_item *item;
    for (uint32_t i = 0; (item = sqla__model_item(c->q->model, i)) != NULL && status == SQLA_OK; i++) {
        if (item->kind != SQLA_ITEM_COLUMN)
            continue;
        put(c, first ? "" : ", ");
        first = false;
        status = sqla__render_column(c, c->q->model, &item->as.column);
    }
    return status;
}

static sqla_status listed_columns(compiler *c)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < c->q->columns.count && status == SQLA_OK; i++) {
        const sqla_expr *x = &c->q->columns.items[i];
        put(c, i > 0 ? ", " : "");
        status = sqla__render(c, x, SQLA__LEVEL_ANY);
        if (status == SQLA_OK && x->kind == SQLA_EXPR_LABEL) {
            put(c, " AS ");
            status = sqla__quote_name(&c->text, x->name, c->traits, c->err);
        }
    }
    return status;
}

static sqla_status conditions(compiler *c, const char *word, const sqla_expr *items, size_t n)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < n && status == SQLA_OK; i++) {
        put(c, i == 0 ? word : " AND ");
        status = sqla__render_condition(c, &items[i], n > 1 ? SQLA__LEVEL_AND : SQLA__LEVEL_ANY);
    }
    return status;
}

static sqla_status terms(compiler *c, const char *word, const sqla_expr *items, size_t n, const char *what)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < n && status == SQLA_OK; i++) {
        put(c, i == 0 ? word : ", ");
        status = sqla__check_order(c, &items[i], what);
        if (status == SQLA_OK)
            status = sqla__render(c, &items[i], SQLA__LEVEL_ANY);
    }
    return status;
}

static sqla_status limits(compiler *c)
{
    sqla_status status = SQLA_OK;
    if (c->q->limit >= 0) {
        put(c, " LIMIT ");
        status = sqla__parameter(c, sqla_value_i64(c->q->limit), "limit");
    } else if (c->q->offset >= 0 && c->traits->limit_all != NULL) {
        sqla__buf_printf(&c->text, " LIMIT %s", c->traits->limit_all);
    }
    if (status == SQLA_OK && c->q->offset >= 0) {
        put(c, " OFFSET ");
        status = sqla__parameter(c, sqla_value_i64(c->q->offset), "offset");
    }
    return status;
}

static sqla_status select_text(compiler *c)
{
    const sqla__stmt *q = c->q;
    sqla_status status = fill_scope(c);
    put(c, q->distinct ? "SELECT DISTINCT " : "SELECT ");
    if (status == SQLA_OK)
        status = q->kind == SQLA__SELECT_MODEL ? model_columns(c) : listed_columns(c);
    if (status == SQLA_OK)
        status = from(c);
    if (status == SQLA_OK)
        status = conditions(c, " WHERE ", q->where.items, q->where.count);
    if (status == SQLA_OK)
        status = terms(c, " GROUP BY ", q->more->group.items, q->more->group.count, "group by");
    if (status == SQLA_OK)
        status = conditions(c, " HAVING ", q->more->having.items, q->more->having.count);
    if (status == SQLA_OK)
        status = terms(c, " ORDER BY ", q->order.items, q->order.count, "order by");
    if (status == SQLA_OK)
        status = limits(c);
    if (q->for_update && c->traits->for_update != NULL)
        put(c, c->traits->for_update);
    return status;
}

static sqla_status check_binds(const compiler *c)
{
    for (size_t i = 0; i < c->q->more->binds.count; i++)
        if (!c->used[i])
            return sqla__error_set(c->err, SQLA_ERR_MISUSE, "parameter ':%.60s' is given, and nothing in the statement asks for it",
                                   c->q->more->binds.items[i].name);
    return SQLA_OK;
}

/* ---- the whole ----------------------------------------------------------------------------------------------------- */

/* How many parameters a statement may have is known to the connection alone, and said by it. */
sqla_status sqla__compiled_finish(sqla__arena *arena, const sqla__buf *text, const sqla_value *values, const char *const *names, size_t n,
                                  sqla__compiled *ret, sqla_error *err)
{
    sqla_slot *slots = sqla__arena_zero(arena, n + 1, sizeof *slots);
    sqla_value *copies = sqla__arena_zero(arena, n + 1, sizeof *copies);
    const char *copy = text->broken ? NULL : sqla__arena_copy(arena, sqla__buf_text(text), text->length);
    if (slots == NULL || copies == NULL || copy == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        copies[i] = values[i];
        uint8_t element = values[i].type == SQLA_ARRAY ? (uint8_t)sqla__array_type(&values[i].as.array) : 0;
        slots[i] = (sqla_slot){ .type = (uint8_t)values[i].type, .rep = SQLA_REP_VALUE, .flags = SQLA_SLOT_NULLABLE, .element = element, .column = (int32_t)i,
                                .offset = (uint32_t)(i * sizeof(sqla_value)), .size = sizeof(sqla_value), .set_offset = -1, .name = names[i] };
    }
    *ret = (sqla__compiled){ copy, text->length, { sizeof(sqla_plan), (uint32_t)n, slots }, copies, (uint32_t)n, NULL, NULL, 0 };
    return SQLA_OK;
}

static sqla_status compile_raw(sqla__stmt *q, const sqla_traits *traits, sqla__arena *arena, sqla__compiled *ret, sqla_error *err)
{
    size_t n = q->more->binds.count;
    const char **names = sqla__arena_zero(arena, n + 1, sizeof *names);
    sqla_value *values = sqla__arena_zero(arena, n + 1, sizeof *values);
    if (names == NULL || values == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        names[i] = q->more->binds.items[i].name;
        values[i] = q->more->binds.items[i].value;
    }
    return sqla__compile_raw(q->sql, names, values, n, traits, arena, ret, err);
}

static sqla_status take_untouched(
    sqla__stmt *q, const sqla_traits *traits, sqla__arena *arena, sqla__compiled *ret, sqla_error *err)
{
    size_t n = q->more->places.count;
    sqla__buf text = { 0 };
    const char **names = sqla__arena_zero(arena, n + 1, sizeof *names);
    sqla_value *values = sqla__arena_zero(arena, n + 1, sizeof *values);
    if (names == NULL || values == NULL)
        return sqla__error_nomem(err);
    if (!sqla__utf8_valid(q->sql, strlen(q->sql)))
        return sqla__error_set(err, SQLA_ERR_DATA, "the statement is not valid UTF-8");
    for (size_t i = 0; i < n; i++) {
        values[i] = q->more->places.items[i].value;
        if (values[i].type == SQLA_TYPE_COUNT_)
            return sqla__error_set(err, SQLA_ERR_MISUSE, "parameter %zu has no value, and parameter %zu has one", i + 1, n);
        if (values[i].type == SQLA_ARRAY && !(traits->features & SQLA_FEATURE_ARRAYS))
            return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "parameter %zu is a list, and %s has no arrays",
                i + 1, traits->dialect);
    }
    sqla__buf_add(&text, q->sql);
    sqla_status status = sqla__compiled_finish(arena, &text, values, names, n, ret, err);
    sqla__buf_release(&text);
    return status;
}

sqla_status sqla__compile(sqla__stmt *q, const sqla_traits *traits, sqla__arena *arena, sqla__compiled *ret, sqla_error *err)
{
    sqla_status status = sqla__stmt_failure(q, err);
    if (status != SQLA_OK)
        return status;
    if (q->kind == SQLA__RAW_SQL)
        return q->untouched ? take_untouched(q, traits, arena, ret, err)
                            : compile_raw(q, traits, arena, ret, err);
    compiler c = { .q = q,
        .traits = traits,
        .arena = arena,
        .err = err,
        .used = sqla__arena_zero(arena, q->more->binds.count + 1, sizeof(bool)) };
    status = c.used != NULL ? select_text(&c) : sqla__error_nomem(err);
    if (status == SQLA_OK)
        status = check_binds(&c);
    if (status == SQLA_OK)
        status = sqla__compiled_finish(arena, &c.text, c.values.items, c.names.items, c.values.count, ret, err);
    sqla__buf_release(&c.text);
    sqla__vec_release(&c.values);
    sqla__vec_release(&c.names);
    sqla__vec_release(&c.scope);
    return status;
}
