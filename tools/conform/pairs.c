/* pairs.c: no state of one call reaches the next one: each kind of call, after each other one on
 * the same connection, does what it does alone. What a driver lacks is left out. */
#include <config.h>
#include "pairs.h"

#include <stdio.h>
#include <string.h>

enum { CALLS = 100, BAD_PAIRS = 12 };

/* The calls that this driver is asked for, and how each failed when it was made alone. */
static struct {
    const pair_call *calls[CALLS];
    pair_told alone[CALLS];
    size_t count;
    unsigned bad; /* pairs that went wrong */
} pairs;

struct pair_state pair_db;

static const sqla_slot added_slots[] = {
    KIT_SLOT(pair_row, n, SQLA_INT32, SQLA_REP_FIXED, 0),
    KIT_SLOT(pair_row, name, SQLA_TEXT, SQLA_REP_CSTR, 1),
};
static const sqla_plan added_plan = KIT_PLAN(added_slots);

/* ---- tables and connections ------------------------------------------------------------------ */

/* Some databases end with their last connection. */
static kit_conn keeper;

static void make_tables(void)
{
    kit_must_open(&keeper);
    kit_drop(&keeper, "conf_pair");
    kit_drop(&keeper, "conf_base");
    kit_must(&keeper,
        kit_sql(
            "CREATE TABLE [conf_base] ([id] %s NOT NULL PRIMARY KEY, [n] %s NOT NULL, [name] %s NOT NULL, "
            "[x] %s)",
            kit_type(SQLA_INT64), kit_type(SQLA_INT32), kit_type(SQLA_TEXT), kit_type(SQLA_FLOAT64)));
    kit_must(
        &keeper, kit_sql("CREATE TABLE [conf_pair] ([id] %s%s, [n] %s NOT NULL CHECK ([n] <> -666), [name] "
                         "%s NOT NULL, [x] %s)",
                     kit_traits->generated_key, kit_traits->generated_key_is_primary ? "" : " PRIMARY KEY",
                     kit_type(SQLA_INT32), kit_type(SQLA_TEXT), kit_type(SQLA_FLOAT64)));
    pair_db.schema = kit_schema(&keeper, "conf_base");
    for (int i = 0; i < PAIR_BASE; i++)
        EXPECT(kit_run_with(&keeper,
                   kit_sql("INSERT INTO [conf_base] ([id], [n], [name], [x]) VALUES (?, ?, ?, ?)"),
                   &pair_plan, &pair_base[i]),
            SQLA_OK);
}

static sqla_driver_stmt *prepare(const char *text, const sqla_plan *plan)
{
    const sqla_exec_options options = { sizeof options, 0, 0 };
    sqla_driver_stmt *stmt = NULL;
    kit_clear();
    if (kit_ops.prepare != NULL)
        EXPECT(kit_ops.prepare(pair_db.db.handle, text, strlen(text), plan, 1, &options, &stmt, KIT_ERR),
            SQLA_OK);
    return stmt;
}

static void open_pair_db(void)
{
    static char query[256], insert[256];
    kit_must_open(&pair_db.db);
    snprintf(
        query, sizeof query, "%s", kit_sql("SELECT [id], [n], [name], [x] FROM [conf_base] WHERE [id] = ?"));
    snprintf(insert, sizeof insert, "%s", kit_sql("INSERT INTO [conf_pair] ([n], [name]) VALUES (?, ?)"));
    pair_db.query_text = query;
    pair_db.insert_text = insert;
    pair_db.query = prepare(query, &pair_id_plan);
    pair_db.insert = prepare(insert, &added_plan);
    kit_must(&pair_db.db, "DELETE FROM [conf_pair]");
    pair_db.rows = pair_db.sum = 0;
    pair_db.may_be_lost = pair_db.late = pair_db.shaky = pair_db.lost = false;
}

static void close_pair_db(void)
{
    if (pair_db.query != NULL)
        kit_ops.stmt_close(pair_db.query);
    if (pair_db.insert != NULL)
        kit_ops.stmt_close(pair_db.insert);
    pair_db.query = pair_db.insert = NULL;
    kit_close(&pair_db.db);
}

/* The table holds what the calls have left there. */
static bool is_as_counted(void)
{
    char text[PAIR_TEXT];
    int64_t rows = kit_number(&keeper, "SELECT count(*) FROM [conf_pair]");
    int64_t sum = rows > 0 ? kit_number(&keeper, "SELECT sum([n]) FROM [conf_pair]") : 0;
    bool ok =
        conform_expect_int(rows, pair_db.rows, pair_named("rows in the table", text), __FILE__, __LINE__);
    return ok && conform_expect_int(sum, pair_db.sum, pair_named("their sum", text), __FILE__, __LINE__);
}

/* ---- making them ----------------------------------------------------------------------------- */

/* All begins anew, with another connection. A driver that gets most of it wrong is not asked for the rest. */
static void begin_anew(void)
{
    sqla_txn_state state = kit_state(&pair_db.db);
    bool lawful = pair_db.lost || (state == SQLA_TXN_LOST && (pair_db.may_be_lost || pair_db.late));
    if (state == SQLA_TXN_ACTIVE || state == SQLA_TXN_FAILED)
        (void)kit_rollback(&pair_db.db);
    close_pair_db();
    if (!lawful && ++pairs.bad > BAD_PAIRS)
        conform_stop();
    open_pair_db();
}

static bool is_slow(const pair_call *a, const pair_call *b)
{
    return ((a->where | b->where) & PAIR_SLOW) != 0;
}

/* Make one call. Returns: all was well, and the connection is as it should be. */
static bool make(size_t at, const char *before, bool first)
{
    unsigned failures = conform_current->failures;
    pair_db.alone = &pairs.alone[at];
    pair_db.before = before;
    pair_db.now = pairs.calls[at]->name;
    pair_db.first = first;
    pair_db.shaky = pair_db.late;
    pair_db.may_be_lost = pair_db.late = false;
    pairs.calls[at]->run();
    sqla_txn_state state = kit_state(&pair_db.db);
    if (pair_db.lost || ((pair_db.may_be_lost || pair_db.late) && state == SQLA_TXN_LOST))
        return false;
    PAIR_CHECK(
        pair_db.inside ? state == SQLA_TXN_ACTIVE || state == SQLA_TXN_FAILED : state == SQLA_TXN_IDLE);
    return conform_current->failures == failures;
}

/* Each pair of a with those after it, both ways round, outside of transactions: a, a, b, a, c, a ... */
static void walk(size_t a, bool slow)
{
    const pair_call *first = pairs.calls[a];
    pair_db.inside = false;
    bool ok = make(a, "the pairs before", true);
    for (size_t b = a; b < pairs.count; b++) {
        const pair_call *other = pairs.calls[b];
        if (((first->where | other->where) & PAIR_INSIDE) != 0 || is_slow(first, other) != slow)
            continue;
        if (!ok)
            begin_anew();
        ok = make(b, first->name, true) && (a == b || make(a, other->name, true));
    }
    if (!ok)
        begin_anew();
    if (!is_as_counted())
        begin_anew();
}

static void forget_since(const struct pair_state *before)
{
    pair_db.rows = before->rows;
    pair_db.sum = before->sum;
}

/* A transaction that has failed takes a rollback, and leaves nothing to the call that follows. */
static bool go_on(const struct pair_state *before)
{
    if (kit_state(&pair_db.db) != SQLA_TXN_FAILED)
        return true;
    pair_db.inside = false;
    forget_since(before);
    return PAIR_OK(kit_rollback(&pair_db.db));
}

/* The end of the transaction, if it is still there. */
static bool end_inside(const struct pair_state *before, bool commit)
{
    if (!pair_db.inside)
        return true;
    bool ok = commit ? PAIR_OK(kit_commit(&pair_db.db)) : PAIR_OK(kit_rollback(&pair_db.db));
    pair_db.inside = false;
    if (!commit)
        forget_since(before);
    return PAIR_INT(kit_state(&pair_db.db), SQLA_TXN_IDLE) && ok;
}

/* a, then b, in one transaction that is committed or rolled back. */
static void make_inside(size_t a, size_t b, bool commit)
{
    const struct pair_state before = pair_db;
    bool ok = PAIR_OK(kit_begin(&pair_db.db, SQLA_TXN_WRITE));
    pair_db.inside = true;
    ok = ok && make(a, "begin", true) && go_on(&before);
    if (ok && (pair_db.inside || (pairs.calls[b]->where & PAIR_INSIDE) == 0))
        ok = make(b, pairs.calls[a]->name, false) && go_on(&before);
    ok = ok && end_inside(&before, commit);
    pair_db.inside = false;
    if (!ok)
        begin_anew();
}

static void inside_with_all(size_t a, bool slow)
{
    for (size_t b = 0; b < pairs.count; b++) {
        const pair_call *first = pairs.calls[a], *second = pairs.calls[b];
        bool can = ((first->where | second->where) & PAIR_ALONE) == 0 && is_slow(first, second) == slow;
        if (can && (!slow || (a + b) % 2 == 0))
            make_inside(a, b, (a + b) % 4 < 2);
    }
    if (!is_as_counted())
        begin_anew();
}

/* ---- the checks ------------------------------------------------------------------------------ */

static void choose(const pair_call *list)
{
    for (const pair_call *call = list; call->name != NULL; call++) {
        const conform_check check = { call->name, call->name, call->needs, 0, NULL };
        if (kit_lacks(&check) == NULL && kit_feature(&pair_db.db, call->features) && pairs.count < CALLS)
            pairs.calls[pairs.count++] = call;
    }
}

/* What each of them does when nothing was before. */
static void make_each_alone(void)
{
    for (size_t i = 0; i < pairs.count; i++) {
        bool inside = (pairs.calls[i]->where & PAIR_INSIDE) != 0;
        if (inside)
            EXPECT(kit_begin(&pair_db.db, SQLA_TXN_WRITE), SQLA_OK);
        pair_db.inside = inside;
        bool ok = make(i, NULL, false);
        pair_db.inside = false;
        if (inside)
            EXPECT(kit_rollback(&pair_db.db), SQLA_OK);
        close_pair_db();
        open_pair_db();
        if (!ok && kit_state(&pair_db.db) == SQLA_TXN_IDLE && conform_current->failures > 0)
            conform_stop(); /* other checks tell why */
    }
}

static void begin_pairs(void)
{
    static const pair_call *const lists[] = { pair_statements, pair_prepared, pair_batches, pair_copies,
        pair_sessions, pair_limits };
    make_tables();
    open_pair_db();
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (lists[i] != pair_copies || pair_knows_copies())
            choose(lists[i]);
    }
    make_each_alone();
}

/* What a connection that was lost still runs may keep them; who makes them anew drops them then. */
static void drop_soon(const char *table)
{
    const char *text = kit_sql("DROP TABLE IF EXISTS [%s]", table);
    sqla_driver_result *result;
    if (kit_exec_until(&keeper, text, NULL, NULL, 0, kit_now() + INT64_C(5000000000), &result) == SQLA_OK)
        kit_ops.result_close(result);
}

static void end_pairs(void)
{
    close_pair_db();
    drop_soon("conf_pair");
    drop_soon("conf_base");
    kit_close(&keeper);
}

static void pairs__outside_of_transactions(void)
{
    begin_pairs();
    for (size_t a = 0; a < pairs.count; a++) {
        if ((pairs.calls[a]->where & (PAIR_INSIDE | PAIR_SLOW)) == 0)
            walk(a, false);
    }
    end_pairs();
}

static void pairs__in_a_transaction(void)
{
    begin_pairs();
    for (size_t a = 0; a < pairs.count; a++) {
        if ((pairs.calls[a]->where & (PAIR_ALONE | PAIR_SLOW)) == 0)
            inside_with_all(a, false);
    }
    end_pairs();
}

static void pairs__with_what_was_ended(void)
{
    begin_pairs();
    for (size_t a = 0; a < pairs.count; a++) {
        if ((pairs.calls[a]->where & PAIR_INSIDE) == 0)
            walk(a, true);
    }
    end_pairs();
}

static void pairs__with_what_was_ended_in_a_transaction(void)
{
    begin_pairs();
    for (size_t a = 0; a < pairs.count; a++) {
        if ((pairs.calls[a]->where & PAIR_ALONE) == 0)
            inside_with_all(a, true);
    }
    end_pairs();
}

const conform_check conform_pair_checks[] = {
    { "pair-01", "each call after each other one is as it is alone", NEEDS_DATABASE, 0,
        pairs__outside_of_transactions },
    { "pair-02", "so it is in a transaction", NEEDS_DATABASE, 0, pairs__in_a_transaction },
    { "pair-03", "what was cancelled or had a deadline leaves the next call alone", NEEDS_DATABASE, 0,
        pairs__with_what_was_ended },
    { "pair-04", "so it does in a transaction", NEEDS_DATABASE, 0,
        pairs__with_what_was_ended_in_a_transaction },
    { NULL, NULL, 0, 0, NULL },
};
