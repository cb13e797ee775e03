/* test-pairs.c: no state of one call reaches the next one on the same connection: calls of the public interface after one another. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>

#include "expect.h"
#include "shop.h"

/* ---- a session ------------------------------------------------------------------------------------------------------ */

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
        { "a flush returns its keys after a loop", flush__returns_its_keys_after_a_loop, HARNESS_DATABASES },
        { "a flush returns its keys after a stream that was left", flush__returns_its_keys_after_a_stream_that_was_left,
          HARNESS_DATABASES },
    };
    return harness_main("test-pairs", tests, sizeof tests / sizeof tests[0]);
}
