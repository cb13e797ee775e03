/* change.c: steps that change objects: add, assign, append, remove, delete, expunge; and calls that are
 * misuse. */
#include <config.h>
#include "run.h"

#include <stdlib.h>
#include <string.h>

static const char *const texts[] = { "a", "b", "c", "d", "ee", "ff", "", "gggg" };
static const char *any_text(uint32_t operand)
{
    return texts[operand % (sizeof texts / sizeof texts[0])];
}

/* ---- assigning ---------------------------------------------------------------------------------------- */

static void say_value(const char *left, const column *c, const val *v)
{
    switch (c->form) {
    case FORM_CHARS:
        say("    strcpy(%s%s, %s);\n", left, c->field, print(v));
        break;
    case FORM_INT:
        say("    %s%s = %lld;\n", left, c->field, (long long)v->n);
        break;
    case FORM_TEXT:
        say("    %s%s = %s%s%s;\n", left, c->field, v->set ? "lend(" : "", print(v), v->set ? ")" : "");
        break;
    case FORM_OPT64:
        say("    %s%s = (sqla_opt_i64){ %lld, %s };\n", left, c->field, (long long)v->n,
            v->set ? "true" : "false");
        break;
    case FORM_OPT32:
        say("    %s%s = (sqla_opt_i32){ %lld, %s };\n", left, c->field, (long long)v->n,
            v->set ? "true" : "false");
        break;
    }
}

static void put(void *place, const column *c, const val *v)
{
    char *at = (char *)place + c->offset;
    switch (c->form) {
    case FORM_INT:
        memcpy(at, &v->n, sizeof v->n);
        break;
    case FORM_OPT64:
        memcpy(at, &(sqla_opt_i64){ v->n, v->set }, sizeof(sqla_opt_i64));
        break;
    case FORM_OPT32:
        memcpy(at, &(sqla_opt_i32){ (int32_t)v->n, v->set }, sizeof(sqla_opt_i32));
        break;
    case FORM_CHARS:
        snprintf(at, c->size, "%s", v->t);
        break;
    case FORM_TEXT: {
        const char *t = v->set ? lend(v->t) : NULL;
        memcpy(at, &t, sizeof t);
        break;
    }
    }
}

void assign(int index, int c, val v)
{
    object *o = &w.objects[index];
    const column *field = &table_of_object(o)->columns[c];
    char left[24];
    snprintf(left, sizeof left, "o%d->", index);
    put(o->at, field, &v);
    o->now[c] = v;
    say_value(left, field, &v);
}

static void put_pointer(void *place, const one *relation, int to)
{
    void *at = to != NOBODY ? w.objects[to].at : NULL;
    memcpy((char *)place + relation->offset, &at, sizeof at);
}

void point(int index, int r, int to)
{
    object *o = &w.objects[index];
    put_pointer(o->at, &table_of_object(o)->ones[r], to);
    o->to[r] = o->hand_to[r] = (int16_t)to;
    o->pointed[r] = true;
    o->version[r]++;
    say("    o%d->%s = %s;\n", index, table_of_object(o)->ones[r].field, name_of(to));
}

/* ---- add ---------------------------------------------------------------------------------------------- */

static bool is_room(int t)
{
    int live = 0;
    for (int i = 0; i < w.count; i++)
        live += w.objects[i].table == t && is_live(&w.objects[i]);
    return live < 9 && w.db.count[t] < 16 && w.count < MAX_OBJECTS - 150;
}

/* A key that the program gives: mostly a new one. */
static val natural_key(const column *c, uint32_t operand)
{
    char code[8];
    unsigned n = operand % 24 == 0 && x.made > 0 ? 1 + operand / 24 % x.made : ++x.made;
    if (c->form != FORM_TEXT)
        return number(n);
    snprintf(code, sizeof code, "k%u", n);
    return text(code);
}

static val first_value(const column *c, uint32_t operand)
{
    if (c->key && !c->generated && c->one < 0)
        return natural_key(c, operand);
    if (c->generated || c->one >= 0)
        return unset();
    if (c->form == FORM_OPT32)
        return operand % 3 == 0 ? unset() : number(1 + operand % 50);
    if (c->form == FORM_TEXT && !c->not_null && operand % 3 == 0)
        return unset();
    return text(any_text(operand));
}

/* Whose child it is from the start: by pointer, by key, or nobody's. */
static void first_parent(int index, void *place, int r, uint32_t operand)
{
    object *o = &w.objects[index];
    const one *relation = &table_of_object(o)->ones[r];
    const column *key = &table_of_object(o)->columns[relation->column];
    int to = pick(relation->target, operand % 32 == 0 ? IN_LIVE | IN_TRANSIENT : IN_LIVE, operand / 8);
    if (to == NOBODY || to == index || (!key->not_null && operand % 4 == 0))
        return;
    const val *value = object_key(&w, to, relation);
    if (operand % 4 == 1 && value->set) {
        o->now[relation->column] = *value;
        put(place, key, value);
        say_value("new_one.", key, value);
        return;
    }
    o->to[r] = (int16_t)to;
    put_pointer(place, relation, to);
    say("    new_one.%s = %s;\n", relation->field, name_of(to));
}

static int begin_new(int t)
{
    int index = object_new(t, NULL);
    w.objects[index].state = PENDING;
    w.objects[index].clean = true;
    say("    %s *o%d;\n", tables[t].model->name, index);
    return index;
}

void do_add(const step *st)
{
    _Alignas(16) char place[512] = { 0 };
    int t = (int)(st->a % TABLES);
    if (!is_room(t))
        return;
    int index = begin_new(t);
    object *o = &w.objects[index];
    say("    { %s new_one = { 0 };\n", tables[t].model->name);
    for (int c = 0; c < tables[t].column_count; c++) {
        o->now[c] = first_value(&tables[t].columns[c], st->b + (uint32_t)c * 7 + st->c * (uint32_t)(c == 1));
        put(place, &tables[t].columns[c], &o->now[c]);
        if (o->now[c].set)
            say_value("new_one.", &tables[t].columns[c], &o->now[c]);
    }
    for (int r = 0; r < tables[t].one_count; r++)
        first_parent(index, place, r, st->c + (uint32_t)r * st->d);
    o->at = sqla_add_object_(x.s, tables[t].model, place);
    say("      o%d = sqla_add_object(s, %s, &new_one); }\n", index, tables[t].model->name);
    if (o->at == NULL)
        wrong("add", "sqla_add of '%s' gave NULL", tables[t].model->name);
}

void do_new(const step *st)
{
    int t = (int)(st->a % TABLES);
    if (!is_room(t))
        return;
    int index = begin_new(t);
    w.objects[index].at = sqla_new_object(x.s, tables[t].model);
    say("    o%d = sqla_new(s, %s);\n", index, tables[t].model->name);
    if (w.objects[index].at == NULL)
        wrong("add", "sqla_new of '%s' gave NULL", tables[t].model->name);
    for (int c = 0; c < tables[t].column_count; c++) {
        val v = first_value(&tables[t].columns[c], st->b + (uint32_t)c * 5);
        if (v.set)
            assign(index, c, v);
    }
    for (int r = 0; r < tables[t].one_count; r++) {
        int to = pick(tables[t].ones[r].target, IN_LIVE, st->c + (uint32_t)r);
        if (to != NOBODY && to != index &&
            (tables[t].columns[tables[t].ones[r].column].not_null || st->d % 3 > 0))
            point(index, r, to);
    }
}

static bool is_in_a_collection(int index)
{
    for (int i = 0; i < w.count; i++)
        for (int k = 0; k < table_of_object(&w.objects[i])->many_count; k++)
            if (w.objects[i].state != GONE && coll_has(&w.objects[i].many[k], index))
                return true;
    return false;
}

void do_add_again(const step *st)
{
    int index = pick(-1, IN_LIVE | IN_DOOMED | IN_TRANSIENT | IN_UNCLEAN, st->a);
    if (index == NOBODY)
        return;
    object *o = &w.objects[index];
    bool unclean = o->state == TRANSIENT && !o->clean;
    for (int k = 0; o->state == TRANSIENT && k < table_of_object(o)->many_count; k++)
        if (o->many[k].loaded)
            return; /* what it has is from before, and is not said to go */
    if (unclean && is_in_a_collection(index))
        return;
    for (int r = 0; unclean && r < table_of_object(o)->one_count; r++)
        if (table_of_object(o)->columns[table_of_object(o)->ones[r].column].key)
            return;
    if (unclean && table_of_object(o)->generated)
        assign(index, 0, unset());
    for (int r = 0; unclean && r < table_of_object(o)->one_count; r++) {
        assign(index, table_of_object(o)->ones[r].column, unset());
        point(index, r, NOBODY);
    }
    say("    sqla_add_object(s, %s, o%d);\n", table_of_object(o)->model->name, index);
    if (sqla_add_object_(x.s, table_of_object(o)->model, o->at) != o->at)
        wrong("add", "sqla_add_object of o%d gave another one", index);
    if (o->state == TRANSIENT)
        o->state = PENDING;
    for (int k = 0; unclean && k < table_of_object(o)->many_count; k++)
        o->many[k].known = WHATEVER;
    o->clean = true;
    o->doomed = o->dropped = false;
}

/* ---- fields, keys, pointers --------------------------------------------------------------------------- */

void do_set_field(const step *st)
{
    int index = pick(-1, st->d % 20 == 0 ? IN_LIVE | IN_DOOMED | IN_TRANSIENT : IN_LIVE, st->a);
    if (index == NOBODY)
        return;
    const table *t = table_of_object(&w.objects[index]);
    int c = (int)(st->b % (uint32_t)t->column_count);
    const column *field = &t->columns[c];
    if (field->key || field->one >= 0)
        c = t->name;
    val v = first_value(&t->columns[c], st->c);
    if (st->d % 5 == 0) /* the same again, in other memory */
        v = w.objects[index].now[c].set || !t->columns[c].not_null ? w.objects[index].now[c] : v;
    assign(index, c, v);
}

/* The key of a K changes, in a flush of its own: what else is said of its children is another matter. */
void do_rename(const step *st)
{
    if (is_dirty())
        do_flush(&(step){ .a = 1, .c = st->c });
    int index = pick(TABLE_K, IN_PERSISTENT, st->a);
    if (index == NOBODY || is_dirty() || x.rebase)
        return;
    assign(index, 0, natural_key(&tables[TABLE_K].columns[0], st->b));
    do_flush(&(step){ .a = 1, .c = st->d });
}

/* ---- delete and expunge ------------------------------------------------------------------------------- */

/* Does a pointer lead here that no collection answers? Then what becomes of it is not said. */
static bool is_looked_at(int index)
{
    for (int i = 0; i < w.count; i++)
        for (int r = 0; r < table_of_object(&w.objects[i])->one_count; r++)
            if (is_live(&w.objects[i]) && w.objects[i].to[r] == index &&
                table_of_object(&w.objects[i])->ones[r].many < 0)
                return true;
    return false;
}

void do_delete(const step *st)
{
    int index = pick(-1, IN_LIVE | IN_DOOMED, st->a);
    if (index == NOBODY || (w.objects[index].state == PENDING && is_looked_at(index)))
        return;
    object *o = &w.objects[index];
    say("    sqla_delete(s, o%d);\n", index);
    sqla_delete(x.s, o->at);
    if (has_row(o)) {
        o->doomed = true;
    } else {
        o->state = TRANSIENT;
        o->dropped = o->clean = true;
    }
}

void do_expunge(const step *st)
{
    int index = pick(-1, IN_LIVE | IN_DOOMED | IN_TRANSIENT | IN_UNCLEAN | IN_DELETED, st->a);
    if (index != NOBODY)
        expunge(index);
}

void expunge(int index)
{
    say("    sqla_expunge(s, o%d);\n", index);
    sqla_expunge(x.s, w.objects[index].at);
    forget_object(index);
}

/* ---- misuse ------------------------------------------------------------------------------------------- */

/* What is no object of this session, in all places where one is taken. */
void do_misuse(const step *st)
{
    P plain = { .name = "plain" };
    int child = pick(TABLE_C, IN_PERSISTENT, st->b), owner = pick(TABLE_P, IN_LIVE, st->b),
        gone = pick(-1, IN_TRANSIENT | IN_UNCLEAN, st->b);
    if (child == NOBODY || owner == NOBODY || w.objects[child].born || object_row(&w, child) < 0)
        return;
    C *c = w.objects[child].at;
    switch (st->a % 6) {
    case 0:
        say("    sqla_add_object(s, P, foreign);\n");
        sqla_add_object_(x.s, tables[TABLE_P].model, x.foreign);
        break;
    case 1:
        say("    o%d->p = foreign;\n", child);
        c->p = x.foreign;
        break;
    case 2:
        say("    { static P plain = { .name = \"plain\" }; o%d->p = &plain; }\n", child);
        c->p = &plain;
        break;
    case 3:
        say("    sqla_append(s, foreign, cs, o%d);\n", child);
        sqla_append_(x.s, x.foreign, "cs", c);
        break;
    case 4:
        say("    sqla_delete(s, foreign);\n");
        sqla_delete(x.s, x.foreign);
        break;
    case 5:
        if (gone == NOBODY)
            return;
        say("    sqla_delete(s, o%d);\n", gone);
        sqla_delete(x.s, w.objects[gone].at);
        break;
    }
    expect_kept_misuse(st->c);
}
