/* session.h: what a session and a sessionmaker hold. Private to the ORM. */
#ifndef SQLA_ORM_SESSION_H
#define SQLA_ORM_SESSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <sqla/orm.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/vec.h"
#include "engine/conn.h"
#include "orm/heap.h"
#include "sql/mapping.h"
#include "sql/stmt.h"

struct sqla_sessionmaker {
    sqla_engine *engine;
    sqla_metadata *base;
    sqla_session_options options;
    size_t mapping_count;
    sqla__page_store pages;
    pthread_mutex_t lock;           /* of texts */
    sqla__hash texts;               /* statements of the unit of work, by what they do (texts.c) */
    sqla__arena text_arena;
};

/* What the last append or remove said of an object: that it is the owner's, or that it is not. */
typedef struct sqla__link {
    const sqla__foreign_key *key;
    sqla__object *owner;
    bool removed;
    bool from_row;                  /* removed: the row held the owner's key then */
    bool pointer_set;               /* the call has set the object's pointer, to `pointer`: another value is the program's */
    const void *pointer;
} sqla__link;

/* What only some objects have. */
typedef struct sqla__extra {
    SQLA__VEC(sqla__link) links;
    struct sqla__collection_state {
        size_t capacity;            /* of the items */
        uint32_t loaded, changed;   /* the session's clock when it was */
        bool expired;               /* stale, whenever it was loaded */
    } collections[];                /* by relation of the mapping */
} sqla__extra;
sqla__extra *sqla__extra_of(sqla__object *object);   /* made when it is not there; NULL: out of memory */
void sqla__extra_free(sqla__object *object);         /* with the collections' items */

/* Collections (collection.c), as they lie in a user's struct (SQLA_MANY). */
typedef struct sqla__collection { void **items; size_t count; bool loaded; } sqla__collection;
static inline sqla__collection *sqla__collection_at(const sqla__relation *relation, void *row)
{
    return (sqla__collection *)(void *)((char *)row + relation->offset);
}
/* A change is remembered, so that a rollback unloads the collection; to fill one that was begun is none. */
bool sqla__collection_push(sqla__object *owner, const sqla__relation *relation, void *item);
bool sqla__collection_fill(sqla__object *owner, const sqla__relation *relation, void *item);
void sqla__collection_drop(sqla__object *owner, const sqla__relation *relation, const void *item);
bool sqla__collection_has(const sqla__object *owner, const sqla__relation *relation, const void *item);
/* Empty it: it is loaded from here on, and filled by the caller. false: out of memory. */
bool sqla__collection_begin(sqla__object *owner, const sqla__relation *relation);
/* Is what it has as good as reading it again? */
bool sqla__collection_fresh(const sqla__object *owner, const sqla__relation *relation);
void sqla__collection_unload(sqla__object *owner, const sqla__relation *relation); /* empty, not loaded */
void sqla__collections_unload(sqla__object *owner);
void sqla__collections_unload_stale(sqla__object *owner);
void sqla__collection_expire(sqla__object *owner, const sqla__relation *relation); /* it keeps what it has, and is read again next time */
void sqla__collections_expire(sqla__object *owner);  /* they keep what they have, and the next load reads them again */
void sqla__collections_rollback(sqla__object *owner, uint32_t clock); /* unload those loaded or changed after that time */

/* Relations (relation.c). */
const sqla__link *sqla__link_of(const sqla__object *object, const sqla__foreign_key *key); /* NULL: none */
sqla_status sqla__link_set(sqla_session *s, sqla__object *object, const sqla__link *link); /* replaces the last one */
/* Say that an object is not the owner's, as sqla_remove does; its pointer loses the owner, too. */
sqla_status sqla__link_remove(sqla_session *s, sqla__object *object, const sqla__foreign_key *key, sqla__object *owner);
/* Take back what was said of one object; collections that showed it are unloaded. */
void sqla__links_drop(sqla_session *s, sqla__object *object);
void sqla__links_clear(sqla_session *s);             /* all of them, after a flush */
static inline void *sqla__pointer_at(const sqla__relation *relation, const void *row)
{
    return *(void *const *)(const void *)((const char *)row + relation->offset);
}
static inline void sqla__pointer_set(const sqla__relation *relation, void *row, void *to)
{
    *(void **)(void *)((char *)row + relation->offset) = to;
}

/* One thing that was done to an object, so that a rollback can put it back in memory (undo.c). */
typedef enum sqla__undo_kind { SQLA__UNDO_INSERT = 1, SQLA__UNDO_UPDATE, SQLA__UNDO_DELETE } sqla__undo_kind;
typedef struct sqla__undo {
    sqla__object *object;           /* NULL: expunged since */
    sqla__undo_kind kind;
    uint32_t previous;              /* the object's record before this one */
    void *snapshot;                 /* UPDATE: as it was, and the text block that its pointers lie in (NULL: unchanged) */
    void *texts;
    struct sqla__piece *pieces;     /* and what its fields with conversions point at (converted.h) */
    bool large;
    const uint64_t *made;           /* INSERT: a bit for each column and then each relation whose value is not the program's: the
                                     * database or the flush made it. NULL: only columns that are never sent */
} sqla__undo;

/* A pointer that was loaded, and was NULL before: a rollback makes it NULL again. (Collections know when they were loaded.) */
typedef struct sqla__read {
    void *row;
    const sqla__relation *relation;
    size_t after;                   /* how many undo records there were: the two are undone in turn */
} sqla__read;

/* A key that the program gave to a new object, and that a flush took away, since its parent is deleted. */
typedef struct sqla__given {
    sqla__object *object;           /* NULL: expunged since */
    const sqla_slot *slot;
    sqla_value value;
} sqla__given;

struct sqla_savepoint {
    sqla_session *session;
    struct sqla_savepoint *outer;
    size_t undo_mark, read_mark;
    uint32_t clock;                 /* the session's: what was read later is stale once it is rolled back */
    char name[24];
};

struct sqla_session {
    uint32_t magic;
    uint32_t clock;                 /* goes up when a transaction ends and when a savepoint begins */
    uint32_t began;                 /* its time when the last transaction ended: what is later belongs to this one */
    uint32_t fresh;                 /* objects that were loaded at this time or later are fresh, others stale */
    sqla_sessionmaker *maker;
    sqla_session_options options;
    sqla_conn *conn;                /* inside a transaction only */
    sqla__pool *pools;              /* one a mapping, by its index */
    sqla__hash pages;               /* address -> page: the pointers that are ours */
    sqla__page *last_page;          /* the one that was found last, which is asked for again more often than not; NULL */
    sqla__text_heap texts;
    sqla__hash spellings;           /* keys that the database has called equal (spelling.c) */
    sqla__arena spelling_arena;
    sqla__arena lent;               /* sqla_strdup, sqla_printf: as long as the session lives */
    sqla__arena flush_arena;
    SQLA__VEC(sqla__object *) pending, doomed, linked; /* added, to be deleted, with links: in the order of the calls */
    SQLA__VEC(sqla__undo) undo;
    SQLA__VEC(sqla__read) reads;
    SQLA__VEC(sqla__given) given;
    sqla__arena undo_arena;         /* of the records' `made` */
    sqla_savepoint *savepoint;      /* the innermost */
    uint32_t savepoint_count;       /* made so far: for names */
    sqla__stmts statements;
    sqla_error kept;                /* the first failure of a call that builds */
    sqla_error broken;              /* the failure that asks for a rollback */
    _Atomic uintptr_t inside;       /* the thread that is in a call; 0: none */
    _Atomic bool crossed;           /* another one tried to come in, and its call has not been done */
    uint32_t depth;                 /* of calls in one another, by that thread */
    uint32_t held;                  /* of them, statements that hold the connection */
    int64_t limit;                  /* nothing that its connections start runs beyond this time; 0: no limit */
    bool flushing;
    bool wrote;                     /* the flush that is under way, or the last one, has changed rows */
    bool changed_rows;              /* a flush of this transaction has */
};
enum { SQLA__SESSION_MAGIC = 0x53455353 };

/* Every public call on a session lies between enter and leave. enter: false when another thread is inside: the call does
 * nothing then, and one without a status is told by the next that has one. A thread may be inside more than once, as in a
 * function that a call has called. Costs one atomic exchange. */
bool sqla__session_enter(sqla_session *s);
void sqla__session_leave(sqla_session *s);
/* The same with the check of the handle, for calls that report: SQLA_OK asks for a leave, MISUSE for none. */
sqla_status sqla__session_enter_told(sqla_session *s, sqla_error *err);

/* The transaction. ready: reports what was kept or stands in the way. begin: take a connection, if there is none, and ask it
 * before the transaction begins (ask may be NULL). */
typedef sqla_status sqla__ask_fn(const void *data, sqla_conn *conn, sqla_error *err);
sqla_status sqla__session_ready(sqla_session *s, sqla_error *err);
sqla_status sqla__session_begin(sqla_session *s, sqla_error *err);
/* MISUSE when a transaction is open. */
sqla_status sqla__session_begin_as(sqla_session *s, sqla__begin how, sqla_error *err);
sqla_status sqla__session_begin_asking(sqla_session *s, sqla__ask_fn *ask, const void *data, sqla_error *err);
/* Keep a builder's failure: the next call that can report it does so, and it asks for a rollback from then on. */
sqla_status sqla__session_keep(sqla_session *s, sqla_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Remember that a failure asks for a rollback. */
sqla_status sqla__session_break(sqla_session *s, const sqla_error *err, sqla_status status);

static inline bool sqla__object_fresh(const sqla_session *s, const sqla__object *object) { return object->epoch >= s->fresh; }

/* The object behind a pointer of the user's; NULL: not one of this session. */
sqla__object *sqla__session_object(sqla_session *s, const void *row);
sqla__pool *sqla__session_pool(sqla_session *s, const sqla_model *model); /* NULL: not in the metadata */
static inline sqla__pool *sqla__session_pool_of(sqla_session *s, const sqla__mapping *mapping) { return &s->pools[mapping->index]; }

/* The unit of work (unitofwork.c): write everything. sqla__flush_for: what a query of q may need (autoflush). */
sqla_status sqla__flush(sqla_session *s, sqla_error *err);
/* Flush before `what` (a get, say) asks the database, unless the session's options forbid it. */
sqla_status sqla__autoflush(sqla_session *s, const char *what, sqla_error *err);
sqla_status sqla__flush_for(sqla_session *s, const sqla__stmt *q, sqla_error *err);

/* Undo (undo.c). A record of an update takes over the object's text block. */
bool sqla__undo_record(sqla_session *s, sqla__object *object, sqla__undo_kind kind);
/* made: see sqla__undo; it is copied. NULL: none beyond the columns that are never sent. */
bool sqla__undo_record_insert(sqla_session *s, sqla__object *object, const uint64_t *made);
/* May what is read now be of rows that a rollback takes back? Then it must be undone with them. */
bool sqla__undo_covers_reads(const sqla_session *s);
/* Set a foreign key to NULL. In a new object it comes back when the object is not written, or is rolled back. */
bool sqla__undo_take_key(sqla_session *s, sqla__object *object, const sqla__foreign_key *key);
/* The flush has failed: give the keys back that it took from objects which it has not written. */
void sqla__undo_give_keys(sqla_session *s);
/* Let a pointer that was loaded lead to `to`, in the struct and its snapshot. false: out of memory. */
bool sqla__undo_point(sqla_session *s, sqla__object *object, const sqla__relation *relation, void *to);
void sqla__undo_to(sqla_session *s, size_t mark, size_t read_mark); /* put back what was done since, newest first */
void sqla__undo_forget(sqla_session *s);             /* committed: drop all records */
void sqla__undo_expunge(sqla_session *s, sqla__object *object);

/* Objects whose changes were never flushed go back to their snapshots (rollback). What was read after `clock` is stale. */
void sqla__discard_changes(sqla_session *s, uint32_t clock);
/* One object: columns and pointers as in its snapshot. */
/* For messages: "the 'User' with key 7"; "a 'User'", whose key has several columns; "a new 'User'"; "nobody". Returns: it, in buf or not. */
const char *sqla__object_name(const sqla__object *object, char *buf, size_t size);
void sqla__object_revert(sqla__object *object);

/* Put a transient object among the pending ones (again). */
sqla_status sqla__object_pend(sqla_session *s, sqla__object *object);
/* Mark for deletion by the next flush. */
sqla_status sqla__object_doom(sqla_session *s, sqla__object *object);
/* The row of an object has gone without a word from the program: it becomes a deleted one, and a change to it is STALE. */
sqla_status sqla__object_lose(sqla_session *s, sqla__object *object, sqla_error *err);
/* Can the row be written as it is? DATA: a forgotten flag, a decimal that would be rounded, and in a new row a value for what the database
 * makes. */
sqla_status sqla__object_check(const sqla__object *object, bool insert, sqla_error *err);
/* Is all that is mapped the same, byte for byte, as in the snapshot? The quick answer to the next question, for most objects. */
bool sqla__object_untouched(const sqla__object *object);
/* Has a column, or a to-one pointer, changed since the snapshot? */
bool sqla__object_dirty(const sqla__object *object);

extern const struct sqla_target_ops sqla__session_target;

/* Log what is lost when the session is closed now, and was never reported. */
void sqla__session_tell_loss(const sqla_session *s);

#endif
