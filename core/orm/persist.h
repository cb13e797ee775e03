/* persist.h: write the objects of one mapping: INSERT, UPDATE, DELETE by the fastest road that keeps its meaning. */
#ifndef SQLA_ORM_PERSIST_H
#define SQLA_ORM_PERSIST_H

#include "orm/work.h"

/* Each writes n items of pool in this order and brings object, snapshot, identity map and undo list up to date.
 * Foreign keys that follow from other objects were assigned before.
 * Returns: any status; SQLA_ERR_STALE when a row to be changed is not there. What was written in the call stays in the undo list. */
sqla_status sqla__persist_insert(sqla_session *s, sqla__pool *pool, const sqla__item *items, size_t n, sqla_error *err);
sqla_status sqla__persist_update(sqla_session *s, sqla__pool *pool, const sqla__item *items, size_t n, sqla_error *err);
sqla_status sqla__persist_delete(sqla_session *s, sqla__pool *pool, const sqla__item *items, size_t n, sqla_error *err);

/* Is its primary key another one than its row has? */
bool sqla__key_changed(const sqla__object *object);

#endif
