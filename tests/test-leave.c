/* test-leave.c: a stream that is left before its end: quickly, and with the transaction as it was. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>

#include "expect.h"

enum { ROWS = 1000000, SOON = 200 }; /* SOON: milliseconds that leaving may take */

typedef struct Big { int64_t id; const char *word; } Big;
SQLA_DECLARE(Big);
SQLA_MODEL(Big, "big", SQLA_COLUMN(id, .primary_key = true, .natural = true), SQLA_COLUMN(word));

/* The quickest that a test has left a stream, in milliseconds. */
static int64_t best;

typedef struct place {
    const char *url;
    sqla_engine *db;
    sqla_conn *conn;
    sqla_error err;
    int64_t began;
} place;

static void set_up(place *x, const char *url, int64_t rows)
{
    char sql[300];
    *x = (place){ .url = url, .err = SQLA_ERROR_INIT };
    best = INT64_MAX;
    harness_sql(url, "CREATE TABLE big (id BIGINT PRIMARY KEY, word VARCHAR(40))");
    harness_sql(url, "CREATE TABLE notes (n BIGINT)");
    snprintf(sql, sizeof sql, "INSERT INTO big SELECT n, 'a word that is twenty' FROM %s",
        harness_numbers(url, rows));
    harness_sql(url, sql);
    x->db = sqla_create_engine(url, NULL, &x->err);
    x->conn = sqla_connect(x->db, &x->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->conn);
}

static void tear_down(place *x)
{
    CU_ASSERT(is(&x->err, SQLA_OK));
    CU_ASSERT(best <= SOON * (harness_is_emulated() ? 10 : 1) || best == INT64_MAX);
    sqla_conn_close(x->conn);
    sqla_engine_free(x->db);
}

static void note(place *x, int64_t n)
{
    sqla_execute(x->conn, "INSERT INTO notes VALUES (:n)", sqla_params("n", n), &x->err);
}

/* Free the statement, in time. A machine that is busy gets more, now and then. */
static bool leave(sqla_stmt *q)
{
    int64_t began = now_ms();
    sqla_stmt_free(q);
    int64_t took = now_ms() - began;
    best = took < best ? took : best;
    return harness_in_time(took, 0, 10 * SOON * (harness_is_emulated() ? 10 : 1));
}

/* Read some rows of a stream of q, and leave it. */
static bool read_some(place *x, sqla_stmt *q, int rows)
{
    int n = 0;
    for (const sqla_row *row = sqla_stream_row_(q, &x->err); row != NULL && ++n < rows;)
        row = sqla_stream_next_row_(q, &x->err);
    CU_ASSERT_EQUAL(n, rows);
    return leave(q) && is(&x->err, SQLA_OK);
}

static void streams__are_left_soon(const char *url)
{
    static const char *const texts[] = {
        "SELECT id, word FROM big",
        "SELECT id, word FROM big WHERE id > :low",
        "SELECT id, word FROM big ORDER BY word, id",
        "WITH b AS (SELECT * FROM big) SELECT count(*) AS n, id FROM b GROUP BY id",
    };
    static const int counts[] = { 1, 2, 300, 5000 };
    place x;
    set_up(&x, url, ROWS);
    int64_t notes = 0;
    sqla_conn_begin(x.conn, &x.err);
    for (size_t i = 0; i < 4; i++) {
        for (size_t c = 0; c < 4; c++) {
            note(&x, ++notes);
            sqla_stmt *q = sqla_sql(x.conn, texts[i]);
            if (strstr(texts[i], ":low") != NULL)
                sqla_bind(q, "low", 1000);
            CU_ASSERT(read_some(&x, q, counts[c]));
        }
    }
    note(&x, ++notes);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM notes"), notes);
    CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM notes"), notes);
    CU_ASSERT(read_some(&x, sqla_sql(x.conn, texts[0]), 10)); /* and outside of one */
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM notes"), notes);
    tear_down(&x);
}

/* Structs and objects, typed statements, sessions. */
static void streams__of_a_session_are_left_soon(const char *url)
{
    place x;
    set_up(&x, url, ROWS);
    sqla_metadata *base = sqla_metadata_new(&x.err);
    sqla_metadata_add(base, SQLA_MODELS(Big), &x.err);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(x.db, base, NULL, &x.err);
    sqla_session *s = sqla_open(maker, &x.err);
    Big *first = sqla_get(s, Big, 1, &x.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    first->word = "changed";
    for (int again = 0; again < 3; again++) {
        sqla_stmt *q = sqla_order_by(
            sqla_where(sqla_select(s, Big), sqla_ge(sqla_col(Big, id), again)), sqla_col(Big, id));
        int n = 0;
        SQLA_STREAM(Big, b, q, &x.err) {
            if (n++ == 0)
                CU_ASSERT_STRING_EQUAL(b->word, b->id == 1 ? "changed" : "a word that is twenty");
            if (n == 700)
                break;
        }
        CU_ASSERT_EQUAL(n, 700);
        CU_ASSERT(leave(q));
        CU_ASSERT_PTR_NOT_NULL(sqla_get(s, Big, 500 + again, &x.err));
    }
    CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_OK);
    sqla_close(s);
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT word FROM big WHERE id = 1"), "changed");
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
    tear_down(&x);
}

/* Savepoints of the program's stand around and behind, and streams that come to their end leave none. */
static void streams__among_savepoints(const char *url)
{
    place x;
    set_up(&x, url, 300000);
    sqla_conn_begin(x.conn, &x.err);
    note(&x, 1);
    sqla_conn_savepoint(x.conn, "mine", &x.err);
    note(&x, 2);
    CU_ASSERT(read_some(&x, sqla_sql(x.conn, "SELECT id FROM big"), 50));
    note(&x, 3);
    for (int i = 0; i < 100; i++) {
        int64_t sum = 0;
        sqla_stmt *q = sqla_sql(
            x.conn, i % 2 == 0 ? "SELECT id FROM big WHERE id <= 2" : "SELECT id FROM big WHERE id < 0");
        SQLA_STREAM_ROW(row, q, &x.err)
            sum += sqla_row_i64(row, "id", &x.err);
        CU_ASSERT_EQUAL(sum, i % 2 == 0 ? 3 : 0);
        sqla_stmt_free(q);
    }
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM notes"), 3);
    sqla_conn_rollback_to(x.conn, "mine", &x.err);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM notes"), 1);
    CU_ASSERT(read_some(&x, sqla_sql(x.conn, "SELECT id FROM big"), 1));
    CU_ASSERT_EQUAL(sqla_conn_release(x.conn, "mine", &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM notes"), 1);
    tear_down(&x);
}

/* The rows that were seen stay locked. */
static void streams__that_lock_keep_their_locks(const char *url)
{
    place x;
    sqla_error other_err = SQLA_ERROR_INIT;
    set_up(&x, url, ROWS);
    sqla_conn *other = sqla_connect(x.db, &other_err);
    for (int again = 0; again < 3; again++) {
        sqla_conn_begin(x.conn, &x.err);
        note(&x, again);
        sqla_stmt *q = sqla_sql(x.conn, "SELECT id, word FROM big WHERE id > :low ORDER BY id FOR UPDATE");
        CU_ASSERT(read_some(&x, sqla_bind(q, "low", 10), 20));
        sqla_error_clear(&other_err);
        sqla_execute(other, "SELECT id FROM big WHERE id = 15 FOR UPDATE NOWAIT", NULL, &other_err);
        CU_ASSERT(is(&other_err, SQLA_ERR_BUSY));
        CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, &x.err), SQLA_OK);
    }
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM notes"), 3);
    sqla_conn_close(other);
    tear_down(&x);
}

/* What a function has done for rows that were seen stays done. */
static void streams__of_functions_keep_what_they_did(const char *url)
{
    place x;
    harness_sql(url, "CREATE FUNCTION keep(i BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS "
                     "$$ BEGIN INSERT INTO notes VALUES (i); RETURN i; END $$");
    set_up(&x, url, ROWS);
    sqla_conn_begin(x.conn, &x.err);
    CU_ASSERT(read_some(&x, sqla_sql(x.conn, "SELECT keep(id) AS id FROM big"), 100));
    int64_t kept = ask(x.conn, "SELECT count(*) FROM notes");
    CU_ASSERT(kept >= 100 && kept < 10000);
    CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM notes"), kept);
    tear_down(&x);
}

/* A statement that changes rows is done as a whole, however few of its rows are looked at. */
static void streams__that_change_rows_are_done(const char *url)
{
    place x;
    set_up(&x, url, 50000);
    sqla_conn_begin(x.conn, &x.err);
    sqla_stmt *q = sqla_sql(x.conn, "INSERT INTO notes SELECT id FROM big WHERE id > 0 RETURNING n");
    const sqla_row *row = sqla_stream_row_(q, &x.err);
    CU_ASSERT_PTR_NOT_NULL(row);
    sqla_stmt_free(q);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM notes"), 50000);
    CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM notes"), 50000);
    tear_down(&x);
}

/* By each road all rows come, of every size, and failures are what they are without. */
static void streams__by_each_road_are_whole(const char *url)
{
    static const char *const texts[] = {
        "SELECT id, word FROM big WHERE id > 0 AND id <= :n ORDER BY id",
        "SELECT id, word FROM big WHERE id <= :n ORDER BY id FOR UPDATE",
        "SELECT same(id) AS id, word FROM big WHERE id <= :n ORDER BY id -- update\n",
        "/* delete */ (SELECT id, word FROM big WHERE id <= :n AND word <> 'update' ORDER BY \"id\") ;",
    };
    static const int counts[] = { 0, 1, 7, 8, 9, 16, 1000, 1032, 5000, 20000 };
    place x;
    harness_sql(url, "CREATE FUNCTION same(i BIGINT) RETURNS BIGINT LANGUAGE sql AS 'SELECT i'");
    set_up(&x, url, 20000);
    sqla_conn_begin(x.conn, &x.err);
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            int64_t n = 0, sum = 0;
            sqla_stmt *q = sqla_bind(sqla_sql(x.conn, texts[t]), "n", counts[c]);
            SQLA_STREAM_ROW(row, q, &x.err) {
                n++;
                sum += sqla_row_i64(row, "id", &x.err) == n &&
                       strcmp(sqla_row_text(row, "word", &x.err), "a word that is twenty") == 0;
            }
            CU_ASSERT(n == counts[c] && sum == n);
            sqla_stmt_free(q);
        }
    }
    CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, &x.err), SQLA_OK);
    tear_down(&x);
}

static void streams__that_fail(const char *url)
{
    static const struct { const char *sql; sqla_status status; int32_t position; int rows;
    } cases[] = {
        { "SELECT 100 / (id - 5000) FROM big WHERE id > 0", SQLA_ERR_DATA, 0, 4999 },
        { "SELECT 100 / (id - 5000) FROM big FOR UPDATE", SQLA_ERR_DATA, 0, 4999 },
        { "SELECT idd FROM big", SQLA_ERR_SQL, 8, 0 },
        { "SELECT idd FROM big FOR UPDATE", SQLA_ERR_SQL, 8, 0 },
        { "SELECT id FROM big FOR UPDATE; SELECT 1", SQLA_ERR_MISUSE, 0, 0 },
        { "SELECT id FROM big; DELETE FROM big", SQLA_ERR_MISUSE, 0, 0 },
    };
    place x;
    set_up(&x, url, 20000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        int rows = 0;
        sqla_conn_begin(x.conn, &x.err);
        note(&x, 1);
        sqla_stmt *q = sqla_sql(x.conn, cases[i].sql);
        for (const sqla_row *row = sqla_stream_row_(q, &err); row != NULL;
             row = sqla_stream_next_row_(q, &err))
            rows++;
        CU_ASSERT(is(&err, cases[i].status));
        CU_ASSERT_EQUAL(err.position, cases[i].position);
        CU_ASSERT(rows <= cases[i].rows);
        sqla_stmt_free(q);
        CU_ASSERT_EQUAL(
            sqla_conn_commit(x.conn, NULL), SQLA_ERR_ROLLBACK_FIRST); /* as after any failed statement */
        sqla_conn_rollback(x.conn, &x.err);
        CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM notes"), 0);
    }
    tear_down(&x);
}

/* A cancel and a deadline find a stream wherever it is. */
static void streams__are_cancelled_and_have_deadlines(const char *url)
{
    static const char *const texts[] = { "SELECT a.id, pg_sleep(0) FROM big a, big b FOR UPDATE",
        "SELECT a.id FROM big a, big b, big c WHERE a.id + b.id + c.id < 0" };
    place x;
    set_up(&x, url, 20000);
    for (int i = 0; i < 2; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_conn_begin(x.conn, &x.err);
        note(&x, 1);
        sqla_stmt *q = sqla_timeout(sqla_sql(x.conn, texts[i]), i == 0 ? 0 : 300);
        for (const sqla_row *row = sqla_stream_row_(q, &err); row != NULL;
             row = sqla_stream_next_row_(q, &err)) {
            static int n;
            if (++n == 20)
                CU_ASSERT_EQUAL(sqla_conn_cancel(x.conn, &x.err), SQLA_OK);
        }
        CU_ASSERT(is(&err, i == 0 ? SQLA_ERR_CANCELLED : SQLA_ERR_TIMEOUT));
        CU_ASSERT(leave(q));
        sqla_conn_rollback(x.conn, &x.err);
        bool given_up = i == 1 && sqla_execute(x.conn, "SELECT 1", NULL, NULL) ==
                                      SQLA_ERR_DISCONNECTED; /* the server was too busy to answer the cancel in time */
        CU_ASSERT(given_up || ask(x.conn, "SELECT count(*) FROM notes") == 0);
    }
    tear_down(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "streams are left soon", streams__are_left_soon, HARNESS_DATABASES },
        { "streams of a session are left soon", streams__of_a_session_are_left_soon, HARNESS_DATABASES },
        { "streams among savepoints", streams__among_savepoints, HARNESS_DATABASES },
        { "streams that lock keep their locks", streams__that_lock_keep_their_locks, HARNESS_SERVERS },
        { "streams of functions keep what they did", streams__of_functions_keep_what_they_did,
            HARNESS_POSTGRES },
        { "streams that change rows are done", streams__that_change_rows_are_done,
            HARNESS_POSTGRES | HARNESS_MARIADB },
        { "streams by each road are whole", streams__by_each_road_are_whole, HARNESS_POSTGRES },
        { "streams that fail", streams__that_fail, HARNESS_POSTGRES },
        { "streams are cancelled and have deadlines", streams__are_cancelled_and_have_deadlines,
            HARNESS_POSTGRES },
    };
    return harness_main("test-leave", tests, sizeof tests / sizeof tests[0]);
}
