/* family.c: see family.h. */
#include <config.h>
#include "family.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

SQLA_MODEL(P, "p",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(name, .unique = true),
    SQLA_TO_MANY(cs, C, p_id, .flags = SQLA_OWNS | SQLA_ORPHANS_DIE),
    SQLA_TO_MANY(loose, Loose, p_id));
SQLA_MODEL(C, "c",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(name),
    SQLA_FOREIGN_KEY(p_id, P, id),
    SQLA_TO_ONE(p, P, p_id));
SQLA_MODEL(Loose, "loose",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(p_id, P, id),
    SQLA_TO_ONE(p, P, p_id));
SQLA_MODEL(N, "n",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(name),
    SQLA_FOREIGN_KEY(up_id, N, id),
    SQLA_TO_ONE(up, N, up_id),
    SQLA_TO_MANY(subs, N, up_id));
SQLA_MODEL(Land, "land",
    SQLA_COLUMN(code, .primary_key = true),
    SQLA_COLUMN(name),
    SQLA_FOREIGN_KEY(within, Land, code),
    SQLA_TO_ONE(whole, Land, within),
    SQLA_TO_MANY(parts, Land, within));
SQLA_MODEL(Person, "person",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(favourite_id, Ball, id),
    SQLA_TO_ONE(favourite, Ball, favourite_id),
    SQLA_TO_MANY(balls, Ball, owner_id));
SQLA_MODEL(Ball, "ball",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(owner_id, Person, id),
    SQLA_TO_ONE(owner, Person, owner_id));
SQLA_MODEL(Left, "left_one",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(right_id, Right, id),
    SQLA_TO_ONE(right, Right, right_id));
SQLA_MODEL(Right, "right_one",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(left_id, Left, id),
    SQLA_TO_ONE(left, Left, left_id));

SQLA_MODEL(Tag, "tag",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(code, .unique = true),
    SQLA_TO_MANY(labels, Label, tag_code));
SQLA_MODEL(Label, "label",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(tag_code, Tag, code),
    SQLA_TO_ONE(tag, Tag, tag_code));

SQLA_MODEL(Place, "place",
    SQLA_COLUMN(hall, .primary_key = true),
    SQLA_COLUMN(number, .primary_key = true, .unique = true),
    SQLA_TO_MANY(guests, Guest, number));
SQLA_MODEL(Guest, "guest",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(number, Place, number),
    SQLA_TO_ONE(place, Place, number));

static void count_statement(void *data, const sqla_event *event)
{
    family *x = data;
    void (*hook)(family *x) = x->hook;
    (void)event;
    x->statements++;
    x->hook = NULL;
    if (hook != NULL)
        hook(x);
}

void family_open(family *x, const char *url)
{
    *x = (family){ .url = url, .err = SQLA_ERROR_INIT };
    x->db = sqla_create_engine(url,
        SQLA_ENGINE_OPTIONS(.on_event = count_statement, .event_data = x, .events = SQLA_EVENT_EXECUTE), &x->err);
    x->base = sqla_metadata_new(&x->err);
    sqla_metadata_add(
        x->base, SQLA_MODELS(P, C, Loose, N, Land, Person, Ball, Left, Right, Tag, Label, Place, Guest), &x->err);
    sqla_metadata_create_all(x->base, x->db, &x->err);
    x->maker = sqla_sessionmaker_new(x->db, x->base, NULL, &x->err);
    x->s = sqla_open(x->maker, &x->err);
    CU_ASSERT_FATAL(family_fine(x));
}

void family_close(family *x)
{
    sqla_close(x->s);
    sqla_sessionmaker_free(x->maker);
    sqla_metadata_drop_all(x->base, x->db, NULL);
    sqla_metadata_free(x->base);
    sqla_engine_free(x->db);
}

void family_two(family *x)
{
    x->p = sqla_add(x->s, P, .name = "p");
    x->q = sqla_add(x->s, P, .name = "q");
    x->c = sqla_add(x->s, C, .name = "c", .p = x->p);
    sqla_commit(x->s, &x->err);
    sqla_refresh(x->s, x->p, &x->err);
    sqla_refresh(x->s, x->q, &x->err);
    sqla_refresh(x->s, x->c, &x->err);
    CU_ASSERT_FATAL(family_fine(x));
}

bool family_fine(family *x)
{
    bool fine = !sqla_failed(&x->err);
    if (!fine)
        fprintf(stderr, "%s: %s\n", sqla_status_name(x->err.status), x->err.message);
    sqla_error_clear(&x->err);
    return fine;
}

bool family_failed(family *x, sqla_status status, const char *text)
{
    bool so = x->err.status == status && strstr(x->err.message, text) != NULL;
    if (!so)
        fprintf(stderr, "%s: %s\n", sqla_status_name(x->err.status), x->err.message);
    sqla_error_clear(&x->err);
    return so;
}

int64_t family_parent(family *x, int64_t id)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT coalesce(max(coalesce(p_id, 0)), -1) FROM c WHERE id = %d", (int)id);
    return harness_sql_int(x->url, sql);
}

int64_t family_count(family *x, const char *table)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    return harness_sql_int(x->url, sql);
}
