/* parent.c: whose child an object is: of four statements, or as its row says. */
#include <config.h>
#include "plan.h"

bool pointer_stated(const object *o, int r)
{
    if (o->by_call[r])
        return o->to[r] != o->set_to[r];
    return has_row(o) ? o->to[r] != o->to_was[r] : o->to[r] != NOBODY;
}

bool key_stated(const object *o, int r)
{
    int c = table_of_object(o)->ones[r].column;
    return has_row(o) ? !same(&o->now[c], &o->was[c]) : o->now[c].set;
}

/* Does the key that was set by hand not say `owner`? One that the database has still to make is no key yet.
 */
static bool key_denies(const world *in, const object *o, int r, int owner)
{
    const one *relation = &table_of_object(o)->ones[r];
    if (!key_stated(o, r))
        return false;
    const val *key = &o->now[relation->column];
    if (owner == NOBODY)
        return key->set;
    const val *owners = object_key(in, owner, relation);
    return !owners->set || !same(owners, key);
}

static bool key_names(const world *in, const object *o, int r, int owner)
{
    const one *relation = &table_of_object(o)->ones[r];
    const val *key = &o->now[relation->column];
    return key_stated(o, r) && key->set && same(key, object_key(in, owner, relation));
}

static parent by_key(const world *in, const object *o, int r)
{
    const one *relation = &table_of_object(o)->ones[r];
    parent ret = { .is = OF_NOBODY, .object = NOBODY, .key = o->now[relation->column], .by_key = true };
    if (!ret.key.set)
        return ret;
    ret.object = object_with_key(in, relation->target, relation->target_column, &ret.key);
    ret.is = ret.object != NOBODY ? OF_OBJECT : OF_KEY;
    return ret;
}

/* Its row named that owner, and names another one since it was read again. */
static bool is_moot_by_now(const world *in, const object *o, int r)
{
    const one *relation = &table_of_object(o)->ones[r];
    const claim *says = &o->says[r];
    return has_row(o) && says->from_row && !same(&o->was[relation->column], object_key(in, says->owner, relation));
}

parent parent_of(const world *in, int index, int r)
{
    const object *o = &in->objects[index];
    const claim *says = &o->says[r];
    bool pointer = pointer_stated(o, r);
    parent ret = { .is = AS_THE_ROW_SAYS, .object = NOBODY };
    if (says->verb == APPENDED) {
        ret.is = OF_OBJECT;
        ret.object = says->owner;
        ret.contradicts = (pointer && o->to[r] != says->owner) || key_denies(in, o, r, says->owner);
    } else if (pointer) {
        ret.is = o->to[r] != NOBODY ? OF_OBJECT : OF_NOBODY;
        ret.object = o->to[r];
        ret.by_null = o->to[r] == NOBODY;
        ret.contradicts = key_denies(in, o, r, o->to[r]);
    } else if (key_stated(o, r)) {
        ret = by_key(in, o, r);
    } else if (says->verb == REMOVED && !is_moot_by_now(in, o, r)) {
        ret.is = OF_NOBODY;
        ret.by_remove = true;
    }
    if (says->verb == REMOVED)
        ret.contradicts =
            ret.contradicts || (pointer && o->to[r] == says->owner) || key_names(in, o, r, says->owner);
    if (!has_row(o) && ret.is == AS_THE_ROW_SAYS)
        ret.is = OF_NOBODY;
    return ret;
}

int would_write(int index)
{
    const object *o = &w.objects[index];
    if (o->state == PENDING)
        return -1;
    if (!has_row(o))
        return 0;
    if (o->doomed)
        return 1;
    int ret = 0;
    for (int c = 0; c < table_of_object(o)->column_count; c++) {
        int r = table_of_object(o)->columns[c].one;
        if (r < 0) {
            ret |= !same(&o->now[c], &o->was[c]);
            continue;
        }
        parent its = parent_of(&w, index, r);
        if (its.contradicts)
            return -1;
        if (its.is == OF_OBJECT) {
            const val *key = object_key(&w, its.object, &table_of_object(o)->ones[r]);
            ret |= !key->set || !same(key, &o->was[c]);
        } else if (its.is != AS_THE_ROW_SAYS) {
            ret |= !same(its.is == OF_KEY ? &its.key : &(val){ 0 }, &o->was[c]);
        }
    }
    return ret;
}
