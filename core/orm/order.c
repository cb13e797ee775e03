/* order.c: rows before those that point at them, and the other way round for deletes.
 *
 * Tables are in order by their foreign keys (sqla__mapping.rank). Where a table points at itself, or
 * tables point at one another in a circle, the rows themselves are put in order: each gets a level, one
 * above the highest of its parents, and a level is written at once. A row that is on its own way up closes
 * a circle. One of the foreign keys on that way is left NULL for the moment (`later`); where none of them
 * can be NULL, nothing is written at all. */
#include <config.h>
#include "orm/work.h"

#include <string.h>

#include "orm/field.h"

typedef enum colour { UNSEEN, ON_THE_WAY, DONE } colour;

typedef struct node {
    sqla__object *object;
    sqla__item *item;
    uint32_t level;
    uint32_t next_key;          /* the foreign key that is followed next */
    colour colour;
} node;

typedef struct graph {
    sqla__work *work;
    node *nodes;
    size_t count;
    bool deleting;
    sqla__hash by_object;
    sqla__hash by_value;        /* of columns that are pointed at: see value_key */
    SQLA__VEC(const sqla__foreign_key *) indexed;
    SQLA__VEC(node *) way;      /* from a row up to the parent that is looked at now */
} graph;

static void graph_release(graph *g)
{
    sqla__hash_release(&g->by_object);
    sqla__hash_release(&g->by_value);
    sqla__vec_release(&g->indexed);
    sqla__vec_release(&g->way);
}

static sqla_status add_nodes(graph *g, sqla__items *list, sqla_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        node *n = &g->nodes[g->count++];
        *n = (node){ .object = list->items[i].object, .item = &list->items[i] };
        if (!sqla__hash_put(&g->by_object, &n->object, sizeof n->object, n))
            return sqla__error_nomem(err);
    }
    return SQLA_OK;
}

/* ---- parents by the values of their keys ----------------------------------------------------- */

/* The bytes of a column's place and value. NULL: out of memory, or no value. */
static const void *value_key(
    const graph *g, const sqla__foreign_key *key, const sqla_slot *slot, const void *row, size_t *ret_size)
{
    sqla_value value = sqla__field_value(slot, row);
    size_t n;
    const void *bytes = sqla__value_bytes(&value, &n);
    uint32_t place[2] = { key->target->index, key->referenced_column };
    char *all = value.type != SQLA_NULL
                    ? sqla__arena_take(&g->work->session->flush_arena, sizeof place + n + 1)
                    : NULL;
    if (all == NULL)
        return NULL;
    memcpy(all, place, sizeof place);
    if (n > 0)
        memcpy(all + sizeof place, bytes, n);
    *ret_size = sizeof place + n;
    return all;
}

static const void *row_of(const graph *g, const node *n)
{
    return g->deleting ? sqla__snapshot_of(n->object) : sqla__struct_of(n->object);
}

static bool is_indexed(const graph *g, const sqla__foreign_key *key)
{
    for (size_t i = 0; i < g->indexed.count; i++)
        if (g->indexed.items[i]->target == key->target &&
            g->indexed.items[i]->referenced_column == key->referenced_column)
            return true;
    return false;
}

/* Have all rows of the key's target found by their referenced column, which the database may be yet to
 * make. */
static sqla_status index_target(graph *g, const sqla__foreign_key *key, sqla_error *err)
{
    const sqla__mapped_column *column = &key->target->columns[key->referenced_column];
    if (is_indexed(g, key) || (!g->deleting && column->sent == SQLA__SENT_NEVER))
        return SQLA_OK;
    for (size_t i = 0; i < g->count; i++) {
        size_t size;
        if (sqla__mapping_of(g->nodes[i].object) != key->target ||
            sqla__field_is_null(&column->slot, row_of(g, &g->nodes[i])))
            continue;
        const void *bytes = value_key(g, key, &column->slot, row_of(g, &g->nodes[i]), &size);
        if (bytes == NULL || !sqla__hash_put(&g->by_value, bytes, size, &g->nodes[i]))
            return sqla__error_nomem(err);
    }
    return sqla__vec_push(&g->indexed, key) ? SQLA_OK : sqla__error_nomem(err);
}

static sqla_status find_by_value(
    graph *g, const sqla__foreign_key *key, const void *row, node **ret, sqla_error *err)
{
    const sqla_slot *slot = &key->holder->columns[key->column].slot;
    size_t size;
    *ret = NULL;
    if (sqla__field_is_null(slot, row))
        return SQLA_OK;
    sqla_status status = index_target(g, key, err);
    const void *bytes = status == SQLA_OK ? value_key(g, key, slot, row, &size) : NULL;
    if (bytes == NULL)
        return status == SQLA_OK ? sqla__error_nomem(err) : status;
    *ret = sqla__hash_get(&g->by_value, bytes, size);
    return SQLA_OK;
}

/* ---- one step up ----------------------------------------------------------------------------- */

static bool can_be_null(const sqla__foreign_key *key)
{
    const sqla__mapped_column *column = &key->holder->columns[key->column];
    return !column->not_null && (column->slot.flags & SQLA_SLOT_NULLABLE) != 0;
}

/* The row that a foreign key of a row waits for; *ret NULL: none. */
static sqla_status parent_of(
    graph *g, const node *n, const sqla__foreign_key *key, node **ret, sqla_error *err)
{
    const sqla__edge *edge = n->item->edges != NULL ? &n->item->edges[key->index] : NULL;
    *ret = NULL;
    if (edge != NULL && edge->later)
        return SQLA_OK;
    if (g->deleting)
        return find_by_value(g, key, sqla__snapshot_of(n->object), ret, err);
    if (edge == NULL)
        return SQLA_OK;
    if (edge->parent.kind == SQLA__PARENT_KEY)
        return find_by_value(g, key, sqla__struct_of(n->object), ret, err);
    if (edge->parent.object != NULL && edge->parent.object->state == SQLA_PENDING)
        *ret = sqla__hash_get(&g->by_object, &edge->parent.object, sizeof edge->parent.object);
    return SQLA_OK;
}

/* Leave a foreign key NULL for the moment. */
static sqla_status put_off(
    graph *g, node *n, const sqla__foreign_key *key, sqla__object *parent, sqla_error *err)
{
    sqla_session *s = g->work->session;
    bool first = true;
    if (n->item->edges == NULL)
        n->item->edges =
            sqla__arena_zero(&s->flush_arena, key->holder->foreign_key_count, sizeof *n->item->edges);
    if (n->item->edges == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < key->holder->foreign_key_count; i++)
        first = first && !n->item->edges[i].later;
    sqla__edge *edge = &n->item->edges[key->index];
    edge->later = true;
    edge->given = edge->parent.kind == SQLA__PARENT_KEY;
    if (!g->deleting && edge->given && !sqla__undo_take_key(s, n->object, key))
        return sqla__error_nomem(err);
    if (!g->deleting)
        edge->parent = (sqla__parent){ .object = parent, .kind = SQLA__PARENT_OBJECT };
    if (g->deleting && first && !sqla__vec_push(&g->work->cut, *n->item))
        return sqla__error_nomem(err);
    return SQLA_OK;
}

/* A row that points at itself needs its key first where the database makes it. Some databases do not delete a row
 * that points at itself either. */
static sqla_status point_at_itself(graph *g, node *n, const sqla__foreign_key *key, sqla_error *err)
{
    bool waits = key->target->columns[key->referenced_column].sent == SQLA__SENT_NEVER;
    if ((g->deleting || waits) && can_be_null(key))
        return put_off(g, n, key, n->object, err);
    if (g->deleting || !waits)
        return SQLA_OK;
    sqla__error_set(err, SQLA_ERR_MISUSE, "'%s' of '%s' points at the object itself, and cannot be NULL meanwhile",
        key->holder->columns[key->column].item->field, key->holder->model->name);
    sqla__error_hint(err, "make the field an optional, or give the key yourself with .natural = true");
    return err->status;
}

static const sqla__foreign_key *followed(const node *n)
{
    return &sqla__mapping_of(n->object)->foreign_keys[n->next_key - 1];
}

static sqla_status closed_circle(const node *a, const node *b, sqla_error *err)
{
    const sqla__foreign_key *x = followed(a), *y = followed(b);
    sqla__error_set(err, SQLA_ERR_MISUSE,
        "'%s' and '%s' point at one another, and neither '%s' nor '%s' can be NULL meanwhile",
        x->holder->model->name, y->holder->model->name, x->holder->columns[x->column].item->field,
        y->holder->columns[y->column].item->field);
    sqla__error_hint(err, "make one of the two fields an optional, so that it can be set in a second step");
    return err->status;
}

/* The way up came back to one that is on it. Put off the first foreign key of the circle that can be NULL,
 * counted from its end, and go on from there; what lies above it is looked at again. */
static sqla_status open_circle(graph *g, const node *back, sqla_error *err)
{
    size_t at = g->way.count;
    bool whole = false;
    while (!whole && !(at < g->way.count && can_be_null(followed(g->way.items[at])))) {
        whole = at < g->way.count && g->way.items[at] == back;
        at -= !whole;
    }
    if (whole && g->deleting)
        return SQLA_OK; /* the database may check foreign keys at the end, or cascade */
    if (whole)
        return closed_circle(back, g->way.items[g->way.count - 1], err);
    node *n = g->way.items[at];
    sqla__object *parent = at + 1 < g->way.count ? g->way.items[at + 1]->object : back->object;
    while (g->way.count > at + 1) {
        node *left = g->way.items[--g->way.count];
        left->colour = UNSEEN;
        left->next_key = left->level = 0;
    }
    return put_off(g, n, followed(n), parent, err);
}

static void raise(node *n, const node *parent)
{
    if (n->level <= parent->level)
        n->level = parent->level + 1;
}

static sqla_status step_up(graph *g, node *n, sqla_error *err)
{
    const sqla__foreign_key *key = &sqla__mapping_of(n->object)->foreign_keys[n->next_key++];
    node *parent;
    sqla_status status = parent_of(g, n, key, &parent, err);
    if (status != SQLA_OK || parent == NULL)
        return status;
    if (parent == n)
        return point_at_itself(g, n, key, err);
    switch (parent->colour) {
    case UNSEEN:
        parent->colour = ON_THE_WAY;
        return sqla__vec_push(&g->way, parent) ? SQLA_OK : sqla__error_nomem(err);
    case ON_THE_WAY: return open_circle(g, parent, err);
    case DONE: raise(n, parent); break;
    }
    return SQLA_OK;
}

static sqla_status level_from(graph *g, node *start, sqla_error *err)
{
    sqla_status status = sqla__vec_push(&g->way, start) ? SQLA_OK : sqla__error_nomem(err);
    start->colour = ON_THE_WAY;
    while (status == SQLA_OK && g->way.count > 0) {
        node *n = g->way.items[g->way.count - 1];
        if (n->next_key < sqla__mapping_of(n->object)->foreign_key_count) {
            status = step_up(g, n, err);
            continue;
        }
        n->colour = DONE;
        if (--g->way.count > 0)
            raise(g->way.items[g->way.count - 1], n);
    }
    return status;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static sqla_status add_step(
    sqla__steps *steps, const sqla__mapping *mapping, size_t first, size_t count, sqla_error *err)
{
    sqla__step step = { mapping, first, count };
    return count == 0 || sqla__vec_push(steps, step) ? SQLA_OK : sqla__error_nomem(err);
}

/* Sort a list by the levels of its nodes, stably, and fill ends[l] with the number of items up to level l. */
static sqla_status sort_list(
    sqla__work *w, sqla__items *list, const node *nodes, size_t *ends, uint32_t levels, sqla_error *err)
{
    sqla__item *sorted = sqla__arena_take(&w->session->flush_arena, list->count * sizeof *sorted + 1);
    if (sorted == NULL)
        return sqla__error_nomem(err);
    memset(ends, 0, levels * sizeof *ends);
    for (size_t i = 0; i < list->count; i++)
        ends[nodes[i].level]++;
    for (uint32_t l = 1; l < levels; l++)
        ends[l] += ends[l - 1];
    for (size_t i = list->count; i-- > 0;)
        sorted[--ends[nodes[i].level]] = list->items[i];
    for (uint32_t l = 0; l + 1 < levels; l++)
        ends[l] = ends[l + 1];
    if (levels > 0)
        ends[levels - 1] = list->count;
    if (list->count > 0)
        memcpy(list->items, sorted, list->count * sizeof *sorted);
    return SQLA_OK;
}

/* The nodes of lists[0..n), which follow one another in the graph, in steps level by level. */
static sqla_status make_steps(graph *g, sqla__items *const *lists, const sqla__mapping *const *mappings,
    size_t n, sqla__steps *steps, sqla_error *err)
{
    uint32_t levels = 0;
    for (size_t i = 0; i < g->count; i++)
        levels = g->nodes[i].level >= levels ? g->nodes[i].level + 1 : levels;
    size_t *ends = sqla__arena_take(&g->work->session->flush_arena, (size_t)levels * n * sizeof *ends + 1),
           at = 0;
    sqla_status status = ends != NULL ? SQLA_OK : sqla__error_nomem(err);
    for (size_t i = 0; i < n && status == SQLA_OK; at += lists[i++]->count)
        status = sort_list(g->work, lists[i], g->nodes + at, ends + i * levels, levels, err);
    for (uint32_t k = 0; k < levels && status == SQLA_OK; k++) {
        uint32_t level = g->deleting ? levels - 1 - k : k;
        for (size_t j = 0; j < n && status == SQLA_OK; j++) {
            size_t i = g->deleting ? n - 1 - j : j, first = level > 0 ? ends[i * levels + level - 1] : 0;
            status = add_step(steps, mappings[i], first, ends[i * levels + level] - first, err);
        }
    }
    return status;
}

/* Put the rows of some lists in order among themselves. */
static sqla_status order_rows(sqla__work *w, sqla__items *const *lists, const sqla__mapping *const *mappings,
    size_t n, bool deleting, sqla_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += lists[i]->count;
    graph g = { .work = w,
        .nodes = sqla__arena_take(&w->session->flush_arena, count * sizeof(node) + 1),
        .deleting = deleting };
    sqla_status status = g.nodes != NULL ? SQLA_OK : sqla__error_nomem(err);
    for (size_t i = 0; i < n && status == SQLA_OK; i++)
        status = add_nodes(&g, lists[i], err);
    for (size_t i = 0; i < g.count && status == SQLA_OK; i++)
        if (g.nodes[i].colour == UNSEEN)
            status = level_from(&g, &g.nodes[i], err);
    if (status == SQLA_OK)
        status = make_steps(&g, lists, mappings, n, deleting ? &w->delete_steps : &w->insert_steps, err);
    graph_release(&g);
    return status;
}

/* ---- both directions ------------------------------------------------------------------------- */

static bool any_in_circle(const sqla__work *w, const sqla__items *lists)
{
    for (size_t m = 0; m < w->mapping_count; m++)
        if (w->session->pools[m].mapping->in_cycle && lists[m].count > 0)
            return true;
    return false;
}

static sqla_status order_all_rows(sqla__work *w, sqla__items *lists, bool deleting, sqla_error *err)
{
    sqla__items **ranked = sqla__arena_take(&w->session->flush_arena, w->mapping_count * sizeof *ranked + 1);
    if (ranked == NULL)
        return sqla__error_nomem(err);
    for (size_t rank = 0; rank < w->mapping_count; rank++)
        ranked[rank] = &lists[w->ranked[rank]->index];
    return order_rows(w, ranked, w->ranked, w->mapping_count, deleting, err);
}

static sqla_status order_lists(sqla__work *w, sqla__items *lists, bool deleting, sqla_error *err)
{
    sqla__steps *steps = deleting ? &w->delete_steps : &w->insert_steps;
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < w->mapping_count && status == SQLA_OK; i++) {
        const sqla__mapping *mapping = w->ranked[deleting ? w->mapping_count - 1 - i : i];
        sqla__items *list = &lists[mapping->index];
        if (mapping->self_reference && list->count > 0)
            status = order_rows(w, &list, &mapping, 1, deleting, err);
        else
            status = add_step(steps, mapping, 0, list->count, err);
    }
    return status;
}

sqla_status sqla__order(sqla__work *w, sqla_error *err)
{
    w->inserts_first = any_in_circle(w, w->inserts);
    sqla_status status =
        w->inserts_first ? order_all_rows(w, w->inserts, false, err) : order_lists(w, w->inserts, false, err);
    if (status != SQLA_OK)
        return status;
    return any_in_circle(w, w->deletes) ? order_all_rows(w, w->deletes, true, err)
                                        : order_lists(w, w->deletes, true, err);
}
