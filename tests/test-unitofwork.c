/* test-unitofwork.c: whose a child is, what a cascade may take, and what a rollback gives back: the cases in which moves, rollbacks and
 * collections meet. */
#include <config.h>
#include "family.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* ---- a cascade takes what belongs to the owner, and nothing else ----------------------------- */

static void delete__spares_a_child_that_has_moved(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_load(x.s, x.p, cs, &x.err);
    x.c->p = x.q;
    sqla_flush(x.s, &x.err);
    CU_ASSERT_EQUAL(x.p->cs.count, 0);
    sqla_delete(x.s, x.p);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.q->id);
    family_close(&x);
}

static void move_and_roll_back(family *x, bool selectin)
{
    family_two(x);
    sqla_savepoint *sp = sqla_begin_nested(x->s, &x->err);
    x->c->p = x->q;
    sqla_flush(x->s, &x->err);
    if (selectin)
        sqla_all(sqla_selectin(sqla_select(x->s, P), P, cs), P, NULL, &x->err);
    else
        sqla_load(x->s, x->q, cs, &x->err);
    CU_ASSERT_EQUAL(x->q->cs.count, 1);
    sqla_savepoint_rollback(sp, &x->err);
    CU_ASSERT_FALSE(x->q->cs.loaded);
    CU_ASSERT_EQUAL(x->q->cs.count, 0);
    sqla_delete(x->s, x->q);
    sqla_commit(x->s, &x->err);
    CU_ASSERT(family_fine(x));
    CU_ASSERT_EQUAL(family_parent(x, x->c->id), x->p->id);
}

static void delete__spares_what_a_rolled_back_savepoint_showed(const char *url)
{
    for (int selectin = 0; selectin < 2; selectin++) {
        family x;
        family_open(&x, url);
        move_and_roll_back(&x, selectin);
        family_close(&x);
    }
}

static void delete__spares_what_was_appended_and_rolled_back(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    P *n = sqla_add(x.s, P, .name = "n");
    sqla_append(x.s, n, cs, x.c);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_FALSE(n->cs.loaded);
    CU_ASSERT_PTR_EQUAL(sqla_add_object(x.s, P, n), n);
    sqla_flush(x.s, &x.err);
    sqla_delete(x.s, n);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.p->id);
    family_close(&x);
}

static void remove__refuses_another_owners_child(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_remove(x.s, x.q, cs, x.c);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT(family_failed(&x, SQLA_ERR_MISUSE, "not in it"));
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.p->id);
    family_close(&x);
}

static void remove__takes_back_nothing_from_a_new_owner(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_load(x.s, x.p, cs, &x.err);
    x.c->p = x.q;
    sqla_remove(x.s, x.p, cs, x.c);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_PTR_EQUAL(x.c->p, x.q);
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.q->id);
    family_close(&x);
}

static void remove__after_a_rollback_finds_the_child(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_append(x.s, x.q, cs, x.c);
    sqla_flush(x.s, &x.err);
    sqla_refresh(x.s, x.p, &x.err);
    sqla_load(x.s, x.p, cs, &x.err);
    sqla_rollback(x.s, &x.err);
    sqla_remove(x.s, x.p, cs, x.c);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "c"), 0);
    family_close(&x);
}

/* Between the remove and its flush somebody else has moved the child. */
static void remove__spares_a_child_that_others_have_moved(const char *url)
{
    family x;
    char sql[100];
    family_open(&x, url);
    family_two(&x);
    sqla_commit(x.s, &x.err); /* all is stale */
    snprintf(sql, sizeof sql, "UPDATE c SET p_id = %d WHERE id = %d", (int)x.q->id, (int)x.c->id);
    harness_sql(url, sql);
    sqla_remove(x.s, x.p, cs, x.c);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.q->id);
    family_close(&x);
}

static void pointer__to_nobody_ends_an_orphan(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    x.c->p = NULL;
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "c"), 0);
    family_close(&x);
}

static void key__set_to_null_keeps_the_row(const char *url)
{
    for (int pointer_too = 0; pointer_too < 2; pointer_too++) {
        family x;
        family_open(&x, url);
        family_two(&x);
        x.c->p_id = (sqla_opt_i64){ 0 };
        if (pointer_too)
            x.c->p = NULL;
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_PTR_NULL(x.c->p);
        CU_ASSERT_EQUAL(family_parent(&x, x.c->id), 0);
        family_close(&x);
    }
}

static void delete__of_an_owner_takes_pending_children_along(const char *url)
{
    for (int loaded = 0; loaded < 2; loaded++) {
        family x;
        family_open(&x, url);
        family_two(&x);
        if (loaded)
            sqla_load(x.s, x.p, cs, &x.err);
        C *by_pointer = sqla_add(x.s, C, .p = x.p), *by_key = sqla_add(x.s, C, .p_id = SQLA_SOME(x.p->id));
        C *appended = sqla_add(x.s, C, .name = "appended");
        sqla_append(x.s, x.p, cs, appended);
        sqla_delete(x.s, x.p);
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(family_count(&x, "c"), 0);
        CU_ASSERT_EQUAL(sqla_state(x.s, by_pointer), SQLA_TRANSIENT);
        CU_ASSERT_EQUAL(sqla_state(x.s, by_key), SQLA_TRANSIENT);
        CU_ASSERT_EQUAL(sqla_state(x.s, appended), SQLA_TRANSIENT);
        family_close(&x);
    }
}

static void delete__of_a_new_owner_takes_its_children_along(const char *url)
{
    family x;
    family_open(&x, url);
    P *p = sqla_add(x.s, P, .name = "p");
    sqla_add(x.s, C, .p = p);
    sqla_delete(x.s, p);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "p") + family_count(&x, "c"), 0);
    CU_ASSERT_PTR_EQUAL(sqla_add_object(x.s, P, p), p); /* and may still be added */
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "p"), 1);
    family_close(&x);
}

static void delete__of_a_new_object_that_another_needs_is_told(const char *url)
{
    family x;
    family_open(&x, url);
    Land *whole = sqla_add(x.s, Land, .code = "eu");
    Person *person = sqla_add(x.s, Person, .id = 0);
    sqla_add(x.s, Ball, .owner = person);
    sqla_delete(x.s, person);
    CU_ASSERT_NOT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(family_failed(&x, SQLA_ERR_NOT_NULL, "owner_id"));
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_EQUAL(family_count(&x, "land"), 0); /* nothing was written before it was found out */
    CU_ASSERT_EQUAL(sqla_state(x.s, whole), SQLA_TRANSIENT);
    family_close(&x);
}

static void delete__of_many_owners_loads_all_children_at_once(const char *url)
{
    family x;
    family_open(&x, url);
    P *owners[100];
    for (int i = 0; i < 100; i++) {
        owners[i] = sqla_add(x.s, P, .name = sqla_printf(x.s, "p%d", i));
        for (int k = 0; k < 3; k++)
            sqla_add(x.s, C, .p = owners[i]);
    }
    sqla_commit(x.s, &x.err);
    x.statements = 0;
    for (int i = 0; i < 100; i++)
        sqla_delete(x.s, owners[i]);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "c") + family_count(&x, "p"), 0);
    CU_ASSERT(x.statements <= 16);
    if (x.statements > 16)
        fprintf(stderr, "%d statements\n", x.statements);
    family_close(&x);
}

/* ---- both sides say the same -------------------------------------------------------------------- */

static void append__and_another_pointer_contradict(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_load(x.s, x.p, cs, &x.err);
    sqla_append(x.s, x.q, cs, x.c);
    x.c->p = x.p;
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "'p' of 'C'"));
    CU_ASSERT(family_failed(&x, SQLA_ERR_MISUSE, "appended to 'cs'"));
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.p->id);
    CU_ASSERT_PTR_EQUAL(x.c->p, x.p);
    family_close(&x);
}

static void append__and_another_key_contradict(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    P *r = sqla_add(x.s, P, .name = "r");
    sqla_flush(x.s, &x.err);
    sqla_append(x.s, x.q, cs, x.c);
    x.c->p_id.value = r->id;
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT(family_failed(&x, SQLA_ERR_MISUSE, "'p_id' of 'C'"));
    sqla_rollback(x.s, &x.err);
    sqla_remove(x.s, x.p, cs, x.c);
    x.c->p = x.p; /* taken from p, and given to p */
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT(family_failed(&x, SQLA_ERR_MISUSE, "removed from 'cs'"));
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.p->id);
    family_close(&x);
}

/* A remove comes to nothing where the row has gone to somebody else meanwhile; a pointer that was set to NULL does not. */
static void pointer__to_nobody_counts_beside_a_remove(const char *url)
{
    for (int pointed = 0; pointed < 2; pointed++) {
        family x;
        char sql[100];
        family_open(&x, url);
        family_two(&x);
        sqla_commit(x.s, &x.err);
        snprintf(sql, sizeof sql, "UPDATE c SET p_id = %d", (int)x.q->id);
        CU_ASSERT(harness_sql(url, sql));
        if (pointed)
            x.c->p = NULL;
        sqla_remove(x.s, x.p, cs, x.c);
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(family_parent(&x, x.c->id), pointed ? 0 : x.q->id);
        family_close(&x);
    }
}

/* The flush reads the child again and finds that nothing would change, but for the row, which is gone. */
static void pointer__from_a_row_that_is_gone_shows_in_no_collection(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    int64_t id = x.c->id;
    sqla_expunge(x.s, x.c);
    C *again = sqla_get(x.s, C, id, &x.err); /* its pointer is not loaded */
    sqla_commit(x.s, &x.err);
    CU_ASSERT(harness_sql(url, "DELETE FROM c"));
    sqla_load(x.s, x.p, cs, &x.err);
    CU_ASSERT_EQUAL(x.p->cs.count, 0);
    again->p = x.p;
    sqla_flush(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(x.p->cs.count, 0);
    family_close(&x);
}

/* What is asked is whether the flush would write another key, not whether the parent is another object. */
static void pointer__to_a_new_owner_of_the_same_key_changes_nothing(const char *url)
{
    family x;
    family_open(&x, url);
    Land *eu = sqla_add(x.s, Land, .code = "eu");
    Land *de = sqla_add(x.s, Land, .code = "de", .whole = eu);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    sqla_expunge(x.s, eu);
    Land *twin = sqla_add(x.s, Land, .code = "eu"), *other = sqla_add(x.s, Land, .code = "un");
    de->whole = twin;
    CU_ASSERT_FALSE(sqla_is_modified(x.s, de));
    de->whole = other;
    CU_ASSERT_TRUE(sqla_is_modified(x.s, de));
    family_close(&x);
}

static void append__the_last_one_wins(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_append(x.s, x.q, cs, x.c);
    sqla_remove(x.s, x.q, cs, x.c);
    sqla_append(x.s, x.p, cs, x.c);
    CU_ASSERT_FALSE(sqla_is_modified(x.s, x.c)); /* it is where it was */
    x.statements = 0;
    sqla_flush(x.s, &x.err);
    CU_ASSERT_EQUAL(x.statements, 0);
    sqla_append(x.s, x.q, cs, x.c);
    CU_ASSERT_TRUE(sqla_is_modified(x.s, x.c));
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.q->id);
    family_close(&x);
}

/* Both were added once, and rolled back: the append adds the child, and the child its owner. */
static void append__adds_what_is_transient(const char *url)
{
    family x;
    family_open(&x, url);
    P *p = sqla_add(x.s, P, .name = "p");
    C *c = sqla_add(x.s, C, .name = "c");
    sqla_rollback(x.s, &x.err);
    sqla_append(x.s, p, cs, c);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_parent(&x, c->id), p->id);
    family_close(&x);
}

static void key__that_changes_moves_pointer_and_collections(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_load(x.s, x.c, p, &x.err);
    sqla_load(x.s, x.p, cs, &x.err);
    sqla_load(x.s, x.q, cs, &x.err);
    x.c->p_id.value = x.q->id;
    sqla_commit(x.s, &x.err);
    CU_ASSERT_PTR_EQUAL(x.c->p, x.q);
    CU_ASSERT_EQUAL(x.p->cs.count, 0);
    CU_ASSERT_EQUAL(x.q->cs.count, 1);
    sqla_refresh(x.s, x.c, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_PTR_EQUAL(x.c->p, x.q);
    family_close(&x);
}

static void collection__does_not_move_under_a_loop(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    for (int i = 0; i < 5; i++)
        sqla_add(x.s, C, .name = "more", .p = x.p);
    sqla_commit(x.s, &x.err);
    sqla_load(x.s, x.p, cs, &x.err);
    int seen = 0;
    SQLA_EACH_IN(C, c, x.p->cs) {
        c->name = "seen";
        sqla_all(sqla_select(x.s, C), C, NULL, &x.err);
        seen++;
    }
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(seen, 6);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM c WHERE name = 'seen'"), 6);
    family_close(&x);
}

static void collection__stays_while_its_owner_is_read_again(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_add(x.s, C, .p = x.p);
    sqla_commit(x.s, &x.err);
    sqla_load(x.s, x.p, cs, &x.err);
    int seen = 0;
    SQLA_EACH_IN(C, c, x.p->cs) {
        sqla_load(x.s, c, p, &x.err);
        CU_ASSERT_PTR_EQUAL(c->p, x.p);
        seen++;
    }
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(seen, 2);
    family_close(&x);
}

static void collection__of_a_tree_gains_new_children(const char *url)
{
    family x;
    family_open(&x, url);
    N *r = sqla_add(x.s, N, .name = "root");
    sqla_flush(x.s, &x.err);
    sqla_load(x.s, r, subs, &x.err);
    N *n = sqla_add(x.s, N, .up = r);
    sqla_flush(x.s, &x.err);
    sqla_load(x.s, r, subs, &x.err);
    CU_ASSERT(r->subs.count == 1 && r->subs.items[0] == n);
    sqla_delete(x.s, r);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM n WHERE up_id IS NULL"), 1);
    family_close(&x);
}

/* A child that is deleted before it has a row is shown nowhere, and an owner that is added again has what is its own. */
static void collection__loses_what_is_not_written(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    P *p = sqla_add(x.s, P, .name = "new");
    C *c = sqla_add(x.s, C, .name = "c");
    sqla_append(x.s, p, cs, c);
    sqla_delete(x.s, c);
    sqla_flush(x.s, &x.err);
    CU_ASSERT_EQUAL(p->cs.count, 0);
    sqla_append(x.s, p, cs, x.c);
    sqla_flush(x.s, &x.err);
    sqla_append(x.s, x.p, cs, x.c);
    sqla_delete(x.s, p);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    p->id = 0;
    sqla_add_object(x.s, P, p);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    sqla_load(x.s, p, cs, &x.err);
    CU_ASSERT_EQUAL(p->cs.count, 0);
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.p->id);
    family_close(&x);
}

static void load__of_a_known_parent_asks_nothing(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    C *c = sqla_add(x.s, C, .p_id = SQLA_SOME(x.p->id));
    sqla_flush(x.s, &x.err);
    x.statements = 0;
    sqla_load(x.s, c, p, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_PTR_EQUAL(c->p, x.p);
    CU_ASSERT_EQUAL(x.statements, 0);
    family_close(&x);
}

/* ---- what a rollback gives back -------------------------------------------------------------------- */

static void rollback__gives_back_keys_that_were_not_set(const char *url)
{
    family x;
    family_open(&x, url);
    P *p = sqla_add(x.s, P, .name = "p");
    C *c = sqla_add(x.s, C, .p = p);
    sqla_flush(x.s, &x.err);
    CU_ASSERT_TRUE(c->p_id.set);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_FALSE(c->p_id.set);
    CU_ASSERT_EQUAL(p->id, 0);
    sqla_add(x.s, P, .name = "other");
    sqla_commit(x.s, &x.err);
    c->p = NULL;
    sqla_add_object(x.s, C, c);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_parent(&x, c->id), 0);
    family_close(&x);
}

/* Whatever was flushed since, the object is what it was before its first flush. */
static void rollback__gives_back_keys_that_a_later_flush_changed(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    P *p = sqla_add(x.s, P, .name = "new");
    C *without = sqla_add(x.s, C, .name = "without"), *with = sqla_add(x.s, C, .p_id = SQLA_SOME(x.q->id));
    N *n = sqla_add(x.s, N, .name = "n");
    sqla_flush(x.s, &x.err);
    sqla_append(x.s, p, cs, without);
    with->p = p;
    n->up = n;
    sqla_flush(x.s, &x.err);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_FALSE(without->p_id.set);
    CU_ASSERT(with->p_id.set && with->p_id.value == x.q->id);
    CU_ASSERT_FALSE(n->up_id.set);
    family_close(&x);
}

static void rollback__of_a_batch_that_failed_gives_back_its_keys(const char *url)
{
    family x;
    family_open(&x, url);
    Person *person = sqla_new(x.s, Person);
    sqla_flush(x.s, &x.err);
    Ball *balls[60];
    for (int i = 0; i < 60; i++)
        balls[i] = i == 40 ? sqla_new(x.s, Ball) : sqla_add(x.s, Ball, .owner = person); /* one has no owner */
    sqla_flush(x.s, &x.err);
    CU_ASSERT(family_failed(&x, SQLA_ERR_FOREIGN_KEY, ""));
    sqla_rollback(x.s, &x.err);
    balls[40]->owner = person;
    for (int i = 0; i < 60; i++) {
        CU_ASSERT_EQUAL(balls[i]->id, 0);
        sqla_add_object(x.s, Ball, balls[i]);
    }
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "ball"), 60);
    family_close(&x);
}

/* The key that the flush took from a new child, whose owner was deleted, is the program's again. */
static void rollback__gives_back_a_key_that_a_cascade_took(const char *url)
{
    for (int fails = 0; fails < 2; fails++) {
        family x;
        family_open(&x, url);
        family_two(&x);
        Loose *loose = sqla_add(x.s, Loose, .p_id = SQLA_SOME(x.q->id));
        sqla_delete(x.s, x.q);
        if (fails)
            sqla_new(x.s, Ball); /* nobody owns it */
        CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err) != SQLA_OK, fails);
        sqla_error_clear(&x.err);
        CU_ASSERT(fails || !loose->p_id.set);
        sqla_rollback(x.s, &x.err);
        CU_ASSERT(loose->p_id.set && loose->p_id.value == x.q->id);
        sqla_add_object(x.s, Loose, loose);
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        family_close(&x);
    }
}

/* A text that it took is kept, since the program may free it after the flush; an object that is expunged gets nothing. */
static void rollback__gives_back_a_text_that_a_cascade_took(const char *url)
{
    for (int expunged = 0; expunged < 2; expunged++) {
        family x;
        char code[] = "eu";
        family_open(&x, url);
        Land *eu = sqla_add(x.s, Land, .code = "eu");
        sqla_commit(x.s, &x.err);
        Land *de = sqla_add(x.s, Land, .code = "de", .within = code);
        Land *fr = sqla_add(x.s, Land, .code = "fr", .within = code);
        sqla_delete(x.s, eu);
        sqla_flush(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        strcpy(code, "--");
        if (expunged)
            sqla_expunge(x.s, de);
        else
            CU_ASSERT_PTR_NULL(de->within);
        sqla_rollback(x.s, &x.err);
        CU_ASSERT(fr->within != NULL && strcmp(fr->within, "eu") == 0);
        sqla_add_object(x.s, Land, fr);
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM land WHERE within = 'eu'"), 1);
        family_close(&x);
    }
}

/* A key that an object gets whose last row with it is gone: that one's object makes way, as for a row that is added. */
static void key__that_a_row_had_which_is_gone(const char *url)
{
    family x;
    family_open(&x, url);
    Land *eu = sqla_add(x.s, Land, .code = "eu"), *de = sqla_add(x.s, Land, .code = "de");
    sqla_commit(x.s, &x.err);
    CU_ASSERT(harness_sql(url, "DELETE FROM land WHERE code = 'de'"));
    strcpy(eu->code, "de");
    sqla_flush(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_PTR_EQUAL(sqla_get(x.s, Land, "de", &x.err), eu);
    CU_ASSERT_EQUAL(sqla_state(x.s, de), SQLA_DELETED);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(sqla_state(x.s, de), SQLA_TRANSIENT);
    CU_ASSERT_PTR_EQUAL(sqla_get(x.s, Land, "de", &x.err), eu);
    CU_ASSERT_PTR_NULL(sqla_get(x.s, Land, "eu", &x.err));
    family_close(&x);
}

/* What is still to be written of that one would meet the row of the other: a delete took it away, and the commit said OK. */
static void key__of_one_that_is_still_to_be_written_is_refused(const char *url)
{
    for (int deleted = 0; deleted < 2; deleted++) {
        family x;
        family_open(&x, url);
        Land *eu = sqla_add(x.s, Land, .code = "eu"), *de = sqla_add(x.s, Land, .code = "de");
        sqla_commit(x.s, &x.err);
        CU_ASSERT(harness_sql(url, "DELETE FROM land WHERE code = 'de'"));
        strcpy(eu->code, "de");
        if (deleted)
            sqla_delete(x.s, de);
        else
            de->name = "Germany";
        CU_ASSERT_NOT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        CU_ASSERT(deleted ? family_failed(&x, SQLA_ERR_UNIQUE, "another object of this session") : family_failed(&x, SQLA_ERR_STALE, "met 0 rows"));
        sqla_rollback(x.s, &x.err);
        CU_ASSERT_STRING_EQUAL(eu->code, "eu");
        CU_ASSERT_PTR_EQUAL(sqla_get(x.s, Land, "eu", &x.err), eu);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM land WHERE code = 'eu' AND name IS NULL"), 1);
        family_close(&x);
    }
}

/* In whatever order they were made, and to the end of a chain. */
static void key__that_another_one_gives_up_is_taken(const char *url)
{
    enum { LANDS = 40 };
    for (int backwards = 0; backwards < 2; backwards++) {
        family x;
        Land *lands[LANDS];
        char code[8];
        family_open(&x, url);
        for (int i = 0; i < LANDS; i++) {
            int number = backwards ? LANDS - 1 - i : i;
            snprintf(code, sizeof code, "%c%c", 'a' + number / 10, 'a' + number % 10);
            lands[number] = sqla_new(x.s, Land);
            strcpy(lands[number]->code, code);
            lands[number]->name = sqla_strdup(x.s, code);
        }
        sqla_commit(x.s, &x.err);
        CU_ASSERT_FATAL(family_fine(&x));
        for (int i = 0; i + 1 < LANDS; i++)
            strcpy(lands[i]->code, lands[i + 1]->name);
        strcpy(lands[LANDS - 1]->code, "zz");
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        for (int i = 0; i + 1 < LANDS; i++)
            CU_ASSERT_PTR_EQUAL(sqla_get(x.s, Land, lands[i + 1]->name, &x.err), lands[i]);
        CU_ASSERT_STRING_EQUAL(lands[3]->name, "ad");
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM land WHERE code = 'ae' AND name = 'ad'"), 1);
        family_close(&x);
    }
}

/* Each of the two updates would find one row, and one of the objects none: so it is, too, where one row is gone. */
static void key__exchange_is_refused(const char *url)
{
    for (int gone = 0; gone < 2; gone++) {
        family x;
        family_open(&x, url);
        Land *eu = sqla_add(x.s, Land, .code = "eu"), *de = sqla_add(x.s, Land, .code = "de", .name = "Germany");
        sqla_commit(x.s, &x.err);
        if (gone)
            CU_ASSERT(harness_sql(url, "DELETE FROM land WHERE code = 'eu'"));
        strcpy(eu->code, "de");
        strcpy(de->code, "eu");
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_UNIQUE);
        CU_ASSERT(family_failed(&x, SQLA_ERR_UNIQUE, "keys of one another"));
        sqla_rollback(x.s, &x.err);
        CU_ASSERT_PTR_EQUAL(sqla_get(x.s, Land, "de", &x.err), de);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM land WHERE code = 'de' AND name = 'Germany'"), 1);
        family_close(&x);
    }
}

static void rollback__of_a_key_that_a_row_had_which_is_gone(const char *url)
{
    for (int written = 0; written < 2; written++) {
        family x;
        family_open(&x, url);
        Land *eu = sqla_add(x.s, Land, .code = "eu"), *de = sqla_add(x.s, Land, .code = "de");
        sqla_commit(x.s, &x.err);
        CU_ASSERT(harness_sql(url, "DELETE FROM land WHERE code = 'de'"));
        if (written) {
            eu->name = "Europe";
            sqla_flush(x.s, &x.err);
        }
        strcpy(eu->code, "de");
        sqla_flush(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        sqla_rollback(x.s, &x.err);
        CU_ASSERT_EQUAL(sqla_state(x.s, eu), SQLA_PERSISTENT);
        CU_ASSERT_EQUAL(sqla_state(x.s, de), SQLA_PERSISTENT);
        CU_ASSERT_STRING_EQUAL(eu->code, "eu");
        CU_ASSERT_PTR_EQUAL(sqla_get(x.s, Land, "eu", &x.err), eu);
        CU_ASSERT_PTR_NULL(sqla_get(x.s, Land, "de", &x.err));
        CU_ASSERT(family_fine(&x));
        family_close(&x);
    }
}

/* No map leads from such a key to its object, which is found all the same. */
static void key__of_another_column_than_the_primary_key(const char *url)
{
    family x;
    family_open(&x, url);
    Tag *a = sqla_add(x.s, Tag, .code = "a"), *b = sqla_add(x.s, Tag, .code = "b");
    Label *label = sqla_add(x.s, Label, .tag = a), *other = sqla_add(x.s, Label, .tag_code = "b");
    sqla_commit(x.s, &x.err);
    sqla_load(x.s, a, labels, &x.err);
    sqla_load(x.s, b, labels, &x.err);
    CU_ASSERT_FATAL(family_fine(&x));
    CU_ASSERT(a->labels.count == 1 && a->labels.items[0] == label);
    CU_ASSERT(b->labels.count == 1 && b->labels.items[0] == other);
    label->tag_code = "b";
    sqla_flush(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_PTR_EQUAL(label->tag, b);
    CU_ASSERT_EQUAL(a->labels.count, 0);
    CU_ASSERT(b->labels.count == 2 && b->labels.items[1] == label);
    label->tag_code = "c"; /* nobody's that is known; the database says that it is nobody's at all */
    CU_ASSERT_NOT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(x.err.status, SQLA_ERR_FOREIGN_KEY);
    sqla_error_clear(&x.err);
    sqla_rollback(x.s, &x.err);
    sqla_load(x.s, label, tag, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_PTR_EQUAL(label->tag, a);
    family_close(&x);
}

static void key__of_one_column_of_a_primary_key_of_two(const char *url)
{
    family x;
    family_open(&x, url);
    Place *first = sqla_add(x.s, Place, .hall = 1, .number = 10);
    Place *second = sqla_add(x.s, Place, .hall = 2, .number = 20);
    Guest *guest = sqla_add(x.s, Guest, .number = SQLA_SOME(10));
    sqla_commit(x.s, &x.err);
    sqla_load(x.s, first, guests, &x.err);
    sqla_load(x.s, second, guests, &x.err);
    sqla_load(x.s, guest, place, &x.err);
    CU_ASSERT_FATAL(family_fine(&x));
    CU_ASSERT_PTR_EQUAL(guest->place, first);
    guest->number = (sqla_opt_i32)SQLA_SOME(20);
    sqla_flush(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_PTR_EQUAL(guest->place, second);
    CU_ASSERT(first->guests.count == 0 && second->guests.count == 1);
    family_close(&x);
}

/* A row that raw SQL had deleted comes back with its object, whatever was made of that meanwhile. */
static void rollback__of_an_object_added_again_after_its_row_was_gone(const char *url)
{
    for (int written = 0; written < 2; written++) {
        family x;
        family_open(&x, url);
        family_two(&x);
        int64_t id = x.c->id;
        sqla_execute(x.s, "DELETE FROM c", NULL, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(sqla_refresh(x.s, x.c, &x.err), SQLA_ERR_NOT_FOUND);
        sqla_error_clear(&x.err);
        CU_ASSERT_EQUAL(sqla_state(x.s, x.c), SQLA_TRANSIENT);
        CU_ASSERT_STRING_EQUAL(x.c->name, "c");
        x.c->id = 0;
        x.c->name = "again";
        if (written)
            sqla_flush(x.s, &x.err); /* it is only a struct, whose text is kept */
        sqla_add_object(x.s, C, x.c);
        sqla_flush(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(sqla_state(x.s, x.c), SQLA_PERSISTENT);
        sqla_rollback(x.s, &x.err);
        CU_ASSERT_EQUAL(sqla_state(x.s, x.c), SQLA_PERSISTENT);
        CU_ASSERT_EQUAL(x.c->id, id);
        CU_ASSERT_STRING_EQUAL(x.c->name, "c");
        CU_ASSERT_PTR_EQUAL(sqla_get(x.s, C, id, &x.err), x.c);
        x.c->name = "now";
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM c WHERE name = 'now'"), 1);
        family_close(&x);
    }
}

/* What the program set before it added the object again counts, and not what it had set the first time. */
static void rollback__of_a_new_object_added_again(const char *url)
{
    for (int written = 0; written < 2; written++) {
        family x;
        family_open(&x, url);
        family_two(&x);
        C *d = sqla_add(x.s, C, .name = "first", .p = x.p);
        sqla_flush(x.s, &x.err);
        sqla_execute(x.s, "DELETE FROM c WHERE name = 'first'", NULL, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(sqla_refresh(x.s, d, &x.err), SQLA_ERR_NOT_FOUND);
        sqla_error_clear(&x.err);
        d->id = 0;
        d->name = "second";
        d->p = x.q;
        d->p_id = (sqla_opt_i64){ 0 };
        sqla_add_object(x.s, C, d);
        if (written)
            sqla_flush(x.s, &x.err);
        sqla_rollback(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(sqla_state(x.s, d), SQLA_TRANSIENT);
        CU_ASSERT_STRING_EQUAL(d->name, "second");
        CU_ASSERT(d->id == 0 && d->p == x.q && !d->p_id.set);
        sqla_add_object(x.s, C, d);
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(family_parent(&x, d->id), x.q->id);
        family_close(&x);
    }
}

/* The text that it was given for its second life is freed before that one is taken back. */
static void rollback__reads_no_text_of_an_object_added_again(const char *url)
{
    family x;
    family_open(&x, url);
    Tag *a = sqla_add(x.s, Tag, .code = "a");
    sqla_commit(x.s, &x.err);
    Label *label = sqla_add(x.s, Label, .tag = a);
    sqla_flush(x.s, &x.err);
    sqla_execute(x.s, "DELETE FROM label", NULL, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(sqla_refresh(x.s, label, &x.err), SQLA_ERR_NOT_FOUND);
    sqla_error_clear(&x.err);
    char *text = strdup("a");
    label->id = 0;
    label->tag = NULL;
    label->tag_code = text;
    sqla_add_object(x.s, Label, label);
    memset(text, '#', 1);
    free(text);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(sqla_state(x.s, label), SQLA_TRANSIENT);
    CU_ASSERT_PTR_EQUAL(label->tag_code, text);
    family_close(&x);
}

/* Pointed at, it comes along as it is, and is refused for the key that its first row had. */
static void rollback__of_a_new_object_that_came_along_again(const char *url)
{
    family x;
    family_open(&x, url);
    P *p = sqla_add(x.s, P, .name = "first");
    sqla_flush(x.s, &x.err);
    sqla_execute(x.s, "DELETE FROM p", NULL, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(sqla_refresh(x.s, p, &x.err), SQLA_ERR_NOT_FOUND);
    sqla_error_clear(&x.err);
    C *c = sqla_add(x.s, C, .name = "c", .p = p);
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_ERR_DATA);
    sqla_error_clear(&x.err);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT(p->id == 0 && c->p == p && !c->p_id.set);
    sqla_add_object(x.s, C, c);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_parent(&x, c->id), p->id);
    family_close(&x);
}

/* What a new owner was given goes elsewhere when it is deleted before it was written, and is not its own when it comes along later. */
static void delete__of_a_new_owner_empties_it(const char *url)
{
    family x;
    family_open(&x, url);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(x.db, x.base, SQLA_SESSION_OPTIONS(.keep_on_commit = true), &x.err);
    sqla_session *s = sqla_open(maker, &x.err);
    N *top = sqla_add(s, N, .name = "top"), *sub = sqla_add(s, N, .name = "sub");
    sqla_append(s, top, subs, sub);
    sqla_delete(s, top);
    sqla_commit(s, &x.err);
    CU_ASSERT_PTR_NULL(sub->up);
    N *other = sqla_add(s, N, .name = "other", .up = top);
    sqla_flush(s, &x.err);
    sqla_load(s, top, subs, &x.err);
    CU_ASSERT(top->subs.count == 1 && top->subs.items[0] == other);
    CU_ASSERT(family_fine(&x));
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    family_close(&x);
}

/* A deleted owner that is given a child is a new one: what it had before is not its own any more. */
static void append__to_a_deleted_owner_begins_anew(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_load(x.s, x.p, cs, &x.err);
    sqla_delete(x.s, x.p);
    sqla_commit(x.s, &x.err);
    C *d = sqla_add(x.s, C, .name = "d");
    x.p->id = 0;
    sqla_append(x.s, x.p, cs, d);
    CU_ASSERT(x.p->cs.loaded && x.p->cs.count == 1);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT(x.p->cs.count == 1 && x.p->cs.items[0] == d);
    CU_ASSERT_EQUAL(family_parent(&x, d->id), x.p->id);
    family_close(&x);
}

/* A row that others moved meanwhile, to just where the last known key would have it stay. */
static void append__of_a_stale_child_is_written(const char *url)
{
    family x;
    char sql[100];
    family_open(&x, url);
    family_two(&x);
    sqla_commit(x.s, &x.err);
    snprintf(sql, sizeof sql, "UPDATE c SET p_id = %d WHERE id = %d", (int)x.q->id, (int)x.c->id);
    harness_sql(url, sql);
    sqla_append(x.s, x.p, cs, x.c); /* the session still takes it for p's */
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.p->id);
    family_close(&x);
}

/* What is filled in for a row that is not written is not there afterwards either. */
static void rollback__after_a_failure_gives_back_keys_that_were_not_set(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    C *c = sqla_add(x.s, C, .p = x.p);
    sqla_add(x.s, P, .name = "p"); /* there is one */
    sqla_savepoint *sp = sqla_begin_nested(x.s, &x.err);
    CU_ASSERT_PTR_NULL(sp);
    CU_ASSERT(family_failed(&x, SQLA_ERR_UNIQUE, ""));
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_FALSE(c->p_id.set);
    CU_ASSERT_PTR_EQUAL(c->p, x.p);
    family_close(&x);
}

static void rollback__unreads_what_was_read(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_close(x.s);
    x.s = sqla_open(x.maker, &x.err);
    C *c = sqla_first(sqla_select(x.s, C), C, &x.err);
    sqla_commit(x.s, &x.err);
    sqla_load(x.s, c, p, &x.err);
    P *p = c->p;
    sqla_load(x.s, p, cs, &x.err);
    CU_ASSERT(p != NULL && p->cs.loaded);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_PTR_NULL(c->p);
    CU_ASSERT_FALSE(p->cs.loaded);
    CU_ASSERT_EQUAL(p->cs.count, 0);
    sqla_load(x.s, p, cs, &x.err);
    sqla_commit(x.s, &x.err);
    sqla_rollback(x.s, &x.err); /* nothing of the transaction before is lost */
    CU_ASSERT_EQUAL(p->cs.count, 1);
    CU_ASSERT(family_fine(&x));
    family_close(&x);
}

/* A row that was read inside the savepoint shows what was rolled back with it. */
static void rollback__of_a_savepoint_forgets_rows_that_it_read(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_load(x.s, x.c, p, &x.err);
    sqla_savepoint *sp = sqla_begin_nested(x.s, &x.err);
    sqla_execute(x.s, "UPDATE c SET name = 'inside', p_id = NULL", NULL, &x.err);
    sqla_refresh(x.s, x.c, &x.err);
    CU_ASSERT_STRING_EQUAL(x.c->name, "inside");
    CU_ASSERT_PTR_NULL(x.c->p);
    sqla_savepoint_rollback(sp, &x.err);
    CU_ASSERT_STRING_EQUAL(x.c->name, "c");
    CU_ASSERT_PTR_EQUAL(x.c->p, x.p);
    x.c->name = "inside"; /* what the snapshot inside said: it must be written all the same */
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT name FROM c"), "inside");
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.p->id);
    family_close(&x);
}

/* ---- memory ------------------------------------------------------------------------------------------ */

/* A text of the program's heap, so that a checker sees a use after free. */
static char *lend(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    return copy != NULL ? strcpy(copy, text) : NULL;
}

static void flush_and_take_back(family *x, char *text)
{
    sqla_flush(x->s, &x->err);
    memset(text, '#', strlen(text));
    free(text);
}

static void flush__keeps_no_text_of_the_program(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    char *text = lend("c");
    x.c->name = text; /* equal to what it was */
    flush_and_take_back(&x, text);
    CU_ASSERT_STRING_EQUAL(x.c->name, "c");
    x.c->name = text = lend("d");
    x.c->name = lend("c"); /* changed, and changed back */
    free(text);
    text = (char *)x.c->name;
    flush_and_take_back(&x, text);
    CU_ASSERT_STRING_EQUAL(x.c->name, "c");
    P *n = sqla_add(x.s, P, .name = "n");
    n->name = text = lend("new");
    flush_and_take_back(&x, text);
    CU_ASSERT_STRING_EQUAL(n->name, "new");
    sqla_flush(x.s, &x.err);
    sqla_rollback(x.s, &x.err); /* n is transient */
    n->name = text = lend("later");
    flush_and_take_back(&x, text);
    CU_ASSERT_STRING_EQUAL(n->name, "later");
    x.c->name = text = lend("gone");
    sqla_delete(x.s, x.c);
    flush_and_take_back(&x, text);
    CU_ASSERT_STRING_EQUAL(x.c->name, "c");
    sqla_add_object(x.s, P, n);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM p WHERE name = 'later'"), 1);
    family_close(&x);
}

/* Neither of a new object, which may be added again, nor of one whose row is there. */
/* What is lent may be another object's own text, which that one gives up first. */
static void flush__takes_texts_of_other_objects(const char *url)
{
    family x;
    family_open(&x, url);
    C *p = sqla_add(x.s, C, .name = "first"), *q = sqla_add(x.s, C, .name = "other"), *c = sqla_add(x.s, C, .name = "c");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    p->name = "second";
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    const char *name = p->name;
    p->name = q->name;
    q->name = name;
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(p->name, "other");
    CU_ASSERT_STRING_EQUAL(q->name, "second");
    c->name = q->name;
    CU_ASSERT_EQUAL(sqla_refresh(x.s, q, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_refresh(x.s, p, &x.err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(c->name, "second");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    c->name = p->name; /* both are stale */
    CU_ASSERT_PTR_EQUAL(sqla_get(x.s, C, q->id, &x.err), q);
    CU_ASSERT_PTR_EQUAL(sqla_get(x.s, C, p->id, &x.err), p);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(c->name, "other");
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT name FROM c ORDER BY id DESC LIMIT 1"), "other");
    CU_ASSERT(family_fine(&x));
    family_close(&x);
}

/* It was added under a key that another object took since, and both go back. */
static void rollback__takes_a_new_object_out_of_its_place(const char *url)
{
    family x;
    family_open(&x, url);
    Land *r = sqla_add(x.s, Land, .code = "a", .name = "r");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    r->name = "again";
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    Land *n = sqla_add(x.s, Land, .code = "k", .name = "new");
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    memcpy(n->code, "o", 2);
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    memcpy(r->code, "k", 2);
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_EQUAL(sqla_state(x.s, n), SQLA_TRANSIENT);
    harness_sql(url, "INSERT INTO land (code, name) VALUES ('k', 'of another')");
    Land *got = sqla_get(x.s, Land, "k", &x.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    CU_ASSERT_PTR_NOT_EQUAL(got, n);
    CU_ASSERT_STRING_EQUAL(got->name, "of another");
    got->name = "mine";
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT name FROM land WHERE code = 'k'"), "mine");
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT name FROM land WHERE code = 'a'"), "r");
    CU_ASSERT(family_fine(&x));
    family_close(&x);
}

static void flush__that_fails_keeps_no_text_either(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_add(x.s, Tag, .code = "a");
    P *n = sqla_add(x.s, P, .name = "n");
    sqla_commit(x.s, &x.err);
    char *of_old = lend("changed"), *of_new = lend("new");
    P *fresh = sqla_add(x.s, P, .name = "fresh");
    fresh->name = of_new;
    n->name = of_old;
    sqla_add(x.s, Tag, .code = "a");
    CU_ASSERT(family_fine(&x));
    flush_and_take_back(&x, of_old);
    CU_ASSERT(family_failed(&x, SQLA_ERR_UNIQUE, "Tag"));
    memset(of_new, '#', strlen(of_new));
    free(of_new);
    CU_ASSERT_STRING_EQUAL(n->name, "changed");
    CU_ASSERT_STRING_EQUAL(fresh->name, "new");
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_STRING_EQUAL(n->name, "n");
    CU_ASSERT_STRING_EQUAL(fresh->name, "new");
    CU_ASSERT_PTR_EQUAL(sqla_add_object(x.s, P, fresh), fresh);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_STRING_EQUAL(fresh->name, "new");
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM p WHERE name = 'new'"), 1);
    family_close(&x);
}

/* Of a row that the flush did not get to: owners are written before their children. */
static void flush__that_fails_keeps_no_text_of_a_change_either(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_add(x.s, P, .name = x.p->name);
    char *lent = lend("changed");
    x.c->name = lent;
    flush_and_take_back(&x, lent);
    CU_ASSERT(family_failed(&x, SQLA_ERR_UNIQUE, "'P'"));
    CU_ASSERT_PTR_NOT_EQUAL(x.c->name, lent);
    CU_ASSERT_STRING_EQUAL(x.c->name, "changed");
    sqla_rollback(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_STRING_EQUAL(x.c->name, "c");
    family_close(&x);
}

static void expunge__leaves_nobody_pointing_at_it(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_load(x.s, x.p, cs, &x.err);
    sqla_expunge(x.s, x.c);
    CU_ASSERT_EQUAL(x.p->cs.count, 0);
    C *d = sqla_add(x.s, C, .name = "d", .p = x.q);
    sqla_flush(x.s, &x.err);
    sqla_delete(x.s, x.p);
    sqla_flush(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "p"), 2); /* so far: nothing is committed */
    sqla_rollback(x.s, &x.err);
    sqla_add_object(x.s, C, d);
    sqla_flush(x.s, &x.err);
    sqla_expunge(x.s, x.q);
    CU_ASSERT_PTR_NULL(d->p);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM c JOIN p ON p.id = c.p_id WHERE p.name = 'q'"), 1);
    family_close(&x);
}

/* The row is still whose it was, whatever was said of it and is taken back. */
/* A child that was given to another owner and taken from it again is whose its row says once that owner is forgotten. */
static void expunge__of_an_owner_takes_back_what_was_said_with_it(const char *url)
{
    for (int appended = 0; appended < 2; appended++) {
        family x;
        family_open(&x, url);
        family_two(&x);
        sqla_load(x.s, x.c, p, &x.err);
        if (appended)
            sqla_append(x.s, x.q, cs, x.c);
        else
            x.c->p = x.q;
        sqla_remove(x.s, x.q, cs, x.c);
        sqla_expunge(x.s, x.q);
        CU_ASSERT_FALSE(sqla_is_modified(x.s, x.c));
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.p->id);
        family_close(&x);
    }
}

/* The former owner's collection had lost the child by the append, which is gone with the other owner. */
static void expunge__of_an_owner_gives_back_what_was_appended_to_it(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_load(x.s, x.p, cs, &x.err);
    sqla_append(x.s, x.q, cs, x.c);
    CU_ASSERT_EQUAL(x.p->cs.count, 0);
    sqla_expunge(x.s, x.q);
    sqla_expunge(x.s, x.c);
    sqla_delete(x.s, x.p);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "c"), 0);
    family_close(&x);
}

/* The key that an append agrees with stays the program's own text, which does not go with the owner. */
static void expunge__of_an_owner_leaves_the_text_of_a_key(const char *url)
{
    family x;
    family_open(&x, url);
    Tag *tag = sqla_add(x.s, Tag, .code = "a");
    sqla_commit(x.s, &x.err);
    CU_ASSERT(harness_sql(url, "DELETE FROM tag"));
    Label *label = sqla_add(x.s, Label, .tag_code = "a");
    sqla_append(x.s, tag, labels, label);
    CU_ASSERT_NOT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    CU_ASSERT(family_failed(&x, SQLA_ERR_FOREIGN_KEY, ""));
    sqla_rollback(x.s, &x.err);
    CU_ASSERT_PTR_NOT_EQUAL(label->tag_code, tag->code);
    sqla_expunge(x.s, tag);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_FATAL(label->tag_code != NULL);
    CU_ASSERT_STRING_EQUAL(label->tag_code, "a");
    family_close(&x);
}

/* Where no transaction had begun, what happened before the commit is before the next one still. */
static void rollback__leaves_what_changed_before_an_empty_commit(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_load(x.s, x.p, cs, &x.err);
    sqla_commit(x.s, &x.err);
    sqla_expunge(x.s, x.c);
    sqla_commit(x.s, &x.err);
    sqla_refresh(x.s, x.q, &x.err);
    sqla_rollback(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_TRUE(x.p->cs.loaded);
    CU_ASSERT_EQUAL(x.p->cs.count, 0);
    sqla_load(x.s, x.p, cs, &x.err);
    CU_ASSERT_EQUAL(x.p->cs.count, 1); /* the row is still there */
    family_close(&x);
}

static void expunge__of_a_child_brings_its_row_back(const char *url)
{
    for (int moved = 0; moved < 2; moved++) {
        family x;
        family_open(&x, url);
        family_two(&x);
        int64_t id = x.c->id;
        sqla_load(x.s, x.p, cs, &x.err);
        sqla_load(x.s, x.q, cs, &x.err);
        if (moved)
            sqla_append(x.s, x.q, cs, x.c);
        else
            sqla_remove(x.s, x.p, cs, x.c);
        sqla_expunge(x.s, x.c);
        CU_ASSERT(x.p->cs.count == 0 && x.q->cs.count == 0);
        sqla_load(x.s, x.p, cs, &x.err);
        sqla_load(x.s, x.q, cs, &x.err);
        CU_ASSERT(x.q->cs.count == 0);
        CU_ASSERT_FATAL(x.p->cs.count == 1);
        CU_ASSERT_EQUAL(x.p->cs.items[0]->id, id);
        CU_ASSERT_EQUAL(family_parent(&x, id), x.p->id);
        CU_ASSERT(family_fine(&x));
        family_close(&x);
    }
}

/* A cascade to a child whose removal was taken back by an expunge. */
static void delete__finds_a_child_that_was_removed_and_expunged(const char *url)
{
    for (int moved = 0; moved < 2; moved++) {
        family x;
        family_open(&x, url);
        family_two(&x);
        sqla_load(x.s, x.p, cs, &x.err);
        if (moved)
            sqla_append(x.s, x.q, cs, x.c);
        else
            sqla_remove(x.s, x.p, cs, x.c);
        sqla_expunge(x.s, x.c);
        sqla_delete(x.s, x.p);
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(family_count(&x, "c"), 0);
        family_close(&x);
    }
}

/* An item that was given to another owner since is not in the first one's collection any more: a remove does not undo the append. */
static void remove__from_the_old_owner_after_an_append_is_refused(const char *url)
{
    for (int loaded = 0; loaded < 2; loaded++) {
        family x;
        family_open(&x, url);
        family_two(&x);
        int64_t id = x.c->id;
        sqla_expunge(x.s, x.c); /* so that it is read without its pointer */
        C *c = sqla_get(x.s, C, id, &x.err);
        if (loaded)
            sqla_load(x.s, x.p, cs, &x.err);
        sqla_append(x.s, x.q, cs, c);
        sqla_remove(x.s, x.p, cs, c);
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_MISUSE);
        CU_ASSERT(family_failed(&x, SQLA_ERR_MISUSE, "not in it"));
        sqla_rollback(x.s, &x.err);
        CU_ASSERT_EQUAL(family_parent(&x, id), x.p->id);
        family_close(&x);
    }
}

/* An expunge takes back what was said of the owner, and says nothing itself. */
static void expunge__of_a_new_owner_ends_no_orphan(const char *url)
{
    for (int by_pointer = 0; by_pointer < 2; by_pointer++) {
        family x;
        family_open(&x, url);
        family_two(&x);
        sqla_load(x.s, x.c, p, &x.err);
        if (by_pointer)
            x.c->p = x.q;
        else
            sqla_append(x.s, x.q, cs, x.c);
        sqla_expunge(x.s, x.q);
        CU_ASSERT_PTR_NULL(x.c->p);
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.p->id);
        family_close(&x);
    }
}

/* ---- order ---------------------------------------------------------------------------------------------- */

static void flush__of_one_that_points_at_itself(const char *url)
{
    family x;
    family_open(&x, url);
    N *n = sqla_add(x.s, N, .name = "n");
    n->up = n;
    Land *land = sqla_add(x.s, Land, .code = "eu", .within = "eu");
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(n->up_id.value, n->id);
    CU_ASSERT_PTR_EQUAL(land->whole, land);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM n WHERE up_id = id"), 1);
    sqla_delete(x.s, n);
    sqla_delete(x.s, land);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "n") + family_count(&x, "land"), 0);
    family_close(&x);
}

/* Whether the flush worked or not: the key that was filled in goes, and one that the program gave stays. */
static void rollback__of_one_that_points_at_itself(const char *url)
{
    for (int fails = 0; fails < 2; fails++) {
        family x;
        family_open(&x, url);
        N *n = sqla_add(x.s, N, .name = "n");
        n->up = n;
        Land *land = sqla_add(x.s, Land, .code = "eu", .within = "eu");
        if (fails)
            sqla_new(x.s, Ball); /* nobody owns it */
        CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err) != SQLA_OK, fails);
        sqla_error_clear(&x.err);
        sqla_rollback(x.s, &x.err);
        CU_ASSERT(n->id == 0 && !n->up_id.set && n->up == n);
        CU_ASSERT_STRING_EQUAL(land->within, "eu");
        CU_ASSERT_PTR_NULL(land->whole);
        sqla_add_object(x.s, N, n);
        sqla_add_object(x.s, Land, land);
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(n->up_id.value, n->id);
        family_close(&x);
    }
}

/* A key that the program gave, and that waits for the second half of an insert, is not lost with it. */
static void rollback__of_a_circle_gives_back_the_keys(const char *url)
{
    for (int fails = 0; fails < 2; fails++) {
        family x;
        family_open(&x, url);
        Land *de = sqla_add(x.s, Land, .code = "de");
        Land *eu = sqla_add(x.s, Land, .code = "eu", .within = "de");
        sqla_append(x.s, eu, parts, de);
        if (fails)
            sqla_add(x.s, Ball, .owner_id = 999999); /* the rows before it are written by then */
        CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err) != SQLA_OK, fails);
        sqla_error_clear(&x.err);
        sqla_rollback(x.s, &x.err);
        CU_ASSERT_PTR_NULL(de->within);
        CU_ASSERT_PTR_EQUAL(de->whole, eu);
        sqla_expunge(x.s, de);
        CU_ASSERT_FATAL(eu->within != NULL);
        CU_ASSERT_STRING_EQUAL(eu->within, "de");
        sqla_add(x.s, Land, .code = "de", .within = "eu");
        sqla_add_object(x.s, Land, eu);
        sqla_commit(x.s, &x.err);
        CU_ASSERT(family_fine(&x));
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM land WHERE within IS NOT NULL"), 2);
        family_close(&x);
    }
}

static void flush__orders_rows_by_keys_that_the_program_gave(const char *url)
{
    family x;
    family_open(&x, url);
    Land *lands[3];
    lands[0] = sqla_add(x.s, Land, .code = "bav", .within = "de");
    lands[1] = sqla_add(x.s, Land, .code = "de", .within = "eu");
    lands[2] = sqla_add(x.s, Land, .code = "eu");
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_PTR_EQUAL(lands[0]->whole, lands[1]);
    for (int i = 3; i-- > 0;)
        sqla_delete(x.s, lands[i]);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "land"), 0);
    family_close(&x);
}

static void circle__is_opened_where_it_can_be_null(const char *url)
{
    family x;
    family_open(&x, url);
    Person *person = sqla_new(x.s, Person);
    Ball *ball = sqla_add(x.s, Ball, .owner = person);
    person->favourite = ball;
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(person->favourite_id.value, ball->id);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM person p JOIN ball b ON b.id = p.favourite_id AND b.owner_id = p.id"), 1);
    sqla_delete(x.s, person);
    sqla_delete(x.s, ball);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "person") + family_count(&x, "ball"), 0);
    family_close(&x);
}

/* Somebody else has closed the circle since the owner was read. */
static void circle__that_a_stale_row_closes_is_opened(const char *url)
{
    family x;
    family_open(&x, url);
    Person *person = sqla_new(x.s, Person);
    Ball *ball = sqla_add(x.s, Ball, .owner = person);
    sqla_commit(x.s, &x.err);
    harness_sql(url, "UPDATE person SET favourite_id = (SELECT max(id) FROM ball)");
    sqla_delete(x.s, person);
    sqla_delete(x.s, ball);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "person") + family_count(&x, "ball"), 0);
    family_close(&x);
}

static void circle__that_nothing_opens_is_told_before_any_statement(const char *url)
{
    family x;
    family_open(&x, url);
    sqla_add(x.s, P, .name = "p");
    Left *left = sqla_new(x.s, Left);
    left->right = sqla_add(x.s, Right, .left = left);
    x.statements = 0;
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "right_id"));
    CU_ASSERT(family_failed(&x, SQLA_ERR_MISUSE, "left_id"));
    CU_ASSERT_EQUAL(x.statements, 0);
    sqla_rollback(x.s, &x.err);
    family_close(&x);
}

/* ---- who may use what -------------------------------------------------------------------------------------- */

static void add__refuses_an_object_of_another_session(const char *url)
{
    family x;
    family_open(&x, url);
    Land *land = sqla_add(x.s, Land, .code = "eu");
    sqla_session *s = sqla_open(x.maker, &x.err);
    CU_ASSERT_PTR_NULL(sqla_add_object(s, Land, land));
    CU_ASSERT_EQUAL(sqla_flush(s, &x.err), SQLA_ERR_MISUSE);
    CU_ASSERT(family_failed(&x, SQLA_ERR_MISUSE, "another session"));
    sqla_close(s);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    family_close(&x);
}

static void autoflush__that_fails_says_that_a_query_caused_it(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_add(x.s, P, .name = "p");
    CU_ASSERT_PTR_NULL(sqla_all(sqla_select(x.s, P), P, NULL, &x.err));
    CU_ASSERT(family_failed(&x, SQLA_ERR_UNIQUE, "flush before a query"));
    sqla_rollback(x.s, &x.err);
    sqla_add(x.s, P, .name = "p");
    CU_ASSERT_PTR_NULL(sqla_get(x.s, P, 1000, &x.err));
    CU_ASSERT(family_failed(&x, SQLA_ERR_UNIQUE, "flush before a get"));
    sqla_rollback(x.s, &x.err);
    sqla_add(x.s, P, .name = "p");
    sqla_load(x.s, x.p, cs, &x.err);
    CU_ASSERT(family_failed(&x, SQLA_ERR_UNIQUE, "flush before a load"));
    sqla_rollback(x.s, &x.err);
    family_close(&x);
}

static sqla_status other_status;
static void *other_added;

static void *other_thread(void *data)
{
    family *x = data;
    sqla_error err = SQLA_ERROR_INIT;
    other_status = sqla_flush(x->s, &err);
    other_added = sqla_add(x->s, P, .name = "from the other thread");
    return NULL;
}

static void let_another_thread_in(family *x)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, other_thread, x) == 0)
        pthread_join(thread, NULL);
}

static void session__refuses_a_second_thread(const char *url)
{
    family x;
    family_open(&x, url);
    sqla_add(x.s, P, .name = "p");
    x.hook = let_another_thread_in;
    other_status = SQLA_OK;
    other_added = &x;
    sqla_flush(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(other_status, SQLA_ERR_MISUSE);
    CU_ASSERT_PTR_NULL(other_added);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_MISUSE); /* what was to be added is not lost in silence */
    CU_ASSERT(family_failed(&x, SQLA_ERR_MISUSE, "two threads"));
    sqla_rollback(x.s, &x.err);
    x.hook = let_another_thread_in;
    other_status = SQLA_OK;
    sqla_execute(x.s, "DELETE FROM p", NULL, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(other_status, SQLA_ERR_MISUSE);
    sqla_rollback(x.s, &x.err);
    sqla_add(x.s, P, .name = "p");
    sqla_flush(x.s, &x.err);
    let_another_thread_in(&x); /* one after the other is fine */
    CU_ASSERT_EQUAL(other_status, SQLA_OK);
    CU_ASSERT_PTR_NOT_NULL(other_added);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_count(&x, "p"), 2);
    family_close(&x);
}

/* An append that is taken back leaves no collection that shows it. */
static void refresh__takes_back_an_append(const char *url)
{
    family x;
    family_open(&x, url);
    family_two(&x);
    sqla_load(x.s, x.p, cs, &x.err);
    sqla_load(x.s, x.q, cs, &x.err);
    sqla_append(x.s, x.q, cs, x.c);
    sqla_refresh(x.s, x.c, &x.err);
    CU_ASSERT_PTR_EQUAL(x.c->p, x.p);
    sqla_load(x.s, x.p, cs, &x.err);
    sqla_load(x.s, x.q, cs, &x.err);
    CU_ASSERT(x.p->cs.count == 1 && x.q->cs.count == 0);
    sqla_commit(x.s, &x.err);
    CU_ASSERT(family_fine(&x));
    CU_ASSERT_EQUAL(family_parent(&x, x.c->id), x.p->id);
    family_close(&x);
}

static const struct harness_test tests[] = {
    { "delete spares a child that has moved", delete__spares_a_child_that_has_moved, HARNESS_DATABASES },
    { "delete spares what a rolled back savepoint showed", delete__spares_what_a_rolled_back_savepoint_showed, HARNESS_DATABASES },
    { "delete spares what was appended and rolled back", delete__spares_what_was_appended_and_rolled_back, HARNESS_DATABASES },
    { "remove refuses another owner's child", remove__refuses_another_owners_child, HARNESS_DATABASES },
    { "remove takes back nothing from a new owner", remove__takes_back_nothing_from_a_new_owner, HARNESS_DATABASES },
    { "remove after a rollback finds the child", remove__after_a_rollback_finds_the_child, HARNESS_DATABASES },
    { "remove spares a child that others have moved", remove__spares_a_child_that_others_have_moved, HARNESS_DATABASES },
    { "a pointer to nobody ends an orphan", pointer__to_nobody_ends_an_orphan, HARNESS_DATABASES },
    { "a key set to NULL keeps the row", key__set_to_null_keeps_the_row, HARNESS_DATABASES },
    { "delete of an owner takes pending children along", delete__of_an_owner_takes_pending_children_along, HARNESS_DATABASES },
    { "delete of a new owner takes its children along", delete__of_a_new_owner_takes_its_children_along, HARNESS_DATABASES },
    { "delete of a new object that another needs is told", delete__of_a_new_object_that_another_needs_is_told, HARNESS_DATABASES },
    { "delete of many owners loads all children at once", delete__of_many_owners_loads_all_children_at_once, HARNESS_DATABASES },
    { "append and another pointer contradict", append__and_another_pointer_contradict, HARNESS_DATABASES },
    { "append and another key contradict", append__and_another_key_contradict, HARNESS_DATABASES },
    { "pointer: to nobody counts beside a remove", pointer__to_nobody_counts_beside_a_remove, HARNESS_DATABASES },
    { "pointer: from a row that is gone shows in no collection", pointer__from_a_row_that_is_gone_shows_in_no_collection, HARNESS_DATABASES },
    { "pointer: to a new owner of the same key changes nothing", pointer__to_a_new_owner_of_the_same_key_changes_nothing, HARNESS_DATABASES },
    { "append: the last one wins", append__the_last_one_wins, HARNESS_DATABASES },
    { "append adds what is transient", append__adds_what_is_transient, HARNESS_DATABASES },
    { "a key that changes moves pointer and collections", key__that_changes_moves_pointer_and_collections, HARNESS_DATABASES },
    { "a collection does not move under a loop", collection__does_not_move_under_a_loop, HARNESS_DATABASES },
    { "a collection stays while its owner is read again", collection__stays_while_its_owner_is_read_again, HARNESS_DATABASES },
    { "a collection of a tree gains new children", collection__of_a_tree_gains_new_children, HARNESS_DATABASES },
    { "a collection loses what is not written", collection__loses_what_is_not_written, HARNESS_DATABASES },
    { "load of a known parent asks nothing", load__of_a_known_parent_asks_nothing, HARNESS_DATABASES },
    { "rollback gives back keys that were not set", rollback__gives_back_keys_that_were_not_set, HARNESS_DATABASES },
    { "rollback gives back keys that a later flush changed", rollback__gives_back_keys_that_a_later_flush_changed, HARNESS_DATABASES },
    { "rollback of a batch that failed gives back its keys", rollback__of_a_batch_that_failed_gives_back_its_keys, HARNESS_DATABASES },
    { "rollback gives back a key that a cascade took", rollback__gives_back_a_key_that_a_cascade_took, HARNESS_DATABASES },
    { "rollback gives back a text that a cascade took", rollback__gives_back_a_text_that_a_cascade_took, HARNESS_DATABASES },
    { "rollback of an object added again after its row was gone", rollback__of_an_object_added_again_after_its_row_was_gone, HARNESS_DATABASES },
    { "rollback of a new object added again", rollback__of_a_new_object_added_again, HARNESS_DATABASES },
    { "rollback reads no text of an object added again", rollback__reads_no_text_of_an_object_added_again, HARNESS_DATABASES },
    { "rollback of a new object that came along again", rollback__of_a_new_object_that_came_along_again, HARNESS_DATABASES },
    { "delete of a new owner empties it", delete__of_a_new_owner_empties_it, HARNESS_DATABASES },
    { "append to a deleted owner begins anew", append__to_a_deleted_owner_begins_anew, HARNESS_DATABASES },
    { "key: that a row had which is gone", key__that_a_row_had_which_is_gone, HARNESS_DATABASES },
    { "key: of one that is still to be written is refused", key__of_one_that_is_still_to_be_written_is_refused, HARNESS_DATABASES },
    { "key: an exchange is refused", key__exchange_is_refused, HARNESS_DATABASES },
    { "key: that another one gives up is taken", key__that_another_one_gives_up_is_taken, HARNESS_DATABASES },
    { "rollback of a key that a row had which is gone", rollback__of_a_key_that_a_row_had_which_is_gone, HARNESS_DATABASES },
    { "key: of one column of a primary key of two", key__of_one_column_of_a_primary_key_of_two, HARNESS_DATABASES },
    { "key: of another column than the primary key", key__of_another_column_than_the_primary_key, HARNESS_DATABASES },
    { "append of a stale child is written", append__of_a_stale_child_is_written, HARNESS_DATABASES },
    { "rollback after a failure gives back keys that were not set", rollback__after_a_failure_gives_back_keys_that_were_not_set, HARNESS_DATABASES },
    { "rollback unreads what was read", rollback__unreads_what_was_read, HARNESS_DATABASES },
    { "rollback of a savepoint forgets rows that it read", rollback__of_a_savepoint_forgets_rows_that_it_read, HARNESS_DATABASES },
    { "flush keeps no text of the program", flush__keeps_no_text_of_the_program, HARNESS_DATABASES },
    { "flush takes texts of other objects", flush__takes_texts_of_other_objects, HARNESS_DATABASES },
    { "rollback takes a new object out of its place", rollback__takes_a_new_object_out_of_its_place, HARNESS_DATABASES },
    { "a flush that fails keeps no text either", flush__that_fails_keeps_no_text_either, HARNESS_DATABASES },
    { "a flush that fails keeps no text of a change either", flush__that_fails_keeps_no_text_of_a_change_either, HARNESS_DATABASES },
    { "expunge leaves nobody pointing at it", expunge__leaves_nobody_pointing_at_it, HARNESS_DATABASES },
    { "expunge: of an owner takes back what was said with it", expunge__of_an_owner_takes_back_what_was_said_with_it, HARNESS_DATABASES },
    { "expunge: of an owner gives back what was appended to it", expunge__of_an_owner_gives_back_what_was_appended_to_it, HARNESS_DATABASES },
    { "expunge: of an owner leaves the text of a key", expunge__of_an_owner_leaves_the_text_of_a_key, HARNESS_DATABASES },
    { "rollback: leaves what changed before an empty commit", rollback__leaves_what_changed_before_an_empty_commit, HARNESS_DATABASES },
    { "expunge of a child brings its row back", expunge__of_a_child_brings_its_row_back, HARNESS_DATABASES },
    { "delete finds a child that was removed and expunged", delete__finds_a_child_that_was_removed_and_expunged, HARNESS_DATABASES },
    { "remove from the old owner after an append is refused", remove__from_the_old_owner_after_an_append_is_refused, HARNESS_DATABASES },
    { "expunge of a new owner ends no orphan", expunge__of_a_new_owner_ends_no_orphan, HARNESS_DATABASES },
    { "flush of one that points at itself", flush__of_one_that_points_at_itself, HARNESS_DATABASES },
    { "rollback of one that points at itself", rollback__of_one_that_points_at_itself, HARNESS_DATABASES },
    { "rollback of a circle gives back the keys", rollback__of_a_circle_gives_back_the_keys, HARNESS_DATABASES },
    { "flush orders rows by keys that the program gave", flush__orders_rows_by_keys_that_the_program_gave, HARNESS_DATABASES },
    { "a circle is opened where it can be NULL", circle__is_opened_where_it_can_be_null, HARNESS_DATABASES },
    { "a circle that a stale row closes is opened", circle__that_a_stale_row_closes_is_opened, HARNESS_DATABASES },
    { "a circle that nothing opens is told before any statement", circle__that_nothing_opens_is_told_before_any_statement, HARNESS_DATABASES },
    { "add refuses an object of another session", add__refuses_an_object_of_another_session, HARNESS_DATABASES },
    { "refresh takes back an append", refresh__takes_back_an_append, HARNESS_DATABASES },
    { "a session refuses a second thread", session__refuses_a_second_thread, HARNESS_DATABASES },
    { "an autoflush that fails says that a query caused it", autoflush__that_fails_says_that_a_query_caused_it, HARNESS_DATABASES },
};

int main(void) { return harness_main("test-unitofwork", tests, sizeof tests / sizeof tests[0]); }
