/* SPDX-License-Identifier: Apache-2.0
 * Faults on demand. */
#include "fault.h"

#ifdef ZKG_TEST_HOOKS

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/shared.h"
#include "base/time.h"
#include "watch.h"

enum { STAGES = ZKG_STAGE_WRITING + 1, SLOW_MS = 2500 };

typedef enum action {
    KILL,
    SEGV,
    EXIT,
    HANG,
    ENOSPC_,
    NOMEM,
    TERM,
    APART,
    SLOW,
    TEAR,
    ACTIONS
} action;

static struct {
    bool is_set;
    zkg_stage stage;
    action action;
    unsigned long left;
} fault;

static bool find(int *out, const char *const *names, int n, const char *text,
                 size_t len)
{
    for (int i = 0; i < n; i++)
        if (strlen(names[i]) == len && strncmp(names[i], text, len) == 0) {
            *out = i;
            return true;
        }
    return false;
}

zkg_status zkg_fault_init(uint32_t rank, zkg_error *err)
{
    static const char *const actions[ACTIONS] = {
        "kill",  "segv", "exit",  "hang", "enospc",
        "nomem", "term", "apart", "slow", "tear"};
    const char *text = getenv("ZKGKR_FAULT"), *at;
    const char *const *stages = zkg_stage_names;
    char *end;
    unsigned long who;
    int stage, what;
    size_t len;

    if (text == NULL)
        return ZKG_OK;
    who = strtoul(text, &end, 10);
    at = end + (*end == ':');
    len = strcspn(at, ":");
    if (end == text || !find(&stage, stages, STAGES, at, len))
        return zkg_fail(err, ZKG_ERR_USAGE, "ZKGKR_FAULT=%s: no such stage",
                        text);
    at += len + (at[len] == ':');
    len = strcspn(at, ":");
    if (!find(&what, actions, ACTIONS, at, len))
        return zkg_fail(err, ZKG_ERR_USAGE, "ZKGKR_FAULT=%s: no such action",
                        text);
    fault.is_set = who == rank;
    fault.stage = (zkg_stage)stage;
    fault.action = (action)what;
    fault.left = at[len] == ':' ? strtoul(at + len + 1, NULL, 10) : 1;
    return ZKG_OK;
}

static void fail(action a)
{
    const struct rlimit nothing = {0, 0};

    switch (a) {
    case KILL:
        (void)raise(SIGKILL);
        break;
    case SEGV:
        (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer's is no fault of ours */
        (void)raise(SIGSEGV);
        break;
    case EXIT:
        _exit(1);
    case HANG:
        for (volatile int i = 0;; i = !i)
            ;
    case ENOSPC_:
        /* Every write to a file fails from here on. */
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &nothing);
        break;
    case NOMEM:
        zkg_mem_starve();
        break;
    case TERM:
        (void)raise(SIGTERM);
        break;
    case APART:
        zkg_shared_refuse();
        break;
    case SLOW:
        for (const double start = zkg_seconds();
             zkg_seconds() < start + 1e-3 * SLOW_MS;)
            ;
        break;
    case TEAR:
        zkg_file_tear();
        break;
    case ACTIONS:
        break;
    }
}

void zkg_fault_at(zkg_stage stage)
{
    if (fault.is_set && fault.stage == stage && --fault.left == 0) {
        fault.is_set = false;
        fail(fault.action);
    }
}

#else
/* A release has no faults of this kind. */
typedef int zkg_fault_is_for_tests;
#endif
