/* test-actions.c: what the database does by itself with rows that point at a key which changes or goes (ON UPDATE, ON DELETE), and
 * what the objects of a session make of it. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "expect.h"

#define EACH_MODEL(X) X(Town) X(House) X(Room) X(Plate) X(Screw) X(Owner) X(Vet) X(Dog) X(Cat) X(Hand) X(Finger) \
    X(Seat) X(Ticket) X(Nail) X(Tree)
#define DECLARE(S)      \
    typedef struct S S; \
    SQLA_DECLARE(S);
EACH_MODEL(DECLARE)

struct Town {
    const char *code, *name;
    SQLA_MANY(House) houses;
};
struct House {
    int64_t id;
    const char *name, *town_code;
    Town *town;
};
/* Its key moves with the town's. */
struct Room {
    const char *town_code;
    int32_t number;
    const char *text;
    Town *town;
};
/* So does this one's, and others point at it. */
struct Plate {
    const char *town_code, *text;
    Town *town;
};
struct Screw {
    int64_t id;
    const char *plate_code;
    int32_t size;
    Plate *plate;
};
struct Owner {
    int64_t id;
    const char *name;
};
struct Vet {
    int64_t id;
    const char *name;
    SQLA_MANY(Cat) cats;
};
struct Dog {
    int64_t id;
    const char *name;
    sqla_opt_i64 owner_id;
    Owner *owner;
};
struct Cat {
    int64_t id;
    const char *name;
    sqla_opt_i64 owner_id, vet_id;
    Owner *owner;
    Vet *vet;
};
/* Their tables are made by hand, with actions that the models do not declare. */
struct Hand {
    const char *code, *name;
};
struct Finger {
    const char *code;
    int32_t number;
    sqla_opt_i32 size;
    Hand *hand;
};
/* It loses its plate, and stays. */
struct Nail {
    int64_t id;
    const char *plate_code;
    Plate *plate;
};
struct Tree {
    const char *code, *name, *up;
    Tree *parent;
};
/* What tickets name may be missing. */
struct Seat {
    int64_t id;
    const char *mark;
    SQLA_MANY(Ticket) tickets;
};
struct Ticket {
    int64_t id;
    const char *seat_mark;
    Seat *seat;
};

#define CODE .sql_type = "VARCHAR(20)"
SQLA_MODEL(Town, "towns", SQLA_COLUMN(code, .primary_key = true, CODE), SQLA_COLUMN(name),
    SQLA_TO_MANY(houses, House, town_code, .flags = SQLA_OWNS | SQLA_ORPHANS_DIE));
SQLA_MODEL(House, "houses", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(name),
    SQLA_FOREIGN_KEY(town_code, Town, code, CODE, .on_update = SQLA_CASCADE), SQLA_TO_ONE(town, Town, town_code));
SQLA_MODEL(Room, "rooms",
    SQLA_FOREIGN_KEY(
        town_code, Town, code, CODE, .primary_key = true, .on_update = SQLA_CASCADE, .on_delete = SQLA_CASCADE),
    SQLA_COLUMN(number, .primary_key = true), SQLA_COLUMN(text), SQLA_TO_ONE(town, Town, town_code));
SQLA_MODEL(Plate, "plates",
    SQLA_FOREIGN_KEY(
        town_code, Town, code, CODE, .primary_key = true, .on_update = SQLA_CASCADE, .on_delete = SQLA_CASCADE),
    SQLA_COLUMN(text), SQLA_TO_ONE(town, Town, town_code));
SQLA_MODEL(Screw, "screws", SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(
        plate_code, Plate, town_code, CODE, .on_update = SQLA_CASCADE, .on_delete = SQLA_CASCADE),
    SQLA_COLUMN(size), SQLA_TO_ONE(plate, Plate, plate_code));
SQLA_MODEL(Owner, "owners", SQLA_COLUMN(id, .primary_key = true, .natural = true), SQLA_COLUMN(name));
SQLA_MODEL(Vet, "vets", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(name), SQLA_TO_MANY(cats, Cat, vet_id));
SQLA_MODEL(Dog, "dogs", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(name),
    SQLA_FOREIGN_KEY(owner_id, Owner, id, .on_delete = SQLA_SET_NULL), SQLA_TO_ONE(owner, Owner, owner_id));
SQLA_MODEL(Cat, "cats", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(name),
    SQLA_FOREIGN_KEY(owner_id, Owner, id, .on_delete = SQLA_CASCADE), SQLA_FOREIGN_KEY(vet_id, Vet, id),
    SQLA_TO_ONE(owner, Owner, owner_id), SQLA_TO_ONE(vet, Vet, vet_id));
SQLA_MODEL(Hand, "hands", SQLA_COLUMN(code, .primary_key = true, CODE), SQLA_COLUMN(name));
SQLA_MODEL(Finger, "fingers", SQLA_FOREIGN_KEY(code, Hand, code, CODE, .primary_key = true),
    SQLA_COLUMN(number, .primary_key = true), SQLA_COLUMN(size), SQLA_TO_ONE(hand, Hand, code));
SQLA_MODEL(Nail, "nails", SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(plate_code, Plate, town_code, CODE, .on_delete = SQLA_SET_NULL, .on_update = SQLA_CASCADE),
    SQLA_TO_ONE(plate, Plate, plate_code));
SQLA_MODEL(Tree, "trees", SQLA_COLUMN(code, .primary_key = true, CODE), SQLA_COLUMN(name),
    SQLA_FOREIGN_KEY(up, Tree, code, CODE), SQLA_TO_ONE(parent, Tree, up));
SQLA_MODEL(Seat, "seats", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(mark, .unique = true, CODE),
    SQLA_TO_MANY(tickets, Ticket, seat_mark));
SQLA_MODEL(Ticket, "tickets", SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(seat_mark, Seat, mark, CODE), SQLA_TO_ONE(seat, Seat, seat_mark));

/* ---- a session in a database of its own ------------------------------------------------------------- */

typedef struct world {
    const char *url;
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_session *s;
    sqla_error err;
} world;

static void open_world(world *w, const char *url)
{
    *w = (world){ .url = url, .err = SQLA_ERROR_INIT };
    w->db = sqla_create_engine(url, NULL, &w->err);
    w->base = sqla_metadata_new(&w->err);
    sqla_metadata_add(w->base, SQLA_MODELS(Town, House, Room, Plate, Screw, Owner, Vet, Dog, Cat, Hand, Finger), &w->err);
    sqla_metadata_add(w->base, SQLA_MODELS(Seat, Ticket, Nail, Tree), &w->err);
    CU_ASSERT(harness_sql(url, "CREATE TABLE hands (code VARCHAR(20) NOT NULL PRIMARY KEY, name VARCHAR(20))"));
    CU_ASSERT(harness_sql(url, "CREATE TABLE fingers (code VARCHAR(20) NOT NULL, number INTEGER NOT NULL, size INTEGER, "
                               "PRIMARY KEY (code, number), "
                               "FOREIGN KEY (code) REFERENCES hands (code) ON UPDATE CASCADE ON DELETE CASCADE)"));
    sqla_metadata_create_all(w->base, w->db, &w->err);
    w->maker = sqla_sessionmaker_new(w->db, w->base, NULL, &w->err);
    w->s = sqla_open(w->maker, &w->err);
    CU_ASSERT(is(&w->err, SQLA_OK));
}

static void close_world(world *w)
{
    CU_ASSERT(is(&w->err, SQLA_OK));
    sqla_close(w->s);
    sqla_sessionmaker_free(w->maker);
    sqla_metadata_free(w->base);
    sqla_engine_free(w->db);
}

static void commit(world *w)
{
    CU_ASSERT_EQUAL(sqla_commit(w->s, &w->err), SQLA_OK);
    CU_ASSERT(is(&w->err, SQLA_OK));
}
static void flush(world *w)
{
    CU_ASSERT_EQUAL(sqla_flush(w->s, &w->err), SQLA_OK);
    CU_ASSERT(is(&w->err, SQLA_OK));
}

/* A call that fails as it should; the session begins anew. */
static void fails(world *w, sqla_status status, const char *text)
{
    sqla_error err = SQLA_ERROR_INIT;
    CU_ASSERT_EQUAL(sqla_flush(w->s, &err), status);
    CU_ASSERT(is(&err, status) && says(&err, text));
    sqla_rollback(w->s, &w->err);
    CU_ASSERT(is(&w->err, SQLA_OK));
    sqla_error_clear(&err);
}

/* Both, when the last commit has made it so: no value of another time hides behind a NULL. */
static bool text_is(const char *text, const char *expected)
{
    bool same = text != NULL && strcmp(text, expected) == 0;
    if (!same)
        fprintf(stderr, "'%s' and not '%s'\n", text != NULL ? text : "(NULL)", expected);
    return same;
}
static bool has(world *w, const char *sql, const char *expected)
{
    return text_is(harness_sql_text(w->url, sql), expected);
}

/* ---- a key changes ------------------------------------------------------------------------------------ */

/* Town a with a house, which becomes z; and a new town that takes the key. */
static House *rename_town(world *w, Town **ret_old, Town **ret_new)
{
    Town *old = *ret_old = sqla_add(w->s, Town, .code = "a");
    Town *new = *ret_new = sqla_add(w->s, Town, .code = "n");
    House *house = sqla_add(w->s, House, .name = "h", .town = old);
    commit(w);
    CU_ASSERT_EQUAL(sqla_load(w->s, old, houses, &w->err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_load(w->s, new, houses, &w->err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_load(w->s, house, town, &w->err), SQLA_OK);
    old->code = "z";
    flush(w);
    CU_ASSERT(text_is(house->town_code, "z"));
    CU_ASSERT_PTR_EQUAL(house->town, old);
    CU_ASSERT_EQUAL(old->houses.count, 1);
    CU_ASSERT_FALSE(sqla_is_modified(w->s, house));
    new->code = "a";
    flush(w);
    CU_ASSERT_EQUAL(new->houses.count, 0);
    return house;
}

static void update__moves_no_child_to_who_takes_the_key(const char *url)
{
    world w;
    Town *old, *new;
    open_world(&w, url);
    House *house = rename_town(&w, &old, &new);
    sqla_remove(w.s, new, houses, house); /* it is not in there */
    fails(&w, SQLA_ERR_MISUSE, "is not in it");
    CU_ASSERT(text_is(house->town_code, "a"));
    CU_ASSERT(text_is(old->code, "a"));
    CU_ASSERT(has(&w, "SELECT town_code FROM houses", "a"));
    close_world(&w);
}

static void update__lets_a_child_go_to_who_takes_the_key(const char *url)
{
    enum { BY_APPEND, BY_POINTER, BY_KEY, WAYS };
    for (int way = 0; way < WAYS; way++) {
        world w;
        Town *old, *new;
        open_world(&w, url);
        House *house = rename_town(&w, &old, &new);
        if (way == BY_APPEND)
            sqla_append(w.s, new, houses, house);
        else if (way == BY_POINTER)
            house->town = new;
        else
            house->town_code = "a";
        commit(&w);
        CU_ASSERT(has(&w, "SELECT town_code FROM houses", "a"));
        CU_ASSERT_PTR_EQUAL(house->town, new);
        CU_ASSERT_EQUAL(old->houses.count, 0);
        CU_ASSERT_EQUAL(new->houses.count, 1);
        close_world(&w);
        CU_ASSERT(harness_sql(url, "DROP TABLE fingers") && harness_sql(url, "DROP TABLE hands"));
        CU_ASSERT(harness_sql(url, "DELETE FROM houses") && harness_sql(url, "DELETE FROM towns"));
    }
}

/* All in one flush: the key that the child is given is the one that it has, until the database moves it. */
static void update__is_followed_within_the_flush(const char *url)
{
    world w;
    open_world(&w, url);
    Town *old = sqla_add(w.s, Town, .code = "a");
    House *moves = sqla_add(w.s, House, .name = "moves", .town = old);
    House *stays = sqla_add(w.s, House, .name = "stays", .town = old);
    Room *room = sqla_add(w.s, Room, .number = 1, .text = "old", .town = old);
    commit(&w);
    old->code = "z";
    moves->town = sqla_add(w.s, Town, .code = "a");
    stays->name = "here";
    room->text = "new";
    commit(&w);
    CU_ASSERT(has(&w, "SELECT town_code FROM houses WHERE name = 'moves'", "a"));
    CU_ASSERT(has(&w, "SELECT town_code FROM houses WHERE name = 'here'", "z"));
    CU_ASSERT(has(&w, "SELECT text FROM rooms WHERE town_code = 'z' AND number = 1", "new"));
    CU_ASSERT(text_is(moves->town_code, "a") && text_is(stays->town_code, "z") && text_is(room->town_code, "z"));
    close_world(&w);
}

/* The primary keys of children go with it, and a rollback brings them back. */
static void update__moves_primary_keys(const char *url)
{
    world w;
    open_world(&w, url);
    Town *a = sqla_add(w.s, Town, .code = "a"), *b = sqla_add(w.s, Town, .code = "b");
    Room *of_a = sqla_add(w.s, Room, .number = 1, .text = "of a", .town = a);
    Room *of_b = sqla_add(w.s, Room, .number = 1, .text = "of b", .town = b);
    commit(&w);
    a->code = "z";
    b->code = "a";
    of_a->text = "changed";
    flush(&w);
    CU_ASSERT(text_is(of_a->town_code, "z") && text_is(of_b->town_code, "a") && text_is(of_b->text, "of b"));
    CU_ASSERT_PTR_EQUAL(sqla_get2(w.s, Room, "z", 1, &w.err), of_a);
    CU_ASSERT_PTR_EQUAL(sqla_get2(w.s, Room, "a", 1, &w.err), of_b);
    sqla_rollback(w.s, &w.err);
    CU_ASSERT(text_is(of_a->town_code, "a") && text_is(of_b->town_code, "b") && text_is(of_a->text, "of a"));
    CU_ASSERT_PTR_EQUAL(sqla_get2(w.s, Room, "a", 1, &w.err), of_a);
    a->code = "z";
    b->code = "a";
    commit(&w);
    of_a->text = "later";
    sqla_delete(w.s, of_b);
    commit(&w);
    CU_ASSERT(has(&w, "SELECT text FROM rooms WHERE town_code = 'z'", "later"));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM rooms"), 1);
    close_world(&w);
}

/* A child that is pointed at itself, and has moved. */
static void update__goes_on_to_the_children_of_children(const char *url)
{
    world w;
    open_world(&w, url);
    Town *town = sqla_add(w.s, Town, .code = "a");
    Plate *plate = sqla_add(w.s, Plate, .text = "p", .town = town);
    Screw *screw = sqla_add(w.s, Screw, .size = 1, .plate = plate);
    commit(&w);
    town->code = "z";
    screw->size = 2;
    flush(&w);
    CU_ASSERT(text_is(plate->town_code, "z") && text_is(screw->plate_code, "z"));
    Plate *other = sqla_add(w.s, Plate, .text = "q", .town = sqla_add(w.s, Town, .code = "a"));
    screw->plate = other;
    plate->text = "pp";
    commit(&w);
    CU_ASSERT(has(&w, "SELECT plate_code FROM screws WHERE size = 2", "a"));
    CU_ASSERT(has(&w, "SELECT text FROM plates WHERE town_code = 'z'", "pp"));
    sqla_delete(w.s, other);
    sqla_delete(w.s, screw); /* the one goes with the other in any case */
    commit(&w);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM screws"), 0);
    close_world(&w);
}

/* Where the models do not know of it, the rows tell. */
static void update__by_hand_is_followed_too(const char *url)
{
    world w;
    open_world(&w, url);
    Hand *a = sqla_add(w.s, Hand, .code = "a", .name = "left");
    Finger *finger = sqla_add(w.s, Finger, .number = 1, .hand = a);
    Finger *gone = sqla_add(w.s, Finger, .number = 2, .hand = a);
    commit(&w);
    CU_ASSERT(harness_sql(url, "DELETE FROM fingers WHERE number = 2"));
    a->code = "z";
    finger->size = (sqla_opt_i32)SQLA_SOME(5);
    flush(&w);
    CU_ASSERT(text_is(finger->code, "z") && text_is(gone->code, "a"));
    CU_ASSERT_EQUAL(sqla_state(w.s, gone), SQLA_DELETED);
    gone->size = (sqla_opt_i32)SQLA_SOME(6);
    fails(&w, SQLA_ERR_STALE, "the row of a 'Finger' is gone");
    CU_ASSERT(text_is(finger->code, "a") && text_is(a->code, "a"));
    a->code = "z";
    commit(&w);
    finger->size = (sqla_opt_i32)SQLA_SOME(7);
    commit(&w);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT size FROM fingers WHERE code = 'z' AND number = 1"), 7);
    CU_ASSERT_FALSE(finger->size.set && finger->size.value != 7);
    sqla_delete(w.s, a);
    commit(&w);
    CU_ASSERT_EQUAL(sqla_state(w.s, finger), SQLA_TRANSIENT);
    close_world(&w);
}

/* An object whose row was not found under its new key has none, whoever has the old one by now. */
/* Towns a and x with a plate and a screw each; of what is between a session has nothing. */
static void update__goes_through_rows_outside_of_the_session(const char *url)
{
    world w;
    open_world(&w, url);
    for (int i = 0; i < 2; i++) {
        const char *code = i == 0 ? "a" : "x";
        sqla_add(w.s, Town, .code = code);
        sqla_add(w.s, Plate, .town_code = code);
        sqla_add(w.s, Screw, .plate_code = code, .size = i);
    }
    commit(&w);
    sqla_close(w.s);
    w.s = sqla_open(w.maker, &w.err);
    Town *a = sqla_get(w.s, Town, "a", &w.err), *x = sqla_get(w.s, Town, "x", &w.err);
    Screw *screw = sqla_first(sqla_where(sqla_select(w.s, Screw), sqla_eq(sqla_col(Screw, size), 0)), Screw, &w.err);
    CU_ASSERT_FATAL(a != NULL && x != NULL && screw != NULL);
    a->code = "b";
    flush(&w);
    x->code = "a";
    flush(&w);
    CU_ASSERT(text_is(screw->plate_code, "b"));
    screw->size = 7;
    commit(&w);
    CU_ASSERT(has(&w, "SELECT plate_code FROM screws WHERE size = 7", "b"));
    CU_ASSERT_EQUAL(sqla_refresh(w.s, screw, &w.err), SQLA_OK);
    sqla_delete(w.s, a);
    flush(&w);
    CU_ASSERT_EQUAL(sqla_state(w.s, screw), SQLA_DELETED);
    sqla_rollback(w.s, &w.err);
    CU_ASSERT_EQUAL(sqla_state(w.s, screw), SQLA_PERSISTENT);
    CU_ASSERT(has(&w, "SELECT count(*) FROM screws", "2"));
    close_world(&w);
}

/* In one flush, by an action that the models do not declare: what stands under the old key then came with the other hand. */
static void update__by_hand_hands_a_key_on(const char *url)
{
    world w;
    open_world(&w, url);
    Hand *p = sqla_add(w.s, Hand, .code = "k0"), *q = sqla_add(w.s, Hand, .code = "k8");
    Finger *a = sqla_add(w.s, Finger, .number = 1, .size = SQLA_SOME(4), .hand = p);
    Finger *b = sqla_add(w.s, Finger, .number = 1, .size = SQLA_SOME(5), .hand = q);
    commit(&w);
    p->code = "k7";
    flush(&w);
    q->code = "k0";
    commit(&w);
    p->code = "k9"; /* and once more, both at once */
    q->code = "k7";
    flush(&w);
    CU_ASSERT(text_is(a->code, "k9") && a->hand == p);
    CU_ASSERT(text_is(b->code, "k7") && b->hand == q);
    CU_ASSERT_EQUAL(sqla_state(w.s, b), SQLA_PERSISTENT);
    a->size.value = 40;
    commit(&w);
    CU_ASSERT(text_is(a->code, "k9") && text_is(b->code, "k7"));
    CU_ASSERT(has(&w, "SELECT code FROM fingers WHERE size = 40", "k9"));
    CU_ASSERT(has(&w, "SELECT code FROM fingers WHERE size = 5", "k7"));
    close_world(&w);
}

static void update__leaves_rows_of_others_alone(const char *url)
{
    world w;
    open_world(&w, url);
    Town *town = sqla_add(w.s, Town, .code = "a");
    Room *room = sqla_add(w.s, Room, .number = 1, .text = "ours", .town = town);
    Room *changed = sqla_add(w.s, Room, .number = 2, .text = "ours", .town = town);
    commit(&w);
    CU_ASSERT(harness_sql(url, "DELETE FROM rooms"));
    town->code = "z";
    changed->text = "late";
    fails(&w, SQLA_ERR_STALE, "changed or deleted behind our back");
    town->code = "z";
    commit(&w);
    CU_ASSERT_EQUAL(sqla_state(w.s, room), SQLA_TRANSIENT);
    CU_ASSERT(harness_sql(url, "INSERT INTO towns (code) VALUES ('a')"));
    CU_ASSERT(harness_sql(url, "INSERT INTO rooms (town_code, number, text) VALUES ('a', 1, 'theirs')"));
    room->text = "ours again";
    fails(&w, SQLA_ERR_STALE, "the row of a 'Room' is gone");
    CU_ASSERT(has(&w, "SELECT text FROM rooms WHERE number = 1", "theirs"));
    commit(&w);
    close_world(&w);
}

/* A key is a text of its parent's, which gets others when it is written in the same flush. */
static void update__holds_no_texts_of_the_parent(const char *url)
{
    world w;
    open_world(&w, url);
    Tree *oak = sqla_add(w.s, Tree, .code = "oak", .name = "o");
    Tree *twig = sqla_add(w.s, Tree, .code = "twig", .name = "t");
    commit(&w);
    for (int i = 0; i < 3; i++) {
        oak->name = i % 2 == 0 ? "a longer name for it than the one before" : "o";
        flush(&w);
    }
    oak->name = "another name, which is the longest of all the names that it has had so far";
    twig->parent = oak;
    twig->name = "of the oak";
    commit(&w);
    CU_ASSERT(has(&w, "SELECT up FROM trees WHERE code = 'twig'", "oak"));
    CU_ASSERT(text_is(twig->up, "oak"));
    close_world(&w);
}

/* In a table that points at itself too, whichever row was there first. */
static void update__of_a_tree_goes_before_what_points_at_it(const char *url)
{
    world w;
    open_world(&w, url);
    Tree *before = sqla_add(w.s, Tree, .code = "a", .name = "before");
    Tree *oak = sqla_add(w.s, Tree, .code = "oak");
    Tree *behind = sqla_add(w.s, Tree, .code = "z", .name = "behind");
    Tree *both = sqla_add(w.s, Tree, .code = "y", .name = "both");
    commit(&w);
    both->code = "yy";
    both->parent = oak;
    before->parent = oak;
    oak->code = "beech";
    behind->parent = oak;
    sqla_add(w.s, Tree, .code = "new", .name = "new", .parent = oak);
    commit(&w);
    Tree *waits = sqla_get(w.s, Tree, "new", &w.err); /* one that is renamed itself, and waits for a new row */
    waits->code = "late";
    waits->parent = sqla_add(w.s, Tree, .code = "top");
    both->code = "yyy";
    behind->parent = both;
    flush(&w);
    waits->code = "new";
    waits->parent = behind->parent = oak;
    commit(&w);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM trees WHERE up = 'beech'"), 4);
    CU_ASSERT(text_is(before->up, "beech") && text_is(behind->up, "beech") && text_is(both->up, "beech"));
    before->parent = behind->parent = both->parent = NULL;
    sqla_delete(w.s, sqla_get(w.s, Tree, "new", &w.err));
    flush(&w);
    oak->code = "ash";
    oak->parent = sqla_add(w.s, Tree, .code = "root"); /* which it waits for */
    flush(&w);
    CU_ASSERT(text_is(oak->up, "root"));
    commit(&w);
    CU_ASSERT(has(&w, "SELECT up FROM trees WHERE code = 'ash'", "root"));
    close_world(&w);
}

/* What was read after a savepoint goes back with it. */
static void update__is_rolled_back_with_its_savepoint(const char *url)
{
    world w;
    open_world(&w, url);
    Town *town = sqla_add(w.s, Town, .code = "a");
    House *house = sqla_add(w.s, House, .name = "h", .town = town);
    Room *room = sqla_add(w.s, Room, .number = 1, .text = "r", .town = town);
    flush(&w);
    sqla_savepoint *sp = sqla_begin_nested(w.s, &w.err);
    town->code = "z";
    flush(&w);
    CU_ASSERT(text_is(house->town_code, "z") && text_is(room->town_code, "z"));
    CU_ASSERT_EQUAL(sqla_savepoint_rollback(sp, &w.err), SQLA_OK);
    CU_ASSERT(text_is(house->town_code, "a") && text_is(room->town_code, "a"));
    room->text = "rr";
    commit(&w);
    CU_ASSERT(has(&w, "SELECT text FROM rooms WHERE town_code = 'a'", "rr"));
    close_world(&w);
}

/* ---- a row goes ------------------------------------------------------------------------------------------ */

static void delete__that_sets_null_is_seen(const char *url)
{
    world w;
    open_world(&w, url);
    Owner *owner = sqla_add(w.s, Owner, .id = 7, .name = "o");
    Dog *dog = sqla_add(w.s, Dog, .name = "d", .owner = owner);
    commit(&w);
    CU_ASSERT_EQUAL(sqla_load(w.s, dog, owner, &w.err), SQLA_OK);
    sqla_delete(w.s, owner);
    flush(&w);
    CU_ASSERT_FALSE(dog->owner_id.set);
    CU_ASSERT_PTR_NULL(dog->owner);
    sqla_rollback(w.s, &w.err);
    CU_ASSERT(dog->owner_id.set && dog->owner_id.value == 7);
    CU_ASSERT_PTR_EQUAL(dog->owner, owner);
    sqla_delete(w.s, owner);
    flush(&w);
    sqla_add(w.s, Owner, .id = 7, .name = "again");
    dog->owner_id = (sqla_opt_i64)SQLA_SOME(7);
    commit(&w);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT owner_id FROM dogs"), 7);
    close_world(&w);
}

static void delete__takes_children_along(const char *url)
{
    world w;
    open_world(&w, url);
    Owner *owner = sqla_add(w.s, Owner, .id = 7, .name = "o");
    Vet *vet = sqla_add(w.s, Vet, .name = "v");
    Cat *cat = sqla_add(w.s, Cat, .name = "c", .owner = owner, .vet = vet);
    Cat *other = sqla_add(w.s, Cat, .name = "other", .vet = vet);
    commit(&w);
    CU_ASSERT_EQUAL(sqla_load(w.s, vet, cats, &w.err), SQLA_OK);
    sqla_delete(w.s, owner);
    flush(&w);
    CU_ASSERT_EQUAL(sqla_state(w.s, cat), SQLA_DELETED);
    CU_ASSERT(vet->cats.count == 1 && vet->cats.items[0] == other);
    sqla_rollback(w.s, &w.err);
    CU_ASSERT_EQUAL(sqla_state(w.s, cat), SQLA_PERSISTENT);
    CU_ASSERT_EQUAL(sqla_refresh(w.s, cat, &w.err), SQLA_OK);
    sqla_delete(w.s, owner);
    flush(&w);
    cat->name = "nobody's";
    fails(&w, SQLA_ERR_STALE, "the row of the 'Cat' with key");
    CU_ASSERT_EQUAL(sqla_state(w.s, cat), SQLA_PERSISTENT); /* all is as it was */
    sqla_delete(w.s, owner);
    commit(&w);
    CU_ASSERT_EQUAL(sqla_state(w.s, cat), SQLA_TRANSIENT);
    cat->name = "nobody's";
    fails(&w, SQLA_ERR_STALE, "the row of the 'Cat' with key");
    commit(&w); /* it has been told */
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM cats"), 1);
    close_world(&w);
}

static void delete__goes_on_to_the_children_of_children(const char *url)
{
    world w;
    open_world(&w, url);
    Town *town = sqla_add(w.s, Town, .code = "a");
    Plate *plate = sqla_add(w.s, Plate, .text = "p", .town = town);
    Screw *screw = sqla_add(w.s, Screw, .size = 1, .plate = plate);
    Room *room = sqla_add(w.s, Room, .number = 1, .town = town);
    commit(&w);
    sqla_delete(w.s, town);
    commit(&w);
    CU_ASSERT_EQUAL(sqla_state(w.s, plate), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(sqla_state(w.s, screw), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(sqla_state(w.s, room), SQLA_TRANSIENT);
    town = sqla_add(w.s, Town, .code = "b");
    room->town_code = NULL;
    room->town = town;
    sqla_add_object(w.s, Room, room); /* it may come back as a new row */
    commit(&w);
    CU_ASSERT(has(&w, "SELECT town_code FROM rooms", "b"));
    close_world(&w);
}

/* A child that was given, in the same flush, to one that goes with its own parent. */
static void delete__leaves_no_pointer_at_what_went(const char *url)
{
    world w;
    open_world(&w, url);
    Town *town = sqla_add(w.s, Town, .code = "a");
    Plate *plate = sqla_add(w.s, Plate, .text = "p", .town = town);
    Nail *old = sqla_new(w.s, Nail);
    commit(&w);
    old->plate = plate;
    Nail *new = sqla_add(w.s, Nail, .plate = plate);
    sqla_delete(w.s, town);
    flush(&w);
    CU_ASSERT_EQUAL(sqla_state(w.s, plate), SQLA_DELETED);
    CU_ASSERT(old->plate == NULL && old->plate_code == NULL);
    CU_ASSERT(new->plate == NULL && new->plate_code == NULL);
    commit(&w);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nails WHERE plate_code IS NULL"), 2);
    close_world(&w);
}

/* Somebody else deletes the row, and its key is given again. */
static void insert__with_the_key_of_a_lost_row_is_told(const char *url)
{
    world w;
    open_world(&w, url);
    Owner *first = sqla_add(w.s, Owner, .id = 7, .name = "first");
    commit(&w);
    CU_ASSERT(harness_sql(url, "DELETE FROM owners"));
    Owner *second = sqla_add(w.s, Owner, .id = 7, .name = "second");
    commit(&w);
    CU_ASSERT_PTR_EQUAL(sqla_get(w.s, Owner, 7, &w.err), second);
    first->name = "changed";
    fails(&w, SQLA_ERR_STALE, "the row of the 'Owner' with key 7 is gone");
    CU_ASSERT(has(&w, "SELECT name FROM owners", "second"));
    commit(&w);
    close_world(&w);
}

/* Nothing can point at it, so nobody is told that something does. */
static void key__that_is_null_cannot_be_pointed_at(const char *url)
{
    world w;
    open_world(&w, url);
    Seat *seat = sqla_add(w.s, Seat, .mark = NULL);
    Ticket *ticket = sqla_new(w.s, Ticket);
    commit(&w);
    ticket->seat = seat;
    fails(&w, SQLA_ERR_DATA, "field 'seat' of 'Ticket' cannot point at a 'Seat' whose 'mark' is NULL");
    sqla_append(w.s, seat, tickets, ticket);
    fails(&w, SQLA_ERR_DATA, "whose 'mark' is NULL");
    sqla_add(w.s, Ticket, .seat = seat);
    fails(&w, SQLA_ERR_DATA, "whose 'mark' is NULL");
    seat->mark = "front";
    ticket->seat = seat;
    commit(&w);
    CU_ASSERT(has(&w, "SELECT seat_mark FROM tickets", "front"));
    close_world(&w);
}

/* Where each statement stands at once, nothing is taken back. */
static void autocommit__keeps_what_was_written(const char *url)
{
    world w;
    open_world(&w, url);
    sqla_begin(w.s, SQLA_TXN_OPTIONS(.isolation = SQLA_AUTOCOMMIT), &w.err);
    Owner *first = sqla_add(w.s, Owner, .id = 1, .name = "first");
    Owner *gone = sqla_add(w.s, Owner, .id = 2, .name = "gone");
    flush(&w);
    sqla_delete(w.s, gone);
    first->name = "changed";
    flush(&w);
    Dog *dog = sqla_add(w.s, Dog, .name = "nobody's", .owner_id = SQLA_SOME(9));
    fails(&w, SQLA_ERR_FOREIGN_KEY, "");
    CU_ASSERT_EQUAL(sqla_state(w.s, first), SQLA_PERSISTENT);
    CU_ASSERT_EQUAL(sqla_state(w.s, gone), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(sqla_state(w.s, dog), SQLA_TRANSIENT);
    CU_ASSERT(text_is(first->name, "changed"));
    first->name = "again";
    commit(&w);
    CU_ASSERT(has(&w, "SELECT name FROM owners", "again"));
    close_world(&w);
}

/* ---- memory runs out ---------------------------------------------------------------------------------- */

enum { PLENTY = 1000000, STEP = 3 };

/* A key changes that rows point at which others point at; and one goes, with all that is its own. */
static void change_and_delete(world *w, sqla_error *err)
{
    int64_t n = 0;
    Town *a = sqla_get(w->s, Town, "a", err), *b = sqla_get(w->s, Town, "b", err);
    SQLA_EACH(Room, room, sqla_select(w->s, Room), err)
        n += room->number;
    SQLA_EACH(Plate, plate, sqla_select(w->s, Plate), err)
        n += plate->text != NULL;
    SQLA_EACH(Screw, screw, sqla_select(w->s, Screw), err)
        n += screw->size;
    SQLA_EACH(Nail, nail, sqla_select(w->s, Nail), err)
        n += nail->id;
    SQLA_EACH(House, house, sqla_select(w->s, House), err)
        n += house->id;
    if (a == NULL || b == NULL || sqla_failed(err))
        return;
    CU_ASSERT(n > 0);
    a->code = "z";
    sqla_flush(w->s, err);
    sqla_delete(w->s, b);
    sqla_commit(w->s, err);
}

/* point 0: none fails.  Returns: how many allocations it took. */
static uint64_t try_at(world *w, uint64_t point, bool lasting, sqla_error *err)
{
    static const char *const rows[] = { "DELETE FROM nails", "DELETE FROM screws", "DELETE FROM plates", "DELETE FROM rooms",
        "DELETE FROM houses", "DELETE FROM towns",
        "INSERT INTO towns (code) VALUES ('a'), ('b')", "INSERT INTO houses (name, town_code) VALUES ('of a', 'a'), ('of b', 'b')",
        "INSERT INTO rooms (town_code, number) VALUES ('a', 1), ('a', 2), ('b', 3)",
        "INSERT INTO plates (town_code, text) VALUES ('a', 'plate'), ('b', 'other')",
        "INSERT INTO screws (plate_code, size) VALUES ('a', 1), ('a', 2), ('b', 3)", "INSERT INTO nails (plate_code) VALUES ('a'), ('b')" };
    sqla_close(w->s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT(harness_sql(w->url, rows[i]));
    w->s = sqla_open(w->maker, &w->err);
    sqla__alloc_fail_at(point > 0 ? point : PLENTY, lasting);
    change_and_delete(w, err);
    uint64_t made = PLENTY - sqla__alloc_left();
    sqla__alloc_fail_at(0, false);
    return made;
}

/* All is done, or nothing is and says so. */
static void memory__that_runs_out_leaves_all_or_nothing(const char *url)
{
    static const char shown[] = "SELECT (SELECT group_concat(code, '') FROM (SELECT code FROM towns ORDER BY code)) || "
                                "(SELECT group_concat(town_code, '') FROM (SELECT town_code FROM rooms ORDER BY town_code)) || "
                                "(SELECT group_concat(plate_code, '') FROM (SELECT plate_code FROM screws ORDER BY plate_code)) || "
                                "(SELECT group_concat(coalesce(plate_code, '-'), '') FROM (SELECT plate_code FROM nails ORDER BY id)) || "
                                "(SELECT count(*) FROM houses)";
    world w;
    open_world(&w, url);
    try_at(&w, 0, false, &w.err); /* fills what is kept */
    uint64_t points = try_at(&w, 0, false, &w.err);
    CU_ASSERT(is(&w.err, SQLA_OK));
    CU_ASSERT(has(&w, shown, "zzzzzz-1"));
    for (uint64_t i = 0; i < 2 * points; i += STEP) {
        sqla_error err = SQLA_ERROR_INIT;
        try_at(&w, 1 + i / 2, i % 2 == 1, &err);
        bool starved = err.status == SQLA_ERR_NOMEM || (err.status == SQLA_ERR_MISUSE && strstr(err.message, "or no memory") != NULL);
        CU_ASSERT(err.status == SQLA_OK || starved);
        CU_ASSERT(has(&w, shown, err.status == SQLA_OK ? "zzzzzz-1" : "abaabaabab2"));
        sqla_error_clear(&err);
    }
    close_world(&w);
}

static const struct harness_test tests[] = {
    { "update: moves no child to who takes the key", update__moves_no_child_to_who_takes_the_key, HARNESS_DATABASES },
    { "update: lets a child go to who takes the key", update__lets_a_child_go_to_who_takes_the_key, HARNESS_DATABASES },
    { "update: is followed within the flush", update__is_followed_within_the_flush, HARNESS_DATABASES },
    { "update: moves primary keys", update__moves_primary_keys, HARNESS_DATABASES },
    { "update: goes on to the children of children", update__goes_on_to_the_children_of_children, HARNESS_DATABASES },
    { "update: one made by hand is followed too", update__by_hand_is_followed_too, HARNESS_DATABASES },
    { "update: goes through rows outside of the session", update__goes_through_rows_outside_of_the_session, HARNESS_DATABASES },
    { "update: one made by hand hands a key on", update__by_hand_hands_a_key_on, HARNESS_DATABASES },
    { "update: leaves rows of others alone", update__leaves_rows_of_others_alone, HARNESS_DATABASES },
    { "update: holds no texts of the parent", update__holds_no_texts_of_the_parent, HARNESS_DATABASES },
    { "update: of a tree goes before what points at it", update__of_a_tree_goes_before_what_points_at_it, HARNESS_DATABASES },
    { "update: is rolled back with its savepoint", update__is_rolled_back_with_its_savepoint, HARNESS_DATABASES },
    { "delete: one that sets NULL is seen", delete__that_sets_null_is_seen, HARNESS_DATABASES },
    { "delete: takes children along", delete__takes_children_along, HARNESS_DATABASES },
    { "delete: goes on to the children of children", delete__goes_on_to_the_children_of_children, HARNESS_DATABASES },
    { "delete: leaves no pointer at what went", delete__leaves_no_pointer_at_what_went, HARNESS_DATABASES },
    { "key: one that is NULL cannot be pointed at", key__that_is_null_cannot_be_pointed_at, HARNESS_DATABASES },
    { "autocommit: keeps what was written", autocommit__keeps_what_was_written, HARNESS_DATABASES },
    { "memory: that runs out leaves all or nothing", memory__that_runs_out_leaves_all_or_nothing, HARNESS_SQLITE },
    { "insert: one with the key of a lost row is told", insert__with_the_key_of_a_lost_row_is_told, HARNESS_DATABASES },
};

int main(void)
{
    return harness_main("test-actions", tests, sizeof tests / sizeof tests[0]);
}
