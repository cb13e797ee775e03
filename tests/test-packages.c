/* test-packages.c: the package example stores just what is in its file: what grep and awk count there is counted in the database,
 * beside the library. For the sample, and for this machine's own file where there is one. */
#include <config.h>
#include "harness.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The number that a shell command prints. */
static int64_t shell_int(const char *format, const char *path)
{
    char command[2048], line[64] = "";
    snprintf(command, sizeof command, format, path);
    FILE *out = popen(command, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    if (fgets(line, sizeof line, out) == NULL)
        line[0] = '\0';
    pclose(out);
    CU_ASSERT_NOT_EQUAL(line[0], '\0');
    return strtoll(line, NULL, 10);
}

/* A name in a list is behind the start, a comma or a bar; a list goes on in lines that begin with a space. */
#define COUNT_NAMES \
    "awk '/^(Pre-)?Depends:/ { on = 1; sub(/^[^:]*:/, \"\") } !/^[ \\t]/ { on = 0 } on { n += split($0, x, /[,|]/); sub(/[ \\t]+$/, \"\"); " \
    "if ($0 ~ /[,|]$/) n-- } END { print n + 0 }' '%s'"

static void compare(const char *url, const char *path)
{
    char command[2048];
    snprintf(command, sizeof command, "\"$BUILD/tests/examples/packages\" '%s' '%s' >/dev/null 2>&1", url, path);
    CU_ASSERT_EQUAL_FATAL(system(command), 0);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM packages"), shell_int("grep -c ^Package: '%s'", path));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM (SELECT DISTINCT name, architecture FROM packages) AS p"),
                    shell_int("grep -c ^Package: '%s'", path));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT sum(installed_size) FROM packages"),
                    shell_int("awk '/^Installed-Size:/ { n += $2 } END { print n + 0 }' '%s'", path));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM dependencies"), shell_int(COUNT_NAMES, path));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM sections"),
                    shell_int("sed -n 's/^Section: //p' '%s' | sort -u | wc -l", path));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM dependencies WHERE package_id NOT IN (SELECT id FROM packages)"), 0);
}

static void packages__are_all_there(const char *url)
{
    char sample[1024];
    CU_ASSERT_PTR_NOT_NULL_FATAL(getenv("SRC"));
    snprintf(sample, sizeof sample, "%s/tests/examples/packages.sample", getenv("SRC"));
    compare(url, sample);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM packages"), 9);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM dependencies"), 15);
    if (access("/var/lib/dpkg/status", R_OK) == 0)
        compare(url, "/var/lib/dpkg/status");
}

static const struct harness_test tests[] = {
    { "packages are all there", packages__are_all_there, HARNESS_DATABASES },
};

int main(void) { return harness_main("test-packages", tests, sizeof tests / sizeof tests[0]); }
