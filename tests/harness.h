/* harness.h: what every test program is made of: a table of functions, each run once on every database that it asks
 * for. CUnit counts and reports; the harness makes databases, names them to the tests and removes them.
 *
 * A test gets the URL of a database of its own, empty and fresh: an SQLite file in a folder of its own, or a database
 * on the server that SQLA_TEST_POSTGRES_URL or SQLA_TEST_MARIADB_URL names. HARNESS_PLAIN tests get NULL and run once.
 *
 * Where such a variable is not set, its database is left out, which the program's last line says and counts:
 *     test-session: 51 passed, 0 failed (sqlite, postgres, mariadb)
 *     test-session: 17 passed, 0 failed, 17 skipped (sqlite; no postgres: SQLA_TEST_POSTGRES_URL is not set)
 * SQLA_TEST_ONLY=text runs only the tests whose names have the text in them; SQLA_TEST_VERBOSE=1 names each test with
 * its time; a test that takes longer than SQLA_TEST_TIMEOUT seconds (180) ends the program. */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HARNESS_PLAIN = 1,
    HARNESS_SQLITE = 2,
    HARNESS_POSTGRES = 4,
    HARNESS_MARIADB = 8,
    HARNESS_SERVERS = HARNESS_POSTGRES | HARNESS_MARIADB,
    HARNESS_DATABASES = HARNESS_SQLITE | HARNESS_POSTGRES | HARNESS_MARIADB
};

struct harness_test {
    const char *name;
    void (*function)(const char *url);
    int on; /* HARNESS_... */
};

/* Run a table of tests.  name: of the program.
 * Returns: the exit status of the program: 0, or 1 when a test failed. */
int harness_main(const char *name, const struct harness_test *tests, size_t n);

/* ---- beside the library ------------------------------------------------------------------------------------------
 * The same database by its own client library, through a connection of its own: to prepare what the test needs, and
 * to look at what is there afterwards. Each fails the running test when the statement fails. */

bool harness_is_postgres(const char *url);
bool harness_is_mariadb(const char *url);
/* Run SQL without a result.  Returns: did it work? */
bool harness_sql(const char *url, const char *sql);
/* The first column of the first row, as text ("" for NULL and for no row).
 * Ownership: returns borrowed, until the next call. */
const char *harness_sql_text(const char *url, const char *sql);
/* The same as a number. */
int64_t harness_sql_int(const char *url, const char *sql);
/* A query of one row that runs for minutes, until it is cancelled. */
const char *harness_endless(const char *url);
/* What stands behind FROM for a table of one column n, with the integers from 1 to last.
 * Ownership: returns borrowed, until the next call. */
const char *harness_numbers(const char *url, int64_t last);
/* Run SQL on one connection that stays open, with its transaction and its locks, until harness_let_go or the test ends.
 * Returns: did it work? */
bool harness_hold(const char *url, const char *sql);
void harness_let_go(void);

/* The other clients of the database, as its server sees them. The connections of harness_sql and the like are not counted.
 * How many there are of which AND holds: "", or a further condition (" AND ..."). */
int64_t harness_others(const char *url, const char *and);
/* Wait until there are so many: what has just ended may still be there for a moment.  Returns: are there, within ten seconds? */
bool harness_await_others(const char *url, int64_t n);
/* End them, and wait until they are gone.  Returns: how many there were. */
int64_t harness_end_others(const char *url);

/* Was it as long as it should be? A machine that is busy with other things makes anything late now and then, so the first
 * two times that a test is late it goes on, and is run once more from its start, on a database of its own. Who is late
 * in all three has failed; too early is a failure at once.
 * took, least, most: milliseconds. */
bool harness_in_time(int64_t took, int64_t least, int64_t most);
/* Does valgrind run the program, or the emulator of another machine, which SQLA_TEST_EMULATOR names? Both are slow. Valgrind keeps
 * freed memory. With either, long doubles may have 64 bits, as SQLite's then do too. */
bool harness_is_emulated(void);
/* End a child of a test, which leaves to its parent what it was forked with; valgrind looks for what is lost at an exit, and not when
 * the process becomes another program. */
_Noreturn void harness_end_child(int status);

/* ---- places ------------------------------------------------------------------------------------------------------ */

/* A folder for files of the running test, removed with all that is in it when the test is over.
 * Ownership: returns borrowed, until the test ends. */
const char *harness_folder(void);
/* The path of the SQLite file behind url. NULL where it is not one. */
const char *harness_sqlite_path(const char *url);
/* Write the URL of another database on the same server, with a user and password of choice, by TCP: for wrong
 * passwords and the like. Empty when SQLA_TEST_POSTGRES_TCP_URL is not set; then the test has nothing to do. */
const char *harness_postgres_tcp(const char *user, const char *password, const char *database);
/* The same for MariaDB, with SQLA_TEST_MARIADB_TCP_URL. */
const char *harness_mariadb_tcp(const char *user, const char *password, const char *database);
/* The database of the test by TCP and TLS, where SQLA_TEST_TLS names its server; else empty.
 * Ownership: returns borrowed, until the test ends. */
const char *harness_by_tls(const char *url);

#endif
