/* drivers.c: the drivers, linked with the targets; their entries have names of their own for that (see Makefile.am). */
#include <config.h>
#include "fuzz.h"

#include "engine/plugin.h"

static const sqla_driver *enter(sqla_driver_entry_fn *entry, sqla_driver *driver)
{
    sqla_error err = SQLA_ERROR_INIT;
    if (driver->ops == NULL) {
        driver->struct_size = sizeof *driver;
        must(entry(&sqla__host, driver, fuzz_err(&err)) == SQLA_OK);
    }
    return driver;
}

#ifdef WITH_SQLITE
sqla_driver_entry_fn sqlite_driver_entry;
const sqla_driver *fuzz_sqlite(void)
{
    static sqla_driver driver;
    return enter(sqlite_driver_entry, &driver);
}
#endif

#ifdef WITH_POSTGRES
sqla_driver_entry_fn postgres_driver_entry;
const sqla_driver *fuzz_postgres(void)
{
    static sqla_driver driver;
    return enter(postgres_driver_entry, &driver);
}
#endif

#ifdef WITH_MARIADB
sqla_driver_entry_fn mariadb_driver_entry;
const sqla_driver *fuzz_mariadb(void)
{
    static sqla_driver driver;
    return enter(mariadb_driver_entry, &driver);
}
#endif
