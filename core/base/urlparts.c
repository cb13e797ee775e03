/* urlparts.c: a URL that is looked at and changed part by part (sqla/url.h).
 *
 * What it holds is a URL taken apart (url.h) and its text. A change writes the text of the changed URL and takes that apart, so that
 * one parser decides what a URL may be, and then replaces the whole. */
#include <config.h>
#include <sqla/url.h>

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/url.h"

typedef struct content {
    sqla__arena arena;             /* holds all below, and is wiped at the end: the password is in it */
    sqla__url parsed;
    const char *text, *masked;
} content;

struct sqla_url {
    content now;
    sqla_error failure;            /* the first of a change */
};

/* ---- writing --------------------------------------------------------------------------------------------------- */

/* Text with escapes for what no part may hold as it is, and for each character of `more`. */
static void add_escaped_n(sqla__buf *buf, const char *text, size_t n, const char *more)
{
    for (const char *c = text; c < text + n; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte <= 0x20 || byte == 0x7f || strchr("%#", *c) != NULL || strchr(more, *c) != NULL)
            sqla__buf_printf(buf, "%%%02X", byte);
        else
            sqla__buf_add_char(buf, *c);
    }
}

static void add_escaped(sqla__buf *buf, const char *text, const char *more) { add_escaped_n(buf, text, strlen(text), more); }

static size_t count_of(const char *list)
{
    size_t n = 1;
    for (const char *c = list; *c != '\0'; c++)
        n += *c == ',';
    return n;
}

/* The next item of a list, "" behind its last; moves *at behind it. */
static sqla_blob next_of(const char **at)
{
    size_t n = strcspn(*at, ",");
    sqla_blob item = { *at, n };
    *at += n + ((*at)[n] == ',');
    return item;
}

/* Can a host stand there? With a colon in it only an IPv6 address can, in brackets. */
static bool fits_authority(sqla_blob host)
{
    const char *text = host.data, *zone = memchr(text, '%', host.size);
    size_t n = zone != NULL ? (size_t)(zone - text) : host.size;
    if (memchr(text, ':', host.size) == NULL)
        return host.size > 0;
    return n > 0 && strspn(text, "0123456789abcdefABCDEF:.") >= n;
}

/* Can the hosts stand before the path, each with its port? Folders of sockets cannot, nor one port for several hosts. */
static bool fit_authority(const sqla__url *url)
{
    const char *at = url->host;
    if (at == NULL)
        return url->port == NULL || strchr(url->port, ',') == NULL;
    if (strchr(at, '/') != NULL || (url->port != NULL && count_of(url->port) != count_of(at)))
        return false;
    for (size_t i = count_of(at); i > 0; i--) {
        if (!fits_authority(next_of(&at)))
            return false;
    }
    return true;
}

static void add_host(sqla__buf *buf, sqla_blob host, sqla_blob port)
{
    bool address = memchr(host.data, ':', host.size) != NULL;
    sqla__buf_add(buf, address ? "[" : "");
    add_escaped_n(buf, host.data, host.size, "@?[]");
    sqla__buf_add(buf, address ? "]" : "");
    sqla__buf_add(buf, port.size > 0 ? ":" : "");
    add_escaped_n(buf, port.data, port.size, ":@/?");
}

static void add_authority(sqla__buf *buf, const sqla__url *url, bool hosts)
{
    if (url->user != NULL)
        add_escaped(buf, url->user, ":@/?");
    if (url->password != NULL) {
        sqla__buf_add_char(buf, ':');
        add_escaped(buf, url->password, ":@/?");
    }
    sqla__buf_add(buf, url->user != NULL || url->password != NULL ? "@" : "");
    const char *host = url->host != NULL ? url->host : "", *port = url->port != NULL ? url->port : "";
    for (size_t i = 0, n = hosts ? count_of(host) : 0; i < n; i++) {
        sqla__buf_add(buf, i > 0 ? "," : "");
        add_host(buf, next_of(&host), next_of(&port));
    }
}

static void add_pair(sqla__buf *buf, const char *key, const char *value, bool *first)
{
    sqla__buf_add_char(buf, *first ? '?' : '&');
    *first = false;
    add_escaped(buf, key, "=&@");
    sqla__buf_add_char(buf, '=');
    add_escaped(buf, value, "&@");
}

static void write_url(sqla__buf *buf, const sqla__url *url)
{
    bool hosts = fit_authority(url), first = true;
    sqla__buf_add(buf, url->scheme);
    sqla__buf_add(buf, url->driver != NULL ? "+" : "");
    sqla__buf_add(buf, url->driver != NULL ? url->driver : "");
    sqla__buf_add(buf, "://");
    add_authority(buf, url, hosts);
    if (url->database != NULL) {
        sqla__buf_add_char(buf, '/');
        add_escaped(buf, url->database, "?@");
    }
    if (!hosts && url->host != NULL)
        add_pair(buf, "host", url->host, &first);
    if (!hosts && url->port != NULL)
        add_pair(buf, "port", url->port, &first);
    for (size_t i = 0; i < url->query_count; i++)
        add_pair(buf, url->keys[i], url->values[i], &first);
}

/* ---- the value ------------------------------------------------------------------------------------------------- */

static bool is_secret(const void *arg, const char *key)
{
    (void)arg;
    return strcmp(key, "password") == 0 || sqla__url_key_is_secret(key);
}

static sqla_status read_url(const char *text, content *ret, sqla_error *err)
{
    content c = { .arena = { 0 } };
    c.text = sqla__arena_strdup(&c.arena, text);
    sqla_status status = c.text != NULL || text == NULL ? sqla__url_parse(c.text, &c.arena, &c.parsed, err) : sqla__error_nomem(err);
    if (status == SQLA_OK && (c.masked = sqla__url_mask(&c.parsed, is_secret, NULL, &c.arena)) == NULL)
        status = sqla__error_nomem(err);
    if (status == SQLA_OK)
        *ret = c;
    else
        sqla__arena_wipe(&c.arena);
    return status;
}

sqla_url *sqla_url_parse(const char *text, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_url *url = sqla__alloc_zero(1, sizeof *url);
    sqla_status status = url != NULL ? read_url(text, &url->now, &local) : sqla__error_nomem(&local);
    if (status == SQLA_OK) {
        sqla__error_init(&url->failure);
        return url;
    }
    sqla__free(url);
    sqla__error_give(err, &local, status);
    return NULL;
}

void sqla_url_free(sqla_url *url)
{
    if (url == NULL)
        return;
    sqla__arena_wipe(&url->now.arena);
    sqla__free(url);
}

enum { PARTS = 7 };
static const struct { const char *name; size_t at; } parts[PARTS] = {
    { "scheme", offsetof(sqla__url, scheme) }, { "driver", offsetof(sqla__url, driver) }, { "user", offsetof(sqla__url, user) },
    { "password", offsetof(sqla__url, password) }, { "host", offsetof(sqla__url, host) }, { "port", offsetof(sqla__url, port) },
    { "database", offsetof(sqla__url, database) },
};

static const char **part_at(sqla__url *url, size_t i) { return (const char **)(void *)((char *)url + parts[i].at); }
static const char *part_of(const sqla__url *url, size_t i) { return *(const char *const *)(const void *)((const char *)url + parts[i].at); }

/* PARTS: it names a key of the query. */
static size_t find_part(const char *name)
{
    size_t i = 0;
    while (i < PARTS && strcmp(parts[i].name, name) != 0)
        i++;
    return i;
}

static size_t find_key(const sqla__url *url, const char *name)
{
    size_t i = 0;
    while (i < url->query_count && strcmp(url->keys[i], name) != 0)
        i++;
    return i;
}

const char *sqla_url_get(const sqla_url *url, const char *name)
{
    if (url == NULL || name == NULL)
        return NULL;
    const sqla__url *parsed = &url->now.parsed;
    size_t part = find_part(name), key = find_key(parsed, name);
    return part < PARTS ? part_of(parsed, part) : key < parsed->query_count ? parsed->values[key] : NULL;
}

const char *sqla_url_key(const sqla_url *url, size_t i)
{
    return url != NULL && i < url->now.parsed.query_count ? url->now.parsed.keys[i] : NULL;
}

/* ---- changes --------------------------------------------------------------------------------------------------- */

/* The query with that key changed, added at its end, or taken away. */
static sqla_status change_key(sqla__url *url, const char *name, const char *value, sqla__arena *arena, sqla_error *err)
{
    size_t at = find_key(url, name), n = 0;
    const char **keys = sqla__arena_zero(arena, url->query_count + 1, sizeof *keys);
    const char **values = sqla__arena_zero(arena, url->query_count + 1, sizeof *values);
    if (keys == NULL || values == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; i <= url->query_count; i++) {
        const char *kept = i == at ? value : i < url->query_count ? url->values[i] : NULL;
        if (kept != NULL) {
            keys[n] = i == at ? name : url->keys[i];
            values[n++] = kept;
        }
    }
    url->keys = keys;
    url->values = values;
    url->query_count = n;
    return SQLA_OK;
}

static sqla_status change(sqla__url *url, const char *name, const char *value, sqla__arena *arena, sqla_error *err)
{
    size_t part = find_part(name);
    if (part == PARTS)
        return change_key(url, name, value, arena, err);
    *part_at(url, part) = value != NULL && value[0] != '\0' ? value : NULL;
    return url->scheme != NULL ? SQLA_OK : sqla__error_set(err, SQLA_ERR_MISUSE, "a URL has a scheme");
}

static bool same_text(const char *a, const char *b) { return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0); }

/* Is what was read what was written? Not where a scheme brings a driver along, or more than that. */
static bool are_same(const sqla__url *a, const sqla__url *b)
{
    bool same = a->query_count == b->query_count;
    for (size_t i = 0; i < PARTS; i++)
        same = same && same_text(part_of(a, i), part_of(b, i));
    return same;
}

static sqla_status set(sqla_url *url, const char *name, const char *value, sqla_error *err)
{
    sqla__arena arena = { 0 };
    sqla__buf buf = { 0 };
    sqla__url changed = url->now.parsed;
    content next;
    sqla_status status = change(&changed, name, value, &arena, err);
    if (status == SQLA_OK) {
        write_url(&buf, &changed);
        status = buf.broken ? sqla__error_nomem(err) : read_url(sqla__buf_text(&buf), &next, err);
    }
    if (status == SQLA_OK && !are_same(&changed, &next.parsed)) {
        sqla__arena_wipe(&next.arena);
        status = sqla__error_set(err, SQLA_ERR_CONFIG, "a URL cannot have that value there");
    }
    if (status == SQLA_OK) {
        sqla__arena_wipe(&url->now.arena);
        url->now = next;
    }
    if (buf.data != NULL)
        explicit_bzero(buf.data, buf.capacity);
    sqla__buf_release(&buf);
    sqla__arena_release(&arena);
    return status;
}

void sqla_url_set(sqla_url *url, const char *name, const char *value)
{
    sqla_error local;
    if (url == NULL)
        return;
    sqla__error_init(&local);
    sqla_status status = name != NULL ? set(url, name, value, &local) : sqla__error_set(&local, SQLA_ERR_MISUSE, "it has no name");
    if (status == SQLA_OK)
        return;
    /* The place of the mistake and the way to escape it belong to a text that nobody has seen. */
    local.position = 0;
    local.hint[0] = '\0';
    sqla__error_prefix(&local, "cannot set '%.60s' of the URL: ", name != NULL ? name : "");
    sqla__error_give(&url->failure, &local, status);
}

const char *sqla_url_text(sqla_url *url, sqla_error *err)
{
    if (url == NULL) {
        sqla__error_set(err, SQLA_ERR_MISUSE, "there is no URL");
        return NULL;
    }
    if (url->failure.status == SQLA_OK)
        return url->now.text;
    sqla__error_give(err, &url->failure, url->failure.status);
    sqla__error_init(&url->failure);
    return NULL;
}

const char *sqla_url_masked(const sqla_url *url) { return url != NULL ? url->now.masked : NULL; }
