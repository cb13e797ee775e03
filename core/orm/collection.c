/* collection.c: collections of objects, which are views: the foreign keys of the children decide whose
 * they are.
 *
 * The items lie in an array of ours that the user's struct points at. When a collection was loaded, and
 * when it was last changed, is kept beside the object. */
#include <config.h>
#include "orm/session.h"

#include "base/mem.h"

enum { FIRST_CAPACITY = 4 };

sqla__extra *sqla__extra_of(sqla__object *object)
{
    if (object->extra == NULL) {
        size_t n = sqla__pool_of(object)->mapping->relation_count;
        object->extra = sqla__alloc_zero(1, sizeof *object->extra + n * sizeof object->extra->collections[0]);
        if (object->extra != NULL)
            sqla__pool_of(object)->has_extras = true;
    }
    return object->extra;
}

void sqla__extra_free(sqla__object *object)
{
    if (object->extra == NULL)
        return;
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    for (uint32_t i = 0; i < mapping->relation_count; i++)
        if (object->extra->collections[i].capacity > 0)
            sqla__free(sqla__collection_at(&mapping->relations[i], sqla__struct_of(object))->items);
    sqla__vec_release(&object->extra->links);
    sqla__free(object->extra);
    object->extra = NULL;
}

static sqla__collection *collection_of(const sqla__object *owner, const sqla__relation *relation)
{
    return sqla__collection_at(relation, sqla__struct_of(owner));
}

static uint32_t now(const sqla__object *owner) { return sqla__pool_of(owner)->session->clock; }

static void mark_changed(sqla__object *owner, const sqla__relation *relation)
{
    if (owner->extra != NULL)
        owner->extra->collections[relation->index].changed = now(owner);
}

bool sqla__collection_fill(sqla__object *owner, const sqla__relation *relation, void *item)
{
    sqla__extra *extra = sqla__extra_of(owner);
    sqla__collection *collection = collection_of(owner, relation);
    if (extra == NULL)
        return false;
    size_t capacity = extra->collections[relation->index].capacity;
    if (collection->count + 1 > capacity) {
        capacity = capacity > 0 ? capacity * 2 : FIRST_CAPACITY;
        void **items =
            sqla__resize(capacity > FIRST_CAPACITY ? collection->items : NULL, capacity, sizeof *items);
        if (items == NULL)
            return false;
        collection->items = items;
        extra->collections[relation->index].capacity = capacity;
    }
    collection->items[collection->count++] = item;
    return true;
}

bool sqla__collection_push(sqla__object *owner, const sqla__relation *relation, void *item)
{
    bool pushed = sqla__collection_fill(owner, relation, item);
    mark_changed(owner, relation);
    return pushed;
}

void sqla__collection_drop(sqla__object *owner, const sqla__relation *relation, const void *item)
{
    sqla__collection *collection = collection_of(owner, relation);
    size_t kept = 0;
    for (size_t i = 0; i < collection->count; i++)
        if (collection->items[i] != item)
            collection->items[kept++] = collection->items[i];
    if (kept != collection->count)
        mark_changed(owner, relation);
    collection->count = kept;
}

bool sqla__collection_has(const sqla__object *owner, const sqla__relation *relation, const void *item)
{
    const sqla__collection *collection = collection_of(owner, relation);
    for (size_t i = 0; i < collection->count; i++)
        if (collection->items[i] == item)
            return true;
    return false;
}

bool sqla__collection_begin(sqla__object *owner, const sqla__relation *relation)
{
    sqla__extra *extra = sqla__extra_of(owner);
    if (extra == NULL)
        return false;
    sqla__collection *collection = collection_of(owner, relation);
    collection->count = 0;
    collection->loaded = true;
    extra->collections[relation->index].loaded = now(owner);
    extra->collections[relation->index].expired = false;
    return true;
}

bool sqla__collection_fresh(const sqla__object *owner, const sqla__relation *relation)
{
    if (!collection_of(owner, relation)->loaded || owner->extra == NULL)
        return false;
    const struct sqla__collection_state *state = &owner->extra->collections[relation->index];
    return !state->expired && state->loaded >= sqla__pool_of(owner)->session->fresh;
}

void sqla__collection_unload(sqla__object *owner, const sqla__relation *relation)
{
    sqla__collection *collection = collection_of(owner, relation);
    collection->count = 0;
    collection->loaded = false;
}

typedef void collection_fn(sqla__object *owner, const sqla__relation *relation, uint32_t clock);

static void each_collection(sqla__object *owner, collection_fn *fn, uint32_t clock)
{
    const sqla__mapping *mapping = sqla__pool_of(owner)->mapping;
    for (uint32_t i = 0; i < mapping->relation_count; i++)
        if (mapping->relations[i].to_many)
            fn(owner, &mapping->relations[i], clock);
}

static void unload_one(sqla__object *owner, const sqla__relation *relation, uint32_t clock)
{
    (void)clock;
    sqla__collection_unload(owner, relation);
}

void sqla__collection_expire(sqla__object *owner, const sqla__relation *relation)
{
    if (owner->extra != NULL)
        owner->extra->collections[relation->index].expired = true;
}

static void expire_one(sqla__object *owner, const sqla__relation *relation, uint32_t clock)
{
    (void)clock;
    sqla__collection_expire(owner, relation);
}

static void rollback_one(sqla__object *owner, const sqla__relation *relation, uint32_t clock)
{
    const struct sqla__collection_state *state = &owner->extra->collections[relation->index];
    if (state->loaded > clock || state->changed > clock)
        sqla__collection_unload(owner, relation);
}

static void unload_stale(sqla__object *owner, const sqla__relation *relation, uint32_t clock)
{
    (void)clock;
    if (!sqla__collection_fresh(owner, relation))
        sqla__collection_unload(owner, relation);
}

void sqla__collections_unload_stale(sqla__object *owner)
{
    each_collection(owner, unload_stale, 0);
}

void sqla__collections_unload(sqla__object *owner)
{
    each_collection(owner, unload_one, 0);
}

void sqla__collections_expire(sqla__object *owner)
{
    each_collection(owner, expire_one, 0);
}

void sqla__collections_rollback(sqla__object *owner, uint32_t clock)
{
    if (owner->extra != NULL)
        each_collection(owner, rollback_one, clock);
}
