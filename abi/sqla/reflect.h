/* reflect.h: what a driver tells about the objects in a database.
 *
 * One call of the reflect slot answers one kind for all tables that the filter lets through, ordered by schema and
 * table (columns also by position). Each record is pushed into the sink; a record and its texts are borrowed from
 * the driver until the push returns. A kind the driver does not know is SQLA_ERR_UNSUPPORTED. */
#ifndef SQLA_REFLECT_H
#define SQLA_REFLECT_H

#include <sqla/types.h>
#include <sqla/status.h>

typedef enum sqla_reflect_kind {
    SQLA_REFLECT_TABLES = 1, /* sqla_reflect_table: tables and views */
    SQLA_REFLECT_COLUMNS,    /* sqla_reflect_column */
    SQLA_REFLECT_FACTS       /* sqla_reflect_facts: what decides the road of a batch */
} sqla_reflect_kind;

typedef struct sqla_reflect_filter {
    uint32_t struct_size;
    uint32_t flags;          /* 0, or SQLA_REFLECT_SYSTEM: the database's own tables too */
    const char *schema;      /* exact; NULL: all schemas (and FACTS: the one that an unqualified name means) */
    const char *table;       /* exact; NULL: all tables */
} sqla_reflect_filter;
enum { SQLA_REFLECT_SYSTEM = 1 };

typedef enum sqla_table_kind {
    SQLA_TABLE = 1, SQLA_VIEW, SQLA_MATERIALIZED_VIEW, SQLA_PARTITIONED_TABLE, SQLA_FOREIGN_TABLE, SQLA_VIRTUAL_TABLE,
    SQLA_TEMPORARY_TABLE
} sqla_table_kind;

typedef struct sqla_reflect_table {
    uint32_t struct_size;
    uint32_t kind;           /* sqla_table_kind */
    const char *schema, *name;
    const char *comment;     /* or NULL */
    bool on_search_path;     /* an unqualified name finds this one */
} sqla_reflect_table;

typedef struct sqla_reflect_column {
    uint32_t struct_size;
    uint32_t position;       /* 1-based */
    const char *schema, *table, *name;
    const char *type_text;   /* as the database writes it: "character varying(30)" */
    const char *default_text;/* SQL text as stored, or NULL */
    const char *comment;     /* or NULL */
    uint32_t type;           /* sqla_type; SQLA_NULL: none of them */
    uint32_t key_position;   /* 1-based place in the primary key, 0: not in it */
    bool nullable;
    bool generated_key;      /* the database makes the value: identity, serial, rowid alias */
} sqla_reflect_column;

/* Facts about one table, in words that hold for any database. Where a driver cannot tell, it leaves the fact out,
 * and the core takes the slow and safe road. */
#define SQLA_FACT_EXACT_INSERT   (UINT64_C(1) << 0) /* an INSERT of k rows stores k rows as given and in order: no trigger,
                                                     * rule, conflict clause or view may drop, change or reorder them */
#define SQLA_FACT_KEY_ARITHMETIC (UINT64_C(1) << 1) /* and their generated keys are last id - k + 1 ... last id */
#define SQLA_FACT_RETURNING      (UINT64_C(1) << 2) /* INSERT ... RETURNING is allowed on it */
#define SQLA_FACT_SHARED_KEYS    (UINT64_C(1) << 3) /* with KEY_ARITHMETIC: others may take keys between two statements, so that those
                                                     * of one statement need not follow those of the one before */
typedef struct sqla_reflect_facts {
    uint32_t struct_size;
    uint32_t kind;           /* sqla_table_kind */
    const char *schema, *table;
    uint64_t facts;
} sqla_reflect_facts;

/* push: record is the struct that belongs to the kind. A status other than SQLA_OK ends the call with that status. */
typedef struct sqla_reflect_sink sqla_reflect_sink;
struct sqla_reflect_sink {
    sqla_status (*push)(sqla_reflect_sink *sink, uint32_t kind, const void *record);
};

#endif
