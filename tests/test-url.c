/* test-url.c: database URLs, right and wrong. */
#include <config.h>
#include "base/url.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "harness.h"

static const char *or_none(const char *text)
{
    return text != NULL ? text : "-";
}

/* All parts in one line, "-" for those that are not given. */
static void expect(const char *text, const char *expected)
{
    sqla__arena arena = { 0 };
    sqla__url u;
    sqla_error err = SQLA_ERROR_INIT;
    char parts[1024];
    memset(&u, 0, sizeof u);
    sqla_status status = sqla__url_parse(text, &arena, &u, &err);
    int n = snprintf(parts, sizeof parts, "%s|%s|%s|%s|%s|%s|%s", or_none(u.scheme), or_none(u.driver), or_none(u.user),
                     or_none(u.password), or_none(u.host), or_none(u.port), or_none(u.database));
    for (size_t i = 0; i < u.query_count; i++)
        n += snprintf(parts + n, sizeof parts - (size_t)n, "|%s=%s", u.keys[i], u.values[i]);
    if (status != SQLA_OK || strcmp(parts, expected) != 0)
        printf("%s\n  expected %s\n  found    %s %s\n", text, expected, parts, err.message);
    CU_ASSERT(status == SQLA_OK && strcmp(parts, expected) == 0);
    sqla__arena_release(&arena);
}

static void parts_are_found(const char *url)
{
    (void)url;
    expect("sqlite://", "sqlite|-|-|-|-|-|-");
    expect("sqlite:///relative.db", "sqlite|-|-|-|-|-|relative.db");
    expect("sqlite:////absolute/file.db", "sqlite|-|-|-|-|-|/absolute/file.db");
    expect("sqlite:///with space@home.db", "sqlite|-|-|-|-|-|with space@home.db");
    expect("sqlite:///", "sqlite|-|-|-|-|-|-");
    expect("sqlite:///x?mode=ro", "sqlite|-|-|-|-|-|x|mode=ro");
    expect("postgres://host", "postgres|-|-|-|host|-|-");
    expect("postgres://host/", "postgres|-|-|-|host|-|-");
    expect("postgresql+postgres://me:pw@host:5433/db?a=1&b=", "postgresql|postgres|me|pw|host|5433|db|a=1|b=");
    expect("postgres://me@/db", "postgres|-|me|-|-|-|db");
    expect("postgres://me:@host:/db", "postgres|-|me|-|host|-|db");
    expect("postgres://:pw@host", "postgres|-|-|pw|host|-|-");
    expect("postgres://u:a:b@h", "postgres|-|u|a:b|h|-|-");
    expect("postgres://host?", "postgres|-|-|-|host|-|-");
    expect("postgres://host?application_name=me", "postgres|-|-|-|host|-|-|application_name=me");
    expect("postgres:///db/with/slash", "postgres|-|-|-|-|-|db/with/slash");
}

static void escapes_are_undone(const char *url)
{
    (void)url;
    expect("postgres://u%40x:%40%3a%2F%3F%23%25%5B%5D%20%27%5C@h/d%2fb?k=%26%3d", "postgres|-|u@x|@:/?#%[] '\\|h|-|d/b|k=&=");
    expect("postgres://%2Fvar%2Frun%2Fpostgresql/db", "postgres|-|-|-|/var/run/postgresql|-|db");
    expect("postgres:///db?host=/var/run/postgresql&port=5433", "postgres|-|-|-|/var/run/postgresql|5433|db");
    expect("postgres://caf%C3%A9@h/\xc3\xa4", "postgres|-|caf\xc3\xa9|-|h|-|\xc3\xa4");
}

static void hosts_may_be_lists(const char *url)
{
    (void)url;
    expect("postgres://h1:5432,h2:5433/db", "postgres|-|-|-|h1,h2|5432,5433|db");
    expect("postgres://h1,h2:5433/db", "postgres|-|-|-|h1,h2|,5433|db");
    expect("postgres://h1,h2/db", "postgres|-|-|-|h1,h2|-|db");
    expect("postgres://u:p@[::1]:5433,[fe80::1%25eth0]/db", "postgres|-|u|p|::1,fe80::1%eth0|5433,|db");
    expect("postgres://[::1]", "postgres|-|-|-|::1|-|-");
}

static bool is_secret(const void *arg, const char *key)
{
    (void)arg;
    return sqla__url_key_is_secret(key);
}

static void expect_masked(const char *text, const char *expected)
{
    sqla__arena arena = { 0 };
    sqla__url u = { 0 };
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla__url_parse(text, &arena, &u, &err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(or_none(sqla__url_mask(&u, is_secret, NULL, &arena)), expected);
    sqla__arena_release(&arena);
}

static void secrets_are_masked(const char *url)
{
    (void)url;
    expect_masked("postgres://u:hunter2@h:1/db?x=1", "postgres://u:***@h:1/db?x=1");
    expect_masked("postgres://u@h/db", "postgres://u@h/db");
    expect_masked("postgres://h/db?sslpassword=hunter2&x=1&password=hunter3", "postgres://h/db?sslpassword=***&x=1&password=***");
    expect_masked("sqlite:///f?key=hunter2", "sqlite:///f?key=***");
    expect_masked("postgres://u:%68unter2@h/db?sslpassword=&scram_client_key=hunter3&keepalives=1",
        "postgres://u:***@h/db?sslpassword=&scram_client_key=***&keepalives=1");
}

/* Refused at that character, with a part of that message, and without a word of the password. */
static void refused(const char *text, int position, const char *part)
{
    sqla__arena arena = { 0 };
    sqla__url u;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_status status = sqla__url_parse(text, &arena, &u, &err);
    bool ok = status == SQLA_ERR_CONFIG && err.position == position && (strstr(err.message, part) != NULL || strstr(err.hint, part) != NULL);
    if (!ok)
        printf("%s: %d %s at %d (%s)\n", text, (int)status, err.message, (int)err.position, err.hint);
    CU_ASSERT(ok);
    CU_ASSERT_PTR_NULL(strstr(err.message, "hunter"));
    CU_ASSERT_PTR_NULL(strstr(err.hint, "hunter"));
    sqla__arena_release(&arena);
}

static void mistakes_are_shown(const char *url)
{
    (void)url;
    refused("", 1, "scheme://");
    refused("my.db", 1, "sqlite:///my.db");
    refused("/tmp/my.db", 1, "sqlite:////tmp/my.db");
    refused("C:\\data\\my.db", 1, "sqlite:///C:/data/my.db");
    refused("d:/data/my.db", 1, "sqlite:///d:/data/my.db");
    refused("c:", 1, "scheme://user");
    refused("host/db?password=hunter2", 1, "scheme://user");
    refused("host/db%3Fpassword%3Dhunter2", 1, "scheme://user");
    refused("host=h password=hunter2", 1, "scheme://user");
    refused("user:hunter2@host/db", 1, "scheme://user");
    refused("sqlite:my.db", 1, "scheme://user");
    refused("://host", 1, "not a name");
    refused("Postgres://host", 1, "small letter");
    refused("../../tmp/evil://x", 1, "not a name");
    refused("post gres://x", 1, "not a name");
    refused("postgres+/tmp/evil.so://x", 10, "never a file");
    refused("postgres+://x", 10, "name of a driver");
    refused("postgres://u:hunter@2@h", 22, "%40");
    refused("postgres://u:hunter/2@h/db", 22, "%40");
    refused("postgres://u:1?hunter2@h/db", 23, "%40");
    refused("postgres://u:hunter2#x@h", 21, "%23");
    refused("postgres://u:hunter2", 14, "port");
    refused("postgres://u:p@h:0/db", 18, "65535");
    refused("postgres://h:-1", 14, "65535");
    refused("postgres://h:+5432", 14, "65535");
    refused("postgres://h:65536", 14, "65535");
    refused("postgres://h:5432x", 14, "65535");
    refused("postgres://h:99999999999999999999", 14, "65535");
    refused("postgres://h1:1,h2:x", 20, "65535");
    refused("postgres://::1/db", 13, "[::1]");
    refused("postgres://[::1/db", 12, "']'");
    refused("postgres://[]/db", 13, "no address");
    refused("postgres://[hunter]/db", 13, "IPv6");
    refused("postgres://[::1]x", 17, ":port");
    refused("postgres://h1,,h2", 15, "empty");
    refused("postgres://a%2Cb", 12, "comma");
    refused("postgres://u:hunter%2@h", 20, "%25");
    refused("postgres://u:hunter%zz@h", 20, "%25");
    refused("postgres://h/d%00b", 15, "NUL");
    refused("postgres://h/%ff", 14, "UTF-8");
    refused("postgres://h/\xff", 1, "UTF-8");
    refused("postgres://h/\xc3\xa4\xc3\xa4%", 16, "%25");
    refused("postgres://u :hunter@h", 13, "%20");
    refused("postgres://h/a\nb", 15, "%0A");
    refused("postgres://h/db?x", 17, "'='");
    refused("postgres://h/db?x=1&", 21, "'='");
    refused("postgres://h/db?=1", 17, "key");
    refused("postgres://h/db?x=1&y=2&x=3", 25, "twice");
    refused("postgres://h/db?x=1&X=3", 21, "twice");
    refused("postgres://h/db?host=other", 17, "twice");
    refused("postgres:///db?port=0", 21, "65535");
}

static void limits_hold(const char *url)
{
    (void)url;
    sqla__arena arena = { 0 };
    sqla__url u;
    sqla_error err = SQLA_ERROR_INIT;
    size_t size = 1 << 20;
    char *text = malloc(size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', size - 1);
    text[size - 1] = '\0';
    memcpy(text, "postgres://", 11);
    CU_ASSERT_EQUAL(sqla__url_parse(text, &arena, &u, &err), SQLA_ERR_CONFIG);
    size_t n = (size_t)sprintf(text, "postgres://h/db?");
    for (int i = 0; i < 65; i++)
        n += (size_t)sprintf(text + n, "%sk%d=1", i > 0 ? "&" : "", i);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla__url_parse(text, &arena, &u, &err), SQLA_ERR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "64"));
    *strrchr(text, '&') = '\0';
    CU_ASSERT_EQUAL(sqla__url_parse(text, &arena, &u, &err), SQLA_OK);
    CU_ASSERT_EQUAL(u.query_count, 64);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla__url_parse(NULL, &arena, &u, &err), SQLA_ERR_CONFIG);
    sqla__arena_release(&arena);
    free(text);
}

static void out_of_memory_is_a_status(const char *url)
{
    sqla_status status = SQLA_ERR_NOMEM;
    (void)url;
    for (uint64_t n = 1; status == SQLA_ERR_NOMEM; n++) {
        sqla__arena arena = { 0 };
        sqla__url u;
        sqla_error err = SQLA_ERROR_INIT;
        sqla__alloc_fail_at(n, true);
        status = sqla__url_parse("postgres+x://u:p@h1:1,h2:2/db?a=1&b=2", &arena, &u, &err);
        sqla__alloc_fail_at(0, false);
        CU_ASSERT(status == SQLA_OK || (status == SQLA_ERR_NOMEM && err.status == SQLA_ERR_NOMEM));
        sqla__arena_release(&arena);
    }
    CU_ASSERT_EQUAL(status, SQLA_OK);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "parts_are_found", parts_are_found, HARNESS_PLAIN },
        { "escapes_are_undone", escapes_are_undone, HARNESS_PLAIN },
        { "hosts_may_be_lists", hosts_may_be_lists, HARNESS_PLAIN },
        { "secrets_are_masked", secrets_are_masked, HARNESS_PLAIN },
        { "mistakes_are_shown", mistakes_are_shown, HARNESS_PLAIN },
        { "limits_hold", limits_hold, HARNESS_PLAIN },
        { "out_of_memory_is_a_status", out_of_memory_is_a_status, HARNESS_PLAIN },
    };
    return harness_main("test-url", tests, sizeof tests / sizeof tests[0]);
}
