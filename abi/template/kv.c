/* kv.c: a driver for sqla, as small as an honest one can be. Begin your own with it.
 *
 * Its database is a table of keys and values in the memory of the program, one for each engine, which is gone when the last
 * connection to it is closed. It understands three statements, in capitals or not:
 *     PUT ?, ?    keep a value under a key, in the place of one that is there
 *     GET ?       one row with one column, the value; no row when there is no such key
 *     KEYS        one row for each key, in the order in which they came
 * Keys and values are texts.
 *
 * All else it declares, most of it by silence: a slot that is NULL, a trait that is 0, a feature bit that is not set is a thing that the
 * database does not have, and the host then does without it or says so to the user. There are no transactions, no types (so no
 * tables, and sqla-conform asks no SQL of it), nothing to prepare, to cancel or to reflect.
 *
 * Read it beside <sqla/driver.h>, which has the rules: D1 to D17 in the comments below are those. The order is that of the life of
 * a connection: failures, the database, opening, parameters, results, statements, and at the end the tables and the entry. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <sqla/driver.h>

/* The handles. The host knows them by these names and never looks inside.
 *
 * The host's services come with each connection and are not kept in a variable of the file: two copies of the library in one program
 * are two hosts, and each is told of its own failures, in its own memory (D16). */
typedef struct text { const char *data; size_t size; } text;
typedef struct entry entry;
typedef struct store store;

struct sqla_driver_conn {
    const sqla_host *host;
    store *store;
};

struct sqla_driver_result {
    const sqla_host *host;
    sqla_result_info info;
    sqla_value shown;          /* what result_view points at */
    size_t count, at;          /* rows, and how many of them were read */
    text rows[];               /* their only column; the bytes lie behind the last of them */
};

/* What a bit promises has to work, and what is not promised is refused (D14). */
enum { FEATURES = SQLA_FEATURE_EPHEMERAL | SQLA_FEATURE_MULTIPLE_RESULTS };

/* ---- failures ---------------------------------------------------------------------------------------------------- */

/* A function that fails says so once, and returns the status that it said (D3). The status is what programs branch on, so look
 * for the right one in <sqla/status.h>; the rest is for people: fill in what you know, leave the others zero. err is only passed on. */
static sqla_status fail(const sqla_host *host, sqla_err *err, sqla_err_fields fields, const char *format, ...)
{
    char message[200];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    fields.struct_size = sizeof fields;
    fields.message = message;
    host->set_error(err, &fields);
    return (sqla_status)fields.status;
}
#define FAIL(host, err, status_, ...) fail(host, err, (sqla_err_fields){ .status = (status_) }, __VA_ARGS__)

static sqla_status no_memory(const sqla_host *host, sqla_err *err)
{
    return FAIL(host, err, SQLA_ERR_NOMEM, "out of memory");
}

/* Deadlines are times of CLOCK_MONOTONIC in nanoseconds, 0 for none (D9). Nothing here waits, so a look at the beginning is enough;
 * a driver that waits for a socket does it with poll() until that time. */
static sqla_status check_deadline(const sqla_host *host, int64_t deadline, sqla_err *err)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    bool late = deadline != 0 && (int64_t)now.tv_sec * 1000000000 + now.tv_nsec >= deadline;
    return late ? FAIL(host, err, SQLA_ERR_TIMEOUT, "the time was over before kv began") : SQLA_OK;
}

/* ---- the database ------------------------------------------------------------------------------------------------- */

/* In the place of this there will be your client library. */
struct entry {
    entry *next;
    text key, value;
    char bytes[];              /* of both, each with a NUL behind it */
};
struct store {
    store *next;
    const sqla_host *host;
    unsigned connections;
    entry *first;
    char instance[];           /* whose it is */
};

/* Connections may be used by several threads at once, one each; what they share is behind a lock (D10). */
static struct {
    pthread_mutex_t lock;
    store *first;
} stores = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The store of an engine, made by the first connection to it. Under the lock, as all down to close. NULL: out of memory. */
static store *find_store(const sqla_host *host, const char *instance)
{
    store *s = stores.first;
    while (s != NULL && (s->host != host || strcmp(s->instance, instance) != 0))
        s = s->next;
    if (s != NULL)
        return s;
    size_t size = strlen(instance) + 1;
    s = host->alloc(sizeof *s + size);
    if (s == NULL)
        return NULL;
    *s = (store){ .next = stores.first, .host = host };
    memcpy(s->instance, instance, size);
    return stores.first = s;
}

static void drop_store(store *s)
{
    store **link = &stores.first;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    while (s->first != NULL) {
        entry *e = s->first;
        s->first = e->next;
        s->host->release(e);
    }
    s->host->release(s);
}

/* Where the entry with that key hangs, or where a new one belongs. */
static entry **find_entry(store *s, text key)
{
    entry **link = &s->first;
    while (*link != NULL && ((*link)->key.size != key.size || memcmp((*link)->key.data, key.data, key.size) != 0))
        link = &(*link)->next;
    return link;
}

/* A copy of a text at *room, which moves on. */
static text copy_text(char **room, text from)
{
    text copy = { *room, from.size };
    memcpy(*room, from.data, from.size);
    (*room)[from.size] = '\0';
    *room += from.size + 1;
    return copy;
}

static entry *make_entry(const sqla_host *host, text key, text value)
{
    entry *e = host->alloc(sizeof *e + key.size + value.size + 2);
    if (e != NULL) {
        char *room = e->bytes;
        e->key = copy_text(&room, key);
        e->value = copy_text(&room, value);
    }
    return e;
}

/* ---- connections -------------------------------------------------------------------------------------------------- */

/* What is not known is refused, by its name (CONFIG), rather than passed over: it may be a slip of the pen. A flag that is not known is
 * one of a later host (D2). A driver with keys of its own takes "host", "port", "user", "password" and "database" here, and lists
 * all of them in connect_options too. No value is quoted: it may be a secret (D15). */
static sqla_status check_args(const sqla_host *host, const sqla_connect_args *args, sqla_err *err)
{
    if (args->count > 0)
        return FAIL(host, err, SQLA_ERR_CONFIG, "kv does not know '%.64s': its URL is kv:// and no more", args->params[0].key);
    if (args->flags != 0)
        return FAIL(host, err, SQLA_ERR_UNSUPPORTED, "kv has no connections of that kind");
    return check_deadline(host, args->deadline, err);
}

/* Nothing is half done on failure, and *ret_conn is written on success only (D4, D12). */
static sqla_status kv_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    const sqla_host *host = args->data; /* as the entry gave it */
    sqla_status status = check_args(host, args, err);
    if (status != SQLA_OK)
        return status;
    sqla_driver_conn *conn = host->alloc(sizeof *conn);
    if (conn == NULL)
        return no_memory(host, err);
    conn->host = host;
    pthread_mutex_lock(&stores.lock);
    conn->store = find_store(host, args->instance);
    if (conn->store != NULL)
        conn->store->connections++;
    pthread_mutex_unlock(&stores.lock);
    if (conn->store == NULL) {
        host->release(conn);
        return no_memory(host, err);
    }
    /* Of a struct that the host sizes, no more is written than it has room for (D1). */
    sqla_conn_info known = { .product = "kv 1", .server_version = 1, .features = FEATURES };
    known.struct_size = info->struct_size < sizeof known ? info->struct_size : (uint32_t)sizeof known;
    memcpy(info, &known, known.struct_size);
    *ret_conn = conn;
    return SQLA_OK;
}

static void kv_close(sqla_driver_conn *conn)
{
    pthread_mutex_lock(&stores.lock);
    if (--conn->store->connections == 0)
        drop_store(conn->store);
    pthread_mutex_unlock(&stores.lock);
    conn->host->release(conn);
}

/* Without transactions none is ever open. Where there are some, this is the database's own word after each call (D7). */
static sqla_txn_state kv_txn_state(sqla_driver_conn *conn)
{
    (void)conn;
    return SQLA_TXN_IDLE;
}

/* Without this slot the host would drop a connection that a program's own SQL ran on. No statement leaves anything behind in a
 * connection here, so there is nothing to do. */
static sqla_status kv_reset(sqla_driver_conn *conn, int64_t deadline, sqla_err *err)
{
    return check_deadline(conn->host, deadline, err);
}

/* ---- parameters --------------------------------------------------------------------------------------------------- */

/* Is it UTF-8 without a NUL? All of it is looked at before anything is done (D13): no character is cut off, written too long, half of a
 * surrogate pair, or beyond the last one. */
static bool is_text(text t)
{
    static const uint32_t lowest[] = { 1, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)t.data, *end = p + t.size;
    while (p < end) {
        const int more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
        uint32_t character = more == 0 ? *p : *p & (0x3fu >> more);
        if ((*p >= 0x80 && *p < 0xc0) || *p > 0xf4 || end - p <= more)
            return false;
        p++;
        for (int i = 0; i < more; i++, p++) {
            if ((*p & 0xc0) != 0x80)
                return false;
            character = character << 6 | (*p & 0x3fu);
        }
        if (character < lowest[more] || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
            return false;
    }
    return true;
}

/* The value of a slot lies at row + offset, in the form that its rep says (plan.h). *ret has no data where it is NULL. Types and forms
 * that are not known here are refused, never guessed (D2, D5). */
static sqla_status read_slot(const sqla_host *host, const sqla_slot *slot, const void *row, text *ret, sqla_err *err)
{
    const char *at = (const char *)row + slot->offset;
    bool set = slot->set_offset < 0 || *((const bool *)row + slot->set_offset);
    sqla_value value = { .type = set ? slot->type : SQLA_NULL };
    if (set && slot->rep == SQLA_REP_VALUE) /* says its own type */
        memcpy(&value, at, sizeof value);
    else if (slot->rep == SQLA_REP_BYTES)
        memcpy(&value.as.bytes, at, sizeof value.as.bytes);
    else if (slot->rep == SQLA_REP_CSTR)
        memcpy(&value.as.bytes.data, at, sizeof value.as.bytes.data);
    else if (slot->rep == SQLA_REP_CHARS)
        value.as.bytes.data = at;
    if (value.type != SQLA_NULL && (value.type != SQLA_TEXT || slot->rep < SQLA_REP_CSTR || slot->rep > SQLA_REP_VALUE))
        return FAIL(host, err, SQLA_ERR_UNSUPPORTED, "parameter %d is no text, and kv has nothing else", (int)slot->column + 1);
    *ret = (text){ value.type != SQLA_NULL ? value.as.bytes.data : NULL, value.as.bytes.size };
    if (ret->data != NULL && (slot->rep == SQLA_REP_CSTR || slot->rep == SQLA_REP_CHARS))
        ret->size = slot->rep == SQLA_REP_CHARS ? strnlen(ret->data, slot->size) : strlen(ret->data);
    return SQLA_OK;
}

/* The parameters of a statement, in order. A wrong number is found before anything runs. */
static sqla_status read_params(const sqla_host *host, const sqla_plan *plan, const void *row, uint32_t count, text *params, sqla_err *err)
{
    uint32_t given = plan != NULL ? plan->count : 0;
    if (given != count)
        return FAIL(host, err, SQLA_ERR_SQL, "the statement takes %u parameters, and %u were given", (unsigned)count, (unsigned)given);
    for (uint32_t i = 0; i < count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        if (slot->column < 0 || (uint32_t)slot->column >= count)
            return FAIL(host, err, SQLA_ERR_MISUSE, "there is no parameter %d", (int)slot->column + 1);
        const char *name = slot->column == 0 ? "key" : "value";
        text *param = &params[slot->column];
        sqla_status status = read_slot(host, slot, row, param, err);
        if (status != SQLA_OK)
            return status;
        if (param->data == NULL)
            return fail(host, err, (sqla_err_fields){ .status = SQLA_ERR_NOT_NULL, .column = name }, "a %s cannot be NULL", name);
        if (!is_text(*param))
            return fail(host, err, (sqla_err_fields){ .status = SQLA_ERR_DATA, .column = name }, "the %s is not valid UTF-8", name);
    }
    return SQLA_OK;
}

/* ---- results ------------------------------------------------------------------------------------------------------- */

static const sqla_result_column key_column = { "key", SQLA_TEXT, 0, "text" };
static const sqla_result_column value_column = { "value", SQLA_TEXT, 0, "text" };

/* Every statement has a result, also one without rows (column NULL). The rows are copied into it, so that it stays what it is
 * whatever others do to the store, and several may be open at once: that is SQLA_FEATURE_MULTIPLE_RESULTS. */
static sqla_driver_result *make_result(const sqla_host *host, const sqla_result_column *column, int64_t affected, size_t count, size_t bytes)
{
    sqla_driver_result *r = host->alloc(sizeof *r + count * sizeof r->rows[0] + bytes);
    if (r != NULL) {
        *r = (sqla_driver_result){ .host = host, .count = count };
        r->info = (sqla_result_info){ sizeof r->info, column != NULL, column, affected };
    }
    return r;
}

static const sqla_result_info *kv_result_info(sqla_driver_result *result)
{
    return &result->info;
}

/* Can the slot hold it? What does not fit is DATA, with the row and the column, and never cut (D5). A pair of type and form that makes
 * no sense is UNSUPPORTED. */
static sqla_status check_slot(const sqla_driver_result *r, const sqla_slot *slot, sqla_err *err)
{
    const sqla_err_fields where = { .status = SQLA_ERR_DATA, .row = (int64_t)r->at + 1, .column = r->info.columns->name };
    if (slot->column != 0)
        return FAIL(r->host, err, SQLA_ERR_MISUSE, "the result has no column %d", (int)slot->column + 1);
    if (slot->rep == SQLA_REP_VALUE)
        return SQLA_OK;
    if (slot->rep < SQLA_REP_FIXED || slot->rep > SQLA_REP_CHARS || (slot->rep == SQLA_REP_FIXED) == (slot->type == SQLA_TEXT))
        return FAIL(r->host, err, SQLA_ERR_UNSUPPORTED, "kv cannot put type %d into form %d", (int)slot->type, (int)slot->rep);
    if (slot->type != SQLA_TEXT)
        return fail(r->host, err, where, "a text does not go into a place of another type");
    if (slot->rep == SQLA_REP_CHARS && r->rows[r->at].size >= slot->size)
        return fail(r->host, err, where, "a text of %zu bytes does not fit into char[%u]", r->rows[r->at].size, (unsigned)slot->size);
    return SQLA_OK;
}

static void write_slot(const sqla_slot *slot, void *row, text value, char **room)
{
    char *at = (char *)row + slot->offset;
    if (slot->rep == SQLA_REP_CHARS) {
        memcpy(at, value.data, value.size + 1);
    } else {
        text copy = copy_text(room, value);
        const sqla_value tagged = { .type = SQLA_TEXT, .as.bytes = { copy.data, copy.size } };
        if (slot->rep == SQLA_REP_CSTR)
            memcpy(at, &copy.data, sizeof copy.data);
        else if (slot->rep == SQLA_REP_BYTES)
            memcpy(at, &tagged.as.bytes, sizeof tagged.as.bytes);
        else
            memcpy(at, &tagged, sizeof tagged);
    }
    if (slot->set_offset >= 0)
        *((bool *)row + slot->set_offset) = true;
}

/* One row: check, ask the arena once for all its texts, write. The row is stepped over when all of it went well. */
static sqla_status fetch_row(sqla_driver_result *r, const sqla_plan *plan, void *row, sqla_row_arena *arena, sqla_err *err)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        sqla_status status = check_slot(r, &plan->slots[i], err);
        if (status != SQLA_OK)
            return status;
        bytes += plan->slots[i].rep != SQLA_REP_CHARS ? r->rows[r->at].size + 1 : 0;
    }
    char *room = bytes > 0 ? arena->take(arena, row, bytes) : NULL;
    if (bytes > 0 && room == NULL)
        return no_memory(r->host, err);
    for (uint32_t i = 0; i < plan->count; i++)
        write_slot(&plan->slots[i], row, r->rows[r->at], &room);
    r->at++;
    return SQLA_OK;
}

/* *ret_count tells what was written, also when a row fails. The end is told as soon as it is known, and again (D6). */
static sqla_status kv_result_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max,
                                   sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_err *err)
{
    sqla_status status = SQLA_OK;
    size_t n = 0;
    while (status == SQLA_OK && n < max && result->at < result->count) {
        status = fetch_row(result, plan, rows[n], arena, err);
        n += status == SQLA_OK;
    }
    *ret_count = n;
    if (status == SQLA_OK)
        *ret_end = result->at == result->count;
    return status;
}

static sqla_status kv_result_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    (void)err;
    *ret_values = NULL;
    if (result->at < result->count) {
        const text row = result->rows[result->at++];
        result->shown = (sqla_value){ .type = SQLA_TEXT, .as.bytes = { row.data, row.size } };
        *ret_values = &result->shown;
    }
    return SQLA_OK;
}

static void kv_result_close(sqla_driver_result *result)
{
    result->host->release(result);
}

/* ---- statements ------------------------------------------------------------------------------------------------------ */

/* Each runs under the lock, and returns NULL when memory is out: then nothing was changed, since all is allocated before. */
static sqla_driver_result *put(sqla_driver_conn *conn, const text *params)
{
    sqla_driver_result *r = make_result(conn->host, NULL, 1, 0, 0);
    entry *e = r != NULL ? make_entry(conn->host, params[0], params[1]) : NULL;
    if (e == NULL) {
        conn->host->release(r);
        return NULL;
    }
    entry **link = find_entry(conn->store, params[0]), *old = *link;
    e->next = old != NULL ? old->next : NULL;
    *link = e;
    conn->host->release(old);
    return r;
}

static sqla_driver_result *get(sqla_driver_conn *conn, const text *params)
{
    const entry *e = *find_entry(conn->store, params[0]);
    sqla_driver_result *r = make_result(conn->host, &value_column, 0, e != NULL, e != NULL ? e->value.size + 1 : 0);
    if (r != NULL && e != NULL) {
        char *room = (char *)(r->rows + r->count);
        r->rows[0] = copy_text(&room, e->value);
    }
    return r;
}

static sqla_driver_result *keys(sqla_driver_conn *conn, const text *params)
{
    size_t count = 0, bytes = 0;
    (void)params;
    for (const entry *e = conn->store->first; e != NULL; e = e->next, count++)
        bytes += e->key.size + 1;
    sqla_driver_result *r = make_result(conn->host, &key_column, 0, count, bytes);
    if (r == NULL)
        return NULL;
    char *room = (char *)(r->rows + count);
    text *row = r->rows;
    for (const entry *e = conn->store->first; e != NULL; e = e->next)
        *row++ = copy_text(&room, e->key);
    return r;
}

/* A blank in a form stands for any number of them. */
static const struct statement {
    const char *form;
    uint32_t params;
    sqla_driver_result *(*run)(sqla_driver_conn *conn, const text *params);
} statements[] = {
    { " PUT ? , ? ", 2, put },
    { " GET ? ", 1, get },
    { " KEYS ", 0, keys },
};

/* Is it of that form? *ret_at: where it is no longer. */
static bool matches(text sql, const char *form, size_t *ret_at)
{
    size_t at = 0;
    for (; *form != '\0'; form++) {
        if (*form == ' ') {
            while (at < sql.size && memchr(" \t\r\n", sql.data[at], 4) != NULL)
                at++;
        } else if (at < sql.size && strncasecmp(sql.data + at, form, 1) == 0) {
            at++;
        } else {
            break;
        }
    }
    *ret_at = at;
    return *form == '\0' && at == sql.size;
}

/* Which statement is it? If none: where it stops being one (position counts characters from 1), and what would be one. */
static sqla_status find_statement(const sqla_host *host, text sql, const struct statement **ret, sqla_err *err)
{
    size_t furthest = 0, at;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        if (matches(sql, statements[i].form, &at)) {
            *ret = &statements[i];
            return SQLA_OK;
        }
        furthest = at > furthest ? at : furthest;
    }
    const sqla_err_fields where = { .status = SQLA_ERR_SQL, .position = (int32_t)furthest + 1, .hint = "kv understands PUT ?, ? and GET ? and KEYS" };
    return fail(host, err, where, furthest < sql.size ? "this is no statement of kv" : "the statement ends too soon");
}

/* SQLA_EXEC_STREAM is taken: the rows are in memory anyhow. What gives no rows is not run when the host is
 * to read some. Scripts are not, nor is what a later host may ask for. */
static sqla_status kv_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                           const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    const struct statement *found = NULL;
    text params[2];
    if ((options->flags & ~(uint32_t)(SQLA_EXEC_STREAM | SQLA_EXEC_ROWS | SQLA_EXEC_TOKEN)) != 0)
        return FAIL(conn->host, err, SQLA_ERR_UNSUPPORTED, "kv runs one statement at a time");
    sqla_status status = check_deadline(conn->host, options->deadline, err);
    if (status == SQLA_OK)
        status = find_statement(conn->host, (text){ statement->text, statement->length }, &found, err);
    if (status == SQLA_OK)
        status = read_params(conn->host, plan, row, found->params, params, err);
    if (status == SQLA_OK && (options->flags & SQLA_EXEC_ROWS) != 0 && found->run == put)
        status = FAIL(conn->host, err, SQLA_ERR_MISUSE, "the statement gives no rows, and was not run");
    if (status != SQLA_OK)
        return status;
    pthread_mutex_lock(&stores.lock);
    sqla_driver_result *result = found->run(conn, params);
    pthread_mutex_unlock(&stores.lock);
    if (result == NULL)
        return no_memory(conn->host, err);
    *ret_result = result;
    return SQLA_OK;
}

/* ---- what the driver gives ---------------------------------------------------------------------------------------------- */

/* The eight that are required, and reset. For each of the others driver.h says, under "When absent", what the host does. */
static const sqla_driver_ops kv_ops = {
    .struct_size = sizeof kv_ops,
    .open = kv_open,
    .close = kv_close,
    .exec = kv_exec,
    .result_info = kv_result_info,
    .result_fetch = kv_result_fetch,
    .result_view = kv_result_view,
    .result_close = kv_result_close,
    .txn_state = kv_txn_state,
    .reset = kv_reset,
};

/* No types: the database stores no tables. No begin, commit and rollback: it has no transactions. */
static const sqla_traits kv_traits = {
    .struct_size = sizeof kv_traits,
    .placeholder = SQLA_PLACEHOLDER_QUESTION,
    .features = FEATURES,
    .dialect = "kv",
    .quote_open = '"',
    .quote_close = '"',
    .max_parameters = 2,
};

/* What the host reads out of the file before it runs any of it: the driver's name, and the schemes of its URLs. */
SQLA_DRIVER_NOTE("kv", "kv");

/* The one function that is exported. It may be called again, by another host too, and gives the same tables then; it keeps nothing
 * (D16). A host of another major has another table of services, so not even set_error may be called. */
sqla_status sqla_driver_entry(const sqla_host *host, sqla_driver *out, sqla_err *err)
{
    (void)err;
    if (host->abi_major != SQLA_ABI_MAJOR)
        return SQLA_ERR_UNSUPPORTED;
    sqla_driver all = {
        .abi_major = SQLA_ABI_MAJOR,
        .abi_minor = SQLA_ABI_TARGET_MINOR,
        .name = "kv",
        .version = PACKAGE_VERSION,
        .ops = &kv_ops,
        .traits = &kv_traits,
        .data = host, /* comes back in open */
    };
    all.struct_size = out->struct_size < sizeof all ? out->struct_size : (uint32_t)sizeof all;
    memcpy(out, &all, all.struct_size);
    return SQLA_OK;
}
