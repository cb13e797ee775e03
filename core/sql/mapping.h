/* mapping.h: a model, worked out. Where each column lies, what the key is, who points at whom. */
#ifndef SQLA_SQL_MAPPING_H
#define SQLA_SQL_MAPPING_H

#include <sqla/sql.h>
#include <sqla/plan.h>
#include "base/arena.h"

typedef struct sqla__mapping sqla__mapping;

/* How a column takes part in an INSERT (design of the API, "what INSERT sends"). */
typedef enum sqla__sent {
    SQLA__SENT_ALWAYS = 1,   /* a plain field without default: also when it is zero */
    SQLA__SENT_NEVER,        /* a generated key, a plain field with a server default: read back. Not zero: an error */
    SQLA__SENT_WHEN_SET      /* optional or pointer with a default: when set, else left out and read back */
} sqla__sent;                /* (optional or pointer without default: ALWAYS, as NULL; with not_null a NULL is an error before SQL) */

typedef struct sqla__mapped_column {
    const sqla_column_item *item;
    const char *name;              /* of the column */
    sqla_slot slot;                /* reads and writes it in the object; slot.column is its index in the mapping. Of a field with a
                                    * conversion it is a value behind the struct, which conversions read and fill (convert.h) */
    uint32_t index;
    sqla__sent sent;
    bool is_key, generated;        /* generated: the key that the database makes */
    bool is_pointer;               /* text, blob, json, decimal: a pointer into the object's texts */
    bool not_null;                 /* NULL is refused */
    bool has_scale;                /* a decimal of a .sql_type that keeps `scale` digits behind the point, and rounds others away */
    uint16_t scale;
    const sqla__mapping *references;
    uint32_t references_column;    /* index there */
} sqla__mapped_column;

typedef struct sqla__relation sqla__relation;

/* A foreign key, with the two sides of the relation that goes over it and is written (SQLA_VIEW_ONLY ones are not named here). */
typedef struct sqla__foreign_key {
    const sqla__mapping *holder, *target;
    uint32_t column;                  /* index in holder */
    uint32_t referenced_column;       /* index in target */
    uint32_t index;                   /* among the holder's foreign keys */
    const sqla__relation *pointer;    /* the holder's to-one side; NULL: none is declared */
    const sqla__relation *collection; /* the target's to-many side; NULL */
} sqla__foreign_key;

struct sqla__relation {
    const sqla_relation_item *item;
    const sqla__mapping *owner, *target;
    bool to_many;
    uint32_t offset;               /* of the pointer or collection in the owner */
    const sqla__foreign_key *key;  /* held by the owner (to one) or by the target (to many) */
    const sqla__relation *inverse; /* the other side over the same foreign key; NULL */
    uint32_t index;                /* among the owner's relations */
};

struct sqla__mapping {
    const sqla_model *model;
    const sqla_metadata *base;
    const sqla_table *table;       /* NULL for row structs */
    uint32_t index;                /* among the mappings of base */
    uint32_t rank;                 /* parents before children: order of inserts, reversed for deletes */
    uint32_t size;                 /* of a row: the user's struct, and what lies behind it for conversions */
    bool converts;                 /* there are fields with conversions */
    uint32_t pieces;               /* then: where the pointer to the memory of an object's fields lies in a row (orm/converted.h) */
    uint32_t column_count, relation_count, key_count, foreign_key_count;
    const sqla__mapped_column *columns;
    const sqla__relation *relations;
    const sqla__foreign_key *foreign_keys;
    const sqla__foreign_key **referrers; /* those that point at columns of this mapping */
    uint32_t referrer_count;
    const uint32_t *keys;          /* indexes of the key columns, in order */
    int32_t generated_key;         /* index of the generated key column; -1 */
    bool self_reference;           /* a foreign key points at its own table */
    bool in_cycle;                 /* foreign keys of several tables run in a circle here */
    sqla_plan plan;                /* all columns, in order */
    const uint64_t *mask;          /* of the struct's bytes, eight by eight: those of columns and to-one pointers, without what lies
                                    * between them; NULL for row structs */
};

/* Work everything out and forbid changes. Idempotent.  Threads: any. */
sqla_status sqla__metadata_freeze(sqla_metadata *base, sqla_error *err);
/* After freeze.  NULL: not in base. */
const sqla__mapping *sqla__metadata_mapping(const sqla_metadata *base, const sqla_model *model);
size_t sqla__metadata_mapping_count(const sqla_metadata *base);
const sqla__mapping *sqla__metadata_mapping_at(const sqla_metadata *base, size_t i);
/* The tables of base, parents first; count by sqla_metadata_table until NULL. */

/* A mapping of a model's columns alone (no relations, table, or metadata needed): for rows as plain structs. In the arena. */
sqla_status sqla__mapping_of_rows(const sqla_model *model, sqla__arena *arena, const sqla__mapping **ret, sqla_error *err);

/* Column of a model by offset of its field, straight from the items; NULL: there is none. Works for macro and run-time models. */
const sqla_column_item *sqla__model_column_at(const sqla_model *model, size_t offset);
const sqla_column_item *sqla__model_column_named(const sqla_model *model, const char *field);
const sqla_relation_item *sqla__model_relation_at(const sqla_model *model, size_t offset);
const char *sqla__column_name(const sqla_column_item *item);
/* May the database take different spellings of this text for equal? .loose, or a .sql_type that is no plain
 * text. */
bool sqla__column_is_loose(const sqla_column_item *item);
const char *sqla__column_sql_type(const sqla_column_item *item); /* of the column, or of its conversion; NULL: none is given */
/* The i-th item, whatever size the program's sqla_item has; NULL: there are no more. And how many there are. */
const sqla_item *sqla__model_item(const sqla_model *model, uint32_t i);
uint32_t sqla__model_item_count(const sqla_model *model);
/* The parts of an item's layout. The size of the value is that of the field, or of the value inside an optional. */
static inline uint32_t sqla__column_offset(const sqla_column_item *item) { return sqla_layout_offset(item->layout); }
static inline uint32_t sqla__column_size(const sqla_column_item *item) { return sqla_layout_size(item->layout); }
static inline uint32_t sqla__column_form(const sqla_column_item *item) { return sqla_layout_form(item->layout); }
static inline uint32_t sqla__column_type(const sqla_column_item *item) { return sqla__column_form(item) & SQLA_FORM_TYPE; }
uint32_t sqla__column_value_size(const sqla_column_item *item);
/* The size of the C type that holds a value of the type in bytes; 0: it is not one that a column can have. */
uint32_t sqla__value_size(uint32_t type);

/* Make metadata from what a driver reflected: tables in the order given; everything is copied. Used by sqla_inspect. */
sqla_status sqla__metadata_add_table(sqla_metadata *base, const sqla_table *table, sqla_error *err);

#endif
