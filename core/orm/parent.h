/* parent.h: who the parent of an object is: what a flush will write as its foreign key.
 *
 * Four statements decide, all of them made since the last flush: a pointer that was assigned, a key that
 * was assigned, an append, a remove. This is the only place that weighs them. A collection never decides
 * anything: it is a view. */
#ifndef SQLA_ORM_PARENT_H
#define SQLA_ORM_PARENT_H

#include "orm/session.h"

typedef enum sqla__parent_kind {
    SQLA__PARENT_KEPT = 0, /* nothing was said: the key stays as the row has it */
    SQLA__PARENT_OBJECT,   /* the key of `object` */
    SQLA__PARENT_KEY,      /* the key that the program assigned */
    SQLA__PARENT_NOBODY    /* NULL */
} sqla__parent_kind;

typedef struct sqla__parent {
    sqla__object *object;   /* OBJECT only */
    sqla__parent_kind kind;
    bool orphan;            /* NOBODY: the child was taken from an owner whose orphans die */
} sqla__parent;

/* Weigh the statements on one foreign key of an object. Contradictions are not looked for; see the next
 * call. */
sqla__parent sqla__parent_of(sqla_session *s, const sqla__object *object, const sqla__foreign_key *key);
/* MISUSE, which names both sides, when two of the statements contradict one another, or a pointer is not
 * one of this session's. */
sqla_status sqla__parent_check(
    sqla_session *s, const sqla__object *object, const sqla__foreign_key *key, sqla_error *err);
/* After all that was said, is `owner` the parent? Where nothing was said, the row decides. */
bool sqla__parent_is(sqla_session *s, const sqla__object *object, const sqla__foreign_key *key,
    const sqla__object *owner);
/* Does the row, as it was last read or written, hold the key of `owner`? */
bool sqla__row_belongs(const sqla__object *object, const sqla__foreign_key *key, const sqla__object *owner);
/* Has the program assigned the pointer of this foreign key? One that append or remove has set does not
 * count. */
bool sqla__pointer_assigned(const sqla__object *object, const sqla__foreign_key *key);
/* Would the next flush write another key than the row has? For persistent objects. */
bool sqla__parent_changes(sqla_session *s, const sqla__object *object, const sqla__foreign_key *key);

/* The known object whose referenced column equals the foreign key in `row`, a struct or snapshot of the
 * key's holder; NULL: there is none, or the key is NULL. */
sqla__object *sqla__find_parent(sqla_session *s, const sqla__foreign_key *key, const void *row);

#endif
