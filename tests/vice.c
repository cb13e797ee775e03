/* vice.c: a driver without a database, for what databases cannot be made to do.
 *
 * How it offers itself is said by SQLA_TEST_VICE when it is loaded; what a statement does is said by its text:
 *   rows N         N rows with one integer column 'n': 1, 2 ... N
 *   change N       N rows affected
 *   silent         fails without a word
 *   blab           fails with a message that quotes the password
 *   busy, lost     fails with that status; lost also loses the connection
 *   odd            fails with a status that nobody knows
 *   greedy         a result that claims more rows than were asked for
 *   stuck          a result that gives neither rows nor an end
 *   null           says that all is well and gives no result
 *   abort          the transaction is failed from now on
 *   fade           works, and the connection is lost behind it
 *   sour           a result whose rows cannot be read
 *   long, long text  a row that is written one byte too far; a text that is
 *   hollow         a value that has a length and no bytes
 *   shapeless      a result that claims columns and has none
 *   nameless, wild a result whose column has no name; one that is not UTF-8
 *   doom WORD      the next COMMIT fails like the statement WORD: "busy", "lost", or "gone": lost without a word of it
 *   mark           leaves a mark in the session, until RESET
 *   say N          one row with N; with the mark, -1
 *   cut all        works, and all other connections are lost
 *   opens well, opens slow N, opens fail N   from now on connections open at once; take N milliseconds; the next N fail;
 *                  "opens slow N fail N": both
 *   count WHAT     one row with a number: of the connections that are "open", the "most" that ever were at once, of all
 *                  "opens" that were tried, of "resets" and of "pings" (SELECT 1), since the driver was loaded; the most
 *                  "tries" to open that were under way at once since the last "opens ..."
 *   BEGIN, COMMIT, ROLLBACK, RESET, SELECT 1, SAVEPOINT ...   as everywhere
 * It keeps no optional slot, so the host's defaults are at work, unless SQLA_TEST_VICE is "whole". "bare" takes the texts away
 * that the defaults run; with "forms" they are of other forms, and there is one level of isolation only. "hollow bulk" begins
 * streams of rows that are nowhere. */
#include <config.h>
#include <sqla/bulk.h>
#include <sqla/driver.h>
#include <sqla/twophase.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

SQLA_DRIVER_NOTE("vice", "vice vicious");

static const sqla_host *host;

struct sqla_driver_conn {
    char password[64], begun[96]; /* begun: the last text that began a transaction */
    char doom[8];
    sqla_txn_state state;
    bool marked;
    long era;
};
struct sqla_driver_result {
    sqla_result_info info;
    long rows, at, before;
    bool greedy, stuck, sour, hollow, long_row, long_text;
    sqla_value value;
};

/* What happened, and how connections open; for all connections. */
static struct { atomic_long open, most, opens, resets, pings, slow_ms, failing, trying, tries, era; } count;

static const sqla_result_column column = { "n", SQLA_INT64, 0, "integer" };
static const sqla_result_column nameless = { NULL, SQLA_INT64, 0, NULL }, wild = { "n\xff\xc3", SQLA_INT64, 0, "\xc0\x80" };

static const sqla_result_column *columns_of(const char *text)
{
    return strcmp(text, "shapeless") == 0 ? NULL : strcmp(text, "nameless") == 0 ? &nameless : strcmp(text, "wild") == 0 ? &wild : &column;
}

static sqla_status fail(sqla_err *err, sqla_status status, const char *message)
{
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = (int32_t)status, .message = message };
    host->set_error(err, &fields);
    return status;
}

static void raise_to(atomic_long *most, long now)
{
    long old = atomic_load(most);
    while (now > old && !atomic_compare_exchange_weak(most, &old, now))
        continue;
}

/* The long way to a connection, or to none. */
static sqla_status arrive(sqla_err *err)
{
    long ms = atomic_load(&count.slow_ms);
    atomic_fetch_add(&count.opens, 1);
    raise_to(&count.tries, atomic_fetch_add(&count.trying, 1) + 1);
    if (ms > 0)
        nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
    atomic_fetch_sub(&count.trying, 1);
    long left = atomic_load(&count.failing);
    while (left > 0) {
        if (atomic_compare_exchange_weak(&count.failing, &left, left - 1))
            return fail(err, SQLA_ERR_CONNECT, "nobody is at home");
    }
    return SQLA_OK;
}

static void count_open(void)
{
    raise_to(&count.most, atomic_fetch_add(&count.open, 1) + 1);
}

static sqla_status vice_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    sqla_driver_conn *conn = host->alloc(sizeof *conn);
    if (conn == NULL)
        return fail(err, SQLA_ERR_NOMEM, "out of memory");
    memset(conn, 0, sizeof *conn);
    conn->state = SQLA_TXN_IDLE;
    conn->era = atomic_load(&count.era);
    for (uint32_t i = 0; i < args->count; i++) {
        if (strcmp(args->params[i].key, "password") == 0)
            strncpy(conn->password, args->params[i].value, sizeof conn->password - 1);
        if (strcmp(args->params[i].key, "host") == 0 && strcmp(args->params[i].value, "down") == 0) {
            host->release(conn);
            return fail(err, SQLA_ERR_CONNECT, "nobody is at home");
        }
    }
    if (arrive(err) != SQLA_OK) {
        host->release(conn);
        return SQLA_ERR_CONNECT;
    }
    count_open();
    info->product = "Vice 1.0";
    *ret_conn = conn;
    return SQLA_OK;
}

static void vice_close(sqla_driver_conn *conn)
{
    atomic_fetch_sub(&count.open, 1);
    host->release(conn);
}

static bool begins(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* Connections of an era that is over are lost. */
static bool is_cut(sqla_driver_conn *conn)
{
    if (conn->era < atomic_load(&count.era))
        conn->state = SQLA_TXN_LOST;
    return conn->state == SQLA_TXN_LOST;
}

static sqla_status misbehave(sqla_driver_conn *conn, const char *text, sqla_err *err)
{
    char message[128] = "FATAL: the password is ";
    if (is_cut(conn))
        return fail(err, SQLA_ERR_DISCONNECTED, "the line is dead");
    if (begins(text, "silent"))
        return SQLA_ERR_SQL;
    if (begins(text, "odd"))
        return fail(err, (sqla_status)777, "something new");
    if (begins(text, "busy"))
        return fail(err, SQLA_ERR_BUSY, "somebody else has the lock");
    if (begins(text, "blab"))
        return fail(err, SQLA_ERR_DENIED, strcat(message, conn->password));
    if (begins(text, "what began"))
        return fail(err, SQLA_ERR_SQL, conn->begun);
    if (begins(text, "gone")) {
        conn->state = SQLA_TXN_LOST;
        return fail(err, SQLA_ERR_IO, "it cannot be read");
    }
    if (begins(text, "lost")) {
        conn->state = SQLA_TXN_LOST;
        return fail(err, SQLA_ERR_DISCONNECTED, "the line is dead");
    }
    return conn->state == SQLA_TXN_FAILED && !begins(text, "ROLLBACK") ? fail(err, SQLA_ERR_SQL, "the transaction has failed") : SQLA_OK;
}

static void change_state(sqla_driver_conn *conn, const char *text)
{
    if (begins(text, "BEGIN")) {
        conn->state = SQLA_TXN_ACTIVE;
        snprintf(conn->begun, sizeof conn->begun, "%s", text);
    }
    if (begins(text, "COMMIT") || strcmp(text, "ROLLBACK") == 0)
        conn->state = SQLA_TXN_IDLE;
    else if (begins(text, "abort"))
        conn->state = SQLA_TXN_FAILED;
    else if (begins(text, "fade"))
        conn->state = SQLA_TXN_LOST;
    else if (begins(text, "mark") || strcmp(text, "RESET") == 0)
        conn->marked = begins(text, "mark");
    else if (begins(text, "cut all"))
        conn->era = atomic_fetch_add(&count.era, 1) + 1;
}

static void change_opens(const char *text)
{
    const char *slow = strstr(text, "slow "), *failing = strstr(text, "fail ");
    atomic_store(&count.slow_ms, slow != NULL ? atol(slow + 5) : 0);
    atomic_store(&count.failing, failing != NULL ? atol(failing + 5) : 0);
    atomic_store(&count.tries, 0);
}

static long counted(const char *what)
{
    return atomic_load(strcmp(what, "open") == 0 ? &count.open : strcmp(what, "most") == 0 ? &count.most :
                       strcmp(what, "opens") == 0 ? &count.opens : strcmp(what, "resets") == 0 ? &count.resets :
                       strcmp(what, "tries") == 0 ? &count.tries : &count.pings);
}

static sqla_status vice_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                             const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    const char *text = statement->text;
    (void)plan, (void)row, (void)options;
    if (begins(text, "doom "))
        snprintf(conn->doom, sizeof conn->doom, "%s", text + 5);
    sqla_status status = misbehave(conn, begins(text, "COMMIT") && conn->doom[0] != '\0' ? conn->doom : text, err);
    if (status != SQLA_OK || begins(text, "null"))
        return status;
    sqla_driver_result *result = host->alloc(sizeof *result);
    if (result == NULL)
        return fail(err, SQLA_ERR_NOMEM, "out of memory");
    memset(result, 0, sizeof *result);
    change_state(conn, text);
    if (begins(text, "opens "))
        change_opens(text);
    atomic_fetch_add(&count.resets, strcmp(text, "RESET") == 0);
    atomic_fetch_add(&count.pings, strcmp(text, "SELECT 1") == 0);
    result->greedy = begins(text, "greedy");
    result->stuck = begins(text, "stuck");
    result->sour = begins(text, "sour");
    result->hollow = begins(text, "hollow");
    result->long_row = strcmp(text, "long") == 0;
    result->long_text = strcmp(text, "long text") == 0;
    bool odd = result->hollow || columns_of(text) != &column;
    result->rows = begins(text, "rows ") ? atol(text + 5) : result->greedy ? 10 :
                   result->long_row || result->long_text ? 3 :
                   odd || result->sour || begins(text, "count ") || begins(text, "say ");
    result->before = begins(text, "count ") ? counted(text + 6) - 1 : !begins(text, "say ") ? 0 : conn->marked ? -2 : atol(text + 4) - 1;
    result->info.struct_size = sizeof result->info;
    result->info.columns = columns_of(text);
    result->info.column_count = result->rows > 0 || result->stuck || begins(text, "rows");
    result->info.affected = begins(text, "change ") ? atol(text + 7) : result->info.column_count > 0 ? -1 : 0;
    *ret_result = result;
    return SQLA_OK;
}

static const sqla_result_info *vice_result_info(sqla_driver_result *result)
{
    return &result->info;
}

static void put(const sqla_slot *slot, void *row, int64_t n, bool hollow)
{
    char *at = (char *)row + slot->offset;
    const sqla_value number = { .type = SQLA_INT64, .as = { .i64 = n } }, text = { .type = SQLA_TEXT, .as = { .bytes = { NULL, SIZE_MAX } } };
    const sqla_value v = hollow ? text : number;
    if (slot->rep == SQLA_REP_VALUE)
        memcpy(at, &v, sizeof v);
    else
        memcpy(at, &n, slot->size < sizeof n ? slot->size : sizeof n);
}

static sqla_status vice_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max, sqla_row_arena *arena,
                                     size_t *ret_count, bool *ret_end, sqla_err *err)
{
    size_t n = 0;
    *ret_count = 0;
    if (result->sour)
        return fail(err, SQLA_ERR_CORRUPT, "the row cannot be read");
    while (n < max && result->at < result->rows) {
        result->at++;
        for (uint32_t i = 0; i < plan->count; i++)
            put(&plan->slots[i], rows[n], result->before + result->at, result->hollow);
        if (result->long_row)
            ((char *)rows[n])[plan->slots[plan->count - 1].offset + plan->slots[plan->count - 1].size] = 1;
        for (int i = 0; i < 2 && result->long_text; i++) {
            char *text = arena->take(arena, rows[n], 3);
            if (text != NULL)
                memcpy(text, "four", 4);
        }
        n++;
    }
    *ret_count = result->greedy ? max + 1 : n;
    *ret_end = !result->stuck && result->at == result->rows;
    return SQLA_OK;
}

static sqla_status vice_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    (void)err;
    *ret_values = NULL;
    if (result->at < result->rows) {
        result->value.type = SQLA_INT64;
        result->value.as.i64 = result->before + ++result->at;
        *ret_values = &result->value;
    }
    return SQLA_OK;
}

static void vice_result_close(sqla_driver_result *result)
{
    host->release(result);
}

static sqla_txn_state vice_txn_state(sqla_driver_conn *conn)
{
    return conn->state;
}

static sqla_status vice_ping(sqla_driver_conn *conn, uint32_t flags, int64_t deadline, sqla_err *err)
{
    (void)flags, (void)deadline;
    return is_cut(conn) ? fail(err, SQLA_ERR_DISCONNECTED, "the line is dead") : SQLA_OK;
}

static sqla_status vice_prepare(sqla_driver_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows,
                                const sqla_exec_options *options, sqla_driver_stmt **ret_stmt, sqla_err *err)
{
    (void)conn, (void)text, (void)length, (void)plan, (void)block_rows, (void)options, (void)ret_stmt;
    return fail(err, SQLA_ERR_CORRUPT, "this slot must never be called");
}

static sqla_driver_ops ops = {
    .struct_size = sizeof ops,
    .open = vice_open,
    .close = vice_close,
    .exec = vice_exec,
    .result_info = vice_result_info,
    .result_fetch = vice_result_fetch,
    .result_view = vice_result_view,
    .result_close = vice_result_close,
    .txn_state = vice_txn_state,
};

static sqla_traits traits = {
    .struct_size = sizeof traits,
    .placeholder = SQLA_PLACEHOLDER_QUESTION,
    .dialect = "Vice",
    .quote_open = '"',
    .quote_close = '"',
    .max_parameters = 100,
    .begin = "BEGIN",
    .commit = "COMMIT",
    .rollback = "ROLLBACK",
    .savepoint = "SAVEPOINT {name}",
    .savepoint_release = "RELEASE {name}",
    .savepoint_rollback = "ROLLBACK TO {name}",
    .ping = "SELECT 1",
    .reset = "RESET",
    .isolation_levels = UINT32_C(1) << SQLA_READ_COMMITTED | UINT32_C(1) << SQLA_SERIALIZABLE,
    .begin_with = "BEGIN{isolation}{access}{deferrable}",
};

/* Without the texts that the defaults run, or with others. */
static void change_texts(bool forms)
{
    traits.begin_with = NULL;
    if (forms) {
        traits.isolation_levels = UINT32_C(1) << SQLA_SERIALIZABLE;
        traits.begin_read_only = "BEGIN READING";
        traits.begin_write = "BEGIN WRITING";
        traits.savepoint = "SAVEPOINT without a place for its name";
        return;
    }
    traits.begin = traits.commit = traits.rollback = traits.savepoint = traits.ping = traits.reset = NULL;
    traits.isolation_levels = 0;
}

/* A required slot that is empty, told by its name. */
static void empty_slot(const char *name)
{
#define SLOT(slot) if (strcmp(name, #slot) == 0) ops.slot = NULL;
    SLOT(open) SLOT(close) SLOT(exec) SLOT(result_info) SLOT(result_fetch) SLOT(result_view) SLOT(result_close) SLOT(txn_state)
#undef SLOT
}

static sqla_status vice_cancel_new(sqla_driver_conn *conn, sqla_driver_canceller **ret_canceller, sqla_err *err)
{
    (void)conn, (void)ret_canceller;
    return fail(err, SQLA_ERR_CORRUPT, "this slot must never be called");
}

/* A stream that says that it has begun, and is nowhere. */
static sqla_status vice_copy_open(sqla_driver_conn *conn, const char *text, size_t length, int32_t direction, const sqla_exec_options *options,
                                  sqla_driver_copy **ret_copy, sqla_err *err)
{
    (void)conn, (void)text, (void)length, (void)direction, (void)options, (void)err;
    *ret_copy = NULL;
    return SQLA_OK;
}

static sqla_status vice_copy_put(sqla_driver_copy *copy, const void *data, size_t size, sqla_err *err)
{
    (void)copy, (void)data, (void)size;
    return fail(err, SQLA_ERR_CORRUPT, "this slot must never be called");
}

static sqla_status vice_copy_get(sqla_driver_copy *copy, const void **ret_data, size_t *ret_size, sqla_err *err)
{
    (void)copy, (void)ret_data, (void)ret_size;
    return fail(err, SQLA_ERR_CORRUPT, "this slot must never be called");
}

static sqla_status vice_copy_finish(sqla_driver_copy *copy, int64_t *ret_count, sqla_err *err)
{
    (void)copy, (void)ret_count;
    return fail(err, SQLA_ERR_CORRUPT, "this slot must never be called");
}

static void vice_copy_abort(sqla_driver_copy *copy)
{
    (void)copy;
    abort();
}

/* An extension with a hole in it, and one whose slots are all there. */
static const void *vice_extension(const char *id)
{
    static const sqla_twophase_ops half = { .struct_size = sizeof half };
    static const sqla_bulk_ops hollow = { sizeof hollow, 0, vice_copy_open, vice_copy_put, vice_copy_get, vice_copy_finish, vice_copy_abort };
    const char *vice = getenv("SQLA_TEST_VICE");
    if (vice == NULL)
        return NULL;
    if (strcmp(vice, "half twophase") == 0 && strcmp(id, SQLA_TWOPHASE) == 0)
        return &half;
    return strcmp(vice, "hollow bulk") == 0 && strcmp(id, SQLA_BULK) == 0 ? &hollow : NULL;
}

SQLA_DRIVER_EXPORT sqla_status sqla_driver_entry(const sqla_host *from, sqla_driver *out, sqla_err *err)
{
    const char *vice = getenv("SQLA_TEST_VICE");
    vice = vice != NULL ? vice : "";
    host = from;
    const bool older = strcmp(vice, "half twophase") != 0 && strcmp(vice, "hollow bulk") != 0; /* as a driver that was built before there were extensions */
    *out = (sqla_driver){ .struct_size = older ? offsetof(sqla_driver, extension) : sizeof *out, .abi_major = SQLA_ABI_MAJOR,
                          .abi_minor = SQLA_ABI_MINOR, .name = "vice", .version = "1.0", .ops = &ops, .traits = &traits,
                          .extension = older ? NULL : vice_extension };
    if (strcmp(vice, "error") == 0)
        return fail(err, SQLA_ERR_IO, "the moon is in the wrong phase");
    if (strcmp(vice, "unsupported") == 0)
        return SQLA_ERR_UNSUPPORTED;
    if (strcmp(vice, "major") == 0)
        out->abi_major = 7;
    if (strcmp(vice, "minor") == 0)
        out->min_host_minor = 99;
    if (strcmp(vice, "name") == 0)
        out->name = "virtue";
    if (strcmp(vice, "no ops") == 0)
        out->ops = NULL;
    if (strcmp(vice, "no traits") == 0)
        out->traits = NULL;
    if (strcmp(vice, "short ops") == 0)
        ops.struct_size = offsetof(sqla_driver_ops, txn_state);
    if (strcmp(vice, "old ops") == 0) /* only what must be there, and the rest of the table is not to be read */
        ops.struct_size = offsetof(sqla_driver_ops, prepare);
    if (begins(vice, "no "))
        empty_slot(vice + 3);
    if (strcmp(vice, "bare") == 0 || strcmp(vice, "forms") == 0)
        change_texts(strcmp(vice, "forms") == 0);
    if (strcmp(vice, "no cancel_fire") == 0)
        ops.cancel_new = vice_cancel_new;
    if (strcmp(vice, "no placeholder") == 0)
        traits.placeholder = (sqla_placeholder)77;
    if (strcmp(vice, "no types") == 0)
        traits.type_count = 3;
    if (strcmp(vice, "no end quote") == 0)
        traits.quote_close = '\0';
    if (strcmp(vice, "short traits") == 0)
        traits.struct_size = 8;
    if (strcmp(vice, "short") == 0)
        out->struct_size = 8;
    if (strcmp(vice, "no name") == 0)
        out->name = NULL;
    if (strcmp(vice, "no version") == 0)
        out->version = NULL;
    if (strcmp(vice, "mute error") == 0)
        return SQLA_ERR_IO;
    if (strcmp(vice, "unsupported, says") == 0)
        return fail(err, SQLA_ERR_UNSUPPORTED, "it is too early for that");
    if (strcmp(vice, "no stmt_close") == 0 || strcmp(vice, "old ops") == 0)
        ops.prepare = vice_prepare;
    if (strcmp(vice, "no quotes") == 0)
        traits.quote_open = '\0';
    if (strcmp(vice, "whole") == 0)
        ops.ping = vice_ping;
    return SQLA_OK;
}
