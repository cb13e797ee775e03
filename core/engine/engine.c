/* engine.c: making an engine out of a URL and options, and its end.
 *
 * An engine connects to nothing by itself; the pool does when a connection is first asked for. It is freed when the program
 * has let go of it and the last connection that was lent has come back, so the order of the two does not matter. */
#include <config.h>
#include "engine/engine.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- forks ----------------------------------------------------------------------------------------------------- */

static atomic_uint forks;

static void count_fork(void)
{
    atomic_fetch_add(&forks, 1);
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, count_fork);
}

unsigned sqla__forks(void)
{
    return atomic_load_explicit(&forks, memory_order_relaxed);
}

sqla_status sqla__refuse_forked(sqla_error *err)
{
    sqla__error_set(err, SQLA_ERR_MISUSE, "this engine was made before the process was forked, and belongs to the parent");
    sqla__error_hint(err, "make an engine of its own in the child");
    return SQLA_ERR_MISUSE;
}

/* ---- options --------------------------------------------------------------------------------------------------- */

/* The options that may also stand in the URL. words: those that stand for 0, 1 ... up to high; NULL: it is a number. */
typedef struct option {
    const char *key;
    size_t offset;
    enum { IS_NUMBER, IS_FLAG, IS_NAME } kind;
    int32_t low, high;
    const char *const *words;
} option;
static const char *const pool_kinds[] = { "queue", "none", "static", NULL };
static const char *const poolers[] = { "none", "transaction", NULL };
#define NUMBER(name, low, high) { #name, offsetof(sqla__engine_config, name), IS_NUMBER, low, high, NULL }
#define FLAG(name) { #name, offsetof(sqla__engine_config, name), IS_FLAG, 0, 1, NULL }
#define NAME(name) { #name, offsetof(sqla__engine_config, name), IS_NAME, 0, 0, NULL }
#define CHOICE(name, words) { #name, offsetof(sqla__engine_config, name), IS_NUMBER, 0, sizeof words / sizeof words[0] - 2, words }
static const option options_known[] = {
    NUMBER(pool_size, 0, 10000),
    NUMBER(max_overflow, -1, 10000),
    NUMBER(pool_timeout_ms, -1, INT32_MAX),
    NUMBER(connect_timeout_ms, 0, INT32_MAX),
    NUMBER(pool_recycle_s, 0, INT32_MAX),
    FLAG(pre_ping),
    FLAG(echo),
    FLAG(hide_parameters),
    CHOICE(pooler, poolers),
    CHOICE(pool, pool_kinds),
    FLAG(pool_fifo),
    FLAG(pool_sites),
    NUMBER(statement_timeout_ms, 0, INT32_MAX),
    CHOICE(isolation, sqla__isolation_words),
    FLAG(read_only),
    FLAG(resolve_outcomes),
    NAME(wrap),
};
enum { OPTION_COUNT = sizeof options_known / sizeof options_known[0] };

const char *sqla__engine_option_key(size_t i)
{
    return i < OPTION_COUNT ? options_known[i].key : NULL;
}

static const option *option_named(const char *key)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(options_known[i].key, key) == 0)
            return &options_known[i];
    }
    return NULL;
}

static bool parse_number(const char *text, int32_t *ret)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '+' || text[0] == ' ' || number < INT32_MIN || number > INT32_MAX)
        return false;
    *ret = (int32_t)number;
    return true;
}

static bool parse_flag(const char *text, bool *ret)
{
    static const char *const yes[] = { "true", "1", "yes", "on" }, *const no[] = { "false", "0", "no", "off" };
    for (size_t i = 0; i < 4; i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *ret = strcasecmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static sqla_status check_range(const option *o, int32_t number, sqla_error *err)
{
    if (number >= o->low && number <= o->high)
        return SQLA_OK;
    return sqla__error_set(err, SQLA_ERR_CONFIG, "engine option '%s' is %d, and must be from %d to %d", o->key, (int)number, (int)o->low, (int)o->high);
}

static sqla_status set_word(const option *o, const char *value, int32_t *room, sqla_error *err)
{
    sqla__buf list = { 0 };
    for (int32_t i = 0; i <= o->high; i++) {
        if (strcmp(o->words[i], value) == 0) {
            *room = i;
            return SQLA_OK;
        }
    }
    for (int32_t i = 0; i <= o->high; i++)
        sqla__buf_printf(&list, "%s%s", i == 0 ? "" : i == o->high ? " or " : ", ", o->words[i]);
    sqla__error_set(err, SQLA_ERR_CONFIG, "engine option '%s' in the URL must be %s", o->key, sqla__buf_text(&list));
    sqla__buf_release(&list);
    return SQLA_ERR_CONFIG;
}

static bool is_given(const option *o, const void *room)
{
    switch (o->kind) {
    case IS_NUMBER: return *(const int32_t *)room != 0;
    case IS_FLAG: return *(const bool *)room;
    case IS_NAME: return *(const char *)room != '\0';
    }
    return false;
}

/* The name of a driver. */
static sqla_status set_name(const option *o, const char *value, char *room, sqla_error *err)
{
    size_t n = strlen(value);
    if (!sqla__driver_name_valid(value, n))
        return sqla__error_set(err, SQLA_ERR_CONFIG, "engine option '%s' is '%.40s', which is not the name of a driver", o->key, value);
    memcpy(room, value, n + 1);
    return SQLA_OK;
}

/* value: out of the URL. */
static sqla_status set_option(sqla__engine_config *config, const option *o, const char *value, sqla_error *err)
{
    void *room = (char *)config + o->offset;
    if (is_given(o, room))
        return sqla__error_set(err, SQLA_ERR_CONFIG, "'%s' is given in the URL and in the engine's options: give it once", o->key);
    if (o->kind == IS_NAME)
        return set_name(o, value, room, err);
    if (o->kind == IS_FLAG)
        return parse_flag(value, room) ? SQLA_OK :
            sqla__error_set(err, SQLA_ERR_CONFIG, "engine option '%s' in the URL is neither true nor false", o->key);
    if (o->words != NULL)
        return set_word(o, value, room, err);
    if (!parse_number(value, room))
        return sqla__error_set(err, SQLA_ERR_CONFIG, "engine option '%s' in the URL is not a whole number", o->key);
    return check_range(o, *(int32_t *)room, err);
}

/* ret_full: what was given, in full size. */
static sqla_status take_options(sqla__engine_config *config, const sqla_engine_options *given, sqla_engine_options *ret_full, sqla_error *err)
{
    sqla_engine_options o;
    memset(&o, 0, sizeof o);
    if (given != NULL && given->struct_size < offsetof(sqla_engine_options, log_data))
        return sqla__error_set(err, SQLA_ERR_MISUSE, "the engine's options have no size: make them with SQLA_ENGINE_OPTIONS");
    if (given != NULL)
        memcpy(&o, given, given->struct_size < sizeof o ? given->struct_size : sizeof o);
    *config = (sqla__engine_config){ o.pool_size, o.max_overflow, o.pool_timeout_ms, o.connect_timeout_ms, o.pool_recycle_s,
                                     o.pre_ping, o.echo, o.hide_parameters, o.log, o.log_data, (int32_t)o.pooler, (int32_t)o.pool,
                                     o.pool_fifo, o.pool_sites, o.on_event, o.event_data, o.events, o.statement_timeout_ms,
                                     (int32_t)o.isolation, o.read_only, o.resolve_outcomes, "" };
    *ret_full = o;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const option *known = &options_known[i];
        if (known->kind != IS_NUMBER)
            continue;
        sqla_status status = check_range(known, *(int32_t *)(void *)((char *)config + known->offset), err);
        if (status != SQLA_OK)
            return status;
    }
    return o.wrap != NULL ? set_name(option_named("wrap"), o.wrap, config->wrap, err) : SQLA_OK;
}

static sqla_status check_pool(const sqla__engine_config *c, sqla_error *err)
{
    if (c->pool == SQLA_POOL_QUEUE || (c->pool_size == 0 && c->max_overflow == 0))
        return SQLA_OK;
    return sqla__error_set(err, SQLA_ERR_CONFIG, "engine option '%s' is for pool=queue alone, and this is pool=%s",
                           c->pool_size != 0 ? "pool_size" : "max_overflow", pool_kinds[c->pool]);
}

static void fill_defaults(sqla__engine_config *c)
{
    if (c->pool == SQLA_POOL_STATIC) {
        c->pool_size = 1;
        c->max_overflow = -1;
    }
    c->pool_size = c->pool_size == 0 ? 5 : c->pool_size;
    c->max_overflow = c->max_overflow == 0 ? 10 : c->max_overflow < 0 ? 0 : c->max_overflow;
    c->pool_timeout_ms = c->pool_timeout_ms == 0 ? 30000 : c->pool_timeout_ms < 0 ? 0 : c->pool_timeout_ms;
    c->connect_timeout_ms = c->connect_timeout_ms == 0 ? 30000 : c->connect_timeout_ms;
}

/* ---- the URL --------------------------------------------------------------------------------------------------- */

/* The engine's own keys are taken out of the query; what is left goes to the driver with the parts. */
static sqla_status take_url_options(sqla_engine *db, const sqla__url *url, sqla_error *err)
{
    for (size_t i = 0; i < url->query_count; i++) {
        const option *o = option_named(url->keys[i]);
        sqla_status status = o != NULL ? set_option(&db->config, o, url->values[i], err) : SQLA_OK;
        if (status != SQLA_OK) {
            sqla__url_place(url, o->key, err);
            return status;
        }
    }
    return SQLA_OK;
}

/* Can the driver do what the options ask for? */
static sqla_status check_driver(const sqla_engine *db, sqla_error *err)
{
    const sqla__engine_config *c = &db->config;
    uint64_t features = db->driver->traits.features;
    if (c->pooler != SQLA_POOLER_NONE && (features & SQLA_FEATURE_POOLER) == 0)
        return sqla__error_set(err, SQLA_ERR_CONFIG, "engine option 'pooler' is not for driver '%s', which knows of no poolers", db->driver->name);
    if (c->read_only && (features & SQLA_FEATURE_READ_ONLY) == 0)
        return sqla__error_set(err, SQLA_ERR_CONFIG, "driver '%s' cannot make connections that are read_only", db->driver->name);
    return sqla__isolation_check(db, (uint32_t)c->isolation, SQLA_ERR_CONFIG, err);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void name_instance(sqla_engine *db)
{
    static atomic_uint count;
    snprintf(db->instance, sizeof db->instance, "sqla-%ld-%u-%llx", (long)getpid(), atomic_fetch_add(&count, 1) + 1,
             (unsigned long long)sqla__now_ns());
}

static sqla_status build(sqla_engine *db, const char *text, const sqla_engine_options *options, sqla_error *err)
{
    sqla__url url;
    sqla_engine_options full;
    sqla_status status = sqla__url_parse(text, &db->arena, &url, err);
    if (status == SQLA_OK)
        status = take_options(&db->config, options, &full, err);
    if (status == SQLA_OK)
        status = sqla__driver_load(url.scheme, url.driver, &db->driver, err);
    if (status == SQLA_OK)
        status = sqla__engine_take_params(db, &url, &full, err);
    if (status == SQLA_OK)
        status = take_url_options(db, &url, err);
    if (status == SQLA_OK)
        status = check_pool(&db->config, err);
    if (status == SQLA_OK && db->config.wrap[0] != '\0')
        status = sqla__driver_wrap(db->driver, db->config.wrap, &db->driver, err);
    if (status == SQLA_OK)
        status = check_driver(db, err);
    if (status != SQLA_OK)
        return status;
    fill_defaults(&db->config);
    name_instance(db);
    db->watched = sqla__event_mask(&db->config);
    return sqla__connpool_init(&db->pool, &db->config);
}

static void destroy(sqla_engine *db)
{
    sqla__hash_release(&db->facts.by_table);
    sqla__arena_release(&db->facts.arena);
    sqla__arena_wipe(&db->arena); /* there are secrets in it */
    pthread_mutex_destroy(&db->facts.lock);
    pthread_mutex_destroy(&db->lock);
    sqla__free(db);
}

static sqla_engine *engine_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    sqla_engine *db = sqla__alloc_zero(1, sizeof *db);
    if (db == NULL)
        return NULL;
    pthread_mutex_init(&db->lock, NULL);
    pthread_mutex_init(&db->facts.lock, NULL);
    db->statements.lock = &db->lock;
    db->refs = 1;
    db->forks = sqla__forks();
    return db;
}

/* Echo shows the warnings of drivers; one that was put round another is there to be heard. */
static void listen_to_drivers(const sqla_engine *db, int by)
{
    if (db->config.wrap[0] != '\0')
        sqla__host_listen(SQLA_LOG_INFO, by);
    else if (db->config.echo)
        sqla__host_listen(SQLA_LOG_WARNING, by);
}

sqla_engine *sqla_create_engine(const char *url, const sqla_engine_options *options, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_engine *db = engine_new();
    sqla_status status = db != NULL ? build(db, url, options, &local) : sqla__error_nomem(&local);
    if (status != SQLA_OK) {
        if (db != NULL) {
            sqla__engine_scrub(db, &local);
            destroy(db);
        }
        sqla__error_give(err, &local, status);
        return NULL;
    }
    listen_to_drivers(db, 1);
    return db;
}

/* A name that is none is not shown: it may be a URL that was put in the wrong place. */
static bool is_variable(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return n > 0 && name[n] == '\0' && !(name[0] >= '0' && name[0] <= '9');
}

sqla_engine *sqla_engine_from_env(const char *variable, const sqla_engine_options *options, sqla_error *err)
{
    sqla_error local;
    variable = variable != NULL ? variable : "SQLA_URL";
    sqla__error_init(&local);
    const char *url = is_variable(variable) ? secure_getenv(variable) : NULL;
    sqla_engine *db = url != NULL && url[0] != '\0' ? sqla_create_engine(url, options, &local) : NULL;
    if (db != NULL)
        return db;
    if (!is_variable(variable)) {
        sqla__error_set(&local, SQLA_ERR_MISUSE, "what was given is not the name of a variable of the environment");
        sqla__error_hint(&local, "a URL itself goes to sqla_create_engine()");
    } else if (!sqla_failed(&local)) {
        sqla__error_set(&local, SQLA_ERR_CONFIG, "no database is named: the variable '%.64s' of the environment is %s", variable,
                        url != NULL ? "empty" : "not set");
        sqla__error_hint(&local, "set it, as in %.64s=postgres://user@host/database or %.64s=sqlite:///file.db", variable, variable);
    } else if (local.status == SQLA_ERR_CONFIG) {
        sqla__error_prefix(&local, "the variable '%.64s' of the environment: ", variable);
    }
    sqla__error_give(err, &local, local.status);
    return NULL;
}

/* In a child the lock may be held by a thread that is not there; only the thread that forked is. */
static uint32_t count_refs(sqla_engine *db, int by)
{
    bool forked = sqla__engine_forked(db);
    if (!forked)
        pthread_mutex_lock(&db->lock);
    uint32_t refs = db->refs += (uint32_t)by;
    if (!forked)
        pthread_mutex_unlock(&db->lock);
    return refs;
}

void sqla__engine_ref(sqla_engine *db)
{
    count_refs(db, 1);
}

void sqla__engine_unref(sqla_engine *db)
{
    if (count_refs(db, -1) > 0)
        return;
    sqla__connpool_release(&db->pool);
    listen_to_drivers(db, -1);
    destroy(db);
}

/* In a child the locks may be held by threads that are not there, so they are made anew; nobody else can know them. */
static void mend_locks(sqla_engine *db)
{
    pthread_mutex_init(&db->lock, NULL);
    pthread_mutex_init(&db->facts.lock, NULL);
    pthread_mutex_init(&db->pool.lock, NULL);
    db->pool.first_waiter = db->pool.last_waiter = NULL; /* threads of the parent */
    db->pool.waiting = 0;
}

void sqla_engine_free(sqla_engine *db)
{
    if (db == NULL)
        return;
    if (sqla__engine_forked(db))
        mend_locks(db);
    sqla__stmts_free(&db->statements);
    pthread_mutex_lock(&db->pool.lock);
    db->pool.closed = true;
    uint64_t generation = db->pool.generation;
    pthread_mutex_unlock(&db->pool.lock);
    sqla__connpool_invalidate(db, generation, false);
    sqla__engine_unref(db);
}

const char *sqla_engine_url(const sqla_engine *db)
{
    return db != NULL ? db->url : "";
}

const char *sqla_engine_dialect(const sqla_engine *db)
{
    return db == NULL ? "" : db->driver->traits.dialect != NULL ? db->driver->traits.dialect : db->driver->name;
}

const sqla_traits *sqla__engine_traits(const sqla_engine *db)
{
    return &db->driver->traits;
}

void sqla_engine_dispose(sqla_engine *db)
{
    if (db == NULL || sqla__engine_forked(db))
        return;
    pthread_mutex_lock(&db->pool.lock);
    uint64_t generation = db->pool.generation;
    pthread_mutex_unlock(&db->pool.lock);
    sqla__connpool_invalidate(db, generation, false);
}

void sqla__engine_forget_facts(sqla_engine *db)
{
    pthread_mutex_lock(&db->facts.lock);
    sqla__hash_release(&db->facts.by_table);
    sqla__arena_reset(&db->facts.arena);
    pthread_mutex_unlock(&db->facts.lock);
}
