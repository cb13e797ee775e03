/* unitofwork.c: what a flush writes, and in which order.
 *
 * Phases: collect what changed; let deletes and removals spread along relations until nothing new turns up; check everything that can
 * be checked without the database; then write: tables in the order of their foreign keys (parents first), within a table that points
 * at itself rows in that order, then deletes the other way round. Foreign keys that follow from an object are filled in just before
 * its row is written, when the parent has its key. The order comes from the foreign keys of the metadata, so it holds without any
 * declared relation. How a batch of rows is written is persist.c's business. */
#include <config.h>
#include "orm/session.h"

#include <string.h>

#include "orm/converted.h"
#include "orm/field.h"
#include "orm/identity.h"
#include "orm/loader.h"
#include "orm/persist.h"
#include "sql/stmt.h"

typedef SQLA__VEC(sqla__object *) objects;

/* What a flush writes, a list for each mapping by its index; and foreign keys that had to be left NULL because rows point at one
 * another in a circle: they are set by an UPDATE at the end. */
typedef struct work {
    sqla_session *session;
    size_t mapping_count;
    objects *inserts, *updates, *deletes;
    objects later;
} work;

static sqla_status work_init(work *w, sqla_session *s, sqla_error *err)
{
    size_t n = s->maker->mapping_count;
    *w = (work){ .session = s, .mapping_count = n };
    w->inserts = sqla__arena_zero(&s->flush_arena, 3 * n + 1, sizeof *w->inserts);
    if (w->inserts == NULL)
        return sqla__error_nomem(err);
    w->updates = w->inserts + n;
    w->deletes = w->updates + n;
    return SQLA_OK;
}

static void work_release(work *w)
{
    for (size_t i = 0; w->inserts != NULL && i < 3 * w->mapping_count; i++)
        sqla__vec_release(&w->inserts[i]);
    sqla__vec_release(&w->later);
}

static sqla_status push(objects *list, sqla__object *object, sqla_error *err)
{
    return sqla__vec_push(list, object) ? SQLA_OK : sqla__error_nomem(err);
}

static const sqla__mapping *mapping_of(const sqla__object *object) { return sqla__pool_of(object)->mapping; }

/* ---- who is whose parent ------------------------------------------------------------------------------------------- */

static bool is_written_from(const sqla__relation *relation) { return !relation->to_many && !(relation->item->flags & SQLA_VIEW_ONLY); }

/* Was the pointer assigned since the row was read? In a new object it counts when there is one. */
static bool pointer_counts(const sqla__relation *relation, const sqla__object *object)
{
    const void *now = sqla__pointer_at(relation, sqla__struct_of(object));
    if (object->state == SQLA_PENDING)
        return now != NULL;
    return now != sqla__pointer_at(relation, sqla__snapshot_of(object));
}

/* A foreign key that follows from another object. */
typedef struct parent_key { uint32_t column, parent_column; sqla__object *parent; } parent_key;

/* The i-th of them, from 0; false: no more. Pointers come first, then links on keys that no pointer decides. */
static bool next_parent(const sqla_session *s, const sqla__object *object, uint32_t *at, parent_key *ret)
{
    const sqla__mapping *mapping = mapping_of(object);
    for (; *at < mapping->relation_count; ++*at) {
        const sqla__relation *relation = &mapping->relations[*at];
        if (!is_written_from(relation) || !pointer_counts(relation, object))
            continue;
        sqla__object *parent = sqla__session_object(s, sqla__pointer_at(relation, sqla__struct_of(object)));
        *ret = (parent_key){ relation->key_column, relation->referenced_column, parent };
        ++*at;
        return true;
    }
    size_t links = (object->flags & SQLA__FLAG_LINKED) ? object->extra->links.count : 0;
    for (; *at - mapping->relation_count < links; ++*at) {
        const sqla__link *link = &object->extra->links.items[*at - mapping->relation_count];
        bool by_pointer = false;
        for (uint32_t i = 0; i < mapping->relation_count && !by_pointer; i++)
            by_pointer = is_written_from(&mapping->relations[i]) && mapping->relations[i].key_column == link->column && pointer_counts(&mapping->relations[i], object);
        if (by_pointer)
            continue;
        *ret = (parent_key){ link->column, link->parent_column, link->parent };
        ++*at;
        return true;
    }
    return false;
}

/* Is the key of that column still to come from an object? */
static bool comes_from_parent(const sqla_session *s, const sqla__object *object, uint32_t column)
{
    parent_key key;
    for (uint32_t at = 0; next_parent(s, object, &at, &key);)
        if (key.column == column)
            return key.parent != NULL;
    return false;
}

/* ---- collecting ----------------------------------------------------------------------------------------------------- */

static sqla_status queue(work *w, sqla__object *object, sqla_error *err)
{
    if (object->flags & (SQLA__FLAG_QUEUED | SQLA__FLAG_DOOMED))
        return SQLA_OK;
    sqla_status status = push(&w->updates[mapping_of(object)->index], object, err);
    if (status == SQLA_OK)
        object->flags |= SQLA__FLAG_QUEUED; /* what is marked is in a list, where unqueue finds it */
    return status;
}

static sqla_status collect_changed(work *w, sqla__pool *pool, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t p = 0; p < pool->pages.count; p++) {
        const sqla__page *page = pool->pages.items[p];
        for (uint32_t i = 0; page != NULL && i < page->used && status == SQLA_OK; i++) {
            sqla__object *object = sqla__page_cell(page, i);
            if (object->state == SQLA_PERSISTENT && sqla__object_dirty(object))
                status = queue(w, object, err);
        }
    }
    return status;
}

/* A relation that was assigned points at an object of the session; one that is only a struct comes along. */
static sqla_status check_pointer(work *w, const sqla__relation *relation, const sqla__object *object, sqla_error *err)
{
    const void *to = sqla__pointer_at(relation, sqla__struct_of(object));
    if (!pointer_counts(relation, object) || to == NULL)
        return SQLA_OK;
    sqla__object *target = sqla__session_object(w->session, to);
    const char *name = mapping_of(object)->model->name;
    if (target == NULL || mapping_of(target) != relation->target)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "field '%s' of '%s' points at what is no '%s' of this session", relation->item->field, name,
                               relation->target->model->name);
    if (target->state == SQLA_DELETED || (target->flags & SQLA__FLAG_DOOMED))
        return sqla__error_set(err, SQLA_ERR_FOREIGN_KEY, "field '%s' of '%s' points at a '%s' that is deleted", relation->item->field, name,
                               relation->target->model->name);
    if (target->state == SQLA_TRANSIENT && sqla__object_pend(w->session, target) != SQLA_OK)
        return sqla__error_nomem(err);
    return SQLA_OK;
}

/* Key and pointer may both change, but not to different things. */
static sqla_status check_key(const work *w, const sqla__relation *relation, const sqla__object *object, sqla_error *err)
{
    const sqla__mapped_column *column = &mapping_of(object)->columns[relation->key_column];
    const void *row = sqla__struct_of(object);
    if (object->state != SQLA_PERSISTENT || !pointer_counts(relation, object) || sqla__field_equal(&column->slot, row, sqla__snapshot_of(object)))
        return SQLA_OK;
    const sqla__object *target = sqla__session_object(w->session, sqla__pointer_at(relation, row));
    sqla_value given = sqla__field_value(&column->slot, row), follows = sqla_null();
    if (target != NULL)
        follows = sqla__field_value(&relation->target->columns[relation->referenced_column].slot, sqla__struct_of(target));
    char a[64], b[64];
    sqla_value_print(a, sizeof a, given);
    sqla_value_print(b, sizeof b, follows);
    if (strcmp(a, b) == 0)
        return SQLA_OK;
    return sqla__error_set(err, SQLA_ERR_MISUSE, "'%s' of '%s' was set to %s, but '%s' was pointed at %s", column->item->field, mapping_of(object)->model->name, a,
                           relation->item->field, b);
}

static sqla_status check_relations(work *w, const sqla__object *object, sqla_error *err)
{
    const sqla__mapping *mapping = mapping_of(object);
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < mapping->relation_count && status == SQLA_OK; i++) {
        if (!is_written_from(&mapping->relations[i]))
            continue;
        status = check_pointer(w, &mapping->relations[i], object, err);
        if (status == SQLA_OK)
            status = check_key(w, &mapping->relations[i], object, err);
    }
    return status;
}

static bool was_removed(const sqla_session *s, const sqla__object *object)
{
    for (size_t i = 0; i < object->extra->links.count; i++) {
        const sqla__link *link = &object->extra->links.items[i];
        if (link->orphan && link->parent == NULL && !comes_from_parent(s, object, link->column))
            return true;
    }
    return false;
}

/* Children that were removed from who owns them, and not given to anybody else, die. */
static sqla_status collect_linked(work *w, sqla_error *err)
{
    sqla_session *s = w->session;
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < s->linked.count && status == SQLA_OK; i++) {
        sqla__object *object = s->linked.items[i];
        bool orphan = was_removed(s, object);
        if (orphan && object->state == SQLA_PENDING)
            object->state = SQLA_TRANSIENT;
        else if (orphan && object->state == SQLA_PERSISTENT)
            status = sqla__object_doom(s, object);
        else if (object->state == SQLA_PERSISTENT)
            status = queue(w, object, err);
    }
    return status == SQLA_OK ? SQLA_OK : err->status != SQLA_OK ? status : sqla__error_nomem(err);
}

/* ---- deletes spread ------------------------------------------------------------------------------------------------- */

/* Has the child gone to somebody else, in memory, since? */
static bool has_moved(const sqla_session *s, const sqla__relation *relation, const sqla__object *child, const sqla__object *owner)
{
    parent_key key;
    for (uint32_t at = 0; next_parent(s, child, &at, &key);)
        if (key.column == relation->key_column)
            return key.parent != owner;
    return false;
}

static sqla_status spread_to_child(work *w, const sqla__relation *relation, sqla__object *child, const sqla__object *owner, sqla_error *err)
{
    sqla_session *s = w->session;
    if (has_moved(s, relation, child, owner))
        return SQLA_OK;
    if (relation->item->flags & SQLA_OWNS) {
        if (child->state == SQLA_PENDING)
            child->state = SQLA_TRANSIENT;
        return child->state == SQLA_PERSISTENT && sqla__object_doom(s, child) != SQLA_OK ? sqla__error_nomem(err) : SQLA_OK;
    }
    if ((child->flags & SQLA__FLAG_DOOMED) || (child->state != SQLA_PERSISTENT && child->state != SQLA_PENDING))
        return SQLA_OK;
    if (relation->inverse != NULL)
        sqla__pointer_set(relation->inverse, sqla__struct_of(child), NULL);
    if (sqla__link_set(s, child, relation, NULL, false) != SQLA_OK)
        return sqla__error_nomem(err);
    return child->state == SQLA_PERSISTENT ? queue(w, child, err) : SQLA_OK;
}

/* The children of an object that is to be deleted: owned ones go with it, others lose their key. */
static sqla_status spread(work *w, sqla__object *owner, sqla_error *err)
{
    const sqla__mapping *mapping = mapping_of(owner);
    void *row = sqla__struct_of(owner);
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < mapping->relation_count && status == SQLA_OK; i++) {
        const sqla__relation *relation = &mapping->relations[i];
        if (!relation->to_many || (relation->item->flags & SQLA_VIEW_ONLY))
            continue;
        status = sqla__load_relation(w->session, relation, &row, 1, err);
        sqla__collection *children = sqla__collection_at(relation, row);
        for (size_t c = 0; c < children->count && status == SQLA_OK; c++)
            status = spread_to_child(w, relation, sqla__object_of(children->items[c]), owner, err);
    }
    return status;
}

static sqla_status collect_deletes(work *w, sqla_error *err)
{
    sqla_session *s = w->session;
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < s->doomed.count && status == SQLA_OK; i++) { /* the list grows on the way */
        sqla__object *object = s->doomed.items[i];
        if (object->state != SQLA_PERSISTENT || !(object->flags & SQLA__FLAG_DOOMED))
            continue;
        status = spread(w, object, err);
        if (status == SQLA_OK)
            status = push(&w->deletes[mapping_of(object)->index], object, err);
    }
    return status;
}

/* ---- inserts ---------------------------------------------------------------------------------------------------------- */

static sqla_status check_insert(const work *w, const sqla__object *object, sqla_error *err)
{
    sqla_status status = sqla__object_check(object, err);
    const sqla__mapping *mapping = mapping_of(object);
    for (uint32_t i = 0; i < mapping->column_count && status == SQLA_OK; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        if (!column->not_null || column->sent != SQLA__SENT_ALWAYS || !sqla__field_is_null(&column->slot, sqla__struct_of(object)))
            continue;
        if (comes_from_parent(w->session, object, i))
            continue;
        status = sqla__error_set(err, SQLA_ERR_NOT_NULL, "field '%s' of '%s' needs a value", column->item->field, mapping->model->name);
    }
    return status;
}

static sqla_status collect_inserts(work *w, sqla_error *err)
{
    sqla_session *s = w->session;
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < s->pending.count && status == SQLA_OK; i++) { /* the list grows by what is pointed at */
        sqla__object *object = s->pending.items[i];
        if (object->state == SQLA_PENDING && !(object->flags & SQLA__FLAG_QUEUED))
            status = check_relations(w, object, err);
    }
    for (size_t i = 0; i < s->pending.count && status == SQLA_OK; i++) {
        sqla__object *object = s->pending.items[i];
        if (object->state != SQLA_PENDING || (object->flags & SQLA__FLAG_QUEUED))
            continue; /* deleted before it was written, or added twice */
        status = sqla__object_store(object, &s->flush_arena, err);
        if (status == SQLA_OK)
            status = check_insert(w, object, err);
        if (status == SQLA_OK)
            status = push(&w->inserts[mapping_of(object)->index], object, err);
        if (status == SQLA_OK)
            object->flags |= SQLA__FLAG_QUEUED;
    }
    return status;
}

static void unqueue(const objects *list)
{
    for (size_t i = 0; i < list->count; i++)
        list->items[i]->flags &= (uint8_t)~SQLA__FLAG_QUEUED;
}

/* What turned out to be deleted is not updated before. */
static void drop_doomed(objects *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->flags & SQLA__FLAG_DOOMED)
            list->items[i]->flags &= (uint8_t)~SQLA__FLAG_QUEUED;
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

static sqla_status check_updates(work *w, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t m = 0; m < w->mapping_count; m++)
        for (size_t i = 0; i < w->updates[m].count && status == SQLA_OK; i++)
            status = check_relations(w, w->updates[m].items[i], err);
    return status;
}

static sqla_status collect(work *w, sqla_error *err)
{
    sqla_session *s = w->session;
    sqla_status status = SQLA_OK;
    for (size_t m = 0; m < w->mapping_count && status == SQLA_OK; m++)
        status = collect_changed(w, &s->pools[m], err);
    if (status == SQLA_OK)
        status = check_updates(w, err);
    if (status == SQLA_OK)
        status = collect_linked(w, err);
    if (status == SQLA_OK)
        status = collect_deletes(w, err);
    for (size_t m = 0; m < w->mapping_count; m++)
        drop_doomed(&w->updates[m]);
    if (status == SQLA_OK)
        status = collect_inserts(w, err);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------ */

/* Fill in the foreign keys of an object from its parents. A parent that has no row yet closes a circle: the key stays NULL and the
 * object is written again later. */
static sqla_status fill_keys(work *w, sqla__object *object, sqla_error *err)
{
    const sqla__mapping *mapping = mapping_of(object);
    parent_key key;
    bool later = false;
    for (uint32_t at = 0; next_parent(w->session, object, &at, &key);) {
        const sqla__mapped_column *column = &mapping->columns[key.column];
        void *row = sqla__struct_of(object);
        if (key.parent == NULL && column->not_null)
            return sqla__error_set(err, SQLA_ERR_NOT_NULL, "field '%s' of '%s' cannot be NULL, but its parent is taken away", column->item->field, mapping->model->name);
        if (key.parent == NULL || key.parent->state == SQLA_PENDING) {
            if (column->not_null || !(column->slot.flags & SQLA_SLOT_NULLABLE))
                return sqla__error_set(err, SQLA_ERR_MISUSE, "'%s' and '%s' point at one another, and '%s' cannot be NULL meanwhile", mapping->model->name,
                                       key.parent != NULL ? mapping_of(key.parent)->model->name : "?", column->item->field);
            sqla__field_set_null(&column->slot, row);
            later = later || key.parent != NULL;
        } else if (!sqla__field_assign(&column->slot, row, &mapping_of(key.parent)->columns[key.parent_column].slot, sqla__struct_of(key.parent))) {
            return sqla__error_set(err, SQLA_ERR_DATA, "field '%s' of '%s' cannot hold the key of its parent", column->item->field, mapping->model->name);
        }
    }
    return later ? push(&w->later, object, err) : SQLA_OK;
}

/* Is a parent still to be inserted? */
static bool has_to_wait(const work *w, const sqla__object *object)
{
    parent_key key;
    for (uint32_t at = 0; next_parent(w->session, object, &at, &key);)
        if (key.parent != NULL && key.parent != object && key.parent->state == SQLA_PENDING)
            return true;
    return false;
}

static sqla_status insert_list(work *w, const sqla__mapping *mapping, const objects *list, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < list->count && status == SQLA_OK; i++)
        status = fill_keys(w, list->items[i], err);
    if (status == SQLA_OK && list->count > 0)
        status = sqla__persist_insert(w->session, &w->session->pools[mapping->index], list->items, list->count, err);
    return status;
}

/* Take out of `from` what can be written now, in order. Where nothing can (a circle), the first one goes. */
static sqla_status take_ready(const work *w, objects *from, objects *ready, bool force, sqla_error *err)
{
    size_t kept = 0;
    sqla_status status = SQLA_OK;
    ready->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        if (status == SQLA_OK && ((force && i == 0) || !has_to_wait(w, from->items[i])))
            status = push(ready, from->items[i], err);
        else
            from->items[kept++] = from->items[i];
    }
    from->count = kept;
    return status;
}

/* Rows of a table that points at itself: level by level. */
static sqla_status insert_levels(work *w, const sqla__mapping *mapping, sqla_error *err)
{
    objects *left = &w->inserts[mapping->index], ready = { 0 };
    sqla_status status = SQLA_OK;
    bool force = false;
    while (left->count > 0 && status == SQLA_OK) {
        status = take_ready(w, left, &ready, force, err);
        force = ready.count == 0;
        unqueue(&ready);
        if (status == SQLA_OK)
            status = insert_list(w, mapping, &ready, err);
    }
    sqla__vec_release(&ready);
    return status;
}

/* The mapping of that rank. */
static const sqla__mapping *ranked(const work *w, uint32_t rank)
{
    for (size_t i = 0; i < w->mapping_count; i++)
        if (w->session->pools[i].mapping->rank == rank)
            return w->session->pools[i].mapping;
    return NULL;
}

static sqla_status insert_table(work *w, const sqla__mapping *mapping, sqla_error *err)
{
    if (mapping->self_reference)
        return insert_levels(w, mapping, err);
    return insert_list(w, mapping, &w->inserts[mapping->index], err);
}

/* Tables whose foreign keys run in a circle: passes over all of them until everything is in. */
static sqla_status insert_circle(work *w, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    objects ready = { 0 };
    bool force = false;
    for (bool left = true; left && status == SQLA_OK;) {
        bool some = false;
        left = false;
        for (uint32_t rank = 0; rank < w->mapping_count && status == SQLA_OK; rank++) {
            const sqla__mapping *mapping = ranked(w, rank);
            objects *list = &w->inserts[mapping->index];
            if (list->count == 0)
                continue;
            status = take_ready(w, list, &ready, force && !some, err);
            some = some || ready.count > 0;
            left = left || list->count > 0;
            unqueue(&ready);
            if (status == SQLA_OK)
                status = insert_list(w, mapping, &ready, err);
        }
        force = !some;
    }
    sqla__vec_release(&ready);
    return status;
}

static sqla_status update_table(work *w, const sqla__mapping *mapping, sqla_error *err)
{
    objects *list = &w->updates[mapping->index];
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < list->count && status == SQLA_OK; i++)
        status = fill_keys(w, list->items[i], err);
    if (status == SQLA_OK && list->count > 0)
        status = sqla__persist_update(w->session, &w->session->pools[mapping->index], list->items, list->count, err);
    return status;
}

static bool any_in_cycle(const work *w)
{
    for (size_t m = 0; m < w->mapping_count; m++)
        if (w->session->pools[m].mapping->in_cycle && w->inserts[m].count > 0)
            return true;
    return false;
}

static sqla_status write_saves(work *w, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    bool circle = any_in_cycle(w);
    if (circle)
        status = insert_circle(w, err);
    for (uint32_t rank = 0; rank < w->mapping_count && status == SQLA_OK; rank++) {
        const sqla__mapping *mapping = ranked(w, rank);
        bool inserts_first = mapping->self_reference;
        if (!inserts_first)
            status = update_table(w, mapping, err);
        if (status == SQLA_OK && !circle)
            status = insert_table(w, mapping, err);
        if (status == SQLA_OK && inserts_first)
            status = update_table(w, mapping, err);
    }
    for (size_t i = 0; i < w->later.count && status == SQLA_OK; i++) { /* the keys that closed a circle */
        sqla__object *object = w->later.items[i];
        object->state = SQLA_PENDING; /* so that its pointers count once more */
        status = fill_keys(w, object, err);
        object->state = SQLA_PERSISTENT;
        if (status == SQLA_OK)
            status = sqla__persist_update(w->session, sqla__pool_of(object), &object, 1, err);
    }
    return status;
}

/* How many doomed objects of its own table stand above this one? */
static uint32_t depth_of(const work *w, const sqla__object *object)
{
    const sqla__mapping *mapping = mapping_of(object);
    sqla__pool *pool = sqla__pool_of(object);
    uint32_t depth = 0, limit = (uint32_t)w->deletes[mapping->index].count;
    for (uint32_t c = 0; c < mapping->column_count; c++) {
        const sqla__mapped_column *column = &mapping->columns[c];
        if (column->references != mapping || mapping->key_count != 1 || column->references_column != mapping->keys[0] || pool->scratch == NULL)
            continue;
        uint32_t here = 0;
        for (const sqla__object *at = object; at != NULL && here <= limit; here++) {
            const void *snapshot = sqla__snapshot_of(at);
            if (sqla__field_is_null(&column->slot, snapshot) ||
                !sqla__field_assign(&mapping->columns[mapping->keys[0]].slot, pool->scratch, &column->slot, snapshot))
                break;
            at = sqla__identity_find(pool, pool->scratch);
            if (at != NULL && !(at->flags & SQLA__FLAG_DOOMED))
                break;
        }
        depth = here > depth ? here : depth;
    }
    return depth;
}

/* Rows of a table that points at itself: the lowest first. */
static sqla_status delete_levels(work *w, const sqla__mapping *mapping, sqla_error *err)
{
    objects *list = &w->deletes[mapping->index], level = { 0 };
    sqla_session *s = w->session;
    uint32_t *depths = sqla__arena_take(&s->flush_arena, list->count * sizeof *depths + 1), deepest = 0;
    sqla__pool *pool = &s->pools[mapping->index];
    if (pool->scratch == NULL)
        pool->scratch = sqla__alloc_zero(1, mapping->size);
    if (depths == NULL || pool->scratch == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; i < list->count; i++) {
        depths[i] = depth_of(w, list->items[i]);
        deepest = depths[i] > deepest ? depths[i] : deepest;
    }
    sqla_status status = SQLA_OK;
    for (uint32_t d = deepest + 1; d-- > 0 && status == SQLA_OK;) {
        level.count = 0;
        for (size_t i = 0; i < list->count && status == SQLA_OK; i++)
            if (depths[i] == d)
                status = push(&level, list->items[i], err);
        if (status == SQLA_OK && level.count > 0)
            status = sqla__persist_delete(s, pool, level.items, level.count, err);
    }
    sqla__vec_release(&level);
    return status;
}

static sqla_status write_deletes(work *w, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (uint32_t rank = (uint32_t)w->mapping_count; rank-- > 0 && status == SQLA_OK;) {
        const sqla__mapping *mapping = ranked(w, rank);
        objects *list = &w->deletes[mapping->index];
        if (list->count == 0)
            continue;
        status = mapping->self_reference ? delete_levels(w, mapping, err)
                                         : sqla__persist_delete(w->session, &w->session->pools[mapping->index], list->items, list->count, err);
    }
    return status;
}

/* ---- after ---------------------------------------------------------------------------------------------------------------- */

/* A collection that is loaded gains the children that were pointed at its owner. */
static void join_collections(sqla_session *s, const objects *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const sqla__mapping *mapping = mapping_of(list->items[i]);
        for (uint32_t r = 0; r < mapping->relation_count; r++) {
            const sqla__relation *relation = &mapping->relations[r];
            void *row = sqla__struct_of(list->items[i]);
            sqla__object *owner = !relation->to_many && relation->inverse != NULL ? sqla__session_object(s, sqla__pointer_at(relation, row)) : NULL;
            if (owner == NULL || !sqla__collection_at(relation->inverse, sqla__struct_of(owner))->loaded)
                continue;
            sqla__collection_drop(owner, relation->inverse, row);
            if (!sqla__collection_push(owner, relation->inverse, row))
                sqla__collection_at(relation->inverse, sqla__struct_of(owner))->loaded = false;
        }
    }
}

static bool nothing_to_write(const work *w)
{
    for (size_t m = 0; m < w->mapping_count; m++)
        if (w->inserts[m].count > 0 || w->updates[m].count > 0 || w->deletes[m].count > 0)
            return false;
    return true;
}

/* What the inserts need to know about their tables. It is asked before the transaction begins: one that has read cannot wait for a
 * lock in SQLite, since waiting would be waiting for itself. */
static sqla_status ask_facts(const void *data, sqla_conn *conn, sqla_error *err)
{
    const work *w = data;
    sqla_status status = SQLA_OK;
    for (size_t m = 0; m < w->mapping_count && status == SQLA_OK; m++) {
        const sqla_table *table = w->session->pools[m].mapping->table;
        uint64_t facts;
        if (w->inserts[m].count > 0)
            status = sqla__conn_table_facts(conn, table->schema, table->name, &facts, err);
    }
    return status;
}

static sqla_status write(work *w, sqla_error *err)
{
    if (nothing_to_write(w))
        return SQLA_OK;
    sqla_status status = sqla__session_begin_asking(w->session, ask_facts, w, err);
    if (status == SQLA_OK)
        status = write_saves(w, err);
    if (status == SQLA_OK)
        status = write_deletes(w, err);
    return status;
}

static void finish(work *w, bool done)
{
    sqla_session *s = w->session;
    for (size_t m = 0; m < w->mapping_count; m++) {
        unqueue(&w->inserts[m]);
        unqueue(&w->updates[m]);
        if (done) {
            s->pools[m].has_pending = false;
            join_collections(s, &w->inserts[m]);
            join_collections(s, &w->updates[m]);
        }
    }
    if (done) {
        s->pending.count = 0;
        s->doomed.count = 0;
        sqla__links_clear(s);
    }
}

/* A lock that was in the way before the first row was written has done no harm: objects and transaction are as they were, and the
 * flush can be repeated. Where the database gives the transaction up over it, it cannot. */
static bool can_be_repeated(const sqla_session *s, sqla_status status)
{
    return status == SQLA_ERR_BUSY && !s->wrote && (s->conn == NULL || sqla__conn_txn_state(s->conn) == SQLA_TXN_ACTIVE);
}

sqla_status sqla__flush(sqla_session *s, sqla_error *err)
{
    if (s->flushing)
        return SQLA_OK;
    s->flushing = true;
    s->wrote = false;
    work w = { 0 };
    sqla_status status = work_init(&w, s, err);
    if (status == SQLA_OK) {
        status = collect(&w, err);
        if (status == SQLA_OK)
            status = write(&w, err);
        finish(&w, status == SQLA_OK);
    }
    work_release(&w);
    sqla__arena_reset(&s->flush_arena);
    s->flushing = false;
    return status == SQLA_OK || can_be_repeated(s, status) ? status : sqla__session_break(s, err, status);
}

static bool any_changed(const sqla__pool *pool)
{
    for (size_t p = 0; p < pool->pages.count; p++) {
        const sqla__page *page = pool->pages.items[p];
        for (uint32_t i = 0; page != NULL && i < page->used; i++) {
            const sqla__object *object = sqla__page_cell(page, i);
            if (object->state == SQLA_PERSISTENT && sqla__object_dirty(object))
                return true;
        }
    }
    return false;
}

sqla_status sqla__flush_for(sqla_session *s, const sqla_stmt *q, sqla_error *err)
{
    bool needed = q == NULL || s->pending.count > 0 || s->doomed.count > 0 || s->linked.count > 0;
    for (size_t m = 0; m < s->maker->mapping_count && !needed; m++)
        needed = s->pools[m].map.count > 0 && sqla__stmt_reads(q, s->pools[m].mapping->model) && any_changed(&s->pools[m]);
    return needed ? sqla__flush(s, err) : SQLA_OK;
}
