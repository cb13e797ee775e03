/* naming.c: names of constraints and indexes. They are made from the first create_all on, since schemas outlive code: so how they
 * are made never changes either, and the hash that shortens them is written out here. */
#include <config.h>
#include "sql/metadata.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

enum { LONGEST = 63, HASH_LENGTH = 8 }; /* the shortest limit among databases, so names are the same on all of them */

/* FNV-1a, 32 bits. */
static uint32_t stable_hash(const char *text)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619);
    return hash;
}

/* The first bytes of name that leave room for the hash, without cutting a UTF-8 character. */
static size_t cut(const char *name)
{
    size_t n = LONGEST - HASH_LENGTH - 1;
    while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
        n--;
    return n;
}

char *sqla__constraint_name(sqla__arena *arena, const char *prefix, const char *table, const char *const *words, uint32_t n)
{
    sqla__buf buf = { 0 };
    sqla__buf_printf(&buf, "%s_%s", prefix, table);
    for (uint32_t i = 0; i < n; i++)
        sqla__buf_printf(&buf, "_%s", words[i]);
    char *name = NULL;
    if (!buf.broken && buf.length <= LONGEST)
        name = sqla__arena_copy(arena, buf.data, buf.length);
    else if (!buf.broken)
        name = sqla__arena_printf(arena, "%.*s_%08" PRIx32, (int)cut(buf.data), buf.data, stable_hash(buf.data));
    sqla__buf_release(&buf);
    return name;
}

char *sqla__stable_word(sqla__arena *arena, const char *text)
{
    return sqla__arena_printf(arena, "%08" PRIx32, stable_hash(text));
}
