/* freeze.c: from models to mappings: keys, foreign keys, relations, order. Everything that can be wrong with a mapping shows here,
 * by model and field: when a model is added, and again when everything is there. Columns are worked out in columns.c. */
#include <config.h>
#include "sql/metadata.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/topo.h"

static sqla_status wrong(sqla_error *err, const sqla_model *model, const char *field, const char *what)
{
    return sqla__mapping_wrong(err, model, field, what);
}

/* ---- keys --------------------------------------------------------------------------------------------------------- */

static bool is_foreign_key(const sqla_metadata *base, const sqla_column_item *item) { return sqla__column_target(base, item) != NULL; }

static bool is_integer(const sqla_column_item *item)
{
    uint32_t type = sqla__column_type(item);
    return type == SQLA_INT16 || type == SQLA_INT32 || type == SQLA_INT64;
}

static sqla__sent sent_rule(const sqla__mapped_column *column)
{
    if (!column->generated && column->item->server_default == NULL)
        return SQLA__SENT_ALWAYS;
    return sqla__column_form(column->item) & SQLA_FORM_NULLABLE ? SQLA__SENT_WHEN_SET : SQLA__SENT_NEVER;
}

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
    if (mapping->key_count == 1 && is_integer(only) && !only->natural && !(sqla__column_form(only) & SQLA_FORM_UNSIGNED) && !is_foreign_key(base, only) &&
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
        if (sqla__column_offset(mapping->columns[i].item) == offset)
            return &mapping->columns[i];
    return NULL;
}

/* Is that column alone a key of its table? */
static bool is_unique(const sqla__mapping *mapping, const sqla__mapped_column *column)
{
    if ((column->is_key && mapping->key_count == 1) || column->item->unique)
        return true;
    const sqla_item *item;
    for (uint32_t i = 0; (item = sqla__model_item(mapping->model, i)) != NULL; i++) {
        if (item->kind == SQLA_ITEM_UNIQUE && item->as.constraint.count == 1 && item->as.constraint.offsets[0] == sqla__column_offset(column->item))
            return true;
    }
    return false;
}

/* What is wrong with the foreign key in `column`; NULL: nothing. */
static const char *wrong_foreign_key(const sqla__mapped_column *column, const sqla__mapping *to, const sqla__mapped_column *referenced)
{
    const sqla_column_item *item = column->item;
    if (to == NULL)
        return "the model that this foreign key points at is not in the metadata";
    if (referenced == NULL)
        return "the field that this foreign key points at is no column of its model";
    if (referenced->item->conversion != NULL)
        return "it points at a field with a conversion, which is no key";
    if (referenced->slot.type != column->slot.type)
        return "the two sides of this foreign key differ in type";
    if (!is_unique(to, referenced))
        return "it points at a column that is neither the primary key nor unique";
    if (column->not_null && (item->on_delete == SQLA_SET_NULL || item->on_update == SQLA_SET_NULL))
        return "SQLA_SET_NULL needs a field that can be NULL";
    return NULL;
}

static sqla_status fill_foreign_keys(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err)
{
    sqla__mapped_column *columns = (sqla__mapped_column *)(uintptr_t)mapping->columns;
    sqla__foreign_key *keys = sqla__arena_zero(&base->arena, mapping->column_count + 1, sizeof *keys);
    if (keys == NULL)
        return sqla__error_nomem(err);
    mapping->foreign_keys = keys;
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla_column_item *item = columns[i].item;
        const sqla_model *target = sqla__column_target(base, item);
        if (target == NULL && (item->on_delete != SQLA_NO_ACTION || item->on_update != SQLA_NO_ACTION))
            return wrong(err, mapping->model, item->field, "it has .on_delete or .on_update and is no foreign key");
        if (target == NULL)
            continue;
        const sqla__mapping *to = mapping_for(base, target);
        const sqla__mapped_column *referenced = to != NULL ? column_at(to, item->references_offset) : NULL;
        const char *what = wrong_foreign_key(&columns[i], to, referenced);
        if (what != NULL)
            return wrong(err, mapping->model, item->field, what);
        columns[i].references = to;
        columns[i].references_column = referenced->index;
        keys[mapping->foreign_key_count] = (sqla__foreign_key){ .holder = mapping, .target = to, .column = i,
                                                               .referenced_column = referenced->index,
                                                               .index = mapping->foreign_key_count };
        mapping->foreign_key_count++;
        mapping->self_reference = mapping->self_reference || to == mapping;
    }
    return SQLA_OK;
}

/* ---- relations ----------------------------------------------------------------------------------------------------- */

static sqla__foreign_key *foreign_key_on(const sqla__mapping *holder, uint32_t column)
{
    for (uint32_t i = 0; i < holder->foreign_key_count; i++)
        if (holder->foreign_keys[i].column == column)
            return (sqla__foreign_key *)(uintptr_t)&holder->foreign_keys[i];
    return NULL;
}

static sqla_status fill_relation(sqla_metadata *base, sqla__mapping *mapping, const sqla_item *item, sqla__relation *relation, sqla_error *err)
{
    const sqla_relation_item *r = &item->as.relation;
    bool to_many = item->kind == SQLA_ITEM_TO_MANY;
    const sqla__mapping *target = r->target != NULL ? mapping_for(base, r->target()) : NULL;
    const sqla__mapping *holder = to_many ? target : mapping, *pointed = to_many ? mapping : target;
    const sqla__mapped_column *key = holder != NULL ? column_at(holder, r->fk_offset) : NULL;
    if (key == NULL || pointed == NULL || key->references != pointed) {
        wrong(err, mapping->model, r->field, "the relation's key field is no foreign key to the other side");
        sqla__error_hint(err, "declare it with SQLA_FOREIGN_KEY in '%s', pointing at '%s'", holder != NULL ? holder->model->name : "?",
                         pointed != NULL ? pointed->model->name : "?");
        return err->status;
    }
    if (!to_many && (r->flags & (SQLA_OWNS | SQLA_ORPHANS_DIE)) != 0)
        return wrong(err, mapping->model, r->field, "SQLA_OWNS and SQLA_ORPHANS_DIE belong to the to-many side");
    if ((r->flags & (SQLA_OWNS | SQLA_ORPHANS_DIE)) == SQLA_ORPHANS_DIE)
        return wrong(err, mapping->model, r->field, "SQLA_ORPHANS_DIE needs SQLA_OWNS beside it");
    *relation = (sqla__relation){ .item = r, .owner = mapping, .target = target, .to_many = to_many, .offset = r->offset,
                                  .key = foreign_key_on(holder, key->index) };
    return SQLA_OK;
}

static sqla_status fill_relations(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err)
{
    sqla__relation *relations = sqla__arena_zero(&base->arena, sqla__model_item_count(mapping->model) + 1, sizeof *relations);
    if (relations == NULL)
        return sqla__error_nomem(err);
    const sqla_item *item;
    for (uint32_t i = 0; (item = sqla__model_item(mapping->model, i)) != NULL; i++) {
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

static void mark(unsigned char *mask, size_t offset, size_t size) { memset(mask + offset, 0xff, size); }

static sqla_status fill_mask(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err)
{
    uint64_t *mask = sqla__arena_zero(&base->arena, mapping->size / sizeof *mask + 1, sizeof *mask);
    unsigned char *bytes = (unsigned char *)mask;
    if (mask == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla_slot *slot = &mapping->columns[i].slot;
        const sqla_column_item *item = mapping->columns[i].item;
        mark(bytes, sqla__column_offset(item), sqla__column_value_size(item));
        if (slot->set_offset >= 0)
            mark(bytes, (size_t)slot->set_offset, sizeof(bool));
    }
    for (uint32_t i = 0; i < mapping->relation_count; i++)
        if (!mapping->relations[i].to_many)
            mark(bytes, mapping->relations[i].offset, sizeof(void *));
    mapping->mask = mask;
    return SQLA_OK;
}

static bool is_written(const sqla__relation *relation) { return !(relation->item->flags & SQLA_VIEW_ONLY); }

/* Do both relations, of one model, go over the same foreign key in the same direction? Then each would undo what the other did. */
static bool is_same_side(const sqla__relation *a, const sqla__relation *b)
{
    return is_written(a) && is_written(b) && a->target == b->target && a->to_many == b->to_many && a->key == b->key;
}

/* Two relations over the same foreign key are the two sides of one. */
static sqla_status pair_relations(const sqla__mapping *mapping, sqla_error *err)
{
    for (uint32_t i = 0; i < mapping->relation_count; i++) {
        sqla__relation *mine = (sqla__relation *)(uintptr_t)&mapping->relations[i];
        for (uint32_t k = 0; k < i; k++) {
            if (!is_same_side(mine, &mapping->relations[k]))
                continue;
            wrong(err, mapping->model, mine->item->field, "another relation goes over the same foreign key");
            sqla__error_hint(err, "mark one of them with .flags = SQLA_VIEW_ONLY");
            return err->status;
        }
        for (uint32_t k = 0; k < mine->target->relation_count; k++) {
            const sqla__relation *other = &mine->target->relations[k];
            if (is_written(mine) && is_written(other) && other->to_many != mine->to_many && other->key == mine->key)
                mine->inverse = other;
        }
        sqla__foreign_key *key = (sqla__foreign_key *)(uintptr_t)mine->key;
        if (is_written(mine))
            *(mine->to_many ? &key->collection : &key->pointer) = mine;
    }
    return SQLA_OK;
}

/* Who points at whom, the other way round. */
static sqla_status fill_referrers(sqla_metadata *base, sqla_error *err)
{
    const size_t n = base->models.count;
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < base->mappings[i].foreign_key_count; k++)
            ((sqla__mapping *)(uintptr_t)base->mappings[i].foreign_keys[k].target)->referrer_count++;
    for (size_t i = 0; i < n; i++) {
        sqla__mapping *mapping = &base->mappings[i];
        mapping->referrers = sqla__arena_zero(&base->arena, mapping->referrer_count + 1, sizeof *mapping->referrers);
        if (mapping->referrers == NULL)
            return sqla__error_nomem(err);
        mapping->referrer_count = 0;
    }
    for (size_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < base->mappings[i].foreign_key_count; k++) {
            const sqla__foreign_key *key = &base->mappings[i].foreign_keys[k];
            sqla__mapping *target = (sqla__mapping *)(uintptr_t)key->target;
            target->referrers[target->referrer_count++] = key;
        }
    }
    return SQLA_OK;
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
    uint32_t *before = sqla__alloc_zero(most + 1, sizeof *before), *after = sqla__alloc_zero(most + 1, sizeof *after);
    uint32_t *order = sqla__alloc_zero(n + 1, sizeof *order);
    unsigned char *seen = sqla__alloc_zero(n + 1, 1);
    sqla_status status = before != NULL && after != NULL && order != NULL && seen != NULL ? SQLA_OK : sqla__error_nomem(err);
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
    sqla__free(after);
    sqla__free(order);
    sqla__free(seen);
    return status;
}

/* ---- all of it --------------------------------------------------------------------------------------------------------- */

static bool is_name(const char *text) { return text != NULL && text[0] != '\0' && sqla__utf8_valid(text, strlen(text)); }

static bool same_table(const sqla_model *a, const sqla_model *b)
{
    bool same_schema = a->schema == b->schema || (a->schema != NULL && b->schema != NULL && strcasecmp(a->schema, b->schema) == 0);
    return same_schema && strcasecmp(a->table, b->table) == 0;
}

static sqla_status check_tables(const sqla_metadata *base, sqla_error *err)
{
    for (size_t i = 0; i < base->models.count; i++) {
        const sqla_model *a = base->models.items[i];
        if (!is_name(a->table) || (a->schema != NULL && !is_name(a->schema)))
            return wrong(err, a, NULL, "the name of its table or schema is empty or not valid UTF-8");
        for (size_t k = 0; k < i; k++) {
            if (same_table(a, base->models.items[k]))
                return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s': table '%s' belongs to model '%s' already", a->name, a->table,
                                       base->models.items[k]->name);
            if (strcmp(a->name, base->models.items[k]->name) == 0)
                return wrong(err, a, NULL, "another model has the same name");
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
    return sqla__mapping_columns(base->models.items[mapping->index], &base->arena, mapping, err);
}

sqla_status sqla__metadata_work_out(sqla_metadata *base, sqla_error *err)
{
    static step_fn *const steps[] = { columns_step, fill_key, fill_foreign_keys, fill_relations, fill_mask, sqla__make_table };
    sqla_status status = sqla__own_models_seal(base, err);
    if (status == SQLA_OK)
        status = check_tables(base, err);
    if (status == SQLA_OK)
        status = start(base, err);
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++)
        for (size_t i = 0; i < base->models.count && status == SQLA_OK; i++)
            status = steps[s](base, &base->mappings[i], err);
    for (size_t i = 0; i < base->models.count && status == SQLA_OK; i++)
        status = pair_relations(&base->mappings[i], err);
    if (status == SQLA_OK)
        status = fill_referrers(base, err);
    if (status == SQLA_OK)
        status = sort_mappings(base, err);
    if (status != SQLA_OK)
        base->table_count = 0;
    return status;
}

/* A metadata for the trial alone: what is worked out goes with it. Models made at run time refer to others and never the other way
 * round, and may be half made yet, so they are left out. */
sqla_status sqla__metadata_try(const sqla_metadata *base, sqla_error *err)
{
    sqla_metadata trial = { .frozen = false };
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < base->models.count && status == SQLA_OK; i++)
        if (!sqla__model_is_own(base, base->models.items[i]) && !sqla__vec_push(&trial.models, base->models.items[i]))
            status = sqla__error_nomem(err);
    if (status == SQLA_OK)
        status = sqla__metadata_work_out(&trial, err);
    sqla__metadata_release(&trial);
    return status;
}

sqla_status sqla__metadata_freeze(sqla_metadata *base, sqla_error *err)
{
    pthread_mutex_lock(&base->lock);
    sqla_status status = base->frozen ? SQLA_OK : sqla__metadata_work_out(base, err);
    if (status == SQLA_OK)
        base->frozen = true;
    pthread_mutex_unlock(&base->lock);
    return status;
}
