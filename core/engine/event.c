/* event.c: telling the program what happens to connections and on them, and echo, which listens at the same places.
 *
 * Who reports tests one flag first (sqla__watched), so that nothing is measured or built when nobody listens. No lock is held
 * while a function of the program's runs. */
#include <config.h>
#include "engine/engine.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/result.h"

enum {
    ECHOED = SQLA_EVENT_CONNECT | SQLA_EVENT_INVALIDATE | SQLA_EVENT_EXECUTE | SQLA_EVENT_BEGIN | SQLA_EVENT_COMMIT | SQLA_EVENT_ROLLBACK |
             SQLA_EVENT_SAVEPOINT | SQLA_EVENT_RELEASE | SQLA_EVENT_ROLLBACK_TO | SQLA_EVENT_PREPARE | SQLA_EVENT_COMMIT_PREPARED |
             SQLA_EVENT_ROLLBACK_PREPARED,
    PREPARING = SQLA_EVENT_FIRST_CONNECT | SQLA_EVENT_CONNECT | SQLA_EVENT_RESET
};

uint32_t sqla__event_mask(const sqla__engine_config *config)
{
    uint32_t told = config->on_event == NULL ? 0 : config->events != 0 ? config->events : UINT32_MAX;
    return told | (config->echo ? ECHOED : 0);
}

int64_t sqla__event_start(const sqla_engine *db, uint32_t kinds)
{
    return sqla__watched(db, kinds) ? sqla__now_ns() : 0;
}

/* A connection is not yet its user's, or no longer: what a function did there is not left to the next one. */
static void tidy(sqla_conn *conn)
{
    sqla_error dropped;
    sqla__error_init(&dropped);
    sqla__stmts_free(&conn->statements);
    sqla__results_detach(conn);
    if (!conn->lost)
        sqla__conn_rollback(conn, &dropped);
    conn->touched = conn->autocommit = false;
    conn->timeout_ms = 0;
}

static void call(const sqla__engine_config *config, const sqla_event *event)
{
    sqla_conn *conn = event->conn;
    bool preparing = conn != NULL && (event->kind & PREPARING) != 0;
    if (config->on_event == NULL || (config->events != 0 && (config->events & event->kind) == 0) || (conn != NULL && conn->hooked))
        return;
    if (conn != NULL)
        conn->hooked = true;
    if (preparing)
        atomic_store(&conn->use, SQLA__HOOKED);
    config->on_event(config->event_data, event);
    if (preparing) {
        tidy(conn);
        atomic_store(&conn->use, SQLA__CLOSED);
    }
    if (conn != NULL)
        conn->hooked = false;
}

static sqla_event event_of(sqla_engine *db, sqla_conn *conn, sqla_event_kind kind, int64_t start, sqla_status status, const char *message)
{
    return (sqla_event){ .struct_size = sizeof(sqla_event), .kind = kind, .engine = db, .conn = conn, .status = status,
                         .message = status != SQLA_OK ? message : "", .number = conn != NULL ? conn->number : 0,
                         .nanoseconds = start != 0 ? sqla__now_ns() - start : 0 };
}

static void tell(const sqla_event *event, const sqla_plan *plan, const void *row)
{
    const sqla__engine_config *config = &event->engine->config;
    if (config->echo && (event->kind & ECHOED) != 0)
        sqla__echo(event->engine, event, plan, row);
    call(config, event);
}

void sqla__event_conn(sqla_conn *conn, sqla_event_kind kind, int64_t start, sqla_status status, const char *message)
{
    const sqla_event event = event_of(conn->engine, conn, kind, start, status, message);
    tell(&event, NULL, NULL);
}

void sqla__event_no_connect(sqla_engine *db, int64_t start, const sqla_error *err)
{
    const sqla_event event = event_of(db, NULL, SQLA_EVENT_CONNECT, start, err->status, err->message);
    tell(&event, NULL, NULL);
}

void sqla__event_execute(sqla_conn *conn, const char *text, size_t length, const sqla_plan *plan, const void *row, size_t rows, int64_t start,
                         sqla_status status, const sqla_error *err)
{
    sqla_event event = event_of(conn->engine, conn, SQLA_EVENT_EXECUTE, start, status, err->message);
    event.sql = text;
    event.sql_length = length;
    event.rows = (int64_t)rows;
    tell(&event, plan, row);
}

sqla_status sqla__event_txn(sqla_conn *conn, sqla_event_kind kind, const char *name, int64_t start, sqla_status status, const sqla_error *err)
{
    if (!sqla__watched(conn->engine, kind))
        return status;
    sqla_event event = event_of(conn->engine, conn, kind, start, status, err->message);
    event.sql = name;
    event.sql_length = name != NULL ? strlen(name) : 0;
    tell(&event, NULL, NULL);
    return status;
}
