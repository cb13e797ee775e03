/* connection.c: connections: opening and closing, ping, reset, deadlines, and cancelling from another thread. */
#include <config.h>
#include "kit.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static void session__info(void)
{
    kit_conn db;
    kit_must_open(&db);
    CHECK(db.info.product != NULL && db.info.product[0] != '\0');
    CHECK_INT(db.info.features & ~kit_traits->features, 0);
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    kit_close(&db);
}

/* What a connection took is given back: descriptors, the host's blocks, and all other memory. */
static void session__open_and_close(void)
{
    enum { FIRST = 50, ALL = 500 };
    bool before[PROCESS_FILES], after[PROCESS_FILES];
    kit_conn db;
    int files = 0;
    long blocks = 0, memory = 0;
    int64_t enough = kit_now() + 3000000000; /* where a connection takes long, fewer do */
    int i = 0;
    for (; i < ALL && (i < 2 * FIRST || kit_now() < enough); i++) {
        if (i == FIRST) { /* what is made once has been made */
            files = process_files(before);
            blocks = kit_blocks();
            memory = process_memory();
        }
        kit_must_open(&db);
        if (i % 2 == 0)
            CHECK_INT(kit_number(&db, "SELECT 1"), 1);
        kit_close(&db);
    }
    CHECK_INT(process_files(after), files);
    CHECK_INT(kit_blocks(), blocks);
    long grown = process_memory() - memory;
    CHECK(grown < 1 << 20 || grown / (i - FIRST) < 4096);
}

/* Statements give back what they took while the connection stays. */
static void session__statements(void)
{
    enum { FIRST = 100, ALL = 2000 };
    bool before[PROCESS_FILES], after[PROCESS_FILES];
    const sqla_exec_options options = { sizeof options, 0, 0 };
    int files = 0;
    long blocks = 0;
    kit_conn db;
    kit_must_open(&db);
    for (int i = 0; i < ALL; i++) {
        sqla_driver_stmt *stmt = NULL;
        if (i == FIRST) {
            files = process_files(before);
            blocks = kit_blocks();
        }
        CHECK_INT(kit_number(&db, "SELECT 1"), 1);
        kit_clear();
        if (kit_ops.prepare != NULL &&
            EXPECT(kit_ops.prepare(db.handle, "SELECT 1", 8, NULL, 1, &options, &stmt, KIT_ERR), SQLA_OK))
            kit_ops.stmt_close(stmt);
    }
    CHECK_INT(process_files(after), files);
    CHECK_INT(kit_blocks(), blocks);
    kit_close(&db);
}

/* Work does nothing to the process that others would notice. */
static void session__leaves_the_process_alone(void)
{
    process_state before, after;
    kit_conn db;
    process_look(&before);
    kit_must_open(&db);
    kit_drop(&db, "conf_alone");
    kit_must(&db, kit_sql("CREATE TABLE conf_alone (a %s)", kit_type(SQLA_INT32)));
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    kit_must(&db, "INSERT INTO conf_alone (a) VALUES (1)");
    EXPECT(kit_rollback(&db), SQLA_OK);
    EXPECT(kit_run(&db, "SELEKT 1"), SQLA_ERR_SQL);
    process_look(&after);
    process_compare(&before, &after);
    kit_drop(&db, "conf_alone");
    kit_close(&db);
    process_look(&after);
    process_compare(&before, &after);
}

static void session__unknown_parameter(void)
{
    const sqla_connect_param wrong = { "conf_no_such_key", "1" };
    kit_conn db;
    EXPECT(kit_open(&db, &wrong, 1, 0), SQLA_ERR_CONFIG);
    CHECK(strstr(kit_last.message, "conf_no_such_key") != NULL);
    CHECK(db.handle == NULL);
    kit_close(&db);
}

static void session__late_to_open(void)
{
    kit_conn db;
    EXPECT(kit_open(&db, NULL, 0, kit_now() - 1), SQLA_ERR_TIMEOUT);
    kit_close(&db);
}

/* Does open take this key? Without a list of keys it is not known. */
static bool takes(const char *key)
{
    const sqla_connect_option *options = NULL;
    uint32_t count = 0;
    kit_clear();
    if (kit_ops.connect_options == NULL || kit_ops.connect_options(&options, &count, KIT_ERR) != SQLA_OK)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(options[i].key, key) == 0)
            return true;
    }
    return false;
}

static void session__options(void)
{
    const sqla_connect_option *options = NULL, *again = NULL;
    uint32_t count = 0, count_again = 0;
    kit_clear();
    EXPECT(kit_ops.connect_options(&options, &count, KIT_ERR), SQLA_OK);
    EXPECT(kit_ops.connect_options(&again, &count_again, KIT_ERR), SQLA_OK);
    CHECK_INT(count_again, count);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(options[i].key != NULL && options[i].key[0] != '\0');
        CHECK(options[i].key != NULL &&
              (strcmp(options[i].key, "password") != 0 || (options[i].flags & SQLA_OPTION_SECRET) != 0));
        CHECK(options[i].same_as == NULL || takes(options[i].same_as));
    }
    for (uint32_t i = 0; i < kit_param_count; i++)
        CHECK(takes(kit_params[i].key));
}

/* A password that is wrong is DENIED, and is in no text. A server that asks for none opens all the same. */
static void session__wrong_password(void)
{
    static const char secret[] = "conf-Wr0ng-s3cret";
    const sqla_connect_param wrong = { "password", secret };
    kit_conn db;
    if (!takes("password"))
        conform_unsupported("connect_options does not list the key 'password'");
    sqla_status status = kit_open(&db, &wrong, 1, 0);
    if (status != SQLA_OK)
        EXPECT(status, SQLA_ERR_DENIED);
    CHECK(strstr(kit_last.message, secret) == NULL && strstr(kit_last.detail, secret) == NULL &&
          strstr(kit_last.hint, secret) == NULL);
    kit_close(&db);
}

/* An address of documentation (RFC 5737), where nobody answers. */
static void session__unreachable(void)
{
    const sqla_connect_param nowhere[] = { { "host", "192.0.2.1" }, { "port", "9" } };
    kit_conn db;
    if (!takes("host") || !takes("port"))
        conform_unsupported("connect_options does not list the keys 'host' and 'port'");
    int64_t start = kit_now();
    sqla_status status = kit_open(&db, nowhere, 2, start + 500000000);
    CHECK(status == SQLA_ERR_TIMEOUT || status == SQLA_ERR_CONNECT);
    CHECK_INT(kit_last.calls, 1);
    CHECK(kit_now() - start < 5000000000);
    kit_close(&db);
}

/* ---- the state of a session ------------------------------------------------------------------------------------ */

static sqla_status ping(kit_conn *conn, uint32_t flags)
{
    kit_clear();
    if (kit_ops.ping != NULL)
        return kit_ops.ping(conn->handle, flags, kit_now() + 5000000000, KIT_ERR);
    return (flags & SQLA_PING_LOOK) != 0 ? SQLA_OK : kit_run(conn, kit_traits->ping);
}

static void session__ping(void)
{
    kit_conn db;
    kit_must_open(&db);
    EXPECT(ping(&db, 0), SQLA_OK);
    EXPECT(ping(&db, SQLA_PING_LOOK), SQLA_OK);
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    kit_close(&db);
}

static sqla_status reset(kit_conn *conn)
{
    kit_clear();
    return kit_ops.reset != NULL ? kit_ops.reset(conn->handle, 0, KIT_ERR) : kit_run(conn, kit_traits->reset);
}

/* Nothing of the session is left, or the connection says that it is better dropped. */
static void session__reset(void)
{
    kit_conn db;
    kit_must_open(&db);
    EXPECT(reset(&db), SQLA_OK);
    kit_must(&db, "CREATE TEMPORARY TABLE conf_temporary (a int)");
    sqla_status status = reset(&db);
    if (status != SQLA_ERR_UNSUPPORTED) {
        EXPECT(status, SQLA_OK);
        EXPECT(kit_run(&db, "SELECT * FROM conf_temporary"), SQLA_ERR_SQL);
    }
    kit_close(&db);
}

static void session__reset_keeps_statements(void)
{
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_statement statement = { sizeof statement, 0, "SELECT 1", 8, NULL };
    sqla_driver_result *result;
    kit_conn db;
    kit_must_open(&db);
    kit_clear();
    EXPECT(
        kit_ops.prepare(db.handle, "SELECT 1", 8, NULL, 1, &options, &statement.prepared, KIT_ERR), SQLA_OK);
    EXPECT(reset(&db), SQLA_OK);
    if (EXPECT(kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &result, KIT_ERR), SQLA_OK))
        kit_ops.result_close(result);
    kit_ops.stmt_close(statement.prepared);
    kit_close(&db);
}

/* A child that forgets an inherited connection does nothing to its parent's. */
static void session__abandon(void)
{
    kit_conn db;
    int status = -1;
    kit_must_open(&db);
    kit_drop(&db, "conf_abandon");
    kit_must(&db, kit_sql("CREATE TABLE conf_abandon (a %s)", kit_type(SQLA_INT32)));
    EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
    kit_must(&db, "INSERT INTO conf_abandon (a) VALUES (1)");
    pid_t pid = fork();
    if (pid == 0) {
        kit_ops.abandon(db.handle);
        _exit(0);
    }
    REQUIRE(pid > 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK_INT(kit_state(&db), SQLA_TXN_ACTIVE);
    EXPECT(kit_commit(&db), SQLA_OK);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM conf_abandon"), 1);
    kit_drop(&db, "conf_abandon");
    kit_close(&db);
}

/* ---- a link that breaks ---------------------------------------------------------------------------------------- */

/* Open a connection, and find the sockets that it opened; a database without a link has none. */
static void open_with_link(kit_conn *db, bool sockets[PROCESS_FILES])
{
    bool before[PROCESS_FILES], after[PROCESS_FILES];
    int links = 0;
    process_files(before);
    kit_must_open(db);
    process_files(after);
    for (int fd = 0; fd < PROCESS_FILES; fd++) {
        struct stat st;
        sockets[fd] = after[fd] && !before[fd] && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
        links += sockets[fd];
    }
    if (links == 0) {
        kit_close(db);
        conform_unsupported("the database has no link that could break: opening it opens no socket");
    }
}

static void cut(const bool sockets[PROCESS_FILES])
{
    for (int fd = 0; fd < PROCESS_FILES; fd++) {
        if (sockets[fd])
            shutdown(fd, SHUT_RDWR);
    }
}

static void session__dead_ping(void)
{
    bool sockets[PROCESS_FILES];
    kit_conn db;
    open_with_link(&db, sockets);
    cut(sockets);
    if (kit_ops.ping != NULL)
        EXPECT(ping(&db, SQLA_PING_LOOK), SQLA_ERR_DISCONNECTED);
    EXPECT(ping(&db, 0), SQLA_ERR_DISCONNECTED);
    CHECK_INT(kit_state(&db), SQLA_TXN_LOST);
    kit_close(&db);
}

static void session__dead_execute(void)
{
    bool sockets[PROCESS_FILES];
    kit_conn db;
    open_with_link(&db, sockets);
    cut(sockets);
    EXPECT(kit_run(&db, "SELECT 1"), SQLA_ERR_DISCONNECTED);
    CHECK_INT(kit_state(&db), SQLA_TXN_LOST);
    EXPECT(kit_run(&db, "SELECT 1"), SQLA_ERR_DISCONNECTED);
    kit_close(&db);
}

/* Whether it happened cannot be known, and must not be guessed. */
static void session__dead_commit(void)
{
    bool sockets[PROCESS_FILES];
    kit_conn db, other;
    kit_must_open(&other);
    kit_drop(&other, "conf_dead");
    kit_must(&other, kit_sql("CREATE TABLE conf_dead (a %s)", kit_type(SQLA_INT32)));
    open_with_link(&db, sockets);
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    kit_must(&db, "INSERT INTO conf_dead (a) VALUES (1)");
    cut(sockets);
    sqla_status status = kit_commit(&db);
    CHECK(status == SQLA_ERR_UNKNOWN_OUTCOME || status == SQLA_ERR_DISCONNECTED);
    CHECK_INT(kit_state(&db), SQLA_TXN_LOST);
    kit_close(&db);
    kit_drop(&other, "conf_dead");
    kit_close(&other);
}

/* ---- deadlines ------------------------------------------------------------------------------------------------- */

static void session__deadline(void)
{
    const char *text = kit_long_query();
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_result *result = NULL;
    const sqla_value *values;
    kit_conn db;
    kit_must_open(&db);
    kit_clear();
    int64_t start = kit_now();
    options.deadline = start + 200000000;
    sqla_status status = kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &result, KIT_ERR);
    if (status == SQLA_OK) {
        status = kit_ops.result_view(result, &values, KIT_ERR);
        kit_ops.result_close(result);
    }
    EXPECT(status, SQLA_ERR_TIMEOUT);
    CHECK(kit_now() - start >= 190000000 && kit_now() - start < 5000000000);
    kit_clear();
    if (kit_state(&db) != SQLA_TXN_LOST)
        CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    kit_close(&db);
}

/* A deadline that has passed: nothing is run. */
static void session__late_to_run(void)
{
    static const char text[] = "INSERT INTO conf_late (a) VALUES (1)";
    const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, NULL };
    sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_result *result = NULL;
    kit_conn db, other;
    kit_must_open(&db);
    kit_must_open(&other);
    kit_drop(&other, "conf_late");
    kit_must(&other, kit_sql("CREATE TABLE conf_late (a %s)", kit_type(SQLA_INT32)));
    options.deadline = kit_now() - 1;
    kit_clear();
    EXPECT(kit_ops.exec(db.handle, &statement, NULL, NULL, &options, &result, KIT_ERR), SQLA_ERR_TIMEOUT);
    CHECK_INT(kit_number(&other, "SELECT count(*) FROM conf_late"), 0);
    kit_close(&db);
    kit_drop(&other, "conf_late");
    kit_close(&other);
}

/* What set_deadline says holds for calls that are given none. */
static void session__told_deadline(void)
{
    sqla_driver_result *result = NULL;
    const sqla_value *values;
    kit_conn db;
    kit_must_open(&db);
    int64_t start = kit_now();
    sqla_status status = kit_exec(&db, kit_many_rows(), NULL, NULL, SQLA_EXEC_STREAM, &result);
    if (EXPECT(status, SQLA_OK)) {
        kit_ops.set_deadline(db.handle, start + 300000000);
        while (status == SQLA_OK && kit_now() - start < 5000000000)
            status = kit_ops.result_view(result, &values, KIT_ERR);
        EXPECT(status, SQLA_ERR_TIMEOUT);
        kit_ops.result_close(result);
    }
    CHECK(kit_now() - start < 5000000000);
    kit_close(&db);
}

/* ---- cancelling ------------------------------------------------------------------------------------------------ */

typedef struct canceller {
    sqla_driver_canceller *handle;
    long after_ms;
    sqla_status status;
} canceller;

static void *fire(void *arg)
{
    canceller *c = arg;
    pause_ms(c->after_ms);
    c->status = kit_ops.cancel_fire(c->handle, kit_now() + 5000000000, NULL);
    return NULL;
}

/* So that a cancel that does nothing costs seconds, and not the time of the check. */
static sqla_status run_for(kit_conn *db, const char *text, int64_t seconds)
{
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, 0, kit_now() + seconds * 1000000000 };
    sqla_driver_result *result = NULL;
    kit_clear();
    sqla_status status = kit_ops.exec(db->handle, &statement, NULL, NULL, &options, &result, KIT_ERR);
    if (status == SQLA_OK)
        kit_ops.result_close(result);
    return status;
}

static void session__cancel(void)
{
    canceller c = { NULL, 200, SQLA_OK };
    pthread_t thread;
    kit_conn db;
    kit_must_open(&db);
    kit_clear();
    EXPECT(kit_ops.cancel_new(db.handle, &c.handle, KIT_ERR), SQLA_OK);
    CHECK_INT(kit_ops.cancel_fire(c.handle, kit_now() + 5000000000, KIT_ERR),
        SQLA_OK); /* nothing runs: nothing happens */
    CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    for (int i = 0; i < 3; i++) {
        bool in_transaction = i == 1;
        if (in_transaction)
            EXPECT(kit_begin(&db, 0), SQLA_OK);
        int64_t start = kit_now();
        CHECK_INT(pthread_create(&thread, NULL, fire, &c), 0);
        EXPECT(run_for(&db, kit_long_query(), 5), SQLA_ERR_CANCELLED);
        CHECK(kit_now() - start < 5000000000); /* enough for valgrind */
        CHECK_TEXT(kit_last.sqlstate, "57014");
        pthread_join(thread, NULL);
        EXPECT(c.status, SQLA_OK);
        if (in_transaction)
            EXPECT(kit_rollback(&db), SQLA_OK);
        CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
        CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    }
    kit_ops.cancel_free(c.handle);
    kit_close(&db);
}

/* A write that is cancelled in a transaction: whatever the database does with the transaction, txn_state tells it, nothing
 * goes on in autocommit unseen, and a rollback makes all well. */
static void session__cancelled_write(void)
{
    canceller c = { NULL, 200, SQLA_OK };
    pthread_t thread;
    kit_conn db;
    kit_must_open(&db);
    kit_drop(&db, "conf_cancel");
    kit_must(&db, kit_sql("CREATE TABLE conf_cancel (id %s)", kit_type(SQLA_INT64)));
    kit_clear();
    EXPECT(kit_ops.cancel_new(db.handle, &c.handle, KIT_ERR), SQLA_OK);
    EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
    CHECK_INT(pthread_create(&thread, NULL, fire, &c), 0);
    EXPECT(run_for(&db,
               "INSERT INTO conf_cancel (id) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
               "WHERE i < 500) SELECT a.i FROM n a, n b, n c, n d WHERE a.i + b.i + c.i + d.i > 1999",
               5),
        SQLA_ERR_CANCELLED);
    pthread_join(thread, NULL);
    sqla_txn_state state = kit_state(&db);
    CHECK(state == SQLA_TXN_ACTIVE || state == SQLA_TXN_FAILED);
    if (state == SQLA_TXN_FAILED)
        CHECK(kit_run(&db, "INSERT INTO conf_cancel (id) VALUES (1)") != SQLA_OK);
    EXPECT(kit_rollback(&db), SQLA_OK);
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM conf_cancel"), 0);
    kit_ops.cancel_free(c.handle);
    kit_drop(&db, "conf_cancel");
    kit_close(&db);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* The work whose every allocation fails once. */
static sqla_status work(kit_conn *db)
{
    struct row {
        int64_t id;
        const char *name;
    } row = { 1, "name" };
    const sqla_slot slots[] = { KIT_SLOT(struct row, id, SQLA_INT64, SQLA_REP_FIXED, 0),
        KIT_SLOT(struct row, name, SQLA_TEXT, SQLA_REP_CSTR, 1) };
    const sqla_plan plan = KIT_PLAN(slots);
    void *rows[] = { &row };
    const sqla_value *values;
    sqla_driver_result *result;
    size_t count;
    bool end;
    kit_arena arena;
    sqla_status status =
        kit_run_with(db, kit_sql("INSERT INTO conf_memory (id, name) VALUES (?, ?)"), &plan, &row);
    if (status == SQLA_OK)
        status = kit_exec(db, "SELECT id, name FROM conf_memory", NULL, NULL, SQLA_EXEC_STREAM, &result);
    if (status != SQLA_OK)
        return status;
    kit_arena_init(&arena);
    kit_ops.result_info(result);
    status = kit_ops.result_fetch(result, &plan, rows, 1, &arena.base, &count, &end, KIT_ERR);
    if (status == SQLA_OK)
        status = kit_ops.result_view(result, &values, KIT_ERR);
    kit_ops.result_close(result);
    kit_arena_release(&arena);
    return status;
}

static void session__no_memory(void)
{
    kit_conn db, keeper;
    long blocks = kit_blocks();
    kit_must_open(&keeper);
    kit_drop(&keeper, "conf_memory");
    kit_must(&keeper,
        kit_sql("CREATE TABLE conf_memory (id %s, name %s)", kit_type(SQLA_INT64), kit_type(SQLA_TEXT)));
    for (long n = 1; n < 500; n++) {
        kit_fail_alloc(n);
        sqla_status status = kit_open(&db, NULL, 0, 0);
        if (status == SQLA_OK)
            status = work(&db);
        kit_fail_alloc(0);
        CHECK(status == SQLA_OK || (status == SQLA_ERR_NOMEM && kit_last.calls == 1));
        kit_close(&db);
        if (status == SQLA_OK)
            break;
    }
    kit_drop(&keeper, "conf_memory");
    kit_close(&keeper);
    CHECK_INT(kit_blocks(), blocks);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

const conform_check conform_connection_checks[] = {
    { "con-01", "a connection tells about itself, and no more than the traits", NEEDS_DATABASE | WITHOUT_SQL,
        0, session__info },
    { "con-02", "a key that is not known is refused by its name", NEEDS_DATABASE | WITHOUT_SQL, 0,
        session__unknown_parameter },
    { "con-03", "a wrong password is DENIED, and shown nowhere", NEEDS_DATABASE | WITHOUT_SQL, 0,
        session__wrong_password },
    { "con-04", "a host that does not answer costs no more than the deadline", NEEDS_DATABASE | WITHOUT_SQL,
        0, session__unreachable },
    { "con-05", "ping on a live connection", NEEDS_DATABASE | WITHOUT_SQL | NEEDS_PING, 0, session__ping },
    { "con-06", "ping on a dead one", NEEDS_DATABASE | WITHOUT_SQL | NEEDS_PING, 0, session__dead_ping },
    { "con-07", "a broken link is told by whatever runs into it", NEEDS_DATABASE, 0, session__dead_execute },
    { "con-08", "cancelling from another thread", NEEDS_DATABASE | NEEDS_CANCEL, 0, session__cancel },
    { "con-09", "a write that was cancelled is undone", NEEDS_DATABASE | NEEDS_CANCEL, 0,
        session__cancelled_write },
    { "con-10", "opening and closing again and again costs nothing", NEEDS_DATABASE, 0,
        session__open_and_close },
    { "con-11", "opening after the deadline", NEEDS_DATABASE | WITHOUT_SQL, 0, session__late_to_open },
    { "con-12", "out of memory at any place is NOMEM, and nothing is lost", NEEDS_DATABASE, 0,
        session__no_memory },
    { "con-13", "reset leaves nothing of the session", NEEDS_DATABASE | NEEDS_RESET, 0, session__reset },
    { "con-14", "a deadline ends what runs", NEEDS_DATABASE, 0, session__deadline },
    { "con-15", "work leaves the process alone", NEEDS_DATABASE, 0, session__leaves_the_process_alone },
    { "con-16", "a commit that runs into a broken link is no success", NEEDS_DATABASE, 0,
        session__dead_commit },
    { "con-17", "a child that abandons a connection does not disturb its parent",
        NEEDS_DATABASE | NEEDS_ABANDON, 0, session__abandon },
    { "con-18", "reset keeps prepared statements", NEEDS_DATABASE | NEEDS_RESET | NEEDS_PREPARE, 0,
        session__reset_keeps_statements },
    { "con-19", "after a deadline nothing is run", NEEDS_DATABASE, 0, session__late_to_run },
    { "con-20", "a deadline that was told ends what runs", NEEDS_DATABASE | NEEDS_SET_DEADLINE, 0,
        session__told_deadline },
    { "con-21", "the keys that open takes are listed", NEEDS_DATABASE | WITHOUT_SQL | NEEDS_OPTIONS, 0,
        session__options },
    { "con-22", "statements cost nothing when they are over", NEEDS_DATABASE, 0, session__statements },
    { NULL, NULL, 0, 0, NULL },
};
