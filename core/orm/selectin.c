/* selectin.c: relations of many objects by one query: SELECT ... WHERE key IN (...), 500 keys at a time.
 *
 * Lists are filled up to a few fixed lengths by naming the last key again, so that few statements are ever prepared. */
#include <config.h>
#include "orm/loader.h"

#include <string.h>

#include "orm/field.h"
#include "orm/identity.h"
#include "orm/texts.h"

static const uint32_t list_lengths[] = { 1, 10, 100, 500 };
enum { LONGEST_LIST = 500 };

/* An index of rows by the value of one column. */
typedef struct row_index { sqla__hash hash; sqla__arena arena; } row_index;

/* The bytes that stand for a value: texts as they are, everything else as it lies in the value. */
static const void *value_key(const sqla_value *value, size_t *ret_size)
{
    switch ((sqla_type)value->type) {
    case SQLA_TEXT: case SQLA_BLOB: case SQLA_DECIMAL: case SQLA_JSON:
        *ret_size = value->as.bytes.size;
        return value->as.bytes.data;
    case SQLA_UUID: case SQLA_INTERVAL:
        *ret_size = sizeof value->as.uuid;
        return &value->as;
    case SQLA_NULL: case SQLA_BOOL: case SQLA_INT16: case SQLA_INT32: case SQLA_INT64: case SQLA_FLOAT32: case SQLA_FLOAT64: case SQLA_DATE:
    case SQLA_TIME: case SQLA_TIMESTAMP: case SQLA_LOCAL_TIMESTAMP: case SQLA_ENUM_TYPE: case SQLA_ARRAY: case SQLA_TYPE_COUNT_:
        break;
    }
    *ret_size = sizeof value->as.i64;
    return &value->as;
}

static bool index_put(row_index *index, sqla_value value, void *row)
{
    size_t size;
    const void *key = value_key(&value, &size);
    const void *kept = sqla__arena_copy(&index->arena, key, size);
    return kept != NULL && sqla__hash_put(&index->hash, kept, size, row);
}

static void *index_get(const row_index *index, sqla_value value)
{
    size_t size;
    const void *key = value_key(&value, &size);
    return sqla__hash_get(&index->hash, key, size);
}

static void index_release(row_index *index)
{
    sqla__hash_release(&index->hash);
    sqla__arena_release(&index->arena);
}

static uint32_t list_length(size_t n)
{
    for (size_t i = 0; i < sizeof list_lengths / sizeof list_lengths[0]; i++)
        if (n <= list_lengths[i])
            return list_lengths[i];
    return LONGEST_LIST;
}

/* Load the rows of mapping whose column is one of n values (at most LONGEST_LIST). */
static sqla_status select_list(sqla_session *s, const sqla__mapping *mapping, uint32_t column, const sqla_value *values, size_t n, sqla__rows *out,
                               sqla_error *err)
{
    sqla_value list[LONGEST_LIST];
    uint32_t length = list_length(n);
    for (uint32_t i = 0; i < length; i++)
        list[i] = values[i < n ? i : n - 1];
    sqla__shape shape = { mapping, SQLA__SELECT_IN, SQLA_BATCH_EACH, length, false, &column, 1 };
    const sqla__text *text = sqla__text_for(s->maker, &shape, err);
    if (text == NULL || sqla__session_begin(s, err) != SQLA_OK)
        return err->status;
    sqla__request request = { text->text, text->length, &text->plan, list, true, false, 0 };
    sqla__result *result = NULL;
    sqla_status status = sqla__conn_run(s->conn, &request, &result, NULL, err);
    if (status != SQLA_OK)
        return status;
    return sqla__load_result(s, sqla__session_pool_of(s, mapping), result, &mapping->plan, out, err);
}

static sqla_status select_lists(sqla_session *s, const sqla__mapping *mapping, uint32_t column, const sqla_value *values, size_t n, sqla__rows *out,
                                sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t at = 0; at < n && status == SQLA_OK; at += LONGEST_LIST)
        status = select_list(s, mapping, column, values + at, n - at < LONGEST_LIST ? n - at : LONGEST_LIST, out, err);
    return status;
}

/* An enum travels as its label. */
static sqla_value column_value(const sqla__mapping *mapping, uint32_t column, const void *row)
{
    const sqla_slot *slot = &mapping->columns[column].slot;
    sqla_value value = sqla__field_value(slot, row);
    if (value.type == SQLA_ENUM_TYPE && value.as.i64 >= 0 && value.as.i64 < (int64_t)slot->label_count)
        value = sqla_value_text(slot->labels[value.as.i64]);
    return value;
}

/* ---- to many ------------------------------------------------------------------------------------------------------ */

static sqla_status attach(const sqla__relation *relation, void *owner, void *child, sqla_error *err)
{
    sqla__object *object = sqla__object_of(child);
    const sqla__link *link = sqla__link_of(object, relation->key_column);
    if (link != NULL && link->parent != sqla__object_of(owner))
        return SQLA_OK; /* it has moved elsewhere since, which is not flushed yet */
    uint8_t flags = sqla__object_of(owner)->flags;
    if (!sqla__collection_push(sqla__object_of(owner), relation, child))
        return sqla__error_nomem(err);
    sqla__object_of(owner)->flags = flags; /* to load is not to change */
    const sqla__relation *inverse = relation->inverse;
    if (inverse != NULL && sqla__pointer_at(inverse, child) == sqla__pointer_at(inverse, sqla__snapshot_of(object))) {
        sqla__pointer_set(inverse, child, owner);
        sqla__pointer_set(inverse, sqla__snapshot_of(object), owner);
    }
    return SQLA_OK;
}

static bool is_loaded(sqla_session *s, const sqla__relation *relation, void *owner)
{
    return sqla__collection_at(relation, owner)->loaded && sqla__object_of(owner)->epoch == s->epoch;
}

/* Find the owners whose children are wanted, by the value that the children name. Their collections are empty from here on. */
static sqla_status find_owners(sqla_session *s, const sqla__relation *relation, void *const *rows, size_t n, row_index *owners,
                               sqla_value *values, size_t *wanted, sqla_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (sqla__object_of(rows[i])->state != SQLA_PERSISTENT || is_loaded(s, relation, rows[i]))
            continue;
        sqla_value value = column_value(relation->owner, relation->referenced_column, rows[i]);
        if (value.type == SQLA_NULL || index_get(owners, value) != NULL)
            continue;
        if (!index_put(owners, value, rows[i]))
            return sqla__error_nomem(err);
        values[(*wanted)++] = value;
        sqla__collection *collection = sqla__collection_at(relation, rows[i]);
        collection->count = 0;
        collection->loaded = true;
    }
    return SQLA_OK;
}

/* A load that fails leaves no collection that looks as if it were whole. */
static sqla_status load_to_many(sqla_session *s, const sqla__relation *relation, void *const *rows, size_t n, row_index *owners, sqla__rows *found,
                                sqla_error *err)
{
    sqla_value *values = sqla__arena_take(&owners->arena, n * sizeof *values + 1);
    size_t wanted = 0;
    if (values == NULL)
        return sqla__error_nomem(err);
    sqla_status status = find_owners(s, relation, rows, n, owners, values, &wanted, err);
    if (status == SQLA_OK)
        status = select_lists(s, relation->target, relation->key_column, values, wanted, found, err);
    for (size_t i = 0; i < found->count && status == SQLA_OK; i++) {
        void *owner = index_get(owners, column_value(relation->target, relation->key_column, found->items[i]));
        if (owner != NULL)
            status = attach(relation, owner, found->items[i], err);
    }
    if (status != SQLA_OK)
        for (size_t i = 0; i < n; i++)
            sqla__collection_at(relation, rows[i])->loaded = false;
    return status;
}

/* ---- to one ------------------------------------------------------------------------------------------------------- */

static void point(const sqla__relation *relation, void *row, void *target)
{
    void *snapshot = sqla__snapshot_of(sqla__object_of(row));
    if (sqla__pointer_at(relation, row) != sqla__pointer_at(relation, snapshot))
        return; /* assigned since, and not flushed yet */
    sqla__pointer_set(relation, row, target);
    sqla__pointer_set(relation, snapshot, target);
}

static sqla_status load_to_one(sqla_session *s, const sqla__relation *relation, void *const *rows, size_t n, row_index *targets, sqla__rows *found,
                               sqla_error *err)
{
    sqla_value *values = sqla__arena_take(&targets->arena, n * sizeof *values + 1);
    size_t wanted = 0;
    row_index asked = { 0 };
    if (values == NULL)
        return sqla__error_nomem(err);
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < n && status == SQLA_OK; i++) {
        sqla_value value = column_value(relation->owner, relation->key_column, rows[i]);
        if (value.type == SQLA_NULL || index_get(&asked, value) != NULL)
            continue;
        status = index_put(&asked, value, rows[i]) ? SQLA_OK : sqla__error_nomem(err);
        values[wanted++] = value;
    }
    index_release(&asked);
    if (status == SQLA_OK)
        status = select_lists(s, relation->target, relation->referenced_column, values, wanted, found, err);
    for (size_t i = 0; i < found->count && status == SQLA_OK; i++)
        if (!index_put(targets, column_value(relation->target, relation->referenced_column, found->items[i]), found->items[i]))
            status = sqla__error_nomem(err);
    for (size_t i = 0; i < n && status == SQLA_OK; i++) {
        sqla_value value = column_value(relation->owner, relation->key_column, rows[i]);
        point(relation, rows[i], value.type == SQLA_NULL ? NULL : index_get(targets, value));
    }
    return status;
}

sqla_status sqla__load_relation(sqla_session *s, const sqla__relation *relation, void *const *rows, size_t n, sqla_error *err)
{
    row_index index = { 0 };
    sqla__rows found = { 0 };
    sqla_status status = relation->to_many ? load_to_many(s, relation, rows, n, &index, &found, err)
                                           : load_to_one(s, relation, rows, n, &index, &found, err);
    sqla__vec_release(&found);
    index_release(&index);
    return status;
}
