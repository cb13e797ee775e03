/* query.c: forms of queries that the library writes. */
#include <config.h>
#include "kit.h"

#include <stdio.h>
#include <string.h>

static kit_conn db;

typedef struct pair {
    int64_t first, second;
} pair;
static const sqla_slot pair_slots[] = { KIT_SLOT(pair, first, SQLA_INT64, SQLA_REP_FIXED, 0),
    KIT_SLOT(pair, second, SQLA_INT64, SQLA_REP_FIXED, 1) };
static const sqla_plan one = { sizeof one, 1, pair_slots }, both = { sizeof both, 2, pair_slots };

static void begin_queries(void)
{
    kit_must_open(&db);
    kit_drop(&db, "conf_query");
    kit_must(&db, kit_sql("CREATE TABLE [conf_query] ([n] %s NOT NULL PRIMARY KEY, [name] %s)",
                      kit_type(SQLA_INT64), kit_type(SQLA_TEXT)));
    kit_must(&db,
        "INSERT INTO [conf_query] ([n], [name]) VALUES (1, 'Anna'), (2, '50%'), (3, '50x'), (4, 'a_b'), "
        "(5, 'axb'), (6, NULL)");
}

static void end_queries(void)
{
    kit_drop(&db, "conf_query");
    kit_close(&db);
}

/* The numbers that a query finds, as text: "1,2,". */
static void expect_numbers(const char *sql, const sqla_plan *plan, const void *row, const char *expected)
{
    char text[256] = "";
    pair got;
    void *rows[] = { &got };
    sqla_driver_result *result;
    size_t count = 0;
    bool end = false;
    if (!EXPECT(kit_exec(&db, sql, plan, row, 0, &result), SQLA_OK))
        return;
    while (
        !end && EXPECT(kit_ops.result_fetch(result, &one, rows, 1, NULL, &count, &end, KIT_ERR), SQLA_OK)) {
        size_t n = strlen(text);
        if (count == 1)
            snprintf(text + n, sizeof text - n, "%lld,", (long long)got.first);
        else if (!end)
            break;
    }
    kit_ops.result_close(result);
    CHECK_TEXT(text, expected);
}

static void query__limit(void)
{
    const pair limits = { 2, 3 }, offset = { 4, 0 };
    begin_queries();
    expect_numbers(
        kit_sql("SELECT [n] FROM [conf_query] ORDER BY [n] LIMIT ? OFFSET ?"), &both, &limits, "4,5,");
    const char *all = kit_traits->limit_all;
    expect_numbers(kit_sql("SELECT [n] FROM [conf_query] ORDER BY [n]%s%s OFFSET ?",
                       all != NULL ? " LIMIT " : "", all != NULL ? all : ""),
        &one, &offset, "5,6,");
    end_queries();
}

static void query__like(void)
{
    begin_queries();
    expect_numbers(
        "SELECT [n] FROM [conf_query] WHERE [name] LIKE '50^%' ESCAPE '^' ORDER BY [n]", NULL, NULL, "2,");
    expect_numbers(
        "SELECT [n] FROM [conf_query] WHERE [name] LIKE 'a^_b' ESCAPE '^' ORDER BY [n]", NULL, NULL, "4,");
    expect_numbers("SELECT [n] FROM [conf_query] WHERE [name] LIKE 'a_b' ORDER BY [n]", NULL, NULL, "4,5,");
    end_queries();
}

static void query__ilike(void)
{
    begin_queries();
    bool works = kit_run(&db, "SELECT [n] FROM [conf_query] WHERE [name] ILIKE 'aNN_'") == SQLA_OK;
    if (works)
        expect_numbers(
            "SELECT [n] FROM [conf_query] WHERE [name] ILIKE 'aNN_' ORDER BY [n]", NULL, NULL, "1,");
    kit_drop(&db, "conf_query");
    kit_agrees(&db, SQLA_FEATURE_ILIKE, works, "ILIKE");
    kit_close(&db);
}

static void query__boolean(void)
{
    begin_queries();
    expect_numbers("SELECT [n] FROM [conf_query] WHERE ([n] = 1) = TRUE ORDER BY [n]", NULL, NULL, "1,");
    expect_numbers("SELECT [n] FROM [conf_query] WHERE ([n] < 6) = FALSE ORDER BY [n]", NULL, NULL, "6,");
    end_queries();
}

/* A list as one parameter. */
static void query__arrays(void)
{
    static const int64_t numbers[] = { 2, 5, 99 };
    struct row {
        sqla_value list;
    } row = { { .type = SQLA_ARRAY } };
    const sqla_slot slots[] = { { .type = SQLA_ARRAY,
        .rep = SQLA_REP_VALUE,
        .element = SQLA_INT64,
        .size = sizeof(sqla_value),
        .set_offset = -1,
        .name = "list" } };
    const sqla_plan plan = KIT_PLAN(slots);
    row.list.as.array = (sqla_array){ numbers, 3, SQLA_INT64 };
    begin_queries();
    expect_numbers(
        kit_sql("SELECT [n] FROM [conf_query] WHERE [n] = ANY(?) ORDER BY [n]"), &plan, &row, "2,5,");
    row.list.as.array.count = 0;
    expect_numbers(kit_sql("SELECT [n] FROM [conf_query] WHERE [n] = ANY(?) ORDER BY [n]"), &plan, &row, "");
    end_queries();
}

static void query__union(void)
{
    begin_queries();
    expect_numbers(
        "SELECT [n] FROM (SELECT [n] FROM [conf_query] ORDER BY [n] LIMIT 2) [a] UNION ALL SELECT [n] FROM "
        "(SELECT [n] FROM [conf_query] ORDER BY [n] DESC LIMIT 1) [b] ORDER BY [n]",
        NULL, NULL, "1,2,6,");
    end_queries();
}

static void query__recursion(void)
{
    begin_queries();
    expect_numbers(
        "WITH RECURSIVE [r]([i]) AS (SELECT 1 UNION ALL SELECT [i] * 2 FROM [r] WHERE [i] < 20) SELECT [i] "
        "FROM [r] ORDER BY [i]",
        NULL, NULL, "1,2,4,8,16,32,");
    end_queries();
}

const conform_check conform_query_checks[] = {
    { "q-01", "limit and offset as parameters, and an offset alone", NEEDS_DATABASE, 0, query__limit },
    { "q-04", "a union of parts with limits", NEEDS_DATABASE, 0, query__union },
    { "q-05", "a query that refers to itself", NEEDS_DATABASE, 0, query__recursion },
    { "q-08", "LIKE with an escape", NEEDS_DATABASE, 0, query__like },
    { "q-10", "ILIKE, as declared", NEEDS_DATABASE, 0, query__ilike },
    { "q-11", "TRUE and FALSE", NEEDS_DATABASE, SQLA_FEATURE_BOOLEAN, query__boolean },
    { "q-12", "lists as one parameter", NEEDS_DATABASE, SQLA_FEATURE_ARRAYS, query__arrays },
    { NULL, NULL, 0, 0, NULL },
};
