/* cancel.c: ending what a connection is running, and seeing that a late cancel hits nothing else.
 *
 * The server ends a statement when another connection asks for it with KILL QUERY. That connection is made for the purpose, without
 * blocking, by whoever cancels; so it keeps to its deadline, and needs no thread. */
#include <config.h>
#include "mariadb.h"

#include <string.h>
#include <time.h>

/* ---- the gate -------------------------------------------------------------------------------------------------- */

static bool cond_init_monotonic(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(cond, &attr) == 0;
    pthread_condattr_destroy(&attr);
    return ok;
}

bool mariadb__gate_init(mariadb__gate *gate)
{
    if (pthread_mutex_init(&gate->lock, NULL) != 0)
        return false;
    if (cond_init_monotonic(&gate->quiet))
        return true;
    pthread_mutex_destroy(&gate->lock);
    return false;
}

void mariadb__gate_release(mariadb__gate *gate)
{
    pthread_cond_destroy(&gate->quiet);
    pthread_mutex_destroy(&gate->lock);
}

/* deadline 0: none.  Returns: nobody is firing any more. The lock is held. */
static bool wait_until_quiet(mariadb__gate *gate, int64_t deadline)
{
    const struct timespec until = { (time_t)(deadline / 1000000000), (long)(deadline % 1000000000) };
    int code = 0;
    while (gate->firing > 0 && code == 0)
        code = deadline == 0 ? pthread_cond_wait(&gate->quiet, &gate->lock) : pthread_cond_timedwait(&gate->quiet, &gate->lock, &until);
    return gate->firing == 0;
}

bool mariadb__gate_open(mariadb__gate *gate, int64_t deadline)
{
    pthread_mutex_lock(&gate->lock);
    bool open = wait_until_quiet(gate, deadline);
    if (open) {
        gate->running = true;
        gate->fired = false;
    }
    pthread_mutex_unlock(&gate->lock);
    return open;
}

/* Those who fire keep to deadlines of their own; but who has none must not hold up a statement that is over. */
bool mariadb__gate_close(mariadb__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->running = false;
    if (gate->fired)
        (void)wait_until_quiet(gate, mariadb__now() + INT64_C(2000000000));
    bool fired = gate->fired;
    pthread_mutex_unlock(&gate->lock);
    return fired;
}

bool mariadb__gate_fired(mariadb__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    bool fired = gate->fired;
    pthread_mutex_unlock(&gate->lock);
    return fired;
}

bool mariadb__gate_late(mariadb__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    bool late = gate->late;
    pthread_mutex_unlock(&gate->lock);
    return late;
}

static bool gate_pass(mariadb__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    bool pass = gate->running;
    if (pass) {
        gate->firing++;
        gate->fired = true;
    }
    pthread_mutex_unlock(&gate->lock);
    return pass;
}

static void gate_passed(mariadb__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    if (--gate->firing == 0)
        pthread_cond_broadcast(&gate->quiet);
    pthread_mutex_unlock(&gate->lock);
}

static void gate_is_late(mariadb__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->late = true;
    pthread_mutex_unlock(&gate->lock);
}

/* ---- the request ----------------------------------------------------------------------------------------------- */

/* Returns: OK: the server has answered; TIMEOUT, DISCONNECTED: it may have got the request, and may not. */
static sqla_status ask_to_kill(MYSQL *link, mariadb__kill what, unsigned long id, int64_t deadline)
{
    char text[48];
    int answer = 0, n = snprintf(text, sizeof text, what == MARIADB__KILL_QUERY ? "KILL QUERY %lu" : "KILL %lu", id);
    for (int events = mysql_real_query_start(&answer, link, text, (unsigned long)n); events != 0;
         events = mysql_real_query_cont(&answer, link, events)) {
        sqla_status status = mariadb__poll(link, events, deadline, &events);
        if (status != SQLA_OK)
            return status;
    }
    return SQLA_OK;
}

static sqla_status send_kill(MYSQL *link, mariadb__kill what, unsigned long id, int64_t deadline)
{
    mariadb__intake intake;
    mariadb__intake_begin(&intake, link, MARIADB__CONNECT_MOST, 0);
    sqla_status status = ask_to_kill(link, what, id, deadline);
    (void)mariadb__intake_end(&intake);
    return status;
}

/* No statement is known by a name here, only the session; so that the request finds the same server it goes to the address where the
 * first connection went. */
bool mariadb__cancel(sqla_driver_conn *conn, mariadb__kill what, int64_t deadline)
{
    MYSQL *link = mariadb__recipe_link(conn->recipe);
    if (link == NULL)
        return false;
    sqla_status status = mariadb__connect(link, conn->recipe, conn->place[0] != '\0' ? conn->place : NULL, conn->port, NULL, deadline);
    bool sent = status == SQLA_OK;
    if (sent) {
        mariadb__hush hush;
        mariadb__hush_begin(&hush);
        status = send_kill(link, what, conn->id, deadline);
        mariadb__hush_end(&hush);
    }
    if (sent && status != SQLA_OK)
        gate_is_late(&conn->gate);
    mariadb__link_close(link, status != SQLA_OK);
    return sent;
}

/* ---- cancellers ------------------------------------------------------------------------------------------------ */

struct sqla_driver_canceller { sqla_driver_conn *conn; };

sqla_status mariadb_cancel_new(sqla_driver_conn *conn, sqla_driver_canceller **ret_canceller, sqla_err *err)
{
    sqla_driver_canceller *canceller = mariadb__host->alloc(sizeof *canceller);
    if (canceller == NULL)
        return mariadb__nomem(err);
    canceller->conn = conn;
    *ret_canceller = canceller;
    return SQLA_OK;
}

sqla_status mariadb_cancel_fire(sqla_driver_canceller *canceller, int64_t deadline, sqla_err *err)
{
    sqla_driver_conn *conn = canceller->conn;
    if (!gate_pass(&conn->gate))
        return SQLA_OK;
    bool ok = mariadb__cancel(conn, MARIADB__KILL_QUERY, deadline);
    gate_passed(&conn->gate);
    return ok ? SQLA_OK : mariadb__fail(err, SQLA_ERR_CONNECT, NULL, "no second connection could be made, by which the statement is cancelled");
}

void mariadb_cancel_free(sqla_driver_canceller *canceller)
{
    mariadb__host->release(canceller);
}
