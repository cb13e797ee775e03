/* tables.c: tables, as create_all makes them, from mappings; and copies of tables that were found in a database. */
#include <config.h>
#include "sql/metadata.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"

/* ---- from a mapping ------------------------------------------------------------------------------------------------ */

static void make_column(const sqla__mapped_column *mapped, uint32_t key_position, sqla_column *column)
{
    const sqla_column_item *item = mapped->item;
    *column = (sqla_column){ .name = mapped->name, .type_text = item->sql_type, .default_text = item->server_default, .comment = item->comment,
                             .type = item->form & SQLA_FORM_TYPE, .length = item->form & SQLA_FORM_CHARS ? item->size - 1 : 0, .key_position = key_position,
                             .nullable = !mapped->not_null, .unique = item->unique, .index = item->index, .generated_key = mapped->generated,
                             .native_enum = item->native, .labels = item->labels, .label_count = mapped->slot.label_count };
}

static const char **one_name(sqla__arena *arena, const char *name)
{
    const char **names = sqla__arena_zero(arena, 2, sizeof *names);
    if (names != NULL)
        names[0] = name;
    return names;
}

static uint32_t key_position(const sqla__mapping *mapping, uint32_t column)
{
    for (uint32_t i = 0; i < mapping->key_count; i++)
        if (mapping->keys[i] == column)
            return i + 1;
    return 0;
}

static sqla_status make_columns(sqla__arena *arena, const sqla__mapping *mapping, sqla_table *table)
{
    sqla_column *columns = sqla__arena_zero(arena, mapping->column_count + 1, sizeof *columns);
    if (columns == NULL)
        return SQLA_ERR_NOMEM;
    for (uint32_t i = 0; i < mapping->column_count; i++)
        make_column(&mapping->columns[i], key_position(mapping, i), &columns[i]);
    table->columns = columns;
    table->column_count = mapping->column_count;
    return SQLA_OK;
}

static sqla_status make_foreign_keys(sqla__arena *arena, const sqla__mapping *mapping, sqla_table *table)
{
    sqla_foreign_key *keys = sqla__arena_zero(arena, mapping->column_count + 1, sizeof *keys);
    if (keys == NULL)
        return SQLA_ERR_NOMEM;
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        if (column->references == NULL)
            continue;
        const sqla_model *to = column->references->model;
        sqla_foreign_key *key = &keys[table->foreign_key_count++];
        *key = (sqla_foreign_key){ .name = sqla__constraint_name(arena, "fk", table->name, (const char *const[]){ column->name, to->table }, 2),
                                   .to_table = to->table, .to_schema = to->schema, .columns = one_name(arena, column->name),
                                   .to_columns = one_name(arena, column->references->columns[column->references_column].name), .count = 1,
                                   .on_delete = column->item->on_delete, .on_update = column->item->on_update };
        if (key->name == NULL || key->columns == NULL || key->to_columns == NULL)
            return SQLA_ERR_NOMEM;
    }
    table->foreign_keys = keys;
    return SQLA_OK;
}

/* UNIQUE or an index over one column (from its options) or several (from items of that kind). */
static sqla_status name_constraint(sqla__arena *arena, const char *prefix, const sqla_table *table, const char **names, uint32_t n, const char *given,
                                   sqla_constraint *to)
{
    *to = (sqla_constraint){ .name = given != NULL ? given : sqla__constraint_name(arena, prefix, table->name, names, n), .columns = names, .count = n };
    return to->name != NULL && names != NULL ? SQLA_OK : SQLA_ERR_NOMEM;
}

static sqla_status offsets_to_names(sqla__arena *arena, const sqla__mapping *mapping, const sqla_constraint_item *item, const char ***ret_names, sqla_error *err)
{
    const char **names = sqla__arena_zero(arena, item->count + 1, sizeof *names);
    if (names == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < item->count && i < 8; i++) {
        const sqla_column_item *column = sqla__model_column_at(mapping->model, item->offsets[i]);
        if (column == NULL)
            return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s': an index or unique constraint names a field that is no column", mapping->model->name);
        names[i] = sqla__column_name(column);
    }
    *ret_names = names;
    return SQLA_OK;
}

static sqla_status make_constraints(sqla__arena *arena, const sqla__mapping *mapping, sqla_table *table, sqla_error *err)
{
    size_t most = (size_t)mapping->column_count + mapping->model->count + 1;
    sqla_constraint *uniques = sqla__arena_zero(arena, most, sizeof *uniques), *indexes = sqla__arena_zero(arena, most, sizeof *indexes);
    sqla_constraint *checks = sqla__arena_zero(arena, most, sizeof *checks);
    sqla_status status = uniques != NULL && indexes != NULL && checks != NULL ? SQLA_OK : sqla__error_nomem(err);
    for (uint32_t i = 0; i < mapping->column_count && status == SQLA_OK; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        if (column->item->unique)
            status = name_constraint(arena, "uq", table, one_name(arena, column->name), 1, NULL, &uniques[table->unique_count++]);
        if (status == SQLA_OK && column->item->index)
            status = name_constraint(arena, "ix", table, one_name(arena, column->name), 1, NULL, &indexes[table->index_count++]);
    }
    for (uint32_t i = 0; i < mapping->model->count && status == SQLA_OK; i++) {
        const sqla_item *item = sqla__model_item(mapping->model, i);
        const sqla_constraint_item *c = &item->as.constraint;
        const char **names = NULL;
        if (item->kind == SQLA_ITEM_CHECK) {
            const char *name = c->name != NULL ? c->name : "check";
            checks[table->check_count] = (sqla_constraint){ .name = sqla__constraint_name(arena, "ck", table->name, &name, 1), .sql = c->sql };
            status = checks[table->check_count++].name != NULL ? SQLA_OK : sqla__error_nomem(err);
        } else if (item->kind == SQLA_ITEM_UNIQUE || item->kind == SQLA_ITEM_INDEX) {
            bool unique = item->kind == SQLA_ITEM_UNIQUE;
            status = offsets_to_names(arena, mapping, c, &names, err);
            if (status == SQLA_OK)
                status = name_constraint(arena, unique ? "uq" : "ix", table, names, c->count, c->name,
                                         unique ? &uniques[table->unique_count++] : &indexes[table->index_count++]);
        }
    }
    table->uniques = uniques;
    table->indexes = indexes;
    table->checks = checks;
    return status;
}

sqla_status sqla__make_table(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err)
{
    sqla_table *table = sqla__arena_zero(&base->arena, 1, sizeof *table);
    if (table == NULL)
        return sqla__error_nomem(err);
    table->schema = mapping->model->schema;
    table->name = mapping->model->table;
    table->kind = "table";
    sqla_status status = make_columns(&base->arena, mapping, table);
    if (status == SQLA_OK)
        status = make_foreign_keys(&base->arena, mapping, table);
    if (status == SQLA_OK)
        status = make_constraints(&base->arena, mapping, table, err);
    mapping->table = table;
    return status == SQLA_ERR_NOMEM ? sqla__error_nomem(err) : status;
}

/* ---- from a database ------------------------------------------------------------------------------------------------ */

static sqla_status copy_columns(sqla__arena *arena, const sqla_table *from, sqla_table *to)
{
    sqla_column *columns = sqla__arena_zero(arena, from->column_count + 1, sizeof *columns);
    if (columns == NULL)
        return SQLA_ERR_NOMEM;
    for (uint32_t i = 0; i < from->column_count; i++) {
        columns[i] = from->columns[i];
        columns[i].name = sqla__arena_strdup(arena, from->columns[i].name);
        columns[i].type_text = sqla__arena_strdup(arena, from->columns[i].type_text);
        columns[i].default_text = sqla__arena_strdup(arena, from->columns[i].default_text);
        columns[i].comment = sqla__arena_strdup(arena, from->columns[i].comment);
        if (columns[i].name == NULL)
            return SQLA_ERR_NOMEM;
    }
    to->columns = columns;
    return SQLA_OK;
}

sqla_status sqla__metadata_add_table(sqla_metadata *base, const sqla_table *from, sqla_error *err)
{
    sqla_table *table = sqla__arena_zero(&base->arena, 1, sizeof *table);
    if (base->table_count + 1 > base->table_capacity) {
        size_t capacity = base->table_capacity * 2 + 8;
        const sqla_table **tables = sqla__resize(base->tables, capacity, sizeof *tables);
        if (tables == NULL)
            return sqla__error_nomem(err);
        base->tables = tables;
        base->table_capacity = capacity;
    }
    if (table == NULL)
        return sqla__error_nomem(err);
    *table = (sqla_table){ .schema = sqla__arena_strdup(&base->arena, from->schema), .name = sqla__arena_strdup(&base->arena, from->name),
                           .kind = sqla__arena_strdup(&base->arena, from->kind), .comment = sqla__arena_strdup(&base->arena, from->comment),
                           .column_count = from->column_count };
    if (table->name == NULL || copy_columns(&base->arena, from, table) != SQLA_OK)
        return sqla__error_nomem(err);
    base->frozen = true; /* found tables are what they are */
    base->tables[base->table_count++] = table;
    return SQLA_OK;
}
