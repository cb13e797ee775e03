/* hash.h: a map from byte keys to pointers. Keys are borrowed: they live at least as long as their entry. */
#ifndef SQLA_BASE_HASH_H
#define SQLA_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

/* Zeroed is empty and ready. Open addressing, at most 3/4 full. One thread at a time. */
typedef struct sqla__hash { struct sqla__hash_slot *slots; size_t capacity, count, used; } sqla__hash;

uint64_t sqla__hash_bytes(const void *bytes, size_t n);        /* FNV-1a, 64 bits, finished with a mix */
uint64_t sqla__hash_mix(uint64_t x);                           /* spread an integer over all bits */
void *sqla__hash_get(const sqla__hash *hash, const void *key, size_t n);
void *sqla__hash_get_text(const sqla__hash *hash, const char *key);
bool sqla__hash_put(sqla__hash *hash, const void *key, size_t n, void *value); /* value not NULL; replaces; false: out of memory */
bool sqla__hash_put_text(sqla__hash *hash, const char *key, void *value);
void *sqla__hash_remove(sqla__hash *hash, const void *key, size_t n);          /* what was there */
/* Walk: start with *at = 0; NULL at the end. In no particular order; nothing may be put meanwhile. */
void *sqla__hash_next(const sqla__hash *hash, size_t *at);
void sqla__hash_release(sqla__hash *hash);

#endif
