/* runtime_model.c: models made by calls. The library lays the struct out, with the same C types that the macros accept.
 *
 * What others see of such a model is an ordinary sqla_model; only the targets of its foreign keys, which the macros name by
 * function, are kept beside it by pointer. */
#include <config.h>
#include "sql/metadata.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "sql/convert.h"

enum { LARGEST = 0xffff }; /* bytes of a struct, as SQLA_MODEL allows */

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

bool sqla__model_is_own(const sqla_metadata *base, const sqla_model *model)
{
    for (size_t i = 0; i < base->own.count; i++)
        if (&base->own.items[i]->model == model)
            return true;
    return false;
}

/* ---- making -------------------------------------------------------------------------------------------------------- */

static bool is_name(const char *text) { return text != NULL && text[0] != '\0' && sqla__utf8_valid(text, strlen(text)); }

static sqla__own_model *make(sqla_metadata *base, const char *name, const char *table)
{
    sqla__own_model *own = sqla__alloc_zero(1, sizeof *own);
    if (own == NULL)
        return NULL;
    own->base = base;
    own->model = (sqla_model){ .struct_size = sizeof(sqla_model), .item_size = sizeof(sqla_item), .name = sqla__arena_strdup(&base->arena, name),
                               .table = sqla__arena_strdup(&base->arena, table) };
    if (own->model.name != NULL && own->model.table != NULL && sqla__vec_reserve(&base->models, base->models.count + 1) &&
        sqla__vec_push(&base->own, own)) {
        base->models.items[base->models.count++] = &own->model;
        base->worked_out = false;
        return own;
    }
    sqla__free(own);
    return NULL;
}

sqla_model *sqla_model_new(sqla_metadata *base, const char *name, const char *table, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla__own_model *own = NULL;
    if (base == NULL || !is_name(name) || !is_name(table))
        sqla__error_set(&local, SQLA_ERR_MISUSE, "a model needs a metadata, a name and a table, both in valid UTF-8");
    else if (base->frozen)
        sqla__error_set(&local, SQLA_ERR_MISUSE, "cannot make model '%s': the metadata is in use and frozen", name);
    else if (sqla_metadata_model(base, name) != NULL)
        sqla__error_set(&local, SQLA_ERR_MISUSE, "cannot make model '%s': there is one of that name already", name);
    else if ((own = make(base, name, table)) == NULL)
        sqla__error_nomem(&local);
    sqla__error_give(err, &local, local.status);
    return own != NULL ? &own->model : NULL;
}

/* ---- columns ------------------------------------------------------------------------------------------------------- */

static bool is_pointer_type(uint32_t type) { return type == SQLA_TEXT || type == SQLA_BLOB || type == SQLA_DECIMAL || type == SQLA_JSON; }
static uint32_t round_up(uint32_t n, uint32_t unit) { return (n + unit - 1) / unit * unit; }

static bool copy_labels(sqla__arena *arena, const char *const *labels, const char *const **ret)
{
    uint32_t n = 0;
    while (labels[n] != NULL)
        n++;
    const char **copy = sqla__arena_zero(arena, (size_t)n + 1, sizeof *copy);
    for (uint32_t i = 0; i < n && copy != NULL; i++)
        if ((copy[i] = sqla__arena_strdup(arena, labels[i])) == NULL)
            return false;
    *ret = copy;
    return copy != NULL;
}

static bool copy_text(sqla__arena *arena, const char *text, const char **ret)
{
    *ret = sqla__arena_strdup(arena, text);
    return text == NULL || *ret != NULL;
}

static bool copy_options(sqla__arena *arena, sqla_column_item *to, const sqla_column_item *from)
{
    to->primary_key = from->primary_key;
    to->not_null = from->not_null;
    to->unique = from->unique;
    to->index = from->index;
    to->natural = from->natural;
    to->native = from->native;
    to->loose = from->loose;
    to->storage = from->storage;
    to->on_delete = from->on_delete;
    to->on_update = from->on_update;
    return copy_text(arena, from->name, &to->name) && copy_text(arena, from->server_default, &to->server_default) &&
           copy_text(arena, from->sql_type, &to->sql_type) && copy_text(arena, from->comment, &to->comment) &&
           (from->labels == NULL || copy_labels(arena, from->labels, &to->labels));
}

static sqla_status check_new_column(const sqla__own_model *own, const char *field, uint32_t type, const sqla_conversion *conversion, sqla_error *err)
{
    const char *model = own->model.name, *wrong = conversion != NULL ? sqla__conversion_wrong(conversion) : NULL;
    if (own->base->frozen)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot add '%s' to model '%s': the metadata is in use and frozen", field, model);
    if (wrong != NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s', field '%s': %s", model, field, wrong);
    if (sqla__value_size(type & SQLA_FORM_TYPE) == 0 || (type & ~(uint32_t)(SQLA_FORM_TYPE | SQLA_FORM_NULLABLE)) != 0)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s', field '%s': %u is not a type that a column can have", model, field, (unsigned)type);
    if (!is_name(field))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s': the name of a field is empty or not valid UTF-8", model);
    if (sqla__model_column_named(&own->model, field) != NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s' has a field '%s' already", model, field);
    if (own->model.size > LARGEST || (conversion != NULL && conversion->size > LARGEST - own->model.size))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s': its struct would be larger than %d bytes", model, LARGEST);
    return SQLA_OK;
}

/* Where the field lies: as a C compiler would lay it out, but always at a multiple of 8. */
static void lay_out(sqla__own_model *own, uint32_t type, sqla_column_item *column)
{
    uint32_t plain = type & SQLA_FORM_TYPE, size = sqla__value_size(plain);
    bool pointer = is_pointer_type(plain), optional = (type & SQLA_FORM_NULLABLE) && !pointer;
    uint32_t form = plain | (pointer ? SQLA_FORM_NULLABLE : 0) | (optional ? SQLA_FORM_NULLABLE | SQLA_FORM_OPTIONAL : 0);
    column->layout = SQLA_LAYOUT(round_up(own->model.size, 8), optional ? size + (uint32_t)sizeof(bool) : size, form);
}

static void lay_out_converted(sqla__own_model *own, const sqla_conversion *conversion, sqla_column_item *column)
{
    uint32_t offset = round_up(own->model.size, conversion->size % 16 == 0 ? 16 : 8);
    column->layout = SQLA_LAYOUT(offset, conversion->size, conversion->type | SQLA_FORM_NULLABLE);
    column->conversion = conversion;
}

/* Both vectors get their room first, so that neither is ever longer than the other. The model's items may move by that. */
static bool push(sqla__own_model *own, const sqla_item *item, const sqla_model *target)
{
    bool ok = sqla__vec_reserve(&own->items, own->items.count + 1);
    own->model.items = own->items.items;
    if (!ok || !sqla__vec_push(&own->targets, target))
        return false;
    own->items.items[own->items.count++] = *item;
    own->model.count = (uint32_t)own->items.count;
    own->model.size = round_up(sqla__column_offset(&item->as.column) + sqla__column_size(&item->as.column), 8);
    own->base->worked_out = false;
    return true;
}

/* What is to be added: a column of a type, or a field with a conversion; and what it points at. */
typedef struct addition {
    const char *field;
    uint32_t type;
    const sqla_conversion *conversion;
    const sqla_column_item *options;
    const sqla_model *target;
    uint32_t target_offset;
} addition;

static sqla_status add_column(sqla__own_model *own, const addition *a, sqla_error *err)
{
    sqla_item item = { .kind = SQLA_ITEM_COLUMN };
    sqla_column_item *column = &item.as.column;
    uint32_t type = a->type;
    sqla_status status = check_new_column(own, a->field, type, a->conversion, err);
    if (status != SQLA_OK)
        return status;
    if (a->conversion != NULL)
        lay_out_converted(own, a->conversion, column);
    else
        lay_out(own, type, column);
    column->field = sqla__arena_strdup(&own->base->arena, a->field);
    column->references_offset = a->target_offset;
    bool ok = column->field != NULL && (a->options == NULL || copy_options(&own->base->arena, column, a->options));
    if (is_pointer_type(type & SQLA_FORM_TYPE) && !(type & SQLA_FORM_NULLABLE))
        column->not_null = true;
    return ok && push(own, &item, a->target) ? SQLA_OK : sqla__error_nomem(err);
}

sqla_status sqla_model_add_column(sqla_model *model, const char *field, uint32_t type, const sqla_column_item *options, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (model == NULL || field == NULL)
        return sqla__error_give(err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "a column needs a model and a field"));
    const addition a = { .field = field, .type = type, .options = options };
    return sqla__error_give(err, &local, add_column((sqla__own_model *)(void *)model, &a, &local));
}

sqla_status sqla_model_add_converted(sqla_model *model, const char *field, const sqla_conversion *conversion, const sqla_column_item *options,
                                     sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (model == NULL || field == NULL || conversion == NULL)
        return sqla__error_give(err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "a converted column needs a model, a field and a conversion"));
    const addition a = { .field = field, .type = conversion->type | SQLA_FORM_NULLABLE, .conversion = conversion, .options = options };
    return sqla__error_give(err, &local, add_column((sqla__own_model *)(void *)model, &a, &local));
}

static sqla_status add_foreign_key(sqla__own_model *own, const char *field, uint32_t type, const sqla_model *target, const char *target_field,
                                   const sqla_column_item *options, sqla_error *err)
{
    const sqla_column_item *to = sqla__model_column_named(target, target_field);
    if (!sqla__metadata_has(own->base, target)) {
        sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s', field '%s': model '%s' is not in the same metadata", own->model.name, field, target->name);
        sqla__error_hint(err, "add it first, with sqla_metadata_add_model");
        return err->status;
    }
    if (to == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s', field '%s': model '%s' has no column field '%s' to point at", own->model.name, field,
                               target->name, target_field);
    const addition a = { .field = field, .type = type, .options = options, .target = target, .target_offset = sqla__column_offset(to) };
    return add_column(own, &a, err);
}

sqla_status sqla_model_add_foreign_key(sqla_model *model, const char *field, uint32_t type, const sqla_model *target, const char *target_field,
                                       const sqla_column_item *options, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (model == NULL || field == NULL || target == NULL || target_field == NULL)
        return sqla__error_give(err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "a foreign key needs a model, a field, and a field to point at"));
    return sqla__error_give(err, &local, add_foreign_key((sqla__own_model *)(void *)model, field, type, target, target_field, options, &local));
}

sqla_status sqla__own_models_seal(sqla_metadata *base, sqla_error *err)
{
    for (size_t i = 0; i < base->own.count; i++) {
        const sqla__own_model *own = base->own.items[i];
        if (own->items.count == 0)
            return sqla__mapping_wrong(err, &own->model, NULL, "it has no columns");
    }
    return SQLA_OK;
}

const sqla_model *sqla__column_target(const sqla_metadata *base, const sqla_column_item *item)
{
    if (item->references != NULL)
        return item->references();
    for (size_t i = 0; i < base->own.count; i++) {
        const sqla__own_model *own = base->own.items[i];
        uintptr_t at = (uintptr_t)item, first = (uintptr_t)own->items.items;
        if (at >= first && at < first + own->items.count * sizeof(sqla_item))
            return own->targets.items[(at - first) / sizeof(sqla_item)];
    }
    return NULL;
}
