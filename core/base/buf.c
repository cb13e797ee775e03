/* buf.c: a text that grows. What went wrong is kept in the text itself, so builders of SQL stay straight lines. */
#include <config.h>
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* No text that we make comes near this; one that does is the fruit of an overflow somewhere. */
#define LARGEST ((size_t)1 << 30)

static bool make_room(sqla__buf *buf, size_t n)
{
    if (buf->broken)
        return false;
    if (n >= LARGEST || buf->length + n >= LARGEST) {
        buf->broken = true;
        return false;
    }
    if (buf->length + n < buf->capacity)
        return true;
    size_t capacity = buf->capacity < 64 ? 128 : buf->capacity * 2;
    if (capacity <= buf->length + n)
        capacity = buf->length + n + 1;
    char *data = sqla__resize(buf->data, capacity, 1);
    if (data == NULL) {
        buf->broken = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void sqla__buf_add(sqla__buf *buf, const char *text)
{
    sqla__buf_add_n(buf, text, strlen(text));
}

void sqla__buf_add_n(sqla__buf *buf, const char *bytes, size_t n)
{
    if (!make_room(buf, n))
        return;
    if (n != 0)
        memcpy(buf->data + buf->length, bytes, n);
    buf->length += n;
    buf->data[buf->length] = '\0';
}

void sqla__buf_add_char(sqla__buf *buf, char c)
{
    sqla__buf_add_n(buf, &c, 1);
}

void sqla__buf_printf(sqla__buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        buf->broken = true;
    if (length < 0 || !make_room(buf, (size_t)length))
        return;
    va_start(args, format);
    vsnprintf(buf->data + buf->length, (size_t)length + 1, format, args);
    va_end(args);
    buf->length += (size_t)length;
}

const char *sqla__buf_text(const sqla__buf *buf)
{
    return buf->data != NULL ? buf->data : "";
}

void sqla__buf_clear(sqla__buf *buf)
{
    buf->length = 0;
    buf->broken = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

void sqla__buf_release(sqla__buf *buf)
{
    sqla__free(buf->data);
    memset(buf, 0, sizeof *buf);
}
