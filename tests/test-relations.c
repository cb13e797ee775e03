/* test-relations.c: to-one and to-many relations: order of writes, both sides, cascades, loading. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

static bool is(const sqla_error *err, sqla_status expected)
{
    if (err->status != expected)
        fprintf(stderr, "%s: %s (%s)\n", sqla_status_name(err->status), err->message, err->hint);
    return err->status == expected;
}

static void flush__parents_before_children(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *parents[2];
    for (int p = 0; p < 2; p++)
        parents[p] = sqla_add(x.s, User, .name = p ? "b" : "a");
    for (int i = 0; i < 6; i++)
        sqla_add(x.s, Address, .email = "e", .user = parents[i % 2]);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM addresses a JOIN users u ON u.id = a.user_id WHERE u.name = 'b'"), 3);
    shop_close(&x);
}

static void append__sets_both_sides(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *a = sqla_add(x.s, User, .name = "a"), *b = sqla_add(x.s, User, .name = "b");
    Address *mail = sqla_add(x.s, Address, .email = "e");
    sqla_append(x.s, a, addresses, mail);
    CU_ASSERT_PTR_EQUAL(mail->user, a);
    CU_ASSERT_EQUAL(a->addresses.count, 1);
    sqla_append(x.s, b, addresses, mail); /* moves it */
    CU_ASSERT_PTR_EQUAL(mail->user, b);
    CU_ASSERT_EQUAL(a->addresses.count, 0);
    CU_ASSERT_EQUAL(b->addresses.count, 1);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_TRUE(mail->user_id.set);
    CU_ASSERT_EQUAL(mail->user_id.value, b->id);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM addresses a JOIN users u ON u.id = a.user_id AND u.name = 'b'"), 1);
    shop_close(&x);
}

static void remove__orphans_die_unless_given_away(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *a = sqla_add(x.s, User, .name = "a"), *b = sqla_add(x.s, User, .name = "b");
    Address *dies = sqla_add(x.s, Address, .email = "dies", .user = a), *moves = sqla_add(x.s, Address, .email = "moves", .user = a);
    sqla_add(x.s, Address, .email = "stays", .user = a);
    sqla_commit(x.s, &x.err);
    CU_ASSERT_EQUAL(sqla_load(x.s, a, addresses, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(a->addresses.count, 3);
    sqla_remove(x.s, a, addresses, dies);
    sqla_remove(x.s, a, addresses, moves);
    moves->user = b;
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM addresses"), 2);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM addresses a JOIN users u ON u.id = a.user_id WHERE u.name = 'b' AND email = 'moves'"), 1);
    shop_close(&x);
}

static void delete__takes_owned_children_along(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *a = sqla_add(x.s, User, .name = "a");
    for (int i = 0; i < 3; i++)
        sqla_add(x.s, Address, .email = "e", .user = a);
    sqla_commit(x.s, &x.err);
    int64_t id = a->id;
    sqla_session *s = sqla_open(x.maker, &x.err);
    sqla_delete(s, sqla_get(s, User, id, &x.err)); /* the children are not loaded */
    CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM addresses"), 0);
    sqla_close(s);
    shop_close(&x);
}

static void delete__others_lose_their_key(const char *url)
{
    shop x;
    shop_open(&x, url);
    Node *root = sqla_add(x.s, Node, .label = "root");
    Node *child = sqla_add(x.s, Node, .label = "child", .parent = root);
    sqla_commit(x.s, &x.err);
    sqla_delete(x.s, root);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_FALSE(child->parent_id.set);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM nodes WHERE parent_id IS NULL"), 1);
    shop_close(&x);
}

static void tree__root_to_leaf_and_back(const char *url)
{
    shop x;
    shop_open(&x, url);
    Node *nodes[13];
    for (int i = 12; i >= 0; i--) /* leaves first */
        nodes[i] = sqla_new(x.s, Node);
    for (int i = 0; i < 13; i++) {
        nodes[i]->label = sqla_printf(x.s, "n%d", i);
        nodes[i]->parent = i > 0 ? nodes[(i - 1) / 3] : NULL;
    }
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM nodes c JOIN nodes p ON p.id = c.parent_id WHERE p.label = 'n1'"), 3);
    for (int i = 0; i < 13; i++)
        sqla_delete(x.s, nodes[i]); /* the root first */
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM nodes"), 0);
    shop_close(&x);
}

static void circle__of_rows_is_closed_by_an_update(const char *url)
{
    shop x;
    shop_open(&x, url);
    Node *a = sqla_add(x.s, Node, .label = "a"), *b = sqla_add(x.s, Node, .label = "b", .parent = a);
    a->parent = b;
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(a->parent_id.value, b->id);
    CU_ASSERT_EQUAL(b->parent_id.value, a->id);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM nodes a JOIN nodes b ON a.parent_id = b.id AND b.parent_id = a.id"), 2);
    shop_close(&x);
}

static void selectin__loads_all_at_once(const char *url)
{
    shop x;
    shop_open(&x, url);
    for (int i = 0; i < 600; i++) {
        User *u = sqla_add(x.s, User, .name = sqla_printf(x.s, "u%03d", i));
        for (int k = 0; k < i % 3; k++)
            sqla_add(x.s, Address, .email = sqla_printf(x.s, "%d.%d", i, k), .user = u);
    }
    sqla_commit(x.s, &x.err);
    sqla_session *s = sqla_open(x.maker, &x.err);
    sqla_stmt *q = sqla_selectin(sqla_order_by(sqla_select(s, User), sqla_col(User, name)), User, addresses);
    int i = 0, wrong = 0;
    SQLA_EACH(User, u, q, &x.err) {
        wrong += u->addresses.count != (size_t)(i++ % 3) || !u->addresses.loaded;
        SQLA_EACH_IN(Address, a, u->addresses)
            wrong += a->user != u;
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(i, 600);
    CU_ASSERT_EQUAL(wrong, 0);
    sqla_close(s);
    s = sqla_open(x.maker, &x.err);
    size_t n = 0;
    Address **all = sqla_all(sqla_selectin(sqla_select(s, Address), Address, user), Address, &n, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    for (size_t k = 0; k < n; k++)
        wrong += all[k]->user == NULL || all[k]->user->id != all[k]->user_id.value;
    CU_ASSERT_EQUAL(n, 600);
    CU_ASSERT_EQUAL(wrong, 0);
    sqla_close(s);
    shop_close(&x);
}

static void key__and_pointer_may_not_disagree(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *a = sqla_add(x.s, User, .name = "a"), *b = sqla_add(x.s, User, .name = "b");
    Address *mail = sqla_add(x.s, Address, .email = "e", .user = a);
    sqla_commit(x.s, &x.err);
    mail->user_id = (sqla_opt_i64)SQLA_SOME(b->id); /* the key alone: it wins */
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM addresses a JOIN users u ON u.id = a.user_id AND u.name = 'b'"), 1);
    sqla_load(x.s, mail, user, &x.err);
    CU_ASSERT_PTR_EQUAL(mail->user, b);
    mail->user_id.value = b->id + 1000;
    mail->user = a;
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "user_id"));
    shop_close(&x);
}

static void rollback__collections_are_loaded_again(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *a = sqla_add(x.s, User, .name = "a");
    sqla_add(x.s, Address, .email = "e", .user = a);
    sqla_commit(x.s, &x.err);
    sqla_load(x.s, a, addresses, &x.err);
    sqla_remove(x.s, a, addresses, a->addresses.items[0]);
    sqla_flush(x.s, &x.err);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_EQUAL(sqla_load(x.s, a, addresses, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(a->addresses.count, 1);
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
}

static void pointer__to_a_foreign_struct_is_told(const char *url)
{
    shop x;
    shop_open(&x, url);
    User mine = { .name = "not in the session" };
    sqla_add(x.s, Address, .email = "e", .user = &mine);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "user"));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM addresses"), 0);
    shop_close(&x);
}

static const struct harness_test tests[] = {
    { "flush: parents before children", flush__parents_before_children, HARNESS_DATABASES },
    { "append sets both sides", append__sets_both_sides, HARNESS_DATABASES },
    { "remove: orphans die unless given away", remove__orphans_die_unless_given_away, HARNESS_DATABASES },
    { "delete takes owned children along", delete__takes_owned_children_along, HARNESS_DATABASES },
    { "delete: others lose their key", delete__others_lose_their_key, HARNESS_DATABASES },
    { "tree: root to leaf and back", tree__root_to_leaf_and_back, HARNESS_DATABASES },
    { "a circle of rows is closed by an update", circle__of_rows_is_closed_by_an_update, HARNESS_DATABASES },
    { "selectin loads all at once", selectin__loads_all_at_once, HARNESS_DATABASES },
    { "key and pointer may not disagree", key__and_pointer_may_not_disagree, HARNESS_DATABASES },
    { "rollback: collections are loaded again", rollback__collections_are_loaded_again, HARNESS_DATABASES },
    { "a pointer to a foreign struct is told", pointer__to_a_foreign_struct_is_told, HARNESS_DATABASES },
};

int main(void) { return harness_main("test-relations", tests, sizeof tests / sizeof tests[0]); }
