/* mariadb-driver.h: the MariaDB driver as a part of a test program, which is made of the plugin's own objects: so its private
 * functions can be called one by one, with the core's host behind them, whose allocations fail when a test says so. */
#ifndef TESTS_MARIADB_DRIVER_H
#define TESTS_MARIADB_DRIVER_H

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/plugin.h"
#include "expect.h"
#include "mariadb/mariadb.h"

/* The error, as a driver sees it. */
static inline sqla_err *opaque(sqla_error *err) { return (sqla_err *)(void *)err; }

static inline const sqla_driver *my_driver(void)
{
    static sqla_driver driver;
    if (driver.ops == NULL) {
        sqla_error err = SQLA_ERROR_INIT;
        driver.struct_size = sizeof driver;
        CU_ASSERT_EQUAL_FATAL(sqla_driver_entry(&sqla__host, &driver, opaque(&err)), SQLA_OK);
    }
    return &driver;
}

static inline sqla_status my_open_with(const sqla_connect_param *params, uint32_t count, uint32_t flags, int64_t deadline,
                                       sqla_driver_conn **ret_conn, sqla_error *err)
{
    sqla_conn_info info = { .struct_size = sizeof info };
    const sqla_connect_args args = { .struct_size = sizeof args, .count = count, .params = params, .instance = "test", .deadline = deadline,
                                     .flags = flags };
    return my_driver()->ops->open(&args, &info, ret_conn, opaque(err));
}

/* The parts of the URL that the harness made, mariadb://sqla@/DATABASE?socket=PATH, as the host gives them. */
enum { MY_PARTS = 3 };
static inline void my_params(const char *url, sqla_connect_param params[MY_PARTS])
{
    static char database[128], socket[256];
    const char *at = strstr(url, "@/"), *path = strstr(url, "socket=");
    CU_ASSERT_FATAL(at != NULL && path != NULL);
    snprintf(database, sizeof database, "%.*s", (int)strcspn(at + 2, "?"), at + 2);
    snprintf(socket, sizeof socket, "%.*s", (int)strcspn(path + 7, "&"), path + 7);
    params[0] = (sqla_connect_param){ "user", "sqla" };
    params[1] = (sqla_connect_param){ "database", database };
    params[2] = (sqla_connect_param){ "socket", socket };
}

static inline sqla_driver_conn *my_open(const char *url)
{
    sqla_connect_param params[MY_PARTS];
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn *conn = NULL;
    my_params(url, params);
    CU_ASSERT_EQUAL_FATAL(my_open_with(params, MY_PARTS, 0, 0, &conn, &err), SQLA_OK);
    return conn;
}

static inline sqla_status my_exec(sqla_driver_conn *conn, const char *text, uint32_t flags, sqla_driver_result **ret_result, sqla_error *err)
{
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, flags, 0 };
    return my_driver()->ops->exec(conn, &statement, NULL, NULL, &options, ret_result, opaque(err));
}

/* Run a text whose result is of no interest. */
static inline sqla_status my_run(sqla_driver_conn *conn, const char *text, sqla_error *err)
{
    sqla_driver_result *result = NULL;
    sqla_status status = my_exec(conn, text, 0, &result, err);
    if (status == SQLA_OK)
        my_driver()->ops->result_close(result);
    return status;
}

/* What a fetch puts texts into: one block a row. */
typedef struct my_arena { sqla_row_arena base; char *block; bool fails; } my_arena;

static inline void *my_arena_take(sqla_row_arena *base, void *row, size_t size)
{
    my_arena *arena = (my_arena *)(void *)base;
    (void)row;
    CU_ASSERT_PTR_NULL(arena->block); /* once a row */
    arena->block = arena->fails ? NULL : malloc(size);
    return arena->block;
}

#endif
