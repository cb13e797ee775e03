/* array.h: lists of values that travel as one value (sqla_array in types.h). */
#ifndef SQLA_BASE_ARRAY_H
#define SQLA_BASE_ARRAY_H

#include <sqla/base.h>
#include "base/arena.h"

/* The type of the items; of items that each say their own, that of the first which is not NULL. SQLA_NULL: there is none. */
uint32_t sqla__array_type(const sqla_array *array);
/* Copy the items into the arena, with their texts and blobs. false: out of memory. */
bool sqla__array_copy(sqla_array array, sqla__arena *arena, sqla_array *ret);

#endif
