/* connection.c: connections: opening and closing, ping, reset, and links that break. */
#include <config.h>
#include "kit.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

/* ---- opening --------------------------------------------------------------------------------------------------- */

static void connection__info(void)
{
    kit_conn db;
    kit_must_open(&db);
    CHECK(db.info.product != NULL && db.info.product[0] != '\0');
    CHECK_INT(db.info.features & ~kit_traits->features, 0);
    CHECK_INT(kit_state(&db), SQLA_TXN_IDLE);
    kit_close(&db);
}

/* Do something again and again: what it takes is given back, descriptors, the host's blocks, and all other memory. The
 * memory of the process may grow for a while, as an allocator of the client library's fills its caches; what grows in the
 * second half by as much as in the first is lost. each: bytes a time that say so. */
static void costs_nothing(void (*once)(int i), int most, long each)
{
    enum { WARM_S = 1, HALF_S = 2 }; /* where it takes long, fewer do */
    bool before[PROCESS_FILES], after[PROCESS_FILES];
    int i = 0, half = 0;
    int64_t until = kit_now() + WARM_S * INT64_C(1000000000);
    while (i < most / 10 && (i < 8 || kit_now() < until)) /* what is made once is made */
        once(i++);
    int files = process_files(before);
    long blocks = kit_blocks(), held[3] = { process_held() };
    until = kit_now() + HALF_S * INT64_C(1000000000);
    for (; half < most / 2 && (half < 8 || kit_now() < until); half++)
        once(i++);
    held[1] = process_held();
    for (int k = 0; k < half; k++)
        once(i++);
    held[2] = process_held();
    CHECK_INT(process_files(after), files);
    CHECK_INT(kit_blocks(), blocks);
    long lost = held[2] - held[1] < held[1] - held[0] ? held[2] - held[1] : held[1] - held[0];
    CHECK(lost / half < each);
}

static void open_and_close(int i)
{
    kit_conn db;
    kit_must_open(&db);
    if (i % 2 == 0)
        CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    kit_close(&db);
}

static void connection__open_and_close(void)
{
    costs_nothing(open_and_close, 500, 4096);
}

/* The connection of the checks below, which stays open. */
static kit_conn staying;

static void run_and_prepare(int i)
{
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_stmt *stmt = NULL;
    (void)i;
    CHECK_INT(kit_number(&staying, "SELECT 1"), 1);
    kit_clear();
    if (kit_ops.prepare != NULL &&
        EXPECT(kit_ops.prepare(staying.handle, "SELECT 1", 8, NULL, 1, &options, &stmt, KIT_ERR), SQLA_OK))
        kit_ops.stmt_close(stmt);
}

static void connection__statements(void)
{
    kit_must_open(&staying);
    costs_nothing(run_and_prepare, 4000, 16);
    kit_close(&staying);
}

static void fail_each_way(int i)
{
    static const char *const texts[] = { "SELECT * FROM [conf_nothing]", "SELEKT 1",
        "INSERT INTO [conf_fails] ([a]) VALUES (1)", "SELECT 1; SELECT 2" };
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_stmt *stmt = NULL;
    CHECK(kit_run(&staying, texts[i % 4]) != SQLA_OK);
    kit_clear();
    if (kit_ops.prepare != NULL)
        CHECK(kit_ops.prepare(staying.handle, "SELEKT 1", 8, NULL, 1, &options, &stmt, KIT_ERR) != SQLA_OK);
}

static void connection__failed_statements(void)
{
    kit_must_open(&staying);
    kit_drop(&staying, "conf_fails");
    kit_must(
        &staying, kit_sql("CREATE TABLE [conf_fails] ([a] %s NOT NULL PRIMARY KEY)", kit_type(SQLA_INT32)));
    kit_must(&staying, "INSERT INTO [conf_fails] ([a]) VALUES (1)");
    costs_nothing(fail_each_way, 8000, 8);
    kit_drop(&staying, "conf_fails");
    kit_close(&staying);
}

/* Work does nothing to the process that others would notice. */
static void connection__leaves_the_process_alone(void)
{
    process_state before, after;
    kit_conn db;
    process_look(&before);
    kit_must_open(&db);
    kit_drop(&db, "conf_alone");
    kit_must(&db, kit_sql("CREATE TABLE [conf_alone] ([a] %s)", kit_type(SQLA_INT32)));
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    kit_must(&db, "INSERT INTO [conf_alone] ([a]) VALUES (1)");
    EXPECT(kit_rollback(&db), SQLA_OK);
    EXPECT(kit_run(&db, "SELEKT 1"), SQLA_ERR_SQL);
    process_look(&after);
    process_compare(&before, &after);
    kit_drop(&db, "conf_alone");
    kit_close(&db);
    process_look(&after);
    process_compare(&before, &after);
}

static void connection__unknown_parameter(void)
{
    const sqla_connect_param wrong = { "conf_no_such_key", "1" };
    kit_conn db;
    EXPECT(kit_open(&db, &wrong, 1, 0), SQLA_ERR_CONFIG);
    CHECK(strstr(kit_last.message, "conf_no_such_key") != NULL);
    CHECK(db.handle == NULL);
    kit_close(&db);
}

static void connection__late_to_open(void)
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

static void connection__options(void)
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
static void connection__wrong_password(void)
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
    CHECK(strstr(kit_logged(), secret) == NULL);
    kit_close(&db);
}

/* An address of documentation (RFC 5737), where nobody answers. */
static void connection__unreachable(void)
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

static void connection__ping(void)
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
static void connection__reset(void)
{
    kit_conn db;
    kit_must_open(&db);
    EXPECT(reset(&db), SQLA_OK);
    kit_must(&db, kit_sql("CREATE TEMPORARY TABLE [conf_temporary] ([a] %s)", kit_type(SQLA_INT32)));
    sqla_status status = reset(&db);
    if (status != SQLA_ERR_UNSUPPORTED) {
        EXPECT(status, SQLA_OK);
        EXPECT(kit_run(&db, "SELECT * FROM [conf_temporary]"), SQLA_ERR_SQL);
    }
    kit_close(&db);
}

static void connection__reset_keeps_statements(void)
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
static void connection__abandon(void)
{
    kit_conn db;
    int status = -1;
    kit_must_open(&db);
    kit_drop(&db, "conf_abandon");
    kit_must(&db, kit_sql("CREATE TABLE [conf_abandon] ([a] %s)", kit_type(SQLA_INT32)));
    EXPECT(kit_begin(&db, SQLA_TXN_WRITE), SQLA_OK);
    kit_must(&db, "INSERT INTO [conf_abandon] ([a]) VALUES (1)");
    pid_t pid = fork();
    if (pid == 0) {
        kit_ops.abandon(db.handle);
        _exit(0);
    }
    REQUIRE(pid > 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK_INT(kit_state(&db), SQLA_TXN_ACTIVE);
    EXPECT(kit_commit(&db), SQLA_OK);
    CHECK_INT(kit_number(&db, "SELECT count(*) FROM [conf_abandon]"), 1);
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

static void connection__dead_ping(void)
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

static void connection__dead_execute(void)
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
static void connection__dead_commit(void)
{
    bool sockets[PROCESS_FILES];
    kit_conn db, other;
    kit_must_open(&other);
    kit_drop(&other, "conf_dead");
    kit_must(&other, kit_sql("CREATE TABLE [conf_dead] ([a] %s)", kit_type(SQLA_INT32)));
    open_with_link(&db, sockets);
    EXPECT(kit_begin(&db, 0), SQLA_OK);
    kit_must(&db, "INSERT INTO [conf_dead] ([a]) VALUES (1)");
    cut(sockets);
    sqla_status status = kit_commit(&db);
    CHECK(status == SQLA_ERR_UNKNOWN_OUTCOME || status == SQLA_ERR_DISCONNECTED);
    CHECK_INT(kit_state(&db), SQLA_TXN_LOST);
    kit_close(&db);
    kit_drop(&other, "conf_dead");
    kit_close(&other);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

const conform_check conform_connection_checks[] = {
    { "con-01", "a connection tells about itself, and no more than the traits", NEEDS_DATABASE | WITHOUT_SQL,
        0, connection__info },
    { "con-02", "a key that is not known is refused by its name", NEEDS_DATABASE | WITHOUT_SQL, 0,
        connection__unknown_parameter },
    { "con-03", "a wrong password is DENIED, and shown nowhere", NEEDS_DATABASE | WITHOUT_SQL, 0,
        connection__wrong_password },
    { "con-04", "a host that does not answer costs no more than the deadline", NEEDS_DATABASE | WITHOUT_SQL,
        0, connection__unreachable },
    { "con-05", "ping on a live connection", NEEDS_DATABASE | WITHOUT_SQL | NEEDS_PING, 0, connection__ping },
    { "con-06", "ping on a dead one", NEEDS_DATABASE | WITHOUT_SQL | NEEDS_PING, 0, connection__dead_ping },
    { "con-07", "a broken link is told by whatever runs into it", NEEDS_DATABASE, 0,
        connection__dead_execute },
    { "con-10", "opening and closing again and again costs nothing", NEEDS_DATABASE, 0,
        connection__open_and_close },
    { "con-11", "opening after the deadline", NEEDS_DATABASE | WITHOUT_SQL, 0, connection__late_to_open },
    { "con-13", "reset leaves nothing of the session", NEEDS_DATABASE | NEEDS_RESET, 0, connection__reset },
    { "con-15", "work leaves the process alone", NEEDS_DATABASE, 0, connection__leaves_the_process_alone },
    { "con-16", "a commit that runs into a broken link is no success", NEEDS_DATABASE, 0,
        connection__dead_commit },
    { "con-17", "a child that abandons a connection does not disturb its parent",
        NEEDS_DATABASE | NEEDS_ABANDON, 0, connection__abandon },
    { "con-18", "reset keeps prepared statements", NEEDS_DATABASE | NEEDS_RESET | NEEDS_PREPARE, 0,
        connection__reset_keeps_statements },
    { "con-21", "the keys that open takes are listed", NEEDS_DATABASE | WITHOUT_SQL | NEEDS_OPTIONS, 0,
        connection__options },
    { "con-22", "statements cost nothing when they are over", NEEDS_DATABASE, 0, connection__statements },
    { "con-27", "statements that fail cost nothing", NEEDS_DATABASE, 0, connection__failed_statements },
    { NULL, NULL, 0, 0, NULL },
};
