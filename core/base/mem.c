/* mem.c: the one door to the heap, and the hooks that let a test close it and watch it.
 *
 * The hooks cost one relaxed load each as long as no test has armed them. They are for all threads of the
 * process. */
#include <config.h>
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The hook: armed says whether anybody counts at all, left is how many allocations still succeed. */
static struct {
    atomic_bool armed, lasting;
    atomic_size_t left;
} hook;

static _Atomic(sqla__alloc_watch_fn *) watch;

static void *comes(void *block, size_t size)
{
    sqla__alloc_watch_fn *fn = atomic_load_explicit(&watch, memory_order_relaxed);
    if (fn != NULL && block != NULL)
        fn((uintptr_t)block, size, false);
    return block;
}

static void goes(const void *block)
{
    sqla__alloc_watch_fn *fn = atomic_load_explicit(&watch, memory_order_relaxed);
    if (fn != NULL && block != NULL)
        fn((uintptr_t)block, 0, true);
}

static bool fails_now(void)
{
    if (!atomic_load_explicit(&hook.armed, memory_order_relaxed))
        return false;
    size_t left = atomic_load(&hook.left);
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
    return fails_now() ? NULL : comes(malloc(size != 0 ? size : 1), size);
}

void *sqla__alloc_zero(size_t count, size_t size)
{
    size_t bytes;
    if (!product(count, size, &bytes) || fails_now())
        return NULL;
    return comes(calloc(bytes != 0 ? bytes : 1, 1), bytes);
}

void *sqla__resize(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (!product(count, size, &bytes) || fails_now())
        return NULL;
    goes(block);
    return comes(realloc(block, bytes != 0 ? bytes : 1), bytes);
}

void *sqla__alloc_aligned(size_t alignment, size_t size)
{
    void *block = NULL;
    if (fails_now() || posix_memalign(&block, alignment, size != 0 ? size : alignment) != 0)
        return NULL;
    return comes(block, size);
}

void sqla__free(void *block)
{
    goes(block);
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

void sqla__alloc_fail_at(size_t n, bool from_then_on)
{
    atomic_store(&hook.left, n);
    atomic_store(&hook.lasting, from_then_on);
    atomic_store(&hook.armed, n != 0);
}

size_t sqla__alloc_left(void)
{
    return atomic_load(&hook.left);
}

void sqla__alloc_watch(sqla__alloc_watch_fn *fn)
{
    atomic_store(&watch, fn);
}
