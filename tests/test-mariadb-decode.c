/* test-mariadb-decode.c: what the MariaDB driver makes of the bytes of a row. */
#include <config.h>
#include "mariadb-driver.h"

static void open__takes_what_the_url_says(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn *conn = my_open(url);
    CU_ASSERT_EQUAL(my_run(conn, "SELECT 1", &err), SQLA_OK);
    my_driver()->ops->close(conn);
}

static const struct harness_test tests[] = {
    { "open takes what the URL says", open__takes_what_the_url_says, HARNESS_MARIADB },
};

int main(void) { return harness_main("test-mariadb-decode", tests, sizeof tests / sizeof tests[0]); }
