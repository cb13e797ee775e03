/* log.c: the lines that an engine logs: those that it was asked for, and what echo says about events. */
#include <config.h>
#include "engine/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

/* What is in a statement, a value or a server's words neither ends the line nor drives a terminal. */
static void emit(const sqla_engine *db, int level, char *line)
{
    for (char *c = line; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    }
    sqla__text_tame(line); /* the other controls and marks, which have several bytes */
    if (db->config.log != NULL)
        db->config.log(db->config.log_data, level, line);
    else
        fprintf(stderr, "sqla: %s\n", line);
}

void sqla__engine_log(const sqla_engine *db, int level, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    emit(db, level, line);
}

static int64_t read_integer(const char *at, const sqla_slot *slot)
{
    bool is_unsigned = (slot->flags & SQLA_SLOT_UNSIGNED) != 0;
    union { int8_t i8; uint8_t u8; int16_t i16; uint16_t u16; int32_t i32; int64_t i64; } v = { .i64 = 0 };
    memcpy(&v, at, slot->size <= 8 ? slot->size : 8);
    switch (slot->size) {
    case 1: return is_unsigned ? v.u8 : v.i8;
    case 2: return is_unsigned ? v.u16 : v.i16;
    case 4: return v.i32;
    default: return v.i64;
    }
}

static sqla_value read_fixed(const char *at, const sqla_slot *slot)
{
    sqla_value v = { .type = slot->type };
    float single;
    switch ((sqla_type)slot->type) {
    case SQLA_FLOAT32: case SQLA_FLOAT64:
        memcpy(slot->size == sizeof single ? (void *)&single : (void *)&v.as.f64, at, slot->size == sizeof single ? sizeof single : 8);
        if (slot->size == sizeof single)
            v.as.f64 = (double)single;
        break;
    case SQLA_UUID: memcpy(&v.as.uuid, at, sizeof v.as.uuid); break;
    case SQLA_INTERVAL: memcpy(&v.as.interval, at, sizeof v.as.interval); break;
    default: v.as.i64 = read_integer(at, slot); break;
    }
    return v;
}

static sqla_value read_slot(const char *row, const sqla_slot *slot)
{
    const char *at = row + slot->offset, *text;
    sqla_value v;
    sqla_blob blob;
    if (slot->set_offset >= 0 && !*(const bool *)(row + slot->set_offset))
        return sqla_null();
    switch ((sqla_rep)slot->rep) {
    case SQLA_REP_CSTR: memcpy(&text, at, sizeof text); return sqla_value_text(text);
    case SQLA_REP_BYTES: memcpy(&blob, at, sizeof blob); return sqla_value_blob(blob);
    case SQLA_REP_CHARS:
        v = sqla_value_text("");
        v.as.bytes = (sqla_blob){ at, strnlen(at, slot->size) };
        return v;
    case SQLA_REP_VALUE: memcpy(&v, at, sizeof v); return v;
    case SQLA_REP_FIXED: return read_fixed(at, slot);
    case SQLA_REP_ROW_NUMBER: break;
    }
    return sqla_null();
}

enum { MOST_SHOWN = 30 }; /* values of a row */

static void add_values(sqla__buf *line, const sqla_plan *plan, const void *row)
{
    char text[100];
    for (uint32_t i = 0; i < plan->count && i < MOST_SHOWN; i++) {
        bool cut = sqla_value_print(text, sizeof text, read_slot(row, &plan->slots[i])) >= sizeof text;
        sqla__buf_printf(line, "%s%s%s", i > 0 ? ", " : "  [", text, cut ? "..." : "");
    }
    if (plan->count > MOST_SHOWN)
        sqla__buf_printf(line, ", and %u more", (unsigned)(plan->count - MOST_SHOWN));
    sqla__buf_add(line, plan->count > 0 ? "]" : "");
}

/* What ends a transaction, or a part of one, and what begins one; NULL: something else. */
static const char *verb_of(sqla_event_kind kind)
{
    switch (kind) {
    case SQLA_EVENT_BEGIN: return "BEGIN";
    case SQLA_EVENT_COMMIT: return "COMMIT";
    case SQLA_EVENT_ROLLBACK: return "ROLLBACK";
    case SQLA_EVENT_SAVEPOINT: return "SAVEPOINT ";
    case SQLA_EVENT_RELEASE: return "RELEASE ";
    case SQLA_EVENT_ROLLBACK_TO: return "ROLLBACK TO ";
    case SQLA_EVENT_PREPARE: return "PREPARE ";
    case SQLA_EVENT_COMMIT_PREPARED: return "COMMIT PREPARED ";
    case SQLA_EVENT_ROLLBACK_PREPARED: return "ROLLBACK PREPARED ";
    default: return NULL;
    }
}

/* What ran on which connection, and for how long. */
static void echo_work(const sqla_engine *db, const sqla_event *event, const char *verb, const sqla_plan *plan, const void *row)
{
    sqla__buf line = { 0 };
    sqla__buf_printf(&line, "#%llu  %.3f ms  %s", (unsigned long long)event->number, (double)event->nanoseconds / 1e6, verb);
    sqla__buf_add_n(&line, event->sql, event->sql_length);
    if (plan != NULL && row != NULL && !db->config.hide_parameters)
        add_values(&line, plan, row);
    if (event->kind == SQLA_EVENT_EXECUTE && event->rows != 1)
        sqla__buf_printf(&line, "  (%lld rows)", (long long)event->rows);
    if (event->status != SQLA_OK)
        sqla__buf_printf(&line, "  failed: %s", sqla_status_name(event->status));
    if (!line.broken) {
        emit(db, event->status == SQLA_OK ? SQLA_LOG_INFO : SQLA_LOG_ERROR, line.data);
    }
    sqla__buf_release(&line);
}

void sqla__echo(const sqla_engine *db, const sqla_event *event, const sqla_plan *plan, const void *row)
{
    const char *verb = event->kind == SQLA_EVENT_EXECUTE ? "" : verb_of(event->kind);
    if (verb != NULL)
        echo_work(db, event, verb, plan, row);
    else if (event->kind == SQLA_EVENT_CONNECT && event->status == SQLA_OK)
        sqla__engine_log(db, SQLA_LOG_INFO, "#%llu  connected to %s", (unsigned long long)event->number, db->url);
    else if (event->kind == SQLA_EVENT_INVALIDATE && event->status != SQLA_OK)
        sqla__engine_log(db, SQLA_LOG_INFO, "#%llu  was found dead and is replaced: %s", (unsigned long long)event->number, event->message);
}
