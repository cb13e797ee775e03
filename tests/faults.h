/* faults.h: what the tests of faults ask again and again: was it told rightly, and do session and pool go on? */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include "shop.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"

/* The URL, with locks waited for a short time only where the driver has an option for that. */
static inline const char *impatient(const char *url)
{
    static char text[1100];
    snprintf(text, sizeof text, "%s%s", url, harness_is_postgres(url) ? "" : "?busy_timeout=20");
    return text;
}

/* The pool, counted: how many connections there are, and how many of them are out. */
static inline bool pool_is(sqla_engine *db, uint32_t size, uint32_t out)
{
    sqla_pool_status p = sqla_engine_pool_status(db);
    bool ok = p.size == size && p.out == out && p.idle == size - out && p.waiting == 0;
    if (!ok)
        fprintf(stderr, "pool: size %u, idle %u, out %u, waiting %u\n", p.size, p.idle, p.out, p.waiting);
    return ok;
}

/* The session refuses all work, and quotes what went wrong first. */
static inline void refuses(shop *x, const sqla_error *first)
{
    char quoted[200];
    snprintf(quoted, sizeof quoted, "%.190s", first->message);
    for (int i = 0; i < 4; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        switch (i) {
        case 0: CU_ASSERT_EQUAL(sqla_flush(x->s, &err), SQLA_ERR_ROLLBACK_FIRST); break;
        case 1: CU_ASSERT_EQUAL(sqla_commit(x->s, &err), SQLA_ERR_ROLLBACK_FIRST); break;
        case 2: CU_ASSERT_PTR_NULL(sqla_get(x->s, User, 4711, &err)); break;
        case 3: CU_ASSERT_EQUAL(sqla_execute(x->s, "SELECT 1", NULL, &err), SQLA_ERR_ROLLBACK_FIRST); break;
        }
        CU_ASSERT(is(&err, SQLA_ERR_ROLLBACK_FIRST));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, quoted));
    }
}

/* Rolled back, the session does new work that another connection sees, and the pool has its one connection back. */
static inline void goes_on(shop *x, const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla_rollback(x->s, &err), SQLA_OK);
    CU_ASSERT_PTR_NOT_NULL(sqla_add(x->s, User, .name = "afterwards"));
    CU_ASSERT_EQUAL(sqla_commit(x->s, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users WHERE name = 'afterwards'"), 1);
    CU_ASSERT(pool_is(x->db, 1, 0));
}

/* What every failed flush or commit has to be followed by. Clears err. */
static inline void refuses_then_goes_on(shop *x, const char *url, sqla_error *err)
{
    refuses(x, err);
    sqla_error_clear(err);
    goes_on(x, url);
}

static inline int64_t count_users(const char *url, const char *name)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM users WHERE name = '%s'", name);
    return harness_sql_int(url, sql);
}

#endif
