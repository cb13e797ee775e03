/* test-statements.c: how long statements live, what they leave behind, and what becomes of one that is
 * used too late. Memory is counted in bytes, at the core's door to the heap. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "harness.h"
#include "shop.h"

typedef struct Pair { int64_t n; const char *word; } Pair;
SQLA_DECLARE(Pair);
SQLA_ROW(Pair, SQLA_COLUMN(n), SQLA_COLUMN(word));

/* ---- memory -------------------------------------------------------------------------------------------- */

enum { BUCKETS = 1 << 16 };
typedef struct block { struct block *next; uintptr_t at; size_t size; } block;
static struct {
    pthread_mutex_t lock;
    block *buckets[BUCKETS];
    size_t bytes;
} ledger = { .lock = PTHREAD_MUTEX_INITIALIZER };

static block **place_of(uintptr_t at)
{
    block **place = &ledger.buckets[(at >> 4) % BUCKETS];
    while (*place != NULL && (*place)->at != at)
        place = &(*place)->next;
    return place;
}

static void note(uintptr_t at, size_t size, bool goes)
{
    pthread_mutex_lock(&ledger.lock);
    block **place = place_of(at), *b = *place;
    if (!goes) {
        b = malloc(sizeof *b);
        *b = (block){ NULL, at, size };
        *place = b;
        ledger.bytes += size;
    } else if (b != NULL) { /* and not one from before the test */
        ledger.bytes -= b->size;
        *place = b->next;
        free(b);
    }
    pthread_mutex_unlock(&ledger.lock);
}

/* In bytes: what the core has now, of what it took since the test began. */
static size_t held(void)
{
    pthread_mutex_lock(&ledger.lock);
    size_t bytes = ledger.bytes;
    pthread_mutex_unlock(&ledger.lock);
    return bytes;
}

/* Is as much held as before? */
static bool same(size_t before)
{
    size_t now = held();
    if (now != before)
        fprintf(stderr, "%zu bytes, and before it were %zu\n", now, before);
    return now == before;
}

/* As often as n, which is for a database without a way to its server, and for a machine that is one. */
static int often(const char *url, int n)
{
    return (harness_sqlite_path(url) != NULL ? n : n / 20) / (harness_is_emulated() ? 20 : 1);
}

/* ---- the place ----------------------------------------------------------------------------------------- */

/* Three users, of which two are older than 30. */
static void set_up(shop *x, const char *url)
{
    sqla__alloc_watch(note);
    shop_open(x, url);
    sqla_add(x->s, User, .name = "ann", .age = SQLA_SOME(20));
    sqla_add(x->s, User, .name = "bob", .age = SQLA_SOME(40));
    sqla_add(x->s, User, .name = "cid", .age = SQLA_SOME(50));
    CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);
    for (int i = 0; i < 40; i++) /* handles of connections stay known for a while, each with its memory */
        sqla_conn_close(sqla_connect(x->db, &x->err));
}

static void tear_down(shop *x)
{
    CU_ASSERT(is(&x->err, SQLA_OK));
    shop_close(x);
    sqla__alloc_watch(NULL);
}

#define OLD(on) sqla_where(sqla_select((on), User), sqla_gt(sqla_col(User, age), 30))
#define COUNT(on) sqla_select_cols((on), sqla_count(sqla_col(User, id)))
#define NUMBERS "SELECT 1 AS n, 'one' AS word UNION ALL SELECT 2, 'two' UNION ALL SELECT 3, 'three'"

/* Has it ended? Whatever runs it says so, and nothing is run. */
static bool has_ended(sqla_stmt *q)
{
    sqla_error err = SQLA_ERROR_INIT;
    bool ok = sqla_exec(q, NULL, &err) == SQLA_ERR_MISUSE && says(&err, "it has ended");
    if (!ok)
        fprintf(stderr, "%s: %s\n", sqla_status_name(err.status), err.message);
    return ok && strstr(err.hint, "sqla_stmt_keep") != NULL;
}

/* ---- nothing is left ----------------------------------------------------------------------------------- */

/* All ways to run what is written inline, as a server does it for years. */
static void work_on_engine(shop *x, int i)
{
    int64_t n = 0;
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla_scalar_i64(COUNT(x->db), &x->err), 3);
    if (i % 20 != 0)
        return;
    SQLA_EACH(User, u, OLD(x->db), &x->err)
        n += u->age.value;
    SQLA_EACH_ROW(row, sqla_sql(x->db, NUMBERS), &x->err) {
        n += sqla_row_i64(row, "n", &x->err);
        break;
    }
    SQLA_STREAM(Pair, p, sqla_sql(x->db, NUMBERS), &x->err)
        n += p->n;
    SQLA_STREAM_ROW(row, sqla_sql(x->db, NUMBERS), &x->err)
        break;
    CU_ASSERT_EQUAL(n, 90 + 1 + 6);
    CU_ASSERT_EQUAL(sqla_exec(sqla_sql(x->db, "DELETE FROM users WHERE id = -1"), NULL, &x->err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_scalar_f64(sqla_limit(COUNT(x->db), -1), &err), 0); /* and all that fails */
    CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
    CU_ASSERT_EQUAL(sqla_exec(sqla_sql(x->db, "SELECT nothing"), NULL, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(sqla_exec(sqla_sql(x->db, NULL), NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_PTR_NULL(sqla_scalar_text(COUNT(x->db), NULL));
    SQLA_STREAM(User, u, sqla_selectin(OLD(x->db), User, addresses), NULL)
        n++;
}

static void engine__keeps_nothing(const char *url)
{
    shop x;
    set_up(&x, url);
    for (int i = 0; i < 100; i++)
        work_on_engine(&x, i);
    size_t before = held();
    for (int i = 0; i < often(url, 100000); i++)
        work_on_engine(&x, i);
    CU_ASSERT(same(before));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).out, 0);
    tear_down(&x);
}

static void work_in_session(shop *x)
{
    int64_t n = 0;
    SQLA_EACH(User, u, OLD(x->s), &x->err)
        n += u->age.value;
    CU_ASSERT_EQUAL(n, 90);
}

/* Until the commit a SELECT with a condition, run, is a few hundred bytes; and after it nothing. */
static void session__keeps_little_until_the_commit(const char *url)
{
    shop x;
    set_up(&x, url);
    const int n = often(url, 100000);
    size_t before = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < n; i++) {
            work_in_session(&x);
            if (i == 0)
                before = held(); /* the transaction is open */
        }
        size_t each = (held() - before) / (size_t)(n - 1);
        CU_ASSERT(each > 0 && each <= 600);
        if (each > 600)
            fprintf(stderr, "%zu bytes each\n", each);
        CU_ASSERT_EQUAL(round == 2 ? sqla_rollback(x.s, &x.err) : sqla_commit(x.s, &x.err), SQLA_OK);
        if (round > 0)
            CU_ASSERT(held() <= before);
    }
    tear_down(&x);
}

static void session__with_commits_keeps_nothing(const char *url)
{
    shop x;
    set_up(&x, url);
    size_t before = 0;
    for (int i = 0; i < often(url, 100000); i++) {
        work_in_session(&x);
        CU_ASSERT_EQUAL(sqla_scalar_i64(COUNT(x.s), &x.err), 3);
        CU_ASSERT_PTR_NOT_NULL(sqla_first(OLD(x.s), User, &x.err)); /* the object is the session's */
        if (i % 10 == 9)
            CU_ASSERT_EQUAL(i % 20 == 9 ? sqla_commit(x.s, &x.err) : sqla_rollback(x.s, &x.err), SQLA_OK);
        if (i == 99)
            before = held();
    }
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(same(before));
    tear_down(&x);
}

/* Statements that never reached the database end too, although no transaction does. */
static void session__failures_leave_nothing(const char *url)
{
    shop x;
    set_up(&x, url);
    size_t before = 0;
    for (int i = 0; i < often(url, 10000); i++) {
        CU_ASSERT_EQUAL(sqla_scalar_i64(sqla_limit(COUNT(x.s), -1), NULL), 0);
        CU_ASSERT_EQUAL(sqla_exec(sqla_sql(x.s, NULL), NULL, NULL), SQLA_ERR_MISUSE);
        CU_ASSERT_EQUAL(i % 2 == 0 ? sqla_commit(x.s, &x.err) : sqla_rollback(x.s, &x.err), SQLA_OK);
        if (i == 9)
            before = held();
    }
    CU_ASSERT(same(before));
    tear_down(&x);
}

/* With and without transactions, the program's own raw ones too. */
static void connection__keeps_nothing(const char *url)
{
    shop x;
    set_up(&x, url);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    size_t before = 0;
    for (int i = 0; i < often(url, 20000); i++) {
        int64_t n = 0;
        if (i % 4 == 1)
            sqla_conn_begin(conn, &x.err);
        if (i % 4 == 2)
            sqla_execute(conn, "BEGIN", NULL, &x.err);
        if (i % 4 == 3)
            sqla_conn_begin_with(conn, SQLA_TXN_OPTIONS(.isolation = SQLA_AUTOCOMMIT), &x.err);
        CU_ASSERT_EQUAL(sqla_scalar_i64(COUNT(conn), &x.err), 3);
        SQLA_STREAM(User, u, OLD(conn), &x.err) {
            n += u->age.value;
            break;
        }
        SQLA_EACH(User, u, OLD(conn), &x.err)
            n += u->age.value;
        CU_ASSERT(n == 130 || n == 140);
        if (i % 4 == 2)
            sqla_execute(conn, "COMMIT", NULL, &x.err);
        else if (i % 8 > 4)
            sqla_conn_commit(conn, i % 4 == 0 ? NULL : &x.err);
        else
            sqla_conn_rollback(conn, &x.err);
        if (i == 99)
            before = held();
    }
    CU_ASSERT(same(before));
    sqla_conn_close(conn);
    tear_down(&x);
}

/* A kept statement takes no more for being run again with other values, or shown. */
static void kept__does_not_grow(const char *url)
{
    shop x;
    set_up(&x, url);
    const bool post = harness_is_postgres(url);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(x.s, "SELECT count(*) FROM users WHERE name = :name"));
    sqla_stmt *places = sqla_sql_untouched(x.s, post ? "SELECT count(*) FROM users WHERE name = $1"
                                                     : "SELECT count(*) FROM users WHERE name = ?");
    sqla_stmt_keep(places);
    size_t before = 0;
    for (int i = 0; i < often(url, 20000); i++) {
        char text[1000] = "bob";
        if (i % 3 > 0)
            memset(text, 'x', 100 * (size_t)(i % 9));
        CU_ASSERT_EQUAL(sqla_scalar_i64(sqla_bind(q, "name", (const char *)text), &x.err), i % 3 == 0);
        CU_ASSERT_EQUAL(sqla_scalar_i64(sqla_bind_at(places, 1, (const char *)text), &x.err), i % 3 == 0);
        CU_ASSERT_PTR_NOT_NULL(sqla_stmt_text(q, &x.err));
        if (i % 9 == 8)
            CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        if (i == 98)
            before = held();
        if (i % 9 == 8 && i > 98)
            CU_ASSERT(same(before));
    }
    tear_down(&x);
}

/* ---- the end of a statement ---------------------------------------------------------------------------- */

static void session__ends_them_with_the_transaction(const char *url)
{
    shop x;
    set_up(&x, url);
    for (int way = 0; way < 2; way++) {
        sqla_stmt *q = OLD(x.s), *kept = sqla_stmt_keep(OLD(x.s)), *unrun = COUNT(x.s);
        for (int again = 0; again < 2; again++) {
            CU_ASSERT_EQUAL(sqla_exec(q, NULL, &x.err), SQLA_OK);
            CU_ASSERT_EQUAL(sqla_exec(kept, NULL, &x.err), SQLA_OK);
        }
        sqla_savepoint *sp = sqla_begin_nested(x.s, &x.err);
        CU_ASSERT_EQUAL(sqla_savepoint_rollback(sp, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_exec(q, NULL, &x.err), SQLA_OK); /* a savepoint ends nothing */
        CU_ASSERT_EQUAL(way == 0 ? sqla_commit(x.s, &x.err) : sqla_rollback(x.s, &x.err), SQLA_OK);
        CU_ASSERT(has_ended(q));
        CU_ASSERT(has_ended(sqla_stmt_keep(q))); /* too late */
        CU_ASSERT(has_ended(sqla_where(q, sqla_eq(sqla_col(User, age), 3))));
        CU_ASSERT_EQUAL(sqla_exec(kept, NULL, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_scalar_i64(unrun, &x.err), 3); /* it had not run */
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        CU_ASSERT(has_ended(unrun));
        CU_ASSERT_EQUAL(sqla_exec(kept, NULL, &x.err), SQLA_OK);
        sqla_stmt_free(q); /* does nothing */
        sqla_stmt_free(kept);
        CU_ASSERT(has_ended(kept));
        sqla_stmt_free(kept);
    }
    tear_down(&x);
}

static void engine__ends_them_with_their_run(const char *url)
{
    shop x;
    set_up(&x, url);
    sqla_error err = SQLA_ERROR_INIT;
    sqla_stmt *q = COUNT(x.db), *kept = sqla_stmt_keep(COUNT(x.db));
    sqla_stmt *failed = sqla_sql(x.db, "SELECT nothing");
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 3);
    CU_ASSERT(has_ended(q));
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &err), 0);
    CU_ASSERT(is(&err, SQLA_ERR_MISUSE));
    CU_ASSERT_EQUAL(sqla_exec(failed, NULL, NULL), SQLA_ERR_SQL);
    CU_ASSERT(has_ended(failed));
    for (int again = 0; again < 3; again++)
        CU_ASSERT_EQUAL(sqla_scalar_i64(kept, &x.err), 3);
    q = sqla_sql(x.db, NUMBERS);
    SQLA_EACH_ROW(row, q, &x.err)
        CU_ASSERT_PTR_NOT_NULL(sqla_stmt_text(q, &x.err)); /* it is there as long as its loop */
    CU_ASSERT(has_ended(q));
    SQLA_EACH(Pair, p, q, NULL)
        CU_FAIL("there is no row");
    SQLA_STREAM(Pair, p, q, NULL)
        CU_FAIL("there is no row");
    CU_ASSERT_PTR_NULL(sqla_stmt_text(q, NULL));
    sqla_engine *other = sqla_create_engine(url, NULL, &x.err);
    sqla_stmt *last = sqla_stmt_keep(sqla_sql(other, "SELECT 1"));
    sqla_engine_free(other);
    CU_ASSERT(has_ended(last));
    tear_down(&x);
}

/* In a transaction they live as long as that, whoever began it; else they end with their run. */
static void connection__ends_them_with_the_transaction(const char *url)
{
    shop x;
    set_up(&x, url);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    sqla_stmt *q = COUNT(conn);
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 3);
    CU_ASSERT(has_ended(q));
    for (int way = 0; way < 3; way++) {
        q = COUNT(conn);
        if (way < 2)
            sqla_conn_begin(conn, &x.err);
        else
            sqla_execute(conn, "BEGIN", NULL, &x.err);
        CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 3);
        CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 3);
        if (way == 0)
            sqla_conn_commit(conn, &x.err);
        else if (way == 1)
            sqla_conn_rollback(conn, &x.err);
        else
            sqla_execute(conn, "COMMIT", NULL, &x.err);
        CU_ASSERT(has_ended(q));
    }
    q = sqla_stmt_keep(COUNT(conn));
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 3);
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 3);
    sqla_conn_close(conn);
    CU_ASSERT(has_ended(q));
    tear_down(&x);
}

static void owner__closed_ends_all(const char *url)
{
    shop x;
    set_up(&x, url);
    sqla_session *s = sqla_open(x.maker, &x.err);
    sqla_stmt *q = OLD(s), *kept = sqla_stmt_keep(OLD(s)), *unrun = OLD(s);
    CU_ASSERT_PTR_NOT_NULL(sqla_first(q, User, &x.err));
    CU_ASSERT_PTR_NOT_NULL(sqla_all(kept, User, NULL, &x.err));
    sqla_close(s);
    CU_ASSERT(has_ended(q) && has_ended(kept) && has_ended(unrun));
    sqla_stmt_free(q);
    sqla_stmt_free(kept);
    sqla_bool_expr rule = sqla_keep(q, sqla_gt(sqla_col(User, age), 30));
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla_exec(sqla_where(sqla_select(x.s, User), rule), NULL, &err), SQLA_ERR_MISUSE);
    tear_down(&x);
}

/* However many come after it, a handle is never that of another statement. */
static void handle__stays_the_one_it_was(const char *url)
{
    shop x;
    set_up(&x, url);
    sqla_stmt *first = COUNT(x.db), *second = COUNT(x.db);
    CU_ASSERT_EQUAL(sqla_scalar_i64(first, &x.err), 3);
    sqla_stmt_free(second);
    bool again = false;
    for (int i = 0; i < often(url, 1000000); i++) {
        sqla_stmt *q = sqla_sql(x.db, "SELECT 1");
        again = again || q == first || q == second;
        sqla_stmt_free(q);
    }
    CU_ASSERT(!again);
    CU_ASSERT(has_ended(first) && has_ended(second));
    CU_ASSERT(has_ended((sqla_stmt *)&x) && has_ended((sqla_stmt *)UINTPTR_MAX)); /* nor are these any */
    tear_down(&x);
}

/* ---- loops --------------------------------------------------------------------------------------------- */

static int64_t first_number(sqla_conn *conn, sqla_stmt *q, sqla_error *err)
{
    SQLA_STREAM_ROW(row, q != NULL ? q : sqla_sql(conn, NUMBERS), err)
        return sqla_row_i64(row, "n", err);
    return -1;
}

static void loop__left_early_lets_go(const char *url)
{
    shop x;
    set_up(&x, url);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    sqla_stmt *kept = sqla_stmt_keep(sqla_sql(conn, NUMBERS));
    CU_ASSERT_EQUAL(first_number(conn, NULL, &x.err), 1); /* were it open, the next would be BUSY */
    size_t before = 0;
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(first_number(conn, NULL, &x.err), 1);
        SQLA_STREAM(Pair, a, sqla_sql(conn, NUMBERS), &x.err)
            goto out;
out:
        SQLA_STREAM(Pair, a, sqla_sql(conn, NUMBERS), &x.err)
            if (a->n == 2)
                break;
        SQLA_EACH_ROW(row, sqla_sql(conn, NUMBERS), &x.err) {
            if (sqla_row_i64(row, "n", &x.err) < 3)
                continue;
            break;
        }
        CU_ASSERT_EQUAL(sqla_execute(conn, "DELETE FROM users WHERE id = -1", NULL, &x.err), SQLA_OK);
        if (i == 4) /* all texts are prepared by then */
            before = held();
    }
    CU_ASSERT(same(before));
    CU_ASSERT_EQUAL(first_number(conn, kept, &x.err), 1);
    CU_ASSERT_EQUAL(first_number(conn, kept, &x.err), 1);
    sqla_conn_close(conn);
    for (int i = 0; i < 3; i++) {
        SQLA_STREAM(Pair, a, sqla_sql(x.db, NUMBERS), &x.err)
            break;
        CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).out, 0);
    }
    tear_down(&x);
}

/* The body does what it likes to the transaction; the loop goes on, and the statement ends with it. */
static void loop__goes_on_after_a_commit(const char *url)
{
    shop x;
    set_up(&x, url);
    sqla_stmt *q = OLD(x.s);
    int seen = 0;
    SQLA_EACH(User, u, q, &x.err) {
        u->age.value++;
        CU_ASSERT_EQUAL(seen++ == 0 ? sqla_commit(x.s, &x.err) : sqla_rollback(x.s, &x.err), SQLA_OK);
        CU_ASSERT_PTR_NOT_NULL(sqla_stmt_text(q, &x.err));
    }
    CU_ASSERT_EQUAL(seen, 2);
    CU_ASSERT(has_ended(q));
    q = OLD(x.s);
    seen = 0;
    SQLA_EACH(User, u, q, &x.err) {
        sqla_commit(x.s, &x.err);
        seen++;
        SQLA_EACH_ROW(row, q, &x.err) /* run again, in a transaction that is not over; the outer loop ends */
            seen += 10;
    }
    CU_ASSERT_EQUAL(seen, 21);
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &x.err), SQLA_OK);
    SQLA_EACH_ROW(row, sqla_sql(x.s, NUMBERS), &x.err) {
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        CU_ASSERT_PTR_NOT_NULL(sqla_row_text(row, "word", &x.err));
    }
    tear_down(&x);
}

static void loop__whose_owner_goes(const char *url)
{
    shop x;
    set_up(&x, url);
    int seen = 0;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_session *s = sqla_open(x.maker, &x.err);
    SQLA_EACH(User, u, OLD(s), &err) {
        sqla_close(s);
        seen++;
    }
    CU_ASSERT(seen == 1 && is(&err, SQLA_ERR_MISUSE));
    sqla_error_clear(&err);
    sqla_stmt *q = sqla_sql(x.db, NUMBERS);
    SQLA_STREAM_ROW(row, q, &err) {
        sqla_stmt_free(q);
        seen++;
    }
    CU_ASSERT(seen == 2 && is(&err, SQLA_ERR_MISUSE));
    sqla_error_clear(&err);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    SQLA_EACH_ROW(row, sqla_sql(conn, NUMBERS), &err) {
        sqla_conn_close(conn);
        seen++;
    }
    CU_ASSERT(seen == 3 && is(&err, SQLA_ERR_MISUSE));
    tear_down(&x);
}

/* ---- what a run gives ---------------------------------------------------------------------------------- */

/* A list that was read before a commit is printed after it, and after the next. */
static void given__outlives_the_statement(const char *url)
{
    shop x;
    set_up(&x, url);
    size_t before = 0, n = 0;
    for (int round = 0; round < 6; round++) {
        sqla_stmt *all = OLD(x.s), *pairs = sqla_sql(x.s, NUMBERS), *text = sqla_sql(x.s, "SELECT 'a word'"),
            *one = sqla_sql(x.s, "SELECT 7 AS n, 'seven' AS word");
        User **users = sqla_all(all, User, &n, &x.err);
        Pair **list = sqla_all(pairs, Pair, NULL, &x.err), *seven = sqla_one(one, Pair, &x.err);
        const char *word = sqla_scalar_text(text, &x.err);
        CU_ASSERT_FATAL(n == 2 && list != NULL && seven != NULL && word != NULL);
        for (size_t i = 0; i < n; i++) {
            users[i]->age.value++;
            CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        }
        CU_ASSERT(has_ended(all) && has_ended(pairs) && has_ended(text) && has_ended(one));
        CU_ASSERT(strcmp(users[1]->name, "cid") == 0 && users[2] == NULL);
        CU_ASSERT(strcmp(list[2]->word, "three") == 0 && strcmp(seven->word, "seven") == 0);
        CU_ASSERT_STRING_EQUAL(word, "a word");
        sqla_stmt_free(all);
        sqla_stmt_free(pairs);
        sqla_stmt_free(text);
        sqla_stmt_free(one);
        if (round == 3)
            before = held();
    }
    CU_ASSERT(same(before));
    sqla_stmt *q = OLD(x.s); /* an expression of a statement that has ended is still one */
    sqla_bool_expr rule = sqla_or(sqla_gt(sqla_col(User, age), 30), sqla_eq(sqla_col(User, name), "ann"));
    rule = sqla_keep(q, rule);
    CU_ASSERT_EQUAL(sqla_exec(q, NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_scalar_i64(sqla_where(COUNT(x.s), rule), &x.err), 3);
    tear_down(&x);
}

static void given__outlives_its_run_on_a_connection(const char *url)
{
    shop x;
    set_up(&x, url);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    sqla_stmt *q = sqla_sql(conn, NUMBERS);
    Pair **list = sqla_all(q, Pair, NULL, &x.err);
    const char *word = sqla_scalar_text(sqla_sql(conn, "SELECT 'a word'"), &x.err);
    CU_ASSERT_FATAL(list != NULL && word != NULL);
    CU_ASSERT(has_ended(q));
    CU_ASSERT(strcmp(list[0]->word, "one") == 0 && strcmp(word, "a word") == 0);
    sqla_conn_close(conn);
    tear_down(&x);
}

/* On an engine it would be gone before it could be looked at. */
static void given__needs_a_kept_statement_on_an_engine(const char *url)
{
    shop x;
    set_up(&x, url);
    size_t n = 5;
    for (int way = 0; way < 4; way++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_stmt *q = way == 0 ? sqla_sql(x.db, "SELECT 'a word'") : OLD(x.db);
        const void *given = way == 0 ? (const void *)sqla_scalar_text(q, &err)
                          : way == 1 ? (void *)sqla_all(q, User, &n, &err)
                          : way == 2 ? (void *)sqla_first(q, User, &err) : (void *)sqla_one(q, User, &err);
        CU_ASSERT(given == NULL && is(&err, SQLA_ERR_MISUSE) && says(&err, "a statement ends with its run"));
        CU_ASSERT(strstr(err.hint, "sqla_stmt_keep(q)") != NULL);
        CU_ASSERT(has_ended(q));
    }
    CU_ASSERT_EQUAL(n, 5);
    sqla_stmt *q = sqla_stmt_keep(OLD(x.db));
    User **users = sqla_all(q, User, &n, &x.err);
    CU_ASSERT(users != NULL && n == 2 && strcmp(users[0]->name, "bob") == 0);
    sqla_stmt_free(q);
    tear_down(&x);
}

/* ---- threads ------------------------------------------------------------------------------------------- */

typedef struct worker {
    pthread_t thread;
    int rounds, wrong;
    sqla_engine *db;
    _Atomic(sqla_stmt *) *left;
} worker;

static void *work(void *data)
{
    worker *w = data;
    for (int i = 0; i < w->rounds; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        int64_t n = 0;
        sqla_stmt *q = sqla_sql(w->db, "SELECT 5");
        w->wrong += sqla_scalar_i64(q, &err) != 5 || sqla_failed(&err);
        w->wrong += sqla_exec(q, NULL, NULL) != SQLA_ERR_MISUSE;
        if (i % 16 == 0) /* one that another thread has had is found out too */
            w->wrong += sqla_exec(atomic_exchange(w->left, q), NULL, NULL) != SQLA_ERR_MISUSE;
        SQLA_EACH_ROW(row, sqla_sql(w->db, NUMBERS), &err)
            n += sqla_row_i64(row, "n", &err);
        sqla_stmt_free(sqla_stmt_keep(sqla_sql(w->db, "SELECT 6")));
        w->wrong += n != 6 || sqla_failed(&err);
    }
    return NULL;
}

static void threads__on_one_engine(const char *url)
{
    enum { WORKERS = 4 };
    shop x;
    set_up(&x, url);
    _Atomic(sqla_stmt *) left = NULL;
    worker workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (worker){ .rounds = often(url, 4000), .db = x.db, .left = &left };
        CU_ASSERT_EQUAL_FATAL(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        CU_ASSERT_EQUAL(workers[i].wrong, 0);
    }
    tear_down(&x);
}

/* ---- without memory ------------------------------------------------------------------------------------ */

static int64_t all_kinds(shop *x, sqla_error *err)
{
    int64_t n = 0;
    sqla_stmt *q = sqla_sql(x->db, "SELECT 1 AS n, :w AS word");
    sqla_stmt *made[] = { q, OLD(x->s), sqla_stmt_keep(COUNT(x->s)) };
    sqla_bind(sqla_bind(q, "w", "a"), "w", "b");
    n += sqla_scalar_i64(made[2], err);
    SQLA_EACH(User, u, made[1], err)
        n += 10;
    SQLA_STREAM(Pair, p, q, err)
        n += 100 * p->n;
    if (made[0] == NULL || made[1] == NULL || made[2] == NULL)
        sqla_fail(err, "no memory to make one");
    return n;
}

static void memory__can_be_out_anywhere(const char *url)
{
    shop x;
    set_up(&x, url);
    size_t before = 0;
    bool done = false;
    for (uint64_t point = 1; !done && point < 400; point++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla__alloc_fail_at(point, false);
        int64_t n = all_kinds(&x, &err);
        done = sqla__alloc_left() > 1;
        sqla__alloc_fail_at(0, false);
        CU_ASSERT(err.status == SQLA_ERR_NOMEM || err.status == SQLA_ERR_APPLICATION ||
                  err.status == SQLA_ERR_MISUSE || (err.status == SQLA_OK && n == 123));
        CU_ASSERT(!done || n == 123);
        CU_ASSERT_EQUAL(sqla_rollback(x.s, &x.err), SQLA_OK);
    }
    CU_ASSERT(done);
    sqla_error err = SQLA_ERROR_INIT;
    for (int i = 0; i < 3; i++) {
        sqla_session *s = x.s;
        x.s = sqla_open(x.maker, &x.err);
        CU_ASSERT_EQUAL(all_kinds(&x, &err), 123);
        sqla_close(x.s);
        x.s = s;
        if (i == 0)
            before = held();
    }
    CU_ASSERT(same(before));
    tear_down(&x);
}

int main(void)
{
    enum { EVERY = HARNESS_DATABASES };
    static const struct harness_test tests[] = {
        { "an engine keeps nothing", engine__keeps_nothing, EVERY },
        { "a session keeps little until the commit", session__keeps_little_until_the_commit, EVERY },
        { "a session with commits keeps nothing", session__with_commits_keeps_nothing, EVERY },
        { "failures leave nothing in a session", session__failures_leave_nothing, EVERY },
        { "a connection keeps nothing", connection__keeps_nothing, EVERY },
        { "a kept statement does not grow", kept__does_not_grow, EVERY },
        { "a session ends them with its transaction", session__ends_them_with_the_transaction, EVERY },
        { "an engine ends them with their run", engine__ends_them_with_their_run, EVERY },
        { "a connection ends them with its transaction", connection__ends_them_with_the_transaction, EVERY },
        { "a closed owner ends all", owner__closed_ends_all, EVERY },
        { "a handle stays the one it was", handle__stays_the_one_it_was, HARNESS_SQLITE },
        { "a loop that is left early lets go", loop__left_early_lets_go, EVERY },
        { "a loop goes on after a commit", loop__goes_on_after_a_commit, EVERY },
        { "a loop whose owner goes", loop__whose_owner_goes, EVERY },
        { "what was given outlives its statement", given__outlives_the_statement, EVERY },
        { "what was given outlives its run on a connection", given__outlives_its_run_on_a_connection, EVERY },
        { "what is given needs a kept statement on an engine",
          given__needs_a_kept_statement_on_an_engine, EVERY },
        { "threads on one engine", threads__on_one_engine, EVERY },
        { "memory can be out anywhere", memory__can_be_out_anywhere, HARNESS_SQLITE },
    };
    return harness_main("test-statements", tests, sizeof tests / sizeof tests[0]);
}
