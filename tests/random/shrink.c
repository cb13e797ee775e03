/* shrink.c: runs in processes of their own, so that a crash and a hang are failures like others; and a
 * failing run made short. */
#include <config.h>
#include "shrink.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_RUN_MS = 20000, SHRINK_MS = 40000 };

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool make_verdict(void)
{
    if (the_verdict == NULL)
        the_verdict =
            mmap(NULL, sizeof *the_verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return the_verdict != MAP_FAILED;
}

/* ---- a process ---------------------------------------------------------------------------------------- */

typedef struct job {
    const char *url;
    uint64_t first, last;
    int n;
    int64_t until;     /* 0: all of them */
    const step *steps; /* these instead of those of the seed; NULL */
    bool says, quiet;
} job;

static void work(const job *j)
{
    static step steps[MOST_STEPS];
    saying = j->says;
    for (uint64_t seed = j->first; seed <= j->last && (j->until == 0 || now_ms() < j->until); seed++) {
        the_verdict->seed = seed;
        if (j->steps == NULL)
            make_steps(seed, steps, j->n);
        run_steps(j->url, seed, j->steps != NULL ? j->steps : steps, j->n);
    }
}

static void kill_child(pid_t child, const char *kind)
{
    kill(child, SIGKILL);
    snprintf(the_verdict->kind, sizeof the_verdict->kind, "%s", kind);
    the_verdict->failed = true;
}

/* Wait for it. One seed has its time, and no more. */
static int wait_for(pid_t child)
{
    int status = 0;
    uint64_t seed = the_verdict->seed;
    int64_t since = now_ms();
    while (waitpid(child, &status, WNOHANG) == 0) {
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
        if (the_verdict->seed != seed) {
            seed = the_verdict->seed;
            since = now_ms();
        } else if (now_ms() - since > LONGEST_RUN_MS) {
            kill_child(child, "hang");
            waitpid(child, &status, 0);
            break;
        }
    }
    return status;
}

/* Returns: is all well? */
static bool run_job(const job *j)
{
    memset(the_verdict, 0, sizeof *the_verdict);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (j->quiet && freopen("/dev/null", "w", stderr) == NULL)
            _Exit(4);
        work(j);
        close_database();
        exit(0); /* what was lost on the way is found at an exit */
    }
    int status = wait_for(child);
    if (the_verdict->failed)
        return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    snprintf(the_verdict->kind, sizeof the_verdict->kind, "crash");
    snprintf(the_verdict->text, sizeof the_verdict->text, "the process ended with %s %d",
        WIFSIGNALED(status) ? "signal" : "status",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    the_verdict->failed = true;
    return false;
}

/* ---- shrinking ---------------------------------------------------------------------------------------- */

typedef struct failing {
    const char *url;
    uint64_t seed;
    char kind[40];
    step steps[MOST_STEPS];
    int n;
} failing;

static bool still_fails(const failing *f, const step *steps, int n)
{
    const job j = { .url = f->url, .first = f->seed, .last = f->seed, .n = n, .steps = steps, .quiet = true };
    return !run_job(&j) && strcmp(the_verdict->kind, f->kind) == 0;
}

/* Take stretches of a length out as long as it still fails.  Returns: was any taken out? */
static bool take_out(failing *f, int length, int64_t until)
{
    static step fewer[MOST_STEPS];
    bool ret = false;
    for (int at = f->n - length; at >= 0 && now_ms() < until;) {
        memcpy(fewer, f->steps, (size_t)at * sizeof fewer[0]);
        memcpy(fewer + at, f->steps + at + length, (size_t)(f->n - at - length) * sizeof fewer[0]);
        if (still_fails(f, fewer, f->n - length)) {
            f->n = the_verdict->step + 1 < f->n - length ? the_verdict->step + 1 : f->n - length;
            memcpy(f->steps, fewer, sizeof fewer);
            ret = true;
        }
        at -= length;
        at = at < f->n - length ? at : f->n - length;
    }
    return ret;
}

static void shrink(failing *f)
{
    int64_t until = now_ms() + SHRINK_MS;
    for (int length = f->n / 2; length > 0 && now_ms() < until; length = length > 1              ? length / 2
                                                                         : take_out(f, 1, until) ? 1
                                                                                                 : 0)
        while (length > 1 && take_out(f, length, until))
            ;
}

static void print_program(const failing *f)
{
    printf("/* seed %llu, made short; link it with tests/random/schema.c */\n"
           "#include \"schema.h\"\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
           "#define lend(t) strdup(t) /* free it after the next flush */\n"
           "int main(int argc, char **argv)\n{\n"
           "    sqla_error err = SQLA_ERROR_INIT;\n"
           "    schema_read();\n"
           "    sqla_engine *db = sqla_create_engine(argv[argc - 1], NULL, &err);\n"
           "    sqla_metadata *base = schema_metadata(&err);\n"
           "    sqla_metadata_create_all(base, db, &err);\n"
           "    sqla_sessionmaker *maker = sqla_sessionmaker_new(db, base, "
           "SQLA_SESSION_OPTIONS(.keep_on_commit = %s), &err);\n"
           "    sqla_session *s = sqla_open(maker, &err), *other = sqla_open(maker, &err);\n"
           "    sqla_conn *beside = sqla_connect(db, &err);\n"
           "    P *foreign = sqla_add(other, P, .name = \"foreign\");\n"
           "    sqla_commit(other, &err);\n"
           "    sqla_savepoint *sp1, *sp2, *sp3;\n"
           "    size_t n;\n",
        (unsigned long long)f->seed, f->seed % 8 == 7 ? "true" : "false");
    const job j = {
        .url = f->url, .first = f->seed, .last = f->seed, .n = f->n, .steps = f->steps, .says = true
    };
    run_job(&j);
    printf("    if (sqla_failed(&err))\n        puts(err.message);\n"
           "    sqla_close(s);\n    sqla_close(other);\n    sqla_conn_close(beside);\n}\n");
    printf("/* %s: %s */\n", the_verdict->kind, the_verdict->text);
    fflush(stdout);
}

static void report(const char *url, int n)
{
    static failing f;
    f.url = url;
    f.seed = the_verdict->seed;
    memcpy(f.kind, the_verdict->kind, sizeof f.kind);
    make_steps(f.seed, f.steps, n);
    f.n = the_verdict->step + 1;
    printf("random-orm: seed %llu fails at step %d: %s: %s\n", (unsigned long long)f.seed, the_verdict->step,
        the_verdict->kind, the_verdict->text);
    fflush(stdout);
    if (!still_fails(&f, f.steps, f.n) && (f.n = n, !still_fails(&f, f.steps, f.n))) {
        printf("random-orm: alone it does not fail\n");
        return;
    }
    if (getenv("RANDOM_ORM_LONG") == NULL)
        shrink(&f);
    print_program(&f);
}

bool run_seeds(const char *url, uint64_t first, uint64_t last, int n, int seconds)
{
    const job j = { .url = url,
        .first = first,
        .last = last,
        .n = n,
        .until = seconds > 0 ? now_ms() + (int64_t)seconds * 1000 : 0 };
    if (!make_verdict())
        return false;
    if (run_job(&j))
        return true;
    report(url, n);
    return false;
}
