/* parent.c: what a flush writes as a foreign key. See parent.h. */
#include <config.h>
#include "orm/parent.h"

#include <stdio.h>
#include <string.h>

#include "orm/field.h"
#include "orm/identity.h"
#include "orm/spelling.h"

static const sqla__mapped_column *key_column(const sqla__foreign_key *key)
{
    return &key->holder->columns[key->column];
}
static const sqla__mapped_column *referenced_column(const sqla__foreign_key *key)
{
    return &key->target->columns[key->referenced_column];
}

static void *snapshot_or_row(const sqla__object *object)
{
    return object->state == SQLA_PERSISTENT ? sqla__snapshot_of(object) : sqla__struct_of(object);
}

/* The key that the one in `row` stands for, where the database has said that it is spelled otherwise. */
static bool spelled_otherwise(
    const sqla_session *s, const sqla__foreign_key *key, const void *row, sqla_value *ret)
{
    if (s->spellings.count == 0 || !sqla__key_is_text(key))
        return false;
    const sqla_value value = sqla__field_value(&key_column(key)->slot, row);
    *ret = sqla__spelling_of(s, key, value);
    return ret->as.bytes.data != value.as.bytes.data;
}

/* Does the foreign key in `row` equal what `owner` holds? NULL equals nothing. */
static bool holds_key_of(const sqla__foreign_key *key, const void *row, const sqla__object *owner)
{
    const sqla_slot *slot = &referenced_column(key)->slot;
    sqla_value spelled, held;
    if (sqla__field_is_null(&key_column(key)->slot, row))
        return false;
    if (sqla__fields_match(&key_column(key)->slot, row, slot, snapshot_or_row(owner)))
        return true;
    if (!spelled_otherwise(sqla__pool_of(owner)->session, key, row, &spelled))
        return false;
    held = sqla__field_value(slot, snapshot_or_row(owner));
    return held.type == SQLA_TEXT && held.as.bytes.size == spelled.as.bytes.size &&
           memcmp(held.as.bytes.data, spelled.as.bytes.data, held.as.bytes.size) == 0;
}

bool sqla__row_belongs(const sqla__object *object, const sqla__foreign_key *key, const sqla__object *owner)
{
    return object->state == SQLA_PERSISTENT && owner->state == SQLA_PERSISTENT &&
           holds_key_of(key, sqla__snapshot_of(object), owner);
}

/* ---- the statements -------------------------------------------------------------------------- */

bool sqla__pointer_assigned(const sqla__object *object, const sqla__foreign_key *key)
{
    if (key->pointer == NULL)
        return false;
    const sqla__link *link = sqla__link_of(object, key);
    const void *now = sqla__pointer_at(key->pointer, sqla__struct_of(object));
    if (link != NULL && link->pointer_set)
        return now != link->pointer;
    if (object->state != SQLA_PERSISTENT)
        return now != NULL;
    return now != sqla__pointer_at(key->pointer, sqla__snapshot_of(object));
}

/* In a new object a key counts when it is there: a plain number that is zero is one that was not set. */
static bool key_assigned(const sqla__object *object, const sqla__foreign_key *key)
{
    const sqla_slot *slot = &key_column(key)->slot;
    const void *row = sqla__struct_of(object);
    if (object->state == SQLA_PERSISTENT)
        return !sqla__field_equal(slot, row, sqla__snapshot_of(object));
    return !sqla__field_is_null(slot, row) && (slot->set_offset >= 0 || !sqla__field_is_zero(slot, row));
}

static bool orphans_die(const sqla__foreign_key *key)
{
    const uint32_t both = SQLA_OWNS | SQLA_ORPHANS_DIE;
    return key->collection != NULL && (key->collection->item->flags & both) == both;
}

static sqla__parent nobody(bool orphan)
{
    return (sqla__parent){ .kind = SQLA__PARENT_NOBODY, .orphan = orphan };
}

/* A remove says "not that owner's". Where the row has gone to somebody else meanwhile, that is so already. */
static sqla__parent after_remove(
    const sqla__object *object, const sqla__foreign_key *key, const sqla__link *link)
{
    if (object->state != SQLA_PERSISTENT)
        return nobody(orphans_die(key));
    if (!link->from_row)
        return nobody(false);
    if (!sqla__row_belongs(object, key, link->owner))
        return (sqla__parent){ .kind = SQLA__PARENT_KEPT };
    return nobody(orphans_die(key));
}

/* The pointer was set to NULL. Only a child whose row still belongs to whom it pointed at becomes an
 * orphan. */
static sqla__parent after_pointer_to_nobody(
    sqla_session *s, const sqla__object *object, const sqla__foreign_key *key)
{
    const sqla__object *before =
        sqla__session_object(s, sqla__pointer_at(key->pointer, sqla__snapshot_of(object)));
    bool belonged =
        object->state == SQLA_PERSISTENT && before != NULL && sqla__row_belongs(object, key, before);
    return nobody(belonged && orphans_die(key));
}

sqla__parent sqla__parent_of(sqla_session *s, const sqla__object *object, const sqla__foreign_key *key)
{
    const sqla__link *link = sqla__link_of(object, key);
    if (link != NULL && !link->removed)
        return (sqla__parent){ .object = link->owner, .kind = SQLA__PARENT_OBJECT };
    if (sqla__pointer_assigned(object, key)) {
        const void *to = sqla__pointer_at(key->pointer, sqla__struct_of(object));
        if (to != NULL)
            return (sqla__parent){ .object = sqla__session_object(s, to), .kind = SQLA__PARENT_OBJECT };
        if (object->state == SQLA_PERSISTENT && key_assigned(object, key))
            return nobody(false); /* NULL by hand keeps the row */
        sqla__parent removed = { .kind = SQLA__PARENT_KEPT };
        if (link != NULL)
            removed = after_remove(object, key, link);
        return removed.kind != SQLA__PARENT_KEPT ? removed : after_pointer_to_nobody(s, object, key);
    }
    if (key_assigned(object, key))
        return (sqla__parent){ .kind = sqla__field_is_null(&key_column(key)->slot, sqla__struct_of(object))
                                           ? SQLA__PARENT_NOBODY
                                           : SQLA__PARENT_KEY };
    return link != NULL ? after_remove(object, key, link) : (sqla__parent){ .kind = SQLA__PARENT_KEPT };
}

bool sqla__parent_is(sqla_session *s, const sqla__object *object, const sqla__foreign_key *key,
    const sqla__object *owner)
{
    sqla__parent parent = sqla__parent_of(s, object, key);
    switch (parent.kind) {
    case SQLA__PARENT_OBJECT: return parent.object == owner;
    case SQLA__PARENT_KEY: return holds_key_of(key, sqla__struct_of(object), owner);
    case SQLA__PARENT_KEPT: return sqla__row_belongs(object, key, owner);
    case SQLA__PARENT_NOBODY: break;
    }
    return false;
}

/* Does the row hold the key that `owner` has, or will have? One that the database is still to make is another. */
static bool will_hold_key_of(const sqla__object *object, const sqla__foreign_key *key, const sqla__object *owner)
{
    bool to_be_made = owner->state != SQLA_PERSISTENT && referenced_column(key)->sent == SQLA__SENT_NEVER;
    return !to_be_made && holds_key_of(key, sqla__snapshot_of(object), owner);
}

bool sqla__parent_changes(sqla_session *s, const sqla__object *object, const sqla__foreign_key *key)
{
    sqla__parent parent = sqla__parent_of(s, object, key);
    switch (parent.kind) {
    case SQLA__PARENT_OBJECT: return parent.object == NULL || !will_hold_key_of(object, key, parent.object);
    case SQLA__PARENT_KEY: return true;
    case SQLA__PARENT_NOBODY: return !sqla__field_is_null(&key_column(key)->slot, sqla__snapshot_of(object));
    case SQLA__PARENT_KEPT: break;
    }
    return false;
}

/* ---- contradictions -------------------------------------------------------------------------- */

static sqla_status contradicts(const sqla__foreign_key *key, const sqla__link *link, const char *field,
    const char *what, sqla_error *err)
{
    char owner[120];
    const char *verb = link->removed ? "removed from" : "appended to";
    sqla__error_set(err, SQLA_ERR_MISUSE, "'%s' of '%s' says %s, but the object was %s '%s' of %s", field,
        key->holder->model->name, what, verb, key->collection->item->field,
        sqla__object_name(link->owner, owner, sizeof owner));
    sqla__error_hint(err, "say it once: assign the pointer or the key, or append and remove");
    return err->status;
}

/* An append says whose the object is, and a remove whose it is not. */
static sqla_status check_link(sqla_session *s, const sqla__object *object, const sqla__foreign_key *key,
    const sqla__link *link, sqla_error *err)
{
    char what[120], value[64];
    const void *row = sqla__struct_of(object);
    if (sqla__pointer_assigned(object, key)) {
        const sqla__object *to = sqla__session_object(s, sqla__pointer_at(key->pointer, row));
        if ((to == link->owner) == link->removed)
            return contradicts(
                key, link, key->pointer->item->field, sqla__object_name(to, what, sizeof what), err);
    }
    if (key_assigned(object, key)) {
        sqla_value_print(value, sizeof value, sqla__field_value(&key_column(key)->slot, row));
        if (holds_key_of(key, row, link->owner) == link->removed)
            return contradicts(key, link, key_column(key)->item->field, value, err);
    }
    return SQLA_OK;
}

static sqla_status check_pointer(
    sqla_session *s, const sqla__object *object, const sqla__foreign_key *key, sqla_error *err)
{
    char value[64], to[120];
    const void *row = sqla__struct_of(object), *pointer = sqla__pointer_at(key->pointer, row);
    const sqla__object *target = sqla__session_object(s, pointer);
    const char *field = key->pointer->item->field, *name = key->holder->model->name;
    if (pointer != NULL && (target == NULL || sqla__pool_of(target)->mapping != key->target)) {
        sqla__error_set(err, SQLA_ERR_MISUSE, "field '%s' of '%s' does not point at a '%s' of this session",
            field, name, key->target->model->name);
        sqla__error_hint(err, "add the struct with sqla_add_object and use the object that it returns");
        return err->status;
    }
    bool null = sqla__field_is_null(&key_column(key)->slot, row);
    bool agree = target == NULL ? null : holds_key_of(key, row, target);
    if (!key_assigned(object, key) || agree)
        return SQLA_OK;
    sqla_value_print(value, sizeof value, sqla__field_value(&key_column(key)->slot, row));
    return sqla__error_set(err, SQLA_ERR_MISUSE, "'%s' of '%s' was set to %s, but its '%s' to %s",
        key_column(key)->item->field, name, value, field, sqla__object_name(target, to, sizeof to));
}

sqla_status sqla__parent_check(
    sqla_session *s, const sqla__object *object, const sqla__foreign_key *key, sqla_error *err)
{
    const sqla__link *link = sqla__link_of(object, key);
    sqla_status status = sqla__pointer_assigned(object, key) ? check_pointer(s, object, key, err) : SQLA_OK;
    return status == SQLA_OK && link != NULL ? check_link(s, object, key, link, err) : status;
}

/* ---- from a key to its object ---------------------------------------------------------------- */

/* A foreign key at a column that is not the primary key: no map leads there. */
static sqla__object *search(const sqla__pool *pool, const sqla__foreign_key *key, const void *row)
{
    for (size_t p = 0; p < pool->pages.count; p++) {
        const sqla__page *page = pool->pages.items[p];
        for (uint32_t i = 0; page != NULL && i < page->used; i++) {
            sqla__object *object = sqla__page_cell(page, i);
            if (object->state == SQLA_PERSISTENT && holds_key_of(key, row, object))
                return object;
        }
    }
    return NULL;
}

sqla__object *sqla__find_parent(sqla_session *s, const sqla__foreign_key *key, const void *row)
{
    sqla__pool *pool = &s->pools[key->target->index];
    const sqla__mapped_column *referenced = referenced_column(key);
    if (pool->map.count == 0 || sqla__field_is_null(&key_column(key)->slot, row))
        return NULL;
    if (!referenced->is_key || key->target->key_count > 1)
        return search(pool, key, row);
    if (!sqla__pool_scratch(pool) ||
        !sqla__field_assign(&referenced->slot, pool->scratch, &key_column(key)->slot, row))
        return NULL;
    sqla__object *found = sqla__identity_find(pool, pool->scratch);
    sqla_value spelled;
    sqla_error ignored;
    sqla__error_init(&ignored);
    if (found != NULL || !spelled_otherwise(s, key, row, &spelled) ||
        sqla__field_set(&referenced->slot, pool->scratch, spelled, &ignored) != SQLA_OK)
        return found;
    return sqla__identity_find(pool, pool->scratch);
}
