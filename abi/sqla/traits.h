/* traits.h: what a driver says about its database's SQL. Data, not calls.
 *
 * The core writes all SQL text itself and knows no database by name; what it writes, and by which road it sends a
 * batch, follows from this one constant struct. A member that is NULL or 0 means that the database does not have
 * the thing, unless the member says otherwise.
 *
 * Templates. Some members are SQL texts with holes in braces, which the core fills. The holes are
 *   {table}        the quoted table name            {columns}     quoted column names with commas
 *   {tuples}       "(?, ?), (?, ?)", or with numbers, as many rows as the block has
 *   {params}       one placeholder a column, each an array over all rows (columns mode)
 *   {aliases}      c0, c1 ... one a column           {selected}   the same behind u., with a cast where the type travels as text
 *   {assignments}  "col" = v.c1, ...                 {match}      key columns compared with v.c0, ... and ANDed
 *   {returning}    " RETURNING ..." or nothing       {name}       of a savepoint, quoted
 *   {key}          the quoted key column, where the key is one
 *   {isolation}    " ISOLATION LEVEL ..." or nothing {access}     " READ ONLY" or nothing
 *   {deferrable}   " DEFERRABLE" or nothing
 * In update and delete templates the row source must be called v and the table t when {assignments}, {match} use them. */
#ifndef SQLA_TRAITS_H
#define SQLA_TRAITS_H

#include <sqla/abi.h>
#include <sqla/transaction.h>
#include <sqla/types.h>

/* What the database can do (sqla_traits.features). */
#define SQLA_FEATURE_RETURNING           (UINT64_C(1) << 0)  /* INSERT ... RETURNING */
#define SQLA_FEATURE_ORDERED_RETURNING   (UINT64_C(1) << 1)  /* rows of RETURNING come in the order of the rows sent, for the insert templates below */
#define SQLA_FEATURE_LAST_ID             (UINT64_C(1) << 2)  /* the driver can fill key_source LAST_ID */
#define SQLA_FEATURE_TRANSACTIONAL_DDL   (UINT64_C(1) << 3)
#define SQLA_FEATURE_ADD_CONSTRAINT      (UINT64_C(1) << 4)  /* ALTER TABLE ... ADD CONSTRAINT (foreign keys in a cycle) */
#define SQLA_FEATURE_ILIKE               (UINT64_C(1) << 5)  /* else lower(a) LIKE lower(b) is written */
#define SQLA_FEATURE_BOOLEAN             (UINT64_C(1) << 6)  /* a boolean type with TRUE and FALSE; else 1 and 0 */
#define SQLA_FEATURE_NATIVE_ENUM         (UINT64_C(1) << 7)  /* CREATE TYPE ... AS ENUM */
#define SQLA_FEATURE_DEFAULT_VALUES      (UINT64_C(1) << 8)  /* INSERT INTO t DEFAULT VALUES, or in the words of insert_defaults */
#define SQLA_FEATURE_DEFERRED_FK         (UINT64_C(1) << 9)
#define SQLA_FEATURE_SCHEMAS             (UINT64_C(1) << 10) /* schema-qualified table names */
#define SQLA_FEATURE_ISOLATED_ABORT      (UINT64_C(1) << 11) /* a failed statement leaves the rest of the transaction usable */
#define SQLA_FEATURE_CASCADE_DROP        (UINT64_C(1) << 12) /* DROP TABLE ... CASCADE */
#define SQLA_FEATURE_FK_ACTIONS          (UINT64_C(1) << 13) /* ON DELETE and ON UPDATE */
#define SQLA_FEATURE_EPHEMERAL           (UINT64_C(1) << 14) /* a connection that tells this (sqla_conn_info) has a database that ends with the
                                                              * last connection to it: the host keeps one open as long as the engine lives */
#define SQLA_FEATURE_MULTIPLE_RESULTS    (UINT64_C(1) << 15) /* other statements run while a result streams; else the connection is busy with it */
#define SQLA_FEATURE_ARRAYS              (UINT64_C(1) << 16) /* parameters may be arrays (SQLA_REP_VALUE of SQLA_ARRAY), and = ANY($1) takes them; else
                                                              * lists are written as one parameter an item */
#define SQLA_FEATURE_POOLER              (UINT64_C(1) << 17) /* the driver can work through a pooler (SQLA_CONNECT_POOLED) */
#define SQLA_FEATURE_READ_ONLY           (UINT64_C(1) << 20) /* the driver minds SQLA_CONNECT_READ_ONLY */

typedef enum sqla_placeholder {
    SQLA_PLACEHOLDER_QUESTION = 1, /* ? in order */
    SQLA_PLACEHOLDER_DOLLAR        /* $1, $2 ... which may be used again */
} sqla_placeholder;

enum {
    SQLA_TYPE_TEXT_ORDER = 1,  /* stored as text that sorts wrongly: comparing and ordering are refused without a cast */
    SQLA_TYPE_AS_TEXT = 2,     /* travels as text in columns mode and needs the cast (the type's name) in {selected} */
    SQLA_TYPE_MICROS = 4       /* of timestamps, kept as text: a program may choose a column of INT64 with microseconds instead */
};

typedef struct sqla_type_trait {
    int32_t type;              /* sqla_type */
    uint32_t flags;
    const char *name;          /* as CREATE TABLE spells it */
    const char *sized_name;    /* with one %u for a length in characters (TEXT of a char[N]); NULL: name serves */
    const char *cast_name;     /* as CAST spells it; NULL: name */
} sqla_type_trait;

typedef struct sqla_traits {
    uint32_t struct_size;
    uint32_t placeholder;      /* sqla_placeholder */
    uint64_t features;
    const char *dialect;       /* for people: "PostgreSQL" */
    char quote_open, quote_close;
    uint16_t reserved_;
    uint32_t max_identifier;   /* bytes of a name that the database keeps; 0: no limit */
    uint32_t max_parameters;   /* of one statement */
    uint32_t type_count;
    const sqla_type_trait *types;      /* one for each canonical type that the database can store. None (type_count 0): it stores no tables.
                                        * The core then writes no SQL for it, beyond the texts of this struct: statements are the
                                        * program's own, and what needs tables (create_all, sessions) is refused or fails */
    const char *const *reserved_words; /* lower case, sorted by strcmp, NULL last: names that must be quoted */

    /* Pieces of DDL. */
    const char *generated_key;         /* type and constraint of a single generated 64-bit key: the text behind its column name */
    bool generated_key_is_primary;     /* that text says PRIMARY KEY itself */
    const char *now;                   /* what SQLA_NOW means as a default, in parentheses if it needs them */
    const char *create_table_suffix;   /* behind the closing parenthesis; NULL: nothing */

    /* Transactions, for drivers that leave the slots to the host. Without begin, commit and rollback here and there alike the database has
     * none, and a program that asks for one hears UNSUPPORTED; only a database without types may be so. */
    const char *begin;
    const char *begin_write;           /* a transaction that means to write; NULL: begin */
    const char *begin_read_only;       /* NULL: begin */
    const char *commit;
    const char *rollback;
    const char *savepoint;             /* templates with {name} */
    const char *savepoint_release;
    const char *savepoint_rollback;
    const char *ping;                  /* the cheapest query; NULL: no ping by SQL */
    const char *reset;                 /* statement that clears the state of a session; NULL: nothing */

    /* Queries. */
    const char *limit_all;             /* what stands for "no limit" where OFFSET needs a LIMIT; NULL: OFFSET stands alone */
    const char *for_update;            /* " FOR UPDATE"; NULL: the mark is ignored, since writers are serialised */

    /* Batches. A template that is NULL: the road does not exist. */
    const char *insert_block;          /* {table} {columns} {tuples} {returning} */
    const char *insert_columns;        /* {table} {columns} {selected} {params} {aliases} {returning} */
    const char *update_block;          /* {table} {assignments} {aliases} {tuples} {match} */
    const char *update_columns;        /* {table} {assignments} {aliases} {params} {match} */
    const char *delete_block;          /* {table} {aliases} {tuples} {match} */
    const char *delete_columns;        /* {table} {aliases} {params} {match} */
    uint32_t insert_block_rows;        /* the best number of rows of a block */
    uint32_t insert_block_min;         /* fewer rows than this go one by one */
    uint32_t update_block_rows;
    uint32_t update_block_min;
    uint32_t delete_block_rows;
    uint32_t delete_block_min;
    uint32_t columns_min;              /* fewer rows than this go one by one */
    uint32_t columns_max;              /* rows of one statement in columns mode */

    /* Schemas. */
    const char *defer_foreign_keys;    /* statement that puts all checks of foreign keys off to the end of the transaction; NULL: none */

    /* Deletes where the primary key is one column: databases find rows by a list of keys faster than by a join. {key} is the quoted
     * name of the column. NULL: the general template above serves. */
    const char *delete_block_key;      /* {table} {key} {tuples} */
    const char *delete_columns_key;    /* {table} {key} {params} */

    /* Isolation. */
    uint32_t isolation_levels;         /* those that a transaction can ask for: bits 1 << sqla_isolation; 0: none can be asked for */
    uint32_t isolation_reserved;
    const char *begin_with;            /* for drivers without a begin slot, when more is asked for than the three texts above say:
                                        * {isolation} {access} {deferrable} */
    const char *isolation_query;       /* gives the level in force as one text, in the standard's words ("read committed"); NULL: it is
                                        * always the only one in isolation_levels */

    const char *insert_defaults;       /* with DEFAULT_VALUES: what stands behind the table's name in an INSERT without any value; NULL:
                                        * " DEFAULT VALUES" */

    /* Types of columns that are part of a key, a unique constraint, a foreign key or an index, where the type that serves elsewhere cannot
     * be: a text without a length. A type that is not listed has its name in types. */
    const sqla_type_trait *keyed_types;
    uint32_t keyed_type_count;
    uint32_t keyed_reserved;
} sqla_traits;

#endif
