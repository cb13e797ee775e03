/* replay.c: every file of the corpora through its target. One test a target. */
#include <config.h>
#include "fuzz.h"

#include <CUnit/CUnit.h>
#include <dirent.h>

#include "harness.h"

enum { LARGEST = 1 << 20 };

static void run_file(const char *path, fuzz_target *run)
{
    static uint8_t room[LARGEST];
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t n = fread(room, 1, sizeof room, file);
    fclose(file);
    uint8_t *data = malloc(n + 1); /* of its very size */
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    memcpy(data, room, n);
    CU_ASSERT_EQUAL(run(data, n), 0);
    free(data);
}

static void replay(const char *name, fuzz_target *run)
{
    const char *source = getenv("SRC");
    char folder[1024], path[2048];
    int files = 0;
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", source != NULL ? source : SQLA_SOURCE, name);
    DIR *dir = opendir(folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        run_file(path, run);
        files++;
    }
    closedir(dir);
    CU_ASSERT(files >= 5);
    run((const uint8_t *)"", 0);
}

static void replay_url(const char *url) { (void)url; replay("url", fuzz_url); }
static void replay_rawsql(const char *url) { (void)url; replay("rawsql", fuzz_rawsql); }
static void replay_elf(const char *url) { (void)url; replay("elf", fuzz_elf); }
#ifdef WITH_SQLITE
static void replay_quote(const char *url) { (void)url; replay("quote", fuzz_quote); }
static void replay_sqlite_values(const char *url) { (void)url; replay("sqlite-values", fuzz_sqlite_values); }
static void replay_sqlite_texts(const char *url) { (void)url; replay("sqlite-texts", fuzz_sqlite_texts); }
#endif
#ifdef WITH_POSTGRES
static void replay_postgres_results(const char *url) { (void)url; replay("postgres-results", fuzz_postgres_results); }
static void replay_postgres_params(const char *url) { (void)url; replay("postgres-params", fuzz_postgres_params); }
static void replay_postgres_texts(const char *url) { (void)url; replay("postgres-texts", fuzz_postgres_texts); }
static void replay_postgres_talk(const char *url)
{
    (void)url;
    replay("postgres-talk", fuzz_postgres_talk);
}
#endif
#ifdef WITH_MARIADB
static void replay_mariadb_talk(const char *url)
{
    (void)url;
    replay("mariadb-talk", fuzz_mariadb_talk);
}
#endif

static const struct harness_test tests[] = {
    { "url", replay_url, HARNESS_PLAIN },
    { "rawsql", replay_rawsql, HARNESS_PLAIN },
    { "elf", replay_elf, HARNESS_PLAIN },
#ifdef WITH_SQLITE
    { "quote", replay_quote, HARNESS_PLAIN },
    { "sqlite-values", replay_sqlite_values, HARNESS_PLAIN },
    { "sqlite-texts", replay_sqlite_texts, HARNESS_PLAIN },
#endif
#ifdef WITH_POSTGRES
    { "postgres-results", replay_postgres_results, HARNESS_PLAIN },
    { "postgres-params", replay_postgres_params, HARNESS_PLAIN },
    { "postgres-texts", replay_postgres_texts, HARNESS_PLAIN },
    { "postgres-talk", replay_postgres_talk, HARNESS_PLAIN },
#endif
#ifdef WITH_MARIADB
    { "mariadb-talk", replay_mariadb_talk, HARNESS_PLAIN },
#endif
};

int main(void) { return harness_main("replay", tests, sizeof tests / sizeof tests[0]); }
