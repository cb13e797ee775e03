/* test-wrap.c: a driver that goes round another one, shown by "trace": what a program does through it is what it does without,
 * and each call is told. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expect.h"
#include "harness.h"

typedef struct Part {
    int64_t id;
    const char *name;
    sqla_opt_i32 weight;
} Part;
SQLA_DECLARE(Part);
SQLA_MODEL(Part, "parts", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(name, .not_null = true), SQLA_COLUMN(weight));

/* Standard error goes to a file while a test runs. */
static int saved = -1;
static char told[256 * 1024];

static void listen_in(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/told", harness_folder());
    fflush(stderr);
    saved = dup(STDERR_FILENO);
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static void stop_listening(void)
{
    fflush(stderr);
    ssize_t n = pread(STDERR_FILENO, told, sizeof told - 1, 0);
    told[n > 0 ? n : 0] = '\0';
    dup2(saved, STDERR_FILENO);
    close(saved);
}

/* There is a line with that call, and with that behind it. */
static bool was_told(const char *call, const char *rest)
{
    for (const char *line = strstr(told, call); line != NULL; line = strstr(line + 1, call)) {
        const char *at = strstr(line, rest), *end = strchr(line, '\n');
        if (at != NULL && (end == NULL || at < end))
            return true;
    }
    printf("no '%s ... %s' in:\n%s\n", call, rest, told);
    return false;
}

/* A call of the database's driver, as lines name it. */
static const char *told_of(const char *url, const char *call)
{
    static char text[64];
    snprintf(text, sizeof text, "%s.%s", harness_is_postgres(url) ? "postgres" : harness_sqlite_path(url) != NULL ? "sqlite" : "mariadb", call);
    return text;
}

static void work(sqla_engine *db, sqla_error *err)
{
    sqla_metadata *base = sqla_metadata_new(err);
    sqla_metadata_add(base, SQLA_MODELS(Part), err);
    sqla_metadata_create_all(base, db, err);
    sqla_sessionmaker *Session = sqla_sessionmaker_new(db, base, NULL, err);
    sqla_session *s = sqla_open(Session, err);
    for (int i = 0; i < 40; i++)
        sqla_add(s, Part, .name = "bolt", .weight = SQLA_SOME(i));
    CU_ASSERT_EQUAL(sqla_commit(s, err), SQLA_OK);
    int n = 0;
    SQLA_EACH(Part, part, sqla_where(sqla_select(s, Part), sqla_gt(sqla_col(Part, weight), 9)), err)
        n++;
    CU_ASSERT_EQUAL(n, 30);
    Part *first = sqla_get(s, Part, 1, err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    sqla_savepoint *place = sqla_begin_nested(s, err);
    sqla_delete(s, first);
    CU_ASSERT_EQUAL(sqla_savepoint_commit(place, err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_rollback(s, err), SQLA_OK);
    sqla_close(s);
    sqla_sessionmaker_free(Session);
    sqla_metadata_free(base);
}

static void calls_are_told_and_change_nothing(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    listen_in();
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.wrap = "trace"), &err);
    work(db, &err);
    sqla_error wrong = SQLA_ERROR_INIT;
    sqla_execute(db, "SELECT\n'a' FROM no_such_table", NULL, &wrong);
    sqla_engine_free(db);
    stop_listening();
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), 40);
    CU_ASSERT_EQUAL(wrong.status, SQLA_ERR_SQL);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong.message, "no_such_table"));
    CU_ASSERT(was_told(".open(", "= OK in "));
    CU_ASSERT(was_told(".exec(conn ", "CREATE TABLE"));
    CU_ASSERT(was_told(".begin(conn ", "= OK"));
    CU_ASSERT(was_told(".execute_many(conn ", " rows, "));
    CU_ASSERT(was_told(".result_fetch(result ", " rows, the last"));
    CU_ASSERT(was_told(".commit(conn ", "= OK"));
    CU_ASSERT(was_told(".rollback(conn ", "= OK"));
    CU_ASSERT(was_told(".exec(conn ", "\"SELECT 'a' FROM no_such_table\", 0 parameters) = ERR_SQL in "));
    CU_ASSERT(was_told(".close(conn ", "= OK"));
    CU_ASSERT(was_told("sqla: driver: ", told_of(url, "open(")));
}

static void one_engine_may_wrap_and_another_not(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *plain = sqla_create_engine(url, NULL, &err);
    listen_in();
    sqla_execute(plain, "CREATE TABLE t (n int)", NULL, &err);
    stop_listening();
    CU_ASSERT_STRING_EQUAL(told, "");
    sqla_engine *a = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.wrap = "trace"), &err);
    sqla_engine *b = sqla_create_engine("sqlite://?wrap=trace", NULL, &err);
    CU_ASSERT_STRING_EQUAL(sqla_engine_dialect(a), sqla_engine_dialect(plain));
    listen_in();
    sqla_execute(a, "INSERT INTO t VALUES (1)", NULL, &err);
    sqla_execute(b, "SELECT 2", NULL, &err);
    stop_listening();
    CU_ASSERT(was_told(told_of(url, "exec("), "INSERT INTO t"));
    CU_ASSERT(was_told("sqlite.exec", "SELECT 2"));
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(a);
    sqla_engine_free(b);
    sqla_engine_free(plain);
}

static void secrets_are_not_told(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    char secret[1024];
    snprintf(secret, sizeof secret, "%s", harness_postgres_tcp("sqla", "sesame", "sqla"));
    if (secret[0] == '\0')
        return;
    listen_in();
    sqla_engine *db = sqla_create_engine(secret, SQLA_ENGINE_OPTIONS(.wrap = "trace"), &err);
    sqla_execute(db, "SELECT 1", NULL, &err);
    sqla_engine_free(db);
    stop_listening();
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT(was_told("postgres.open(", "user=sqla"));
    CU_ASSERT(was_told("postgres.open(", "password=***"));
    CU_ASSERT_PTR_NULL(strstr(told, "sesame"));
}

static void extensions_pass(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    const void *data;
    size_t size;
    int64_t rows = 0;
    listen_in();
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.wrap = "trace"), &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_execute(conn, "CREATE TABLE t (n int)", NULL, &err);
    sqla_copy *in = sqla_copy_in(conn, "COPY t FROM STDIN", &err);
    sqla_copy_write(in, "1\n2\n", 4, &err);
    sqla_copy_end(in, &rows, &err);
    CU_ASSERT_EQUAL(rows, 2);
    sqla_copy *out = sqla_copy_out(conn, "COPY t TO STDOUT", &err);
    while (sqla_copy_read(out, &data, &size, &err) == SQLA_OK && data != NULL)
        ;
    sqla_copy_cancel(out);
    sqla_conn_begin(conn, &err);
    sqla_execute(conn, "INSERT INTO t VALUES (3)", NULL, &err);
    sqla_conn_prepare(conn, "sqla-test-wrap", &err);
    sqla_conn_rollback_prepared(conn, "sqla-test-wrap", &err);
    sqla_conn_close(conn);
    sqla_engine_free(db);
    stop_listening();
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 2);
    CU_ASSERT(was_told("bulk.open(", "COPY t FROM STDIN"));
    CU_ASSERT(was_told("bulk.put(copy ", "4 bytes"));
    CU_ASSERT(was_told("bulk.finish(copy ", "= OK"));
    CU_ASSERT(was_told("bulk.get(copy ", "= OK"));
    CU_ASSERT(was_told("bulk.abort(copy ", "= OK"));
    CU_ASSERT(was_told("twophase.prepare(conn ", "'sqla-test-wrap'"));
    CU_ASSERT(was_told("twophase.rollback(conn ", "= OK"));
}

static void wrong_names_are_refused(const char *url)
{
    static const struct { const char *wrap; sqla_status status; const char *text; } cases[] = {
        { "sqlite", SQLA_ERR_CONFIG, "does not go round others" },
        { "../trace", SQLA_ERR_CONFIG, "not the name of a driver" },
        { "Trace", SQLA_ERR_CONFIG, "not the name of a driver" },
        { "nobody", SQLA_ERR_PLUGIN, "nobody.so" },
    };
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_PTR_NULL(sqla_create_engine("sqlite://", SQLA_ENGINE_OPTIONS(.wrap = cases[i].wrap), &err));
        CU_ASSERT_EQUAL(err.status, cases[i].status);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, cases[i].text));
    }
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_PTR_NULL(sqla_create_engine("sqlite://?wrap=trace", SQLA_ENGINE_OPTIONS(.wrap = "trace"), &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "give it once"));
    sqla_error_clear(&err);
    sqla_engine *alone = sqla_create_engine("trace://", NULL, &err);
    CU_ASSERT_EQUAL(sqla_execute(alone, "SELECT 1", NULL, &err), SQLA_ERR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "wrap=trace"));
    sqla_engine_free(alone);
}

static const struct harness_test tests[] = {
    { "calls are told and change nothing", calls_are_told_and_change_nothing, HARNESS_DATABASES },
    { "one engine may wrap and another not", one_engine_may_wrap_and_another_not, HARNESS_DATABASES },
    { "secrets are not told", secrets_are_not_told, HARNESS_POSTGRES },
    { "extensions pass", extensions_pass, HARNESS_POSTGRES },
    { "wrong names are refused", wrong_names_are_refused, HARNESS_PLAIN },
};

int main(void)
{
    return harness_main("test-wrap", tests, sizeof tests / sizeof tests[0]);
}
