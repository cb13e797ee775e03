/* conform.h: what a check is, how it says what it found, and how checks are run.
 *
 * A check is a function that runs in a process of its own (runner.c), so that a driver that crashes, hangs, or ends the process
 * fails that check and nothing else. What it finds lies in a report in shared memory, which outlives the process. An expectation
 * that does not hold is recorded and the check goes on, unless it is a REQUIRE; what follows from a failure is less worth
 * than the failure, so that the first ones are kept and the others counted. */
#ifndef CONFORM_CONFORM_H
#define CONFORM_CONFORM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- checks ---------------------------------------------------------------------------------------------------------- */

/* What a check needs. Without the first three it is not among those that are run; without one of the others, which the driver
 * declares by its slots, it is unsupported. */
enum {
    NEEDS_DATABASE = 1 << 0, /* a URL */
    NEEDS_SQL = 1 << 1,      /* --sql: it goes through the library */
    BEFORE_LOAD = 1 << 2,    /* it loads the driver itself; the others find it loaded */
    NEEDS_PREPARE = 1 << 3,
    NEEDS_EXECUTE_MANY = 1 << 4,
    NEEDS_PING = 1 << 5,  /* by the slot or by SQL */
    NEEDS_RESET = 1 << 6, /* by the slot or by SQL */
    NEEDS_CANCEL = 1 << 7,
    NEEDS_REFLECT = 1 << 8,
    NEEDS_OPTIONS = 1 << 9,
    NEEDS_ABANDON = 1 << 10,
    NEEDS_SET_DEADLINE = 1 << 11,
    NEEDS_RESOLVE = 1 << 12,
    NEEDS_TWOPHASE = 1 << 13,
    NEEDS_BULK = 1 << 14,
    WITHOUT_SQL =
        1
        << 15 /* it asks for a connection and no more: also of drivers that store no type, and know no SQL */
};

typedef struct conform_check {
    const char *id, *title;
    uint32_t needs;
    uint64_t features; /* SQLA_FEATURE_... that the connection must tell */
    void (*run)(void);
} conform_check;

/* The lists, one a file; each ends with a check without an id. */
extern const conform_check conform_abi_checks[], conform_connection_checks[], conform_limit_checks[],
    conform_error_checks[], conform_transaction_checks[], conform_parameter_checks[], conform_type_checks[],
    conform_row_checks[], conform_batch_checks[], conform_feature_checks[], conform_query_checks[],
    conform_reflection_checks[], conform_thread_checks[], conform_pair_checks[], conform_sql_checks[];

/* ---- what a check finds ---------------------------------------------------------------------------------------------- */

enum { CONFORM_KEPT = 6, CONFORM_UNDONE = 32 };

typedef struct conform_failure {
    char file[48];
    unsigned line;
    char what[256], expected[128], got[512];
} conform_failure;

typedef struct conform_report {
    bool unsupported, finished;
    atomic_ulong expected; /* how often something was; while it grows, the check is not stuck */
    char reason[320]; /* why it is unsupported */
    unsigned failures;
    conform_failure first[CONFORM_KEPT];
    unsigned undo_count;
    char undo[CONFORM_UNDONE][160]; /* statements that drop what the check made, should it end too early */
    long pid;                       /* of its process */
} conform_report;

#if defined(__GNUC__)
#define CONFORM_PRINTF(text_at, args_at) __attribute__((format(printf, text_at, args_at)))
#define CONFORM_NORETURN __attribute__((noreturn))
#else
#define CONFORM_PRINTF(text_at, args_at)
#define CONFORM_NORETURN
#endif

/* The truth of ok is returned, so that a check can go by it. */
bool conform_expect(
    bool ok, const char *what, const char *expected, const char *got, const char *file, unsigned line);
bool conform_expect_int(long long got, long long expected, const char *what, const char *file, unsigned line);
bool conform_expect_text(
    const char *got, const char *expected, const char *what, const char *file, unsigned line);
/* Have a statement run after the check if that does not pass: it drops what the check makes, so that the
 * next one does not find it. Each is run once, the first one first. */
void conform_undo_by(const char *sql);
/* End the check here: as it stands; or as one that the driver declares it cannot pass. */
void conform_stop(void) CONFORM_NORETURN;
void conform_unsupported(const char *format, ...) CONFORM_PRINTF(1, 2) CONFORM_NORETURN;

#define CHECK(condition) conform_expect((condition), #condition, NULL, NULL, __FILE__, __LINE__)
#define CHECK_INT(got, expected) \
    conform_expect_int((long long)(got), (long long)(expected), #got, __FILE__, __LINE__)
#define CHECK_TEXT(got, expected) conform_expect_text((got), (expected), #got, __FILE__, __LINE__)
#define REQUIRE(condition)     \
    do {                       \
        if (!CHECK(condition)) \
            conform_stop();    \
    } while (0)
/* What went wrong where no condition can be quoted. */
#define FAIL(what, got) conform_expect(false, (what), NULL, (got), __FILE__, __LINE__)

/* ---- running --------------------------------------------------------------------------------------------------------- */

typedef struct conform_options {
    const char *name;   /* of the program */
    const char *driver; /* the file, by its whole path */
    const char *url;    /* NULL: none. "{job}" in it is the number of the job */
    const char *json;   /* where a report goes; NULL: nowhere */
    unsigned jobs, timeout_s;
    bool sql, verbose;
    /* Readies the process of a check; false: the check cannot begin, and the report says so. */
    bool (*prepare)(const struct conform_options *options, const conform_check *check, unsigned job);
    /* Undoes, in another process, what a check that did not pass has left; NULL: nothing does. */
    void (*clean)(const struct conform_options *options, const conform_report *left, unsigned job);
} conform_options;

typedef enum conform_outcome { CONFORM_PASSED, CONFORM_FAILED, CONFORM_UNSUPPORTED } conform_outcome;

typedef struct conform_result {
    const conform_check *check;
    conform_report *report;
    conform_outcome outcome;
    bool done;
    double seconds;
    FILE *printed; /* what the process printed */
} conform_result;

/* Run the checks, each in a process of its own, with a report of each on the standard output stream (tap.c).
 * Returns: 0: none failed; 1: some did; 2: nothing could be run. */
int conform_run(const conform_check *const *checks, size_t count, const conform_options *options);
/* Run one, without a word about it. A check without a function ends when it is ready.
 * Returns: false: no process could be made, which has been said. */
bool conform_try(conform_result *result, const conform_options *options);
/* The report that expectations go to. */
extern conform_report *conform_current;

/* explain.c: what must hold and why; NULL: no check has this id. */
const char *conform_explanation(const char *id);

/* tap.c and json.c: what came out, for people, harnesses and programs. */
void conform_tap_begin(size_t count, const conform_options *options);
void conform_tap_result(size_t number, const conform_result *result, const conform_options *options);
void conform_tap_end(const conform_result *results, size_t count);
bool conform_json_write(const conform_result *results, size_t count, const conform_options *options);
/* A text in double quotes, as JSON and YAML want it; what is no UTF-8 becomes U+FFFD. */
void conform_print_quoted(FILE *out, const char *text);

#endif
