/* inspect.c: from what a driver tells about a database to a metadata.
 *
 * One call of the driver for each kind, whatever the number of tables; the records are folded by schema and table. */
#include <config.h>
#include "engine/engine.h"

#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "sql/mapping.h"

/* A table that is being put together. */
typedef struct found { sqla_table table; SQLA__VEC(sqla_column) columns; } found;

typedef struct inspection {
    sqla_reflect_sink base;
    sqla__arena arena;
    SQLA__VEC(found *) tables;
    sqla__hash by_name;            /* "schema\0name" */
    found *last;                   /* columns come table by table */
} inspection;

static const char *kind_name(uint32_t kind)
{
    switch ((sqla_table_kind)kind) {
    case SQLA_TABLE: return "table";
    case SQLA_VIEW: return "view";
    case SQLA_MATERIALIZED_VIEW: return "materialized view";
    case SQLA_PARTITIONED_TABLE: return "partitioned table";
    case SQLA_FOREIGN_TABLE: return "foreign table";
    case SQLA_VIRTUAL_TABLE: return "virtual table";
    case SQLA_TEMPORARY_TABLE: return "temporary table";
    }
    return "relation";
}

/* Copy a text that may be NULL; false: out of memory. */
static bool copy(inspection *in, const char *text, const char **ret)
{
    *ret = sqla__arena_strdup(&in->arena, text);
    return text == NULL || *ret != NULL;
}

static char *make_key(inspection *in, const char *schema, const char *name, size_t *ret_length)
{
    char *key = sqla__arena_printf(&in->arena, "%s%c%s", schema != NULL ? schema : "", '\1', name);
    *ret_length = key != NULL ? strlen(key) : 0;
    return key;
}

static bool add_table(inspection *in, const sqla_reflect_table *record)
{
    size_t length;
    found *f = sqla__arena_zero(&in->arena, 1, sizeof *f);
    char *key = make_key(in, record->schema, record->name, &length);
    if (f == NULL || key == NULL || !sqla__vec_push(&in->tables, f))
        return false;
    f->table.kind = kind_name(record->kind);
    return copy(in, record->schema, &f->table.schema) && copy(in, record->name, &f->table.name) &&
           copy(in, record->comment, &f->table.comment) && sqla__hash_put(&in->by_name, key, length, f);
}

static bool is_table(const found *f, const char *schema, const char *name)
{
    bool same_schema = f->table.schema == NULL || schema == NULL ? f->table.schema == schema : strcmp(f->table.schema, schema) == 0;
    return same_schema && strcmp(f->table.name, name) == 0;
}

/* Columns of a table that came into being between the two calls are passed over. */
static bool find_table(inspection *in, const sqla_reflect_column *record)
{
    size_t length;
    if (in->last != NULL && is_table(in->last, record->schema, record->table))
        return true;
    char *key = make_key(in, record->schema, record->table, &length);
    in->last = key != NULL ? sqla__hash_get(&in->by_name, key, length) : NULL;
    return key != NULL;
}

static bool add_column(inspection *in, const sqla_reflect_column *record)
{
    sqla_column c = { .type = record->type,
        .key_position = record->key_position,
        .nullable = record->nullable,
        .generated_key = record->generated_key,
        .loose = record->struct_size > offsetof(sqla_reflect_column, loose) && record->loose };
    if (!find_table(in, record))
        return false;
    if (in->last == NULL)
        return true;
    return copy(in, record->name, &c.name) && copy(in, record->type_text, &c.type_text) && copy(in, record->default_text, &c.default_text) &&
           copy(in, record->comment, &c.comment) && sqla__vec_push(&in->last->columns, c);
}

static sqla_status push(sqla_reflect_sink *sink, uint32_t kind, const void *record)
{
    inspection *in = (inspection *)(void *)sink;
    bool ok = kind == SQLA_REFLECT_TABLES ? add_table(in, record) : kind == SQLA_REFLECT_COLUMNS ? add_column(in, record) : true;
    return ok ? SQLA_OK : SQLA_ERR_NOMEM;
}

static sqla_status reflect(inspection *in, sqla_engine *db, const sqla_inspect_options *o, sqla_error *err)
{
    const sqla_reflect_filter filter = { sizeof filter, o->system ? SQLA_REFLECT_SYSTEM : 0, o->schema, o->table };
    sqla_conn *conn = NULL;
    sqla_status status = sqla__conn_acquire(db, &conn, err);
    if (status == SQLA_OK)
        status = sqla__conn_reflect(conn, SQLA_REFLECT_TABLES, &filter, &in->base, err);
    if (status == SQLA_OK)
        status = sqla__conn_reflect(conn, SQLA_REFLECT_COLUMNS, &filter, &in->base, err);
    sqla__conn_release(conn);
    return status;
}

static sqla_status fill(inspection *in, sqla_metadata *base, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; status == SQLA_OK && i < in->tables.count; i++) {
        found *f = in->tables.items[i];
        f->table.columns = f->columns.items;
        f->table.column_count = (uint32_t)f->columns.count;
        status = sqla__metadata_add_table(base, &f->table, err);
    }
    return status;
}

static void release(inspection *in)
{
    for (size_t i = 0; i < in->tables.count; i++)
        sqla__vec_release(&in->tables.items[i]->columns);
    sqla__vec_release(&in->tables);
    sqla__hash_release(&in->by_name);
    sqla__arena_release(&in->arena);
}

sqla_metadata *sqla_inspect(sqla_engine *db, const sqla_inspect_options *options, sqla_error *err)
{
    sqla_error local;
    sqla_inspect_options o;
    inspection in = { .base = { push } };
    memset(&o, 0, sizeof o);
    sqla__error_init(&local);
    if (db == NULL) {
        sqla__error_set(err, SQLA_ERR_MISUSE, "there is no engine to inspect");
        return NULL;
    }
    if (options != NULL)
        memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    sqla_metadata *base = sqla_metadata_new(&local);
    sqla_status status = base != NULL ? reflect(&in, db, &o, &local) : SQLA_ERR_NOMEM;
    if (status == SQLA_OK)
        status = fill(&in, base, &local);
    release(&in);
    if (status == SQLA_OK)
        return base;
    sqla__error_give(err, &local, status);
    sqla_metadata_free(base);
    return NULL;
}
