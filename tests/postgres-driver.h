/* postgres-driver.h: what tests of the PostgreSQL driver that they have in them share (linked-driver.h). */
#ifndef TESTS_POSTGRES_DRIVER_H
#define TESTS_POSTGRES_DRIVER_H

#include "linked-driver.h"
#include "postgres/postgres.h"

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
    return linked_open_with(params, pg_params(url, params), flags, deadline, ret_conn, err);
}

static inline sqla_driver_conn *pg_open(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn *conn = NULL;
    CU_ASSERT_EQUAL_FATAL(pg_open_with(url, 0, 0, &conn, &err), SQLA_OK);
    return conn;
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

#endif
