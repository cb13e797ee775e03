/* reflect.c: what is in the database, out of pg_catalog.
 *
 * One query answers a kind for all tables. Its parameters are the filter: $1 schema, $2 table (NULL: all), $3 whether the
 * database's own tables count. Every name is qualified, so that a search path changes nothing. */
#include <config.h>
#include "postgres.h"

#include <stdlib.h>
#include <string.h>

#define VISIBLE_SCHEMAS \
    "($3::pg_catalog.bool OR (n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast')) " \
    "AND ($1::pg_catalog.text IS NULL OR n.nspname = $1) AND ($2::pg_catalog.text IS NULL OR c.relname = $2) "

static const char tables_query[] =
    "SELECT n.nspname, c.relname, c.relkind, c.relpersistence, pg_catalog.obj_description(c.oid, 'pg_class'), "
    "pg_catalog.pg_table_is_visible(c.oid) "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT pg_catalog.pg_is_other_temp_schema(n.oid) AND " VISIBLE_SCHEMAS
    "ORDER BY n.nspname, c.relname";

/* The type of a domain is the one below it. A serial column owns its sequence (dependency 'a'), identity is marked. */
static const char columns_query[] =
    "SELECT n.nspname, c.relname, a.attname, pg_catalog.row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), "
    "pg_catalog.format_type(a.atttypid, a.atttypmod), "
    "CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END, "
    "pg_catalog.col_description(c.oid, a.attnum), CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END, "
    "CASE WHEN t.typtype = 'd' THEN b.typtype ELSE t.typtype END, "
    "COALESCE((SELECT k.place FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY k(number, place) "
    "WHERE k.number = a.attnum AND k.place <= i.indnkeyatts), 0), NOT (a.attnotnull OR t.typnotnull), "
    "a.attidentity <> '' OR (d.adbin IS NOT NULL AND EXISTS (SELECT FROM pg_catalog.pg_depend s JOIN pg_catalog.pg_class q ON q.oid = s.objid "
    "WHERE s.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "AND s.refobjid = c.oid AND s.refobjsubid = a.attnum AND s.deptype = 'a' AND q.relkind = 'S')), "
    "COALESCE(b.typname, t.typname) IN ('citext', 'bpchar') OR "
    "COALESCE((SELECT NOT o.collisdeterministic FROM pg_catalog.pg_collation o "
    "WHERE o.oid = a.attcollation), false) "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype "
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
    "LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary "
    "WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT pg_catalog.pg_is_other_temp_schema(n.oid) AND " VISIBLE_SCHEMAS
    "ORDER BY n.nspname, c.relname, a.attnum";

/* A name without a schema means what the search path finds. Triggers by their bits: 1 a row, 2 before, 4 insert,
 * 64 instead (the server's pg_trigger.h); those of partitions count, and so do partitions that lie elsewhere. Rules on
 * insert have the event '3'. */
static const char facts_query[] =
    "WITH chosen AS (SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT pg_catalog.pg_is_other_temp_schema(n.oid) AND " VISIBLE_SCHEMAS
    "AND ($1::pg_catalog.text IS NOT NULL OR CASE WHEN $2::pg_catalog.text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) "
    "ELSE c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident($2)) END)), "
    "parts AS (SELECT c.oid AS root, c.oid AS part FROM chosen c UNION "
    "SELECT c.oid, p.relid::pg_catalog.oid FROM chosen c, pg_catalog.pg_partition_tree(c.oid) p WHERE c.relkind = 'p') "
    "SELECT c.nspname, c.relname, c.relkind, c.relpersistence, "
    "EXISTS (SELECT FROM parts p JOIN pg_catalog.pg_trigger t ON t.tgrelid = p.part WHERE p.root = c.oid AND t.tgenabled <> 'D' "
    "AND ((t.tgtype & 7) = 7 OR (t.tgtype & 64) <> 0)), "
    "EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type = '3' AND r.ev_enabled <> 'D'), "
    "EXISTS (SELECT FROM parts p JOIN pg_catalog.pg_class f ON f.oid = p.part WHERE p.root = c.oid "
    "AND f.relkind = 'f'), "
    "c.relkind = 'v' AND EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid "
    "AND r.ev_type <> '1' AND r.is_instead AND r.ev_enabled <> 'D') "
    "FROM chosen c ORDER BY c.nspname, c.relname";

/* What CREATE TYPE would find in its way: types with a name of their own, and neither arrays nor the rows of
 * tables. */
static const char types_query[] =
    "SELECT n.nspname, c.relname, CASE WHEN e.oid IS NULL THEN 0 ELSE "
    "pg_catalog.row_number() OVER (PARTITION BY c.oid ORDER BY e.enumsortorder) END, "
    "e.enumlabel, pg_catalog.pg_type_is_visible(c.oid) "
    "FROM (SELECT t.oid, t.typname AS relname, t.typnamespace FROM pg_catalog.pg_type t "
    "WHERE t.typcategory <> 'A' AND NOT EXISTS "
    "(SELECT FROM pg_catalog.pg_class r WHERE r.oid = t.typrelid AND r.relkind <> 'c')) c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.typnamespace "
    "LEFT JOIN pg_catalog.pg_enum e ON e.enumtypid = c.oid "
    "WHERE " VISIBLE_SCHEMAS "ORDER BY n.nspname, c.relname, 3";

static const char *text(const PGresult *res, int row, int column)
{
    return PQgetisnull(res, row, column) ? NULL : PQgetvalue(res, row, column);
}

static bool truth(const PGresult *res, int row, int column) { return PQgetvalue(res, row, column)[0] == 't'; }

static uint32_t number(const PGresult *res, int row, int column) { return (uint32_t)strtoul(PQgetvalue(res, row, column), NULL, 10); }

static uint32_t table_kind(const char *kind, const char *persistence)
{
    switch (kind[0]) {
    case 'v':
        return SQLA_VIEW;
    case 'm':
        return SQLA_MATERIALIZED_VIEW;
    case 'p':
        return SQLA_PARTITIONED_TABLE;
    case 'f':
        return SQLA_FOREIGN_TABLE;
    }
    return persistence[0] == 't' ? SQLA_TEMPORARY_TABLE : SQLA_TABLE;
}

static sqla_status push_table(const PGresult *res, int row, sqla_reflect_sink *sink)
{
    const sqla_reflect_table record = {
        .struct_size = sizeof record,
        .kind = table_kind(text(res, row, 2), text(res, row, 3)),
        .schema = text(res, row, 0),
        .name = text(res, row, 1),
        .comment = text(res, row, 4),
        .on_search_path = truth(res, row, 5),
    };
    return sink->push(sink, SQLA_REFLECT_TABLES, &record);
}

static uint32_t column_type(const PGresult *res, int row)
{
    const postgres__type *type = postgres__type_find(number(res, row, 7));
    if (type != NULL)
        return type->type;
    return text(res, row, 8) != NULL && text(res, row, 8)[0] == 'e' ? SQLA_ENUM_TYPE : SQLA_NULL;
}

static sqla_status push_column(const PGresult *res, int row, sqla_reflect_sink *sink)
{
    const sqla_reflect_column record = {
        .struct_size = sizeof record,
        .position = number(res, row, 3),
        .schema = text(res, row, 0),
        .table = text(res, row, 1),
        .name = text(res, row, 2),
        .type_text = text(res, row, 4),
        .default_text = text(res, row, 5),
        .comment = text(res, row, 6),
        .type = column_type(res, row),
        .key_position = number(res, row, 9),
        .nullable = truth(res, row, 10),
        .generated_key = truth(res, row, 11),
        .loose = truth(res, row, 12),
    };
    return sink->push(sink, SQLA_REFLECT_COLUMNS, &record);
}

static sqla_status push_facts(const PGresult *res, int row, sqla_reflect_sink *sink)
{
    char kind = text(res, row, 2)[0];
    bool triggers = truth(res, row, 4), rules = truth(res, row, 5), foreign = truth(res, row, 6);
    bool stores = (kind == 'r' || kind == 'p') && !triggers && !rules && !foreign;
    const sqla_reflect_facts record = {
        .struct_size = sizeof record,
        .kind = table_kind(text(res, row, 2), text(res, row, 3)),
        .schema = text(res, row, 0),
        .table = text(res, row, 1),
        .facts = (stores ? SQLA_FACT_EXACT_INSERT : 0) | (rules || kind == 'm' ? 0 : SQLA_FACT_RETURNING) |
                 /* The tag counts what the rule did, if that was the same verb. */
                 (truth(res, row, 7) ? SQLA_FACT_UNCOUNTED : 0),
    };
    return sink->push(sink, SQLA_REFLECT_FACTS, &record);
}

static sqla_status push_type(const PGresult *res, int row, sqla_reflect_sink *sink)
{
    const sqla_reflect_type record = {
        .struct_size = sizeof record,
        .position = number(res, row, 2),
        .schema = text(res, row, 0),
        .name = text(res, row, 1),
        .label = text(res, row, 3),
        .on_search_path = truth(res, row, 4),
    };
    return sink->push(sink, SQLA_REFLECT_TYPES, &record);
}

typedef struct kind {
    const char *query;
    sqla_status (*push)(const PGresult *res, int row, sqla_reflect_sink *sink);
} kind;

static const kind kinds[] = {
    [SQLA_REFLECT_TABLES] = { tables_query, push_table },
    [SQLA_REFLECT_COLUMNS] = { columns_query, push_column },
    [SQLA_REFLECT_FACTS] = { facts_query, push_facts },
    [SQLA_REFLECT_TYPES] = { types_query, push_type },
};

static sqla_status ask(sqla_driver_conn *conn, const char *query, const sqla_reflect_filter *filter, PGresult **ret_res, sqla_err *err)
{
    bool system = filter != NULL && (filter->flags & SQLA_REFLECT_SYSTEM) != 0;
    const char *values[] = { filter != NULL ? filter->schema : NULL, filter != NULL ? filter->table : NULL, system ? "t" : "f" };
    sqla_status status = postgres__enter(conn, conn->told, err);
    if (status != SQLA_OK)
        return status;
    conn->intake.whole = true;
    status = PQsendQueryParams(conn->link, query, 3, NULL, values, NULL, NULL, 0) != 0 ? postgres__answer(conn, ret_res, err) :
             postgres__broken(conn, SQLA_ERR_DISCONNECTED, err);
    postgres__leave(conn);
    return status;
}

sqla_status postgres_reflect(sqla_driver_conn *conn, uint32_t wanted, const sqla_reflect_filter *filter, sqla_reflect_sink *sink, sqla_err *err)
{
    PGresult *res = NULL;
    if (wanted >= sizeof kinds / sizeof *kinds || kinds[wanted].query == NULL)
        return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "the driver does not know this kind of object");
    sqla_status status = ask(conn, kinds[wanted].query, filter, &res, err);
    for (int i = 0; status == SQLA_OK && i < PQntuples(res); i++)
        status = kinds[wanted].push(res, i, sink);
    PQclear(res);
    return status;
}
