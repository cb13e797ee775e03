/* relate.c: steps that give a child another parent: by its key, by its pointer, by append and by remove. */
#include <config.h>
#include "run.h"

static bool is_settled(int index, int r)
{
    return w.objects[index].says[r].verb == NOTHING && !pointer_stated(&w.objects[index], r) &&
           !key_stated(&w.objects[index], r);
}

/* Any object that has a parent of some kind, mostly one about whose parent nothing is said yet. */
static int pick_child(const step *st, int *ret_r)
{
    for (uint32_t i = 0; i < 8; i++) {
        int index = pick(-1, st->d % 24 == 0 ? IN_LIVE | IN_DOOMED : IN_LIVE, st->a + i * 5);
        if (index == NOBODY || table_of_object(&w.objects[index])->one_count == 0)
            continue;
        *ret_r = (int)(st->d / 32 % (uint32_t)table_of_object(&w.objects[index])->one_count);
        if (is_settled(index, *ret_r) || st->d % 5 == 0)
            return index;
    }
    return NOBODY;
}

void do_set_key(const step *st)
{
    int r, index = pick_child(st, &r);
    if (index == NOBODY)
        return;
    const one *relation = &table_of_object(&w.objects[index])->ones[r];
    const column *key = &table_of_object(&w.objects[index])->columns[relation->column];
    int to = pick(
        relation->target, st->c % 16 == 0 ? IN_PERSISTENT | IN_DOOMED | IN_PENDING : IN_PERSISTENT, st->b);
    val v = unset();
    if (st->c % 40 == 1)
        v = key->form == FORM_TEXT ? text("nobody") : number(999999);
    else if (to != NOBODY && (key->not_null || st->c % 4 > 0))
        v = *object_key(&w, to, relation);
    if (!v.set && key->not_null)
        return;
    assign(index, relation->column, v);
    w.objects[index].by_hand[r] = v;
}

void do_set_pointer(const step *st)
{
    int r, index = pick_child(st, &r);
    if (index == NOBODY)
        return;
    const one *relation = &table_of_object(&w.objects[index])->ones[r];
    unsigned whom = st->c % 16 == 0 ? IN_LIVE | IN_DOOMED | IN_TRANSIENT : IN_LIVE;
    int to = st->c % 5 == 1 ? NOBODY : pick(relation->target, whom, st->b);
    point(index, r, to);
}

/* ---- append and remove -------------------------------------------------------------------------------- */

static int pick_owner(const step *st, int *ret_k)
{
    for (uint32_t i = 0; i < 6; i++) {
        int index = pick(-1, st->d % 16 == 0 ? IN_LIVE | IN_DOOMED | IN_TRANSIENT : IN_LIVE, st->a + i * 3);
        if (index == NOBODY || table_of_object(&w.objects[index])->many_count == 0)
            continue;
        *ret_k = (int)(st->c % (uint32_t)table_of_object(&w.objects[index])->many_count);
        return index;
    }
    return NOBODY;
}

void do_append(const step *st)
{
    int k, owner = pick_owner(st, &k);
    if (owner == NOBODY)
        return;
    const many *m = &table_of_object(&w.objects[owner])->manies[k];
    int item = pick(m->target, st->d % 12 == 0 ? IN_LIVE | IN_TRANSIENT : IN_LIVE, st->b), r = m->one;
    if (item == NOBODY || (!is_settled(item, r) && st->d % 3 > 0))
        return;
    object *o = &w.objects[owner], *child = &w.objects[item];
    say("    sqla_append(s, o%d, %s, o%d);\n", owner, m->field, item);
    sqla_append_(x.s, o->at, m->field, child->at);
    int from = child->to[r];
    if (from != NOBODY && from != owner)
        coll_drop(&w.objects[from].many[k], item);
    int last = child->says[r].verb == APPENDED ? child->says[r].owner : NOBODY;
    if (last != NOBODY && last != owner && last != from && w.objects[last].state != GONE)
        coll_drop(&w.objects[last].many[k], item);
    const one *relation = &tables[m->target].ones[r];
    int by_row = has_row(child) ? object_with_key(&w, relation->target, relation->target_column,
                                      &child->was[relation->column])
                                : NOBODY;
    if (by_row != NOBODY && by_row != from && by_row != owner && coll_has(&w.objects[by_row].many[k], item))
        w.objects[by_row].many[k].known = WHATEVER; /* its pointer went with an owner that was expunged */
    int before = child->to_was[r];
    if (before != NOBODY && before != from && before != owner && coll_has(&w.objects[before].many[k], item))
        w.objects[before].many[k].known =
            WHATEVER; /* its pointer was taken away before; it may be taken out now, or at the flush */
    if (o->state == TRANSIENT || (!o->many[k].loaded && !has_row(o)))
        o->many[k].known = WHATEVER; /* what it had in an earlier transaction goes */
    else if (o->many[k].loaded && !coll_has(&o->many[k], item))
        coll_add(&o->many[k], item);
    child->to[r] = child->set_to[r] = child->hand_to[r] = (int16_t)owner;
    child->by_call[r] = true;
    child->version[r]++;
    child->says[r] = (claim){ APPENDED, false, (int16_t)owner };
    if (child->state == TRANSIENT) {
        child->state = PENDING;
        child->dropped = false;
        for (int i = 0; i < MANIES; i++)
            child->many[i].known = WHATEVER; /* as above */
    }
}

/* Is the item the owner's, as far as memory says?  -1: that is not settled. */
static int is_the_owners(int owner, int k, int item)
{
    const many *m = &table_of_object(&w.objects[owner])->manies[k];
    const object *child = &w.objects[item];
    const one *relation = &tables[m->target].ones[m->one];
    const coll *c = &w.objects[owner].many[k];
    parent its = parent_of(&w, item, m->one);
    bool by_row = has_row(child) && has_row(&w.objects[owner]) &&
                  same(&child->was[relation->column], object_key(&w, owner, relation));
    if (its.contradicts ||
        (child->says[m->one].verb == APPENDED && child->says[m->one].owner != owner && coll_has(c, item)))
        return -1;
    if (c->loaded && !c->stale)
        return coll_has(c, item);
    bool said = its.is == OF_OBJECT ? its.object == owner : its.is == AS_THE_ROW_SAYS && by_row;
    said = said || (child->says[m->one].verb == NOTHING && by_row);
    return c->loaded && said != coll_has(c, item) ? -1 : said; /* what was expired shows nothing any more */
}

void do_remove(const step *st)
{
    int k, owner = pick_owner(st, &k);
    if (owner == NOBODY || !is_live(&w.objects[owner]))
        return;
    object *o = &w.objects[owner];
    const many *m = &table_of_object(o)->manies[k];
    int r = m->one, item = pick(m->target, IN_LIVE, st->b);
    if (o->many[k].loaded && o->many[k].count > 0 && st->d % 8 > 0)
        item = o->many[k].items[st->b % (uint32_t)o->many[k].count];
    if (item == NOBODY || !is_live(&w.objects[item]) || w.objects[item].doomed)
        return;
    int right = is_the_owners(owner, k, item);
    if (right < 0 || (right == 0 && st->d % 40 > 0))
        return;
    object *child = &w.objects[item];
    say("    sqla_remove(s, o%d, %s, o%d);\n", owner, m->field, item);
    sqla_remove_(x.s, o->at, m->field, child->at);
    if (right == 0) {
        expect_kept_misuse(st->c);
        return;
    }
    coll_drop(&o->many[k], item);
    if (child->to[r] == owner) {
        child->to[r] = child->set_to[r] = NOBODY;
        child->by_call[r] = true;
        child->version[r]++;
    }
    const one *relation = &tables[m->target].ones[r];
    bool from_row = has_row(child) && has_row(o) &&
                    same(&child->was[relation->column], object_key(&w, owner, relation));
    child->says[r] = (claim){ REMOVED, from_row, (int16_t)owner };
}
