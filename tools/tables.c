/* tables.c: the verb "tables": what is in a database, a line for each table and view. */
#include <config.h>
#include "inspect.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const inspect_column columns[] = {
    { "SCHEMA", false, false }, { "NAME", false, false }, { "KIND", false, false }, { "COLUMNS", true, false },
    { "KEY", false, false }, { "COMMENT", false, true },
};

/* The tables that were asked for, sorted. They are the metadata's. */
typedef struct chosen {
    const sqla_table **items;
    size_t count;
} chosen;

/* ---- choosing -------------------------------------------------------------------------------------------------- */

static const char *schema_of(const sqla_table *table)
{
    return table->schema != NULL ? table->schema : "";
}

/* A glob with a dot may be meant for "schema.name"; any is for the name. */
static bool matches(const char *glob, const sqla_table *table)
{
    if (inspect_glob(glob, table->name))
        return true;
    if (strchr(glob, '.') == NULL)
        return false;
    char *full = inspect_printf("%s.%s", schema_of(table), table->name);
    bool found = inspect_glob(glob, full);
    free(full);
    return found;
}

static bool matches_any(const inspect_list *globs, const sqla_table *table)
{
    for (size_t i = 0; i < globs->count; i++) {
        if (matches(globs->items[i], table))
            return true;
    }
    return false;
}

static bool is_wanted(const inspect *in, const inspect_list *patterns, const sqla_table *table)
{
    if (in->schemas.count > 0 && !inspect_glob_any(&in->schemas, schema_of(table)))
        return false;
    return (patterns->count == 0 || matches_any(patterns, table)) && !matches_any(&in->excludes, table);
}

static int by_name(const void *a, const void *b)
{
    const sqla_table *const *x = a, *const *y = b;
    int order = strcmp(schema_of(*x), schema_of(*y));
    return order != 0 ? order : strcmp((*x)->name, (*y)->name);
}

static chosen choose(const inspect *in, const inspect_list *patterns, const sqla_metadata *base)
{
    chosen c = { NULL, 0 };
    size_t n = 0;
    while (sqla_metadata_table(base, n) != NULL)
        n++;
    c.items = inspect_take(n, sizeof *c.items);
    for (size_t i = 0; i < n; i++) {
        const sqla_table *table = sqla_metadata_table(base, i);
        if (is_wanted(in, patterns, table))
            c.items[c.count++] = table;
    }
    qsort(c.items, c.count, sizeof *c.items, by_name);
    return c;
}

/* ---- printing -------------------------------------------------------------------------------------------------- */

static const char *plural(size_t n) { return n == 1 ? "" : "s"; }

/* The URL, the database, and how many there are of what. */
static void print_title(const inspect *in, const sqla_engine *db, const chosen *c)
{
    size_t schemas = 0, views = 0;
    for (size_t i = 0; i < c->count; i++) {
        schemas += i == 0 || strcmp(schema_of(c->items[i]), schema_of(c->items[i - 1])) != 0;
        views += strstr(c->items[i]->kind, "view") != NULL;
    }
    size_t tables = c->count - views;
    char *safe = inspect_escape(inspect_url_shown(in, db));
    fprintf(in->out, "%s%s  %s  %zu schema%s, %zu table%s, %zu view%s%s\n", inspect_dim(in), safe, sqla_engine_dialect(db),
            schemas, plural(schemas), tables, plural(tables), views, plural(views), inspect_plain(in));
    free(safe);
}

/* The columns of the primary key in the order of the key, as "a, b".  Ownership: free(). */
static char *key_of(const sqla_table *table)
{
    char *key = inspect_printf("%s", "");
    for (uint32_t place = 1; place <= table->column_count; place++) {
        for (uint32_t i = 0; i < table->column_count; i++) {
            const sqla_column *column = &table->columns[i];
            if (column->key_position != place)
                continue;
            char *longer = inspect_printf("%s%s%s", key, place > 1 ? ", " : "", column->name);
            free(key);
            key = longer;
        }
    }
    return key;
}

static void add_row(inspect_table *rows, const sqla_table *table)
{
    char count[16], *key = key_of(table);
    snprintf(count, sizeof count, "%u", (unsigned)table->column_count);
    inspect_table_cell(rows, table->schema);
    inspect_table_cell(rows, table->name[0] != '\0' ? table->name : "\"\"");
    inspect_table_cell(rows, table->kind);
    inspect_table_cell(rows, count);
    inspect_table_cell(rows, key);
    inspect_table_cell(rows, table->comment);
    free(key);
}

static void print_tables(const inspect *in, const sqla_engine *db, const chosen *c)
{
    inspect_table *rows = inspect_table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < c->count; i++)
        add_row(rows, c->items[i]);
    print_title(in, db, c);
    inspect_table_print(rows, in);
    inspect_table_free(rows);
}

/* For scripts: "schema.name", one a line. */
static void print_names(const inspect *in, const chosen *c)
{
    for (size_t i = 0; i < c->count; i++) {
        inspect_print(in->out, schema_of(c->items[i]));
        fputs(schema_of(c->items[i])[0] != '\0' ? "." : "", in->out);
        inspect_print(in->out, c->items[i]->name);
        putc('\n', in->out);
    }
}

/* ---- nothing --------------------------------------------------------------------------------------------------- */

static void suggest(const sqla_metadata *base, const char *pattern)
{
    inspect_list names = { NULL, 0 };
    for (size_t i = 0; sqla_metadata_table(base, i) != NULL; i++)
        inspect_list_add(&names, sqla_metadata_table(base, i)->name);
    const char *nearest = inspect_nearest(pattern, &names);
    if (nearest != NULL)
        inspect_hint("did you mean '%s'?", nearest);
    free(names.items);
}

/* A pattern that matches nothing may be misspelt, also where others match. */
static void complain_of_patterns(const inspect_list *patterns, const sqla_metadata *base, const chosen *c)
{
    for (size_t p = 0; p < patterns->count; p++) {
        bool found = false;
        for (size_t i = 0; i < c->count && !found; i++)
            found = matches(patterns->items[p], c->items[i]);
        if (found)
            continue;
        char *shown = inspect_masked(patterns->items[p]);
        inspect_complain("nothing matches '%s'", shown);
        suggest(base, patterns->items[p]);
        free(shown);
    }
}

static void complain_of_emptiness(const inspect *in, const sqla_metadata *base)
{
    if (sqla_metadata_table(base, 0) != NULL) {
        inspect_complain("nothing matches the schemas that are wanted, without the names that are not");
        return;
    }
    inspect_complain("there is no table or view in the database");
    if (!in->all)
        inspect_hint("--all shows what belongs to the database itself");
}

/* ---- the verb -------------------------------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int show(const inspect *in, sqla_engine *db, const inspect_list *patterns)
{
    sqla_error err = SQLA_ERROR_INIT;
    double start = now();
    sqla_metadata *base = sqla_inspect(db, SQLA_INSPECT_OPTIONS(.system = in->all), &err);
    if (base == NULL) {
        inspect_complain_of("read the database", &err, NULL);
        return INSPECT_FAILED;
    }
    if (in->verbose)
        inspect_complain("tables and columns were read in %.1f ms", now() - start);
    chosen c = choose(in, patterns, base);
    if (c.count > 0 && in->quiet)
        print_names(in, &c);
    else if (c.count > 0)
        print_tables(in, db, &c);
    complain_of_patterns(patterns, base, &c);
    if (c.count == 0 && patterns->count == 0)
        complain_of_emptiness(in, base);
    int status = c.count > 0 ? INSPECT_DONE : INSPECT_NOTHING;
    free(c.items);
    sqla_metadata_free(base);
    return status;
}

int inspect_tables(inspect *in, size_t count, char **args)
{
    size_t used;
    sqla_engine *db = NULL;
    int status = inspect_find_url(in, count, args, &used);
    if (status == INSPECT_DONE)
        status = inspect_open(in, &db);
    if (status != INSPECT_DONE)
        return status;
    inspect_list patterns = { NULL, 0 };
    for (size_t i = used; i < count; i++)
        inspect_list_add(&patterns, args[i]);
    status = show(in, db, &patterns);
    free(patterns.items);
    sqla_engine_free(db);
    return status;
}
