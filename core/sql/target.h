/* target.h: where a statement runs. The engine and the ORM each bring a table of these functions; sql only
 * calls them. */
#ifndef SQLA_SQL_TARGET_H
#define SQLA_SQL_TARGET_H

#include <sqla/sql.h>
#include <sqla/traits.h>

typedef struct sqla__stmt sqla__stmt;   /* what is behind a sqla_stmt (sql/handle.h) */
typedef struct sqla__stmts sqla__stmts;

struct sqla_target_ops {
    /* The statements that were made on self. */
    sqla__stmts *(*statements)(void *self);
    /* A statement of self has run to its end: is the transaction that it ran in over too? */
    bool (*over)(void *self);
    /* Take a connection to run q on (q may be NULL for plain SQL), doing first what must be done: a
     * session flushes what q may read and begins. stream: it is held while other calls go on. release
     * gives it back; status is what came of it. */
    sqla_status (*acquire)(void *self, sqla__stmt *q, bool stream, sqla_conn **ret_conn, sqla_error *err);
    void (*release)(void *self, sqla_conn *conn, sqla_status status);
    /* The dialect, without a connection. */
    const sqla_traits *(*traits)(void *self);
    /* Rows of q as objects of self: *ret_objects lies in q's run arena (sqla__stmt_run). *ret_mine false:
     * model is nothing to self, and the rows are made as plain structs. NULL: always plain structs. */
    sqla_status (*objects)(void *self, sqla_conn *conn, sqla__stmt *q, const sqla_model *model,
                           void ***ret_objects, size_t *ret_n, bool *ret_mine, sqla_error *err);
};

#endif
