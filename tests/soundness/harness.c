/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_PROCESSES 8

static uint32_t processes(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (cores < 1)
        return 1;
    return cores > MOST_PROCESSES ? MOST_PROCESSES : (uint32_t)cores;
}

uint64_t harness_run(harness_case run, void *user, uint64_t first, uint64_t end,
                     uint64_t step)
{
    const uint32_t n = processes();
    uint64_t failed = 0;
    pid_t child[MOST_PROCESSES];

    (void)fflush(NULL);
    for (uint32_t p = 0; p < n; p++) {
        child[p] = fork();
        if (child[p] != 0)
            continue;
        for (uint64_t i = first + p * step; i < end; i += n * step) {
            if (!run(user, i)) {
                (void)fprintf(stderr, "case %llu went wrong\n",
                              (unsigned long long)i);
                if (++failed == 20)
                    break;
            }
        }
        _exit(failed > 100 ? 100 : (int)failed);
    }
    for (uint32_t p = 0; p < n; p++) {
        int how = 0;

        if (child[p] < 0 || waitpid(child[p], &how, 0) != child[p] ||
            !WIFEXITED(how)) {
            (void)fprintf(stderr, "a process crashed\n");
            failed++;
        } else {
            failed += (uint64_t)WEXITSTATUS(how);
        }
    }
    return failed;
}
