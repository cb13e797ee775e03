/* quote.c: any bytes as a name. It is refused for a reason, or both databases read back the very same bytes: SQLite is asked
 * itself, and for PostgreSQL its rules for names (its manual, "Lexical Structure") are followed here. */
#include <config.h>
#include "fuzz.h"

#include "base/text.h"
#include "sql/compile.h"

#include <sqlite3.h>

/* As PostgreSQL's scanner takes a name: in double quotes with each inner one doubled, else a word, which is folded to lower
 * case. Text behind the name is none of it.  Returns: its length in SQL; 0: it is no name. */
static size_t read_postgres(const char *sql, char *room)
{
    const char *at = sql;
    if (*at != '"') {
        while ((*at >= 'a' && *at <= 'z') || *at == '_' || (unsigned char)*at >= 0x80 || (at > sql && ((*at >= '0' && *at <= '9') || *at == '$')))
            *room++ = *at++;
        *room = '\0';
        return (size_t)(at - sql);
    }
    for (at++; *at != '\0'; at++) {
        if (*at == '"' && at[1] != '"')
            break;
        at += *at == '"';
        *room++ = *at;
    }
    *room = '\0';
    return *at == '"' ? (size_t)(at + 1 - sql) : 0;
}

static void check_postgres(const char *quoted, const char *name)
{
    char *room = malloc(strlen(quoted) + 1);
    must(room != NULL);
    must(read_postgres(quoted, room) == strlen(quoted) && strcmp(room, name) == 0);
    must(strlen(name) <= 63); /* it keeps no more */
    free(room);
}

/* The name of a table and of a column, in one statement that stays one. */
static void check_sqlite(const char *quoted, const char *name)
{
    static sqlite3 *db;
    sqlite3_stmt *stmt = NULL;
    const char *tail = NULL;
    must(db != NULL || sqlite3_open(":memory:", &db) == SQLITE_OK);
    char *sql = sqlite3_mprintf("WITH %s(%s) AS (SELECT 7) SELECT %s FROM %s", quoted, quoted, quoted, quoted);
    must(sql != NULL && sqlite3_prepare_v2(db, sql, -1, &stmt, &tail) == SQLITE_OK && *tail == '\0');
    must(strcmp(sqlite3_column_name(stmt, 0), name) == 0);
    must(sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 7);
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
}

static const sqla_traits *traits_of(unsigned kind)
{
#ifdef WITH_POSTGRES
    if (kind % 2 == 1)
        return fuzz_postgres()->traits;
#endif
    (void)kind;
    return fuzz_sqlite()->traits;
}

int fuzz_quote(const uint8_t *data, size_t size)
{
    fuzz_in in = { data, size };
    sqla_error err = SQLA_ERROR_INIT;
    sqla__buf buf = { 0 };
    size_t n;
    const sqla_traits *traits = traits_of(fuzz_byte(&in));
    char *name = fuzz_copy(&in, in.left, &n);
    n = strlen(name);
    bool fits = n > 0 && sqla__utf8_valid(name, n) && (traits->max_identifier == 0 || n <= traits->max_identifier);
    must((sqla__quote_name(&buf, name, traits, &err) == SQLA_OK) == fits);
    must(fits || (err.status == SQLA_ERR_SQL && err.message[0] != '\0'));
    if (fits && traits == fuzz_sqlite()->traits)
        check_sqlite(sqla__buf_text(&buf), name);
    else if (fits)
        check_postgres(sqla__buf_text(&buf), name);
    sqla__buf_release(&buf);
    free(name);
    return 0;
}
