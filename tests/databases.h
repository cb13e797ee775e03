/* databases.h: the fresh databases that the harness gives to tests. Private to the harness. */
#ifndef TESTS_DATABASES_H
#define TESTS_DATABASES_H

#include <stdbool.h>

/* Can tests run on this database (a HARNESS_... bit) here? */
bool databases_have(int bit);
/* Why it is missing, for people. */
const char *databases_missing(int bit);
/* Make a fresh database.  Returns: its URL, valid until databases_drop; NULL when it failed, which has been printed, or
 * for HARNESS_PLAIN. */
const char *databases_make(int bit);
/* Remove what databases_make and harness_folder made. */
void databases_drop(void);

#endif
