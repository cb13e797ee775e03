/* engine.h: engines, their pools and connections, as the files of this room see them.
 *
 * Locks, in the order in which they may be taken: the list of statements, the pool, the facts; in truth none is ever taken
 * while another is held, and none while a driver is called. */
#ifndef SQLA_ENGINE_ENGINE_H
#define SQLA_ENGINE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/url.h"
#include "engine/conn.h"
#include "engine/plugin.h"
#include "engine/stmtcache.h"
#include "sql/stmt.h"

typedef struct sqla__engine_config sqla__engine_config;

/* ---- pool (pool.c, places.c, shells.c, sites.c) ------------------------------------------------------------------ */

/* One thread that waits for a connection. What it is given is a connection, or the room to open one, or a refusal. */
typedef enum sqla__grant { SQLA__NOT_YET, SQLA__GRANTED, SQLA__REFUSED } sqla__grant;
typedef struct sqla__waiter {
    struct sqla__waiter *next;
    pthread_cond_t wake;
    int64_t since;                 /* monotonic nanoseconds, as all times here */
    sqla_conn *conn;
    sqla_error *err;               /* filled by a refusal */
    sqla__grant grant;
} sqla__waiter;

typedef struct sqla__connpool {
    pthread_mutex_t lock;          /* for everything below */
    sqla_conn *idle, *idle_last;   /* a list; lent from its front */
    sqla_conn *keeper;             /* never lent, and no place: keeps a database alive that ends with its connections */
    sqla_conn *out, *out_last;     /* those that are lent, the one that is out longest first */
    sqla__waiter *first_waiter, *last_waiter;
    uint32_t limit;                /* of places */
    uint32_t kept;                 /* of idle connections */
    uint32_t places;               /* taken: idle ones, those that are out, and those being opened or closed */
    uint32_t idle_count, opening, waiting;
    uint32_t most_tries;           /* connects that may be under way at once after one has failed */
    uint32_t failures;             /* of connects, since the last that succeeded */
    int64_t retry_at;              /* no connect before that, while there are failures */
    uint64_t chance;               /* for the backoff's jitter */
    uint64_t generation;           /* connections of an older one are closed and not used again */
    sqla_error last_connect;       /* the last failure to connect, until one succeeds */
    bool closed;
    sqla_conn *shells;             /* all handles that there are (shells.c) */
    sqla_conn *spare, *spare_last; /* those without a connection, the one closed longest ago first */
    uint32_t spare_count;
    uint64_t numbered;             /* connections: the number of the newest */
    sqla_pool_status count;        /* only what is counted since the engine was made */
} sqla__connpool;

sqla_status sqla__connpool_init(sqla__connpool *pool, const sqla__engine_config *config);
void sqla__connpool_release(sqla__connpool *pool);
/* A live connection, idle or new. */
sqla_status sqla__connpool_take(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err);
/* Take it back: conn is clean, or lost. */
void sqla__connpool_give(sqla_engine *db, sqla_conn *conn);
/* Close all idle ones; those that are out when they come back. found_dead: because one of that generation was. */
void sqla__connpool_invalidate(sqla_engine *db, uint64_t generation, bool found_dead);

/* Places (places.c). A place with an idle connection in it, or with the room to open one (NULL): then sqla__place_opened is to
 * follow. Waits in line, until deadline. */
sqla_status sqla__place_take(sqla_engine *db, int64_t deadline, sqla_conn **ret_conn, sqla_error *err);
/* The connection in a place of ours is closed: may another be opened there? False: the place is given up. */
bool sqla__place_reopen(sqla__connpool *pool);
/* Room to open one more, if fewer than n are there and nobody waits. */
bool sqla__place_add(sqla__connpool *pool, uint32_t n);
/* The end of a connect in a place of ours, which is given up when it failed. began: when it was begun. */
void sqla__place_opened(sqla__connpool *pool, int64_t began, sqla_status status, const sqla_error *err);
void sqla__places_give(sqla__connpool *pool, uint32_t n);
/* Under the lock: hand a connection to who waits longest. False: nobody waits. */
bool sqla__place_hand_over(sqla__connpool *pool, sqla_conn *conn);

/* Handles (shells.c). */
sqla_conn *sqla__shell_new(sqla_engine *db);               /* NULL: out of memory */
void sqla__shell_drop(sqla_conn *conn);                    /* it has no connection any more */
sqla_conn *sqla__shell_change(sqla_conn *conn);            /* under the lock: the connection in another shell; conn itself without memory */
void sqla__shells_release(sqla__connpool *pool);

/* Who holds connections (sites.c). */
enum { SQLA__SITE_FRAMES = 16 };
void sqla__site_note(sqla_conn *conn);
/* Tell in err, and in the log where sites are remembered, who holds connections. */
void sqla__sites_tell(sqla_engine *db, sqla_error *err);

/* ---- engine (engine.c) ----------------------------------------------------------------------------------------- */

struct sqla__engine_config {
    int32_t pool_size, max_overflow, pool_timeout_ms, connect_timeout_ms, pool_recycle_s;
    bool pre_ping, echo, hide_parameters;
    sqla_log_fn *log;
    void *log_data;
    int32_t pooler;                /* sqla_pooler */
    int32_t pool; /* sqla_pool_kind */
    bool pool_fifo, pool_sites;
    sqla_event_fn *on_event;
    void *event_data;
    uint32_t events;
    int32_t statement_timeout_ms;
    int32_t isolation;             /* sqla_isolation */
    bool read_only, resolve_outcomes;
    char wrap[33];                 /* the driver that goes round the database's own; "" */
};

struct sqla_engine {
    pthread_mutex_t lock;          /* for refs and statements */
    uint32_t refs;                 /* the program's one, and one for each connection that is out */
    sqla__stmts statements;        /* made on the engine, freed with it */
    unsigned forks;                /* the process it was made in */
    const sqla__driver *driver;
    sqla__engine_config config;
    sqla__arena arena;             /* holds all below, and is wiped at the end */
    const char *url;               /* masked */
    char instance[64];
    sqla_connect_param *params;
    uint32_t param_count;
    const char **secrets;          /* shown nowhere */
    uint32_t secret_count;
    const char **settings;         /* values that a failure to connect may quote, and that may be secrets: not shown there */
    uint32_t setting_count;
    sqla__connpool pool;
    uint64_t place[2];             /* what connections are to (sqla_conn_info), under the pool's lock; 0, 0: unknown */
    struct {
        pthread_mutex_t lock;
        sqla__arena arena;
        sqla__hash by_table;       /* "schema\0table" -> uint64_t */
    } facts;
    uint32_t watched;              /* SQLA_EVENT_... bits of what is told or echoed */
    atomic_uint plans;             /* prepared statements of before its last change are outdated */
    atomic_bool uncounted;         /* that a driver does not count rows has been logged */
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

/* ---- log (log.c) ----------------------------------------------------------------------------------------------- */

/* A line that was asked for. */
void sqla__engine_log(const sqla_engine *db, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What echo says about an event. plan and row: the parameters of a statement. */
void sqla__echo(const sqla_engine *db, const sqla_event *event, const sqla_plan *plan, const void *row);

/* ---- events (event.c) ------------------------------------------------------------------------------------------ */

/* The one test that an event costs which nobody wants to know about. */
static inline bool sqla__watched(const sqla_engine *db, uint32_t kinds) { return (db->watched & kinds) != 0; }
uint32_t sqla__event_mask(const sqla__engine_config *config);
/* When what is watched began; else 0, without a look at the clock. */
int64_t sqla__event_start(const sqla_engine *db, uint32_t kinds);
/* What happened to conn, at the end of it. start: its begin; 0: nobody watches, or it takes no time. */
void sqla__event_conn(sqla_conn *conn, sqla_event_kind kind, int64_t start, sqla_status status, const char *message);
/* A connect that failed. */
void sqla__event_no_connect(sqla_engine *db, int64_t start, const sqla_error *err);
/* A statement that ran for so many rows of parameters; row is the first of them. */
void sqla__event_execute(sqla_conn *conn, const char *text, size_t length, const sqla_plan *plan, const void *row, size_t rows, int64_t start,
                         sqla_status status, const sqla_error *err);
/* Transactions. name: of a savepoint, else NULL.  Returns status. */
sqla_status sqla__event_txn(sqla_conn *conn, sqla_event_kind kind, const char *name, int64_t start, sqla_status status, const sqla_error *err);

/* ---- connections (conn.c) -------------------------------------------------------------------------------------- */

struct sqla__result {
    sqla_conn *conn;               /* NULL: the connection was closed before the result */
    sqla_driver_result *handle;
    sqla__cached *cached;          /* the prepared statement that runs, marked busy as long as it does */
    sqla__result *previous, *next; /* open results of the connection */
    bool ended, streams;
    int32_t timeout_ms;            /* of the statement */
    int64_t deadline;              /* of what is read from it */
    int64_t fetched;               /* rows so far */
};

/* May a handle be used? Not when it was closed; but while a function that was told of an event is at work on it. */
typedef enum sqla__use { SQLA__CLOSED, SQLA__LENT, SQLA__HOOKED } sqla__use;

/* What stands behind `driver` goes into another shell when the connection is given back (shells.c), by a plain copy. */
struct sqla_conn {
    sqla_engine *engine;
    atomic_int use;                /* sqla__use */
    sqla_conn *shell_next;         /* among all handles */
    sqla_conn *previous_out, *next_out;
    struct {
        pthread_mutex_t lock;
        pthread_cond_t done;
        sqla_driver_canceller *handle; /* goes with the connection */
        atomic_uint firing;        /* changed under the lock, looked at without */
        atomic_bool asked;         /* a cancel came since the last statement started */
    } cancel;
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
    sqla__stmts statements;        /* made on the connection, freed when it goes back */
    const sqla_metadata *known;    /* of who has the connection now, or NULL */
    uint64_t seen[16];             /* hashes of raw texts that ran once: the second time they are prepared */
    uint32_t seen_at;
    sqla_copy *copy;               /* a COPY that is open; it takes the connection */
    uint64_t number;               /* of the connection, see sqla_event */
    int64_t out_since;
    void *site[SQLA__SITE_FRAMES]; /* return addresses of who took it, where they are remembered */
    int site_count;
    bool doomed;                   /* closed when it comes back */
    bool detached;                 /* no longer the pool's */
    bool hooked;                   /* a function that was told of an event is at work on it */
    int32_t timeout_ms;            /* sqla_conn_set_timeout: 0: the engine's; -1: none */
    int64_t limit;                 /* sqla__conn_limit */
    int64_t deadline;              /* of the call that is under way; 0: none */
    int64_t told;                  /* the deadline that the driver was told last */
    bool autocommit;               /* a transaction of that kind is open: there is none */
    bool begun;                    /* a transaction was begun, and neither committed nor rolled back since */
    bool fresh;                    /* nothing of the program's has run in it */
    bool ended_told;               /* the program knows of ended_by */
    sqla__begin how;               /* as it was begun */
    char ended_by[64];             /* first words of the statement that ended it; "": none has */
    unsigned plans;                /* the engine's, when the cache was last known to be good */
};
static inline bool sqla__conn_is_open(const sqla_conn *conn) { return atomic_load(&conn->use) != SQLA__CLOSED; }

sqla_status sqla__conn_open(sqla_engine *db, int64_t deadline, sqla_conn **ret_conn, sqla_error *err);
void sqla__conn_free(sqla_conn *conn);    /* closes it; after a fork it is abandoned */
bool sqla__conn_clean(sqla_conn *conn);   /* make it fit for the next user; false: close it */
/* Every failure that a driver reports comes through here: the status is made a known one, secrets go, a loss is noted. */
sqla_status sqla__conn_failed(sqla_conn *conn, sqla_status status, sqla_error *err);
/* May this connection be used at all? */
sqla_status sqla__conn_check(sqla_conn *conn, sqla_error *err);
/* The beginning of whatever asks the driver for something: check; wait until a cancel of what ran before is done with; set
 * conn->deadline. timeout_ms: of the statement; 0: the connection's; -1: none. */
sqla_status sqla__conn_start(sqla_conn *conn, int32_t timeout_ms, sqla_error *err);
/* The same for a statement of the program's. */
sqla_status sqla__conn_start_statement(sqla_conn *conn, int32_t timeout_ms, sqla_error *err);
/* Wait until no cancel is under way; false: the deadline passed. */
bool sqla__conn_fence(sqla_conn *conn, int64_t deadline);
int64_t sqla__conn_deadline(const sqla_conn *conn, int32_t timeout_ms);
/* Tell the driver the deadline of calls that have none of their own. */
void sqla__conn_tell(sqla_conn *conn, int64_t deadline);
/* The deadline of clearing up, which is bounded in any case. */
int64_t sqla__conn_patience(const sqla_conn *conn);
/* Run a text of the traits or the like, and drop what it gives. */
sqla_status sqla__conn_simple(sqla_conn *conn, const char *text, int64_t deadline, sqla_error *err);
/* Has this raw text run here before? */
bool sqla__conn_seen(sqla_conn *conn, const char *text, size_t length);

/* The first words of a statement, without what may be a secret. */
void sqla__first_words(const sqla_conn *conn, char *room, size_t size, const char *text, size_t length);

/* Transactions that a statement ended (ended.c). The connection has begun one; it is over. */
void sqla__txn_began(sqla_conn *conn, sqla__begin how);
void sqla__txn_over(sqla_conn *conn);
/* After each statement of the program's: is the transaction still there? status: of the statement. */
void sqla__txn_look(sqla_conn *conn, sqla_status status, const char *text, size_t length);
/* A commit of such a transaction: it is over. Returns: MISUSE; ROLLBACK_FIRST: another one was open, and is
 * rolled back. */
sqla_status sqla__txn_cannot_commit(sqla_conn *conn, sqla_error *err);
/* At the end of a rollback. Returns: OK, or MISUSE: what the program had to be told and was not yet. */
sqla_status sqla__txn_rolled_back(sqla_conn *conn, sqla_error *err);
/* Roll a transaction back in which nothing has run, and begin it again. False: that cannot be done. */
bool sqla__txn_begin_anew(sqla_conn *conn);

/* A hint for a failure over the name of a table or column that is not there (suggest.c). text: the statement. */
void sqla__suggest(sqla_conn *conn, const char *text, size_t length, sqla_error *err);
/* Log each column of base that its table has not (lack.c).
 * schemas: where the tables of base are, in their order; NULL: that one is not there. */
sqla_status sqla__lack_log(sqla_conn *conn, const sqla_metadata *base, const char *const *schemas, sqla_error *err);

static inline sqla_err *sqla__opaque(sqla_error *err) { return (sqla_err *)(void *)err; }

#endif
