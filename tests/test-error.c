/* test-error.c: what is recorded in a sqla_error, and how statuses are named. */
#include <config.h>
#include <sqla/base.h>

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "harness.h"

static void first_failure_stays(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    CU_ASSERT(!sqla_failed(&err));
    CU_ASSERT_EQUAL(sqla_fail(&err, "no %s today", "bread"), SQLA_ERR_APPLICATION);
    CU_ASSERT_EQUAL(sqla__error_set(&err, SQLA_ERR_SQL, "second"), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_APPLICATION);
    CU_ASSERT_STRING_EQUAL(err.message, "no bread today");
    sqla_error_clear(&err);
    CU_ASSERT(!sqla_failed(&err));
    CU_ASSERT_EQUAL(sqla_fail(NULL, "nobody listens"), SQLA_ERR_APPLICATION);
}

/* Returns: what is printed. */
static const char *printed(const sqla_error *err)
{
    static char text[1200];
    memset(text, 0, sizeof text);
    FILE *to = fmemopen(text, sizeof text, "w");
    sqla_error_print(err, to);
    fclose(to);
    return text;
}

static void print__says_what_there_is(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    CU_ASSERT_STRING_EQUAL(printed(NULL), "");
    CU_ASSERT_STRING_EQUAL(printed(&err), "");
    sqla_fail(&err, "no bread");
    CU_ASSERT_STRING_EQUAL(printed(&err), "no bread\n");
    snprintf(err.hint, sizeof err.hint, "bake some");
    CU_ASSERT_STRING_EQUAL(printed(&err), "no bread\n  hint: bake some\n");
    snprintf(err.detail, sizeof err.detail, "the shelf is empty");
    CU_ASSERT_STRING_EQUAL(printed(&err), "no bread\n  detail: the shelf is empty\n  hint: bake some\n");
    err.message[0] = err.detail[0] = err.hint[0] = '\0';
    CU_ASSERT(strlen(printed(&err)) > 1);
    sqla_error_print(&err, NULL);
}

static void struct_without_magic_is_fresh(const char *url)
{
    sqla_error err;
    (void)url;
    memset(&err, 0x5a, sizeof err);
    CU_ASSERT(!sqla_failed(&err));
    sqla_fail(&err, "now it is one");
    CU_ASSERT(sqla_failed(&err));
    CU_ASSERT_STRING_EQUAL(err.message, "now it is one");
    CU_ASSERT_STRING_EQUAL(err.hint, "");
}

static void statuses_have_names(const char *url)
{
    (void)url;
    CU_ASSERT_STRING_EQUAL(sqla_status_name(SQLA_OK), "OK");
    CU_ASSERT_STRING_EQUAL(sqla_status_name(SQLA_ERR_UNIQUE), "ERR_UNIQUE");
    CU_ASSERT_STRING_EQUAL(sqla_status_name((sqla_status)9999), "ERR_SQL");
    CU_ASSERT_EQUAL(sqla_status_class(SQLA_ERR_RETRY), SQLA_CLASS_RETRYABLE);
    CU_ASSERT_EQUAL(sqla_status_class(SQLA_ERR_DISCONNECTED), SQLA_CLASS_LOST);
    for (int i = 0; i < SQLA_STATUS_COUNT_; i++)
        CU_ASSERT(strlen(sqla_status_meaning((sqla_status)i)) > 0);
}

/* A text that is too long is cut between two characters, never in one. */
static void long_texts_are_cut_between_characters(const char *url)
{
    char text[1024];
    (void)url;
    for (size_t shift = 0; shift < 3; shift++) {
        sqla_error err = SQLA_ERROR_INIT;
        memset(text, 'a', shift);
        for (size_t i = shift; i + 2 < sizeof text; i += 2)
            memcpy(text + i, "\xc3\xa4", 3);
        sqla_fail(&err, "%s", text);
        CU_ASSERT(strlen(err.message) >= sizeof err.message - 3);
        CU_ASSERT(sqla__utf8_valid(err.message, strlen(err.message)));
    }
}

static void invalid_bytes_are_mended(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    sqla_fail(&err, "%s", "caf\xe9 \xed\xa0\x80");
    CU_ASSERT_STRING_EQUAL(err.message, "caf? ???");
}

static void prefix_goes_in_front(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    sqla__error_set(&err, SQLA_ERR_SQL, "no such table");
    sqla__error_prefix(&err, "cannot flush '%s': ", "User");
    CU_ASSERT_STRING_EQUAL(err.message, "cannot flush 'User': no such table");
}

static void secrets_are_scrubbed(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    char text[600];
    (void)url;
    sqla__error_set(&err, SQLA_ERR_DENIED, "user x with hunter2 and hunter2hunter2");
    sqla__error_detail(&err, "hunter2");
    sqla__error_scrub(&err, "hunter2");
    CU_ASSERT_STRING_EQUAL(err.message, "user x with *** and ******");
    CU_ASSERT_STRING_EQUAL(err.detail, "***");
    sqla__error_scrub(&err, "");
    sqla__error_scrub(&err, NULL);
    sqla_error_clear(&err);
    memset(text, '-', sizeof text);
    memcpy(text + sizeof err.message - 1 - 4, "hunter2", 8); /* cut off in the middle of the secret */
    sqla_fail(&err, "%s", text);
    sqla__error_scrub(&err, "hunter2");
    CU_ASSERT_PTR_NULL(strstr(err.message, "hu"));
}

static void texts__hold_no_control_characters(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    sqla_fail(&err, "no file '%s'", "a\x1b[31mb\nc");
    CU_ASSERT_STRING_EQUAL(err.message, "no file 'a?[31mb c'");
    sqla__error_prefix(&err, "in '%s': ", "\x9b\a");
    CU_ASSERT_STRING_EQUAL(err.message, "in '?\?': no file 'a?[31mb c'");
    sqla__error_hint(&err, "%s",
        "\x1b"
        "c");
    CU_ASSERT_STRING_EQUAL(err.hint, "?c");
    sqla__error_detail(&err, "%s",
        "\xc2\x9b"
        "2J");
    CU_ASSERT_STRING_EQUAL(err.detail, "?2J");
}

static void expect_scrubbed(const char *secret, const char *text, const char *expected)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla__error_set(&err, SQLA_ERR_DENIED, "%s", text);
    sqla__error_scrub(&err, secret);
    CU_ASSERT_STRING_EQUAL(err.message, expected);
}

/* What a message says of a secret by having *** in the wrong places is as bad as the secret itself. */
static void scrub__leaves_words_that_only_contain_the_secret(const char *url)
{
    (void)url;
    expect_scrubbed("a", "cannot reach a database at 'a' (password=a)",
        "cannot reach a database at '***' (password=***)");
    expect_scrubbed("a", "a", "***");
    expect_scrubbed("a", "a b", "a b");
    expect_scrubbed("pass", "password authentication failed: pass", "password authentication failed: ***");
    expect_scrubbed("maria", "MariaDB: no mariadb for maria, 'maria' or maria_1",
        "MariaDB: no mariadb for ***, '***' or maria_1");
    expect_scrubbed("secret", "secrets of 'secret'", "secrets of '***'");
    expect_scrubbed("x1y2", "0x1y2 x1y2 (x1y2)", "0x1y2 *** (***)");
    expect_scrubbed("correct1horse", "xcorrect1horsex", "x***x");
    expect_scrubbed("a b!c d", "word a b!c d, cut", "word ***, cut");
}

static void give_keeps_the_earlier_one(const char *url)
{
    sqla_error mine = SQLA_ERROR_INIT, local = SQLA_ERROR_INIT;
    (void)url;
    sqla__error_set(&local, SQLA_ERR_SQL, "second");
    CU_ASSERT_EQUAL(sqla__error_give(&mine, &local, SQLA_OK), SQLA_OK);
    CU_ASSERT(!sqla_failed(&mine));
    sqla_fail(&mine, "first");
    CU_ASSERT_EQUAL(sqla__error_give(&mine, &local, SQLA_ERR_SQL), SQLA_ERR_SQL);
    CU_ASSERT_STRING_EQUAL(mine.message, "first");
    CU_ASSERT_EQUAL(sqla__error_give(NULL, &local, SQLA_ERR_SQL), SQLA_ERR_SQL);
}

static void expect_print(sqla_value v, const char *expected)
{
    char text[100];
    size_t n = sqla_value_print(text, sizeof text, v);
    if (n != strlen(expected) || strcmp(text, expected) != 0)
        printf("expected %s, found %s\n", expected, text);
    CU_ASSERT(n == strlen(expected) && strcmp(text, expected) == 0);
}

static void values_print_for_people(const char *url)
{
    (void)url;
    expect_print(sqla_null(), "NULL");
    expect_print(sqla_val((bool)true), "true");
    expect_print(sqla_val(-42), "-42");
    expect_print(sqla_val(UINT64_MAX), "18446744073709551615");
    expect_print(sqla_val(0.1), "0.1");
    expect_print(sqla_val(1e300), "1e+300");
    expect_print(sqla_val("caf\xc3\xa9"), "caf\xc3\xa9");
    expect_print(sqla_val(((sqla_blob){ "\x00\xff\x10", 3 })), "00ff10");
    expect_print(sqla_val((sqla_date){ 0 }), "1970-01-01");
    expect_print(sqla_val((sqla_date){ 19782 }), "2024-02-29");
    expect_print(sqla_val((sqla_date){ -719528 }), "0000-01-01");
    expect_print(sqla_val((sqla_date){ -719529 }), "-0001-12-31");
    expect_print(sqla_val((sqla_date){ 2932897 }), "+10000-01-01");
    expect_print(sqla_val((sqla_date){ SQLA_DATE_INFINITY }), "infinity");
    expect_print(sqla_val((sqla_time){ 86399999999 }), "23:59:59.999999");
    expect_print(sqla_val((sqla_timestamp){ -1 }), "1969-12-31T23:59:59.999999Z");
    expect_print(sqla_val((sqla_local_timestamp){ 1500000 }), "1970-01-01T00:00:01.5");
    expect_print(sqla_val((sqla_timestamp){ SQLA_TIMESTAMP_MINUS_INFINITY }), "-infinity");
    expect_print(sqla_val(((sqla_interval){ 14, 3, 3661500000 })), "P1Y2M3DT1H1M1.5S");
    expect_print(sqla_val(((sqla_interval){ 0, 0, 0 })), "PT0S");
    expect_print(sqla_val(((sqla_uuid){ { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } })), "01020304-0506-0708-090a-0b0c0d0e0f10");
    expect_print(sqla_val((sqla_opt_i32)SQLA_SOME(7)), "7");
    expect_print(sqla_val((sqla_opt_i32)SQLA_NONE), "NULL");
}

static void print_counts_beyond_the_room(const char *url)
{
    char text[4] = "xxx";
    (void)url;
    CU_ASSERT_EQUAL(sqla_value_print(text, sizeof text, sqla_val("abcdef")), 6);
    CU_ASSERT_STRING_EQUAL(text, "abc");
    CU_ASSERT_EQUAL(sqla_value_print(NULL, 0, sqla_val("abcdef")), 6);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "first_failure_stays", first_failure_stays, HARNESS_PLAIN },
        { "print__says_what_there_is", print__says_what_there_is, HARNESS_PLAIN },
        { "struct_without_magic_is_fresh", struct_without_magic_is_fresh, HARNESS_PLAIN },
        { "statuses_have_names", statuses_have_names, HARNESS_PLAIN },
        { "long_texts_are_cut_between_characters", long_texts_are_cut_between_characters, HARNESS_PLAIN },
        { "invalid_bytes_are_mended", invalid_bytes_are_mended, HARNESS_PLAIN },
        { "prefix_goes_in_front", prefix_goes_in_front, HARNESS_PLAIN },
        { "secrets_are_scrubbed", secrets_are_scrubbed, HARNESS_PLAIN },
        { "texts__hold_no_control_characters", texts__hold_no_control_characters, HARNESS_PLAIN },
        { "scrub__leaves_words_that_only_contain_the_secret",
            scrub__leaves_words_that_only_contain_the_secret, HARNESS_PLAIN },
        { "give_keeps_the_earlier_one", give_keeps_the_earlier_one, HARNESS_PLAIN },
        { "values_print_for_people", values_print_for_people, HARNESS_PLAIN },
        { "print_counts_beyond_the_room", print_counts_beyond_the_room, HARNESS_PLAIN },
    };
    return harness_main("test-error", tests, sizeof tests / sizeof tests[0]);
}
