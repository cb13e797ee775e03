/* drivers.c: which drivers are there? Told from the notes of the files; none of their code is run. */
#include <config.h>
#include "engine/plugin.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"

/* The list that a program gets, and what it lies in. */
typedef struct listing {
    sqla_driver_list list;
    sqla__arena arena;
    SQLA__VEC(sqla_driver_info) items;
} listing;

static bool fill(listing *l, const sqla__file *file, sqla_status status, sqla_driver_info *info)
{
    info->file = sqla__arena_strdup(&l->arena, file->path);
    info->name = sqla__arena_strdup(&l->arena, file->has_note ? file->note.name : "");
    info->schemes = sqla__arena_strdup(&l->arena, file->has_note ? file->note.schemes : "");
    info->abi_major = file->has_note ? file->note.abi_major : 0;
    info->abi_minor = file->has_note ? file->note.abi_minor : 0;
    info->status = status;
    info->why = sqla__arena_strdup(&l->arena, file->why);
    bool alias = file->real[0] != '\0' && strcmp(strrchr(file->real, '/'), strrchr(file->path, '/')) != 0;
    info->alias_of = alias ? sqla__arena_strdup(&l->arena, file->real) : NULL;
    return info->file && info->name && info->schemes && info->why && (!alias || info->alias_of);
}

static bool add_file(listing *l, const char *folder, const char *name, bool built_in)
{
    sqla_driver_info info;
    sqla__file *file = sqla__alloc(sizeof *file);
    if (file == NULL)
        return false;
    sqla_status status = sqla__file_open(file, folder, name, built_in);
    bool ok = status != SQLA_ERR_NOMEM;
    if (status == SQLA_ERR_NOT_FOUND) {
        snprintf(file->why, sizeof file->why, "it is a link to nothing");
        status = SQLA_ERR_PLUGIN;
    }
    if (ok)
        ok = fill(l, file, status, &info) && sqla__vec_push(&l->items, info);
    sqla__file_close(file);
    sqla__free(file);
    return ok;
}

/* Files whose names a URL could never give are no drivers; what else lies there is not our affair. */
static int may_be_driver(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 3 && strcmp(entry->d_name + n - 3, ".so") == 0 && sqla__driver_name_valid(entry->d_name, n - 3);
}

static bool add_folder(listing *l, const char *folder, bool built_in)
{
    struct dirent **entries = NULL;
    bool ok = true;
    int n = scandir(folder, &entries, may_be_driver, alphasort);
    for (int i = 0; i < n; i++) {
        entries[i]->d_name[strlen(entries[i]->d_name) - 3] = '\0';
        ok = ok && add_file(l, folder, entries[i]->d_name, built_in);
        free(entries[i]); /* scandir took it from the system's heap, not from ours */
    }
    free(entries);
    return ok;
}

sqla_driver_list *sqla_drivers(sqla_error *err)
{
    char folder[4096];
    bool built_in;
    listing *l = sqla__alloc_zero(1, sizeof *l);
    bool ok = l != NULL;
    for (size_t i = 0; ok && sqla__plugin_folder(i, folder, sizeof folder, &built_in); i++)
        ok = add_folder(l, folder, built_in);
    if (!ok) {
        sqla__error_nomem(err);
        sqla_drivers_free(l != NULL ? &l->list : NULL);
        return NULL;
    }
    l->list.count = l->items.count;
    l->list.items = l->items.items;
    return &l->list;
}

void sqla_drivers_free(sqla_driver_list *list)
{
    listing *l = (listing *)(void *)list; /* its first member */
    if (l == NULL)
        return;
    sqla__vec_release(&l->items);
    sqla__arena_release(&l->arena);
    sqla__free(l);
}

/* Each path that was ever told stays: callers may hold it for ever, and the environment may change. */
typedef struct told { struct told *older; char path[]; } told;
static struct { pthread_mutex_t lock; told *newest; } paths = { PTHREAD_MUTEX_INITIALIZER, NULL };

static const char *keep(const char *path)
{
    pthread_mutex_lock(&paths.lock);
    told *t = paths.newest;
    while (t != NULL && strcmp(t->path, path) != 0)
        t = t->older;
    if (t == NULL && (t = sqla__alloc(sizeof *t + strlen(path) + 1)) != NULL) {
        strcpy(t->path, path);
        t->older = paths.newest;
        paths.newest = t;
    }
    pthread_mutex_unlock(&paths.lock);
    return t != NULL ? t->path : "";
}

const char *sqla_driver_path(void)
{
    char folder[4096];
    bool built_in;
    sqla__buf buf = { 0 };
    for (size_t i = 0; sqla__plugin_folder(i, folder, sizeof folder, &built_in); i++)
        sqla__buf_printf(&buf, "%s%s", i > 0 ? ":" : "", folder);
    const char *path = keep(sqla__buf_text(&buf));
    sqla__buf_release(&buf);
    return path;
}
