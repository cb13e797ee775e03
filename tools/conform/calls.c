/* calls.c: kinds of calls that run one statement: for rows, as a stream, for its effect, in vain.
 * See pairs.h. */
#include <config.h>
#include "pairs.h"

#include <string.h>

/* ---- rows ------------------------------------------------------------------------------------ */

static void read_all(uint32_t flags, size_t max)
{
    sqla_driver_result *result;
    if (!PAIR_OK(pair_exec(PAIR_QUERY, NULL, NULL, flags, &result)))
        return;
    pair_fetch_all(result, max, 0, PAIR_BASE);
    PAIR_CHECK(kit_ops.result_info(result)->affected <= 0);
    kit_ops.result_close(result);
}

static void query(void)
{
    read_all(0, 10);
}

static void view(uint32_t flags)
{
    sqla_driver_result *result;
    if (!PAIR_OK(pair_exec(PAIR_QUERY, NULL, NULL, flags, &result)))
        return;
    pair_view_all(result, 0, PAIR_BASE);
    kit_ops.result_close(result);
}

static void query_viewed(void)
{
    view(0);
}

static void query_with_parameter(void)
{
    const pair_row id = { .id = 2 };
    sqla_driver_result *result;
    if (!PAIR_OK(pair_exec(pair_db.query_text, &pair_id_plan, &id, 0, &result)))
        return;
    pair_fetch_all(result, 1, 1, 1);
    kit_ops.result_close(result);
}

static void query_without_rows(void)
{
    sqla_driver_result *result;
    if (!PAIR_OK(pair_exec(
            "SELECT [id], [n], [name], [x] FROM [conf_base] WHERE [id] < 0", NULL, NULL, 0, &result)))
        return;
    pair_fetch_all(result, 3, 0, 0);
    kit_ops.result_close(result);
}

/* Read so many rows, and close. */
static void read_some(uint32_t flags, size_t n)
{
    pair_row row;
    void *rows[] = { &row };
    size_t count;
    bool end;
    kit_arena arena;
    sqla_driver_result *result;
    kit_arena_init(&arena);
    if (PAIR_OK(pair_exec(PAIR_QUERY, NULL, NULL, flags, &result))) {
        for (size_t i = 0; i < n; i++) {
            PAIR_OK(kit_ops.result_fetch(result, &pair_plan, rows, 1, &arena.base, &count, &end, KIT_ERR));
            PAIR_CHECK(count == 1 && pair_row_is(&row, (int)i));
        }
        pair_db.may_be_lost = true;
        kit_ops.result_close(result);
    }
    kit_arena_release(&arena);
}

static void query_unread(void)
{
    read_some(0, 0);
}

static void query_half_read(void)
{
    read_some(0, 2);
}

static void stream(void)
{
    read_all(SQLA_EXEC_STREAM, 1);
}

static void stream_at_once(void)
{
    read_all(SQLA_EXEC_STREAM, 100);
}

static void stream_viewed(void)
{
    view(SQLA_EXEC_STREAM);
}

static void stream_unread(void)
{
    read_some(SQLA_EXEC_STREAM, 0);
}

static void stream_left(void)
{
    read_some(SQLA_EXEC_STREAM, 2);
}

/* More than fits between the two. */
static void long_stream_left(void)
{
    const sqla_value *values = NULL;
    sqla_driver_result *result;
    if (!PAIR_OK(pair_exec(kit_many_rows(), NULL, NULL, SQLA_EXEC_STREAM, &result)))
        return;
    for (int i = 0; i < 3; i++)
        PAIR_OK(kit_ops.result_view(result, &values, KIT_ERR));
    PAIR_CHECK(values != NULL);
    pair_db.may_be_lost = true;
    kit_ops.result_close(result);
}

/* The second row does not fit into what it is read to. */
static void misfit(uint32_t flags)
{
    struct {
        char name[8];
    } row[3];
    const sqla_slot slots[] = { KIT_SLOT(
        struct { char name[8]; }, name, SQLA_TEXT, SQLA_REP_CHARS, 2) };
    const sqla_plan plan = KIT_PLAN(slots);
    void *rows[] = { &row[0], &row[1], &row[2] };
    size_t count = 9;
    bool end;
    sqla_driver_result *result;
    if (!PAIR_OK(pair_exec(PAIR_QUERY, NULL, NULL, flags, &result)))
        return;
    PAIR_IS(kit_ops.result_fetch(result, &plan, rows, 3, NULL, &count, &end, KIT_ERR), SQLA_ERR_DATA);
    PAIR_INT(count, 1);
    PAIR_INT(kit_last.row, 2);
    PAIR_CHECK(strcmp(row[0].name, "one") == 0);
    pair_db.may_be_lost = true;
    kit_ops.result_close(result);
}

static void query_misfit(void)
{
    misfit(0);
}

static void stream_misfit(void)
{
    misfit(SQLA_EXEC_STREAM);
}

/* ---- effects --------------------------------------------------------------------------------- */

static void insert(void)
{
    pair_changes("INSERT INTO [conf_pair] ([n], [name], [x]) VALUES (5, 'five', 0.5)", NULL, NULL, 1, 5);
}

static void insert_three(void)
{
    pair_changes(
        "INSERT INTO [conf_pair] ([n], [name]) VALUES (1, 'a'), (2, 'b'), (3, 'c')", NULL, NULL, 3, 6);
}

static void insert_as_stream(void)
{
    sqla_driver_result *result;
    size_t count = 9;
    bool end = false;
    const sqla_plan none = { sizeof none, 0, NULL };
    void *rows[] = { &count };
    if (!PAIR_OK(pair_exec("INSERT INTO [conf_pair] ([n], [name]) VALUES (8, 'h'), (9, 'i')", NULL, NULL,
            SQLA_EXEC_STREAM, &result)))
        return;
    PAIR_OK(kit_ops.result_fetch(result, &none, rows, 1, NULL, &count, &end, KIT_ERR));
    PAIR_CHECK(count == 0 && end);
    PAIR_INT(kit_ops.result_info(result)->affected, 2);
    kit_ops.result_close(result);
    pair_db.rows += 2;
    pair_db.sum += 17;
}

static void returning(uint32_t flags)
{
    const sqla_value *values = NULL;
    sqla_driver_result *result;
    if (!PAIR_OK(pair_exec("INSERT INTO [conf_pair] ([n], [name]) VALUES (6, 'six') RETURNING [n], [name]",
            NULL, NULL, flags, &result)))
        return;
    PAIR_OK(kit_ops.result_view(result, &values, KIT_ERR));
    PAIR_CHECK(values != NULL && values[1].type == SQLA_TEXT && values[1].as.bytes.size == 3);
    PAIR_OK(kit_ops.result_view(result, &values, KIT_ERR));
    PAIR_CHECK(values == NULL);
    PAIR_INT(kit_ops.result_info(result)->affected, 1);
    kit_ops.result_close(result);
    pair_db.rows++;
    pair_db.sum += 6;
}

static void insert_returning(void)
{
    returning(0);
}

static void insert_returning_as_stream(void)
{
    returning(SQLA_EXEC_STREAM);
}

static void update(void)
{
    pair_changes("UPDATE [conf_base] SET [n] = [n] WHERE [id] < 4", NULL, NULL, 3, 0);
}

static void update_none(void)
{
    pair_changes("UPDATE [conf_base] SET [n] = 0 WHERE [id] < 0", NULL, NULL, 0, 0);
}

static void delete_all(void)
{
    pair_changes("DELETE FROM [conf_pair] WHERE [n] > 0", NULL, NULL, pair_db.rows, 0);
    pair_db.rows = pair_db.sum = 0;
}

static void table_made_and_dropped(void)
{
    sqla_driver_result *result;
    conform_undo_by(kit_named("DROP TABLE IF EXISTS [conf_short]"));
    if (!PAIR_OK(pair_exec(
            kit_sql("CREATE TABLE [conf_short] ([a] %s)", kit_type(SQLA_INT32)), NULL, NULL, 0, &result)))
        return;
    PAIR_CHECK(kit_ops.result_info(result)->affected <= 0);
    kit_ops.result_close(result);
    PAIR_OK(kit_run(&pair_db.db, "DROP TABLE [conf_short]"));
}

static void script(void)
{
    sqla_driver_result *result;
    const char *text = "INSERT INTO [conf_pair] ([n], [name]) VALUES (4, 'd'); SELECT 1; "
                       "INSERT INTO [conf_pair] ([n], [name]) VALUES (7, 'g');";
    if (!PAIR_OK(pair_exec(text, NULL, NULL, SQLA_EXEC_SCRIPT, &result)))
        return;
    PAIR_INT(kit_ops.result_info(result)->column_count, 0);
    kit_ops.result_close(result);
    pair_db.rows += 2;
    pair_db.sum += 11;
}

/* ---- failures -------------------------------------------------------------------------------- */

static void fail(const char *sql, const sqla_plan *plan, const void *row, uint32_t flags, sqla_status status)
{
    sqla_driver_result *result;
    if (!PAIR_IS(pair_exec(sql, plan, row, flags, &result), status) && result != NULL)
        kit_ops.result_close(result);
}

static void syntax_error(void)
{
    fail("SELEKT 1", NULL, NULL, 0, SQLA_ERR_SQL);
}

static void syntax_error_of_stream(void)
{
    fail("SELECT [nothing] FROM [conf_base]", NULL, NULL, SQLA_EXEC_STREAM, SQLA_ERR_SQL);
}

static void unique_violation(void)
{
    fail("INSERT INTO [conf_base] ([id], [n], [name]) VALUES (9, 1, 'a'), (1, 1, 'b')", NULL, NULL, 0,
        SQLA_ERR_UNIQUE);
}

static void check_violation(void)
{
    fail("INSERT INTO [conf_pair] ([n], [name]) VALUES (-666, 'a')", NULL, NULL, SQLA_EXEC_STREAM,
        SQLA_ERR_CHECK);
}

static void missing_parameter(void)
{
    fail(kit_sql("SELECT [id] FROM [conf_base] WHERE [id] = ? AND [n] = ?"), &pair_id_plan, &pair_base[0], 0,
        SQLA_ERR_SQL);
}

static void bad_text(void)
{
    static const pair_row row = { 0, 1, "bad \xff", 0, false };
    const sqla_slot slots[] = { { .type = SQLA_TEXT,
        .rep = SQLA_REP_CSTR,
        .offset = offsetof(pair_row, name),
        .size = sizeof(char *),
        .set_offset = -1,
        .name = "name" } };
    const sqla_plan plan = KIT_PLAN(slots);
    fail(kit_sql("SELECT [id] FROM [conf_base] WHERE [name] = ?"), &plan, &row, 0, SQLA_ERR_DATA);
}

static void two_statements(void)
{
    fail("INSERT INTO [conf_pair] ([n], [name]) VALUES (1, 'a'); INSERT INTO [conf_pair] ([n], [name]) "
         "VALUES (2, 'b')",
        NULL, NULL, 0, SQLA_ERR_MISUSE);
}

/* What of it stays is the database's affair; none of it is the next call's. */
static void failing_script(void)
{
    if (!PAIR_OK(kit_begin(&pair_db.db, SQLA_TXN_WRITE)))
        return;
    fail("INSERT INTO [conf_pair] ([n], [name]) VALUES (4, 'd'); SELEKT 1", NULL, NULL, SQLA_EXEC_SCRIPT,
        SQLA_ERR_SQL);
    PAIR_OK(kit_rollback(&pair_db.db));
}

const pair_call pair_statements[] = {
    { "a query", 0, 0, 0, query },
    { "a query that is viewed", 0, 0, 0, query_viewed },
    { "a query with a parameter", 0, 0, 0, query_with_parameter },
    { "a query without rows", 0, 0, 0, query_without_rows },
    { "a query that is not read", 0, 0, 0, query_unread },
    { "a query that is half read", 0, 0, 0, query_half_read },
    { "a query whose row does not fit", 0, 0, 0, query_misfit },
    { "a stream", 0, 0, 0, stream },
    { "a stream that is read at once", 0, 0, 0, stream_at_once },
    { "a stream that is viewed", 0, 0, 0, stream_viewed },
    { "a stream that is not read", 0, 0, 0, stream_unread },
    { "a stream that is left early", 0, 0, 0, stream_left },
    { "a long stream that is left early", PAIR_ALONE, 0, 0, long_stream_left },
    { "a stream whose row does not fit", 0, 0, 0, stream_misfit },
    { "an insert", 0, 0, 0, insert },
    { "an insert of three rows", 0, 0, 0, insert_three },
    { "an insert as a stream", 0, 0, 0, insert_as_stream },
    { "an insert that returns a row", 0, 0, SQLA_FEATURE_RETURNING, insert_returning },
    { "an insert that returns a row as a stream", 0, 0, SQLA_FEATURE_RETURNING, insert_returning_as_stream },
    { "an update", 0, 0, 0, update },
    { "an update of nothing", 0, 0, 0, update_none },
    { "a delete", 0, 0, 0, delete_all },
    { "a table that is made and dropped", PAIR_ALONE, 0, 0, table_made_and_dropped },
    { "a script", 0, 0, 0, script },
    { "a statement with an error", 0, 0, 0, syntax_error },
    { "a stream with an error", 0, 0, 0, syntax_error_of_stream },
    { "a row that is there already", 0, 0, 0, unique_violation },
    { "a row that a check refuses", 0, 0, 0, check_violation },
    { "a missing parameter", 0, 0, 0, missing_parameter },
    { "a text that is none", 0, 0, 0, bad_text },
    { "two statements that are no script", 0, 0, 0, two_statements },
    { "a script with an error", PAIR_ALONE, 0, 0, failing_script },
    { NULL, 0, 0, 0, NULL },
};
