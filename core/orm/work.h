/* work.h: what one flush writes, as it is handed from phase to phase: collected (collect.c), put in order
 * (order.c), written (unitofwork.c, persist.c), and shown on both sides (sync.c). Everything in it lives
 * as long as the flush. */
#ifndef SQLA_ORM_WORK_H
#define SQLA_ORM_WORK_H

#include "orm/parent.h"

/* One foreign key of an object that is written. */
typedef struct sqla__edge {
    sqla__parent parent;
    sqla__object *before;       /* who was the parent until now, as far as it is known; NULL: nobody */
    bool filled;                /* the flush has filled the key in, where the program had set none */
    bool later;                 /* it closes a circle: NULL for the moment, and an UPDATE at the end */
    bool given;                 /* later: the program had set the key */
} sqla__edge;

typedef struct sqla__item {
    sqla__object *object;
    sqla__edge *edges;          /* one for each foreign key of the mapping; NULL: all are kept as they are */
} sqla__item;

typedef SQLA__VEC(sqla__item) sqla__items;

/* Items that are written together: `count` of one mapping from `first` on. */
typedef struct sqla__step { const sqla__mapping *mapping; size_t first, count; } sqla__step;
typedef SQLA__VEC(sqla__step) sqla__steps;

/* The key of an object that others may point at, before it changes or goes. */
typedef struct sqla__action {
    const sqla__foreign_key *key; /* which points at it */
    sqla__object *parent;         /* or the object that a parent outside of the session points at, which goes along */
    const sqla_slot *slot;        /* where the key is in it now */
    sqla_value before;
    bool afar;                    /* it is not the parent itself */
    bool handed_on;               /* another object has the key now */
} sqla__action;
typedef SQLA__VEC(sqla__action) sqla__actions;

typedef struct sqla__work {
    sqla_session *session;
    size_t mapping_count;
    const sqla__mapping **ranked;             /* the mappings, parents first */
    sqla__items *inserts, *updates, *deletes; /* a list for each mapping, by its index */
    sqla__steps insert_steps, delete_steps;   /* in this order */
    bool inserts_first;         /* tables point at one another: all inserts come before the updates */
    sqla__items cut;            /* rows to delete that stand in a circle: `later` edges become NULL first */
    sqla__actions actions;      /* noted, and not followed yet */
} sqla__work;

static inline const sqla__mapping *sqla__mapping_of(const sqla__object *object)
{
    return sqla__pool_of(object)->mapping;
}

/* Find out what is to be written, let deletes and removals spread, and check what can be checked without
 * the database. It may read. */
sqla_status sqla__collect(sqla__work *work, sqla_error *err);
/* The flush has failed: what is still to be written gets texts of its own, since the program may free those that it lent. */
void sqla__collect_keep(sqla__work *work);
/* Rows before those that point at them. MISUSE: a circle that nothing can open. */
sqla_status sqla__order(sqla__work *work, sqla_error *err);
/* Updates in an order in which none takes the key of a row that has still to be updated, when all keys are filled in.
 * UNIQUE: two take each other's. */
sqla_status sqla__order_moves(sqla__work *work, sqla__items *updates, sqla_error *err);
/* What the database does by itself where a key changes, or goes, that others point at (actions.c). note: before the rows are
 * written. follow: when they are; objects of the session become what their rows have become. */
sqla_status sqla__actions_note(sqla__work *work, const sqla__mapping *mapping, const sqla__item *items, size_t n, bool deleted,
                               sqla_error *err);
sqla_status sqla__actions_follow(sqla__work *work, bool deleted, sqla_error *err);
/* After the rows were written: pointers, keys and loaded collections say the same. */
sqla_status sqla__sync(sqla__work *work, sqla_error *err);
/* One child leaves the collection of `before` for that of `after`; NULL: nobody's. And one whose row is gone leaves all. */
sqla_status sqla__sync_move(sqla__object *child, const sqla__foreign_key *key, sqla__object *before, sqla__object *after, sqla_error *err);
void sqla__sync_gone(sqla_session *s, sqla__object *object);

#endif
