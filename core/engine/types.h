/* types.h: the named types of a database, as create_all and drop_all have to know them. */
#ifndef SQLA_ENGINE_TYPES_H
#define SQLA_ENGINE_TYPES_H

#include "engine/engine.h"

/* Zeroed knows nothing. */
typedef struct sqla__types {
    bool knows;         /* the driver has told what is there */
    sqla__hash by_name; /* "schema\0name" and, for what an unqualified name finds, "\0name" */
    sqla__arena arena;
} sqla__types;

/* Ask what is there. A driver that cannot tell is no failure. */
sqla_status sqla__types_look(sqla__types *types, sqla_conn *conn, sqla_error *err);
/* Is the type of a column's native enum there?  Returns: SQL when it is, and is another type than the
 * column's. */
sqla_status sqla__types_find(
    sqla__types *types, const sqla_table *table, uint32_t column, bool *ret_there, sqla_error *err);
/* It has been made. */
sqla_status sqla__types_made(sqla__types *types, const sqla_table *table, uint32_t column, sqla_error *err);
/* Is it to be dropped? Only once, where two columns share one. */
sqla_status sqla__types_should_drop(
    sqla__types *types, const sqla_table *table, uint32_t column, bool *ret_drop, sqla_error *err);
void sqla__types_release(sqla__types *types);

#endif
