/* plugin.c: finding a driver by name, checking its file, and loading it.
 *
 * A name comes out of a URL and has passed the grammar of names, so it never leads out of a folder. The file is checked through
 * an open descriptor, then loaded by its real path, and the inode compared afterwards, so that what was checked is what runs.
 * Loaded files are known by device and inode: an alias by a link loads nothing twice. A driver that was taken is never unloaded. */
#include <config.h>
#include "engine/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

#ifndef SQLA_PLUGIN_DIR
#define SQLA_PLUGIN_DIR "/usr/local/lib/sqla/1"
#endif

/* What was loaded so far. One thread at a time loads; the lock is not held while it does. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t idle;
    bool busy;
    sqla__driver *drivers;
} registry = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, NULL };

/* ---- folders --------------------------------------------------------------------------------------------------- */

/* Only absolute folders count: a relative one would mean another place whenever the process changes its own. */
bool sqla__plugin_folder(size_t i, char *room, size_t size, bool *ret_built_in)
{
    const char *at = secure_getenv("SQLA_PLUGIN_PATH");
    *ret_built_in = false;
    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, ":");
        if (n > 0 && n < size && at[0] == '/' && i-- == 0) {
            memcpy(room, at, n);
            room[n] = '\0';
            return true;
        }
        at += n + (at[n] == ':');
    }
    *ret_built_in = true;
    snprintf(room, size, "%s", SQLA_PLUGIN_DIR);
    return i == 0;
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

static sqla_status look_at(sqla__file *file, const char *name, bool built_in)
{
    if (realpath(file->path, file->real) == NULL || fstat(file->fd, &file->stat) != 0) {
        snprintf(file->why, sizeof file->why, "%s", strerror(errno));
        return SQLA_ERR_PLUGIN;
    }
    if (!S_ISREG(file->stat.st_mode)) {
        snprintf(file->why, sizeof file->why, "it is not a regular file");
        return SQLA_ERR_PLUGIN;
    }
    sqla_status status = sqla__elf_check(file->fd, (uint64_t)file->stat.st_size, &file->note, &file->has_note, file->why, sizeof file->why);
    if (status != SQLA_OK)
        return status;
    if (file->note.abi_major != SQLA_ABI_MAJOR) {
        snprintf(file->why, sizeof file->why, "it was built for version %u of the driver interface, and this is version %d",
                 (unsigned)file->note.abi_major, SQLA_ABI_MAJOR);
        return SQLA_ERR_PLUGIN;
    }
    if (strcmp(file->note.name, name) != 0 && !sqla__note_lists(&file->note, name)) {
        snprintf(file->why, sizeof file->why, "it is the driver '%s' and does not know the name '%s'", file->note.name, name);
        return SQLA_ERR_PLUGIN;
    }
    return sqla__trust_check(file, built_in, file->why, sizeof file->why);
}

sqla_status sqla__file_open(sqla__file *file, const char *folder, const char *name, bool built_in)
{
    memset(file, 0, sizeof *file);
    file->fd = -1;
    int n = snprintf(file->path, sizeof file->path, "%s/%s.so", folder, name);
    if (n < 0 || (size_t)n >= sizeof file->path)
        return SQLA_ERR_NOT_FOUND;
    file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not make us wait */
    if (file->fd >= 0)
        return look_at(file, name, built_in);
    if (errno == ENOENT || errno == ENOTDIR)
        return SQLA_ERR_NOT_FOUND;
    snprintf(file->why, sizeof file->why, "%s", strerror(errno));
    return SQLA_ERR_PLUGIN;
}

void sqla__file_close(sqla__file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

bool sqla__note_lists(const sqla_driver_note *note, const char *scheme)
{
    size_t n = strlen(scheme);
    for (const char *at = note->schemes; *at != '\0'; at += *at == ' ') {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, scheme, n) == 0)
            return true;
        at += length;
    }
    return false;
}

static sqla_status refuse(const sqla__file *file, sqla_error *err, const char *why)
{
    return sqla__driver_refuse(file->path, why, err);
}

/* ---- loading --------------------------------------------------------------------------------------------------- */

static sqla_status call_entry(const sqla__file *file, void *library, sqla_driver *offer, sqla_error *err)
{
    sqla_driver_entry_fn *entry = NULL;
    sqla_error said;
    sqla__error_init(&said);
    *(void **)&entry = dlsym(library, SQLA_DRIVER_ENTRY_NAME);
    if (entry == NULL)
        return refuse(file, err, "it has no function '" SQLA_DRIVER_ENTRY_NAME "'");
    sqla_status status = entry(&sqla__host, offer, (sqla_err *)(void *)&said);
    if (status == SQLA_ERR_UNSUPPORTED)
        return refuse(file, err, said.message[0] != '\0' ? said.message : "it cannot work with this version of sqla");
    if (status != SQLA_OK)
        return refuse(file, err, said.message[0] != '\0' ? said.message : sqla_status_meaning(status));
    return SQLA_OK;
}

static sqla_status open_library(const sqla__file *file, void **ret_library, sqla_error *err)
{
    struct stat now;
    void *library = dlopen(file->real, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        sqla_status status = refuse(file, err, why != NULL ? why : "it cannot be loaded");
        sqla__error_hint(err, "a driver needs its client library: is that installed?");
        return status;
    }
    *ret_library = library;
    if (stat(file->real, &now) != 0 || now.st_dev != file->stat.st_dev || now.st_ino != file->stat.st_ino)
        return refuse(file, err, "the file was replaced while it was being loaded");
    return SQLA_OK;
}

static sqla_status load_file(const sqla__file *file, sqla__driver **ret, sqla_error *err)
{
    sqla_driver offer = { .struct_size = sizeof offer };
    void *library = NULL;
    sqla__driver *driver = sqla__alloc_zero(1, sizeof *driver);
    char *path = sqla__strdup(file->real);
    sqla_status status = driver != NULL && path != NULL ? SQLA_OK : sqla__error_nomem(err);
    if (status == SQLA_OK)
        status = open_library(file, &library, err);
    if (status == SQLA_OK)
        status = call_entry(file, library, &offer, err);
    if (status == SQLA_OK)
        status = sqla__offer_take(file->path, file->note.name, &offer, driver, err);
    if (status != SQLA_OK) {
        if (library != NULL)
            dlclose(library); /* so that a better file of that name can be loaded later */
        sqla__free(driver);
        sqla__free(path);
        return status;
    }
    driver->file = path;
    driver->note = file->note;
    driver->device = file->stat.st_dev;
    driver->inode = file->stat.st_ino;
    *ret = driver;
    return SQLA_OK;
}

/* In a child after fork the thread that was loading is not there any more. */
static void forget_loader(void)
{
    registry.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    registry.idle = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    registry.busy = false;
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, forget_loader);
}

static sqla__driver *registered(const sqla__file *file)
{
    sqla__driver *driver = registry.drivers;
    while (driver != NULL && (driver->device != file->stat.st_dev || driver->inode != file->stat.st_ino))
        driver = driver->next;
    return driver;
}

static sqla_status load_once(const sqla__file *file, const sqla__driver **ret, sqla_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    sqla_status status = SQLA_OK;
    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&registry.lock);
    while (registry.busy)
        pthread_cond_wait(&registry.idle, &registry.lock);
    sqla__driver *driver = registered(file);
    if (driver == NULL) {
        registry.busy = true;
        pthread_mutex_unlock(&registry.lock);
        status = load_file(file, &driver, err);
        pthread_mutex_lock(&registry.lock);
        registry.busy = false;
        if (status == SQLA_OK) {
            driver->next = registry.drivers;
            registry.drivers = driver;
        }
        pthread_cond_broadcast(&registry.idle); /* most find the driver there, and wake nobody */
    }
    pthread_mutex_unlock(&registry.lock);
    *ret = driver;
    return status;
}

/* ---- finding --------------------------------------------------------------------------------------------------- */

static sqla_status not_found(const char *scheme, const char *name, sqla_error *err)
{
    char folder[4096];
    bool built_in;
    sqla__buf folders = { 0 };
    for (size_t i = 0; sqla__plugin_folder(i, folder, sizeof folder, &built_in); i++)
        sqla__buf_printf(&folders, "%s'%s'", i > 0 ? ", " : "", folder);
    sqla__error_set(err, SQLA_ERR_PLUGIN, "cannot find a driver for '%s': there is no '%s.so' in %s", scheme, name,
                    sqla__buf_text(&folders));
    sqla__error_hint(err, "install the package of the driver (sqla-driver-%s), name its folder in SQLA_PLUGIN_PATH, or see what is "
                          "there with 'sqla-inspect drivers'", name);
    sqla__buf_release(&folders);
    return SQLA_ERR_PLUGIN;
}

static sqla_status load(const sqla__file *file, const char *scheme, const sqla__driver **ret, sqla_error *err)
{
    if (!sqla__note_lists(&file->note, scheme))
        return sqla__error_set(err, SQLA_ERR_PLUGIN, "cannot load driver '%.300s': it does not serve the scheme '%s', only '%s'",
                               file->path, scheme, file->note.schemes);
    return load_once(file, ret, err);
}

sqla_status sqla__driver_load(const char *scheme, const char *driver, const sqla__driver **ret, sqla_error *err)
{
    const char *name = driver != NULL ? driver : scheme;
    char folder[4096];
    bool built_in;
    sqla__file *file = sqla__alloc(sizeof *file);
    if (file == NULL)
        return sqla__error_nomem(err);
    sqla_status status = SQLA_ERR_NOT_FOUND;
    for (size_t i = 0; status == SQLA_ERR_NOT_FOUND && sqla__plugin_folder(i, folder, sizeof folder, &built_in); i++) {
        status = sqla__file_open(file, folder, name, built_in);
        if (status == SQLA_OK)
            status = load(file, scheme, ret, err);
        else if (status == SQLA_ERR_NOMEM)
            sqla__error_nomem(err);
        else if (status != SQLA_ERR_NOT_FOUND)
            refuse(file, err, file->why);
        sqla__file_close(file);
    }
    sqla__free(file);
    return status == SQLA_ERR_NOT_FOUND ? not_found(scheme, name, err) : status;
}
