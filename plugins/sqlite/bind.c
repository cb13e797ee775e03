/* bind.c: parameters, from the program's structs into a statement, by plan.
 *
 * A converter is chosen for each slot once per call, and runs once per value. Texts are lent to SQLite where the statement is
 * over before the call returns, and copied where it runs on. Texts that have to be made (dates and the like) lie in room of
 * the connection, at a fixed place for each slot of each row of a block. */
#include <config.h>
#include "sqlite.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct binding {
    sqlite3_stmt *stmt;
    sqlite__list *list;           /* where the values of a list go; NULL: they are parameters of stmt */
    sqlite3_destructor_type life; /* SQLITE_STATIC or SQLITE_TRANSIENT */
    char *form;                   /* SQLITE__FORM_SIZE bytes for this value */
    const char *why;              /* what is wrong with it, when REFUSED */
    sqla_status status;           /* of that; ERR_DATA unless said */
    int most;                     /* bytes that a value can have */
    char room[100];               /* for why */
} binding;

enum { REFUSED = -1, NO_MEMORY = -2 }; /* NO_MEMORY: SQLite does not know of it */

/* Returns an SQLite code, or one of these. */
typedef int bind_fn(binding *b, int index, const sqla_slot *slot, const char *at);
static int bind_list(binding *b, int index, const sqla_slot *slot, const sqla_array *list);

static int refuse(binding *b, const char *why)
{
    b->why = why;
    return REFUSED;
}

/* ---- where values go ----------------------------------------------------------------------------------- */

static int put_null(binding *b, int index)
{
    return b->list != NULL ? sqlite__list_add_null(b->list) : sqlite3_bind_null(b->stmt, index);
}

static int put_int(binding *b, int index, int64_t v)
{
    return b->list != NULL ? sqlite__list_add_int(b->list, v) : sqlite3_bind_int64(b->stmt, index, v);
}

static int put_double(binding *b, int index, double v)
{
    return b->list != NULL ? sqlite__list_add_double(b->list, v) : sqlite3_bind_double(b->stmt, index, v);
}

static int put_text(binding *b, int index, const char *text, int n)
{
    return b->list != NULL ? sqlite__list_add_bytes(b->list, SQLITE_TEXT, text, n)
                           : sqlite3_bind_text(b->stmt, index, text, n, b->life);
}

static int put_blob(binding *b, int index, const void *data, int n)
{
    if (b->list != NULL)
        return sqlite__list_add_bytes(b->list, SQLITE_BLOB, data, n);
    return n == 0 ? sqlite3_bind_zeroblob(b->stmt, index, 0)
                  : sqlite3_bind_blob(b->stmt, index, data, n, b->life);
}

static int bind_null(binding *b, int index, const sqla_slot *slot)
{
    if ((slot->flags & SQLA_SLOT_NULLABLE) != 0)
        return put_null(b, index);
    b->status = SQLA_ERR_NOT_NULL;
    return refuse(b, "it is NULL, and must have a value");
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

static int64_t read_integer(const sqla_slot *slot, const char *at)
{
    bool is_unsigned = (slot->flags & SQLA_SLOT_UNSIGNED) != 0;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    switch (slot->size) {
    case 1:
        memcpy(&i8, at, 1);
        return is_unsigned ? (uint8_t)i8 : i8;
    case 2:
        memcpy(&i16, at, 2);
        return is_unsigned ? (uint16_t)i16 : i16;
    case 4:
        memcpy(&i32, at, 4);
        return i32;
    default:
        memcpy(&i64, at, 8);
        return i64;
    }
}

static int bind_integer(binding *b, int index, const sqla_slot *slot, const char *at)
{
    return put_int(b, index, read_integer(slot, at));
}

static int bind_i64(binding *b, int index, const sqla_slot *slot, const char *at)
{
    int64_t v;
    (void)slot;
    memcpy(&v, at, sizeof v);
    return put_int(b, index, v);
}

static int bind_i32(binding *b, int index, const sqla_slot *slot, const char *at)
{
    int32_t v;
    (void)slot;
    memcpy(&v, at, sizeof v);
    return put_int(b, index, v);
}

static int bind_bool(binding *b, int index, const sqla_slot *slot, const char *at)
{
    return put_int(b, index, read_integer(slot, at) != 0);
}

static int bind_number(binding *b, int index, double v)
{
    return isnan(v) ? refuse(b, "SQLite cannot store a number that is not a number (NaN)")
                    : put_double(b, index, v);
}

static int bind_f64(binding *b, int index, const sqla_slot *slot, const char *at)
{
    double v;
    (void)slot;
    memcpy(&v, at, sizeof v);
    return bind_number(b, index, v);
}

static int bind_f32(binding *b, int index, const sqla_slot *slot, const char *at)
{
    float v;
    (void)slot;
    memcpy(&v, at, sizeof v);
    return bind_number(b, index, (double)v);
}

/* ---- text and bytes -------------------------------------------------------------------------------------------- */

static int refuse_size(binding *b, size_t n)
{
    snprintf(
        b->room, sizeof b->room, "it has %zu bytes, and SQLite takes %d (SQLITE_LIMIT_LENGTH)", n, b->most);
    b->status = SQLA_ERR_RESOURCE;
    return refuse(b, b->room);
}

static int bind_text(binding *b, int index, uint32_t type, const char *text, size_t n)
{
    if (n > (size_t)b->most)
        return refuse_size(b, n);
    if (!sqlite__utf8_valid(text, n))
        return refuse(b, "it is not valid UTF-8");
    if (type == SQLA_DECIMAL && !sqlite__decimal_valid(text, n))
        return refuse(b, "it is not a decimal number");
    if (type == SQLA_JSON && !sqlite__json_valid(text, n))
        return refuse(b, "it is not valid JSON");
    return put_text(b, index, text, (int)n);
}

static int bind_span(binding *b, int index, uint32_t type, const char *text, size_t n)
{
    if (n > 0 && n <= (size_t)b->most && memchr(text, '\0', n) != NULL)
        return refuse(b, "it is text with a NUL inside");
    return bind_text(b, index, type, text, n);
}

static bool is_label(const sqla_slot *slot, const char *text)
{
    for (uint32_t i = 0; i < slot->label_count; i++) {
        if (strcmp(slot->labels[i], text) == 0)
            return true;
    }
    return slot->labels == NULL;
}

static int bind_cstr(binding *b, int index, const sqla_slot *slot, const char *at)
{
    const char *text;
    memcpy(&text, at, sizeof text);
    if (text == NULL)
        return bind_null(b, index, slot);
    if (slot->type == SQLA_ENUM_TYPE && !is_label(slot, text))
        return refuse(b, "it is none of the labels");
    return bind_text(b, index, slot->type, text, strlen(text));
}

static int bind_chars(binding *b, int index, const sqla_slot *slot, const char *at)
{
    const char *end = memchr(at, '\0', slot->size);
    if (end == NULL)
        return refuse(b, "it has no NUL within its size");
    return bind_text(b, index, slot->type, at, (size_t)(end - at));
}

static int bind_blob(binding *b, int index, const void *data, size_t n)
{
    if (n > (size_t)b->most)
        return refuse_size(b, n);
    return put_blob(b, index, data, (int)n);
}

static int bind_bytes(binding *b, int index, const sqla_slot *slot, const char *at)
{
    sqla_blob v;
    memcpy(&v, at, sizeof v);
    if (v.data == NULL)
        return bind_null(b, index, slot);
    return slot->type == SQLA_BLOB ? bind_blob(b, index, v.data, v.size)
                                   : bind_span(b, index, slot->type, v.data, v.size);
}

static int bind_label(binding *b, int index, const sqla_slot *slot, int64_t number)
{
    if (number < 0 || number >= (int64_t)slot->label_count)
        return refuse(b, "its number is none of the labels");
    const char *label = slot->labels[number];
    return bind_text(b, index, SQLA_TEXT, label, strlen(label));
}

static int bind_enum(binding *b, int index, const sqla_slot *slot, const char *at)
{
    return bind_label(b, index, slot, read_integer(slot, at));
}

/* ---- what is kept as made text --------------------------------------------------------------------------------- */

static int bind_form(binding *b, int index, int length)
{
    if (length == 0)
        return refuse(b, "it is out of the range that SQLite can keep (years 0001 to 9999, and no infinity)");
    return put_text(b, index, b->form, length);
}

static int bind_date(binding *b, int index, const sqla_slot *slot, const char *at)
{
    sqla_date v;
    (void)slot;
    memcpy(&v, at, sizeof v);
    return bind_form(b, index, sqlite__date_text(v.days, b->form));
}

static int bind_micros(binding *b, int index, uint32_t type, int64_t micros)
{
    if (type != SQLA_TIME)
        return bind_form(b, index, sqlite__timestamp_text(micros, b->form));
    int length = sqlite__time_text(micros, b->form);
    return length == 0 ? refuse(b, "it is not a time of a day") : bind_form(b, index, length);
}

static int bind_time(binding *b, int index, const sqla_slot *slot, const char *at)
{
    int64_t micros; /* sqla_time and both timestamps are alike */
    memcpy(&micros, at, sizeof micros);
    return bind_micros(b, index, slot->type, micros);
}

static int bind_interval(binding *b, int index, const sqla_slot *slot, const char *at)
{
    sqla_interval v;
    (void)slot;
    memcpy(&v, at, sizeof v);
    return bind_form(b, index, sqlite__interval_text(&v, b->form));
}

static int bind_uuid(binding *b, int index, const sqla_slot *slot, const char *at)
{
    sqla_uuid v;
    (void)slot;
    memcpy(&v, at, sizeof v);
    return bind_form(b, index, sqlite__uuid_text(&v, b->form));
}

/* ---- a value that says its own type ---------------------------------------------------------------------------- */

static int bind_value(binding *b, int index, const sqla_slot *slot, const char *at)
{
    sqla_value v;
    memcpy(&v, at, sizeof v);
    if (v.type == SQLA_DECIMAL &&
        v.reserved == SQLA_VALUE_UNSIGNED) /* a column of numbers would make a float of it */
        return refuse(b, "it is too large for an integer of SQLite, which ends at 9223372036854775807");
    switch ((sqla_type)v.type) {
    case SQLA_NULL:
        return bind_null(b, index, slot);
    case SQLA_BOOL:
        return put_int(b, index, v.as.i64 != 0);
    case SQLA_INT16:
        return v.as.i64 != (int16_t)v.as.i64 ? refuse(b, "it is out of range for a 16-bit integer")
                                             : put_int(b, index, v.as.i64);
    case SQLA_INT32:
        return v.as.i64 != (int32_t)v.as.i64 ? refuse(b, "it is out of range for a 32-bit integer")
                                             : put_int(b, index, v.as.i64);
    case SQLA_INT64:
        return put_int(b, index, v.as.i64);
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        return bind_number(b, index, v.as.f64);
    case SQLA_TEXT:
    case SQLA_DECIMAL:
    case SQLA_JSON:
        return v.as.bytes.data == NULL ? bind_null(b, index, slot)
                                       : bind_span(b, index, v.type, v.as.bytes.data, v.as.bytes.size);
    case SQLA_BLOB:
        return v.as.bytes.data == NULL ? bind_null(b, index, slot)
                                       : bind_blob(b, index, v.as.bytes.data, v.as.bytes.size);
    case SQLA_DATE:
        return bind_form(
            b, index, v.as.i64 != (int32_t)v.as.i64 ? 0 : sqlite__date_text((int32_t)v.as.i64, b->form));
    case SQLA_TIME:
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        return bind_micros(b, index, v.type, v.as.i64);
    case SQLA_INTERVAL:
        return bind_form(b, index, sqlite__interval_text(&v.as.interval, b->form));
    case SQLA_UUID:
        return bind_form(b, index, sqlite__uuid_text(&v.as.uuid, b->form));
    case SQLA_ENUM_TYPE:
        return bind_label(b, index, slot, v.as.i64);
    case SQLA_ARRAY:
        if (b->list == NULL && slot->type == SQLA_ARRAY)
            return bind_list(b, index, slot, &v.as.array);
        break;
    case SQLA_TYPE_COUNT_:
        break;
    }
    b->status = SQLA_ERR_UNSUPPORTED;
    return refuse(b,
        v.type == SQLA_ARRAY ? "SQLite has no arrays: a list stands in IN alone" : "its type is not known");
}

/* ---- choosing -------------------------------------------------------------------------------------------------- */

static bind_fn *integer_binder(const sqla_slot *slot)
{
    switch (slot->size) {
    case 1:
    case 2:
        return bind_integer;
    case 4:
        return bind_i32;
    case 8:
        return bind_i64;
    default:
        return NULL;
    }
}

static bind_fn *fixed_binder(const sqla_slot *slot)
{
    switch ((sqla_type)slot->type) {
    case SQLA_BOOL:
        return integer_binder(slot) != NULL ? bind_bool : NULL;
    case SQLA_INT16:
    case SQLA_INT32:
    case SQLA_INT64:
        return integer_binder(slot);
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        return slot->size == 4 ? bind_f32 : slot->size == 8 ? bind_f64 : NULL;
    case SQLA_DATE:
        return slot->size == sizeof(sqla_date) ? bind_date : NULL;
    case SQLA_TIME:
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        return slot->size != 8 ? NULL : slot->type != SQLA_TIME && (slot->flags & SQLA_SLOT_MICROS) ? bind_i64 : bind_time;
    case SQLA_INTERVAL:
        return slot->size == sizeof(sqla_interval) ? bind_interval : NULL;
    case SQLA_UUID:
        return slot->size == sizeof(sqla_uuid) ? bind_uuid : NULL;
    case SQLA_ENUM_TYPE:
        return integer_binder(slot) != NULL && slot->labels != NULL ? bind_enum : NULL;
    case SQLA_NULL:
    case SQLA_TEXT:
    case SQLA_BLOB:
    case SQLA_DECIMAL:
    case SQLA_JSON:
    case SQLA_ARRAY:
    case SQLA_TYPE_COUNT_:
        break;
    }
    return NULL;
}

static bind_fn *binder_for(const sqla_slot *slot)
{
    bool text = slot->type == SQLA_TEXT || slot->type == SQLA_DECIMAL || slot->type == SQLA_JSON ||
                slot->type == SQLA_ENUM_TYPE;
    switch ((sqla_rep)slot->rep) {
    case SQLA_REP_FIXED:
        return fixed_binder(slot);
    case SQLA_REP_CSTR:
        return text ? bind_cstr : NULL;
    case SQLA_REP_BYTES:
        return text || slot->type == SQLA_BLOB ? bind_bytes : NULL;
    case SQLA_REP_CHARS:
        return text ? bind_chars : NULL;
    case SQLA_REP_VALUE:
        return bind_value;
    case SQLA_REP_ROW_NUMBER:
        break;
    }
    return NULL;
}

static bool needs_form(const sqla_slot *slot)
{
    return slot->rep == SQLA_REP_VALUE ||
           (slot->rep == SQLA_REP_FIXED && slot->type >= SQLA_DATE && slot->type <= SQLA_UUID);
}

static void *grow(void *block, size_t *room, size_t needed, size_t unit)
{
    if (needed <= *room)
        return block;
    void *grown = sqlite__host->resize(block, needed * unit);
    if (grown != NULL)
        *room = needed;
    return grown;
}

/* Is the parameter of slot i that of an earlier one? Nearly every plan goes upwards, so that the earlier ones need no look. */
static bool is_named_before(const sqla_plan *plan, uint32_t i, int32_t highest)
{
    uint32_t j = plan->slots[i].column > highest ? i : 0;
    while (j < i && plan->slots[j].column != plan->slots[i].column)
        j++;
    return j < i;
}

int64_t sqlite__plan_width(const sqla_plan *plan)
{
    int32_t highest = -1;
    int64_t count = plan != NULL ? plan->count : 0;
    for (uint32_t i = 0; i < count; i++) {
        int32_t column = plan->slots[i].column;
        if (column < 0 || column >= count || is_named_before(plan, i, highest))
            return -1;
        highest = column > highest ? column : highest;
    }
    return count;
}

sqla_status sqlite__bind_choose(sqla_driver_conn *conn, const sqla_plan *plan, uint32_t rows, sqla_err *err)
{
    bool forms = false;
    void *grown = grow(conn->binders, &conn->binder_room, plan->count, sizeof(bind_fn *));
    if (grown == NULL && plan->count > 0)
        return sqlite__nomem(err);
    conn->binders = grown;
    bind_fn **binders = conn->binders;
    for (uint32_t i = 0; i < plan->count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        binders[i] = binder_for(slot);
        if (binders[i] == NULL) {
            sqla_err_fields fields = { .column = slot->name };
            return sqlite__fail(err, SQLA_ERR_UNSUPPORTED, &fields,
                "parameter %d has a type and a form in memory that do not go together (%u, %u, %u bytes)",
                slot->column + 1, (unsigned)slot->type, (unsigned)slot->rep, (unsigned)slot->size);
        }
        forms = forms || needs_form(slot);
    }
    conn->forms_used = forms;
    if (!forms)
        return SQLA_OK;
    grown = grow(conn->forms, &conn->form_room, (size_t)plan->count * rows, SQLITE__FORM_SIZE);
    if (grown == NULL)
        return sqlite__nomem(err);
    conn->forms = grown;
    return SQLA_OK;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

/* How the items of a list lie in memory, as a slot that is read at each of them. */
static bool item_slot(const sqla_array *list, const sqla_slot *slot, sqla_slot *item)
{
    static const uint8_t sizes[SQLA_TYPE_COUNT_] = { [SQLA_NULL] = sizeof(sqla_value),
        [SQLA_BOOL] = sizeof(bool),
        [SQLA_INT16] = 2,
        [SQLA_INT32] = 4,
        [SQLA_INT64] = 8,
        [SQLA_FLOAT32] = 4,
        [SQLA_FLOAT64] = 8,
        [SQLA_TEXT] = sizeof(char *),
        [SQLA_DECIMAL] = sizeof(char *),
        [SQLA_JSON] = sizeof(char *),
        [SQLA_BLOB] = sizeof(sqla_blob),
        [SQLA_DATE] = sizeof(sqla_date),
        [SQLA_TIME] = 8,
        [SQLA_TIMESTAMP] = 8,
        [SQLA_LOCAL_TIMESTAMP] = 8,
        [SQLA_INTERVAL] = sizeof(sqla_interval),
        [SQLA_UUID] = sizeof(sqla_uuid) };
    static const uint8_t reps[SQLA_TYPE_COUNT_] = { [SQLA_NULL] = SQLA_REP_VALUE, [SQLA_TEXT] = SQLA_REP_CSTR,
        [SQLA_DECIMAL] = SQLA_REP_CSTR, [SQLA_JSON] = SQLA_REP_CSTR, [SQLA_BLOB] = SQLA_REP_BYTES };
    if (list->type >= SQLA_TYPE_COUNT_ || sizes[list->type] == 0)
        return false;
    *item = (sqla_slot){ .type = (uint8_t)list->type,
        .rep = reps[list->type] != 0 ? reps[list->type] : SQLA_REP_FIXED,
        .flags = SQLA_SLOT_NULLABLE,
        .size = sizes[list->type],
        .set_offset = -1,
        .name = slot->name };
    return true;
}

static int bind_list(binding *b, int index, const sqla_slot *slot, const sqla_array *list)
{
    char form[SQLITE__FORM_SIZE];
    sqla_slot item;
    if (list->count == UINT32_MAX || !item_slot(list, slot, &item))
        return refuse(b, "it is a list that cannot be sent");
    binding items = { NULL, sqlite__list_new(list->count), b->life, form, NULL, SQLA_ERR_DATA, b->most, "" };
    bind_fn *take = binder_for(&item);
    int rc = items.list == NULL ? SQLITE_NOMEM : SQLITE_OK;
    for (uint32_t i = 0; rc == SQLITE_OK && i < list->count; i++)
        rc = take(&items, 0, &item, (const char *)list->items + (size_t)i * item.size);
    if (rc == SQLITE_OK)
        return sqlite__list_bind(b->stmt, index, items.list);
    sqlite__list_free(items.list);
    memcpy(b->room, items.room, sizeof b->room);
    b->why = items.why == items.room ? b->room : items.why;
    b->status = items.status;
    return rc == SQLITE_NOMEM ? NO_MEMORY : rc;
}

/* ---- a row ----------------------------------------------------------------------------------------------------- */

static sqla_status bind_failed(
    sqla_driver_conn *conn, const binding *b, int rc, const sqla_slot *slot, int64_t number, sqla_err *err)
{
    if (rc == NO_MEMORY)
        return sqlite__nomem(err);
    if (rc != REFUSED)
        return sqlite__failed(conn, NULL, number, err);
    sqla_err_fields fields = { .column = slot->name, .row = number };
    fields.sqlstate = b->status == SQLA_ERR_NOT_NULL ? "23502" : b->status == SQLA_ERR_DATA ? "22000" :
        b->status == SQLA_ERR_RESOURCE ? "54000" : NULL;
    fields.hint = b->status == SQLA_ERR_RESOURCE ? sqlite__too_big : NULL;
    if (slot->name != NULL)
        return sqlite__fail(err, b->status, &fields, "cannot send column '%.128s': %s", slot->name, b->why);
    return sqlite__fail(err, b->status, &fields, "cannot send parameter %d: %s", slot->column + 1, b->why);
}

sqla_status sqlite__bind_row(sqla_driver_conn *conn, sqlite3_stmt *stmt, const sqla_plan *plan,
    const void *row, uint32_t block_row, bool copies, int64_t number, sqla_err *err)
{
    bind_fn *const *binders = conn->binders;
    const char *base = row;
    const int first = (int)(block_row * plan->count) + 1;
    char *form = conn->forms_used ? conn->forms + (size_t)block_row * plan->count * SQLITE__FORM_SIZE : NULL;
    binding b = { stmt, NULL, copies ? SQLITE_TRANSIENT : SQLITE_STATIC, form, NULL, SQLA_ERR_DATA,
        sqlite3_limit(conn->db, SQLITE_LIMIT_LENGTH, -1), "" };
    for (uint32_t i = 0; i < plan->count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        bool null = slot->set_offset >= 0 && base[slot->set_offset] == 0;
        int index = first + slot->column;
        int rc = null ? bind_null(&b, index, slot) : binders[i](&b, index, slot, base + slot->offset);
        if (rc != SQLITE_OK)
            return bind_failed(conn, &b, rc, slot, number, err);
        if (form != NULL)
            b.form += SQLITE__FORM_SIZE;
    }
    return SQLA_OK;
}
