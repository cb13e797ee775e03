/* mariadb.h: databases of tests on the MariaDB server that SQLA_TEST_MARIADB_URL names, through libmariadb itself. Private to the harness. */
#ifndef TESTS_MARIADB_H
#define TESTS_MARIADB_H

#include <stdbool.h>
#include <stddef.h>

/* The server's URL; NULL: there is none, or the tests were built without libmariadb. */
const char *mariadb_server(void);
/* Run statements; the first cell of the last that has one goes to ret. ret may be NULL. */
bool mariadb_run(const char *url, const char *sql, char *ret, size_t size);
/* The server's number of the connection that ran the last of them, which it may still know for a moment. */
unsigned long mariadb_last_id(void);
/* The same on one connection that stays open. */
bool mariadb_hold(const char *url, const char *sql);
void mariadb_let_go(void);

#endif
