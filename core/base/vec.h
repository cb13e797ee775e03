/* vec.h: growing arrays. SQLA__VEC(T) declares one in place; zeroed is empty and ready.
 *
 *   SQLA__VEC(int) v = { 0 };
 *   if (!sqla__vec_push(&v, 3)) ...out of memory, v is as it was...
 *   v.items[0], v.count
 *   sqla__vec_release(&v);
 *
 * SQLA__LIST(T) is the same in an arena, which frees it, and takes less room by itself:
 *
 *   SQLA__LIST(int) list = { 0 };
 *   if (!sqla__list_push(&arena, &list, 3)) ...out of memory, list is as it was... */
#ifndef SQLA_BASE_VEC_H
#define SQLA_BASE_VEC_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/mem.h"

#define SQLA__VEC(T) struct { T *items; size_t count, capacity; }
bool sqla__vec_grow_(void *items, size_t *capacity, size_t wanted, size_t item_size);
#define sqla__vec_reserve(v, n) ((v)->capacity >= (n) || sqla__vec_grow_(&(v)->items, &(v)->capacity, (n), sizeof *(v)->items))
#define sqla__vec_push(v, item) (sqla__vec_reserve((v), (v)->count + 1) ? ((v)->items[(v)->count++] = (item), true) : false)
#define sqla__vec_release(v) (sqla__free((v)->items), (v)->items = NULL, (v)->count = (v)->capacity = 0)

#define SQLA__LIST(T) struct { T *items; uint32_t count, room; }
bool sqla__list_grow_(sqla__arena *arena, void *items, uint32_t *room, uint32_t count, size_t wanted,
                      size_t item_size);
/* Room for n in all: the first time for no more than that. */
#define sqla__list_reserve(arena, l, n) \
    ((l)->room >= (n) || \
     sqla__list_grow_((arena), &(l)->items, &(l)->room, (l)->count, (n), sizeof *(l)->items))
#define sqla__list_push(arena, l, item) \
    (sqla__list_reserve((arena), (l), (size_t)(l)->count + 1) ? ((l)->items[(l)->count++] = (item), true) \
                                                              : false)

#endif
