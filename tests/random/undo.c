/* undo.c: beginnings of transactions and savepoints, and what a rollback makes of the objects. */
#include <config.h>
#include "run.h"

#include <string.h>

void begin_level(int level)
{
    world_copy(&saved[level], &w);
}

static void unload(coll *c)
{
    c->loaded = false;
    c->stale = true;
    c->count = 0;
    c->known = EXACTLY;
    c->version++;
}

static void settle_undone(object *o)
{
    o->doomed = o->dropped = o->went = false;
    for (int r = 0; r < ONES; r++) {
        o->says[r].verb = NOTHING;
        o->by_call[r] = false;
    }
}

/* It is only a struct again, as the program had filled it. */
static void undo_added(object *o)
{
    bool was_inserted = o->born && o->state != PENDING && o->state != TRANSIENT;
    bool was_left = o->state == TRANSIENT || o->went;
    o->state = TRANSIENT;
    o->clean = true;
    o->born = false;
    for (int c = 0; was_inserted && c < table_of_object(o)->column_count; c++) {
        const column *field = &table_of_object(o)->columns[c];
        val there = value_at(field, o->at);
        if (field->one >= 0 && o->by_hand[field->one].set && same(&there, &o->by_hand[field->one]))
            o->now[c] = there;
        else if (field->one >= 0 && (o->pointed[field->one] || o->lost_owner) && !there.set)
            o->now[c] = there; /* the pointer that was assigned later is what counts; or its owner went */
        else if (field->one >= 0 || field->key)
            o->now[c] = o->given[c];
        else if (w.raw || same(&there, &o->given[c]))
            o->now[c] = there; /* what was flushed first; or read again */
        else if (!same(&there, &o->now[c]))
            o->now[c] = o->was[c];
    }
    for (int r = 0; r < ONES; r++)
        if (was_inserted) {
            if (o->by_hand[r].set)
                o->hand_to[r] = o->to[r]; /* to which the key by hand had led */
            o->to[r] = o->given_to[r];
            if (o->lost_given[r])
                o->hand_to[r] = (int16_t)object_at(pointer_at(o, r)); /* another one with that key, which a load had found */
        }
    for (int k = 0; k < MANIES; k++)
        unload(&o->many[k]);
    for (int k = 0; was_left && k < MANIES; k++)
        o->many[k].known = WHATEVER;
    settle_undone(o);
}

/* What was loaded or changed since is not loaded any more; other collections and pointers keep what they had.
 */
static void undo_relations(object *o, const object *before)
{
    for (int r = 0; r < table_of_object(o)->one_count; r++) {
        bool touched = before == NULL || before->version[r] != o->version[r] || before->to[r] != o->to[r];
        o->to[r] = o->to_was[r] = before != NULL ? before->to[r] : NOBODY;
        int key = table_of_object(o)->ones[r].column;
        o->open_to[r] = touched || !same(&o->now[key], &before->was[key]);
    }
    for (int k = 0; k < table_of_object(o)->many_count; k++) {
        bool open = o->went || o->many[k].shaky;
        if (before == NULL || (before->many[k].version != o->many[k].version && !open)) {
            unload(&o->many[k]);
        } else {
            uint16_t version = o->many[k].version;
            o->many[k] = before->many[k];
            o->many[k].version = version;
            o->many[k].known = open && o->many[k].known == EXACTLY ? OR_UNLOADED : o->many[k].known;
            o->many[k].shaky = o->many[k].shaky || open; /* for an outer rollback, too */
        }
        o->many[k].stale = true;
    }
}

/* It has the fields of before. What was read again since may be what is last known, and so may what a flush
 * has read that failed; both are right when they are what the row says now. */
static void undo_kept(int index, const object *before, int level)
{
    object *o = &w.objects[index];
    const val *old = before != NULL ? before->was : o->met ? o->first : o->given;
    int row = row_find(&saved[level].db, o->table, old);
    /* A flush may have read its row before, or another row of this key, into this very object, which only came to light since. */
    bool may_be_older = before == NULL && o->met;
    for (int c = 0; c < table_of_object(o)->column_count; c++) {
        val there = value_at(&table_of_object(o)->columns[c], o->at), to = old[c];
        if (may_be_older)
            to = there;
        else if ((o->stale || o->reread) && row >= 0 && same(&there, &saved[level].db.of[o->table][row].v[c]))
            to = there;
        else if (o->reread && w.raw && same(&there, &o->was[c]))
            to = there;
        o->now[c] = to;
    }
    memcpy(o->was, o->now, sizeof o->was);
    o->state = PERSISTENT;
    o->stale = true;
    undo_relations(o, before);
    settle_undone(o);
}

/* A row of another object's key was met while that one was deleted; there is one object for a key now. */
static bool gives_way(int index)
{
    const object *o = &w.objects[index];
    for (int i = 0; i < index; i++) {
        bool equal = w.objects[i].table == o->table && w.objects[i].state != GONE && (has_row(o) || o->state == DELETED);
        for (int c = 0; equal && c < table_of_object(o)->column_count; c++)
            equal = !table_of_object(o)->columns[c].key || same(&w.objects[i].was[c], &o->was[c]);
        if (equal && sqla_state(x.s, o->at) == SQLA_TRANSIENT)
            return true;
    }
    return false;
}

static void undo_object(int index, int level)
{
    object *o = &w.objects[index];
    const object *before = index < saved[level].count ? &saved[level].objects[index] : NULL;
    if (o->state == GONE || (before != NULL && before->state == GONE))
        return;
    if (o->state == TRANSIENT && !o->clean && (before == NULL || has_row(before))) {
        if (sqla_state(x.s, o->at) != SQLA_PERSISTENT) { /* its row was not there when it was looked for */
            if (before == NULL && o->born) {
                o->state = PERSISTENT;
                undo_added(o);
            }
            return;
        }
        o->went = true;
    } else if (before != NULL && before->state == TRANSIENT && o->state == TRANSIENT) {
        settle_undone(o);
        for (int k = 0; k < MANIES; k++)
            o->many[k].known = WHATEVER;
        return;
    }
    bool is_gone = before != NULL && has_row(before) && row_find(&saved[level].db, o->table, before->was) < 0;
    if ((before == NULL && !o->born && gives_way(index)) ||
        (is_gone && sqla_state(x.s, o->at) == SQLA_TRANSIENT)) {
        o->state = TRANSIENT;
        o->clean = false;
        settle_undone(o);
        return;
    }
    if (before == NULL && o->met && sqla_state(x.s, o->at) == SQLA_PERSISTENT)
        undo_kept(index, before, level); /* it may have been added again since, when its row was gone */
    else if (before != NULL ? before->state == TRANSIENT
                       : o->born || o->state == PENDING || (o->state == TRANSIENT && o->clean))
        undo_added(o);
    else if (before == NULL || has_row(before))
        undo_kept(index, before, level);
    else
        o->state = before->state;
}

void undo_to(int level)
{
    for (int i = 0; i < w.count; i++)
        undo_object(i, level);
    memcpy(&w.db, &saved[level].db, sizeof w.db);
    w.wrote = saved[level].wrote;
    w.raw = saved[level].raw;
}

/* After a commit or rollback: all is stale from here on. */
void end_transaction(void)
{
    x.idle = x.rebase = true;
    x.depth = 0;
    w.wrote = w.raw = false;
    for (int i = 0; i < w.count; i++) {
        object *o = &w.objects[i];
        o->born = o->reread = o->lost_owner = false;
        for (int k = 0; k < MANIES; k++)
            o->many[k].shaky = false;
        if (o->state == DELETED) {
            o->state = TRANSIENT;
            o->clean = false;
        }
    }
    begin_level(0);
}

/* Collections that it has left or joined by what is taken back with it are read again. */
static void shake_owners(world *in, int index, int r)
{
    const object *o = &in->objects[index];
    int k = table_of_object(o)->ones[r].many, owners[] = { o->says[r].owner,
        has_row(o) ? object_with_key(in, table_of_object(o)->ones[r].target, table_of_object(o)->ones[r].target_column,
                         &o->was[table_of_object(o)->ones[r].column])
                   : NOBODY };
    for (size_t i = 0; k >= 0 && i < 2; i++)
        if (owners[i] != NOBODY)
            in->objects[owners[i]].many[k].shaky = in->objects[owners[i]].many[k].stale = true;
}

static void forget_in(world *in, int index)
{
    for (int i = 0; i < in->count; i++) {
        object *o = &in->objects[i];
        for (int r = 0; r < table_of_object(o)->one_count; r++) {
            if (o->says[r].verb != NOTHING && (o->says[r].owner == index || i == index))
                shake_owners(in, i, r);
            if (o->says[r].verb != NOTHING && (o->says[r].owner == index || i == index)) {
                if (o->says[r].verb == REMOVED && o->by_call[r] && o->to[r] == NOBODY)
                    o->to_was[r] = NOBODY;
                o->says[r].verb = NOTHING;
                o->by_call[r] = false;
            }
            if (o->to[r] == index && o->to_was[r] != index)
                o->to_was[r] = NOBODY; /* it was assigned, and is gone with what it pointed at */
            o->lost_given[r] = o->lost_given[r] || o->given_to[r] == index;
            int16_t *const all[] = { &o->to[r], &o->to_was[r], &o->given_to[r], &o->set_to[r],
                &o->hand_to[r] };
            for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
                if (*all[k] == index)
                    *all[k] = NOBODY;
        }
        for (int k = 0; k < table_of_object(o)->many_count; k++)
            if (coll_has(&o->many[k], index)) {
                uint16_t version = o->many[k].version;
                coll_drop(&o->many[k], index);
                o->many[k].version = version;
                o->many[k].shaky = o->many[k].stale = true;
            }
    }
    if (index < in->count)
        in->objects[index].state = GONE;
}

void forget_object(int index)
{
    forget_in(&w, index);
    for (int level = 0; level <= DEPTH; level++)
        forget_in(&saved[level], index);
}
