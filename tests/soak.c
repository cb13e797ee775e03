/* soak.c: units of work by many threads for minutes, while all connections of the server are killed each second.
 *
 * Each unit adds a few rows, under its own number, changes one of them and commits. What it was told is held against the rows in
 * the end: all of them after OK, none after a failure, and after UNKNOWN_OUTCOME all or none. Nothing else may be there, and memory
 * must not grow. On SQLite, where nothing can be killed, the threads are in one another's way alone.
 *
 *   SOAK_SECONDS   for each database; 300
 *   SOAK_THREADS   8 */
#include <config.h>

#include <CUnit/CUnit.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqla/sqla.h>

#include "harness.h"

enum { MOST_UNITS = 4000000, MOST_THREADS = 64, ROWS = 5, GROWTH_KIB = 16 * 1024 };

typedef struct Drop Drop;
struct Drop {
    int64_t id;
    int64_t unit;
    int32_t place;
    const char *text;
};
SQLA_DECLARE(Drop);
SQLA_MODEL(Drop, "drops", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(unit, .index = true), SQLA_COLUMN(place),
    SQLA_COLUMN(text));

typedef enum told { NOTHING, DONE, FAILED, UNKNOWN } told;

static struct {
    sqla_sessionmaker *maker;
    uint8_t *told;         /* of each unit */
    atomic_long next;      /* the next unit */
    atomic_bool over;
    atomic_long counts[4]; /* by told */
    atomic_long odd;       /* failures that neither a kill nor a lock explains */
} soak;

static long wish(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtol(text, NULL, 10) : otherwise;
}

/* ---- the workers ------------------------------------------------------------------------------------- */

static told told_by(const sqla_error *err)
{
    if (err->status == SQLA_ERR_UNKNOWN_OUTCOME)
        return UNKNOWN;
    const int lawful = SQLA_CLASS_RETRYABLE | SQLA_CLASS_LOST;
    bool usual = (sqla_status_class(err->status) & lawful) != 0 || err->status == SQLA_ERR_BUSY;
    if (!usual && atomic_fetch_add(&soak.odd, 1) < 5)
        fprintf(stderr, "soak: %s: %s\n", sqla_status_name(err->status), err->message);
    return FAILED;
}

static told work(int64_t unit)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_session *s = sqla_open(soak.maker, &err);
    Drop *drops[ROWS] = { NULL };
    for (int i = 0; i < ROWS; i++)
        drops[i] = sqla_add(s, Drop, .unit = unit, .place = i, .text = "new");
    sqla_flush(s, &err);
    if (!sqla_failed(&err)) {
        drops[unit % ROWS]->text = "changed";
        sqla_commit(s, &err);
    }
    told ret = sqla_failed(&err) ? told_by(&err) : DONE;
    sqla_close(s);
    sqla_error_clear(&err);
    return ret;
}

static void *worker(void *unused)
{
    (void)unused;
    while (!atomic_load(&soak.over)) {
        long unit = atomic_fetch_add(&soak.next, 1);
        if (unit >= MOST_UNITS)
            break;
        told what = work(unit);
        soak.told[unit] = (uint8_t)what;
        atomic_fetch_add(&soak.counts[what], 1);
    }
    return NULL;
}

/* ---- the killer -------------------------------------------------------------------------------------- */

static long kill_by(sqla_conn *conn, const char *ids)
{
    sqla_error err = SQLA_ERROR_INIT;
    int64_t all[256];
    long n = 0;
    SQLA_EACH_ROW (row, sqla_sql(conn, ids), &err)
        if (n < (long)(sizeof all / sizeof all[0]))
            all[n++] = sqla_row_i64_at(row, 0, &err);
    for (long i = 0; i < n; i++) {
        char text[40];
        snprintf(text, sizeof text, "KILL %" PRId64, all[i]);
        sqla_execute(conn, text, NULL, &err); /* it may have gone by itself */
        sqla_error_clear(&err);
    }
    return n;
}

static long kill_all(const char *url, sqla_conn *conn)
{
    sqla_error err = SQLA_ERROR_INIT;
    if (harness_is_mariadb(url))
        return kill_by(conn, "SELECT id FROM information_schema.processlist "
                             "WHERE db = DATABASE() AND id <> CONNECTION_ID()");
    if (!harness_is_postgres(url))
        return 0;
    return (long)sqla_scalar_i64(sqla_sql(conn, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                                "WHERE datname = current_database() AND pid <> pg_backend_pid()"),
        &err);
}

/* ---- what was kept ----------------------------------------------------------------------------------- */

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (f != NULL)
        fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Each unit that has rows is looked at; those that were done and have none are what is left. */
static void check_rows(sqla_conn *conn, long units)
{
    sqla_error err = SQLA_ERROR_INIT;
    long whole = 0, wrong = 0, kept = 0;
    SQLA_EACH_ROW (row,
        sqla_sql(conn, "SELECT unit, count(*), sum(CASE WHEN text = 'changed' THEN 1 ELSE 0 END) FROM drops GROUP BY unit"), &err) {
        int64_t unit = sqla_row_i64_at(row, 0, &err), rows = sqla_row_i64_at(row, 1, &err);
        told what = unit >= 0 && unit < units ? (told)soak.told[unit] : NOTHING;
        bool right = rows == ROWS && sqla_row_i64_at(row, 2, &err) == 1 && (what == DONE || what == UNKNOWN);
        whole += right && what == DONE;
        kept += right && what == UNKNOWN;
        if (!right && wrong++ < 5)
            fprintf(stderr, "soak: unit %" PRId64 " (told %d) has %" PRId64 " rows\n", unit, (int)what, rows);
    }
    CU_ASSERT_EQUAL(err.status, SQLA_OK);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(whole, atomic_load(&soak.counts[DONE]));
    printf("    %ld units: %ld done, %ld failed, %ld with an unknown outcome, of which %ld were kept\n", units,
        atomic_load(&soak.counts[DONE]), atomic_load(&soak.counts[FAILED]), atomic_load(&soak.counts[UNKNOWN]), kept);
}

static void run(const char *url, sqla_conn *conn, long seconds, long threads)
{
    pthread_t ids[MOST_THREADS];
    long killed = 0, early = 0;
    for (long i = 0; i < threads; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&ids[i], NULL, worker, NULL), 0);
    for (long second = 0; second < seconds; second++) {
        sleep(1);
        killed += kill_all(url, conn);
        if (second == seconds / 5)
            early = resident_kib();
    }
    long late = resident_kib();
    atomic_store(&soak.over, true);
    for (long i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    printf("    %ld connections killed; %ld KiB of memory after a fifth of the time, %ld at its end\n", killed, early, late);
    CU_ASSERT(harness_is_emulated() || late - early < GROWTH_KIB);
}

static void soak__loses_nothing(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    long seconds = wish("SOAK_SECONDS", 300), threads = wish("SOAK_THREADS", 8);
    threads = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
    sqla_engine *db = sqla_create_engine(url, SQLA_ENGINE_OPTIONS(.pool_size = (int32_t)threads), &err);
    sqla_engine *beside = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(beside, &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Drop), &err);
    sqla_metadata_create_all(base, db, &err);
    memset(&soak, 0, sizeof soak);
    soak.maker = sqla_sessionmaker_new(db, base, NULL, &err);
    soak.told = calloc(MOST_UNITS, 1);
    CU_ASSERT_EQUAL_FATAL(err.status, SQLA_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(soak.told);
    run(url, conn, seconds, threads);
    CU_ASSERT_EQUAL(atomic_load(&soak.odd), 0);
    CU_ASSERT(atomic_load(&soak.counts[DONE]) > 0);
    check_rows(conn, atomic_load(&soak.next));
    free(soak.told);
    sqla_sessionmaker_free(soak.maker);
    sqla_metadata_free(base);
    sqla_conn_close(conn);
    sqla_engine_free(beside);
    sqla_engine_free(db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "soak: loses nothing", soak__loses_nothing, HARNESS_DATABASES },
    };
    return harness_main("soak", tests, sizeof tests / sizeof tests[0]);
}
