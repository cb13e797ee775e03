/* stmt.h: a statement, as the builders leave it. */
#ifndef SQLA_SQL_STMT_H
#define SQLA_SQL_STMT_H

#include <sqla/sql.h>
#include "base/arena.h"
#include "base/vec.h"
#include "sql/target.h"

typedef enum sqla__stmt_kind { SQLA__SELECT_MODEL = 1, SQLA__SELECT_COLUMNS, SQLA__RAW_SQL } sqla__stmt_kind;

typedef struct sqla__join {
    bool outer, along;             /* along: a relation; else `on` */
    const sqla_model *model;       /* along: whose relation; else the joined model */
    size_t offset;
    sqla_expr on;
} sqla__join;
typedef struct sqla__load_with { const sqla_model *model; size_t offset; } sqla__load_with;
typedef struct sqla__bind { const char *name; sqla_value value; } sqla__bind;

/* All nodes, names and values that it holds are copies in its arena. */
struct sqla_stmt {
    sqla_target on;
    sqla_stmt *previous, *next;    /* in the owner's list; its lock protects them */
    sqla__stmt_kind kind;
    sqla__arena arena;
    const sqla_model *model;       /* SELECT_MODEL */
    const char *sql;               /* RAW_SQL */
    bool untouched;                /* that goes to the database as it is, with places */
    SQLA__VEC(sqla_value) places;  /* values by position; SQLA_TYPE_COUNT_ is none yet */
    SQLA__VEC(sqla_expr) columns, where, having, order, group;
    SQLA__VEC(sqla__join) joins;
    SQLA__VEC(sqla__load_with) loads;
    SQLA__VEC(sqla__bind) binds;
    int64_t limit, offset;         /* -1: none */
    bool distinct, for_update;
    sqla_error failure;            /* the builders' first */
    bool unmade;                   /* it failed when it was made, so every use of it does */
    uint32_t version;              /* goes up with each change */
    struct sqla__run *run;         /* what the last run left; the engine room's (engine/run.h) */
    void (*run_free)(struct sqla__run *run);
    int32_t timeout_ms;            /* of each run; 0: the connection's; -1: none */
};

/* The failure that the builders kept, and clear it, unless there is no statement without what failed. SQLA_OK: none. */
sqla_status sqla__stmt_failure(sqla_stmt *q, sqla_error *err);
/* Does q read from that model's table (a raw statement: perhaps)? Decides what autoflush looks at. */
bool sqla__stmt_reads(const sqla_stmt *q, const sqla_model *model);

#endif
