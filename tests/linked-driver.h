/* linked-driver.h: a driver as a part of a test program, which is made of the plugin's own objects: so its private functions can be
 * called one by one, with the core's host behind them, whose allocations fail when a test says so. What belongs to one database is in
 * postgres-driver.h and mariadb-driver.h. */
#ifndef TESTS_LINKED_DRIVER_H
#define TESTS_LINKED_DRIVER_H

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/plugin.h"
#include "expect.h"

/* The error, as a driver sees it. */
static inline sqla_err *opaque(sqla_error *err) { return (sqla_err *)(void *)err; }

static inline const sqla_driver *linked_driver(void)
{
    static sqla_driver driver;
    if (driver.ops == NULL) {
        sqla_error err = SQLA_ERROR_INIT;
        driver.struct_size = sizeof driver;
        CU_ASSERT_EQUAL_FATAL(sqla_driver_entry(&sqla__host, &driver, opaque(&err)), SQLA_OK);
    }
    return &driver;
}

/* Open with parameters as the host gives them. */
static inline sqla_status linked_open_with(const sqla_connect_param *params, uint32_t count, uint32_t flags, int64_t deadline,
                                       sqla_driver_conn **ret_conn, sqla_error *err)
{
    sqla_conn_info info = { .struct_size = sizeof info };
    const sqla_connect_args args = { .struct_size = sizeof args, .count = count, .params = params, .instance = "test", .deadline = deadline,
                                     .flags = flags };
    return linked_driver()->ops->open(&args, &info, ret_conn, opaque(err));
}

static inline sqla_status linked_exec(sqla_driver_conn *conn, const char *text, uint32_t flags, sqla_driver_result **ret_result, sqla_error *err)
{
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, flags, 0 };
    return linked_driver()->ops->exec(conn, &statement, NULL, NULL, &options, ret_result, opaque(err));
}

/* Run a text whose result is of no interest. */
static inline sqla_status linked_run(sqla_driver_conn *conn, const char *text, sqla_error *err)
{
    sqla_driver_result *result = NULL;
    sqla_status status = linked_exec(conn, text, 0, &result, err);
    if (status == SQLA_OK)
        linked_driver()->ops->result_close(result);
    return status;
}

/* The integer of so many bytes that stands there. */
static inline int64_t linked_integer(const void *at, size_t size)
{
    union { int8_t i8; int16_t i16; int32_t i32; int64_t i64; } v = { .i64 = 0 };
    CU_ASSERT_FATAL(size == 1 || size == 2 || size == 4 || size == 8);
    memcpy(&v, at, size);
    return size == 1 ? v.i8 : size == 2 ? v.i16 : size == 4 ? v.i32 : v.i64;
}

/* What a fetch puts texts into: one block a row. */
typedef struct linked_arena { sqla_row_arena base; char *block; bool fails; } linked_arena;

static inline void *linked_arena_take(sqla_row_arena *base, void *row, size_t size)
{
    linked_arena *arena = (linked_arena *)(void *)base;
    (void)row;
    CU_ASSERT_PTR_NULL(arena->block); /* once a row */
    arena->block = arena->fails ? NULL : malloc(size);
    return arena->block;
}

#endif
