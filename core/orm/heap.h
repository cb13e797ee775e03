/* heap.h: the memory of a session: object cells that never move, and the blocks that hold their texts.
 *
 * Objects lie in pages of 64 KiB that are aligned to their size, so the page of a pointer is found by masking it; a pointer is
 * trusted only after that page was found among the session's. A cell is a header, the user's struct, and its snapshot: the
 * struct as it was loaded or last flushed. The snapshot holds the texts that the session owns; the struct may hold lent ones.
 * All texts of an object lie in one block. A page without a living cell goes back to the sessionmaker's store of pages.
 *
 * Not here: what the states mean (session.c), which object has which key (identity.c). */
#ifndef SQLA_ORM_HEAP_H
#define SQLA_ORM_HEAP_H

#include <pthread.h>
#include <sqla/orm.h>
#include "base/hash.h"
#include "base/vec.h"
#include "sql/mapping.h"

enum { SQLA__PAGE_SIZE = 65536, SQLA__PAGE_CLASSES = 64, SQLA__PAGES_KEPT = 512 };

/* Pages that no session uses at the moment. Shared by the sessions of one sessionmaker. */
typedef struct sqla__page_store {
    pthread_mutex_t lock;
    void *free;                     /* a list through the first word of each */
    size_t count;
} sqla__page_store;
sqla_status sqla__page_store_init(sqla__page_store *store);
void sqla__page_store_release(sqla__page_store *store);

enum {
    SQLA__FLAG_LARGE_TEXTS = 1,     /* the text block came from the heap, not from a page */
    SQLA__FLAG_DOOMED = 2,          /* will be deleted by the next flush; with state TRANSIENT: was deleted before it had a row */
    SQLA__FLAG_LINKED = 4,          /* stands in the session's list of objects with links */
    SQLA__FLAG_QUEUED = 8,          /* stands in the flush's list already */
    SQLA__FLAG_COLLECTIONS = 16,    /* a collection was changed since the transaction began */
    SQLA__FLAG_TOUCHED = 32,        /* stands in a list of objects that an action of the database may have changed */
    SQLA__FLAG_LOST = 64            /* its row went without a word from the program, which has not been told yet */
};

/* The header of a cell. The user's struct follows it. */
typedef struct sqla__object {
    void *texts;                    /* the block that the snapshot's pointers lie in; NULL */
    struct sqla__extra *extra;      /* collections and links; NULL as long as there are none */
    uint32_t epoch;                 /* the session's clock when it was last loaded or inserted; 0: expired */
    uint32_t undo;                  /* 1-based place of its newest record in the undo list; 0: none */
    uint8_t state;                  /* sqla_object_state; SQLA_FOREIGN: the cell is free */
    uint8_t flags;
    uint16_t reserved;
    uint32_t number;                /* of the cell in its pool: page << 12 | cell */
} sqla__object;

/* All objects of one mapping in one session. */
typedef struct sqla__pool {
    const sqla__mapping *mapping;
    struct sqla_session *session;
    SQLA__VEC(struct sqla__page *) pages; /* by number; NULL where one was given back */
    struct sqla__page *open;        /* the pages that have room, through `next` and `previous` */
    uint32_t stride;                /* of a cell in bytes */
    uint32_t snapshot;              /* from the user's struct to its snapshot, in bytes */
    uint32_t per_page;
    uint32_t live;                  /* cells in use */
    bool has_pending;               /* something was added since the last flush */
    bool has_extras;                /* an object had something of the heap's: large texts, an extra */
    void *scratch;                  /* one struct, zeroed, for keys; NULL until needed */
    struct sqla__identity {         /* key -> cell (identity.c) */
        uint64_t *slots;
        uint32_t capacity, count;
    } map;
} sqla__pool;

typedef struct sqla__page {
    sqla__pool *pool;
    struct sqla__page *previous, *next;
    sqla__object *free;             /* cells given back, through `texts` */
    uint32_t number, used, live;    /* used: cells handed out so far from the front; live: in use now */
    uint32_t size;                  /* of the whole page in bytes */
    uintptr_t self;                 /* its own address, the key by which the session knows it */
} sqla__page;
enum { SQLA__PAGE_HEAD = 64 };

static inline void *sqla__struct_of(const sqla__object *object) { return (void *)(object + 1); }
static inline sqla__object *sqla__object_of(const void *row) { return (sqla__object *)(uintptr_t)row - 1; }
static inline sqla__page *sqla__page_of(const void *p) { return (sqla__page *)((uintptr_t)p & ~(uintptr_t)(SQLA__PAGE_SIZE - 1)); }
static inline sqla__pool *sqla__pool_of(const sqla__object *object) { return sqla__page_of(object)->pool; }
static inline void *sqla__snapshot_of(const sqla__object *object) { return (char *)sqla__struct_of(object) + sqla__pool_of(object)->snapshot; }
static inline sqla__object *sqla__page_cell(const sqla__page *page, uint32_t i)
{
    return (sqla__object *)(void *)((char *)(uintptr_t)page + SQLA__PAGE_HEAD + (size_t)i * page->pool->stride);
}
static inline sqla__object *sqla__pool_cell(const sqla__pool *pool, uint32_t number)
{
    return sqla__page_cell(pool->pages.items[number >> 12], number & 0xfff);
}

void sqla__pool_init(sqla__pool *pool, struct sqla_session *session, const sqla__mapping *mapping);
void sqla__pool_release(sqla__pool *pool);
/* A cell with a zeroed struct, state SQLA_TRANSIENT; its snapshot is not set. NULL: out of memory. */
sqla__object *sqla__pool_take(sqla__pool *pool);
/* A struct for looking keys up with, made at first use; NULL: out of memory. */
void *sqla__pool_scratch(sqla__pool *pool);
/* Give a cell back with its texts and extra. The cell may be taken again at once. */
void sqla__pool_give(sqla__pool *pool, sqla__object *object);

/* Does the pointer lead into objects of any session of this process? Nothing is read from there.  Threads: any. */
bool sqla__page_is_known(const void *p);

/* Texts. One text heap a session. */
typedef struct sqla__text_heap {
    sqla__page_store *store;
    struct sqla__text_page *current[SQLA__PAGE_CLASSES + 1]; /* by class: a block has class * 16 bytes */
    void *free[SQLA__PAGE_CLASSES + 1];
    struct sqla__text_page *pages;
    SQLA__VEC(void *) retired, retired_large;
    size_t large_count;                      /* large blocks that are out; each has its room in retired_large */
} sqla__text_heap;
/* A block of at least size bytes. *ret_large: it must be said when it is freed. NULL: out of memory. */
void *sqla__text_take(sqla__text_heap *heap, size_t size, bool *ret_large);
void sqla__text_give(sqla__text_heap *heap, void *block, bool large);
/* The same, but it may be read until sqla__text_drain: the program may have assigned a text in it to a field of another object,
 * which the next flush copies. */
void sqla__text_retire(sqla__text_heap *heap, void *block, bool large);
void sqla__text_drain(sqla__text_heap *heap);
void sqla__text_release(sqla__text_heap *heap); /* the pages; large blocks are given one by one before */
/* Replace the text block of an object (the old one is retired unless keep_old). */
void sqla__object_set_texts(sqla__object *object, void *block, bool large, bool keep_old);

#endif
