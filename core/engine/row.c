/* row.c: rows whose shape is known only at run time, and their cells as C values.
 *
 * A cell is a tagged value. The getters convert where nothing is lost, and say which column it was where something would be. */
#include <config.h>
#include "engine/run.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/iso.h"
#include "base/text.h"
#include "sql/compiler.h"
#include "sql/convert.h"
#include "sql/expr.h"

struct sqla_row {
    sqla__run *run;                /* texts that are made for a getter lie in its arena */
    size_t count;
    const char **names;
    const sqla_value *cells;
};

/* ---- making ---------------------------------------------------------------------------------------------------- */

static sqla_status make_plan(sqla__run *run, const sqla_result_info *info, const sqla_plan **ret_plan, sqla_error *err)
{
    sqla_slot *slots = sqla__arena_zero(&run->scratch, info->column_count + 1, sizeof *slots);
    sqla_plan *plan = sqla__arena_take(&run->scratch, sizeof *plan);
    if (slots == NULL || plan == NULL)
        return sqla__error_nomem(err);
    for (uint32_t i = 0; i < info->column_count; i++)
        slots[i] = (sqla_slot){ .type = (uint8_t)info->columns[i].type, .rep = SQLA_REP_VALUE, .flags = SQLA_SLOT_NULLABLE, .column = (int32_t)i,
                                .offset = i * (uint32_t)sizeof(sqla_value), .size = sizeof(sqla_value), .set_offset = -1,
                                .name = info->columns[i].name };
    *plan = (sqla_plan){ sizeof *plan, info->column_count, slots };
    *ret_plan = plan;
    return SQLA_OK;
}

/* A copy that is UTF-8. NULL: out of memory. */
static const char *mended(sqla__run *run, const char *name)
{
    size_t size = strlen(name) + 1;
    char *room = sqla__arena_take(&run->arena, size);
    if (room != NULL)
        sqla__text_fit(room, size, name);
    return room;
}

/* Names are copied, since rows are read after their result is closed. */
sqla_status sqla__row_make(sqla__run *run, sqla__result *result, sqla_row **ret_row, const sqla_plan **ret_plan, uint32_t *ret_size,
                           sqla_error *err)
{
    const sqla_result_info *info = sqla__result_info(result);
    sqla_row *row = sqla__arena_zero(&run->arena, 1, sizeof *row);
    const char **names = sqla__arena_zero(&run->arena, info->column_count + 1, sizeof *names);
    bool ok = row != NULL && names != NULL;
    for (uint32_t i = 0; ok && i < info->column_count; i++) {
        names[i] = mended(run, info->columns[i].name);
        ok = names[i] != NULL;
    }
    if (!ok)
        return sqla__error_nomem(err);
    row->run = run;
    row->count = info->column_count;
    row->names = names;
    *ret_row = row;
    *ret_size = info->column_count * (uint32_t)sizeof(sqla_value);
    return make_plan(run, info, ret_plan, err);
}

void sqla__row_show(sqla_row *row, const void *cells)
{
    row->cells = cells;
}

/* ---- finding --------------------------------------------------------------------------------------------------- */

static sqla_status no_row(sqla_error *err)
{
    return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no row");
}

static sqla_status refuse_name(const sqla_row *row, const char *name, const char *why, sqla_error *err)
{
    sqla__buf names = { 0 };
    for (size_t i = 0; i < row->count; i++)
        sqla__buf_printf(&names, "%s'%s'", i > 0 ? ", " : "", row->names[i]);
    sqla__error_set(err, SQLA_ERR_MISUSE, "%s column '%s' in the row, which has %s", why, name, sqla__buf_text(&names));
    sqla__buf_release(&names);
    return SQLA_ERR_MISUSE;
}

/* The number of columns with that name; *ret: the last of them. Case counts, unless no name is quite the same. */
static size_t count_named(const sqla_row *row, const char *name, bool exactly, size_t *ret)
{
    size_t found = 0;
    for (size_t i = 0; i < row->count; i++) {
        if (exactly ? strcmp(row->names[i], name) == 0 : strcasecmp(row->names[i], name) == 0) {
            *ret = i;
            found++;
        }
    }
    return found;
}

static sqla_status find(const sqla_row *row, const char *name, size_t *ret, sqla_error *err)
{
    if (row == NULL || row->cells == NULL)
        return no_row(err);
    if (name == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "a column needs a name");
    size_t found = count_named(row, name, true, ret);
    if (found == 0)
        found = count_named(row, name, false, ret);
    if (found == 1)
        return SQLA_OK;
    return refuse_name(row, name, found == 0 ? "there is no" : "there is more than one", err);
}

static sqla_status check_place(const sqla_row *row, size_t i, sqla_error *err)
{
    if (row == NULL || row->cells == NULL)
        return no_row(err);
    if (i == SIZE_MAX && sqla_failed(err)) /* sqla_row_of has said why */
        return SQLA_ERR_MISUSE;
    if (i >= row->count)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no column %zu in the row, which has %zu; the first is 0", i, row->count);
    return SQLA_OK;
}

/* Which of the expressions that q selects is that column? count: none. */
static size_t find_selected(const sqla__stmt *q, const sqla_column_item *item)
{
    size_t i = 0;
    for (; i < q->columns.count; i++) {
        const sqla_expr *x = &q->columns.items[i];
        while (x->kind == SQLA_EXPR_LABEL)
            x = &x->args[0];
        if (sqla__item_of(x) == item)
            break;
    }
    return i;
}

static sqla_status find_column(const sqla_row *row, const sqla_expr *column, size_t *ret, sqla_error *err)
{
    const sqla__stmt *q = row->run->q;
    const sqla_model *model = sqla__expr_model(column);
    const sqla_column_item *item = sqla__item_of(column);
    if (item == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "what is asked for is no column of a model");
    const char *name = sqla__column_name(item);
    if (q->kind == SQLA__SELECT_MODEL && q->model != model)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "there is no column '%s' of '%s' in the row, which is of '%s'", name, model->name, q->model->name);
    if (q->kind != SQLA__SELECT_COLUMNS)
        return find(row, name, ret, err);
    *ret = find_selected(q, item);
    return *ret < row->count ? SQLA_OK : sqla__error_set(err, SQLA_ERR_MISUSE, "column '%s' of '%s' was not selected", name, model->name);
}

size_t sqla_row_of_(const sqla_row *row, sqla_expr column, sqla_error *err)
{
    size_t i;
    if (row == NULL || row->cells == NULL) {
        no_row(err);
        return SIZE_MAX;
    }
    return find_column(row, &column, &i, err) == SQLA_OK ? i : SIZE_MAX;
}

size_t sqla_row_count(const sqla_row *row)
{
    return row != NULL ? row->count : 0;
}

const char *sqla_row_name(const sqla_row *row, size_t i)
{
    return row != NULL && i < row->count ? row->names[i] : NULL;
}

sqla_value sqla_row_at(const sqla_row *row, size_t i)
{
    return row != NULL && row->cells != NULL && i < row->count ? row->cells[i] : sqla_null();
}

sqla_value sqla_row_get(const sqla_row *row, const char *name, sqla_error *err)
{
    size_t i;
    return find(row, name, &i, err) == SQLA_OK ? row->cells[i] : sqla_null();
}

bool sqla_row_is_null(const sqla_row *row, const char *name, sqla_error *err)
{
    size_t i;
    return find(row, name, &i, err) == SQLA_OK && row->cells[i].type == SQLA_NULL;
}

bool sqla_row_is_null_at(const sqla_row *row, size_t i, sqla_error *err)
{
    return check_place(row, i, err) == SQLA_OK && row->cells[i].type == SQLA_NULL;
}

/* ---- converting ------------------------------------------------------------------------------------------------ */

static void name_column(const sqla_row *row, size_t i, sqla_error *err)
{
    sqla__text_fit(err->column, sizeof err->column, row->names[i]);
    sqla__text_tame(err->column);
}

static sqla_status refuse_value(const sqla_row *row, size_t i, const char *wanted, sqla_error *err)
{
    char text[80];
    bool fresh = err != NULL && !sqla_failed(err);
    if (row->cells[i].type == SQLA_NULL)
        sqla__error_set(err, SQLA_ERR_DATA, "column '%s' is NULL, and %s is asked for", row->names[i], wanted);
    else {
        sqla_value_print(text, sizeof text, row->cells[i]);
        sqla__error_set(err, SQLA_ERR_DATA, "column '%s' holds '%s', which %s cannot hold", row->names[i], text, wanted);
    }
    if (fresh)
        name_column(row, i, err);
    return SQLA_ERR_DATA;
}

/* Numbers in texts are written with a point, whatever the program's locale is. */
static locale_t c_locale;
static void make_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

/* Does a number begin here? strtod and strtoll pass over blanks. */
static bool begins_number(const char *text, size_t size)
{
    return size > 0 && strchr(" \t\n\v\f\r", text[0]) == NULL;
}

/* Not as hexadecimal, as strtod has it; and a number that is too large is none, and not infinite. */
static bool parse_double(const char *text, size_t size, double *ret)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char *end;
    pthread_once(&once, make_locale);
    if (!begins_number(text, size) || memchr(text, 'x', size) != NULL || memchr(text, 'X', size) != NULL)
        return false;
    errno = 0;
    *ret = c_locale != (locale_t)0 ? strtod_l(text, &end, c_locale) : strtod(text, &end);
    return end == text + size && !(errno == ERANGE && isinf(*ret));
}

/* "12", "12.00": a decimal that is whole. */
static bool parse_whole(const char *text, size_t size, int64_t *ret)
{
    char *end;
    errno = 0;
    long long whole = strtoll(text, &end, 10);
    if (!begins_number(text, size) || end == text || errno != 0)
        return false;
    if (*end == '.')
        end += 1 + strspn(end + 1, "0");
    *ret = whole;
    return end == text + size;
}

static bool to_i64(const sqla_value *v, int64_t *ret)
{
    switch ((sqla_type)v->type) {
    case SQLA_BOOL: case SQLA_INT16: case SQLA_INT32: case SQLA_INT64: case SQLA_ENUM_TYPE:
        *ret = v->as.i64;
        return true;
    case SQLA_FLOAT32: case SQLA_FLOAT64:
        if (!(v->as.f64 >= -9223372036854775808.0 && v->as.f64 < 9223372036854775808.0))
            return false;
        *ret = (int64_t)v->as.f64;
        return (double)*ret == v->as.f64;
    case SQLA_DECIMAL: case SQLA_TEXT:
        return parse_whole(v->as.bytes.data, v->as.bytes.size, ret);
    default:
        return false;
    }
}

/* A decimal is read as the nearest double, as every program that asks for one expects of an average. */
static bool to_f64(const sqla_value *v, double *ret)
{
    switch ((sqla_type)v->type) {
    case SQLA_INT16: case SQLA_INT32: case SQLA_INT64:
        *ret = (double)v->as.i64;
        return v->as.i64 >= -(INT64_C(1) << 53) && v->as.i64 <= INT64_C(1) << 53;
    case SQLA_FLOAT32: case SQLA_FLOAT64:
        *ret = v->as.f64;
        return true;
    case SQLA_DECIMAL: case SQLA_TEXT:
        return parse_double(v->as.bytes.data, v->as.bytes.size, ret);
    default:
        return false;
    }
}

sqla_status sqla__row_cell_i64(const sqla_row *row, size_t i, int64_t *ret, sqla_error *err)
{
    return to_i64(&row->cells[i], ret) ? SQLA_OK : refuse_value(row, i, "a whole number", err);
}

sqla_status sqla__row_cell_f64(const sqla_row *row, size_t i, double *ret, sqla_error *err)
{
    return to_f64(&row->cells[i], ret) ? SQLA_OK : refuse_value(row, i, "a number", err);
}

static sqla_status print_cell(const sqla_row *row, size_t i, const char **ret, sqla_error *err)
{
    size_t n = sqla_value_print(NULL, 0, row->cells[i]);
    sqla__run *run = row->run;
    char *text = sqla__arena_take(run->block != NULL ? &run->batch : &run->arena, n + 1); /* a stream must not heap them up */
    if (text == NULL)
        return sqla__error_nomem(err);
    sqla_value_print(text, n + 1, row->cells[i]);
    *ret = text;
    return SQLA_OK;
}

sqla_status sqla__row_cell_text(const sqla_row *row, size_t i, const char **ret, sqla_error *err)
{
    const sqla_value *v = &row->cells[i];
    switch ((sqla_type)v->type) {
    case SQLA_NULL:
        *ret = NULL;
        return SQLA_OK;
    case SQLA_TEXT: case SQLA_JSON: case SQLA_DECIMAL:
        if (memchr(v->as.bytes.data, '\0', v->as.bytes.size) != NULL)
            return refuse_value(row, i, "a C string", err);
        *ret = v->as.bytes.data;
        return SQLA_OK;
    case SQLA_BLOB:
        return refuse_value(row, i, "a text", err);
    default:
        return print_cell(row, i, ret, err);
    }
}

/* ---- the typed getters ------------------------------------------------------------------------------------------- */

static bool is_text(const sqla_value *v) { return v->type == SQLA_TEXT; }

static sqla_status cell_bool(const sqla_row *row, size_t i, bool *ret, sqla_error *err)
{
    int64_t v;
    if (!to_i64(&row->cells[i], &v) || (v != 0 && v != 1))
        return refuse_value(row, i, "a bool", err);
    *ret = v == 1;
    return SQLA_OK;
}

static sqla_status cell_blob(const sqla_row *row, size_t i, sqla_blob *ret, sqla_error *err)
{
    const sqla_value *v = &row->cells[i];
    if (v->type == SQLA_NULL)
        return SQLA_OK;
    if (v->type != SQLA_BLOB && v->type != SQLA_TEXT && v->type != SQLA_JSON)
        return refuse_value(row, i, "a blob", err);
    *ret = v->as.bytes;
    return SQLA_OK;
}

static sqla_status cell_decimal(const sqla_row *row, size_t i, sqla_decimal *ret, sqla_error *err)
{
    const sqla_value *v = &row->cells[i];
    bool number = v->type == SQLA_INT16 || v->type == SQLA_INT32 || v->type == SQLA_INT64;
    if (v->type == SQLA_NULL || number || v->type == SQLA_DECIMAL || (is_text(v) && sqla__iso_decimal(v->as.bytes.data, v->as.bytes.size)))
        return sqla__row_cell_text(row, i, &ret->text, err);
    return refuse_value(row, i, "a decimal", err);
}

static sqla_status cell_json(const sqla_row *row, size_t i, sqla_json *ret, sqla_error *err)
{
    const sqla_value *v = &row->cells[i];
    if (v->type == SQLA_NULL || v->type == SQLA_JSON || is_text(v))
        return sqla__row_cell_text(row, i, &ret->text, err);
    return refuse_value(row, i, "a json", err);
}

/* A value of its own type, or a text that reads as one. */
#define TIME_CELL(kind, TYPE, T, wanted, take) \
    static sqla_status cell_##kind(const sqla_row *row, size_t i, T *ret, sqla_error *err) \
    { \
        const sqla_value *v = &row->cells[i]; \
        if (v->type == TYPE) \
            take; \
        else if (!is_text(v) || !sqla__iso_##kind(v->as.bytes.data, v->as.bytes.size, ret)) \
            return refuse_value(row, i, wanted, err); \
        return SQLA_OK; \
    }
TIME_CELL(date, SQLA_DATE, sqla_date, "a date", ret->days = (int32_t)v->as.i64)
TIME_CELL(time, SQLA_TIME, sqla_time, "a time of day", ret->micros = v->as.i64)
TIME_CELL(timestamp, SQLA_TIMESTAMP, sqla_timestamp, "a timestamp", ret->micros = v->as.i64)
TIME_CELL(
    local_timestamp, SQLA_LOCAL_TIMESTAMP, sqla_local_timestamp, "a local timestamp", ret->micros = v->as.i64)
TIME_CELL(interval, SQLA_INTERVAL, sqla_interval, "an interval", *ret = v->as.interval)
TIME_CELL(uuid, SQLA_UUID, sqla_uuid, "a uuid", *ret = v->as.uuid)

/* What is refused reads as zero, whatever was written before that was known. */
#define GETTER(kind, T, cell) \
    T sqla_row_##kind##_at(const sqla_row *row, size_t i, sqla_error *err) \
    { \
        const T none = { 0 }; \
        T v = none; \
        return check_place(row, i, err) == SQLA_OK && cell(row, i, &v, err) == SQLA_OK ? v : none; \
    } \
    T sqla_row_##kind(const sqla_row *row, const char *name, sqla_error *err) \
    { \
        const T none = { 0 }; \
        size_t i; \
        return find(row, name, &i, err) == SQLA_OK ? sqla_row_##kind##_at(row, i, err) : none; \
    }
typedef const char *c_string;
GETTER(bool, bool, cell_bool)
GETTER(i64, int64_t, sqla__row_cell_i64)
GETTER(f64, double, sqla__row_cell_f64)
GETTER(text, c_string, sqla__row_cell_text)
GETTER(blob, sqla_blob, cell_blob)
GETTER(decimal, sqla_decimal, cell_decimal)
GETTER(json, sqla_json, cell_json)
GETTER(date, sqla_date, cell_date)
GETTER(time, sqla_time, cell_time)
GETTER(timestamp, sqla_timestamp, cell_timestamp)
GETTER(local_timestamp, sqla_local_timestamp, cell_local_timestamp)
GETTER(interval, sqla_interval, cell_interval)
GETTER(uuid, sqla_uuid, cell_uuid)

/* ---- conversions ------------------------------------------------------------------------------------------------- */

/* A cell as a value of the type that a conversion takes: what the getter of that type gives. */
typedef sqla_status value_fn(const sqla_row *row, size_t i, sqla_value *ret, sqla_error *err);
#define AS_VALUE(kind, T, cell) \
    static sqla_status kind##_value(const sqla_row *row, size_t i, sqla_value *ret, sqla_error *err) \
    { \
        T v = (T){ 0 }; \
        sqla_status status = cell(row, i, &v, err); \
        if (status == SQLA_OK) \
            *ret = sqla_value_##kind(v); \
        return status; \
    }
AS_VALUE(bool, bool, cell_bool)
AS_VALUE(i64, int64_t, sqla__row_cell_i64)
AS_VALUE(f64, double, sqla__row_cell_f64)
AS_VALUE(text, c_string, sqla__row_cell_text)
AS_VALUE(blob, sqla_blob, cell_blob)
AS_VALUE(decimal, sqla_decimal, cell_decimal)
AS_VALUE(json, sqla_json, cell_json)
AS_VALUE(date, sqla_date, cell_date)
AS_VALUE(time, sqla_time, cell_time)
AS_VALUE(timestamp, sqla_timestamp, cell_timestamp)
AS_VALUE(local_timestamp, sqla_local_timestamp, cell_local_timestamp)
AS_VALUE(interval, sqla_interval, cell_interval)
AS_VALUE(uuid, sqla_uuid, cell_uuid)
static value_fn *const as_value[SQLA_TYPE_COUNT_] = {
    [SQLA_BOOL] = bool_value, [SQLA_INT16] = i64_value, [SQLA_INT32] = i64_value, [SQLA_INT64] = i64_value, [SQLA_FLOAT32] = f64_value,
    [SQLA_FLOAT64] = f64_value, [SQLA_TEXT] = text_value, [SQLA_BLOB] = blob_value, [SQLA_DECIMAL] = decimal_value, [SQLA_JSON] = json_value,
    [SQLA_DATE] = date_value, [SQLA_TIME] = time_value, [SQLA_TIMESTAMP] = timestamp_value, [SQLA_LOCAL_TIMESTAMP] = local_timestamp_value,
    [SQLA_INTERVAL] = interval_value, [SQLA_UUID] = uuid_value
};

static sqla_status load_cell(const sqla_row *row, size_t i, const sqla_conversion *conversion, void *ret, sqla_error *err)
{
    sqla_value value = row->cells[i];
    const char *wrong = conversion != NULL ? sqla__conversion_wrong(conversion) : "there is none";
    sqla_status status = SQLA_OK;
    if (wrong != NULL || ret == NULL)
        return sqla__error_set(err, SQLA_ERR_MISUSE, "column '%s' cannot be converted: %s", row->names[i], wrong != NULL ? wrong : "there is no place for it");
    if (value.type != SQLA_NULL && value.type != conversion->type)
        status = as_value[conversion->type](row, i, &value, err);
    if (status != SQLA_OK)
        return status;
    sqla__run *run = row->run;
    sqla__arena_memory memory = sqla__memory_in(run->block != NULL ? &run->batch : &run->arena);
    if (sqla__convert_load(conversion, &value, ret, &memory.base, err) == SQLA_OK)
        return SQLA_OK;
    sqla__error_prefix(err, "column '%s': ", row->names[i]);
    name_column(row, i, err);
    return err->status;
}

sqla_status sqla_row_converted_at_(const sqla_row *row, size_t i, const sqla_conversion *conversion, void *ret, sqla_error *err)
{
    sqla_error local;
    sqla__error_init(&local);
    if (check_place(row, i, err) != SQLA_OK)
        return SQLA_ERR_MISUSE;
    return sqla__error_give(err, &local, load_cell(row, i, conversion, ret, &local));
}

sqla_status sqla_row_converted_(const sqla_row *row, const char *name, const sqla_conversion *conversion, void *ret, sqla_error *err)
{
    size_t i;
    sqla_status status = find(row, name, &i, err);
    return status == SQLA_OK ? sqla_row_converted_at_(row, i, conversion, ret, err) : status;
}
