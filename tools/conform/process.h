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

#endif
