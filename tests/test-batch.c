/* test-batch.c: which row of a batch is to blame, by each road that a batch can take. */
#include <config.h>
#include <CUnit/CUnit.h>

#include "expect.h"

typedef struct Part { int64_t id; int32_t number; const char *name; } Part;
SQLA_DECLARE(Part);
SQLA_MODEL(Part, "parts", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(number, .unique = true), SQLA_COLUMN(name, .not_null = true));

typedef struct place { sqla_engine *db; sqla_metadata *base; sqla_sessionmaker *maker; sqla_session *s; sqla_error err; bool postgres; } place;

static void set_up(place *x, const char *url)
{
    *x = (place){ .err = SQLA_ERROR_INIT, .postgres = harness_is_postgres(url) };
    x->db = sqla_create_engine(url, NULL, &x->err);
    x->base = sqla_metadata_new(&x->err);
    sqla_metadata_add(x->base, SQLA_MODELS(Part), &x->err);
    sqla_metadata_create_all(x->base, x->db, &x->err);
    x->maker = sqla_sessionmaker_new(x->db, x->base, NULL, &x->err);
    x->s = sqla_open(x->maker, &x->err);
    CU_ASSERT(is(&x->err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->s);
}

static void tear_down(place *x)
{
    sqla_close(x->s);
    sqla_sessionmaker_free(x->maker);
    sqla_metadata_free(x->base);
    sqla_engine_free(x->db);
}

/* Nothing of what was added and rolled back is left. */
static void begin_anew(place *x)
{
    CU_ASSERT_EQUAL(sqla_rollback(x->s, NULL), SQLA_OK);
    sqla_close(x->s);
    x->s = sqla_open(x->maker, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->s);
}

/* Add n parts, the one at `bad` (from 1) with the number of the one before it; 0: none. */
static void add_parts(place *x, int n, int bad)
{
    for (int i = 1; i <= n; i++)
        sqla_add(x->s, Part, .number = i == bad ? i - 1 : i, .name = "part");
}

static int64_t count(place *x)
{
    sqla_stmt *q = sqla_sql(x->db, "SELECT count(*) FROM parts");
    int64_t n = sqla_scalar_i64(q, NULL);
    sqla_stmt_free(q);
    return n;
}

static void insert__names_the_row(const char *url)
{
    static const struct { int n, bad; bool named; } table[] = {
        { 2, 2, true }, { 20, 7, false }, { 60, 2, true }, { 60, 37, true }, { 60, 60, true }, { 75, 71, true }, { 1000, 2, true }, { 1000, 513, true },
        { 1000, 1000, true }, { 10060, 10031, true },
    };
    place x;
    set_up(&x, url);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        char words[60];
        add_parts(&x, table[i].n, table[i].bad);
        CU_ASSERT_EQUAL(sqla_commit(x.s, &err), SQLA_ERR_UNIQUE);
        CU_ASSERT(is(&err, SQLA_ERR_UNIQUE));
        bool named = table[i].named || !x.postgres;
        if (err.row != (named ? table[i].bad : 0))
            fprintf(stderr, "row %d of %d: %d\n", table[i].bad, table[i].n, (int)err.row);
        CU_ASSERT_EQUAL(err.row, named ? table[i].bad : 0);
        snprintf(words, sizeof words, "cannot insert 'Part' (%d of %d): ", table[i].bad, table[i].n);
        CU_ASSERT(!named || says(&err, words));
        begin_anew(&x);
        CU_ASSERT_EQUAL(count(&x), 0);
    }
    add_parts(&x, 1000, 0);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(count(&x), 1000);
    tear_down(&x);
}

/* A row that meets what was there before. */
static void insert__names_what_meets_another(const char *url)
{
    place x;
    set_up(&x, url);
    harness_sql(url, "INSERT INTO parts (id, number, name) VALUES (5000, 77, 'old')");
    add_parts(&x, 200, 0);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_UNIQUE);
    CU_ASSERT_EQUAL(x.err.row, 77);
    CU_ASSERT(x.err.constraint[0] != '\0' || !x.postgres);
    tear_down(&x);
}

static void update__names_the_row(const char *url)
{
    place x;
    size_t n = 0;
    set_up(&x, url);
    add_parts(&x, 300, 0);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    Part **all = sqla_all(sqla_order_by(sqla_select(x.s, Part), sqla_col(Part, id)), Part, &n, &x.err);
    CU_ASSERT_EQUAL_FATAL(n, 300);
    for (int i = 0; i < 100; i++)
        all[i]->number = i == 41 ? 250 : 1000 + i;
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_UNIQUE);
    CU_ASSERT_EQUAL(x.err.row, 42);
    CU_ASSERT_EQUAL(sqla_rollback(x.s, NULL), SQLA_OK);
    tear_down(&x);
}

/* What was done before in the transaction is neither lost nor kept by looking for the row: the program's own savepoint decides. */
static void insert__inside_a_savepoint(const char *url)
{
    place x;
    set_up(&x, url);
    add_parts(&x, 5, 0);
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    sqla_savepoint *mark = sqla_begin_nested(x.s, &x.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mark);
    for (int i = 0; i < 100; i++)
        sqla_add(x.s, Part, .number = i == 50 ? 3 : 100 + i, .name = "later");
    CU_ASSERT_EQUAL(sqla_savepoint_commit(mark, &x.err), SQLA_ERR_UNIQUE);
    CU_ASSERT_EQUAL(x.err.row, 51);
    CU_ASSERT_EQUAL(sqla_commit(x.s, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(count(&x), 5);
    tear_down(&x);
}

/* More batches in one transaction than have a savepoint each: all are written. */
static void insert__many_batches(const char *url)
{
    place x;
    set_up(&x, url);
    for (int batch = 0; batch < 60; batch++) {
        for (int i = 0; i < 50; i++)
            sqla_add(x.s, Part, .number = batch * 50 + i, .name = "part");
        CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    }
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(count(&x), 3000);
    tear_down(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "insert names the row", insert__names_the_row, HARNESS_DATABASES },
        { "insert names what meets another", insert__names_what_meets_another, HARNESS_DATABASES },
        { "update names the row", update__names_the_row, HARNESS_DATABASES },
        { "insert inside a savepoint", insert__inside_a_savepoint, HARNESS_DATABASES },
        { "insert: many batches", insert__many_batches, HARNESS_DATABASES },
    };
    return harness_main("test-batch", tests, sizeof tests / sizeof tests[0]);
}
