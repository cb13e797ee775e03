/* test-lesser.c: what the core does on databases that have less, shown by tests/lesser.c round real ones. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>

typedef struct Coin {
    int64_t number;
    int32_t cents;
} Coin;
SQLA_DECLARE(Coin);
/* A circle of three. */
typedef struct Paper { int64_t id; sqla_opt_i64 scissors_id; } Paper;
typedef struct Rock { int64_t id; sqla_opt_i64 paper_id; } Rock;
typedef struct Scissors { int64_t id; sqla_opt_i64 rock_id; } Scissors;
SQLA_DECLARE(Paper);
SQLA_DECLARE(Rock);
SQLA_DECLARE(Scissors);
SQLA_MODEL(Paper, "papers", SQLA_COLUMN(id, .primary_key = true), SQLA_FOREIGN_KEY(scissors_id, Scissors, id));
SQLA_MODEL(Rock, "rocks", SQLA_COLUMN(id, .primary_key = true), SQLA_FOREIGN_KEY(paper_id, Paper, id));
SQLA_MODEL(Scissors, "scissors", SQLA_COLUMN(id, .primary_key = true), SQLA_FOREIGN_KEY(rock_id, Rock, id));

/* One that points at itself, which is no circle of tables. */
typedef struct Worm { int64_t id; sqla_opt_i64 next_id; } Worm;
SQLA_DECLARE(Worm);
SQLA_MODEL(Worm, "worms", SQLA_COLUMN(id, .primary_key = true), SQLA_FOREIGN_KEY(next_id, Worm, id));

SQLA_MODEL(Coin, "coins", SQLA_COLUMN(number, .primary_key = true, .natural = true), SQLA_COLUMN(cents));

/* ---- what ran ------------------------------------------------------------------------------------------------------ */

typedef struct watch {
    int64_t blocks, singles, largest, smallest; /* statements with more rows than one; rows one by one; of a block */
    int statements, warnings;
    char warning[400];
} watch;

/* Rows of one statement, by the parentheses that open for them. */
static int64_t tuples(const char *sql)
{
    int64_t n = 0;
    for (const char *at = sql; (at = strstr(at, "(?")) != NULL; at++)
        n++;
    return n;
}

static void on_event(void *data, const sqla_event *event)
{
    watch *w = data;
    int64_t n = tuples(event->sql);
    w->statements++;
    if (event->rows == 0 || strstr(event->sql, "coins") == NULL)
        return;
    if (n < 2) {
        w->singles += event->rows;
        return;
    }
    w->blocks += event->rows / n;
    w->largest = n > w->largest ? n : w->largest;
    w->smallest = w->smallest == 0 || n < w->smallest ? n : w->smallest;
}

static void on_log(void *data, int level, const char *line)
{
    watch *w = data;
    if (level != 2)
        return;
    w->warnings++;
    snprintf(w->warning, sizeof w->warning, "%s", line);
}

/* A copy of the driver's file, so that it wraps anew. */
static sqla_engine *lesser(const char *url, const char *what, watch *w)
{
    static char others[4096];
    char command[9000], path[9000];
    const char *build = getenv("BUILD");
    snprintf(command, sizeof command, "cp '%s/tests/.libs/lesser.so' '%s/lesser.so'", build != NULL ? build : ".", harness_folder());
    CU_ASSERT_EQUAL_FATAL(system(command), 0);
    if (others[0] == '\0' && getenv("SQLA_PLUGIN_PATH") != NULL)
        snprintf(others, sizeof others, "%s", getenv("SQLA_PLUGIN_PATH"));
    snprintf(path, sizeof path, "%s:%s", harness_folder(), others);
    setenv("SQLA_PLUGIN_PATH", path, 1);
    setenv("SQLA_TEST_LESSER", what, 1);
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.wrap = "lesser", .on_event = on_event, .event_data = w,
        .events = SQLA_EVENT_EXECUTE, .log = on_log, .log_data = w), &err);
    CU_ASSERT_FATAL(is(&err, SQLA_OK));
    return db;
}

typedef struct bank {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_session *session;
} bank;

static bank open_bank(const char *url, const char *what, watch *w, sqla_error *err)
{
    bank b = { .db = lesser(url, what, w), .base = sqla_metadata_new(err) };
    sqla_metadata_add(b.base, SQLA_MODELS(Coin), err);
    harness_sql(url, "CREATE TABLE coins (number BIGINT NOT NULL PRIMARY KEY, cents INTEGER NOT NULL)");
    b.maker = sqla_sessionmaker_new(b.db, b.base, NULL, err);
    b.session = sqla_open(b.maker, err);
    CU_ASSERT_FATAL(is(err, SQLA_OK));
    return b;
}

static void close_bank(bank *b)
{
    sqla_close(b->session);
    sqla_sessionmaker_free(b->maker);
    sqla_metadata_free(b->base);
    sqla_engine_free(b->db);
}

static void add_coins(bank *b, int64_t n)
{
    for (int64_t i = 1; i <= n; i++)
        sqla_add(b->session, Coin, .number = i, .cents = 5);
}

/* ---- blocks -------------------------------------------------------------------------------------------------------- */

/* Fewer than least go one by one, and nothing else does. */
static bool in_blocks(watch *w, int64_t n, int64_t rows, int64_t least)
{
    bool ok = n < least ? w->blocks == 0 && w->singles == n :
              w->blocks > 0 && w->singles < least && w->largest <= rows && w->smallest >= least && (n < rows || w->largest == rows);
    if (!ok)
        fprintf(stderr, "%lld rows: %lld blocks of %lld to %lld, and %lld one by one\n", (long long)n, (long long)w->blocks,
            (long long)w->smallest, (long long)w->largest, (long long)w->singles);
    *w = (watch){ 0 };
    return ok;
}

static void blocks_begin_at_their_least_size(const char *url)
{
    static const int64_t counts[] = { 1, 3, 4, 5, 10, 50, 99, 100, 101, 250, 1003, 2500 };
    sqla_error err = SQLA_ERROR_INIT;
    watch w = { 0 };
    bank b = open_bank(url, "blocks=100,4", &w, &err);
    bool updates = !harness_is_mariadb(url); /* which has no such template */
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        int64_t n = counts[i];
        size_t count = 0;
        w = (watch){ 0 };
        add_coins(&b, n);
        CU_ASSERT_EQUAL(sqla_flush(b.session, &err), SQLA_OK);
        CU_ASSERT(in_blocks(&w, n, 100, 4));
        sqla_stmt *q = sqla_select(b.session, Coin);
        Coin **coins = sqla_all(q, Coin, &count, &err);
        CU_ASSERT_EQUAL_FATAL((int64_t)count, n);
        for (size_t k = 0; k < count; k++)
            coins[k]->cents = 10;
        w = (watch){ 0 };
        CU_ASSERT_EQUAL(sqla_flush(b.session, &err), SQLA_OK);
        CU_ASSERT(!updates || in_blocks(&w, n, 100, 4));
        for (size_t k = 0; k < count; k++)
            sqla_delete(b.session, coins[k]);
        w = (watch){ 0 };
        CU_ASSERT_EQUAL(sqla_flush(b.session, &err), SQLA_OK);
        CU_ASSERT(in_blocks(&w, n, 100, 4));
        sqla_stmt_free(q);
    }
    CU_ASSERT(is(&err, SQLA_OK));
    close_bank(&b);
}

/* A block takes no more parameters than a statement may have. */
static void blocks_keep_to_the_parameters(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    watch w = { 0 };
    bank b = open_bank(url, "blocks=100000,4", &w, &err);
    add_coins(&b, 70000);
    CU_ASSERT_EQUAL(sqla_commit(b.session, &err), SQLA_OK);
    CU_ASSERT(w.blocks > 0 && w.singles < 4 && w.largest <= (harness_is_mariadb(url) ? 65535 : 250000) / 2);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM coins"), 70000);
    close_bank(&b);
}

/* ---- rows without a name ------------------------------------------------------------------------------------------- */

/* One that cannot tell which row of a block was wrong says so, and among which it is. */
static void a_block_that_fails_says_between_which_rows(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    watch w = { 0 };
    bank b = open_bank(url, "blocks=10,2 rowless", &w, &err);
    harness_sql(url, "INSERT INTO coins (number, cents) VALUES (7, 1)");
    add_coins(&b, 25);
    CU_ASSERT_EQUAL(sqla_flush(b.session, &err), SQLA_ERR_UNIQUE);
    CU_ASSERT(is(&err, SQLA_ERR_UNIQUE));
    CU_ASSERT(says(&err, "cannot insert 'Coin' (one of 1 to "));
    CU_ASSERT(says(&err, " of 25; the driver cannot tell which): one of them is wrong"));
    CU_ASSERT_EQUAL(err.row, 0);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_rollback(b.session, &err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM coins"), 1);
    sqla_close(b.session);
    b.session = sqla_open(b.maker, &err);
    sqla_add(b.session, Coin, .number = 7, .cents = 2);
    CU_ASSERT_EQUAL(sqla_flush(b.session, &err), SQLA_ERR_UNIQUE); /* it can be no other */
    CU_ASSERT(says(&err, "cannot insert 'Coin' (1 of 1): "));
    CU_ASSERT_EQUAL(err.row, 1);
    close_bank(&b);
}

/* ---- circles of tables --------------------------------------------------------------------------------------------- */

static sqla_status keep_count(void *data, const char *sql, sqla_error *err)
{
    (void)err;
    *(int *)data += sql[0] != '\0';
    return SQLA_OK;
}

/* A circle that cannot be made is refused by name, before any table is there. */
static void circles_are_refused_before_the_first_table(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    watch w = { 0 };
    int statements = 0;
    sqla_engine *db = lesser(url, "orderly", &w);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Worm, Paper), &err);
    CU_ASSERT_EQUAL(sqla_metadata_create_all(base, db, &err), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT(is(&err, SQLA_ERR_UNSUPPORTED));
    CU_ASSERT(says(&err, "closes a circle of tables, which "));
    CU_ASSERT(says(&err, "papers") && says(&err, "_id'"));
    CU_ASSERT_EQUAL(w.statements, 0);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_metadata_create_sql(base, db, keep_count, &statements, &err), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(statements, 0);
    sqla_metadata_free(base);
    sqla_error_clear(&err);
    base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Worm), &err);
    CU_ASSERT_EQUAL(sqla_metadata_create_all(base, db, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT(harness_sql(url, "INSERT INTO worms (id) VALUES (1)"));
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

/* Tables that are there were made by somebody who could. */
static void circles_that_are_there_are_left_as_they_are(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    watch w = { 0 };
    sqla_engine *able = sqla_create_engine(url, NULL, &err), *db = lesser(url, "orderly", &w);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Paper), &err);
    CU_ASSERT_EQUAL(sqla_metadata_create_all(base, able, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_metadata_create_all(base, db, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_metadata_free(base);
    sqla_engine_free(db);
    sqla_engine_free(able);
}

/* The statements themselves look, where nobody tells what is there. */
static void tables_that_nobody_tells_of_are_made_once(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    watch w = { 0 };
    sqla_engine *db = lesser(url, "uncounted", &w);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Coin, Worm), &err);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(sqla_metadata_create_all(base, db, &err), SQLA_OK);
    CU_ASSERT(harness_sql(url, "INSERT INTO coins (number, cents) VALUES (1, 2)"));
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(sqla_metadata_drop_all(base, db, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_metadata_create_all(base, db, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM coins"), 0);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

/* ---- transactions -------------------------------------------------------------------------------------------------- */

static void what_cannot_refuse_writes_is_refused(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    watch w = { 0 };
    sqla_engine *db = lesser(url, "unguarded", &w);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.read_only = true), &err), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT(is(&err, SQLA_ERR_UNSUPPORTED));
    CU_ASSERT(says(&err, "no transactions that only read"));
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* ---- rows that nobody counts --------------------------------------------------------------------------------------- */

/* What is not known is no reason to refuse a flush; but it is said that changes of others go unnoticed. */
static void rows_that_nobody_counts_are_written(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    watch w = { 0 };
    bank b = open_bank(url, "uncounted", &w, &err);
    add_coins(&b, 3);
    CU_ASSERT_EQUAL(sqla_commit(b.session, &err), SQLA_OK);
    for (int i = 0; i < 2; i++) {
        Coin *coin = sqla_get(b.session, Coin, 2, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(coin);
        coin->cents += 10;
        CU_ASSERT_EQUAL(sqla_commit(b.session, &err), SQLA_OK);
    }
    sqla_delete(b.session, sqla_get(b.session, Coin, 3, &err));
    CU_ASSERT_EQUAL(sqla_commit(b.session, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT sum(cents) FROM coins"), 30);
    CU_ASSERT_EQUAL(w.warnings, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(w.warning, "does not count the rows"));
    close_bank(&b);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "blocks begin at their least size", blocks_begin_at_their_least_size, HARNESS_SQLITE | HARNESS_MARIADB },
        { "blocks keep to the parameters", blocks_keep_to_the_parameters, HARNESS_SQLITE | HARNESS_MARIADB },
        { "a block that fails says between which rows", a_block_that_fails_says_between_which_rows, HARNESS_DATABASES },
        { "circles are refused before the first table", circles_are_refused_before_the_first_table, HARNESS_DATABASES },
        { "circles that are there are left as they are", circles_that_are_there_are_left_as_they_are, HARNESS_DATABASES },
        { "tables that nobody tells of are made once", tables_that_nobody_tells_of_are_made_once, HARNESS_DATABASES },
        { "what cannot refuse writes is refused", what_cannot_refuse_writes_is_refused, HARNESS_DATABASES },
        { "rows that nobody counts are written", rows_that_nobody_counts_are_written, HARNESS_DATABASES },
    };
    return harness_main("test-lesser", tests, sizeof tests / sizeof tests[0]);
}
