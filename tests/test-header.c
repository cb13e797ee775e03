/* test-header.c: what the macros of the public headers take, and that they do with it what they say: every family, every C
 * type, loops in every place. tests/check-wrong.sh compiles this file with more warnings than the build asks for. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

/* Names that a program may well have. */
enum { items = 1, model = 2, q = 3 };

enum mood { SAD = -1, EVEN, GLAD };
typedef struct Day Day;
SQLA_DECLARE(Day);
struct Day {
    int64_t id;
    enum mood mood;
};
SQLA_MODEL(Day, "days", SQLA_COLUMN(id, .primary_key = true, .natural = true), SQLA_COLUMN(mood));

static bool is(const sqla_error *err, sqla_status expected)
{
    if (err->status != expected)
        fprintf(stderr, "%s: %s (%s)\n", sqla_status_name(err->status), err->message, err->hint);
    return err->status == expected;
}

/* ---- conditions ---------------------------------------------------------------------------------------------------- */

static Thing *add_thing(shop *x)
{
    static const char bytes[] = { 0, 1, 2 };
    return sqla_add(x->s, Thing, .small = -7, .medium = 70000, .large = INT64_C(1) << 40, .ratio = 0.5, .part = 0.25f, .flag = true,
        .text = "text", .code = "code", .blob = { bytes, sizeof bytes }, .at = { 1000000 }, .local_at = { 2000000 }, .day = { 3 },
        .hour = { 4000000 }, .span = { 0, 1, 5 }, .price = { "12.50" }, .uuid = { { 6 } }, .json = { "{\"a\": 1}" }, .colour = BLUE,
        .tiny = 200, .port = 60000, .wide = -9, .o_small = SQLA_SOME(-7), .o_medium = SQLA_SOME(70000),
        .o_large = SQLA_SOME(INT64_C(1) << 40), .o_ratio = SQLA_SOME(0.5), .o_part = SQLA_SOME(0.25f), .o_flag = SQLA_SOME(true),
        .o_at = { { 1000000 }, true }, .o_local_at = { { 2000000 }, true }, .o_day = { { 3 }, true }, .o_hour = { { 4000000 }, true },
        .o_span = { { 0, 1, 5 }, true }, .o_uuid = { { { 6 } }, true }, .o_colour = SQLA_SOME(BLUE));
}

static int64_t count_where(shop *x, sqla_bool_expr condition)
{
    sqla_stmt *stmt = sqla_where(sqla_select_cols(x->s, sqla_count(sqla_col(Thing, id))), condition);
    sqla_error err = SQLA_ERROR_INIT;
    int64_t n = sqla_scalar_i64(stmt, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_stmt_free(stmt);
    return n;
}

/* A field is equal to its own value, and to no other row's NULL. */
#define MATCHES(f) \
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, f), t->f)), 1); \
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(sqla_col(Thing, f), t->f)), 1); \
    CU_ASSERT_EQUAL(count_where(&x, sqla_ne(sqla_col(Thing, f), NULL)), 1); \
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, f), NULL)), 0); \
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, f), sqla_val(t->f))), 1); \
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, f), sqla_col(Thing, f))), 1)

static void every_field__beside_its_value(const char *url)
{
    shop x;
    shop_open(&x, url);
    const Thing *t = add_thing(&x);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    MATCHES(small); MATCHES(medium); MATCHES(large); MATCHES(ratio); MATCHES(part); MATCHES(flag);
    MATCHES(text); MATCHES(code); MATCHES(blob); MATCHES(at); MATCHES(local_at); MATCHES(day); MATCHES(hour);
    MATCHES(uuid); MATCHES(colour); MATCHES(tiny); MATCHES(port); MATCHES(wide);
    MATCHES(o_small); MATCHES(o_medium); MATCHES(o_large); MATCHES(o_ratio); MATCHES(o_part); MATCHES(o_flag);
    MATCHES(o_at); MATCHES(o_local_at); MATCHES(o_day); MATCHES(o_hour); MATCHES(o_uuid); MATCHES(o_colour);
    CU_ASSERT_EQUAL(count_where(&x, sqla_ne(sqla_col(Thing, json), NULL)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_is_null(sqla_col(Thing, price))), 0);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, json), NULL)), 0);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, o_span), NULL)), 0);
    if (harness_is_postgres(url)) { /* SQLite keeps these as text, where equal values need not be equal texts */
        MATCHES(price); MATCHES(span); MATCHES(o_span);
    }
    shop_close(&x);
}

static void columns__beside_columns_of_their_family(const char *url)
{
    shop x;
    shop_open(&x, url);
    add_thing(&x);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, small), sqla_col(Thing, o_small))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_lt(sqla_col(Thing, tiny), sqla_col(Thing, o_large))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_gt(sqla_col(Thing, port), sqla_col(Thing, ratio))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, colour), sqla_col(Thing, o_colour))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_ne(sqla_col(Thing, text), sqla_col(Thing, code))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, flag), sqla_col(Thing, o_flag))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_le(sqla_col(Thing, at), sqla_col(Thing, o_at))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, uuid), sqla_col(Thing, o_uuid))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, small), sqla_column_of(sqla_model_of(Thing), "o_small"))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_column_of(sqla_model_of(Thing), "medium"), 70000)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_column_of(sqla_model_of(Thing), "text"), sqla_val("text"))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_as_text(sqla_column_of(sqla_model_of(Thing), "text")), "text")), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_as_uuid(sqla_column_of(sqla_model_of(Thing), "uuid")), (sqla_uuid){ { 6 } })), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_as_blob(sqla_column_of(sqla_model_of(Thing), "blob")), sqla_col(Thing, blob))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_as_json(sqla_column_of(sqla_model_of(Thing), "json")), NULL)), 0);
    CU_ASSERT_EQUAL(count_where(&x, sqla_like(sqla_col(Thing, text), sqla_val("te%"))), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_like(sqla_lower(sqla_col(Thing, text)), "T%")), 0);
    shop_close(&x);
}

static void bools__beside_bools_and_ints(const char *url)
{
    shop x;
    shop_open(&x, url);
    add_thing(&x);
    const int seven = 7;
    const bool yes = true;
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, flag), true)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, flag), false)), 0);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, flag), yes)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, flag), seven > items)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_ne(sqla_col(Thing, o_flag), seven & 6)), 0);
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(sqla_col(Thing, o_flag), false, true)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_eq(sqla_col(Thing, flag), sqla_gt(sqla_col(Thing, medium), 1))), 1);
    shop_close(&x);
}

static void in__one_to_eight_values(const char *url)
{
    shop x;
    shop_open(&x, url);
    add_thing(&x);
    sqla_num_expr n = sqla_col(Thing, small);
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(n, -7)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(n, 1, -7)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(n, 1, 2L, -7)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(n, 1, 2L, 3u, -7)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(n, 1, 2L, 3u, 4ull, -7)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(n, 1, 2L, 3u, 4ull, (short)5, -7)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(n, 1, 2L, 3u, 4ull, (short)5, NULL, -7)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(n, 1, 2L, 3u, 4ull, (short)5, NULL, ((sqla_opt_i64)SQLA_SOME(6)), -7)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_not_in(n, 1, 2, 3, 4, 5, 6, 7, 8)), 1);
    CU_ASSERT_EQUAL(count_where(&x, sqla_not_in(n, 1, 2, 3, 4, 5, 6, 7, -7)), 0);
    CU_ASSERT_EQUAL(count_where(&x, sqla_in(sqla_col(Thing, text), "a", "b", "c", "d", "e", "f", "g", "text")), 1);
    shop_close(&x);
}

static void enums__with_negative_members(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Day), &err);
    sqla_metadata_create_all(base, db, &err);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(db, base, NULL, &err);
    sqla_session *s = sqla_open(maker, &err);
    const Day day = { .id = model, .mood = SAD };
    sqla_add_object(s, Day, &day);
    sqla_add(s, Day, .id = q, .mood = GLAD);
    sqla_commit(s, &err);
    const Day *sad = sqla_one(sqla_where(sqla_select(s, Day), sqla_lt(sqla_col(Day, mood), EVEN)), Day, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(sad);
    CU_ASSERT(sad->id == model && sad->mood == SAD);
    CU_ASSERT_PTR_EQUAL(sqla_first(sqla_where(sqla_select(s, Day), sqla_eq(sqla_col(Day, mood), sad->mood)), Day, &err), sad);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT min(mood) FROM days"), -1);
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

/* ---- parameters ---------------------------------------------------------------------------------------------------- */

static void params__of_every_c_type(const char *url)
{
    (void)url;
    char array[] = "array";
    char *text = array;
    const char *const fixed = "fixed";
    const sqla_opt_i32 none = SQLA_NONE;
    const sqla_params *whole = sqla_params("bool", (bool)true, "char", 'c', "schar", (signed char)-1, "uchar", (unsigned char)255,
        "short", (short)-2, "ushort", (unsigned short)65535, "int", -3, "unsigned", 4000000000u, "long", -5L, "longlong", -6LL,
        "ulong", 7UL, "ulonglong", 8ULL, "float", 0.5f, "double", 0.25);
    static const int64_t expected[] = { 1, 'c', -1, 255, -2, 65535, -3, 4000000000, -5, -6, 7, 8 };
    CU_ASSERT_EQUAL_FATAL(whole->count, 14);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        CU_ASSERT_EQUAL(whole->pairs[2 * i + 1].as.i64, expected[i]);
    CU_ASSERT(whole->pairs[25].as.f64 > 0.49 && whole->pairs[27].as.f64 < 0.26);
    const sqla_params *texts = sqla_params("array", array, "text", text, "fixed", fixed, "null", NULL, "none", none, "null text", (char *)NULL,
        "some", ((sqla_opt_i16)SQLA_SOME(3)), "value", sqla_val(fixed), "value of none", sqla_null());
    static const sqla_type types[] = { SQLA_TEXT, SQLA_TEXT, SQLA_TEXT, SQLA_NULL, SQLA_NULL, SQLA_NULL, SQLA_INT64, SQLA_TEXT, SQLA_NULL };
    CU_ASSERT_EQUAL_FATAL(texts->count, 9);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        CU_ASSERT_EQUAL(texts->pairs[2 * i + 1].type == SQLA_INT16 ? SQLA_INT64 : texts->pairs[2 * i + 1].type, types[i]);
    CU_ASSERT_EQUAL(texts->pairs[0].as.bytes.size, strlen("array"));
}

/* ---- loops ----------------------------------------------------------------------------------------------------------- */

static int made;
static sqla_stmt *nodes(shop *x)
{
    made++;
    return sqla_order_by(sqla_select(x->s, Node), sqla_col(Node, id));
}

static void add_nodes(shop *x, int n)
{
    Node *parent = sqla_add(x->s, Node, .label = "root");
    for (int i = 1; i < n; i++)
        sqla_add(x->s, Node, .label = sqla_printf(x->s, "%d", i), .parent = parent);
    sqla_commit(x->s, &x->err);
}

static void loops__nested_left_and_gone_on_with(const char *url)
{
    shop x;
    shop_open(&x, url);
    add_nodes(&x, 5);
    int pairs = 0, rows = 0, streamed = 0;
    made = 0;
    SQLA_EACH(Node, outer, nodes(&x), &x.err)
        SQLA_EACH(Node, inner, nodes(&x), &x.err) {
            if (inner->id == outer->id)
                continue;
            if (inner->id > outer->id)
                break;
            SQLA_EACH_ROW(row, sqla_sql(x.s, "SELECT 1 AS n UNION ALL SELECT 2"), &x.err)
                rows += (int)sqla_row_i64(row, "n", &x.err);
            pairs++;
        }
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(pairs, 10);
    CU_ASSERT_EQUAL(rows, 30);
    CU_ASSERT_EQUAL(made, 6);
    SQLA_STREAM(Node, node, nodes(&x), &x.err) {
        if (node->parent_id.set)
            continue;
        streamed++;
    }
    CU_ASSERT_EQUAL(streamed, 1);
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
}

/* Without braces each loop is one statement, and an else belongs to the if that it stands under. */
static int seen_when(shop *x, bool objects, bool children)
{
    int seen = 0;
    if (objects)
        SQLA_EACH(Node, node, sqla_selectin(nodes(x), Node, children), &x->err)
            if (children)
                SQLA_EACH_IN(Node, child, node->children)
                    seen++;
            else
                seen += 100;
    else
        SQLA_EACH_ROW(row, nodes(x), &x->err)
            seen += 10;
    return seen;
}

static void loops__without_braces(const char *url)
{
    shop x;
    shop_open(&x, url);
    add_nodes(&x, 3);
    CU_ASSERT_EQUAL(seen_when(&x, true, true), 2);
    CU_ASSERT_EQUAL(seen_when(&x, true, false), 300);
    CU_ASSERT_EQUAL(seen_when(&x, false, true), 30);
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
}

/* ---- arguments --------------------------------------------------------------------------------------------------------- */

static int calls;
static int64_t next_number(void) { return ++calls; }
static const char *next_text(void) { return ++calls % 2 == 0 ? "even" : "odd"; }
static sqla_session *next_session(const shop *x) { calls++; return x->s; }

static void arguments__are_evaluated_once(const char *url)
{
    shop x;
    shop_open(&x, url);
    calls = 0;
    sqla_stmt *stmt = sqla_select(next_session(&x), Node);
    CU_ASSERT_EQUAL(calls, 1);
    sqla_where(stmt, sqla_eq(sqla_col(Node, id), next_number()), sqla_between(sqla_col(Node, id), next_number(), next_number()),
               sqla_in(sqla_col(Node, label), next_text(), next_text()), sqla_like(sqla_col(Node, label), next_text()));
    CU_ASSERT_EQUAL(calls, 7);
    sqla_where(stmt, sqla_gt(sqla_plus(sqla_col(Node, id), next_number()), sqla_as_num(sqla_func("abs", next_number()))));
    CU_ASSERT_EQUAL(calls, 9);
    Node *node = sqla_add(next_session(&x), Node, .label = next_text());
    CU_ASSERT_EQUAL(calls, 11);
    sqla_append(next_session(&x), (calls++, node), children, sqla_new(x.s, Node));
    CU_ASSERT_EQUAL(calls, 13);
    CU_ASSERT_PTR_NULL(sqla_get(next_session(&x), Node, next_number() + 1000, &x.err));
    CU_ASSERT_EQUAL(calls, 15);
    CU_ASSERT_PTR_NULL(sqla_first(stmt, Node, &x.err));
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "every field beside its value", every_field__beside_its_value, HARNESS_DATABASES },
        { "columns beside columns of their family", columns__beside_columns_of_their_family, HARNESS_DATABASES },
        { "bools beside bools and ints", bools__beside_bools_and_ints, HARNESS_DATABASES },
        { "IN with one to eight values", in__one_to_eight_values, HARNESS_DATABASES },
        { "enums with negative members", enums__with_negative_members, HARNESS_DATABASES },
        { "parameters of every C type", params__of_every_c_type, HARNESS_PLAIN },
        { "loops: nested, left, gone on with", loops__nested_left_and_gone_on_with, HARNESS_DATABASES },
        { "loops: without braces", loops__without_braces, HARNESS_DATABASES },
        { "arguments are evaluated once", arguments__are_evaluated_once, HARNESS_DATABASES },
    };
    return harness_main("test-header", tests, sizeof tests / sizeof tests[0]);
}
