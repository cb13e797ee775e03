/* reflect.c: what is in the database, from SQLite's own catalog: its pragma functions, and the texts of its schema. */
#include <config.h>
#include "sqlite.h"

#include <string.h>

/* SQL has lines of its own. */
/* clang-format off */

/* Every query gives schema and table first. ?1: schema or NULL, ?2: table or NULL, ?3: system tables too. Names are compared
 * as SQLite compares them, without regard to the case of ASCII letters. Shadow tables belong to a virtual one. */
#define MATCHES \
    " (?1 IS NULL OR l.schema = ?1 COLLATE NOCASE) AND (?2 IS NULL OR l.name = ?2 COLLATE NOCASE)" \
    " AND (?3 OR (l.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND l.type <> 'shadow')) "
#define ORDER " ORDER BY l.schema, l.name"
/* Where SQLite looks for an unqualified name: temp first, then main, then the others as they were attached. */
#define SEARCH_PLACE(schema) \
    "(SELECT CASE d.name WHEN 'temp' THEN -1 ELSE d.seq END FROM pragma_database_list AS d" \
    " WHERE d.name = " schema ")"

static const char tables_query[] =
    "SELECT l.schema, l.name, l.type,"
    " NOT EXISTS (SELECT 1 FROM pragma_table_list AS o WHERE o.name = l.name COLLATE NOCASE"
    " AND " SEARCH_PLACE("o.schema") " < " SEARCH_PLACE("l.schema") ")"
    " FROM pragma_table_list AS l WHERE" MATCHES ORDER;

/* A key is a rowid alias when it is one column of the very type INTEGER, in a table with rowids, and SQLite made no index
 * for it (as it does for INTEGER PRIMARY KEY DESC). */
#define ROWID_ALIAS \
    "(l.type = 'table' AND NOT l.wr AND c.pk = 1 AND upper(c.type) = 'INTEGER'" \
    " AND (SELECT max(k.pk) FROM pragma_table_xinfo(l.name, l.schema) AS k) = 1" \
    " AND NOT EXISTS (SELECT 1 FROM pragma_index_list(l.name, l.schema) AS i WHERE i.origin = 'pk'))"

static const char columns_query[] =
    "SELECT l.schema, l.name, c.name, c.type, c.dflt_value, c.pk, c.\"notnull\", " ROWID_ALIAS
    " FROM pragma_table_list AS l, pragma_table_xinfo(l.name, l.schema) AS c"
    " WHERE c.hidden <> 1 AND" MATCHES ORDER ", c.cid";

/* wr: WITHOUT ROWID. The key is asked for as above. */
static const char facts_query[] =
    "SELECT l.schema, l.name, l.type, l.wr,"
    " EXISTS (SELECT 1 FROM pragma_table_xinfo(l.name, l.schema) AS c WHERE " ROWID_ALIAS ")"
    " FROM pragma_table_list AS l WHERE" MATCHES " AND (?1 IS NOT NULL OR"
    " NOT EXISTS (SELECT 1 FROM pragma_table_list AS o WHERE o.name = l.name COLLATE NOCASE"
    " AND " SEARCH_PLACE("o.schema") " < " SEARCH_PLACE("l.schema") "))" ORDER;

/* clang-format on */

typedef struct walk {
    sqla_driver_conn *conn;
    sqlite3_stmt *rows;
    sqla_reflect_sink *sink;
    sqla_err *err;
    uint32_t position;  /* of the column in its table */
    sqlite3_str *table; /* the table of the row before, to count columns by */
} walk;

static const char *text_at(const walk *w, int column)
{
    return (const char *)sqlite3_column_text(w->rows, column);
}

/* A name that memory does not suffice for must not look like one that is not there. */
static bool has_names(const walk *w, int count)
{
    for (int i = 0; i < count; i++) {
        if (text_at(w, i) == NULL)
            return false;
    }
    return true;
}

static uint32_t kind_of(const char *type, const char *schema)
{
    if (strcmp(type, "view") == 0)
        return SQLA_VIEW;
    if (strcmp(type, "virtual") == 0)
        return SQLA_VIRTUAL_TABLE;
    return strcmp(schema, "temp") == 0 ? SQLA_TEMPORARY_TABLE : SQLA_TABLE;
}

static sqla_status push_table(walk *w)
{
    if (!has_names(w, 3))
        return sqlite__nomem(w->err);
    const sqla_reflect_table table = {
        .struct_size = sizeof table,
        .kind = kind_of(text_at(w, 2), text_at(w, 0)),
        .schema = text_at(w, 0),
        .name = text_at(w, 1),
        .on_search_path = sqlite3_column_int(w->rows, 3) != 0,
    };
    return w->sink->push(w->sink, SQLA_REFLECT_TABLES, &table);
}

/* ---- columns --------------------------------------------------------------------------------------------------- */

/* Types as people and programs declare them, by the word before any parenthesis. */
static const struct {
    const char *word;
    sqla_type type;
} type_words[] = {
    { "BOOLEAN", SQLA_BOOL },
    { "BOOL", SQLA_BOOL },
    { "SMALLINT", SQLA_INT16 },
    { "INT2", SQLA_INT16 },
    { "TINYINT", SQLA_INT16 },
    { "INTEGER", SQLA_INT32 },
    { "INT", SQLA_INT32 },
    { "INT4", SQLA_INT32 },
    { "MEDIUMINT", SQLA_INT32 },
    { "BIGINT", SQLA_INT64 },
    { "INT8", SQLA_INT64 },
    { "REAL", SQLA_FLOAT64 },
    { "DOUBLE", SQLA_FLOAT64 },
    { "DOUBLE PRECISION", SQLA_FLOAT64 },
    { "FLOAT", SQLA_FLOAT64 },
    { "TEXT", SQLA_TEXT },
    { "VARCHAR", SQLA_TEXT },
    { "CHAR", SQLA_TEXT },
    { "CHARACTER", SQLA_TEXT },
    { "NVARCHAR", SQLA_TEXT },
    { "CLOB", SQLA_TEXT },
    { "STRING", SQLA_TEXT },
    { "BLOB", SQLA_BLOB },
    { "BYTEA", SQLA_BLOB },
    { "DATE", SQLA_DATE },
    { "TIME", SQLA_TIME },
    { "TIMESTAMP", SQLA_TIMESTAMP },
    { "DATETIME", SQLA_LOCAL_TIMESTAMP },
    { "DURATION_TEXT", SQLA_INTERVAL },
    { "UUID", SQLA_UUID },
    { "DECIMAL_TEXT", SQLA_DECIMAL },
    { "DECIMAL", SQLA_DECIMAL },
    { "NUMERIC", SQLA_DECIMAL },
    { "JSON_TEXT", SQLA_JSON },
    { "JSON", SQLA_JSON },
};

static sqla_type type_of(const char *declared, bool rowid_alias)
{
    size_t n = strcspn(declared, "(");
    if (rowid_alias)
        return SQLA_INT64;
    if (sqlite3_stricmp(declared, "CHAR(36)") == 0)
        return SQLA_UUID;
    while (n > 0 && declared[n - 1] == ' ')
        n--;
    for (size_t i = 0; i < sizeof type_words / sizeof *type_words; i++) {
        if (strlen(type_words[i].word) == n && sqlite3_strnicmp(declared, type_words[i].word, (int)n) == 0)
            return type_words[i].type;
    }
    return SQLA_NULL;
}

static uint32_t next_position(walk *w)
{
    const char *before = sqlite3_str_value(w->table), *at = before != NULL ? strchr(before, '\n') : NULL;
    bool same = at != NULL && strncmp(before, text_at(w, 0), (size_t)(at - before)) == 0 &&
                strcmp(at + 1, text_at(w, 1)) == 0;
    if (!same) {
        sqlite3_str_reset(w->table);
        sqlite3_str_appendf(w->table, "%s\n%s", text_at(w, 0), text_at(w, 1));
        w->position = 0;
    }
    return ++w->position;
}

/* Only a table has columns with collations of their own. */
static bool is_loose(const walk *w)
{
    const char *collation = NULL;
    int rc = sqlite3_table_column_metadata(
        w->conn->db, text_at(w, 0), text_at(w, 1), text_at(w, 2), NULL, &collation, NULL, NULL, NULL);
    return rc == SQLITE_OK && collation != NULL && sqlite3_stricmp(collation, "BINARY") != 0;
}

static sqla_status push_column(walk *w)
{
    if (!has_names(w, 4) || sqlite3_str_errcode(w->table) != SQLITE_OK)
        return sqlite__nomem(w->err);
    bool alias = sqlite3_column_int(w->rows, 7) != 0;
    sqla_reflect_column column = {
        .struct_size = sizeof column,
        .position = next_position(w),
        .schema = text_at(w, 0),
        .table = text_at(w, 1),
        .name = text_at(w, 2),
        .type_text = text_at(w, 3),
        .default_text = text_at(w, 4),
        .type = type_of(text_at(w, 3), alias),
        .key_position = (uint32_t)sqlite3_column_int(w->rows, 5),
        .nullable = !alias && sqlite3_column_int(w->rows, 6) == 0,
        .generated_key = alias,
    };
    column.loose = column.type == SQLA_TEXT && is_loose(w);
    return w->sink->push(w->sink, SQLA_REFLECT_COLUMNS, &column);
}

/* ---- facts ----------------------------------------------------------------------------------------------------- */

/* Does one of the texts of a schema that belong to the table say what may change an INSERT: a trigger that mentions INSERT, or
 * a conflict clause? Coarse, and on the safe side: a mention in a comment counts too. */
static sqla_status schema_may_interfere(
    walk *w, const char *schema, const char *table, const char *where, bool *ret)
{
    sqlite3_stmt *stmt = NULL;
    sqla_status status = SQLA_OK;
    char *text = sqlite3_mprintf(
        "SELECT EXISTS (SELECT 1 FROM \"%w\".sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE AND (%s))",
        schema, where);
    if (text == NULL)
        return sqlite__nomem(w->err);
    int rc = sqlite3_prepare_v2(w->conn->db, text, -1, &stmt, NULL);
    sqlite3_free(text);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(stmt, 1, table, -1, SQLITE_TRANSIENT);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *ret = *ret || sqlite3_column_int(stmt, 0) != 0;
    else
        status = sqlite__failed(w->conn, NULL, 0, w->err);
    sqlite3_finalize(stmt);
    return status;
}

static sqla_status push_facts(walk *w)
{
    static const char triggers[] = "type = 'trigger' AND sql LIKE '%insert%'";
    bool interferes = false;
    if (!has_names(w, 3))
        return sqlite__nomem(w->err);
    const char *schema = text_at(w, 0), *table = text_at(w, 1);
    sqla_reflect_facts facts = {
        .struct_size = sizeof facts, .kind = kind_of(text_at(w, 2), schema), .schema = schema, .table = table
    };
    bool plain = facts.kind == SQLA_TABLE || facts.kind == SQLA_TEMPORARY_TABLE;
    sqla_status status =
        !plain
            ? SQLA_OK
            : schema_may_interfere(w, schema, table,
                  "(type = 'trigger' AND sql LIKE '%insert%') OR (type = 'table' AND sql LIKE '%conflict%')",
                  &interferes);
    if (status == SQLA_OK && plain) /* a temporary trigger may lie on a table of any schema */
        status = schema_may_interfere(w, "temp", table, triggers, &interferes);
    if (status != SQLA_OK)
        return status;
    if (plain || facts.kind == SQLA_VIEW)
        facts.facts |= SQLA_FACT_RETURNING;
    if (facts.kind == SQLA_VIEW) /* it is written by triggers, whose changes SQLite does not count */
        facts.facts |= SQLA_FACT_UNCOUNTED;
    if (plain && !interferes)
        facts.facts |= SQLA_FACT_EXACT_INSERT;
    if (plain && !interferes && sqlite3_column_int(w->rows, 4) != 0)
        facts.facts |= SQLA_FACT_KEY_ARITHMETIC;
    return w->sink->push(w->sink, SQLA_REFLECT_FACTS, &facts);
}

/* ---- one kind -------------------------------------------------------------------------------------------------- */

static sqla_status walk_rows(
    walk *w, const char *query, const sqla_reflect_filter *filter, sqla_status (*push)(walk *))
{
    sqla_status status = SQLA_OK;
    int rc = sqlite3_prepare_v2(w->conn->db, query, -1, &w->rows, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(w->rows, 1, filter->schema, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(w->rows, 2, filter->table, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int(w->rows, 3, (filter->flags & SQLA_REFLECT_SYSTEM) != 0);
    while (status == SQLA_OK && (rc == SQLITE_OK || rc == SQLITE_ROW)) {
        rc = sqlite3_step(w->rows);
        if (rc == SQLITE_ROW)
            status = push(w);
    }
    if (status == SQLA_OK && rc != SQLITE_DONE)
        status = sqlite__failed(w->conn, NULL, 0, w->err);
    sqlite3_finalize(w->rows);
    return status;
}

sqla_status sqlite_reflect(sqla_driver_conn *conn, uint32_t kind, const sqla_reflect_filter *filter,
    sqla_reflect_sink *sink, sqla_err *err)
{
    static const sqla_reflect_filter all = { .struct_size = sizeof all };
    walk w = { .conn = conn, .sink = sink, .err = err };
    sqla_status status = sqlite__enter(conn, conn->told, err);
    if (status != SQLA_OK)
        return status;
    filter = filter != NULL ? filter : &all;
    w.table = sqlite3_str_new(conn->db);
    switch (kind) {
    case SQLA_REFLECT_TABLES:
        status = walk_rows(&w, tables_query, filter, push_table);
        break;
    case SQLA_REFLECT_COLUMNS:
        status = walk_rows(&w, columns_query, filter, push_column);
        break;
    case SQLA_REFLECT_FACTS:
        status = walk_rows(&w, facts_query, filter, push_facts);
        break;
    default:
        status = sqlite__fail(
            err, SQLA_ERR_UNSUPPORTED, NULL, "SQLite cannot tell about things of kind %u", (unsigned)kind);
        break;
    }
    sqlite3_free(sqlite3_str_finish(w.table));
    sqlite__leave(conn);
    return status;
}
