/* url.c: database URLs, taken apart strictly.
 *
 * A URL that is wrong is refused with the place of the mistake and the way to write it right. Nothing that may be a part of a
 * password is ever quoted, and as it is the mistakes that move a password to where a host or a query belongs (a raw '@', '/'
 * or '?' in it), no text of the URL is quoted at all, except names of query keys once the authority is known to be sound.
 * What the parts mean is the driver's affair. */
#include <config.h>
#include "base/url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"

enum { URL_MAX = 16 * 1024, QUERY_MAX = 64, KEY_MAX = 64 };

/* A piece of the URL as it was written. */
typedef struct piece { const char *at, *end; } piece;

typedef struct parser {
    const char *text, *end;
    sqla__arena *arena;
    sqla__url *url;
    sqla_error *err;
    const char **keys, **values;
    sqla__url_span *spans;
} parser;

#define WRITE_IT "write it as scheme://user:password@host:port/database?key=value"

/* Refuse the URL: the mistake is at `at`. Positions count characters, from 1. */
#define refuse(p, at, ...) (sqla__error_set((p)->err, SQLA_ERR_CONFIG, __VA_ARGS__), place((p), (at)))

static int32_t position_of(const char *text, const char *at)
{
    int32_t position = 1;
    for (const char *c = text; c < at; c++)
        position += ((unsigned char)*c & 0xc0) != 0x80;
    return position;
}

static sqla_status place(parser *p, const char *at)
{
    p->err->position = position_of(p->text, at);
    return SQLA_ERR_CONFIG;
}

static const char *find(piece in, char c)
{
    return in.at < in.end ? memchr(in.at, c, (size_t)(in.end - in.at)) : NULL;
}

static const char *find_any(const char *at, const char *end, const char *set)
{
    while (at < end && strchr(set, *at) == NULL)
        at++;
    return at;
}

/* ---- decoding -------------------------------------------------------------------------------------------------- */

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The text of a piece with its percent escapes undone. what: its name, for messages. An empty piece gives "". */
static sqla_status decode(parser *p, piece in, const char *what, const char **ret)
{
    size_t n = 0;
    char *text = sqla__arena_take(p->arena, (size_t)(in.end - in.at) + 1);
    if (text == NULL)
        return sqla__error_nomem(p->err);
    for (const char *c = in.at; c < in.end; c++) {
        if (*c != '%') {
            text[n++] = *c;
            continue;
        }
        int high = in.end - c > 2 ? hex(c[1]) : -1, low = in.end - c > 2 ? hex(c[2]) : -1;
        if (high < 0 || low < 0) {
            sqla_status status = refuse(p, c, "cannot read the URL: a '%%' in the %s is not followed by two hexadecimal digits", what);
            sqla__error_hint(p->err, "write a percent sign itself as %%25");
            return status;
        }
        if (high == 0 && low == 0)
            return refuse(p, c, "cannot read the URL: the %s holds %%00, and no text may hold a NUL", what);
        text[n++] = (char)(high * 16 + low);
        c += 2;
    }
    text[n] = '\0';
    if (!sqla__utf8_valid(text, n))
        return refuse(p, in.at, "cannot read the URL: the %s is not valid UTF-8", what);
    *ret = text;
    return SQLA_OK;
}

/* The same, where an empty text counts as not given. */
static sqla_status decode_part(parser *p, piece in, const char *what, const char **ret)
{
    const char *text = NULL;
    sqla_status status = in.at != NULL ? decode(p, in, what, &text) : SQLA_OK;
    if (status == SQLA_OK && text != NULL && text[0] != '\0')
        *ret = text;
    return status;
}

/* ---- scheme ---------------------------------------------------------------------------------------------------- */

/* C:\folder\file.db, as it is written elsewhere. */
static bool is_drive(piece text)
{
    return text.end - text.at > 3 && ((text.at[0] >= 'a' && text.at[0] <= 'z') || (text.at[0] >= 'A' && text.at[0] <= 'Z')) &&
           text.at[1] == ':' && (text.at[2] == '\\' || text.at[2] == '/');
}

/* A path that may be shown: nothing in it can be a password. */
static bool is_bare_path(piece text)
{
    piece rest = { text.at + (is_drive(text) ? 2 : 0), text.end };
    return text.at < text.end && text.end - text.at <= 100 && find_any(rest.at, rest.end, "@:=?%") == rest.end;
}

/* No "://": most likely a path, or a slash that was forgotten. It is quoted only when it cannot hold a password. */
static sqla_status refuse_bare(parser *p)
{
    char path[128];
    sqla_status status = refuse(p, p->text, "cannot read the URL: it has no 'scheme://'");
    if (!is_bare_path((piece){ p->text, p->end })) {
        sqla__error_hint(p->err, WRITE_IT ", or sqlite:///file.db for a file");
        return status;
    }
    snprintf(path, sizeof path, "%s", p->text);
    for (char *c = path; is_drive((piece){ p->text, p->end }) && (c = strchr(c, '\\')) != NULL; c++)
        *c = '/';
    sqla__error_hint(p->err, "for a SQLite file write sqlite:///%s", path);
    return status;
}

static sqla_status parse_scheme(parser *p, const char *end)
{
    piece whole = { p->text, end };
    const char *plus = find(whole, '+');
    piece scheme = { p->text, plus != NULL ? plus : end };
    if (!sqla__driver_name_valid(scheme.at, (size_t)(scheme.end - scheme.at))) {
        sqla_status status = refuse(p, scheme.at, "cannot read the URL: the scheme is not a name");
        sqla__error_hint(p->err, "a scheme is a small letter, then up to 31 small letters, digits and '_', as in postgres://host/database");
        return status;
    }
    if (plus != NULL && !sqla__driver_name_valid(plus + 1, (size_t)(end - plus - 1))) {
        sqla_status status = refuse(p, plus + 1, "cannot read the URL: what follows the '+' is not the name of a driver");
        sqla__error_hint(p->err, "a driver's name is a small letter, then up to 31 small letters, digits and '_'; it is never a file");
        return status;
    }
    p->url->scheme = sqla__arena_copy(p->arena, scheme.at, (size_t)(scheme.end - scheme.at));
    if (plus != NULL)
        p->url->driver = sqla__arena_copy(p->arena, plus + 1, (size_t)(end - plus - 1));
    bool copied = p->url->scheme != NULL && (plus == NULL || p->url->driver != NULL);
    return copied ? SQLA_OK : sqla__error_nomem(p->err);
}

/* ---- authority ------------------------------------------------------------------------------------------------- */

static sqla_status parse_user(parser *p, piece user_info)
{
    const char *colon = find(user_info, ':');
    piece user = { user_info.at, colon != NULL ? colon : user_info.end };
    sqla_status status = decode_part(p, user, "user", &p->url->user);
    if (status != SQLA_OK || colon == NULL)
        return status;
    p->url->password_at = (size_t)(colon + 1 - p->text);
    p->url->password_length = (size_t)(user_info.end - colon - 1);
    return decode_part(p, (piece){ colon + 1, user_info.end }, "password", &p->url->password);
}

static sqla_status refuse_port(parser *p, piece port)
{
    sqla_status status = refuse(p, port.at, "cannot read the URL: a port is not a number from 1 to 65535");
    sqla__error_hint(p->err, "write host:5432, and in a password ':' as %%3A, '/' as %%2F, '?' as %%3F, '#' as %%23, '@' as %%40; an IPv6 "
                             "address stands in brackets, as in [::1]:5432");
    return status;
}

static sqla_status check_port(parser *p, piece port)
{
    int number = 0;
    if (port.at == port.end)
        return SQLA_OK;
    for (const char *c = port.at; c < port.end; c++) {
        if (*c < '0' || *c > '9' || port.end - port.at > 5)
            return refuse_port(p, port);
        number = number * 10 + (*c - '0');
    }
    return number >= 1 && number <= 65535 ? SQLA_OK : refuse_port(p, port);
}

/* Inside brackets: an IPv6 address, perhaps with a zone behind %25. Whether it is one is for the client library to say. */
static sqla_status parse_brackets(parser *p, piece one, piece *ret_host, piece *ret_port)
{
    const char *close = find(one, ']');
    if (close == NULL)
        return refuse(p, one.at, "cannot read the URL: a '[' in the host has no ']'");
    *ret_host = (piece){ one.at + 1, close };
    *ret_port = (piece){ close + 1, close + 1 };
    for (const char *c = one.at + 1; c < close && *c != '%'; c++) {
        if (hex(*c) < 0 && *c != ':' && *c != '.')
            return refuse(p, c, "cannot read the URL: what stands in brackets is not an IPv6 address");
    }
    if (close == one.at + 1)
        return refuse(p, close, "cannot read the URL: there is no address in the brackets");
    if (close + 1 == one.end)
        return SQLA_OK;
    if (close[1] != ':')
        return refuse(p, close + 1, "cannot read the URL: after an address in brackets only ':port' can stand");
    *ret_port = (piece){ close + 2, one.end };
    return SQLA_OK;
}

static sqla_status parse_host(parser *p, piece one, piece *ret_host, piece *ret_port)
{
    if (one.at < one.end && *one.at == '[')
        return parse_brackets(p, one, ret_host, ret_port);
    const char *colon = find(one, ':');
    *ret_host = (piece){ one.at, colon != NULL ? colon : one.end };
    *ret_port = colon != NULL ? (piece){ colon + 1, one.end } : (piece){ one.end, one.end };
    return SQLA_OK;
}

/* h1:5432,h2 gives "h1,h2" and "5432,": the lists run side by side. */
static sqla_status parse_hosts(parser *p, piece hosts, sqla__buf *host_list, sqla__buf *port_list)
{
    bool any_port = false;
    for (const char *at = hosts.at; at <= hosts.end; at++) {
        piece one = { at, find_any(at, hosts.end, ",") }, host, port;
        const char *decoded = "";
        sqla_status status = parse_host(p, one, &host, &port);
        if (status == SQLA_OK)
            status = check_port(p, port);
        if (status == SQLA_OK)
            status = decode(p, host, "host", &decoded);
        if (status != SQLA_OK)
            return status;
        if (decoded[0] == '\0' && find(hosts, ',') != NULL)
            return refuse(p, one.at, "cannot read the URL: a host in the list is empty");
        if (strchr(decoded, ',') != NULL)
            return refuse(p, one.at, "cannot read the URL: a host holds an escaped comma");
        sqla__buf_add(host_list, at > hosts.at ? "," : "");
        sqla__buf_add(host_list, decoded);
        sqla__buf_add(port_list, at > hosts.at ? "," : "");
        sqla__buf_add_n(port_list, port.at, (size_t)(port.end - port.at));
        any_port = any_port || port.at < port.end;
        at = one.end;
    }
    if (!any_port)
        sqla__buf_clear(port_list);
    return SQLA_OK;
}

static sqla_status keep_list(parser *p, const sqla__buf *list, const char **ret)
{
    if (list->broken)
        return sqla__error_nomem(p->err);
    if (list->length == 0)
        return SQLA_OK;
    *ret = sqla__arena_copy(p->arena, list->data, list->length);
    return *ret != NULL ? SQLA_OK : sqla__error_nomem(p->err);
}

/* In a URL with an authority one raw '@' may stand, and only there: a second one, before or behind the host, is part of a
 * password that was not escaped more often than anything else. */
static sqla_status check_at_signs(parser *p, piece authority, const char **ret_at)
{
    const char *first = find(authority, '@');
    const char *from = first != NULL ? first + 1 : authority.end;
    const char *second = authority.at < authority.end ? find((piece){ from, p->end }, '@') : NULL;
    *ret_at = first;
    if (second == NULL)
        return SQLA_OK;
    sqla_status status = first != NULL && second < authority.end
        ? refuse(p, second, "cannot read the URL: there is a second '@' before the database")
        : refuse(p, second, "cannot read the URL: there is an '@' behind the host");
    sqla__error_hint(p->err, "write '@' as %%40 everywhere but before the host, and in a password '/' as %%2F, '?' as %%3F, '#' as %%23");
    return status;
}

static sqla_status parse_authority(parser *p, piece authority)
{
    sqla__buf hosts = { 0 }, ports = { 0 };
    const char *at;
    sqla_status status = check_at_signs(p, authority, &at);
    if (status == SQLA_OK && at != NULL)
        status = parse_user(p, (piece){ authority.at, at });
    if (status == SQLA_OK)
        status = parse_hosts(p, (piece){ at != NULL ? at + 1 : authority.at, authority.end }, &hosts, &ports);
    if (status == SQLA_OK)
        status = keep_list(p, &hosts, &p->url->host);
    if (status == SQLA_OK)
        status = keep_list(p, &ports, &p->url->port);
    sqla__buf_release(&hosts);
    sqla__buf_release(&ports);
    return status;
}

/* ---- query ----------------------------------------------------------------------------------------------------- */

bool sqla__url_key_is_secret(const char *key)
{
    static const char *const parts[] = { "password", "passwd", "secret", "token" };
    size_t n = strlen(key);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcasestr(key, parts[i]) != NULL)
            return true;
    }
    if (n > 4 && strcasecmp(key + n - 4, "_key") == 0)
        return true;
    return strcasecmp(key, "pwd") == 0 || strcasecmp(key, "key") == 0 || strcasecmp(key, "hexkey") == 0;
}

static bool key_is_valid(const char *key)
{
    size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    return n > 0 && n <= KEY_MAX && key[n] == '\0';
}

static sqla_status refuse_twice(parser *p, const char *at, const char *key)
{
    sqla_status status = refuse(p, at, "cannot read the URL: '%s' is given twice", key);
    sqla__error_hint(p->err, "give each part and each key once");
    return status;
}

/* host, port, user, password and database may stand in the query, where a folder of sockets needs no escapes. */
static const char **part_named(sqla__url *url, const char *key)
{
    return strcmp(key, "host") == 0 ? &url->host : strcmp(key, "port") == 0 ? &url->port :
           strcmp(key, "user") == 0 ? &url->user : strcmp(key, "password") == 0 ? &url->password :
           strcmp(key, "database") == 0 ? &url->database : NULL;
}

static sqla_status check_port_list(parser *p, piece in, const char *list)
{
    if (find(in, '%') != NULL)
        return refuse_port(p, in);
    for (const char *at = list;; at++) {
        const char *end = at + strcspn(at, ",");
        const char *raw = in.at + (at - list);
        sqla_status status = check_port(p, (piece){ raw, raw + (end - at) });
        if (status != SQLA_OK || *end == '\0')
            return status;
        at = end;
    }
}

static sqla_status keep_pair(parser *p, piece key_piece, const char *key, piece value_piece, const char *value)
{
    const char **part = part_named(p->url, key);
    p->spans[p->url->span_count++] = (sqla__url_span){ key, (size_t)(key_piece.at - p->text), (size_t)(value_piece.at - p->text),
                                                       (size_t)(value_piece.end - value_piece.at) };
    if (part == NULL) {
        p->keys[p->url->query_count] = key;
        p->values[p->url->query_count++] = value;
        return SQLA_OK;
    }
    if (*part != NULL)
        return refuse_twice(p, key_piece.at, key);
    sqla_status status = part == &p->url->port ? check_port_list(p, value_piece, value) : SQLA_OK;
    if (value[0] != '\0')
        *part = value;
    return status;
}

static sqla_status parse_pair(parser *p, piece pair)
{
    const char *equals = find(pair, '='), *key = NULL, *value = NULL;
    if (equals == NULL) {
        sqla_status status = refuse(p, pair.at, "cannot read the URL: a part of the query has no '='");
        sqla__error_hint(p->err, "write ?key=value&key=value, and '&' in a value as %%26");
        return status;
    }
    piece key_piece = { pair.at, equals }, value_piece = { equals + 1, pair.end };
    sqla_status status = decode(p, key_piece, "key of a query", &key);
    if (status == SQLA_OK && !key_is_valid(key))
        status = refuse(p, pair.at, "cannot read the URL: a key of the query is not a name of letters, digits, '_', '.' and '-'");
    if (status == SQLA_OK)
        status = decode(p, value_piece, "value of a query key", &value);
    for (size_t i = 0; status == SQLA_OK && i < p->url->query_count; i++) {
        if (strcasecmp(p->keys[i], key) == 0)
            status = refuse_twice(p, pair.at, key);
    }
    return status == SQLA_OK ? keep_pair(p, key_piece, key, value_piece, value) : status;
}

static sqla_status parse_query(parser *p, piece query)
{
    size_t count = 0;
    if (query.at == query.end)
        return SQLA_OK;
    p->keys = sqla__arena_zero(p->arena, QUERY_MAX, sizeof *p->keys);
    p->values = sqla__arena_zero(p->arena, QUERY_MAX, sizeof *p->values);
    p->spans = sqla__arena_zero(p->arena, QUERY_MAX, sizeof *p->spans);
    if (p->keys == NULL || p->values == NULL || p->spans == NULL)
        return sqla__error_nomem(p->err);
    p->url->spans = p->spans;
    p->url->keys = p->keys;
    p->url->values = p->values;
    for (const char *at = query.at; at <= query.end; at++) {
        piece pair = { at, find_any(at, query.end, "&") };
        if (count++ == QUERY_MAX)
            return refuse(p, at, "cannot read the URL: it has more than %d query keys", (int)QUERY_MAX);
        sqla_status status = parse_pair(p, pair);
        if (status != SQLA_OK)
            return status;
        at = pair.end;
    }
    return SQLA_OK;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static sqla_status check_characters(parser *p, const char *authority_end)
{
    for (const char *c = p->text; c < p->end; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte < 0x20 || byte == 0x7f || (byte == ' ' && c < authority_end)) {
            sqla_status status = refuse(p, c, "cannot read the URL: there is a %s in it", byte == ' ' ? "space" : "control character");
            sqla__error_hint(p->err, "write it as %%%02X", byte);
            return status;
        }
        if (byte == '#') {
            sqla_status status = refuse(p, c, "cannot read the URL: there is a '#' in it");
            sqla__error_hint(p->err, "write it as %%23");
            return status;
        }
    }
    if (!sqla__utf8_valid(p->text, (size_t)(p->end - p->text)))
        return refuse(p, p->text, "cannot read the URL: it is not valid UTF-8");
    return SQLA_OK;
}

static sqla_status parse(parser *p)
{
    const char *colon = strstr(p->text, "://");
    if (colon == NULL)
        return refuse_bare(p);
    piece authority = { colon + 3, find_any(colon + 3, p->end, "/?") };
    const char *query = find_any(authority.end, p->end, "?");
    bool has_path = authority.end < p->end && *authority.end == '/';
    piece path = { has_path ? authority.end + 1 : NULL, has_path ? query : NULL };
    sqla_status status = parse_scheme(p, colon);
    if (status == SQLA_OK)
        status = check_characters(p, authority.end);
    if (status == SQLA_OK)
        status = parse_authority(p, authority);
    if (status == SQLA_OK)
        status = decode_part(p, path, "database", &p->url->database);
    if (status == SQLA_OK && query < p->end)
        status = parse_query(p, (piece){ query + 1, p->end });
    return status;
}

sqla_status sqla__url_parse(const char *text, sqla__arena *arena, sqla__url *ret, sqla_error *err)
{
    sqla__url url = { .text = text };
    if (text == NULL)
        return sqla__error_set(err, SQLA_ERR_CONFIG, "cannot read the URL: there is none");
    size_t length = strnlen(text, URL_MAX + 1);
    if (length > URL_MAX)
        return sqla__error_set(err, SQLA_ERR_CONFIG, "cannot read the URL: it is longer than %d bytes", (int)URL_MAX);
    parser p = { .text = text, .end = text + length, .arena = arena, .url = &url, .err = err };
    sqla_status status = parse(&p);
    if (status == SQLA_OK)
        *ret = url;
    return status;
}

static void add_masked(sqla__buf *buf, const char *text, size_t *at, size_t secret_at, size_t length)
{
    if (length == 0)
        return;
    sqla__buf_add_n(buf, text + *at, secret_at - *at);
    sqla__buf_add(buf, "***");
    *at = secret_at + length;
}

const char *sqla__url_mask(const sqla__url *url, bool (*is_secret)(const void *arg, const char *key), const void *arg, sqla__arena *arena)
{
    sqla__buf buf = { 0 };
    size_t at = 0;
    add_masked(&buf, url->text, &at, url->password_at, url->password_length);
    for (size_t i = 0; i < url->span_count; i++) {
        const sqla__url_span *span = &url->spans[i];
        if (is_secret(arg, span->key))
            add_masked(&buf, url->text, &at, span->value_at, span->value_length);
    }
    sqla__buf_add(&buf, url->text + at);
    const char *masked = buf.broken ? NULL : sqla__arena_copy(arena, buf.data, buf.length);
    sqla__buf_release(&buf);
    return masked;
}

void sqla__url_place(const sqla__url *url, const char *key, sqla_error *err)
{
    for (size_t i = 0; i < url->span_count; i++) {
        if (strcmp(url->spans[i].key, key) == 0)
            err->position = position_of(url->text, url->text + url->spans[i].key_at);
    }
}
