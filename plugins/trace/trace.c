/* trace.c: the entry of the driver, and what an inner driver becomes. */
#include <config.h>
#include "trace.h"

#include <string.h>

SQLA_DRIVER_NOTE("trace", "trace");

const sqla_host *trace__host;

/* By itself it has no database. */
static const sqla_traits no_traits = {
    .struct_size = sizeof no_traits,
    .placeholder = SQLA_PLACEHOLDER_QUESTION,
    .dialect = "trace",
    .quote_open = '"',
    .quote_close = '"',
};

static const void *twophase_only(const char *id) { return strcmp(id, SQLA_TWOPHASE) == 0 ? &trace__twophase : NULL; }
static const void *bulk_only(const char *id) { return strcmp(id, SQLA_BULK) == 0 ? &trace__bulk : NULL; }
static const void *both(const char *id)
{
    const void *twophase = twophase_only(id);
    return twophase != NULL ? twophase : bulk_only(id);
}

/* Inner's table, where it has as many functions as we call. */
static const void *inner_extension(const sqla_driver *inner, const char *id, size_t size)
{
    const uint32_t *table = inner->extension != NULL ? inner->extension(id) : NULL;
    return table != NULL && *table >= size ? table : NULL;
}

static void take_slots(trace_around *around)
{
    const sqla_driver_ops *inner = around->inner->ops;
    around->ops = trace__ops;
#define KEEP(slot) \
    if (inner->slot == NULL) \
        around->ops.slot = NULL
    KEEP(prepare);
    KEEP(stmt_close);
    KEEP(execute_many);
    KEEP(begin);
    KEEP(commit);
    KEEP(rollback);
    KEEP(savepoint);
    KEEP(ping);
    KEEP(reset);
    KEEP(abandon);
    KEEP(cancel_new);
    KEEP(cancel_fire);
    KEEP(cancel_free);
    KEEP(reflect);
    KEEP(set_deadline);
    KEEP(resolve);
#undef KEEP
    around->ops.connect_options = inner->connect_options;
}

/* inner has the host's size, and is at least as long as what we know. */
static sqla_status trace_wrap(const sqla_driver *inner, sqla_driver *out, sqla_err *err)
{
    trace_around *around = trace__make(sizeof *around, err);
    if (around == NULL)
        return SQLA_ERR_NOMEM;
    around->inner = inner;
    around->twophase = inner_extension(inner, SQLA_TWOPHASE, sizeof *around->twophase);
    around->bulk = inner_extension(inner, SQLA_BULK, sizeof *around->bulk);
    take_slots(around);
    *out = (sqla_driver){
        .struct_size = sizeof *out,
        .abi_major = SQLA_ABI_MAJOR,
        .abi_minor = SQLA_ABI_TARGET_MINOR,
        .name = inner->name,
        .version = inner->version,
        .ops = &around->ops,
        .traits = inner->traits,
        .extension = around->twophase != NULL ? (around->bulk != NULL ? both : twophase_only) : around->bulk != NULL ? bulk_only : NULL,
        .data = around,
    };
    return SQLA_OK;
}

static const void *extension(const char *id)
{
    static const sqla_wrap_ops ops = { .struct_size = sizeof ops, .wrap = trace_wrap };
    return strcmp(id, SQLA_WRAP) == 0 ? &ops : NULL;
}

/* Both sides must know wrapping, which a host that gives less room than this does not. */
sqla_status sqla_driver_entry(const sqla_host *host, sqla_driver *out, sqla_err *err)
{
    (void)err;
    if (host->abi_major != SQLA_ABI_MAJOR || out->struct_size < sizeof *out)
        return SQLA_ERR_UNSUPPORTED;
    trace__host = host;
    *out = (sqla_driver){
        .struct_size = sizeof *out,
        .abi_major = SQLA_ABI_MAJOR,
        .abi_minor = SQLA_ABI_TARGET_MINOR,
        .name = "trace",
        .version = PACKAGE_VERSION,
        .ops = &trace__ops,
        .traits = &no_traits,
        .extension = extension,
    };
    return SQLA_OK;
}
