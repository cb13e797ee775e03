/* collect.c: what a flush writes.
 *
 * First what the program has changed, added and marked. Then what follows: objects that are pointed at
 * come along, orphans die, and the children of what is deleted go with it or lose their key, wave by wave
 * until nothing new turns up. A child counts only when its own key, or what was said of it since, names
 * the owner (parent.h); whichever collection shows it is no reason. Last come the checks. */
#include <config.h>
#include "orm/work.h"

#include <string.h>

#include "orm/converted.h"
#include "orm/field.h"
#include "orm/loader.h"
#include "orm/persist.h"

static sqla_status push(sqla__items *list, sqla__object *object, sqla_error *err)
{
    sqla__item item = { object, NULL };
    return sqla__vec_push(list, item) ? SQLA_OK : sqla__error_nomem(err);
}

/* What the session keeps of an allocation that failed in a call that it shares with builders. */
static sqla_status kept_failure(sqla_session *s, sqla_error *err)
{
    sqla__error_init(&s->kept);
    return sqla__error_nomem(err);
}

static sqla_status pend(sqla_session *s, sqla__object *object, sqla_error *err)
{
    return sqla__object_pend(s, object) == SQLA_OK ? SQLA_OK : kept_failure(s, err);
}

static sqla_status doom(sqla_session *s, sqla__object *object, sqla_error *err)
{
    return sqla__object_doom(s, object) == SQLA_OK ? SQLA_OK : kept_failure(s, err);
}

/* ---- changed objects ------------------------------------------------------------------------- */

static sqla_status queue(sqla__work *w, sqla__object *object, sqla_error *err)
{
    if (object->flags & (SQLA__FLAG_QUEUED | SQLA__FLAG_DOOMED))
        return SQLA_OK;
    sqla_status status = push(&w->updates[sqla__mapping_of(object)->index], object, err);
    if (status == SQLA_OK)
        object->flags |= SQLA__FLAG_QUEUED;
    return status;
}

/* An object that is not written keeps its fields, and gets texts of its own. A value that has no form in
 * the database stays as it is: it is refused when the object is written. */
static sqla_status keep_fields(sqla__object *object, sqla_error *err)
{
    sqla_error refused;
    sqla__error_init(&refused);
    if (sqla__texts_absurd(object))
        return sqla__texts_borrow(object, &sqla__pool_of(object)->session->lent) ? SQLA_OK : sqla__error_nomem(err);
    (void)sqla__object_own(object, &refused);
    return refused.status == SQLA_ERR_NOMEM || !sqla__object_settle(object, false) ? sqla__error_nomem(err)
                                                                                   : SQLA_OK;
}

/* The same for one that is still to be inserted, after a failure. What the program has set since a first life of the object still
 * differs from its snapshot (undo.c). */
static sqla_status keep_new(sqla_session *s, sqla__object *object, sqla_error *err)
{
    if (sqla__texts_absurd(object))
        return keep_fields(object, err);
    const sqla__mapping *mapping = sqla__mapping_of(object);
    void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    void *before = sqla__arena_copy(&s->flush_arena, snapshot, mapping->size);
    bool *untouched = sqla__arena_zero(&s->flush_arena, mapping->column_count + 1, sizeof *untouched);
    if (before == NULL || untouched == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < mapping->column_count; i++)
        untouched[i] = sqla__field_untouched(&mapping->columns[i].slot, row, snapshot);
    sqla_status status = keep_fields(object, err);
    for (uint32_t i = 0; i < mapping->column_count && status == SQLA_OK; i++)
        if (!untouched[i] && mapping->columns[i].is_pointer)
            sqla__field_set_null(&mapping->columns[i].slot, snapshot);
        else if (!untouched[i])
            sqla__field_copy(&mapping->columns[i].slot, snapshot, before);
    return status;
}

/* One whose row is there needs its texts until the flush is repeated or the transaction rolled back. Without memory for copies its own
 * are put back. */
static void keep_old(sqla_session *s, sqla__object *object)
{
    sqla__object_forget_sent(object);
    if (!sqla__texts_borrow(object, &s->undo_arena))
        sqla__object_revert(object);
}

/* Texts are lent no longer than a flush takes, also one that fails. */
void sqla__collect_keep(sqla__work *w)
{
    sqla_session *s = w->session;
    sqla_error ignored;
    sqla__error_init(&ignored);
    for (size_t m = 0; m < w->mapping_count; m++)
        for (size_t i = 0; i < w->updates[m].count; i++)
            if (w->updates[m].items[i].object->state == SQLA_PERSISTENT)
                keep_old(s, w->updates[m].items[i].object);
    for (size_t i = 0; i < s->pending.count; i++) {
        sqla__object *object = s->pending.items[i];
        if (object->state != SQLA_PENDING)
            continue;
        sqla__object_forget_sent(object);
        if (!sqla__object_untouched(object))
            (void)keep_new(s, object, &ignored);
    }
}

/* The row of an object went unasked, and the program has changed the object as if it were there. That is told once. */
static sqla_status tell_lost(sqla__object *object, sqla_error *err)
{
    char name[200];
    sqla__error_set(err, SQLA_ERR_STALE, "the row of %s is gone, so that its change cannot be written",
        sqla__object_name(object, name, sizeof name));
    object->flags &= (uint8_t)~SQLA__FLAG_LOST;
    sqla__object_revert(object);
    sqla__error_hint(err, "the database deleted it together with one that it points at, or another client did; "
                          "sqla_add_object makes a new row of the object");
    return err->status;
}

/* A text that the program assigned is lent until now, whatever comes of its object. */
static sqla_status collect_one(sqla__work *w, sqla__object *object, sqla_error *err)
{
    if ((object->flags & SQLA__FLAG_LOST) != 0 && sqla__object_dirty(object))
        return tell_lost(object, err);
    switch ((sqla_object_state)object->state) {
    case SQLA_PERSISTENT:
        if (!(object->flags & SQLA__FLAG_DOOMED) && sqla__object_dirty(object))
            return queue(w, object, err);
        sqla__object_revert(object); /* equal values get the texts of the session again */
        return SQLA_OK;
    case SQLA_DELETED: sqla__object_revert(object); return SQLA_OK;
    case SQLA_TRANSIENT: return sqla__object_untouched(object) ? SQLA_OK : keep_fields(object, err);
    case SQLA_PENDING: case SQLA_FOREIGN: break;
    }
    return SQLA_OK;
}

static sqla_status collect_changed(sqla__work *w, sqla__pool *pool, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t p = 0; p < pool->pages.count; p++) {
        const sqla__page *page = pool->pages.items[p];
        for (uint32_t i = 0; page != NULL && i < page->used && status == SQLA_OK; i++) {
            sqla__object *object = sqla__page_cell(page, i);
            if (object->state != SQLA_FOREIGN && !sqla__object_untouched(object))
                status = collect_one(w, object, err);
        }
    }
    return status;
}

static sqla_status collect_linked(sqla__work *w, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < w->session->linked.count && status == SQLA_OK; i++)
        if (w->session->linked.items[i]->state == SQLA_PERSISTENT)
            status = queue(w, w->session->linked.items[i], err);
    return status;
}

/* ---- new objects ----------------------------------------------------------------------------- */

/* A transient object that was given a child, or is pointed at, comes along, unless it was deleted before
 * it had a row. */
static sqla_status bring_parents(sqla__work *w, const sqla__object *object, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__mapping_of(object);
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < mapping->foreign_key_count && status == SQLA_OK; i++) {
        sqla__parent parent = sqla__parent_of(w->session, object, &mapping->foreign_keys[i]);
        if (parent.object != NULL && parent.object->state == SQLA_TRANSIENT &&
            !(parent.object->flags & SQLA__FLAG_DOOMED))
            status = pend(w->session, parent.object, err);
    }
    return status;
}

typedef sqla_status item_fn(sqla__work *w, sqla__object *object, sqla_error *err);

/* Each object that is to be written, so far as it is known; the lists may grow on the way. */
static sqla_status each_written(sqla__work *w, item_fn *fn, sqla_error *err)
{
    sqla_session *s = w->session;
    sqla_status status = SQLA_OK;
    for (size_t m = 0; m < w->mapping_count; m++)
        for (size_t i = 0; i < w->updates[m].count && status == SQLA_OK; i++)
            if (!(w->updates[m].items[i].object->flags & SQLA__FLAG_DOOMED))
                status = fn(w, w->updates[m].items[i].object, err);
    for (size_t i = 0; i < s->pending.count && status == SQLA_OK; i++)
        if (s->pending.items[i]->state == SQLA_PENDING)
            status = fn(w, s->pending.items[i], err);
    return status;
}

static sqla_status check_statements(sqla__work *w, sqla__object *object, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__mapping_of(object);
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < mapping->foreign_key_count && status == SQLA_OK; i++)
        status = sqla__parent_check(w->session, object, &mapping->foreign_keys[i], err);
    return status == SQLA_OK ? bring_parents(w, object, err) : status;
}

/* ---- orphans --------------------------------------------------------------------------------- */

/* Was the child given to an object, or taken from one? */
static bool is_moved(sqla_session *s, const sqla__object *object)
{
    const sqla__mapping *mapping = sqla__mapping_of(object);
    for (uint32_t i = 0; i < mapping->foreign_key_count; i++) {
        sqla__parent_kind kind = sqla__parent_of(s, object, &mapping->foreign_keys[i]).kind;
        if (kind == SQLA__PARENT_NOBODY || kind == SQLA__PARENT_OBJECT)
            return true;
    }
    return false;
}

/* Children that are moved are read again before anything is done to them, if they may have gone elsewhere
 * meanwhile: whether one is an orphan, and whether its key changes at all, is for its row of today to say. */
static sqla_status reread_moved(sqla__work *w, const sqla__items *list, sqla_error *err)
{
    SQLA__VEC(sqla__object *) moved = { 0 };
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < list->count && status == SQLA_OK; i++) {
        sqla__object *object = list->items[i].object;
        if (!sqla__object_fresh(w->session, object) && is_moved(w->session, object) &&
            !sqla__vec_push(&moved, object))
            status = sqla__error_nomem(err);
    }
    if (status == SQLA_OK)
        status = sqla__load_stale(w->session, moved.items, moved.count, err);
    sqla__vec_release(&moved);
    return status;
}

static bool is_orphan(sqla_session *s, const sqla__object *object)
{
    const sqla__mapping *mapping = sqla__mapping_of(object);
    for (uint32_t i = 0; i < mapping->foreign_key_count; i++)
        if (sqla__parent_of(s, object, &mapping->foreign_keys[i]).orphan)
            return true;
    return false;
}

static sqla_status end_orphan(sqla__work *w, sqla__object *object, sqla_error *err)
{
    if (!is_orphan(w->session, object))
        return SQLA_OK;
    if (object->state == SQLA_PENDING)
        object->state = SQLA_TRANSIENT;
    return doom(w->session, object, err);
}

/* ---- deletes spread -------------------------------------------------------------------------- */

/* The child of an owner that is to be deleted: one that is owned goes with it, another loses its key. */
static sqla_status spread_to(
    sqla__work *w, const sqla__relation *relation, sqla__object *child, sqla__object *owner, sqla_error *err)
{
    if ((child->flags & SQLA__FLAG_DOOMED) ||
        (child->state != SQLA_PERSISTENT && child->state != SQLA_PENDING) ||
        !sqla__parent_is(w->session, child, relation->key, owner))
        return SQLA_OK;
    if (relation->item->flags & SQLA_OWNS) {
        if (child->state == SQLA_PENDING)
            child->state = SQLA_TRANSIENT;
        return doom(w->session, child, err);
    }
    if (sqla__parent_of(w->session, child, relation->key).kind == SQLA__PARENT_KEY &&
        !sqla__undo_take_key(w->session, child, relation->key))
        return sqla__error_nomem(err);
    if (sqla__link_remove(w->session, child, relation->key, owner) != SQLA_OK)
        return kept_failure(w->session, err);
    return child->state == SQLA_PERSISTENT ? queue(w, child, err) : SQLA_OK;
}

/* The children that the database has, for all owners at once. Those that are known but may be of yesterday
 * are read again, too. */
static sqla_status load_children(
    sqla__work *w, const sqla__relation *relation, void *const *owners, size_t n, sqla_error *err)
{
    SQLA__VEC(sqla__object *) children = { 0 };
    sqla_status status = sqla__load_relation(w->session, relation, owners, n, err);
    for (size_t i = 0; i < n; i++) {
        const sqla__collection *collection = sqla__collection_at(relation, owners[i]);
        for (size_t c = 0; c < collection->count && status == SQLA_OK; c++)
            if (!sqla__vec_push(&children, sqla__object_of(collection->items[c])))
                status = sqla__error_nomem(err);
    }
    if (status == SQLA_OK)
        status = sqla__load_stale(w->session, children.items, children.count, err);
    sqla__vec_release(&children);
    return status;
}

static sqla_status spread_collections(
    sqla__work *w, const sqla__relation *relation, void *const *owners, size_t n, sqla_error *err)
{
    sqla_status status = load_children(w, relation, owners, n, err);
    for (size_t i = 0; i < n; i++) {
        const sqla__collection *collection = sqla__collection_at(relation, owners[i]);
        for (size_t c = 0; c < collection->count && status == SQLA_OK; c++)
            status = spread_to(
                w, relation, sqla__object_of(collection->items[c]), sqla__object_of(owners[i]), err);
    }
    return status;
}

/* Who is to be its parent by what was said since; NULL: nobody who is known. */
static sqla__object *new_parent(
    sqla_session *s, const sqla__object *child, const sqla__foreign_key *key)
{
    sqla__parent parent = sqla__parent_of(s, child, key);
    return parent.kind == SQLA__PARENT_KEY ? sqla__find_parent(s, key, sqla__struct_of(child))
                                           : parent.object;
}

/* Children that no collection shows yet: new ones, and those that were given to the owner since. */
static sqla_status spread_to_written(sqla__work *w, sqla__object *child, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__mapping_of(child);
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < mapping->foreign_key_count && status == SQLA_OK; i++) {
        const sqla__foreign_key *key = &mapping->foreign_keys[i];
        sqla__object *parent = key->collection != NULL ? new_parent(w->session, child, key) : NULL;
        if (parent != NULL && (parent->flags & SQLA__FLAG_DOOMED))
            status = spread_to(w, key->collection, child, parent, err);
    }
    return status;
}

/* The owners of one mapping among the doomed objects of a wave. Returns their number. */
static size_t find_owners(
    sqla_session *s, const sqla__mapping *mapping, size_t first, size_t end, void **ret)
{
    size_t n = 0;
    for (size_t i = first; i < end; i++) {
        sqla__object *object = s->doomed.items[i];
        if (sqla__mapping_of(object) == mapping && object->state == SQLA_PERSISTENT &&
            (object->flags & SQLA__FLAG_DOOMED))
            ret[n++] = sqla__struct_of(object);
    }
    return n;
}

static sqla_status spread_wave(sqla__work *w, size_t first, size_t end, sqla_error *err)
{
    sqla_session *s = w->session;
    void **owners = sqla__arena_take(&s->flush_arena, (end - first) * sizeof *owners + 1);
    sqla_status status = owners != NULL ? SQLA_OK : sqla__error_nomem(err);
    for (size_t m = 0; m < w->mapping_count; m++) {
        const sqla__mapping *mapping = s->pools[m].mapping;
        for (uint32_t r = 0; r < mapping->relation_count && status == SQLA_OK; r++) {
            const sqla__relation *relation = &mapping->relations[r];
            bool written = relation->to_many && !(relation->item->flags & SQLA_VIEW_ONLY);
            size_t n = written ? find_owners(s, mapping, first, end, owners) : 0;
            if (n > 0)
                status = spread_collections(w, relation, owners, n, err);
        }
    }
    return status == SQLA_OK ? each_written(w, spread_to_written, err) : status;
}

/* Where rows may stand in a circle, their keys of today say in which order they go. */
static sqla_status reread_doomed(sqla__work *w, const sqla__mapping *mapping, sqla_error *err)
{
    sqla_session *s = w->session;
    SQLA__VEC(sqla__object *) stale = { 0 };
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < s->doomed.count && status == SQLA_OK; i++)
        if (sqla__mapping_of(s->doomed.items[i]) == mapping && !sqla__object_fresh(s, s->doomed.items[i]) &&
            !sqla__vec_push(&stale, s->doomed.items[i]))
            status = sqla__error_nomem(err);
    if (status == SQLA_OK)
        status = sqla__load_stale(s, stale.items, stale.count, err);
    sqla__vec_release(&stale);
    return status;
}

static sqla_status collect_deletes(sqla__work *w, sqla_error *err)
{
    sqla_session *s = w->session;
    sqla_status status = SQLA_OK;
    for (size_t first = 0, end; first < s->doomed.count && status == SQLA_OK; first = end) {
        end = s->doomed.count;
        status = spread_wave(w, first, end, err);
    }
    for (size_t m = 0; m < w->mapping_count && status == SQLA_OK; m++)
        if (w->ranked[m]->self_reference || w->ranked[m]->in_cycle)
            status = reread_doomed(w, w->ranked[m], err);
    for (size_t i = 0; i < s->doomed.count && status == SQLA_OK; i++) {
        sqla__object *object = s->doomed.items[i];
        if (object->state == SQLA_PERSISTENT && (object->flags & SQLA__FLAG_DOOMED))
            status = push(&w->deletes[sqla__mapping_of(object)->index], object, err);
    }
    return status;
}

/* ---- the end of collecting ------------------------------------------------------------------- */

/* What turned out to be deleted is not updated before. */
static void drop_doomed(sqla__items *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        sqla__object *object = list->items[i].object;
        if (object->flags & SQLA__FLAG_DOOMED) {
            object->flags &= (uint8_t)~SQLA__FLAG_QUEUED;
            sqla__object_revert(object);
        } else {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
}

static sqla_status collect_inserts(sqla__work *w, sqla_error *err)
{
    sqla_session *s = w->session;
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < s->pending.count && status == SQLA_OK; i++) {
        sqla__object *object = s->pending.items[i];
        if (object->state == SQLA_TRANSIENT)
            status = keep_fields(object, err); /* deleted before it was written */
        if (object->state != SQLA_PENDING || (object->flags & SQLA__FLAG_QUEUED))
            continue;
        status = push(&w->inserts[sqla__mapping_of(object)->index], object, err);
        if (status == SQLA_OK)
            object->flags |= SQLA__FLAG_QUEUED;
    }
    return status;
}

/* Work out the foreign keys of an item for good. */
static sqla_status find_edges(sqla__work *w, sqla__item *item, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__mapping_of(item->object);
    bool persistent = item->object->state == SQLA_PERSISTENT;
    for (uint32_t i = 0; i < mapping->foreign_key_count; i++) {
        const sqla__foreign_key *key = &mapping->foreign_keys[i];
        sqla__parent parent = sqla__parent_of(w->session, item->object, key);
        if (parent.kind == SQLA__PARENT_KEPT && sqla__link_of(item->object, key) == NULL)
            continue;
        if (item->edges == NULL && (item->edges = sqla__arena_zero(&w->session->flush_arena,
                                        mapping->foreign_key_count, sizeof *item->edges)) == NULL)
            return sqla__error_nomem(err);
        item->edges[i].parent = parent;
        if (persistent)
            item->edges[i].before = sqla__find_parent(w->session, key, sqla__snapshot_of(item->object));
    }
    return SQLA_OK;
}

/* "field 'p' of 'C'", or its key's */
static const char *field_of(const sqla__foreign_key *key)
{
    return key->pointer != NULL ? key->pointer->item->field : key->holder->columns[key->column].item->field;
}

static sqla_status check_edge(const sqla__foreign_key *key, const sqla__edge *edge, sqla_error *err)
{
    const sqla__mapped_column *column = &key->holder->columns[key->column];
    const sqla__object *parent = edge->parent.object;
    const char *name = key->holder->model->name;
    if (edge->parent.kind == SQLA__PARENT_NOBODY &&
        (column->not_null || !(column->slot.flags & SQLA_SLOT_NULLABLE)))
        return sqla__error_set(err, SQLA_ERR_NOT_NULL,
            "field '%s' of '%s' cannot be NULL, but its parent is taken away", column->item->field, name);
    if (edge->parent.kind != SQLA__PARENT_OBJECT || parent->state == SQLA_PENDING)
        return SQLA_OK;
    if (parent->state == SQLA_PERSISTENT && !(parent->flags & SQLA__FLAG_DOOMED))
        return SQLA_OK;
    return sqla__error_set(err, SQLA_ERR_FOREIGN_KEY, "field '%s' of '%s' points at a '%s' that is deleted",
        field_of(key), name, key->target->model->name);
}

static bool comes_from_parent(const sqla__item *item, uint32_t column)
{
    const sqla__mapping *mapping = sqla__mapping_of(item->object);
    for (uint32_t i = 0; i < mapping->foreign_key_count && item->edges != NULL; i++)
        if (mapping->foreign_keys[i].column == column)
            return item->edges[i].parent.kind == SQLA__PARENT_OBJECT;
    return false;
}

/* An optional or pointer field without a default sends its NULL; one with a default leaves it to the
 * database. */
static sqla_status check_nulls(const sqla__item *item, bool insert, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__mapping_of(item->object);
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        if (!column->not_null || (insert && column->sent != SQLA__SENT_ALWAYS) ||
            !sqla__field_is_null(&column->slot, sqla__struct_of(item->object)) || comes_from_parent(item, i))
            continue;
        return sqla__error_set(err, SQLA_ERR_NOT_NULL,
            insert ? "field '%s' of '%s' needs a value" : "field '%s' of '%s' cannot be NULL",
            column->item->field, mapping->model->name);
    }
    return SQLA_OK;
}

static sqla_status finish_item(sqla__work *w, sqla__item *item, bool insert, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__mapping_of(item->object);
    sqla_status status = find_edges(w, item, err);
    for (uint32_t i = 0; i < mapping->foreign_key_count && item->edges != NULL && status == SQLA_OK; i++)
        status = check_edge(&mapping->foreign_keys[i], &item->edges[i], err);
    if (status == SQLA_OK)
        status = sqla__object_store(item->object, &w->session->flush_arena, err);
    if (status == SQLA_OK)
        status = sqla__object_check(item->object, insert, err);
    return status == SQLA_OK ? check_nulls(item, insert, err) : status;
}

static sqla_status finish_all(sqla__work *w, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t m = 0; m < w->mapping_count; m++) {
        for (size_t i = 0; i < w->updates[m].count && status == SQLA_OK; i++)
            status = finish_item(w, &w->updates[m].items[i], false, err);
        for (size_t i = 0; i < w->inserts[m].count && status == SQLA_OK; i++)
            status = finish_item(w, &w->inserts[m].items[i], true, err);
    }
    return status;
}

sqla_status sqla__collect(sqla__work *w, sqla_error *err)
{
    sqla_session *s = w->session;
    sqla_status status = SQLA_OK;
    for (size_t m = 0; m < w->mapping_count && status == SQLA_OK; m++)
        status = collect_changed(w, &s->pools[m], err);
    if (status == SQLA_OK)
        status = collect_linked(w, err);
    if (status == SQLA_OK)
        status = each_written(w, check_statements, err);
    for (size_t m = 0; m < w->mapping_count && status == SQLA_OK; m++)
        status = reread_moved(w, &w->updates[m], err);
    if (status == SQLA_OK)
        status = each_written(w, end_orphan, err);
    if (status == SQLA_OK)
        status = collect_deletes(w, err);
    for (size_t m = 0; m < w->mapping_count; m++)
        drop_doomed(&w->updates[m]);
    if (status == SQLA_OK)
        status = collect_inserts(w, err);
    return status == SQLA_OK ? finish_all(w, err) : status;
}
