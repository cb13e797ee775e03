/* error.c: the table of statuses, and what is written into a sqla_error.
 *
 * An error has a fixed size and nothing to free, so recording one cannot fail. Texts that are too long are
 * cut between two characters; bytes that are no UTF-8 become question marks, since what a server says may be
 * in any encoding, and so does what would drive the terminal that a message is shown on. */
#include <config.h>
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct { const char *name, *meaning; int bits; } table[] = {
#define ROW(name, bits, meaning) { #name, meaning, bits },
    SQLA_STATUS_LIST(ROW)
#undef ROW
};

/* A number beyond the table comes from a newer driver, and counts as SQLA_ERR_SQL. */
static size_t row_of(sqla_status status)
{
    return (unsigned)status < SQLA_STATUS_COUNT_ ? (size_t)status : (size_t)SQLA_ERR_SQL;
}

const char *sqla_version(void)
{
    return PACKAGE_VERSION;
}

const char *sqla_status_name(sqla_status status)
{
    return table[row_of(status)].name;
}

const char *sqla_status_meaning(sqla_status status)
{
    return table[row_of(status)].meaning;
}

int sqla_status_class(sqla_status status)
{
    return table[row_of(status)].bits;
}

void sqla__error_init(sqla_error *err)
{
    err->magic = SQLA_ERROR_MAGIC_;
    err->status = SQLA_OK;
    err->native = err->position = 0;
    err->row = 0;
    err->sqlstate[0] = err->table[0] = err->column[0] = err->constraint[0] = '\0';
    err->message[0] = err->detail[0] = err->hint[0] = err->outcome[0] = '\0';
}

void sqla_error_clear(sqla_error *err)
{
    if (err != NULL)
        sqla__error_init(err);
}

/* In one call, so that lines of two threads do not mix. */
void sqla_error_print(const sqla_error *err, FILE *to)
{
    if (!sqla_failed(err) || to == NULL)
        return;
    const char *message = err->message[0] != '\0' ? err->message : sqla_status_meaning(err->status);
    const char *detail = err->detail[0] != '\0' ? "\n  detail: " : "", *hint = err->hint[0] != '\0' ? "\n  hint: " : "";
    fprintf(to, "%s%s%s%s%s\n", message, detail, err->detail, hint, err->hint);
}

/* Format into room by way of a larger text, so that a cut never goes through a character. */
static void format_into(char *room, size_t size, const char *format, va_list args)
{
    char text[1024];
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    sqla__text_fit(room, size, text);
    sqla__text_tame(room);
}

static sqla_status set(sqla_error *err, sqla_status status, const char *format, va_list args)
{
    if (err == NULL || sqla_failed(err))
        return status;
    sqla__error_init(err);
    err->status = status;
    format_into(err->message, sizeof err->message, format, args);
    return status;
}

sqla_status sqla_fail(sqla_error *err, const char *message, ...)
{
    va_list args;
    va_start(args, message);
    set(err, SQLA_ERR_APPLICATION, message != NULL ? message : "the program failed", args);
    va_end(args);
    return SQLA_ERR_APPLICATION;
}

sqla_status sqla__error_set(sqla_error *err, sqla_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(err, status, format, args);
    va_end(args);
    return status;
}

sqla_status sqla__error_nomem(sqla_error *err)
{
    return sqla__error_set(err, SQLA_ERR_NOMEM, "out of memory");
}

void sqla__error_hint(sqla_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    format_into(err->hint, sizeof err->hint, format, args);
    va_end(args);
}

void sqla__error_detail(sqla_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    format_into(err->detail, sizeof err->detail, format, args);
    va_end(args);
}

void sqla__error_prefix(sqla_error *err, const char *format, ...)
{
    char text[1024], whole[1024 + sizeof err->message];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    snprintf(whole, sizeof whole, "%s%s", text, err->message);
    sqla__text_fit(err->message, sizeof err->message, whole);
    sqla__text_tame(err->message);
}

/* Only what is in use is copied: a sqla_error is more than a kilobyte, and most calls do not fail. */
sqla_status sqla__error_give(sqla_error *err, const sqla_error *local, sqla_status status)
{
    if (status == SQLA_OK || err == NULL || sqla_failed(err))
        return status;
    *err = *local;
    if (err->status == SQLA_OK) {
        sqla__error_init(err);
        err->status = status;
        sqla__text_fit(err->message, sizeof err->message, sqla_status_meaning(status));
    }
    return status;
}
