/* undo.c: what a transaction did to objects, so that a rollback puts them back in memory, without SQL.
 *
 * The first flush of an object in a transaction, or since the innermost savepoint, records what it was; later ones need no
 * record. An update's record takes over the text block that the old snapshot points into. */
#include <config.h>
#include "orm/converted.h"

#include <string.h>

#include "base/mem.h"
#include "orm/field.h"
#include "orm/identity.h"

static size_t mark_of(const sqla_session *s) { return s->savepoint != NULL ? s->savepoint->undo_mark : 0; }

static bool fills_optionals(const sqla__mapping *mapping)
{
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if (mapping->columns[i].sent == SQLA__SENT_WHEN_SET)
            return true;
    return false;
}

bool sqla__undo_record(sqla_session *s, sqla__object *object, sqla__undo_kind kind)
{
    if (kind == SQLA__UNDO_UPDATE && object->undo > mark_of(s))
        return true;
    sqla__undo record = { .object = object, .kind = kind, .previous = object->undo };
    uint32_t size = sqla__pool_of(object)->mapping->size;
    if (!sqla__vec_reserve(&s->undo, s->undo.count + 1))
        return false;
    if (kind == SQLA__UNDO_UPDATE) {
        if ((record.snapshot = sqla__alloc(size)) == NULL)
            return false;
        memcpy(record.snapshot, sqla__snapshot_of(object), size);
        record.texts = object->texts;
        record.large = object->flags & SQLA__FLAG_LARGE_TEXTS;
        record.pieces = sqla__pieces_take(object);
        sqla__object_set_texts(object, NULL, false, true);
    }
    s->undo.items[s->undo.count++] = record;
    object->undo = (uint32_t)s->undo.count;
    return true;
}

bool sqla__undo_record_insert(sqla_session *s, sqla__object *object, const uint32_t *sent, uint32_t count)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    bool *made = NULL, fills = fills_optionals(mapping);
    if (fills && (made = sqla__alloc_zero(mapping->column_count, sizeof *made)) == NULL)
        return false;
    if (!sqla__undo_record(s, object, SQLA__UNDO_INSERT)) {
        sqla__free(made);
        return false;
    }
    for (uint32_t i = 0; i < mapping->column_count && fills; i++)
        made[i] = true;
    for (uint32_t i = 0; i < count && fills; i++)
        made[sent[i]] = false;
    s->undo.items[s->undo.count - 1].made = made;
    return true;
}

/* A row that was added is no row any more: what the database had made for it goes. */
static void undo_insert(const sqla__undo *record)
{
    sqla__object *object = record->object;
    sqla__pool *pool = sqla__pool_of(object);
    sqla__identity_remove(pool, object);
    for (uint32_t i = 0; i < pool->mapping->column_count; i++) {
        const sqla__mapped_column *column = &pool->mapping->columns[i];
        if (column->sent == SQLA__SENT_NEVER || (record->made != NULL && record->made[i]))
            sqla__field_set_null(&column->slot, sqla__struct_of(object));
    }
    memcpy(sqla__snapshot_of(object), sqla__struct_of(object), pool->mapping->size);
    object->state = SQLA_TRANSIENT;
}

static bool key_differs(const sqla__mapping *mapping, const void *a, const void *b)
{
    for (uint32_t i = 0; i < mapping->key_count; i++)
        if (!sqla__field_equal(&mapping->columns[mapping->keys[i]].slot, a, b))
            return true;
    return false;
}

static void undo_update(sqla__undo *record)
{
    sqla__object *object = record->object;
    sqla__pool *pool = sqla__pool_of(object);
    void *snapshot = sqla__snapshot_of(object);
    bool moved = object->state == SQLA_PERSISTENT && key_differs(pool->mapping, snapshot, record->snapshot);
    if (moved)
        sqla__identity_remove(pool, object);
    memcpy(snapshot, record->snapshot, pool->mapping->size);
    for (uint32_t i = 0; i < pool->mapping->column_count; i++)
        sqla__column_copy(&pool->mapping->columns[i], sqla__struct_of(object), snapshot);
    sqla__object_set_texts(object, record->texts, record->large, false);
    sqla__pieces_set(object, record->pieces);
    record->texts = NULL;
    record->pieces = NULL;
    if (moved)
        (void)sqla__identity_put(pool, object); /* there is room: one was taken out */
}

static void undo_one(sqla__undo *record)
{
    sqla__object *object = record->object;
    switch (record->kind) {
    case SQLA__UNDO_INSERT: undo_insert(record); break;
    case SQLA__UNDO_UPDATE: undo_update(record); break;
    case SQLA__UNDO_DELETE:
        object->state = SQLA_PERSISTENT;
        (void)sqla__identity_put(sqla__pool_of(object), object); /* there is room: it was taken out */
        break;
    }
    object->undo = record->previous;
}

static void drop(sqla_session *s, sqla__undo *record)
{
    sqla__free(record->snapshot);
    sqla__free(record->made);
    sqla__text_give(&s->texts, record->texts, record->large);
    sqla__pieces_free(s, record->pieces);
}

void sqla__undo_to(sqla_session *s, size_t mark)
{
    while (s->undo.count > mark) {
        sqla__undo *record = &s->undo.items[--s->undo.count];
        if (record->object != NULL)
            undo_one(record);
        drop(s, record);
    }
}

void sqla__undo_forget(sqla_session *s)
{
    for (size_t i = 0; i < s->undo.count; i++) {
        sqla__undo *record = &s->undo.items[i];
        if (record->object != NULL) {
            record->object->undo = 0;
            if (record->object->state == SQLA_DELETED)
                record->object->state = SQLA_TRANSIENT;
        }
        drop(s, record);
    }
    sqla__vec_release(&s->undo);
}

void sqla__undo_expunge(sqla_session *s, sqla__object *object)
{
    for (uint32_t at = object->undo; at > 0; at = s->undo.items[at - 1].previous)
        s->undo.items[at - 1].object = NULL;
}
