/* test-arena.c: memory that is freed all at once; and the heap below it. */
#include <config.h>
#include "base/arena.h"

#include <CUnit/CUnit.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "harness.h"

static void gives_aligned_memory_that_stays(const char *url)
{
    sqla__arena arena = { 0 };
    char *blocks[500];
    (void)url;
    for (size_t i = 0; i < 500; i++) {
        blocks[i] = sqla__arena_take(&arena, i);
        CU_ASSERT_PTR_NOT_NULL_FATAL(blocks[i]);
        CU_ASSERT_EQUAL((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)i & 0xff, i);
    }
    for (size_t i = 1; i < 500; i++)
        CU_ASSERT((unsigned char)blocks[i][0] == (i & 0xff) && (unsigned char)blocks[i][i - 1] == (i & 0xff));
    sqla__arena_release(&arena);
}

/* Whatever a chunk holds: the first of an arena, one of its own size, one of a large request alone, and the next one. */
static void chunks_of_every_kind_are_aligned(const char *url)
{
    sqla__arena plain = { 0 }, opened = { 0 };
    (void)url;
    CU_ASSERT_FATAL(sqla__arena_open(&opened, 8 * SQLA__ARENA_ALIGN));
    for (size_t i = 0; i < 40; i++) {
        size_t size = i % 4 == 3 ? 100001 : 333;
        max_align_t *one = sqla__arena_take(&plain, size), *other = sqla__arena_take(&opened, size);
        CU_ASSERT_FATAL(one != NULL && other != NULL);
        CU_ASSERT((uintptr_t)one % _Alignof(max_align_t) == 0 && (uintptr_t)other % _Alignof(max_align_t) == 0);
        *one = *other = (max_align_t){ 0 };
    }
    sqla__arena_release(&plain);
    sqla__arena_release(&opened);
}

static void large_requests_do_not_waste_the_chunk(const char *url)
{
    sqla__arena arena = { 0 };
    (void)url;
    char *a = sqla__arena_take(&arena, 16);
    char *large = sqla__arena_take(&arena, 1 << 20);
    char *b = sqla__arena_take(&arena, 16);
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    memset(large, 1, 1 << 20);
    CU_ASSERT_PTR_EQUAL(b, a + 16);
    sqla__arena_release(&arena);
    large = sqla__arena_take(&arena, 1 << 20); /* also as the first thing */
    CU_ASSERT_PTR_NOT_NULL(large);
    CU_ASSERT_PTR_NOT_NULL(sqla__arena_take(&arena, 1));
    sqla__arena_reset(&arena);
    CU_ASSERT_PTR_NOT_NULL(sqla__arena_take(&arena, 1));
    sqla__arena_release(&arena);
}

static void opened_with_a_chunk_of_its_own_size(const char *url)
{
    enum { SIZE = SQLA__ARENA_HEAD + 112 };
    sqla__arena arena = { 0 };
    (void)url;
    CU_ASSERT_FATAL(sqla__arena_open(&arena, SIZE));
    char *first = sqla__arena_take(&arena, 64), *second = sqla__arena_take(&arena, 48);
    CU_ASSERT_PTR_EQUAL(second, first + 64); /* and with that it is full */
    CU_ASSERT_EQUAL(arena.end - arena.next, 0);
    for (size_t i = 0; i < 3; i++)
        memset(sqla__arena_take(&arena, 32), 1, 32);
    CU_ASSERT_EQUAL(arena.end - arena.next, SIZE - SQLA__ARENA_HEAD - 96); /* the second is as large */
    memset(sqla__arena_take(&arena, 32), 1, 32);
    CU_ASSERT_EQUAL(arena.end - arena.next, 2 * SIZE - SQLA__ARENA_HEAD - 32); /* and the next one twice that */
    sqla__arena_reset(&arena);
    CU_ASSERT_PTR_EQUAL(sqla__arena_take(&arena, 1), first);
    sqla__arena_release(&arena);
}

static int blocks_there;
static size_t bytes_told;
static void count_blocks(uintptr_t block, size_t size, bool goes)
{
    (void)block;
    blocks_there += goes ? -1 : 1;
    bytes_told += size;
}

static void heap_tells_who_watches(const char *url)
{
    (void)url;
    sqla__alloc_watch(count_blocks);
    char *block = sqla__alloc(3);
    CU_ASSERT(blocks_there == 1 && bytes_told == 3);
    block = sqla__resize(block, 10, 4);
    CU_ASSERT(blocks_there == 1 && bytes_told == 43);
    void *aligned = sqla__alloc_aligned(64, 100), *zeroed = sqla__alloc_zero(5, 2);
    CU_ASSERT(blocks_there == 3 && bytes_told == 153);
    sqla__alloc_fail_at(1, false);
    CU_ASSERT_PTR_NULL(sqla__alloc(8));
    sqla__free(NULL);
    CU_ASSERT_EQUAL(blocks_there, 3);
    sqla__free(block);
    sqla__free(aligned);
    sqla__free(zeroed);
    CU_ASSERT_EQUAL(blocks_there, 0);
    sqla__alloc_watch(NULL);
}

static void reset_uses_memory_again(const char *url)
{
    sqla__arena arena = { 0 };
    (void)url;
    char *first = sqla__arena_take(&arena, 10);
    for (int i = 0; i < 1000; i++)
        sqla__arena_take(&arena, 100);
    sqla__arena_reset(&arena);
    CU_ASSERT_PTR_EQUAL(sqla__arena_take(&arena, 10), first);
    sqla__arena_reset(&arena);
    sqla__arena_release(&arena);
    sqla__arena_release(&arena);
}

static void copies_texts(const char *url)
{
    sqla__arena arena = { 0 };
    (void)url;
    CU_ASSERT_STRING_EQUAL(sqla__arena_strdup(&arena, "hello"), "hello");
    CU_ASSERT_PTR_NULL(sqla__arena_strdup(&arena, NULL));
    CU_ASSERT_STRING_EQUAL(sqla__arena_copy(&arena, "hello", 2), "he");
    CU_ASSERT_STRING_EQUAL(sqla__arena_copy(&arena, NULL, 0), "");
    CU_ASSERT_STRING_EQUAL(sqla__arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
    sqla__arena_release(&arena);
}

static void overflow_is_out_of_memory(const char *url)
{
    sqla__arena arena = { 0 };
    (void)url;
    CU_ASSERT_PTR_NULL(sqla__arena_take(&arena, SIZE_MAX));
    CU_ASSERT_PTR_NULL(sqla__arena_take(&arena, SIZE_MAX - 20));
    CU_ASSERT_PTR_NULL(sqla__arena_zero(&arena, SIZE_MAX / 2, 4));
    CU_ASSERT_PTR_NULL(sqla__alloc_zero(SIZE_MAX / 2, 4));
    CU_ASSERT_PTR_NULL(sqla__resize(NULL, SIZE_MAX / 2, 4));
    sqla__arena_release(&arena);
}

static void every_allocation_can_fail(const char *url)
{
    sqla__arena arena = { 0 };
    (void)url;
    sqla__alloc_fail_at(2, true);
    CU_ASSERT_PTR_NOT_NULL(sqla__arena_take(&arena, 400));
    CU_ASSERT_PTR_NULL(sqla__arena_take(&arena, 700));
    CU_ASSERT_PTR_NULL(sqla__arena_take(&arena, 700));
    CU_ASSERT_PTR_NOT_NULL(sqla__arena_take(&arena, 100));
    sqla__alloc_fail_at(0, false);
    CU_ASSERT_PTR_NOT_NULL(sqla__arena_take(&arena, 700));
    sqla__arena_release(&arena);
}

static void hook_fails_once_or_from_then_on(const char *url)
{
    (void)url;
    sqla__alloc_fail_at(2, false);
    for (int i = 1; i <= 4; i++) {
        void *block = sqla__alloc(8);
        CU_ASSERT_EQUAL(block == NULL, i == 2);
        sqla__free(block);
    }
    sqla__alloc_fail_at(3, true);
    for (int i = 1; i <= 5; i++) {
        void *block = sqla__alloc_aligned(64, 8);
        CU_ASSERT_EQUAL(block == NULL, i >= 3);
        sqla__free(block);
    }
    sqla__alloc_fail_at(0, false);
}

static void vectors_grow_and_survive(const char *url)
{
    SQLA__VEC(int) v = { 0 };
    (void)url;
    for (int i = 0; i < 100; i++)
        CU_ASSERT(sqla__vec_push(&v, i));
    sqla__alloc_fail_at(1, true);
    while (v.count < v.capacity)
        CU_ASSERT(sqla__vec_push(&v, 0));
    size_t count = v.count;
    CU_ASSERT(!sqla__vec_push(&v, 1));
    sqla__alloc_fail_at(0, false);
    CU_ASSERT_EQUAL(v.count, count);
    CU_ASSERT_EQUAL(v.items[99], 99);
    sqla__vec_release(&v);
}

static void lists_grow_in_their_arena(const char *url)
{
    sqla__arena arena = { 0 };
    SQLA__LIST(int) list = { 0 };
    (void)url;
    CU_ASSERT(sqla__list_reserve(&arena, &list, 3));
    CU_ASSERT_EQUAL(list.room, 3); /* no more than was asked for */
    for (int i = 0; i < 100; i++)
        CU_ASSERT(sqla__list_push(&arena, &list, i));
    sqla__alloc_fail_at(1, true);
    CU_ASSERT(!sqla__list_reserve(&arena, &list, 1000000));
    sqla__alloc_fail_at(0, false);
    CU_ASSERT(list.count == 100 && list.items[0] == 0 && list.items[99] == 99);
    sqla__arena_release(&arena);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "gives_aligned_memory_that_stays", gives_aligned_memory_that_stays, HARNESS_PLAIN },
        { "chunks_of_every_kind_are_aligned", chunks_of_every_kind_are_aligned, HARNESS_PLAIN },
        { "large_requests_do_not_waste_the_chunk", large_requests_do_not_waste_the_chunk, HARNESS_PLAIN },
        { "reset_uses_memory_again", reset_uses_memory_again, HARNESS_PLAIN },
        { "opened_with_a_chunk_of_its_own_size", opened_with_a_chunk_of_its_own_size, HARNESS_PLAIN },
        { "copies_texts", copies_texts, HARNESS_PLAIN },
        { "overflow_is_out_of_memory", overflow_is_out_of_memory, HARNESS_PLAIN },
        { "every_allocation_can_fail", every_allocation_can_fail, HARNESS_PLAIN },
        { "hook_fails_once_or_from_then_on", hook_fails_once_or_from_then_on, HARNESS_PLAIN },
        { "heap_tells_who_watches", heap_tells_who_watches, HARNESS_PLAIN },
        { "vectors_grow_and_survive", vectors_grow_and_survive, HARNESS_PLAIN },
        { "lists_grow_in_their_arena", lists_grow_in_their_arena, HARNESS_PLAIN },
    };
    return harness_main("test-arena", tests, sizeof tests / sizeof tests[0]);
}
