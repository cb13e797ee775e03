/* relation.c: the two sides of a relation: pointers, collections, and the foreign key that follows from them.
 *
 * A collection is changed by calls, a to-one pointer by plain assignment. Both end as a link: "this foreign key follows from
 * that object", which the flush resolves once the parent has its key. */
#include <config.h>
#include "orm/session.h"

#include <string.h>

#include "base/mem.h"
#include "orm/loader.h"

/* ---- what hangs on an object ------------------------------------------------------------------------------------- */

sqla__extra *sqla__extra_of(sqla__object *object)
{
    if (object->extra == NULL) {
        uint32_t n = sqla__pool_of(object)->mapping->relation_count;
        object->extra = sqla__alloc_zero(1, sizeof *object->extra + n * sizeof object->extra->capacities[0]);
        if (object->extra != NULL) {
            object->extra->collection_count = n;
            sqla__pool_of(object)->has_extras = true;
        }
    }
    return object->extra;
}

void sqla__extra_free(sqla__object *object)
{
    if (object->extra == NULL)
        return;
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    for (uint32_t i = 0; i < mapping->relation_count; i++)
        if (object->extra->capacities[i] > 0)
            sqla__free(sqla__collection_at(&mapping->relations[i], sqla__struct_of(object))->items);
    sqla__vec_release(&object->extra->links);
    sqla__free(object->extra);
    object->extra = NULL;
}

/* ---- collections ------------------------------------------------------------------------------------------------ */

bool sqla__collection_push(sqla__object *owner, const sqla__relation *relation, void *item)
{
    sqla__extra *extra = sqla__extra_of(owner);
    sqla__collection *collection = sqla__collection_at(relation, sqla__struct_of(owner));
    if (extra == NULL)
        return false;
    size_t capacity = extra->capacities[relation->index];
    if (collection->count + 1 > capacity) {
        capacity = capacity > 0 ? capacity * 2 : 4;
        void **items = sqla__resize(capacity > 4 ? collection->items : NULL, capacity, sizeof *items);
        if (items == NULL)
            return false;
        collection->items = items;
        extra->capacities[relation->index] = capacity;
    }
    collection->items[collection->count++] = item;
    owner->flags |= SQLA__FLAG_COLLECTIONS;
    return true;
}

void sqla__collection_drop(sqla__object *owner, const sqla__relation *relation, const void *item)
{
    sqla__collection *collection = sqla__collection_at(relation, sqla__struct_of(owner));
    size_t kept = 0;
    for (size_t i = 0; i < collection->count; i++)
        if (collection->items[i] != item)
            collection->items[kept++] = collection->items[i];
    if (kept != collection->count)
        owner->flags |= SQLA__FLAG_COLLECTIONS;
    collection->count = kept;
}

void sqla__collections_unload(sqla__object *object)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    for (uint32_t i = 0; i < mapping->relation_count; i++) {
        if (!mapping->relations[i].to_many)
            continue;
        sqla__collection *collection = sqla__collection_at(&mapping->relations[i], sqla__struct_of(object));
        collection->count = 0;
        collection->loaded = false;
    }
    object->flags &= (uint8_t)~SQLA__FLAG_COLLECTIONS;
}

static bool contains(const sqla__collection *collection, const void *item)
{
    for (size_t i = 0; i < collection->count; i++)
        if (collection->items[i] == item)
            return true;
    return false;
}

/* ---- links ------------------------------------------------------------------------------------------------------ */

const sqla__link *sqla__link_of(const sqla__object *object, uint32_t column)
{
    if (!(object->flags & SQLA__FLAG_LINKED) || object->extra == NULL)
        return NULL;
    for (size_t i = 0; i < object->extra->links.count; i++)
        if (object->extra->links.items[i].column == column)
            return &object->extra->links.items[i];
    return NULL;
}

sqla_status sqla__link_set(sqla_session *s, sqla__object *object, const sqla__relation *by, sqla__object *parent, bool orphan)
{
    sqla__extra *extra = sqla__extra_of(object);
    if (extra == NULL || !sqla__vec_reserve(&s->linked, s->linked.count + 1))
        return sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
    sqla__link link = { by->key_column, by->referenced_column, orphan, parent };
    for (size_t i = 0; i < extra->links.count; i++) {
        if (extra->links.items[i].column == link.column) {
            extra->links.items[i] = link;
            return SQLA_OK;
        }
    }
    if (!sqla__vec_push(&extra->links, link))
        return sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
    if (!(object->flags & SQLA__FLAG_LINKED))
        s->linked.items[s->linked.count++] = object;
    object->flags |= SQLA__FLAG_LINKED;
    return SQLA_OK;
}

void sqla__links_clear(sqla_session *s)
{
    for (size_t i = 0; i < s->linked.count; i++) {
        s->linked.items[i]->extra->links.count = 0;
        s->linked.items[i]->flags &= (uint8_t)~SQLA__FLAG_LINKED;
    }
    s->linked.count = 0;
}

/* ---- append and remove ------------------------------------------------------------------------------------------ */

static const sqla__relation *relation_named(const sqla__mapping *mapping, const char *name)
{
    for (uint32_t i = 0; i < mapping->relation_count; i++)
        if (strcmp(mapping->relations[i].item->field, name) == 0)
            return &mapping->relations[i];
    return NULL;
}

typedef struct ends { sqla__object *owner, *item; const sqla__relation *relation; } ends;

static bool find_ends(sqla_session *s, const char *verb, void *owner, const char *relation, void *item, ends *ret)
{
    if (s == NULL || s->magic != SQLA__SESSION_MAGIC || owner == NULL || item == NULL)
        return false; /* what gave the NULL has kept its failure */
    ret->owner = sqla__session_object(s, owner);
    ret->item = sqla__session_object(s, item);
    if (ret->owner == NULL || ret->item == NULL) {
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot %s '%s': the %s is not an object of this session", verb, relation,
                           ret->owner == NULL ? "owner" : "item");
        return false;
    }
    ret->relation = relation_named(sqla__pool_of(ret->owner)->mapping, relation);
    if (ret->relation == NULL || !ret->relation->to_many || ret->relation->target != sqla__pool_of(ret->item)->mapping) {
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot %s '%s': '%s' has no such collection of '%s'", verb, relation,
                           sqla__pool_of(ret->owner)->mapping->model->name, sqla__pool_of(ret->item)->mapping->model->name);
        return false;
    }
    if (ret->relation->item->flags & SQLA_VIEW_ONLY) {
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot %s '%s': the relation is for viewing only", verb, relation);
        return false;
    }
    return true;
}

/* The other side: the child's pointer, and the collection that it leaves. */
static void move_child(sqla_session *s, const ends *e, sqla__object *to)
{
    const sqla__relation *inverse = e->relation->inverse;
    if (inverse == NULL)
        return;
    sqla__object *from = sqla__session_object(s, sqla__pointer_at(inverse, sqla__struct_of(e->item)));
    if (from != NULL && from != to)
        sqla__collection_drop(from, e->relation, sqla__struct_of(e->item));
    sqla__pointer_set(inverse, sqla__struct_of(e->item), to != NULL ? sqla__struct_of(to) : NULL);
}

void sqla_append_(sqla_session *s, void *owner, const char *relation, void *item)
{
    ends e;
    if (!find_ends(s, "append to", owner, relation, item, &e))
        return;
    if (e.item->state == SQLA_DELETED || e.owner->state == SQLA_DELETED) {
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot append to '%s': the %s was deleted", relation, e.item->state == SQLA_DELETED ? "item" : "owner");
        return;
    }
    if (e.item->state == SQLA_TRANSIENT && e.owner->state != SQLA_TRANSIENT && sqla__object_pend(s, e.item) != SQLA_OK)
        return;
    move_child(s, &e, e.owner);
    if (sqla__link_set(s, e.item, e.relation, e.owner, false) != SQLA_OK)
        return;
    sqla__collection *collection = sqla__collection_at(e.relation, owner);
    if (e.owner->state != SQLA_PERSISTENT)
        collection->loaded = true; /* no row yet, so there is nothing more in the database */
    if (collection->loaded && !contains(collection, item) && !sqla__collection_push(e.owner, e.relation, item))
        sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
}

void sqla_remove_(sqla_session *s, void *owner, const char *relation, void *item)
{
    ends e;
    if (!find_ends(s, "remove from", owner, relation, item, &e))
        return;
    sqla__collection *collection = sqla__collection_at(e.relation, owner);
    if (collection->loaded && !contains(collection, item)) {
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot remove from '%s': the item is not in it", relation);
        return;
    }
    sqla__collection_drop(e.owner, e.relation, item);
    move_child(s, &e, NULL);
    bool orphan = (e.relation->item->flags & SQLA_OWNS) && (e.relation->item->flags & SQLA_ORPHANS_DIE);
    (void)sqla__link_set(s, e.item, e.relation, NULL, orphan);
}

/* ---- load ------------------------------------------------------------------------------------------------------- */

static sqla_status load(sqla_session *s, void *row, const char *name, sqla_error *err)
{
    sqla_status status = sqla__session_ready(s, err);
    if (status != SQLA_OK)
        return status;
    sqla__object *object = sqla__session_object(s, row);
    if (object == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot load '%s': the pointer is not an object of this session", name);
    const sqla__relation *relation = relation_named(sqla__pool_of(object)->mapping, name);
    if (relation == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot load '%s': '%s' has no such relation", name, sqla__pool_of(object)->mapping->model->name);
    if (!s->options.no_autoflush && (status = sqla__flush(s, err)) != SQLA_OK)
        return status;
    return sqla__load_relation(s, relation, &row, 1, err);
}

sqla_status sqla_load_(sqla_session *s, void *row, const char *relation, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (row == NULL || relation == NULL)
        return sqla__error_give(err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "nothing to load: no object"));
    return sqla__error_give(err, &local, load(s, row, relation, &local));
}
