/* flooder.h: a server that is none, in a process of its own: it lets its clients in, answers each statement, and the first of
 * its clients gets a flood in the place of one answer. Those that come after it are served well. */
#ifndef TESTS_FLOODER_H
#define TESTS_FLOODER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What comes without an end. ..._LONG: one message that says it had 1 GB. */
enum flooder_kind {
    FLOOD_NOTICES, FLOOD_NOTICE_LONG, FLOOD_PARAMETERS, FLOOD_PARAMETERS_LARGE, FLOOD_NOTES, FLOOD_ERROR_LONG,
    FLOOD_ROW_LONG, FLOOD_COPY_LONG, FLOOD_ANSWERS, FLOOD_ZEROS, FLOOD_COLUMNS, FLOOD_PROGRESS, FLOOD_SESSION,
    FLOOD_VALUE            /* no flood: one row of size bytes, and its end */
};
struct flooder_plan {
    enum flooder_kind kind;
    const char *trigger;   /* what the statement has in it that is answered so; NULL: the connect is */
    bool prepares;         /* not when it is run, but when it is prepared by a name */
    bool delays;           /* the flood begins, and goes on when what came first has been read */
    size_t size;
};
struct flooder { pid_t child; char url[512]; };

/* by_tcp: and not by a socket in the test's folder.  Returns: does it run? */
bool flooder_start(struct flooder *f, bool mariadb, bool by_tcp, const struct flooder_plan *plan);
void flooder_stop(struct flooder *f);

#endif
