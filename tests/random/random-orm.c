/* random-orm.c: the unit of work under steps drawn at random, held against an oracle that knows what must
 * come of each.
 *
 *     random-orm [--seeds A..B] [--steps N] [--seconds S] [URL]
 *
 * A run is made from its seed alone: every call of orm.h, in any order, on one session, with rows that change
 * behind its back, statements that fail, and texts that are freed as soon as a flush has copied them. After
 * each step all objects are compared with the oracle (world.h), after each flush all rows too. A run that
 * fails is made short and printed as a C program. Without a URL it is a test like the others, on every
 * database that there is; RANDOM_ORM_SEEDS=A..B, RANDOM_ORM_STEPS and RANDOM_ORM_SECONDS set there what the
 * options set. The files: schema.c, world.c (what is known), parent.c, plan.c and settle.c (what a flush must
 * do), undo.c (what a rollback must), look.c (the comparison), change.c, relate.c, read.c, raw.c, write.c
 * (the steps), steps.c, shrink.c. */
#include <config.h>
#include "shrink.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expect.h"
#include "harness.h"

static struct {
    unsigned long long first, last;
    int steps, seconds;
} wanted = { 1, 200, 300, 0 };

static bool set(const char *name, const char *value)
{
    if (strcmp(name, "seeds") == 0) {
        int n = sscanf(value, "%llu..%llu", &wanted.first, &wanted.last);
        wanted.last = n == 1 ? wanted.first : wanted.last;
        return n >= 1;
    }
    int number_given = atoi(value);
    if (strcmp(name, "steps") == 0)
        wanted.steps = number_given;
    else if (strcmp(name, "seconds") == 0)
        wanted.seconds = number_given;
    else
        return false;
    return number_given > 0 && wanted.steps <= MOST_STEPS;
}

static void set_from_environment(const char *variable, const char *name)
{
    const char *value = getenv(variable);
    if (value != NULL && !set(name, value))
        fprintf(stderr, "random-orm: %s=%s is not understood\n", variable, value);
}

/* SQLite's file need not outlive the machine. */
static const char *in_memory(const char *url)
{
    static char name[200];
    if (strncmp(url, "sqlite:", 7) != 0)
        return url;
    if (access("/dev/shm", W_OK) != 0)
        return with_query(url, "synchronous=off&journal_mode=memory");
    snprintf(name, sizeof name, "sqlite:////dev/shm/sqla-random-%ld.db?synchronous=off&journal_mode=memory",
        (long)getpid());
    return name;
}

static void remove_file(const char *url)
{
    char path[200];
    if (sscanf(url, "sqlite:///%199[^?]", path) == 1 && strncmp(path, "/dev/shm/", 9) == 0)
        unlink(path);
}

static void session__does_what_the_oracle_says(const char *url)
{
    const char *place = in_memory(url);
    CU_ASSERT_TRUE(run_seeds(place, wanted.first, wanted.last, wanted.steps, wanted.seconds));
    remove_file(place);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        { "session__does_what_the_oracle_says", session__does_what_the_oracle_says, HARNESS_DATABASES },
    };
    const char *url = NULL;
    find_vice("");
    set_from_environment("RANDOM_ORM_SEEDS", "seeds");
    set_from_environment("RANDOM_ORM_STEPS", "steps");
    set_from_environment("RANDOM_ORM_SECONDS", "seconds");
    for (int i = 1; i < argc; i++) {
        bool option = strncmp(argv[i], "--", 2) == 0;
        if (option ? i + 1 == argc || !set(argv[i] + 2, argv[i + 1]) : url != NULL) {
            fprintf(stderr, "usage: random-orm [--seeds A..B] [--steps N] [--seconds S] [URL]\n");
            return 64;
        }
        url = option ? url : argv[i];
        i += option;
    }
    if (url == NULL)
        return harness_main("random-orm", tests, sizeof tests / sizeof tests[0]);
    bool ok = run_seeds(url, wanted.first, wanted.last, wanted.steps, wanted.seconds);
    unsigned long long done = the_verdict != NULL ? (unsigned long long)the_verdict->seed - wanted.first + 1 : 0;
    printf("random-orm: %d passed, %d failed (%s; %llu seeds)\n", ok, !ok, url, done);
    return ok ? 0 : 1;
}
