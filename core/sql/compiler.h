/* compiler.h: what the parts of the compiler share: compile.c writes clauses, render.c expressions, compare.c comparisons. */
#ifndef SQLA_SQL_COMPILER_H
#define SQLA_SQL_COMPILER_H

#include "base/vec.h"
#include "sql/compile.h"
#include "sql/mapping.h"

/* One compilation. values and names grow together: the parameters so far, and the column or parameter that each is for (NULL). */
typedef struct sqla__compiler {
    sqla__buf text;
    const sqla__stmt *q;
    const sqla_traits *traits;
    SQLA__VEC(sqla_value) values;
    SQLA__VEC(const char *) names;
    SQLA__VEC(const sqla_model *) scope; /* the models whose tables are in FROM: the first, then one a join */
    bool *used;                          /* one flag a bind of q */
    sqla__arena *arena;                  /* what is compiled, and made for it, lives in it */
    sqla_error *err;
} sqla__compiler;

/* How strongly something binds; around: what it must bind at least as strongly as, or it goes in parentheses. */
typedef enum sqla__level {
    SQLA__LEVEL_ANY = 0, SQLA__LEVEL_OR, SQLA__LEVEL_AND, SQLA__LEVEL_NOT, SQLA__LEVEL_COMPARE, SQLA__LEVEL_SUM, SQLA__LEVEL_PRODUCT,
    SQLA__LEVEL_ATOM
} sqla__level;

sqla_status sqla__render(sqla__compiler *c, const sqla_expr *x, sqla__level around);
/* The same where a condition stands: a bool is compared with 1 in dialects without such a type. */
sqla_status sqla__render_condition(sqla__compiler *c, const sqla_expr *x, sqla__level around);
/* A column by its model, qualified when there are several tables; its model must be in scope. */
sqla_status sqla__render_column(sqla__compiler *c, const sqla_model *model, const sqla_column_item *item);
/* Refuses a column that the database keeps as text in a wrong order.  what: "order by", "compare". */
sqla_status sqla__check_order(sqla__compiler *c, const sqla_expr *x, const char *what);
/* EQ ... GE, BETWEEN, IN, NOT IN. */
sqla_status sqla__compare(sqla__compiler *c, const sqla_expr *x);
/* LIKE, ILIKE, CONTAINS, STARTSWITH, ENDSWITH. */
sqla_status sqla__like(sqla__compiler *c, const sqla_expr *x);
sqla_status sqla__null_test(sqla__compiler *c, const sqla_expr *x, bool negated);
/* Is an IN list written as two conditions, since some of its items are NULL? */
bool sqla__list_splits(const sqla__compiler *c, const sqla_expr *list);
/* What x stands for: without its label; for a :name its value. */
sqla_status sqla__resolve(sqla__compiler *c, const sqla_expr *x, sqla_expr *ret);
/* The column that x is; NULL: it is none. */
const sqla_column_item *sqla__item_of(const sqla_expr *x);
sqla_status sqla__parameter(sqla__compiler *c, sqla_value value, const char *name);
bool sqla__in_scope(const sqla__compiler *c, const sqla_model *model);

#endif
