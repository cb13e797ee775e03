/* test-buf.c: texts that grow, and what they do when memory is out. */
#include <config.h>
#include "base/buf.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "base/mem.h"
#include "harness.h"

static void grows(const char *url)
{
    sqla__buf buf = { 0 };
    (void)url;
    CU_ASSERT_STRING_EQUAL(sqla__buf_text(&buf), "");
    for (int i = 0; i < 1000; i++)
        sqla__buf_printf(&buf, "%d,", i % 10);
    sqla__buf_add_char(&buf, '!');
    sqla__buf_add_n(&buf, "abc", 2);
    CU_ASSERT(!buf.broken);
    CU_ASSERT_EQUAL(buf.length, 2003);
    CU_ASSERT_STRING_EQUAL(buf.data + 1996, "8,9,!ab");
    sqla__buf_clear(&buf);
    CU_ASSERT_STRING_EQUAL(sqla__buf_text(&buf), "");
    sqla__buf_release(&buf);
}

static void stays_broken_when_memory_is_out(const char *url)
{
    sqla__buf buf = { 0 };
    (void)url;
    sqla__buf_add(&buf, "before");
    sqla__alloc_fail_at(1, false);
    for (int i = 0; i < 100; i++)
        sqla__buf_add(&buf, "0123456789");
    sqla__alloc_fail_at(0, false);
    CU_ASSERT(buf.broken);
    sqla__buf_add(&buf, "more");
    CU_ASSERT(buf.broken);
    CU_ASSERT(buf.length < 200);
    sqla__buf_clear(&buf);
    sqla__buf_add(&buf, "mended");
    CU_ASSERT_STRING_EQUAL(sqla__buf_text(&buf), "mended");
    sqla__buf_release(&buf);
}

static void has_a_limit(const char *url)
{
    sqla__buf buf = { 0 };
    (void)url;
    sqla__buf_add_n(&buf, "x", SIZE_MAX / 2);
    CU_ASSERT(buf.broken);
    sqla__buf_release(&buf);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "grows", grows, HARNESS_PLAIN },
        { "stays_broken_when_memory_is_out", stays_broken_when_memory_is_out, HARNESS_PLAIN },
        { "has_a_limit", has_a_limit, HARNESS_PLAIN },
    };
    return harness_main("test-buf", tests, sizeof tests / sizeof tests[0]);
}
