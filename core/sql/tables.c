/* tables.c: tables, as create_all makes them, from mappings; and copies of tables that were found in a database. */
#include <config.h>
#include "sql/metadata.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/mem.h"

/* A table under construction. */
typedef struct maker {
    sqla__arena *arena;
    const sqla__mapping *mapping;
    sqla_table *table;
    sqla_error *err;
} maker;

static sqla_status refuse(maker *m, const char *what, const char *which)
{
    return sqla__error_set(m->err, SQLA_ERR_MISUSE, "model '%s': %s%s%s%s", m->mapping->model->name, what, which != NULL ? " '" : "",
                           which != NULL ? which : "", which != NULL ? "'" : "");
}

/* ---- columns and foreign keys ------------------------------------------------------------------------------------------ */

static void make_column(const sqla__mapped_column *mapped, uint32_t key_position, sqla_column *column)
{
    const sqla_column_item *item = mapped->item;
    *column = (sqla_column){ .name = mapped->name, .type_text = sqla__column_sql_type(item), .default_text = item->server_default, .comment = item->comment,
                             .type = sqla__column_type(item), .length = sqla__column_form(item) & SQLA_FORM_CHARS ? sqla__column_size(item) - 1 : 0,
                             .key_position = key_position, .nullable = !mapped->not_null, .unique = item->unique, .index = item->index,
                             .generated_key = mapped->generated,
                             .native_enum = item->native && item->sql_type == NULL,
                             .loose = sqla__column_is_loose(item), .labels = item->labels,
                             .label_count = mapped->slot.label_count, .as_micros = item->storage == SQLA_STORE_MICROS };
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

static sqla_status make_columns(maker *m)
{
    sqla_column *columns = sqla__arena_zero(m->arena, m->mapping->column_count + 1, sizeof *columns);
    if (columns == NULL)
        return sqla__error_nomem(m->err);
    for (uint32_t i = 0; i < m->mapping->column_count; i++)
        make_column(&m->mapping->columns[i], key_position(m->mapping, i), &columns[i]);
    m->table->columns = columns;
    m->table->column_count = m->mapping->column_count;
    return SQLA_OK;
}

static sqla_status make_foreign_keys(maker *m)
{
    sqla_foreign_key *keys = sqla__arena_zero(m->arena, m->mapping->column_count + 1, sizeof *keys);
    if (keys == NULL)
        return sqla__error_nomem(m->err);
    m->table->foreign_keys = keys;
    for (uint32_t i = 0; i < m->mapping->column_count; i++) {
        const sqla__mapped_column *column = &m->mapping->columns[i];
        if (column->references == NULL)
            continue;
        const sqla_model *to = column->references->model;
        sqla_foreign_key *key = &keys[m->table->foreign_key_count++];
        *key = (sqla_foreign_key){ .name = sqla__constraint_name(m->arena, "fk", m->table->name, (const char *const[]){ column->name, to->table }, 2),
                                   .to_table = to->table, .to_schema = to->schema, .columns = one_name(m->arena, column->name),
                                   .to_columns = one_name(m->arena, column->references->columns[column->references_column].name), .count = 1,
                                   .on_delete = column->item->on_delete, .on_update = column->item->on_update };
        if (key->name == NULL || key->columns == NULL || key->to_columns == NULL)
            return sqla__error_nomem(m->err);
    }
    return SQLA_OK;
}

/* ---- UNIQUE, indexes and CHECK ----------------------------------------------------------------------------------------- */

/* Over one column (from its options) or several (from items of that kind). */
static sqla_status name_constraint(maker *m, const char *prefix, const char **names, uint32_t n, const char *given, sqla_constraint *to)
{
    if (names == NULL)
        return sqla__error_nomem(m->err);
    *to = (sqla_constraint){ .name = given != NULL ? given : sqla__constraint_name(m->arena, prefix, m->table->name, names, n),
                             .columns = names, .count = n };
    return to->name != NULL ? SQLA_OK : sqla__error_nomem(m->err);
}

static sqla_status offsets_to_names(maker *m, const sqla_constraint_item *item, const char ***ret_names)
{
    if (item->count == 0 || item->count > sizeof item->offsets / sizeof item->offsets[0])
        return refuse(m, "an index or unique constraint needs one to eight fields", NULL);
    const char **names = sqla__arena_zero(m->arena, item->count + 1, sizeof *names);
    if (names == NULL)
        return sqla__error_nomem(m->err);
    for (uint32_t i = 0; i < item->count; i++) {
        const sqla_column_item *column = sqla__model_column_at(m->mapping->model, item->offsets[i]);
        if (column == NULL)
            return refuse(m, "an index or unique constraint names a field that is no column", NULL);
        names[i] = sqla__column_name(column);
        for (uint32_t k = 0; k < i; k++)
            if (names[k] == names[i])
                return refuse(m, "an index or unique constraint names a field twice:", column->field);
    }
    *ret_names = names;
    return SQLA_OK;
}

static sqla_status make_check(maker *m, const sqla_constraint_item *item, sqla_constraint *to)
{
    if (item->sql == NULL || item->sql[0] == '\0')
        return refuse(m, "a CHECK has no condition", NULL);
    const char *name = item->name != NULL ? item->name : sqla__stable_word(m->arena, item->sql);
    if (name != NULL)
        *to = (sqla_constraint){ .name = sqla__constraint_name(m->arena, "ck", m->table->name, &name, 1), .sql = item->sql };
    return name != NULL && to->name != NULL ? SQLA_OK : sqla__error_nomem(m->err);
}

static sqla_status make_item(maker *m, const sqla_item *item, sqla_constraint *uniques, sqla_constraint *indexes, sqla_constraint *checks)
{
    const sqla_constraint_item *c = &item->as.constraint;
    const char **names = NULL;
    if (item->kind == SQLA_ITEM_CHECK)
        return make_check(m, c, &checks[m->table->check_count++]);
    if (item->kind != SQLA_ITEM_UNIQUE && item->kind != SQLA_ITEM_INDEX)
        return SQLA_OK;
    sqla_status status = offsets_to_names(m, c, &names);
    if (status != SQLA_OK)
        return status;
    return item->kind == SQLA_ITEM_UNIQUE ? name_constraint(m, "uq", names, c->count, c->name, &uniques[m->table->unique_count++])
                                          : name_constraint(m, "ix", names, c->count, c->name, &indexes[m->table->index_count++]);
}

static sqla_status make_constraints(maker *m)
{
    size_t most = (size_t)m->mapping->column_count + sqla__model_item_count(m->mapping->model) + 1;
    sqla_constraint *uniques = sqla__arena_zero(m->arena, most, sizeof *uniques), *indexes = sqla__arena_zero(m->arena, most, sizeof *indexes);
    sqla_constraint *checks = sqla__arena_zero(m->arena, most, sizeof *checks);
    sqla_status status = uniques != NULL && indexes != NULL && checks != NULL ? SQLA_OK : sqla__error_nomem(m->err);
    for (uint32_t i = 0; i < m->mapping->column_count && status == SQLA_OK; i++) {
        const sqla__mapped_column *column = &m->mapping->columns[i];
        if (column->item->unique)
            status = name_constraint(m, "uq", one_name(m->arena, column->name), 1, NULL, &uniques[m->table->unique_count++]);
        if (status == SQLA_OK && column->item->index)
            status = name_constraint(m, "ix", one_name(m->arena, column->name), 1, NULL, &indexes[m->table->index_count++]);
    }
    const sqla_item *item;
    for (uint32_t i = 0; (item = sqla__model_item(m->mapping->model, i)) != NULL && status == SQLA_OK; i++)
        status = make_item(m, item, uniques, indexes, checks);
    m->table->uniques = uniques;
    m->table->indexes = indexes;
    m->table->checks = checks;
    return status;
}

/* ---- names that clash -------------------------------------------------------------------------------------------------- */

typedef struct name_list { const char **names; size_t count; } name_list;

static void note(name_list *list, const sqla_constraint *constraints, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        list->names[list->count++] = constraints[i].name;
}

/* What create_all is going to name: databases refuse two of one name, and do so late. */
static sqla_status check_names(maker *m)
{
    const sqla_table *t = m->table;
    name_list list = { sqla__arena_zero(m->arena, (size_t)t->unique_count + t->index_count + t->check_count + t->foreign_key_count + t->column_count + 1,
                                        sizeof(const char *)), 0 };
    if (list.names == NULL)
        return sqla__error_nomem(m->err);
    note(&list, t->uniques, t->unique_count);
    note(&list, t->indexes, t->index_count);
    note(&list, t->checks, t->check_count);
    for (uint32_t i = 0; i < t->foreign_key_count; i++)
        list.names[list.count++] = t->foreign_keys[i].name;
    for (uint32_t i = 0; i < t->column_count; i++)
        if (t->columns[i].type == SQLA_ENUM_TYPE)
            list.names[list.count++] = sqla__constraint_name(m->arena, "ck", t->name, &t->columns[i].name, 1);
    for (size_t i = 0; i < list.count; i++) {
        if (list.names[i] == NULL)
            return sqla__error_nomem(m->err);
        for (size_t k = 0; k < i; k++)
            if (strcasecmp(list.names[i], list.names[k]) == 0)
                return refuse(m, "two constraints or indexes have the name", list.names[i]);
    }
    return SQLA_OK;
}

sqla_status sqla__make_table(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err)
{
    sqla_table *table = sqla__arena_zero(&base->arena, 1, sizeof *table);
    if (table == NULL)
        return sqla__error_nomem(err);
    maker m = { &base->arena, mapping, table, err };
    table->schema = mapping->model->schema;
    table->name = mapping->model->table;
    table->kind = "table";
    sqla_status status = make_columns(&m);
    if (status == SQLA_OK)
        status = make_foreign_keys(&m);
    if (status == SQLA_OK)
        status = make_constraints(&m);
    if (status == SQLA_OK)
        status = check_names(&m);
    mapping->table = table;
    return status;
}

/* ---- from a database --------------------------------------------------------------------------------------------------- */

/* A copy that ran out of memory says so once, at its end. */
typedef struct copier { sqla__arena *arena; bool broken; } copier;

static const char *copy_text(copier *c, const char *text)
{
    const char *copy = sqla__arena_strdup(c->arena, text);
    c->broken = c->broken || (text != NULL && copy == NULL);
    return copy;
}

static void *copy_room(copier *c, size_t n, size_t size)
{
    void *room = sqla__arena_zero(c->arena, n + 1, size);
    c->broken = c->broken || room == NULL;
    return room;
}

static const char *const *copy_texts(copier *c, const char *const *texts, uint32_t n)
{
    const char **copy = texts != NULL ? copy_room(c, n, sizeof *copy) : NULL;
    for (uint32_t i = 0; i < n && copy != NULL; i++)
        copy[i] = copy_text(c, texts[i]);
    return copy;
}

static const sqla_column *copy_columns(copier *c, const sqla_column *from, uint32_t n)
{
    sqla_column *columns = copy_room(c, n, sizeof *columns);
    for (uint32_t i = 0; i < n && columns != NULL; i++) {
        columns[i] = from[i];
        columns[i].name = copy_text(c, from[i].name);
        columns[i].type_text = copy_text(c, from[i].type_text);
        columns[i].default_text = copy_text(c, from[i].default_text);
        columns[i].comment = copy_text(c, from[i].comment);
        columns[i].labels = copy_texts(c, from[i].labels, from[i].label_count);
    }
    return columns;
}

static const sqla_foreign_key *copy_foreign_keys(copier *c, const sqla_foreign_key *from, uint32_t n)
{
    sqla_foreign_key *keys = copy_room(c, n, sizeof *keys);
    for (uint32_t i = 0; i < n && keys != NULL; i++) {
        keys[i] = from[i];
        keys[i].name = copy_text(c, from[i].name);
        keys[i].to_table = copy_text(c, from[i].to_table);
        keys[i].to_schema = copy_text(c, from[i].to_schema);
        keys[i].columns = copy_texts(c, from[i].columns, from[i].count);
        keys[i].to_columns = copy_texts(c, from[i].to_columns, from[i].count);
    }
    return keys;
}

static const sqla_constraint *copy_constraints(copier *c, const sqla_constraint *from, uint32_t n)
{
    sqla_constraint *constraints = copy_room(c, n, sizeof *constraints);
    for (uint32_t i = 0; i < n && constraints != NULL; i++) {
        constraints[i] = from[i];
        constraints[i].name = copy_text(c, from[i].name);
        constraints[i].sql = copy_text(c, from[i].sql);
        constraints[i].columns = copy_texts(c, from[i].columns, from[i].count);
    }
    return constraints;
}

static const sqla_table *copy_table(copier *c, const sqla_table *from)
{
    sqla_table *table = copy_room(c, 0, sizeof *table);
    if (table == NULL)
        return NULL;
    *table = *from;
    table->schema = copy_text(c, from->schema);
    table->name = copy_text(c, from->name);
    table->kind = copy_text(c, from->kind);
    table->comment = copy_text(c, from->comment);
    table->columns = copy_columns(c, from->columns, from->column_count);
    table->foreign_keys = copy_foreign_keys(c, from->foreign_keys, from->foreign_key_count);
    table->uniques = copy_constraints(c, from->uniques, from->unique_count);
    table->checks = copy_constraints(c, from->checks, from->check_count);
    table->indexes = copy_constraints(c, from->indexes, from->index_count);
    return table;
}

sqla_status sqla__metadata_add_table(sqla_metadata *base, const sqla_table *from, sqla_error *err)
{
    copier c = { &base->arena, false };
    if (base->table_count + 1 > base->table_capacity) {
        size_t capacity = base->table_capacity * 2 + 8;
        const sqla_table **tables = sqla__resize(base->tables, capacity, sizeof *tables);
        if (tables == NULL)
            return sqla__error_nomem(err);
        base->tables = tables;
        base->table_capacity = capacity;
    }
    const sqla_table *table = copy_table(&c, from);
    if (c.broken)
        return sqla__error_nomem(err);
    base->frozen = true; /* found tables are what they are */
    base->tables[base->table_count++] = table;
    return SQLA_OK;
}
