/* test-mariadb.c: what is particular to MariaDB: texts in keys, statements that end transactions, and sessions that forget. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>

#include "expect.h"

typedef struct Word Word;
SQLA_DECLARE(Word);
struct Word { const char *word; const char *meaning; sqla_interval span; sqla_decimal price; };
SQLA_MODEL(Word, "words", SQLA_COLUMN(word, .primary_key = true), SQLA_COLUMN(meaning), SQLA_COLUMN(span), SQLA_COLUMN(price));

typedef struct place { sqla_engine *db; sqla_metadata *base; sqla_sessionmaker *maker; sqla_session *s; sqla_error err; } place;

static void set_up(place *x, const char *url)
{
    *x = (place){ .err = SQLA_ERROR_INIT };
    x->db = sqla_create_engine(url, NULL, &x->err);
    x->base = sqla_metadata_new(&x->err);
    sqla_metadata_add(x->base, SQLA_MODELS(Word), &x->err);
    sqla_metadata_create_all(x->base, x->db, &x->err);
    x->maker = sqla_sessionmaker_new(x->db, x->base, NULL, &x->err);
    x->s = sqla_open(x->maker, &x->err);
    CU_ASSERT_FATAL(is(&x->err, SQLA_OK));
}

static void tear_down(place *x)
{
    sqla_close(x->s);
    sqla_sessionmaker_free(x->maker);
    sqla_metadata_free(x->base);
    sqla_engine_free(x->db);
}

/* The identity map and the database have one opinion of which keys are the same. */
static void keys__of_text_are_what_they_are(const char *url)
{
    static const char *const words[] = { "a", "A", "a ", "\xc3\xa4", "" };
    place x;
    char long_word[300];
    set_up(&x, url);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        sqla_add(x.s, Word, .word = words[i], .meaning = "m", .span = { 14, -3, 5 }, .price = { "12.50" });
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM words"), 5);
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
                                                 "AND COLUMN_NAME = 'word'"), "varchar(255)");
    memset(long_word, 'x', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    sqla_add(x.s, Word, .word = long_word, .meaning = "m", .price = { "1" });
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(x.err.column, "word");
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "22001");
    tear_down(&x);
}

/* DDL commits, whether it works or not. What comes behind a failure must not run by itself. */
static void transaction__that_ddl_has_ended(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &x.err), SQLA_OK);
    sqla_execute(conn, "INSERT INTO words VALUES ('first', NULL, 'P1M', 1)", NULL, NULL);
    CU_ASSERT_EQUAL(sqla_execute(conn, "CREATE TABLE words (n INTEGER)", NULL, &x.err), SQLA_ERR_SQL);
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "42P07");
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_execute(conn, "DELETE FROM words", NULL, &x.err), SQLA_ERR_ROLLBACK_FIRST);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_ERR_ROLLBACK_FIRST);
    sqla_conn_rollback(conn, NULL);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT 1", NULL, &x.err), SQLA_OK);
    sqla_conn_close(conn);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM words"), 1); /* the DELETE did not run */
    tear_down(&x);
}

/* A reset takes prepared statements from the server; those of the library are prepared anew. */
static void session__that_was_reset(const char *url)
{
    place x;
    set_up(&x, url);
    for (int round = 0; round < 3; round++) {
        sqla_conn *conn = sqla_connect(x.db, &x.err);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT 1"), 1);
        for (int i = 0; i < 3; i++) {
            sqla_stmt *q = sqla_bind(sqla_sql(conn, "SELECT :n + @@sort_buffer_size * 0"), "n", (int64_t)7 + i);
            CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 7 + i);
            sqla_stmt_free(q);
        }
        sqla_stmt *set = sqla_sql(conn, "SELECT @mine IS NULL");
        CU_ASSERT_EQUAL(sqla_scalar_i64(set, &x.err), 1);
        sqla_stmt_free(set);
        CU_ASSERT_EQUAL(sqla_execute(conn, "SET @mine = 1", NULL, &x.err), SQLA_OK);
        sqla_conn_close(conn);
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void connect__by_tcp_with_a_password(const char *url)
{
    static const struct { const char *user, *password; sqla_status status; } tries[] = {
        { "sqla", "sesame", SQLA_OK }, { "sqla", "wrong-sesame", SQLA_ERR_DENIED }, { "nobody-here", "sesame", SQLA_ERR_DENIED },
    };
    (void)url;
    for (size_t i = 0; i < sizeof tries / sizeof tries[0] && harness_mariadb_tcp("a", "b", "c")[0] != '\0'; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = sqla_create_engine(harness_mariadb_tcp(tries[i].user, tries[i].password, "sqla"), NULL, &err);
        sqla_conn *conn = sqla_connect(db, &err);
        CU_ASSERT_EQUAL(err.status, tries[i].status);
        CU_ASSERT_PTR_NULL(strstr(err.message, tries[i].password));
        sqla_conn_close(conn);
        sqla_engine_free(db);
    }
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "keys of text are what they are", keys__of_text_are_what_they_are, HARNESS_MARIADB },
        { "transaction that DDL has ended", transaction__that_ddl_has_ended, HARNESS_MARIADB },
        { "session that was reset", session__that_was_reset, HARNESS_MARIADB },
        { "connect by TCP with a password", connect__by_tcp_with_a_password, HARNESS_MARIADB },
    };
    return harness_main("test-mariadb", tests, sizeof tests / sizeof tests[0]);
}
