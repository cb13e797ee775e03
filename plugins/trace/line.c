/* line.c: the lines that tell of calls, and what the functions of both tables share. */
#include <config.h>
#include "trace.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* How many bytes at most; what comes of a call has room behind its arguments. */
enum { NAME_SHOWN = 64, SQL_SHOWN = 200, CALL_SHOWN = 900 };

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

void *trace__make(size_t size, sqla_err *err)
{
    const sqla_err_fields fields = { .struct_size = sizeof fields, .status = SQLA_ERR_NOMEM, .message = "out of memory" };
    void *handle = trace__host->alloc(size);
    if (handle == NULL)
        trace__host->set_error(err, &fields);
    else
        memset(handle, 0, size);
    return handle;
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

void trace__begin_on(trace_line *line, const sqla_driver_conn *conn, const char *call)
{
    trace__begin(line, conn->around, call);
    trace__add(line, "conn %u", conn->number);
}

/* The length up to which a longer text is shown, without a part of a character. */
static size_t cut(const char *text, size_t most)
{
    while (most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    return most;
}

static void add_quoted(trace_line *line, char quote, const char *text, size_t length, size_t most)
{
    size_t shown = length <= most ? length : cut(text, most);
    trace__add(line, "%c", quote);
    for (size_t i = 0; i < shown; i++)
        trace__add(line, "%c", text[i]);
    trace__add(line, "%s%c", shown < length ? "..." : "", quote);
}

void trace__add_sql(trace_line *line, const char *text, size_t length)
{
    add_quoted(line, '"', text, length, SQL_SHOWN);
}

void trace__add_name(trace_line *line, const char *name)
{
    add_quoted(line, '\'', name, strlen(name), NAME_SHOWN);
}

void trace__start(trace_line *line)
{
    if (line->length > CALL_SHOWN) {
        line->length = cut(line->text, CALL_SHOWN);
        trace__add(line, "...");
    }
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

/* Whatever was in names and texts, it is one line. */
void trace__end(trace_line *line)
{
    for (size_t i = 0; i < line->length; i++) {
        if ((unsigned char)line->text[i] < ' ')
            line->text[i] = ' ';
    }
    trace__host->log(SQLA_LOG_INFO, line->text);
}

sqla_status trace__finish(trace_line *line, sqla_status status)
{
    trace__stop(line, status);
    trace__end(line);
    return status;
}
