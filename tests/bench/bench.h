/* bench.h: the workloads of the benchmark, and the raw programs that they are measured against.
 *
 * Every figure is a ratio: ours over raw client-library code that does the same work honestly (prepared, in a transaction, reading all
 * columns, making its structs inside the clock), both in one run, interleaved, medians. An absolute time means nothing on a shared machine. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stddef.h>

enum { ROWS = 100000, GETS = 20000, CHANGES = 20000, PARENTS = 5000, CHILDREN = 10, STREAMED = 1000000, RUNS = 5 };

/* A row of the table that all of it is about. */
typedef struct person {
    int64_t id;
    const char *firstname, *lastname;
    int32_t age;
    double height;
    int64_t created_at; /* microseconds */
} person;
const char *bench_firstname(int64_t i); /* realistic short strings, the same for both sides */
const char *bench_lastname(int64_t i);
int64_t bench_now(void);                /* nanoseconds, monotonic */
_Noreturn void bench_die(const char *what, const char *message);

/* One database's raw side. Each function does one workload on an open connection and returns the nanoseconds that count; what it read goes
 * into *check, so that both sides can be seen to have done the same. The tables are emptied and filled by bench.c in between. */
typedef struct raw_ops {
    const char *name;
    void *(*open)(const char *url);
    void (*close)(void *db);
    int64_t (*insert)(void *db, int64_t *check);   /* W1: ROWS people, keys back */
    int64_t (*load)(void *db, int64_t *check);     /* W2: all people into structs with strings of their own */
    int64_t (*get)(void *db, int64_t first, int64_t *check);    /* W3: GETS single gets by key, in one transaction */
    int64_t (*change)(void *db, int64_t first, int64_t *check); /* W4: one column of CHANGES rows */
    int64_t (*remove)(void *db, int64_t first, int64_t *check); /* W5: CHANGES rows by key */
    int64_t (*family)(void *db, int64_t *check);   /* W6: parents with children, keys from parents */
    int64_t (*stream)(void *db, int64_t *check);   /* W7: sum one column of all rows, in bounded memory */
    int64_t (*many)(void *db, int64_t first, int64_t *check);   /* R1: one UPDATE for CHANGES structs, in one transaction */
} raw_ops;
extern const raw_ops raw_sqlite, raw_postgres;

#endif
