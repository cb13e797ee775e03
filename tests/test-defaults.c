/* test-defaults.c: what the host does in the place of slots that a driver leaves out, with the scripted driver of vice.c. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine.h"

/* A copy of the driver's file, so that it is loaded anew and offers itself as how says. */
static sqla_engine *vice(const char *how)
{
    static char others[4096];
    char command[9000], path[9000];
    const char *build = getenv("BUILD");
    snprintf(command, sizeof command, "cp '%s/tests/.libs/vice.so' '%s/vice.so'", build != NULL ? build : ".", harness_folder());
    CU_ASSERT_EQUAL_FATAL(system(command), 0);
    if (others[0] == '\0' && getenv("SQLA_PLUGIN_PATH") != NULL)
        snprintf(others, sizeof others, "%s", getenv("SQLA_PLUGIN_PATH"));
    snprintf(path, sizeof path, "%s:%s", harness_folder(), others);
    setenv("SQLA_PLUGIN_PATH", path, 1);
    setenv("SQLA_TEST_VICE", how, 1);
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine("vice://home", NULL, &err);
    CU_ASSERT_FATAL(is(&err, SQLA_OK));
    return db;
}

static sqla_conn *connect_to(sqla_engine *db)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_FATAL(is(&err, SQLA_OK));
    return conn;
}

static void end(sqla_engine *db, sqla_conn *conn)
{
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- transactions --------------------------------------------------------------------------------------------------- */

/* Of a driver that has no text for a thing, nobody can have it. */
static void texts_that_are_missing(const char *url)
{
    (void)url;
    sqla_engine *db = vice("bare");
    sqla_conn *conn = connect_to(db);
    const sqla__slots *slots = &conn->driver->slots;
    sqla_txn_options options = { .struct_size = sizeof options };
    for (int i = 0; i < 8; i++) {
        static const char *const texts[] = { "begin a transaction", "commit a transaction", "roll a transaction back", "no savepoints",
                                             "reset a connection", "what is in a database", "what became of a commit", "isolation" };
        sqla_error err = SQLA_ERROR_INIT;
        int32_t outcome = 0;
        switch (i) {
        case 0: slots->begin(conn, &options, &err); break;
        case 1: slots->commit(conn, &options, &err); break;
        case 2: slots->rollback(conn, &options, &err); break;
        case 3: slots->savepoint(conn, SQLA_SAVEPOINT_SET, "a", &err); break;
        case 4: slots->reset(conn, 0, &err); break;
        case 5: slots->reflect(conn, SQLA_REFLECT_TABLES, NULL, NULL, &err); break;
        case 6: slots->resolve(conn, "token", &outcome, &err); break;
        case 7:
            options.isolation = SQLA_SERIALIZABLE;
            slots->begin(conn, &options, &err);
            break;
        }
        CU_ASSERT(is(&err, SQLA_ERR_UNSUPPORTED));
        CU_ASSERT(says(&err, texts[i]));
        CU_ASSERT(says(&err, "'vice'"));
    }
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(slots->ping(conn, 0, 0, &err), SQLA_OK); /* nothing speaks against it */
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_ERR_UNSUPPORTED);
    slots->set_deadline(conn, 1);
    sqla_conn_close(conn);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).out, 0);
    sqla_engine_free(db);
}

static bool begins_as(sqla_conn *conn, uint32_t flags, uint32_t isolation, const char *text)
{
    sqla_error err = SQLA_ERROR_INIT, said = SQLA_ERROR_INIT;
    const sqla_txn_options options = { .struct_size = sizeof options, .flags = flags, .isolation = isolation };
    CU_ASSERT_EQUAL(conn->driver->slots.begin(conn, &options, &err), SQLA_OK);
    sqla__conn_simple(conn, "what began", 0, &said);
    CU_ASSERT_EQUAL(conn->driver->slots.rollback(conn, &options, &err), SQLA_OK);
    return is(&err, SQLA_OK) && strcmp(said.message, text) == 0;
}

static void texts_of_other_forms(const char *url)
{
    (void)url;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = vice("forms");
    sqla_conn *conn = connect_to(db);
    const sqla__slots *slots = &conn->driver->slots;
    CU_ASSERT(begins_as(conn, 0, SQLA_ISOLATION_DEFAULT, "BEGIN"));
    CU_ASSERT(begins_as(conn, SQLA_TXN_READ_ONLY, SQLA_ISOLATION_DEFAULT, "BEGIN READING"));
    CU_ASSERT(begins_as(conn, SQLA_TXN_WRITE, SQLA_ISOLATION_DEFAULT, "BEGIN WRITING"));
    CU_ASSERT(begins_as(conn, 0, SQLA_SERIALIZABLE, "BEGIN")); /* the only one that there is */
    CU_ASSERT(begins_as(conn, SQLA_TXN_DEFERRABLE | SQLA_TXN_READ_ONLY, SQLA_SERIALIZABLE, "BEGIN READING"));
    const sqla_txn_options other = { .struct_size = sizeof other, .isolation = SQLA_READ_COMMITTED };
    CU_ASSERT_EQUAL(slots->begin(conn, &other, &err), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT(says(&err, "cannot choose the isolation"));
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(slots->savepoint(conn, SQLA_SAVEPOINT_SET, "a", &err), SQLA_ERR_UNSUPPORTED); /* a text without a place for the name */
    CU_ASSERT(says(&err, "no savepoints"));
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(slots->savepoint(conn, SQLA_SAVEPOINT_RELEASE, "bad \xff name", &err), SQLA_ERR_SQL);
    CU_ASSERT(says(&err, "not valid UTF-8"));
    end(db, conn);
}

/* A COMMIT whose connection breaks may have happened, whatever the failure is called; one that meets a lock has not. */
static void commits_that_fail(const char *url)
{
    static const struct { const char *doom; sqla_status status; const char *text; } cases[] = {
        { "doom lost", SQLA_ERR_UNKNOWN_OUTCOME, "so it may have happened: the line is dead" },
        { "doom gone", SQLA_ERR_UNKNOWN_OUTCOME, "so it may have happened: it cannot be read" },
        { "doom busy", SQLA_ERR_BUSY, "somebody else has the lock" },
    };
    (void)url;
    sqla_engine *db = vice("");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_conn *conn = connect_to(db);
        CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, cases[i].doom, NULL, &err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), cases[i].status);
        CU_ASSERT(is(&err, cases[i].status) && says(&err, cases[i].text));
        sqla_conn_close(conn);
        sqla_pool_status pool = sqla_engine_pool_status(db);
        CU_ASSERT(pool.out == 0 && pool.idle == (cases[i].status == SQLA_ERR_BUSY));
    }
    sqla_engine_free(db);
}

/* ---- batches -------------------------------------------------------------------------------------------------------- */

typedef struct record { int64_t key; } record;

static void batches_row_by_row(const char *url)
{
    static const struct { const char *text; uint32_t keys; sqla_status status; const char *says; int64_t row, affected, unmatched; } cases[] = {
        { "change 2", SQLA_KEY_NONE, SQLA_OK, "", 0, 6, -1 },
        { "change 0", SQLA_KEY_NONE, SQLA_OK, "", 0, 0, 0 },
        { "rows 1", SQLA_KEY_NONE, SQLA_OK, "", 0, -1, -1 }, /* rows that nobody reads, and no word about changes: not known */
        { "rows 1", SQLA_KEY_RETURNED, SQLA_OK, "", 0, 3, -1 },
        { "change -1", SQLA_KEY_NONE, SQLA_OK, "", 0, -1, -1 },
        { "rows 0", SQLA_KEY_RETURNED, SQLA_ERR_PROTOCOL, "returned no key", 1, -1, -1 }, /* what it wrote is there */
        { "greedy", SQLA_KEY_RETURNED, SQLA_ERR_PROTOCOL, "returned no key", 1, -1, -1 },
        { "sour", SQLA_KEY_RETURNED, SQLA_ERR_CORRUPT, "cannot be read", 1, -1, -1 },
        { "busy", SQLA_KEY_NONE, SQLA_ERR_BUSY, "has the lock", 1, 0, -1 },
        { "change 1", SQLA_KEY_LAST_ID, SQLA_ERR_UNSUPPORTED, "last generated key", 0, 0, -1 },
    };
    static const sqla_slot slot = { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = 8, .set_offset = -1, .name = "key" };
    static const sqla_plan keys = { sizeof keys, 1, &slot };
    (void)url;
    sqla_engine *db = vice("");
    sqla_conn *conn = connect_to(db);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        record records[3] = { { 0 }, { 0 }, { 0 } };
        void *rows[] = { &records[0], &records[1], &records[2] };
        const sqla_statement statement = { sizeof statement, 0, cases[i].text, strlen(cases[i].text), NULL };
        sqla_batch batch = { .struct_size = sizeof batch, .mode = SQLA_BATCH_EACH, .rows = rows, .count = 3, .key_source = cases[i].keys, .keys = &keys,
            .unmatched = -1 };
        CU_ASSERT_EQUAL(conn->driver->slots.execute_many(conn, &statement, &batch, &err), cases[i].status);
        CU_ASSERT(is(&err, cases[i].status) && says(&err, cases[i].says));
        CU_ASSERT_EQUAL(err.row, cases[i].row);
        CU_ASSERT_EQUAL(batch.affected, cases[i].affected);
        CU_ASSERT_EQUAL(batch.unmatched, cases[i].unmatched);
        CU_ASSERT_EQUAL(records[2].key, cases[i].status == SQLA_OK && cases[i].keys == SQLA_KEY_RETURNED ? 1 : 0);
    }
    end(db, conn);
}

/* ---- after fork ----------------------------------------------------------------------------------------------------- */

/* The child gives up what it inherited without a word to anybody, by the driver's function or by doing nothing, and works with
 * an engine of its own, also when the parent was loading a driver. */
static void children_give_up(const char *url)
{
    int status = 0;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = url != NULL ? sqla_create_engine(url, NULL, &err) : vice("");
    sqla_conn *conn = connect_to(db);
    fflush(NULL);
    pid_t pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        bool refused = sqla_execute(conn, "SELECT 1", NULL, &err) != SQLA_OK;
        sqla_conn_close(conn);
        sqla_engine_free(db);
        sqla_error_clear(&err);
        db = sqla_create_engine(url != NULL ? url : "vice://home", NULL, &err);
        bool works = sqla_execute(db, "SELECT 1", NULL, &err) == SQLA_OK;
        sqla_engine_free(db);
        harness_end_child(refused && works ? 0 : 1);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT 1", NULL, &err), SQLA_OK); /* and the parent's is as it was */
    end(db, conn);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "texts that are missing", texts_that_are_missing, HARNESS_PLAIN },
        { "texts of other forms", texts_of_other_forms, HARNESS_PLAIN },
        { "commits that fail", commits_that_fail, HARNESS_PLAIN },
        { "batches row by row", batches_row_by_row, HARNESS_PLAIN },
        { "children give up", children_give_up, HARNESS_PLAIN | HARNESS_DATABASES },
    };
    return harness_main("test-defaults", tests, sizeof tests / sizeof tests[0]);
}
