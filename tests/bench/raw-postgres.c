/* raw-postgres.c: the workloads as a good hand writes them against libpq: arrays through unnest, binary single-row results, prepared gets. */
#include <config.h>
#include "bench.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INT4 = 23, INT8 = 20, FLOAT8 = 701, TEXT = 25, TIMESTAMPTZ = 1184, INT4S = 1007, INT8S = 1016, FLOAT8S = 1022, TEXTS = 1009, TIMESTAMPTZS = 1185, BATCH = 10000 };
static const int64_t epoch_2000 = 946684800000000;

static PGresult *checked(PGconn *db, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_SINGLE_TUPLE)
        bench_die("libpq", PQerrorMessage(db));
    return result;
}

static void exec(PGconn *db, const char *sql) { PQclear(checked(db, PQexec(db, sql))); }

static void *open_raw(const char *url)
{
    PGconn *db = PQconnectdb(url);
    if (PQstatus(db) != CONNECTION_OK)
        bench_die("connect", PQerrorMessage(db));
    return db;
}

static void close_raw(void *db) { PQfinish(db); }

/* ---- binary arrays ---------------------------------------------------------------------------------------------------------------- */

typedef struct array { char *data; size_t size, capacity; } array;

static char *grow(array *a, size_t more)
{
    if (a->size + more > a->capacity)
        a->data = realloc(a->data, a->capacity = (a->capacity + more) * 2);
    char *at = a->data + a->size;
    a->size += more;
    return at;
}

static void put32(array *a, uint32_t v) { uint32_t n = htonl(v); memcpy(grow(a, 4), &n, 4); }
static void put64(array *a, uint64_t v) { uint64_t n = htobe64(v); memcpy(grow(a, 8), &n, 8); }

static void begin(array *a, uint32_t element, uint32_t n)
{
    a->size = 0;
    put32(a, 1);
    put32(a, 0);
    put32(a, element);
    put32(a, n);
    put32(a, 1);
}

static void add_text(array *a, const char *text)
{
    size_t n = strlen(text);
    put32(a, (uint32_t)n);
    memcpy(grow(a, n), text, n);
}

static void add_i32(array *a, int32_t v) { put32(a, 4); put32(a, (uint32_t)v); }
static void add_i64(array *a, int64_t v) { put32(a, 8); put64(a, (uint64_t)v); }
static void add_f64(array *a, double v) { uint64_t bits; memcpy(&bits, &v, 8); put32(a, 8); put64(a, bits); }

static PGresult *run(PGconn *db, const char *sql, int n, const Oid *types, const array *arrays)
{
    const char *values[8];
    int lengths[8], formats[8];
    for (int i = 0; i < n; i++) {
        values[i] = arrays[i].data;
        lengths[i] = (int)arrays[i].size;
        formats[i] = 1;
    }
    return checked(db, PQexecParams(db, sql, n, types, values, lengths, formats, 1));
}

static int64_t int64_at(const PGresult *r, int row, int column)
{
    uint64_t v;
    memcpy(&v, PQgetvalue(r, row, column), 8);
    return (int64_t)be64toh(v);
}

static int32_t int32_at(const PGresult *r, int row, int column)
{
    uint32_t v;
    memcpy(&v, PQgetvalue(r, row, column), 4);
    return (int32_t)ntohl(v);
}

/* ---- the workloads --------------------------------------------------------------------------------------------------------------------- */

static int64_t insert(void *handle, int64_t *check)
{
    PGconn *db = handle;
    int64_t start = bench_now();
    person *people = malloc(ROWS * sizeof *people);
    for (int64_t i = 0; i < ROWS; i++)
        people[i] = (person){ 0, strdup(bench_firstname(i)), strdup(bench_lastname(i)), (int32_t)(i % 100), 1.5 + (double)(i % 50) / 100, 1700000000000000 + i };
    static const Oid types[] = { TEXTS, TEXTS, INT4S, FLOAT8S, TIMESTAMPTZS };
    array a[5] = { { 0 } };
    exec(db, "BEGIN");
    for (int64_t at = 0; at < ROWS; at += BATCH) {
        begin(&a[0], TEXT, BATCH), begin(&a[1], TEXT, BATCH), begin(&a[2], INT4, BATCH), begin(&a[3], FLOAT8, BATCH), begin(&a[4], TIMESTAMPTZ, BATCH);
        for (int64_t i = at; i < at + BATCH; i++) {
            add_text(&a[0], people[i].firstname);
            add_text(&a[1], people[i].lastname);
            add_i32(&a[2], people[i].age);
            add_f64(&a[3], people[i].height);
            add_i64(&a[4], people[i].created_at - epoch_2000);
        }
        PGresult *r = run(db, "INSERT INTO people (firstname, lastname, age, height, created_at) SELECT a, b, c, d, e FROM unnest($1, $2, $3, $4, $5) "
                              "WITH ORDINALITY AS u(a, b, c, d, e, o) ORDER BY o RETURNING id", 5, types, a);
        for (int i = 0; i < BATCH; i++)
            people[at + i].id = int64_at(r, i, 0);
        PQclear(r);
    }
    exec(db, "COMMIT");
    *check = people[ROWS - 1].id > 0 ? ROWS : 0;
    int64_t end = bench_now();
    for (int i = 0; i < 5; i++)
        free(a[i].data);
    for (int64_t i = 0; i < ROWS; i++)
        free((void *)(uintptr_t)people[i].firstname), free((void *)(uintptr_t)people[i].lastname);
    free(people);
    return end - start;
}

static void start_rows(PGconn *db, const char *sql)
{
    if (!PQsendQueryParams(db, sql, 0, NULL, NULL, NULL, NULL, 1) || !PQsetSingleRowMode(db))
        bench_die("send", PQerrorMessage(db));
}

static int64_t load(void *handle, int64_t *check)
{
    PGconn *db = handle;
    int64_t start = bench_now(), sum = 0;
    size_t n = 0, capacity = 1024;
    person *people = malloc(capacity * sizeof *people);
    enum { BLOCK = 65536 };
    char *blocks[1024], *at = NULL;
    size_t block_count = 0, left = 0;
    start_rows(db, "SELECT id, firstname, lastname, age, height, created_at FROM people");
    for (PGresult *r; (r = PQgetResult(db)) != NULL; PQclear(r)) {
        if (PQresultStatus(checked(db, r)) != PGRES_SINGLE_TUPLE)
            continue;
        if (n == capacity)
            people = realloc(people, (capacity *= 2) * sizeof *people);
        person *p = &people[n++];
        p->id = int64_at(r, 0, 0);
        for (int c = 1; c <= 2; c++) {
            size_t size = (size_t)PQgetlength(r, 0, c) + 1;
            if (size > left) {
                at = blocks[block_count++] = malloc(BLOCK);
                left = BLOCK;
            }
            memcpy(at, PQgetvalue(r, 0, c), size);
            *(c == 1 ? &p->firstname : &p->lastname) = at;
            at += size;
            left -= size;
        }
        p->age = int32_at(r, 0, 3);
        uint64_t bits = (uint64_t)int64_at(r, 0, 4);
        memcpy(&p->height, &bits, 8);
        p->created_at = int64_at(r, 0, 5) + epoch_2000;
    }
    for (size_t i = 0; i < n; i++)
        sum += people[i].age + people[i].firstname[0];
    *check = sum;
    int64_t end = bench_now();
    for (size_t i = 0; i < block_count; i++)
        free(blocks[i]);
    free(people);
    return end - start;
}

static int64_t get(void *handle, int64_t first, int64_t *check)
{
    PGconn *db = handle;
    int64_t start = bench_now(), sum = 0;
    uint32_t seed = 12345;
    exec(db, "BEGIN");
    static const Oid types[] = { INT8 };
    PQclear(checked(db, PQprepare(db, "bench_get", "SELECT id, firstname, lastname, age, height, created_at FROM people WHERE id = $1", 1, types)));
    for (int i = 0; i < GETS; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint64_t key = htobe64((uint64_t)(first + (int64_t)(seed >> 8) % ROWS));
        const char *values[] = { (const char *)&key };
        PGresult *r = checked(db, PQexecPrepared(db, "bench_get", 1, values, (int[]){ 8 }, (int[]){ 1 }, 1));
        char *firstname = strdup(PQgetvalue(r, 0, 1)), *lastname = strdup(PQgetvalue(r, 0, 2));
        sum += int32_at(r, 0, 3);
        free(firstname);
        free(lastname);
        PQclear(r);
    }
    exec(db, "COMMIT");
    exec(db, "DEALLOCATE bench_get");
    *check = sum;
    return bench_now() - start;
}

static int64_t change(void *handle, int64_t first, int64_t *check)
{
    PGconn *db = handle;
    int64_t start = bench_now();
    static const Oid types[] = { INT4S, INT8S };
    array a[2] = { { 0 } };
    begin(&a[0], INT4, CHANGES), begin(&a[1], INT8, CHANGES);
    for (int i = 0; i < CHANGES; i++)
        add_i32(&a[0], 1000 + i % 100), add_i64(&a[1], first + i);
    exec(db, "BEGIN");
    PQclear(run(db, "UPDATE people AS t SET age = v.age FROM unnest($1, $2) AS v(age, id) WHERE t.id = v.id", 2, types, a));
    exec(db, "COMMIT");
    free(a[0].data), free(a[1].data);
    *check = CHANGES;
    return bench_now() - start;
}

static int64_t remove_rows(void *handle, int64_t first, int64_t *check)
{
    PGconn *db = handle;
    int64_t start = bench_now();
    static const Oid types[] = { INT8S };
    array a[1] = { { 0 } };
    begin(&a[0], INT8, CHANGES);
    for (int i = 0; i < CHANGES; i++)
        add_i64(&a[0], first + i);
    exec(db, "BEGIN");
    PQclear(run(db, "DELETE FROM people WHERE id = ANY($1)", 1, types, a));
    exec(db, "COMMIT");
    free(a[0].data);
    *check = CHANGES;
    return bench_now() - start;
}

static int64_t family(void *handle, int64_t *check)
{
    PGconn *db = handle;
    int64_t start = bench_now();
    static const Oid parent_types[] = { TEXTS }, child_types[] = { INT8S, TEXTS };
    array a[2] = { { 0 } };
    begin(&a[0], TEXT, PARENTS);
    for (int64_t i = 0; i < PARENTS; i++)
        add_text(&a[0], bench_firstname(i));
    exec(db, "BEGIN");
    PGresult *r = run(db, "INSERT INTO parents (name) SELECT a FROM unnest($1) WITH ORDINALITY AS u(a, o) ORDER BY o RETURNING id", 1, parent_types, a);
    for (int64_t at = 0; at < PARENTS; at += BATCH / CHILDREN) {
        begin(&a[0], INT8, BATCH), begin(&a[1], TEXT, BATCH);
        for (int64_t i = at; i < at + BATCH / CHILDREN; i++)
            for (int64_t k = 0; k < CHILDREN; k++)
                add_i64(&a[0], int64_at(r, (int)i, 0)), add_text(&a[1], bench_lastname(k));
        PQclear(run(db, "INSERT INTO children (parent_id, name) SELECT a, b FROM unnest($1, $2) WITH ORDINALITY AS u(a, b, o) ORDER BY o RETURNING id", 2,
                    child_types, a));
    }
    PQclear(r);
    exec(db, "COMMIT");
    free(a[0].data), free(a[1].data);
    *check = PARENTS * CHILDREN;
    return bench_now() - start;
}

static int64_t stream(void *handle, int64_t *check)
{
    PGconn *db = handle;
    int64_t start = bench_now(), sum = 0;
    start_rows(db, "SELECT age FROM people");
    for (PGresult *r; (r = PQgetResult(db)) != NULL; PQclear(r))
        if (PQresultStatus(checked(db, r)) == PGRES_SINGLE_TUPLE)
            sum += int32_at(r, 0, 0);
    *check = sum;
    return bench_now() - start;
}

/* A statement that cannot be written for arrays: prepared, and sent without waiting for each answer. */
static int64_t many(void *handle, int64_t first, int64_t *check)
{
    enum { ROUND = 1000 };
    PGconn *db = handle;
    int64_t start = bench_now(), changed = 0;
    static const Oid types[] = { INT4, INT8 };
    exec(db, "BEGIN");
    PQclear(checked(db, PQprepare(db, "bench_many", "UPDATE people SET age = $1 WHERE id = $2", 2, types)));
    PQenterPipelineMode(db);
    for (int at = 0; at < CHANGES; at += ROUND) {
        for (int i = at; i < at + ROUND; i++) {
            uint32_t age = htonl((uint32_t)(1000 + i % 100));
            uint64_t id = htobe64((uint64_t)(first + i));
            const char *values[] = { (const char *)&age, (const char *)&id };
            if (!PQsendQueryPrepared(db, "bench_many", 2, values, (int[]){ 4, 8 }, (int[]){ 1, 1 }, 1))
                bench_die("send", PQerrorMessage(db));
        }
        PQpipelineSync(db);
        for (int ends = 0; ends < ROUND + 1;) {
            PGresult *r = PQgetResult(db);
            ends += r == NULL || PQresultStatus(r) == PGRES_PIPELINE_SYNC;
            if (r != NULL && PQresultStatus(r) != PGRES_PIPELINE_SYNC)
                changed += atoll(PQcmdTuples(checked(db, r)));
            PQclear(r);
        }
    }
    PQexitPipelineMode(db);
    exec(db, "COMMIT");
    exec(db, "DEALLOCATE bench_many");
    *check = changed;
    return bench_now() - start;
}

const raw_ops raw_postgres = { "libpq", open_raw, close_raw, insert, load, get, change, remove_rows, family, stream, many };
