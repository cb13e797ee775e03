/* driver.c: the entry of the MariaDB driver, and its table of functions. */
#include <config.h>
#include "mariadb.h"

#include <signal.h>
#include <string.h>

const sqla_host *mariadb__host;
locale_t mariadb__c_locale;

SQLA_DRIVER_NOTE("mariadb", "mariadb mysql");

static const sqla_driver_ops ops = {
    .struct_size = sizeof ops,
    .open = mariadb_open,
    .close = mariadb_close,
    .exec = mariadb_exec,
    .result_info = mariadb_result_info,
    .result_fetch = mariadb_result_fetch,
    .result_view = mariadb_result_view,
    .result_close = mariadb_result_close,
    .txn_state = mariadb_txn_state,
    .prepare = mariadb_prepare,
    .stmt_close = mariadb_stmt_close,
    .execute_many = mariadb_execute_many,
    .begin = mariadb_begin,
    .commit = mariadb_commit,
    .rollback = mariadb_rollback,
    .savepoint = mariadb_savepoint,
    .ping = mariadb_ping,
    .reset = mariadb_reset,
    .abandon = mariadb_abandon,
    .cancel_new = mariadb_cancel_new,
    .cancel_fire = mariadb_cancel_fire,
    .cancel_free = mariadb_cancel_free,
    .reflect = mariadb_reflect,
    .connect_options = mariadb_connect_options,
    .set_deadline = mariadb_set_deadline,
};

/* The version is the same at every call, so that writing it again harms nobody who reads it. */
static const char *version(void)
{
    static char text[64];
    snprintf(text, sizeof text, "%s, libmariadb %s", PACKAGE_VERSION, mysql_get_client_info());
    return text;
}

/* The client library must be started before there are threads that use it. It has the process ignore SIGPIPE, which is not ours to say
 * and not needed, since it sends without that signal. */
static bool start_library(void)
{
    struct sigaction before;
    bool known = sigaction(SIGPIPE, NULL, &before) == 0;
    bool ok = mysql_library_init(0, NULL, NULL) == 0;
    if (known)
        sigaction(SIGPIPE, &before, NULL);
    return ok;
}

SQLA_DRIVER_EXPORT sqla_status sqla_driver_entry(const sqla_host *host, sqla_driver *out, sqla_err *err)
{
    if (host->abi_major != SQLA_ABI_MAJOR)
        return SQLA_ERR_UNSUPPORTED;
    mariadb__host = host;
    if (mariadb__c_locale == (locale_t)0)
        mariadb__c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (mariadb__c_locale == (locale_t)0)
        return mariadb__nomem(err);
    if (!start_library())
        return mariadb__fail(err, SQLA_ERR_PLUGIN, NULL, "libmariadb cannot be started");
    sqla_driver all = { .abi_major = SQLA_ABI_MAJOR, .abi_minor = SQLA_ABI_MINOR, .min_host_minor = 0,
                        .name = "mariadb", .version = version(), .ops = &ops, .traits = &mariadb__traits };
    all.struct_size = out->struct_size < sizeof all ? out->struct_size : (uint32_t)sizeof all; /* an older host has less room */
    memcpy(out, &all, all.struct_size);
    return SQLA_OK;
}
