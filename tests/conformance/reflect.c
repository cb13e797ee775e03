/* reflect.c: what the database tells about itself. */
#include <config.h>
#include "kit.h"

#include <stdio.h>
#include <string.h>

static kit_conn db;

/* What was pushed about tables that are ours. */
typedef struct seen {
    sqla_reflect_sink base;
    int tables, columns, facts, views;
    char order[512]; /* names of the columns */
    uint32_t key_positions[8], types[8];
    bool nullable[8], generated[8], has_default[8], on_path;
    uint64_t fact_bits;
    sqla_status answer;
} seen;

static bool is_ours(const char *name)
{
    return strncmp(name, "conf_", 5) == 0 || strcmp(name, "Conf \"Quoted.\"") == 0;
}

static sqla_status push(sqla_reflect_sink *base, uint32_t kind, const void *record)
{
    seen *s = (seen *)base;
    if (kind == SQLA_REFLECT_TABLES) {
        const sqla_reflect_table *table = record;
        CU_ASSERT(table->struct_size >= sizeof *table && table->schema != NULL);
        s->tables += is_ours(table->name) && table->kind == SQLA_TABLE;
        s->views += is_ours(table->name) && table->kind == SQLA_VIEW;
        s->on_path = table->on_search_path;
    } else if (kind == SQLA_REFLECT_COLUMNS) {
        const sqla_reflect_column *column = record;
        CU_ASSERT(column->struct_size >= sizeof *column);
        if (is_ours(column->table) && s->columns < 8) {
            int i = s->columns++;
            CU_ASSERT_EQUAL(column->position, (uint32_t)i + 1);
            size_t n = strlen(s->order);
            snprintf(s->order + n, sizeof s->order - n, "%s%s", i > 0 ? "," : "", column->name);
            s->key_positions[i] = column->key_position;
            s->types[i] = column->type;
            s->nullable[i] = column->nullable;
            s->generated[i] = column->generated_key;
            s->has_default[i] = column->default_text != NULL;
        }
    } else if (kind == SQLA_REFLECT_FACTS) {
        const sqla_reflect_facts *facts = record;
        s->facts += is_ours(facts->table);
        s->fact_bits = facts->facts;
    }
    return s->answer;
}

static sqla_status reflect(uint32_t kind, const char *table, seen *s)
{
    const sqla_reflect_filter filter = { sizeof filter, 0, NULL, table };
    sqla_status answer = s->answer;
    memset(s, 0, sizeof *s);
    s->base.push = push;
    s->answer = answer;
    kit_clear();
    return kit_ops.reflect(db.handle, kind, &filter, &s->base, KIT_ERR);
}

static bool begin_suite(void)
{
    if (kit_ops.reflect == NULL)
        return false;
    kit_must_open(&db);
    kit_must(&db, "DROP VIEW IF EXISTS conf_view");
    kit_drop(&db, "conf_pair");
    kit_drop(&db, "conf_plain");
    kit_must(&db, kit_sql("CREATE TABLE conf_plain (id %s%s, name %s NOT NULL, n %s DEFAULT 7, at %s)",
                      kit_traits->generated_key, kit_traits->generated_key_is_primary ? "" : " PRIMARY KEY",
                      kit_type(SQLA_TEXT), kit_type(SQLA_INT32), kit_type(SQLA_TIMESTAMP)));
    kit_must(&db, kit_sql("CREATE TABLE conf_pair (c %s, b %s NOT NULL, a %s NOT NULL, PRIMARY KEY (a, b))",
                      kit_type(SQLA_INT64), kit_type(SQLA_INT64), kit_type(SQLA_TEXT)));
    kit_must(&db, "CREATE VIEW conf_view AS SELECT id, name FROM conf_plain");
    return true;
}

static void end_suite(void)
{
    kit_must(&db, "DROP VIEW IF EXISTS conf_view");
    kit_drop(&db, "conf_pair");
    kit_drop(&db, "conf_plain");
    kit_close(&db);
}

static void reflect__tables(void)
{
    seen s = { .answer = SQLA_OK };
    if (!begin_suite())
        return;
    EXPECT(reflect(SQLA_REFLECT_TABLES, NULL, &s), SQLA_OK);
    CU_ASSERT_EQUAL(s.tables, 2);
    CU_ASSERT_EQUAL(s.views, 1);
    EXPECT(reflect(SQLA_REFLECT_TABLES, "conf_pair", &s), SQLA_OK);
    CU_ASSERT(s.tables == 1 && s.views == 0 && s.on_path);
    EXPECT(reflect(SQLA_REFLECT_TABLES, "conf_nothing", &s), SQLA_OK);
    CU_ASSERT_EQUAL(s.tables, 0);
    end_suite();
}

static void reflect__columns(void)
{
    seen s = { .answer = SQLA_OK };
    if (!begin_suite())
        return;
    EXPECT(reflect(SQLA_REFLECT_COLUMNS, "conf_plain", &s), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(s.order, "id,name,n,at");
    CU_ASSERT(s.generated[0] && !s.generated[1] && !s.generated[2]);
    CU_ASSERT(!s.nullable[0] && !s.nullable[1] && s.nullable[2]);
    CU_ASSERT(s.key_positions[0] == 1 && s.key_positions[1] == 0);
    CU_ASSERT(s.types[0] == SQLA_INT64 && s.types[1] == SQLA_TEXT && s.types[2] == SQLA_INT32 &&
              s.types[3] == SQLA_TIMESTAMP);
    CU_ASSERT(s.has_default[2] && !s.has_default[1]);
    EXPECT(reflect(SQLA_REFLECT_COLUMNS, "conf_pair", &s), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(s.order, "c,b,a");
    CU_ASSERT(s.key_positions[0] == 0 && s.key_positions[1] == 2 && s.key_positions[2] == 1);
    CU_ASSERT(!s.generated[1] && !s.generated[2]);
    end_suite();
}

/* Every type that the driver can store is known again. */
static void reflect__types(void)
{
    seen s = { .answer = SQLA_OK };
    if (!begin_suite())
        return;
    for (uint32_t i = 0; i < kit_traits->type_count; i++) {
        const sqla_type_trait *type = &kit_traits->types[i];
        if (type->name == NULL || type->type == SQLA_ENUM_TYPE)
            continue;
        kit_drop(&db, "conf_pair");
        kit_must(&db, kit_sql("CREATE TABLE conf_pair (v %s)", type->name));
        EXPECT(reflect(SQLA_REFLECT_COLUMNS, "conf_pair", &s), SQLA_OK);
        bool same =
            s.types[0] == (uint32_t)type->type || (type->type == SQLA_FLOAT32 && s.types[0] == SQLA_FLOAT64);
        if (!same)
            fprintf(stderr, "type '%s' is known again as %u, not %d\n", type->name, (unsigned)s.types[0],
                (int)type->type);
        CU_ASSERT(same);
    }
    end_suite();
}

static void reflect__facts(void)
{
    seen s = { .answer = SQLA_OK };
    if (!begin_suite())
        return;
    EXPECT(reflect(SQLA_REFLECT_FACTS, "conf_plain", &s), SQLA_OK);
    CU_ASSERT_EQUAL(s.facts, 1);
    CU_ASSERT((s.fact_bits & SQLA_FACT_EXACT_INSERT) != 0);
    CU_ASSERT(!kit_feature(&db, SQLA_FEATURE_LAST_ID) || (s.fact_bits & SQLA_FACT_KEY_ARITHMETIC) != 0);
    CU_ASSERT(!kit_feature(&db, SQLA_FEATURE_RETURNING) || (s.fact_bits & SQLA_FACT_RETURNING) != 0);
    EXPECT(reflect(SQLA_REFLECT_FACTS, "conf_pair", &s), SQLA_OK);
    CU_ASSERT((s.fact_bits & SQLA_FACT_KEY_ARITHMETIC) == 0);
    EXPECT(reflect(SQLA_REFLECT_FACTS, "conf_view", &s), SQLA_OK);
    CU_ASSERT((s.fact_bits & (SQLA_FACT_EXACT_INSERT | SQLA_FACT_KEY_ARITHMETIC)) == 0);
    end_suite();
}

static void reflect__names(void)
{
    char name[64];
    seen s = { .answer = SQLA_OK };
    if (!begin_suite())
        return;
    char open = kit_traits->quote_open, close = kit_traits->quote_close;
    if (open == '"' && close == '"') {
        snprintf(name, sizeof name, "\"Conf \"\"Quoted.\"\"\"");
        kit_drop(&db, name);
        kit_must(&db, kit_sql("CREATE TABLE %s (\"S p\" %s)", name, kit_type(SQLA_INT32)));
        EXPECT(reflect(SQLA_REFLECT_COLUMNS, "Conf \"Quoted.\"", &s), SQLA_OK);
        CU_ASSERT_STRING_EQUAL(s.order, "S p");
        EXPECT(reflect(SQLA_REFLECT_FACTS, "Conf \"Quoted.\"", &s), SQLA_OK);
        CU_ASSERT_EQUAL(s.facts, 1);
        kit_drop(&db, name);
    }
    end_suite();
}

/* A sink that has enough ends the call with its own status; a kind from the future is refused. */
static void reflect__ends(void)
{
    seen s = { .answer = SQLA_ERR_APPLICATION };
    if (!begin_suite())
        return;
    CU_ASSERT_EQUAL(reflect(SQLA_REFLECT_TABLES, "conf_pair", &s), SQLA_ERR_APPLICATION);
    CU_ASSERT_EQUAL(s.tables, 1);
    s.answer = SQLA_OK;
    EXPECT(reflect(9999, NULL, &s), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(kit_number(&db, "SELECT 1"), 1);
    end_suite();
}

void kit_add_reflect_suite(void)
{
    static const kit_check checks[] = {
        { "tables", reflect__tables },
        { "columns", reflect__columns },
        { "types", reflect__types },
        { "facts", reflect__facts },
        { "names", reflect__names },
        { "ends", reflect__ends },
    };
    KIT_SUITE("reflection", checks);
}
