/* reflect.c: what the database tells about itself. */
#include <config.h>
#include "kit.h"

#include <stdio.h>
#include <string.h>

static kit_conn db;
static const char *our_schema; /* in which the tables lie */

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

static const char odd_name[] = "Conf \"Quo`ted.\"";

static bool is_ours(const char *in, const char *name)
{
    if (our_schema != NULL && strcmp(in, our_schema) != 0)
        return false;
    return strcmp(name, "conf_plain") == 0 || strcmp(name, "conf_pair") == 0 ||
           strcmp(name, "conf_view") == 0 || strcmp(name, odd_name) == 0;
}

/* What was pushed last. */
typedef struct ordered {
    sqla_reflect_sink base;
    char schema[128], table[128];
    uint32_t position;
    int records;
} ordered;

static sqla_status push_ordered(sqla_reflect_sink *base, uint32_t kind, const void *record)
{
    ordered *o = (ordered *)base;
    const sqla_reflect_table *table = record;
    const sqla_reflect_column *column = record;
    const char *schema = kind == SQLA_REFLECT_TABLES ? table->schema : column->schema;
    const char *name = kind == SQLA_REFLECT_TABLES ? table->name : column->table;
    uint32_t position = kind == SQLA_REFLECT_TABLES ? 1 : column->position;
    int by_schema = strcmp(schema, o->schema), by_table = strcmp(name, o->table);
    CHECK(o->records == 0 || by_schema > 0 ||
          (by_schema == 0 && (by_table > 0 || (by_table == 0 && position > o->position))));
    snprintf(o->schema, sizeof o->schema, "%s", schema);
    snprintf(o->table, sizeof o->table, "%s", name);
    o->position = position;
    o->records++;
    return SQLA_OK;
}

static sqla_status push(sqla_reflect_sink *base, uint32_t kind, const void *record)
{
    seen *s = (seen *)base;
    if (kind == SQLA_REFLECT_TABLES) {
        const sqla_reflect_table *table = record;
        CHECK(table->struct_size >= sizeof *table && table->schema != NULL);
        if (is_ours(table->schema, table->name)) {
            s->tables += table->kind == SQLA_TABLE;
            s->views += table->kind == SQLA_VIEW;
            s->on_path = table->on_search_path;
        }
    } else if (kind == SQLA_REFLECT_COLUMNS) {
        const sqla_reflect_column *column = record;
        CHECK(column->struct_size >= sizeof *column);
        if (is_ours(column->schema, column->table) && s->columns < 8) {
            int i = s->columns++;
            CHECK_INT(column->position, (uint32_t)i + 1);
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
        s->facts += is_ours(facts->schema, facts->table);
        s->fact_bits = facts->facts;
    }
    return s->answer;
}

static sqla_status reflect_in(const char *in, uint32_t kind, const char *table, seen *s)
{
    const sqla_reflect_filter filter = { sizeof filter, 0, in, table };
    sqla_status answer = s->answer;
    memset(s, 0, sizeof *s);
    s->base.push = push;
    s->answer = answer;
    kit_clear();
    return kit_ops.reflect(db.handle, kind, &filter, &s->base, KIT_ERR);
}

static sqla_status reflect(uint32_t kind, const char *table, seen *s)
{
    return reflect_in(NULL, kind, table, s);
}

static void begin_suite(void)
{
    kit_must_open(&db);
    kit_drop_view(&db, "conf_view");
    kit_drop(&db, "conf_pair");
    kit_drop(&db, "conf_plain");
    kit_must(
        &db, kit_sql("CREATE TABLE [conf_plain] ([id] %s%s, [name] %s NOT NULL, [n] %s DEFAULT 7, [at] %s)",
                 kit_traits->generated_key, kit_traits->generated_key_is_primary ? "" : " PRIMARY KEY",
                 kit_type(SQLA_TEXT), kit_type(SQLA_INT32), kit_type(SQLA_TIMESTAMP)));
    kit_must(&db,
        kit_sql("CREATE TABLE [conf_pair] ([c] %s, [b] %s NOT NULL, [a] %s NOT NULL, PRIMARY KEY ([a], [b]))",
            kit_type(SQLA_INT64), kit_type(SQLA_INT64), kit_key_text()));
    kit_must(&db, "CREATE VIEW [conf_view] AS SELECT [id], [name] FROM [conf_plain]");
    our_schema = kit_schema(&db, "conf_plain");
}

static void end_suite(void)
{
    kit_drop_view(&db, "conf_view");
    kit_drop(&db, "conf_pair");
    kit_drop(&db, "conf_plain");
    kit_close(&db);
}

static void reflect__tables(void)
{
    seen s = { .answer = SQLA_OK };
    begin_suite();
    EXPECT(reflect(SQLA_REFLECT_TABLES, NULL, &s), SQLA_OK);
    CHECK_INT(s.tables, 2);
    CHECK_INT(s.views, 1);
    EXPECT(reflect(SQLA_REFLECT_TABLES, "conf_pair", &s), SQLA_OK);
    CHECK(s.tables == 1 && s.views == 0 && s.on_path);
    EXPECT(reflect_in(our_schema, SQLA_REFLECT_TABLES, NULL, &s), SQLA_OK);
    CHECK(s.tables == 2 && s.views == 1 && s.on_path);
    EXPECT(reflect(SQLA_REFLECT_TABLES, "conf_nothing", &s), SQLA_OK);
    CHECK_INT(s.tables, 0);
    end_suite();
}

static void reflect__columns(void)
{
    seen s = { .answer = SQLA_OK };
    begin_suite();
    EXPECT(reflect(SQLA_REFLECT_COLUMNS, "conf_plain", &s), SQLA_OK);
    CHECK_TEXT(s.order, "id,name,n,at");
    CHECK(s.generated[0] && !s.generated[1] && !s.generated[2]);
    CHECK(!s.nullable[0] && !s.nullable[1] && s.nullable[2]);
    CHECK(s.key_positions[0] == 1 && s.key_positions[1] == 0);
    CHECK(s.types[0] == SQLA_INT64 && s.types[1] == SQLA_TEXT && s.types[2] == SQLA_INT32 &&
          s.types[3] == SQLA_TIMESTAMP);
    CHECK(s.has_default[2] && !s.has_default[1]);
    EXPECT(reflect(SQLA_REFLECT_COLUMNS, "conf_pair", &s), SQLA_OK);
    CHECK_TEXT(s.order, "c,b,a");
    CHECK(s.key_positions[0] == 0 && s.key_positions[1] == 2 && s.key_positions[2] == 1);
    CHECK(!s.generated[1] && !s.generated[2]);
    end_suite();
}

/* Every type that the driver can store is known again. */
static void reflect__types(void)
{
    seen s = { .answer = SQLA_OK };
    begin_suite();
    for (uint32_t i = 0; i < kit_traits->type_count; i++) {
        const sqla_type_trait *type = &kit_traits->types[i];
        if (type->name == NULL || type->type == SQLA_ENUM_TYPE)
            continue;
        kit_drop(&db, "conf_pair");
        kit_must(&db, kit_sql("CREATE TABLE [conf_pair] ([v] %s)", type->name));
        EXPECT(reflect(SQLA_REFLECT_COLUMNS, "conf_pair", &s), SQLA_OK);
        bool same =
            s.types[0] == (uint32_t)type->type || (type->type == SQLA_FLOAT32 && s.types[0] == SQLA_FLOAT64);
        if (!same)
            FAIL("a type is known again", type->name);
    }
    end_suite();
}

static void reflect__facts(void)
{
    seen s = { .answer = SQLA_OK };
    begin_suite();
    EXPECT(reflect(SQLA_REFLECT_FACTS, "conf_plain", &s), SQLA_OK);
    CHECK_INT(s.facts, 1);
    CHECK((s.fact_bits & SQLA_FACT_EXACT_INSERT) != 0);
    CHECK(!kit_feature(&db, SQLA_FEATURE_LAST_ID) || (s.fact_bits & SQLA_FACT_KEY_ARITHMETIC) != 0);
    CHECK(!kit_feature(&db, SQLA_FEATURE_RETURNING) || (s.fact_bits & SQLA_FACT_RETURNING) != 0);
    EXPECT(reflect(SQLA_REFLECT_FACTS, "conf_pair", &s), SQLA_OK);
    CHECK((s.fact_bits & SQLA_FACT_KEY_ARITHMETIC) == 0);
    EXPECT(reflect(SQLA_REFLECT_FACTS, "conf_view", &s), SQLA_OK);
    CHECK((s.fact_bits & (SQLA_FACT_EXACT_INSERT | SQLA_FACT_KEY_ARITHMETIC)) == 0);
    end_suite();
}

/* ---- comments ------------------------------------------------------------------------------------------------------ */

typedef struct comments {
    sqla_reflect_sink base;
    char table[128], column[128];
} comments;

static sqla_status push_comments(sqla_reflect_sink *base, uint32_t kind, const void *record)
{
    comments *c = (comments *)base;
    const sqla_reflect_table *table = record;
    const sqla_reflect_column *column = record;
    if (kind == SQLA_REFLECT_TABLES && is_ours(table->schema, table->name))
        snprintf(c->table, sizeof c->table, "%s", table->comment != NULL ? table->comment : "");
    if (kind == SQLA_REFLECT_COLUMNS && is_ours(column->schema, column->table) && column->position == 1)
        snprintf(c->column, sizeof c->column, "%s", column->comment != NULL ? column->comment : "");
    return SQLA_OK;
}

static void reflect_comments(const char *in, comments *c)
{
    const sqla_reflect_filter filter = { sizeof filter, 0, in, "conf_pair" };
    *c = (comments){ .base.push = push_comments };
    kit_clear();
    EXPECT(kit_ops.reflect(db.handle, SQLA_REFLECT_TABLES, &filter, &c->base, KIT_ERR), SQLA_OK);
    EXPECT(kit_ops.reflect(db.handle, SQLA_REFLECT_COLUMNS, &filter, &c->base, KIT_ERR), SQLA_OK);
}

/* No trait has the words; these are known to more than one database. */
static bool can_comment(void)
{
    const char *type = kit_type(SQLA_INT64);
    return (kit_run(&db, "COMMENT ON TABLE [conf_pair] IS 'of it''s table'") == SQLA_OK &&
               kit_run(&db, "COMMENT ON COLUMN [conf_pair].[c] IS 'of its column'") == SQLA_OK) ||
           (kit_run(&db, "ALTER TABLE [conf_pair] COMMENT = 'of it''s table'") == SQLA_OK &&
               kit_run(&db, kit_sql("ALTER TABLE [conf_pair] MODIFY [c] %s COMMENT 'of its column'", type)) ==
                   SQLA_OK);
}

static void reflect__comments(void)
{
    comments c;
    begin_suite();
    reflect_comments(our_schema, &c);
    CHECK_TEXT(c.table, "");
    CHECK_TEXT(c.column, "");
    bool can = can_comment();
    if (can) {
        reflect_comments(our_schema, &c);
        CHECK_TEXT(c.table, "of it's table");
        CHECK_TEXT(c.column, "of its column");
    }
    end_suite();
    if (!can)
        conform_unsupported("the database takes no comments in the words that are tried");
}

/* ---- types with labels --------------------------------------------------------------------------------------------- */

typedef struct labels {
    sqla_reflect_sink base;
    char found[128];
} labels;

static sqla_status push_labels(sqla_reflect_sink *base, uint32_t kind, const void *record)
{
    labels *l = (labels *)base;
    const sqla_reflect_type *type = record;
    size_t n = strlen(l->found);
    if (kind == SQLA_REFLECT_TYPES && strcmp(type->name, "conf_mood") == 0)
        snprintf(l->found + n, sizeof l->found - n, "%u=%s,", type->position,
            type->label != NULL ? type->label : "");
    return SQLA_OK;
}

static void reflect__labels(void)
{
    labels l = { .base.push = push_labels };
    const sqla_reflect_filter all = { sizeof all, 0, NULL, NULL };
    kit_must_open(&db);
    conform_undo_by(kit_named("DROP TYPE IF EXISTS [conf_mood]"));
    kit_must(&db, "CREATE TYPE [conf_mood] AS ENUM ('sad', 'glad', 'all right')");
    kit_clear();
    EXPECT(kit_ops.reflect(db.handle, SQLA_REFLECT_TYPES, &all, &l.base, KIT_ERR), SQLA_OK);
    CHECK_TEXT(l.found, "1=sad,2=glad,3=all right,");
    kit_must(&db, "DROP TYPE [conf_mood]");
    kit_close(&db);
}

static void reflect__names(void)
{
    seen s = { .answer = SQLA_OK };
    begin_suite();
    kit_drop(&db, odd_name);
    kit_must(&db,
        kit_sql("CREATE TABLE %s (%s %s)", kit_quoted(odd_name), kit_quoted("S p"), kit_type(SQLA_INT32)));
    EXPECT(reflect(SQLA_REFLECT_COLUMNS, odd_name, &s), SQLA_OK);
    CHECK_TEXT(s.order, "S p");
    EXPECT(reflect(SQLA_REFLECT_FACTS, odd_name, &s), SQLA_OK);
    CHECK_INT(s.facts, 1);
    kit_drop(&db, odd_name);
    end_suite();
}

/* Tables are pushed in order of their names, and their columns in order of their places. */
static void reflect__order(void)
{
    ordered o = { .base.push = push_ordered };
    const sqla_reflect_filter all = { sizeof all, 0, NULL, NULL };
    begin_suite();
    kit_clear();
    EXPECT(kit_ops.reflect(db.handle, SQLA_REFLECT_TABLES, &all, &o.base, KIT_ERR), SQLA_OK);
    CHECK(o.records >= 3);
    o.records = 0;
    o.table[0] = o.schema[0] = '\0';
    EXPECT(kit_ops.reflect(db.handle, SQLA_REFLECT_COLUMNS, &all, &o.base, KIT_ERR), SQLA_OK);
    CHECK(o.records >= 6);
    end_suite();
}

/* A sink that has enough ends the call with its own status; a kind from the future is refused. */
static void reflect__ends(void)
{
    seen s = { .answer = SQLA_ERR_APPLICATION };
    begin_suite();
    CHECK_INT(reflect_in(our_schema, SQLA_REFLECT_TABLES, "conf_pair", &s), SQLA_ERR_APPLICATION);
    CHECK_INT(s.tables, 1);
    s.answer = SQLA_OK;
    EXPECT(reflect(9999, NULL, &s), SQLA_ERR_UNSUPPORTED);
    CHECK_INT(kit_number(&db, "SELECT 1"), 1);
    end_suite();
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

enum { REFLECT = NEEDS_DATABASE | NEEDS_REFLECT };
const conform_check conform_reflection_checks[] = {
    { "ref-01", "tables and views, by name or all", REFLECT, 0, reflect__tables },
    { "ref-02", "records come in order", REFLECT, 0, reflect__order },
    { "ref-03", "columns: order, types, defaults, keys", REFLECT, 0, reflect__columns },
    { "ref-04", "each type is known again", REFLECT, 0, reflect__types },
    { "ref-05", "facts that decide the road of a batch", REFLECT, 0, reflect__facts },
    { "ref-06", "comments of tables and columns", REFLECT, 0, reflect__comments },
    { "ref-07", "types of labels, in the order of the labels", REFLECT, SQLA_FEATURE_NATIVE_ENUM,
        reflect__labels },
    { "ref-10", "names with quotes, dots and spaces", REFLECT, 0, reflect__names },
    { "ref-12", "a sink that has enough ends the call", REFLECT, 0, reflect__ends },
    { NULL, NULL, 0, 0, NULL },
};
