/* SPDX-License-Identifier: Apache-2.0
 * A step of a suite as a child process. */
#include "suite_process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

#define GRACE_S 2.0 /* between TERM and KILL */
#define SLICE_NS 200000000

void zkg_process_hold_signals(sigset_t *held, sigset_t *before)
{
    sigemptyset(held);
    sigaddset(held, SIGCHLD);
    sigaddset(held, SIGINT);
    sigaddset(held, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, held, before);
}

/* In the child: stdout and stderr to the log, then the program. */
static void become(char *const *argv, const char *log, const sigset_t *before)
{
    const int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)sigprocmask(SIG_SETMASK, before, NULL);
    if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(127);
    (void)execv("/proc/self/exe", argv);
    _exit(127);
}

/* A signal that is due within a slice of time, or 0. */
static int next_signal(const sigset_t *held)
{
    const struct timespec slice = {.tv_nsec = SLICE_NS};
    const int sig = sigtimedwait(held, NULL, &slice);

    return sig > 0 ? sig : 0;
}

zkg_status zkg_process_run(zkg_process_end *out, const char *const *argv,
                           const char *log, uint32_t limit_s,
                           const sigset_t *held, const sigset_t *before,
                           zkg_error *err)
{
    const double start = zkg_seconds();
    double asked = 0; /* when TERM was sent */
    struct rusage use;
    pid_t pid, ended = 0;
    int status = 0;

    *out = (zkg_process_end){.exit_code = 0};
    pid = fork();
    if (pid == 0)
        become((char *const *)(uintptr_t)argv, log, before);
    if (pid < 0)
        return zkg_fail(err, ZKG_ERR_COMM, "a process could not be started");
    while (ended == 0) {
        const int sig = next_signal(held);
        const double now = zkg_seconds();

        ended = wait4(pid, &status, WNOHANG, &use);
        if (ended != 0)
            break;
        out->interrupted = out->interrupted || sig == SIGINT || sig == SIGTERM;
        out->timed_out =
            out->timed_out || (limit_s > 0 && now - start > limit_s);
        if (asked == 0 && (out->interrupted || out->timed_out)) {
            (void)kill(pid, SIGTERM);
            asked = now;
        } else if (asked > 0 && now - asked > GRACE_S) {
            (void)kill(pid, SIGKILL);
        }
    }
    if (ended != pid)
        return zkg_fail(err, ZKG_ERR_COMM, "a process was lost");
    out->seconds = zkg_seconds() - start;
    out->peak_rss = (uint64_t)use.ru_maxrss * 1024;
    out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    out->exit_code =
        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + out->signal;
    return ZKG_OK;
}
