/* persist.c: from objects to batches. Which columns, which road, what came back.
 *
 * Objects are written in runs of one shape: the same statement with the same columns. A run goes by one of three roads (abi:
 * sqla_batch_mode): each, block, columns. The dialect's traits say which exist and from what size they pay; facts about the table
 * say whether they keep their meaning. Every road counts the rows it changed. */
#include <config.h>
#include "orm/persist.h"

#include <string.h>

#include "orm/converted.h"
#include "orm/field.h"
#include "orm/identity.h"
#include "orm/texts.h"
#include "sql/crud.h"

enum { CHUNK = 1000 }; /* rows that are bound, mapped and settled together, while they are in the cache */

/* A stretch of objects that one statement serves. */
typedef struct run {
    sqla_session *session;
    sqla__pool *pool;
    const sqla__item *items;
    size_t count;
    const uint32_t *columns; /* sent, or changed */
    uint32_t column_count;
    sqla__verb verb;
    sqla_key_source source;  /* INSERT: how what the database made comes back */
    uint64_t facts;          /* INSERT: about the table */
    bool returning;
    const uint64_t *unsent;  /* INSERT: a bit for each column that the database fills now and then; NULL: none does */
    uint64_t *made;          /* INSERT: room for what made_by_flush gives */
    size_t done;             /* objects written so far */
} run;

typedef struct flush_rows { sqla_row_arena base; sqla__arena *arena; } flush_rows;

static void *take_row(sqla_row_arena *arena, void *row, size_t size)
{
    (void)row;
    return sqla__arena_take(((flush_rows *)arena)->arena, size);
}

/* ---- one batch ---------------------------------------------------------------------------------------------------- */

static const char *verb_name(sqla__verb verb)
{
    return verb == SQLA__INSERT ? "insert" : verb == SQLA__UPDATE ? "update" : "delete";
}

/* A failure that one of the rows is to blame for, and not the statement or the connection. */
static bool is_of_a_row(sqla_status status)
{
    return status == SQLA_ERR_DATA || (sqla_status_class(status) & SQLA_CLASS_INTEGRITY) != 0;
}

/* n: rows of the batch that failed. */
static sqla_status explain(const run *r, size_t n, sqla_error *err, sqla_status status)
{
    const char *name = r->pool->mapping->model->name, *verb = verb_name(r->verb);
    bool hidden = err->row == 0 && is_of_a_row(status);
    if (hidden && n == 1)
        err->row = 1;
    if (err->row > 0)
        err->row += (int64_t)r->done; /* it counts within its batch, and there were others before */
    if (err->row > 0)
        sqla__error_prefix(err, "cannot %s '%s' (%lld of %zu): ", verb, name, (long long)err->row, r->count);
    else if (hidden)
        sqla__error_prefix(err, "cannot %s '%s' (one of %zu to %zu of %zu; the driver cannot tell which): ", verb, name, r->done + 1,
                           r->done + n, r->count);
    else
        sqla__error_prefix(err, "cannot %s '%s': ", verb, name);
    return status;
}

static sqla_status wrong_count(const run *r, const sqla_batch *batch, sqla_error *err)
{
    const char *name = r->pool->mapping->model->name;
    long long affected = batch->affected > 0 ? batch->affected : 0; /* below: none that is known */
    if (r->verb == SQLA__INSERT) {
        sqla__error_set(err, SQLA_ERR_DATA, "the database stored %lld of %zu rows of '%s'", affected, batch->count, name);
        sqla__error_hint(err, "a trigger or rule on the table may have dropped some");
        return err->status;
    }
    sqla__error_set(err, SQLA_ERR_STALE, "%s of %zu '%s' met %lld rows: some were changed or deleted behind our back", verb_name(r->verb), batch->count,
                    name, affected);
    if (batch->unmatched >= 0)
        err->row = batch->unmatched + 1;
    return err->status;
}

/* A batch that failed in its middle may have given keys to the rows before. */
static void take_back(const sqla_plan *made, void *const *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < made->count; k++)
            sqla__field_set_null(&made->slots[k], rows[i]);
}

/* Where the database counts nothing, or something else, the counts are no evidence. That is asked when they are wrong only, and once
 * for each table. A driver that has facts of a table counts what is written to it: what it cannot tell there is what triggers did in
 * place of the statement. */
static sqla_status check_count(const run *r, const sqla_batch *batch, sqla_error *err)
{
    const sqla_table *table = r->pool->mapping->table;
    uint64_t facts = 0;
    if (batch->affected == (int64_t)batch->count)
        return SQLA_OK;
    sqla_status status = sqla__conn_table_facts(r->session->conn, table->schema, table->name, &facts, err);
    if (status != SQLA_OK || (facts & SQLA_FACT_UNCOUNTED) != 0)
        return status;
    if (batch->affected < 0 && (facts & ~SQLA__FACTS_UNTOLD) == 0) {
        sqla__conn_warn_uncounted(r->session->conn);
        return SQLA_OK;
    }
    return wrong_count(r, batch, err);
}

/* Write n rows, from r->done on, by a road; rows_per_statement: of a block. */
static sqla_status write_rows(run *r, sqla_batch_mode road, uint32_t rows_per_statement, size_t n, sqla_error *err)
{
    sqla_session *s = r->session;
    sqla__shape shape = { r->pool->mapping, r->verb, road, rows_per_statement, r->returning, r->columns, r->column_count };
    const sqla__text *text = sqla__text_for(s->maker, &shape, err);
    void **rows = sqla__arena_take(&s->flush_arena, n * sizeof *rows);
    if (text == NULL)
        return err->status;
    if (rows == NULL)
        return sqla__error_nomem(err);
    for (size_t i = 0; i < n; i++)
        rows[i] = sqla__struct_of(r->items[r->done + i].object);
    flush_rows arena = { { take_row }, &s->flush_arena };
    sqla_batch batch = { .struct_size = sizeof batch, .mode = road, .plan = &text->plan, .rows = rows, .count = n,
                         .rows_per_statement = rows_per_statement, .key_source = r->source,
                         .keys = r->source != SQLA_KEY_NONE ? &text->keys : NULL, .arena = &arena.base, .unmatched = -1 };
    sqla_status status = sqla__conn_run_many(s->conn, text->text, text->length, &batch, err);
    s->wrote = s->wrote || status == SQLA_OK || batch.affected != 0;
    if (status == SQLA_OK)
        status = check_count(r, &batch, err);
    if (status == SQLA_OK)
        r->done += n;
    else if (batch.keys != NULL)
        take_back(batch.keys, rows, n);
    return status == SQLA_OK ? SQLA_OK : explain(r, n, err, status);
}

static uint32_t block_limit(const run *r, uint32_t rows)
{
    uint32_t a_row = r->column_count + (r->verb == SQLA__INSERT ? 0 : r->pool->mapping->key_count);
    uint32_t most = sqla__conn_max_parameters(r->session->conn);
    return a_row == 0 || most == 0 ? rows : most / a_row < rows ? most / a_row : rows;
}

static size_t columns_limit(const sqla_traits *traits)
{
    return traits->columns_max > 0 ? traits->columns_max : SIZE_MAX;
}

static sqla_status write_each(run *r, size_t n, sqla_error *err)
{
    return n > 0 ? write_rows(r, SQLA_BATCH_EACH, 1, n, err) : SQLA_OK;
}

/* The next n rows: in blocks of k for as long as they last, then of half as many and so on, so that a table has few statements;
 * what is fewer than least goes one by one. */
static sqla_status write_blocks(run *r, uint32_t k, uint32_t least, size_t n, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    least = least > 2 ? least : 2;
    for (k = block_limit(r, k); k >= least && status == SQLA_OK; k = k / 2 >= least || k == least ? k / 2 : least) {
        size_t whole = n / k * k;
        if (whole > 0)
            status = write_rows(r, SQLA_BATCH_BLOCK, k, whole, err);
        n -= whole;
    }
    return status == SQLA_OK ? write_each(r, n, err) : status;
}

/* ---- insert ------------------------------------------------------------------------------------------------------- */

static uint64_t key_value(const run *r, size_t i)
{
    const sqla_slot *slot = &r->pool->mapping->columns[r->pool->mapping->generated_key].slot;
    return (uint64_t)sqla__field_value(slot, sqla__struct_of(r->items[i].object)).as.i64;
}

/* Keys that were worked out by arithmetic must follow one another from one statement to the next where nobody else can have taken one
 * meanwhile. (SQLite gives random ones once the largest is used up.) */
static sqla_status check_keys(const run *r, size_t from, sqla_error *err)
{
    for (size_t i = from > 0 ? from : 1; i < r->done; i++) {
        if (key_value(r, i) == key_value(r, i - 1) + 1)
            continue;
        sqla__error_set(err, SQLA_ERR_DATA, "the generated keys of '%s' do not follow one another, so they cannot be told", r->pool->mapping->model->name);
        sqla__error_hint(err, "the largest possible key may be in use; add these objects a few at a time");
        return err->status;
    }
    return SQLA_OK;
}

static bool keys_follow(const run *r)
{
    return r->source == SQLA_KEY_LAST_ID && !(r->facts & SQLA_FACT_SHARED_KEYS);
}

static sqla_status insert_blocks(run *r, const sqla_traits *traits, size_t n, sqla_error *err)
{
    bool arithmetic = keys_follow(r);
    size_t from = r->done, left = n;
    sqla_status status = SQLA_OK;
    if (arithmetic && from == 0) {
        status = write_each(r, 1, err);
        left--;
    }
    if (status == SQLA_OK)
        status = write_blocks(r, traits->insert_block_rows, traits->insert_block_min, left, err);
    return status == SQLA_OK && arithmetic ? check_keys(r, from, err) : status;
}

static bool only_key_comes_back(const run *r)
{
    const sqla__mapping *mapping = r->pool->mapping;
    return mapping->generated_key >= 0 && r->column_count + 1 == mapping->column_count;
}

static bool has_key_that_may_change(const sqla__mapping *mapping)
{
    bool may = false;
    for (uint32_t i = 0; i < mapping->key_count; i++)
        may = may || sqla__key_may_change(&mapping->columns[mapping->keys[i]]);
    return may;
}

/* How the columns that are not sent come back on roads where rows go one by one. For that the last id serves without arithmetic, unless the
 * driver tells that it does not. */
static sqla_status choose_source(run *r, sqla_error *err)
{
    uint64_t features = sqla__conn_features(r->session->conn);
    bool respelled = (features & SQLA_FEATURE_RETURNING) != 0 && has_key_that_may_change(r->pool->mapping);
    r->source = SQLA_KEY_NONE;
    if (r->column_count == r->pool->mapping->column_count && !respelled)
        return SQLA_OK;
    if (!respelled && only_key_comes_back(r) && (features & SQLA_FEATURE_LAST_ID) &&
        (r->facts & (SQLA_FACT_KEY_ARITHMETIC | SQLA__FACTS_UNTOLD)))
        r->source = SQLA_KEY_LAST_ID;
    else if (features & SQLA_FEATURE_RETURNING)
        r->source = SQLA_KEY_RETURNED;
    else
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "this database cannot give back what it makes for '%s'", r->pool->mapping->model->name);
    r->returning = r->source == SQLA_KEY_RETURNED;
    return SQLA_OK;
}

static sqla_batch_mode insert_road(const run *r, const sqla_traits *traits)
{
    uint64_t features = sqla__conn_features(r->session->conn);
    bool back = r->source != SQLA_KEY_NONE;
    bool ordered = r->source == SQLA_KEY_RETURNED && (features & SQLA_FEATURE_ORDERED_RETURNING) && (r->facts & SQLA_FACT_RETURNING);
    if (!sqla__conn_can_batch(r->session->conn) || !(r->facts & SQLA_FACT_EXACT_INSERT) || r->column_count == 0)
        return SQLA_BATCH_EACH;
    if (traits->insert_columns != NULL && r->count >= traits->columns_min && (!back || ordered))
        return SQLA_BATCH_COLUMNS;
    if (traits->insert_block != NULL && r->count >= traits->insert_block_min && (!back || ordered || r->source == SQLA_KEY_LAST_ID))
        return SQLA_BATCH_BLOCK;
    return SQLA_BATCH_EACH;
}

static bool is_to_be_written(const sqla__object *object)
{
    return (object->flags & (SQLA__FLAG_QUEUED | SQLA__FLAG_DOOMED)) != 0 || sqla__object_dirty(object);
}

/* The database took the key, so whoever has it in this session is an object whose row is gone: deleted by somebody else. Unless
 * it is to be written itself, it leaves its place. */
static sqla_status make_way(sqla_session *s, sqla__pool *pool, sqla__object *before, const char *verb, sqla_error *err)
{
    if (is_to_be_written(before))
        return sqla__error_set(
            err, SQLA_ERR_UNIQUE, "'%s' was %s a key that another object of this session has", pool->mapping->model->name, verb);
    return sqla__object_lose(s, before, err);
}

/* The row is there: the object is persistent, and the session owns its texts. */
static bool texts_are_own(const sqla__mapping *mapping, const void *row, const void *snapshot)
{
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if (mapping->columns[i].is_pointer && memcmp((const char *)row + mapping->columns[i].slot.offset,
                                                     (const char *)snapshot + mapping->columns[i].slot.offset, sizeof(void *)) != 0)
            return false;
    return !mapping->converts;
}

/* Texts, and what fields with conversions point at, become the object's own. */
static sqla_status settle(sqla__object *object, sqla_error *err)
{
    sqla_status status = sqla__object_load(object, 0, err);
    return status == SQLA_OK && !sqla__object_settle(object, false) ? sqla__error_nomem(err) : status;
}

static void set_bit(uint64_t *bits, uint32_t i) { bits[i / 64] |= UINT64_C(1) << (i % 64); }

static size_t made_size(const sqla__mapping *mapping) { return (mapping->column_count + mapping->relation_count + 63) / 64 * sizeof(uint64_t); }

/* The program gave the key and no pointer. */
static bool follows_key(const sqla__edge *edge)
{
    return edge->parent.kind == SQLA__PARENT_KEY || edge->given;
}

/* What a row has that the program did not give: columns that were not sent, foreign keys that the flush filled in, and pointers that will
 * follow a key. NULL: nothing but what is never sent. */
static const uint64_t *made_by_flush(const run *r, const sqla__item *item)
{
    const sqla__mapping *mapping = r->pool->mapping;
    bool any = false;
    for (uint32_t i = 0; i < mapping->foreign_key_count && item->edges != NULL; i++)
        any = any || item->edges[i].filled || follows_key(&item->edges[i]);
    if (!any)
        return r->unsent;
    if (r->unsent != NULL)
        memcpy(r->made, r->unsent, made_size(mapping));
    else
        memset(r->made, 0, made_size(mapping));
    for (uint32_t i = 0; i < mapping->foreign_key_count; i++) {
        const sqla__foreign_key *key = &mapping->foreign_keys[i];
        if (item->edges[i].filled)
            set_bit(r->made, key->column);
        if (follows_key(&item->edges[i]) && key->pointer != NULL)
            set_bit(r->made, mapping->column_count + key->pointer->index);
    }
    return r->made;
}

static sqla_status finish_insert(const run *r, const sqla__item *item, sqla_error *err)
{
    sqla_session *s = r->session;
    sqla__object *object = item->object;
    sqla__pool *pool = r->pool;
    void *row = sqla__struct_of(object), *snapshot = (char *)row + pool->snapshot;
    sqla__object *before = sqla__identity_find(pool, row);
    sqla_status status = before != NULL ? make_way(s, pool, before, "inserted with", err) : SQLA_OK;
    if (!sqla__undo_record_insert(s, object, made_by_flush(r, item)))
        return sqla__error_nomem(err);
    if (texts_are_own(pool->mapping, row, snapshot))
        memcpy(snapshot, row, pool->mapping->size);
    else if (settle(object, err) != SQLA_OK)
        return err->status;
    object->state = SQLA_PERSISTENT;
    object->epoch = s->clock;
    if (status != SQLA_OK)
        return status;
    return sqla__identity_put(pool, object) ? SQLA_OK : sqla__error_nomem(err);
}

static sqla_status insert_chunk(run *r, sqla_batch_mode road, const sqla_traits *traits, size_t n, sqla_error *err)
{
    switch (road) {
    case SQLA_BATCH_BLOCK: return insert_blocks(r, traits, n, err);
    case SQLA_BATCH_COLUMNS: return write_rows(r, SQLA_BATCH_COLUMNS, 1, n, err);
    case SQLA_BATCH_EACH: break;
    }
    return write_each(r, n, err);
}

/* How many rows are next: whole blocks of them, behind the first row where that goes alone. */
static size_t chunk_of(const run *r, sqla_batch_mode road, const sqla_traits *traits)
{
    if (road == SQLA_BATCH_COLUMNS)
        return columns_limit(traits);
    size_t block = road == SQLA_BATCH_BLOCK ? block_limit(r, traits->insert_block_rows) : 1;
    size_t rows = block >= CHUNK ? block : block > 0 ? CHUNK / block * block : CHUNK;
    return rows + (road == SQLA_BATCH_BLOCK && r->done == 0 && keys_follow(r));
}

static sqla_status insert_run(run *r, sqla_error *err)
{
    const sqla_traits *traits = sqla__conn_traits(r->session->conn);
    sqla_status status = choose_source(r, err);
    if (status != SQLA_OK || !sqla__identity_reserve(r->pool, r->count))
        return status != SQLA_OK ? status : sqla__error_nomem(err);
    sqla_batch_mode road = insert_road(r, traits);
    while (r->done < r->count && status == SQLA_OK) {
        size_t from = r->done, chunk = chunk_of(r, road, traits), n = r->count - from < chunk ? r->count - from : chunk;
        status = insert_chunk(r, road, traits, n, err);
        for (size_t i = from; i < r->done; i++) { /* also after a failure: these rows were written */
            sqla_status finished = finish_insert(r, &r->items[i], err);
            if (status == SQLA_OK)
                status = finished;
        }
    }
    return status;
}

/* Which columns of this object are sent. Returns their number. */
static uint32_t sent_columns(const sqla__mapping *mapping, const sqla__object *object, uint32_t *columns)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        if (column->sent == SQLA__SENT_ALWAYS || (column->sent == SQLA__SENT_WHEN_SET && !sqla__field_is_null(&column->slot, sqla__struct_of(object))))
            columns[n++] = i;
    }
    return n;
}

static uint32_t changed_columns(const sqla__mapping *mapping, const sqla__object *object, uint32_t *columns)
{
    uint32_t n = 0;
    const void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if (!sqla__column_equal(&mapping->columns[i], row, snapshot))
            columns[n++] = i;
    return n;
}

typedef uint32_t columns_fn(const sqla__mapping *, const sqla__object *, uint32_t *);

/* How many objects from the i-th on have the same columns as it. `columns` becomes its columns, `room` is for the others. */
static size_t stretch(const sqla__mapping *mapping, columns_fn *which, const sqla__item *items, size_t i, size_t n, uint32_t *columns,
                      uint32_t *room, uint32_t *ret_count)
{
    size_t end = i + 1;
    *ret_count = which(mapping, items[i].object, columns);
    for (; end < n; end++)
        if (which(mapping, items[end].object, room) != *ret_count || memcmp(columns, room, *ret_count * sizeof *columns) != 0)
            break;
    return end - i;
}

static bool shape_varies(const sqla__mapping *mapping)
{
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if (mapping->columns[i].sent == SQLA__SENT_WHEN_SET)
            return true;
    return false;
}

/* The columns that may be sent and are not. */
static void mark_unsent(const sqla__mapping *mapping, const uint32_t *sent, uint32_t count, uint64_t *bits)
{
    memset(bits, 0, made_size(mapping));
    for (uint32_t i = 0, k = 0; i < mapping->column_count; i++) {
        if (k < count && sent[k] == i)
            k++;
        else
            set_bit(bits, i);
    }
}

sqla_status sqla__persist_insert(sqla_session *s, sqla__pool *pool, const sqla__item *items, size_t n, sqla_error *err)
{
    const sqla__mapping *mapping = pool->mapping;
    uint32_t *columns = sqla__arena_take(&s->flush_arena, 2 * mapping->column_count * sizeof *columns), count = 0;
    uint64_t *bits = sqla__arena_take(&s->flush_arena, 2 * made_size(mapping)), facts = 0;
    if (columns == NULL || bits == NULL)
        return sqla__error_nomem(err);
    sqla_status status = sqla__conn_table_facts(s->conn, mapping->table->schema, mapping->table->name, &facts, err);
    bool varies = shape_varies(mapping);
    for (size_t i = 0; i < n && status == SQLA_OK;) {
        size_t length = n - i;
        if (varies)
            length = stretch(mapping, sent_columns, items, i, n, columns, columns + mapping->column_count, &count);
        else
            count = sent_columns(mapping, items[i].object, columns);
        if (varies)
            mark_unsent(mapping, columns, count, bits);
        run r = { .session = s, .pool = pool, .items = items + i, .count = length, .columns = columns, .column_count = count,
                  .verb = SQLA__INSERT, .facts = facts, .unsent = varies ? bits : NULL, .made = bits + made_size(mapping) / sizeof *bits };
        status = insert_run(&r, err);
        i += length;
    }
    return status;
}

/* ---- update ------------------------------------------------------------------------------------------------------- */

static sqla_status write_by_size(run *r, const char *columns_road, const char *block_road, uint32_t block, uint32_t block_min, sqla_error *err)
{
    const sqla_traits *traits = sqla__conn_traits(r->session->conn);
    /* On the other roads a key would be compared with a run of texts, and no longer as its column compares.
     */
    bool batch = sqla__conn_can_batch(r->session->conn) && !has_key_that_may_change(r->pool->mapping);
    sqla_status status = SQLA_OK;
    if (batch && columns_road != NULL && r->count >= traits->columns_min) {
        while (r->done < r->count && status == SQLA_OK) {
            size_t left = r->count - r->done;
            status = write_rows(r, SQLA_BATCH_COLUMNS, 1, left < columns_limit(traits) ? left : columns_limit(traits), err);
        }
        return status;
    }
    return batch && block_road != NULL ? write_blocks(r, block, block_min, r->count, err) : write_each(r, r->count, err);
}

bool sqla__key_changed(const sqla__object *object)
{
    const sqla__mapping *mapping = sqla__mapping_of(object);
    for (uint32_t i = 0; i < mapping->key_count; i++)
        if (!sqla__field_equal(&mapping->columns[mapping->keys[i]].slot, sqla__struct_of(object), sqla__snapshot_of(object)))
            return true;
    return false;
}

static bool has_keys(const sqla__mapping *mapping, const uint32_t *columns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (mapping->columns[columns[i]].is_key)
            return true;
    return false;
}

/* The second half of an insert, which sets the keys that had to wait: the record of the insert is enough. */
static bool closes_circle(const sqla__item *item)
{
    const sqla__mapping *mapping = sqla__mapping_of(item->object);
    bool later = false;
    for (uint32_t i = 0; i < mapping->foreign_key_count && item->edges != NULL; i++)
        later = later || item->edges[i].later;
    return later && !(item->object->flags & SQLA__FLAG_DOOMED);
}

static sqla_status finish_update(sqla_session *s, sqla__pool *pool, const sqla__item *item, sqla_error *err)
{
    sqla__object *object = item->object;
    bool moved = sqla__key_changed(object);
    if (!closes_circle(item) && !sqla__undo_record(s, object, SQLA__UNDO_UPDATE))
        return sqla__error_nomem(err);
    if (settle(object, err) != SQLA_OK)
        return err->status;
    sqla__object *before = moved ? sqla__identity_find(pool, sqla__struct_of(object)) : NULL;
    sqla_status status = before != NULL ? make_way(s, pool, before, "given", err) : SQLA_OK;
    if (status == SQLA_OK && moved && !sqla__identity_put(pool, object))
        status = sqla__error_nomem(err);
    return status;
}

sqla_status sqla__persist_update(sqla_session *s, sqla__pool *pool, const sqla__item *items, size_t n, sqla_error *err)
{
    const sqla__mapping *mapping = pool->mapping;
    const sqla_traits *traits = sqla__conn_traits(s->conn);
    uint32_t *columns = sqla__arena_take(&s->flush_arena, 2 * mapping->column_count * sizeof *columns), count = 0;
    sqla_status status = columns != NULL ? SQLA_OK : sqla__error_nomem(err);
    for (size_t i = 0; i < n && status == SQLA_OK;) {
        size_t length = stretch(mapping, changed_columns, items, i, n, columns, columns + mapping->column_count, &count);
        run r = { .session = s, .pool = pool, .items = items + i, .count = length, .columns = columns, .column_count = count, .verb = SQLA__UPDATE };
        bool moves = has_keys(mapping, columns, count); /* in this order, and one by one */
        if (moves)
            status = write_each(&r, length, err);
        else if (count > 0)
            status = write_by_size(&r, traits->update_columns, traits->update_block, traits->update_block_rows, traits->update_block_min, err);
        size_t done = count > 0 ? r.done : length;
        for (size_t k = 0; moves && k < done; k++) /* one may have got the key that another one has left */
            if (sqla__key_changed(items[i + k].object))
                sqla__identity_remove(pool, items[i + k].object);
        for (size_t k = 0; k < done; k++) {
            sqla_status finished = finish_update(s, pool, &items[i + k], err);
            if (status == SQLA_OK)
                status = finished;
        }
        i += length;
    }
    return status;
}

/* ---- delete ------------------------------------------------------------------------------------------------------- */

sqla_status sqla__persist_delete(sqla_session *s, sqla__pool *pool, const sqla__item *items, size_t n, sqla_error *err)
{
    const sqla_traits *traits = sqla__conn_traits(s->conn);
    run r = { .session = s, .pool = pool, .items = items, .count = n, .verb = SQLA__DELETE };
    sqla_status status = write_by_size(&r, sqla__crud_delete_template(pool->mapping, traits, SQLA_BATCH_COLUMNS),
                                       sqla__crud_delete_template(pool->mapping, traits, SQLA_BATCH_BLOCK), traits->delete_block_rows,
                                       traits->delete_block_min, err);
    for (size_t i = 0; i < r.done; i++) {
        sqla__object *object = items[i].object;
        if (!sqla__undo_record(s, object, SQLA__UNDO_DELETE))
            return sqla__error_nomem(err);
        sqla__identity_remove(pool, object);
        object->state = SQLA_DELETED;
    }
    return status;
}
