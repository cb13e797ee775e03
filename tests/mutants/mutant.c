/* mutant.c: a driver with one vice, round a good driver.
 *
 * SQLA_MUTANT_OF is the file of the good one; SQLA_MUTANT names the vice (vices.h), "" has none and must pass everything. All
 * handles are the good driver's own, and what is not a vice is passed on. The vices are as narrow as it takes to break one rule
 * alone: where a rule is looked at by many checks, a vice goes by a table or a number that only one of them uses. */
#include <config.h>
#include <sqla/driver.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mutant.h"

SQLA_DRIVER_NOTE("mutant", "mutant");

enum vice mutant_vice;
const sqla_driver_ops *mutant_good;
static const sqla_host *host;         /* the real one */
static sqla_host between;             /* what the good driver gets */
#define good mutant_good
static sqla_driver_ops ops;
static sqla_traits traits;
static uint64_t claimed, hidden;      /* features */

/* What happened last: enough for the vices, as a check uses its connections in one thread. */
static struct {
    char text[512];
    uint32_t exec_flags, begin_flags;
    bool in_transaction, in_batch;
    sqla_driver_conn *conn;
    sqla_driver_result *ended;        /* this result has told its end */
    const char *fetched;              /* the first text of the last fetch of fifty rows */
} last;

sqla_status mutant_fail(sqla_err *err, sqla_status status, const char *message)
{
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = (int32_t)status, .message = message };
    host->set_error(err, &fields);
    return status;
}

static bool has(const char *part)
{
    return strstr(last.text, part) != NULL;
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static sqla_status run(sqla_driver_conn *conn, const char *text)
{
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_result *result;
    sqla_status status = good->exec(conn, &statement, NULL, NULL, &options, &result, NULL);
    if (status == SQLA_OK)
        good->result_close(result);
    return status;
}

/* ---- what the good driver reports ------------------------------------------------------------------------------------ */

static void set_error(sqla_err *err, const sqla_err_fields *fields)
{
    sqla_err_fields f = *fields;
    if (IS(error_not_said) && f.status == SQLA_ERR_CHECK && !last.in_batch)
        return;
    if (IS(foreign_key_is_unique) && f.status == SQLA_ERR_FOREIGN_KEY && has("conf_parent"))
        f.status = SQLA_ERR_UNIQUE;
    if (IS(foreign_key_is_unique) && f.status == SQLA_ERR_FOREIGN_KEY && has("conf_child"))
        f.status = SQLA_ERR_UNIQUE;
    if (IS(position_in_bytes) && f.position == 16)
        f.position = 18;
    if (IS(row_number_off_by_one) && f.status == SQLA_ERR_CHECK && f.row > 0 && f.row < 1000)
        f.row++;
    if (IS(column_not_named) && last.in_batch && f.status == SQLA_ERR_DATA)
        f.column = NULL;
    sly_error(&f, last.text, last.in_batch);
    host->set_error(err, &f);
    if (IS(error_said_twice) && f.status == SQLA_ERR_NOT_NULL)
        host->set_error(err, &f);
    if (IS(no_memory_said_twice) && f.status == SQLA_ERR_NOMEM)
        host->set_error(err, &f);
}

/* ---- connections ----------------------------------------------------------------------------------------------------- */

static void handle_signal(int number)
{
    (void)number;
}

/* Never given back, and touched, so that it counts; but known to a leak checker, which looks at more than one check. */
void *mutant_keep(void *block, size_t size)
{
    static void *newest;
    if (block == NULL)
        abort();
    memset(block, 1, size);
    memcpy(block, &newest, sizeof newest);
    newest = block;
    return block;
}

/* A copy with room in front for the chain. */
static char *own_copy(const char *text)
{
    size_t size = sizeof(void *) + strlen(text) + 1;
    return strcpy((char *)mutant_keep(malloc(size), size) + sizeof(void *), text);
}

static void disturb(void)
{
    if (IS(folder_changed) && chdir("/") != 0)
        abort();
    if (IS(signal_handler))
        signal(SIGUSR2, handle_signal);
    if (IS(locale_changed))
        setlocale(LC_ALL, "C.UTF-8");
    if (IS(prints))
        puts("hello");
    if (IS(descriptor_leak) && open("/dev/null", O_RDONLY) < 0)
        abort();
    if (IS(memory_leak_per_connection))
        mutant_keep(malloc(65536), 65536);
}

static sqla_status mutant_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    sqla_connect_args a = *args;
    sqla_connect_param params[64];
    if (IS(takes_unknown_key)) {
        a.count = 0;
        for (uint32_t i = 0; i < args->count && i < 64; i++) {
            if (strcmp(args->params[i].key, "conf_no_such_key") != 0)
                params[a.count++] = args->params[i];
        }
        a.params = params;
    }
    if (IS(opens_late))
        a.deadline = 0;
    if (IS(read_only_ignored))
        a.flags &= ~(uint32_t)SQLA_CONNECT_READ_ONLY;
    sqla_status status = good->open(&a, info, ret_conn, err);
    if (status != SQLA_OK)
        return status;
    kept_opened();
    sly_opened(args, info, host);
    info->features = (info->features | claimed) & ~hidden;
    if (IS(no_product))
        info->product = "";
    disturb();
    return status;
}

static void mutant_close(sqla_driver_conn *conn)
{
    if (IS(close_commits) && good->txn_state(conn) == SQLA_TXN_ACTIVE)
        run(conn, "COMMIT");
    good->close(conn);
}

static sqla_status mutant_ping(sqla_driver_conn *conn, uint32_t flags, int64_t deadline, sqla_err *err)
{
    return IS(dead_is_alive) && flags == 0 ? SQLA_OK : good->ping(conn, flags, deadline, err);
}

static sqla_status mutant_reset(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    sly_reset();
    sqla_status status = good->reset(conn, deadline, IS(reset_keeps_temporaries) ? NULL : err);
    return IS(reset_keeps_temporaries) ? SQLA_OK : status;
}

static sqla_status mutant_cancel_fire(sqla_driver_canceller *canceller, int64_t deadline, sqla_err *err)
{
    bool idle = (IS(cancel_does_nothing) && !last.in_transaction) || (IS(cancelled_write_goes_on) && has("INSERT INTO conf_cancel"));
    return idle ? SQLA_OK : good->cancel_fire(canceller, deadline, err);
}

static void mutant_set_deadline(sqla_driver_conn *conn, int64_t deadline)
{
    if (!IS(told_deadline_ignored) && !sly_told(last.text) && !kept_deadline(conn, deadline))
        good->set_deadline(conn, deadline);
}

static sqla_status mutant_connect_options(const sqla_connect_option **ret_options, uint32_t *ret_count, sqla_err *err)
{
    sqla_status status = good->connect_options(ret_options, ret_count, err);
    if (IS(options_not_listed) && status == SQLA_OK)
        *ret_count = 0;
    return status;
}

/* ---- transactions ------------------------------------------------------------------------------------------------------ */

static sqla_status mutant_begin(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    sqla_txn_options o = *options;
    if (sly_begin(&o) != SQLA_OK)
        return mutant_fail(err, SQLA_ERR_UNSUPPORTED, "the options have another size");
    if (IS(read_only_begin_ignored))
        o.flags &= ~(uint32_t)SQLA_TXN_READ_ONLY;
    last.begin_flags = options->flags;
    kept_begin(conn, &o);
    sqla_status status = good->begin(conn, &o, err);
    last.in_transaction = status == SQLA_OK;
    return status;
}

static bool writes_log(void)
{
    return has("conf_log") && (last.begin_flags & SQLA_TXN_WRITE) != 0;
}

static sqla_status mutant_commit(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    last.in_transaction = false;
    if (IS(commit_rolls_back) && writes_log())
        return good->rollback(conn, options, err);
    sqla_status status = good->commit(conn, options, IS(failed_commit_is_done) || IS(commit_lost_is_done) ? NULL : err);
    if (IS(failed_commit_is_done) && status != SQLA_OK)
        return good->rollback(conn, options, NULL);
    if (IS(commit_lost_is_done) && status != SQLA_OK)
        return good->txn_state(conn) == SQLA_TXN_LOST ? SQLA_OK : mutant_fail(err, status, "the commit failed");
    return status;
}

static sqla_status mutant_rollback(sqla_driver_conn *conn, const sqla_txn_options *options, sqla_err *err)
{
    last.in_transaction = false;
    return IS(rollback_ignored) && writes_log() ? good->commit(conn, options, err) : good->rollback(conn, options, err);
}

/* A savepoint comes as SQL where the good driver has no slot for it. */
static void spoil_savepoint(sqla_driver_conn *conn, const char *text)
{
    if (IS(savepoint_takes_all) && strcmp(text, "ROLLBACK TO \"c\"") == 0)
        run(conn, "ROLLBACK TO a");
    if (IS(release_commits) && strcmp(text, "RELEASE \"a\"") == 0 && has("VALUES (5)")) {
        run(conn, "COMMIT");
        run(conn, "BEGIN");
        run(conn, "SAVEPOINT a");
    }
}

/* ---- statements --------------------------------------------------------------------------------------------------------- */

/* As a bug would, also where a sanitizer has an eye on it. */
static void die_by(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}

static void crash_or_exit(void)
{
    if (IS(crash) && strcmp(last.text, "(") == 0)
        die_by(SIGSEGV);
    if (IS(exits) && has("ILIKE"))
        exit(0);
    while (IS(hangs) && has("ILIKE"))
        pause();
}

/* Without the quotes of names, which differ from database to database. */
static void note(const char *text)
{
    size_t n = 0;
    for (const char *at = text; *at != '\0' && n < sizeof last.text - 1; at++) {
        if (*at != '"' && *at != '`')
            last.text[n++] = *at;
    }
    last.text[n] = '\0';
}

/* A parameter that the good driver finds to be no text is left out. */
static sqla_status without_parameters(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_exec_options *options,
                                      sqla_driver_result **ret_result, sqla_err *err)
{
    sqla_statement other = *statement;
    other.text = "SELECT 1";
    other.length = 8;
    other.prepared = NULL;
    return good->exec(conn, &other, NULL, NULL, options, ret_result, err);
}

static sqla_plan reordered(const sqla_plan *plan, sqla_slot slots[8])
{
    for (uint32_t i = 0; i < plan->count; i++) {
        slots[i] = plan->slots[i];
        slots[i].column = (int32_t)i;
    }
    return (sqla_plan){ sizeof(sqla_plan), plan->count, slots };
}

static sqla_status mutant_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                               const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    sqla_exec_options o = *options;
    sqla_slot slots[8];
    sqla_plan changed;
    spoil_savepoint(conn, statement->text);
    note(statement->text);
    crash_or_exit();
    last.exec_flags = options->flags;
    last.conn = conn;
    last.ended = NULL;
    if (IS(deadline_late) && o.deadline > now())
        o.deadline += INT64_C(4000000000);
    if (IS(runs_late) && o.deadline != 0 && o.deadline < now())
        o.deadline = 0;
    if (IS(runs_scripts))
        o.flags |= SQLA_EXEC_SCRIPT * (plan == NULL && has("; INSERT"));
    if (IS(order_of_plan) && plan != NULL && plan->count <= 8) {
        changed = reordered(plan, slots);
        plan = &changed;
    }
    if (IS(count_not_checked) && has("conf_param") && ((plan == NULL && strpbrk(last.text, "?$") != NULL) || has("'seven'")))
        return without_parameters(conn, statement, options, ret_result, err);
    sqla_status status = sly_exec(statement, &o, last.text, err);
    if (status == SQLA_OK)
        status = kept_exec(conn, &o, last.text, err);
    if (status == SQLA_OK) {
        status = good->exec(conn, statement, plan, row, &o, ret_result, err);
        kept_exec_done(*ret_result, status);
    }
    if (status != SQLA_OK)
        sly_failed(false);
    if (IS(writes_on_failure) && status != SQLA_OK)
        *ret_result = NULL;
    if (IS(foreign_key_is_unique) && status == SQLA_ERR_FOREIGN_KEY && (has("conf_child") || has("conf_parent")))
        status = SQLA_ERR_UNIQUE;
    if (IS(loss_is_an_error) && status == SQLA_ERR_DISCONNECTED && !last.in_transaction && has("SELECT 1"))
        return mutant_fail(err, SQLA_ERR_SQL, "something went wrong");
    return status;
}

static sqla_status mutant_prepare(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows,
                                  const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err)
{
    if (IS(memory_leak_per_statement))
        mutant_keep(host->alloc(16), 16);
    sqla_status status = good->prepare(conn, text, length, plan, block_rows, options, ret_stmt, IS(prepares_anything) ? NULL : err);
    if (status != SQLA_OK)
        sly_failed(true);
    if (IS(prepares_anything) && status == SQLA_ERR_SQL)
        return good->prepare(conn, "SELECT 1", 8, NULL, 1, options, ret_stmt, err);
    return status;
}

static sqla_status mutant_execute_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch,
                                       const sqla_exec_options *options, sqla_err *err)
{
    note(statement->text);
    if (IS(takes_any_mode) && (batch->mode == SQLA_BATCH_COLUMNS || batch->mode > SQLA_BATCH_COLUMNS))
        return SQLA_OK;
    sqla_status status = kept_batch(conn, batch, err);
    if (status != SQLA_OK)
        return status;
    sqla_exec_options o = *options;
    sly_batch(&o);
    last.in_batch = true;
    status = good->execute_many(conn, statement, batch, &o, err);
    last.in_batch = false;
    kept_batch_done(batch, last.text);
    if (status == SQLA_OK)
        sly_batch_done(batch);
    const sqla_slot *key = batch->keys != NULL ? batch->keys->slots : NULL;
    if (status == SQLA_OK && key != NULL && batch->count > 1) {
        char *first = (char *)batch->rows[0] + key->offset, *second = (char *)batch->rows[1] + key->offset, swap[8];
        if (IS(key_lost) && batch->mode == SQLA_BATCH_EACH && batch->key_source == SQLA_KEY_LAST_ID)
            memset(second, 0, key->size);
        if (IS(keys_swapped) && batch->mode == SQLA_BATCH_BLOCK) {
            memcpy(swap, first, 8);
            memcpy(first, second, 8);
            memcpy(second, swap, 8);
        }
    }
    if (IS(sum_off_by_one) && has("UPDATE") && batch->count == 400)
        batch->affected--;
    if (IS(unmatched_not_told))
        batch->unmatched = -1;
    return status;
}

/* ---- results --------------------------------------------------------------------------------------------------------------- */

static const sqla_result_info *mutant_result_info(sqla_driver_result *result)
{
    static sqla_result_info info;
    info = *good->result_info(result);
    kept_info(&info);
    sly_info(&info, last.text);
    if (IS(affected_off_by_one) && strncmp(last.text, "DELETE FROM conf_row", 20) == 0)
        info.affected++;
    if (IS(only_changed_rows_count) && has("SET n = n"))
        info.affected = 0;
    return &info;
}

static void *at(const sqla_slot *slot, void *row)
{
    return (char *)row + slot->offset;
}

static void spoil_text(const sqla_slot *slot, void *row)
{
    char *text;
    memcpy(&text, at(slot, row), sizeof text);
    sly_text(text);
    if (IS(null_is_empty) && text == NULL && slot->type == SQLA_TEXT)
        text = own_copy("");
    if (IS(empty_is_null) && text != NULL && text[0] == '\0' && slot->type == SQLA_TEXT)
        text = NULL;
    if (IS(text_cut) && text != NULL && strlen(text) > 70000)
        text[65535] = '\0';
    if (IS(text_of_its_own) && text != NULL && has("conf_row"))
        text = own_copy(text);
    if (IS(decimal_shortened) && text != NULL && slot->type == SQLA_DECIMAL && strlen(text) > 1 && strchr(text, '.') != NULL)
        text[strlen(text) - 1] = '\0';
    if (IS(json_rewritten) && text != NULL && slot->type == SQLA_JSON && text[0] == '[')
        text[strcspn(text, " ")] = '\t';
    memcpy(at(slot, row), &text, sizeof text);
}

static void spoil_bytes(const sqla_slot *slot, void *row)
{
    sqla_blob blob;
    memcpy(&blob, at(slot, row), sizeof blob);
    sly_blob(&blob);
    if (IS(no_nul_behind_text) && slot->type == SQLA_TEXT && blob.data != NULL)
        ((char *)(uintptr_t)blob.data)[blob.size] = '!';
    if (IS(blob_ends_at_zero) && slot->type == SQLA_BLOB && blob.size == 3)
        blob.size = strlen(blob.data);
    memcpy(at(slot, row), &blob, sizeof blob);
}

static void spoil_fixed(const sqla_slot *slot, void *row)
{
    int64_t i64 = 0;
    int32_t i32 = 0;
    double f64;
    sqla_interval interval;
    char *value = at(slot, row);
    sly_fixed(slot, value, last.text);
    memcpy(&i64, value, slot->size < 8 ? slot->size : 8);
    memcpy(&i32, value, slot->size < 4 ? slot->size : 4);
    if (IS(float_rounded) && slot->type == SQLA_FLOAT64) {
        memcpy(&f64, value, sizeof f64);
        f64 = f64 > -1e30 && f64 < 1e30 ? (double)(float)f64 : f64;
        memcpy(value, &f64, sizeof f64);
    }
    if (IS(always_true) && slot->type == SQLA_BOOL)
        *value = 1;
    if (IS(writes_too_wide) && slot->type == SQLA_INT16 && slot->size == 2)
        memset(value + 2, 0, 2);
    if (IS(day_lost_before_1970) && slot->type == SQLA_DATE && i32 < 0 && i32++ != INT32_MIN)
        memcpy(value, &i32, sizeof i32);
    if (IS(midnight_wraps) && slot->type == SQLA_TIME && i64 == INT64_C(86400000000))
        memset(value, 0, sizeof i64);
    if (IS(uuid_swapped) && slot->type == SQLA_UUID) {
        char first = value[0];
        value[0] = value[1];
        value[1] = first;
    }
    if (IS(label_off_by_one) && slot->type == SQLA_ENUM_TYPE && slot->size == 4 && i32 == 2)
        *value = 1;
    if (IS(instant_in_millis) && slot->type == SQLA_TIMESTAMP && (i64 -= i64 % 1000) != 0)
        memcpy(value, &i64, sizeof i64);
    if (IS(clock_shifted) && slot->type == SQLA_LOCAL_TIMESTAMP && (i64 += INT64_C(3600000000)) != 0)
        memcpy(value, &i64, sizeof i64);
    if (IS(days_lost) && slot->type == SQLA_INTERVAL) {
        memcpy(&interval, value, sizeof interval);
        interval.days = 0;
        memcpy(value, &interval, sizeof interval);
    }
}

static void spoil_row(const sqla_plan *plan, void *row)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        if (slot->rep == SQLA_REP_CSTR)
            spoil_text(slot, row);
        else if (slot->rep == SQLA_REP_BYTES)
            spoil_bytes(slot, row);
        else if (slot->rep == SQLA_REP_FIXED && (slot->set_offset < 0 || ((const char *)row)[slot->set_offset] != 0))
            spoil_fixed(slot, row);
    }
}

/* A value that does not fit is let through. */
static bool lets_through(const sqla_plan *plan)
{
    const sqla_slot *slot = plan->count == 2 ? &plan->slots[1] : NULL;
    return slot != NULL && ((IS(chars_cut) && slot->rep == SQLA_REP_CHARS) ||
                               (IS(integer_narrowed) && slot->type == SQLA_INT32 && slot->size == 4) ||
                               (IS(null_is_let_in) && slot->type == SQLA_TEXT && slot->rep == SQLA_REP_CSTR) ||
                               (IS(mismatch_is_zero) && slot->type == SQLA_DATE));
}

static sqla_status spoil_end(sqla_driver_result *result, size_t max, size_t *ret_count, bool *ret_end)
{
    bool stream = (last.exec_flags & SQLA_EXEC_STREAM) != 0;
    if (last.ended == result && IS(end_not_latched))
        *ret_end = false;
    if (last.ended == result && IS(runs_again) && has("RETURNING")) {
        char text[sizeof last.text];
        snprintf(text, sizeof text, "%s", "INSERT INTO conf_row (id, n, name, x) SELECT max(id) + 1, 1, 'a', 0 FROM conf_row");
        run(last.conn, text);
        run(last.conn, "UPDATE conf_row SET id = id - 1 WHERE id = 5000");
    }
    if (*ret_count > 1 && ((IS(row_lost) && !stream && max == 1001) || (IS(row_of_stream_lost) && stream && max == 64)))
        --*ret_count;
    last.ended = *ret_end ? result : last.ended;
    return SQLA_OK;
}

static void spoil_lent_text(const sqla_plan *plan, void *const *rows, size_t max)
{
    if (!IS(text_freed_early) || plan->count != 4)
        return;
    if (last.fetched != NULL)
        *(char *)(uintptr_t)last.fetched = '?';
    last.fetched = NULL;
    if (max == 50)
        memcpy(&last.fetched, at(&plan->slots[2], rows[0]), sizeof last.fetched);
}

static sqla_status mutant_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max, sqla_row_arena *arena,
                                       size_t *ret_count, bool *ret_end, sqla_err *err)
{
    size_t asked = IS(more_than_asked) && max == 5 ? 6 : max;
    bool quiet = lets_through(plan) || (IS(stale_is_empty) && has("SELECT id, n, name"));
    sqla_status status = good->result_fetch(result, plan, rows, asked, arena, ret_count, ret_end, quiet ? NULL : err);
    if (quiet && status == SQLA_ERR_MISUSE) {
        *ret_end = true;
        return SQLA_OK;
    }
    if (status == SQLA_ERR_DATA && lets_through(plan)) {
        *ret_count = 1;
        *ret_end = true;
        return SQLA_OK;
    }
    if (status != SQLA_OK)
        return status;
    *ret_count = *ret_count > max ? max : *ret_count;
    for (size_t i = 0; i < *ret_count; i++)
        spoil_row(plan, rows[i]);
    spoil_lent_text(plan, rows, max);
    kept_fetched(result, ret_count, *ret_end);
    return spoil_end(result, max, ret_count, ret_end);
}

static void mutant_result_close(sqla_driver_result *result)
{
    kept_close(result);
    good->result_close(result);
}

static sqla_status mutant_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    static sqla_value copy[8];
    sqla_status status = good->result_view(result, ret_values, err);
    if (status != SQLA_OK || *ret_values == NULL)
        return status;
    if (IS(stream_grows))
        mutant_keep(malloc(512), 512);
    uint32_t count = good->result_info(result)->column_count;
    if ((IS(size_of_view) || IS(null_is_zero_in_view)) && count > 1 && count <= 8) {
        memcpy(copy, *ret_values, count * sizeof *copy);
        sly_view(copy, count);
        copy[1].as.bytes.size += IS(size_of_view) && copy[1].type == SQLA_TEXT;
        *ret_values = copy;
    }
    return status;
}

/* ---- reflection --------------------------------------------------------------------------------------------------------------- */

typedef struct sieve {
    sqla_reflect_sink base;
    sqla_reflect_sink *real;
    int seen, pass; /* pass 1: all but the first; 2: the first; 0: all */
} sieve;

static sqla_status push(sqla_reflect_sink *base, uint32_t kind, const void *record)
{
    sieve *s = (sieve *)base;
    sqla_reflect_table table;
    sqla_reflect_type type;
    sqla_reflect_column column;
    sqla_reflect_facts facts;
    bool first = s->seen++ == 0;
    if (s->pass > 0 && first != (s->pass == 2))
        return SQLA_OK;
    if (kind == SQLA_REFLECT_COLUMNS) {
        column = *(const sqla_reflect_column *)record;
        if (IS(column_lost) && strcmp(column.name, "at") == 0)
            return SQLA_OK;
        if (IS(type_forgotten) && strcmp(column.name, "v") == 0 && column.type == SQLA_UUID)
            column.type = SQLA_TEXT;
        sly_column(&column);
        return s->real->push(s->real, kind, &column);
    }
    if (kind == SQLA_REFLECT_FACTS) {
        facts = *(const sqla_reflect_facts *)record;
        facts.facts |= IS(promises_too_much) ? SQLA_FACT_EXACT_INSERT : 0;
        return s->real->push(s->real, kind, &facts);
    }
    if (kind == SQLA_REFLECT_TYPES) {
        type = *(const sqla_reflect_type *)record;
        sly_type(&type);
        return s->real->push(s->real, kind, &type);
    }
    table = *(const sqla_reflect_table *)record;
    sly_table(&table);
    sqla_status status = s->real->push(s->real, kind, &table);
    return IS(sink_ignored) ? SQLA_OK : status;
}

static sqla_status mutant_reflect(sqla_driver_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink,
                                  sqla_err *err)
{
    bool twice = IS(tables_out_of_order) && kind == SQLA_REFLECT_TABLES && filter->table == NULL;
    sieve s = { { push }, sink, 0, twice };
    sqla_reflect_filter f = *filter;
    kept_reflect(conn, &f);
    sly_filter(kind, &f);
    sqla_status status = good->reflect(conn, kind, &f, &s.base, err);
    if (!twice || status != SQLA_OK)
        return status;
    s.seen = 0;
    s.pass = 2;
    return good->reflect(conn, kind, filter, &s.base, err);
}

/* ---- the entry ------------------------------------------------------------------------------------------------------------------ */

static enum vice find_vice(const char *name)
{
#define NAME(name_, check, among) \
    if (strcmp(name, #name_) == 0) \
        return VICE_##name_;
    VICES(NAME)
    SERVER_VICES(NAME)
    GROSS_VICES(NAME)
#undef NAME
    if (name[0] == '\0')
        return VICE_none;
    fprintf(stderr, "mutant: there is no vice '%s'\n", name);
    abort();
}

#define WRAP(slot) ops.slot = good->slot != NULL ? mutant_##slot : NULL
static void wrap(void)
{
    memcpy(&ops, good, good->struct_size < sizeof ops ? good->struct_size : sizeof ops);
    ops.struct_size = sizeof ops;
    WRAP(open); WRAP(close); WRAP(exec); WRAP(result_info); WRAP(result_fetch); WRAP(result_view); WRAP(result_close);
    WRAP(prepare); WRAP(execute_many); WRAP(begin); WRAP(commit); WRAP(rollback); WRAP(ping); WRAP(reset);
    WRAP(cancel_fire); WRAP(reflect); WRAP(connect_options); WRAP(set_deadline);
    if (IS(bit_without_slot))
        ops.execute_many = NULL;
}

static void spoil_traits(const sqla_traits *from)
{
    static const char *words[1000];
    static sqla_type_trait types[64];
    memcpy(&traits, from, sizeof traits);
    claimed = (IS(claims_add_constraint) ? SQLA_FEATURE_ADD_CONSTRAINT : 0) | (IS(claims_cascade_drop) ? SQLA_FEATURE_CASCADE_DROP : 0);
    hidden = (IS(hides_transactional_ddl) ? SQLA_FEATURE_TRANSACTIONAL_DDL : 0) | (IS(hides_isolated_abort) ? SQLA_FEATURE_ISOLATED_ABORT : 0) |
             (IS(hides_multiple_results) ? SQLA_FEATURE_MULTIPLE_RESULTS : 0) | (IS(hides_default_values) ? SQLA_FEATURE_DEFAULT_VALUES : 0) |
             (IS(hides_returning) ? SQLA_FEATURE_RETURNING : 0) | (IS(hides_fk_actions) ? SQLA_FEATURE_FK_ACTIONS : 0) |
             (IS(hides_forward_keys) ? SQLA_FEATURE_FORWARD_KEYS : 0) | (IS(claims_ephemeral_not) ? SQLA_FEATURE_EPHEMERAL : 0) |
             (IS(bit_without_slot) ? SQLA_FEATURE_LAST_ID : 0); /* with it the library itself would refuse the driver */
    traits.features = (traits.features | claimed) & ~hidden;
    if (IS(short_names))
        traits.max_identifier = 9;
    for (size_t i = 0; IS(words_unsorted) && i < 999 && from->reserved_words[i] != NULL; i++)
        words[i] = from->reserved_words[i == 3 ? 4 : i == 4 ? 3 : i];
    if (IS(words_unsorted))
        traits.reserved_words = words;
    if (IS(type_twice)) {
        memcpy(types, from->types, from->type_count * sizeof *types);
        types[traits.type_count++] = from->types[0];
        traits.types = types;
    }
}

/* The good driver, loaded once. */
static const sqla_driver *load(sqla_err *err)
{
    static sqla_driver driver;
    sqla_driver_entry_fn *entry;
    const char *file = getenv("SQLA_MUTANT_OF"), *name = getenv("SQLA_MUTANT");
    if (driver.ops != NULL)
        return &driver;
    mutant_vice = find_vice(name != NULL ? name : "");
    void *library = file != NULL ? dlopen(file, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = library != NULL ? dlsym(library, SQLA_DRIVER_ENTRY_NAME) : NULL;
    if (symbol == NULL)
        return NULL;
    memcpy(&entry, &symbol, sizeof entry);
    between = *host;
    between.struct_size = sizeof between;
    between.set_error = set_error;
    driver.struct_size = sizeof driver;
    if (entry(&between, &driver, err) != SQLA_OK)
        return NULL;
    good = driver.ops;
    wrap();
    spoil_traits(driver.traits);
    return &driver;
}

static void disturb_at_entry(void)
{
    if (IS(environment_at_entry))
        setenv("CONF_MUTANT", "was here", 1);
    if (IS(umask_at_entry))
        umask(0);
    if (IS(crashes_at_entry))
        die_by(SIGBUS);
    while (IS(hangs_at_entry))
        pause();
}

SQLA_DRIVER_EXPORT sqla_status sqla_driver_entry(const sqla_host *from, sqla_driver *out, sqla_err *err)
{
    static sqla_driver_ops others;
    static int calls;
    host = host != NULL ? host : from;
    const sqla_driver *driver = load(err);
    if (driver == NULL)
        return mutant_fail(err, SQLA_ERR_PLUGIN, "SQLA_MUTANT_OF names no driver");
    if ((from->abi_major != SQLA_ABI_MAJOR && !IS(accepts_next_major)) || (IS(refuses_later_minor) && from->abi_minor > SQLA_ABI_MINOR))
        return mutant_fail(err, SQLA_ERR_UNSUPPORTED, "another version of the host is needed");
    disturb_at_entry();
    sqla_driver all = *driver;
    all.name = "mutant";
    all.ops = &ops;
    all.traits = &traits;
    if (IS(version_once) && calls++ > 0)
        all.version = NULL;
    if (IS(other_ops_for_second_host) && from != host) {
        others = ops;
        all.ops = &others;
    }
    all.struct_size = out->struct_size < sizeof all ? out->struct_size : (uint32_t)sizeof all;
    memcpy(out, &all, IS(writes_beyond_room) ? sizeof all : all.struct_size);
    return SQLA_OK;
}
