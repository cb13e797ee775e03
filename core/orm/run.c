/* run.c: a whole piece of work, run again when the database says that it may succeed then.
 *
 * Nothing is replayed: the program's function does its work anew, in a session that knows nothing of the last attempt. Whether
 * it is worth another attempt follows from the first failure that was seen, since what comes after it may only be its echo
 * (a commit in a session that must be rolled back first). */
#include <config.h>
#include "orm/session.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { ATTEMPTS = 5, BACKOFF_MS = 10, BACKOFF_MOST_MS = 1000 };

typedef struct job {
    sqla_sessionmaker *maker;
    sqla_run_options options;
    sqla_run_fn *fn;
    void *data;
    int64_t limit;                 /* 0: none */
    uint64_t dice;
} job;

/* ---- one attempt ----------------------------------------------------------------------------------------------- */

static sqla__begin kind_of(const job *j)
{
    bool reads = j->options.read_only || j->maker->options.read_only;
    sqla__begin how = { (uint32_t)j->options.isolation, reads ? SQLA_TXN_READ_ONLY : SQLA_TXN_WRITE };
    if (how.isolation == SQLA_AUTOCOMMIT && !j->options.read_only)
        how.flags = 0;
    return how;
}

static sqla_status work(const job *j, sqla_session *s, sqla_error *err)
{
    s->limit = j->limit;
    sqla_status status = sqla__session_begin_as(s, kind_of(j), err);
    if (status == SQLA_OK)
        status = j->fn(s, j->data, err);
    if (status == SQLA_OK && sqla_failed(err))
        status = err->status;
    return status == SQLA_OK ? sqla_commit(s, err) : status;
}

/* What went wrong first: in the session, also where the program looked at no error; else in err. */
static sqla_status cause(const sqla_session *s, const sqla_error *err, sqla_status status)
{
    if (s->broken.status != SQLA_OK)
        return s->broken.status;
    return sqla_failed(err) ? err->status : status;
}

static bool may_try_again(sqla_status first, sqla_status status)
{
    if (first == SQLA_ERR_UNKNOWN_OUTCOME || status == SQLA_ERR_UNKNOWN_OUTCOME)
        return false;
    return ((sqla_status_class(first) | sqla_status_class(status)) & SQLA_CLASS_RETRYABLE) != 0;
}

static sqla_status attempt(const job *j, bool *ret_again, sqla_error *err)
{
    sqla_error_clear(err);
    *ret_again = false;
    sqla_session *s = sqla_open(j->maker, err);
    if (s == NULL)
        return err->status;
    sqla_status status = work(j, s, err);
    if (status != SQLA_OK) {
        *ret_again = may_try_again(cause(s, err, status), status);
        if (s->broken.status != SQLA_OK && !sqla_failed(err))
            sqla__error_give(err, &s->broken, status);
        sqla_rollback(s, NULL); /* what is given up here is no loss to tell of */
    }
    sqla_close(s);
    return status;
}

/* ---- between attempts ------------------------------------------------------------------------------------------ */

/* Marsaglia's xorshift: those who failed together are not to meet again. */
static uint64_t throw(uint64_t *dice)
{
    uint64_t x = *dice;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *dice = x;
}

/* false: there is no time left for another attempt. */
static bool pause_before(job *j, int32_t number)
{
    int64_t most = j->options.backoff_ms;
    for (int32_t i = 2; i < number && most < BACKOFF_MOST_MS; i++)
        most *= 2;
    if (most > BACKOFF_MOST_MS && j->options.backoff_ms <= BACKOFF_MOST_MS)
        most = BACKOFF_MOST_MS;
    int64_t ns = most * 1000000 / 2;
    ns += (int64_t)(throw(&j->dice) % (uint64_t)(ns + 1));
    if (j->limit != 0 && sqla__now_ns() + ns >= j->limit)
        return false;
    nanosleep(&(struct timespec){ (time_t)(ns / 1000000000), (long)(ns % 1000000000) }, NULL);
    return true;
}

/* ---- public ---------------------------------------------------------------------------------------------------- */

static void tell_attempts(const job *j, int32_t made, bool late, sqla_error *err)
{
    char detail[sizeof err->detail];
    snprintf(detail, sizeof detail, "%s", err->detail);
    sqla__error_detail(err, "attempt %d of %d%s%s%s", (int)made, (int)j->options.attempts, late ? ", and no time for another" : "",
                       detail[0] != '\0' ? "; " : "", detail);
}

static sqla_status run(job *j, sqla_error *err)
{
    for (int32_t made = 1;; made++) {
        bool again = false, late = false;
        sqla_status status = attempt(j, &again, err);
        if (status == SQLA_OK) {
            sqla_error_clear(err);
            return SQLA_OK;
        }
        again = again && made < j->options.attempts;
        late = again && !pause_before(j, made + 1);
        if (again && !late)
            continue;
        if (!sqla_failed(err))
            sqla__error_set(err, status, "%s", sqla_status_meaning(status));
        tell_attempts(j, made, late, err);
        return status;
    }
}

static sqla_status take_options(job *j, const sqla_run_options *options, sqla_error *err)
{
    sqla_run_options *o = &j->options;
    if (options != NULL && options->struct_size < offsetof(sqla_run_options, isolation))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "the options have no size: make them with SQLA_RUN_OPTIONS");
    if (options != NULL)
        memcpy(o, options, options->struct_size < sizeof *o ? options->struct_size : sizeof *o);
    if (o->attempts < 0 || o->deadline_ms < 0 || o->backoff_ms < 0)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "attempts, deadline_ms and backoff_ms cannot be negative");
    o->attempts = o->attempts == 0 ? ATTEMPTS : o->attempts;
    o->backoff_ms = o->backoff_ms == 0 ? BACKOFF_MS : o->backoff_ms;
    j->limit = sqla__deadline_ms(o->deadline_ms);
    j->dice = ((uint64_t)sqla__now_ns() ^ (uint64_t)(uintptr_t)j) | 1;
    return SQLA_OK;
}

sqla_status sqla_run(sqla_sessionmaker *maker, const sqla_run_options *options, sqla_run_fn *fn, void *data, sqla_error *err)
{
    job j = { .maker = maker, .fn = fn, .data = data };
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = take_options(&j, options, &local);
    if (maker == NULL || fn == NULL)
        status = sqla__error_set(&local, SQLA_ERR_MISUSE, maker == NULL ? "there is no sessionmaker to run with" : "there is no function to run");
    if (status == SQLA_OK)
        status = run(&j, &local);
    return sqla__error_give(err, &local, status);
}
