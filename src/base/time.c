/* SPDX-License-Identifier: Apache-2.0
 * Time and memory of this process. */
#include "base/time.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

double zkg_seconds(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        return 0;
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* VmHWM of /proc/self/status, in KiB; 0 where there is none. */
static uint64_t high_water_mark(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    unsigned long long kib = 0;
    char line[128];

    if (f == NULL)
        return 0;
    while (kib == 0 && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtoull(line + 6, NULL, 10);
    fclose(f);
    return kib;
}

uint64_t zkg_peak_rss(void)
{
    const uint64_t kib = high_water_mark();
    struct rusage use;

    /* ru_maxrss outlives exec: it may be the launcher's.  Only a fallback. */
    if (kib != 0)
        return kib * 1024;
    if (getrusage(RUSAGE_SELF, &use) != 0)
        return 0;
    return (uint64_t)use.ru_maxrss * 1024; /* Linux counts in KiB */
}
