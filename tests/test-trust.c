/* test-trust.c: who could have put a driver's file there? By files of every owner and mode, in a plain process, and in one with
 * rights that its user has not: a copy of this program that belongs to root and changes the user, run by somebody else. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/plugin.h"
#include "harness.h"

enum { NOBODY = 65534, PLAIN = 77 /* exit status: the system gave the copy no further rights */ };

/* What is said about a file of that owner and mode at that path. */
static bool says(const char *path, const char *real, uid_t owner, mode_t mode, bool built_in, sqla_status status, const char *text)
{
    static sqla__file file;
    char why[600] = "";
    memset(&file, 0, sizeof file);
    file.stat.st_uid = owner;
    file.stat.st_mode = S_IFREG | mode;
    snprintf(file.path, sizeof file.path, "%s", path);
    snprintf(file.real, sizeof file.real, "%s", real != NULL ? real : path);
    sqla_status got = sqla__trust_check(&file, built_in, why, sizeof why);
    bool ok = got == status && (text[0] != '\0' ? strstr(why, text) != NULL : why[0] == '\0');
    if (!ok)
        fprintf(stderr, "%s, %u, %o: %s: '%s' and not '%s'\n", path, (unsigned)owner, (unsigned)mode, sqla_status_name(got), why, text);
    return ok;
}

static char folder[4096], file_path[4200], other_path[4200];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "%s/drivers", harness_folder());
    CU_ASSERT_EQUAL(mkdir(folder, 0755), 0);
    CU_ASSERT_EQUAL(chmod(folder, 0755), 0);
    snprintf(file_path, sizeof file_path, "%s/vice.so", folder);
    snprintf(other_path, sizeof other_path, "%s/missing/vice.so", folder);
}

static void owners_and_modes(const char *url)
{
    uid_t me = geteuid(), other = me == 12345 ? 12346 : 12345;
    (void)url;
    make_folder();
    CU_ASSERT(says(file_path, NULL, me, 0755, false, SQLA_OK, ""));
    CU_ASSERT(says(file_path, NULL, 0, 0755, true, SQLA_OK, ""));
    CU_ASSERT(says(file_path, NULL, me, 0757, false, SQLA_ERR_PLUGIN, "everybody may write it"));
    CU_ASSERT(says(file_path, NULL, me, 0775, false, SQLA_OK, "warning: a group may write it"));
    CU_ASSERT(says(file_path, NULL, other, 0755, false, SQLA_OK, "warning: it belongs to another user"));
    bool root = me == 0; /* in the built-in folder it wants its own files only */
    CU_ASSERT(says(file_path, NULL, other, 0755, true, root ? SQLA_ERR_PLUGIN : SQLA_OK, root ? "does not belong to root" : "another user"));
}

static void folders(const char *url)
{
    uid_t me = geteuid();
    (void)url;
    make_folder();
    CU_ASSERT_EQUAL(chmod(folder, 0775), 0);
    CU_ASSERT(says(file_path, NULL, me, 0755, false, SQLA_OK, "warning: a group may write into the folder"));
    CU_ASSERT_EQUAL(chmod(folder, 01775), 0);
    CU_ASSERT(says(file_path, NULL, me, 0755, false, SQLA_OK, ""));
    CU_ASSERT_EQUAL(chmod(folder, 0757), 0);
    CU_ASSERT(says(file_path, NULL, me, 0755, false, SQLA_ERR_PLUGIN, "everybody may write into the folder"));
    CU_ASSERT(says("/vice.so", file_path, me, 0755, false, SQLA_ERR_PLUGIN, "everybody may write into the folder")); /* where a link leads */
    CU_ASSERT_EQUAL(chmod(folder, 01757), 0);
    CU_ASSERT(says(file_path, NULL, me, 0755, false, SQLA_OK, ""));
    CU_ASSERT(says(other_path, NULL, me, 0755, false, SQLA_ERR_PLUGIN, "cannot be looked at"));
    CU_ASSERT(says("vice.so", NULL, me, 0755, false, SQLA_OK, "")); /* no folder is named, so none is looked at */
}

/* Who owns a folder puts into it what he likes, whoever the file in it belongs to. */
static void folders_of_others(const char *url)
{
    uid_t other = 12345;
    char above[4200];
    (void)url;
    if (geteuid() != 0)
        return; /* nobody else can give a folder away */
    make_folder();
    CU_ASSERT_EQUAL(chown(folder, other, (gid_t)-1), 0);
    CU_ASSERT(says(file_path, NULL, 0, 0755, false, SQLA_OK, "warning: the folder"));
    CU_ASSERT(says(file_path, NULL, 0, 0755, false, SQLA_OK, "belongs to another user (12345)"));
    snprintf(above, sizeof above, "%s/deeper", folder); /* and of one above it */
    CU_ASSERT_EQUAL(mkdir(above, 0755), 0);
    snprintf(above, sizeof above, "%s/deeper/vice.so", folder);
    CU_ASSERT(says(above, NULL, 0, 0755, false, SQLA_OK, "belongs to another user (12345)"));
    CU_ASSERT(says("/vice.so", above, 0, 0755, false, SQLA_OK,
        "belongs to another user (12345)")); /* where a link leads */
    CU_ASSERT_EQUAL(chown(folder, 0, (gid_t)-1), 0);
    CU_ASSERT(says(above, NULL, 0, 0755, false, SQLA_OK, ""));
}

/* ---- with rights that the user has not ------------------------------------------------------------------------------ */

/* In the copy. Returns: the exit status; else the number of what went wrong. */
static int check_strictly(const char *world_folder)
{
    char file[4200], room[4096];
    bool built_in = false;
    if (getauxval(AT_SECURE) == 0)
        return PLAIN;
    snprintf(file, sizeof file, "%s/vice.so", world_folder);
    if (!says("/usr/bin/env", NULL, 0, 0755, false, SQLA_OK, ""))
        return 1;
    if (!says("/usr/bin/env", NULL, 1000, 0755, false, SQLA_ERR_PLUGIN, "does not belong to root, and this process has rights"))
        return 2;
    if (!says("/usr/bin/env", NULL, 0, 0775, false, SQLA_ERR_PLUGIN, "may be written by others than root"))
        return 3;
    if (!says("/usr/bin/env", NULL, 0, 0757, false, SQLA_ERR_PLUGIN, "may be written by others than root"))
        return 4;
    if (!says(file, NULL, 0, 0755, false, SQLA_ERR_PLUGIN, "may be written by others than root")) /* its folder */
        return 5;
    if (!says("/usr/bin/env", file, 0, 0755, false, SQLA_ERR_PLUGIN, "may be written by others than root"))
        return 6;
    if (!sqla__plugin_folder(0, room, sizeof room, &built_in) || !built_in) /* the environment names no folder here */
        return 7;
    return 0;
}

static void copy_program(const char *to)
{
    char block[65536];
    int from = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0755);
    ssize_t n;
    CU_ASSERT_FATAL(from >= 0 && out >= 0);
    while ((n = read(from, block, sizeof block)) > 0)
        CU_ASSERT_EQUAL(write(out, block, (size_t)n), n);
    CU_ASSERT_EQUAL(fchmod(out, 04755), 0);
    close(from);
    close(out);
}

static void processes_with_further_rights(const char *url)
{
    char program[4200];
    int status = 0;
    (void)url;
    if (geteuid() != 0)
        return; /* nobody else can make such a program */
    make_folder();
    CU_ASSERT_EQUAL(chmod(harness_folder(), 0755), 0);
    snprintf(program, sizeof program, "%s/program", folder);
    copy_program(program);
    CU_ASSERT_EQUAL(chmod(folder, 01777), 0);
    fflush(NULL);
    pid_t pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        setenv("SQLA_PLUGIN_PATH", folder, 1);
        if (setgid(NOBODY) == 0 && setuid(NOBODY) == 0)
            execl(program, program, "strictly", folder, (char *)NULL);
        _exit(PLAIN);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == PLAIN));
    if (WEXITSTATUS(status) != 0)
        fprintf(stderr, "the copy ended with %d\n", WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        { "owners and modes", owners_and_modes, HARNESS_PLAIN },
        { "folders", folders, HARNESS_PLAIN },
        { "folders of others", folders_of_others, HARNESS_PLAIN },
        { "processes with further rights", processes_with_further_rights, HARNESS_PLAIN },
    };
    if (argc == 3 && strcmp(argv[1], "strictly") == 0)
        return check_strictly(argv[2]);
    return harness_main("test-trust", tests, sizeof tests / sizeof tests[0]);
}
