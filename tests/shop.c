/* shop.c: models and set-up that the session tests share. See shop.h. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

const char *const colour_labels[] = { "red", "green", "blue", NULL };

SQLA_MODEL(User, "users",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(name, .not_null = true, .unique = true),
    SQLA_COLUMN(fullname),
    SQLA_COLUMN(age),
    SQLA_COLUMN(active),
    SQLA_TO_MANY(addresses, Address, user_id, .flags = SQLA_OWNS | SQLA_ORPHANS_DIE));

SQLA_MODEL(Address, "addresses",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(email, .not_null = true),
    SQLA_FOREIGN_KEY(user_id, User, id, .index = true),
    SQLA_TO_ONE(user, User, user_id));

SQLA_MODEL(Node, "nodes",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(label),
    SQLA_FOREIGN_KEY(parent_id, Node, id),
    SQLA_TO_ONE(parent, Node, parent_id),
    SQLA_TO_MANY(children, Node, parent_id));

SQLA_MODEL(Country, "countries",
    SQLA_COLUMN(code, .primary_key = true),
    SQLA_COLUMN(name));

SQLA_MODEL(Citizen, "citizens",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(country, Country, code),
    SQLA_COLUMN(name));

SQLA_MODEL(Thing, "things",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(small), SQLA_COLUMN(medium), SQLA_COLUMN(large), SQLA_COLUMN(ratio), SQLA_COLUMN(part), SQLA_COLUMN(flag),
    SQLA_COLUMN(text), SQLA_COLUMN(code), SQLA_COLUMN(blob), SQLA_COLUMN(at), SQLA_COLUMN(local_at), SQLA_COLUMN(day),
    SQLA_COLUMN(hour), SQLA_COLUMN(span), SQLA_COLUMN(price), SQLA_COLUMN(uuid), SQLA_COLUMN(json), SQLA_ENUM(colour, colour_labels),
    SQLA_COLUMN(tiny), SQLA_COLUMN(port), SQLA_COLUMN(wide),
    SQLA_COLUMN(o_small), SQLA_COLUMN(o_medium), SQLA_COLUMN(o_large), SQLA_COLUMN(o_ratio), SQLA_COLUMN(o_part), SQLA_COLUMN(o_flag),
    SQLA_COLUMN(o_at), SQLA_COLUMN(o_local_at), SQLA_COLUMN(o_day), SQLA_COLUMN(o_hour), SQLA_COLUMN(o_span), SQLA_COLUMN(o_uuid),
    SQLA_ENUM(o_colour, colour_labels),
    SQLA_COLUMN(made_at, .not_null = true, .server_default = SQLA_NOW));

static void must(const shop *x, const char *what)
{
    if (!sqla_failed(&x->err))
        return;
    fprintf(stderr, "%s: %s (%s)\n", what, x->err.message, x->err.hint);
    CU_FAIL_FATAL("the set-up failed");
}

void shop_open(shop *x, const char *url)
{
    *x = (shop){ .err = SQLA_ERROR_INIT };
    x->db = sqla_create_engine(url, NULL, &x->err);
    must(x, "create_engine");
    x->base = sqla_metadata_new(&x->err);
    sqla_metadata_add(x->base, SQLA_MODELS(Address, Node, Thing, Citizen), &x->err);
    must(x, "metadata_add");
    sqla_metadata_create_all(x->base, x->db, &x->err);
    must(x, "create_all");
    x->maker = sqla_sessionmaker_new(x->db, x->base, NULL, &x->err);
    must(x, "sessionmaker_new");
    x->s = sqla_open(x->maker, &x->err);
    must(x, "open");
}

void shop_close(shop *x)
{
    sqla_close(x->s);
    sqla_sessionmaker_free(x->maker);
    sqla_metadata_free(x->base);
    sqla_engine_free(x->db);
}

int64_t shop_count(shop *x, const char *sql)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_stmt *q = sqla_sql(x->db, sql);
    int64_t n = sqla_scalar_i64(q, &err);
    if (sqla_failed(&err))
        fprintf(stderr, "%s: %s\n", sql, err.message);
    CU_ASSERT_EQUAL(err.status, SQLA_OK);
    sqla_stmt_free(q);
    return n;
}
