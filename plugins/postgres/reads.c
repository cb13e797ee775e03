/* reads.c: what a statement does, by its words: what it may have done when its answer is lost, and what leaving it would undo.
 *
 *  * A statement outside of a transaction commits by itself, so whether it has happened is not known when
 * the link breaks under it. One that only reads can be run again at once, and is told from the others here,
 * by its words. The text is looked at after such a loss, and where it is cheap beside what follows. When in
 * doubt it may have written: a function may do anything, so those that are called must be known to change
 * nothing. */
#include <config.h>
#include "postgres.h"

#include <string.h>

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

static const char *skip_comment(const char *at)
{
    int depth = 0;
    do {
        bool opens = at[0] == '/' && at[1] == '*', closes = at[0] == '*' && at[1] == '/';
        depth += opens - closes;
        at += 1 + (opens || closes);
    } while (depth > 0 && *at != '\0');
    return at;
}

/* A quote that is doubled stands for itself; backslashes: so does what follows one. */
static const char *skip_quoted(const char *at, bool backslashes)
{
    char quote = *at++;
    while (*at != '\0' && (at[0] != quote || at[1] == quote)) {
        bool pair = at[0] == quote || (backslashes && at[0] == '\\' && at[1] != '\0');
        at += pair ? 2 : 1;
    }
    return at + (*at != '\0');
}

/* "$tag$ ... $tag$"; a lone dollar is a parameter's. */
static const char *skip_dollars(const char *at)
{
    size_t n = 1;
    while (is_in_word(at[n]) && at[n] != '$')
        n++;
    if (at[n] != '$' || (at[1] >= '0' && at[1] <= '9'))
        return at + 1;
    n++;
    for (const char *end = at + n; *end != '\0'; end++) {
        if (strncmp(end, at, n) == 0)
            return end + n;
    }
    return at + strlen(at);
}

static const char *skip_blank(const char *at)
{
    for (;;) {
        if (*at != '\0' && strchr(" \t\r\n\f\v", *at) != NULL)
            at++;
        else if (at[0] == '-' && at[1] == '-')
            at += strcspn(at, "\r\n");
        else if (at[0] == '/' && at[1] == '*')
            at = skip_comment(at);
        else
            return at;
    }
}

static const char *take_word(const char *at, word *w)
{
    const char *from = at, *end = at;
    w->quoted = *at == '"';
    if (w->quoted)
        end = skip_quoted(at, false);
    while (!w->quoted && is_in_word(*end))
        end++;
    size_t n = (size_t)(end - from) < sizeof w->text ? (size_t)(end - from) : 0;
    for (size_t i = 0; i < n; i++)
        w->text[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] + 32) : from[i];
    w->text[n] = '\0';
    if (!w->quoted && *end == '\'')
        end = skip_quoted(end, strcmp(w->text, "e") == 0);
    w->called = *skip_blank(end) == '(';
    return end;
}

/* The next word, and the place behind it. NULL: there is none. *first stays true until the first word of a
 * statement. */
static const char *next_word(const char *at, bool *first, word *w)
{
    w->before = ' ';
    for (at = skip_blank(at); *at != '\0'; at = skip_blank(at)) {
        if (is_letter(*at) || *at == '"') {
            w->first = *first;
            *first = false;
            return take_word(at, w);
        }
        w->before = *at;
        *first = *first || *at == ';';
        at = *at == '\'' ? skip_quoted(at, false) : *at == '$' ? skip_dollars(at) : at + 1;
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

static const char *const readers[] = { "select", "values", "table", "with", "show", "explain", "fetch",
    "move" };
/* What they change ends with the session. */
static const char *const passing[] = { "begin", "start", "savepoint", "release", "rollback", "abort", "set",
    "reset", "discard", "listen", "unlisten", "deallocate", "declare", "close" };
static const char *const writers[] = { "insert", "update", "delete", "merge", "into", "analyze", "nextval",
    "setval", "prepared" };

/* Words that stand before a parenthesis without calling anything, and functions that change nothing. */
static const char *const harmless[] = {
    "in", "values", "and", "or", "not", "exists", "any", "all", "some", "over", "as", "on", "using", "from",
    "where", "select", "when", "then", "else", "by", "having", "union", "intersect", "except", "join",
    "filter", "sets", "rollup", "cube", "group", "lateral", "row", "array", "cast", "limit", "offset",
    "between", "like", "ilike", "distinct", "materialized", "recursive", "with", "explain", "is", "case",
    "varchar", "char", "character", "varying", "numeric", "decimal", "timestamp", "timestamptz", "time",
    "interval", "bit", "float", "count", "sum", "avg", "min", "max", "coalesce", "nullif", "greatest",
    "least", "lower", "upper", "initcap", "length", "char_length", "character_length", "octet_length",
    "substring", "substr", "trim", "ltrim", "rtrim", "btrim", "replace", "translate", "position", "strpos",
    "concat", "concat_ws", "left", "right", "lpad", "rpad", "repeat", "reverse", "split_part",
    "starts_with", "format", "md5", "encode", "decode", "ascii", "chr", "quote_ident", "quote_literal",
    "regexp_replace", "regexp_match", "regexp_matches", "regexp_split_to_array", "abs", "round", "ceil",
    "ceiling", "floor", "trunc", "mod", "power", "sqrt", "sign", "exp", "ln", "log", "random",
    "width_bucket", "now", "clock_timestamp", "statement_timestamp", "date", "date_trunc", "date_part",
    "extract", "age", "to_char", "to_date", "to_timestamp", "to_number", "make_date", "make_time",
    "make_timestamp", "make_interval", "current_timestamp", "localtimestamp", "row_number", "rank",
    "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value",
    "nth_value", "string_agg", "array_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg",
    "bool_and", "bool_or", "every", "to_json", "to_jsonb", "row_to_json", "json_build_object",
    "jsonb_build_object", "json_build_array", "jsonb_build_array", "jsonb_set", "json_array_elements",
    "jsonb_array_elements", "json_array_length", "jsonb_array_length", "json_each", "jsonb_each",
    "json_typeof", "jsonb_typeof", "json_extract_path", "jsonb_extract_path", "jsonb_path_query",
    "jsonb_path_exists", "jsonb_pretty", "array_length", "array_position", "array_append", "array_remove",
    "array_to_string", "string_to_array", "cardinality", "unnest", "generate_series", "generate_subscripts",
    "gen_random_uuid", "to_tsvector", "to_tsquery", "plainto_tsquery", "websearch_to_tsquery", "ts_rank",
    "stddev", "variance", "percentile_cont", "percentile_disc", "mode", "grouping", "pg_typeof", "version",
    "pg_sleep", "current_setting", "current_database", "current_schema", "current_schemas",
    "pg_backend_pid", "pg_is_in_recovery", "to_regclass", "obj_description", "col_description",
    "format_type", "pg_get_expr", "pg_table_is_visible", "has_table_privilege", "pg_table_size",
    "pg_total_relation_size", "pg_relation_size", "pg_database_size", "pg_size_pretty", "pg_column_size",
};

/* Names that a statement gives itself have lists of columns behind them: WITH t (n), AS v (n). */
static bool gives_name(const char *before)
{
    return strcmp(before, "as") == 0 || strcmp(before, "with") == 0 || strcmp(before, "recursive") == 0;
}

/* Does it call what may change something? */
static bool calls_unknown(const word *w, const char *before)
{
    if (!w->called || gives_name(before))
        return false;
    bool elsewhere = w->before == '.' && strcmp(before, "pg_catalog") != 0;
    return w->quoted || elsewhere || !IS_IN(harmless, w->text);
}

static bool may_write(const word *w, const char *before)
{
    if (w->first && !IS_IN(readers, w->text) && !IS_IN(passing, w->text))
        return true;
    if (!w->quoted &&
        IS_IN(writers, w->text)) /* FOR UPDATE and FOR NO KEY UPDATE take locks, which end with the session */
        return strcmp(w->text, "update") != 0 || (strcmp(before, "for") != 0 && strcmp(before, "key") != 0);
    return calls_unknown(w, before);
}

bool postgres__only_reads(const char *text)
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

/* FOR UPDATE, FOR NO KEY UPDATE, FOR SHARE and FOR KEY SHARE lock; UPDATE elsewhere changes rows. */
static void note_deed(postgres__deeds *deeds, const word *w, const char *before)
{
    static const char *const changes[] = { "insert", "update", "delete", "merge", "into" };
    bool update = strcmp(w->text, "update") == 0;
    bool lock = !w->quoted && (update || strcmp(w->text, "share") == 0) &&
                (strcmp(before, "for") == 0 || strcmp(before, "key") == 0);
    deeds->locks |= lock;
    deeds->writes |= !lock && !w->quoted && IS_IN(changes, w->text);
    deeds->calls |= calls_unknown(w, before);
}

postgres__deeds postgres__deeds_of(const char *text)
{
    static const char *const queries[] = { "select", "with", "values", "table" };
    postgres__deeds deeds = { false, false, false, false };
    word w = { .text = "" };
    char before[sizeof w.text] = "";
    bool first = true;
    while ((text = next_word(text, &first, &w)) != NULL) {
        if (w.first)
            deeds.queries = IS_IN(queries, w.text);
        note_deed(&deeds, &w, before);
        memcpy(before, w.text, sizeof before);
    }
    return deeds;
}

bool postgres__ends_transaction(const char *text)
{
    static const char *const ends[] = { "commit", "end", "prepare" };
    word w = { .text = "" };
    bool first = true, several = strchr(text, ';') != NULL, found = false;
    do {
        text = next_word(text, &first, &w);
        found = text != NULL && w.first && IS_IN(ends, w.text);
    } while (text != NULL && several && !found);
    return found;
}

bool postgres__has_word(const char *text, const char *sought)
{
    word w;
    bool first = true;
    while ((text = next_word(text, &first, &w)) != NULL) {
        if (!w.quoted && strcmp(w.text, sought) == 0)
            return true;
    }
    return false;
}

bool postgres__gives_rows(const char *text)
{
    word w;
    bool first = true;
    text = next_word(text, &first, &w);
    bool reads =
        text != NULL && IS_IN(readers, w.text) && strcmp(w.text, "with") != 0 && strcmp(w.text, "move") != 0;
    return reads && !postgres__has_word(text, "into");
}

bool postgres__gives_no_rows(const char *text)
{
    static const char *const verbs[] = { "insert", "update", "delete", "merge", "create", "alter", "drop",
        "truncate", "commit", "end", "prepare", "do", "grant", "revoke", "comment", "lock", "notify" };
    word w;
    bool first = true;
    text = next_word(text, &first, &w);
    return text != NULL && (IS_IN(verbs, w.text) || IS_IN(passing, w.text)) &&
           !postgres__has_word(text, "returning");
}

/* Statements that commit on their way, such as CALL and VACUUM, are not undone as a whole. */
bool postgres__is_undone(const char *text)
{
    static const char *const verbs[] = { "insert", "update", "delete", "merge" };
    word w;
    bool first = true;
    text = next_word(text, &first, &w);
    return text != NULL && (IS_IN(readers, w.text) || IS_IN(verbs, w.text));
}
