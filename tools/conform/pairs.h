/* pairs.h: kinds of calls of a driver, each of which checks all that comes of it, so that it can be
 * made after any other one.
 *
 * A call finds a connection on which nothing is open, and leaves it so. It makes no call of the
 * driver besides its own: what it wrote is kept count of (pair_db.rows and sum), and held against
 * the table when the pairs are over. */
#ifndef CONFORMANCE_PAIRS_H
#define CONFORMANCE_PAIRS_H

#include "kit.h"

enum {
    PAIR_ALONE = 1,  /* not inside of a transaction: it makes one of its own, or may not be asked there */
    PAIR_INSIDE = 2, /* only inside of a transaction */
    PAIR_SLOW = 4    /* it takes milliseconds by its nature */
};

typedef struct pair_call {
    const char *name;
    uint32_t where; /* PAIR_... */
    uint32_t needs; /* NEEDS_... of conform.h */
    uint64_t features;
    void (*run)(void);
} pair_call;

/* The lists, each ending with a call without a name. */
extern const pair_call pair_statements[], pair_prepared[], pair_batches[], pair_copies[], pair_sessions[],
    pair_limits[];

/* conf_base has these rows, and no call changes them. conf_pair gets rows of all calls that write. */
typedef struct pair_row {
    int64_t id;
    int32_t n;
    const char *name;
    double x;
    bool has_x;
} pair_row;
enum { PAIR_BASE = 4 };
extern const pair_row pair_base[PAIR_BASE];
extern const sqla_slot pair_slots[4]; /* id, n, name, x */
extern const sqla_plan pair_plan, pair_id_plan;
#define PAIR_QUERY "SELECT id, n, name, x FROM conf_base ORDER BY id"

/* How a call failed. */
typedef struct pair_told {
    int32_t native, position;
    int64_t row;
    char sqlstate[16];
} pair_told;

extern struct pair_state {
    kit_conn db;
    const char *schema;       /* of the tables, where the driver reflects */
    const char *now, *before; /* the call that is made, and the one before it; NULL: it is made alone */
    pair_told *alone;         /* how it failed alone */
    int64_t rows, sum;        /* what conf_pair holds: rows, and the sum of their n */
    bool inside;              /* in a transaction of the pair's */
    bool may_be_lost; /* the call may have cost the connection, as its state tells: it left a stream */
    bool late, shaky; /* its deadline passed, which may show later; so did that of the one before */
    bool lost;        /* that has cost the connection, and nothing more is expected of it */
    bool first;       /* another call follows this one */
    sqla_driver_stmt *query, *insert;     /* prepared at the start; NULL: the driver does not prepare */
    const char *query_text, *insert_text; /* one parameter: an id; two: n and name */
} pair_db;

/* Expectations, which name both calls of the pair. A failure is the one that the call has alone. */
enum { PAIR_TEXT = 256 };
const char *pair_named(const char *what, char room[PAIR_TEXT]);
#define PAIR_OK(call) pair_is((call), SQLA_OK, #call, __FILE__, __LINE__)
#define PAIR_IS(call, status) pair_is((call), (status), #call, __FILE__, __LINE__)
#define PAIR_CHECK(condition) pair_holds((condition), #condition, __FILE__, __LINE__)
#define PAIR_INT(got, expected) pair_counts((long long)(got), (long long)(expected), #got, __FILE__, __LINE__)
/* Is that the end of a connection which a deadline may have cost? */
bool pair_lost(sqla_status got);
bool pair_is(sqla_status got, sqla_status expected, const char *what, const char *file, unsigned line);
bool pair_holds(bool ok, const char *what, const char *file, unsigned line);
bool pair_counts(long long got, long long expected, const char *what, const char *file, unsigned line);

/* What a result gives is the rows of conf_base from the one at first on, count of them, to its end. */
void pair_fetch_all(sqla_driver_result *result, size_t max, int first, int count);
void pair_view_all(sqla_driver_result *result, int first, int count);
bool pair_row_is(const pair_row *got, int at);
sqla_status pair_exec(
    const char *sql, const sqla_plan *plan, const void *row, uint32_t flags, sqla_driver_result **ret_result);
/* Does the database know the words by which the lists begin a stream of bytes? */
bool pair_knows_copies(void);
/* A statement that gives no rows, and changes that many. */
void pair_changes(const char *sql, const sqla_plan *plan, const void *row, int64_t rows, int64_t sum);

#endif
