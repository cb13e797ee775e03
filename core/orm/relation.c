/* relation.c: append, remove and load.
 *
 * A collection is changed by calls, a to-one pointer by plain assignment. A call says of the child whose
 * it is, or whose it is not; what comes of all that was said is worked out at the flush (parent.c). */
#include <config.h>
#include "orm/parent.h"

#include <string.h>

#include "orm/loader.h"

/* ---- links ----------------------------------------------------------------------------------- */

static sqla__link *find_link(const sqla__object *object, const sqla__foreign_key *key)
{
    if (!(object->flags & SQLA__FLAG_LINKED))
        return NULL;
    for (size_t i = 0; i < object->extra->links.count; i++)
        if (object->extra->links.items[i].key == key)
            return &object->extra->links.items[i];
    return NULL;
}

const sqla__link *sqla__link_of(const sqla__object *object, const sqla__foreign_key *key)
{
    return find_link(object, key);
}

sqla_status sqla__link_set(sqla_session *s, sqla__object *object, const sqla__link *link)
{
    sqla__extra *extra = sqla__extra_of(object);
    sqla__link *before = find_link(object, link->key);
    if (before != NULL) {
        *before = *link;
        return SQLA_OK;
    }
    if (extra == NULL || !sqla__vec_reserve(&s->linked, s->linked.count + 1) ||
        !sqla__vec_push(&extra->links, *link))
        return sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
    if (!(object->flags & SQLA__FLAG_LINKED))
        s->linked.items[s->linked.count++] = object;
    object->flags |= SQLA__FLAG_LINKED;
    return SQLA_OK;
}

sqla_status sqla__link_remove(
    sqla_session *s, sqla__object *object, const sqla__foreign_key *key, sqla__object *owner)
{
    void *row = sqla__struct_of(object);
    bool named = key->pointer != NULL && sqla__pointer_at(key->pointer, row) == sqla__struct_of(owner);
    sqla__link link = { .key = key,
        .owner = owner,
        .removed = true,
        .from_row = sqla__row_belongs(object, key, owner),
        .pointer_set = named };
    if (sqla__link_set(s, object, &link) != SQLA_OK)
        return SQLA_ERR_NOMEM;
    if (named)
        sqla__pointer_set(key->pointer, row, NULL);
    return SQLA_OK;
}

void sqla__links_drop(sqla_session *s, sqla__object *object)
{
    if (!(object->flags & SQLA__FLAG_LINKED))
        return;
    for (size_t i = 0; i < object->extra->links.count; i++) {
        const sqla__link *link = &object->extra->links.items[i];
        sqla__object *owner = sqla__find_parent(s, link->key, sqla__snapshot_of(object));
        sqla__collection_drop(link->owner, link->key->collection, sqla__struct_of(object));
        if (link->owner->state == SQLA_PERSISTENT)
            sqla__collection_unload(link->owner, link->key->collection);
        if (object->state == SQLA_PERSISTENT && owner != NULL)
            sqla__collection_unload(owner, link->key->collection);
    }
    object->extra->links.count = 0;
}

void sqla__links_clear(sqla_session *s)
{
    for (size_t i = 0; i < s->linked.count; i++) {
        s->linked.items[i]->extra->links.count = 0;
        s->linked.items[i]->flags &= (uint8_t)~SQLA__FLAG_LINKED;
    }
    s->linked.count = 0;
}

/* ---- append and remove ----------------------------------------------------------------------- */

static const sqla__relation *relation_named(const sqla__mapping *mapping, const char *name)
{
    for (uint32_t i = 0; i < mapping->relation_count; i++)
        if (strcmp(mapping->relations[i].item->field, name) == 0)
            return &mapping->relations[i];
    return NULL;
}

typedef struct ends { sqla__object *owner, *item; const sqla__relation *relation; } ends;

static bool find_ends(
    sqla_session *s, const char *verb, void *owner, const char *relation, void *item, ends *ret)
{
    if (owner == NULL || item == NULL)
        return false; /* the call that returned the NULL has kept its failure */
    ret->owner = sqla__session_object(s, owner);
    ret->item = sqla__session_object(s, item);
    if (ret->owner == NULL || ret->item == NULL) {
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot %s '%s': the %s is not an object of this session",
            verb, relation, ret->owner == NULL ? "owner" : "item");
        return false;
    }
    ret->relation = relation_named(sqla__pool_of(ret->owner)->mapping, relation);
    if (ret->relation == NULL || !ret->relation->to_many ||
        ret->relation->target != sqla__pool_of(ret->item)->mapping) {
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot %s '%s': '%s' has no such collection of '%s'", verb,
            relation, sqla__pool_of(ret->owner)->mapping->model->name,
            sqla__pool_of(ret->item)->mapping->model->name);
        return false;
    }
    if (ret->relation->item->flags & SQLA_VIEW_ONLY) {
        sqla__session_keep(
            s, SQLA_ERR_MISUSE, "cannot %s '%s': the relation is for viewing only", verb, relation);
        return false;
    }
    return true;
}

/* Take the item out of the collections that show it: of whom its pointer names, whose row it is, and who
 * had it appended. */
static void leave_owners(sqla_session *s, const ends *e)
{
    const sqla__foreign_key *key = e->relation->key;
    void *row = sqla__struct_of(e->item);
    const sqla__link *link = sqla__link_of(e->item, key);
    sqla__object *from[] = {
        key->pointer != NULL ? sqla__session_object(s, sqla__pointer_at(key->pointer, row)) : NULL,
        e->item->state == SQLA_PERSISTENT ? sqla__find_parent(s, key, sqla__snapshot_of(e->item)) : NULL,
        link != NULL ? link->owner : NULL,
    };
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        if (from[i] != NULL && from[i] != e->owner)
            sqla__collection_drop(from[i], e->relation, row);
}

static bool join_owner(const ends *e)
{
    void *item = sqla__struct_of(e->item);
    const sqla__collection *collection = sqla__collection_at(e->relation, sqla__struct_of(e->owner));
    /* An owner without a row has nothing more in the database, and what it had in an earlier transaction is not its own now. */
    bool is_old = e->owner->state == SQLA_TRANSIENT && !sqla__collection_fresh(e->owner, e->relation);
    if ((is_old || (!collection->loaded && e->owner->state != SQLA_PERSISTENT)) &&
        !sqla__collection_begin(e->owner, e->relation))
        return false;
    return !collection->loaded || sqla__collection_has(e->owner, e->relation, item) ||
           sqla__collection_push(e->owner, e->relation, item);
}

static void append(sqla_session *s, const ends *e)
{
    const sqla__foreign_key *key = e->relation->key;
    if (e->item->state == SQLA_DELETED || e->owner->state == SQLA_DELETED) {
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot append to '%s': the %s was deleted",
            e->relation->item->field, e->item->state == SQLA_DELETED ? "item" : "owner");
        return;
    }
    if (e->item->state == SQLA_TRANSIENT && sqla__object_pend(s, e->item) != SQLA_OK)
        return;
    leave_owners(s, e);
    void *to = sqla__struct_of(e->owner);
    sqla__link link = { .key = key, .owner = e->owner, .pointer_set = key->pointer != NULL, .pointer = to };
    if (sqla__link_set(s, e->item, &link) != SQLA_OK)
        return;
    if (key->pointer != NULL)
        sqla__pointer_set(key->pointer, sqla__struct_of(e->item), to);
    if (!join_owner(e))
        sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
}

void sqla_append_(sqla_session *s, void *owner, const char *relation, void *item)
{
    ends e;
    if (!sqla__session_enter(s))
        return;
    if (find_ends(s, "append to", owner, relation, item, &e))
        append(s, &e);
    sqla__session_leave(s);
}

/* Is the item the owner's, so that it can be taken away? The collection shows it, or it is not known to be
 * whole and the item says so. */
static bool can_leave(sqla_session *s, const ends *e)
{
    const sqla__foreign_key *key = e->relation->key;
    bool shown = sqla__collection_has(e->owner, e->relation, sqla__struct_of(e->item));
    if (!shown && sqla__collection_fresh(e->owner, e->relation))
        return false;
    return sqla__parent_is(s, e->item, key, e->owner) ||
           (sqla__row_belongs(e->item, key, e->owner) && (shown || sqla__link_of(e->item, key) == NULL));
}

static void take_away(sqla_session *s, const ends *e)
{
    if (!can_leave(s, e))
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot remove from '%s': the item is not in it", e->relation->item->field);
    else if (sqla__link_remove(s, e->item, e->relation->key, e->owner) == SQLA_OK)
        sqla__collection_drop(e->owner, e->relation, sqla__struct_of(e->item));
}

void sqla_remove_(sqla_session *s, void *owner, const char *relation, void *item)
{
    ends e;
    if (!sqla__session_enter(s))
        return;
    if (find_ends(s, "remove from", owner, relation, item, &e))
        take_away(s, &e);
    sqla__session_leave(s);
}

/* ---- load ------------------------------------------------------------------------------------ */

static sqla_status load(sqla_session *s, void *row, const char *name, sqla_error *err)
{
    sqla_status status = sqla__session_ready(s, err);
    if (status != SQLA_OK)
        return status;
    sqla__object *object = sqla__session_object(s, row);
    if (object == NULL)
        return sqla__error_set(
            err, SQLA_ERR_MISUSE, "cannot load '%s': the pointer is not an object of this session", name);
    const sqla__relation *relation = relation_named(sqla__pool_of(object)->mapping, name);
    if (relation == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot load '%s': '%s' has no such relation", name,
                               sqla__pool_of(object)->mapping->model->name);
    status = sqla__autoflush(s, "load", err);
    return status == SQLA_OK ? sqla__load_relation(s, relation, &row, 1, err) : status;
}

sqla_status sqla_load_(sqla_session *s, void *row, const char *relation, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (row == NULL || relation == NULL)
        return sqla__error_give(
            err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "nothing to load: no object"));
    return sqla__error_give(err, &local, load(s, row, relation, &local));
}
