/* privileged.h: a copy of the test program that has more rights than its user (AT_SECURE): set-user-ID
 * root, and run by nobody. Only root can make one; for others a test has nothing to do. */
#ifndef TESTS_PRIVILEGED_H
#define TESTS_PRIVILEGED_H

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

enum {
    PRIVILEGED_NOBODY = 65534,
    PRIVILEGED_PLAIN = 77 /* the system gave the copy no rights, as on a mount with nosuid */
};

static inline void privileged_copy(const char *to)
{
    char block[65536];
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    ssize_t n;
    CU_ASSERT_FATAL(from >= 0 && out >= 0);
    while ((n = read(from, block, sizeof block)) > 0)
        CU_ASSERT_EQUAL(write(out, block, (size_t)n), n);
    CU_ASSERT_EQUAL(fchmod(out, 04755), 0);
    close(from);
    close(out);
}

/* Run the copy with one word for its main(), and a variable of the environment, "NAME=VALUE".
 * Returns: its exit status; PRIVILEGED_PLAIN: there is no such process here. */
static inline int privileged_run(const char *word, const char *variable)
{
    char program[4200], *const environment[] = { (char *)(uintptr_t)variable, NULL };
    int status = 0;
    if (geteuid() != 0)
        return PRIVILEGED_PLAIN;
    CU_ASSERT_EQUAL(chmod(harness_folder(), 0755), 0);
    snprintf(program, sizeof program, "%s/privileged", harness_folder());
    if (access(program, F_OK) != 0)
        privileged_copy(program);
    fflush(NULL);
    pid_t pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        if (setgid(PRIVILEGED_NOBODY) == 0 && setuid(PRIVILEGED_NOBODY) == 0)
            execle(program, program, word, (char *)NULL, environment);
        _exit(PRIVILEGED_PLAIN);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

#endif
