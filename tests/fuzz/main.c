/* main.c: the target that SQLA_FUZZ_TARGET names, for libFuzzer. */
#include <config.h>
#include "fuzz.h"

static const struct { const char *name; fuzz_target *run;
} targets[] = {
    { "url", fuzz_url },
    { "rawsql", fuzz_rawsql },
    { "elf", fuzz_elf },
#ifdef WITH_SQLITE
    { "quote", fuzz_quote },
    { "sqlite-values", fuzz_sqlite_values },
    { "sqlite-texts", fuzz_sqlite_texts },
#endif
#ifdef WITH_POSTGRES
    { "postgres-results", fuzz_postgres_results },
    { "postgres-params", fuzz_postgres_params },
    { "postgres-texts", fuzz_postgres_texts },
    { "postgres-talk", fuzz_postgres_talk },
#endif
#ifdef WITH_MARIADB
    { "mariadb-talk", fuzz_mariadb_talk },
#endif
};

static fuzz_target *chosen;

/* libFuzzer's own names. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("SQLA_FUZZ_TARGET");
    (void)argc, (void)argv;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0] && name != NULL; i++) {
        if (strcmp(targets[i].name, name) == 0)
            chosen = targets[i].run;
    }
    if (chosen != NULL)
        return 0;
    fprintf(stderr, "SQLA_FUZZ_TARGET names no target\n");
    exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return chosen(data, size);
}
