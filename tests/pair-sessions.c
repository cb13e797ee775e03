/* pair-sessions.c: calls about the session: transactions, savepoints, the pool, copies, timeouts,
 * cancels. See pairs.h. */
#include <config.h>
#include "pairs.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>

#include "expect.h"

/* ---- transactions ---------------------------------------------------------------------------- */

static void insert(int64_t n)
{
    sqla_execute(pair.conn, "INSERT INTO added (n, name) VALUES (:n, 'x')", sqla_params("n", n), &pair.err);
    pair_came(SQLA_OK, "an insert");
}

void pair_commit(void)
{
    sqla_conn_commit(pair.conn, &pair.err);
    pair_came(SQLA_OK, "commit");
}

void pair_rollback(void)
{
    sqla_conn_rollback(pair.conn, &pair.err);
    pair_came(SQLA_OK, "rollback");
}

bool pair_begin(const sqla_transaction_options *options)
{
    sqla_conn_begin_with(pair.conn, options, &pair.err);
    return pair_came(SQLA_OK, "begin");
}

static void committed(void)
{
    if (!pair_begin(NULL))
        return;
    insert(11);
    pair_commit();
    pair_added(1, 11);
}

static void rolled_back(void)
{
    if (!pair_begin(NULL))
        return;
    insert(50);
    pair_rollback();
}

static void read_only(void)
{
    if (!pair_begin(SQLA_TXN_OPTIONS(.read_only = true)))
        return;
    sqla_execute(pair.conn, "INSERT INTO added (n, name) VALUES (1, 'x')", NULL, &pair.err);
    pair_came(SQLA_ERR_READ_ONLY, "an insert that is not to be");
    pair_rollback();
}

static void serializable(void)
{
    if (!pair_begin(SQLA_TXN_OPTIONS(.isolation = SQLA_SERIALIZABLE)))
        return;
    insert(12);
    pair_commit();
    pair_added(1, 12);
}

/* Each statement commits by itself. */
static void autocommit(void)
{
    if (!pair_begin(SQLA_TXN_OPTIONS(.isolation = SQLA_AUTOCOMMIT)))
        return;
    insert(13);
    pair_rollback();
    pair_added(1, 13);
}

static void failed(void)
{
    if (!pair_begin(NULL))
        return;
    insert(50);
    sqla_execute(pair.conn, "INSERT INTO pairs (id, n, name) VALUES (1, 1, 'x')", NULL, &pair.err);
    pair_came(SQLA_ERR_UNIQUE, "a row that is there already");
    pair_rollback();
}

static void commit_of_nothing(void)
{
    sqla_conn_commit(pair.conn, &pair.err);
    pair_came(SQLA_ERR_MISUSE, "a commit without a transaction");
}

static void begun_twice(void)
{
    sqla_conn_begin(pair.conn, &pair.err);
    pair_came(SQLA_ERR_MISUSE, "a second begin");
}

static void isolation(void)
{
    sqla_isolation level = SQLA_ISOLATION_DEFAULT;
    sqla_conn_isolation(pair.conn, &level, &pair.err);
    if (pair_came(SQLA_OK, "the isolation"))
        pair_equal(level, harness_is_postgres(pair.url) ? SQLA_READ_COMMITTED : harness_is_mariadb(pair.url) ?
                          SQLA_REPEATABLE_READ : SQLA_SERIALIZABLE, "the database's own");
}

static void two_phases(void)
{
    if (!pair_begin(NULL))
        return;
    insert(14);
    sqla_conn_prepare(pair.conn, "pairs", &pair.err);
    pair_came(SQLA_OK, "prepare");
    sqla_conn_commit_prepared(pair.conn, "pairs", &pair.err);
    pair_came(SQLA_OK, "commit_prepared");
    pair_added(1, 14);
}

static void savepoint(void)
{
    sqla_conn_savepoint(pair.conn, "a", &pair.err);
    pair_came(SQLA_OK, "a savepoint");
    insert(15);
    sqla_conn_release(pair.conn, "a", &pair.err);
    pair_came(SQLA_OK, "its release");
    pair_added(1, 15);
}

static void savepoint_undone(void)
{
    sqla_conn_savepoint(pair.conn, "b", &pair.err);
    pair_came(SQLA_OK, "a savepoint");
    insert(50);
    sqla_conn_rollback_to(pair.conn, "b", &pair.err);
    pair_came(SQLA_OK, "going back to it");
}

static void savepoint_of_nobody(void)
{
    sqla_conn_release(pair.conn, "nowhere", &pair.err);
    pair_came(SQLA_ERR_SQL, "a savepoint that is not there");
}

/* ---- the pool, and what is in the database --------------------------------------------------- */

static void give_back(void)
{
    sqla_conn_close(pair.conn);
    pair.conn = sqla_connect(pair.db, &pair.err);
    pair_came(SQLA_OK, "giving it back and taking it");
}

/* There is one connection, which goes round. */
static void inspect(void)
{
    sqla_conn_close(pair.conn);
    sqla_metadata *base = sqla_inspect(pair.db, SQLA_INSPECT_OPTIONS(.table = "pairs"), &pair.err);
    pair_came(SQLA_OK, "inspect");
    bool one = base != NULL && sqla_metadata_table(base, 0) != NULL && sqla_metadata_table(base, 1) == NULL;
    pair_good(one, "its tables");
    sqla_metadata_free(base);
    pair.conn = sqla_connect(pair.db, &pair.err);
    pair_came(SQLA_OK, "taking it");
}

/* ---- copies ---------------------------------------------------------------------------------- */

static void copy_in(void)
{
    int64_t rows = 0;
    sqla_copy *copy = sqla_copy_in(pair.conn, "COPY added (n, name) FROM STDIN", &pair.err);
    sqla_copy_write(copy, "1\ta\n2\tb\n", 8, &pair.err);
    sqla_copy_end(copy, &rows, &pair.err);
    if (pair_came(SQLA_OK, "a copy in") && pair_equal(rows, 2, "its rows"))
        pair_added(2, 3);
}

static void copy_in_vain(void)
{
    sqla_copy *copy = sqla_copy_in(pair.conn, "COPY added (n, name) FROM STDIN", &pair.err);
    sqla_copy_write(copy, "1\ta\n-666\tb\n", 11, &pair.err);
    sqla_copy_end(copy, NULL, &pair.err);
    pair_came(SQLA_ERR_CHECK, "a copy of what a check refuses");
}

static void copy_in_cancelled(void)
{
    sqla_copy *copy = sqla_copy_in(pair.conn, "COPY added (n, name) FROM STDIN", &pair.err);
    sqla_copy_write(copy, "1\ta\n", 4, &pair.err);
    sqla_copy_cancel(copy);
    pair_came(SQLA_OK, "a copy in that is given up");
}

static void copy_out(void)
{
    const void *data = NULL;
    size_t size = 0, bytes = 0;
    int64_t rows = 0;
    sqla_copy *copy = sqla_copy_out(pair.conn, "COPY pairs (id, n) TO STDOUT", &pair.err);
    while (sqla_copy_read(copy, &data, &size, &pair.err) == SQLA_OK && data != NULL)
        bytes += size;
    sqla_copy_end(copy, &rows, &pair.err);
    if (pair_came(SQLA_OK, "a copy out") && pair_equal(rows, 4, "its rows"))
        pair_equal((int64_t)bytes, 20, "its bytes");
}

static void copy_out_cancelled(void)
{
    const void *data = NULL;
    size_t size = 0;
    sqla_copy *copy = sqla_copy_out(pair.conn, "COPY pairs (id, n) TO STDOUT", &pair.err);
    sqla_copy_read(copy, &data, &size, &pair.err);
    sqla_copy_cancel(copy);
    pair_came(SQLA_OK, "a copy out that is given up");
}

/* ---- deadlines and cancels ------------------------------------------------------------------- */

/* A timeout, in milliseconds, that a small query meets; it grows where the machine is slow. */
static int32_t near = 10;

/* What comes next comes when the time is over. */
static void stream_in_time(void)
{
    int n = 0;
    int64_t until = now_ms() + near;
    sqla_conn_set_timeout(pair.conn, near);
    sqla_stmt *q = sqla_sql(pair.conn, "SELECT id FROM pairs ORDER BY id");
    SQLA_STREAM_ROW(row, q, &pair.err) {
        pair_good(sqla_row_i64(row, "id", &pair.err) == ++n, "a row in time");
        if (n == 2)
            break;
    }
    sqla_stmt_free(q);
    sqla_conn_set_timeout(pair.conn, 0);
    if (pair.err.status == SQLA_ERR_TIMEOUT && now_ms() >= until) {
        near *= near < 2000 ? 2 : 1;
        pair.lost = true;      /* or it may be; the pair is not looked at */
    }
    if (pair_came(SQLA_OK, "a stream in time") && pair.followed && now_ms() <= until)
        pause_ms((long)(until - now_ms()) + 1);
}

static void overdue(void)
{
    sqla_conn_set_timeout(pair.conn, 5);
    sqla_execute(pair.conn, harness_endless(pair.url), NULL, &pair.err);
    sqla_conn_set_timeout(pair.conn, 0);
    pair_came(SQLA_ERR_TIMEOUT, "what never ends");
}

static void *cancel_until_over(void *over)
{
    while (!atomic_load((atomic_bool *)over)) {
        pause_ms(2);
        sqla_conn_cancel(pair.conn, NULL);
    }
    return NULL;
}

static void cancelled(void)
{
    atomic_bool over = false;
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, cancel_until_over, &over), 0);
    sqla_execute(pair.conn, harness_endless(pair.url), NULL, &pair.err);
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    pair_came(SQLA_ERR_CANCELLED, "what is cancelled");
}

static void cancelled_idle(void)
{
    sqla_conn_cancel(pair.conn, &pair.err);
    pair_came(SQLA_OK, "a cancel of nothing");
}

const pair_call pair_sessions[] = {
    { "a transaction", ALONE, HARNESS_DATABASES, committed },
    { "a transaction that is rolled back", ALONE, HARNESS_DATABASES, rolled_back },
    { "a read-only transaction", ALONE, HARNESS_DATABASES, read_only },
    { "a serializable transaction", ALONE, HARNESS_DATABASES, serializable },
    { "autocommit", ALONE, HARNESS_DATABASES, autocommit },
    { "a transaction that failed", ALONE, HARNESS_DATABASES, failed },
    { "a commit of nothing", ALONE, HARNESS_DATABASES, commit_of_nothing },
    { "a second begin", INSIDE, HARNESS_DATABASES, begun_twice },
    { "isolation", 0, HARNESS_DATABASES, isolation },
    { "two phases", ALONE, HARNESS_POSTGRES, two_phases },
    { "a savepoint", INSIDE, HARNESS_DATABASES, savepoint },
    { "a savepoint that is undone", INSIDE, HARNESS_DATABASES, savepoint_undone },
    { "a savepoint of nobody", INSIDE | ENDS, HARNESS_DATABASES, savepoint_of_nobody },
    { "giving back", ALONE, HARNESS_DATABASES, give_back },
    { "inspect", ALONE, HARNESS_DATABASES, inspect },
    { "a copy in", 0, HARNESS_POSTGRES, copy_in },
    { "a copy in vain", ENDS, HARNESS_POSTGRES, copy_in_vain },
    { "a copy in that is cancelled", ENDS, HARNESS_POSTGRES, copy_in_cancelled },
    { "a copy out", 0, HARNESS_POSTGRES, copy_out },
    { "a copy out that is cancelled", 0, HARNESS_POSTGRES, copy_out_cancelled },
    { "a stream in time", ENDS, HARNESS_DATABASES, stream_in_time },
    { "a timeout", ENDS | MAY_LOSE, HARNESS_DATABASES, overdue },
    { "a cancel", ENDS | MAY_LOSE, HARNESS_DATABASES, cancelled },
    { "a cancel of nothing", 0, HARNESS_DATABASES, cancelled_idle },
    { NULL, 0, 0, NULL },
};
