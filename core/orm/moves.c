/* moves.c: rows whose primary keys change, in an order in which no key is taken before the row that had it has
 * given it up. The database would refuse it; and where that row has been deleted behind our back, the update of
 * one object would meet the row of another. */
#include <config.h>
#include "orm/work.h"

#include <string.h>

#include "orm/identity.h"
#include "orm/persist.h"

typedef struct move move;
struct move {
    sqla__item item;
    move *below;                /* who waits for this one */
    enum { MOVE_UNSEEN, MOVE_ON_THE_WAY, MOVE_DONE } colour;
};

typedef struct moves {
    move *all;
    sqla__item *out;
    size_t count;               /* in out */
    sqla__hash by_object;
} moves;

/* Of those that are to be updated, who has the key that this one gets?  NULL: nobody. */
static move *holder_of(const moves *m, const move *of)
{
    const sqla__object *object = of->item.object;
    if (!sqla__key_changed(object))
        return NULL;
    const sqla__object *before = sqla__identity_find(sqla__pool_of(object), sqla__struct_of(object));
    return before != NULL && before != object ? sqla__hash_get(&m->by_object, &before, sizeof before) : NULL;
}

static sqla_status refuse_circle(const move *of, sqla_error *err)
{
    sqla__error_set(err, SQLA_ERR_UNIQUE, "objects of '%s' are given the keys of one another",
        sqla__mapping_of(of->item.object)->model->name);
    sqla__error_hint(err, "give one of them a key that is free, flush, and then its new one");
    return err->status;
}

/* Put an update behind those that it waits for. */
static sqla_status place(moves *m, move *top, sqla_error *err)
{
    for (move *at = top; at != NULL;) {
        move *holder = at->colour == MOVE_UNSEEN ? holder_of(m, at) : NULL;
        at->colour = at->colour == MOVE_UNSEEN ? MOVE_ON_THE_WAY : at->colour;
        if (holder != NULL && holder->colour == MOVE_ON_THE_WAY)
            return refuse_circle(at, err);
        if (holder != NULL && holder->colour == MOVE_UNSEEN) {
            holder->below = at;
            at = holder;
            continue;
        }
        if (at->colour == MOVE_ON_THE_WAY)
            m->out[m->count++] = at->item;
        at->colour = MOVE_DONE;
        at = at->below;
    }
    return SQLA_OK;
}

static sqla_status place_all(moves *m, sqla__items *list, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < list->count; i++) {
        m->all[i].item = list->items[i];
        if (!sqla__hash_put(&m->by_object, &m->all[i].item.object, sizeof m->all[i].item.object, &m->all[i]))
            return sqla__error_nomem(err);
    }
    for (size_t i = 0; i < list->count && status == SQLA_OK; i++)
        status = place(m, &m->all[i], err);
    if (status == SQLA_OK)
        memcpy(list->items, m->out, list->count * sizeof *m->out);
    return status;
}

sqla_status sqla__order_moves(sqla__work *w, sqla__items *list, sqla_error *err)
{
    sqla__arena *arena = &w->session->flush_arena;
    bool any = false;
    for (size_t i = 0; i < list->count && !any; i++)
        any = sqla__key_changed(list->items[i].object);
    if (!any || list->count < 2)
        return SQLA_OK;
    moves m = { sqla__arena_zero(arena, list->count, sizeof *m.all), sqla__arena_zero(arena, list->count, sizeof *m.out), 0, { 0 } };
    sqla_status status = m.all != NULL && m.out != NULL ? place_all(&m, list, err) : sqla__error_nomem(err);
    sqla__hash_release(&m.by_object);
    return status;
}
