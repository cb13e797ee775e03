/* runtime_model.c: models made by calls. The library lays the struct out, with the same C types that the macros accept. */
#include <config.h>
#include "sql/metadata.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"

typedef struct sqla__own_model {
    sqla_model model;                 /* what everybody sees; the first member, so that it can be found from there */
    sqla_metadata *base;
    SQLA__VEC(sqla_item) items;
    SQLA__VEC(const sqla_model *) targets; /* of the foreign keys, one an item; NULL */
} sqla__own_model;

void sqla__own_models_release(sqla_metadata *base)
{
    for (size_t i = 0; i < base->own.count; i++) {
        sqla__vec_release(&base->own.items[i]->items);
        sqla__vec_release(&base->own.items[i]->targets);
        sqla__free(base->own.items[i]);
    }
    sqla__vec_release(&base->own);
}

sqla_model *sqla_model_new(sqla_metadata *base, const char *name, const char *table, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla__own_model *own = NULL;
    if (base == NULL || name == NULL || table == NULL) {
        sqla__error_set(&local, SQLA_ERR_MISUSE, "a model needs a metadata, a name and a table");
    } else if (base->frozen) {
        sqla__error_set(&local, SQLA_ERR_MISUSE, "cannot make model '%s': the metadata is in use and frozen", name);
    } else if ((own = sqla__alloc_zero(1, sizeof *own)) == NULL || !sqla__vec_reserve(&base->models, base->models.count + 1) ||
               !sqla__vec_push(&base->own, own)) {
        sqla__error_nomem(&local);
        sqla__free(own);
        own = NULL;
    } else {
        own->base = base;
        own->model = (sqla_model){ .struct_size = sizeof(sqla_model), .item_size = sizeof(sqla_item), .name = sqla__arena_strdup(&base->arena, name),
                                   .table = sqla__arena_strdup(&base->arena, table) };
        base->models.items[base->models.count++] = &own->model;
        if (own->model.name == NULL || own->model.table == NULL)
            sqla__error_nomem(&local);
    }
    sqla__error_give(err, &local, local.status);
    return own != NULL ? &own->model : NULL;
}

/* Sizes as the C types have them; a pointer type is as large as its struct. */
static uint32_t value_size(uint32_t type)
{
    switch ((sqla_type)type) {
    case SQLA_BOOL: return sizeof(bool);
    case SQLA_INT16: return sizeof(int16_t);
    case SQLA_INT32: case SQLA_ENUM_TYPE: return sizeof(int32_t);
    case SQLA_INT64: return sizeof(int64_t);
    case SQLA_FLOAT32: return sizeof(float);
    case SQLA_FLOAT64: return sizeof(double);
    case SQLA_TEXT: return sizeof(const char *);
    case SQLA_BLOB: return sizeof(sqla_blob);
    case SQLA_DATE: return sizeof(sqla_date);
    case SQLA_TIME: case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP: return sizeof(int64_t);
    case SQLA_INTERVAL: return sizeof(sqla_interval);
    case SQLA_UUID: return sizeof(sqla_uuid);
    case SQLA_DECIMAL: case SQLA_JSON: return sizeof(const char *);
    case SQLA_NULL: case SQLA_TYPE_COUNT_: break;
    }
    return 0;
}

static bool is_pointer_type(uint32_t type) { return type == SQLA_TEXT || type == SQLA_BLOB || type == SQLA_DECIMAL || type == SQLA_JSON; }
static uint32_t round_up(uint32_t n, uint32_t unit) { return (n + unit - 1) / unit * unit; }

static const char *const *copy_labels(sqla__arena *arena, const char *const *labels)
{
    uint32_t n = 0;
    while (labels[n] != NULL)
        n++;
    const char **copy = sqla__arena_zero(arena, n + 1, sizeof *copy);
    for (uint32_t i = 0; i < n && copy != NULL; i++)
        copy[i] = sqla__arena_strdup(arena, labels[i]);
    return copy;
}

static void copy_options(sqla__arena *arena, sqla_column_item *to, const sqla_column_item *from)
{
    to->primary_key = from->primary_key;
    to->not_null = from->not_null;
    to->unique = from->unique;
    to->index = from->index;
    to->natural = from->natural;
    to->native = from->native;
    to->name = sqla__arena_strdup(arena, from->name);
    to->server_default = sqla__arena_strdup(arena, from->server_default);
    to->sql_type = sqla__arena_strdup(arena, from->sql_type);
    to->comment = sqla__arena_strdup(arena, from->comment);
    to->labels = from->labels != NULL ? copy_labels(arena, from->labels) : NULL;
    to->on_delete = from->on_delete;
    to->on_update = from->on_update;
}

static sqla_status add_column(sqla__own_model *own, const char *field, uint32_t type, const sqla_column_item *options, const sqla_model *target,
                              uint32_t target_offset, sqla_error *err)
{
    uint32_t plain = type & SQLA_FORM_TYPE, size = value_size(plain);
    if (own->base->frozen)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot add '%s' to model '%s': the metadata is in use and frozen", field, own->model.name);
    if (size == 0 || (type & ~(uint32_t)(SQLA_FORM_TYPE | SQLA_FORM_NULLABLE)) != 0)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s', field '%s': %u is not a type that a column can have", own->model.name, field, (unsigned)type);
    if (sqla__model_column_named(&own->model, field) != NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s' has a field '%s' already", own->model.name, field);
    bool optional = (type & SQLA_FORM_NULLABLE) && !is_pointer_type(plain);
    sqla_item item = { .kind = SQLA_ITEM_COLUMN };
    sqla_column_item *column = &item.as.column;
    column->field = sqla__arena_strdup(&own->base->arena, field);
    column->form = plain | (is_pointer_type(plain) ? SQLA_FORM_NULLABLE : 0) | (optional ? SQLA_FORM_NULLABLE | SQLA_FORM_OPTIONAL : 0);
    column->value_size = size;
    column->size = optional ? size + 1 : size;
    column->offset = round_up(own->model.size, 8);
    column->references_offset = target_offset;
    if (options != NULL)
        copy_options(&own->base->arena, column, options);
    if (is_pointer_type(plain) && !(type & SQLA_FORM_NULLABLE))
        column->not_null = true;
    if (column->field == NULL || !sqla__vec_push(&own->items, item) || !sqla__vec_push(&own->targets, target))
        return sqla__error_nomem(err);
    own->model.items = own->items.items;
    own->model.count = (uint32_t)own->items.count;
    own->model.size = column->offset + column->size;
    return SQLA_OK;
}

sqla_status sqla_model_add_column(sqla_model *model, const char *field, uint32_t type, const sqla_column_item *options, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (model == NULL || field == NULL)
        return sqla__error_give(err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "a column needs a model and a field"));
    return sqla__error_give(err, &local, add_column((sqla__own_model *)(void *)model, field, type, options, NULL, 0, &local));
}

sqla_status sqla_model_add_foreign_key(sqla_model *model, const char *field, uint32_t type, const sqla_model *target, const char *target_field,
                                       const sqla_column_item *options, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    const sqla_column_item *to = target != NULL && target_field != NULL ? sqla__model_column_named(target, target_field) : NULL;
    if (model == NULL || field == NULL || to == NULL)
        return sqla__error_give(err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "a foreign key needs a model, a field, and a field of another model to point at"));
    return sqla__error_give(err, &local, add_column((sqla__own_model *)(void *)model, field, type, options, target, to->offset, &local));
}

sqla_status sqla__own_models_seal(sqla_metadata *base, sqla_error *err)
{
    for (size_t i = 0; i < base->own.count; i++) {
        sqla__own_model *own = base->own.items[i];
        if (own->items.count == 0)
            return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s' has no columns", own->model.name);
        own->model.size = round_up(own->model.size, 8);
    }
    return SQLA_OK;
}

const sqla_model *sqla__column_target(const sqla_metadata *base, const sqla_column_item *item)
{
    if (item->references != NULL)
        return item->references();
    for (size_t i = 0; i < base->own.count; i++) {
        const sqla__own_model *own = base->own.items[i];
        for (size_t k = 0; k < own->items.count; k++)
            if (&own->items.items[k].as.column == item)
                return own->targets.items[k];
    }
    return NULL;
}
