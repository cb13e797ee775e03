/* trust.c: could somebody who must not have put this file there?
 *
 * A driver runs with all rights of the process. In a privileged process (AT_SECURE) everything on the way to the file must be
 * root's and writable by root alone. In any other, only that is refused which any user of the machine could replace: a file or
 * a folder that all may write, and, as root, a file in the built-in folder that is not root's. What a group may write, or what
 * belongs to another user, loads with a warning: that is how people work together on a tree. */
#include <config.h>
#include "engine/plugin.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define refuse(...) (snprintf(why, why_size, __VA_ARGS__), SQLA_ERR_PLUGIN)

static bool privileged(void)
{
    return getauxval(AT_SECURE) != 0;
}

static sqla_status check_strictly(const struct stat *st, const char *path, char *why, size_t why_size)
{
    if (st->st_uid != 0)
        return refuse("'%.200s' does not belong to root, and this process has rights that its user has not", path);
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 && !S_ISLNK(st->st_mode))
        return refuse("'%.200s' may be written by others than root, and this process has rights that its user has not", path);
    return SQLA_OK;
}

static sqla_status check_folder(const char *folder, char *why, size_t why_size)
{
    struct stat st;
    if (stat(folder, &st) != 0)
        return refuse("the folder '%.200s' cannot be looked at", folder);
    if (privileged())
        return check_strictly(&st, folder, why, why_size);
    if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
        return refuse("everybody may write into the folder '%.200s'", folder);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        snprintf(why, why_size, "warning: the folder '%.200s' belongs to another user (%u)", folder,
            (unsigned)st.st_uid);
    else if ((st.st_mode & S_IWGRP) != 0 && (st.st_mode & S_ISVTX) == 0)
        snprintf(why, why_size, "warning: a group may write into the folder '%.200s'", folder);
    return SQLA_OK;
}

/* All folders above path, from the nearest to the root. */
static sqla_status check_folders_above(const char *path, char *why, size_t why_size)
{
    char folder[4096];
    sqla_status status = SQLA_OK;
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash; status == SQLA_OK && (slash = strrchr(folder, '/')) != NULL;) {
        if (slash == folder)
            return check_folder("/", why, why_size);
        *slash = '\0';
        status = check_folder(folder, why, why_size);
    }
    return status;
}

sqla_status sqla__trust_check(const sqla__file *file, bool built_in, char *why, size_t why_size)
{
    const struct stat *st = &file->stat;
    sqla_status status;
    if (privileged())
        status = check_strictly(st, file->real, why, why_size);
    else if ((st->st_mode & S_IWOTH) != 0)
        status = refuse("everybody may write it");
    else if (geteuid() == 0 && built_in && st->st_uid != 0)
        status = refuse("it lies in the built-in folder and does not belong to root");
    else
        status = SQLA_OK;
    if (status == SQLA_OK)
        status = check_folders_above(file->path, why, why_size);
    if (status == SQLA_OK && strcmp(file->path, file->real) != 0)
        status = check_folders_above(file->real, why, why_size);
    if (status != SQLA_OK)
        return status;
    if (st->st_uid != 0 && st->st_uid != geteuid())
        snprintf(why, why_size, "warning: it belongs to another user (%u)", (unsigned)st->st_uid);
    else if ((st->st_mode & S_IWGRP) != 0)
        snprintf(why, why_size, "warning: a group may write it");
    return SQLA_OK;
}
