/* test-session.c: the life of objects in a session: add, get, change, delete, commit, rollback, savepoints, failures. */
#include <config.h>
#include "shop.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqla/driver.h>

#include "harness.h"

/* A status as expected, else what went wrong is shown. */
static bool is(const sqla_error *err, sqla_status expected)
{
    if (err->status != expected)
        fprintf(stderr, "%s: %s (%s)\n", sqla_status_name(err->status), err->message, err->hint);
    return err->status == expected;
}

static User *add_user(shop *x, const char *name)
{
    return sqla_add(x->s, User, .name = name, .age = SQLA_SOME(30));
}

static void add__inserts_and_gives_the_key_back(const char *url)
{
    shop x;
    shop_open(&x, url);
    char name[] = "Nicolas";
    User *u = sqla_add(x.s, User, .name = name, .age = SQLA_SOME(309), .active = true);
    memset(name, 'x', sizeof name - 1); /* add copied it */
    CU_ASSERT_PTR_NOT_NULL_FATAL(u);
    CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_PENDING);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_PERSISTENT);
    CU_ASSERT(u->id > 0);
    CU_ASSERT_STRING_EQUAL(u->name, "Nicolas");
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users WHERE name = 'Nicolas' AND age = 309 AND fullname IS NULL"), 1);
    shop_close(&x);
}

static void get__gives_the_same_object(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = add_user(&x, "a");
    sqla_commit(x.s, &x.err);
    User *again = sqla_get(x.s, User, u->id, &x.err);
    CU_ASSERT_PTR_EQUAL(again, u);
    CU_ASSERT_PTR_NULL(sqla_get(x.s, User, u->id + 1000, &x.err));
    CU_ASSERT(is(&x.err, SQLA_OK));
    shop_close(&x);
}

static void commit__writes_what_was_assigned(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = add_user(&x, "a");
    sqla_commit(x.s, &x.err);
    u->age.value += 1;
    char lent[] = "Full Name";
    u->fullname = lent;
    CU_ASSERT_TRUE(sqla_is_modified(x.s, u));
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_FALSE(sqla_is_modified(x.s, u));
    CU_ASSERT_PTR_NOT_EQUAL(u->fullname, lent); /* the flush copied it */
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users WHERE age = 31 AND fullname = 'Full Name'"), 1);
    shop_close(&x);
}

static void stale__objects_are_filled_anew_in_place(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = add_user(&x, "a");
    sqla_commit(x.s, &x.err);
    sqla_execute(x.db, "UPDATE users SET age = 77, name = 'changed'", NULL, &x.err);
    CU_ASSERT_EQUAL(u->age.value, 30); /* the last known value */
    CU_ASSERT_PTR_EQUAL(sqla_get(x.s, User, u->id, &x.err), u);
    CU_ASSERT_EQUAL(u->age.value, 77);
    CU_ASSERT_STRING_EQUAL(u->name, "changed");
    sqla_commit(x.s, &x.err);
    u->fullname = "mine"; /* a change to a stale object is one column */
    sqla_execute(x.db, "UPDATE users SET age = 78", NULL, &x.err);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users WHERE age = 78 AND fullname = 'mine'"), 1);
    shop_close(&x);
}

static void rollback__puts_everything_back(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *kept = add_user(&x, "kept"), *gone = add_user(&x, "gone");
    sqla_commit(x.s, &x.err);
    User *fresh = add_user(&x, "fresh");
    kept->age = (sqla_opt_i32)SQLA_SOME(99);
    sqla_delete(x.s, gone);
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    CU_ASSERT(fresh->id > 0);
    kept->name = "never flushed";
    CU_ASSERT_EQUAL(sqla_rollback(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(kept->age.value, 30);
    CU_ASSERT_STRING_EQUAL(kept->name, "kept");
    CU_ASSERT_EQUAL(sqla_state(x.s, gone), SQLA_PERSISTENT);
    CU_ASSERT_EQUAL(sqla_state(x.s, fresh), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(fresh->id, 0);
    CU_ASSERT_STRING_EQUAL(fresh->name, "fresh");
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users WHERE age = 30"), 2);
    CU_ASSERT_PTR_EQUAL(sqla_add_object(x.s, User, fresh), fresh); /* and may be added again */
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users WHERE name = 'fresh'"), 1);
    shop_close(&x);
}

static void delete__removes_the_row_and_keeps_the_struct(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = add_user(&x, "a");
    sqla_commit(x.s, &x.err);
    sqla_delete(x.s, u);
    CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_DELETED);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(u->name, "a");
    CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 0);
    shop_close(&x);
}

static void failure__refuses_work_until_rollback(const char *url)
{
    shop x;
    shop_open(&x, url);
    add_user(&x, "same");
    sqla_commit(x.s, &x.err);
    User *twin = add_user(&x, "same");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_UNIQUE);
    CU_ASSERT(is(&x.err, SQLA_ERR_UNIQUE));
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "User"));
    for (int i = 0; i < 3; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        CU_ASSERT_EQUAL(sqla_commit(x.s, &err), SQLA_ERR_ROLLBACK_FIRST);
        CU_ASSERT_PTR_NULL(sqla_get(x.s, User, 1, NULL));
    }
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_rollback(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_state(x.s, twin), SQLA_TRANSIENT);
    add_user(&x, "other");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 2);
    shop_close(&x);
}

static void savepoint__failure_leaves_the_outer_work(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *outer = add_user(&x, "outer");
    sqla_savepoint *sp = sqla_begin_nested(x.s, &x.err);
    CU_ASSERT_PTR_NOT_NULL(sp);
    outer->age = (sqla_opt_i32)SQLA_SOME(1);
    add_user(&x, "outer");
    sqla_error inner = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla_savepoint_commit(sp, &inner), SQLA_ERR_UNIQUE);
    CU_ASSERT_EQUAL(outer->age.value, 30);
    CU_ASSERT_EQUAL(sqla_savepoint_commit(sp, NULL), SQLA_ERR_MISUSE); /* it has ended */
    sp = sqla_begin_nested(x.s, &x.err);
    add_user(&x, "inner");
    CU_ASSERT_EQUAL(sqla_savepoint_commit(sp, &x.err), SQLA_OK);
    sp = sqla_begin_nested(x.s, &x.err);
    add_user(&x, "dropped");
    outer->age = (sqla_opt_i32)SQLA_SOME(2);
    sqla_flush(x.s, &x.err);
    CU_ASSERT_EQUAL(sqla_savepoint_rollback(sp, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(outer->age.value, 30);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users WHERE name IN ('outer', 'inner') AND age = 30"), 2);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 2);
    shop_close(&x);
}

static void stale__row_that_is_gone_is_told(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = add_user(&x, "a");
    sqla_commit(x.s, &x.err);
    sqla_execute(x.db, "DELETE FROM users", NULL, &x.err);
    u->age.value = 5;
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_STALE);
    sqla_error_clear(&x.err);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_PTR_NULL(sqla_get(x.s, User, u->id, &x.err));
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_TRANSIENT);
    shop_close(&x);
}

static void roll_back(shop *x)
{
    sqla_error_clear(&x->err);
    CU_ASSERT_EQUAL(sqla_rollback(x->s, &x->err), SQLA_OK);
}

static void add__refuses_what_cannot_be_meant(const char *url)
{
    shop x;
    shop_open(&x, url);
    CU_ASSERT_PTR_NULL(sqla_add_object(x.s, User, (&(User){ .name = "a", .age = { .value = 309 } })));
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_ERR_DATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "age"));
    roll_back(&x);
    CU_ASSERT_PTR_NULL(sqla_add(x.s, User, .id = 7, .name = "a"));
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_ERR_DATA);
    roll_back(&x);
    sqla_add(x.s, User, .fullname = "no name");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_NOT_NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "name"));
    roll_back(&x);
    int on_the_stack = 0;
    sqla_delete(x.s, &on_the_stack);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_MISUSE);
    roll_back(&x);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 0);
    shop_close(&x);
}

/* A program that looks at the status of its commit alone, and takes a get that failed for one that found nothing. */
static void add__what_was_refused_is_not_missing_from_a_commit(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *with = add_user(&x, "with it");
    sqla_add(x.s, User, .id = 7, .name = "refused");
    CU_ASSERT_PTR_NULL(sqla_get(x.s, User, sqla_val(1), NULL));
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_ROLLBACK_FIRST);
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "'id'"));
    roll_back(&x);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 0);
    sqla_add_object(x.s, User, with);
    sqla_add(x.s, User, .name = "mended");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 2);
    shop_close(&x);
}

/* Inside a savepoint it costs the savepoint alone. */
static void savepoint__takes_with_it_what_was_refused_there(const char *url)
{
    shop x;
    shop_open(&x, url);
    add_user(&x, "outside");
    sqla_savepoint *sp = sqla_begin_nested(x.s, &x.err);
    add_user(&x, "inside");
    sqla_add(x.s, User, .id = 7, .name = "refused");
    CU_ASSERT_EQUAL(sqla_savepoint_commit(sp, &x.err), SQLA_ERR_DATA);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 1);
    shop_close(&x);
}

static void refresh__drops_changes(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = add_user(&x, "a");
    sqla_commit(x.s, &x.err);
    u->age.value = 1;
    CU_ASSERT_EQUAL(sqla_refresh(x.s, u, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(u->age.value, 30);
    sqla_rollback(x.s, &x.err);
    sqla_execute(x.db, "DELETE FROM users", NULL, &x.err);
    CU_ASSERT_EQUAL(sqla_refresh(x.s, u, &x.err), SQLA_ERR_NOT_FOUND);
    shop_close(&x);
}

static void expunge__forgets_the_object(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = add_user(&x, "a");
    sqla_commit(x.s, &x.err);
    int64_t id = u->id;
    u->age.value = 1;
    sqla_expunge(x.s, u);
    CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_FOREIGN);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    u = sqla_get(x.s, User, id, &x.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(u);
    CU_ASSERT_EQUAL(u->age.value, 30);
    shop_close(&x);
}

static void types__round_trip(const char *url)
{
    shop x;
    shop_open(&x, url);
    static const unsigned char bytes[] = { 0, 1, 255, 0 };
    Thing full = { .small = INT16_MIN, .medium = INT32_MIN, .large = INT64_MIN, .ratio = 0.1, .part = 0.25f, .flag = true, .text = "Grüße", .code = "ab",
        .blob = { bytes, sizeof bytes }, .at = { -1 }, .local_at = { 1700000000123456 }, .day = { -25567 }, .hour = { 86399999999 },
        .span = { 14, -3, 5000001 }, .price = { "12345678901234567890.120" }, .uuid = { { 1, 2, 3 } }, .json = { "{\"a\": 1}" }, .colour = BLUE,
        .tiny = 255, .port = 65535, .wide = INT64_MAX, .o_small = SQLA_SOME(0), .o_medium = SQLA_SOME(-1), .o_large = SQLA_SOME(5), .o_ratio = SQLA_SOME(-2.5),
        .o_part = SQLA_SOME(1.5f), .o_flag = SQLA_SOME(false), .o_at = { { 5 }, true }, .o_local_at = { { 6 }, true }, .o_day = { { 7 }, true },
        .o_hour = { { 8 }, true }, .o_span = { { 1, 0, 0 }, true }, .o_uuid = { { { 9 } }, true }, .o_colour = SQLA_SOME(GREEN) };
    Thing *a = sqla_add_object(x.s, Thing, &full), *b = sqla_new(x.s, Thing);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_TRUE(a->made_at.set);
    int64_t ids[] = { a->id, b->id };
    sqla_session *s = sqla_open(x.maker, &x.err);
    a = sqla_get(s, Thing, ids[0], &x.err);
    b = sqla_get(s, Thing, ids[1], &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT(a->small == INT16_MIN && a->medium == INT32_MIN && a->large == INT64_MIN && a->ratio == (double)0.1 && a->part == 0.25f && a->flag);
    CU_ASSERT_STRING_EQUAL(a->text, "Grüße");
    CU_ASSERT_STRING_EQUAL(a->code, "ab");
    CU_ASSERT(a->blob.size == sizeof bytes && memcmp(a->blob.data, bytes, sizeof bytes) == 0);
    CU_ASSERT(a->at.micros == -1 && a->local_at.micros == 1700000000123456 && a->day.days == -25567 && a->hour.micros == 86399999999);
    CU_ASSERT(a->span.months == 14 && a->span.days == -3 && a->span.micros == 5000001);
    CU_ASSERT_STRING_EQUAL(a->price.text, harness_is_mariadb(url) ? "12345678901234567890.12" : "12345678901234567890.120");
    CU_ASSERT(memcmp(&a->uuid, &full.uuid, sizeof a->uuid) == 0 && a->colour == BLUE && a->tiny == 255 && a->port == 65535 && a->wide == INT64_MAX);
    CU_ASSERT_STRING_EQUAL(a->json.text, "{\"a\": 1}");
    CU_ASSERT(a->o_small.set && a->o_small.value == 0 && a->o_flag.set && !a->o_flag.value && a->o_colour.set && a->o_colour.value == GREEN);
    CU_ASSERT(a->o_at.value.micros == 5 && a->o_local_at.value.micros == 6 && a->o_day.value.days == 7 && a->o_hour.value.micros == 8);
    CU_ASSERT(a->o_span.value.months == 1 && a->o_uuid.value.bytes[0] == 9 && a->o_ratio.value == -2.5 && a->o_part.value == 1.5f);
    CU_ASSERT(b->text == NULL && b->blob.data == NULL && b->price.text == NULL && b->json.text == NULL && b->colour == RED);
    CU_ASSERT(!b->o_small.set && !b->o_medium.set && !b->o_large.set && !b->o_ratio.set && !b->o_part.set && !b->o_flag.set && !b->o_at.set);
    CU_ASSERT(!b->o_local_at.set && !b->o_day.set && !b->o_hour.set && !b->o_span.set && !b->o_uuid.set && !b->o_colour.set);
    sqla_close(s);
    shop_close(&x);
}

/* Sizes around the limits of the roads: keys come back in the right objects, also after a reload. */
static void insert__keys_belong_to_their_objects(const char *url)
{
    static const int sizes[] = { 1, 2, 3, 4, 9, 10, 11, 29, 30, 49, 50, 51, 149, 150, 151, 333, 1000, 1001, 2500 };
    shop x;
    shop_open(&x, url);
    int64_t total = 0;
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        sqla_session *s = sqla_open(x.maker, &x.err);
        for (int i = 0; i < sizes[k]; i++)
            sqla_add(s, Node, .label = sqla_printf(s, "%d/%d", sizes[k], i));
        CU_ASSERT_EQUAL(sqla_flush(s, &x.err), SQLA_OK);
        size_t n = 0;
        sqla_session *other = sqla_open(x.maker, &x.err);
        CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_OK);
        sqla_stmt *q = sqla_where(sqla_select(other, Node), sqla_like(sqla_col(Node, label), sqla_printf(other, "%d/%%", sizes[k])));
        Node **nodes = sqla_all(sqla_order_by(q, sqla_col(Node, id)), Node, &n, &x.err);
        CU_ASSERT_EQUAL((int)n, sizes[k]);
        for (size_t i = 0; i < n; i++) {
            Node *mine = sqla_get(s, Node, nodes[i]->id, &x.err);
            CU_ASSERT_PTR_NOT_NULL_FATAL(mine);
            CU_ASSERT_STRING_EQUAL(mine->label, nodes[i]->label);
        }
        sqla_close(other);
        sqla_close(s);
        total += sizes[k];
    }
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(DISTINCT label) FROM nodes"), total);
    shop_close(&x);
}

static void change__many_objects_by_every_road(const char *url)
{
    static const int sizes[] = { 1, 2, 3, 99, 100, 250, 1200 };
    shop x;
    shop_open(&x, url);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        sqla_session *s = sqla_open(x.maker, &x.err);
        for (int i = 0; i < sizes[k]; i++)
            sqla_add(s, User, .name = sqla_printf(s, "u%d", i), .age = SQLA_SOME(i));
        sqla_commit(s, &x.err);
        SQLA_EACH(User, u, sqla_select(s, User), &x.err) {
            u->age.value += 10000;
            u->fullname = sqla_printf(s, "full %s", u->name);
        }
        CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users WHERE age >= 10000 AND name = 'u' || (age - 10000) AND fullname = 'full ' || name"), sizes[k]);
        SQLA_EACH(User, u, sqla_select(s, User), &x.err)
            sqla_delete(s, u);
        CU_ASSERT_EQUAL(sqla_commit(s, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 0);
        sqla_close(s);
    }
    shop_close(&x);
}

static void keys__natural_ones_and_order_by_foreign_key(const char *url)
{
    shop x;
    shop_open(&x, url);
    sqla_add(x.s, Citizen, .country = "DE", .name = "child first");
    sqla_add(x.s, Country, .code = "DE", .name = "Germany");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    Country *de = sqla_get(x.s, Country, "DE", &x.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(de);
    CU_ASSERT_STRING_EQUAL(de->name, "Germany");
    sqla_add(x.s, Citizen, .country = "XX", .name = "nowhere");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_FOREIGN_KEY);
    shop_close(&x);
}

/* A get flushes what was added, since that may have the key; without autoflush it does not. */
static void get__finds_what_was_added(const char *url)
{
    shop x;
    shop_open(&x, url);
    Country *de = sqla_add(x.s, Country, .code = "DE", .name = "Germany");
    CU_ASSERT_PTR_EQUAL(sqla_get(x.s, Country, "DE", &x.err), de);
    CU_ASSERT_PTR_NULL(sqla_get(x.s, Country, "FR", &x.err));
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(x.db, x.base, SQLA_SESSION_OPTIONS(.no_autoflush = true), &x.err);
    sqla_session *s = sqla_open(maker, &x.err);
    sqla_add(s, Country, .code = "FR", .name = "France");
    CU_ASSERT_PTR_NULL(sqla_get(s, Country, "FR", &x.err));
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM countries"), 1);
    shop_close(&x);
}

static void delete__can_be_taken_back(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = sqla_add(x.s, User, .name = "ada");
    User *v = sqla_add(x.s, User, .name = "hedy");
    sqla_commit(x.s, &x.err);
    u->fullname = "Ada";
    sqla_delete(x.s, u);
    sqla_delete(x.s, v);
    CU_ASSERT_PTR_EQUAL(sqla_add_object(x.s, User, u), u);
    CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_PERSISTENT);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users WHERE fullname = 'Ada'"), 1);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 1);
    sqla_delete(x.s, u);
    sqla_add_object(x.s, User, u);
    sqla_delete(x.s, u); /* and is meant at last, once */
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users"), 0);
    shop_close(&x);
}

static void run_time__models_work_alike(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_model *event = sqla_model_new(base, "Event", "events", &err);
    sqla_model_add_column(event, "id", SQLA_INT64, &(sqla_column_item){ .primary_key = true }, &err);
    sqla_model_add_column(event, "title", SQLA_TEXT | SQLA_FORM_NULLABLE, NULL, &err);
    sqla_model_add_column(event, "size", SQLA_INT32 | SQLA_FORM_NULLABLE, NULL, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_metadata_create_all(base, db, &err);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(db, base, NULL, &err);
    sqla_session *s = sqla_open(maker, &err);
    void *e = sqla_new_object(s, event);
    CU_ASSERT_PTR_NOT_NULL(e);
    sqla_field_set(s, e, "title", sqla_val("opening"), &err);
    sqla_field_set(s, e, "size", sqla_val(12), &err);
    CU_ASSERT_EQUAL(sqla_commit(s, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT(sqla_field_get(s, e, "id", &err).as.i64 > 0);
    sqla_error wrong = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla_field_set(s, e, "titel", sqla_val("x"), &wrong), SQLA_ERR_MISUSE);
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

/* What a flush refused, and was mended after the rollback, is written by the next one. */
static void failure__refused_object_can_be_mended(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = sqla_add(x.s, User, .fullname = "nameless");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_NOT_NULL);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_rollback(x.s, &x.err), SQLA_OK);
    u->name = "mended";
    CU_ASSERT_PTR_EQUAL(sqla_add_object(x.s, User, u), u);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM users WHERE name = 'mended'"), 1);
    shop_close(&x);
}

/* Columns that the database fills where nothing is given. */
typedef struct Draft { int64_t id; const char *title, *state; sqla_opt_i32 size; } Draft;
SQLA_DECLARE(Draft);
SQLA_MODEL(Draft, "drafts", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(title, .server_default = "'untitled'"),
           SQLA_COLUMN(state, .server_default = "'new'"), SQLA_COLUMN(size, .server_default = "7"));

static void rollback__of_an_add_keeps_what_was_given(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Draft), &err);
    sqla_metadata_create_all(base, db, &err);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(db, base, NULL, &err);
    sqla_session *s = sqla_open(maker, &err);
    Draft *d = sqla_add(s, Draft, .title = "a long title"), *e = sqla_add(s, Draft, .state = "old");
    CU_ASSERT_FATAL(d != NULL && e != NULL);
    e->title = "given later";
    CU_ASSERT_EQUAL(sqla_flush(s, &err), SQLA_OK);
    CU_ASSERT(strcmp(d->state, "new") == 0 && d->size.value == 7);
    CU_ASSERT_EQUAL(sqla_rollback(s, &err), SQLA_OK);
    for (int i = 0; i < 10; i++)
        sqla_add(s, Draft, .title = "another text", .state = "other"); /* into memory that is free */
    CU_ASSERT_STRING_EQUAL(d->title, "a long title");
    CU_ASSERT(d->state == NULL && !d->size.set && d->id == 0);
    CU_ASSERT_STRING_EQUAL(e->title, "given later");
    CU_ASSERT(strcmp(e->state, "old") == 0 && !e->size.set);
    sqla_add_object(s, Draft, d);
    sqla_add_object(s, Draft, e);
    CU_ASSERT(sqla_commit(s, &err) == SQLA_OK && is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM drafts WHERE title IN ('a long title', 'given later') AND size = 7"), 2);
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

/* ---- what goes with a session ---- */

static struct { char line[400]; int count; } heard;

static void hear(void *data, int level, const char *line)
{
    (void)data;
    heard.count += level == SQLA_LOG_WARNING;
    snprintf(heard.line, sizeof heard.line, "%s", line);
}

static void leave_new(sqla_session *s, User *u)
{
    (void)u;
    sqla_add(s, User, .name = "new");
}

static void leave_deleted(sqla_session *s, User *u)
{
    sqla_delete(s, u);
}

static void leave_changed(sqla_session *s, User *u)
{
    (void)s;
    u->name = "another";
}

static void leave_two(sqla_session *s, User *u)
{
    leave_changed(s, u);
    leave_new(s, u);
}

static void leave_failure(sqla_session *s, User *u)
{
    (void)u;
    sqla_delete(s, &heard);
}

static void leave_nothing(sqla_session *s, User *u)
{
    u->name = "written";
    sqla_commit(s, NULL);
}

static void leave_rolled_back(sqla_session *s, User *u)
{
    leave_two(s, u);
    sqla_rollback(s, NULL);
}

static void leave_what_was_told(sqla_session *s, User *u)
{
    leave_failure(s, u);
    sqla_flush(s, NULL);
}

/* Each time one line, or none; also where the text that was assigned is freed by then. */
static void close__tells_what_is_lost(const char *url)
{
    static const struct { void (*leave)(sqla_session *s, User *u); const char *says; } table[] = {
        { leave_new, "1 object that no flush has written: a new 'User' was added" },
        { leave_deleted, "1 object that no flush has written: the 'User' with key " },
        { leave_changed, "was changed" },
        { leave_two, "2 objects" },
        { leave_failure, "nobody was told of its failure: cannot delete" },
        { leave_nothing, NULL },
        { leave_rolled_back, NULL },
        { leave_what_was_told, NULL },
    };
    shop x;
    shop_open(&x, url);
    User *first = add_user(&x, "a");
    sqla_commit(x.s, &x.err);
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.log = hear), &x.err);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(db, x.base, NULL, &x.err);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sqla_session *s = sqla_open(maker, &x.err);
        User *u = sqla_get(s, User, first->id, &x.err);
        heard.count = 0;
        table[i].leave(s, u);
        sqla_close(s);
        CU_ASSERT_EQUAL(heard.count, table[i].says != NULL);
        CU_ASSERT(table[i].says == NULL || strstr(heard.line, table[i].says) != NULL);
    }
    sqla_session *s = sqla_open(maker, &x.err);
    User *u = sqla_get(s, User, first->id, &x.err);
    char *text = strdup("lent");
    u->name = text;
    free(text);
    heard.count = 0;
    sqla_close(s);
    CU_ASSERT_EQUAL(heard.count, 1);
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_sessionmaker_free(maker);
    sqla_engine_free(db);
    shop_close(&x);
}

static const struct harness_test tests[] = {
    { "close tells what is lost", close__tells_what_is_lost, HARNESS_DATABASES },
    { "rollback of an add keeps what was given", rollback__of_an_add_keeps_what_was_given, HARNESS_DATABASES },
    { "add inserts and gives the key back", add__inserts_and_gives_the_key_back, HARNESS_DATABASES },
    { "get gives the same object", get__gives_the_same_object, HARNESS_DATABASES },
    { "commit writes what was assigned", commit__writes_what_was_assigned, HARNESS_DATABASES },
    { "stale objects are filled anew in place", stale__objects_are_filled_anew_in_place, HARNESS_DATABASES },
    { "rollback puts everything back", rollback__puts_everything_back, HARNESS_DATABASES },
    { "delete removes the row and keeps the struct", delete__removes_the_row_and_keeps_the_struct, HARNESS_DATABASES },
    { "failure refuses work until rollback", failure__refuses_work_until_rollback, HARNESS_DATABASES },
    { "savepoint: failure leaves the outer work", savepoint__failure_leaves_the_outer_work, HARNESS_DATABASES },
    { "savepoint: takes with it what was refused there", savepoint__takes_with_it_what_was_refused_there, HARNESS_DATABASES },
    { "stale: a row that is gone is told", stale__row_that_is_gone_is_told, HARNESS_DATABASES },
    { "add refuses what cannot be meant", add__refuses_what_cannot_be_meant, HARNESS_DATABASES },
    { "add: what was refused is not missing from a commit", add__what_was_refused_is_not_missing_from_a_commit, HARNESS_DATABASES },
    { "refresh drops changes", refresh__drops_changes, HARNESS_DATABASES },
    { "expunge forgets the object", expunge__forgets_the_object, HARNESS_DATABASES },
    { "types round trip", types__round_trip, HARNESS_DATABASES },
    { "insert: keys belong to their objects", insert__keys_belong_to_their_objects, HARNESS_DATABASES },
    { "change many objects by every road", change__many_objects_by_every_road, HARNESS_DATABASES },
    { "natural keys, and order by foreign key", keys__natural_ones_and_order_by_foreign_key, HARNESS_DATABASES },
    { "get finds what was added", get__finds_what_was_added, HARNESS_DATABASES },
    { "delete can be taken back", delete__can_be_taken_back, HARNESS_DATABASES },
    { "failure: a refused object can be mended", failure__refused_object_can_be_mended, HARNESS_DATABASES },
    { "models made at run time work alike", run_time__models_work_alike, HARNESS_DATABASES },
};

int main(void) { return harness_main("test-session", tests, sizeof tests / sizeof tests[0]); }
