/* base.h: errors, field types and values. What every other header of sqla builds on.
 *
 * Words used in all headers
 *   borrows X        the call reads X and keeps nothing of it
 *   takes X          X belongs to the callee afterwards
 *   returns owned    the caller frees it, with the function that is named
 *   returns borrowed it stays the callee's and is valid as long as the entry says
 *   Threads          "any": at any time from any thread; "one at a time": never two threads at once on that handle
 * A NULL handle is never a crash: the call answers SQLA_ERR_MISUSE, or does nothing. Every entry is there since 0.1. */
#ifndef SQLA_BASE_H
#define SQLA_BASE_H
/* GCC then shows a mistake in the arguments of a macro without the way through the macros. SQLA_CHECK_HEADERS brings back the
 * warnings of these headers themselves. */
#ifndef SQLA_CHECK_HEADERS
#pragma GCC system_header
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sqla/lists.h>
#include <sqla/status.h>
#include <sqla/types.h>

#if defined(__GNUC__)
#define SQLA_API __attribute__((visibility("default")))
#define SQLA_PRINTF_(text_at, args_at) __attribute__((format(printf, text_at, args_at)))
#else
#define SQLA_API
#define SQLA_PRINTF_(text_at, args_at)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- version --------------------------------------------------------------------------------------------------- */

#define SQLA_VERSION_MAJOR 0
#define SQLA_VERSION_MINOR 1
#define SQLA_VERSION_PATCH 0
#define SQLA_VERSION_HEX 0x000100

/* The version of the library that runs, as "0.1.0" (the macros tell which one the program was compiled with).
 * Ownership: returns borrowed, for ever. Threads: any. */
SQLA_API const char *sqla_version(void);

/* ---- errors ---------------------------------------------------------------------------------------------------- */

/* What went wrong. Yours, of fixed size, with nothing to free: `sqla_error err = SQLA_ERROR_INIT;`.
 *
 * Two rules. A call that may talk to the database, or that makes a handle, takes `sqla_error *err` last. A call that
 * builds (add, append, delete, where ...) keeps its first failure in what is being built, and the call that uses it
 * reports it. err records the first failure and keeps it until it is cleared; it steers nothing, so a run of calls
 * can be checked once at its end, and NULL for err changes nothing else. A struct without its magic counts as fresh. */
typedef struct sqla_error {
    uint32_t magic;
    sqla_status status;
    int32_t native;        /* the database's own number: SQLite's extended result code; 0 */
    int32_t position;      /* 1-based character in the statement; 0: not known */
    int64_t row;           /* 1-based row of a batch or result, statement of a script; 0: not known */
    char sqlstate[8];      /* five characters, or "" */
    char table[128], column[128], constraint[128]; /* names, or "" */
    char message[512];
    char detail[256], hint[256];
    char outcome[64];      /* with SQLA_ERR_UNKNOWN_OUTCOME: what sqla_outcome_resolve asks by, or "" */
} sqla_error;

#define SQLA_ERROR_MAGIC_ 0x53514c45u
#define SQLA_ERROR_INIT { SQLA_ERROR_MAGIC_, SQLA_OK, 0, 0, 0, "", "", "", "", "", "", "", "" }

/* Has anything failed since err was made or cleared?  err: NULL answers no.  Threads: any. */
static inline bool sqla_failed(const sqla_error *err) { return err != NULL && err->magic == SQLA_ERROR_MAGIC_ && err->status != SQLA_OK; }
/* Make err fresh. NULL is fine.  Threads: any. */
SQLA_API void sqla_error_clear(sqla_error *err);
/* Write the failure for people: its message, and on lines of their own the detail and the hint where there are any. Nothing is
 * written when nothing has failed, or err or to is NULL.  Threads: any. */
SQLA_API void sqla_error_print(const sqla_error *err, FILE *to);
/* Put the program's own failure into the same channel.  message: printf's form.
 * Returns: SQLA_ERR_APPLICATION.  Threads: any. */
SQLA_API sqla_status sqla_fail(sqla_error *err, const char *message, ...) SQLA_PRINTF_(2, 3);
/* The name of a status without its prefix ("ERR_UNIQUE"), and its meaning in a few words.
 * Ownership: returns borrowed, for ever.  Threads: any. */
SQLA_API const char *sqla_status_name(sqla_status status);
SQLA_API const char *sqla_status_meaning(sqla_status status);
/* SQLA_CLASS_... bits.  Threads: any. */
SQLA_API int sqla_status_class(sqla_status status);

/* ---- nullable fields ------------------------------------------------------------------------------------------- */

/* A nullable scalar: the value, and whether there is one. Zeroed memory is NULL, and NULL reads as zero.
 * `.age = 309` forgets the flag, and C cannot refuse it: a value that is not zero and not set is an error that
 * names the column, when it is added or flushed. */
#define SQLA_OPT_(name, T) typedef struct sqla_opt_##name { T value; bool set; } sqla_opt_##name
SQLA_OPT_(i16, int16_t);
SQLA_OPT_(i32, int32_t);
SQLA_OPT_(i64, int64_t);
SQLA_OPT_(f32, float);
SQLA_OPT_(f64, double);
SQLA_OPT_(bool, bool);
SQLA_OPT_(date, sqla_date);
SQLA_OPT_(time, sqla_time);
SQLA_OPT_(timestamp, sqla_timestamp);
SQLA_OPT_(local_timestamp, sqla_local_timestamp);
SQLA_OPT_(interval, sqla_interval);
SQLA_OPT_(uuid, sqla_uuid);

/* An initialiser, as in `.age = SQLA_SOME(309)`. SQLA_SOME_OF(i32, 31) is a value, also in a list of arguments. (A compound
 * literal, (sqla_opt_i32)SQLA_SOME(31), needs parentheses around it there, since it has a comma inside.) */
#define SQLA_SOME(v) { (v), true }
#ifndef __cplusplus
#define SQLA_SOME_OF(T, v) ((sqla_opt_##T){ (v), true })
#endif
#ifdef __cplusplus
#define SQLA_NONE {}
#else
#define SQLA_NONE { 0 }
#endif
/* The value, or what to take for NULL. opt is looked at twice. */
#define sqla_value_or(opt, otherwise) ((opt).set ? (opt).value : (otherwise))

/* ---- values of any type ---------------------------------------------------------------------------------------- */

/* Make a sqla_value. Texts and blobs are lent: whoever takes the value copies them, or says how long it needs them.
 * A NULL pointer, and an optional that is not set, is SQL NULL. An unsigned number above INT64_MAX becomes a decimal,
 * so that the database can say whether it fits.  Threads: any. */
SQLA_API sqla_value sqla_null(void);
SQLA_API sqla_value sqla_value_bool(bool v);
SQLA_API sqla_value sqla_value_i64(int64_t v);
SQLA_API sqla_value sqla_value_u64(uint64_t v);
SQLA_API sqla_value sqla_value_f64(double v);
SQLA_API sqla_value sqla_value_text(const char *v);
SQLA_API sqla_value sqla_value_blob(sqla_blob v);
SQLA_API sqla_value sqla_value_json(sqla_json v);
SQLA_API sqla_value sqla_value_decimal(sqla_decimal v);
SQLA_API sqla_value sqla_value_date(sqla_date v);
SQLA_API sqla_value sqla_value_time(sqla_time v);
SQLA_API sqla_value sqla_value_timestamp(sqla_timestamp v);
SQLA_API sqla_value sqla_value_local_timestamp(sqla_local_timestamp v);
SQLA_API sqla_value sqla_value_interval(sqla_interval v);
SQLA_API sqla_value sqla_value_uuid(sqla_uuid v);
SQLA_API sqla_value sqla_value_opt_i16(sqla_opt_i16 v);
SQLA_API sqla_value sqla_value_opt_i32(sqla_opt_i32 v);
SQLA_API sqla_value sqla_value_opt_i64(sqla_opt_i64 v);
SQLA_API sqla_value sqla_value_opt_f32(sqla_opt_f32 v);
SQLA_API sqla_value sqla_value_opt_f64(sqla_opt_f64 v);
SQLA_API sqla_value sqla_value_opt_bool(sqla_opt_bool v);
SQLA_API sqla_value sqla_value_opt_date(sqla_opt_date v);
SQLA_API sqla_value sqla_value_opt_time(sqla_opt_time v);
SQLA_API sqla_value sqla_value_opt_timestamp(sqla_opt_timestamp v);
SQLA_API sqla_value sqla_value_opt_local_timestamp(sqla_opt_local_timestamp v);
SQLA_API sqla_value sqla_value_opt_interval(sqla_opt_interval v);
SQLA_API sqla_value sqla_value_opt_uuid(sqla_opt_uuid v);
SQLA_API sqla_value sqla_value_null_pointer_(const void *null);
/* A list as one value, for raw SQL: sqla_params("ids", sqla_array_i64(ids, n)) beside `id IN (:ids)`, `id = ANY(:ids)`,
 * `id NOT IN (:ids)` or `id <> ALL(:ids)`, which all databases take, also with no item at all: then the first two are always
 * false and the others always true. They may have any length, beyond the number of parameters that
 * a statement has. A list serves as sqla_param in sqla_in and sqla_not_in too. Where the database
 * has arrays, such a value may stand wherever an array may.
 *   items  n of them, lent like a text; a NULL text or blob among them is a NULL, and other NULLs go by sqla_array_values, whose
 *          items must be of one type or NULL. NULL with n > 0, and a number that no memory holds,
 *          are MISUSE where the value is used;
 *          sqla_null() is a list that is NULL.  Threads: any. */
SQLA_API sqla_value sqla_array_bool(const bool *items, size_t n);
SQLA_API sqla_value sqla_array_i16(const int16_t *items, size_t n);
SQLA_API sqla_value sqla_array_i32(const int32_t *items, size_t n);
SQLA_API sqla_value sqla_array_i64(const int64_t *items, size_t n);
SQLA_API sqla_value sqla_array_f32(const float *items, size_t n);
SQLA_API sqla_value sqla_array_f64(const double *items, size_t n);
SQLA_API sqla_value sqla_array_text(const char *const *items, size_t n);
SQLA_API sqla_value sqla_array_blob(const sqla_blob *items, size_t n);
SQLA_API sqla_value sqla_array_decimal(const sqla_decimal *items, size_t n);
SQLA_API sqla_value sqla_array_json(const sqla_json *items, size_t n);
SQLA_API sqla_value sqla_array_date(const sqla_date *items, size_t n);
SQLA_API sqla_value sqla_array_time(const sqla_time *items, size_t n);
SQLA_API sqla_value sqla_array_timestamp(const sqla_timestamp *items, size_t n);
SQLA_API sqla_value sqla_array_local_timestamp(const sqla_local_timestamp *items, size_t n);
SQLA_API sqla_value sqla_array_interval(const sqla_interval *items, size_t n);
SQLA_API sqla_value sqla_array_uuid(const sqla_uuid *items, size_t n);
SQLA_API sqla_value sqla_array_values(const sqla_value *items, size_t n);
/* The i-th item (from 0) of an array, whatever it was made of; NULL beyond the last, and of what is no array.  Threads: any. */
SQLA_API sqla_value sqla_array_at(sqla_value array, size_t i);
static inline sqla_value sqla_value_same_(sqla_value v) { return v; }

/* Write a value for people, as snprintf does: dates and times as ISO 8601, blobs as hexadecimal, NULL as "NULL", arrays in braces.
 * Returns: the length that it has, even where buf is smaller (or NULL); buf is always terminated
 * when size > 0.  Threads: any. */
SQLA_API size_t sqla_value_print(char *buf, size_t size, sqla_value v);

#ifndef __cplusplus
/* sqla_val(v): a C value, tagged by its type. (Not sqla_value, which is the type: a macro of that name would be taken
 * for a call in declarations of functions that return one.) */
#define sqla_val(v) (*_Generic((v), default: sqla_this_is_not_a_value_, \
    bool: sqla_value_bool, char: sqla_value_i64, signed char: sqla_value_i64, unsigned char: sqla_value_i64, \
    short: sqla_value_i64, unsigned short: sqla_value_i64, int: sqla_value_i64, unsigned: sqla_value_i64, \
    long: sqla_value_i64, long long: sqla_value_i64, unsigned long: sqla_value_u64, unsigned long long: sqla_value_u64, \
    float: sqla_value_f64, double: sqla_value_f64, char *: sqla_value_text, const char *: sqla_value_text, \
    void *: sqla_value_null_pointer_, sqla_blob: sqla_value_blob, sqla_json: sqla_value_json, sqla_decimal: sqla_value_decimal, \
    sqla_date: sqla_value_date, sqla_time: sqla_value_time, sqla_timestamp: sqla_value_timestamp, \
    sqla_local_timestamp: sqla_value_local_timestamp, sqla_interval: sqla_value_interval, sqla_uuid: sqla_value_uuid, \
    sqla_opt_i16: sqla_value_opt_i16, sqla_opt_i32: sqla_value_opt_i32, sqla_opt_i64: sqla_value_opt_i64, \
    sqla_opt_f32: sqla_value_opt_f32, sqla_opt_f64: sqla_value_opt_f64, sqla_opt_bool: sqla_value_opt_bool, \
    sqla_opt_date: sqla_value_opt_date, sqla_opt_time: sqla_value_opt_time, sqla_opt_timestamp: sqla_value_opt_timestamp, \
    sqla_opt_local_timestamp: sqla_value_opt_local_timestamp, sqla_opt_interval: sqla_value_opt_interval, \
    sqla_opt_uuid: sqla_value_opt_uuid, sqla_value: sqla_value_same_))(v)
struct sqla_error_this_is_not_a_value { int x; };
sqla_value sqla_this_is_not_a_value_(struct sqla_error_this_is_not_a_value);

/* A condition that must hold at compile time, as an expression of value not 0; a failure names `what`. */
#define SQLA_MUST_(ok, what) sizeof(struct { unsigned what : (ok) ? 1 : -1; })
#endif /* !__cplusplus */

/* ---- handles --------------------------------------------------------------------------------------------------- */

typedef struct sqla_engine sqla_engine;             /* yours; any thread */
typedef struct sqla_conn sqla_conn;                 /* yours; one thread at a time */
typedef struct sqla_metadata sqla_metadata;         /* yours; any thread once a sessionmaker has frozen it */
typedef struct sqla_sessionmaker sqla_sessionmaker; /* yours; any thread */
typedef struct sqla_session sqla_session;           /* yours; one thread at a time */
typedef struct sqla_savepoint sqla_savepoint;       /* the session's, until it is committed or rolled back */
typedef struct sqla_stmt sqla_stmt;                 /* a handle; it points at nothing */
typedef struct sqla_row sqla_row;                   /* the statement's */
typedef struct sqla_from sqla_from;                 /* the statement's */
typedef struct sqla_model sqla_model;               /* constant, or the metadata's when made at run time */
typedef const sqla_model *sqla_model_fn(void);

#ifdef __cplusplus
}
#endif
#endif
