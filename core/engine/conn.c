/* conn.c: a connection, and the running of statements on it.
 *
 * All that a driver is asked while a connection is lent is asked here and in result.c and txn.c, so the host's side of the ABI
 * is kept in few places: children are closed before parents, failures are made sound and free of secrets, a lost connection
 * is never used again. How connections are kept and lent is pool.c's affair. */
#include <config.h>
#include "engine/engine.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "engine/result.h"

/* ---- failures -------------------------------------------------------------------------------------------------- */

sqla_status sqla__conn_failed(sqla_conn *conn, sqla_status status, sqla_error *err)
{
    if ((unsigned)status >= SQLA_STATUS_COUNT_)
        status = SQLA_ERR_SQL;
    if (!sqla_failed(err))
        sqla__error_set(err, status, "driver '%s' reports a failure (%s) and does not say why", conn->driver->name, sqla_status_meaning(status));
    err->status = status;
    sqla__engine_scrub(conn->engine, err);
    bool link = conn->handle != NULL && conn->driver->ops.txn_state(conn->handle) == SQLA_TXN_LOST;
    if (link || (sqla_status_class(status) & SQLA_CLASS_LOST) != 0)
        conn->lost = true;
    if (link || status == SQLA_ERR_DISCONNECTED || status == SQLA_ERR_UNKNOWN_OUTCOME)
        conn->dead_link = true;
    return status;
}

sqla_status sqla__conn_check(sqla_conn *conn, sqla_error *err)
{
    if (sqla__engine_forked(conn->engine))
        return sqla__refuse_forked(err);
    if (!sqla__conn_is_open(conn))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "the connection has been closed");
    if (conn->lost)
        return sqla__error_set(err, SQLA_ERR_DISCONNECTED, "the connection was lost by an earlier failure");
    if (conn->copy != NULL) {
        sqla__error_set(err, SQLA_ERR_BUSY, "the connection is busy with a COPY");
        sqla__error_hint(err, "end it with sqla_copy_end() or sqla_copy_cancel() first");
        return SQLA_ERR_BUSY;
    }
    if (conn->stream == NULL || (conn->info.features & SQLA_FEATURE_MULTIPLE_RESULTS) != 0)
        return SQLA_OK;
    sqla__error_set(err, SQLA_ERR_BUSY, "the connection is busy with a stream of rows, and %s runs one statement at a time on each",
                    conn->driver->traits.dialect);
    sqla__error_hint(err, "read it to its end or leave its loop first, or use another connection");
    return SQLA_ERR_BUSY;
}

/* ---- deadlines -------------------------------------------------------------------------------------------------- */

static int32_t timeout_of(const sqla_conn *conn, int32_t timeout_ms)
{
    if (timeout_ms == 0)
        timeout_ms = conn->timeout_ms != 0 ? conn->timeout_ms : conn->engine->config.statement_timeout_ms;
    return timeout_ms > 0 ? timeout_ms : 0;
}

int64_t sqla__conn_deadline(const sqla_conn *conn, int32_t timeout_ms)
{
    int64_t deadline = sqla__deadline_ms(timeout_of(conn, timeout_ms));
    return conn->limit != 0 && (deadline == 0 || conn->limit < deadline) ? conn->limit : deadline;
}

int64_t sqla__conn_patience(const sqla_conn *conn)
{
    int32_t timeout = timeout_of(conn, 0);
    return sqla__deadline_ms(timeout > 0 ? timeout : conn->engine->config.connect_timeout_ms);
}

void sqla__conn_limit(sqla_conn *conn, int64_t limit)
{
    conn->limit = limit;
}

void sqla_conn_set_timeout(sqla_conn *conn, int32_t ms)
{
    if (conn != NULL)
        conn->timeout_ms = ms < 0 ? -1 : ms;
}

void sqla__conn_tell(sqla_conn *conn, int64_t deadline)
{
    if (conn->told == deadline || conn->lost)
        return;
    conn->told = deadline;
    conn->driver->slots.set_deadline(conn, deadline);
}

/* The canceller must not be used any more when the connection changes hands, nor when something else runs on it. */
static bool wait_for_cancels(sqla_conn *conn, int64_t deadline)
{
    const struct timespec until = { (time_t)(deadline / 1000000000), (long)(deadline % 1000000000) };
    int code = 0;
    pthread_mutex_lock(&conn->cancel.lock);
    while (atomic_load(&conn->cancel.firing) > 0 && code == 0)
        code = deadline == 0 ? pthread_cond_wait(&conn->cancel.done, &conn->cancel.lock) :
               pthread_cond_timedwait(&conn->cancel.done, &conn->cancel.lock, &until);
    bool quiet = atomic_load(&conn->cancel.firing) == 0;
    pthread_mutex_unlock(&conn->cancel.lock);
    return quiet;
}

bool sqla__conn_fence(sqla_conn *conn, int64_t deadline)
{
    return atomic_load(&conn->cancel.firing) == 0 || wait_for_cancels(conn, deadline);
}

sqla_status sqla__conn_start(sqla_conn *conn, int32_t timeout_ms, sqla_error *err)
{
    sqla_status status = sqla__conn_check(conn, err);
    if (status != SQLA_OK)
        return status;
    status = sqla__conn_txn_check(conn, err);
    if (status != SQLA_OK)
        return status;
    conn->deadline = sqla__conn_deadline(conn, timeout_ms);
    if (!sqla__conn_fence(conn, conn->deadline))
        return sqla__error_set(err, SQLA_ERR_TIMEOUT, "the deadline passed while a cancel of what ran before was still under way");
    atomic_store_explicit(&conn->cancel.asked, false, memory_order_relaxed);
    return SQLA_OK;
}

/* A session that is a pooler's can be made read-only within a transaction alone. */
sqla_status sqla__conn_start_statement(sqla_conn *conn, int32_t timeout_ms, sqla_error *err)
{
    const sqla__engine_config *c = &conn->engine->config;
    sqla_status status = sqla__conn_start(conn, timeout_ms, err);
    if (status != SQLA_OK || !c->read_only || c->pooler == SQLA_POOLER_NONE || sqla__conn_txn_state(conn) != SQLA_TXN_IDLE)
        return status;
    sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "an engine that is read_only runs nothing outside of transactions through a pooler, where "
                    "writes could not be refused");
    sqla__error_hint(err, "begin a transaction, or use a session");
    return SQLA_ERR_UNSUPPORTED;
}

/* What follows a quote may be a secret, and is left out, also behind " where that begins a text. */
void sqla__first_words(const sqla_conn *conn, char *room, size_t size, const char *text, size_t length)
{
    size_t n = 0;
    bool cut = false, names = sqla__conn_traits(conn)->quote_open == '"';
    for (size_t i = 0; i < length && !cut; i++) {
        char c = text[i] == '\n' || text[i] == '\t' || text[i] == '\r' ? ' ' : text[i];
        cut = n == size - 4 || c == '\'' || c == '$' || (c == '"' && !names);
        if (!cut && (c != ' ' || (n > 0 && room[n - 1] != ' ')))
            room[n++] = c;
    }
    memcpy(room + n, cut || n == 0 ? "..." : "", cut || n == 0 ? 4 : 1);
}

/* A statement that is wrong is easier to find by its first words. */
static void name_statement(const sqla_conn *conn, sqla_error *err, const char *text, size_t length)
{
    char words[64];
    if (err->status != SQLA_ERR_SQL)
        return;
    sqla__first_words(conn, words, sizeof words, text, length);
    sqla__error_prefix(err, "cannot run '%s': ", words);
    sqla__engine_scrub(conn->engine, err);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

/* All connections of an engine are to one database: a file that came in the place of another is noticed
 * here. The first says which. */
static sqla_status check_place(sqla_conn *conn, sqla_error *err)
{
    sqla_engine *db = conn->engine;
    const uint64_t *now = conn->info.place;
    pthread_mutex_lock(&db->pool.lock);
    bool known = db->place[0] != 0 || db->place[1] != 0;
    bool same = !known || (now[0] == db->place[0] && now[1] == db->place[1]);
    if (!known) {
        db->place[0] = now[0];
        db->place[1] = now[1];
    }
    pthread_mutex_unlock(&db->pool.lock);
    if (same)
        return SQLA_OK;
    sqla__error_set(err, SQLA_ERR_IO,
        "cannot connect: '%.300s' is another database than the one that this engine connected to before, "
        "which was "
        "moved, replaced or deleted",
        db->url);
    sqla__error_hint(err, "put it back, or make a new engine for what is there now");
    return SQLA_ERR_IO;
}

static bool has_connected(sqla_engine *db)
{
    pthread_mutex_lock(&db->pool.lock);
    bool known = db->place[0] != 0 || db->place[1] != 0;
    pthread_mutex_unlock(&db->pool.lock);
    return known;
}

sqla_status sqla__conn_open(sqla_engine *db, int64_t deadline, sqla_conn **ret_conn, sqla_error *err)
{
    const uint32_t flags = (db->config.pooler != SQLA_POOLER_NONE ? SQLA_CONNECT_POOLED : 0u) |
                           (db->config.read_only ? SQLA_CONNECT_READ_ONLY : 0u) |
                           (has_connected(db) ? SQLA_CONNECT_AGAIN : 0u);
    const sqla_connect_args args = { sizeof args, db->param_count, db->params, db->instance, deadline, flags, 0,
                                     db->driver->data };
    sqla_conn *conn = sqla__shell_new(db);
    if (conn == NULL)
        return sqla__error_nomem(err);
    sqla_status status = db->driver->ops.open(&args, &conn->info, &conn->handle, sqla__opaque(err));
    if (status == SQLA_OK && conn->handle == NULL)
        status = sqla__error_set(err, SQLA_ERR_PROTOCOL, "driver '%s' says that it connected, and gives no connection", db->driver->name);
    if (status != SQLA_OK) {
        conn->handle = NULL;
        status = sqla__conn_failed(conn, status, err);
        sqla__engine_scrub_connect(db, err);
        sqla__shell_drop(conn);
        return status;
    }
    conn->info.features &= db->driver->traits.features;
    conn->plans = atomic_load_explicit(&db->plans, memory_order_relaxed);
    status = check_place(conn, err);
    if (status == SQLA_OK)
        status = db->driver->slots.cancel_new(conn, &conn->cancel.handle, err);
    if (status != SQLA_OK) {
        status = sqla__conn_failed(conn, status, err);
        sqla__conn_free(conn);
        return status;
    }
    *ret_conn = conn;
    return SQLA_OK;
}

static void abandon(sqla_conn *conn)
{
    sqla__stmtcache_release(&conn->cache, NULL);
    conn->driver->slots.abandon(conn);
    sqla__shell_drop(conn);
}

void sqla__conn_free(sqla_conn *conn)
{
    const sqla_driver_ops *ops = &conn->driver->ops;
    sqla__results_detach(conn);
    if (sqla__engine_forked(conn->engine)) {
        abandon(conn);
        return;
    }
    wait_for_cancels(conn, 0);
    sqla__stmtcache_release(&conn->cache, ops->stmt_close);
    if (conn->cancel.handle != NULL)
        ops->cancel_free(conn->cancel.handle);
    ops->close(conn->handle);
    if (conn->number != 0 && sqla__watched(conn->engine, SQLA_EVENT_CLOSE))
        sqla__event_conn(conn, SQLA_EVENT_CLOSE, conn->born, SQLA_OK, "");
    sqla__shell_drop(conn);
}

bool sqla__conn_clean(sqla_conn *conn)
{
    sqla_error dropped;
    sqla__error_init(&dropped);
    conn->known = NULL;
    sqla__stmts_free(&conn->statements);
    sqla__results_detach(conn);
    if (sqla__engine_forked(conn->engine))
        return false;
    wait_for_cancels(conn, 0);
    if (!conn->lost && sqla__conn_txn_state(conn) != SQLA_TXN_IDLE)
        sqla__conn_rollback(conn, &dropped);
    bool ours = !conn->detached && conn->engine->config.pooler == SQLA_POOLER_NONE; /* else the session is somebody else's */
    if (!conn->lost && conn->touched && ours) {
        int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_RESET);
        sqla_status status = conn->driver->slots.reset(conn, sqla__conn_patience(conn), &dropped);
        if (status != SQLA_OK) {
            if (status != SQLA_ERR_UNSUPPORTED)
                sqla__conn_failed(conn, status, &dropped);
            conn->lost = true;
        }
        if (status == SQLA_OK && sqla__watched(conn->engine, SQLA_EVENT_RESET))
            sqla__event_conn(conn, SQLA_EVENT_RESET, start, SQLA_OK, "");
    }
    conn->touched = conn->autocommit = false;
    sqla__txn_over(conn);
    conn->timeout_ms = 0;
    conn->limit = 0;
    return !conn->lost;
}

sqla_status sqla__conn_acquire(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err)
{
    if (db == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no engine to connect with");
    return sqla__connpool_take(db, ret_conn, err);
}

void sqla__conn_release(sqla_conn *conn)
{
    int lent = SQLA__LENT;
    if (conn == NULL || !atomic_compare_exchange_strong(&conn->use, &lent, SQLA__CLOSED)) /* of two who close it, one does */
        return;
    sqla_engine *db = conn->engine;
    sqla__conn_clean(conn);
    if (sqla__engine_forked(db)) { /* the pool is the parent's */
        sqla__conn_free(conn);
        sqla__engine_unref(db);
        return;
    }
    sqla__connpool_give(db, conn);
}

sqla_conn *sqla_connect(sqla_engine *db, sqla_error *err)
{
    sqla_error local;
    sqla_conn *conn = NULL;
    sqla__error_init(&local);
    sqla_status status = sqla__conn_acquire(db, &conn, &local);
    sqla__error_give(err, &local, status);
    return status == SQLA_OK ? conn : NULL;
}

void sqla_conn_close(sqla_conn *conn)
{
    sqla__conn_release(conn);
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

sqla_engine *sqla__conn_engine(const sqla_conn *conn) { return conn->engine; }
const sqla_traits *sqla__conn_traits(const sqla_conn *conn) { return &conn->driver->traits; }
uint64_t sqla__conn_features(const sqla_conn *conn) { return conn->info.features; }
bool sqla__conn_lost(const sqla_conn *conn) { return conn->lost; }
bool sqla__conn_can_batch(const sqla_conn *conn) { return conn->driver->ops.execute_many != NULL; }
void sqla__conn_touch(sqla_conn *conn) { conn->touched = true; }

void sqla__conn_warn_uncounted(const sqla_conn *conn)
{
    if (!atomic_exchange(&conn->engine->uncounted, true))
        sqla__engine_log(conn->engine, SQLA_LOG_WARNING,
            "driver '%s' does not count the rows that a statement changes: it goes unnoticed when somebody else has changed or deleted "
            "a row of a session meanwhile", conn->driver->name);
}

bool sqla__conn_touched(const sqla_conn *conn) { return conn->touched; }
bool sqla__conn_autocommits(const sqla_conn *conn) { return conn->autocommit; }
void sqla__conn_know(sqla_conn *conn, const sqla_metadata *base) { conn->known = base; }

uint32_t sqla__conn_max_parameters(const sqla_conn *conn)
{
    return conn->info.max_parameters != 0 ? conn->info.max_parameters : conn->driver->traits.max_parameters;
}

bool sqla__conn_seen(sqla_conn *conn, const char *text, size_t length)
{
    uint64_t hash = sqla__hash_bytes(text, length);
    enum { SEEN = sizeof conn->seen / sizeof conn->seen[0] };
    for (size_t i = 0; i < SEEN; i++) {
        if (conn->seen[i] == hash)
            return true;
    }
    conn->seen[conn->seen_at++ % SEEN] = hash;
    return false;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

sqla_status sqla__conn_simple(sqla_conn *conn, const char *text, int64_t deadline, sqla_error *err)
{
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, 0, deadline };
    sqla_driver_result *result = NULL;
    sqla_status status = conn->driver->ops.exec(conn->handle, &statement, NULL, NULL, &options, &result, sqla__opaque(err));
    if (status == SQLA_OK && result != NULL)
        conn->driver->ops.result_close(result);
    return status;
}

/* Where a plan was outdated on one connection, those of the others are as old. */
static void renew_plans(sqla_conn *conn)
{
    unsigned plans = atomic_load_explicit(&conn->engine->plans, memory_order_relaxed);
    if (conn->plans != plans)
        sqla__stmtcache_clear(&conn->cache, conn->driver->ops.stmt_close);
    conn->plans = plans;
}

/* The prepared statement for a key, prepared now if it was not yet. NULL: run it as it stands, since the driver does not
 * prepare, since a result of it is still open, or since a pooler would lose it. */
static sqla_status find_prepared(sqla_conn *conn, const sqla__stmtkey *key, const sqla_plan *plan, sqla__cached **ret, sqla_error *err)
{
    void (*close)(sqla_driver_stmt *) = conn->driver->ops.stmt_close;
    sqla_driver_stmt *handle = NULL;
    *ret = NULL;
    if (conn->engine->config.pooler != SQLA_POOLER_NONE)
        return SQLA_OK;
    renew_plans(conn);
    sqla__cached *found = sqla__stmtcache_find(&conn->cache, key);
    if (found != NULL) {
        *ret = found->busy ? NULL : found;
        return SQLA_OK;
    }
    sqla_status status = conn->driver->slots.prepare(conn, key->text, key->length, plan, key->block_rows, key->flags, &handle, err);
    if (status != SQLA_OK || handle == NULL)
        return status;
    *ret = sqla__stmtcache_put(&conn->cache, key, handle, close);
    if (*ret != NULL)
        return SQLA_OK;
    close(handle);
    return sqla__error_nomem(err);
}

/* The database has forgotten the prepared statement (SQLSTATE 26000 "invalid SQL statement name"), or the
 * tables under it have changed (0A000, with which PostgreSQL refuses a plan whose result has changed, among
 * other things: a driver says RETRY where it is that). */
static bool is_outdated(const sqla_error *err)
{
    return strcmp(err->sqlstate, "26000") == 0 ||
           (err->status == SQLA_ERR_RETRY && strcmp(err->sqlstate, "0A000") == 0);
}

/* What made one statement outdated has hit others too, so all are prepared anew: else each would fail once.
 * Tables change for all connections, and statements are forgotten by one. */
static void outdate(sqla_conn *conn, const sqla_error *err)
{
    if (strcmp(err->sqlstate, "26000") != 0) {
        unsigned known = conn->plans;
        if (atomic_compare_exchange_strong(&conn->engine->plans, &known, known + 1))
            conn->plans = known + 1;
    }
    sqla__stmtcache_clear(&conn->cache, conn->driver->ops.stmt_close);
}

/* A failure that leaves the transaction usable, or that came first of all in it, has cost nothing. But one
 * that no driver calls RETRY is to be heard of where it can be: a pooler may have changed the session. */
static bool may_prepare_again(sqla_conn *conn, sqla__cached *cached, const sqla_error *err)
{
    if (cached == NULL || !is_outdated(err))
        return false;
    outdate(conn, err);
    sqla_txn_state state = sqla__conn_txn_state(conn);
    return state == SQLA_TXN_IDLE || state == SQLA_TXN_ACTIVE ||
           (state == SQLA_TXN_FAILED && err->status == SQLA_ERR_RETRY && sqla__txn_begin_anew(conn));
}

/* A cancel that came while the statement was being prepared found nothing that it could end. */
static sqla_status check_asked(sqla_conn *conn, sqla_error *err)
{
    if (!atomic_load_explicit(&conn->cancel.asked, memory_order_relaxed))
        return SQLA_OK;
    return sqla__error_set(err, SQLA_ERR_CANCELLED, "the statement was cancelled before it ran");
}

static uint32_t token_flag(const sqla_conn *conn)
{
    return conn->engine->config.resolve_outcomes ? SQLA_EXEC_TOKEN : 0u;
}

static sqla_status exec(sqla_conn *conn, const sqla__request *request, const sqla__stmtkey *key, sqla__result *result, sqla_error *err)
{
    const uint32_t flags =
        (request->stream ? SQLA_EXEC_STREAM : 0u) | (request->rows ? SQLA_EXEC_ROWS : 0u) |
        (request->leaves ? SQLA_EXEC_LEAVES : 0u) | token_flag(conn);
    const sqla_exec_options options = { sizeof options, flags, conn->deadline };
    sqla_statement statement = { sizeof statement, 0, request->text, request->length, NULL };
    for (bool again = false;; again = true) {
        sqla__cached *cached = NULL;
        sqla_status status = key != NULL ? find_prepared(conn, key, request->plan, &cached, err) : SQLA_OK;
        if (status == SQLA_OK)
            status = check_asked(conn, err);
        if (status != SQLA_OK)
            return status;
        statement.prepared = cached != NULL ? cached->prepared : NULL;
        status = conn->driver->ops.exec(conn->handle, &statement, request->plan, request->row, &options, &result->handle, sqla__opaque(err));
        if (status == SQLA_OK) {
            result->cached = cached;
            return SQLA_OK;
        }
        result->handle = NULL;
        if (again || !may_prepare_again(conn, cached, err))
            return status;
        sqla__error_init(err);
    }
}

static sqla_status run(sqla_conn *conn, const sqla__request *request, sqla__result **ret_result, sqla_error *err)
{
    sqla__result *result = sqla__result_new(conn);
    sqla__stmtkey key;
    if (result == NULL)
        return sqla__error_nomem(err);
    if (request->cached)
        key = sqla__stmtkey_make(request->text, request->length, 0, 1, request->plan);
    sqla_status status = exec(conn, request, request->cached ? &key : NULL, result, err);
    if (status == SQLA_OK && result->handle == NULL)
        status = sqla__error_set(err, SQLA_ERR_PROTOCOL, "driver '%s' ran a statement and gives no result", conn->driver->name);
    if (status != SQLA_OK) {
        sqla__result_drop(conn, result);
        status = sqla__conn_failed(conn, status, err);
        name_statement(conn, err, request->text, request->length);
        sqla__suggest(conn, request->text, request->length, err);
        return status;
    }
    result->timeout_ms = request->timeout_ms;
    result->deadline = conn->deadline;
    sqla__result_started(conn, result, request->stream);
    status = sqla__result_check(result, err);
    if (status != SQLA_OK)
        sqla__result_close(result);
    else
        *ret_result = result;
    return status;
}

sqla_status sqla__conn_run(sqla_conn *conn, const sqla__request *request, sqla__result **ret_result, int64_t *ret_affected, sqla_error *err)
{
    sqla__result *result = NULL;
    sqla_status status = sqla__conn_start_statement(conn, request->timeout_ms, err);
    if (status != SQLA_OK)
        return status;
    int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_EXECUTE);
    status = run(conn, request, &result, err);
    if (status == SQLA_OK && ret_result == NULL)
        status = sqla__result_finish(result, ret_affected, err);
    else if (status == SQLA_OK)
        *ret_result = result;
    sqla__txn_look(conn, status, request->text, request->length);
    if (start != 0)
        sqla__event_execute(conn, request->text, request->length, request->plan, request->row, 1, start, status, err);
    return status;
}

static void name_script(sqla_error *err)
{
    if (err->row > 0)
        sqla__error_prefix(err, "cannot run statement %lld of the script: ", (long long)err->row);
    else if (err->position > 0)
        sqla__error_prefix(err, "cannot run the script, at character %d: ", (int)err->position);
    else
        sqla__error_prefix(err, "cannot run the script: ");
}

sqla_status sqla__conn_run_script(sqla_conn *conn, const char *text, size_t length, sqla_error *err)
{
    sqla_status status = sqla__conn_start_statement(conn, 0, err);
    if (status != SQLA_OK)
        return status;
    const sqla_statement statement = { sizeof statement, 0, text, length, NULL };
    const sqla_exec_options options = { sizeof options, SQLA_EXEC_SCRIPT | token_flag(conn), conn->deadline };
    sqla_driver_result *result = NULL;
    int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_EXECUTE);
    status = conn->driver->ops.exec(conn->handle, &statement, NULL, NULL, &options, &result, sqla__opaque(err));
    if (status != SQLA_OK) {
        status = sqla__conn_failed(conn, status, err);
        name_script(err);
    } else if (result != NULL) {
        conn->driver->ops.result_close(result);
    }
    sqla__txn_look(conn, status, text, length);
    if (start != 0)
        sqla__event_execute(conn, text, length, NULL, NULL, 1, start, status, err);
    return status;
}

static sqla_status execute_many(sqla_conn *conn, const sqla__stmtkey *key, sqla_batch *batch, sqla_error *err)
{
    sqla_statement statement = { sizeof statement, 0, key->text, key->length, NULL };
    for (bool again = false;; again = true) {
        sqla__cached *cached;
        sqla_status status = find_prepared(conn, key, batch->plan, &cached, err);
        if (status == SQLA_OK)
            status = check_asked(conn, err);
        if (status != SQLA_OK)
            return status;
        batch->affected = 0;
        batch->unmatched = -1;
        statement.prepared = cached != NULL ? cached->prepared : NULL;
        if (cached != NULL)
            cached->busy = true;
        status = conn->driver->slots.execute_many(conn, &statement, batch, err);
        if (cached != NULL)
            cached->busy = false;
        if (status == SQLA_OK || again || batch->affected != 0 || !may_prepare_again(conn, cached, err))
            return status;
        sqla__error_init(err);
    }
}

sqla_status sqla__conn_run_many(sqla_conn *conn, const char *text, size_t length, sqla_batch *batch, sqla_error *err)
{
    sqla_status status = sqla__conn_start_statement(conn, 0, err);
    if (status != SQLA_OK)
        return status;
    if (batch->mode != SQLA_BATCH_EACH && !sqla__conn_can_batch(conn))
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "driver '%s' runs statements for one row at a time only", conn->driver->name);
    uint32_t block_rows = batch->mode == SQLA_BATCH_BLOCK ? batch->rows_per_statement : 1;
    int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_EXECUTE);
    sqla__stmtkey key = sqla__stmtkey_make(text, length, batch->mode == SQLA_BATCH_COLUMNS ? SQLA_EXEC_COLUMNS : 0, block_rows, batch->plan);
    batch->struct_size = sizeof *batch;
    status = execute_many(conn, &key, batch, err);
    if (status != SQLA_OK) {
        status = sqla__conn_failed(conn, status, err);
        name_statement(conn, err, text, length);
        sqla__suggest(conn, text, length, err);
    }
    sqla__txn_look(conn, status, text, length);
    if (start != 0)
        sqla__event_execute(conn, text, length, batch->plan, batch->count > 0 ? batch->rows[0] : NULL, batch->count, start, status, err);
    return status;
}

/* ---- cancelling ------------------------------------------------------------------------------------------------ */

sqla_status sqla_conn_cancel(sqla_conn *conn, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (conn == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no connection to cancel");
    if (sqla__engine_forked(conn->engine))
        return sqla__error_give(err, &local, sqla__refuse_forked(&local));
    pthread_mutex_lock(&conn->cancel.lock);
    bool open = sqla__conn_is_open(conn), able = open && conn->cancel.handle != NULL; /* of one that is closed it is being taken away */
    atomic_fetch_add(&conn->cancel.firing, able);
    pthread_mutex_unlock(&conn->cancel.lock);
    if (!open)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "the connection has been closed");
    if (!able)
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "driver '%s' cannot cancel what is running", conn->engine->driver->name);
    atomic_store(&conn->cancel.asked, true);
    int64_t deadline = sqla__deadline_ms(conn->engine->config.connect_timeout_ms);
    sqla_status status = conn->driver->ops.cancel_fire(conn->cancel.handle, deadline, sqla__opaque(&local));
    pthread_mutex_lock(&conn->cancel.lock);
    atomic_fetch_sub(&conn->cancel.firing, 1);
    pthread_cond_broadcast(&conn->cancel.done);
    pthread_mutex_unlock(&conn->cancel.lock);
    sqla__engine_scrub(conn->engine, &local);
    return sqla__error_give(err, &local, status);
}
