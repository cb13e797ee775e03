/* test-types.c: values at the extremes of their types, in every direction: parameter of raw SQL, dynamic value out and in again,
 * object field in and out, one by one and in batches, row struct, field by name, comparison in a condition. What a database cannot
 * keep is refused with the column's name, in each direction, and nothing is stored.
 *
 * Each type has a model of its own, made at run time: a key and a nullable "v". */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>
#include <float.h>
#include <limits.h>
#include <math.h>

#include "orm/field.h"
#include "sql/mapping.h"

#define COUNT(a) (sizeof(a) / sizeof (a)[0])
#define DAY INT64_C(86400000000)

/* ---- the world ------------------------------------------------------------------------------------------------------ */

typedef struct world {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_model *models[SQLA_TYPE_COUNT_];
    bool postgres, mariadb;
} world;

static const char *const words[SQLA_TYPE_COUNT_] = {
    [SQLA_BOOL] = "a_bool", [SQLA_INT16] = "an_int16", [SQLA_INT32] = "an_int32", [SQLA_INT64] = "an_int64", [SQLA_FLOAT32] = "a_float32",
    [SQLA_FLOAT64] = "a_float64", [SQLA_TEXT] = "a_text", [SQLA_BLOB] = "a_blob", [SQLA_DATE] = "a_date", [SQLA_TIME] = "a_time",
    [SQLA_TIMESTAMP] = "a_timestamp", [SQLA_LOCAL_TIMESTAMP] = "a_local", [SQLA_INTERVAL] = "an_interval", [SQLA_UUID] = "a_uuid",
    [SQLA_DECIMAL] = "a_decimal", [SQLA_JSON] = "a_json", [SQLA_ENUM_TYPE] = "an_enum",
};
static const char *const labels[] = { "sad", "it's \"fine\"", "a label, with spaces", "\xf0\x9f\x98\x80", NULL };

static void world_open(world *w, const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    memset(w, 0, sizeof *w);
    w->postgres = harness_is_postgres(url);
    w->mariadb = harness_is_mariadb(url);
    w->db = sqla_create_engine(harness_sqlite_path(url) == NULL ? url : with_query(url, "synchronous=off"), NULL, &err);
    w->base = sqla_metadata_new(&err);
    for (uint32_t t = 1; t <= SQLA_ENUM_TYPE; t++) {
        const sqla_column_item key = { .primary_key = true, .natural = true }, plain = { .labels = t == SQLA_ENUM_TYPE ? labels : NULL };
        w->models[t] = sqla_model_new(w->base, words[t], words[t], &err);
        sqla_model_add_column(w->models[t], "id", SQLA_INT64, &key, &err);
        sqla_model_add_column(w->models[t], "v", t | SQLA_FORM_NULLABLE, &plain, &err);
    }
    sqla_metadata_create_all(w->base, w->db, &err);
    w->maker = sqla_sessionmaker_new(w->db, w->base, NULL, &err);
    CU_ASSERT_FATAL(is(&err, SQLA_OK));
}

static void world_close(world *w)
{
    sqla_sessionmaker_free(w->maker);
    sqla_metadata_free(w->base);
    sqla_engine_free(w->db);
}

/* Bit by bit, with the type. */
static bool same(sqla_value a, sqla_value b)
{
    if (a.type != b.type)
        return false;
    switch ((sqla_type)a.type) {
    case SQLA_NULL: return true;
    case SQLA_ARRAY: case SQLA_TYPE_COUNT_: return false; /* no values of this program */
    case SQLA_FLOAT32: case SQLA_FLOAT64: return memcmp(&a.as.f64, &b.as.f64, sizeof a.as.f64) == 0;
    case SQLA_TEXT: case SQLA_BLOB: case SQLA_DECIMAL: case SQLA_JSON:
        return a.as.bytes.size == b.as.bytes.size && memcmp(a.as.bytes.data, b.as.bytes.data, a.as.bytes.size) == 0;
    case SQLA_UUID: return memcmp(&a.as.uuid, &b.as.uuid, sizeof a.as.uuid) == 0;
    case SQLA_INTERVAL: return memcmp(&a.as.interval, &b.as.interval, sizeof a.as.interval) == 0;
    case SQLA_BOOL: case SQLA_INT16: case SQLA_INT32: case SQLA_INT64: case SQLA_DATE: case SQLA_TIME: case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP:
    case SQLA_ENUM_TYPE: break;
    }
    return a.as.i64 == b.as.i64;
}

/* Complain with what is there and what should be. */
static bool equal(const char *what, sqla_value got, sqla_value expected)
{
    char a[100], b[100];
    bool ok = same(got, expected);
    sqla_value_print(a, sizeof a, got);
    sqla_value_print(b, sizeof b, expected);
    if (!ok)
        fprintf(stderr, "%s: %s of type %u, and not %s of type %u\n", what, a, (unsigned)got.type, b, (unsigned)expected.type);
    return ok;
}

static sqla_status sql(world *w, const char *format, uint32_t type, int64_t id, sqla_value v, sqla_error *err)
{
    char text[200];
    const sqla_value pairs[] = { sqla_value_text("id"), sqla_value_i64(id), sqla_value_text("v"), v };
    const sqla_params params = { strstr(format, ":v") != NULL ? 2 : strstr(format, ":id") != NULL ? 1 : 0, pairs };
    snprintf(text, sizeof text, format, words[type]);
    return sqla_execute(w->db, text, &params, err);
}

/* ---- each direction --------------------------------------------------------------------------------------------------- */

/* As a parameter of raw SQL, where a label is its text. */
static sqla_status put_raw(world *w, uint32_t type, int64_t id, sqla_value v, sqla_error *err)
{
    if (v.type == SQLA_ENUM_TYPE)
        v = sqla_value_text(labels[v.as.i64]);
    return sql(w, "INSERT INTO %s (id, v) VALUES (:id, :v)", type, id, v, err);
}

static sqla_status put_object(world *w, uint32_t type, int64_t id, sqla_value v, sqla_error *err)
{
    sqla_session *s = sqla_open(w->maker, err);
    void *o = sqla_new_object(s, w->models[type]);
    sqla_field_set(s, o, "id", sqla_value_i64(id), err);
    sqla_status status = sqla_field_set(s, o, "v", v, err);
    if (status == SQLA_OK)
        status = sqla_commit(s, err);
    sqla_close(s);
    return status;
}

/* As an object, and as its field by name; on the way the where clause is tried as well. */
static bool object_is(world *w, uint32_t type, int64_t id, sqla_value v)
{
    sqla_error err = SQLA_ERROR_INIT;
    const sqla_value key = sqla_value_i64(id);
    sqla_session *s = sqla_open(w->maker, &err);
    void *o = sqla_get_(s, w->models[type], &key, 1, &err);
    bool ok = o != NULL && equal("object", sqla_field_get(s, o, "v", &err), v) && is(&err, SQLA_OK);
    if (!ok)
        fprintf(stderr, "    (%s, row %d: %s)\n", words[type], (int)id, err.message);
    sqla_close(s);
    return ok;
}

/* As the struct of a row, without a session. */
static bool row_struct_is(world *w, uint32_t type, int64_t id, sqla_value v)
{
    char text[100];
    sqla_error err = SQLA_ERROR_INIT;
    const sqla__mapped_column *column = &sqla__metadata_mapping(w->base, w->models[type])->columns[1];
    snprintf(text, sizeof text, "SELECT id, v FROM %s WHERE id = :id", words[type]);
    sqla_stmt *q = sqla_stmt_keep(sqla_bind(sqla_sql(w->db, text), "id", id));
    const void *row = sqla_one_(q, w->models[type], &err);
    bool ok = row != NULL && equal("row struct", sqla__field_value(&column->slot, row), v);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_stmt_free(q);
    return ok;
}

/* As a dynamic value, which PostgreSQL gives its type and SQLite its storage; sent back as it is, it is the same once more. */
static bool dynamic_is(world *w, uint32_t type, int64_t id, int64_t copy, sqla_value v)
{
    char text[100];
    bool ok = false;
    sqla_error err = SQLA_ERROR_INIT;
    snprintf(text, sizeof text, "SELECT v FROM %s WHERE id = :id", words[type]);
    sqla_stmt *q = sqla_bind(sqla_sql(w->db, text), "id", id);
    SQLA_EACH_ROW(row, q, &err) {
        sqla_value got = sqla_row_at(row, 0);
        ok = !w->postgres || type == SQLA_ENUM_TYPE || equal("dynamic", got, v);
        if (type == SQLA_INT64 || type == SQLA_TEXT || type == SQLA_BLOB || type == SQLA_FLOAT64)
            ok = equal("dynamic", got, v);
        ok = ok && sql(w, "INSERT INTO %s (id, v) VALUES (:id, :v)", type, copy, got, &err) == SQLA_OK;
    }
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_stmt_free(q);
    return ok;
}

/* How many rows are found by a comparison with the value? */
static size_t count_equal(world *w, uint32_t type, sqla_value v, sqla_error *err)
{
    size_t n = 0;
    sqla_expr room[2];
    const sqla_expr column = { .kind = SQLA_EXPR_COLUMN, .model = w->models[type], .offset = sqla_layout_offset(sqla__model_column_named(w->models[type], "v")->layout) };
    sqla_session *s = sqla_open(w->maker, err);
    sqla_stmt *q = sqla_select_model(s, w->models[type]);
    const sqla_bool_expr list[] = { sqla_binary_(SQLA_OP_EQ, room, column, sqla_as_any(v).expression), SQLA_END_ };
    sqla_where_(q, list);
    sqla_all_(q, w->models[type], &n, err);
    sqla_close(s);
    return n;
}

/* Many at once, by whatever road the core takes for that many, and changed in the same way. */
static void batch(world *w, uint32_t type, const sqla_value *values, size_t n)
{
    enum { ROWS = 210 }; /* more than any road begins at */
    sqla_error err = SQLA_ERROR_INIT;
    void *objects[ROWS];
    sqla_session *s = sqla_open(w->maker, &err);
    sql(w, "DELETE FROM %s", type, 0, sqla_null(), &err);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < ROWS; i++) {
            if (round == 0)
                objects[i] = sqla_new_object(s, w->models[type]);
            sqla_field_set(s, objects[i], "id", sqla_value_i64((int64_t)i), &err);
            sqla_field_set(s, objects[i], "v", (i + (size_t)round) % 7 == 6 ? sqla_null() : values[(i + (size_t)round) % n], &err);
        }
        CU_ASSERT_EQUAL(sqla_commit(s, &err), SQLA_OK);
        CU_ASSERT(is(&err, SQLA_OK));
        for (size_t i = 0; i < 2 * n && i < ROWS; i++)
            CU_ASSERT(object_is(w, type, (int64_t)i, (i + (size_t)round) % 7 == 6 ? sqla_null() : values[(i + (size_t)round) % n]));
    }
    sqla_close(s);
}

/* ---- a value in all directions ----------------------------------------------------------------------------------------- */

enum { LITE = 1, POST = 2, MARIA = 4, ALL = LITE | POST | MARIA };

/* equals: may it be compared? Decimals and intervals in SQLite are texts that say one thing in several ways; json has no equality. */
static void keeps(world *w, uint32_t type, sqla_value v)
{
    sqla_error err = SQLA_ERROR_INIT;
    bool equals = type != SQLA_JSON && !((type == SQLA_DECIMAL || type == SQLA_INTERVAL) && !w->postgres);
    CU_ASSERT_EQUAL(sql(w, "DELETE FROM %s", type, 0, sqla_null(), &err), SQLA_OK);
    CU_ASSERT_EQUAL(put_raw(w, type, 1, v, &err), SQLA_OK);
    CU_ASSERT_EQUAL(put_object(w, type, 2, v, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    for (int64_t id = 1; id <= 2; id++) {
        CU_ASSERT(dynamic_is(w, type, id, id + 2, v));
        CU_ASSERT(object_is(w, type, id, v));
        CU_ASSERT(object_is(w, type, id + 2, v));
        CU_ASSERT(row_struct_is(w, type, id, v));
    }
    if (equals)
        CU_ASSERT_EQUAL(count_equal(w, type, v, &err), 4);
    CU_ASSERT(is(&err, SQLA_OK));
}

/* In no direction, and nothing is stored. The object's error names its column. */
static void refuses(world *w, uint32_t type, sqla_value v)
{
    sqla_error raw = SQLA_ERROR_INIT, object = SQLA_ERROR_INIT, err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sql(w, "DELETE FROM %s", type, 0, sqla_null(), &err), SQLA_OK);
    if (v.type != SQLA_ENUM_TYPE)
        CU_ASSERT_EQUAL(put_raw(w, type, 1, v, &raw), SQLA_ERR_DATA);
    CU_ASSERT_EQUAL(put_object(w, type, 2, v, &object), SQLA_ERR_DATA);
    if (object.column[0] == '\0' && strstr(object.message, "'v'") == NULL) {
        fprintf(stderr, "%s: no column is named in: %s\n", words[type], object.message);
        CU_ASSERT(false);
    }
    CU_ASSERT_EQUAL(count_equal(w, type, sqla_null(), &err), 0);
    sqla_stmt *q = sqla_stmt_keep(sqla_select_model(w->db, w->models[type]));
    size_t n = 1;
    sqla_all_(q, w->models[type], &n, &err);
    CU_ASSERT_EQUAL(n, 0);
    sqla_stmt_free(q);
    CU_ASSERT(is(&err, SQLA_OK));
}

typedef struct trial { sqla_value v; int on; } trial;

static void try_all(world *w, uint32_t type, const trial *list, size_t n)
{
    sqla_value kept[32];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        char text[80];
        unsigned before = CU_get_number_of_failures();
        if (list[i].on & (w->postgres ? POST : w->mariadb ? MARIA : LITE)) {
            keeps(w, type, list[i].v);
            kept[count++] = list[i].v;
        } else {
            refuses(w, type, list[i].v);
        }
        sqla_value_print(text, sizeof text, list[i].v);
        if (CU_get_number_of_failures() != before)
            fprintf(stderr, "... with %s of %s\n", text, words[type]);
    }
    batch(w, type, kept, count);
}

#define TRY(w, type, list) try_all((w), (type), (list), COUNT(list))
#define NUMBER(t, n) { .type = (t), .as.i64 = (n) }
#define REAL(t, n) { .type = (t), .as.f64 = (n) }
#define BYTES(t, s) { .type = (t), .as.bytes = { (s), sizeof(s) - 1 } }

static void numbers__whole(const char *url)
{
    static const trial bools[] = { { NUMBER(SQLA_BOOL, 0), ALL }, { NUMBER(SQLA_BOOL, 1), ALL } };
    static const trial shorts[] = { { NUMBER(SQLA_INT16, INT16_MIN), ALL }, { NUMBER(SQLA_INT16, INT16_MAX), ALL }, { NUMBER(SQLA_INT16, 0), ALL } };
    static const trial ints[] = { { NUMBER(SQLA_INT32, INT32_MIN), ALL }, { NUMBER(SQLA_INT32, INT32_MAX), ALL }, { NUMBER(SQLA_INT32, -1), ALL } };
    static const trial longs[] = { { NUMBER(SQLA_INT64, INT64_MIN), ALL }, { NUMBER(SQLA_INT64, INT64_MAX), ALL }, { NUMBER(SQLA_INT64, INT64_MIN + 1), ALL },
                                   { NUMBER(SQLA_INT64, (INT64_C(1) << 53) + 1), ALL } };
    world w;
    world_open(&w, url);
    TRY(&w, SQLA_BOOL, bools);
    TRY(&w, SQLA_INT16, shorts);
    TRY(&w, SQLA_INT32, ints);
    TRY(&w, SQLA_INT64, longs);
    world_close(&w);
}

/* A float of SQLite is 8 bytes, so it has all of them; but it has no NaN, and a negative zero is a zero there. MariaDB has no number
 * that is none or infinite. (Where a machine computes with more digits than a float has, only a cast to float takes them off.) */
static void numbers__real(const char *url)
{
    world w;
    world_open(&w, url);
    const trial doubles[] = {
        { REAL(SQLA_FLOAT64, 0.1), ALL }, { REAL(SQLA_FLOAT64, DBL_MAX), ALL }, { REAL(SQLA_FLOAT64, -DBL_MAX), ALL },
        { REAL(SQLA_FLOAT64, DBL_MIN), ALL }, { REAL(SQLA_FLOAT64, 5e-324), ALL }, { REAL(SQLA_FLOAT64, -2.5e-310), ALL },
        { REAL(SQLA_FLOAT64, (double)INFINITY), LITE | POST }, { REAL(SQLA_FLOAT64, -(double)INFINITY), LITE | POST }, { REAL(SQLA_FLOAT64, (double)NAN), POST },
        { REAL(SQLA_FLOAT64, 9007199254740993.0), ALL }, { REAL(SQLA_FLOAT64, 1e300), ALL }, { REAL(SQLA_FLOAT64, 3.0), ALL },
        { REAL(SQLA_FLOAT64, w.postgres ? -0.0 : 0.0), ALL },
    };
    const trial floats[] = {
        { REAL(SQLA_FLOAT32, (double)(float)0.1f), ALL }, { REAL(SQLA_FLOAT32, (double)FLT_MAX), ALL }, { REAL(SQLA_FLOAT32, (double)-FLT_MAX), ALL },
        { REAL(SQLA_FLOAT32, (double)FLT_MIN), ALL }, { REAL(SQLA_FLOAT32, (double)(float)1e-45f), ALL }, { REAL(SQLA_FLOAT32, (double)INFINITY), LITE | POST },
        { REAL(SQLA_FLOAT32, (double)-INFINITY), LITE | POST }, { REAL(SQLA_FLOAT32, (double)NAN), POST }, { REAL(SQLA_FLOAT32, w.postgres ? -0.0 : 0.0), ALL },
    };
    TRY(&w, SQLA_FLOAT64, doubles);
    TRY(&w, SQLA_FLOAT32, floats);
    world_close(&w);
}

static void text__and_bytes(const char *url)
{
    static const trial texts[] = {
        { BYTES(SQLA_TEXT, ""), ALL }, { BYTES(SQLA_TEXT, " "), ALL }, { BYTES(SQLA_TEXT, "it's \\ \"quoted\" $1 ? :name %s"), ALL },
        { BYTES(SQLA_TEXT, "\xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf \xef\xbf\xbd"), ALL }, { BYTES(SQLA_TEXT, "\x01\x02\x1f\x7f\r\n\t"), ALL },
        { BYTES(SQLA_TEXT, "NULL"), ALL }, { BYTES(SQLA_TEXT, "a\0b"), 0 }, { BYTES(SQLA_TEXT, "a\0"), 0 }, { BYTES(SQLA_TEXT, "\xff"), 0 },
        { BYTES(SQLA_TEXT, "\xed\xa0\x80"), 0 }, { BYTES(SQLA_TEXT, "\xf4\x90\x80\x80"), 0 }, { BYTES(SQLA_TEXT, "cut \xf0\x9f\x98"), 0 },
    };
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    const trial blobs[] = {
        { BYTES(SQLA_BLOB, ""), ALL }, { BYTES(SQLA_BLOB, "\0"), ALL }, { BYTES(SQLA_BLOB, "\\x00"), ALL }, { BYTES(SQLA_BLOB, "\xff\xfe"), ALL },
        { { .type = SQLA_BLOB, .as.bytes = { all, sizeof all } }, ALL },
    };
    world w;
    world_open(&w, url);
    TRY(&w, SQLA_TEXT, texts);
    TRY(&w, SQLA_BLOB, blobs);
    world_close(&w);
}

/* ---- times --------------------------------------------------------------------------------------------------------------- */

enum { YEAR_1 = -719162, YEAR_9999_ENDS = 2932896, LEAP_DAY = 11016 /* 2000-02-29 */, BC_FIRST = -2440588 /* 4713-11-24 BC */ };

/* PostgreSQL: 4713 BC to 5874897 for dates, to 294276 for timestamps. SQLite: years 1 to 9999, and no infinity. */
static void times__far_away(const char *url)
{
    static const trial dates[] = {
        { NUMBER(SQLA_DATE, 0), ALL }, { NUMBER(SQLA_DATE, -1), ALL }, { NUMBER(SQLA_DATE, LEAP_DAY), ALL }, { NUMBER(SQLA_DATE, YEAR_1), ALL },
        { NUMBER(SQLA_DATE, YEAR_9999_ENDS), ALL }, { NUMBER(SQLA_DATE, YEAR_1 - 1), POST }, { NUMBER(SQLA_DATE, YEAR_1 - 367), POST },
        { NUMBER(SQLA_DATE, YEAR_9999_ENDS + 1), POST }, { NUMBER(SQLA_DATE, SQLA_DATE_INFINITY), POST },
        { NUMBER(SQLA_DATE, SQLA_DATE_MINUS_INFINITY), POST }, { NUMBER(SQLA_DATE, BC_FIRST), POST }, { NUMBER(SQLA_DATE, BC_FIRST - 1), 0 },
        { NUMBER(SQLA_DATE, 2145042905 /* 5874897-12-31 */), POST }, { NUMBER(SQLA_DATE, 2145042906), 0 },
    };
    trial stamps[] = {
        { NUMBER(0, 0), ALL }, { NUMBER(0, -1), ALL }, { NUMBER(0, 1), ALL }, { NUMBER(0, 1700000000123456), ALL }, { NUMBER(0, LEAP_DAY * DAY + DAY - 1), ALL },
        { NUMBER(0, YEAR_1 * DAY), ALL }, { NUMBER(0, YEAR_9999_ENDS * DAY + DAY - 1), ALL }, { NUMBER(0, YEAR_1 * DAY - 1), POST },
        { NUMBER(0, YEAR_9999_ENDS * DAY + DAY), POST }, { NUMBER(0, SQLA_TIMESTAMP_INFINITY), POST }, { NUMBER(0, SQLA_TIMESTAMP_MINUS_INFINITY), POST },
        { NUMBER(0, BC_FIRST * DAY), POST }, { NUMBER(0, BC_FIRST * DAY - 1), 0 },
        { NUMBER(0, INT64_MAX - 1), POST },
        { NUMBER(0, 106751990 * DAY), POST }, { NUMBER(0, INT64_MIN + 1), 0 },
    };
    static const trial days[] = { { NUMBER(SQLA_TIME, 0), ALL }, { NUMBER(SQLA_TIME, DAY), ALL }, { NUMBER(SQLA_TIME, DAY - 1), ALL },
                                  { NUMBER(SQLA_TIME, 1), ALL }, { NUMBER(SQLA_TIME, -1), 0 }, { NUMBER(SQLA_TIME, DAY + 1), 0 } };
    world w;
    world_open(&w, url);
    TRY(&w, SQLA_DATE, dates);
    TRY(&w, SQLA_TIME, days);
    for (int local = 0; local < 2; local++) {
        for (size_t i = 0; i < COUNT(stamps); i++)
            stamps[i].v.type = local ? SQLA_LOCAL_TIMESTAMP : SQLA_TIMESTAMP;
        TRY(&w, local ? SQLA_LOCAL_TIMESTAMP : SQLA_TIMESTAMP, stamps);
    }
    world_close(&w);
}

static void times__intervals(const char *url)
{
    static const trial list[] = {
        { { .type = SQLA_INTERVAL, .as.interval = { 0, 0, 0 } }, ALL },
        { { .type = SQLA_INTERVAL, .as.interval = { 14, -3, 3723000001 } }, ALL },
        { { .type = SQLA_INTERVAL, .as.interval = { -14, 3, -1 } }, ALL },
        { { .type = SQLA_INTERVAL, .as.interval = { 1, -1, 1 } }, ALL },
        { { .type = SQLA_INTERVAL, .as.interval = { -1, -1, -999999 } }, ALL },
        { { .type = SQLA_INTERVAL, .as.interval = { INT32_MAX, INT32_MAX, INT64_MAX } }, ALL },
        { { .type = SQLA_INTERVAL, .as.interval = { INT32_MIN, INT32_MIN, INT64_MIN } }, ALL },
        { { .type = SQLA_INTERVAL, .as.interval = { 0, 0, INT64_MIN } }, ALL },
    };
    world w;
    world_open(&w, url);
    TRY(&w, SQLA_INTERVAL, list);
    world_close(&w);
}

/* ---- the others ------------------------------------------------------------------------------------------------------------ */

static void others__uuid_enum_json(const char *url)
{
    static const trial uuids[] = {
        { { .type = SQLA_UUID }, ALL },
        { { .type = SQLA_UUID, .as.uuid = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 } } }, ALL },
        { { .type = SQLA_UUID, .as.uuid = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xab, 0xcd, 0xef, 14, 15, 16 } } }, ALL },
    };
    static const trial enums[] = { { NUMBER(SQLA_ENUM_TYPE, 0), ALL }, { NUMBER(SQLA_ENUM_TYPE, 1), ALL }, { NUMBER(SQLA_ENUM_TYPE, 2), ALL },
                                   { NUMBER(SQLA_ENUM_TYPE, 3), ALL }, { NUMBER(SQLA_ENUM_TYPE, 4), 0 }, { NUMBER(SQLA_ENUM_TYPE, -1), 0 } };
    static const trial jsons[] = {
        { BYTES(SQLA_JSON, "null"), ALL }, { BYTES(SQLA_JSON, "{}"), ALL }, { BYTES(SQLA_JSON, "\"\""), ALL },
        { BYTES(SQLA_JSON, "{\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\": [1, {\"a\": {\"b\": [[[null]]]}}], \"a\": 1,  \"a\": 2}"), ALL },
        { BYTES(SQLA_JSON, "123456789012345678901234567890.123456789012345678901234567890"), ALL }, { BYTES(SQLA_JSON, "1e999"), ALL },
        { BYTES(SQLA_JSON, "\xff"), 0 },
    };
    world w;
    world_open(&w, url);
    TRY(&w, SQLA_UUID, uuids);
    TRY(&w, SQLA_ENUM_TYPE, enums);
    TRY(&w, SQLA_JSON, jsons);
    world_close(&w);
}

/* A column of MariaDB's has 35 digits before the point and 30 behind it, and shows none that are zeros at the end. */
static void decimals__of_a_number(const char *url)
{
    static const trial list[] = {
        { BYTES(SQLA_DECIMAL, "0"), ALL }, { BYTES(SQLA_DECIMAL, "12.5"), ALL }, { BYTES(SQLA_DECIMAL, "-12.5"), ALL }, { BYTES(SQLA_DECIMAL, "100"), ALL },
        { BYTES(SQLA_DECIMAL, "18446744073709551616"), ALL }, { BYTES(SQLA_DECIMAL, "10000.0001"), ALL }, { BYTES(SQLA_DECIMAL, "-99999999.9999"), ALL },
        { BYTES(SQLA_DECIMAL, "0.000000000000000000000000000001"), ALL }, { BYTES(SQLA_DECIMAL, "99999999999999999999999999999999999"), ALL },
        { BYTES(SQLA_DECIMAL, "-12345678901234567890123456789012345.123456789012345678901234567891"), ALL },
        { BYTES(SQLA_DECIMAL, "0.0000000000000000000000000000001"), 0 }, { BYTES(SQLA_DECIMAL, "100000000000000000000000000000000000"), 0 },
        { BYTES(SQLA_DECIMAL, "NaN"), 0 }, { BYTES(SQLA_DECIMAL, "Infinity"), 0 }, { BYTES(SQLA_DECIMAL, "1,5"), 0 }, { BYTES(SQLA_DECIMAL, ""), 0 },
        { BYTES(SQLA_DECIMAL, "0x10"), 0 }, { BYTES(SQLA_DECIMAL, "1e"), 0 }, { BYTES(SQLA_DECIMAL, " 1"), 0 }, { BYTES(SQLA_DECIMAL, "."), 0 }, { BYTES(SQLA_DECIMAL, "1.2.3"), 0 },
    };
    static const sqla_value longer = BYTES(SQLA_DECIMAL, "-12.500"), shown = BYTES(SQLA_DECIMAL, "-12.5");
    sqla_error err = SQLA_ERROR_INIT;
    world w;
    world_open(&w, url);
    TRY(&w, SQLA_DECIMAL, list);
    CU_ASSERT_EQUAL(put_object(&w, SQLA_DECIMAL, 1000, longer, &err), SQLA_OK);
    CU_ASSERT(object_is(&w, SQLA_DECIMAL, 1000, shown));
    CU_ASSERT_EQUAL(count_equal(&w, SQLA_DECIMAL, longer, &err), count_equal(&w, SQLA_DECIMAL, shown, &err));
    world_close(&w);
}

static void decimals__exact(const char *url)
{
    static char thousand[1003], fraction[1004], huge[1004];
    memset(thousand, '7', 1000);
    memset(fraction, '3', 1002);
    memcpy(fraction, "-0.", 3);
    memset(huge, '9', 1000);
    memcpy(huge, "-1", 2);
    huge[500] = '.';
    const trial list[] = {
        { BYTES(SQLA_DECIMAL, "0"), ALL }, { BYTES(SQLA_DECIMAL, "0.00"), ALL }, { BYTES(SQLA_DECIMAL, "12.50"), ALL }, { BYTES(SQLA_DECIMAL, "-12.500"), ALL },
        { BYTES(SQLA_DECIMAL, "0.000000000000000000000000000000000000000000000000000000000000000001"), ALL },
        { BYTES(SQLA_DECIMAL, "18446744073709551616"), ALL }, { BYTES(SQLA_DECIMAL, "10000.0001"), ALL }, { BYTES(SQLA_DECIMAL, "-99999999.9999"), ALL },
        { { .type = SQLA_DECIMAL, .as.bytes = { thousand, 1000 } }, ALL }, { { .type = SQLA_DECIMAL, .as.bytes = { fraction, 1002 } }, ALL },
        { { .type = SQLA_DECIMAL, .as.bytes = { huge, 1000 } }, ALL },
        { BYTES(SQLA_DECIMAL, "NaN"), POST }, { BYTES(SQLA_DECIMAL, "Infinity"), POST }, { BYTES(SQLA_DECIMAL, "-Infinity"), POST }, { BYTES(SQLA_DECIMAL, "1,5"), 0 }, { BYTES(SQLA_DECIMAL, ""), 0 },
        { BYTES(SQLA_DECIMAL, "0x10"), 0 }, { BYTES(SQLA_DECIMAL, "1e"), 0 }, { BYTES(SQLA_DECIMAL, " 1"), 0 }, { BYTES(SQLA_DECIMAL, "."), 0 }, { BYTES(SQLA_DECIMAL, "1.2.3"), 0 },
    };
    world w;
    world_open(&w, url);
    TRY(&w, SQLA_DECIMAL, list);
    world_close(&w);
}

/* NULL of each type, as a parameter, a field and in a condition: it is NULL, and nothing else is. */
static void null__of_each_type(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    world w;
    world_open(&w, url);
    for (uint32_t t = 1; t <= SQLA_ENUM_TYPE; t++) {
        CU_ASSERT_EQUAL(put_raw(&w, t, 1, sqla_null(), &err), SQLA_OK);
        CU_ASSERT_EQUAL(put_object(&w, t, 2, sqla_null(), &err), SQLA_OK);
        CU_ASSERT(object_is(&w, t, 1, sqla_null()) && object_is(&w, t, 2, sqla_null()) && row_struct_is(&w, t, 1, sqla_null()));
        CU_ASSERT(dynamic_is(&w, t, 1, 3, sqla_null()) || t == SQLA_INT64);
        CU_ASSERT_EQUAL(count_equal(&w, t, sqla_null(), &err), 3);
        CU_ASSERT(is(&err, SQLA_OK));
    }
    world_close(&w);
}

/* ---- what stands in files ------------------------------------------------------------------------------------------------ */

/* A column without a type keeps a literal of SQL as it is written. `read`: what a field of the type makes of it, as the database
 * would be asked for that value again; NULL: it is refused, with the row, the column and what stands there. */
typedef struct found { const char *literal; const char *read; } found;

static void looks(world *w, const char *url, uint32_t type, const found *list, size_t n)
{
    char text[4000];
    int used = snprintf(text, sizeof text, "DROP TABLE %s; BEGIN; CREATE TABLE %s (id INTEGER PRIMARY KEY, v);", words[type], words[type]);
    for (size_t i = 0; i < n; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "INSERT INTO %s VALUES (%zu, %s);", words[type], i, list[i].literal);
    CU_ASSERT_FATAL((size_t)used + 7 < sizeof text);
    harness_sql(url, strcat(text, "COMMIT"));
    sqla_session *s = sqla_open(w->maker, NULL);
    for (size_t i = 0; i < n; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        const sqla_value key = sqla_value_i64((int64_t)i);
        void *o = sqla_get_(s, w->models[type], &key, 1, &err);
        sqla_value v = o != NULL ? sqla_field_get(s, o, "v", &err) : sqla_null();
        sqla_value_print(text, sizeof text, v);
        bool ok = list[i].read != NULL ? o != NULL && strcmp(text, list[i].read) == 0 && v.type == type
                                       : o == NULL && err.status == SQLA_ERR_DATA && strcmp(err.column, "v") == 0 && err.row == 1 && says(&err, "'v' of row 1");
        CU_ASSERT(ok);
        if (!ok)
            fprintf(stderr, "%s in %s: read as %s, and not %s; %s\n", list[i].literal, words[type], o != NULL ? text : "nothing",
                    list[i].read != NULL ? list[i].read : "refused", err.message);
    }
    sqla_close(s);
}

static void files__hold_anything_anywhere(const char *url)
{
    static const found bools[] = { { "0", "false" }, { "1", "true" }, { "1.0", "true" }, { "'true'", "true" }, { "'FALSE'", "false" }, { "'1'", "true" },
                                   { "2", NULL }, { "-1", NULL }, { "0.5", NULL }, { "'yes'", NULL }, { "''", NULL }, { "x'01'", NULL }, { "'true '", NULL } };
    static const found shorts[] = { { "32767", "32767" }, { "-32768", "-32768" }, { "32768", NULL }, { "-32769", NULL }, { "'32767'", "32767" }, { "'32768'", NULL },
                                    { "3.0", "3" }, { "3.5", NULL } };
    static const found ints[] = { { "2147483647", "2147483647" }, { "2147483648", NULL }, { "-2147483649", NULL }, { "2147483648.0", NULL }, { "'true'", NULL } };
    static const found longs[] = {
        { "9223372036854775807", "9223372036854775807" }, { "9223372036854775808", NULL }, { "'9223372036854775807'", "9223372036854775807" },
        { "'-9223372036854775808'", "-9223372036854775808" }, { "'9223372036854775808'", NULL }, { "'12'", "12" }, { "'012'", NULL }, { "'+12'", NULL },
        { "' 12'", NULL }, { "'12.0'", NULL }, { "''", NULL }, { "'-'", NULL }, { "'-0'", NULL }, { "x'3132'", NULL }, { "1e300", NULL }, { "9e999", NULL }, { "-5.0", "-5" },
    };
    static const found doubles[] = { { "1", "1" }, { "0.1", "0.1" }, { "9007199254740992", "9007199254740992" }, { "9007199254740993", NULL },
                                     { "9223372036854775807", NULL }, { "'1.5'", NULL }, { "x'00'", NULL }, { "9e999", "inf" } };
    static const found floats[] = { { "0.5", "0.5" }, { "0.1", NULL }, { "1e39", NULL }, { "16777217", NULL }, { "-9e999", "-inf" } };
    static const found texts[] = { { "'a'", "a" }, { "''", "" }, { "12", "12" }, { "-9223372036854775808", "-9223372036854775808" }, { "1.5", NULL }, { "x'6162'", NULL },
                                   { "'a' || char(0) || 'b'", NULL }, { "CAST(x'ff' AS TEXT)", NULL }, { "CAST(x'edA080' AS TEXT)", NULL } };
    static const found blobs[] = { { "x'00ff'", "00ff" }, { "x''", "" }, { "'ab'", "6162" }, { "1", NULL }, { "1.5", NULL } };
    static const found dates[] = {
        { "'2024-02-29'", "2024-02-29" }, { "'0001-01-01'", "0001-01-01" }, { "'9999-12-31'", "9999-12-31" }, { "'2024-02-29 00:00:00'", "2024-02-29" },
        { "'1969-12-31T00:00:00.000'", "1969-12-31" }, { "'2023-02-29'", NULL }, { "'2024-02-29 00:00:01'", NULL }, { "'0000-01-01'", NULL }, { "'-0001-01-01'", NULL },
        { "'20240229'", NULL }, { "'29.02.2024'", NULL }, { "'2024-2-9'", NULL }, { "'2024-02-29 '", NULL }, { "1709164800", NULL }, { "20240229", NULL },
        { "2460369.5", NULL }, { "x'32303234'", NULL }, { "'now'", NULL }, { "''", NULL },
    };
    static const found days[] = { { "'12:30'", "12:30:00" }, { "'24:00:00'", "24:00:00" }, { "'12:30:00.5'", "12:30:00.5" }, { "'12:30:00.123456000'", "12:30:00.123456" },
                                  { "'12:30:00.1234567'", NULL }, { "'24:00:01'", NULL }, { "'12:60'", NULL }, { "'1:00'", NULL }, { "0.5", NULL }, { "45000", NULL },
                                  { "'2024-02-29 12:30:00'", NULL }, { "'12:30:00Z'", NULL } };
    static const found instants[] = {
        { "'2024-02-29 12:30:00'", "2024-02-29T12:30:00Z" }, { "'2024-02-29T12:30:00.000001Z'", "2024-02-29T12:30:00.000001Z" },
        { "'2024-02-29 12:30:00+02:00'", "2024-02-29T10:30:00Z" }, { "'1969-12-31 23:59:59.999999'", "1969-12-31T23:59:59.999999Z" },
        { "'2024-02-29'", "2024-02-29T00:00:00Z" }, { "'2024-02-29 12:30'", "2024-02-29T12:30:00Z" }, { "'2024-02-29 12:30:00-0530'", "2024-02-29T18:00:00Z" },
        { "'2024-02-29 12:30:00 UTC'", NULL }, { "'2024-02-29 12:30:00.0000001'", NULL }, { "1709164800", NULL }, { "1709164800000", NULL }, { "2460369.5", NULL },
        { "'1709164800'", NULL }, { "'12:30'", NULL }, { "x'00'", NULL },
    };
    static const found locals[] = { { "'2024-02-29 12:30:00'", "2024-02-29T12:30:00" }, { "'2024-02-29T24:00:00'", "2024-03-01T00:00:00" },
                                    { "'2024-02-29 12:30:00Z'", NULL }, { "'2024-02-29 12:30:00+02:00'", NULL }, { "1709164800", NULL } };
    static const found spans[] = { { "'P1Y2M3DT4H5M6.5S'", "P1Y2M3DT4H5M6.5S" }, { "'P-1M'", "P-1M" }, { "'P2W'", "P14D" }, { "'1 day'", NULL }, { "86400", NULL },
                                   { "'P'", NULL }, { "'PT1.5H'", NULL } };
    static const found uuids[] = { { "'00000000-0000-0000-0000-0000000000ff'", "00000000-0000-0000-0000-0000000000ff" },
                                   { "'000000000000000000000000000000FF'", "00000000-0000-0000-0000-0000000000ff" },
                                   { "x'000000000000000000000000000000ff'", "00000000-0000-0000-0000-0000000000ff" }, { "x'00'", NULL }, { "1", NULL },
                                   { "'{00000000-0000-0000-0000-0000000000ff}'", NULL }, { "'0000000-00000-0000-0000-0000000000ff'", NULL } };
    static const found decimals[] = { { "'12.50'", "12.50" }, { "12", "12" }, { "'1e-9'", "1e-9" }, { "12.5", NULL }, { "12.0", NULL }, { "'12,5'", NULL }, { "' 1'", NULL },
                                      { "'NaN'", NULL }, { "x'31'", NULL }, { "''", NULL } };
    static const found jsons[] = { { "'{\"a\": 1}'", "{\"a\": 1}" }, { "'null'", "null" }, { "12", "12" }, { "1.5", NULL }, { "x'7b7d'", NULL } };
    static const found enums[] = { { "'sad'", "0" }, { "'it''s \"fine\"'", "1" }, { "'SAD'", NULL }, { "'angry'", NULL }, { "0", NULL }, { "''", NULL } };
    world w;
    world_open(&w, url);
#define LOOKS(type, list) looks(&w, url, (type), list, COUNT(list))
    LOOKS(SQLA_BOOL, bools);
    LOOKS(SQLA_INT16, shorts);
    LOOKS(SQLA_INT32, ints);
    LOOKS(SQLA_INT64, longs);
    LOOKS(SQLA_FLOAT64, doubles);
    LOOKS(SQLA_FLOAT32, floats);
    LOOKS(SQLA_TEXT, texts);
    LOOKS(SQLA_BLOB, blobs);
    LOOKS(SQLA_DATE, dates);
    LOOKS(SQLA_TIME, days);
    LOOKS(SQLA_TIMESTAMP, instants);
    LOOKS(SQLA_LOCAL_TIMESTAMP, locals);
    LOOKS(SQLA_INTERVAL, spans);
    LOOKS(SQLA_UUID, uuids);
    LOOKS(SQLA_DECIMAL, decimals);
    LOOKS(SQLA_JSON, jsons);
    LOOKS(SQLA_ENUM_TYPE, enums);
    world_close(&w);
}

/* A label that somebody else wrote is named, and so is what stands in a file where something else should. */
static void refusal__says_what_stands_there(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    world w;
    world_open(&w, url);
    harness_sql(url, w.postgres ? "ALTER TABLE an_enum DROP CONSTRAINT ck_an_enum_v" : "DROP TABLE an_enum");
    if (!w.postgres)
        harness_sql(url, "CREATE TABLE an_enum (id INTEGER PRIMARY KEY, v TEXT)");
    harness_sql(url, "INSERT INTO an_enum VALUES (1, 'sad'), (2, 'angry')");
    size_t n;
    sqla_session *s = sqla_open(w.maker, &err);
    CU_ASSERT_PTR_NULL(sqla_all_(sqla_select_model(s, w.models[SQLA_ENUM_TYPE]), w.models[SQLA_ENUM_TYPE], &n, &err));
    CU_ASSERT(is(&err, SQLA_ERR_DATA) && says(&err, "'angry'") && says(&err, "'v' of row 2"));
    CU_ASSERT_STRING_EQUAL(err.column, "v");
    CU_ASSERT_EQUAL(err.row, 2);
    sqla_close(s);
    world_close(&w);
}

/* ---- a struct with all the small widths ----------------------------------------------------------------------------------- */

typedef struct Small {
    int64_t id;
    signed char i8;
    unsigned char u8;
    short i16;
    unsigned short u16;
    int i32;
    float f32;
    bool yes;
    char word[5];
    sqla_opt_i16 o16;
    sqla_opt_f32 of32;
    sqla_decimal price;
} Small;
SQLA_DECLARE(Small);
SQLA_MODEL(Small, "small", SQLA_COLUMN(id, .primary_key = true, .natural = true), SQLA_COLUMN(i8), SQLA_COLUMN(u8), SQLA_COLUMN(i16), SQLA_COLUMN(u16),
           SQLA_COLUMN(i32), SQLA_COLUMN(f32), SQLA_COLUMN(yes), SQLA_COLUMN(word), SQLA_COLUMN(o16), SQLA_COLUMN(of32),
           SQLA_COLUMN(price, .sql_type = "NUMERIC(6,2)"));

typedef struct small_world {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_error err;
} small_world;

static void small_open(small_world *w, const char *url, sqla_model_fn *model)
{
    *w = (small_world){ .err = SQLA_ERROR_INIT };
    w->db = sqla_create_engine(url, NULL, &w->err);
    w->base = sqla_metadata_new(&w->err);
    sqla_metadata_add_models(w->base, &model, 1, &w->err);
    sqla_metadata_create_all(w->base, w->db, &w->err);
    w->maker = sqla_sessionmaker_new(w->db, w->base, NULL, &w->err);
    CU_ASSERT_FATAL(is(&w->err, SQLA_OK));
}

static void small_close(small_world *w)
{
    CU_ASSERT(is(&w->err, SQLA_OK));
    sqla_sessionmaker_free(w->maker);
    sqla_metadata_free(w->base);
    sqla_engine_free(w->db);
}

static void widths__at_their_limits(const char *url)
{
    static const Small ends[] = {
        { 1, SCHAR_MIN, 0, SHRT_MIN, 0, INT_MIN, -FLT_MAX, false, "", SQLA_SOME(INT16_MIN), SQLA_SOME(-0.5f), { "-9999.99" } },
        { 2, SCHAR_MAX, UCHAR_MAX, SHRT_MAX, USHRT_MAX, INT_MAX, FLT_MIN, true, "1234", SQLA_SOME(INT16_MAX), SQLA_SOME(FLT_MAX), { "0.01" } },
        { 3, -1, 128, -1, 32768, -1, 0.1f, true, "\xf0\x9f\x98\x80", { 0, false }, { 0, false }, { NULL } },
    };
    small_world w;
    small_open(&w, url, sqla_model_of_Small);
    sqla_session *s = sqla_open(w.maker, &w.err);
    for (size_t i = 0; i < COUNT(ends); i++)
        sqla_add_object(s, Small, &ends[i]);
    CU_ASSERT_EQUAL(sqla_commit(s, &w.err), SQLA_OK);
    sqla_close(s);
    s = sqla_open(w.maker, &w.err);
    for (size_t i = 0; i < COUNT(ends); i++) {
        const Small *e = &ends[i], *o = sqla_get(s, Small, e->id, &w.err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(o);
        CU_ASSERT(o->i8 == e->i8 && o->u8 == e->u8 && o->i16 == e->i16 && o->u16 == e->u16 && o->i32 == e->i32 && o->yes == e->yes);
        CU_ASSERT(memcmp(&o->f32, &e->f32, sizeof o->f32) == 0 && strcmp(o->word, e->word) == 0);
        CU_ASSERT(o->o16.set == e->o16.set && o->o16.value == e->o16.value && o->of32.set == e->of32.set);
        CU_ASSERT(memcmp(&o->of32.value, &e->of32.value, sizeof(float)) == 0);
        CU_ASSERT(e->price.text == NULL ? o->price.text == NULL : o->price.text != NULL && strcmp(o->price.text, e->price.text) == 0);
    }
    sqla_close(s);
    small_close(&w);
}

/* Columns that are wider than the fields, as somebody else may have made them. */
static void widen(const char *url)
{
    harness_sql(url, "DROP TABLE small");
    harness_sql(url, harness_is_postgres(url)
        ? "CREATE TABLE small (id bigint PRIMARY KEY, i8 bigint, u8 bigint, i16 bigint, u16 bigint, i32 bigint, f32 float8, yes bool, word text, "
          "o16 bigint, of32 float8, price numeric)"
        : harness_is_mariadb(url)
        ? "CREATE TABLE small (id BIGINT PRIMARY KEY, i8 BIGINT, u8 BIGINT, i16 BIGINT, u16 BIGINT, i32 BIGINT, f32 DOUBLE, yes BOOLEAN, word TEXT, "
          "o16 BIGINT, of32 DOUBLE, price DECIMAL(65,30))"
        : "CREATE TABLE small (id INTEGER PRIMARY KEY, i8, u8, i16, u16, i32, f32, yes, word TEXT, o16, of32, price TEXT)");
    harness_sql(url, "INSERT INTO small (id, i8, u8, i16, u16, i32, f32, yes, word) VALUES (1, 1, 1, 1, 1, 1, 1, '1', 'a'), (2, 1, 1, 1, 1, 1, 1, '1', 'a')");
}

/* What lies one beyond is refused when it is read, with row and column. */
static void widths__one_beyond(const char *url)
{
    static const struct { const char *column, *value; } beyond[] = {
        { "i8", "128" }, { "i8", "-129" }, { "u8", "256" }, { "u8", "-1" }, { "u16", "65536" }, { "u16", "-1" }, { "word", "'12345'" },
        { "i16", "32768" }, { "i16", "-32769" }, { "i32", "2147483648" }, { "i32", "-2147483649" }, { "o16", "-32769" }, { "f32", "0.1" }, { "f32", "1e39" },
        { "of32", "16777217" }, { "i8", "NULL" }, { "yes", "NULL" }, { "word", "NULL" },
    };
    small_world w;
    small_open(&w, url, sqla_model_of_Small);
    widen(url);
    for (size_t i = 0; i < COUNT(beyond); i++) {
        char text[200];
        size_t n = 0;
        sqla_error err = SQLA_ERROR_INIT;
        sqla_session *s = sqla_open(w.maker, &err);
        snprintf(text, sizeof text, "UPDATE small SET %s = %s WHERE id = 2", beyond[i].column, beyond[i].value);
        harness_sql(url, text);
        sqla_stmt *q = sqla_select(s, Small);
        sqla_order_by(q, sqla_col(Small, id));
        CU_ASSERT_PTR_NULL(sqla_all(q, Small, &n, &err));
        bool ok = is(&err, SQLA_ERR_DATA) && strcmp(err.column, beyond[i].column) == 0 && err.row == 2;
        CU_ASSERT(ok);
        if (!ok)
            fprintf(stderr, "%s: column '%s', row %d: %s\n", text, err.column, (int)err.row, err.message);
        sqla_close(s);
        snprintf(text, sizeof text, "UPDATE small SET %s = (SELECT b.%s FROM small AS b WHERE b.id = 1) WHERE id = 2", beyond[i].column, beyond[i].column);
        harness_sql(url, text);
    }
    small_close(&w);
}

/* By name, a value that the field has no room for is refused, and the field keeps what it had. */
static void widths__set_by_name(const char *url)
{
    static const struct { const char *field; sqla_value v; sqla_status status; } sets[] = {
        { "i8", NUMBER(SQLA_INT64, 127), SQLA_OK }, { "i8", NUMBER(SQLA_INT64, 128), SQLA_ERR_DATA }, { "i8", NUMBER(SQLA_INT64, -129), SQLA_ERR_DATA },
        { "u8", NUMBER(SQLA_INT64, 255), SQLA_OK }, { "u8", NUMBER(SQLA_INT64, 256), SQLA_ERR_DATA }, { "u8", NUMBER(SQLA_INT64, -1), SQLA_ERR_DATA },
        { "u16", NUMBER(SQLA_INT64, 65535), SQLA_OK }, { "u16", NUMBER(SQLA_INT64, 65536), SQLA_ERR_DATA }, { "i32", NUMBER(SQLA_INT64, INT64_MIN), SQLA_ERR_DATA },
        { "f32", REAL(SQLA_FLOAT64, 0.5), SQLA_OK }, { "f32", REAL(SQLA_FLOAT64, 0.1), SQLA_ERR_DATA }, { "f32", NUMBER(SQLA_INT64, INT64_MAX), SQLA_ERR_DATA },
        { "f32", NUMBER(SQLA_INT64, 16777217), SQLA_ERR_DATA }, { "f32", NUMBER(SQLA_INT64, 16777216), SQLA_OK }, { "yes", NUMBER(SQLA_INT64, 2), SQLA_ERR_DATA },
        { "word", BYTES(SQLA_TEXT, "1234"), SQLA_OK }, { "word", BYTES(SQLA_TEXT, "12345"), SQLA_ERR_DATA }, { "word", BYTES(SQLA_TEXT, "a\0b"), SQLA_ERR_DATA },
        { "i8", { .type = SQLA_NULL }, SQLA_ERR_NOT_NULL }, { "o16", { .type = SQLA_NULL }, SQLA_OK }, { "price", NUMBER(SQLA_DATE, 1), SQLA_ERR_DATA },
    };
    small_world w;
    small_open(&w, url, sqla_model_of_Small);
    sqla_session *s = sqla_open(w.maker, &w.err);
    Small *o = sqla_new(s, Small);
    for (size_t i = 0; i < COUNT(sets); i++) {
        sqla_error err = SQLA_ERROR_INIT;
        Small before = *o;
        CU_ASSERT_EQUAL(sqla_field_set(s, o, sets[i].field, sets[i].v, &err), sets[i].status);
        CU_ASSERT(is(&err, sets[i].status));
        CU_ASSERT(sets[i].status == SQLA_OK || (memcmp(&before, o, sizeof before) == 0 && says(&err, sets[i].field)));
    }
    sqla_close(s);
    small_close(&w);
}

/* A decimal of a scale keeps its digits or is refused: it is never rounded. */
static void decimals__of_a_scale(const char *url)
{
    static const struct { const char *text; bool kept; const char *read; } prices[] = {
        { "12.50", true, "12.50" }, { "0", true, "0.00" }, { "9999.99", true, "9999.99" }, { "-0.01", true, "-0.01" }, { "1.500", true, "1.50" }, { "1e2", true, "100.00" },
        { "12.505", false, NULL }, { "0.001", false, NULL }, { "1e-3", false, NULL }, { "-1.999", false, NULL }, { "1e-99999999999999999999", false, NULL },
    };
    small_world w;
    small_open(&w, url, sqla_model_of_Small);
    for (size_t i = 0; i < COUNT(prices); i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_session *s = sqla_open(w.maker, &err);
        sqla_add(s, Small, .id = (int64_t)i + 1, .price = { prices[i].text });
        CU_ASSERT_EQUAL(sqla_commit(s, &err), prices[i].kept ? SQLA_OK : SQLA_ERR_DATA);
        CU_ASSERT(prices[i].kept || says(&err, "price"));
        sqla_close(s);
        if (!prices[i].kept)
            continue;
        s = sqla_open(w.maker, &w.err);
        Small *o = sqla_get(s, Small, (int64_t)i + 1, &w.err);
        CU_ASSERT(o != NULL && strcmp(o->price.text, harness_sqlite_path(url) == NULL ? prices[i].read : prices[i].text) == 0);
        o->price.text = "3.14159";
        CU_ASSERT_EQUAL(sqla_commit(s, NULL), SQLA_ERR_DATA);
        sqla_close(s);
    }
    if (harness_sqlite_path(url) != NULL)
        CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT type FROM pragma_table_info('small') WHERE name = 'price'"), "DECIMAL_TEXT(6,2)");
    small_close(&w);
}

/* ---- zones ------------------------------------------------------------------------------------------------------------------ */

typedef struct Clock {
    int64_t id;
    sqla_timestamp at;
    sqla_local_timestamp wall;
    sqla_opt_timestamp made;
} Clock;
SQLA_DECLARE(Clock);
SQLA_MODEL(Clock, "clocks", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(at), SQLA_COLUMN(wall), SQLA_COLUMN(made, .server_default = SQLA_NOW));

/* Whatever zone the server's session is in: an instant is the same instant, and a wall clock shows the same time. */
static void zones__change_nothing(const char *url)
{
    static const char *const zones[] = { "UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati" };
    const int64_t micros = 1711850400123456; /* 2024-03-31T02:00:00.123456Z, an hour that Europe's clocks do not show */
    for (size_t i = 0; i < COUNT(zones); i++) {
        char text[200];
        size_t n = 0;
        small_world w;
        if (harness_is_postgres(url)) {
            snprintf(text, sizeof text, "ALTER ROLE CURRENT_USER SET timezone = '%s'", zones[i]);
            harness_sql(url, text);
        }
        small_open(&w, url, sqla_model_of_Clock);
        sqla_session *s = sqla_open(w.maker, &w.err);
        Clock *c = sqla_add(s, Clock, .at = { micros }, .wall = { micros });
        sqla_commit(s, &w.err);
        sqla_refresh(s, c, &w.err);
        CU_ASSERT(c->at.micros == micros && c->wall.micros == micros && c->made.set);
        int64_t ago = (int64_t)time(NULL) - c->made.value.micros / 1000000;
        CU_ASSERT(ago > -600 && ago < 600);
        if (harness_is_postgres(url))
            CU_ASSERT_STRING_EQUAL(sqla_scalar_text(sqla_sql(s, "SELECT current_setting('TimeZone')"), &w.err), zones[i]);
        CU_ASSERT_EQUAL(sqla_execute(s, "INSERT INTO clocks (at, wall) VALUES (:at, :wall)", sqla_params("at", c->at, "wall", c->wall), &w.err), SQLA_OK);
        sqla_stmt *q = sqla_select(s, Clock);
        sqla_where(q, sqla_eq(sqla_col(Clock, at), c->at), sqla_eq(sqla_col(Clock, wall), c->wall));
        sqla_all(q, Clock, &n, &w.err);
        CU_ASSERT_EQUAL(n, 2);
        sqla_rollback(s, &w.err);
        CU_ASSERT_EQUAL(sqla_execute(s, "DELETE FROM clocks", NULL, &w.err), SQLA_OK);
        sqla_commit(s, &w.err);
        sqla_close(s);
        small_close(&w);
    }
    if (harness_is_postgres(url))
        harness_sql(url, "ALTER ROLE CURRENT_USER RESET timezone");
}

/* ---- timestamps as integers --------------------------------------------------------------------------------------------------- */

typedef struct Moment {
    int64_t id;
    sqla_timestamp at;
    sqla_opt_local_timestamp wall;
    sqla_timestamp text;
} Moment;
SQLA_DECLARE(Moment);
SQLA_MODEL(Moment, "moments", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(at, .storage = SQLA_STORE_MICROS),
           SQLA_COLUMN(wall, .storage = SQLA_STORE_MICROS), SQLA_COLUMN(text));

static size_t count_moments(sqla_session *s, sqla_bool_expr condition, sqla_error *err)
{
    size_t n = 0;
    sqla_stmt *q = sqla_select(s, Moment);
    sqla_where(q, condition);
    sqla_all(q, Moment, &n, err);
    sqla_stmt_free(q);
    return n;
}

static void storage__as_microseconds(const char *url)
{
    static const int64_t micros[] = { 0, -1, 1700000000123456, YEAR_1 * DAY - 1, BC_FIRST * DAY, SQLA_TIMESTAMP_INFINITY, SQLA_TIMESTAMP_MINUS_INFINITY };
    bool lite = harness_sqlite_path(url) != NULL, far = !harness_is_mariadb(url); /* which has years 1 to 9999 */
    const size_t count = far ? COUNT(micros) : 3;
    small_world w;
    small_open(&w, url, sqla_model_of_Moment);
    sqla_session *s = sqla_open(w.maker, &w.err);
    for (size_t i = 0; i < count; i++)
        sqla_add(s, Moment, .at = { micros[i] }, .wall = { { i % 2 == 0 ? micros[i] : 0 }, i % 2 == 0 });
    CU_ASSERT_EQUAL(sqla_commit(s, &w.err), SQLA_OK);
    sqla_close(s);
    s = sqla_open(w.maker, &w.err);
    size_t n = 0;
    sqla_stmt *q = sqla_select(s, Moment);
    sqla_order_by(q, sqla_col(Moment, id));
    Moment **all = sqla_all(q, Moment, &n, &w.err);
    CU_ASSERT_EQUAL_FATAL(n, count);
    for (size_t i = 0; i < n; i++) {
        sqla_timestamp at = { micros[i] };
        CU_ASSERT(all[i]->at.micros == micros[i] && all[i]->wall.set == (i % 2 == 0) && (i % 2 != 0 || all[i]->wall.value.micros == micros[i]));
        CU_ASSERT_EQUAL(count_moments(s, sqla_eq(sqla_col(Moment, at), at), &w.err), 1);
    }
    const sqla_timestamp first = { -1 }, last = { 0 };
    const sqla_local_timestamp wall = { 0 };
    CU_ASSERT_EQUAL(count_moments(s, sqla_between(sqla_col(Moment, at), first, last), &w.err), 2);
    CU_ASSERT_EQUAL(count_moments(s, sqla_in(sqla_col(Moment, at), first, last), &w.err), 2);
    CU_ASSERT_EQUAL(count_moments(s, sqla_lt(sqla_col(Moment, at), first), &w.err), far ? 3 : 0);
    CU_ASSERT_EQUAL(count_moments(s, sqla_ge(sqla_col(Moment, wall), wall), &w.err), 2);
    CU_ASSERT_EQUAL(count_moments(s, sqla_is_null(sqla_col(Moment, wall)), &w.err), far ? 3 : 1);
    if (lite) {
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM moments WHERE typeof(at) = 'integer' AND typeof(text) = 'text'"), COUNT(micros));
        sqla_commit(s, &w.err);
        harness_sql(url, "UPDATE moments SET at = '2024-02-29 12:30:00' WHERE id = 1"); /* as another program might */
        sqla_refresh(s, all[0], &w.err);
        CU_ASSERT_EQUAL(all[0]->at.micros, 1709209800000000);
        sqla_error err = SQLA_ERROR_INIT;
        count_moments(s, sqla_eq(sqla_col(Moment, at), sqla_col(Moment, text)), &err);
        CU_ASSERT(is(&err, SQLA_ERR_UNSUPPORTED));
        sqla_error_clear(&err);
        count_moments(s, sqla_eq(sqla_col(Moment, at), wall), &err);
        CU_ASSERT(is(&err, SQLA_ERR_UNSUPPORTED));
    }
    sqla_close(s);
    small_close(&w);
}

static void storage__what_it_is_not_for(const char *url)
{
    static const struct { uint32_t type; sqla_column_item options; sqla_status made, created; } tries[] = {
        { SQLA_TIMESTAMP, { .storage = SQLA_STORE_MICROS }, SQLA_OK, SQLA_OK },
        { SQLA_INT64, { .storage = SQLA_STORE_MICROS }, SQLA_ERR_MISUSE, SQLA_OK },
        { SQLA_TIMESTAMP, { .storage = 7 }, SQLA_ERR_MISUSE, SQLA_OK },
        { SQLA_TIMESTAMP, { .storage = SQLA_STORE_MICROS, .sql_type = "TEXT" }, SQLA_ERR_MISUSE, SQLA_OK },
        { SQLA_TIMESTAMP, { .storage = SQLA_STORE_MICROS, .primary_key = true }, SQLA_ERR_MISUSE, SQLA_OK },
        { SQLA_TIMESTAMP, { .storage = SQLA_STORE_MICROS, .server_default = SQLA_NOW }, SQLA_OK, SQLA_ERR_UNSUPPORTED },
    };
    for (size_t i = 0; i < COUNT(tries); i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = sqla_create_engine(url, NULL, &err);
        sqla_metadata *base = sqla_metadata_new(&err);
        char table[] = "late0";
        table[4] = (char)('0' + i);
        sqla_model *model = sqla_model_new(base, "Late", table, &err);
        sqla_model_add_column(model, "id", SQLA_INT64, &(sqla_column_item){ .primary_key = true }, &err);
        sqla_model_add_column(model, "at", tries[i].type | SQLA_FORM_NULLABLE, &tries[i].options, &err);
        sqla_status status = sqla_metadata_create_all(base, db, &err);
        sqla_status expected = tries[i].made != SQLA_OK ? tries[i].made : harness_sqlite_path(url) == NULL ? SQLA_OK : tries[i].created;
        CU_ASSERT_EQUAL(status, expected);
        CU_ASSERT(is(&err, expected));
        sqla_metadata_free(base);
        sqla_engine_free(db);
    }
}

/* ---- native enums ------------------------------------------------------------------------------------------------------------ */

static const char *const moods[] = { "sad", "it's \"fine\"", "so, so", "happy", NULL };
typedef struct Person {
    int64_t id;
    sqla_opt_i32 mood;
    unsigned always;
} Person;
SQLA_DECLARE(Person);
SQLA_MODEL(Person, "the \"persons\"", SQLA_COLUMN(id, .primary_key = true), SQLA_ENUM(mood, moods, .native = true), SQLA_ENUM(always, moods, .native = true));
#define PERSONS "\"the \"\"persons\"\"\""

static size_t count_moods(sqla_session *s, sqla_bool_expr condition, sqla_error *err)
{
    size_t n = 0;
    sqla_stmt *q = sqla_select(s, Person);
    sqla_where(q, condition);
    sqla_all(q, Person, &n, err);
    return n;
}

/* One, three and a hundred at once; then changed; with comparisons by order where the database has a type for them. */
static void enums__native(const char *url)
{
    static const int counts[] = { 1, 3, 96 };
    small_world w;
    small_open(&w, url, sqla_model_of_Person);
    bool native = harness_is_postgres(url);
    if (native)
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM pg_type WHERE typtype = 'e'"), 2);
    sqla_session *s = sqla_open(w.maker, &w.err);
    for (size_t round = 0; round < COUNT(counts); round++) {
        for (int i = 0; i < counts[round]; i++)
            sqla_add(s, Person, .mood = { i % 5 != 4 ? i % 4 : 0, i % 5 != 4 }, .always = (unsigned)(i % 4));
        CU_ASSERT_EQUAL(sqla_commit(s, &w.err), SQLA_OK);
    }
    size_t all = 0, changed = 0;
    Person **people = sqla_all(sqla_select(s, Person), Person, &all, &w.err);
    CU_ASSERT_EQUAL_FATAL(all, 100);
    int64_t happy_before = harness_sql_int(url, harness_is_mariadb(url) ? "SELECT count(*) FROM `the \"persons\"` WHERE always = 'happy'" :
                                                                          "SELECT count(*) FROM " PERSONS " WHERE always = 'happy'");
    for (size_t i = 0; i < all; i++) {
        CU_ASSERT(!people[i]->mood.set || people[i]->mood.value == (int)people[i]->always);
        changed += people[i]->always == 0;
        people[i]->always = people[i]->always == 0 ? 3 : people[i]->always;
    }
    size_t happy = count_moods(s, sqla_eq(sqla_col(Person, always), 3), &w.err);
    CU_ASSERT(changed > 20 && happy == changed + (size_t)happy_before);
    CU_ASSERT_EQUAL(count_moods(s, sqla_in(sqla_col(Person, always), 1, 2), &w.err) + happy, 100);
    CU_ASSERT_EQUAL(count_moods(s, sqla_is_null(sqla_col(Person, mood)), &w.err), 19);
    CU_ASSERT_EQUAL(sqla_commit(s, &w.err), SQLA_OK);
    sqla_error err = SQLA_ERROR_INIT;
    size_t above = count_moods(s, sqla_ge(sqla_col(Person, always), 2), &err), two = count_moods(s, sqla_eq(sqla_col(Person, always), 2), &w.err);
    CU_ASSERT(native ? above == happy + two && !sqla_failed(&err) : err.status == SQLA_ERR_UNSUPPORTED);
    sqla_close(s);
    sqla_metadata_drop_all(w.base, w.db, &w.err);
    if (native)
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM pg_type WHERE typtype = 'e'"), 0);
    small_close(&w);
}

/* The type has other labels by now: one that is gone is refused by the database, a new one when it is read. */
static void enums__with_altered_labels(const char *url)
{
    small_world w;
    small_open(&w, url, sqla_model_of_Person);
    sqla_session *s = sqla_open(w.maker, &w.err);
    sqla_add(s, Person, .mood = SQLA_SOME(0));
    sqla_commit(s, &w.err);
    const char *type = harness_sql_text(url, "SELECT format('%I', typname) FROM pg_type WHERE typname LIKE '%mood'");
    char text[200];
    snprintf(text, sizeof text, "ALTER TYPE %s RENAME VALUE 'happy' TO 'glad'", type);
    harness_sql(url, text);
    strcpy(strstr(text, "RENAME"), "ADD VALUE 'angry'");
    harness_sql(url, text);
    for (int n = 1; n <= 4; n += 3) { /* alone, and by columns */
        sqla_error err = SQLA_ERROR_INIT;
        for (int i = 0; i < n; i++)
            sqla_add(s, Person, .mood = SQLA_SOME(3));
        CU_ASSERT_EQUAL(sqla_commit(s, &err), SQLA_ERR_DATA);
        CU_ASSERT(says(&err, "happy"));
        CU_ASSERT_STRING_EQUAL(err.sqlstate, "22P02");
        sqla_rollback(s, NULL);
    }
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "UPDATE " PERSONS " SET mood = 'angry'");
    CU_ASSERT_PTR_NULL(sqla_first(sqla_select(s, Person), Person, &err));
    CU_ASSERT(is(&err, SQLA_ERR_DATA) && says(&err, "'angry'"));
    CU_ASSERT_STRING_EQUAL(err.column, "mood");
    sqla_close(s);
    small_close(&w);
}

/* ---- for people ------------------------------------------------------------------------------------------------------------ */

static void print__at_the_ends(const char *url)
{
    static const struct { sqla_value v; const char *text; } prints[] = {
        { NUMBER(SQLA_TIMESTAMP, INT64_MIN + 1), "-290308-12-21T19:59:05.224193Z" }, { NUMBER(SQLA_TIMESTAMP, INT64_MAX - 1), "+294247-01-10T04:00:54.775806Z" },
        { NUMBER(SQLA_TIMESTAMP, SQLA_TIMESTAMP_MINUS_INFINITY), "-infinity" }, { NUMBER(SQLA_LOCAL_TIMESTAMP, -1), "1969-12-31T23:59:59.999999" },
        { NUMBER(SQLA_LOCAL_TIMESTAMP, -DAY), "1969-12-31T00:00:00" }, { NUMBER(SQLA_DATE, INT32_MAX), "infinity" }, { NUMBER(SQLA_DATE, YEAR_1 - 1), "0000-12-31" },
        { NUMBER(SQLA_DATE, INT32_MIN + 1), "-5877641-06-24" }, { NUMBER(SQLA_TIME, DAY), "24:00:00" }, { NUMBER(SQLA_INT64, INT64_MIN), "-9223372036854775808" },
        { { .type = SQLA_INTERVAL, .as.interval = { INT32_MIN, INT32_MIN, INT64_MIN } }, "P-178956970Y-8M-2147483648DT-2562047788H-54.775808S" },
    };
    (void)url;
    for (size_t i = 0; i < COUNT(prints); i++) {
        char text[100];
        sqla_value_print(text, sizeof text, prints[i].v);
        CU_ASSERT_STRING_EQUAL(text, prints[i].text);
        if (strcmp(text, prints[i].text) != 0)
            fprintf(stderr, "%s, and not %s\n", text, prints[i].text);
    }
}

/* ---- large --------------------------------------------------------------------------------------------------------------- */

static void large__16_mib(const char *url)
{
    enum { SIZE = 16 << 20 };
    char *bytes = malloc(SIZE);
    sqla_error err = SQLA_ERROR_INIT;
    world w;
    world_open(&w, url);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)('a' + i % 23);
    const sqla_value text = { .type = SQLA_TEXT, .as.bytes = { bytes, SIZE } };
    CU_ASSERT_EQUAL(put_raw(&w, SQLA_TEXT, 1, text, &err), SQLA_OK);
    CU_ASSERT_EQUAL(put_object(&w, SQLA_TEXT, 2, text, &err), SQLA_OK);
    CU_ASSERT(dynamic_is(&w, SQLA_TEXT, 1, 3, text) && object_is(&w, SQLA_TEXT, 2, text) && row_struct_is(&w, SQLA_TEXT, 3, text));
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 7 % 256);
    const sqla_value blob = { .type = SQLA_BLOB, .as.bytes = { bytes, SIZE } };
    CU_ASSERT_EQUAL(put_raw(&w, SQLA_BLOB, 1, blob, &err), SQLA_OK);
    CU_ASSERT_EQUAL(put_object(&w, SQLA_BLOB, 2, blob, &err), SQLA_OK);
    CU_ASSERT(dynamic_is(&w, SQLA_BLOB, 1, 3, blob) && object_is(&w, SQLA_BLOB, 2, blob) && row_struct_is(&w, SQLA_BLOB, 3, blob));
    CU_ASSERT(is(&err, SQLA_OK));
    free(bytes);
    world_close(&w);
}

static const struct harness_test tests[] = {
    { "numbers__whole", numbers__whole, HARNESS_DATABASES },
    { "numbers__real", numbers__real, HARNESS_DATABASES },
    { "text__and_bytes", text__and_bytes, HARNESS_DATABASES },
    { "times__far_away", times__far_away, HARNESS_DATABASES },
    { "times__intervals", times__intervals, HARNESS_DATABASES },
    { "others__uuid_enum_json", others__uuid_enum_json, HARNESS_DATABASES },
    { "decimals__exact", decimals__exact, HARNESS_SQLITE | HARNESS_POSTGRES }, /* which keep them as they are written */
    { "decimals__of_a_number", decimals__of_a_number, HARNESS_MARIADB },
    { "null__of_each_type", null__of_each_type, HARNESS_DATABASES },
    { "files__hold_anything_anywhere", files__hold_anything_anywhere, HARNESS_SQLITE },
    { "refusal__says_what_stands_there", refusal__says_what_stands_there, HARNESS_DATABASES },
    { "widths__at_their_limits", widths__at_their_limits, HARNESS_DATABASES },
    { "widths__one_beyond", widths__one_beyond, HARNESS_DATABASES },
    { "widths__set_by_name", widths__set_by_name, HARNESS_DATABASES },
    { "decimals__of_a_scale", decimals__of_a_scale, HARNESS_DATABASES },
    { "zones__change_nothing", zones__change_nothing, HARNESS_DATABASES },
    { "storage__as_microseconds", storage__as_microseconds, HARNESS_DATABASES },
    { "storage__what_it_is_not_for", storage__what_it_is_not_for, HARNESS_DATABASES },
    { "enums__native", enums__native, HARNESS_DATABASES },
    { "enums__with_altered_labels", enums__with_altered_labels, HARNESS_POSTGRES },
    { "print__at_the_ends", print__at_the_ends, HARNESS_PLAIN },
    { "large__16_mib", large__16_mib, HARNESS_DATABASES },
};

int main(void)
{
    return harness_main("test-types", tests, COUNT(tests));
}
