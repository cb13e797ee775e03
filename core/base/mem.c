/* mem.c: the one door to the heap, and the hook that lets a test close it.
 *
 * The hook costs one relaxed load as long as no test has armed it. It counts over all threads of the process. */
#include <config.h>
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The hook: armed says whether anybody counts at all, left is how many allocations still succeed. */
static struct {
    atomic_bool armed, lasting;
    _Atomic uint64_t left;
} hook;

static bool fails_now(void)
{
    if (!atomic_load_explicit(&hook.armed, memory_order_relaxed))
        return false;
    uint64_t left = atomic_load(&hook.left);
    while (left > 1) {
        if (atomic_compare_exchange_weak(&hook.left, &left, left - 1))
            return false;
    }
    if (atomic_load(&hook.lasting))
        return true;
    return atomic_exchange(&hook.armed, false); /* of several threads just one meets the failure */
}

static bool product(size_t count, size_t size, size_t *ret)
{
    if (size != 0 && count > SIZE_MAX / size)
        return false;
    *ret = count * size;
    return true;
}

void *sqla__alloc(size_t size)
{
    return fails_now() ? NULL : malloc(size != 0 ? size : 1);
}

void *sqla__alloc_zero(size_t count, size_t size)
{
    size_t bytes;
    if (!product(count, size, &bytes) || fails_now())
        return NULL;
    return calloc(bytes != 0 ? bytes : 1, 1);
}

void *sqla__resize(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (!product(count, size, &bytes) || fails_now())
        return NULL;
    return realloc(block, bytes != 0 ? bytes : 1);
}

void *sqla__alloc_aligned(size_t alignment, size_t size)
{
    void *block = NULL;
    if (fails_now() || posix_memalign(&block, alignment, size != 0 ? size : alignment) != 0)
        return NULL;
    return block;
}

void sqla__free(void *block)
{
    free(block);
}

char *sqla__strdup(const char *text)
{
    if (text == NULL)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = sqla__alloc(size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void sqla__alloc_fail_at(uint64_t n, bool from_then_on)
{
    atomic_store(&hook.left, n);
    atomic_store(&hook.lasting, from_then_on);
    atomic_store(&hook.armed, n != 0);
}

uint64_t sqla__alloc_left(void)
{
    return atomic_load(&hook.left);
}
