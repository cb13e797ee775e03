/* txn.c: transactions of a connection, and what else it asks of a database beside running statements: reflection and facts.
 *
 * Whether a transaction is open is never remembered here but asked of the driver, which has it from the database: databases
 * end transactions on their own account. */
#include <config.h>
#include "engine/engine.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "engine/result.h"

sqla_txn_state sqla__conn_txn_state(sqla_conn *conn)
{
    if (conn->lost || sqla__engine_forked(conn->engine))
        return SQLA_TXN_LOST;
    return conn->driver->ops.txn_state(conn->handle);
}

const char *const sqla__isolation_words[] = { "default", "read-uncommitted", "read-committed", "repeatable-read", "serializable", "autocommit", NULL };
enum { LEVELS = sizeof sqla__isolation_words / sizeof sqla__isolation_words[0] - 1 };

static bool has_level(const sqla_traits *t, uint32_t isolation)
{
    return isolation == SQLA_ISOLATION_DEFAULT || isolation == SQLA_AUTOCOMMIT ||
           (isolation < SQLA_AUTOCOMMIT && (t->isolation_levels & UINT32_C(1) << isolation) != 0);
}

sqla_status sqla__isolation_check(const sqla_engine *db, uint32_t isolation, sqla_status fault, sqla_error *err)
{
    sqla__buf list = { 0 };
    char number[16];
    if (has_level(&db->driver->traits, isolation))
        return SQLA_OK;
    snprintf(number, sizeof number, "%u", (unsigned)isolation);
    for (uint32_t i = 1; i < LEVELS; i++) {
        if (has_level(&db->driver->traits, i))
            sqla__buf_printf(&list, "%s%s", list.length > 0 ? ", " : "", sqla__isolation_words[i]);
    }
    sqla__error_set(err, fault, "%s has no isolation '%s': it has %s", sqla_engine_dialect(db),
                    isolation < LEVELS ? sqla__isolation_words[isolation] : number, sqla__buf_text(&list));
    sqla__buf_release(&list);
    return fault;
}

sqla_status sqla__begin_make(const sqla_transaction_options *options, sqla__begin *ret, sqla_error *err)
{
    sqla_transaction_options o;
    memset(&o, 0, sizeof o);
    if (options != NULL && options->struct_size < offsetof(sqla_transaction_options, isolation) + sizeof o.isolation)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "the transaction's options have no size: make them with SQLA_TXN_OPTIONS");
    if (options != NULL)
        memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (o.read_only && o.write)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot begin: a transaction is read_only, or it is to write");
    *ret = (sqla__begin){ (uint32_t)o.isolation, (o.read_only ? SQLA_TXN_READ_ONLY : 0u) | (o.deferrable ? SQLA_TXN_DEFERRABLE : 0u) |
                                                 (o.write ? SQLA_TXN_WRITE : 0u) };
    return SQLA_OK;
}

static sqla_status check_begin(sqla_conn *conn, sqla__begin how, sqla_error *err)
{
    bool autocommit = how.isolation == SQLA_AUTOCOMMIT;
    if (conn->autocommit || sqla__conn_txn_state(conn) != SQLA_TXN_IDLE)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot begin: a transaction is open already");
    if (autocommit && (how.flags & (SQLA_TXN_READ_ONLY | SQLA_TXN_DEFERRABLE)) != 0)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot begin: without a transaction nothing can be read_only or deferrable");
    if ((how.flags & SQLA_TXN_DEFERRABLE) != 0 &&
        ((how.flags & SQLA_TXN_READ_ONLY) == 0 || (how.isolation != SQLA_ISOLATION_DEFAULT && how.isolation != SQLA_SERIALIZABLE)))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot begin: only a read_only transaction that is serializable can be deferrable");
    return sqla__isolation_check(conn->engine, how.isolation, SQLA_ERR_UNSUPPORTED, err);
}

sqla_status sqla__conn_begin(sqla_conn *conn, sqla__begin how, sqla_error *err)
{
    sqla_status status = sqla__conn_start(conn, 0, err);
    if (status == SQLA_OK && sqla__conn_txn_state(conn) == SQLA_TXN_LOST) { /* the driver saw it when it read the answer to something else */
        conn->lost = conn->dead_link = true;
        return sqla__conn_check(conn, err);
    }
    if (status == SQLA_OK)
        status = check_begin(conn, how, err);
    if (status != SQLA_OK)
        return status;
    conn->autocommit = how.isolation == SQLA_AUTOCOMMIT;
    if (conn->autocommit)
        return SQLA_OK;
    const sqla_txn_options options = { sizeof options, how.flags, conn->deadline, how.isolation, 0 };
    int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_BEGIN);
    status = conn->driver->slots.begin(conn, &options, err);
    if (status != SQLA_OK)
        status = sqla__conn_failed(conn, status, err);
    else
        sqla__txn_began(conn, how);
    sqla__event_txn(conn, SQLA_EVENT_BEGIN, NULL, start, status, err);
    /* A deadline or a cancel may have come when it was open already, or it was opened and could not be made what was asked. */
    sqla_error dropped;
    sqla__error_init(&dropped);
    if (status != SQLA_OK && !conn->lost)
        sqla__conn_rollback(conn, &dropped);
    return status;
}

sqla__begin sqla__engine_begin(const sqla_engine *db, sqla__begin how)
{
    if (how.isolation == SQLA_ISOLATION_DEFAULT)
        how.isolation = (uint32_t)db->config.isolation;
    return how;
}

/* What a commit that failed leaves open is ended, unless it may be repeated. Where the database has ended the transaction over a
 * lock by itself, there is nothing left to repeat but the whole. */
static sqla_status commit_failed(sqla_conn *conn, sqla_status status, sqla_error *err)
{
    sqla_error dropped;
    status = sqla__conn_failed(conn, status, err);
    sqla__error_init(&dropped);
    if (status == SQLA_ERR_BUSY && sqla__conn_txn_state(conn) != SQLA_TXN_ACTIVE)
        status = err->status = SQLA_ERR_RETRY;
    if (status != SQLA_ERR_BUSY && !conn->lost)
        sqla__conn_rollback(conn, &dropped);
    return status;
}

sqla_status sqla__conn_commit(sqla_conn *conn, sqla_error *err)
{
    sqla_status status = sqla__conn_check(conn, err);
    if (status == SQLA_OK && sqla__conn_txn_lost(conn, NULL))
        return sqla__txn_cannot_commit(conn, err);
    if (status == SQLA_OK)
        status = sqla__conn_start(conn, 0, err);
    if (status != SQLA_OK)
        return status;
    if (conn->autocommit) {
        conn->autocommit = false;
        return SQLA_OK;
    }
    const sqla_txn_options options = { sizeof options, conn->engine->config.resolve_outcomes ? SQLA_TXN_TOKEN : 0, conn->deadline, 0, 0 };
    if (sqla__conn_txn_state(conn) == SQLA_TXN_IDLE)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot commit: no transaction is open; it was never begun, or the database rolled it back");
    int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_COMMIT);
    status = conn->driver->slots.commit(conn, &options, err);
    if (status != SQLA_OK)
        status = commit_failed(conn, status, err);
    if (status == SQLA_OK)
        sqla__txn_over(conn);
    return sqla__event_txn(conn, SQLA_EVENT_COMMIT, NULL, start, status, err);
}

/* Afterwards there is no transaction. Where that cannot be had by asking, the connection is given up, which ends it too. */
sqla_status sqla__conn_rollback(sqla_conn *conn, sqla_error *err)
{
    if (sqla__engine_forked(conn->engine))
        return sqla__refuse_forked(err);
    conn->autocommit = false;
    sqla__results_detach(conn);
    if (conn->lost || sqla__conn_txn_state(conn) == SQLA_TXN_IDLE)
        return sqla__txn_rolled_back(conn, err);
    const sqla_txn_options options = { sizeof options, 0, sqla__conn_patience(conn), 0, 0 };
    (void)sqla__conn_fence(conn, options.deadline);
    int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_ROLLBACK);
    sqla_status status = conn->driver->slots.rollback(conn, &options, err);
    if (status != SQLA_OK && conn->driver->ops.txn_state(conn->handle) != SQLA_TXN_IDLE) {
        sqla__conn_failed(conn, status, err);
        conn->lost = true;
    }
    sqla__error_init(err);
    sqla__event_txn(conn, SQLA_EVENT_ROLLBACK, NULL, start, SQLA_OK, err);
    return sqla__txn_rolled_back(conn, err);
}

sqla_status sqla__conn_savepoint(sqla_conn *conn, sqla_savepoint_op op, const char *name, sqla_error *err)
{
    sqla_status status = sqla__conn_start(conn, 0, err);
    if (status != SQLA_OK)
        return status;
    if (sqla__conn_txn_state(conn) == SQLA_TXN_IDLE)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a savepoint needs an open transaction");
    sqla_event_kind kind = op == SQLA_SAVEPOINT_SET ? SQLA_EVENT_SAVEPOINT : op == SQLA_SAVEPOINT_RELEASE ? SQLA_EVENT_RELEASE : SQLA_EVENT_ROLLBACK_TO;
    int64_t start = sqla__event_start(conn->engine, kind);
    conn->fresh = false;
    sqla__conn_tell(conn, conn->deadline);
    status = conn->driver->slots.savepoint(conn, (int32_t)op, name, err);
    if (status != SQLA_OK)
        status = sqla__conn_failed(conn, status, err);
    return sqla__event_txn(conn, kind, name, start, status, err);
}

/* ---- public ---------------------------------------------------------------------------------------------------- */

static sqla_status no_connection(sqla_error *err)
{
    return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no connection");
}

sqla_status sqla_conn_begin_with(sqla_conn *conn, const sqla_transaction_options *options, sqla_error *err)
{
    sqla_error local;
    sqla__begin how;
    if (conn == NULL)
        return no_connection(err);
    sqla__error_init(&local);
    sqla_status status = sqla__begin_make(options, &how, &local);
    if (status == SQLA_OK)
        status = sqla__conn_begin(conn, sqla__engine_begin(conn->engine, how), &local);
    return sqla__error_give(err, &local, status);
}

sqla_status sqla_conn_begin(sqla_conn *conn, sqla_error *err)
{
    return sqla_conn_begin_with(conn, NULL, err);
}

sqla_status sqla_conn_commit(sqla_conn *conn, sqla_error *err)
{
    sqla_error local;
    if (conn == NULL)
        return no_connection(err);
    sqla__error_init(&local);
    sqla_status status = sqla__conn_commit(conn, &local);
    sqla__stmts_settle(sqla_on_conn_(conn));
    return sqla__error_give(err, &local, status);
}

sqla_status sqla_conn_rollback(sqla_conn *conn, sqla_error *err)
{
    sqla_error local;
    if (conn == NULL)
        return no_connection(err);
    sqla__error_init(&local);
    sqla_status status = sqla__conn_rollback(conn, &local);
    sqla__stmts_settle(sqla_on_conn_(conn));
    return sqla__error_give(err, &local, status);
}

static sqla_status savepoint(sqla_conn *conn, sqla_savepoint_op op, const char *name, sqla_error *err)
{
    sqla_error local;
    if (conn == NULL)
        return no_connection(err);
    if (name == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a savepoint needs a name");
    sqla__error_init(&local);
    return sqla__error_give(err, &local, sqla__conn_savepoint(conn, op, name, &local));
}

sqla_status sqla_conn_savepoint(sqla_conn *conn, const char *name, sqla_error *err)
{
    return savepoint(conn, SQLA_SAVEPOINT_SET, name, err);
}

sqla_status sqla_conn_release(sqla_conn *conn, const char *name, sqla_error *err)
{
    return savepoint(conn, SQLA_SAVEPOINT_RELEASE, name, err);
}

sqla_status sqla_conn_rollback_to(sqla_conn *conn, const char *name, sqla_error *err)
{
    return savepoint(conn, SQLA_SAVEPOINT_ROLLBACK, name, err);
}

/* ---- isolation ------------------------------------------------------------------------------------------------- */

/* "read committed" or "READ-COMMITTED". */
static uint32_t level_of(const char *text, size_t n)
{
    for (uint32_t i = 1; i < SQLA_AUTOCOMMIT; i++) {
        size_t at = 0;
        while (at < n && sqla__isolation_words[i][at] != '\0' &&
               (tolower((unsigned char)text[at]) == sqla__isolation_words[i][at] || (sqla__isolation_words[i][at] == '-' && (text[at] == ' ' || text[at] == '_'))))
            at++;
        if (at == n && sqla__isolation_words[i][at] == '\0')
            return i;
    }
    return SQLA_ISOLATION_DEFAULT;
}

static sqla_status ask_level(sqla_conn *conn, uint32_t *ret, sqla_error *err)
{
    const char *text = conn->driver->traits.isolation_query;
    const sqla__request request = { text, strlen(text), NULL, NULL, true, false, 0, false, false };
    const sqla_value *values = NULL;
    sqla__result *result = NULL;
    sqla_status status = sqla__conn_run(conn, &request, &result, NULL, err);
    if (status == SQLA_OK)
        status = sqla__result_view(result, &values, err);
    if (status == SQLA_OK && values != NULL && values[0].type == SQLA_TEXT)
        *ret = level_of(values[0].as.bytes.data, values[0].as.bytes.size);
    sqla__result_close(result);
    return status;
}

static sqla_status isolation(sqla_conn *conn, uint32_t *ret, sqla_error *err)
{
    const sqla_traits *t = &conn->driver->traits;
    sqla_status status = sqla__conn_check(conn, err);
    *ret = SQLA_ISOLATION_DEFAULT;
    if (status != SQLA_OK)
        return status;
    if (conn->autocommit)
        *ret = SQLA_AUTOCOMMIT;
    else if (t->isolation_query != NULL)
        status = ask_level(conn, ret, err);
    else
        for (uint32_t i = 1; i < SQLA_AUTOCOMMIT; i++)
            *ret = t->isolation_levels == UINT32_C(1) << i ? i : *ret;
    if (status == SQLA_OK && *ret == SQLA_ISOLATION_DEFAULT)
        status = sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "driver '%s' cannot tell the isolation in force", conn->driver->name);
    return status;
}

sqla_status sqla_conn_isolation(sqla_conn *conn, sqla_isolation *ret_isolation, sqla_error *err)
{
    sqla_error local;
    uint32_t level;
    if (conn == NULL)
        return no_connection(err);
    if (ret_isolation == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no place for the isolation");
    sqla__error_init(&local);
    sqla_status status = isolation(conn, &level, &local);
    if (status == SQLA_OK)
        *ret_isolation = (sqla_isolation)level;
    return sqla__error_give(err, &local, status);
}

/* ---- outcomes -------------------------------------------------------------------------------------------------- */

static sqla_status ask_outcome(sqla_engine *db, const char *token, int32_t *ret, sqla_error *err)
{
    sqla_conn *conn = NULL;
    sqla_status status = sqla__conn_acquire(db, &conn, err);
    if (status != SQLA_OK)
        return status;
    status = sqla__conn_start(conn, 0, err);
    if (status == SQLA_OK) {
        status = conn->driver->slots.resolve(conn, token, ret, err);
        if (status != SQLA_OK)
            status = sqla__conn_failed(conn, status, err);
    }
    sqla__conn_release(conn);
    return status;
}

sqla_outcome sqla_outcome_resolve(sqla_engine *db, const sqla_error *failed, sqla_error *err)
{
    sqla_error local;
    char token[sizeof failed->outcome];
    int32_t outcome = SQLA_OUTCOME_UNKNOWN;
    sqla__error_init(&local);
    bool fits = failed != NULL && sqla_failed(failed) && failed->status == SQLA_ERR_UNKNOWN_OUTCOME;
    snprintf(token, sizeof token, "%s", fits ? failed->outcome : ""); /* err may be failed itself */
    sqla_status status = SQLA_OK;
    if (db == NULL || !fits)
        status = sqla__error_set(&local, SQLA_ERR_MISUSE, db == NULL ? "there is no engine to ask with" : "the error is not that of a commit of unknown outcome");
    else if (token[0] == '\0')
        status = sqla__error_set(&local, SQLA_ERR_UNSUPPORTED,
            "the error has nothing to ask the outcome by: the engine's option 'resolve_outcomes' "
            "was not set, the transaction had changed nothing, the statement ran outside of one, or the "
            "database cannot tell");
    else
        status = ask_outcome(db, token, &outcome, &local);
    if (status == SQLA_OK && outcome >= SQLA_OUTCOME_UNKNOWN && outcome <= SQLA_OUTCOME_IN_PROGRESS)
        return (sqla_outcome)outcome;
    sqla__error_give(err, &local, status);
    return SQLA_OUTCOME_UNKNOWN;
}

/* ---- reflection ------------------------------------------------------------------------------------------------ */

sqla_status sqla__conn_reflect(sqla_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink, sqla_error *err)
{
    sqla_status status = sqla__conn_start(conn, 0, err);
    if (status != SQLA_OK)
        return status;
    conn->fresh = conn->fresh && kind == SQLA_REFLECT_FACTS; /* which the program does not see */
    sqla__conn_tell(conn, conn->deadline);
    status = conn->driver->slots.reflect(conn, kind, filter, sink, err);
    return status == SQLA_OK ? SQLA_OK : sqla__conn_failed(conn, status, err);
}

typedef struct fact_sink { sqla_reflect_sink base; uint64_t facts; } fact_sink;

static sqla_status push_facts(sqla_reflect_sink *sink, uint32_t kind, const void *record)
{
    if (kind == SQLA_REFLECT_FACTS)
        ((fact_sink *)(void *)sink)->facts = ((const sqla_reflect_facts *)record)->facts;
    return SQLA_OK;
}

/* "schema\0table", with an empty schema for none. */
typedef struct fact_key { char text[512]; size_t length; } fact_key;

static bool make_key(fact_key *key, const char *schema, const char *table)
{
    size_t n = schema != NULL ? strlen(schema) : 0, m = strlen(table);
    if (n + 1 + m > sizeof key->text)
        return false;
    memcpy(key->text, schema != NULL ? schema : "", n);
    key->text[n] = '\0';
    memcpy(key->text + n + 1, table, m);
    key->length = n + 1 + m;
    return true;
}

static bool find_facts(sqla_engine *db, const fact_key *key, uint64_t *ret_facts)
{
    pthread_mutex_lock(&db->facts.lock);
    const uint64_t *found = sqla__hash_get(&db->facts.by_table, key->text, key->length);
    if (found != NULL)
        *ret_facts = *found;
    pthread_mutex_unlock(&db->facts.lock);
    return found != NULL;
}

/* Facts that cannot be kept for want of memory are asked again the next time. */
static void keep_facts(sqla_engine *db, const fact_key *key, uint64_t facts)
{
    pthread_mutex_lock(&db->facts.lock);
    uint64_t *value = sqla__arena_take(&db->facts.arena, sizeof *value);
    char *text = sqla__arena_copy(&db->facts.arena, key->text, key->length);
    if (value != NULL && text != NULL) {
        *value = facts;
        sqla__hash_put(&db->facts.by_table, text, key->length, value);
    }
    pthread_mutex_unlock(&db->facts.lock);
}

sqla_status sqla__conn_table_facts(sqla_conn *conn, const char *schema, const char *table, uint64_t *ret_facts, sqla_error *err)
{
    const sqla_reflect_filter filter = { sizeof filter, 0, schema, table };
    fact_sink sink = { { push_facts }, 0 };
    fact_key key;
    bool keyed = make_key(&key, schema, table);
    if (keyed && find_facts(conn->engine, &key, ret_facts))
        return SQLA_OK;
    sqla_status status = sqla__conn_reflect(conn, SQLA_REFLECT_FACTS, &filter, &sink.base, err);
    if (status != SQLA_OK && status != SQLA_ERR_UNSUPPORTED)
        return status;
    if (status == SQLA_ERR_UNSUPPORTED) {
        sqla__error_init(err);
        sink.facts = SQLA__FACTS_UNTOLD;
    }
    if (keyed)
        keep_facts(conn->engine, &key, sink.facts);
    *ret_facts = sink.facts;
    return SQLA_OK;
}
