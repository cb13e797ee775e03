/* copy.c: streams of rows in a form of the database's own (the extension "sqla.bulk/1" of a driver).
 *
 * A stream takes its connection. It may outlive it as an empty shell, as results do: what ends the connection gives it up. */
#include <config.h>
#include "engine/engine.h"

#include <sqla/bulk.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/mem.h"
#include "engine/result.h"
#include "engine/run.h"

struct sqla_copy {
    sqla_conn *conn;               /* NULL: it was ended with the connection or its transaction */
    const sqla_bulk_ops *ops;
    sqla_driver_copy *handle;
    sqla_copy_direction direction;
};

static sqla_status find_ops(sqla_conn *conn, const sqla_bulk_ops **ret, sqla_error *err)
{
    if (conn->driver->bulk.struct_size == 0)
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "cannot copy: %s has no streams of rows", conn->driver->traits.dialect);
    *ret = &conn->driver->bulk;
    return SQLA_OK;
}

static sqla_status open_copy(sqla_conn *conn, const char *sql, sqla_copy *copy, sqla_error *err)
{
    sqla_status status = sqla__conn_start_statement(conn, 0, err);
    if (status == SQLA_OK && conn->stream != NULL)
        status = sqla__error_set(err, SQLA_ERR_BUSY, "the connection is busy with a stream of rows");
    if (status == SQLA_OK)
        status = find_ops(conn, &copy->ops, err);
    if (status != SQLA_OK)
        return status;
    const sqla_exec_options options = { sizeof options, SQLA_EXEC_STREAM, conn->deadline };
    sqla__conn_touch(conn);
    conn->fresh = false;
    status = copy->ops->open(conn->handle, sql, strlen(sql), (int32_t)copy->direction, &options, &copy->handle, sqla__opaque(err));
    if (status == SQLA_OK && copy->handle == NULL)
        status = sqla__error_set(err, SQLA_ERR_PROTOCOL, "driver '%s' began a copy and gives no handle", conn->driver->name);
    if (status != SQLA_OK)
        return sqla__conn_failed(conn, status, err);
    sqla__conn_tell(conn, conn->deadline);
    return SQLA_OK;
}

static sqla_copy *start(sqla_conn *conn, const char *sql, sqla_copy_direction direction, sqla_error *err)
{
    sqla_error local;
    if (conn == NULL || sql == NULL) {
        sqla__error_set(err, SQLA_ERR_MISUSE, conn == NULL ? "there is no connection to copy with" : "there is no statement to copy with");
        return NULL;
    }
    sqla__error_init(&local);
    sqla_copy *copy = sqla__alloc_zero(1, sizeof *copy);
    sqla_status status = copy != NULL ? SQLA_OK : sqla__error_nomem(&local);
    if (status == SQLA_OK) {
        copy->direction = direction;
        status = open_copy(conn, sql, copy, &local);
    }
    if (status != SQLA_OK) {
        sqla__free(copy);
        sqla__error_give(err, &local, status);
        return NULL;
    }
    copy->conn = conn;
    conn->copy = copy;
    return copy;
}

sqla_copy *sqla_copy_in(sqla_conn *conn, const char *sql, sqla_error *err) { return start(conn, sql, SQLA_COPY_IN, err); }
sqla_copy *sqla_copy_out(sqla_conn *conn, const char *sql, sqla_error *err) { return start(conn, sql, SQLA_COPY_OUT, err); }

/* Each call has a deadline of its own. */
static sqla_status check(const sqla_copy *copy, sqla_error *err)
{
    if (copy == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no copy: it was not begun, or has failed to begin");
    if (copy->conn == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "the copy was ended by its connection");
    if (sqla__engine_forked(copy->conn->engine))
        return sqla__refuse_forked(err);
    sqla__conn_tell(copy->conn, sqla__conn_deadline(copy->conn, 0));
    return SQLA_OK;
}

sqla_status sqla_copy_write(sqla_copy *copy, const void *data, size_t size, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = check(copy, &local);
    if (status == SQLA_OK && (copy->direction != SQLA_COPY_IN || sqla__is_absurd(data, size, 1)))
        status = sqla__error_set(&local, SQLA_ERR_MISUSE,
            data == NULL                      ? "there is nothing to write"
            : copy->direction == SQLA_COPY_IN ? "there are more bytes to write than there can be"
                                              : "the copy goes out, and takes nothing");
    else if (status == SQLA_OK && size > 0) {
        status = copy->ops->put(copy->handle, data, size, sqla__opaque(&local));
        if (status != SQLA_OK)
            status = sqla__conn_failed(copy->conn, status, &local);
    }
    return sqla__error_give(err, &local, status);
}

sqla_status sqla_copy_read(sqla_copy *copy, const void **ret_data, size_t *ret_size, sqla_error *err)
{
    sqla_error local;
    const void *data = NULL;
    size_t size = 0;
    sqla__error_init(&local);
    sqla_status status = check(copy, &local);
    if (status == SQLA_OK && (copy->direction != SQLA_COPY_OUT || ret_data == NULL || ret_size == NULL))
        status = sqla__error_set(&local, SQLA_ERR_MISUSE, copy->direction != SQLA_COPY_OUT ? "the copy goes in, and gives nothing" : "there is no place to read to");
    else if (status == SQLA_OK) {
        status = copy->ops->get(copy->handle, &data, &size, sqla__opaque(&local));
        if (status != SQLA_OK)
            status = sqla__conn_failed(copy->conn, status, &local);
    }
    if (ret_data != NULL && ret_size != NULL) {
        *ret_data = status == SQLA_OK ? data : NULL;
        *ret_size = status == SQLA_OK ? size : 0;
    }
    return sqla__error_give(err, &local, status);
}

static void leave(sqla_copy *copy)
{
    copy->conn->copy = NULL;
    copy->conn = NULL;
}

sqla_status sqla_copy_end(sqla_copy *copy, int64_t *ret_rows, sqla_error *err)
{
    sqla_error local;
    int64_t rows = -1;
    sqla__error_init(&local);
    sqla_status status = check(copy, &local);
    if (status == SQLA_OK) {
        status = copy->ops->finish(copy->handle, &rows, sqla__opaque(&local));
        if (status != SQLA_OK)
            status = sqla__conn_failed(copy->conn, status, &local);
    }
    if (copy != NULL && copy->conn != NULL)
        leave(copy);
    sqla__free(copy);
    if (status == SQLA_OK && ret_rows != NULL)
        *ret_rows = rows;
    return sqla__error_give(err, &local, status);
}

void sqla__copy_detach(sqla_conn *conn)
{
    sqla_copy *copy = conn->copy;
    if (copy == NULL)
        return;
    if (!sqla__engine_forked(conn->engine)) {
        sqla__conn_tell(conn, sqla__conn_patience(conn));
        copy->ops->abort(copy->handle);
        if (conn->driver->ops.txn_state(conn->handle) == SQLA_TXN_LOST)
            conn->lost = true;
    }
    leave(copy);
}

void sqla_copy_cancel(sqla_copy *copy)
{
    if (copy != NULL && copy->conn != NULL)
        sqla__copy_detach(copy->conn);
    sqla__free(copy);
}
