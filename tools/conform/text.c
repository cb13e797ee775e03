/* text.c: SQL in the dialect of the driver, from its traits alone. See kit.h. */
#include <config.h>
#include "kit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { RING = 16, TEXT = 1 << 16 };
static char ring[RING][TEXT];
static unsigned ring_at;

static char *next_text(void)
{
    return ring[ring_at++ % RING];
}

static size_t placeholder(char *at, size_t room, unsigned number)
{
    return (size_t)(kit_traits->placeholder == SQLA_PLACEHOLDER_DOLLAR ? snprintf(at, room, "$%u", number)
                                                                       : snprintf(at, room, "?"));
}

/* "[name]" becomes a quoted name, and with number not NULL "?" a placeholder, both outside of quotes. */
static const char *translate(const char *raw, unsigned *number)
{
    char *out = next_text(), quote = '\0';
    size_t n = 0;
    for (const char *at = raw; *at != '\0' && n < TEXT - 16; at++) {
        if (quote != '\0' || *at == '\'' || *at == '"' || *at == '`')
            quote = quote == '\0' ? *at : quote == *at ? '\0' : quote;
        if (quote == '\0' && *at == '?' && number != NULL)
            n += placeholder(out + n, TEXT - n, ++*number);
        else if (quote == '\0' && (*at == '[' || *at == ']'))
            out[n++] = *at == '[' ? kit_traits->quote_open : kit_traits->quote_close;
        else
            out[n++] = *at;
    }
    out[n] = '\0';
    return out;
}

const char *kit_sql(const char *format, ...)
{
    char *raw = next_text();
    unsigned number = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(raw, TEXT, format, args);
    va_end(args);
    return translate(raw, &number);
}

const char *kit_named(const char *sql)
{
    return strchr(sql, '[') == NULL ? sql : translate(sql, NULL);
}

static const sqla_type_trait *trait_of(sqla_type type)
{
    for (uint32_t i = 0; i < kit_traits->type_count; i++) {
        if (kit_traits->types[i].type == (int32_t)type)
            return &kit_traits->types[i];
    }
    return NULL;
}

/* A type for texts of a given length: the template has one %u in it. */
static const char *fill_sized(const char *template)
{
    char *out = next_text();
    const char *hole = strstr(template, "%u");
    if (hole == NULL)
        return template;
    snprintf(out, TEXT, "%.*s100%s", (int)(hole - template), template, hole + 2);
    return out;
}

const char *kit_type(sqla_type type)
{
    const sqla_type_trait *trait = trait_of(type);
    return trait != NULL ? trait->name : NULL;
}

const char *kit_cast(sqla_type type)
{
    const sqla_type_trait *trait = trait_of(type);
    return trait == NULL ? NULL : trait->cast_name != NULL ? trait->cast_name : trait->name;
}

const char *kit_key_text(void)
{
    const sqla_type_trait *trait = trait_of(SQLA_TEXT);
    return trait == NULL || trait->sized_name == NULL ? kit_type(SQLA_TEXT) : fill_sized(trait->sized_name);
}

const char *kit_long_query(void)
{
    return "WITH RECURSIVE [n]([i]) AS (SELECT 1 UNION ALL SELECT [i] + 1 FROM [n] WHERE [i] < 500) "
           "SELECT count(*) FROM [n] [a], [n] [b], [n] [c], [n] [d] WHERE [a].[i] + [b].[i] + [c].[i] + "
           "[d].[i] > 0";
}

const char *kit_many_rows(void)
{
    return "WITH RECURSIVE [n]([i]) AS (SELECT 1 UNION ALL SELECT [i] + 1 FROM [n] WHERE [i] < 500) "
           "SELECT [a].[i] FROM [n] [a], [n] [b], [n] [c], [n] [d]";
}

const char *kit_quoted(const char *name)
{
    char *out = next_text(), open = kit_traits->quote_open, close = kit_traits->quote_close;
    size_t n = 0;
    out[n++] = open;
    for (; *name != '\0' && n < 500; name++) {
        if (*name == close)
            out[n++] = close;
        out[n++] = *name;
    }
    out[n++] = close;
    out[n] = '\0';
    return out;
}

typedef struct filling {
    char *out;
    size_t n;
    const char *table, *const *columns, *key, *returning;
    const sqla_type *types;
    uint32_t count, rows;
    sqla_type key_type;
} filling;

static void add(filling *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(filling *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(f->out + f->n, TEXT - f->n, format, args);
    va_end(args);
    f->n += n > 0 && f->n + (size_t)n < TEXT ? (size_t)n : 0;
}

static void add_source(filling *f, bool columns_mode, const char *source, uint32_t i)
{
    const sqla_type_trait *trait = trait_of(i < f->count ? f->types[i] : f->key_type);
    if (columns_mode && trait != NULL && (trait->flags & SQLA_TYPE_AS_TEXT) != 0)
        add(f, "CAST(%s.c%u AS %s)", source, i, kit_cast((sqla_type)trait->type));
    else
        add(f, "%s.c%u", source, i);
}

static void add_hole(filling *f, const char *hole, size_t n, bool columns_mode)
{
    uint32_t width = f->count + (f->key != NULL);
    char mark[16];
#define IS(name) (n == sizeof(name) - 1 && memcmp(hole, name, n) == 0)
    if (IS("table"))
        add(f, "%s", kit_quoted(f->table));
    else if (IS("returning"))
        add(f, "%s%s", f->returning != NULL ? " RETURNING " : "",
            f->returning != NULL ? kit_quoted(f->returning) : "");
    else if (IS("match")) {
        add(f, "t.%s = ", kit_quoted(f->key));
        add_source(f, columns_mode, "v", f->count);
    }
    for (uint32_t i = 0; IS("columns") && i < f->count; i++)
        add(f, "%s%s", i > 0 ? ", " : "", kit_quoted(f->columns[i]));
    for (uint32_t i = 0; IS("aliases") && i < width; i++)
        add(f, "%sc%u", i > 0 ? ", " : "", i);
    for (uint32_t i = 0; IS("params") && i < width; i++) {
        placeholder(mark, sizeof mark, i + 1);
        add(f, "%s%s", i > 0 ? ", " : "", mark);
    }
    for (uint32_t i = 0; IS("selected") && i < width; i++) {
        add(f, "%s", i > 0 ? ", " : "");
        add_source(f, columns_mode, "u", i);
    }
    for (uint32_t i = 0; IS("assignments") && i < f->count; i++) {
        add(f, "%s%s = ", i > 0 ? ", " : "", kit_quoted(f->columns[i]));
        add_source(f, columns_mode, "v", i);
    }
    for (uint32_t i = 0; IS("tuples") && i < width * f->rows; i++) {
        placeholder(mark, sizeof mark, i + 1);
        add(f, "%s%s%s",
            i == 0           ? "("
            : i % width == 0 ? ", ("
                             : ", ",
            mark, i % width == width - 1 ? ")" : "");
    }
#undef IS
}

const char *kit_fill(const char *template, const char *table, const char *const *columns,
    const sqla_type *types, uint32_t n, uint32_t rows, const char *key, sqla_type key_type,
    const char *returning)
{
    filling f = { next_text(), 0, table, columns, key, returning, types, n, rows, key_type };
    bool columns_mode = strstr(template, "{params}") != NULL;
    f.out[0] = '\0';
    while (*template != '\0') {
        size_t plain = strcspn(template, "{"), hole = strcspn(template + plain, "}");
        add(&f, "%.*s", (int)plain, template);
        template += plain;
        if (*template == '{') {
            add_hole(&f, template + 1, hole - 1, columns_mode);
            template += hole + 1;
        }
    }
    return f.out;
}
