/* converted.c: fields with conversions in objects. See converted.h. */
#include <config.h>
#include "orm/converted.h"

#include <string.h>

#include "orm/field.h"

/* ---- columns --------------------------------------------------------------------------------------------------- */

bool sqla__column_equal(const sqla__mapped_column *column, const void *a, const void *b)
{
    const sqla_conversion *conversion = column->item->conversion;
    if (conversion == NULL)
        return sqla__field_equal(&column->slot, a, b);
    const char *x = (const char *)a + sqla__column_offset(column->item), *y = (const char *)b + sqla__column_offset(column->item);
    return memcmp(x, y, conversion->size) == 0 || (conversion->same != NULL && conversion->same(x, y, conversion->data));
}

void sqla__column_copy(const sqla__mapped_column *column, void *to, const void *from)
{
    sqla__field_copy(&column->slot, to, from);
    if (column->item->conversion != NULL)
        memcpy((char *)to + sqla__column_offset(column->item), (const char *)from + sqla__column_offset(column->item), sqla__column_size(column->item));
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* A piece begins with this. Pieces for small fields are not smaller than SMALLEST, so that a few of them share one. */
struct sqla__piece {
    sqla__piece *next;
    uint32_t used, room;       /* bytes behind the header */
    bool large;
};
enum { HEADER = 32, SMALLEST = 96 };
_Static_assert(sizeof(sqla__piece) <= HEADER, "the header of a piece has grown");

static sqla__piece *add_piece(sqla__piece_memory *memory, size_t size)
{
    bool large;
    size_t room = size > SMALLEST ? size : SMALLEST;
    sqla__piece *piece = room < UINT32_MAX - HEADER ? sqla__text_take(&memory->session->texts, HEADER + room, &large) : NULL;
    if (piece == NULL)
        return NULL;
    if (large)
        memory->pool->has_extras = true;
    *piece = (sqla__piece){ .next = memory->first, .room = (uint32_t)room, .large = large };
    return memory->first = piece;
}

static void *take(sqla_memory *base, size_t size)
{
    sqla__piece_memory *memory = (sqla__piece_memory *)base;
    if (size > UINT32_MAX / 2)
        return NULL;
    size = (size + 15) / 16 * 16;
    sqla__piece *piece = memory->first;
    if ((piece == NULL || piece->room - piece->used < size) && (piece = add_piece(memory, size)) == NULL)
        return NULL;
    void *at = (char *)piece + HEADER + piece->used;
    piece->used += (uint32_t)size;
    return at;
}

sqla__piece_memory sqla__memory_of(sqla__object *object)
{
    sqla__pool *pool = sqla__pool_of(object);
    return (sqla__piece_memory){ { take }, pool->session, pool, NULL };
}

void sqla__pieces_free(sqla_session *s, sqla__piece *first)
{
    while (first != NULL) {
        sqla__piece *next = first->next;
        sqla__text_give(&s->texts, first, first->large);
        first = next;
    }
}

static sqla__piece **chain_of(sqla__object *object)
{
    return (sqla__piece **)(void *)((char *)sqla__struct_of(object) + sqla__pool_of(object)->mapping->pieces);
}

sqla__piece *sqla__pieces_take(sqla__object *object)
{
    if (!sqla__pool_of(object)->mapping->converts)
        return NULL;
    sqla__piece *first = *chain_of(object);
    *chain_of(object) = NULL;
    return first;
}

void sqla__pieces_set(sqla__object *object, sqla__piece *first)
{
    if (!sqla__pool_of(object)->mapping->converts)
        return;
    sqla__pieces_free(sqla__pool_of(object)->session, *chain_of(object));
    *chain_of(object) = first;
}

void sqla__pieces_join(sqla__object *object, sqla__piece *first)
{
    sqla__piece **end = chain_of(object);
    while (*end != NULL)
        end = &(*end)->next;
    *end = first;
}

/* ---- all fields of an object ----------------------------------------------------------------------------------- */

sqla_status sqla__object_store(sqla__object *object, sqla__arena *arena, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    return mapping->converts ? sqla__row_store(mapping, sqla__struct_of(object), arena, err) : SQLA_OK;
}

/* Fields that now point at new memory, and those that still point at the old. */
static sqla_status settle_memory(sqla__object *object, const sqla__piece_memory *memory, sqla_status status)
{
    if (status == SQLA_OK)
        sqla__pieces_set(object, memory->first);
    else
        sqla__pieces_join(object, memory->first);
    return status;
}

sqla_status sqla__object_load(sqla__object *object, int64_t number, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    if (!mapping->converts)
        return SQLA_OK;
    sqla__piece_memory memory = sqla__memory_of(object);
    return settle_memory(object, &memory, sqla__row_load(mapping, sqla__struct_of(object), number, &memory.base, err));
}

static bool is_zero(const sqla__mapped_column *column, const void *row)
{
    const unsigned char *field = (const unsigned char *)row + sqla__column_offset(column->item);
    for (uint32_t i = 0; i < sqla__column_size(column->item); i++)
        if (field[i] != 0)
            return false;
    return true;
}

sqla_status sqla__object_own(sqla__object *object, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    if (!mapping->converts)
        return SQLA_OK;
    sqla__piece_memory memory = sqla__memory_of(object);
    void *row = sqla__struct_of(object);
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < mapping->column_count && status == SQLA_OK; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        sqla_value value;
        if (column->item->conversion == NULL || is_zero(column, row))
            continue;
        status = sqla__convert_store(column->item->conversion, sqla__converted_at(column, row), &memory.base, &value, err);
        if (status == SQLA_OK)
            status = sqla__convert_load(column->item->conversion, &value, sqla__converted_at(column, row), &memory.base, err);
        if (status != SQLA_OK)
            sqla__convert_failed(mapping, column, 0, err);
    }
    return settle_memory(object, &memory, status);
}

/* ---- one field ------------------------------------------------------------------------------------------------- */

/* Use memory of the object, and keep what is there. */
static sqla__piece_memory more_memory(sqla__object *object)
{
    sqla__piece_memory memory = sqla__memory_of(object);
    memory.first = sqla__pieces_take(object);
    return memory;
}

/* A value that was made, or came, for the field as the snapshot has it is kept there, so that asking again and again takes no memory. */
sqla_status sqla__converted_get(sqla__object *object, const sqla__mapped_column *column, sqla_value *ret, sqla_error *err)
{
    void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    sqla_value *known = sqla__stored_at(column, snapshot);
    bool same = memcmp(sqla__converted_at(column, row), sqla__converted_at(column, snapshot), sqla__column_size(column->item)) == 0;
    if (same && known->type != SQLA_NULL) {
        *ret = *known;
        return SQLA_OK;
    }
    sqla__piece_memory memory = more_memory(object);
    sqla_status status = sqla__convert_store(column->item->conversion, sqla__converted_at(column, row), &memory.base, ret, err);
    sqla__pieces_join(object, memory.first);
    if (status != SQLA_OK)
        return sqla__convert_failed(sqla__pool_of(object)->mapping, column, 0, err);
    if (same)
        *known = *ret;
    return SQLA_OK;
}

static sqla_status store_other(const sqla__mapped_column *column, sqla_value *value, sqla_memory *memory, sqla_error *err)
{
    const sqla_to_convert *what = value->as.bytes.data;
    if (what->conversion != column->item->conversion)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "it has conversion '%s', and the value another one", column->item->conversion->name);
    return sqla__convert_store(what->conversion, what->field, memory, value, err);
}

sqla_status sqla__converted_set(sqla__object *object, const sqla__mapped_column *column, sqla_value value, sqla_error *err)
{
    sqla__piece_memory memory = more_memory(object);
    void *field = sqla__converted_at(column, sqla__struct_of(object));
    sqla_status status = value.type == SQLA__TO_CONVERT ? store_other(column, &value, &memory.base, err) : SQLA_OK;
    if (status == SQLA_OK)
        status = sqla__convert_load(column->item->conversion, &value, field, &memory.base, err);
    sqla__pieces_join(object, memory.first);
    return status == SQLA_OK ? SQLA_OK : sqla__convert_failed(sqla__pool_of(object)->mapping, column, 0, err);
}
