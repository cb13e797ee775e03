/* arena.c: memory that is freed all at once, out of chunks that grow with what is taken.
 *
 * The first chunk is small, since most arenas hold little, and of the size that sqla__arena_open says
 * where that is known. The second is as large, for what needs a little more; each further one is twice the
 * last, up to a limit. A request that is too large for the next chunk gets one of its own behind the
 * current chunk, whose room is not lost by that. */
#include <config.h>
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { ALIGN = SQLA__ARENA_ALIGN, FIRST_CHUNK = 1024, LAST_CHUNK = 256 * 1024 };

typedef struct sqla__arena_chunk {
    struct sqla__arena_chunk *older;
    size_t size; /* of the room */
    max_align_t room[];
} sqla__arena_chunk;

_Static_assert(sizeof(sqla__arena_chunk) == SQLA__ARENA_HEAD, "an arena's own bytes are as many as it says");

static char *room_of(sqla__arena_chunk *chunk)
{
    return (char *)chunk->room;
}

static void use_chunk(sqla__arena *arena, sqla__arena_chunk *chunk)
{
    arena->next = room_of(chunk);
    arena->end = arena->next + chunk->size;
}

static sqla__arena_chunk *chunk_new(size_t size)
{
    if (size > SIZE_MAX - sizeof(sqla__arena_chunk))
        return NULL;
    sqla__arena_chunk *chunk = sqla__alloc(sizeof *chunk + size);
    if (chunk != NULL)
        chunk->size = size;
    return chunk;
}

static size_t next_size(const sqla__arena *arena)
{
    if (arena->chunks == NULL)
        return FIRST_CHUNK - sizeof(sqla__arena_chunk);
    size_t size = (arena->chunks->size + sizeof(sqla__arena_chunk)) * (arena->chunks->older != NULL ? 2 : 1);
    return (size > LAST_CHUNK ? LAST_CHUNK : size) - sizeof(sqla__arena_chunk);
}

bool sqla__arena_open(sqla__arena *arena, size_t size)
{
    sqla__arena_chunk *chunk = chunk_new(size - sizeof *chunk);
    if (chunk == NULL)
        return false;
    chunk->older = NULL;
    arena->chunks = chunk;
    use_chunk(arena, chunk);
    return true;
}

static void *take_large(sqla__arena *arena, size_t size)
{
    sqla__arena_chunk *chunk = chunk_new(size);
    if (chunk == NULL)
        return NULL;
    if (arena->chunks == NULL) {
        chunk->older = NULL;
        arena->chunks = chunk;
        arena->next = arena->end = room_of(chunk) + size;
    } else {
        chunk->older = arena->chunks->older;
        arena->chunks->older = chunk;
    }
    return room_of(chunk);
}

static void *take_slowly(sqla__arena *arena, size_t size)
{
    size_t room = next_size(arena);
    if (size > room / 2)
        return take_large(arena, size);
    sqla__arena_chunk *chunk = chunk_new(room);
    if (chunk == NULL)
        return NULL;
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    use_chunk(arena, chunk);
    char *taken = arena->next;
    arena->next += size;
    return taken;
}

void *sqla__arena_take(sqla__arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGN)
        return NULL;
    size = size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
    if (size > (size_t)(arena->end - arena->next))
        return take_slowly(arena, size);
    char *taken = arena->next;
    arena->next += size;
    return taken;
}

void *sqla__arena_zero(sqla__arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    void *taken = sqla__arena_take(arena, count * size);
    return taken != NULL ? memset(taken, 0, count * size) : NULL;
}

char *sqla__arena_copy(sqla__arena *arena, const void *bytes, size_t size)
{
    char *copy = size < SIZE_MAX ? sqla__arena_take(arena, size + 1) : NULL;
    if (copy == NULL)
        return NULL;
    if (size != 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

char *sqla__arena_strdup(sqla__arena *arena, const char *text)
{
    return text != NULL ? sqla__arena_copy(arena, text, strlen(text)) : NULL;
}

char *sqla__arena_printf(sqla__arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length >= 0 ? sqla__arena_take(arena, (size_t)length + 1) : NULL;
    if (text == NULL)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

static void free_chunks(sqla__arena_chunk *chunk)
{
    while (chunk != NULL) {
        sqla__arena_chunk *older = chunk->older;
        sqla__free(chunk);
        chunk = older;
    }
}

/* The oldest chunk is kept: it is the small one, so an arena that was once large does not stay so. */
void sqla__arena_reset(sqla__arena *arena)
{
    sqla__arena_chunk *first = arena->chunks;
    if (first == NULL)
        return;
    while (first->older != NULL) {
        sqla__arena_chunk *older = first->older;
        sqla__free(first);
        first = older;
    }
    arena->chunks = first;
    use_chunk(arena, first);
    if (first->size > LAST_CHUNK)
        sqla__arena_release(arena);
}

void sqla__arena_release(sqla__arena *arena)
{
    free_chunks(arena->chunks);
    arena->chunks = NULL;
    arena->next = arena->end = NULL;
}

void sqla__arena_wipe(sqla__arena *arena)
{
    for (sqla__arena_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->older)
        explicit_bzero(room_of(chunk), chunk->size);
    sqla__arena_release(arena);
}
