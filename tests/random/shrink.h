/* shrink.h: runs in processes of their own, and what is made of one that fails. */
#ifndef RANDOM_SHRINK_H
#define RANDOM_SHRINK_H

#include "run.h"

/* Seeds `first` to `last`, of n steps each, one after the other, until one fails, or until `seconds` (0: all)
 * are over. Returns: did none fail?  A failure is printed: its seed, and the shortest program that was found
 * to show it. */
bool run_seeds(const char *url, uint64_t first, uint64_t last, int n, int seconds);

#endif
