/* run.h: what one run of a statement leaves: rows or objects, and the place of the loop that reads them. */
#ifndef SQLA_ENGINE_RUN_H
#define SQLA_ENGINE_RUN_H

#include "base/arena.h"
#include "engine/conn.h"
#include "sql/compile.h"
#include "sql/stmt.h"

typedef struct sqla__run {
    sqla__arena arena;             /* rows, texts, arrays, compiled text */
    void **rows;                   /* structs or objects, NULL behind the last */
    size_t count, at;
    sqla_conn *conn;               /* while streaming */
    sqla__result *result;
    const sqla_plan *plan;
    struct sqla_row *row;          /* dynamic rows */
} sqla__run;

/* A fresh run of q: drops what the last one left. NULL: out of memory. */
sqla__run *sqla__stmt_run(sqla_stmt *q);
/* Compile q and start it on conn; raw statements touch the connection. The compiled text lies in the run's arena. */
sqla_status sqla__run_start(sqla__run *run, sqla_stmt *q, sqla_conn *conn, bool stream, sqla__result **ret_result, sqla_error *err);
/* Plan that fills a struct of `mapping` from this result, columns matched by name; for SELECT_MODEL statements of that model by
 * position. Misses and spares are SQLA_ERR_MISUSE. In the arena. */
struct sqla__mapping;
sqla_status sqla__run_plan(sqla__run *run, sqla_stmt *q, const struct sqla__mapping *mapping, sqla__result *result, const sqla_plan **ret_plan,
                           sqla_error *err);

#endif
