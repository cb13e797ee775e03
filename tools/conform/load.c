/* load.c: the URL in its parts, the driver's file, and what the driver declares. See kit.h. */
#include <config.h>
#include "kit.h"

#include <dlfcn.h>
#include <string.h>
#include <sqla/bulk.h>
#include <sqla/twophase.h>

#include "base/arena.h"
#include "base/url.h"

sqla_driver kit_driver;
sqla_driver_ops kit_ops;
static sqla_traits traits;
const sqla_traits *kit_traits;
sqla_connect_param kit_params[KIT_PARAMS];
uint32_t kit_param_count;
const char *kit_url;
sqla_driver_entry_fn *kit_entry;

static const char *path_of_driver;
static sqla__arena texts; /* of the URL; as long as the process */

const char *kit_path(void)
{
    return path_of_driver;
}

/* ---- the URL --------------------------------------------------------------------------------------------------------- */

static void add_param(const char *key, const char *value)
{
    if (value != NULL && kit_param_count < KIT_PARAMS)
        kit_params[kit_param_count++] = (sqla_connect_param){ key, value };
}

/* "{job}" becomes the number, so that checks that run at once have a database each. */
static const char *with_job(const char *url, unsigned job)
{
    const char *hole = strstr(url, "{job}");
    return hole == NULL ? url : sqla__arena_printf(&texts, "%.*s%u%s", (int)(hole - url), url, job, hole + 5);
}

bool kit_take_url(const char *url, unsigned job, char why[KIT_WHY])
{
    sqla__url parts;
    sqla_error err = SQLA_ERROR_INIT;
    kit_url = with_job(url, job);
    if (kit_url == NULL || sqla__url_parse(kit_url, &texts, &parts, &err) != SQLA_OK) {
        snprintf(why, KIT_WHY, "%s", kit_url == NULL ? "out of memory" : err.message);
        return false;
    }
    kit_param_count = 0;
    add_param("host", parts.host);
    add_param("port", parts.port);
    add_param("user", parts.user);
    add_param("password", parts.password);
    add_param("database", parts.database);
    for (size_t i = 0; i < parts.query_count; i++)
        add_param(parts.keys[i], parts.values[i]);
    return true;
}

/* A key that is another name of one goes to open under that one. */
static void rename_params(void)
{
    const sqla_connect_option *options = NULL;
    uint32_t count = 0;
    if (kit_ops.connect_options == NULL || kit_ops.connect_options(&options, &count, KIT_ERR) != SQLA_OK)
        return;
    for (uint32_t p = 0; p < kit_param_count; p++) {
        for (uint32_t i = 0; i < count; i++) {
            if (options[i].same_as != NULL && strcmp(options[i].key, kit_params[p].key) == 0)
                kit_params[p].key = options[i].same_as;
        }
    }
}

/* ---- the driver -------------------------------------------------------------------------------------------------------- */

static bool find_entry(const char *path, char why[KIT_WHY])
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library != NULL ? dlsym(library, SQLA_DRIVER_ENTRY_NAME) : NULL;
    if (symbol == NULL) {
        const char *said = dlerror();
        snprintf(why, KIT_WHY, "%s", said != NULL ? said : "it has no " SQLA_DRIVER_ENTRY_NAME);
        return false;
    }
    memcpy(&kit_entry, &symbol, sizeof kit_entry);
    path_of_driver = path;
    return true;
}

static bool call_entry(char why[KIT_WHY])
{
    memset(&kit_driver, 0, sizeof kit_driver);
    kit_driver.struct_size = sizeof kit_driver;
    kit_clear();
    sqla_status status = kit_entry(&kit_host, &kit_driver, KIT_ERR);
    if (status == SQLA_OK && kit_driver.ops != NULL && kit_driver.traits != NULL && kit_driver.name != NULL)
        return true;
    snprintf(why, KIT_WHY, "its entry answers %s%s%.400s", kit_status_name(status),
        kit_last.message[0] != '\0' ? ": " : "",
        status == SQLA_OK ? ", without a name, ops or traits" : kit_last.message);
    return false;
}

bool kit_load(const char *path, char why[KIT_WHY])
{
    if (!find_entry(path, why) || !call_entry(why))
        return false;
    memset(&kit_ops, 0, sizeof kit_ops);
    memcpy(&kit_ops, kit_driver.ops,
        kit_driver.ops->struct_size < sizeof kit_ops ? kit_driver.ops->struct_size : sizeof kit_ops);
    size_t told = kit_driver.traits->struct_size; /* a driver of an earlier minor knows fewer */
    memset(&traits, 0, sizeof traits);
    memcpy(&traits, kit_driver.traits, told < sizeof traits ? told : sizeof traits);
    kit_traits = &traits;
    rename_params();
    return true;
}

const void *kit_extension(const char *id)
{
    bool has = kit_driver.struct_size >= offsetof(sqla_driver, extension) + sizeof kit_driver.extension;
    return has && kit_driver.extension != NULL ? kit_driver.extension(id) : NULL;
}

/* ---- what it declares ---------------------------------------------------------------------------------------------------- */

static const char *lacks_slot(uint32_t needs)
{
    const struct {
        uint32_t need;
        bool has;
        const char *words;
    } slots[] = {
        { NEEDS_PREPARE, kit_ops.prepare != NULL, "the slot 'prepare' is empty" },
        { NEEDS_EXECUTE_MANY, kit_ops.execute_many != NULL, "the slot 'execute_many' is empty" },
        { NEEDS_PING, kit_ops.ping != NULL || kit_traits->ping != NULL,
            "there is neither a slot nor a text for 'ping'" },
        { NEEDS_RESET, kit_ops.reset != NULL || kit_traits->reset != NULL,
            "there is neither a slot nor a text for 'reset'" },
        { NEEDS_CANCEL, kit_ops.cancel_new != NULL, "the slot 'cancel_new' is empty" },
        { NEEDS_REFLECT, kit_ops.reflect != NULL, "the slot 'reflect' is empty" },
        { NEEDS_OPTIONS, kit_ops.connect_options != NULL, "the slot 'connect_options' is empty" },
        { NEEDS_ABANDON, kit_ops.abandon != NULL, "the slot 'abandon' is empty" },
        { NEEDS_SET_DEADLINE, kit_ops.set_deadline != NULL, "the slot 'set_deadline' is empty" },
        { NEEDS_RESOLVE, kit_ops.resolve != NULL, "the slot 'resolve' is empty" },
    };
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        if ((needs & slots[i].need) != 0 && !slots[i].has)
            return slots[i].words;
    }
    if ((needs & NEEDS_TWOPHASE) != 0 && kit_extension(SQLA_TWOPHASE) == NULL)
        return "the extension '" SQLA_TWOPHASE "' is not there";
    return (needs & NEEDS_BULK) != 0 && kit_extension(SQLA_BULK) == NULL ? "the extension '" SQLA_BULK
                                                                           "' is not there"
                                                                         : NULL;
}

const char *kit_feature_name(uint64_t features)
{
    /* Each bit of traits.h has its line here: a driver's author is told of it by name. */
#define NAME(name)                                 \
    {                                              \
        SQLA_FEATURE_##name, "SQLA_FEATURE_" #name \
    }
    static const struct {
        uint64_t bit;
        const char *name;
    } names[] = { NAME(RETURNING), NAME(ORDERED_RETURNING), NAME(LAST_ID), NAME(TRANSACTIONAL_DDL),
        NAME(ADD_CONSTRAINT), NAME(ILIKE), NAME(BOOLEAN), NAME(NATIVE_ENUM), NAME(DEFAULT_VALUES),
        NAME(DEFERRED_FK), NAME(SCHEMAS), NAME(ISOLATED_ABORT), NAME(CASCADE_DROP), NAME(FK_ACTIONS),
        NAME(EPHEMERAL), NAME(MULTIPLE_RESULTS), NAME(ARRAYS), NAME(POOLER), NAME(CHECK_NAMES),
        NAME(READ_ONLY), NAME(FORWARD_KEYS) };
#undef NAME
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((features & names[i].bit) != 0)
            return names[i].name;
    }
    return "a feature bit of a later version";
}

/* A connection tells which of the traits' features its server has. */
static const char *lacks_feature(uint64_t features)
{
    static char words[64];
    kit_conn conn;
    kit_must_open(&conn);
    uint64_t missing = features & ~(conn.info.features & kit_traits->features);
    kit_close(&conn);
    if (missing == 0)
        return NULL;
    snprintf(words, sizeof words, "%s is not set", kit_feature_name(missing));
    return words;
}

const char *kit_lacks(const conform_check *check)
{
    const char *lack = lacks_slot(check->needs);
    if (kit_traits->type_count == 0 && (check->needs & NEEDS_DATABASE) != 0 &&
        (check->needs & WITHOUT_SQL) == 0)
        return "the traits have no types: the driver makes no tables, and no SQL is asked of it";
    return lack != NULL || check->features == 0 ? lack : lacks_feature(check->features);
}

/* ---- what a check has left ------------------------------------------------------------------------------------------- */

typedef struct prepared_sink {
    sqla_prepared_sink base;
    char begin[48], gid[256]; /* what names of the check's begin with; the first of them */
} prepared_sink;

static sqla_status push_prepared(sqla_prepared_sink *base, const sqla_prepared_record *record)
{
    prepared_sink *sink = (prepared_sink *)base;
    if (sink->gid[0] == '\0' && strncmp(record->gid, sink->begin, strlen(sink->begin)) == 0)
        snprintf(sink->gid, sizeof sink->gid, "%s", record->gid);
    return SQLA_OK;
}

/* A prepared transaction keeps its locks, whoever made it. */
static void finish_prepared(kit_conn *conn, long pid)
{
    const sqla_twophase_ops *ops = kit_extension(SQLA_TWOPHASE);
    prepared_sink sink = { .base.push = push_prepared };
    snprintf(sink.begin, sizeof sink.begin, "conform-%ld-", pid);
    if (ops != NULL && ops->recover(conn->handle, &sink.base, 0, NULL) == SQLA_OK && sink.gid[0] != '\0')
        ops->finish(conn->handle, sink.gid, 0, 0, NULL);
}

/* Twice, since what points at a table may have to be dropped before it. */
void kit_clean(const conform_options *options, const conform_report *left, unsigned job)
{
    char why[KIT_WHY];
    kit_conn conn;
    if (options->url == NULL || !kit_take_url(options->url, job, why) || !kit_load(options->driver, why) ||
        kit_open(&conn, NULL, 0, kit_now() + INT64_C(5000000000)) != SQLA_OK)
        return;
    finish_prepared(&conn, left->pid);
    for (unsigned i = 0; i < 2 * left->undo_count && kit_state(&conn) == SQLA_TXN_IDLE; i++) {
        const char *text = left->undo[i % left->undo_count];
        sqla_driver_result *result;
        if (kit_exec_until(&conn, text, NULL, NULL, 0, kit_now() + INT64_C(2000000000), &result) == SQLA_OK)
            kit_ops.result_close(result);
    }
    kit_close(&conn);
}

/* ---- the process of a check ------------------------------------------------------------------------------------------- */

bool kit_ready(const conform_options *options, const conform_check *check, unsigned job)
{
    char why[KIT_WHY];
    path_of_driver = options->driver;
    if (options->url != NULL && !kit_take_url(options->url, job, why)) {
        FAIL("the URL can be read", why);
        return false;
    }
    if ((check->needs & BEFORE_LOAD) != 0)
        return true;
    if (!kit_load(options->driver, why)) {
        FAIL("the driver can be loaded", why);
        return false;
    }
    const char *lack = kit_lacks(check);
    if (lack != NULL)
        conform_unsupported("%s", lack);
    return true;
}
