/* run.h: what one run of a statement leaves: rows or objects, and the place of the loop that reads them. */
#ifndef SQLA_ENGINE_RUN_H
#define SQLA_ENGINE_RUN_H

#include "base/arena.h"
#include "engine/conn.h"
#include "sql/compile.h"
#include "sql/stmt.h"

/* It lies in its own arena. */
typedef struct sqla__run {
    sqla__arena arena;             /* rows, texts, arrays */
    sqla__arena scratch;           /* until the rows are read: the compiled text, parameters, plans */
    void **rows;                   /* structs or objects, NULL behind the last */
    size_t count, at;
    bool objects;                  /* they are the session's, and not in the arena */
    const sqla__stmt *q;            /* whose run it is */
    sqla_target on;                /* where it runs */
    sqla_conn *conn;               /* while streaming */
    sqla__result *result;
    const sqla_plan *plan;
    struct sqla_row *row;          /* dynamic rows */
    const struct sqla__mapping *converts; /* streaming: of structs with fields that have conversions; NULL */
    sqla__arena batch;             /* streaming: the texts of the rows that were read ahead */
    void *block;                   /* streaming: `capacity` structs */
    uint32_t row_size, capacity, wanted; /* wanted: how many of them the next fetch fills */
    uint32_t guard;             /* where the guard bytes of a row are */
    bool ended;
} sqla__run;

/* A fresh run of q, which drops what the last one left.  NULL: out of memory. */
sqla__run *sqla__stmt_run(sqla__stmt *q);
/* The end of a run, whatever became of it. lends: the program holds memory of it from now on; else that memory
 * goes, unless q is kept. q may be gone afterwards. */
void sqla__run_done(sqla__stmt *q, bool lends);
/* Compile q and start it on conn; raw statements touch the connection. The compiled text lies in the run's
 * scratch. ways: SQLA_EXEC_STREAM, SQLA_EXEC_ROWS, SQLA_EXEC_LEAVES. */
sqla_status sqla__run_start(
    sqla__run *run, sqla__stmt *q, sqla_conn *conn, uint32_t ways, sqla__result **ret_result, sqla_error *err);
/* The same, for a caller that reads all rows before it does anything else. */
sqla_status sqla__run_start_buffered(sqla__run *run, sqla__stmt *q, sqla_conn *conn, sqla__result **ret_result, sqla_error *err);
/* Plan that fills a struct of `mapping` from this result, columns matched by name; for SELECT_MODEL statements of that model by
 * position. Misses and spares are SQLA_ERR_MISUSE. In the scratch. */
struct sqla__mapping;
sqla_status sqla__run_plan(sqla__run *run, sqla__stmt *q, const struct sqla__mapping *mapping, sqla__result *result, const sqla_plan **ret_plan,
                           sqla_error *err);

/* A statement that was run to read its rows, and gave none: only where that could not be found out before. */
sqla_status sqla__run_without_rows(sqla_error *err);

/* The rest of the room's own. */

/* Are there more parameters than the database takes? SQLA_ERR_SQL names the limit. */
sqla_status sqla__check_parameters(const sqla_conn *conn, uint32_t count, sqla_error *err);
/* End a stream: close its result, give its connection back. */
void sqla__run_stop(sqla__run *run, sqla_status status);
/* Read all rows of result into structs of row_size bytes in the run's arena; fills rows and count. Closes nothing. */
sqla_status sqla__run_fetch_all(sqla__run *run, sqla__result *result, const sqla_plan *plan, uint32_t row_size, sqla_error *err);
/* A row arena over an arena: texts lie where the rows do. */
typedef struct sqla__texts {
    sqla_row_arena base;
    sqla__arena *arena;
    size_t bytes;
    const char *guard; /* behind the last text */
    bool overrun;      /* and one before it was not whole */
} sqla__texts;
sqla__texts sqla__texts_in(sqla__arena *arena);
bool sqla__texts_hold(const sqla__texts *texts); /* has nothing been written behind them? */
/* A raw text that may change tables makes what is known about them doubtful. */
void sqla__raw_ran(sqla_conn *conn, const char *sql);
void sqla__script_ran(sqla_conn *conn); /* it may have changed anything */

/* Dynamic rows (row.c): the shape of a result as a row, in the run's arena, and the plan that fills it. */
sqla_status sqla__row_make(sqla__run *run, sqla__result *result, struct sqla_row **ret_row, const sqla_plan **ret_plan, uint32_t *ret_size,
                           sqla_error *err);
void sqla__row_show(struct sqla_row *row, const void *cells);
sqla_status sqla__row_cell_i64(const struct sqla_row *row, size_t i, int64_t *ret, sqla_error *err);
sqla_status sqla__row_cell_f64(const struct sqla_row *row, size_t i, double *ret, sqla_error *err);
sqla_status sqla__row_cell_text(const struct sqla_row *row, size_t i, const char **ret, sqla_error *err);

#endif
