/* settle.c: what memory must say after a flush that has succeeded. */
#include <config.h>
#include "run.h"

#include <string.h>

/* ---- keys that the database made ---------------------------------------------------------------------- */

static val real_key(const val *v)
{
    return v->set && v->n < 0 ? w.objects[-1 - v->n].now[0] : *v;
}

/* Whoever had that key in this session is an object whose row had been deleted behind our back. */
static void lose_others(int index)
{
    const object *o = &w.objects[index];
    for (int i = 0; i < w.count; i++) {
        object *other = &w.objects[i];
        bool equal = i != index && other->table == o->table && has_row(other) && p.fate[i] != INSERTED;
        for (int c = 0; equal && c < table_of_object(o)->column_count; c++)
            equal = !table_of_object(o)->columns[c].key || same(&other->was[c], &o->now[c]);
        if (equal && p.fate[i] == STAYS)
            other->state = DELETED;
    }
}

static void take_keys(void)
{
    for (int i = 0; i < w.count; i++) {
        object *o = &w.objects[i];
        if (p.fate[i] != INSERTED || !table_of_object(o)->generated)
            continue;
        val key = value_at(&table_of_object(o)->columns[0], o->at);
        if (!key.set || key.n <= 0)
            wrong("no key", "%s was inserted and has no key", name_of(i));
        if (row_find_by(&w.db, o->table, 0, &key) >= 0)
            wrong("key taken", "%s got the key %s, which another row has", name_of(i), print(&key));
        o->now[0] = key;
    }
    for (int t = 0; t < TABLES; t++)
        for (int i = 0; i < w.db.count[t]; i++)
            for (int c = 0; c < tables[t].column_count; c++)
                w.db.of[t][i].v[c] = real_key(&w.db.of[t][i].v[c]);
}

/* ---- objects ------------------------------------------------------------------------------------------ */

static void set_pointer(object *o, int r, int to)
{
    if (o->to[r] != to)
        o->version[r]++;
    o->to[r] = (int16_t)to;
}

/* Pointer and key of a relation agree. What says nothing may be pointed at what its key names. */
static void settle_relation(int index, int r)
{
    object *o = &w.objects[index];
    const one *relation = &table_of_object(o)->ones[r];
    const parent *its = &p.parents[index][r];
    if (its->is != AS_THE_ROW_SAYS)
        o->now[relation->column] = its->is == OF_OBJECT ? *object_key(&w, its->object, relation)
                                   : its->is == OF_KEY  ? its->key
                                                        : unset();
    o->lost_owner = o->lost_owner || its->cascaded;
    if (its->is == OF_OBJECT)
        set_pointer(o, r, its->object);
    else if (its->is != AS_THE_ROW_SAYS)
        set_pointer(o, r, NOBODY);
    o->open_to[r] = its->is == OF_KEY || its->is == AS_THE_ROW_SAYS || p.either[index][r];
}

static void settle_written(int index)
{
    object *o = &w.objects[index];
    if (p.fate[index] == INSERTED) {
        memcpy(o->given, w.objects[index].now, sizeof o->given);
        if (table_of_object(o)->generated)
            o->given[0] = unset();
        memcpy(o->given_to, o->to, sizeof o->given_to);
        memset(o->lost_given, 0, sizeof o->lost_given);
        o->born = true;
        o->stale = false;
    }
    for (int r = 0; r < table_of_object(o)->one_count; r++)
        settle_relation(index, r);
    o->state = PERSISTENT;
}

static void settle_object(int index)
{
    object *o = &w.objects[index];
    switch ((fate)p.fate[index]) {
    case INSERTED:
    case UPDATED:
        settle_written(index);
        break;
    case DIES:
        o->went = true;
        o->state = DELETED;
        o->doomed = false;
        break;
    case LEFT_OUT:
        o->state = TRANSIENT;
        o->clean = true;
        break;
    case STAYS:
        for (int r = 0; has_row(o) && r < table_of_object(o)->one_count; r++)
            if (p.parents[index][r].is != AS_THE_ROW_SAYS)
                settle_relation(index, r);
        break;
    }
    o->dropped = false;
    for (int r = 0; r < ONES; r++) {
        o->open_to[r] = o->open_to[r] || o->says[r].verb == REMOVED; /* it may have come to nothing */
        o->says[r].verb = NOTHING;
        o->by_call[r] = false;
        if (has_row(o))
            o->to_was[r] = o->to[r];
    }
    if (has_row(o))
        memcpy(o->was, o->now, sizeof o->was);
}

/* ---- collections -------------------------------------------------------------------------------------- */

static bool is_child(int child, int r, int owner)
{
    const object *c = &w.objects[child];
    const one *relation = &table_of_object(c)->ones[r];
    const val *key = &c->now[relation->column];
    return has_row(c) && key->set && same(key, object_key(&w, owner, relation));
}

static void settle_collection(int owner, int k)
{
    object *o = &w.objects[owner];
    const many *m = &table_of_object(o)->manies[k];
    coll *c = &o->many[k];
    if (!c->loaded || p.came[owner]) {
        if (p.fate[owner] == INSERTED)
            c->known = WHATEVER;
        return;
    }
    for (int i = c->count; i-- > 0;) {
        int child = c->items[i];
        bool gone = p.fate[child] == DIES || p.fate[child] == LEFT_OUT;
        bool moved = p.fate[child] != STAYS ||
                     (has_row(&w.objects[child]) && p.parents[child][m->one].is != AS_THE_ROW_SAYS);
        if (c->stale && (gone || moved)) {
            c->known = WHATEVER; /* it may not have been its child any more, as its row said, */
            c->shaky = true;     /* and then nothing was taken out */
        }
        if (gone || (moved && !is_child(child, m->one, owner)))
            coll_drop(c, child);
    }
    for (int child = 0; child < w.count; child++)
        if (w.objects[child].table == m->target && has_row(&w.objects[child]) && object_row(&w, child) < 0 &&
            p.parents[child][m->one].object == owner)
            c->known = WHATEVER; /* its row went behind our back, which a flush may have seen */
    for (int child = 0; c->stale && child < w.count; child++)
        if (w.objects[child].table == m->target && p.moot[child][m->one])
            c->known = WHATEVER; /* it may turn out to be this one's, and join the rest */
    int sure = c->count;
    for (int child = 0; child < w.count; child++)
        if (w.objects[child].table == m->target && p.moved[child][m->one] && is_child(child, m->one, owner) &&
            !coll_has(c, child))
            coll_add(c, child);
    for (int child = 0; c->stale && child < w.count; child++)
        if (w.objects[child].table == m->target && !coll_has(c, child) &&
            (p.parents[child][m->one].object == owner || w.objects[child].to[m->one] == owner))
            c->known = WHATEVER; /* it was its child before, and not known to be one */
    if (c->known == EXACTLY && sure < c->count) {
        c->known = AS_A_SET;
        c->sure = (int16_t)sure;
    }
}

/* Whoever named a key that has changed was read again, and says what its row says. */
static void follow_keys(void)
{
    for (int k = 0; k < p.rekeyed_count; k++)
        for (int i = 0; i < w.count; i++) {
            object *o = &w.objects[i];
            for (int r = 0; has_row(o) && r < table_of_object(o)->one_count; r++) {
                const one *relation = &table_of_object(o)->ones[r];
                if (!relation->follows || relation->target != p.rekeyed[k].table ||
                    relation->target_column != p.rekeyed[k].column || !same(&o->was[relation->column], &p.rekeyed[k].from))
                    continue;
                o->stale = true;
                refill(i);
                for (int owner = 0; owner < w.count; owner++) /* it may have been another's all the time */
                    if (w.objects[owner].table == relation->target && relation->many >= 0 &&
                        w.objects[owner].many[relation->many].stale)
                        w.objects[owner].many[relation->many].known = WHATEVER;
            }
        }
}

/* Whoever named one that went was read again, and may turn out to be another's, or nobody's. */
static void look_again(void)
{
    for (int i = 0; i < w.count; i++)
        for (int r = 0; has_row(&w.objects[i]) && r < table_of_object(&w.objects[i])->one_count; r++) {
            const one *relation = &table_of_object(&w.objects[i])->ones[r];
            bool touched = false;
            for (int d = 0; d < w.count; d++)
                touched = touched || (p.fate[d] == DIES && w.objects[d].table == relation->target &&
                                         w.objects[i].was[relation->column].set &&
                                         same(&w.objects[i].was[relation->column], object_key(&w, d, relation)));
            w.objects[i].open_to[r] = w.objects[i].open_to[r] || touched;
            for (int owner = 0; touched && relation->many >= 0 && owner < w.count; owner++)
                if (w.objects[owner].table == relation->target && w.objects[owner].many[relation->many].stale)
                    w.objects[owner].many[relation->many].known = WHATEVER;
        }
}

void plan_settle(void)
{
    bool wrote = w.wrote || p.writes;
    world_copy(&w, &p.next);
    w.wrote = wrote;
    take_keys();
    for (int i = 0; i < w.count; i++)
        settle_object(i);
    follow_keys();
    for (int i = 0; i < w.count; i++)
        if (p.fate[i] == INSERTED || p.fate[i] == UPDATED)
            lose_others(i);
    for (int i = 0; i < w.count; i++)
        for (int k = 0; has_row(&w.objects[i]) && k < table_of_object(&w.objects[i])->many_count; k++)
            settle_collection(i, k);
    look_again();
    for (int i = 0; i < w.count; i++) /* what is in that of one without a row is its own business */
        for (int k = 0; w.objects[i].state == TRANSIENT && k < MANIES; k++)
            w.objects[i].many[k].known = WHATEVER;
}
