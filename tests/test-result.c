/* test-result.c: what comes out of statements: rows and cells, structs, streams, single values, parameters both ways. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>
#include <inttypes.h>
#include <math.h>
#include <unistd.h>

#include "expect.h"

/* A statement on the engine, made, used once and freed. */
#define WITH(q, x, sql) for (sqla_stmt *q = sqla_stmt_keep(sqla_sql((x)->db, (sql))); q != NULL; sqla_stmt_free(q), q = NULL)

typedef struct place { sqla_engine *db; sqla_conn *conn; sqla_error err; bool postgres, mariadb; const char *url; } place;

static void set_up(place *x, const char *url)
{
    *x = (place){ .err = SQLA_ERROR_INIT, .postgres = harness_is_postgres(url), .mariadb = harness_is_mariadb(url), .url = url };
    x->db = sqla_create_engine(url, NULL, &x->err);
    x->conn = sqla_connect(x->db, &x->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->conn);
}

static void tear_down(place *x)
{
    sqla_conn_close(x->conn);
    sqla_engine_free(x->db);
}

/* ---- rows and cells ---------------------------------------------------------------------------------------------- */

static void row__by_position_and_by_name(const char *url)
{
    place x;
    set_up(&x, url);
    size_t n = 0;
    WITH(q, &x, "SELECT 7 AS number, 'word' AS text, NULL AS none, 1.5 AS \"Half\"") {
        SQLA_EACH_ROW(row, q, &x.err) {
            n++;
            CU_ASSERT_EQUAL(sqla_row_count(row), 4);
            CU_ASSERT_STRING_EQUAL(sqla_row_name(row, 0), "number");
            CU_ASSERT_STRING_EQUAL(sqla_row_name(row, 3), "Half");
            CU_ASSERT_PTR_NULL(sqla_row_name(row, 4));
            CU_ASSERT_EQUAL(sqla_row_at(row, 0).as.i64, 7);
            CU_ASSERT_EQUAL(sqla_row_at(row, 2).type, SQLA_NULL);
            CU_ASSERT_EQUAL(sqla_row_at(row, 4).type, SQLA_NULL);
            CU_ASSERT_EQUAL(sqla_row_i64(row, "number", &x.err), 7);
            CU_ASSERT_EQUAL(sqla_row_i64(row, "NUMBER", &x.err), 7); /* case counts only where it must */
            CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "text", &x.err), "word");
            CU_ASSERT_PTR_NULL(sqla_row_text(row, "none", &x.err));
            CU_ASSERT_TRUE(sqla_row_is_null(row, "none", &x.err));
            CU_ASSERT_FALSE(sqla_row_is_null(row, "text", &x.err));
            CU_ASSERT_EQUAL(sqla_row_f64(row, "half", &x.err), 1.5);
            CU_ASSERT_EQUAL(sqla_row_get(row, "number", &x.err).as.i64, 7);
        }
    }
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void row__names_that_are_missing_or_ambiguous(const char *url)
{
    place x;
    set_up(&x, url);
    WITH(q, &x, "SELECT 1 AS a, 2 AS b, 3 AS b, 4 AS \"B\"") {
        SQLA_EACH_ROW(row, q, &x.err) {
            sqla_error err = SQLA_ERROR_INIT;
            CU_ASSERT_EQUAL(sqla_row_i64(row, "c", &err), 0);
            CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
            CU_ASSERT_STRING_EQUAL(err.message, "there is no column 'c' in the row, which has 'a', 'b', 'b', 'B'");
            sqla_error_clear(&err);
            CU_ASSERT_EQUAL(sqla_row_i64(row, "b", &err), 0);
            CU_ASSERT_STRING_EQUAL(err.message, "there is more than one column 'b' in the row, which has 'a', 'b', 'b', 'B'");
            CU_ASSERT_EQUAL(sqla_row_i64(row, "B", NULL), 4);
            CU_ASSERT_EQUAL(sqla_row_i64(row, NULL, NULL), 0);
            CU_ASSERT_PTR_NULL(sqla_row_text(row, "c", NULL));
        }
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

/* What a cell reads as, or NULL for a refusal, which names the column. */
static void row__conversions_and_their_limits(const char *url)
{
    static const struct { const char *sql, *i64, *f64, *boolean; } table[] = {
        { "9223372036854775807", "9223372036854775807", NULL, NULL },
        { "-9223372036854775807 - 1", "-9223372036854775808", NULL, NULL },
        { "9007199254740992", "9007199254740992", "9007199254740992", NULL },
        { "9007199254740993", "9007199254740993", NULL, NULL },
        { "1", "1", "1", "1" }, { "0", "0", "0", "0" }, { "2", "2", "2", NULL }, { "-1", "-1", "-1", NULL },
        { "CAST(2.0 AS %s)", "2", "2", NULL }, { "CAST(2.5 AS %s)", NULL, "2.5", NULL },
        { "CAST(1e300 AS %s)", NULL, "1e300", NULL }, { "CAST(-1e300 AS %s)", NULL, "-1e300", NULL },
        { "CAST(9223372036854775808 AS %s)", NULL, "9223372036854775808", NULL },
        { "CAST(-9223372036854775808 AS %s)", "-9223372036854775808", "-9223372036854775808", NULL },
        { "'12'", "12", "12", NULL }, { "'12.00'", "12", "12", NULL }, { "'12.5'", NULL, "12.5", NULL },
        { "'1e3'", NULL, "1000", NULL },
        { "'9223372036854775807'", "9223372036854775807", "9223372036854775807", NULL },
        { "'9223372036854775808'", NULL, "9223372036854775808", NULL },
        { "'1e400'", NULL, NULL, NULL }, { "'-1e400'", NULL, NULL, NULL }, { "'12x'", NULL, NULL, NULL },
        { "''", NULL, NULL, NULL },
        { "' 1'", NULL, NULL, NULL }, { "'0x10'", NULL, NULL, NULL }, { "'abc'", NULL, NULL, NULL }, { "NULL", NULL, NULL, NULL },
    };
    place x;
    set_up(&x, url);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char cell[80], sql[120];
        snprintf(cell, sizeof cell, table[i].sql, x.mariadb ? "DOUBLE" : "DOUBLE PRECISION");
        snprintf(sql, sizeof sql, "SELECT %s AS cell", cell);
        WITH(q, &x, sql) {
            SQLA_EACH_ROW(row, q, &x.err) {
                sqla_error ei = SQLA_ERROR_INIT, ef = SQLA_ERROR_INIT, eb = SQLA_ERROR_INIT;
                int64_t n = sqla_row_i64(row, "cell", &ei);
                double d = sqla_row_f64(row, "cell", &ef), expected = table[i].f64 != NULL ? strtod(table[i].f64, NULL) : 0;
                bool b = sqla_row_bool(row, "cell", &eb);
                bool ok = ei.status == (table[i].i64 != NULL ? SQLA_OK : SQLA_ERR_DATA) &&
                    ef.status == (table[i].f64 != NULL ? SQLA_OK : SQLA_ERR_DATA) &&
                          n == (table[i].i64 != NULL ? (int64_t)strtoll(table[i].i64, NULL, 10) : 0) &&
                          fabs(d - expected) <= (harness_is_emulated() ? fabs(expected) * 1e-15 : 0) &&
                          eb.status == (table[i].boolean != NULL ? SQLA_OK : SQLA_ERR_DATA) &&
                              b == (table[i].boolean != NULL && table[i].boolean[0] == '1');
                if (!ok) {
                    fprintf(stderr, "%s: %" PRId64 " (%s), %g (%s), %d (%s)\n", table[i].sql, n,
                        sqla_status_name(ei.status), d, sqla_status_name(ef.status), b, sqla_status_name(eb.status));
                    CU_FAIL("a conversion");
                }
                CU_ASSERT(ei.status == SQLA_OK || strcmp(ei.column, "cell") == 0);
            }
        }
        CU_ASSERT(is(&x.err, SQLA_OK));
    }
    tear_down(&x);
}

static void row__texts_of_everything(const char *url)
{
    place x;
    set_up(&x, url);
    size_t n = 0;
    WITH(q, &x, x.postgres ? "SELECT 1 AS n, true AS b, date '2024-02-29' AS d, 12.50 AS m, '\\x00ff'::bytea AS bytes, '' AS empty, '{\"a\": 1}'::json AS j"
                           : "SELECT 1 AS n, 1 AS b, '2024-02-29' AS d, '12.50' AS m, x'00ff' AS bytes, '' AS empty, '{\"a\": 1}' AS j") {
        SQLA_EACH_ROW(row, q, &x.err) {
            CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "n", &x.err), "1");
            CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "b", &x.err), x.postgres ? "true" : "1");
            CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "d", &x.err), "2024-02-29");
            CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "m", &x.err), "12.50");
            CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "empty", &x.err), "");
            CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "j", &x.err), "{\"a\": 1}");
            CU_ASSERT_TRUE(sqla_row_bool(row, "b", &x.err));
            CU_ASSERT(is(&x.err, SQLA_OK));
            sqla_error err = SQLA_ERROR_INIT;
            CU_ASSERT_PTR_NULL(sqla_row_text(row, "bytes", &err));
            CU_ASSERT(is(&err, SQLA_ERR_DATA));
            CU_ASSERT_EQUAL(sqla_row_get(row, "bytes", NULL).as.bytes.size, 2);
            n++;
        }
    }
    CU_ASSERT_EQUAL(n, 1);
    tear_down(&x);
}

/* One value of each type, as the database gives it: a text where it has no such type. */
static sqla_stmt *one_of_each(place *x)
{
    return sqla_sql(x->db, x->postgres ?
        "SELECT true AS b, 7 AS i, 1.5::float8 AS f, 'word' AS t, '\\x00ff'::bytea AS bytes, 12.50 AS m, '[1]'::json AS j, date '2024-02-29' AS d, "
        "time '23:59:30.25' AS h, timestamptz '2024-02-29 12:00:00+02' AS at, timestamp '0044-03-15 12:00:00 BC' AS local, "
        "interval '1 year 2 mons -3 days 04:05:06.5' AS span, '00112233-4455-6677-8899-aabbccddeeff'::uuid AS u, NULL AS none" :
        x->mariadb ? "SELECT true AS b, 7 AS i, 1.5e0 AS f, 'word' AS t, x'00ff' AS bytes, 12.50 AS m, '[1]' AS j, DATE '2024-02-29' AS d, "
        "TIME '23:59:30.25' AS h, '2024-02-29 12:00:00+02:00' AS at, '-0043-03-15T12:00:00' AS local, "
        "'P1Y2M-3DT4H5M6.500S' AS span, '00112233-4455-6677-8899-aabbccddeeff' AS u, NULL AS none" :
        "SELECT 1 AS b, 7 AS i, 1.5 AS f, 'word' AS t, x'00ff' AS bytes, '12.50' AS m, '[1]' AS j, '2024-02-29' AS d, "
        "'23:59:30.25' AS h, '2024-02-29 12:00:00+02:00' AS at, '-0043-03-15T12:00:00' AS local, "
        "'P1Y2M-3DT4H5M6.500S' AS span, '00112233-4455-6677-8899-aabbccddeeff' AS u, NULL AS none");
}

static void row__getters_of_every_type(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_stmt *q = one_of_each(&x);
    size_t n = 0;
    SQLA_EACH_ROW(row, q, &x.err) {
        sqla_error *err = &x.err;
        n++;
        CU_ASSERT(sqla_row_bool(row, "b", err) && sqla_row_bool_at(row, 0, err));
        CU_ASSERT(sqla_row_i64(row, "i", err) == 7 && sqla_row_i64_at(row, 1, err) == 7);
        CU_ASSERT(sqla_row_f64(row, "f", err) == 1.5 && sqla_row_f64_at(row, 2, err) == 1.5);
        CU_ASSERT_STRING_EQUAL(sqla_row_text_at(row, 3, err), "word");
        CU_ASSERT(sqla_row_blob(row, "bytes", err).size == 2 && memcmp(sqla_row_blob_at(row, 4, err).data, "\0\xff", 2) == 0);
        CU_ASSERT(sqla_row_blob(row, "t", err).size == 4);
        CU_ASSERT_STRING_EQUAL(sqla_row_decimal(row, "m", err).text, "12.50");
        CU_ASSERT_STRING_EQUAL(sqla_row_decimal_at(row, 1, err).text, "7");
        CU_ASSERT_STRING_EQUAL(sqla_row_json(row, "j", err).text, "[1]");
        CU_ASSERT_EQUAL(sqla_row_date(row, "d", err).days, 19782);
        CU_ASSERT_EQUAL(sqla_row_time_at(row, 8, err).micros, INT64_C(86370250000));
        CU_ASSERT_EQUAL(sqla_row_timestamp(row, "at", err).micros, INT64_C(19782) * 86400000000 + INT64_C(36000000000));
        CU_ASSERT_EQUAL(sqla_row_local_timestamp(row, "local", err).micros, INT64_C(-735160) * 86400000000 + INT64_C(43200000000));
        sqla_interval span = sqla_row_interval(row, "span", err);
        CU_ASSERT(span.months == 14 && span.days == -3 && span.micros == INT64_C(14706500000));
        CU_ASSERT(sqla_row_uuid(row, "u", err).bytes[15] == 0xff && sqla_row_uuid_at(row, 12, err).bytes[1] == 0x11);
        CU_ASSERT(sqla_row_is_null_at(row, 13, err) && !sqla_row_is_null_at(row, 0, err));
        CU_ASSERT(sqla_row_text(row, "none", err) == NULL && sqla_row_blob(row, "none", err).data == NULL);
        CU_ASSERT(sqla_row_decimal(row, "none", err).text == NULL && sqla_row_json_at(row, 13, err).text == NULL);
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(n, 1);
    sqla_stmt_free(q);
    tear_down(&x);
}

/* What a getter answers for a cell that it cannot hold: DATA with the column, and zero. */
static void row__getters_refuse_what_does_not_fit(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_stmt *q = one_of_each(&x);
    SQLA_EACH_ROW(row, q, &x.err) {
#define REFUSED(getter, name, test) do { \
            sqla_error err = SQLA_ERROR_INIT; \
            CU_ASSERT(getter(row, name, &err) test); \
            CU_ASSERT(is(&err, SQLA_ERR_DATA)); \
            CU_ASSERT_STRING_EQUAL(err.column, name); \
        } while (0)
        REFUSED(sqla_row_bool, "i", == false);
        REFUSED(sqla_row_i64, "f", == 0);
        REFUSED(sqla_row_i64, "none", == 0);
        REFUSED(sqla_row_f64, "t", == 0);
        REFUSED(sqla_row_blob, "i", .data == NULL);
        REFUSED(sqla_row_decimal, "f", .text == NULL);
        REFUSED(sqla_row_decimal, "t", .text == NULL);
        REFUSED(sqla_row_json, "i", .text == NULL);
        REFUSED(sqla_row_date, "t", .days == 0);
        REFUSED(sqla_row_date, "none", .days == 0);
        REFUSED(sqla_row_time, "d", .micros == 0);
        REFUSED(sqla_row_timestamp, "h", .micros == 0);
        REFUSED(sqla_row_local_timestamp, "at", .micros == 0);
        REFUSED(sqla_row_interval, "h", .micros == 0);
        REFUSED(sqla_row_uuid, "t", .bytes[0] == 0);
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(sqla_row_i64_at(row, 14, &err), 0);
        CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
        CU_ASSERT(says(&err, "no column 14 in the row, which has 14"));
        CU_ASSERT_EQUAL(sqla_row_uuid_at(NULL, 0, NULL).bytes[0], 0);
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_stmt_free(q);
    tear_down(&x);
}

/* Two columns of one name are told apart by what they are. */
static void row__by_column(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = sqla_add(x.s, User, .name = "Nicolas", .fullname = "Nicolas of Myra");
    sqla_flush(x.s, &x.err);
    sqla_add(x.s, Country, .code = "TR", .name = "Turkey");
    sqla_commit(x.s, &x.err);
    sqla_stmt *q = sqla_join_on(sqla_select_cols(x.s, sqla_col(User, name), sqla_col(Country, name), sqla_label(sqla_col(User, id), "key")), Country,
        sqla_eq(sqla_col(Country, code), "TR"));
    size_t n = 0;
    SQLA_EACH_ROW(row, q, &x.err) {
        sqla_error err = SQLA_ERROR_INIT;
        n++;
        CU_ASSERT_STRING_EQUAL(sqla_row_text_at(row, sqla_row_of(row, sqla_col(User, name), &x.err), &x.err), "Nicolas");
        CU_ASSERT_STRING_EQUAL(sqla_row_text_at(row, sqla_row_of(row, sqla_col(Country, name), &x.err), &x.err), "Turkey");
        CU_ASSERT_EQUAL(sqla_row_i64_at(row, sqla_row_of(row, sqla_col(User, id), &x.err), &x.err), u->id);
        CU_ASSERT_PTR_NULL(sqla_row_text_at(row, sqla_row_of(row, sqla_col(User, fullname), &err), &err));
        CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
        CU_ASSERT_STRING_EQUAL(err.message, "column 'fullname' of 'User' was not selected");
        sqla_error_clear(&err);
        CU_ASSERT_PTR_NULL(sqla_row_text(row, "name", &err));
        CU_ASSERT(says(&err, "more than one column 'name'"));
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(n, 1);
    q = sqla_sql(x.s, "SELECT name, fullname FROM users");
    SQLA_EACH_ROW(row, q, &x.err) {
        CU_ASSERT_STRING_EQUAL(sqla_row_text_at(row, sqla_row_of(row, sqla_col(User, fullname), &x.err), &x.err), "Nicolas of Myra");
        CU_ASSERT_EQUAL(sqla_row_of(row, sqla_col(Country, code), NULL), SIZE_MAX);
    }
    q = sqla_select(x.s, User);
    SQLA_EACH_ROW(row, q, &x.err) {
        CU_ASSERT_EQUAL(sqla_row_i64_at(row, sqla_row_of(row, sqla_col(User, id), &x.err), &x.err), u->id);
        CU_ASSERT_EQUAL(sqla_row_of(row, sqla_col(Country, name), NULL), SIZE_MAX); /* a column of that name is there, of another table */
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
}

static void row__a_text_with_a_nul_is_no_c_string(const char *url)
{
    place x;
    set_up(&x, url);
    WITH(q, &x, "SELECT CAST(x'410042' AS TEXT) AS t") {
        SQLA_EACH_ROW(row, q, &x.err) {
            sqla_error err = SQLA_ERROR_INIT;
            CU_ASSERT_EQUAL(sqla_row_get(row, "t", NULL).as.bytes.size, 3);
            CU_ASSERT_PTR_NULL(sqla_row_text(row, "t", &err));
            CU_ASSERT(is(&err, SQLA_ERR_DATA));
        }
    }
    tear_down(&x);
}

/* ---- single values ----------------------------------------------------------------------------------------------- */

static void scalar__of_one_none_and_many(const char *url)
{
    place x;
    set_up(&x, url);
    static const struct { const char *sql; sqla_status status; } table[] = {
        { "SELECT 5 AS n, 'other' AS m", SQLA_OK }, { "SELECT 5 WHERE 1 = 0", SQLA_ERR_NOT_FOUND },
        { "SELECT 5 UNION ALL SELECT 6", SQLA_ERR_TOO_MANY }, { "CREATE TABLE scalar_test (n INTEGER)", SQLA_ERR_MISUSE },
        { "SELECT wrong", SQLA_ERR_SQL }, { "SELECT 'text'", SQLA_ERR_DATA }, { "SELECT NULL", SQLA_ERR_DATA },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        WITH(q, &x, table[i].sql)
            CU_ASSERT_EQUAL(sqla_scalar_i64(q, &err), table[i].status == SQLA_OK ? 5 : 0);
        CU_ASSERT(is(&err, table[i].status));
    }
    WITH(q, &x, "SELECT 0.25") {
        CU_ASSERT_EQUAL(sqla_scalar_f64(q, &x.err), 0.25);
        CU_ASSERT_STRING_EQUAL(sqla_scalar_text(q, &x.err), "0.25");
    }
    WITH(q, &x, "SELECT NULL")
        CU_ASSERT_PTR_NULL(sqla_scalar_text(q, &x.err)); /* NULL is a text that is not there */
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

/* ---- structs ----------------------------------------------------------------------------------------------------- */

typedef struct Pair { int32_t number; const char *word; sqla_opt_i64 more; } Pair;
SQLA_DECLARE(Pair);
SQLA_ROW(Pair, SQLA_COLUMN(number), SQLA_COLUMN(word), SQLA_COLUMN(more));
typedef struct Number { int64_t n; } Number;
SQLA_DECLARE(Number);
SQLA_ROW(Number, SQLA_COLUMN(n));
typedef struct Small { int16_t n; char word[4]; } Small;
SQLA_DECLARE(Small);
SQLA_ROW(Small, SQLA_COLUMN(n), SQLA_COLUMN(word));

static void structs__first_one_all(const char *url)
{
    place x;
    set_up(&x, url);
    size_t n = 77;
    WITH(q, &x, "SELECT 1 AS number, 'a' AS word, NULL AS more UNION ALL SELECT 2, NULL, 5 ORDER BY 1") {
        Pair **all = sqla_all(q, Pair, &n, &x.err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(all);
        CU_ASSERT_EQUAL_FATAL(n, 2);
        CU_ASSERT(all[0]->number == 1 && strcmp(all[0]->word, "a") == 0 && !all[0]->more.set);
        CU_ASSERT(all[1]->number == 2 && all[1]->word == NULL && all[1]->more.set && all[1]->more.value == 5);
        CU_ASSERT_PTR_NULL(all[2]);
        Pair *first = sqla_first(q, Pair, &x.err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(first);
        CU_ASSERT_EQUAL(first->number, 1);
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT_PTR_NULL(sqla_one(q, Pair, &x.err));
        CU_ASSERT(is(&x.err, SQLA_ERR_TOO_MANY));
    }
    sqla_error_clear(&x.err);
    WITH(q, &x, "SELECT 1 AS n WHERE 1 = 0") {
        Number **none = sqla_all(q, Number, &n, &x.err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(none);
        CU_ASSERT_EQUAL(n, 0);
        CU_ASSERT_PTR_NULL(none[0]);
        CU_ASSERT_PTR_NULL(sqla_first(q, Number, &x.err));
        CU_ASSERT(is(&x.err, SQLA_OK)); /* no row is no failure for first */
        SQLA_EACH(Number, row, q, &x.err)
            CU_FAIL("there is no row");
        CU_ASSERT_PTR_NULL(sqla_one(q, Number, &x.err));
        CU_ASSERT(is(&x.err, SQLA_ERR_NOT_FOUND));
    }
    tear_down(&x);
}

static void structs__columns_that_do_not_match(const char *url)
{
    static const struct { const char *sql; sqla_status status; const char *says; } table[] = {
        { "SELECT 1 AS number, 'a' AS word", SQLA_ERR_MISUSE, "'Pair': column 'more' is not in the result" },
        { "SELECT 1 AS number, 'a' AS word, 2 AS more, 3 AS spare", SQLA_ERR_MISUSE,
            "'Pair': column 'spare' of the result has no field there" },
        { "SELECT 1 AS number, 'a' AS word, 2 AS more, 3 AS word", SQLA_ERR_MISUSE, "column 'word' is in the result twice" },
        { "CREATE TABLE match_test (n INTEGER)", SQLA_ERR_MISUSE, "the statement gives no rows" },
        { "SELECT 1 AS NUMBER, 'a' AS WORD, 2 AS MORE", SQLA_OK, NULL },
        { "SELECT 1 AS number, 'a' AS word, 2 AS more UNION ALL SELECT NULL, 'b', 3", SQLA_ERR_DATA, "number" },
        { "SELECT 5000000000 AS number, 'a' AS word, 2 AS more", SQLA_ERR_DATA, "number" },
    };
    place x;
    set_up(&x, url);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        WITH(q, &x, table[i].sql)
            CU_ASSERT_EQUAL(sqla_all(q, Pair, NULL, &err) != NULL, table[i].status == SQLA_OK);
        CU_ASSERT(is(&err, table[i].status));
        CU_ASSERT(table[i].says == NULL || says(&err, table[i].says));
        if (err.status == SQLA_ERR_DATA) {
            CU_ASSERT_STRING_EQUAL(err.column, "number");
            CU_ASSERT_EQUAL(err.row, i == 5 ? 2 : 1);
        }
    }
    sqla_error err = SQLA_ERROR_INIT;
    WITH(q, &x, "SELECT 1 AS n, 'abcd' AS word")
        CU_ASSERT_PTR_NULL(sqla_first(q, Small, &err)); /* it needs five bytes */
    CU_ASSERT(is(&err, SQLA_ERR_DATA));
    CU_ASSERT_STRING_EQUAL(err.column, "word");
    sqla_error_clear(&err);
    WITH(q, &x, "SELECT 32768 AS n, 'abc' AS word")
        CU_ASSERT_PTR_NULL(sqla_first(q, Small, &err));
    CU_ASSERT(is(&err, SQLA_ERR_DATA));
    CU_ASSERT_STRING_EQUAL(err.column, "n");
    tear_down(&x);
}

/* A value of another type is refused with its column and row on every database; a NULL is not, nor is a column without rows. (A text
 * of digits in SQLite, where any column may hold one, is the number that it says.) */
static void structs__values_of_another_type(const char *url)
{
    place x;
    set_up(&x, url);
    static const struct { const char *sql, *column; int64_t row; } table[] = {
        { "SELECT 1 AS number, 'a' AS word, NULL AS more UNION ALL SELECT 2, 'b', 'text'", "more", 2 },
        { "SELECT 'one' AS number, 'a' AS word, 2 AS more", "number", 1 },
        { "SELECT '1' AS number, 'a' AS word, 2 AS more", "number", 1 },
        { "SELECT 1 AS number, 'a' AS word, CAST(NULL AS CHAR(3)) AS more", NULL, 0 },
        { "SELECT CAST('one' AS CHAR(3)) AS number, 'a' AS word, 2 AS more WHERE 1 = 0", NULL, 0 },
    };
    for (size_t i = x.postgres ? 1 : 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        if (!x.postgres && !x.mariadb && i == 2)
            continue;
        WITH(q, &x, table[i].sql)
            CU_ASSERT_EQUAL(sqla_all(q, Pair, NULL, &err) != NULL, table[i].column == NULL);
        CU_ASSERT(is(&err, table[i].column != NULL ? SQLA_ERR_DATA : SQLA_OK));
        CU_ASSERT_STRING_EQUAL(err.column, table[i].column != NULL ? table[i].column : "");
        CU_ASSERT_EQUAL(err.row, table[i].row);
    }
    tear_down(&x);
}

/* Raw SQL into objects of the session: the one that is there already is met again, others come to it. */
static void structs__raw_sql_into_session_objects(const char *url)
{
    shop x;
    size_t n = 0;
    shop_open(&x, url);
    User *known = sqla_add(x.s, User, .name = "known", .age = SQLA_SOME(1));
    sqla_commit(x.s, &x.err);
    sqla_execute(x.db, "INSERT INTO users (name, active) VALUES ('new', :on)", sqla_params("on", (bool)true), &x.err);
    sqla_stmt *q = sqla_bind(sqla_sql(x.s, "SELECT age, active, id, fullname, name FROM users WHERE id > :low ORDER BY id"),
        "low", 0);
    User **all = sqla_all(q, User, &n, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_PTR_EQUAL(all[0], known);
    CU_ASSERT_STRING_EQUAL(all[1]->name, "new");
    CU_ASSERT_EQUAL(sqla_state(x.s, all[1]), SQLA_PERSISTENT);
    CU_ASSERT_PTR_EQUAL(sqla_get(x.s, User, all[1]->id, &x.err), all[1]);
    all[1]->fullname = "Tracked";
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users WHERE fullname = 'Tracked'"), 1);
    Number *count = sqla_one(sqla_sql(x.s, "SELECT count(*) AS n FROM users"), Number, &x.err); /* a row struct in a session */
    CU_ASSERT_PTR_NOT_NULL_FATAL(count);
    CU_ASSERT_EQUAL(count->n, 2);
    CU_ASSERT_EQUAL(sqla_state(x.s, count), SQLA_FOREIGN);
    CU_ASSERT_PTR_NULL(sqla_first(sqla_sql(x.s, "SELECT id, name FROM users"), User, &x.err));
    CU_ASSERT(is(&x.err, SQLA_ERR_MISUSE));
    CU_ASSERT(says(&x.err, "is not in the result"));
    shop_close(&x);
}

/* ---- loops ------------------------------------------------------------------------------------------------------- */

static void loops__break_continue_and_nest(const char *url)
{
    place x;
    set_up(&x, url);
    int64_t seen = 0, sum = 0;
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(x.conn, "SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 ORDER BY 1")),
        *inner = sqla_stmt_keep(sqla_sql(x.conn, "SELECT 10 AS n UNION ALL SELECT 20 ORDER BY 1"));
    SQLA_EACH_ROW(row, q, &x.err) {
        if (sqla_row_i64(row, "n", &x.err) == 2)
            continue;
        SQLA_EACH_ROW(other, inner, &x.err) {
            sum += sqla_row_i64(row, "n", &x.err) * sqla_row_i64(other, "n", &x.err);
            if (sqla_row_i64(row, "n", &x.err) == 3)
                break; /* of the inner loop alone */
        }
        seen++;
    }
    CU_ASSERT_EQUAL(seen, 2);
    CU_ASSERT_EQUAL(sum, 10 + 20 + 30);
    SQLA_EACH_ROW(row, q, &x.err) {
        seen = sqla_row_i64(row, "n", &x.err);
        break;
    }
    CU_ASSERT_EQUAL(seen, 1);
    seen = 0;
    SQLA_EACH(Number, row, q, &x.err) /* each loop runs it anew */
        seen += row->n;
    CU_ASSERT_EQUAL(seen, 6);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static int made;

static sqla_stmt *make(place *x, const char *sql)
{
    made++;
    return sqla_sql(x->conn, sql);
}

/* A statement that is made in the head of a loop is made once. */
static void loops__statement_in_the_head(const char *url)
{
    place x;
    set_up(&x, url);
    int64_t sum = 0;
    made = 0;
    SQLA_EACH_ROW(row, make(&x, "SELECT 1 AS n UNION ALL SELECT 2"), &x.err)
        sum += sqla_row_i64(row, "n", &x.err);
    SQLA_EACH(Number, row, make(&x, "SELECT 1 AS n UNION ALL SELECT 2"), &x.err)
        sum += row->n;
    SQLA_STREAM(Number, row, make(&x, "SELECT 1 AS n UNION ALL SELECT 2"), &x.err)
        sum += row->n;
    CU_ASSERT_EQUAL(made, 3);
    CU_ASSERT_EQUAL(sum, 9);
    SQLA_EACH_ROW(row, make(&x, "SELECT wrong"), &x.err)
        CU_FAIL("there is no row");
    CU_ASSERT(is(&x.err, SQLA_ERR_SQL));
    SQLA_EACH(Number, row, (sqla_stmt *)NULL, NULL)
        CU_FAIL("there is no row");
    tear_down(&x);
}

/* ---- streams ----------------------------------------------------------------------------------------------------- */

/* Resident memory in KiB. */
static long resident(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fscanf(f, "%*d %ld", &pages), 1);
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

typedef struct Long { int64_t n; const char *text; } Long;
SQLA_DECLARE(Long);
SQLA_ROW(Long, SQLA_COLUMN(n), SQLA_COLUMN(text));

enum { MANY = 1000000 };

/* Rows of a number and a text of that length. */
static const char *many_rows(const place *x, int64_t n, int length)
{
    static char sql[300];
    const char *text = harness_sqlite_path(x->url) != NULL ? "printf('%%.*c', %d, 'x')" : "repeat('x', %d)";
    char filled[40];
    snprintf(filled, sizeof filled, text, length);
    snprintf(sql, sizeof sql, "SELECT n, %s AS text FROM %s", filled, harness_numbers(x->url, n));
    return sql;
}

/* What a stream takes beyond what was there before its first row. */
typedef struct watch { int64_t n, sum; long base, most; } watch;

static void watch_row(watch *w, int64_t n, const char *text)
{
    if (++w->n % 10000 == 0) {
        long now = resident();
        w->most = now > w->most ? now : w->most;
        CU_ASSERT_EQUAL(strlen(text), 100);
    }
    w->sum += n;
}

static void watch_end(const watch *w, place *x)
{
    CU_ASSERT(is(&x->err, SQLA_OK));
    CU_ASSERT_EQUAL(w->n, MANY);
    CU_ASSERT_EQUAL(w->sum, (int64_t)MANY * (MANY + 1) / 2);
    if (!KEEPS_FREED && w->most - w->base > 10 * 1024)
        fprintf(stderr, "%ld KiB over the base\n", w->most - w->base);
    CU_ASSERT(KEEPS_FREED || harness_is_emulated() || w->most - w->base <= 10 * 1024); /* all rows together have 100 MB and more */
    CU_ASSERT_EQUAL(ask(x->conn, "SELECT 5"), 5); /* the connection is free again */
}

static void stream__a_million_structs_in_little_memory(const char *url)
{
    place x;
    set_up(&x, url);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT 5"), 5);
    watch w = { .base = resident() };
    SQLA_STREAM(Long, row, sqla_sql(x.conn, many_rows(&x, MANY, 100)), &x.err)
        watch_row(&w, row->n, row->text);
    watch_end(&w, &x);
    tear_down(&x);
}

static void stream__a_million_rows_in_little_memory(const char *url)
{
    place x;
    set_up(&x, url);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT 5"), 5);
    watch w = { .base = resident() };
    SQLA_STREAM_ROW(row, sqla_sql(x.conn, many_rows(&x, MANY, 100)), &x.err) {
        const char *digits = sqla_row_text_at(row, 0, &x.err); /* texts that are made for a getter do not heap up either */
        CU_ASSERT(strtoll(digits, NULL, 10) == w.n + 1);
        watch_row(&w, sqla_row_i64(row, "n", &x.err), sqla_row_text(row, "text", &x.err));
    }
    watch_end(&w, &x);
    tear_down(&x);
}

/* Large texts are fetched a few at a time. */
static void stream__large_rows_in_little_memory(const char *url)
{
    place x;
    set_up(&x, url);
    int64_t n = 0;
    long base = resident(), most = 0;
    SQLA_STREAM_ROW(row, sqla_sql(x.conn, many_rows(&x, 200, 1048576)), &x.err) {
        CU_ASSERT_EQUAL(strlen(sqla_row_text(row, "text", &x.err)), 1048576);
        n++;
        most = resident() > most ? resident() : most;
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(n, 200);
    CU_ASSERT(KEEPS_FREED || harness_is_emulated() || most - base <= 16 * 1024);
    tear_down(&x);
}

static void stream__rows_that_are_none(const char *url)
{
    place x;
    set_up(&x, url);
    SQLA_STREAM_ROW(row, sqla_sql(x.conn, "CREATE TABLE streamed (n INTEGER)"), &x.err)
        CU_ASSERT_EQUAL(sqla_row_count(row), 99);
    CU_ASSERT(is(&x.err, SQLA_ERR_MISUSE));
    CU_ASSERT(says(&x.err, "the statement gives none, and was not run"));
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_execute(x.conn, "CREATE TABLE streamed (n INTEGER)", NULL, &x.err), SQLA_OK);
    SQLA_STREAM_ROW(row, sqla_sql(x.conn, "SELECT n FROM streamed"), &x.err)
        CU_ASSERT_EQUAL(sqla_row_count(row), 99);
    CU_ASSERT(is(&x.err, SQLA_OK));
    SQLA_STREAM_ROW(row, sqla_sql(x.conn, "SELECT nothing FROM streamed"), &x.err)
        CU_ASSERT_EQUAL(sqla_row_count(row), 99);
    CU_ASSERT(is(&x.err, SQLA_ERR_SQL));
    sqla_error_clear(&x.err);
    SQLA_STREAM_ROW(row, (sqla_stmt *)NULL, &x.err)
        CU_ASSERT_EQUAL(sqla_row_count(row), 99);
    CU_ASSERT(is(&x.err, SQLA_ERR_MISUSE));
    tear_down(&x);
}

/* A stream is open: what else runs on the connection. */
static void beside_a_stream(place *x)
{
    sqla_error err = SQLA_ERROR_INIT;
    if (harness_sqlite_path(x->url) != NULL) {
        CU_ASSERT_EQUAL(ask(x->conn, "SELECT 5"), 5);
        return;
    }
    sqla_stmt *other = sqla_sql(x->conn, "SELECT 5");
    CU_ASSERT_EQUAL(sqla_scalar_i64(other, &err), 0);
    CU_ASSERT(is(&err, SQLA_ERR_BUSY));
    CU_ASSERT(says(&err, "busy with a stream"));
    CU_ASSERT(says(&err, "leave its loop first"));
    CU_ASSERT_EQUAL(sqla_conn_begin(x->conn, NULL), SQLA_ERR_BUSY);
    CU_ASSERT_EQUAL(sqla_execute(x->conn, "SELECT 1", NULL, NULL), SQLA_ERR_BUSY);
    sqla_stmt_free(other);
}

static void stream__is_closed_half_way(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(x.conn, many_rows(&x, MANY, 100)));
    int64_t n = 0;
    SQLA_STREAM(Long, row, q, &x.err) {
        if (++n < 20000)
            continue;
        beside_a_stream(&x);
        break;
    }
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT 5"), 5); /* leaving the loop has closed it */
    n = 0;
    SQLA_STREAM(Long, row, q, &x.err) { /* the same statement begins anew */
        CU_ASSERT_EQUAL(row->n, ++n);
        if (n == 3)
            break;
    }
    CU_ASSERT_EQUAL(n, 3);
    SQLA_STREAM(Long, row, q, &x.err) {
        sqla_stmt_free(q);
        break;
    }
    SQLA_STREAM(Long, row, sqla_sql(x.conn, many_rows(&x, MANY, 100)), &x.err) {
        sqla_conn_close(x.conn); /* with the stream open */
        break;
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    x.conn = sqla_connect(x.db, &x.err);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT 6"), 6);
    tear_down(&x);
}

/* Inside a transaction, closed half-way, by both kinds of streams: what was done before stands, and can be committed. */
static void stream__leaves_its_transaction_alone(const char *url)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT n FROM %s", harness_numbers(url, 50000));
    place x;
    harness_sql(url, "CREATE TABLE kept (n INTEGER)");
    set_up(&x, url);
    sqla_conn_begin(x.conn, &x.err);
    sqla_execute(x.conn, "INSERT INTO kept VALUES (1)", NULL, &x.err);
    SQLA_STREAM(Number, row, sqla_sql(x.conn, sql), &x.err)
        if (row->n == 25000)
            break;
    sqla_execute(x.conn, "INSERT INTO kept VALUES (2)", NULL, &x.err);
    SQLA_STREAM_ROW(row, sqla_sql(x.conn, sql), &x.err)
        if (sqla_row_i64(row, "n", &x.err) == 3)
            break;
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM kept"), 2);
    CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM kept"), 2);
    tear_down(&x);
}

/* Where the database can, streams run beside one another, and beside everything else. */
static void stream__several_at_once(const char *url)
{
    place x;
    harness_sql(url, "CREATE TABLE several (n INTEGER)");
    harness_sql(url, "INSERT INTO several VALUES (1), (2), (3)");
    set_up(&x, url);
    int64_t sum = 0;
    static const char sql[] = "SELECT n FROM several ORDER BY n";
    sqla_stmt *outer = sqla_stmt_keep(sqla_sql(x.conn, sql)), *inner = sqla_stmt_keep(sqla_sql(x.conn, sql));
    SQLA_STREAM(Number, a, outer, &x.err) {
        SQLA_STREAM_ROW(b, inner, &x.err) {
            sum += a->n * 10 * sqla_row_i64(b, "n", &x.err);
            sum += ask(x.conn, "SELECT count(*) FROM several");
        }
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(sum, 10 * 6 * 6 + 9 * 3);
    CU_ASSERT_EQUAL(sqla_conn_begin(x.conn, &x.err), SQLA_OK);
    SQLA_STREAM(Number, a, outer, &x.err) {
        sqla_execute(x.conn, "INSERT INTO several SELECT 100 + count(*) FROM several", NULL, &x.err);
        if (a->n < 2)
            continue;
        CU_ASSERT_EQUAL(sqla_conn_commit(x.conn, &x.err), SQLA_OK); /* with a stream open */
        break;
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_error err = SQLA_ERROR_INIT;
    int64_t rows = 0;
    CU_ASSERT_EQUAL(sqla_conn_begin(x.conn, &x.err), SQLA_OK);
    SQLA_STREAM(Number, a, inner, &err) {
        CU_ASSERT_EQUAL(sqla_conn_rollback(x.conn, &x.err), SQLA_OK); /* and ends it */
        rows++;
    }
    CU_ASSERT(rows == 1 && is(&err, SQLA_ERR_MISUSE) && says(&err, "before its rows were read"));
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM several"), 5);
    tear_down(&x);
}

static void stream__on_engines_and_sessions(const char *url)
{
    shop x;
    int64_t n = 0;
    shop_open(&x, url);
    for (int i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "user %d", i);
        sqla_add(x.s, User, .name = name);
    }
    sqla_commit(x.s, &x.err);
    SQLA_STREAM(User, u, sqla_select(x.db, User), &x.err)
        n += u->id > 0;
    CU_ASSERT_EQUAL(n, 40);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).out, 0); /* it was given back behind the last row */
    SQLA_STREAM(User, u, sqla_select(x.db, User), &x.err) {
        CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).out, 1);
        break;
    }
    CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).out, 0);
    SQLA_STREAM(User, u, sqla_select(x.s, User), &x.err) {
        CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_FOREIGN); /* streams track nothing */
        if (harness_is_postgres(url))
            CU_ASSERT_EQUAL(sqla_execute(x.s, "DELETE FROM users", NULL, NULL), SQLA_ERR_BUSY);
        break;
    }
    CU_ASSERT_EQUAL(sqla_execute(x.s, "DELETE FROM users", NULL, &x.err), SQLA_OK);
    SQLA_STREAM(Small, row, sqla_sql(x.s, "SELECT 40000 AS n, 'a' AS word"), &x.err)
        CU_FAIL("it cannot be read");
    CU_ASSERT(is(&x.err, SQLA_ERR_DATA));
    CU_ASSERT_STRING_EQUAL(x.err.column, "n");
    CU_ASSERT_EQUAL(sqla_rollback(x.s, NULL), SQLA_OK);
    shop_close(&x);
}

/* ---- texts and parameters ---------------------------------------------------------------------------------------- */

static void text__without_running(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_stmt *q = sqla_select(x.db, Country);
    CU_ASSERT_STRING_EQUAL(sqla_stmt_text(q, &x.err), "SELECT code, name FROM countries");
    sqla_limit(sqla_where(q, sqla_eq(sqla_col(Country, name), "x")), 3);
    CU_ASSERT_STRING_EQUAL(sqla_stmt_text(q, &x.err), x.postgres ? "SELECT code, name FROM countries WHERE name = $1 LIMIT $2"
                                                                 : "SELECT code, name FROM countries WHERE name = ? LIMIT ?");
    sqla_stmt *raw = sqla_sql(x.db, "SELECT :a, ':b'");
    CU_ASSERT_PTR_NULL(sqla_stmt_text(raw, &x.err));
    CU_ASSERT(is(&x.err, SQLA_ERR_MISUSE));
    sqla_error_clear(&x.err);
    sqla_bind(raw, "a", 1);
    CU_ASSERT_STRING_EQUAL(sqla_stmt_text(raw, &x.err), x.postgres ? "SELECT $1, ':b'" : "SELECT ?, ':b'");
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, x.postgres ? "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'" :
                                              x.mariadb  ? "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()" :
                                                           "SELECT count(*) FROM sqlite_schema"), 0);
    tear_down(&x);
}

/* A value goes there and comes back as a text. */
static bool there_and_back(place *x, const char *type, sqla_value value, const char *text)
{
    char sql[100];
    const char *real = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    bool same = false;
    snprintf(sql, sizeof sql, x->postgres ? "SELECT CAST(:v AS %s)" : "SELECT :v", type);
    WITH(q, x, sql) {
        real = sqla_scalar_text(sqla_bind_(q, "v", value), &err);
        same = err.status == SQLA_OK && (text == NULL ? real == NULL : real != NULL && strcmp(real, text) == 0);
        if (!same)
            fprintf(stderr, "%s: %s, and not %s (%s)\n", type, real != NULL ? real : "NULL", text != NULL ? text : "NULL",
                err.message);
    }
    return same;
}

static void parameters__of_every_c_type(const char *url)
{
    place x;
    set_up(&x, url);
    const char *const yes = x.postgres ? "true" : "1";
    const bool lite = harness_sqlite_path(url) != NULL; /* which has times as texts; MariaDB tells no instant from a local time */
    CU_ASSERT(there_and_back(&x, "BOOLEAN", sqla_val((bool)true), yes));
    CU_ASSERT(there_and_back(&x, "SMALLINT", sqla_val((char)65), "65"));
    CU_ASSERT(there_and_back(&x, "SMALLINT", sqla_val((signed char)-5), "-5"));
    CU_ASSERT(there_and_back(&x, "SMALLINT", sqla_val((unsigned char)255), "255"));
    CU_ASSERT(there_and_back(&x, "SMALLINT", sqla_val((short)-32768), "-32768"));
    CU_ASSERT(there_and_back(&x, "INTEGER", sqla_val((unsigned short)65535), "65535"));
    CU_ASSERT(there_and_back(&x, "INTEGER", sqla_val(-2147483647), "-2147483647"));
    CU_ASSERT(there_and_back(&x, "BIGINT", sqla_val(4294967295u), "4294967295"));
    CU_ASSERT(there_and_back(&x, "BIGINT", sqla_val(INT64_MIN), "-9223372036854775808"));
    CU_ASSERT(there_and_back(&x, "BIGINT", sqla_val((long long)INT64_MAX), "9223372036854775807"));
    CU_ASSERT(there_and_back(&x, "BIGINT", sqla_val((unsigned long)INT64_MAX), "9223372036854775807"));
    if (!lite) /* where it is refused, since a column of numbers would make a float of it */
        CU_ASSERT(there_and_back(
            &x, "NUMERIC", sqla_val((unsigned long long)UINT64_MAX), "18446744073709551615"));
    CU_ASSERT(there_and_back(&x, "REAL", sqla_val(0.5f), "0.5"));
    CU_ASSERT(there_and_back(&x, "DOUBLE PRECISION", sqla_val(0.1), "0.1"));
    CU_ASSERT(there_and_back(&x, "DOUBLE PRECISION", sqla_val(1e300), "1e+300"));
    CU_ASSERT(there_and_back(&x, "TEXT", sqla_val("it's \"\xc3\xa4\" :a $1 ? \\"), "it's \"\xc3\xa4\" :a $1 ? \\"));
    CU_ASSERT(there_and_back(&x, "TEXT", sqla_val(""), ""));
    CU_ASSERT(there_and_back(&x, "TEXT", sqla_val((const char *)NULL), NULL));
    CU_ASSERT(there_and_back(&x, "TEXT", sqla_val(NULL), NULL));
    CU_ASSERT(there_and_back(&x, "JSON", sqla_val((sqla_json){ "{\"a\": [1, 2]}" }), "{\"a\": [1, 2]}"));
    CU_ASSERT(there_and_back(&x, "NUMERIC", sqla_val((sqla_decimal){ "12345678901234567890.120" }), "12345678901234567890.120"));
    CU_ASSERT(there_and_back(&x, "DATE", sqla_val((sqla_date){ 19782 }), "2024-02-29"));
    CU_ASSERT(there_and_back(&x, "TIMESTAMP", sqla_val((sqla_local_timestamp){ 1500000 }),
        lite ? "1970-01-01 00:00:01.500000" : "1970-01-01T00:00:01.5"));
    CU_ASSERT(there_and_back(&x, "UUID", sqla_val(((sqla_uuid){ { 1, 2, 3 } })), "01020300-0000-0000-0000-000000000000"));
    CU_ASSERT(there_and_back(&x, "INTEGER", sqla_val((sqla_opt_i32)SQLA_SOME(31)), "31"));
    CU_ASSERT(there_and_back(&x, "INTEGER", sqla_val((sqla_opt_i32)SQLA_NONE), NULL));
    CU_ASSERT(there_and_back(&x, "BOOLEAN", sqla_val((sqla_opt_bool)SQLA_SOME(true)), yes));
    CU_ASSERT(there_and_back(&x, "DOUBLE PRECISION", sqla_val((sqla_opt_f64)SQLA_NONE), NULL));
    CU_ASSERT(there_and_back(&x, "TIME", sqla_val((sqla_time){ 1500000 }), lite ? "00:00:01.500000" : "00:00:01.5"));
    CU_ASSERT(there_and_back(&x, "TIMESTAMP WITH TIME ZONE", sqla_val((sqla_timestamp){ -1000000 }),
        lite ? "1969-12-31 23:59:59.000000" : x.mariadb ? "1969-12-31T23:59:59" : "1969-12-31T23:59:59Z"));
    CU_ASSERT(there_and_back(&x, "INTERVAL", sqla_val(((sqla_interval){ 14, -3, 5000000 })), x.postgres ? "P1Y2M-3DT5S" : "P14M-3DT5.000000S"));
    CU_ASSERT(there_and_back(&x, "INTERVAL", sqla_val((sqla_opt_interval)SQLA_NONE), NULL));
    CU_ASSERT(there_and_back(&x, "SMALLINT", sqla_val((sqla_opt_i16)SQLA_SOME(-7)), "-7"));
    CU_ASSERT(there_and_back(&x, "BIGINT", sqla_val((sqla_opt_i64)SQLA_SOME(INT64_MIN)), "-9223372036854775808"));
    CU_ASSERT(there_and_back(&x, "REAL", sqla_val((sqla_opt_f32)SQLA_SOME(0.25f)), "0.25"));
    CU_ASSERT(there_and_back(&x, "UUID", sqla_val((sqla_opt_uuid)SQLA_NONE), NULL));
    CU_ASSERT(there_and_back(&x, "DATE", sqla_value_opt_date((sqla_opt_date){ { 0 }, true }), "1970-01-01"));
    tear_down(&x);
}

/* The same into the fields of a struct, through a table that has the right columns, without the session's help. */
static void parameters__come_back_as_they_went(const char *url)
{
    shop x;
    shop_open(&x, url);
    const Thing t = { .small = -32768, .medium = INT32_MIN, .large = INT64_MAX, .ratio = 0.1, .part = 0.5f, .flag = true,
        .text = "\xe2\x82\xac", .code = "abcde",
                      .blob = { "a\0b", 3 }, .at = { -1 }, .local_at = { 1700000000123456 }, .day = { -1 },
                          .hour = { 86399999999 }, .span = { -14, 3, -5000001 },
                      .price = { "-0.00000000012" }, .uuid = { { 255, 1 } }, .json = { "[]" } };
    char sql[300];
    snprintf(sql, sizeof sql, "INSERT INTO things (small, medium, large, ratio, part, flag, text, code, %s, at, local_at, day, hour, span, price, uuid, json,"
                              " colour, tiny, port, wide) VALUES (:a, :b, :c, :d, :e, :f, :g, :h, :i, :j, :k, :l, :m, :n, :o, :p, :q, 'blue', 1, 2, 3)",
             harness_is_mariadb(url) ? "`blob`" : "blob");
    sqla_stmt *q = sqla_sql(x.db, sql);
    sqla_bind(sqla_bind(sqla_bind(sqla_bind(sqla_bind(sqla_bind(q, "a", t.small), "b", t.medium), "c", t.large), "d",
        t.ratio), "e", t.part), "f", t.flag);
    sqla_bind(sqla_bind(sqla_bind(sqla_bind(sqla_bind(sqla_bind(q, "g", t.text), "h", (const char *)t.code), "i", t.blob),
        "j", t.at), "k", t.local_at), "l", t.day);
    sqla_bind(sqla_bind(sqla_bind(sqla_bind(sqla_bind(q, "m", t.hour), "n", t.span), "o", t.price), "p", t.uuid), "q", t.json);
    int64_t changed = 0;
    CU_ASSERT_EQUAL(sqla_exec(q, &changed, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(changed, 1);
    Thing *r = sqla_one(sqla_stmt_keep(sqla_select(x.db, Thing)), Thing, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT(r->small == t.small && r->medium == t.medium && r->large == t.large && r->ratio == t.ratio &&
        r->part == t.part && r->flag);
    CU_ASSERT(strcmp(r->text, t.text) == 0 && strcmp(r->code, t.code) == 0 && r->blob.size == 3 && memcmp(r->blob.data,
        t.blob.data, 3) == 0);
    CU_ASSERT(r->at.micros == t.at.micros && r->local_at.micros == t.local_at.micros && r->day.days == t.day.days &&
        r->hour.micros == t.hour.micros);
    CU_ASSERT(r->span.months == t.span.months && r->span.days == t.span.days && r->span.micros == t.span.micros);
    CU_ASSERT(strcmp(r->price.text, t.price.text) == 0 && memcmp(&r->uuid, &t.uuid, 16) == 0 && strcmp(r->json.text,
        t.json.text) == 0 && r->colour == BLUE);
    shop_close(&x);
}

static void parameters__missing_spare_and_twice(const char *url)
{
    place x;
    set_up(&x, url);
    static const struct { const char *sql, *says; } table[] = {
        { "SELECT :a, :other", "parameter ':other' has no value" },
        { "SELECT 1", "parameter ':a' is given, and the statement has none of that name" },
        { "SELECT ':a'", "parameter ':a' is given" }, { "SELECT :A", "':A' has no value" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (int way = 0; way < 2; way++) {
            sqla_error err = SQLA_ERROR_INIT;
            sqla_stmt *q = sqla_bind(sqla_sql(x.conn, table[i].sql), "a", 1);
            CU_ASSERT_EQUAL(way == 0 ? sqla_execute(x.conn, table[i].sql, sqla_params("a", 1), &err) : sqla_exec(q, NULL,
                &err), SQLA_ERR_MISUSE);
            CU_ASSERT(says(&err, table[i].says));
            sqla_stmt_free(q);
        }
    }
    CU_ASSERT_EQUAL(sqla_execute(x.conn, "SELECT :a", sqla_params("a", 1, "a", 2), &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT(says(&x.err, "given twice"));
    CU_ASSERT_EQUAL(sqla_execute(x.conn, "SELECT :a", sqla_params(1, 2), NULL), SQLA_ERR_MISUSE);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(x.conn, "SELECT CAST(:a AS INTEGER) + CAST(:a AS INTEGER)"));
    sqla_bind(sqla_bind(q, "a", 1), "a", 4);
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, NULL), 8); /* bound again, used twice */
    CU_ASSERT_EQUAL(sqla_scalar_i64(sqla_bind(q, "a", 5), NULL), 10);
    tear_down(&x);
}

static void scripts__are_refused(const char *url)
{
    static const char *const scripts[] = { "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)", "SELECT 1; DROP TABLE t", NULL };
    place x;
    harness_sql(url, "CREATE TABLE t (n INTEGER)");
    set_up(&x, url);
    for (int i = 0; scripts[i] != NULL; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(sqla_execute(x.conn, scripts[i], NULL, &err), SQLA_ERR_MISUSE);
        CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
        sqla_stmt *q = sqla_sql(x.conn, scripts[i]);
        CU_ASSERT_EQUAL(sqla_exec(q, NULL, NULL), SQLA_ERR_MISUSE);
        sqla_stmt_free(q);
    }
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM t;"), 0); /* one semicolon at the end is no script */
    tear_down(&x);
}

static void scripts__run_when_asked_for(const char *url)
{
    static const char script[] = "CREATE TABLE first (n INTEGER);\n-- a comment; with a semicolon\nINSERT INTO first VALUES (1), (2);\n"
                                 "CREATE TABLE second (t TEXT); INSERT INTO second VALUES ('a;b''c'); SELECT * FROM first;";
    place x;
    set_up(&x, url);
    CU_ASSERT_EQUAL(sqla_execute_script(x.conn, script, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM first"), 2);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM second WHERE t = 'a;b''c'"), 1);
    CU_ASSERT_EQUAL(sqla_execute_script(x.db, "BEGIN; DELETE FROM first", &x.err), SQLA_OK); /* what it leaves open is rolled back */
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM first"), 2);
    CU_ASSERT_EQUAL(sqla_execute_script(x.conn, "BEGIN; DELETE FROM first; ROLLBACK; DELETE FROM second", &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM first"), 2);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM second"), 0);
    if (!x.mariadb) /* which knows no empty statement */
        CU_ASSERT_EQUAL(sqla_execute_script(x.conn, "DELETE FROM second;;\nDELETE FROM second;", &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute_script(x.conn, "", &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_execute_script(x.conn, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_execute_script((sqla_conn *)NULL, "SELECT 1", NULL), SQLA_ERR_MISUSE);
    tear_down(&x);
}

/* row 0: the database reads a whole script before it runs any of it, and then the position tells. */
static void scripts__say_which_statement_failed(const char *url)
{
    static const struct { const char *script; sqla_status status; int64_t row, post_row; int position; } table[] = {
        { "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); INSERT INTO t VALUES (1)", SQLA_ERR_UNIQUE, 3, 3, 0 },
        { "INSERT INTO t VALUES (5);\n;INSERT INTO nothing VALUES (\xc3\xa4)", SQLA_ERR_SQL, 2, 2, 40 },
        { "INSERT INTO t VALUES (6); INSERT INTO t VALUES (7); /* \xc3\xa4 */ INSRT INTO t VALUES (8)", SQLA_ERR_SQL, 3, 0, 61 },
        { "INSERT INTO t VALUES (NULL)", SQLA_ERR_NOT_NULL, 1, 1, 0 },
        { "SELECT 1; SELECT 'open", SQLA_ERR_SQL, 2, 0, 18 },
    };
    place x;
    harness_sql(url, "CREATE TABLE t (n INTEGER PRIMARY KEY NOT NULL)");
    if (!harness_is_postgres(url)) {
        harness_sql(url, "DROP TABLE t");
        harness_sql(url, "CREATE TABLE t (n INT NOT NULL UNIQUE)");
    }
    set_up(&x, url);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char words[40];
        int64_t row = x.postgres ? table[i].post_row : table[i].row;
        int position = x.mariadb && i == 1 ? 27 : table[i].position; /* it knows no empty statement */
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(sqla_execute_script(x.conn, table[i].script, &err), table[i].status);
        CU_ASSERT(is(&err, table[i].status));
        if (err.row != row || err.position != position)
            fprintf(stderr, "%zu: row %d, position %d\n", i, (int)err.row, (int)err.position);
        CU_ASSERT_EQUAL(err.row, row);
        CU_ASSERT_EQUAL(err.position, position);
        snprintf(words, sizeof words, row > 0 ? "cannot run statement %d of the script: " : "cannot run the script, at character %d: ",
                 row > 0 ? (int)row : table[i].position);
        CU_ASSERT(says(&err, words));
    }
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM t"), x.postgres ? 0 : 5); /* as a whole or not, or one by one */
    tear_down(&x);
}

/* ---- the untouched door ------------------------------------------------------------------------------------------- */

static void untouched__goes_as_it_is(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_stmt *q = sqla_sql_untouched(x.conn, x.mariadb  ? "SELECT b || a || ':a' || IF(b = 'x', 'true', 'false') FROM (SELECT ? AS a, ? AS b) AS p" :
                                              x.postgres ? "SELECT $2::text || $1::text || ':a' || ($2::text = 'x')::text" :
                                                           "SELECT ?2 || ?1 || ':a' || iif(?2 = 'x', 'true', 'false')");
    sqla_stmt_keep(sqla_bind_at(sqla_bind_at(q, 2, "x"), 1, "y"));
    for (int again = 0; again < 3; again++)
        CU_ASSERT_STRING_EQUAL(sqla_scalar_text(q, &x.err), "xy:atrue");
    CU_ASSERT_STRING_EQUAL(sqla_scalar_text(sqla_bind_at(q, 1, "z"), &x.err), "xz:atrue");
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_STRING_EQUAL(sqla_stmt_text(sqla_sql_untouched(x.conn, "anything :a ? $1 '"), &x.err), "anything :a ? $1 '");
    if (x.postgres) /* an operator that looks like a placeholder */
        CU_ASSERT_EQUAL(sqla_row_bool_at(sqla_rewind_row_(sqla_bind_at(sqla_sql_untouched(x.conn, "SELECT '{\"a\": 1}'::jsonb ? $1"), 1, "a"), &x.err),
                        0, &x.err), true);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void untouched__parameters_that_are_wrong(const char *url)
{
    place x;
    set_up(&x, url);
    const char *two = x.postgres ? "SELECT $1::int + $2::int" : "SELECT ? + ?";
    const struct { sqla_stmt *q; sqla_status status; const char *says; } table[] = {
        { sqla_bind_at(sqla_sql_untouched(x.conn, two), 2, 5), SQLA_ERR_MISUSE, "parameter 1 has no value, and parameter 2 has one" },
        { sqla_bind_at(sqla_sql_untouched(x.conn, two), 1, 5), SQLA_ERR_SQL, "" },
        { sqla_bind_at(sqla_sql_untouched(x.conn, two), 0, 5), SQLA_ERR_MISUSE, "the first is 1" },
        { sqla_bind(sqla_sql_untouched(x.conn, two), "a", 5), SQLA_ERR_MISUSE, "has no parameter ':a'" },
        { sqla_bind_at(sqla_sql(x.conn, "SELECT :a"), 1, 5), SQLA_ERR_MISUSE, "sqla_sql_untouched" },
        { sqla_sql_untouched(x.conn, "SELECT 1; SELECT 2"), SQLA_ERR_MISUSE, "more than one statement" },
        { sqla_sql_untouched(x.conn, "SELECT '\xff'"), SQLA_ERR_DATA, "UTF-8" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        (void)sqla_scalar_i64(table[i].q, &err);
        CU_ASSERT(is(&err, table[i].status));
        CU_ASSERT(i == 5 || says(&err, table[i].says));
    }
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT 7"), 7);
    tear_down(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "stream: a million structs in little memory", stream__a_million_structs_in_little_memory, HARNESS_DATABASES }, /* first: the heap is small */
        { "stream: a million rows in little memory", stream__a_million_rows_in_little_memory, HARNESS_DATABASES },
        { "stream: large rows in little memory", stream__large_rows_in_little_memory, HARNESS_DATABASES },
        { "row by position and by name", row__by_position_and_by_name, HARNESS_DATABASES },
        { "row: names that are missing or ambiguous", row__names_that_are_missing_or_ambiguous, HARNESS_DATABASES },
        { "row: conversions and their limits", row__conversions_and_their_limits, HARNESS_DATABASES },
        { "row: texts of everything", row__texts_of_everything, HARNESS_DATABASES },
        { "row: getters of every type", row__getters_of_every_type, HARNESS_DATABASES },
        { "row: getters refuse what does not fit", row__getters_refuse_what_does_not_fit, HARNESS_DATABASES },
        { "row by column", row__by_column, HARNESS_DATABASES },
        { "row: a text with a NUL is no C string", row__a_text_with_a_nul_is_no_c_string, HARNESS_SQLITE },
        { "scalar of one, none and many", scalar__of_one_none_and_many, HARNESS_DATABASES },
        { "structs: first, one, all", structs__first_one_all, HARNESS_DATABASES },
        { "structs: columns that do not match", structs__columns_that_do_not_match, HARNESS_DATABASES },
        { "structs: values of another type", structs__values_of_another_type, HARNESS_DATABASES },
        { "structs: raw SQL into session objects", structs__raw_sql_into_session_objects, HARNESS_DATABASES },
        { "loops break, continue and nest", loops__break_continue_and_nest, HARNESS_DATABASES },
        { "loops: the statement in the head", loops__statement_in_the_head, HARNESS_DATABASES },
        { "stream: rows that are none", stream__rows_that_are_none, HARNESS_DATABASES },
        { "stream is closed half-way", stream__is_closed_half_way, HARNESS_DATABASES },
        { "stream leaves its transaction alone", stream__leaves_its_transaction_alone, HARNESS_DATABASES },
        { "stream: several at once", stream__several_at_once, HARNESS_SQLITE },
        { "stream on engines and sessions", stream__on_engines_and_sessions, HARNESS_DATABASES },
        { "text without running", text__without_running, HARNESS_DATABASES },
        { "parameters of every C type", parameters__of_every_c_type, HARNESS_DATABASES },
        { "parameters come back as they went", parameters__come_back_as_they_went, HARNESS_DATABASES },
        { "parameters: missing, spare and twice", parameters__missing_spare_and_twice, HARNESS_DATABASES },
        { "scripts are refused", scripts__are_refused, HARNESS_DATABASES },
        { "scripts run when asked for", scripts__run_when_asked_for, HARNESS_DATABASES },
        { "scripts say which statement failed", scripts__say_which_statement_failed, HARNESS_DATABASES },
        { "untouched: goes as it is", untouched__goes_as_it_is, HARNESS_DATABASES },
        { "untouched: parameters that are wrong", untouched__parameters_that_are_wrong, HARNESS_DATABASES },
    };
    return harness_main("test-result", tests, sizeof tests / sizeof tests[0]);
}
