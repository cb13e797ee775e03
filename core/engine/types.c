/* types.c: what create_all and drop_all know of the named types in a database, which outlive the tables that
 * they were made for. */
#include <config.h>
#include "engine/types.h"

#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "sql/ddl.h"

/* A type, with its labels in order; none: it is no enum. */
typedef struct named_type {
    SQLA__VEC(const char *) labels;
} named_type;

typedef struct type_sink {
    sqla_reflect_sink base;
    sqla__types *types;
} type_sink;

static const char *key_of(sqla__types *types, const char *schema, const char *name, size_t *ret_length)
{
    size_t n = schema != NULL ? strlen(schema) : 0, m = strlen(name);
    char *key = sqla__arena_zero(&types->arena, n + 1 + m, 1);
    if (key == NULL)
        return NULL;
    memcpy(key, schema != NULL ? schema : "", n);
    memcpy(key + n + 1, name, m);
    *ret_length = n + 1 + m;
    return key;
}

static named_type *type_at(sqla__types *types, const char *schema, const char *name, bool makes)
{
    size_t length;
    const char *key = key_of(types, schema, name, &length);
    named_type *type = key != NULL ? sqla__hash_get(&types->by_name, key, length) : NULL;
    if (type != NULL || key == NULL || !makes)
        return type;
    type = sqla__arena_zero(&types->arena, 1, sizeof *type);
    return type != NULL && sqla__hash_put(&types->by_name, key, length, type) ? type : NULL;
}

static bool remember(sqla__types *types, const char *schema, const char *name, const char *label)
{
    named_type *type = type_at(types, schema, name, true);
    const char *copy = sqla__arena_strdup(&types->arena, label);
    return type != NULL && (label == NULL || (copy != NULL && sqla__vec_push(&type->labels, copy)));
}

static sqla_status push(sqla_reflect_sink *sink, uint32_t kind, const void *record)
{
    sqla__types *types = ((type_sink *)(void *)sink)->types;
    const sqla_reflect_type *type = record;
    if (kind != SQLA_REFLECT_TYPES)
        return SQLA_OK;
    bool ok = type->schema == NULL || remember(types, type->schema, type->name, type->label);
    if (ok && type->on_search_path)
        ok = remember(types, NULL, type->name, type->label);
    return ok ? SQLA_OK : SQLA_ERR_NOMEM;
}

sqla_status sqla__types_look(sqla__types *types, sqla_conn *conn, sqla_error *err)
{
    const sqla_reflect_filter all = { sizeof all, 0, NULL, NULL };
    type_sink sink = { { push }, types };
    sqla_status status = sqla__conn_reflect(conn, SQLA_REFLECT_TYPES, &all, &sink.base, err);
    types->knows = status == SQLA_OK;
    if (status != SQLA_ERR_UNSUPPORTED)
        return status;
    sqla__error_init(err);
    return SQLA_OK;
}

static bool has_labels(const named_type *type, const sqla_column *column)
{
    bool same = type->labels.count == column->label_count;
    for (uint32_t i = 0; same && i < column->label_count; i++)
        same = strcmp(type->labels.items[i], column->labels[i]) == 0;
    return same;
}

static sqla_status name_of(
    sqla__types *types, const sqla_table *table, uint32_t column, char **ret_name, sqla_error *err)
{
    *ret_name = sqla__enum_type_name(&types->arena, table, table->columns[column].name);
    return *ret_name != NULL ? SQLA_OK : sqla__error_nomem(err);
}

sqla_status sqla__types_find(
    sqla__types *types, const sqla_table *table, uint32_t column, bool *ret_there, sqla_error *err)
{
    char *name;
    sqla_status status = name_of(types, table, column, &name, err);
    const named_type *type = status == SQLA_OK ? type_at(types, table->schema, name, false) : NULL;
    *ret_there = type != NULL;
    if (type == NULL || has_labels(type, &table->columns[column]))
        return status;
    sqla__error_set(err, SQLA_ERR_SQL, "type '%s' is there already, and %s", name,
        type->labels.count > 0 ? "has other labels than the model" : "is no enum");
    sqla__error_hint(
        err, "drop it, with sqla_metadata_drop_all or DROP TYPE, or ALTER it to the labels of the model");
    return err->status;
}

sqla_status sqla__types_made(sqla__types *types, const sqla_table *table, uint32_t column, sqla_error *err)
{
    char *name;
    const sqla_column *c = &table->columns[column];
    sqla_status status = name_of(types, table, column, &name, err);
    for (uint32_t i = 0; status == SQLA_OK && i < c->label_count; i++) {
        if (!remember(types, table->schema, name, c->labels[i]))
            status = sqla__error_nomem(err);
    }
    return status;
}

sqla_status sqla__types_should_drop(
    sqla__types *types, const sqla_table *table, uint32_t column, bool *ret_drop, sqla_error *err)
{
    size_t length;
    char *name;
    sqla_status status = name_of(types, table, column, &name, err);
    const char *key = status == SQLA_OK ? key_of(types, table->schema, name, &length) : NULL;
    if (status != SQLA_OK || key == NULL)
        return sqla__error_nomem(err);
    named_type *type = sqla__hash_remove(&types->by_name, key, length);
    *ret_drop = type != NULL || !types->knows;
    if (type != NULL)
        sqla__vec_release(&type->labels);
    return SQLA_OK;
}

void sqla__types_release(sqla__types *types)
{
    size_t at = 0;
    for (named_type *type; (type = sqla__hash_next(&types->by_name, &at)) != NULL;)
        sqla__vec_release(&type->labels);
    sqla__hash_release(&types->by_name);
    sqla__arena_release(&types->arena);
}
