/* runner.c: each check in a process of its own, with a limit on time, processor and memory, several at once if asked for.
 *
 * The parent runs no code of a driver. It waits, ends what takes too long, and tells how each process ended. */
#include <config.h>
#include "conform.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A process that runs a check. */
typedef struct job {
    pid_t pid; /* 0: free */
    conform_result *result;
    double started, moved; /* moved: when the check was last seen to get on */
    unsigned long expected;
    bool late;
    bool cleans; /* it undoes what the check has left */
} job;

/* A check that still gets on has this many times the limit: the machine may be slow, or busy with others. */
enum { CLEANING_S = 10, SLOWNESS = 10 };

static volatile sig_atomic_t signalled;

static void note_signal(int number)
{
    signalled = number;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the process of a check -------------------------------------------------------------------------------------------- */

static void limit(int what, rlim_t most)
{
    struct rlimit l;
    if (getrlimit(what, &l) != 0)
        return;
    if (l.rlim_max == RLIM_INFINITY || l.rlim_max > most)
        l.rlim_max = most;
    l.rlim_cur = l.rlim_max;
    setrlimit(what, &l);
}

static void set_limits(unsigned timeout_s)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, (rlim_t)timeout_s + 1);
    if (!process_is_sanitized())
        limit(RLIMIT_AS, (rlim_t)8 << 30);
}

static void redirect(FILE *printed)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    if (printed != NULL) {
        dup2(fileno(printed), STDOUT_FILENO);
        dup2(fileno(printed), STDERR_FILENO);
    }
}

static void check_here(const conform_result *result, const conform_options *options, unsigned number)
{
    conform_current = result->report;
    result->report->pid = (long)getpid();
    if (options->prepare(options, result->check, number) && result->check->run != NULL)
        result->check->run();
    result->report->finished = true;
}

/* What goes wrong meanwhile is no failure of the check. */
static void clean_here(const conform_result *result, const conform_options *options, unsigned number)
{
    static conform_report own;
    conform_current = &own;
    options->clean(options, result->report, number);
}

static void run_here(const job *j, const conform_options *options, unsigned number)
{
    setpgid(0, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    set_limits(options->timeout_s);
    redirect(j->result->printed);
    if (j->cleans)
        clean_here(j->result, options, number);
    else
        check_here(j->result, options, number);
    exit(0);
}

/* ---- how it ended -------------------------------------------------------------------------------------------------------- */

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        { SIGSEGV, "SIGSEGV" },
        { SIGABRT, "SIGABRT" },
        { SIGBUS, "SIGBUS" },
        { SIGFPE, "SIGFPE" },
        { SIGILL, "SIGILL" },
        { SIGKILL, "SIGKILL" },
        { SIGTERM, "SIGTERM" },
        { SIGPIPE, "SIGPIPE" },
        { SIGXCPU, "SIGXCPU" },
        { SIGALRM, "SIGALRM" },
        { SIGTRAP, "SIGTRAP" },
        { SIGSYS, "SIGSYS" },
        { SIGHUP, "SIGHUP" },
        { SIGINT, "SIGINT" },
        { SIGUSR1, "SIGUSR1" },
        { SIGUSR2, "SIGUSR2" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].number == number)
            return names[i].name;
    }
    return "another signal";
}

static void tell_end(const job *j, int status)
{
    const conform_check *check = j->result->check;
    const conform_report *report = j->result->report;
    char text[256] = "";
    if (j->late)
        snprintf(text, sizeof text, "not done after %.0f s in check %s", now() - j->started, check->id);
    else if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "killed by %s in check %s", signal_name(WTERMSIG(status)), check->id);
    else if (WIFEXITED(status) && !report->finished)
        snprintf(text, sizeof text, "the process was ended with exit status %d in check %s",
            WEXITSTATUS(status), check->id);
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        snprintf(text, sizeof text, "exit status %d at the end of the process of check %s",
            WEXITSTATUS(status), check->id);
    if (text[0] != '\0') {
        conform_current = j->result->report;
        conform_expect(false, "the process of the check ends by itself", "", text, __FILE__, __LINE__);
        conform_current = NULL;
    }
}

/* ---- all of them ----------------------------------------------------------------------------------------------------------- */

static bool begin(
    job *j, unsigned number, conform_result *result, const conform_options *options, bool cleans)
{
    fflush(NULL);
    *j = (job){ .result = result, .started = now(), .cleans = cleans };
    j->moved = j->started;
    j->pid = fork();
    if (j->pid == 0)
        run_here(j, options, number);
    if (j->pid > 0)
        setpgid(j->pid, j->pid);
    return j->pid > 0;
}

static bool start(job *j, unsigned number, conform_result *result, const conform_options *options)
{
    result->printed = tmpfile();
    return begin(j, number, result, options, false);
}

static void judge(const job *j, int status)
{
    conform_result *r = j->result;
    tell_end(j, status);
    r->seconds = now() - j->started;
    r->outcome = r->report->failures > 0  ? CONFORM_FAILED
                 : r->report->unsupported ? CONFORM_UNSUPPORTED
                                          : CONFORM_PASSED;
}

/* The end of a process. After a check that did not pass, another one takes its place and undoes what that has left. */
static void finish(job *j, unsigned number, int status, const conform_options *options)
{
    conform_result *r = j->result;
    bool cleans = j->cleans;
    if (!cleans)
        judge(j, status);
    kill(-j->pid, SIGKILL); /* what the check left behind */
    j->pid = 0;
    bool left = r->outcome != CONFORM_PASSED && r->report->undo_count > 0 && options->clean != NULL;
    r->done = cleans || !left || !begin(j, number, r, options, true);
}

static double time_of(const job *j, const conform_options *options)
{
    return j->cleans && options->timeout_s > CLEANING_S ? CLEANING_S : options->timeout_s;
}

static bool is_late(job *j, const conform_options *options)
{
    double time = now(), most = time_of(j, options);
    unsigned long expected = atomic_load_explicit(&j->result->report->expected, memory_order_relaxed);
    if (expected != j->expected) {
        j->expected = expected;
        j->moved = time;
    }
    return time - j->moved > most || time - j->started > SLOWNESS * most;
}

/* Wait until a process has ended, or for a millisecond. */
static void wait_some(job *jobs, const conform_options *options)
{
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    for (unsigned i = 0; i < options->jobs; i++) {
        if (pid > 0 && jobs[i].pid == pid)
            finish(&jobs[i], i + 1, status, options);
        else if (jobs[i].pid > 0 && !jobs[i].late && is_late(&jobs[i], options)) {
            jobs[i].late = true;
            kill(-jobs[i].pid, SIGKILL);
        }
    }
    if (pid <= 0)
        nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
}

static void end_all(const job *jobs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (jobs[i].pid > 0)
            kill(-jobs[i].pid, SIGKILL);
    }
    signal((int)signalled, SIG_DFL);
    raise((int)signalled);
}

static bool run_all(conform_result *results, size_t count, const conform_options *options)
{
    job jobs[64] = { { 0 } };
    size_t started = 0, told = 0;
    while (told < count) {
        for (unsigned i = 0; i < options->jobs && started < count; i++) {
            if (jobs[i].pid == 0 && !start(&jobs[i], i + 1, &results[started++], options))
                return false;
        }
        wait_some(jobs, options);
        if (signalled != 0)
            end_all(jobs, options->jobs);
        for (; told < count && results[told].done; told++)
            conform_tap_result(told + 1, &results[told], options);
    }
    return true;
}

static conform_report *make_reports(size_t count)
{
    void *room =
        mmap(NULL, count * sizeof(conform_report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return room != MAP_FAILED ? room : NULL;
}

bool conform_try(conform_result *result, const conform_options *options)
{
    job j;
    conform_options alone = *options;
    alone.jobs = 1;
    result->report = make_reports(1);
    if (result->report == NULL || !start(&j, 1, result, options)) {
        fprintf(stderr, "%s: cannot make a process: %s\n", options->name, strerror(errno));
        return false;
    }
    while (!result->done)
        wait_some(&j, &alone);
    return true;
}

static void free_results(conform_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (results[i].printed != NULL)
            fclose(results[i].printed);
    }
    free(results);
}

static void watch_signals(void)
{
    struct sigaction action = { .sa_handler = note_signal };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

int conform_run(const conform_check *const *checks, size_t count, const conform_options *options)
{
    conform_result *results = calloc(count, sizeof *results);
    conform_report *reports = make_reports(count);
    bool failed = false;
    if (results == NULL || reports == NULL) {
        fprintf(stderr, "%s: out of memory\n", options->name);
        free(results);
        return 2;
    }
    for (size_t i = 0; i < count; i++)
        results[i] = (conform_result){ .check = checks[i], .report = &reports[i] };
    watch_signals();
    conform_tap_begin(count, options);
    bool ok = run_all(results, count, options);
    if (!ok)
        fprintf(stderr, "%s: cannot make a process: %s\n", options->name, strerror(errno));
    conform_tap_end(results, count);
    for (size_t i = 0; i < count; i++)
        failed = failed || results[i].outcome == CONFORM_FAILED;
    if (options->json != NULL && !conform_json_write(results, count, options)) {
        fprintf(stderr, "%s: cannot write '%s': %s\n", options->name, options->json, strerror(errno));
        ok = false;
    }
    munmap(reports, count * sizeof *reports);
    free_results(results, count);
    return !ok ? 2 : failed;
}
