/* expect.h: what tests of the public interface ask of an error, and how they reach the scripted driver. */
#ifndef TESTS_EXPECT_H
#define TESTS_EXPECT_H

#include <sqla/sqla.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness.h"

/* AddressSanitizer keeps freed memory for a while instead of giving it out again, so there resident memory tells nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_FREED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS_FREED 1
#endif
#endif
#ifndef KEEPS_FREED
#define KEEPS_FREED 0
#endif

/* A status as expected, else what went wrong is shown. */
static inline bool is(const sqla_error *err, sqla_status expected)
{
    if (err->status != expected)
        fprintf(stderr, "%s: %s (%s; %s)\n", sqla_status_name(err->status), err->message, err->detail, err->hint);
    return err->status == expected;
}

/* Does one of the texts of the error have this in it? */
static inline bool says(const sqla_error *err, const char *text)
{
    bool found = strstr(err->message, text) != NULL || strstr(err->detail, text) != NULL || strstr(err->hint, text) != NULL;
    if (!found)
        fprintf(stderr, "no '%s' in: %s (%s; %s)\n", text, err->message, err->detail, err->hint);
    return found;
}

/* url with one more piece in its query, such as "pool_size=1".  Ownership: returns borrowed, until the next call. */
static inline const char *with_query(const char *url, const char *piece)
{
    static char text[2048];
    snprintf(text, sizeof text, "%s%c%s", url, strchr(url, '?') != NULL ? '&' : '?', piece);
    return text;
}

/* Have tests/vice.c found, in the form that SQLA_TEST_VICE stands for. Before any engine is made. */
static inline void find_vice(const char *vice)
{
    const char *build = getenv("BUILD"), *path = getenv("SQLA_PLUGIN_PATH");
    char text[4096];
    snprintf(text, sizeof text, "%s/tests/.libs:%s", build != NULL ? build : getenv("PWD"), path != NULL ? path : "");
    setenv("SQLA_PLUGIN_PATH", text, 1);
    setenv("SQLA_TEST_VICE", vice, 1);
}

static inline int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* The number that SQL gives on a connection; -1, and the reason is shown, when it fails. */
static inline int64_t ask(sqla_conn *conn, const char *sql)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_stmt *q = sqla_sql(conn, sql);
    int64_t n = sqla_scalar_i64(q, &err);
    sqla_stmt_free(q);
    if (!sqla_failed(&err))
        return n;
    fprintf(stderr, "%s: %s\n", sql, err.message);
    return -1;
}

#endif
