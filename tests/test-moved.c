/* test-moved.c: a file of SQLite that is moved, replaced or deleted while it is open: the next call says
 * so, and nothing is written to a file that nobody finds. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"

typedef enum fate { MOVED, DELETED, REPLACED, FATES } fate;

static char moved_to[1100];

static void meet(const char *url, fate f)
{
    const char *path = harness_sqlite_path(url);
    char other[1100];
    snprintf(moved_to, sizeof moved_to, "%s.moved", path);
    snprintf(other, sizeof other, "%s.other", path);
    if (f == REPLACED) {
        char other_url[1200];
        snprintf(other_url, sizeof other_url, "sqlite:///%s", other);
        sqla_engine *db = sqla_create_engine(other_url, NULL, NULL);
        CU_ASSERT_EQUAL(sqla_execute(db, "CREATE TABLE t (n INTEGER)", NULL, NULL), SQLA_OK);
        sqla_engine_free(db);
    }
    CU_ASSERT_EQUAL(f == MOVED     ? rename(path, moved_to)
                    : f == DELETED ? unlink(path)
                                   : rename(other, path),
        0);
}

static void undo(const char *url)
{
    (void)unlink(harness_sqlite_path(url));
    (void)unlink(moved_to);
    char beside[1200];
    snprintf(beside, sizeof beside, "%s-wal", harness_sqlite_path(url));
    (void)unlink(beside);
    snprintf(beside, sizeof beside, "%s-shm", harness_sqlite_path(url));
    (void)unlink(beside);
}

/* Of what the error says: both names, and that it is a matter of files. */
static void check_error(const char *url, fate f, sqla_error *err)
{
    CU_ASSERT(is(err, SQLA_ERR_IO));
    CU_ASSERT(says(err, harness_sqlite_path(url)));
    CU_ASSERT(f != MOVED || says(err, moved_to));
    CU_ASSERT(f == MOVED || says(err, "(deleted)"));
    CU_ASSERT(f != REPLACED || says(err, "another file has that name"));
    sqla_error_clear(err);
}

static sqla_engine *make_engine(const char *url, const char *journal, sqla_error *err)
{
    char with[1400];
    snprintf(with, sizeof with, "%s?journal_mode=%s", url, journal);
    sqla_engine *db = sqla_create_engine(with, NULL, err);
    sqla_execute(db, "CREATE TABLE t (n INTEGER)", NULL, err);
    CU_ASSERT(is(err, SQLA_OK));
    return db;
}

/* Nothing has come into the place of the file that went. */
static void check_place(const char *url, fate f)
{
    struct stat st;
    bool there = stat(harness_sqlite_path(url), &st) == 0;
    CU_ASSERT_EQUAL(there, f == REPLACED);
    CU_ASSERT(f != REPLACED || harness_sql_int(url, "SELECT count(*) FROM t") == 0);
}

/* Who holds a connection outside of a transaction, at a begin, and before a commit. */
static void held__connection_says_so(const char *url)
{
    static const char *const journals[] = { "delete", "wal" };
    for (int i = 0; i < 3 * FATES * 2; i++) {
        fate f = (fate)(i % FATES);
        int when = i / FATES % 3;
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = make_engine(url, journals[i / (3 * FATES)], &err);
        sqla_conn *conn = sqla_connect(db, &err);
        if (when == 2) {
            CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
            CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
        }
        meet(url, f);
        sqla_status status = when == 0   ? sqla_execute(conn, "INSERT INTO t VALUES (2)", NULL, &err)
                             : when == 1 ? sqla_conn_begin(conn, &err)
                                         : sqla_conn_commit(conn, &err);
        CU_ASSERT_EQUAL(status, SQLA_ERR_IO);
        check_error(url, f, &err);
        check_place(url, f);
        sqla_conn_close(conn);
        sqla_engine_free(db);
        undo(url);
    }
}

/* The pool says so at the next checkout, and at each one after that: it makes no new file, and takes no
 * other. */
static void pool__says_so_for_good(const char *url)
{
    for (int i = 0; i < 2 * FATES; i++) {
        fate f = (fate)(i % FATES);
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = make_engine(url, i < FATES ? "delete" : "wal", &err);
        meet(url, f);
        CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (2)", NULL, &err), SQLA_ERR_IO);
        check_error(url, f, &err);
        for (int again = 0; again < 3; again++) {
            CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (3)", NULL, &err), SQLA_ERR_IO);
            CU_ASSERT(says(&err, harness_sqlite_path(url)) && says(&err, "moved"));
            sqla_error_clear(&err);
        }
        check_place(url, f);
        CU_ASSERT_EQUAL(sqla_engine_pool_status(db).out, 0);
        sqla_engine_free(db);
        undo(url);
    }
}

/* A file that comes back is the same one. */
static void pool__goes_on_with_the_file_that_came_back(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = make_engine(url, "delete", &err);
    meet(url, MOVED);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (2)", NULL, NULL), SQLA_ERR_IO);
    CU_ASSERT_EQUAL(rename(moved_to, harness_sqlite_path(url)), 0);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (3)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT sum(n) FROM t"), 3);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
}

/* A new engine takes what is there. */
static void engine__of_its_own_takes_what_is_there(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = make_engine(url, "delete", &err);
    meet(url, DELETED);
    sqla_engine *fresh = make_engine(url, "delete", &err);
    CU_ASSERT_EQUAL(sqla_execute(fresh, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (2)", NULL, NULL), SQLA_ERR_IO);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT sum(n) FROM t"), 1);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(fresh);
    sqla_engine_free(db);
}

static const struct harness_test tests[] = {
    { "held: a connection says so", held__connection_says_so, HARNESS_SQLITE },
    { "pool: says so for good", pool__says_so_for_good, HARNESS_SQLITE },
    { "pool: goes on with the file that came back", pool__goes_on_with_the_file_that_came_back,
        HARNESS_SQLITE },
    { "engine: one of its own takes what is there", engine__of_its_own_takes_what_is_there, HARNESS_SQLITE },
};

int main(void)
{
    return harness_main("test-moved", tests, sizeof tests / sizeof tests[0]);
}
