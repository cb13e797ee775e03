/* mutant.h: what the files of the mutant driver share: the vice that it has, and the good driver
 * behind it. */
#ifndef MUTANTS_MUTANT_H
#define MUTANTS_MUTANT_H

#include <sqla/driver.h>

#include "vices.h"

#define NAME(name, check, among) VICE_##name,
enum vice { VICE_none, VICES(NAME) SERVER_VICES(NAME) GROSS_VICES(NAME) };
#undef NAME
#define IS(name) (mutant_vice == VICE_##name)

extern enum vice mutant_vice;
extern const sqla_driver_ops *mutant_good;
sqla_status mutant_fail(sqla_err *err, sqla_status status, const char *message);

/* ---- kept.c: vices that keep something of one call for the next one -------------------------- */

/* Where each call begins: what comes of the one before. A status that is not OK is what the call
 * answers. */
sqla_status kept_exec(sqla_driver_conn *conn, sqla_exec_options *options, const char *text, sqla_err *err);
sqla_status kept_batch(sqla_driver_conn *conn, const sqla_batch *batch, sqla_err *err);
void kept_begin(sqla_driver_conn *conn, sqla_txn_options *options);
void kept_reflect(sqla_driver_conn *conn, sqla_reflect_filter *filter);
bool kept_deadline(sqla_driver_conn *conn, int64_t deadline); /* true: what is told is not passed on */
void kept_opened(void);
/* Within it and at its end. */
void kept_exec_done(sqla_driver_result *result, sqla_status status);
void kept_batch_done(sqla_batch *batch, const char *text);
void kept_fetched(sqla_driver_result *result, size_t *count, bool end);
void kept_info(sqla_result_info *info);
void kept_close(sqla_driver_result *result);

/* ---- sly.c: vices that show far from the usual case ------------------------------------------ */

void *mutant_keep(void *block, size_t size); /* never given back, but known to a leak checker */
void sly_error(sqla_err_fields *fields, const char *text, bool in_batch);
void sly_opened(const sqla_connect_args *args, sqla_conn_info *info, const sqla_host *host);
sqla_status sly_begin(sqla_txn_options *options);
void sly_reset(void);
sqla_status sly_exec(const sqla_statement *statement, sqla_exec_options *options, const char *text, sqla_err *err);
bool sly_told(const char *text); /* true: what is told is not passed on */
void sly_failed(bool prepares);
void sly_batch(sqla_exec_options *options);
void sly_batch_done(sqla_batch *batch);
void sly_info(sqla_result_info *info, const char *text);
void sly_fixed(const sqla_slot *slot, char *value, const char *text);
void sly_text(char *text);
void sly_blob(sqla_blob *blob);
void sly_view(sqla_value *values, uint32_t count);
void sly_filter(uint32_t kind, sqla_reflect_filter *filter);
void sly_column(sqla_reflect_column *column);
void sly_table(sqla_reflect_table *table);
void sly_type(sqla_reflect_type *type);

#endif
