/* loss.c: what is lost when a session is closed, and was never reported. It becomes a line in the engine's log,
 * since no call is left that could report it. */
#include <config.h>
#include "orm/session.h"

#include "engine/engine.h"

/* Objects up to which a session is looked through for fields that were changed; more would make closing slow. */
enum { MOST_LOOKED_AT = 10000 };

typedef struct loss {
    const sqla__object *first;
    const char *what;
    size_t count;
} loss;

static void add(loss *l, const sqla__object *object, const char *what)
{
    if (l->count++ > 0)
        return;
    l->first = object;
    l->what = what;
}

static void look_at_lists(loss *l, const sqla_session *s)
{
    for (size_t i = 0; i < s->pending.count; i++)
        if (s->pending.items[i]->state == SQLA_PENDING)
            add(l, s->pending.items[i], "added");
    for (size_t i = 0; i < s->doomed.count; i++)
        if (s->doomed.items[i]->state == SQLA_PERSISTENT && (s->doomed.items[i]->flags & SQLA__FLAG_DOOMED) != 0)
            add(l, s->doomed.items[i], "deleted");
}

/* Byte for byte, since a text that was assigned may be freed by now. */
static size_t look_at_pool(loss *l, const sqla__pool *pool, size_t left)
{
    for (size_t p = 0; p < pool->pages.count; p++) {
        const sqla__page *page = pool->pages.items[p];
        for (uint32_t i = 0; page != NULL && i < page->used && left > 0; i++, left--) {
            const sqla__object *object = sqla__page_cell(page, i);
            bool meant = object->state == SQLA_PERSISTENT || (object->flags & SQLA__FLAG_LOST) != 0;
            if (meant && (object->flags & SQLA__FLAG_DOOMED) == 0 && !sqla__object_untouched(object))
                add(l, object, "changed");
        }
    }
    return left;
}

void sqla__session_tell_loss(const sqla_session *s)
{
    const sqla_engine *db = s->maker->engine;
    char object[200];
    loss l = { 0 };
    if (s->broken.status != SQLA_OK)
        return; /* that was told */
    if (s->kept.status != SQLA_OK) {
        sqla__engine_log(db, SQLA_LOG_WARNING, "a session was closed, and nobody was told of its failure: %s", s->kept.message);
        return;
    }
    look_at_lists(&l, s);
    for (size_t m = 0, left = MOST_LOOKED_AT; m < s->maker->mapping_count; m++)
        left = look_at_pool(&l, &s->pools[m], left);
    if (l.count == 0)
        return;
    sqla__engine_log(db, SQLA_LOG_WARNING, "a session was closed with %zu object%s that no flush has written: %s was %s", l.count,
        l.count == 1 ? "" : "s", sqla__object_name(l.first, object, sizeof object), l.what);
}
