/* decode.c: results, from rows of the binary protocol to the caller's structs.
 *
 * A cell is read as the value that it is (cell.c), and stored as its slot wants it. How to store is chosen
 * once a plan, for the type that the column's values have; a value of another type, as a number too large for
 * any integer, finds its store by itself. What a slot cannot hold without loss is refused. */
#include <config.h>
#include "mariadb.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* ---- stores ---------------------------------------------------------------------------------------------------- */

static bool is_bytes(uint32_t type)
{
    return type == SQLA_TEXT || type == SQLA_BLOB || type == SQLA_JSON || type == SQLA_DECIMAL || type == SQLA_ENUM_TYPE;
}
static bool is_text(uint32_t type) { return is_bytes(type) && type != SQLA_BLOB; }
static bool is_int(uint32_t type) { return type == SQLA_INT16 || type == SQLA_INT32 || type == SQLA_INT64; }
static bool is_number(uint32_t type) { return is_int(type) || type == SQLA_BOOL; }
static bool is_float(uint32_t type) { return type == SQLA_FLOAT32 || type == SQLA_FLOAT64; }
static bool is_timestamp(uint32_t type) { return type == SQLA_TIMESTAMP || type == SQLA_LOCAL_TIMESTAMP; }

static const char too_large[] = "the number is too large for the field";
static const char not_a_float[] = "the number does not fit into a float";

static const char *put_int(const sqla_slot *slot, int64_t v, char *at)
{
    bool u = (slot->flags & SQLA_SLOT_UNSIGNED) != 0;
    int16_t two = (int16_t)v;
    int32_t four = (int32_t)v;
    switch (slot->size) {
    case 1:
        if (u ? v != (uint8_t)v : v != (int8_t)v)
            return too_large;
        *at = (char)v;
        return NULL;
    case 2:
        if (u ? v != (uint16_t)v : v != two)
            return too_large;
        memcpy(at, &two, 2);
        return NULL;
    case 4:
        if (v != four)
            return too_large;
        memcpy(at, &four, 4);
        return NULL;
    }
    memcpy(at, &v, 8);
    return NULL;
}

static const char *put_float(const sqla_slot *slot, double v, char *at)
{
    float narrow = (float)v;
    if (slot->size == sizeof v) {
        memcpy(at, &v, sizeof v);
        return NULL;
    }
    if ((double)narrow != v)
        return not_a_float;
    memcpy(at, &narrow, sizeof narrow);
    return NULL;
}

static void add_span(mariadb__decoder *decoder, const sqla_blob *bytes, char *target, bool pointer_only)
{
    mariadb__span *span = &decoder->spans[decoder->span_count++];
    span->data = bytes->data;
    span->size = bytes->size;
    span->target = target;
    span->pointer_only = pointer_only;
}

#define STORE(name) static const char *name(mariadb__decoder *decoder, const sqla_slot *slot, const sqla_value *value, char *at)

STORE(int_store) { (void)decoder; return put_int(slot, value->as.i64, at); }
STORE(float_store) { (void)decoder; return put_float(slot, value->as.f64, at); }
STORE(uuid_store) { (void)decoder, (void)slot; memcpy(at, &value->as.uuid, sizeof value->as.uuid); return NULL; }

STORE(days_store)
{
    const sqla_date date = { (int32_t)value->as.i64 };
    (void)decoder, (void)slot;
    memcpy(at, &date, sizeof date);
    return NULL;
}

STORE(bool_store)
{
    (void)decoder;
    return value->as.i64 == 0 || value->as.i64 == 1 ? put_int(slot, value->as.i64, at) : "the number is neither 0 nor 1";
}

STORE(text_as_uuid_store)
{
    sqla_uuid uuid;
    (void)decoder, (void)slot;
    if (!mariadb__uuid_parse(value->as.bytes.data, value->as.bytes.size, &uuid))
        return "it is no uuid";
    memcpy(at, &uuid, sizeof uuid);
    return NULL;
}

STORE(text_as_interval_store)
{
    sqla_interval interval;
    (void)decoder, (void)slot;
    if (!mariadb__interval_parse(value->as.bytes.data, value->as.bytes.size, &interval))
        return "its text is no interval";
    memcpy(at, &interval, sizeof interval);
    return NULL;
}

STORE(int_as_float_store)
{
    (void)decoder;
    int64_t v = value->as.i64, limit = INT64_C(1) << 53;
    return v < -limit || v > limit ? "the number has more digits than the field holds" : put_float(slot, (double)v, at);
}

/* A decimal whose digits behind the point are all zero is an integer. */
STORE(decimal_as_int_store)
{
    const char *text = value->as.bytes.data;
    size_t n = value->as.bytes.size, i = text[0] == '-';
    int64_t v = 0;
    (void)decoder;
    for (; i < n && text[i] != '.'; i++) {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, text[i] - '0', &v))
            return too_large;
    }
    for (i++; i < n; i++) {
        if (text[i] != '0')
            return "the number is not an integer";
    }
    if (text[0] != '-' && v == INT64_MIN)
        return too_large;
    return put_int(slot, text[0] == '-' ? v : -v, at);
}

/* What a program asks for as a floating point number, as avg(), may be the nearest one. */
STORE(decimal_as_float_store)
{
    char text[96];
    (void)decoder;
    snprintf(text, sizeof text, "%.*s", (int)value->as.bytes.size, (const char *)value->as.bytes.data);
    double v = strtod_l(text, NULL, mariadb__c_locale);
    if (slot->size == sizeof v)
        return put_float(slot, v, at);
    float narrow = v > FLT_MAX || v < -FLT_MAX ? 0 : (float)v;
    memcpy(at, &narrow, sizeof narrow);
    return v > FLT_MAX || v < -FLT_MAX ? too_large : NULL;
}

STORE(label_store)
{
    const sqla_blob *bytes = &value->as.bytes;
    (void)decoder;
    for (uint32_t i = 0; i < slot->label_count; i++) {
        if (strlen(slot->labels[i]) == bytes->size && memcmp(slot->labels[i], bytes->data, bytes->size) == 0)
            return put_int(slot, i, at);
    }
    return "the text is none of the labels of the enum";
}

/* Text of this server may hold a NUL. */
static const char *check_text(const sqla_blob *bytes)
{
    return bytes->size > 0 && memchr(bytes->data, 0, bytes->size) != NULL ? "it has a NUL inside, which a C string cannot hold" : NULL;
}

STORE(chars_store)
{
    size_t n = value->as.bytes.size;
    (void)decoder;
    if (n >= slot->size)
        return "the text is too long for the field";
    const char *why = check_text(&value->as.bytes);
    memcpy(at, value->as.bytes.data, n);
    at[n] = '\0';
    return why;
}

STORE(span_store)
{
    bool text = slot->rep == SQLA_REP_CSTR;
    add_span(decoder, &value->as.bytes, at, text);
    return text ? check_text(&value->as.bytes) : NULL;
}

/* An integer is a decimal, too. */
STORE(int_as_decimal_store)
{
    mariadb__span *span = &decoder->spans[decoder->span_count];
    int n = snprintf(span->made, sizeof span->made, "%lld", (long long)value->as.i64);
    add_span(decoder, &(sqla_blob){ span->made, (size_t)n }, at, slot->rep == SQLA_REP_CSTR);
    return NULL;
}

/* What is no text, and may be asked for as one. */
STORE(as_text_store)
{
    sqla_value text = *value;
    mariadb__value_text(&text, decoder->spans[decoder->span_count].made);
    return slot->rep == SQLA_REP_CHARS ? chars_store(decoder, slot, &text, at)
                                       : span_store(decoder, slot, &text, at);
}

STORE(interval_store)
{
    (void)decoder, (void)slot;
    memcpy(at, &value->as.interval, sizeof value->as.interval);
    return NULL;
}

/* The server's TIME is a span of time, too. */
STORE(time_as_interval_store)
{
    const sqla_interval interval = { 0, 0, value->as.i64 };
    (void)decoder, (void)slot;
    memcpy(at, &interval, sizeof interval);
    return NULL;
}

/* The type of the slot, where it says one, since whoever made the plan counts on it. */
STORE(value_store)
{
    sqla_value v = *value;
    if (slot->type == SQLA_INT16 ? v.as.i64 != (int16_t)v.as.i64 : slot->type == SQLA_INT32 && v.as.i64 != (int32_t)v.as.i64)
        return too_large;
    if (slot->type == SQLA_FLOAT32 && (double)(float)v.as.f64 != v.as.f64)
        return not_a_float;
    if (slot->type == SQLA_BOOL && v.as.i64 != 0 && v.as.i64 != 1)
        return "the number is neither 0 nor 1";
    if (is_text(v.type) && (slot->type == SQLA_UUID || slot->type == SQLA_INTERVAL)) {
        const char *why = slot->type == SQLA_UUID ? text_as_uuid_store(decoder, slot, value, (char *)&v.as) :
                          text_as_interval_store(decoder, slot, value, (char *)&v.as);
        if (why != NULL)
            return why;
    } else if (is_bytes(v.type))
        add_span(decoder, &v.as.bytes, at + offsetof(sqla_value, as), false);
    if (slot->type != SQLA_NULL)
        v.type = slot->type;
    memcpy(at, &v, sizeof v);
    return NULL;
}

/* A value of a type that the slot does not take. It is refused when it comes, and not when the column is seen: a NULL, and no row at
 * all, can be read into anything. */
static const char another_type[] = "it has another type";
STORE(mismatched_store)
{
    (void)decoder, (void)slot, (void)value, (void)at;
    return another_type;
}

/* ---- choosing -------------------------------------------------------------------------------------------------- */

static bool is_width(uint32_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

static mariadb__store_fn *fixed_store(const sqla_slot *slot, uint32_t type)
{
    bool width = is_width(slot->size);
    switch (slot->type) {
    case SQLA_BOOL:
        return width && is_number(type) ? bool_store : NULL;
    case SQLA_INT16:
    case SQLA_INT32:
    case SQLA_INT64:
        return !width ? NULL : is_number(type) ? int_store : type == SQLA_DECIMAL ? decimal_as_int_store : NULL;
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        if (slot->size != 4 && slot->size != 8)
            return NULL;
        return is_float(type) ? float_store : is_number(type) ? int_as_float_store : type == SQLA_DECIMAL ? decimal_as_float_store : NULL;
    case SQLA_ENUM_TYPE:
        return width && slot->labels != NULL && type == SQLA_TEXT ? label_store : NULL;
    case SQLA_UUID:
        return slot->size != sizeof(sqla_uuid) ? NULL : type == SQLA_UUID ? uuid_store : type == SQLA_TEXT ? text_as_uuid_store : NULL;
    case SQLA_INTERVAL:
        if (slot->size != sizeof(sqla_interval))
            return NULL;
        return type == SQLA_TEXT       ? text_as_interval_store
               : type == SQLA_INTERVAL ? interval_store
               : type == SQLA_TIME     ? time_as_interval_store
                                       : NULL;
    case SQLA_DATE:
        return slot->size == sizeof(sqla_date) && type == SQLA_DATE ? days_store : NULL;
    case SQLA_TIME:
        return slot->size == 8 && type == SQLA_TIME ? int_store : NULL;
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        return slot->size == 8 && is_timestamp(type) ? int_store : NULL;
    }
    return NULL;
}

/* Text of any kind may be read as any other kind of text: the server has checked it when it was stored. */
static mariadb__store_fn *pointer_store(const sqla_slot *slot, uint32_t type, bool is_mixed)
{
    if (slot->type == SQLA_BLOB)
        return slot->rep == SQLA_REP_BYTES && type == SQLA_BLOB ? span_store : NULL;
    if (slot->type == SQLA_DECIMAL && is_number(type))
        return int_as_decimal_store;
    if (slot->type == SQLA_DECIMAL)
        return type == SQLA_DECIMAL ? span_store : NULL;
    if (slot->type == SQLA_TEXT && is_mixed && !is_bytes(type))
        return as_text_store;
    return is_text(slot->type) && is_text(type) ? span_store : NULL;
}

static bool value_fits(const sqla_slot *slot, uint32_t type)
{
    return slot->type == SQLA_NULL || slot->type == type || (is_number(slot->type) && is_number(type)) ||
           (is_float(slot->type) && is_float(type)) || (is_timestamp(slot->type) && is_timestamp(type)) ||
           ((slot->type == SQLA_UUID || slot->type == SQLA_INTERVAL) && type == SQLA_TEXT) || (slot->type != SQLA_ENUM_TYPE && is_text(slot->type) && is_text(type));
}

/* is_mixed: of a column whose values are not all of its type, and so can be had as text, all of them. */
static mariadb__store_fn *store_for(const sqla_slot *slot, uint32_t type, bool is_mixed)
{
    switch (slot->rep) {
    case SQLA_REP_FIXED:
        return fixed_store(slot, type);
    case SQLA_REP_CSTR:
    case SQLA_REP_BYTES:
        return pointer_store(slot, type, is_mixed);
    case SQLA_REP_CHARS:
        if (slot->type != SQLA_TEXT || slot->size == 0)
            return NULL;
        return is_text(type) ? chars_store : is_mixed && !is_bytes(type) ? as_text_store : NULL;
    case SQLA_REP_VALUE:
        return value_fits(slot, type) ? value_store : NULL;
    }
    return NULL;
}

static sqla_status make_room(mariadb__decoder *decoder, const sqla_plan *plan, sqla_err *err)
{
    size_t n = plan->count > 0 ? plan->count : 1;
    mariadb__step *block = mariadb__host->alloc(n * (sizeof *decoder->steps + sizeof *decoder->spans));
    if (block == NULL)
        return mariadb__nomem(err);
    mariadb__host->release(decoder->steps);
    decoder->steps = block;
    decoder->spans = (mariadb__span *)(void *)(block + n);
    decoder->plan = NULL;
    decoder->row_number = -1;
    return SQLA_OK;
}

static sqla_status choose_step(mariadb__decoder *decoder, const sqla_result_info *shape, const mariadb__column *columns, const sqla_slot *slot,
                               mariadb__step *step, sqla_err *err)
{
    if (slot->column < 0 || (uint32_t)slot->column >= shape->column_count)
        return mariadb__fail(err, SQLA_ERR_MISUSE, NULL, "column %d is asked for, and the result has %u", (int)slot->column + 1,
                             (unsigned)shape->column_count);
    *step = (mariadb__step){ &columns[slot->column], NULL, slot };
    if (slot->rep == SQLA_REP_ROW_NUMBER) {
        decoder->row_number = slot->column;
        return SQLA_OK;
    }
    step->store = store_for(slot, step->column->type, step->column->is_mixed);
    if (step->store == NULL &&
        store_for(slot, slot->type == SQLA_ENUM_TYPE ? SQLA_TEXT : slot->type, false) != NULL)
        step->store = mismatched_store;
    if (step->store != NULL)
        return SQLA_OK;
    const char *name = shape->columns[slot->column].name;
    return mariadb__fail(err, SQLA_ERR_UNSUPPORTED, &(sqla_err_fields){ .column = name }, "column '%s' cannot be read in this form (%u, %u, %u bytes)",
                         name, (unsigned)slot->type, (unsigned)slot->rep, (unsigned)slot->size);
}

sqla_status mariadb__decoder_choose(mariadb__decoder *decoder, const sqla_result_info *shape, const mariadb__column *columns,
                                    const sqla_plan *plan, sqla_err *err)
{
    if (decoder->plan == plan)
        return SQLA_OK;
    sqla_status status = make_room(decoder, plan, err);
    for (uint32_t i = 0; status == SQLA_OK && i < plan->count; i++)
        status = choose_step(decoder, shape, columns, &plan->slots[i], &decoder->steps[i], err);
    decoder->plan = status == SQLA_OK ? plan : NULL;
    return status;
}

void mariadb__decoder_release(mariadb__decoder *decoder)
{
    mariadb__host->release(decoder->steps); /* the one block that both lists lie in */
    *decoder = (mariadb__decoder){ .row_number = -1 };
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static void set_null(const sqla_slot *slot, char *row)
{
    size_t size = slot->rep == SQLA_REP_CHARS ? 1 : slot->rep == SQLA_REP_CSTR ? sizeof(void *) : slot->rep == SQLA_REP_BYTES ? sizeof(sqla_blob) :
                  slot->rep == SQLA_REP_VALUE ? sizeof(sqla_value) : slot->size;
    memset(row + slot->offset, 0, size);
}

/* A label that is not known is named. */
static sqla_status refuse(const mariadb__step *step, const sqla_result_info *shape, const mariadb__cell *cell, const char *why, int64_t number,
                          sqla_err *err)
{
    const sqla_slot *slot = step->slot;
    const sqla_result_column *column = &shape->columns[slot->column];
    const char *name = slot->name != NULL ? slot->name : column->name;
    const sqla_err_fields fields = { .row = number, .column = name };
    bool label = slot->type == SQLA_ENUM_TYPE && cell->data != NULL && step->column->type == SQLA_TEXT;
    int n = label ? (int)(cell->size < 80 ? cell->size : 80) : 0;
    while (n > 0 && (size_t)n < cell->size && (cell->data[n] & 0xc0) == 0x80)
        n--;
    if (why == another_type && column->type_name != NULL)
        return mariadb__fail(err, SQLA_ERR_DATA, &fields, "cannot read column '%s' of row %lld: a value of type '%s' does not fit the field", name,
                             (long long)number, column->type_name);
    return mariadb__fail(err, SQLA_ERR_DATA, &fields, "cannot read column '%s' of row %lld: %s%s%.*s%s", name, (long long)number, why,
                         label ? ": '" : "", n, label ? (const char *)cell->data : "", label ? "'" : "");
}

static const char *decode_cell(mariadb__decoder *decoder, const mariadb__step *step, const mariadb__cell *cell, char *row)
{
    const sqla_slot *slot = step->slot;
    bool null = cell->data == NULL;
    if (slot->set_offset >= 0)
        row[slot->set_offset] = !null;
    if (null) {
        set_null(slot, row);
        return (slot->flags & SQLA_SLOT_NULLABLE) != 0 ? NULL : "there is no value, and the field needs one";
    }
    sqla_value value = { .type = step->column->type };
    mariadb__store_fn *store = step->store;
    const char *why =
        step->column->read(step->column, cell, &value, decoder->spans[decoder->span_count].made);
    if (why == NULL && value.type != step->column->type) {
        bool rounds = slot->rep == SQLA_REP_FIXED && is_float(slot->type) && value.type == SQLA_DECIMAL;
        store = !rounds ? store_for(slot, value.type, true) : NULL;
        if (store == NULL)
            return mariadb__why_odd(step->column);
    }
    if (store == mismatched_store)
        return another_type;
    return why != NULL ? why : store(decoder, slot, &value, row + slot->offset);
}

/* Copy the texts of a row behind one another, and point at them. */
static bool place_spans(mariadb__decoder *decoder, void *row, sqla_row_arena *arena)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < decoder->span_count; i++)
        bytes += decoder->spans[i].size + 1;
    char *to = bytes > 0 && arena != NULL ? arena->take(arena, row, bytes) : NULL;
    for (uint32_t i = 0; to != NULL && i < decoder->span_count; i++) {
        const mariadb__span *span = &decoder->spans[i];
        const sqla_blob blob = { to, span->size };
        memcpy(to, span->data, span->size);
        to[span->size] = '\0';
        if (span->pointer_only)
            memcpy(span->target, &blob.data, sizeof blob.data);
        else
            memcpy(span->target, &blob, sizeof blob);
        to += span->size + 1;
    }
    return to != NULL || bytes == 0;
}

sqla_status mariadb__decode_row(mariadb__decoder *decoder, const sqla_result_info *shape, const mariadb__cell *cells, void *row,
                                sqla_row_arena *arena, int64_t number, sqla_err *err)
{
    decoder->span_count = 0;
    for (uint32_t i = 0; i < decoder->plan->count; i++) {
        const mariadb__step *step = &decoder->steps[i];
        const mariadb__cell *cell = &cells[step->slot->column];
        const char *why = step->store != NULL ? decode_cell(decoder, step, cell, row) : NULL;
        if (why != NULL)
            return refuse(step, shape, cell, why, number, err);
    }
    return place_spans(decoder, row, arena) ? SQLA_OK : mariadb__nomem(err);
}
