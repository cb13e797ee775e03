/* host.c: the services that a driver gets from the host.
 *
 * A driver never sees a sqla_error: what it is given is an opaque pointer, and what it says goes through
 * set_error, which bounds every text, mends what is no UTF-8 or would drive a terminal, and reads no byte
 * beyond the size that the driver states. */
#include <config.h>
#include "engine/plugin.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"

static void *host_resize(void *block, size_t size)
{
    return sqla__resize(block, size, 1);
}

static void copy(char *room, size_t size, const char *text)
{
    sqla__text_fit(room, size, text != NULL ? text : "");
    sqla__text_tame(room);
}

static int32_t known_status(int32_t status)
{
    return status > SQLA_OK && status < SQLA_STATUS_COUNT_ ? status : SQLA_ERR_SQL;
}

static void set_error(sqla_err *opaque, const sqla_err_fields *fields)
{
    sqla_error *err = (sqla_error *)(void *)opaque;
    sqla_err_fields f;
    if (err == NULL || fields == NULL || fields->struct_size < offsetof(sqla_err_fields, detail))
        return;
    memset(&f, 0, sizeof f);
    memcpy(&f, fields, fields->struct_size < sizeof f ? fields->struct_size : sizeof f);
    sqla__error_init(err);
    err->status = (sqla_status)known_status(f.status);
    err->native = f.native;
    err->position = f.position > 0 ? f.position : 0;
    err->row = f.row > 0 ? f.row : 0;
    copy(err->sqlstate, 6, f.sqlstate);
    copy(err->table, sizeof err->table, f.table);
    copy(err->column, sizeof err->column, f.column);
    copy(err->constraint, sizeof err->constraint, f.constraint);
    copy(err->message, sizeof err->message, f.message != NULL ? f.message : sqla_status_meaning(err->status));
    copy(err->detail, sizeof err->detail, f.detail);
    copy(err->hint, sizeof err->hint, f.hint);
    copy(err->outcome, sizeof err->outcome, f.outcome);
}

/* How many engines listen up to each level. A driver's line belongs to no engine, so it goes to standard error. */
static atomic_int listeners[SQLA_LOG_DEBUG + 1];

void sqla__host_listen(int level, int by)
{
    atomic_fetch_add(&listeners[level], by);
}

static bool is_heard(int32_t level)
{
    for (int32_t at = level > 0 ? level : SQLA_LOG_ERROR; at <= SQLA_LOG_DEBUG; at++) {
        if (atomic_load(&listeners[at]) > 0)
            return true;
    }
    return false;
}

static void host_log(int32_t level, const char *message)
{
    char line[1200];
    if (message == NULL || !is_heard(level))
        return;
    sqla__text_fit(line, sizeof line, message);
    sqla__text_tame(line);
    fprintf(stderr, "sqla: driver: %s\n", line);
}

const sqla_host sqla__host = {
    .struct_size = sizeof(sqla_host),
    .abi_major = SQLA_ABI_MAJOR,
    .abi_minor = SQLA_ABI_MINOR,
    .version = PACKAGE_VERSION,
    .alloc = sqla__alloc,
    .resize = host_resize,
    .release = sqla__free,
    .set_error = set_error,
    .log = host_log,
};
