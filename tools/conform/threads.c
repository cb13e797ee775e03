/* threads.c: connections in several threads at once, and one connection that goes from thread to thread. */
#include <config.h>
#include "kit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 60 };

/* What a thread does wrong is counted by itself, and told by the thread of the check. */
typedef struct worker {
    int number, wrong;
    char first[160]; /* what was wrong first */
    kit_error error;
} worker;

static void note(worker *w, bool ok, const char *what)
{
    if (!ok && w->wrong++ == 0)
        snprintf(w->first, sizeof w->first, "thread %d: %s: %.80s", w->number, what, w->error.message);
}

static sqla_status run(worker *w, sqla_driver_conn *conn, const char *sql, sqla_driver_result **ret_result)
{
    const sqla_statement statement = { sizeof statement, 0, sql, strlen(sql), NULL };
    const sqla_exec_options options = { sizeof options, 0, 0 };
    memset(&w->error, 0, sizeof w->error);
    return kit_ops.exec(conn, &statement, NULL, NULL, &options, ret_result, (sqla_err *)(void *)&w->error);
}

/* ---- eight at once --------------------------------------------------------------------------- */

/* The texts are made before the threads, as the kit makes texts in one place for all. */
static char queries[THREADS][160], mistakes[THREADS][160];

static void read_own(worker *w, sqla_driver_conn *conn)
{
    const sqla_value *v = NULL;
    sqla_driver_result *result;
    char expected[32];
    snprintf(expected, sizeof expected, "thread %d", w->number);
    sqla_status status = run(w, conn, queries[w->number], &result);
    note(w, status == SQLA_OK, "a query works");
    if (status != SQLA_OK)
        return;
    status = kit_ops.result_view(result, &v, (sqla_err *)(void *)&w->error);
    bool good = status == SQLA_OK && v != NULL && v[0].type == SQLA_INT64 && v[0].as.i64 == w->number &&
                v[1].type == SQLA_TEXT && strcmp(v[1].as.bytes.data, expected) == 0;
    note(w, good, "a query gives the row that it asks for");
    kit_ops.result_close(result);
}

static void fail_alone(worker *w, sqla_driver_conn *conn)
{
    sqla_driver_result *result;
    char name[32];
    snprintf(name, sizeof name, "conf_no_%d", w->number);
    sqla_status status = run(w, conn, mistakes[w->number], &result);
    note(w, status == SQLA_ERR_SQL && w->error.calls == 1, "a wrong statement fails, and says so once");
    note(w, strstr(w->error.message, name) != NULL, "a failure names what this thread asked for");
    note(w, kit_ops.txn_state(conn) == SQLA_TXN_IDLE, "the state is the one of this connection");
}

static void *work(void *arg)
{
    worker *w = arg;
    const sqla_connect_args args = { .struct_size = sizeof args,
        .count = kit_param_count,
        .params = kit_params,
        .instance = kit_instance(),
        .data = kit_driver.data };
    for (int i = 0; i < 3; i++) {
        sqla_driver_conn *conn = NULL;
        sqla_conn_info info = { .struct_size = sizeof info };
        sqla_status status = kit_ops.open(&args, &info, &conn, (sqla_err *)(void *)&w->error);
        note(w, status == SQLA_OK, "a connection opens");
        for (int k = 0; status == SQLA_OK && k < ROUNDS / 3; k++) {
            read_own(w, conn);
            fail_alone(w, conn);
        }
        if (status == SQLA_OK)
            kit_ops.close(conn);
    }
    return NULL;
}

static void prepare_texts(void)
{
    for (int i = 0; i < THREADS; i++) {
        snprintf(queries[i], sizeof queries[i], "%s",
            kit_sql("SELECT [n], [name] FROM [conf_thread] WHERE [n] = %d", i));
        snprintf(mistakes[i], sizeof mistakes[i], "%s", kit_sql("SELECT * FROM [conf_no_%d]", i));
    }
}

static void fill(kit_conn *db)
{
    kit_must_open(db);
    kit_drop(db, "conf_thread");
    kit_must(db, kit_sql("CREATE TABLE [conf_thread] ([n] %s NOT NULL PRIMARY KEY, [name] %s)",
                     kit_type(SQLA_INT64), kit_type(SQLA_TEXT)));
    for (int i = 0; i < THREADS; i++)
        kit_must(db, kit_sql("INSERT INTO [conf_thread] ([n], [name]) VALUES (%d, 'thread %d')", i, i));
}

static void threads__eight_at_once(void)
{
    worker workers[THREADS] = { { 0 } };
    pthread_t threads[THREADS];
    int started = 0;
    kit_conn db;
    fill(&db);
    prepare_texts();
    for (; started < THREADS; started++) {
        workers[started].number = started;
        if (pthread_create(&threads[started], NULL, work, &workers[started]) != 0)
            break;
    }
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(started, THREADS);
    for (int i = 0; i < started; i++) {
        if (workers[i].wrong > 0)
            FAIL("connections in eight threads do not disturb one another", workers[i].first);
    }
    kit_drop(&db, "conf_thread");
    kit_close(&db);
}

/* ---- one that is handed on ------------------------------------------------------------------- */

/* What the threads hand on, one after the other. */
static struct {
    kit_conn db;
    sqla_driver_result *result;
    sqla_driver_canceller *canceller;
    int64_t seen;
} handed;

static void *open_and_begin(void *unused)
{
    kit_must_open(&handed.db);
    EXPECT(kit_begin(&handed.db, 0), SQLA_OK);
    kit_must(&handed.db, "INSERT INTO [conf_thread] ([n], [name]) VALUES (100, 'handed')");
    return unused;
}

static void *fail_and_ask(void *unused)
{
    kit_clear();
    if (kit_ops.cancel_new != NULL)
        EXPECT(kit_ops.cancel_new(handed.db.handle, &handed.canceller, KIT_ERR), SQLA_OK);
    EXPECT(kit_exec(&handed.db, "SELECT [n] FROM [conf_thread] WHERE [n] >= 100", NULL, NULL,
               SQLA_EXEC_STREAM, &handed.result),
        SQLA_OK);
    return unused;
}

static void *read_on(void *unused)
{
    const sqla_value *values = NULL;
    if (handed.result == NULL)
        return unused;
    EXPECT(kit_ops.result_view(handed.result, &values, KIT_ERR), SQLA_OK);
    handed.seen = values != NULL && values[0].type == SQLA_INT64 ? values[0].as.i64 : -1;
    return unused;
}

static void *end_all(void *unused)
{
    if (handed.result != NULL)
        kit_ops.result_close(handed.result);
    CHECK_INT(kit_state(&handed.db), SQLA_TXN_ACTIVE);
    EXPECT(kit_commit(&handed.db), SQLA_OK);
    if (handed.canceller != NULL)
        kit_ops.cancel_free(handed.canceller);
    return unused;
}

static void *close_it(void *unused)
{
    kit_close(&handed.db);
    return unused;
}

static void threads__handed_on(void)
{
    static void *(*const steps[])(void *) = { open_and_begin, fail_and_ask, read_on, end_all, close_it };
    pthread_t thread;
    kit_conn db;
    fill(&db);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        REQUIRE(pthread_create(&thread, NULL, steps[i], NULL) == 0);
        pthread_join(thread, NULL);
    }
    CHECK_INT(handed.seen, 100);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_thread]"), THREADS + 1);
    kit_drop(&db, "conf_thread");
    kit_close(&db);
}

const conform_check conform_thread_checks[] = {
    { "con-31", "connections in eight threads at once", NEEDS_DATABASE, 0, threads__eight_at_once },
    { "con-32", "a connection that goes from thread to thread", NEEDS_DATABASE, 0, threads__handed_on },
    { NULL, NULL, 0, 0, NULL },
};
