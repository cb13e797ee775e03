/* identity.h: the identity map, from primary keys to objects. One a pool.
 *
 * Slots are 8 bytes: 32 bits of hash and the number of the cell plus one. The key itself is compared in the object's snapshot,
 * so a key of any type and number of columns fits. */
#ifndef SQLA_ORM_IDENTITY_H
#define SQLA_ORM_IDENTITY_H

#include "orm/heap.h"

/* The object whose snapshot has the key that lies in row, a struct of the pool's mapping; NULL: none. */
sqla__object *sqla__identity_find(const sqla__pool *pool, const void *row);
/* Put an object by the key in its struct, unless there is one with that key. The snapshot must have the key before the next call.
 * Returns: the object that has the key now: this one, or who had it before; NULL: out of memory. */
sqla__object *sqla__identity_join(sqla__pool *pool, sqla__object *object);
/* Put an object by the key in its snapshot; it must not be there yet. false: out of memory. */
bool sqla__identity_put(sqla__pool *pool, sqla__object *object);
void sqla__identity_remove(sqla__pool *pool, const sqla__object *object);
bool sqla__identity_reserve(sqla__pool *pool, size_t more);

#endif
