/* test-pairs.c: no state of one call reaches the next one on the same connection: each kind of call of the
 * public interface after each other one, outside of transactions and in one, does what it does alone. */
#include <config.h>
#include "pairs.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <unistd.h>

#include "expect.h"
#include "shop.h"

/* ---- pairs ----------------------------------------------------------------------------------- */

enum { CALLS = 60 };
static struct { const pair_call *calls[CALLS]; size_t count; } pairs;

static void choose(const pair_call *list, int database)
{
    for (; list->name != NULL && pairs.count < CALLS; list++) {
        if ((list->on & database) != 0)
            pairs.calls[pairs.count++] = list;
    }
}

static void set_up(const char *url, const char *piece)
{
    bool postgres = harness_is_postgres(url), mariadb = harness_is_mariadb(url);
    int database = postgres ? HARNESS_POSTGRES : mariadb ? HARNESS_MARIADB : HARNESS_SQLITE;
    memset(&pair, 0, sizeof pair);
    pair.told = stderr;
    pairs.count = 0;
    choose(pair_statements, database);
    choose(pair_sessions, database);
    harness_sql(url, "CREATE TABLE pairs (id BIGINT PRIMARY KEY, n INTEGER NOT NULL, "
                     "name VARCHAR(40) NOT NULL)");
    harness_sql(url, "INSERT INTO pairs VALUES (1, 10, 'one'), (2, 20, 'a long name'), (3, 30, ''), "
                     "(4, 40, 'four')");
    harness_sql(url, "CREATE TABLE added (n INTEGER NOT NULL CHECK (n <> -666), name VARCHAR(40))");
    pair.url = url;
    pair.db = sqla_create_engine(with_query(url, piece), NULL, &pair.err);
    CU_ASSERT(is(&pair.err, SQLA_OK));
    pair.conn = sqla_connect(pair.db, &pair.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pair.conn);
}

static void tear_down(void)
{
    sqla_conn_close(pair.conn);
    sqla_engine_free(pair.db);
}

static void make(const pair_call *call, const pair_call *before, bool followed)
{
    pair.now = call->name;
    pair.before = before != NULL ? before->name : "nothing";
    pair.may_be_lost = before != NULL && (before->where & MAY_LOSE) != 0;
    pair.followed = followed;
    call->run();
}

/* After a connection that was lost, or may have been. */
static void take_another(void)
{
    sqla_conn_invalidate(pair.conn);
    sqla_conn_close(pair.conn);
    pair.lost = pair.inside = false;
    sqla_error_clear(&pair.err);
    pair.conn = sqla_connect(pair.db, &pair.err);
    CU_ASSERT(is(&pair.err, SQLA_OK));
}

static void check_table(const char *what)
{
    int64_t rows = harness_sql_int(pair.url, "SELECT count(*) FROM added");
    int64_t sum = harness_sql_int(pair.url, "SELECT sum(n) FROM added");
    if (rows != pair.rows || (rows > 0 && sum != pair.sum))
        fprintf(pair.told, "after the pairs with %s: %lld rows instead of %lld\n", what, (long long)rows,
                (long long)pair.rows);
    CU_ASSERT(rows == pair.rows && (rows == 0 || sum == pair.sum));
    pair.rows = rows;
    pair.sum = sum;
}

/* a, a, b, a, c, a ...: each pair of a with those after it, both ways round. */
static void walk(size_t a)
{
    const pair_call *first = pairs.calls[a], *before = NULL;
    for (size_t b = a; b < pairs.count; b++) {
        const pair_call *other = pairs.calls[b];
        if ((other->where & INSIDE) != 0)
            continue;
        if (before == NULL)
            make(first, NULL, true);
        make(other, first, true);
        make(first, other, true);
        before = pair.lost ? NULL : first;
        if (pair.lost)
            take_another();
    }
    if ((first->where & MAY_LOSE) != 0) /* the last call was this one */
        take_another();
    check_table(first->name);
}

static void pairs__outside_of_transactions(const char *url)
{
    set_up(url, "pool_size=1&max_overflow=0");
    for (size_t a = 0; a < pairs.count; a++) {
        if ((pairs.calls[a]->where & INSIDE) == 0)
            walk(a);
    }
    tear_down();
}

/* What a call that ends the transaction has left is rolled back. */
static void end_inside(bool to_commit, const struct pair_place *since)
{
    if (to_commit)
        pair_commit();
    else
        pair_rollback();
    pair.inside = false;
    if (!to_commit || pair.lost) {
        pair.rows = since->rows;
        pair.sum = since->sum;
    }
}

static void make_inside(const pair_call *a, const pair_call *b, bool to_commit)
{
    const struct pair_place since = pair;
    pair.now = "begin";
    pair.before = "a transaction before";
    if (!pair_begin(NULL))
        return;
    pair.inside = true;
    make(a, NULL, true);
    if ((a->where & ENDS) != 0) {
        pair.may_be_lost = (a->where & MAY_LOSE) != 0;
        end_inside(false, &since);
    }
    if (!pair.lost && (pair.inside || (b->where & INSIDE) == 0))
        make(b, a, false);
    if (pair.inside)
        end_inside(to_commit && (b->where & ENDS) == 0, &since);
    if (pair.lost || ((a->where | b->where) & MAY_LOSE) != 0)
        take_another();
}

static void pairs__in_a_transaction(const char *url)
{
    set_up(url, "pool_size=1&max_overflow=0");
    for (size_t a = 0; a < pairs.count; a++) {
        for (size_t b = 0; b < pairs.count; b++) {
            const pair_call *first = pairs.calls[a], *second = pairs.calls[b];
            if (((first->where | second->where) & ALONE) == 0)
                make_inside(first, second, (a + b) % 2 == 0);
        }
        check_table(pairs.calls[a]->name);
    }
    tear_down();
}

/* With a driver around the database's own that shows each call, which nobody is to read here. */
static void pairs__through_a_wrapping_driver(const char *url)
{
    set_up(url, "pool_size=1&max_overflow=0&wrap=trace");
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    pair.told = kept >= 0 ? fdopen(kept, "w") : NULL;
    CU_ASSERT_FATAL(pair.told != NULL && null >= 0 && dup2(null, STDERR_FILENO) == STDERR_FILENO);
    for (size_t a = 0; a < pairs.count; a++) {
        if ((pairs.calls[a]->where & (INSIDE | MAY_LOSE)) == 0)
            walk(a);
    }
    tear_down();
    dup2(kept, STDERR_FILENO);
    fclose(pair.told);
    close(null);
}

/* ---- a session ------------------------------------------------------------------------------- */

/* The flush takes its keys from where the loop took its rows. */
static void flush__returns_its_keys_after_a_loop(const char *url)
{
    shop x;
    shop_open(&x, url);
    for (int round = 1; round <= 4; round++) {
        Node *a = sqla_add(x.s, Node, .label = "a"), *b = sqla_add(x.s, Node, .label = "b");
        CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT(a->id > 0 && b->id == a->id + 1);
        int n = 0;
        SQLA_EACH(Node, node, sqla_select(x.s, Node), &x.err)
            n += node->label[0] == 'a' || node->label[0] == 'b';
        CU_ASSERT_EQUAL(n, 2 * round);
        CU_ASSERT(is(&x.err, SQLA_OK));
    }
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM nodes"), 8);
    shop_close(&x);
}

/* The first statement that a batch sends comes after a stream, whatever road the batch takes. */
static void flush__returns_its_keys_after_a_stream_that_was_left(const char *url)
{
    shop x;
    shop_open(&x, url);
    for (int round = 1; round <= 4; round++) {
        Node *a = sqla_add(x.s, Node, .label = "a"), *b = sqla_add(x.s, Node, .label = "b");
        CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT(b->id == a->id + 1);
        sqla_stmt *q = sqla_select(x.s, Node);
        SQLA_STREAM(Node, node, q, &x.err) {
            CU_ASSERT(node->id > 0);
            break;
        }
        sqla_stmt_free(q);
        CU_ASSERT(is(&x.err, SQLA_OK));
    }
    shop_close(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "pairs outside of transactions", pairs__outside_of_transactions, HARNESS_DATABASES },
        { "pairs in a transaction", pairs__in_a_transaction, HARNESS_DATABASES },
        { "pairs through a wrapping driver", pairs__through_a_wrapping_driver, HARNESS_DATABASES },
        { "a flush returns its keys after a loop", flush__returns_its_keys_after_a_loop, HARNESS_DATABASES },
        { "a flush returns its keys after a stream that was left",
          flush__returns_its_keys_after_a_stream_that_was_left, HARNESS_DATABASES },
    };
    return harness_main("test-pairs", tests, sizeof tests / sizeof tests[0]);
}
