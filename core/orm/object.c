/* object.c: the single object: add, delete, expire, expunge, its state, and its fields by name. */
#include <config.h>
#include "orm/session.h"

#include <string.h>

#include "base/array.h"
#include "orm/converted.h"
#include "orm/field.h"
#include "orm/identity.h"
#include "orm/parent.h"

/* ---- its name -------------------------------------------------------------------------------------------------- */

const char *sqla__object_name(const sqla__object *object, char *buf, size_t size)
{
    char key[64];
    if (object == NULL)
        return "nobody";
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    bool has_row = object->state == SQLA_PERSISTENT || (object->flags & SQLA__FLAG_LOST) != 0;
    if (!has_row || mapping->key_count != 1) {
        snprintf(buf, size, "%s'%s'", has_row ? "a " : "a new ", mapping->model->name);
        return buf;
    }
    sqla_value_print(key, sizeof key, sqla__field_value(&mapping->columns[mapping->keys[0]].slot, sqla__snapshot_of(object)));
    snprintf(buf, size, "the '%s' with key %s", mapping->model->name, key);
    return buf;
}

/* ---- add ------------------------------------------------------------------------------------------------------- */

/* Bytes that cannot be, and a decimal that the database would round. */
static sqla_status check_value(
    const sqla__mapping *mapping, const sqla__mapped_column *column, const void *row, sqla_error *err)
{
    sqla_blob bytes = { NULL, 0 };
    if (column->slot.rep == SQLA_REP_BYTES)
        memcpy(&bytes, (const char *)row + column->slot.offset, sizeof bytes);
    const char *wrong = sqla__bytes_wrong(bytes);
    if (wrong != NULL)
        return sqla__error_set(
            err, SQLA_ERR_MISUSE, "field '%s' of '%s': %s", column->item->field, mapping->model->name, wrong);
    if (!column->has_scale || !sqla__field_beyond_scale(&column->slot, column->scale, row))
        return SQLA_OK;
    return sqla__error_set(err, SQLA_ERR_DATA,
        "field '%s' of '%s' keeps %u digits behind the point, and the value has more", column->item->field,
        mapping->model->name, (unsigned)column->scale);
}

static sqla_status check_forgotten(const sqla__mapping *mapping, const sqla__mapped_column *column, const void *row, sqla_error *err)
{
    if (!sqla__field_forgotten(&column->slot, row))
        return SQLA_OK;
    sqla__error_set(err, SQLA_ERR_DATA, "field '%s' of '%s' has a value but is not set", column->item->field, mapping->model->name);
    sqla__error_hint(err, "write SQLA_SOME(value), or set the member 'set' too");
    return err->status;
}

static sqla_status check_given(const sqla__mapping *mapping, const sqla__mapped_column *column, const void *row, sqla_error *err)
{
    if (column->sent != SQLA__SENT_NEVER || sqla__field_is_zero(&column->slot, row))
        return SQLA_OK;
    sqla__error_set(err, SQLA_ERR_DATA, "field '%s' of '%s' is made by the database and must not be given", column->item->field,
                    mapping->model->name);
    sqla__error_hint(err, "%s", column->generated ? "declare the key with .natural = true, or as a sqla_opt_i64, to give it yourself"
                                                  : "make the field an optional to give it sometimes");
    return err->status;
}

sqla_status sqla__object_check(const sqla__object *object, bool insert, sqla_error *err)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    const void *row = sqla__struct_of(object);
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < mapping->column_count && status == SQLA_OK; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        status = check_forgotten(mapping, column, row, err);
        if (status == SQLA_OK && insert)
            status = check_given(mapping, column, row, err);
        if (status == SQLA_OK)
            status = check_value(mapping, column, row, err);
    }
    return status;
}

/* It is not to be deleted after all. */
static void spare(sqla_session *s, sqla__object *object)
{
    for (size_t i = s->doomed.count; i-- > 0 && (object->flags & SQLA__FLAG_DOOMED);) {
        if (s->doomed.items[i] == object) {
            s->doomed.items[i] = s->doomed.items[--s->doomed.count];
            object->flags &= (uint8_t)~SQLA__FLAG_DOOMED;
        }
    }
}

sqla_status sqla__object_pend(sqla_session *s, sqla__object *object)
{
    spare(s, object);
    if (!sqla__vec_push(&s->pending, object))
        return sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
    if (object->state == SQLA_TRANSIENT) /* a collection of an earlier time is not what it has now */
        sqla__collections_unload_stale(object);
    object->state = SQLA_PENDING;
    object->flags &= (uint8_t)~SQLA__FLAG_LOST;
    sqla__pool_of(object)->has_pending = true;
    return SQLA_OK;
}

/* Collections of a struct that comes from outside are not ours: a new object starts with empty ones. */
static void clear_collections(const sqla__mapping *mapping, void *row)
{
    for (uint32_t i = 0; i < mapping->relation_count; i++)
        if (mapping->relations[i].to_many)
            *sqla__collection_at(&mapping->relations[i], row) = (sqla__collection){ 0 };
}

static void *add_copy(sqla_session *s, sqla__pool *pool, const void *row)
{
    sqla__object *object = sqla__pool_take(pool);
    if (object == NULL) {
        sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
        return NULL;
    }
    void *to = sqla__struct_of(object);
    if (row != NULL) {
        memcpy(to, row, pool->mapping->model->size);
        clear_collections(pool->mapping, to);
    }
    sqla_error failure;
    sqla__error_init(&failure);
    if (sqla__object_own(object, &failure) != SQLA_OK || sqla__object_check(object, true, &failure) != SQLA_OK)
        sqla__error_give(&s->kept, &failure, failure.status);
    else if (!sqla__object_settle(object, false))
        sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
    else if (sqla__object_pend(s, object) == SQLA_OK)
        return to;
    sqla__pool_give(pool, object);
    return NULL;
}

static void *add_again(sqla_session *s, sqla__object *object)
{
    switch ((sqla_object_state)object->state) {
    case SQLA_TRANSIENT:
        return sqla__object_pend(s, object) == SQLA_OK ? sqla__struct_of(object) : NULL;
    case SQLA_DELETED:
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot add an object that was deleted in this transaction");
        return NULL;
    case SQLA_PERSISTENT:
        spare(s, object);
        return sqla__struct_of(object);
    case SQLA_PENDING: case SQLA_FOREIGN: break;
    }
    return sqla__struct_of(object);
}

static sqla__pool *pool_for(sqla_session *s, const sqla_model *model)
{
    sqla__pool *pool = sqla__session_pool(s, model);
    if (pool == NULL)
        sqla__session_keep(s, SQLA_ERR_MISUSE, "model '%s' is not in the session's metadata", model != NULL ? model->name : "?");
    return pool;
}

static void *add(sqla_session *s, const sqla_model *model, const void *row)
{
    sqla__pool *pool = pool_for(s, model);
    if (pool == NULL)
        return NULL;
    sqla__object *known = row != NULL ? sqla__session_object(s, row) : NULL;
    if (known != NULL && sqla__pool_of(known) == pool)
        return add_again(s, known);
    if (row == NULL) {
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot add '%s': no struct is given", model->name);
        return NULL;
    }
    if (known != NULL || sqla__page_is_known(row)) {
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot add '%s': the struct is an object of %s", model->name,
            known != NULL ? "another model" : "another session");
        return NULL;
    }
    return add_copy(s, pool, row);
}

void *sqla_add_object_(sqla_session *s, const sqla_model *model, const void *row)
{
    if (!sqla__session_enter(s))
        return NULL;
    void *added = add(s, model, row);
    sqla__session_leave(s);
    return added;
}

void *sqla_new_object(sqla_session *s, const sqla_model *model)
{
    if (!sqla__session_enter(s))
        return NULL;
    sqla__pool *pool = pool_for(s, model);
    void *added = pool != NULL ? add_copy(s, pool, NULL) : NULL;
    sqla__session_leave(s);
    return added;
}

/* ---- delete, expire, expunge ------------------------------------------------------------------------------------- */

sqla_status sqla__object_doom(sqla_session *s, sqla__object *object)
{
    if (object->flags & SQLA__FLAG_DOOMED)
        return SQLA_OK;
    if (!sqla__vec_push(&s->doomed, object))
        return sqla__session_keep(s, SQLA_ERR_NOMEM, "out of memory");
    object->flags |= SQLA__FLAG_DOOMED;
    return SQLA_OK;
}

sqla_status sqla__object_lose(sqla_session *s, sqla__object *object, sqla_error *err)
{
    if (!sqla__undo_record(s, object, SQLA__UNDO_DELETE))
        return sqla__error_nomem(err);
    sqla__identity_remove(sqla__pool_of(object), object);
    object->state = SQLA_DELETED;
    object->flags |= SQLA__FLAG_LOST;
    return SQLA_OK;
}

/* Do something to an object of the session; a pointer that is none is kept as a failure. */
static void do_to(sqla_session *s, void *row, const char *verb, void (*fn)(sqla_session *s, sqla__object *object))
{
    if (row == NULL || !sqla__session_enter(s))
        return;
    sqla__object *object = sqla__session_object(s, row);
    if (object != NULL)
        fn(s, object);
    else
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot %s: the pointer is not an object of this session", verb);
    sqla__session_leave(s);
}

static void delete(sqla_session *s, sqla__object *object)
{
    switch ((sqla_object_state)object->state) {
    case SQLA_PENDING: /* the flush passes over it, but not over its children */
        object->state = SQLA_TRANSIENT;
        sqla__object_doom(s, object);
        break;
    case SQLA_PERSISTENT: sqla__object_doom(s, object); break;
    case SQLA_TRANSIENT:
        sqla__session_keep(s, SQLA_ERR_MISUSE, "cannot delete '%s': it has no row", sqla__pool_of(object)->mapping->model->name);
        break;
    case SQLA_DELETED: case SQLA_FOREIGN: break;
    }
}

void sqla_delete(sqla_session *s, void *row) { do_to(s, row, "delete", delete); }

static void expire(sqla_session *s, sqla__object *object)
{
    (void)s;
    object->epoch = 0;
    sqla__collections_expire(object);
}

void sqla_expire(sqla_session *s, void *row) { do_to(s, row, "expire", expire); }

static void remove_from_lists(sqla_session *s, sqla__object *object)
{
    spare(s, object);
    for (size_t i = s->pending.count; i-- > 0 && object->state == SQLA_PENDING;)
        if (s->pending.items[i] == object)
            s->pending.items[i] = s->pending.items[--s->pending.count];
}

/* Both collections that what was said concerns, when it is taken back: the row is still whose it was. */
static void expire_sides(sqla_session *s, const sqla__object *object, const sqla__link *link)
{
    sqla__object *before =
        object->state == SQLA_PERSISTENT ? sqla__find_parent(s, link->key, sqla__snapshot_of(object)) : NULL;
    sqla__collection_expire(link->owner, link->key->collection);
    if (before != NULL)
        sqla__collection_expire(before, link->key->collection);
}

/* The pointer that a remove has set to NULL says nothing any more, as one that was never loaded. */
static void unsay_pointer(sqla__object *object, const sqla__link *link)
{
    const sqla__relation *relation = link->key->pointer;
    if (link->removed && link->pointer_set && sqla__pointer_at(relation, sqla__struct_of(object)) == NULL)
        sqla__pointer_set(relation, sqla__snapshot_of(object), NULL);
}

/* What was said with this object as the owner, and of it, is gone. */
static void remove_links(sqla_session *s, const sqla__object *object)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->linked.count; i++) {
        sqla__object *other = s->linked.items[i];
        for (size_t l = other->extra->links.count; l-- > 0;) {
            const sqla__link *link = &other->extra->links.items[l];
            if (other != object && link->owner != object)
                continue;
            expire_sides(s, other, link);
            unsay_pointer(other, link);
            other->extra->links.items[l] = other->extra->links.items[--other->extra->links.count];
        }
        if (other != object)
            s->linked.items[kept++] = other;
    }
    s->linked.count = kept;
}

/* A pointer to it becomes NULL as one that was never loaded: that says nothing, and least of all that the other is nobody's. */
static void leave_relation(sqla__object *other, const sqla__relation *relation, void *row)
{
    void *struct_of_other = sqla__struct_of(other), *snapshot = sqla__snapshot_of(other);
    if (relation->to_many && sqla__collection_has(other, relation, row)) {
        sqla__collection_drop(other, relation, row);
        sqla__collection_expire(other, relation); /* the row is still there */
    }
    if (relation->to_many)
        return;
    bool pointed = sqla__pointer_at(relation, struct_of_other) == row;
    if (pointed)
        sqla__pointer_set(relation, struct_of_other, NULL);
    if (pointed || sqla__pointer_at(relation, snapshot) == row)
        sqla__pointer_set(relation, snapshot, NULL);
}

static void leave_pool(sqla__pool *pool, const sqla__mapping *target, void *row)
{
    for (uint32_t r = 0; r < pool->mapping->relation_count; r++) {
        const sqla__relation *relation = &pool->mapping->relations[r];
        for (size_t p = 0; p < pool->pages.count && relation->target == target; p++) {
            const sqla__page *page = pool->pages.items[p];
            for (uint32_t i = 0; page != NULL && i < page->used; i++)
                if (sqla__page_cell(page, i)->state != SQLA_FOREIGN)
                    leave_relation(sqla__page_cell(page, i), relation, row);
        }
    }
}

/* Nothing leads to the object any more: a program could have assigned its pointer anywhere, so each object is looked at. */
static void leave_all(sqla_session *s, sqla__object *object)
{
    for (size_t m = 0; m < s->maker->mapping_count; m++)
        if (s->pools[m].live > 0)
            leave_pool(&s->pools[m], sqla__pool_of(object)->mapping, sqla__struct_of(object));
}

static void expunge(sqla_session *s, sqla__object *object)
{
    sqla__pool *pool = sqla__pool_of(object);
    remove_from_lists(s, object);
    remove_links(s, object);
    leave_all(s, object);
    sqla__undo_expunge(s, object);
    if (object->state == SQLA_PERSISTENT)
        sqla__identity_remove(pool, object);
    sqla__pool_give(pool, object);
}

void sqla_expunge(sqla_session *s, void *row) { do_to(s, row, "expunge", expunge); }

/* ---- state ----------------------------------------------------------------------------------------------------- */

sqla_object_state sqla_state(sqla_session *s, const void *row)
{
    if (!sqla__session_enter(s))
        return SQLA_FOREIGN;
    const sqla__object *object = sqla__session_object(s, row);
    sqla_object_state state = object != NULL ? (sqla_object_state)object->state : SQLA_FOREIGN;
    if (state == SQLA_PERSISTENT && (object->flags & SQLA__FLAG_DOOMED))
        state = SQLA_DELETED;
    sqla__session_leave(s);
    return state;
}

/* What lies between the fields is the program's, and may never have been written. */
bool sqla__object_untouched(const sqla__object *object)
{
    const sqla__pool *pool = sqla__pool_of(object);
    const char *row = sqla__struct_of(object), *snapshot = row + pool->snapshot;
    uint64_t differs = 0;
    for (size_t i = 0; i * sizeof differs < pool->mapping->size; i++) {
        uint64_t a, b;
        memcpy(&a, row + i * sizeof a, sizeof a);
        memcpy(&b, snapshot + i * sizeof b, sizeof b);
        differs |= (a ^ b) & pool->mapping->mask[i];
    }
    return differs == 0;
}

static bool columns_changed(const sqla__object *object)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    const void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if (!sqla__column_equal(&mapping->columns[i], row, snapshot) || sqla__field_forgotten(&mapping->columns[i].slot, row))
            return true;
    return false;
}

bool sqla__object_dirty(const sqla__object *object)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    const void *row = sqla__struct_of(object), *snapshot = sqla__snapshot_of(object);
    if (sqla__object_untouched(object))
        return false;
    for (uint32_t i = 0; i < mapping->relation_count; i++) {
        const sqla__relation *relation = &mapping->relations[i];
        if (!relation->to_many && sqla__pointer_at(relation, row) != sqla__pointer_at(relation, snapshot))
            return true;
    }
    return columns_changed(object);
}

static bool is_modified(sqla_session *s, const sqla__object *object)
{
    const sqla__mapping *mapping = sqla__pool_of(object)->mapping;
    if (object->state != SQLA_PERSISTENT)
        return object->state == SQLA_PENDING;
    if ((object->flags & SQLA__FLAG_DOOMED) || columns_changed(object))
        return true;
    for (uint32_t i = 0; i < mapping->foreign_key_count; i++)
        if (sqla__parent_changes(s, object, &mapping->foreign_keys[i]))
            return true;
    return false;
}

bool sqla_is_modified(sqla_session *s, const void *row)
{
    if (!sqla__session_enter(s))
        return false;
    const sqla__object *object = sqla__session_object(s, row);
    bool modified = object != NULL && is_modified(s, object);
    sqla__session_leave(s);
    return modified;
}

/* ---- fields by name ---------------------------------------------------------------------------------------------- */

static const sqla__mapped_column *column_named(const sqla__mapping *mapping, const char *field, sqla_error *err)
{
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if (field != NULL && strcmp(mapping->columns[i].item->field, field) == 0)
            return &mapping->columns[i];
    sqla__error_set(err, SQLA_ERR_MISUSE, "'%s' has no column field '%s'", mapping->model->name, field != NULL ? field : "");
    return NULL;
}

/* Texts that are set are copied into the session, so that the caller's may go at once. */
static sqla_status keep_text(sqla_session *s, sqla_value *value, sqla_error *err)
{
    if (value->type != SQLA_TEXT && value->type != SQLA_BLOB && value->type != SQLA_DECIMAL && value->type != SQLA_JSON)
        return SQLA_OK;
    value->as.bytes.data = sqla__arena_copy(&s->lent, value->as.bytes.data, value->as.bytes.size);
    return value->as.bytes.data != NULL ? SQLA_OK : sqla__error_nomem(err);
}

/* A column field of an object of the session; NULL: err says why not. */
static const sqla__mapped_column *find_field(sqla_session *s, const void *row, const char *field, const char *verb,
    sqla__object **ret_object, sqla_error *err)
{
    *ret_object = sqla__session_object(s, row);
    if (*ret_object != NULL)
        return column_named(sqla__pool_of(*ret_object)->mapping, field, err);
    sqla__error_set(err, SQLA_ERR_MISUSE, "cannot %s '%s': the pointer is not an object of this session", verb,
        field != NULL ? field : "");
    return NULL;
}

static sqla_status field_set(sqla_session *s, void *row, const char *field, sqla_value value, sqla_error *err)
{
    sqla__object *object;
    const sqla__mapped_column *column = find_field(s, row, field, "set", &object, err);
    if (column == NULL)
        return err->status;
    if (column->item->conversion != NULL)
        return sqla__converted_set(object, column, value, err);
    sqla_status status = keep_text(s, &value, err);
    return status == SQLA_OK ? sqla__field_set(&column->slot, row, value, err) : status;
}

sqla_status sqla_field_set(sqla_session *s, void *row, const char *field, sqla_value value, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    sqla_status status = sqla__session_enter_told(s, &local);
    if (status == SQLA_OK) {
        status = field_set(s, row, field, value, &local);
        sqla__session_leave(s);
    }
    return sqla__error_give(err, &local, status);
}

static sqla_value field_get(sqla_session *s, const void *row, const char *field, sqla_error *err)
{
    sqla__object *object;
    sqla_value value = sqla_null();
    const sqla__mapped_column *column = find_field(s, row, field, "get", &object, err);
    if (column != NULL && column->item->conversion != NULL)
        sqla__converted_get(object, column, &value, err);
    else if (column != NULL)
        value = sqla__field_value(&column->slot, row);
    return value;
}

sqla_value sqla_field_get(sqla_session *s, const void *row, const char *field, sqla_error *err)
{
    sqla_error local;
    sqla_value value = sqla_null();
    sqla__error_init(&local);
    if (sqla__session_enter_told(s, &local) == SQLA_OK) {
        value = field_get(s, row, field, &local);
        sqla__session_leave(s);
    }
    sqla__error_give(err, &local, local.status);
    return value;
}

void *sqla_field_place(sqla_session *s, void *row, const char *field, sqla_error *err)
{
    sqla_error local;
    sqla__object *object;
    const sqla__mapped_column *column = NULL;
    sqla__error_init(&local);
    if (sqla__session_enter_told(s, &local) == SQLA_OK) {
        column = find_field(s, row, field, "find", &object, &local);
        sqla__session_leave(s);
    }
    sqla__error_give(err, &local, local.status);
    return column != NULL ? (char *)row + sqla__column_offset(column->item) : NULL;
}
