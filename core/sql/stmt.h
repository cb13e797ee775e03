/* stmt.h: a statement, as the builders leave it, and how long it lives.
 *
 * A statement ends with the transaction that it ran in, unless the program keeps it (sql.h says so to
 * programs). Three things put that off: a loop over its rows, until it is left; memory that its runs lent
 * to the program, which stays until the statement is freed or its owner closed, though nothing else can be
 * done with the statement; and that it never ran. */
#ifndef SQLA_SQL_STMT_H
#define SQLA_SQL_STMT_H

#include <pthread.h>
#include <sqla/sql.h>

#include "base/arena.h"
#include "base/hash.h"
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
/* A parameter that is given another text or list lets go of the one before. */
typedef struct sqla__bind {
    const char *name;              /* of an untouched text: NULL */
    sqla_value value;              /* SQLA_TYPE_COUNT_: none yet */
    sqla__arena later;             /* what value points at; for the first one that is the statement's arena */
} sqla__bind;

typedef SQLA__LIST(sqla_expr) sqla__exprs;

/* What few statements have. */
typedef struct sqla__clauses {
    sqla__exprs having, group;
    SQLA__LIST(sqla__join) joins;
    SQLA__LIST(sqla__load_with) loads;
    SQLA__LIST(sqla__bind) binds;
    sqla__hash bind_places;        /* from a name to its place in binds, plus 1; empty while they are few */
    SQLA__LIST(sqla__bind) places; /* of an untouched text: by position */
    const char *text;              /* sqla_stmt_text's last answer, of that version */
    uint32_t text_version;
    sqla__arena text_memory;
} sqla__clauses;

/* The struct, and all nodes, names and values that it holds, lie in its arena. */
struct sqla__stmt {
    sqla__arena arena;
    sqla_stmt *handle;             /* what the program has of it */
    sqla_target on;
    sqla__stmt *previous, *next;   /* in one of its owner's two lists, whose lock is for these and in_ran */
    uint8_t kind;                  /* sqla__stmt_kind */
    bool in_ran;
    bool untouched;                /* RAW_SQL that goes to the database as it is, with places */
    bool distinct, for_update;
    bool unmade;                   /* it failed when it was made, so every use of it does */
    bool kept;
    bool lent, lent_expression;    /* the program may hold memory of its last run, or of itself */
    bool over;                     /* its transaction is, and only a loop holds it still */
    bool ended;                    /* only what it lent is left */
    uint32_t loops;                /* over its rows, that were not left yet */
    sqla_status failed;            /* the builders' first; failure NULL: no memory to keep it whole */
    sqla_error *failure;
    const sqla_model *model;       /* SELECT_MODEL */
    const char *sql;               /* RAW_SQL */
    sqla__exprs columns, where, order;
    const sqla__clauses *more;     /* never NULL */
    sqla__clauses *own_more;       /* the same, to write to (sqla__stmt_more); NULL as long as it is empty */
    int64_t limit, offset;         /* -1: none */
    uint32_t version;              /* goes up with each change */
    int32_t timeout_ms;            /* of each run; 0: the connection's; -1: none */
    struct sqla__run *run;         /* what the last run left; the engine room's (engine/run.h) */
    void (*run_free)(struct sqla__run *run);
};

/* ---- life ---------------------------------------------------------------------------------------------- */

/* The statements of one owner. Zeroed is empty, and for one thread at a time. */
struct sqla__stmts {
    sqla__stmt *idle;              /* not run in the open transaction; kept; or ended, but for what it lent */
    sqla__stmt *ran;
    pthread_mutex_t *lock;         /* where threads share them, and each run is a transaction; else NULL */
};

/* A statement with a first block of so many bytes.  NULL: out of memory, or there is nothing to make it
 * on. */
sqla__stmt *sqla__stmt_make(sqla_target on, sqla__stmt_kind kind, size_t bytes);
/* The statement that a program means. NULL: there is none, or it has ended. */
sqla__stmt *sqla__stmt_of(const sqla_stmt *handle);
/* Why sqla__stmt_of said NULL. doing: "run", "stream" ...  Returns MISUSE. */
sqla_status sqla__stmt_missing(const sqla_stmt *handle, const char *doing, sqla_error *err);
/* Does q end with its run, whatever became of that? */
static inline bool sqla__stmt_for_one_run(const sqla__stmt *q)
{
    return !q->kept && q->on.ops->statements(q->on.self)->lock != NULL;
}
/* A run of q begins. */
void sqla__stmt_runs(sqla__stmt *q);
/* A run of q was done with, or a loop over its rows left. It may be gone afterwards. */
void sqla__stmt_done(sqla__stmt *q);
/* The transaction of these is over: what ran in it ends. */
void sqla__stmts_over(sqla__stmts *list);
/* Something else than a statement was done there: is a transaction over with it? */
void sqla__stmts_settle(sqla_target on);
/* The owner is closed: all of them. */
void sqla__stmts_free(sqla__stmts *list);

/* ---- failures and questions ---------------------------------------------------------------------------- */

/* Keep the first failure of the builders. */
void sqla__stmt_fail(sqla__stmt *q, sqla_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void sqla__stmt_take_failure(sqla__stmt *q, const sqla_error *failure);
/* The failure that the builders kept, and clear it, unless there is no statement without what failed.
 * SQLA_OK: none. */
sqla_status sqla__stmt_failure(sqla__stmt *q, sqla_error *err);
static inline bool sqla__stmt_is_sound(const sqla__stmt *q) { return q != NULL && q->failed == SQLA_OK; }
/* What that name is bound to; NULL: nothing. */
sqla__bind *sqla__stmt_bound(const sqla__stmt *q, const char *name);
/* Does q read from that model's table (a raw statement: perhaps)? Decides what autoflush looks at. */
bool sqla__stmt_reads(const sqla__stmt *q, const sqla_model *model);
/* What few statements have, to write to.  NULL: out of memory, which q keeps. */
sqla__clauses *sqla__stmt_more(sqla__stmt *q);

#endif
