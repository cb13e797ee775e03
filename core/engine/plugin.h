/* plugin.h: drivers that were loaded from files, and what is known about files that may be drivers.
 *
 * plugin.c finds and loads; offer.c takes what a driver gives; wrap.c puts one round another; elf.c reads a file's headers and note; trust.c says whether somebody else could have put the file
 * there; drivers.c lists; host.c is the table of services that a driver gets; defaults.c stands in for slots it leaves out. */
#ifndef SQLA_ENGINE_PLUGIN_H
#define SQLA_ENGINE_PLUGIN_H

#include <sqla/driver.h>
#include <sqla/bulk.h>
#include <sqla/twophase.h>
#include <sqla/wrap.h>
#include <sqla/engine.h>
#include <sys/stat.h>

/* The optional slots, as calls on our connection: the driver's own function, or the host's default for it (defaults.c). All
 * are filled. err is never NULL. */
typedef struct sqla__slots {
    sqla_status (*begin)(sqla_conn *conn, const sqla_txn_options *options, sqla_error *err);
    sqla_status (*commit)(sqla_conn *conn, const sqla_txn_options *options, sqla_error *err);
    sqla_status (*rollback)(sqla_conn *conn, const sqla_txn_options *options, sqla_error *err);
    sqla_status (*savepoint)(sqla_conn *conn, int32_t op, const char *name, sqla_error *err);
    sqla_status (*ping)(sqla_conn *conn, uint32_t flags, int64_t deadline, sqla_error *err);
    sqla_status (*reset)(sqla_conn *conn, int64_t deadline, sqla_error *err); /* UNSUPPORTED: drop the connection */
    sqla_status (*prepare)(sqla_conn *conn, const char *text, size_t length, const sqla_plan *plan, uint32_t block_rows,
                           uint32_t flags, sqla_driver_stmt **ret_stmt, sqla_error *err); /* *ret_stmt may be NULL */
    sqla_status (*execute_many)(sqla_conn *conn, const sqla_statement *statement, sqla_batch *batch, sqla_error *err);
    sqla_status (*cancel_new)(sqla_conn *conn, sqla_driver_canceller **ret_canceller, sqla_error *err); /* may give NULL */
    sqla_status (*reflect)(sqla_conn *conn, uint32_t kind, const sqla_reflect_filter *filter, sqla_reflect_sink *sink,
                           sqla_error *err);
    void (*abandon)(sqla_conn *conn);
    sqla_status (*connect_options)(const sqla_driver_ops *ops, const sqla_connect_option **ret_options, uint32_t *ret_count,
                                   sqla_error *err); /* *ret_options may be NULL: not told */
    sqla_status (*resolve)(sqla_conn *conn, const char *outcome, int32_t *ret_outcome, sqla_error *err);
    void (*set_deadline)(sqla_conn *conn, int64_t deadline);
} sqla__slots;
void sqla__slots_fill(sqla__slots *slots, const sqla_driver_ops *ops);

/* A loaded driver. Lives as long as the process, as its file is never unloaded. */
typedef struct sqla__driver {
    struct sqla__driver *next;
    dev_t device;
    ino_t inode;
    const char *file;          /* its real path */
    const char *name, *version;
    sqla_driver_note note;
    sqla_driver_ops ops;       /* of full size; optional slots may be NULL here, see slots */
    sqla_traits traits;        /* of full size */
    sqla__slots slots;
    const void *(*extension)(const char *id); /* NULL: it has none */
    const void *data;
    sqla_twophase_ops twophase; /* extensions, of full size; struct_size is 0 when the driver has none */
    sqla_bulk_ops bulk;
    sqla_wrap_ops wrap;
    const struct sqla__driver *inner, *outer; /* what stands inside and round it (wrap.c); else NULL */
    sqla_driver offer;         /* how inner is shown to outer */
} sqla__driver;

/* The driver for scheme[+driver] (driver may be NULL), loaded if it was not yet.
 * Returns: SQLA_ERR_PLUGIN: not found (says where was searched), refused or broken (says which file and why); NOMEM.
 * Threads: any. */
sqla_status sqla__driver_load(const char *scheme, const char *driver, const sqla__driver **ret, sqla_error *err);

/* The driver inner with the one of that name round it.
 * Returns: as sqla__driver_load; CONFIG: the one of that name goes round no others.
 * Threads: any. */
sqla_status sqla__driver_wrap(const sqla__driver *inner, const char *name, const sqla__driver **ret, sqla_error *err);

/* Copy what the driver of that name gives, out of the file path, into full-size tables; nothing else of *driver is set.
 * Returns: SQLA_ERR_PLUGIN: it is not whole, or asks for another version. */
sqla_status sqla__offer_take(const char *path, const char *name, const sqla_driver *offer, sqla__driver *driver, sqla_error *err);
/* SQLA_ERR_PLUGIN, with the file and the reason. */
sqla_status sqla__driver_refuse(const char *path, const char *why, sqla_error *err);

/* What is known about a file before any of its code runs. */
typedef struct sqla__file {
    int fd;                    /* -1: closed */
    struct stat stat;
    char path[4096];           /* as it was found */
    char real[4096];           /* with all links resolved */
    sqla_driver_note note;
    bool has_note;
    char why[512];             /* why it is refused, or a warning; "" */
} sqla__file;
/* Open folder/name.so and check it.
 * Returns: SQLA_OK, perhaps with a warning in why; SQLA_ERR_NOT_FOUND: there is none; SQLA_ERR_PLUGIN: refused, see why.
 * Ownership: end it with sqla__file_close in any case. */
sqla_status sqla__file_open(sqla__file *file, const char *folder, const char *name, bool built_in);
void sqla__file_close(sqla__file *file);
bool sqla__note_lists(const sqla_driver_note *note, const char *scheme);

/* Read headers and note of an ELF file of that size. why: room for the reason of a refusal. */
sqla_status sqla__elf_check(int fd, uint64_t size, sqla_driver_note *ret_note, bool *ret_has_note, char *why, size_t why_size);
/* Who could replace that file? SQLA_ERR_PLUGIN: somebody who must not; SQLA_OK: nobody, or a warning in why. */
sqla_status sqla__trust_check(const sqla__file *file, bool built_in, char *why, size_t why_size);

/* The i-th folder that is searched, copied into room; false: there are no more.
 * *ret_built_in: it is the one that was built in, and not named by the environment. */
bool sqla__plugin_folder(size_t i, char *room, size_t size, bool *ret_built_in);

/* What a driver gets from us. */
extern const sqla_host sqla__host;
/* One engine more (by 1) or less (by -1) that wants to hear lines of drivers up to that level; they go to standard error. */
void sqla__host_listen(int level, int by);

#endif
