/* SPDX-License-Identifier: Apache-2.0
 * Time and memory of this process. */
#include "base/time.h"

#include <stddef.h>
#include <sys/resource.h>
#include <time.h>

double zkg_seconds(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        return 0;
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

uint64_t zkg_peak_rss(void)
{
    struct rusage use;

    if (getrusage(RUSAGE_SELF, &use) != 0)
        return 0;
    return (uint64_t)use.ru_maxrss * 1024; /* Linux counts in KiB */
}
