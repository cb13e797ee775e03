/* metadata.h: what a sqla_metadata holds. Private to the sql room. */
#ifndef SQLA_SQL_METADATA_H
#define SQLA_SQL_METADATA_H

#include <pthread.h>
#include "base/arena.h"
#include "base/hash.h"
#include "base/vec.h"
#include "sql/mapping.h"

struct sqla_metadata {
    pthread_mutex_t lock;              /* of freezing */
    bool frozen;
    sqla__arena arena;                 /* everything that hangs on it */
    SQLA__VEC(const sqla_model *) models;
    SQLA__VEC(struct sqla__own_model *) own; /* models made at run time (runtime_model.c) */
    sqla__hash by_model;               /* model pointer -> mapping, once frozen */
    const sqla_model **keys;           /* the pointers that by_model borrows */
    sqla__mapping *mappings;           /* one a model, in the order they were added */
    const sqla_table **tables;         /* parents first */
    size_t table_count, table_capacity;
    bool worked_out;                   /* mappings and tables are those of the models as they are now */
};

/* Free all that base holds, but not base. */
void sqla__metadata_release(sqla_metadata *base);

/* Was model added to base? */
bool sqla__metadata_has(const sqla_metadata *base, const sqla_model *model);

/* Models made at run time: the model and what it was made of. */
void sqla__own_models_release(sqla_metadata *base);
/* Are the models made at run time complete? */
sqla_status sqla__own_models_seal(sqla_metadata *base, sqla_error *err);
/* The foreign key target of a column: by function, or by pointer for models made at run time. NULL: no foreign key. */
const sqla_model *sqla__column_target(const sqla_metadata *base, const sqla_column_item *item);

/* "model 'User', field 'age': what"; field may be NULL. */
sqla_status sqla__mapping_wrong(sqla_error *err, const sqla_model *model, const char *field, const char *what);
/* Is the type that the program wrote one of the exact ones with a precision and a scale? */
bool sqla__is_numeric_name(const char *type);
/* Is the descriptor one that this library can read? */
sqla_status sqla__model_check(const sqla_model *model, sqla_error *err);
/* Columns, slots and plan of a model (columns.c). */
sqla_status sqla__mapping_columns(const sqla_model *model, sqla__arena *arena, sqla__mapping *mapping, sqla_error *err);
/* Could the models that are not made at run time be frozen as they are? Nothing is kept. */
sqla_status sqla__metadata_try(const sqla_metadata *base, sqla_error *err);
/* Work out mappings and tables as they would be if base were frozen now (freeze.c). */
sqla_status sqla__metadata_work_out(sqla_metadata *base, sqla_error *err);
bool sqla__model_is_own(const sqla_metadata *base, const sqla_model *model);

/* Tables from mappings (tables.c). */
sqla_status sqla__make_table(sqla_metadata *base, sqla__mapping *mapping, sqla_error *err);
/* A constraint's name by the convention: prefix_table_column..., shortened with a stable hash to 63 bytes (naming.c). NULL: memory. */
char *sqla__constraint_name(sqla__arena *arena, const char *prefix, const char *table, const char *const *words, uint32_t n);
/* Eight letters and digits that stand for text, the same for ever: the name of what has none. NULL: memory. */
char *sqla__stable_word(sqla__arena *arena, const char *text);

#endif
