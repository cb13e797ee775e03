/* tap.c: results as lines of the Test Anything Protocol, version 14, with what failed in YAML behind them. */
#include <config.h>
#include "conform.h"

#include <string.h>

void conform_tap_begin(size_t count, const conform_options *options)
{
    const char *slash = strrchr(options->driver, '/');
    printf("TAP version 14\n1..%zu\n# driver: %s\n", count, slash != NULL ? slash + 1 : options->driver);
    fflush(stdout);
}

static void print_field(const char *before, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    printf("  %s%s: ", before, name);
    conform_print_quoted(stdout, text);
    putchar('\n');
}

static void print_failures(const conform_check *check, const conform_report *report)
{
    const char *must = conform_explanation(check->id);
    printf("  ---\n");
    print_field("", "must hold", must != NULL ? must : "");
    printf("  failures:\n");
    for (unsigned i = 0; i < report->failures && i < CONFORM_KEPT; i++) {
        const conform_failure *f = &report->first[i];
        char at[80];
        snprintf(at, sizeof at, "%s:%u", f->file, f->line);
        print_field("  - ", "at", at);
        print_field("    ", "what", f->what);
        print_field("    ", "expected", f->expected);
        print_field("    ", "got", f->got);
    }
    if (report->failures > CONFORM_KEPT)
        printf("  more: %u\n", report->failures - CONFORM_KEPT);
    printf("  ...\n");
}

/* What the process printed, as comments; no more than a screen of it. */
static void print_printed(FILE *printed)
{
    char line[512];
    if (printed == NULL)
        return;
    rewind(printed);
    for (int i = 0; i < 40 && fgets(line, sizeof line, printed) != NULL; i++) {
        line[strcspn(line, "\n")] = '\0';
        fputs("# printed: ", stdout);
        conform_print_quoted(stdout, line);
        putchar('\n');
    }
}

void conform_tap_result(size_t number, const conform_result *result, const conform_options *options)
{
    const conform_check *check = result->check;
    bool failed = result->outcome == CONFORM_FAILED;
    printf("%sok %zu - %s %s", failed ? "not " : "", number, check->id, check->title);
    if (result->outcome == CONFORM_UNSUPPORTED)
        printf(" # SKIP declared unsupported: %s", result->report->reason);
    putchar('\n');
    if (failed)
        print_failures(check, result->report);
    if (options->verbose)
        printf("# %.3f s\n", result->seconds);
    if (failed || options->verbose)
        print_printed(result->printed);
    fflush(stdout);
}

void conform_tap_end(const conform_result *results, size_t count)
{
    size_t sums[3] = { 0 };
    for (size_t i = 0; i < count; i++)
        sums[results[i].outcome]++;
    printf("# %zu passed, %zu failed, %zu declared unsupported\n", sums[CONFORM_PASSED], sums[CONFORM_FAILED],
        sums[CONFORM_UNSUPPORTED]);
    fflush(stdout);
}
