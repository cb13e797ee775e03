/* test-types.c: values at the extremes of their types, in every direction: parameter of raw SQL, dynamic value out and in again,
 * object field in and out, one by one and in batches, row struct, field by name, comparison in a condition. What a database cannot
 * keep is refused with the column's name, in each direction, and nothing is stored.
 *
 * Each type has a model of its own, made at run time: a key and a nullable "v". */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>
#include <float.h>
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
    bool postgres;
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
    w->db = sqla_create_engine(url, NULL, &err);
    w->base = sqla_metadata_new(&err);
    for (uint32_t t = 1; t < SQLA_TYPE_COUNT_; t++) {
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
    case SQLA_NULL: case SQLA_TYPE_COUNT_: return true;
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
    sqla_stmt *q = sqla_bind(sqla_sql(w->db, text), "id", id);
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
    const sqla_expr column = { .kind = SQLA_EXPR_COLUMN, .model = w->models[type], .offset = sqla__model_column_named(w->models[type], "v")->offset };
    sqla_session *s = sqla_open(w->maker, err);
    sqla_stmt *q = sqla_select_model(s, w->models[type]);
    const sqla_bool_expr list[] = { sqla_binary_(SQLA_OP_EQ, room, column, sqla_as_any(v).x), SQLA_END_ };
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

enum { LITE = 1, POST = 2, BOTH = LITE | POST };

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
    sqla_stmt *q = sqla_select_model(w->db, w->models[type]);
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
        if (list[i].on & (w->postgres ? POST : LITE)) {
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
    static const trial bools[] = { { NUMBER(SQLA_BOOL, 0), BOTH }, { NUMBER(SQLA_BOOL, 1), BOTH } };
    static const trial shorts[] = { { NUMBER(SQLA_INT16, INT16_MIN), BOTH }, { NUMBER(SQLA_INT16, INT16_MAX), BOTH }, { NUMBER(SQLA_INT16, 0), BOTH } };
    static const trial ints[] = { { NUMBER(SQLA_INT32, INT32_MIN), BOTH }, { NUMBER(SQLA_INT32, INT32_MAX), BOTH }, { NUMBER(SQLA_INT32, -1), BOTH } };
    static const trial longs[] = { { NUMBER(SQLA_INT64, INT64_MIN), BOTH }, { NUMBER(SQLA_INT64, INT64_MAX), BOTH }, { NUMBER(SQLA_INT64, INT64_MIN + 1), BOTH },
                                   { NUMBER(SQLA_INT64, (INT64_C(1) << 53) + 1), BOTH } };
    world w;
    world_open(&w, url);
    TRY(&w, SQLA_BOOL, bools);
    TRY(&w, SQLA_INT16, shorts);
    TRY(&w, SQLA_INT32, ints);
    TRY(&w, SQLA_INT64, longs);
    world_close(&w);
}

/* A float of SQLite is 8 bytes, so it has all of them; but it has no NaN, and a negative zero is a zero there. */
static void numbers__real(const char *url)
{
    world w;
    world_open(&w, url);
    const trial doubles[] = {
        { REAL(SQLA_FLOAT64, 0.1), BOTH }, { REAL(SQLA_FLOAT64, DBL_MAX), BOTH }, { REAL(SQLA_FLOAT64, -DBL_MAX), BOTH },
        { REAL(SQLA_FLOAT64, DBL_MIN), BOTH }, { REAL(SQLA_FLOAT64, 5e-324), BOTH }, { REAL(SQLA_FLOAT64, -2.5e-310), BOTH },
        { REAL(SQLA_FLOAT64, (double)INFINITY), BOTH }, { REAL(SQLA_FLOAT64, -(double)INFINITY), BOTH }, { REAL(SQLA_FLOAT64, (double)NAN), POST },
        { REAL(SQLA_FLOAT64, 9007199254740993.0), BOTH }, { REAL(SQLA_FLOAT64, 1e300), BOTH }, { REAL(SQLA_FLOAT64, 3.0), BOTH },
        { REAL(SQLA_FLOAT64, w.postgres ? -0.0 : 0.0), BOTH },
    };
    const trial floats[] = {
        { REAL(SQLA_FLOAT32, (double)0.1f), BOTH }, { REAL(SQLA_FLOAT32, (double)FLT_MAX), BOTH }, { REAL(SQLA_FLOAT32, (double)-FLT_MAX), BOTH },
        { REAL(SQLA_FLOAT32, (double)FLT_MIN), BOTH }, { REAL(SQLA_FLOAT32, (double)1e-45f), BOTH }, { REAL(SQLA_FLOAT32, (double)INFINITY), BOTH },
        { REAL(SQLA_FLOAT32, (double)-INFINITY), BOTH }, { REAL(SQLA_FLOAT32, (double)NAN), POST }, { REAL(SQLA_FLOAT32, w.postgres ? -0.0 : 0.0), BOTH },
    };
    TRY(&w, SQLA_FLOAT64, doubles);
    TRY(&w, SQLA_FLOAT32, floats);
    world_close(&w);
}

static void text__and_bytes(const char *url)
{
    static const trial texts[] = {
        { BYTES(SQLA_TEXT, ""), BOTH }, { BYTES(SQLA_TEXT, " "), BOTH }, { BYTES(SQLA_TEXT, "it's \\ \"quoted\" $1 ? :name %s"), BOTH },
        { BYTES(SQLA_TEXT, "\xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf \xef\xbf\xbd"), BOTH }, { BYTES(SQLA_TEXT, "\x01\x02\x1f\x7f\r\n\t"), BOTH },
        { BYTES(SQLA_TEXT, "NULL"), BOTH }, { BYTES(SQLA_TEXT, "a\0b"), 0 }, { BYTES(SQLA_TEXT, "a\0"), 0 }, { BYTES(SQLA_TEXT, "\xff"), 0 },
        { BYTES(SQLA_TEXT, "\xed\xa0\x80"), 0 }, { BYTES(SQLA_TEXT, "\xf4\x90\x80\x80"), 0 }, { BYTES(SQLA_TEXT, "cut \xf0\x9f\x98"), 0 },
    };
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    const trial blobs[] = {
        { BYTES(SQLA_BLOB, ""), BOTH }, { BYTES(SQLA_BLOB, "\0"), BOTH }, { BYTES(SQLA_BLOB, "\\x00"), BOTH }, { BYTES(SQLA_BLOB, "\xff\xfe"), BOTH },
        { { .type = SQLA_BLOB, .as.bytes = { all, sizeof all } }, BOTH },
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
        { NUMBER(SQLA_DATE, 0), BOTH }, { NUMBER(SQLA_DATE, -1), BOTH }, { NUMBER(SQLA_DATE, LEAP_DAY), BOTH }, { NUMBER(SQLA_DATE, YEAR_1), BOTH },
        { NUMBER(SQLA_DATE, YEAR_9999_ENDS), BOTH }, { NUMBER(SQLA_DATE, YEAR_1 - 1), POST }, { NUMBER(SQLA_DATE, YEAR_1 - 367), POST },
        { NUMBER(SQLA_DATE, YEAR_9999_ENDS + 1), POST }, { NUMBER(SQLA_DATE, SQLA_DATE_INFINITY), POST },
        { NUMBER(SQLA_DATE, SQLA_DATE_MINUS_INFINITY), POST }, { NUMBER(SQLA_DATE, BC_FIRST), POST }, { NUMBER(SQLA_DATE, BC_FIRST - 1), 0 },
        { NUMBER(SQLA_DATE, 2145042905 /* 5874897-12-31 */), POST }, { NUMBER(SQLA_DATE, 2145042906), 0 },
    };
    trial stamps[] = {
        { NUMBER(0, 0), BOTH }, { NUMBER(0, -1), BOTH }, { NUMBER(0, 1), BOTH }, { NUMBER(0, 1700000000123456), BOTH }, { NUMBER(0, LEAP_DAY * DAY + DAY - 1), BOTH },
        { NUMBER(0, YEAR_1 * DAY), BOTH }, { NUMBER(0, YEAR_9999_ENDS * DAY + DAY - 1), BOTH }, { NUMBER(0, YEAR_1 * DAY - 1), POST },
        { NUMBER(0, YEAR_9999_ENDS * DAY + DAY), POST }, { NUMBER(0, SQLA_TIMESTAMP_INFINITY), POST }, { NUMBER(0, SQLA_TIMESTAMP_MINUS_INFINITY), POST },
        { NUMBER(0, BC_FIRST * DAY), POST }, { NUMBER(0, BC_FIRST * DAY - 1), 0 },
        { NUMBER(0, INT64_MAX - 1), POST },
        { NUMBER(0, 106751990 * DAY), POST }, { NUMBER(0, INT64_MIN + 1), 0 },
    };
    static const trial days[] = { { NUMBER(SQLA_TIME, 0), BOTH }, { NUMBER(SQLA_TIME, DAY), BOTH }, { NUMBER(SQLA_TIME, DAY - 1), BOTH },
                                  { NUMBER(SQLA_TIME, 1), BOTH }, { NUMBER(SQLA_TIME, -1), 0 }, { NUMBER(SQLA_TIME, DAY + 1), 0 } };
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
        { { .type = SQLA_INTERVAL, .as.interval = { 0, 0, 0 } }, BOTH },
        { { .type = SQLA_INTERVAL, .as.interval = { 14, -3, 3723000001 } }, BOTH },
        { { .type = SQLA_INTERVAL, .as.interval = { -14, 3, -1 } }, BOTH },
        { { .type = SQLA_INTERVAL, .as.interval = { 1, -1, 1 } }, BOTH },
        { { .type = SQLA_INTERVAL, .as.interval = { -1, -1, -999999 } }, BOTH },
        { { .type = SQLA_INTERVAL, .as.interval = { INT32_MAX, INT32_MAX, INT64_MAX } }, BOTH },
        { { .type = SQLA_INTERVAL, .as.interval = { INT32_MIN, INT32_MIN, INT64_MIN } }, BOTH },
        { { .type = SQLA_INTERVAL, .as.interval = { 0, 0, INT64_MIN } }, BOTH },
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
        { { .type = SQLA_UUID }, BOTH },
        { { .type = SQLA_UUID, .as.uuid = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 } } }, BOTH },
        { { .type = SQLA_UUID, .as.uuid = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xab, 0xcd, 0xef, 14, 15, 16 } } }, BOTH },
    };
    static const trial enums[] = { { NUMBER(SQLA_ENUM_TYPE, 0), BOTH }, { NUMBER(SQLA_ENUM_TYPE, 1), BOTH }, { NUMBER(SQLA_ENUM_TYPE, 2), BOTH },
                                   { NUMBER(SQLA_ENUM_TYPE, 3), BOTH }, { NUMBER(SQLA_ENUM_TYPE, 4), 0 }, { NUMBER(SQLA_ENUM_TYPE, -1), 0 } };
    static const trial jsons[] = {
        { BYTES(SQLA_JSON, "null"), BOTH }, { BYTES(SQLA_JSON, "{}"), BOTH }, { BYTES(SQLA_JSON, "\"\""), BOTH },
        { BYTES(SQLA_JSON, "{\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\": [1, {\"a\": {\"b\": [[[null]]]}}], \"a\": 1,  \"a\": 2}"), BOTH },
        { BYTES(SQLA_JSON, "123456789012345678901234567890.123456789012345678901234567890"), BOTH }, { BYTES(SQLA_JSON, "1e999"), BOTH },
        { BYTES(SQLA_JSON, "\xff"), 0 },
    };
    world w;
    world_open(&w, url);
    TRY(&w, SQLA_UUID, uuids);
    TRY(&w, SQLA_ENUM_TYPE, enums);
    TRY(&w, SQLA_JSON, jsons);
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
        { BYTES(SQLA_DECIMAL, "0"), BOTH }, { BYTES(SQLA_DECIMAL, "0.00"), BOTH }, { BYTES(SQLA_DECIMAL, "12.50"), BOTH }, { BYTES(SQLA_DECIMAL, "-12.500"), BOTH },
        { BYTES(SQLA_DECIMAL, "0.000000000000000000000000000000000000000000000000000000000000000001"), BOTH },
        { BYTES(SQLA_DECIMAL, "18446744073709551616"), BOTH }, { BYTES(SQLA_DECIMAL, "10000.0001"), BOTH }, { BYTES(SQLA_DECIMAL, "-99999999.9999"), BOTH },
        { { .type = SQLA_DECIMAL, .as.bytes = { thousand, 1000 } }, BOTH }, { { .type = SQLA_DECIMAL, .as.bytes = { fraction, 1002 } }, BOTH },
        { { .type = SQLA_DECIMAL, .as.bytes = { huge, 1000 } }, BOTH },
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
    for (uint32_t t = 1; t < SQLA_TYPE_COUNT_; t++) {
        CU_ASSERT_EQUAL(put_raw(&w, t, 1, sqla_null(), &err), SQLA_OK);
        CU_ASSERT_EQUAL(put_object(&w, t, 2, sqla_null(), &err), SQLA_OK);
        CU_ASSERT(object_is(&w, t, 1, sqla_null()) && object_is(&w, t, 2, sqla_null()) && row_struct_is(&w, t, 1, sqla_null()));
        CU_ASSERT(dynamic_is(&w, t, 1, 3, sqla_null()) || t == SQLA_INT64);
        CU_ASSERT_EQUAL(count_equal(&w, t, sqla_null(), &err), 3);
        CU_ASSERT(is(&err, SQLA_OK));
    }
    world_close(&w);
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
    { "decimals__exact", decimals__exact, HARNESS_DATABASES },
    { "null__of_each_type", null__of_each_type, HARNESS_DATABASES },
    { "large__16_mib", large__16_mib, HARNESS_DATABASES },
};

int main(void)
{
    return harness_main("test-types", tests, COUNT(tests));
}
