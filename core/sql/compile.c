/* compile.c: from the tree of a SELECT to text and parameters. One pass, one function a kind of node. */
#include <config.h>
#include "sql/compile.h"

#include <string.h>

#include "base/error.h"
#include "sql/expr.h"
#include "sql/mapping.h"

typedef struct compiler {
    sqla__buf text;
    const sqla_stmt *q;
    const sqla_traits *traits;
    sqla__arena *arena;
    SQLA__VEC(sqla_value) values;
    SQLA__VEC(const sqla_model *) scope; /* the models whose tables are in FROM */
    sqla_error *err;
} compiler;

/* How strongly an operator binds its operands. */
typedef enum level { LEVEL_ANY = 0, LEVEL_OR, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARE, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_ATOM } level;

static sqla_status render(compiler *c, const sqla_expr *x, level around);

static sqla_status fail(compiler *c, sqla_status status, const char *what)
{
    return sqla__error_set(c->err, status, "%s", what);
}

/* ---- parameters and columns ------------------------------------------------------------------------------------------ */

static sqla_status parameter(compiler *c, sqla_value value)
{
    if (value.type == SQLA_NULL) {
        sqla__buf_add(&c->text, "NULL");
        return SQLA_OK;
    }
    if (!sqla__vec_push(&c->values, value))
        return sqla__error_nomem(c->err);
    sqla__placeholder(&c->text, c->traits, (uint32_t)c->values.count);
    return SQLA_OK;
}

static bool in_scope(const compiler *c, const sqla_model *model)
{
    for (size_t i = 0; i < c->scope.count; i++)
        if (c->scope.items[i] == model)
            return true;
    return false;
}

static sqla_status column_name(compiler *c, const sqla_model *model, const sqla_column_item *item)
{
    if (!in_scope(c, model)) {
        sqla__error_set(c->err, SQLA_ERR_MISUSE, "column '%s' of '%s' is used, but the statement neither selects nor joins '%s'", sqla__column_name(item),
                        model->name, model->name);
        sqla__error_hint(c->err, "join it along a relation with sqla_join(q, Model, relation)");
        return c->err->status;
    }
    if (c->scope.count > 1) {
        sqla_status status = sqla__quote_name(&c->text, model->table, c->traits, c->err);
        if (status != SQLA_OK)
            return status;
        sqla__buf_add_char(&c->text, '.');
    }
    return sqla__quote_name(&c->text, sqla__column_name(item), c->traits, c->err);
}

static const sqla_column_item *item_of(const sqla_expr *x)
{
    const sqla_model *model = sqla__expr_model(x);
    return model != NULL ? sqla__model_column_at(model, x->offset) : NULL;
}

static sqla_status column(compiler *c, const sqla_expr *x)
{
    const sqla_column_item *item = item_of(x);
    if (item == NULL)
        return sqla__error_set(c->err, SQLA_ERR_MISUSE, "a field of '%s' is used that is no column of its model", sqla__expr_model(x)->name);
    return column_name(c, sqla__expr_model(x), item);
}

static sqla_status named_parameter(compiler *c, const sqla_expr *x)
{
    for (size_t i = 0; i < c->q->binds.count; i++)
        if (strcmp(c->q->binds.items[i].name, x->name) == 0)
            return parameter(c, c->q->binds.items[i].value);
    return sqla__error_set(c->err, SQLA_ERR_MISUSE, "parameter '%s' has no value: give it one with sqla_bind", x->name);
}

/* ---- enums and types that sort wrongly ---------------------------------------------------------------------------------- */

/* A number beside an enum column means a label. */
static sqla_status label_of(compiler *c, const sqla_column_item *item, const sqla_value *value, sqla_value *ret)
{
    *ret = *value;
    if (item == NULL || (item->form & SQLA_FORM_TYPE) != SQLA_ENUM_TYPE || value->type != SQLA_INT64)
        return SQLA_OK;
    int64_t n = 0;
    while (item->labels[n] != NULL && n != value->as.i64)
        n++;
    if (value->as.i64 < 0 || item->labels[n] == NULL)
        return sqla__error_set(c->err, SQLA_ERR_DATA, "column '%s' has no label for the value %lld", sqla__column_name(item), (long long)value->as.i64);
    *ret = sqla_value_text(item->labels[n]);
    return SQLA_OK;
}

/* An operand beside a column: values are fitted to it. */
static sqla_status operand(compiler *c, const sqla_expr *x, const sqla_column_item *beside, level around)
{
    if (x->kind != SQLA_EXPR_VALUE)
        return render(c, x, around);
    sqla_value value;
    sqla_status status = label_of(c, beside, &x->value, &value);
    return status == SQLA_OK ? parameter(c, value) : status;
}

static sqla_status check_order(compiler *c, const sqla_expr *x, const char *what)
{
    const sqla_column_item *item = item_of(x);
    const sqla_type_trait *trait = item != NULL ? sqla__type_trait(c->traits, item->form & SQLA_FORM_TYPE) : NULL;
    if (trait == NULL || !(trait->flags & SQLA_TYPE_TEXT_ORDER) || item->sql_type != NULL)
        return SQLA_OK;
    sqla__error_set(c->err, SQLA_ERR_UNSUPPORTED, "cannot %s column '%s' of '%s': %s keeps this type as text, which sorts wrongly", what,
                    sqla__column_name(item), sqla__expr_model(x)->name, c->traits->dialect);
    sqla__error_hint(c->err, "cast it in raw SQL, or store it as a number");
    return c->err->status;
}

/* ---- operators ----------------------------------------------------------------------------------------------------------- */

typedef struct operator { const char *text; level level; } operator;
static const operator operators[] = {
    [SQLA_OP_EQ] = { " = ", LEVEL_COMPARE }, [SQLA_OP_NE] = { " <> ", LEVEL_COMPARE }, [SQLA_OP_LT] = { " < ", LEVEL_COMPARE },
    [SQLA_OP_LE] = { " <= ", LEVEL_COMPARE }, [SQLA_OP_GT] = { " > ", LEVEL_COMPARE }, [SQLA_OP_GE] = { " >= ", LEVEL_COMPARE },
    [SQLA_OP_LIKE] = { " LIKE ", LEVEL_COMPARE }, [SQLA_OP_ILIKE] = { " ILIKE ", LEVEL_COMPARE }, [SQLA_OP_IN] = { " IN (", LEVEL_COMPARE },
    [SQLA_OP_NOT_IN] = { " NOT IN (", LEVEL_COMPARE }, [SQLA_OP_BETWEEN] = { " BETWEEN ", LEVEL_COMPARE }, [SQLA_OP_IS_NULL] = { " IS NULL", LEVEL_COMPARE },
    [SQLA_OP_AND] = { " AND ", LEVEL_AND }, [SQLA_OP_OR] = { " OR ", LEVEL_OR }, [SQLA_OP_NOT] = { "NOT ", LEVEL_NOT },
    [SQLA_OP_PLUS] = { " + ", LEVEL_SUM }, [SQLA_OP_MINUS] = { " - ", LEVEL_SUM }, [SQLA_OP_TIMES] = { " * ", LEVEL_PRODUCT },
    [SQLA_OP_DIVIDE] = { " / ", LEVEL_PRODUCT }, [SQLA_OP_ASC] = { "", LEVEL_ANY }, [SQLA_OP_DESC] = { " DESC", LEVEL_ANY },
};

/* The right side of - and / needs parentheses where the left one does not. */
static level right_level(sqla_op op, level own)
{
    return own == LEVEL_COMPARE || op == SQLA_OP_MINUS || op == SQLA_OP_DIVIDE ? (level)(own + 1) : own;
}

static sqla_status binary(compiler *c, const sqla_expr *x)
{
    const operator *op = &operators[x->op];
    const sqla_expr *a = &x->args[0], *b = &x->args[1];
    if (op->level == LEVEL_COMPARE) {
        bool ordered = x->op != SQLA_OP_LIKE && x->op != SQLA_OP_ILIKE;
        sqla_status status = ordered ? check_order(c, a, "compare") : SQLA_OK;
        if (status == SQLA_OK && ordered)
            status = check_order(c, b, "compare");
        if (status != SQLA_OK)
            return status;
    }
    sqla_status status = operand(c, a, item_of(b), op->level == LEVEL_COMPARE ? LEVEL_SUM : op->level);
    sqla__buf_add(&c->text, op->text);
    return status == SQLA_OK ? operand(c, b, item_of(a), right_level((sqla_op)x->op, op->level)) : status;
}

static sqla_status ilike(compiler *c, const sqla_expr *x)
{
    if (c->traits->features & SQLA_FEATURE_ILIKE)
        return binary(c, x);
    sqla__buf_add(&c->text, "lower(");
    sqla_status status = operand(c, &x->args[0], NULL, LEVEL_ANY);
    sqla__buf_add(&c->text, ") LIKE lower(");
    if (status == SQLA_OK)
        status = operand(c, &x->args[1], NULL, LEVEL_ANY);
    sqla__buf_add_char(&c->text, ')');
    return status;
}

static sqla_status list(compiler *c, const sqla_expr *items, uint32_t n, const sqla_column_item *beside)
{
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < n && status == SQLA_OK; i++) {
        if (i > 0)
            sqla__buf_add(&c->text, ", ");
        status = operand(c, &items[i], beside, LEVEL_ANY);
    }
    return status;
}

/* Nothing is in an empty list. */
static sqla_status in(compiler *c, const sqla_expr *x)
{
    if (x->args[1].count == 0) {
        sqla__buf_add(&c->text, x->op == SQLA_OP_IN ? "1 = 0" : "1 = 1");
        return SQLA_OK;
    }
    sqla_status status = check_order(c, &x->args[0], "compare");
    if (status == SQLA_OK)
        status = render(c, &x->args[0], LEVEL_SUM);
    sqla__buf_add(&c->text, operators[x->op].text);
    if (status == SQLA_OK)
        status = list(c, x->args[1].args, x->args[1].count, item_of(&x->args[0]));
    sqla__buf_add_char(&c->text, ')');
    return status;
}

static sqla_status between(compiler *c, const sqla_expr *x)
{
    const sqla_column_item *item = item_of(&x->args[0]);
    sqla_status status = check_order(c, &x->args[0], "compare");
    if (status == SQLA_OK)
        status = render(c, &x->args[0], LEVEL_SUM);
    sqla__buf_add(&c->text, " BETWEEN ");
    if (status == SQLA_OK)
        status = operand(c, &x->args[1], item, LEVEL_SUM);
    sqla__buf_add(&c->text, " AND ");
    return status == SQLA_OK ? operand(c, &x->args[2], item, LEVEL_SUM) : status;
}

static sqla_status junction(compiler *c, const sqla_expr *x)
{
    if (x->count == 0)
        return fail(c, SQLA_ERR_MISUSE, "AND and OR need at least one condition");
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < x->count && status == SQLA_OK; i++) {
        if (i > 0)
            sqla__buf_add(&c->text, operators[x->op].text);
        status = render(c, &x->args[i], operators[x->op].level);
    }
    return status;
}

/* IS NOT NULL and not NOT ... IS NULL. */
static sqla_status negation(compiler *c, const sqla_expr *x)
{
    const sqla_expr *inner = &x->args[0];
    if (inner->kind == SQLA_EXPR_OP && inner->op == SQLA_OP_IS_NULL) {
        sqla_status status = render(c, &inner->args[0], LEVEL_SUM);
        sqla__buf_add(&c->text, " IS NOT NULL");
        return status;
    }
    sqla__buf_add(&c->text, "NOT ");
    return render(c, inner, LEVEL_COMPARE);
}

static sqla_status postfix(compiler *c, const sqla_expr *x, level inside)
{
    sqla_status status = SQLA_OK;
    if (x->op == SQLA_OP_ASC || x->op == SQLA_OP_DESC)
        status = check_order(c, &x->args[0], "order by");
    if (status == SQLA_OK)
        status = render(c, &x->args[0], inside);
    sqla__buf_add(&c->text, operators[x->op].text);
    return status;
}

static sqla_status operation(compiler *c, const sqla_expr *x)
{
    switch ((sqla_op)x->op) {
    case SQLA_OP_EQ: case SQLA_OP_NE: case SQLA_OP_LT: case SQLA_OP_LE: case SQLA_OP_GT: case SQLA_OP_GE: case SQLA_OP_LIKE:
    case SQLA_OP_PLUS: case SQLA_OP_MINUS: case SQLA_OP_TIMES: case SQLA_OP_DIVIDE: return binary(c, x);
    case SQLA_OP_ILIKE: return ilike(c, x);
    case SQLA_OP_IN: case SQLA_OP_NOT_IN: return in(c, x);
    case SQLA_OP_BETWEEN: return between(c, x);
    case SQLA_OP_AND: case SQLA_OP_OR: return junction(c, x);
    case SQLA_OP_NOT: return negation(c, x);
    case SQLA_OP_IS_NULL: return postfix(c, x, LEVEL_SUM);
    case SQLA_OP_ASC: case SQLA_OP_DESC: return postfix(c, x, LEVEL_ANY);
    case SQLA_OP_NONE: break;
    }
    return fail(c, SQLA_ERR_MISUSE, "an expression has no operator");
}

/* A name that is followed by an argument list: letters, digits, underscores, and dots between. */
static sqla_status function(compiler *c, const sqla_expr *x)
{
    if (x->name[0] == '\0' || strspn(x->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") != strlen(x->name))
        return sqla__error_set(c->err, SQLA_ERR_MISUSE, "'%.80s' cannot be the name of a function", x->name);
    bool extreme = strcmp(x->name, "max") == 0 || strcmp(x->name, "min") == 0;
    if (extreme && x->count == 1 && check_order(c, &x->args[0], "compare") != SQLA_OK)
        return c->err->status;
    sqla__buf_add(&c->text, x->name);
    sqla__buf_add_char(&c->text, '(');
    sqla_status status = list(c, x->args, x->count, NULL);
    sqla__buf_add_char(&c->text, ')');
    return status;
}

static level level_of(const sqla_expr *x)
{
    return x->kind == SQLA_EXPR_OP ? operators[x->op].level : x->kind == SQLA_EXPR_SQL ? LEVEL_ANY : LEVEL_ATOM;
}

static sqla_status render_bare(compiler *c, const sqla_expr *x, level around)
{
    switch ((sqla_expr_kind)x->kind) {
    case SQLA_EXPR_COLUMN: return column(c, x);
    case SQLA_EXPR_VALUE: return parameter(c, x->value);
    case SQLA_EXPR_PARAM: return named_parameter(c, x);
    case SQLA_EXPR_OP: return operation(c, x);
    case SQLA_EXPR_FUNCTION: return function(c, x);
    case SQLA_EXPR_COUNT_ALL: sqla__buf_add(&c->text, "count(*)"); return SQLA_OK;
    case SQLA_EXPR_LABEL: return render(c, &x->args[0], around);
    case SQLA_EXPR_SQL: sqla__buf_add(&c->text, x->name); return SQLA_OK;
    case SQLA_EXPR_END: case SQLA_EXPR_INVALID: break;
    }
    return fail(c, SQLA_ERR_MISUSE, "an expression is not what a constructor made");
}

static sqla_status render(compiler *c, const sqla_expr *x, level around)
{
    bool brackets = level_of(x) < around;
    if (brackets)
        sqla__buf_add_char(&c->text, '(');
    sqla_status status = render_bare(c, x, brackets ? LEVEL_ANY : around);
    if (brackets)
        sqla__buf_add_char(&c->text, ')');
    return status;
}

/* ---- FROM --------------------------------------------------------------------------------------------------------------- */

static const sqla_model *first_model(const sqla_expr *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const sqla_model *model = sqla__expr_model(&items[i]);
        if (model == NULL)
            model = first_model(items[i].args, items[i].count);
        if (model != NULL)
            return model;
    }
    return NULL;
}

/* The model that a join brings in. */
static const sqla_model *joined_model(const sqla__join *join)
{
    return join->along ? sqla__model_relation_at(join->model, join->offset)->target() : join->model;
}

static sqla_status fill_scope(compiler *c)
{
    const sqla_model *first = c->q->kind == SQLA__SELECT_MODEL ? c->q->model : first_model(c->q->columns.items, c->q->columns.count);
    for (size_t i = 0; first == NULL && i < c->q->joins.count; i++)
        first = c->q->joins.items[i].model;
    if (first == NULL)
        return fail(c, SQLA_ERR_MISUSE, "the statement names no column, so its table is not known");
    if (!sqla__vec_push(&c->scope, first))
        return sqla__error_nomem(c->err);
    for (size_t i = 0; i < c->q->joins.count; i++) {
        const sqla_model *model = joined_model(&c->q->joins.items[i]);
        if (in_scope(c, model))
            return sqla__error_set(c->err, SQLA_ERR_UNSUPPORTED, "'%s' would be joined twice, which needs an alias", model->name);
        if (c->q->joins.items[i].along && !in_scope(c, c->q->joins.items[i].model))
            return sqla__error_set(c->err, SQLA_ERR_MISUSE, "cannot join along a relation of '%s': it is not in the statement", c->q->joins.items[i].model->name);
        if (!sqla__vec_push(&c->scope, model))
            return sqla__error_nomem(c->err);
    }
    return SQLA_OK;
}

static bool is_to_many(const sqla_model *model, const sqla_relation_item *relation)
{
    for (uint32_t i = 0; i < model->count; i++)
        if (&sqla__model_item(model, i)->as.relation == relation)
            return sqla__model_item(model, i)->kind == SQLA_ITEM_TO_MANY;
    return false;
}

static sqla_status join_along(compiler *c, const sqla__join *join)
{
    const sqla_relation_item *relation = sqla__model_relation_at(join->model, join->offset);
    const sqla_model *target = relation->target();
    bool to_many = is_to_many(join->model, relation);
    const sqla_model *holder = to_many ? target : join->model, *pointed = to_many ? join->model : target;
    const sqla_column_item *key = sqla__model_column_at(holder, relation->fk_offset);
    const sqla_column_item *referenced = key != NULL ? sqla__model_column_at(pointed, key->references_offset) : NULL;
    if (referenced == NULL)
        return sqla__error_set(c->err, SQLA_ERR_MISUSE, "relation '%s' of '%s' has no foreign key", relation->field, join->model->name);
    sqla_status status = column_name(c, holder, key);
    sqla__buf_add(&c->text, " = ");
    return status == SQLA_OK ? column_name(c, pointed, referenced) : status;
}

static sqla_status from(compiler *c)
{
    const sqla_model *first = c->scope.items[0];
    sqla__buf_add(&c->text, " FROM ");
    sqla_status status = sqla__quote_table(&c->text, first->schema, first->table, c->traits, c->err);
    for (size_t i = 0; i < c->q->joins.count && status == SQLA_OK; i++) {
        const sqla__join *join = &c->q->joins.items[i];
        const sqla_model *model = c->scope.items[i + 1];
        sqla__buf_add(&c->text, join->outer ? " LEFT OUTER JOIN " : " JOIN ");
        status = sqla__quote_table(&c->text, model->schema, model->table, c->traits, c->err);
        sqla__buf_add(&c->text, " ON ");
        if (status == SQLA_OK)
            status = join->along ? join_along(c, join) : render(c, &join->on, LEVEL_ANY);
    }
    return status;
}

/* ---- the clauses --------------------------------------------------------------------------------------------------------- */

static sqla_status model_columns(compiler *c)
{
    sqla_status status = SQLA_OK;
    bool first = true;
    for (uint32_t i = 0; i < c->q->model->count && status == SQLA_OK; i++) {
        const sqla_item *item = sqla__model_item(c->q->model, i);
        if (item->kind != SQLA_ITEM_COLUMN)
            continue;
        if (!first)
            sqla__buf_add(&c->text, ", ");
        first = false;
        status = column_name(c, c->q->model, &item->as.column);
    }
    return status;
}

static sqla_status listed_columns(compiler *c)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < c->q->columns.count && status == SQLA_OK; i++) {
        const sqla_expr *x = &c->q->columns.items[i];
        if (i > 0)
            sqla__buf_add(&c->text, ", ");
        status = render(c, x, LEVEL_ANY);
        if (status == SQLA_OK && x->kind == SQLA_EXPR_LABEL) {
            sqla__buf_add(&c->text, " AS ");
            status = sqla__quote_name(&c->text, x->name, c->traits, c->err);
        }
    }
    return status;
}

static sqla_status conditions(compiler *c, const char *word, const sqla_expr *items, size_t n)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < n && status == SQLA_OK; i++) {
        sqla__buf_add(&c->text, i == 0 ? word : " AND ");
        status = render(c, &items[i], n > 1 ? LEVEL_AND : LEVEL_ANY);
    }
    return status;
}

static sqla_status terms(compiler *c, const char *word, const sqla_expr *items, size_t n, bool ordered)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < n && status == SQLA_OK; i++) {
        sqla__buf_add(&c->text, i == 0 ? word : ", ");
        if (ordered)
            status = check_order(c, &items[i], "order by");
        if (status == SQLA_OK)
            status = render(c, &items[i], LEVEL_ANY);
    }
    return status;
}

static sqla_status limits(compiler *c)
{
    sqla_status status = SQLA_OK;
    if (c->q->limit >= 0) {
        sqla__buf_add(&c->text, " LIMIT ");
        status = parameter(c, sqla_value_i64(c->q->limit));
    } else if (c->q->offset >= 0 && c->traits->limit_all != NULL) {
        sqla__buf_printf(&c->text, " LIMIT %s", c->traits->limit_all);
    }
    if (status == SQLA_OK && c->q->offset >= 0) {
        sqla__buf_add(&c->text, " OFFSET ");
        status = parameter(c, sqla_value_i64(c->q->offset));
    }
    return status;
}

static sqla_status select_text(compiler *c)
{
    const sqla_stmt *q = c->q;
    sqla_status status = fill_scope(c);
    sqla__buf_add(&c->text, q->distinct ? "SELECT DISTINCT " : "SELECT ");
    if (status == SQLA_OK)
        status = q->kind == SQLA__SELECT_MODEL ? model_columns(c) : listed_columns(c);
    if (status == SQLA_OK)
        status = from(c);
    if (status == SQLA_OK)
        status = conditions(c, " WHERE ", q->where.items, q->where.count);
    if (status == SQLA_OK)
        status = terms(c, " GROUP BY ", q->group.items, q->group.count, false);
    if (status == SQLA_OK)
        status = conditions(c, " HAVING ", q->having.items, q->having.count);
    if (status == SQLA_OK)
        status = terms(c, " ORDER BY ", q->order.items, q->order.count, true);
    if (status == SQLA_OK)
        status = limits(c);
    if (q->for_update && c->traits->for_update != NULL)
        sqla__buf_add(&c->text, c->traits->for_update);
    return status;
}

/* ---- the whole -------------------------------------------------------------------------------------------------------------- */

sqla_status sqla__compiled_finish(sqla__arena *arena, const sqla__buf *text, const sqla_value *values, size_t n, const sqla_traits *traits,
                                  sqla__compiled *ret, sqla_error *err)
{
    if (n > traits->max_parameters && traits->max_parameters > 0)
        return sqla__error_set(err, SQLA_ERR_SQL, "the statement has %zu parameters, and %s takes %u", n, traits->dialect, traits->max_parameters);
    sqla_slot *slots = sqla__arena_zero(arena, n + 1, sizeof *slots);
    ret->values = sqla__arena_zero(arena, n + 1, sizeof *ret->values);
    ret->text = text->broken ? NULL : sqla__arena_copy(arena, sqla__buf_text(text), text->length);
    if (slots == NULL || ret->values == NULL || ret->text == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        ret->values[i] = values[i];
        slots[i] = (sqla_slot){ .type = (uint8_t)values[i].type, .rep = SQLA_REP_VALUE, .flags = SQLA_SLOT_NULLABLE, .column = (int32_t)i,
                                .offset = (uint32_t)(i * sizeof(sqla_value)), .size = sizeof(sqla_value), .set_offset = -1 };
    }
    ret->length = text->length;
    ret->count = (uint32_t)n;
    ret->plan = (sqla_plan){ sizeof(sqla_plan), (uint32_t)n, slots };
    return SQLA_OK;
}

static sqla_status compile_raw(sqla_stmt *q, const sqla_traits *traits, sqla__arena *arena, sqla__compiled *ret, sqla_error *err)
{
    size_t n = q->binds.count;
    const char **names = sqla__arena_zero(arena, n + 1, sizeof *names);
    sqla_value *values = sqla__arena_zero(arena, n + 1, sizeof *values);
    if (names == NULL || values == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        names[i] = q->binds.items[i].name;
        values[i] = q->binds.items[i].value;
    }
    return sqla__compile_raw(q->sql, names, values, n, traits, arena, ret, err);
}

sqla_status sqla__compile(sqla_stmt *q, const sqla_traits *traits, sqla__arena *arena, sqla__compiled *ret, sqla_error *err)
{
    sqla_status status = sqla__stmt_failure(q, err);
    if (status != SQLA_OK)
        return status;
    if (q->kind == SQLA__RAW_SQL)
        return compile_raw(q, traits, arena, ret, err);
    compiler c = { .q = q, .traits = traits, .arena = arena, .err = err };
    status = select_text(&c);
    if (status == SQLA_OK)
        status = sqla__compiled_finish(arena, &c.text, c.values.items, c.values.count, traits, ret, err);
    sqla__buf_release(&c.text);
    sqla__vec_release(&c.values);
    sqla__vec_release(&c.scope);
    return status;
}
