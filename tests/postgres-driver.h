/* postgres-driver.h: the PostgreSQL driver as a part of a test program, which is made of the plugin's own objects: so its private
 * functions can be called one by one, with the core's host behind them, whose allocations fail when a test says so. */
#ifndef TESTS_POSTGRES_DRIVER_H
#define TESTS_POSTGRES_DRIVER_H

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/plugin.h"
#include "expect.h"
#include "postgres/postgres.h"

/* The error, as a driver sees it. */
static inline sqla_err *opaque(sqla_error *err) { return (sqla_err *)(void *)err; }

static inline const sqla_driver *pg_driver(void)
{
    static sqla_driver driver;
    if (driver.ops == NULL) {
        sqla_error err = SQLA_ERROR_INIT;
        driver.struct_size = sizeof driver;
        CU_ASSERT_EQUAL_FATAL(sqla_driver_entry(&sqla__host, &driver, opaque(&err)), SQLA_OK);
    }
    return &driver;
}

/* The parts of the URL that the harness made, as the host gives them. */
enum { PG_PARTS = 8 };
static inline uint32_t pg_params(const char *url, sqla_connect_param params[PG_PARTS])
{
    static char kept[PG_PARTS][600];
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    uint32_t n = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(options);
    for (const PQconninfoOption *o = options; o->keyword != NULL && n < PG_PARTS; o++) {
        if (o->val == NULL)
            continue;
        snprintf(kept[n], sizeof kept[n], "%s%c%s", o->keyword, '\0', o->val);
        params[n] = (sqla_connect_param){ kept[n], kept[n] + strlen(o->keyword) + 1 };
        n++;
    }
    PQconninfoFree(options);
    return n;
}

static inline sqla_status pg_open_with(const char *url, uint32_t flags, int64_t deadline, sqla_driver_conn **ret_conn, sqla_error *err)
{
    sqla_connect_param params[PG_PARTS];
    sqla_conn_info info = { .struct_size = sizeof info };
    const sqla_connect_args args = { .struct_size = sizeof args, .count = pg_params(url, params), .params = params, .instance = "test",
                                     .deadline = deadline, .flags = flags };
    return pg_driver()->ops->open(&args, &info, ret_conn, opaque(err));
}

static inline sqla_driver_conn *pg_open(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn *conn = NULL;
    CU_ASSERT_EQUAL_FATAL(pg_open_with(url, 0, 0, &conn, &err), SQLA_OK);
    return conn;
}

static inline sqla_status pg_exec(sqla_driver_conn *conn, const char *text, uint32_t flags, sqla_driver_result **ret_result, sqla_error *err)
{
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, flags, 0 };
    return pg_driver()->ops->exec(conn, &statement, NULL, NULL, &options, ret_result, opaque(err));
}

/* Run a text whose result is of no interest. */
static inline sqla_status pg_run(sqla_driver_conn *conn, const char *text, sqla_error *err)
{
    sqla_driver_result *result = NULL;
    sqla_status status = pg_exec(conn, text, 0, &result, err);
    if (status == SQLA_OK)
        pg_driver()->ops->result_close(result);
    return status;
}

/* A result of one column, "c", and one row, made without a server. size -1: a NULL. */
static inline PGresult *pg_cell(Oid oid, int format, const char *data, int size)
{
    char name[] = "c", *copy = malloc((size_t)(size > 0 ? size : 0) + 1);
    PGresAttDesc column = { name, 0, 0, format, oid, -1, -1 };
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    CU_ASSERT_FATAL(copy != NULL && res != NULL && PQsetResultAttrs(res, 1, &column) != 0);
    if (size > 0)
        memcpy(copy, data, (size_t)size);
    copy[size > 0 ? size : 0] = '\0';
    CU_ASSERT_FATAL(PQsetvalue(res, 0, 0, size >= 0 ? copy : NULL, size) != 0);
    free(copy);
    return res;
}

/* What a fetch puts texts into: one block a row. */
typedef struct pg_arena { sqla_row_arena base; char *block; bool fails; } pg_arena;

static inline void *pg_arena_take(sqla_row_arena *base, void *row, size_t size)
{
    pg_arena *arena = (pg_arena *)(void *)base;
    (void)row;
    CU_ASSERT_PTR_NULL(arena->block); /* once a row */
    arena->block = arena->fails ? NULL : malloc(size);
    return arena->block;
}

#endif
