/* test-sizes.c: bytes that are more than a database takes at once: blocks are cut, and one row that is too
 * large is refused by name. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>

#include "expect.h"

typedef struct Piece { int64_t id; const char *title; sqla_blob body; } Piece;
SQLA_DECLARE(Piece);
SQLA_MODEL(Piece, "pieces", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(title), SQLA_COLUMN(body));

typedef struct place {
    const char *url;
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_session *s;
    sqla_error err;
} place;

enum { PACKET = 1024 * 1024 };

/* MariaDB takes 1 MB at once in these tests, from a connection that is made now. */
static void set_up(place *x, const char *url)
{
    *x = (place){ .url = url, .err = SQLA_ERROR_INIT };
    if (harness_is_mariadb(url))
        harness_sql(url, "SET GLOBAL max_allowed_packet = 1048576");
    x->db = sqla_create_engine(url, NULL, &x->err);
    x->base = sqla_metadata_new(&x->err);
    sqla_metadata_add(x->base, SQLA_MODELS(Piece), &x->err);
    sqla_metadata_create_all(x->base, x->db, &x->err);
    x->maker = sqla_sessionmaker_new(x->db, x->base, NULL, &x->err);
    x->s = sqla_open(x->maker, &x->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->s);
    sqla_get(x->s, Piece, 1, &x->err); /* the connection is there now */
    if (harness_is_mariadb(url))
        harness_sql(url, "SET GLOBAL max_allowed_packet = 67108864");
    CU_ASSERT(is(&x->err, SQLA_OK));
}

static void tear_down(place *x)
{
    sqla_close(x->s);
    sqla_sessionmaker_free(x->maker);
    sqla_metadata_free(x->base);
    sqla_engine_free(x->db);
}

/* n objects whose bodies have so many bytes, in one flush. */
static Piece **add(place *x, size_t n, size_t size)
{
    Piece **list = calloc(n, sizeof *list);
    char *body = malloc(size), title[32];
    CU_ASSERT_FATAL(list != NULL && body != NULL);
    for (size_t i = 0; i < n; i++) {
        memset(body, 'a' + (int)(i % 26), size);
        snprintf(title, sizeof title, "piece %zu", i);
        list[i] = sqla_add(x->s, Piece, .title = title, .body = { body, size });
    }
    free(body);
    return list;
}

static const char *length_of(place *x)
{
    return harness_is_postgres(x->url) || harness_is_mariadb(x->url) ? "octet_length" : "length";
}

static bool are_there(place *x, int64_t n, int64_t size)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pieces WHERE %s(body) = %d", length_of(x), (int)size);
    return harness_sql_int(x->url, sql) == n;
}

/* The connection of the session, without it. */
static sqla_conn *take_conn(place *x)
{
    sqla_close(x->s);
    x->s = NULL;
    sqla_conn *conn = sqla_connect(x->db, &x->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
    return conn;
}

/* ---- blocks -------------------------------------------------------------------------------------------- */

/* 400 rows of 170 kB, which is 68 MB: more than a packet of MariaDB's at its default, and than a piece of
 * PostgreSQL's. */
static void blocks__are_cut_by_bytes(const char *url)
{
    place x;
    set_up(&x, url);
    size_t size = 170000, n = 400;
    Piece **list = add(&x, n, size);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT(are_there(&x, (int64_t)n, (int64_t)size));
    for (size_t i = 0; i < n; i += 57) { /* keys are at the right objects */
        char sql[100], title[32];
        snprintf(sql, sizeof sql, "SELECT title FROM pieces WHERE id = %d", (int)list[i]->id);
        snprintf(title, sizeof title, "piece %zu", i);
        CU_ASSERT_STRING_EQUAL(harness_sql_text(url, sql), title);
    }
    for (size_t i = 0; i < n; i++)
        list[i]->body = (sqla_blob){ "small", 5 };
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(are_there(&x, (int64_t)n, 5));
    free(list);
    tear_down(&x);
}

/* Sizes around the limit, with blocks of few rows and of one. */
static void blocks__around_the_limit(const char *url)
{
    static const size_t sizes[] = { PACKET / 100 - 20, PACKET / 100 + 20, PACKET / 20, PACKET / 2,
        PACKET - 300 };
    place x;
    set_up(&x, url);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = i < 3 ? 320 : 7;
        free(add(&x, n, sizes[i]));
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK) && are_there(&x, (int64_t)n, (int64_t)sizes[i]));
    }
    tear_down(&x);
}

/* A row of a block that was cut is found, as one of a whole block is. */
static void blocks__that_are_cut_name_their_row(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_rollback(x.s, &x.err);
    harness_sql(url, harness_is_mariadb(url) ? "CREATE UNIQUE INDEX only_one ON pieces (title(40))" :
                "CREATE UNIQUE INDEX only_one ON pieces (title)");
    Piece **list = add(&x, 400, 170000);
    list[399]->title = "piece 77";
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_UNIQUE);
    CU_ASSERT_EQUAL(x.err.row, 400);
    sqla_error_clear(&x.err);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM pieces"), 0);
    CU_ASSERT(is(&x.err, SQLA_OK));
    free(list);
    tear_down(&x);
}

/* ---- one row ------------------------------------------------------------------------------------------- */

/* More bytes than any of the databases takes in these tests. Nobody writes to them, so they cost no
 * memory. */
static size_t too_many(const char *url)
{
    return harness_is_mariadb(url) ? PACKET + 1 : (size_t)1100 * 1024 * 1024;
}

static bool names_all(const place *x)
{
    return is(&x->err, SQLA_ERR_RESOURCE) && strcmp(x->err.column, "body") == 0 &&
           strcmp(x->err.sqlstate, "54000") == 0 && x->err.hint[0] != '\0' &&
           says(&x->err, harness_is_mariadb(x->url)    ? "max_allowed_packet"
                         : harness_is_postgres(x->url) ? "1 GB"
                                                       : "SQLITE_LIMIT_LENGTH") &&
           (!harness_is_mariadb(x->url) || says(&x->err, "raise max_allowed_packet"));
}

static void rows__that_are_too_large_are_refused(const char *url)
{
    static const char insert[] = "INSERT INTO pieces (title, body) VALUES (:title, :body)";
    place x;
    set_up(&x, url);
    sqla_conn *conn = take_conn(&x);
    sqla_conn_begin(conn, &x.err);
    sqla_blob large = { calloc(1, too_many(url)), too_many(url) };
    CU_ASSERT_PTR_NOT_NULL_FATAL(large.data);
    for (int again = 0; again < 2; again++) {
        sqla_execute(conn, insert, sqla_params("title", "a", "body", large), &x.err);
        CU_ASSERT(names_all(&x));
        sqla_error_clear(&x.err);
        const Piece rows[] = { { .title = "a", .body = { "b", 1 } }, { .title = "a", .body = { "b", 1 } },
            { .title = "b", .body = large } };
        sqla_execute_many(conn, insert, Piece, rows, 3, NULL, &x.err);
        CU_ASSERT(names_all(&x) && x.err.row == 3);
        sqla_error_clear(&x.err);
        sqla_execute(conn, insert, sqla_params("title", "a", "body", sqla_null()), &x.err);
        CU_ASSERT_EQUAL(
            ask(conn, "SELECT count(*) FROM pieces"), again + 1); /* the transaction is as it was */
    }
    free((void *)(uintptr_t)large.data);
    CU_ASSERT_EQUAL(sqla_conn_commit(conn, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_conn_close(conn);
    tear_down(&x);
}

/* An object among others, in a flush of a block and in one by itself; the session goes on after a
 * rollback. */
static void objects__that_are_too_large_are_refused(const char *url)
{
    place x;
    set_up(&x, url);
    size_t size = PACKET + 1;
    for (size_t n = 1; n <= 201; n += 100) {
        Piece **list = add(&x, n, 10);
        char *body = calloc(1, size);
        list[n / 2]->body = (sqla_blob){ body, size };
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_RESOURCE);
        CU_ASSERT(names_all(&x) && x.err.row == (int64_t)(n / 2) + 1);
        sqla_error_clear(&x.err);
        sqla_rollback(x.s, &x.err);
        list[n / 2]->body = (sqla_blob){ "small", 5 };
        free(list);
        free(body);
        free(add(&x, 3, 100));
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
    }
    CU_ASSERT(are_there(&x, 9, 100));
    tear_down(&x);
}

static void statements__that_are_too_long_are_refused(const char *url)
{
    place x;
    set_up(&x, url);
    sqla_conn *conn = take_conn(&x);
    char *sql = malloc(PACKET + 100), *to = sql + sprintf(sql, "SELECT 1 /*");
    memset(to, 'x', PACKET);
    strcpy(to + PACKET, "*/");
    for (int again = 0; again < 3; again++) {
        sqla_execute(conn, sql, NULL, &x.err);
        CU_ASSERT(is(&x.err, SQLA_ERR_RESOURCE) && says(&x.err, "max_allowed_packet"));
        sqla_error_clear(&x.err);
        CU_ASSERT_EQUAL(ask(conn, "SELECT count(*) FROM pieces"), 0);
    }
    free(sql);
    sqla_conn_close(conn);
    tear_down(&x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "blocks are cut by bytes", blocks__are_cut_by_bytes, HARNESS_DATABASES },
        { "blocks around the limit", blocks__around_the_limit, HARNESS_DATABASES },
        { "blocks that are cut name their row", blocks__that_are_cut_name_their_row, HARNESS_DATABASES },
        { "rows that are too large are refused", rows__that_are_too_large_are_refused, HARNESS_DATABASES },
        { "objects that are too large are refused", objects__that_are_too_large_are_refused,
            HARNESS_MARIADB },
        { "statements that are too long are refused", statements__that_are_too_long_are_refused,
            HARNESS_MARIADB },
    };
    return harness_main("test-sizes", tests, sizeof tests / sizeof tests[0]);
}
