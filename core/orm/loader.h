/* loader.h: from rows to objects of a session. */
#ifndef SQLA_ORM_LOADER_H
#define SQLA_ORM_LOADER_H

#include "orm/session.h"

typedef SQLA__VEC(void *) sqla__rows;

/* Read a result to its end as objects of pool, by plan. A row whose key is known gives the object that is there, filled anew
 * when it is stale. Appends the user's structs to out (NULL: not wanted). Closes the result. */
sqla_status sqla__load_result(sqla_session *s, sqla__pool *pool, sqla__result *result, const sqla_plan *plan, sqla__rows *out, sqla_error *err);
/* Load a relation of n objects (structs of the relation's owner) with as few queries as go; those loaded already are passed over. */
sqla_status sqla__load_relation(sqla_session *s, const sqla__relation *relation, void *const *rows, size_t n, sqla_error *err);

/* Read the row of an object again, by the key in its snapshot. */
sqla_status sqla__load_again(sqla_session *s, sqla__object *object, sqla_error *err);
/* Read those of n objects of one mapping again that are stale; what the program has changed in them stays. One whose row is gone stays
 * stale. */
sqla_status sqla__load_stale(sqla_session *s, sqla__object *const *objects, size_t n, sqla_error *err);

#endif
