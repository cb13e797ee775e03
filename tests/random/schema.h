/* schema.h: the models of the random test, and what the test knows of them, read off the models themselves.
 *
 * P has children of every kind: owned and dying when orphaned (C, and F, whose key may not be NULL), owned
 * (D), and not owned (E). A joins P and N by two foreign keys that are its key. N is a tree of rows that are
 * not owned, T one of rows that are. Person and Ball close a circle of tables. K has a text for a key, which
 * may change, and the database takes its children L along; I points at itself with keys set by hand; M has a key of two columns. */
#ifndef RANDOM_SCHEMA_H
#define RANDOM_SCHEMA_H

#include <sqla/sqla.h>

#define EACH_MODEL(X) X(P) X(C) X(D) X(E) X(F) X(N) X(T) X(Person) X(Ball) X(K) X(L) X(I) X(A) X(M)
#define DECLARE(S)      \
    typedef struct S S; \
    SQLA_DECLARE(S);
EACH_MODEL(DECLARE)
#undef DECLARE
#define NUMBER(S) TABLE_##S,
enum { EACH_MODEL(NUMBER) TABLES };
#undef NUMBER

struct P {
    int64_t id;
    const char *name, *note;
    char tag[8];
    sqla_opt_i32 num;
    SQLA_MANY(C) cs;
    SQLA_MANY(D) ds;
    SQLA_MANY(E) es;
    SQLA_MANY(F) fs;
    SQLA_MANY(A) joins;
};
struct C {
    int64_t id;
    const char *name, *note;
    sqla_opt_i64 p_id;
    P *p;
};
struct D {
    int64_t id;
    const char *name;
    sqla_opt_i64 p_id;
    P *p;
};
struct E {
    int64_t id;
    const char *name;
    char tag[8];
    sqla_opt_i64 p_id;
    P *p;
};
struct F {
    int64_t id;
    const char *name;
    int64_t p_id;
    P *p;
};
struct N {
    int64_t id;
    const char *name;
    sqla_opt_i64 up_id;
    N *up;
    SQLA_MANY(N) subs;
    SQLA_MANY(A) joins;
};
struct T {
    int64_t id;
    const char *name, *note;
    sqla_opt_i64 up_id;
    T *up;
    SQLA_MANY(T) subs;
};
struct Person {
    int64_t id;
    const char *name;
    sqla_opt_i64 favourite_id;
    Ball *favourite;
    SQLA_MANY(Ball) balls;
};
struct Ball {
    int64_t id;
    const char *name;
    int64_t owner_id;
    Person *owner;
};
struct K {
    const char *code;
    const char *name;
    sqla_opt_i32 num;
    SQLA_MANY(L) ls;
};
struct L {
    int64_t id;
    const char *name;
    const char *k_code;
    K *k;
};
struct I {
    int64_t id;
    const char *name;
    sqla_opt_i64 up_id;
    I *up;
    SQLA_MANY(I) subs;
};
struct A {
    int64_t p_id, n_id;
    const char *name;
    P *p;
    N *n;
};
struct M {
    int64_t x, y;
    const char *name, *note;
};

/* ---- read off the models ------------------------------------------------------------------------------ */

enum { COLUMNS = 5, ONES = 2, MANIES = 5 };
typedef enum form { FORM_INT, FORM_OPT64, FORM_OPT32, FORM_TEXT, FORM_CHARS } form;

typedef struct column {
    const char *field;
    uint32_t offset, size;
    form form;
    bool key, generated, not_null;
    int one; /* the to-one relation that it is the key of; -1 */
} column;
typedef struct one {
    const char *field;
    uint32_t offset;
    int column, target, target_column;
    int many; /* the other side, in target; -1 */
    bool owned, orphans_die;
    bool follows; /* the database lets the key go with its owner's */
} one;
typedef struct many {
    const char *field;
    uint32_t offset;
    int target, one;
    bool owns, orphans_die;
} many;
typedef struct table {
    const sqla_model *model;
    sqla_model_fn *fn;
    column columns[COLUMNS];
    one ones[ONES];
    many manies[MANIES];
    int column_count, one_count, many_count, name; /* name: the column */
    bool generated;
} table;

extern table tables[TABLES];
void schema_read(void);
/* A model set with all of them.  NULL: why not stands in err. */
sqla_metadata *schema_metadata(sqla_error *err);

#endif
