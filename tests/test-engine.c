/* test-engine.c: engines: what URLs and options make of them, their end, their log, NULL handles and forks. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "shop.h"

static const char canary[] = "Zx9-canary_7Qw";

/* ---- making ------------------------------------------------------------------------------------------------------ */

static void create__connects_to_nothing(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    sqla_engine *db = sqla_create_engine("postgresql://nobody@host.invalid:1/nowhere", NULL, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).connects, 0);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 0);
    CU_ASSERT_STRING_EQUAL(sqla_engine_dialect(db), "PostgreSQL");
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_CONNECT));
    CU_ASSERT(says(&err, "host.invalid"));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 0);
    sqla_engine_free(db);
    db = sqla_create_engine("sqlite:////no/such/folder/file.db", NULL, NULL);
    CU_ASSERT_STRING_EQUAL(sqla_engine_dialect(db), "SQLite");
    sqla_engine_free(db);
}

static void create__first_use_connects(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).connects, 0);
    CU_ASSERT_EQUAL(sqla_execute(db, "CREATE TABLE t (n INTEGER)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).connects, 1);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM t"), 0);
}

/* What is refused at once, by which words. */
static void options__are_checked(const char *url)
{
    static const struct { const char *query; sqla_engine_options options; sqla_status status; const char *says; } table[] = {
        { "", { .struct_size = sizeof(sqla_engine_options), .pool_size = 3 }, SQLA_OK, NULL },
        { "pool_size=3&max_overflow=-1&pool_timeout_ms=-1&connect_timeout_ms=1&pool_recycle_s=1&pre_ping=yes&echo=off&hide_parameters=1",
          { .struct_size = sizeof(sqla_engine_options) }, SQLA_OK, NULL },
        { "max_overflow=4", { .struct_size = sizeof(sqla_engine_options), .pool_size = 3 }, SQLA_OK, NULL },
        { "pool_size=3", { .struct_size = sizeof(sqla_engine_options), .pool_size = 3 }, SQLA_ERR_CONFIG, "'pool_size'" },
        { "max_overflow=2", { .struct_size = sizeof(sqla_engine_options), .max_overflow = -1 }, SQLA_ERR_CONFIG, "'max_overflow'" },
        { "echo=true", { .struct_size = sizeof(sqla_engine_options), .echo = true }, SQLA_ERR_CONFIG, "'echo'" },
        { "pre_ping=no", { .struct_size = sizeof(sqla_engine_options), .pre_ping = true }, SQLA_ERR_CONFIG, "'pre_ping'" },
        { "pool_size=1&pool_size=1", { .struct_size = sizeof(sqla_engine_options) }, SQLA_ERR_CONFIG, "pool_size" },
        { "pool_size=-1", { .struct_size = sizeof(sqla_engine_options) }, SQLA_ERR_CONFIG, "from 0 to 10000" },
        { "pool_size=10001", { .struct_size = sizeof(sqla_engine_options) }, SQLA_ERR_CONFIG, "from 0 to 10000" },
        { "max_overflow=-2", { .struct_size = sizeof(sqla_engine_options) }, SQLA_ERR_CONFIG, "from -1 to 10000" },
        { "connect_timeout_ms=-1", { .struct_size = sizeof(sqla_engine_options) }, SQLA_ERR_CONFIG, "connect_timeout_ms" },
        { "pool_timeout_ms=99999999999999999999", { .struct_size = sizeof(sqla_engine_options) }, SQLA_ERR_CONFIG,
            "pool_timeout_ms" },
        { "pool_timeout_ms=1.5", { .struct_size = sizeof(sqla_engine_options) }, SQLA_ERR_CONFIG, "whole number" },
        { "pool_timeout_ms=+1", { .struct_size = sizeof(sqla_engine_options) }, SQLA_ERR_CONFIG, "whole number" },
        { "pool_timeout_ms=", { .struct_size = sizeof(sqla_engine_options) }, SQLA_ERR_CONFIG, "pool_timeout_ms" },
        { "echo=perhaps", { .struct_size = sizeof(sqla_engine_options) }, SQLA_ERR_CONFIG, "neither true nor false" },
        { "", { .struct_size = sizeof(sqla_engine_options), .pool_size = -1 }, SQLA_ERR_CONFIG, "'pool_size' is -1" },
        { "", { .struct_size = sizeof(sqla_engine_options), .max_overflow = -2 }, SQLA_ERR_CONFIG, "'max_overflow' is -2" },
        { "", { .struct_size = sizeof(sqla_engine_options), .pool_recycle_s = -5 }, SQLA_ERR_CONFIG, "'pool_recycle_s' is -5" },
        { "", { .pool_size = 3 }, SQLA_ERR_MISUSE, "SQLA_ENGINE_OPTIONS" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = sqla_create_engine(*table[i].query != '\0' ? with_query(url, table[i].query) : url,
            &table[i].options, &err);
        CU_ASSERT_EQUAL(db != NULL, table[i].status == SQLA_OK);
        if (!is(&err, table[i].status) || (table[i].says != NULL && !says(&err, table[i].says))) {
            fprintf(stderr, "row %zu: %s\n", i, table[i].query);
            CU_FAIL("a row of the table");
        }
        sqla_engine_free(db);
    }
}

static void urls__that_name_no_driver(const char *url)
{
    static const struct { const char *url; sqla_status status; const char *says; } table[] = {
        { NULL, SQLA_ERR_CONFIG, "URL" }, { "", SQLA_ERR_CONFIG, "URL" }, { "host/database", SQLA_ERR_CONFIG, "://" },
        { "oracle://host/database", SQLA_ERR_PLUGIN, "'oracle'" }, { "sqlite+oracle://", SQLA_ERR_PLUGIN, "'oracle.so'" },
        { "postgresql+sqlite://host/x", SQLA_ERR_PLUGIN, "postgresql" }, { "../sqlite://", SQLA_ERR_CONFIG, "scheme" },
        { "sqlite+/etc/passwd://", SQLA_ERR_CONFIG, "URL" },
    };
    (void)url;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_PTR_NULL(sqla_create_engine(table[i].url, NULL, &err));
        CU_ASSERT(is(&err, table[i].status));
        CU_ASSERT(says(&err, table[i].says));
    }
}

static void url__is_masked(const char *url)
{
    char text[256];
    (void)url;
    static const struct { const char *before, *behind; } forms[] = {
        { "postgresql://me:", "@host:5432/shop?sslmode=disable" }, { "postgresql://me@host/shop?sslpassword=", "" },
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        snprintf(text, sizeof text, "%s%s%s", forms[i].before, canary, forms[i].behind);
        sqla_engine *db = sqla_create_engine(text, NULL, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(db);
        CU_ASSERT_PTR_NULL(strstr(sqla_engine_url(db), canary));
        CU_ASSERT_PTR_NOT_NULL(strstr(sqla_engine_url(db), "***"));
        CU_ASSERT_PTR_NOT_NULL(strstr(sqla_engine_url(db), "me"));
        sqla_engine_free(db);
    }
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static void dispose__closes_what_is_idle(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *out = sqla_connect(db, &err), *back = sqla_connect(db, &err);
    sqla_conn_close(back);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 2);
    sqla_engine_dispose(db);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 1);
    CU_ASSERT_EQUAL(ask(out, "SELECT 7"), 7); /* what is out works on */
    sqla_conn_close(out);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).size, 0);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).disconnects, 0); /* none was found dead */
    sqla_engine_dispose(db);
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(db).connects, 3);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
}

static void free__waits_for_connections(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    harness_sql(url, "CREATE TABLE t (n INTEGER)");
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *idle = sqla_connect(db, &err), *a = sqla_connect(db, &err), *b = sqla_connect(db, &err);
    sqla_stmt *on_engine = sqla_sql(db, "SELECT 1"), *on_conn = sqla_sql(a, "SELECT 2");
    CU_ASSERT_EQUAL(sqla_scalar_i64(on_engine, &err), 1); /* freed with the engine */
    sqla_conn_close(idle);
    sqla_engine_free(db);
    CU_ASSERT_EQUAL(sqla_conn_begin(a, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(a, "INSERT INTO t VALUES (1)", NULL, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(a, &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_scalar_i64(on_conn, &err), 2);
    CU_ASSERT_EQUAL(ask(b, "SELECT count(*) FROM t"), 1);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(a);
    sqla_conn_close(b); /* and with it the engine */
}

static void free__waits_for_sessions(const char *url)
{
    shop x;
    shop_open(&x, url);
    sqla_session *other = sqla_open(x.maker, &x.err);
    sqla_engine_free(x.db);
    x.db = NULL;
    sqla_add(x.s, User, .name = "late");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_PTR_NOT_NULL(sqla_get(other, User, 1, &x.err));
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_close(other);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users"), 1);
    shop_close(&x);
}

/* ---- the log ----------------------------------------------------------------------------------------------------- */

typedef struct lines { pthread_mutex_t lock; char text[16384]; int errors; } lines;

static void keep_line(void *data, int level, const char *line)
{
    lines *l = data;
    pthread_mutex_lock(&l->lock);
    strncat(l->text, line, sizeof l->text - strlen(l->text) - 2);
    strcat(l->text, "\n");
    l->errors += level == 1;
    pthread_mutex_unlock(&l->lock);
}

static void echo__tells_statements_and_values(const char *url)
{
    for (int hidden = 0; hidden < 2; hidden++) {
        lines l = { .lock = PTHREAD_MUTEX_INITIALIZER };
        sqla_error err = SQLA_ERROR_INIT;
        sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.echo = true, .hide_parameters = hidden == 1,
            .log = keep_line, .log_data = &l), &err);
        sqla_stmt *q = sqla_stmt_keep(sqla_bind(sqla_sql(db, "SELECT :word"), "word", "confidential"));
        const char *word = sqla_scalar_text(q, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(word);
        CU_ASSERT_STRING_EQUAL(word, "confidential");
        CU_ASSERT(is(&err, SQLA_OK));
        CU_ASSERT_EQUAL(sqla_execute(db, "SELECT wrong FROM nowhere", NULL, &err), SQLA_ERR_SQL);
        sqla_conn *conn = sqla_connect(db, NULL);
        sqla_conn_begin(conn, NULL);
        sqla_conn_savepoint(conn, "half_way", NULL);
        sqla_conn_rollback(conn, NULL);
        sqla_conn_close(conn);
        CU_ASSERT_PTR_NOT_NULL(strstr(l.text, "#1  connected to "));
        CU_ASSERT(strstr(l.text, "ms  BEGIN\n") != NULL && strstr(l.text, "ms  SAVEPOINT half_way\n") != NULL && strstr(l.text, "ms  ROLLBACK\n") != NULL);
        CU_ASSERT_PTR_NOT_NULL(strstr(l.text, harness_is_postgres(url) ? "SELECT $1" : "SELECT ?"));
        CU_ASSERT_PTR_NOT_NULL(strstr(l.text, " ms  "));
        CU_ASSERT_EQUAL(strstr(l.text, "confidential") == NULL, hidden == 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(l.text, "failed: ERR_SQL"));
        CU_ASSERT_EQUAL(l.errors, 1);
        sqla_engine_free(db);
    }
}

static void echo__is_silent_unless_asked_for(const char *url)
{
    lines l = { .lock = PTHREAD_MUTEX_INITIALIZER };
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.log = keep_line, .log_data = &l), NULL);
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, NULL), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(l.text, "");
    sqla_engine_free(db);
}

/* A password that is wrong: it stands neither in the log nor in the error. */
static void echo__keeps_secrets(const char *url)
{
    const char *tcp = harness_postgres_tcp("sqla", canary, "sqla");
    lines l = { .lock = PTHREAD_MUTEX_INITIALIZER };
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    CU_ASSERT_STRING_NOT_EQUAL_FATAL(tcp, "");
    sqla_engine *db = sqla_create_engine(tcp, SQLA_ENGINE_OPTIONS(.echo = true, .log = keep_line, .log_data = &l), &err);
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    CU_ASSERT(is(&err, SQLA_ERR_DENIED));
    CU_ASSERT_PTR_NULL(strstr(l.text, canary));
    CU_ASSERT(strstr(err.message, canary) == NULL && strstr(err.detail, canary) == NULL && strstr(err.hint, canary) == NULL);
    CU_ASSERT_PTR_NULL(strstr(sqla_engine_url(db), canary));
    sqla_engine_free(db);
}

/* ---- no handle --------------------------------------------------------------------------------------------------- */

#define MISUSE(call) do { sqla_error err = SQLA_ERROR_INIT; CU_ASSERT_EQUAL((call), SQLA_ERR_MISUSE); CU_ASSERT(is(&err, SQLA_ERR_MISUSE)); } while (0)
#define NOTHING(call) do { sqla_error err = SQLA_ERROR_INIT; CU_ASSERT_EQUAL((call), 0); CU_ASSERT(is(&err, SQLA_ERR_MISUSE)); } while (0)

static void null__handles_of_the_engine(const char *url)
{
    (void)url;
    sqla_engine_free(NULL);
    CU_ASSERT_STRING_EQUAL(sqla_engine_url(NULL), "");
    CU_ASSERT_STRING_EQUAL(sqla_engine_dialect(NULL), "");
    sqla_engine_dispose(NULL);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(NULL).size, 0);
    NOTHING(sqla_connect(NULL, &err));
    sqla_conn_close(NULL);
    MISUSE(sqla_conn_begin(NULL, &err));
    MISUSE(sqla_conn_commit(NULL, &err));
    MISUSE(sqla_conn_rollback(NULL, &err));
    MISUSE(sqla_conn_savepoint(NULL, "a", &err));
    MISUSE(sqla_conn_release(NULL, "a", &err));
    MISUSE(sqla_conn_rollback_to(NULL, "a", &err));
    MISUSE(sqla_conn_cancel(NULL, &err));
    MISUSE(sqla_execute((sqla_engine *)NULL, "SELECT 1", NULL, &err));
    MISUSE(sqla_execute((sqla_conn *)NULL, "SELECT 1", NULL, &err));
    MISUSE(sqla_execute((sqla_session *)NULL, "SELECT 1", NULL, &err));
    MISUSE(sqla_exec(NULL, NULL, &err));
    MISUSE(sqla_metadata_create_all(NULL, NULL, &err));
    MISUSE(sqla_metadata_drop_all(NULL, NULL, &err));
    NOTHING(sqla_inspect(NULL, NULL, &err));
    sqla_drivers_free(NULL);
}

static void null__rows_and_statements(const char *url)
{
    const sqla_model *user = sqla_model_of(User);
    (void)url;
    NOTHING(sqla_rewind_row_(NULL, &err));
    CU_ASSERT_PTR_NULL(sqla_next_row_(NULL, NULL));
    CU_ASSERT_EQUAL(sqla_row_count(NULL), 0);
    CU_ASSERT_PTR_NULL(sqla_row_name(NULL, 0));
    CU_ASSERT_EQUAL(sqla_row_at(NULL, 0).type, SQLA_NULL);
    NOTHING(sqla_row_get(NULL, "a", &err).type);
    NOTHING(sqla_row_is_null(NULL, "a", &err));
    NOTHING(sqla_row_bool(NULL, "a", &err));
    NOTHING(sqla_row_i64(NULL, "a", &err));
    NOTHING(sqla_row_f64(NULL, "a", &err) != 0);
    NOTHING(sqla_row_text(NULL, "a", &err));
    NOTHING(sqla_scalar_i64(NULL, &err));
    NOTHING(sqla_scalar_f64(NULL, &err) != 0);
    NOTHING(sqla_scalar_text(NULL, &err));
    NOTHING(sqla_stmt_text(NULL, &err));
    NOTHING(sqla_first_(NULL, user, &err));
    NOTHING(sqla_one_(NULL, user, &err));
    NOTHING(sqla_all_(NULL, user, NULL, &err));
    NOTHING(sqla_rewind_(NULL, user, &err));
    CU_ASSERT_PTR_NULL(sqla_next_(NULL, user, NULL));
    NOTHING(sqla_stream_(NULL, user, &err));
    CU_ASSERT_PTR_NULL(sqla_stream_next_(NULL, user, NULL));
    sqla_stmt_free(NULL);
}

static void null__builders(const char *url)
{
    const int64_t numbers[] = { 1 };
    const char *const words[] = { "a" };
    (void)url;
    CU_ASSERT_PTR_NULL(sqla_select((sqla_conn *)NULL, User));
    CU_ASSERT_PTR_NULL(sqla_select_model((sqla_engine *)NULL, sqla_model_of(User)));
    CU_ASSERT_PTR_NULL(sqla_select_cols((sqla_session *)NULL, sqla_col(User, id)));
    CU_ASSERT_PTR_NULL(sqla_sql((sqla_session *)NULL, "SELECT 1"));
    sqla_stmt *q = NULL;
    CU_ASSERT_PTR_NULL(sqla_where(q, sqla_eq(sqla_col(User, id), 1)));
    CU_ASSERT_PTR_NULL(sqla_having(q, sqla_gt(sqla_count_all(), 1)));
    CU_ASSERT_PTR_NULL(sqla_order_by(q, sqla_col(User, id)));
    CU_ASSERT_PTR_NULL(sqla_group_by(q, sqla_col(User, id)));
    CU_ASSERT_PTR_NULL(sqla_limit(q, 1));
    CU_ASSERT_PTR_NULL(sqla_offset(q, 1));
    CU_ASSERT_PTR_NULL(sqla_distinct(q));
    CU_ASSERT_PTR_NULL(sqla_for_update(q));
    CU_ASSERT_PTR_NULL(sqla_join(q, User, addresses));
    CU_ASSERT_PTR_NULL(sqla_outer_join_on(q, Address, sqla_eq(sqla_col(User, id), 1)));
    CU_ASSERT_PTR_NULL(sqla_selectin(q, User, addresses));
    CU_ASSERT_PTR_NULL(sqla_bind(q, "a", 1));
    CU_ASSERT_PTR_NULL(sqla_where_in_i64(q, sqla_col(User, id), numbers, 1));
    CU_ASSERT_PTR_NULL(sqla_where_in_text(q, sqla_col(User, name), words, 1));
    CU_ASSERT_EQUAL(sqla_keep(q, sqla_col(User, id)).expression.kind, SQLA_EXPR_INVALID);
}

static void null__metadata(const char *url)
{
    const sqla_model *user = sqla_model_of(User);
    sqla_metadata *base = sqla_metadata_new(NULL);
    (void)url;
    sqla_metadata_free(NULL);
    MISUSE(sqla_metadata_add(NULL, SQLA_MODELS(User), &err));
    MISUSE(sqla_metadata_add_models(base, NULL, 1, &err));
    MISUSE(sqla_metadata_add_model(NULL, user, &err));
    MISUSE(sqla_metadata_add_model(base, NULL, &err));
    NOTHING(sqla_model_new(NULL, "A", "a", &err));
    NOTHING(sqla_model_new(base, NULL, "a", &err));
    MISUSE(sqla_model_add_column(NULL, "a", SQLA_INT64, NULL, &err));
    MISUSE(sqla_model_add_foreign_key(NULL, "a", SQLA_INT64, user, "id", NULL, &err));
    CU_ASSERT_PTR_NULL(sqla_metadata_model(NULL, "User"));
    CU_ASSERT_PTR_NULL(sqla_metadata_model(base, NULL));
    CU_ASSERT_PTR_NULL(sqla_metadata_table(NULL, 0));
    CU_ASSERT_PTR_NULL(sqla_metadata_find(NULL, "users"));
    CU_ASSERT_PTR_NULL(sqla_metadata_find(base, NULL));
    MISUSE(sqla_metadata_create_all(base, NULL, &err));
    MISUSE(sqla_metadata_drop_all(base, NULL, &err));
    sqla_metadata_free(base);
}

static void null__sessions(const char *url)
{
    const sqla_model *user = sqla_model_of(User);
    const sqla_value key = sqla_value_i64(1);
    User u = { .name = "a" };
    (void)url;
    NOTHING(sqla_sessionmaker_new(NULL, NULL, NULL, &err));
    sqla_sessionmaker_free(NULL);
    NOTHING(sqla_open(NULL, &err));
    sqla_close(NULL);
    MISUSE(sqla_flush(NULL, &err));
    MISUSE(sqla_commit(NULL, &err));
    MISUSE(sqla_rollback(NULL, &err));
    NOTHING(sqla_begin_nested(NULL, &err));
    MISUSE(sqla_savepoint_commit(NULL, &err));
    MISUSE(sqla_savepoint_rollback(NULL, &err));
    CU_ASSERT_PTR_NULL(sqla_add_object_(NULL, user, &u));
    CU_ASSERT_PTR_NULL(sqla_new_object(NULL, user));
    NOTHING(sqla_get_(NULL, user, &key, 1, &err));
    sqla_delete(NULL, &u);
    MISUSE(sqla_refresh(NULL, &u, &err));
    sqla_expire(NULL, &u);
    sqla_expunge(NULL, &u);
    CU_ASSERT_EQUAL(sqla_state(NULL, &u), SQLA_FOREIGN);
    CU_ASSERT_FALSE(sqla_is_modified(NULL, &u));
    MISUSE(sqla_load_(NULL, &u, "addresses", &err));
    sqla_append_(NULL, &u, "addresses", &u);
    sqla_remove_(NULL, &u, "addresses", &u);
    CU_ASSERT_PTR_NULL(sqla_strdup(NULL, "a"));
    CU_ASSERT_PTR_NULL(sqla_printf(NULL, "a"));
    MISUSE(sqla_field_set(NULL, &u, "name", key, &err));
    NOTHING(sqla_field_get(NULL, &u, "name", &err).type);
}

/* A good session, and what it is asked about is not there, or not its own. */
static void null__objects_and_models(const char *url)
{
    const sqla_value key = sqla_value_i64(1);
    User stranger = { .name = "a" };
    shop x;
    shop_open(&x, url);
    void *objects[] = { NULL, &stranger };
    for (int i = 0; i < 2; i++) {
        MISUSE(sqla_refresh(x.s, objects[i], &err));
        MISUSE(sqla_load_(x.s, objects[i], "addresses", &err));
        MISUSE(sqla_field_set(x.s, objects[i], "name", key, &err));
        NOTHING(sqla_field_get(x.s, objects[i], "name", &err).type);
        CU_ASSERT_EQUAL(sqla_state(x.s, objects[i]), SQLA_FOREIGN);
        CU_ASSERT_FALSE(sqla_is_modified(x.s, objects[i]));
        sqla_delete(x.s, objects[i]);
        sqla_expire(x.s, objects[i]);
        sqla_expunge(x.s, objects[i]);
        sqla_append_(x.s, objects[i], "addresses", objects[i]);
        sqla_remove_(x.s, objects[i], "addresses", objects[i]);
        sqla_rollback(x.s, NULL); /* drops what was kept of it */
    }
    NOTHING(sqla_get_(x.s, NULL, &key, 1, &err));
    NOTHING(sqla_get_(x.s, sqla_model_of(User), NULL, 1, &err));
    CU_ASSERT_PTR_NULL(sqla_add_object_(x.s, NULL, &stranger));
    sqla_rollback(x.s, NULL);
    CU_ASSERT_PTR_NULL(sqla_add_object_(x.s, sqla_model_of(User), NULL));
    sqla_rollback(x.s, NULL);
    CU_ASSERT_PTR_NULL(sqla_new_object(x.s, NULL));
    sqla_rollback(x.s, NULL);
    MISUSE(sqla_execute(x.s, NULL, NULL, &err));
    MISUSE(sqla_exec(sqla_sql(x.s, NULL), NULL, &err));
    NOTHING(sqla_first_(sqla_select(x.s, User), NULL, &err));
    NOTHING(sqla_stream_(sqla_select(x.s, User), NULL, &err));
    MISUSE(sqla_exec(sqla_select_model(x.s, NULL), NULL, &err));
    sqla_bool_expr of_no_model = sqla_eq(sqla_column_of(NULL, "name"), 1),
                   of_no_field = sqla_eq(sqla_column_of(sqla_model_of(User), NULL), 1);
    MISUSE(sqla_exec(sqla_where(sqla_select(x.s, User), of_no_model), NULL, &err));
    MISUSE(sqla_exec(sqla_where(sqla_select(x.s, User), of_no_field), NULL, &err));
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    sqla_conn_begin(conn, &x.err);
    MISUSE(sqla_conn_savepoint(conn, NULL, &err));
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_conn_close(conn);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    shop_close(&x);
}

/* ---- forks ------------------------------------------------------------------------------------------------------- */

#define REFUSED(call) do { sqla_error_clear(&err); wrong += (call) != SQLA_ERR_MISUSE || err.status != SQLA_ERR_MISUSE; } while (0)

typedef struct family { shop x; sqla_conn *conn; sqla_stmt *on_conn, *on_engine; const char *url; } family;

/* The child's life: everything that was inherited refuses, all of it can be freed, and an engine of its own works. */
static int child(family *f)
{
    int wrong = 0;
    sqla_error err = SQLA_ERROR_INIT;
    wrong += sqla_connect(f->x.db, &err) != NULL || err.status != SQLA_ERR_MISUSE || strstr(err.hint, "child") == NULL;
    REFUSED(sqla_execute(f->x.db, "SELECT 1", NULL, &err));
    REFUSED(sqla_execute(f->conn, "DELETE FROM users", NULL, &err));
    REFUSED(sqla_exec(f->on_conn, NULL, &err));
    REFUSED(sqla_exec(f->on_engine, NULL, &err));
    REFUSED(sqla_conn_begin(f->conn, &err));
    REFUSED(sqla_conn_commit(f->conn, &err));
    REFUSED(sqla_conn_rollback(f->conn, &err));
    REFUSED(sqla_conn_savepoint(f->conn, "a", &err));
    REFUSED(sqla_conn_cancel(f->conn, &err));
    REFUSED(sqla_execute(f->x.s, "DELETE FROM users", NULL, &err));
    REFUSED(sqla_commit(f->x.s, &err));
    REFUSED(sqla_metadata_create_all(f->x.base, f->x.db, &err));
    wrong += sqla_engine_pool_status(f->x.db).size != 0;
    sqla_engine_dispose(f->x.db);
    sqla_conn_close(f->conn);
    shop_close(&f->x);
    sqla_error own = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(f->url, NULL, &own);
    sqla_conn *conn = sqla_connect(db, &own);
    wrong += ask(conn, "SELECT count(*) FROM users") != 1;
    sqla_conn_close(conn);
    sqla_engine_free(db);
    return wrong;
}

static void fork__child_refuses_and_parent_goes_on(const char *url)
{
    family f = { .url = url };
    int status = 0, said[2];
    shop_open(&f.x, url);
    sqla_add(f.x.s, User, .name = "first");
    sqla_commit(f.x.s, &f.x.err);
    CU_ASSERT_PTR_NOT_NULL(sqla_first(sqla_select(f.x.s, User), User, &f.x.err)); /* the session is in a transaction */
    f.conn = sqla_connect(f.x.db, &f.x.err);
    f.on_conn = sqla_sql(f.conn, "SELECT 1");
    f.on_engine = sqla_sql(f.x.db, "SELECT 1");
    sqla_conn_begin(f.conn, &f.x.err);
    sqla_execute(f.conn, "INSERT INTO users (name, active) VALUES (:name, :on)", sqla_params("name", "second", "on",
        (bool)true), &f.x.err);
    sqla_conn *idle = sqla_connect(f.x.db, &f.x.err);
    sqla_conn_close(idle);
    CU_ASSERT(is(&f.x.err, SQLA_OK));
    fflush(NULL);
    CU_ASSERT_EQUAL_FATAL(pipe(said), 0);
    pid_t pid = fork();
    if (pid == 0) { /* what it says goes by a pipe: a memory checker has an opinion on how it exits, since it leaks on purpose */
        alarm(60);
        char wrong = child(&f) > 0;
        _exit(write(said[1], &wrong, 1) != 1);
    }
    char wrong = 1;
    close(said[1]);
    CU_ASSERT_EQUAL(read(said[0], &wrong, 1), 1);
    CU_ASSERT_EQUAL(wrong, 0);
    close(said[0]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status));
    CU_ASSERT_EQUAL(sqla_commit(f.x.s, &f.x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_commit(f.conn, &f.x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_scalar_i64(f.on_conn, &f.x.err), 1);
    CU_ASSERT_EQUAL(ask(f.conn, "SELECT count(*) FROM users"), 2);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(f.x.db).connects, 3);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(f.x.db).disconnects, 0);
    CU_ASSERT(is(&f.x.err, SQLA_OK));
    sqla_conn_close(f.conn);
    shop_close(&f.x);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "create connects to nothing", create__connects_to_nothing, HARNESS_PLAIN },
        { "create: the first use connects", create__first_use_connects, HARNESS_DATABASES },
        { "options are checked", options__are_checked, HARNESS_DATABASES },
        { "urls that name no driver", urls__that_name_no_driver, HARNESS_PLAIN },
        { "url is masked", url__is_masked, HARNESS_PLAIN },
        { "dispose closes what is idle", dispose__closes_what_is_idle, HARNESS_DATABASES },
        { "free waits for connections", free__waits_for_connections, HARNESS_DATABASES },
        { "free waits for sessions", free__waits_for_sessions, HARNESS_DATABASES },
        { "echo tells statements and values", echo__tells_statements_and_values, HARNESS_DATABASES },
        { "echo is silent unless asked for", echo__is_silent_unless_asked_for, HARNESS_DATABASES },
        { "echo keeps secrets", echo__keeps_secrets, HARNESS_POSTGRES },
        { "null: handles of the engine", null__handles_of_the_engine, HARNESS_PLAIN },
        { "null: rows and statements", null__rows_and_statements, HARNESS_PLAIN },
        { "null: builders", null__builders, HARNESS_PLAIN },
        { "null: metadata", null__metadata, HARNESS_PLAIN },
        { "null: sessions", null__sessions, HARNESS_PLAIN },
        { "null: objects and models", null__objects_and_models, HARNESS_DATABASES },
        { "fork: the child refuses, and the parent goes on", fork__child_refuses_and_parent_goes_on, HARNESS_DATABASES },
    };
    return harness_main("test-engine", tests, sizeof tests / sizeof tests[0]);
}
