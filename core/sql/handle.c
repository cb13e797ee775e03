/* handle.c: handles of statements: numbers in the clothes of pointers.
 *
 * A statement goes when its transaction is over, and the program may still hold it then. So that such a
 * handle is found out always, and is never the handle of another statement, it is no address: it is the
 * number of a slot and the slot's generation, which goes up with each statement that the slot has had.
 * Where pointers have 64 bits a slot repeats itself after four billion statements.
 *
 * Slots are the process's, in chunks each twice as large as the one before, which never move and are never
 * freed: there are as many as there were statements at once. The first chunk needs no memory from the
 * heap. There is no lock: spare slots are a stack whose head carries a count, so that nobody takes one
 * away between another's look at it and his taking it. */
#include <config.h>
#include "sql/handle.h"

#include <stdatomic.h>
#include <stdint.h>

#include "base/mem.h"

enum { FIRST_CHUNK = 128, CHUNKS = 24, NUMBER_BITS = sizeof(uintptr_t) >= 8 ? 32 : 20 };

#define NUMBER_MASK ((uintptr_t)(((uintptr_t)1 << NUMBER_BITS) - 1))
#define GENERATION_MASK ((uint32_t)(UINTPTR_MAX >> NUMBER_BITS))

typedef struct slot {
    _Atomic uint32_t generation;
    _Atomic uint32_t next;         /* the number of the spare one below; 0: none */
    struct sqla__stmt *stmt;       /* NULL: spare. Only who has a handle of this generation looks here */
} slot;

static slot first_chunk[FIRST_CHUNK];
static _Atomic(slot *) chunks[CHUNKS] = { first_chunk };
static _Atomic uint32_t used;      /* numbers run from 1 to this one */
static _Atomic uint64_t spare;     /* a count, and below it the number of the topmost; 0: none */

/* ---- slots --------------------------------------------------------------------------------------------- */

/* Where the slot of a number is: chunk k has FIRST_CHUNK << k of them. */
static uint32_t chunk_of(uint32_t number, uint32_t *ret_at)
{
    uint32_t k = 0, at = number - 1, size = FIRST_CHUNK;
    while (k < CHUNKS && at >= size) {
        at -= size;
        size *= 2;
        k++;
    }
    *ret_at = at;
    return k;
}

/* NULL: not there (yet). */
static slot *slot_of(uint32_t number)
{
    uint32_t at, k = chunk_of(number, &at);
    slot *chunk = k < CHUNKS ? atomic_load_explicit(&chunks[k], memory_order_acquire) : NULL;
    return chunk != NULL ? &chunk[at] : NULL;
}

/* Of several threads that make the same chunk, one does. */
static bool make_chunk(uint32_t number)
{
    uint32_t at, k = chunk_of(number, &at);
    slot *none = NULL, *chunk = k < CHUNKS ? sqla__alloc_zero((size_t)FIRST_CHUNK << k, sizeof *chunk) : NULL;
    if (chunk == NULL)
        return false;
    if (!atomic_compare_exchange_strong(&chunks[k], &none, chunk))
        sqla__free(chunk);
    return true;
}

/* A number that was never used. 0: out of memory. */
static uint32_t take_fresh(void)
{
    uint32_t n = atomic_load(&used);
    do {
        if (n >= NUMBER_MASK || (slot_of(n + 1) == NULL && !make_chunk(n + 1)))
            return 0;
    } while (!atomic_compare_exchange_weak(&used, &n, n + 1));
    return n + 1;
}

static uint32_t take(void)
{
    uint64_t head = atomic_load_explicit(&spare, memory_order_acquire), below;
    do {
        uint32_t number = (uint32_t)head;
        if (number == 0)
            return take_fresh();
        below = ((head >> 32) + 1) << 32 | atomic_load_explicit(&slot_of(number)->next, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(&spare, &head, below, memory_order_acquire,
                                                    memory_order_acquire));
    return (uint32_t)head;
}

static void put(uint32_t number)
{
    uint64_t head = atomic_load_explicit(&spare, memory_order_relaxed), top;
    do {
        atomic_store_explicit(&slot_of(number)->next, (uint32_t)head, memory_order_relaxed);
        top = ((head >> 32) + 1) << 32 | number;
    } while (!atomic_compare_exchange_weak_explicit(&spare, &head, top, memory_order_release,
                                                    memory_order_relaxed));
}

/* ---- handles ------------------------------------------------------------------------------------------- */

static uint32_t number_in(const sqla_stmt *handle) { return (uint32_t)((uintptr_t)handle & NUMBER_MASK); }

/* The slot of a handle that is good. NULL: it is not. */
static slot *slot_behind(const sqla_stmt *handle)
{
    uint32_t number = number_in(handle), generation = (uint32_t)((uintptr_t)handle >> NUMBER_BITS);
    slot *s = number != 0 ? slot_of(number) : NULL;
    if (s == NULL || atomic_load_explicit(&s->generation, memory_order_acquire) != generation)
        return NULL;
    return s;
}

sqla_stmt *sqla__handle_new(struct sqla__stmt *stmt)
{
    uint32_t number = take();
    if (number == 0)
        return NULL;
    slot *s = slot_of(number);
    uintptr_t generation = atomic_load_explicit(&s->generation, memory_order_relaxed);
    s->stmt = stmt;
    return (sqla_stmt *)(generation << NUMBER_BITS | number);
}

struct sqla__stmt *sqla__handle_stmt(const sqla_stmt *handle)
{
    slot *s = slot_behind(handle);
    return s != NULL ? s->stmt : NULL;
}

void sqla__handle_drop(const sqla_stmt *handle)
{
    slot *s = slot_behind(handle);
    if (s == NULL || s->stmt == NULL)
        return;
    uint32_t generation = atomic_load_explicit(&s->generation, memory_order_relaxed);
    s->stmt = NULL;
    atomic_store_explicit(&s->generation, (generation + 1) & GENERATION_MASK, memory_order_release);
    put(number_in(handle));
}
