/* clock.h: monotonic time. */
#ifndef SQLA_BASE_CLOCK_H
#define SQLA_BASE_CLOCK_H

#include <stdint.h>

int64_t sqla__now_ns(void);                        /* CLOCK_MONOTONIC in nanoseconds */
int64_t sqla__deadline_ms(int64_t timeout_ms);     /* now + timeout; 0 for a timeout of 0: none */

#endif
