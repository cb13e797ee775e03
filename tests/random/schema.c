/* schema.c: the models of the random test. */
#include <config.h>
#include "schema.h"

#include <stdlib.h>
#include <string.h>

#define ID SQLA_COLUMN(id, .primary_key = true)
#define NAME SQLA_COLUMN(name, .not_null = true)
SQLA_MODEL(P, "rp", ID, NAME, SQLA_COLUMN(note), SQLA_COLUMN(tag), SQLA_COLUMN(num),
    SQLA_TO_MANY(cs, C, p_id, .flags = SQLA_OWNS | SQLA_ORPHANS_DIE),
    SQLA_TO_MANY(ds, D, p_id, .flags = SQLA_OWNS), SQLA_TO_MANY(es, E, p_id),
    SQLA_TO_MANY(fs, F, p_id, .flags = SQLA_OWNS | SQLA_ORPHANS_DIE),
    SQLA_TO_MANY(joins, A, p_id, .flags = SQLA_OWNS | SQLA_ORPHANS_DIE));
SQLA_MODEL(C, "rc", ID, NAME, SQLA_COLUMN(note), SQLA_FOREIGN_KEY(p_id, P, id), SQLA_TO_ONE(p, P, p_id));
SQLA_MODEL(D, "rd", ID, NAME, SQLA_FOREIGN_KEY(p_id, P, id), SQLA_TO_ONE(p, P, p_id));
SQLA_MODEL(E, "re", ID, NAME, SQLA_COLUMN(tag), SQLA_FOREIGN_KEY(p_id, P, id), SQLA_TO_ONE(p, P, p_id));
SQLA_MODEL(F, "rf", ID, NAME, SQLA_FOREIGN_KEY(p_id, P, id), SQLA_TO_ONE(p, P, p_id));
SQLA_MODEL(N, "rn", ID, NAME, SQLA_FOREIGN_KEY(up_id, N, id), SQLA_TO_ONE(up, N, up_id),
    SQLA_TO_MANY(subs, N, up_id), SQLA_TO_MANY(joins, A, n_id, .flags = SQLA_OWNS));
SQLA_MODEL(T, "rt", ID, NAME, SQLA_COLUMN(note), SQLA_FOREIGN_KEY(up_id, T, id), SQLA_TO_ONE(up, T, up_id),
    SQLA_TO_MANY(subs, T, up_id, .flags = SQLA_OWNS | SQLA_ORPHANS_DIE));
SQLA_MODEL(Person, "rperson", ID, NAME, SQLA_FOREIGN_KEY(favourite_id, Ball, id),
    SQLA_TO_ONE(favourite, Ball, favourite_id), SQLA_TO_MANY(balls, Ball, owner_id, .flags = SQLA_OWNS));
SQLA_MODEL(
    Ball, "rball", ID, NAME, SQLA_FOREIGN_KEY(owner_id, Person, id), SQLA_TO_ONE(owner, Person, owner_id));
SQLA_MODEL(K, "rk", SQLA_COLUMN(code, .primary_key = true, .natural = true, .sql_type = "VARCHAR(20)"), NAME,
    SQLA_COLUMN(num), SQLA_TO_MANY(ls, L, k_code, .flags = SQLA_OWNS));
SQLA_MODEL(L, "rl", ID, NAME, SQLA_FOREIGN_KEY(k_code, K, code, .sql_type = "VARCHAR(20)", .on_update = SQLA_CASCADE),
    SQLA_TO_ONE(k, K, k_code));
SQLA_MODEL(I, "ri", SQLA_COLUMN(id, .primary_key = true, .natural = true), NAME,
    SQLA_FOREIGN_KEY(up_id, I, id), SQLA_TO_ONE(up, I, up_id), SQLA_TO_MANY(subs, I, up_id));
SQLA_MODEL(A, "ra", SQLA_FOREIGN_KEY(p_id, P, id, .primary_key = true),
    SQLA_FOREIGN_KEY(n_id, N, id, .primary_key = true), NAME, SQLA_TO_ONE(p, P, p_id),
    SQLA_TO_ONE(n, N, n_id));
SQLA_MODEL(M, "rm", SQLA_COLUMN(x, .primary_key = true, .natural = true),
    SQLA_COLUMN(y, .primary_key = true, .natural = true), NAME, SQLA_COLUMN(note));

table tables[TABLES];

static int table_of(sqla_model_fn *fn)
{
    for (int t = 0; t < TABLES; t++)
        if (tables[t].fn == fn)
            return t;
    abort();
}

static int column_at(const table *t, uint32_t offset)
{
    for (int c = 0; c < t->column_count; c++)
        if (t->columns[c].offset == offset)
            return c;
    abort();
}

static form form_of(uint32_t f)
{
    if (f & SQLA_FORM_CHARS)
        return FORM_CHARS;
    if (f & SQLA_FORM_OPTIONAL)
        return (f & SQLA_FORM_TYPE) == SQLA_INT64 ? FORM_OPT64 : FORM_OPT32;
    return (f & SQLA_FORM_TYPE) == SQLA_TEXT ? FORM_TEXT : FORM_INT;
}

static void read_columns(table *t)
{
    for (uint32_t i = 0; t->model->items[i].kind != SQLA_ITEM_END; i++) {
        const sqla_column_item *from = &t->model->items[i].as.column;
        if (t->model->items[i].kind != SQLA_ITEM_COLUMN)
            continue;
        column *c = &t->columns[t->column_count++];
        *c = (column){ .field = from->field,
            .offset = sqla_layout_offset(from->layout),
            .size = sqla_layout_size(from->layout),
            .form = form_of(sqla_layout_form(from->layout)),
            .key = from->primary_key,
            .one = -1 };
        c->generated = c->key && !from->natural && from->references == NULL;
        c->not_null = from->not_null || c->key || c->form == FORM_INT || c->form == FORM_CHARS;
        t->generated = t->generated || c->generated;
        if (strcmp(c->field, "name") == 0)
            t->name = t->column_count - 1;
    }
}

static void read_ones(table *t)
{
    for (uint32_t i = 0; t->model->items[i].kind != SQLA_ITEM_END; i++) {
        const sqla_relation_item *from = &t->model->items[i].as.relation;
        if (t->model->items[i].kind != SQLA_ITEM_TO_ONE)
            continue;
        one *o = &t->ones[t->one_count];
        *o = (one){ .field = from->field,
            .offset = from->offset,
            .column = column_at(t, from->fk_offset),
            .target = table_of(from->target),
            .many = -1 };
        for (uint32_t k = 0; t->model->items[k].kind != SQLA_ITEM_END; k++)
            if (t->model->items[k].kind == SQLA_ITEM_COLUMN &&
                sqla_layout_offset(t->model->items[k].as.column.layout) == from->fk_offset)
            {
                o->target_column =
                    column_at(&tables[o->target], t->model->items[k].as.column.references_offset);
                o->follows = t->model->items[k].as.column.on_update == SQLA_CASCADE;
            }
        t->columns[o->column].one = t->one_count++;
    }
}

static void read_manies(table *t)
{
    for (uint32_t i = 0; t->model->items[i].kind != SQLA_ITEM_END; i++) {
        const sqla_relation_item *from = &t->model->items[i].as.relation;
        if (t->model->items[i].kind != SQLA_ITEM_TO_MANY)
            continue;
        many *m = &t->manies[t->many_count];
        *m = (many){ .field = from->field,
            .offset = from->offset,
            .target = table_of(from->target),
            .owns = (from->flags & SQLA_OWNS) != 0,
            .orphans_die = (from->flags & SQLA_ORPHANS_DIE) != 0 };
        table *child = &tables[m->target];
        m->one = child->columns[column_at(child, from->fk_offset)].one;
        child->ones[m->one].many = t->many_count++;
        child->ones[m->one].owned = m->owns;
        child->ones[m->one].orphans_die = m->orphans_die;
    }
}

void schema_read(void)
{
#define FN(S) sqla_model_of_##S,
    sqla_model_fn *const fns[] = { EACH_MODEL(FN) };
#undef FN
    memset(tables, 0, sizeof tables);
    for (int t = 0; t < TABLES; t++)
        tables[t] = (table){ .fn = fns[t], .model = fns[t]() };
    for (int t = 0; t < TABLES; t++)
        read_columns(&tables[t]);
    for (int t = 0; t < TABLES; t++)
        read_ones(&tables[t]);
    for (int t = 0; t < TABLES; t++)
        read_manies(&tables[t]);
}

sqla_metadata *schema_metadata(sqla_error *err)
{
    sqla_metadata *base = sqla_metadata_new(err);
    for (int t = 0; base != NULL && t < TABLES; t++)
        if (sqla_metadata_add_model(base, tables[t].model, err) != SQLA_OK) {
            sqla_metadata_free(base);
            return NULL;
        }
    return base;
}
