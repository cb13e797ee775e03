/* render.c: from the tree of an expression to text. One pass, one function a kind of node; comparisons are in compare.c.
 *
 * Values become parameters, in the order of the text. Parentheses stand where the level of what is inside asks for them, and
 * nowhere else; SQL text of the program's own is a closed book, so it gets them wherever something stands beside it. */
#include <config.h>
#include "sql/compiler.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "sql/expr.h"

typedef sqla__compiler compiler;

static void put(compiler *c, const char *text) { sqla__buf_add(&c->text, text); }

/* ---- parameters ---------------------------------------------------------------------------------------------------- */

sqla_status sqla__parameter(compiler *c, sqla_value value, const char *name)
{
    if (value.type == SQLA_NULL) {
        put(c, "NULL");
        return SQLA_OK;
    }
    if (!sqla__vec_reserve(&c->names, c->names.count + 1) || !sqla__vec_push(&c->values, value))
        return sqla__error_nomem(c->err);
    c->names.items[c->names.count++] = name;
    sqla__placeholder(&c->text, c->traits, (uint32_t)c->values.count);
    return SQLA_OK;
}

/* What x stands for: labels are only names, and a :name is the value that it was given. */
sqla_status sqla__resolve(compiler *c, const sqla_expr *x, sqla_expr *ret)
{
    while (x->kind == SQLA_EXPR_LABEL)
        x = &x->args[0];
    *ret = *x;
    if (x->kind != SQLA_EXPR_PARAM)
        return SQLA_OK;
    const sqla__bind *bind = sqla__stmt_bound(c->q, x->name);
    if (bind != NULL) {
        c->used[bind - c->q->more->binds.items] = true;
        *ret = (sqla_expr){ .kind = SQLA_EXPR_VALUE, .name = bind->name, .value = bind->value };
        return SQLA_OK;
    }
    sqla__error_set(c->err, SQLA_ERR_MISUSE, "parameter ':%s' has no value", x->name);
    sqla__error_hint(c->err, "give it one with sqla_bind");
    return c->err->status;
}

/* ---- columns ------------------------------------------------------------------------------------------------------- */

bool sqla__in_scope(const compiler *c, const sqla_model *model)
{
    for (size_t i = 0; i < c->scope.count; i++)
        if (c->scope.items[i] == model)
            return true;
    return false;
}

sqla_status sqla__render_column(compiler *c, const sqla_model *model, const sqla_column_item *item)
{
    if (!sqla__in_scope(c, model)) {
        sqla__error_set(c->err, SQLA_ERR_MISUSE, "column '%s' of '%s' is used, but the statement neither selects nor joins '%s'", sqla__column_name(item),
                        model->name, model->name);
        sqla__error_hint(c->err, "join it along a relation with sqla_join(q, Model, relation)");
        return c->err->status;
    }
    if (c->scope.count > 1) {
        sqla_status status = sqla__quote_table(&c->text, model->schema, model->table, c->traits, c->err);
        if (status != SQLA_OK)
            return status;
        put(c, ".");
    }
    return sqla__quote_name(&c->text, sqla__column_name(item), c->traits, c->err);
}

const sqla_column_item *sqla__item_of(const sqla_expr *x)
{
    const sqla_model *model = sqla__expr_model(x);
    return model != NULL ? sqla__model_column_at(model, x->offset) : NULL;
}

static sqla_status column(compiler *c, const sqla_expr *x)
{
    const sqla_column_item *item = sqla__item_of(x);
    if (item == NULL)
        return sqla__error_set(c->err, SQLA_ERR_MISUSE, "an expression names a field that is no column of its model");
    return sqla__render_column(c, sqla__expr_model(x), item);
}

sqla_status sqla__check_order(compiler *c, const sqla_expr *x, const char *what)
{
    while (x->kind == SQLA_EXPR_LABEL || x->op == SQLA_OP_ASC || x->op == SQLA_OP_DESC)
        x = &x->args[0];
    const sqla_column_item *item = sqla__item_of(x);
    const sqla_type_trait *trait = item != NULL ? sqla__type_trait(c->traits, sqla__column_type(item)) : NULL;
    if (trait == NULL || !(trait->flags & SQLA_TYPE_TEXT_ORDER) || sqla__column_sql_type(item) != NULL)
        return SQLA_OK;
    sqla__error_set(c->err, SQLA_ERR_UNSUPPORTED, "cannot %s column '%s' of '%s': %s keeps this type as text, which sorts and compares wrongly", what,
                    sqla__column_name(item), sqla__expr_model(x)->name, c->traits->dialect);
    sqla__error_hint(c->err, "cast it yourself, as in sqla_literal_sql(\"CAST(%.60s AS REAL)\"), or store it as a number", sqla__column_name(item));
    return c->err->status;
}

/* ---- operators ----------------------------------------------------------------------------------------------------- */

/* text NULL: written by compare.c or like.c. */
typedef struct operator { const char *text; sqla__level level; } operator;
static const operator operators[] = {
    [SQLA_OP_NONE] = { "", SQLA__LEVEL_ATOM },
    [SQLA_OP_EQ] = { NULL, SQLA__LEVEL_COMPARE }, [SQLA_OP_NE] = { NULL, SQLA__LEVEL_COMPARE }, [SQLA_OP_LT] = { NULL, SQLA__LEVEL_COMPARE },
    [SQLA_OP_LE] = { NULL, SQLA__LEVEL_COMPARE }, [SQLA_OP_GT] = { NULL, SQLA__LEVEL_COMPARE }, [SQLA_OP_GE] = { NULL, SQLA__LEVEL_COMPARE },
    [SQLA_OP_IN] = { NULL, SQLA__LEVEL_COMPARE }, [SQLA_OP_NOT_IN] = { NULL, SQLA__LEVEL_COMPARE }, [SQLA_OP_BETWEEN] = { NULL, SQLA__LEVEL_COMPARE },
    [SQLA_OP_LIKE] = { NULL, SQLA__LEVEL_COMPARE }, [SQLA_OP_ILIKE] = { NULL, SQLA__LEVEL_COMPARE },
    [SQLA_OP_CONTAINS] = { NULL, SQLA__LEVEL_COMPARE }, [SQLA_OP_STARTSWITH] = { NULL, SQLA__LEVEL_COMPARE },
    [SQLA_OP_ENDSWITH] = { NULL, SQLA__LEVEL_COMPARE },
    [SQLA_OP_IS_NULL] = { " IS NULL", SQLA__LEVEL_COMPARE },
    [SQLA_OP_AND] = { " AND ", SQLA__LEVEL_AND }, [SQLA_OP_OR] = { " OR ", SQLA__LEVEL_OR }, [SQLA_OP_NOT] = { "NOT ", SQLA__LEVEL_NOT },
    [SQLA_OP_PLUS] = { " + ", SQLA__LEVEL_SUM }, [SQLA_OP_MINUS] = { " - ", SQLA__LEVEL_SUM }, [SQLA_OP_TIMES] = { " * ", SQLA__LEVEL_PRODUCT },
    [SQLA_OP_DIVIDE] = { " / ", SQLA__LEVEL_PRODUCT }, [SQLA_OP_ASC] = { "", SQLA__LEVEL_ANY }, [SQLA_OP_DESC] = { " DESC", SQLA__LEVEL_ANY },
};

sqla_status sqla__null_test(compiler *c, const sqla_expr *x, bool negated)
{
    sqla_status status = sqla__render(c, x, SQLA__LEVEL_SUM);
    put(c, negated ? " IS NOT NULL" : " IS NULL");
    return status;
}

/* a - (b - c), a * (b / c): the right side gets parentheses at the same level; a sum of floats is not associative either. */
static sqla_status arithmetic(compiler *c, const sqla_expr *x)
{
    sqla__level own = operators[x->op].level;
    sqla_status status = sqla__check_order(c, &x->args[0], "calculate with");
    if (status == SQLA_OK)
        status = sqla__check_order(c, &x->args[1], "calculate with");
    if (status == SQLA_OK)
        status = sqla__render(c, &x->args[0], own);
    put(c, operators[x->op].text);
    return status == SQLA_OK ? sqla__render(c, &x->args[1], (sqla__level)(own + 1)) : status;
}

/* ---- conditions ---------------------------------------------------------------------------------------------------- */

static sqla_status junction(compiler *c, const sqla_expr *x)
{
    if (x->count == 0)
        return sqla__error_set(c->err, SQLA_ERR_MISUSE, "AND and OR need at least one condition");
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < x->count && status == SQLA_OK; i++) {
        if (i > 0)
            put(c, operators[x->op].text);
        status = sqla__render_condition(c, &x->args[i], operators[x->op].level);
    }
    return status;
}

/* IS NOT NULL and not NOT ... IS NULL. */
static sqla_status negation(compiler *c, const sqla_expr *x)
{
    const sqla_expr *inner = &x->args[0];
    if (inner->kind == SQLA_EXPR_OP && inner->op == SQLA_OP_IS_NULL)
        return sqla__null_test(c, &inner->args[0], true);
    put(c, "NOT ");
    return sqla__render_condition(c, inner, SQLA__LEVEL_COMPARE);
}

static sqla_status term(compiler *c, const sqla_expr *x)
{
    sqla_status status = sqla__check_order(c, &x->args[0], "order by");
    if (status == SQLA_OK)
        status = sqla__render(c, &x->args[0], SQLA__LEVEL_ANY);
    put(c, operators[x->op].text);
    return status;
}

static sqla_status operation(compiler *c, const sqla_expr *x)
{
    switch ((sqla_op)x->op) {
    case SQLA_OP_EQ: case SQLA_OP_NE: case SQLA_OP_LT: case SQLA_OP_LE: case SQLA_OP_GT: case SQLA_OP_GE:
    case SQLA_OP_IN: case SQLA_OP_NOT_IN: case SQLA_OP_BETWEEN: return sqla__compare(c, x);
    case SQLA_OP_LIKE: case SQLA_OP_ILIKE: case SQLA_OP_CONTAINS: case SQLA_OP_STARTSWITH:
    case SQLA_OP_ENDSWITH: return sqla__like(c, x);
    case SQLA_OP_PLUS: case SQLA_OP_MINUS: case SQLA_OP_TIMES: case SQLA_OP_DIVIDE: return arithmetic(c, x);
    case SQLA_OP_AND: case SQLA_OP_OR: return junction(c, x);
    case SQLA_OP_NOT: return negation(c, x);
    case SQLA_OP_IS_NULL: return sqla__null_test(c, &x->args[0], false);
    case SQLA_OP_ASC: case SQLA_OP_DESC: return term(c, x);
    case SQLA_OP_NONE: break;
    }
    return sqla__error_set(c->err, SQLA_ERR_MISUSE, "an expression has no operator");
}

/* ---- functions ----------------------------------------------------------------------------------------------------- */

static bool starts_word(char ch) { return ch == '_' || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'); }

/* Words of letters, digits and underscores, with dots between: what may stand in front of an argument list as it is. */
static bool is_function_name(const char *name)
{
    for (;; name++) {
        if (!starts_word(*name))
            return false;
        while (starts_word(*name) || (*name >= '0' && *name <= '9'))
            name++;
        if (*name != '.')
            return *name == '\0';
    }
}

/* Functions that compare or add up what they get. */
static sqla_status check_arguments(compiler *c, const sqla_expr *x)
{
    static const char *const names[] = { "max", "min", "sum", "avg" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(x->name, names[i]) == 0 && x->count == 1)
            return sqla__check_order(c, &x->args[0], i < 2 ? "compare" : "calculate with");
    return SQLA_OK;
}

static sqla_status function(compiler *c, const sqla_expr *x)
{
    if (!is_function_name(x->name))
        return sqla__error_set(c->err, SQLA_ERR_MISUSE, "'%.80s' cannot be the name of a function", x->name);
    sqla_status status = check_arguments(c, x);
    put(c, x->name);
    put(c, "(");
    for (uint32_t i = 0; i < x->count && status == SQLA_OK; i++) {
        put(c, i > 0 ? ", " : "");
        status = sqla__render(c, &x->args[i], SQLA__LEVEL_ANY);
    }
    put(c, ")");
    return status;
}

/* ---- any node ------------------------------------------------------------------------------------------------------ */

static sqla__level level_of(const compiler *c, const sqla_expr *x)
{
    while (x->kind == SQLA_EXPR_LABEL)
        x = &x->args[0];
    if (x->kind == SQLA_EXPR_SQL)
        return SQLA__LEVEL_ANY;
    if (x->kind != SQLA_EXPR_OP)
        return SQLA__LEVEL_ATOM;
    bool split = (x->op == SQLA_OP_IN || x->op == SQLA_OP_NOT_IN) && sqla__list_splits(c, &x->args[1]);
    return !split ? operators[x->op].level : x->op == SQLA_OP_IN ? SQLA__LEVEL_OR : SQLA__LEVEL_AND;
}

static sqla_status value(compiler *c, const sqla_expr *x)
{
    sqla_expr real;
    sqla_status status = sqla__resolve(c, x, &real);
    if (status == SQLA_OK && real.value.type == SQLA_ARRAY && !(c->traits->features & SQLA_FEATURE_ARRAYS))
        return sqla__error_set(c->err, SQLA_ERR_UNSUPPORTED,
            "%s has no arrays: a list stands in sqla_in and sqla_not_in alone", c->traits->dialect);
    return status == SQLA_OK ? sqla__parameter(c, real.value, real.name) : status;
}

static sqla_status bare(compiler *c, const sqla_expr *x)
{
    switch ((sqla_expr_kind)x->kind) {
    case SQLA_EXPR_COLUMN: return column(c, x);
    case SQLA_EXPR_VALUE: case SQLA_EXPR_PARAM: return value(c, x);
    case SQLA_EXPR_OP: return operation(c, x);
    case SQLA_EXPR_FUNCTION: return function(c, x);
    case SQLA_EXPR_COUNT_ALL: put(c, "count(*)"); return SQLA_OK;
    case SQLA_EXPR_LABEL: return bare(c, &x->args[0]);
    case SQLA_EXPR_SQL: put(c, x->name); return SQLA_OK;
    case SQLA_EXPR_END: case SQLA_EXPR_INVALID: break;
    }
    return sqla__error_set(c->err, SQLA_ERR_MISUSE, "an expression is not what a constructor made");
}

sqla_status sqla__render(compiler *c, const sqla_expr *x, sqla__level around)
{
    bool brackets = level_of(c, x) < around;
    put(c, brackets ? "(" : "");
    sqla_status status = bare(c, x);
    put(c, brackets ? ")" : "");
    return status;
}

/* A column, a value: something that is no comparison. What a function or the program's own text gives is left as it is. */
static bool is_bare_bool(const sqla_expr *x)
{
    while (x->kind == SQLA_EXPR_LABEL)
        x = &x->args[0];
    return x->kind == SQLA_EXPR_COLUMN || x->kind == SQLA_EXPR_VALUE || x->kind == SQLA_EXPR_PARAM;
}

sqla_status sqla__render_condition(compiler *c, const sqla_expr *x, sqla__level around)
{
    if ((c->traits->features & SQLA_FEATURE_BOOLEAN) || !is_bare_bool(x))
        return sqla__render(c, x, around);
    bool brackets = SQLA__LEVEL_COMPARE < around;
    put(c, brackets ? "(" : "");
    sqla_status status = sqla__render(c, x, SQLA__LEVEL_SUM);
    put(c, brackets ? " = 1)" : " = 1");
    return status;
}
