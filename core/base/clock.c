/* clock.c: monotonic time, the only kind that deadlines are made of. */
#include <config.h>
#include "base/clock.h"

#include <time.h>

int64_t sqla__now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t sqla__deadline_ms(int64_t timeout_ms)
{
    if (timeout_ms <= 0)
        return 0;
    int64_t now = sqla__now_ns();
    return timeout_ms < (INT64_MAX - now) / 1000000 ? now + timeout_ms * 1000000 : INT64_MAX;
}
