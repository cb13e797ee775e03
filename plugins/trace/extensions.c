/* extensions.c: the functions of the extensions that the inner driver may have. */
#include <config.h>
#include "trace.h"

/* ---- two-phase ------------------------------------------------------------------------------------------------- */

static void begin_with(trace_line *line, const sqla_driver_conn *conn, const char *call, const char *gid)
{
    trace__begin_on(line, conn, call);
    trace__add(line, ", ");
    trace__add_name(line, gid);
}

static sqla_status trace_prepare(sqla_driver_conn *conn, const char *gid, int64_t deadline, sqla_err *err)
{
    trace_line line;
    begin_with(&line, conn, "twophase.prepare", gid);
    trace__start(&line);
    return trace__finish(&line, conn->around->twophase->prepare(conn->inner, gid, deadline, err));
}

static sqla_status trace_finish(sqla_driver_conn *conn, const char *gid, int32_t commit, int64_t deadline, sqla_err *err)
{
    trace_line line;
    begin_with(&line, conn, commit != 0 ? "twophase.commit" : "twophase.rollback", gid);
    trace__start(&line);
    return trace__finish(&line, conn->around->twophase->finish(conn->inner, gid, commit, deadline, err));
}

static sqla_status trace_recover(sqla_driver_conn *conn, sqla_prepared_sink *sink, int64_t deadline, sqla_err *err)
{
    trace_line line;
    trace__begin_on(&line, conn, "twophase.recover");
    trace__start(&line);
    return trace__finish(&line, conn->around->twophase->recover(conn->inner, sink, deadline, err));
}

const sqla_twophase_ops trace__twophase = {
    .struct_size = sizeof trace__twophase,
    .prepare = trace_prepare,
    .finish = trace_finish,
    .recover = trace_recover,
};

/* ---- streams of rows ------------------------------------------------------------------------------------------- */

static void begin_copy(trace_line *line, const sqla_driver_copy *copy, const char *call)
{
    trace__begin(line, copy->conn->around, call);
    trace__add(line, "copy %u", copy->number);
}

static sqla_status trace_copy_open(sqla_driver_conn *conn, const char *text, size_t length, int32_t direction,
                                   const sqla_exec_options *options, sqla_driver_copy **ret_copy, sqla_err *err)
{
    trace_line line;
    sqla_driver_copy *copy = trace__make(sizeof *copy, err);
    if (copy == NULL)
        return SQLA_ERR_NOMEM;
    copy->conn = conn;
    copy->number = trace__number();
    trace__begin_on(&line, conn, "bulk.open");
    trace__add(&line, ", ");
    trace__add_sql(&line, text, length);
    trace__start(&line);
    sqla_status status = conn->around->bulk->open(conn->inner, text, length, direction, options, &copy->inner, err);
    const bool made = status == SQLA_OK && copy->inner != NULL;
    trace__stop(&line, status);
    if (made)
        trace__add(&line, ": copy %u", copy->number);
    trace__end(&line);
    if (made)
        *ret_copy = copy;
    else
        trace__host->release(copy);
    return status;
}

static sqla_status trace_copy_put(sqla_driver_copy *copy, const void *data, size_t size, sqla_err *err)
{
    trace_line line;
    begin_copy(&line, copy, "bulk.put");
    trace__add(&line, ", %zu bytes", size);
    trace__start(&line);
    return trace__finish(&line, copy->conn->around->bulk->put(copy->inner, data, size, err));
}

static sqla_status trace_copy_get(sqla_driver_copy *copy, const void **ret_data, size_t *ret_size, sqla_err *err)
{
    trace_line line;
    begin_copy(&line, copy, "bulk.get");
    trace__start(&line);
    sqla_status status = copy->conn->around->bulk->get(copy->inner, ret_data, ret_size, err);
    trace__stop(&line, status);
    if (status == SQLA_OK)
        trace__add(&line, ": %zu bytes", *ret_data != NULL ? *ret_size : 0);
    trace__end(&line);
    return status;
}

static sqla_status trace_copy_finish(sqla_driver_copy *copy, int64_t *ret_count, sqla_err *err)
{
    trace_line line;
    begin_copy(&line, copy, "bulk.finish");
    trace__start(&line);
    sqla_status status = trace__finish(&line, copy->conn->around->bulk->finish(copy->inner, ret_count, err));
    trace__host->release(copy);
    return status;
}

static void trace_copy_abort(sqla_driver_copy *copy)
{
    trace_line line;
    begin_copy(&line, copy, "bulk.abort");
    trace__start(&line);
    copy->conn->around->bulk->abort(copy->inner);
    trace__finish(&line, SQLA_OK);
    trace__host->release(copy);
}

const sqla_bulk_ops trace__bulk = {
    .struct_size = sizeof trace__bulk,
    .open = trace_copy_open,
    .put = trace_copy_put,
    .get = trace_copy_get,
    .finish = trace_copy_finish,
    .abort = trace_copy_abort,
};
