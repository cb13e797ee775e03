/* raw.c: rows change behind the session's back: by another connection between two transactions, and by raw
 * SQL on its own, after which it is told by sqla_expire. */
#include <config.h>
#include "run.h"

#include <string.h>

static bool own; /* on the session's connection */

static void execute(const char *sql)
{
    sqla_error err = SQLA_ERROR_INIT;
    say("    sqla_execute(%s, \"%s\", NULL, &err);\n", own ? "s" : "beside", sql);
    if (own)
        sqla_execute(x.s, sql, NULL, &err);
    else
        sqla_execute(x.conn, sql, NULL, &err);
    if (sqla_failed(&err))
        wrong("raw", "%s: %s", sql, err.message);
}

static const char *literal(const val *v)
{
    static char rooms[8][24];
    static unsigned at;
    char *room = rooms[at++ % 8];
    if (!v->set)
        snprintf(room, sizeof rooms[0], "NULL");
    else if (v->t[0] != '\0' || v->n == 0)
        snprintf(room, sizeof rooms[0], "'%s'", v->t);
    else
        snprintf(room, sizeof rooms[0], "%lld", (long long)v->n);
    return room;
}

/* WHERE with the key. */
static const char *where(int t, const record *r)
{
    static char room[100];
    size_t at = 0;
    for (int c = 0; c < tables[t].column_count; c++)
        if (tables[t].columns[c].key)
            at += (size_t)snprintf(room + at, sizeof room - at, "%s %s = %s", at == 0 ? " WHERE" : " AND",
                tables[t].columns[c].field, literal(&r->v[c]));
    return room;
}

/* ---- objects that have to be told --------------------------------------------------------------------- */

static void expire(int index)
{
    if (index == NOBODY || !has_row(&w.objects[index]))
        return;
    object *o = &w.objects[index];
    if (own || x.keep_on_commit) {
        say("    sqla_expire(s, o%d);\n", index);
        sqla_expire(x.s, o->at);
        o->stale = true;
    }
    for (int k = 0; o->stale && k < MANIES; k++)
        o->many[k].stale = true;
}

static int object_of(int t, int row)
{
    for (int i = 0; i < w.count; i++)
        if (w.objects[i].table == t && has_row(&w.objects[i]) && object_row(&w, i) == row)
            return i;
    return NOBODY;
}

static void expire_owners(int t, const record *r)
{
    for (int k = 0; k < tables[t].one_count; k++) {
        const one *relation = &tables[t].ones[k];
        int row = r->v[relation->column].set
                      ? row_find_by(&w.db, relation->target, relation->target_column, &r->v[relation->column])
                      : -1;
        if (row >= 0)
            expire(object_of(relation->target, row));
    }
}

/* ---- what changes ------------------------------------------------------------------------------------- */

static bool is_referred_to(int t, const record *r)
{
    for (int other = 0; other < TABLES; other++)
        for (int k = 0; k < tables[other].one_count; k++)
            if (tables[other].ones[k].target == t && row_find_by(&w.db, other, tables[other].ones[k].column,
                                                         &r->v[tables[other].ones[k].target_column]) >= 0)
                return true;
    return false;
}

static void change_name(int t, int i, uint32_t operand)
{
    char sql[200];
    static const char *const names[] = { "a", "b", "raw", "x" };
    record *r = &w.db.of[t][i];
    r->v[tables[t].name] = text(names[operand % 4]);
    snprintf(sql, sizeof sql, "UPDATE %s SET name = '%s'%s", tables[t].model->table, names[operand % 4],
        where(t, r));
    execute(sql);
}

static void change_parent(int t, int i, uint32_t operand)
{
    char sql[200];
    if (tables[t].one_count == 0)
        return;
    const one *relation = &tables[t].ones[operand % (uint32_t)tables[t].one_count];
    const column *key = &tables[t].columns[relation->column];
    int n = w.db.count[relation->target];
    record *r = &w.db.of[t][i];
    val to = unset();
    if (key->key || (n == 0 && key->not_null))
        return;
    if (n > 0 && (key->not_null || operand / 4 % 3 > 0))
        to = w.db.of[relation->target][operand / 16 % (uint32_t)n].v[relation->target_column];
    expire_owners(t, r);
    r->v[relation->column] = to;
    snprintf(sql, sizeof sql, "UPDATE %s SET %s = %s%s", tables[t].model->table, key->field, literal(&to),
        where(t, r));
    execute(sql);
    expire_owners(t, r);
}

static void delete_one(int t, int i)
{
    char sql[200];
    record r = w.db.of[t][i];
    if (is_referred_to(t, &r))
        return;
    expire_owners(t, &r);
    snprintf(sql, sizeof sql, "DELETE FROM %s%s", tables[t].model->table, where(t, &r));
    execute(sql);
    row_remove(&w.db, t, i);
}

static int64_t newest(int t)
{
    char sql[100];
    sqla_error err = SQLA_ERROR_INIT;
    snprintf(sql, sizeof sql, "SELECT max(id) FROM %s", tables[t].model->table);
    sqla_stmt *q = own ? sqla_sql(x.s, sql) : sqla_sql(x.conn, sql);
    int64_t n = sqla_scalar_i64(q, &err);
    sqla_stmt_free(q);
    return n;
}

/* Where keys are given again, the row may be taken for one that is gone; a program that knows expunges that one's object. */
static void expunge_ghosts(int t)
{
    for (int i = 0; gives_keys_again && tables[t].generated && i < w.count; i++)
        if (w.objects[i].table == t && has_row(&w.objects[i]) && object_row(&w, i) < 0)
            expunge(i);
}

static void insert_one(int t, uint32_t operand)
{
    char sql[400], values[200];
    record r = { 0 };
    size_t at = 0, to = 0;
    at += (size_t)snprintf(sql, sizeof sql, "INSERT INTO %s (", tables[t].model->table);
    for (int c = 0; c < tables[t].column_count; c++) {
        const column *field = &tables[t].columns[c];
        int n = field->one >= 0 ? w.db.count[tables[t].ones[field->one].target] : 0;
        if (field->generated)
            continue;
        if (field->one >= 0 && n > 0 && (field->not_null || operand % 3 > 0))
            r.v[c] = w.db.of[tables[t].ones[field->one].target][operand / 4 % (uint32_t)n]
                         .v[tables[t].ones[field->one].target_column];
        else if (field->key && field->one < 0)
            r.v[c] = number(++x.made);
        else if (field->not_null && field->one < 0)
            r.v[c] = text("raw");
        if (field->key && field->form == FORM_TEXT)
            snprintf(r.v[c].t, sizeof r.v[c].t, "k%u", x.made), r.v[c].n = 0;
        if (field->not_null && !r.v[c].set)
            return;
        at += (size_t)snprintf(sql + at, sizeof sql - at, "%s%s", to > 0 ? ", " : "", field->field);
        to += (size_t)snprintf(values + to, sizeof values - to, "%s%s", to > 0 ? ", " : "", literal(&r.v[c]));
    }
    if (!tables[t].generated && row_find(&w.db, t, r.v) >= 0)
        return;
    expunge_ghosts(t);
    snprintf(sql + at, sizeof sql - at, ") VALUES (%s)", values);
    execute(sql);
    if (tables[t].generated)
        r.v[0] = number(newest(t));
    w.db.of[t][w.db.count[t]++] = r;
    expire_owners(t, &r);
}

static void change(const step *st)
{
    int t = (int)(st->a % TABLES), n = w.db.count[t];
    if (st->c % 4 == 0) {
        if (n < 12)
            insert_one(t, st->b);
        return;
    }
    if (n == 0)
        return;
    int i = (int)(st->b % (uint32_t)n), known = object_of(t, i);
    if (known == NOBODY && (own || x.keep_on_commit))
        return; /* the session may know it, and could not be told */
    if (st->c % 4 == 1)
        change_name(t, i, st->d);
    else if (st->c % 4 == 2)
        change_parent(t, i, st->d);
    else
        delete_one(t, i);
    expire(known);
}

void do_raw_beside(const step *st)
{
    if (!x.idle)
        do_commit(&(step){ .a = 1, .c = st->c });
    if (!x.idle)
        return; /* it failed, and a savepoint was rolled back */
    own = false;
    change(st);
    memcpy(&saved[0].db, &w.db, sizeof w.db);
}

void do_raw(const step *st)
{
    if (is_dirty())
        do_flush(&(step){ .a = 1, .c = st->c });
    if (x.rebase)
        return; /* it was rolled back */
    own = true;
    w.raw = true;
    x.idle = false;
    x.may_read = true;
    change(st);
}
