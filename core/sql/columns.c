/* columns.c: the columns of a mapping: where each lies in the struct, and how it is read and written there. */
#include <config.h>
#include "sql/metadata.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"
#include "sql/convert.h"

sqla_status sqla__mapping_wrong(sqla_error *err, const sqla_model *model, const char *field, const char *what)
{
    if (field == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s': %s", model->name, what);
    return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s', field '%s': %s", model->name, field, what);
}

bool sqla__is_numeric_name(const char *type)
{
    static const char *const names[] = { "numeric", "decimal", "dec" };
    size_t n = strcspn(type, " (");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == n && strncasecmp(type, names[i], n) == 0)
            return true;
    return false;
}

sqla_status sqla__model_check(const sqla_model *model, sqla_error *err)
{
    if (model == NULL || model->struct_size < sizeof *model || model->item_size < sizeof(sqla_item) || model->name == NULL ||
        (model->items == NULL && model->count > 0))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a model is not as the macros make it");
    return SQLA_OK;
}

/* Types that are compared as they are written, unless they say how else. Of any other that the program names
 * we know nothing. */
static bool is_exact_text(const char *type)
{
    static const char *const names[] = { "text", "varchar", "character varying", "nvarchar", "clob",
        "longtext", "mediumtext", "tinytext" };
    size_t n = strcspn(type, "(");
    while (n > 0 && type[n - 1] == ' ')
        n--;
    const char *rest = type + strcspn(type, "(");
    rest += strcspn(rest, ")");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == n && strncasecmp(type, names[i], n) == 0)
            return rest[0] == '\0' || rest[1] == '\0';
    return false;
}

bool sqla__column_is_loose(const sqla_column_item *item)
{
    const char *type = sqla__column_sql_type(item);
    bool text = sqla__column_type(item) == SQLA_TEXT;
    return text && (item->loose || (type != NULL && !is_exact_text(type)));
}

/* ---- slots --------------------------------------------------------------------------------------------------------- */

static sqla_rep rep_of(const sqla_column_item *item)
{
    if (item->conversion != NULL)
        return SQLA_REP_VALUE;
    if (sqla__column_form(item) & SQLA_FORM_CHARS)
        return SQLA_REP_CHARS;
    switch ((sqla_type)sqla__column_type(item)) {
    case SQLA_BLOB: return SQLA_REP_BYTES;
    case SQLA_TEXT: case SQLA_JSON: case SQLA_DECIMAL: return SQLA_REP_CSTR;
    case SQLA_NULL: case SQLA_BOOL: case SQLA_INT16: case SQLA_INT32: case SQLA_INT64: case SQLA_FLOAT32: case SQLA_FLOAT64:
    case SQLA_DATE: case SQLA_TIME: case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP: case SQLA_INTERVAL: case SQLA_UUID:
    case SQLA_ENUM_TYPE: case SQLA_ARRAY: case SQLA_TYPE_COUNT_: break;
    }
    return SQLA_REP_FIXED;
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
    *slot = (sqla_slot){ .type = (uint8_t)sqla__column_type(item), .rep = (uint8_t)rep_of(item), .column = (int32_t)index,
                         .offset = sqla__column_offset(item), .size = sqla__column_value_size(item), .set_offset = -1, .labels = item->labels,
                         .label_count = count_labels(item->labels), .name = sqla__column_name(item) };
    if (sqla__column_form(item) & SQLA_FORM_OPTIONAL) /* struct { T value; bool set; }: a bool needs no padding before it */
        slot->set_offset = (int32_t)(sqla__column_offset(item) + sqla__column_value_size(item));
    if (sqla__column_form(item) & SQLA_FORM_UNSIGNED)
        slot->flags |= SQLA_SLOT_UNSIGNED;
    if (sqla__column_form(item) & SQLA_FORM_NULLABLE)
        slot->flags |= SQLA_SLOT_NULLABLE;
    if (item->storage == SQLA_STORE_MICROS)
        slot->flags |= SQLA_SLOT_MICROS;
}

/* ---- checks -------------------------------------------------------------------------------------------------------- */

static bool is_name(const char *text) { return text[0] != '\0' && sqla__utf8_valid(text, strlen(text)); }
static bool is_empty(const char *text) { return text != NULL && text[0] == '\0'; }

static const char *wrong_labels(const char *const *labels)
{
    if (count_labels(labels) == 0)
        return "an enum needs its labels";
    for (uint32_t i = 0; labels[i] != NULL; i++) {
        if (!is_name(labels[i]))
            return "a label of its enum is empty or not valid UTF-8";
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(labels[i], labels[k]) == 0)
                return "its enum has a label twice";
    }
    return NULL;
}

/* What is wrong with the declaration; NULL: nothing. */
static const char *wrong_options(const sqla_column_item *item)
{
    uint32_t type = sqla__column_type(item);
    if (!is_name(sqla__column_name(item)))
        return "the column's name is empty or not valid UTF-8";
    if (type == SQLA_ENUM_TYPE)
        return wrong_labels(item->labels);
    if (item->labels != NULL)
        return "it has labels and is no enum: declare it with SQLA_ENUM";
    if (item->loose && type != SQLA_TEXT)
        return "it is .loose and no text";
    if (is_empty(item->sql_type) || is_empty(item->server_default))
        return "a .sql_type or .server_default is empty";
    if (item->storage == SQLA_STORE_TEXT)
        return NULL;
    if (item->storage != SQLA_STORE_MICROS || (type != SQLA_TIMESTAMP && type != SQLA_LOCAL_TIMESTAMP) || item->sql_type != NULL)
        return "a .storage is SQLA_STORE_MICROS, of a timestamp, without a .sql_type";
    if (item->primary_key || item->references != NULL)
        return "a key is not kept as SQLA_STORE_MICROS";
    return NULL;
}

static const char *wrong_layout(const sqla_model *model, const sqla_column_item *item)
{
    uint32_t type = sqla__column_type(item);
    if (type == SQLA_NULL || type >= SQLA_ARRAY)
        return "its type is not one that a column can have";
    if (sqla__column_offset(item) + (uint64_t)sqla__column_size(item) > model->size || sqla__column_size(item) == 0)
        return "it lies beyond the struct";
    if ((sqla__column_form(item) & SQLA_FORM_OPTIONAL) && sqla__column_value_size(item) >= sqla__column_size(item))
        return "an optional has no room for its flag";
    if ((sqla__column_form(item) & SQLA_FORM_CHARS) && sqla__column_size(item) < 2)
        return "a char array needs room for a character and its NUL";
    return NULL;
}

/* A conversion and the field that it is for. */
static sqla_status check_conversion(const sqla_model *model, const sqla_column_item *item, sqla_error *err)
{
    const sqla_conversion *conversion = item->conversion;
    const char *what = sqla__conversion_wrong(conversion);
    if (what == NULL && (item->primary_key || item->references != NULL))
        what = "a field with a conversion is no key";
    if (what == NULL && item->server_default != NULL)
        what = "a field with a conversion has no .server_default: its store gives the value";
    if (what == NULL && (item->storage != SQLA_STORE_TEXT || item->native || item->natural))
        what = "a field with a conversion has no .storage, .native or .natural";
    if (what == NULL && is_empty(sqla__column_sql_type(item)))
        what = "the .sql_type of its conversion is empty";
    if (what == NULL && sqla__column_type(item) != conversion->type)
        what = "its conversion stores another type than the one that it was declared with";
    if (what != NULL)
        return sqla__mapping_wrong(err, model, item->field, what);
    if (sqla__column_size(item) == conversion->size)
        return SQLA_OK;
    return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s', field '%s': it has %u bytes, and its conversion '%s' is for %zu", model->name, item->field,
                           (unsigned)sqla__column_size(item), conversion->name, conversion->size);
}

/* Columns of one name, or fields of one place. Most databases do not tell capitals from small letters. */
static const char *clash(const sqla__mapped_column *columns, uint32_t n, const sqla_column_item *item)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcasecmp(columns[i].name, sqla__column_name(item)) == 0)
            return "another field has a column of the same name";
        if (sqla__column_offset(columns[i].item) == sqla__column_offset(item))
            return "it is listed twice";
    }
    return NULL;
}

/* ---- all of them --------------------------------------------------------------------------------------------------- */

/* "NUMERIC(6,2)" has a scale of 2, "DECIMAL(6)" of 0; "NUMERIC" keeps what it gets. */
static void fill_scale(sqla__mapped_column *column)
{
    const char *type = sqla__column_sql_type(column->item), *open = type != NULL ? strchr(type, '(') : NULL;
    if (column->slot.type != SQLA_DECIMAL || open == NULL || !sqla__is_numeric_name(type))
        return;
    const char *comma = strchr(open, ',');
    long scale = comma != NULL ? strtol(comma + 1, NULL, 10) : 0;
    column->has_scale = scale >= 0 && scale <= UINT16_MAX;
    column->scale = column->has_scale ? (uint16_t)scale : 0;
}

static void fill_column(const sqla_column_item *item, uint32_t index, sqla__mapped_column *column)
{
    *column = (sqla__mapped_column){ .item = item, .name = sqla__column_name(item), .index = index, .is_key = item->primary_key, .sent = SQLA__SENT_ALWAYS,
                                     .not_null = !(sqla__column_form(item) & SQLA_FORM_NULLABLE) || item->not_null || item->primary_key };
    make_slot(item, index, &column->slot);
    fill_scale(column);
    column->is_pointer = column->slot.rep == SQLA_REP_CSTR || column->slot.rep == SQLA_REP_BYTES;
}

static uint32_t round_up(uint32_t n) { return (n + 7) / 8 * 8; }

/* What a driver reads and writes for a field with a conversion lies behind the user's struct. */
static void place_value(sqla__mapping *mapping, sqla_slot *slot)
{
    slot->offset = mapping->size = round_up(mapping->size);
    slot->size = sizeof(sqla_value);
    mapping->size += (uint32_t)sizeof(sqla_value);
    mapping->converts = true;
}

static void place_pieces(sqla__mapping *mapping)
{
    mapping->pieces = mapping->size = round_up(mapping->size);
    mapping->size += (uint32_t)sizeof(void *);
}

sqla_status sqla__mapping_columns(const sqla_model *model, sqla__arena *arena, sqla__mapping *mapping, sqla_error *err)
{
    size_t count = sqla__model_item_count(model);
    sqla__mapped_column *columns = sqla__arena_zero(arena, count + 1, sizeof *columns);
    sqla_slot *slots = sqla__arena_zero(arena, count + 1, sizeof *slots);
    uint32_t n = 0;
    if (columns == NULL || slots == NULL)
        return sqla__error_nomem(err);
    mapping->size = model->size;
    for (uint32_t i = 0; i < count; i++) {
        const sqla_column_item *item = &sqla__model_item(model, i)->as.column;
        if (sqla__model_item(model, i)->kind != SQLA_ITEM_COLUMN)
            continue;
        const char *what = item->field == NULL ? "a column has no field" : wrong_layout(model, item);
        if (what == NULL)
            what = wrong_options(item);
        if (what == NULL)
            what = clash(columns, n, item);
        if (what != NULL)
            return sqla__mapping_wrong(err, model, item->field, what);
        if (item->conversion != NULL && check_conversion(model, item, err) != SQLA_OK)
            return err->status;
        fill_column(item, n, &columns[n]);
        if (item->conversion != NULL)
            place_value(mapping, &columns[n].slot);
        slots[n] = columns[n].slot;
        n++;
    }
    if (n == 0)
        return sqla__mapping_wrong(err, model, NULL, "it has no columns");
    if (mapping->converts)
        place_pieces(mapping);
    mapping->model = model;
    mapping->columns = columns;
    mapping->column_count = n;
    mapping->generated_key = -1;
    mapping->plan = (sqla_plan){ sizeof(sqla_plan), n, slots };
    return SQLA_OK;
}

sqla_status sqla__mapping_of_rows(const sqla_model *model, sqla__arena *arena, const sqla__mapping **ret, sqla_error *err)
{
    sqla_status status = sqla__model_check(model, err);
    sqla__mapping *mapping = status == SQLA_OK ? sqla__arena_zero(arena, 1, sizeof *mapping) : NULL;
    if (status == SQLA_OK)
        status = mapping != NULL ? sqla__mapping_columns(model, arena, mapping, err) : sqla__error_nomem(err);
    if (status == SQLA_OK)
        *ret = mapping;
    return status;
}
