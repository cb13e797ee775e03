/* session.h: what a session and a sessionmaker hold. Private to the ORM. */
#ifndef SQLA_ORM_SESSION_H
#define SQLA_ORM_SESSION_H

#include <pthread.h>
#include <sqla/orm.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/vec.h"
#include "engine/conn.h"
#include "orm/heap.h"
#include "sql/mapping.h"
#include "sql/target.h"

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

/* A key that comes from another object: the foreign key in `column` follows from parent's key (NULL: becomes NULL) when
 * it is flushed. orphan: a child that is still without a parent then is deleted. */
typedef struct sqla__link {
    uint32_t column, parent_column;
    bool orphan;
    sqla__object *parent;
} sqla__link;

/* What only some objects have. */
typedef struct sqla__extra {
    SQLA__VEC(sqla__link) links;
    uint32_t collection_count;      /* relations of the mapping */
    size_t capacities[];            /* of each collection's items, by relation */
} sqla__extra;
sqla__extra *sqla__extra_of(sqla__object *object);   /* made when it is not there; NULL: out of memory */
void sqla__extra_free(sqla__object *object);         /* with the collections' items */

/* Relations (relation.c). A collection as it lies in a user's struct (SQLA_MANY). */
typedef struct sqla__collection { void **items; size_t count; bool loaded; } sqla__collection;
static inline sqla__collection *sqla__collection_at(const sqla__relation *relation, void *row)
{
    return (sqla__collection *)(void *)((char *)row + relation->offset);
}
bool sqla__collection_push(sqla__object *owner, const sqla__relation *relation, void *item);
void sqla__collection_drop(sqla__object *owner, const sqla__relation *relation, const void *item);
void sqla__collections_unload(sqla__object *object); /* all of them: empty, not loaded */
/* Say that column follows from parent at the next flush. */
sqla_status sqla__link_set(sqla_session *s, sqla__object *object, const sqla__relation *by, sqla__object *parent, bool orphan);
const sqla__link *sqla__link_of(const sqla__object *object, uint32_t column); /* NULL: none */
void sqla__links_clear(sqla_session *s);
static inline void *sqla__pointer_at(const sqla__relation *relation, const void *row) { return *(void *const *)(const void *)((const char *)row + relation->offset); }
static inline void sqla__pointer_set(const sqla__relation *relation, void *row, void *to) { *(void **)(void *)((char *)row + relation->offset) = to; }

/* One thing that a flush did to an object, so that a rollback can put it back in memory (undo.c). */
typedef enum sqla__undo_kind { SQLA__UNDO_INSERT = 1, SQLA__UNDO_UPDATE, SQLA__UNDO_DELETE } sqla__undo_kind;
typedef struct sqla__undo {
    sqla__object *object;           /* NULL: expunged since */
    sqla__undo_kind kind;
    uint32_t previous;              /* the object's record before this one */
    void *snapshot;                 /* UPDATE: as it was, and the text block that its pointers lie in (NULL: unchanged) */
    void *texts;
    bool *made;                     /* INSERT: for each column, did the database make the value? NULL: only where it always does */
    struct sqla__piece *pieces;     /* and what its fields with conversions point at (converted.h) */
    bool large;
} sqla__undo;

struct sqla_savepoint {
    sqla_session *session;
    struct sqla_savepoint *outer;
    size_t undo_mark;
    char name[24];
};

struct sqla_session {
    uint32_t magic;
    uint32_t epoch;                 /* goes up with commit and rollback: what was loaded before is stale */
    sqla_sessionmaker *maker;
    sqla_session_options options;
    sqla_conn *conn;                /* inside a transaction only */
    sqla__pool *pools;              /* one a mapping, by its index */
    sqla__hash pages;               /* address -> page: the pointers that are ours */
    sqla__text_heap texts;
    sqla__arena lent;               /* sqla_strdup, sqla_printf: as long as the session lives */
    sqla__arena flush_arena;
    SQLA__VEC(sqla__object *) pending, doomed, linked; /* added, to be deleted, with links: in the order of the calls */
    SQLA__VEC(sqla__undo) undo;
    sqla_savepoint *savepoint;      /* the innermost */
    uint32_t savepoint_count;       /* made so far: for names */
    sqla_stmt *statements;
    sqla_error kept;                /* the first failure of a call that builds */
    sqla_error broken;              /* the failure that asks for a rollback */
    int64_t limit;                  /* nothing that its connections start runs beyond this time; 0: no limit */
    bool flushing;
    bool wrote;                     /* the flush that is under way, or the last one, has changed rows */
};
enum { SQLA__SESSION_MAGIC = 0x53455353 };

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

/* The object behind a pointer of the user's; NULL: not one of this session. */
sqla__object *sqla__session_object(const sqla_session *s, const void *row);
sqla__pool *sqla__session_pool(sqla_session *s, const sqla_model *model); /* NULL: not in the metadata */
static inline sqla__pool *sqla__session_pool_of(sqla_session *s, const sqla__mapping *mapping) { return &s->pools[mapping->index]; }

/* The unit of work (unitofwork.c): write everything. sqla__flush_for: what a query of q may need (autoflush). */
sqla_status sqla__flush(sqla_session *s, sqla_error *err);
sqla_status sqla__flush_for(sqla_session *s, const sqla_stmt *q, sqla_error *err);

/* Undo (undo.c). `keep_texts`: the record takes over the object's text block. */
bool sqla__undo_record(sqla_session *s, sqla__object *object, sqla__undo_kind kind);
bool sqla__undo_record_insert(sqla_session *s, sqla__object *object, const uint32_t *sent, uint32_t count); /* sent: the columns */
void sqla__undo_to(sqla_session *s, size_t mark);    /* put back what was done since mark, newest first */
void sqla__undo_forget(sqla_session *s);             /* committed: drop all records */
void sqla__undo_expunge(sqla_session *s, sqla__object *object);

/* Objects whose changes were never flushed go back to their snapshots (rollback). */
void sqla__discard_changes(sqla_session *s);

/* Put a transient object among the pending ones (again). */
sqla_status sqla__object_pend(sqla_session *s, sqla__object *object);
/* Mark for deletion by the next flush. */
sqla_status sqla__object_doom(sqla_session *s, sqla__object *object);
/* The mapping's error that a row cannot be written as it is: forgotten flags, values for what the database makes. */
sqla_status sqla__object_check(const sqla__object *object, sqla_error *err);
/* Is all that is mapped the same, byte for byte, as in the snapshot? The quick answer to the next question, for most objects. */
bool sqla__object_untouched(const sqla__object *object);
/* One column of it: a decimal that the database would round. */
sqla_status sqla__object_check_scale(const sqla__mapping *mapping, const sqla__mapped_column *column, const void *row, sqla_error *err);
/* Has a column, or a to-one pointer, changed since the snapshot? */
bool sqla__object_dirty(const sqla__object *object);

extern const struct sqla_target_ops sqla__session_target;

#endif
