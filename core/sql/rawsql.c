/* rawsql.c: named parameters in raw SQL. A scanner that knows just enough to leave alone what only looks like
 * a parameter: quotes, comments, casts, assignments and slices. Which of them there are, and how they end,
 * the dialect says (sqla_traits.syntax).
 *
 * Brackets are counted, since a colon inside them may part the two ends of a slice: it does when an operand
 * stands right before it, as in [a:b], and begins a parameter when none does and there is one of that name,
 * as in [:n].
 *
 * A list (sqla_array) in IN (:ids), NOT IN (:ids), = ANY(:ids) or <> ALL(:ids) is one parameter where the
 * database has arrays, so that the text is the same for any number of items and is prepared once, and as many
 * as it has items elsewhere. */
#include <config.h>
#include "sql/compile.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"

/* A word or a character that was passed: where it stands in the source, and where in the text that is made of it. */
typedef struct token { const char *source; size_t length, at; } token;
enum { TOKENS = 4 };

typedef struct scanner {
    token tokens[TOKENS];      /* the last ones, the newest first; no blanks and no comments */
    const char *start, *at;
    const char *const *names;  /* that are given */
    const sqla_value *values;
    const char *model;         /* whose fields the names are, some of which the text may leave out; NULL: they are all to be in it */
    size_t count;
    sqla__hash places;         /* from a name to the place of the first of that name in names */
    bool *used;
    const sqla_traits *traits;
    int brackets;              /* how many [ are open */
    char last;                 /* the last character of SQL that was no blank and no comment */
    bool native;               /* the text has placeholders of the database's own */
    sqla__buf text;
    SQLA__VEC(sqla_value) found;
    SQLA__VEC(const char *) found_names;
    SQLA__VEC(sqla__shift) shifts;
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

/* What begins at s->at is the newest token. */
static void note(scanner *s, size_t length)
{
    memmove(s->tokens + 1, s->tokens, (TOKENS - 1) * sizeof s->tokens[0]);
    s->tokens[0] = (token){ s->at, length, s->text.length };
}

static bool begins_character(char c) { return ((unsigned char)c & 0xc0) != 0x80; }

/* The place of p in a text: characters, counted from 1. */
static int32_t position_of(const char *text, const char *p)
{
    int32_t position = 1;
    for (; text < p; text++)
        position += begins_character(*text);
    return position;
}

static sqla_status placed(scanner *s, const char *p)
{
    s->err->position = position_of(s->start, p);
    return s->err->status;
}

/* The text goes on with what is at `source`. written: in our words. */
static sqla_status part(scanner *s, const char *source, bool written)
{
    const sqla__shift shift = { s->text.length, (size_t)(source - s->start), written };
    return sqla__vec_push(&s->shifts, shift) ? SQLA_OK : sqla__error_nomem(s->err);
}

static sqla_status not_closed(scanner *s, const char *what)
{
    sqla__error_set(s->err, SQLA_ERR_SQL, "%s in the statement is not closed", what);
    return placed(s, s->at);
}

/* ---- what is passed over ------------------------------------------------------------------------------------------- */

static bool has(const scanner *s, uint64_t syntax)
{
    return (s->traits->syntax & syntax) != 0;
}

/* From an opening quote to its end, where two quotes in a row stand for one; escapes: a backslash hides what follows. */
static sqla_status one_quoted(scanner *s, bool escapes)
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

static const char *skip_blanks(const char *p, const char *blanks)
{
    for (;;) {
        p += strspn(p, blanks);
        if (p[0] != '-' || p[1] != '-')
            return p;
        p += strcspn(p, "\n\r");
    }
}

/* The quote in which a text with backslashes goes on: it is parted from the one before by blanks and comments
 * with the end of a line among them. NULL: there is none. */
static const char *continuation(const scanner *s)
{
    const char *p = skip_blanks(s->at, " \t\f\v");
    if (*p != '\n' && *p != '\r')
        return NULL;
    p = skip_blanks(p, " \t\r\n\f\v");
    return *p == '\'' ? p : NULL;
}

static sqla_status quoted(scanner *s, bool escapes)
{
    bool goes_on = escapes && *s->at == '\'' && has(s, SQLA_SYNTAX_ESCAPE_TEXT);
    sqla_status status = one_quoted(s, escapes);
    for (const char *next; status == SQLA_OK && goes_on && (next = continuation(s)) != NULL;) {
        keep(s, (size_t)(next - s->at));
        status = one_quoted(s, true);
    }
    return status;
}

static sqla_status bracketed(scanner *s)
{
    const char *end = strchr(s->at, ']');
    if (end == NULL)
        return not_closed(s, "a name in brackets");
    keep(s, (size_t)(end + 1 - s->at));
    s->last = ']';
    return SQLA_OK;
}

/* E'...' is a text with backslashes; the E stands alone. */
static bool has_escapes(const scanner *s)
{
    return has(s, SQLA_SYNTAX_ESCAPE_TEXT) && s->at > s->start && (s->at[-1] == 'E' || s->at[-1] == 'e') &&
           (s->at - s->start < 2 || !in_word(s->at[-2]));
}

/* Does a comment begin that goes to the end of the line? */
static bool is_line_comment(const scanner *s)
{
    const char *p = s->at;
    if (*p == '#')
        return has(s, SQLA_SYNTAX_HASH_COMMENT);
    return p[0] == '-' && p[1] == '-' &&
           (!has(s, SQLA_SYNTAX_DASH_BLANK) || (unsigned char)p[2] <= ' ' || p[2] == 0x7f);
}

/* What begins here is read by the server like any other text; only its ends look like those of a comment. */
static bool is_code_comment(const scanner *s)
{
    return has(s, SQLA_SYNTAX_CODE_COMMENT) && (s->at[2] == '!' || (s->at[2] == 'M' && s->at[3] == '!'));
}

/* Comments nest where the dialect has it so; elsewhere the first end is the end. One that has none is
 * forgiven, as some databases do. */
static void block_comment(scanner *s)
{
    const char *p = s->at + 2;
    bool nest = has(s, SQLA_SYNTAX_NESTED_COMMENT);
    if (is_code_comment(s)) {
        keep(s, s->at[2] == '!' ? 3 : 4);
        return;
    }
    for (int depth = 1; *p != '\0' && depth > 0;) {
        if (nest && p[0] == '/' && p[1] == '*')
            depth++, p += 2;
        else if (p[0] == '*' && p[1] == '/')
            depth--, p += 2;
        else
            p++;
    }
    keep(s, (size_t)(p - s->at));
}

/* $tag$ ... $tag$; $1 and, in some dialects, $name are placeholders of the database's own; any other dollar
 * is only a dollar. */
static sqla_status dollar(scanner *s)
{
    const char *p = s->at + 1;
    s->native = s->native || (s->traits->placeholder == SQLA_PLACEHOLDER_DOLLAR && is_digit(*p)) ||
                (has(s, SQLA_SYNTAX_DOLLAR_NAME) && in_word(*p));
    while (in_word(*p))
        p++;
    if (*p != '$' || is_digit(s->at[1]) || !has(s, SQLA_SYNTAX_DOLLAR_TEXT)) {
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
    const char *const *place = sqla__hash_get(&s->places, name, n);
    return place != NULL ? (size_t)(place - s->names) : s->count;
}

/* Of two that have one name, the first is found. */
static sqla_status index_names(scanner *s)
{
    for (size_t i = 0; i < s->count; i++) {
        size_t n = strlen(s->names[i]);
        if (find(s, s->names[i], n) == s->count &&
            !sqla__hash_put(&s->places, s->names[i], n, (void *)(uintptr_t)&s->names[i]))
            return sqla__error_nomem(s->err);
    }
    return SQLA_OK;
}

static size_t word_length(const char *text)
{
    size_t n = 0;
    while (in_word(text[n]))
        n++;
    return n;
}

/* Where a list may stand as one parameter, expand_whole puts it. */
static sqla_status refuse_list(scanner *s, const char *name)
{
    sqla__error_set(s->err, SQLA_ERR_UNSUPPORTED,
        "%s has no arrays: ':%.60s' is a list, or has one among its items", s->traits->dialect, name);
    return placed(s, s->at);
}

static sqla_status add_parameter(scanner *s, const char *name, sqla_value value)
{
    if (!sqla__vec_reserve(&s->found_names, s->found_names.count + 1) || !sqla__vec_push(&s->found, value))
        return sqla__error_nomem(s->err);
    s->found_names.items[s->found_names.count++] = name;
    sqla__placeholder(&s->text, s->traits, (uint32_t)s->found.count);
    return SQLA_OK;
}

/* Where a list may stand: alone in the parentheses behind one of these. start: of the operator, in the text. */
typedef enum place { ELSEWHERE, BEHIND_IN, BEHIND_NOT_IN, BEHIND_ANY, BEHIND_ALL } place;

static bool is_token(const token *t, const char *text)
{
    return t->source != NULL && t->length == strlen(text) && strncasecmp(t->source, text, t->length) == 0;
}

/* Do two characters make one operator? */
static bool is_pair(const token *first, const token *second, const char *text)
{
    return first->source != NULL && first->source + 1 == second->source && first->source[0] == text[0] && second->source[0] == text[1];
}

static place place_of(const scanner *s, size_t name_length, const token **ret_operator)
{
    const token *t = s->tokens; /* "(" is t[0], the word before it t[1] */
    const char *behind = s->at + 1 + name_length;
    bool alone = is_token(&t[0], "(") && behind[strspn(behind, " \t\r\n\f\v")] == ')';
    if (alone && is_token(&t[1], "in"))
        return *ret_operator = &t[is_token(&t[2], "not") ? 2 : 1], is_token(&t[2], "not") ? BEHIND_NOT_IN : BEHIND_IN;
    if (alone && is_token(&t[1], "all") && (is_pair(&t[3], &t[2], "<>") || is_pair(&t[3], &t[2], "!=")))
        return *ret_operator = &t[3], BEHIND_ALL;
    bool equal = is_token(&t[2], "=") && (t[3].source == NULL || t[3].source + 1 != t[2].source || strchr("<>!=~@&|#*/%^+-", t[3].source[0]) == NULL);
    if (alone && equal && (is_token(&t[1], "any") || is_token(&t[1], "some")))
        return *ret_operator = &t[2], BEHIND_ANY;
    return ELSEWHERE;
}

/* Write another operator in the place of the one that begins there, up to the parameter. */
static sqla_status replace_operator(scanner *s, const token *operator, const char *text)
{
    size_t start = operator->at;
    if (s->text.broken)
        return sqla__error_nomem(s->err);
    s->text.length = start;
    s->text.data[start] = '\0';
    while (s->shifts.count > 0 && s->shifts.items[s->shifts.count - 1].text >= start)
        s->shifts.count--;
    sqla_status status = part(s, operator->source, true);
    if (start > 0 && strchr(" \t\r\n\f\v", s->text.data[start - 1]) == NULL)
        sqla__buf_add_char(&s->text, ' ');
    sqla__buf_add(&s->text, text);
    return status == SQLA_OK ? part(s, s->at, true) : status;
}

/* One parameter for all. The parentheses are in the text already. */
static sqla_status expand_whole(scanner *s, size_t i)
{
    const char *template = s->traits->list, *at = strstr(template, "{param}");
    size_t before = at != NULL ? (size_t)(at - template) : 0;
    sqla__buf_add_n(&s->text, template, before);
    sqla_status status = add_parameter(s, s->names[i], s->values[i]);
    sqla__buf_add(&s->text, at != NULL ? at + strlen("{param}") : "");
    return status;
}

/* One parameter an item. No item: a subquery that gives no row, which every database takes, and of which IN is false even for NULL. */
static sqla_status expand(scanner *s, size_t i, place where, const token *operator)
{
    sqla_value list = s->values[i];
    uint32_t n = list.type == SQLA_ARRAY ? list.as.array.count : 1;
    if (where == ELSEWHERE || n == UINT32_MAX) {
        sqla__error_set(s->err, SQLA_ERR_UNSUPPORTED, "%s has no arrays: the list ':%.60s' can stand in IN (:%.60s), = ANY(:%.60s) or <> ALL(:%.60s) alone",
                        s->traits->dialect, s->names[i], s->names[i], s->names[i], s->names[i]);
        return placed(s, s->at);
    }
    if ((where == BEHIND_ANY || where == BEHIND_ALL) && replace_operator(s, operator, where == BEHIND_ANY ? "IN (" : "NOT IN (") != SQLA_OK)
        return SQLA_ERR_NOMEM;
    if (n > SQLA__LONG_LIST && s->traits->list != NULL)
        return expand_whole(s, i);
    if (n == 0)
        sqla__buf_add(&s->text, "SELECT NULL WHERE 1 = 0");
    for (uint32_t item = 0; item < n; item++) {
        sqla_value value = list.type == SQLA_ARRAY ? sqla_array_at(list, item) : list;
        sqla__buf_add(&s->text, item > 0 ? ", " : "");
        if (value.type == SQLA_ARRAY)
            return refuse_list(s, s->names[i]);
        if (add_parameter(s, s->names[i], value) != SQLA_OK)
            return SQLA_ERR_NOMEM;
    }
    return SQLA_OK;
}

/* Each place gets a parameter of its own: places of one name may be of different types. A number needs something between it and a
 * word before it, as in LIMIT:n. */
static sqla_status use(scanner *s, size_t i)
{
    const token *operator = NULL;
    size_t n = strlen(s->names[i]);
    bool list = s->values[i].type == SQLA_ARRAY, arrays = (s->traits->features & SQLA_FEATURE_ARRAYS) != 0;
    place where = list || s->values[i].type == SQLA_NULL ? place_of(s, n, &operator) : ELSEWHERE;
    sqla_status status = part(s, s->at, true);
    s->used[i] = true;
    if (status != SQLA_OK)
        return status;
    if (!arrays && (list || where == BEHIND_ANY || where == BEHIND_ALL)) {
        status = expand(s, i, where, operator);
    } else {
        if (list && (where == BEHIND_IN || where == BEHIND_NOT_IN))
            status = replace_operator(s, operator, where == BEHIND_IN ? "= ANY(" : "<> ALL(");
        else if (s->at > s->start && in_word(s->at[-1]))
            sqla__buf_add_char(&s->text, ' ');
        if (status == SQLA_OK)
            status = add_parameter(s, s->names[i], s->values[i]);
    }
    note(s, n + 1);
    s->at += n + 1;
    s->last = '?';
    return status == SQLA_OK ? part(s, s->at, false) : status;
}

static sqla_status no_value(scanner *s, size_t n)
{
    char name[64];
    size_t length = n < sizeof name - 1 ? n : sizeof name - 1;
    memcpy(name, s->at + 1, length);
    name[length] = '\0';
    if (s->model != NULL)
        sqla__error_set(s->err, SQLA_ERR_MISUSE, "parameter ':%s' is no field of '%s'", name, s->model);
    else
        sqla__error_set(s->err, SQLA_ERR_MISUSE, "parameter ':%s' has no value", name);
    const char *near = sqla__text_nearest(name, s->names, s->count);
    if (near != NULL)
        sqla__error_hint(s->err, "did you mean ':%s'?", near);
    else if (s->model == NULL)
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
        note(s, 2);
        keep(s, 2);
        s->last = '=';
        return SQLA_OK;
    }
    if (n == 0 || is_slice(s, i < s->count)) {
        note(s, 1);
        keep(s, 1);
        s->last = ':';
        return SQLA_OK;
    }
    return i < s->count ? use(s, i) : no_value(s, n);
}

/* ---- the scan ------------------------------------------------------------------------------------------------------ */

/* What begins here and is passed over as a whole. *ret_done: there was such a thing. */
static sqla_status pass(scanner *s, bool *ret_done)
{
    *ret_done = true;
    switch (*s->at) {
    case '\'':
        return quoted(s, has(s, SQLA_SYNTAX_BACKSLASH) || has_escapes(s));
    case '"':
        return quoted(s, has(s, SQLA_SYNTAX_BACKSLASH));
    case '$':
        return dollar(s);
    case ':':
        return colon(s);
    case '`':
        if (has(s, SQLA_SYNTAX_BACKTICK))
            return quoted(s, false);
        break;
    case '[':
        if (has(s, SQLA_SYNTAX_BRACKET))
            return bracketed(s);
        break;
    }
    *ret_done = false;
    return SQLA_OK;
}

/* A word is taken whole, so that a dollar or an E inside one begins nothing. */
static sqla_status step(scanner *s)
{
    char c = *s->at, next = s->at[1];
    bool line = is_line_comment(s), comment = line || (c == '/' && next == '*'), done,
         blank = strchr(" \t\r\n\f\v", c) != NULL;
    if (!comment && !blank && c != ':' && !in_word(c))
        note(s, 1);
    sqla_status status = pass(s, &done);
    if (done)
        return status;
    if (line) {
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
        note(s, n);
        keep(s, n);
        return SQLA_OK;
    }
    s->brackets += c == '[' ? 1 : c == ']' && s->brackets > 0 ? -1 : 0;
    s->native = s->native || (c == '?' && s->traits->placeholder == SQLA_PLACEHOLDER_QUESTION) ||
                ((c == '@' || c == '#') && has(s, SQLA_SYNTAX_DOLLAR_NAME) && in_word(next));
    if (!blank)
        s->last = c;
    keep(s, 1);
    return SQLA_OK;
}

static sqla_status check_given(const scanner *s)
{
    for (size_t i = 0; s->model == NULL && i < s->count; i++) {
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

/* ---- where an error is --------------------------------------------------------------------------------------------- */

void sqla__compiled_locate(const sqla__compiled *compiled, sqla_error *err)
{
    if (compiled->shift_count == 0 || err->position <= 0)
        return;
    size_t at = 0, i = compiled->shift_count;
    for (int32_t left = err->position - 1; at < compiled->length && (left > 0 || !begins_character(compiled->text[at])); at++)
        left -= begins_character(compiled->text[at]);
    while (i > 0 && compiled->shifts[i - 1].text > at)
        i--;
    if (i == 0)
        return;
    const sqla__shift *shift = &compiled->shifts[i - 1];
    err->position = position_of(compiled->source, compiled->source + shift->source + (shift->written ? 0 : at - shift->text));
}

static sqla_status keep_shifts(const scanner *s, sqla__arena *arena, sqla__compiled *ret)
{
    if (s->shifts.count == 0)
        return SQLA_OK;
    ret->source = s->start;
    ret->shift_count = s->shifts.count;
    ret->shifts = (const sqla__shift *)(const void *)sqla__arena_copy(arena, s->shifts.items, s->shifts.count * sizeof *s->shifts.items);
    return ret->shifts != NULL ? SQLA_OK : sqla__error_nomem(s->err);
}

static sqla_status compile(scanner *s, sqla__arena *arena, sqla__compiled *ret)
{
    if (!sqla__utf8_valid(s->start, strlen(s->start)))
        return sqla__error_set(s->err, SQLA_ERR_DATA, "the statement is not valid UTF-8");
    s->at = s->start;
    s->last = ' ';
    s->used = sqla__alloc_zero(s->count + 1, sizeof *s->used);
    sqla_status status = s->used != NULL ? index_names(s) : sqla__error_nomem(s->err);
    if (status == SQLA_OK)
        status = scan(s);
    if (status == SQLA_OK)
        status = sqla__compiled_finish(arena, &s->text, s->found.items, s->found_names.items, s->found.count, ret, s->err);
    if (status == SQLA_OK)
        status = keep_shifts(s, arena, ret);
    sqla__vec_release(&s->shifts);
    sqla__buf_release(&s->text);
    sqla__vec_release(&s->found);
    sqla__vec_release(&s->found_names);
    sqla__hash_release(&s->places);
    sqla__free(s->used);
    return status;
}

sqla_status sqla__compile_raw(const char *sql, const char *const *names, const sqla_value *values, size_t n, const sqla_traits *traits,
                              sqla__arena *arena, sqla__compiled *ret, sqla_error *err)
{
    scanner s = { .start = sql, .names = names, .values = values, .count = n, .traits = traits, .err = err };
    return compile(&s, arena, ret);
}

/* ---- the fields of structs ----------------------------------------------------------------------------------------- */

/* Fields first, so that one is found before a column of another that has its name. */
static const char **names_of(const sqla__mapping *mapping, sqla__arena *arena)
{
    uint32_t n = mapping->column_count;
    const char **names = sqla__arena_zero(arena, 2 * (size_t)n + 1, sizeof *names);
    for (uint32_t i = 0; names != NULL && i < n; i++) {
        names[i] = mapping->columns[i].item->field;
        names[n + i] = mapping->columns[i].name;
    }
    return names;
}

/* The column of mapping that a slot stands for, by the very name that was given for it. */
static const sqla__mapped_column *column_of(const sqla__mapping *mapping, const char *const *names, const sqla_slot *slot)
{
    uint32_t i = 0;
    while (names[i] != slot->name)
        i++;
    return &mapping->columns[i % mapping->column_count];
}

/* From values to fields. Each column is once in columns, however often it is named. */
static void read_fields(const sqla__mapping *mapping, const char *const *names, sqla_slot *slots, uint32_t n, sqla__mapped_column *columns,
                        sqla__mapping *used)
{
    *used = *mapping;
    used->columns = columns;
    used->column_count = 0;
    used->converts = false;
    for (uint32_t i = 0; i < n; i++) {
        const sqla__mapped_column *column = column_of(mapping, names, &slots[i]);
        uint32_t at = 0;
        slots[i] = column->slot;
        slots[i].column = (int32_t)i;
        while (at < used->column_count && columns[at].index != column->index)
            at++;
        columns[at] = *column;
        used->column_count += at == used->column_count;
        used->converts = used->converts || column->item->conversion != NULL;
    }
}

sqla_status sqla__compile_raw_rows(const char *sql, const sqla__mapping *mapping, const sqla_traits *traits, sqla__arena *arena, sqla__compiled *ret,
                                   sqla__mapping *used, sqla_error *err)
{
    size_t n = 2 * (size_t)mapping->column_count;
    const char **names = names_of(mapping, arena);
    sqla_value *values = sqla__arena_zero(arena, n + 1, sizeof *values);
    sqla__mapped_column *columns = sqla__arena_zero(arena, mapping->column_count + 1, sizeof *columns);
    if (names == NULL || values == NULL || columns == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; i < n; i++)
        values[i] = sqla_value_bool(false); /* no list, and not NULL, which might be one */
    scanner s = { .start = sql, .names = names, .values = values, .count = n, .model = mapping->model->name, .traits = traits, .err = err };
    sqla_status status = compile(&s, arena, ret);
    if (status != SQLA_OK)
        return status;
    sqla_slot *slots = sqla__arena_zero(arena, ret->count + 1, sizeof *slots);
    if (slots == NULL)
        return sqla__error_nomem(err);
    if (ret->count > 0)
        memcpy(slots, ret->plan.slots, ret->count * sizeof *slots);
    read_fields(mapping, names, slots, ret->count, columns, used);
    ret->plan.slots = slots;
    ret->values = NULL;
    return SQLA_OK;
}
