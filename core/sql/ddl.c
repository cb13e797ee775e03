/* ddl.c: CREATE and DROP, from tables and the dialect's pieces. All constraints are named. */
#include <config.h>
#include "sql/ddl.h"

#include <string.h>

#include "base/error.h"
#include "sql/compile.h"
#include "sql/metadata.h"

typedef struct ddl {
    sqla__buf *buf;
    const sqla_table *table;
    const sqla_traits *traits;
    sqla_error *err;
} ddl;

static sqla_status name(ddl *d, const char *text) { return sqla__quote_name(d->buf, text, d->traits, d->err); }
static sqla_status table_name(ddl *d) { return sqla__quote_table(d->buf, d->table->schema, d->table->name, d->traits, d->err); }

static sqla_status names(ddl *d, const char *const *list, uint32_t n)
{
    sqla_status status = SQLA_OK;
    sqla__buf_add_char(d->buf, '(');
    for (uint32_t i = 0; i < n && status == SQLA_OK; i++) {
        sqla__buf_add(d->buf, i > 0 ? ", " : "");
        status = name(d, list[i]);
    }
    sqla__buf_add_char(d->buf, ')');
    return status;
}

static void escaped(sqla__buf *buf, const char *text, const char *doubled)
{
    for (; *text != '\0'; text++) {
        if (strchr(doubled, *text) != NULL)
            sqla__buf_add_char(buf, *text);
        sqla__buf_add_char(buf, *text);
    }
}

static void hexadecimal(sqla__buf *buf, const char *text)
{
    for (; *text != '\0'; text++)
        sqla__buf_printf(buf, "%02X", (unsigned)(unsigned char)*text);
}

/* A text literal that means the same whatever the session's settings are. */
static void literal(ddl *d, const char *text)
{
    const char *form = strchr(text, '\\') != NULL ? d->traits->backslash_literal : NULL;
    const char *hole = form != NULL ? strchr(form, '{') : NULL;
    if (hole == NULL) {
        sqla__buf_add_char(d->buf, '\'');
        escaped(d->buf, text, "'");
        sqla__buf_add_char(d->buf, '\'');
        return;
    }
    sqla__buf_printf(d->buf, "%.*s", (int)(hole - form), form);
    if (strncmp(hole, "{hex}", 5) == 0)
        hexadecimal(d->buf, text);
    else
        escaped(d->buf, text, "'\\");
    const char *rest = strchr(hole, '}');
    sqla__buf_add(d->buf, rest != NULL ? rest + 1 : "");
}

static void labels(ddl *d, const sqla_column *column)
{
    sqla__buf_add_char(d->buf, '(');
    for (uint32_t i = 0; i < column->label_count; i++) {
        sqla__buf_add(d->buf, i > 0 ? ", " : "");
        literal(d, column->labels[i]);
    }
    sqla__buf_add_char(d->buf, ')');
}

static bool is_native_enum(const ddl *d, const sqla_column *column)
{
    return column->type == SQLA_ENUM_TYPE && column->native_enum && (d->traits->features & SQLA_FEATURE_NATIVE_ENUM);
}

/* A timestamp as an integer, since the program chose so and the dialect offers it. */
static bool is_micros(const ddl *d, const sqla_column *column)
{
    const sqla_type_trait *trait = sqla__type_trait(d->traits, column->type);
    return column->as_micros && trait != NULL && (trait->flags & SQLA_TYPE_MICROS);
}

/* A constraint's name, made on the spot. Returns what append gave, or out of memory. */
static sqla_status constraint(ddl *d, const char *prefix, const char *word)
{
    sqla__arena arena = { 0 };
    char *text = sqla__constraint_name(&arena, prefix, d->table->name, &word, word != NULL ? 1 : 0);
    sqla__buf_add(d->buf, "CONSTRAINT ");
    sqla_status status = text != NULL ? name(d, text) : sqla__error_nomem(d->err);
    sqla__arena_release(&arena);
    return status;
}

char *sqla__enum_type_name(sqla__arena *arena, const sqla_table *table, const char *column)
{
    return sqla__constraint_name(arena, table->name, column, NULL, 0);
}

sqla_status sqla__ddl_enum_name(sqla__buf *buf, const sqla_table *table, const char *column_name, const sqla_traits *traits, sqla_error *err)
{
    sqla__arena arena = { 0 };
    char *text = sqla__enum_type_name(&arena, table, column_name);
    sqla_status status = text != NULL ? sqla__quote_table(buf, table->schema, text, traits, err) : sqla__error_nomem(err);
    sqla__arena_release(&arena);
    return status;
}

static sqla_status enum_name(ddl *d, const sqla_column *column)
{
    return sqla__ddl_enum_name(d->buf, d->table, column->name, d->traits, d->err);
}

/* ---- columns --------------------------------------------------------------------------------------------------------------- */

static bool is_among(const char *name, const char *const *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

/* Is it part of something that the database keeps an index for? */
static bool is_keyed(const sqla_table *t, const sqla_column *column)
{
    bool keyed = column->key_position > 0;
    for (uint32_t i = 0; i < t->unique_count && !keyed; i++)
        keyed = is_among(column->name, t->uniques[i].columns, t->uniques[i].count);
    for (uint32_t i = 0; i < t->foreign_key_count && !keyed; i++)
        keyed = is_among(column->name, t->foreign_keys[i].columns, t->foreign_keys[i].count);
    for (uint32_t i = 0; i < t->index_count && !keyed; i++)
        keyed = is_among(column->name, t->indexes[i].columns, t->indexes[i].count);
    return keyed;
}

static const sqla_type_trait *trait_of(const ddl *d, const sqla_column *column)
{
    for (uint32_t i = 0; i < d->traits->keyed_type_count; i++)
        if (d->traits->keyed_types[i].type == (int32_t)column->type && is_keyed(d->table, column))
            return &d->traits->keyed_types[i];
    return sqla__type_trait(d->traits, column->type);
}

static sqla_status column_type(ddl *d, const sqla_column *column)
{
    const sqla_type_trait *trait = trait_of(d, column);
    if (column->type_text != NULL) {
        bool by_text = column->type == SQLA_DECIMAL && trait != NULL && (trait->flags & SQLA_TYPE_TEXT_ORDER) && sqla__is_numeric_name(column->type_text);
        if (by_text) /* NUMERIC(6,2) would make a float of the text: the name changes, the digits stay for readers */
            sqla__buf_add(d->buf, trait->name);
        sqla__buf_add(d->buf, by_text ? column->type_text + strcspn(column->type_text, "(") : column->type_text);
        return SQLA_OK;
    }
    if (is_native_enum(d, column))
        return enum_name(d, column);
    if (is_micros(d, column))
        trait = sqla__type_trait(d->traits, SQLA_INT64);
    if (trait == NULL)
        return sqla__error_set(d->err, SQLA_ERR_UNSUPPORTED, "column '%s' of table '%s' has a type that %s cannot store", column->name,
                               d->table->name, d->traits->dialect);
    if (column->length > 0 && trait->sized_name != NULL) {
        const char *hole = strstr(trait->sized_name, "%u");
        int before = hole != NULL ? (int)(hole - trait->sized_name) : (int)strlen(trait->sized_name);
        sqla__buf_printf(d->buf, "%.*s", before, trait->sized_name);
        if (hole != NULL)
            sqla__buf_printf(d->buf, "%u%s", column->length, hole + 2);
    } else {
        sqla__buf_add(d->buf, trait->name);
    }
    return SQLA_OK;
}

static sqla_status default_value(ddl *d, const sqla_column *c)
{
    const char *text = c->default_text;
    if (text != NULL && strcmp(text, SQLA_NOW) == 0 && is_micros(d, c))
        return sqla__error_set(d->err, SQLA_ERR_UNSUPPORTED, "column '%s' of table '%s' has the default SQLA_NOW, and %s keeps it as microseconds, "
                               "which it has no clock for", c->name, d->table->name, d->traits->dialect);
    if (text != NULL && strcmp(text, SQLA_NOW) == 0)
        text = d->traits->now;
    if (text != NULL)
        sqla__buf_printf(d->buf, " DEFAULT %s", text);
    else if (c->default_text != NULL)
        return sqla__error_set(d->err, SQLA_ERR_UNSUPPORTED, "column '%s' of table '%s' has the default SQLA_NOW, which %s does not know", c->name,
                               d->table->name, d->traits->dialect);
    return SQLA_OK;
}

static bool is_generated(const sqla_column *c) { return c->generated_key && c->type_text == NULL; }

static sqla_status generated_key(ddl *d, const sqla_column *c)
{
    if (d->traits->generated_key == NULL)
        return sqla__error_set(d->err, SQLA_ERR_UNSUPPORTED, "%s does not make keys, as column '%s' of table '%s' needs", d->traits->dialect, c->name,
                               d->table->name);
    sqla__buf_add(d->buf, d->traits->generated_key);
    return SQLA_OK;
}

static sqla_status column(ddl *d, const sqla_column *c)
{
    sqla_status status = name(d, c->name);
    sqla__buf_add_char(d->buf, ' ');
    if (status == SQLA_OK && is_generated(c))
        return generated_key(d, c);
    if (status == SQLA_OK)
        status = column_type(d, c);
    if (status == SQLA_OK)
        status = default_value(d, c);
    if (!c->nullable)
        sqla__buf_add(d->buf, " NOT NULL");
    return status;
}

/* ---- constraints ------------------------------------------------------------------------------------------------------------ */

static void line(ddl *d) { sqla__buf_add(d->buf, ",\n    "); }

static sqla_status primary_key(ddl *d)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->table->column_count; i++) {
        if (d->table->columns[i].key_position > 0)
            n++;
        if (is_generated(&d->table->columns[i]) && d->traits->generated_key_is_primary)
            return SQLA_OK;
    }
    if (n == 0)
        return SQLA_OK;
    line(d);
    sqla_status status = constraint(d, "pk", NULL);
    sqla__buf_add(d->buf, " PRIMARY KEY (");
    for (uint32_t at = 1; at <= n; at++)
        for (uint32_t i = 0; i < d->table->column_count && status == SQLA_OK; i++)
            if (d->table->columns[i].key_position == at) {
                sqla__buf_add(d->buf, at > 1 ? ", " : "");
                status = name(d, d->table->columns[i].name);
            }
    sqla__buf_add_char(d->buf, ')');
    return status;
}

static const char *action(sqla_action a)
{
    switch (a) {
    case SQLA_RESTRICT: return "RESTRICT";
    case SQLA_CASCADE: return "CASCADE";
    case SQLA_SET_NULL: return "SET NULL";
    case SQLA_SET_DEFAULT: return "SET DEFAULT";
    case SQLA_NO_ACTION: break;
    }
    return NULL;
}

static sqla_status foreign_key(ddl *d, const sqla_foreign_key *key)
{
    sqla__buf_add(d->buf, "CONSTRAINT ");
    sqla_status status = name(d, key->name);
    sqla__buf_add(d->buf, " FOREIGN KEY ");
    if (status == SQLA_OK)
        status = names(d, key->columns, key->count);
    sqla__buf_add(d->buf, " REFERENCES ");
    if (status == SQLA_OK)
        status = sqla__quote_table(d->buf, key->to_schema, key->to_table, d->traits, d->err);
    sqla__buf_add_char(d->buf, ' ');
    if (status == SQLA_OK)
        status = names(d, key->to_columns, key->count);
    const char *on_delete = action(key->on_delete), *on_update = action(key->on_update);
    if ((on_delete != NULL || on_update != NULL) && !(d->traits->features & SQLA_FEATURE_FK_ACTIONS))
        return sqla__error_set(d->err, SQLA_ERR_UNSUPPORTED, "a foreign key of table '%s' has ON DELETE or ON UPDATE, which %s does not know",
                               d->table->name, d->traits->dialect);
    if (on_delete != NULL)
        sqla__buf_printf(d->buf, " ON DELETE %s", on_delete);
    if (on_update != NULL)
        sqla__buf_printf(d->buf, " ON UPDATE %s", on_update);
    return status;
}

static sqla_status enum_check(ddl *d, const sqla_column *c)
{
    line(d);
    sqla_status status = constraint(d, "ck", c->name);
    sqla__buf_add(d->buf, " CHECK (");
    if (status == SQLA_OK)
        status = name(d, c->name);
    sqla__buf_add(d->buf, " IN ");
    labels(d, c);
    sqla__buf_add_char(d->buf, ')');
    return status;
}

/* The check of the dialect, whose template has the one hole {column}. */
static sqla_status json_check(ddl *d, const sqla_column *c)
{
    const char *text = d->traits->json_check, *hole = strstr(text, "{column}");
    line(d);
    sqla_status status = constraint(d, "ck", c->name);
    sqla__buf_printf(d->buf, " CHECK (%.*s", hole != NULL ? (int)(hole - text) : (int)strlen(text), text);
    if (status == SQLA_OK && hole != NULL)
        status = name(d, c->name);
    sqla__buf_printf(d->buf, "%s)", hole != NULL ? hole + strlen("{column}") : "");
    return status;
}

static bool needs_json_check(const ddl *d, const sqla_column *c)
{
    return c->type == SQLA_JSON && c->type_text == NULL && d->traits->json_check != NULL;
}

static sqla_status constraints(ddl *d, const unsigned char *skip)
{
    const sqla_table *t = d->table;
    sqla_status status = primary_key(d);
    for (uint32_t i = 0; i < t->unique_count && status == SQLA_OK; i++) {
        line(d);
        sqla__buf_add(d->buf, "CONSTRAINT ");
        status = name(d, t->uniques[i].name);
        sqla__buf_add(d->buf, " UNIQUE ");
        if (status == SQLA_OK)
            status = names(d, t->uniques[i].columns, t->uniques[i].count);
    }
    for (uint32_t i = 0; i < t->check_count && status == SQLA_OK; i++) {
        line(d);
        sqla__buf_add(d->buf, "CONSTRAINT ");
        status = name(d, t->checks[i].name);
        sqla__buf_printf(d->buf, " CHECK (%s)", t->checks[i].sql);
    }
    for (uint32_t i = 0; i < t->column_count && status == SQLA_OK; i++)
        if (t->columns[i].type == SQLA_ENUM_TYPE && !is_native_enum(d, &t->columns[i]))
            status = enum_check(d, &t->columns[i]);
        else if (needs_json_check(d, &t->columns[i]))
            status = json_check(d, &t->columns[i]);
    for (uint32_t i = 0; i < t->foreign_key_count && status == SQLA_OK; i++) {
        if (skip != NULL && skip[i])
            continue;
        line(d);
        status = foreign_key(d, &t->foreign_keys[i]);
    }
    return status;
}

/* ---- statements ------------------------------------------------------------------------------------------------------------- */

sqla_status sqla__ddl_create_table(sqla__buf *buf, const sqla_table *table, bool unsure, const unsigned char *skip_foreign_keys,
                                   const sqla_traits *traits, sqla_error *err)
{
    ddl d = { buf, table, traits, err };
    sqla__buf_add(buf, unsure ? "CREATE TABLE IF NOT EXISTS " : "CREATE TABLE ");
    sqla_status status = table_name(&d);
    sqla__buf_add(buf, " (\n    ");
    for (uint32_t i = 0; i < table->column_count && status == SQLA_OK; i++) {
        if (i > 0)
            line(&d);
        status = column(&d, &table->columns[i]);
    }
    if (status == SQLA_OK)
        status = constraints(&d, skip_foreign_keys);
    sqla__buf_add(buf, "\n)");
    if (traits->create_table_suffix != NULL)
        sqla__buf_add(buf, traits->create_table_suffix);
    return status;
}

static sqla_status alter(ddl *d, const char *verb)
{
    if (!(d->traits->features & SQLA_FEATURE_ADD_CONSTRAINT))
        return sqla__error_set(d->err, SQLA_ERR_UNSUPPORTED, "%s cannot change the foreign keys of table '%s' once it is there", d->traits->dialect,
                               d->table->name);
    sqla__buf_add(d->buf, "ALTER TABLE ");
    sqla_status status = table_name(d);
    sqla__buf_add(d->buf, verb);
    return status;
}

sqla_status sqla__ddl_add_foreign_key(sqla__buf *buf, const sqla_table *table, uint32_t i, const sqla_traits *traits, sqla_error *err)
{
    ddl d = { buf, table, traits, err };
    sqla_status status = alter(&d, " ADD ");
    return status == SQLA_OK ? foreign_key(&d, &table->foreign_keys[i]) : status;
}

sqla_status sqla__ddl_drop_foreign_key(sqla__buf *buf, const sqla_table *table, uint32_t i, const sqla_traits *traits, sqla_error *err)
{
    ddl d = { buf, table, traits, err };
    sqla_status status = alter(&d, " DROP CONSTRAINT ");
    return status == SQLA_OK ? name(&d, table->foreign_keys[i].name) : status;
}

sqla_status sqla__ddl_create_index(sqla__buf *buf, const sqla_table *table, bool unsure, uint32_t i, const sqla_traits *traits, sqla_error *err)
{
    ddl d = { buf, table, traits, err };
    sqla__buf_add(buf, unsure ? "CREATE INDEX IF NOT EXISTS " : "CREATE INDEX ");
    sqla_status status = name(&d, table->indexes[i].name);
    sqla__buf_add(buf, " ON ");
    if (status == SQLA_OK)
        status = table_name(&d);
    sqla__buf_add_char(buf, ' ');
    return status == SQLA_OK ? names(&d, table->indexes[i].columns, table->indexes[i].count) : status;
}

sqla_status sqla__ddl_drop_table(sqla__buf *buf, const sqla_table *table, bool unsure, const sqla_traits *traits, sqla_error *err)
{
    ddl d = { buf, table, traits, err };
    sqla__buf_add(buf, unsure ? "DROP TABLE IF EXISTS " : "DROP TABLE ");
    return table_name(&d);
}

sqla_status sqla__ddl_create_enum(sqla__buf *buf, const sqla_table *table, uint32_t i, const sqla_traits *traits, sqla_error *err)
{
    ddl d = { buf, table, traits, err };
    sqla__buf_add(buf, "CREATE TYPE ");
    sqla_status status = enum_name(&d, &table->columns[i]);
    sqla__buf_add(buf, " AS ENUM ");
    labels(&d, &table->columns[i]);
    return status;
}

sqla_status sqla__ddl_drop_enum(sqla__buf *buf, const sqla_table *table, uint32_t i, const sqla_traits *traits, sqla_error *err)
{
    ddl d = { buf, table, traits, err };
    sqla__buf_add(buf, "DROP TYPE IF EXISTS ");
    return enum_name(&d, &table->columns[i]);
}
