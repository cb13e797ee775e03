/* sites.c: who holds the connections of a pool, and for how long: what is told when there is none to be had. */
#include <config.h>
#include "engine/engine.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#ifdef HAVE_EXECINFO_H
#include <execinfo.h>
#endif

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"

enum { MOST_HOLDERS = 16, TOLD_HOLDERS = 3, TOLD_FRAMES = 2 };

typedef struct holder {
    int64_t since;
    void *site[SQLA__SITE_FRAMES];
    int site_count;
} holder;

/* What is read under the lock, to be told without it. */
typedef struct holders {
    uint32_t out, opening, count;
    sqla_error down;
    holder first[MOST_HOLDERS];
} holders;

/* ---- sites ------------------------------------------------------------------------------------------------------- */

/* Where a module lies. Frames of our own module say nothing; where the program has us inside, only the first are ours for sure. */
static const void *module_of(void *address)
{
    Dl_info info;
    return dladdr(address, &info) != 0 ? info.dli_fbase : NULL;
}

static int count_own(void *const *frames, int n)
{
    enum { SURE = 3 };
    static const char here[] = "";
    const void *own = module_of((void *)(uintptr_t)here);
    int i = 0;
    if (own == module_of((void *)(uintptr_t)getauxval(AT_ENTRY)))
        return n < SURE ? n : SURE;
    while (i < n && module_of(frames[i]) == own)
        i++;
    return i < n ? i : 0;
}

void sqla__site_note(sqla_conn *conn)
{
#ifdef HAVE_BACKTRACE
    conn->site_count = backtrace(conn->site, SQLA__SITE_FRAMES);
#else
    conn->site_count = 0;
#endif
}

static void add_frame(sqla__buf *line, void *address)
{
    Dl_info info;
    if (dladdr(address, &info) == 0 || info.dli_fname == NULL) {
        sqla__buf_printf(line, "%p", address);
        return;
    }
    const char *slash = strrchr(info.dli_fname, '/'), *module = slash != NULL ? slash + 1 : info.dli_fname;
    if (info.dli_sname != NULL)
        sqla__buf_printf(line, "%s(%s+0x%zx)", module, info.dli_sname, (size_t)((char *)address - (char *)info.dli_saddr));
    else
        sqla__buf_printf(line, "%s+0x%zx", module, (size_t)((char *)address - (char *)info.dli_fbase));
}

/* ---- telling ----------------------------------------------------------------------------------------------------- */

static void look(sqla__connpool *pool, holders *ret)
{
    memset(ret, 0, offsetof(holders, down));
    pthread_mutex_lock(&pool->lock);
    ret->opening = pool->opening;
    ret->down = pool->last_connect;
    for (sqla_conn *conn = pool->out; conn != NULL; conn = conn->next_out) {
        ret->out++;
        if (ret->count == MOST_HOLDERS)
            continue;
        holder *h = &ret->first[ret->count++];
        h->since = conn->out_since;
        h->site_count = conn->site_count;
        memcpy(h->site, conn->site, sizeof h->site);
    }
    pthread_mutex_unlock(&pool->lock);
}

static double seconds_since(int64_t since)
{
    return (double)(sqla__now_ns() - since) / 1e9;
}

static void add_site(sqla__buf *text, const holder *h, int most)
{
    int own = count_own(h->site, h->site_count);
    for (int frame = own; frame < h->site_count && frame < own + most; frame++) {
        sqla__buf_add(text, frame == own ? ", taken by " : " < ");
        add_frame(text, h->site[frame]);
    }
}

static void add_holders(sqla__buf *text, const holders *all)
{
    sqla__buf_printf(text, "%u out", (unsigned)all->out);
    if (all->opening > 0)
        sqla__buf_printf(text, ", %u being opened", (unsigned)all->opening);
    for (uint32_t i = 0; i < all->count && i < TOLD_HOLDERS; i++) {
        const holder *h = &all->first[i];
        sqla__buf_printf(text, "%s%.3f s", i == 0 ? "; longest: " : "; ", seconds_since(h->since));
        add_site(text, h, TOLD_FRAMES);
    }
}

static void log_holder(sqla_engine *db, const holder *h)
{
    sqla__buf line = { 0 };
    add_site(&line, h, SQLA__SITE_FRAMES);
    if (!line.broken)
        sqla__engine_log(db, SQLA_LOG_WARNING, "a connection is out for %.3f s%s", seconds_since(h->since),
                         line.data != NULL ? line.data : "");
    sqla__buf_release(&line);
}

void sqla__sites_tell(sqla_engine *db, sqla_error *err)
{
    holders all;
    sqla__buf text = { 0 };
    look(&db->pool, &all);
    if (all.down.status != SQLA_OK) {
        sqla__buf_printf(&text, "the last try to connect failed: %.*s%s", all.out > 0 ? 140 : 250, all.down.message,
                         all.out > 0 ? "; " : "");
        err->native = all.down.native;
        memcpy(err->sqlstate, all.down.sqlstate, sizeof err->sqlstate);
    }
    if (all.out > 0 || all.down.status == SQLA_OK)
        add_holders(&text, &all);
    if (!text.broken)
        sqla__error_detail(err, "%s", text.data);
    sqla__buf_release(&text);
    for (uint32_t i = 0; db->config.pool_sites && i < all.count; i++)
        log_holder(db, &all.first[i]);
}
