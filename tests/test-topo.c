/* test-topo.c: topological sort, with and without cycles. */
#include <config.h>
#include "base/topo.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness.h"

/* Sort n nodes with edges written as pairs of letters, "ab cd": a before b, c before d. Gives the order as letters. */
static const char *sorted(size_t n, const char *edges, unsigned char *ret_broken)
{
    static char order[32];
    uint32_t before[32], after[32], numbers[32];
    size_t count = 0;
    for (const char *at = edges; *at != '\0'; at += at[2] == ' ' ? 3 : 2) {
        before[count] = (uint32_t)(at[0] - 'a');
        after[count++] = (uint32_t)(at[1] - 'a');
    }
    CU_ASSERT_EQUAL(sqla__topo_sort(n, before, after, count, numbers, ret_broken), SQLA_OK);
    for (size_t i = 0; i < n; i++)
        order[i] = (char)('a' + numbers[i]);
    order[n] = '\0';
    return order;
}

static void keeps_the_order_of_numbers(const char *url)
{
    (void)url;
    CU_ASSERT_STRING_EQUAL(sorted(0, "", NULL), "");
    CU_ASSERT_STRING_EQUAL(sorted(4, "", NULL), "abcd");
    CU_ASSERT_STRING_EQUAL(sorted(4, "da", NULL), "bcda");
    CU_ASSERT_STRING_EQUAL(sorted(5, "ca ea cb", NULL), "cbdea");
    CU_ASSERT_STRING_EQUAL(sorted(4, "dc cb ba dc", NULL), "dcba");
}

static void passes_over_edges_to_oneself(const char *url)
{
    unsigned char broken[3];
    (void)url;
    CU_ASSERT_STRING_EQUAL(sorted(3, "aa cb bb", broken), "acb");
    CU_ASSERT(broken[0] == 0 && broken[1] == 0 && broken[2] == 0);
}

static void breaks_cycles_at_the_lowest_number(const char *url)
{
    unsigned char broken[8];
    (void)url;
    CU_ASSERT_STRING_EQUAL(sorted(2, "ab ba", broken), "ab");
    CU_ASSERT(broken[0] == 0 && broken[1] == 1);
    /* b, c and d run in a circle; a waits for d, and is not part of it although its number is lower. */
    CU_ASSERT_STRING_EQUAL(sorted(4, "bc cd db da", broken), "bcda");
    CU_ASSERT(broken[0] == 0 && broken[1] == 0 && broken[2] == 1 && broken[3] == 0);
    /* Two circles, the first of which feeds the second. */
    CU_ASSERT_STRING_EQUAL(sorted(4, "ab ba cd dc da", broken), "cdab");
    CU_ASSERT(broken[0] == 0 && broken[1] == 1 && broken[2] == 0 && broken[3] == 1 && broken[4] == 0);
}

/* Random graphs: every edge that is not called broken is kept, and graphs without cycles have none broken. */
static void holds_for_random_graphs(const char *url)
{
    enum { N = 40, E = 80 };
    (void)url;
    srand(7);
    for (int round = 0; round < 500; round++) {
        uint32_t before[E], after[E], order[N], place[N];
        unsigned char broken[E];
        bool acyclic = round % 2 == 0;
        for (size_t e = 0; e < E; e++) {
            uint32_t x = (uint32_t)rand() % N, y = (uint32_t)rand() % N;
            before[e] = acyclic && x < y ? y : x;
            after[e] = acyclic && x < y ? x : y;
        }
        CU_ASSERT_EQUAL(sqla__topo_sort(N, before, after, E, order, broken), SQLA_OK);
        memset(place, 0xff, sizeof place);
        for (uint32_t i = 0; i < N; i++)
            place[order[i]] = i;
        for (size_t e = 0; e < E; e++) {
            CU_ASSERT(!acyclic || !broken[e]);
            CU_ASSERT(before[e] == after[e] || broken[e] == (place[before[e]] > place[after[e]]));
        }
    }
}

static void out_of_memory_is_a_status(const char *url)
{
    uint32_t before[] = { 0 }, after[] = { 1 }, order[2];
    (void)url;
    for (uint64_t n = 1; n <= 10; n++) {
        sqla__alloc_fail_at(n, false);
        CU_ASSERT_EQUAL(sqla__topo_sort(2, before, after, 1, order, NULL), SQLA_ERR_NOMEM);
    }
    sqla__alloc_fail_at(0, false);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "keeps_the_order_of_numbers", keeps_the_order_of_numbers, HARNESS_PLAIN },
        { "passes_over_edges_to_oneself", passes_over_edges_to_oneself, HARNESS_PLAIN },
        { "breaks_cycles_at_the_lowest_number", breaks_cycles_at_the_lowest_number, HARNESS_PLAIN },
        { "holds_for_random_graphs", holds_for_random_graphs, HARNESS_PLAIN },
        { "out_of_memory_is_a_status", out_of_memory_is_a_status, HARNESS_PLAIN },
    };
    return harness_main("test-topo", tests, sizeof tests / sizeof tests[0]);
}
