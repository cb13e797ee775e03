/* test-array.c: lists as parameters: one text for every database, and whatever a list may hold; arrays as results. */
#include <config.h>
#include <CUnit/CUnit.h>

#include "expect.h"

typedef struct place { sqla_engine *db; sqla_conn *conn; sqla_error err; bool postgres; } place;

static void set_up(place *x, const char *url)
{
    *x = (place){ .err = SQLA_ERROR_INIT, .postgres = harness_is_postgres(url) };
    x->db = sqla_create_engine(url, NULL, &x->err);
    x->conn = sqla_connect(x->db, &x->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->conn);
    sqla_execute(x->conn, "CREATE TABLE items (id INTEGER, big BIGINT, ratio DOUBLE PRECISION, word TEXT)", NULL, &x->err);
    sqla_execute(x->conn, "INSERT INTO items VALUES (1, 10, 0.5, 'one'), (2, 20, 1.5, 'it''s \"2\", \\two{}'), (3, 30, 2.5, ''), "
                          "(4, 40, 3.5, 'NULL'), (NULL, NULL, NULL, NULL)", NULL, &x->err);
    CU_ASSERT(is(&x->err, SQLA_OK));
}

static void tear_down(place *x)
{
    sqla_conn_close(x->conn);
    sqla_engine_free(x->db);
}

/* How many rows have a condition that holds a list; -1: it failed, which is shown. */
static int64_t count(place *x, const char *condition, sqla_value list)
{
    char sql[200];
    sqla_error err = SQLA_ERROR_INIT;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM items WHERE %s", condition);
    sqla_stmt *q = sqla_bind(sqla_sql(x->conn, sql), "list", list);
    int64_t n = sqla_scalar_i64(q, &err);
    sqla_stmt_free(q);
    return is(&err, SQLA_OK) ? n : -1;
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

/* All four ways to write it, three times each: as it stands, prepared, and from the cache. */
static void lists__of_numbers_and_texts(const char *url)
{
    static const int64_t i64[] = { 1, 3, 99 };
    static const int32_t i32[] = { 2, INT32_MIN };
    static const int16_t i16[] = { 1, 2 };
    static const double f64[] = { 0.5, 2.5 };
    static const float f32[] = { 1.5f };
    static const char *const texts[] = { "one", "it's \"2\", \\two{}", "", NULL, "NULL" };
    static const struct { const char *in, *not_in, *any, *all; } forms = { "IN (:list)", "NOT IN (:list)", "= ANY(:list)", "<> ALL(:list)" };
    place x;
    set_up(&x, url);
    const struct { const char *column; sqla_value list; int64_t in, out; } table[] = {
        { "id", sqla_array_i64(i64, 3), 2, 2 }, { "id", sqla_array_i32(i32, 2), 1, 3 }, { "id", sqla_array_i16(i16, 2), 2, 2 },
        { "big", sqla_array_i32(i32, 1), 0, 4 }, { "ratio", sqla_array_f64(f64, 2), 2, 2 }, { "ratio", sqla_array_f32(f32, 1), 1, 3 },
        { "word", sqla_array_text(texts, 3), 3, 1 }, { "word", sqla_array_text(texts, 5), 4, 0 }, /* nothing is known to be unequal to a NULL */
        { "id", sqla_array_i64(i64, 0), 0, 5 }, { "word", sqla_array_text(NULL, 0), 0, 5 }, { "ratio", sqla_array_values(NULL, 0), 0, 5 },
        { "id", sqla_null(), 0, 0 }, { "word", sqla_null(), 0, 0 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *const ways[] = { forms.in, forms.any, forms.not_in, forms.all };
        for (size_t way = 0; way < 4; way++) {
            char condition[100];
            snprintf(condition, sizeof condition, "%s %s", table[i].column, ways[way]);
            for (int again = 0; again < 3; again++) {
                int64_t n = count(&x, condition, table[i].list);
                if (n != (way < 2 ? table[i].in : table[i].out))
                    fprintf(stderr, "%zu: %s: %d\n", i, condition, (int)n);
                CU_ASSERT_EQUAL(n, way < 2 ? table[i].in : table[i].out);
            }
        }
    }
    tear_down(&x);
}

static void lists__of_values_with_nulls(const char *url)
{
    place x;
    set_up(&x, url);
    const sqla_value values[] = { sqla_null(), sqla_value_i64(2), sqla_value_i64(3), sqla_null() };
    CU_ASSERT_EQUAL(count(&x, "id IN (:list)", sqla_array_values(values, 4)), 2);
    CU_ASSERT_EQUAL(count(&x, "id NOT IN (:list)", sqla_array_values(values, 4)), 0);
    CU_ASSERT_EQUAL(count(&x, "id = ANY(:list)", sqla_array_values(values, 1)), 0); /* all of them are NULL */
    CU_ASSERT_EQUAL(count(&x, "id = ANY(:list) OR big IN (:list)", sqla_array_values(values + 1, 2)), 2);
    tear_down(&x);
}

/* A statement keeps copies of what it is given; what is executed at once only borrows. */
static void lists__are_copied_when_bound(const char *url)
{
    place x;
    set_up(&x, url);
    char word[] = "one";
    const char *texts[] = { word };
    int64_t ids[] = { 1, 2 };
    sqla_value values[] = { sqla_value_text(word) };
    sqla_stmt *q = sqla_sql(x.conn, "SELECT count(*) FROM items WHERE word IN (:a) AND id IN (:b) AND word = ANY(:c)");
    sqla_bind(sqla_bind(sqla_bind(q, "a", sqla_array_text(texts, 1)), "b", sqla_array_i64(ids, 2)), "c", sqla_array_values(values, 1));
    word[0] = 'x';
    texts[0] = NULL;
    ids[0] = ids[1] = 0;
    values[0] = sqla_null();
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 1);
    CU_ASSERT(is(&x.err, SQLA_OK));
    ids[0] = 4;
    sqla_execute(x.conn, "DELETE FROM items WHERE id IN (:ids)", sqla_params("ids", sqla_array_i64(ids, 1)), &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM items"), 4);
    sqla_stmt_free(q);
    tear_down(&x);
}

/* More items than parameters: sent as one array, or refused with the limit; in either case the connection goes on. */
static void lists__of_many_items(const char *url)
{
    enum { MANY = 300000 };
    place x;
    set_up(&x, url);
    int64_t *ids = malloc(MANY * sizeof *ids);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ids);
    for (int i = 0; i < MANY; i++)
        ids[i] = i + 2;
    CU_ASSERT_EQUAL(count(&x, "id IN (:list)", sqla_array_i64(ids, 5000)), 3);
    sqla_stmt *q = sqla_bind(sqla_sql(x.conn, "SELECT count(*) FROM items WHERE id IN (:list)"), "list", sqla_array_i64(ids, MANY));
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 3);
    sqla_execute(x.conn, "DELETE FROM items WHERE id IN (:list)",
        sqla_params("list", sqla_array_i64(ids, MANY)), &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM items"), 2);
    sqla_stmt_free(q);
    free(ids);
    tear_down(&x);
}

static void lists__that_cannot_be_sent(const char *url)
{
    static const char *const broken[] = { "fine", "\xff" };
    place x;
    set_up(&x, url);
    sqla_value nested = sqla_array_text(broken, 1);
    const sqla_value mixed[] = { sqla_value_i64(1), sqla_value_text("two") };
    const struct { const char *sql; sqla_value list; sqla_status lite, post; } table[] = {
        { "SELECT count(*) FROM items WHERE word IN (:list)", sqla_array_text(broken, 2), SQLA_ERR_DATA, SQLA_ERR_DATA },
        { "SELECT count(*) FROM items WHERE id IN (:list)", sqla_array_values(mixed, 2), SQLA_OK, SQLA_ERR_DATA },
        { "SELECT count(*) FROM items WHERE word IN (:list)", sqla_array_values(&nested, 1), SQLA_ERR_UNSUPPORTED, SQLA_ERR_UNSUPPORTED },
        { "SELECT count(*) FROM items WHERE :list IS NULL", sqla_array_text(broken, 1), SQLA_ERR_UNSUPPORTED, SQLA_ERR_SQL },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_stmt *q = sqla_bind(sqla_sql(x.conn, table[i].sql), "list", table[i].list);
        (void)sqla_scalar_i64(q, &err);
        CU_ASSERT(is(&err, x.postgres ? table[i].post : table[i].lite));
        sqla_stmt_free(q);
    }
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM items"), 5);
    tear_down(&x);
}

/* ---- arrays there and back ---------------------------------------------------------------------------------------- */

/* An array goes there as a parameter and comes back as a text made by the server, and as a value. */
static bool there_and_back(place *x, const char *type, sqla_value list, const char *text)
{
    char sql[160], printed[300], sent[300];
    sqla_error err = SQLA_ERROR_INIT;
    bool same = false;
    snprintf(sql, sizeof sql, "SELECT CAST(:list AS %s) AS list, CAST(CAST(:list AS %s) AS TEXT) AS text", type, type);
    for (int again = 0; again < 2; again++) {
        sqla_stmt *q = sqla_bind(sqla_sql(x->conn, sql), "list", list);
        SQLA_EACH_ROW(row, q, &err) {
            const char *real = sqla_row_text(row, "text", &err);
            sqla_value back = sqla_row_get(row, "list", &err);
            sqla_value_print(printed, sizeof printed, back);
            sqla_value_print(sent, sizeof sent, list);
            same = (list.type == SQLA_NULL ? real == NULL : real != NULL && strcmp(real, text) == 0) && back.type == list.type &&
                   strcmp(printed, sent) == 0;
            if (!same)
                fprintf(stderr, "%s: %s, %s and not %s\n", type, real != NULL ? real : "NULL", printed, sent);
        }
        sqla_stmt_free(q);
        same = same && is(&err, SQLA_OK);
    }
    return same;
}

static void arrays__of_every_type(const char *url)
{
    static const bool bools[] = { true, false };
    static const int16_t i16[] = { -32768, 32767 };
    static const int32_t i32[] = { INT32_MIN, INT32_MAX };
    static const int64_t i64[] = { INT64_MIN, INT64_MAX };
    static const float f32[] = { 0.5f, -1e30f };
    static const double f64[] = { 0.1, -1e300 };
    static const char *const texts[] = { "a", "", "NULL", "it's", "\"q\" \\ {x, y}", " \xe2\x82\xac " };
    static const sqla_blob blobs[] = { { "a\0\xff", 3 }, { "", 0 } };
    static const sqla_decimal decimals[] = { { "12.50" }, { "-0.00000000000000000000000000001" } };
    static const sqla_json jsons[] = { { "{\"a\": [1, 2]}" }, { "null" } };
    static const sqla_date dates[] = { { 19782 }, { -800000 } };
    static const sqla_time times[] = { { 1 }, { INT64_C(86400000000) } };
    static const sqla_timestamp instants[] = { { 1700000000123456 }, { SQLA_TIMESTAMP_INFINITY } };
    static const sqla_local_timestamp locals[] = { { -1 } };
    static const sqla_interval spans[] = { { 14, -3, 5000001 } };
    static const sqla_uuid uuids[] = { { { 1, 2, 3 } }, { { 255 } } };
    const sqla_value nulls[] = { sqla_null(), sqla_value_i64(5), sqla_null() }, text_nulls[] = { sqla_value_text("NULL"), sqla_null() };
    place x;
    set_up(&x, url);
    CU_ASSERT(there_and_back(&x, "BOOLEAN[]", sqla_array_bool(bools, 2), "{t,f}"));
    CU_ASSERT(there_and_back(&x, "SMALLINT[]", sqla_array_i16(i16, 2), "{-32768,32767}"));
    CU_ASSERT(there_and_back(&x, "INTEGER[]", sqla_array_i32(i32, 2), "{-2147483648,2147483647}"));
    CU_ASSERT(there_and_back(&x, "BIGINT[]", sqla_array_i64(i64, 2), "{-9223372036854775808,9223372036854775807}"));
    CU_ASSERT(there_and_back(&x, "REAL[]", sqla_array_f32(f32, 2), "{0.5,-1e+30}"));
    CU_ASSERT(there_and_back(&x, "DOUBLE PRECISION[]", sqla_array_f64(f64, 2), "{0.1,-1e+300}"));
    CU_ASSERT(there_and_back(&x, "TEXT[]", sqla_array_text(texts, 6), "{a,\"\",\"NULL\",it's,\"\\\"q\\\" \\\\ {x, y}\",\" \xe2\x82\xac \"}"));
    CU_ASSERT(there_and_back(&x, "BYTEA[]", sqla_array_blob(blobs, 2), "{\"\\\\x6100ff\",\"\\\\x\"}"));
    CU_ASSERT(there_and_back(&x, "NUMERIC[]", sqla_array_decimal(decimals, 2), "{12.50,-0.00000000000000000000000000001}"));
    CU_ASSERT(there_and_back(&x, "JSON[]", sqla_array_json(jsons, 2), "{\"{\\\"a\\\": [1, 2]}\",\"null\"}"));
    CU_ASSERT(there_and_back(&x, "DATE[]", sqla_array_date(dates, 2), "{2024-02-29,\"0222-09-04 BC\"}"));
    CU_ASSERT(there_and_back(&x, "TIME[]", sqla_array_time(times, 2), "{00:00:00.000001,24:00:00}"));
    CU_ASSERT(there_and_back(&x, "TIMESTAMPTZ[]", sqla_array_timestamp(instants, 2), "{\"2023-11-14 22:13:20.123456+00\",infinity}"));
    CU_ASSERT(there_and_back(&x, "TIMESTAMP[]", sqla_array_local_timestamp(locals, 1), "{\"1969-12-31 23:59:59.999999\"}"));
    CU_ASSERT(there_and_back(&x, "INTERVAL[]", sqla_array_interval(spans, 1), "{\"1 year 2 mons -3 days +00:00:05.000001\"}"));
    CU_ASSERT(there_and_back(&x, "UUID[]", sqla_array_uuid(uuids, 2),
        "{01020300-0000-0000-0000-000000000000,ff000000-0000-0000-0000-000000000000}"));
    CU_ASSERT(there_and_back(&x, "BIGINT[]", sqla_array_values(nulls, 3), "{NULL,5,NULL}"));
    CU_ASSERT(there_and_back(&x, "BIGINT[]", sqla_array_values(nulls, 1), "{NULL}"));
    CU_ASSERT(there_and_back(&x, "TEXT[]", sqla_array_values(text_nulls, 2), "{\"NULL\",NULL}"));
    CU_ASSERT(there_and_back(&x, "INTEGER[]", sqla_array_i32(NULL, 0), "{}"));
    CU_ASSERT(there_and_back(&x, "TEXT[]", sqla_array_text(NULL, 0), "{}"));
    CU_ASSERT(there_and_back(&x, "TEXT[]", sqla_null(), ""));
    tear_down(&x);
}

/* The server finds out what a list of texts is: enums, uuids and whatever else has a text. */
static void arrays__of_texts_for_other_types(const char *url)
{
    static const char *const moods[] = { "happy", "sad" }, *const ids[] = { "01020300-0000-0000-0000-000000000000" };
    place x;
    harness_sql(url, "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')");
    harness_sql(url, "CREATE TABLE people (mood mood, id uuid)");
    harness_sql(url, "INSERT INTO people VALUES ('happy', '01020300-0000-0000-0000-000000000000'), ('ok', NULL)");
    set_up(&x, url);
    for (int again = 0; again < 3; again++) {
        sqla_stmt *q = sqla_sql(x.conn, "SELECT count(*) FROM people WHERE mood IN (:moods) AND id = ANY(:ids)");
        sqla_bind(sqla_bind(q, "moods", sqla_array_text(moods, 2)), "ids", sqla_array_text(ids, 1));
        CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 1);
        sqla_stmt_free(q);
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void arrays__as_results(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_stmt *q = sqla_sql(x.conn, "SELECT ARRAY[1, NULL, 3] AS flat, ARRAY[[1, 2], [3, 4]] AS deep, '[0:1]={5,6}'::int[] AS shifted, "
                                    "ARRAY['a', 'b c']::varchar[] AS words, '{}'::int[] AS none, NULL::int[] AS missing, 7 AS number, ARRAY['\\x6100'::bytea] AS blobs");
    for (int streamed = 0; streamed < 2; streamed++) {
        size_t n = 0;
        const sqla_row *row = streamed ? sqla_stream_row_(q, &x.err) : sqla_rewind_row_(q, &x.err);
        for (; row != NULL; row = streamed ? sqla_stream_next_row_(q, &x.err) : sqla_next_row_(q, &x.err)) {
            n++;
            sqla_value flat = sqla_row_get(row, "flat", &x.err), words = sqla_row_get(row, "words", &x.err), blobs = sqla_row_get(row, "blobs", &x.err);
            CU_ASSERT_EQUAL_FATAL(flat.type, SQLA_ARRAY);
            CU_ASSERT_EQUAL(flat.as.array.count, 3);
            CU_ASSERT(sqla_array_at(flat, 0).as.i64 == 1 && sqla_array_at(flat, 0).type == SQLA_INT32 && sqla_array_at(flat, 2).as.i64 == 3);
            CU_ASSERT(sqla_array_at(flat, 1).type == SQLA_NULL && sqla_array_at(flat, 3).type == SQLA_NULL);
            CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "deep", &x.err), "{{1,2},{3,4}}"); /* what no list can show is a text */
            CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "shifted", &x.err), "[0:1]={5,6}");
            CU_ASSERT_STRING_EQUAL(sqla_array_at(words, 1).as.bytes.data, "b c");
            CU_ASSERT(sqla_array_at(blobs, 0).type == SQLA_BLOB && sqla_array_at(blobs, 0).as.bytes.size == 2);
            CU_ASSERT(sqla_row_get(row, "none", &x.err).type == SQLA_ARRAY && sqla_row_get(row, "none", &x.err).as.array.count == 0);
            CU_ASSERT_TRUE(sqla_row_is_null(row, "missing", &x.err));
            CU_ASSERT_EQUAL(sqla_row_i64(row, "number", &x.err), 7);
            CU_ASSERT_STRING_EQUAL(sqla_row_text(row, "flat", &x.err), "{1, NULL, 3}");
        }
        CU_ASSERT_EQUAL(n, 1);
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_stmt_free(q);
    tear_down(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "lists of numbers and texts", lists__of_numbers_and_texts, HARNESS_DATABASES },
        { "lists of values with NULLs", lists__of_values_with_nulls, HARNESS_DATABASES },
        { "lists are copied when bound", lists__are_copied_when_bound, HARNESS_DATABASES },
        { "lists of many items", lists__of_many_items, HARNESS_DATABASES },
        { "lists that cannot be sent", lists__that_cannot_be_sent, HARNESS_DATABASES },
        { "arrays of every type", arrays__of_every_type, HARNESS_POSTGRES },
        { "arrays of texts for other types", arrays__of_texts_for_other_types, HARNESS_POSTGRES },
        { "arrays as results", arrays__as_results, HARNESS_POSTGRES },
    };
    return harness_main("test-array", tests, sizeof tests / sizeof tests[0]);
}
