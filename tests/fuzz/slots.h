/* slots.h: a slot and a struct that it lies in, made of any bytes. For the targets that go through row plans. */
#ifndef TESTS_FUZZ_SLOTS_H
#define TESTS_FUZZ_SLOTS_H

#include "fuzz.h"

static const char *const fuzz_labels[] = { "red", "green", "", "bl\303\274" };

/* The size that the value has in memory. */
static inline uint32_t fuzz_size(fuzz_in *in, uint32_t type, uint32_t rep)
{
    static const uint32_t widths[] = { 1, 2, 4, 8 };
    unsigned pick = fuzz_byte(in);
    switch (rep) {
    case SQLA_REP_CSTR:
        return sizeof(char *);
    case SQLA_REP_BYTES:
        return sizeof(sqla_blob);
    case SQLA_REP_VALUE:
        return sizeof(sqla_value);
    case SQLA_REP_CHARS:
        return 1 + pick % 40;
    }
    switch (type) {
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        return pick % 2 == 0 ? 4 : 8;
    case SQLA_DATE:
        return sizeof(sqla_date);
    case SQLA_TIME:
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        return 8;
    case SQLA_INTERVAL:
        return sizeof(sqla_interval);
    case SQLA_UUID:
        return sizeof(sqla_uuid);
    }
    return widths[pick % 4];
}

/* Any pair of type and representation, whether it exists or not, over a value at the front of its struct. */
static inline sqla_slot fuzz_slot(fuzz_in *in)
{
    sqla_slot slot = { .set_offset = -1, .name = "c" };
    slot.type = fuzz_byte(in) % SQLA_TYPE_COUNT_;
    slot.rep = 1 + fuzz_byte(in) % SQLA_REP_VALUE;
    slot.flags = fuzz_byte(in) & (SQLA_SLOT_UNSIGNED | SQLA_SLOT_NULLABLE);
    slot.size = fuzz_size(in, slot.type, slot.rep);
    if (slot.size > 2)
        slot.flags &= (uint8_t)~SQLA_SLOT_UNSIGNED;
    if (slot.type == SQLA_ENUM_TYPE) {
        slot.labels = fuzz_labels;
        slot.label_count = sizeof fuzz_labels / sizeof fuzz_labels[0];
    }
    return slot;
}

/* The struct: a block of the very size. */
static inline char *fuzz_row(const sqla_slot *slot)
{
    char *row = malloc(slot->size);
    must(row != NULL);
    memset(row, 0, slot->size);
    return row;
}

/* A value for the slot to be sent from. Texts and blobs lie in *ret_bytes, which is to be freed. */
static inline char *fuzz_fill(fuzz_in *in, const sqla_slot *slot, char **ret_bytes)
{
    char *row = fuzz_row(slot);
    size_t n = 0;
    *ret_bytes = NULL;
    if (slot->rep == SQLA_REP_FIXED || slot->rep == SQLA_REP_CHARS) {
        fuzz_take(in, row, slot->size);
    } else if (slot->rep == SQLA_REP_VALUE) {
        sqla_value v = { 0 };
        v.type = fuzz_byte(in) % SQLA_TYPE_COUNT_;
        bool bytes = v.type == SQLA_TEXT || v.type == SQLA_BLOB || v.type == SQLA_DECIMAL || v.type == SQLA_JSON;
        if (bytes) {
            v.as.bytes.data = *ret_bytes = fuzz_copy(in, in->left, &n);
            v.as.bytes.size = n;
        } else {
            fuzz_take(in, &v.as, sizeof v.as);
        }
        memcpy(row, &v, sizeof v);
    } else {
        *ret_bytes = fuzz_copy(in, in->left, &n);
        const sqla_blob blob = { *ret_bytes, n };
        memcpy(row, slot->rep == SQLA_REP_CSTR ? (const void *)ret_bytes : &blob, slot->size);
    }
    return row;
}

/* What a fetch puts texts into: one block a row, of the very size. */
typedef struct fuzz_arena { sqla_row_arena base; char *block; } fuzz_arena;

static inline void *fuzz_arena_take(sqla_row_arena *base, void *row, size_t size)
{
    fuzz_arena *arena = (fuzz_arena *)(void *)base;
    (void)row;
    must(arena->block == NULL && size > 0); /* asked once a row */
    arena->block = malloc(size);
    return arena->block;
}

#endif
