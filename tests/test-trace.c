/* test-trace.c: the lines that the driver "trace" writes about the calls that cross it, here round a driver that does as it is told. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/engine.h"
#include "engine/plugin.h"
#include "expect.h"
#include "harness.h"

/* The driver's entry is called with a host that keeps what is told, counts blocks, and else is the library's own. */

static struct { char line[2000], all[16000]; int lines, blocks; } told; /* the last line, and all since enter_trace */

static void take_told(int32_t level, const char *message)
{
    CU_ASSERT_EQUAL(level, SQLA_LOG_INFO);
    size_t n = strlen(told.all);
    snprintf(told.line, sizeof told.line, "%s", message);
    snprintf(told.all + n, sizeof told.all - n, "%s\n", message);
    told.lines++;
}

static void *count_alloc(size_t size)
{
    void *block = sqla__host.alloc(size);
    told.blocks += block != NULL;
    return block;
}

static void count_release(void *block)
{
    told.blocks -= block != NULL;
    sqla__host.release(block);
}

static sqla_driver_entry_fn *trace_entry(void)
{
    static sqla_driver_entry_fn *entry;
    const sqla__driver *driver = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    if (entry == NULL) {
        sqla__driver_load("trace", NULL, &driver, &err);
        CU_ASSERT_FATAL(is(&err, SQLA_OK));
        void *library = dlopen(driver->file, RTLD_NOW | RTLD_NOLOAD);
        CU_ASSERT_PTR_NOT_NULL_FATAL(library);
        *(void **)&entry = dlsym(library, SQLA_DRIVER_ENTRY_NAME);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    return entry;
}

/* From now on lines come to us. Undone by entry(&sqla__host, ...), in leave_trace. */
static sqla_driver enter_trace(void)
{
    static sqla_host host;
    sqla_driver trace = { .struct_size = sizeof trace };
    host = sqla__host;
    host.log = take_told;
    host.alloc = count_alloc;
    host.release = count_release;
    told.lines = told.blocks = 0;
    told.all[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(trace_entry()(&host, &trace, NULL), SQLA_OK);
    return trace;
}

static void leave_trace(void)
{
    sqla_driver trace = { .struct_size = sizeof trace };
    CU_ASSERT_EQUAL(trace_entry()(&sqla__host, &trace, NULL), SQLA_OK);
}

/* ---- an inner driver that does as it is told: each function looks at its handle, and returns what is said here ---- */

struct sqla_driver_conn { char unused; };
struct sqla_driver_stmt { char unused; };
struct sqla_driver_result { char unused; };
struct sqla_driver_canceller { char unused; };
struct sqla_driver_copy { char unused; };

static struct {
    sqla_status status;
    bool no_handle;                /* says that all is well, and makes nothing */
    bool end;                      /* no row is left */
    const char *product;
    int calls;
    int64_t deadline;
    sqla_driver_conn conn;
    sqla_driver_stmt stmt;
    sqla_driver_result result;
    sqla_driver_canceller canceller;
    sqla_driver_copy copy;
} in;

static const sqla_connect_option in_options[] = { { "host", NULL, 0, 0, NULL } };
static const char in_data = 0, in_more[] = "more";
static const sqla_value in_row = { .type = SQLA_INT64, .as = { .i64 = 5 } };

static sqla_status answer(bool same, sqla_err *err)
{
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = (int32_t)in.status, .message = "as it was told" };
    CU_ASSERT(same);
    in.calls++;
    if (in.status != SQLA_OK)
        sqla__host.set_error(err, &fields);
    return in.status;
}

/* The out parameter of a function that makes a handle. */
#define GIVE(ret, handle) \
    if (in.status == SQLA_OK && !in.no_handle) \
        *(ret) = &(handle)

static sqla_status in_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    info->product = in.product;
    GIVE(ret_conn, in.conn);
    return answer(args->data == &in_data, err);
}

static void in_close(sqla_driver_conn *conn) { in.status = SQLA_OK, answer(conn == &in.conn, NULL); }

static sqla_status in_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                           const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    (void)plan, (void)row, (void)options;
    GIVE(ret_result, in.result);
    return answer(conn == &in.conn && (statement->prepared == NULL || statement->prepared == &in.stmt), err);
}

static const sqla_result_info *in_info(sqla_driver_result *result)
{
    static const sqla_result_info info = { sizeof info, 2, NULL, 3 };
    CU_ASSERT_PTR_EQUAL(result, &in.result);
    return &info;
}

static sqla_status in_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max, sqla_row_arena *arena,
                            size_t *ret_count, bool *ret_end, sqla_err *err)
{
    (void)plan, (void)rows, (void)arena;
    *ret_count = max - 1;
    *ret_end = in.end;
    return answer(result == &in.result, err);
}

static sqla_status in_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    if (in.status == SQLA_OK)
        *ret_values = in.end ? NULL : &in_row;
    return answer(result == &in.result, err);
}

static void in_result_close(sqla_driver_result *result) { in.status = SQLA_OK, answer(result == &in.result, NULL); }
static sqla_txn_state in_state(sqla_driver_conn *conn) { return conn == &in.conn ? SQLA_TXN_FAILED : SQLA_TXN_LOST; }

static sqla_status in_prepare(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows,
                              const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err)
{
    (void)text, (void)length, (void)plan, (void)block_rows, (void)options;
    GIVE(ret_stmt, in.stmt);
    return answer(conn == &in.conn, err);
}

static void in_stmt_close(sqla_driver_stmt *stmt) { in.status = SQLA_OK, answer(stmt == &in.stmt, NULL); }

static sqla_status in_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch, const sqla_exec_options *options,
                           sqla_err *err)
{
    (void)options;
    batch->affected = 4;
    return answer(conn == &in.conn && (statement->prepared == NULL || statement->prepared == &in.stmt), err);
}

static sqla_status in_step(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    (void)options;
    return answer(conn == &in.conn, err);
}

static sqla_status in_savepoint(sqla_driver_conn *conn, int32_t op, const char *name, sqla_err *err)
{
    (void)op, (void)name;
    return answer(conn == &in.conn, err);
}

static sqla_status in_ping(sqla_driver_conn *conn, uint32_t flags, int64_t deadline, sqla_err *err)
{
    (void)flags;
    return answer(conn == &in.conn && deadline == 11, err);
}

static sqla_status in_reset(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    return answer(conn == &in.conn && deadline == 12, err);
}

static sqla_status in_cancel_new(sqla_driver_conn *conn, sqla_driver_canceller **ret_canceller, sqla_err *err)
{
    GIVE(ret_canceller, in.canceller);
    return answer(conn == &in.conn, err);
}

static sqla_status in_cancel_fire(sqla_driver_canceller *canceller, int64_t deadline, sqla_err *err)
{
    return answer(canceller == &in.canceller && deadline == 13, err);
}

static void in_cancel_free(sqla_driver_canceller *canceller) { in.status = SQLA_OK, answer(canceller == &in.canceller, NULL); }

static sqla_status in_reflect(sqla_driver_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink,
                              sqla_err *err)
{
    (void)kind, (void)filter, (void)sink;
    return answer(conn == &in.conn, err);
}

static sqla_status in_connect_options(const sqla_connect_option **ret_options, uint32_t *ret_count, sqla_err *err)
{
    *ret_options = in_options;
    *ret_count = 1;
    return answer(true, err);
}

static void in_set_deadline(sqla_driver_conn *conn, int64_t deadline)
{
    CU_ASSERT_PTR_EQUAL(conn, &in.conn);
    in.deadline = deadline;
}

static sqla_status in_resolve(sqla_driver_conn *conn, const char *outcome, int64_t deadline, int32_t *ret_outcome, sqla_err *err)
{
    (void)outcome;
    *ret_outcome = 2;
    return answer(conn == &in.conn && deadline == 14, err);
}

static sqla_status in_tp_prepare(sqla_driver_conn *conn, const char *gid, int64_t deadline, sqla_err *err)
{
    (void)gid;
    return answer(conn == &in.conn && deadline == 15, err);
}

static sqla_status in_tp_finish(sqla_driver_conn *conn, const char *gid, int32_t commit, int64_t deadline, sqla_err *err)
{
    (void)gid, (void)commit;
    return answer(conn == &in.conn && deadline == 16, err);
}

static sqla_status in_recover(sqla_driver_conn *conn, sqla_prepared_sink *sink, int64_t deadline, sqla_err *err)
{
    (void)sink;
    return answer(conn == &in.conn && deadline == 17, err);
}

static sqla_status in_copy_open(sqla_driver_conn *conn, const char *text, size_t length, int32_t direction,
                                const sqla_exec_options *options, sqla_driver_copy **ret_copy, sqla_err *err)
{
    (void)text, (void)length, (void)options;
    GIVE(ret_copy, in.copy);
    return answer(conn == &in.conn && direction == SQLA_COPY_OUT, err);
}

static sqla_status in_put(sqla_driver_copy *copy, const void *data, size_t size, sqla_err *err)
{
    return answer(copy == &in.copy && data == in_more && size == 4, err);
}

static sqla_status in_get(sqla_driver_copy *copy, const void **ret_data, size_t *ret_size, sqla_err *err)
{
    if (in.status == SQLA_OK) {
        *ret_data = in.end ? NULL : in_more;
        *ret_size = 4;
    }
    return answer(copy == &in.copy, err);
}

static sqla_status in_copy_finish(sqla_driver_copy *copy, int64_t *ret_count, sqla_err *err)
{
    *ret_count = 6;
    return answer(copy == &in.copy, err);
}

static void in_abort(sqla_driver_copy *copy) { in.status = SQLA_OK, answer(copy == &in.copy, NULL); }
#undef GIVE

static const sqla_driver_ops in_ops = {
    .struct_size = sizeof in_ops, .open = in_open, .close = in_close, .exec = in_exec, .result_info = in_info, .result_fetch = in_fetch,
    .result_view = in_view, .result_close = in_result_close, .txn_state = in_state, .prepare = in_prepare, .stmt_close = in_stmt_close,
    .execute_many = in_many, .begin = in_step, .commit = in_step, .rollback = in_step, .savepoint = in_savepoint, .ping = in_ping,
    .reset = in_reset, .abandon = in_close, .cancel_new = in_cancel_new, .cancel_fire = in_cancel_fire, .cancel_free = in_cancel_free,
    .reflect = in_reflect, .connect_options = in_connect_options, .set_deadline = in_set_deadline, .resolve = in_resolve,
};
static const sqla_twophase_ops in_twophase = { sizeof in_twophase, 0, in_tp_prepare, in_tp_finish, in_recover };
static const sqla_bulk_ops in_bulk = { sizeof in_bulk, 0, in_copy_open, in_put, in_get, in_copy_finish, in_abort };
static const sqla_traits in_traits = { .struct_size = sizeof in_traits, .dialect = "inner" };

/* Which extensions the inner driver has: bits, and for those of an older time, too short. */
enum { HAS_TWOPHASE = 1, HAS_BULK = 2, SHORT_TWOPHASE = 4, SHORT_BULK = 8 };
static int has;

static const void *in_extension(const char *id)
{
    static const uint32_t too_short[2] = { sizeof too_short, 0 };
    if (strcmp(id, SQLA_TWOPHASE) == 0)
        return (has & HAS_TWOPHASE) != 0 ? (const void *)&in_twophase : (has & SHORT_TWOPHASE) != 0 ? too_short : NULL;
    if (strcmp(id, SQLA_BULK) == 0)
        return (has & HAS_BULK) != 0 ? (const void *)&in_bulk : (has & SHORT_BULK) != 0 ? too_short : NULL;
    return NULL;
}

static sqla_driver inner_driver(const sqla_driver_ops *ops, int extensions)
{
    has = extensions;
    return (sqla_driver){ .struct_size = sizeof(sqla_driver), .abi_major = SQLA_ABI_MAJOR, .abi_minor = SQLA_ABI_MINOR, .name = "inner",
                          .version = "1.2", .ops = ops, .traits = &in_traits, .extension = extensions >= 0 ? in_extension : NULL,
                          .data = &in_data };
}

static sqla_status wrap(const sqla_driver *trace, const sqla_driver *inner, sqla_driver *out, sqla_error *err)
{
    const sqla_wrap_ops *ops = trace->extension(SQLA_WRAP);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ops);
    *out = (sqla_driver){ .struct_size = sizeof *out };
    return ops->wrap(inner, out, sqla__opaque(err));
}

/* ---- crossings ----------------------------------------------------------------------------------------------------- */

/* The wrapped driver, and its handles with the numbers that lines gave them. */
static struct {
    sqla_driver inner, driver;
    const sqla_driver_ops *ops;
    const sqla_bulk_ops *bulk;
    const sqla_twophase_ops *twophase;
    sqla_driver_conn *conn;
    sqla_driver_stmt *stmt;
    sqla_driver_result *result;
    sqla_driver_canceller *canceller;
    sqla_driver_copy *copy;
    unsigned numbers[4];
} w;

enum crossing {
    OPEN, OPEN_BARE, PING, LOOK, RESET, BEGIN, BEGIN_WITH, BEGIN_NULL, COMMIT, ROLLBACK, SET, RELEASE, BACK, RESOLVE, PREPARE,
    PREPARE_BLOCK, EXEC, EXEC_STMT, EXEC_NULL, MANY, MANY_BLOCK, MANY_COLUMNS, MANY_NONE, MANY_ODD, FETCH, FETCH_END, VIEW, VIEW_END, CANCEL_NEW, CANCEL_FIRE,
    REFLECT, REFLECT_TABLE, REFLECT_NULL, TP_PREPARE, TP_COMMIT, TP_ROLLBACK, RECOVER, COPY_OPEN, PUT, GET, GET_END, FINISH,
};

static sqla_status open_conn(bool bare, sqla_err *err)
{
    static const sqla_connect_param params[] = { { "host", "home" }, { "port", "1" }, { "user", "me" }, { "password", "sesame" },
                                                 { "database", "d" }, { "sslkey", "k" } };
    const sqla_connect_args args = { .struct_size = sizeof args, .count = bare ? 0 : 6, .params = params, .data = w.driver.data };
    sqla_conn_info info = { .struct_size = sizeof info };
    in.product = bare ? NULL : "Inner 7";
    return w.ops->open(&args, &info, &w.conn, err);
}

static sqla_status exec(sqla_driver_stmt *stmt, const sqla_plan *plan, uint32_t flags, sqla_err *err)
{
    const sqla_statement statement = { sizeof statement, 0, "SELECT\n1", 8, stmt };
    const sqla_exec_options options = { sizeof options, flags, 0 };
    return w.ops->exec(w.conn, &statement, plan, NULL, stmt != NULL || plan != NULL ? &options : NULL, &w.result, err);
}

static sqla_status many(sqla_driver_stmt *stmt, uint32_t mode, sqla_err *err)
{
    const sqla_statement statement = { sizeof statement, 0, "INSERT", 6, stmt };
    sqla_batch batch = { .struct_size = sizeof batch, .mode = mode, .count = 9 };
    sqla_status status = w.ops->execute_many(w.conn, &statement, &batch, NULL, err);
    CU_ASSERT_EQUAL(batch.affected, 4);
    return status;
}

static sqla_status fetch(bool end, sqla_err *err)
{
    size_t n = 0;
    bool is_end = !end;
    in.end = end;
    sqla_status status = w.ops->result_fetch(w.result, NULL, NULL, 8, NULL, &n, &is_end, err);
    CU_ASSERT_EQUAL(n, 7);
    CU_ASSERT_EQUAL(is_end, end);
    return status;
}

static sqla_status view(bool end, sqla_err *err)
{
    const sqla_value *values = NULL;
    in.end = end;
    sqla_status status = w.ops->result_view(w.result, &values, err);
    CU_ASSERT_PTR_EQUAL(values, status == SQLA_OK && !end ? &in_row : NULL);
    return status;
}

static sqla_status get(bool end, sqla_err *err)
{
    const void *data = NULL;
    size_t size = 0;
    in.end = end;
    sqla_status status = w.bulk->get(w.copy, &data, &size, err);
    CU_ASSERT_PTR_EQUAL(data, status == SQLA_OK && !end ? in_more : NULL);
    return status;
}

static sqla_status resolve(sqla_err *err)
{
    int32_t outcome = 0;
    sqla_status status = w.ops->resolve(w.conn, "token", 14, &outcome, err);
    CU_ASSERT_EQUAL(outcome, 2);
    return status;
}

/* The number that a line gives to a handle that was made. */
static void take_number(const char *well)
{
    static const char *const forms[] = { ": conn %u", ": stmt %u", ": result %u", ": copy %u" };
    const char *made = strstr(well, " {"), *at = strstr(told.line, " us: ");
    if (made == NULL || at == NULL)
        return;
    for (size_t i = 0; i < 4; i++)
        sscanf(at + 3, forms[i], &w.numbers[i]);
}

/* A stream is gone when it was finished, also in vain. */
static sqla_status finish(sqla_err *err)
{
    sqla_status meant = in.status;
    int64_t n = 0;
    in.status = SQLA_OK;
    if (w.copy == NULL) {
        CU_ASSERT_EQUAL(w.bulk->open(w.conn, "COPY", 4, SQLA_COPY_OUT, NULL, &w.copy, NULL), SQLA_OK);
        take_number(" {p}");
    }
    in.status = meant;
    meant = w.bulk->finish(w.copy, &n, err);
    w.copy = NULL;
    CU_ASSERT_EQUAL(n, 6);
    return meant;
}

static sqla_status cross(enum crossing which, sqla_err *err)
{
    static const sqla_txn_options plain = { .struct_size = sizeof plain };
    static const sqla_txn_options with = { .struct_size = sizeof with, .flags = SQLA_TXN_READ_ONLY, .isolation = SQLA_SERIALIZABLE };
    static const sqla_reflect_filter all = { .struct_size = sizeof all }, one = { .struct_size = sizeof one, .table = "parts" };
    static const sqla_plan plan = { sizeof plan, 2, NULL };
    switch (which) {
    case OPEN: return open_conn(false, err);
    case OPEN_BARE: return open_conn(true, err);
    case PING: return w.ops->ping(w.conn, 0, 11, err);
    case LOOK: return w.ops->ping(w.conn, SQLA_PING_LOOK, 11, err);
    case RESET: return w.ops->reset(w.conn, 12, err);
    case BEGIN: return w.ops->begin(w.conn, &plain, err);
    case BEGIN_WITH: return w.ops->begin(w.conn, &with, err);
    case BEGIN_NULL: return w.ops->begin(w.conn, NULL, err);
    case COMMIT: return w.ops->commit(w.conn, &plain, err);
    case ROLLBACK: return w.ops->rollback(w.conn, &plain, err);
    case SET: return w.ops->savepoint(w.conn, SQLA_SAVEPOINT_SET, "s", err);
    case RELEASE: return w.ops->savepoint(w.conn, SQLA_SAVEPOINT_RELEASE, "s", err);
    case BACK: return w.ops->savepoint(w.conn, SQLA_SAVEPOINT_ROLLBACK, "s", err);
    case RESOLVE: return resolve(err);
    case PREPARE: return w.ops->prepare(w.conn, "SELECT 2", 8, NULL, 1, NULL, &w.stmt, err);
    case PREPARE_BLOCK: return w.ops->prepare(w.conn, "SELECT 2", 8, NULL, 5, NULL, &w.stmt, err);
    case EXEC: return exec(NULL, &plan, SQLA_EXEC_STREAM, err);
    case EXEC_STMT: return exec(w.stmt, NULL, 0, err);
    case EXEC_NULL: return exec(NULL, NULL, 0, err);
    case MANY: return many(w.stmt, SQLA_BATCH_EACH, err);
    case MANY_BLOCK: return many(NULL, SQLA_BATCH_BLOCK, err);
    case MANY_COLUMNS: return many(NULL, SQLA_BATCH_COLUMNS, err);
    case MANY_NONE: return many(NULL, 0, err);
    case MANY_ODD: return many(NULL, 99, err);
    case FETCH: return fetch(false, err);
    case FETCH_END: return fetch(true, err);
    case VIEW: return view(false, err);
    case VIEW_END: return view(true, err);
    case CANCEL_NEW: return w.ops->cancel_new(w.conn, &w.canceller, err);
    case CANCEL_FIRE: return w.ops->cancel_fire(w.canceller, 13, err);
    case REFLECT: return w.ops->reflect(w.conn, SQLA_REFLECT_COLUMNS, &all, NULL, err);
    case REFLECT_TABLE: return w.ops->reflect(w.conn, SQLA_REFLECT_COLUMNS, &one, NULL, err);
    case REFLECT_NULL: return w.ops->reflect(w.conn, SQLA_REFLECT_COLUMNS, NULL, NULL, err);
    case TP_PREPARE: return w.twophase->prepare(w.conn, "g", 15, err);
    case TP_COMMIT: return w.twophase->finish(w.conn, "g", 1, 16, err);
    case TP_ROLLBACK: return w.twophase->finish(w.conn, "g", 0, 16, err);
    case RECOVER: return w.twophase->recover(w.conn, NULL, 17, err);
    case COPY_OPEN: return w.bulk->open(w.conn, "COPY", 4, SQLA_COPY_OUT, NULL, &w.copy, err);
    case PUT: return w.bulk->put(w.copy, in_more, 4, err);
    case GET: return get(false, err);
    case GET_END: return get(true, err);
    case FINISH: return finish(err);
    }
    return SQLA_ERR_MISUSE;
}

/* What is told of each: the call, and what came of it when all was well, and when it was not. {c}, {s}, {r}, {p}: the number of the
 * connection, the statement, the result, the stream. */
static const struct crossing_line { const char *call, *well, *failed; } crossings[] = {
    [OPEN] = { "open(host=home, port=1, user=me, password=***, database=d, sslkey=***", ": conn {c}, Inner 7", "" },
    [OPEN_BARE] = { "open(", ": conn {c}, ?", "" },
    [PING] = { "ping(conn {c}", "", "" },
    [LOOK] = { "ping(conn {c}, look", "", "" },
    [RESET] = { "reset(conn {c}", "", "" },
    [BEGIN] = { "begin(conn {c}", "", "" },
    [BEGIN_WITH] = { "begin(conn {c}, flags 2, isolation 4", "", "" },
    [BEGIN_NULL] = { "begin(conn {c}", "", "" },
    [COMMIT] = { "commit(conn {c}", "", "" },
    [ROLLBACK] = { "rollback(conn {c}", "", "" },
    [SET] = { "savepoint(conn {c}, set 's'", "", "" },
    [RELEASE] = { "savepoint(conn {c}, release 's'", "", "" },
    [BACK] = { "savepoint(conn {c}, rollback 's'", "", "" },
    [RESOLVE] = { "resolve(conn {c}, 'token'", ": outcome 2", "" },
    [PREPARE] = { "prepare(conn {c}, \"SELECT 2\"", ": stmt {s}", "" },
    [PREPARE_BLOCK] = { "prepare(conn {c}, \"SELECT 2\", 5 rows", ": stmt {s}", "" },
    [EXEC] = { "exec(conn {c}, \"SELECT 1\", 2 parameters, stream", ": result {r}, 2 columns, 3 affected", "" },
    [EXEC_STMT] = { "exec(conn {c}, stmt {s}, 0 parameters", ": result {r}, 2 columns, 3 affected", "" },
    [EXEC_NULL] = { "exec(conn {c}, \"SELECT 1\", 0 parameters", ": result {r}, 2 columns, 3 affected", "" },
    [MANY] = { "execute_many(conn {c}, stmt {s}, 9 rows, each", ": 4 affected", ": 4 affected" },
    [MANY_BLOCK] = { "execute_many(conn {c}, \"INSERT\", 9 rows, block", ": 4 affected", ": 4 affected" },
    [MANY_COLUMNS] = { "execute_many(conn {c}, \"INSERT\", 9 rows, columns", ": 4 affected", ": 4 affected" },
    [MANY_NONE] = { "execute_many(conn {c}, \"INSERT\", 9 rows, ?", ": 4 affected", ": 4 affected" },
    [MANY_ODD] = { "execute_many(conn {c}, \"INSERT\", 9 rows, ?", ": 4 affected", ": 4 affected" },
    [FETCH] = { "result_fetch(result {r}, at most 8", ": 7 rows", ": 7 rows" },
    [FETCH_END] = { "result_fetch(result {r}, at most 8", ": 7 rows, the last", ": 7 rows" },
    [VIEW] = { "result_view(result {r}", "", "" },
    [VIEW_END] = { "result_view(result {r}", ": the end", "" },
    [CANCEL_NEW] = { NULL, NULL, NULL }, /* one for each statement that may be cancelled, and nothing crosses to the database */
    [CANCEL_FIRE] = { "cancel_fire(conn {c}", "", "" },
    [REFLECT] = { "reflect(conn {c}, kind 2", "", "" },
    [REFLECT_TABLE] = { "reflect(conn {c}, kind 2, table 'parts'", "", "" },
    [REFLECT_NULL] = { "reflect(conn {c}, kind 2", "", "" },
    [TP_PREPARE] = { "twophase.prepare(conn {c}, 'g'", "", "" },
    [TP_COMMIT] = { "twophase.commit(conn {c}, 'g'", "", "" },
    [TP_ROLLBACK] = { "twophase.rollback(conn {c}, 'g'", "", "" },
    [RECOVER] = { "twophase.recover(conn {c}", "", "" },
    [COPY_OPEN] = { "bulk.open(conn {c}, \"COPY\"", ": copy {p}", "" },
    [PUT] = { "bulk.put(copy {p}, 4 bytes", "", "" },
    [GET] = { "bulk.get(copy {p}", ": 4 bytes", "" },
    [GET_END] = { "bulk.get(copy {p}", ": 0 bytes", "" },
    [FINISH] = { "bulk.finish(copy {p}", "", "" },
};
enum { CROSSINGS = sizeof crossings / sizeof crossings[0] };

static void fill_in(char *room, size_t size, const char *form)
{
    static const char kinds[] = "csrp";
    size_t n = 0;
    for (; *form != '\0' && n + 12 < size; form++) {
        if (*form == '{') {
            n += (size_t)snprintf(room + n, size - n, "%u", w.numbers[strchr(kinds, form[1]) - kinds]);
            form += 2;
        } else {
            room[n++] = *form;
        }
    }
    room[n] = '\0';
}

/* The last line: "inner.CALL) = STATUS in MICROSECONDS usREST". */
static bool was_told(const char *call, const char *status, const char *rest)
{
    char form[400], expected[400];
    double micros = -1;
    int length = 0;
    snprintf(form, sizeof form, "inner.%s) = %s in ", call, status);
    fill_in(expected, sizeof expected, form);
    size_t n = strlen(expected);
    bool same = strncmp(told.line, expected, n) == 0 && sscanf(told.line + n, "%lf us%n", &micros, &length) == 1 && micros >= 0;
    same = same && length > 0;
    fill_in(form, sizeof form, rest);
    if (same && strcmp(told.line + n + length, form) == 0)
        return true;
    fprintf(stderr, "'%s' and not '%s... us%s'\n", told.line, expected, form);
    return false;
}

/* A description lives as long as the process; one of a test's own is given back with it. */
static void forget(sqla_driver *wrapped)
{
    sqla__free((void *)(uintptr_t)wrapped->data);
    wrapped->data = NULL;
}

/* Close what is open, in the order of a host, and nothing is left. */
static void leave_with(void)
{
    if (w.copy != NULL)
        w.bulk->abort(w.copy);
    if (w.canceller != NULL)
        w.ops->cancel_free(w.canceller);
    if (w.result != NULL)
        w.ops->result_close(w.result);
    if (w.stmt != NULL)
        w.ops->stmt_close(w.stmt);
    if (w.conn != NULL)
        w.ops->close(w.conn);
    CU_ASSERT_EQUAL(told.blocks, 0);
    forget(&w.driver);
    leave_trace();
}

static void enter_with(int extensions)
{
    const sqla_driver trace = enter_trace();
    memset(&w, 0, sizeof w);
    memset(&in, 0, sizeof in);
    w.inner = inner_driver(&in_ops, extensions);
    CU_ASSERT_EQUAL_FATAL(wrap(&trace, &w.inner, &w.driver, NULL), SQLA_OK);
    w.ops = w.driver.ops;
    w.bulk = w.driver.extension != NULL ? w.driver.extension(SQLA_BULK) : NULL;
    w.twophase = w.driver.extension != NULL ? w.driver.extension(SQLA_TWOPHASE) : NULL;
    told.blocks = 0; /* what describes the driver is never given back */
}

/* The handles that later crossings are made on. */
static void end_made(enum crossing which)
{
    if (which == OPEN)
        w.ops->close(w.conn);
    if (which == PREPARE)
        w.ops->stmt_close(w.stmt);
    if (which == EXEC || which == EXEC_STMT)
        w.ops->result_close(w.result);
}

static void one_status(enum crossing which, sqla_status status, const char *name)
{
    const struct crossing_line *line = &crossings[which];
    sqla_error err = SQLA_ERROR_INIT;
    int lines = told.lines, calls = in.calls;
    told.line[0] = '\0';
    in.status = status;
    CU_ASSERT_EQUAL(cross(which, sqla__opaque(&err)), status);
    CU_ASSERT_STRING_EQUAL(err.message, status != SQLA_OK ? "as it was told" : "");
    CU_ASSERT(in.calls > calls);
    if (line->call == NULL) {
        CU_ASSERT_EQUAL(told.lines, lines);
        return;
    }
    CU_ASSERT(told.lines > lines);
    if (status == SQLA_OK)
        take_number(line->well);
    CU_ASSERT(was_told(line->call, name, status == SQLA_OK ? line->well : line->failed));
}

static void each_crossing_is_told_with_each_status(const char *url)
{
    (void)url;
    enter_with(HAS_TWOPHASE | HAS_BULK);
    for (int which = 0; which < CROSSINGS; which++) {
        int blocks = told.blocks;
        for (int status = SQLA_OK + 1; status < SQLA_STATUS_COUNT_; status++)
            one_status((enum crossing)which, (sqla_status)status, sqla_status_name((sqla_status)status));
        one_status((enum crossing)which, (sqla_status)999, "?");
        if (which != FINISH) /* whose streams are made anew */
            CU_ASSERT_EQUAL(told.blocks, blocks); /* nothing is left of a handle that was not made */
        one_status((enum crossing)which, SQLA_OK, "OK");
        end_made((enum crossing)which);
    }
    CU_ASSERT_EQUAL(w.ops->txn_state(w.conn), SQLA_TXN_FAILED);
    w.ops->set_deadline(w.conn, 88);
    CU_ASSERT_EQUAL(in.deadline, 88);
    leave_with();
}

/* Those that cannot fail, in the order in which a host ends what it has. */
static void what_ends_is_told_and_freed(const char *url)
{
    (void)url;
    enter_with(HAS_BULK);
    in.status = SQLA_OK;
    static const enum crossing made[] = { OPEN, PREPARE, EXEC_STMT, CANCEL_NEW, COPY_OPEN };
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
            one_status(made[i], SQLA_OK, "OK");
        CU_ASSERT_EQUAL(told.blocks, 5);
        w.bulk->abort(w.copy);
        CU_ASSERT(was_told("bulk.abort(copy {p}", "OK", ""));
        w.ops->result_close(w.result);
        CU_ASSERT(was_told("result_close(result {r}", "OK", ""));
        w.ops->stmt_close(w.stmt);
        CU_ASSERT(was_told("stmt_close(conn {c}, stmt {s}", "OK", ""));
        w.ops->cancel_free(w.canceller);
        (again == 0 ? w.ops->close : w.ops->abandon)(w.conn);
        CU_ASSERT(was_told(again == 0 ? "close(conn {c}" : "abandon(conn {c}", "OK", ""));
        CU_ASSERT_EQUAL(told.blocks, 0);
    }
    forget(&w.driver);
    leave_trace();
}

/* All is well and there is no handle: the host must see that, and nobody may ask the handle that is none. */
static void handles_that_are_none_stay_none(const char *url)
{
    static const struct { enum crossing which; void **handle; } cases[] = {
        { OPEN, (void **)&w.conn }, { PREPARE, (void **)&w.stmt }, { EXEC, (void **)&w.result }, { CANCEL_NEW, (void **)&w.canceller },
        { COPY_OPEN, (void **)&w.copy },
    };
    (void)url;
    enter_with(HAS_BULK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int blocks = told.blocks;
        in.no_handle = true;
        in.status = SQLA_OK;
        CU_ASSERT_EQUAL(cross(cases[i].which, NULL), SQLA_OK);
        CU_ASSERT_PTR_NULL(*cases[i].handle);
        CU_ASSERT_EQUAL(told.blocks, blocks);
        if (crossings[cases[i].which].call != NULL)
            CU_ASSERT(was_told(crossings[cases[i].which].call, "OK", ""));
        in.no_handle = false;
        one_status(cases[i].which, SQLA_OK, "OK");
        CU_ASSERT_PTR_NOT_NULL(*cases[i].handle);
    }
    leave_with();

    /* the same through the library */
    sqla_error err = SQLA_ERROR_INIT;
    find_vice("");
    sqla_engine *db = sqla_create_engine("vice://?wrap=trace", NULL, &err);
    enter_trace();
    CU_ASSERT_EQUAL(sqla_execute(db, "null", NULL, &err), SQLA_ERR_PROTOCOL);
    CU_ASSERT(says(&err, "no result"));
    CU_ASSERT_PTR_NOT_NULL(strstr(told.all, "\"null\", 0 parameters) = OK"));
    sqla_engine_free(db);
    CU_ASSERT_EQUAL(told.blocks, 0);
    leave_trace();
}

static void without_memory_nothing_crosses(const char *url)
{
    static const enum crossing cases[] = { OPEN, PREPARE, EXEC, CANCEL_NEW, COPY_OPEN };
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    enter_with(HAS_BULK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int lines = told.lines, calls = in.calls;
        sqla_error_clear(&err);
        in.status = SQLA_OK;
        sqla__alloc_fail_at(1, false);
        CU_ASSERT_EQUAL(cross(cases[i], sqla__opaque(&err)), SQLA_ERR_NOMEM);
        sqla__alloc_fail_at(0, false);
        CU_ASSERT_EQUAL(err.status, SQLA_ERR_NOMEM);
        CU_ASSERT_STRING_EQUAL(err.message, "out of memory");
        CU_ASSERT_EQUAL(told.lines, lines);
        CU_ASSERT_EQUAL(in.calls, calls);
        one_status(cases[i], SQLA_OK, "OK");
    }
    leave_with();
    sqla_driver trace = enter_trace(), out;
    sqla_error_clear(&err);
    sqla__alloc_fail_at(1, false);
    CU_ASSERT_EQUAL(wrap(&trace, &w.inner, &out, &err), SQLA_ERR_NOMEM);
    sqla__alloc_fail_at(0, false);
    CU_ASSERT_STRING_EQUAL(err.message, "out of memory");
    CU_ASSERT_PTR_NULL(out.ops);
    leave_trace();
}

static void (*slot_at(const sqla_driver_ops *ops, size_t offset))(void)
{
    void (*slot)(void);
    memcpy(&slot, (const char *)ops + offset, sizeof slot);
    return slot;
}

/* A slot that the inner driver lacks is lacking, and no other one. */
static void slots_are_those_of_the_inner_driver(const char *url)
{
    const size_t first = offsetof(sqla_driver_ops, prepare), step = sizeof(void (*)(void));
    const sqla_driver trace = enter_trace();
    (void)url;
    for (size_t missing = first; missing <= sizeof in_ops; missing += step) {
        sqla_driver_ops ops = in_ops;
        sqla_driver out;
        if (missing < sizeof ops)
            memset((char *)&ops + missing, 0, step);
        const sqla_driver inner = inner_driver(&ops, 0);
        CU_ASSERT_EQUAL_FATAL(wrap(&trace, &inner, &out, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(out.ops->struct_size, sizeof ops);
        for (size_t at = first; at < sizeof ops; at += step)
            CU_ASSERT_EQUAL(slot_at(out.ops, at) == NULL, at == missing);
        CU_ASSERT(out.ops->connect_options == ops.connect_options);
        CU_ASSERT_STRING_EQUAL(out.name, "inner");
        CU_ASSERT_STRING_EQUAL(out.version, "1.2");
        CU_ASSERT_PTR_EQUAL(out.traits, &in_traits);
        forget(&out);
    }
    leave_trace();

    /* through the library: what the host does instead is told as the statements that it is */
    sqla_error err = SQLA_ERROR_INIT;
    find_vice("");
    sqla_engine *db = sqla_create_engine("vice://?wrap=trace", NULL, &err);
    enter_trace();
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_conn_begin(conn, &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.all, "\"BEGIN\", 0 parameters) = OK"));
    sqla_conn_commit(conn, &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.all, "\"COMMIT\", 0 parameters) = OK"));
    sqla_conn_close(conn);
    sqla_engine_free(db);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(told.blocks, 0);
    leave_trace();
}

static void extensions_are_those_of_the_inner_driver(const char *url)
{
    static const struct { int has; bool any, twophase, bulk; } cases[] = {
        { -1, false, false, false }, /* it has no function for them */
        { 0, false, false, false },
        { HAS_TWOPHASE, true, true, false },
        { HAS_BULK, true, false, true },
        { HAS_TWOPHASE | HAS_BULK, true, true, true },
        { HAS_TWOPHASE | SHORT_BULK, true, true, false },
        { SHORT_TWOPHASE | HAS_BULK, true, false, true },
        { SHORT_TWOPHASE | SHORT_BULK, false, false, false },
    };
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enter_with(cases[i].has);
        CU_ASSERT_EQUAL(w.driver.extension != NULL, cases[i].any);
        CU_ASSERT_EQUAL(w.twophase != NULL, cases[i].twophase);
        CU_ASSERT_EQUAL(w.bulk != NULL, cases[i].bulk);
        CU_ASSERT(w.driver.extension == NULL || w.driver.extension("sqla.bulk/2") == NULL);
        CU_ASSERT(w.driver.extension == NULL || w.driver.extension(SQLA_WRAP) == NULL);
        leave_with();
    }
}

static void extensions_of_databases(const char *url)
{
    static const char *const urls[] = { "sqlite://?wrap=trace", "vice://?wrap=trace" };
    (void)url;
    find_vice("");
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = sqla_create_engine(urls[i], NULL, &err);
        enter_trace();
        sqla_conn *conn = sqla_connect(db, &err);
        CU_ASSERT_FATAL(is(&err, SQLA_OK));
        CU_ASSERT_PTR_NULL(sqla_copy_in(conn, "COPY t FROM STDIN", &err));
        CU_ASSERT_EQUAL(err.status, SQLA_ERR_UNSUPPORTED);
        sqla_error_clear(&err);
        CU_ASSERT_EQUAL(sqla_conn_rollback_prepared(conn, "g", &err), SQLA_ERR_UNSUPPORTED);
        sqla_conn_close(conn);
        sqla_engine_free(db);
        CU_ASSERT_PTR_NOT_NULL(strstr(told.all, ".open("));
        CU_ASSERT_PTR_NULL(strstr(told.all, "bulk."));
        CU_ASSERT_PTR_NULL(strstr(told.all, "twophase."));
        CU_ASSERT_EQUAL(told.blocks, 0);
        leave_trace();
    }
}

static sqla_status count_prepared(void *data, const sqla_prepared_transaction *prepared, sqla_error *err)
{
    (void)err;
    *(int *)data += strcmp(prepared->gid, "sqla-test-trace") == 0;
    return SQLA_OK;
}

static void two_phases_of_a_database(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    int found = 0;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.wrap = "trace"), &err);
    enter_trace();
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_execute(conn, "CREATE TABLE t (n int)", NULL, &err);
    sqla_conn_begin(conn, &err);
    sqla_execute(conn, "INSERT INTO t VALUES (3)", NULL, &err);
    sqla_conn_prepare(conn, "sqla-test-trace", &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.line, "postgres.twophase.prepare(conn "));
    sqla_conn_recover(conn, count_prepared, &found, &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.line, "postgres.twophase.recover(conn "));
    CU_ASSERT_EQUAL(found, 1);
    sqla_conn_commit_prepared(conn, "sqla-test-trace", &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.line, "postgres.twophase.commit(conn "));
    CU_ASSERT_PTR_NOT_NULL(strstr(told.line, "'sqla-test-trace') = OK"));
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_conn_commit_prepared(conn, "sqla-test-trace", &err), SQLA_ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.line, "'sqla-test-trace') = ERR_NOT_FOUND"));
    sqla_conn_close(conn);
    sqla_engine_free(db);
    CU_ASSERT_EQUAL(told.blocks, 0);
    leave_trace();
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT n FROM t"), 3);
}

/* A text is cut between characters, and what came of the call is told however many arguments there are. */
static void long_texts_are_cut(const char *url)
{
    enum { SHOWN = 200, NAME = 64 };
    static const struct { const char *unit; size_t count; const char *shown_unit; size_t shown; const char *rest; } cases[] = {
        { "x", SHOWN, "x", SHOWN, "" },
        { "x", SHOWN + 1, "x", SHOWN, "..." },
        { "\xc3\xa4", SHOWN / 2, "\xc3\xa4", SHOWN / 2, "" },
        { "\xe2\x82\xac", SHOWN / 3 + 1, "\xe2\x82\xac", SHOWN / 3, "..." }, /* 200 is in the middle of one */
        { "\t", 3, " ", 3, "" },
        { "\x80", SHOWN + 1, "", 0, "..." },                                 /* no text at all */
    };
    char text[400], shown[400], expected[500], value[1000];
    (void)url;
    enter_with(0);
    one_status(OPEN, SQLA_OK, "OK");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text[0] = shown[0] = '\0';
        for (size_t k = 0; k < cases[i].count; k++)
            strcat(text, cases[i].unit);
        for (size_t k = 0; k < cases[i].shown; k++)
            strcat(shown, cases[i].shown_unit);
        CU_ASSERT_EQUAL(w.ops->prepare(w.conn, text, strlen(text), NULL, 1, NULL, &w.stmt, NULL), SQLA_OK);
        take_number(" {s}");
        snprintf(expected, sizeof expected, "prepare(conn {c}, \"%s%s\"", shown, cases[i].rest);
        CU_ASSERT(was_told(expected, "OK", ": stmt {s}"));
        w.ops->stmt_close(w.stmt);
    }
    memset(text, 'n', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CU_ASSERT_EQUAL(w.ops->savepoint(w.conn, SQLA_SAVEPOINT_SET, text, NULL), SQLA_OK);
    snprintf(expected, sizeof expected, "savepoint(conn {c}, set '%.*s...'", NAME, text);
    CU_ASSERT(was_told(expected, "OK", ""));
    CU_ASSERT_EQUAL(w.ops->savepoint(w.conn, SQLA_SAVEPOINT_SET, "a\r\nsqla: b", NULL), SQLA_OK);
    CU_ASSERT(was_told("savepoint(conn {c}, set 'a  sqla: b'", "OK", "")); /* which would look like a line of its own */
    w.ops->close(w.conn);

    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    const sqla_connect_param params[] = { { "database", value }, { "user", value } };
    const sqla_connect_args args = { .struct_size = sizeof args, .count = 2, .params = params, .data = w.driver.data };
    sqla_conn_info info = { .struct_size = sizeof info };
    in.product = value;
    CU_ASSERT_EQUAL(w.ops->open(&args, &info, &w.conn, NULL), SQLA_OK);
    CU_ASSERT_PTR_NULL(strstr(told.line, "user="));
    CU_ASSERT_PTR_NOT_NULL(strstr(told.line, "vvv...) = OK in "));
    CU_ASSERT_PTR_NOT_NULL(strstr(told.line, ", vvv"));
    CU_ASSERT(strlen(told.line) < 1200);
    w.ops->close(w.conn);
    CU_ASSERT_EQUAL(told.blocks, 0);
    forget(&w.driver);
    leave_trace();
}

/* By itself it goes round nothing, and a host of another time gets nothing of it. */
static void the_entry(const char *url)
{
    static const struct { uint32_t major, size; sqla_status status; } cases[] = {
        { SQLA_ABI_MAJOR, sizeof(sqla_driver), SQLA_OK },
        { SQLA_ABI_MAJOR + 1, sizeof(sqla_driver), SQLA_ERR_UNSUPPORTED },
        { SQLA_ABI_MAJOR, offsetof(sqla_driver, data), SQLA_ERR_UNSUPPORTED },
    };
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_host host = sqla__host;
        sqla_driver out = { .struct_size = cases[i].size };
        host.abi_major = cases[i].major;
        CU_ASSERT_EQUAL(trace_entry()(cases[i].status == SQLA_OK ? &sqla__host : &host, &out, NULL), cases[i].status);
        CU_ASSERT_EQUAL(out.ops != NULL, cases[i].status == SQLA_OK);
    }
    const sqla_driver trace = enter_trace();
    sqla_conn_info info = { .struct_size = sizeof info };
    const sqla_connect_args args = { .struct_size = sizeof args };
    sqla_driver_conn *conn = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_STRING_EQUAL(trace.name, "trace");
    CU_ASSERT_PTR_NULL(trace.extension(SQLA_BULK));
    CU_ASSERT_EQUAL(trace.ops->open(&args, &info, &conn, sqla__opaque(&err)), SQLA_ERR_CONFIG);
    CU_ASSERT(says(&err, "no database of its own"));
    CU_ASSERT(says(&err, "?wrap=trace"));
    CU_ASSERT_PTR_NULL(conn);
    CU_ASSERT_EQUAL(told.lines, 0);
    leave_trace();
}

/* Each wrong name is told with the option that it stands in. */
static void wrong_names_to_wrap_with(const char *url)
{
    static const struct { const char *url; sqla_status status; const char *words; } cases[] = {
        { "vice://?wrap=vice", SQLA_ERR_CONFIG, "engine option 'wrap' is 'vice', a driver that does not go round others" },
        { "vice://?wrap=trac", SQLA_ERR_PLUGIN, "trac.so" },
        { "vice://?wrap=a/b", SQLA_ERR_CONFIG, "not the name of a driver" },
    };
    (void)url;
    find_vice("");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_PTR_NULL(sqla_create_engine(cases[i].url, NULL, &err));
        CU_ASSERT_EQUAL(err.status, cases[i].status);
        CU_ASSERT(says(&err, cases[i].words));
    }
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "each crossing is told with each status", each_crossing_is_told_with_each_status, HARNESS_PLAIN },
        { "what ends is told and freed", what_ends_is_told_and_freed, HARNESS_PLAIN },
        { "handles that are none stay none", handles_that_are_none_stay_none, HARNESS_PLAIN },
        { "without memory nothing crosses", without_memory_nothing_crosses, HARNESS_PLAIN },
        { "slots are those of the inner driver", slots_are_those_of_the_inner_driver, HARNESS_PLAIN },
        { "extensions are those of the inner driver", extensions_are_those_of_the_inner_driver, HARNESS_PLAIN },
        { "extensions of databases", extensions_of_databases, HARNESS_PLAIN },
        { "two phases of a database", two_phases_of_a_database, HARNESS_POSTGRES },
        { "long texts are cut", long_texts_are_cut, HARNESS_PLAIN },
        { "the entry", the_entry, HARNESS_PLAIN },
        { "wrong names to wrap with", wrong_names_to_wrap_with, HARNESS_PLAIN },
    };
    return harness_main("test-trace", tests, sizeof tests / sizeof tests[0]);
}
