/* test-process-faults.c: what happens to a whole process, or between two: kill -9 in a flush, a lock that another process holds,
 * no descriptors left, signals all the time, fork and exec, a disk that is full, and files that may not be written.
 *
 * Where a point is chosen by chance, a few are tried; with SQLA_TEST_EVERY set, as many as the catalogue of faults asks for. */
#define _GNU_SOURCE 1
#include <config.h>
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void pause_us(long us)
{
    nanosleep(&(struct timespec){ us / 1000000, us % 1000000 * 1000 }, NULL);
}

/* ---- children -------------------------------------------------------------------------------------------------------- */

/* A child that does something and ends. What it finds goes by a pipe, since memory checkers have opinions on how it exits. */
typedef struct child { pid_t pid; int said; } child;

static child begin_child(char (*work)(const char *url, int say), const char *url)
{
    int ends[2];
    child c = { -1, -1 };
    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return c;
    c.pid = fork();
    if (c.pid == 0) {
        alarm(60);
        char found = work(url, ends[1]);
        _exit(write(ends[1], &found, 1) != 1);
    }
    close(ends[1]);
    c.said = ends[0];
    return c;
}

/* The next that it says; '?' when it is gone. */
static char hear(const child *c)
{
    char said = '?';
    return read(c->said, &said, 1) == 1 ? said : '?';
}

static void end_child(child *c)
{
    close(c->said);
    CU_ASSERT_EQUAL(waitpid(c->pid, NULL, 0), c->pid);
}

static char run_child(char (*work)(const char *url, int say), const char *url)
{
    child c = begin_child(work, url);
    char said = hear(&c);
    end_child(&c);
    return said;
}

/* ---- killed in a flush ----------------------------------------------------------------------------------------------- */

enum { UNIT = 5 };

/* Units of work of five new users and one that is changed, until somebody kills it, which may be from the second on. */
static char write_units(const char *url, int say)
{
    shop x;
    shop_open(&x, url);
    User *counter = sqla_first(sqla_order_by(sqla_select(x.s, User), sqla_col(User, id)), User, &x.err);
    for (bool first = true;; first = false) {
        counter->age.value++;
        for (int i = 0; i < UNIT; i++)
            sqla_add(x.s, User, .name = sqla_printf(x.s, "%d of %d", i, counter->age.value), .age = SQLA_SOME(counter->age.value));
        if (sqla_commit(x.s, &x.err) != SQLA_OK) {
            is(&x.err, SQLA_OK);
            return 'c';
        }
        if (first && write(say, "r", 1) != 1)
            return 'w';
    }
}

/* A transaction of a client that is gone is still there for a moment in a server. */
static void wait_for_the_others_to_go(const char *url)
{
    CU_ASSERT(harness_await_others(url, 0));
}

static bool units_are_whole(const char *url)
{
    wait_for_the_others_to_go(url);
    int64_t units = harness_sql_int(url, "SELECT age FROM users WHERE name = 'counter'");
    int64_t users = harness_sql_int(url, "SELECT count(*) FROM users WHERE name <> 'counter'");
    bool sound = harness_sqlite_path(url) == NULL || strcmp(harness_sql_text(url, "PRAGMA integrity_check"), "ok") == 0;
    if (users != units * UNIT || !sound)
        fprintf(stderr, "%d users of %d units\n", (int)users, (int)units);
    return users == units * UNIT && sound;
}

static void killed__in_a_flush(const char *url)
{
    int points = getenv("SQLA_TEST_EVERY") != NULL ? 500 : harness_sqlite_path(url) != NULL ? 30 : 8;
    char text[2048];
    shop x;
    bool whole = true;
    unsigned seed = (unsigned)now_ms();
    snprintf(text, sizeof text, "%s", harness_sqlite_path(url) != NULL ? with_query(url, "busy_timeout=5000") : url);
    shop_open(&x, text);
    sqla_add(x.s, User, .name = "counter", .age = SQLA_SOME(0));
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    shop_close(&x);
    for (int i = 0; i < points && whole; i++) {
        if (i == points / 2 && harness_sqlite_path(url) != NULL)
            snprintf(text, sizeof text, "%s", with_query(url, "journal_mode=wal"));
        child c = begin_child(write_units, text);
        CU_ASSERT_EQUAL(hear(&c), 'r');
        pause_us(rand_r(&seed) % 8000);
        kill(c.pid, SIGKILL);
        end_child(&c);
        whole = units_are_whole(url);
    }
    CU_ASSERT(whole);
    CU_ASSERT(harness_sql_int(url, "SELECT age FROM users WHERE name = 'counter'") >= points);
    shop_open(&x, text);
    goes_on(&x, url); /* whoever opens it next recovers it */
    shop_close(&x);
}

/* ---- a lock of another process --------------------------------------------------------------------------------------- */

/* Its own connection, by the client library of the harness; the parent's is not used. */
static char hold_lock(const char *url, int say)
{
    harness_let_go();
    if (!harness_hold(url, "BEGIN IMMEDIATE"))
        return 'f';
    if (write(say, "r", 1) == 1)
        pause();
    return 'e';
}

static void locked__by_another_process(const char *url)
{
    enum { PATIENCE = 400 };
    shop x;
    shop_open(&x, with_query(url, "busy_timeout=400"));
    child c = begin_child(hold_lock, url);
    CU_ASSERT_EQUAL(hear(&c), 'r');
    sqla_add(x.s, User, .name = "patient");
    int64_t began = now_ms();
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_BUSY);
    int64_t took = now_ms() - began;
    CU_ASSERT(harness_in_time(took, PATIENCE * 9 / 10, PATIENCE * 11 / 10 + 100));
    CU_ASSERT(is(&x.err, SQLA_ERR_BUSY));
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.hint, "busy_timeout"));
    kill(c.pid, SIGKILL);
    end_child(&c);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK); /* it was still to do */
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(count_users(url, "patient"), 1);
    goes_on(&x, url);
    shop_close(&x);
}

/* ---- no descriptors left --------------------------------------------------------------------------------------------- */

/* Let that many more descriptors be opened. */
static void leave_descriptors(const struct rlimit *old, int n)
{
    struct rlimit limit = *old;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(fd);
    limit.rlim_cur = (rlim_t)(fd + n);
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) != -1;
    return n;
}

/* Whatever it lacks, it is told so and is left as it was; with enough, all is well again at once. */
static void descriptors__are_used_up(const char *url)
{
    struct rlimit old;
    shop x;
    bool resource = false, well = false;
    shop_open(&x, url);
    sqla_engine_dispose(x.db);
    getrlimit(RLIMIT_NOFILE, &old);
    int before = descriptors();
    for (int n = 0; n < 12 && !well; n++) {
        sqla_error err = SQLA_ERROR_INIT;
        leave_descriptors(&old, n);
        sqla_add(x.s, User, .name = "scarce");
        int64_t began = now_ms();
        sqla_status status = sqla_commit(x.s, &err);
        well = status == SQLA_OK;
        CU_ASSERT(harness_in_time(now_ms() - began, 0, 2000));
        CU_ASSERT(is(&err, well ? SQLA_OK : SQLA_ERR_RESOURCE));
        resource |= status == SQLA_ERR_RESOURCE;
        sqla_rollback(x.s, NULL);
        setrlimit(RLIMIT_NOFILE, &old);
        sqla_engine_dispose(x.db);
        CU_ASSERT(pool_is(x.db, 0, 0));
        CU_ASSERT_EQUAL(descriptors(), before);
    }
    CU_ASSERT(resource && well);
    CU_ASSERT_EQUAL(count_users(url, "scarce"), 1);
    goes_on(&x, url);
    shop_close(&x);
}

/* ---- signals --------------------------------------------------------------------------------------------------------- */

static atomic_bool storm_ends;
static atomic_long storm_hits;
static pthread_t stormed;

static void on_hit(int signal)
{
    (void)signal;
    atomic_fetch_add(&storm_hits, 1);
}

static void *storm(void *arg)
{
    (void)arg;
    while (!atomic_load(&storm_ends)) {
        pthread_kill(stormed, SIGUSR1);
        pause_us(1000);
    }
    return NULL;
}

static void remember_handlers(struct sigaction handlers[32])
{
    for (int i = 1; i < 32; i++)
        sigaction(i, NULL, &handlers[i]);
}

static bool handlers_are(const struct sigaction handlers[32])
{
    for (int i = 1; i < 32; i++) {
        struct sigaction now;
        if (sigaction(i, NULL, &now) == 0 && i != SIGKILL && i != SIGSTOP && now.sa_handler != handlers[i].sa_handler)
            return false;
    }
    return true;
}

static void work_in_the_storm(shop *x, const char *url)
{
    for (int i = 0; i < 30; i++) {
        sqla_add(x->s, User, .name = sqla_printf(x->s, "storm %d", i));
        CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);
        sqla_engine_dispose(x->db); /* so that it connects each time */
    }
    CU_ASSERT(is(&x->err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users WHERE name LIKE 'storm%'"), 30);
}

/* Each wait that has a deadline: of a statement, of a lock, and of the pool. */
static void wait_in_the_storm(shop *x, const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_conn *conn = sqla_connect(x->db, &err), *more[8];
    sqla_conn_set_timeout(conn, 200);
    int64_t began = now_ms();
    CU_ASSERT_EQUAL(sqla_execute(conn, harness_endless(url), NULL, NULL), SQLA_ERR_TIMEOUT);
    int64_t took = now_ms() - began;
    CU_ASSERT(harness_in_time(took, 200, 500));
    for (int i = 0; i < 2; i++)
        more[i] = sqla_connect(x->db, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    began = now_ms();
    CU_ASSERT_PTR_NULL(sqla_connect(x->db, &err));
    took = now_ms() - began;
    CU_ASSERT(is(&err, SQLA_ERR_POOL_TIMEOUT));
    CU_ASSERT(harness_in_time(took, 200, 500));
    for (int i = 0; i < 2; i++)
        sqla_conn_close(more[i]);
    sqla_conn_close(conn);
}

static void signals__all_the_time(const char *url)
{
    struct sigaction hit = { .sa_handler = on_hit }, old, before[32];
    pthread_t thread;
    shop x;
    shop_open(&x, with_query(url, "pool_size=3&max_overflow=-1&pool_timeout_ms=200"));
    sigaction(SIGUSR1, &hit, &old); /* without SA_RESTART */
    remember_handlers(before);
    stormed = pthread_self();
    atomic_store(&storm_ends, false);
    atomic_store(&storm_hits, 0);
    pthread_create(&thread, NULL, storm, NULL);
    work_in_the_storm(&x, url);
    wait_in_the_storm(&x, url);
    atomic_store(&storm_ends, true);
    pthread_join(thread, NULL);
    CU_ASSERT(atomic_load(&storm_hits) > 100);
    CU_ASSERT(handlers_are(before));
    sigaction(SIGUSR1, &old, NULL);
    sqla_engine_dispose(x.db);
    CU_ASSERT_EQUAL(sqla_execute(x.db, "DELETE FROM users", NULL, &x.err), SQLA_OK);
    goes_on(&x, url);
    shop_close(&x);
}

/* A write to a link that is gone raises SIGPIPE, whose default is the end of the process: it is kept from that. The mask of the thread
 * is what it was, and nothing waits there. */
static void pipe_is_not_raised(const char *url, const char *way)
{
    struct sigaction by_default = { .sa_handler = SIG_DFL }, old, now;
    sigset_t before, after, pending;
    shop x;
    shop_open(&x, way);
    sigaction(SIGPIPE, &by_default, &old);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    sqla_conn_begin(conn, &x.err);
    CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT 1", NULL, &x.err), SQLA_OK);
    harness_end_others(url);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT 1", NULL, NULL), SQLA_ERR_DISCONNECTED);
    sqla_conn_close(conn);
    sigaction(SIGPIPE, NULL, &now);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    CU_ASSERT_PTR_EQUAL(now.sa_handler, SIG_DFL);
    CU_ASSERT_EQUAL(sigismember(&before, SIGPIPE), sigismember(&after, SIGPIPE));
    CU_ASSERT(sigpending(&pending) == 0 && !sigismember(&pending, SIGPIPE));
    sigaction(SIGPIPE, &old, NULL);
    goes_on(&x, url);
    shop_close(&x);
}

static void signals__pipe_is_not_raised(const char *url) { pipe_is_not_raised(url, url); }

/* A statement that takes too long is cancelled, and the link is as good as before; unless the server was too busy to answer in time. */
static bool is_cancelled_in_time(sqla_engine *db, const char *url, int32_t timeout_ms)
{
    sqla_conn *conn = sqla_connect(db, NULL);
    CU_ASSERT_EQUAL(ask(conn, harness_is_mariadb(url) ? "SELECT VARIABLE_VALUE <> '' FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_CIPHER'"
                                                      : "SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), 1);
    sqla_conn_set_timeout(conn, timeout_ms);
    CU_ASSERT_EQUAL(sqla_execute(conn, harness_endless(url), NULL, NULL), SQLA_ERR_TIMEOUT);
    sqla_conn_set_timeout(conn, -1);
    sqla_status status = sqla_execute(conn, "SELECT 1", NULL, NULL);
    CU_ASSERT(status == SQLA_OK || status == SQLA_ERR_DISCONNECTED);
    sqla_conn_close(conn);
    return status == SQLA_OK;
}

/* A library for ciphers writes to the link in ways of its own, and waits so too. */
static void signals__pipe_is_not_raised_by_tls(const char *url)
{
    const char *way = harness_by_tls(url);
    bool in_time = false;
    if (way[0] == '\0')
        return;
    sqla_engine *db = sqla_create_engine(way, NULL, NULL);
    for (int32_t ms = 200; ms < 10000 && !in_time; ms *= 2) /* the server has a tenth of it, or 100 ms, to obey */
        in_time = is_cancelled_in_time(db, url, ms);
    CU_ASSERT(in_time || harness_is_emulated());
    sqla_engine_free(db);
    pipe_is_not_raised(url, way);
}

/* ---- fork and exec --------------------------------------------------------------------------------------------------- */

/* What a program that is started has open beyond its three: nothing of ours. */
static char start_program(const char *url, int say)
{
    static const char script[] = "for fd in /proc/$$/fd/*; do case ${fd##*/} in [012]) ;; *) readlink $fd ;; esac; done | "
                                 "grep -E 'socket:|\\.db|sqlite|\\.so' && exit 1; exit 0";
    int status = 0;
    (void)url, (void)say;
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(9);
    }
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 'w';
    return WEXITSTATUS(status) == 0 ? 'n' : 'l';
}

static void exec__inherits_nothing(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_conn *conns[3];
    shop x;
    shop_open(&x, url);
    for (int i = 0; i < 3; i++)
        conns[i] = sqla_connect(x.db, &err);
    sqla_conn_begin(conns[0], &err);
    sqla_execute(conns[0], "INSERT INTO users (name, active) VALUES ('open', true)", NULL, &err);
    sqla_conn_close(conns[2]);
    CU_ASSERT_EQUAL(run_child(start_program, url), 'n');
    CU_ASSERT_EQUAL(sqla_conn_commit(conns[0], &err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(conns[1], "SELECT 1", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(count_users(url, "open"), 1);
    sqla_conn_close(conns[0]);
    sqla_conn_close(conns[1]);
    shop_close(&x);
}

/* ---- disposed of while many are out ---------------------------------------------------------------------------------- */

enum { OUT = 32 };
static sqla_conn *lent[OUT];

/* Each is closed by two threads, of which neither took it, and used afterwards. */
static void *close_all(void *arg)
{
    long wrong = 0;
    (void)arg;
    for (int i = 0; i < OUT; i++) {
        sqla_conn_close(lent[i]);
        wrong += sqla_execute(lent[i], "SELECT 1", NULL, NULL) != SQLA_ERR_MISUSE;
    }
    return (void *)wrong;
}

static void dispose__while_32_are_out(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    pthread_t threads[2];
    void *wrong[2];
    int before = descriptors();
    sqla_engine *db = sqla_create_engine(with_query(url, "pool_size=32"), NULL, &err);
    for (int i = 0; i < OUT; i++)
        lent[i] = sqla_connect(db, &err);
    sqla_engine_dispose(db);
    CU_ASSERT(pool_is(db, OUT, OUT));
    for (int i = 0; i < OUT; i++)
        CU_ASSERT_EQUAL(sqla_execute(lent[i], "SELECT 1", NULL, &err), SQLA_OK);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, close_all, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], &wrong[i]);
    CU_ASSERT(wrong[0] == NULL && wrong[1] == NULL);
    CU_ASSERT(pool_is(db, 0, 0));
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT 1", NULL, &err), SQLA_OK);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_engine_free(db);
    CU_ASSERT_EQUAL(descriptors(), before);
}

/* ---- a disk that is full --------------------------------------------------------------------------------------------- */

static bool write_line(const char *path, const char *line)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Mounts of the child's own, as root or, where users may, as one who plays root. */
static bool have_own_mounts(void)
{
    char map[64];
    int user = (int)geteuid();
    if (user == 0)
        return unshare(CLONE_NEWNS) == 0;
    snprintf(map, sizeof map, "0 %d 1", user);
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_line("/proc/self/uid_map", map);
}

/* A disk of 256 KiB, seen by the child alone. */
static bool have_small_disk(const char *folder)
{
    return have_own_mounts() && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("small", folder, "tmpfs", 0, "size=256k") == 0;
}

static char fill_disk(const char *folder, int say)
{
    char text[600], large[3001];
    sqla_error err = SQLA_ERROR_INIT;
    (void)say;
    if (!have_small_disk(folder))
        return '-';
    snprintf(text, sizeof text, "sqlite:///%s/full.db", folder);
    sqla_engine *db = sqla_create_engine(text, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    sqla_execute(conn, "CREATE TABLE t (s TEXT)", NULL, &err);
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    sqla_conn_begin(conn, &err);
    while (sqla_execute(conn, "INSERT INTO t VALUES (:s)", sqla_params("s", large), &err) == SQLA_OK)
        continue;
    if (err.status == SQLA_OK || err.status != SQLA_ERR_RESOURCE || strcmp(err.sqlstate, "53100") != 0)
        return 'e';
    if (sqla_conn_commit(conn, NULL) == SQLA_OK || sqla_conn_rollback(conn, NULL) != SQLA_OK)
        return 'c';
    sqla_error_clear(&err);
    sqla_execute(conn, "INSERT INTO t VALUES ('small')", NULL, &err); /* there is room again */
    if (sqla_failed(&err) || harness_sql_int(text, "SELECT count(*) FROM t") != 1)
        return 'r';
    if (strcmp(harness_sql_text(text, "PRAGMA integrity_check"), "ok") != 0)
        return 'i';
    sqla_conn_close(conn);
    sqla_engine_free(db);
    return 'n';
}

static void full__disk_of_a_file(const char *url)
{
    shop x;
    shop_open(&x, url); /* the driver is loaded, wherever it lies */
    char said = run_child(fill_disk, harness_folder());
    CU_ASSERT(said == 'n' || said == '-');
    if (said != 'n')
        fprintf(stderr, "full: %c\n", said);
    if (said == '-')
        fprintf(stderr, "no disk of our own can be made here; test-data-faults has a limit of pages\n");
    goes_on(&x, url);
    shop_close(&x);
}

/* ---- no right to write ----------------------------------------------------------------------------------------------- */

/* Root may write everywhere, so it becomes nobody first. */
static void lose_rights(void)
{
    if (geteuid() == 0 && (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
        _exit(8);
}

/* Where the drivers lie nobody may be let in, so there is a copy of one. */
static void copy_driver(const char *folder)
{
    char block[65536], to[600], path[4096], *rest = path;
    size_t n;
    snprintf(path, sizeof path, "%s", getenv("SQLA_PLUGIN_PATH"));
    snprintf(to, sizeof to, "%s/sqlite.so", folder);
    FILE *in = NULL, *out = fopen(to, "we");
    for (const char *dir; in == NULL && (dir = strsep(&rest, ":")) != NULL;) {
        char from[4200];
        snprintf(from, sizeof from, "%s/sqlite.so", dir);
        in = fopen(from, "re");
    }
    CU_ASSERT_FATAL(in != NULL && out != NULL);
    while ((n = fread(block, 1, sizeof block, in)) > 0)
        CU_ASSERT_EQUAL(fwrite(block, 1, n, out), n);
    fclose(in);
    fclose(out);
}

static char open_without_rights(const char *folder, int say)
{
    static const struct { const char *path; sqla_status status; } table[] = {
        { "file.db", SQLA_ERR_READ_ONLY },          /* may be read */
        { "secret.db", SQLA_ERR_CONNECT },          /* may not */
        { "closed/file.db", SQLA_ERR_CONNECT },     /* in a folder that may not be entered */
        { "fixed/new.db", SQLA_ERR_CONNECT },       /* where nothing may be made */
        { "fixed/file.db?journal_mode=wal", SQLA_ERR_CONNECT }, /* nor a file beside the one that may be written */
    };
    (void)say;
    setenv("SQLA_PLUGIN_PATH", folder, 1);
    lose_rights();
    for (int i = 0; i < (int)(sizeof table / sizeof table[0]); i++) {
        char text[600];
        sqla_error err = SQLA_ERROR_INIT;
        snprintf(text, sizeof text, "sqlite:///%s/%s", folder, table[i].path);
        sqla_engine *db = sqla_create_engine(text, NULL, &err);
        sqla_status status = sqla_execute(db, "CREATE TABLE more (n INTEGER)", NULL, &err);
        if (status == SQLA_OK || (status != table[i].status && i < 4)) {
            fprintf(stderr, "%s: %s: %s\n", table[i].path, sqla_status_name(err.status), err.message);
            return (char)('0' + i);
        }
        sqla_engine_free(db);
    }
    return 'n';
}

static void make_file(const char *folder, const char *name, mode_t mode)
{
    char text[600];
    snprintf(text, sizeof text, "sqlite:///%s/%s", folder, name);
    harness_sql(text, "CREATE TABLE t (n INTEGER)");
    chmod(text + strlen("sqlite:///"), mode);
}

static void rights__are_missing(const char *url)
{
    static const char *const folders[] = { "closed", "fixed" };
    char path[600];
    const char *folder = harness_folder();
    shop x;
    shop_open(&x, url);
    chmod(folder, 0755);
    copy_driver(folder);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        mkdir(path, 0755);
    }
    make_file(folder, "file.db", 0444);
    make_file(folder, "secret.db", 0);
    make_file(folder, "closed/file.db", 0666);
    make_file(folder, "fixed/file.db", 0666);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        chmod(path, i == 0 ? 0 : 0555);
    }
    CU_ASSERT_EQUAL(run_child(open_without_rights, folder), 'n');
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        chmod(path, 0755);
    }
    snprintf(path, sizeof path, "%s/fixed/new.db", folder);
    CU_ASSERT_EQUAL(access(path, F_OK), -1); /* and nothing was made elsewhere */
    goes_on(&x, url);
    shop_close(&x);
}

static const struct harness_test tests[] = {
    { "killed in a flush", killed__in_a_flush, HARNESS_DATABASES },
    { "locked by another process", locked__by_another_process, HARNESS_SQLITE },
    { "descriptors are used up", descriptors__are_used_up, HARNESS_DATABASES },
    { "signals all the time", signals__all_the_time, HARNESS_DATABASES },
    { "signals: a broken pipe is not raised", signals__pipe_is_not_raised, HARNESS_SERVERS },
    { "signals: a broken pipe is not raised by TLS", signals__pipe_is_not_raised_by_tls, HARNESS_SERVERS },
    { "exec inherits nothing", exec__inherits_nothing, HARNESS_DATABASES },
    { "dispose while 32 are out", dispose__while_32_are_out, HARNESS_DATABASES },
    { "full: the disk of a file", full__disk_of_a_file, HARNESS_SQLITE },
    { "rights are missing", rights__are_missing, HARNESS_SQLITE },
};

int main(void) { return harness_main("test-process-faults", tests, sizeof tests / sizeof tests[0]); }
