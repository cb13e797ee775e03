/* ask-echo.c: a program against the installed library, which uses the third party's driver beside it. */
#include <sqla/sqla.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine("echo://", NULL, &err);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(db, "is anybody there"));
    const char *answer = sqla_scalar_text(q, &err);
    int ok = answer != NULL && strcmp(answer, "is anybody there") == 0 && strcmp(sqla_engine_dialect(db), "Echo") == 0;
    if (!ok)
        printf("%s (%s)\n", err.message, answer != NULL ? answer : "no answer");
    sqla_stmt_free(q);
    sqla_engine_free(db);
    return ok ? 0 : 1;
}
