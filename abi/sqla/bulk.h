/* bulk.h: the extension "sqla.bulk/1": streams of rows in a form of the database's own, such as PostgreSQL's COPY.
 *
 * The text of the statement decides what the bytes are; driver and host pass them on. A stream takes the connection until finish
 * or abort, and anything else answers SQLA_ERR_BUSY until then. Memory is bounded, however long the stream is. */
#ifndef SQLA_BULK_H
#define SQLA_BULK_H

#include <sqla/driver.h>

#define SQLA_BULK_EXTENSION "sqla.bulk/1"

typedef struct sqla_driver_copy sqla_driver_copy;

typedef enum sqla_copy_direction {
    SQLA_COPY_IN = 1, /* from the program into the database */
    SQLA_COPY_OUT
} sqla_copy_direction;

typedef struct sqla_bulk_ops {
    uint32_t struct_size;
    uint32_t reserved;
    /* Run a statement that begins a stream.
     * Returns: MISUSE when it begins none, or one of the other direction; any status.
     * Ownership: *ret_copy is ended by finish or abort, exactly one of them, once. */
    sqla_status (*open)(sqla_driver_conn *conn, const char *text, size_t length, int32_t direction, const sqla_exec_options *options,
                        sqla_driver_copy **ret_copy, sqla_err *err);
    /* COPY_IN: send size bytes, cut anywhere. A database may find fault with them as late as finish. */
    sqla_status (*put)(sqla_driver_copy *copy, const void *data, size_t size, sqla_err *err);
    /* COPY_OUT: the next bytes; *ret_data NULL: there are no more.  Ownership: borrowed until the next call. */
    sqla_status (*get)(sqla_driver_copy *copy, const void **ret_data, size_t *ret_size, sqla_err *err);
    /* End the stream: what was put is stored, or nothing of it; what was not got is dropped. *ret_count: rows, -1: not told. */
    sqla_status (*finish)(sqla_driver_copy *copy, int64_t *ret_count, sqla_err *err);
    /* Give the stream up, in bounded time: nothing that was put is stored. The connection is ready, or lost. */
    void (*abort)(sqla_driver_copy *copy);
} sqla_bulk_ops;

#endif
