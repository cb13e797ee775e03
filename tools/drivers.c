/* drivers.c: the verb "drivers": which files of drivers are there, and what a URL would find. None of their code is run. */
#include <config.h>
#include "inspect.h"

#include <stdlib.h>
#include <string.h>

static const inspect_column columns[] = {
    { "NAME", false, false }, { "SCHEMES", false, false }, { "ABI", false, false }, { "STATE", false, false },
    { "FILE", false, false },
};

/* ---- one file -------------------------------------------------------------------------------------------------- */

/* The name by which a URL finds the file: that of the file without its folder and ".so".  Ownership: free(). */
static char *name_of(const sqla_driver_info *info)
{
    const char *slash = strrchr(info->file, '/');
    const char *base = slash != NULL ? slash + 1 : info->file;
    const char *dot = strrchr(base, '.');
    return inspect_printf("%.*s", dot != NULL ? (int)(dot - base) : (int)strlen(base), base);
}

static bool has_name(const sqla_driver_info *info, const char *name)
{
    char *own = name_of(info);
    bool same = strcmp(own, name) == 0;
    free(own);
    return same;
}

/* The folders are searched in the order of the list, and the first file of a name is the one, even when it is refused. */
static bool is_hidden(const sqla_driver_list *list, size_t i)
{
    char *name = name_of(&list->items[i]);
    bool hidden = false;
    for (size_t before = 0; before < i && !hidden; before++)
        hidden = has_name(&list->items[before], name);
    free(name);
    return hidden;
}

static const char *state_of(const sqla_driver_list *list, size_t i)
{
    const sqla_driver_info *info = &list->items[i];
    if (info->status != SQLA_OK)
        return "refused";
    if (is_hidden(list, i))
        return "hidden";
    return info->alias_of != NULL ? "alias" : info->why[0] != '\0' ? "warning" : "ok";
}

static const char *abi_of(const sqla_driver_info *info, char *room, size_t size)
{
    snprintf(room, size, "%u.%u", (unsigned)info->abi_major, (unsigned)info->abi_minor);
    return info->name[0] != '\0' ? room : NULL;
}

/* "schemes" of a note are words with a space between them. */
static bool lists(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; *at != '\0'; at += *at == ' ') {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, word, n) == 0)
            return true;
        at += length;
    }
    return false;
}

/* What there is to say of a file beside its line, each with a line of its own. before: what the lines begin with. */
static void print_remarks(const inspect *in, const sqla_driver_list *list, size_t i, const char *before)
{
    const sqla_driver_info *info = &list->items[i];
    char *why = inspect_escape(info->why), *real = inspect_escape(info->alias_of != NULL ? info->alias_of : "");
    if (info->why[0] != '\0')
        fprintf(in->out, "%s%s\n", before, why);
    if (info->alias_of != NULL)
        fprintf(in->out, "%sanother name of %s\n", before, real);
    if (is_hidden(list, i))
        fprintf(in->out, "%sa file of this name in a folder that is searched before is taken\n", before);
    free(why);
    free(real);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

static void add_row(inspect_table *rows, const sqla_driver_list *list, size_t i)
{
    char abi[32], *name = name_of(&list->items[i]);
    inspect_table_cell(rows, name);
    inspect_table_cell(rows, list->items[i].schemes);
    inspect_table_cell(rows, abi_of(&list->items[i], abi, sizeof abi));
    inspect_table_cell(rows, state_of(list, i));
    inspect_table_cell(rows, list->items[i].file);
    free(name);
}

static void print_searched(const inspect *in)
{
    const char *path = sqla_driver_path();
    fputs(inspect_dim(in), in->out);
    fputs("Searched: ", in->out);
    for (const char *at = path; *at != '\0';) {
        size_t n = strcspn(at, ":");
        char *folder = inspect_printf("%.*s", (int)n, at);
        fputs(at > path ? ", " : "", in->out);
        inspect_print(in->out, folder);
        free(folder);
        at += n + (at[n] == ':');
    }
    fprintf(in->out, "%s\n", inspect_plain(in));
}

static void print_list(const inspect *in, const sqla_driver_list *list)
{
    inspect_table *rows = inspect_table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < list->count; i++)
        add_row(rows, list, i);
    inspect_table_print(rows, in);
    inspect_table_free(rows);
    for (size_t i = 0; i < list->count; i++) {
        char *name = name_of(&list->items[i]), *before = inspect_printf("  %s: ", name);
        print_remarks(in, list, i, before);
        free(before);
        free(name);
    }
    print_searched(in);
}

/* For scripts: the names that URLs can use, one a line. */
static void print_names(const inspect *in, const sqla_driver_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].status != SQLA_OK || is_hidden(list, i))
            continue;
        char *name = name_of(&list->items[i]);
        fprintf(in->out, "%s\n", name);
        free(name);
    }
}

static int show_list(const inspect *in, const sqla_driver_list *list)
{
    if (list->count == 0) {
        inspect_complain("no driver is installed");
        inspect_hint("searched: %s", sqla_driver_path());
        return INSPECT_NOTHING;
    }
    if (in->quiet)
        print_names(in, list);
    else
        print_list(in, list);
    return INSPECT_DONE;
}

/* ---- one in full ----------------------------------------------------------------------------------------------- */

static void print_field(const inspect *in, const char *field, const char *text)
{
    fprintf(in->out, "  %-9s ", field);
    inspect_print(in->out, text != NULL && text[0] != '\0' ? text : "-");
    putc('\n', in->out);
}

static void print_file(const inspect *in, const sqla_driver_list *list, size_t i)
{
    const sqla_driver_info *info = &list->items[i];
    char abi[32], *name = name_of(info);
    fprintf(in->out, "%s%s%s\n", inspect_bold(in), name, inspect_plain(in));
    print_field(in, "file", info->file);
    print_field(in, "driver", info->name);
    print_field(in, "schemes", info->schemes);
    print_field(in, "ABI", abi_of(info, abi, sizeof abi));
    print_field(in, "state", state_of(list, i));
    print_remarks(in, list, i, "            ");
    free(name);
}

static bool lies_in(const sqla_driver_info *info, const char *folder, size_t n)
{
    return strncmp(info->file, folder, n) == 0 && info->file[n] == '/' && strchr(info->file + n + 1, '/') == NULL;
}

/* Each folder that is searched, in order, and whether a file of that name lies there. */
static void print_path(const inspect *in, const sqla_driver_list *list, const char *name)
{
    const char *field = "searched";
    for (const char *at = sqla_driver_path(); *at != '\0';) {
        size_t n = strcspn(at, ":");
        bool found = false;
        for (size_t i = 0; i < list->count; i++)
            found = found || (lies_in(&list->items[i], at, n) && has_name(&list->items[i], name));
        char *line = inspect_printf("%.*s: %s.so is %sthere", (int)n, at, name, found ? "" : "not ");
        print_field(in, field, line);
        free(line);
        field = "";
        at += n + (at[n] == ':');
    }
}

static int complain_of_missing(const sqla_driver_list *list, const char *name)
{
    inspect_list names = { NULL, 0 };
    for (size_t i = 0; i < list->count; i++)
        inspect_list_add(&names, name_of(&list->items[i]));
    const char *nearest = inspect_nearest(name, &names);
    inspect_complain("there is no driver '%s'", name);
    if (nearest != NULL)
        inspect_hint("did you mean '%s'?", nearest);
    else
        inspect_hint("install the package of the driver (sqla-driver-%s), or name its folder with --driver-path", name);
    for (size_t i = 0; i < names.count; i++)
        free((void *)(uintptr_t)names.items[i]);
    free(names.items);
    return INSPECT_DRIVER;
}

/* A file of that name decides; files that are the driver of that name, or serve it as a scheme, are shown as well. */
static int show_one(const inspect *in, const sqla_driver_list *list, const char *name)
{
    const sqla_driver_info *first = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const sqla_driver_info *info = &list->items[i];
        bool named = has_name(info, name);
        if (!named && strcmp(info->name, name) != 0 && !lists(info->schemes, name))
            continue;
        if (named && first == NULL)
            first = info;
        if (!in->quiet)
            print_file(in, list, i);
    }
    if (!in->quiet)
        print_path(in, list, name);
    if (first == NULL)
        return complain_of_missing(list, name);
    if (first->status == SQLA_OK)
        return INSPECT_DONE;
    inspect_complain("the driver '%s' is refused: %s", name, first->why);
    return INSPECT_DRIVER;
}

int inspect_drivers(inspect *in, size_t count, char **args)
{
    sqla_error err = SQLA_ERROR_INIT;
    if (count > 1) {
        inspect_complain("'drivers' takes one name");
        return INSPECT_USAGE;
    }
    sqla_driver_list *list = sqla_drivers(&err);
    if (list == NULL) {
        inspect_complain_of("list the drivers", &err, NULL);
        return INSPECT_FAILED;
    }
    int status = count == 1 ? show_one(in, list, args[0]) : show_list(in, list);
    sqla_drivers_free(list);
    return status;
}
