/* plan.c: which objects go, and what the rows become. Nothing here looks at how the library does it. */
#include <config.h>
#include "plan.h"

#include <string.h>

plan p;
bool gives_keys_again;

/* ---- who takes part ----------------------------------------------------------------------------------- */

static bool takes_part(const object *o)
{
    return o->state == PENDING || (has_row(o) && !o->doomed);
}

static bool pend(int index)
{
    object *o = index != NOBODY ? &p.next.objects[index] : NULL;
    if (o == NULL || o->state != TRANSIENT || o->dropped)
        return false;
    o->state = PENDING;
    p.came[index] = true;
    return true;
}

/* What is pointed at, and what was appended, comes along. */
static void pend_what_is_meant(void)
{
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < p.next.count; i++) {
            const object *o = &p.next.objects[i];
            for (int r = 0; r < table_of_object(o)->one_count; r++) {
                bool appended = o->says[r].verb == APPENDED;
                if (appended && o->state == TRANSIENT && pend(i))
                    more = true;
                if (takes_part(o) && appended && pend(o->says[r].owner))
                    more = true;
                if (takes_part(o) && pointer_stated(o, r) && pend(o->to[r]))
                    more = true;
            }
        }
    }
}

/* ---- who dies ----------------------------------------------------------------------------------------- */

/* What still has to be looked at for children. Rows of which no object is known have children too. */
typedef struct going {
    int object, table;
    val key;
} going;
static going queue[MAX_OBJECTS + TABLES * MAX_ROWS];
static int queued;

static void go(int index, fate how)
{
    const object *o = &p.next.objects[index];
    if (p.fate[index] == DIES || p.fate[index] == LEFT_OUT)
        return;
    p.fate[index] = (uint8_t)how;
    queue[queued++] = (going){ .object = index, .table = o->table, .key = has_row(o) ? o->was[0] : unset() };
}

/* Is this child the one's whose key the row names, now that it was read again? */
static bool was_taken_from(int index, int r, int owner)
{
    const object *o = &p.next.objects[index];
    const one *relation = &table_of_object(o)->ones[r];
    int row = object_row(&p.next, index);
    if (row < 0 || owner == NOBODY || !has_row(&p.next.objects[owner]))
        return false;
    return same(&p.next.db.of[o->table][row].v[relation->column], object_key(&p.next, owner, relation));
}

static bool is_orphan(int index, int r)
{
    const object *o = &p.next.objects[index];
    const parent *its = &p.parents[index][r];
    if (!table_of_object(o)->ones[r].orphans_die || its->is != OF_NOBODY ||
        (has_row(o) && key_stated(o, r)))
        return false;
    if (!has_row(o))
        return its->by_remove;
    return (o->says[r].verb == REMOVED && o->says[r].from_row && was_taken_from(index, r, o->says[r].owner)) ||
           (its->by_null && was_taken_from(index, r, o->to_was[r]));
}

static bool belongs(int index, int r, const going *owner)
{
    const object *o = &p.next.objects[index];
    const parent *its = &p.parents[index][r];
    if (!takes_part(o) || its->cascaded)
        return false;
    if (its->is == OF_OBJECT)
        return owner->object != NOBODY && its->object == owner->object;
    int row = has_row(o) && its->is == AS_THE_ROW_SAYS ? object_row(&p.next, index) : -1;
    return row >= 0 && owner->key.set &&
           same(&p.next.db.of[o->table][row].v[table_of_object(o)->ones[r].column], &owner->key);
}

static int object_of_row(int t, int row)
{
    for (int o = 0; o < p.next.count; o++)
        if (p.next.objects[o].table == t && has_row(&p.next.objects[o]) && object_row(&p.next, o) == row)
            return o;
    return NOBODY;
}

/* Rows of the owner of which no object is known. */
static void spread_to_rows(const going *owner, const many *m, bool owned)
{
    int c = tables[m->target].ones[m->one].column;
    for (int i = p.next.db.count[m->target]; owner->key.set && i-- > 0;) {
        record *child = &p.next.db.of[m->target][i];
        if (!same(&child->v[c], &owner->key) || object_of_row(m->target, i) != NOBODY)
            continue;
        if (owned) {
            queue[queued++] = (going){ .object = NOBODY, .table = m->target, .key = child->v[0] };
            row_remove(&p.next.db, m->target, i);
        } else {
            child->v[c] = unset();
        }
        p.writes = true;
    }
}

static void spread(bool owned)
{
    for (int i = 0; i < queued; i++) { /* it grows */
        const going owner = queue[i];
        for (int k = 0; k < tables[owner.table].many_count; k++) {
            const many *m = &tables[owner.table].manies[k];
            if (m->owns != owned)
                continue;
            for (int o = 0; o < p.next.count; o++) {
                if (p.next.objects[o].table != m->target || p.fate[o] == DIES || p.fate[o] == LEFT_OUT ||
                    !belongs(o, m->one, &owner))
                    continue;
                if (owned) {
                    go(o, has_row(&p.next.objects[o]) ? DIES : LEFT_OUT);
                } else {
                    if (p.parents[o][m->one].is == OF_OBJECT)
                        p.may |= IS_FOREIGN_KEY; /* it says that it is the child of one that goes */
                    bool contradicts = p.parents[o][m->one].contradicts;
                    p.parents[o][m->one] = (parent){
                        .is = OF_NOBODY, .object = NOBODY, .cascaded = true, .contradicts = contradicts
                    };
                }
            }
            spread_to_rows(&owner, m, owned);
        }
    }
}

/* Removed from one whose it was no more, as the row says when it is read again: that says nothing. */
static bool is_moot(int index, int r)
{
    const object *o = &p.next.objects[index];
    int c = table_of_object(o)->ones[r].column, row = has_row(o) ? object_row(&p.next, index) : -1;
    return row >= 0 && o->stale && p.parents[index][r].by_remove && o->says[r].from_row &&
           !same(&p.next.db.of[o->table][row].v[c], &o->was[c]) &&
           !was_taken_from(index, r, o->says[r].owner);
}

static void decide_fates(void)
{
    queued = 0;
    for (int i = 0; i < p.next.count; i++) {
        const object *o = &p.next.objects[i];
        for (int r = 0; r < table_of_object(o)->one_count; r++) {
            p.parents[i][r] = parent_of(&p.next, i, r);
            p.moot[i][r] = is_moot(i, r);
            if (p.moot[i][r])
                p.parents[i][r] = (parent){ .is = AS_THE_ROW_SAYS, .object = NOBODY };
        }
    }
    for (int i = 0; i < p.next.count; i++) {
        const object *o = &p.next.objects[i];
        if (has_row(o) && o->doomed)
            go(i, DIES);
        else if (o->state == TRANSIENT && o->dropped)
            go(i, LEFT_OUT);
        for (int r = 0; takes_part(o) && r < table_of_object(o)->one_count; r++)
            if (is_orphan(i, r))
                go(i, has_row(o) ? DIES : LEFT_OUT);
    }
    spread(true);
    spread(false);
    for (int i = 0; i < p.next.count; i++)
        if (p.next.objects[i].state == PENDING && p.fate[i] == STAYS)
            p.fate[i] = INSERTED;
}

/* ---- what is refused ---------------------------------------------------------------------------------- */

static bool goes(int index)
{
    return p.next.objects[index].state == DELETED || p.fate[index] == DIES || p.fate[index] == LEFT_OUT;
}

static void check_object(int index)
{
    const object *o = &p.next.objects[index];
    bool stays = p.fate[index] != DIES && p.fate[index] != LEFT_OUT;
    for (int r = 0; r < table_of_object(o)->one_count; r++) {
        const parent *its = &p.parents[index][r];
        const column *key = &table_of_object(o)->columns[table_of_object(o)->ones[r].column];
        if (its->contradicts && stays && takes_part(o))
            p.must |= IS_MISUSE;
        else if (its->contradicts && is_live(o))
            p.may |= IS_MISUSE;
        if (!stays || !takes_part(o))
            continue;
        if (its->is == OF_OBJECT && goes(its->object))
            p.must |= IS_FOREIGN_KEY;
        if (its->is == OF_OBJECT && has_row(&p.next.objects[its->object]) && object_row(&w, its->object) < 0)
            p.may |= IS_FOREIGN_KEY; /* its row is gone, and one with its key may come too late */
        if (its->is == OF_NOBODY && key->not_null) /* a plain 0 of a new object may be sent as one */
            p.must |= IS_NOT_NULL | (key->form == FORM_INT && !has_row(o) ? IS_FOREIGN_KEY : 0);
    }
    if (p.fate[index] == INSERTED && p.came[index] && !o->clean && table_of_object(o)->generated && o->now[0].set)
        p.must |= IS_DATA; /* it has a key that the database made once */
    for (int c = 0; takes_part(o) && stays && c < table_of_object(o)->column_count; c++) {
        const column *field = &table_of_object(o)->columns[c];
        if (field->one < 0 && field->not_null && !field->generated && !o->now[c].set)
            p.must |= IS_NOT_NULL;
    }
}

/* ---- rows --------------------------------------------------------------------------------------------- */

/* The key of one that is not inserted yet. */
static val key_to_come(int index)
{
    return number(-1 - index);
}

static val key_written(int index, int r)
{
    const parent *its = &p.parents[index][r];
    const one *relation = &table_of_object(&p.next.objects[index])->ones[r];
    if (its->is == OF_KEY)
        return its->key;
    if (its->is != OF_OBJECT)
        return unset();
    const val *key = object_key(&p.next, its->object, relation);
    return key->set ? *key : key_to_come(its->object);
}

/* The values that the row of an object gets. */
static void written(int index, val *ret)
{
    const object *o = &p.next.objects[index];
    for (int c = 0; c < table_of_object(o)->column_count; c++) {
        const column *field = &table_of_object(o)->columns[c];
        ret[c] = o->now[c];
        if (field->one >= 0 && p.parents[index][field->one].is == AS_THE_ROW_SAYS)
            ret[c] = o->was[c];
        else if (field->one >= 0)
            ret[c] = key_written(index, field->one);
        if (field->generated && !has_row(o))
            ret[c] = key_to_come(index);
    }
}

/* Is its row of today what counts: since its owner goes, or since it is moved, and read again for that? */
static bool goes_by_the_row(int index, int r)
{
    const parent *its = &p.parents[index][r];
    bool moved = (its->is == OF_OBJECT || its->is == OF_NOBODY) && !its->by_key;
    return its->cascaded || (p.next.objects[index].stale && moved);
}

/* A key changes, and the database lets those that name it follow. */
static void follow_key(int t, int c, const val *from, const val *to)
{
    if (p.rekeyed_count == sizeof p.rekeyed / sizeof p.rekeyed[0])
        wrong("test", "there are more changed keys than the test has room for");
    p.rekeyed[p.rekeyed_count].table = t;
    p.rekeyed[p.rekeyed_count].column = c;
    p.rekeyed[p.rekeyed_count++].from = *from;
    for (int u = 0; u < TABLES; u++)
        for (int r = 0; r < tables[u].one_count; r++) {
            const one *relation = &tables[u].ones[r];
            bool follows = relation->follows && relation->target == t && relation->target_column == c;
            for (int i = 0; follows && i < p.next.db.count[u]; i++)
                if (same(&p.next.db.of[u][i].v[relation->column], from))
                    p.next.db.of[u][i].v[relation->column] = *to;
        }
}

/* `row`: where it is, found before any key was written, since it may get the key that another one gives up. */
static void update_row(int index, int row)
{
    const object *o = &p.next.objects[index];
    val to[COLUMNS];
    written(index, to);
    for (int c = 0; c < table_of_object(o)->column_count; c++) {
        int r = table_of_object(o)->columns[c].one;
        bool today = row >= 0 && r >= 0 && goes_by_the_row(index, r);
        bool changes = !same(&to[c], today ? &p.next.db.of[o->table][row].v[c] : &o->was[c]);
        if (row >= 0 && r >= 0 && p.parents[index][r].is != AS_THE_ROW_SAYS &&
            !same(&p.next.db.of[o->table][row].v[c], &o->was[c]))
            p.either[index][r] = true;
        if (!changes)
            continue;
        p.fate[index] = UPDATED;
        if (r >= 0)
            p.moved[index][r] = true;
        if (row < 0) {
            p.must |= IS_STALE;
            continue;
        }
        const val from = p.next.db.of[o->table][row].v[c];
        p.next.db.of[o->table][row].v[c] = to[c];
        if (r < 0 && table_of_object(o)->columns[c].key)
            follow_key(o->table, c, &from, &to[c]);
    }
}

static void insert_row(int index)
{
    const object *o = &p.next.objects[index];
    if (p.next.db.count[o->table] == MAX_ROWS)
        wrong("test", "a table has more rows than the test has room for");
    written(index, p.next.db.of[o->table][p.next.db.count[o->table]++].v);
    for (int r = 0; r < table_of_object(o)->one_count; r++)
        p.moved[index][r] = p.parents[index][r].is != OF_NOBODY;
}

static void delete_row(int index)
{
    int row = object_row(&p.next, index);
    if (row < 0)
        p.must |= IS_STALE;
    else
        row_remove(&p.next.db, p.next.objects[index].table, row);
}

/* A key that a row had before may still be there when another row gets it. */
static void check_reused_keys(void)
{
    for (int i = 0; i < p.next.count; i++) /* that of an object, too, whose row is gone */
        for (int k = 0; p.fate[i] == INSERTED && !table_of_object(&p.next.objects[i])->generated && k < p.next.count; k++)
            if (p.next.objects[k].table == p.next.objects[i].table && has_row(&p.next.objects[k]) &&
                object_row(&p.next, k) >= 0 && p.fate[k] != INSERTED && object_row(&w, k) < 0)
                p.may |= IS_UNIQUE;
    for (int i = 0; i < p.next.count; i++) {
        const object *o = &p.next.objects[i];
        val to[COLUMNS];
        if (p.fate[i] != INSERTED && p.fate[i] != UPDATED)
            continue;
        written(i, to);
        int row = row_find(&w.db, o->table, to);
        if (row >= 0 && (p.fate[i] == INSERTED || row != object_row(&w, i)))
            p.may |= IS_UNIQUE;
    }
}

/* Does the flush insert into this table, with keys that the database makes? */
static bool is_to_come(int t)
{
    for (int i = 0; i < p.next.count; i++)
        if (p.next.objects[i].table == t && p.fate[i] == INSERTED && tables[t].generated)
            return true;
    return false;
}

static void check_rows(void)
{
    for (int t = 0; t < TABLES; t++)
        for (int i = 0; i < p.next.db.count[t]; i++) {
            const record *this = &p.next.db.of[t][i];
            if (row_find(&p.next.db, t, this->v) != i)
                p.must |= IS_UNIQUE;
            for (int r = 0; r < tables[t].one_count; r++) {
                const one *relation = &tables[t].ones[r];
                const val *key = &this->v[relation->column];
                if (!key->set || row_find_by(&p.next.db, relation->target, relation->target_column, key) >= 0)
                    continue;
                if (is_to_come(
                        relation->target)) /* one of the keys that the database will make may be that */
                    p.may |= IS_FOREIGN_KEY | (gives_keys_again ? IS_UNIQUE : 0);
                else
                    p.must |= IS_FOREIGN_KEY;
            }
        }
}

static void write_rows(void)
{
    for (int i = 0; i < p.next.count; i++)
        if (p.fate[i] == DIES)
            delete_row(i);
    int rows[MAX_OBJECTS];
    for (int i = 0; i < p.next.count; i++)
        rows[i] = object_row(&p.next, i);
    for (int i = 0; i < p.next.count; i++)
        if (takes_part(&p.next.objects[i]) && has_row(&p.next.objects[i]) && p.fate[i] == STAYS)
            update_row(i, rows[i]);
    for (int i = 0; i < p.next.count; i++)
        if (p.fate[i] == INSERTED)
            insert_row(i);
    check_reused_keys();
    check_rows();
}

/* Have the foreign keys of a stale object been changed behind our back? */
static bool has_other_keys(int index)
{
    const object *o = &w.objects[index];
    int row = index < w.count ? object_row(&w, index) : -1;
    for (int r = 0; row >= 0 && o->stale && r < table_of_object(o)->one_count; r++) {
        int c = table_of_object(o)->ones[r].column;
        if (!same(&w.db.of[o->table][row].v[c], &o->was[c]))
            return true;
    }
    return false;
}

static void find_probe(void)
{
    p.probe = NOBODY;
    for (int i = 0; i < w.count; i++) {
        if (p.fate[i] != STAYS)
            p.writes = p.writes || p.fate[i] != LEFT_OUT;
        if ((p.fate[i] == INSERTED && w.objects[i].state == PENDING) ||
            (p.fate[i] == UPDATED && would_write(i) == 1 && !has_other_keys(i)) || (p.fate[i] == DIES && w.objects[i].doomed))
            p.probe = i;
    }
}

static void plan_once(void)
{
    world_copy(&p.next, &w);
    memset(p.fate, 0, sizeof p.fate);
    memset(p.moved, 0, sizeof p.moved);
    memset(p.either, 0, sizeof p.either);
    memset(p.came, 0, sizeof p.came);
    p.must = p.may = 0;
    p.writes = false;
    p.rekeyed_count = 0;
    pend_what_is_meant();
    decide_fates();
    for (int i = 0; i < p.next.count; i++)
        check_object(i);
    write_rows();
    for (int i = 0; i < p.next.count; i++)
        for (int r = 0; r < ONES; r++)
            if (p.either[i][r])
                p.may |= IS_STALE | IS_FOREIGN_KEY | IS_NOT_NULL;
    for (int i = 0; i < p.next.count; i++)
        if (p.fate[i] == DIES && has_other_keys(i))
            p.may |= IS_FOREIGN_KEY; /* it may close a circle that memory does not know of */
    if (p.must & IS_STALE)
        p.may |= IS_UNIQUE; /* a new row may get the key of the one that is gone */
    find_probe();
}

static bool is_to_be_of_a_new_one(int index)
{
    bool ret = false;
    for (int r = 0; r < table_of_object(&w.objects[index])->one_count; r++) {
        const parent *its = &p.parents[index][r];
        ret = ret || (its->is == OF_OBJECT && p.fate[its->object] == INSERTED);
    }
    return ret;
}

/* An object whose row is gone, when a new row of its table may get its key. SQLite gives keys again, and then
 * which of the two a pointer means is anybody's guess; a program that knows expunges it. */
static int find_ghost(void)
{
    bool grows[TABLES] = { false };
    for (int i = 0; i < p.next.count; i++)
        if (p.fate[i] == INSERTED)
            grows[p.next.objects[i].table] = table_of_object(&p.next.objects[i])->generated;
    for (int i = 0; i < w.count; i++)
        if (has_row(&w.objects[i]) && object_row(&w, i) < 0 && (grows[w.objects[i].table] || is_to_be_of_a_new_one(i)))
            return i;
    return NOBODY;
}

void plan_flush(void)
{
    plan_once();
    for (int ghost; gives_keys_again && (ghost = find_ghost()) != NOBODY; plan_once())
        expunge(ghost);
}
