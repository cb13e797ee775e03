/* test-status.c: every SQLSTATE of PostgreSQL and every result code of SQLite, raised for real: which status it becomes, and with
 * which class bits; then failures as they happen, with what they tell beside the status. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>
#include <sqlite3.h>

#define COUNT(a) (sizeof(a) / sizeof (a)[0])

/* ---- SQLSTATEs ------------------------------------------------------------------------------------------------------ */

/* All of the server's manual, "PostgreSQL Error Codes". Those that speak of a lost connection come over one that lives here, and so
 * are about another one. */
static const struct { sqla_status status; int bits; const char *states; } states[] = {
    { SQLA_ERR_SQL, 0,
      "01000 0100C 01008 01003 01007 01006 01004 01P01 03000 08P01 09000 0B000 0F000 0F001 0Z000 0Z002 24000 "
      "25000 25001 25002 25008 25003 25004 25005 25007 25P01 26000 27000 2B000 2BP01 2D000 2F000 2F005 2F002 "
      "2F003 2F004 34000 38000 38001 38002 38003 38004 39000 39001 39004 39P01 39P02 39P03 3B000 3B001 3D000 "
      "3F000 42000 42601 42846 42803 42P20 42P19 42830 42602 42622 42939 42804 42P18 42P21 42P22 42809 428C9 "
      "42703 42883 42P01 42P02 42704 42701 42P03 42P04 42723 42P05 42P06 42P07 42712 42710 42702 42725 42P08 "
      "42P09 42P10 42611 42P11 42P12 42P13 42P14 42P15 42P16 42P17 55000 55P04 HV005 HV002 HV010 HV021 HV024 "
      "HV007 HV008 HV004 HV006 HV091 HV00B HV00C HV00D HV090 HV00A HV009 HV00P HV00J HV00Q HV00R P0000 XX000" },
    { SQLA_ERR_NOT_FOUND, 0,
      "02000 02001 P0002" },
    { SQLA_ERR_IO, 0,
      "08000 08003 08006 08001 08004 25P03 57P01 57P02 57P03 57P04 57P05 58000 58030 58P01 58P02 F0000 F0001 "
      "HV000 HV00K HV00L HV00M HV00N" },
    { SQLA_ERR_UNKNOWN_OUTCOME, SQLA_CLASS_LOST,
      "08007 40003" },
    { SQLA_ERR_UNSUPPORTED, 0,
      "0A000 55P02" },
    { SQLA_ERR_DENIED, 0,
      "0L000 0LP01 0P000 28000 28P01 42501" },
    { SQLA_ERR_DATA, 0,
      "20000 21000 22000 2202E 22021 22008 22012 22005 2200B 22022 22015 2201E 22014 22016 2201F 2201G 22018 "
      "22007 22019 2200D 22025 22P06 22010 22023 22013 2201B 2201W 2201X 2202H 2202G 22009 2200C 2200G 22004 "
      "22002 22003 2200H 22026 22001 22011 22027 22024 2200F 22P01 22P02 22P03 22P04 22P05 2200L 2200M 2200N "
      "2200S 2200T 22030 22031 22032 22033 22034 22035 22036 22037 22038 22039 2203A 2203B 2203C 2203D 2203E "
      "2203F 2203G" },
    { SQLA_ERR_CHECK, SQLA_CLASS_INTEGRITY,
      "23000 23514 40002 44000 P0001 P0004" },
    { SQLA_ERR_FOREIGN_KEY, SQLA_CLASS_INTEGRITY,
      "23001 23503" },
    { SQLA_ERR_NOT_NULL, SQLA_CLASS_INTEGRITY,
      "23502" },
    { SQLA_ERR_UNIQUE, SQLA_CLASS_INTEGRITY,
      "23505" },
    { SQLA_ERR_EXCLUSION, SQLA_CLASS_INTEGRITY,
      "23P01" },
    { SQLA_ERR_READ_ONLY, 0,
      "25006" },
    { SQLA_ERR_ROLLBACK_FIRST, 0,
      "25P02" },
    { SQLA_ERR_RETRY, SQLA_CLASS_RETRYABLE,
      "40000 40001 40P01 72000" },
    { SQLA_ERR_RESOURCE, 0,
      "53000 53100 53200 53300 53400 54000 54001 54011 54023 HV014 HV001" },
    { SQLA_ERR_BUSY, 0,
      "55006 55P03" },
    { SQLA_ERR_CANCELLED, 0,
      "57000 57014" },
    { SQLA_ERR_TOO_MANY, 0,
      "P0003" },
    { SQLA_ERR_CORRUPT, 0,
      "XX001 XX002" },
};

/* Raise one.  Returns: was it what it should be? */
static bool raises(sqla_engine *db, const char *state, sqla_status status, int bits)
{
    char sql[200];
    sqla_error err = SQLA_ERROR_INIT;
    snprintf(sql, sizeof sql, "DO $$BEGIN RAISE EXCEPTION 'made' USING ERRCODE = '%s', HINT = 'none'; END$$", state);
    sqla_status got = sqla_execute(db, sql, NULL, &err);
    bool ok = got == status && err.status == status && strcmp(err.sqlstate, state) == 0 && sqla_status_class(got) == bits &&
              strstr(err.message, "made") != NULL && strcmp(err.hint, "none") == 0;
    if (!ok)
        fprintf(stderr, "%s: %s, not %s (%s)\n", state, sqla_status_name(got), sqla_status_name(status), err.message);
    return ok;
}

static void sqlstate__each_has_its_status(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    size_t n = 0;
    for (size_t i = 0; i < COUNT(states); i++) {
        char state[6] = "";
        for (const char *at = states[i].states; sscanf(at, "%5s", state) == 1; at += at[5] == ' ' ? 6 : 5, n++)
            CU_ASSERT(raises(db, state, states[i].status, states[i].bits));
    }
    CU_ASSERT_EQUAL(n, 259);
    CU_ASSERT(raises(db, "ZZ123", SQLA_ERR_SQL, 0)); /* of an extension */
    sqla_engine_free(db);
}

/* A connection over which somebody speaks of another connection's end is still whole. */
static void sqlstate__of_another_connection_leaves_ours(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    int64_t pid = ask(conn, "SELECT pg_backend_pid()");
    CU_ASSERT_EQUAL(sqla_execute(conn, "DO $$BEGIN RAISE EXCEPTION 'far' USING ERRCODE = '08006'; END$$", NULL, NULL), SQLA_ERR_IO);
    CU_ASSERT_EQUAL(ask(conn, "SELECT pg_backend_pid()"), pid);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- result codes ---------------------------------------------------------------------------------------------------- */

/* Raises any code from inside a statement; every connection of this process has it. */
static void raise_code(sqlite3_context *context, int n, sqlite3_value **args)
{
    (void)n;
    sqlite3_result_error(context, "made", -1);
    sqlite3_result_error_code(context, sqlite3_value_int(args[0]));
}

static int add_raise_code(sqlite3 *db, char **ret_message, const void *api)
{
    (void)ret_message;
    (void)api;
    return sqlite3_create_function(db, "raise_code", 1, SQLITE_UTF8, NULL, raise_code, NULL, NULL);
}

static const struct { int code; sqla_status status; const char *sqlstate; } codes[] = {
    { SQLITE_ERROR, SQLA_ERR_SQL, "42000" },
    { SQLITE_ERROR_MISSING_COLLSEQ, SQLA_ERR_SQL, "42000" },
    { SQLITE_ERROR_RETRY, SQLA_ERR_SQL, "42000" },
    { SQLITE_ERROR_SNAPSHOT, SQLA_ERR_RETRY, "72000" },
    { SQLITE_INTERNAL, SQLA_ERR_PROTOCOL, "" },
    { SQLITE_PERM, SQLA_ERR_DENIED, "42501" },
    { SQLITE_ABORT, SQLA_ERR_CANCELLED, "57014" },
    { SQLITE_ABORT_ROLLBACK, SQLA_ERR_CANCELLED, "57014" },
    { SQLITE_BUSY, SQLA_ERR_BUSY, "55P03" },
    { SQLITE_LOCKED, SQLA_ERR_BUSY, "55P03" },
    { SQLITE_NOMEM, SQLA_ERR_NOMEM, "53200" },
    { SQLITE_READONLY, SQLA_ERR_READ_ONLY, "25006" },
    { SQLITE_READONLY_RECOVERY, SQLA_ERR_READ_ONLY, "25006" },
    { SQLITE_READONLY_CANTLOCK, SQLA_ERR_READ_ONLY, "25006" },
    { SQLITE_READONLY_ROLLBACK, SQLA_ERR_READ_ONLY, "25006" },
    { SQLITE_READONLY_DBMOVED, SQLA_ERR_READ_ONLY, "25006" },
    { SQLITE_READONLY_CANTINIT, SQLA_ERR_READ_ONLY, "25006" },
    { SQLITE_READONLY_DIRECTORY, SQLA_ERR_READ_ONLY, "25006" },
    { SQLITE_INTERRUPT, SQLA_ERR_CANCELLED, "57014" },
    { SQLITE_IOERR, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_READ, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_SHORT_READ, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_WRITE, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_FSYNC, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_DIR_FSYNC, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_TRUNCATE, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_FSTAT, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_UNLOCK, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_RDLOCK, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_DELETE, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_BLOCKED, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_NOMEM, SQLA_ERR_NOMEM, "53200" },
    { SQLITE_IOERR_ACCESS, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_CHECKRESERVEDLOCK, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_LOCK, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_CLOSE, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_DIR_CLOSE, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_SHMOPEN, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_SHMSIZE, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_SHMLOCK, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_SHMMAP, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_SEEK, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_DELETE_NOENT, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_MMAP, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_GETTEMPPATH, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_CONVPATH, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_VNODE, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_AUTH, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_BEGIN_ATOMIC, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_COMMIT_ATOMIC, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_ROLLBACK_ATOMIC, SQLA_ERR_IO, "58030" },
    { SQLITE_IOERR_DATA, SQLA_ERR_CORRUPT, "XX001" },
    { SQLITE_IOERR_CORRUPTFS, SQLA_ERR_CORRUPT, "XX001" },
    { SQLITE_CORRUPT, SQLA_ERR_CORRUPT, "XX001" },
    { SQLITE_CORRUPT_VTAB, SQLA_ERR_CORRUPT, "XX001" },
    { SQLITE_CORRUPT_SEQUENCE, SQLA_ERR_CORRUPT, "XX001" },
    { SQLITE_CORRUPT_INDEX, SQLA_ERR_CORRUPT, "XX001" },
    { SQLITE_NOTFOUND, SQLA_ERR_UNSUPPORTED, "0A000" },
    { SQLITE_FULL, SQLA_ERR_RESOURCE, "53100" },
    { SQLITE_CANTOPEN, SQLA_ERR_IO, "58030" },
    { SQLITE_CANTOPEN_NOTEMPDIR, SQLA_ERR_IO, "58030" },
    { SQLITE_CANTOPEN_ISDIR, SQLA_ERR_IO, "58030" },
    { SQLITE_CANTOPEN_FULLPATH, SQLA_ERR_IO, "58030" },
    { SQLITE_CANTOPEN_CONVPATH, SQLA_ERR_IO, "58030" },
    { SQLITE_CANTOPEN_DIRTYWAL, SQLA_ERR_IO, "58030" },
    { SQLITE_CANTOPEN_SYMLINK, SQLA_ERR_IO, "58030" },
    { SQLITE_PROTOCOL, SQLA_ERR_BUSY, "55P03" },
    { SQLITE_EMPTY, SQLA_ERR_SQL, "42000" },
    { SQLITE_SCHEMA, SQLA_ERR_RETRY, "40001" },
    { SQLITE_TOOBIG, SQLA_ERR_RESOURCE, "54000" },
    { SQLITE_CONSTRAINT, SQLA_ERR_CHECK, "23000" },
    { SQLITE_CONSTRAINT_CHECK, SQLA_ERR_CHECK, "23514" },
    { SQLITE_CONSTRAINT_COMMITHOOK, SQLA_ERR_CHECK, "23000" },
    { SQLITE_CONSTRAINT_FOREIGNKEY, SQLA_ERR_FOREIGN_KEY, "23503" },
    { SQLITE_CONSTRAINT_FUNCTION, SQLA_ERR_CHECK, "23000" },
    { SQLITE_CONSTRAINT_NOTNULL, SQLA_ERR_NOT_NULL, "23502" },
    { SQLITE_CONSTRAINT_PRIMARYKEY, SQLA_ERR_UNIQUE, "23505" },
    { SQLITE_CONSTRAINT_TRIGGER, SQLA_ERR_CHECK, "23000" },
    { SQLITE_CONSTRAINT_UNIQUE, SQLA_ERR_UNIQUE, "23505" },
    { SQLITE_CONSTRAINT_VTAB, SQLA_ERR_CHECK, "23000" },
    { SQLITE_CONSTRAINT_ROWID, SQLA_ERR_UNIQUE, "23505" },
    { SQLITE_CONSTRAINT_PINNED, SQLA_ERR_CHECK, "23000" },
    { SQLITE_CONSTRAINT_DATATYPE, SQLA_ERR_DATA, "22000" },
    { SQLITE_MISMATCH, SQLA_ERR_DATA, "22000" },
    { SQLITE_MISUSE, SQLA_ERR_MISUSE, "" },
    { SQLITE_NOLFS, SQLA_ERR_RESOURCE, "53100" },
    { SQLITE_AUTH, SQLA_ERR_DENIED, "42501" },
    { SQLITE_AUTH_USER, SQLA_ERR_DENIED, "42501" },
    { SQLITE_FORMAT, SQLA_ERR_SQL, "42000" },
    { SQLITE_RANGE, SQLA_ERR_MISUSE, "" },
    { SQLITE_NOTADB, SQLA_ERR_CORRUPT, "XX001" },
    { SQLITE_NOTICE, SQLA_ERR_SQL, "42000" },
    { SQLITE_NOTICE_RECOVER_WAL, SQLA_ERR_SQL, "42000" },
    { SQLITE_NOTICE_RECOVER_ROLLBACK, SQLA_ERR_SQL, "42000" },
    { SQLITE_WARNING, SQLA_ERR_SQL, "42000" },
    { SQLITE_WARNING_AUTOINDEX, SQLA_ERR_SQL, "42000" },
};

static bool gives(sqla_engine *db, size_t i)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_status got = sqla_execute(db, "SELECT raise_code(:code)", sqla_params("code", codes[i].code), &err);
    int native = err.native;
    if (codes[i].code == SQLITE_IOERR_CORRUPTFS || codes[i].code == SQLITE_IOERR_NOMEM) /* the library has other words for these */
        native = codes[i].code;
    bool ok = got == codes[i].status && err.status == got && native == codes[i].code && strcmp(err.sqlstate, codes[i].sqlstate) == 0;
    if (!ok)
        fprintf(stderr, "code %d: %s '%s', not %s '%s' (%s, %d)\n", codes[i].code, sqla_status_name(got), err.sqlstate,
                sqla_status_name(codes[i].status), codes[i].sqlstate, err.message, err.native);
    return ok;
}

static void code__each_has_its_status(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqlite3_auto_extension((void (*)(void))add_raise_code);
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    for (size_t i = 0; i < COUNT(codes); i++)
        CU_ASSERT(gives(db, i));
    sqla_engine_free(db);
    sqlite3_cancel_auto_extension((void (*)(void))add_raise_code);
}

/* ---- failures as they happen ------------------------------------------------------------------------------------------ */

/* What a failure tells; NULL: not asked; "" in constraint and the like: nothing. */
typedef struct happening {
    const char *sql;
    sqla_status status;
    const char *sqlstate, *table, *column, *constraint, *detail, *hint;
    int position;
} happening;

static void happens(sqla_engine *db, const happening *h)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_status got = sqla_execute(db, h->sql, NULL, &err);
    bool ok = got == h->status && strcmp(err.sqlstate, h->sqlstate) == 0 && (h->table == NULL || strcmp(err.table, h->table) == 0) &&
              (h->column == NULL || strcmp(err.column, h->column) == 0) && (h->constraint == NULL || strcmp(err.constraint, h->constraint) == 0) &&
              (h->detail == NULL || strstr(err.detail, h->detail) != NULL) && (h->hint == NULL || strstr(err.hint, h->hint) != NULL) &&
              err.position == h->position;
    CU_ASSERT(ok);
    if (!ok)
        fprintf(stderr, "%s\n    %s %s at %d: %s\n    table '%s' column '%s' constraint '%s'\n    %s\n    %s\n", h->sql, sqla_status_name(got), err.sqlstate,
                err.position, err.message, err.table, err.column, err.constraint, err.detail, err.hint);
}

#define MULTIBYTE "/* \xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80 */ " /* 12 characters in 18 bytes */

static const char tables[] =
    "CREATE TABLE parent (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, n INTEGER, "
    "CONSTRAINT uq_name UNIQUE (name, n), CONSTRAINT ck_n CHECK (n > 0))";
static const char child[] = "CREATE TABLE child (parent INTEGER, CONSTRAINT fk_parent FOREIGN KEY (parent) REFERENCES parent (id))";

static void prepare(sqla_engine *db)
{
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla_execute(db, tables, NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(db, child, NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO parent VALUES (1, 'a', 1)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(db, "INSERT INTO child VALUES (1)", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
}

static void fields__are_filled_on_postgres(const char *url)
{
    static const happening list[] = {
        { "INSERT INTO parent VALUES (1, 'b', 1)", SQLA_ERR_UNIQUE, "23505", "parent", NULL, "parent_pkey", "(id)=(1)", NULL, 0 },
        { "INSERT INTO parent VALUES (2, 'a', 1)", SQLA_ERR_UNIQUE, "23505", "parent", NULL, "uq_name", "(name, n)=(a, 1)", NULL, 0 },
        { "INSERT INTO parent VALUES (3, NULL, 1)", SQLA_ERR_NOT_NULL, "23502", "parent", "name", "", "(3, null, 1)", NULL, 0 },
        { "INSERT INTO parent VALUES (3, 'c', 0)", SQLA_ERR_CHECK, "23514", "parent", NULL, "ck_n", "(3, c, 0)", NULL, 0 },
        { "INSERT INTO child VALUES (9)", SQLA_ERR_FOREIGN_KEY, "23503", "child", NULL, "fk_parent", "(parent)=(9)", NULL, 0 },
        { "DELETE FROM parent", SQLA_ERR_FOREIGN_KEY, "23503", "child", NULL, "fk_parent", "still referenced", NULL, 0 },
        { "INSERT INTO parent VALUES (5, '123456789012345678901', 1)", SQLA_ERR_DATA, "22001", NULL, NULL, NULL, NULL, NULL, 0 },
        { "INSERT INTO parent VALUES (2147483648, 'x', 1)", SQLA_ERR_DATA, "22003", NULL, NULL, NULL, NULL, NULL, 0 },
        { "SELECT 1/0", SQLA_ERR_DATA, "22012", NULL, NULL, NULL, NULL, NULL, 0 },
        { "SELECT CAST('x' AS integer)", SQLA_ERR_DATA, "22P02", NULL, NULL, NULL, NULL, NULL, 13 },
        { "SELEC 1", SQLA_ERR_SQL, "42601", NULL, NULL, NULL, NULL, NULL, 1 },
        { "SELECT nme FROM parent", SQLA_ERR_SQL, "42703", NULL, NULL, NULL, NULL, "parent.name", 8 },
        { MULTIBYTE "SELECT nope FROM parent", SQLA_ERR_SQL, "42703", NULL, NULL, NULL, NULL, NULL, 20 },
        { "SELECT '\xf0\x9f\x98\x80', x FROM nowhere", SQLA_ERR_SQL, "42P01", NULL, NULL, NULL, NULL, NULL, 20 },
        { "SELECT nofunc(1)", SQLA_ERR_SQL, "42883", NULL, NULL, NULL, NULL, "", 8 },
        { "CREATE TABLE parent (id INTEGER)", SQLA_ERR_SQL, "42P07", NULL, NULL, NULL, NULL, NULL, 0 },
        { "DROP TABLE parent", SQLA_ERR_SQL, "2BP01", NULL, NULL, NULL, "child", "CASCADE", 0 },
    };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    prepare(db);
    for (size_t i = 0; i < COUNT(list); i++)
        happens(db, &list[i]);
    sqla_engine_free(db);
}

static void fields__are_filled_on_sqlite(const char *url)
{
    static const happening list[] = {
        { "INSERT INTO parent VALUES (1, 'b', 1)", SQLA_ERR_UNIQUE, "23505", "parent", "id", NULL, NULL, NULL, 0 },
        { "INSERT INTO parent VALUES (2, 'a', 1)", SQLA_ERR_UNIQUE, "23505", "parent", "name, n", NULL, NULL, NULL, 0 },
        { "INSERT INTO parent VALUES (3, NULL, 1)", SQLA_ERR_NOT_NULL, "23502", "parent", "name", NULL, NULL, NULL, 0 },
        { "INSERT INTO parent VALUES (3, 'c', 0)", SQLA_ERR_CHECK, "23514", NULL, NULL, "ck_n", NULL, NULL, 0 },
        { "INSERT INTO child VALUES (9)", SQLA_ERR_FOREIGN_KEY, "23503", NULL, NULL, NULL, NULL, NULL, 0 },
        { "DELETE FROM parent", SQLA_ERR_FOREIGN_KEY, "23503", NULL, NULL, NULL, NULL, NULL, 0 },
        { "INSERT INTO parent VALUES ('x', 'y', 1)", SQLA_ERR_DATA, "22000", NULL, NULL, NULL, NULL, NULL, 0 },
        { "INSERT INTO strict_one VALUES ('x')", SQLA_ERR_DATA, "22000", "strict_one", "n", NULL, NULL, NULL, 0 },
        { "UPDATE watched SET n = 2", SQLA_ERR_CHECK, "23000", NULL, NULL, NULL, NULL, NULL, 0 },
        { "SELECT zeroblob(2000000000)", SQLA_ERR_RESOURCE, "54000", NULL, NULL, NULL, NULL, NULL, 0 },
        { "SELEC 1", SQLA_ERR_SQL, "42601", NULL, NULL, NULL, NULL, NULL, 1 },
        { "SELECT nope FROM parent", SQLA_ERR_SQL, "42703", NULL, "nope", NULL, NULL, NULL, 8 },
        { MULTIBYTE "SELECT nope FROM parent", SQLA_ERR_SQL, "42703", NULL, "nope", NULL, NULL, NULL, 20 },
        { "SELECT 1 FROM nowhere", SQLA_ERR_SQL, "42P01", "nowhere", NULL, NULL, NULL, NULL, 0 },
        { "SELECT nofunc(1)", SQLA_ERR_SQL, "42883", NULL, NULL, NULL, NULL, NULL, 8 },
        { "SELECT abs(1, 2)", SQLA_ERR_SQL, "42883", NULL, NULL, NULL, NULL, NULL, 8 },
        { "SELECT n FROM parent AS a, parent AS b", SQLA_ERR_SQL, "42702", NULL, NULL, NULL, NULL, NULL, 8 },
        { "CREATE TABLE parent (id INTEGER)", SQLA_ERR_SQL, "42P07", NULL, NULL, NULL, NULL, NULL, 14 },
        { "RELEASE absent", SQLA_ERR_SQL, "3B001", NULL, NULL, NULL, NULL, NULL, 0 },
    };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    prepare(db);
    harness_sql(url, "CREATE TABLE strict_one (n INTEGER) STRICT");
    harness_sql(url, "CREATE TABLE watched (n INTEGER); INSERT INTO watched VALUES (1);"
                     "CREATE TRIGGER t BEFORE UPDATE ON watched BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    for (size_t i = 0; i < COUNT(list); i++)
        happens(db, &list[i]);
    sqla_engine_free(db);
}

/* What a program and a driver both say in SQL raises the same status on both. */
static void trigger__that_refuses_is_a_rule(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    prepare(db);
    if (harness_is_postgres(url)) {
        harness_sql(url, "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not this one''; END'");
        harness_sql(url, "CREATE TRIGGER t BEFORE DELETE ON child FOR EACH ROW EXECUTE FUNCTION no()");
    } else if (harness_is_mariadb(url)) {
        harness_sql(url, "CREATE TRIGGER t BEFORE DELETE ON child FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'");
    } else {
        harness_sql(url, "CREATE TRIGGER t BEFORE DELETE ON child BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    }
    CU_ASSERT_EQUAL(sqla_execute(db, "DELETE FROM child", NULL, &err), SQLA_ERR_CHECK);
    CU_ASSERT(says(&err, "not this one"));
    CU_ASSERT_EQUAL(sqla_status_class(err.status), SQLA_CLASS_INTEGRITY);
    sqla_engine_free(db);
}

static const struct harness_test tests[] = {
    { "sqlstate__each_has_its_status", sqlstate__each_has_its_status, HARNESS_POSTGRES },
    { "sqlstate__of_another_connection_leaves_ours", sqlstate__of_another_connection_leaves_ours, HARNESS_POSTGRES },
    { "code__each_has_its_status", code__each_has_its_status, HARNESS_SQLITE },
    { "fields__are_filled_on_postgres", fields__are_filled_on_postgres, HARNESS_POSTGRES },
    { "fields__are_filled_on_sqlite", fields__are_filled_on_sqlite, HARNESS_SQLITE },
    { "trigger__that_refuses_is_a_rule", trigger__that_refuses_is_a_rule, HARNESS_DATABASES },
};

int main(void)
{
    return harness_main("test-status", tests, COUNT(tests));
}
