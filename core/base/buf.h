/* buf.h: a text that grows. When memory is out it goes broken and stays so: append freely, ask once at the end. */
#ifndef SQLA_BASE_BUF_H
#define SQLA_BASE_BUF_H

#include <stddef.h>
#include <stdarg.h>
#include <stdbool.h>

/* Zeroed is empty and ready. data is NUL-terminated once anything was added; "" comes from sqla__buf_text otherwise. */
typedef struct sqla__buf { char *data; size_t length, capacity; bool broken; } sqla__buf;

void sqla__buf_add(sqla__buf *buf, const char *text);
void sqla__buf_add_n(sqla__buf *buf, const char *bytes, size_t n);
void sqla__buf_add_char(sqla__buf *buf, char c);
void sqla__buf_printf(sqla__buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *sqla__buf_text(const sqla__buf *buf);
void sqla__buf_clear(sqla__buf *buf);   /* empty, keeps its memory, mends a broken one */
void sqla__buf_release(sqla__buf *buf);

#endif
