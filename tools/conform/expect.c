/* expect.c: expectations, and how a check ends before its end. See conform.h. */
#include <config.h>
#include "conform.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

conform_report *conform_current;

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool conform_expect(
    bool ok, const char *what, const char *expected, const char *got, const char *file, unsigned line)
{
    atomic_fetch_add_explicit(&conform_current->expected, 1, memory_order_relaxed);
    if (ok)
        return true;
    if (conform_current->failures < CONFORM_KEPT) {
        conform_failure *f = &conform_current->first[conform_current->failures];
        snprintf(f->file, sizeof f->file, "%s", file_name(file));
        f->line = line;
        snprintf(f->what, sizeof f->what, "%s", what);
        snprintf(f->expected, sizeof f->expected, "%s",
            expected != NULL ? expected
            : got == NULL    ? "it is so"
                             : "");
        snprintf(f->got, sizeof f->got, "%s", got != NULL ? got : expected == NULL ? "it is not" : "");
    }
    conform_current->failures++;
    return false;
}

bool conform_expect_int(long long got, long long expected, const char *what, const char *file, unsigned line)
{
    char left[32], right[32];
    snprintf(left, sizeof left, "%lld", got);
    snprintf(right, sizeof right, "%lld", expected);
    return conform_expect(got == expected, what, right, left, file, line);
}

bool conform_expect_text(
    const char *got, const char *expected, const char *what, const char *file, unsigned line)
{
    bool same = got != NULL && strcmp(got, expected) == 0;
    return conform_expect(same, what, expected, got != NULL ? got : "(NULL)", file, line);
}

void conform_undo_by(const char *sql)
{
    conform_report *report = conform_current;
    for (unsigned i = 0; i < report->undo_count; i++) {
        if (strcmp(report->undo[i], sql) == 0)
            return;
    }
    if (report->undo_count < CONFORM_UNDONE && strlen(sql) < sizeof report->undo[0])
        snprintf(report->undo[report->undo_count++], sizeof report->undo[0], "%s", sql);
}

/* What the check had open is left to the end of the process: it may be what the check found to be broken. */
void conform_stop(void)
{
    conform_current->finished = true;
    fflush(NULL);
    _exit(0);
}

void conform_unsupported(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(conform_current->reason, sizeof conform_current->reason, format, args);
    va_end(args);
    conform_current->unsupported = true;
    conform_stop();
}
