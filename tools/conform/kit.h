/* kit.h: what the checks of a driver share: a small host, a connection, and short ways to run SQL.
 *
 * Nothing here knows a database. What a driver cannot do, by its traits, its features or its missing slots, is not asked of
 * it; what it says that it can do is checked. */
#ifndef CONFORMANCE_KIT_H
#define CONFORMANCE_KIT_H

#include <sqla/driver.h>

#include "conform.h"

/* A failure as the driver reported it. This is what the opaque sqla_err is here. */
typedef struct kit_error {
    int calls; /* of set_error since kit_clear */
    int32_t status, native, position;
    int64_t row;
    char sqlstate[16], message[512], detail[256], hint[256], table[128], column[128], constraint[128];
} kit_error;

/* A connection and what came with it. */
typedef struct kit_conn {
    sqla_driver_conn *handle;
    sqla_conn_info info;
} kit_conn;

/* A parameter or a column in a row that is a plain struct of the check's. */
#define KIT_SLOT(struct_, member, type_, rep_, column_)                                           \
    {                                                                                             \
        .type = (type_), .rep = (rep_), .column = (column_), .offset = offsetof(struct_, member), \
        .size = sizeof(((struct_ *)0)->member), .set_offset = -1, .name = #member                 \
    }
#define KIT_PLAN(slots_)                                                           \
    {                                                                              \
        sizeof(sqla_plan), (uint32_t)(sizeof(slots_) / sizeof *(slots_)), (slots_) \
    }

extern const sqla_host kit_host;
extern sqla_driver kit_driver;  /* as the entry filled it */
extern sqla_driver_ops kit_ops; /* full size; slots that the driver left out are NULL */
extern const sqla_traits *kit_traits;
extern kit_error kit_last; /* the error that the functions below report to */
#define KIT_ERR ((sqla_err *)(void *)&kit_last)

/* load.c: the parts of the URL, and the driver. why: room for what is wrong. */
enum { KIT_PARAMS = 48, KIT_WHY = 512 };
bool kit_take_url(const char *url, unsigned job, char why[KIT_WHY]);
bool kit_load(const char *path, char why[KIT_WHY]);
extern sqla_connect_param kit_params[KIT_PARAMS];
extern uint32_t kit_param_count;
extern const char *kit_url; /* as taken last */
extern sqla_driver_entry_fn *kit_entry;
const char *kit_path(void);
const void *kit_extension(const char *id);
/* Readies the process of a check (conform_options.prepare). */
bool kit_ready(const conform_options *options, const conform_check *check, unsigned job);
/* Undoes what a check has left in the database (conform_options.clean). */
void kit_clean(const conform_options *options, const conform_report *left, unsigned job);
/* Why the driver declares that it cannot pass; NULL: it declares that it can. */
const char *kit_lacks(const conform_check *check);

const char *kit_logged(void); /* the lines that the driver has logged */
long kit_blocks(void);       /* blocks of the host's memory that are out now */
void kit_fail_alloc(long n); /* the n-th allocation from now on fails once; 0: none */
long kit_alloc_left(void);   /* allocations until that one; 0: it is over, or there is none */

/* Memory for texts of rows, freed whole. */
typedef struct kit_arena {
    sqla_row_arena base;
    struct kit_piece *pieces;
    long calls;
} kit_arena;
void kit_arena_init(kit_arena *arena);
void kit_arena_release(kit_arena *arena);
bool kit_arena_owns(const kit_arena *arena, const void *at);

/* Connections. kit_open takes further parameters, or NULL; kit_must_open fails the check. */
const char *kit_instance(void); /* no other process has it: also the name of what a whole server shares */
sqla_status kit_open(kit_conn *conn, const sqla_connect_param *more, uint32_t count, int64_t deadline);
void kit_must_open(kit_conn *conn);
void kit_close(kit_conn *conn);

/* Texts. Outside of quotes "?" becomes the placeholder of the dialect, and "[name]" a name in its quotes: any word may be
 * reserved somewhere. In a ring: good until 16 others were made. */
const char *kit_sql(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *kit_named(const char *sql); /* "[name]" alone; what runs SQL below does it */
const char *kit_type(sqla_type type); /* as CREATE TABLE spells it; NULL: the driver does not store it */
const char *kit_cast(sqla_type type); /* as CAST spells it */
const char *kit_key_text(void);       /* of a text that may be a key */
const char *kit_quoted(const char *name);
const char *kit_long_query(void); /* runs for minutes, and returns one row */
const char *kit_many_rows(void);  /* returns its first row at once, and more for minutes */
/* A template of the traits, for a table with these column names. key: of update and delete, compared last; NULL: none. */
const char *kit_fill(const char *template, const char *table, const char *const *columns,
    const sqla_type *types, uint32_t n, uint32_t rows, const char *key, sqla_type key_type,
    const char *returning);

/* Running. All clear kit_last first. */
void kit_clear(void);
sqla_status kit_run(kit_conn *conn, const char *sql);
sqla_status kit_run_with(kit_conn *conn, const char *sql, const sqla_plan *plan, const void *row);
void kit_must(kit_conn *conn, const char *sql);
sqla_status kit_exec(kit_conn *conn, const char *sql, const sqla_plan *plan, const void *row, uint32_t flags,
    sqla_driver_result **ret_result);
sqla_status kit_exec_until(kit_conn *conn, const char *sql, const sqla_plan *plan, const void *row,
    uint32_t flags, int64_t deadline, sqla_driver_result **ret_result);
int64_t kit_number(
    kit_conn *conn, const char *sql); /* the integer in the one row; INT64_MIN: there was none */
/* The text in the first column of the first row; "": there is none. */
void kit_text(kit_conn *conn, const char *sql, char *room, size_t size);
/* Drop a table or a view, if it exists; after a failure of the check too, so that it is not in the way of the next one. */
void kit_drop(kit_conn *conn, const char *table);
void kit_drop_view(kit_conn *conn, const char *view);
/* The schema in which this table lies, to tell it from its namesakes in other databases of the server. Good until the next call.
 * NULL: none lies on the search path. */
const char *kit_schema(kit_conn *conn, const char *table);

/* Transactions by the driver's slot or by the traits, as the host does it. */
sqla_status kit_begin(kit_conn *conn, uint32_t flags);
bool kit_reads_only(void); /* are there transactions in which the database refuses writes? */
sqla_status kit_begin_with(kit_conn *conn, uint32_t flags, uint32_t isolation);
sqla_status kit_commit(kit_conn *conn);
sqla_status kit_rollback(kit_conn *conn);
sqla_status kit_savepoint(kit_conn *conn, sqla_savepoint_op op, const char *name);
sqla_txn_state kit_state(kit_conn *conn);

int64_t kit_now(void); /* CLOCK_MONOTONIC, ns */
bool kit_feature(const kit_conn *conn, uint64_t feature);
const char *kit_feature_name(uint64_t features); /* of the lowest of them that is set */
/* The feature bit and what was seen must agree, both ways. Where both say no, the check ends as unsupported. */
void kit_agrees(kit_conn *conn, uint64_t feature, bool works, const char *what);
const char *kit_status_name(sqla_status status);

/* What came is what was expected; else the driver's words are shown too. */
bool kit_expect(sqla_status got, sqla_status expected, const char *what, const char *file, unsigned line);
#define EXPECT(call, status) kit_expect((call), (status), #call, __FILE__, __LINE__)

#endif
