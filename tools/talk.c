/* talk.c: what the program says to people, and memory that does not fail.
 *
 * Texts in messages come from arguments, files and servers, so each line is made safe as a whole. */
#include <config.h>
#include "inspect.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void no_memory(void)
{
    fputs("sqla-inspect: out of memory\n", stderr);
    exit(INSPECT_FAILED);
}

void *inspect_take(size_t n, size_t size)
{
    void *memory = calloc(n > 0 ? n : 1, size > 0 ? size : 1);
    if (memory == NULL)
        no_memory();
    return memory;
}

static char *format_text(const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        no_memory();
    return text;
}

char *inspect_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    return text;
}

void inspect_list_add(inspect_list *list, const char *text)
{
    const char **items = inspect_take(list->count + 1, sizeof *items);
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    free(list->items);
    items[list->count++] = text;
    list->items = items;
}

static void say(const char *before, const char *format, va_list args)
{
    char *text = format_text(format, args);
    fputs(before, stderr);
    inspect_print(stderr, text);
    putc('\n', stderr);
    free(text);
}

void inspect_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("sqla-inspect: ", format, args);
    va_end(args);
}

void inspect_hint(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("hint: ", format, args);
    va_end(args);
}

void inspect_complain_of(const char *what, const sqla_error *err, const char *hint)
{
    const char *message = err->message[0] != '\0' ? err->message : sqla_status_meaning(err->status);
    if (what != NULL)
        inspect_complain("cannot %s: %s", what, message);
    else
        inspect_complain("%s", message);
    if (err->detail[0] != '\0')
        inspect_complain("%s", err->detail);
    if (hint != NULL || err->hint[0] != '\0')
        inspect_hint("%s", hint != NULL ? hint : err->hint);
}
