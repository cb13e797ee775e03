/* kit-cunit.c: lets programs of CUnit use the small host of sqla-conform (tools/conform/kit.h): what it expects goes to CUnit. */
#include <config.h>
#include "conform/kit.h"

#include <CUnit/CUnit.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static conform_report unused;
conform_report *conform_current = &unused;

bool conform_expect(bool ok, const char *what, const char *expected, const char *got, const char *file, unsigned line)
{
    if (!ok)
        fprintf(stderr, "%s: expected %s, got %s\n", what, expected != NULL ? expected : "that", got != NULL ? got : "not");
    return CU_assertImplementation(ok ? CU_TRUE : CU_FALSE, line, what, file, "", CU_FALSE) == CU_TRUE;
}

bool conform_expect_int(long long got, long long expected, const char *what, const char *file, unsigned line)
{
    return conform_expect(got == expected, what, NULL, NULL, file, line);
}

bool conform_expect_text(const char *got, const char *expected, const char *what, const char *file, unsigned line)
{
    return conform_expect(got != NULL && strcmp(got, expected) == 0, what, expected, got, file, line);
}

void conform_stop(void)
{
    CU_FAIL_FATAL("the test cannot go on");
    abort(); /* CUnit has left the test */
}

void conform_unsupported(const char *format, ...)
{
    (void)format;
    conform_stop();
}

/* The harness drops the whole database. */
void conform_undo_by(const char *sql)
{
    (void)sql;
}
