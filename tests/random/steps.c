/* steps.c: what steps there are, how often each comes, and how a run does them. */
#include <config.h>
#include "run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

run x;
verdict *the_verdict;
bool saying;

/* ---- saying ------------------------------------------------------------------------------------------- */

void say(const char *format, ...)
{
    va_list args;
    if (!saying)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

/* The process ends here; whoever started it reads the verdict. */
void wrong(const char *kind, const char *format, ...)
{
    char line[sizeof the_verdict->text];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    snprintf(the_verdict->kind, sizeof the_verdict->kind, "%s", kind);
    memcpy(the_verdict->text, line, sizeof line);
    the_verdict->failed = true;
    say("    /* wrong: %s */\n", line);
    fflush(stdout);
    _Exit(3);
}

/* ---- picking ------------------------------------------------------------------------------------------ */

static bool stands(const object *o, unsigned in)
{
    switch ((standing)o->state) {
    case TRANSIENT:
        return (in & (o->clean ? IN_TRANSIENT : IN_UNCLEAN)) != 0;
    case PENDING:
        return (in & IN_PENDING) != 0;
    case PERSISTENT:
        return (in & (o->doomed ? IN_DOOMED : IN_PERSISTENT)) != 0;
    case DELETED:
        return (in & IN_DELETED) != 0;
    case GONE:
        break;
    }
    return false;
}

int pick(int t, unsigned in, uint32_t operand)
{
    uint32_t n = 0;
    for (int i = 0; i < w.count; i++)
        n += (t < 0 || w.objects[i].table == t) && stands(&w.objects[i], in);
    operand = n > 0 ? operand % n : 0;
    for (int i = 0; i < w.count; i++)
        if ((t < 0 || w.objects[i].table == t) && stands(&w.objects[i], in) && operand-- == 0)
            return i;
    return NOBODY;
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*function)(const step *st);
    int often;
} kinds[] = {
    { "add", do_add, 12 },
    { "new", do_new, 5 },
    { "set_field", do_set_field, 10 },
    { "rename", do_rename, 3 },
    { "set_key", do_set_key, 6 },
    { "set_pointer", do_set_pointer, 10 },
    { "append", do_append, 10 },
    { "remove", do_remove, 7 },
    { "delete", do_delete, 5 },
    { "add_again", do_add_again, 4 },
    { "expunge", do_expunge, 2 },
    { "misuse", do_misuse, 1 },
    { "load_many", do_load_many, 8 },
    { "load_one", do_load_one, 4 },
    { "query", do_query, 3 },
    { "selectin", do_selectin, 4 },
    { "get", do_get, 4 },
    { "refresh", do_refresh, 3 },
    { "expire", do_expire, 2 },
    { "flush", do_flush, 14 },
    { "commit", do_commit, 5 },
    { "rollback", do_rollback, 2 },
    { "nested", do_nested, 4 },
    { "savepoint_commit", do_savepoint_commit, 2 },
    { "savepoint_rollback", do_savepoint_rollback, 3 },
    { "raw_beside", do_raw_beside, 3 },
    { "raw", do_raw, 2 },
};

/* RANDOM_ORM_WITHOUT="remove raw" leaves steps of these kinds out. */
static bool is_left_out(int op)
{
    const char *without = getenv("RANDOM_ORM_WITHOUT");
    size_t n = strlen(kinds[op].name);
    for (const char *at = without; at != NULL && (at = strstr(at, kinds[op].name)) != NULL; at += n)
        if ((at == without || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void make_steps(uint64_t seed, step *steps, int n)
{
    uint64_t state = seed * 7919;
    int all = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        all += kinds[k].often;
    for (int i = 0; i < n; i++) {
        int at = (int)(next(&state) % (uint64_t)all);
        uint8_t op = 0;
        while (at >= kinds[op].often)
            at -= kinds[op++].often;
        steps[i] = (step){ op, (uint32_t)(next(&state) >> 8), (uint32_t)(next(&state) >> 8),
            (uint32_t)(next(&state) >> 8), (uint32_t)(next(&state) >> 8) };
    }
}

/* ---- a run -------------------------------------------------------------------------------------------- */

static void must(const sqla_error *err, const char *what)
{
    if (sqla_failed(err))
        wrong("test", "%s: %s: %s", what, sqla_status_name(err->status), err->message);
}

/* Sessions are closed with work left in them. */
static void hear_nothing(void *data, int level, const char *line) { (void)data, (void)level, (void)line; }

static void open_database(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    schema_read();
    x = (run){ .url = url };
    gives_keys_again = strncmp(url, "sqlite", 6) == 0;
    x.db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.wrap = "failing", .log = hear_nothing), &err);
    x.base = schema_metadata(&err);
    must(&err, "engine");
    sqla_metadata_create_all(x.base, x.db, &err);
    x.conn = sqla_connect(x.db, &err);
    must(&err, "tables");
}

void close_database(void)
{
    sqla_stmt_free(x.rows_beside);
    sqla_conn_close(x.conn);
    sqla_engine_free(x.db);
    sqla_metadata_free(x.base);
}

/* Everything out, children first as far as there is an order. */
static void empty_tables(void)
{
    static const char *const sql[] = {
        "UPDATE rperson SET favourite_id = NULL",
        "UPDATE rn SET up_id = NULL",
        "UPDATE rt SET up_id = NULL",
        "UPDATE ri SET up_id = NULL",
        "DELETE FROM rball",
        "DELETE FROM rperson",
        "DELETE FROM ra",
        "DELETE FROM rc",
        "DELETE FROM rd",
        "DELETE FROM re",
        "DELETE FROM rf",
        "DELETE FROM rl",
        "DELETE FROM rk",
        "DELETE FROM ri",
        "DELETE FROM rt",
        "DELETE FROM rn",
        "DELETE FROM rm",
        "DELETE FROM rp",
    };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_conn_begin(x.conn, &err);
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++)
        sqla_execute(x.conn, sql[i], NULL, &err);
    sqla_conn_commit(x.conn, &err);
    must(&err, "empty");
}

/* A session of its own with an object that has a row, and without a transaction. */
static void open_other(void)
{
    sqla_error err = SQLA_ERROR_INIT;
    x.other = sqla_open(x.maker, &err);
    P *foreign = sqla_add(x.other, P, .name = "foreign");
    sqla_commit(x.other, &err);
    must(&err, "other session");
    x.foreign = foreign;
    record *r = &w.db.of[TABLE_P][w.db.count[TABLE_P]++];
    for (int c = 0; c < tables[TABLE_P].column_count; c++)
        r->v[c] = value_at(&tables[TABLE_P].columns[c], foreign);
}

static void open_session(uint64_t seed)
{
    sqla_error err = SQLA_ERROR_INIT;
    memset(&w, 0, offsetof(world, objects));
    x.keep_on_commit = seed % 8 == 7;
    x.maker =
        sqla_sessionmaker_new(x.db, x.base, SQLA_SESSION_OPTIONS(.keep_on_commit = x.keep_on_commit), &err);
    x.s = sqla_open(x.maker, &err);
    must(&err, "session");
    open_other();
    x.rows = NULL;
    x.depth = 0;
    x.made = 0;
    x.idle = true;
    x.rebase = false;
    begin_level(0);
}

static void close_session(void)
{
    sqla_close(x.s);
    sqla_close(x.other);
    sqla_sessionmaker_free(x.maker);
    free_lent();
    memcpy(&w.db, &saved[0].db, sizeof w.db); /* what was not committed is gone */
    look_at_rows(true);
}

void run_steps(const char *url, uint64_t seed, const step *steps, int n)
{
    if (x.db == NULL)
        open_database(url);
    empty_tables();
    open_session(seed);
    for (int i = 0; i < n; i++) {
        the_verdict->step = i;
        x.may_read = false;
        if (!is_left_out(steps[i].op))
            kinds[steps[i].op].function(&steps[i]);
        look_at_memory();
        if (x.rebase)
            begin_level(0);
        x.rebase = false;
    }
    close_session();
}
