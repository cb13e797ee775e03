/* run-sql.c: run-sql URL: run the statements of the standard input, for shell checks that need a database to look at.
 *
 * A statement ends at a line that holds a ';' and nothing else, so that it may hold anything itself. What fails is said on the
 * standard error stream, and ends the program. */
#include <config.h>
#include <sqla/sqla.h>

#include <stdio.h>
#include <string.h>

static bool run(sqla_engine *db, const char *sql)
{
    sqla_error err = SQLA_ERROR_INIT;
    if (sqla_execute(db, sql, NULL, &err) == SQLA_OK)
        return true;
    fprintf(stderr, "run-sql: %s\n%s\n", err.message, sql);
    return false;
}

static bool run_all(sqla_engine *db, FILE *in)
{
    char line[1024], sql[16 * 1024] = "";
    while (fgets(line, sizeof line, in) != NULL) {
        if (strcmp(line, ";\n") != 0) {
            if (strlen(sql) + strlen(line) >= sizeof sql)
                return false;
            strcat(sql, line);
            continue;
        }
        if (!run(db, sql))
            return false;
        sql[0] = '\0';
    }
    return sql[0] == '\0';
}

int main(int argc, char **argv)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = argc == 2 ? sqla_create_engine(argv[1], NULL, &err) : NULL;
    bool ok = db != NULL && run_all(db, stdin);
    if (db == NULL)
        fprintf(stderr, "run-sql: %s\n", argc == 2 ? err.message : "give one URL");
    sqla_engine_free(db);
    return ok ? 0 : 1;
}
