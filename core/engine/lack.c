/* lack.c: columns that a model has and its table has not, since the table is older.
 *
 * create_all leaves such a table as it is, and the first statement that names the column fails; so it says in the engine's
 * log what is missing. One question for all tables, and none where no table is older than this create_all. */
#include <config.h>
#include "engine/engine.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "sql/metadata.h"

typedef struct lack {
    const sqla_table *table;
    bool *found;         /* for each of its columns */
} lack;

typedef struct search {
    sqla_reflect_sink base;
    sqla__arena arena;
    sqla__buf key;       /* "schema\0table" */
    sqla__hash by_place;
} search;

static bool make_key(sqla__buf *key, const char *schema, const char *table)
{
    sqla__buf_clear(key);
    sqla__buf_add_n(key, schema, strlen(schema) + 1);
    sqla__buf_add(key, table);
    return !key->broken;
}

/* Letters count and their case does not, so that nobody is warned without need. */
static sqla_status push(sqla_reflect_sink *sink, uint32_t kind, const void *record)
{
    search *s = (search *)(void *)sink;
    const sqla_reflect_column *column = record;
    if (kind != SQLA_REFLECT_COLUMNS)
        return SQLA_OK;
    if (!make_key(&s->key, column->schema != NULL ? column->schema : "", column->table))
        return SQLA_ERR_NOMEM;
    lack *l = sqla__hash_get(&s->by_place, s->key.data, s->key.length);
    for (uint32_t i = 0; l != NULL && i < l->table->column_count; i++)
        l->found[i] = l->found[i] || strcasecmp(l->table->columns[i].name, column->name) == 0;
    return SQLA_OK;
}

static bool look_for(search *s, lack *l, const char *schema)
{
    if (!make_key(&s->key, schema, l->table->name))
        return false;
    l->found = sqla__arena_zero(&s->arena, l->table->column_count + 1, sizeof *l->found);
    const char *key = sqla__arena_copy(&s->arena, s->key.data, s->key.length);
    return l->found != NULL && key != NULL && sqla__hash_put(&s->by_place, key, s->key.length, l);
}

static void tell(const sqla_engine *db, const lack *l)
{
    for (uint32_t i = 0; i < l->table->column_count; i++)
        if (!l->found[i])
            sqla__engine_log(db, SQLA_LOG_WARNING,
                "table '%s' has no column '%s', which its model has: create_all leaves a table that is there as it is, so add the column "
                "with ALTER TABLE", l->table->name, l->table->columns[i].name);
}

/* The schema that all tables which are there are in. NULL: they are in several, or their database has none. A server may have
 * thousands of tables elsewhere. */
static const char *common_schema(const char *const *schemas, size_t count)
{
    const char *one = NULL;
    for (size_t i = 0; i < count; i++) {
        if (schemas[i] == NULL)
            continue;
        if (schemas[i][0] == '\0' || (one != NULL && strcmp(one, schemas[i]) != 0))
            return NULL;
        one = schemas[i];
    }
    return one;
}

static sqla_status look(search *s, sqla_conn *conn, lack *lacks, const char *const *schemas, size_t count, sqla_error *err)
{
    const sqla_reflect_filter filter = { .struct_size = sizeof filter, .schema = common_schema(schemas, count) };
    for (size_t i = 0; i < count; i++)
        if (schemas[i] != NULL && !look_for(s, &lacks[i], schemas[i]))
            return sqla__error_nomem(err);
    return s->by_place.count > 0 ? sqla__conn_reflect(conn, SQLA_REFLECT_COLUMNS, &filter, &s->base, err) : SQLA_OK;
}

sqla_status sqla__lack_log(sqla_conn *conn, const sqla_metadata *base, const char *const *schemas, sqla_error *err)
{
    search s = { .base = { push } };
    lack *lacks = sqla__arena_zero(&s.arena, base->table_count + 1, sizeof *lacks);
    sqla_status status = lacks != NULL ? SQLA_OK : sqla__error_nomem(err);
    for (size_t i = 0; status == SQLA_OK && i < base->table_count; i++)
        lacks[i].table = base->tables[i];
    if (status == SQLA_OK)
        status = look(&s, conn, lacks, schemas, base->table_count, err);
    for (size_t i = 0; status == SQLA_OK && i < base->table_count; i++)
        if (lacks[i].found != NULL)
            tell(conn->engine, &lacks[i]);
    sqla__hash_release(&s.by_place);
    sqla__buf_release(&s.key);
    sqla__arena_release(&s.arena);
    return status;
}
