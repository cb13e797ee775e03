/* crud.h: the SQL of the unit of work: INSERT, UPDATE, DELETE and SELECT of mapped rows, by road.
 *
 * columns are indexes into the mapping. In each text the parameters of one row come in this order: for an insert the columns;
 * for an update the columns that change, then the key; for a delete the key; so one row plan serves all roads of a verb.
 * road: SQLA_BATCH_EACH, BLOCK (rows: how many) or COLUMNS, by the templates of the traits (abi/sqla/traits.h). With the road
 * EACH a plain text is written. Identifiers are quoted; a type that travels as text in columns mode is cast. */
#ifndef SQLA_SQL_CRUD_H
#define SQLA_SQL_CRUD_H

#include <sqla/driver.h>
#include "base/buf.h"
#include "sql/mapping.h"

sqla_status sqla__crud_insert(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits, const uint32_t *columns, uint32_t n,
                              sqla_batch_mode road, uint32_t rows, const uint32_t *returning, uint32_t returning_count, sqla_error *err);
sqla_status sqla__crud_update(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits, const uint32_t *columns, uint32_t n,
                              sqla_batch_mode road, uint32_t rows, sqla_error *err);
sqla_status sqla__crud_delete(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits, sqla_batch_mode road, uint32_t rows,
                              sqla_error *err);
/* By which template; NULL: the road does not exist for this mapping. */
const char *sqla__crud_delete_template(const sqla__mapping *mapping, const sqla_traits *traits, sqla_batch_mode road);
/* SELECT of all mapped columns in order, WHERE each of the named columns = its parameter. */
sqla_status sqla__crud_select(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits, const uint32_t *columns, uint32_t n,
                              sqla_error *err);
/* The same, WHERE column IN (rows parameters), ordered by primary key. */
sqla_status sqla__crud_select_in(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits, uint32_t column, uint32_t rows,
                                 sqla_error *err);

/* SELECT of a foreign key and of the key that it names, child before parent, by a join that compares as the
 * foreign key does; WHERE one of the two is IN (rows parameters). column: the foreign key. */
sqla_status sqla__crud_select_pairs(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits,
    uint32_t column, bool by_parent, uint32_t rows, sqla_error *err);

#endif
