/* convert.h: conversions: fields of a type of the program's own, kept in the database as one of the types that it has.
 *
 * A conversion belongs to a C type and is named after it, as a model is named after its struct:
 *     typedef struct ip_address { uint8_t version, bytes[16]; } ip_address;
 *     SQLA_DECLARE_CONVERSION(ip_address, SQLA_TEXT);                           in a header
 *     SQLA_CONVERSION(ip_address, .store = ip_store, .load = ip_load);          in one source file
 * Then a model may have such a field, SQLA_CONVERTED(ip, ip_address, .unique = true); such a value may be a parameter or stand in
 * a condition, sqla_converted(ip_address, &ip); and a cell of a row may be read as one, sqla_row_converted().
 *
 * The compiler compares C types, so that a field, a parameter or a cell cannot meet the conversion of another type; one C type that
 * is kept in two ways has a conversion under each of two names (typedef).
 *
 * In an object, such a field is changed by assigning it. What load made it point at is not to be written to: a flush compares the
 * field with what it was, and would not see it. */
#ifndef SQLA_CONVERT_H
#define SQLA_CONVERT_H
#ifndef SQLA_CHECK_HEADERS
#pragma GCC system_header
#endif

#include <sqla/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a conversion takes the memory that it needs; it is given to its functions, and frees itself. What store takes lives until
 * the value was sent; what load takes lives as long as the texts beside the field do (of an object: until it is loaded or written
 * anew, or expunged; of a row: as long as the row).
 * take: size bytes, aligned for anything.  copy: size bytes and a NUL behind them.  printf: a text.
 * Returns: NULL: out of memory; the function then returns SQLA_ERR_NOMEM.  Threads: only during the call that was given memory. */
typedef struct sqla_memory sqla_memory;
SQLA_API void *sqla_memory_take(sqla_memory *memory, size_t size);
SQLA_API char *sqla_memory_copy(sqla_memory *memory, const void *bytes, size_t size);
SQLA_API char *sqla_memory_printf(sqla_memory *memory, const char *format, ...) SQLA_PRINTF_(2, 3);

/* From C to the database: *ret_value is what is stored, SQL NULL to begin with; of the conversion's type, or NULL. Whole numbers
 * and floats may be of any size when they fit. Its bytes are lent until the value was sent: the field's own, or out of memory.
 * It is asked for a field of zeros too, when one that was never set is flushed: NULL is a good answer.
 * Returns: SQLA_OK; anything else is a failure of the call that needed the value, with the message that was put into err, best
 * with sqla_fail(); table and column are added.  Threads: those that use the objects, rows and statements; several at once. */
typedef sqla_status sqla_store_fn(const void *field, sqla_value *ret_value, sqla_memory *memory, void *data, sqla_error *err);
/* From the database to C: fills field, which is zeroed. value is of the conversion's type, or NULL; it is gone after the call, so
 * what the field points at is copied into memory. A text out of the database has a NUL behind it. It is called for values that store
 * has made, too: what an object of a session holds after sqla_add or a flush is what load makes of what store gave, so that nothing
 * in it is the program's.
 * Returns: as sqla_store_fn; a value that cannot be read fails the query, which names row and column. */
typedef sqla_status sqla_load_fn(const sqla_value *value, void *field, sqla_memory *memory, void *data, sqla_error *err);
/* Do two fields mean the same? Then a flush does not write the one over the other. */
typedef bool sqla_same_fn(const void *a, const void *b, void *data);

/* Functions must not use the session, connection or statement that they are called for. */
typedef struct sqla_conversion {
    uint32_t struct_size;
    uint32_t type;            /* sqla_type that is stored; not SQLA_NULL, SQLA_ENUM_TYPE, SQLA_ARRAY */
    const char *name;         /* of the C type, for messages */
    const char *sql_type;     /* of the column, as .sql_type of a column, which goes before it; NULL: follows from type */
    size_t size;              /* of the C type in bytes */
    sqla_store_fn *store;
    sqla_load_fn *load;
    sqla_same_fn *same;       /* NULL: bytes are compared, those between the members too */
    void *data;               /* given to the functions */
} sqla_conversion;

/* A field and how it is converted. */
typedef struct sqla_to_convert { const sqla_conversion *conversion; const void *field; } sqla_to_convert;
/* A value that is still to be converted: by whoever takes it, who reports what store says. It stands wherever a value can, except
 * for keys. A NULL field is SQL NULL.
 * Ownership: borrows *what and the field until the value was taken.  Threads: any. */
SQLA_API sqla_value sqla_value_converted(const sqla_to_convert *what);

/* stored: an sqla_type, written as its name. */
#ifdef __cplusplus
#define SQLA_DECLARE_CONVERSION(T, stored) enum { sqla_stored_as_##T = (stored) }; extern "C" const sqla_conversion sqla_conversion_of_##T
#else
#define SQLA_DECLARE_CONVERSION(T, stored) enum { sqla_stored_as_##T = (stored) }; extern const sqla_conversion sqla_conversion_of_##T
#define SQLA_CONVERSION(T, ...) const sqla_conversion sqla_conversion_of_##T = { .struct_size = sizeof(sqla_conversion), \
    .type = sqla_stored_as_##T, .name = #T, .size = sizeof(T), __VA_ARGS__ }

/* sqla_converted(ip_address, &ip): as a parameter or in a condition. */
#define sqla_converted(T, field) _Generic(_Generic((0, _Generic((field), T *: 0, const T *: 0, \
    default: (struct sqla_error_this_does_not_point_at_the_type_of_the_conversion *)0)), int: 0), \
    default: sqla_value_converted(&(const sqla_to_convert){ &sqla_conversion_of_##T, (field) }))
struct sqla_error_this_does_not_point_at_the_type_of_the_conversion { int x; };
void *sqla_this_does_not_point_at_the_type_of_the_conversion_(struct sqla_error_this_does_not_point_at_the_type_of_the_conversion);
static inline void *sqla_place_(void *p) { return p; }
struct sqla_error_this_field_is_not_of_the_type_of_the_conversion { int x; };
#define SQLA_IS_OF_(p, T) _Generic(p, T *: (uint32_t)0, \
    default: (struct sqla_error_this_field_is_not_of_the_type_of_the_conversion *)0)
/* By the type that is stored, which is a constant: arrays of different sizes are different types. */
#define SQLA_STORED_(T) ((char (*)[sqla_stored_as_##T])0)
#define SQLA_BY_STORED_(prefix, T) _Generic(SQLA_STORED_(T), \
    char (*)[SQLA_BOOL]: prefix##bool_, char (*)[SQLA_INT16]: prefix##num_, char (*)[SQLA_INT32]: prefix##num_, \
    char (*)[SQLA_INT64]: prefix##num_, char (*)[SQLA_FLOAT32]: prefix##num_, char (*)[SQLA_FLOAT64]: prefix##num_, \
    char (*)[SQLA_DECIMAL]: prefix##num_, char (*)[SQLA_TEXT]: prefix##text_, char (*)[SQLA_BLOB]: prefix##blob_, \
    char (*)[SQLA_DATE]: prefix##time_, char (*)[SQLA_TIME]: prefix##time_, char (*)[SQLA_TIMESTAMP]: prefix##time_, \
    char (*)[SQLA_LOCAL_TIMESTAMP]: prefix##time_, char (*)[SQLA_INTERVAL]: prefix##time_, char (*)[SQLA_UUID]: prefix##uuid_, \
    char (*)[SQLA_JSON]: prefix##json_)
#endif

#ifdef __cplusplus
}
#endif
#endif
