/* bench.c: W1 to W7 and R1, ours over raw, on the database whose URL is given. Usage: bench URL [workload ...] */
#include <config.h>
#include "bench.h"

#include <sqla/sqla.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Person Person;
typedef struct Parent Parent;
typedef struct Child Child;
typedef struct Age Age;
typedef struct Birthday Birthday;
SQLA_DECLARE(Person);
SQLA_DECLARE(Parent);
SQLA_DECLARE(Child);
SQLA_DECLARE(Age);
SQLA_DECLARE(Birthday);

struct Person {
    int64_t id;
    const char *firstname, *lastname;
    int32_t age;
    double height;
    sqla_timestamp created_at;
};
struct Parent { int64_t id; const char *name; };
struct Child { int64_t id; int64_t parent_id; const char *name; Parent *parent; };
struct Age { int32_t age; };
struct Birthday { int64_t id; int32_t age; };

SQLA_MODEL(Person, "people", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(firstname), SQLA_COLUMN(lastname), SQLA_COLUMN(age), SQLA_COLUMN(height),
    SQLA_COLUMN(created_at));
SQLA_MODEL(Parent, "parents", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(name));
SQLA_MODEL(Child, "children", SQLA_COLUMN(id, .primary_key = true), SQLA_FOREIGN_KEY(parent_id, Parent, id), SQLA_COLUMN(name),
    SQLA_TO_ONE(parent, Parent, parent_id));
SQLA_ROW(Age, SQLA_COLUMN(age));
SQLA_ROW(Birthday, SQLA_COLUMN(id), SQLA_COLUMN(age));

typedef struct bench {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_error err;
    const raw_ops *raw;
    void *raw_db;
} bench;

/* ---- what both sides share ------------------------------------------------------------------------------------------------------- */

static const char *const names[] = { "Nicolas", "Hedy", "Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Katherine", "Dennis", "Mary", "Linus" };
const char *bench_firstname(int64_t i) { return names[i % 12]; }
const char *bench_lastname(int64_t i) { return names[i / 12 % 12]; }

int64_t bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

_Noreturn void bench_die(const char *what, const char *message)
{
    fprintf(stderr, "bench: %s: %s\n", what, message);
    exit(1);
}

static void must(bench *b, const char *what)
{
    if (sqla_failed(&b->err))
        bench_die(what, b->err.message);
}


static sqla_session *session(bench *b)
{
    sqla_session *s = sqla_open(b->maker, &b->err);
    must(b, "open");
    return s;
}

/* ---- ours ------------------------------------------------------------------------------------------------------------------------- */

static void add_people(sqla_session *s, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        sqla_add(s, Person, .firstname = bench_firstname(i), .lastname = bench_lastname(i), .age = (int32_t)(i % 100), .height = 1.5 + (double)(i % 50) / 100,
                 .created_at = { 1700000000000000 + i });
}

static int64_t ours_insert(bench *b, int64_t *check)
{
    int64_t start = bench_now();
    sqla_session *s = session(b);
    Person *last = NULL;
    add_people(s, ROWS - 1);
    last = sqla_add(s, Person, .firstname = "last", .lastname = "one");
    sqla_commit(s, &b->err);
    must(b, "commit");
    *check = last->id > 0 ? ROWS : 0;
    int64_t end = bench_now();
    sqla_close(s);
    return end - start;
}

static int64_t ours_load(bench *b, int64_t *check)
{
    int64_t start = bench_now(), sum = 0;
    sqla_session *s = session(b);
    size_t n = 0;
    Person **all = sqla_all(sqla_select(s, Person), Person, &n, &b->err);
    must(b, "all");
    for (size_t i = 0; i < n; i++)
        sum += all[i]->age + all[i]->firstname[0];
    *check = sum;
    int64_t end = bench_now();
    sqla_close(s);
    return end - start;
}

static int64_t ours_get(bench *b, int64_t first, int64_t *check)
{
    int64_t start = bench_now(), sum = 0;
    uint32_t seed = 12345;
    sqla_session *s = session(b);
    for (int i = 0; i < GETS; i++) {
        seed = seed * 1664525u + 1013904223u;
        const Person *p = sqla_get(s, Person, first + (int64_t)(seed >> 8) % ROWS, &b->err);
        must(b, "get");
        sum += p->age;
    }
    *check = sum;
    int64_t end = bench_now();
    sqla_close(s);
    return end - start;
}

/* Loaded before the clock starts, as the raw side has its keys. */
static int64_t ours_change(bench *b, int64_t first, int64_t *check)
{
    sqla_session *s = session(b);
    size_t n = 0;
    Person **some = sqla_all(sqla_where(sqla_select(s, Person), sqla_between(sqla_col(Person, id), first, first + CHANGES - 1)), Person, &n, &b->err);
    must(b, "all");
    int64_t start = bench_now();
    for (size_t i = 0; i < n; i++)
        some[i]->age = 1000 + (int32_t)(i % 100);
    sqla_commit(s, &b->err);
    must(b, "commit");
    int64_t end = bench_now();
    *check = (int64_t)n;
    sqla_close(s);
    return end - start;
}

static int64_t ours_remove(bench *b, int64_t first, int64_t *check)
{
    sqla_session *s = session(b);
    size_t n = 0;
    Person **some = sqla_all(sqla_where(sqla_select(s, Person), sqla_between(sqla_col(Person, id), first, first + CHANGES - 1)), Person, &n, &b->err);
    must(b, "all");
    int64_t start = bench_now();
    for (size_t i = 0; i < n; i++)
        sqla_delete(s, some[i]);
    sqla_commit(s, &b->err);
    must(b, "commit");
    int64_t end = bench_now();
    *check = (int64_t)n;
    sqla_close(s);
    return end - start;
}

static int64_t ours_family(bench *b, int64_t *check)
{
    int64_t start = bench_now();
    sqla_session *s = session(b);
    for (int64_t i = 0; i < PARENTS; i++) {
        Parent *parent = sqla_add(s, Parent, .name = bench_firstname(i));
        for (int64_t k = 0; k < CHILDREN; k++)
            sqla_add(s, Child, .name = bench_lastname(k), .parent = parent);
    }
    sqla_commit(s, &b->err);
    must(b, "commit");
    int64_t end = bench_now();
    *check = PARENTS * CHILDREN;
    sqla_close(s);
    return end - start;
}

static int64_t ours_stream(bench *b, int64_t *check)
{
    int64_t start = bench_now(), sum = 0;
    sqla_session *s = session(b);
    sqla_stmt *q = sqla_select_cols(s, sqla_col(Person, age));
    SQLA_STREAM(Age, a, q, &b->err)
        sum += a->age;
    must(b, "stream");
    *check = sum;
    int64_t end = bench_now();
    sqla_close(s);
    return end - start;
}

static int64_t ours_many(bench *b, int64_t first, int64_t *check)
{
    Birthday *birthdays = malloc(CHANGES * sizeof *birthdays);
    if (birthdays == NULL)
        bench_die("birthdays", "out of memory");
    int64_t start = bench_now();
    for (int i = 0; i < CHANGES; i++)
        birthdays[i] = (Birthday){ first + i, 1000 + i % 100 };
    sqla_execute_many(b->db, "UPDATE people SET age = :age WHERE id = :id", Birthday, birthdays, CHANGES, check, &b->err);
    must(b, "execute_many");
    int64_t end = bench_now();
    free(birthdays);
    return end - start;
}

/* ---- running ------------------------------------------------------------------------------------------------------------------------ */

/* People 1 .. n, in a fresh table; keys start at the smallest id, which is returned. */
static int64_t fill(bench *b, int64_t n)
{
    sqla_metadata_drop_all(b->base, b->db, &b->err);
    sqla_metadata_create_all(b->base, b->db, &b->err);
    must(b, "create_all");
    for (int64_t done = 0; done < n; done += ROWS) {
        sqla_session *s = session(b);
        add_people(s, n - done < ROWS ? n - done : ROWS);
        sqla_commit(s, &b->err);
        must(b, "fill");
        sqla_close(s);
    }
    sqla_stmt *q = sqla_select_cols(b->db, sqla_min(sqla_col(Person, id)));
    int64_t first = n > 0 ? sqla_scalar_i64(q, &b->err) : 0;
    must(b, "min");
    sqla_stmt_free(q);
    return first;
}

typedef int64_t side_fn(bench *b, int64_t first, bool raw, int64_t *check);
static int64_t w1(bench *b, int64_t first, bool raw, int64_t *check) { (void)first; return raw ? b->raw->insert(b->raw_db, check) : ours_insert(b, check); }
static int64_t w2(bench *b, int64_t first, bool raw, int64_t *check) { (void)first; return raw ? b->raw->load(b->raw_db, check) : ours_load(b, check); }
static int64_t w3(bench *b, int64_t first, bool raw, int64_t *check) { return raw ? b->raw->get(b->raw_db, first, check) : ours_get(b, first, check); }
static int64_t w4(bench *b, int64_t first, bool raw, int64_t *check) { return raw ? b->raw->change(b->raw_db, first, check) : ours_change(b, first, check); }
static int64_t w5(bench *b, int64_t first, bool raw, int64_t *check) { return raw ? b->raw->remove(b->raw_db, first, check) : ours_remove(b, first, check); }
static int64_t w6(bench *b, int64_t first, bool raw, int64_t *check) { (void)first; return raw ? b->raw->family(b->raw_db, check) : ours_family(b, check); }
static int64_t w7(bench *b, int64_t first, bool raw, int64_t *check) { (void)first; return raw ? b->raw->stream(b->raw_db, check) : ours_stream(b, check); }
static int64_t r1(bench *b, int64_t first, bool raw, int64_t *check) { return raw ? b->raw->many(b->raw_db, first, check) : ours_many(b, first, check); }

static const struct workload {
    const char *name, *what;
    side_fn *run;
    int64_t rows; /* that stand in the table before */
    bool changes; /* filled anew before each run */
} workloads[] = {
    { "W1", "add 100,000 objects, commit, keys back", w1, 0, true },
    { "W2", "load 100,000 rows as objects", w2, ROWS, false },
    { "W3", "20,000 single gets by key", w3, ROWS, false },
    { "W4", "change one column of 20,000 objects", w4, ROWS, true },
    { "W5", "delete 20,000 objects", w5, ROWS, true },
    { "W6", "5,000 parents with 10 children each", w6, 0, true },
    { "W7", "sum one column of 1,000,000 rows", w7, STREAMED, false },
    { "R1", "one raw UPDATE for 20,000 structs", r1, ROWS, true },
};

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double median(int64_t *times)
{
    qsort(times, RUNS, sizeof *times, by_value);
    return (double)times[RUNS / 2];
}

static void run(bench *b, const struct workload *w)
{
    int64_t times[2][RUNS], check[2] = { 0, 0 }, first = 0;
    if (!w->changes)
        first = fill(b, w->rows);
    for (int r = 0; r < RUNS; r++)
        for (int side = 0; side < 2; side++) {
            bool raw = (side + r) % 2 == 0; /* each goes first in turn */
            if (w->changes)
                first = fill(b, w->rows);
            times[raw][r] = w->run(b, first, raw, &check[raw]);
        }
    if (check[0] != check[1])
        bench_die(w->name, "the two sides did not do the same work");
    double ours = median(times[0]), raw = median(times[1]);
    printf("%s  %-42s  ours %9.2f ms   raw %9.2f ms   ratio %.2f\n", w->name, w->what, ours / 1e6, raw / 1e6, ours / raw);
    fflush(stdout);
}

static bool wanted(int argc, char **argv, const char *name)
{
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc <= 2;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        bench_die("usage", "bench URL [W1 ... W7 R1]");
    bench b = { .err = SQLA_ERROR_INIT };
    b.db = sqla_create_engine(argv[1], NULL, &b.err);
    b.base = sqla_metadata_new(&b.err);
    sqla_metadata_add(b.base, SQLA_MODELS(Person, Child), &b.err);
    b.maker = sqla_sessionmaker_new(b.db, b.base, NULL, &b.err);
    must(&b, "set-up");
    b.raw = strncmp(argv[1], "sqlite", 6) == 0 ? &raw_sqlite : &raw_postgres;
    b.raw_db = b.raw->open(argv[1]);
    printf("%s, medians of %d\n", sqla_engine_dialect(b.db), RUNS);
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++)
        if (wanted(argc, argv, workloads[i].name))
            run(&b, &workloads[i]);
    b.raw->close(b.raw_db);
    sqla_metadata_drop_all(b.base, b.db, &b.err);
    sqla_sessionmaker_free(b.maker);
    sqla_metadata_free(b.base);
    sqla_engine_free(b.db);
    return sqla_failed(&b.err);
}
