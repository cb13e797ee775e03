/* stmtcache.h: the prepared statements of one connection, the least recently used of which makes room for a new one.
 *
 * A statement is known by its text, by how it is to be run (its flags and the rows of a block) and by the shape of its plan,
 * since a database fixes the types of parameters when it prepares. */
#ifndef SQLA_ENGINE_STMTCACHE_H
#define SQLA_ENGINE_STMTCACHE_H

#include <sqla/driver.h>

enum { SQLA__STMTCACHE_MAX = 128, SQLA__STMTCACHE_BUCKETS = 256 };

typedef struct sqla__cached {
    struct sqla__cached *bucket_next;
    struct sqla__cached *newer, *older;   /* by use */
    uint64_t hash;
    sqla_driver_stmt *prepared;
    uint32_t flags, block_rows;
    uint64_t shape;
    bool busy;                            /* a result of it is open */
    bool dropped;                         /* out of the cache already; freed when it is no longer busy */
    size_t length;
    char text[];
} sqla__cached;

typedef struct sqla__stmtcache {
    sqla__cached **buckets;               /* NULL until needed */
    sqla__cached *newest, *oldest;
    size_t count;
} sqla__stmtcache;

typedef struct sqla__stmtkey {
    const char *text;
    size_t length;
    uint32_t flags, block_rows;
    uint64_t shape, hash;
} sqla__stmtkey;
sqla__stmtkey sqla__stmtkey_make(const char *text, size_t length, uint32_t flags, uint32_t block_rows, const sqla_plan *plan);

/* NULL: not there. What is found becomes the newest. */
sqla__cached *sqla__stmtcache_find(sqla__stmtcache *cache, const sqla__stmtkey *key);
/* Keep a prepared statement. NULL: out of memory, and prepared is still the caller's. Evicts with close. */
sqla__cached *sqla__stmtcache_put(sqla__stmtcache *cache, const sqla__stmtkey *key, sqla_driver_stmt *prepared, void (*close)(sqla_driver_stmt *));
/* Take one out: closed now, or when its result is. */
void sqla__stmtcache_drop(sqla__stmtcache *cache, sqla__cached *entry, void (*close)(sqla_driver_stmt *));
/* Take all of them out, in the same way. */
void sqla__stmtcache_clear(sqla__stmtcache *cache, void (*close)(sqla_driver_stmt *));
/* The result of entry is closed. */
void sqla__stmtcache_done(sqla__cached *entry, void (*close)(sqla_driver_stmt *));
/* close NULL: the handles are forgotten (after a fork). */
void sqla__stmtcache_release(sqla__stmtcache *cache, void (*close)(sqla_driver_stmt *));

#endif
