/* types.h: the canonical types, and how a value of each lies in C memory.
 *
 * Every value that travels between a program and a database has one of these types, whatever the database calls it.
 * The same C types stand in users' structs, in dynamic values and in the driver ABI, so nothing is converted on the
 * way. All numbers are in host byte order; times count from 1970-01-01T00:00:00 in the proleptic Gregorian calendar. */
#ifndef SQLA_TYPES_H
#define SQLA_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum sqla_type {
    SQLA_NULL = 0,        /* no type: a NULL, or "let the database find out" */
    SQLA_BOOL,
    SQLA_INT16,
    SQLA_INT32,
    SQLA_INT64,
    SQLA_FLOAT32,
    SQLA_FLOAT64,
    SQLA_TEXT,            /* UTF-8, without NUL */
    SQLA_BLOB,
    SQLA_DATE,            /* sqla_date */
    SQLA_TIME,            /* sqla_time, of a day, without a zone */
    SQLA_TIMESTAMP,       /* sqla_timestamp: an instant */
    SQLA_LOCAL_TIMESTAMP, /* sqla_local_timestamp: what a clock on the wall shows, somewhere */
    SQLA_INTERVAL,
    SQLA_UUID,
    SQLA_DECIMAL,         /* exact decimal text */
    SQLA_JSON,            /* JSON text */
    SQLA_ENUM_TYPE,       /* text out of a list of labels; in C the index of the label */
    SQLA_TYPE_COUNT_
} sqla_type;

typedef struct sqla_blob { const void *data; size_t size; } sqla_blob; /* data == NULL is SQL NULL */
typedef struct sqla_json { const char *text; } sqla_json;              /* text == NULL is SQL NULL */
typedef struct sqla_decimal { const char *text; } sqla_decimal;        /* "12.50"; NULL as above */
typedef struct sqla_date { int32_t days; } sqla_date;                  /* since 1970-01-01 */
typedef struct sqla_time { int64_t micros; } sqla_time;                /* since midnight, 0 to 86,400,000,000 */
typedef struct sqla_timestamp { int64_t micros; } sqla_timestamp;      /* since 1970 UTC */
typedef struct sqla_local_timestamp { int64_t micros; } sqla_local_timestamp;
typedef struct sqla_interval { int32_t months, days; int64_t micros; } sqla_interval;
typedef struct sqla_uuid { uint8_t bytes[16]; } sqla_uuid;             /* in network order, RFC 9562 */

/* Infinity, for the types that have it. A database without it refuses them (SQLA_ERR_DATA). */
#define SQLA_DATE_INFINITY INT32_MAX
#define SQLA_DATE_MINUS_INFINITY INT32_MIN
#define SQLA_TIMESTAMP_INFINITY INT64_MAX
#define SQLA_TIMESTAMP_MINUS_INFINITY INT64_MIN

/* A value with its type: for parameters and rows whose types are known only at run time.
 *   type      SQLA_NULL: nothing else is read
 *   as.i64    BOOL (0 or 1), INT16 to INT64, DATE (days), TIME, TIMESTAMP, LOCAL_TIMESTAMP (micros), ENUM (index)
 *   as.f64    FLOAT32, FLOAT64
 *   as.bytes  TEXT, BLOB, DECIMAL, JSON. In results text, decimal and json also have a NUL behind their last byte
 *   as.uuid, as.interval
 * Ownership: bytes are borrowed, and how long they live is said by whoever hands the value out. */
typedef struct sqla_value {
    uint32_t type; /* sqla_type */
    uint32_t reserved;
    union {
        int64_t i64;
        double f64;
        sqla_blob bytes;
        sqla_uuid uuid;
        sqla_interval interval;
    } as;
} sqla_value;

#endif
