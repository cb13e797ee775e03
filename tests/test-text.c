/* test-text.c: questions about text. */
#include <config.h>
#include "base/text.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

static void utf8_is_judged_by_the_rfc(const char *url)
{
    static const struct { const char *text; bool valid; } cases[] = {
        { "", true }, { "plain", true }, { "\xc3\xa4", true }, { "\xe2\x82\xac", true }, { "\xf0\x9f\x98\x80", true },
        { "\xf4\x8f\xbf\xbf", true }, { "\xed\x9f\xbf", true }, { "\xee\x80\x80", true },
        { "\xc0\x27", false }, { "\xc1\xbf", false }, { "\xe2\x80", false }, { "\xed\xa0\x80", false }, { "\xe0\x9f\xbf", false },
        { "\xf0\x8f\xbf\xbf", false }, { "\xf4\x90\x80\x80", false }, { "\xf5\x80\x80\x80", false }, { "\x80", false }, { "a\xff", false },
        { "\xc3", false }, { "\xe2\x82" "a", false },
    };
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_EQUAL(sqla__utf8_valid(cases[i].text, strlen(cases[i].text)), cases[i].valid);
    CU_ASSERT(sqla__utf8_valid("a\0b", 3));
}

static void fit_cuts_between_characters(const char *url)
{
    char room[5];
    (void)url;
    sqla__text_fit(room, sizeof room, "abcdef");
    CU_ASSERT_STRING_EQUAL(room, "abcd");
    sqla__text_fit(room, sizeof room, "abc\xc3\xa4");
    CU_ASSERT_STRING_EQUAL(room, "abc");
    sqla__text_fit(room, sizeof room, "\xff" "b");
    CU_ASSERT_STRING_EQUAL(room, "?b");
}

static void nearest_name_is_a_near_one(const char *url)
{
    static const char *const names[] = { "busy_timeout_ms", "mode", "foreign_keys", "cache" };
    (void)url;
    CU_ASSERT_STRING_EQUAL(sqla__text_nearest("busy_timeout", names, 4), "busy_timeout_ms");
    CU_ASSERT_STRING_EQUAL(sqla__text_nearest("modes", names, 4), "mode");
    CU_ASSERT_STRING_EQUAL(sqla__text_nearest("foriegn_keys", names, 4), "foreign_keys");
    CU_ASSERT_PTR_NULL(sqla__text_nearest("colour", names, 4));
    CU_ASSERT_PTR_NULL(sqla__text_nearest("mode", names, 0));
}

static void driver_names_have_a_grammar(const char *url)
{
    static const struct { const char *name; bool valid; } cases[] = {
        { "sqlite", true }, { "p", true }, { "a_1", true }, { "a2345678901234567890123456789012", true },
        { "", false }, { "a23456789012345678901234567890123", false }, { "SQLite", false }, { "1a", false }, { "_a", false },
        { "../x", false }, { "post gres", false }, { "a.so", false }, { "a-b", false },
    };
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_EQUAL(sqla__driver_name_valid(cases[i].name, strlen(cases[i].name)), cases[i].valid);
}

static void expect_tame(const char *text, const char *expected)
{
    char room[64];
    snprintf(room, sizeof room, "%s", text);
    sqla__text_tame(room);
    CU_ASSERT_STRING_EQUAL(room, expected);
}

static void tame__leaves_nothing_that_drives_a_terminal(const char *url)
{
    (void)url;
    expect_tame(
        "plain caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "plain caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    expect_tame("a\x1b[2J\x1b]0;x\a"
                "b\x7f",
        "a?[2J?]0;x?b?");
    expect_tame("one\ntwo\tthree\r\n", "one two three  ");
    expect_tame("\xc2\x9b"
                "31m\xc2\xa0",
        "?31m\xc2\xa0"); /* U+009B is a CSI of one character */
    expect_tame("a\xe2\x80\xae"
                "b\xe2\x81\xa6"
                "c\xe2\x80\xa8",
        "a?b?c?"); /* U+202E, U+2066, U+2028 */
    expect_tame("\xff\xc2", "?\?");
    expect_tame("", "");
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "utf8_is_judged_by_the_rfc", utf8_is_judged_by_the_rfc, HARNESS_PLAIN },
        { "fit_cuts_between_characters", fit_cuts_between_characters, HARNESS_PLAIN },
        { "tame__leaves_nothing_that_drives_a_terminal", tame__leaves_nothing_that_drives_a_terminal,
            HARNESS_PLAIN },
        { "nearest_name_is_a_near_one", nearest_name_is_a_near_one, HARNESS_PLAIN },
        { "driver_names_have_a_grammar", driver_names_have_a_grammar, HARNESS_PLAIN },
    };
    return harness_main("test-text", tests, sizeof tests / sizeof tests[0]);
}
