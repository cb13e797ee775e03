/* url.c: any text as a URL. What is accepted is sound, and can be written anew; what is refused says where; neither shows a password. */
#include <config.h>
#include "fuzz.h"

#include <strings.h>

#include "base/text.h"
#include "base/url.h"

static const char canary[] = "c4nary8Secret";

static bool same(const char *a, const char *b) { return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0); }

static bool sound(const char *text) { return text == NULL || sqla__utf8_valid(text, strlen(text)); }

static void check_parts(const sqla__url *url)
{
    const char *const parts[] = { url->user, url->password, url->host, url->port, url->database };
    must(sqla__driver_name_valid(url->scheme, strlen(url->scheme)));
    must(url->driver == NULL || sqla__driver_name_valid(url->driver, strlen(url->driver)));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        must(sound(parts[i]));
    for (size_t i = 0; i < url->query_count; i++)
        must(url->keys[i] != NULL && url->values[i] != NULL && sound(url->keys[i]) && sound(url->values[i]));
}

static bool is_secret(const void *arg, const char *key)
{
    (void)arg;
    return sqla__url_key_is_secret(key);
}

/* What is shown names the same database, and has *** where secrets were. */
static void check_masked(const sqla__url *url, sqla__arena *arena)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla__url again;
    const char *masked = sqla__url_mask(url, is_secret, NULL, arena);
    must(masked != NULL && sound(masked) && sqla__url_parse(masked, arena, &again, &err) == SQLA_OK);
    must(same(url->scheme, again.scheme) && same(url->driver, again.driver) && same(url->user, again.user));
    must(same(url->host, again.host) && same(url->port, again.port) && same(url->database, again.database));
    must((url->password == NULL) == (again.password == NULL) && url->query_count == again.query_count);
    must(url->password == NULL || url->password[0] == '\0' || strcmp(again.password, "***") == 0);
    for (size_t i = 0; i < url->query_count; i++) {
        bool secret = sqla__url_key_is_secret(url->keys[i]) && url->values[i][0] != '\0';
        must(same(url->keys[i], again.keys[i]) && same(secret ? "***" : url->values[i], again.values[i]));
    }
}

/* Written anew, since a key came and went, it says the same. It cannot be where its keys are too many, or its escapes too long. */
static void check_rewritten(const char *text, const sqla__url *url, sqla__arena *arena)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla__url again;
    sqla_url *value = sqla_url_parse(text, &err);
    must(value != NULL && same(sqla_url_text(value, &err), text));
    bool taken = false;
    for (size_t i = 0; i < url->query_count; i++)
        taken = taken || strcasecmp(url->keys[i], "zz") == 0;
    if (!taken) {
        sqla_url_set(value, "zz", "1");
        sqla_url_set(value, "zz", NULL);
    }
    const char *rewritten = sqla_url_text(value, &err);
    must(rewritten != NULL || (err.status == SQLA_ERR_CONFIG && (url->query_count > 60 || strlen(text) > 4096)));
    if (rewritten != NULL) {
        must(sqla__url_parse(rewritten, arena, &again, &err) == SQLA_OK);
        must(same(url->scheme, again.scheme) && same(url->driver, again.driver) && same(url->user, again.user) && same(url->password, again.password));
        must(same(url->host, again.host) && same(url->port, again.port) && same(url->database, again.database));
        must(url->query_count == again.query_count);
        for (size_t i = 0; i < url->query_count; i++)
            must(same(url->keys[i], again.keys[i]) && same(url->values[i], again.values[i]));
    }
    sqla_url_free(value);
}

/* A password can stand anywhere between scheme and query, however wrong the URL is. Text without a scheme is taken for the path
 * of a file, which is shown. */
static void check_refusal(const char *text, const sqla_error *err)
{
    const char *scheme = strstr(text, "://"), *query = strchr(text, '?'), *secret = scheme != NULL ? strstr(scheme, canary) : NULL;
    bool again = secret != NULL && strstr(secret + 1, canary) != NULL;
    must(err->message[0] != '\0' && sound(err->message) && sound(err->detail) && sound(err->hint));
    must(err->position >= 0 && (size_t)err->position <= strlen(text) + 1);
    if (secret != NULL && !again && (query == NULL || secret < query))
        must(strstr(err->message, canary) == NULL && strstr(err->detail, canary) == NULL && strstr(err->hint, canary) == NULL);
}

int fuzz_url(const uint8_t *data, size_t size)
{
    fuzz_in in = { data, size };
    sqla_error err = SQLA_ERROR_INIT;
    sqla__arena arena = { 0 };
    sqla__url url;
    size_t n;
    char *text = fuzz_copy(&in, size, &n);
    if (sqla__url_parse(text, &arena, &url, &err) == SQLA_OK) {
        check_parts(&url);
        check_masked(&url, &arena);
        check_rewritten(text, &url, &arena);
    } else {
        must(err.status == SQLA_ERR_CONFIG);
        check_refusal(text, &err);
    }
    sqla__arena_release(&arena);
    free(text);
    return 0;
}
