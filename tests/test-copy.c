/* test-copy.c: COPY in and out as a stream: what is stored, what is said about rows that are refused, and what a stream that is
 * given up leaves behind. */
#include <config.h>
#include <CUnit/CUnit.h>
#include <unistd.h>

#include "expect.h"

typedef struct place { sqla_engine *db; sqla_conn *conn; sqla_error err; } place;

static void set_up(place *x, const char *url)
{
    *x = (place){ .err = SQLA_ERROR_INIT };
    harness_sql(url, "CREATE TABLE parts (id INTEGER UNIQUE, name TEXT)");
    x->db = sqla_create_engine(with_query(url, "pool_size=1"), NULL, &x->err);
    x->conn = sqla_connect(x->db, &x->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->conn);
}

static void tear_down(place *x)
{
    sqla_conn_close(x->conn);
    sqla_engine_free(x->db);
}

static sqla_status write_text(sqla_copy *copy, const char *text, sqla_error *err)
{
    return sqla_copy_write(copy, text, strlen(text), err);
}

static void copy__in_and_out(const char *url)
{
    place x;
    set_up(&x, url);
    int64_t rows = 0;
    sqla_copy *copy = sqla_copy_in(x.conn, "COPY parts (id, name) FROM STDIN", &x.err);
    write_text(copy, "1\tnut\n2\tbo", &x.err); /* cut anywhere */
    write_text(copy, "lt\n", &x.err);
    write_text(copy, "", &x.err);
    write_text(copy, "3\t\\N\n", &x.err);
    CU_ASSERT_EQUAL(sqla_copy_end(copy, &rows, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(rows, 3);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM parts WHERE name IS NOT NULL"), 2);
    copy = sqla_copy_out(x.conn, "COPY (SELECT * FROM parts ORDER BY id) TO STDOUT (FORMAT csv)", &x.err);
    static const char *const lines[] = { "1,nut\n", "2,bolt\n", "3,\n" };
    const void *data = NULL;
    size_t size = 0, n = 0;
    while (sqla_copy_read(copy, &data, &size, &x.err) == SQLA_OK && data != NULL && n < 3) {
        CU_ASSERT(size == strlen(lines[n]) && memcmp(data, lines[n], size) == 0);
        n++;
    }
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(sqla_copy_read(copy, &data, &size, &x.err), SQLA_OK); /* behind the end there is nothing, again and again */
    CU_ASSERT_PTR_NULL(data);
    CU_ASSERT_EQUAL(sqla_copy_end(copy, &rows, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(rows, 3);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void copy__names_the_row_that_is_refused(const char *url)
{
    static const struct { const char *text; sqla_status status; int64_t row; } table[] = {
        { "1\ta\n2\tb\nthree\tc\n4\td\n", SQLA_ERR_DATA, 3 },
        { "1\ta\n2\tb\n3\tc\n2\td\n", SQLA_ERR_UNIQUE, 4 },
        { "1\ta\n2\tb, line 9: c\tspare\n", SQLA_ERR_DATA, 2 },
        { "1\ta\n2\n", SQLA_ERR_DATA, 2 },
    };
    place x;
    set_up(&x, url);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        int64_t rows = 77;
        sqla_copy *copy = sqla_copy_in(x.conn, "COPY parts FROM STDIN", &err);
        write_text(copy, table[i].text, &err);
        CU_ASSERT_EQUAL(sqla_copy_end(copy, &rows, &err), table[i].status);
        CU_ASSERT(is(&err, table[i].status));
        CU_ASSERT_EQUAL(err.row, table[i].row);
        CU_ASSERT_EQUAL(rows, 77);
        CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM parts"), 0);
    }
    tear_down(&x);
}

static void copy__takes_the_connection(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_copy *copy = sqla_copy_in(x.conn, "COPY parts FROM STDIN", &x.err);
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla_execute(x.conn, "SELECT 1", NULL, &err), SQLA_ERR_BUSY);
    CU_ASSERT(says(&err, "busy with a COPY"));
    CU_ASSERT(says(&err, "sqla_copy_end"));
    CU_ASSERT_PTR_NULL(sqla_copy_out(x.conn, "COPY parts TO STDOUT", NULL));
    CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, NULL), SQLA_ERR_BUSY);
    const void *data = &x;
    size_t size;
    CU_ASSERT_EQUAL(sqla_copy_read(copy, &data, &size, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_PTR_NULL(data);
    CU_ASSERT_EQUAL(sqla_copy_end(copy, NULL, &x.err), SQLA_OK);
    copy = sqla_copy_out(x.conn, "COPY parts TO STDOUT", &x.err);
    CU_ASSERT_EQUAL(write_text(copy, "1\ta\n", NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_copy_end(copy, NULL, &x.err), SQLA_OK);
    sqla_error_clear(&err);
    SQLA_STREAM_ROW(row, sqla_sql(x.conn, "SELECT n FROM generate_series(1, 100000) AS n"), &x.err) {
        CU_ASSERT_PTR_NULL(sqla_copy_in(x.conn, "COPY parts FROM STDIN", &err));
        CU_ASSERT(is(&err, SQLA_ERR_BUSY));
        break;
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void copy__statements_that_do_not_fit(const char *url)
{
    static const struct { const char *sql; bool out; sqla_status status; } table[] = {
        { "COPY parts TO STDOUT", false, SQLA_ERR_MISUSE }, { "COPY parts FROM STDIN", true, SQLA_ERR_MISUSE }, { "SELECT 1", false, SQLA_ERR_MISUSE },
        { "SELECT 1", true, SQLA_ERR_MISUSE }, { "COPY nothing FROM STDIN", false, SQLA_ERR_SQL }, { "", true, SQLA_ERR_MISUSE },
        { "COPY parts FROM STDIN; SELECT 1", false, SQLA_ERR_MISUSE }, { "COPY parts TO STDOUT '\xff'", true, SQLA_ERR_DATA },
    };
    place x;
    set_up(&x, url);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_PTR_NULL(table[i].out ? sqla_copy_out(x.conn, table[i].sql, &err) : sqla_copy_in(x.conn, table[i].sql, &err));
        CU_ASSERT(is(&err, table[i].status));
        CU_ASSERT_EQUAL(ask(x.conn, "SELECT 5"), 5);
    }
    CU_ASSERT_EQUAL(sqla_execute(x.conn, "COPY parts TO STDOUT", NULL, &x.err), SQLA_ERR_UNSUPPORTED); /* the other doors stay shut */
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT 5"), 5);
    tear_down(&x);
}

/* Nothing is stored, and the next user of the connection, which is the same one, meets nothing of it. */
static void copy__given_up(const char *url)
{
    static const char many[] = "COPY (SELECT n FROM generate_series(1, 300000) AS n) TO STDOUT";
    place x;
    set_up(&x, url);
    int64_t pid = ask(x.conn, "SELECT pg_backend_pid()");
    const void *data;
    size_t size;
    sqla_copy *copy = sqla_copy_in(x.conn, "COPY parts FROM STDIN", &x.err);
    write_text(copy, "1\ta\n2\tb", &x.err);
    sqla_copy_cancel(copy);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM parts"), 0);
    copy = sqla_copy_out(x.conn, many, &x.err);
    sqla_copy_read(copy, &data, &size, &x.err);
    sqla_copy_cancel(copy);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT 5"), 5);
    for (int out = 0; out < 2; out++) {
        copy = out ? sqla_copy_out(x.conn, many, &x.err) : sqla_copy_in(x.conn, "COPY parts FROM STDIN", &x.err);
        CU_ASSERT_EQUAL(out ? sqla_copy_read(copy, &data, &size, &x.err) : write_text(copy, "3\tc\n", &x.err), SQLA_OK);
        sqla_conn_close(x.conn);
        x.conn = sqla_connect(x.db, &x.err);
        CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM parts"), 0);
        CU_ASSERT_EQUAL(write_text(copy, "4\td\n", NULL), SQLA_ERR_MISUSE); /* it was ended with its connection */
        CU_ASSERT_EQUAL(sqla_copy_end(copy, NULL, NULL), SQLA_ERR_MISUSE);
    }
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT pg_backend_pid()"), pid);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void copy__in_transactions(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_conn_begin(x.conn, &x.err);
    sqla_copy *copy = sqla_copy_in(x.conn, "COPY parts FROM STDIN", &x.err);
    write_text(copy, "1\ta\n", &x.err);
    CU_ASSERT_EQUAL(sqla_copy_end(copy, NULL, &x.err), SQLA_OK);
    const void *data;
    size_t size;
    copy = sqla_copy_out(x.conn, "COPY (SELECT n FROM generate_series(1, 300000) AS n) TO STDOUT", &x.err);
    sqla_copy_read(copy, &data, &size, &x.err);
    sqla_copy_cancel(copy); /* the transaction goes on */
    CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), 1);
    sqla_conn_begin(x.conn, &x.err);
    copy = sqla_copy_in(x.conn, "COPY parts FROM STDIN", &x.err);
    write_text(copy, "2\tb\n", &x.err);
    CU_ASSERT_EQUAL(sqla_conn_rollback(x.conn, &x.err), SQLA_OK); /* and ends the copy */
    sqla_copy_cancel(copy);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM parts"), 1);
    sqla_conn_begin(x.conn, &x.err);
    copy = sqla_copy_in(x.conn, "COPY parts FROM STDIN", &x.err);
    sqla_copy_cancel(copy);
    CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, NULL), SQLA_ERR_ROLLBACK_FIRST);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM parts"), 1);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

/* Resident memory in KiB, at its highest. */
static long peak(void)
{
    char line[200];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    while (fgets(line, sizeof line, f) != NULL && sscanf(line, "VmHWM: %ld", &kib) != 1)
        continue;
    fclose(f);
    return kib;
}

static void copy__much_in_little_memory(const char *url)
{
    enum { ROWS = 300000 };
    place x;
    set_up(&x, url);
    harness_sql(url, "ALTER TABLE parts DROP CONSTRAINT parts_id_key");
    char line[128];
    int64_t rows = 0, n = 0;
    const void *data = NULL;
    size_t size;
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT 5"), 5);
    long base = peak();
    sqla_copy *copy = sqla_copy_in(x.conn, "COPY parts FROM STDIN", &x.err);
    for (int i = 0; i < ROWS; i++) {
        size = (size_t)snprintf(line, sizeof line, "%d\t%090d\n", i, i);
        sqla_copy_write(copy, line, size, &x.err);
    }
    CU_ASSERT_EQUAL(sqla_copy_end(copy, &rows, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(rows, ROWS);
    copy = sqla_copy_out(x.conn, "COPY parts TO STDOUT", &x.err);
    while (sqla_copy_read(copy, &data, &size, &x.err) == SQLA_OK && data != NULL)
        n++;
    CU_ASSERT_EQUAL(sqla_copy_end(copy, &rows, &x.err), SQLA_OK);
    CU_ASSERT(n == ROWS && rows == ROWS);
    CU_ASSERT(KEEPS_FREED || harness_is_emulated() || peak() - base < 10 * 1024); /* together they have 28 MB */
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

/* What comes is taken in while there is something that cannot be sent yet, and none of that is lost. */
static void copy__both_sides_have_much_to_say(const char *url)
{
    enum { ROWS = 20000 };
    place x;
    char row[256];
    int64_t rows = 0;
    set_up(&x, url);
    harness_sql(url, "CREATE FUNCTION talk() RETURNS trigger LANGUAGE plpgsql AS "
                     "'BEGIN RAISE NOTICE ''% %'', NEW.id, repeat(''x'', 200); RETURN NEW; END';"
                     "CREATE TRIGGER talk BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION talk()");
    sqla_copy *copy = sqla_copy_in(x.conn, "COPY parts (id, name) FROM STDIN", &x.err);
    for (int i = 0; i < ROWS; i++) {
        int n = snprintf(row, sizeof row, "%d\t%0200d\n", i, i);
        sqla_copy_write(copy, row, (size_t)n, &x.err);
    }
    CU_ASSERT_EQUAL(sqla_copy_end(copy, &rows, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(rows, ROWS);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM parts WHERE name::integer = id"), ROWS);
    tear_down(&x);
}

static void copy__where_there_is_none(const char *url)
{
    place x;
    set_up(&x, url);
    CU_ASSERT_PTR_NULL(sqla_copy_in(x.conn, "COPY parts FROM STDIN", &x.err));
    CU_ASSERT(is(&x.err, SQLA_ERR_UNSUPPORTED));
    CU_ASSERT(says(&x.err, "SQLite has no streams of rows"));
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT 5"), 5);
    CU_ASSERT_PTR_NULL(sqla_copy_out(NULL, "COPY parts TO STDOUT", NULL));
    CU_ASSERT_EQUAL(sqla_copy_write(NULL, "", 0, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_copy_read(NULL, NULL, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_copy_end(NULL, NULL, NULL), SQLA_ERR_MISUSE);
    sqla_copy_cancel(NULL);
    tear_down(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "copy: much in little memory", copy__much_in_little_memory, HARNESS_POSTGRES },
        { "copy in and out", copy__in_and_out, HARNESS_POSTGRES },
        { "copy names the row that is refused", copy__names_the_row_that_is_refused, HARNESS_POSTGRES },
        { "copy takes the connection", copy__takes_the_connection, HARNESS_POSTGRES },
        { "copy: statements that do not fit", copy__statements_that_do_not_fit, HARNESS_POSTGRES },
        { "copy given up", copy__given_up, HARNESS_POSTGRES },
        { "copy in transactions", copy__in_transactions, HARNESS_POSTGRES },
        { "copy: both sides have much to say", copy__both_sides_have_much_to_say, HARNESS_POSTGRES },
        { "copy where there is none", copy__where_there_is_none, HARNESS_SQLITE },
    };
    return harness_main("test-copy", tests, sizeof tests / sizeof tests[0]);
}
