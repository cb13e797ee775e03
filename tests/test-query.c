/* test-query.c: typed statements through a session: conditions, joins, groups, rows into structs, streams. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

typedef struct NameCount { const char *name; int64_t n; } NameCount;
SQLA_DECLARE(NameCount);
SQLA_ROW(NameCount, SQLA_COLUMN(name), SQLA_COLUMN(n));

static bool is(const sqla_error *err, sqla_status expected)
{
    if (err->status != expected)
        fprintf(stderr, "%s: %s (%s)\n", sqla_status_name(err->status), err->message, err->hint);
    return err->status == expected;
}

static void fill(shop *x)
{
    static const struct { const char *name; int age, mails; } people[] = { { "ann", 20, 0 }, { "bob", 30, 1 }, { "cid", 40, 2 }, { "dot", 50, 3 } };
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        User *u = sqla_add(x->s, User, .name = people[i].name, .age = SQLA_SOME(people[i].age), .active = i % 2 == 0);
        for (int k = 0; k < people[i].mails; k++)
            sqla_add(x->s, Address, .email = sqla_printf(x->s, "%s%d@example.org", people[i].name, k), .user = u);
    }
    sqla_commit(x->s, &x->err);
}

/* The names that q gives, as "bob cid". */
static const char *names(shop *x, sqla_stmt *q)
{
    static char text[200];
    text[0] = '\0';
    SQLA_EACH(User, u, q, &x->err) {
        if (text[0] != '\0')
            strcat(text, " ");
        strcat(text, u->name);
    }
    CU_ASSERT(is(&x->err, SQLA_OK));
    return text;
}

static sqla_stmt *users(shop *x)
{
    return sqla_order_by(sqla_select(x->s, User), sqla_col(User, name));
}

static void where__conditions(const char *url)
{
    shop x;
    shop_open(&x, url);
    fill(&x);
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_gt(sqla_col(User, age), 30))), "cid dot");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_col(User, active))), "ann cid");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_eq(sqla_col(User, active), true), sqla_ne(sqla_col(User, name), "ann"))), "cid");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_in(sqla_col(User, name), "ann", "dot"))), "ann dot");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_not_in(sqla_col(User, age), 20, 30))), "cid dot");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_is_null(sqla_col(User, fullname)), sqla_ne(sqla_col(User, age), NULL))), "ann bob cid dot");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_ilike(sqla_col(User, name), "B%"))), "bob");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_or(sqla_eq(sqla_col(User, name), "ann"),
        sqla_and(sqla_ge(sqla_col(User, age), 30), sqla_not(sqla_col(User, active)), sqla_lt(sqla_col(User, age), 45))))), "ann bob");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_between(sqla_col(User, age), 30, 40))), "bob cid");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_gt(sqla_plus(sqla_times(sqla_col(User, age), 2), 1), 80))), "cid dot");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_offset(sqla_limit(users(&x), 2), 1)), "bob cid");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_offset(users(&x), 3)), "dot");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_order_by(sqla_select(x.s, User), sqla_desc(sqla_col(User, age)))), "dot cid bob ann");
    int64_t ages[] = { 20, 50 };
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where_in_i64(users(&x), sqla_col(User, age), ages, 2)), "ann dot");
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where_in_i64(users(&x), sqla_col(User, age), ages, 0)), "");
    shop_close(&x);
}

static void join__group__having(const char *url)
{
    shop x;
    shop_open(&x, url);
    fill(&x);
    sqla_stmt *q = sqla_join(sqla_select(x.s, Address), Address, user);
    sqla_where(q, sqla_eq(sqla_col(User, name), "bob"));
    Address *one = sqla_one(q, Address, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(one);
    CU_ASSERT_STRING_EQUAL(one->email, "bob0@example.org");
    q = sqla_select_cols(x.s, sqla_col(User, name), sqla_label(sqla_count(sqla_col(Address, id)), "n"));
    sqla_join(q, User, addresses);
    sqla_group_by(q, sqla_col(User, name));
    sqla_having(q, sqla_gt(sqla_count(sqla_col(Address, id)), 1));
    sqla_order_by(q, sqla_desc(sqla_count(sqla_col(Address, id))));
    size_t n = 0;
    NameCount **rows = sqla_all(q, NameCount, &n, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT(strcmp(rows[0]->name, "dot") == 0 && rows[0]->n == 3 && strcmp(rows[1]->name, "cid") == 0 && rows[1]->n == 2);
    q = sqla_select_cols(x.s, sqla_max(sqla_col(User, age)));
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 50);
    q = sqla_select_cols(x.s, sqla_count(sqla_col(User, id)));
    sqla_outer_join(q, User, addresses);
    sqla_where(q, sqla_is_null(sqla_col(Address, id)));
    CU_ASSERT_EQUAL(sqla_scalar_i64(q, &x.err), 1);
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
}

static void one__and_first(const char *url)
{
    shop x;
    shop_open(&x, url);
    fill(&x);
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_PTR_NULL(sqla_one(users(&x), User, &err));
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_TOO_MANY);
    sqla_error_clear(&err);
    CU_ASSERT_PTR_NULL(sqla_one(sqla_where(users(&x), sqla_eq(sqla_col(User, name), "zed")), User, &err));
    CU_ASSERT_EQUAL(err.status, SQLA_ERR_NOT_FOUND);
    CU_ASSERT_PTR_NULL(sqla_first(sqla_where(users(&x), sqla_eq(sqla_col(User, name), "zed")), User, &x.err));
    User *first = sqla_first(users(&x), User, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    CU_ASSERT_STRING_EQUAL(first->name, "ann");
    shop_close(&x);
}

static void autoflush__queries_see_what_was_added(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = sqla_add(x.s, User, .name = "ann");
    CU_ASSERT_PTR_EQUAL(sqla_first(users(&x), User, &x.err), u);
    u->name = "anne";
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(users(&x), sqla_eq(sqla_col(User, name), "anne"))), "anne");
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 0); /* not committed */
    sqla_commit(x.s, &x.err);
    shop_close(&x);
}

static void raw__into_rows_structs_and_objects(const char *url)
{
    shop x;
    shop_open(&x, url);
    fill(&x);
    sqla_stmt *q = sqla_bind(sqla_sql(x.s, "SELECT name, age AS n FROM users WHERE age > :age ORDER BY name"), "age", 30);
    int seen = 0;
    SQLA_EACH(NameCount, r, q, &x.err)
        seen += (int)r->n;
    CU_ASSERT_EQUAL(seen, 90);
    SQLA_EACH_ROW(row, q, &x.err)
        CU_ASSERT_EQUAL(sqla_row_i64(row, "n", &x.err), strcmp(sqla_row_text(row, "name", &x.err), "cid") == 0 ? 40 : 50);
    User *bob = sqla_first(sqla_where(users(&x), sqla_eq(sqla_col(User, name), "bob")), User, &x.err);
    q = sqla_bind(sqla_sql(x.s, "SELECT * FROM users WHERE name = :name"), "name", "bob");
    CU_ASSERT_PTR_EQUAL(sqla_one(q, User, &x.err), bob);
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_execute(x.s, "UPDATE users SET age = :age WHERE name = :name", sqla_params("age", 31, "name", "bob"), &x.err);
    sqla_commit(x.s, &x.err);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT age FROM users WHERE name = 'bob'"), 31);
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
}

static void stream__rows_one_by_one(const char *url)
{
    shop x;
    shop_open(&x, url);
    for (int i = 0; i < 2000; i++)
        sqla_add(x.s, Node, .label = sqla_printf(x.s, "node %d", i));
    sqla_commit(x.s, &x.err);
    sqla_stmt *q = sqla_order_by(sqla_select(x.s, Node), sqla_col(Node, id));
    int n = 0, wrong = 0;
    SQLA_STREAM(Node, node, q, &x.err) {
        char label[20];
        snprintf(label, sizeof label, "node %d", n++);
        wrong += strcmp(node->label, label) != 0;
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(n, 2000);
    CU_ASSERT_EQUAL(wrong, 0);
    SQLA_STREAM(Node, node, q, &x.err)
        if (node->label != NULL)
            break;
    sqla_stmt_free(q);
    CU_ASSERT_PTR_NOT_NULL(sqla_first(sqla_select(x.s, Node), Node, &x.err)); /* the connection is free again */
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
}

static void expression__can_be_kept_beyond_its_block(const char *url)
{
    shop x;
    shop_open(&x, url);
    fill(&x);
    sqla_stmt *q = users(&x);
    sqla_bool_expr rule = sqla_col(User, active);
    if (q != NULL)
        rule = sqla_keep(q, sqla_or(rule, sqla_gt(sqla_col(User, age), 45)));
    CU_ASSERT_STRING_EQUAL(names(&x, sqla_where(q, rule)), "ann cid dot");
    shop_close(&x);
}

static const struct harness_test tests[] = {
    { "where: conditions", where__conditions, HARNESS_DATABASES },
    { "join, group, having", join__group__having, HARNESS_DATABASES },
    { "one and first", one__and_first, HARNESS_DATABASES },
    { "autoflush: queries see what was added", autoflush__queries_see_what_was_added, HARNESS_DATABASES },
    { "raw SQL into rows, structs and objects", raw__into_rows_structs_and_objects, HARNESS_DATABASES },
    { "stream: rows one by one", stream__rows_one_by_one, HARNESS_DATABASES },
    { "an expression can be kept", expression__can_be_kept_beyond_its_block, HARNESS_DATABASES },
};

int main(void) { return harness_main("test-query", tests, sizeof tests / sizeof tests[0]); }
