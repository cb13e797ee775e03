/* undo.c: what a transaction did to objects, so that a rollback puts them back in memory, without SQL.
 *
 * The first flush of an object in a transaction, or since the innermost savepoint, records what it was;
 * later ones need no record. An update's record takes over the text block that the old snapshot points
 * into. */
#include <config.h>
#include "orm/converted.h"

#include <string.h>

#include "base/mem.h"
#include "orm/field.h"
#include "orm/identity.h"

static size_t mark_of(const sqla_session *s) { return s->savepoint != NULL ? s->savepoint->undo_mark : 0; }

/* The first update since the mark tells what the object was. An insert before it tells what the program gave. */
static bool is_recorded(const sqla_session *s, const sqla__object *object, sqla__undo_kind kind)
{
    return kind == SQLA__UNDO_UPDATE && object->undo > mark_of(s) &&
           s->undo.items[object->undo - 1].kind == SQLA__UNDO_UPDATE;
}

bool sqla__undo_record(sqla_session *s, sqla__object *object, sqla__undo_kind kind)
{
    if (is_recorded(s, object, kind))
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

static size_t made_words(const sqla__mapping *mapping)
{
    return (mapping->column_count + mapping->relation_count + 63) / 64;
}

/* Rows of one shape that follow one another share what they have. NULL: out of memory. */
static const uint64_t *keep_made(sqla_session *s, const sqla__object *object, const uint64_t *made)
{
    const sqla__undo *last = s->undo.count > 0 ? &s->undo.items[s->undo.count - 1] : NULL;
    size_t size = made_words(sqla__pool_of(object)->mapping) * sizeof *made;
    if (last != NULL && last->made != NULL && last->object != NULL &&
        sqla__pool_of(last->object) == sqla__pool_of(object) && memcmp(last->made, made, size) == 0)
        return last->made;
    return (const uint64_t *)(const void *)sqla__arena_copy(&s->undo_arena, made, size);
}

bool sqla__undo_record_insert(sqla_session *s, sqla__object *object, const uint64_t *made)
{
    const uint64_t *kept = made != NULL ? keep_made(s, object, made) : NULL;
    if ((made != NULL && kept == NULL) || !sqla__undo_record(s, object, SQLA__UNDO_INSERT))
        return false;
    s->undo.items[s->undo.count - 1].made = kept;
    return true;
}

bool sqla__undo_covers_reads(const sqla_session *s)
{
    return s->changed_rows || s->wrote || (s->conn != NULL && sqla__conn_touched(s->conn));
}

bool sqla__undo_point(sqla_session *s, sqla__object *object, const sqla__relation *relation, void *to)
{
    void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    if (to != NULL && sqla__pointer_at(relation, snapshot) == NULL) {
        sqla__read read = { row, relation, s->undo.count };
        if (!sqla__vec_push(&s->reads, read))
            return false;
    }
    sqla__pointer_set(relation, row, to);
    sqla__pointer_set(relation, snapshot, to);
    return true;
}

bool sqla__undo_take_key(sqla_session *s, sqla__object *object, const sqla__foreign_key *key)
{
    const sqla_slot *slot = &key->holder->columns[key->column].slot;
    sqla__given given = { object, slot, sqla__field_value(slot, sqla__struct_of(object)) };
    if (object->state == SQLA_PENDING) {
        size_t size;
        const void *bytes = sqla__value_bytes(&given.value, &size);
        if (bytes != &given.value.as && /* a text is lent */
            (given.value.as.bytes.data = sqla__arena_copy(&s->lent, bytes, size)) == NULL)
            return false;
        if (!sqla__vec_push(&s->given, given))
            return false;
    }
    sqla__field_set_null(slot, sqla__struct_of(object));
    return true;
}

static void give_key(const sqla__given *given)
{
    sqla_error ignored;
    sqla__error_init(&ignored);
    (void)sqla__field_set(given->slot, sqla__struct_of(given->object), given->value, &ignored); /* it was there */
}

void sqla__undo_give_keys(sqla_session *s)
{
    for (size_t i = 0; i < s->given.count; i++)
        if (s->given.items[i].object != NULL && s->given.items[i].object->state == SQLA_PENDING)
            give_key(&s->given.items[i]);
}

static bool is_made(const sqla__undo *record, uint32_t bit)
{
    return record->made != NULL && (record->made[bit / 64] >> (bit % 64) & 1) != 0;
}

/* A row that was added is no row any more: what the database and the flush had made of it goes, and what
 * the program set stays. Where its row was found gone and it was added again, so does what was set for that. */
static void undo_insert(const sqla__undo *record)
{
    sqla__object *object = record->object;
    sqla__pool *pool = sqla__pool_of(object);
    const sqla__mapping *mapping = pool->mapping;
    void *row = sqla__struct_of(object);
    bool again = object->state == SQLA_PENDING;
    if (!again) {
        sqla__identity_remove(pool, object);
        sqla__object_revert(object);
    }
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if ((mapping->columns[i].sent == SQLA__SENT_NEVER || is_made(record, i)) &&
            (!again || sqla__field_untouched(&mapping->columns[i].slot, row, sqla__snapshot_of(object))))
            sqla__field_set_null(&mapping->columns[i].slot, row);
    if (again)
        return;
    for (uint32_t i = 0; i < mapping->relation_count; i++)
        if (is_made(record, mapping->column_count + i))
            sqla__pointer_set(&mapping->relations[i], row, NULL);
    for (size_t i = 0; i < pool->session->given.count; i++)
        if (pool->session->given.items[i].object == object)
            give_key(&pool->session->given.items[i]);
    memcpy(sqla__snapshot_of(object), row, mapping->size);
    sqla__collections_unload(object);
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

/* The row is there again. Whoever was read with its key meanwhile was a row of this transaction, unless it got that key by a write
 * that is undone next. */
static void undo_delete(sqla__object *object, size_t mark)
{
    sqla__pool *pool = sqla__pool_of(object);
    sqla__object *other = sqla__identity_find(pool, sqla__snapshot_of(object));
    if (other != NULL)
        sqla__identity_remove(pool, other);
    if (other != NULL && other->undo <= mark) {
        sqla__object_revert(other);
        other->state = SQLA_TRANSIENT;
    }
    object->state = SQLA_PERSISTENT;
    object->flags &= (uint8_t)~SQLA__FLAG_LOST;
    (void)sqla__identity_put(pool, object); /* there is room: it was taken out */
}

/* Of the records of the object, those after one. */
static void drop_records(sqla__object *object, uint32_t to)
{
    sqla__undo *items = sqla__pool_of(object)->session->undo.items;
    while (object->undo > to) {
        items[object->undo - 1].object = NULL;
        object->undo = items[object->undo - 1].previous;
    }
}

/* The last insert of the object that is still to be undone; 0: there is none. */
static uint32_t insert_of(const sqla__object *object, size_t mark)
{
    const sqla__undo *items = sqla__pool_of(object)->session->undo.items;
    uint32_t at = object->undo;
    while (at > mark && items[at - 1].kind != SQLA__UNDO_INSERT)
        at = items[at - 1].previous;
    return at > mark ? at : 0;
}

/* An object that was inserted, whose row was found gone, and that was added again, has had two lives, and is as the program has
 * filled it for the second one. */
static void undo_one(sqla__undo *record, size_t mark)
{
    sqla__object *object = record->object;
    uint32_t insert = object->state == SQLA_PENDING ? insert_of(object, mark) : 0;
    if (insert > 0 && record->kind != SQLA__UNDO_INSERT) {
        drop_records(object, insert);
        return;
    }
    switch (record->kind) {
    case SQLA__UNDO_INSERT: undo_insert(record); break;
    case SQLA__UNDO_UPDATE: undo_update(record); break;
    case SQLA__UNDO_DELETE: undo_delete(object, mark); break;
    }
    object->undo = record->previous;
    if (record->kind == SQLA__UNDO_INSERT && (insert = insert_of(object, mark)) > 0)
        drop_records(object, insert - 1);
}

static void drop(sqla_session *s, sqla__undo *record)
{
    sqla__free(record->snapshot);
    sqla__text_give(&s->texts, record->texts, record->large);
    sqla__pieces_free(s, record->pieces);
}

/* The cell may be another object's by now: that one keeps what it was given. */
static void undo_read(sqla_session *s, const sqla__read *read)
{
    sqla__object *object = sqla__session_object(s, read->row);
    if (object != NULL && object->state == SQLA_PERSISTENT &&
        sqla__pool_of(object)->mapping == read->relation->owner)
        sqla__pointer_set(read->relation, sqla__snapshot_of(object), NULL);
}

/* Those that came after the record that is undone next. */
static void undo_reads(sqla_session *s, size_t mark)
{
    while (s->reads.count > mark && s->reads.items[s->reads.count - 1].after >= s->undo.count)
        undo_read(s, &s->reads.items[--s->reads.count]);
}

/* The struct follows its snapshot when unflushed changes are discarded. */
void sqla__undo_to(sqla_session *s, size_t mark, size_t read_mark)
{
    undo_reads(s, read_mark);
    while (s->undo.count > mark) {
        sqla__undo *record = &s->undo.items[--s->undo.count];
        if (record->object != NULL)
            undo_one(record, mark);
        drop(s, record);
        undo_reads(s, read_mark);
    }
    if (s->undo.count == 0) {
        sqla__arena_reset(&s->undo_arena);
        s->given.count = 0;
    }
}

void sqla__undo_forget(sqla_session *s)
{
    for (size_t i = 0; i < s->undo.count; i++) {
        sqla__undo *record = &s->undo.items[i];
        if (record->object != NULL) {
            record->object->undo = 0;
            if (record->object->state == SQLA_DELETED) {
                record->object->state = SQLA_TRANSIENT;
                sqla__collections_expire(record->object);
            }
        }
        drop(s, record);
    }
    sqla__vec_release(&s->undo);
    sqla__vec_release(&s->reads);
    sqla__vec_release(&s->given);
    sqla__arena_release(&s->undo_arena);
}

/* A snapshot that a rollback would put back does not point at who is gone. */
static void forget_pointer(const sqla__undo *record, const sqla__mapping *target, const void *row)
{
    if (record->object == NULL || record->snapshot == NULL)
        return;
    const sqla__mapping *mapping = sqla__pool_of(record->object)->mapping;
    for (uint32_t i = 0; i < mapping->relation_count; i++) {
        const sqla__relation *relation = &mapping->relations[i];
        if (!relation->to_many && relation->target == target &&
            sqla__pointer_at(relation, record->snapshot) == row)
            sqla__pointer_set(relation, record->snapshot, NULL);
    }
}

void sqla__undo_expunge(sqla_session *s, sqla__object *object)
{
    for (uint32_t at = object->undo; at > 0; at = s->undo.items[at - 1].previous)
        s->undo.items[at - 1].object = NULL;
    for (size_t i = 0; i < s->given.count; i++)
        if (s->given.items[i].object == object)
            s->given.items[i].object = NULL;
    for (size_t i = 0; i < s->undo.count; i++)
        forget_pointer(&s->undo.items[i], sqla__pool_of(object)->mapping, sqla__struct_of(object));
}
