/* run.h: one run of the test: a session, the steps that are done on it, and what is compared after each of
 * them. */
#ifndef RANDOM_RUN_H
#define RANDOM_RUN_H

#include "plan.h"

/* A step. Which objects it means follows from its operands, modulo what there is when it comes, so that a run
 * with fewer steps makes sense as well. */
typedef struct step {
    uint8_t op;
    uint32_t a, b, c, d;
} step;
enum { MOST_STEPS = 2000 };

typedef struct run {
    const char *url;
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_session *s, *other; /* other: it has one object, which is none of s */
    void *foreign;
    sqla_conn *conn; /* beside the session */
    sqla_stmt *rows, *rows_beside;
    sqla_savepoint *savepoints[DEPTH];
    int depth;
    bool keep_on_commit;
    bool idle;     /* no transaction is open */
    bool rebase;   /* what the next look finds is where the next transaction begins */
    bool may_read; /* the step may have read stale objects again */
    unsigned made; /* natural keys so far */
} run;
extern run x;

/* ---- look.c ------------------------------------------------------------------------------------------- */

/* The object at this place, which is met for the first time when it is not known: one that was loaded. */
int meet(int t, void *at);
/* Take the row over where nothing was changed. */
void refill(int o);
void look_at_memory(void);
/* Compare the rows, by the session's own connection or by another one. */
void look_at_rows(bool beside);
/* A collection that was just loaded. */
void look_at_loaded(int owner, int k);

/* ---- undo.c ------------------------------------------------------------------------------------------- */
void undo_to(int level);
void begin_level(int level);
void end_transaction(void);
void forget_object(int o);

/* ---- write.c: what writes ----------------------------------------------------------------------------- */

bool is_dirty(void);
/* The status of a call that has flushed.  Returns: did it succeed? What failed was rolled back. */
bool flushed(sqla_status status, const sqla_error *err, bool armed, uint32_t how);
void do_flush(const step *st);
void do_commit(const step *st);
void do_rollback(const step *st);
void do_nested(const step *st);
void do_savepoint_commit(const step *st);
void do_savepoint_rollback(const step *st);
/* After a call that keeps its failure: it comes once, and stands in the way then. */
void expect_kept_misuse(uint32_t how);
/* Around a call that may flush first: begin; and what has come of it.  Returns: may it be called; may its
 * result be looked at? */
bool before_query(void);
bool after_query(const sqla_error *err);
void free_lent(void);
const char *lend(const char *t);

/* ---- change.c: objects and fields --------------------------------------------------------------------- */

/* Assign to a field, and to a pointer, as a program does. */
void assign(int index, int c, val v);
void point(int index, int r, int to);
void do_add(const step *st);
void do_new(const step *st);
void do_set_field(const step *st);
void do_rename(const step *st);
void do_delete(const step *st);
void do_add_again(const step *st);
void do_expunge(const step *st);
void do_misuse(const step *st);

/* ---- relate.c ----------------------------------------------------------------------------------------- */
void do_set_key(const step *st);
void do_set_pointer(const step *st);
void do_append(const step *st);
void do_remove(const step *st);

/* ---- read.c ------------------------------------------------------------------------------------------- */
void do_load_many(const step *st);
void do_load_one(const step *st);
void do_query(const step *st);
void do_selectin(const step *st);
void do_get(const step *st);
void do_refresh(const step *st);
void do_expire(const step *st);

/* ---- raw.c -------------------------------------------------------------------------------------------- */
void do_raw_beside(const step *st);
void do_raw(const step *st);

/* ---- steps.c ------------------------------------------------------------------------------------------ */

enum {
    IN_TRANSIENT = 1,
    IN_PENDING = 2,
    IN_PERSISTENT = 4,
    IN_DOOMED = 8,
    IN_DELETED = 16,
    IN_UNCLEAN = 32,
    IN_LIVE = IN_PENDING | IN_PERSISTENT
};
/* One of the objects of a table (-1: of any) that stand so; NOBODY: there is none. */
int pick(int t, unsigned standings, uint32_t operand);
void make_steps(uint64_t seed, step *steps, int n);
/* Do them all. The database stays open for the next run. */
void run_steps(const char *url, uint64_t seed, const step *steps, int n);
void close_database(void);

/* Why a run failed, in memory that all processes share. */
typedef struct verdict {
    volatile int step;
    volatile uint64_t seed;
    volatile bool failed;
    char kind[40], text[400];
} verdict;
extern verdict *the_verdict;
extern bool saying; /* the program is printed on the way */

#endif
