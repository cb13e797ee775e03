/* session.c: sessionmakers and sessions: opening, closing, and the transaction.
 *
 * A session takes a connection when it first needs the database and gives it back when the transaction ends. What a flush
 * writes is in unitofwork.c, what a rollback puts back in undo.c, the single object in object.c. */
#include <config.h>
#include "orm/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "orm/converted.h"
#include "orm/spelling.h"
#include "sql/stmt.h"

/* ---- sessionmaker ---------------------------------------------------------------------------------------------- */

static void copy_options(sqla_session_options *to, const sqla_session_options *from)
{
    memset(to, 0, sizeof *to);
    if (from != NULL)
        memcpy(to, from, from->struct_size < sizeof *to ? from->struct_size : sizeof *to);
    to->struct_size = sizeof *to;
}

static sqla_status maker_init(sqla_sessionmaker *maker, sqla_error *err)
{
    sqla_status status = sqla__metadata_freeze(maker->base, err);
    if (status != SQLA_OK)
        return status;
    maker->mapping_count = sqla__metadata_mapping_count(maker->base);
    if (sqla__page_store_init(&maker->pages) != SQLA_OK)
        return sqla__error_nomem(err);
    if (pthread_mutex_init(&maker->lock, NULL) != 0) {
        sqla__page_store_release(&maker->pages);
        return sqla__error_nomem(err);
    }
    return SQLA_OK;
}

sqla_sessionmaker *sqla_sessionmaker_new(sqla_engine *db, sqla_metadata *base, const sqla_session_options *options, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (db == NULL || base == NULL) {
        sqla__error_give(err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "cannot make a sessionmaker: no %s", db == NULL ? "engine" : "metadata"));
        return NULL;
    }
    sqla_sessionmaker *maker = sqla__alloc_zero(1, sizeof *maker);
    if (maker == NULL) {
        sqla__error_give(err, &local, sqla__error_nomem(&local));
        return NULL;
    }
    maker->engine = db;
    maker->base = base;
    copy_options(&maker->options, options);
    if (sqla__isolation_check(db, (uint32_t)maker->options.isolation, SQLA_ERR_UNSUPPORTED, &local) != SQLA_OK || maker_init(maker, &local) != SQLA_OK) {
        sqla__error_give(err, &local, local.status);
        sqla__free(maker);
        return NULL;
    }
    return maker;
}

void sqla_sessionmaker_free(sqla_sessionmaker *maker)
{
    if (maker == NULL)
        return;
    sqla__hash_release(&maker->texts);
    sqla__arena_release(&maker->text_arena);
    pthread_mutex_destroy(&maker->lock);
    sqla__page_store_release(&maker->pages);
    sqla__free(maker);
}

/* ---- open and close -------------------------------------------------------------------------------------------- */

static void session_free(sqla_session *s)
{
    sqla__undo_forget(s);
    for (size_t i = 0; s->pools != NULL && i < s->maker->mapping_count; i++)
        sqla__pool_release(&s->pools[i]);
    sqla__free(s->pools);
    sqla__hash_release(&s->pages);
    sqla__text_release(&s->texts);
    sqla__spellings_clear(s);
    sqla__arena_release(&s->lent);
    sqla__arena_release(&s->flush_arena);
    sqla__vec_release(&s->pending);
    sqla__vec_release(&s->doomed);
    sqla__vec_release(&s->linked);
    s->magic = 0;
    sqla__free(s);
}

sqla_session *sqla_open(sqla_sessionmaker *maker, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (maker == NULL) {
        sqla__error_give(err, &local, sqla__error_set(&local, SQLA_ERR_MISUSE, "cannot open a session: no sessionmaker"));
        return NULL;
    }
    sqla_session *s = sqla__alloc_zero(1, sizeof *s);
    if (s != NULL) {
        s->magic = SQLA__SESSION_MAGIC;
        s->maker = maker;
        s->options = maker->options;
        s->clock = s->fresh = 1;
        s->texts.store = &maker->pages;
        sqla__error_init(&s->kept);
        sqla__error_init(&s->broken);
        s->pools = sqla__alloc_zero(maker->mapping_count + 1, sizeof *s->pools);
    }
    if (s == NULL || s->pools == NULL) {
        sqla__error_give(err, &local, sqla__error_nomem(&local));
        sqla__free(s);
        return NULL;
    }
    for (size_t i = 0; i < maker->mapping_count; i++)
        sqla__pool_init(&s->pools[i], s, sqla__metadata_mapping_at(maker->base, i));
    sqla__engine_ref(maker->engine);
    return s;
}

static void drop_savepoints(sqla_session *s)
{
    s->savepoint = NULL; /* their memory stays till the session is closed, so a late use is seen */
}

static void give_connection_back(sqla_session *s)
{
    sqla__conn_release(s->conn);
    s->conn = NULL;
    drop_savepoints(s);
}

void sqla_close(sqla_session *s)
{
    if (s == NULL || s->magic != SQLA__SESSION_MAGIC)
        return;
    sqla_engine *db = s->maker->engine;
    sqla__session_tell_loss(s);
    sqla__stmts_free(&s->statements); /* a stream that is still open holds the connection */
    if (s->conn != NULL) {
        sqla_error ignored;
        sqla__error_init(&ignored);
        (void)sqla__conn_rollback(s->conn, &ignored);
        give_connection_back(s);
    }
    session_free(s);
    sqla__engine_unref(db);
}

/* ---- failures -------------------------------------------------------------------------------------------------- */

sqla_status sqla__session_keep(sqla_session *s, sqla_status status, const char *format, ...)
{
    char message[sizeof s->kept.message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return sqla__error_set(&s->kept, status, "%s", message);
}

sqla_status sqla__session_break(sqla_session *s, const sqla_error *err, sqla_status status)
{
    return sqla__error_give(&s->broken, err, status);
}

static bool come_in(sqla_session *s)
{
    uintptr_t me = (uintptr_t)pthread_self(), nobody = 0;
    if (atomic_load_explicit(&s->inside, memory_order_relaxed) != me &&
        !atomic_compare_exchange_strong(&s->inside, &nobody, me))
        return false;
    s->depth++;
    return true;
}

bool sqla__session_enter(sqla_session *s)
{
    if (s == NULL || s->magic != SQLA__SESSION_MAGIC)
        return false;
    bool in = come_in(s);
    if (!in)
        atomic_store(&s->crossed, true);
    return in;
}

void sqla__session_leave(sqla_session *s)
{
    if (--s->depth == 0)
        atomic_store_explicit(&s->inside, 0, memory_order_release);
}

sqla_status sqla__session_enter_told(sqla_session *s, sqla_error *err)
{
    if (s == NULL || s->magic != SQLA__SESSION_MAGIC)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "no session");
    if (come_in(s))
        return SQLA_OK;
    sqla__error_set(err, SQLA_ERR_MISUSE, "another thread is in a call of the session");
    sqla__error_hint(err, "open a session for each thread, or let them take turns");
    return err->status;
}

sqla_status sqla__session_ready(sqla_session *s, sqla_error *err)
{
    if (s == NULL || s->magic != SQLA__SESSION_MAGIC)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "no session");
    if (atomic_load_explicit(&s->crossed, memory_order_relaxed) && atomic_exchange(&s->crossed, false))
        sqla__session_keep(s, SQLA_ERR_MISUSE, "two threads used the session at once, and a call of one of them was not done");
    if (s->broken.status != SQLA_OK) {
        sqla__error_set(err, SQLA_ERR_ROLLBACK_FIRST, "the session needs sqla_rollback, since an earlier call failed: %.400s", s->broken.message);
        return err->status;
    }
    if (s->kept.status != SQLA_OK) { /* told once as what it is, and then as what stands in the way */
        s->broken = s->kept;
        sqla__error_init(&s->kept);
        return sqla__error_give(err, &s->broken, s->broken.status);
    }
    if (s->conn != NULL && sqla__conn_lost(s->conn)) {
        sqla__error_set(err, SQLA_ERR_DISCONNECTED, "the connection was lost, and the transaction with it");
        return sqla__session_break(s, err, err->status);
    }
    if (s->conn != NULL && sqla__conn_txn_check(s->conn, err) != SQLA_OK)
        return sqla__session_break(s, err, err->status);
    return SQLA_OK;
}

sqla_status sqla__session_begin(sqla_session *s, sqla_error *err)
{
    return sqla__session_begin_asking(s, NULL, NULL, err);
}

/* What the transaction is to be, where it is not said: as the session's options have it, and as the engine's. */
static sqla__begin kind_of(const sqla_session *s, sqla__begin how)
{
    if (how.isolation == SQLA_ISOLATION_DEFAULT)
        how.isolation = (uint32_t)s->options.isolation;
    if (s->options.read_only)
        how.flags |= SQLA_TXN_READ_ONLY;
    return sqla__engine_begin(s->maker->engine, how);
}

static sqla_status begin_on(sqla_session *s, sqla_conn *conn, sqla__begin how, sqla_error *err)
{
    how = kind_of(s, how);
    if ((how.flags & SQLA_TXN_READ_ONLY) != 0 && (how.flags & SQLA_TXN_WRITE) != 0)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot begin: the session is read_only");
    return sqla__conn_begin(conn, how, err);
}

static sqla_status take_connection(sqla_session *s, sqla_conn **ret_conn, sqla_error *err)
{
    sqla_status status = sqla__conn_acquire(s->maker->engine, ret_conn, err);
    if (status != SQLA_OK)
        return status;
    sqla__conn_know(*ret_conn, s->maker->base);
    if (s->options.statement_timeout_ms != 0)
        sqla_conn_set_timeout(*ret_conn, s->options.statement_timeout_ms);
    sqla__conn_limit(*ret_conn, s->limit);
    return SQLA_OK;
}

sqla_status sqla__session_begin_as(sqla_session *s, sqla__begin how, sqla_error *err)
{
    sqla_conn *conn = NULL;
    sqla_status status = sqla__session_ready(s, err);
    if (status == SQLA_OK && s->conn != NULL)
        status = sqla__error_set(err, SQLA_ERR_MISUSE, "cannot begin: the session's transaction is open already");
    if (status == SQLA_OK)
        status = take_connection(s, &conn, err);
    if (status != SQLA_OK)
        return status;
    status = begin_on(s, conn, how, err);
    if (status == SQLA_OK)
        s->conn = conn;
    else
        sqla__conn_release(conn);
    return status;
}

sqla_status sqla__session_begin_asking(sqla_session *s, sqla__ask_fn *ask, const void *data, sqla_error *err)
{
    if (s->conn != NULL)
        return SQLA_OK;
    sqla_conn *conn = NULL;
    sqla_status status = take_connection(s, &conn, err);
    if (status != SQLA_OK)
        return status;
    if (ask != NULL)
        status = ask(data, conn, err);
    if (status == SQLA_OK)
        status = begin_on(s, conn, (sqla__begin){ SQLA_ISOLATION_DEFAULT, 0 }, err);
    if (status == SQLA_OK)
        s->conn = conn;
    else
        sqla__conn_release(conn);
    return status;
}

sqla_status sqla_begin(sqla_session *s, const sqla_transaction_options *options, sqla_error *err)
{
    sqla_error local;
    sqla__begin how;
    sqla__error_init(&local);
    sqla_status status = sqla__session_enter_told(s, &local);
    if (status != SQLA_OK)
        return sqla__error_give(err, &local, status);
    status = sqla__begin_make(options, &how, &local);
    if (status == SQLA_OK)
        status = sqla__session_begin_as(s, how, &local);
    sqla__session_leave(s);
    return sqla__error_give(err, &local, status);
}

/* ---- the transaction ------------------------------------------------------------------------------------------- */

static sqla_status flush(sqla_session *s, sqla_error *err)
{
    sqla_status status = sqla__session_ready(s, err);
    return status == SQLA_OK ? sqla__flush(s, err) : status;
}

typedef sqla_status session_fn(sqla_session *s, sqla_error *err);

static sqla_status inside(sqla_session *s, session_fn *fn, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = sqla__session_enter_told(s, &local);
    if (status == SQLA_OK) {
        status = fn(s, &local);
        sqla__session_leave(s);
    }
    return sqla__error_give(err, &local, status);
}

sqla_status sqla_flush(sqla_session *s, sqla_error *err) { return inside(s, flush, err); }

/* What comes from now on belongs to the next transaction. keep: what was loaded stays fresh. */
static void end_of_transaction(sqla_session *s, bool keep)
{
    s->began = s->clock++;
    if (!keep)
        s->fresh = s->clock;
    s->wrote = s->changed_rows = false;
    sqla__spellings_clear(s);
}

static sqla_status commit(sqla_session *s, sqla_error *err)
{
    sqla_status status = sqla__session_ready(s, err);
    if (status == SQLA_OK)
        status = sqla__flush(s, err);
    if (status != SQLA_OK)
        return status;
    if (s->conn == NULL) { /* nothing was written; what happened in memory since is before the next one all the same */
        sqla__undo_forget(s);
        end_of_transaction(s, true);
        return SQLA_OK;
    }
    status = sqla__conn_commit(s->conn, err);
    if (status == SQLA_OK) {
        give_connection_back(s);
        sqla__undo_forget(s);
        end_of_transaction(s, s->options.keep_on_commit);
    } else if (status != SQLA_ERR_BUSY)
        sqla__session_break(s, err, status);
    return status;
}

static sqla_status commit_and_end(sqla_session *s, sqla_error *err)
{
    sqla_status status = commit(s, err);
    if (status == SQLA_OK)
        sqla__stmts_over(&s->statements);
    return status;
}

sqla_status sqla_commit(sqla_session *s, sqla_error *err) { return inside(s, commit_and_end, err); }

/* What was added and never flushed is only a struct again; what was to be deleted is not. */
static void forget_pending(sqla_session *s)
{
    for (size_t i = 0; i < s->pending.count; i++)
        if (s->pending.items[i]->state == SQLA_PENDING) {
            s->pending.items[i]->state = SQLA_TRANSIENT;
            sqla__collections_unload(s->pending.items[i]);
        }
    s->pending.count = 0;
    for (size_t m = 0; m < s->maker->mapping_count; m++)
        s->pools[m].has_pending = false;
    for (size_t i = 0; i < s->doomed.count; i++)
        s->doomed.items[i]->flags &= (uint8_t)~SQLA__FLAG_DOOMED;
    s->doomed.count = 0;
}

static sqla_status rollback(sqla_session *s, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    bool stands = s->conn != NULL && sqla__conn_autocommits(s->conn);
    if (s->conn != NULL) {
        if (!sqla__conn_lost(s->conn))
            status = sqla__conn_rollback(s->conn, err);
        if (status != SQLA_OK && sqla__conn_lost(s->conn))
            status = SQLA_OK;           /* the transaction is gone, which is what was wanted */
        give_connection_back(s);
    }
    sqla__stmts_over(&s->statements);
    if (stands)
        sqla__undo_forget(s);
    else
        sqla__undo_to(s, 0, 0);
    forget_pending(s);
    sqla__discard_changes(s, s->began);
    end_of_transaction(s, false);
    sqla__error_init(&s->broken);
    sqla__error_init(&s->kept);
    atomic_store(&s->crossed, false);
    return status;
}

sqla_status sqla_rollback(sqla_session *s, sqla_error *err) { return inside(s, rollback, err); }

/* ---- savepoints ------------------------------------------------------------------------------------------------ */

static sqla_savepoint *begin_nested(sqla_session *s, sqla_error *err)
{
    if (sqla__session_ready(s, err) != SQLA_OK || sqla__session_begin(s, err) != SQLA_OK || sqla__flush(s, err) != SQLA_OK)
        return NULL;
    sqla_savepoint *sp = sqla__arena_zero(&s->lent, 1, sizeof *sp);
    if (sp == NULL) {
        sqla__error_nomem(err);
        return NULL;
    }
    sp->session = s;
    snprintf(sp->name, sizeof sp->name, "sqla_%u", ++s->savepoint_count);
    if (sqla__conn_savepoint(s->conn, SQLA_SAVEPOINT_SET, sp->name, err) != SQLA_OK)
        return NULL;
    sp->outer = s->savepoint;
    sp->undo_mark = s->undo.count;
    sp->read_mark = s->reads.count;
    sp->clock = s->clock++;
    return s->savepoint = sp;
}

sqla_savepoint *sqla_begin_nested(sqla_session *s, sqla_error *err)
{
    sqla_error local;
    sqla_savepoint *sp = NULL;
    sqla__error_init(&local);
    if (sqla__session_enter_told(s, &local) == SQLA_OK) {
        sp = begin_nested(s, &local);
        sqla__session_leave(s);
    }
    sqla__error_give(err, &local, local.status);
    return sp;
}

/* Forget sp and all savepoints inside it. */
static void end_savepoint(sqla_savepoint *sp)
{
    sp->session->savepoint = sp->outer;
}

static sqla_status rollback_to(sqla_savepoint *sp, sqla_error *err)
{
    sqla_session *s = sp->session;
    sqla_status status = sqla__conn_savepoint(s->conn, SQLA_SAVEPOINT_ROLLBACK, sp->name, err);
    if (status != SQLA_OK) {
        sqla__session_break(s, err, status);
        return status;
    }
    (void)sqla__conn_savepoint(s->conn, SQLA_SAVEPOINT_RELEASE, sp->name, err);
    sqla__undo_to(s, sp->undo_mark, sp->read_mark);
    forget_pending(s);
    sqla__discard_changes(s, sp->clock);
    sqla__error_init(&s->broken);
    sqla__error_init(&s->kept);
    return SQLA_OK;
}

/* Is sp one of the open savepoints of its session? */
static bool is_open(const sqla_savepoint *sp)
{
    if (sp->session->conn == NULL)
        return false;
    for (const sqla_savepoint *at = sp->session->savepoint; at != NULL; at = at->outer)
        if (at == sp)
            return true;
    return false;
}

static sqla_status savepoint_commit(sqla_savepoint *sp, sqla_error *err)
{
    sqla_session *s = sp->session;
    sqla_status status = sqla__session_ready(s, err);
    if (status == SQLA_OK)
        status = sqla__flush(s, err);
    if (status == SQLA_OK)
        status = sqla__conn_savepoint(s->conn, SQLA_SAVEPOINT_RELEASE, sp->name, err);
    if (status != SQLA_OK) {
        sqla_error inner;
        sqla__error_init(&inner);
        (void)rollback_to(sp, &inner);
    }
    return status;
}

/* End a savepoint by fn, in either case. */
static sqla_status end_by(sqla_savepoint *sp, sqla_status (*fn)(sqla_savepoint *sp, sqla_error *err), sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = sqla__session_enter_told(sp != NULL ? sp->session : NULL, &local);
    if (status != SQLA_OK)
        return sqla__error_give(err, &local, status);
    if (is_open(sp)) {
        status = fn(sp, &local);
        end_savepoint(sp);
    } else {
        status = sqla__error_set(&local, SQLA_ERR_MISUSE, "no savepoint is open there");
    }
    sqla__session_leave(sp->session);
    return sqla__error_give(err, &local, status);
}

sqla_status sqla_savepoint_commit(sqla_savepoint *sp, sqla_error *err) { return end_by(sp, savepoint_commit, err); }
sqla_status sqla_savepoint_rollback(sqla_savepoint *sp, sqla_error *err) { return end_by(sp, rollback_to, err); }

/* ---- objects of the session ------------------------------------------------------------------------------------ */

static const sqla__page *find_page(sqla_session *s, uintptr_t address)
{
    if (s->last_page == NULL || s->last_page->self != address)
        s->last_page = sqla__hash_get(&s->pages, &address, sizeof address);
    return s->last_page;
}

sqla__object *sqla__session_object(sqla_session *s, const void *row)
{
    if (s == NULL || row == NULL)
        return NULL;
    uintptr_t address = (uintptr_t)sqla__page_of(row);
    const sqla__page *page = find_page(s, address);
    if (page == NULL)
        return NULL;
    size_t at = (size_t)((uintptr_t)row - address);
    size_t first = SQLA__PAGE_HEAD + sizeof(sqla__object);
    if (at < first || (at - first) % page->pool->stride != 0 || (at - first) / page->pool->stride >= page->used)
        return NULL;
    sqla__object *object = sqla__object_of(row);
    return object->state == SQLA_FOREIGN ? NULL : object;
}

sqla__pool *sqla__session_pool(sqla_session *s, const sqla_model *model)
{
    const sqla__mapping *mapping = sqla__metadata_mapping(s->maker->base, model);
    return mapping != NULL ? &s->pools[mapping->index] : NULL;
}

void sqla__object_revert(sqla__object *object)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    if (sqla__object_untouched(object))
        return;
    for (uint32_t i = 0; i < mapping->column_count; i++)
        sqla__column_copy(&mapping->columns[i], row, snapshot);
    for (uint32_t i = 0; i < mapping->relation_count; i++)
        if (!mapping->relations[i].to_many)
            sqla__pointer_set(&mapping->relations[i], row, sqla__pointer_at(&mapping->relations[i], snapshot));
}

void sqla__discard_changes(sqla_session *s, uint32_t clock)
{
    sqla__links_clear(s);
    for (size_t m = 0; m < s->maker->mapping_count; m++) {
        sqla__pool *pool = &s->pools[m];
        for (size_t p = 0; p < pool->pages.count; p++) {
            const sqla__page *page = pool->pages.items[p];
            for (uint32_t i = 0; page != NULL && i < page->used; i++) {
                sqla__object *object = sqla__page_cell(page, i);
                if (object->state == SQLA_TRANSIENT || object->state == SQLA_PERSISTENT)
                    sqla__collections_rollback(object, clock);
                if (object->state != SQLA_PERSISTENT)
                    continue;
                sqla__object_revert(object);
                if (object->epoch > clock)
                    object->epoch = 0;
            }
        }
    }
    sqla__text_drain(&s->texts);
}

/* ---- text for fields ------------------------------------------------------------------------------------------- */

const char *sqla_strdup(sqla_session *s, const char *text)
{
    if (text == NULL || !sqla__session_enter(s))
        return NULL;
    const char *copy = sqla__arena_strdup(&s->lent, text);
    if (copy == NULL)
        sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
    sqla__session_leave(s);
    return copy;
}

const char *sqla_printf(sqla_session *s, const char *format, ...)
{
    if (format == NULL || !sqla__session_enter(s))
        return NULL;
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n >= 0 ? sqla__arena_take(&s->lent, (size_t)n + 1) : NULL;
    if (text != NULL)
        vsnprintf(text, (size_t)n + 1, format, again);
    else
        sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
    va_end(again);
    sqla__session_leave(s);
    return text;
}
