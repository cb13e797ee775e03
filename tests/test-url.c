/* test-url.c: database URLs, right and wrong. */
#include <config.h>
#include <sqla/url.h>
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

/* ---- as parts (sqla/url.h) ----------------------------------------------------------------------------------------- */

/* Set each name of a list, up to NULL, to the value behind it. */
static void set_all(sqla_url *url, const char *const *pairs)
{
    for (; pairs[0] != NULL; pairs += 2)
        sqla_url_set(url, pairs[0], pairs[1]);
}

static void parts__are_put_together_and_found_again(const char *unused)
{
    static const struct { const char *from, *pairs[13], *text; } table[] = {
        { "postgresql://", { "host", "db.example.org" }, "postgresql://db.example.org" },
        { "postgresql://h/db", { "user", "me", "password", "a:b/c?d#e@f%g h" }, "postgresql://me:a%3Ab%2Fc%3Fd%23e%40f%25g%20h@h/db" },
        { "postgresql://me:pw@h/db", { "user", NULL, "password", NULL }, "postgresql://h/db" },
        { "postgresql://me:pw@h/db", { "user", NULL }, "postgresql://:pw@h/db" },
        { "postgresql://h:1/db", { "port", "5433" }, "postgresql://h:5433/db" },
        { "postgresql://h:1/db", { "port", "" }, "postgresql://h/db" },
        { "postgresql:///db", { "port", "5433" }, "postgresql://:5433/db" },
        { "postgresql://h/db", { "host", "::1" }, "postgresql://[::1]/db" },
        { "postgresql://h:1/db", { "host", "fe80::1%eth0" }, "postgresql://[fe80::1%25eth0]:1/db" },
        { "postgresql://h/db", { "host", "a,b", "port", "1,2" }, "postgresql://a:1,b:2/db" },
        { "postgresql://h/db", { "host", "a,b,::1", "port", "1,,3" }, "postgresql://a:1,b,[::1]:3/db" },
        { "postgresql://h/db", { "host", "a,b", "port", "5432" }, "postgresql:///db?host=a,b&port=5432" },
        { "postgresql://h/db", { "host", "/run/a b" }, "postgresql:///db?host=/run/a%20b" },
        { "postgresql://h:7/db?x=1", { "host", "/run,h" , "port", "1,2" }, "postgresql:///db?host=/run,h&port=1,2&x=1" },
        { "postgresql://h:1/db", { "host", "x:y" }, "postgresql:///db?host=x:y&port=1" },
        { "postgresql://h/a", { "database", "b?c@d/e" }, "postgresql://h/b%3Fc%40d/e" },
        { "sqlite://", { "database", "/abs/file.db" }, "sqlite:////abs/file.db" },
        { "sqlite:///a.db", { "database", NULL }, "sqlite://" },
        { "sqlite:///a.db", { "mode", "ro" }, "sqlite:///a.db?mode=ro" },
        { "sqlite:///a.db?mode=ro&a=1", { "mode", "rw" }, "sqlite:///a.db?mode=rw&a=1" },
        { "sqlite:///a.db?mode=ro&a=1&b=2", { "a", NULL }, "sqlite:///a.db?mode=ro&b=2" },
        { "sqlite:///a.db?a=1", { "a", NULL }, "sqlite:///a.db" },
        { "sqlite:///a.db?a=1", { "a", "" }, "sqlite:///a.db?a=" },
        { "sqlite:///a.db", { "z", NULL }, "sqlite:///a.db" },
        { "postgresql://h", { "options", "-c a=b&c=@d" }, "postgresql://h?options=-c%20a=b%26c=%40d" },
        { "postgresql://h", { "scheme", "postgres", "driver", "other" }, "postgres+other://h" },
        { "postgres+other://h", { "driver", NULL }, "postgres://h" },
        { "postgresql://", { "user", "J\xc3\xbcrgen" }, "postgresql://J\xc3\xbcrgen@" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_url *url = sqla_url_parse(table[i].from, &err);
        set_all(url, table[i].pairs);
        const char *text = sqla_url_text(url, &err);
        if (text == NULL || strcmp(text, table[i].text) != 0)
            printf("%s\n  expected %s\n  found    %s %s\n", table[i].from, table[i].text, or_none(text), err.message);
        CU_ASSERT_FATAL(text != NULL && strcmp(text, table[i].text) == 0);
        sqla_url *again = sqla_url_parse(text, &err);
        for (const char *const *pair = table[i].pairs; pair[0] != NULL; pair += 2) {
            const char *value = sqla_url_get(again, pair[0]), *expected = pair[1];
            bool none = expected == NULL || (expected[0] == '\0' && strcmp(pair[0], "port") == 0);
            CU_ASSERT(none ? value == NULL : value != NULL && strcmp(value, expected) == 0);
        }
        sqla_url_free(again);
        sqla_url_free(url);
    }
}

static void parts__are_read_and_the_text_is_kept(const char *unused)
{
    static const char *const texts[] = { "sqlite://", "sqlite:///with space.db", "postgresql+postgres://me:p%77@h:1,h:2/db?a=%41&b=" };
    sqla_error err = SQLA_ERROR_INIT;
    (void)unused;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sqla_url *url = sqla_url_parse(texts[i], &err);
        CU_ASSERT_STRING_EQUAL(or_none(sqla_url_text(url, &err)), texts[i]);
        sqla_url_free(url);
    }
    sqla_url *url = sqla_url_parse(texts[2], &err);
    static const char *const expected[] = { "scheme", "postgresql", "driver", "postgres", "user", "me", "password", "pw", "host", "h,h", "port", "1,2",
                                            "database", "db", "a", "A", "b", "", NULL };
    for (const char *const *pair = expected; pair[0] != NULL; pair += 2)
        CU_ASSERT_STRING_EQUAL(or_none(sqla_url_get(url, pair[0])), pair[1]);
    CU_ASSERT_STRING_EQUAL(or_none(sqla_url_key(url, 0)), "a");
    CU_ASSERT_STRING_EQUAL(or_none(sqla_url_key(url, 1)), "b");
    CU_ASSERT_PTR_NULL(sqla_url_key(url, 2));
    CU_ASSERT_PTR_NULL(sqla_url_get(url, "c"));
    CU_ASSERT_STRING_EQUAL(sqla_url_masked(url), "postgresql+postgres://me:***@h:1,h:2/db?a=%41&b=");
    sqla_url_set(url, "sslpassword", "hidden");
    CU_ASSERT_PTR_NULL(strstr(sqla_url_masked(url), "hidden"));
    CU_ASSERT_PTR_NOT_NULL(strstr(sqla_url_text(url, &err), "sslpassword=hidden"));
    sqla_url_free(url);
    CU_ASSERT_EQUAL(err.status, SQLA_OK);
}

/* What is wrong is kept, told once without a secret, and changes nothing. */
static void parts__that_cannot_be_are_refused(const char *unused)
{
    static const struct { const char *name, *value, *says; sqla_status status; } table[] = {
        { "port", "70000", "cannot set 'port' of the URL: ", SQLA_ERR_CONFIG }, { "port", "5432/evil?mode=ro", "port", SQLA_ERR_CONFIG },
        { "port", "1@other", "port", SQLA_ERR_CONFIG }, { "host", "a]b", NULL, SQLA_OK },
        { "scheme", NULL, "has a scheme", SQLA_ERR_MISUSE }, { "scheme", "", "has a scheme", SQLA_ERR_MISUSE },
        { "scheme", "../evil", "not a name", SQLA_ERR_CONFIG }, { "scheme", "a+b", "cannot have that value", SQLA_ERR_CONFIG },
        { "scheme", "a://b", "cannot set 'scheme'", SQLA_ERR_CONFIG }, { "driver", "a://b", "cannot set 'driver'", SQLA_ERR_CONFIG },
        { "driver", "x.so", "name of a driver", SQLA_ERR_CONFIG }, { "password", "hid\xff", "UTF-8", SQLA_ERR_CONFIG },
        { "a b", "1", "not a name", SQLA_ERR_CONFIG }, { "a=b&c", "1", "not a name", SQLA_ERR_CONFIG }, { "A", "1", "twice", SQLA_ERR_CONFIG },
        { "", "1", "not a name", SQLA_ERR_CONFIG }, { NULL, "1", "no name", SQLA_ERR_MISUSE },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_url *url = sqla_url_parse("postgresql://me:hidden@h/db?a=1", &err);
        sqla_url_set(url, table[i].name, table[i].value);
        sqla_url_set(url, "port", "0"); /* the first failure is the one that is kept */
        const char *text = sqla_url_text(url, &err);
        const char *says = table[i].says != NULL ? table[i].says : "port";
        bool as_expected = text == NULL && err.status == (table[i].says != NULL ? table[i].status : SQLA_ERR_CONFIG) && strstr(err.message, says) != NULL;
        if (!as_expected)
            printf("%s=%s: %s %s\n", or_none(table[i].name), or_none(table[i].value), or_none(text), err.message);
        CU_ASSERT(as_expected);
        CU_ASSERT(strstr(err.message, "hid") == NULL && err.position == 0 && err.hint[0] == '\0');
        const char *left = sqla_url_text(url, NULL);
        CU_ASSERT(left != NULL && (table[i].says == NULL || strcmp(left, "postgresql://me:hidden@h/db?a=1") == 0));
        sqla_url_free(url);
    }
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_PTR_NULL(sqla_url_parse("no url", &err));
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_CONFIG);
    sqla_error_clear(&err);
    CU_ASSERT_PTR_NULL(sqla_url_parse(NULL, &err));
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_CONFIG);
    sqla_error_clear(&err);
    CU_ASSERT_PTR_NULL(sqla_url_text(NULL, &err));
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_MISUSE);
    CU_ASSERT(sqla_url_get(NULL, "host") == NULL && sqla_url_key(NULL, 0) == NULL && sqla_url_masked(NULL) == NULL);
    sqla_url_set(NULL, "host", "h");
    sqla_url_free(NULL);
}

static void parts__without_memory_leave_the_url_as_it_is(const char *unused)
{
    bool done = false;
    (void)unused;
    for (uint64_t n = 1; !done; n++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla__alloc_fail_at(n, true);
        sqla_url *url = sqla_url_parse("postgresql://me@h1:1,h2:2/db?a=1", &err);
        sqla_url_set(url, "a", "2");
        sqla_url_set(url, "password", "long enough to need room: 0123456789 0123456789 0123456789 0123456789");
        const char *text = sqla_url_text(url, &err);
        sqla__alloc_fail_at(0, false);
        done = text != NULL;
        CU_ASSERT(done || url == NULL || err.status == SQLA_ERR_NOMEM);
        CU_ASSERT(url == NULL || strcmp(sqla_url_get(url, "database"), "db") == 0);
        sqla_url_free(url);
    }
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
        { "parts are put together and found again", parts__are_put_together_and_found_again, HARNESS_PLAIN },
        { "parts are read, and the text is kept", parts__are_read_and_the_text_is_kept, HARNESS_PLAIN },
        { "parts that cannot be are refused", parts__that_cannot_be_are_refused, HARNESS_PLAIN },
        { "parts without memory leave the URL as it is", parts__without_memory_leave_the_url_as_it_is, HARNESS_PLAIN },
    };
    return harness_main("test-url", tests, sizeof tests / sizeof tests[0]);
}
