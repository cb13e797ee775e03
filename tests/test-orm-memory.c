/* test-orm-memory.c: units of work in which each allocation of ours fails in turn, once, and then all from that one on. Each
 * ends with OK and all of its rows are there, or with NOMEM and none is; and the same work is done right afterwards. */
#include <config.h>
#include "family.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness.h"

enum { PLENTY = 1000000, DENSE = 150, STEP = 5 };

/* Works in one transaction, and commits at its end. It goes on whatever fails, as a program may that looks at its error last. */
typedef void work_fn(family *x, sqla_error *err);

static int64_t rows(family *x)
{
    static const char *const tables[] = { "p", "c", "loose", "n", "land", "person", "ball", "tag",
        "label" };
    int64_t n = 0;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        n += family_count(x, tables[i]);
    return n;
}

static void clean(family *x)
{
    static const char *const statements[] = { "UPDATE person SET favourite_id = NULL", "DELETE FROM ball",
        "DELETE FROM person", "DELETE FROM loose", "DELETE FROM c", "DELETE FROM p", "UPDATE n SET up_id = NULL",
        "DELETE FROM n", "UPDATE land SET within = NULL", "DELETE FROM land", "DELETE FROM label", "DELETE FROM tag" };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        harness_sql(x->url, statements[i]);
}

/* point 0: nothing fails.  Returns: how many allocations there were. */
static uint64_t run(family *x, work_fn *work, uint64_t point, bool lasting, sqla_error *err)
{
    sqla_close(x->s);
    x->s = sqla_open(x->maker, err);
    sqla__alloc_fail_at(point > 0 ? point : PLENTY, lasting);
    work(x, err);
    uint64_t made = PLENTY - sqla__alloc_left();
    sqla__alloc_fail_at(0, false);
    sqla_close(x->s);
    x->s = NULL;
    return made;
}

static void try_at(family *x, work_fn *work, uint64_t point, bool lasting, int64_t expected)
{
    sqla_error err = SQLA_ERROR_INIT;
    run(x, work, point, lasting, &err);
    int64_t there = rows(x);
    /* A statement that could not be made is NULL, and whatever runs it says so. */
    bool starved = err.status == SQLA_ERR_NOMEM || (err.status == SQLA_ERR_MISUSE && strstr(err.message, "or no memory"));
    bool ok = there == expected ? err.status == SQLA_OK || starved : starved && there == 0;
    if (!ok)
        fprintf(stderr, "point %d%s: %s: %s (%d rows)\n", (int)point, lasting ? " and on" : "", sqla_status_name(err.status),
            err.message, (int)there);
    CU_ASSERT(ok);
    clean(x);
}

static void try_all(const char *url, work_fn *work)
{
    family x;
    sqla_error err = SQLA_ERROR_INIT;
    bool all = getenv("SQLA_TORTURE") != NULL;
    family_open(&x, url);
    run(&x, work, 0, false, &err); /* so that what the sessionmaker and the engine keep is there */
    CU_ASSERT_EQUAL(err.status, SQLA_OK);
    int64_t expected = rows(&x);
    clean(&x);
    uint64_t points = run(&x, work, 0, false, &err);
    x.err = err;
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(rows(&x), expected);
    clean(&x);
    for (uint64_t point = 1; point <= points; point += all || point < DENSE ? 1 : STEP) {
        try_at(&x, work, point, false, expected);
        try_at(&x, work, point, true, expected);
    }
    family_close(&x);
}

/* ---- units of work -------------------------------------------------------------------------------- */

static void move_children(family *x, sqla_error *err)
{
    P *p = sqla_add(x->s, P, .name = "p"), *q = sqla_add(x->s, P, .name = "q");
    C *a = sqla_add(x->s, C, .name = "a", .p = p), *b = sqla_add(x->s, C, .name = "b"), *c = sqla_new(x->s, C);
    sqla_append(x->s, p, cs, b);
    sqla_append(x->s, q, cs, c);
    sqla_flush(x->s, err);
    if (p != NULL && q != NULL && a != NULL && b != NULL && c != NULL) {
        sqla_load(x->s, p, cs, err);
        a->p = q;
        sqla_remove(x->s, p, cs, b);
        sqla_append(x->s, q, cs, b);
        sqla_flush(x->s, err);
        sqla_savepoint *sp = sqla_begin_nested(x->s, err);
        c->p_id = (sqla_opt_i64){ p->id, true };
        c->name = "moved";
        sqla_flush(x->s, err);
        sqla_savepoint_rollback(sp, err);
        sqla_refresh(x->s, c, err);
        sqla_remove(x->s, q, cs, c);
    }
    sqla_commit(x->s, err);
}

static void go_in_circles(family *x, sqla_error *err)
{
    Person *person = sqla_new(x->s, Person);
    Ball *ball = sqla_add(x->s, Ball, .owner = person);
    N *n = sqla_add(x->s, N, .name = "n"), *sub = sqla_add(x->s, N, .name = "sub", .up = n);
    sqla_add(x->s, Land, .code = "bav", .within = "de");
    sqla_add(x->s, Land, .code = "de", .within = "eu");
    Land *whole = sqla_add(x->s, Land, .code = "eu", .within = "eu");
    if (person != NULL)
        person->favourite = ball;
    if (n != NULL)
        n->up = n;
    sqla_flush(x->s, err);
    if (person != NULL && ball != NULL && sub != NULL && whole != NULL && !sqla_failed(err)) {
        sqla_delete(x->s, person);
        sqla_delete(x->s, ball);
        sqla_delete(x->s, n);
        sqla_flush(x->s, err);
    }
    sqla_commit(x->s, err);
}

static void cascade(family *x, sqla_error *err)
{
    P *p = sqla_add(x->s, P, .name = "p"), *gone = sqla_add(x->s, P, .name = "gone");
    for (int i = 0; i < 3; i++)
        sqla_add(x->s, C, .p = p);
    Loose *loose = sqla_add(x->s, Loose, .p = p);
    sqla_flush(x->s, err);
    if (p != NULL && gone != NULL && loose != NULL && !sqla_failed(err)) {
        C *fresh = sqla_add(x->s, C, .p_id = SQLA_SOME(p->id)), *other = sqla_new(x->s, C);
        sqla_append(x->s, p, cs, other);
        sqla_delete(x->s, p);
        sqla_flush(x->s, err);
        sqla_expunge(x->s, gone);
        sqla_expunge(x->s, fresh);
    }
    sqla_commit(x->s, err);
}

static void read_relations(family *x, sqla_error *err)
{
    P *p = sqla_add(x->s, P, .name = "p");
    Land *eu = sqla_add(x->s, Land, .code = "eu"), *de = sqla_add(x->s, Land, .code = "de", .within = "eu");
    for (int i = 0; i < 12; i++)
        sqla_add(x->s, C, .name = "c", .p = p);
    sqla_flush(x->s, err);
    if (p != NULL && eu != NULL && de != NULL && !sqla_failed(err)) {
        sqla_expire(x->s, p);
        sqla_expire(x->s, de);
        SQLA_EACH(P, each, sqla_selectin(sqla_select(x->s, P), P, cs), err)
            SQLA_EACH_IN(C, c, each->cs)
                sqla_expire(x->s, c);
        SQLA_EACH(C, c, sqla_selectin(sqla_select(x->s, C), C, p), err)
            sqla_load(x->s, c, p, err);
        sqla_load(x->s, eu, parts, err);
        sqla_load(x->s, de, whole, err);
        sqla_execute(x->s, "UPDATE c SET name = 'other'", NULL, err);
        sqla_expire(x->s, p->cs.count > 0 ? p->cs.items[0] : NULL);
        if (p->cs.count > 0)
            sqla_refresh(x->s, p->cs.items[0], err);
        sqla_get(x->s, Land, "eu", err);
        sqla_get(x->s, Land, "xx", err);
    }
    sqla_commit(x->s, err);
}

static void roll_back(family *x, sqla_error *err)
{
    P *p = sqla_add(x->s, P, .name = "p");
    C *c = sqla_add(x->s, C, .name = "c", .p = p);
    sqla_flush(x->s, err);
    if (c != NULL && p != NULL) {
        c->name = "later";
        sqla_flush(x->s, err);
        sqla_delete(x->s, c);
        sqla_flush(x->s, err);
    }
    if (sqla_failed(err))
        return;
    sqla_rollback(x->s, err);
    sqla_add_object(x->s, C, c);
    sqla_commit(x->s, err);
}

/* Texts as keys, at a column that is not the primary key; the flush takes one from a new row. */
static void move_by_texts(family *x, sqla_error *err)
{
    Tag *a = sqla_add(x->s, Tag, .code = "a"), *b = sqla_add(x->s, Tag, .code = "b");
    Label *label = sqla_add(x->s, Label, .tag = a), *other = sqla_add(x->s, Label, .tag_code = "b");
    sqla_flush(x->s, err);
    if (a != NULL && b != NULL && label != NULL && other != NULL && !sqla_failed(err)) {
        sqla_load(x->s, a, labels, err);
        sqla_load(x->s, b, labels, err);
        label->tag_code = "b";
        sqla_flush(x->s, err);
        sqla_load(x->s, other, tag, err);
        sqla_add(x->s, Label, .tag_code = "a");
        sqla_delete(x->s, a);
        sqla_flush(x->s, err);
    }
    sqla_commit(x->s, err);
}

/* Each takes the key of the next one, which gives it up. */
static void move_keys(family *x, sqla_error *err)
{
    enum { LANDS = 5 };
    Land *lands[LANDS];
    bool whole = true;
    for (int i = 0; i < LANDS; i++) {
        Land land = { .name = "land" };
        land.code[0] = (char)('a' + i);
        lands[i] = sqla_add_object(x->s, Land, &land);
        whole = whole && lands[i] != NULL;
    }
    sqla_flush(x->s, err);
    for (int i = 0; i < LANDS && whole && !sqla_failed(err); i++)
        lands[i]->code[0]++;
    sqla_commit(x->s, err);
}

static void memory__of_texts_as_keys(const char *url)
{
    try_all(url, move_by_texts);
}

static void memory__of_keys_that_move(const char *url)
{
    try_all(url, move_keys);
}

static void memory__of_moves(const char *url)
{
    try_all(url, move_children);
}

static void memory__of_circles(const char *url)
{
    try_all(url, go_in_circles);
}

static void memory__of_cascades(const char *url)
{
    try_all(url, cascade);
}

static void memory__of_relations_that_are_read(const char *url)
{
    try_all(url, read_relations);
}

static void memory__of_rollbacks(const char *url)
{
    try_all(url, roll_back);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "memory of texts as keys", memory__of_texts_as_keys, HARNESS_SQLITE },
        { "memory of keys that move", memory__of_keys_that_move, HARNESS_SQLITE },
        { "memory of moves", memory__of_moves, HARNESS_SQLITE },
        { "memory of circles", memory__of_circles, HARNESS_SQLITE },
        { "memory of cascades", memory__of_cascades, HARNESS_SQLITE },
        { "memory of relations that are read", memory__of_relations_that_are_read, HARNESS_SQLITE },
        { "memory of rollbacks", memory__of_rollbacks, HARNESS_SQLITE },
    };
    return harness_main("test-orm-memory", tests, sizeof tests / sizeof tests[0]);
}
