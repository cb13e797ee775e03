/* pairs.h: kinds of calls of the public interface, each of which checks all that comes of it, so that it
 * can be made after any other one. */
#ifndef TESTS_PAIRS_H
#define TESTS_PAIRS_H

#include <sqla/sqla.h>

#include <stdio.h>

#include "harness.h"

/* A connection, and what its table "added" holds by what the calls have done; "pairs" is not changed. */
extern struct pair_place {
    const char *url;
    sqla_engine *db;
    sqla_conn *conn;
    sqla_error err;
    int64_t rows, sum;
    FILE *told;                /* where failures are told */
    const char *before, *now;  /* the calls of the pair */
    bool inside;               /* in a transaction */
    bool may_be_lost, lost;    /* the call before was ended, which may have cost the connection; it has */
    bool followed;             /* another call comes after this one */
} pair;

enum {
    ALONE = 1,                 /* not inside of a transaction */
    INSIDE = 2,                /* only there */
    ENDS = 4,                  /* it fails, so that its transaction is to be rolled back */
    MAY_LOSE = 8               /* it may cost the connection */
};

typedef struct pair_call {
    const char *name;
    int where, on;             /* ALONE and so on; HARNESS_... */
    void (*run)(void);
} pair_call;
extern const pair_call pair_statements[], pair_sessions[]; /* each ends with one without a name */

/* Is it as expected? what: for the message, which names both calls. */
bool pair_good(bool ok, const char *what);
bool pair_equal(int64_t got, int64_t expected, const char *what);
/* The same for the status in the error, which is cleared. A connection that was lost lawfully is no fault.
 * Returns: it is as expected, and the connection is there. */
bool pair_came(sqla_status expected, const char *what);
void pair_added(int64_t rows, int64_t sum);
bool pair_begin(const sqla_transaction_options *options);
void pair_commit(void);
void pair_rollback(void);

#endif
