/* suggest.c: what a statement may have meant by the name of a table or column that is not there.
 *
 * Only a failed statement pays for this. The tables that the session has models of are looked through first, which costs
 * nothing; then the catalog is asked, where the database still answers: not in a transaction that has failed. */
#include <config.h>
#include "engine/engine.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/vec.h"
#include "sql/metadata.h"

enum { MOST = 20000 }; /* names that are looked through */

typedef struct names {
    sqla_reflect_sink base;
    sqla__arena arena;
    SQLA__VEC(const char *) words;     /* what is compared */
    SQLA__VEC(const char *) shown;     /* what is written for it */
} names;

static bool add(names *n, const char *word, const char *shown)
{
    return word != NULL && shown != NULL && n->words.count < MOST && sqla__vec_push(&n->words, word) && sqla__vec_push(&n->shown, shown);
}

static sqla_status push(sqla_reflect_sink *sink, uint32_t kind, const void *record)
{
    names *n = (names *)(void *)sink;
    const char *word, *shown;
    if (kind == SQLA_REFLECT_TABLES) {
        const sqla_reflect_table *table = record;
        bool qualified = !table->on_search_path && table->schema != NULL;
        word = sqla__arena_strdup(&n->arena, table->name);
        shown = qualified ? sqla__arena_printf(&n->arena, "%s.%s", table->schema, table->name) : word;
    } else {
        word = shown = sqla__arena_strdup(&n->arena, ((const sqla_reflect_column *)record)->name);
    }
    return add(n, word, shown) ? SQLA_OK : SQLA_ERR_NOMEM;
}

/* The name without what stands before it: "main.users", "u.name". */
static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL ? dot + 1 : name;
}

static bool is_of_name(char c)
{
    return c == '_' || (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool hint_nearest(const names *n, const char *word, sqla_error *err)
{
    const char *near = sqla__text_nearest(word, n->words.items, n->words.count);
    for (size_t i = 0; near != NULL && i < n->words.count; i++) {
        if (n->words.items[i] != near || strcmp(n->shown.items[i], word) == 0)
            continue;
        sqla__error_hint(err, "did you mean '%s'?", n->shown.items[i]);
        return true;
    }
    return false;
}

/* Does the name stand in the text, by itself or in quotes? */
static bool names_table(const char *text, size_t length, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i + n <= length; i++) {
        bool starts = i == 0 || !is_of_name(text[i - 1]), ends = i + n == length || !is_of_name(text[i + n]);
        if (starts && ends && memcmp(text + i, name, n) == 0)
            return true;
    }
    return false;
}

static bool has_column(const sqla_table *table, const char *name)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return true;
    return false;
}

/* A column that is spelled as a model spells it: its table may be older than the model. This says more than a guess of the
 * database's, which it replaces. */
static bool hint_lack(const sqla_metadata *base, const char *word, const char *text, size_t length, sqla_error *err)
{
    for (size_t i = 0; base != NULL && i < base->table_count; i++) {
        const sqla_table *table = base->tables[i];
        if (!has_column(table, word) || !names_table(text, length, table->name))
            continue;
        sqla__error_hint(err, "the model of table '%s' has this column: if the table is older than that, add it with ALTER TABLE, since "
            "sqla_metadata_create_all() leaves a table that is there as it is", table->name);
        return true;
    }
    return false;
}

/* Without a lock: the tables of a metadata are fixed once a session has it. */
static bool look_at_models(const sqla_metadata *base, const char *word, bool column, names *n, sqla_error *err)
{
    for (size_t i = 0; base != NULL && i < base->table_count; i++) {
        const sqla_table *table = base->tables[i];
        if (!column && strcmp(table->name, word) == 0) {
            sqla__error_hint(err, "a model has this table: is it to be made with sqla_metadata_create_all()?");
            return true;
        }
        if (!column && !add(n, table->name, table->name))
            return false;
        for (uint32_t k = 0; column && k < table->column_count; k++) {
            if (!add(n, table->columns[k].name, table->columns[k].name))
                return false;
        }
    }
    return hint_nearest(n, word, err);
}

static bool answers(sqla_conn *conn)
{
    sqla_txn_state state = conn->driver->ops.txn_state(conn->handle);
    bool usable = state == SQLA_TXN_IDLE || (state == SQLA_TXN_ACTIVE && (conn->info.features & SQLA_FEATURE_ISOLATED_ABORT) != 0);
    return usable && !conn->lost && conn->stream == NULL;
}

static void look_at_catalog(sqla_conn *conn, const char *word, bool column, names *n, sqla_error *err)
{
    const sqla_reflect_filter all = { .struct_size = sizeof all };
    sqla_error dropped;
    sqla__error_init(&dropped);
    n->words.count = n->shown.count = 0;
    conn->driver->slots.reflect(conn, column ? SQLA_REFLECT_COLUMNS : SQLA_REFLECT_TABLES, &all, &n->base, &dropped);
    if (conn->driver->ops.txn_state(conn->handle) == SQLA_TXN_LOST)
        conn->lost = conn->dead_link = true;
    hint_nearest(n, word, err);
}

void sqla__suggest(sqla_conn *conn, const char *text, size_t length, sqla_error *err)
{
    bool table = strcmp(err->sqlstate, "42P01") == 0, column = strcmp(err->sqlstate, "42703") == 0;
    char word[128];
    names n = { .base = { push } };
    sqla__text_fit(word, sizeof word, last_part(column ? err->column : err->table));
    if (err->status != SQLA_ERR_SQL || (!table && !column) || word[0] == '\0')
        return;
    if ((column && hint_lack(conn->known, word, text, length, err)) || err->hint[0] != '\0')
        return;
    if (!look_at_models(conn->known, word, column, &n, err) && answers(conn))
        look_at_catalog(conn, word, column, &n, err);
    sqla__vec_release(&n.words);
    sqla__vec_release(&n.shown);
    sqla__arena_release(&n.arena);
}
