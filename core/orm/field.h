/* field.h: one field of a struct, by its slot. Comparing, hashing, reading and writing without knowing the struct. */
#ifndef SQLA_ORM_FIELD_H
#define SQLA_ORM_FIELD_H

#include <sqla/plan.h>
#include "orm/heap.h"
#include "sql/mapping.h"

/* Do two rows hold the same? Texts by content, doubles by bits, NULL equals NULL. */
bool sqla__field_equal(const sqla_slot *slot, const void *a, const void *b);
/* Do fields of two columns of one type hold the same, whatever their representations? NULL equals NULL. */
bool sqla__fields_match(const sqla_slot *slot_a, const void *a, const sqla_slot *slot_b, const void *b);
/* The bytes that stand for a value as a key: texts as they are, everything else as it lies in the value. */
const void *sqla__value_bytes(const sqla_value *value, size_t *ret_size);
uint64_t sqla__field_hash(const sqla_slot *slot, const void *row);
bool sqla__field_is_null(const sqla_slot *slot, const void *row);
/* Not NULL by flag, but is there something in it that the flag forgot? (`.age = 309`, `u->age.value += 1`) */
bool sqla__field_forgotten(const sqla_slot *slot, const void *row);
/* Has the decimal more digits behind the point than the column keeps? Zeros at the end are none. */
bool sqla__field_beyond_scale(const sqla_slot *slot, uint32_t scale, const void *row);
bool sqla__field_is_zero(const sqla_slot *slot, const void *row);
void sqla__field_copy(const sqla_slot *slot, void *to, const void *from); /* texts by pointer */
void sqla__field_set_null(const sqla_slot *slot, void *row);              /* zero, not set */
/* Key values: from a field of one row into a field of another of the same type, whatever their representations (an integer
 * key into an optional foreign key, char[N] into text). Texts are borrowed. false: it does not fit (char[N]). */
bool sqla__field_assign(const sqla_slot *to_slot, void *to, const sqla_slot *from_slot, const void *from);

/* As a value, and from one. Texts are borrowed both ways. set converts where nothing is lost.
 * Returns: SQLA_ERR_DATA with the column's name. */
sqla_value sqla__field_value(const sqla_slot *slot, const void *row);
sqla_status sqla__field_set(const sqla_slot *slot, void *row, sqla_value value, sqla_error *err);

/* Text in a field: its bytes, without the NUL; a NULL pointer has none. */
size_t sqla__field_text_size(const sqla_slot *slot, const void *row);

/* Does the field hold what the snapshot holds? A text that the program has assigned is not looked into: it may be freed by now. */
bool sqla__field_untouched(const sqla_slot *slot, const void *row, const void *snapshot);
/* Forget what fields with conversions were sent as, which lies in memory that goes with the flush. */
void sqla__object_forget_sent(sqla__object *object);
/* Does a field have bytes that cannot be? Such an object is refused when it is written, and nobody copies it before. */
bool sqla__texts_absurd(const sqla__object *object);
/* Copy the texts that the program assigned since the snapshot was taken, but for those that cannot be.  Returns: false: out of
 * memory; some may be copied. */
bool sqla__texts_borrow(sqla__object *object, sqla__arena *arena);
/* Copy the text of one field, if it is one.  Returns: false: out of memory. */
bool sqla__texts_keep_one(const sqla_slot *slot, void *row, sqla__arena *arena);
/* Copy the texts of the snapshot, and those of the struct that are the same ones, before the block that has them goes.
 * Returns: false: out of memory. */
bool sqla__texts_keep(sqla__object *object, sqla__arena *arena);
/* Copy all texts of the object's struct into a block of its own and let struct and snapshot point there; the snapshot then
 * equals the struct. keep_old: an undo record has the old block.  Returns: false: out of memory, nothing changed. */
bool sqla__object_settle(sqla__object *object, bool keep_old);

#endif
