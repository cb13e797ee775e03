/* mem.h: the one door to the heap. Everything in core allocates here, so a test can make the n-th
 * allocation fail. */
#ifndef SQLA_BASE_MEM_H
#define SQLA_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

/* As malloc, realloc, free. sqla__alloc_zero zeroes. A product that overflows is out of memory. */
void *sqla__alloc(size_t size);
void *sqla__alloc_zero(size_t count, size_t size);
void *sqla__resize(void *block, size_t count, size_t size);
void *sqla__alloc_aligned(size_t alignment, size_t size); /* free with sqla__free */
void sqla__free(void *block);
char *sqla__strdup(const char *text);

/* For tests: let the n-th allocation from now on fail (1 is the next), once or from then on; 0: none. Per
 * process. */
void sqla__alloc_fail_at(size_t n, bool from_then_on);
/* How many allocations are still to come up to the one that fails (1: the next fails, or it has failed). */
size_t sqla__alloc_left(void);
/* For tests: fn is told of each block that comes, with its size in bytes, and of each before it goes. It
 * is called by whatever thread does that, several at once. NULL: nobody. */
typedef void sqla__alloc_watch_fn(uintptr_t block, size_t size, bool goes);
void sqla__alloc_watch(sqla__alloc_watch_fn *fn);

#endif
