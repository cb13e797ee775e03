/* model.c: reading a model's items, whatever size the program's idea of them has. */
#include <config.h>
#include "sql/mapping.h"

#include <string.h>

/* Items may grow at their end: a program that was compiled earlier has shorter ones, so they are stepped by its size. */
const sqla_item *sqla__model_item(const sqla_model *model, uint32_t i)
{
    if (i >= model->count)
        return NULL;
    const sqla_item *item = (const sqla_item *)(const void *)((const char *)model->items + (size_t)i * model->item_size);
    return item->kind != SQLA_ITEM_END ? item : NULL;
}

uint32_t sqla__model_item_count(const sqla_model *model)
{
    uint32_t n = 0;
    while (sqla__model_item(model, n) != NULL)
        n++;
    return n;
}

/* Sizes as the C types have them; a pointer type is as large as its struct. */
uint32_t sqla__value_size(uint32_t type)
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
    case SQLA_NULL: case SQLA_ARRAY: case SQLA_TYPE_COUNT_: break;
    }
    return 0;
}

uint32_t sqla__column_value_size(const sqla_column_item *item)
{
    return sqla__column_form(item) & SQLA_FORM_OPTIONAL ? sqla__value_size(sqla__column_type(item)) : sqla__column_size(item);
}

const char *sqla__column_name(const sqla_column_item *item)
{
    return item->name != NULL ? item->name : item->field;
}

const char *sqla__column_sql_type(const sqla_column_item *item)
{
    return item->sql_type != NULL || item->conversion == NULL ? item->sql_type : item->conversion->sql_type;
}

const sqla_column_item *sqla__model_column_at(const sqla_model *model, size_t offset)
{
    const sqla_item *item;
    for (uint32_t i = 0; (item = sqla__model_item(model, i)) != NULL; i++) {
        if (item->kind == SQLA_ITEM_COLUMN && sqla__column_offset(&item->as.column) == offset)
            return &item->as.column;
    }
    return NULL;
}

const sqla_column_item *sqla__model_column_named(const sqla_model *model, const char *field)
{
    const sqla_item *item;
    for (uint32_t i = 0; (item = sqla__model_item(model, i)) != NULL; i++) {
        if (item->kind == SQLA_ITEM_COLUMN && strcmp(item->as.column.field, field) == 0)
            return &item->as.column;
    }
    return NULL;
}

const sqla_relation_item *sqla__model_relation_at(const sqla_model *model, size_t offset)
{
    const sqla_item *item;
    for (uint32_t i = 0; (item = sqla__model_item(model, i)) != NULL; i++) {
        if ((item->kind == SQLA_ITEM_TO_ONE || item->kind == SQLA_ITEM_TO_MANY) && item->as.relation.offset == offset)
            return &item->as.relation;
    }
    return NULL;
}
