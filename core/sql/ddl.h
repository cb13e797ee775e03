/* ddl.h: CREATE and DROP text for tables of a metadata. */
#ifndef SQLA_SQL_DDL_H
#define SQLA_SQL_DDL_H

#include <sqla/traits.h>
#include "base/buf.h"
#include "sql/mapping.h"

/* CREATE TABLE with columns, key, UNIQUE, CHECK (enums too) and foreign keys, all named. unsure, here and below: nobody knows whether
 * it is there, so the database is to look. skip_foreign_keys: one flag a foreign key of the table, may be NULL: left out here, to be
 * added with sqla__ddl_add_foreign_key since it closes a cycle. */
sqla_status sqla__ddl_create_table(sqla__buf *buf, const sqla_table *table, bool unsure, const unsigned char *skip_foreign_keys,
                                   const sqla_traits *traits, sqla_error *err);
sqla_status sqla__ddl_add_foreign_key(sqla__buf *buf, const sqla_table *table, uint32_t i, const sqla_traits *traits, sqla_error *err);
sqla_status sqla__ddl_create_index(sqla__buf *buf, const sqla_table *table, bool unsure, uint32_t i, const sqla_traits *traits, sqla_error *err);
sqla_status sqla__ddl_drop_table(sqla__buf *buf, const sqla_table *table, bool unsure, const sqla_traits *traits, sqla_error *err);
sqla_status sqla__ddl_drop_foreign_key(sqla__buf *buf, const sqla_table *table, uint32_t i, const sqla_traits *traits, sqla_error *err);
/* The name of the native enum type of a column, by the convention: table_column, in the schema of the table. */
sqla_status sqla__ddl_enum_name(sqla__buf *buf, const sqla_table *table, const char *column, const sqla_traits *traits, sqla_error *err);
char *sqla__enum_type_name(sqla__arena *arena, const sqla_table *table,
    const char *column); /* without its schema; NULL: out of memory */
/* A native enum type of a column. */
sqla_status sqla__ddl_create_enum(sqla__buf *buf, const sqla_table *table, uint32_t column, const sqla_traits *traits, sqla_error *err);
sqla_status sqla__ddl_drop_enum(sqla__buf *buf, const sqla_table *table, uint32_t column, const sqla_traits *traits, sqla_error *err);

#endif
