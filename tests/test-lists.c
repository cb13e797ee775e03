/* test-lists.c: lists that are longer than a statement has parameters, in every place where a list may
 * stand. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>
#include <limits.h>

#include "expect.h"

enum { MANY = 150000 };

typedef struct Value { int64_t id; const char *kind; } Value;
SQLA_DECLARE(Value);
SQLA_MODEL(Value, "listed", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(kind));

typedef struct place { sqla_engine *db; sqla_conn *conn; sqla_error err; } place;

static void set_up(place *x, const char *url)
{
    *x = (place){ .err = SQLA_ERROR_INIT };
    x->db = sqla_create_engine(url, NULL, &x->err);
    x->conn = sqla_connect(x->db, &x->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->conn);
}

static void tear_down(place *x)
{
    CU_ASSERT(is(&x->err, SQLA_OK));
    sqla_conn_close(x->conn);
    sqla_engine_free(x->db);
}

/* A list of n numbers, every second one of which is a row's. */
static int64_t *numbers(size_t n)
{
    int64_t *list = malloc(n * sizeof *list);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    for (size_t i = 0; i < n; i++)
        list[i] = (int64_t)i * 2 + 1;
    return list;
}

/* Ten rows, 1 to 10, of which the odd ones are 'it''s \1', and the others NULL or "". */
static void fill(place *x)
{
    sqla_execute(x->conn, "CREATE TABLE listed (id BIGINT PRIMARY KEY, kind VARCHAR(40))", NULL, &x->err);
    for (int64_t id = 1; id <= 10; id++)
        sqla_execute(x->conn, "INSERT INTO listed VALUES (:id, :kind)", sqla_params("id", id, "kind",
            id % 2 == 1 ? "it's \\ \"1\"" : id % 4 == 0 ? "" : NULL), &x->err);
    CU_ASSERT(is(&x->err, SQLA_OK));
}

static int64_t count(place *x, sqla_stmt *q)
{
    int64_t n = sqla_scalar_i64(q, &x->err);
    CU_ASSERT(is(&x->err, SQLA_OK));
    sqla_stmt_free(q);
    return n;
}

static sqla_stmt *counting(place *x) { return sqla_select_cols(x->conn, sqla_count_all()); }

/* ---- typed statements ---------------------------------------------------------------------------------- */

static void where_in__of_any_length(const char *url)
{
    static const size_t lengths[] = { 0, 1, 99, 100, 101, 102, 65535, 65536, MANY };
    place x;
    set_up(&x, url);
    fill(&x);
    int64_t *ids = numbers(MANY);
    const char **words = malloc(MANY * sizeof *words);
    CU_ASSERT_PTR_NOT_NULL_FATAL(words);
    for (size_t i = 0; i < MANY; i++)
        words[i] = i == 50 ? NULL : i == 90 ? "it's \\ \"1\"" : "none {\"of\", them}";
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t n = lengths[i];
        for (int again = 0; again < 2; again++) {
            CU_ASSERT_EQUAL(count(&x, sqla_where_in_i64(counting(&x), sqla_col(Value, id), ids, n)),
                n < 5 ? (int64_t)n : 5);
            CU_ASSERT_EQUAL(count(&x, sqla_where_in_text(counting(&x), sqla_col(Value, kind), words, n)),
                n > 90 ? 8 : 0); /* 5, and 3 NULLs */
        }
    }
    free(words);
    free(ids);
    tear_down(&x);
}

/* With a number of conditions beside it, both of its kinds, and a list that a name stands for. */
static void in__with_lists_and_values(const char *url)
{
    place x;
    set_up(&x, url);
    fill(&x);
    int64_t *ids = numbers(MANY);
    sqla_stmt *q = sqla_where_in_i64(counting(&x), sqla_col(Value, id), ids, MANY);
    q = sqla_where(q, sqla_gt(sqla_col(Value, id), 2), sqla_not_in(sqla_col(Value, id), sqla_param("not")),
        sqla_lt(sqla_col(Value, id), 9));
    CU_ASSERT_EQUAL(count(&x, sqla_bind(q, "not", sqla_array_i64(ids + 3, MANY - 3))), 2); /* 3, 5 */
    q = sqla_where(counting(&x), sqla_not_in(sqla_col(Value, id), sqla_param("none")));
    CU_ASSERT_EQUAL(count(&x, sqla_bind(q, "none", sqla_array_i64(ids, 0))), 10);
    q = sqla_where(counting(&x),
        sqla_or(sqla_in(sqla_col(Value, id), sqla_param("few")), sqla_eq(sqla_col(Value, id), 2)));
    CU_ASSERT_EQUAL(count(&x, sqla_bind(q, "few", sqla_array_i64(ids, 3))), 4);
    q = sqla_where(counting(&x), sqla_not(sqla_in(sqla_col(Value, id), sqla_param("many"))));
    CU_ASSERT_EQUAL(count(&x, sqla_bind(q, "many", sqla_array_i64(ids, MANY))), 5);
    free(ids);
    tear_down(&x);
}

/* Rows that come one by one, out of a statement with a list, while the list is gone. */
static void streams__of_a_long_list(const char *url)
{
    place x;
    set_up(&x, url);
    fill(&x);
    int64_t *ids = numbers(MANY), sum = 0;
    sqla_stmt *q = sqla_order_by(
        sqla_where_in_i64(sqla_select(x.conn, Value), sqla_col(Value, id), ids, MANY), sqla_col(Value, id));
    memset(ids, 0, MANY * sizeof *ids);
    free(ids);
    SQLA_STREAM(Value, v, q, &x.err)
        sum = sum * 10 + v->id;
    CU_ASSERT_EQUAL(sum, 13579);
    sqla_stmt_free(q);
    tear_down(&x);
}

static void objects__by_a_long_list(const char *url)
{
    shop x;
    shop_open(&x, url);
    for (int i = 0; i < 10; i++)
        sqla_add(x.s, User, .name = sqla_printf(x.s, "ann%d", i));
    sqla_commit(x.s, &x.err);
    int64_t *ids = numbers(MANY);
    size_t n = 0;
    sqla_stmt *q = sqla_where_in_i64(sqla_select(x.s, User), sqla_col(User, id), ids, MANY);
    SQLA_EACH(User, u, q, &x.err)
        n += strncmp(u->name, "ann", 3) == 0;
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT(is(&x.err, SQLA_OK));
    free(ids);
    shop_close(&x);
}

/* ---- raw SQL ------------------------------------------------------------------------------------------- */

static bool has(place *x, const char *type, sqla_value list, sqla_value inside, sqla_value outside)
{
    char sql[400];
    bool right = true;
    snprintf(sql, sizeof sql,
        "SELECT (CASE WHEN CAST(:inside AS %s) IN (:list) THEN 1 ELSE 0 END) + (CASE WHEN CAST(:outside AS "
        "%s) IN (:list) "
        "THEN 10 ELSE 0 END) + (CASE WHEN CAST(:outside AS %s) NOT IN (:list) THEN 100 ELSE 0 END)",
        type, type, type);
    for (int again = 0; again < 3; again++) {
        sqla_stmt *q = sqla_bind(
            sqla_bind(sqla_bind(sqla_sql(x->conn, sql), "list", list), "inside", inside), "outside", outside);
        int64_t n = sqla_scalar_i64(q, &x->err);
        if (!is(&x->err, SQLA_OK) || n != 101)
            fprintf(stderr, "%s: %d\n", type, (int)n);
        right = right && n == 101 && is(&x->err, SQLA_OK);
        sqla_stmt_free(q);
    }
    return right;
}

/* What an item is as a parameter of its own it is in a long list. */
static void long_lists__of_every_type(const char *url)
{
    enum { N = 300 };
    static int16_t i16[N];
    static int32_t i32[N];
    static float f32[N];
    static double f64[N];
    static bool bools[N];
    static sqla_blob blobs[N];
    static sqla_decimal decimals[N];
    static sqla_date dates[N];
    static sqla_time times[N];
    static sqla_local_timestamp stamps[N];
    static sqla_uuid uuids[N];
    static sqla_value mixed[N];
    static char room[N][16];
    place x;
    set_up(&x, url);
    bool maria = harness_is_mariadb(url), lite = harness_sqlite_path(url) != NULL;
    for (int i = 0; i < N; i++) {
        snprintf(room[i], sizeof room[i], "%d.25", i);
        i16[i] = (int16_t)(i - 1000), i32[i] = INT32_MIN + i, f32[i] = (float)i + 0.5f,
        f64[i] = 1.0 / (i + 3), bools[i] = true;
        blobs[i] = (sqla_blob){ room[i], (size_t)i % 4 }, decimals[i] = (sqla_decimal){ room[i] },
        dates[i] = (sqla_date){ 19000 + i };
        times[i] = (sqla_time){ i * INT64_C(1000001) },
        stamps[i] = (sqla_local_timestamp){ i * INT64_C(86400000001) };
        uuids[i] = (sqla_uuid){ { (uint8_t)i, (uint8_t)(i >> 8), 7 } };
        mixed[i] = sqla_value_i64(i);
    }
    CU_ASSERT(has(&x, maria ? "SIGNED" : "INTEGER", sqla_array_i16(i16, N), sqla_val(i16[200]), sqla_val(5)));
    CU_ASSERT(has(&x, maria ? "SIGNED" : "INTEGER", sqla_array_i32(i32, N), sqla_val(i32[299]), sqla_val(5)));
    CU_ASSERT(
        has(&x, maria ? "SIGNED" : "INTEGER", sqla_array_values(mixed, N), sqla_val(299), sqla_val(300)));
    CU_ASSERT(has(&x, maria ? "DOUBLE" : "DOUBLE PRECISION", sqla_array_f32(f32, N), sqla_val(299.5),
        sqla_val(299.75)));
    CU_ASSERT(has(&x, maria ? "DOUBLE" : "DOUBLE PRECISION", sqla_array_f64(f64, N), sqla_val(1.0 / 7),
        sqla_val(0.14285714285714)));
    CU_ASSERT(has(&x, maria ? "SIGNED" : "BOOLEAN", sqla_array_bool(bools, N), sqla_value_bool(true),
        sqla_value_bool(false)));
    CU_ASSERT(has(&x,
        maria  ? "BINARY"
        : lite ? "BLOB"
               : "BYTEA",
        sqla_array_blob(blobs, N), sqla_val(((sqla_blob){ "7.2", 3 })), sqla_val(((sqla_blob){ "x", 1 }))));
    CU_ASSERT(has(&x,
        maria  ? "DECIMAL(20, 5)"
        : lite ? "DECIMAL_TEXT"
               : "NUMERIC",
        sqla_array_decimal(decimals, N), sqla_val(((sqla_decimal){ "77.25" })),
        sqla_val(((sqla_decimal){ "77.5" }))));
    CU_ASSERT(has(&x, lite ? "TEXT" : "DATE", sqla_array_date(dates, N), sqla_val(dates[77]),
        sqla_val(((sqla_date){ 77 }))));
    CU_ASSERT(has(&x,
        lite    ? "TEXT"
        : maria ? "TIME(6)"
                : "TIME",
        sqla_array_time(times, N), sqla_val(times[77]), sqla_val(((sqla_time){ 1 }))));
    CU_ASSERT(has(&x,
        lite    ? "TEXT"
        : maria ? "DATETIME(6)"
                : "TIMESTAMP",
        sqla_array_local_timestamp(stamps, N), sqla_val(stamps[77]),
        sqla_val(((sqla_local_timestamp){ 1 }))));
    CU_ASSERT(has(&x,
        lite    ? "TEXT"
        : maria ? "CHAR"
                : "UUID",
        sqla_array_uuid(uuids, N), sqla_val(uuids[77]), sqla_val(((sqla_uuid){ { 9, 9 } }))));
    tear_down(&x);
}

/* All four ways to write it; each item in several lists; beside other parameters, in all orders. */
static void long_lists__in_raw_sql(const char *url)
{
    static const struct { const char *where; int64_t n;
    } cases[] = {
        { "id IN (:list)", 5 },
        { "id = ANY(:list)", 5 },
        { "id NOT IN (:list)", 5 },
        { "id <> ALL(:list)", 5 },
        { "id > :low AND id IN (:list) AND id < :high", 3 },
        { "id IN (:list) AND id > :low AND id < :high", 3 },
        { "id > :low AND id < :high AND id IN (:list)", 3 },
        { "id IN (:list) AND id IN (:list) AND id > :low OR id = :high", 5 },
    };
    place x;
    set_up(&x, url);
    fill(&x);
    int64_t *ids = numbers(MANY);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char sql[200];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM listed WHERE %s", cases[i].where);
        for (int again = 0; again < 3; again++) {
            sqla_stmt *q = sqla_bind(sqla_sql(x.conn, sql), "list", sqla_array_i64(ids, MANY));
            if (strstr(sql, ":low") != NULL)
                sqla_bind(q, "low", 1);
            if (strstr(sql, ":high") != NULL)
                sqla_bind(q, "high", 8);
            CU_ASSERT_EQUAL(count(&x, q), cases[i].n);
        }
    }
    free(ids);
    tear_down(&x);
}

/* What looks like the mark that the driver puts behind a list is not taken for one. */
static void long_lists__beside_their_mark(const char *url)
{
    place x;
    set_up(&x, url);
    fill(&x);
    int64_t *ids = numbers(MANY);
    sqla_execute(x.conn, "DELETE FROM listed WHERE kind = '?/*sqla:list*/' OR id IN (:list)",
        sqla_params("list", sqla_array_i64(ids, MANY)), &x.err);
    CU_ASSERT(is(&x.err, SQLA_ERR_MISUSE));
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(ask(x.conn, "SELECT count(*) FROM listed"), 10);
    free(ids);
    tear_down(&x);
}

/* A NULL among the items leaves nothing that is known to be outside. */
static void long_lists__with_nulls(const char *url)
{
    static sqla_value values[1000];
    place x;
    set_up(&x, url);
    fill(&x);
    for (int i = 0; i < 1000; i++)
        values[i] = i == 700 ? sqla_null() : sqla_value_i64(i * 2 + 1);
    sqla_value list = sqla_array_values(values, 1000);
    CU_ASSERT_EQUAL(count(&x, sqla_bind(sqla_sql(x.conn, "SELECT count(*) FROM listed WHERE id IN (:list)"),
                                  "list", list)),
        5);
    CU_ASSERT_EQUAL(
        count(&x,
            sqla_bind(sqla_sql(x.conn, "SELECT count(*) FROM listed WHERE id NOT IN (:list)"), "list", list)),
        0);
    CU_ASSERT_EQUAL(
        count(&x, sqla_bind(sqla_where(counting(&x), sqla_not_in(sqla_col(Value, id), sqla_param("list"))),
                      "list", list)),
        5);
    tear_down(&x);
}

/* A text in a list is compared as the column says, and not as the list would. */
static void long_lists__by_the_columns_collation(const char *url)
{
    static const char *texts[500];
    static const char *const tables[] = {
        "CREATE TABLE words (word VARCHAR(20) COLLATE utf8mb4_unicode_ci)",
        "CREATE TABLE words (word VARCHAR(20) COLLATE utf8mb4_swedish_ci)",
        "CREATE TABLE words (word VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_general_ci)",
    };
    place x;
    set_up(&x, url);
    for (int i = 0; i < 500; i++)
        texts[i] = i == 333 ? "W\xc3\x96RD" : "other";
    for (size_t i = harness_is_mariadb(url) ? 0 : 2; i < 3; i++) {
        sqla_execute(x.conn,
            harness_is_mariadb(url) ? tables[i] : "CREATE TABLE words (word TEXT COLLATE NOCASE)", NULL,
            &x.err);
        sqla_execute(x.conn, "INSERT INTO words VALUES (:word)",
            sqla_params("word", harness_is_mariadb(url) ? "w\xc3\xb6rd" : "OTHER"), &x.err);
        CU_ASSERT_EQUAL(
            count(&x, sqla_bind(sqla_sql(x.conn, "SELECT count(*) FROM words WHERE word IN (:list)"), "list",
                          sqla_array_text(texts, 500))),
            1);
        sqla_execute(x.conn, "DROP TABLE words", NULL, &x.err);
    }
    tear_down(&x);
}

/* ---- many parameters ----------------------------------------------------------------------------------- */

/* Milliseconds that it takes to run a statement of n names, best of three. */
static int64_t time_for(place *x, size_t n)
{
    int64_t best = INT64_MAX;
    char *sql = malloc(n * 24 + 100), *to = sql;
    char (*names)[24] = malloc(n * sizeof *names);
    CU_ASSERT_FATAL(sql != NULL && names != NULL);
    to += sprintf(to, "SELECT count(*) FROM listed WHERE id IN (");
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "n%zu", i);
        to += sprintf(to, "%s:%s", i > 0 ? ", " : "", names[i]);
    }
    sprintf(to, ")");
    for (int again = 0; again < 3; again++) {
        int64_t began = now_ms();
        sqla_stmt *q = sqla_sql(x->conn, sql);
        for (size_t i = 0; i < n; i++)
            sqla_bind(q, names[i], (int64_t)i);
        CU_ASSERT_EQUAL(count(x, q), n > 10 ? 10 : (int64_t)n - 1);
        best = now_ms() - began < best ? now_ms() - began : best;
    }
    free(names);
    free(sql);
    return best;
}

static void named_parameters__cost_linear_time(const char *url)
{
    place x;
    set_up(&x, url);
    fill(&x);
    int64_t few = time_for(&x, 3000), many = time_for(&x, 30000);
    if (many > 20 * few + 1000)
        fprintf(stderr, "3,000 names: %d ms, 30,000: %d ms\n", (int)few, (int)many);
    CU_ASSERT(many <= 20 * few + 1000);
    tear_down(&x);
}

static void where_in__refuses_absurd_lists(const char *url)
{
    static const int64_t one = 1;
    static const char *const word = "one";
    place x;
    set_up(&x, url);
    fill(&x);
    sqla_stmt *table[] = {
        sqla_where_in_i64(counting(&x), sqla_col(Value, id), NULL, 1),
        sqla_where_in_i64(counting(&x), sqla_col(Value, id), &one, SIZE_MAX),
        sqla_where_in_i64(counting(&x), sqla_col(Value, id), NULL, SIZE_MAX),
        sqla_where_in_i64(counting(&x), sqla_col(Value, id), &one, UINT32_MAX),
        sqla_where_in_text(counting(&x), sqla_col(Value, kind), NULL, 3),
        sqla_where_in_text(counting(&x), sqla_col(Value, kind), &word, SIZE_MAX),
        sqla_where_in_text(counting(&x), sqla_col(Value, kind), &word, SIZE_MAX / sizeof(char *) + 2),
        sqla_bind(sqla_sql(x.conn, "SELECT 1 FROM listed WHERE id IN (:list)"), "list",
            sqla_array_i64(&one, SIZE_MAX)),
        sqla_bind(sqla_where(counting(&x), sqla_in(sqla_col(Value, id), sqla_param("list"))), "list",
            sqla_array_i64(&one, SIZE_MAX)),
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        (void)sqla_scalar_i64(table[i], &err);
        if (!is(&err, SQLA_ERR_MISUSE))
            fprintf(stderr, "case %zu\n", i);
        CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
        sqla_stmt_free(table[i]);
    }
    CU_ASSERT_EQUAL(count(&x, sqla_where_in_i64(counting(&x), sqla_col(Value, id), NULL, 0)), 0);
    tear_down(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "where_in of any length", where_in__of_any_length, HARNESS_DATABASES },
        { "in with lists and values", in__with_lists_and_values, HARNESS_DATABASES },
        { "streams of a long list", streams__of_a_long_list, HARNESS_DATABASES },
        { "objects by a long list", objects__by_a_long_list, HARNESS_DATABASES },
        { "long lists of every type", long_lists__of_every_type, HARNESS_DATABASES },
        { "long lists in raw SQL", long_lists__in_raw_sql, HARNESS_DATABASES },
        { "long lists beside their mark", long_lists__beside_their_mark, HARNESS_MARIADB },
        { "long lists with NULLs", long_lists__with_nulls, HARNESS_DATABASES },
        { "long lists by the column's collation", long_lists__by_the_columns_collation,
            HARNESS_SQLITE | HARNESS_MARIADB },
        { "named parameters cost linear time", named_parameters__cost_linear_time, HARNESS_DATABASES },
        { "where_in refuses absurd lists", where_in__refuses_absurd_lists, HARNESS_DATABASES },
    };
    return harness_main("test-lists", tests, sizeof tests / sizeof tests[0]);
}
