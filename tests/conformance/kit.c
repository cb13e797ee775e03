/* kit.c: the small host with which drivers are checked. See kit.h. */
#include <config.h>
#include "kit.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

sqla_driver kit_driver;
sqla_driver_ops kit_ops;
const sqla_traits *kit_traits;
kit_error kit_last;

static struct {
    const char *path;
    void *entry;
    sqla_connect_param params[32];
    uint32_t param_count;
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

static void host_log(int32_t level, const char *message)
{
    (void)level;
    (void)message;
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
void *kit_entry(void)
{
    return kit.entry;
}
const char *kit_path(void)
{
    return kit.path;
}

/* ---- loading --------------------------------------------------------------------------------------------------- */

static bool take_params(int argc, char **params)
{
    for (int i = 0; i < argc; i++) {
        char *equals = strchr(params[i], '=');
        if (equals == NULL || kit.param_count == sizeof kit.params / sizeof *kit.params) {
            fprintf(stderr, "not a parameter of the form key=value: '%s'\n", params[i]);
            return false;
        }
        *equals = '\0';
        kit.params[kit.param_count++] = (sqla_connect_param){ params[i], equals + 1 };
    }
    return true;
}

bool kit_load(const char *path, int argc, char **params)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    sqla_driver_entry_fn *entry;
    if (library == NULL || (kit.entry = dlsym(library, SQLA_DRIVER_ENTRY_NAME)) == NULL) {
        fprintf(stderr, "cannot load driver: %s\n", dlerror());
        return false;
    }
    memcpy(&entry, &kit.entry, sizeof entry);
    kit_driver.struct_size = sizeof kit_driver;
    if (entry(&kit_host, &kit_driver, KIT_ERR) != SQLA_OK || kit_driver.ops == NULL ||
        kit_driver.traits == NULL) {
        fprintf(stderr, "the driver refuses: %s\n", kit_last.message);
        return false;
    }
    kit.path = path;
    snprintf(kit.instance, sizeof kit.instance, "conformance-%ld", (long)kit_now());
    memcpy(&kit_ops, kit_driver.ops,
        kit_driver.ops->struct_size < sizeof kit_ops ? kit_driver.ops->struct_size : sizeof kit_ops);
    kit_traits = kit_driver.traits;
    return take_params(argc, params);
}

/* ---- row memory ------------------------------------------------------------------------------------------------ */

struct kit_piece {
    struct kit_piece *next;
};

static void *take(sqla_row_arena *base, void *row, size_t size)
{
    kit_arena *arena = (kit_arena *)base;
    struct kit_piece *piece = size > 0 && row != NULL ? malloc(sizeof *piece + size) : NULL;
    arena->calls++;
    if (piece == NULL)
        return NULL;
    piece->next = arena->pieces;
    arena->pieces = piece;
    return piece + 1;
}

void kit_arena_init(kit_arena *arena)
{
    *arena = (kit_arena){ { take }, NULL, 0 };
}

void kit_arena_release(kit_arena *arena)
{
    while (arena->pieces != NULL) {
        struct kit_piece *next = arena->pieces->next;
        free(arena->pieces);
        arena->pieces = next;
    }
}

/* ---- connections ----------------------------------------------------------------------------------------------- */

sqla_status kit_open(kit_conn *conn, const sqla_connect_param *more, uint32_t count, int64_t deadline)
{
    sqla_connect_param params[40];
    uint32_t n = 0;
    for (uint32_t i = 0; i < kit.param_count; i++) {
        bool replaced = false;
        for (uint32_t k = 0; k < count; k++)
            replaced = replaced || strcmp(more[k].key, kit.params[i].key) == 0;
        if (!replaced)
            params[n++] = kit.params[i];
    }
    for (uint32_t i = 0; i < count; i++)
        params[n++] = more[i];
    const sqla_connect_args args = {
        .struct_size = sizeof args, .count = n, .params = params, .instance = kit.instance, .deadline = deadline, .data = kit_driver.data
    };
    kit_clear();
    memset(conn, 0, sizeof *conn);
    conn->info.struct_size = sizeof conn->info;
    return kit_ops.open(&args, &conn->info, &conn->handle, KIT_ERR);
}

void kit_must_open(kit_conn *conn)
{
    if (!EXPECT(kit_open(conn, NULL, 0, 0), SQLA_OK))
        exit(1); /* nothing else can be checked */
}

void kit_close(kit_conn *conn)
{
    if (conn->handle != NULL)
        kit_ops.close(conn->handle);
    conn->handle = NULL;
}

/* ---- texts ----------------------------------------------------------------------------------------------------- */

enum { RING = 16, TEXT = 1 << 16 };
static char ring[RING][TEXT];
static unsigned ring_at;

static char *next_text(void)
{
    return ring[ring_at++ % RING];
}

static size_t placeholder(char *at, size_t room, unsigned number)
{
    return (size_t)(kit_traits->placeholder == SQLA_PLACEHOLDER_DOLLAR ? snprintf(at, room, "$%u", number)
                                                                       : snprintf(at, room, "?"));
}

const char *kit_sql(const char *format, ...)
{
    char *raw = next_text(), *out = next_text(), quote = '\0';
    size_t n = 0;
    unsigned number = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(raw, TEXT, format, args);
    va_end(args);
    for (const char *at = raw; *at != '\0' && n < TEXT - 16; at++) {
        if (quote != '\0' || *at == '\'' || *at == '"')
            quote = quote == '\0' ? *at : quote == *at ? '\0' : quote;
        if (quote == '\0' && *at == '?')
            n += placeholder(out + n, TEXT - n, ++number);
        else
            out[n++] = *at;
    }
    out[n] = '\0';
    return out;
}

static const sqla_type_trait *trait_of(sqla_type type)
{
    for (uint32_t i = 0; i < kit_traits->type_count; i++) {
        if (kit_traits->types[i].type == (int32_t)type)
            return &kit_traits->types[i];
    }
    return NULL;
}

const char *kit_type(sqla_type type)
{
    const sqla_type_trait *trait = trait_of(type);
    return trait != NULL ? trait->name : NULL;
}

const char *kit_long_query(void)
{
    return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT "
           "count(*) FROM n";
}

typedef struct filling {
    char *out;
    size_t n;
    const char *table, *const *columns, *key, *returning;
    const sqla_type *types;
    uint32_t count, rows;
    sqla_type key_type;
} filling;

static void add(filling *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(filling *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(f->out + f->n, TEXT - f->n, format, args);
    va_end(args);
    f->n += n > 0 && f->n + (size_t)n < TEXT ? (size_t)n : 0;
}

static void add_source(filling *f, bool columns_mode, const char *source, uint32_t i)
{
    const sqla_type_trait *trait = trait_of(i < f->count ? f->types[i] : f->key_type);
    if (columns_mode && trait != NULL && (trait->flags & SQLA_TYPE_AS_TEXT) != 0)
        add(f, "CAST(%s.c%u AS %s)", source, i, trait->cast_name != NULL ? trait->cast_name : trait->name);
    else
        add(f, "%s.c%u", source, i);
}

static void add_hole(filling *f, const char *hole, size_t n, bool columns_mode)
{
    uint32_t width = f->count + (f->key != NULL);
    char mark[16];
#define IS(name) (n == sizeof(name) - 1 && memcmp(hole, name, n) == 0)
    if (IS("table"))
        add(f, "%s", f->table);
    else if (IS("returning"))
        add(f, "%s%s", f->returning != NULL ? " RETURNING " : "", f->returning != NULL ? f->returning : "");
    else if (IS("match")) {
        add(f, "t.%s = ", f->key);
        add_source(f, columns_mode, "v", f->count);
    }
    for (uint32_t i = 0; IS("columns") && i < f->count; i++)
        add(f, "%s%s", i > 0 ? ", " : "", f->columns[i]);
    for (uint32_t i = 0; IS("aliases") && i < width; i++)
        add(f, "%sc%u", i > 0 ? ", " : "", i);
    for (uint32_t i = 0; IS("params") && i < width; i++) {
        placeholder(mark, sizeof mark, i + 1);
        add(f, "%s%s", i > 0 ? ", " : "", mark);
    }
    for (uint32_t i = 0; IS("selected") && i < width; i++) {
        add(f, "%s", i > 0 ? ", " : "");
        add_source(f, columns_mode, "u", i);
    }
    for (uint32_t i = 0; IS("assignments") && i < f->count; i++) {
        add(f, "%s%s = ", i > 0 ? ", " : "", f->columns[i]);
        add_source(f, columns_mode, "v", i);
    }
    for (uint32_t i = 0; IS("tuples") && i < width * f->rows; i++) {
        placeholder(mark, sizeof mark, i + 1);
        add(f, "%s%s%s",
            i == 0           ? "("
            : i % width == 0 ? ", ("
                             : ", ",
            mark, i % width == width - 1 ? ")" : "");
    }
#undef IS
}

const char *kit_fill(const char *template, const char *table, const char *const *columns,
    const sqla_type *types, uint32_t n, uint32_t rows, const char *key, sqla_type key_type,
    const char *returning)
{
    filling f = { next_text(), 0, table, columns, key, returning, types, n, rows, key_type };
    bool columns_mode = strstr(template, "{params}") != NULL;
    f.out[0] = '\0';
    while (*template != '\0') {
        size_t plain = strcspn(template, "{"), hole = strcspn(template + plain, "}");
        add(&f, "%.*s", (int)plain, template);
        template += plain;
        if (*template == '{') {
            add_hole(&f, template + 1, hole - 1, columns_mode);
            template += hole + 1;
        }
    }
    return f.out;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

void kit_clear(void)
{
    memset(&kit_last, 0, sizeof kit_last);
}

sqla_status kit_exec(kit_conn *conn, const char *sql, const sqla_plan *plan, const void *row, uint32_t flags,
    sqla_driver_result **ret_result)
{
    const sqla_statement statement = { sizeof statement, 0, sql, strlen(sql), NULL };
    const sqla_exec_options options = { sizeof options, flags, 0 };
    kit_clear();
    *ret_result = NULL;
    return kit_ops.exec(conn->handle, &statement, plan, row, &options, ret_result, KIT_ERR);
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
        fprintf(stderr, "cannot run '%.200s': %s\n", sql, kit_last.message);
        CU_FAIL("a statement that the check needs");
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
    if (status != SQLA_OK)
        fprintf(stderr, "cannot ask '%.200s': %s\n", sql, kit_last.message);
    return status == SQLA_OK && count == 1 ? row.number : INT64_MIN;
}

void kit_drop(kit_conn *conn, const char *table)
{
    kit_must(conn, kit_sql("DROP TABLE IF EXISTS %s", table));
}

/* ---- transactions ---------------------------------------------------------------------------------------------- */

sqla_status kit_begin(kit_conn *conn, uint32_t flags)
{
    const sqla_txn_options options = { sizeof options, flags, 0, 0, 0 };
    const sqla_traits *t = kit_traits;
    kit_clear();
    if (kit_ops.begin != NULL)
        return kit_ops.begin(conn->handle, &options, KIT_ERR);
    return kit_run(conn, (flags & SQLA_TXN_READ_ONLY) != 0 && t->begin_read_only != NULL ? t->begin_read_only
                         : (flags & SQLA_TXN_WRITE) != 0 && t->begin_write != NULL       ? t->begin_write
                                                                                         : t->begin);
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
    snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - form), form, name, hole + 6);
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

static const char *status_name(sqla_status status)
{
    switch ((int)status) {
#define NAME(name, bits, meaning) \
    case SQLA_##name:             \
        return #name;
        SQLA_STATUS_LIST(NAME)
#undef NAME
    default:
        return "?";
    }
}

/* A failure must have been reported once, in words, and under the status that is returned. */
bool kit_expect(sqla_status got, sqla_status expected, const char *what, const char *file, unsigned line)
{
    char text[1024];
    bool reported = got == SQLA_OK ||
                    (kit_last.calls == 1 && kit_last.status == (int32_t)got && kit_last.message[0] != '\0');
    bool ok = got == expected && reported;
    snprintf(text, sizeof text, "%s: %s, not %s%s%s%s", what, status_name(got), status_name(expected),
        got != SQLA_OK ? ": " : "", got != SQLA_OK ? kit_last.message : "",
        reported ? "" : " (not reported exactly once)");
    if (!ok)
        fprintf(stderr, "%s:%u: %s\n", file, line, text);
    CU_assertImplementation(ok, line, what, file, "", CU_FALSE);
    return ok;
}

int kit_run_all(const char *name)
{
    CU_basic_set_mode(CU_BRM_SILENT);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_tests_failed(), run = CU_get_number_of_tests_run();
    CU_basic_show_failures(CU_get_failure_list());
    printf("%s%s: %u passed, %u failed (%s)\n", failed > 0 ? "\n" : "", name, run - failed, failed,
        kit_driver.name);
    CU_cleanup_registry();
    return run == 0 || failed > 0;
}
