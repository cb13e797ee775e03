/* crud.c: statements of the unit of work, by road. See crud.h and the templates in abi/sqla/traits.h. */
#include <config.h>
#include "sql/crud.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "sql/compile.h"
#include "sql/ddl.h"

/* What fills the holes of a template. */
typedef struct filler {
    sqla__buf *buf;
    const sqla__mapping *mapping;
    const sqla_traits *traits;
    sqla_batch_mode road;
    const uint32_t *columns;   /* sent or changed */
    uint32_t count;
    const uint32_t *params;    /* all parameters of a row, as columns: `columns`, then the key where the verb has one */
    uint32_t param_count;
    uint32_t rows;
    const uint32_t *returning;
    uint32_t returning_count;
    sqla_error *err;
} filler;

static const char *comma(uint32_t i) { return i > 0 ? ", " : ""; }

static sqla_status column_name(filler *f, uint32_t column)
{
    return sqla__quote_name(f->buf, f->mapping->columns[column].name, f->traits, f->err);
}

static sqla_status table_name(filler *f)
{
    return sqla__quote_table(f->buf, f->mapping->table->schema, f->mapping->table->name, f->traits, f->err);
}

static sqla_status column_list(filler *f, const uint32_t *columns, uint32_t n)
{
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < n && status == SQLA_OK; i++) {
        sqla__buf_add(f->buf, comma(i));
        status = column_name(f, columns[i]);
    }
    return status;
}

static void placeholders(filler *f, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        sqla__buf_add(f->buf, comma(i));
        sqla__placeholder(f->buf, f->traits, first + i);
    }
}

static sqla_status tuples(filler *f)
{
    for (uint32_t row = 0; row < f->rows; row++) {
        sqla__buf_add(f->buf, row > 0 ? ", (" : "(");
        placeholders(f, row * f->param_count + 1, f->param_count);
        sqla__buf_add_char(f->buf, ')');
    }
    return SQLA_OK;
}

/* Types that take a text as it is and check its length themselves. A cast to one would cut it without a word. */
static bool takes_text(const char *type)
{
    static const char *const names[] = { "char", "varchar", "text", "citext", "character", "nchar", "nvarchar", "bpchar", "clob", "name" };
    size_t n = strcspn(type, " (");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == n && strncasecmp(type, names[i], n) == 0)
            return true;
    return false;
}

/* Does a value of that type go into a column of any type that the program names, by assignment alone? Numbers and times do. */
static bool is_textual(uint32_t type)
{
    return type == SQLA_TEXT || type == SQLA_DECIMAL || type == SQLA_JSON || type == SQLA_ENUM_TYPE;
}

/* A type that the program wrote, without what stands in parentheses: "numeric(6,2)" is "numeric", and the assignment to the column
 * does what is left, as it does for a single row. */
static void cast_to_written(filler *f, const char *type)
{
    size_t n = strcspn(type, "(");
    const char *behind = type[n] == '(' ? strchr(type + n, ')') : NULL;
    while (n > 0 && type[n - 1] == ' ')
        n--;
    sqla__buf_add_n(f->buf, type, n);
    if (behind != NULL)
        sqla__buf_add(f->buf, behind + 1);
}

/* The name of the type that the parameter is cast to, or nothing; then nothing is written and *ret_cast is false. */
static sqla_status cast_name(filler *f, const sqla__mapped_column *column, bool *ret_cast)
{
    const sqla_type_trait *trait = sqla__type_trait(f->traits, column->slot.type);
    const char *written = sqla__column_sql_type(column->item);
    bool native = written == NULL && column->slot.type == SQLA_ENUM_TYPE && column->item->native && (f->traits->features & SQLA_FEATURE_NATIVE_ENUM);
    bool as_text = trait != NULL && (trait->flags & SQLA_TYPE_AS_TEXT);
    *ret_cast = true;
    if (native)
        return sqla__ddl_enum_name(f->buf, f->mapping->table, column->name, f->traits, f->err);
    if (written != NULL && (as_text || is_textual(column->slot.type)) && !takes_text(written))
        cast_to_written(f, written);
    else if (written == NULL && as_text && column->slot.type != SQLA_ENUM_TYPE)
        sqla__buf_add(f->buf, trait->cast_name != NULL ? trait->cast_name : trait->name);
    else
        *ret_cast = false;
    return SQLA_OK;
}

/* The value of parameter i in the row source, cast where a text would not do. With placeholders in the text the database sees what
 * they are for, so only a road whose rows are made first needs it. */
static sqla_status source_value(filler *f, const char *source, uint32_t i)
{
    const sqla__mapped_column *column = &f->mapping->columns[f->params[i]];
    sqla__buf type = { 0 };
    filler typed = *f;
    bool cast = false;
    typed.buf = &type;
    sqla_status status = f->road == SQLA_BATCH_COLUMNS ? cast_name(&typed, column, &cast) : SQLA_OK;
    if (cast)
        sqla__buf_printf(f->buf, "CAST(%s.c%u AS %s)", source, i, sqla__buf_text(&type));
    else
        sqla__buf_printf(f->buf, "%s.c%u", source, i);
    f->buf->broken = f->buf->broken || type.broken;
    sqla__buf_release(&type);
    return status;
}

static sqla_status aliases(filler *f)
{
    for (uint32_t i = 0; i < f->param_count; i++)
        sqla__buf_printf(f->buf, "%sc%u", comma(i), i);
    return SQLA_OK;
}

static sqla_status selected(filler *f)
{
    for (uint32_t i = 0; i < f->param_count; i++) {
        sqla__buf_add(f->buf, comma(i));
        if (source_value(f, "u", i) != SQLA_OK)
            return f->err->status;
    }
    return SQLA_OK;
}

static sqla_status assignments(filler *f)
{
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < f->count && status == SQLA_OK; i++) {
        sqla__buf_add(f->buf, comma(i));
        status = column_name(f, f->columns[i]);
        sqla__buf_add(f->buf, " = ");
        if (status == SQLA_OK)
            status = source_value(f, "v", i);
    }
    return status;
}

static sqla_status match(filler *f)
{
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < f->mapping->key_count && status == SQLA_OK; i++) {
        sqla__buf_add(f->buf, i > 0 ? " AND t." : "t.");
        status = column_name(f, f->mapping->keys[i]);
        sqla__buf_add(f->buf, " = ");
        if (status == SQLA_OK)
            status = source_value(f, "v", f->count + i);
    }
    return status;
}

static sqla_status returning(filler *f)
{
    if (f->returning_count == 0)
        return SQLA_OK;
    sqla__buf_add(f->buf, " RETURNING ");
    return column_list(f, f->returning, f->returning_count);
}

static sqla_status columns_hole(filler *f) { return column_list(f, f->columns, f->count); }

static sqla_status params_hole(filler *f)
{
    placeholders(f, 1, f->param_count);
    return SQLA_OK;
}

static sqla_status key_hole(filler *f) { return column_name(f, f->mapping->keys[0]); }

typedef struct hole { const char *name; sqla_status (*fill)(filler *f); } hole;
static const hole holes[] = {
    { "{table}", table_name }, { "{columns}", columns_hole }, { "{tuples}", tuples }, { "{params}", params_hole }, { "{aliases}", aliases },
    { "{selected}", selected }, { "{assignments}", assignments }, { "{match}", match }, { "{returning}", returning },
    { "{key}", key_hole },
};

static sqla_status fill_template(filler *f, const char *template)
{
    sqla_status status = SQLA_OK;
    while (*template != '\0' && status == SQLA_OK) {
        size_t plain = strcspn(template, "{");
        sqla__buf_add_n(f->buf, template, plain);
        template += plain;
        if (*template == '\0')
            break;
        const hole *found = NULL;
        for (size_t i = 0; i < sizeof holes / sizeof holes[0] && found == NULL; i++)
            if (strncmp(template, holes[i].name, strlen(holes[i].name)) == 0)
                found = &holes[i];
        if (found == NULL)
            return sqla__error_set(f->err, SQLA_ERR_PLUGIN, "the driver's template '%.100s' has a hole that is not known", template);
        status = found->fill(f);
        template += strlen(found->name);
    }
    return status;
}

static sqla_status by_template(filler *f, const char *template)
{
    if (template == NULL)
        return sqla__error_set(f->err, SQLA_ERR_UNSUPPORTED, "%s has no such road for batches", f->traits->dialect);
    return fill_template(f, template);
}

/* ---- one row at a time --------------------------------------------------------------------------------------------------- */

static sqla_status key_condition(filler *f, uint32_t first)
{
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < f->mapping->key_count && status == SQLA_OK; i++) {
        sqla__buf_add(f->buf, i > 0 ? " AND " : " WHERE ");
        status = column_name(f, f->mapping->keys[i]);
        sqla__buf_add(f->buf, " = ");
        sqla__placeholder(f->buf, f->traits, first + i);
    }
    return status;
}

static sqla_status insert_each(filler *f)
{
    sqla__buf_add(f->buf, "INSERT INTO ");
    sqla_status status = table_name(f);
    if (f->count == 0) {
        if (!(f->traits->features & SQLA_FEATURE_DEFAULT_VALUES))
            return sqla__error_set(f->err, SQLA_ERR_UNSUPPORTED, "%s cannot insert a row of '%s' without any value", f->traits->dialect,
                                   f->mapping->model->name);
        sqla__buf_add(f->buf, f->traits->insert_defaults != NULL ? f->traits->insert_defaults : " DEFAULT VALUES");
    } else {
        sqla__buf_add(f->buf, " (");
        if (status == SQLA_OK)
            status = columns_hole(f);
        sqla__buf_add(f->buf, ") VALUES (");
        placeholders(f, 1, f->count);
        sqla__buf_add_char(f->buf, ')');
    }
    return status == SQLA_OK ? returning(f) : status;
}

static sqla_status update_each(filler *f)
{
    sqla__buf_add(f->buf, "UPDATE ");
    sqla_status status = table_name(f);
    for (uint32_t i = 0; i < f->count && status == SQLA_OK; i++) {
        sqla__buf_add(f->buf, i > 0 ? ", " : " SET ");
        status = column_name(f, f->columns[i]);
        sqla__buf_add(f->buf, " = ");
        sqla__placeholder(f->buf, f->traits, i + 1);
    }
    return status == SQLA_OK ? key_condition(f, f->count + 1) : status;
}

/* ---- the verbs ------------------------------------------------------------------------------------------------------------ */

sqla_status sqla__crud_insert(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits, const uint32_t *columns, uint32_t n,
                              sqla_batch_mode road, uint32_t rows, const uint32_t *returned, uint32_t returned_count, sqla_error *err)
{
    filler f = { buf, mapping, traits, road, columns, n, columns, n, rows, returned, returned_count, err };
    switch (road) {
    case SQLA_BATCH_BLOCK: return by_template(&f, traits->insert_block);
    case SQLA_BATCH_COLUMNS: return by_template(&f, traits->insert_columns);
    case SQLA_BATCH_EACH: break;
    }
    return insert_each(&f);
}

enum { MOST_PARAMS = 600 };

sqla_status sqla__crud_update(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits, const uint32_t *columns, uint32_t n,
                              sqla_batch_mode road, uint32_t rows, sqla_error *err)
{
    uint32_t params[MOST_PARAMS], count = 0;
    if (n + mapping->key_count > MOST_PARAMS)
        return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "model '%s' has more columns than a statement takes", mapping->model->name);
    for (uint32_t i = 0; i < n; i++)
        params[count++] = columns[i];
    for (uint32_t i = 0; i < mapping->key_count; i++)
        params[count++] = mapping->keys[i];
    filler f = { buf, mapping, traits, road, columns, n, params, count, rows, NULL, 0, err };
    switch (road) {
    case SQLA_BATCH_BLOCK: return by_template(&f, traits->update_block);
    case SQLA_BATCH_COLUMNS: return by_template(&f, traits->update_columns);
    case SQLA_BATCH_EACH: break;
    }
    return update_each(&f);
}

/* Does a list of keys do? The key is one column, and goes as what it is: a list cannot be cast. */
static bool has_plain_key(const sqla__mapping *mapping, const sqla_traits *traits, sqla_batch_mode road)
{
    sqla__buf type = { 0 };
    sqla_error dropped;
    bool cast = false;
    filler f = { &type, mapping, traits, road, NULL, 0, mapping->keys, mapping->key_count, 1, NULL, 0, &dropped };
    sqla__error_init(&dropped);
    if (mapping->key_count != 1)
        return false;
    bool known = road != SQLA_BATCH_COLUMNS || cast_name(&f, &mapping->columns[mapping->keys[0]], &cast) == SQLA_OK;
    sqla__buf_release(&type);
    return known && !cast;
}

const char *sqla__crud_delete_template(const sqla__mapping *mapping, const sqla_traits *traits, sqla_batch_mode road)
{
    const char *by_key = road == SQLA_BATCH_BLOCK ? traits->delete_block_key : traits->delete_columns_key;
    if (by_key != NULL && has_plain_key(mapping, traits, road))
        return by_key;
    return road == SQLA_BATCH_BLOCK ? traits->delete_block : traits->delete_columns;
}

sqla_status sqla__crud_delete(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits, sqla_batch_mode road, uint32_t rows,
                              sqla_error *err)
{
    filler f = { buf, mapping, traits, road, NULL, 0, mapping->keys, mapping->key_count, rows, NULL, 0, err };
    if (road != SQLA_BATCH_EACH)
        return by_template(&f, sqla__crud_delete_template(mapping, traits, road));
    sqla__buf_add(buf, "DELETE FROM ");
    sqla_status status = table_name(&f);
    return status == SQLA_OK ? key_condition(&f, 1) : status;
}

static sqla_status select_start(filler *f)
{
    sqla_status status = SQLA_OK;
    sqla__buf_add(f->buf, "SELECT ");
    for (uint32_t i = 0; i < f->mapping->column_count && status == SQLA_OK; i++) {
        sqla__buf_add(f->buf, comma(i));
        status = column_name(f, i);
    }
    sqla__buf_add(f->buf, " FROM ");
    return status == SQLA_OK ? table_name(f) : status;
}

sqla_status sqla__crud_select(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits, const uint32_t *columns, uint32_t n,
                              sqla_error *err)
{
    filler f = { buf, mapping, traits, SQLA_BATCH_EACH, columns, n, columns, n, 1, NULL, 0, err };
    sqla_status status = select_start(&f);
    for (uint32_t i = 0; i < n && status == SQLA_OK; i++) {
        sqla__buf_add(buf, i > 0 ? " AND " : " WHERE ");
        status = column_name(&f, columns[i]);
        sqla__buf_add(buf, " = ");
        sqla__placeholder(buf, traits, i + 1);
    }
    return status;
}

sqla_status sqla__crud_select_in(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits, uint32_t column, uint32_t rows, sqla_error *err)
{
    filler f = { buf, mapping, traits, SQLA_BATCH_EACH, &column, 1, &column, 1, rows, NULL, 0, err };
    sqla_status status = select_start(&f);
    sqla__buf_add(buf, " WHERE ");
    if (status == SQLA_OK)
        status = column_name(&f, column);
    sqla__buf_add(buf, " IN (");
    placeholders(&f, 1, rows);
    sqla__buf_add(buf, ") ORDER BY ");
    return status == SQLA_OK ? column_list(&f, mapping->keys, mapping->key_count) : status;
}

static sqla_status qualified(filler *f, const char *table, const char *name)
{
    sqla__buf_add(f->buf, table);
    return sqla__quote_name(f->buf, name, f->traits, f->err);
}

/* The parent's key stands on the left of the comparison: where two collations meet some databases go by the
 * left one, and foreign keys by the parent's. */
sqla_status sqla__crud_select_pairs(sqla__buf *buf, const sqla__mapping *mapping, const sqla_traits *traits,
    uint32_t column, bool by_parent, uint32_t rows, sqla_error *err)
{
    const sqla__mapping *target = mapping->columns[column].references;
    const char *child = mapping->columns[column].name,
               *parent = target->columns[mapping->columns[column].references_column].name;
    filler f = { buf, mapping, traits, SQLA_BATCH_EACH, &column, 1, &column, 1, rows, NULL, 0, err };
    const struct {
        const char *before, *table, *name;
    } parts[] = {
        { "SELECT ", "c.", child },
        { ", ", "p.", parent },
        { " FROM ", NULL, NULL },
        { " AS c JOIN ", NULL, NULL },
        { " AS p ON ", "p.", parent },
        { " = ", "c.", child },
        { " WHERE ", by_parent ? "p." : "c.", by_parent ? parent : child },
    };
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == SQLA_OK; i++) {
        sqla__buf_add(buf, parts[i].before);
        if (parts[i].table != NULL)
            status = qualified(&f, parts[i].table, parts[i].name);
        else
            status = sqla__quote_table(buf, (i == 2 ? mapping : target)->table->schema,
                (i == 2 ? mapping : target)->table->name, traits, err);
    }
    sqla__buf_add(buf, " IN (");
    placeholders(&f, 1, rows);
    sqla__buf_add_char(buf, ')');
    return status;
}
