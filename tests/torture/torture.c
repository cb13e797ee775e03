/* torture.c: whole pieces of work in which each allocation of ours fails in turn, once, and then all from that one on.
 *
 * A scenario is a function that does its work on a prepared session or engine, and SQL that shows, beside the library, what the
 * database has. Run without a failure it says how many allocations it makes and what is there afterwards. Then for each of
 * them: the work ends with OK and all is there, or with NOMEM and nothing is; and session, engine and pool do the same work
 * right afterwards. That nothing crashes and nothing leaks is for the sanitizers to say (a build with --enable-sanitizers).
 *
 * As a test a sample is run, drawn by a seed that SQLA_TORTURE_SEED sets; with SQLA_TORTURE=all, as `make torture` has it, every
 * point. SQLA_TORTURE_POINT=N runs that one alone. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "harness.h"

enum { SAMPLE = 5, PLENTY = 1000000 };

/* What a scenario works with. */
typedef struct world {
    const char *url;
    shop x;
    sqla_conn *conn;           /* for scenarios that want one */
    sqla_metadata *more;
    User *users[220];          /* what prepare loaded */
    size_t count;
} world;

typedef struct scenario {
    void (*prepare)(world *w); /* before each try, with all the memory there is; NULL: nothing */
    void (*work)(world *w, sqla_error *err);
    void (*finish)(world *w);  /* after each try; NULL: nothing */
    const char *shows;         /* SQL of one text that shows what was done */
    const char *reset;         /* SQL that makes it as it was; NULL: nothing to undo */
} scenario;

/* ---- trying ---------------------------------------------------------------------------------------------------------- */

typedef struct trial { const scenario *s; world w; char before[4096], after[4096]; uint64_t points; } trial;

static void look(const trial *t, char room[4096])
{
    snprintf(room, 4096, "%s", t->s->shows != NULL ? harness_sql_text(t->w.url, t->s->shows) : "");
}

static void open_session(world *w)
{
    sqla_error err = SQLA_ERROR_INIT;
    w->x.s = sqla_open(w->x.maker, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->x.s);
}

static void begin_try(trial *t)
{
    open_session(&t->w);
    if (t->s->prepare != NULL)
        t->s->prepare(&t->w);
}

static void end_try(trial *t)
{
    if (t->s->finish != NULL)
        t->s->finish(&t->w);
    sqla_close(t->w.x.s);
    t->w.x.s = NULL;
    if (t->s->reset != NULL)
        harness_hold(t->w.url, t->s->reset);
}

/* Without a failure.  Returns: how many allocations it took. */
static uint64_t run_freely(trial *t)
{
    sqla_error err = SQLA_ERROR_INIT;
    begin_try(t);
    look(t, t->before);
    sqla__alloc_fail_at(PLENTY, false);
    t->s->work(&t->w, &err);
    uint64_t took = PLENTY - sqla__alloc_left();
    sqla__alloc_fail_at(0, false);
    if (err.status != SQLA_OK)
        fprintf(stderr, "%s: %s\n", sqla_status_name(err.status), err.message);
    CU_ASSERT_EQUAL(err.status, SQLA_OK);
    look(t, t->after);
    end_try(t);
    return took;
}

static bool tell(bool ok, const char *what, uint64_t point, bool lasting, const sqla_error *err, const char *there)
{
    if (!ok)
        fprintf(stderr, "point %d%s: %s: %s: %s; there is: %s\n", (int)point, lasting ? " and on" : "", what, sqla_status_name(err->status),
            err->message, there);
    return ok;
}

static bool pool_is_quiet(const world *w)
{
    sqla_pool_status p = sqla_engine_pool_status(w->x.db);
    return p.waiting == 0 && p.size == p.idle + p.out;
}

/* The same work again in the same session, after a rollback: it has all the memory there is, and succeeds. */
static void works_again(trial *t, uint64_t point, bool lasting)
{
    sqla_error err = SQLA_ERROR_INIT;
    char now[4096];
    CU_ASSERT_EQUAL(sqla_rollback(t->w.x.s, &err), SQLA_OK);
    if (t->s->finish != NULL)
        t->s->finish(&t->w);
    if (t->s->reset != NULL)
        harness_hold(t->w.url, t->s->reset);
    if (t->s->prepare != NULL)
        t->s->prepare(&t->w);
    t->s->work(&t->w, &err);
    look(t, now);
    CU_ASSERT(tell(err.status == SQLA_OK && strcmp(now, t->after) == 0, "it does not work afterwards", point, lasting, &err, now));
    CU_ASSERT(pool_is_quiet(&t->w));
}

static void try_at(trial *t, uint64_t point, bool lasting)
{
    sqla_error err = SQLA_ERROR_INIT;
    char now[4096];
    begin_try(t);
    sqla__alloc_fail_at(point, lasting);
    t->s->work(&t->w, &err);
    sqla__alloc_fail_at(0, false);
    look(t, now);
    CU_ASSERT(tell(err.status == SQLA_OK || err.status == SQLA_ERR_NOMEM, "it has the wrong status", point, lasting, &err, now));
    CU_ASSERT(tell(strcmp(now, err.status == SQLA_OK ? t->after : t->before) == 0, "what was told is not so", point, lasting, &err, now));
    works_again(t, point, lasting);
    end_try(t);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

static void try_some(trial *t)
{
    uint64_t x = from_environment("SQLA_TORTURE_SEED", 20261) * UINT64_C(6364136223846793005) + 1;
    for (int i = 0; i < 2 * SAMPLE; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        try_at(t, 1 + (x >> 33) % t->points, i % 2 == 1);
    }
}

/* The second free run is the one to count: the first has filled what is kept (statements, facts about tables). */
static void torture(const char *url, const scenario *s)
{
    trial t = { .s = s, .w = { .url = url } };
    uint64_t only = from_environment("SQLA_TORTURE_POINT", 0);
    const char *all = getenv("SQLA_TORTURE");
    shop_open(&t.w.x, url);
    sqla_close(t.w.x.s);
    t.w.x.s = NULL;
    uint64_t first = run_freely(&t);
    t.points = run_freely(&t);
    t.points = t.points > first ? t.points : first;
    CU_ASSERT(t.points > 0);
    if (getenv("SQLA_TEST_VERBOSE") != NULL)
        printf("  %d points\n", (int)t.points);
    if (only == 0 && (all == NULL || strcmp(all, "all") != 0)) {
        try_some(&t);
    } else {
        for (uint64_t point = only > 0 ? only : 1; point <= (only > 0 ? only : t.points); point++) {
            try_at(&t, point, false);
            try_at(&t, point, true);
        }
    }
    shop_close(&t.w.x);
}

/* ---- engines and connections ----------------------------------------------------------------------------------------- */

static void engine_work(world *w, sqla_error *err)
{
    sqla_engine *db = sqla_create_engine(w->url, NULL, err);
    sqla_engine_free(db);
}

static void connect_work(world *w, sqla_error *err)
{
    sqla_engine *db = sqla_create_engine(w->url, SQLA_ENGINE_OPTIONS(.pool_size = 2), err);
    if (db != NULL)
        sqla_conn_close(sqla_connect(db, err));
    sqla_engine_free(db);
}

static void execute_work(world *w, sqla_error *err)
{
    sqla_execute(w->x.db, "INSERT INTO users (name, fullname, active) VALUES (:name, :full, :yes)",
        sqla_params("name", "raw", "full", "Raw Raw", "yes", (bool)true), err);
}

static const char shows_users[] = "SELECT count(*) || ':' || coalesce(sum(age), 0) || ':' || coalesce(min(name), '') || ':' || "
                                  "coalesce(max(fullname), '') || ':' || (SELECT count(*) FROM addresses) FROM users";
static const char no_users[] = "DELETE FROM addresses; DELETE FROM users";

static void take_conn(world *w)
{
    sqla_error err = SQLA_ERROR_INIT;
    w->conn = sqla_connect(w->x.db, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->conn);
}

static void give_conn(world *w)
{
    sqla_conn_close(w->conn);
    w->conn = NULL;
}

static void transaction_work(world *w, sqla_error *err)
{
    static const char sql[] = "INSERT INTO users (name, age, active) VALUES (:name, :age, :yes)";
    sqla_conn_begin(w->conn, err);
    sqla_execute(w->conn, sql, sqla_params("name", "first", "age", 30, "yes", (bool)true), err);
    sqla_conn_savepoint(w->conn, "here", err);
    sqla_execute(w->conn, sql, sqla_params("name", "second", "age", 31, "yes", (bool)false), err);
    if (sqla_failed(err)) {
        sqla_conn_rollback(w->conn, NULL);
        return;
    }
    sqla_conn_release(w->conn, "here", err);
    if (sqla_failed(err) || sqla_conn_commit(w->conn, err) != SQLA_OK)
        sqla_conn_rollback(w->conn, NULL);
}

typedef struct visitor { pthread_t thread; sqla_engine *db; sqla_error err; } visitor;

static void *visit(void *arg)
{
    visitor *v = arg;
    for (int i = 0; i < 3; i++) {
        sqla_conn *conn = sqla_connect(v->db, &v->err);
        if (conn != NULL)
            sqla_execute(conn, "SELECT 1", NULL, &v->err);
        sqla_conn_close(conn);
    }
    return NULL;
}

/* More threads than connections, and the pool is closed behind them. */
static void pool_work(world *w, sqla_error *err)
{
    visitor visitors[3];
    int started = 0;
    sqla_engine *db = sqla_create_engine(w->url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = 1, .pool_timeout_ms = 20000), err);
    for (int i = 0; i < 3 && db != NULL; i++) {
        visitors[i] = (visitor){ .db = db, .err = SQLA_ERROR_INIT };
        if (pthread_create(&visitors[i].thread, NULL, visit, &visitors[i]) != 0)
            break;
        started++;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(visitors[i].thread, NULL);
        if (!sqla_failed(err))
            *err = visitors[i].err;
    }
    sqla_pool_status p = sqla_engine_pool_status(db);
    CU_ASSERT_EQUAL(p.out + p.waiting, 0);
    sqla_engine_dispose(db);
    sqla_engine_free(db);
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static const char make_nodes[] = "DELETE FROM nodes; INSERT INTO nodes (id, label) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                                 "FROM n WHERE i < 300) SELECT i, 'a label of some length ' || i FROM n";
static const char make_users[] =
    "DELETE FROM addresses; DELETE FROM users; INSERT INTO users (id, name, fullname, age, active) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
    "SELECT i + 1 FROM n WHERE i < 200) SELECT i + 1000, 'user ' || i, 'Some Name', i, i % 2 = 0 FROM n; "
    "INSERT INTO addresses (id, email, user_id) SELECT id, 'post@' || id, id FROM users";

static void prepare_nodes(world *w) { harness_hold(w->url, make_nodes); }

static void rows_work(world *w, sqla_error *err)
{
    int64_t seen = 0;
    sqla_stmt *q = sqla_sql(w->x.db, "SELECT id, label FROM nodes WHERE id <= :most ORDER BY id");
    if (q == NULL) {
        err->status = SQLA_ERR_NOMEM; /* which is what NULL says here */
        return;
    }
    sqla_bind(q, "most", 280);
    SQLA_EACH_ROW(row, q, err)
        seen += sqla_row_i64(row, "id", err) == seen + 1 && strncmp(sqla_row_text(row, "label", err), "a label", 7) == 0;
    CU_ASSERT(sqla_failed(err) || seen == 280);
    sqla_stmt_free(q);
}

static void stream_work(world *w, sqla_error *err)
{
    int64_t seen = 0;
    sqla_stmt *q = sqla_select(w->x.s, Node);
    if (q == NULL) {
        err->status = SQLA_ERR_NOMEM;
        return;
    }
    SQLA_STREAM(Node, node, q, err)
        seen += strncmp(node->label, "a label", 7) == 0;
    CU_ASSERT(sqla_failed(err) || seen == 300);
    sqla_stmt_free(q);
}

static void prepare_users(world *w)
{
    harness_hold(w->url, make_users);
}

static void select_work(world *w, sqla_error *err)
{
    size_t n = 0;
    sqla_stmt *q = sqla_select(w->x.s, User);
    if (q == NULL) {
        err->status = SQLA_ERR_NOMEM;
        return;
    }
    sqla_where(q, sqla_gt(sqla_col(User, age), 150), sqla_like(sqla_col(User, name), "user%"), sqla_in(sqla_col(User, active), true, false));
    sqla_order_by(q, sqla_desc(sqla_col(User, age)), sqla_col(User, id));
    sqla_limit(q, 40);
    User **all = sqla_all(q, User, &n, err);
    CU_ASSERT(all == NULL ? sqla_failed(err) : n == 40 && all[0]->age.value == 200 && all[40] == NULL);
    sqla_stmt_free(q);
}

static void relations_work(world *w, sqla_error *err)
{
    sqla_stmt *q = sqla_select(w->x.s, User);
    if (q == NULL) {
        err->status = SQLA_ERR_NOMEM;
        return;
    }
    sqla_where(q, sqla_le(sqla_col(User, age), 30));
    sqla_selectin(q, User, addresses);
    size_t seen = 0;
    SQLA_EACH(User, u, q, err)
        seen += u->addresses.count == 1 && u->addresses.items[0]->user_id.value == u->id;
    CU_ASSERT(sqla_failed(err) || seen == 30);
    sqla_stmt_free(q);
    User *one = sqla_get(w->x.s, User, 1100, err);
    if (one != NULL && sqla_load(w->x.s, one, addresses, err) == SQLA_OK) {
        CU_ASSERT_EQUAL(one->addresses.count, 1);
        sqla_load(w->x.s, one->addresses.items[0], user, err);
    }
}

/* ---- writing --------------------------------------------------------------------------------------------------------- */

static void add_work(world *w, sqla_error *err)
{
    User *u = sqla_add(w->x.s, User, .name = "ada", .fullname = "Ada Lovelace", .age = SQLA_SOME(36), .active = true);
    User *v = sqla_add(w->x.s, User, .name = "grace", .age = SQLA_SOME(85));
    Address *a = sqla_add(w->x.s, Address, .email = "ada@example.org");
    if (u != NULL && a != NULL && v != NULL) {
        sqla_append(w->x.s, u, addresses, a);
        u->fullname = sqla_printf(w->x.s, "%s King", "Ada");
    }
    if (sqla_flush(w->x.s, err) == SQLA_OK) /* which reports, once, what was kept */
        sqla_commit(w->x.s, err);
}

static void many_work(world *w, sqla_error *err)
{
    char name[32];
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "user %03d", i);
        sqla_add(w->x.s, User, .name = name, .age = SQLA_SOME(i));
    }
    sqla_commit(w->x.s, err);
}

static void load_users(world *w, size_t n)
{
    sqla_error err = SQLA_ERROR_INIT;
    prepare_users(w);
    sqla_stmt *q = sqla_select(w->x.s, User);
    sqla_order_by(q, sqla_col(User, id));
    sqla_limit(q, (int64_t)n);
    w->count = 0;
    SQLA_EACH(User, u, q, &err)
        w->users[w->count++] = u;
    sqla_stmt_free(q);
    CU_ASSERT_EQUAL_FATAL(w->count, n);
}

static void prepare_few(world *w) { load_users(w, 3); }
static void prepare_some(world *w) { load_users(w, 40); }
static void prepare_many(world *w) { load_users(w, 200); }

static void update_work(world *w, sqla_error *err)
{
    for (size_t i = 0; i < w->count; i++) {
        w->users[i]->age.value += 1000;
        if (i % 2 == 0)
            w->users[i]->fullname = "Another Name";
    }
    sqla_commit(w->x.s, err);
}

static void delete_work(world *w, sqla_error *err)
{
    for (size_t i = 0; i < w->count; i++)
        sqla_delete(w->x.s, w->users[i]);
    sqla_commit(w->x.s, err);
}

static void refresh_work(world *w, sqla_error *err)
{
    sqla_expire(w->x.s, w->users[0]);
    User *u = sqla_get(w->x.s, User, w->users[0]->id, err);
    CU_ASSERT(u == w->users[0] || sqla_failed(err));
    sqla_refresh(w->x.s, w->users[1], err);
    sqla_expunge(w->x.s, w->users[2]);
    sqla_commit(w->x.s, err);
}

static void savepoint_work(world *w, sqla_error *err)
{
    sqla_add(w->x.s, User, .name = "outer", .age = SQLA_SOME(1));
    sqla_savepoint *sp = sqla_begin_nested(w->x.s, err);
    sqla_add(w->x.s, User, .name = "inner", .age = SQLA_SOME(2));
    sqla_savepoint *deeper = sp != NULL ? sqla_begin_nested(w->x.s, err) : NULL;
    sqla_add(w->x.s, User, .name = "deeper", .age = SQLA_SOME(4));
    if (deeper != NULL && sqla_savepoint_rollback(deeper, err) == SQLA_OK)
        sqla_savepoint_commit(sp, err);
    if (!sqla_failed(err))
        sqla_commit(w->x.s, err);
}

static void rollback_work(world *w, sqla_error *err)
{
    w->users[0]->age.value = 7;
    User *u = sqla_add(w->x.s, User, .name = "gone");
    sqla_flush(w->x.s, err);
    w->users[1]->fullname = "never written";
    CU_ASSERT_EQUAL(sqla_rollback(w->x.s, err), SQLA_OK); /* always works */
    CU_ASSERT_EQUAL(w->users[0]->age.value, 1);
    CU_ASSERT_STRING_EQUAL(w->users[1]->fullname, "Some Name");
    CU_ASSERT(u == NULL || sqla_state(w->x.s, u) == SQLA_TRANSIENT);
}

static void things_work(world *w, sqla_error *err)
{
    Thing *t = sqla_add(w->x.s, Thing, .small = 1, .text = "text", .blob = { "\1\2", 2 }, .price = { "1.50" }, .json = { "{}" }, .colour = BLUE,
        .span = { 1, 2, 3 }, .o_medium = SQLA_SOME(5));
    sqla_flush(w->x.s, err);
    if (t != NULL && !sqla_failed(err)) {
        t->text = "another text";
        sqla_field_set(w->x.s, t, "medium", sqla_val(77), err);
    }
    sqla_commit(w->x.s, err);
}

/* ---- fields with conversions ----------------------------------------------------------------------------------------- */

typedef struct label { const char *text; } label;

static sqla_status label_store(const void *field, sqla_value *ret_value, sqla_memory *memory, void *data, sqla_error *err)
{
    const label *l = field;
    (void)data, (void)err;
    const char *text = l->text != NULL ? sqla_memory_printf(memory, "<%s>", l->text) : NULL;
    *ret_value = sqla_value_text(text);
    return text != NULL || l->text == NULL ? SQLA_OK : SQLA_ERR_NOMEM;
}

static sqla_status label_load(const sqla_value *value, void *field, sqla_memory *memory, void *data, sqla_error *err)
{
    label *l = field;
    (void)data, (void)err;
    if (value->type == SQLA_NULL)
        return SQLA_OK;
    l->text = sqla_memory_copy(memory, (const char *)value->as.bytes.data + 1, value->as.bytes.size - 2);
    return l->text != NULL ? SQLA_OK : SQLA_ERR_NOMEM;
}

SQLA_DECLARE_CONVERSION(label, SQLA_TEXT);
SQLA_CONVERSION(label, .store = label_store, .load = label_load);

typedef struct Notice { int64_t id; label title; sqla_opt_i32 size; } Notice;
SQLA_DECLARE(Notice);
SQLA_MODEL(Notice, "events", SQLA_COLUMN(id, .primary_key = true), SQLA_CONVERTED(title, label), SQLA_COLUMN(size));

static void read_notices(sqla_session *s, sqla_error *err)
{
    const label wanted = { "closing" };
    sqla_stmt *q = sqla_select(s, Notice);
    if (q == NULL) {
        err->status = SQLA_ERR_NOMEM;
        return;
    }
    sqla_where(q, sqla_eq(sqla_converted_col(Notice, title, label), sqla_converted(label, &wanted)));
    for (int i = 0; i < 2 && !sqla_failed(err); i++) {
        SQLA_EACH(Notice, n, q, err) {
            CU_ASSERT_STRING_EQUAL(n->title.text, "closing");
            sqla_field_get(s, n, "title", err);
            sqla_expire(s, n);
        }
    }
    sqla_stmt_free(q);
}

static void write_notices(sqla_session *s, sqla_error *err)
{
    char long_title[3000];
    memset(long_title, 'x', sizeof long_title - 1);
    long_title[sizeof long_title - 1] = '\0';
    Notice *n = sqla_add(s, Notice, .title = { "opening" });
    sqla_add(s, Notice, .title = { long_title });
    if (sqla_flush(s, err) != SQLA_OK)
        return;
    n->title.text = "closing";
    sqla_savepoint *sp = sqla_begin_nested(s, err);
    n->title.text = long_title;
    if (sp == NULL || sqla_flush(s, err) != SQLA_OK || sqla_savepoint_rollback(sp, err) != SQLA_OK)
        return;
    CU_ASSERT_STRING_EQUAL(n->title.text, "closing");
    read_notices(s, err);
    if (!sqla_failed(err))
        sqla_commit(s, err);
}

static void conversions_work(world *w, sqla_error *err)
{
    sqla_metadata *base = sqla_metadata_new(err);
    sqla_sessionmaker *maker = NULL;
    if (base != NULL && sqla_metadata_add(base, SQLA_MODELS(Notice), err) == SQLA_OK)
        maker = sqla_sessionmaker_new(w->x.db, base, NULL, err);
    sqla_session *s = maker != NULL ? sqla_open(maker, err) : NULL;
    if (s != NULL)
        write_notices(s, err);
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
}

/* ---- schemas --------------------------------------------------------------------------------------------------------- */

static const char drop_events[] = "DROP TABLE IF EXISTS visits; DROP TABLE IF EXISTS events";
#define MAKE_EVENTS(key) "DROP TABLE IF EXISTS visits; DROP TABLE IF EXISTS events; CREATE TABLE events (id " key ", title TEXT, size INTEGER); " \
                         "CREATE TABLE visits (id BIGINT PRIMARY KEY, event_id BIGINT NOT NULL REFERENCES events (id))"

static const char *make_events(const char *url)
{
    return harness_is_postgres(url) ? MAKE_EVENTS("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY") : MAKE_EVENTS("INTEGER PRIMARY KEY");
}

/* Two models made at run time. */
static sqla_model *make_models(sqla_metadata *base, sqla_error *err)
{
    sqla_model *event = sqla_model_new(base, "Event", "events", err), *visit = sqla_model_new(base, "Visit", "visits", err);
    sqla_model_add_column(event, "id", SQLA_INT64, &(sqla_column_item){ .primary_key = true }, err);
    sqla_model_add_column(event, "title", SQLA_TEXT | SQLA_FORM_NULLABLE, NULL, err);
    sqla_model_add_column(event, "size", SQLA_INT32 | SQLA_FORM_NULLABLE, &(sqla_column_item){ .index = true }, err);
    sqla_model_add_column(visit, "id", SQLA_INT64, &(sqla_column_item){ .primary_key = true }, err);
    sqla_model_add_foreign_key(visit, "event_id", SQLA_INT64, event, "id", NULL, err);
    return event;
}

static void prepare_models(world *w)
{
    sqla_error err = SQLA_ERROR_INIT;
    w->more = sqla_metadata_new(&err);
    make_models(w->more, &err);
    CU_ASSERT_EQUAL_FATAL(err.status, SQLA_OK);
}

static void prepare_tables(world *w)
{
    prepare_models(w);
    harness_hold(w->url, make_events(w->url));
}

static void finish_models(world *w)
{
    sqla_metadata_free(w->more);
    w->more = NULL;
}

static void create_work(world *w, sqla_error *err) { sqla_metadata_create_all(w->more, w->x.db, err); }
static void drop_work(world *w, sqla_error *err) { sqla_metadata_drop_all(w->more, w->x.db, err); }

static void inspect_work(world *w, sqla_error *err)
{
    sqla_metadata *found = sqla_inspect(w->x.db, NULL, err);
    CU_ASSERT((found == NULL) == sqla_failed(err));
    sqla_metadata_free(found);
}

static void run_time_work(world *w, sqla_error *err)
{
    sqla_metadata *base = sqla_metadata_new(err);
    sqla_model *event = base != NULL ? make_models(base, err) : NULL;
    sqla_sessionmaker *maker = !sqla_failed(err) ? sqla_sessionmaker_new(w->x.db, base, NULL, err) : NULL;
    sqla_session *s = maker != NULL ? sqla_open(maker, err) : NULL;
    void *e = s != NULL ? sqla_new_object(s, event) : NULL;
    if (e != NULL) {
        sqla_field_set(s, e, "title", sqla_val("opening"), err);
    }
    if (s != NULL && !sqla_failed(err))
        sqla_commit(s, err);
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
}

/* ---- the list -------------------------------------------------------------------------------------------------------- */

static const char sqlite_tables[] = "SELECT count(*) FROM sqlite_schema WHERE tbl_name IN ('events', 'visits')";
static const char postgres_tables[] = "SELECT (SELECT count(*) FROM pg_tables WHERE tablename IN ('events', 'visits')) + "
                                      "(SELECT count(*) FROM pg_indexes WHERE tablename IN ('events', 'visits'))";
static const char *tables_of(const char *url) { return harness_is_postgres(url) ? postgres_tables : sqlite_tables; }

#define SCENARIO(name, ...) static void name(const char *url) { const scenario s = { __VA_ARGS__ }; torture(url, &s); }

SCENARIO(torture_engine, .work = engine_work)
SCENARIO(torture_connect, .work = connect_work)
SCENARIO(torture_execute, .work = execute_work, .shows = shows_users, .reset = no_users)
SCENARIO(torture_transaction, .prepare = take_conn, .work = transaction_work, .finish = give_conn, .shows = shows_users, .reset = no_users)
SCENARIO(torture_pool, .work = pool_work)
SCENARIO(torture_rows, .prepare = prepare_nodes, .work = rows_work)
SCENARIO(torture_stream, .prepare = prepare_nodes, .work = stream_work)
SCENARIO(torture_select, .prepare = prepare_users, .work = select_work)
SCENARIO(torture_relations, .prepare = prepare_users, .work = relations_work)
SCENARIO(torture_add, .work = add_work, .shows = shows_users, .reset = no_users)
SCENARIO(torture_add_many, .work = many_work, .shows = shows_users, .reset = no_users)
SCENARIO(torture_update_few, .prepare = prepare_few, .work = update_work, .shows = shows_users, .reset = no_users)
SCENARIO(torture_update_some, .prepare = prepare_some, .work = update_work, .shows = shows_users, .reset = no_users)
SCENARIO(torture_update_many, .prepare = prepare_many, .work = update_work, .shows = shows_users, .reset = no_users)
SCENARIO(torture_delete, .prepare = prepare_some, .work = delete_work, .shows = shows_users, .reset = no_users)
SCENARIO(torture_refresh, .prepare = prepare_few, .work = refresh_work, .shows = shows_users, .reset = no_users)
SCENARIO(torture_savepoint, .work = savepoint_work, .shows = shows_users, .reset = no_users)
SCENARIO(torture_rollback, .prepare = prepare_few, .work = rollback_work, .shows = shows_users, .reset = no_users)
SCENARIO(torture_things, .work = things_work, .shows = "SELECT count(*) || ':' || coalesce(max(text), '') || ':' || coalesce(max(medium), 0) FROM things",
    .reset = "DELETE FROM things")
SCENARIO(torture_create, .prepare = prepare_models, .work = create_work, .finish = finish_models, .shows = tables_of(url), .reset = drop_events)
SCENARIO(torture_drop, .prepare = prepare_tables, .work = drop_work, .finish = finish_models, .shows = tables_of(url), .reset = drop_events)
SCENARIO(torture_inspect, .work = inspect_work)
SCENARIO(torture_conversions, .prepare = prepare_tables, .work = conversions_work, .finish = finish_models,
    .shows = "SELECT count(*) || ':' || coalesce(min(title), '') || ':' || coalesce(sum(length(title)), 0) FROM events", .reset = make_events(url))
SCENARIO(torture_run_time, .prepare = prepare_tables, .work = run_time_work, .finish = finish_models,
    .shows = "SELECT count(*) || coalesce(max(title), '') FROM events", .reset = make_events(url))

static const struct harness_test tests[] = {
    { "engine made and freed", torture_engine, HARNESS_DATABASES },
    { "connect", torture_connect, HARNESS_DATABASES },
    { "execute on an engine", torture_execute, HARNESS_DATABASES },
    { "transaction with parameters", torture_transaction, HARNESS_DATABASES },
    { "pool with threads, closed", torture_pool, HARNESS_DATABASES },
    { "rows", torture_rows, HARNESS_DATABASES },
    { "stream", torture_stream, HARNESS_DATABASES },
    { "select into structs", torture_select, HARNESS_DATABASES },
    { "relations", torture_relations, HARNESS_DATABASES },
    { "add, flush and commit", torture_add, HARNESS_DATABASES },
    { "add many", torture_add_many, HARNESS_DATABASES },
    { "update a few", torture_update_few, HARNESS_DATABASES },
    { "update some", torture_update_some, HARNESS_DATABASES },
    { "update many", torture_update_many, HARNESS_DATABASES },
    { "delete", torture_delete, HARNESS_DATABASES },
    { "expire, refresh and expunge", torture_refresh, HARNESS_DATABASES },
    { "savepoints", torture_savepoint, HARNESS_DATABASES },
    { "rollback", torture_rollback, HARNESS_DATABASES },
    { "every type", torture_things, HARNESS_DATABASES },
    { "create_all", torture_create, HARNESS_SQLITE | HARNESS_POSTGRES }, /* MariaDB undoes no change of a schema */
    { "drop_all", torture_drop, HARNESS_SQLITE | HARNESS_POSTGRES },
    { "inspect", torture_inspect, HARNESS_DATABASES },
    { "models made at run time", torture_run_time, HARNESS_SQLITE | HARNESS_POSTGRES },
    { "fields with conversions", torture_conversions, HARNESS_SQLITE | HARNESS_POSTGRES },
};

/* The files lie in memory where there is a place for that, since some thousand commits would wait for the disk. */
int main(void)
{
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    setenv("PGOPTIONS", "-c client_min_messages=warning", 0);
    return harness_main("torture", tests, sizeof tests / sizeof tests[0]);
}
