/* main.c: sqla-inspect, which shows what is in a database. Options, and the table of verbs. */
#include <config.h>
#include "inspect.h"

#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const inspect_verb verbs[] = {
    { "drivers", "installed drivers, or the one of that name in full: drivers [NAME]", inspect_drivers },
    { "tables", "what is in the database: tables [URL] [PATTERN]...", inspect_tables },
};
enum { VERB_COUNT = sizeof verbs / sizeof *verbs };
static const inspect_verb *const default_verb = &verbs[1]; /* where only a database is given */

/* ---- help ------------------------------------------------------------------------------------------------------ */

static const char usage[] = "Usage: sqla-inspect [OPTION]... VERB [URL] [NAME]...\n"
                            "       sqla-inspect [OPTION]... URL\n"
                            "Show what is in a database.\n\nVerbs, which may be shortened:\n";

static const char options_help[] =
    "\nURL is a database as in postgresql://user@host/database or sqlite:///file.db, or the name\n"
    "of a file of SQLite. Without one, the environment variable SQLA_URL holds it.\n"
    "PATTERN is a glob (* ? [a-z]) for a name, or for schema.name.\n"
    "\nOptions:\n"
    "  -s, --schema=GLOB      only schemas that match; may be repeated\n"
    "  -x, --exclude=GLOB     without names that match; may be repeated\n"
    "  -a, --all              also what belongs to the database itself\n"
    "  -o, --output=FILE      write to FILE, which is replaced when all went well\n"
    "      --url-env=VAR      the environment variable that holds the URL, in place of SQLA_URL\n"
    "      --driver-path=DIR  look for drivers in DIR first; may be repeated\n"
    "      --color=WHEN       auto (on a terminal), always or never\n"
    "      --width=N          cut comments so that lines have N columns; 0: never\n"
    "      --ascii            draw with ASCII alone\n"
    "  -q, --quiet            names alone, one a line\n"
    "  -v, --verbose          say what is done, and how long it takes\n"
    "  -h, --help             show this\n"
    "  -V, --version          show the version\n"
    "\nExit status: 0 done; 1 nothing matched; 2 wrong usage; 3 a driver is missing or refused;\n"
    "4 cannot connect or log in; 5 reading or writing failed.\n"
    "\nExamples:\n"
    "  sqla-inspect shop.db\n"
    "  sqla-inspect tables postgresql:///shop -s 'app*' 'order*'\n"
    "  sqla-inspect drivers postgres\n";

static void print_help(FILE *out)
{
    fputs(usage, out);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    fputs(options_help, out);
    if (PACKAGE_BUGREPORT[0] != '\0')
        fprintf(out, "\nReport bugs to: %s\n", PACKAGE_BUGREPORT);
}

static void print_version(FILE *out)
{
    fprintf(out, "sqla-inspect (sqla) %s\n", PACKAGE_VERSION);
    fputs("License MIT. This is free software: you are free to change and redistribute it.\n"
          "There is NO WARRANTY, to the extent permitted by law.\n", out);
    if (strcmp(sqla_version(), PACKAGE_VERSION) != 0)
        fprintf(out, "libsqla %s\n", sqla_version());
}

/* ---- options --------------------------------------------------------------------------------------------------- */

enum { OPTION_COLOR = 256, OPTION_WIDTH, OPTION_ASCII, OPTION_URL_ENV, OPTION_DRIVER_PATH };

static const char short_options[] = ":s:x:ao:qvhV";
static const struct option long_options[] = {
    { "schema", required_argument, NULL, 's' },
    { "exclude", required_argument, NULL, 'x' },
    { "all", no_argument, NULL, 'a' },
    { "output", required_argument, NULL, 'o' },
    { "url-env", required_argument, NULL, OPTION_URL_ENV },
    { "driver-path", required_argument, NULL, OPTION_DRIVER_PATH },
    { "color", optional_argument, NULL, OPTION_COLOR },
    { "width", required_argument, NULL, OPTION_WIDTH },
    { "ascii", no_argument, NULL, OPTION_ASCII },
    { "quiet", no_argument, NULL, 'q' },
    { "verbose", no_argument, NULL, 'v' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

/* What options ask for that is settled when all are read. */
typedef struct wishes {
    enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color;
    bool help, version, has_width;
} wishes;

static int try_help(void)
{
    inspect_hint("'sqla-inspect --help' shows how it is used");
    return INSPECT_USAGE;
}

static bool read_color(const char *text, wishes *w)
{
    static const char *const words[] = { "auto", "always", "never" };
    for (int i = 0; i < 3; i++) {
        if (text == NULL || strcmp(text, words[i]) == 0) {
            w->color = text == NULL ? COLOR_ALWAYS : i == 0 ? COLOR_AUTO : i == 1 ? COLOR_ALWAYS : COLOR_NEVER;
            return true;
        }
    }
    inspect_complain("'--color' is auto, always or never, and not '%s'", text);
    return false;
}

static bool read_number(const char *text, size_t *ret)
{
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 6 || text[n] != '\0')
        return false;
    *ret = strtoul(text, NULL, 10);
    return true;
}

static bool read_width(const char *text, inspect *in, wishes *w)
{
    w->has_width = read_number(text, &in->width);
    if (!w->has_width)
        inspect_complain("'--width' is a number of columns, and not '%s'", text);
    return w->has_width;
}

/* getopt gives the option that it does not like by its letter, or by its place when it is a long one. */
static bool refuse_option(int answer, char **argv)
{
    const char *given = argv[optind - 1];
    char *shown = inspect_masked(given);
    if (answer == ':')
        inspect_complain("option '%s' needs a value", shown);
    else if (optopt != 0 && optopt < 256 && strncmp(given, "--", 2) != 0)
        inspect_complain("there is no option '-%c'", optopt);
    else
        inspect_complain("option '%s' is not known, is not one alone, or takes no value", shown);
    free(shown);
    return false;
}

static bool take_option(int option, inspect *in, wishes *w, char **argv)
{
    switch (option) {
    case 's': inspect_list_add(&in->schemas, optarg); return true;
    case 'x': inspect_list_add(&in->excludes, optarg); return true;
    case 'a': return in->all = true;
    case 'o': in->output = optarg; return true;
    case 'q': return in->quiet = true;
    case 'v': return in->verbose = true;
    case 'h': return w->help = true;
    case 'V': return w->version = true;
    case OPTION_URL_ENV: in->url_env = optarg; return true;
    case OPTION_DRIVER_PATH: inspect_list_add(&in->driver_path, optarg); return true;
    case OPTION_COLOR: return read_color(optarg, w);
    case OPTION_WIDTH: return read_width(optarg, in, w);
    case OPTION_ASCII: return in->ascii = true;
    }
    return refuse_option(option, argv);
}

static bool read_options(inspect *in, wishes *w, int argc, char **argv)
{
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
        if (!take_option(option, in, w, argv))
            return false;
    }
    return true;
}

/* ---- what follows from options and surroundings ------------------------------------------------------------------- */

static bool to_terminal(const inspect *in)
{
    return (in->output == NULL || strcmp(in->output, "-") == 0) && isatty(STDOUT_FILENO) == 1;
}

static size_t terminal_width(void)
{
    struct winsize size;
    size_t width;
    const char *columns = getenv("COLUMNS");
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return columns != NULL && read_number(columns, &width) && width > 0 ? width : 80;
}

static void settle_look(inspect *in, const wishes *w)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool terminal = to_terminal(in);
    bool can = terminal && term != NULL && strcmp(term, "dumb") != 0 && (no_color == NULL || no_color[0] == '\0');
    in->color = w->color == COLOR_ALWAYS || (w->color == COLOR_AUTO && can);
    if (terminal && !w->has_width)
        in->width = terminal_width();
    if (terminal && setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        in->ascii = true;
}

/* The folders of the options stand before those of the environment. The library takes absolute ones alone. */
static bool settle_driver_path(const inspect *in)
{
    const char *before = getenv("SQLA_PLUGIN_PATH");
    char *path = inspect_printf("%s", before != NULL ? before : "");
    bool ok = true;
    for (size_t i = in->driver_path.count; i-- > 0 && ok;) {
        char *folder = realpath(in->driver_path.items[i], NULL);
        ok = folder != NULL && strchr(folder, ':') == NULL;
        if (folder == NULL)
            inspect_complain("cannot use driver path '%s': %s", in->driver_path.items[i], strerror(errno));
        else if (!ok)
            inspect_complain("cannot use driver path '%s': there is a ':' in it", folder);
        char *longer = inspect_printf("%s%s%s", folder != NULL ? folder : "", path[0] != '\0' ? ":" : "", path);
        free(path);
        free(folder);
        path = longer;
    }
    if (ok && in->driver_path.count > 0)
        ok = setenv("SQLA_PLUGIN_PATH", path, 1) == 0;
    free(path);
    return ok;
}

/* ---- verbs ----------------------------------------------------------------------------------------------------- */

/* *ret_count: how many verbs begin like that; a whole name counts alone. */
static const inspect_verb *find_verb(const char *word, size_t *ret_count)
{
    const inspect_verb *found = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strncmp(verbs[i].name, word, strlen(word)) != 0)
            continue;
        *ret_count = strlen(verbs[i].name) == strlen(word) ? 1 : *ret_count + 1;
        found = &verbs[i];
        if (strlen(verbs[i].name) == strlen(word))
            break;
    }
    return *ret_count == 1 && word[0] != '\0' ? found : NULL;
}

static int refuse_verb(const char *word, size_t count)
{
    inspect_list names = { NULL, 0 };
    for (size_t i = 0; i < VERB_COUNT; i++)
        inspect_list_add(&names, verbs[i].name);
    char *shown = inspect_masked(word);
    const char *nearest = inspect_nearest(word, &names);
    inspect_complain(count > 1 ? "'%s' may be more than one verb" : "there is no verb '%s'", shown);
    free(shown);
    free(names.items);
    if (nearest != NULL && count == 0)
        inspect_hint("did you mean '%s'?", nearest);
    else if (!inspect_hint_of_file(word))
        return try_help();
    return INSPECT_USAGE;
}

static int run_verb(inspect *in, size_t count, char **args)
{
    const char *url = getenv("SQLA_URL");
    size_t matching = 0;
    if (count == 0 && (in->url_env != NULL || (url != NULL && url[0] != '\0')))
        return default_verb->run(in, 0, args);
    if (count == 0) {
        inspect_complain("neither a verb nor a database is given");
        return try_help();
    }
    const inspect_verb *verb = find_verb(args[0], &matching);
    if (verb != NULL)
        return verb->run(in, count - 1, args + 1);
    return inspect_is_database(args[0]) ? default_verb->run(in, count, args) : refuse_verb(args[0], matching);
}

static int run(inspect *in, const wishes *w, size_t count, char **args)
{
    if (w->help || w->version) {
        (w->help ? print_help : print_version)(in->out);
        return INSPECT_DONE;
    }
    settle_look(in, w);
    return settle_driver_path(in) ? run_verb(in, count, args) : INSPECT_USAGE;
}

static void release(inspect *in)
{
    inspect_forget(in->url);
    free(in->shown);
    free(in->schemas.items);
    free(in->excludes.items);
    free(in->driver_path.items);
}

int main(int argc, char **argv)
{
    inspect in = { .out = NULL };
    wishes w = { .help = false };
    inspect_output_start(&in);
    bool read = read_options(&in, &w, argc, argv);
    int status = read ? run(&in, &w, (size_t)(argc - optind), argv + optind) : try_help();
    status = inspect_output_finish(&in, status);
    release(&in);
    return status;
}
