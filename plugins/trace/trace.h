/* trace.h: the driver "trace", which goes round another one and tells each call, what came of it, and how long it took.
 *
 * It has a handle of its own round each of the inner driver's, with a number by which the lines name it. trace.c describes what
 * an inner driver becomes; line.c makes the lines; calls.c has the functions, and extensions.c those of the extensions. Values
 * of parameters and rows are not shown: echo shows those. */
#ifndef TRACE_H
#define TRACE_H

#include <sqla/bulk.h>
#include <sqla/driver.h>
#include <sqla/twophase.h>
#include <sqla/wrap.h>

/* What one inner driver became. */
typedef struct trace_around {
    const sqla_driver *inner;
    sqla_driver_ops ops;               /* ours, for the slots that inner has */
    const sqla_twophase_ops *twophase; /* inner's; NULL: it has none */
    const sqla_bulk_ops *bulk;
} trace_around;

struct sqla_driver_conn {
    const trace_around *around;
    sqla_driver_conn *inner;
    unsigned number;
};
struct sqla_driver_stmt {
    sqla_driver_conn *conn;
    sqla_driver_stmt *inner;
    unsigned number;
};
struct sqla_driver_result {
    sqla_driver_conn *conn;
    sqla_driver_result *inner;
    unsigned number;
};
struct sqla_driver_canceller {
    const trace_around *around;        /* it is used while the connection is busy elsewhere */
    sqla_driver_canceller *inner;
    unsigned number;
};
struct sqla_driver_copy {
    sqla_driver_conn *conn;
    sqla_driver_copy *inner;
    unsigned number;
};

extern const sqla_host *trace__host;
extern const sqla_driver_ops trace__ops;
extern const sqla_twophase_ops trace__twophase;
extern const sqla_bulk_ops trace__bulk;

/* One line, which is made while the call runs. Of many or long arguments the last are left out, what came of the call is not. */
typedef struct trace_line {
    char text[1200];
    size_t length;
    int64_t began;
} trace_line;
void trace__begin(trace_line *line, const trace_around *around, const char *call);
void trace__begin_on(trace_line *line, const sqla_driver_conn *conn, const char *call);
void trace__add(trace_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void trace__add_sql(trace_line *line, const char *text, size_t length);
void trace__add_name(trace_line *line, const char *name);
/* The arguments are over and the inner function is called now. */
void trace__start(trace_line *line);
/* It has returned. */
void trace__stop(trace_line *line, sqla_status status);
void trace__end(trace_line *line);
/* Both, where nothing is told behind the status, which is returned. */
sqla_status trace__finish(trace_line *line, sqla_status status);

unsigned trace__number(void);
/* A block of zeros; NULL, and it is said: there is no memory. */
void *trace__make(size_t size, sqla_err *err);

#endif
