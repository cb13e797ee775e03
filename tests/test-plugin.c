/* test-plugin.c: what the loader refuses, and what the host does for drivers that leave out or do wrong.
 *
 * The driver is tests/vice.c. Each test works with copies of its file in a folder of its own, some of them changed. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqla/driver.h>
#include "harness.h"

/* ---- files ------------------------------------------------------------------------------------------------------- */

static char path[4096];

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", harness_folder(), name);
    return path;
}

static size_t read_vice(char **ret)
{
    const char *build = getenv("BUILD");
    char from[4096];
    snprintf(from, sizeof from, "%s/tests/.libs/vice.so", build != NULL ? build : ".");
    FILE *f = fopen(from, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    rewind(f);
    *ret = malloc(n);
    CU_ASSERT_EQUAL_FATAL(fread(*ret, 1, n, f), n);
    fclose(f);
    return n;
}

static void write_file(const char *name, const char *bytes, size_t n)
{
    FILE *f = fopen(in_folder(name), "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, n, f), n);
    fclose(f);
    chmod(path, 0755);
}

/* The note inside the bytes of a driver. */
static sqla_elf_note *find_note(char *bytes, size_t n)
{
    static const char owner[] = { 1, 0, 0, 0, 's', 'q', 'l', 'a', 0 }; /* type, then owner */
    for (size_t i = 8; i + sizeof(sqla_elf_note) < n; i++) {
        if (memcmp(bytes + i, owner, sizeof owner) == 0)
            return (sqla_elf_note *)(void *)(bytes + i - 8);
    }
    CU_FAIL_FATAL("the driver has no note");
    return NULL;
}

/* A copy of the driver under that name; vice: how it offers itself. */
static void put_vice(const char *name, const char *vice)
{
    char *bytes;
    size_t n = read_vice(&bytes);
    write_file(name, bytes, n);
    free(bytes);
    setenv("SQLA_TEST_VICE", vice, 1);
    setenv("SQLA_PLUGIN_PATH", harness_folder(), 1);
}

/* No engine comes of that URL; the message holds the text, and names the file when there is one. */
static void refused(const char *url, const char *text)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    bool ok = db == NULL && err.status == SQLA_ERR_PLUGIN && (strstr(err.message, text) != NULL || strstr(err.hint, text) != NULL);
    if (!ok)
        printf("%s: %s: %s (%s)\n", url, sqla_status_name(err.status), err.message, err.hint);
    CU_ASSERT(ok);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, ".so"));
    sqla_engine_free(db);
}

/* ---- finding ----------------------------------------------------------------------------------------------------- */

static void missing_file_names_the_folders(const char *url)
{
    (void)url;
    setenv("SQLA_PLUGIN_PATH", "relative::/tmp/sqla-no-such-folder", 1);
    refused("vice://", "'/tmp/sqla-no-such-folder'");
    refused("vice://", "sqla-driver-vice");
    CU_ASSERT_EQUAL(strncmp(sqla_driver_path(), "/tmp/sqla-no-such-folder:/", 26), 0);
}

static void files_that_are_no_drivers_are_refused(const char *url)
{
    char *bytes;
    size_t n = read_vice(&bytes);
    (void)url;
    setenv("SQLA_PLUGIN_PATH", harness_folder(), 1);
    write_file("text.so", "INPUT ( vice.so )\n", 18);
    refused("text://", "too short");
    write_file("long.so", "This is a text, and no shared object, although it is long enough to have the header of one.", 91);
    refused("long://", "not a shared object");
    write_file("empty.so", "", 0);
    refused("empty://", "too short");
    mkdir(in_folder("folder.so"), 0755);
    refused("folder://", "not a regular file");
    mkfifo(in_folder("pipe.so"), 0644);
    refused("pipe://", "not a regular file");
    write_file("cut.so", bytes, n / 2);
    refused("cut://", "cut off");
    bytes[18] ^= 0x55;
    write_file("alien.so", bytes, n);
    refused("alien://", "another machine");
    free(bytes);
}

static void note_is_read_before_code_runs(const char *url)
{
    char *bytes;
    size_t n = read_vice(&bytes);
    sqla_elf_note *note = find_note(bytes, n);
    (void)url;
    setenv("SQLA_PLUGIN_PATH", harness_folder(), 1);
    note->desc.abi_major = 2;
    write_file("vice.so", bytes, n);
    refused("vice://", "version 2 of the driver interface, and this is version 1");
    note->desc.abi_major = 1;
    note->type = 77;
    write_file("vice.so", bytes, n);
    refused("vice://", "no driver note");
    note->type = SQLA_NOTE_TYPE;
    memset(note->desc.name, 'x', sizeof note->desc.name);
    write_file("vice.so", bytes, n);
    refused("vice://", "not sound");
    memset(note->desc.name, 0, sizeof note->desc.name);
    strcpy(note->desc.name, "virtue");
    strcpy(note->desc.schemes, "virtue");
    write_file("vice.so", bytes, n);
    refused("vice://", "it is the driver 'virtue'");
    free(bytes);
}

static void name_and_scheme_must_agree(const char *url)
{
    (void)url;
    put_vice("vice.so", "");
    put_vice("other.so", "");
    refused("other://", "does not know the name 'other'");
    refused("mysql+vice://", "does not serve the scheme 'mysql'");
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine("vicious+vice://", NULL, &err);
    CU_ASSERT_PTR_NOT_NULL(db);
    CU_ASSERT_STRING_EQUAL(sqla_engine_dialect(db), "Vice");
    sqla_engine_free(db);
}

static void files_that_anybody_may_write_are_refused(const char *url)
{
    char folder[4200];
    (void)url;
    put_vice("vice.so", "");
    chmod(in_folder("vice.so"), 0777);
    refused("vice://", "everybody may write it");
    chmod(path, 0775);
    snprintf(folder, sizeof folder, "%s", harness_folder());
    chmod(folder, 0777);
    refused("vice://", "everybody may write into the folder");
    chmod(folder, 01777);
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine("vice://", NULL, &err);
    CU_ASSERT_PTR_NOT_NULL(db);
    sqla_engine_free(db);
    chmod(folder, 0755);
}

/* ---- the offer --------------------------------------------------------------------------------------------------- */

static void offers_that_cannot_be_used_are_refused(const char *url)
{
    const struct { const char *vice, *text; } cases[] = {
        { "error", "the moon is in the wrong phase" },
        { "unsupported", "cannot work with this version" },
        { "major", "version 7.0 of the driver interface, and this is version 1.0" },
        { "minor", "version 1.99" },
        { "name", "name is not the one in its note" },
        { "no ops", "table of functions" },
        { "short ops", "table of functions" },
        { "no traits", "traits" },
        { "no exec", "'exec'" },
        { "no stmt_close", "'stmt_close'" },
        { "no quotes", "quotes" },
        { "half twophase", "not whole" },
        { "no open", "'open'" },
        { "no close", "'close'" },
        { "no result_info", "'result_info'" },
        { "no result_fetch", "'result_fetch'" },
        { "no result_view", "'result_view'" },
        { "no result_close", "'result_close'" },
        { "no txn_state", "'txn_state'" },
        { "no cancel_fire", "'cancel_fire'" },
        { "no placeholder", "placeholders" },
        { "no types", "types" },
        { "no end quote", "quotes" },
        { "short traits", "traits" },
        { "short", "description" },
        { "no name", "name" },
        { "mute error", sqla_status_meaning(SQLA_ERR_IO) },
        { "unsupported, says", "too early" },
    };
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_vice("vice.so", cases[i].vice);
        refused("vice://", cases[i].text);
        unlink(in_folder("vice.so"));
    }
}

static void listing_tells_why_without_running_code(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    put_vice("vice.so", "error");
    write_file("text.so", "no", 2);
    write_file("Not-A-Name.so", "no", 2);
    CU_ASSERT_EQUAL(symlink("vice.so", in_folder("vicious.so")), 0);
    sqla_driver_list *list = sqla_drivers(&err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    CU_ASSERT(list->count >= 3);
    const sqla_driver_info *text = &list->items[0], *vice = &list->items[1], *alias = &list->items[2];
    CU_ASSERT_EQUAL(text->status, SQLA_ERR_PLUGIN);
    CU_ASSERT_PTR_NOT_NULL(strstr(text->why, "too short"));
    CU_ASSERT_EQUAL(vice->status, SQLA_OK);
    CU_ASSERT_STRING_EQUAL(vice->name, "vice");
    CU_ASSERT_STRING_EQUAL(vice->schemes, "vice vicious");
    CU_ASSERT_EQUAL(vice->abi_major, 1);
    CU_ASSERT_PTR_NULL(vice->alias_of);
    CU_ASSERT_EQUAL(alias->status, SQLA_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(alias->alias_of);
    CU_ASSERT_PTR_NOT_NULL(strstr(alias->alias_of, "/vice.so"));
    sqla_drivers_free(list);
    sqla_drivers_free(NULL);
}

static void *create_one(void *data)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)data;
    for (int i = 0; i < 20; i++)
        sqla_engine_free(sqla_create_engine("vice://", NULL, &err));
    return (void *)(uintptr_t)err.status;
}

static void threads_may_load_at_once(const char *url)
{
    pthread_t threads[32];
    void *status;
    (void)url;
    put_vice("vice.so", "");
    for (int i = 0; i < 32; i++)
        CU_ASSERT_EQUAL(pthread_create(&threads[i], NULL, create_one, NULL), 0);
    for (int i = 0; i < 32; i++) {
        pthread_join(threads[i], &status);
        CU_ASSERT_PTR_NULL(status);
    }
}

/* ---- a driver at work -------------------------------------------------------------------------------------------- */

static sqla_engine *vice(const char *how, const sqla_engine_options *options)
{
    sqla_error err = SQLA_ERROR_INIT;
    put_vice("vice.so", how);
    sqla_engine *db = sqla_create_engine("vice://me:hunter2@home", options, &err);
    if (db == NULL)
        printf("%s\n", err.message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    return db;
}

static sqla_error run(sqla_conn *conn, const char *sql)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_execute(conn, sql, NULL, &err);
    return err;
}

static int64_t sum_of_rows(sqla_conn *conn, const char *sql, sqla_error *err)
{
    int64_t sum = 0;
    sqla_stmt *q = sqla_sql(conn, sql);
    SQLA_EACH_ROW(row, q, err)
        sum += sqla_row_i64(row, "n", err);
    sqla_stmt_free(q);
    return sum;
}

static void rows_come_in_batches(const char *url)
{
    (void)url;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = vice("old ops", NULL);
    sqla_conn *conn = sqla_connect(db, &err);
    for (long n = 0; n <= 1000; n = n * 3 + 1) {
        char sql[32];
        snprintf(sql, sizeof sql, "rows %ld", n);
        CU_ASSERT_EQUAL(sum_of_rows(conn, sql, &err), n * (n + 1) / 2);
    }
    CU_ASSERT(!sqla_failed(&err));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

static void defaults_make_transactions(const char *url)
{
    (void)url;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = vice("", NULL);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_conn_savepoint(conn, "a", NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_conn_savepoint(conn, "any \"name\"", &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_rollback_to(conn, "any \"name\"", &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_release(conn, "any \"name\"", &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_OK);
    sqla_conn_begin(conn, &err);
    CU_ASSERT(!sqla_failed(&err));
    run(conn, "abort"); /* a failed transaction is never committed, whatever the database calls it */
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_ERR_ROLLBACK_FIRST);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_cancel(conn, NULL), SQLA_ERR_UNSUPPORTED);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* What was sent to begin a transaction of that kind; the connection is idle again afterwards. */
static bool begun_as(sqla_conn *conn, const sqla_transaction_options *options, const char *text)
{
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, options, &err), SQLA_OK);
    sqla_error said = run(conn, "what began");
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
    size_t n = strlen(said.message), m = strlen(text);
    bool same = n > m + 2 && strncmp(said.message + n - m - 2, ": ", 2) == 0 && strcmp(said.message + n - m, text) == 0;
    if (!same)
        fprintf(stderr, "no '%s' at the end of: %s\n", text, said.message);
    return same;
}

static void defaults_make_transactions_of_every_kind(const char *url)
{
    (void)url;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_isolation level;
    sqla_engine *db = vice("", NULL);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT(begun_as(conn, NULL, "BEGIN"));
    CU_ASSERT(begun_as(conn, SQLA_TXN_OPTIONS(.write = true), "BEGIN"));
    CU_ASSERT(begun_as(conn, SQLA_TXN_OPTIONS(.isolation = SQLA_READ_COMMITTED), "BEGIN ISOLATION LEVEL READ COMMITTED"));
    CU_ASSERT(begun_as(conn, SQLA_TXN_OPTIONS(.isolation = SQLA_SERIALIZABLE, .read_only = true), "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY"));
    CU_ASSERT(begun_as(conn, SQLA_TXN_OPTIONS(.read_only = true, .deferrable = true), "BEGIN READ ONLY DEFERRABLE"));
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.isolation = SQLA_REPEATABLE_READ), &err), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "it has read-committed, serializable, autocommit"));
    CU_ASSERT_EQUAL(sqla_conn_isolation(conn, &level, NULL), SQLA_ERR_UNSUPPORTED); /* of two, and it cannot be asked */
    CU_ASSERT_EQUAL(sqla_conn_prepare(conn, "x", NULL), SQLA_ERR_UNSUPPORTED);
    sqla_error failed = SQLA_ERROR_INIT;
    failed.status = SQLA_ERR_UNKNOWN_OUTCOME;
    snprintf(failed.outcome, sizeof failed.outcome, "token");
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_outcome_resolve(db, &failed, &err), SQLA_OUTCOME_UNKNOWN);
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_UNSUPPORTED);
    sqla_conn_close(conn);
    sqla_engine_free(db);
    sqla_error_clear(&err);
    CU_ASSERT_PTR_NULL(sqla_create_engine("vice://x", SQLA_ENGINE_OPTIONS(.read_only = true), &err));
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_CONFIG);
}

static void failures_are_made_sound(const char *url)
{
    (void)url;
    sqla_engine *db = vice("", NULL);
    sqla_conn *conn = sqla_connect(db, NULL);
    sqla_error err = run(conn, "silent");
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_SQL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "does not say why"));
    err = run(conn, "blab");
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_DENIED);
    CU_ASSERT_STRING_EQUAL(err.message, "FATAL: the password is ***");
    err = run(conn, "odd");
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_SQL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "something new"));
    err = run(conn, "change 3");
    CU_ASSERT_EQUAL(err.status, SQLA_OK);
    sqla_conn_close(conn);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).idle, 1);
    sqla_engine_free(db);
}

static void broken_rules_end_the_connection(const char *url)
{
    static const char *const texts[] = { "greedy", "stuck", "null", "hollow", "shapeless", "nameless", "long",
        "long text" };
    (void)url;
    sqla_engine *db = vice("", NULL);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_conn *conn = sqla_connect(db, &err);
        sum_of_rows(conn, texts[i], &err);
        CU_ASSERT_EQUAL(err.status, SQLA_ERR_PROTOCOL);
        err = run(conn, "rows 1");
        CU_ASSERT_EQUAL(err.status, SQLA_ERR_DISCONNECTED);
        sqla_conn_close(conn);
        CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 0);
    }
    sqla_engine_free(db);
}

/* A driver that writes further than it was told it may is noticed before anybody reads what came of it. */
static void writing_too_far_ends_the_connection(const char *url)
{
    static const char *const texts[] = { "long", "long text" };
    (void)url;
    sqla_engine *db = vice("", NULL);
    for (int i = 0; i < 4; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_conn *conn = sqla_connect(db, &err);
        sqla_stmt *q = sqla_sql(conn, texts[i % 2]);
        int rows = 0;
        if (i < 2) {
            SQLA_STREAM_ROW(row, q, &err)
            rows++;
        } else {
            SQLA_EACH_ROW (row, q, &err)
                rows++;
        }
        CU_ASSERT_EQUAL(rows, 0);
        CU_ASSERT_EQUAL(err.status, SQLA_ERR_PROTOCOL);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "writes behind what it was given"));
        sqla_stmt_free(q);
        sqla_conn_close(conn);
        CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 0);
    }
    sqla_engine_free(db);
}

static void stream_without_a_handle_ends_the_connection(const char *url)
{
    (void)url;
    sqla_engine *db = vice("hollow bulk", NULL);
    for (int out = 0; out < 2; out++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_conn *conn = sqla_connect(db, &err);
        CU_ASSERT_PTR_NULL(out ? sqla_copy_out(conn, "COPY", &err) : sqla_copy_in(conn, "COPY", &err));
        CU_ASSERT_EQUAL(err.status, SQLA_ERR_PROTOCOL);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "gives no handle"));
        err = run(conn, "rows 1");
        CU_ASSERT_EQUAL(err.status, SQLA_ERR_DISCONNECTED);
        sqla_conn_close(conn);
        CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 0);
    }
    sqla_engine_free(db);
}

static void names_are_mended(const char *url)
{
    (void)url;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = vice("", NULL);
    sqla_stmt *q = sqla_sql(db, "wild");
    int n = 0;
    SQLA_EACH_ROW(row, q, &err)
        n += (int)sqla_row_i64(row, "n??", &err);
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_EQUAL(err.status, SQLA_OK);
    sqla_engine_free(db);
}

static void names_that_are_none_reach_no_file(const char *url)
{
    char long_name[400];
    const char *const names[] = { "../../tmp/evil", "/abs/evil.so", "post gres", "Vice", "", "vice.so", "9vice", long_name };
    (void)url;
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    put_vice("vice.so", "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[512];
        sqla_error err = SQLA_ERROR_INIT;
        snprintf(text, sizeof text, "vice+%s://", names[i]);
        CU_ASSERT_PTR_NULL(sqla_create_engine(text, NULL, &err));
        CU_ASSERT_EQUAL(err.status, SQLA_ERR_CONFIG);
        snprintf(text, sizeof text, "%s://", names[i]);
        sqla_error_clear(&err);
        CU_ASSERT_PTR_NULL(sqla_create_engine(text, NULL, &err));
        CU_ASSERT_EQUAL(err.status, SQLA_ERR_CONFIG);
    }
}

/* ---- pool -------------------------------------------------------------------------------------------------------- */

static void one_lost_connection_ends_all_of_its_age(const char *url)
{
    (void)url;
    sqla_engine *db = vice("whole", NULL);
    sqla_conn *conns[3];
    for (int i = 0; i < 3; i++)
        conns[i] = sqla_connect(db, NULL);
    sqla_conn_close(conns[0]);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).idle, 1);
    sqla_error err = run(conns[1], "lost");
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_DISCONNECTED);
    sqla_conn_close(conns[1]);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).idle, 0); /* the idle one went too */
    sqla_conn_close(conns[2]);
    sqla_pool_status status = sqla_engine_pool_status(db);
    CU_ASSERT_EQUAL(status.size, 0);
    CU_ASSERT_EQUAL(status.disconnects, 1);
    CU_ASSERT_EQUAL(status.connects, 3);
    sqla_engine_free(db);
}

static void exhausted_pool_times_out(const char *url)
{
    (void)url;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = vice("", SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = 1, .pool_timeout_ms = 50));
    sqla_conn *a = sqla_connect(db, &err), *b = sqla_connect(db, &err);
    CU_ASSERT(!sqla_failed(&err));
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_POOL_TIMEOUT);
    sqla_conn_close(a);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).idle, 1);
    sqla_conn_close(b); /* one beyond the size is closed */
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 1);
    sqla_engine_free(db);
}

static void failed_connects_take_no_place(const char *url)
{
    (void)url;
    put_vice("vice.so", "");
    sqla_engine *db = sqla_create_engine("vice://down?pool_size=1&max_overflow=-1", NULL, NULL);
    for (int i = 0; i < 5; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
        CU_ASSERT_EQUAL(err.status, SQLA_ERR_CONNECT);
        CU_ASSERT_STRING_EQUAL(err.message, "nobody is at home");
    }
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 0);
    sqla_engine_free(db);
}

static struct { sqla_engine *db; int order[8], served; pthread_mutex_t lock; } queue = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *wait_in_line(void *number)
{
    sqla_conn *conn = sqla_connect(queue.db, NULL);
    pthread_mutex_lock(&queue.lock);
    queue.order[queue.served++] = (int)(intptr_t)number;
    pthread_mutex_unlock(&queue.lock);
    sqla_conn_close(conn);
    return NULL;
}

static void waiters_are_served_in_order(const char *url)
{
    pthread_t threads[8];
    (void)url;
    queue.db = vice("", SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1));
    queue.served = 0;
    sqla_conn *conn = sqla_connect(queue.db, NULL);
    for (int i = 0; i < 8; i++) {
        pthread_create(&threads[i], NULL, wait_in_line, (void *)(intptr_t)i);
        while (sqla_engine_pool_status(queue.db).waiting != (uint32_t)i + 1)
            usleep(1000);
    }
    sqla_conn_close(conn);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 8; i++)
        CU_ASSERT_EQUAL(queue.order[i], i);
    sqla_engine_free(queue.db);
}

static void *work(void *data)
{
    size_t failures = 0;
    (void)data;
    for (int i = 0; i < 500; i++) {
        sqla_conn *conn = sqla_connect(queue.db, NULL);
        failures += conn == NULL || sqla_execute(conn, i % 50 == 7 ? "lost" : "rows 5", NULL, NULL) != (i % 50 == 7 ? SQLA_ERR_DISCONNECTED : SQLA_OK);
        sqla_conn_close(conn);
        if (i % 100 == 0)
            sqla_engine_dispose(queue.db);
    }
    return (void *)failures;
}

static void many_threads_share_a_pool(const char *url)
{
    pthread_t threads[8];
    void *failures;
    (void)url;
    queue.db = vice("whole", SQLA_ENGINE_OPTIONS(.pool_size = 2, .max_overflow = 1, .pre_ping = true));
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], &failures);
        CU_ASSERT_PTR_NULL(failures);
    }
    sqla_pool_status status = sqla_engine_pool_status(queue.db);
    CU_ASSERT_EQUAL(status.out, 0);
    CU_ASSERT_EQUAL(status.waiting, 0);
    CU_ASSERT(status.size <= 2);
    sqla_engine_free(queue.db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "missing_file_names_the_folders", missing_file_names_the_folders, HARNESS_PLAIN },
        { "files_that_are_no_drivers_are_refused", files_that_are_no_drivers_are_refused, HARNESS_PLAIN },
        { "note_is_read_before_code_runs", note_is_read_before_code_runs, HARNESS_PLAIN },
        { "name_and_scheme_must_agree", name_and_scheme_must_agree, HARNESS_PLAIN },
        { "files_that_anybody_may_write_are_refused", files_that_anybody_may_write_are_refused,
            HARNESS_PLAIN },
        { "offers_that_cannot_be_used_are_refused", offers_that_cannot_be_used_are_refused, HARNESS_PLAIN },
        { "listing_tells_why_without_running_code", listing_tells_why_without_running_code, HARNESS_PLAIN },
        { "threads_may_load_at_once", threads_may_load_at_once, HARNESS_PLAIN },
        { "rows_come_in_batches", rows_come_in_batches, HARNESS_PLAIN },
        { "defaults_make_transactions", defaults_make_transactions, HARNESS_PLAIN },
        { "defaults_make_transactions_of_every_kind", defaults_make_transactions_of_every_kind,
            HARNESS_PLAIN },
        { "failures_are_made_sound", failures_are_made_sound, HARNESS_PLAIN },
        { "broken_rules_end_the_connection", broken_rules_end_the_connection, HARNESS_PLAIN },
        { "writing_too_far_ends_the_connection", writing_too_far_ends_the_connection, HARNESS_PLAIN },
        { "stream_without_a_handle_ends_the_connection", stream_without_a_handle_ends_the_connection,
            HARNESS_PLAIN },
        { "names are mended", names_are_mended, HARNESS_PLAIN },
        { "names that are none reach no file", names_that_are_none_reach_no_file, HARNESS_PLAIN },
        { "one_lost_connection_ends_all_of_its_age", one_lost_connection_ends_all_of_its_age, HARNESS_PLAIN },
        { "exhausted_pool_times_out", exhausted_pool_times_out, HARNESS_PLAIN },
        { "failed_connects_take_no_place", failed_connects_take_no_place, HARNESS_PLAIN },
        { "waiters_are_served_in_order", waiters_are_served_in_order, HARNESS_PLAIN },
        { "many_threads_share_a_pool", many_threads_share_a_pool, HARNESS_PLAIN },
    };
    return harness_main("test-plugin", tests, sizeof tests / sizeof tests[0]);
}
