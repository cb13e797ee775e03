/* road.c: streams that may be left before their end, inside a transaction.
 *
 * A statement that runs can only be ended by a cancel, which fails the transaction. So a query that does
 * nothing but read has a savepoint before it: to leave it is to cancel it and to go back there. That would
 * also take back what the query did: locks of rows, and what functions of the program's own write. Such a
 * query is read by a cursor, in pieces, the next of which is on its way while one is read; that costs up
 * to half of the speed of a plain stream, since the server copies each piece. A statement that changes
 * rows is not left at all: it is read to its end, so that all of it is done. The text tells which is
 * which. */
#include <config.h>
#include "postgres.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- the text ------------------------------------------------------------------------------------------ */

static bool starts_word(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool in_word(char c) { return starts_word(c) || (c >= '0' && c <= '9') || c == '$'; }

static const char *skip_comment(const char *at)
{
    int depth = 0;
    if (at[0] == '-')
        return at + strcspn(at, "\n");
    do {
        bool opens = at[0] == '/' && at[1] == '*', closes = at[0] == '*' && at[1] == '/';
        depth += opens - closes;
        at += opens || closes ? 2 : 1;
    } while (depth > 0 && *at != '\0');
    return at;
}

static const char *skip_blank(const char *at)
{
    for (;;) {
        at += strspn(at, " \t\r\n\f\v");
        if (!(at[0] == '-' && at[1] == '-') && !(at[0] == '/' && at[1] == '*'))
            return at;
        at = skip_comment(at);
    }
}

/* escapes: a backslash hides what follows. */
static const char *skip_quoted(const char *at, bool escapes)
{
    char quote = *at++;
    while (*at != '\0' && (at[0] != quote || at[1] == quote)) {
        bool pair = at[0] == quote || (escapes && at[0] == '\\' && at[1] != '\0');
        at += pair ? 2 : 1;
    }
    return *at != '\0' ? at + 1 : at;
}

/* $tag$ ... $tag$, or one dollar. */
static const char *skip_dollar(const char *at)
{
    const char *tag_end = at + 1;
    while (in_word(*tag_end) && *tag_end != '$')
        tag_end++;
    if (*tag_end != '$' || (at[1] >= '0' && at[1] <= '9'))
        return at + 1;
    size_t tag = (size_t)(tag_end - at) + 1;
    for (const char *end = at + tag; *end != '\0'; end++) {
        if (strncmp(end, at, tag) == 0)
            return end + tag;
    }
    return at + strlen(at);
}

/* ---- words --------------------------------------------------------------------------------------------- */

/* What may stand before a parenthesis and changes nothing: words of the language, and functions of the
 * server that only reckon. */
static const char *const harmless[] = {
    "abs",
    "all",
    "and",
    "any",
    "array_agg",
    "as",
    "avg",
    "between",
    "bigint",
    "bool_and",
    "bool_or",
    "btrim",
    "by",
    "case",
    "cast",
    "ceil",
    "char",
    "char_length",
    "coalesce",
    "concat",
    "count",
    "date_part",
    "date_trunc",
    "decimal",
    "dense_rank",
    "distinct",
    "else",
    "except",
    "exists",
    "exp",
    "extract",
    "filter",
    "first_value",
    "floor",
    "from",
    "generate_series",
    "greatest",
    "group",
    "having",
    "in",
    "integer",
    "intersect",
    "interval",
    "join",
    "json_agg",
    "lag",
    "last_value",
    "lateral",
    "lead",
    "least",
    "left",
    "length",
    "like",
    "limit",
    "lower",
    "ltrim",
    "materialized",
    "max",
    "md5",
    "min",
    "mod",
    "not",
    "now",
    "nullif",
    "numeric",
    "octet_length",
    "offset",
    "on",
    "or",
    "order",
    "over",
    "partition",
    "position",
    "power",
    "random",
    "rank",
    "repeat",
    "replace",
    "right",
    "round",
    "row",
    "row_number",
    "rtrim",
    "select",
    "some",
    "sqrt",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "text",
    "then",
    "timestamp",
    "to_char",
    "to_date",
    "to_number",
    "to_timestamp",
    "trim",
    "trunc",
    "union",
    "unnest",
    "upper",
    "using",
    "values",
    "varchar",
    "when",
    "where",
    "with",
};

static bool is(const char *word, size_t n, const char *text)
{
    return strlen(text) == n && strncasecmp(word, text, n) == 0;
}

static bool is_one_of(const char *word, size_t n, const char *const *list, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        found = is(word, n, list[i]);
    return found;
}

typedef struct scan { const char *before; size_t before_size; bool locks, calls, writes; } scan;

/* FOR UPDATE, FOR NO KEY UPDATE, FOR SHARE and FOR KEY SHARE lock; UPDATE elsewhere changes rows. */
static void look_at_word(scan *s, const char *word, size_t n)
{
    static const char *const writing[] = { "insert", "update", "delete", "merge", "into" };
    bool update = is(word, n, "update");
    bool lock = (update || is(word, n, "share")) &&
                (is(s->before, s->before_size, "for") || is(s->before, s->before_size, "key"));
    s->locks = s->locks || lock;
    s->writes = s->writes || (!lock && is_one_of(word, n, writing, sizeof writing / sizeof *writing));
    s->calls = s->calls || (*skip_blank(word + n) == '(' &&
                               !is_one_of(word, n, harmless, sizeof harmless / sizeof *harmless));
    s->before = word;
    s->before_size = n;
}

static void scan_text(scan *s, const char *at)
{
    while (*(at = skip_blank(at)) != '\0') {
        size_t n = 0;
        while (starts_word(*at) && in_word(at[n]))
            n++;
        if (n > 0) {
            look_at_word(s, at, n);
            at += n;
        } else if (*at == '\'') {
            at = skip_quoted(at, is(s->before, s->before_size, "e") && s->before + 1 == at);
        } else if (*at == '"') {
            at = skip_quoted(at, false);
            s->calls = s->calls || *skip_blank(at) == '(';
        } else {
            at = *at == '$' ? skip_dollar(at) : at + 1;
        }
    }
}

postgres__road postgres__road_of(const char *text)
{
    static const char *const reading[] = { "select", "with", "values", "table" };
    const char *at = skip_blank(text);
    while (*at == '(')
        at = skip_blank(at + 1);
    size_t n = 0;
    while (in_word(at[n]))
        n++;
    scan s = { .before = "" };
    if (!is_one_of(at, n, reading, sizeof reading / sizeof *reading))
        return POSTGRES__DIRECT;
    scan_text(&s, at);
    if (s.writes)
        return POSTGRES__DIRECT;
#ifdef HAVE_PQENTERPIPELINEMODE
    return s.locks || s.calls ? POSTGRES__CURSOR : POSTGRES__GUARDED;
#else
    return POSTGRES__CURSOR;
#endif
}

#define NAME "sqla_stream"

/* ---- the savepoint ------------------------------------------------------------------------------------- */

#ifdef HAVE_PQENTERPIPELINEMODE
static bool send_text(sqla_driver_conn *conn, const char *text)
{
    return PQsendQueryParams(conn->link, text, 0, NULL, NULL, NULL, NULL, 0) != 0;
}

/* The savepoint, the statement and the end of the savepoint travel together, so that there is no trip more
 * than without. */
static sqla_status send_guarded(sqla_driver_conn *conn, const sqla_statement *statement, sqla_err *err)
{
    bool before = send_text(conn, "SAVEPOINT " NAME);
    sqla_status status = before ? postgres__send(conn, statement, err) : postgres__nomem(err);
    if (status == SQLA_OK && !send_text(conn, "RELEASE SAVEPOINT " NAME))
        status = postgres__nomem(err);
    if (PQpipelineSync(conn->link) == 0 || postgres__flush(conn) == SQLA_ERR_TIMEOUT)
        conn->lost = true;
    return status;
}

/* The first answer of the statement, or the savepoint's where it could not be set. */
static sqla_status first_answer(sqla_driver_conn *conn, PGresult **ret_res)
{
    PGresult *res = NULL;
    sqla_status status = postgres__next(conn, &res);
    if (status != SQLA_OK || PQresultStatus(res) != PGRES_COMMAND_OK) {
        *ret_res = res;
        return status;
    }
    PQclear(res);
    res = NULL;
    status = postgres__next(conn, &res); /* nothing: the end of its answers */
    if (status == SQLA_OK && res == NULL && PQsetSingleRowMode(conn->link) != 0)
        status = postgres__next(conn, ret_res);
    PQclear(res);
    return status;
}

sqla_status postgres__guarded_start(sqla_driver_conn *conn, const sqla_statement *statement,
    PGresult **ret_res, bool *ret_more, sqla_err *err)
{
    PGresult *res = NULL;
    if (PQenterPipelineMode(conn->link) == 0)
        return postgres__broken(conn, SQLA_ERR_DISCONNECTED, err);
    sqla_status status = send_guarded(conn, statement, err), waited = SQLA_OK;
    if (status == SQLA_OK && (waited = first_answer(conn, &res)) == SQLA_OK && res != NULL) {
        *ret_more = PQresultStatus(res) == PGRES_SINGLE_TUPLE;
        if (!*ret_more && PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_COMMAND_OK)
            status = postgres__failed(conn, res, 0, err);
    } else if (status == SQLA_OK) {
        status = postgres__broken(conn, waited != SQLA_OK ? waited : SQLA_ERR_DISCONNECTED, err);
    }
    if (!*ret_more)
        postgres__guarded_end(conn);
    *ret_res = res;
    return status;
}

void postgres__guarded_end(sqla_driver_conn *conn)
{
    bool synced = false;
    while (!conn->lost && !synced) {
        PGresult *res = NULL;
        sqla_status status = postgres__next(conn, &res);
        synced = res != NULL && PQresultStatus(res) == PGRES_PIPELINE_SYNC;
        conn->lost =
            conn->lost || status != SQLA_OK || (res == NULL && PQstatus(conn->link) == CONNECTION_BAD);
        PQclear(res);
    }
    if (PQexitPipelineMode(conn->link) == 0)
        conn->lost = true;
}
#else
sqla_status postgres__guarded_start(sqla_driver_conn *conn, const sqla_statement *statement,
    PGresult **ret_res, bool *ret_more, sqla_err *err)
{
    (void)conn, (void)statement, (void)ret_res, (void)ret_more;
    return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "this libpq has no pipelines");
}

void postgres__guarded_end(sqla_driver_conn *conn) { (void)conn; }
#endif

/* Where the cancel came too late the statement is over, and with it the savepoint. */
void postgres__guarded_back(sqla_driver_conn *conn)
{
    if (!conn->lost && PQtransactionStatus(conn->link) == PQTRANS_INERROR &&
        postgres__simple(conn, "ROLLBACK TO SAVEPOINT " NAME "; RELEASE SAVEPOINT " NAME, NULL, NULL) !=
            SQLA_OK)
        conn->lost = true;
}

/* ---- the cursor ---------------------------------------------------------------------------------------- */

enum { FIRST_ROWS = 8, MOST_ROWS = 1024, PIECE = 128 * 1024 }; /* PIECE: bytes that a piece should have */
static const char declare[] = "DECLARE " NAME " NO SCROLL CURSOR FOR ";

sqla_status postgres__cursor_declare(sqla_driver_conn *conn, const sqla_statement *statement, sqla_err *err)
{
    const postgres__args *a = &conn->args;
    PGresult *res = NULL;
    char *text = postgres__host->alloc(sizeof declare + statement->length);
    if (text == NULL)
        return postgres__nomem(err);
    memcpy(text, declare, sizeof declare - 1);
    memcpy(text + sizeof declare - 1, statement->text, statement->length);
    text[sizeof declare - 1 + statement->length] = '\0';
    conn->ahead = (int)sizeof declare - 1;
    sqla_status status =
        PQsendQueryParams(conn->link, text, a->count, a->types, a->values, a->lengths, a->formats, 0) != 0
            ? postgres__answer(conn, &res, err)
            : postgres__broken(conn, SQLA_ERR_DISCONNECTED, err);
    conn->ahead = 0;
    PQclear(status == SQLA_OK ? res : NULL);
    postgres__host->release(text);
    return status;
}

/* How many rows to ask for, so that a piece of rows like those that came has a good size. */
static int next_rows(const PGresult *piece)
{
    int n = piece != NULL ? PQntuples(piece) : 0;
    size_t each = n > 0 ? PQresultMemorySize(piece) / (size_t)n : 0,
           rows = each > 0 ? PIECE / each : FIRST_ROWS;
    return rows < 1 ? 1 : rows > MOST_ROWS ? MOST_ROWS : (int)rows;
}

bool postgres__cursor_ask(sqla_driver_conn *conn, const PGresult *piece, int format, int *ret_rows)
{
    char text[64];
    *ret_rows = next_rows(piece);
    snprintf(text, sizeof text, "FETCH %d FROM " NAME, *ret_rows);
    return PQsendQueryParams(conn->link, text, 0, NULL, NULL, NULL, NULL, format) != 0;
}

void postgres__cursor_close(sqla_driver_conn *conn)
{
    if (!conn->lost && PQtransactionStatus(conn->link) == PQTRANS_INTRANS &&
        postgres__simple(conn, "CLOSE " NAME, NULL, NULL) != SQLA_OK)
        conn->lost = true;
}
