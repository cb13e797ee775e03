/* loader.c: from rows to objects: results, get, refresh. Relations are loaded in selectin.c.
 *
 * A fetch writes straight into free cells. A row whose key is in the identity map already gives its cell back. */
#include <config.h>
#include "orm/loader.h"

#include <string.h>

#include "base/mem.h"
#include "orm/converted.h"
#include "orm/field.h"
#include "orm/identity.h"
#include "orm/texts.h"

enum { FIRST_FETCH = 16, FETCH = 256 };

/* ---- cells for a fetch ------------------------------------------------------------------------------------------- */

typedef struct cell_arena { sqla_row_arena base; sqla_session *session; } cell_arena;

static void *take_texts(sqla_row_arena *arena, void *row, size_t size)
{
    bool large;
    void *block = sqla__text_take(&((cell_arena *)arena)->session->texts, size, &large);
    if (block != NULL)
        sqla__object_set_texts(sqla__object_of(row), block, large, false);
    return block;
}

static size_t take_cells(sqla__pool *pool, void **rows, size_t wanted)
{
    size_t n = 0;
    for (; n < wanted; n++) {
        sqla__object *object = sqla__pool_take(pool);
        if (object == NULL)
            break;
        rows[n] = sqla__struct_of(object);
    }
    return n;
}

static void give_cells(sqla__pool *pool, void **rows, size_t from, size_t to)
{
    while (to > from)
        sqla__pool_give(pool, sqla__object_of(rows[--to]));
}

/* A struct for looking keys up with; NULL: out of memory. */
static void *scratch_of(sqla__pool *pool)
{
    if (pool->scratch == NULL)
        pool->scratch = sqla__alloc_zero(1, pool->mapping->size);
    return pool->scratch;
}

/* ---- a row that is known ------------------------------------------------------------------------------------------ */

/* A change that was not flushed stays; its text may lie in the block that goes, so it is copied. (What a field with a conversion points
 * at stays with the object.) */
static bool keep_change(sqla_session *s, const sqla_slot *slot, void *row)
{
    if (slot->rep == SQLA_REP_VALUE || slot->rep == SQLA_REP_FIXED || slot->rep == SQLA_REP_CHARS || sqla__field_is_null(slot, row))
        return true;
    sqla_value value = sqla__field_value(slot, row);
    sqla_error ignored;
    sqla__error_init(&ignored);
    value.as.bytes.data = sqla__arena_copy(&s->lent, value.as.bytes.data, value.as.bytes.size);
    return value.as.bytes.data != NULL && sqla__field_set(slot, row, value, &ignored) == SQLA_OK;
}

static void follow_key(sqla_session *s, const sqla__relation *relation, sqla__object *object)
{
    void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object), *to = NULL;
    sqla__pool *pool = sqla__session_pool_of(s, relation->target);
    const sqla__mapped_column *key = &relation->owner->columns[relation->key_column], *referenced = &relation->target->columns[relation->referenced_column];
    if (scratch_of(pool) != NULL && relation->target->key_count == 1 && referenced->is_key &&
        sqla__field_assign(&referenced->slot, pool->scratch, &key->slot, row)) {
        sqla__object *target = sqla__field_is_null(&key->slot, row) ? NULL : sqla__identity_find(pool, pool->scratch);
        to = target != NULL ? sqla__struct_of(target) : NULL;
    }
    sqla__pointer_set(relation, row, to);
    sqla__pointer_set(relation, snapshot, to);
}

static sqla_status refill(sqla_session *s, sqla__pool *pool, sqla__object *object, sqla__object *fresh)
{
    const sqla__mapping *mapping = pool->mapping;
    char *row = sqla__struct_of(object), *snapshot = row + pool->snapshot, *from = sqla__struct_of(fresh);
    bool kept = false; /* a field with a conversion as it was */
    uint64_t moved[8] = { 0 }; /* relations whose key is another one now; more of them are simply followed each time */
    for (uint32_t i = 0; i < mapping->relation_count; i++) {
        const sqla__relation *relation = &mapping->relations[i];
        if (!relation->to_many && !sqla__field_equal(&mapping->columns[relation->key_column].slot, snapshot, from))
            moved[i / 64 % 8] |= UINT64_C(1) << (i % 64);
    }
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        if (sqla__column_equal(column, row, snapshot))
            sqla__column_copy(column, row, from);
        else if (!keep_change(s, &column->slot, row))
            return SQLA_ERR_NOMEM;
        else
            kept = kept || column->item->conversion != NULL;
        sqla__column_copy(column, snapshot, from);
    }
    sqla__piece *fields = sqla__pieces_take(fresh);
    if (kept)
        sqla__pieces_join(object, fields);
    else
        sqla__pieces_set(object, fields);
    sqla__object_set_texts(object, fresh->texts, fresh->flags & SQLA__FLAG_LARGE_TEXTS, false);
    sqla__object_set_texts(fresh, NULL, false, true);
    sqla__collections_unload(object);
    for (uint32_t i = 0; i < mapping->relation_count; i++) {
        const sqla__relation *relation = &mapping->relations[i];
        if (!relation->to_many && (moved[i / 64 % 8] & UINT64_C(1) << (i % 64)) &&
            sqla__pointer_at(relation, row) == sqla__pointer_at(relation, snapshot))
            follow_key(s, relation, object);
    }
    object->epoch = s->epoch;
    return SQLA_OK;
}

/* ---- a result ---------------------------------------------------------------------------------------------------- */

/* Row `fresh` was fetched: make it an object, or find the one that it is. */
static sqla__object *settle_row(sqla_session *s, sqla__pool *pool, sqla__object *fresh)
{
    void *row = sqla__struct_of(fresh);
    sqla__object *known = sqla__identity_join(pool, fresh);
    if (known == fresh) {
        memcpy((char *)row + pool->snapshot, row, pool->mapping->size);
        fresh->state = SQLA_PERSISTENT;
        fresh->epoch = s->epoch;
        return fresh;
    }
    if (known == NULL || (known->epoch != s->epoch && refill(s, pool, known, fresh) != SQLA_OK))
        return NULL;
    sqla__pool_give(pool, fresh);
    return known;
}

/* Fields with conversions are loaded for a row that will be looked at: one of an object that is fresh already is not. */
static sqla_status load_fields(const sqla_session *s, sqla__pool *pool, sqla__object *fresh, int64_t number, sqla_error *err)
{
    const sqla__object *known = pool->mapping->converts ? sqla__identity_find(pool, sqla__struct_of(fresh)) : NULL;
    return known == NULL || known->epoch != s->epoch ? sqla__object_load(fresh, number, err) : SQLA_OK;
}

static sqla_status fetch_some(sqla_session *s, sqla__pool *pool, sqla__result *result, const sqla_plan *plan, size_t wanted, sqla__rows *out,
                              bool *ret_end, sqla_error *err)
{
    void *rows[FETCH];
    cell_arena arena = { { take_texts }, s };
    size_t taken = take_cells(pool, rows, wanted), n = 0, i = 0;
    sqla_status status = SQLA_ERR_NOMEM;
    if (taken == wanted && sqla__identity_reserve(pool, wanted) && (out == NULL || sqla__vec_reserve(out, out->count + wanted)))
        status = sqla__result_fetch(result, plan, rows, wanted, &arena.base, &n, ret_end, err);
    if (status != SQLA_OK) {
        give_cells(pool, rows, 0, taken);
        return status == SQLA_ERR_NOMEM ? sqla__error_nomem(err) : status;
    }
    for (; i < n; i++) {
        status = load_fields(s, pool, sqla__object_of(rows[i]), sqla__result_fetched(result) - (int64_t)(n - i) + 1, err);
        sqla__object *object = status == SQLA_OK ? settle_row(s, pool, sqla__object_of(rows[i])) : NULL;
        if (object == NULL)
            break;
        if (out != NULL)
            out->items[out->count++] = sqla__struct_of(object);
    }
    give_cells(pool, rows, i, taken);
    return i == n || status != SQLA_OK ? status : sqla__error_nomem(err);
}

/* The vector grows by doubling, whatever is asked for. */
static bool make_room(sqla__rows *out, size_t more)
{
    return out == NULL || out->count + more <= out->capacity || sqla__vec_reserve(out, out->capacity * 2 + more);
}

sqla_status sqla__load_result(sqla_session *s, sqla__pool *pool, sqla__result *result, const sqla_plan *plan, sqla__rows *out, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    bool end = false;
    for (size_t wanted = FIRST_FETCH; status == SQLA_OK && !end; wanted = FETCH)
        status = make_room(out, wanted) ? fetch_some(s, pool, result, plan, wanted, out, &end, err) : sqla__error_nomem(err);
    sqla__result_close(result);
    return status;
}

/* ---- get and refresh --------------------------------------------------------------------------------------------- */

static sqla_status set_key(sqla__pool *pool, void *row, const sqla_value *key, size_t n, sqla_error *err)
{
    const sqla__mapping *mapping = pool->mapping;
    if (key == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no key to get a '%s' by", mapping->model->name);
    if (n != mapping->key_count)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "the key of '%s' has %u columns, and %zu values are given", mapping->model->name,
                               (unsigned)mapping->key_count, n);
    for (size_t i = 0; i < n; i++) {
        sqla_status status = key[i].type == SQLA_NULL ? sqla__error_set(err, SQLA_ERR_MISUSE, "a key of '%s' cannot be NULL", mapping->model->name)
                                                      : sqla__field_set(&mapping->columns[mapping->keys[i]].slot, row, key[i], err);
        if (status != SQLA_OK)
            return status;
    }
    return SQLA_OK;
}

/* SELECT the row whose key lies in `row`; *ret_row: the object's struct, or NULL. */
static sqla_status select_by_key(sqla_session *s, sqla__pool *pool, const void *row, void **ret_row, sqla_error *err)
{
    const sqla__mapping *mapping = pool->mapping;
    sqla__shape shape = { mapping, SQLA__SELECT_BY, SQLA_BATCH_EACH, 1, false, mapping->keys, mapping->key_count };
    const sqla__text *text = sqla__text_for(s->maker, &shape, err);
    if (text == NULL || sqla__session_begin(s, err) != SQLA_OK)
        return err->status;
    sqla__request request = { text->text, text->length, &text->plan, row, true, false, 0 };
    sqla__result *result = NULL;
    sqla_status status = sqla__conn_run(s->conn, &request, &result, NULL, err);
    bool end = false;
    void *found[4];
    sqla__rows rows = { found, 0, 4 };
    if (status == SQLA_OK)
        status = fetch_some(s, pool, result, &mapping->plan, 2, &rows, &end, err);
    sqla__result_close(result);
    *ret_row = status == SQLA_OK && rows.count > 0 ? rows.items[0] : NULL;
    return status;
}

/* The row of an object is gone. */
static void forget(sqla__pool *pool, sqla__object *object)
{
    sqla__identity_remove(pool, object);
    object->state = SQLA_TRANSIENT;
}

static sqla_status get(sqla_session *s, const sqla_model *model, const sqla_value *key, size_t n, void **ret_row, sqla_error *err)
{
    sqla_status status = sqla__session_ready(s, err);
    if (status != SQLA_OK)
        return status;
    sqla__pool *pool = sqla__session_pool(s, model);
    if (pool == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s' is not in the session's metadata", model != NULL ? model->name : "?");
    void *scratch = scratch_of(pool);
    if (scratch == NULL)
        return sqla__error_nomem(err);
    status = set_key(pool, scratch, key, n, err);
    sqla__object *known = status == SQLA_OK ? sqla__identity_find(pool, scratch) : NULL;
    if (status == SQLA_OK && known == NULL && pool->has_pending && !s->options.no_autoflush) { /* it may be one that was added */
        status = sqla__flush(s, err);
        if (status == SQLA_OK)
            status = set_key(pool, scratch, key, n, err); /* the flush has used the same struct */
        known = status == SQLA_OK ? sqla__identity_find(pool, scratch) : NULL;
    }
    if (status != SQLA_OK)
        return status;
    if (known != NULL && known->epoch == s->epoch) {
        *ret_row = sqla__struct_of(known);
        return SQLA_OK;
    }
    status = select_by_key(s, pool, scratch, ret_row, err);
    if (status == SQLA_OK && *ret_row == NULL && known != NULL)
        forget(pool, known);
    return status;
}

void *sqla_get_(sqla_session *s, const sqla_model *model, const sqla_value *key, size_t n, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    void *row = NULL;
    sqla__error_give(err, &local, get(s, model, key, n, &row, &local));
    return row;
}

static sqla_status refresh(sqla_session *s, void *row, sqla_error *err)
{
    sqla_status status = sqla__session_ready(s, err);
    if (status != SQLA_OK)
        return status;
    sqla__object *object = sqla__session_object(s, row);
    if (object == NULL || object->state != SQLA_PERSISTENT)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot refresh: the pointer is not %s", object == NULL ? "an object of this session" : "an object with a row");
    sqla__pool *pool = sqla__pool_of(object);
    void *snapshot = sqla__snapshot_of(object), *found = NULL;
    for (uint32_t i = 0; i < pool->mapping->column_count; i++) /* changes that were not flushed are dropped */
        sqla__column_copy(&pool->mapping->columns[i], row, snapshot);
    object->epoch = 0;
    status = select_by_key(s, pool, row, &found, err);
    if (status != SQLA_OK || found != NULL)
        return status;
    forget(pool, object);
    return sqla__error_set(err, SQLA_ERR_NOT_FOUND, "cannot refresh '%s': its row is gone", pool->mapping->model->name);
}

sqla_status sqla_refresh(sqla_session *s, void *row, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    return sqla__error_give(err, &local, refresh(s, row, &local));
}
