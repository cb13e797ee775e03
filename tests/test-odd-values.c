/* test-odd-values.c: values that only some databases can hold, in tables that others made: unsigned integers,
 * spans that a type for times of a day may hold, numbers in a column of truth, dates of zeros, text that is
 * no JSON. What the program asks for decides in what form it gets them, and what cannot be had fails alone;
 * what a database cannot keep, it refuses. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- unsigned parameters ----------------------------------------------------------------------------- */

/* Above INT64_MAX: refused by every column of integers that ends there, and never a float. */
static void unsigned__is_refused_where_it_does_not_fit(const char *url)
{
    static const char *const ways[] = { "INSERT INTO numbers VALUES (1, :n)",
        "UPDATE numbers SET n = :n WHERE id = 0" };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_execute(conn, "CREATE TABLE numbers (id INTEGER NOT NULL PRIMARY KEY, n BIGINT)", NULL, &err);
    sqla_execute(conn, "INSERT INTO numbers VALUES (0, :n)", sqla_params("n", (uint64_t)INT64_MAX), &err);
    CU_ASSERT(is(&err, SQLA_OK));
    for (size_t i = 0; i < COUNT(ways); i++) {
        CU_ASSERT_EQUAL(
            sqla_execute(conn, ways[i], sqla_params("n", (uint64_t)INT64_MAX + 1), &err), SQLA_ERR_DATA);
        sqla_error_clear(&err);
        CU_ASSERT_EQUAL(sqla_execute(conn, ways[i], sqla_params("n", UINT64_MAX), &err), SQLA_ERR_DATA);
        sqla_error_clear(&err);
    }
    CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM numbers"), 1);
    CU_ASSERT_EQUAL(ask(conn, "SELECT n FROM numbers"), INT64_MAX);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

typedef struct Number {
    int32_t id;
    int64_t n;
} Number;
SQLA_DECLARE(Number);
SQLA_MODEL(Number, "numbers", SQLA_COLUMN(id, .primary_key = true, .natural = true), SQLA_COLUMN(n));

/* In a condition it is compared as the number that it is, or refused: no row is found for being near. */
static void unsigned__matches_nothing_by_rounding(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_execute(
        conn, "CREATE TABLE numbers (id INTEGER NOT NULL PRIMARY KEY, n BIGINT NOT NULL)", NULL, &err);
    sqla_execute(conn, "INSERT INTO numbers VALUES (1, :n)", sqla_params("n", INT64_MAX), &err);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_stmt *q = sqla_where(
        sqla_select_cols(conn, sqla_count_all()), sqla_eq(sqla_col(Number, n), (uint64_t)INT64_MAX + 1));
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &err), 0);
    CU_ASSERT(err.status == SQLA_OK || is(&err, SQLA_ERR_DATA));
    sqla_stmt_free(q);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- JSON -------------------------------------------------------------------------------------------- */

typedef struct Page {
    int32_t id;
    sqla_json doc;
} Page;
SQLA_DECLARE(Page);
SQLA_MODEL(Page, "pages", SQLA_COLUMN(id, .primary_key = true, .natural = true), SQLA_COLUMN(doc));

typedef struct shelf {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
} shelf;

static void shelf_open(shelf *x, const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    x->db = sqla_create_engine(url, NULL, &err);
    x->base = sqla_metadata_new(&err);
    sqla_metadata_add(x->base, SQLA_MODELS(Page), &err);
    sqla_metadata_create_all(x->base, x->db, &err);
    x->maker = sqla_sessionmaker_new(x->db, x->base, NULL, &err);
    CU_ASSERT_FATAL(is(&err, SQLA_OK));
}

static void shelf_close(shelf *x)
{
    sqla_sessionmaker_free(x->maker);
    sqla_metadata_free(x->base);
    sqla_engine_free(x->db);
}

static void json__is_refused_unless_it_is_json(const char *url)
{
    static const char *const wrong[] = {
        "{", "", " ", "}", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "'a'", "\"a",
        "\"\\u12g4\"", "\"\t\"", "01", ".5", "+1", "1e", "-", "nul", "nullx", "[1 2]", "1 2", "[1]]",
        "{\"a\":1]", "NaN", "True", "\"a\" \"b\"", "//\n1", "\"\\x\"", "1.", /* which MariaDB takes */
    };
    const size_t wrongs = COUNT(wrong) - (harness_is_mariadb(url) ? 2 : 0);
    static const char *const right[] = {
        "{}",
        "[]",
        "null",
        " [ 1 , -0.5e+3 , \"\\u00e4\\n\\\"\" , { \"a\" : { } , \"b\" : [ [ ] , true ] } ] ",
        "\"\"",
        "0",
        "-0",
        "1E9",
        "[[],{},[{}]]",
    };
    shelf x;
    shelf_open(&x, url);
    for (size_t i = 0; i < wrongs + COUNT(right); i++) {
        sqla_error err = SQLA_ERROR_INIT;
        bool ok = i >= wrongs;
        const char *text = ok ? right[i - wrongs] : wrong[i];
        sqla_session *s = sqla_open(x.maker, &err);
        sqla_add(s, Page, .id = (int32_t)i, .doc = { text });
        sqla_status status = sqla_commit(s, &err);
        if (ok ? status != SQLA_OK : status != SQLA_ERR_DATA && status != SQLA_ERR_CHECK)
            fprintf(stderr, "'%s': %s, %s\n", text, sqla_status_name(status), err.message);
        CU_ASSERT(ok ? status == SQLA_OK : status == SQLA_ERR_DATA || status == SQLA_ERR_CHECK);
        sqla_close(s);
    }
    sqla_conn *conn = sqla_connect(x.db, NULL);
    CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM pages"), (int64_t)COUNT(right));
    sqla_conn_close(conn);
    shelf_close(&x);
}

/* Whoever writes: the table itself has the check. */
static void json__is_checked_by_the_table(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    shelf x;
    shelf_open(&x, url);
    sqla_status status = sqla_execute(x.db, "INSERT INTO pages (id, doc) VALUES (1, '{')", NULL, &err);
    CU_ASSERT(status == SQLA_ERR_DATA || status == SQLA_ERR_CHECK);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(
        sqla_execute(x.db, "INSERT INTO pages (id, doc) VALUES (1, '{}'), (2, NULL)", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    shelf_close(&x);
}

/* 1000 brackets are the most that SQLite's own functions take. */
static void json__is_refused_when_it_is_too_deep(const char *url)
{
    char deep[2 * 1001 + 1];
    sqla_error err = SQLA_ERROR_INIT;
    shelf x;
    shelf_open(&x, url);
    for (int levels = 1000; levels <= 1001; levels++) {
        memset(deep, '[', (size_t)levels);
        memset(deep + levels, ']', (size_t)levels);
        deep[2 * levels] = '\0';
        sqla_session *s = sqla_open(x.maker, &err);
        sqla_add(s, Page, .id = levels, .doc = { deep });
        CU_ASSERT_EQUAL(sqla_commit(s, &err), levels == 1000 ? SQLA_OK : SQLA_ERR_DATA);
        sqla_close(s);
    }
    CU_ASSERT(is(&err, SQLA_ERR_DATA) && says(&err, "JSON") && strcmp(err.column, "doc") == 0);
    shelf_close(&x);
}

/* ---- what others have stored ------------------------------------------------------------------------- */

/* One row has all of it; a cell that cannot be had in the form that is asked for leaves the others alone. */
static void cells__fail_alone(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_execute(conn,
        "CREATE TABLE odd (n BIGINT UNSIGNED, t TIME(3), b TINYINT(1), d DATE, m DATETIME, z BIT(64))", NULL,
        &err);
    sqla_execute(conn,
        "SET STATEMENT sql_mode = '' FOR INSERT INTO odd VALUES "
        "(18446744073709551615, '-100:00:01.5', 2, '0000-00-00', '2024-00-00 "
        "01:02:03', ~0)",
        NULL, &err);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(conn, "SELECT * FROM odd"));
    SQLA_EACH_ROW (row, q, &err) {
        CU_ASSERT_STRING_EQUAL(sqla_row_decimal(row, "n", &err).text, "18446744073709551615");
        CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "n", &err), "18446744073709551615");
        CU_ASSERT_EQUAL(sqla_row_interval(row, "t", &err).micros, -INT64_C(360001500000));
        CU_ASSERT_EQUAL(sqla_row_i64(row, "b", &err), 2);
        CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "d", &err), "0000-00-00");
        CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "m", &err), "2024-00-00 01:02:03");
        CU_ASSERT_STRING_EQUAL(sqla_row_decimal(row, "z", &err).text, "18446744073709551615");
        CU_ASSERT(is(&err, SQLA_OK));
        (void)sqla_row_i64(row, "n", &err);
        CU_ASSERT(is(&err, SQLA_ERR_DATA) && says(&err, "'n'"));
        sqla_error_clear(&err);
        (void)sqla_row_time(row, "t", &err);
        CU_ASSERT(is(&err, SQLA_ERR_DATA));
        sqla_error_clear(&err);
        (void)sqla_row_bool(row, "b", &err);
        CU_ASSERT(is(&err, SQLA_ERR_DATA));
        sqla_error_clear(&err);
        (void)sqla_row_date(row, "d", &err);
        CU_ASSERT(is(&err, SQLA_ERR_DATA));
        sqla_error_clear(&err);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_stmt_free(q);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

typedef struct Odd {
    sqla_decimal n;
    sqla_interval t;
    int16_t b;
    const char *d;
} Odd;
SQLA_DECLARE(Odd);
SQLA_ROW(Odd, SQLA_COLUMN(n), SQLA_COLUMN(t), SQLA_COLUMN(b), SQLA_COLUMN(d));

static void structs__get_what_they_ask_for(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    size_t n = 0;
    sqla_execute(conn,
        "CREATE TABLE odd (n BIGINT UNSIGNED NOT NULL, t TIME NOT NULL, b TINYINT(1) NOT NULL, d DATE NOT "
        "NULL)",
        NULL, &err);
    sqla_execute(conn,
        "SET STATEMENT sql_mode = '' FOR INSERT INTO odd VALUES "
        "(18446744073709551615, '838:59:59', -3, '0000-00-00'), (7, '01:00:00', 1, "
        "'2024-02-29')",
        NULL, &err);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(conn, "SELECT * FROM odd ORDER BY n DESC"));
    Odd **rows = sqla_all(q, Odd, &n, &err);
    CU_ASSERT_FATAL(is(&err, SQLA_OK) && n == 2);
    CU_ASSERT_STRING_EQUAL(rows[0]->n.text, "18446744073709551615");
    CU_ASSERT_EQUAL(rows[0]->t.micros, INT64_C(3020399000000));
    CU_ASSERT_EQUAL(rows[0]->b, -3);
    CU_ASSERT_STRING_EQUAL(rows[0]->d, "0000-00-00");
    CU_ASSERT_STRING_EQUAL(rows[1]->n.text, "7");
    CU_ASSERT_EQUAL(rows[1]->t.micros, INT64_C(3600000000));
    CU_ASSERT_EQUAL(rows[1]->b, 1);
    CU_ASSERT_STRING_EQUAL(rows[1]->d, "2024-02-29");
    sqla_stmt_free(q);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* An unsigned number goes where it fits. */
static void unsigned__is_kept_by_an_unsigned_column(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_execute(db, "CREATE TABLE odd (n BIGINT UNSIGNED NOT NULL)", NULL, &err);
    sqla_execute(db, "INSERT INTO odd VALUES (:n)", sqla_params("n", UINT64_MAX), &err);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(db, "SELECT n FROM odd WHERE n = :n"));
    CU_ASSERT_STRING_EQUAL(sqla_scalar_text(sqla_bind(q, "n", UINT64_MAX), &err), "18446744073709551615");
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_stmt_free(q);
    sqla_engine_free(db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "unsigned is refused where it does not fit", unsigned__is_refused_where_it_does_not_fit,
            HARNESS_DATABASES },
        { "unsigned matches nothing by rounding", unsigned__matches_nothing_by_rounding, HARNESS_DATABASES },
        { "unsigned is kept by an unsigned column", unsigned__is_kept_by_an_unsigned_column,
            HARNESS_MARIADB },
        { "json is refused unless it is json", json__is_refused_unless_it_is_json, HARNESS_DATABASES },
        { "json is checked by the table", json__is_checked_by_the_table, HARNESS_DATABASES },
        { "json is refused when it is too deep", json__is_refused_when_it_is_too_deep, HARNESS_SQLITE },
        { "cells fail alone", cells__fail_alone, HARNESS_MARIADB },
        { "structs get what they ask for", structs__get_what_they_ask_for, HARNESS_MARIADB },
    };
    return harness_main("test-odd-values", tests, COUNT(tests));
}
