/* heap.c: pages, cells and text blocks of sessions. See heap.h for the layout.
 *
 * Memory that was never touched is the dearest thing a load does, so pages are kept by the sessionmaker and used again, and a
 * cell is zeroed when it is taken and not when its page is made. */
#include <config.h>
#include "orm/heap.h"

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "orm/converted.h"

/* ---- the store ------------------------------------------------------------------------------------------------- */

sqla_status sqla__page_store_init(sqla__page_store *store)
{
    memset(store, 0, sizeof *store);
    return pthread_mutex_init(&store->lock, NULL) == 0 ? SQLA_OK : SQLA_ERR_NOMEM;
}

void sqla__page_store_release(sqla__page_store *store)
{
    while (store->free != NULL) {
        void *next = *(void **)store->free;
        sqla__free(store->free);
        store->free = next;
    }
    pthread_mutex_destroy(&store->lock);
}

static void *store_take(sqla__page_store *store)
{
    pthread_mutex_lock(&store->lock);
    void *page = store->free;
    if (page != NULL) {
        store->free = *(void **)page;
        store->count--;
    }
    pthread_mutex_unlock(&store->lock);
    return page != NULL ? page : sqla__alloc_aligned(SQLA__PAGE_SIZE, SQLA__PAGE_SIZE);
}

static void store_give(sqla__page_store *store, void *page)
{
    pthread_mutex_lock(&store->lock);
    bool keep = store->count < SQLA__PAGES_KEPT;
    if (keep) {
        *(void **)page = store->free;
        store->free = page;
        store->count++;
    }
    pthread_mutex_unlock(&store->lock);
    if (!keep)
        sqla__free(page);
}

/* ---- pages of all sessions -------------------------------------------------------------------------------------- */

/* Which pages are in use, in the whole process. A new struct is mostly on the stack: counters, by a part of the hash of a page's address,
 * say so without a lock. */
enum { COUNTERS = 4096 };
static struct {
    pthread_mutex_t lock;
    sqla__hash pages;
    _Atomic uint32_t counters[COUNTERS];
} known = { .lock = PTHREAD_MUTEX_INITIALIZER };

static _Atomic uint32_t *counter_of(uintptr_t page) { return &known.counters[sqla__hash_mix(page / SQLA__PAGE_SIZE) % COUNTERS]; }

static bool make_known(sqla__page *page)
{
    pthread_mutex_lock(&known.lock);
    bool made = sqla__hash_put(&known.pages, &page->self, sizeof page->self, page);
    pthread_mutex_unlock(&known.lock);
    if (made)
        atomic_fetch_add(counter_of(page->self), 1);
    return made;
}

static void make_unknown(sqla__page *page)
{
    pthread_mutex_lock(&known.lock);
    bool was = sqla__hash_remove(&known.pages, &page->self, sizeof page->self) != NULL;
    if (known.pages.count == 0)
        sqla__hash_release(&known.pages);
    pthread_mutex_unlock(&known.lock);
    if (was)
        atomic_fetch_sub(counter_of(page->self), 1);
}

bool sqla__page_is_known(const void *p)
{
    uintptr_t page = (uintptr_t)sqla__page_of(p);
    if (atomic_load_explicit(counter_of(page), memory_order_relaxed) == 0)
        return false;
    pthread_mutex_lock(&known.lock);
    bool is = sqla__hash_get(&known.pages, &page, sizeof page) != NULL;
    pthread_mutex_unlock(&known.lock);
    return is;
}

/* ---- cells ----------------------------------------------------------------------------------------------------- */

static uint32_t round_up(uint32_t n, uint32_t unit)
{
    return (n + unit - 1) / unit * unit;
}

void sqla__pool_init(sqla__pool *pool, sqla_session *session, const sqla__mapping *mapping)
{
    memset(pool, 0, sizeof *pool);
    pool->mapping = mapping;
    pool->session = session;
    pool->snapshot = round_up(mapping->size, 16);
    pool->stride = (uint32_t)sizeof(sqla__object) + 2 * pool->snapshot;
    pool->per_page = (SQLA__PAGE_SIZE - SQLA__PAGE_HEAD) / pool->stride;
    if (pool->per_page == 0)
        pool->per_page = 1;
}

/* The number of the next page: one that was given back, if any. */
static size_t free_number(const sqla__pool *pool)
{
    for (size_t i = 0; i < pool->pages.count; i++)
        if (pool->pages.items[i] == NULL)
            return i;
    return pool->pages.count;
}

static void page_free(sqla__pool *pool, sqla__page *page)
{
    make_unknown(page);
    if (pool->session->last_page == page)
        pool->session->last_page = NULL;
    if (page->size > SQLA__PAGE_SIZE)
        sqla__free(page);
    else
        store_give(&pool->session->maker->pages, page);
}

static void open_page(sqla__pool *pool, sqla__page *page)
{
    page->previous = NULL;
    page->next = pool->open;
    if (pool->open != NULL)
        pool->open->previous = page;
    pool->open = page;
}

static void shut_page(sqla__pool *pool, sqla__page *page)
{
    if (page->previous != NULL)
        page->previous->next = page->next;
    else
        pool->open = page->next;
    if (page->next != NULL)
        page->next->previous = page->previous;
}

static bool has_room(const sqla__pool *pool, const sqla__page *page)
{
    return page->free != NULL || page->used < pool->per_page;
}

static sqla__page *page_new(sqla__pool *pool)
{
    size_t size = (size_t)SQLA__PAGE_HEAD + (size_t)pool->per_page * pool->stride;
    bool single = size > SQLA__PAGE_SIZE;
    size = (size + SQLA__PAGE_SIZE - 1) / SQLA__PAGE_SIZE * SQLA__PAGE_SIZE;
    sqla__page *page = single ? sqla__alloc_aligned(SQLA__PAGE_SIZE, size) : store_take(&pool->session->maker->pages);
    if (page == NULL)
        return NULL;
    size_t number = free_number(pool);
    *page = (sqla__page){ .pool = pool, .number = (uint32_t)number, .size = (uint32_t)size, .self = (uintptr_t)page };
    if (!make_known(page) || !sqla__vec_reserve(&pool->pages, number + 1) ||
        !sqla__hash_put(&pool->session->pages, &page->self, sizeof page->self, page)) {
        page_free(pool, page);
        return NULL;
    }
    if (number == pool->pages.count)
        pool->pages.count++;
    pool->pages.items[number] = page;
    open_page(pool, page);
    return page;
}

/* A page in which nothing lives goes back, unless it is the last one with room. */
static void page_drop_if_empty(sqla__pool *pool, sqla__page *page)
{
    if (page->live > 0 || (pool->open == page && page->next == NULL))
        return;
    shut_page(pool, page);
    pool->pages.items[page->number] = NULL;
    sqla__hash_remove(&pool->session->pages, &page->self, sizeof page->self);
    page_free(pool, page);
}

/* Everything that hangs on the cells of the pool goes with it; the text heap itself is released by the session. */
void sqla__pool_release(sqla__pool *pool)
{
    for (size_t p = 0; p < pool->pages.count; p++) {
        sqla__page *page = pool->pages.items[p];
        if (page == NULL)
            continue;
        for (uint32_t i = 0; pool->has_extras && i < page->used; i++) {
            sqla__object *object = sqla__page_cell(page, i);
            if (object->state == SQLA_FOREIGN)
                continue;
            sqla__extra_free(object);
            sqla__pieces_set(object, NULL);
            if (object->flags & SQLA__FLAG_LARGE_TEXTS)
                sqla__free(object->texts);
        }
        page_free(pool, page);
    }
    sqla__vec_release(&pool->pages);
    sqla__free(pool->map.slots);
    sqla__free(pool->scratch);
    memset(pool, 0, sizeof *pool);
}

sqla__object *sqla__pool_take(sqla__pool *pool)
{
    sqla__page *page = pool->open != NULL ? pool->open : page_new(pool);
    if (page == NULL)
        return NULL;
    sqla__object *object = page->free;
    uint32_t number;
    if (object != NULL) {
        page->free = object->texts;
        number = object->number;
    } else {
        object = sqla__page_cell(page, page->used);
        number = page->number << 12 | page->used++;
    }
    memset(object, 0, sizeof *object + pool->mapping->size);
    object->number = number;
    object->state = SQLA_TRANSIENT;
    page->live++;
    pool->live++;
    if (!has_room(pool, page))
        shut_page(pool, page);
    return object;
}

void *sqla__pool_scratch(sqla__pool *pool)
{
    if (pool->scratch == NULL)
        pool->scratch = sqla__alloc_zero(1, pool->mapping->size);
    return pool->scratch;
}

void sqla__pool_give(sqla__pool *pool, sqla__object *object)
{
    sqla__page *page = sqla__page_of(object);
    bool was_full = !has_room(pool, page);
    sqla__extra_free(object);
    sqla__pieces_set(object, NULL);
    if (object->texts != NULL)
        sqla__text_give(&pool->session->texts, object->texts, object->flags & SQLA__FLAG_LARGE_TEXTS);
    object->state = SQLA_FOREIGN;
    object->flags = 0;
    object->texts = page->free;
    page->free = object;
    page->live--;
    pool->live--;
    if (was_full)
        open_page(pool, page);
    page_drop_if_empty(pool, page);
}

/* ---- texts ----------------------------------------------------------------------------------------------------- */

typedef struct sqla__text_page {
    struct sqla__text_page *next;
    uint32_t class, used; /* used: bytes from the start of the page */
} sqla__text_page;

static void *carve(sqla__text_heap *heap, uint32_t class)
{
    uint32_t size = class * 16;
    sqla__text_page *page = heap->current[class];
    if (page == NULL || page->used + size > SQLA__PAGE_SIZE) {
        page = store_take(heap->store);
        if (page == NULL)
            return NULL;
        *page = (sqla__text_page){ .next = heap->pages, .class = class, .used = 64 };
        heap->pages = heap->current[class] = page;
    }
    void *block = (char *)page + page->used;
    page->used += size;
    return block;
}

static void *take_large(sqla__text_heap *heap, size_t size)
{
    if (!sqla__vec_reserve(&heap->retired_large, heap->retired_large.count + heap->large_count + 1))
        return NULL;
    void *block = sqla__alloc(size);
    heap->large_count += block != NULL;
    return block;
}

void *sqla__text_take(sqla__text_heap *heap, size_t size, bool *ret_large)
{
    *ret_large = size > (size_t)SQLA__PAGE_CLASSES * 16;
    if (*ret_large)
        return take_large(heap, size);
    uint32_t class = (uint32_t)(size + 15) / 16;
    void *block = heap->free[class];
    if (block == NULL)
        return carve(heap, class);
    heap->free[class] = *(void **)block;
    return block;
}

void sqla__text_give(sqla__text_heap *heap, void *block, bool large)
{
    if (block == NULL)
        return;
    if (large) {
        sqla__free(block);
        heap->large_count--;
        return;
    }
    uint32_t class = ((sqla__text_page *)((uintptr_t)block & ~(uintptr_t)(SQLA__PAGE_SIZE - 1)))->class;
    *(void **)block = heap->free[class];
    heap->free[class] = block;
}

/* One for which there is no memory in the list is not used again. */
void sqla__text_retire(sqla__text_heap *heap, void *block, bool large)
{
    if (block == NULL)
        return;
    if (large)
        heap->retired_large.items[heap->retired_large.count++] = block;
    else
        (void)sqla__vec_push(&heap->retired, block);
}

void sqla__text_drain(sqla__text_heap *heap)
{
    for (size_t i = 0; i < heap->retired.count; i++)
        sqla__text_give(heap, heap->retired.items[i], false);
    for (size_t i = 0; i < heap->retired_large.count; i++)
        sqla__text_give(heap, heap->retired_large.items[i], true);
    heap->retired.count = heap->retired_large.count = 0;
}

void sqla__text_release(sqla__text_heap *heap)
{
    sqla__text_drain(heap);
    sqla__vec_release(&heap->retired);
    sqla__vec_release(&heap->retired_large);
    while (heap->pages != NULL) {
        sqla__text_page *next = heap->pages->next;
        store_give(heap->store, heap->pages);
        heap->pages = next;
    }
    memset(heap->current, 0, sizeof heap->current);
    memset(heap->free, 0, sizeof heap->free);
}

void sqla__object_set_texts(sqla__object *object, void *block, bool large, bool keep_old)
{
    if (!keep_old && object->texts != NULL)
        sqla__text_retire(&sqla__pool_of(object)->session->texts, object->texts, object->flags & SQLA__FLAG_LARGE_TEXTS);
    if (large)
        sqla__pool_of(object)->has_extras = true;
    object->texts = block;
    object->flags = (uint8_t)((object->flags & ~SQLA__FLAG_LARGE_TEXTS) | (large ? SQLA__FLAG_LARGE_TEXTS : 0));
}
