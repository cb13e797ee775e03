/* selectin.c: relations of many objects by one query: SELECT ... WHERE key IN (...), 500 keys at a time.
 *
 * Lists are filled up to a few fixed lengths by naming the last key again, so that few statements are ever prepared. */
#include <config.h>
#include "orm/loader.h"

#include <string.h>

#include "orm/field.h"
#include "orm/parent.h"
#include "orm/spelling.h"
#include "orm/texts.h"

static const uint32_t list_lengths[] = { 1, 10, 100, 500 };
enum { LONGEST_LIST = 500 };

/* An index of rows by the value of one column. */
typedef struct row_index { sqla__hash hash; sqla__arena arena; } row_index;

/* A text is borrowed from an object, which may get another block while the query that asks for it runs: *value has the copy then. */
static bool index_put(row_index *index, sqla_value *value, void *row)
{
    size_t size;
    const void *key = sqla__value_bytes(value, &size);
    const char *kept = sqla__arena_copy(&index->arena, key, size);
    if (kept == NULL || !sqla__hash_put(&index->hash, kept, size, row))
        return false;
    if (key != &value->as)
        value->as.bytes.data = kept;
    return true;
}

static void *index_get(const row_index *index, sqla_value value)
{
    size_t size;
    const void *key = sqla__value_bytes(&value, &size);
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
    sqla__request request = { text->text, text->length, &text->plan, list, true, false, 0, false, false };
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

/* A child that was given away since, and not flushed, is not shown. */
static sqla_status attach(sqla_session *s, const sqla__relation *relation, void *owner, void *child, sqla_error *err)
{
    sqla__object *object = sqla__object_of(child), *parent = sqla__object_of(owner);
    const sqla__foreign_key *key = relation->key;
    if (!sqla__parent_is(s, object, key, parent))
        return SQLA_OK;
    if (!sqla__collection_fill(parent, relation, child))
        return sqla__error_nomem(err);
    if (relation->inverse == NULL || sqla__pointer_assigned(object, key))
        return SQLA_OK;
    return sqla__undo_point(s, object, relation->inverse, owner) ? SQLA_OK : sqla__error_nomem(err);
}

/* Find the owners whose children are wanted, by the value that the children name. Their collections are empty from here on. */
static sqla_status find_owners(const sqla__relation *relation, void *const *rows, size_t n, row_index *owners,
                               sqla_value *values, size_t *wanted, sqla_error *err)
{
    for (size_t i = 0; i < n; i++) {
        sqla__object *owner = sqla__object_of(rows[i]);
        if (owner->state != SQLA_PERSISTENT || sqla__collection_fresh(owner, relation))
            continue;
        sqla_value value = column_value(relation->owner, relation->key->referenced_column, sqla__snapshot_of(owner));
        if (value.type == SQLA_NULL || index_get(owners, value) != NULL)
            continue;
        if (!index_put(owners, &value, rows[i]) || !sqla__collection_begin(owner, relation))
            return sqla__error_nomem(err);
        values[(*wanted)++] = value;
    }
    return SQLA_OK;
}

/* Where the key is known to be loose, children are looked for by each spelling that names a parent. */
static sqla_status select_children(sqla_session *s, const sqla__relation *relation, const sqla_value *values,
    size_t n, sqla__rows *found, sqla_error *err)
{
    sqla__values spellings = { 0 };
    sqla_status status = SQLA_OK;
    if (sqla__key_is_loose(relation->key)) {
        status = sqla__spellings_ask(s, relation->key, true, values, n, &spellings, err);
        for (size_t i = 0; i < n && status == SQLA_OK; i++)
            status = sqla__vec_push(&spellings, values[i]) ? SQLA_OK : sqla__error_nomem(err);
        values = spellings.items;
        n = spellings.count;
    }
    if (status == SQLA_OK)
        status = select_lists(s, relation->target, relation->key->column, values, n, found, err);
    sqla__vec_release(&spellings);
    return status;
}

/* NULL: it is none of theirs, since an object that is fresh says otherwise than the row, or it is spelled in
 * a way that is not known. */
static void *owner_of(
    const sqla_session *s, const sqla__relation *relation, const row_index *owners, void *child)
{
    sqla_value value =
        column_value(relation->target, relation->key->column, sqla__snapshot_of(sqla__object_of(child)));
    void *owner = index_get(owners, value);
    return owner != NULL ? owner : index_get(owners, sqla__spelling_of(s, relation->key, value));
}

/* A load that fails leaves no collection that looks as if it were whole. */
static sqla_status load_to_many(sqla_session *s, const sqla__relation *relation, void *const *rows, size_t n, row_index *owners, sqla__rows *found,
                                sqla_error *err)
{
    sqla_value *values = sqla__arena_take(&owners->arena, n * sizeof *values + 1);
    size_t wanted = 0;
    if (values == NULL)
        return sqla__error_nomem(err);
    sqla_status status = find_owners(relation, rows, n, owners, values, &wanted, err);
    if (status == SQLA_OK)
        status = select_children(s, relation, values, wanted, found, err);
    bool asked = !sqla__key_is_text(relation->key) || sqla__key_is_loose(relation->key);
    for (size_t i = 0; i < found->count && status == SQLA_OK; i++) {
        void *owner = owner_of(s, relation, owners, found->items[i]);
        if (owner == NULL && !asked) {
            status = sqla__spellings_ask(s, relation->key, true, values, wanted, NULL, err);
            owner = owner_of(s, relation, owners, found->items[i]);
            asked = true;
        }
        if (owner != NULL && status == SQLA_OK)
            status = attach(s, relation, owner, found->items[i], err);
    }
    if (status != SQLA_OK)
        for (size_t i = 0; i < wanted; i++)
            sqla__collection_unload(sqla__object_of(index_get(owners, values[i])), relation);
    return status;
}

/* ---- objects that are stale ------------------------------------------------------------------------------------------ */

static sqla_status reread_by_key(sqla_session *s, sqla__object *const *stale, size_t n, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__pool_of(stale[0])->mapping;
    row_index keys = { 0 };
    sqla_value *values = sqla__arena_take(&keys.arena, n * sizeof *values);
    sqla_status status = values != NULL ? SQLA_OK : sqla__error_nomem(err);
    for (size_t i = 0; i < n && status == SQLA_OK; i++) {
        values[i] = column_value(mapping, mapping->keys[0], sqla__snapshot_of(stale[i]));
        status = index_put(&keys, &values[i], stale[i]) ? SQLA_OK : sqla__error_nomem(err);
    }
    if (status == SQLA_OK)
        status = select_lists(s, mapping, mapping->keys[0], values, n, NULL, err);
    index_release(&keys);
    return status;
}

sqla_status sqla__load_stale(sqla_session *s, sqla__object *const *objects, size_t n, sqla_error *err)
{
    SQLA__VEC(sqla__object *) stale = { 0 };
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < n && status == SQLA_OK; i++)
        if (objects[i]->state == SQLA_PERSISTENT && !sqla__object_fresh(s, objects[i]) && !sqla__vec_push(&stale, objects[i]))
            status = sqla__error_nomem(err);
    if (status == SQLA_OK && stale.count > 0 && sqla__pool_of(stale.items[0])->mapping->key_count == 1)
        status = reread_by_key(s, stale.items, stale.count, err);
    else
        for (size_t i = 0; i < stale.count && status == SQLA_OK; i++)
            status = sqla__load_again(s, stale.items[i], err);
    sqla__vec_release(&stale);
    return status;
}

static sqla_status reread(sqla_session *s, void *const *rows, size_t n, sqla_error *err)
{
    SQLA__VEC(sqla__object *) objects = { 0 };
    if (!sqla__vec_reserve(&objects, n))
        return sqla__error_nomem(err);
    for (size_t i = 0; i < n; i++)
        objects.items[objects.count++] = sqla__object_of(rows[i]);
    sqla_status status = sqla__load_stale(s, objects.items, objects.count, err);
    sqla__vec_release(&objects);
    return status;
}

/* ---- to one ------------------------------------------------------------------------------------------------------- */

static sqla_status point(sqla_session *s, const sqla__relation *relation, void *row, void *target, sqla_error *err)
{
    return sqla__undo_point(s, sqla__object_of(row), relation, target) ? SQLA_OK : sqla__error_nomem(err);
}

/* Not a pointer that the program has assigned. */
static bool wants_target(const sqla__relation *relation, void *row)
{
    const sqla__object *object = sqla__object_of(row);
    return object->state == SQLA_PERSISTENT &&
           sqla__pointer_at(relation, row) == sqla__pointer_at(relation, sqla__snapshot_of(object));
}

/* What is asked of the database: the keys of targets that are not known and fresh. Those that are, are pointed at. */
static sqla_status find_targets(sqla_session *s, const sqla__relation *relation, void *const *rows, size_t n, row_index *asked,
                                sqla_value *values, size_t *wanted, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < n && status == SQLA_OK; i++) {
        if (!wants_target(relation, rows[i]))
            continue;
        sqla_value value = column_value(relation->owner, relation->key->column, rows[i]);
        sqla__object *known = sqla__find_parent(s, relation->key, rows[i]);
        if (value.type == SQLA_NULL || (known != NULL && sqla__object_fresh(s, known))) {
            status = point(s, relation, rows[i], known != NULL ? sqla__struct_of(known) : NULL, err);
        } else if (index_get(asked, value) == NULL) {
            status = index_put(asked, &value, rows[i]) ? SQLA_OK : sqla__error_nomem(err);
            values[(*wanted)++] = value;
        }
    }
    return status;
}

/* The keys of targets that are asked for, and the targets by their keys as they are spelled there. */
typedef struct to_one {
    sqla_session *session;
    const sqla__relation *relation;
    row_index asked, targets;
    sqla_value *values;
    size_t wanted;
    sqla__rows *found;
} to_one;

static void *target_of(const to_one *t, sqla_value value)
{
    void *target = index_get(&t->targets, value);
    return target != NULL ? target
                          : index_get(&t->targets, sqla__spelling_of(t->session, t->relation->key, value));
}

static sqla_status select_targets(to_one *t, const sqla_value *values, size_t n, sqla_error *err)
{
    size_t from = t->found->count;
    sqla_status status = select_lists(
        t->session, t->relation->target, t->relation->key->referenced_column, values, n, t->found, err);
    for (size_t i = from; i < t->found->count && status == SQLA_OK; i++) {
        void *row = t->found->items[i];
        sqla_value value = column_value(t->relation->target, t->relation->key->referenced_column,
            sqla__snapshot_of(sqla__object_of(row)));
        if (!index_put(&t->targets, &value, row))
            status = sqla__error_nomem(err);
    }
    return status;
}

/* One key alone, so that whatever row comes is the one that it names. */
static sqla_status ask_alone(to_one *t, sqla_value value, sqla_error *err)
{
    size_t before = t->found->count;
    sqla_status status = select_targets(t, &value, 1, err);
    if (status != SQLA_OK || t->found->count != before + 1)
        return status;
    const void *row = sqla__snapshot_of(sqla__object_of(t->found->items[before]));
    sqla_value held = column_value(t->relation->target, t->relation->key->referenced_column, row);
    return sqla__spelling_keep(t->session, t->relation->key, value, held) ? SQLA_OK : sqla__error_nomem(err);
}

/* Keys under which no target came are asked for by the spelling that the join gives; what no row of a child
 * holds, since it was not flushed, alone. */
static sqla_status ask_again(to_one *t, sqla_error *err)
{
    sqla__values missing = { 0 };
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < t->wanted && status == SQLA_OK; i++)
        if (target_of(t, t->values[i]) == NULL && !sqla__vec_push(&missing, t->values[i]))
            status = sqla__error_nomem(err);
    if (status == SQLA_OK && missing.count > 0)
        status =
            sqla__spellings_ask(t->session, t->relation->key, false, missing.items, missing.count, NULL, err);
    size_t n = 0;
    for (size_t i = 0; i < missing.count && status == SQLA_OK; i++) {
        sqla_value spelled = sqla__spelling_of(t->session, t->relation->key, missing.items[i]);
        if (spelled.as.bytes.data == missing.items[i].as.bytes.data)
            status = ask_alone(t, missing.items[i], err);
        else if (index_get(&t->targets, spelled) == NULL)
            missing.items[n++] = spelled;
    }
    if (status == SQLA_OK)
        status = select_targets(t, missing.items, n, err);
    sqla__vec_release(&missing);
    return status;
}

/* A key that is set names a row, so there is something wrong where none is found: a database that does not
 * check its foreign keys, or one that compares in a way that we were not told of. */
static sqla_status no_target(const to_one *t, sqla_value value, sqla_error *err)
{
    char text[64];
    const sqla__relation *relation = t->relation;
    sqla_value_print(text, sizeof text, value);
    sqla__error_set(err, SQLA_ERR_NOT_FOUND,
        "cannot load '%s' of '%s': there is no '%s' with the key '%s', which its '%s' names",
        relation->item->field, relation->owner->model->name, relation->target->model->name, text,
        relation->owner->columns[relation->key->column].name);
    sqla__error_hint(err, "it may have been deleted by somebody else meanwhile, or the database does not "
                          "enforce the foreign key");
    return err->status;
}

static sqla_status point_all(to_one *t, void *const *rows, size_t n, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < n && status == SQLA_OK && t->wanted > 0; i++) {
        sqla_value value = column_value(t->relation->owner, t->relation->key->column, rows[i]);
        if (!wants_target(t->relation, rows[i]) || value.type == SQLA_NULL ||
            index_get(&t->asked, value) == NULL)
            continue;
        void *target = target_of(t, value);
        status =
            target != NULL ? point(t->session, t->relation, rows[i], target, err) : no_target(t, value, err);
    }
    return status;
}

static sqla_status load_to_one(sqla_session *s, const sqla__relation *relation, void *const *rows, size_t n,
    sqla__rows *found, sqla_error *err)
{
    to_one t = { .session = s, .relation = relation, .found = found };
    t.values = sqla__arena_take(&t.targets.arena, n * sizeof *t.values + 1);
    sqla_status status = t.values != NULL ? reread(s, rows, n, err) : sqla__error_nomem(err);
    if (status == SQLA_OK)
        status = find_targets(s, relation, rows, n, &t.asked, t.values, &t.wanted, err);
    if (status == SQLA_OK)
        status = select_targets(&t, t.values, t.wanted, err);
    if (status == SQLA_OK && sqla__key_is_text(relation->key))
        status = ask_again(&t, err);
    if (status == SQLA_OK)
        status = point_all(&t, rows, n, err);
    index_release(&t.asked);
    index_release(&t.targets);
    return status;
}

sqla_status sqla__load_relation(sqla_session *s, const sqla__relation *relation, void *const *rows, size_t n, sqla_error *err)
{
    row_index index = { 0 };
    sqla__rows found = { 0 };
    sqla_status status = relation->to_many ? load_to_many(s, relation, rows, n, &index, &found, err)
                                           : load_to_one(s, relation, rows, n, &found, err);
    sqla__vec_release(&found);
    index_release(&index);
    return status;
}
