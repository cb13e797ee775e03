/* vec.c: the growing of typed arrays; everything else about them is in the macros of vec.h. */
#include <config.h>
#include "base/vec.h"

#include <stdint.h>
#include <string.h>

/* items is the address of the array's pointer, whatever type that points at; it is read and written as bytes, since a
 * pointer of another type must not alias it. */
bool sqla__vec_grow_(void *items, size_t *capacity, size_t wanted, size_t item_size)
{
    size_t grown = *capacity < 8 ? 8 : *capacity <= SIZE_MAX / 2 ? *capacity * 2 : SIZE_MAX;
    void *old, *block;
    if (grown < wanted)
        grown = wanted;
    memcpy(&old, items, sizeof old);
    block = sqla__resize(old, grown, item_size);
    if (block == NULL)
        return false;
    memcpy(items, &block, sizeof block);
    *capacity = grown;
    return true;
}

/* What it outgrows stays in the arena: together that is less than the list. */
bool sqla__list_grow_(sqla__arena *arena, void *items, uint32_t *room, uint32_t count, size_t wanted,
                      size_t item_size)
{
    size_t grown = (size_t)*room * 2 > wanted ? (size_t)*room * 2 : wanted;
    void *old, *block = grown <= UINT32_MAX ? sqla__arena_zero(arena, grown, item_size) : NULL;
    if (block == NULL)
        return false;
    memcpy(&old, items, sizeof old);
    if (count > 0)
        memcpy(block, old, count * item_size);
    memcpy(items, &block, sizeof block);
    *room = (uint32_t)grown;
    return true;
}
