/* texts.h: the statements of the unit of work, made once per sessionmaker and kept: SQL text with the plans that belong to it. */
#ifndef SQLA_ORM_TEXTS_H
#define SQLA_ORM_TEXTS_H

#include "orm/session.h"

typedef enum sqla__verb {
    SQLA__INSERT = 1,          /* columns: those that are sent. Parameters from the struct */
    SQLA__UPDATE,              /* columns: those that change. Their values from the struct, the key from the snapshot */
    SQLA__DELETE,              /* the key from the snapshot */
    SQLA__SELECT_BY,           /* columns: compared with values from the struct */
    SQLA__SELECT_IN,           /* columns[0] IN (rows values), parameters from an array of sqla_value */
    SQLA__PAIRS_BY_CHILD,      /* columns[0], a foreign key, IN (rows values): with the keys that they name */
    SQLA__PAIRS_BY_PARENT      /* the same, of parents whose key is IN the list */
} sqla__verb;

typedef struct sqla__shape {
    const sqla__mapping *mapping;
    sqla__verb verb;
    sqla_batch_mode road;
    uint32_t rows;             /* of a block or an IN list; else 1 */
    bool returning;            /* INSERT: read back all columns that are not sent, and keys that may change */
    const uint32_t *columns;
    uint32_t count;
} sqla__shape;

typedef struct sqla__text {
    const char *text;
    size_t length;
    sqla_plan plan;            /* parameters of one row */
    sqla_plan keys;            /* INSERT: where what comes back goes */
} sqla__text;

/* May the database keep this key in another spelling than it was given, as a CHAR(n) does with its blanks? */
bool sqla__key_may_change(const sqla__mapped_column *column);

/* The statement of that shape.  NULL: err tells.  Lives as long as the sessionmaker.  Threads: any. */
const sqla__text *sqla__text_for(sqla_sessionmaker *maker, const sqla__shape *shape, sqla_error *err);

#endif
