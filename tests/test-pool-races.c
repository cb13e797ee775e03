/* test-pool-races.c: two threads do at once what the pool must not confuse, again and again.
 *
 * Each race is set up, both hands are let go by a barrier, and when both are done it is looked at what has become of it. The
 * core's locks are wrapped (by the linker, see Makefile.am): at random a thread gives way before it takes one, and after it has
 * given one back, so that the order changes from time to time. Hundreds of repeats; SQLA_TEST_REPEATS says how many. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine.h"
#include "expect.h"

/* ---- giving way ------------------------------------------------------------------------------------------------------ */

int __real_pthread_mutex_lock(pthread_mutex_t *lock);
int __real_pthread_mutex_unlock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_lock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock);

static _Thread_local uint32_t chance;
static atomic_long ways_given;

static uint32_t draw(void)
{
    chance = chance * 1664525u + 1013904223u;
    return chance >> 16;
}

static void give_way(void)
{
    if (chance == 0 || draw() % 4 != 0) /* 0: not one of the hands */
        return;
    atomic_fetch_add_explicit(&ways_given, 1, memory_order_relaxed);
    sched_yield();
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
    give_way();
    return __real_pthread_mutex_lock(lock);
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock)
{
    int code = __real_pthread_mutex_unlock(lock);
    give_way();
    return code;
}

/* ---- racing ---------------------------------------------------------------------------------------------------------- */

/* What both hands work with. */
static struct {
    const char *url;
    sqla_engine *db, *other;
    sqla_conn *conn, *second, *got[2];
    sqla_error err[2];
    int64_t open_before, number;
    int odd;                       /* which repeat this is */
} now;

typedef struct race {
    void (*set)(void), (*left)(void), (*right)(void), (*judge)(void);
} race;

typedef struct hand { pthread_t thread; void (*move)(void); int repeats; uint32_t seed; } hand;
static pthread_barrier_t gate;

static void *run_hand(void *arg)
{
    hand *h = arg;
    chance = h->seed | 1;
    for (int i = 0; i < h->repeats; i++) {
        pthread_barrier_wait(&gate);
        for (uint32_t n = draw() % 3; n > 0; n--)
            sched_yield();
        h->move();
        pthread_barrier_wait(&gate);
    }
    return NULL;
}

static int repeats_of(int few)
{
    const char *text = getenv("SQLA_TEST_REPEATS");
    int many = text != NULL ? atoi(text) : 0;
    return many > 0 ? many : few;
}

static void run_race(const race *r, int repeats)
{
    hand hands[2] = { { .move = r->left, .repeats = repeats, .seed = (uint32_t)now_ms() }, { .move = r->right, .repeats = repeats, .seed = 77 } };
    pthread_barrier_init(&gate, NULL, 3);
    for (int i = 0; i < 2; i++)
        pthread_create(&hands[i].thread, NULL, run_hand, &hands[i]);
    for (int i = 0; i < repeats; i++) {
        for (int k = 0; k < 2; k++) {
            sqla_error_clear(&now.err[k]);
            now.got[k] = NULL;
        }
        now.odd = i;
        r->set();
        pthread_barrier_wait(&gate);
        pthread_barrier_wait(&gate);
        r->judge();
    }
    for (int i = 0; i < 2; i++)
        pthread_join(hands[i].thread, NULL);
    pthread_barrier_destroy(&gate);
}

/* ---- an engine of the scripted driver -------------------------------------------------------------------------------- */

static sqla_conn *pen;             /* for scripts, of another engine */

static void begin_races(const char *url, const sqla_engine_options *options)
{
    memset(&now, 0, sizeof now);
    for (int i = 0; i < 2; i++)
        now.err[i] = (sqla_error)SQLA_ERROR_INIT;
    now.url = url != NULL ? url : "vice://";
    now.db = sqla_create_engine(now.url, options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(now.db);
    now.other = sqla_create_engine("vice://", NULL, NULL);
    pen = sqla_connect(now.other, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pen);
    now.open_before = ask(pen, "count open");
    atomic_store(&ways_given, 0);
}

static void end_races(void)
{
    sqla_engine_free(now.db);
    CU_ASSERT_EQUAL(ask(pen, "count open"), now.open_before);
    CU_ASSERT(atomic_load(&ways_given) > 0);
    sqla_conn_close(pen);
    sqla_engine_free(now.other);
}

/* The books are even: what is out is what the hands have. */
static bool is_even(uint32_t out)
{
    const sqla_pool_status s = sqla_engine_pool_status(now.db);
    bool even = s.out == out && s.size == s.idle + s.out && s.waiting == 0 && ask(pen, "count open") == now.open_before + s.size;
    if (!even)
        fprintf(stderr, "repeat %d: size %u, idle %u, out %u, waiting %u, %d open\n", now.odd, s.size, s.idle, s.out, s.waiting,
            (int)(ask(pen, "count open") - now.open_before));
    return even;
}

static bool works(sqla_conn *conn)
{
    return conn != NULL && ask(conn, "say 5") == 5;
}

static void give_back(void)
{
    for (int i = 0; i < 2; i++)
        sqla_conn_close(now.got[i]);
}

static void connect_left(void) { now.got[0] = sqla_connect(now.db, &now.err[0]); }
static void connect_right(void) { now.got[1] = sqla_connect(now.db, &now.err[1]); }
static void close_conn(void) { sqla_conn_close(now.conn); }
static void close_second(void) { sqla_conn_close(now.second); }
static void dispose(void) { sqla_engine_dispose(now.db); }
static void take_conn(void) { now.conn = sqla_connect(now.db, NULL); }

/* ---- release and dispose: it is kept or closed, and never both --------------------------------------------------------- */

static void judge_kept_or_closed(void)
{
    CU_ASSERT(is_even(0));
    CU_ASSERT(sqla_engine_pool_status(now.db).size <= 1);
}

static void release__and_dispose(const char *url)
{
    static const race r = { take_conn, close_conn, dispose, judge_kept_or_closed };
    (void)url;
    begin_races(NULL, NULL);
    run_race(&r, repeats_of(400));
    end_races();
}

/* ---- acquire and dispose: who has one can use it ----------------------------------------------------------------------- */

static void put_idle(void) { sqla_conn_close(sqla_connect(now.db, NULL)); }

static void judge_usable(void)
{
    CU_ASSERT(works(now.got[0]));
    CU_ASSERT(is_even(1));
    give_back();
}

static void acquire__and_dispose(const char *url)
{
    static const race r = { put_idle, connect_left, dispose, judge_usable };
    (void)url;
    begin_races(NULL, NULL);
    run_race(&r, repeats_of(400));
    end_races();
}

/* ---- timeout and hand-over: it is handed over, or it is idle ------------------------------------------------------------ */

static void release_about_then(void)
{
    nanosleep(&(struct timespec){ 0, 900000 + (long)(draw() % 200) * 1000 }, NULL);
    sqla_conn_close(now.conn);
}

static void judge_handed_over(void)
{
    bool timeout = now.got[0] == NULL;
    CU_ASSERT(is(&now.err[0], timeout ? SQLA_ERR_POOL_TIMEOUT : SQLA_OK));
    CU_ASSERT(is_even(!timeout));
    give_back();
    CU_ASSERT_EQUAL(sqla_engine_pool_status(now.db).idle, 1);
}

static void timeout__and_hand_over(const char *url)
{
    static const race r = { take_conn, connect_left, release_about_then, judge_handed_over };
    (void)url;
    begin_races(NULL, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1, .pool_timeout_ms = 1));
    run_race(&r, repeats_of(300));
    const sqla_pool_status s = sqla_engine_pool_status(now.db);
    CU_ASSERT_EQUAL(s.connects, 1);
    end_races();
}

/* ---- invalidate and release: nothing of that age is left ----------------------------------------------------------------- */

static void take_two_and_lose_one(void)
{
    now.conn = sqla_connect(now.db, NULL);
    now.second = sqla_connect(now.db, NULL);
    CU_ASSERT_EQUAL(sqla_execute(now.conn, "lost", NULL, NULL), SQLA_ERR_DISCONNECTED);
}

static void judge_none_left(void)
{
    CU_ASSERT(is_even(0));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(now.db).size, 0);
}

static void invalidate__and_release(const char *url)
{
    static const race r = { take_two_and_lose_one, close_conn, close_second, judge_none_left };
    (void)url;
    begin_races(NULL, NULL);
    int repeats = repeats_of(400);
    run_race(&r, repeats);
    const sqla_pool_status s = sqla_engine_pool_status(now.db);
    CU_ASSERT(s.connects == 2u * (unsigned)repeats && s.disconnects == (unsigned)repeats);
    end_races();
}

/* ---- recycle and acquire: none that is too old is lent -------------------------------------------------------------------- */

static void put_old_ones(void)
{
    sqla_conn *a = sqla_connect(now.db, NULL), *b = sqla_connect(now.db, NULL);
    sqla_conn_close(a);
    sqla_conn_close(b);
    for (sqla_conn *c = now.db->pool.idle; c != NULL; c = c->next)
        c->born -= INT64_C(3600) * 1000000000;
    now.number = (int64_t)now.db->pool.numbered;
}

static void judge_new(void)
{
    for (int i = 0; i < 2; i++)
        CU_ASSERT(works(now.got[i]) && (int64_t)now.got[i]->number > now.number);
    CU_ASSERT(is_even(2));
    give_back();
    dispose();
}

static void recycle__and_acquire(const char *url)
{
    static const race r = { put_old_ones, connect_left, connect_right, judge_new };
    (void)url;
    begin_races(NULL, SQLA_ENGINE_OPTIONS(.pool_size = 2, .max_overflow = -1, .pool_recycle_s = 60));
    run_race(&r, repeats_of(400));
    end_races();
}

/* ---- a connect that fails, and who waits: it has the place, or the answer --------------------------------------------------- */

static void let_one_fail(void)
{
    dispose();
    CU_ASSERT_EQUAL(sqla_execute(pen, "opens fail 1", NULL, NULL), SQLA_OK);
}

static void give_back_at_once(void)
{
    connect_right();
    sqla_conn_close(now.got[1]);
}

static void judge_one_failed(void)
{
    int failed = 0;
    for (int i = 0; i < 2; i++) {
        failed += now.err[i].status == SQLA_ERR_CONNECT;
        CU_ASSERT(now.err[i].status == SQLA_OK || is(&now.err[i], SQLA_ERR_CONNECT));
    }
    CU_ASSERT(failed >= 1); /* who waited may have had the same answer */
    CU_ASSERT(is_even(now.got[0] != NULL));
    sqla_conn_close(now.got[0]);
    sqla_conn *conn = sqla_connect(now.db, NULL);
    CU_ASSERT(works(conn));
    sqla_conn_close(conn);
}

static void connect_fail__and_waiter(const char *url)
{
    static const race r = { let_one_fail, connect_left, give_back_at_once, judge_one_failed };
    (void)url;
    begin_races(NULL, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1, .pool_timeout_ms = 5000));
    run_race(&r, repeats_of(400) / 10); /* each has a pause behind the failure */
    sqla_execute(pen, "opens well", NULL, NULL);
    end_races();
}

/* ---- cancel and release: the next user is not met ---------------------------------------------------------------------------- */

static void cancel_conn(void) { sqla_conn_cancel(now.conn, &now.err[1]); }

static void judge_uncancelled(void)
{
    CU_ASSERT(now.err[1].status == SQLA_OK || is(&now.err[1], SQLA_ERR_MISUSE)); /* it was closed before */
    sqla_conn *next = sqla_connect(now.db, NULL);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(ask(next, "SELECT 5"), 5);
    sqla_conn_close(next);
}

static void cancel__and_release(const char *url)
{
    static const race r = { take_conn, close_conn, cancel_conn, judge_uncancelled };
    begin_races(url, SQLA_ENGINE_OPTIONS(.pool_size = 1, .max_overflow = -1));
    run_race(&r, harness_is_postgres(url) ? repeats_of(400) / 4 : repeats_of(400));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(now.db).out, 0);
    end_races();
}

/* ---- fork and acquire: the child has nothing, the parent all -------------------------------------------------------------------- */

static int child_said;

static void fork_child(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        bool refused = sqla_connect(now.db, NULL) == NULL;
        sqla_engine_free(now.db);
        harness_end_child(refused ? 42 : 1);
    }
    child_said = waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void connect_often(void)
{
    for (int i = 0; i < 20; i++) {
        sqla_conn_close(now.got[0]);
        connect_left();
    }
}

static void judge_child(void)
{
    CU_ASSERT_EQUAL(child_said, 42);
    judge_usable();
}

static void fork__and_acquire(const char *url)
{
    static const race r = { put_idle, connect_often, fork_child, judge_child };
    (void)url;
    begin_races(NULL, NULL);
    fflush(NULL);
    run_race(&r, repeats_of(400) / 10); /* a fork takes long under a sanitizer */
    end_races();
}

/* ---- log and close: nothing is told of an engine that is gone --------------------------------------------------------------------- */

static atomic_bool gone;
static atomic_long lines, lines_late;

static void count_line(void *data, int level, const char *line)
{
    (void)data, (void)level, (void)line;
    atomic_fetch_add(atomic_load(&gone) ? &lines_late : &lines, 1);
}

static void make_talkative(void)
{
    atomic_store(&gone, false);
    now.db = sqla_create_engine("vice://", SQLA_ENGINE_OPTIONS(.echo = true, .log = count_line), NULL);
    now.conn = sqla_connect(now.db, NULL);
    now.second = sqla_connect(now.db, NULL);
}

static void talk_and_close(void)
{
    for (int i = 0; i < 3; i++)
        sqla_execute(now.conn, "rows 1", NULL, &now.err[0]);
    sqla_conn_close(now.conn);
}

static void close_and_free(void)
{
    sqla_conn_close(now.second);
    sqla_engine_free(now.db);
}

static void judge_silence(void)
{
    atomic_store(&gone, true);
    CU_ASSERT(is(&now.err[0], SQLA_OK));
    CU_ASSERT_EQUAL(ask(pen, "count open"), now.open_before);
    now.db = NULL;
}

static void log__and_close(const char *url)
{
    static const race r = { make_talkative, talk_and_close, close_and_free, judge_silence };
    (void)url;
    begin_races(NULL, NULL);
    sqla_engine_free(now.db);
    atomic_store(&lines, 0);
    atomic_store(&lines_late, 0);
    int repeats = repeats_of(400);
    run_race(&r, repeats);
    CU_ASSERT(atomic_load(&lines) >= 5L * repeats); /* two connects, three statements */
    CU_ASSERT_EQUAL(atomic_load(&lines_late), 0);
    end_races();
}

/* ---- first connect: it is told once, and of the first ------------------------------------------------------------------------------- */

static atomic_long firsts, connects, firsts_late;

static void hear(void *data, const sqla_event *event)
{
    (void)data;
    if (event->kind == SQLA_EVENT_FIRST_CONNECT) {
        atomic_fetch_add(&firsts, 1);
        atomic_fetch_add(&firsts_late, event->number != 1);
    }
    atomic_fetch_add(&connects, event->kind == SQLA_EVENT_CONNECT);
}

static void make_anew(void)
{
    atomic_store(&firsts, 0);
    atomic_store(&connects, 0);
    sqla_engine_free(now.db);
    now.db = sqla_create_engine("vice://", SQLA_ENGINE_OPTIONS(.on_event = hear), NULL);
}

static void judge_first(void)
{
    CU_ASSERT(works(now.got[0]) && works(now.got[1]));
    CU_ASSERT_EQUAL(atomic_load(&firsts), 1);
    CU_ASSERT(atomic_load(&connects) == 1 || atomic_load(&connects) == 2);
    CU_ASSERT_EQUAL(atomic_load(&firsts_late), 0);
    CU_ASSERT(is_even(2));
    give_back();
}

static void first_connect__is_told_once(const char *url)
{
    static const race r = { make_anew, connect_left, connect_right, judge_first };
    (void)url;
    begin_races(NULL, NULL);
    atomic_store(&firsts_late, 0);
    run_race(&r, repeats_of(400));
    end_races();
}

/* ---- warming up and acquiring: the places are kept ------------------------------------------------------------------------------------ */

static void warm_up(void) { sqla_engine_warm_up(now.db, 2, &now.err[1]); }

static void judge_places(void)
{
    CU_ASSERT(is(&now.err[1], SQLA_OK));
    CU_ASSERT(works(now.got[0]) && is_even(1));
    CU_ASSERT_EQUAL(sqla_engine_pool_status(now.db).size, 2);
    give_back();
    CU_ASSERT(ask(pen, "count open") <= now.open_before + 2);
}

static void warm_up__and_acquire(const char *url)
{
    static const race r = { dispose, connect_left, warm_up, judge_places };
    (void)url;
    begin_races(NULL, SQLA_ENGINE_OPTIONS(.pool_size = 2, .max_overflow = -1));
    run_race(&r, repeats_of(400));
    end_races();
}

/* ---- loading: a driver is loaded once ---------------------------------------------------------------------------------------------------- */

static char *vice_bytes, search_path[4096];
static size_t vice_size;
static sqla_engine *loaded[2];

static void read_vice(void)
{
    char from[4096];
    const char *build = getenv("BUILD");
    struct stat info;
    snprintf(from, sizeof from, "%s/tests/.libs/vice.so", build != NULL ? build : ".");
    FILE *f = fopen(from, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fstat(fileno(f), &info);
    vice_size = (size_t)info.st_size;
    vice_bytes = malloc(vice_size);
    CU_ASSERT_EQUAL_FATAL(fread(vice_bytes, 1, vice_size, f), vice_size);
    fclose(f);
}

/* A file that nobody has loaded yet, in a folder of its own. */
static void put_driver(void)
{
    char file[4200];
    snprintf(search_path, sizeof search_path, "%s/%d", harness_folder(), now.odd);
    mkdir(search_path, 0755);
    snprintf(file, sizeof file, "%s/vice.so", search_path);
    FILE *f = fopen(file, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fwrite(vice_bytes, 1, vice_size, f), vice_size);
    fclose(f);
    chmod(file, 0755);
    setenv("SQLA_PLUGIN_PATH", search_path, 1);
}

static void load_left(void) { loaded[0] = sqla_create_engine("vice://", NULL, &now.err[0]); }
static void load_right(void) { loaded[1] = sqla_create_engine("vice://", NULL, &now.err[1]); }

static void judge_loaded(void)
{
    CU_ASSERT(is(&now.err[0], SQLA_OK) && is(&now.err[1], SQLA_OK));
    CU_ASSERT_PTR_EQUAL(loaded[0]->driver, loaded[1]->driver);
    for (int i = 0; i < 2; i++)
        sqla_engine_free(loaded[i]);
}

static void load__by_two_threads(const char *url)
{
    static const race r = { put_driver, load_left, load_right, judge_loaded };
    char *path = strdup(getenv("SQLA_PLUGIN_PATH"));
    (void)url;
    begin_races(NULL, NULL);
    read_vice();
    int repeats = repeats_of(100);
    run_race(&r, repeats < 1000 ? repeats : 1000); /* they stay loaded, and a process has so many mappings */
    free(vice_bytes);
    setenv("SQLA_PLUGIN_PATH", path, 1);
    free(path);
    end_races();
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "release and dispose", release__and_dispose, HARNESS_PLAIN },
        { "acquire and dispose", acquire__and_dispose, HARNESS_PLAIN },
        { "timeout and hand-over", timeout__and_hand_over, HARNESS_PLAIN },
        { "invalidate and release", invalidate__and_release, HARNESS_PLAIN },
        { "recycle and acquire", recycle__and_acquire, HARNESS_PLAIN },
        { "connect that fails, and a waiter", connect_fail__and_waiter, HARNESS_PLAIN },
        { "cancel and release", cancel__and_release, HARNESS_DATABASES },
        { "fork and acquire", fork__and_acquire, HARNESS_PLAIN },
        { "log and close", log__and_close, HARNESS_PLAIN },
        { "first connect is told once", first_connect__is_told_once, HARNESS_PLAIN },
        { "warm_up and acquire", warm_up__and_acquire, HARNESS_PLAIN },
        { "load by two threads", load__by_two_threads, HARNESS_PLAIN },
    };
    find_vice("whole");
    return harness_main("test-pool-races", tests, sizeof tests / sizeof tests[0]);
}
