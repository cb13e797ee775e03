/* harness.c: runs tables of tests on every database. See harness.h.
 *
 * Each database is a CUnit suite, each run of a test on it a CUnit test; one function stands for all of them, and finds
 * by its position which test it is. What a run needs is made before the test and removed in CUnit's handler behind it,
 * which is called even when an assertion left the test by a jump. How databases are made is in databases.c. */
#include <config.h>
#include "harness.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "databases.h"

static const struct {
    int bit;
    const char *name;
} places[] = {
    { HARNESS_PLAIN, "plain" },
    { HARNESS_SQLITE, "sqlite" },
    { HARNESS_POSTGRES, "postgres" },
    { HARNESS_MARIADB, "mariadb" },
};
enum { PLACES = sizeof places / sizeof places[0] };

/* One run: a test on one database. */
struct run {
    const struct harness_test *test;
    int place;
};

static struct {
    struct run *runs;
    size_t n, at; /* at: the run that is under way */
    struct timespec began;
    size_t passed, failed, skipped;
    bool used[PLACES], lacked[PLACES];
    int late; /* times that the test under way was, before this one */
    bool is_late; /* in this one */
    bool verbose;
    unsigned limit; /* seconds that a test may take */
} all;

static double seconds_since(const struct timespec *began)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) + (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

/* A test that hangs ends the program, by name; what it had made stays behind. Only write is safe in a handler. */
static void hung(int signal)
{
    static const char text[] = ": this test did not end in time\n";
    const char *name = all.runs[all.at].test->name;
    (void)signal;
    if (write(STDOUT_FILENO, name, strlen(name)) < 0 || write(STDOUT_FILENO, text, sizeof text - 1) < 0)
        _exit(2);
    _exit(1);
}

enum { LATE_AT_MOST = 2 };

static void run_one(void)
{
    const struct run *run = &all.runs[all.at];
    for (all.late = 0; all.late <= LATE_AT_MOST; all.late++) {
        const char *url = databases_make(places[run->place].bit);
        CU_ASSERT_FATAL(run->place == 0 || url != NULL);
        all.is_late = false;
        run->test->function(url);
        if (!all.is_late)
            return;
        databases_drop();
    }
}

bool harness_in_time(int64_t took, int64_t least, int64_t most)
{
    if (took >= least && took <= most)
        return true;
    fprintf(stderr, "%s: it took %lld ms, and was to take %lld to %lld\n", all.runs[all.at].test->name, (long long)took,
        (long long)least, (long long)most);
    all.is_late = true;
    return took > most && all.late < LATE_AT_MOST;
}

static void begin(const CU_pTest test, const CU_pSuite suite)
{
    (void)test;
    (void)suite;
    clock_gettime(CLOCK_MONOTONIC, &all.began);
    alarm(all.limit);
}

static void end(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failures)
{
    const struct run *run = &all.runs[all.at];
    (void)test;
    (void)suite;
    alarm(0);
    databases_drop();
    for (CU_pFailureRecord f = failures; f != NULL; f = f->pNext)
        printf("%s:%u: %s on %s: %s\n", f->strFileName, f->uiLineNumber, run->test->name, places[run->place].name,
            f->strCondition);
    if (all.verbose)
        printf("%-8s %-60s %s %.3f s\n", places[run->place].name, run->test->name, failures == NULL ? "ok" : "FAILED",
            seconds_since(&all.began));
    if (failures == NULL)
        all.passed++;
    else
        all.failed++;
    fflush(stdout);
    all.at++;
}

/* Put every run of the table into CUnit's registry, database by database. */
static bool plan(const struct harness_test *tests, size_t n)
{
    const char *only = getenv("SQLA_TEST_ONLY");
    all.runs = calloc(n * PLACES + 1, sizeof all.runs[0]);
    if (all.runs == NULL)
        return false;
    for (int p = 0; p < PLACES; p++) {
        CU_pSuite suite = CU_add_suite(places[p].name, NULL, NULL);
        if (suite == NULL)
            return false;
        for (size_t i = 0; i < n; i++) {
            if ((tests[i].on & places[p].bit) == 0 || (only != NULL && strstr(tests[i].name, only) == NULL))
                continue;
            if (!databases_have(places[p].bit)) {
                all.skipped++;
                all.lacked[p] = true;
                continue;
            }
            if (CU_add_test(suite, tests[i].name, run_one) == NULL)
                return false;
            all.used[p] = true;
            all.runs[all.n++] = (struct run){ &tests[i], p };
        }
    }
    return true;
}

static void report(const char *name)
{
    const char *between = "";
    printf("%s: %zu passed, %zu failed", name, all.passed, all.failed);
    if (all.skipped > 0)
        printf(", %zu skipped", all.skipped);
    printf(" (");
    for (int p = 0; p < PLACES; p++) {
        if (!all.used[p])
            continue;
        printf("%s%s", between, places[p].bit == HARNESS_PLAIN ? "no database" : places[p].name);
        between = ", ";
    }
    between = all.passed + all.failed > 0 ? "; " : "";
    for (int p = 0; p < PLACES; p++) {
        if (!all.lacked[p])
            continue;
        printf("%sno %s: %s", between, places[p].name, databases_missing(places[p].bit));
        between = ", ";
    }
    printf(")\n");
}

bool harness_is_emulated(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return getenv("SQLA_TEST_EMULATOR") != NULL || (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL);
}

void harness_end_child(int status)
{
    char number[16];
    snprintf(number, sizeof number, "%d", status);
    if (harness_is_emulated())
        execl("/bin/sh", "sh", "-c", "exit $0", number, (char *)NULL);
    _exit(status);
}

int harness_main(const char *name, const struct harness_test *tests, size_t n)
{
    const char *limit = getenv("SQLA_TEST_TIMEOUT");
    all.limit = limit != NULL ? (unsigned)strtoul(limit, NULL, 10) : 180;
    signal(SIGALRM, hung);
    all.verbose = getenv("SQLA_TEST_VERBOSE") != NULL;
    if (CU_initialize_registry() != CUE_SUCCESS || !plan(tests, n)) {
        printf("%s: 0 passed, 1 failed (cannot start: %s)\n", name, CU_get_error_msg());
        return 1;
    }
    CU_set_test_start_handler(begin);
    CU_set_test_complete_handler(end);
    CU_run_all_tests();
    report(name);
    CU_cleanup_registry();
    free(all.runs);
    if (all.failed > 0)
        return 1;
    /* 77 is automake's word for "skipped": nothing at all could run here. */
    return all.passed == 0 && all.skipped > 0 ? 77 : 0;
}
