/* test-mapping.c: from models to mappings and tables: where columns lie, what is sent, who points at whom, and what is refused. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "harness.h"
#include "sql/mapping.h"

typedef struct Person Person;
typedef struct House House;
typedef struct Node Node;
typedef struct Hen Hen;
typedef struct Egg Egg;
typedef struct Grade Grade;
SQLA_DECLARE(Person);
SQLA_DECLARE(House);
SQLA_DECLARE(Node);
SQLA_DECLARE(Hen);
SQLA_DECLARE(Egg);
SQLA_DECLARE(Grade);

static const char *const kinds[] = { "small", "large", NULL };
struct Person {
    int64_t id;
    const char *name;
    sqla_opt_i32 age;
    sqla_opt_timestamp made_at;
    int32_t rank;
    char country[3];
    unsigned char tiny;
    int64_t house_id;
    House *house;
};
struct House {
    int32_t id;
    int64_t number;
    enum { SMALL, LARGE } kind;
    sqla_opt_i32 other_kind;
    sqla_blob plan;
    sqla_opt_uuid uuid;
    SQLA_MANY(Person) people;
    SQLA_MANY(Person) seen;
};
struct Node { int64_t id; sqla_opt_i64 parent_id; Node *parent; SQLA_MANY(Node) children; };
struct Hen { int64_t id; sqla_opt_i64 egg_id; };
struct Egg { int64_t id; sqla_opt_i64 hen_id; };
struct Grade { int64_t person; int32_t house; sqla_opt_f32 value; };

SQLA_MODEL(Person, "people",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(name, .not_null = true, .unique = true),
    SQLA_COLUMN(age),
    SQLA_COLUMN(made_at, .not_null = true, .server_default = SQLA_NOW),
    SQLA_COLUMN(rank, .server_default = "1", .index = true),
    SQLA_COLUMN(country),
    SQLA_COLUMN(tiny),
    SQLA_FOREIGN_KEY(house_id, House, number, .name = "house", .on_delete = SQLA_CASCADE),
    SQLA_TO_ONE(house, House, house_id),
    SQLA_UNIQUE(country, rank),
    SQLA_INDEX(name, country),
    SQLA_CHECK("old", "age > 18"),
    SQLA_CHECK(NULL, "rank > 0"));
SQLA_MODEL(House, "houses",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(number),
    SQLA_ENUM(kind, kinds),
    SQLA_ENUM(other_kind, kinds),
    SQLA_COLUMN(plan),
    SQLA_COLUMN(uuid),
    SQLA_TO_MANY(people, Person, house_id, .flags = SQLA_OWNS | SQLA_ORPHANS_DIE),
    SQLA_TO_MANY(seen, Person, house_id, .flags = SQLA_VIEW_ONLY),
    SQLA_UNIQUE(number));
SQLA_MODEL(Node, "nodes",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(parent_id, Node, id),
    SQLA_TO_ONE(parent, Node, parent_id),
    SQLA_TO_MANY(children, Node, parent_id));
SQLA_MODEL(Hen, "hens",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(egg_id, Egg, id));
SQLA_MODEL(Egg, "eggs",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(hen_id, Hen, id));
SQLA_MODEL(Grade, "grades",
    SQLA_FOREIGN_KEY(person, Person, id, .primary_key = true),
    SQLA_FOREIGN_KEY(house, House, id, .primary_key = true),
    SQLA_COLUMN(value));

static sqla_metadata *frozen(void)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Grade, Hen, Node), &err);
    if (!sqla_failed(&err))
        sqla__metadata_freeze(base, &err);
    if (sqla_failed(&err))
        fprintf(stderr, "%s\n", err.message);
    CU_ASSERT_FATAL(!sqla_failed(&err));
    return base;
}

#define MAPPING(S) sqla__metadata_mapping(base, sqla_model_of_##S())

static const sqla__mapped_column *column_named(const sqla__mapping *mapping, const char *field)
{
    for (uint32_t i = 0; i < mapping->column_count; i++)
        if (strcmp(mapping->columns[i].item->field, field) == 0)
            return &mapping->columns[i];
    CU_FAIL_FATAL("no such column");
    return NULL;
}

static void columns__lie_where_the_struct_has_them(const char *url)
{
    static const struct { const char *field; uint8_t type, rep, flags; size_t offset, size, set; sqla__sent sent; bool not_null, is_pointer; } cases[] = {
        { "id", SQLA_INT64, SQLA_REP_FIXED, 0, offsetof(Person, id), 8, 0, SQLA__SENT_NEVER, true, false },
        { "name", SQLA_TEXT, SQLA_REP_CSTR, SQLA_SLOT_NULLABLE, offsetof(Person, name), sizeof(char *), 0, SQLA__SENT_ALWAYS, true, true },
        { "age", SQLA_INT32, SQLA_REP_FIXED, SQLA_SLOT_NULLABLE, offsetof(Person, age.value), 4, offsetof(Person, age.set), SQLA__SENT_ALWAYS, false, false },
        { "made_at", SQLA_TIMESTAMP, SQLA_REP_FIXED, SQLA_SLOT_NULLABLE, offsetof(Person, made_at.value), 8, offsetof(Person, made_at.set),
          SQLA__SENT_WHEN_SET, true, false },
        { "rank", SQLA_INT32, SQLA_REP_FIXED, 0, offsetof(Person, rank), 4, 0, SQLA__SENT_NEVER, true, false },
        { "country", SQLA_TEXT, SQLA_REP_CHARS, 0, offsetof(Person, country), 3, 0, SQLA__SENT_ALWAYS, true, false },
        { "tiny", SQLA_INT16, SQLA_REP_FIXED, SQLA_SLOT_UNSIGNED, offsetof(Person, tiny), 1, 0, SQLA__SENT_ALWAYS, true, false },
        { "house_id", SQLA_INT64, SQLA_REP_FIXED, 0, offsetof(Person, house_id), 8, 0, SQLA__SENT_ALWAYS, true, false },
    };
    sqla_metadata *base = frozen();
    const sqla__mapping *person = MAPPING(Person), *house = MAPPING(House);
    (void)url;
    CU_ASSERT_EQUAL_FATAL(person->column_count, sizeof cases / sizeof cases[0]);
    for (uint32_t i = 0; i < person->column_count; i++) {
        const sqla__mapped_column *c = &person->columns[i];
        CU_ASSERT_STRING_EQUAL(c->item->field, cases[i].field);
        CU_ASSERT(c->slot.type == cases[i].type && c->slot.rep == cases[i].rep && c->slot.flags == cases[i].flags);
        CU_ASSERT(c->slot.offset == cases[i].offset && c->slot.size == cases[i].size && c->slot.column == (int32_t)i);
        CU_ASSERT_EQUAL(c->slot.set_offset, cases[i].set != 0 ? (int32_t)cases[i].set : -1);
        CU_ASSERT(c->sent == cases[i].sent && c->not_null == cases[i].not_null && c->is_pointer == cases[i].is_pointer && c->index == i);
        CU_ASSERT(memcmp(&person->plan.slots[i], &c->slot, sizeof c->slot) == 0);
    }
    CU_ASSERT(person->size == sizeof(Person) && person->plan.count == person->column_count && person->base == base);
    const sqla__mapped_column *kind = column_named(house, "other_kind"), *uuid = column_named(house, "uuid");
    CU_ASSERT(kind->slot.type == SQLA_ENUM_TYPE && kind->slot.label_count == 2 && kind->slot.labels == kinds && kind->slot.size == 4);
    CU_ASSERT(uuid->slot.size == 16 && uuid->slot.set_offset == (int32_t)offsetof(House, uuid.set));
    CU_ASSERT(column_named(house, "plan")->slot.rep == SQLA_REP_BYTES && column_named(house, "plan")->is_pointer);
    sqla_metadata_free(base);
}

static void keys__generated_and_given(const char *url)
{
    sqla_metadata *base = frozen();
    const sqla__mapping *person = MAPPING(Person), *grade = MAPPING(Grade);
    (void)url;
    CU_ASSERT(person->key_count == 1 && person->generated_key == 0 && person->columns[0].generated && person->columns[0].is_key);
    CU_ASSERT(grade->key_count == 2 && grade->keys[0] == 0 && grade->keys[1] == 1 && grade->generated_key == -1);
    CU_ASSERT(grade->columns[0].references == person && grade->columns[0].references_column == 0);
    CU_ASSERT_EQUAL(MAPPING(House)->generated_key, 0);
    CU_ASSERT_STRING_EQUAL(column_named(person, "house_id")->name, "house");
    CU_ASSERT_PTR_EQUAL(column_named(person, "house_id")->references, MAPPING(House));
    CU_ASSERT_EQUAL(column_named(person, "house_id")->references_column, 1);
    sqla_metadata_free(base);
}

static void relations__and_their_other_sides(const char *url)
{
    sqla_metadata *base = frozen();
    const sqla__mapping *person = MAPPING(Person), *house = MAPPING(House), *tree = MAPPING(Node);
    (void)url;
    const sqla__relation *to_house = &person->relations[0], *people = &house->relations[0], *seen = &house->relations[1];
    CU_ASSERT(person->relation_count == 1 && house->relation_count == 2 && to_house->target == house && !to_house->to_many);
    CU_ASSERT(to_house->key->column == 7 && to_house->key->referenced_column == 1 && to_house->inverse == people);
    CU_ASSERT(people->to_many && people->key->column == 7 && people->key->referenced_column == 1 && people->inverse == to_house && people->index == 0);
    CU_ASSERT(seen->inverse == NULL && seen->index == 1 && seen->offset == offsetof(House, seen));
    CU_ASSERT(tree->self_reference && !tree->in_cycle && tree->relations[0].inverse == &tree->relations[1] && tree->relations[1].inverse == &tree->relations[0]);
    sqla_metadata_free(base);
}

static void rank__parents_first(const char *url)
{
    sqla_metadata *base = frozen();
    (void)url;
    CU_ASSERT(MAPPING(House)->rank < MAPPING(Person)->rank && MAPPING(Person)->rank < MAPPING(Grade)->rank);
    CU_ASSERT(MAPPING(Hen)->in_cycle && MAPPING(Egg)->in_cycle && !MAPPING(Person)->in_cycle && !MAPPING(Grade)->in_cycle);
    size_t n = sqla__metadata_mapping_count(base);
    CU_ASSERT_EQUAL(n, 6);
    for (size_t rank = 0; rank < n; rank++) {
        size_t found = 0;
        for (size_t i = 0; i < n; i++)
            found += sqla__metadata_mapping_at(base, i)->rank == rank;
        CU_ASSERT_EQUAL(found, 1);
        const sqla_table *table = sqla_metadata_table(base, rank);
        CU_ASSERT_PTR_NOT_NULL_FATAL(table);
        CU_ASSERT_PTR_EQUAL(sqla_metadata_find(base, table->name), table);
    }
    CU_ASSERT_PTR_NULL(sqla_metadata_table(base, n));
    CU_ASSERT_PTR_NULL(sqla_metadata_find(base, "nothing"));
    CU_ASSERT_PTR_EQUAL(sqla_metadata_model(base, "Egg"), sqla_model_of_Egg());
    sqla_metadata_free(base);
}

static void tables__with_named_constraints(const char *url)
{
    sqla_metadata *base = sqla_metadata_new(NULL);
    (void)url;
    CU_ASSERT_EQUAL(sqla_metadata_add(base, SQLA_MODELS(Person), NULL), SQLA_OK);
    const sqla_table *t = sqla_metadata_find(base, "people"); /* before anything is frozen */
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_EQUAL(sqla_metadata_add(base, SQLA_MODELS(Node), NULL), SQLA_OK);
    CU_ASSERT_PTR_NOT_NULL(sqla_metadata_find(base, "nodes"));
    CU_ASSERT_STRING_EQUAL(t->name, "people"); /* what was handed out lives on */
    CU_ASSERT(t->foreign_key_count == 1 && strcmp(t->foreign_keys[0].name, "fk_people_house_houses") == 0);
    CU_ASSERT(strcmp(t->foreign_keys[0].to_table, "houses") == 0 && strcmp(t->foreign_keys[0].to_columns[0], "number") == 0);
    CU_ASSERT_EQUAL(t->foreign_keys[0].on_delete, SQLA_CASCADE);
    CU_ASSERT(t->unique_count == 2 && strcmp(t->uniques[0].name, "uq_people_name") == 0 && strcmp(t->uniques[1].name, "uq_people_country_rank") == 0);
    CU_ASSERT(t->index_count == 2 && strcmp(t->indexes[0].name, "ix_people_rank") == 0 && strcmp(t->indexes[1].name, "ix_people_name_country") == 0);
    CU_ASSERT(t->check_count == 2 && strcmp(t->checks[0].name, "ck_people_old") == 0 && strcmp(t->checks[1].name, "ck_people_afc7d559") == 0);
    CU_ASSERT(t->columns[5].length == 2 && t->columns[0].key_position == 1 && t->columns[0].generated_key && !t->columns[3].nullable);
    sqla_metadata_free(base);
}

/* ---- what is refused ----------------------------------------------------------------------------------------------- */

typedef struct Parent { int64_t id; int32_t code; const char *name; } Parent;
static const sqla_model *parent_model(void);
static const sqla_model *broken_model(void);
#define COLUMN(f, ...) COLUMN_(f, __VA_ARGS__, .end_ = 0)
#define COLUMN_(f, t, ...) { SQLA_ITEM_COLUMN, { .column = { .field = #f, .layout = LAYOUT(f, t), __VA_ARGS__ } } }
#define LAYOUT(f, form) SQLA_LAYOUT(offsetof(Wrong, f), sizeof ((Wrong *)0)->f, form)
#define ID COLUMN(id, SQLA_INT64, .primary_key = true)
#define RELATION(k, f, fk, ...) RELATION_(k, f, fk, __VA_ARGS__, .end_ = 0)
#define RELATION_(k, f, fk, t, ...) { k, { .relation = { .field = #f, .offset = offsetof(Wrong, f), .fk_offset = fk, .target = t, __VA_ARGS__ } } }
typedef struct Wrong { int64_t id, a, b; const char *name; void *one; SQLA_MANY(Parent) many, more; int32_t kind; char one_char[1]; } Wrong;

static const char *const empty_label[] = { "a", "", NULL }, *const twice[] = { "a", "b", "a", NULL }, *const none[] = { NULL };

static const sqla_item parent_items[] = {
    { SQLA_ITEM_COLUMN, { .column = { .field = "id", .layout = SQLA_LAYOUT(0, 8, SQLA_INT64), .primary_key = true } } },
    { SQLA_ITEM_COLUMN, { .column = { .field = "code", .layout = SQLA_LAYOUT(offsetof(Parent, code), 4, SQLA_INT32) } } },
};
static const sqla_model parent = { sizeof(sqla_model), sizeof(sqla_item), sizeof(Parent), 2, "Parent", "parents", NULL, parent_items };
static const sqla_model *parent_model(void) { return &parent; }
static sqla_model broken;
static const sqla_model *broken_model(void) { return &broken; }

static const struct { sqla_item items[4]; const char *message; } refused[] = {
    { { COLUMN(a, SQLA_INT64) }, "model 'Wrong': it has no primary key, so its objects cannot be told apart" },
    { { ID, COLUMN(a, SQLA_INT64, .name = "ID") }, "model 'Wrong', field 'a': another field has a column of the same name" },
    { { ID, ID }, "model 'Wrong', field 'id': another field has a column of the same name" },
    { { ID, COLUMN(a, SQLA_INT64, .name = "") }, "model 'Wrong', field 'a': the column's name is empty or not valid UTF-8" },
    { { ID, COLUMN(a, SQLA_INT64, .name = "\xc0\x80") }, "model 'Wrong', field 'a': the column's name is empty or not valid UTF-8" },
    { { ID, COLUMN(a, SQLA_NULL) }, "model 'Wrong', field 'a': its type is not one that a column can have" },
    { { ID, COLUMN(a, 200) }, "model 'Wrong', field 'a': its type is not one that a column can have" },
    { { ID, COLUMN(one_char, SQLA_TEXT | SQLA_FORM_CHARS) }, "model 'Wrong', field 'one_char': a char array needs room for a character and its NUL" },
    { { ID, COLUMN(kind, SQLA_ENUM_TYPE) }, "model 'Wrong', field 'kind': an enum needs its labels" },
    { { ID, COLUMN(kind, SQLA_ENUM_TYPE, .labels = none) }, "model 'Wrong', field 'kind': an enum needs its labels" },
    { { ID, COLUMN(kind, SQLA_ENUM_TYPE, .labels = empty_label) }, "model 'Wrong', field 'kind': a label of its enum is empty or not valid UTF-8" },
    { { ID, COLUMN(kind, SQLA_ENUM_TYPE, .labels = twice) }, "model 'Wrong', field 'kind': its enum has a label twice" },
    { { ID, COLUMN(kind, SQLA_INT32, .labels = kinds) }, "model 'Wrong', field 'kind': it has labels and is no enum: declare it with SQLA_ENUM" },
    { { ID, COLUMN(a, SQLA_INT64, .server_default = "") }, "model 'Wrong', field 'a': a .sql_type or .server_default is empty" },
    { { ID, COLUMN(a, SQLA_INT64, .on_delete = SQLA_CASCADE) }, "model 'Wrong', field 'a': it has .on_delete or .on_update and is no foreign key" },
    { { ID, COLUMN(a, SQLA_INT64, .references = parent_model, .references_offset = 4) },
      "model 'Wrong', field 'a': the field that this foreign key points at is no column of its model" },
    { { ID, COLUMN(a, SQLA_INT64, .references = parent_model, .references_offset = offsetof(Parent, code)) },
      "model 'Wrong', field 'a': the two sides of this foreign key differ in type" },
    { { ID, COLUMN(kind, SQLA_INT32, .references = parent_model, .references_offset = offsetof(Parent, code)) },
      "model 'Wrong', field 'kind': it points at a column that is neither the primary key nor unique" },
    { { ID, COLUMN(a, SQLA_INT64, .references = parent_model, .on_delete = SQLA_SET_NULL) },
      "model 'Wrong', field 'a': SQLA_SET_NULL needs a field that can be NULL" },
    { { ID, COLUMN(a, SQLA_INT64), RELATION(SQLA_ITEM_TO_ONE, one, offsetof(Wrong, a), parent_model) },
      "model 'Wrong', field 'one': the relation's key field is no foreign key to the other side" },
    { { ID, RELATION(SQLA_ITEM_TO_MANY, many, 0, parent_model) },
      "model 'Wrong', field 'many': the relation's key field is no foreign key to the other side" },
    { { ID, RELATION(SQLA_ITEM_TO_ONE, one, 0, NULL) }, "model 'Wrong', field 'one': the relation's key field is no foreign key to the other side" },
    { { ID, COLUMN(a, SQLA_INT64, .references = parent_model), RELATION(SQLA_ITEM_TO_ONE, one, offsetof(Wrong, a), parent_model, .flags = SQLA_OWNS) },
      "model 'Wrong', field 'one': SQLA_OWNS and SQLA_ORPHANS_DIE belong to the to-many side" },
    { { ID, COLUMN(a, SQLA_INT64 | SQLA_FORM_NULLABLE, .references = broken_model),
        RELATION(SQLA_ITEM_TO_MANY, many, offsetof(Wrong, a), broken_model, .flags = SQLA_ORPHANS_DIE) },
      "model 'Wrong', field 'many': SQLA_ORPHANS_DIE needs SQLA_OWNS beside it" },
    { { ID, COLUMN(a, SQLA_INT64, .references = broken_model), RELATION(SQLA_ITEM_TO_MANY, many, offsetof(Wrong, a), broken_model),
        RELATION(SQLA_ITEM_TO_MANY, more, offsetof(Wrong, a), broken_model) },
      "model 'Wrong', field 'more': another relation goes over the same foreign key" },
    { { ID, { SQLA_ITEM_UNIQUE, { .constraint = { .count = 1, .offsets = { 4 } } } } },
      "model 'Wrong': an index or unique constraint names a field that is no column" },
    { { ID, { SQLA_ITEM_INDEX, { .constraint = { .count = 9 } } } }, "model 'Wrong': an index or unique constraint needs one to eight fields" },
    { { ID, { SQLA_ITEM_INDEX, { .constraint = { .count = 2 } } } }, "model 'Wrong': an index or unique constraint names a field twice: 'id'" },
    { { ID, { SQLA_ITEM_CHECK, { .constraint = { .name = "x" } } } }, "model 'Wrong': a CHECK has no condition" },
    { { ID, COLUMN(a, SQLA_INT64, .unique = true), { SQLA_ITEM_UNIQUE, { .constraint = { .count = 1, .offsets = { offsetof(Wrong, a) } } } } },
      "model 'Wrong': two constraints or indexes have the name 'uq_wrong_a'" },
};

static void wrong_models__are_refused_by_name(const char *url)
{
    (void)url;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_metadata *base = sqla_metadata_new(&err);
        uint32_t n = 0;
        while (n < 4 && refused[i].items[n].kind != SQLA_ITEM_END)
            n++;
        broken = (sqla_model){ sizeof broken, sizeof(sqla_item), sizeof(Wrong), n, "Wrong", "wrong", NULL, refused[i].items };
        CU_ASSERT_EQUAL(sqla_metadata_add_model(base, &broken, &err), SQLA_ERR_MISUSE);
        if (strcmp(err.message, refused[i].message) != 0)
            fprintf(stderr, "is:     %s\nshould: %s\n", err.message, refused[i].message);
        CU_ASSERT_STRING_EQUAL(err.message, refused[i].message);
        CU_ASSERT(i != 0 || strstr(err.hint, ".primary_key = true") != NULL);
        CU_ASSERT_PTR_NULL(sqla_metadata_model(base, "Wrong")); /* nothing of it stays */
        sqla_metadata_free(base);
    }
}

static void add__wrong_calls(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_item row_items[] = { ID };
    const sqla_model row = { sizeof row, sizeof(sqla_item), sizeof(Wrong), 1, "Row", NULL, NULL, row_items };
    const sqla_model same_table = { sizeof row, sizeof(sqla_item), sizeof(Wrong), 1, "Other", "PEOPLE", NULL, row_items };
    const sqla_model old = { sizeof row, sizeof(sqla_item) - 8, sizeof(Wrong), 1, "Old", "old", NULL, row_items };
    (void)url;
    CU_ASSERT_EQUAL(sqla_metadata_add_model(base, &row, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot add 'Row': it is a row struct without a table");
    CU_ASSERT_EQUAL(sqla_metadata_add_model(base, &old, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_metadata_add_model(base, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_metadata_add_model(NULL, &row, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_metadata_add(base, SQLA_MODELS(Person, Person), NULL), SQLA_OK);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_metadata_add_model(base, &same_table, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_STRING_EQUAL(err.message, "model 'Other': table 'PEOPLE' belongs to model 'Person' already");
    sqla_error_clear(&err);
    CU_ASSERT(sqla__metadata_freeze(base, &err) == SQLA_OK && sqla__metadata_freeze(base, &err) == SQLA_OK);
    CU_ASSERT_EQUAL(sqla_metadata_add(base, SQLA_MODELS(Person), &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_metadata_add(base, SQLA_MODELS(Node), &err), SQLA_ERR_MISUSE);
    CU_ASSERT_STRING_EQUAL(err.message, "cannot add model 'Node': the metadata is in use and frozen");
    sqla_metadata_free(base);
    sqla_metadata_free(NULL);
    CU_ASSERT_PTR_NULL(sqla_metadata_table(NULL, 0));
}

/* ---- models made by calls ------------------------------------------------------------------------------------------ */

static void runtime__models_are_laid_out(const char *url)
{
    static const uint32_t types[] = { SQLA_BOOL, SQLA_INT16, SQLA_INT32, SQLA_INT64, SQLA_FLOAT32, SQLA_FLOAT64, SQLA_TEXT, SQLA_BLOB, SQLA_DATE, SQLA_TIME,
                                      SQLA_TIMESTAMP, SQLA_LOCAL_TIMESTAMP, SQLA_INTERVAL, SQLA_UUID, SQLA_DECIMAL, SQLA_JSON };
    enum { N = sizeof types / sizeof types[0] };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_model *event = sqla_model_new(base, "Event", "events", &err);
    (void)url;
    CU_ASSERT_EQUAL(sqla_model_add_column(event, "id", SQLA_INT64, &(sqla_column_item){ .primary_key = true }, &err), SQLA_OK);
    char name[20];
    for (size_t i = 0; i < 2 * N; i++) {
        snprintf(name, sizeof name, "field%zu", i);
        sqla_model_add_column(event, name, types[i / 2] | (i % 2 ? SQLA_FORM_NULLABLE : 0u), NULL, &err);
    }
    sqla_model_add_column(event, "kind", SQLA_ENUM_TYPE, &(sqla_column_item){ .labels = kinds, .name = "event_kind" }, &err);
    sqla_model_add_foreign_key(event, "previous", SQLA_INT64 | SQLA_FORM_NULLABLE, event, "id", &(sqla_column_item){ .on_delete = SQLA_SET_NULL }, &err);
    CU_ASSERT_EQUAL(sqla_metadata_add(base, SQLA_MODELS(Person), &err), SQLA_OK); /* half made models do not stand in the way */
    sqla_model_add_foreign_key(event, "person", SQLA_INT64, sqla_model_of_Person(), "id", NULL, &err);
    CU_ASSERT_EQUAL(sqla__metadata_freeze(base, &err), SQLA_OK);
    CU_ASSERT(!sqla_failed(&err));
    const sqla__mapping *mapping = sqla__metadata_mapping(base, event);
    CU_ASSERT_EQUAL_FATAL(mapping->column_count, 2 * N + 4);
    uint32_t end = 0;
    for (uint32_t i = 0; i < mapping->column_count; i++) {
        const sqla_slot *slot = &mapping->columns[i].slot;
        bool optional = slot->set_offset >= 0;
        CU_ASSERT(slot->offset >= end && slot->offset % 8 == 0 && (!optional || slot->set_offset == (int32_t)(slot->offset + slot->size)));
        end = slot->offset + slot->size + optional;
        if (i >= 1 && i <= 2 * N) {
            bool nullable = (i - 1) % 2 == 1, pointer = mapping->columns[i].is_pointer;
            CU_ASSERT(mapping->columns[i].not_null == !nullable && optional == (nullable && !pointer));
        }
    }
    CU_ASSERT(mapping->size >= end && mapping->size % 8 == 0 && mapping->self_reference && mapping->generated_key == 0);
    CU_ASSERT_PTR_EQUAL(column_named(mapping, "person")->references, MAPPING(Person));
    CU_ASSERT_STRING_EQUAL(column_named(mapping, "kind")->name, "event_kind");
    CU_ASSERT_STRING_EQUAL(sqla_metadata_find(base, "events")->foreign_keys[1].name, "fk_events_person_people");
    CU_ASSERT_EQUAL(sqla_model_add_column(event, "late", SQLA_INT64, NULL, &err), SQLA_ERR_MISUSE);
    sqla_metadata_free(base);
}

static void runtime__wrong_calls(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_model *event = sqla_model_new(base, "Event", "events", &err);
    (void)url;
    CU_ASSERT_PTR_NULL(sqla_model_new(base, "Event", "more", NULL));
    CU_ASSERT_PTR_NULL(sqla_model_new(base, "", "more", NULL));
    CU_ASSERT_PTR_NULL(sqla_model_new(NULL, "A", "a", NULL));
    CU_ASSERT_EQUAL(sqla_model_add_column(event, "a", SQLA_NULL, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_model_add_column(event, "a", SQLA_INT32 | SQLA_FORM_UNSIGNED, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_model_add_column(event, "", SQLA_INT32, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_model_add_column(event, "a", SQLA_INT32, NULL, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_model_add_column(event, "a", SQLA_INT32, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_model_add_column(NULL, "a", SQLA_INT32, NULL, NULL), SQLA_ERR_MISUSE);
    CU_ASSERT_EQUAL(sqla_model_add_foreign_key(event, "p", SQLA_INT64, sqla_model_of_Person(), "id", NULL, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_STRING_EQUAL(err.message, "model 'Event', field 'p': model 'Person' is not in the same metadata");
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_model_add_foreign_key(event, "p", SQLA_INT64, event, "b", NULL, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_STRING_EQUAL(err.message, "model 'Event', field 'p': model 'Event' has no column field 'b' to point at");
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla__metadata_freeze(base, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_STRING_EQUAL(err.message, "model 'Event': it has no primary key, so its objects cannot be told apart");
    sqla_error_clear(&err);
    sqla_model_add_column(event, "id", SQLA_TEXT, &(sqla_column_item){ .primary_key = true }, &err);
    CU_ASSERT_EQUAL(sqla__metadata_freeze(base, &err), SQLA_OK); /* mended */
    sqla_metadata_free(base);
}

/* ---- rows and found tables ----------------------------------------------------------------------------------------- */

typedef struct Totals { const char *name; int64_t n; } Totals;
SQLA_DECLARE(Totals);
SQLA_ROW(Totals, SQLA_COLUMN(name), SQLA_COLUMN(n));

static void rows__have_columns_alone(const char *url)
{
    sqla__arena arena = { 0 };
    const sqla__mapping *mapping = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    CU_ASSERT_EQUAL(sqla__mapping_of_rows(sqla_model_of_Totals(), &arena, &mapping, &err), SQLA_OK);
    CU_ASSERT(mapping->column_count == 2 && mapping->table == NULL && mapping->key_count == 0 && mapping->size == sizeof(Totals));
    CU_ASSERT_EQUAL(sqla__mapping_of_rows(NULL, &arena, &mapping, &err), SQLA_ERR_MISUSE);
    sqla__arena_release(&arena);
}

static void found_tables__are_copied(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_metadata *base = sqla_metadata_new(&err);
    char name[] = "users", column[] = "kind", label[] = "a", key[] = "pk";
    const char *columns[] = { column }, *labels[] = { label, NULL };
    sqla_column c = { .name = column, .labels = labels, .label_count = 1 };
    sqla_foreign_key fk = { .name = key, .to_table = name, .columns = columns, .to_columns = columns, .count = 1 };
    sqla_constraint unique = { .name = key, .columns = columns, .count = 1 };
    sqla_table table = { .schema = "app", .name = name, .kind = "table", .columns = &c, .column_count = 1, .foreign_keys = &fk, .foreign_key_count = 1,
                         .uniques = &unique, .unique_count = 1 };
    (void)url;
    CU_ASSERT_EQUAL(sqla__metadata_add_table(base, &table, &err), SQLA_OK);
    memset(name, 'x', 5), memset(column, 'x', 4), label[0] = 'x', key[0] = 'x';
    const sqla_table *found = sqla_metadata_find(base, "app.users");
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    CU_ASSERT(strcmp(found->columns[0].name, "kind") == 0 && strcmp(found->columns[0].labels[0], "a") == 0);
    CU_ASSERT(strcmp(found->foreign_keys[0].to_columns[0], "kind") == 0 && strcmp(found->uniques[0].name, "pk") == 0);
    CU_ASSERT_PTR_EQUAL(sqla_metadata_find(base, "users"), found);
    CU_ASSERT_PTR_EQUAL(sqla_metadata_table(base, 0), found);
    sqla_metadata_free(base);
}

static void out_of_memory(const char *url)
{
    bool done = false;
    int failures = 0;
    (void)url;
    for (uint64_t n = 1; !done && n < 1000; n++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla__alloc_fail_at(n, false);
        sqla_metadata *base = sqla_metadata_new(&err);
        sqla_metadata_add(base, SQLA_MODELS(Grade, Hen), &err);
        sqla_model *event = sqla_model_new(base, "Event", "events", &err);
        sqla_model_add_column(event, "id", SQLA_INT64, &(sqla_column_item){ .primary_key = true, .name = "event_id" }, &err);
        sqla_model_add_foreign_key(event, "person", SQLA_INT64, sqla_model_of_Person(), "id", NULL, &err);
        if (!sqla_failed(&err))
            sqla__metadata_freeze(base, &err);
        sqla__alloc_fail_at(0, false);
        done = !sqla_failed(&err);
        CU_ASSERT(done || err.status == SQLA_ERR_NOMEM);
        failures += !done;
        sqla_metadata_free(base);
    }
    CU_ASSERT(done && failures > 20);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "columns lie where the struct has them", columns__lie_where_the_struct_has_them, HARNESS_PLAIN },
        { "keys, generated and given", keys__generated_and_given, HARNESS_PLAIN },
        { "relations and their other sides", relations__and_their_other_sides, HARNESS_PLAIN },
        { "rank: parents first", rank__parents_first, HARNESS_PLAIN },
        { "tables with named constraints", tables__with_named_constraints, HARNESS_PLAIN },
        { "wrong models are refused by name", wrong_models__are_refused_by_name, HARNESS_PLAIN },
        { "add: wrong calls", add__wrong_calls, HARNESS_PLAIN },
        { "models made at run time are laid out", runtime__models_are_laid_out, HARNESS_PLAIN },
        { "models made at run time: wrong calls", runtime__wrong_calls, HARNESS_PLAIN },
        { "rows have columns alone", rows__have_columns_alone, HARNESS_PLAIN },
        { "found tables are copied", found_tables__are_copied, HARNESS_PLAIN },
        { "out of memory", out_of_memory, HARNESS_PLAIN },
    };
    return harness_main("test-mapping", tests, sizeof tests / sizeof tests[0]);
}
