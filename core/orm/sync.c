/* sync.c: after a flush has written its rows, both sides of each relation say the same.
 *
 * Only where a foreign key was decided by what the program said is anything touched: the pointer follows
 * the key, the collection of the former owner loses the child, that of the new one gains it at its end.
 * Nothing else moves, so a loop over a collection that did not change goes on undisturbed. */
#include <config.h>
#include "orm/work.h"

static sqla_status nomem_unless(bool done, sqla_error *err)
{
    return done ? SQLA_OK : sqla__error_nomem(err);
}

/* A pointer to one that is not known stays NULL, which is also what a pointer says that was never loaded. */
static void set_pointers(sqla__object *child, const sqla__foreign_key *key, sqla__object *parent)
{
    const sqla__mapping *mapping = key->holder;
    for (uint32_t i = 0; i < mapping->relation_count; i++) {
        if (mapping->relations[i].to_many || mapping->relations[i].key != key)
            continue;
        void *to = parent != NULL ? sqla__struct_of(parent) : NULL;
        sqla__pointer_set(&mapping->relations[i], sqla__struct_of(child), to);
        sqla__pointer_set(&mapping->relations[i], sqla__snapshot_of(child), to);
    }
}

sqla_status sqla__sync_move(sqla__object *child, const sqla__foreign_key *key, sqla__object *before,
    sqla__object *after, sqla_error *err)
{
    void *row = sqla__struct_of(child);
    for (uint32_t i = 0; i < key->target->relation_count; i++) {
        const sqla__relation *relation = &key->target->relations[i];
        if (!relation->to_many || relation->key != key)
            continue;
        if (before != NULL && before != after)
            sqla__collection_drop(before, relation, row);
        if (after == NULL || !sqla__collection_at(relation, sqla__struct_of(after))->loaded ||
            sqla__collection_has(after, relation, row))
            continue;
        if (!sqla__collection_push(after, relation, row))
            return nomem_unless(false, err);
    }
    return SQLA_OK;
}

static sqla_status sync_item(sqla__work *w, const sqla__item *item, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__mapping_of(item->object);
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < mapping->foreign_key_count && item->edges != NULL && status == SQLA_OK; i++) {
        const sqla__foreign_key *key = &mapping->foreign_keys[i];
        const sqla__edge *edge = &item->edges[i];
        if (edge->parent.kind == SQLA__PARENT_KEPT && sqla__link_of(item->object, key) == NULL)
            continue;
        sqla__object *after = edge->parent.object;
        if (after == NULL || after->state == SQLA_DELETED) /* it went with its own parent */
            after = sqla__find_parent(w->session, key, sqla__snapshot_of(item->object));
        set_pointers(item->object, key, after);
        /* What was given to an object has just been read again. Where it is not fresh its row is gone, and no collection shows it. */
        bool gone = edge->parent.kind == SQLA__PARENT_OBJECT && !sqla__object_fresh(w->session, item->object);
        status = sqla__sync_move(item->object, key, edge->before, gone ? NULL : after, err);
    }
    return status;
}

/* What is gone, or is not written after all, is shown by no collection: neither of its owner's nor where it was put since. */
void sqla__sync_gone(sqla_session *s, sqla__object *object)
{
    const sqla__mapping *mapping = sqla__mapping_of(object);
    void *row = sqla__struct_of(object);
    for (uint32_t i = 0; i < mapping->foreign_key_count; i++) {
        const sqla__foreign_key *key = &mapping->foreign_keys[i];
        const sqla__link *link = sqla__link_of(object, key);
        sqla__object *owners[] = { sqla__find_parent(s, key, sqla__snapshot_of(object)),
            key->pointer != NULL ? sqla__session_object(s, sqla__pointer_at(key->pointer, row)) : NULL,
            link != NULL ? link->owner : NULL };
        for (uint32_t r = 0; r < key->target->relation_count; r++)
            for (size_t o = 0; o < sizeof owners / sizeof owners[0]; o++)
                if (key->target->relations[r].to_many && key->target->relations[r].key == key && owners[o] != NULL)
                    sqla__collection_drop(owners[o], &key->target->relations[r], row);
    }
}

static sqla_status sync_list(sqla__work *w, const sqla__items *list, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < list->count && status == SQLA_OK; i++)
        status = sync_item(w, &list->items[i], err);
    return status;
}

sqla_status sqla__sync(sqla__work *w, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t m = 0; m < w->mapping_count && status == SQLA_OK; m++) {
        status = sync_list(w, &w->updates[m], err);
        if (status == SQLA_OK)
            status = sync_list(w, &w->inserts[m], err);
    }
    for (size_t i = 0; i < w->session->doomed.count && status == SQLA_OK; i++)
        if (w->session->doomed.items[i]->flags & SQLA__FLAG_DOOMED)
            sqla__sync_gone(w->session, w->session->doomed.items[i]);
    return status;
}
