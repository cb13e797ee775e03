/* model.c: reading a model's items, whatever size the program's idea of them has. */
#include <config.h>
#include "sql/mapping.h"

#include <string.h>

/* Items may grow at their end: a program that was compiled earlier has shorter ones, so they are stepped by its size. */
const sqla_item *sqla__model_item(const sqla_model *model, uint32_t i)
{
    return (const sqla_item *)(const void *)((const char *)model->items + (size_t)i * model->item_size);
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
    for (uint32_t i = 0; i < model->count; i++) {
        const sqla_item *item = sqla__model_item(model, i);
        if (item->kind == SQLA_ITEM_COLUMN && item->as.column.offset == offset)
            return &item->as.column;
    }
    return NULL;
}

const sqla_column_item *sqla__model_column_named(const sqla_model *model, const char *field)
{
    for (uint32_t i = 0; i < model->count; i++) {
        const sqla_item *item = sqla__model_item(model, i);
        if (item->kind == SQLA_ITEM_COLUMN && strcmp(item->as.column.field, field) == 0)
            return &item->as.column;
    }
    return NULL;
}

const sqla_relation_item *sqla__model_relation_at(const sqla_model *model, size_t offset)
{
    for (uint32_t i = 0; i < model->count; i++) {
        const sqla_item *item = sqla__model_item(model, i);
        if ((item->kind == SQLA_ITEM_TO_ONE || item->kind == SQLA_ITEM_TO_MANY) && item->as.relation.offset == offset)
            return &item->as.relation;
    }
    return NULL;
}
