/* result.h: results as conn.c makes and ends them; what others do with them is in conn.h. */
#ifndef SQLA_ENGINE_RESULT_H
#define SQLA_ENGINE_RESULT_H

#include "engine/engine.h"

/* Room for a result, not yet among the open ones. NULL: out of memory. */
sqla__result *sqla__result_new(sqla_conn *conn);
void sqla__result_drop(sqla_conn *conn, sqla__result *result);  /* give back one that was never started */
/* Are its columns there? Else PROTOCOL, and the connection is lost. */
sqla_status sqla__result_check(sqla__result *result, sqla_error *err);
void sqla__result_started(sqla_conn *conn, sqla__result *result, bool streams);
/* Read to the end, dropping the rows, and close. ret_affected may be NULL. */
sqla_status sqla__result_finish(sqla__result *result, int64_t *ret_affected, sqla_error *err);
/* Give up the COPY of conn, if one is open; who holds it finds it empty (copy.c). */
void sqla__copy_detach(sqla_conn *conn);
/* Close all open results of conn, and its COPY, on the driver's side; who holds one finds it empty. */
void sqla__results_detach(sqla_conn *conn);

#endif
