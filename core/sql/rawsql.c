/* rawsql.c: named parameters in raw SQL. A scanner that knows just enough to leave alone what only looks like a parameter: quotes,
 * comments, dollar quotes (PostgreSQL's manual, "Lexical Structure"), casts, assignments and slices.
 *
 * Brackets are counted, since a colon inside them may part the two ends of a slice: it does when an operand stands right before
 * it, as in [a:b], and begins a parameter when none does and there is one of that name, as in [:n]. */
#include <config.h>
#include "sql/compile.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"

typedef struct scanner {
    const char *start, *at;
    const char *const *names;  /* that are given */
    const sqla_value *values;
    size_t count;
    bool *used;
    const sqla_traits *traits;
    int brackets;              /* how many [ are open */
    char last;                 /* the last character of SQL that was no blank and no comment */
    bool native;               /* the text has placeholders of the database's own */
    sqla__buf text;
    SQLA__VEC(sqla_value) found;
    SQLA__VEC(const char *) found_names;
    sqla_error *err;
} scanner;

static bool starts_word(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool in_word(char c) { return starts_word(c) || is_digit(c); }

static void keep(scanner *s, size_t n)
{
    sqla__buf_add_n(&s->text, s->at, n);
    s->at += n;
}

/* Put the place of p into the error: characters, counted from 1. */
static sqla_status placed(scanner *s, const char *p)
{
    int32_t position = 1;
    for (const char *at = s->start; at < p; at++)
        position += ((unsigned char)*at & 0xc0) != 0x80;
    s->err->position = position;
    return s->err->status;
}

static sqla_status not_closed(scanner *s, const char *what)
{
    sqla__error_set(s->err, SQLA_ERR_SQL, "%s in the statement is not closed", what);
    return placed(s, s->at);
}

/* ---- what is passed over ------------------------------------------------------------------------------------------- */

/* From an opening quote to its end, where two quotes in a row stand for one; escapes: a backslash hides what follows. */
static sqla_status quoted(scanner *s, bool escapes)
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
    if (*p == '\0')
        return not_closed(s, "a quote");
    keep(s, (size_t)(p + 1 - s->at));
    s->last = quote;
    return SQLA_OK;
}

/* E'...' is a text with backslashes; the E stands alone. */
static bool has_escapes(const scanner *s)
{
    return s->at > s->start && (s->at[-1] == 'E' || s->at[-1] == 'e') && (s->at - s->start < 2 || !in_word(s->at[-2]));
}

/* Comments nest, as the standard has it. SQLite ends them at the first end, and forgives one that has none; so do we. */
static void block_comment(scanner *s)
{
    const char *p = s->at + 2;
    for (int depth = 1; *p != '\0' && depth > 0;) {
        if (p[0] == '/' && p[1] == '*')
            depth++, p += 2;
        else if (p[0] == '*' && p[1] == '/')
            depth--, p += 2;
        else
            p++;
    }
    keep(s, (size_t)(p - s->at));
}

/* $tag$ ... $tag$; $1 is a placeholder of the database's own; any other dollar is only a dollar. */
static sqla_status dollar(scanner *s)
{
    const char *p = s->at + 1;
    s->native = s->native || is_digit(*p);
    while (in_word(*p))
        p++;
    if (*p != '$' || is_digit(s->at[1])) {
        keep(s, 1);
        s->last = '$';
        return SQLA_OK;
    }
    size_t tag = (size_t)(p - s->at) + 1;
    for (p++; *p != '\0' && strncmp(p, s->at, tag) != 0; p++)
        ;
    if (*p == '\0')
        return not_closed(s, "a dollar quote");
    keep(s, (size_t)(p - s->at) + tag);
    s->last = '\'';
    return SQLA_OK;
}

/* ---- parameters ---------------------------------------------------------------------------------------------------- */

/* The given parameter of that name; count: there is none. */
static size_t find(const scanner *s, const char *name, size_t n)
{
    size_t i = 0;
    while (i < s->count && (strlen(s->names[i]) != n || memcmp(s->names[i], name, n) != 0))
        i++;
    return i;
}

static size_t word_length(const char *text)
{
    size_t n = 0;
    while (in_word(text[n]))
        n++;
    return n;
}

/* Each place gets a parameter of its own: places of one name may be of different types. A number needs something between it and a
 * word before it, as in LIMIT:n. */
static sqla_status use(scanner *s, size_t i)
{
    s->used[i] = true;
    if (!sqla__vec_reserve(&s->found_names, s->found_names.count + 1) || !sqla__vec_push(&s->found, s->values[i]))
        return sqla__error_nomem(s->err);
    s->found_names.items[s->found_names.count++] = s->names[i];
    if (s->at > s->start && in_word(s->at[-1]))
        sqla__buf_add_char(&s->text, ' ');
    sqla__placeholder(&s->text, s->traits, (uint32_t)s->found.count);
    s->at += strlen(s->names[i]) + 1;
    s->last = '?';
    return SQLA_OK;
}

static sqla_status no_value(scanner *s, size_t n)
{
    char name[64];
    size_t length = n < sizeof name - 1 ? n : sizeof name - 1;
    memcpy(name, s->at + 1, length);
    name[length] = '\0';
    sqla__error_set(s->err, SQLA_ERR_MISUSE, "parameter ':%s' has no value", name);
    const char *near = sqla__text_nearest(name, s->names, s->count);
    if (near != NULL)
        sqla__error_hint(s->err, "did you mean ':%s'?", near);
    else
        sqla__error_hint(s->err, "give it one with sqla_bind or sqla_params");
    return placed(s, s->at);
}

static bool ends_operand(char c) { return in_word(c) || strchr(")]'\"`?$", c) != NULL; }

/* Does the colon part the ends of a slice?  given: a parameter of the name behind it is. A word with a blank before the colon may be
 * AND as well as a column. */
static bool is_slice(const scanner *s, bool given)
{
    if (s->brackets == 0)
        return false;
    if (ends_operand(s->at[-1]))
        return true;
    return !given && (s->last == '[' || ends_operand(s->last));
}

static sqla_status colon(scanner *s)
{
    size_t n = starts_word(s->at[1]) ? word_length(s->at + 1) : 0, i = find(s, s->at + 1, n);
    if (s->at[1] == ':' || s->at[1] == '=') {
        keep(s, 2);
        s->last = '=';
        return SQLA_OK;
    }
    if (n == 0 || is_slice(s, i < s->count)) {
        keep(s, 1);
        s->last = ':';
        return SQLA_OK;
    }
    return i < s->count ? use(s, i) : no_value(s, n);
}

/* ---- the scan ------------------------------------------------------------------------------------------------------ */

/* A word is taken whole, so that a dollar or an E inside one begins nothing. */
static sqla_status step(scanner *s)
{
    char c = *s->at, next = s->at[1];
    if (c == '\'')
        return quoted(s, has_escapes(s));
    if (c == '"' || c == '`')
        return quoted(s, false);
    if (c == '$')
        return dollar(s);
    if (c == ':')
        return colon(s);
    if (c == '-' && next == '-') {
        keep(s, strcspn(s->at, "\n"));
        return SQLA_OK;
    }
    if (c == '/' && next == '*') {
        block_comment(s);
        return SQLA_OK;
    }
    if (in_word(c)) {
        size_t n = 1;
        while (in_word(s->at[n]) || s->at[n] == '$')
            n++;
        s->last = s->at[n - 1];
        keep(s, n);
        return SQLA_OK;
    }
    s->brackets += c == '[' ? 1 : c == ']' && s->brackets > 0 ? -1 : 0;
    s->native = s->native || (c == '?' && s->traits->placeholder == SQLA_PLACEHOLDER_QUESTION);
    if (strchr(" \t\r\n\f\v", c) == NULL)
        s->last = c;
    keep(s, 1);
    return SQLA_OK;
}

static sqla_status check_given(const scanner *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (find(s, s->names[i], strlen(s->names[i])) != i)
            return sqla__error_set(s->err, SQLA_ERR_MISUSE, "parameter ':%.60s' is given twice", s->names[i]);
        if (!s->used[i])
            return sqla__error_set(s->err, SQLA_ERR_MISUSE, "parameter ':%.60s' is given, and the statement has none of that name", s->names[i]);
    }
    if (s->native && (s->found.count > 0 || s->traits->placeholder == SQLA_PLACEHOLDER_QUESTION)) {
        sqla__error_set(s->err, SQLA_ERR_MISUSE, "the statement has placeholders of %s's own, which get no value", s->traits->dialect);
        sqla__error_hint(s->err, "write all parameters as :name");
        return s->err->status;
    }
    return SQLA_OK;
}

static sqla_status scan(scanner *s)
{
    sqla_status status = SQLA_OK;
    while (status == SQLA_OK && *s->at != '\0')
        status = step(s);
    return status == SQLA_OK ? check_given(s) : status;
}

sqla_status sqla__compile_raw(const char *sql, const char *const *names, const sqla_value *values, size_t n, const sqla_traits *traits,
                              sqla__arena *arena, sqla__compiled *ret, sqla_error *err)
{
    if (!sqla__utf8_valid(sql, strlen(sql)))
        return sqla__error_set(err, SQLA_ERR_DATA, "the statement is not valid UTF-8");
    scanner s = { .start = sql, .at = sql, .names = names, .values = values, .count = n, .traits = traits, .last = ' ', .err = err };
    s.used = sqla__alloc_zero(n + 1, sizeof *s.used);
    sqla_status status = s.used != NULL ? scan(&s) : sqla__error_nomem(err);
    if (status == SQLA_OK)
        status = sqla__compiled_finish(arena, &s.text, s.found.items, s.found_names.items, s.found.count, ret, err);
    sqla__buf_release(&s.text);
    sqla__vec_release(&s.found);
    sqla__vec_release(&s.found_names);
    sqla__free(s.used);
    return status;
}
