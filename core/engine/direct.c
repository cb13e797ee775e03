/* direct.c: SQL text that runs as it is, for its effect, without a statement that could run again. */
#include <config.h>
#include "engine/run.h"

#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "engine/engine.h"
#include "sql/convert.h"

static sqla_status name_of(sqla_value v, sqla__arena *arena, const char **ret, sqla_error *err)
{
    if (v.type != SQLA_TEXT)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "parameters are given as name, value, name, value: a "
                                                     "name is not a text");
    *ret = sqla__arena_copy(arena, v.as.bytes.data, v.as.bytes.size);
    return *ret != NULL ? SQLA_OK : sqla__error_nomem(err);
}

static sqla_status split_params(const sqla_params *params, sqla__arena *arena, const char ***ret_names,
                                sqla_value **ret_values, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    if (sqla__is_absurd(params->pairs, params->count, 2 * sizeof *params->pairs))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "%zu parameters %s", params->count,
                               params->pairs == NULL ? "are NULL" : "are more than there can be");
    const char **names = sqla__arena_zero(arena, params->count + 1, sizeof *names);
    sqla_value *values = sqla__arena_zero(arena, params->count + 1, sizeof *values);
    if (names == NULL || values == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; status == SQLA_OK && i < params->count; i++) {
        status = name_of(params->pairs[2 * i], arena, &names[i], err);
        values[i] = params->pairs[2 * i + 1];
        if (status == SQLA_OK)
            status = sqla__convert_value(&values[i], arena, err);
    }
    *ret_names = names;
    *ret_values = values;
    return status;
}

static sqla_status execute_on(sqla_conn *conn, const char *sql, const sqla_params *params, sqla__arena *arena,
                              sqla_error *err)
{
    const sqla_params none = { 0, NULL };
    const char **names = NULL;
    sqla_value *values = NULL;
    sqla__compiled compiled = { 0 };
    params = params != NULL ? params : &none;
    sqla_status status = split_params(params, arena, &names, &values, err);
    if (status == SQLA_OK)
        status = sqla__compile_raw(sql, names, values, params->count, sqla__conn_traits(conn), arena,
                                   &compiled, err);
    if (status == SQLA_OK)
        status = sqla__check_parameters(conn, compiled.count, err);
    if (status != SQLA_OK)
        return status;
    sqla__conn_touch(conn);
    const sqla__request request = { compiled.text, compiled.length,
                                    compiled.count > 0 ? &compiled.plan : NULL, compiled.values,
                                    sqla__conn_seen(conn, compiled.text, compiled.length), false, 0, false,
                                    false };
    status = sqla__conn_run(conn, &request, NULL, NULL, err);
    if (status != SQLA_OK)
        sqla__compiled_locate(&compiled, err);
    sqla__raw_ran(conn, sql);
    return status;
}

sqla_status sqla_execute_(sqla_target on, const char *sql, const sqla_params *params, sqla_error *err)
{
    sqla_error local;
    sqla__arena arena = { 0 };
    sqla_conn *conn = NULL;
    if (on.ops == NULL || sql == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, on.ops == NULL ? "there is nothing to execute on"
                                                                    : "there is no SQL to execute");
    sqla__error_init(&local);
    sqla_status status = on.ops->acquire(on.self, NULL, false, &conn, &local);
    if (status == SQLA_OK) {
        status = execute_on(conn, sql, params, &arena, &local);
        on.ops->release(on.self, conn, status);
        sqla__stmts_settle(on);
    }
    sqla__arena_release(&arena);
    return sqla__error_give(err, &local, status);
}

static sqla_status run_script(sqla_conn *conn, const char *script, sqla_error *err)
{
    sqla__conn_touch(conn);
    sqla_status status = sqla__conn_run_script(conn, script, strlen(script), err);
    sqla__script_ran(conn);
    return status;
}

sqla_status sqla_execute_script_(sqla_target on, const char *script, sqla_error *err)
{
    sqla_error local;
    sqla_conn *conn = NULL;
    if (on.ops == NULL || script == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, on.ops == NULL ? "there is nothing to execute on"
                                                                    : "there is no script to execute");
    if (on.ops->objects != NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a script runs on a connection or an engine: it could "
                                                     "end the transaction of a session");
    sqla__error_init(&local);
    sqla_status status = on.ops->acquire(on.self, NULL, false, &conn, &local);
    if (status == SQLA_OK) {
        status = run_script(conn, script, &local);
        on.ops->release(on.self, conn, status);
        sqla__stmts_settle(on);
    }
    return sqla__error_give(err, &local, status);
}
