/* encode.c: parameters, from the rows of the caller to the form that libmariadb sends.
 *
 * What lies in the caller's struct as the server takes it (integers, floating point numbers, texts, bytes) is pointed at there; what
 * has to be made (dates, times, uuids, labels) lies in units of our own, one a parameter. Everything is checked before anything is
 * sent, since the server would round and cut with no more than a warning. */
#include <config.h>
#include "mariadb.h"

#include <limits.h>
#include <string.h>

static bool is_text(uint32_t type)
{
    return type == SQLA_TEXT || type == SQLA_ENUM_TYPE || type == SQLA_JSON || type == SQLA_DECIMAL;
}
static bool is_int(uint32_t type) { return type == SQLA_INT16 || type == SQLA_INT32 || type == SQLA_INT64; }
static bool is_float(uint32_t type) { return type == SQLA_FLOAT32 || type == SQLA_FLOAT64; }

static const char too_long[] = "it is longer than any packet that a server takes";
static const char another_type[] = "the value has another type than its parameter";

/* A parameter: where it is described, and room for what has to be made. */
typedef struct target { MYSQL_BIND *bind; mariadb__unit *unit; } target;

static void set(target *t, enum enum_field_types type, const void *data, size_t size)
{
    t->bind->buffer_type = type;
    t->bind->buffer = (void *)(uintptr_t)data; /* read only */
    t->bind->buffer_length = (unsigned long)size;
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

static const char *put_int(target *t, uint32_t type, int64_t v)
{
    if ((type == SQLA_INT16 && v != (int16_t)v) || (type == SQLA_INT32 && v != (int32_t)v))
        return "the number is too large for its type";
    t->unit->i64 = v;
    set(t, MYSQL_TYPE_LONGLONG, &t->unit->i64, sizeof t->unit->i64);
    return NULL;
}

static const char *put_float(target *t, uint32_t type, double v)
{
    float narrow = (float)v;
    if (v - v != 0)
        return "the server has no number that is infinite, or none (NaN)";
    if (type == SQLA_FLOAT32 && (double)narrow != v)
        return "the number does not fit into a float";
    if (type == SQLA_FLOAT32) {
        t->unit->f32 = narrow;
        set(t, MYSQL_TYPE_FLOAT, &t->unit->f32, sizeof narrow);
    } else {
        t->unit->f64 = v;
        set(t, MYSQL_TYPE_DOUBLE, &t->unit->f64, sizeof v);
    }
    return NULL;
}

static const char *put_time(target *t, uint32_t type, int64_t v)
{
    MYSQL_TIME *time = &t->unit->time;
    bool ok = type == SQLA_DATE ? mariadb__date_put(v, time) : type == SQLA_TIME ? mariadb__time_put(v, time) : mariadb__timestamp_put(v, time);
    if (!ok)
        return type == SQLA_TIME ? "the time is not within a day" : "the server keeps years 1 to 9999, and no infinity";
    set(t, type == SQLA_DATE ? MYSQL_TYPE_DATE : type == SQLA_TIME ? MYSQL_TYPE_TIME : MYSQL_TYPE_DATETIME, time, sizeof *time);
    return NULL;
}

/* A value that is a number in C, as one of the types that are. */
static const char *put_number(target *t, uint32_t type, int64_t v)
{
    switch (type) {
    case SQLA_BOOL:
        return put_int(t, SQLA_INT64, v != 0);
    case SQLA_INT16:
    case SQLA_INT32:
    case SQLA_INT64:
        return put_int(t, type, v);
    case SQLA_DATE:
    case SQLA_TIME:
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        return put_time(t, type, v);
    }
    return another_type;
}

/* ---- texts ----------------------------------------------------------------------------------------------------- */

static const char *put_bytes(target *t, uint32_t type, const void *data, size_t size)
{
    const char *why = NULL;
    if (size > INT_MAX / 2)
        return too_long;
    if (type != SQLA_BLOB && size > 0 && memchr(data, 0, size) != NULL)
        return "the text has a NUL in it";
    if (type != SQLA_BLOB && !mariadb__utf8_valid(data, size))
        return "the text is not valid UTF-8";
    if (type == SQLA_DECIMAL && !mariadb__decimal_fits(data, size, &why))
        return why;
    set(t, type == SQLA_BLOB ? MYSQL_TYPE_BLOB : type == SQLA_DECIMAL ? MYSQL_TYPE_NEWDECIMAL : MYSQL_TYPE_STRING, data, size);
    return NULL;
}

static const char *put_uuid(target *t, const sqla_uuid *uuid)
{
    int n = mariadb__uuid_text(uuid, t->unit->text);
    set(t, MYSQL_TYPE_STRING, t->unit->text, (size_t)n);
    return NULL;
}

static const char *put_interval(target *t, const sqla_interval *interval)
{
    int n = mariadb__interval_text(interval, t->unit->text);
    set(t, MYSQL_TYPE_STRING, t->unit->text, (size_t)n);
    return NULL;
}

static const char *put_label(target *t, const sqla_slot *slot, int64_t index)
{
    if (index < 0 || (uint64_t)index >= slot->label_count || slot->labels == NULL)
        return "the value is none of the enum";
    return put_bytes(t, SQLA_ENUM_TYPE, slot->labels[index], strlen(slot->labels[index]));
}

static bool is_label(const sqla_slot *slot, const char *text, size_t size)
{
    for (uint32_t i = 0; i < slot->label_count; i++) {
        if (strlen(slot->labels[i]) == size && memcmp(slot->labels[i], text, size) == 0)
            return true;
    }
    return slot->label_count == 0;
}

static const char *put_text(target *t, const sqla_slot *slot, const char *data, size_t size)
{
    if (slot->type != SQLA_BLOB && !is_text(slot->type))
        return "a value of this type is not sent from a text";
    if (slot->type == SQLA_ENUM_TYPE && !is_label(slot, data, size))
        return "the text is none of the labels of the enum";
    return put_bytes(t, slot->type, data, size);
}

/* ---- slots ----------------------------------------------------------------------------------------------------- */

static int64_t fixed_int(const sqla_slot *slot, const char *at)
{
    bool u = (slot->flags & SQLA_SLOT_UNSIGNED) != 0;
    int16_t two;
    int32_t four;
    int64_t eight;
    switch (slot->size) {
    case 1:
        return u ? (int64_t)(uint8_t)*at : (int64_t)(int8_t)*at;
    case 2:
        memcpy(&two, at, 2);
        return u ? (int64_t)(uint16_t)two : two;
    case 4:
        memcpy(&four, at, 4);
        return four;
    default:
        memcpy(&eight, at, 8);
        return eight;
    }
}

static const char *put_fixed(target *t, const sqla_slot *slot, const char *at)
{
    float narrow;
    double wide;
    sqla_uuid uuid;
    sqla_interval interval;
    switch (slot->type) {
    case SQLA_INT64:
        if (slot->size != sizeof(int64_t))
            break;
        set(t, MYSQL_TYPE_LONGLONG, at, sizeof(int64_t));
        return NULL;
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        if (slot->size == sizeof narrow) {
            memcpy(&narrow, at, sizeof narrow);
            wide = (double)narrow;
        } else {
            memcpy(&wide, at, sizeof wide);
        }
        return put_float(t, slot->type, wide);
    case SQLA_UUID:
        memcpy(&uuid, at, sizeof uuid);
        return put_uuid(t, &uuid);
    case SQLA_INTERVAL:
        memcpy(&interval, at, sizeof interval);
        return put_interval(t, &interval);
    case SQLA_ENUM_TYPE:
        return put_label(t, slot, fixed_int(slot, at));
    }
    return put_number(t, slot->type, fixed_int(slot, at));
}

static const char *put_null(target *t) { return set(t, MYSQL_TYPE_NULL, NULL, 0), (const char *)NULL; }

/* A value with a type of its own, which is made the slot's type where that loses nothing. */
static const char *put_value(target *t, const sqla_slot *slot, const sqla_value *value)
{
    uint32_t type = slot->type != SQLA_NULL ? slot->type : value->type;
    switch (value->type) {
    case SQLA_NULL:
        return put_null(t);
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        return is_float(type) ? put_float(t, type, value->as.f64) : another_type;
    case SQLA_TEXT:
    case SQLA_DECIMAL:
    case SQLA_JSON:
    case SQLA_BLOB:
        if (value->as.bytes.data == NULL)
            return put_null(t);
        return (value->type == SQLA_BLOB) == (type == SQLA_BLOB) && (type == SQLA_BLOB || is_text(type)) ?
               put_bytes(t, type, value->as.bytes.data, value->as.bytes.size) : another_type;
    case SQLA_INTERVAL:
        return type == SQLA_INTERVAL ? put_interval(t, &value->as.interval) : another_type;
    case SQLA_ARRAY:
        return "the server has no arrays: a list stands in IN alone";
    case SQLA_UUID:
        return type == SQLA_UUID ? put_uuid(t, &value->as.uuid) : another_type;
    case SQLA_ENUM_TYPE:
        return type == SQLA_ENUM_TYPE ? put_label(t, slot, value->as.i64) : another_type;
    }
    if (is_int(value->type) && is_float(type) && value->as.i64 >= -(INT64_C(1) << 53) && value->as.i64 <= INT64_C(1) << 53)
        return put_float(t, type, (double)value->as.i64);
    if (type != value->type && !(is_int(value->type) && is_int(type)))
        return another_type;
    return put_number(t, type, value->as.i64);
}

/* Put what lies in a slot. Returns NULL, or why it cannot be sent. */
static const char *put_slot(target *t, const sqla_slot *slot, const void *row)
{
    const char *base = row, *at = base + slot->offset, *text, *end;
    sqla_blob blob;
    sqla_value value;
    if (slot->set_offset >= 0 && base[slot->set_offset] == 0)
        return put_null(t);
    switch (slot->rep) {
    case SQLA_REP_FIXED:
        return put_fixed(t, slot, at);
    case SQLA_REP_CSTR:
        memcpy(&text, at, sizeof text);
        return text == NULL ? put_null(t) : put_text(t, slot, text, strlen(text));
    case SQLA_REP_BYTES:
        memcpy(&blob, at, sizeof blob);
        return blob.data == NULL ? put_null(t) : put_text(t, slot, blob.data, blob.size);
    case SQLA_REP_CHARS:
        end = memchr(at, 0, slot->size);
        return end == NULL ? "the text has no NUL within its room" : put_text(t, slot, at, (size_t)(end - at));
    case SQLA_REP_VALUE:
        memcpy(&value, at, sizeof value);
        return put_value(t, slot, &value);
    }
    return "the slot has a representation that is not known";
}

/* ---- lists --------------------------------------------------------------------------------------------- */

/* How the items of a list lie in memory, as a slot that is read at each of them. */
static bool item_slot(const sqla_array *list, const sqla_slot *slot, sqla_slot *item)
{
    static const uint8_t sizes[SQLA_TYPE_COUNT_] = { [SQLA_BOOL] = sizeof(bool),
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
    *item = (sqla_slot){ .type = (uint8_t)list->type,
        .rep = SQLA_REP_FIXED,
        .flags = SQLA_SLOT_NULLABLE,
        .column = slot->column,
        .set_offset = -1,
        .name = slot->name };
    if (list->type == SQLA_NULL) {
        item->rep = SQLA_REP_VALUE;
        item->size = sizeof(sqla_value);
        return true;
    }
    if (list->type >= SQLA_TYPE_COUNT_ || sizes[list->type] == 0)
        return false;
    item->size = sizes[list->type];
    if (is_text(list->type) || list->type == SQLA_BLOB)
        item->rep = list->type == SQLA_BLOB ? SQLA_REP_BYTES : SQLA_REP_CSTR;
    return true;
}

static sqla_status refuse(
    const sqla_slot *slot, sqla_status status, const char *why, int64_t number, sqla_err *err);

sqla_status mariadb__list_items(
    const sqla_slot *slot, const sqla_array *list, mariadb__item_fn *take, void *to, sqla_err *err)
{
    sqla_slot item;
    if (list->count == UINT32_MAX || !item_slot(list, slot, &item))
        return refuse(slot, SQLA_ERR_DATA, "it is a list that cannot be sent", 0, err);
    for (uint32_t i = 0; i < list->count; i++) {
        MYSQL_BIND bind = { 0 };
        mariadb__unit unit;
        target t = { &bind, &unit };
        const char *why = put_slot(&t, &item, (const char *)list->items + (size_t)i * item.size);
        if (why != NULL)
            return refuse(slot, SQLA_ERR_DATA, why, 0, err);
        take(to, &bind);
    }
    return SQLA_OK;
}

/* ---- plans ----------------------------------------------------------------------------------------------------- */

static bool is_width(uint32_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

static bool can_send_fixed(const sqla_slot *slot)
{
    switch (slot->type) {
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        return slot->size == 4 || slot->size == 8;
    case SQLA_DATE:
        return slot->size == sizeof(sqla_date);
    case SQLA_TIME:
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        return slot->size == sizeof(int64_t);
    case SQLA_UUID:
        return slot->size == sizeof(sqla_uuid);
    case SQLA_INTERVAL:
        return slot->size == sizeof(sqla_interval);
    }
    return (slot->type == SQLA_BOOL || slot->type == SQLA_ENUM_TYPE || is_int(slot->type)) && is_width(slot->size);
}

static bool can_send(const sqla_slot *slot)
{
    switch (slot->rep) {
    case SQLA_REP_FIXED:
        return can_send_fixed(slot);
    case SQLA_REP_CSTR:
    case SQLA_REP_CHARS:
        return is_text(slot->type);
    case SQLA_REP_BYTES:
        return is_text(slot->type) || slot->type == SQLA_BLOB;
    case SQLA_REP_VALUE:
        return slot->type < SQLA_TYPE_COUNT_;
    }
    return false;
}

/* Is the parameter of slot i that of an earlier one? Nearly every plan goes upwards, so that the earlier ones need no look. */
static bool is_named_before(const sqla_plan *plan, uint32_t i, int32_t highest)
{
    uint32_t j = plan->slots[i].column > highest ? i : 0;
    while (j < i && plan->slots[j].column != plan->slots[i].column)
        j++;
    return j < i;
}

sqla_status mariadb__check_plan(const sqla_plan *plan, sqla_err *err)
{
    uint32_t count = plan != NULL ? plan->count : 0;
    int32_t highest = -1;
    for (uint32_t i = 0; i < count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        if (slot->column < 0 || (uint32_t)slot->column >= count)
            return mariadb__fail(err, SQLA_ERR_MISUSE, NULL, "slot %u of the parameters names parameter %d", i, (int)slot->column + 1);
        if (!can_send(slot))
            return mariadb__fail(err, SQLA_ERR_UNSUPPORTED, &(sqla_err_fields){ .column = slot->name },
                                 "parameter %d has a type and a form in memory that cannot be sent (%u, %u, %u bytes)", (int)slot->column + 1,
                                 (unsigned)slot->type, (unsigned)slot->rep, (unsigned)slot->size);
        if (is_named_before(plan, i, highest))
            return mariadb__fail(err, SQLA_ERR_MISUSE, NULL, "the plan of the parameters does not name each of them once");
        highest = slot->column > highest ? slot->column : highest;
    }
    return SQLA_OK;
}

/* ---- room ------------------------------------------------------------------------------------------------------ */

void mariadb__args_release(mariadb__args *args)
{
    mariadb__host->release(args->units); /* the one block that both lists lie in */
}

bool mariadb__args_start(mariadb__args *args, size_t count)
{
    if (count > args->room) {
        size_t room = count + 16;
        mariadb__unit *block = mariadb__host->alloc(room * (sizeof *args->units + sizeof *args->binds));
        if (block == NULL)
            return false;
        mariadb__host->release(args->units);
        args->units = block;
        args->binds = (MYSQL_BIND *)(void *)(block + room);
        args->room = room;
    }
    args->count = count;
    args->bytes = 0;
    if (count > 0)
        memset(args->binds, 0, count * sizeof *args->binds);
    return true;
}

/* Bytes of a packet: before its values, and of each but for its own (length, type and a bit). */
enum { A_HEAD = 64, A_VALUE = 16 };

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static const char raise_it[] =
    "raise max_allowed_packet on the server and connect anew, or store the value in pieces";

static sqla_status refuse(const sqla_slot *slot, sqla_status status, const char *why, int64_t number, sqla_err *err)
{
    if (why == too_long)
        return mariadb__fail(err, SQLA_ERR_RESOURCE,
            &(sqla_err_fields){ .row = number, .column = slot->name, .sqlstate = "54000", .hint = raise_it },
            "cannot send a value for '%s': %s", slot->name != NULL ? slot->name : "", why);
    const sqla_err_fields fields = { .row = number, .column = slot->name, .sqlstate = status == SQLA_ERR_NOT_NULL ? "23502" : NULL };
    if (slot->name != NULL)
        return mariadb__fail(err, status, &fields, "cannot send a value for '%s': %s", slot->name, why);
    return mariadb__fail(err, status, &fields, "cannot send parameter %d: %s", (int)slot->column + 1, why);
}

sqla_status mariadb__args_row(mariadb__args *args, const sqla_plan *plan, const void *row, size_t place, int64_t number, sqla_err *err)
{
    size_t first = plan != NULL ? place * plan->count : 0;
    for (uint32_t i = 0; plan != NULL && i < plan->count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        target t = { &args->binds[first + (size_t)slot->column], &args->units[first + (size_t)slot->column] };
        const char *why = put_slot(&t, slot, row);
        if (why != NULL)
            return refuse(slot, SQLA_ERR_DATA, why, number, err);
        if (t.bind->buffer_type == MYSQL_TYPE_NULL && (slot->flags & SQLA_SLOT_NULLABLE) == 0)
            return refuse(slot, SQLA_ERR_NOT_NULL, "it has no value, and needs one", number, err);
        args->bytes += A_VALUE + (t.bind->buffer_type == MYSQL_TYPE_NULL ? 0 : t.bind->buffer_length);
    }
    return SQLA_OK;
}

/* ---- what the server takes ----------------------------------------------------------------------------- */

bool mariadb__args_fit(const sqla_driver_conn *conn)
{
    return conn->packet == 0 || conn->args.bytes + A_HEAD < conn->packet;
}

/* The largest value of a row that is too large is named, as the one to begin with. */
sqla_status mariadb__check_args(
    const sqla_driver_conn *conn, const sqla_plan *plan, int64_t number, sqla_err *err)
{
    const mariadb__args *args = &conn->args;
    const sqla_slot *largest = NULL;
    unsigned long size = 0;
    for (uint32_t i = 0; plan != NULL && !mariadb__args_fit(conn) && i < plan->count; i++) {
        const MYSQL_BIND *bind = &args->binds[plan->slots[i].column];
        if (largest == NULL || (bind->buffer_type != MYSQL_TYPE_NULL && bind->buffer_length > size)) {
            largest = &plan->slots[i];
            size = bind->buffer_length;
        }
    }
    if (largest == NULL)
        return SQLA_OK;
    const sqla_err_fields fields = {
        .row = number, .column = largest->name, .sqlstate = "54000", .hint = raise_it
    };
    return mariadb__fail(err, SQLA_ERR_RESOURCE, &fields,
        "the row has %zu bytes, %lu of them in '%s', and the server takes %zu at once "
        "(max_allowed_packet)",
        args->bytes, size, largest->name != NULL ? largest->name : "a parameter", conn->packet);
}

sqla_status mariadb__check_length(const sqla_driver_conn *conn, size_t length, sqla_err *err)
{
    if (conn->packet == 0 || length + A_HEAD < conn->packet)
        return SQLA_OK;
    return mariadb__fail(err, SQLA_ERR_RESOURCE, &(sqla_err_fields){ .sqlstate = "54000", .hint = raise_it },
        "the statement has %zu bytes, and the server takes %zu at once (max_allowed_packet)", length,
        conn->packet);
}
