/* expr.c: constructors of expressions. They put operands into the caller's room and nothing else: no memory, no failure.
 *
 * Each node carries a checksum of its operands. An expression that is used after its block ended points at other things by then,
 * and the checksum tells. */
#include <config.h>
#include "sql/expr.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "sql/convert.h"

static uint64_t mix(uint64_t sum, uint64_t word) { return (sum ^ word) * UINT64_C(0x100000001b3); }

/* Only what the type of a value says is there was ever written. */
static uint64_t value_sum(uint64_t sum, const sqla_value *v)
{
    sum = mix(sum, v->type);
    switch ((sqla_type)v->type) {
    case SQLA_TEXT: case SQLA_BLOB: case SQLA_DECIMAL: case SQLA_JSON:
        return mix(mix(sum, (uintptr_t)v->as.bytes.data), v->as.bytes.size);
    case SQLA_ARRAY: return mix(mix(sum, (uintptr_t)v->as.array.items), (uint64_t)v->as.array.type << 32 | v->as.array.count);
    case SQLA_NULL: case SQLA_TYPE_COUNT_: return sum;
    case SQLA_BOOL: case SQLA_INT16: case SQLA_INT32: case SQLA_INT64: case SQLA_FLOAT32: case SQLA_FLOAT64: case SQLA_DATE: case SQLA_TIME:
    case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP: case SQLA_INTERVAL: case SQLA_UUID: case SQLA_ENUM_TYPE: break;
    }
    return mix(sum, (uint64_t)v->as.i64);
}

static uint64_t node_sum(uint64_t sum, const sqla_expr *x)
{
    sum = mix(sum, (uint64_t)x->kind << 48 | (uint64_t)x->op << 32 | x->count);
    sum = mix(sum, (uintptr_t)x->args);
    sum = mix(sum, (uintptr_t)x->model_fn);
    sum = mix(sum, (uintptr_t)x->model);
    sum = mix(sum, x->offset);
    sum = mix(sum, (uintptr_t)x->name);
    return mix(value_sum(sum, &x->value), x->sum);
}

uint64_t sqla__expr_sum(const sqla_expr *x)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (uint32_t i = 0; i < x->count; i++)
        sum = node_sum(sum, &x->args[i]);
    return sum;
}

static sqla_expr node(sqla_expr_kind kind, sqla_op op, const sqla_expr *args, uint32_t count)
{
    sqla_expr x = { .kind = (uint16_t)kind, .op = (uint16_t)op, .args = args, .count = count };
    if (count > 0)
        x.sum = sqla__expr_sum(&x);
    return x;
}

static sqla_expr unary(sqla_expr_kind kind, sqla_op op, sqla_expr *room, sqla_expr a)
{
    room[0] = a;
    return node(kind, op, room, 1);
}

static sqla_expr function(const char *name, const sqla_expr *args, uint32_t count)
{
    sqla_expr x = node(SQLA_EXPR_FUNCTION, SQLA_OP_NONE, args, count);
    x.name = name;
    return x;
}

static uint32_t length(const sqla_expr *list)
{
    uint32_t n = 0;
    while (list[n].kind != SQLA_EXPR_END)
        n++;
    return n;
}

static bool is_null(const sqla_expr *x) { return x->kind == SQLA_EXPR_VALUE && x->value.type == SQLA_NULL; }

sqla_bool_expr sqla_binary_(sqla_op op, sqla_expr *room, sqla_expr a, sqla_expr b)
{
    if (is_null(&a) && (op == SQLA_OP_EQ || op == SQLA_OP_NE)) {
        sqla_expr null = a;
        a = b;
        b = null;
    }
    if (is_null(&b) && op == SQLA_OP_EQ)
        return sqla_is_null_(room, a);
    if (is_null(&b) && op == SQLA_OP_NE) {
        room[1] = a;
        room[0] = node(SQLA_EXPR_OP, SQLA_OP_IS_NULL, &room[1], 1);
        return (sqla_bool_expr){ node(SQLA_EXPR_OP, SQLA_OP_NOT, room, 1) };
    }
    room[0] = a;
    room[1] = b;
    return (sqla_bool_expr){ node(SQLA_EXPR_OP, op, room, 2) };
}

sqla_num_expr sqla_arith_(sqla_op op, sqla_expr *room, sqla_num_expr a, sqla_num_expr b)
{
    room[0] = a.expression;
    room[1] = b.expression;
    return (sqla_num_expr){ node(SQLA_EXPR_OP, op, room, 2) };
}

sqla_bool_expr sqla_between_(sqla_expr *room, sqla_expr a, sqla_expr low, sqla_expr high)
{
    room[0] = a;
    room[1] = low;
    room[2] = high;
    return (sqla_bool_expr){ node(SQLA_EXPR_OP, SQLA_OP_BETWEEN, room, 3) };
}

/* room[0] is the left side, room[1] a list of its own. */
sqla_bool_expr sqla_in_(sqla_op op, sqla_expr *room, sqla_expr a, const sqla_expr *list)
{
    room[0] = a;
    room[1] = node(SQLA_EXPR_OP, SQLA_OP_NONE, list, length(list));
    return (sqla_bool_expr){ node(SQLA_EXPR_OP, op, room, 2) };
}

sqla_bool_expr sqla_is_null_(sqla_expr *room, sqla_expr a) { return (sqla_bool_expr){ unary(SQLA_EXPR_OP, SQLA_OP_IS_NULL, room, a) }; }
sqla_bool_expr sqla_not_(sqla_expr *room, sqla_bool_expr a) { return (sqla_bool_expr){ unary(SQLA_EXPR_OP, SQLA_OP_NOT, room, a.expression) }; }

sqla_bool_expr sqla_junction_(sqla_op op, const sqla_bool_expr *list)
{
    return (sqla_bool_expr){ node(SQLA_EXPR_OP, op, &list->expression, length(&list->expression)) };
}

sqla_order sqla_order_(sqla_op op, sqla_expr *room, sqla_expr a) { return (sqla_order){ unary(SQLA_EXPR_OP, op, room, a) }; }

static sqla_expr call(const char *name, sqla_expr *room, sqla_expr a)
{
    room[0] = a;
    return function(name, room, 1);
}

sqla_num_expr sqla_count_(sqla_expr *room, sqla_expr a) { return (sqla_num_expr){ call("count", room, a) }; }
sqla_num_expr sqla_sum_(sqla_expr *room, sqla_num_expr a) { return (sqla_num_expr){ call("sum", room, a.expression) }; }
sqla_num_expr sqla_avg_(sqla_expr *room, sqla_num_expr a) { return (sqla_num_expr){ call("avg", room, a.expression) }; }
sqla_text_expr sqla_lower_(sqla_expr *room, sqla_text_expr a) { return (sqla_text_expr){ call("lower", room, a.expression) }; }
sqla_text_expr sqla_upper_(sqla_expr *room, sqla_text_expr a) { return (sqla_text_expr){ call("upper", room, a.expression) }; }
sqla_any_expr sqla_func_(const char *name, const sqla_expr *args) { return (sqla_any_expr){ function(name, args, length(args)) }; }
sqla_num_expr sqla_count_all(void) { return (sqla_num_expr){ { .kind = SQLA_EXPR_COUNT_ALL } }; }
sqla_any_expr sqla_param(const char *name) { return (sqla_any_expr){ { .kind = SQLA_EXPR_PARAM, .name = name } }; }
sqla_any_expr sqla_literal_sql(const char *sql) { return (sqla_any_expr){ { .kind = SQLA_EXPR_SQL, .name = sql } }; }

sqla_any_expr sqla_column_of(const sqla_model *model, const char *field)
{
    const sqla_column_item *item = model != NULL && field != NULL ? sqla__model_column_named(model, field) : NULL;
    if (item == NULL)
        return (sqla_any_expr){ { .kind = SQLA_EXPR_INVALID, .model = model, .name = field } };
    return (sqla_any_expr){ { .kind = SQLA_EXPR_COLUMN, .model = model, .offset = sqla__column_offset(item) } };
}

static sqla_expr labelled(sqla_expr *room, const char *name, sqla_expr x)
{
    sqla_expr label = unary(SQLA_EXPR_LABEL, SQLA_OP_NONE, room, x);
    label.name = name;
    return label;
}

/* The same for each family. */
#define FAMILY(F) \
    sqla_##F##_expr sqla_col_##F##_(sqla_model_fn *model, size_t offset) \
    { \
        return (sqla_##F##_expr){ { .kind = SQLA_EXPR_COLUMN, .model_fn = model, .offset = offset } }; \
    } \
    sqla_##F##_expr sqla_label_##F##_(sqla_expr *room, const char *name, sqla_##F##_expr x) { return (sqla_##F##_expr){ labelled(room, name, x.expression) }; } \
    sqla_##F##_expr sqla_max_##F##_(sqla_expr *room, sqla_##F##_expr x) { return (sqla_##F##_expr){ call("max", room, x.expression) }; } \
    sqla_##F##_expr sqla_min_##F##_(sqla_expr *room, sqla_##F##_expr x) { return (sqla_##F##_expr){ call("min", room, x.expression) }; } \
    sqla_##F##_expr sqla_keep_##F##_(sqla_stmt *q, sqla_##F##_expr x) { return (sqla_##F##_expr){ sqla__kept(q, x.expression) }; }
FAMILY(num)
FAMILY(text)
FAMILY(bool)
FAMILY(time)
FAMILY(blob)
FAMILY(uuid)
FAMILY(json)
FAMILY(any)

/* ---- copies ------------------------------------------------------------------------------------------------------- */

const sqla_model *sqla__expr_model(const sqla_expr *x)
{
    if (x->kind != SQLA_EXPR_COLUMN)
        return NULL;
    return x->model != NULL ? x->model : x->model_fn != NULL ? x->model_fn() : NULL;
}

sqla_status sqla__value_copy(sqla_value v, sqla__arena *arena, sqla_value *ret, sqla_error *err)
{
    sqla_status status = sqla__convert_value(&v, arena, err);
    if (status != SQLA_OK)
        return status;
    *ret = v;
    if (v.type == SQLA_ARRAY)
        return sqla__array_copy(v.as.array, arena, &ret->as.array) ? SQLA_OK : sqla__error_nomem(err);
    if (v.type != SQLA_TEXT && v.type != SQLA_BLOB && v.type != SQLA_DECIMAL && v.type != SQLA_JSON)
        return SQLA_OK;
    ret->as.bytes.data = sqla__arena_copy(arena, v.as.bytes.data, v.as.bytes.size);
    return ret->as.bytes.data != NULL ? SQLA_OK : sqla__error_nomem(err);
}

/* An expression that was kept and added to in a loop may grow without end; what walks over it has only one stack. */
enum { DEEPEST = 400 };

static sqla_status copy(const sqla_expr *x, sqla__arena *arena, int depth, sqla_expr *ret, sqla_error *err);

static sqla_status copy_args(const sqla_expr *x, sqla__arena *arena, int depth, sqla_expr *ret, sqla_error *err)
{
    if (sqla__expr_sum(x) != x->sum) {
        sqla__error_set(err, SQLA_ERR_MISUSE, "an expression was used after the block it was written in had ended");
        sqla__error_hint(err, "use it in the same block, or keep it with sqla_keep(q, expression)");
        return err->status;
    }
    if (depth >= DEEPEST)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "an expression is nested more than %d deep", DEEPEST);
    sqla_expr *args = sqla__arena_zero(arena, x->count, sizeof *args);
    if (args == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < x->count; i++) {
        sqla_status status = copy(&x->args[i], arena, depth + 1, &args[i], err);
        if (status != SQLA_OK)
            return status;
    }
    ret->args = args;
    ret->sum = sqla__expr_sum(ret);
    return SQLA_OK;
}

static sqla_status no_such_field(const sqla_expr *x, sqla_error *err)
{
    const char *names[64], *near;
    size_t n = 0;
    if (x->model == NULL || x->name == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "an expression is of no model or could not be made");
    sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s' has no column field '%s'", x->model->name, x->name);
    const sqla_item *item;
    for (uint32_t i = 0; (item = sqla__model_item(x->model, i)) != NULL && n < sizeof names / sizeof names[0]; i++)
        if (item->kind == SQLA_ITEM_COLUMN)
            names[n++] = item->as.column.field;
    if ((near = sqla__text_nearest(x->name, names, n)) != NULL)
        sqla__error_hint(err, "did you mean '%s'?", near);
    return err->status;
}

/* A column by the place of its field: is there one? */
static sqla_status check_column(const sqla_expr *x, sqla_error *err)
{
    const sqla_model *model = sqla__expr_model(x);
    if (model == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a column has no model");
    if (sqla__model_column_at(model, x->offset) != NULL)
        return SQLA_OK;
    sqla__error_set(err, SQLA_ERR_MISUSE, "the field at byte %zu of '%s' is used as a column, and the model lists none there", x->offset, model->name);
    sqla__error_hint(err, "list it in SQLA_MODEL with SQLA_COLUMN");
    return err->status;
}

static bool needs_name(const sqla_expr *x)
{
    return x->kind == SQLA_EXPR_PARAM || x->kind == SQLA_EXPR_SQL || x->kind == SQLA_EXPR_LABEL || x->kind == SQLA_EXPR_FUNCTION;
}

static sqla_status copy(const sqla_expr *x, sqla__arena *arena, int depth, sqla_expr *ret, sqla_error *err)
{
    *ret = *x;
    if (x->kind == SQLA_EXPR_INVALID)
        return no_such_field(x, err);
    if (needs_name(x) && (x->name == NULL || x->name[0] == '\0'))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a parameter, label, function or SQL text is empty");
    if (x->name != NULL && (ret->name = sqla__arena_strdup(arena, x->name)) == NULL)
        return sqla__error_nomem(err);
    if (x->kind == SQLA_EXPR_COLUMN)
        return check_column(x, err);
    if (x->kind == SQLA_EXPR_VALUE)
        return sqla__value_copy(x->value, arena, &ret->value, err);
    return x->count > 0 ? copy_args(x, arena, depth, ret, err) : SQLA_OK;
}

sqla_status sqla__expr_copy(const sqla_expr *x, sqla__arena *arena, sqla_expr *ret, sqla_error *err)
{
    return copy(x, arena, 0, ret, err);
}
