/* sql.h: models, metadata, expressions and statements. What a program says about its data and asks of it.
 *
 * All that the macros make is one of two open descriptors, plain data that any language can fill in by itself:
 *   a model        what a struct is in the database; constant, and named by a function so that other modules can refer to it
 *   an expression  what to ask: a value that lives in the block it was written in; whoever takes one copies it at once
 * A statement (sqla_stmt) belongs to the session, connection or engine it was made on, and ends with
 * the transaction that it ran in, unless it is kept: see "statements" below. Builders return their
 * statement, so they chain, and keep the first failure in it, for the call that runs it to report.
 * They are one at a time per statement. */
#ifndef SQLA_SQL_H
#define SQLA_SQL_H
#ifndef SQLA_CHECK_HEADERS
#pragma GCC system_header
#endif

#include <sqla/convert.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- models ---------------------------------------------------------------------------------------------------- */

/* Portable defaults, which the dialect spells; any other text goes to the database as it is. */
#define SQLA_NOW "\1now"

typedef enum sqla_action { SQLA_NO_ACTION = 0, SQLA_RESTRICT, SQLA_CASCADE, SQLA_SET_NULL, SQLA_SET_DEFAULT } sqla_action;

/* Of relations. OWNS: children are deleted with their owner. ORPHANS_DIE (with OWNS): a child
 * that is removed, or whose pointer is set to NULL, is deleted with all that it owns. In a tree that owns
 * its branches, that ends the branch; it makes no new root.
 * VIEW_ONLY: never written from here. */
enum { SQLA_OWNS = 1, SQLA_ORPHANS_DIE = 2, SQLA_VIEW_ONLY = 4 };

typedef enum sqla_item_kind {
    SQLA_ITEM_END = 0, SQLA_ITEM_COLUMN, SQLA_ITEM_TO_ONE, SQLA_ITEM_TO_MANY, SQLA_ITEM_INDEX, SQLA_ITEM_UNIQUE, SQLA_ITEM_CHECK
} sqla_item_kind;

/* How a timestamp is kept by a database that has no type for it, which is SQLite: as ISO 8601 text, as its functions and other
 * programs read it, or as an integer of microseconds since 1970, which is smaller and has infinity and all years. Such a column is
 * no key, has no SQLA_NOW there, and is compared with timestamps and its like alone. */
typedef enum sqla_storage { SQLA_STORE_TEXT = 0, SQLA_STORE_MICROS } sqla_storage;

/* The form of a field: its sqla_type, how it lies in the struct, and whether it may be NULL, in one number. */
#define SQLA_FORM_(type, flags) ((uint32_t)(type) | (uint32_t)(flags))
enum {
    SQLA_FORM_TYPE = 0xff,        /* the sqla_type */
    SQLA_FORM_NULLABLE = 0x100,   /* an optional, or a pointer: may be NULL unless .not_null says otherwise */
    SQLA_FORM_OPTIONAL = 0x200,   /* a struct { value; set } */
    SQLA_FORM_UNSIGNED = 0x400,
    SQLA_FORM_CHARS = 0x800       /* char[N] */
};
/* Where a field lies in its struct, its size (both in bytes, below 16 MB), and its form, in one number. */
#define SQLA_LAYOUT(offset, size, form) ((uint64_t)(offset) | (uint64_t)(size) << 24 | (uint64_t)(form) << 48)
static inline uint32_t sqla_layout_offset(uint64_t layout) { return (uint32_t)(layout & 0xffffff); }
static inline uint32_t sqla_layout_size(uint64_t layout) { return (uint32_t)(layout >> 24 & 0xffffff); }
static inline uint32_t sqla_layout_form(uint64_t layout) { return (uint32_t)(layout >> 48); }

typedef struct sqla_column_item {
    const char *field;            /* of the C struct */
    uint64_t layout;              /* SQLA_LAYOUT(): where it lies in the struct, and its form */
    bool primary_key, not_null, unique, index;
    bool natural;                 /* a key that the program gives: the database does not make it */
    bool native;                  /* an enum: make a native type where there is one */
    bool loose;                   /* a text of which the database may take different spellings for
                                   * equal; see SQLA_COLUMN */
    const char *name;             /* of the column; NULL: as the field */
    const char *server_default;   /* SQL text, or SQLA_NOW */
    const char *sql_type;         /* instead of the type that follows from the field. Of a decimal, "NUMERIC(6,2)": a value with more
                                   * digits behind the point is refused, and SQLite, which would keep a float, makes it DECIMAL_TEXT(6,2) */
    const char *comment;
    const char *const *labels;    /* of an enum, in order of value, NULL last */
    sqla_model_fn *references;    /* a foreign key: to which model, and which of its fields */
    uint32_t references_offset;
    sqla_action on_delete, on_update;
    uint8_t end_;
    uint8_t storage;              /* sqla_storage */
    const sqla_conversion *conversion; /* the field is of a type of the program's own (convert.h); NULL */
} sqla_column_item;

typedef struct sqla_relation_item {
    const char *field;
    uint32_t offset, fk_offset;   /* fk_offset: of the key field, in our struct (to one) or in the target's (to many) */
    sqla_model_fn *target;
    uint32_t flags;               /* SQLA_OWNS ... */
    uint8_t end_;
} sqla_relation_item;

typedef struct sqla_constraint_item {
    uint32_t count, offsets[8];
    const char *name, *sql;       /* NULL: named by the convention */
    uint8_t end_;
} sqla_constraint_item;

typedef struct sqla_item {
    sqla_item_kind kind;
    union { sqla_column_item column; sqla_relation_item relation; sqla_constraint_item constraint; } as;
} sqla_item;

#define SQLA_UNTIL_END UINT32_MAX
struct sqla_model {
    uint32_t struct_size;         /* of this descriptor: it may grow at its end */
    uint32_t item_size;           /* of sqla_item as the program knows it */
    uint32_t size;                /* of the user's struct */
    uint32_t count;               /* of items; SQLA_UNTIL_END: up to the one that is SQLA_ITEM_END */
    const char *name;             /* of the struct */
    const char *table, *schema;   /* table NULL: a row struct, for results and parameters */
    const sqla_item *items;
};

/* In the header, after `typedef struct User User;`. */
#ifdef __cplusplus
#define SQLA_DECLARE(S) extern "C" const sqla_model *sqla_model_of_##S(void)
#else
#define SQLA_DECLARE(S) const sqla_model *sqla_model_of_##S(void)
#endif
/* Through a pointer: a name that is called and not declared would be a function by C's old rule, which is only a warning. */
#define sqla_model_of(S) ((*sqla_model_of_##S)())

/* A collection inside a user's struct. Read it freely; change it with sqla_append and sqla_remove. */
#define SQLA_MANY(T) struct { T **items; size_t count; bool loaded; }
#define SQLA_EACH_IN(T, var, collection) \
    for (T **var##_at_ = (collection).items, *var = NULL; \
         var##_at_ != NULL && var##_at_ < (collection).items + (collection).count && ((var = *var##_at_) != NULL); var##_at_++)

#ifndef __cplusplus

/* (The size of an array whose initialiser is wrong would be a second error, so the items end with one that says so.) */
#define SQLA_LAST_ITEM_ { SQLA_ITEM_END, { .column = { .end_ = 0 } } }
/* SQLA_MODEL(User, "users", SQLA_COLUMN(id, .primary_key = true), ...). The struct is named once: the items see it as
 * sqla_self_. The items pass through no second macro, since their commas would count as its arguments. */
#define SQLA_MODEL(S, table_name, ...) \
    const sqla_model *sqla_model_of_##S(void) \
    { \
        typedef S sqla_self_; \
        _Static_assert(sizeof(sqla_self_) < 0x10000, "sqla: struct " #S " is too large"); \
        static const sqla_item sqla_items_[] = { __VA_ARGS__, SQLA_LAST_ITEM_ }; \
        static const sqla_model sqla_this_ = { sizeof(sqla_model), sizeof(sqla_item), sizeof(sqla_self_), SQLA_UNTIL_END, #S, table_name, NULL, sqla_items_ }; \
        return &sqla_this_; \
    } \
    _Static_assert(1, "sqla: a semicolon follows")
/* A struct for rows of any statement, and for its parameters (sqla_execute_many): names match fields. */
#define SQLA_ROW(S, ...) \
    const sqla_model *sqla_model_of_##S(void) \
    { \
        typedef S sqla_self_; \
        _Static_assert(sizeof(sqla_self_) < 0x10000, "sqla: struct " #S " is too large"); \
        static const sqla_item sqla_items_[] = { __VA_ARGS__, SQLA_LAST_ITEM_ }; \
        static const sqla_model sqla_this_ = { sizeof(sqla_model), sizeof(sqla_item), sizeof(sqla_self_), SQLA_UNTIL_END, #S, NULL, NULL, sqla_items_ }; \
        return &sqla_this_; \
    } \
    _Static_assert(1, "sqla: a semicolon follows")

/* The form follows from the field's type. What is refused says so by the name of a struct in the compiler's message. */
struct sqla_error_this_field_type_cannot_be_a_column_but_bool_int16_t_int32_t_int64_t_float_double_const_char_pointer_char_array_and_sqla_types_can { int x; };
#define SQLA_REFUSED_ \
    ((struct sqla_error_this_field_type_cannot_be_a_column_but_bool_int16_t_int32_t_int64_t_float_double_const_char_pointer_char_array_and_sqla_types_can *)0)
struct sqla_error_this_field_type_cannot_be_an_enum_column_but_an_enum_and_sqla_opt_i32_can { int x; };
#define SQLA_INT_BY_SIZE_(T) (sizeof(T) == 8 ? SQLA_INT64 : sizeof(T) == 4 ? SQLA_INT32 : SQLA_INT16)
#define SQLA_OPT_FORM_(type) SQLA_FORM_(type, SQLA_FORM_NULLABLE | SQLA_FORM_OPTIONAL)
#define SQLA_FIELD_FORM_(S, f) _Generic(&((S *)0)->f, \
    bool *: SQLA_FORM_(SQLA_BOOL, 0), \
    signed char *: SQLA_FORM_(SQLA_INT16, 0), short *: SQLA_FORM_(SQLA_INT16, 0), int *: SQLA_FORM_(SQLA_INT_BY_SIZE_(int), 0), \
    long *: SQLA_FORM_(SQLA_INT_BY_SIZE_(long), 0), long long *: SQLA_FORM_(SQLA_INT64, 0), \
    unsigned char *: SQLA_FORM_(SQLA_INT16, SQLA_FORM_UNSIGNED), unsigned short *: SQLA_FORM_(SQLA_INT32, SQLA_FORM_UNSIGNED), \
    float *: SQLA_FORM_(SQLA_FLOAT32, 0), double *: SQLA_FORM_(SQLA_FLOAT64, 0), \
    const char **: SQLA_FORM_(SQLA_TEXT, SQLA_FORM_NULLABLE), sqla_blob *: SQLA_FORM_(SQLA_BLOB, SQLA_FORM_NULLABLE), \
    sqla_json *: SQLA_FORM_(SQLA_JSON, SQLA_FORM_NULLABLE), sqla_decimal *: SQLA_FORM_(SQLA_DECIMAL, SQLA_FORM_NULLABLE), \
    sqla_date *: SQLA_FORM_(SQLA_DATE, 0), sqla_time *: SQLA_FORM_(SQLA_TIME, 0), sqla_timestamp *: SQLA_FORM_(SQLA_TIMESTAMP, 0), \
    sqla_local_timestamp *: SQLA_FORM_(SQLA_LOCAL_TIMESTAMP, 0), sqla_interval *: SQLA_FORM_(SQLA_INTERVAL, 0), \
    sqla_uuid *: SQLA_FORM_(SQLA_UUID, 0), \
    sqla_opt_i16 *: SQLA_OPT_FORM_(SQLA_INT16), sqla_opt_i32 *: SQLA_OPT_FORM_(SQLA_INT32), sqla_opt_i64 *: SQLA_OPT_FORM_(SQLA_INT64), \
    sqla_opt_f32 *: SQLA_OPT_FORM_(SQLA_FLOAT32), sqla_opt_f64 *: SQLA_OPT_FORM_(SQLA_FLOAT64), sqla_opt_bool *: SQLA_OPT_FORM_(SQLA_BOOL), \
    sqla_opt_date *: SQLA_OPT_FORM_(SQLA_DATE), sqla_opt_time *: SQLA_OPT_FORM_(SQLA_TIME), sqla_opt_timestamp *: SQLA_OPT_FORM_(SQLA_TIMESTAMP), \
    sqla_opt_local_timestamp *: SQLA_OPT_FORM_(SQLA_LOCAL_TIMESTAMP), sqla_opt_interval *: SQLA_OPT_FORM_(SQLA_INTERVAL), \
    sqla_opt_uuid *: SQLA_OPT_FORM_(SQLA_UUID), \
    char **: SQLA_REFUSED_, \
    default: _Generic(((S *)0)->f, char *: SQLA_FORM_(SQLA_TEXT, SQLA_FORM_CHARS), default: SQLA_REFUSED_))
/* An enum is compatible with unsigned, or with int when it has negative members; an optional one is a sqla_opt_i32. */
#define SQLA_ENUM_FORM_(S, f) _Generic(&((S *)0)->f, unsigned *: SQLA_FORM_(SQLA_ENUM_TYPE, 0), int *: SQLA_FORM_(SQLA_ENUM_TYPE, 0), \
    sqla_opt_i32 *: SQLA_OPT_FORM_(SQLA_ENUM_TYPE), \
    default: (struct sqla_error_this_field_type_cannot_be_an_enum_column_but_an_enum_and_sqla_opt_i32_can *)0)

/* One mistake is one error: _Generic(SQLA_FIELD_(S, f), default: the rest). Both compilers skip the rest when S has no field f.
 * Clang shows no macros for a designator, since it is the program's own word. */
#ifdef __clang__
#define SQLA_FIELD_(S, f) _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wbraced-scalar-init\"") \
    (S){ .f = { 0 } } _Pragma("clang diagnostic pop")
#else
#define SQLA_FIELD_(S, f) ((S *)0)->f
#endif
/* The same for the place, which a bit-field has not (gcc says so in the next step), and for `fits`, which is a number when the
 * type of the field is right. (A comma in place of parentheses: clang looks through these for the place of a mistake, and shows
 * one macro more.) */
#ifdef __clang__
#define SQLA_OFFSETOF_ __builtin_offsetof
#else
#define SQLA_OFFSETOF_(S, f) 0
#endif
#define SQLA_LAYOUT_(f, fits, form) _Generic(SQLA_FIELD_(sqla_self_, f), default: \
    _Generic(_Generic(_Generic(SQLA_OFFSETOF_(sqla_self_, f), default: (0, fits)), uint32_t: 0), \
             default: SQLA_LAYOUT(offsetof(sqla_self_, f), sizeof ((sqla_self_ *)0)->f, form)))

/* SQLA_COLUMN(field, .option = value, ...)
 *
 * Texts are compared byte by byte here, and by the tables that create_all makes. A column that
 * compares otherwise says .loose = true: its collation leaves case, accents or blanks at the end
 * out of account, or it is a citext or a CHAR(n). A .sql_type other than TEXT, VARCHAR(n) or
 * CHARACTER VARYING(n), or with COLLATE in it, says the same. Then the database is asked which
 * keys are equal, and relations, sqla_get and the session's objects go by its answer. */
#define SQLA_COLUMN(...) SQLA_COLUMN_(__VA_ARGS__, .end_ = 0)
#define SQLA_COLUMN_(f, ...) { SQLA_ITEM_COLUMN, { .column = { .field = #f, \
    .layout = SQLA_LAYOUT_(f, SQLA_FIELD_FORM_(sqla_self_, f), SQLA_FIELD_FORM_(sqla_self_, f)), __VA_ARGS__ } } }
/* SQLA_ENUM(field, labels, .option = value, ...): stored as the text labels[value]. */
#define SQLA_ENUM(f, ...) SQLA_ENUM_(f, __VA_ARGS__, .end_ = 0)
#define SQLA_ENUM_(f, labels_, ...) { SQLA_ITEM_COLUMN, { .column = { .field = #f, \
    .layout = SQLA_LAYOUT_(f, SQLA_ENUM_FORM_(sqla_self_, f), SQLA_ENUM_FORM_(sqla_self_, f)), .labels = labels_, __VA_ARGS__ } } }
/* SQLA_CONVERTED(field, its type, .option = value, ...): of a type that has a conversion (convert.h), and NULL where its store says
 * so, unless .not_null. No key, and without .server_default. */
#define SQLA_CONVERTED(f, ...) SQLA_CONVERTED_(f, __VA_ARGS__, .end_ = 0)
#define SQLA_CONVERTED_(f, T, ...) { SQLA_ITEM_COLUMN, { .column = { .field = #f, \
    .layout = SQLA_LAYOUT_(f, SQLA_IS_OF_(&((sqla_self_ *)0)->f, T), \
    SQLA_FORM_(sqla_stored_as_##T, SQLA_FORM_NULLABLE)), .conversion = &sqla_conversion_of_##T, __VA_ARGS__ } } }
/* SQLA_FOREIGN_KEY(field, Parent, parent_field, .on_delete = SQLA_CASCADE, ...): a column that points elsewhere. */
#define SQLA_FOREIGN_KEY(f, P, ...) { SQLA_ITEM_COLUMN, { .column = { .field = #f, \
    .layout = SQLA_LAYOUT_(f, SQLA_FIELD_FORM_(sqla_self_, f), SQLA_FIELD_FORM_(sqla_self_, f)), .references = sqla_model_of_##P, SQLA_REFERENCED_(f, P, __VA_ARGS__, .end_ = 0) } } }
/* (Where the type of our field is none, that is the mistake, and not that the two differ.) */
#define SQLA_REFERENCED_(f, P, pf, ...) .references_offset = (uint32_t)_Generic(SQLA_FIELD_(sqla_self_, f), default: \
    _Generic(SQLA_FIELD_(P, pf), default: offsetof(P, pf) + 0 * SQLA_MUST_(SQLA_TYPE_(sqla_self_, f) == 0 || SQLA_TYPE_(sqla_self_, f) == SQLA_TYPE_(P, pf), the_two_sides_of_this_foreign_key_differ_in_type))), \
    __VA_ARGS__
#define SQLA_TYPE_(S, f) ((uintptr_t)SQLA_FIELD_FORM_(S, f) & SQLA_FORM_TYPE)

struct sqla_error_this_field_points_at_another_struct { int x; };
/* Where the field of a relation lies, which points at T at `place`. */
#define SQLA_RELATION_(f, T, place) (uint32_t)_Generic(SQLA_FIELD_(sqla_self_, place), default: _Generic((0, _Generic(((sqla_self_ *)0)->place, \
    T: 0, default: (struct sqla_error_this_field_points_at_another_struct *)0)), int: offsetof(sqla_self_, f)))
/* SQLA_TO_ONE(field, Parent, own key field): `Parent *field;` */
#define SQLA_TO_ONE(f, T, ...) { SQLA_ITEM_TO_ONE, { .relation = { .field = #f, .offset = SQLA_RELATION_(f, T *, f), \
    .target = sqla_model_of_##T, SQLA_KEY_(sqla_self_, __VA_ARGS__, .end_ = 0) } } }
#define SQLA_KEY_(S, fk, ...) .fk_offset = (uint32_t)offsetof(S, fk), __VA_ARGS__
/* SQLA_TO_MANY(field, Child, the child's key field): `SQLA_MANY(Child) field;` */
#define SQLA_TO_MANY(f, T, ...) { SQLA_ITEM_TO_MANY, { .relation = { .field = #f, .offset = SQLA_RELATION_(f, T **, f.items), \
    .target = sqla_model_of_##T, SQLA_KEY_(T, __VA_ARGS__, .end_ = 0) } } }
/* Over several columns, by field (up to 8). */
#define SQLA_INDEX(...) { SQLA_ITEM_INDEX, { .constraint = { SQLA_COUNT_(__VA_ARGS__), { SQLA_LIST_(__VA_ARGS__)(SQLA_OFFSET_, sqla_self_, __VA_ARGS__) }, NULL, NULL, 0 } } }
#define SQLA_UNIQUE(...) { SQLA_ITEM_UNIQUE, { .constraint = { SQLA_COUNT_(__VA_ARGS__), { SQLA_LIST_(__VA_ARGS__)(SQLA_OFFSET_, sqla_self_, __VA_ARGS__) }, NULL, NULL, 0 } } }
#define SQLA_CHECK(name_, sql_) { SQLA_ITEM_CHECK, { .constraint = { 0, { 0 }, name_, sql_, 0 } } }
#define SQLA_OFFSET_(S, f) (uint32_t)offsetof(S, f)
#endif /* !__cplusplus */

/* ---- metadata -------------------------------------------------------------------------------------------------- */

/* A set of models and the tables that follow from them; or of tables found in a database.
 * Returns: owned, free with sqla_metadata_free(), after everything that uses it; NULL: NOMEM.  Threads: any. */
SQLA_API sqla_metadata *sqla_metadata_new(sqla_error *err);
SQLA_API void sqla_metadata_free(sqla_metadata *base);
/* Add models, and all models that they refer to. Adding one again does nothing. Models are constants: base keeps pointers.
 * Returns: MISUSE with model and field for a mapping that cannot be (no primary key, two columns of one name, a foreign
 * key at what is no key ...) or when base is frozen; NOMEM.  Threads: one at a time per metadata. */
SQLA_API sqla_status sqla_metadata_add_models(sqla_metadata *base, sqla_model_fn *const *models, size_t n, sqla_error *err);
SQLA_API sqla_status sqla_metadata_add_model(sqla_metadata *base, const sqla_model *model, sqla_error *err);
#ifndef __cplusplus
/* sqla_metadata_add(base, SQLA_MODELS(User, Address), &err) */
#define SQLA_MODEL_FN_(s, S) sqla_model_of_##S
#define SQLA_MODELS(...) ((sqla_model_fn *const[]){ SQLA_LIST_(__VA_ARGS__)(SQLA_MODEL_FN_, , __VA_ARGS__) }), SQLA_COUNT_(__VA_ARGS__)
#define sqla_metadata_add(base, models, err) sqla_metadata_add_(base, models, err)
#define sqla_metadata_add_(base, models, n, err) sqla_metadata_add_models((base), models, n, (err))
#endif

/* A model made at run time. The library lays the struct out; its objects come from sqla_new_object and are read and
 * written by sqla_field_get and sqla_field_set. Columns are added before base is frozen.
 *   type      SQLA_BOOL ... SQLA_JSON, or-ed with SQLA_FORM_NULLABLE where NULL is allowed
 *   options   the members after `layout` are read; NULL: none
 *   add_foreign_key: the column points at the field of another model of the same metadata.
 *   add_converted: a field of the conversion's size, where sqla_field_place() finds it.
 * Ownership: the model is base's; names and options are copied, conversions are borrowed as long as base lives.
 * Threads: one at a time per metadata. */
SQLA_API sqla_model *sqla_model_new(sqla_metadata *base, const char *name, const char *table, sqla_error *err);
SQLA_API sqla_status sqla_model_add_column(sqla_model *model, const char *field, uint32_t type, const sqla_column_item *options, sqla_error *err);
SQLA_API sqla_status sqla_model_add_foreign_key(sqla_model *model, const char *field, uint32_t type, const sqla_model *target,
                                                const char *target_field, const sqla_column_item *options, sqla_error *err);
SQLA_API sqla_status sqla_model_add_converted(sqla_model *model, const char *field, const sqla_conversion *conversion,
                                              const sqla_column_item *options, sqla_error *err);
/* A model of base by its struct's name; NULL: there is none.  Threads: any, once frozen. */
SQLA_API const sqla_model *sqla_metadata_model(const sqla_metadata *base, const char *name);

/* Tables, as create_all makes them or as sqla_inspect found them. Borrowed: they live as long as the metadata.
 * Columns, foreign keys and constraints stand in arrays, which a program steps through by the size that it was compiled with, so
 * these three structs never grow; what a column is besides gets a function of its own. A table is reached by its pointer alone, and
 * sqla_table may grow at its end. */
typedef struct sqla_column {
    const char *name;
    const char *type_text;         /* as the database writes it; NULL: follows from type */
    const char *default_text, *comment;
    uint32_t type;                 /* sqla_type */
    uint32_t length;               /* of text in characters; 0: any */
    uint32_t key_position;         /* 1-based place in the primary key; 0: not in it */
    bool nullable, unique, index, generated_key, native_enum;
    bool loose;                    /* different spellings may be equal for the database */
    const char *const *labels;     /* of an enum */
    uint32_t label_count;
    bool as_micros;                /* SQLA_STORE_MICROS */
} sqla_column;
typedef struct sqla_foreign_key {
    const char *name, *to_table, *to_schema;
    const char *const *columns, *const *to_columns;
    uint32_t count;
    sqla_action on_delete, on_update;
} sqla_foreign_key;
typedef struct sqla_constraint {
    const char *name;
    const char *const *columns;    /* of UNIQUE and indexes */
    uint32_t count;
    const char *sql;               /* of CHECK */
} sqla_constraint;
typedef struct sqla_table {
    const char *schema, *name, *kind, *comment; /* kind: "table", "view" ... */
    const sqla_column *columns;
    const sqla_foreign_key *foreign_keys;
    const sqla_constraint *uniques, *checks, *indexes;
    uint32_t column_count, foreign_key_count, unique_count, check_count, index_count;
} sqla_table;
/* The i-th table, parents before children as far as foreign keys have an order; NULL past the end.
 * sqla_metadata_find: by name, or "schema.name"; NULL: none.  Threads: as the metadata. */
SQLA_API const sqla_table *sqla_metadata_table(const sqla_metadata *base, size_t i);
SQLA_API const sqla_table *sqla_metadata_find(const sqla_metadata *base, const char *name);

/* ---- expressions: typed by family, so that a wrong comparison does not compile ---------------------------------- */

typedef enum sqla_op {
    SQLA_OP_NONE = 0, SQLA_OP_EQ, SQLA_OP_NE, SQLA_OP_LT, SQLA_OP_LE, SQLA_OP_GT, SQLA_OP_GE, SQLA_OP_LIKE, SQLA_OP_ILIKE,
    SQLA_OP_IN, SQLA_OP_NOT_IN, SQLA_OP_AND, SQLA_OP_OR, SQLA_OP_NOT, SQLA_OP_IS_NULL, SQLA_OP_PLUS, SQLA_OP_MINUS,
    SQLA_OP_TIMES, SQLA_OP_DIVIDE, SQLA_OP_BETWEEN, SQLA_OP_ASC, SQLA_OP_DESC, SQLA_OP_CONTAINS,
    SQLA_OP_STARTSWITH, SQLA_OP_ENDSWITH
} sqla_op;

typedef enum sqla_expr_kind {
    SQLA_EXPR_END = 0,             /* ends a list */
    SQLA_EXPR_COLUMN, SQLA_EXPR_VALUE, SQLA_EXPR_PARAM, SQLA_EXPR_OP, SQLA_EXPR_FUNCTION, SQLA_EXPR_COUNT_ALL, SQLA_EXPR_LABEL,
    SQLA_EXPR_SQL, SQLA_EXPR_INVALID
} sqla_expr_kind;

typedef struct sqla_expr sqla_expr;
struct sqla_expr {
    uint16_t kind;                 /* sqla_expr_kind */
    uint16_t op;                   /* sqla_op */
    uint32_t count;
    const sqla_expr *args;
    sqla_model_fn *model_fn;       /* a column: of which model ... */
    const sqla_model *model;       /* (or, for models made at run time, by pointer) */
    size_t offset;                 /* ... at which field */
    const sqla_from *from;
    const char *name;              /* function, label, parameter, SQL text */
    sqla_value value;
    uint64_t sum;                  /* of the operands as they were. Whoever copies checks it, so an expression that is used
                                    * after its block ended is SQLA_ERR_MISUSE and not a wrong query; 0: no operands */
};
#define SQLA_FAMILY_(F) \
    typedef struct sqla_##F##_expr { sqla_expr expression; } sqla_##F##_expr; \
    SQLA_API sqla_##F##_expr sqla_col_##F##_(sqla_model_fn *model, size_t offset); \
    SQLA_API sqla_##F##_expr sqla_label_##F##_(sqla_expr *room, const char *name, sqla_##F##_expr x); \
    SQLA_API sqla_##F##_expr sqla_max_##F##_(sqla_expr *room, sqla_##F##_expr x); \
    SQLA_API sqla_##F##_expr sqla_min_##F##_(sqla_expr *room, sqla_##F##_expr x); \
    SQLA_API sqla_##F##_expr sqla_keep_##F##_(sqla_stmt *q, sqla_##F##_expr x); \
    static inline sqla_expr sqla_from_##F##_(sqla_##F##_expr x) { return x.expression; } \
    static inline sqla_##F##_expr sqla_same_##F##_(sqla_##F##_expr x) { return x; }
SQLA_FAMILY_(num)
SQLA_FAMILY_(text)
SQLA_FAMILY_(bool)
SQLA_FAMILY_(time)
SQLA_FAMILY_(blob)
SQLA_FAMILY_(uuid)
SQLA_FAMILY_(json)
SQLA_FAMILY_(any)
typedef struct sqla_order { sqla_expr expression; } sqla_order;
static inline sqla_expr sqla_from_order_(sqla_order x) { return x.expression; }

/* What the macros call. `room` is where the operands are put, in the caller's block; nothing here allocates or fails.
 * Threads: any. */
SQLA_API sqla_bool_expr sqla_binary_(sqla_op op, sqla_expr *room, sqla_expr a, sqla_expr b);
SQLA_API sqla_num_expr sqla_arith_(sqla_op op, sqla_expr *room, sqla_num_expr a, sqla_num_expr b);
SQLA_API sqla_bool_expr sqla_between_(sqla_expr *room, sqla_expr a, sqla_expr low, sqla_expr high);
SQLA_API sqla_bool_expr sqla_in_(sqla_op op, sqla_expr *room, sqla_expr a, const sqla_expr *list);
SQLA_API sqla_bool_expr sqla_is_null_(sqla_expr *room, sqla_expr a);
SQLA_API sqla_bool_expr sqla_junction_(sqla_op op, const sqla_bool_expr *list);
SQLA_API sqla_bool_expr sqla_not_(sqla_expr *room, sqla_bool_expr a);
SQLA_API sqla_order sqla_order_(sqla_op op, sqla_expr *room, sqla_expr a);
SQLA_API sqla_num_expr sqla_count_(sqla_expr *room, sqla_expr a);
SQLA_API sqla_num_expr sqla_count_all(void);
SQLA_API sqla_num_expr sqla_sum_(sqla_expr *room, sqla_num_expr a);
SQLA_API sqla_num_expr sqla_avg_(sqla_expr *room, sqla_num_expr a);
SQLA_API sqla_text_expr sqla_lower_(sqla_expr *room, sqla_text_expr a);
SQLA_API sqla_text_expr sqla_upper_(sqla_expr *room, sqla_text_expr a);
SQLA_API sqla_any_expr sqla_func_(const char *name, const sqla_expr *args);
/* :name, given a value with sqla_bind. */
SQLA_API sqla_any_expr sqla_param(const char *name);
/* Trusted SQL text. Never put a value into it. */
SQLA_API sqla_any_expr sqla_literal_sql(const char *sql);
/* A column of a model by its field's name, for models made at run time. A field that is not there is told by who takes it. */
SQLA_API sqla_any_expr sqla_column_of(const sqla_model *model, const char *field);
/* Say what a dynamic expression is. One that stands on the left needs it, except beside a whole number or a sqla_val(v). */
static inline sqla_num_expr sqla_as_num(sqla_any_expr x) { sqla_num_expr n = { x.expression }; return n; }
static inline sqla_text_expr sqla_as_text(sqla_any_expr x) { sqla_text_expr n = { x.expression }; return n; }
static inline sqla_bool_expr sqla_as_bool(sqla_any_expr x) { sqla_bool_expr n = { x.expression }; return n; }
static inline sqla_time_expr sqla_as_time(sqla_any_expr x) { sqla_time_expr n = { x.expression }; return n; }
static inline sqla_blob_expr sqla_as_blob(sqla_any_expr x) { sqla_blob_expr n = { x.expression }; return n; }
static inline sqla_uuid_expr sqla_as_uuid(sqla_any_expr x) { sqla_uuid_expr n = { x.expression }; return n; }
static inline sqla_json_expr sqla_as_json(sqla_any_expr x) { sqla_json_expr n = { x.expression }; return n; }
static inline sqla_any_expr sqla_as_any(sqla_value v) { sqla_any_expr n = { { SQLA_EXPR_VALUE, 0, 0, NULL, NULL, NULL, 0, NULL, NULL, v, 0 } }; return n; }
/* C values as expressions. */
static inline sqla_expr sqla_plain_(sqla_value v) { return sqla_as_any(v).expression; }
#define SQLA_LITERAL_(name, T) static inline sqla_expr sqla_lit_##name##_(T v) { return sqla_plain_(sqla_value_##name(v)); }
SQLA_LITERAL_(i64, int64_t)
SQLA_LITERAL_(u64, uint64_t)
SQLA_LITERAL_(f64, double)
SQLA_LITERAL_(decimal, sqla_decimal)
SQLA_LITERAL_(bool, bool)
SQLA_LITERAL_(text, const char *)
SQLA_LITERAL_(blob, sqla_blob)
SQLA_LITERAL_(uuid, sqla_uuid)
SQLA_LITERAL_(json, sqla_json)
SQLA_LITERAL_(date, sqla_date)
SQLA_LITERAL_(time, sqla_time)
SQLA_LITERAL_(timestamp, sqla_timestamp)
SQLA_LITERAL_(local_timestamp, sqla_local_timestamp)
SQLA_LITERAL_(interval, sqla_interval)
SQLA_LITERAL_(opt_i16, sqla_opt_i16)
SQLA_LITERAL_(opt_i32, sqla_opt_i32)
SQLA_LITERAL_(opt_i64, sqla_opt_i64)
SQLA_LITERAL_(opt_f32, sqla_opt_f32)
SQLA_LITERAL_(opt_f64, sqla_opt_f64)
SQLA_LITERAL_(opt_bool, sqla_opt_bool)
SQLA_LITERAL_(opt_date, sqla_opt_date)
SQLA_LITERAL_(opt_time, sqla_opt_time)
SQLA_LITERAL_(opt_timestamp, sqla_opt_timestamp)
SQLA_LITERAL_(opt_local_timestamp, sqla_opt_local_timestamp)
SQLA_LITERAL_(opt_interval, sqla_opt_interval)
SQLA_LITERAL_(opt_uuid, sqla_opt_uuid)
static inline sqla_expr sqla_lit_null_(const void *null) { return sqla_plain_(sqla_value_null_pointer_(null)); }
static inline sqla_num_expr sqla_num_of_(sqla_expr x) { sqla_num_expr n = { x }; return n; }
static inline sqla_expr sqla_int_as_bool_(int n) { return sqla_lit_bool_(n != 0); }
/* An operand that must be of one family. (One compiler names the function, and the other one the type of its parameter.) */
typedef sqla_bool_expr sqla_this_must_be_a_condition;
typedef sqla_text_expr sqla_this_must_be_a_text;
typedef sqla_num_expr sqla_this_must_be_a_number;
static inline sqla_bool_expr sqla_this_must_be_a_condition_(int none, sqla_this_must_be_a_condition x) { (void)none; return x; }
static inline sqla_text_expr sqla_this_must_be_a_text_(sqla_this_must_be_a_text x) { return x; }
static inline sqla_num_expr sqla_this_must_be_a_number_(sqla_this_must_be_a_number x) { return x; }

#ifndef __cplusplus

/* The families that v can be, as bits: an int is a bool too, since `true` is one before C23, and whatever is dynamic is all of
 * them. No bit for each type of number, of which there are many: what is nothing of the rest is taken for one here. */
#define SQLA_ANY_FAMILY_ 255
#define SQLA_FAMILIES_(...) _Generic(__VA_ARGS__, default: 1, sqla_text_expr: 2, sqla_bool_expr: 4, sqla_time_expr: 8, sqla_blob_expr: 16, \
    sqla_uuid_expr: 32, sqla_json_expr: 64, int: 133, char *: 2, const char *: 2, bool: 4, sqla_opt_bool: 4, sqla_date: 8, sqla_time: 8, \
    sqla_timestamp: 8, sqla_local_timestamp: 8, sqla_interval: 8, sqla_opt_date: 8, sqla_opt_time: 8, sqla_opt_timestamp: 8, \
    sqla_opt_local_timestamp: 8, sqla_opt_interval: 8, sqla_blob: 16, sqla_uuid: 32, sqla_opt_uuid: 32, sqla_json: 64, \
    sqla_any_expr: 255, sqla_value: 255, void *: 255)
/* The family of an expression; 128 is a dynamic one. */
#define SQLA_LEFT_(a) _Generic(a, sqla_num_expr: 1, sqla_text_expr: 2, sqla_bool_expr: 4, sqla_time_expr: 8, sqla_blob_expr: 16, \
    sqla_uuid_expr: 32, sqla_json_expr: 64, sqla_any_expr: 128, default: (struct sqla_error_the_left_side_is_not_an_expression *)0)
struct sqla_error_the_left_side_is_not_an_expression { int x; };

/* The function that makes an expression of a C value or an expression. Each mistake has the name of a function. */
#define SQLA_ERROR_(name) struct sqla_error_##name { int x; }; sqla_expr sqla_##name##_(struct sqla_error_##name);
SQLA_ERROR_(this_is_not_an_expression_or_value)
SQLA_ERROR_(this_is_not_a_number)
SQLA_ERROR_(this_is_not_a_text)
SQLA_ERROR_(a_number_beside_something_else)
SQLA_ERROR_(a_text_beside_something_else)
SQLA_ERROR_(a_bool_beside_something_else)
SQLA_ERROR_(a_time_beside_something_else)
SQLA_ERROR_(a_blob_beside_something_else)
SQLA_ERROR_(a_uuid_beside_something_else)
SQLA_ERROR_(a_json_beside_something_else)
SQLA_ERROR_(a_dynamic_expression_on_the_left_needs_sqla_as_num_or_its_like)
#define SQLA_NUMBERS_ char: sqla_lit_i64_, signed char: sqla_lit_i64_, unsigned char: sqla_lit_i64_, short: sqla_lit_i64_, \
    unsigned short: sqla_lit_i64_, int: sqla_lit_i64_, unsigned: sqla_lit_i64_, long: sqla_lit_i64_, long long: sqla_lit_i64_, \
    unsigned long: sqla_lit_u64_, unsigned long long: sqla_lit_u64_, float: sqla_lit_f64_, double: sqla_lit_f64_, \
    sqla_decimal: sqla_lit_decimal_, sqla_opt_i16: sqla_lit_opt_i16_, sqla_opt_i32: sqla_lit_opt_i32_, sqla_opt_i64: sqla_lit_opt_i64_, \
    sqla_opt_f32: sqla_lit_opt_f32_, sqla_opt_f64: sqla_lit_opt_f64_, sqla_num_expr: sqla_from_num_
#define SQLA_OTHERS_ char *: sqla_lit_text_, const char *: sqla_lit_text_, sqla_text_expr: sqla_from_text_, bool: sqla_lit_bool_, \
    sqla_opt_bool: sqla_lit_opt_bool_, sqla_bool_expr: sqla_from_bool_, sqla_date: sqla_lit_date_, sqla_time: sqla_lit_time_, \
    sqla_timestamp: sqla_lit_timestamp_, sqla_local_timestamp: sqla_lit_local_timestamp_, sqla_interval: sqla_lit_interval_, \
    sqla_opt_date: sqla_lit_opt_date_, sqla_opt_time: sqla_lit_opt_time_, sqla_opt_timestamp: sqla_lit_opt_timestamp_, \
    sqla_opt_local_timestamp: sqla_lit_opt_local_timestamp_, sqla_opt_interval: sqla_lit_opt_interval_, sqla_time_expr: sqla_from_time_, \
    sqla_blob: sqla_lit_blob_, sqla_blob_expr: sqla_from_blob_, sqla_uuid: sqla_lit_uuid_, sqla_opt_uuid: sqla_lit_opt_uuid_, \
    sqla_uuid_expr: sqla_from_uuid_, sqla_json: sqla_lit_json_, sqla_json_expr: sqla_from_json_, sqla_any_expr: sqla_from_any_, \
    sqla_value: sqla_plain_, void *: sqla_lit_null_
#define SQLA_TAKES_(...) _Generic(__VA_ARGS__, default: sqla_this_is_not_an_expression_or_value_, SQLA_NUMBERS_, SQLA_OTHERS_)
#define SQLA_TAKES_BESIDE_(a, ...) \
    _Generic(__VA_ARGS__, int: _Generic(a, sqla_bool_expr: sqla_int_as_bool_, default: sqla_lit_i64_), default: SQLA_TAKES_(__VA_ARGS__))
#define SQLA_OPERAND_(a, v) (*SQLA_TAKES_BESIDE_(a, v))(v)
#define SQLA_NUMBER_(v) sqla_num_of_((*_Generic(v, default: sqla_this_is_not_a_number_, SQLA_NUMBERS_))(v))
#define SQLA_TEXT_(v) (*_Generic(v, default: sqla_this_is_not_a_text_, char *: sqla_lit_text_, const char *: sqla_lit_text_, \
    sqla_text_expr: sqla_from_text_, sqla_any_expr: sqla_from_any_, sqla_value: sqla_plain_, void *: sqla_lit_null_))(v)
#define SQLA_EXPR_(s, a) (a).expression
/* The function that makes an expression of b, when b may stand beside a; else the name of the mistake. Arrays of different sizes
 * are different types. */
#define SQLA_BESIDE_(a, ...) (*_Generic((char (*)[1 + (SQLA_LEFT_(a) & ~SQLA_FAMILIES_(__VA_ARGS__))])0, \
    char (*)[1]: SQLA_TAKES_BESIDE_(a, __VA_ARGS__), char (*)[2]: sqla_a_number_beside_something_else_, char (*)[3]: sqla_a_text_beside_something_else_, \
    char (*)[5]: sqla_a_bool_beside_something_else_, char (*)[9]: sqla_a_time_beside_something_else_, \
    char (*)[17]: sqla_a_blob_beside_something_else_, char (*)[33]: sqla_a_uuid_beside_something_else_, \
    char (*)[65]: sqla_a_json_beside_something_else_, default: sqla_a_dynamic_expression_on_the_left_needs_sqla_as_num_or_its_like_))
/* For lists: 0, or the name of the mistake as the type of what should be an int. */
#define SQLA_AGREE_(a, families) _Generic((char (*)[1 + (SQLA_LEFT_(a) & ~(families))])0, char (*)[1]: 0, \
    char (*)[2]: (struct sqla_error_a_number_beside_something_else *)0, char (*)[3]: (struct sqla_error_a_text_beside_something_else *)0, \
    char (*)[5]: (struct sqla_error_a_bool_beside_something_else *)0, char (*)[9]: (struct sqla_error_a_time_beside_something_else *)0, \
    char (*)[17]: (struct sqla_error_a_blob_beside_something_else *)0, char (*)[33]: (struct sqla_error_a_uuid_beside_something_else *)0, \
    char (*)[65]: (struct sqla_error_a_json_beside_something_else *)0, \
    default: (struct sqla_error_a_dynamic_expression_on_the_left_needs_sqla_as_num_or_its_like *)0)
#define SQLA_ROOM_(n) ((sqla_expr[n]){ { 0 } })
#define SQLA_END_ { { 0 } }

/* From a field to its family, from the family to a function. */
struct sqla_error_this_field_is_not_a_column { int x; };
#define SQLA_FIELD_FAMILY_(lvalue) _Generic(lvalue, const char *: (sqla_text_expr *)0, \
    char *: _Generic(&lvalue, char **: (struct sqla_error_this_field_is_not_a_column *)0, default: (sqla_text_expr *)0), \
    bool: (sqla_bool_expr *)0, sqla_opt_bool: (sqla_bool_expr *)0, sqla_date: (sqla_time_expr *)0, sqla_time: (sqla_time_expr *)0, \
    sqla_timestamp: (sqla_time_expr *)0, sqla_local_timestamp: (sqla_time_expr *)0, sqla_interval: (sqla_time_expr *)0, \
    sqla_opt_date: (sqla_time_expr *)0, sqla_opt_time: (sqla_time_expr *)0, sqla_opt_timestamp: (sqla_time_expr *)0, \
    sqla_opt_local_timestamp: (sqla_time_expr *)0, sqla_opt_interval: (sqla_time_expr *)0, sqla_blob: (sqla_blob_expr *)0, \
    sqla_uuid: (sqla_uuid_expr *)0, sqla_opt_uuid: (sqla_uuid_expr *)0, sqla_json: (sqla_json_expr *)0, signed char: (sqla_num_expr *)0, \
    unsigned char: (sqla_num_expr *)0, short: (sqla_num_expr *)0, unsigned short: (sqla_num_expr *)0, int: (sqla_num_expr *)0, \
    unsigned: (sqla_num_expr *)0, long: (sqla_num_expr *)0, long long: (sqla_num_expr *)0, float: (sqla_num_expr *)0, \
    double: (sqla_num_expr *)0, sqla_decimal: (sqla_num_expr *)0, sqla_opt_i16: (sqla_num_expr *)0, sqla_opt_i32: (sqla_num_expr *)0, \
    sqla_opt_i64: (sqla_num_expr *)0, sqla_opt_f32: (sqla_num_expr *)0, sqla_opt_f64: (sqla_num_expr *)0, \
    default: (struct sqla_error_this_field_is_not_a_column *)0)
#define sqla_col(S, f) _Generic(SQLA_FIELD_(S, f), default: _Generic((0, SQLA_FIELD_FAMILY_(((S *)0)->f)), \
    sqla_num_expr *: sqla_col_num_, sqla_text_expr *: sqla_col_text_, sqla_bool_expr *: sqla_col_bool_, sqla_time_expr *: sqla_col_time_, \
    sqla_blob_expr *: sqla_col_blob_, sqla_uuid_expr *: sqla_col_uuid_, sqla_json_expr *: sqla_col_json_)(sqla_model_of_##S, offsetof(S, f)))
/* The same for a field of a type that has a conversion, sqla_converted_col(Host, ip, ip_address): of the family that it is stored
 * as, so that it stands beside sqla_converted() and beside plain values of that family. */
#define sqla_converted_col(S, f, T) _Generic(SQLA_FIELD_(S, f), default: \
    _Generic((0, SQLA_IS_OF_(&((S *)0)->f, T)), uint32_t: SQLA_BY_STORED_(sqla_col_, T))(sqla_model_of_##S, offsetof(S, f)))

/* Each macro looks at its operands first, and does the rest when they are right. */
#define sqla_eq(a, ...) _Generic(_Generic((0, SQLA_LEFT_(a)), int: SQLA_FAMILIES_(__VA_ARGS__)), default: \
    sqla_binary_(SQLA_OP_EQ, SQLA_ROOM_(2), (a).expression, SQLA_BESIDE_(a, __VA_ARGS__)(__VA_ARGS__))) /* with NULL: IS NULL */
#define sqla_ne(a, ...) _Generic(_Generic((0, SQLA_LEFT_(a)), int: SQLA_FAMILIES_(__VA_ARGS__)), default: \
    sqla_binary_(SQLA_OP_NE, SQLA_ROOM_(2), (a).expression, SQLA_BESIDE_(a, __VA_ARGS__)(__VA_ARGS__))) /* with NULL: IS NOT NULL */
#define sqla_lt(a, ...) _Generic(_Generic((0, SQLA_LEFT_(a)), int: SQLA_FAMILIES_(__VA_ARGS__)), default: \
    sqla_binary_(SQLA_OP_LT, SQLA_ROOM_(2), (a).expression, SQLA_BESIDE_(a, __VA_ARGS__)(__VA_ARGS__)))
#define sqla_le(a, ...) _Generic(_Generic((0, SQLA_LEFT_(a)), int: SQLA_FAMILIES_(__VA_ARGS__)), default: \
    sqla_binary_(SQLA_OP_LE, SQLA_ROOM_(2), (a).expression, SQLA_BESIDE_(a, __VA_ARGS__)(__VA_ARGS__)))
#define sqla_gt(a, ...) _Generic(_Generic((0, SQLA_LEFT_(a)), int: SQLA_FAMILIES_(__VA_ARGS__)), default: \
    sqla_binary_(SQLA_OP_GT, SQLA_ROOM_(2), (a).expression, SQLA_BESIDE_(a, __VA_ARGS__)(__VA_ARGS__)))
#define sqla_ge(a, ...) _Generic(_Generic((0, SQLA_LEFT_(a)), int: SQLA_FAMILIES_(__VA_ARGS__)), default: \
    sqla_binary_(SQLA_OP_GE, SQLA_ROOM_(2), (a).expression, SQLA_BESIDE_(a, __VA_ARGS__)(__VA_ARGS__)))
#define sqla_between(a, low, high) _Generic(_Generic((0, SQLA_LEFT_(a)), int: SQLA_FAMILIES_(low) & SQLA_FAMILIES_(high)), default: \
    sqla_between_(SQLA_ROOM_(3), (a).expression, SQLA_BESIDE_(a, low)(low), SQLA_BESIDE_(a, high)(high)))
/* The same on every database: in like case counts, % is any text and _ any character, and a
 * backslash hides what follows it. ilike leaves case out of account, as far as the database knows
 * it; sqla(3) says how far. contains, startswith and endswith look for a text as it is, and case
 * counts. */
#define sqla_like(a, b) sqla_binary_(SQLA_OP_LIKE, SQLA_ROOM_(2), (*sqla_this_must_be_a_text_)(a).expression, SQLA_TEXT_(b))
#define sqla_ilike(a, b) sqla_binary_(SQLA_OP_ILIKE, SQLA_ROOM_(2), (*sqla_this_must_be_a_text_)(a).expression, SQLA_TEXT_(b))
#define sqla_contains(a, b) sqla_binary_(SQLA_OP_CONTAINS, SQLA_ROOM_(2), (*sqla_this_must_be_a_text_)(a).expression, SQLA_TEXT_(b))
#define sqla_startswith(a, b) sqla_binary_(SQLA_OP_STARTSWITH, SQLA_ROOM_(2), (*sqla_this_must_be_a_text_)(a).expression, SQLA_TEXT_(b))
#define sqla_endswith(a, b) sqla_binary_(SQLA_OP_ENDSWITH, SQLA_ROOM_(2), (*sqla_this_must_be_a_text_)(a).expression, SQLA_TEXT_(b))
#define sqla_plus(a, b) sqla_arith_(SQLA_OP_PLUS, SQLA_ROOM_(2), (*sqla_this_must_be_a_number_)(a), SQLA_NUMBER_(b))
#define sqla_minus(a, b) sqla_arith_(SQLA_OP_MINUS, SQLA_ROOM_(2), (*sqla_this_must_be_a_number_)(a), SQLA_NUMBER_(b))
#define sqla_times(a, b) sqla_arith_(SQLA_OP_TIMES, SQLA_ROOM_(2), (*sqla_this_must_be_a_number_)(a), SQLA_NUMBER_(b))
#define sqla_divide(a, b) sqla_arith_(SQLA_OP_DIVIDE, SQLA_ROOM_(2), (*sqla_this_must_be_a_number_)(a), SQLA_NUMBER_(b))
#define sqla_is_null(a) sqla_is_null_(SQLA_ROOM_(1), (a).expression)
#define sqla_not(a) sqla_not_(SQLA_ROOM_(1), (*sqla_this_must_be_a_condition_)(0, a))
#define sqla_and(...) sqla_junction_(SQLA_OP_AND, ((const sqla_bool_expr[]){ SQLA_LIST_(__VA_ARGS__)((*sqla_this_must_be_a_condition_), 0, __VA_ARGS__), SQLA_END_ }))
#define sqla_or(...) sqla_junction_(SQLA_OP_OR, ((const sqla_bool_expr[]){ SQLA_LIST_(__VA_ARGS__)((*sqla_this_must_be_a_condition_), 0, __VA_ARGS__), SQLA_END_ }))
/* sqla_in(column, 1, 2, 3), up to 32; for a number known at run time sqla_where_in_i64 and
 * sqla_where_in_text, or a list that is bound: sqla_in(column, sqla_param("ids")) with
 * sqla_bind(q, "ids", sqla_array_i64(ids, n)) */
#define sqla_in(a, ...) _Generic(SQLA_FAMILIES_OF_(__VA_ARGS__)(__VA_ARGS__), default: \
    _Generic((0, SQLA_AGREE_(a, SQLA_FAMILIES_OF_(__VA_ARGS__)(__VA_ARGS__))), int: sqla_in_(SQLA_OP_IN, SQLA_ROOM_(2), (a).expression, \
        ((const sqla_expr[]){ SQLA_LIST_(__VA_ARGS__)(SQLA_OPERAND_, a, __VA_ARGS__), { 0 } }))))
#define sqla_not_in(a, ...) _Generic(SQLA_FAMILIES_OF_(__VA_ARGS__)(__VA_ARGS__), default: \
    _Generic((0, SQLA_AGREE_(a, SQLA_FAMILIES_OF_(__VA_ARGS__)(__VA_ARGS__))), int: sqla_in_(SQLA_OP_NOT_IN, SQLA_ROOM_(2), (a).expression, \
        ((const sqla_expr[]){ SQLA_LIST_(__VA_ARGS__)(SQLA_OPERAND_, a, __VA_ARGS__), { 0 } }))))
#define sqla_asc(a) sqla_order_(SQLA_OP_ASC, SQLA_ROOM_(1), (a).expression)
#define sqla_desc(a) sqla_order_(SQLA_OP_DESC, SQLA_ROOM_(1), (a).expression)
#define sqla_count(a) sqla_count_(SQLA_ROOM_(1), (a).expression)
#define sqla_sum(a) sqla_sum_(SQLA_ROOM_(1), (*sqla_this_must_be_a_number_)(a))
#define sqla_avg(a) sqla_avg_(SQLA_ROOM_(1), (*sqla_this_must_be_a_number_)(a))
#define sqla_lower(a) sqla_lower_(SQLA_ROOM_(1), (*sqla_this_must_be_a_text_)(a))
#define sqla_upper(a) sqla_upper_(SQLA_ROOM_(1), (*sqla_this_must_be_a_text_)(a))
#define SQLA_SAME_FAMILY_(prefix, a) _Generic((a), sqla_num_expr: prefix##num_, sqla_text_expr: prefix##text_, sqla_bool_expr: prefix##bool_, \
    sqla_time_expr: prefix##time_, sqla_blob_expr: prefix##blob_, sqla_uuid_expr: prefix##uuid_, sqla_json_expr: prefix##json_, sqla_any_expr: prefix##any_)
#define sqla_max(a) SQLA_SAME_FAMILY_(sqla_max_, a)(SQLA_ROOM_(1), (a))
#define sqla_min(a) SQLA_SAME_FAMILY_(sqla_min_, a)(SQLA_ROOM_(1), (a))
#define sqla_label(a, name) SQLA_SAME_FAMILY_(sqla_label_, a)(SQLA_ROOM_(1), (name), (a))
#define sqla_func(name, ...) sqla_func_((name), (const sqla_expr[]){ SQLA_LIST_(__VA_ARGS__)(SQLA_OPERAND_, 0, __VA_ARGS__), { 0 } })
/* An expression that must outlive its block, copied into q. It lives until q is freed or what q was
 * made on is closed, even if q has ended. */
#define sqla_keep(q, a) SQLA_SAME_FAMILY_(sqla_keep_, a)((q), (a))
#endif /* !__cplusplus */

/* ---- statements ------------------------------------------------------------------------------------------------ */

/* Where a statement runs: a session, a connection, or an engine (which lends a connection for that one statement). */
typedef struct sqla_target { const struct sqla_target_ops *ops; void *self; } sqla_target;
SQLA_API sqla_target sqla_on_session_(sqla_session *s);
SQLA_API sqla_target sqla_on_conn_(sqla_conn *conn);
SQLA_API sqla_target sqla_on_engine_(sqla_engine *db);

/* How long a statement lives
 *
 * A statement ends with the transaction that it ran in, and its memory goes then. So one that is
 * written where it runs need not be freed. One that has not run yet does not end.
 *   on a session      It ends with the first sqla_commit() or sqla_rollback() after it ran. Until
 *                     then it may run again. Savepoints end nothing.
 *   on a connection   It ends with the commit or rollback of the open transaction; without one,
 *                     with its run.
 *   on an engine      It ends with its run, since an engine lends a connection for that alone.
 *   in a loop         It does not end before the loop is left, whatever the body does.
 *   kept              It ends with sqla_stmt_free() alone.
 * All of them end when what they were made on is closed. It makes no difference whether the run
 * succeeded.
 *
 * What stays until when
 *   before its end    A statement has some hundred bytes, and what its last run gave. A transaction that
 *                     makes statements without end frees them with sqla_stmt_free(), or makes one and
 *                     runs it again with other values.
 *   after its end     Only memory that the program may still hold stays, until the owner is closed:
 *                     the results of sqla_all, sqla_first, sqla_one (plain structs) and
 *                     sqla_scalar_text, and what sqla_keep() has copied. Objects are the session's.
 *                     sqla_stmt_free() before the end gives that back as well.
 *
 *     sqla_stmt *q = sqla_sql(s, "SELECT count(*) FROM notes WHERE stars > :least");
 *     sqla_stmt_keep(q);
 *     for (int i = 0; i < 5; i++) {
 *         printf("%d\n", (int)sqla_scalar_i64(sqla_bind(q, "least", i), &err));
 *         sqla_commit(s, &err);
 *     }
 *     sqla_stmt_free(q);
 *
 * Using a statement that has ended is always detected, however late: builders leave it alone,
 * whatever runs it is SQLA_ERR_MISUSE, and sqla_stmt_free() does nothing. A handle is never used
 * again for another statement. What a run gives to the program has a life of its own: see
 * SQLA_EACH_ROW and sqla_all in engine.h.
 *
 * Make a statement.
 * Returns: owned by what it was made on; NULL: out of memory, or a NULL target. All builders and
 * runners take that NULL.  Threads: as what it is made on. */
SQLA_API sqla_stmt *sqla_stmt_select_(sqla_target on, sqla_model_fn *model);
SQLA_API sqla_stmt *sqla_stmt_select_model_(sqla_target on, const sqla_model *model);
SQLA_API sqla_stmt *sqla_stmt_select_cols_(sqla_target on, const sqla_expr *columns);
SQLA_API sqla_stmt *sqla_stmt_sql_(sqla_target on, const char *sql);
SQLA_API sqla_stmt *sqla_stmt_untouched_(sqla_target on, const char *sql);
/* Let q stay until it is freed or its owner is closed, through any number of transactions.
 *   q  may be NULL; one that has ended already stays so
 * Returns: q.  Threads: as the builders. */
SQLA_API sqla_stmt *sqla_stmt_keep(sqla_stmt *q);
/* End q now, and free all memory that its runs gave.
 *   q  may be NULL, or one that has ended
 * Threads: as the builders. */
SQLA_API void sqla_stmt_free(sqla_stmt *q);

/* Builders. All return q and keep the first failure in q.
 * join_: along the relation at that field of that model. limit, offset: 0 or more. bind_: gives :name a value (copied).
 * bind_at_: gives a parameter of an untouched text a value (copied); number counts from 1, as $1 and the first ? do. */
SQLA_API sqla_stmt *sqla_where_(sqla_stmt *q, const sqla_bool_expr *list);
SQLA_API sqla_stmt *sqla_having_(sqla_stmt *q, const sqla_bool_expr *list);
SQLA_API sqla_stmt *sqla_order_by_(sqla_stmt *q, const sqla_expr *list);
SQLA_API sqla_stmt *sqla_group_by_(sqla_stmt *q, const sqla_expr *list);
SQLA_API sqla_stmt *sqla_limit(sqla_stmt *q, int64_t n);
SQLA_API sqla_stmt *sqla_offset(sqla_stmt *q, int64_t n);
SQLA_API sqla_stmt *sqla_distinct(sqla_stmt *q);
SQLA_API sqla_stmt *sqla_for_update(sqla_stmt *q);
/* How long each run of q may take, in place of statement_timeout_ms: reading its rows is part of that, except for a stream,
 * where each block of rows has that long. ms: 0: as the connection; -1: for ever.  Returns q. */
SQLA_API sqla_stmt *sqla_timeout(sqla_stmt *q, int32_t ms);
SQLA_API sqla_stmt *sqla_join_(sqla_stmt *q, bool outer, sqla_model_fn *model, size_t offset);
SQLA_API sqla_stmt *sqla_join_on_(sqla_stmt *q, bool outer, sqla_model_fn *model, sqla_bool_expr on);
SQLA_API sqla_stmt *sqla_load_with_(sqla_stmt *q, sqla_model_fn *model, size_t offset);
SQLA_API sqla_stmt *sqla_bind_(sqla_stmt *q, const char *name, sqla_value value);
SQLA_API sqla_stmt *sqla_bind_at_(sqla_stmt *q, size_t number, sqla_value value);
/* WHERE column IN (values), for a number known at run time, of any size; none is always false.
 * Values are copied. */
SQLA_API sqla_stmt *sqla_where_in_i64(sqla_stmt *q, sqla_num_expr column, const int64_t *values, size_t n);
SQLA_API sqla_stmt *sqla_where_in_text(sqla_stmt *q, sqla_text_expr column, const char *const *values, size_t n);

#ifndef __cplusplus
/* A conditional between pointers to two different structs has type void *, after a warning that a compiler may keep to itself
 * when this header is a system header. Selecting on that type makes it an error everywhere. */
struct sqla_error_this_points_at_another_struct { int x; };
void *sqla_this_points_at_another_struct_(struct sqla_error_this_points_at_another_struct, ...);
#ifdef __clang__
#define SQLA_IF_SAME_(p, model_pointer, function) (*_Generic(_Pragma("clang diagnostic push") \
    _Pragma("clang diagnostic ignored \"-Wpointer-type-mismatch\"") 1 ? (p) : (model_pointer) _Pragma("clang diagnostic pop"), \
    void *: sqla_this_points_at_another_struct_, const void *: sqla_this_points_at_another_struct_, default: function))
#else
#define SQLA_IF_SAME_(p, model_pointer, function) (*_Generic(1 ? (p) : (model_pointer), \
    void *: sqla_this_points_at_another_struct_, const void *: sqla_this_points_at_another_struct_, default: function))
#endif
struct sqla_error_this_is_no_session_connection_or_engine { int x; };
sqla_target sqla_this_is_no_session_connection_or_engine_(struct sqla_error_this_is_no_session_connection_or_engine);
#define SQLA_ON_(on) (*_Generic((on), sqla_session *: sqla_on_session_, sqla_conn *: sqla_on_conn_, sqla_engine *: sqla_on_engine_, \
    default: sqla_this_is_no_session_connection_or_engine_))(on)
#define sqla_select(on, S) sqla_stmt_select_(SQLA_ON_(on), sqla_model_of_##S)
#define sqla_select_model(on, model) sqla_stmt_select_model_(SQLA_ON_(on), (model))
#define sqla_select_cols(on, ...) sqla_stmt_select_cols_(SQLA_ON_(on), ((const sqla_expr[]){ SQLA_LIST_(__VA_ARGS__)(SQLA_EXPR_, , __VA_ARGS__), { 0 } }))
#define sqla_sql(on, text) sqla_stmt_sql_(SQLA_ON_(on), (text))
/* The text goes to the database as it is, with the placeholders that the database knows, all of which need a value:
 *     sqla_bind_at(sqla_sql_untouched(conn, "SELECT data ? $1 FROM t"), 1, "key") */
#define sqla_sql_untouched(on, text) sqla_stmt_untouched_(SQLA_ON_(on), (text))
#define sqla_where(q, ...) sqla_where_((q), ((const sqla_bool_expr[]){ SQLA_LIST_(__VA_ARGS__)((*sqla_this_must_be_a_condition_), 0, __VA_ARGS__), SQLA_END_ }))
#define sqla_having(q, ...) sqla_having_((q), ((const sqla_bool_expr[]){ SQLA_LIST_(__VA_ARGS__)((*sqla_this_must_be_a_condition_), 0, __VA_ARGS__), SQLA_END_ }))
#define sqla_order_by(q, ...) sqla_order_by_((q), ((const sqla_expr[]){ SQLA_LIST_(__VA_ARGS__)(SQLA_EXPR_, , __VA_ARGS__), { 0 } }))
#define sqla_group_by(q, ...) sqla_group_by_((q), ((const sqla_expr[]){ SQLA_LIST_(__VA_ARGS__)(SQLA_EXPR_, , __VA_ARGS__), { 0 } }))
#define sqla_join(q, S, rel) sqla_join_((q), false, sqla_model_of_##S, offsetof(S, rel))
#define sqla_outer_join(q, S, rel) sqla_join_((q), true, sqla_model_of_##S, offsetof(S, rel))
#define sqla_join_on(q, S, condition) sqla_join_on_((q), false, sqla_model_of_##S, (condition))
#define sqla_outer_join_on(q, S, condition) sqla_join_on_((q), true, sqla_model_of_##S, (condition))
/* Load a relation of all selected objects with one query more. */
#define sqla_selectin(q, S, rel) sqla_load_with_((q), sqla_model_of_##S, offsetof(S, rel))
#define sqla_bind(q, name, v) sqla_bind_((q), (name), sqla_val((v)))
#define sqla_bind_at(q, number, v) sqla_bind_at_((q), (number), sqla_val((v)))
#endif

/* Named parameters for raw SQL: sqla_params("age", 30, "name", "Nicolas"). pairs: name, value, name, value ... */
typedef struct sqla_params { size_t count; const sqla_value *pairs; } sqla_params;
#ifndef __cplusplus
#define sqla_params(...) (&(const sqla_params){ SQLA_COUNT_(__VA_ARGS__) / 2 + 0 * SQLA_MUST_(SQLA_COUNT_(__VA_ARGS__) % 2 == 0, every_name_needs_a_value), \
    (const sqla_value[]){ SQLA_LIST_(__VA_ARGS__)(SQLA_VAL_, , __VA_ARGS__) } })
#define SQLA_VAL_(s, v) sqla_val(v)
#endif

#ifdef __cplusplus
}
#endif
#endif
