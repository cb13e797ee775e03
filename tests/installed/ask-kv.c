/* ask-kv.c: a program against the installed library, which uses the template's driver by its URL. What is kept is there for every
 * connection of the engine and for no other engine; what the driver does not have is refused as such. */
#include <sqla/sqla.h>
#include <stdio.h>
#include <string.h>

typedef struct Word { int64_t id; } Word;
SQLA_DECLARE(Word);
SQLA_MODEL(Word, "words", SQLA_COLUMN(id, .primary_key = true));

static int failures;

static void check(int ok, const char *what, const sqla_error *err)
{
    if (!ok)
        printf("%s: not so (%s)\n", what, err->message);
    failures += !ok;
}

static const char *get(sqla_stmt *q, const char *key, sqla_error *err)
{
    sqla_bind(q, "key", key);
    return sqla_scalar_text(q, err);
}

static void keeps(sqla_engine *db, sqla_error *err)
{
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(db, "GET :key"));
    sqla_execute(db, "PUT :key, :value", sqla_params("key", "colour", "value", "green"), err);
    sqla_execute(db, "put :key, :value", sqla_params("key", "fruit", "value", "pear"), err);
    sqla_execute(db, "PUT :key, :value", sqla_params("key", "colour", "value", "blue"), err);
    const char *v = get(q, "colour", err);
    check(v != NULL && strcmp(v, "blue") == 0, "the last value that was put is got", err);
    check(err->status == SQLA_OK, "nothing failed", err);
    check(get(q, "shape", err) == NULL && err->status == SQLA_ERR_NOT_FOUND, "a key that is not there has no row", err);
    sqla_error_clear(err);
    sqla_stmt_free(q);
}

static void lists(sqla_engine *db, sqla_error *err)
{
    char seen[64] = "";
    sqla_stmt *q = sqla_sql(db, "KEYS");
    SQLA_EACH_ROW(row, q, err)
        strcat(strcat(seen, sqla_row_text(row, "key", err)), " ");
    check(strcmp(seen, "colour fruit ") == 0, "keys come in order", err);
    sqla_stmt_free(q);
}

static void refuses(sqla_engine *db)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_execute(db, "GET colour", NULL, &err);
    check(err.status == SQLA_ERR_SQL && err.position == 5 && strstr(err.hint, "GET ?") != NULL, "a wrong statement has its place and a hint", &err);
    sqla_error_clear(&err);
    sqla_execute(db, "PUT :key, :value", sqla_params("key", "a", "value", (const char *)NULL), &err);
    check(err.status == SQLA_ERR_NOT_NULL && strcmp(err.column, "value") == 0, "a value is not NULL", &err);
    sqla_error_clear(&err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_conn_begin(conn, &err);
    check(err.status == SQLA_ERR_UNSUPPORTED, "there are no transactions", &err);
    sqla_conn_close(conn);
    sqla_error_clear(&err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Word), &err);
    sqla_metadata_create_all(base, db, &err);
    check(err.status == SQLA_ERR_UNSUPPORTED, "there are no tables", &err);
    sqla_metadata_free(base);
}

int main(void)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine("kv://", NULL, &err), *other = sqla_create_engine("kv://", NULL, &err);
    keeps(db, &err);
    lists(db, &err);
    check(err.status == SQLA_OK, "nothing failed", &err);
    refuses(db);
    sqla_stmt *q = sqla_stmt_keep(sqla_sql(other, "GET :key"));
    check(get(q, "colour", &err) == NULL && err.status == SQLA_ERR_NOT_FOUND, "another engine has another table", &err);
    sqla_stmt_free(q);
    sqla_engine_free(other);
    sqla_engine_free(db);
    return failures != 0;
}
