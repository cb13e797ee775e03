/* create.c: making and dropping the tables of a metadata.
 *
 * What is there already, tables and types, is asked once for the whole database. Parents come before
 * children; a foreign key that closes a circle is added when all tables are there, where the database can do
 * that, and stands in the table otherwise, where it may name a table that is not there yet. A database that can
 * do neither has no circles, which is said before the first table is made. The SQL is made by sql/ddl.h. */
#include <config.h>
#include "engine/engine.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "engine/types.h"
#include "sql/ddl.h"

/* One create_all or drop_all. */
typedef struct work {
    sqla_conn *conn;               /* NULL: nothing is run, but told to `fn` */
    sqla_sql_fn *fn;
    void *data;
    const sqla_traits *traits;
    sqla_metadata *base;
    size_t count;                  /* of tables */
    bool knows;                    /* the driver can tell what is there */
    sqla__types types;
    sqla__hash there;              /* "schema\0name" and, for what an unqualified name finds, "\0name": the schema */
    sqla__arena arena;
    sqla__buf text;
} work;

/* ---- what is there --------------------------------------------------------------------------------------------- */

typedef struct table_sink { sqla_reflect_sink base; work *w; } table_sink;

static const char *table_key(work *w, const char *schema, const char *name, size_t *ret_length)
{
    size_t n = schema != NULL ? strlen(schema) : 0, m = strlen(name);
    char *key = sqla__arena_take(&w->arena, n + m + 1);
    if (key == NULL)
        return NULL;
    memcpy(key, schema != NULL ? schema : "", n);
    key[n] = '\0';
    memcpy(key + n + 1, name, m);
    *ret_length = n + 1 + m;
    return key;
}

/* schema: NULL: an unqualified name finds it. in: where it is. */
static bool remember(work *w, const char *schema, const char *name, const char *in)
{
    size_t length;
    const char *key = table_key(w, schema, name, &length);
    char *place = sqla__arena_strdup(&w->arena, in != NULL ? in : "");
    return key != NULL && place != NULL && sqla__hash_put(&w->there, key, length, place);
}

static sqla_status push_table(sqla_reflect_sink *sink, uint32_t kind, const void *record)
{
    work *w = ((table_sink *)(void *)sink)->w;
    const sqla_reflect_table *table = record;
    if (kind != SQLA_REFLECT_TABLES)
        return SQLA_OK;
    bool ok = table->schema == NULL || remember(w, table->schema, table->name, table->schema);
    if (ok && table->on_search_path)
        ok = remember(w, NULL, table->name, table->schema);
    return ok ? SQLA_OK : SQLA_ERR_NOMEM;
}

static bool makes_enum(const work *w, const sqla_table *table, uint32_t column)
{
    return table->columns[column].native_enum && (w->traits->features & SQLA_FEATURE_NATIVE_ENUM) != 0;
}

static bool has_enums(const work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const sqla_table *table = sqla_metadata_table(w->base, i);
        for (uint32_t c = 0; c < table->column_count; c++) {
            if (makes_enum(w, table, c))
                return true;
        }
    }
    return false;
}

static sqla_status look(work *w, sqla_error *err)
{
    const sqla_reflect_filter all = { sizeof all, 0, NULL, NULL };
    table_sink sink = { { push_table }, w };
    sqla_status status = sqla__conn_reflect(w->conn, SQLA_REFLECT_TABLES, &all, &sink.base, err);
    w->knows = status == SQLA_OK;
    if (status != SQLA_OK && status != SQLA_ERR_UNSUPPORTED)
        return status;
    sqla__error_init(err);
    return has_enums(w) ? sqla__types_look(&w->types, w->conn, err) : SQLA_OK;
}

/* The schema that the table is in; NULL: it is not there. */
static const char *place_of(work *w, const sqla_table *table)
{
    size_t length;
    const char *key = table_key(w, table->schema, table->name, &length);
    return key != NULL ? sqla__hash_get(&w->there, key, length) : NULL;
}

/* The driver tells of no tables, so the statements themselves say IF EXISTS and IF NOT EXISTS. */
static bool unsure(const work *w)
{
    return w->conn != NULL && !w->knows;
}

/* otherwise: the answer where the driver cannot tell. */
static bool is_there(work *w, const sqla_table *table, bool otherwise)
{
    return w->knows ? place_of(w, table) != NULL : otherwise;
}

/* Tables that were there may be older than their models. */
static sqla_status look_for_lacks(work *w, sqla_error *err)
{
    const char **places = sqla__arena_zero(&w->arena, w->count + 1, sizeof *places);
    if (places == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; w->knows && i < w->count; i++)
        places[i] = place_of(w, sqla_metadata_table(w->base, i));
    sqla_status status = sqla__lack_log(w->conn, w->base, places, err);
    if (status != SQLA_ERR_UNSUPPORTED)
        return status;
    sqla__error_init(err);
    return SQLA_OK;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

static sqla_status tell_text(const work *w, sqla_error *err)
{
    sqla_status status = w->fn(w->data, w->text.data, err);
    if (status != SQLA_OK && !sqla_failed(err))
        sqla__error_set(err, status, "the function that was given the statement returned %s", sqla_status_name(status));
    return status != SQLA_OK ? err->status : SQLA_OK;
}

/* Run what lies in the text, which is empty afterwards. status: of its making. */
static sqla_status run_text(work *w, sqla_status status, sqla_error *err)
{
    if (status == SQLA_OK && w->text.broken)
        status = sqla__error_nomem(err);
    if (status == SQLA_OK && w->text.length > 0) {
        const sqla__request request = { w->text.data, w->text.length, NULL, NULL, false, false, 0, false,
                                        false };
        status = w->conn != NULL ? sqla__conn_run(w->conn, &request, NULL, NULL, err) : tell_text(w, err);
    }
    sqla__buf_clear(&w->text);
    return status;
}

static bool same_name(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The place of the table that a foreign key points at; count: it is none of ours. */
static size_t target_of(const work *w, const sqla_foreign_key *key)
{
    for (size_t i = 0; i < w->count; i++) {
        const sqla_table *table = sqla_metadata_table(w->base, i);
        if (strcmp(table->name, key->to_table) == 0 && same_name(table->schema, key->to_schema))
            return i;
    }
    return w->count;
}

/* Does the key of the i-th table point at one that is made after it? */
static bool points_ahead(work *w, size_t i, const sqla_foreign_key *key)
{
    size_t target = target_of(w, key);
    return target < w->count && target > i && !is_there(w, sqla_metadata_table(w->base, target), false);
}

static bool comes_later(work *w, size_t i, const sqla_foreign_key *key)
{
    return (w->traits->features & SQLA_FEATURE_ADD_CONSTRAINT) != 0 && points_ahead(w, i, key);
}

static sqla_status refuse_circle(const work *w, const sqla_table *table, const sqla_foreign_key *key, sqla_error *err)
{
    sqla__error_set(err, SQLA_ERR_UNSUPPORTED,
        "cannot create table '%s': its foreign key to '%s' closes a circle of tables, which %s cannot make", table->name, key->to_table,
        w->traits->dialect);
    sqla__error_hint(err, "a foreign key cannot be added later there, nor point at a table that does not exist yet: leave out the one of "
        "column '%s'", key->columns[0]);
    return err->status;
}

/* Tables are sorted, so a key that points ahead closes a circle. */
static sqla_status check_circles(work *w, sqla_error *err)
{
    bool able = (w->traits->features & (SQLA_FEATURE_ADD_CONSTRAINT | SQLA_FEATURE_FORWARD_KEYS)) != 0;
    for (size_t i = 0; !able && i < w->count; i++) {
        const sqla_table *table = sqla_metadata_table(w->base, i);
        for (uint32_t k = 0; !is_there(w, table, false) && k < table->foreign_key_count; k++)
            if (points_ahead(w, i, &table->foreign_keys[k]))
                return refuse_circle(w, table, &table->foreign_keys[k], err);
    }
    return SQLA_OK;
}

/* A type that was left behind, or that another column shares, serves as it is if it has the labels. */
static sqla_status create_enum(work *w, const sqla_table *table, uint32_t column, sqla_error *err)
{
    bool there = false;
    sqla_status status = sqla__types_find(&w->types, table, column, &there, err);
    if (status != SQLA_OK || there)
        return status;
    status = run_text(w, sqla__ddl_create_enum(&w->text, table, column, w->traits, err), err);
    return status == SQLA_OK ? sqla__types_made(&w->types, table, column, err) : status;
}

static sqla_status create_table(work *w, size_t i, sqla_error *err)
{
    const sqla_table *table = sqla_metadata_table(w->base, i);
    unsigned char *skip = sqla__arena_zero(&w->arena, table->foreign_key_count + 1, 1);
    sqla_status status = skip != NULL ? SQLA_OK : sqla__error_nomem(err);
    for (uint32_t k = 0; status == SQLA_OK && k < table->foreign_key_count; k++)
        skip[k] = comes_later(w, i, &table->foreign_keys[k]);
    for (uint32_t c = 0; status == SQLA_OK && c < table->column_count; c++) {
        if (makes_enum(w, table, c))
            status = create_enum(w, table, c, err);
    }
    if (status == SQLA_OK)
        status = run_text(w, sqla__ddl_create_table(&w->text, table, unsure(w), skip, w->traits, err), err);
    for (uint32_t k = 0; status == SQLA_OK && k < table->index_count; k++)
        status = run_text(w, sqla__ddl_create_index(&w->text, table, unsure(w), k, w->traits, err), err);
    if (status != SQLA_OK)
        sqla__error_prefix(err, "cannot create table '%s': ", table->name);
    return status;
}

static sqla_status close_circles(work *w, size_t i, sqla_error *err)
{
    const sqla_table *table = sqla_metadata_table(w->base, i);
    sqla_status status = SQLA_OK;
    for (uint32_t k = 0; status == SQLA_OK && k < table->foreign_key_count; k++) {
        if (comes_later(w, i, &table->foreign_keys[k]))
            status = run_text(w, sqla__ddl_add_foreign_key(&w->text, table, k, w->traits, err), err);
    }
    if (status != SQLA_OK)
        sqla__error_prefix(err, "cannot add a foreign key to table '%s': ", table->name);
    return status;
}

static sqla_status create_tables(work *w, sqla_error *err)
{
    sqla_status status = check_circles(w, err);
    for (size_t i = 0; status == SQLA_OK && i < w->count; i++) {
        if (!is_there(w, sqla_metadata_table(w->base, i), false))
            status = create_table(w, i, err);
    }
    for (size_t i = 0; status == SQLA_OK && i < w->count; i++) {
        if (!is_there(w, sqla_metadata_table(w->base, i), false))
            status = close_circles(w, i, err);
    }
    return status == SQLA_OK && w->conn != NULL ? look_for_lacks(w, err) : status;
}

/* Does the key point at a table that is dropped before its own? */
static bool is_in_the_way(work *w, size_t i, const sqla_foreign_key *key)
{
    size_t target = target_of(w, key);
    return target > i && target < w->count && is_there(w, sqla_metadata_table(w->base, i), true) &&
           is_there(w, sqla_metadata_table(w->base, target), true);
}

/* A foreign key that closes a circle goes before all tables where the database can take it away; else it is looked at when all
 * of them have gone. */
static sqla_status open_circles(work *w, sqla_error *err)
{
    bool can_drop = (w->traits->features & SQLA_FEATURE_ADD_CONSTRAINT) != 0, put_off = false;
    sqla_status status = SQLA_OK;
    for (size_t i = 0; status == SQLA_OK && i < w->count; i++) {
        const sqla_table *table = sqla_metadata_table(w->base, i);
        for (uint32_t k = 0; status == SQLA_OK && k < table->foreign_key_count; k++) {
            bool held = is_in_the_way(w, i, &table->foreign_keys[k]);
            if (held && can_drop)
                status = run_text(w, sqla__ddl_drop_foreign_key(&w->text, table, k, w->traits, err), err);
            put_off = put_off || (held && !can_drop);
        }
        if (status != SQLA_OK)
            sqla__error_prefix(err, "cannot drop a foreign key of table '%s': ", table->name);
    }
    if (put_off && w->traits->defer_foreign_keys != NULL) {
        sqla__buf_add(&w->text, w->traits->defer_foreign_keys);
        status = run_text(w, SQLA_OK, err);
    }
    return status;
}

/* Also of a table that is gone. */
static sqla_status drop_enums(work *w, const sqla_table *table, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (uint32_t c = 0; status == SQLA_OK && c < table->column_count; c++) {
        bool drop = false;
        if (makes_enum(w, table, c))
            status = sqla__types_should_drop(&w->types, table, c, &drop, err);
        if (status == SQLA_OK && drop)
            status = run_text(w, sqla__ddl_drop_enum(&w->text, table, c, w->traits, err), err);
        if (status != SQLA_OK)
            sqla__error_prefix(err,
                "cannot drop the type of column '%s' of table '%s': ", table->columns[c].name, table->name);
    }
    return status;
}

static sqla_status drop_tables(work *w, sqla_error *err)
{
    sqla_status status = open_circles(w, err);
    for (size_t i = w->count; status == SQLA_OK && i-- > 0;) {
        const sqla_table *table = sqla_metadata_table(w->base, i);
        if (!is_there(w, table, true))
            continue;
        status = run_text(w, sqla__ddl_drop_table(&w->text, table, unsure(w), w->traits, err), err);
        if (status != SQLA_OK)
            sqla__error_prefix(err, "cannot drop table '%s': ", table->name);
    }
    for (size_t i = w->count; status == SQLA_OK && i-- > 0;)
        status = drop_enums(w, sqla_metadata_table(w->base, i), err);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

typedef sqla_status task_fn(work *w, sqla_error *err);

/* In one transaction, so that other programs see all of it or nothing, where the database can do that. */
static sqla_status work_in_transaction(work *w, task_fn *task, sqla_error *err)
{
    sqla_error dropped;
    bool whole = (w->traits->features & SQLA_FEATURE_TRANSACTIONAL_DDL) != 0;
    /* Also where the engine commits each statement by itself otherwise. */
    sqla_status status = whole ? sqla__conn_begin(w->conn, (sqla__begin){ SQLA_ISOLATION_DEFAULT, SQLA_TXN_WRITE }, err) : SQLA_OK;
    if (status == SQLA_OK)
        status = look(w, err);
    if (status == SQLA_OK)
        status = task(w, err);
    if (status == SQLA_OK && whole)
        status = sqla__conn_commit(w->conn, err);
    sqla__error_init(&dropped);
    if (status != SQLA_OK && whole)
        sqla__conn_rollback(w->conn, &dropped);
    return status;
}

static sqla_status in_database(work *w, sqla_engine *db, task_fn *task, sqla_error *err)
{
    sqla_status status = sqla__conn_acquire(db, &w->conn, err);
    if (status != SQLA_OK)
        return status;
    status = work_in_transaction(w, task, err);
    sqla__engine_forget_facts(db);
    sqla__conn_release(w->conn);
    sqla__hash_release(&w->there);
    return status;
}

/* fn NULL: in the database. */
static sqla_status change_schema(sqla_metadata *base, sqla_engine *db, task_fn *task, sqla_sql_fn *fn, void *data, sqla_error *err)
{
    work w = { .base = base, .traits = sqla__engine_traits(db), .fn = fn, .data = data };
    sqla_status status = sqla__metadata_freeze(base, err);
    while (status == SQLA_OK && sqla_metadata_table(base, w.count) != NULL)
        w.count++;
    if (status == SQLA_OK)
        status = fn == NULL ? in_database(&w, db, task, err) : task(&w, err);
    sqla__types_release(&w.types);
    sqla__arena_release(&w.arena);
    sqla__buf_release(&w.text);
    return status;
}

static sqla_status change_schema_for(sqla_metadata *base, sqla_engine *db, task_fn *task, sqla_sql_fn *fn, void *data, sqla_error *err)
{
    sqla_error local;
    if (base == NULL || db == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, base == NULL ? "there is no metadata" : "there is no engine");
    sqla__error_init(&local);
    return sqla__error_give(err, &local, change_schema(base, db, task, fn, data, &local));
}

sqla_status sqla_metadata_create_all(sqla_metadata *base, sqla_engine *db, sqla_error *err)
{
    return change_schema_for(base, db, create_tables, NULL, NULL, err);
}

sqla_status sqla_metadata_drop_all(sqla_metadata *base, sqla_engine *db, sqla_error *err)
{
    return change_schema_for(base, db, drop_tables, NULL, NULL, err);
}

static sqla_status no_function(sqla_error *err)
{
    return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no function to give the statements to");
}

sqla_status sqla_metadata_create_sql(sqla_metadata *base, sqla_engine *db, sqla_sql_fn *fn, void *data, sqla_error *err)
{
    return fn != NULL ? change_schema_for(base, db, create_tables, fn, data, err) : no_function(err);
}

sqla_status sqla_metadata_drop_sql(sqla_metadata *base, sqla_engine *db, sqla_sql_fn *fn, void *data, sqla_error *err)
{
    return fn != NULL ? change_schema_for(base, db, drop_tables, fn, data, err) : no_function(err);
}
