/* inspect.h: what the files of sqla-inspect share.
 *
 * main.c reads the options and picks a verb; each verb has a file of its own and one function of the form below. What a verb
 * finds goes to in->out and nowhere else; what there is to say about it (errors, hints, timings) goes through talk.c to the
 * standard error stream. Nothing that comes out of a database, a file or an argument reaches a terminal as it is: text.c
 * makes it safe. Memory that is out ends the program (talk.c), so that no allocation here is looked at. */
#ifndef INSPECT_H
#define INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sqla/sqla.h>

/* How the program ends. */
enum {
    INSPECT_DONE = 0,
    INSPECT_NOTHING = 1, /* nothing matched; a difference was found */
    INSPECT_USAGE = 2,
    INSPECT_DRIVER = 3,  /* missing, refused, or of another ABI */
    INSPECT_CONNECT = 4, /* cannot connect or log in */
    INSPECT_FAILED = 5   /* while reading from the database, or writing the output */
};

/* Texts that are borrowed, in order. */
typedef struct inspect_list {
    const char **items;
    size_t count;
} inspect_list;

/* One run: what the options say, and where the output goes. Zero is the default of every member. */
typedef struct inspect {
    inspect_list schemas, excludes; /* globs */
    inspect_list driver_path;       /* folders */
    const char *output;             /* a file; NULL or "-": the standard output stream */
    const char *url_env;            /* the environment variable that holds the URL; NULL: not given */
    char *url;                      /* the database (url.c); owned */
    char *shown;                    /* the same as it is shown, once it is open; NULL: as the engine shows it; owned */
    bool url_given;                 /* as an argument */
    bool all, quiet, verbose, ascii, color;
    size_t width;                   /* of a line in cells; 0: any */
    FILE *out;                      /* collects what the verb prints; output.c writes it at the end */
    char *text;                     /* what was collected */
    size_t length;
} inspect;

/* args: what follows the verb (behind the URL, if the verb has one), with a NULL behind the last.
 * Returns: the exit status. */
typedef int inspect_verb_fn(inspect *in, size_t count, char **args);
typedef struct inspect_verb {
    const char *name, *summary;
    inspect_verb_fn *run;
} inspect_verb;

inspect_verb_fn inspect_drivers, inspect_tables;

/* ---- talk.c: to people, on the standard error stream ------------------------------------------------------------------ */

#if defined(__GNUC__)
#define INSPECT_PRINTF(text_at, args_at) __attribute__((format(printf, text_at, args_at)))
#else
#define INSPECT_PRINTF(text_at, args_at)
#endif

/* A line "sqla-inspect: ..." and a line "hint: ...". What is in them is made safe. */
void inspect_complain(const char *format, ...) INSPECT_PRINTF(1, 2);
void inspect_hint(const char *format, ...) INSPECT_PRINTF(1, 2);
/* "sqla-inspect: cannot WHAT: message", with detail and hint of err.
 * what: NULL where the message says it all.  hint: in place of the one of err, or NULL. */
void inspect_complain_of(const char *what, const sqla_error *err, const char *hint);
/* Memory of n things, zeroed; never NULL.  Ownership: free(). */
void *inspect_take(size_t n, size_t size);
/* A text made by printf.  Ownership: free(). */
char *inspect_printf(const char *format, ...) INSPECT_PRINTF(1, 2);
void inspect_list_add(inspect_list *list, const char *text);

/* ---- text.c: UTF-8 for terminals ------------------------------------------------------------------------------------- */

/* The character at *at, which is moved behind it. A byte that is no UTF-8 is -1 - byte, and moved over alone. */
int32_t inspect_decode(const char **at);
/* Write a text so that it cannot drive a terminal, nor look like another text: control characters, bytes that are no UTF-8,
 * what turns the direction of writing or is not to be seen, and the backslash, come as escapes. */
void inspect_print(FILE *out, const char *text);
/* The same as a text.  Ownership: free(). */
char *inspect_escape(const char *text);
/* How many cells of a terminal a safe text fills, and how many of its bytes fit into that many cells. */
size_t inspect_cells(const char *text);
size_t inspect_fit(const char *text, size_t cells);

/* ---- match.c: names -------------------------------------------------------------------------------------------------- */

/* Does the glob match the whole text?  * any text, ? one character, [a-z] [!a-z] one of a set, \ takes the next as it is. */
bool inspect_glob(const char *glob, const char *text);
bool inspect_glob_any(const inspect_list *globs, const char *text);
/* The text of the list that is most like this one; NULL: none is near.  Ownership: borrowed from the list. */
const char *inspect_nearest(const char *text, const inspect_list *list);

/* ---- table.c: a text table ------------------------------------------------------------------------------------------- */

typedef struct inspect_column {
    const char *heading;
    bool right; /* its cells end at the same place */
    bool note;  /* may be cut where a line is too long */
} inspect_column;
typedef struct inspect_table inspect_table;

/* columns must live as long as the table. Cells are added row by row, and copied; NULL and "" are shown as "-". */
inspect_table *inspect_table_new(const inspect_column *columns, size_t count);
void inspect_table_cell(inspect_table *table, const char *text);
void inspect_table_print(const inspect_table *table, const inspect *in);
void inspect_table_free(inspect_table *table);
/* Codes that begin and end a part of the output, or "". */
const char *inspect_bold(const inspect *in);
const char *inspect_dim(const inspect *in);
const char *inspect_plain(const inspect *in);

/* ---- url.c: which database ------------------------------------------------------------------------------------------- */

/* Is that argument a URL (it holds a ':' before any '/'), or the name of a file with a database of SQLite? */
bool inspect_is_database(const char *arg);
/* Set in->url, from the first of count arguments if it names a database, else from the environment. *ret_used: how many
 * arguments that took. A password in an argument is overwritten there.  Returns: INSPECT_DONE, INSPECT_USAGE. */
int inspect_find_url(inspect *in, size_t count, char **args, size_t *ret_used);
/* Where a word looks like the name of a file, say what is wrong with the file; false: it does not. */
bool inspect_hint_of_file(const char *word);
/* Connect, for reading where the driver can be told so.
 * *ret: owned, free with sqla_engine_free().  Returns: INSPECT_DONE, or what to exit with; it was complained of. */
int inspect_open(inspect *in, sqla_engine **ret);
/* The URL as it may be shown. Ownership: borrowed, as long as both. */
const char *inspect_url_shown(const inspect *in, const sqla_engine *db);
/* Free a URL, and overwrite it: there may be a password in it. */
void inspect_forget(char *url);
/* An argument as it may be shown: without what may be a password.  Ownership: free(). */
char *inspect_masked(const char *arg);

/* ---- output.c: where the output goes --------------------------------------------------------------------------------- */

void inspect_output_start(inspect *in);
/* Write what was collected, to the end.  status: how the verb ended.  Returns: that, or INSPECT_FAILED. */
int inspect_output_finish(inspect *in, int status);

#endif
