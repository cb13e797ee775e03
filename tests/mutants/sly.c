/* sly.c: vices of the mutant driver that show far from the usual case only: after a thousand rows,
 * after a change, in another thread, at a value that is rare, in a struct of a later version. */
#include <config.h>
#include "mutant.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- failures -------------------------------------------------------------------------------- */

/* What a failure was about stays for the next one. */
static const char *stick(const char *now, char *room, size_t size)
{
    if (now != NULL && now[0] != '\0') {
        strncpy(room, now, size - 1);
        return now;
    }
    return room[0] != '\0' ? room : NULL;
}

void sly_error(sqla_err_fields *f, const char *text, bool in_batch)
{
    static char constraint[128], column[128];
    if (IS(constraint_sticks))
        f->constraint = stick(f->constraint, constraint, sizeof constraint);
    if (IS(column_sticks))
        f->column = stick(f->column, column, sizeof column);
    if (IS(far_row_off_by_one) && in_batch && f->row > 1001)
        f->row--;
    if (IS(far_row_of_result_off) && !in_batch && f->row > 1001)
        f->row++;
    if (IS(message_is_shared) && strstr(text, "conf_no_") != NULL) {
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
        f->message = text; /* by now another thread's */
    }
}

/* ---- connections ----------------------------------------------------------------------------- */

static _Thread_local bool opened_here;

void sly_opened(const sqla_connect_args *args, sqla_conn_info *info, const sqla_host *host)
{
    opened_here = true;
    if (IS(later_struct_is_overwritten))
        memset((char *)info + sizeof *info, 0, info->struct_size - sizeof *info);
    for (uint32_t i = 0; IS(secret_is_logged) && i < args->count; i++) {
        if (strcmp(args->params[i].key, "password") == 0)
            host->log(SQLA_LOG_DEBUG, args->params[i].value);
    }
}

/* A transaction that does not begin answers what is returned. */
sqla_status sly_begin(sqla_txn_options *options)
{
    if (IS(later_begin_is_refused) && options->struct_size > sizeof *options)
        return SQLA_ERR_UNSUPPORTED;
    if (IS(intent_dropped))
        options->flags &= ~(uint32_t)SQLA_TXN_WRITE;
    return SQLA_OK;
}

/* ---- statements ------------------------------------------------------------------------------ */

static bool was_reset;

void sly_reset(void)
{
    was_reset = true;
}

sqla_status sly_exec(const sqla_statement *statement, sqla_exec_options *options, const char *text, sqla_err *err)
{
    bool slow = strstr(text, "SELECT count(*) FROM n a") != NULL;
    if (IS(stream_deadline_is_late) && slow && (options->flags & SQLA_EXEC_STREAM) != 0)
        options->deadline += options->deadline != 0 ? INT64_C(4000000000) : 0;
    if (IS(later_size_is_refused) && options->struct_size != sizeof *options)
        return mutant_fail(err, SQLA_ERR_MISUSE, "the options have another size");
    if (IS(bound_to_its_thread) && strstr(text, "n >= 100") != NULL && !opened_here)
        return mutant_fail(err, SQLA_ERR_MISUSE, "the connection belongs to another thread");
    if (IS(reset_forgets_statements) && was_reset && statement->prepared != NULL)
        return mutant_fail(err, SQLA_ERR_SQL, "there is no such statement");
    return SQLA_OK;
}

bool sly_told(const char *text)
{
    return IS(stream_deadline_is_late) && strstr(text, "SELECT count(*) FROM n a") != NULL;
}

void sly_failed(bool prepares)
{
    if (IS(leak_per_failure) && !prepares)
        mutant_keep(malloc(64), 64);
    if (IS(leak_per_failed_prepare) && prepares)
        mutant_keep(malloc(64), 64);
}

void sly_batch(sqla_exec_options *options)
{
    if (IS(batch_deadline_ignored))
        options->deadline = 0;
}

void sly_batch_done(sqla_batch *batch)
{
    if (IS(unmatched_row_off) && batch->unmatched >= 0)
        batch->unmatched++;
    if (IS(far_key_off) && batch->mode == SQLA_BATCH_BLOCK && batch->keys != NULL && batch->count > 1000) {
        int64_t key;
        char *at = (char *)batch->rows[1000] + batch->keys->slots[0].offset;
        memcpy(&key, at, sizeof key);
        key++;
        memcpy(at, &key, sizeof key);
    }
}

/* ---- rows ------------------------------------------------------------------------------------ */

void sly_info(sqla_result_info *info, const char *text)
{
    if (IS(column_count_is_stale) && strstr(text, "SELECT * FROM conf_row") != NULL)
        info->column_count = 1;
}

static void spoil_number(const sqla_slot *slot, char *value)
{
    double v;
    memcpy(&v, value, sizeof v);
    if (IS(minus_zero_is_zero) && v == 0.0)
        v = 0.0;
    if (IS(tiny_is_zero) && v > 0 && v < 1e-310)
        v = 0.0;
    if (slot->size == sizeof v)
        memcpy(value, &v, sizeof v);
}

void sly_fixed(const sqla_slot *slot, char *value, const char *text)
{
    int64_t micros;
    sqla_date date;
    sqla_interval interval;
    if (slot->type == SQLA_FLOAT64 && (IS(minus_zero_is_zero) || IS(tiny_is_zero)))
        spoil_number(slot, value);
    if (IS(first_day_is_julian) && slot->type == SQLA_DATE) {
        memcpy(&date, value, sizeof date);
        date.days -= 2 * (date.days == -719162);
        memcpy(value, &date, sizeof date);
    }
    if (IS(interval_sign_lost) && slot->type == SQLA_INTERVAL) {
        memcpy(&interval, value, sizeof interval);
        interval.micros = interval.micros == -1 ? 1 : interval.micros;
        memcpy(value, &interval, sizeof interval);
    }
    if (IS(now_is_local) && slot->type == SQLA_TIMESTAMP && strstr(text, "conf_now") != NULL) {
        memcpy(&micros, value, sizeof micros);
        micros += INT64_C(7200000000);
        memcpy(value, &micros, sizeof micros);
    }
}

void sly_text(char *text)
{
    size_t n = text != NULL ? strlen(text) : 0;
    if (IS(blank_at_end_lost) && n > 1 && text[n - 1] == ' ')
        text[n - 1] = '\0';
    char *rare = text != NULL ? strchr(text, '\xf0') : NULL;
    if (IS(rare_character_lost) && rare != NULL)
        memcpy(rare, "????", 4);
}

void sly_blob(sqla_blob *blob)
{
    if (IS(blob_cut_at_255) && blob->size == 256)
        blob->size = 255;
}

void sly_view(sqla_value *values, uint32_t count)
{
    for (uint32_t i = 0; IS(null_is_zero_in_view) && i < count; i++) {
        if (values[i].type == SQLA_NULL)
            values[i] = (sqla_value){ .type = SQLA_INT64 };
    }
}

/* ---- reflection ------------------------------------------------------------------------------ */

void sly_filter(uint32_t kind, sqla_reflect_filter *filter)
{
    if (IS(filter_ignored) && kind == SQLA_REFLECT_TABLES && filter->table != NULL &&
        strcmp(filter->table, "conf_pair") == 0)
        filter->table = NULL;
}

void sly_column(sqla_reflect_column *column)
{
    bool plain = strcmp(column->table, "conf_plain") == 0;
    if (IS(default_lost) && plain && strcmp(column->name, "n") == 0)
        column->default_text = NULL;
    if (IS(nullable_lost) && plain && strcmp(column->name, "at") != 0)
        column->nullable = false;
    if (IS(key_order_lost) && strcmp(column->table, "conf_pair") == 0 && column->key_position > 0)
        column->key_position = column->position - 1;
    if (IS(column_comment_lost))
        column->comment = NULL;
}

void sly_table(sqla_reflect_table *table)
{
    if (IS(table_comment_lost))
        table->comment = NULL;
}

void sly_type(sqla_reflect_type *type)
{
    if (IS(labels_unordered) && type->position > 1)
        type->position = 5 - type->position;
}
