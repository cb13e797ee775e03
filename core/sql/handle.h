/* handle.h: what a program holds of its statements: a sqla_stmt pointer is a number that nobody follows. */
#ifndef SQLA_SQL_HANDLE_H
#define SQLA_SQL_HANDLE_H

#include <sqla/base.h>

struct sqla__stmt;

/* A handle for stmt, unlike all that were given out before.  NULL: out of memory.  Threads: any. */
sqla_stmt *sqla__handle_new(struct sqla__stmt *stmt);
/* The statement behind a handle.  NULL: there is none any more, or the handle never was one.  Threads:
 * any. */
struct sqla__stmt *sqla__handle_stmt(const sqla_stmt *handle);
/* Nothing is behind it from now on.  Threads: any. */
void sqla__handle_drop(const sqla_stmt *handle);

#endif
