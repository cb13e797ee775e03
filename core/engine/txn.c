/* txn.c: transactions of a connection, and what else it asks of a database beside running statements: reflection and facts.
 *
 * Whether a transaction is open is never remembered here but asked of the driver, which has it from the database: databases
 * end transactions on their own account. */
#include <config.h>
#include "engine/engine.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/result.h"

sqla_txn_state sqla__conn_txn_state(sqla_conn *conn)
{
    if (conn->lost || sqla__engine_forked(conn->engine))
        return SQLA_TXN_LOST;
    return conn->driver->ops.txn_state(conn->handle);
}

sqla_status sqla__conn_begin(sqla_conn *conn, bool write, sqla_error *err)
{
    const sqla_txn_options options = { sizeof options, write ? SQLA_TXN_WRITE : 0, 0 };
    sqla_status status = sqla__conn_check(conn, err);
    if (status != SQLA_OK)
        return status;
    if (sqla__conn_txn_state(conn) == SQLA_TXN_LOST) { /* the driver saw it when it read the answer to something else */
        conn->lost = conn->dead_link = true;
        return sqla__conn_check(conn, err);
    }
    if (sqla__conn_txn_state(conn) != SQLA_TXN_IDLE)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot begin: a transaction is open already");
    int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_BEGIN);
    status = conn->driver->slots.begin(conn, &options, err);
    if (status != SQLA_OK)
        status = sqla__conn_failed(conn, status, err);
    return sqla__event_txn(conn, SQLA_EVENT_BEGIN, NULL, start, status, err);
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
    const sqla_txn_options options = { sizeof options, 0, 0 };
    sqla_status status = sqla__conn_check(conn, err);
    if (status != SQLA_OK)
        return status;
    if (sqla__conn_txn_state(conn) == SQLA_TXN_IDLE)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot commit: no transaction is open; it was never begun, or the database rolled it back");
    int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_COMMIT);
    status = conn->driver->slots.commit(conn, &options, err);
    if (status != SQLA_OK)
        status = commit_failed(conn, status, err);
    return sqla__event_txn(conn, SQLA_EVENT_COMMIT, NULL, start, status, err);
}

/* Afterwards there is no transaction. Where that cannot be had by asking, the connection is given up, which ends it too. */
sqla_status sqla__conn_rollback(sqla_conn *conn, sqla_error *err)
{
    const sqla_txn_options options = { sizeof options, 0, 0 };
    if (sqla__engine_forked(conn->engine))
        return sqla__refuse_forked(err);
    sqla__results_detach(conn);
    if (conn->lost || sqla__conn_txn_state(conn) == SQLA_TXN_IDLE)
        return SQLA_OK;
    int64_t start = sqla__event_start(conn->engine, SQLA_EVENT_ROLLBACK);
    sqla_status status = conn->driver->slots.rollback(conn, &options, err);
    if (status != SQLA_OK && conn->driver->ops.txn_state(conn->handle) != SQLA_TXN_IDLE) {
        sqla__conn_failed(conn, status, err);
        conn->lost = true;
    }
    sqla__error_init(err);
    return sqla__event_txn(conn, SQLA_EVENT_ROLLBACK, NULL, start, SQLA_OK, err);
}

sqla_status sqla__conn_savepoint(sqla_conn *conn, sqla_savepoint_op op, const char *name, sqla_error *err)
{
    sqla_status status = sqla__conn_check(conn, err);
    if (status != SQLA_OK)
        return status;
    if (sqla__conn_txn_state(conn) == SQLA_TXN_IDLE)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a savepoint needs an open transaction");
    sqla_event_kind kind = op == SQLA_SAVEPOINT_SET ? SQLA_EVENT_SAVEPOINT : op == SQLA_SAVEPOINT_RELEASE ? SQLA_EVENT_RELEASE : SQLA_EVENT_ROLLBACK_TO;
    int64_t start = sqla__event_start(conn->engine, kind);
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

sqla_status sqla_conn_begin(sqla_conn *conn, sqla_error *err)
{
    sqla_error local;
    if (conn == NULL)
        return no_connection(err);
    sqla__error_init(&local);
    return sqla__error_give(err, &local, sqla__conn_begin(conn, false, &local));
}

sqla_status sqla_conn_commit(sqla_conn *conn, sqla_error *err)
{
    sqla_error local;
    if (conn == NULL)
        return no_connection(err);
    sqla__error_init(&local);
    return sqla__error_give(err, &local, sqla__conn_commit(conn, &local));
}

sqla_status sqla_conn_rollback(sqla_conn *conn, sqla_error *err)
{
    sqla_error local;
    if (conn == NULL)
        return no_connection(err);
    sqla__error_init(&local);
    return sqla__error_give(err, &local, sqla__conn_rollback(conn, &local));
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

/* ---- reflection ------------------------------------------------------------------------------------------------ */

sqla_status sqla__conn_reflect(sqla_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink, sqla_error *err)
{
    sqla_status status = sqla__conn_check(conn, err);
    if (status != SQLA_OK)
        return status;
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
    if (status == SQLA_ERR_UNSUPPORTED)
        sqla__error_init(err);
    else if (status != SQLA_OK)
        return status;
    if (keyed)
        keep_facts(conn->engine, &key, sink.facts);
    *ret_facts = sink.facts;
    return SQLA_OK;
}
