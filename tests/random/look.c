/* look.c: memory and database are compared with what they must say. */
#include <config.h>
#include "run.h"

#include <stdlib.h>
#include <string.h>

/* Of what has no row any more fields, pointers and collections are only readable. */
static bool is_dead(const object *o)
{
    return o->state == DELETED || (o->state == TRANSIENT && !o->clean);
}

static sqla_object_state state_of(const object *o)
{
    return sqla_state(x.s, o->at);
}

/* ---- objects that are met ----------------------------------------------------------------------------- */

/* How a program would come by it. */
static void say_get(int index)
{
    const object *o = &w.objects[index];
    int keys = 0;
    for (int c = 0; c < table_of_object(o)->column_count; c++)
        keys += table_of_object(o)->columns[c].key;
    say("    %s *o%d = sqla_get%s(s, %s", table_of_object(o)->model->name, index, keys > 1 ? "2" : "",
        table_of_object(o)->model->name);
    for (int c = 0; c < table_of_object(o)->column_count; c++)
        if (table_of_object(o)->columns[c].key)
            say(", %s", print(&o->now[c]));
    say(", &err);\n");
}

int meet(int t, void *at)
{
    int index = object_at(at);
    if (index != NOBODY)
        return index;
    if (sqla_state(x.s, at) != SQLA_PERSISTENT)
        wrong("unknown object",
            "a pointer of table %s leads to what was never loaded, or is no object any more",
            tables[t].model->name);
    index = object_new(t, at);
    object *o = &w.objects[index];
    o->state = PERSISTENT;
    o->stale = true;
    for (int c = 0; c < tables[t].column_count; c++)
        o->now[c] = o->was[c] = o->given[c] = o->first[c] = value_at(&tables[t].columns[c], at);
    o->met = true;
    for (int r = 0; r < tables[t].one_count; r++)
        o->open_to[r] = true;
    for (int k = 0; k < tables[t].many_count; k++)
        o->many[k] = (coll){ .known = WHATEVER, .stale = true };
    say_get(index);
    return index;
}

static void refill_columns(object *o, const record *from)
{
    for (int c = 0; c < table_of_object(o)->column_count; c++) {
        int r = table_of_object(o)->columns[c].one;
        if (r >= 0 && !same(&o->was[c], &from->v[c])) {
            if (!pointer_stated(o, r) && !o->by_call[r])
                o->open_to[r] = true;
            else /* it still says what it said, against another row */
                o->to_was[r] = (int16_t)object_with_key(&w, table_of_object(o)->ones[r].target,
                    table_of_object(o)->ones[r].target_column, &from->v[c]);
            o->version[r]++;
        }
        if (same(&o->now[c], &o->was[c]))
            o->now[c] = from->v[c];
        o->was[c] = from->v[c];
    }
}

void refill(int index)
{
    object *o = &w.objects[index];
    int row = object_row(&w, index);
    if (!has_row(o) || !o->stale || row < 0)
        return;
    refill_columns(o, &w.db.of[o->table][row]);
    o->stale = false;
    o->reread = true;
}

/* ---- one object --------------------------------------------------------------------------------------- */

static bool fields_agree(const object *o)
{
    for (int c = 0; c < table_of_object(o)->column_count; c++) {
        val there = value_at(&table_of_object(o)->columns[c], o->at);
        if (!same(&there, &o->now[c]))
            return false;
    }
    return true;
}

static void take_fields(object *o)
{
    for (int c = 0; c < table_of_object(o)->column_count; c++)
        o->now[c] = o->was[c] = value_at(&table_of_object(o)->columns[c], o->at);
    o->reread = o->stale = true;
}

static void look_at_fields(int index)
{
    object *o = &w.objects[index];
    if (is_dead(o)) {
        take_fields(o);
        return;
    }
    if (!fields_agree(o) && o->stale && x.may_read)
        refill(index);
    for (int c = 0; c < table_of_object(o)->column_count; c++) {
        val there = value_at(&table_of_object(o)->columns[c], o->at);
        if (!same(&there, &o->now[c]))
            wrong("field", "o%d->%s is %s; it should be %s", index, table_of_object(o)->columns[c].field,
                print(&there), print(&o->now[c]));
    }
}

/* Is it left out by the next flush anyhow, or taken in? Then it may say so already. */
static bool state_is_open(const object *o, sqla_object_state there)
{
    if (there == SQLA_DELETED) /* it was looked for when the one went that it points at */
        return has_row(o) && object_row(&w, (int)(o - w.objects)) < 0;
    if (there == SQLA_TRANSIENT && has_row(o))
        return row_find(&w.db, o->table, o->was) < 0 || (gives_keys_again && o->met); /* it was another row's then */
    for (int r = 0; r < table_of_object(o)->one_count; r++) {
        parent its = parent_of(&w, (int)(o - w.objects), r);
        bool owned = table_of_object(o)->ones[r].owned;
        if (there == SQLA_TRANSIENT && o->state == PENDING) {
            if (o->says[r].verb == APPENDED &&
                (o->says[r].owner == o - w.objects || w.objects[o->says[r].owner].state == TRANSIENT))
                return true;
            if (o->says[r].verb == REMOVED && its.is == OF_NOBODY && table_of_object(o)->ones[r].orphans_die)
                return true;
            if (owned && its.is == OF_OBJECT && w.objects[its.object].state == TRANSIENT)
                return true;
        }
    }
    return false;
}

static void look_at_state(int index)
{
    static const sqla_object_state states[] = { SQLA_TRANSIENT, SQLA_PENDING, SQLA_PERSISTENT, SQLA_DELETED };
    static const char *const names[] = { "FOREIGN", "TRANSIENT", "PENDING", "PERSISTENT", "DELETED" };
    object *o = &w.objects[index];
    sqla_object_state must = has_row(o) && o->doomed ? SQLA_DELETED : states[o->state], there = state_of(o);
    if (there == must)
        return;
    if (!state_is_open(o, there))
        wrong("state", "o%d is %s; it should be %s", index, names[there], names[must]);
    bool waits = false; /* for its owner, which is transient too */
    for (int r = 0; r < ONES; r++)
        waits = waits || o->says[r].verb == APPENDED;
    o->dropped = o->state == PENDING && !waits;
    o->clean = o->state == PENDING;
    bool had_row = has_row(o);
    o->state = there == SQLA_DELETED ? DELETED : TRANSIENT;
    for (int i = 0; had_row && i < w.count; i++) /* it may have left all collections, if that was seen by a flush */
        for (int k = 0; k < table_of_object(&w.objects[i])->many_count; k++)
            if (coll_has(&w.objects[i].many[k], index))
                w.objects[i].many[k].known = WHATEVER;
    o->doomed = false;
}

/* One that went may point at what went with it, and was never seen: the program lets go of that. */
static bool let_go(int index, int r)
{
    const one *relation = &table_of_object(&w.objects[index])->ones[r];
    sqla_object_state there = sqla_state(x.s, pointer_at(&w.objects[index], r));
    if (is_live(&w.objects[index]) || (there != SQLA_DELETED && there != SQLA_TRANSIENT))
        return false;
    say("    o%d->%s = NULL;\n", index, relation->field);
    memset((char *)w.objects[index].at + relation->offset, 0, sizeof(void *));
    return true;
}

static int take_pointer(int index, int r)
{
    const one *relation = &table_of_object(&w.objects[index])->ones[r];
    void *at = pointer_at(&w.objects[index], r);
    int to = object_at(at);
    if (at != NULL && to == NOBODY && let_go(index, r))
        return NOBODY;
    bool open = w.objects[index].open_to[r] ||
                (!is_live(&w.objects[index]) && sqla_state(x.s, at) == SQLA_PERSISTENT);
    if (at != NULL && to == NOBODY && open)
        to = meet(relation->target, at);
    if (at != NULL && (to == NOBODY || w.objects[to].table != relation->target))
        wrong("dangling", "o%d->%s points at what is no object of '%s'", index, relation->field,
            tables[relation->target].model->name);
    return to;
}

/* It points at what the row of a stale object says today, or at one that has the key of the other. */
static bool is_as_good(int index, int r, int to)
{
    const object *o = &w.objects[index];
    const one *relation = &table_of_object(o)->ones[r];
    int row = has_row(o) && o->stale ? object_row(&w, index) : -1;
    if (to == NOBODY)
        return false;
    const val *key = object_key(&w, to, relation);
    bool by_row = row >= 0 && same(key, &w.db.of[o->table][row].v[relation->column]);
    return by_row || (o->to[r] != NOBODY && same(key, object_key(&w, o->to[r], relation)));
}

static void look_at_pointer(int index, int r)
{
    int to = take_pointer(index, r);
    object *o = &w.objects[index];
    const one *relation = &table_of_object(o)->ones[r];
    bool open = o->open_to[r] || !is_live(o), dead = is_dead(o);
    if (to != o->to[r] && !open && !is_as_good(index, r, to))
        wrong("pointer", "o%d->%s is %s; it should be %s", index, relation->field, name_of(to),
            name_of(o->to[r]));
    if (to != o->to[r] && has_row(o) && to != NOBODY && !key_stated(o, r) && !is_as_good(index, r, to) &&
        !same(object_key(&w, to, relation), &o->now[relation->column]))
        wrong("pointer", "o%d->%s is %s, whose key is %s, and %s is %s", index, relation->field, name_of(to),
            print(object_key(&w, to, relation)), table_of_object(o)->columns[relation->column].field,
            print(&o->now[relation->column]));
    bool by_hand = to == o->hand_to[r] ||
                   (to != NOBODY && same(object_key(&w, to, relation), &o->by_hand[r])) ||
                   (to != NOBODY && o->now[relation->column].set &&
                       same(object_key(&w, to, relation), &o->now[relation->column])) ||
                   is_as_good(index, r, to);
    if (o->state == TRANSIENT && o->clean && to != o->to[r] && to != NOBODY && !by_hand)
        wrong("pointer", "o%d->%s is %s; it was %s before it was added", index, relation->field, name_of(to),
            name_of(o->to[r]));
    if (to != o->to[r] || dead) {
        o->to[r] = (int16_t)to;
        if (!pointer_stated(&w.objects[index], r) || o->open_to[r])
            o->to_was[r] = (int16_t)to;
    }
    o->open_to[r] = false;
}

/* ---- collections -------------------------------------------------------------------------------------- */

typedef SQLA_MANY(void) seen;

static seen seen_at(const object *o, int k)
{
    seen s;
    memcpy(&s, (const char *)o->at + table_of_object(o)->manies[k].offset, sizeof s);
    return s;
}

static int rows_of(int owner, int k)
{
    const many *m = &table_of_object(&w.objects[owner])->manies[k];
    const one *relation = &tables[m->target].ones[m->one];
    int n = 0;
    for (int i = 0; i < w.db.count[m->target]; i++)
        n += same(&w.db.of[m->target][i].v[relation->column], object_key(&w, owner, relation));
    return n;
}

/* Take it over as it is. */
static void take_collection(int owner, int k)
{
    seen s = seen_at(&w.objects[owner], k);
    int t = table_of_object(&w.objects[owner])->manies[k].target;
    coll c = w.objects[owner].many[k];
    c.loaded = s.loaded;
    c.count = 0;
    c.known = EXACTLY;
    for (size_t i = 0; i < s.count; i++) {
        if (is_dead(&w.objects[owner]) && object_at(s.items[i]) == NOBODY)
            continue; /* it went with its owner, and was never seen */
        int item = meet(t, s.items[i]);
        if (w.objects[item].table != t || coll_has(&c, item))
            wrong("collection", "o%d->%s has %s, twice or of another table", owner,
                table_of_object(&w.objects[owner])->manies[k].field, name_of(item));
        coll_add(&c, item);
    }
    const coll *old = &w.objects[owner].many[k];
    bool equal = c.loaded == old->loaded && c.count == old->count &&
                 memcmp(c.items, old->items, (size_t)c.count * sizeof c.items[0]) == 0;
    c.version = (uint16_t)(old->version + !equal);
    w.objects[owner].many[k] = c;
}

/* One that is loaded has what the database has. */
static void check_whole(int owner, int k)
{
    const object *o = &w.objects[owner];
    const many *m = &table_of_object(o)->manies[k];
    const one *relation = &tables[m->target].ones[m->one];
    const coll *c = &o->many[k];
    if (c->count != rows_of(owner, k))
        wrong("collection", "o%d->%s has %d items; there are %d rows", owner, m->field, c->count,
            rows_of(owner, k));
    for (int i = 0; i < c->count; i++) {
        int row = object_row(&w, c->items[i]);
        if (row < 0 || !same(&w.db.of[m->target][row].v[relation->column], object_key(&w, owner, relation)))
            wrong("collection", "o%d->%s has o%d, whose row is not its", owner, m->field, c->items[i]);
    }
}

void look_at_loaded(int owner, int k)
{
    const many *m = &table_of_object(&w.objects[owner])->manies[k];
    if (w.objects[owner].many[k].loaded && !w.objects[owner].many[k].stale)
        return; /* not loaded again; it is looked at with all others */
    uint16_t version = w.objects[owner].many[k].version;
    take_collection(owner, k);
    coll *c = &w.objects[owner].many[k];
    bool again = c->version != version; /* else it may have been fresh still, and not loaded again */
    if (!c->loaded)
        wrong("collection", "o%d->%s was loaded, and does not say so", owner, m->field);
    c->stale = false;
    c->shaky = !again;
    check_whole(owner, k);
    for (int i = 0; i < c->count; i++) {
        object *child = &w.objects[c->items[i]];
        if (again)
            refill(c->items[i]);
        if (!pointer_stated(child, m->one) && !child->by_call[m->one] && child->to[m->one] != owner) {
            child->to[m->one] = child->to_was[m->one] = (int16_t)owner;
            child->open_to[m->one] = true;
            child->version[m->one]++;
        }
    }
}

/* Is a child given to it, or taken from it, that no flush has written yet? */
static bool is_being_changed(int owner, int k)
{
    const many *m = &table_of_object(&w.objects[owner])->manies[k];
    int r = m->one, c = tables[m->target].ones[r].column;
    const val *key = object_key(&w, owner, &tables[m->target].ones[r]);
    for (int i = 0; i < w.count; i++) {
        const object *o = &w.objects[i];
        bool said = o->table == m->target && is_live(o) && (o->says[r].verb != NOTHING || pointer_stated(o, r));
        if (said && (o->says[r].owner == owner || o->to[r] == owner || same(&o->was[c], key)))
            return true;
    }
    return false;
}

static void look_at_collection(int owner, int k)
{
    const object *o = &w.objects[owner];
    const many *m = &table_of_object(o)->manies[k];
    coll c = o->many[k];
    seen s = seen_at(o, k);
    if (is_dead(o))
        c.known = WHATEVER;
    if (c.known == WHATEVER) {
        take_collection(owner, k);
        if (has_row(&w.objects[owner]) && w.objects[owner].many[k].loaded && !c.stale && !is_being_changed(owner, k))
            check_whole(owner, k);
        return;
    }
    bool as_good = c.known == OR_UNLOADED || c.stale; /* what is stale is read again before it is used */
    if (as_good && c.loaded && !s.loaded && s.count == 0) {
        take_collection(owner, k);
        w.objects[owner].many[k].version++;
        return;
    }
    if (s.loaded != c.loaded || s.count != (size_t)c.count)
        wrong("collection", "o%d->%s is %s with %zu items; it should be %s with %d", owner, m->field,
            s.loaded ? "loaded" : "not loaded", s.count, c.loaded ? "loaded" : "not loaded", c.count);
    for (int i = 0; i < c.count; i++) {
        int item = object_at(s.items[i]);
        bool exact = c.known != AS_A_SET || i < c.sure;
        if (item == NOBODY || (exact ? item != c.items[i] : !coll_has(&c, item)))
            wrong("collection", "o%d->%s[%d] is %s; it should be %s%s", owner, m->field, i,
                item == NOBODY ? "no object" : name_of(item), name_of(c.items[i]),
                exact ? "" : ", or another new one");
    }
    if (c.known != EXACTLY)
        take_collection(owner, k);
}

static void look_at_modified(int index)
{
    int must = would_write(index);
    const object *o = &w.objects[index];
    bool there = sqla_is_modified(x.s, o->at);
    for (int i = 0; must == 0 && there && i < w.count; i++)
        if (w.objects[i].doomed || w.objects[i].dropped)
            return; /* it may be a child that goes along, or loses its key */
    if (must >= 0 && there != (must == 1))
        wrong("modified", "sqla_is_modified(o%d) is %s", index, there ? "true" : "false");
}

void look_at_memory(void)
{
    for (int i = 0; i < w.count; i++)
        if (w.objects[i].state != GONE)
            look_at_state(i);
    for (int i = 0; i < w.count; i++) /* looking may meet more */
        if (w.objects[i].state != GONE) {
            look_at_state(i);
            look_at_fields(i);
            for (int r = 0; r < table_of_object(&w.objects[i])->one_count; r++)
                look_at_pointer(i, r);
            for (int k = 0; k < table_of_object(&w.objects[i])->many_count; k++)
                look_at_collection(i, k);
        }
    for (int i = 0; i < w.count; i++)
        if (w.objects[i].state != GONE)
            look_at_modified(i);
}

/* ---- rows --------------------------------------------------------------------------------------------- */

static const char *sql_of_all_rows(void)
{
    static char sql[8000];
    size_t at = 0;
    for (int t = 0; t < TABLES && at == 0; t++)
        sql[0] = '\0';
    for (int t = 0; t < TABLES; t++) {
        at += (size_t)snprintf(sql + at, sizeof sql - at, "%sSELECT %d AS t", t > 0 ? " UNION ALL " : "", t);
        for (int c = 0; c < COLUMNS; c++)
            at += (size_t)snprintf(sql + at, sizeof sql - at, ", TRIM(CAST(%s AS CHAR(20))) AS c%d",
                c < tables[t].column_count ? tables[t].columns[c].field : "NULL", c);
        at += (size_t)snprintf(sql + at, sizeof sql - at, " FROM %s", tables[t].model->table);
    }
    return sql;
}

static val cell(const sqla_row *from, int t, int c, sqla_error *err)
{
    const char *text_there = sqla_row_text_at(from, (size_t)c + 1, err);
    form f = tables[t].columns[c].form;
    if (text_there == NULL || f == FORM_TEXT || f == FORM_CHARS)
        return text(text_there);
    return number(strtoll(text_there, NULL, 10));
}

/* Its key was changed behind our back, and either is right. */
static bool take_either(int t, int i, int c, const val *there)
{
    for (int o = 0; o < w.count; o++) {
        int r = tables[t].columns[c].one;
        if (w.objects[o].table != t || r < 0 || !p.either[o][r] || object_row(&w, o) != i)
            continue;
        w.db.of[t][i].v[c] = *there;
        return true;
    }
    return false;
}

static void look_at_row(const sqla_row *from, int t, int seen_rows[TABLES], sqla_error *err)
{
    record there = { 0 };
    for (int c = 0; c < tables[t].column_count; c++)
        there.v[c] = cell(from, t, c, err);
    int i = row_find(&w.db, t, there.v);
    if (i < 0)
        wrong("row", "table %s has a row %s that should not be there", tables[t].model->name,
            print(&there.v[0]));
    for (int c = 0; c < tables[t].column_count; c++)
        if (!same(&there.v[c], &w.db.of[t][i].v[c]) && !take_either(t, i, c, &there.v[c]))
            wrong("row", "table %s, row %s: %s is %s in the database; it should be %s", tables[t].model->name,
                print(&there.v[0]), tables[t].columns[c].field, print(&there.v[c]),
                print(&w.db.of[t][i].v[c]));
    seen_rows[t]++;
}

void look_at_rows(bool beside)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_stmt **q = beside ? &x.rows_beside : &x.rows;
    int seen_rows[TABLES] = { 0 };
    if (*q == NULL)
        *q = sqla_stmt_keep(beside ? sqla_sql(x.conn, sql_of_all_rows()) : sqla_sql(x.s, sql_of_all_rows()));
    if (!beside)
        x.idle = false;
    SQLA_EACH_ROW (r, *q, &err)
        look_at_row(r, (int)sqla_row_i64_at(r, 0, &err), seen_rows, &err);
    if (sqla_failed(&err))
        wrong("look", "the rows cannot be read: %s: %s", sqla_status_name(err.status), err.message);
    for (int t = 0; t < TABLES; t++)
        if (seen_rows[t] != w.db.count[t])
            wrong("row", "table %s has %d rows; it should have %d", tables[t].model->name, seen_rows[t],
                w.db.count[t]);
}
