/* compile.h: from statements to SQL text and parameters. The only place, with crud.h and ddl.h, where SQL text is made. */
#ifndef SQLA_SQL_COMPILE_H
#define SQLA_SQL_COMPILE_H

#include <sqla/traits.h>
#include <sqla/plan.h>
#include "base/arena.h"
#include "base/buf.h"
#include "sql/mapping.h"
#include "sql/stmt.h"

/* A place where the text of a raw statement and the text that the program wrote part. */
typedef struct sqla__shift {
    size_t text, source;       /* in bytes; from here on one goes along with the other, up to the next such place */
    bool written;              /* or, up to there, the text is ours and stands for what is at source */
} sqla__shift;

/* Text and parameters. Parameters are an array of values, read by plan with rep VALUE. All of it lies in the arena. */
typedef struct sqla__compiled {
    const char *text;
    size_t length;
    sqla_plan plan;
    sqla_value *values;
    uint32_t count;
    const char *source;        /* of a raw statement that was rewritten: what the program wrote, borrowed; else NULL */
    const sqla__shift *shifts;
    size_t shift_count;
} sqla__compiled;

/* Compile q for a dialect. Each value is a parameter, never text; a column that is compared with the label index of an enum
 * sends the label; NULL becomes IS NULL; an empty IN is false. A raw statement's :names are rewritten (rawsql.h). Join order,
 * qualified columns, labels. The columns of a SELECT_MODEL are those of the model, in order.
 * Returns: MISUSE (names what is wrong: an expression that left its block, a column of a table that is not joined, a name
 * without a value ...), UNSUPPORTED (comparing a type that the dialect sorts wrongly), NOMEM. */
sqla_status sqla__compile(sqla__stmt *q, const sqla_traits *traits, sqla__arena *arena, sqla__compiled *ret, sqla_error *err);

/* Rewrite :names in raw SQL to the dialect's placeholders. names and values: what is given; each must be
 * used, each used one must be given. Not rewritten: inside texts, quoted names and comments as traits->syntax
 * says that the dialect has them, behind
 * ::, in :=, and in [a:b] slices. */
sqla_status sqla__compile_raw(const char *sql, const char *const *names, const sqla_value *values, size_t n, const sqla_traits *traits,
                              sqla__arena *arena, sqla__compiled *ret, sqla_error *err);
/* The same where the values are in structs: each :name is a field of mapping, or a column of it, and not each needs to be named.
 * ret's plan reads them out of a struct; there are no values. used: the mapping without the columns that no name stands for. */
sqla_status sqla__compile_raw_rows(const char *sql, const sqla__mapping *mapping, const sqla_traits *traits, sqla__arena *arena, sqla__compiled *ret,
                                   sqla__mapping *used, sqla_error *err);

/* The database has told where in the text an error is: have err tell where in what the program wrote. */
void sqla__compiled_locate(const sqla__compiled *compiled, sqla_error *err);

/* What both end with: text and values, copied into the arena with the plan that reads them. names: of the columns or parameters
 * that the values are for, each NULL or alive as long as ret is used. */
sqla_status sqla__compiled_finish(sqla__arena *arena, const sqla__buf *text, const sqla_value *values, const char *const *names, size_t n,
                                  sqla__compiled *ret, sqla_error *err);

/* Append an identifier, always through here. Refuses NUL, invalid UTF-8, "" and names longer than the dialect keeps
 * (SQLA_ERR_SQL). Quoted when it is not a plain lower-case word or is reserved. */
sqla_status sqla__quote_name(sqla__buf *buf, const char *name, const sqla_traits *traits, sqla_error *err);
sqla_status sqla__quote_table(sqla__buf *buf, const char *schema, const char *name, const sqla_traits *traits, sqla_error *err);
void sqla__placeholder(sqla__buf *buf, const sqla_traits *traits, uint32_t number); /* number: 1-based */

/* A list that travels as one parameter: what stands before it and behind it. negated: NOT IN. */
enum { SQLA__LONG_LIST = 100 }; /* more items than this go so where the database can */
bool sqla__has_lists(const sqla_traits *traits);
void sqla__list_begin(sqla__buf *buf, const sqla_traits *traits, bool negated);
void sqla__list_end(sqla__buf *buf, const sqla_traits *traits);

const sqla_type_trait *sqla__type_trait(const sqla_traits *traits, uint32_t type);   /* NULL: the database cannot store it */

#endif
