/* lesser.c: a driver that goes round another one and takes things away, for what the core does on databases that have less.
 *
 * SQLA_TEST_LESSER says what, when an inner driver is wrapped, in words with blanks between them:
 *   blocks=R,M     all blocks have R rows, and fewer than M rows go one by one
 *   rowless        a batch that fails does not name its row, and there are no savepoints to find it with
 *   orderly        a foreign key must find its table, and cannot be added later
 *   uncounted      statements do not say how many rows they changed, there are no batches, and nothing is told of tables
 *   unguarded      no transaction refuses writes
 * With SQLA_LESSER_OF, the file of the SQLite driver, it is a driver of its own: of the least that a database can be on which sessions
 * run, inside the process, with keys from one sequence. What it has not it refuses, too.
 * All handles are the inner driver's own. Each test takes a copy of the file, so that it is wrapped anew. */
#include <config.h>
#include <sqla/driver.h>
#include <sqla/wrap.h>

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

SQLA_DRIVER_NOTE("lesser", "lesser");

static const sqla_host *host;
static const sqla_driver *inner;
static sqla_driver_ops ops;
static sqla_traits traits;
enum { MOST_PARAMETERS = 100 };

/* The inner one's words, without the row. */
static sqla_status rowless_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch, const sqla_exec_options *options,
                                sqla_err *err)
{
    sqla_status status = inner->ops->execute_many(conn, statement, batch, options, NULL);
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = (int32_t)status, .message = "one of them is wrong" };
    if (status != SQLA_OK)
        host->set_error(err, &fields);
    return status;
}

static sqla_status lesser_open(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    sqla_status status = inner->ops->open(args, info, ret_conn, err);
    info->features &= traits.features;
    if (traits.max_parameters != 0)
        info->max_parameters = traits.max_parameters;
    return status;
}

static const sqla_result_info *uncounted_info(sqla_driver_result *result)
{
    static sqla_result_info info;
    info = *inner->ops->result_info(result);
    info.affected = -1;
    return &info;
}

/* ---- the least --------------------------------------------------------------------------------------------------- */

/* Behind a quote, and behind what it encloses. */
static const char *behind_quoted(const char *at)
{
    const char quote = *at;
    for (at++; *at != '\0'; at++) {
        if (*at == quote && *++at != quote)
            break;
    }
    return at;
}

/* Does a statement have these words, one behind the other, outside of quotes? */
static bool says(const char *text, const char *words)
{
    const char *wanted = words;
    while (*text != '\0' && *wanted != '\0') {
        size_t n = 0, m = strcspn(wanted, " ");
        while (isalnum((unsigned char)text[n]) || text[n] == '_')
            n++;
        bool same = n > 0 && n == m && strncasecmp(text, wanted, n) == 0;
        if (same)
            wanted += m + (wanted[m] == ' ');
        else if (n > 0)
            wanted = words;
        text = n > 0 ? text + n : *text == '\'' || *text == '"' ? behind_quoted(text) : text + 1;
    }
    return *wanted == '\0';
}

static sqla_status run_inner(sqla_driver_conn *conn, const char *text)
{
    const sqla_statement statement = { sizeof statement, 0, text, strlen(text), NULL };
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_result *result;
    sqla_status status = inner->ops->exec(conn, &statement, NULL, NULL, &options, &result, NULL);
    if (status == SQLA_OK)
        inner->ops->result_close(result);
    return status;
}

/* The name behind a word of a statement, without its quotes; "": there is none. */
static const char *name_behind(const char *text, const char *word, char name[100])
{
    const char *at = strstr(text, word);
    name[0] = '\0';
    if (at != NULL && sscanf(at + strlen(word), " \"%99[^\"]", name) != 1)
        sscanf(at + strlen(word), " %99[A-Za-z0-9_]", name);
    return at;
}

/* Whether each table is there that a new one points at, itself aside. */
static bool finds_its_tables(sqla_driver_conn *conn, const char *text)
{
    char own[100], other[100], query[200];
    if (name_behind(text, "CREATE TABLE IF NOT EXISTS ", own) != text && name_behind(text, "CREATE TABLE ", own) != text)
        return true;
    while ((text = name_behind(text, "REFERENCES ", other)) != NULL) {
        snprintf(query, sizeof query, "SELECT 1 FROM \"%s\" LIMIT 0", other);
        if (strcmp(own, other) != 0 && run_inner(conn, query) != SQLA_OK)
            return false;
        text += strlen("REFERENCES ");
    }
    return true;
}

static const char *lacks(sqla_driver_conn *conn, const char *text)
{
    static const char *const words[] = { "RETURNING", "ON DELETE", "ON UPDATE", "SAVEPOINT", "DEFAULT VALUES", "ADD CONSTRAINT",
        "DEFERRABLE", "READ ONLY" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (says(text, words[i]))
            return words[i];
    }
    return finds_its_tables(conn, text) ? NULL : "that table";
}

/* Keys come from a sequence, which has gone on for each table that was made. */
static void begin_keys(sqla_driver_conn *conn)
{
    run_inner(conn, "INSERT INTO sqlite_sequence (name, seq) SELECT name, 1000 * rowid FROM sqlite_master WHERE type = 'table' AND "
                    "sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence)");
}

static sqla_status refuse(sqla_err *err, sqla_status status, const char *message)
{
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = (int32_t)status, .message = message };
    host->set_error(err, &fields);
    return status;
}

static sqla_status look_at(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, sqla_err *err)
{
    char message[120];
    const char *lacking = plan != NULL && plan->count > MOST_PARAMETERS ? "so many parameters" : lacks(conn, statement->text);
    if (lacking == NULL)
        return SQLA_OK;
    snprintf(message, sizeof message, "this database has not %s", lacking);
    return refuse(err, SQLA_ERR_SQL, message);
}

static sqla_status least_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                              const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    sqla_status status = look_at(conn, statement, plan, err);
    if (status == SQLA_OK)
        status = inner->ops->exec(conn, statement, plan, row, options, ret_result, err);
    if (status == SQLA_OK && says(statement->text, "CREATE TABLE"))
        begin_keys(conn);
    return status;
}

static sqla_status least_many(sqla_driver_conn *conn, const sqla_statement *statement, sqla_batch *batch, const sqla_exec_options *options,
                              sqla_err *err)
{
    sqla_status status = look_at(conn, statement, batch->plan, err);
    return status == SQLA_OK ? inner->ops->execute_many(conn, statement, batch, options, err) : status;
}

/* The host of the inner driver: a CHECK has no name that it could tell. */
static void nameless_error(sqla_err *err, const sqla_err_fields *fields)
{
    sqla_err_fields f = *fields;
    if (f.status == SQLA_ERR_CHECK)
        f.constraint = NULL;
    host->set_error(err, &f);
}

static void least(void)
{
    static sqla_driver_ops few = { .struct_size = sizeof few };
    few.open = ops.open;
    few.close = ops.close;
    few.exec = least_exec;
    few.result_info = ops.result_info;
    few.result_fetch = ops.result_fetch;
    few.result_view = ops.result_view;
    few.result_close = ops.result_close;
    few.txn_state = ops.txn_state;
    few.execute_many = least_many;
    few.connect_options = ops.connect_options;
    ops = few;
    traits = (sqla_traits){
        .struct_size = sizeof traits,
        .placeholder = traits.placeholder,
        .features = SQLA_FEATURE_LAST_ID | SQLA_FEATURE_ISOLATED_ABORT | SQLA_FEATURE_TRANSACTIONAL_DDL | SQLA_FEATURE_MULTIPLE_RESULTS,
        .dialect = "lesser",
        .quote_open = '"',
        .quote_close = '"',
        .max_parameters = MOST_PARAMETERS,
        .type_count = traits.type_count,
        .types = traits.types,
        .reserved_words = traits.reserved_words,
        .generated_key = "INTEGER PRIMARY KEY AUTOINCREMENT",
        .generated_key_is_primary = true,
        .now = traits.now,
        .begin = "BEGIN",
        .begin_write = "BEGIN IMMEDIATE",
        .commit = "COMMIT",
        .rollback = "ROLLBACK",
        .limit_all = traits.limit_all,
        .syntax = traits.syntax,
    };
}

static void take_away(const char *what)
{
    const char *blocks = strstr(what, "blocks=");
    unsigned rows = 0, least = 0;
    if (blocks != NULL && sscanf(blocks, "blocks=%u,%u", &rows, &least) == 2) {
        traits.insert_block_rows = traits.update_block_rows = traits.delete_block_rows = rows;
        traits.insert_block_min = traits.update_block_min = traits.delete_block_min = least;
    }
    if (strstr(what, "rowless") != NULL) {
        ops.execute_many = rowless_many;
        ops.savepoint = NULL;
        traits.savepoint = traits.savepoint_release = traits.savepoint_rollback = NULL;
    }
    if (strstr(what, "unguarded") != NULL) {
        ops.begin = NULL;
        traits.begin = "BEGIN";
        traits.begin_read_only = traits.begin_with = NULL;
    }
    if (strstr(what, "orderly") != NULL)
        traits.features &= ~(SQLA_FEATURE_ADD_CONSTRAINT | SQLA_FEATURE_FORWARD_KEYS);
    if (strstr(what, "uncounted") != NULL) {
        ops.result_info = uncounted_info;
        ops.execute_many = NULL;
        ops.reflect = NULL;
        traits.features &= ~SQLA_FEATURE_LAST_ID;
    }
}

static sqla_status wrap(const sqla_driver *around, sqla_driver *out, sqla_err *err)
{
    const char *what = getenv("SQLA_TEST_LESSER");
    (void)err;
    inner = around;
    ops = *inner->ops;
    traits = *inner->traits;
    ops.open = lesser_open;
    take_away(what != NULL ? what : "");
    *out = *inner;
    out->ops = &ops;
    out->traits = &traits;
    return SQLA_OK;
}

static const void *extension(const char *id)
{
    static const sqla_wrap_ops wraps = { .struct_size = sizeof wraps, .wrap = wrap };
    return strcmp(id, SQLA_WRAP) == 0 ? &wraps : NULL;
}

/* ---- by itself --------------------------------------------------------------------------------------------------- */

/* It has no database, so the other functions are never reached. */
static sqla_status alone(const sqla_connect_args *args, sqla_conn_info *info, sqla_driver_conn **ret_conn, sqla_err *err)
{
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = SQLA_ERR_CONFIG, .message = "it has no database of its own" };
    (void)args, (void)info, (void)ret_conn;
    host->set_error(err, &fields);
    return SQLA_ERR_CONFIG;
}

static void no_close(sqla_driver_conn *conn) { (void)conn, abort(); }
static void no_result_close(sqla_driver_result *result) { (void)result, abort(); }
static const sqla_result_info *no_info(sqla_driver_result *result) { (void)result, abort(); }
static sqla_txn_state no_state(sqla_driver_conn *conn) { (void)conn, abort(); }
static sqla_status no_exec(sqla_driver_conn *conn, const sqla_statement *statement, const sqla_plan *plan, const void *row,
                           const sqla_exec_options *options, sqla_driver_result **ret_result, sqla_err *err)
{
    (void)conn, (void)statement, (void)plan, (void)row, (void)options, (void)ret_result, (void)err, abort();
}
static sqla_status no_fetch(sqla_driver_result *result, const sqla_plan *plan, void *const *rows, size_t max, sqla_row_arena *arena,
                            size_t *ret_count, bool *ret_end, sqla_err *err)
{
    (void)result, (void)plan, (void)rows, (void)max, (void)arena, (void)ret_count, (void)ret_end, (void)err, abort();
}
static sqla_status no_view(sqla_driver_result *result, const sqla_value **ret_values, sqla_err *err)
{
    (void)result, (void)ret_values, (void)err, abort();
}

static const sqla_driver_ops own_ops = {
    .struct_size = sizeof own_ops,
    .open = alone,
    .close = no_close,
    .exec = no_exec,
    .result_info = no_info,
    .result_fetch = no_fetch,
    .result_view = no_view,
    .result_close = no_result_close,
    .txn_state = no_state,
};

static const sqla_traits own_traits = {
    .struct_size = sizeof own_traits,
    .placeholder = SQLA_PLACEHOLDER_QUESTION,
    .dialect = "lesser",
    .quote_open = '"',
    .quote_close = '"',
};

/* With all taken away.  Returns: false: the file is no driver. */
static bool load(const char *file, sqla_driver *out, sqla_err *err)
{
    static sqla_driver driver = { .struct_size = sizeof driver };
    static sqla_host between;
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library != NULL ? dlsym(library, SQLA_DRIVER_ENTRY_NAME) : NULL;
    sqla_driver_entry_fn *entry;
    if (symbol == NULL)
        return false;
    memcpy(&entry, &symbol, sizeof entry);
    between = *host;
    between.struct_size = sizeof between;
    between.set_error = nameless_error;
    if (entry(&between, &driver, err) != SQLA_OK)
        return false;
    if (inner == NULL) {
        inner = &driver;
        ops = *inner->ops;
        traits = *inner->traits;
        ops.open = lesser_open;
        least();
    }
    sqla_driver all = driver;
    all.name = "lesser";
    all.ops = &ops;
    all.traits = &traits;
    all.extension = NULL;
    all.struct_size = out->struct_size < sizeof all ? out->struct_size : (uint32_t)sizeof all;
    memcpy(out, &all, all.struct_size);
    return true;
}

SQLA_DRIVER_EXPORT sqla_status sqla_driver_entry(const sqla_host *from, sqla_driver *out, sqla_err *err)
{
    const char *file = getenv("SQLA_LESSER_OF");
    if (host == NULL)
        host = from;
    if (from->abi_major != SQLA_ABI_MAJOR)
        return refuse(err, SQLA_ERR_UNSUPPORTED, "it is for another major version of the host");
    if (file != NULL)
        return load(file, out, err) ? SQLA_OK : refuse(err, SQLA_ERR_PLUGIN, "SQLA_LESSER_OF names no driver");
    *out = (sqla_driver){
        .struct_size = sizeof *out,
        .abi_major = SQLA_ABI_MAJOR,
        .abi_minor = SQLA_ABI_MINOR,
        .name = "lesser",
        .version = "1.0",
        .ops = &own_ops,
        .traits = &own_traits,
        .extension = extension,
    };
    return SQLA_OK;
}
