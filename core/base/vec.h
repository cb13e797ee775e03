/* vec.h: growing arrays. SQLA__VEC(T) declares one in place; zeroed is empty and ready.
 *
 *   SQLA__VEC(int) v = { 0 };
 *   if (!sqla__vec_push(&v, 3)) ...out of memory, v is as it was...
 *   v.items[0], v.count
 *   sqla__vec_release(&v); */
#ifndef SQLA_BASE_VEC_H
#define SQLA_BASE_VEC_H

#include <stddef.h>
#include <stdbool.h>
#include "base/mem.h"

#define SQLA__VEC(T) struct { T *items; size_t count, capacity; }
bool sqla__vec_grow_(void *items, size_t *capacity, size_t wanted, size_t item_size);
#define sqla__vec_reserve(v, n) ((v)->capacity >= (n) || sqla__vec_grow_(&(v)->items, &(v)->capacity, (n), sizeof *(v)->items))
#define sqla__vec_push(v, item) (sqla__vec_reserve((v), (v)->count + 1) ? ((v)->items[(v)->count++] = (item), true) : false)
#define sqla__vec_release(v) (sqla__free((v)->items), (v)->items = NULL, (v)->count = (v)->capacity = 0)

#endif
