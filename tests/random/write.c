/* write.c: flushes, transactions and savepoints. */
#include <config.h>
#include "run.h"

#include <stdlib.h>
#include <string.h>

unsigned bit_of(sqla_status status)
{
    switch ((int)status) {
    case SQLA_OK:
        return IS_OK;
    case SQLA_ERR_MISUSE:
        return IS_MISUSE;
    case SQLA_ERR_FOREIGN_KEY:
        return IS_FOREIGN_KEY;
    case SQLA_ERR_NOT_NULL:
        return IS_NOT_NULL;
    case SQLA_ERR_UNIQUE:
        return IS_UNIQUE;
    case SQLA_ERR_STALE:
        return IS_STALE;
    case SQLA_ERR_DATA:
        return IS_DATA;
    case SQLA_ERR_NOT_FOUND:
        return IS_NOT_FOUND;
    case SQLA_ERR_SQL:
        return IS_INJECTED;
    default:
        return IS_OTHER;
    }
}

/* ---- texts that are lent ------------------------------------------------------------------------------ */

enum { MOST_LENT = 4096 };
static char *lent[MOST_LENT];
static int lent_count;

const char *lend(const char *t)
{
    if (t == NULL)
        return NULL;
    if (lent_count == MOST_LENT)
        wrong("test", "there are more lent texts than the test has room for");
    return lent[lent_count++] = strdup(t);
}

/* The flush has copied them. Who still reads one reads rubbish, or freed memory. */
void free_lent(void)
{
    for (int i = 0; i < lent_count; i++) {
        memset(lent[i], '#', strlen(lent[i]));
        free(lent[i]);
    }
    lent_count = 0;
}

/* ---- flushes ------------------------------------------------------------------------------------------ */

static bool object_is_dirty(int index)
{
    const object *o = &w.objects[index];
    if (o->state == PENDING || o->doomed || o->dropped)
        return true;
    bool ret = has_row(o) && would_write(index) != 0;
    for (int r = 0; r < table_of_object(o)->one_count; r++)
        ret = ret || o->says[r].verb != NOTHING || (has_row(o) && pointer_stated(o, r));
    return ret;
}

bool is_dirty(void)
{
    for (int i = 0; i < w.count; i++)
        if (w.objects[i].state != GONE && object_is_dirty(i))
            return true;
    return false;
}

static void undo_with(sqla_status status, const sqla_error *err, int level)
{
    if (status != SQLA_OK)
        wrong("status", "a rollback failed: %s: %s", sqla_status_name(status), err->message);
    undo_to(level);
}

static void rollback_all(void)
{
    sqla_error err = SQLA_ERROR_INIT;
    say("    sqla_rollback(s, &err);\n");
    undo_with(sqla_rollback(x.s, &err), &err, 0);
    end_transaction();
    look_at_rows(true);
}

static void rollback_savepoint(int level)
{
    sqla_error err = SQLA_ERROR_INIT;
    say("    sqla_savepoint_rollback(sp%d, &err);\n", level);
    undo_with(sqla_savepoint_rollback(x.savepoints[level - 1], &err), &err, level);
    x.depth = level - 1;
}

/* Was it removed, and its row is gone? A flush may have taken it for an orphan before it found that. */
static bool may_have_gone(int index)
{
    const object *o = &w.objects[index];
    bool removed = false;
    for (int r = 0; r < table_of_object(o)->one_count; r++)
        removed = removed || o->says[r].verb == REMOVED || (pointer_stated(o, r) && o->to[r] == NOBODY);
    return removed && has_row(o) && object_row(&w, index) < 0;
}

/* What follows a failure: work is refused, and a rollback mends it. */
static void note_who_went(void)
{
    for (int i = 0; i < w.count; i++)
        w.objects[i].went =
            w.objects[i].went || p.fate[i] == DIES || p.fate[i] == LEFT_OUT || may_have_gone(i);
}

static void mend(uint32_t how)
{
    sqla_error err = SQLA_ERROR_INIT;
    note_who_went();
    say("    sqla_error_clear(&err);\n");
    if (how % 4 == 0 && sqla_flush(x.s, &err) != SQLA_ERR_ROLLBACK_FIRST)
        wrong("status", "a flush after a failure gave %s", sqla_status_name(err.status));
    if (x.depth > 0 && how / 4 % 2 == 0)
        rollback_savepoint(1 + (int)(how / 8 % (uint32_t)x.depth));
    else
        rollback_all();
}

static bool is_injected(const sqla_error *err)
{
    return strstr(err->message, "injected") != NULL || strstr(err->detail, "injected") != NULL;
}

static const char *list_of(unsigned bits)
{
    static char room[200];
    static const char *const names[] = { "OK", "MISUSE", "FOREIGN_KEY", "NOT_NULL", "UNIQUE", "STALE", "DATA",
        "NOT_FOUND", "INJECTED", "OTHER" };
    room[0] = '\0';
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (bits & 1u << i) {
            strcat(room, names[i]);
            strcat(room, " ");
        }
    return room;
}

static const char *kind_of(sqla_status status, unsigned right)
{
    static char room[40];
    snprintf(room, sizeof room, "%s/%x", sqla_status_name(status), right);
    return room;
}

static bool check_status(sqla_status status, const sqla_error *err, bool armed)
{
    unsigned got = bit_of(status), right = p.must != 0 ? p.must | p.may : IS_OK | p.may;
    if (status != err->status && err->status == SQLA_OK)
        wrong("status", "a call gave %s, and err says nothing", sqla_status_name(status));
    if (armed && is_injected(err))
        right |= IS_INJECTED | IS_OTHER;
    else if (got & IS_OTHER)
        right &= ~(unsigned)IS_OTHER;
    if (!(got & right))
        wrong(kind_of(status, right), "a flush gave %s (%s; %s); right would be %s", sqla_status_name(status),
            err->message, err->detail, list_of(right));
    return status == SQLA_OK;
}

static void settle(void)
{
    plan_settle();
    x.may_read = true;
    if (p.writes)
        x.idle = false;
}

bool flushed(sqla_status status, const sqla_error *err, bool armed, uint32_t how)
{
    bool done = check_status(status, err, armed);
    if (done)
        settle();
    else
        mend(how);
    return done;
}

static void arm(uint32_t n)
{
    static unsigned round;
    char value[40];
    snprintf(value, sizeof value, "%u:%u", ++round, n);
    setenv("SQLA_RANDOM_FAIL", n > 0 ? value : "0:0", 1);
}

void do_flush(const step *st)
{
    sqla_error err = SQLA_ERROR_INIT;
    bool armed = st->a % 12 == 0;
    plan_flush();
    if (armed)
        arm(1 + st->b % 5);
    say("    sqla_flush(s, &err);%s\n", armed ? " /* with a statement that fails */" : "");
    sqla_status status = sqla_flush(x.s, &err);
    arm(0);
    if (flushed(status, &err, armed, st->c)) {
        free_lent();
        look_at_rows(false);
        look_at_memory();
    }
}

static void make_stale(void)
{
    for (int i = 0; i < w.count && !x.keep_on_commit; i++) {
        w.objects[i].stale = true;
        for (int k = 0; k < MANIES; k++)
            w.objects[i].many[k].stale = true;
    }
}

void do_commit(const step *st)
{
    sqla_error err = SQLA_ERROR_INIT;
    plan_flush();
    say("    sqla_commit(s, &err);\n");
    if (!flushed(sqla_commit(x.s, &err), &err, false, st->c))
        return;
    free_lent();
    make_stale();
    end_transaction();
    look_at_memory();
    make_stale(); /* that the flush had read it says nothing of the next transaction */
    look_at_rows(true);
}

void do_rollback(const step *st)
{
    (void)st;
    rollback_all();
    look_at_memory();
}

/* ---- savepoints --------------------------------------------------------------------------------------- */

void do_nested(const step *st)
{
    sqla_error err = SQLA_ERROR_INIT;
    if (x.depth == DEPTH)
        return;
    plan_flush();
    say("    sp%d = sqla_begin_nested(s, &err);\n", x.depth + 1);
    sqla_savepoint *sp = sqla_begin_nested(x.s, &err);
    if (sp == NULL && err.status == SQLA_OK)
        wrong("status", "no savepoint, and err says nothing");
    if (!flushed(sp != NULL ? SQLA_OK : err.status, &err, false, st->c))
        return;
    free_lent();
    x.idle = false;
    look_at_rows(false);
    look_at_memory();
    x.savepoints[x.depth++] = sp;
    begin_level(x.depth);
}

void do_savepoint_commit(const step *st)
{
    sqla_error err = SQLA_ERROR_INIT;
    if (x.depth == 0)
        return;
    int level = 1 + (int)(st->a % 5 == 0 ? st->b % (uint32_t)x.depth : (uint32_t)x.depth - 1);
    bool armed = st->d % 8 == 0;
    plan_flush();
    if (armed)
        arm(1 + st->b % 3);
    say("    sqla_savepoint_commit(sp%d, &err);%s\n", level,
        armed ? " /* with a statement that fails */" : "");
    sqla_status status = sqla_savepoint_commit(x.savepoints[level - 1], &err);
    arm(0);
    bool done = check_status(status, &err, armed);
    if (done) {
        settle();
        free_lent();
    } else {
        say("    sqla_error_clear(&err);\n");
        note_who_went();
        undo_to(level); /* it has rolled back to the savepoint, and the session goes on */
    }
    x.depth = level - 1;
    look_at_memory();
    look_at_rows(false);
}

void do_savepoint_rollback(const step *st)
{
    if (x.depth == 0)
        return;
    rollback_savepoint(1 + (int)(st->a % 5 == 0 ? st->b % (uint32_t)x.depth : (uint32_t)x.depth - 1));
    look_at_memory();
    look_at_rows(false);
}

/* ---- failures that are kept --------------------------------------------------------------------------- */

void expect_kept_misuse(uint32_t how)
{
    sqla_error err = SQLA_ERROR_INIT;
    plan_flush();
    say("    sqla_flush(s, &err); /* misuse */\n");
    sqla_status status = sqla_flush(x.s, &err);
    if (!(bit_of(status) & (IS_MISUSE | p.must)))
        wrong("status", "after a misuse a flush gave %s (%s)", sqla_status_name(status), err.message);
    mend(how);
}

/* ---- calls that flush first --------------------------------------------------------------------------- */

static bool planned;

bool before_query(void)
{
    planned = is_dirty();
    if (!planned)
        return true;
    plan_flush();
    if (p.must == 0 && p.probe == NOBODY) { /* nothing would show whether it was flushed */
        do_flush(&(step){ .a = 1 });
        planned = false;
    }
    return !x.rebase;
}

static bool has_flushed(void)
{
    const object *o = &w.objects[p.probe];
    bool persistent = sqla_state(x.s, o->at) == SQLA_PERSISTENT;
    switch (p.fate[p.probe]) {
    case INSERTED: return persistent;
    case UPDATED: return persistent && !sqla_is_modified(x.s, o->at); /* a read may have found the row gone */
    default: return !sqla_is_modified(x.s, o->at);
    }
}

bool after_query(const sqla_error *err)
{
    x.may_read = true;
    x.idle = false;
    if (err->status != SQLA_OK && planned && (bit_of(err->status) & (p.must | p.may)) != 0) {
        mend((uint32_t)w.count);
        return false;
    }
    if (err->status != SQLA_OK && err->status != SQLA_ERR_NOT_FOUND)
        wrong(sqla_status_name(err->status), "a query gave %s (%s; %s)", sqla_status_name(err->status),
            err->message, err->detail);
    bool done = planned && p.probe != NOBODY && has_flushed();
    if (done && p.must != 0)
        wrong(kind_of(SQLA_OK, p.must), "a query has flushed; right would be %s", list_of(p.must));
    if (done) {
        plan_settle();
        look_at_rows(false);
    }
    return true;
}
