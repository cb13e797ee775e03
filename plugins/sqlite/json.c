/* json.c: is a text JSON? By RFC 8259, as the other databases ask before they keep one.
 *
 * SQLite's own json_valid() is not among the functions that a schema may use when it is not trusted, and some
 * libraries are built without it. So the one that the checks of our tables call is this, under the same name,
 * for other programs to find their own.
 *
 * No function calls itself: what is open is kept as one bit a level, for as many levels as SQLite's own
 * functions take. */
#include <config.h>
#include "sqlite.h"

#include <string.h>

enum { DEEPEST = 1000 };

typedef struct parser {
    const char *at, *end;
    int depth;
    unsigned char objects[DEEPEST / 8 + 1]; /* is the list at this depth an object? */
} parser;

static void skip_blanks(parser *p)
{
    while (p->at < p->end && strchr(" \t\n\r", *p->at) != NULL && *p->at != '\0')
        p->at++;
}

static bool take(parser *p, char c)
{
    bool found = p->at < p->end && *p->at == c;
    p->at += found;
    return found;
}

static bool digits(parser *p)
{
    const char *start = p->at;
    while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
        p->at++;
    return p->at > start;
}

static bool number(parser *p)
{
    (void)take(p, '-');
    if (!take(p, '0') && !digits(p))
        return false;
    if (take(p, '.') && !digits(p))
        return false;
    if (!take(p, 'e') && !take(p, 'E'))
        return true;
    if (!take(p, '+'))
        (void)take(p, '-');
    return digits(p);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool escape(parser *p)
{
    char c = p->at < p->end ? *p->at++ : '\0';
    if (c != 'u')
        return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
    for (int i = 0; i < 4; i++, p->at++) {
        if (p->at == p->end || !is_hex(*p->at))
            return false;
    }
    return true;
}

static bool string(parser *p)
{
    if (!take(p, '"'))
        return false;
    while (p->at < p->end) {
        unsigned char c = (unsigned char)*p->at++;
        if (c == '"')
            return true;
        if (c < 0x20 || (c == '\\' && !escape(p)))
            return false;
    }
    return false;
}

static bool word(parser *p, const char *text)
{
    size_t n = strlen(text);
    bool found = (size_t)(p->end - p->at) >= n && memcmp(p->at, text, n) == 0;
    p->at += found ? n : 0;
    return found;
}

static bool key(parser *p)
{
    skip_blanks(p);
    if (!string(p))
        return false;
    skip_blanks(p);
    return take(p, ':');
}

static bool is_object(const parser *p)
{
    return (p->objects[p->depth / 8] >> p->depth % 8 & 1) != 0;
}

static bool open_list(parser *p, bool object)
{
    if (++p->depth > DEEPEST)
        return false;
    p->objects[p->depth / 8] = (unsigned char)((p->objects[p->depth / 8] & ~(1u << p->depth % 8)) |
                                               (unsigned)object << p->depth % 8);
    return true;
}

/* What a value ends: the lists that close behind it, and the comma and key before the next. */
static bool step_on(parser *p)
{
    for (skip_blanks(p); p->depth > 0; skip_blanks(p)) {
        bool object = is_object(p);
        if (take(p, ','))
            return !object || key(p);
        if (!take(p, object ? '}' : ']'))
            return false;
        p->depth--;
    }
    return p->at == p->end;
}

/* A value, or the beginning of a list that is not empty, of which the first value is next. */
static bool begin_value(parser *p, bool *ret_ended)
{
    skip_blanks(p);
    char c = p->at < p->end ? *p->at : '\0';
    *ret_ended = true;
    if (c == '{' || c == '[') {
        p->at++;
        if (!open_list(p, c == '{'))
            return false;
        skip_blanks(p);
        if (p->at < p->end && *p->at == (c == '{' ? '}' : ']'))
            return true;
        *ret_ended = false;
        return c == '[' || key(p);
    }
    return c == '"'   ? string(p)
           : c == 't' ? word(p, "true")
           : c == 'f' ? word(p, "false")
           : c == 'n' ? word(p, "null")
                      : number(p);
}

bool sqlite__json_valid(const char *text, size_t n)
{
    parser p = { .at = text, .end = text + n };
    for (;;) {
        bool ended;
        if (!begin_value(&p, &ended))
            return false;
        if (ended && !step_on(&p))
            return false;
        if (ended && p.depth == 0)
            return p.at == p.end;
    }
}

static void json_valid(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    if (sqlite3_value_type(values[0]) == SQLITE_NULL)
        return;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    if (text == NULL)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_int(context, sqlite__json_valid(text, (size_t)sqlite3_value_bytes(values[0])));
}

int sqlite__make_json_valid(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    return sqlite3_create_function_v2(db, "json_valid", 1, flags, NULL, json_valid, NULL, NULL, NULL);
}
