/* process.c: see process.h. */
#include <config.h>
#include "process.h"
#include "conform.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <locale.h>
#if defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 33)
#include <malloc.h>
#define HAS_MALLINFO 1
#endif
#endif
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static unsigned long sum_of_environment(void)
{
    unsigned long sum = 5381;
    for (char **pair = environ; pair != NULL && *pair != NULL; pair++) {
        for (const char *c = *pair; *c != '\0'; c++)
            sum = sum * 33 + (unsigned char)*c;
        sum = sum * 33;
    }
    return sum;
}

static mode_t mask_now(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return mask;
}

/* Standard output and error of a check go to one file. */
static off_t printed(void)
{
    struct stat st;
    fflush(NULL);
    return fstat(STDOUT_FILENO, &st) == 0 ? st.st_size : 0;
}

void process_look(process_state *state)
{
    memset(state, 0, sizeof *state);
    snprintf(state->locale, sizeof state->locale, "%s", setlocale(LC_ALL, NULL));
    if (getcwd(state->folder, sizeof state->folder) == NULL)
        state->folder[0] = '\0';
    state->environment = sum_of_environment();
    state->mask = mask_now();
    sigprocmask(SIG_BLOCK, NULL, &state->blocked);
    for (int i = 1; i < PROCESS_SIGNALS; i++)
        sigaction(i, NULL, &state->signals[i]);
    state->printed = printed();
    state->malloc_function = dlsym(RTLD_DEFAULT, "malloc");
}

void process_compare(const process_state *before, const process_state *after)
{
    CHECK_TEXT(after->locale, before->locale);
    CHECK_TEXT(after->folder, before->folder);
    CHECK(after->environment == before->environment);
    CHECK_INT(after->mask, before->mask);
    CHECK(after->malloc_function == before->malloc_function);
    CHECK_INT(after->printed, before->printed);
    /* C libraries have flags of their own for a signal that was ever set, to whatever it was. */
    const int flags =
        SA_NOCLDSTOP | SA_NOCLDWAIT | SA_NODEFER | SA_ONSTACK | SA_RESETHAND | SA_RESTART | SA_SIGINFO;
    for (int i = 1; i < PROCESS_SIGNALS; i++) {
        bool same = after->signals[i].sa_handler == before->signals[i].sa_handler &&
                    ((after->signals[i].sa_flags ^ before->signals[i].sa_flags) & flags) == 0;
        if (!same || sigismember(&after->blocked, i) != sigismember(&before->blocked, i))
            FAIL("the handling of a signal is as it was", strsignal(i));
    }
}

int process_files(bool which[PROCESS_FILES])
{
    int count = 0;
    for (int fd = 0; fd < PROCESS_FILES; fd++) {
        which[fd] = fcntl(fd, F_GETFD) >= 0;
        count += which[fd];
    }
    return count;
}

bool process_is_sanitized(void)
{
    return dlsym(RTLD_DEFAULT, "__asan_init") != NULL || dlsym(RTLD_DEFAULT, "__tsan_init") != NULL ||
           dlsym(RTLD_DEFAULT, "__msan_init") != NULL;
}

long process_memory(void)
{
    long pages = 0, resident = 0;
    if (process_is_sanitized())
        return 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL && fscanf(file, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (file != NULL)
        fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

/* An allocator that takes the place of the C library's leaves these sums at nothing. */
long process_held(void)
{
#ifdef HAS_MALLINFO
    struct mallinfo2 info = mallinfo2();
    if (info.uordblks + info.hblkhd > 65536 && !process_is_sanitized())
        return (long)(info.uordblks + info.hblkhd);
#endif
    return process_memory();
}
