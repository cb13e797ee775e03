/* family.h: the models of the tests of the unit of work: owners and children, a tree, circles, natural keys. */
#ifndef TESTS_FAMILY_H
#define TESTS_FAMILY_H

#include <sqla/sqla.h>

typedef struct P P;
typedef struct C C;
typedef struct N N;
typedef struct Loose Loose;
typedef struct Land Land;
typedef struct Person Person;
typedef struct Ball Ball;
typedef struct Left Left;
typedef struct Right Right;
typedef struct Tag Tag;
typedef struct Label Label;
typedef struct Place Place;
typedef struct Guest Guest;
SQLA_DECLARE(P);
SQLA_DECLARE(C);
SQLA_DECLARE(N);
SQLA_DECLARE(Loose);
SQLA_DECLARE(Land);
SQLA_DECLARE(Person);
SQLA_DECLARE(Ball);
SQLA_DECLARE(Left);
SQLA_DECLARE(Right);
SQLA_DECLARE(Tag);
SQLA_DECLARE(Label);
SQLA_DECLARE(Place);
SQLA_DECLARE(Guest);

/* An owner whose orphans die, and children that are not owned. */
struct P {
    int64_t id;
    const char *name;
    SQLA_MANY(C) cs;
    SQLA_MANY(Loose) loose;
};
struct C {
    int64_t id;
    const char *name;
    sqla_opt_i64 p_id;
    P *p;
};
struct Loose {
    int64_t id;
    sqla_opt_i64 p_id;
    P *p;
};
/* A tree that owns nothing. */
struct N {
    int64_t id;
    const char *name;
    sqla_opt_i64 up_id;
    N *up;
    SQLA_MANY(N) subs;
};
/* A table that points at itself by a key that the program gives. */
struct Land {
    char code[4];
    const char *name;
    const char *within;
    Land *whole;
    SQLA_MANY(Land) parts;
};
/* A circle of tables with a side that can be NULL. */
struct Person {
    int64_t id;
    sqla_opt_i64 favourite_id;
    Ball *favourite;
    SQLA_MANY(Ball) balls;
};
struct Ball {
    int64_t id;
    int64_t owner_id;
    Person *owner;
};
/* A circle without one. */
struct Left {
    int64_t id;
    int64_t right_id;
    Right *right;
};
struct Right {
    int64_t id;
    int64_t left_id;
    Left *left;
};

/* A foreign key at a column that is not the primary key. */
struct Tag {
    int64_t id;
    const char *code;
    SQLA_MANY(Label) labels;
};
struct Label {
    int64_t id;
    const char *tag_code;
    Tag *tag;
};

/* A foreign key at one column of a primary key of two. */
struct Place {
    int32_t hall, number;
    SQLA_MANY(Guest) guests;
};
struct Guest {
    int64_t id;
    sqla_opt_i32 number;
    Place *place;
};

/* An engine on url with all tables made, a sessionmaker and a session; what statements the engine has run is counted. */
typedef struct family {
    const char *url;
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_session *s;
    sqla_error err;
    int statements;
    void (*hook)(struct family *x); /* called once, while the next statement runs; NULL: none */
    P *p, *q;      /* of family_two */
    C *c;
} family;
void family_open(family *x, const char *url);
void family_close(family *x);
/* Two owners, and a child of the first, committed and fresh. */
void family_two(family *x);
/* Did everything since the last call succeed? Prints the failure if not. */
bool family_fine(family *x);
/* Did it fail so, with that text in the message? The failure is cleared. */
bool family_failed(family *x, sqla_status status, const char *text);
/* The id of whose the child `id` is in the database, by a connection of its own; 0: nobody, -1: there is no such child. */
int64_t family_parent(family *x, int64_t id);
int64_t family_count(family *x, const char *table);

#endif
