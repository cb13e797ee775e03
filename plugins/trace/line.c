/* line.c: the lines that tell of calls. */
#include <config.h>
#include "trace.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { SQL_SHOWN = 200 };

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

unsigned trace__number(void)
{
    static atomic_uint last;
    return atomic_fetch_add(&last, 1) + 1;
}

sqla_status trace__nomem(sqla_err *err)
{
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = SQLA_ERR_NOMEM, .message = "out of memory" };
    trace__host->set_error(err, &fields);
    return SQLA_ERR_NOMEM;
}

static void add_list(trace_line *line, const char *format, va_list args)
{
    size_t room = sizeof line->text - line->length;
    int n = vsnprintf(line->text + line->length, room, format, args);
    if (n > 0)
        line->length += (size_t)n < room ? (size_t)n : room - 1;
}

void trace__add(trace_line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_list(line, format, args);
    va_end(args);
}

void trace__begin(trace_line *line, const trace_around *around, const char *call)
{
    line->length = 0;
    trace__add(line, "%s.%s(", around->inner->name, call);
}

/* On one line, and without the rest of a character that was cut. */
void trace__add_sql(trace_line *line, const char *text, size_t length)
{
    size_t shown = length < SQL_SHOWN ? length : SQL_SHOWN;
    while (shown < length && shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80)
        shown--;
    trace__add(line, "\"");
    for (size_t i = 0; i < shown; i++)
        trace__add(line, "%c", (unsigned char)text[i] < ' ' ? ' ' : text[i]);
    trace__add(line, shown < length ? "...\"" : "\"");
}

void trace__start(trace_line *line)
{
    trace__add(line, ")");
    line->began = now();
}

void trace__stop(trace_line *line, sqla_status status)
{
#define NAME(name, bits, meaning) #name,
    static const char *const names[] = { SQLA_STATUS_LIST(NAME) };
#undef NAME
    double micros = (double)(now() - line->began) / 1e3;
    trace__add(line, " = %s", (unsigned)status < SQLA_STATUS_COUNT_ ? names[status] : "?");
    trace__add(line, " in %.1f us", micros);
}

void trace__end(trace_line *line)
{
    trace__host->log(SQLA_LOG_INFO, line->text);
}
