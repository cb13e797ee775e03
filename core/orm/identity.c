/* identity.c: an open-addressing table of cell numbers. See identity.h. */
#include <config.h>
#include "orm/identity.h"

#include <string.h>

#include "base/mem.h"
#include "orm/field.h"

/* Neighbouring integer keys share a cache line of eight slots: objects are mostly loaded in the order of their keys. */
static uint32_t hash_integer(uint64_t key)
{
    uint64_t line = sqla__hash_mix(key >> 3);
    return (uint32_t)((line & ~UINT64_C(7)) | ((key ^ line) & 7));
}

static uint32_t hash_key(const sqla__mapping *mapping, const void *row)
{
    if (mapping->key_count == 1) {
        const sqla_slot *slot = &mapping->columns[mapping->keys[0]].slot;
        if (slot->type == SQLA_INT64 && slot->rep == SQLA_REP_FIXED && slot->size == 8) {
            uint64_t key;
            memcpy(&key, (const char *)row + slot->offset, sizeof key);
            return hash_integer(key);
        }
    }
    uint64_t hash = 0;
    for (uint32_t i = 0; i < mapping->key_count; i++)
        hash = sqla__hash_mix(hash ^ sqla__field_hash(&mapping->columns[mapping->keys[i]].slot, row));
    return (uint32_t)hash;
}

static bool same_key(const sqla__mapping *mapping, const void *a, const void *b)
{
    for (uint32_t i = 0; i < mapping->key_count; i++)
        if (!sqla__field_equal(&mapping->columns[mapping->keys[i]].slot, a, b))
            return false;
    return true;
}

static uint64_t make_slot(uint32_t hash, uint32_t number) { return (uint64_t)hash << 32 | (uint64_t)(number + 1); }
static uint32_t slot_hash(uint64_t slot) { return (uint32_t)(slot >> 32); }
static sqla__object *slot_object(const sqla__pool *pool, uint64_t slot) { return sqla__pool_cell(pool, (uint32_t)slot - 1); }

static void place(struct sqla__identity *map, uint64_t slot)
{
    uint32_t mask = map->capacity - 1;
    uint32_t i = slot_hash(slot) & mask;
    while (map->slots[i] != 0)
        i = (i + 1) & mask;
    map->slots[i] = slot;
}

static bool grow(struct sqla__identity *map, uint32_t capacity)
{
    struct sqla__identity wider = { sqla__alloc_zero(capacity, sizeof(uint64_t)), capacity, map->count };
    if (wider.slots == NULL)
        return false;
    for (uint32_t i = 0; i < map->capacity; i++)
        if (map->slots[i] != 0)
            place(&wider, map->slots[i]);
    sqla__free(map->slots);
    *map = wider;
    return true;
}

bool sqla__identity_reserve(sqla__pool *pool, size_t more)
{
    struct sqla__identity *map = &pool->map;
    size_t wanted = (size_t)map->count + more;
    uint64_t capacity = map->capacity > 0 ? map->capacity : 64;
    while (wanted * 5 > capacity * 3) /* runs of neighbours make long ways where it is fuller */
        capacity *= 2;
    if (capacity > UINT32_MAX / 2)
        return false;
    return capacity == map->capacity || grow(map, (uint32_t)capacity);
}

/* Where the key of row stands, or the free slot where it would. The map has a free slot. */
static uint32_t probe(const sqla__pool *pool, const void *row, uint32_t hash)
{
    const struct sqla__identity *map = &pool->map;
    uint32_t mask = map->capacity - 1, i = hash & mask;
    for (; map->slots[i] != 0; i = (i + 1) & mask) {
        if (slot_hash(map->slots[i]) != hash)
            continue;
        const sqla__object *object = slot_object(pool, map->slots[i]);
        if (same_key(pool->mapping, (const char *)sqla__struct_of(object) + pool->snapshot, row))
            break;
    }
    return i;
}

/* Where the key of row stands; map->capacity: nowhere. */
static uint32_t find_slot(const sqla__pool *pool, const void *row)
{
    const struct sqla__identity *map = &pool->map;
    if (map->count == 0)
        return map->capacity;
    uint32_t i = probe(pool, row, hash_key(pool->mapping, row));
    return map->slots[i] != 0 ? i : map->capacity;
}

sqla__object *sqla__identity_find(const sqla__pool *pool, const void *row)
{
    uint32_t i = find_slot(pool, row);
    return i == pool->map.capacity ? NULL : slot_object(pool, pool->map.slots[i]);
}

sqla__object *sqla__identity_join(sqla__pool *pool, sqla__object *object)
{
    if (!sqla__identity_reserve(pool, 1))
        return NULL;
    uint32_t hash = hash_key(pool->mapping, sqla__struct_of(object)), i = probe(pool, sqla__struct_of(object), hash);
    if (pool->map.slots[i] != 0)
        return slot_object(pool, pool->map.slots[i]);
    pool->map.slots[i] = make_slot(hash, object->number);
    pool->map.count++;
    return object;
}

bool sqla__identity_put(sqla__pool *pool, sqla__object *object)
{
    if (!sqla__identity_reserve(pool, 1))
        return false;
    place(&pool->map, make_slot(hash_key(pool->mapping, (const char *)sqla__struct_of(object) + pool->snapshot), object->number));
    pool->map.count++;
    return true;
}

/* While a rollback puts things back, two may stand under one key. Slots behind the hole move up where they are past their home, so no mark of a removed one is needed. */
void sqla__identity_remove(sqla__pool *pool, const sqla__object *object)
{
    struct sqla__identity *map = &pool->map;
    if (map->count == 0)
        return;
    uint32_t mask = map->capacity - 1;
    uint32_t hole = hash_key(pool->mapping, (const char *)sqla__struct_of(object) + pool->snapshot) & mask;
    while (map->slots[hole] != 0 && slot_object(pool, map->slots[hole]) != object)
        hole = (hole + 1) & mask;
    if (map->slots[hole] == 0)
        return;
    for (uint32_t i = (hole + 1) & mask; map->slots[i] != 0; i = (i + 1) & mask) {
        uint32_t home = slot_hash(map->slots[i]) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = 0;
    map->count--;
}
