/* host.c: a host as small as one can be, which is built for one minor or another: host [-entry] DRIVER.so
 *
 * It calls the entry as the host of that minor, takes what comes as any host must (no byte beyond the driver's sizes), and with
 * the driver of this folder runs a statement and reads its row. -entry: it stops before that, for drivers of other kinds. */
#include <sqla/driver.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sqla_err { char message[256]; };

static void set_error(sqla_err *err, const sqla_err_fields *fields)
{
    if (err != NULL)
        snprintf(err->message, sizeof err->message, "%s", fields->message);
}

static void say(int32_t level, const char *message)
{
    (void)level;
    fprintf(stderr, "host: %s\n", message);
}

static const sqla_host host = {
    .struct_size = sizeof host,
    .abi_major = SQLA_ABI_MAJOR,
    .abi_minor = SQLA_ABI_MINOR,
    .version = "0",
    .alloc = malloc,
    .resize = realloc,
    .release = free,
    .set_error = set_error,
    .log = say,
};

static int failed(const char *what, const sqla_err *err)
{
    fprintf(stderr, "host: %s: %s\n", what, err->message);
    return 1;
}

/* Read the number that the statement "one" gives. */
static int use(const sqla_driver *driver, sqla_err *err)
{
    sqla_driver_ops ops;
    sqla_conn_info info;
    sqla_connect_args args;
    sqla_exec_options options;
    sqla_driver_conn *conn = NULL;
    sqla_driver_result *result = NULL;
    const sqla_statement one = { .struct_size = sizeof one, .text = "one", .length = 3 };
    int64_t number = 0;
    void *row = &number;
    size_t count = 0;
    bool end = false;
    const sqla_slot slot = { .type = SQLA_INT64, .rep = SQLA_REP_FIXED, .size = sizeof number, .set_offset = -1 };
    const sqla_plan plan = { sizeof plan, 1, &slot };

    memset(&ops, 0, sizeof ops);
    memset(&info, 0, sizeof info);
    memset(&args, 0, sizeof args);
    memset(&options, 0, sizeof options);
    memcpy(&ops, driver->ops, driver->ops->struct_size < sizeof ops ? driver->ops->struct_size : sizeof ops);
    info.struct_size = sizeof info;
    args.struct_size = sizeof args;
    options.struct_size = sizeof options;
    if (ops.open(&args, &info, &conn, err) != SQLA_OK)
        return failed("cannot connect", err);
    if (ops.exec(conn, &one, NULL, NULL, &options, &result, err) != SQLA_OK)
        return failed("cannot run the statement", err);
    if (ops.result_fetch(result, &plan, &row, 1, NULL, &count, &end, err) != SQLA_OK)
        return failed("cannot fetch", err);
    ops.result_close(result);
    ops.close(conn);
    return count == 1 && end && number == 1 && strcmp(info.product, "Old 1.0") == 0 ? 0 : failed("wrong row", err);
}

int main(int argc, char **argv)
{
    int entry_only = argc == 3 && strcmp(argv[1], "-entry") == 0;
    sqla_err err = { "" };
    sqla_driver driver;
    sqla_driver_entry_fn *entry = NULL;
    void *library = argc == 2 + entry_only ? dlopen(argv[1 + entry_only], RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = library != NULL ? dlsym(library, SQLA_DRIVER_ENTRY_NAME) : NULL;
    if (symbol == NULL) {
        fprintf(stderr, "host: %s\n", argc < 2 ? "usage: host [-entry] DRIVER.so" : dlerror());
        return 2;
    }
    memcpy(&entry, &symbol, sizeof entry);
    memset(&driver, 0, sizeof driver);
    driver.struct_size = sizeof driver;
    if (entry(&host, &driver, &err) != SQLA_OK)
        return failed("the driver refuses", &err);
    if (driver.struct_size > sizeof driver || driver.abi_major != SQLA_ABI_MAJOR || driver.min_host_minor > SQLA_ABI_MINOR)
        return failed("the description is wrong", &err);
    if (driver.ops->struct_size < offsetof(sqla_driver_ops, prepare) || driver.ops->exec == NULL || driver.traits == NULL)
        return failed("the tables are not whole", &err);
    return entry_only ? 0 : use(&driver, &err);
}
