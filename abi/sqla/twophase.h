/* twophase.h: the extension "sqla.twophase/1": transactions that are prepared, and finished later, by whoever knows their name.
 *
 * A driver that has it answers SQLA_TWOPHASE from sqla_driver.extension with the table below. */
#ifndef SQLA_TWOPHASE_H
#define SQLA_TWOPHASE_H

#include <sqla/driver.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SQLA_TWOPHASE "sqla.twophase/1"

/* One that was prepared and not finished. Everything is borrowed for the call that shows it. */
typedef struct sqla_prepared_record {
    uint32_t struct_size;
    uint32_t reserved;
    const char *gid;               /* its name */
    const char *owner, *database;  /* NULL: not known */
    int64_t since;                 /* microseconds since 1970, UTC; 0: not known */
} sqla_prepared_record;

/* Where the records go. Another status than SQLA_OK ends the call, and is returned by it. */
typedef struct sqla_prepared_sink sqla_prepared_sink;
struct sqla_prepared_sink { sqla_status (*push)(sqla_prepared_sink *sink, const sqla_prepared_record *record); };

/* gid: what the database takes as a name; the driver refuses what it does not (SQLA_ERR_SQL), before anything is sent. */
typedef struct sqla_twophase_ops {
    uint32_t struct_size;
    uint32_t reserved;
    /* End the open transaction by preparing it. SQLA_ERR_UNKNOWN_OUTCOME: the link broke meanwhile, and recover tells. After
     * any other failure it is not prepared, and is over or failed. */
    sqla_status (*prepare)(sqla_driver_conn *conn, const char *gid, int64_t deadline, sqla_err *err);
    /* Commit (not 0) or roll back one that was prepared, by whatever connection. No transaction is open.
     * Returns: SQLA_ERR_NOT_FOUND: there is none of that name; SQLA_ERR_UNKNOWN_OUTCOME as above. */
    sqla_status (*finish)(sqla_driver_conn *conn, const char *gid, int32_t commit, int64_t deadline, sqla_err *err);
    /* Show all that can be finished from this database. sink is called after the last answer was read, so it may use conn. */
    sqla_status (*recover)(sqla_driver_conn *conn, sqla_prepared_sink *sink, int64_t deadline, sqla_err *err);
} sqla_twophase_ops;

#ifdef __cplusplus
}
#endif
#endif
