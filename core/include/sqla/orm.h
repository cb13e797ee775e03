/* orm.h: sessions and their objects. The identity map and the unit of work.
 *
 * A session is a unit of work: it knows every object that was added to it or loaded through it, by
 * primary key, and once only. It begins a transaction by itself when it first needs the database, and
 * holds a connection only inside one.
 *
 * Objects are plain structs in the session's memory, and never move. Only sqla_expunge and sqla_close
 * give their memory back; commit, rollback, delete and refresh never do. Change a field by assignment:
 * the flush compares with what was loaded and writes what differs. A pointer that you assign to a text
 * field is lent until the next flush. The flush replaces it by a copy of the session's own, whatever
 * becomes of the object, so you may free yours afterwards.
 *
 * Stale, never invalid: commit and rollback make the loaded objects stale. Their fields keep the last
 * known values, and the next get, query or refresh that meets one fills it again in place.
 *
 * Who is the parent. A foreign key can be given in four ways: assign the to-one pointer, assign the key,
 * sqla_append, sqla_remove. All of them may be used together as long as they agree. An append or remove
 * replaces an earlier append or remove of the same object. A pointer or key that says otherwise is
 * SQLA_ERR_MISUSE at the flush, which names both sides and writes nothing. Pointers and keys follow one
 * another at the flush, not before.
 *   Afterwards both sides say the same: pointer, key, and every collection that is loaded. A collection
 * keeps its order, and nothing moves in one whose membership did not change, so you may loop over it
 * while you change fields of its members and run queries. A loop that moves members out of the
 * collection it runs over misses some: copy the pointers first.
 *   A collection is a view. Deletes and removals reach a child only if the child's own key, or what you
 * said of it since, names that owner.
 *   With SQLA_OWNS | SQLA_ORPHANS_DIE a child that is removed, or whose pointer is set to NULL, is
 * deleted. Setting its key to NULL, alone or beside the pointer, keeps the row.
 *
 * What the database does by itself. Where a key changes or goes that others point at, ON UPDATE and
 * ON DELETE write further rows, whether your models declare the action or the table has it. The flush
 * reads the objects of the session that point there again, so keys, pointers and collections say what the
 * rows say; an object whose row went along is SQLA_DELETED. A change to one that was deleted without your
 * asking for it is SQLA_ERR_STALE at the next flush, once.
 *
 * A session belongs to one thread at a time; different sessions work at once. A call that meets another
 * thread inside the same session does nothing: it returns SQLA_ERR_MISUSE, or the next call that can
 * report does. */
#ifndef SQLA_ORM_H
#define SQLA_ORM_H
#ifndef SQLA_CHECK_HEADERS
#pragma GCC system_header
#endif

#include <sqla/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- sessions -------------------------------------------------------------------------------------------------- */

typedef struct sqla_session_options {
    uint32_t struct_size;
    bool no_autoflush;   /* queries do not flush pending changes first */
    bool keep_on_commit; /* a commit does not make objects stale */
    int32_t statement_timeout_ms; /* see "deadlines" in engine.h; 0: the engine's; -1: none */
    sqla_isolation isolation;     /* of its transactions; DEFAULT: the engine's */
    bool read_only;               /* its transactions are read-only: SQLA_ERR_READ_ONLY, from the database */
} sqla_session_options;
#define SQLA_SESSION_OPTIONS(...) (&(const sqla_session_options){ .struct_size = sizeof(sqla_session_options), __VA_ARGS__ })

/* Make a factory of sessions. It freezes base, so every mistake in a mapping shows here.
 * Returns: owned, free with sqla_sessionmaker_free() after the last session is closed; NULL: MISUSE (names model and field),
 * UNSUPPORTED (an isolation that the database has not), NOMEM.  Ownership: db and base are borrowed as long as the sessionmaker lives.  Threads: any. */
SQLA_API sqla_sessionmaker *sqla_sessionmaker_new(sqla_engine *db, sqla_metadata *base, const sqla_session_options *options, sqla_error *err);
SQLA_API void sqla_sessionmaker_free(sqla_sessionmaker *maker);
/* Open a session. No connection is taken yet.  Returns: owned, end it with sqla_close(); NULL: NOMEM, MISUSE.  Threads: any. */
SQLA_API sqla_session *sqla_open(sqla_sessionmaker *maker, sqla_error *err);
/* Roll back what is open and free the session with all its objects and statements. NULL is fine.
 * What is lost by that and was never reported is a warning in the engine's log: a failure that sqla_add or its like has kept, and
 * objects that were added, changed or deleted and not flushed. (Of a session with more than 10,000 objects, only those that were
 * added or deleted are sure to be found.) sqla_rollback before says that it is meant. */
SQLA_API void sqla_close(sqla_session *s);

/* Begin the session's transaction now, and of a kind of its own; what is DEFAULT or false there is as the session has it.
 * Without this a transaction begins by itself. It ends with commit or rollback.
 * Returns: MISUSE when one is open already, and as sqla_conn_begin_with. */
SQLA_API sqla_status sqla_begin(sqla_session *s, const sqla_transaction_options *options, sqla_error *err);

/* flush: write what was added, changed and deleted, in the order that the foreign keys ask for; nothing is committed.
 * commit: flush, then commit. SQLA_ERR_UNKNOWN_OUTCOME: it may have happened. After SQLA_ERR_BUSY flush and commit may be repeated,
 *   unless the flush had written rows already, or the database has given the transaction up over it, as PostgreSQL does.
 * After any other failure, and those, the session refuses work with SQLA_ERR_ROLLBACK_FIRST, quoting it, until sqla_rollback.
 *   So it is after a failure that a call without a status kept, such as sqla_add: the next call with one tells it, whatever that
 *   was to do, and does nothing. What was to be written together is never committed without the part that failed.
 * rollback: end the transaction. Always works, and needs no SQL but the ROLLBACK:
 *   - fields go back to what they were before the transaction; changes that were not flushed are dropped;
 *   - objects that were added become transient and stay readable. What the database or a flush filled in
 *     (generated keys, foreign keys) is unset again, and what you had set stays, so sqla_add_object adds
 *     them again as if for the first time;
 *   - deleted objects are back;
 *   - collections that were loaded or changed since the transaction began are not loaded any more
 *     (`loaded` is false), pointers that were loaded since are NULL, and other pointers are what they
 *     were.
 *   With SQLA_AUTOCOMMIT nothing is taken back: what the flushes wrote stands, and its objects keep their
 *   rows. Of the statement that failed a part may stand too.
 *   MISUSE: a statement, which is named, had ended the transaction, such as a raw COMMIT. The session goes
 *   on, and the database has what that statement left.
 * Such a statement is noticed: the next call is SQLA_ERR_ROLLBACK_FIRST and names it. */
SQLA_API sqla_status sqla_flush(sqla_session *s, sqla_error *err);
SQLA_API sqla_status sqla_commit(sqla_session *s, sqla_error *err);
SQLA_API sqla_status sqla_rollback(sqla_session *s, sqla_error *err);

/* A whole piece of work, tried again when the database says that it may succeed then (SQLA_CLASS_RETRYABLE: serialization
 * failure, deadlock, a reader that came too late to write). fn gets a fresh session, with its transaction begun, and a fresh
 * err at each attempt, and does its work as if it were the only one; what it has done outside of the session it must be able
 * to do again. It returns SQLA_OK for commit, another status for rollback; SQLA_OK with a failure in err counts as that failure.
 * A transaction that may write begins with write intent (.write).
 *   options  attempts: at most; 0: 5. deadline_ms: of all together: none is begun behind it, and no statement runs on; waiting
 *            for a connection is not cut short by it; 0: none. backoff_ms: the pause before the second attempt, doubled for each
 *            one after that up to a second, and between half and all of it by chance; 0: 10. isolation, read_only: as in
 *            SQLA_TXN_OPTIONS. NULL: all defaults
 * Returns: what the last attempt came to, with the attempts made in err's detail when it failed. Never tried again:
 * UNKNOWN_OUTCOME, since it may have happened, and whatever is not retryable. MISUSE without fn or maker.  Threads: any. */
typedef sqla_status sqla_run_fn(sqla_session *s, void *data, sqla_error *err);
typedef struct sqla_run_options {
    uint32_t struct_size;
    int32_t attempts, deadline_ms, backoff_ms;
    sqla_isolation isolation;
    bool read_only;
} sqla_run_options;
#define SQLA_RUN_OPTIONS(...) (&(const sqla_run_options){ .struct_size = sizeof(sqla_run_options), __VA_ARGS__ })
SQLA_API sqla_status sqla_run(sqla_sessionmaker *maker, const sqla_run_options *options, sqla_run_fn *fn, void *data, sqla_error *err);

/* A transaction inside the transaction. begin_nested flushes first. commit ends it in either case: on failure it has rolled
 * back to it, and the session goes on. rollback does to what happened since begin_nested what sqla_rollback does to the
 * whole transaction; only what was read inside is stale. Savepoints nest; ending an outer one ends those inside.
 * Ownership: the savepoint is the session's; it is gone once committed or rolled back. */
SQLA_API sqla_savepoint *sqla_begin_nested(sqla_session *s, sqla_error *err);
SQLA_API sqla_status sqla_savepoint_commit(sqla_savepoint *sp, sqla_error *err);
SQLA_API sqla_status sqla_savepoint_rollback(sqla_savepoint *sp, sqla_error *err);

/* ---- objects --------------------------------------------------------------------------------------------------- */

/* add: copy a struct, strings included, and return the session's object, which the next flush inserts. A pointer to an object
 *   that lives in this session already (after a rollback, say) adds that object again as it is; one of another session is
 *   MISUSE. NULL: the failure is kept in the session.
 * new: the same from a zeroed struct.
 * get: the object with that key, from memory when it is fresh, else by one SELECT, before which what was added is flushed.
 *   NULL without an error: there is none.
 * delete: mark it; the flush deletes. One that was only added is not inserted. Its children, new ones too, go with it where the
 *   relation has SQLA_OWNS, and lose their key where not; those that are not loaded are looked up. add_object takes the mark back.
 *   Within a flush inserts come before deletes: to reuse a natural key, flush in between.
 * refresh: load it again, and drop what was not flushed of it: fields, pointers, append and remove. Its collections are
 *   unloaded. NOT_FOUND: the row is gone.
 * expire: make it stale, with its collections, so that the next call that meets it loads it. What you
 *   changed and did not flush stays, and is written; refresh drops it.
 * expunge: forget the object and give its memory back; pending changes are lost. Nothing of the session leads to it afterwards:
 *   pointers of other objects to it become NULL, while their keys stay, and collections drop it. What append and remove have
 *   said with it and no flush has written is taken back: each other object is whose its row says. */
SQLA_API void *sqla_add_object_(sqla_session *s, const sqla_model *model, const void *object);
SQLA_API void *sqla_new_object(sqla_session *s, const sqla_model *model);
SQLA_API void *sqla_get_(sqla_session *s, const sqla_model *model, const sqla_value *key, size_t n, sqla_error *err);
SQLA_API void sqla_delete(sqla_session *s, void *object);
SQLA_API sqla_status sqla_refresh(sqla_session *s, void *object, sqla_error *err);
SQLA_API void sqla_expire(sqla_session *s, void *object);
SQLA_API void sqla_expunge(sqla_session *s, void *object);

/* Where an object stands. */
typedef enum sqla_object_state {
    SQLA_FOREIGN = 0, /* not an object of this session */
    SQLA_TRANSIENT,   /* in the session's memory, but not part of its work: after rollback of an add, or a deleted one */
    SQLA_PENDING,     /* added, not yet inserted */
    SQLA_PERSISTENT,  /* has a row */
    SQLA_DELETED      /* its row was deleted in this transaction, or will be at the next flush; or its key is another's */
} sqla_object_state;
SQLA_API sqla_object_state sqla_state(sqla_session *s, const void *object);
/* Would the next flush write this object? false where changes cancel one another, such as a remove and an append. */
SQLA_API bool sqla_is_modified(sqla_session *s, const void *object);

/* Relations by the field's name; see "who is the parent" above.
 * load: fill the pointer or collection with one SELECT, or with none where it is known. An object that is stale is read first.
 *   NOT_FOUND: a foreign key that is set names no row, which is never taken for NULL.
 * append: put the item into the owner's collection if that is loaded, take it out of its former owner's, and set its pointer.
 *   A transient item is added to the session.
 * remove: the item is the owner's no longer. MISUSE when it was not: the collection is loaded without it, or it is not loaded
 *   and the item's key or pointer names another.
 *   A child dies only with the owner that its row names: one that was given to the owner since the last
 *   flush, and is removed again, is nobody's and stays.
 * append and remove run no SQL, and keep a failure in the session. */
SQLA_API sqla_status sqla_load_(sqla_session *s, void *object, const char *relation, sqla_error *err);
SQLA_API void sqla_append_(sqla_session *s, void *owner, const char *relation, void *item);
SQLA_API void sqla_remove_(sqla_session *s, void *owner, const char *relation, void *item);

/* Text that the session keeps as long as it lives: to assign to a field without minding its life.  NULL: out of memory,
 * kept in the session. */
SQLA_API const char *sqla_strdup(sqla_session *s, const char *text);
SQLA_API const char *sqla_printf(sqla_session *s, const char *format, ...) SQLA_PRINTF_(2, 3);

/* Fields by name, for models made at run time and for other languages. set converts where nothing is lost and copies texts
 * at once; get's texts are borrowed until the object changes. A field with a conversion is set from an sqla_converted() of that
 * conversion, or from what is stored, and gives what is stored.
 * place: where a field lies in the object: to read and assign one of a type of the program's own.  NULL: MISUSE. */
SQLA_API sqla_status sqla_field_set(sqla_session *s, void *object, const char *field, sqla_value value, sqla_error *err);
SQLA_API sqla_value sqla_field_get(sqla_session *s, const void *object, const char *field, sqla_error *err);
SQLA_API void *sqla_field_place(sqla_session *s, void *object, const char *field, sqla_error *err);

#ifndef __cplusplus
#define sqla_add(s, S, ...) ((S *)sqla_add_object_((s), (*sqla_model_of_##S)(), &(S){ __VA_ARGS__ }))
#define sqla_add_object(s, S, object) ((S *)SQLA_IF_SAME_(object, (const S *)0, sqla_add_object_)((s), (*sqla_model_of_##S)(), (object)))
#define sqla_new(s, S) ((S *)sqla_new_object((s), (*sqla_model_of_##S)()))
#define sqla_get(s, S, key, err) ((S *)sqla_get_((s), (*sqla_model_of_##S)(), (const sqla_value[]){ sqla_val((key)) }, 1, (err)))
#define sqla_get2(s, S, key1, key2, err) \
    ((S *)sqla_get_((s), (*sqla_model_of_##S)(), (const sqla_value[]){ sqla_val((key1)), sqla_val((key2)) }, 2, (err)))
#define sqla_append(s, owner, rel, item) SQLA_IF_SAME_(item, (owner)->rel.items[0], sqla_append_)((s), (owner), #rel, (item))
#define sqla_remove(s, owner, rel, item) SQLA_IF_SAME_(item, (owner)->rel.items[0], sqla_remove_)((s), (owner), #rel, (item))
#define sqla_load(s, object, rel, err) sqla_load_((s), (object), sizeof (object)->rel > 0 ? #rel : NULL, (err))
/* Copy text into the session at once and assign it: u->name = text, without lending. */
#define sqla_set_text(s, object, field, text) ((void)((object)->field = sqla_strdup((s), (text))))
#endif

#ifdef __cplusplus
}
#endif
#endif
