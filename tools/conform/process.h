/* process.h: what belongs to the whole process, and what a driver leaves alone. */
#ifndef CONFORM_PROCESS_H
#define CONFORM_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

enum { PROCESS_SIGNALS = 32, PROCESS_FILES = 1024 };

typedef struct process_state {
    char locale[512], folder[1024];
    unsigned long environment; /* a sum over all of it */
    mode_t mask;
    sigset_t blocked;
    struct sigaction signals[PROCESS_SIGNALS];
    off_t printed;
    void *malloc_function;
} process_state;

void process_look(process_state *state);
/* Each difference is a failure of the check. */
void process_compare(const process_state *before, const process_state *after);

/* Descriptors that are open: which[fd]. Returns how many. */
int process_files(bool which[PROCESS_FILES]);
/* Memory of the process, in bytes; 0: it cannot be told here. */
long process_memory(void);
/* What its allocator has given out, in bytes, where the C library tells that; else as process_memory. */
long process_held(void);
/* Is there a sanitizer in it, of the kit's own or of a driver's? It keeps memory of its own, so that limits and
 * sums of memory mean nothing. */
bool process_is_sanitized(void);

#endif
