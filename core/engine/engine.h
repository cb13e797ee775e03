/* engine.h: engines, their pools and connections, as the files of this room see them.
 *
 * Locks, in the order in which they may be taken: the list of statements, the pool, the facts; in truth none is ever taken
 * while another is held, and none while a driver is called. */
#ifndef SQLA_ENGINE_ENGINE_H
#define SQLA_ENGINE_ENGINE_H

#include <pthread.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/url.h"
#include "engine/conn.h"
#include "engine/plugin.h"
#include "engine/stmtcache.h"
#include "sql/stmt.h"

/* ---- pool (pool.c) --------------------------------------------------------------------------------------------- */

/* One thread that waits for a connection. What it is given is a connection, or the room to open one. */
typedef struct sqla__waiter {
    struct sqla__waiter *next;
    pthread_cond_t wake;
    sqla_conn *conn;
    bool granted;
} sqla__waiter;

typedef struct sqla__connpool {
    pthread_mutex_t lock;          /* for everything below */
    sqla_conn *idle;               /* a list, the newest first */
    sqla_conn *keeper;             /* never lent, and no place: keeps a database alive that ends with its connections */
    sqla__waiter *first_waiter, *last_waiter;
    uint32_t limit;                /* of places: pool_size and overflow */
    uint32_t places;               /* taken: idle ones, those that are out, and those being opened */
    uint32_t idle_count, waiting;
    uint64_t generation;           /* connections of an older one are closed and not used again */
    uint64_t connects, disconnects;
    sqla_error last_connect;       /* the last failure to connect, until one succeeds */
    bool closed;
} sqla__connpool;

sqla_status sqla__connpool_init(sqla__connpool *pool, uint32_t limit);
void sqla__connpool_release(sqla__connpool *pool);
/* A live connection, idle or new. */
sqla_status sqla__connpool_take(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err);
/* Take it back: conn is clean, or lost. */
void sqla__connpool_give(sqla_engine *db, sqla_conn *conn);
/* Close all idle ones; those that are out when they come back. found_dead: because one of that generation was. */
void sqla__connpool_invalidate(sqla_engine *db, uint64_t generation, bool found_dead);

/* ---- engine (engine.c) ----------------------------------------------------------------------------------------- */

typedef struct sqla__engine_config {
    int32_t pool_size, max_overflow, pool_timeout_ms, connect_timeout_ms, pool_recycle_s;
    bool pre_ping, echo, hide_parameters;
    sqla_log_fn *log;
    void *log_data;
    int32_t pooler;                /* sqla_pooler */
} sqla__engine_config;

struct sqla_engine {
    pthread_mutex_t lock;          /* for refs and statements */
    uint32_t refs;                 /* the program's one, and one for each connection that is out */
    sqla_stmt *statements;         /* made on the engine, freed with it */
    unsigned forks;                /* the process it was made in */
    const sqla__driver *driver;
    sqla__engine_config config;
    sqla__arena arena;             /* holds all below */
    const char *url;               /* masked */
    char instance[64];
    sqla_connect_param *params;
    uint32_t param_count;
    char **secrets;                /* shown nowhere, and wiped at the end */
    uint32_t secret_count;
    char **settings;               /* values that a failure to connect may quote, and that may be secrets: not shown there */
    uint32_t setting_count;
    sqla__connpool pool;
    struct {
        pthread_mutex_t lock;
        sqla__arena arena;
        sqla__hash by_table;       /* "schema\0table" -> uint64_t */
    } facts;
};

/* A number that is another one after each fork. */
unsigned sqla__forks(void);
static inline bool sqla__engine_forked(const sqla_engine *db) { return db->forks != sqla__forks(); }
sqla_status sqla__refuse_forked(sqla_error *err);
void sqla__engine_forget_facts(sqla_engine *db);
void sqla__engine_scrub(const sqla_engine *db, sqla_error *err);
/* The same for a failure to connect, which may quote more. */
void sqla__engine_scrub_connect(const sqla_engine *db, sqla_error *err);

/* ---- parameters (params.c) ------------------------------------------------------------------------------------- */

/* What the driver is given at a connect: the program's pairs, the parts of the URL, and the keys of its query that are no
 * options of the engine. Fills params, secrets, settings and url of db.
 * given: of full size.
 * Returns: CONFIG: a key that nobody knows, that is given twice, or that the program has locked; NOMEM. */
sqla_status sqla__engine_take_params(sqla_engine *db, const sqla__url *url, const sqla_engine_options *given, sqla_error *err);
/* The i-th option of the engine that may stand in a URL; NULL: there are no more (engine.c). */
const char *sqla__engine_option_key(size_t i);

/* ---- log (trace.c) --------------------------------------------------------------------------------------------- */

void sqla__engine_log(const sqla_engine *db, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* One statement that ran: text, parameters unless hidden, time since start. */
void sqla__trace(const sqla_engine *db, const char *text, size_t length, const sqla_plan *plan, const void *row, size_t rows, int64_t start,
                 sqla_status status);

/* ---- connections (conn.c) -------------------------------------------------------------------------------------- */

struct sqla__result {
    sqla_conn *conn;               /* NULL: the connection was closed before the result */
    sqla_driver_result *handle;
    sqla__cached *cached;          /* the prepared statement that runs, marked busy as long as it does */
    sqla__result *previous, *next; /* open results of the connection */
    bool ended, streams;
};

struct sqla_conn {
    sqla_engine *engine;
    const sqla__driver *driver;
    sqla_driver_conn *handle;
    sqla_conn_info info;
    sqla_conn *next;               /* among the idle ones */
    uint64_t generation;
    int64_t born;                  /* monotonic nanoseconds */
    bool lost, touched, dead_link; /* dead_link: lost because the link broke, so that others may be dead too */
    sqla__stmtcache cache;
    sqla__result *results;         /* open */
    sqla__result *stream;          /* the last of them that streams */
    sqla__result *spare;           /* kept for the next result */
    sqla_stmt *statements;         /* made on the connection, freed when it goes back */
    const sqla_metadata *known;    /* of who has the connection now, or NULL */
    uint64_t seen[16];             /* hashes of raw texts that ran once: the second time they are prepared */
    uint32_t seen_at;
    struct {
        pthread_mutex_t lock;
        pthread_cond_t done;
        sqla_driver_canceller *handle;
        uint32_t firing;
    } cancel;
    sqla_copy *copy;               /* a COPY that is open; it takes the connection */
};

sqla_status sqla__conn_open(sqla_engine *db, int64_t deadline, sqla_conn **ret_conn, sqla_error *err);
void sqla__conn_free(sqla_conn *conn);    /* closes it; after a fork it is abandoned */
bool sqla__conn_clean(sqla_conn *conn);   /* make it fit for the next user; false: close it */
/* Every failure that a driver reports comes through here: the status is made a known one, secrets go, a loss is noted. */
sqla_status sqla__conn_failed(sqla_conn *conn, sqla_status status, sqla_error *err);
/* May this connection be used at all? */
sqla_status sqla__conn_check(sqla_conn *conn, sqla_error *err);
/* Run a text of the traits or the like, and drop what it gives. */
sqla_status sqla__conn_simple(sqla_conn *conn, const char *text, int64_t deadline, sqla_error *err);
/* Has this raw text run here before? */
bool sqla__conn_seen(sqla_conn *conn, const char *text, size_t length);

/* A hint for a failure over the name of a table or column that is not there (suggest.c). */
void sqla__suggest(sqla_conn *conn, sqla_error *err);

static inline sqla_err *sqla__opaque(sqla_error *err) { return (sqla_err *)(void *)err; }

/* Statements in lists of what owns them (target.c). */
void sqla__adopt(sqla_stmt **list, sqla_stmt *q);
void sqla__disown(sqla_stmt **list, sqla_stmt *q);

#endif
