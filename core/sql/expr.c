/* expr.c: constructors of expressions. They put operands into the caller's room and nothing else: no memory, no failure.
 *
 * Each node carries a checksum of its operands. An expression that is used after its block ended points at other things by then,
 * and the checksum tells. */
#include <config.h>
#include "sql/expr.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "sql/mapping.h"

static uint64_t mix(uint64_t sum, uint64_t word) { return (sum ^ word) * UINT64_C(0x100000001b3); }

static uint64_t node_sum(uint64_t sum, const sqla_expr *x)
{
    sum = mix(sum, (uint64_t)x->kind << 48 | (uint64_t)x->op << 32 | x->count);
    sum = mix(sum, (uintptr_t)x->args);
    sum = mix(sum, x->offset);
    sum = mix(sum, (uintptr_t)x->name);
    sum = mix(sum, x->value.type);
    if (x->value.type != SQLA_NULL)
        sum = mix(sum, (uint64_t)x->value.as.i64);
    return mix(sum, x->sum);
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
    room[0] = a.x;
    room[1] = b.x;
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
sqla_bool_expr sqla_not_(sqla_expr *room, sqla_bool_expr a) { return (sqla_bool_expr){ unary(SQLA_EXPR_OP, SQLA_OP_NOT, room, a.x) }; }

sqla_bool_expr sqla_junction_(sqla_op op, const sqla_bool_expr *list)
{
    return (sqla_bool_expr){ node(SQLA_EXPR_OP, op, &list->x, length(&list->x)) };
}

sqla_order sqla_order_(sqla_op op, sqla_expr *room, sqla_expr a) { return (sqla_order){ unary(SQLA_EXPR_OP, op, room, a) }; }

static sqla_expr call(const char *name, sqla_expr *room, sqla_expr a)
{
    room[0] = a;
    return function(name, room, 1);
}

sqla_num_expr sqla_count_(sqla_expr *room, sqla_expr a) { return (sqla_num_expr){ call("count", room, a) }; }
sqla_num_expr sqla_sum_(sqla_expr *room, sqla_num_expr a) { return (sqla_num_expr){ call("sum", room, a.x) }; }
sqla_num_expr sqla_avg_(sqla_expr *room, sqla_num_expr a) { return (sqla_num_expr){ call("avg", room, a.x) }; }
sqla_text_expr sqla_lower_(sqla_expr *room, sqla_text_expr a) { return (sqla_text_expr){ call("lower", room, a.x) }; }
sqla_text_expr sqla_upper_(sqla_expr *room, sqla_text_expr a) { return (sqla_text_expr){ call("upper", room, a.x) }; }
sqla_any_expr sqla_func_(const char *name, const sqla_expr *args) { return (sqla_any_expr){ function(name, args, length(args)) }; }
sqla_num_expr sqla_count_all(void) { return (sqla_num_expr){ { .kind = SQLA_EXPR_COUNT_ALL } }; }
sqla_any_expr sqla_param(const char *name) { return (sqla_any_expr){ { .kind = SQLA_EXPR_PARAM, .name = name } }; }
sqla_any_expr sqla_literal_sql(const char *sql) { return (sqla_any_expr){ { .kind = SQLA_EXPR_SQL, .name = sql } }; }

sqla_any_expr sqla_column_of(const sqla_model *model, const char *field)
{
    const sqla_column_item *item = model != NULL && field != NULL ? sqla__model_column_named(model, field) : NULL;
    if (item == NULL)
        return (sqla_any_expr){ { .kind = SQLA_EXPR_INVALID, .model = model, .name = field } };
    return (sqla_any_expr){ { .kind = SQLA_EXPR_COLUMN, .model = model, .offset = item->offset } };
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
    sqla_##F##_expr sqla_label_##F##_(sqla_expr *room, const char *name, sqla_##F##_expr x) { return (sqla_##F##_expr){ labelled(room, name, x.x) }; } \
    sqla_##F##_expr sqla_max_##F##_(sqla_expr *room, sqla_##F##_expr x) { return (sqla_##F##_expr){ call("max", room, x.x) }; } \
    sqla_##F##_expr sqla_min_##F##_(sqla_expr *room, sqla_##F##_expr x) { return (sqla_##F##_expr){ call("min", room, x.x) }; } \
    sqla_##F##_expr sqla_keep_##F##_(sqla_stmt *q, sqla_##F##_expr x) { return (sqla_##F##_expr){ sqla__kept(q, x.x) }; }
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
    return x->model != NULL ? x->model : x->model_fn();
}

sqla_status sqla__value_copy(sqla_value v, sqla__arena *arena, sqla_value *ret, sqla_error *err)
{
    *ret = v;
    if (v.type != SQLA_TEXT && v.type != SQLA_BLOB && v.type != SQLA_DECIMAL && v.type != SQLA_JSON)
        return SQLA_OK;
    ret->as.bytes.data = sqla__arena_copy(arena, v.as.bytes.data, v.as.bytes.size);
    return ret->as.bytes.data != NULL ? SQLA_OK : sqla__error_nomem(err);
}

static sqla_status copy_args(const sqla_expr *x, sqla__arena *arena, sqla_expr *ret, sqla_error *err)
{
    if (sqla__expr_sum(x) != x->sum) {
        sqla__error_set(err, SQLA_ERR_MISUSE, "an expression was used after the block it was written in had ended");
        sqla__error_hint(err, "use it in the same block, or keep it with sqla_keep(q, expression)");
        return err->status;
    }
    sqla_expr *args = sqla__arena_zero(arena, x->count, sizeof *args);
    if (args == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < x->count; i++) {
        sqla_status status = sqla__expr_copy(&x->args[i], arena, &args[i], err);
        if (status != SQLA_OK)
            return status;
    }
    ret->args = args;
    ret->sum = sqla__expr_sum(ret);
    return SQLA_OK;
}

sqla_status sqla__expr_copy(const sqla_expr *x, sqla__arena *arena, sqla_expr *ret, sqla_error *err)
{
    *ret = *x;
    if (x->kind == SQLA_EXPR_INVALID)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s' has no column field '%s'", x->model != NULL ? x->model->name : "?", x->name != NULL ? x->name : "?");
    if (x->name != NULL && (ret->name = sqla__arena_strdup(arena, x->name)) == NULL)
        return sqla__error_nomem(err);
    if (x->kind == SQLA_EXPR_VALUE)
        return sqla__value_copy(x->value, arena, &ret->value, err);
    if ((x->kind == SQLA_EXPR_PARAM || x->kind == SQLA_EXPR_SQL || x->kind == SQLA_EXPR_LABEL || x->kind == SQLA_EXPR_FUNCTION) && x->name == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a parameter, label, function or SQL text has no name");
    return x->count > 0 ? copy_args(x, arena, ret, err) : SQLA_OK;
}
