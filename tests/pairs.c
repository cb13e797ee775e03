/* pairs.c: calls that run statements: for their effect, for rows, as streams, for many structs. See
 * pairs.h. */
#include <config.h>
#include "pairs.h"

#include <CUnit/CUnit.h>

#include "expect.h"

typedef struct Pair { int64_t id; int32_t n; const char *name; } Pair;
SQLA_DECLARE(Pair);
SQLA_MODEL(Pair, "pairs", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(n), SQLA_COLUMN(name));
/* The second row's name is too long for it. */
typedef struct Short { int64_t id; char name[6]; } Short;
SQLA_DECLARE(Short);
SQLA_ROW(Short, SQLA_COLUMN(id), SQLA_COLUMN(name));

struct pair_place pair;

/* ---- expectations ---------------------------------------------------------------------------- */

bool pair_good(bool ok, const char *what)
{
    if (!ok)
        fprintf(pair.told, "%s, after %s%s: %s; %s: %s\n", pair.now, pair.before,
                pair.inside ? ", in a transaction" : "", what, sqla_status_name(pair.err.status),
                pair.err.message);
    CU_ASSERT(ok);
    return ok;
}

/* What the call came to is as expected, in status and error alike; a connection that was lost lawfully
 * is made anew. */
bool pair_came(sqla_status expected, const char *what)
{
    sqla_status status = pair.err.status;
    if (status == SQLA_ERR_DISCONNECTED && pair.may_be_lost)
        pair.lost = true;
    bool ok = pair.lost || pair_good(status == expected, what);
    sqla_error_clear(&pair.err);
    return ok && !pair.lost;
}

bool pair_equal(int64_t got, int64_t expected, const char *what)
{
    return pair.lost || pair_good(got == expected, what);
}

void pair_added(int64_t rows, int64_t sum)
{
    pair.rows += rows;
    pair.sum += sum;
}

/* ---- statements ------------------------------------------------------------------------------ */

static void execute(void)
{
    sqla_execute(pair.conn, "INSERT INTO added (n, name) VALUES (:n, 'a')", sqla_params("n", 3), &pair.err);
    if (pair_came(SQLA_OK, "execute"))
        pair_added(1, 3);
}

static void execute_in_vain(void)
{
    const char *sql = "INSERT INTO pairs (id, n, name) VALUES (:id, 1, 'a')";
    sqla_execute(pair.conn, sql, sqla_params("id", 1), &pair.err);
    pair_came(SQLA_ERR_UNIQUE, "a row that is there already");
}

static void execute_without_its_parameter(void)
{
    sqla_execute(pair.conn, "INSERT INTO added (n, name) VALUES (:n, 'a')", NULL, &pair.err);
    pair_came(SQLA_ERR_MISUSE, "a parameter without a value");
}

static void exec_counts(const char *sql, int64_t expected)
{
    int64_t rows = -7;
    sqla_stmt *q = sqla_sql(pair.conn, sql);
    sqla_exec(q, &rows, &pair.err);
    sqla_stmt_free(q);
    if (pair_came(SQLA_OK, sql))
        pair_equal(rows, expected, sql);
}

static void update(void) { exec_counts("UPDATE pairs SET n = n WHERE id > 1", 3); }
static void update_nothing(void) { exec_counts("UPDATE pairs SET n = 0 WHERE id < 0", 0); }

static void delete_all(void)
{
    exec_counts("DELETE FROM added WHERE n > 0", pair.rows);
    if (!pair.lost)
        pair.rows = pair.sum = 0;
}

static void prepared(void)
{
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(pair.conn, "SELECT n FROM pairs WHERE id = :id"));
    for (int64_t id = 1; id <= 3; id++) {
        int64_t n = sqla_scalar_i64(sqla_bind(q, "id", id), &pair.err);
        if (pair_came(SQLA_OK, "a statement that is run again"))
            pair_equal(n, 10 * id, "its value");
    }
    sqla_stmt_free(q);
}

#define INSERT "INSERT INTO added (n, name) VALUES (:n, :name)"
static const Pair many[] = { { 0, 1, "a" }, { 0, 2, "b" }, { 0, 4, "c" } };

static void execute_many(void)
{
    int64_t rows = 0;
    sqla_execute_many(pair.conn, INSERT, Pair, many, 3, &rows, &pair.err);
    if (pair_came(SQLA_OK, "execute_many") && pair_equal(rows, 3, "its rows"))
        pair_added(3, 7);
}

/* All of them or none: inside of a transaction, which goes on, too. */
static void execute_many_in_vain(void)
{
    const Pair wrong[] = { { 0, 1, "a" }, { 0, -666, "b" }, { 0, 4, "c" } };
    int64_t rows = -7;
    sqla_execute_many(pair.conn, INSERT, Pair, wrong, 3, &rows, &pair.err);
    int64_t row = pair.err.row;
    pair_came(SQLA_ERR_CHECK, "a struct that a check refuses");
    pair_equal(row, 2, "the struct that failed");
    pair_equal(rows, -7, "rows");
}

static void script(void)
{
    const char *sql = "INSERT INTO added (n, name) VALUES (5, 'e'); SELECT 1; DELETE FROM added WHERE n < 0";
    sqla_execute_script(pair.conn, sql, &pair.err);
    if (pair_came(SQLA_OK, "a script"))
        pair_added(1, 5);
}

static void script_in_vain(void)
{
    sqla_execute_script(pair.conn, "SELECT 1; SELEKT 2", &pair.err);
    pair_came(SQLA_ERR_SQL, "a script with an error");
}

/* ---- rows ------------------------------------------------------------------------------------ */

#define ROWS "SELECT id, n, name FROM pairs ORDER BY id"

static bool is_row(int64_t i, int64_t id, int64_t n, const char *name)
{
    static const char *const names[] = { "one", "a long name", "", "four" };
    return i < 4 && id == i + 1 && n == 10 * (i + 1) && strcmp(name, names[i]) == 0;
}

static void each_row(void)
{
    int64_t i = 0;
    sqla_stmt *q = sqla_sql(pair.conn, ROWS);
    SQLA_EACH_ROW(row, q, &pair.err) {
        int64_t id = sqla_row_i64(row, "id", &pair.err), n = sqla_row_i64(row, "n", &pair.err);
        pair_good(is_row(i, id, n, sqla_row_text(row, "name", &pair.err)), "a row");
        i++;
    }
    sqla_stmt_free(q);
    if (pair_came(SQLA_OK, "rows"))
        pair_equal(i, 4, "the number of rows");
}

static void each_struct(void)
{
    int64_t i = 0;
    sqla_stmt *q = sqla_select(pair.conn, Pair);
    SQLA_EACH(Pair, p, sqla_order_by(q, sqla_col(Pair, id)), &pair.err) {
        pair_good(is_row(i, p->id, p->n, p->name), "a struct");
        i++;
    }
    sqla_stmt_free(q);
    if (pair_came(SQLA_OK, "structs"))
        pair_equal(i, 4, "the number of structs");
}

/* most: rows to read; what is left of them is left to the statement's end. */
static void stream_rows(int64_t most)
{
    int64_t i = 0;
    sqla_stmt *q = sqla_sql(pair.conn, ROWS);
    SQLA_STREAM_ROW(row, q, &pair.err) {
        int64_t id = sqla_row_i64(row, "id", &pair.err), n = sqla_row_i64(row, "n", &pair.err);
        pair_good(is_row(i, id, n, sqla_row_text(row, "name", &pair.err)), "a row of a stream");
        if (++i == most)
            break;
    }
    sqla_stmt_free(q);
    if (pair_came(SQLA_OK, "a stream"))
        pair_equal(i, most < 4 ? most : 4, "the number of its rows");
}

static void stream(void) { stream_rows(100); }
static void stream_left(void) { stream_rows(2); }

static void stream_of_structs_left(void)
{
    sqla_stmt *q = sqla_sql(pair.conn, ROWS);
    SQLA_STREAM(Pair, p, q, &pair.err) {
        pair_good(is_row(0, p->id, p->n, p->name), "a struct of a stream");
        break;
    }
    sqla_stmt_free(q);
    pair_came(SQLA_OK, "a stream of structs");
}

/* More rows than are on their way when it is left. */
static void long_stream_left(void)
{
    char sql[512];
    int n = 0;
    snprintf(sql, sizeof sql, "SELECT n FROM %s", harness_numbers(pair.url, 200000));
    sqla_stmt *q = sqla_sql(pair.conn, sql);
    SQLA_STREAM_ROW(row, q, &pair.err) {
        pair_good(sqla_row_i64(row, "n", &pair.err) > 0, "a row of a long stream");
        if (++n == 3)
            break;
    }
    sqla_stmt_free(q);
    pair_came(SQLA_OK, "a long stream");
}

static void stream_in_vain(void)
{
    int n = 0;
    sqla_stmt *q = sqla_sql(pair.conn, "SELECT id, name FROM pairs ORDER BY id");
    SQLA_STREAM(Short, p, q, &pair.err)
        n += p->id == 1;
    sqla_stmt_free(q);
    if (pair_came(SQLA_ERR_DATA, "a stream whose row does not fit"))
        pair_equal(n, 1, "the rows before it");
}

static void scalar(void)
{
    sqla_stmt *q = sqla_sql(pair.conn, "SELECT count(*) FROM pairs");
    int64_t n = sqla_scalar_i64(q, &pair.err);
    sqla_stmt_free(q);
    if (pair_came(SQLA_OK, "a scalar"))
        pair_equal(n, 4, "its value");
}

static void select_in_vain(void)
{
    sqla_stmt *q = sqla_sql(pair.conn, "SELECT nothing FROM pairs");
    (void)sqla_scalar_i64(q, &pair.err);
    sqla_stmt_free(q);
    pair_came(SQLA_ERR_SQL, "a query with an error");
}

const pair_call pair_statements[] = {
    { "execute", 0, HARNESS_DATABASES, execute },
    { "execute in vain", ENDS, HARNESS_DATABASES, execute_in_vain },
    { "execute without its parameter", 0, HARNESS_DATABASES, execute_without_its_parameter },
    { "an update", 0, HARNESS_DATABASES, update },
    { "an update of nothing", 0, HARNESS_DATABASES, update_nothing },
    { "a delete", 0, HARNESS_DATABASES, delete_all },
    { "a statement that is run again", 0, HARNESS_DATABASES, prepared },
    { "execute_many", 0, HARNESS_DATABASES, execute_many },
    { "execute_many in vain", 0, HARNESS_DATABASES, execute_many_in_vain },
    { "a script", 0, HARNESS_DATABASES, script },
    { "a script in vain", ENDS, HARNESS_DATABASES, script_in_vain },
    { "rows", 0, HARNESS_DATABASES, each_row },
    { "structs", 0, HARNESS_DATABASES, each_struct },
    { "a stream", 0, HARNESS_DATABASES, stream },
    { "a stream that is left", 0, HARNESS_DATABASES, stream_left },
    { "a stream of structs that is left", 0, HARNESS_DATABASES, stream_of_structs_left },
    { "a long stream that is left", ALONE, HARNESS_DATABASES, long_stream_left },
    { "a stream in vain", 0, HARNESS_DATABASES, stream_in_vain },
    { "a scalar", 0, HARNESS_DATABASES, scalar },
    { "a query in vain", ENDS, HARNESS_DATABASES, select_in_vain },
    { NULL, 0, 0, NULL },
};
