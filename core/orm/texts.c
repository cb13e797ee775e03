/* texts.c: a cache of statements by their shape. See texts.h. Entries are made under the lock and never change. */
#include <config.h>
#include "orm/texts.h"

#include <string.h>

#include "base/buf.h"
#include "sql/crud.h"

/* The key of an entry: its shape as bytes. */
typedef struct shape_key {
    const sqla__mapping *mapping;
    uint8_t verb, road, returning, reserved;
    uint32_t rows;
    uint64_t columns[8];       /* a bit a column; models have at most 512 */
} shape_key;

static bool make_key(const sqla__shape *shape, shape_key *key)
{
    memset(key, 0, sizeof *key);
    key->mapping = shape->mapping;
    key->verb = (uint8_t)shape->verb;
    key->road = (uint8_t)shape->road;
    key->returning = shape->returning;
    key->rows = shape->rows;
    for (uint32_t i = 0; i < shape->count; i++) {
        if (shape->columns[i] / 64 >= sizeof key->columns / sizeof key->columns[0])
            return false;
        key->columns[shape->columns[i] / 64] |= UINT64_C(1) << (shape->columns[i] % 64);
    }
    return true;
}

static bool is_sent(const sqla__shape *shape, uint32_t column)
{
    for (uint32_t i = 0; i < shape->count; i++)
        if (shape->columns[i] == column)
            return true;
    return false;
}

bool sqla__key_may_change(const sqla__mapped_column *column)
{
    return column->is_key && sqla__column_is_loose(column->item);
}

/* What an INSERT gives back: what the database makes, and keys that it may spell otherwise than they were
 * sent. */
static bool comes_back(const sqla__shape *shape, uint32_t column)
{
    return !is_sent(shape, column) || sqla__key_may_change(&shape->mapping->columns[column]);
}

static sqla_status write_text(const sqla__shape *shape, const sqla_traits *traits, sqla__arena *arena, sqla__buf *buf, sqla_error *err)
{
    const sqla__mapping *mapping = shape->mapping;
    uint32_t *returned = sqla__arena_zero(arena, mapping->column_count, sizeof *returned), n = 0;
    if (returned == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < mapping->column_count && shape->returning; i++)
        if (comes_back(shape, i))
            returned[n++] = i;
    switch (shape->verb) {
    case SQLA__INSERT: return sqla__crud_insert(buf, mapping, traits, shape->columns, shape->count, shape->road, shape->rows, returned, n, err);
    case SQLA__UPDATE: return sqla__crud_update(buf, mapping, traits, shape->columns, shape->count, shape->road, shape->rows, err);
    case SQLA__DELETE: return sqla__crud_delete(buf, mapping, traits, shape->road, shape->rows, err);
    case SQLA__SELECT_BY: return sqla__crud_select(buf, mapping, traits, shape->columns, shape->count, err);
    case SQLA__SELECT_IN: return sqla__crud_select_in(buf, mapping, traits, shape->columns[0], shape->rows, err);
    case SQLA__PAIRS_BY_CHILD:
    case SQLA__PAIRS_BY_PARENT:
        return sqla__crud_select_pairs(
            buf, mapping, traits, shape->columns[0], shape->verb == SQLA__PAIRS_BY_PARENT, shape->rows, err);
    }
    return SQLA_ERR_MISUSE;
}

static sqla_slot slot_at(const sqla__mapping *mapping, uint32_t column, uint32_t shift, int32_t number)
{
    sqla_slot slot = mapping->columns[column].slot;
    slot.column = number;
    slot.offset += shift;
    if (slot.set_offset >= 0)
        slot.set_offset += (int32_t)shift;
    return slot;
}

static sqla_slot value_slot(const sqla__mapping *mapping, uint32_t column, uint32_t i)
{
    const sqla__mapped_column *mapped = &mapping->columns[column];
    return (sqla_slot){ .type = mapped->slot.type == SQLA_ENUM_TYPE ? SQLA_TEXT : mapped->slot.type, .rep = SQLA_REP_VALUE, .column = (int32_t)i,
                        .flags = SQLA_SLOT_NULLABLE, .offset = i * (uint32_t)sizeof(sqla_value), .size = sizeof(sqla_value), .set_offset = -1,
                        .name = mapped->name };
}

/* The snapshot lies behind the struct; see sqla__pool_init. */
static uint32_t snapshot_shift(const sqla__mapping *mapping) { return (mapping->size + 15) / 16 * 16; }

static sqla_status make_plans(const sqla__shape *shape, sqla__arena *arena, sqla__text *text, sqla_error *err)
{
    const sqla__mapping *mapping = shape->mapping;
    bool in_list = shape->verb == SQLA__SELECT_IN || shape->verb == SQLA__PAIRS_BY_CHILD ||
                   shape->verb == SQLA__PAIRS_BY_PARENT;
    size_t room = in_list ? shape->rows : (size_t)shape->count + mapping->key_count;
    sqla_slot *slots = sqla__arena_zero(arena, room + 1, sizeof *slots), *keys = sqla__arena_zero(arena, mapping->column_count + 1, sizeof *keys);
    if (slots == NULL || keys == NULL)
        return sqla__error_nomem(err);
    uint32_t n = 0, k = 0;
    for (uint32_t i = 0; in_list && i < shape->rows; i++, n++)
        slots[n] = value_slot(mapping, shape->columns[0], i);
    for (uint32_t i = 0; !in_list && i < shape->count; i++, n++)
        slots[n] = slot_at(mapping, shape->columns[i], 0, (int32_t)n);
    for (uint32_t i = 0; (shape->verb == SQLA__UPDATE || shape->verb == SQLA__DELETE) && i < mapping->key_count; i++, n++)
        slots[n] = slot_at(mapping, mapping->keys[i], snapshot_shift(mapping), (int32_t)n);
    for (uint32_t i = 0; shape->verb == SQLA__INSERT && i < mapping->column_count; i++)
        if (comes_back(shape, i))
            keys[k] = slot_at(mapping, i, 0, (int32_t)k), k++;
    text->plan = (sqla_plan){ sizeof(sqla_plan), n, slots };
    text->keys = (sqla_plan){ sizeof(sqla_plan), k, keys };
    return SQLA_OK;
}

static const sqla__text *make(sqla_sessionmaker *maker, const sqla__shape *shape, const shape_key *key, sqla_error *err)
{
    sqla__arena *arena = &maker->text_arena;
    sqla__buf buf = { 0 };
    sqla__text *text = sqla__arena_zero(arena, 1, sizeof *text);
    shape_key *kept = (shape_key *)(void *)sqla__arena_copy(arena, key, sizeof *key);
    sqla_status status = text != NULL && kept != NULL ? SQLA_OK : sqla__error_nomem(err);
    if (status == SQLA_OK)
        status = write_text(shape, sqla__engine_traits(maker->engine), arena, &buf, err);
    if (status == SQLA_OK && buf.broken)
        status = sqla__error_nomem(err);
    if (status == SQLA_OK)
        status = make_plans(shape, arena, text, err);
    if (status == SQLA_OK) {
        text->length = buf.length;
        text->text = sqla__arena_copy(arena, sqla__buf_text(&buf), buf.length);
        if (text->text == NULL || !sqla__hash_put(&maker->texts, kept, sizeof *kept, text))
            status = sqla__error_nomem(err);
    }
    sqla__buf_release(&buf);
    return status == SQLA_OK ? text : NULL;
}

const sqla__text *sqla__text_for(sqla_sessionmaker *maker, const sqla__shape *shape, sqla_error *err)
{
    shape_key key;
    if (!make_key(shape, &key)) {
        sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "model '%s' has more than 512 columns", shape->mapping->model->name);
        return NULL;
    }
    pthread_mutex_lock(&maker->lock);
    const sqla__text *text = sqla__hash_get(&maker->texts, &key, sizeof key);
    if (text == NULL)
        text = make(maker, shape, &key, err);
    pthread_mutex_unlock(&maker->lock);
    return text;
}
