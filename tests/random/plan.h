/* plan.h: what a flush must do, worked out before it runs. */
#ifndef RANDOM_PLAN_H
#define RANDOM_PLAN_H

#include "world.h"

/* Statuses, as bits, since several may be right. */
enum {
    IS_OK = 1,
    IS_MISUSE = 2,
    IS_FOREIGN_KEY = 4,
    IS_NOT_NULL = 8,
    IS_UNIQUE = 16,
    IS_STALE = 32,
    IS_DATA = 64,
    IS_NOT_FOUND = 128,
    IS_INJECTED = 256,
    IS_OTHER = 512
};
unsigned bit_of(sqla_status status);

/* Whose child an object is. */
typedef enum whose { AS_THE_ROW_SAYS, OF_OBJECT, OF_KEY, OF_NOBODY } whose;
typedef struct parent {
    whose is;
    int object;
    val key;
    bool contradicts;        /* two statements do not agree */
    bool by_key;             /* the key alone says so */
    bool by_remove, by_null; /* nobody: since it was removed; since the pointer is NULL */
    bool cascaded;           /* nobody: since the owner goes */
} parent;
bool pointer_stated(const object *o, int r);
bool key_stated(const object *o, int r);
parent parent_of(const world *in, int o, int r);

typedef enum fate {
    STAYS,
    INSERTED,
    UPDATED,
    DIES,
    LEFT_OUT
} fate; /* LEFT_OUT: pending, and becomes transient */
typedef struct plan {
    world next;
    uint8_t fate[MAX_OBJECTS];
    parent parents[MAX_OBJECTS][ONES];
    bool moved[MAX_OBJECTS][ONES];  /* its key is written */
    bool either[MAX_OBJECTS][ONES]; /* the row had been changed behind our back: its key may also stay */
    bool moot[MAX_OBJECTS][ONES];   /* it was removed from one whose it is no more, as its row says */
    unsigned must, may;             /* failures of which one must come (0: none), and further ones that may */
    struct {
        int table, column;
        val from;
    } rekeyed[4]; /* keys that change, and that others may follow */
    int rekeyed_count;
    bool writes;
    bool came[MAX_OBJECTS]; /* it was transient, and comes along */
    int probe; /* an object by which one sees whether the flush has happened; NOBODY */
} plan;

extern plan p;
extern bool gives_keys_again; /* the database does */
/* Expunge the object, and forget it here too. */
void expunge(int index);
/* Work the flush of `w` out. */
void plan_flush(void);
/* The flush has succeeded: `w` becomes what it must be now. */
void plan_settle(void);
/* Would the flush write this object, by what stands on it alone?  -1: that cannot be said. */
int would_write(int o);

#endif
