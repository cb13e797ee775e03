/* test-syntax.c: the text of statements as each database reads it: what is a text, a name, a comment, and so
 * where a :name is one. And LIKE, which means the same on all of them. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { SQLITE = 1, POSTGRES = 2, MARIADB = 4, ALL = 7 };

static int database_of(const char *url)
{
    return harness_is_postgres(url) ? POSTGRES : harness_is_mariadb(url) ? MARIADB : SQLITE;
}

/* ---- parameters -------------------------------------------------------------------------------------- */

/* A statement with one parameter, :x, which is 7, and the text that it gives. What only looks like :x would
 * have no value of its own, or the server would miss one. */
static const struct {
    int where;
    const char *sql, *gives;
} statements[] = {
    { ALL, "SELECT ':x' || 'a''b:x' || :x", ":xa'b:x7" },
    { ALL, "SELECT :x -- :y it's\n", "7" },
    { ALL, "SELECT /* :y ' */ :x", "7" },
    { ALL, "SELECT 'a\\' || :x", "a\\7" }, /* a backslash is one, everywhere */
    { ALL, "SELECT '\\' || ':x' || :x || '\\'", "\\:x7\\" },
    { SQLITE | MARIADB, "SELECT `:y` || :x FROM (SELECT 'a' AS `:y`) AS t", "a7" },
    { SQLITE | POSTGRES, "SELECT \":y\" || :x FROM (SELECT 'a' AS \":y\") AS t", "a7" },
    { MARIADB, "SELECT \"it's :y \\\" || :x", "it's :y \\7" }, /* these are texts there */
    { SQLITE, "SELECT [it's :y] || :x FROM (SELECT 'a' AS [it's :y]) AS t", "a7" },
    { POSTGRES, "SELECT (ARRAY['a', 'b'])[:x - 6]", "a" },
    { POSTGRES, "SELECT E'it\\'s :y' || :x", "it's :y7" },
    { POSTGRES, "SELECT E'a' -- and\n 'it\\'s :y' || :x",
        "ait's :y7" }, /* the second part has backslashes as well */
    { POSTGRES, "SELECT 'a'\n'b\\' || :x", "ab\\7" },
    { POSTGRES, "SELECT $$:y'$$ || $t$:y$$:y$t$ || :x", ":y':y$$:y7" },
    { POSTGRES, "SELECT /* a /* :y */ :y */ :x", "7" },
    { SQLITE | MARIADB, "SELECT /* a /* b */ :x", "7" },
    { POSTGRES, "SELECT (5 # 3)::text || :x", "67" }, /* an operator, and no comment */
    { MARIADB, "SELECT :x # :y it's\n", "7" },
    { MARIADB, "SELECT 10--:x", "17" }, /* ten minus minus seven */
    { MARIADB, "SELECT 10--:x --\t:y\n", "17" },
    { SQLITE | POSTGRES, "SELECT 10 --:y\n - :x", "3" },
    { MARIADB, "SELECT /*! :x + */ 1", "8" }, /* a comment that is read */
    { MARIADB, "SELECT /*M! :x + */ 1 /* :y */", "8" },
    { MARIADB, "SELECT @a := :x", "7" },
    { POSTGRES, "SELECT CAST(:x AS integer)::text", "7" },
    { MARIADB, "SELECT `a$` || $b || :x FROM (SELECT 'a' AS `a$`, 'b' AS $b) AS t", "ab7" },
    { SQLITE, "SELECT a$ || :x FROM (SELECT 'a' AS a$) AS t", "a7" },
};

static void parameters__are_where_the_database_has_them(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    for (size_t i = 0; i < COUNT(statements); i++) {
        if ((statements[i].where & database_of(url)) == 0)
            continue;
        sqla_stmt *q = sqla_stmt_keep(sqla_sql(db, statements[i].sql));
        sqla_bind(q, "x", 7);
        const char *text = sqla_scalar_text(q, &err);
        bool ok = !sqla_failed(&err) && text != NULL && strcmp(text, statements[i].gives) == 0;
        if (!ok)
            fprintf(stderr, "%s: '%s', not '%s'; %s\n", statements[i].sql, text != NULL ? text : "",
                statements[i].gives, err.message);
        CU_ASSERT(ok);
        sqla_stmt_free(q);
        sqla_error_clear(&err);
    }
    sqla_engine_free(db);
}

/* Parameters that the database knows by other signs would get no value: no error there, but a NULL. */
static void parameters__of_the_databases_own_are_refused(const char *url)
{
    static const struct {
        int where;
        const char *sql;
    } own[] = {
        { SQLITE, "SELECT $x" },
        { SQLITE, "SELECT @x" },
        { SQLITE, "SELECT #x" },
        { SQLITE, "SELECT ?1" },
        { SQLITE | MARIADB, "SELECT ?" },
        { SQLITE | MARIADB, "SELECT ?, :x" },
        { POSTGRES, "SELECT $1, :x" },
    };
    sqla_engine *db = sqla_create_engine(url, NULL, NULL);
    for (size_t i = 0; i < COUNT(own); i++) {
        sqla_error err = SQLA_ERROR_INIT;
        if ((own[i].where & database_of(url)) == 0)
            continue;
        bool named = strstr(own[i].sql, ":x") != NULL;
        CU_ASSERT_EQUAL(
            sqla_execute(db, own[i].sql, named ? sqla_params("x", 1) : NULL, &err), SQLA_ERR_MISUSE);
        CU_ASSERT(says(&err, "placeholders"));
    }
    sqla_engine_free(db);
}

/* A failure names the statement by its first words, and no text of it, in whatever quotes the database has. */
static void failures__quote_no_texts(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    const char *sql = database_of(url) == MARIADB ? "SELECT no_such_column, \"sesame\"" : "SELECT no_such_column, 'sesame'";
    CU_ASSERT_EQUAL(sqla_execute(db, sql, NULL, &err), SQLA_ERR_SQL);
    CU_ASSERT(says(&err, "SELECT no_such_column") && strstr(err.message, "sesame") == NULL);
    sqla_engine_free(db);
}

/* ---- LIKE -------------------------------------------------------------------------------------------- */

typedef struct Note {
    int32_t id;
    const char *text, *other, *loose;
} Note;
SQLA_DECLARE(Note);
SQLA_MODEL(Note, "notes", SQLA_COLUMN(id, .primary_key = true, .natural = true), SQLA_COLUMN(text),
    SQLA_COLUMN(other), SQLA_COLUMN(loose, .loose = true));

typedef struct shelf {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_conn *conn;
} shelf;

static const char *loose_column(const char *url)
{
    switch (database_of(url)) {
    case POSTGRES:
        return "char(12)";
    case MARIADB:
        return "varchar(40) COLLATE utf8mb4_general_ci";
    default:
        return "text COLLATE NOCASE";
    }
}

static void shelf_open(shelf *x, const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    char sql[300];
    *x = (shelf){ sqla_create_engine(url, NULL, &err), NULL, NULL };
    x->conn = sqla_connect(x->db, &err);
    const char *binary = database_of(url) == MARIADB ? "varchar(80) COLLATE utf8mb4_bin" : "text";
    snprintf(sql, sizeof sql,
        "CREATE TABLE notes (id integer NOT NULL PRIMARY KEY, text %s, other %s, loose %s)", binary, binary,
        loose_column(url));
    sqla_execute(x->conn, sql, NULL, &err);
    CU_ASSERT_FATAL(is(&err, SQLA_OK));
}

static void shelf_close(shelf *x)
{
    sqla_conn_close(x->conn);
    sqla_engine_free(x->db);
}

static void put_note(shelf *x, int id, const char *text, const char *other)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_execute(x->conn, "INSERT INTO notes (id, text, other, loose) VALUES (:id, :t, :o, :l)",
        sqla_params("id", id, "t", text, "o", other, "l", text), &err);
    CU_ASSERT_FATAL(is(&err, SQLA_OK));
}

/* The ids of what is found, with blanks between. */
static const char *found(sqla_stmt *q)
{
    static char text[100];
    sqla_error err = SQLA_ERROR_INIT;
    size_t n = 0;
    text[0] = '\0';
    sqla_order_by(q, sqla_col(Note, id));
    SQLA_EACH_ROW (row, q, &err)
        n += (size_t)snprintf(
            text + n, sizeof text - n, "%s%d", n > 0 ? " " : "", (int)sqla_row_i64_at(row, 0, &err));
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_stmt_free(q);
    return text;
}

#define FIND(x, condition) found(sqla_where(sqla_select_cols((x)->conn, sqla_col(Note, id)), condition))

static void like__means_the_same_everywhere(const char *url)
{
    static const struct {
        const char *pattern, *like, *ilike;
    } patterns[] = {
        { "Apple", "1", "1 2" },
        { "a%", "2 5", "1 2 5" },
        { "A%", "1", "1 2 5" },
        { "%e", "1 2", "1 2" },
        { "_pple", "1 2", "1 2" },
        { "100\\%", "3", "3" },
        { "100%", "3 4", "3 4" },
        { "a\\_b", "5", "5" },
        { "_\\__", "5", "5" },
        { "c:\\\\d", "6", "6" },
        { "%", "1 2 3 4 5 6 7 8 9", "1 2 3 4 5 6 7 8 9" },
        { "", "9", "9" },
        { "\xc3\x84_", "7", NULL },
        { "%[x]*?%", "8", "8" },
        { "_x*_", "", "" },
        { "%%%pp%%le%", "1 2", "1 2" },
    };
    static const char *const texts[] = { "Apple", "apple", "100%", "1000", "a_b", "c:\\d", "\xc3\x84\xc3\xb6",
        "([x]*?)", "" };
    shelf x;
    shelf_open(&x, url);
    for (size_t i = 0; i < COUNT(texts); i++)
        put_note(&x, (int)i + 1, texts[i], "");
    for (size_t i = 0; i < COUNT(patterns); i++) {
        CU_ASSERT_STRING_EQUAL(
            FIND(&x, sqla_like(sqla_col(Note, text), patterns[i].pattern)), patterns[i].like);
        if (patterns[i].ilike != NULL)
            CU_ASSERT_STRING_EQUAL(
                FIND(&x, sqla_ilike(sqla_col(Note, text), patterns[i].pattern)), patterns[i].ilike);
    }
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_not(sqla_like(sqla_col(Note, text), "%p%"))), "3 4 5 6 7 8 9");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_like(sqla_col(Note, text), (const char *)NULL)), "");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_like(sqla_col(Note, text), sqla_col(Note, text))),
        "1 2 3 4 5 7 8 9"); /* but c:\d is no pattern of itself */
    shelf_close(&x);
}

/* What the manual says of case beyond ASCII: by Unicode, except where the database was told to know ASCII
 * alone. */
static void ilike__knows_case_as_the_manual_says(const char *url)
{
    shelf x;
    shelf_open(&x, url);
    put_note(&x, 1,
        "GR\xc3\x9c\xc3\x9f"
        "E \xd0\x96\xce\xa9\xc5\xa0\xc5\xb8",
        "");
    bool ascii = database_of(url) == POSTGRES; /* a database in the locale C */
    const char *pattern = "gr\xc3\xbc\xc3\x9f"
                          "e \xd0\xb6\xcf\x89\xc5\xa1\xc3\xbf";
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_ilike(sqla_col(Note, text), pattern)), ascii ? "" : "1");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_ilike(sqla_col(Note, text), "gr\xc3\x9c%")), "1");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_ilike(sqla_col(Note, text), "gru%")), ""); /* an accent is no case */
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_like(sqla_col(Note, text), "gr\xc3\x9c%")), "");
    shelf_close(&x);
}

/* Whatever the column's own collation leaves out of account. */
static void like__counts_case_in_loose_columns(const char *url)
{
    shelf x;
    shelf_open(&x, url);
    put_note(&x, 1, "Apple", "");
    put_note(&x, 2, "apple", "");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_like(sqla_col(Note, loose), "app%")), "2");
    CU_ASSERT_STRING_EQUAL(
        FIND(&x, sqla_like(sqla_col(Note, loose), "Apple")), "1"); /* without the blanks of a char(12) */
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_ilike(sqla_col(Note, loose), "APP%")), "1 2");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_startswith(sqla_col(Note, loose), "App")), "1");
    shelf_close(&x);
}

static void contains__takes_the_text_as_it_is(const char *url)
{
    static const char *const texts[] = { "50% of it", "50 of it", "a_b", "axb", "c:\\d", "c:d", "it is 50%",
        "'--/*\"" };
    shelf x;
    shelf_open(&x, url);
    for (size_t i = 0; i < COUNT(texts); i++)
        put_note(&x, (int)i + 1, texts[i],
            i == 0   ? "0%"
            : i == 2 ? "_"
            : i == 3 ? "_"
            : i == 4 ? "\\"
                     : "50%");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_contains(sqla_col(Note, text), "50%")), "1 7");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_startswith(sqla_col(Note, text), "50%")), "1");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_endswith(sqla_col(Note, text), "50%")), "7");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_contains(sqla_col(Note, text), "_")), "3");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_contains(sqla_col(Note, text), "\\")), "5");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_contains(sqla_col(Note, text), "OF")), "");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_contains(sqla_col(Note, text), "'--/*")), "8");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_contains(sqla_col(Note, text), "")), "1 2 3 4 5 6 7 8");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_contains(sqla_col(Note, text), (const char *)NULL)), "");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_not(sqla_contains(sqla_col(Note, text), "50"))), "3 4 5 6 8");
    CU_ASSERT_STRING_EQUAL(FIND(&x, sqla_contains(sqla_col(Note, text), sqla_col(Note, other))),
        "1 3 5 7"); /* escaped by the database */
    sqla_stmt *q = sqla_where(
        sqla_select_cols(x.conn, sqla_col(Note, id)), sqla_endswith(sqla_col(Note, text), sqla_param("end")));
    CU_ASSERT_STRING_EQUAL(found(sqla_bind(q, "end", "0%")), "7");
    shelf_close(&x);
}

static void contains__wants_a_text(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    shelf x;
    shelf_open(&x, url);
    sqla_stmt *q = sqla_where(
        sqla_select_cols(x.conn, sqla_col(Note, id)), sqla_contains(sqla_col(Note, text), sqla_param("n")));
    CU_ASSERT_EQUAL(sqla_scalar_i64(sqla_bind(q, "n", 7), &err), 0);
    CU_ASSERT(is(&err, SQLA_ERR_MISUSE) && says(&err, "no text"));
    sqla_stmt_free(q);
    shelf_close(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "parameters are where the database has them", parameters__are_where_the_database_has_them,
            HARNESS_DATABASES },
        { "parameters of the database's own are refused", parameters__of_the_databases_own_are_refused,
            HARNESS_DATABASES },
        { "failures quote no texts", failures__quote_no_texts, HARNESS_DATABASES },
        { "like means the same everywhere", like__means_the_same_everywhere, HARNESS_DATABASES },
        { "ilike knows case as the manual says", ilike__knows_case_as_the_manual_says, HARNESS_DATABASES },
        { "like counts case in loose columns", like__counts_case_in_loose_columns, HARNESS_DATABASES },
        { "contains takes the text as it is", contains__takes_the_text_as_it_is, HARNESS_DATABASES },
        { "contains wants a text", contains__wants_a_text, HARNESS_DATABASES },
    };
    return harness_main("test-syntax", tests, COUNT(tests));
}
