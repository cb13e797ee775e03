/* convert.h: running conversions: the program's functions called, and what they give checked. */
#ifndef SQLA_SQL_CONVERT_H
#define SQLA_SQL_CONVERT_H

#include "base/arena.h"
#include "sql/mapping.h"

/* The type of a value that is still to be converted; as.bytes points at an sqla_to_convert. It never leaves the core. */
enum { SQLA__TO_CONVERT = 0x100 };

/* What stands behind the handle that the program's functions get. */
struct sqla_memory { void *(*take)(sqla_memory *memory, size_t size); };
typedef struct sqla__arena_memory { sqla_memory base; sqla__arena *arena; } sqla__arena_memory;
sqla__arena_memory sqla__memory_in(sqla__arena *arena);

/* What is wrong with a conversion that is to be used for both ways; NULL: nothing. */
const char *sqla__conversion_wrong(const sqla_conversion *conversion);

/* Call the functions. store: *ret is of the conversion's type, or NULL. load: value may be of any type that goes into the
 * conversion's without loss; field is written as a whole, and only on success.
 * Returns: what the function returned or put into err. */
sqla_status sqla__convert_store(const sqla_conversion *conversion, const void *field, sqla_memory *memory, sqla_value *ret, sqla_error *err);
sqla_status sqla__convert_load(const sqla_conversion *conversion, const sqla_value *value, void *field, sqla_memory *memory, sqla_error *err);
/* A value that is still to be converted becomes one that is not; others stay as they are. */
sqla_status sqla__convert_value(sqla_value *value, sqla__arena *arena, sqla_error *err);

/* All fields of a row that have conversions, to and from what lies behind the struct for the driver (sqla__mapped_column.slot). A
 * failure names the column.  number: of the row in its result, from 1.
 * Neither is called for a mapping without conversions. */
sqla_status sqla__row_store(const sqla__mapping *mapping, void *row, sqla__arena *arena, sqla_error *err);
sqla_status sqla__row_load(const sqla__mapping *mapping, void *row, int64_t number, sqla_memory *memory, sqla_error *err);
/* Say which field it was. Returns err's status. */
sqla_status sqla__convert_failed(const sqla__mapping *mapping, const sqla__mapped_column *column, int64_t number, sqla_error *err);

static inline sqla_value *sqla__stored_at(const sqla__mapped_column *column, void *row)
{
    return (sqla_value *)(void *)((char *)row + column->slot.offset);
}
static inline void *sqla__converted_at(const sqla__mapped_column *column, void *row) { return (char *)row + sqla__column_offset(column->item); }

#endif
