/* plan.h: row plans. How rows cross the driver ABI.
 *
 * A plan describes the places of values in a C struct once, so that a driver can read parameters from, and write
 * results into, the caller's own structs: no boxed value, no call and no allocation for a cell. Rows are always an
 * array of row pointers; the value of a slot lies at row + slot.offset. An offset may point beyond the struct that
 * the row pointer names (a snapshot of a row lies beside the row), so a driver adds and does not ask.
 *
 * A plan and everything it points at stay unchanged while a result that was read with it is open. A driver may therefore
 * know a plan again by its address there and choose its converters once per result. A prepared statement is always run
 * with plans of one shape (the same types and representations in the same order), but not always with the same plan: a
 * driver keeps no pointer to a parameter plan beyond the call. */
#ifndef SQLA_PLAN_H
#define SQLA_PLAN_H

#include <sqla/types.h>
#include <sqla/status.h>

/* How the value lies at its offset. */
typedef enum sqla_rep {
    SQLA_REP_FIXED = 1, /* the C type of the canonical type: integers and bool by slot.size (1, 2, 4, 8 bytes), float and
                         * double by size, sqla_date ... sqla_uuid as declared; an enum as an integer of slot.size bytes */
    SQLA_REP_CSTR,      /* const char *, NUL-terminated; a NULL pointer is NULL. TEXT, DECIMAL, JSON, ENUM (its label) */
    SQLA_REP_BYTES,     /* sqla_blob; a NULL data pointer is NULL. BLOB, and TEXT with a length */
    SQLA_REP_CHARS,     /* char[slot.size], NUL-terminated within it: never NULL by itself. TEXT */
    SQLA_REP_VALUE,     /* sqla_value: says its own type and NULL; slot.type is what it will be, SQLA_NULL if not known */
    SQLA_REP_ROW_NUMBER /* in a key plan of execute_many: nothing is written; the column holds the 0-based index of the
                         * row in rows[] that this result row belongs to */
} sqla_rep;

enum {
    SQLA_SLOT_UNSIGNED = 1, /* a FIXED integer of 1 or 2 bytes is unsigned */
    SQLA_SLOT_NULLABLE = 2, /* NULL may be read or written here. Without it a NULL is SQLA_ERR_NOT_NULL when it is to be
                             * sent, SQLA_ERR_DATA when it comes, with row and column; never a zero */
    SQLA_SLOT_MICROS = 4    /* the column of a timestamp is an integer of microseconds, for drivers whose traits offer
                             * SQLA_TYPE_MICROS; the others do not look at it */
};

typedef struct sqla_slot {
    uint8_t type;          /* sqla_type */
    uint8_t rep;           /* sqla_rep */
    uint8_t flags;         /* SQLA_SLOT_... */
    uint8_t element;       /* ARRAY, in a plan of parameters: sqla_type of the items; SQLA_NULL: there is none that is not NULL */
    int32_t column;        /* result: 0-based column; parameters: 0-based parameter */
    uint32_t offset;       /* of the value, in bytes from the row pointer */
    uint32_t size;         /* of the value, in bytes */
    int32_t set_offset;    /* of a bool that says "there is a value" (1) or NULL (0); -1: there is none */
    uint32_t label_count;
    const char *const *labels; /* ENUM: the labels in order of value; else NULL */
    const char *name;      /* of the column, for messages; may be NULL */
} sqla_slot;

typedef struct sqla_plan {
    uint32_t struct_size;
    uint32_t count;
    const sqla_slot *slots;
} sqla_plan;

/* Where a fetch puts the variable part of the rows (all of CSTR and BYTES). For each row the driver collects the
 * lengths first, asks once for the whole of the row, and writes all its texts (each with a NUL behind it) one after
 * the other. A row without such a part does not ask.
 *   take: row is the pointer out of rows[] that the memory is for; size in bytes, at least 1.
 *         Returns memory aligned for a pointer, or NULL: out of memory, and the fetch stops with SQLA_ERR_NOMEM.
 * Ownership: the memory is the host's from the start. Threads: only during the call that was given the arena. */
typedef struct sqla_row_arena sqla_row_arena;
struct sqla_row_arena {
    void *(*take)(sqla_row_arena *arena, void *row, size_t size);
};

#endif
