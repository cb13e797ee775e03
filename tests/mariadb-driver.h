/* mariadb-driver.h: what tests of the MariaDB driver that they have in them share (linked-driver.h). */
#ifndef TESTS_MARIADB_DRIVER_H
#define TESTS_MARIADB_DRIVER_H

#include "linked-driver.h"
#include "mariadb/mariadb.h"

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
    CU_ASSERT_EQUAL_FATAL(linked_open_with(params, MY_PARTS, 0, 0, &conn, &err), SQLA_OK);
    return conn;
}

#endif
