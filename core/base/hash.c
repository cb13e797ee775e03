/* hash.c: a map from byte keys to pointers, by open addressing with linear steps.
 *
 * A slot that was removed keeps a mark, so that what was put behind it is still found; `used` counts these too, and they are
 * dropped when the table is rebuilt. */
#include <config.h>
#include "base/hash.h"

#include <string.h>

#include "base/mem.h"

typedef struct sqla__hash_slot {
    uint64_t hash;
    const void *key; /* NULL: never used */
    size_t n;
    void *value;     /* NULL with a key: removed */
} sqla__hash_slot;

uint64_t sqla__hash_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t sqla__hash_bytes(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return sqla__hash_mix(hash);
}

/* The slot that holds the key, else the first that is free for it; NULL only in an empty table. */
static sqla__hash_slot *find(const sqla__hash *table, uint64_t hash, const void *key, size_t n)
{
    sqla__hash_slot *room = NULL;
    if (table->capacity == 0)
        return NULL;
    for (size_t i = hash & (table->capacity - 1);; i = (i + 1) & (table->capacity - 1)) {
        sqla__hash_slot *slot = &table->slots[i];
        if (slot->key == NULL)
            return room != NULL ? room : slot;
        if (slot->value == NULL)
            room = room != NULL ? room : slot;
        else if (slot->hash == hash && slot->n == n && memcmp(slot->key, key, n) == 0)
            return slot;
    }
}

void *sqla__hash_get(const sqla__hash *table, const void *key, size_t n)
{
    sqla__hash_slot *slot = find(table, sqla__hash_bytes(key, n), key, n);
    return slot != NULL ? slot->value : NULL;
}

void *sqla__hash_get_text(const sqla__hash *table, const char *key)
{
    return sqla__hash_get(table, key, strlen(key));
}

static bool rebuild(sqla__hash *table)
{
    size_t capacity = 16;
    while (capacity < (table->count + 1) * 2)
        capacity *= 2;
    sqla__hash fresh = { sqla__alloc_zero(capacity, sizeof(sqla__hash_slot)), capacity, table->count, table->count };
    if (fresh.slots == NULL)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        const sqla__hash_slot *slot = &table->slots[i];
        if (slot->value != NULL)
            *find(&fresh, slot->hash, slot->key, slot->n) = *slot;
    }
    sqla__free(table->slots);
    *table = fresh;
    return true;
}

/* A key of no bytes still needs an address, since NULL marks a slot that was never used. */
static const char no_bytes[1] = "";

bool sqla__hash_put(sqla__hash *table, const void *key, size_t n, void *value)
{
    if ((table->used + 1) * 4 > table->capacity * 3 && !rebuild(table))
        return false;
    key = key != NULL ? key : no_bytes;
    uint64_t hash = sqla__hash_bytes(key, n);
    sqla__hash_slot *slot = find(table, hash, key, n);
    table->used += slot->key == NULL;
    table->count += slot->value == NULL;
    *slot = (sqla__hash_slot){ hash, key, n, value };
    return true;
}

bool sqla__hash_put_text(sqla__hash *table, const char *key, void *value)
{
    return sqla__hash_put(table, key, strlen(key), value);
}

void *sqla__hash_remove(sqla__hash *table, const void *key, size_t n)
{
    sqla__hash_slot *slot = find(table, sqla__hash_bytes(key, n), key, n);
    void *value = slot != NULL ? slot->value : NULL;
    if (value == NULL)
        return NULL;
    slot->value = NULL;
    slot->key = no_bytes; /* the key's owner may free it now */
    slot->n = 0;
    table->count--;
    return value;
}

void *sqla__hash_next(const sqla__hash *table, size_t *at)
{
    while (*at < table->capacity) {
        void *value = table->slots[(*at)++].value;
        if (value != NULL)
            return value;
    }
    return NULL;
}

void sqla__hash_release(sqla__hash *table)
{
    sqla__free(table->slots);
    memset(table, 0, sizeof *table);
}
