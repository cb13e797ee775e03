/* stmtcache.c: the prepared statements of one connection. */
#include <config.h>
#include "engine/stmtcache.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* Texts are hashed eight bytes at a time: this runs for each statement, and a byte at a time would show. */
static uint64_t hash_text(const char *text, size_t length)
{
    uint64_t hash = length * UINT64_C(0x9e3779b97f4a7c15), word;
    for (; length >= 8; text += 8, length -= 8) {
        memcpy(&word, text, 8);
        hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, text, length);
    return sqla__hash_mix(hash ^ word);
}

/* Types and representations in their order; where the values lie does not matter. */
static uint64_t shape_of(const sqla_plan *plan)
{
    uint64_t shape = 1;
    for (uint32_t i = 0; plan != NULL && i < plan->count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        uint64_t size = slot->rep == SQLA_REP_FIXED ? slot->size : 0;
        shape = (shape ^ (slot->type | (uint64_t)slot->rep << 8 | (uint64_t)slot->element << 16 | size << 24)) * UINT64_C(0x9e3779b97f4a7c15);
        shape ^= shape >> 29;
    }
    return shape;
}

sqla__stmtkey sqla__stmtkey_make(const char *text, size_t length, uint32_t flags, uint32_t block_rows, const sqla_plan *plan)
{
    sqla__stmtkey key = { text, length, flags, block_rows, shape_of(plan), 0 };
    key.hash = hash_text(text, length) ^ sqla__hash_mix(key.shape + flags + ((uint64_t)block_rows << 8));
    return key;
}

static bool matches(const sqla__cached *entry, const sqla__stmtkey *key)
{
    return entry->hash == key->hash && entry->length == key->length && entry->flags == key->flags &&
           entry->block_rows == key->block_rows && entry->shape == key->shape && memcmp(entry->text, key->text, key->length) == 0;
}

static void take_from_order(sqla__stmtcache *cache, sqla__cached *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void make_newest(sqla__stmtcache *cache, sqla__cached *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

sqla__cached *sqla__stmtcache_find(sqla__stmtcache *cache, const sqla__stmtkey *key)
{
    if (cache->buckets == NULL)
        return NULL;
    sqla__cached *entry = cache->buckets[key->hash % SQLA__STMTCACHE_BUCKETS];
    while (entry != NULL && !matches(entry, key))
        entry = entry->bucket_next;
    if (entry != NULL && entry != cache->newest) {
        take_from_order(cache, entry);
        make_newest(cache, entry);
    }
    return entry;
}

static void finish(sqla__cached *entry, void (*close)(sqla_driver_stmt *))
{
    if (close != NULL && entry->prepared != NULL)
        close(entry->prepared);
    sqla__free(entry);
}

static void unlink_entry(sqla__stmtcache *cache, sqla__cached *entry)
{
    sqla__cached **at = &cache->buckets[entry->hash % SQLA__STMTCACHE_BUCKETS];
    while (*at != entry)
        at = &(*at)->bucket_next;
    *at = entry->bucket_next;
    take_from_order(cache, entry);
    cache->count--;
}

void sqla__stmtcache_drop(sqla__stmtcache *cache, sqla__cached *entry, void (*close)(sqla_driver_stmt *))
{
    unlink_entry(cache, entry);
    entry->dropped = true;
    if (!entry->busy)
        finish(entry, close);
}

void sqla__stmtcache_done(sqla__cached *entry, void (*close)(sqla_driver_stmt *))
{
    entry->busy = false;
    if (entry->dropped)
        finish(entry, close);
}

sqla__cached *sqla__stmtcache_put(sqla__stmtcache *cache, const sqla__stmtkey *key, sqla_driver_stmt *prepared, void (*close)(sqla_driver_stmt *))
{
    if (cache->buckets == NULL)
        cache->buckets = sqla__alloc_zero(SQLA__STMTCACHE_BUCKETS, sizeof *cache->buckets);
    sqla__cached *entry = cache->buckets != NULL ? sqla__alloc(sizeof *entry + key->length) : NULL;
    if (entry == NULL)
        return NULL;
    if (cache->count >= SQLA__STMTCACHE_MAX)
        sqla__stmtcache_drop(cache, cache->oldest, close);
    memset(entry, 0, sizeof *entry);
    memcpy(entry->text, key->text, key->length);
    entry->length = key->length;
    entry->hash = key->hash;
    entry->shape = key->shape;
    entry->flags = key->flags;
    entry->block_rows = key->block_rows;
    entry->prepared = prepared;
    sqla__cached **bucket = &cache->buckets[key->hash % SQLA__STMTCACHE_BUCKETS];
    entry->bucket_next = *bucket;
    *bucket = entry;
    make_newest(cache, entry);
    cache->count++;
    return entry;
}

void sqla__stmtcache_clear(sqla__stmtcache *cache, void (*close)(sqla_driver_stmt *))
{
    while (cache->newest != NULL)
        sqla__stmtcache_drop(cache, cache->newest, close);
}

void sqla__stmtcache_release(sqla__stmtcache *cache, void (*close)(sqla_driver_stmt *))
{
    while (cache->newest != NULL) {
        sqla__cached *entry = cache->newest;
        unlink_entry(cache, entry);
        finish(entry, close);
    }
    sqla__free(cache->buckets);
    memset(cache, 0, sizeof *cache);
}
