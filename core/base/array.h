/* array.h: lists of values that travel as one value (sqla_array in types.h), and what no value can be. */
#ifndef SQLA_BASE_ARRAY_H
#define SQLA_BASE_ARRAY_H

#include <sqla/base.h>
#include "base/arena.h"

/* Why bytes cannot be: there are none and they have a length, or they have more than there are addresses.
 * NULL: they can. */
const char *sqla__bytes_wrong(sqla_blob bytes);
/* The same for a value, and all items of a list. */
const char *sqla__value_wrong(const sqla_value *value);
/* Can there not be n things of that size from data on? */
bool sqla__is_absurd(const void *data, size_t n, size_t size);

#define SQLA__MOST_ITEMS (UINT32_MAX - 1)

/* The type of the items; of items that each say their own, that of the first which is not NULL. SQLA_NULL: there is none. */
uint32_t sqla__array_type(const sqla_array *array);
/* Copy the items into the arena, with their texts and blobs. false: out of memory. */
bool sqla__array_copy(sqla_array array, sqla__arena *arena, sqla_array *ret);

#endif
