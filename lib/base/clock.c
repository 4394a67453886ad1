#include "base/clock.h"

#include <time.h>

static double seconds(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        return 0.0;
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double hpo__clock_wall(void) {
    return seconds(CLOCK_REALTIME);
}

double hpo__clock_steady(void) {
    return seconds(CLOCK_MONOTONIC);
}
