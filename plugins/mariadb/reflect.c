/* reflect.c: what is in the database, out of information_schema.
 *
 * One query answers a kind for all tables. What other databases call a schema is a database of the server here; the one in use is the one
 * that an unqualified name means. Names of the filter are written as hexadecimal literals, which need no quoting. Temporary tables are
 * not shown by the server, nor are triggers to who has no right to see them; neither changes what an INSERT stores. */
#include <config.h>
#include "mariadb.h"

#include <stdlib.h>
#include <string.h>

static const char tables_query[] =
    "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.TABLE_TYPE, t.CREATE_OPTIONS, t.TABLE_COMMENT, t.TABLE_SCHEMA <=> DATABASE() "
    "FROM information_schema.TABLES t WHERE t.TABLE_TYPE <> 'SEQUENCE'{filter} ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME";

static const char columns_query[] =
    "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.COLUMN_NAME, t.ORDINAL_POSITION, t.COLUMN_TYPE, t.COLUMN_DEFAULT, t.COLUMN_COMMENT, t.DATA_TYPE, "
    "COALESCE(k.SEQ_IN_INDEX, 0), t.IS_NULLABLE, t.EXTRA, t.CHARACTER_SET_NAME, j.TABLE_NAME, "
    "t.COLLATION_NAME "
    "FROM information_schema.COLUMNS t LEFT JOIN (SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.COLUMN_NAME, t.SEQ_IN_INDEX "
    "FROM information_schema.STATISTICS t WHERE t.INDEX_NAME = 'PRIMARY'{filter}) k "
    "ON k.TABLE_SCHEMA = t.TABLE_SCHEMA AND k.TABLE_NAME = t.TABLE_NAME AND k.COLUMN_NAME = t.COLUMN_NAME "
    "LEFT JOIN (/*M! SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME FROM information_schema.CHECK_CONSTRAINTS "
    "WHERE LEFT(CHECK_CLAUSE, 11) = 'json_valid('{schema} */ "
    "/*!80000 SELECT NULL AS CONSTRAINT_SCHEMA, NULL AS TABLE_NAME, NULL AS CONSTRAINT_NAME */) j "
    "ON t.DATA_TYPE = 'longtext' AND j.CONSTRAINT_SCHEMA = t.TABLE_SCHEMA AND j.TABLE_NAME = t.TABLE_NAME AND j.CONSTRAINT_NAME = t.COLUMN_NAME "
    "WHERE true{filter} ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME, t.ORDINAL_POSITION";

static const char facts_query[] =
    "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.TABLE_TYPE, t.CREATE_OPTIONS, EXISTS (SELECT * FROM information_schema.TRIGGERS g "
    "WHERE g.EVENT_OBJECT_SCHEMA = t.TABLE_SCHEMA AND g.EVENT_OBJECT_TABLE = t.TABLE_NAME AND g.EVENT_MANIPULATION = 'INSERT') "
    "FROM information_schema.TABLES t WHERE t.TABLE_TYPE <> 'SEQUENCE'{filter}{here} ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME";

/* ---- the query ------------------------------------------------------------------------------------------------- */

/* Room for names that are as long as can be, in the longest of the queries, which has two filters. */
enum { NAME_MOST = 256, SCHEMA_SIZE = NAME_MOST * 5, FILTER_SIZE = NAME_MOST * 10, QUERY_SIZE = sizeof columns_query + 2 * FILTER_SIZE + SCHEMA_SIZE };

/* Both comparisons: the server finds a table by the first, and the second minds capitals. */
static size_t put_name(char *room, size_t size, const char *column, const char *name)
{
    if (name == NULL)
        return 0;
    char hex[NAME_MOST * 2 + 1];
    for (size_t i = 0; name[i] != '\0'; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)name[i]);
    hex[strlen(name) * 2] = '\0';
    return (size_t)snprintf(room, size, " AND %s = CONVERT(X'%s' USING utf8mb4) AND BINARY %s = X'%s'", column, hex, column, hex);
}

static void put_filter(char *room, size_t size, const sqla_reflect_filter *filter)
{
    size_t n = 0;
    room[0] = '\0';
    if ((filter->flags & SQLA_REFLECT_SYSTEM) == 0)
        n = (size_t)snprintf(room, size, " AND t.TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')");
    n += put_name(room + n, size - n, "t.TABLE_SCHEMA", filter->schema);
    put_name(room + n, size - n, "t.TABLE_NAME", filter->table);
}

/* {filter}: what the filter lets through; {here}: the database in use, unless the filter names one; {schema}: the one that it names. */
static void make_query(char *room, size_t size, const char *form, const sqla_reflect_filter *filter)
{
    char chosen[FILTER_SIZE], schema[SCHEMA_SIZE] = "";
    size_t n = 0;
    put_filter(chosen, sizeof chosen, filter);
    put_name(schema, sizeof schema, "CONSTRAINT_SCHEMA", filter->schema);
    while (*form != '\0') {
        size_t plain = strcspn(form, "{");
        const char *hole = form + plain;
        const char *fill = hole[0] == '\0' ? "" : hole[1] == 'f' ? chosen : hole[1] == 's' ? schema :
                           filter->schema == NULL ? " AND t.TABLE_SCHEMA <=> DATABASE()" : "";
        n += (size_t)snprintf(room + n, size - n, "%.*s%s", (int)plain, form, fill);
        form = hole + strcspn(hole, "}") + (hole[0] != '\0');
    }
}

/* ---- records --------------------------------------------------------------------------------------------------- */

static uint32_t number(const char *text) { return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : 0; }
static bool truth(const char *text) { return text != NULL && text[0] == '1'; }
static const char *or_null(const char *text) { return text != NULL && text[0] != '\0' ? text : NULL; }

static uint32_t table_kind(const char *type, const char *options)
{
    if (strcmp(type, "VIEW") == 0 || strcmp(type, "SYSTEM VIEW") == 0)
        return SQLA_VIEW;
    if (strcmp(type, "TEMPORARY") == 0)
        return SQLA_TEMPORARY_TABLE;
    return options != NULL && strstr(options, "partitioned") != NULL ? SQLA_PARTITIONED_TABLE : SQLA_TABLE;
}

static sqla_status push_table(sqla_driver_conn *conn, MYSQL_ROW row, sqla_reflect_sink *sink)
{
    uint32_t kind = table_kind(row[2], row[3]);
    const sqla_reflect_table record = {
        .struct_size = sizeof record,
        .kind = kind,
        .schema = row[0],
        .name = row[1],
        .comment = kind == SQLA_VIEW ? NULL : or_null(row[4]), /* of a view it says VIEW */
        .on_search_path = truth(row[5]),
    };
    (void)conn;
    return sink->push(sink, SQLA_REFLECT_TABLES, &record);
}

/* A BOOLEAN, a UUID, a JSON, an instant and an unsigned number are told by more than the name of their type. */
static uint32_t column_type(const char *name, const char *text, const char *charset, const char *comment, bool json)
{
    static const struct { const char *name; uint32_t type, unsigned_type; } types[] = {
        { "tinyint", SQLA_INT16, SQLA_INT16 }, { "smallint", SQLA_INT16, SQLA_INT32 }, { "mediumint", SQLA_INT32, SQLA_INT32 },
        { "int", SQLA_INT32, SQLA_INT64 }, { "bigint", SQLA_INT64, SQLA_INT64 }, { "year", SQLA_INT16, SQLA_INT16 }, { "bit", SQLA_INT64, SQLA_INT64 },
        { "float", SQLA_FLOAT32, SQLA_FLOAT32 }, { "double", SQLA_FLOAT64, SQLA_FLOAT64 }, { "decimal", SQLA_DECIMAL, SQLA_DECIMAL },
        { "char", SQLA_TEXT, 0 }, { "varchar", SQLA_TEXT, 0 }, { "tinytext", SQLA_TEXT, 0 }, { "text", SQLA_TEXT, 0 }, { "mediumtext", SQLA_TEXT, 0 },
        { "longtext", SQLA_TEXT, 0 }, { "enum", SQLA_ENUM_TYPE, 0 }, { "set", SQLA_TEXT, 0 }, { "json", SQLA_JSON, 0 }, { "uuid", SQLA_UUID, 0 },
        { "binary", SQLA_BLOB, 0 }, { "varbinary", SQLA_BLOB, 0 }, { "tinyblob", SQLA_BLOB, 0 }, { "blob", SQLA_BLOB, 0 },
        { "mediumblob", SQLA_BLOB, 0 }, { "longblob", SQLA_BLOB, 0 }, { "date", SQLA_DATE, 0 }, { "time", SQLA_TIME, 0 },
        { "datetime", SQLA_LOCAL_TIMESTAMP, 0 }, { "timestamp", SQLA_TIMESTAMP, 0 }, { "inet4", SQLA_TEXT, 0 }, { "inet6", SQLA_TEXT, 0 },
    };
    if (strcmp(text, "tinyint(1)") == 0)
        return SQLA_BOOL;
    if (strcmp(text, "char(36)") == 0 && charset != NULL && strcmp(charset, "ascii") == 0)
        return SQLA_UUID;
    if (json)
        return SQLA_JSON;
    if (strcmp(text, "varchar(64)") == 0 && comment != NULL && strcmp(comment, "ISO 8601") == 0)
        return SQLA_INTERVAL;
    if (strcmp(name, "datetime") == 0 && comment != NULL && strcmp(comment, "UTC") == 0)
        return SQLA_TIMESTAMP;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(name, types[i].name) == 0)
            return strstr(text, " unsigned") != NULL ? types[i].unsigned_type : types[i].type;
    }
    return SQLA_NULL;
}

/* A collation that counts every byte has such a name; others leave case, accents or blanks at the end out of
 * account. A CHAR loses the blanks at its end. */
static bool is_loose(const char *type, const char *collation)
{
    size_t n = collation != NULL ? strlen(collation) : 0;
    bool exact = n > 10 && (strcmp(collation + n - 10, "_nopad_bin") == 0 ||
                               strcmp(collation + n - 9, "_0900_bin") == 0);
    return n > 0 && (!exact || strcmp(type, "char") == 0);
}

static sqla_status push_column(sqla_driver_conn *conn, MYSQL_ROW row, sqla_reflect_sink *sink)
{
    sqla_reflect_column record = {
        .struct_size = sizeof record,
        .position = number(row[3]),
        .schema = row[0],
        .table = row[1],
        .name = row[2],
        .type_text = row[4],
        .default_text = row[5] != NULL && strcmp(row[5], "NULL") != 0 ? row[5] : NULL,
        .comment = or_null(row[6]),
        .type = column_type(row[7], row[4], row[11], row[6], row[12] != NULL),
        .key_position = number(row[8]),
        .nullable = row[9] != NULL && strcmp(row[9], "YES") == 0,
        .generated_key = row[10] != NULL && strstr(row[10], "auto_increment") != NULL,
    };
    record.loose = record.type == SQLA_TEXT && is_loose(row[7], row[13]);
    (void)conn;
    return sink->push(sink, SQLA_REFLECT_COLUMNS, &record);
}

static sqla_status push_facts(sqla_driver_conn *conn, MYSQL_ROW row, sqla_reflect_sink *sink)
{
    uint32_t kind = table_kind(row[2], row[3]);
    bool stores = kind == SQLA_TABLE || kind == SQLA_PARTITIONED_TABLE, exact = stores && !truth(row[4]);
    bool returns = (conn->features & SQLA_FEATURE_RETURNING) != 0;
    const sqla_reflect_facts record = {
        .struct_size = sizeof record,
        .kind = kind,
        .schema = row[0],
        .table = row[1],
        .facts = (exact ? SQLA_FACT_EXACT_INSERT : 0) | (stores && returns ? SQLA_FACT_RETURNING : 0) |
                 (exact && !returns ? SQLA_FACT_KEY_ARITHMETIC | SQLA_FACT_SHARED_KEYS : 0),
    };
    return sink->push(sink, SQLA_REFLECT_FACTS, &record);
}

/* ---- the slot -------------------------------------------------------------------------------------------------- */

typedef struct kind {
    const char *query;
    sqla_status (*push)(sqla_driver_conn *conn, MYSQL_ROW row, sqla_reflect_sink *sink);
} kind;

static const kind kinds[] = {
    [SQLA_REFLECT_TABLES] = { tables_query, push_table },
    [SQLA_REFLECT_COLUMNS] = { columns_query, push_column },
    [SQLA_REFLECT_FACTS] = { facts_query, push_facts },
};

static bool is_too_long(const char *name) { return name != NULL && strlen(name) > NAME_MOST; }

sqla_status mariadb_reflect(sqla_driver_conn *conn, uint32_t wanted, const sqla_reflect_filter *filter, sqla_reflect_sink *sink, sqla_err *err)
{
    char query[QUERY_SIZE];
    MYSQL_RES *rows = NULL;
    MYSQL_ROW row;
    if (wanted >= sizeof kinds / sizeof *kinds || kinds[wanted].query == NULL)
        return mariadb__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "the driver does not know this kind of object");
    static const sqla_reflect_filter all = { .struct_size = sizeof all };
    filter = filter != NULL ? filter : &all;
    if (is_too_long(filter->schema) || is_too_long(filter->table))
        return SQLA_OK; /* there can be no such table */
    make_query(query, sizeof query, kinds[wanted].query, filter);
    sqla_status status = mariadb__enter(conn, conn->told, err);
    if (status != SQLA_OK)
        return status;
    status = mariadb__ask(conn, query, true, &rows, err);
    mariadb__leave(conn);
    while (status == SQLA_OK && (row = mysql_fetch_row(rows)) != NULL)
        status = kinds[wanted].push(conn, row, sink);
    mysql_free_result(rows);
    return status;
}
