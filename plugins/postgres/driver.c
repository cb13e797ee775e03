/* driver.c: the entry of the PostgreSQL driver, and its table of functions. */
#include <config.h>
#include "postgres.h"

#include <stdio.h>
#include <string.h>

const sqla_host *postgres__host;
locale_t postgres__c_locale;

SQLA_DRIVER_NOTE("postgres", "postgres postgresql");

static const sqla_driver_ops ops = {
    .struct_size = sizeof ops,
    .open = postgres_open,
    .close = postgres_close,
    .exec = postgres_exec,
    .result_info = postgres_result_info,
    .result_fetch = postgres_result_fetch,
    .result_view = postgres_result_view,
    .result_close = postgres_result_close,
    .txn_state = postgres_txn_state,
    .prepare = postgres_prepare,
    .stmt_close = postgres_stmt_close,
    .execute_many = postgres_execute_many,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .savepoint = postgres_savepoint,
    .ping = postgres_ping,
    .reset = postgres_reset,
    .abandon = postgres_abandon,
    .cancel_new = postgres_cancel_new,
    .cancel_fire = postgres_cancel_fire,
    .cancel_free = postgres_cancel_free,
    .reflect = postgres_reflect,
    .connect_options = postgres_connect_options,
    .set_deadline = postgres_set_deadline,
    .resolve = postgres_resolve,
};

static const void *extension(const char *id)
{
    if (strcmp(id, SQLA_BULK) == 0)
        return &postgres__bulk;
    return strcmp(id, SQLA_TWOPHASE) == 0 ? &postgres__twophase : NULL;
}

/* The version is the same at every call, so that writing it again harms nobody who reads it. */
static const char *version(void)
{
    static char text[64];
    int libpq = PQlibVersion();
    snprintf(text, sizeof text, "%s, libpq %d.%d", PACKAGE_VERSION, libpq / 10000, libpq % 10000);
    return text;
}

SQLA_DRIVER_EXPORT sqla_status sqla_driver_entry(const sqla_host *host, sqla_driver *out, sqla_err *err)
{
    if (host->abi_major != SQLA_ABI_MAJOR)
        return SQLA_ERR_UNSUPPORTED;
    postgres__host = host;
    if (PQisthreadsafe() == 0)
        return postgres__fail(err, SQLA_ERR_PLUGIN, NULL, "this libpq was built without thread safety");
    if (postgres__c_locale == (locale_t)0)
        postgres__c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (postgres__c_locale == (locale_t)0)
        return postgres__nomem(err);
    sqla_driver all = { .abi_major = SQLA_ABI_MAJOR, .abi_minor = SQLA_ABI_MINOR, .min_host_minor = 0,
                        .name = "postgres", .version = version(), .ops = &ops, .traits = &postgres__traits, .extension = extension };
    all.struct_size = out->struct_size < sizeof all ? out->struct_size : (uint32_t)sizeof all; /* an older host has less room */
    memcpy(out, &all, all.struct_size);
    return SQLA_OK;
}
