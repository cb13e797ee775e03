/* converted.h: fields with conversions in the objects of a session: comparing and copying them, and the memory that they point at.
 *
 * That memory is a chain of pieces of the session's text heap. Its first piece is named in the object's row (sqla__mapping.pieces),
 * not in the snapshot; an undo record of an update takes the chain over with the texts. */
#ifndef SQLA_ORM_CONVERTED_H
#define SQLA_ORM_CONVERTED_H

#include "orm/session.h"
#include "sql/convert.h"

/* Is the column the same in two rows? And: copy it, texts by pointer. Any column. */
bool sqla__column_equal(const sqla__mapped_column *column, const void *a, const void *b);
void sqla__column_copy(const sqla__mapped_column *column, void *to, const void *from);

/* Memory of one object: what is taken from it is added to `first`. */
typedef struct sqla__piece sqla__piece;
typedef struct sqla__piece_memory { sqla_memory base; sqla_session *session; sqla__pool *pool; sqla__piece *first; } sqla__piece_memory;
sqla__piece_memory sqla__memory_of(sqla__object *object); /* empty */
void sqla__pieces_free(sqla_session *s, sqla__piece *first);
/* The chain of an object that is from now on the caller's; NULL: it has none. */
sqla__piece *sqla__pieces_take(sqla__object *object);
/* Put another chain in its place, which is freed. */
void sqla__pieces_set(sqla__object *object, sqla__piece *first);
/* Add a chain to the one that is there. */
void sqla__pieces_join(sqla__object *object, sqla__piece *first);

/* The fields of an object, to what is sent (which lives as long as the arena), and from what was sent, or came, to fields that point
 * at memory of the object alone; what they pointed at before goes. A failure names the field, and leaves each field as it was or as
 * it is to be. Nothing is done where the mapping has no conversions. */
sqla_status sqla__object_store(sqla__object *object, sqla__arena *arena, sqla_error *err);
sqla_status sqla__object_load(sqla__object *object, int64_t number, sqla_error *err);
/* Have the fields that the program has set, those that are not zero, point at memory of the object alone. */
sqla_status sqla__object_own(sqla__object *object, sqla_error *err);

/* One field, as a value and from one. */
sqla_status sqla__converted_get(sqla__object *object, const sqla__mapped_column *column, sqla_value *ret, sqla_error *err);
sqla_status sqla__converted_set(sqla__object *object, const sqla__mapped_column *column, sqla_value value, sqla_error *err);

#endif
