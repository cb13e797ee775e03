/* spelling.c: what the database has said of keys that are spelled differently. See spelling.h. */
#include <config.h>
#include "orm/spelling.h"

#include <string.h>

#include "orm/field.h"
#include "orm/texts.h"

enum { LONGEST_LIST = 500, FETCH = 64 };

static const sqla__mapped_column *child_column(const sqla__foreign_key *key)
{
    return &key->holder->columns[key->column];
}
static const sqla__mapped_column *parent_column(const sqla__foreign_key *key)
{
    return &key->target->columns[key->referenced_column];
}

bool sqla__key_is_text(const sqla__foreign_key *key)
{
    return child_column(key)->slot.type == SQLA_TEXT;
}

bool sqla__key_is_loose(const sqla__foreign_key *key)
{
    return sqla__column_is_loose(child_column(key)->item) || sqla__column_is_loose(parent_column(key)->item);
}

/* ---- what is known ----------------------------------------------------------------------------------- */

/* The foreign key by its place, and the child's bytes. NULL: out of memory. */
static char *make_name(
    sqla__arena *arena, const sqla__foreign_key *key, const sqla_value *child, size_t *ret_size)
{
    size_t n;
    const void *bytes = sqla__value_bytes(child, &n);
    char *name = sqla__arena_take(arena, sizeof key + n + 1);
    if (name == NULL)
        return NULL;
    memcpy(name, &key, sizeof key);
    memcpy(name + sizeof key, bytes, n);
    *ret_size = sizeof key + n;
    return name;
}

sqla_value sqla__spelling_of(const sqla_session *s, const sqla__foreign_key *key, sqla_value value)
{
    sqla__arena scratch = { 0 };
    size_t size;
    if (s->spellings.count == 0 || value.type != SQLA_TEXT)
        return value;
    const char *name = make_name(&scratch, key, &value, &size);
    const sqla_value *parent = name != NULL ? sqla__hash_get(&s->spellings, name, size) : NULL;
    sqla__arena_release(&scratch);
    return parent != NULL ? *parent : value;
}

static bool same_text(const sqla_value *a, const sqla_value *b)
{
    return a->as.bytes.size == b->as.bytes.size &&
           memcmp(a->as.bytes.data, b->as.bytes.data, a->as.bytes.size) == 0;
}

/* *ret_new: nothing was known of it. */
static bool keep(sqla_session *s, const sqla__foreign_key *key, const sqla_value *child,
    const sqla_value *parent, bool *ret_new)
{
    size_t size;
    char *name = make_name(&s->spelling_arena, key, child, &size);
    sqla_value *kept = sqla__arena_take(&s->spelling_arena, sizeof *kept);
    const char *text = sqla__arena_copy(&s->spelling_arena, parent->as.bytes.data, parent->as.bytes.size);
    if (name == NULL || kept == NULL || text == NULL)
        return false;
    *ret_new = sqla__hash_get(&s->spellings, name, size) == NULL;
    *kept = *parent;
    kept->as.bytes.data = text;
    return sqla__hash_put(&s->spellings, name, size, kept);
}

bool sqla__spelling_keep(sqla_session *s, const sqla__foreign_key *key, sqla_value child, sqla_value parent)
{
    bool new;
    return same_text(&child, &parent) || keep(s, key, &child, &parent, &new);
}

void sqla__spellings_clear(sqla_session *s)
{
    sqla__hash_release(&s->spellings);
    sqla__arena_release(&s->spelling_arena);
}

/* ---- asking ------------------------------------------------------------------------------------------ */

typedef struct pair {
    const char *child, *parent;
} pair;
typedef struct pair_arena {
    sqla_row_arena base;
    sqla__arena *arena;
} pair_arena;

static void *take_pair(sqla_row_arena *arena, void *row, size_t size)
{
    (void)row;
    return sqla__arena_take(((pair_arena *)arena)->arena, size);
}

static sqla_status keep_pair(
    sqla_session *s, const sqla__foreign_key *key, const pair *p, sqla__values *ret, sqla_error *err)
{
    const sqla_value child = sqla_value_text(p->child), parent = sqla_value_text(p->parent);
    bool new = false;
    if (same_text(&child, &parent))
        return SQLA_OK;
    if (!keep(s, key, &child, &parent, &new))
        return sqla__error_nomem(err);
    if (ret == NULL || !new)
        return SQLA_OK;
    sqla_value kept = child;
    kept.as.bytes.data = sqla__arena_strdup(&s->spelling_arena, p->child);
    return kept.as.bytes.data != NULL && sqla__vec_push(ret, kept) ? SQLA_OK : sqla__error_nomem(err);
}

static sqla_status read_pairs(
    sqla_session *s, const sqla__foreign_key *key, sqla__result *result, sqla__values *ret, sqla_error *err)
{
    static const sqla_slot slots[] = {
        { .type = SQLA_TEXT,
            .rep = SQLA_REP_CSTR,
            .column = 0,
            .offset = offsetof(pair, child),
            .size = sizeof(char *),
            .set_offset = -1 },
        { .type = SQLA_TEXT,
            .rep = SQLA_REP_CSTR,
            .column = 1,
            .offset = offsetof(pair, parent),
            .size = sizeof(char *),
            .set_offset = -1 },
    };
    static const sqla_plan plan = { sizeof plan, 2, slots };
    sqla_status status = SQLA_OK;
    for (bool end = false; status == SQLA_OK && !end;) {
        pair pairs[FETCH];
        void *rows[FETCH];
        size_t n = 0;
        sqla__arena texts = { 0 };
        pair_arena arena = { { take_pair }, &texts };
        for (size_t i = 0; i < FETCH; i++)
            rows[i] = &pairs[i];
        status = sqla__result_fetch(result, &plan, rows, FETCH, &arena.base, &n, &end, err);
        for (size_t i = 0; i < n && status == SQLA_OK; i++)
            status = keep_pair(s, key, &pairs[i], ret, err);
        sqla__arena_release(&texts);
    }
    sqla__result_close(result);
    return status;
}

/* As many as one list takes. The last one fills a short list up, so that few statements are ever prepared. */
static sqla_status ask_list(sqla_session *s, const sqla__foreign_key *key, bool by_parent,
    const sqla_value *values, size_t n, sqla__values *ret, sqla_error *err)
{
    sqla_value list[LONGEST_LIST];
    const uint32_t length = n == 1 ? 1 : n <= 10 ? 10 : n <= 100 ? 100 : LONGEST_LIST;
    for (uint32_t i = 0; i < length; i++)
        list[i] = values[i < n ? i : n - 1];
    const sqla__shape shape = { key->holder, by_parent ? SQLA__PAIRS_BY_PARENT : SQLA__PAIRS_BY_CHILD,
        SQLA_BATCH_EACH, length, false, &key->column, 1 };
    const sqla__text *text = sqla__text_for(s->maker, &shape, err);
    if (text == NULL || sqla__session_begin(s, err) != SQLA_OK)
        return err->status;
    sqla__request request = { text->text, text->length, &text->plan, list, true, false, 0, false, false };
    sqla__result *result = NULL;
    sqla_status status = sqla__conn_run(s->conn, &request, &result, NULL, err);
    return status == SQLA_OK ? read_pairs(s, key, result, ret, err) : status;
}

sqla_status sqla__spellings_ask(sqla_session *s, const sqla__foreign_key *key, bool by_parent,
    const sqla_value *values, size_t n, sqla__values *ret, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t at = 0; at < n && status == SQLA_OK; at += LONGEST_LIST)
        status =
            ask_list(s, key, by_parent, values + at, n - at < LONGEST_LIST ? n - at : LONGEST_LIST, ret, err);
    return status;
}
