/* world.h: what the database and the memory must say, kept beside the library in plain arrays.
 *
 * `world` is one state of all that: rows and objects. There is the one of now, one for the beginning of the
 * transaction, and one for each open savepoint; a rollback goes back to it. Objects are numbers, which stay;
 * the printed program calls them o0, o1 and so on. */
#ifndef RANDOM_WORLD_H
#define RANDOM_WORLD_H

#include <stdio.h>

#include "schema.h"

enum { MAX_OBJECTS = 400, MAX_ROWS = 40, MAX_ITEMS = 40, DEPTH = 3, NOBODY = -1 };

/* A value of any column. A number that is 0, and is no optional, is not set. */
typedef struct val {
    int64_t n;
    char t[8];
    bool set;
} val;
typedef struct record {
    val v[COLUMNS];
} record;
typedef struct records {
    record of[TABLES][MAX_ROWS];
    int count[TABLES];
} records;

typedef enum standing {
    TRANSIENT,
    PENDING,
    PERSISTENT,
    DELETED,
    GONE
} standing; /* GONE: expunged; not looked at */

/* An append or remove that stands. */
typedef enum verb { NOTHING, APPENDED, REMOVED } verb;
typedef struct claim {
    int8_t verb;
    bool from_row; /* removed: the row, as it was known, named that owner; else it had only been given to it */
    int16_t owner;
} claim;

/* How much of a collection is known: exactly; as a set from `sure` items on; exactly, or it is not loaded; or
 * nothing yet, so that what is found is taken over. */
typedef enum certainty { EXACTLY, AS_A_SET, OR_UNLOADED, WHATEVER } certainty;
typedef struct coll {
    bool loaded, stale;
    bool shaky;   /* may have lost an item, or not: after a rollback it may also not be loaded */
    int8_t known; /* certainty, for the next look */
    int16_t sure, count;
    uint16_t version; /* counts loads and changes */
    int16_t items[MAX_ITEMS];
} coll;

typedef struct object {
    void *at;
    int8_t table, state;
    bool doomed;     /* marked; the flush deletes it */
    bool dropped;    /* pending, and deleted before it was inserted */
    bool stale;      /* or may be */
    bool clean;      /* transient, and can be added as it is */
    bool born;       /* was added in this transaction */
    bool went;       /* a flush deleted it, or tried: its collections may have been loaded for that */
    bool lost_owner; /* its owner went, and did not take it along */
    bool met;        /* it was read, not added: it had a row */
    bool reread;     /* in this transaction: after a rollback the one or the other is last known */
    val now[COLUMNS], was[COLUMNS], given[COLUMNS]; /* given: before the insert, or as it was first read */
    val first[COLUMNS];                             /* as it was met */
    int16_t to[ONES], to_was[ONES], given_to[ONES];
    bool lost_given[ONES]; /* what it was given was expunged */
    bool open_to[ONES]; /* the pointer may also be NULL, or what the key says, at the next look */
    bool by_call[ONES]; /* an append or remove has set the pointer, to set_to */
    int16_t set_to[ONES];
    val by_hand[ONES];      /* the key that the program set last, */
    int16_t hand_to[ONES];  /* and the pointer */
    bool pointed[ONES];     /* it has set one */
    uint16_t version[ONES]; /* counts loads and changes of the pointer */
    claim says[ONES];
    coll many[MANIES];
} object;

typedef struct world {
    records db;
    int count;
    bool wrote, raw; /* since the transaction began: a flush; raw SQL */
    object objects[MAX_OBJECTS];
} world;

extern world w;                /* now */
extern world saved[1 + DEPTH]; /* the beginning of the transaction, and of each savepoint */
void world_copy(world *to, const world *from);

/* ---- values and rows ---------------------------------------------------------------------------------- */

bool same(const val *a, const val *b);
val number(int64_t n);
val text(const char *t);
val unset(void);
const char *print(const val *v); /* as C; one of a few static rooms */
val value_at(const column *c, const void *place);
/* The row with these key values; -1: there is none. */
int row_find(const records *db, int t, const val *values);
int row_find_by(const records *db, int t, int column, const val *value);
void row_remove(records *db, int t, int i);

/* ---- objects ------------------------------------------------------------------------------------------ */

static inline const table *table_of_object(const object *o)
{
    return &tables[o->table];
}
static inline bool has_row(const object *o)
{
    return o->state == PERSISTENT;
}
static inline bool is_live(const object *o)
{
    return o->state == PERSISTENT || o->state == PENDING;
}
int object_new(int t, void *at);
int object_at(const void *at); /* NOBODY: not known */
/* The object of the session that has this key, not deleted; NOBODY. */
int object_with_key(const world *in, int t, int column, const val *key);
/* The key by which children name it. */
const val *object_key(const world *in, int o, const one *relation);
void *pointer_at(const object *o, int one_index);
/* Row of a persistent object; -1: it is gone. */
int object_row(const world *in, int o);
bool coll_has(const coll *c, int item);
void coll_drop(coll *c, int item);
void coll_add(coll *c, int item);

/* ---- saying ------------------------------------------------------------------------------------------- */

/* The step failed: what is wrong. Does not come back. */
_Noreturn void wrong(const char *kind, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of the C program. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *name_of(int o); /* "o7" or "NULL" */

#endif
