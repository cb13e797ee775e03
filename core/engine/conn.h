/* conn.h: a connection, as the rooms above use it. Every call to a driver goes through here.
 *
 * It carries out what the ABI promises on the host's side: statements are prepared and cached, END is latched, the pool
 * learns of lost connections, secrets are scrubbed from errors, echo and hooks see every statement. err is never NULL and
 * starts fresh (base/error.h). One thread at a time. */
#ifndef SQLA_ENGINE_CONN_H
#define SQLA_ENGINE_CONN_H

#include <sqla/engine.h>
#include <sqla/driver.h>

typedef struct sqla__result sqla__result;

sqla_status sqla__conn_acquire(sqla_engine *db, sqla_conn **ret_conn, sqla_error *err);
void sqla__conn_release(sqla_conn *conn);            /* rolls back what is open; NULL is fine */
sqla_engine *sqla__conn_engine(const sqla_conn *conn);
const sqla_traits *sqla__conn_traits(const sqla_conn *conn);
uint64_t sqla__conn_features(const sqla_conn *conn); /* of this server */
uint32_t sqla__conn_max_parameters(const sqla_conn *conn);
bool sqla__conn_lost(const sqla_conn *conn);
bool sqla__conn_can_batch(const sqla_conn *conn);    /* the driver has execute_many: block and columns roads exist */
/* Log that rows were written that the driver did not count; once for each engine. */
void sqla__conn_warn_uncounted(const sqla_conn *conn);
void sqla__conn_touch(sqla_conn *conn);              /* raw SQL ran: reset when it goes back */
bool sqla__conn_touched(const sqla_conn *conn);
bool sqla__conn_autocommits(const sqla_conn *conn); /* its transaction is none: each statement stands as soon as it has run */
/* Until the connection goes back: tables that its statements are about, for hints. base is frozen, and borrowed. */
void sqla__conn_know(sqla_conn *conn, const sqla_metadata *base);
const sqla_traits *sqla__engine_traits(const sqla_engine *db);
/* Keep the engine from being freed under a handle that outlives a connection (a session): one unref for each ref. */
void sqla__engine_ref(sqla_engine *db);
void sqla__engine_unref(sqla_engine *db);

/* Transactions. */
typedef struct sqla__begin { uint32_t isolation, flags; } sqla__begin; /* sqla_isolation, SQLA_TXN_... */
sqla_status sqla__conn_begin(sqla_conn *conn, sqla__begin how, sqla_error *err);
/* What a program asks for, checked; NULL: nothing. */
sqla_status sqla__begin_make(const sqla_transaction_options *options, sqla__begin *ret, sqla_error *err);
/* A level that the database has? fault: the status of a refusal, which lists those that it has. */
sqla_status sqla__isolation_check(const sqla_engine *db, uint32_t isolation, sqla_status fault, sqla_error *err);
extern const char *const sqla__isolation_words[SQLA_AUTOCOMMIT + 2]; /* as the URL spells them, by number; the last is NULL */
/* What is DEFAULT becomes the engine's. */
sqla__begin sqla__engine_begin(const sqla_engine *db, sqla__begin how);
/* Nothing that starts from now on runs beyond this time; 0: no limit. Until the connection is given back. */
void sqla__conn_limit(sqla_conn *conn, int64_t limit);
sqla_status sqla__conn_commit(sqla_conn *conn, sqla_error *err);
sqla_status sqla__conn_rollback(sqla_conn *conn, sqla_error *err);
sqla_status sqla__conn_savepoint(sqla_conn *conn, sqla_savepoint_op op, const char *name, sqla_error *err);
sqla_txn_state sqla__conn_txn_state(sqla_conn *conn);
/* Has a statement ended the transaction, such as a raw COMMIT? Nothing else runs until sqla__conn_rollback
 * then. *ret_by (may be NULL): its first words, until then. */
bool sqla__conn_txn_lost(const sqla_conn *conn, const char **ret_by);
/* The same as a failure. Returns: OK; ROLLBACK_FIRST: it has, and err names it. */
sqla_status sqla__conn_txn_check(sqla_conn *conn, sqla_error *err);

/* Run text with parameters by plan out of row (NULL, NULL: none).
 * rows: they will be read: a statement that gives none is not run where that can be known before.
 * cached: prepare it and keep the handle, looked up by the text's content: the plan must be the same shape each time.
 * stream: rows as they come; the connection is busy until the result is closed.
 * *ret_result: close it with sqla__result_close; NULL for ret_result: rows are dropped, *ret_affected (may be NULL) is filled. */
typedef struct sqla__request {
    const char *text;
    size_t length;
    const sqla_plan *plan;
    const void *row;
    bool cached, stream;
    int32_t timeout_ms;  /* 0: the connection's; -1: none */
    bool rows;
    bool leaves;         /* the stream may be left before its end */
} sqla__request;
sqla_status sqla__conn_run(sqla_conn *conn, const sqla__request *request, sqla__result **ret_result, int64_t *ret_affected, sqla_error *err);
/* Run several statements, without parameters; what they give is dropped. */
sqla_status sqla__conn_run_script(sqla_conn *conn, const char *text, size_t length, sqla_error *err);
/* Run text for the rows of batch; always prepared and cached. Falls back to one exec a row when the driver has no execute_many
 * (mode must be EACH then). */
sqla_status sqla__conn_run_many(sqla_conn *conn, const char *text, size_t length, sqla_batch *batch, sqla_error *err);

const sqla_result_info *sqla__result_info(sqla__result *result);
/* Bytes of the host's own behind what a driver writes, by which is seen that it writes no further. */
enum { SQLA__GUARD_SIZE = 8 };
void sqla__guard_set(void *at);
bool sqla__guard_holds(const void *at);
/* As sqla__result_fetch, of rows that have room for such bytes at guard, counted from the begin of each.
 * Returns: PROTOCOL too. */
sqla_status sqla__result_fetch_guarded(sqla__result *result, const sqla_plan *plan, void *const *rows,
    size_t max, size_t guard, sqla_row_arena *arena, size_t *ret_count, bool *ret_end, sqla_error *err);
/* The driver has written further than it may: its connection is closed.  Returns: PROTOCOL. */
sqla_status sqla__result_overrun(sqla__result *result, sqla_error *err);
/* As result_fetch of the ABI; after the end it answers 0 rows and end without asking the driver. */
sqla_status sqla__result_fetch(sqla__result *result, const sqla_plan *plan, void *const *rows, size_t max, sqla_row_arena *arena,
                               size_t *ret_count, bool *ret_end, sqla_error *err);
sqla_status sqla__result_view(sqla__result *result, const sqla_value **ret_values, sqla_error *err);
void sqla__result_close(sqla__result *result);       /* NULL is fine */
int64_t sqla__result_fetched(const sqla__result *result); /* how many rows were fetched so far */
void sqla__result_renew(sqla__result *result);       /* what is read next has a deadline of its own */

/* Facts about a table (abi/sqla/reflect.h), asked once per engine and table and kept; UNTOLD alone where the driver cannot tell. */
#define SQLA__FACTS_UNTOLD (UINT64_C(1) << 63)
sqla_status sqla__conn_table_facts(sqla_conn *conn, const char *schema, const char *table, uint64_t *ret_facts, sqla_error *err);
/* The driver's reflect slot. */
sqla_status sqla__conn_reflect(sqla_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink, sqla_error *err);

#endif
