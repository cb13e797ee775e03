/* test-sqlite-sync.c: a disk that cannot be written to, or synchronised, just when a transaction commits.
 * What is told is held against what is in the file when it is opened anew, by way of a file system (VFS) of
 * the tests whose files fail when they are told to. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>
#include <sqlite3.h>

/* ---- the file system ----------------------------------------------------------------------------------- */

/* What fails from now on, for good, on files whose name ends so. */
static struct {
    bool sync, write, remove;
    const char *suffix;
    int met;
} broken;

typedef struct file {
    sqlite3_file base;
    bool named; /* it is one of those that can fail */
    char name[300];
    sqlite3_file *real; /* behind this struct */
} file;

static sqlite3_vfs *system_vfs;

static bool ends_with(const char *name, const char *suffix)
{
    size_t n = name != NULL ? strlen(name) : 0, m = strlen(suffix);
    return n >= m && strcmp(name + n - m, suffix) == 0;
}

static bool fails(const sqlite3_file *f, bool on)
{
    const file *mine = (const file *)(const void *)f;
    bool hit = on && broken.suffix != NULL && ends_with(mine->name, broken.suffix);
    broken.met += hit;
    return hit;
}

#define REAL(f) (((file *)(void *)(f))->real)
static int do_close(sqlite3_file *f)
{
    return REAL(f)->pMethods->xClose(REAL(f));
}
static int do_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return REAL(f)->pMethods->xRead(REAL(f), to, n, at);
}
static int do_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    return fails(f, broken.write) ? SQLITE_IOERR_WRITE : REAL(f)->pMethods->xWrite(REAL(f), from, n, at);
}
static int do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return REAL(f)->pMethods->xTruncate(REAL(f), size);
}
static int do_sync(sqlite3_file *f, int flags)
{
    return fails(f, broken.sync) ? SQLITE_IOERR_FSYNC : REAL(f)->pMethods->xSync(REAL(f), flags);
}
static int do_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return REAL(f)->pMethods->xFileSize(REAL(f), size);
}
static int do_lock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xLock(REAL(f), level);
}
static int do_unlock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xUnlock(REAL(f), level);
}
static int do_check(sqlite3_file *f, int *ret)
{
    return REAL(f)->pMethods->xCheckReservedLock(REAL(f), ret);
}
static int do_control(sqlite3_file *f, int op, void *arg)
{
    return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}
static int do_sector(sqlite3_file *f)
{
    return REAL(f)->pMethods->xSectorSize(REAL(f));
}
static int do_traits(sqlite3_file *f)
{
    return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}
static int do_map(sqlite3_file *f, int i, int n, int extend, void volatile **ret)
{
    return REAL(f)->pMethods->xShmMap(REAL(f), i, n, extend, ret);
}
static int do_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags);
}
static void do_barrier(sqlite3_file *f)
{
    REAL(f)->pMethods->xShmBarrier(REAL(f));
}
static int do_unmap(sqlite3_file *f, int drop)
{
    return REAL(f)->pMethods->xShmUnmap(REAL(f), drop);
}

static const sqlite3_io_methods methods = {
    2,
    do_close,
    do_read,
    do_write,
    do_truncate,
    do_sync,
    do_size,
    do_lock,
    do_unlock,
    do_check,
    do_control,
    do_sector,
    do_traits,
    do_map,
    do_shm_lock,
    do_barrier,
    do_unmap,
    NULL,
    NULL,
};

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    file *mine = (file *)(void *)f;
    (void)vfs;
    memset(mine, 0, sizeof *mine);
    snprintf(mine->name, sizeof mine->name, "%s", name != NULL ? name : "");
    mine->real = (sqlite3_file *)(void *)(mine + 1);
    int rc = system_vfs->xOpen(system_vfs, name, mine->real, flags, ret_flags);
    mine->base.pMethods = mine->real->pMethods != NULL ? &methods : NULL;
    return rc;
}

static int do_remove(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    bool hit = broken.remove && ends_with(name, broken.suffix);
    broken.met += hit;
    return hit ? SQLITE_IOERR_DELETE : system_vfs->xDelete(system_vfs, name, sync);
}

static sqlite3_vfs failing_vfs;

/* Databases that are opened from now on lie in it. */
static void install(void)
{
    if (system_vfs != NULL)
        return;
    system_vfs = sqlite3_vfs_find(NULL);
    failing_vfs = *system_vfs;
    failing_vfs.pNext = NULL;
    failing_vfs.zName = "failing";
    failing_vfs.szOsFile = (int)sizeof(file) + system_vfs->szOsFile;
    failing_vfs.xOpen = do_open;
    failing_vfs.xDelete = do_remove;
    CU_ASSERT_EQUAL_FATAL(sqlite3_vfs_register(&failing_vfs, 1), SQLITE_OK);
}

/* ---- commits ------------------------------------------------------------------------------------------- */

static sqla_status by_call(sqla_conn *conn, sqla_error *err)
{
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, NULL), SQLA_OK);
    return sqla_conn_commit(conn, err);
}

static sqla_status by_raw_commit(sqla_conn *conn, sqla_error *err)
{
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, NULL), SQLA_OK);
    return sqla_execute(conn, "  COMMIT", NULL, err);
}

static sqla_status by_statement(sqla_conn *conn, sqla_error *err)
{
    return sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, err);
}

static sqla_status by_script(sqla_conn *conn, sqla_error *err)
{
    return sqla_execute_script(conn, "BEGIN; INSERT INTO t VALUES (1); COMMIT", err);
}

static sqla_status by_returning(sqla_conn *conn, sqla_error *err)
{
    sqla_stmt *q = sqla_sql(conn, "INSERT INTO t VALUES (1) RETURNING n");
    sqla_scalar_i64(q, err);
    sqla_stmt_free(q);
    return err->status;
}

static const struct {
    sqla_status (*run)(sqla_conn *conn, sqla_error *err);
    bool begins;
} forms[] = {
    { by_call, true },
    { by_raw_commit, true },
    { by_statement, false },
    { by_script, false },
    { by_returning, false },
};
enum { FORMS = sizeof forms / sizeof forms[0] };

/* A database in that mode, with no row in t, and open. */
static sqla_conn *opened(sqla_engine **ret_db, const char *url, const char *mode, sqla_error *err)
{
    char sql[200];
    snprintf(sql, sizeof sql,
        "PRAGMA journal_mode = %s; CREATE TABLE IF NOT EXISTS t (n INTEGER); DELETE FROM t; "
        "CREATE TABLE IF NOT EXISTS before (n INTEGER)",
        mode);
    CU_ASSERT(harness_sql(url, sql));
    *ret_db = sqla_create_engine(with_query(url, "synchronous=full"), NULL, err);
    sqla_conn *conn = sqla_connect(*ret_db, err);
    snprintf(sql, sizeof sql, "PRAGMA journal_mode = %s", mode);
    CU_ASSERT_EQUAL(sqla_execute(conn, sql, NULL, err), SQLA_OK);
    /* Then a log has to be synchronised before it can be given up, and stays. */
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO before VALUES (1)", NULL, err), SQLA_OK);
    CU_ASSERT(is(err, SQLA_OK));
    return conn;
}

/* Returns: the rows that are in the file when everybody has let go of it, and it is opened anew. */
static int64_t commit_on_broken_disk(
    const char *url, const char *mode, size_t form, const char *suffix, char what, sqla_error *err)
{
    sqla_engine *db;
    sqla_conn *conn = opened(&db, url, mode, err);
    if (forms[form].begins)
        CU_ASSERT_EQUAL(sqla_conn_begin(conn, err), SQLA_OK);
    broken.met = 0;
    broken.sync = what == 's';
    broken.write = what == 'w';
    broken.remove = what == 'd';
    broken.suffix = suffix;
    sqla_status status = forms[form].run(conn, err);
    CU_ASSERT_EQUAL(status, err->status);
    CU_ASSERT(broken.met > 0);
    sqla_conn_close(conn);
    sqla_engine_free(db);
    memset(&broken, 0, sizeof broken);
    return harness_sql_int(url, "SELECT count(*) FROM t");
}

/* The rows are in the log, as whoever reads it next finds. */
static void sync__of_the_log_fails(const char *url)
{
    install();
    for (size_t form = 0; form < FORMS; form++) {
        sqla_error err = SQLA_ERROR_INIT;
        int64_t rows = commit_on_broken_disk(url, "WAL", form, "-wal", 's', &err);
        CU_ASSERT(is(&err, SQLA_ERR_UNKNOWN_OUTCOME) && says(&err, "it may have happened"));
        CU_ASSERT_EQUAL(rows, 1);
    }
}

/* With a journal that is deleted to commit, what fails before that is rolled back, and that stays as certain
 * as it was. */
static void sync__before_the_journal_is_deleted(const char *url)
{
    static const struct {
        const char *suffix;
        char what;
    } faults[] = { { "-journal", 's' }, { ".db", 's' }, { ".db", 'w' } };
    const char *path = harness_sqlite_path(url), *dot = path != NULL ? strrchr(path, '.') : NULL;
    install();
    for (size_t i = 0; i < FORMS * sizeof faults / sizeof faults[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        const char *suffix = faults[i / FORMS].suffix[0] == '-' ? faults[i / FORMS].suffix
                             : dot != NULL                      ? dot
                                                                : path;
        int64_t rows = commit_on_broken_disk(url, "DELETE", i % FORMS, suffix, faults[i / FORMS].what, &err);
        CU_ASSERT(is(&err, SQLA_ERR_IO));
        CU_ASSERT_EQUAL(rows, 0);
    }
}

/* Whether the journal is gone, which is the commit, is not known when its deletion fails; nor in the other
 * modes when the last write does. */
static void sync__of_the_commit_itself(const char *url)
{
    static const struct {
        const char *mode;
        char what;
    } faults[] = { { "DELETE", 'd' }, { "PERSIST", 's' }, { "TRUNCATE", 's' } };
    install();
    for (size_t i = 0; i < FORMS * sizeof faults / sizeof faults[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        int64_t rows = commit_on_broken_disk(
            url, faults[i / FORMS].mode, i % FORMS, "-journal", faults[i / FORMS].what, &err);
        CU_ASSERT(is(&err, SQLA_ERR_UNKNOWN_OUTCOME));
        CU_ASSERT(rows == 0 || rows == 1);
    }
}

/* In the pool its connection gives way to a fresh one, which works when the disk does. */
static void sync__connection_is_not_used_again(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db;
    install();
    sqla_conn *conn = opened(&db, url, "WAL", &err);
    broken.sync = true;
    broken.suffix = "-wal";
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_ERR_UNKNOWN_OUTCOME);
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO t VALUES (2)", NULL, NULL), SQLA_ERR_DISCONNECTED);
    sqla_conn_close(conn);
    memset(&broken, 0, sizeof broken);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO t VALUES (4)", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 1);
    sqla_engine_free(db);
    int64_t sum = harness_sql_int(url, "SELECT sum(n) FROM t");
    CU_ASSERT(sum == 4 || sum == 5);
}

/* Reading fails as before: nothing can have happened by it. */
static void sync__reading_has_no_outcome(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db;
    install();
    sqla_conn *conn = opened(&db, url, "WAL", &err);
    broken.sync = broken.write = true;
    broken.suffix = "-wal";
    sqla_stmt *q = sqla_sql(conn, "SELECT count(*) FROM t");
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &err), 0);
    CU_ASSERT(is(&err, SQLA_OK));
    memset(&broken, 0, sizeof broken);
    sqla_stmt_free(q);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static const struct harness_test tests[] = {
    { "sync of the log fails", sync__of_the_log_fails, HARNESS_SQLITE },
    { "sync: before the journal is deleted", sync__before_the_journal_is_deleted, HARNESS_SQLITE },
    { "sync of the commit itself", sync__of_the_commit_itself, HARNESS_SQLITE },
    { "sync: the connection is not used again", sync__connection_is_not_used_again, HARNESS_SQLITE },
    { "sync: reading has no outcome", sync__reading_has_no_outcome, HARNESS_SQLITE },
};

int main(void)
{
    return harness_main("test-sqlite-sync", tests, sizeof tests / sizeof tests[0]);
}
