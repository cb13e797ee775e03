/* conformance.c: checks a driver against the driver ABI.
 *
 * conformance DRIVER.so [key=value ...]: loads the file as the library does, connects with the parameters, and runs every
 * check that its traits and features call for. Tables that begin with "conf_" are made and dropped. The exit status is 0
 * when all checks pass. */
#include <config.h>
#include "kit.h"

#include <stdio.h>

static int run_all(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    kit_add_driver_suite();
    kit_add_type_suite();
    kit_add_row_suite();
    kit_add_batch_suite();
    kit_add_error_suite();
    kit_add_transaction_suite();
    kit_add_session_suite();
    kit_add_reflect_suite();
    return kit_run_all("conformance");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: conformance DRIVER.so [key=value ...]\n");
        return 2;
    }
    return kit_load(argv[1], argc - 2, argv + 2) ? run_all() : 1;
}
