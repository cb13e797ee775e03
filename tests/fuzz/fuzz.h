/* fuzz.h: what the targets of fuzzing share. A target is a function that takes any bytes, does something with them and asserts
 * what must hold of the outcome; a crash, a sanitizer's word or a broken must() is a finding.
 *
 * The same functions are run in two ways: by libFuzzer (main.c; `make fuzz`), which makes bytes up, and by replay.c under
 * `make check`, which gives them all files of tests/fuzz/corpus/<target>/. A finding is fixed, and its bytes become such a
 * file. A new target is added to the list here and to FUZZ_TARGETS in tests/fuzz/Makefile.am. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <sqla/driver.h>
#include <sqla/sqla.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a target must find true. */
#define must(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))

static inline void fuzz_broken(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: this must hold: %s\n", file, line, condition);
    abort();
}

/* The bytes, taken from the front. Those that are missing are zero. */
typedef struct fuzz_in { const uint8_t *at; size_t left; } fuzz_in;

static inline void fuzz_take(fuzz_in *in, void *room, size_t n)
{
    size_t have = n < in->left ? n : in->left;
    memset(room, 0, n);
    if (have > 0)
        memcpy(room, in->at, have);
    in->at += have;
    in->left -= have;
}

static inline uint8_t fuzz_byte(fuzz_in *in)
{
    uint8_t byte;
    fuzz_take(in, &byte, 1);
    return byte;
}

/* n bytes, or all that are left, in a block of their own with a NUL behind, so that reading on is noticed.
 * Ownership: returns owned, free it. */
static inline char *fuzz_copy(fuzz_in *in, size_t n, size_t *ret_n)
{
    size_t have = n < in->left ? n : in->left;
    char *copy = malloc(have + 1);
    must(copy != NULL);
    fuzz_take(in, copy, have);
    copy[have] = '\0';
    *ret_n = have;
    return copy;
}

/* The drivers, linked with the program instead of loaded. */
const sqla_driver *fuzz_sqlite(void);
const sqla_driver *fuzz_postgres(void);
const sqla_driver *fuzz_mariadb(void);
/* An error as a driver gets it. */
static inline sqla_err *fuzz_err(sqla_error *err) { return (sqla_err *)(void *)err; }

typedef int fuzz_target(const uint8_t *data, size_t size);
fuzz_target fuzz_url;               /* core/base/url.c */
fuzz_target fuzz_rawsql;            /* core/sql/rawsql.c */
fuzz_target fuzz_quote;             /* core/sql/quote.c, judged by SQLite itself and by PostgreSQL's rules */
fuzz_target fuzz_elf;               /* core/engine/elf.c */
fuzz_target fuzz_sqlite_values;     /* any stored value into any slot, and any slot there and back */
fuzz_target fuzz_sqlite_texts;      /* dates, times, intervals, uuids, decimals in SQLite files */
fuzz_target fuzz_postgres_results;  /* any cell of any type in both formats into any slot */
fuzz_target fuzz_postgres_params;   /* any slot to the server's form, and back */
fuzz_target fuzz_postgres_talk;     /* what a server says, at any time, to the whole driver */
fuzz_target fuzz_mariadb_talk;
fuzz_target fuzz_postgres_texts;    /* dates, times, intervals, uuids as the server writes them */

#endif
