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

struct sqla_row {
    sqla__run *run;                /* texts that are made for a getter lie in its arena */
    size_t count;
    const char **names;
    const sqla_value *cells;
};

/* ---- making ---------------------------------------------------------------------------------------------------- */

static sqla_status make_plan(sqla__run *run, const sqla_result_info *info, const sqla_plan **ret_plan, sqla_error *err)
{
    sqla_slot *slots = sqla__arena_zero(&run->arena, info->column_count + 1, sizeof *slots);
    sqla_plan *plan = sqla__arena_take(&run->arena, sizeof *plan);
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

/* Names are copied, since rows are read after their result is closed. */
sqla_status sqla__row_make(sqla__run *run, sqla__result *result, sqla_row **ret_row, const sqla_plan **ret_plan, uint32_t *ret_size,
                           sqla_error *err)
{
    const sqla_result_info *info = sqla__result_info(result);
    sqla_row *row = sqla__arena_zero(&run->arena, 1, sizeof *row);
    const char **names = sqla__arena_zero(&run->arena, info->column_count + 1, sizeof *names);
    bool ok = row != NULL && names != NULL;
    for (uint32_t i = 0; ok && i < info->column_count; i++) {
        names[i] = sqla__arena_strdup(&run->arena, info->columns[i].name != NULL ? info->columns[i].name : "");
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

/* ---- converting ------------------------------------------------------------------------------------------------ */

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
        strncpy(err->column, row->names[i], sizeof err->column - 1);
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
    char *text = sqla__arena_take(&row->run->arena, n + 1);
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

bool sqla_row_bool(const sqla_row *row, const char *name, sqla_error *err)
{
    size_t i;
    int64_t v = 0;
    if (find(row, name, &i, err) != SQLA_OK || sqla__row_cell_i64(row, i, &v, err) != SQLA_OK)
        return false;
    if (v != 0 && v != 1)
        refuse_value(row, i, "a bool", err);
    return v == 1;
}

int64_t sqla_row_i64(const sqla_row *row, const char *name, sqla_error *err)
{
    size_t i;
    int64_t v;
    return find(row, name, &i, err) == SQLA_OK && sqla__row_cell_i64(row, i, &v, err) == SQLA_OK ? v : 0;
}

double sqla_row_f64(const sqla_row *row, const char *name, sqla_error *err)
{
    size_t i;
    double v;
    return find(row, name, &i, err) == SQLA_OK && sqla__row_cell_f64(row, i, &v, err) == SQLA_OK ? v : 0;
}

const char *sqla_row_text(const sqla_row *row, const char *name, sqla_error *err)
{
    size_t i;
    const char *v;
    return find(row, name, &i, err) == SQLA_OK && sqla__row_cell_text(row, i, &v, err) == SQLA_OK ? v : NULL;
}
