/* test-absurd.c: counts and sizes that cannot be: NULL with a length, more than there are addresses.
 * MISUSE in every function that takes them, before anything is read, sent or changed. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>

#include "expect.h"

typedef struct Piece { int64_t id; sqla_blob body; } Piece;
SQLA_DECLARE(Piece);
SQLA_MODEL(Piece, "pieces", SQLA_COLUMN(id, .primary_key = true, .natural = true), SQLA_COLUMN(body));

typedef struct place { sqla_engine *db; sqla_conn *conn; sqla_error err; } place;

static void set_up(place *x, const char *url)
{
    *x = (place){ .err = SQLA_ERROR_INIT };
    x->db = sqla_create_engine(url, NULL, &x->err);
    x->conn = sqla_connect(x->db, &x->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->conn);
    sqla_execute(x->conn,
        harness_is_postgres(url) ? "CREATE TABLE pieces (id BIGINT, body BYTEA)"
                                 : "CREATE TABLE pieces (id BIGINT, body LONGBLOB)",
        NULL, &x->err);
    CU_ASSERT(is(&x->err, SQLA_OK));
}

/* Nothing was stored, and the connection goes on. */
static void tear_down(place *x)
{
    CU_ASSERT_EQUAL(ask(x->conn, "SELECT count(*) FROM pieces"), 0);
    sqla_conn_close(x->conn);
    sqla_engine_free(x->db);
}

static const sqla_blob absurd[] = { { NULL, 1 }, { NULL, SIZE_MAX }, { "x", SIZE_MAX },
    { "x", (size_t)PTRDIFF_MAX + 1 } };
enum { ABSURD = sizeof absurd / sizeof absurd[0] };

/* ---- values -------------------------------------------------------------------------------------------- */

static bool is_refused(place *x, sqla_value value)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_stmt *q = sqla_bind(sqla_sql(x->conn, "INSERT INTO pieces VALUES (1, :body)"), "body", value);
    bool refused = sqla_exec(q, NULL, &err) == SQLA_ERR_MISUSE && is(&err, SQLA_ERR_MISUSE);
    sqla_stmt_free(q);
    sqla_error_clear(&err);
    sqla_execute(x->conn, "INSERT INTO pieces VALUES (1, :body)", sqla_params("body", value), &err);
    return refused && is(&err, SQLA_ERR_MISUSE);
}

static void values__that_cannot_be(const char *url)
{
    static const int64_t one = 1;
    static const char *const word = "one";
    place x;
    set_up(&x, url);
    for (int i = 0; i < ABSURD; i++) {
        const sqla_value inside = sqla_value_blob(absurd[i]);
        CU_ASSERT(is_refused(&x, inside));
        CU_ASSERT(is_refused(&x, sqla_array_blob(&absurd[i], 1)));
        CU_ASSERT(is_refused(&x, sqla_array_values(&inside, 1)));
        for (uint32_t type = SQLA_TEXT; type <= SQLA_JSON; type += SQLA_JSON - SQLA_TEXT) {
            sqla_value text = { .type = type };
            text.as.bytes = absurd[i];
            CU_ASSERT(is_refused(&x, text));
        }
    }
    CU_ASSERT(is_refused(&x, sqla_array_i64(NULL, 1)));
    CU_ASSERT(is_refused(&x, sqla_array_i64(&one, SIZE_MAX)));
    CU_ASSERT(is_refused(&x, sqla_array_text(NULL, SIZE_MAX)));
    CU_ASSERT(is_refused(&x, sqla_array_text(&word, UINT32_MAX)));
    CU_ASSERT(is_refused(&x, sqla_array_values(NULL, 7)));
    tear_down(&x);
}

static void parameters__that_cannot_be(const char *url)
{
    place x;
    set_up(&x, url);
    const sqla_value pairs[] = { sqla_value_text("id"), sqla_value_i64(1) };
    const sqla_params table[] = { { 1, NULL }, { SIZE_MAX, NULL }, { SIZE_MAX, pairs },
        { SIZE_MAX / sizeof pairs + 2, pairs } };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error_clear(&x.err);
        CU_ASSERT_EQUAL(
            sqla_execute(x.conn, "INSERT INTO pieces (id) VALUES (:id)", &table[i], &x.err), SQLA_ERR_MISUSE);
        CU_ASSERT(is(&x.err, SQLA_ERR_MISUSE));
    }
    sqla_error_clear(&x.err);
    sqla_stmt *q = sqla_bind_at(sqla_sql_untouched(x.conn, "SELECT 1"), SIZE_MAX, 1);
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &x.err), SQLA_ERR_MISUSE);
    sqla_stmt_free(q);
    tear_down(&x);
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

static void rows__that_cannot_be(const char *url)
{
    static const char insert[] = "INSERT INTO pieces VALUES (:id, :body)";
    place x;
    set_up(&x, url);
    const Piece good = { 1, { "fine", 4 } };
    const size_t counts[] = { SIZE_MAX, SIZE_MAX / sizeof good + 1, SIZE_MAX / sizeof good,
        (size_t)PTRDIFF_MAX / sizeof good + 1 };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        sqla_error_clear(&x.err);
        CU_ASSERT_EQUAL(
            sqla_execute_many(x.conn, insert, Piece, &good, counts[i], NULL, &x.err), SQLA_ERR_MISUSE);
        CU_ASSERT_EQUAL(
            sqla_execute_many(x.conn, insert, Piece, (const Piece *)NULL, counts[i], NULL, &x.err),
            SQLA_ERR_MISUSE);
    }
    for (int i = 0; i < ABSURD; i++) {
        const Piece rows[] = { good, good, { 3, absurd[i] } };
        sqla_error_clear(&x.err);
        CU_ASSERT_EQUAL(sqla_execute_many(x.conn, insert, Piece, rows, 3, NULL, &x.err), SQLA_ERR_MISUSE);
        CU_ASSERT(x.err.row == 3 && says(&x.err, "'body'"));
    }
    tear_down(&x);
}

static void objects__that_cannot_be(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_metadata *base = sqla_metadata_new(&x.err);
    sqla_metadata_add(base, SQLA_MODELS(Piece), &x.err);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(x.db, base, NULL, &x.err);
    for (int i = 0; i < ABSURD; i++) {
        sqla_session *s = sqla_open(maker, &x.err);
        sqla_add(s, Piece, .id = 1, .body = absurd[i]);
        CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_ERR_MISUSE);
        CU_ASSERT(is(&x.err, SQLA_ERR_MISUSE) && says(&x.err, "'body'"));
        sqla_error_clear(&x.err);
        sqla_rollback(s, &x.err);
        Piece *piece = sqla_add(s, Piece, .id = 2, .body = { "fine", 4 });
        sqla_flush(s, &x.err);
        CU_ASSERT_FATAL(is(&x.err, SQLA_OK));
        piece->body = absurd[i];
        CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_ERR_MISUSE);
        sqla_error_clear(&x.err);
        sqla_rollback(s, &x.err);
        CU_ASSERT(is(&x.err, SQLA_OK));
        sqla_close(s);
    }
    const sqla_value key = sqla_value_i64(1);
    sqla_session *s = sqla_open(maker, &x.err);
    CU_ASSERT_PTR_NULL(sqla_get_(s, sqla_model_of_Piece(), NULL, 1, &x.err));
    CU_ASSERT(is(&x.err, SQLA_ERR_MISUSE));
    sqla_error_clear(&x.err);
    CU_ASSERT_PTR_NULL(sqla_get_(s, sqla_model_of_Piece(), &key, SIZE_MAX, &x.err));
    CU_ASSERT(is(&x.err, SQLA_ERR_MISUSE));
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
    tear_down(&x);
}

/* ---- without a database -------------------------------------------------------------------------------- */

static void models__that_cannot_be(const char *url)
{
    (void)url;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_model_fn *const models[] = { sqla_model_of_Piece };
    CU_ASSERT_EQUAL(sqla_metadata_add_models(base, NULL, 1, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_metadata_add_models(base, NULL, SIZE_MAX, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_metadata_add_models(base, models, SIZE_MAX, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(
        sqla_metadata_add_models(base, models, PTRDIFF_MAX / sizeof models[0] + 1, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_PTR_NULL(sqla_metadata_table(base, SIZE_MAX));
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_metadata_add_models(base, models, 1, &err), SQLA_OK);
    sqla_metadata_free(base);
}

static void printing__what_cannot_be(const char *url)
{
    (void)url;
    char text[20] = "as it was";
    for (int i = 0; i < ABSURD; i++) {
        CU_ASSERT_EQUAL(sqla_value_print(text, sizeof text, sqla_value_blob(absurd[i])), 4);
        CU_ASSERT_STRING_EQUAL(text, "NULL");
    }
    CU_ASSERT_EQUAL(sqla_value_print(text, sizeof text, sqla_array_i64(NULL, 3)), 4);
    CU_ASSERT_EQUAL(sqla_value_print(NULL, 0, sqla_value_i64(1234567)), 7);
    CU_ASSERT_EQUAL(sqla_value_print(NULL, 100, sqla_value_i64(1234567)), 7);
    CU_ASSERT_EQUAL(sqla_array_at(sqla_array_i64(NULL, 3), 1).type, SQLA_NULL);
}

/* What the program says in a COPY. */
static void copies__of_what_cannot_be(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_copy *copy = sqla_copy_in(x.conn, "COPY pieces FROM STDIN", &x.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    for (int i = 0; i < ABSURD; i++)
        CU_ASSERT_EQUAL(sqla_copy_write(copy, absurd[i].data, absurd[i].size, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_copy_write(copy, NULL, 0, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_copy_end(copy, NULL, &x.err), SQLA_OK);
    tear_down(&x);
}

/* ---- conversions --------------------------------------------------------------------------------------- */

typedef struct token { int which; } token;

static sqla_status token_store(
    const void *field, sqla_value *ret_value, sqla_memory *memory, void *data, sqla_error *err)
{
    (void)data, (void)err;
    int which = ((const token *)field)->which;
    CU_ASSERT_PTR_NULL(sqla_memory_take(memory, SIZE_MAX));
    CU_ASSERT_PTR_NULL(sqla_memory_copy(memory, NULL, 4));
    CU_ASSERT_PTR_NULL(sqla_memory_copy(memory, "x", SIZE_MAX));
    CU_ASSERT_PTR_NULL(sqla_memory_copy(memory, "x", (size_t)PTRDIFF_MAX + 1));
    ret_value->type = SQLA_BLOB;
    ret_value->as.bytes = absurd[which];
    return SQLA_OK;
}

static sqla_status token_load(
    const sqla_value *value, void *field, sqla_memory *memory, void *data, sqla_error *err)
{
    (void)value, (void)field, (void)memory, (void)data, (void)err;
    return SQLA_OK;
}
SQLA_DECLARE_CONVERSION(token, SQLA_BLOB);
SQLA_CONVERSION(token, .store = token_store, .load = token_load);

static void conversions__to_what_cannot_be(const char *url)
{
    place x;
    set_up(&x, url);
    for (int i = 0; i < ABSURD; i++) {
        const token which = { i };
        sqla_error_clear(&x.err);
        sqla_execute(x.conn, "INSERT INTO pieces VALUES (1, :body)",
            sqla_params("body", sqla_converted(token, &which)), &x.err);
        CU_ASSERT(is(&x.err, SQLA_ERR_MISUSE));
    }
    tear_down(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "values that cannot be", values__that_cannot_be, HARNESS_DATABASES },
        { "parameters that cannot be", parameters__that_cannot_be, HARNESS_DATABASES },
        { "rows that cannot be", rows__that_cannot_be, HARNESS_DATABASES },
        { "objects that cannot be", objects__that_cannot_be, HARNESS_DATABASES },
        { "conversions to what cannot be", conversions__to_what_cannot_be, HARNESS_DATABASES },
        { "copies of what cannot be", copies__of_what_cannot_be, HARNESS_POSTGRES },
        { "models that cannot be", models__that_cannot_be, HARNESS_PLAIN },
        { "printing what cannot be", printing__what_cannot_be, HARNESS_PLAIN },
    };
    return harness_main("test-absurd", tests, sizeof tests / sizeof tests[0]);
}
