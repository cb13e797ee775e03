/* test-hash.c: the map from byte keys to pointers. */
#include <config.h>
#include "base/hash.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "harness.h"

static char keys[5000][16];

static void fill(sqla__hash *hash)
{
    for (size_t i = 0; i < 5000; i++) {
        snprintf(keys[i], sizeof keys[i], "key%zu", i);
        CU_ASSERT(sqla__hash_put_text(hash, keys[i], keys[i]));
    }
}

static void finds_what_was_put(const char *url)
{
    sqla__hash hash = { 0 };
    (void)url;
    CU_ASSERT_PTR_NULL(sqla__hash_get_text(&hash, "nothing"));
    fill(&hash);
    CU_ASSERT_EQUAL(hash.count, 5000);
    for (size_t i = 0; i < 5000; i++)
        CU_ASSERT_PTR_EQUAL(sqla__hash_get_text(&hash, keys[i]), keys[i]);
    CU_ASSERT_PTR_NULL(sqla__hash_get_text(&hash, "key5000"));
    CU_ASSERT_PTR_NULL(sqla__hash_get(&hash, "key1", 3));
    sqla__hash_release(&hash);
}

static void put_replaces(const char *url)
{
    sqla__hash hash = { 0 };
    int a, b;
    (void)url;
    sqla__hash_put_text(&hash, "x", &a);
    sqla__hash_put_text(&hash, "x", &b);
    CU_ASSERT_EQUAL(hash.count, 1);
    CU_ASSERT_PTR_EQUAL(sqla__hash_get_text(&hash, "x"), &b);
    sqla__hash_put(&hash, NULL, 0, &a);
    CU_ASSERT_PTR_EQUAL(sqla__hash_get(&hash, "", 0), &a);
    sqla__hash_release(&hash);
}

static void removed_keys_leave_no_holes(const char *url)
{
    sqla__hash hash = { 0 };
    (void)url;
    fill(&hash);
    for (size_t i = 0; i < 5000; i += 2)
        CU_ASSERT_PTR_EQUAL(sqla__hash_remove(&hash, keys[i], strlen(keys[i])), keys[i]);
    CU_ASSERT_PTR_NULL(sqla__hash_remove(&hash, keys[0], strlen(keys[0])));
    for (size_t i = 0; i < 5000; i++)
        CU_ASSERT_PTR_EQUAL(sqla__hash_get_text(&hash, keys[i]), i % 2 == 1 ? keys[i] : NULL);
    CU_ASSERT_EQUAL(hash.count, 2500);
    sqla__hash_release(&hash);
}

/* Putting and removing for ever does not make the table grow for ever. */
static void churn_stays_small(const char *url)
{
    sqla__hash hash = { 0 };
    (void)url;
    fill(&hash);
    sqla__hash_release(&hash);
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < 5000; i++) {
            sqla__hash_put_text(&hash, keys[i], keys[i]);
            sqla__hash_remove(&hash, keys[i], strlen(keys[i]));
        }
    }
    CU_ASSERT_EQUAL(hash.count, 0);
    CU_ASSERT(hash.capacity <= 64);
    sqla__hash_release(&hash);
}

static void walk_meets_each_once(const char *url)
{
    sqla__hash hash = { 0 };
    size_t at = 0, n = 0;
    (void)url;
    fill(&hash);
    while (sqla__hash_next(&hash, &at) != NULL)
        n++;
    CU_ASSERT_EQUAL(n, 5000);
    CU_ASSERT_PTR_NULL(sqla__hash_next(&hash, &at));
    sqla__hash_release(&hash);
}

static void survives_when_memory_is_out(const char *url)
{
    sqla__hash hash = { 0 };
    (void)url;
    sqla__alloc_fail_at(1, true);
    CU_ASSERT(!sqla__hash_put_text(&hash, "a", keys));
    sqla__alloc_fail_at(0, false);
    fill(&hash);
    sqla__alloc_fail_at(1, true);
    char more[4000][8];
    size_t put = 0;
    for (size_t i = 0; i < 4000; i++) {
        snprintf(more[i], sizeof more[i], "m%zu", i);
        put += sqla__hash_put_text(&hash, more[i], more[i]);
    }
    sqla__alloc_fail_at(0, false);
    CU_ASSERT(put < 4000);
    CU_ASSERT_EQUAL(hash.count, 5000 + put);
    for (size_t i = 0; i < 5000; i++)
        CU_ASSERT_PTR_EQUAL(sqla__hash_get_text(&hash, keys[i]), keys[i]);
    sqla__hash_release(&hash);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "finds_what_was_put", finds_what_was_put, HARNESS_PLAIN },
        { "put_replaces", put_replaces, HARNESS_PLAIN },
        { "removed_keys_leave_no_holes", removed_keys_leave_no_holes, HARNESS_PLAIN },
        { "churn_stays_small", churn_stays_small, HARNESS_PLAIN },
        { "walk_meets_each_once", walk_meets_each_once, HARNESS_PLAIN },
        { "survives_when_memory_is_out", survives_when_memory_is_out, HARNESS_PLAIN },
    };
    return harness_main("test-hash", tests, sizeof tests / sizeof tests[0]);
}
