/* raw-sqlite.c: the workloads as one writes them by hand against sqlite3: a prepared statement in a loop, in a transaction. */
#include <config.h>
#include "bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_rc(sqlite3 *db, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
        bench_die("sqlite", sqlite3_errmsg(db));
}

static void exec(sqlite3 *db, const char *sql) { check_rc(db, sqlite3_exec(db, sql, NULL, NULL, NULL)); }

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    check_rc(db, sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
    return stmt;
}

static void step(sqlite3 *db, sqlite3_stmt *stmt)
{
    check_rc(db, sqlite3_step(stmt));
    sqlite3_reset(stmt);
}

/* sqlite:///relative or sqlite:////absolute */
static void *open_raw(const char *url)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(url + strlen("sqlite:///"), &db) != SQLITE_OK)
        bench_die("open", sqlite3_errmsg(db));
    sqlite3_busy_timeout(db, 5000);
    exec(db, "PRAGMA foreign_keys = ON");
    return db;
}

static void close_raw(void *db) { sqlite3_close(db); }

/* The time as text, as the driver stores it. */
static int time_text(char *to, size_t size, int64_t micros)
{
    int64_t days = micros / 86400000000, rest = micros % 86400000000;
    int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);
    return snprintf(to, size, "%04d-%02d-%02d %02d:%02d:%02d.%06d", (int)year, (int)month, (int)day, (int)(rest / 3600000000), (int)(rest / 60000000 % 60),
                    (int)(rest / 1000000 % 60), (int)(rest % 1000000));
}

static int64_t time_value(const char *text)
{
    int year, month, day, hour, minute, second, micro;
    if (text == NULL || sscanf(text, "%d-%d-%d %d:%d:%d.%d", &year, &month, &day, &hour, &minute, &second, &micro) != 7)
        return 0;
    int64_t y = year - (month <= 2), era = y / 400, yoe = y - era * 400, doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t days = era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
    return ((days * 24 + hour) * 60 + minute) * 60000000 + (int64_t)second * 1000000 + micro;
}

static char *copy(const char *text) { return strdup(text); }

static int64_t insert(void *handle, int64_t *check)
{
    sqlite3 *db = handle;
    int64_t start = bench_now();
    person *people = malloc(ROWS * sizeof *people);
    for (int64_t i = 0; i < ROWS; i++)
        people[i] = (person){ 0, copy(bench_firstname(i)), copy(bench_lastname(i)), (int32_t)(i % 100), 1.5 + (double)(i % 50) / 100, 1700000000000000 + i };
    exec(db, "BEGIN");
    sqlite3_stmt *stmt = prepare(db, "INSERT INTO people (firstname, lastname, age, height, created_at) VALUES (?, ?, ?, ?, ?)");
    for (int64_t i = 0; i < ROWS; i++) {
        char text[64];
        int n = time_text(text, sizeof text, people[i].created_at);
        sqlite3_bind_text(stmt, 1, people[i].firstname, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 2, people[i].lastname, -1, SQLITE_STATIC);
        sqlite3_bind_int(stmt, 3, people[i].age);
        sqlite3_bind_double(stmt, 4, people[i].height);
        sqlite3_bind_text(stmt, 5, text, n, SQLITE_STATIC);
        step(db, stmt);
        people[i].id = sqlite3_last_insert_rowid(db);
    }
    sqlite3_finalize(stmt);
    exec(db, "COMMIT");
    *check = people[ROWS - 1].id > 0 ? ROWS : 0;
    int64_t end = bench_now();
    for (int64_t i = 0; i < ROWS; i++)
        free((void *)(uintptr_t)people[i].firstname), free((void *)(uintptr_t)people[i].lastname);
    free(people);
    return end - start;
}

/* Strings go into one growing arena, as a careful hand would do it. */
static int64_t load(void *handle, int64_t *check)
{
    sqlite3 *db = handle;
    int64_t start = bench_now(), sum = 0;
    size_t n = 0, capacity = 1024;
    person *people = malloc(capacity * sizeof *people);
    enum { BLOCK = 65536 };
    char *blocks[1024], *at = NULL;
    size_t block_count = 0, left = 0;
    sqlite3_stmt *stmt = prepare(db, "SELECT id, firstname, lastname, age, height, created_at FROM people");
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        if (n == capacity)
            people = realloc(people, (capacity *= 2) * sizeof *people);
        person *p = &people[n++];
        p->id = sqlite3_column_int64(stmt, 0);
        for (int c = 1; c <= 2; c++) {
            const char *text = (const char *)sqlite3_column_text(stmt, c);
            size_t size = (size_t)sqlite3_column_bytes(stmt, c) + 1;
            if (size > left) {
                at = blocks[block_count++] = malloc(BLOCK);
                left = BLOCK;
            }
            memcpy(at, text, size);
            *(c == 1 ? &p->firstname : &p->lastname) = at;
            at += size;
            left -= size;
        }
        p->age = sqlite3_column_int(stmt, 3);
        p->height = sqlite3_column_double(stmt, 4);
        p->created_at = time_value((const char *)sqlite3_column_text(stmt, 5));
    }
    sqlite3_finalize(stmt);
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
    sqlite3 *db = handle;
    int64_t start = bench_now(), sum = 0;
    uint32_t seed = 12345;
    exec(db, "BEGIN");
    sqlite3_stmt *stmt = prepare(db, "SELECT id, firstname, lastname, age, height, created_at FROM people WHERE id = ?");
    for (int i = 0; i < GETS; i++) {
        seed = seed * 1664525u + 1013904223u;
        sqlite3_bind_int64(stmt, 1, first + (int64_t)(seed >> 8) % ROWS);
        check_rc(db, sqlite3_step(stmt));
        person p = { .id = sqlite3_column_int64(stmt, 0), .firstname = copy((const char *)sqlite3_column_text(stmt, 1)),
                     .lastname = copy((const char *)sqlite3_column_text(stmt, 2)), .age = sqlite3_column_int(stmt, 3), .height = sqlite3_column_double(stmt, 4),
                     .created_at = time_value((const char *)sqlite3_column_text(stmt, 5)) };
        sum += p.age;
        free((void *)(uintptr_t)p.firstname);
        free((void *)(uintptr_t)p.lastname);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    exec(db, "COMMIT");
    *check = sum;
    return bench_now() - start;
}

static int64_t change(void *handle, int64_t first, int64_t *check)
{
    sqlite3 *db = handle;
    int64_t start = bench_now();
    exec(db, "BEGIN");
    sqlite3_stmt *stmt = prepare(db, "UPDATE people SET age = ? WHERE id = ?");
    for (int i = 0; i < CHANGES; i++) {
        sqlite3_bind_int(stmt, 1, 1000 + i % 100);
        sqlite3_bind_int64(stmt, 2, first + i);
        step(db, stmt);
    }
    sqlite3_finalize(stmt);
    exec(db, "COMMIT");
    *check = CHANGES;
    return bench_now() - start;
}

static int64_t remove_rows(void *handle, int64_t first, int64_t *check)
{
    sqlite3 *db = handle;
    int64_t start = bench_now();
    exec(db, "BEGIN");
    sqlite3_stmt *stmt = prepare(db, "DELETE FROM people WHERE id = ?");
    for (int i = 0; i < CHANGES; i++) {
        sqlite3_bind_int64(stmt, 1, first + i);
        step(db, stmt);
    }
    sqlite3_finalize(stmt);
    exec(db, "COMMIT");
    *check = CHANGES;
    return bench_now() - start;
}

static int64_t family(void *handle, int64_t *check)
{
    sqlite3 *db = handle;
    int64_t start = bench_now();
    exec(db, "BEGIN");
    sqlite3_stmt *parent = prepare(db, "INSERT INTO parents (name) VALUES (?)"), *child = prepare(db, "INSERT INTO children (parent_id, name) VALUES (?, ?)");
    for (int64_t i = 0; i < PARENTS; i++) {
        sqlite3_bind_text(parent, 1, bench_firstname(i), -1, SQLITE_STATIC);
        step(db, parent);
        int64_t id = sqlite3_last_insert_rowid(db);
        for (int64_t k = 0; k < CHILDREN; k++) {
            sqlite3_bind_int64(child, 1, id);
            sqlite3_bind_text(child, 2, bench_lastname(k), -1, SQLITE_STATIC);
            step(db, child);
        }
    }
    sqlite3_finalize(parent);
    sqlite3_finalize(child);
    exec(db, "COMMIT");
    *check = PARENTS * CHILDREN;
    return bench_now() - start;
}

static int64_t stream(void *handle, int64_t *check)
{
    sqlite3 *db = handle;
    int64_t start = bench_now(), sum = 0;
    sqlite3_stmt *stmt = prepare(db, "SELECT age FROM people");
    while (sqlite3_step(stmt) == SQLITE_ROW)
        sum += sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    *check = sum;
    return bench_now() - start;
}

const raw_ops raw_sqlite = { "sqlite3", open_raw, close_raw, insert, load, get, change, remove_rows, family, stream, change };
