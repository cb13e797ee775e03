/* output.c: where the output goes, all of it at once when the verb is done.
 *
 * A file gets it under a temporary name beside it, which then takes the place of the old file, so that nobody ever sees half
 * of it. What is not a regular file (a pipe, a device) is written as it is. A signal that ends the program removes the
 * temporary file. */
#include <config.h>
#include "inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void inspect_output_start(inspect *in)
{
    in->out = open_memstream(&in->text, &in->length);
    if (in->out == NULL) {
        inspect_complain("cannot collect the output: %s", strerror(errno));
        exit(INSPECT_FAILED);
    }
}

/* A reader that has gone away knows that by itself. */
static int failed(const char *what)
{
    if (errno != EPIPE)
        inspect_complain("cannot write %s: %s", what, strerror(errno));
    return INSPECT_FAILED;
}

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text += n;
        length -= (size_t)n;
    }
    return 0;
}

static int write_stream(const inspect *in)
{
    bool ok = write_all(STDOUT_FILENO, in->text, in->length) == 0;
    if (!ok)
        return failed("the output");
    return fclose(stdout) == 0 ? INSPECT_DONE : failed("the output");
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

static char *temporary; /* set while there is a file of that name */

static void remove_temporary(int number)
{
    if (temporary != NULL)
        unlink(temporary);
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_signals(void)
{
    static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (signal(numbers[i], remove_temporary) == SIG_IGN)
            signal(numbers[i], SIG_IGN);
    }
}

/* Signals are held back while the file and its name come into being or go away. */
static void hold_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(how, &set, NULL);
}

static int make_temporary(const char *target)
{
    const char *slash = strrchr(target, '/');
    int folder = slash != NULL ? (int)(slash - target) + 1 : 0;
    char *name = inspect_printf("%.*s.%s.XXXXXX", folder, target, target + folder);
    hold_signals(SIG_BLOCK);
    int fd = mkstemp(name);
    if (fd >= 0)
        temporary = name;
    else
        free(name);
    hold_signals(SIG_UNBLOCK);
    return fd;
}

static void end_temporary(bool remove)
{
    hold_signals(SIG_BLOCK);
    int number = errno;
    if (remove && temporary != NULL)
        unlink(temporary);
    errno = number;
    free(temporary);
    temporary = NULL;
    hold_signals(SIG_UNBLOCK);
}

/* The permissions of the file that was there, or those that any new file gets. */
static mode_t permissions(const struct stat *old, bool exists)
{
    mode_t mask = umask(0);
    umask(mask);
    return exists ? old->st_mode & 0777 : 0666 & ~mask;
}

static bool replace(const char *target, mode_t mode, const inspect *in)
{
    watch_signals();
    int fd = make_temporary(target);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, in->text, in->length) == 0 && fchmod(fd, mode) == 0;
    int number = errno;
    if (close(fd) != 0 && ok) {
        number = errno;
        ok = false;
    }
    errno = number;
    ok = ok && rename(temporary, target) == 0;
    end_temporary(!ok);
    return ok;
}

static bool write_through(const char *target, const inspect *in)
{
    int fd = open(target, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, in->text, in->length) == 0;
    int number = errno;
    ok = close(fd) == 0 && ok;
    errno = ok || number != 0 ? number : errno;
    return ok;
}

static int write_file(const inspect *in)
{
    struct stat st;
    bool exists = stat(in->output, &st) == 0;
    char *real = exists ? realpath(in->output, NULL) : NULL; /* a link stays one */
    const char *target = real != NULL ? real : in->output;
    bool ok = exists && !S_ISREG(st.st_mode) ? write_through(target, in) : replace(target, permissions(&st, exists), in);
    free(real);
    if (ok)
        return INSPECT_DONE;
    char *what = inspect_printf("'%s'", in->output);
    int status = failed(what);
    free(what);
    return status;
}

int inspect_output_finish(inspect *in, int status)
{
    int written = INSPECT_DONE;
    bool ok = fclose(in->out) == 0;
    in->out = NULL;
    if (!ok)
        written = failed("the output");
    else if (in->length > 0 || status == INSPECT_DONE)
        written = in->output != NULL && strcmp(in->output, "-") != 0 ? write_file(in) : write_stream(in);
    free(in->text);
    in->text = NULL;
    return written != INSPECT_DONE ? written : status;
}
