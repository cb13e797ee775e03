/* test-many.c: one statement for many structs: what it reads out of them, what becomes of a failure, and what is said about it. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>

#include "base/mem.h"

enum kind { NUT, BOLT };
static const char *const kind_labels[] = { "nut", "bolt", NULL };

/* A number that is kept as a text with a word before it. */
typedef struct serial { int32_t number; } serial;

static sqla_status serial_store(const void *field, sqla_value *ret_value, sqla_memory *memory, void *data, sqla_error *err)
{
    const serial *s = field;
    (void)data;
    if (s->number < 0)
        return sqla_fail(err, "%d is no serial number", (int)s->number);
    const char *text = sqla_memory_printf(memory, "no. %d", (int)s->number);
    *ret_value = sqla_value_text(text);
    return text != NULL ? SQLA_OK : SQLA_ERR_NOMEM;
}

static sqla_status serial_load(const sqla_value *value, void *field, sqla_memory *memory, void *data, sqla_error *err)
{
    (void)memory, (void)data, (void)err;
    ((serial *)field)->number = value->type == SQLA_TEXT ? (int32_t)strtol((const char *)value->as.bytes.data + 4, NULL, 10) : 0;
    return SQLA_OK;
}

SQLA_DECLARE_CONVERSION(serial, SQLA_TEXT);
SQLA_CONVERSION(serial, .store = serial_store, .load = serial_load);

typedef struct Part {
    int64_t id;
    int32_t number;
    const char *name;
    char code[6];
    sqla_opt_f64 weight;
    sqla_date made;
    sqla_decimal price;
    sqla_blob picture;
    enum kind kind;
    serial mark;
} Part;
SQLA_DECLARE(Part);
SQLA_MODEL(Part, "parts", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(number, .unique = true), SQLA_COLUMN(name, .not_null = true),
           SQLA_COLUMN(code), SQLA_COLUMN(weight), SQLA_COLUMN(made), SQLA_COLUMN(price), SQLA_COLUMN(picture), SQLA_ENUM(kind, kind_labels),
           SQLA_CONVERTED(mark, serial));

/* A struct without a table: what a statement is to be told. */
typedef struct Change { int32_t which, by; const char *name; } Change;
SQLA_DECLARE(Change);
SQLA_ROW(Change, SQLA_COLUMN(which), SQLA_COLUMN(by, .name = "amount"), SQLA_COLUMN(name));

#define INSERT "INSERT INTO parts (number, name, code, weight, made, price, picture, kind, mark) " \
               "VALUES (:number, :name, :code, :weight, :made, :price, :picture, :kind, :mark)"
#define RENUMBER "UPDATE parts SET number = number + :by WHERE number = :which"

enum { MOST = 2500 };
typedef struct place { sqla_engine *db; sqla_metadata *base; sqla_error err; Part parts[MOST]; } place;

static void set_up(place *x, const char *url)
{
    memset(x, 0, sizeof *x);
    x->db = sqla_create_engine(url, NULL, &x->err);
    x->base = sqla_metadata_new(&x->err);
    sqla_metadata_add(x->base, SQLA_MODELS(Part), &x->err);
    sqla_metadata_create_all(x->base, x->db, &x->err);
    CU_ASSERT(is(&x->err, SQLA_OK));
    for (int i = 0; i < MOST; i++)
        x->parts[i] = (Part){ .number = i + 1, .name = "part", .code = "c", .weight = SQLA_SOME(0.5 * i), .made = { 20783 },
                              .price = { "12.50" }, .picture = { "\0\1\2", 3 }, .kind = i % 2 ? BOLT : NUT, .mark = { i } };
}

static void tear_down(place *x)
{
    sqla_metadata_free(x->base);
    sqla_engine_free(x->db);
}

static place x;

/* ---- what is read ------------------------------------------------------------------------------------------------ */

static void structs__are_read_as_they_lie(const char *url)
{
    int64_t rows = 0;
    set_up(&x, url);
    x.parts[1].weight = (sqla_opt_f64){ 0 };
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, INSERT, Part, x.parts, MOST, &rows, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(rows, MOST);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), MOST);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts WHERE kind = 'bolt' AND mark LIKE 'no. %'"), MOST / 2);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT number FROM parts WHERE weight IS NULL"), 2);
    sqla_stmt *q = sqla_order_by(sqla_select(x.db, Part), sqla_col(Part, number));
    int at = 0;
    SQLA_EACH(Part, p, q, &x.err) {
        const Part *given = &x.parts[at++];
        bool same = p->number == given->number && strcmp(p->name, "part") == 0 && strcmp(p->code, "c") == 0 && p->weight.set == given->weight.set &&
                    p->made.days == 20783 && strncmp(p->price.text, "12.5", 4) == 0 &&
                    p->picture.size == 3 && memcmp(p->picture.data, "\0\1\2", 3) == 0 && p->kind == given->kind && p->mark.number == given->mark.number;
        CU_ASSERT(same);
    }
    CU_ASSERT_EQUAL(at, MOST);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void names__are_fields_or_columns_as_often_as_one_likes(const char *url)
{
    static const Change changes[] = { { 1, 10, "one" }, { 2, 20, NULL }, { 77, 0, "nobody" } };
    int64_t rows = 0;
    set_up(&x, url);
    sqla_execute_many(x.db, INSERT, Part, x.parts, 3, NULL, &x.err);
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, "UPDATE parts SET number = :by + :amount, name = COALESCE(:name, 'none') WHERE number = :which", Change,
                                      changes, 3, &rows, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(rows, 2);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts WHERE number = 20 AND name = 'one' OR number = 40 AND name = 'none'"), 2);
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, "DELETE FROM parts", Change, changes, 2, &rows, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(rows, 3);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void model__may_be_made_at_run_time(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_model *pair = sqla_model_new(base, "Pair", "pairs", &err);
    sqla_model_add_column(pair, "key", SQLA_INT32, &(const sqla_column_item){ .primary_key = true, .natural = true }, &err);
    sqla_model_add_column(pair, "value", SQLA_INT64 | SQLA_FORM_NULLABLE, NULL, &err);
    sqla_metadata_create_all(base, db, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    char *rows = calloc(2, pair->size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    for (int32_t i = 0; i < 2; i++)
        memcpy(rows + (size_t)i * pair->size + sqla_layout_offset(pair->items[0].as.column.layout), &i, sizeof i);
    const char *sql = harness_is_mariadb(url) ? "INSERT INTO pairs (`key`, value) VALUES (:key + 5, :value)" : "INSERT INTO pairs (key, value) VALUES (:key + 5, :value)";
    CU_ASSERT_EQUAL(sqla_execute_many_(sqla_on_engine_(db), sql, pair, rows, 2, NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM pairs WHERE value IS NULL"), 2);
    free(rows);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

/* Give row i (from 1) the number of the one before it. */
static void spoil(int i) { x.parts[i - 1].number = x.parts[i - 2].number; }

static void failed_at(int row)
{
    char text[32];
    snprintf(text, sizeof text, "row %d of %d: ", row, (int)MOST);
    CU_ASSERT(is(&x.err, SQLA_ERR_UNIQUE));
    CU_ASSERT_EQUAL(x.err.row, row);
    CU_ASSERT(says(&x.err, text));
    sqla_error_clear(&x.err);
}

static void failure__leaves_nothing_behind(const char *url)
{
    static const int bad[] = { 2, 1000, 1001, MOST };
    int64_t rows = 99;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        set_up(&x, url);
        spoil(bad[i]);
        CU_ASSERT_EQUAL(sqla_execute_many(x.db, INSERT, Part, x.parts, MOST, &rows, &x.err), SQLA_ERR_UNIQUE);
        failed_at(bad[i]);
        CU_ASSERT_EQUAL(rows, 99);
        sqla_conn *conn = sqla_connect(x.db, &x.err);
        CU_ASSERT_EQUAL(sqla_execute_many(conn, INSERT, Part, x.parts, MOST, NULL, &x.err), SQLA_ERR_UNIQUE);
        failed_at(bad[i]);
        CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM parts"), 0);
        sqla_conn_close(conn);
        CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).connects, 1); /* which was good for all of it */
        tear_down(&x);
    }
}

static void failure__leaves_the_transaction_as_it_was(const char *url)
{
    set_up(&x, url);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    sqla_conn_begin(conn, &x.err);
    CU_ASSERT_EQUAL(sqla_execute_many(conn, INSERT, Part, x.parts, 2, NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute_many(conn, INSERT, Part, x.parts + 2, MOST - 2, NULL, &x.err), SQLA_OK);
    spoil(1500);
    CU_ASSERT_EQUAL(sqla_execute_many(conn, RENUMBER, Change, (&(const Change[]){ { 1, 9000, NULL }, { 2, 8999, NULL } }[0]), 2, NULL, &x.err), SQLA_ERR_UNIQUE);
    CU_ASSERT_EQUAL(x.err.row, 2);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM parts WHERE number <= 2"), 2);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), MOST);
    sqla_conn_close(conn);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void session__goes_on_after_a_failure(const char *url)
{
    set_up(&x, url);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(x.db, x.base, NULL, &x.err);
    sqla_session *s = sqla_open(maker, &x.err);
    Part *p = sqla_add(s, Part, .number = 5000, .name = "object", .made = { 20454 }, .price = { "1" });
    spoil(1200);
    CU_ASSERT_EQUAL(sqla_execute_many(s, INSERT, Part, x.parts, MOST, NULL, &x.err), SQLA_ERR_UNIQUE);
    failed_at(1200);
    CU_ASSERT_EQUAL(sqla_state(s, p), SQLA_PERSISTENT); /* it was flushed before */
    x.parts[1199].number = 1200;
    CU_ASSERT_EQUAL(sqla_execute_many(s, INSERT, Part, x.parts, MOST, NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), MOST + 1);
    CU_ASSERT_EQUAL(sqla_execute_many(s, "DELETE FROM parts WHERE number = :number", Part, x.parts, MOST, NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_rollback(s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), MOST + 1);
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void values__that_cannot_be_sent_name_their_row(const char *url)
{
    set_up(&x, url);
    x.parts[1700].name = "\xff";
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, INSERT, Part, x.parts, MOST, NULL, &x.err), SQLA_ERR_DATA);
    CU_ASSERT_EQUAL(x.err.row, 1701);
    CU_ASSERT(says(&x.err, "row 1701 of 2500: ") && says(&x.err, "name"));
    sqla_error_clear(&x.err);
    x.parts[1700].name = NULL;
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, INSERT, Part, x.parts, MOST, NULL, &x.err), SQLA_ERR_NOT_NULL);
    CU_ASSERT_EQUAL(x.err.row, 1701);
    sqla_error_clear(&x.err);
    x.parts[1700].name = "part";
    x.parts[1800].mark.number = -7;
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, INSERT, Part, x.parts, MOST, NULL, &x.err), SQLA_ERR_APPLICATION);
    CU_ASSERT_EQUAL(x.err.row, 1801);
    CU_ASSERT(says(&x.err, "row 1801 of 2500: ") && says(&x.err, "field 'mark' of 'Part': -7 is no serial number"));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), 0);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, "DELETE FROM parts WHERE number = :number", Part, x.parts, MOST, NULL, &x.err), SQLA_OK); /* not named */
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

/* The rows before it stay, as it was asked for; so the connection is good for more. */
static void autocommit__each_row_stands_by_itself(const char *url)
{
    set_up(&x, url);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.isolation = SQLA_AUTOCOMMIT), &x.err);
    CU_ASSERT_EQUAL(sqla_execute_many(conn, INSERT, Part, x.parts, 10, NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), 10);
    sqla_conn_rollback(conn, &x.err);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), 10);
    sqla_conn_close(conn);
    CU_ASSERT(is(&x.err, SQLA_OK));
    tear_down(&x);
}

static void misuse__is_told(const char *url)
{
    const Change one = { 1, 1, "x" };
    int64_t rows = 99;
    set_up(&x, url);
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, "DELETE FROM parts WHERE number = :whch", Change, &one, 1, &rows, &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT(says(&x.err, "parameter ':whch' is no field of 'Change'") && says(&x.err, "did you mean ':which'?"));
    CU_ASSERT_EQUAL(x.err.position, 34);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, "DELETE FROM parts WHERE number = :whch", Change, NULL, 0, &rows, &x.err), SQLA_ERR_MISUSE);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, RENUMBER, Change, NULL, 0, &rows, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(rows, 0);
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, RENUMBER, Change, NULL, 1, &rows, &x.err), SQLA_ERR_MISUSE);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, NULL, Change, &one, 1, &rows, &x.err), SQLA_ERR_MISUSE);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_execute_many((sqla_engine *)NULL, RENUMBER, Change, &one, 1, &rows, &x.err), SQLA_ERR_MISUSE);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_execute_many_(sqla_on_engine_(x.db), RENUMBER, NULL, &one, 1, &rows, &x.err), SQLA_ERR_MISUSE);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, "UPDATE parts SET number = :by WHERE numbr = :which", Change, &one, 1, &rows, &x.err), SQLA_ERR_SQL);
    CU_ASSERT(says(&x.err, "numbr"));
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(rows, 0);
    tear_down(&x);
}

/* Insert three parts beside the two that the transaction has, with the n-th allocation failing, or all from there on. */
static sqla_status starve(uint64_t n, bool lasting)
{
    sqla_error_clear(&x.err);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    sqla_conn_begin(conn, &x.err);
    sqla_execute_many(conn, INSERT, Part, x.parts, 2, NULL, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla__alloc_fail_at(n, lasting);
    sqla_status status = sqla_execute_many(conn, INSERT, Part, x.parts + 2, 3, NULL, &x.err);
    sqla__alloc_fail_at(0, false);
    CU_ASSERT(status == SQLA_OK || is(&x.err, SQLA_ERR_NOMEM));
    sqla_error_clear(&x.err);
    /* Where there was not even the memory to undo it, the transaction is gone with its connection. */
    sqla_status commit = sqla_conn_commit(conn, &x.err);
    CU_ASSERT(commit == SQLA_OK || (lasting && status == SQLA_ERR_NOMEM && is(&x.err, SQLA_ERR_DISCONNECTED)));
    sqla_conn_close(conn);
    sqla_error_clear(&x.err);
    int64_t rows = -1;
    CU_ASSERT_EQUAL(sqla_execute_many(x.db, "DELETE FROM parts", Part, x.parts, 1, &rows, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(rows, commit != SQLA_OK ? 0 : status == SQLA_OK ? 5 : 2);
    return status;
}

static void out_of_memory__is_a_status(const char *url)
{
    set_up(&x, url);
    for (int lasting = 0; lasting < 2; lasting++) {
        sqla_status status = SQLA_ERR_NOMEM;
        for (uint64_t n = 1; status == SQLA_ERR_NOMEM; n++)
            status = starve(n, lasting);
        CU_ASSERT_EQUAL(status, SQLA_OK);
    }
    tear_down(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "structs are read as they lie", structs__are_read_as_they_lie, HARNESS_DATABASES },
        { "names are fields or columns, as often as one likes", names__are_fields_or_columns_as_often_as_one_likes, HARNESS_DATABASES },
        { "model may be made at run time", model__may_be_made_at_run_time, HARNESS_DATABASES },
        { "failure leaves nothing behind", failure__leaves_nothing_behind, HARNESS_DATABASES },
        { "failure leaves the transaction as it was", failure__leaves_the_transaction_as_it_was, HARNESS_DATABASES },
        { "session goes on after a failure", session__goes_on_after_a_failure, HARNESS_DATABASES },
        { "values that cannot be sent name their row", values__that_cannot_be_sent_name_their_row, HARNESS_DATABASES },
        { "autocommit: each row stands by itself", autocommit__each_row_stands_by_itself, HARNESS_DATABASES },
        { "misuse is told", misuse__is_told, HARNESS_DATABASES },
        { "out of memory is a status", out_of_memory__is_a_status, HARNESS_DATABASES },
    };
    return harness_main("test-many", tests, sizeof tests / sizeof tests[0]);
}
