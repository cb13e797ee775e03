/* unitofwork.c: the flush: collect, order, write, and show the outcome on both sides.
 *
 * Tables are written in the order of their foreign keys (parents first), which holds without any declared
 * relation; then deletes the other way round. Everything is in order, and checked as far as it can be
 * without the database, before the first row is written. How a batch of rows is written is persist.c's
 * business. */
#include <config.h>
#include "orm/work.h"

#include <string.h>

#include "orm/converted.h"
#include "orm/field.h"
#include "orm/persist.h"
#include "sql/stmt.h"

static sqla_status work_init(sqla__work *w, sqla_session *s, sqla_error *err)
{
    size_t n = s->maker->mapping_count;
    *w = (sqla__work){ .session = s, .mapping_count = n };
    w->inserts = sqla__arena_zero(&s->flush_arena, 3 * n + 1, sizeof *w->inserts);
    w->ranked = sqla__arena_zero(&s->flush_arena, n + 1, sizeof *w->ranked);
    if (w->inserts == NULL || w->ranked == NULL)
        return sqla__error_nomem(err);
    w->updates = w->inserts + n;
    w->deletes = w->updates + n;
    for (size_t i = 0; i < n; i++)
        w->ranked[s->pools[i].mapping->rank] = s->pools[i].mapping;
    return SQLA_OK;
}

static void work_release(sqla__work *w)
{
    for (size_t i = 0; w->inserts != NULL && i < 3 * w->mapping_count; i++)
        sqla__vec_release(&w->inserts[i]);
    sqla__vec_release(&w->insert_steps);
    sqla__vec_release(&w->delete_steps);
    sqla__vec_release(&w->cut);
    sqla__vec_release(&w->actions);
}

static sqla__pool *pool_of(sqla__work *w, const sqla__mapping *mapping)
{
    return &w->session->pools[mapping->index];
}

/* ---- foreign keys ---------------------------------------------------------------------------- */

static bool is_unset(const sqla_slot *slot, const void *row)
{
    return sqla__field_is_null(slot, row) || (slot->set_offset < 0 && sqla__field_is_zero(slot, row));
}

/* The key of the parent, for as long as the row is written. A text is copied, since the parent's may go before that, when it is
 * written itself. What the program had given of a new object is kept apart where the database spells it otherwise. */
static sqla_status take_key_of(
    sqla__item *item, const sqla__foreign_key *key, const sqla__object *parent, bool unset, sqla_error *err)
{
    const sqla__mapped_column *column = &key->holder->columns[key->column];
    const sqla_slot *referenced = &key->target->columns[key->referenced_column].slot;
    void *row = sqla__struct_of(item->object);
    if (!unset && sqla__fields_match(&column->slot, row, referenced, sqla__struct_of(parent)))
        return SQLA_OK;
    if (item->object->state == SQLA_PENDING && !unset &&
        !sqla__undo_take_key(sqla__pool_of(item->object)->session, item->object, key))
        return sqla__error_nomem(err);
    if (sqla__field_is_null(referenced, sqla__struct_of(parent)))
        return sqla__error_set(err, SQLA_ERR_DATA, "field '%s' of '%s' cannot point at a '%s' whose '%s' is NULL",
            key->pointer != NULL ? key->pointer->item->field : column->item->field, key->holder->model->name,
            key->target->model->name, key->target->columns[key->referenced_column].item->field);
    if (sqla__field_assign(&column->slot, row, referenced, sqla__struct_of(parent)))
        return sqla__texts_keep_one(&column->slot, row, &sqla__pool_of(item->object)->session->flush_arena)
                   ? SQLA_OK
                   : sqla__error_nomem(err);
    return sqla__error_set(err, SQLA_ERR_DATA, "field '%s' of '%s' cannot hold the key of its parent",
        column->item->field, key->holder->model->name);
}

/* Fill in one foreign key just before its row is written, when the parent has its own. */
static sqla_status fill_key(sqla__item *item, const sqla__foreign_key *key, bool put_off, sqla_error *err)
{
    sqla__edge *edge = &item->edges[key->index];
    const sqla_slot *slot = &key->holder->columns[key->column].slot;
    void *row = sqla__struct_of(item->object);
    if (edge->parent.kind != SQLA__PARENT_OBJECT && edge->parent.kind != SQLA__PARENT_NOBODY)
        return SQLA_OK;
    bool unset = is_unset(slot, row);
    if (item->object->state == SQLA_PENDING && edge->parent.kind == SQLA__PARENT_OBJECT && unset)
        edge->filled = true;
    if (!put_off && edge->parent.kind == SQLA__PARENT_OBJECT)
        return take_key_of(item, key, edge->parent.object, unset, err);
    sqla__field_set_null(slot, row);
    return SQLA_OK;
}

static sqla_status fill_keys(sqla__item *item, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__mapping_of(item->object);
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < mapping->foreign_key_count && item->edges != NULL && status == SQLA_OK; i++)
        status = fill_key(item, &mapping->foreign_keys[i], item->edges[i].later, err);
    return status;
}

/* The row was not written: what was filled in goes. */
static void empty_keys(const sqla__item *item)
{
    const sqla__mapping *mapping = sqla__mapping_of(item->object);
    for (uint32_t i = 0; i < mapping->foreign_key_count && item->edges != NULL; i++)
        if (item->edges[i].filled)
            sqla__field_set_null(&mapping->columns[mapping->foreign_keys[i].column].slot, sqla__struct_of(item->object));
}

/* ---- writing --------------------------------------------------------------------------------- */

static sqla_status insert_step(sqla__work *w, const sqla__step *step, sqla_error *err)
{
    sqla__item *items = w->inserts[step->mapping->index].items + step->first;
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < step->count && status == SQLA_OK; i++)
        status = fill_keys(&items[i], err);
    return status == SQLA_OK
               ? sqla__persist_insert(w->session, pool_of(w, step->mapping), items, step->count, err)
               : status;
}

/* What the database does with the keys that change is followed at once: what is written later may be of rows that it moved. */
static sqla_status update(sqla__work *w, const sqla__mapping *mapping, const sqla__item *items, size_t n, sqla_error *err)
{
    sqla_status status = sqla__actions_note(w, mapping, items, n, false, err);
    if (status == SQLA_OK)
        status = sqla__persist_update(w->session, pool_of(w, mapping), items, n, err);
    return status == SQLA_OK ? sqla__actions_follow(w, false, err) : status;
}

static sqla_status update_items(sqla__work *w, const sqla__mapping *mapping, sqla__item *items, size_t n, sqla_error *err)
{
    sqla__items list = { items, n, n };
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < n && status == SQLA_OK; i++)
        status = fill_keys(&items[i], err);
    if (status == SQLA_OK)
        status = sqla__order_moves(w, &list, err);
    return status == SQLA_OK && n > 0 ? update(w, mapping, items, n, err) : status;
}

static sqla_status update_table(sqla__work *w, const sqla__mapping *mapping, sqla_error *err)
{
    const sqla__items *list = &w->updates[mapping->index];
    return update_items(w, mapping, list->items, list->count, err);
}

/* Does a key change that rows of the same table point at? */
static bool is_renamed(const sqla__mapping *mapping, const sqla__object *object)
{
    for (uint32_t k = 0; k < mapping->referrer_count; k++) {
        const sqla_slot *slot = &mapping->columns[mapping->referrers[k]->referenced_column].slot;
        if (mapping->referrers[k]->holder == mapping &&
            !sqla__field_equal(slot, sqla__struct_of(object), sqla__snapshot_of(object)))
            return true;
    }
    return false;
}

/* Is one of these given to a row that gets another key? */
static bool any_of_renamed(const sqla__mapping *mapping, const sqla__items *list)
{
    for (size_t n = 0; n < list->count; n++)
        for (uint32_t i = 0; i < mapping->foreign_key_count && list->items[n].edges != NULL; i++) {
            const sqla__object *parent = list->items[n].edges[i].parent.object;
            if (parent != NULL && sqla__mapping_of(parent) == mapping && parent->state == SQLA_PERSISTENT &&
                is_renamed(mapping, parent))
                return true;
        }
    return false;
}

static bool needs_new_row(const sqla__mapping *mapping, const sqla__item *item)
{
    for (uint32_t i = 0; i < mapping->foreign_key_count && item->edges != NULL; i++)
        if (item->edges[i].parent.object != NULL && item->edges[i].parent.object->state == SQLA_PENDING)
            return true;
    return false;
}

/* In a table that points at itself, rows that are new or moved may point at one by the key that it is given in this flush. Then
 * those come first: such whose own parent stays, then such that are moved as well; one that waits for a new row
 * stays with the others. *ret_n: how many come first. */
static sqla_status renamed_first(sqla__work *w, const sqla__mapping *mapping, size_t *ret_n, sqla_error *err)
{
    const sqla__items *list = &w->updates[mapping->index];
    size_t n = 0;
    *ret_n = 0;
    if (!any_of_renamed(mapping, list) && !any_of_renamed(mapping, &w->inserts[mapping->index]))
        return SQLA_OK;
    sqla__item *sorted = sqla__arena_take(&w->session->flush_arena, list->count * sizeof *sorted + 1);
    if (sorted == NULL)
        return sqla__error_nomem(err);
    for (int way = 0; way < 3; way++)
        for (size_t i = 0; i < list->count; i++) {
            const sqla__item *item = &list->items[i];
            bool renamed = is_renamed(mapping, item->object) && !needs_new_row(mapping, item);
            if ((renamed ? (item->edges == NULL ? 0 : 1) : 2) != way)
                continue;
            sorted[n++] = *item;
            *ret_n += renamed;
        }
    if (n > 0)
        memcpy(list->items, sorted, n * sizeof *sorted);
    return SQLA_OK;
}

/* Write the foreign keys of one row that were put off; `null`: as NULL. */
static sqla_status write_later(sqla__work *w, sqla__item *item, bool null, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__mapping_of(item->object);
    sqla_status status = SQLA_OK;
    bool any = false;
    for (uint32_t i = 0; i < mapping->foreign_key_count && item->edges != NULL && status == SQLA_OK; i++) {
        const sqla__foreign_key *key = &mapping->foreign_keys[i];
        if (!item->edges[i].later)
            continue;
        any = true;
        if (null)
            sqla__field_set_null(&mapping->columns[key->column].slot, sqla__struct_of(item->object));
        else
            status = fill_key(item, key, false, err);
    }
    return any && status == SQLA_OK ? update(w, mapping, item, 1, err) : status;
}

static sqla_status close_circles(sqla__work *w, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t rank = 0; rank < w->mapping_count; rank++) {
        const sqla__items *list = &w->inserts[w->ranked[rank]->index];
        bool knotted = w->ranked[rank]->self_reference || w->ranked[rank]->in_cycle;
        for (size_t i = 0; knotted && i < list->count && status == SQLA_OK; i++)
            status = write_later(w, &list->items[i], false, err);
    }
    return status;
}

static sqla_status insert_table(sqla__work *w, const sqla__mapping *mapping, size_t *at, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (; *at < w->insert_steps.count && w->insert_steps.items[*at].mapping == mapping && status == SQLA_OK; ++*at)
        status = insert_step(w, &w->insert_steps.items[*at], err);
    return status;
}

static sqla_status write_tree(sqla__work *w, const sqla__mapping *mapping, size_t *at, sqla_error *err)
{
    const sqla__items *list = &w->updates[mapping->index];
    size_t renamed = 0;
    sqla_status status = renamed_first(w, mapping, &renamed, err);
    if (status == SQLA_OK)
        status = update_items(w, mapping, list->items, renamed, err);
    if (status == SQLA_OK)
        status = insert_table(w, mapping, at, err);
    return status == SQLA_OK && renamed < list->count
               ? update_items(w, mapping, list->items + renamed, list->count - renamed, err)
               : status;
}

/* Updates come before inserts, so that what they give up can be taken; rows of a table that points at
 * itself may need new ones first. */
static sqla_status write_saves(sqla__work *w, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    size_t at = 0;
    for (; w->inserts_first && at < w->insert_steps.count && status == SQLA_OK; at++)
        status = insert_step(w, &w->insert_steps.items[at], err);
    for (size_t rank = 0; rank < w->mapping_count && status == SQLA_OK; rank++) {
        const sqla__mapping *mapping = w->ranked[rank];
        if (mapping->self_reference) {
            status = write_tree(w, mapping, &at, err);
            continue;
        }
        status = update_table(w, mapping, err);
        if (status == SQLA_OK)
            status = insert_table(w, mapping, &at, err);
    }
    return status == SQLA_OK ? close_circles(w, err) : status;
}

static sqla_status write_deletes(sqla__work *w, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < w->cut.count && status == SQLA_OK; i++)
        status = write_later(w, &w->cut.items[i], true, err);
    for (size_t i = 0; i < w->delete_steps.count && status == SQLA_OK; i++) {
        const sqla__step *step = &w->delete_steps.items[i];
        const sqla__item *items = w->deletes[step->mapping->index].items + step->first;
        status = sqla__actions_note(w, step->mapping, items, step->count, true, err);
        if (status == SQLA_OK)
            status = sqla__persist_delete(w->session, pool_of(w, step->mapping), items, step->count, err);
    }
    return status == SQLA_OK ? sqla__actions_follow(w, true, err) : status;
}

static bool nothing_to_write(const sqla__work *w)
{
    for (size_t m = 0; m < w->mapping_count; m++)
        if (w->inserts[m].count > 0 || w->updates[m].count > 0 || w->deletes[m].count > 0)
            return false;
    return true;
}

/* What the inserts need to know about their tables. It is asked before the transaction begins: one that
 * has read cannot wait for a lock in SQLite, since it would wait for itself. */
static sqla_status ask_facts(const void *data, sqla_conn *conn, sqla_error *err)
{
    const sqla__work *w = data;
    sqla_status status = SQLA_OK;
    for (size_t m = 0; m < w->mapping_count && status == SQLA_OK; m++) {
        const sqla_table *table = w->session->pools[m].mapping->table;
        uint64_t facts;
        if (w->inserts[m].count > 0)
            status = sqla__conn_table_facts(conn, table->schema, table->name, &facts, err);
    }
    return status;
}

static sqla_status write(sqla__work *w, sqla_error *err)
{
    if (nothing_to_write(w))
        return sqla__sync(w, err);
    sqla_status status = sqla__order(w, err);
    if (status == SQLA_OK)
        status = sqla__session_begin_asking(w->session, ask_facts, w, err);
    if (status == SQLA_OK)
        status = write_saves(w, err);
    if (status == SQLA_OK)
        status = write_deletes(w, err);
    return status == SQLA_OK ? sqla__sync(w, err) : status;
}

/* ---- the flush ------------------------------------------------------------------------------- */

static void unqueue(const sqla__items *list)
{
    for (size_t i = 0; i < list->count; i++) {
        sqla__object *object = list->items[i].object;
        object->flags &= (uint8_t)~SQLA__FLAG_QUEUED;
        if (object->state == SQLA_PENDING)
            empty_keys(&list->items[i]);
    }
}

static void finish(sqla__work *w, bool done)
{
    sqla_session *s = w->session;
    for (size_t m = 0; m < w->mapping_count; m++) {
        unqueue(&w->inserts[m]);
        unqueue(&w->updates[m]);
        s->pools[m].has_pending = s->pools[m].has_pending && !done;
    }
    s->changed_rows = s->changed_rows || s->wrote;
    if (!done) {
        sqla__undo_give_keys(s);
        sqla__collect_keep(w);
        return;
    }
    for (size_t i = 0; i < s->doomed.count; i++) {
        s->doomed.items[i]->flags &= (uint8_t)~SQLA__FLAG_DOOMED;
        if (s->doomed.items[i]->state == SQLA_TRANSIENT) /* it was left out, and its children have gone elsewhere */
            sqla__collections_unload(s->doomed.items[i]);
    }
    s->pending.count = 0;
    s->doomed.count = 0;
    sqla__links_clear(s);
}

/* A lock that was in the way before the first row was written has done no harm: objects and transaction
 * are as they were, and the flush can be repeated. Where the database gives the transaction up over it, it
 * cannot. */
static bool can_be_repeated(const sqla_session *s, sqla_status status)
{
    return status == SQLA_ERR_BUSY && !s->wrote &&
           (s->conn == NULL || sqla__conn_txn_state(s->conn) == SQLA_TXN_ACTIVE);
}

sqla_status sqla__flush(sqla_session *s, sqla_error *err)
{
    if (s->flushing)
        return SQLA_OK;
    s->flushing = true;
    s->wrote = false;
    sqla__work w = { 0 };
    sqla_status status = work_init(&w, s, err);
    if (status == SQLA_OK) {
        status = sqla__collect(&w, err);
        if (status == SQLA_OK)
            status = write(&w, err);
        finish(&w, status == SQLA_OK);
    }
    work_release(&w);
    sqla__arena_reset(&s->flush_arena);
    if (status == SQLA_OK) /* no field is lent any more */
        sqla__text_drain(&s->texts);
    s->flushing = false;
    return status == SQLA_OK || can_be_repeated(s, status) ? status : sqla__session_break(s, err, status);
}

/* ---- autoflush ------------------------------------------------------------------------------- */

sqla_status sqla__autoflush(sqla_session *s, const char *what, sqla_error *err)
{
    if (s->options.no_autoflush)
        return SQLA_OK;
    sqla_status status = sqla__flush(s, err);
    if (status != SQLA_OK)
        sqla__error_prefix(err, "cannot flush before a %s: ", what);
    return status;
}

static bool any_changed(const sqla__pool *pool)
{
    for (size_t p = 0; p < pool->pages.count; p++) {
        const sqla__page *page = pool->pages.items[p];
        for (uint32_t i = 0; page != NULL && i < page->used; i++) {
            const sqla__object *object = sqla__page_cell(page, i);
            if (object->state == SQLA_PERSISTENT && sqla__object_dirty(object))
                return true;
        }
    }
    return false;
}

sqla_status sqla__flush_for(sqla_session *s, const sqla__stmt *q, sqla_error *err)
{
    bool needed = q == NULL || s->pending.count > 0 || s->doomed.count > 0 || s->linked.count > 0;
    for (size_t m = 0; m < s->maker->mapping_count && !needed; m++)
        needed = s->pools[m].map.count > 0 && sqla__stmt_reads(q, s->pools[m].mapping->model) &&
                 any_changed(&s->pools[m]);
    return needed ? sqla__autoflush(s, "query", err) : SQLA_OK;
}
