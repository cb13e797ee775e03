/* decode.c: results, from what libpq holds into the rows of the caller.
 *
 * A cell goes two steps: a reader knows how the server wrote it (its type, binary or text) and gives a value; a store knows
 * the slot, checks that nothing would be lost, and puts it there. Both are chosen once a result; where nothing can be lost and
 * only the order of bytes differs, which is what most columns are, a shortcut does for both. Texts are collected while a row
 * is read, and copied into one piece of memory at the end of it. */
#include <config.h>
#include "postgres.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH_DAYS 10957
#define EPOCH_MICROS INT64_C(946684800000000)

static const char unreadable[] = "the server's answer cannot be read";
const char postgres__no_memory[] = "out of memory";

/* ---- readers: binary ------------------------------------------------------------------------------------------- */

static uint16_t host16(const char *p) { return (uint16_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]); }
static uint32_t host32(const char *p) { return (uint32_t)host16(p) << 16 | host16(p + 2); }
static uint64_t host64(const char *p) { return (uint64_t)host32(p) << 32 | host32(p + 4); }

#define READER(name) static const char *name(const char *data, size_t size, sqla_value *value, postgres__buf *scratch)
#define EXPECT(n) do { (void)scratch; if (size != (n)) return unreadable; } while (0)

READER(bool_binary) { EXPECT(1); value->as.i64 = data[0] != 0; return NULL; }
READER(int2_binary) { EXPECT(2); value->as.i64 = (int16_t)host16(data); return NULL; }
READER(int4_binary) { EXPECT(4); value->as.i64 = (int32_t)host32(data); return NULL; }
READER(int8_binary) { EXPECT(8); value->as.i64 = (int64_t)host64(data); return NULL; }
READER(oid_binary) { EXPECT(4); value->as.i64 = host32(data); return NULL; }
READER(time_binary) { EXPECT(8); value->as.i64 = (int64_t)host64(data); return NULL; }
READER(uuid_binary) { EXPECT(16); memcpy(value->as.uuid.bytes, data, 16); return NULL; }

READER(float4_binary)
{
    EXPECT(4);
    uint32_t bits = host32(data);
    float v;
    memcpy(&v, &bits, 4);
    value->as.f64 = (double)v;
    return NULL;
}

READER(float8_binary)
{
    EXPECT(8);
    uint64_t bits = host64(data);
    memcpy(&value->as.f64, &bits, 8);
    return NULL;
}

READER(bytes_read)
{
    (void)scratch;
    value->as.bytes.data = data;
    value->as.bytes.size = size;
    return NULL;
}

/* Infinity is the same number on both sides. */
READER(date_binary)
{
    EXPECT(4);
    int32_t days = (int32_t)host32(data);
    if (days != INT32_MAX && days != INT32_MIN && __builtin_add_overflow(days, EPOCH_DAYS, &days))
        return "the date is too far away";
    value->as.i64 = days;
    return NULL;
}

READER(timestamp_binary)
{
    EXPECT(8);
    int64_t micros = (int64_t)host64(data);
    if (micros != INT64_MAX && micros != INT64_MIN && (__builtin_add_overflow(micros, EPOCH_MICROS, &micros) || micros == INT64_MAX))
        return "the time is too far away";
    value->as.i64 = micros;
    return NULL;
}

READER(interval_binary)
{
    EXPECT(16);
    value->as.interval.micros = (int64_t)host64(data);
    value->as.interval.days = (int32_t)host32(data + 8);
    value->as.interval.months = (int32_t)host32(data + 12);
    return NULL;
}

/* The text that is being made: where it began, kept as a place since the scratch may move. */
static const char *made(sqla_value *value, postgres__buf *scratch, size_t start, size_t size)
{
    if (postgres__buf_more(scratch, 1) == NULL)
        return postgres__no_memory;
    scratch->data[scratch->size++] = '\0';
    value->reserved = 1;
    value->as.bytes.data = (const void *)(uintptr_t)start;
    value->as.bytes.size = size;
    return NULL;
}

static const char *made_text(sqla_value *value, postgres__buf *scratch, const char *text)
{
    size_t start = scratch->size;
    postgres__buf_add(scratch, text, strlen(text));
    return made(value, scratch, start, strlen(text));
}

/* The digits of group i of a numeric, four decimal ones; groups that are not there are zero. */
static int group(const char *data, int count, int i) { return i >= 0 && i < count ? host16(data + 8 + 2 * i) : 0; }

/* numeric_send: number of groups, weight of the first, sign, digits behind the point, then the groups (base 10,000). */
READER(numeric_binary)
{
    if (size < 8 || (size - 8) / 2 != host16(data) || size % 2 != 0)
        return unreadable;
    int count = host16(data), weight = (int16_t)host16(data + 2), sign = host16(data + 4), scale = host16(data + 6);
    if (sign != 0 && sign != 0x4000)
        return sign == 0xc000 ? made_text(value, scratch, "NaN") : sign == 0xd000 ? made_text(value, scratch, "Infinity") :
               sign == 0xf000 ? made_text(value, scratch, "-Infinity") : unreadable;
    size_t start = scratch->size, room = 4 * (size_t)(weight >= 0 ? weight + 1 : 1) + (size_t)scale + 8;
    char *from = postgres__buf_more(scratch, room), *to = from;
    if (from == NULL)
        return postgres__no_memory;
    if (sign != 0)
        *to++ = '-';
    char *first = to;
    for (int i = 0; i <= weight; i++, to += 4) {
        int g = group(data, count, i);
        to[0] = (char)('0' + g / 1000 % 10), to[1] = (char)('0' + g / 100 % 10), to[2] = (char)('0' + g / 10 % 10), to[3] = (char)('0' + g % 10);
    }
    size_t zeros = 0;
    while (first + zeros + 1 < to && first[zeros] == '0')
        zeros++;
    memmove(first, first + zeros, (size_t)(to - first) - zeros);
    to -= zeros;
    if (to == first)
        *to++ = '0';
    if (scale > 0)
        *to++ = '.';
    for (int i = weight + 1, left = scale; left > 0; i++) {
        static const int powers[] = { 1000, 100, 10, 1 };
        int g = group(data, count, i);
        for (int k = 0; k < 4 && left > 0; k++, left--)
            *to++ = (char)('0' + g / powers[k] % 10);
    }
    scratch->size += (size_t)(to - from);
    return made(value, scratch, start, (size_t)(to - from));
}

/* ---- readers: text --------------------------------------------------------------------------------------------- */

READER(bool_text) { EXPECT(1); value->as.i64 = data[0] == 't'; return data[0] == 't' || data[0] == 'f' ? NULL : unreadable; }
READER(date_text) { int32_t days; EXPECT(size); bool ok = postgres__date_parse(data, &days); value->as.i64 = ok ? days : 0; return ok ? NULL : unreadable; }
READER(time_text) { EXPECT(size); return postgres__time_parse(data, &value->as.i64) ? NULL : unreadable; }
READER(instant_text) { EXPECT(size); return postgres__timestamp_parse(data, true, &value->as.i64) ? NULL : unreadable; }
READER(local_text) { EXPECT(size); return postgres__timestamp_parse(data, false, &value->as.i64) ? NULL : unreadable; }
READER(interval_text) { EXPECT(size); return postgres__interval_parse(data, &value->as.interval) ? NULL : unreadable; }
READER(uuid_text) { EXPECT(size); return postgres__uuid_parse(data, &value->as.uuid) ? NULL : unreadable; }
READER(float8_text) { EXPECT(size); return postgres__float_parse(data, &value->as.f64) ? NULL : unreadable; }

/* The shortest text of a float stands for the float, not for the double that is nearest to the text. */
READER(float4_text)
{
    EXPECT(size);
    double v;
    if (!postgres__float_parse(data, &v))
        return unreadable;
    char *end;
    value->as.f64 = (double)strtof_l(data, &end, postgres__c_locale);
    return NULL;
}

READER(int_text)
{
    EXPECT(size);
    int64_t v = 0;
    bool minus = *data == '-';
    for (size_t i = minus; i < size; i++) {
        if (data[i] < '0' || data[i] > '9' || __builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, data[i] - '0', &v))
            return unreadable;
    }
    if (!minus && v == INT64_MIN)
        return unreadable;
    value->as.i64 = minus ? v : -v;
    return size > (size_t)minus ? NULL : unreadable;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

READER(bytea_text)
{
    size_t start = scratch->size, n = size / 2 - 1;
    if (size < 2 || size % 2 != 0 || data[0] != '\\' || data[1] != 'x')
        return "the server wrote bytes in another form than 'hex'";
    char *to = postgres__buf_more(scratch, n);
    if (to == NULL)
        return postgres__no_memory;
    for (size_t i = 0; i < n; i++) {
        int high = nibble(data[2 + 2 * i]), low = nibble(data[3 + 2 * i]);
        if (high < 0 || low < 0)
            return unreadable;
        to[i] = (char)(high * 16 + low);
    }
    scratch->size += n;
    return made(value, scratch, start, n);
}

typedef struct reading { Oid oid; postgres__read_fn *binary, *text; } reading;

static const reading readings[] = {
    { PG_BOOL, bool_binary, bool_text },
    { PG_INT2, int2_binary, int_text },
    { PG_INT4, int4_binary, int_text },
    { PG_INT8, int8_binary, int_text },
    { 26, oid_binary, int_text },
    { PG_FLOAT4, float4_binary, float4_text },
    { PG_FLOAT8, float8_binary, float8_text },
    { PG_TEXT, bytes_read, bytes_read },
    { PG_VARCHAR, bytes_read, bytes_read },
    { 1042, bytes_read, bytes_read },
    { 19, bytes_read, bytes_read },
    { 705, bytes_read, bytes_read },
    { PG_JSON, bytes_read, bytes_read },
    { PG_BYTEA, bytes_read, bytea_text },
    { PG_DATE, date_binary, date_text },
    { PG_TIME, time_binary, time_text },
    { PG_TIMESTAMPTZ, timestamp_binary, instant_text },
    { PG_TIMESTAMP, timestamp_binary, local_text },
    { PG_INTERVAL, interval_binary, interval_text },
    { PG_UUID, uuid_binary, uuid_text },
    { PG_NUMERIC, numeric_binary, bytes_read },
};

static const reading *reading_of(Oid oid)
{
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        if (readings[i].oid == oid)
            return &readings[i];
    }
    return NULL;
}

bool postgres__has_binary(Oid oid) { return reading_of(oid) != NULL; }

/* Only what a binary reader is for is asked for in that form, so that no honest server comes here. */
READER(never_read)
{
    (void)data, (void)size, (void)value, (void)scratch;
    return "the server's answer cannot be read in this form";
}

/* There is one for every type and format, whatever a server makes up. A type that we do not know comes as
 * the server's text of it. */
postgres__read_fn *postgres__reader_for(Oid oid, int format, uint32_t *ret_type)
{
    const postgres__type *type = postgres__type_find(oid);
    const reading *r = reading_of(oid);
    *ret_type = type != NULL ? type->type : SQLA_TEXT;
    if (format == 0)
        return r != NULL ? r->text : bytes_read;
    return format == 1 && r != NULL ? r->binary : never_read;
}

/* ---- arrays ---------------------------------------------------------------------------------------------------- */

/* An array comes as text and becomes one block of scratch: the items as values, behind them their texts, with places counted from
 * the block's begin until it lies where it is to stay. */

/* The type of the elements of an array type; 0: not one that we know. */
static Oid element_of(Oid array)
{
    static const struct { Oid array, element; } arrays[] = {
        { 1000, PG_BOOL }, { 1001, PG_BYTEA }, { 1003, 19 }, { 1005, PG_INT2 }, { 1007, PG_INT4 }, { PG_TEXT_ARRAY, PG_TEXT }, { 1014, 1042 },
        { 1015, PG_VARCHAR }, { 1016, PG_INT8 }, { 1021, PG_FLOAT4 }, { 1022, PG_FLOAT8 }, { 1028, 26 }, { 1115, PG_TIMESTAMP }, { 1182, PG_DATE },
        { 1183, PG_TIME }, { 1185, PG_TIMESTAMPTZ }, { 1187, PG_INTERVAL }, { 1231, PG_NUMERIC }, { 199, PG_JSON }, { 2951, PG_UUID }, { 3807, PG_JSONB },
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        if (arrays[i].array == array)
            return arrays[i].element;
    }
    return 0;
}

bool postgres__is_array(Oid oid, int format)
{
    return format == 0 && element_of(oid) != 0;
}

/* How many elements are there? -1: it has several dimensions, or does not begin at 1, which a list of values cannot show. */
static int64_t count_elements(const char *data, size_t size)
{
    int64_t n = size > 2;
    bool quoted = false;
    if (size < 2 || data[0] != '{')
        return -1;
    for (size_t i = 1; i + 1 < size; i++) {
        if (data[i] == '\\')
            i++;
        else if (data[i] == '"')
            quoted = !quoted;
        else if (!quoted && data[i] == '{')
            return -1;
        else
            n += !quoted && data[i] == ',';
    }
    return n;
}

/* Copy the element at *at without its quotes.  Returns: is it a value, and not NULL? */
static bool take_element(const char **at, const char *end, postgres__buf *item)
{
    const char *from = *at, *p = from;
    bool quoted = *p == '"';
    item->size = 0;
    for (p += quoted; p < end && (quoted ? *p != '"' : *p != ','); p++) {
        p += *p == '\\' && p + 1 < end;
        postgres__buf_add(item, p, 1);
    }
    p += quoted && p < end;
    *at = p < end ? p + 1 : end; /* behind the comma */
    postgres__buf_add(item, "", 1);
    return quoted || item->broken || strcmp(item->data, "NULL") != 0;
}

/* Where the bytes of an element go: behind what is in the block. */
static const char *keep_element(postgres__buf *scratch, size_t block, const char *data, sqla_value *value)
{
    size_t place = scratch->size;
    if (value->reserved != 0) {
        place = (uintptr_t)value->as.bytes.data; /* the reader has put it there */
    } else {
        postgres__buf_add(scratch, data, value->as.bytes.size);
        postgres__buf_add(scratch, "", 1);
    }
    value->reserved = 0;
    value->as.bytes.data = (const void *)(uintptr_t)(place - block);
    return scratch->broken ? postgres__no_memory : NULL;
}

static bool is_bytes(uint32_t type);

static const char *read_element(Oid oid, const postgres__buf *item, size_t block, postgres__buf *scratch, sqla_value *value)
{
    postgres__read_fn *read = postgres__reader_for(oid, 0, &value->type);
    const char *why = read(item->data, item->size - 1, value, scratch);
    return why == NULL && is_bytes(value->type) ? keep_element(scratch, block, item->data, value) : why;
}

/* Read an array of that type out of its text: until it is settled, items is the place of its block in scratch, and type the size of
 * that.  *ret_done false: it is one that stays a text. */
const char *postgres__array_read(Oid oid, const char *data, size_t size, sqla_value *value, postgres__buf *scratch, bool *ret_done)
{
    int64_t n = count_elements(data, size);
    const char *at = data + 1, *end = data + size - 1, *why = NULL;
    postgres__buf item = { 0 };
    *ret_done = n >= 0;
    if (n < 0)
        return NULL;
    while (scratch->size % sizeof(uint64_t) != 0 && !scratch->broken)
        postgres__buf_add(scratch, "", 1);
    (void)postgres__buf_more(scratch, sizeof(sqla_value)); /* an empty list has a place, too */
    size_t block = scratch->size;
    const sqla_value none = { .type = SQLA_NULL };
    for (int64_t i = 0; i < n; i++)
        postgres__buf_add(scratch, &none, sizeof none);
    for (int64_t i = 0; i < n && why == NULL && !scratch->broken; i++) {
        sqla_value element = none;
        if (take_element(&at, end, &item) && !item.broken)
            why = read_element(element_of(oid), &item, block, scratch, &element);
        if (!scratch->broken)
            memcpy(scratch->data + block + (size_t)i * sizeof element, &element, sizeof element);
    }
    bool broken = scratch->broken || item.broken;
    postgres__buf_release(&item);
    value->type = SQLA_ARRAY;
    value->reserved = 1;
    value->as.array = (sqla_array){ (const void *)(uintptr_t)block, (uint32_t)n, (uint32_t)(scratch->size - block) };
    return broken ? postgres__no_memory : why;
}

/* The block lies at its last place now. */
void postgres__array_settle(sqla_value *value, char *block)
{
    sqla_value *items = (sqla_value *)(void *)block;
    for (uint32_t i = 0; i < value->as.array.count; i++) {
        if (is_bytes(items[i].type))
            items[i].as.bytes.data = block + (uintptr_t)items[i].as.bytes.data;
    }
    value->reserved = 0;
    value->as.array.items = block;
    value->as.array.type = SQLA_NULL;
}

/* ---- stores ---------------------------------------------------------------------------------------------------- */

static bool is_bytes(uint32_t type)
{
    return type == SQLA_TEXT || type == SQLA_BLOB || type == SQLA_JSON || type == SQLA_DECIMAL || type == SQLA_ENUM_TYPE;
}
static bool is_text(uint32_t type) { return is_bytes(type) && type != SQLA_BLOB; }
static bool is_int(uint32_t type) { return type == SQLA_INT16 || type == SQLA_INT32 || type == SQLA_INT64; }
static bool is_float(uint32_t type) { return type == SQLA_FLOAT32 || type == SQLA_FLOAT64; }

static const char too_large[] = "the number is too large for the field";

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
    if (v == v && (double)narrow != v)
        return "the number does not fit into a float";
    memcpy(at, &narrow, sizeof narrow);
    return NULL;
}

#define STORE(name) static const char *name(postgres__decoder *decoder, const sqla_slot *slot, const sqla_value *value, char *at)

/* Where the bytes of a value are now. */
static const char *bytes_of(const postgres__decoder *decoder, const sqla_value *value)
{
    return value->reserved != 0 ? decoder->scratch.data + (uintptr_t)value->as.bytes.data : value->as.bytes.data;
}

STORE(int_store) { (void)decoder; return put_int(slot, value->as.i64, at); }
STORE(float_store) { (void)decoder; return put_float(slot, value->as.f64, at); }
STORE(interval_store) { (void)decoder, (void)slot; memcpy(at, &value->as.interval, sizeof value->as.interval); return NULL; }
STORE(uuid_store) { (void)decoder, (void)slot; memcpy(at, &value->as.uuid, sizeof value->as.uuid); return NULL; }

STORE(int_as_float_store)
{
    (void)decoder;
    int64_t v = value->as.i64, limit = INT64_C(1) << 53;
    return v < -limit || v > limit ? "the number has more digits than the field holds" : put_float(slot, (double)v, at);
}

/* A decimal whose digits behind the point are all zero is an integer. */
STORE(decimal_as_int_store)
{
    const char *text = bytes_of(decoder, value);
    size_t whole = strcspn(text, ".");
    sqla_value v;
    if (text[whole] == '.' && strspn(text + whole + 1, "0") != strlen(text + whole + 1))
        return "the number is not an integer";
    if (strspn(text + (*text == '-'), "0123456789") != whole - (size_t)(*text == '-'))
        return "the number is not finite";
    return int_text(text, whole, &v, NULL) != NULL ? too_large : put_int(slot, v.as.i64, at);
}

STORE(decimal_as_float_store)
{
    double v;
    if (!postgres__float_parse(bytes_of(decoder, value), &v))
        return too_large;
    if (slot->size == sizeof(float)) {
        float narrow = (float)v;
        if (v - v == 0 && (narrow > FLT_MAX || narrow < -FLT_MAX))
            return too_large;
        memcpy(at, &narrow, sizeof narrow);
        return NULL;
    }
    return put_float(slot, v, at);
}

STORE(label_store)
{
    const char *text = bytes_of(decoder, value);
    for (uint32_t i = 0; i < slot->label_count; i++) {
        if (strlen(slot->labels[i]) == value->as.bytes.size && memcmp(slot->labels[i], text, value->as.bytes.size) == 0)
            return put_int(slot, i, at);
    }
    return "the text is none of the labels of the enum";
}

STORE(chars_store)
{
    size_t n = value->as.bytes.size;
    if (n >= slot->size)
        return "the text is too long for the field";
    memcpy(at, bytes_of(decoder, value), n);
    at[n] = '\0';
    return NULL;
}

static void add_span(postgres__decoder *decoder, const sqla_value *value, char *target, uint32_t kind)
{
    decoder->spans[decoder->span_count++] =
        (postgres__span){ value->as.bytes.data, value->as.bytes.size, target, kind, value->reserved != 0 };
}

STORE(span_store)
{
    add_span(decoder, value, at, slot->rep);
    return NULL;
}

/* An integer is a decimal, too. */
STORE(int_as_decimal_store)
{
    char text[32];
    sqla_value v = { 0 };
    snprintf(text, sizeof text, "%lld", (long long)value->as.i64);
    const char *why = made_text(&v, &decoder->scratch, text);
    if (why == NULL)
        add_span(decoder, &v, at, slot->rep);
    return why;
}

/* The type of the slot, where it says one, since whoever made the plan counts on it. */
/* An array that stays a text is one, whatever the column says. */
STORE(array_store)
{
    sqla_value v = *value;
    if (v.type != SQLA_ARRAY) {
        v.type = SQLA_TEXT;
        v.reserved = 0;
        add_span(decoder, value, at, SQLA_REP_VALUE);
    } else {
        decoder->spans[decoder->span_count++] =
            (postgres__span){ v.as.array.items, v.as.array.type, at, POSTGRES__ARRAY_SPAN, true };
    }
    memcpy(at, &v, sizeof v);
    (void)slot;
    return NULL;
}

STORE(value_store)
{
    sqla_value v = *value;
    v.reserved = 0;
    if (slot->type == SQLA_INT16 ? v.as.i64 != (int16_t)v.as.i64 : slot->type == SQLA_INT32 && v.as.i64 != (int32_t)v.as.i64)
        return too_large;
    if (slot->type == SQLA_FLOAT32 && v.as.f64 == v.as.f64 && (double)(float)v.as.f64 != v.as.f64)
        return "the number does not fit into a float";
    if (is_bytes(v.type))
        add_span(decoder, value, at, SQLA_REP_VALUE);
    if (slot->type != SQLA_NULL)
        v.type = slot->type;
    memcpy(at, &v, sizeof v);
    return NULL;
}

/* A value of a type that the slot does not take. It is refused when it comes, and not when the column is seen: a NULL, and no row at
 * all, can be read into anything, as with databases whose columns have no types. */
static const char another_type[] = "it has another type";
STORE(mismatched_store)
{
    (void)decoder, (void)slot, (void)value, (void)at;
    return another_type;
}

static postgres__store_fn *fixed_store(const sqla_slot *slot, uint32_t type)
{
    switch (slot->type) {
    case SQLA_INT16:
    case SQLA_INT32:
    case SQLA_INT64:
        return is_int(type) ? int_store : type == SQLA_DECIMAL ? decimal_as_int_store : NULL;
    case SQLA_FLOAT32:
    case SQLA_FLOAT64:
        return is_float(type) ? float_store : is_int(type) ? int_as_float_store : type == SQLA_DECIMAL ? decimal_as_float_store : NULL;
    case SQLA_ENUM_TYPE:
        return type == SQLA_TEXT ? label_store : NULL;
    case SQLA_INTERVAL:
        return type == SQLA_INTERVAL ? interval_store : NULL;
    case SQLA_UUID:
        return type == SQLA_UUID ? uuid_store : NULL;
    case SQLA_BOOL:
    case SQLA_DATE:
    case SQLA_TIME:
    case SQLA_TIMESTAMP:
    case SQLA_LOCAL_TIMESTAMP:
        return type == slot->type ? int_store : NULL;
    }
    return NULL;
}

/* Text of any kind may be read as any other kind of text: the server has checked it when it was stored. */
static postgres__store_fn *pointer_store(const sqla_slot *slot, uint32_t type)
{
    if (slot->type == SQLA_BLOB)
        return slot->rep == SQLA_REP_BYTES && type == SQLA_BLOB ? span_store : NULL;
    if (slot->type == SQLA_DECIMAL && is_int(type))
        return int_as_decimal_store;
    if (slot->type == SQLA_DECIMAL)
        return type == SQLA_DECIMAL ? span_store : NULL;
    return is_text(slot->type) && is_text(type) ? span_store : NULL;
}

static bool value_fits(const sqla_slot *slot, uint32_t type)
{
    return slot->type == SQLA_NULL || slot->type == type || (is_int(slot->type) && is_int(type)) ||
           (is_float(slot->type) && is_float(type)) || (slot->type != SQLA_ENUM_TYPE && is_text(slot->type) && is_text(type));
}

static postgres__store_fn *store_for(const sqla_slot *slot, uint32_t type)
{
    switch (slot->rep) {
    case SQLA_REP_FIXED:
        return fixed_store(slot, type);
    case SQLA_REP_CSTR:
    case SQLA_REP_BYTES:
        return pointer_store(slot, type);
    case SQLA_REP_CHARS:
        return slot->type == SQLA_TEXT && is_text(type) ? chars_store : NULL;
    case SQLA_REP_VALUE:
        return value_fits(slot, type) ? value_store : NULL;
    }
    return NULL;
}

/* ---- choosing -------------------------------------------------------------------------------------------------- */

static sqla_status make_room(postgres__decoder *decoder, const sqla_plan *plan, sqla_err *err)
{
    size_t n = plan->count > 0 ? plan->count : 1;
    char *block = postgres__host->alloc(n * (sizeof *decoder->steps + sizeof *decoder->spans));
    if (block == NULL)
        return postgres__nomem(err);
    postgres__host->release(decoder->steps);
    decoder->steps = (postgres__step *)(void *)block;
    decoder->spans = (postgres__span *)(void *)(decoder->steps + n);
    decoder->plan = NULL;
    decoder->row_number = -1;
    return SQLA_OK;
}

static int shortcut_of(const postgres__step *step)
{
    uint32_t size = step->slot->size;
    if (step->slot->rep == SQLA_REP_CSTR && step->read == bytes_read && step->store == span_store)
        return POSTGRES__SPAN;
    if (size == 4 && step->read == int4_binary && step->store == int_store)
        return POSTGRES__SWAP4;
    bool same = (step->read == int8_binary && step->store == int_store) || (step->read == float8_binary && step->store == float_store);
    return size == 8 && same ? POSTGRES__SWAP8 : POSTGRES__TWO_STEPS;
}

static sqla_status choose_step(postgres__decoder *decoder, const PGresult *shape, uint32_t i, sqla_err *err)
{
    const sqla_slot *slot = &decoder->plan->slots[i];
    postgres__step *step = &decoder->steps[i];
    uint32_t type;
    step->slot = slot;
    if (slot->column < 0 || slot->column >= PQnfields(shape))
        return postgres__fail(err, SQLA_ERR_MISUSE, NULL, "column %d is asked for, and the result has %d", (int)slot->column + 1, PQnfields(shape));
    step->read = postgres__reader_for(PQftype(shape, slot->column), PQfformat(shape, slot->column), &type);
    step->type = type;
    if (slot->rep == SQLA_REP_ROW_NUMBER) {
        decoder->row_number = slot->column;
        step->store = NULL;
        return SQLA_OK;
    }
    bool any = slot->rep == SQLA_REP_VALUE && (slot->type == SQLA_NULL || slot->type == SQLA_ARRAY);
    bool array = any && postgres__is_array(PQftype(shape, slot->column), PQfformat(shape, slot->column));
    step->array = array ? PQftype(shape, slot->column) : 0;
    step->store = step->read == never_read ? NULL : array ? array_store : store_for(slot, type);
    if (step->store == NULL && step->read != never_read &&
        store_for(slot, slot->type == SQLA_ENUM_TYPE ? SQLA_TEXT : slot->type) != NULL)
        step->store = mismatched_store;
    step->shortcut = shortcut_of(step);
    if (step->store != NULL)
        return SQLA_OK;
    const char *name = PQfname(shape, slot->column);
    const sqla_err_fields fields = { .column = name };
    return postgres__fail(err, SQLA_ERR_UNSUPPORTED, &fields, "column '%s' cannot be read in this form (%u, %u, %u bytes)", name,
                          (unsigned)slot->type, (unsigned)slot->rep, (unsigned)slot->size);
}

sqla_status postgres__decoder_choose(postgres__decoder *decoder, const PGresult *shape, const sqla_plan *plan, sqla_err *err)
{
    if (decoder->plan == plan)
        return SQLA_OK;
    sqla_status status = make_room(decoder, plan, err);
    if (status != SQLA_OK)
        return status;
    decoder->plan = plan;
    for (uint32_t i = 0; i < plan->count && status == SQLA_OK; i++)
        status = choose_step(decoder, shape, i, err);
    if (status != SQLA_OK)
        decoder->plan = NULL;
    return status;
}

void postgres__decoder_release(postgres__decoder *decoder)
{
    postgres__host->release(decoder->steps);
    postgres__buf_release(&decoder->scratch);
    *decoder = (postgres__decoder){ 0 };
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static void set_null(const sqla_slot *slot, char *row)
{
    char *at = row + slot->offset;
    if (slot->rep == SQLA_REP_CHARS)
        *at = '\0';
    else if (slot->rep == SQLA_REP_CSTR)
        memset(at, 0, sizeof(void *));
    else if (slot->rep == SQLA_REP_BYTES)
        memset(at, 0, sizeof(sqla_blob));
    else if (slot->rep == SQLA_REP_VALUE)
        memset(at, 0, sizeof(sqla_value));
    else
        memset(at, 0, slot->size);
}

/* A label that is not known is named: it is text in either format. */
static sqla_status refuse(const sqla_slot *slot, const PGresult *res, int at, const char *why, int64_t number, sqla_err *err)
{
    const char *label = slot->type == SQLA_ENUM_TYPE && PQgetisnull(res, at, slot->column) == 0 ? PQgetvalue(res, at, slot->column) : NULL;
    int n = label != NULL ? (int)strnlen(label, 80) : 0;
    while (n > 0 && ((unsigned char)label[n] & 0xc0) == 0x80)
        n--;
    const char *name = slot->name != NULL ? slot->name : PQfname(res, slot->column);
    const sqla_err_fields fields = { .row = number, .column = name };
    if (why == postgres__no_memory)
        return postgres__nomem(err);
    const postgres__type *type = why == another_type ? postgres__type_find(PQftype(res, slot->column)) : NULL;
    if (type != NULL)
        return postgres__fail(err, SQLA_ERR_DATA, &fields, "cannot read column '%s' of row %lld: a value of type '%s' does not fit the field",
                              name, (long long)number, type->name);
    return postgres__fail(err, SQLA_ERR_DATA, &fields, "cannot read column '%s' of row %lld: %s%s%.*s%s", name, (long long)number, why,
                          label != NULL ? ": '" : "", n, label != NULL ? label : "", label != NULL ? "'" : "");
}

/* false: what came is no such value, and the two steps say so. */
static bool take_shortcut(postgres__decoder *decoder, const postgres__step *step, const char *data, int length, char *at)
{
    uint32_t four;
    uint64_t eight;
    switch (step->shortcut) {
    case POSTGRES__SWAP4:
        if (length != sizeof four)
            return false;
        four = host32(data);
        memcpy(at, &four, sizeof four);
        return true;
    case POSTGRES__SWAP8:
        if (length != sizeof eight)
            return false;
        eight = host64(data);
        memcpy(at, &eight, sizeof eight);
        return true;
    case POSTGRES__SPAN:
        decoder->spans[decoder->span_count++] = (postgres__span){ data, (size_t)length, at, SQLA_REP_CSTR, false };
        return true;
    case POSTGRES__TWO_STEPS:
        break;
    }
    return false;
}

static const char *decode_cell(postgres__decoder *decoder, const postgres__step *step, const PGresult *res, int at, char *row)
{
    const sqla_slot *slot = step->slot;
    sqla_value value;
    int length = PQgetlength(res, at, slot->column);
    bool null = length == 0 && PQgetisnull(res, at, slot->column) != 0;
    if (slot->set_offset >= 0)
        *(bool *)(void *)(row + slot->set_offset) = !null;
    if (null) {
        if ((slot->flags & SQLA_SLOT_NULLABLE) == 0)
            return "there is no value, and the field needs one";
        set_null(slot, row);
        return NULL;
    }
    if (take_shortcut(decoder, step, PQgetvalue(res, at, slot->column), length, row + slot->offset))
        return NULL;
    value.reserved = 0;
    value.type = step->type;
    const char *why = NULL, *data = PQgetvalue(res, at, slot->column);
    bool done = false;
    if (step->array != 0)
        why = postgres__array_read(step->array, data, (size_t)length, &value, &decoder->scratch, &done);
    if (!done)
        why = step->read(data, (size_t)length, &value, &decoder->scratch);
    return why != NULL ? why : step->store(decoder, slot, &value, row + slot->offset);
}

/* Copy the texts of a row behind one another, and point at them. */
static bool place_spans(postgres__decoder *decoder, void *row, sqla_row_arena *arena)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < decoder->span_count; i++)
        bytes += decoder->spans[i].size + 1 + (decoder->spans[i].kind == POSTGRES__ARRAY_SPAN ? sizeof(uint64_t) : 0);
    char *to = bytes > 0 && arena != NULL ? arena->take(arena, row, bytes) : NULL;
    if (to == NULL)
        return bytes == 0;
    for (uint32_t i = 0; i < decoder->span_count; i++) {
        const postgres__span *span = &decoder->spans[i];
        if (span->kind == POSTGRES__ARRAY_SPAN)
            to += -(uintptr_t)to % sizeof(uint64_t); /* values are aligned */
        const sqla_blob blob = { to, span->size };
        const char *text = to;
        memcpy(to, span->in_scratch ? decoder->scratch.data + (uintptr_t)span->data : span->data, span->size);
        to[span->size] = '\0';
        to += span->size + 1;
        if (span->kind == POSTGRES__ARRAY_SPAN)
            postgres__array_settle((sqla_value *)(void *)span->target, (char *)blob.data);
        else if (span->kind == SQLA_REP_CSTR)
            memcpy(span->target, &text, sizeof text);
        else
            memcpy(span->target + (span->kind == SQLA_REP_VALUE ? offsetof(sqla_value, as) : 0), &blob, sizeof blob);
    }
    return true;
}

sqla_status postgres__decode_row(postgres__decoder *decoder, const PGresult *res, int at, void *row, sqla_row_arena *arena,
                                 int64_t number, sqla_err *err)
{
    decoder->span_count = 0;
    decoder->scratch.size = 0;
    decoder->scratch.broken = false;
    for (uint32_t i = 0; i < decoder->plan->count; i++) {
        const postgres__step *step = &decoder->steps[i];
        const char *why = step->store != NULL ? decode_cell(decoder, step, res, at, row) : NULL;
        if (why != NULL)
            return refuse(step->slot, res, at, why, number, err);
    }
    if (!place_spans(decoder, row, arena))
        return postgres__nomem(err);
    return SQLA_OK;
}
