/* arena.h: memory that is freed all at once. */
#ifndef SQLA_BASE_ARENA_H
#define SQLA_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed is empty and ready: `sqla__arena a = { 0 };`. Blocks never move. One thread at a time. */
typedef struct sqla__arena { struct sqla__arena_chunk *chunks; char *next, *end; } sqla__arena;

/* What an arena gives is aligned for anything: for max_align_t, which differs from machine to machine, and is what the
 * heap gives too. At the beginning of each chunk are some bytes of the arena's own, a multiple of that. */
enum {
    SQLA__ARENA_ALIGN = _Alignof(max_align_t),
    SQLA__ARENA_HEAD = (2 * sizeof(size_t) + SQLA__ARENA_ALIGN - 1) / SQLA__ARENA_ALIGN * SQLA__ARENA_ALIGN
};

/* Begin an empty arena with a chunk of size bytes: a multiple of SQLA__ARENA_ALIGN, with SQLA__ARENA_HEAD among them. What
 * is taken first lies at the chunk's beginning, also after a reset, so an arena may hold the struct that
 * it belongs to. false: out of memory. */
bool sqla__arena_open(sqla__arena *arena, size_t size);
void *sqla__arena_take(sqla__arena *arena, size_t size);      /* aligned as above; NULL: out of memory */
void *sqla__arena_zero(sqla__arena *arena, size_t count, size_t size);
char *sqla__arena_copy(sqla__arena *arena, const void *bytes, size_t size); /* with a NUL behind it */
char *sqla__arena_strdup(sqla__arena *arena, const char *text);             /* NULL gives NULL */
char *sqla__arena_printf(sqla__arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sqla__arena_reset(sqla__arena *arena);   /* forget everything, keep the first chunk for reuse */
void sqla__arena_release(sqla__arena *arena); /* free everything; usable again */
void sqla__arena_wipe(sqla__arena *arena);    /* the same, and nothing of what was in it can be found in freed memory */

#endif
