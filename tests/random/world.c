/* world.c: values, rows and objects of the oracle. */
#include <config.h>
#include "world.h"

#include <stddef.h>
#include <string.h>

world w, saved[1 + DEPTH];

void world_copy(world *to, const world *from)
{
    memcpy(to, from, offsetof(world, objects) + (size_t)from->count * sizeof from->objects[0]);
}

/* ---- values and rows ---------------------------------------------------------------------------------- */

bool same(const val *a, const val *b)
{
    return a->set == b->set && (!a->set || (a->n == b->n && strcmp(a->t, b->t) == 0));
}

val unset(void)
{
    return (val){ 0 };
}

val number(int64_t n)
{
    return (val){ .n = n, .set = true };
}

val text(const char *t)
{
    val v = { 0 };
    if (t != NULL) {
        v.set = true;
        snprintf(v.t, sizeof v.t, "%s", t);
        for (char *at = v.t; *at != '\0'; at++)
            *at = *at >= ' ' && *at <= '~' ? *at : '?'; /* rubbish; it is shown */
    }
    return v;
}

const char *print(const val *v)
{
    static char rooms[8][24];
    static unsigned at;
    char *room = rooms[at++ % 8];
    if (!v->set)
        snprintf(room, sizeof rooms[0], "NULL");
    else if (v->t[0] != '\0' || v->n == 0)
        snprintf(room, sizeof rooms[0], "\"%s\"", v->t);
    else
        snprintf(room, sizeof rooms[0], "%lld", (long long)v->n);
    return room;
}

val value_at(const column *c, const void *place)
{
    const char *at = (const char *)place + c->offset;
    switch (c->form) {
    case FORM_INT: {
        int64_t n;
        memcpy(&n, at, sizeof n);
        return n != 0 ? number(n) : unset();
    }
    case FORM_OPT64: {
        sqla_opt_i64 n;
        memcpy(&n, at, sizeof n);
        return n.set ? number(n.value) : unset();
    }
    case FORM_OPT32: {
        sqla_opt_i32 n;
        memcpy(&n, at, sizeof n);
        return n.set ? number(n.value) : unset();
    }
    case FORM_TEXT: {
        const char *t;
        memcpy(&t, at, sizeof t);
        return text(t);
    }
    case FORM_CHARS:
        return text(at);
    }
    return unset();
}

int row_find(const records *db, int t, const val *values)
{
    for (int i = 0; i < db->count[t]; i++) {
        bool equal = true;
        for (int c = 0; c < tables[t].column_count && equal; c++)
            equal = !tables[t].columns[c].key || same(&db->of[t][i].v[c], &values[c]);
        if (equal)
            return i;
    }
    return -1;
}

int row_find_by(const records *db, int t, int c, const val *value)
{
    for (int i = 0; i < db->count[t]; i++)
        if (same(&db->of[t][i].v[c], value))
            return i;
    return -1;
}

void row_remove(records *db, int t, int i)
{
    db->of[t][i] = db->of[t][--db->count[t]];
}

/* ---- objects ------------------------------------------------------------------------------------------ */

int object_new(int t, void *at)
{
    if (w.count == MAX_OBJECTS)
        wrong("test", "there are more objects than the test has room for");
    object *o = &w.objects[w.count];
    memset(o, 0, sizeof *o);
    o->at = at;
    o->table = (int8_t)t;
    for (int r = 0; r < ONES; r++)
        o->to[r] = o->to_was[r] = o->given_to[r] = o->set_to[r] = o->hand_to[r] = NOBODY;
    return w.count++;
}

int object_at(const void *at)
{
    for (int o = w.count; at != NULL && o-- > 0;)
        if (w.objects[o].at == at && w.objects[o].state != GONE)
            return o;
    return NOBODY;
}

int object_with_key(const world *in, int t, int c, const val *key)
{
    int found = NOBODY;
    for (int o = 0; o < in->count && key->set; o++)
        if (in->objects[o].table == t && is_live(&in->objects[o]) && same(&in->objects[o].now[c], key) &&
            (found == NOBODY || has_row(&in->objects[o])))
            found = o;
    return found;
}

const val *object_key(const world *in, int o, const one *relation)
{
    return &in->objects[o].now[relation->target_column];
}

void *pointer_at(const object *o, int r)
{
    void *to;
    memcpy(&to, (const char *)o->at + table_of_object(o)->ones[r].offset, sizeof to);
    return to;
}

int object_row(const world *in, int o)
{
    return row_find(&in->db, in->objects[o].table, in->objects[o].was);
}

bool coll_has(const coll *c, int item)
{
    for (int i = 0; i < c->count; i++)
        if (c->items[i] == item)
            return true;
    return false;
}

void coll_drop(coll *c, int item)
{
    int16_t kept = 0;
    for (int i = 0; i < c->count; i++)
        if (c->items[i] != item)
            c->items[kept++] = c->items[i];
    if (kept != c->count)
        c->version++;
    c->count = kept;
}

void coll_add(coll *c, int item)
{
    if (c->count == MAX_ITEMS)
        wrong("test", "a collection has more items than the test has room for");
    c->items[c->count++] = (int16_t)item;
    c->version++;
}

const char *name_of(int o)
{
    static char rooms[8][16];
    static unsigned at;
    char *room = rooms[at++ % 8];
    if (o == NOBODY)
        snprintf(room, sizeof rooms[0], "NULL");
    else
        snprintf(room, sizeof rooms[0], "o%d", o);
    return room;
}
