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
#include "orm/parent.h"
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

/* The foreign keys, a bit each, that are others in the row that was read. Those beyond the last bit count as changed. */
enum { KEY_WORDS = 8 };
static void find_moved(const sqla__mapping *mapping, const void *snapshot, const void *from, uint64_t *moved)
{
    for (uint32_t i = 0; i < mapping->foreign_key_count && i < KEY_WORDS * 64; i++)
        if (!sqla__field_equal(&mapping->columns[mapping->foreign_keys[i].column].slot, snapshot, from))
            moved[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Where the row has another parent now the pointer goes with it, unless the program has assigned it. */
static bool follow_keys(sqla_session *s, sqla__object *object, const uint64_t *moved)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    const void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    for (uint32_t i = 0; i < mapping->relation_count; i++) {
        const sqla__relation *relation = &mapping->relations[i];
        uint32_t key = relation->key->index;
        if (relation->to_many || (key < KEY_WORDS * 64 && (moved[key / 64] >> (key % 64) & 1) == 0) ||
            sqla__pointer_at(relation, row) != sqla__pointer_at(relation, snapshot) ||
            sqla__link_of(object, relation->key) != NULL)
            continue;
        sqla__object *parent = sqla__find_parent(s, relation->key, snapshot);
        if (!sqla__undo_point(s, object, relation, parent != NULL ? sqla__struct_of(parent) : NULL))
            return false;
    }
    return true;
}

/* Columns that the program has changed keep their change; the snapshot is what the database has. *ret_kept: a field with a conversion
 * was kept. false: out of memory. */
static bool refill_columns(sqla_session *s, const sqla__mapping *mapping, sqla__object *object, const void *from, bool *ret_kept)
{
    void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        if (sqla__column_equal(column, row, snapshot))
            sqla__column_copy(column, row, from);
        else if (!keep_change(s, &column->slot, row))
            return false;
        else
            *ret_kept = *ret_kept || column->item->conversion != NULL;
        sqla__column_copy(column, snapshot, from);
    }
    return true;
}

static sqla_status refill(sqla_session *s, sqla__pool *pool, sqla__object *object, sqla__object *fresh)
{
    const sqla__mapping *mapping = pool->mapping;
    bool kept = false;
    uint64_t moved[KEY_WORDS] = { 0 };
    find_moved(mapping, sqla__snapshot_of(object), sqla__struct_of(fresh), moved);
    if ((sqla__undo_covers_reads(s) && !sqla__undo_record(s, object, SQLA__UNDO_UPDATE)) ||
        !refill_columns(s, mapping, object, sqla__struct_of(fresh), &kept))
        return SQLA_ERR_NOMEM;
    sqla__piece *fields = sqla__pieces_take(fresh);
    if (kept)
        sqla__pieces_join(object, fields);
    else
        sqla__pieces_set(object, fields);
    sqla__object_set_texts(object, fresh->texts, fresh->flags & SQLA__FLAG_LARGE_TEXTS, false);
    sqla__object_set_texts(fresh, NULL, false, true);
    object->epoch = s->clock;
    return follow_keys(s, object, moved) ? SQLA_OK : SQLA_ERR_NOMEM;
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
        fresh->epoch = s->clock;
        return fresh;
    }
    if (known == NULL || (!sqla__object_fresh(s, known) && refill(s, pool, known, fresh) != SQLA_OK))
        return NULL;
    sqla__pool_give(pool, fresh);
    return known;
}

/* Fields with conversions are loaded for a row that will be looked at: one of an object that is fresh already is not. */
static sqla_status load_fields(sqla_session *s, sqla__pool *pool, sqla__object *fresh, int64_t number, sqla_error *err)
{
    const sqla__object *known = pool->mapping->converts ? sqla__identity_find(pool, sqla__struct_of(fresh)) : NULL;
    return known == NULL || !sqla__object_fresh(s, known) ? sqla__object_load(fresh, number, err) : SQLA_OK;
}

static sqla_status fetch_some(sqla_session *s, sqla__pool *pool, sqla__result *result, const sqla_plan *plan, size_t wanted, sqla__rows *out,
                              bool *ret_end, sqla_error *err)
{
    void *rows[FETCH];
    cell_arena arena = { { take_texts }, s };
    size_t taken = take_cells(pool, rows, wanted), n = 0, i = 0;
    sqla_status status = SQLA_ERR_NOMEM;
    if (taken == wanted && sqla__identity_reserve(pool, wanted) && (out == NULL || sqla__vec_reserve(out, out->count + wanted)))
        status = sqla__result_fetch_guarded(
            result, plan, rows, wanted, pool->snapshot, &arena.base, &n, ret_end, err);
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
    sqla__request request = { text->text, text->length, &text->plan, row, true, false, 0, false, false };
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

/* A rollback puts the object back as it was, also when the program has changed and added it again by then: what it holds meanwhile
 * is a copy. */
static bool record_gone(sqla_session *s, sqla__object *object)
{
    return sqla__undo_record(s, object, SQLA__UNDO_DELETE) && sqla__undo_record(s, object, SQLA__UNDO_UPDATE) &&
           sqla__object_settle(object, false);
}

/* The row of an object is gone, and with it what an append or a remove had said of it. Where this transaction may have deleted the
 * row, a rollback brings it back. */
static sqla_status forget(sqla_session *s, sqla__object *object, sqla_error *err)
{
    if (sqla__undo_covers_reads(s) && !record_gone(s, object))
        return sqla__error_nomem(err);
    sqla__links_drop(s, object);
    sqla__identity_remove(sqla__pool_of(object), object);
    object->state = SQLA_TRANSIENT;
    return SQLA_OK;
}

sqla_status sqla__load_again(sqla_session *s, sqla__object *object, sqla_error *err)
{
    void *ignored;
    return select_by_key(s, sqla__pool_of(object), sqla__snapshot_of(object), &ignored, err);
}

static sqla_status get(sqla_session *s, const sqla_model *model, const sqla_value *key, size_t n, void **ret_row, sqla_error *err)
{
    sqla_status status = sqla__session_ready(s, err);
    if (status != SQLA_OK)
        return status;
    sqla__pool *pool = sqla__session_pool(s, model);
    if (pool == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "model '%s' is not in the session's metadata", model != NULL ? model->name : "?");
    void *scratch = sqla__pool_scratch(pool);
    if (scratch == NULL)
        return sqla__error_nomem(err);
    status = set_key(pool, scratch, key, n, err);
    sqla__object *known = status == SQLA_OK ? sqla__identity_find(pool, scratch) : NULL;
    if (status == SQLA_OK && known == NULL && pool->has_pending) { /* it may be one that was added */
        status = sqla__autoflush(s, "get", err);
        if (status == SQLA_OK)
            status = set_key(pool, scratch, key, n, err); /* the flush has used the same struct */
        known = status == SQLA_OK ? sqla__identity_find(pool, scratch) : NULL;
    }
    if (status != SQLA_OK)
        return status;
    if (known != NULL && sqla__object_fresh(s, known)) {
        *ret_row = sqla__struct_of(known);
        return SQLA_OK;
    }
    status = select_by_key(s, pool, scratch, ret_row, err);
    /* The row may have come under another spelling of the key, as another object. */
    bool gone = known != NULL && (*ret_row == NULL || sqla__object_of(*ret_row) != known);
    return status == SQLA_OK && gone ? forget(s, known, err) : status;
}

void *sqla_get_(sqla_session *s, const sqla_model *model, const sqla_value *key, size_t n, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    void *row = NULL;
    sqla_status status = sqla__session_enter_told(s, &local);
    if (status == SQLA_OK) {
        status = get(s, model, key, n, &row, &local);
        sqla__session_leave(s);
    }
    sqla__error_give(err, &local, status);
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
    void *found = NULL;
    sqla__object_revert(object); /* changes that were not flushed are dropped */
    sqla__links_drop(s, object);
    sqla__collections_unload(object);
    object->epoch = 0;
    status = select_by_key(s, sqla__pool_of(object), row, &found, err);
    if (status == SQLA_OK && found != row)
        status = forget(s, object, err);
    if (status != SQLA_OK || found == row)
        return status;
    sqla__error_set(err, SQLA_ERR_NOT_FOUND, "cannot refresh '%s': its row is gone",
        sqla__pool_of(object)->mapping->model->name);
    if (found != NULL)
        sqla__error_hint(err, "there is one whose key the database takes for equal, though it is spelled "
                              "differently: sqla_get finds it");
    return err->status;
}

sqla_status sqla_refresh(sqla_session *s, void *row, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = sqla__session_enter_told(s, &local);
    if (status == SQLA_OK) {
        status = refresh(s, row, &local);
        sqla__session_leave(s);
    }
    return sqla__error_give(err, &local, status);
}
