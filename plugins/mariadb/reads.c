/* reads.c: what a statement may have done when its answer is lost, or when it is over.
 *
 *  * A statement outside of a transaction commits by itself, and inside of one there are those that commit
 * it first; so whether they have happened is not known when the link breaks under them. One that only reads
 * can be run again at once, and is told from the others here, by its words. When in doubt it may have
 * written: a function may do anything, so those that are called must be known to change nothing. */
#include <config.h>
#include "mariadb.h"

#include <string.h>
#include <strings.h>

/* ---- the text ------------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The place behind blanks and comments. Those that the server executes are none. */
const char *mariadb__skip_blank(const char *at)
{
    for (;;) {
        while (is_blank(*at))
            at++;
        bool dashes = at[0] == '-' && at[1] == '-' && (at[2] == '\0' || strchr(" \t\r\n", at[2]) != NULL);
        if (at[0] == '#' || dashes) {
            at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*' && at[2] != '!' && strncmp(at + 2, "M!", 2) != 0) {
            const char *end = strstr(at + 2, "*/");
            at = end != NULL ? end + 2 : at + strlen(at);
        } else {
            return at;
        }
    }
}

/* A quote that is doubled opens the next one at once, which comes to the same. */
bool mariadb__is_several(const char *text)
{
    for (const char *at = mariadb__skip_blank(text); *at != '\0'; at = mariadb__skip_blank(at)) {
        if (*at == ';')
            return *mariadb__skip_blank(at + 1 + strspn(at + 1, "; \t\r\n")) != '\0';
        const char *end = strchr("'\"`", *at) != NULL ? strchr(at + 1, *at) : at;
        at = end != NULL ? end + 1 : at + strlen(at);
    }
    return false;
}

bool mariadb__is_writing(const char *text)
{
    static const char *const verbs[] = { "insert", "replace", "update", "delete" };
    const char *at = mariadb__skip_blank(text);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strncasecmp(at, verbs[i], strlen(verbs[i])) == 0)
            return true;
    }
    return false;
}

/* ---- words --------------------------------------------------------------------------------------------- */

/* A word of a statement, in small letters. One that is too long is none that is looked for. */
typedef struct word {
    char text[24];
    bool quoted, called; /* called: a parenthesis follows */
    bool first;          /* of its statement */
    char before;         /* what stands directly before it */
} word;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_in_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '$';
}

static const char *skip_quoted(const char *at)
{
    char quote = *at++;
    while (*at != '\0' && *at != quote)
        at += 1 + (quote != '`' && at[0] == '\\' && at[1] != '\0');
    return at + (*at != '\0');
}

static const char *take_word(const char *at, word *w)
{
    const char *from = at + (*at == '`'), *end = at;
    w->quoted = *at == '`';
    if (w->quoted)
        end = skip_quoted(at);
    while (!w->quoted && is_in_word(*end))
        end++;
    size_t n = (size_t)(end - from) < sizeof w->text ? (size_t)(end - from) : 0;
    for (size_t i = 0; i < n; i++)
        w->text[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] + 32) : from[i];
    w->text[n] = '\0';
    w->called = *mariadb__skip_blank(end) == '(';
    return end;
}

/* The next word, and the place behind it. NULL: there is none. *first stays true until the first word of a
 * statement. */
static const char *next_word(const char *at, bool *first, word *w)
{
    w->before = ' ';
    for (at = mariadb__skip_blank(at); *at != '\0'; at = mariadb__skip_blank(at)) {
        if (is_letter(*at) || *at == '`') {
            w->first = *first;
            *first = false;
            return take_word(at, w);
        }
        w->before = *at;
        *first = *first || *at == ';';
        at = *at == '\'' || *at == '"' ? skip_quoted(at) : at + 1;
    }
    return NULL;
}

static bool is_in(const char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], text) == 0)
            return true;
    }
    return false;
}
#define IS_IN(list, text) is_in(list, sizeof(list) / sizeof(list)[0], text)

/* ---- statements ---------------------------------------------------------------------------------------- */

static const char *const readers[] = { "select", "values", "with", "show", "explain", "describe", "desc",
    "help" };
/* What they change ends with the session. */
static const char *const passing[] = { "begin", "start", "savepoint", "release", "rollback", "set", "use",
    "do", "signal", "resignal" };
static const char *const writers[] = { "insert", "update", "delete", "into", "analyze", "nextval", "setval",
    "next", "call", "execute", "global", "password" };

/* Words that stand before a parenthesis without calling anything, and functions that change nothing. */
static const char *const harmless[] = {
    "in", "values", "and", "or", "xor", "not", "exists", "any", "all", "some", "over", "as", "on", "using",
    "from", "where", "select", "when", "then", "else", "by", "having", "union", "intersect", "except",
    "join", "group", "row", "cast", "convert", "limit", "offset", "between", "like", "rlike", "regexp",
    "distinct", "recursive", "with", "is", "case", "interval", "index", "key", "use", "force", "ignore",
    "against", "char", "varchar", "decimal", "binary", "float", "double", "datetime", "time", "timestamp",
    "date", "count", "sum", "avg", "min", "max", "std", "stddev", "variance", "bit_and", "bit_or",
    "bit_xor", "group_concat", "coalesce", "ifnull", "nullif", "if", "nvl", "greatest", "least", "lower",
    "upper", "lcase", "ucase", "length", "char_length", "character_length", "octet_length", "substring",
    "substr", "mid", "substring_index", "trim", "ltrim", "rtrim", "replace", "position", "locate", "instr",
    "concat", "concat_ws", "left", "right", "lpad", "rpad", "repeat", "reverse", "format", "md5", "sha1",
    "sha2", "hex", "unhex", "to_base64", "from_base64", "ascii", "ord", "quote", "strcmp", "field",
    "find_in_set", "elt", "regexp_replace", "regexp_substr", "regexp_instr", "abs", "round", "ceil",
    "ceiling", "floor", "truncate", "mod", "pow", "power", "sqrt", "sign", "exp", "ln", "log", "rand",
    "now", "sysdate", "curdate", "curtime", "current_date", "current_time", "current_timestamp",
    "utc_timestamp", "unix_timestamp", "from_unixtime", "date_format", "str_to_date", "date_add",
    "date_sub", "adddate", "subdate", "datediff", "timediff", "timestampdiff", "timestampadd", "extract",
    "year", "month", "day", "hour", "minute", "second", "week", "quarter", "dayofweek", "dayofyear",
    "last_day", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead",
    "first_value", "last_value", "nth_value", "json_extract", "json_value", "json_query", "json_unquote",
    "json_object", "json_array", "json_arrayagg", "json_objectagg", "json_contains", "json_length",
    "json_keys", "json_search", "json_set", "json_insert", "json_replace", "json_remove", "json_type",
    "json_valid", "json_table", "uuid", "version", "database", "schema", "user", "current_user",
    "connection_id", "sleep", "benchmark", "found_rows", "row_count", "inet_aton", "inet_ntoa", "match",
    "any_value", "collation", "charset",
};

/* Names that a statement gives itself have lists of columns behind them: WITH t (n), AS v (n). */
static bool gives_name(const char *before)
{
    return strcmp(before, "as") == 0 || strcmp(before, "with") == 0 || strcmp(before, "recursive") == 0;
}

static bool may_write(const word *w, const char *before)
{
    if (w->first && !IS_IN(readers, w->text) && !IS_IN(passing, w->text))
        return true;
    if (!w->quoted && IS_IN(writers, w->text)) /* FOR UPDATE takes locks, which end with the session */
        return strcmp(w->text, "update") != 0 || strcmp(before, "for") != 0;
    if (!w->called || gives_name(before))
        return false;
    return w->quoted || w->before == '.' || !IS_IN(harmless, w->text);
}

bool mariadb__only_reads(const char *text)
{
    word w = { .text = "" };
    char before[sizeof w.text] = "";
    bool first = true, reads = true;
    while (reads && (text = next_word(text, &first, &w)) != NULL) {
        reads = !may_write(&w, before);
        memcpy(before, w.text, sizeof before);
    }
    return reads;
}

/* Those that the server never commits for ("SQL statements that cause an implicit commit"), nor commit by
 * themselves. */
bool mariadb__keeps_transaction(const char *text)
{
    static const char *const keeps[] = { "insert", "update", "delete", "replace", "table", "savepoint",
        "release", "do", "set", "use", "kill", "handler", "deallocate", "signal", "resignal", "get" };
    word w;
    bool first = true, kept = true, rolls_back = false;
    if (mariadb__is_writing(text) && strchr(text, ';') == NULL) /* most are that, and some are long */
        return true;
    while (kept && (text = next_word(text, &first, &w)) != NULL) {
        if (w.first)
            rolls_back = strcmp(w.text, "rollback") == 0;
        kept = !w.first || rolls_back || IS_IN(readers, w.text) || IS_IN(keeps, w.text);
        kept = kept && strcmp(w.text, "autocommit") != 0 && !(rolls_back && strcmp(w.text, "chain") == 0);
    }
    return kept;
}

/* DDL, and others that say nothing but whether they worked. What a CALL gives, nobody knows before. */
bool mariadb__gives_no_rows(const char *text)
{
    static const char *const verbs[] = { "create", "alter", "drop", "truncate", "rename", "set", "do",
        "begin", "start", "commit", "rollback", "savepoint", "release", "lock", "unlock", "use", "grant",
        "revoke", "load", "flush", "kill" };
    word w = { .text = "" };
    bool first = true, returns = false, writes = mariadb__is_writing(text);
    for (const char *at = text; writes && !returns && (at = next_word(at, &first, &w)) != NULL;)
        returns = !w.quoted && strcmp(w.text, "returning") == 0;
    first = true;
    return writes ? !returns : next_word(text, &first, &w) != NULL && IS_IN(verbs, w.text);
}
