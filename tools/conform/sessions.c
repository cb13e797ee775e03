/* sessions.c: kinds of calls about the session: transactions, savepoints, two phases, ping, reset,
 * reflection. See pairs.h. */
#include <config.h>
#include "pairs.h"

#include <string.h>
#include <sqla/twophase.h>

/* ---- transactions ---------------------------------------------------------------------------- */

static void add_one(int n)
{
    pair_changes(kit_sql("INSERT INTO [conf_pair] ([n], [name]) VALUES (%d, 'x')", n), NULL, NULL, 1, n);
}

/* What is rolled back is not counted. */
static void add_in_vain(void)
{
    add_one(50);
    pair_db.rows -= 1;
    pair_db.sum -= 50;
}

static bool begin(uint32_t flags, uint32_t isolation)
{
    bool ok = PAIR_OK(kit_begin_with(&pair_db.db, flags, isolation));
    return PAIR_INT(kit_state(&pair_db.db), SQLA_TXN_ACTIVE) && ok;
}

static void committed(void)
{
    if (!begin(0, SQLA_ISOLATION_DEFAULT))
        return;
    add_one(11);
    PAIR_OK(kit_commit(&pair_db.db));
}

static void rolled_back(void)
{
    if (!begin(0, SQLA_ISOLATION_DEFAULT))
        return;
    add_in_vain();
    PAIR_OK(kit_rollback(&pair_db.db));
}

static void empty(void)
{
    if (begin(SQLA_TXN_WRITE, SQLA_ISOLATION_DEFAULT))
        PAIR_OK(kit_commit(&pair_db.db));
}

static void nothing_to_roll_back(void)
{
    if (kit_ops.rollback != NULL)
        PAIR_OK(kit_rollback(&pair_db.db));
}

static void read_only(void)
{
    if (!kit_reads_only() || !begin(SQLA_TXN_READ_ONLY, SQLA_ISOLATION_DEFAULT))
        return;
    PAIR_IS(
        kit_run(&pair_db.db, "INSERT INTO [conf_pair] ([n], [name]) VALUES (1, 'a')"), SQLA_ERR_READ_ONLY);
    PAIR_OK(kit_rollback(&pair_db.db));
}

static void serializable(void)
{
    bool has = (kit_traits->isolation_levels & UINT32_C(1) << SQLA_SERIALIZABLE) != 0;
    if (!begin(0, has ? SQLA_SERIALIZABLE : SQLA_ISOLATION_DEFAULT))
        return;
    add_one(12);
    PAIR_OK(kit_commit(&pair_db.db));
}

static void failed_and_rolled_back(void)
{
    if (!begin(0, SQLA_ISOLATION_DEFAULT))
        return;
    add_in_vain();
    PAIR_IS(kit_run(&pair_db.db, "INSERT INTO [conf_base] ([id], [n], [name]) VALUES (1, 1, 'b')"),
        SQLA_ERR_UNIQUE);
    PAIR_OK(kit_rollback(&pair_db.db));
}

static bool has_savepoints(void)
{
    return kit_ops.savepoint != NULL || kit_traits->savepoint != NULL;
}

static void savepoint_kept(void)
{
    if (!has_savepoints())
        return;
    PAIR_OK(kit_savepoint(&pair_db.db, SQLA_SAVEPOINT_SET, "a"));
    add_one(13);
    PAIR_OK(kit_savepoint(&pair_db.db, SQLA_SAVEPOINT_RELEASE, "a"));
}

static void savepoint_undone(void)
{
    if (!has_savepoints())
        return;
    PAIR_OK(kit_savepoint(&pair_db.db, SQLA_SAVEPOINT_SET, "b"));
    add_in_vain();
    PAIR_OK(kit_savepoint(&pair_db.db, SQLA_SAVEPOINT_ROLLBACK, "b"));
    PAIR_OK(kit_savepoint(&pair_db.db, SQLA_SAVEPOINT_RELEASE, "b"));
}

static void savepoint_left(void)
{
    if (!has_savepoints())
        return;
    PAIR_OK(kit_savepoint(&pair_db.db, SQLA_SAVEPOINT_SET, "c"));
}

static void savepoint_that_mends(void)
{
    if (!has_savepoints())
        return;
    PAIR_OK(kit_savepoint(&pair_db.db, SQLA_SAVEPOINT_SET, "d"));
    PAIR_IS(kit_run(&pair_db.db, "INSERT INTO [conf_base] ([id], [n], [name]) VALUES (1, 1, 'b')"),
        SQLA_ERR_UNIQUE);
    PAIR_OK(kit_savepoint(&pair_db.db, SQLA_SAVEPOINT_ROLLBACK, "d"));
}

static void savepoint_that_is_not_there(void)
{
    if (!has_savepoints())
        return;
    PAIR_IS(kit_savepoint(&pair_db.db, SQLA_SAVEPOINT_RELEASE, "nowhere"), SQLA_ERR_SQL);
}

/* ---- in two phases --------------------------------------------------------------------------- */

static sqla_status push_nothing(sqla_prepared_sink *sink, const sqla_prepared_record *record)
{
    (void)sink;
    (void)record;
    return SQLA_OK;
}

static void in_two_phases(int32_t commit)
{
    const sqla_twophase_ops *ops = kit_extension(SQLA_TWOPHASE);
    sqla_prepared_sink sink = { push_nothing };
    if (!begin(0, SQLA_ISOLATION_DEFAULT))
        return;
    if (commit != 0)
        add_one(14);
    else
        add_in_vain();
    PAIR_OK(ops->prepare(pair_db.db.handle, kit_instance(), 0, KIT_ERR));
    PAIR_INT(kit_state(&pair_db.db), SQLA_TXN_IDLE);
    PAIR_OK(ops->recover(pair_db.db.handle, &sink, 0, KIT_ERR));
    PAIR_OK(ops->finish(pair_db.db.handle, kit_instance(), commit, 0, KIT_ERR));
}

static void two_phases_committed(void)
{
    in_two_phases(1);
}

static void two_phases_rolled_back(void)
{
    in_two_phases(0);
}

static void two_phases_of_nobody(void)
{
    const sqla_twophase_ops *ops = kit_extension(SQLA_TWOPHASE);
    kit_clear();
    PAIR_IS(ops->finish(pair_db.db.handle, "conf_nobody", 1, 0, KIT_ERR), SQLA_ERR_NOT_FOUND);
}

/* ---- the session ----------------------------------------------------------------------------- */

static void ping(void)
{
    kit_clear();
    PAIR_OK(kit_ops.ping != NULL ? kit_ops.ping(pair_db.db.handle, 0, 0, KIT_ERR)
                                 : kit_run(&pair_db.db, kit_traits->ping));
}

static void look(void)
{
    kit_clear();
    if (kit_ops.ping != NULL)
        PAIR_OK(kit_ops.ping(pair_db.db.handle, SQLA_PING_LOOK, 0, KIT_ERR));
}

static void reset(void)
{
    kit_clear();
    PAIR_OK(kit_ops.reset != NULL ? kit_ops.reset(pair_db.db.handle, 0, KIT_ERR)
                                  : kit_run(&pair_db.db, kit_traits->reset));
}

static void resolve_nothing(void)
{
    int32_t outcome = -7;
    kit_clear();
    PAIR_IS(
        kit_ops.resolve(pair_db.db.handle, "no token of anybody's", 0, &outcome, KIT_ERR), SQLA_ERR_MISUSE);
}

typedef struct counting_sink {
    sqla_reflect_sink base;
    int count, most; /* most: it says no at that one */
} counting_sink;

static sqla_status push(sqla_reflect_sink *base, uint32_t kind, const void *record)
{
    counting_sink *sink = (counting_sink *)base;
    (void)kind;
    (void)record;
    return ++sink->count > sink->most ? SQLA_ERR_APPLICATION : SQLA_OK;
}

/* most: records that the sink takes. */
static void reflect(uint32_t kind, const char *table, int most, sqla_status expected, int least)
{
    const sqla_reflect_filter filter = { sizeof filter, 0, table != NULL ? pair_db.schema : NULL, table };
    counting_sink sink = { { push }, 0, most };
    kit_clear();
    sqla_status status = kit_ops.reflect(pair_db.db.handle, kind, &filter, &sink.base, KIT_ERR);
    if (expected == SQLA_ERR_APPLICATION) /* the sink's own, which reported nothing */
        PAIR_INT(status, expected);
    else
        PAIR_IS(status, expected);
    PAIR_CHECK(table != NULL ? sink.count == least : sink.count >= least);
}

static void reflect_columns(void)
{
    reflect(SQLA_REFLECT_COLUMNS, "conf_base", 100, SQLA_OK, 4);
}

static void reflect_tables(void)
{
    reflect(SQLA_REFLECT_TABLES, NULL, 100000, SQLA_OK, 2);
}

static void reflect_facts(void)
{
    reflect(SQLA_REFLECT_FACTS, "conf_pair", 100, SQLA_OK, 1);
}

static void reflect_stopped(void)
{
    reflect(SQLA_REFLECT_COLUMNS, "conf_base", 1, SQLA_ERR_APPLICATION, 2);
}

static void reflect_what_nobody_knows(void)
{
    reflect(4711, "conf_base", 100, SQLA_ERR_UNSUPPORTED, 0);
}

const pair_call pair_sessions[] = {
    { "a transaction", PAIR_ALONE, 0, 0, committed },
    { "a transaction that is rolled back", PAIR_ALONE, 0, 0, rolled_back },
    { "an empty transaction", PAIR_ALONE, 0, 0, empty },
    { "a rollback of nothing", PAIR_ALONE, 0, 0, nothing_to_roll_back },
    { "a serializable transaction", PAIR_ALONE, 0, 0, serializable },
    { "a transaction that failed", PAIR_ALONE, 0, 0, failed_and_rolled_back },
    { "a read-only transaction", PAIR_ALONE, 0, 0, read_only },
    { "a savepoint", PAIR_INSIDE, 0, 0, savepoint_kept },
    { "a savepoint that is rolled back", PAIR_INSIDE, 0, 0, savepoint_undone },
    { "a savepoint that is left", PAIR_INSIDE, 0, 0, savepoint_left },
    { "a savepoint that mends a failure", PAIR_INSIDE, 0, 0, savepoint_that_mends },
    { "a savepoint that is not there", PAIR_INSIDE, 0, 0, savepoint_that_is_not_there },
    { "two phases", PAIR_ALONE, NEEDS_TWOPHASE, 0, two_phases_committed },
    { "two phases that are rolled back", PAIR_ALONE, NEEDS_TWOPHASE, 0, two_phases_rolled_back },
    { "two phases of nobody", PAIR_ALONE, NEEDS_TWOPHASE, 0, two_phases_of_nobody },
    { "a ping", 0, NEEDS_PING, 0, ping },
    { "a look", 0, NEEDS_PING, 0, look },
    { "a reset", PAIR_ALONE, NEEDS_RESET, 0, reset },
    { "resolving nothing", PAIR_ALONE, NEEDS_RESOLVE, 0, resolve_nothing },
    { "reflection of tables", 0, NEEDS_REFLECT, 0, reflect_tables },
    { "reflection of columns", 0, NEEDS_REFLECT, 0, reflect_columns },
    { "reflection of facts", 0, NEEDS_REFLECT, 0, reflect_facts },
    { "reflection that is stopped", 0, NEEDS_REFLECT, 0, reflect_stopped },
    { "reflection of what nobody knows", 0, NEEDS_REFLECT, 0, reflect_what_nobody_knows },
    { NULL, 0, 0, 0, NULL },
};
