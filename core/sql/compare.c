/* compare.c: comparisons, BETWEEN and IN: what may stand beside what, and what NULL means there.
 *
 * A value is fitted to the column beside it: the index of an enum becomes its label, a 0 or 1 beside a bool a bool. Types that
 * the macros could not see, since the expression is of a type known only at run time, are looked at here. */
#include <config.h>
#include "sql/compiler.h"

#include <string.h>

#include "base/error.h"
#include "sql/expr.h"

typedef sqla__compiler compiler;

static void put(compiler *c, const char *text) { sqla__buf_add(&c->text, text); }
static bool is_null(const sqla_expr *x) { return x->kind == SQLA_EXPR_VALUE && x->value.type == SQLA_NULL; }

/* ---- what stands beside a column ----------------------------------------------------------------------------------- */

/* The families that the macros keep apart. */
static const char *family(uint32_t type)
{
    switch ((sqla_type)type) {
    case SQLA_BOOL: return "a bool";
    case SQLA_INT16: case SQLA_INT32: case SQLA_INT64: case SQLA_FLOAT32: case SQLA_FLOAT64: case SQLA_DECIMAL: return "a number";
    case SQLA_TEXT: case SQLA_ENUM_TYPE: return "a text";
    case SQLA_BLOB: return "a blob";
    case SQLA_DATE: case SQLA_TIME: case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP: case SQLA_INTERVAL: return "a date or time";
    case SQLA_UUID: return "a uuid";
    case SQLA_JSON: return "a json";
    case SQLA_ARRAY: return "an array";
    case SQLA_NULL: case SQLA_TYPE_COUNT_: break;
    }
    return "NULL";
}

static sqla_status refuse_pair(compiler *c, const sqla_expr *x, uint32_t type)
{
    const sqla_column_item *item = sqla__item_of(x);
    return sqla__error_set(c->err, SQLA_ERR_MISUSE, "column '%s' of '%s' is %s and is compared with %s", sqla__column_name(item),
                           sqla__expr_model(x)->name, family(sqla__column_type(item)), family(type));
}

static bool is_whole(uint32_t type) { return type == SQLA_INT16 || type == SQLA_INT32 || type == SQLA_INT64; }

/* A number beside an enum column means a label. */
static sqla_status to_label(compiler *c, const sqla_expr *x, sqla_value *value)
{
    const sqla_column_item *item = sqla__item_of(x);
    int64_t n = 0;
    while (item->labels != NULL && item->labels[n] != NULL && n != value->as.i64)
        n++;
    if (value->as.i64 < 0 || item->labels == NULL || item->labels[n] == NULL)
        return sqla__error_set(c->err, SQLA_ERR_DATA, "column '%s' of '%s' is an enum of %lld labels, and has none for %lld", sqla__column_name(item),
                               sqla__expr_model(x)->name, (long long)n, (long long)value->as.i64);
    *value = sqla_value_text(item->labels[n]);
    return SQLA_OK;
}

/* Is the column an integer of microseconds in this database? */
static bool is_micros(const compiler *c, const sqla_column_item *item)
{
    const sqla_type_trait *trait = item != NULL && item->storage == SQLA_STORE_MICROS ? sqla__type_trait(c->traits, sqla__column_type(item)) : NULL;
    return trait != NULL && (trait->flags & SQLA_TYPE_MICROS);
}

static sqla_status to_micros(compiler *c, const sqla_expr *x, sqla_value *value)
{
    const sqla_column_item *item = sqla__item_of(x);
    if (value->type != sqla__column_type(item))
        return sqla__error_set(c->err, SQLA_ERR_UNSUPPORTED, "column '%s' of '%s' is kept as microseconds and is compared with %s that is none",
                               sqla__column_name(item), sqla__expr_model(x)->name, family(value->type));
    value->type = SQLA_INT64;
    return SQLA_OK;
}

/* Fit a value to the column x that it stands beside. Texts stand beside anything: the database reads them. */
static sqla_status fit(compiler *c, const sqla_expr *x, sqla_value *value)
{
    const sqla_column_item *item = sqla__item_of(x);
    uint32_t type = item != NULL ? sqla__column_type(item) : SQLA_NULL;
    if (is_micros(c, item) && value->type != SQLA_NULL)
        return to_micros(c, x, value);
    if (item == NULL || value->type == SQLA_NULL || value->type == SQLA_TEXT)
        return SQLA_OK;
    if (type == SQLA_ENUM_TYPE && (is_whole(value->type) || value->type == SQLA_ENUM_TYPE))
        return to_label(c, x, value);
    if (type == SQLA_BOOL && is_whole(value->type) && (value->as.i64 == 0 || value->as.i64 == 1)) {
        *value = sqla_value_bool(value->as.i64 == 1);
        return SQLA_OK;
    }
    return strcmp(family(type), family(value->type)) == 0 ? SQLA_OK : refuse_pair(c, x, value->type);
}

/* x beside `beside`, which may be a column. */
static sqla_status operand(compiler *c, const sqla_expr *x, const sqla_expr *beside, sqla__level around)
{
    sqla_expr real;
    sqla_status status = sqla__resolve(c, x, &real);
    if (status != SQLA_OK)
        return status;
    if (real.kind == SQLA_EXPR_VALUE) {
        const sqla_column_item *item = sqla__item_of(beside);
        status = fit(c, beside, &real.value);
        return status == SQLA_OK ? sqla__parameter(c, real.value, item != NULL ? sqla__column_name(item) : real.name) : status;
    }
    const sqla_column_item *mine = sqla__item_of(&real), *other = sqla__item_of(beside);
    if (mine != NULL && other != NULL && strcmp(family(sqla__column_type(mine)), family(sqla__column_type(other))) != 0)
        return refuse_pair(c, &real, sqla__column_type(other));
    if (mine != NULL && other != NULL && is_micros(c, mine) != is_micros(c, other))
        return sqla__error_set(c->err, SQLA_ERR_UNSUPPORTED, "columns '%s' and '%s' cannot be compared: one is kept as microseconds, and the other is not",
                               sqla__column_name(mine), sqla__column_name(other));
    return sqla__render(c, &real, around);
}

/* ---- two sides ----------------------------------------------------------------------------------------------------- */

static bool is_ordering(sqla_op op) { return op == SQLA_OP_LT || op == SQLA_OP_LE || op == SQLA_OP_GT || op == SQLA_OP_GE || op == SQLA_OP_BETWEEN; }

static const char *word(const sqla_expr *x)
{
    switch ((sqla_op)x->op) {
    case SQLA_OP_EQ: return " = ";
    case SQLA_OP_NE: return " <> ";
    case SQLA_OP_LT: return " < ";
    case SQLA_OP_LE: return " <= ";
    case SQLA_OP_GT: return " > ";
    case SQLA_OP_GE: return " >= ";
    case SQLA_OP_NONE: case SQLA_OP_IN: case SQLA_OP_NOT_IN: case SQLA_OP_LIKE: case SQLA_OP_ILIKE:
    case SQLA_OP_CONTAINS: case SQLA_OP_STARTSWITH: case SQLA_OP_ENDSWITH:
    case SQLA_OP_AND: case SQLA_OP_OR: case SQLA_OP_NOT: case SQLA_OP_IS_NULL:
    case SQLA_OP_PLUS: case SQLA_OP_MINUS: case SQLA_OP_TIMES: case SQLA_OP_DIVIDE: case SQLA_OP_BETWEEN: case SQLA_OP_ASC: case SQLA_OP_DESC:
        break;
    }
    return "";
}

/* Can x be compared by op? Labels of an enum are in the order of the program only where the database has a type for them. */
static sqla_status check_comparison(compiler *c, const sqla_expr *x, sqla_op op)
{
    const sqla_column_item *item = sqla__item_of(x);
    bool native = item != NULL && item->native && (c->traits->features & SQLA_FEATURE_NATIVE_ENUM);
    if (item != NULL && sqla__column_type(item) == SQLA_ENUM_TYPE && is_ordering(op) && !native) {
        sqla__error_set(c->err, SQLA_ERR_UNSUPPORTED, "cannot compare column '%s' of '%s' by order: it is an enum, which is kept as the text of its label",
                        sqla__column_name(item), sqla__expr_model(x)->name);
        sqla__error_hint(c->err, "name the values that are meant, with sqla_in");
        return c->err->status;
    }
    return sqla__check_order(c, x, "compare");
}

/* Comparisons do not chain, so one beside another is always in parentheses. */
static sqla_status comparison(compiler *c, const sqla_expr *x)
{
    sqla_expr a, b;
    bool equality = x->op == SQLA_OP_EQ || x->op == SQLA_OP_NE;
    sqla_status status = sqla__resolve(c, &x->args[0], &a);
    if (status == SQLA_OK)
        status = sqla__resolve(c, &x->args[1], &b);
    if (status != SQLA_OK)
        return status;
    if (equality && (is_null(&a) || is_null(&b)))
        return sqla__null_test(c, is_null(&b) ? &a : &b, x->op == SQLA_OP_NE);
    if ((status = check_comparison(c, &a, (sqla_op)x->op)) == SQLA_OK)
        status = check_comparison(c, &b, (sqla_op)x->op);
    if (status == SQLA_OK)
        status = operand(c, &a, &b, SQLA__LEVEL_SUM);
    put(c, word(x));
    return status == SQLA_OK ? operand(c, &b, &a, SQLA__LEVEL_SUM) : status;
}

static sqla_status between(compiler *c, const sqla_expr *x)
{
    sqla_expr a;
    sqla_status status = sqla__resolve(c, &x->args[0], &a);
    for (int i = 0; i < 3 && status == SQLA_OK; i++)
        status = check_comparison(c, &x->args[i], SQLA_OP_BETWEEN);
    if (status == SQLA_OK)
        status = operand(c, &a, &x->args[1], SQLA__LEVEL_SUM);
    put(c, " BETWEEN ");
    if (status == SQLA_OK)
        status = operand(c, &x->args[1], &a, SQLA__LEVEL_SUM);
    put(c, " AND ");
    return status == SQLA_OK ? operand(c, &x->args[2], &a, SQLA__LEVEL_SUM) : status;
}

/* ---- IN ------------------------------------------------------------------------------------------------------------ */

static const sqla_value *bound(const compiler *c, const sqla_expr *x)
{
    if (x->kind == SQLA_EXPR_VALUE)
        return &x->value;
    const sqla__bind *bind = x->kind == SQLA_EXPR_PARAM ? sqla__stmt_bound(c->q, x->name) : NULL;
    return bind != NULL ? &bind->value : NULL;
}

/* A list is written out, one expression an item, or it is one array. NULL: it is written out. */
static const sqla_value *array_of(const compiler *c, const sqla_expr *list)
{
    const sqla_value *value = list->count == 1 ? bound(c, &list->args[0]) : NULL;
    return value != NULL && value->type == SQLA_ARRAY ? value : NULL;
}

static uint32_t count_items(const compiler *c, const sqla_expr *list)
{
    const sqla_value *array = array_of(c, list);
    return array != NULL ? array->as.array.count : list->count;
}

/* NULLs are asked for apart, since nothing is equal to NULL. */
static uint32_t count_nulls(const compiler *c, const sqla_expr *list)
{
    const sqla_value *array = array_of(c, list);
    uint32_t n = 0, count = count_items(c, list);
    for (uint32_t i = 0; i < count; i++) {
        const sqla_value *value = array == NULL ? bound(c, &list->args[i]) : NULL;
        n += array != NULL ? sqla_array_at(*array, i).type == SQLA_NULL
                           : value != NULL && value->type == SQLA_NULL;
    }
    return n;
}

bool sqla__list_splits(const compiler *c, const sqla_expr *list)
{
    uint32_t nulls = count_nulls(c, list);
    return nulls > 0 && nulls < count_items(c, list);
}

/* The i-th item, resolved. */
static sqla_status take_item(compiler *c, const sqla_expr *list, uint32_t i, sqla_expr *ret)
{
    const sqla_value *array = array_of(c, list);
    sqla_status status = sqla__resolve(c, &list->args[array != NULL ? 0 : i], ret);
    if (status == SQLA_OK && array != NULL)
        ret->value = sqla_array_at(*array, i);
    return status;
}

static sqla_status written_out(compiler *c, const sqla_expr *a, const sqla_expr *list, const char *text)
{
    sqla_status status = SQLA_OK;
    bool first = true;
    put(c, text);
    for (uint32_t i = 0, n = count_items(c, list); i < n && status == SQLA_OK; i++) {
        sqla_expr item;
        status = take_item(c, list, i, &item);
        if (status != SQLA_OK || is_null(&item))
            continue;
        put(c, first ? "" : ", ");
        first = false;
        if ((status = check_comparison(c, &item, SQLA_OP_EQ)) == SQLA_OK)
            status = operand(c, &item, a, SQLA__LEVEL_ANY);
    }
    put(c, ")");
    return status;
}

/* The values of a list that is fit to travel as one: many, none but values, and of one type. Whole numbers
 * of any width are one type. ret->type stays SQLA_NULL where it is not. */
static sqla_status gather(compiler *c, const sqla_expr *a, const sqla_expr *list, uint32_t n, sqla_value *ret)
{
    sqla_value *values = n > SQLA__LONG_LIST && sqla__has_lists(c->traits)
                             ? sqla__arena_take(c->arena, n * sizeof *values)
                             : NULL;
    sqla_status status = SQLA_OK;
    uint32_t kept = 0;
    ret->type = SQLA_NULL;
    if (values == NULL)
        return n > SQLA__LONG_LIST && sqla__has_lists(c->traits) ? sqla__error_nomem(c->err) : SQLA_OK;
    for (uint32_t i = 0; i < n && status == SQLA_OK; i++) {
        sqla_expr item;
        status = take_item(c, list, i, &item);
        if (status == SQLA_OK && item.kind != SQLA_EXPR_VALUE)
            return SQLA_OK;
        if (status != SQLA_OK || is_null(&item) || (status = fit(c, a, &item.value)) != SQLA_OK)
            continue;
        if (is_whole(item.value.type))
            item.value.type = SQLA_INT64;
        values[kept++] = item.value;
        if (item.value.type != values[0].type || item.value.type == SQLA_ARRAY)
            return SQLA_OK;
    }
    if (kept > SQLA__LONG_LIST)
        *ret = sqla_array_values(values, kept);
    return status;
}

static sqla_status in_list(compiler *c, const sqla_expr *a, const sqla_expr *list, bool negated)
{
    const sqla_column_item *column = sqla__item_of(a);
    const sqla_expr nothing = { .kind = SQLA_EXPR_END };
    sqla_value values = sqla_null();
    uint32_t n = count_items(c, list);
    if (n == UINT32_MAX)
        return sqla__error_set(c->err, SQLA_ERR_MISUSE, "a list has more items than can be counted");
    sqla_status status = operand(c, a, &nothing, SQLA__LEVEL_SUM);
    if (status == SQLA_OK)
        status = gather(c, a, list, n, &values);
    if (status != SQLA_OK)
        return status;
    if (values.type == SQLA_NULL)
        return written_out(c, a, list, negated ? " NOT IN (" : " IN (");
    sqla__list_begin(&c->text, c->traits, negated);
    status = sqla__parameter(c, values, column != NULL ? sqla__column_name(column) : NULL);
    sqla__list_end(&c->text, c->traits);
    return status;
}

/* Nothing is in an empty list. With a NULL: (x IN (1, 2) OR x IS NULL), and the opposite of it. */
static sqla_status in(compiler *c, const sqla_expr *x)
{
    const sqla_expr *list = &x->args[1];
    bool negated = x->op == SQLA_OP_NOT_IN;
    uint32_t nulls = count_nulls(c, list), count = count_items(c, list);
    sqla_expr a, item;
    sqla_status status = sqla__resolve(c, &x->args[0], &a);
    if (status == SQLA_OK)
        status = check_comparison(c, &a, (sqla_op)x->op);
    if (status == SQLA_OK && count == 0 && list->count > 0)
        status = take_item(c, list, 0, &item); /* so that its name counts as used */
    if (status != SQLA_OK)
        return status;
    if (count == 0) {
        put(c, negated ? "1 = 1" : "1 = 0");
        return SQLA_OK;
    }
    if (count > nulls)
        status = in_list(c, &a, list, negated);
    if (status != SQLA_OK || nulls == 0)
        return status;
    if (count > nulls)
        put(c, negated ? " AND " : " OR ");
    return sqla__null_test(c, &a, negated);
}

sqla_status sqla__compare(compiler *c, const sqla_expr *x)
{
    if (x->op == SQLA_OP_IN || x->op == SQLA_OP_NOT_IN)
        return in(c, x);
    return x->op == SQLA_OP_BETWEEN ? between(c, x) : comparison(c, x);
}
