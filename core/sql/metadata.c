/* metadata.c: a set of models: adding them with all they refer to, and finding their tables. What follows from them is worked out
 * in freeze.c. */
#include <config.h>
#include "sql/metadata.h"

#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/mem.h"

sqla_metadata *sqla_metadata_new(sqla_error *err)
{
    sqla_metadata *base = sqla__alloc_zero(1, sizeof *base);
    if (base != NULL && pthread_mutex_init(&base->lock, NULL) != 0) {
        sqla__free(base);
        base = NULL;
    }
    if (base == NULL) {
        sqla_error local;
        sqla__error_init(&local);
        sqla__error_give(err, &local, sqla__error_nomem(&local));
    }
    return base;
}

void sqla__metadata_release(sqla_metadata *base)
{
    sqla__own_models_release(base);
    sqla__vec_release(&base->models);
    sqla__hash_release(&base->by_model);
    sqla__free(base->tables);
    sqla__arena_release(&base->arena);
}

void sqla_metadata_free(sqla_metadata *base)
{
    if (base == NULL)
        return;
    sqla__metadata_release(base);
    pthread_mutex_destroy(&base->lock);
    sqla__free(base);
}

/* ---- adding -------------------------------------------------------------------------------------------------------- */

bool sqla__metadata_has(const sqla_metadata *base, const sqla_model *model)
{
    for (size_t i = 0; i < base->models.count; i++)
        if (base->models.items[i] == model)
            return true;
    return false;
}

static sqla_status check_model(const sqla_metadata *base, const sqla_model *model, sqla_error *err)
{
    if (sqla__model_check(model, err) != SQLA_OK)
        return err->status;
    if (base->frozen)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot add model '%s': the metadata is in use and frozen", model->name);
    if (model->table == NULL) {
        sqla__error_set(err, SQLA_ERR_MISUSE, "cannot add '%s': it is a row struct without a table", model->name);
        sqla__error_hint(err, "declare it with SQLA_MODEL and the name of a table");
        return err->status;
    }
    return SQLA_OK;
}

static sqla_status push(sqla_metadata *base, const sqla_model *model, sqla_error *err)
{
    if (sqla__metadata_has(base, model))
        return SQLA_OK;
    sqla_status status = check_model(base, model, err);
    if (status == SQLA_OK && !sqla__vec_push(&base->models, model))
        status = sqla__error_nomem(err);
    return status;
}

/* Whom does an item refer to?  NULL: nobody. */
static sqla_model_fn *target_of(const sqla_item *item)
{
    switch (item->kind) {
    case SQLA_ITEM_COLUMN: return item->as.column.references;
    case SQLA_ITEM_TO_ONE: case SQLA_ITEM_TO_MANY: return item->as.relation.target;
    case SQLA_ITEM_END: case SQLA_ITEM_INDEX: case SQLA_ITEM_UNIQUE: case SQLA_ITEM_CHECK: break;
    }
    return NULL;
}

/* Put model and what it refers to at the end of the list; the loop over the list meets those in turn. */
static sqla_status add(sqla_metadata *base, const sqla_model *first, sqla_error *err)
{
    size_t at = base->models.count;
    sqla_status status = push(base, first, err);
    for (; at < base->models.count && status == SQLA_OK; at++) {
        const sqla_model *model = base->models.items[at];
        const sqla_item *item;
        for (uint32_t i = 0; (item = sqla__model_item(model, i)) != NULL && status == SQLA_OK; i++) {
            sqla_model_fn *target = target_of(item);
            if (target != NULL)
                status = push(base, target(), err);
        }
    }
    return status;
}

/* All of them or none: when one cannot be mapped the list is as it was. */
static sqla_status settle(sqla_metadata *base, size_t before, sqla_status status, sqla_error *err)
{
    if (status == SQLA_OK && base->models.count > before)
        status = sqla__metadata_try(base, err);
    if (status == SQLA_OK)
        base->worked_out = base->worked_out && base->models.count == before;
    else
        base->models.count = before;
    return status;
}

sqla_status sqla_metadata_add_models(sqla_metadata *base, sqla_model_fn *const *models, size_t n, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (base == NULL || (models == NULL && n > 0))
        return sqla__error_give(err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "cannot add models: no %s", base == NULL ? "metadata" : "models"));
    if (sqla__is_absurd(models, n, sizeof(sqla_item)))
        return sqla__error_give(err, &local,
            sqla__error_set(&local, SQLA_ERR_MISUSE, "cannot add models: %zu are more than there can be", n));
    size_t before = base->models.count;
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < n && status == SQLA_OK; i++)
        status = add(base, models[i] != NULL ? models[i]() : NULL, &local);
    return sqla__error_give(err, &local, settle(base, before, status, &local));
}

sqla_status sqla_metadata_add_model(sqla_metadata *base, const sqla_model *model, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (base == NULL)
        return sqla__error_give(err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "cannot add a model: no metadata"));
    size_t before = base->models.count;
    return sqla__error_give(err, &local, settle(base, before, add(base, model, &local), &local));
}

/* ---- finding ------------------------------------------------------------------------------------------------------- */

const sqla_model *sqla_metadata_model(const sqla_metadata *base, const char *name)
{
    for (size_t i = 0; base != NULL && name != NULL && i < base->models.count; i++)
        if (strcmp(base->models.items[i]->name, name) == 0)
            return base->models.items[i];
    return NULL;
}

const sqla__mapping *sqla__metadata_mapping(const sqla_metadata *base, const sqla_model *model)
{
    return model != NULL ? sqla__hash_get(&base->by_model, &model, sizeof(const sqla_model *)) : NULL;
}

size_t sqla__metadata_mapping_count(const sqla_metadata *base) { return base->models.count; }
const sqla__mapping *sqla__metadata_mapping_at(const sqla_metadata *base, size_t i) { return &base->mappings[i]; }

/* Before base is frozen the tables are worked out when they are asked for. A metadata is always made by sqla_metadata_new, so it is
 * not really constant. What cannot be mapped has no tables; freezing says why. */
static void work_out(const sqla_metadata *base)
{
    sqla_metadata *mine = (sqla_metadata *)(uintptr_t)base;
    sqla_error ignored;
    if (base == NULL || base->frozen || base->worked_out)
        return;
    sqla__error_init(&ignored);
    mine->worked_out = sqla__metadata_work_out(mine, &ignored) == SQLA_OK;
}

const sqla_table *sqla_metadata_table(const sqla_metadata *base, size_t i)
{
    work_out(base);
    return base != NULL && i < base->table_count ? base->tables[i] : NULL;
}

static bool named(const sqla_table *table, const char *name)
{
    const char *dot = strchr(name, '.');
    if (strcmp(table->name, name) == 0)
        return true;
    return dot != NULL && table->schema != NULL && strlen(table->schema) == (size_t)(dot - name) &&
           strncmp(table->schema, name, (size_t)(dot - name)) == 0 && strcmp(table->name, dot + 1) == 0;
}

const sqla_table *sqla_metadata_find(const sqla_metadata *base, const char *name)
{
    work_out(base);
    for (size_t i = 0; base != NULL && name != NULL && i < base->table_count; i++)
        if (named(base->tables[i], name))
            return base->tables[i];
    return NULL;
}
