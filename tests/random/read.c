/* read.c: steps that read: loads, queries, get, refresh, expire. */
#include <config.h>
#include "run.h"

#include <stdlib.h>
#include <string.h>

/* ---- relations of one object -------------------------------------------------------------------------- */

void do_load_many(const step *st)
{
    int index = pick(-1, IN_LIVE, st->a);
    for (uint32_t i = 1; index != NOBODY && i < 6 && table_of_object(&w.objects[index])->many_count == 0; i++)
        index = pick(-1, IN_LIVE, st->a + i);
    if (index == NOBODY || table_of_object(&w.objects[index])->many_count == 0)
        return;
    if (has_row(&w.objects[index]) && object_row(&w, index) < 0)
        return; /* gone behind our back */
    int k = (int)(st->b % (uint32_t)table_of_object(&w.objects[index])->many_count);
    const many *m = &table_of_object(&w.objects[index])->manies[k];
    sqla_error err = SQLA_ERROR_INIT;
    if (!before_query() || w.objects[index].doomed || !is_live(&w.objects[index]))
        return;
    say("    sqla_load(s, o%d, %s, &err);\n", index, m->field);
    sqla_load_(x.s, w.objects[index].at, m->field, &err);
    if (after_query(&err) && has_row(&w.objects[index]) && object_row(&w, index) >= 0)
        look_at_loaded(index, k);
}

/* After it was loaded: what the key says. */
static void look_at_target(int index, int r)
{
    object *o = &w.objects[index];
    const one *relation = &table_of_object(o)->ones[r];
    const val *key = &o->now[relation->column];
    void *at = pointer_at(o, r);
    if (pointer_stated(o, r) || o->by_call[r])
        return; /* it is left alone */
    if ((at == NULL) == key->set)
        wrong("load", "o%d->%s was loaded; it is %s, and the key %s", index, relation->field,
            at == NULL ? "NULL" : "set", print(key));
    int to = at != NULL ? meet(relation->target, at) : NOBODY;
    if (to != NOBODY && !same(object_key(&w, to, relation), key))
        wrong("load", "o%d->%s was loaded; it is %s, and the key %s", index, relation->field, name_of(to),
            print(key));
    o = &w.objects[index];
    o->to[r] = o->to_was[r] = (int16_t)to;
    o->version[r]++;
    o->open_to[r] = false;
}

void do_load_one(const step *st)
{
    int index = pick(-1, IN_LIVE, st->a);
    if (index == NOBODY || table_of_object(&w.objects[index])->one_count == 0)
        return;
    int r = (int)(st->b % (uint32_t)table_of_object(&w.objects[index])->one_count);
    if (has_row(&w.objects[index]) && object_row(&w, index) < 0)
        return;
    sqla_error err = SQLA_ERROR_INIT;
    if (!before_query() || w.objects[index].doomed || !is_live(&w.objects[index]))
        return;
    say("    sqla_load(s, o%d, %s, &err);\n", index, table_of_object(&w.objects[index])->ones[r].field);
    sqla_load_(x.s, w.objects[index].at, table_of_object(&w.objects[index])->ones[r].field, &err);
    if (!after_query(&err) || !has_row(&w.objects[index]) || object_row(&w, index) < 0)
        return;
    refill(index);
    look_at_target(index, r);
}

/* ---- queries ------------------------------------------------------------------------------------------ */

static void look_at_found(int t, void **found, size_t n, const val *name)
{
    size_t rows = 0;
    for (int i = 0; i < w.db.count[t]; i++)
        rows += name == NULL || same(&w.db.of[t][i].v[tables[t].name], name);
    if (n != rows)
        wrong(
            "query", "a query of '%s' gave %zu objects; there are %zu rows", tables[t].model->name, n, rows);
    for (size_t i = 0; i < n; i++) {
        int index = meet(t, found[i]);
        int row = object_row(&w, index);
        if (row < 0 || (name != NULL && !same(&w.db.of[t][row].v[tables[t].name], name)))
            wrong("query", "a query of '%s' gave o%d, which it should not", tables[t].model->name, index);
        refill(index);
    }
}

void do_query(const step *st)
{
    static const char *const names[] = { "a", "b", "c", "d" };
    int t = (int)(st->a % TABLES);
    val name = text(names[st->b % 4]);
    bool all = st->c % 2 == 0;
    sqla_error err = SQLA_ERROR_INIT;
    size_t n = 0;
    if (!before_query())
        return;
    sqla_stmt *q = sqla_select_model(x.s, tables[t].model);
    if (!all)
        sqla_where(q, sqla_eq(sqla_as_text(sqla_column_of(tables[t].model, "name")), name.t));
    say("    sqla_all(sqla_select(s, %s)", tables[t].model->name);
    if (!all)
        say(" /* WHERE name = \"%s\" */", name.t);
    say(", %s, &n, &err);\n", tables[t].model->name);
    void **found = sqla_all_(q, tables[t].model, &n, &err);
    if (after_query(&err))
        look_at_found(t, found, n, all ? NULL : &name);
    sqla_stmt_free(q);
}

void do_selectin(const step *st)
{
    int t = (int)(st->a % TABLES), relations = tables[t].many_count + tables[t].one_count;
    sqla_error err = SQLA_ERROR_INIT;
    size_t n = 0;
    if (relations == 0)
        return;
    int at = (int)(st->b % (uint32_t)relations);
    bool to_many = at < tables[t].many_count;
    int i = to_many ? at : at - tables[t].many_count;
    const char *field = to_many ? tables[t].manies[i].field : tables[t].ones[i].field;
    if (!before_query())
        return;
    say("    sqla_all(sqla_selectin(sqla_select(s, %s), %s, %s), %s, &n, &err);\n", tables[t].model->name,
        tables[t].model->name, field, tables[t].model->name);
    sqla_stmt *q = sqla_load_with_(sqla_select_model(x.s, tables[t].model), tables[t].fn,
        to_many ? tables[t].manies[i].offset : tables[t].ones[i].offset);
    void **found = sqla_all_(q, tables[t].model, &n, &err);
    if (after_query(&err)) {
        look_at_found(t, found, n, NULL);
        for (size_t f = 0; f < n; f++) {
            int index = meet(t, found[f]);
            if (to_many)
                look_at_loaded(index, i);
            else
                look_at_target(index, i);
        }
    }
    sqla_stmt_free(q);
}

/* ---- one object --------------------------------------------------------------------------------------- */

static sqla_value as_value(const val *v)
{
    return v->t[0] != '\0' ? sqla_value_text(v->t) : sqla_value_i64(v->n);
}

static int find_by_row(int t, const record *of)
{
    for (int i = 0; i < w.count; i++) {
        bool equal = w.objects[i].table == t && has_row(&w.objects[i]);
        for (int c = 0; equal && c < tables[t].column_count; c++)
            equal = !tables[t].columns[c].key || same(&w.objects[i].was[c], &of->v[c]);
        if (equal)
            return i;
    }
    return NOBODY;
}

/* What was said of it is taken back: the collections that it was moved between are not said to be right. */
static void open_sides(const object *o, int r)
{
    int k = table_of_object(o)->ones[r].many;
    const int owners[] = { o->says[r].owner, o->to_was[r] };
    for (int i = 0; i < 2 && k >= 0 && o->says[r].verb != NOTHING; i++)
        if (owners[i] != NOBODY && w.objects[owners[i]].state != GONE) {
            w.objects[owners[i]].many[k].known = WHATEVER;
            w.objects[owners[i]].many[k].version++;
        }
}

/* The row is gone: so is the object from the session's work. */
static void lose(int index)
{
    w.objects[index].state = TRANSIENT;
    w.objects[index].clean = false;
    for (int r = 0; r < table_of_object(&w.objects[index])->one_count; r++) {
        open_sides(&w.objects[index], r);
        w.objects[index].says[r].verb = NOTHING;
        w.objects[index].by_call[r] = false;
    }
    for (int i = 0; i < w.count; i++) /* that a row was removed from it means nothing any more, unless a key says the opposite */
        for (int r = 0; has_row(&w.objects[i]) && r < table_of_object(&w.objects[i])->one_count; r++)
            if (w.objects[i].says[r].verb == REMOVED && w.objects[i].says[r].owner == index && !parent_of(&w, i, r).contradicts) {
                w.objects[i].says[r].verb = NOTHING;
                if (w.objects[i].to_was[r] != index) /* the pointer, which it took from another one, stands as if assigned */
                    w.objects[i].by_call[r] = false;
            }
}

static void look_at_got(int t, const record *wanted, void *got)
{
    int known = find_by_row(t, wanted), row = row_find(&w.db, t, wanted->v);
    if (row < 0) {
        if (got != NULL)
            wrong("get", "get of '%s' %s gave an object; there is no such row", tables[t].model->name,
                print(&wanted->v[0]));
        if (known != NOBODY)
            lose(known);
        return;
    }
    int index = got != NULL ? meet(t, got) : NOBODY;
    if (index == NOBODY || (known != NOBODY && index != known))
        wrong("get", "get of '%s' %s gave %s; it should be %s", tables[t].model->name, print(&wanted->v[0]),
            name_of(index), name_of(known));
    refill(index);
}

void do_get(const step *st)
{
    int t = (int)(st->a % TABLES), n = 0;
    record wanted = { 0 };
    sqla_value key[2];
    sqla_error err = SQLA_ERROR_INIT;
    int known = pick(t, IN_PERSISTENT, st->b);
    if (st->c % 3 > 0 && known != NOBODY)
        memcpy(wanted.v, w.objects[known].was, sizeof wanted.v);
    else if (w.db.count[t] > 0)
        wanted = w.db.of[t][st->b % (uint32_t)w.db.count[t]];
    if (w.db.count[t] == 0 || st->c % 20 == 0)
        for (int c = 0; c < COLUMNS; c++)
            wanted.v[c] = tables[t].columns[c].form == FORM_TEXT ? text("none") : number(888888);
    if (!before_query())
        return;
    known = find_by_row(t, &wanted);
    if (known != NOBODY && w.objects[known].doomed)
        return;
    say("    sqla_get(s, %s", tables[t].model->name);
    for (int c = 0; c < tables[t].column_count; c++)
        if (tables[t].columns[c].key) {
            key[n++] = as_value(&wanted.v[c]);
            say(", %s", print(&wanted.v[c]));
        }
    say(", &err);\n");
    void *got = sqla_get_(x.s, tables[t].model, key, (size_t)n, &err);
    if (after_query(&err))
        look_at_got(t, &wanted, got);
}

static void drop_changes(object *o)
{
    for (int c = 0; c < table_of_object(o)->column_count; c++)
        o->now[c] = o->was[c];
    for (int r = 0; r < table_of_object(o)->one_count; r++) {
        open_sides(o, r);
        o->says[r].verb = NOTHING;
        o->by_call[r] = false;
        if (o->to[r] != o->to_was[r])
            o->version[r]++;
        o->to[r] = o->to_was[r];
        o->open_to[r] = true;
    }
}

void do_refresh(const step *st)
{
    int index = pick(-1, st->b % 20 == 0 ? IN_LIVE | IN_TRANSIENT : IN_PERSISTENT, st->a);
    if (index == NOBODY)
        return;
    object *o = &w.objects[index];
    bool there = object_row(&w, index) >= 0;
    sqla_status must = !has_row(o) ? SQLA_ERR_MISUSE : there ? SQLA_OK : SQLA_ERR_NOT_FOUND;
    sqla_error err = SQLA_ERROR_INIT;
    say("    sqla_refresh(s, o%d, &err);\n", index);
    sqla_status status = sqla_refresh(x.s, o->at, &err);
    if (status != must)
        wrong("status", "refresh gave %s (%s); it should be %s", sqla_status_name(status), err.message,
            sqla_status_name(must));
    if (status != SQLA_OK)
        say("    sqla_error_clear(&err);\n");
    if (must == SQLA_ERR_NOT_FOUND) {
        drop_changes(o);
        lose(index);
    }
    x.idle = false;
    if (must != SQLA_OK)
        return;
    o->stale = true;
    drop_changes(o);
    refill(index);
    for (int k = 0; k < table_of_object(o)->many_count; k++) {
        coll *c = &o->many[k];
        c->loaded = false;
        c->count = 0;
        c->known = EXACTLY;
        c->version++;
    }
}

void do_expire(const step *st)
{
    int index = pick(-1, IN_LIVE | IN_DOOMED, st->a);
    if (index == NOBODY)
        return;
    object *o = &w.objects[index];
    say("    sqla_expire(s, o%d);\n", index);
    sqla_expire(x.s, o->at);
    o->stale = true;
    for (int k = 0; k < MANIES; k++)
        o->many[k].stale = true;
}
