/* freeze.c: from models to mappings. Everything that can be wrong with a mapping shows here, at start-up, by model and field. */
#include <config.h>
#include "sql/metadata.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/topo.h"


static sqla_status wrong(sqla_error *err, const sqla_model *model, const char *field, const char *what)
{
    if (field == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s': %s", model->name, what);
    return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s', field '%s': %s", model->name, field, what);
}

/* ---- columns ---------------------------------------------------------------------------------------------------- */

static bool is_pointer_type(uint32_t type) { return type == SQLA_BLOB || type == SQLA_JSON || type == SQLA_DECIMAL; }

static uint8_t rep_of(const sqla_column_item *item)
{
    uint32_t type = item->form & SQLA_FORM_TYPE;
    if (item->form & SQLA_FORM_CHARS)
        return SQLA_REP_CHARS;
    if (type == SQLA_BLOB)
        return SQLA_REP_BYTES;
    return type == SQLA_TEXT || is_pointer_type(type) ? SQLA_REP_CSTR : SQLA_REP_FIXED;
}

static uint32_t count_labels(const char *const *labels)
{
    uint32_t n = 0;
    while (labels != NULL && labels[n] != NULL)
        n++;
    return n;
}

static void make_slot(const sqla_column_item *item, uint32_t index, sqla_slot *slot)
{
    *slot = (sqla_slot){ .type = (uint8_t)(item->form & SQLA_FORM_TYPE), .rep = rep_of(item), .column = (int32_t)index, .offset = item->offset,
                         .size = item->value_size, .set_offset = -1, .labels = item->labels, .label_count = count_labels(item->labels),
                         .name = sqla__column_name(item) };
    if (item->form & SQLA_FORM_OPTIONAL)
        slot->set_offset = (int32_t)(item->offset + item->value_size);
    if (item->form & SQLA_FORM_UNSIGNED)
        slot->flags |= SQLA_SLOT_UNSIGNED;
    if (item->form & SQLA_FORM_NULLABLE)
        slot->flags |= SQLA_SLOT_NULLABLE;
}

static sqla__sent sent_rule(const sqla__mapped_column *column)
{
    bool nullable = column->item->form & SQLA_FORM_NULLABLE;
    bool filled = column->generated || column->item->server_default != NULL;
    if (!filled)
        return SQLA__SENT_ALWAYS;
    return nullable ? SQLA__SENT_WHEN_SET : SQLA__SENT_NEVER;
}

static bool is_integer(const sqla_column_item *item)
{
    uint32_t type = item->form & SQLA_FORM_TYPE;
    return type == SQLA_INT16 || type == SQLA_INT32 || type == SQLA_INT64;
}

static sqla_status check_column(const sqla_model *model, const sqla_column_item *item, sqla_error *err)
{
    uint32_t type = item->form & SQLA_FORM_TYPE;
    const char *name = sqla__column_name(item);
    if (type == SQLA_NULL || type >= SQLA_TYPE_COUNT_)
        return wrong(err, model, item->field, "its type is not one that a column can have");
    if (name[0] == '\0' || !sqla__utf8_valid(name, strlen(name)))
        return wrong(err, model, item->field, "the column's name is empty or not valid UTF-8");
    if (type == SQLA_ENUM_TYPE && count_labels(item->labels) == 0)
        return wrong(err, model, item->field, "an enum needs its labels");
    if (item->offset + (uint64_t)item->size > model->size)
        return wrong(err, model, item->field, "it lies beyond the struct");
    if ((item->form & SQLA_FORM_CHARS) && item->size < 2)
        return wrong(err, model, item->field, "a char array needs room for a character and its NUL");
    return SQLA_OK;
}

static sqla_status fill_columns(const sqla_model *model, sqla__arena *arena, sqla__mapping *mapping, sqla_error *err)
{
    sqla__mapped_column *columns = sqla__arena_zero(arena, model->count + 1, sizeof *columns);
    sqla_slot *slots = sqla__arena_zero(arena, model->count + 1, sizeof *slots);
    if (columns == NULL || slots == NULL)
        return sqla__error_nomem(err);
    uint32_t n = 0;
    for (uint32_t i = 0; i < model->count; i++) {
        const sqla_item *item = sqla__model_item(model, i);
        if (item->kind != SQLA_ITEM_COLUMN)
            continue;
        const sqla_column_item *column = &item->as.column;
        sqla_status status = check_column(model, column, err);
        if (status != SQLA_OK)
            return status;
        for (uint32_t k = 0; k < n; k++)
            if (strcmp(columns[k].name, sqla__column_name(column)) == 0)
                return wrong(err, model, column->field, "another field has a column of the same name");
        columns[n] = (sqla__mapped_column){ .item = column, .name = sqla__column_name(column), .index = n, .is_key = column->primary_key,
                                            .not_null = !(column->form & SQLA_FORM_NULLABLE) || column->not_null || column->primary_key };
        make_slot(column, n, &columns[n].slot);
        columns[n].is_pointer = columns[n].slot.rep == SQLA_REP_CSTR || columns[n].slot.rep == SQLA_REP_BYTES;
        slots[n] = columns[n].slot;
        n++;
    }
    if (n == 0)
        return wrong(err, model, NULL, "it has no columns");
    mapping->model = model;
    mapping->size = model->size;
    mapping->columns = columns;
    mapping->column_count = n;
    mapping->generated_key = -1;
    mapping->plan = (sqla_plan){ sizeof(sqla_plan), n, slots };
    return SQLA_OK;
}

sqla_status sqla__mapping_of_rows(const sqla_model *model, sqla__arena *arena, const sqla__mapping **ret, sqla_error *err)
{
    if (model == NULL || model->struct_size < sizeof *model || model->item_size < sizeof(sqla_item))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a model is not as the macros make it");
    sqla__mapping *mapping = sqla__arena_zero(arena, 1, sizeof *mapping);
    if (mapping == NULL)
        return sqla__error_nomem(err);
    sqla_status status = fill_columns(model, arena, mapping, err);
    if (status == SQLA_OK)
        *ret = mapping;
    return status;
}

/* ---- keys --------------------------------------------------------------------------------------------------------- */

static bool is_foreign_key(const sqla_metadata *base, const sqla_column_item *item) { return sqla__column_target(base, item) != NULL; }

static sqla_status fill_key(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err)
{
    sqla__mapped_column *columns = (sqla__mapped_column *)(uintptr_t)mapping->columns;
    uint32_t *keys = sqla__arena_zero(&base->arena, mapping->column_count, sizeof *keys);
    if (keys == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if (columns[i].is_key)
            keys[mapping->key_count++] = i;
    mapping->keys = keys;
    if (mapping->key_count == 0) {
        wrong(err, mapping->model, NULL, "it has no primary key, so its objects cannot be told apart");
        sqla__error_hint(err, "mark one column, or several together, with .primary_key = true");
        return err->status;
    }
    const sqla_column_item *only = columns[keys[0]].item;
    if (mapping->key_count == 1 && is_integer(only) && !only->natural && !(only->form & SQLA_FORM_UNSIGNED) && !is_foreign_key(base, only) &&
        only->server_default == NULL) {
        columns[keys[0]].generated = true;
        mapping->generated_key = (int32_t)keys[0];
    }
    for (uint32_t i = 0; i < mapping->column_count; i++)
        columns[i].sent = sent_rule(&columns[i]);
    return SQLA_OK;
}

static sqla__mapping *mapping_for(const sqla_metadata *base, const sqla_model *model)
{
    return (sqla__mapping *)(uintptr_t)sqla__metadata_mapping(base, model);
}

static const sqla__mapped_column *column_at(const sqla__mapping *mapping, uint32_t offset)
{
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if (mapping->columns[i].item->offset == offset)
            return &mapping->columns[i];
    return NULL;
}

static sqla_status fill_foreign_keys(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err)
{
    sqla__mapped_column *columns = (sqla__mapped_column *)(uintptr_t)mapping->columns;
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla_column_item *item = columns[i].item;
        const sqla_model *target = sqla__column_target(base, item);
        if (target == NULL)
            continue;
        const sqla__mapping *to = mapping_for(base, target);
        const sqla__mapped_column *referenced = to != NULL ? column_at(to, item->references_offset) : NULL;
        if (referenced == NULL)
            return wrong(err, mapping->model, item->field, "the field that this foreign key points at is no column of its model");
        if (referenced->slot.type != columns[i].slot.type)
            return wrong(err, mapping->model, item->field, "the two sides of this foreign key differ in type");
        if (!(referenced->is_key && to->key_count == 1) && !referenced->item->unique)
            return wrong(err, mapping->model, item->field, "it points at a column that is neither the primary key nor unique");
        columns[i].references = to;
        columns[i].references_column = referenced->index;
        mapping->self_reference = mapping->self_reference || to == mapping;
    }
    return SQLA_OK;
}

/* ---- relations ----------------------------------------------------------------------------------------------------- */

static sqla_status fill_relation(sqla_metadata *base, sqla__mapping *mapping, const sqla_item *item, sqla__relation *relation, sqla_error *err)
{
    const sqla_relation_item *r = &item->as.relation;
    bool to_many = item->kind == SQLA_ITEM_TO_MANY;
    const sqla__mapping *target = mapping_for(base, r->target());
    const sqla__mapping *holder = to_many ? target : mapping, *pointed = to_many ? mapping : target;
    const sqla__mapped_column *key = holder != NULL ? column_at(holder, r->fk_offset) : NULL;
    if (key == NULL || key->references != pointed) {
        wrong(err, mapping->model, r->field, "the relation's key field is no foreign key to the other side");
        sqla__error_hint(err, "declare it with SQLA_FOREIGN_KEY in '%s', pointing at '%s'", holder != NULL ? holder->model->name : "?",
                         pointed != NULL ? pointed->model->name : "?");
        return err->status;
    }
    *relation = (sqla__relation){ .item = r, .owner = mapping, .target = target, .to_many = to_many, .offset = r->offset, .key_column = key->index,
                                  .referenced_column = key->references_column };
    return SQLA_OK;
}

static sqla_status fill_relations(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err)
{
    sqla__relation *relations = sqla__arena_zero(&base->arena, mapping->model->count + 1, sizeof *relations);
    if (relations == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < mapping->model->count; i++) {
        const sqla_item *item = sqla__model_item(mapping->model, i);
        if (item->kind != SQLA_ITEM_TO_ONE && item->kind != SQLA_ITEM_TO_MANY)
            continue;
        sqla_status status = fill_relation(base, mapping, item, &relations[mapping->relation_count], err);
        if (status != SQLA_OK)
            return status;
        relations[mapping->relation_count].index = mapping->relation_count;
        mapping->relation_count++;
    }
    mapping->relations = relations;
    return SQLA_OK;
}

/* Two relations over the same foreign key are the two sides of one. */
static void pair_relations(const sqla__mapping *mapping)
{
    for (uint32_t i = 0; i < mapping->relation_count; i++) {
        sqla__relation *mine = (sqla__relation *)(uintptr_t)&mapping->relations[i];
        if (mine->item->flags & SQLA_VIEW_ONLY)
            continue;
        for (uint32_t k = 0; k < mine->target->relation_count; k++) {
            const sqla__relation *other = &mine->target->relations[k];
            if (other->target == mapping && other->to_many != mine->to_many && other->key_column == mine->key_column && other != mine &&
                !(other->item->flags & SQLA_VIEW_ONLY))
                mine->inverse = other;
        }
    }
}

/* ---- order ----------------------------------------------------------------------------------------------------------- */

/* Can b be reached from a over foreign keys (which point from child to parent)? */
static bool reaches(const sqla_metadata *base, const sqla__mapping *from, const sqla__mapping *to, unsigned char *seen)
{
    if (seen[from->index])
        return false;
    seen[from->index] = 1;
    for (uint32_t i = 0; i < from->column_count; i++) {
        const sqla__mapping *parent = from->columns[i].references;
        if (parent != NULL && parent != from && (parent == to || reaches(base, parent, to, seen)))
            return true;
    }
    return false;
}

static sqla_status sort_mappings(sqla_metadata *base, sqla_error *err)
{
    size_t n = base->models.count, edges = 0, most = 0;
    for (size_t i = 0; i < n; i++)
        most += base->mappings[i].column_count;
    uint32_t *before = sqla__alloc_zero(2 * most + n + 1, sizeof *before), *after = before + most, *order = after + most;
    unsigned char *seen = sqla__alloc_zero(n + 1, 1);
    sqla_status status = before != NULL && seen != NULL ? SQLA_OK : sqla__error_nomem(err);
    for (size_t i = 0; i < n && status == SQLA_OK; i++) {
        sqla__mapping *mapping = &base->mappings[i];
        for (uint32_t c = 0; c < mapping->column_count; c++) {
            if (mapping->columns[c].references == NULL || mapping->columns[c].references == mapping)
                continue;
            before[edges] = mapping->columns[c].references->index;
            after[edges++] = (uint32_t)i;
        }
        memset(seen, 0, n);
        mapping->in_cycle = reaches(base, mapping, mapping, seen);
    }
    if (status == SQLA_OK && sqla__topo_sort(n, before, after, edges, order, NULL) != SQLA_OK)
        status = sqla__error_nomem(err);
    for (uint32_t rank = 0; rank < n && status == SQLA_OK; rank++) {
        base->mappings[order[rank]].rank = rank;
        base->tables[rank] = base->mappings[order[rank]].table;
    }
    sqla__free(before);
    sqla__free(seen);
    return status;
}

/* ---- all of it --------------------------------------------------------------------------------------------------------- */

static sqla_status check_tables(const sqla_metadata *base, sqla_error *err)
{
    for (size_t i = 0; i < base->models.count; i++) {
        const sqla_model *a = base->models.items[i];
        if (a->table[0] == '\0' || !sqla__utf8_valid(a->table, strlen(a->table)))
            return wrong(err, a, NULL, "the name of its table is empty or not valid UTF-8");
        for (size_t k = 0; k < i; k++) {
            const sqla_model *b = base->models.items[k];
            bool same_schema = a->schema == b->schema || (a->schema != NULL && b->schema != NULL && strcmp(a->schema, b->schema) == 0);
            if (same_schema && strcmp(a->table, b->table) == 0)
                return wrong(err, a, NULL, "another model has the same table");
        }
    }
    return SQLA_OK;
}

static sqla_status start(sqla_metadata *base, sqla_error *err)
{
    size_t n = base->models.count;
    base->mappings = sqla__arena_zero(&base->arena, n + 1, sizeof *base->mappings);
    base->keys = sqla__arena_zero(&base->arena, n + 1, sizeof *base->keys);
    sqla__free(base->tables);
    base->tables = sqla__alloc_zero(n + 1, sizeof *base->tables);
    base->table_count = base->table_capacity = n;
    sqla__hash_release(&base->by_model);
    if (base->mappings == NULL || base->keys == NULL || base->tables == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        base->keys[i] = base->models.items[i];
        base->mappings[i].index = (uint32_t)i;
        base->mappings[i].base = base;
        if (!sqla__hash_put(&base->by_model, &base->keys[i], sizeof base->keys[i], &base->mappings[i]))
            return sqla__error_nomem(err);
    }
    return SQLA_OK;
}

typedef sqla_status step_fn(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err);

static sqla_status columns_step(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err)
{
    return fill_columns(base->models.items[mapping->index], &base->arena, mapping, err);
}

static sqla_status freeze(sqla_metadata *base, sqla_error *err)
{
    static step_fn *const steps[] = { columns_step, fill_key, fill_foreign_keys, fill_relations, sqla__make_table };
    sqla_status status = sqla__own_models_seal(base, err);
    if (status == SQLA_OK)
        status = check_tables(base, err);
    if (status == SQLA_OK)
        status = start(base, err);
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++)
        for (size_t i = 0; i < base->models.count && status == SQLA_OK; i++)
            status = steps[s](base, &base->mappings[i], err);
    for (size_t i = 0; i < base->models.count && status == SQLA_OK; i++)
        pair_relations(&base->mappings[i]);
    return status == SQLA_OK ? sort_mappings(base, err) : status;
}

sqla_status sqla__metadata_freeze(sqla_metadata *base, sqla_error *err)
{
    pthread_mutex_lock(&base->lock);
    sqla_status status = base->frozen ? SQLA_OK : freeze(base, err);
    if (status == SQLA_OK)
        base->frozen = true;
    pthread_mutex_unlock(&base->lock);
    return status;
}
