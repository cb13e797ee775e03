/* expr.h: looking after expressions: their checksum, and copies that outlive the block they were written in. */
#ifndef SQLA_SQL_EXPR_H
#define SQLA_SQL_EXPR_H

#include <sqla/sql.h>
#include "base/arena.h"

/* The checksum of a node's operands, as its constructor stored it. */
uint64_t sqla__expr_sum(const sqla_expr *x);
/* Copy x with its operands and texts into the arena.  Returns: MISUSE when an operand is not what it was; NOMEM. */
sqla_status sqla__expr_copy(const sqla_expr *x, sqla__arena *arena, sqla_expr *ret, sqla_error *err);
/* Copy a value; its text or blob goes into the arena. */
sqla_status sqla__value_copy(sqla_value v, sqla__arena *arena, sqla_value *ret, sqla_error *err);
/* Whose column is it?  NULL: not a column. */
const sqla_model *sqla__expr_model(const sqla_expr *x);
/* What sqla_keep does: copy x into q (build.c). */
sqla_expr sqla__kept(sqla_stmt *q, sqla_expr x);

#endif
