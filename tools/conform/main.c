/* main.c: sqla-conform, which checks a driver against the driver ABI. Options, and which checks are run. */
#include <config.h>
#include "kit.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const conform_check *const lists[] = {
    conform_abi_checks,
    conform_connection_checks,
    conform_limit_checks,
    conform_error_checks,
    conform_transaction_checks,
    conform_parameter_checks,
    conform_type_checks,
    conform_row_checks,
    conform_batch_checks,
    conform_feature_checks,
    conform_query_checks,
    conform_reflection_checks,
    conform_thread_checks,
    conform_pair_checks,
    conform_sql_checks,
};

static const char help[] =
    "Usage: sqla-conform [OPTION]... DRIVER.so [URL]\n"
    "Check a driver of sqla against the driver interface, and against a database.\n\n"
    "DRIVER.so is the file of the driver. URL is a database in which tables, whose names begin with\n"
    "'conf_', may be made and dropped: scheme://user:password@host/database?key=value. Without it only\n"
    "the checks that need no database are run.\n"
    "\nOptions:\n"
    "  -o, --only=ID[,ID]...   only these checks; globs such as 'tx-*' too\n"
    "  -s, --skip=ID[,ID]...   without these\n"
    "      --sql               also the checks that go through the library\n"
    "  -j, --jobs=N            N checks at once; '{job}' in the URL is the number of the job, so that each\n"
    "                          has a database of its own\n"
    "      --timeout=SECONDS   end a check that stands still for so long [60]\n"
    "      --json=FILE         write a report\n"
    "  -l, --list              show the checks and what they need, and run none\n"
    "  -e, --explain=ID[,ID]...  say what must hold in these checks and why, and run none\n"
    "  -v, --verbose           show times, and what was printed\n"
    "  -h, --help              show this\n"
    "  -V, --version           show the version\n"
    "\nResults are TAP on the standard output stream.\n"
    "Exit status: 0 all passed; 1 some failed; 2 wrong usage, or the driver cannot be loaded.\n";

typedef struct wishes {
    conform_options run;
    const char *only, *skip;
    bool list, explain;
} wishes;

enum { OPTION_SQL = 256, OPTION_TIMEOUT, OPTION_JSON };

static const struct option long_options[] = {
    { "only", required_argument, NULL, 'o' },
    { "skip", required_argument, NULL, 's' },
    { "sql", no_argument, NULL, OPTION_SQL },
    { "jobs", required_argument, NULL, 'j' },
    { "timeout", required_argument, NULL, OPTION_TIMEOUT },
    { "json", required_argument, NULL, OPTION_JSON },
    { "list", no_argument, NULL, 'l' },
    { "explain", required_argument, NULL, 'e' },
    { "verbose", no_argument, NULL, 'v' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

/* ---- which checks ------------------------------------------------------------------------------------------------------ */

static bool matches(const char *globs, const char *id)
{
    char glob[64];
    for (const char *at = globs; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ",");
        snprintf(glob, sizeof glob, "%.*s", (int)n, at);
        if (fnmatch(glob, id, 0) == 0)
            return true;
        at += n + (at[n] == ',');
    }
    return false;
}

/* Does any check match each glob? One that matches none is misspelt. */
static bool each_is_known(const char *globs, const char *option)
{
    char glob[64];
    for (const char *at = globs; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ",");
        bool known = false;
        snprintf(glob, sizeof glob, "%.*s", (int)n, at);
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
            for (const conform_check *check = lists[i]; check->id != NULL; check++)
                known = known || fnmatch(glob, check->id, 0) == 0;
        }
        if (!known) {
            fprintf(stderr, "sqla-conform: %s: there is no check '%s'\n", option, glob);
            return false;
        }
        at += n + (at[n] == ',');
    }
    return true;
}

static bool is_wanted(const conform_check *check, const wishes *w)
{
    bool wanted = (w->only == NULL || matches(w->only, check->id)) && !matches(w->skip, check->id);
    bool can = w->list || (((check->needs & (NEEDS_DATABASE | NEEDS_SQL)) == 0 || w->run.url != NULL) &&
                              ((check->needs & NEEDS_SQL) == 0 || w->run.sql));
    return wanted && can;
}

static size_t choose(const wishes *w, const conform_check **chosen, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (const conform_check *check = lists[i]; check->id != NULL && n < room; check++) {
            if (is_wanted(check, w))
                chosen[n++] = check;
        }
    }
    return n;
}

static int explain(const conform_check *const *checks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s: %s\n    %s\n", checks[i]->id, checks[i]->title, conform_explanation(checks[i]->id));
    return 0;
}

static int list(const conform_check *const *checks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const conform_check *check = checks[i];
        printf("%-7s %s%s\n", check->id, check->title,
            (check->needs & NEEDS_SQL) != 0        ? " (--sql)"
            : (check->needs & NEEDS_DATABASE) == 0 ? " (no database)"
                                                   : "");
    }
    return 0;
}

/* ---- loading, tried out ---------------------------------------------------------------------------------------------------- */

/* A driver that refuses to be loaded is no driver; one that crashes or hangs meanwhile has failed abi-01. */
static int try_to_load(const wishes *w)
{
    static const conform_check trial = { .id = "abi-01", .title = "the driver can be loaded" };
    conform_result result = { .check = &trial };
    if (!conform_try(&result, &w->run))
        return 2;
    const conform_report *report = result.report;
    if (result.outcome != CONFORM_FAILED)
        return 0;
    if (report->finished) {
        fprintf(stderr, "sqla-conform: cannot load driver '%s': %s\n", w->run.driver, report->first[0].got);
        return 2;
    }
    conform_tap_begin(1, &w->run);
    conform_tap_result(1, &result, &w->run);
    printf("Bail out! The driver cannot be loaded.\n");
    return 1;
}

static int run(wishes *w)
{
    const conform_check *checks[512];
    char why[KIT_WHY];
    size_t count = choose(w, checks, sizeof checks / sizeof *checks);
    if (!each_is_known(w->only, "--only") || !each_is_known(w->skip, "--skip"))
        return 2;
    if (w->list)
        return w->explain ? explain(checks, count) : list(checks, count);
    if (w->run.url != NULL && !kit_take_url(w->run.url, 1, why)) {
        fprintf(stderr, "sqla-conform: %s\n", why);
        return 2;
    }
    if (count == 0) {
        fprintf(stderr, "sqla-conform: no check is left to be run: some need a URL, some --sql\n");
        return 2;
    }
    int status = try_to_load(w);
    return status != 0 ? status : conform_run(checks, count, &w->run);
}

/* ---- options ---------------------------------------------------------------------------------------------------------------- */

static bool read_number(const char *text, const char *option, unsigned most, unsigned *ret)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    bool good = errno == 0 && *end == '\0' && text[0] >= '0' && text[0] <= '9' && n > 0 && n <= most;
    if (good)
        *ret = (unsigned)n;
    else
        fprintf(stderr, "sqla-conform: '%s' is a number from 1 to %u, and not '%s'\n", option, most, text);
    return good;
}

/* Returns: false: the program ends, with *ret_status. */
static bool take_option(int option, wishes *w, int *ret_status)
{
    *ret_status = 2;
    switch (option) {
    case 'o':
        w->only = optarg;
        return true;
    case 's':
        w->skip = optarg;
        return true;
    case OPTION_SQL:
        return w->run.sql = true;
    case 'j':
        return read_number(optarg, "--jobs", 64, &w->run.jobs);
    case OPTION_TIMEOUT:
        return read_number(optarg, "--timeout", 86400, &w->run.timeout_s);
    case OPTION_JSON:
        w->run.json = optarg;
        return true;
    case 'l':
        return w->list = true;
    case 'e':
        w->only = optarg;
        return w->list = w->explain = true;
    case 'v':
        return w->run.verbose = true;
    case 'h':
        fputs(help, stdout);
        break;
    case 'V':
        printf("sqla-conform (sqla) %s, driver ABI %d.%d\n", PACKAGE_VERSION, SQLA_ABI_MAJOR, SQLA_ABI_MINOR);
        break;
    default:
        fprintf(stderr, "sqla-conform: 'sqla-conform --help' shows how it is used\n");
        return false;
    }
    *ret_status = 0;
    return false;
}

static bool take_arguments(wishes *w, int argc, char **argv, char real[PATH_MAX])
{
    if (argc < 1 ? !w->list : argc > 2) {
        fprintf(stderr, "sqla-conform: %s\n",
            argc < 1 ? "the file of a driver is missing" : "there are too many arguments");
        return false;
    }
    if (argc > 0 && realpath(argv[0], real) == NULL) {
        fprintf(stderr, "sqla-conform: cannot load driver '%s': %s\n", argv[0], strerror(errno));
        return false;
    }
    w->run.driver = real;
    w->run.url = argc > 1 ? argv[1] : NULL;
    if (w->run.jobs > 1 && w->run.url != NULL && strstr(w->run.url, "{job}") == NULL) {
        fprintf(stderr,
            "sqla-conform: with --jobs the URL needs '{job}', so that each job has a database of its own\n");
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static char real[PATH_MAX];
    wishes w = { .run = { .name = "sqla-conform",
                     .jobs = 1,
                     .timeout_s = 60,
                     .prepare = kit_ready,
                     .clean = kit_clean } };
    int option, status;
    while ((option = getopt_long(argc, argv, "o:s:j:le:vhV", long_options, NULL)) != -1) {
        if (!take_option(option, &w, &status))
            return status;
    }
    return take_arguments(&w, argc - optind, argv + optind, real) ? run(&w) : 2;
}
