/* encode.c: parameters, from the rows of the caller to the form that libpq sends.
 *
 * What has a fixed size goes in the server's binary form with its type named; what is text goes as text without a type,
 * so that the server finds it out. In columns mode each slot becomes one array in binary form (the server's array_recv):
 * dimensions, "has nulls", element type, length, lower bound, then each element with its length; text of any kind travels
 * as text[] and is cast by the statement. A parameter that is an array itself goes the same way when its items have a fixed
 * type, and else as the text of an array without a type. Everything is checked before anything is sent. */
#include <config.h>
#include "postgres.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define EPOCH_DAYS 10957 /* from 1970-01-01 to 2000-01-01, where the server counts from */
#define EPOCH_MICROS INT64_C(946684800000000)

/* What the server can keep, counted from its epoch: from 4713-11-24 BC on, dates to 5874897, timestamps to 294276. */
enum { FIRST_DAY = -2451545, LAST_DAY = 2145031948 };
#define FIRST_MICRO INT64_C(-211813488000000000)
#define LAST_MICRO INT64_C(9223371331199999999)

/* One value, ready to be put anywhere: either fixed bytes, or a text or blob that is borrowed. */
typedef struct cell {
    uint32_t type;             /* sqla_type; SQLA_NULL: a null */
    bool terminated;           /* data has a NUL behind it */
    const char *data;          /* NULL: in fixed */
    size_t size;
    char fixed[16];
} cell;

static bool is_text(uint32_t type)
{
    return type == SQLA_TEXT || type == SQLA_ENUM_TYPE || type == SQLA_JSON || type == SQLA_DECIMAL;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* ---- types ----------------------------------------------------------------------------------------------------- */

typedef struct oids { Oid one, array; } oids;

static const oids oids_of[SQLA_TYPE_COUNT_] = {
    [SQLA_BOOL] = { PG_BOOL, 1000 },
    [SQLA_INT16] = { PG_INT2, 1005 },
    [SQLA_INT32] = { PG_INT4, 1007 },
    [SQLA_INT64] = { PG_INT8, 1016 },
    [SQLA_FLOAT32] = { PG_FLOAT4, 1021 },
    [SQLA_FLOAT64] = { PG_FLOAT8, 1022 },
    [SQLA_TEXT] = { 0, PG_TEXT_ARRAY },
    [SQLA_BLOB] = { PG_BYTEA, 1001 },
    [SQLA_DATE] = { PG_DATE, 1182 },
    [SQLA_TIME] = { PG_TIME, 1183 },
    [SQLA_TIMESTAMP] = { PG_TIMESTAMPTZ, 1185 },
    [SQLA_LOCAL_TIMESTAMP] = { PG_TIMESTAMP, 1115 },
    [SQLA_INTERVAL] = { PG_INTERVAL, 1187 },
    [SQLA_UUID] = { PG_UUID, 2951 },
    [SQLA_DECIMAL] = { 0, PG_TEXT_ARRAY },
    [SQLA_JSON] = { 0, PG_TEXT_ARRAY },
    [SQLA_ENUM_TYPE] = { 0, PG_TEXT_ARRAY },
};

/* What an array is declared as; 0: the server finds it out. */
static Oid array_type(uint32_t element) { return is_text(element) ? 0 : oids_of[element].array; }

sqla_status postgres__plan_types(const sqla_plan *plan, bool columns, Oid *types, sqla_err *err)
{
    uint32_t count = plan != NULL ? plan->count : 0;
    for (uint32_t i = 0; i < count; i++)
        types[i] = (Oid)-1;
    for (uint32_t i = 0; i < count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        if (slot->column < 0 || (uint32_t)slot->column >= count || types[slot->column] != (Oid)-1)
            return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "slot %u of the parameters names parameter %d", i, (int)slot->column + 1);
        if (slot->type >= SQLA_TYPE_COUNT_ || (columns && slot->type == SQLA_NULL))
            return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "parameter %d has a type that cannot be sent", (int)slot->column + 1);
        if (slot->type == SQLA_ARRAY && (columns || slot->element >= SQLA_ARRAY))
            return postgres__fail(err, SQLA_ERR_UNSUPPORTED, NULL, "parameter %d is an array that cannot be sent", (int)slot->column + 1);
        types[slot->column] = slot->type == SQLA_ARRAY ? array_type(slot->element) :
                              columns ? oids_of[slot->type].array : oids_of[slot->type].one;
    }
    return SQLA_OK;
}

/* ---- reading a slot -------------------------------------------------------------------------------------------- */

static void big16(char *to, uint16_t v) { to[0] = (char)(v >> 8); to[1] = (char)v; }
static void big32(char *to, uint32_t v) { big16(to, (uint16_t)(v >> 16)); big16(to + 2, (uint16_t)v); }
static void big64(char *to, uint64_t v) { big32(to, (uint32_t)(v >> 32)); big32(to + 4, (uint32_t)v); }

static const char *put_int(cell *c, uint32_t type, int64_t v)
{
    c->size = type == SQLA_INT16 ? 2 : type == SQLA_INT32 ? 4 : 8;
    if ((type == SQLA_INT16 && v != (int16_t)v) || (type == SQLA_INT32 && v != (int32_t)v))
        return "the number is too large for its type";
    if (type == SQLA_INT16)
        big16(c->fixed, (uint16_t)v);
    else if (type == SQLA_INT32)
        big32(c->fixed, (uint32_t)v);
    else
        big64(c->fixed, (uint64_t)v);
    return NULL;
}

static const char *put_float(cell *c, uint32_t type, double v)
{
    float narrow = (float)v;
    uint32_t four;
    uint64_t eight;
    c->size = type == SQLA_FLOAT32 ? 4 : 8;
    if (type == SQLA_FLOAT32) {
        if (v == v && (double)narrow != v)
            return "the number does not fit into a float";
        memcpy(&four, &narrow, 4);
        big32(c->fixed, four);
    } else {
        memcpy(&eight, &v, 8);
        big64(c->fixed, eight);
    }
    return NULL;
}

static const char *put_timestamp(cell *c, int64_t v)
{
    bool infinite = v == SQLA_TIMESTAMP_INFINITY || v == SQLA_TIMESTAMP_MINUS_INFINITY;
    if (!infinite && (__builtin_sub_overflow(v, EPOCH_MICROS, &v) || v < FIRST_MICRO || v > LAST_MICRO))
        return "the time is too far away for the server";
    c->size = 8;
    big64(c->fixed, (uint64_t)v);
    return NULL;
}

static const char *put_date(cell *c, int64_t v)
{
    bool infinite = v == SQLA_DATE_INFINITY || v == SQLA_DATE_MINUS_INFINITY;
    if (!infinite && (v < FIRST_DAY + EPOCH_DAYS || v > LAST_DAY + EPOCH_DAYS))
        return "the date is too far away for the server";
    c->size = 4;
    big32(c->fixed, (uint32_t)(int32_t)(infinite ? v : v - EPOCH_DAYS));
    return NULL;
}

static const char *put_interval(cell *c, const sqla_interval *v)
{
    big64(c->fixed, (uint64_t)v->micros);
    big32(c->fixed + 8, (uint32_t)v->days);
    big32(c->fixed + 12, (uint32_t)v->months);
    c->size = 16;
    return NULL;
}

/* A value that is a number in C, as one of the types that are. */
static const char *put_number(cell *c, uint32_t type, int64_t v)
{
    switch (type) {
    case SQLA_BOOL:
        c->fixed[0] = v != 0;
        c->size = 1;
        return NULL;
    case SQLA_INT16:
    case SQLA_INT32:
    case SQLA_INT64:
        return put_int(c, type, v);
    case SQLA_DATE:
        return put_date(c, v);
    case SQLA_TIME:
        if (v < 0 || v > INT64_C(86400000000))
            return "the time is not within a day";
        big64(c->fixed, (uint64_t)v);
        c->size = 8;
        return NULL;
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        return put_timestamp(c, v);
    }
    return "the value has another type than its parameter";
}

/* Digits with a point and an exponent where there are any; or what is no finite number, which the server has as well. Anything else
 * it would refuse itself, but without a word about the column. */
static bool is_decimal(const char *text, size_t n)
{
    static const char *const others[] = { "NaN", "Infinity", "-Infinity" };
    size_t i = n > 0 && (text[0] == '-' || text[0] == '+'), digits = 0, points = 0;
    for (; i < n && (is_digit(text[i]) || (text[i] == '.' && points == 0)); i++)
        *(text[i] == '.' ? &points : &digits) += 1;
    if (digits > 0 && i < n && (text[i] == 'e' || text[i] == 'E')) {
        i += 1 + (i + 1 < n && (text[i + 1] == '-' || text[i + 1] == '+'));
        for (digits = 0; i < n && is_digit(text[i]); i++)
            digits++;
    }
    if (digits > 0 && i == n)
        return true;
    for (i = 0; i < 3; i++) {
        if (strlen(others[i]) == n && memcmp(others[i], text, n) == 0)
            return true;
    }
    return false;
}

static const char too_long[] = "it is longer than a message can be (1 GB)";

static const char *put_bytes(cell *c, uint32_t type, const void *data, size_t size, bool terminated)
{
    if (size > POSTGRES__MESSAGE)
        return too_long;
    if (type != SQLA_BLOB && !postgres__utf8_valid(data, size))
        return memchr(data, 0, size) != NULL ? "the text has a NUL in it" : "the text is not valid UTF-8";
    if (type == SQLA_DECIMAL && !is_decimal(data, size))
        return "it is no decimal number";
    c->data = data;
    c->size = size;
    c->terminated = terminated;
    return NULL;
}

static const char *put_label(cell *c, const sqla_slot *slot, int64_t index)
{
    if (index < 0 || (uint64_t)index >= slot->label_count || slot->labels == NULL)
        return "the value is none of the enum";
    return put_bytes(c, SQLA_ENUM_TYPE, slot->labels[index], strlen(slot->labels[index]), true);
}

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

static const char *read_fixed(cell *c, const sqla_slot *slot, const char *at)
{
    float narrow;
    double wide;
    sqla_interval interval;
    switch (slot->type) {
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        if (slot->size == sizeof narrow) {
            memcpy(&narrow, at, sizeof narrow);
            wide = (double)narrow;
        } else {
            memcpy(&wide, at, sizeof wide);
        }
        return put_float(c, slot->type, wide);
    case SQLA_INTERVAL:
        memcpy(&interval, at, sizeof interval);
        return put_interval(c, &interval);
    case SQLA_UUID:
        memcpy(c->fixed, at, 16);
        c->size = 16;
        return NULL;
    case SQLA_ENUM_TYPE:
        return put_label(c, slot, fixed_int(slot, at));
    default:
        return put_number(c, slot->type, fixed_int(slot, at));
    }
}

static bool is_label(const sqla_slot *slot, const char *text, size_t size)
{
    for (uint32_t i = 0; i < slot->label_count; i++) {
        if (strlen(slot->labels[i]) == size && memcmp(slot->labels[i], text, size) == 0)
            return true;
    }
    return slot->label_count == 0;
}

static const char *read_text(cell *c, const sqla_slot *slot, const char *data, size_t size, bool terminated)
{
    if (slot->type != SQLA_BLOB && !is_text(slot->type))
        return "a value of this type is not sent from a text";
    if (slot->type == SQLA_ENUM_TYPE && !is_label(slot, data, size))
        return "the text is none of the labels of the enum";
    return put_bytes(c, slot->type, data, size, terminated);
}

/* A value with a type of its own, which is made the slot's type where that loses nothing. */
static const char *read_value(cell *c, const sqla_slot *slot, const sqla_value *value)
{
    uint32_t type = slot->type != SQLA_NULL ? slot->type : value->type;
    bool integer = value->type == SQLA_INT16 || value->type == SQLA_INT32 || value->type == SQLA_INT64;
    bool float_type = type == SQLA_FLOAT32 || type == SQLA_FLOAT64;
    c->type = type;
    switch (value->type) {
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        return float_type ? put_float(c, type, value->as.f64) : "the value has another type than its parameter";
    case SQLA_TEXT:
    case SQLA_DECIMAL:
    case SQLA_JSON:
        return is_text(type) ? put_bytes(c, type, value->as.bytes.data, value->as.bytes.size, false) : "the value has another type than its parameter";
    case SQLA_BLOB:
        return type == SQLA_BLOB ? put_bytes(c, type, value->as.bytes.data, value->as.bytes.size, false) : "the value has another type than its parameter";
    case SQLA_INTERVAL:
        return type == SQLA_INTERVAL ? put_interval(c, &value->as.interval) : "the value has another type than its parameter";
    case SQLA_UUID:
        memcpy(c->fixed, value->as.uuid.bytes, 16);
        c->size = 16;
        return type == SQLA_UUID ? NULL : "the value has another type than its parameter";
    case SQLA_ENUM_TYPE:
        return type == SQLA_ENUM_TYPE ? put_label(c, slot, value->as.i64) : "the value has another type than its parameter";
    }
    if (integer && float_type && value->as.i64 >= -(INT64_C(1) << 53) && value->as.i64 <= INT64_C(1) << 53)
        return put_float(c, type, (double)value->as.i64);
    if (type != value->type && !(integer && (type == SQLA_INT16 || type == SQLA_INT32 || type == SQLA_INT64)))
        return "the value has another type than its parameter";
    return put_number(c, type, value->as.i64);
}

static const char *null_cell(cell *c) { return c->type = SQLA_NULL, (const char *)NULL; }

/* Read what lies in a slot. Returns NULL, or why it cannot be sent. */
static const char *read_slot(cell *c, const sqla_slot *slot, const void *row)
{
    const char *base = row, *at = base + slot->offset, *text;
    const sqla_blob *blob;
    const sqla_value *value;
    c->type = slot->type;
    c->data = NULL;
    c->terminated = false;
    if (slot->set_offset >= 0 && !*(const bool *)(const void *)(base + slot->set_offset))
        return null_cell(c);
    switch (slot->rep) {
    case SQLA_REP_FIXED:
        return read_fixed(c, slot, at);
    case SQLA_REP_CSTR:
        memcpy(&text, at, sizeof text);
        return text == NULL ? null_cell(c) : read_text(c, slot, text, strlen(text), true);
    case SQLA_REP_BYTES:
        blob = (const sqla_blob *)(const void *)at;
        return blob->data == NULL ? null_cell(c) : read_text(c, slot, blob->data, blob->size, false);
    case SQLA_REP_CHARS:
        if (memchr(at, 0, slot->size) == NULL)
            return "the text has no NUL within its room";
        return read_text(c, slot, at, strlen(at), true);
    case SQLA_REP_VALUE:
        value = (const sqla_value *)(const void *)at;
        return value->type == SQLA_NULL ? null_cell(c) : read_value(c, slot, value);
    }
    return "the slot has a representation that is not known";
}

static const char in_pieces[] =
    "the limit is the protocol's and cannot be raised: store the value in pieces, or as a large object";

static sqla_status refuse(const sqla_slot *slot, const char *why, int64_t number, sqla_err *err)
{
    bool large = why == too_long;
    sqla_status status = large ? SQLA_ERR_RESOURCE : SQLA_ERR_DATA;
    const sqla_err_fields fields = { .row = number,
        .column = slot->name,
        .sqlstate = large ? "54000" : NULL,
        .hint = large ? in_pieces : NULL };
    if (slot->name != NULL)
        return postgres__fail(err, status, &fields, "cannot send a value for '%s': %s", slot->name, why);
    return postgres__fail(err, status, &fields, "cannot send parameter %d: %s", (int)slot->column + 1, why);
}

static sqla_status take_slot(cell *c, const sqla_slot *slot, const void *row, int64_t number, sqla_err *err)
{
    const char *why = read_slot(c, slot, row);
    if (why != NULL)
        return refuse(slot, why, number, err);
    if (c->type != SQLA_NULL || (slot->flags & SQLA_SLOT_NULLABLE) != 0)
        return SQLA_OK;
    const sqla_err_fields fields = { .row = number, .column = slot->name };
    if (slot->name != NULL)
        return postgres__fail(err, SQLA_ERR_NOT_NULL, &fields, "'%s' has no value, and needs one", slot->name);
    return postgres__fail(err, SQLA_ERR_NOT_NULL, &fields, "parameter %d has no value, and needs one", (int)slot->column + 1);
}

/* ---- room ------------------------------------------------------------------------------------------------------ */

void postgres__args_release(postgres__args *args)
{
    postgres__host->release(args->values); /* the one block that all lists lie in */
    postgres__buf_release(&args->bytes);
}

static bool args_start(postgres__args *args, uint32_t count)
{
    args->count = 0;
    args->bytes.size = 0;
    args->bytes.broken = false;
    if (count > (uint32_t)args->room) {
        size_t room = (size_t)count + 16, each = sizeof *args->values + sizeof *args->places + 2 * sizeof(int) + sizeof(Oid);
        char *block = postgres__host->alloc(room * each);
        if (block == NULL)
            return false;
        postgres__host->release(args->values);
        args->values = (const char **)(void *)block;
        args->places = (size_t *)(void *)(args->values + room);
        args->lengths = (int *)(void *)(args->places + room);
        args->formats = args->lengths + room;
        args->types = (Oid *)(args->formats + room);
        args->room = (int)room;
    }
    args->count = (int)count;
    return true;
}

#define BORROWED SIZE_MAX /* a place: the value lies with the caller */

/* Now that the bytes stay where they are, point at them. */
/* The largest value of a row that is too large is named, as the one to begin with. */
static sqla_status check_size(
    const postgres__args *args, const sqla_plan *plan, int64_t number, sqla_err *err)
{
    size_t total = 0;
    const sqla_slot *largest = plan->slots;
    for (uint32_t i = 0; i < plan->count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        total += (size_t)args->lengths[slot->column] + 8;
        largest = args->lengths[slot->column] > args->lengths[largest->column] ? slot : largest;
    }
    if (total <= POSTGRES__MESSAGE)
        return SQLA_OK;
    const sqla_err_fields fields = {
        .row = number, .column = largest->name, .sqlstate = "54000", .hint = in_pieces
    };
    return postgres__fail(err, SQLA_ERR_RESOURCE, &fields,
        "the row has %zu bytes, %d of them in '%s', and a message can have %d (1 GB)", total,
        args->lengths[largest->column], largest->name != NULL ? largest->name : "a parameter",
        POSTGRES__MESSAGE);
}

static sqla_status args_finish(postgres__args *args, const sqla_plan *plan, int64_t number, sqla_err *err)
{
    if (args->bytes.broken)
        return postgres__nomem(err);
    if (plan != NULL && plan->count > 0 && check_size(args, plan, number, err) != SQLA_OK)
        return SQLA_ERR_RESOURCE;
    for (int i = 0; i < args->count; i++) {
        if (args->places[i] != BORROWED)
            args->values[i] = args->bytes.data + args->places[i];
    }
    return SQLA_OK;
}

/* ---- arrays ---------------------------------------------------------------------------------------------------- */

static void add32(postgres__buf *buf, uint32_t v)
{
    char four[4];
    big32(four, v);
    postgres__buf_add(buf, four, 4);
}

static void add_element(postgres__buf *buf, const cell *c)
{
    size_t size = c->type == SQLA_NULL ? 0 : c->size;
    char *at = postgres__buf_more(buf, size + 4);
    if (at == NULL)
        return;
    big32(at, c->type == SQLA_NULL ? UINT32_MAX : (uint32_t)size);
    if (size > 0)
        memcpy(at + 4, c->data != NULL ? c->data : c->fixed, size);
    buf->size += size + 4;
}

static Oid element_type(uint32_t type)
{
    return is_text(type) ? PG_TEXT : oids_of[type].one;
}

/* What stands before the elements. Returns where it begins. */
static size_t add_array_head(postgres__buf *buf, uint32_t type, size_t count)
{
    size_t start = buf->size;
    add32(buf, count > 0);
    add32(buf, 0);
    add32(buf, element_type(type));
    if (count > 0) {
        add32(buf, (uint32_t)count);
        add32(buf, 1);
    }
    return start;
}

static sqla_status add_array(
    postgres__buf *buf, const sqla_slot *slot, void *const *rows, size_t first, size_t count, sqla_err *err)
{
    bool nulls = false;
    size_t start = add_array_head(buf, slot->type, count);
    for (size_t i = 0; i < count; i++) {
        cell c;
        sqla_status status = take_slot(&c, slot, rows[i], (int64_t)(first + i) + 1, err);
        if (status != SQLA_OK)
            return status;
        nulls |= c.type == SQLA_NULL;
        add_element(buf, &c);
    }
    if (!buf->broken && nulls)
        big32(buf->data + start + 4, 1);
    if (!buf->broken && buf->size - start > POSTGRES__MESSAGE)
        return count == 1
                   ? refuse(slot, too_long, (int64_t)first + 1, err)
                   : postgres__fail(err, SQLA_ERR_RESOURCE, NULL,
                         "the values of a batch have more bytes together than a message can have (1 GB)");
    return SQLA_OK;
}

/* How the items of an array lie in memory, as a slot that is read at each of them. */
static bool item_slot(const sqla_array *array, const sqla_slot *slot, sqla_slot *item)
{
    static const uint8_t sizes[SQLA_TYPE_COUNT_] = {
        [SQLA_BOOL] = sizeof(bool), [SQLA_INT16] = 2, [SQLA_INT32] = 4, [SQLA_INT64] = 8, [SQLA_FLOAT32] = 4, [SQLA_FLOAT64] = 8,
        [SQLA_TEXT] = sizeof(char *), [SQLA_DECIMAL] = sizeof(char *), [SQLA_JSON] = sizeof(char *), [SQLA_BLOB] = sizeof(sqla_blob),
        [SQLA_DATE] = sizeof(sqla_date), [SQLA_TIME] = 8, [SQLA_TIMESTAMP] = 8, [SQLA_LOCAL_TIMESTAMP] = 8,
        [SQLA_INTERVAL] = sizeof(sqla_interval), [SQLA_UUID] = sizeof(sqla_uuid)
    };
    *item = (sqla_slot){ .type = slot->element, .rep = SQLA_REP_FIXED, .flags = SQLA_SLOT_NULLABLE, .column = slot->column, .set_offset = -1, .name = slot->name };
    if (array->type == SQLA_NULL) {
        item->rep = SQLA_REP_VALUE;
        item->size = sizeof(sqla_value);
        return true;
    }
    if (array->type >= SQLA_TYPE_COUNT_ || array->type != slot->element || sizes[array->type] == 0)
        return false;
    item->size = sizes[array->type];
    if (is_text(array->type) || array->type == SQLA_BLOB)
        item->rep = array->type == SQLA_BLOB ? SQLA_REP_BYTES : SQLA_REP_CSTR;
    return true;
}

/* An element in the text of an array. Quotes keep everything but quotes and backslashes as it is. */
static void add_quoted(postgres__buf *buf, const cell *c, bool first)
{
    postgres__buf_add(buf, first ? "{" : ",", 1);
    if (c->type == SQLA_NULL) {
        postgres__buf_add(buf, "NULL", 4);
        return;
    }
    char *at = postgres__buf_more(buf, 2 * c->size + 2), *to = at;
    if (at == NULL)
        return;
    *to++ = '"';
    for (size_t i = 0; i < c->size; i++) {
        if (c->data[i] == '"' || c->data[i] == '\\')
            *to++ = '\\';
        *to++ = c->data[i];
    }
    *to++ = '"';
    buf->size += (size_t)(to - at);
}

static sqla_status add_items(postgres__buf *buf, const sqla_array *array, const sqla_slot *slot, bool binary, size_t start, int64_t number, sqla_err *err)
{
    sqla_slot item;
    bool nulls = false;
    if (array->count > INT_MAX / 2 || !item_slot(array, slot, &item))
        return refuse(slot, "it is an array that cannot be sent", number, err);
    for (uint32_t i = 0; i < array->count; i++) {
        cell c;
        sqla_status status = take_slot(&c, &item, (const char *)array->items + (size_t)i * item.size, number, err);
        if (status != SQLA_OK)
            return status;
        nulls |= c.type == SQLA_NULL;
        if (binary)
            add_element(buf, &c);
        else
            add_quoted(buf, &c, i == 0);
    }
    if (binary && nulls && !buf->broken)
        big32(buf->data + start + 4, 1);
    return SQLA_OK;
}

/* Put an array into its place among the parameters. */
static sqla_status put_array(postgres__args *args, const sqla_slot *slot, const sqla_array *array, Oid expected, int64_t number, sqla_err *err)
{
    int at = slot->column;
    postgres__buf *buf = &args->bytes;
    Oid type = slot->element < SQLA_ARRAY ? array_type(slot->element) : 0;
    size_t start = buf->size;
    args->types[at] = expected != 0 ? expected : type;
    args->places[at] = start;
    args->values[at] = "";
    args->formats[at] = type != 0;
    if (type != 0 && expected != 0 && expected != type)
        return refuse(slot, "the statement takes another type than this array has", number, err);
    if (type != 0)
        add_array_head(buf, slot->element, array->count);
    sqla_status status = add_items(buf, array, slot, type != 0, start, number, err);
    if (type == 0)
        postgres__buf_add(buf, array->count > 0 ? "}" : "{}", array->count > 0 ? 2 : 3); /* with the NUL */
    if (status == SQLA_OK && buf->size - start > POSTGRES__MESSAGE)
        return refuse(slot, too_long, number, err);
    args->lengths[at] = (int)(buf->size - start - (type == 0));
    return status;
}

/* ---- one row --------------------------------------------------------------------------------------------------- */

/* The text of a value, for a parameter that the server has found to be of another type. */
static const char *as_text(const cell *c, const sqla_value *value, char room[POSTGRES__FORM_SIZE])
{
    switch (c->type) {
    case SQLA_BOOL:
        return value->as.i64 != 0 ? "true" : "false";
    case SQLA_INT16:
    case SQLA_INT32:
    case SQLA_INT64:
        snprintf(room, POSTGRES__FORM_SIZE, "%lld", (long long)value->as.i64);
        return room;
    case SQLA_DATE:
        postgres__date_text((int32_t)value->as.i64, room);
        return room;
    case SQLA_TIME:
        postgres__time_text(value->as.i64, room);
        return room;
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        postgres__timestamp_text(value->as.i64, c->type == SQLA_TIMESTAMP, room);
        return room;
    case SQLA_INTERVAL:
        postgres__interval_text(&value->as.interval, room);
        return room;
    case SQLA_UUID:
        postgres__uuid_text(&value->as.uuid, room);
        return room;
    }
    return NULL;
}

/* With a point, whatever the locale is. */
static const char *float_text(double v, char room[POSTGRES__FORM_SIZE])
{
    locale_t old = uselocale(postgres__c_locale);
    snprintf(room, POSTGRES__FORM_SIZE, "%.17g", v);
    uselocale(old);
    return room;
}

static void put_own(postgres__args *args, int i, const void *data, size_t size, int format, bool terminate)
{
    args->places[i] = args->bytes.size;
    args->values[i] = "";
    args->lengths[i] = (int)size;
    args->formats[i] = format;
    postgres__buf_add(&args->bytes, data, size);
    if (terminate || size == 0)
        postgres__buf_add(&args->bytes, "", 1);
}

/* expected: the type the server has for the parameter; 0: it takes ours. */
static void put_cell(postgres__args *args, int i, const cell *c, const sqla_value *value, Oid expected)
{
    char room[POSTGRES__FORM_SIZE];
    Oid type = c->type == SQLA_NULL ? 0 : oids_of[c->type].one;
    args->types[i] = expected != 0 ? expected : type;
    args->places[i] = BORROWED;
    args->lengths[i] = 0;
    args->formats[i] = 0;
    args->values[i] = NULL;
    if (c->type == SQLA_NULL)
        return;
    if (value != NULL && expected != 0 && type != 0 && type != expected) {
        const char *text = c->type == SQLA_FLOAT32 || c->type == SQLA_FLOAT64 ? float_text(value->as.f64, room) : as_text(c, value, room);
        if (text != NULL) {
            put_own(args, i, text, strlen(text), 0, true);
            return;
        }
    }
    if (c->data == NULL || (is_text(c->type) && !c->terminated)) {
        put_own(args, i, c->data != NULL ? c->data : c->fixed, c->size, is_text(c->type) ? 0 : 1, is_text(c->type));
        return;
    }
    args->values[i] = c->data;
    args->lengths[i] = (int)c->size;
    args->formats[i] = is_text(c->type) ? 0 : 1;
}

sqla_status postgres__args_row(sqla_driver_conn *conn, const sqla_driver_stmt *stmt, const sqla_plan *plan, const void *row,
                               int64_t number, sqla_err *err)
{
    postgres__args *args = &conn->args;
    uint32_t count = plan != NULL ? plan->count : 0;
    if (stmt != NULL && (uint32_t)stmt->count != count)
        return postgres__fail(err, SQLA_ERR_SQL, NULL, "the statement has %d parameters, and %u are given", stmt->count, count);
    if (count > 65535)
        return postgres__fail(err, SQLA_ERR_SQL, NULL, "%u parameters are more than the server takes", count);
    if (!args_start(args, count))
        return postgres__nomem(err);
    for (uint32_t i = 0; i < count; i++) {
        const sqla_slot *slot = &plan->slots[i];
        const sqla_value *value = slot->rep == SQLA_REP_VALUE ? (const sqla_value *)(const void *)((const char *)row + slot->offset) : NULL;
        cell c;
        if (slot->column < 0 || (uint32_t)slot->column >= count)
            return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "slot %u of the parameters names parameter %d", i, (int)slot->column + 1);
        Oid expected = stmt != NULL ? stmt->types[slot->column] : 0;
        bool array = value != NULL && value->type == SQLA_ARRAY && slot->type == SQLA_ARRAY;
        sqla_status status = array ? put_array(args, slot, &value->as.array, expected, number, err) : take_slot(&c, slot, row, number, err);
        if (status != SQLA_OK)
            return status;
        if (!array)
            put_cell(args, slot->column, &c, value, expected);
    }
    return args_finish(args, plan, number, err);
}

/* ---- many rows ------------------------------------------------------------------------------------------------- */

sqla_status postgres__args_columns(sqla_driver_conn *conn, const sqla_plan *plan, void *const *rows, size_t count, sqla_err *err)
{
    postgres__args *args = &conn->args;
    if (plan == NULL || plan->count == 0 || plan->count > 65535 || count > INT_MAX / 2)
        return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "a batch by columns has no column, or too much of them");
    if (!args_start(args, plan->count))
        return postgres__nomem(err);
    sqla_status status = postgres__plan_types(plan, true, args->types, err);
    for (uint32_t i = 0; i < plan->count && status == SQLA_OK; i++) {
        int at = plan->slots[i].column;
        args->places[at] = args->bytes.size;
        status = add_array(&args->bytes, &plan->slots[i], rows, args->first, count, err);
        args->lengths[at] = (int)(args->bytes.size - args->places[at]);
        args->formats[at] = 1;
    }
    return status == SQLA_OK ? args_finish(args, plan, count == 1 ? (int64_t)args->first + 1 : 0, err)
                             : status;
}

/* What a value adds to an array, about: texts that are not sent as they lie are short. */
static size_t size_of(const sqla_slot *slot, const char *row)
{
    const char *at = row + slot->offset, *text = NULL;
    sqla_blob bytes = { NULL, 0 };
    sqla_value value;
    switch (slot->rep) {
    case SQLA_REP_CSTR:
        memcpy(&text, at, sizeof text);
        return text != NULL ? strlen(text) : 0;
    case SQLA_REP_BYTES:
        memcpy(&bytes, at, sizeof bytes);
        return bytes.data != NULL ? bytes.size : 0;
    case SQLA_REP_VALUE:
        memcpy(&value, at, sizeof value);
        return is_text(value.type) || value.type == SQLA_BLOB ? value.as.bytes.size : sizeof value;
    }
    return slot->size;
}

size_t postgres__rows_within(const sqla_plan *plan, void *const *rows, size_t count, size_t most)
{
    size_t size = 0, n = 0;
    while (n < count && (n == 0 || size < most)) {
        for (uint32_t i = 0; i < plan->count; i++) {
            size_t more = size_of(&plan->slots[i], rows[n]);
            size = more < SIZE_MAX - size - 8 ? size + more + 8 : SIZE_MAX;
        }
        n += n == 0 || size <= most;
    }
    return n;
}
