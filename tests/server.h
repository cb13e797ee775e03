/* server.h: a PostgreSQL server of a test program's own, which may be stopped, killed and started as it likes.
 *
 * It is made at first use and lives until the program ends, so that the tests of a program share one. See server.sh for what
 * it can be told. */
#ifndef TESTS_SERVER_H
#define TESTS_SERVER_H

#include <stdbool.h>

/* Tell it one line of server.sh's, and wait until that is done.  Returns: was it done? */
bool server_do(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The URL of its database, with one more piece in its query (NULL: none), which may not be there yet.
 * Ownership: returns borrowed, until the next call. */
const char *server_url(const char *piece);
/* The folder that `room` makes. */
const char *server_room(void);

#endif
