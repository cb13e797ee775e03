/* actions.c: what the database does by itself to rows that point at a key which changes, or goes.
 *
 * ON UPDATE and ON DELETE write rows that no statement of the flush names, whether the models declare the
 * action or the table has it. Objects that point at such a key are read again at once, and what is found
 * decides: a later write of the same flush goes by it, too. Where a foreign key is part of the primary key
 * the row has moved with it, and is looked for under the new key. Rows that were read again may themselves
 * be pointed at; so it goes on in waves until nothing changes any more. */
#include <config.h>
#include "orm/work.h"

#include <stdlib.h>
#include <string.h>

#include "orm/converted.h"
#include "orm/field.h"
#include "orm/identity.h"
#include "orm/loader.h"
#include "orm/spelling.h"

/* An object that points, or pointed, at a key that is no more. */
typedef struct touched {
    sqla__object *object;
    const sqla__action *action;
} touched;

/* What an object holds in a column that others point at. */
typedef struct held {
    sqla__object *object;
    const sqla__foreign_key *key;
    sqla_value value;
} held;

/* Where an object stood before it was looked for under its new key. */
typedef struct moved {
    sqla__object *object;
    void *row, *snapshot;
} moved;

typedef struct wave {
    sqla__work *work;
    SQLA__VEC(touched) touched;
    SQLA__VEC(sqla__object *) objects; /* each once */
    SQLA__VEC(held) held;
    SQLA__VEC(moved) moved;
} wave;

static const sqla_slot *child_slot(const sqla__foreign_key *key)
{
    return &key->holder->columns[key->column].slot;
}
static const sqla_slot *parent_slot(const sqla__foreign_key *key)
{
    return &key->target->columns[key->referenced_column].slot;
}

/* A value that outlives its row.  Returns: false: out of memory. */
static bool keep_value(sqla__arena *arena, const sqla_slot *slot, const void *row, sqla_value *ret)
{
    size_t size;
    *ret = sqla__field_value(slot, row);
    const void *bytes = sqla__value_bytes(ret, &size);
    if (bytes != (const void *)&ret->as)
        ret->as.bytes.data = sqla__arena_copy(arena, bytes, size);
    return bytes == (const void *)&ret->as || ret->as.bytes.data != NULL;
}

static bool same_value(sqla_value a, sqla_value b)
{
    size_t n, m;
    if (a.type == SQLA_NULL || b.type == SQLA_NULL)
        return a.type == b.type;
    const void *p = sqla__value_bytes(&a, &n), *q = sqla__value_bytes(&b, &m);
    return n == m && (n == 0 || memcmp(p, q, n) == 0);
}

enum { AFAR = 8 }; /* rows outside of the session through which a key is followed, at most */

/* ---- noting ---------------------------------------------------------------------------------- */

static sqla_status note(sqla__work *w, sqla__action action, sqla_error *err)
{
    if (!keep_value(&w->session->flush_arena, action.slot, sqla__snapshot_of(action.parent), &action.before))
        return sqla__error_nomem(err);
    return action.before.type == SQLA_NULL || sqla__vec_push(&w->actions, action) ? SQLA_OK
                                                                                  : sqla__error_nomem(err);
}

/* What a change of `slot` does to those that point at it by a key. A row between that is not in the session may hand it on, where it has
 * the same value as its own key; depth: so many may lie between. */
static sqla_status note_key(sqla__work *w, const sqla__foreign_key *key, const sqla_slot *slot, const sqla__item *items, size_t n,
    bool deleted, uint32_t depth, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    const sqla__mapping *holder = key->holder;
    for (size_t i = 0; i < n && status == SQLA_OK && w->session->pools[holder->index].map.count > 0; i++) {
        sqla__object *parent = items[i].object;
        if (deleted || !sqla__field_equal(slot, sqla__struct_of(parent), sqla__snapshot_of(parent)))
            status = note(w, (sqla__action){ .key = key, .parent = parent, .slot = slot, .afar = slot != parent_slot(key) }, err);
    }
    for (uint32_t k = 0; k < holder->referrer_count && status == SQLA_OK && depth > 0; k++)
        if (holder->referrers[k]->referenced_column == key->column)
            status = note_key(w, holder->referrers[k], slot, items, n, deleted, depth - 1, err);
    return status;
}

sqla_status sqla__actions_note(sqla__work *w, const sqla__mapping *mapping, const sqla__item *items, size_t n,
    bool deleted, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (uint32_t k = 0; k < mapping->referrer_count && status == SQLA_OK; k++)
        status = note_key(w, mapping->referrers[k], parent_slot(mapping->referrers[k]), items, n, deleted, AFAR, err);
    return status;
}

/* ---- who is touched -------------------------------------------------------------------------- */

static bool touch(wave *v, sqla__object *object, const sqla__action *action)
{
    const touched t = { object, action };
    if (!sqla__vec_push(&v->touched, t))
        return false;
    if (object->flags & SQLA__FLAG_TOUCHED)
        return true;
    object->flags |= SQLA__FLAG_TOUCHED;
    return sqla__vec_push(&v->objects, object);
}

static const sqla__action *action_of(
    const sqla_session *s, const sqla__hash *by_value, const sqla__foreign_key *key, const void *row)
{
    size_t size;
    const sqla_value value = sqla__field_value(child_slot(key), row);
    if (value.type == SQLA_NULL)
        return NULL;
    const void *bytes = sqla__value_bytes(&value, &size);
    const sqla__action *action = sqla__hash_get(by_value, bytes, size);
    if (action != NULL || value.type != SQLA_TEXT)
        return action;
    const sqla_value spelled = sqla__spelling_of(s, key, value);
    return sqla__hash_get(by_value, spelled.as.bytes.data, spelled.as.bytes.size);
}

static bool touch_pool(wave *v, const sqla__foreign_key *key, const sqla__hash *by_value)
{
    sqla__pool *pool = &v->work->session->pools[key->holder->index];
    for (size_t p = 0; p < pool->pages.count; p++) {
        const sqla__page *page = pool->pages.items[p];
        for (uint32_t i = 0; page != NULL && i < page->used; i++) {
            sqla__object *object = sqla__page_cell(page, i);
            if (object->state != SQLA_PERSISTENT)
                continue;
            const sqla__action *action =
                action_of(v->work->session, by_value, key, sqla__snapshot_of(object));
            if (action == NULL || (action->afar && sqla__find_parent(v->work->session, key, sqla__snapshot_of(object)) != NULL))
                continue; /* a parent in the session tells by itself */
            if (!touch(v, object, action))
                return false;
        }
    }
    return true;
}

/* Which of the keys that these actions, of one foreign key, are about has another parent now? */
static bool find_handed_on(sqla__arena *arena, sqla__action *actions, size_t n)
{
    sqla_value *now = sqla__arena_take(arena, n * sizeof *now); /* the table below does not copy its keys */
    sqla__hash taken = { 0 };
    bool done = now != NULL;
    size_t size;
    for (size_t i = 0; i < n && done; i++) {
        now[i] = sqla__field_value(actions[i].slot, sqla__snapshot_of(actions[i].parent));
        const void *bytes = sqla__value_bytes(&now[i], &size);
        done = now[i].type == SQLA_NULL || sqla__hash_put(&taken, bytes, size, actions[i].parent);
    }
    for (size_t i = 0; i < n && done; i++) {
        const void *bytes = sqla__value_bytes(&actions[i].before, &size);
        const sqla__object *other = sqla__hash_get(&taken, bytes, size);
        actions[i].handed_on = other != NULL && other != actions[i].parent;
    }
    sqla__hash_release(&taken);
    return done;
}

/* The actions of one foreign key follow one another. */
static bool find_touched(wave *v, size_t from, size_t to)
{
    bool done = true;
    for (size_t end; from < to && done; from = end) {
        const sqla__foreign_key *key = v->work->actions.items[from].key;
        sqla__hash by_value = { 0 };
        for (end = from; end < to && v->work->actions.items[end].key == key && done; end++) {
            const sqla__action *action = &v->work->actions.items[end];
            size_t size;
            const void *bytes = sqla__value_bytes(&action->before, &size);
            done = sqla__hash_put(&by_value, bytes, size, (void *)(uintptr_t)action);
        }
        done = done && find_handed_on(&v->work->session->flush_arena, &v->work->actions.items[from], end - from) && touch_pool(v, key, &by_value);
        sqla__hash_release(&by_value);
    }
    return done;
}

static bool hold(wave *v)
{
    for (size_t i = 0; i < v->objects.count; i++) {
        sqla__object *object = v->objects.items[i];
        const sqla__mapping *mapping = sqla__mapping_of(object);
        for (uint32_t k = 0; k < mapping->referrer_count; k++) {
            held h = { .object = object, .key = mapping->referrers[k] };
            if (!keep_value(&v->work->session->flush_arena, parent_slot(h.key), sqla__snapshot_of(object), &h.value) ||
                !sqla__vec_push(&v->held, h))
                return false;
        }
    }
    return true;
}

/* ---- reading again --------------------------------------------------------------------------- */

/* Does the key of one that was touched surely go with its parent's? Where another parent has the old one, nobody else can be meant: what
 * stands there now came with that one. */
static bool is_known_to_follow(const touched *t)
{
    const sqla__foreign_key *key = t->action->key;
    return t->action->handed_on || key->holder->columns[key->column].item->on_update == SQLA_CASCADE;
}

/* The stale ones, a mapping at a time. */
static sqla_status read_stale(const wave *v, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t from = 0, to; from < v->objects.count && status == SQLA_OK; from = to) {
        const sqla__mapping *mapping = sqla__mapping_of(v->objects.items[from]);
        for (to = from; to < v->objects.count && sqla__mapping_of(v->objects.items[to]) == mapping; to++)
            ;
        status = sqla__load_stale(v->work->session, &v->objects.items[from], to - from, err);
        if (status != SQLA_OK)
            sqla__error_prefix(err, "cannot read '%s' again, since a key has changed that it points at: ",
                mapping->model->name);
    }
    return status;
}

/* Take an object out of its place. A rollback puts it back there. */
static bool lift(wave *v, sqla__object *object)
{
    sqla_session *s = v->work->session;
    const uint32_t size = sqla__mapping_of(object)->size;
    moved m = { object, sqla__arena_copy(&s->flush_arena, sqla__struct_of(object), size),
        sqla__arena_copy(&s->flush_arena, sqla__snapshot_of(object), size) };
    if (m.row == NULL || m.snapshot == NULL || !sqla__vec_reserve(&v->moved, v->moved.count + 1) ||
        !sqla__undo_record(s, object, SQLA__UNDO_UPDATE))
        return false;
    v->moved.items[v->moved.count++] = m;
    sqla__identity_remove(sqla__pool_of(object), object);
    return true;
}

static bool is_lifted(const wave *v, const sqla__object *object)
{
    return v->moved.count > 0 && v->moved.items[v->moved.count - 1].object == object;
}

/* The key of the parent, as it is now, in the snapshot; in the struct, too, where the program has left it alone. */
static bool take_key(wave *v, const touched *t)
{
    const sqla__foreign_key *key = t->action->key;
    void *row = sqla__struct_of(t->object), *snapshot = sqla__snapshot_of(t->object);
    sqla_error ignored;
    sqla_value value;
    sqla__error_init(&ignored);
    if (!keep_value(&v->work->session->undo_arena, t->action->slot, sqla__snapshot_of(t->action->parent), &value))
        return false;
    bool untouched = sqla__field_equal(child_slot(key), row, snapshot);
    if (sqla__field_set(child_slot(key), snapshot, value, &ignored) == SQLA_OK && untouched)
        sqla__field_copy(child_slot(key), row, snapshot);
    return true;
}

static int by_object(const void *a, const void *b)
{
    const sqla__object *x = ((const touched *)a)->object, *y = ((const touched *)b)->object;
    const uint32_t m = sqla__mapping_of(x)->index, n = sqla__mapping_of(y)->index;
    return m != n ? (m < n ? -1 : 1) : x->number < y->number ? -1 : x->number > y->number;
}

/* Those whose primary keys the action moves get their new ones, all at once: one may take the key that another one leaves. */
static sqla_status move_keys(wave *v, bool known, sqla_error *err)
{
    if (v->touched.count > 1)
        qsort(v->touched.items, v->touched.count, sizeof *v->touched.items, by_object);
    v->moved.count = 0;
    for (size_t i = 0; i < v->touched.count; i++) {
        const touched *t = &v->touched.items[i];
        const sqla__foreign_key *key = t->action->key;
        if (sqla__object_fresh(v->work->session, t->object) || !key->holder->columns[key->column].is_key ||
            is_known_to_follow(t) != known)
            continue;
        if ((!is_lifted(v, t->object) && !lift(v, t->object)) || !take_key(v, t))
            return sqla__error_nomem(err);
    }
    return SQLA_OK;
}

/* Put an object where its snapshot says. Where another one stands, that one's row is there. */
static sqla_status set_down(wave *v, sqla__object *object, sqla_error *err)
{
    sqla__pool *pool = sqla__pool_of(object);
    if (sqla__identity_find(pool, sqla__snapshot_of(object)) != NULL)
        return sqla__texts_keep(object, &v->work->session->lent) ? sqla__object_lose(v->work->session, object, err) : sqla__error_nomem(err);
    return sqla__identity_put(pool, object) ? SQLA_OK : sqla__error_nomem(err);
}

/* It was not found under its new key: it is where it was, or its row is gone, as its next write will tell. The record of the update
 * has its texts. */
static sqla_status put_back(wave *v, const moved *m, sqla_error *err)
{
    const uint32_t size = sqla__mapping_of(m->object)->size;
    sqla__identity_remove(sqla__pool_of(m->object), m->object);
    memcpy(sqla__struct_of(m->object), m->row, size);
    memcpy(sqla__snapshot_of(m->object), m->snapshot, size);
    if (!sqla__texts_keep(m->object, &v->work->session->lent))
        return sqla__error_nomem(err);
    return set_down(v, m->object, err);
}

static sqla_status read_moved(wave *v, bool known, sqla_error *err)
{
    sqla_status status = move_keys(v, known, err);
    for (size_t i = 0; i < v->moved.count && status == SQLA_OK; i++)
        status = set_down(v, v->moved.items[i].object, err);
    if (status == SQLA_OK && v->moved.count > 0)
        status = read_stale(v, err);
    for (size_t i = 0; i < v->moved.count && status == SQLA_OK; i++)
        if (v->moved.items[i].object->state == SQLA_PERSISTENT &&
            !sqla__object_fresh(v->work->session, v->moved.items[i].object))
            status = put_back(v, &v->moved.items[i], err);
    return status;
}

/* Where a primary key is known to go with its parent's, its old one may be another row's by now. */
static sqla_status read_again(wave *v, bool deleted, sqla_error *err)
{
    for (size_t i = 0; i < v->objects.count; i++)
        v->objects.items[i]->epoch = 0;
    sqla_status status = deleted ? SQLA_OK : read_moved(v, true, err);
    if (status == SQLA_OK)
        status = read_stale(v, err);
    return status == SQLA_OK && !deleted ? read_moved(v, false, err) : status;
}

/* ---- what was found -------------------------------------------------------------------------- */

static bool is_lost(const wave *v, const sqla__object *object)
{
    return object->state == SQLA_PERSISTENT && !sqla__object_fresh(v->work->session, object);
}

static int by_key(const void *a, const void *b)
{
    const sqla__foreign_key *x = ((const held *)a)->key, *y = ((const held *)b)->key;
    return x < y ? -1 : x > y;
}

static sqla_status note_changed(wave *v, sqla_error *err)
{
    if (v->held.count > 1)
        qsort(v->held.items, v->held.count, sizeof *v->held.items, by_key);
    for (size_t i = 0; i < v->held.count; i++) {
        const held *h = &v->held.items[i];
        const sqla__action action = { .key = h->key, .parent = h->object, .slot = parent_slot(h->key), .before = h->value };
        bool same = h->object->state == SQLA_PERSISTENT &&
                    same_value(h->value, sqla__field_value(parent_slot(h->key), sqla__snapshot_of(h->object)));
        if (!same && h->value.type != SQLA_NULL && !sqla__vec_push(&v->work->actions, action))
            return sqla__error_nomem(err);
    }
    return SQLA_OK;
}

/* One that is to be written has been made ready already. */
static sqla_status settle(wave *v, bool deleted, sqla_error *err)
{
    sqla_session *s = v->work->session;
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < v->objects.count && status == SQLA_OK; i++) {
        sqla__object *object = v->objects.items[i];
        bool waits = (object->flags & (SQLA__FLAG_QUEUED | SQLA__FLAG_DOOMED)) != 0; /* and its write will tell */
        if (is_lost(v, object) && (deleted || !waits)) {
            sqla__sync_gone(s, object);
            status = sqla__object_lose(s, object, err);
        } else if (object->state == SQLA_PERSISTENT && (object->flags & SQLA__FLAG_QUEUED) != 0) {
            status = sqla__object_store(object, &s->flush_arena, err);
        }
    }
    return status;
}

static sqla_status show(wave *v, sqla_error *err)
{
    sqla_session *s = v->work->session;
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < v->touched.count && status == SQLA_OK; i++) {
        const touched *t = &v->touched.items[i];
        bool there = t->object->state == SQLA_PERSISTENT;
        if (there && sqla__link_of(t->object, t->action->key) != NULL)
            continue;
        sqla__object *after =
            there ? sqla__find_parent(s, t->action->key, sqla__snapshot_of(t->object)) : NULL;
        sqla__object *before = t->action->afar ? NULL : t->action->parent;
        if (after != before)
            status = sqla__sync_move(t->object, t->action->key, before, after, err);
    }
    return status;
}

static sqla_status follow(wave *v, size_t from, size_t to, bool deleted, sqla_error *err)
{
    if (!find_touched(v, from, to) || !hold(v))
        return sqla__error_nomem(err);
    sqla_status status = v->objects.count > 0 ? read_again(v, deleted, err) : SQLA_OK;
    if (status == SQLA_OK)
        status = settle(v, deleted, err);
    if (status == SQLA_OK)
        status = show(v, err);
    return status == SQLA_OK ? note_changed(v, err) : status;
}

static void release(wave *v)
{
    for (size_t i = 0; i < v->objects.count; i++)
        v->objects.items[i]->flags &= (uint8_t)~SQLA__FLAG_TOUCHED;
    sqla__vec_release(&v->touched);
    sqla__vec_release(&v->objects);
    sqla__vec_release(&v->held);
    sqla__vec_release(&v->moved);
}

sqla_status sqla__actions_follow(sqla__work *w, bool deleted, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t from = 0, to; from < w->actions.count && status == SQLA_OK; from = to) {
        wave v = { .work = w };
        to = w->actions.count;
        status = follow(&v, from, to, deleted, err);
        release(&v);
    }
    w->actions.count = 0;
    return status;
}
