/* kit.c: the small host with which drivers are checked. See kit.h. */
#include <config.h>
#include "kit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

kit_error kit_last;

static struct {
    char instance[48];
    atomic_long blocks, fail_in;
} kit;

/* ---- the host -------------------------------------------------------------------------------------------------- */

static bool must_fail(void)
{
    return atomic_load(&kit.fail_in) > 0 && atomic_fetch_sub(&kit.fail_in, 1) == 1;
}

static void *host_alloc(size_t size)
{
    void *block = must_fail() ? NULL : malloc(size > 0 ? size : 1);
    if (block != NULL)
        atomic_fetch_add(&kit.blocks, 1);
    return block;
}

static void *host_resize(void *block, size_t size)
{
    if (block == NULL)
        return host_alloc(size);
    return must_fail() ? NULL : realloc(block, size > 0 ? size : 1);
}

static void host_release(void *block)
{
    if (block != NULL)
        atomic_fetch_sub(&kit.blocks, 1);
    free(block);
}

static void copy(char *room, size_t size, const char *text)
{
    snprintf(room, size, "%s", text != NULL ? text : "");
}

static void host_set_error(sqla_err *err, const sqla_err_fields *f)
{
    kit_error *out = (kit_error *)(void *)err;
    if (out == NULL)
        return;
    out->calls++;
    out->status = f->status;
    out->native = f->native;
    out->position = f->position;
    out->row = f->row;
    copy(out->sqlstate, sizeof out->sqlstate, f->sqlstate);
    copy(out->message, sizeof out->message, f->message);
    copy(out->detail, sizeof out->detail, f->detail);
    copy(out->hint, sizeof out->hint, f->hint);
    copy(out->table, sizeof out->table, f->table);
    copy(out->column, sizeof out->column, f->column);
    copy(out->constraint, sizeof out->constraint, f->constraint);
}

static char logged[4096];

static void host_log(int32_t level, const char *message)
{
    size_t n = strlen(logged);
    snprintf(logged + n, sizeof logged - n, "%d: %s\n", (int)level, message);
}

const char *kit_logged(void)
{
    return logged;
}

const sqla_host kit_host = {
    .struct_size = sizeof(sqla_host),
    .abi_major = SQLA_ABI_MAJOR,
    .abi_minor = SQLA_ABI_MINOR,
    .version = "conformance",
    .alloc = host_alloc,
    .resize = host_resize,
    .release = host_release,
    .set_error = host_set_error,
    .log = host_log,
};

long kit_blocks(void)
{
    return atomic_load(&kit.blocks);
}
void kit_fail_alloc(long n)
{
    atomic_store(&kit.fail_in, n);
}
long kit_alloc_left(void)
{
    return atomic_load(&kit.fail_in);
}

/* ---- row memory ------------------------------------------------------------------------------------------------ */

struct kit_piece {
    struct kit_piece *next;
    size_t size;
};

/* Behind each piece of memory that a driver asked for. */
static const unsigned char guard[8] = { 0xb5, 0x4a, 0xd2, 0x91, 0x6b, 0x2e, 0xa7, 0x5c };

static void *take(sqla_row_arena *base, void *row, size_t size)
{
    kit_arena *arena = (kit_arena *)base;
    struct kit_piece *piece = size > 0 && row != NULL ? malloc(sizeof *piece + size + sizeof guard) : NULL;
    arena->calls++;
    if (piece == NULL)
        return NULL;
    piece->next = arena->pieces;
    piece->size = size;
    arena->pieces = piece;
    memcpy((char *)(piece + 1) + size, guard, sizeof guard);
    return piece + 1;
}

void kit_arena_init(kit_arena *arena)
{
    *arena = (kit_arena){ { take }, NULL, 0 };
}

bool kit_arena_owns(const kit_arena *arena, const void *at)
{
    for (const struct kit_piece *piece = arena->pieces; piece != NULL; piece = piece->next) {
        uintptr_t from = (uintptr_t)(piece + 1);
        if ((uintptr_t)at >= from && (uintptr_t)at < from + piece->size)
            return true;
    }
    return false;
}

void kit_arena_release(kit_arena *arena)
{
    while (arena->pieces != NULL) {
        struct kit_piece *next = arena->pieces->next;
        CHECK(memcmp((char *)(arena->pieces + 1) + arena->pieces->size, guard, sizeof guard) ==
              0); /* it wrote no further */
        free(arena->pieces);
        arena->pieces = next;
    }
}

/* ---- connections ----------------------------------------------------------------------------------------------- */

/* What is private to an engine is private to the process of a check. */
const char *kit_instance(void)
{
    if (kit.instance[0] == '\0')
        snprintf(kit.instance, sizeof kit.instance, "conform-%ld-%lld", (long)getpid(), (long long)kit_now());
    return kit.instance;
}

sqla_status kit_open(kit_conn *conn, const sqla_connect_param *more, uint32_t count, int64_t deadline)
{
    sqla_connect_param params[KIT_PARAMS + 8];
    uint32_t n = 0;
    for (uint32_t i = 0; i < kit_param_count; i++) {
        bool replaced = false;
        for (uint32_t k = 0; k < count; k++)
            replaced = replaced || strcmp(more[k].key, kit_params[i].key) == 0;
        if (!replaced)
            params[n++] = kit_params[i];
    }
    for (uint32_t i = 0; i < count; i++)
        params[n++] = more[i];
    const sqla_connect_args args = { .struct_size = sizeof args,
        .count = n,
        .params = params,
        .instance = kit_instance(),
        .deadline = deadline,
        .data = kit_driver.data };
    kit_clear();
    memset(conn, 0, sizeof *conn);
    conn->info.struct_size = sizeof conn->info;
    return kit_ops.open(&args, &conn->info, &conn->handle, KIT_ERR);
}

void kit_must_open(kit_conn *conn)
{
    if (!EXPECT(kit_open(conn, NULL, 0, 0), SQLA_OK))
        conform_stop(); /* nothing else can be checked */
}

void kit_close(kit_conn *conn)
{
    if (conn->handle != NULL)
        kit_ops.close(conn->handle);
    conn->handle = NULL;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

void kit_clear(void)
{
    memset(&kit_last, 0, sizeof kit_last);
}

static char last_sql[200];

sqla_status kit_exec_until(kit_conn *conn, const char *sql, const sqla_plan *plan, const void *row,
    uint32_t flags, int64_t deadline, sqla_driver_result **ret_result)
{
    const char *text = kit_named(sql);
    snprintf(last_sql, sizeof last_sql, "%s", text);
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, flags, deadline };
    kit_clear();
    *ret_result = NULL;
    return kit_ops.exec(conn->handle, &statement, plan, row, &options, ret_result, KIT_ERR);
}

sqla_status kit_exec(kit_conn *conn, const char *sql, const sqla_plan *plan, const void *row, uint32_t flags,
    sqla_driver_result **ret_result)
{
    return kit_exec_until(conn, sql, plan, row, flags, 0, ret_result);
}

sqla_status kit_run_with(kit_conn *conn, const char *sql, const sqla_plan *plan, const void *row)
{
    sqla_driver_result *result;
    sqla_status status = kit_exec(conn, sql, plan, row, 0, &result);
    if (status == SQLA_OK)
        kit_ops.result_close(result);
    return status;
}

sqla_status kit_run(kit_conn *conn, const char *sql)
{
    return kit_run_with(conn, sql, NULL, NULL);
}

void kit_must(kit_conn *conn, const char *sql)
{
    if (kit_run(conn, sql) != SQLA_OK) {
        char said[1024];
        snprintf(said, sizeof said, "'%.200s': %s: %s", sql, kit_status_name((sqla_status)kit_last.status),
            kit_last.message);
        FAIL("a statement that the check needs", said);
        conform_stop();
    }
}

int64_t kit_number(kit_conn *conn, const char *sql)
{
    struct {
        int64_t number;
    } row = { 0 };
    const sqla_slot slots[] = { KIT_SLOT(
        struct { int64_t number; }, number, SQLA_INT64, SQLA_REP_FIXED, 0) };
    const sqla_plan plan = KIT_PLAN(slots);
    void *rows[] = { &row };
    sqla_driver_result *result;
    size_t count = 0;
    bool end;
    sqla_status status = kit_exec(conn, sql, NULL, NULL, 0, &result);
    if (status == SQLA_OK) {
        status = kit_ops.result_fetch(result, &plan, rows, 1, NULL, &count, &end, KIT_ERR);
        kit_ops.result_close(result);
    }
    if (status != SQLA_OK) {
        char said[1024];
        snprintf(said, sizeof said, "'%.200s': %s: %s", sql, kit_status_name(status), kit_last.message);
        FAIL("a query for a number works", said);
    }
    return status == SQLA_OK && count == 1 ? row.number : INT64_MIN;
}

void kit_text(kit_conn *conn, const char *sql, char *room, size_t size)
{
    const sqla_value *values = NULL;
    sqla_driver_result *result;
    room[0] = '\0';
    if (!EXPECT(kit_exec(conn, sql, NULL, NULL, 0, &result), SQLA_OK))
        return;
    if (EXPECT(kit_ops.result_view(result, &values, KIT_ERR), SQLA_OK) && values != NULL &&
        values[0].type == SQLA_TEXT)
        snprintf(room, size, "%.*s", (int)values[0].as.bytes.size, (const char *)values[0].as.bytes.data);
    kit_ops.result_close(result);
}

void kit_drop(kit_conn *conn, const char *table)
{
    const char *text = kit_sql("DROP TABLE IF EXISTS %s", kit_quoted(table));
    conform_undo_by(text);
    kit_must(conn, text);
}

void kit_drop_view(kit_conn *conn, const char *view)
{
    const char *text = kit_sql("DROP VIEW IF EXISTS %s", kit_quoted(view));
    conform_undo_by(text);
    kit_must(conn, text);
}

typedef struct schema_sink {
    sqla_reflect_sink base;
    char schema[128];
    bool found;
} schema_sink;

static sqla_status push_schema(sqla_reflect_sink *base, uint32_t kind, const void *record)
{
    schema_sink *sink = (schema_sink *)base;
    const sqla_reflect_table *table = record;
    if (kind == SQLA_REFLECT_TABLES && table->on_search_path && !sink->found) {
        snprintf(sink->schema, sizeof sink->schema, "%s", table->schema);
        sink->found = true;
    }
    return SQLA_OK;
}

const char *kit_schema(kit_conn *conn, const char *table)
{
    static schema_sink sink;
    const sqla_reflect_filter filter = { sizeof filter, 0, NULL, table };
    sink = (schema_sink){ .base.push = push_schema };
    if (kit_ops.reflect == NULL)
        return NULL;
    kit_clear();
    EXPECT(kit_ops.reflect(conn->handle, SQLA_REFLECT_TABLES, &filter, &sink.base, KIT_ERR), SQLA_OK);
    return sink.found ? sink.schema : NULL;
}

/* ---- transactions ---------------------------------------------------------------------------------------------- */

/* The template for what the three plain texts cannot say. */
static sqla_status begin_by_template(kit_conn *conn, uint32_t flags, uint32_t isolation)
{
    static const char *const levels[] = { "", " ISOLATION LEVEL READ UNCOMMITTED",
        " ISOLATION LEVEL READ COMMITTED", " ISOLATION LEVEL REPEATABLE READ",
        " ISOLATION LEVEL SERIALIZABLE" };
    char text[256] = "";
    const char *at = kit_traits->begin_with;
    while (at != NULL && *at != '\0') {
        size_t plain = strcspn(at, "{"), hole = strcspn(at + plain, "}"), n = strlen(text);
        bool is_level = strncmp(at + plain, "{isolation}", 11) == 0,
             is_access = strncmp(at + plain, "{access}", 8) == 0;
        snprintf(text + n, sizeof text - n, "%.*s%s", (int)plain, at,
            is_level                                         ? levels[isolation]
            : is_access && (flags & SQLA_TXN_READ_ONLY) != 0 ? " READ ONLY"
                                                             : "");
        at += plain + hole + (at[plain] == '{');
    }
    return kit_run(conn, text);
}

bool kit_reads_only(void)
{
    const sqla_traits *t = kit_traits;
    return kit_ops.begin != NULL || t->begin_read_only != NULL ||
           (t->begin_with != NULL && strstr(t->begin_with, "{access}") != NULL);
}

sqla_status kit_begin_with(kit_conn *conn, uint32_t flags, uint32_t isolation)
{
    const sqla_txn_options options = { sizeof options, flags, 0, isolation, 0 };
    const sqla_traits *t = kit_traits;
    kit_clear();
    if (kit_ops.begin != NULL)
        return kit_ops.begin(conn->handle, &options, KIT_ERR);
    bool reads = (flags & SQLA_TXN_READ_ONLY) != 0;
    if (t->begin_with != NULL && (isolation != SQLA_ISOLATION_DEFAULT || (reads && t->begin_read_only == NULL)))
        return begin_by_template(conn, flags, isolation);
    bool writes = (flags & SQLA_TXN_WRITE) != 0 && t->begin_write != NULL;
    return kit_run(conn, reads ? t->begin_read_only : writes ? t->begin_write : t->begin);
}

sqla_status kit_begin(kit_conn *conn, uint32_t flags)
{
    return kit_begin_with(conn, flags, SQLA_ISOLATION_DEFAULT);
}

sqla_status kit_commit(kit_conn *conn)
{
    const sqla_txn_options options = { sizeof options, 0, 0, 0, 0 };
    kit_clear();
    if (kit_ops.commit != NULL)
        return kit_ops.commit(conn->handle, &options, KIT_ERR);
    return kit_state(conn) == SQLA_TXN_FAILED ? SQLA_ERR_ROLLBACK_FIRST : kit_run(conn, kit_traits->commit);
}

sqla_status kit_rollback(kit_conn *conn)
{
    const sqla_txn_options options = { sizeof options, 0, 0, 0, 0 };
    kit_clear();
    return kit_ops.rollback != NULL ? kit_ops.rollback(conn->handle, &options, KIT_ERR)
                                    : kit_run(conn, kit_traits->rollback);
}

sqla_status kit_savepoint(kit_conn *conn, sqla_savepoint_op op, const char *name)
{
    char text[256];
    const char *form = op == SQLA_SAVEPOINT_SET       ? kit_traits->savepoint
                       : op == SQLA_SAVEPOINT_RELEASE ? kit_traits->savepoint_release
                                                      : kit_traits->savepoint_rollback;
    kit_clear();
    if (kit_ops.savepoint != NULL)
        return kit_ops.savepoint(conn->handle, op, name, KIT_ERR);
    const char *hole = form != NULL ? strstr(form, "{name}") : NULL;
    if (hole == NULL)
        return SQLA_ERR_UNSUPPORTED;
    snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - form), form, kit_quoted(name), hole + 6);
    return kit_run(conn, text);
}

sqla_txn_state kit_state(kit_conn *conn)
{
    return kit_ops.txn_state(conn->handle);
}

/* ---- small things ---------------------------------------------------------------------------------------------- */

int64_t kit_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool kit_feature(const kit_conn *conn, uint64_t feature)
{
    return (conn->info.features & kit_traits->features & feature) == feature;
}

void kit_agrees(kit_conn *conn, uint64_t feature, bool works, const char *what)
{
    bool declared = kit_feature(conn, feature);
    if (works != declared)
        conform_expect(false, what,
            declared ? "it works, as the feature bit says"
                     : "it does not work, as the feature bit is not set",
            works ? "it works" : "it does not work", __FILE__, __LINE__);
    if (works || declared)
        return;
    kit_close(conn);
    conform_unsupported("%s is not set", kit_feature_name(feature));
}

const char *kit_status_name(sqla_status status)
{
    switch ((int)status) {
#define NAME(name, bits, meaning) \
    case SQLA_##name:             \
        return "SQLA_" #name;
        SQLA_STATUS_LIST(NAME)
#undef NAME
    default:
        return "?";
    }
}

/* Which call of the driver's it was: the slot in the expression, with the statement that it ran. */
static void name_call(const char *expression, char *room, size_t size)
{
    static const char *const runs[] = { "kit_exec", "kit_run", "run_", "exec_", "pair_exec", "write_soon",
        "trip_send", "fail" };
    bool slot = strncmp(expression, "kit_ops.", 8) == 0, ran = false;
    const char *name = expression + (slot ? 8 : strncmp(expression, "kit_", 4) == 0 ? 4 : 0);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        ran = ran || strncmp(expression, runs[i], strlen(runs[i])) == 0;
    if (ran && last_sql[0] != '\0')
        snprintf(room, size, "the status of: %s", last_sql);
    else if (strchr(expression, '(') != NULL)
        snprintf(room, size, "the status of %.*s", (int)strcspn(name, "("), name);
    else
        snprintf(room, size, "%s", expression);
}

/* A failure must have been reported once, in words, and under the status that is returned. */
bool kit_expect(sqla_status got, sqla_status expected, const char *what, const char *file, unsigned line)
{
    char text[1024], call[256];
    bool reported = got == SQLA_OK ||
                    (kit_last.calls == 1 && kit_last.status == (int32_t)got && kit_last.message[0] != '\0');
    bool ok = got == expected && reported;
    snprintf(text, sizeof text, "%s%s%s", kit_status_name(got), got != SQLA_OK ? ": " : "",
        got != SQLA_OK ? kit_last.message : "");
    if (!reported)
        snprintf(text + strlen(text), sizeof text - strlen(text),
            " (but host->set_error was called %d times%s%s; it must be called once, with that status and a "
            "message)",
            kit_last.calls, kit_last.calls > 0 ? ", last with " : "",
            kit_last.calls > 0 ? kit_status_name((sqla_status)kit_last.status) : "");
    name_call(what, call, sizeof call);
    return conform_expect(ok, call, kit_status_name(expected), text, file, line);
}
