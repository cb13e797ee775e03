/* convert.c: running conversions. See convert.h. What the program's functions give is checked here, so that everything behind this
 * meets values of the conversion's type alone. */
#include <config.h>
#include "sql/convert.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static void *take_from_arena(sqla_memory *memory, size_t size) { return sqla__arena_take(((sqla__arena_memory *)memory)->arena, size); }

sqla__arena_memory sqla__memory_in(sqla__arena *arena) { return (sqla__arena_memory){ { take_from_arena }, arena }; }

void *sqla_memory_take(sqla_memory *memory, size_t size)
{
    return memory != NULL && size <= PTRDIFF_MAX ? memory->take(memory, size > 0 ? size : 1) : NULL;
}

char *sqla_memory_copy(sqla_memory *memory, const void *bytes, size_t size)
{
    char *copy = !sqla__is_absurd(bytes, size, 1) ? sqla_memory_take(memory, size + 1) : NULL;
    if (copy == NULL)
        return NULL;
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

char *sqla_memory_printf(sqla_memory *memory, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n >= 0 ? sqla_memory_take(memory, (size_t)n + 1) : NULL;
    if (text != NULL)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

/* ---- what is given --------------------------------------------------------------------------------------------- */

const char *sqla__conversion_wrong(const sqla_conversion *conversion)
{
    if (conversion->struct_size < sizeof *conversion || conversion->name == NULL || conversion->size == 0)
        return "its conversion is not as the macros make it";
    if (conversion->store == NULL || conversion->load == NULL)
        return "its conversion needs both store and load";
    if (conversion->type == SQLA_NULL || conversion->type >= SQLA_ENUM_TYPE)
        return "its conversion stores a type that no conversion can have";
    return NULL;
}

static bool is_whole(uint32_t type) { return type == SQLA_INT16 || type == SQLA_INT32 || type == SQLA_INT64; }
static bool is_float(uint32_t type) { return type == SQLA_FLOAT32 || type == SQLA_FLOAT64; }
static bool is_text(uint32_t type) { return type == SQLA_TEXT || type == SQLA_DECIMAL || type == SQLA_JSON; }

/* Give the value the conversion's type, where nothing is lost. */
static bool fit(uint32_t type, sqla_value *value)
{
    uint32_t from = value->type;
    int64_t high = type == SQLA_INT16 ? INT16_MAX : type == SQLA_INT32 ? INT32_MAX : INT64_MAX;
    if ((is_text(from) || from == SQLA_BLOB) && value->as.bytes.data == NULL)
        *value = sqla_null();
    if (value->type == SQLA_NULL || from == type)
        return true;
    bool fits = (is_whole(type) && is_whole(from) && value->as.i64 <= high && value->as.i64 >= -high - 1) ||
                (type == SQLA_FLOAT64 && is_float(from)) ||
                (type == SQLA_FLOAT32 && is_float(from) && !((double)(float)value->as.f64 < value->as.f64 || (double)(float)value->as.f64 > value->as.f64)) ||
                (is_text(type) && is_text(from));
    value->type = type;
    return fits;
}

/* A function may return a status, fill err, or do both. */
static sqla_status outcome(const sqla_conversion *conversion, sqla_status status, const char *what, sqla_error *err)
{
    if (status == SQLA_OK || sqla_failed(err))
        return err->status;
    if (status == SQLA_ERR_NOMEM)
        return sqla__error_nomem(err);
    bool known = status > SQLA_OK && status < SQLA_STATUS_COUNT_;
    return sqla__error_set(err, known ? status : SQLA_ERR_APPLICATION, "conversion '%s' cannot %s", conversion->name, what);
}

sqla_status sqla__convert_store(const sqla_conversion *conversion, const void *field, sqla_memory *memory, sqla_value *ret, sqla_error *err)
{
    sqla_value value = { .type = SQLA_NULL };
    sqla_status status = outcome(conversion, conversion->store(field, &value, memory, conversion->data, err), "store what is there", err);
    const char *wrong = status == SQLA_OK ? sqla__value_wrong(&value) : NULL;
    if (wrong != NULL)
        status = sqla__error_set(
            err, SQLA_ERR_MISUSE, "conversion '%s' gave a value that cannot be: %s", conversion->name, wrong);
    if (status == SQLA_OK && !fit(conversion->type, &value))
        status = sqla__error_set(err, SQLA_ERR_DATA, "conversion '%s' gave a value that is not of its type", conversion->name);
    if (status == SQLA_OK)
        *ret = value;
    return status;
}

sqla_status sqla__convert_load(const sqla_conversion *conversion, const sqla_value *value, void *field, sqla_memory *memory, sqla_error *err)
{
    sqla_value fitted = *value;
    _Alignas(max_align_t) unsigned char room[256];
    void *fresh = conversion->size <= sizeof room ? room : sqla_memory_take(memory, conversion->size);
    if (fresh == NULL)
        return sqla__error_nomem(err);
    if (!fit(conversion->type, &fitted))
        return sqla__error_set(err, SQLA_ERR_DATA, "conversion '%s' is not for a value of that type", conversion->name);
    memset(fresh, 0, conversion->size);
    sqla_status status = outcome(conversion, conversion->load(&fitted, fresh, memory, conversion->data, err), "load what is there", err);
    if (status == SQLA_OK)
        memcpy(field, fresh, conversion->size);
    return status;
}

/* ---- single values --------------------------------------------------------------------------------------------- */

sqla_value sqla_value_converted(const sqla_to_convert *what)
{
    if (what == NULL || what->field == NULL)
        return sqla_null();
    sqla_value value = { .type = SQLA__TO_CONVERT };
    value.as.bytes = (sqla_blob){ what, sizeof *what };
    return value;
}

static bool has_to_convert(const sqla_array *list)
{
    const sqla_value *items = list->type == SQLA_NULL ? list->items : NULL;
    bool found = false;
    for (uint32_t i = 0; items != NULL && list->count != UINT32_MAX && i < list->count && !found; i++)
        found = items[i].type == SQLA__TO_CONVERT;
    return found;
}

static sqla_status convert_items(sqla_array *list, sqla__arena *arena, sqla_error *err)
{
    sqla_value *items = sqla__arena_zero(arena, list->count, sizeof *items);
    sqla_status status = items != NULL ? SQLA_OK : sqla__error_nomem(err);
    for (uint32_t i = 0; i < list->count && status == SQLA_OK; i++) {
        items[i] = ((const sqla_value *)list->items)[i];
        status = sqla__convert_value(&items[i], arena, err);
    }
    list->items = items;
    return status;
}

sqla_status sqla__convert_value(sqla_value *value, sqla__arena *arena, sqla_error *err)
{
    const char *wrong = sqla__value_wrong(value);
    if (wrong != NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a value cannot be what it is given as: %s", wrong);
    if (value->type == SQLA_ARRAY && has_to_convert(&value->as.array))
        return convert_items(&value->as.array, arena, err);
    if (value->type != SQLA__TO_CONVERT)
        return SQLA_OK;
    const sqla_to_convert *what = value->as.bytes.data;
    sqla__arena_memory memory = sqla__memory_in(arena);
    if (what->conversion == NULL || sqla__conversion_wrong(what->conversion) != NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a value cannot be converted: %s",
                               what->conversion != NULL ? sqla__conversion_wrong(what->conversion) : "it has no conversion");
    return sqla__convert_store(what->conversion, what->field, &memory.base, value, err);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static void note(char *to, size_t size, const char *name)
{
    if (name == NULL || to[0] != '\0')
        return;
    sqla__text_fit(to, size, name);
    sqla__text_tame(to);
}

sqla_status sqla__convert_failed(const sqla__mapping *mapping, const sqla__mapped_column *column, int64_t number, sqla_error *err)
{
    const char *name = mapping->model->name;
    if (err->status == SQLA_ERR_NOMEM)
        return err->status;
    if (number > 0)
        sqla__error_prefix(err, "cannot read column '%s' of row %lld into '%s': ", column->name, (long long)number, name);
    else
        sqla__error_prefix(err, "field '%s' of '%s': ", column->item->field, name);
    note(err->table, sizeof err->table, mapping->model->table);
    note(err->column, sizeof err->column, column->name);
    err->row = number > 0 ? number : err->row;
    return err->status;
}

/* Where a column keeps so many digits, a decimal is looked at as a C string. */
static sqla_status terminate(const sqla__mapped_column *column, sqla_value *value, sqla__arena *arena, sqla_error *err)
{
    if (!column->has_scale || value->type == SQLA_NULL)
        return SQLA_OK;
    value->as.bytes.data = sqla__arena_copy(arena, value->as.bytes.data, value->as.bytes.size);
    return value->as.bytes.data != NULL ? SQLA_OK : sqla__error_nomem(err);
}

sqla_status sqla__row_store(const sqla__mapping *mapping, void *row, sqla__arena *arena, sqla_error *err)
{
    sqla__arena_memory memory = sqla__memory_in(arena);
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        if (column->item->conversion == NULL)
            continue;
        sqla_value *stored = sqla__stored_at(column, row);
        sqla_status status = sqla__convert_store(column->item->conversion, sqla__converted_at(column, row), &memory.base, stored, err);
        if (status == SQLA_OK)
            status = terminate(column, stored, arena, err);
        if (status != SQLA_OK)
            return sqla__convert_failed(mapping, column, 0, err);
    }
    return SQLA_OK;
}

sqla_status sqla__row_load(const sqla__mapping *mapping, void *row, int64_t number, sqla_memory *memory, sqla_error *err)
{
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla__mapped_column *column = &mapping->columns[i];
        if (column->item->conversion == NULL)
            continue;
        if (sqla__convert_load(column->item->conversion, sqla__stored_at(column, row), sqla__converted_at(column, row), memory, err) != SQLA_OK)
            return sqla__convert_failed(mapping, column, number, err);
    }
    return SQLA_OK;
}
