/* spelling.h: keys that the database takes for equal although they are spelled differently.
 *
 * In a column whose collation leaves case, accents or blanks out of account a child may name its parent in
 * another spelling than the parent has. Only the database knows which: it is asked with a join of child and
 * parent, which compares as its foreign keys do. */
#ifndef SQLA_ORM_SPELLING_H
#define SQLA_ORM_SPELLING_H

#include "orm/session.h"

typedef SQLA__VEC(sqla_value) sqla__values;

/* Are keys of this kind compared by a collation at all? */
bool sqla__key_is_text(const sqla__foreign_key *key);
/* Is one of its two columns known to compare otherwise than byte by byte? */
bool sqla__key_is_loose(const sqla__foreign_key *key);

/* What the parent of a foreign key's value is called, as far as the database has said; else the value itself.
 * Ownership: the text is borrowed until the transaction ends. */
sqla_value sqla__spelling_of(const sqla_session *s, const sqla__foreign_key *key, sqla_value value);
/* Keep that a child's value names the parent that is spelled like that. false: out of memory. */
bool sqla__spelling_keep(sqla_session *s, const sqla__foreign_key *key, sqla_value child, sqla_value parent);
/* Ask for the spellings of n keys, of parents (by_parent) or in children, and keep the answers. Those of the
 * children that are spelled otherwise than their parent are added to ret, each once (NULL: not wanted). */
sqla_status sqla__spellings_ask(sqla_session *s, const sqla__foreign_key *key, bool by_parent,
    const sqla_value *values, size_t n, sqla__values *ret, sqla_error *err);
void sqla__spellings_clear(sqla_session *s);

#endif
