/* rawsql.c: named parameters in raw SQL. A scanner that knows just enough to leave alone what only looks like a parameter: quotes,
 * comments, dollar quotes (PostgreSQL's manual, "Lexical Structure"), casts, assignments and slices. */
#include <config.h>
#include "sql/compile.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"

typedef struct scanner {
    const char *start, *at;
    const char *const *names;
    const sqla_value *values;
    size_t count;
    bool *used;
    const sqla_traits *traits;
    sqla__buf text;
    SQLA__VEC(sqla_value) found;
    sqla_error *err;
} scanner;

static bool starts_word(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool in_word(char c) { return starts_word(c) || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80; }

static void keep(scanner *s, size_t n)
{
    sqla__buf_add_n(&s->text, s->at, n);
    s->at += n;
}

/* From an opening quote to its end, where two quotes in a row stand for one; escapes: a backslash hides what follows. */
static void quoted(scanner *s, bool escapes)
{
    char quote = *s->at;
    const char *p = s->at + 1;
    for (; *p != '\0'; p++) {
        if (escapes && *p == '\\' && p[1] != '\0')
            p++;
        else if (*p == quote && p[1] == quote)
            p++;
        else if (*p == quote)
            break;
    }
    keep(s, (size_t)(p - s->at) + (*p != '\0'));
}

static void line_comment(scanner *s) { keep(s, strcspn(s->at, "\n")); }

static void block_comment(scanner *s)
{
    const char *p = s->at + 2;
    for (int depth = 1; *p != '\0' && depth > 0; p++) {
        if (p[0] == '/' && p[1] == '*')
            depth++, p++;
        else if (p[0] == '*' && p[1] == '/')
            depth--, p++;
    }
    keep(s, (size_t)(p - s->at));
}

/* $tag$ ... $tag$; a lone dollar is only a dollar. */
static void dollar(scanner *s)
{
    const char *p = s->at + 1;
    while (in_word(*p))
        p++;
    if (*p != '$' || (s->at[1] >= '0' && s->at[1] <= '9')) {
        keep(s, 1);
        return;
    }
    size_t tag = (size_t)(p - s->at) + 1;
    for (p++; *p != '\0' && strncmp(p, s->at, tag) != 0; p++)
        ;
    keep(s, (size_t)(p - s->at) + (*p != '\0' ? tag : 0));
}

static sqla_status at_position(scanner *s)
{
    s->err->position = (int32_t)(s->at - s->start) + 1;
    return s->err->status;
}

static sqla_status use(scanner *s, size_t i)
{
    s->used[i] = true;
    if (!sqla__vec_push(&s->found, s->values[i]))
        return sqla__error_nomem(s->err);
    sqla__placeholder(&s->text, s->traits, (uint32_t)s->found.count);
    return SQLA_OK;
}

static sqla_status parameter(scanner *s)
{
    const char *name = s->at + 1;
    size_t n = 0;
    while (in_word(name[n]))
        n++;
    for (size_t i = 0; i < s->count; i++) {
        if (strlen(s->names[i]) == n && memcmp(s->names[i], name, n) == 0) {
            s->at += n + 1;
            return use(s, i);
        }
    }
    char copy[64];
    size_t length = n < sizeof copy - 1 ? n : sizeof copy - 1;
    memcpy(copy, name, length);
    copy[length] = '\0';
    sqla__error_set(s->err, SQLA_ERR_MISUSE, "parameter ':%s' has no value", copy);
    const char *near = sqla__text_nearest(copy, s->names, s->count);
    if (near != NULL)
        sqla__error_hint(s->err, "did you mean ':%s'?", near);
    return at_position(s);
}

/* A colon behind a word, a bracket or another colon belongs to a slice, a cast or an assignment. */
static bool is_parameter(const scanner *s)
{
    char before = s->at > s->start ? s->at[-1] : ' ';
    return starts_word(s->at[1]) && before != ':' && !in_word(before) && before != ']';
}

static sqla_status step(scanner *s)
{
    char c = *s->at, next = s->at[1];
    bool after_word = s->at > s->start && in_word(s->at[-1]);
    switch (c) {
    case '\'': {
        bool e = after_word && (s->at[-1] == 'E' || s->at[-1] == 'e') && (s->at - s->start < 2 || !in_word(s->at[-2]));
        quoted(s, e);
        return SQLA_OK;
    }
    case '"': case '`': quoted(s, false); return SQLA_OK;
    case '-':
        if (next == '-') {
            line_comment(s);
            return SQLA_OK;
        }
        break;
    case '/':
        if (next == '*') {
            block_comment(s);
            return SQLA_OK;
        }
        break;
    case '$':
        if (!after_word) {
            dollar(s);
            return SQLA_OK;
        }
        break;
    case ':':
        if (next == ':' || next == '=') {
            keep(s, 2);
            return SQLA_OK;
        }
        if (is_parameter(s))
            return parameter(s);
        break;
    default: break;
    }
    keep(s, 1);
    return SQLA_OK;
}

static sqla_status check_used(const scanner *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (!s->used[i])
            return sqla__error_set(s->err, SQLA_ERR_MISUSE, "parameter '%.60s' is given, but the statement has no ':%.60s'", s->names[i], s->names[i]);
    return SQLA_OK;
}

sqla_status sqla__compile_raw(const char *sql, const char *const *names, const sqla_value *values, size_t n, const sqla_traits *traits,
                              sqla__arena *arena, sqla__compiled *ret, sqla_error *err)
{
    if (!sqla__utf8_valid(sql, strlen(sql)))
        return sqla__error_set(err, SQLA_ERR_DATA, "the statement is not valid UTF-8");
    scanner s = { .start = sql, .at = sql, .names = names, .values = values, .count = n, .traits = traits, .err = err };
    s.used = sqla__alloc_zero(n + 1, sizeof *s.used);
    sqla_status status = s.used != NULL ? SQLA_OK : sqla__error_nomem(err);
    while (status == SQLA_OK && *s.at != '\0') {
        size_t plain = strcspn(s.at, "'\"`-/$:");
        if (plain > 0)
            keep(&s, plain);
        else
            status = step(&s);
    }
    if (status == SQLA_OK)
        status = check_used(&s);
    if (status == SQLA_OK)
        status = sqla__compiled_finish(arena, &s.text, s.found.items, s.found.count, traits, ret, err);
    sqla__buf_release(&s.text);
    sqla__vec_release(&s.found);
    sqla__free(s.used);
    return status;
}
