/* SPDX-License-Identifier: Apache-2.0
 * mpirun as a child. */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A handler has no argument. */
static volatile sig_atomic_t child, stopped_by;

static void pass_on(int number)
{
    stopped_by = number;
    if (child > 0)
        (void)kill((pid_t)child, SIGTERM);
}

/* mpirun frames what it has to say in lines of dashes (Open MPI) or equals
 * signs (MPICH); some of its lines stand alone: `[host:pid] ...`, and three of
 * MPICH's.  A rank's are `[zkgkr ...`. */
typedef struct filter {
    zkg_launched *out;
    bool in_banner;
} filter;

static bool is_dashes(const char *line)
{
    const size_t n = strspn(line, line[0] == '=' ? "=" : "-");

    return n >= 40 && (line[n] == '\n' || line[n] == '\0');
}

static bool is_ours(const char *line)
{
    return strncmp(line, "[zkgkr ", 7) == 0 || strncmp(line, "zkgkr", 5) == 0;
}

/* Frames may be torn where several processes write at once. */
static bool is_mpirun_line(const char *line)
{
    static const char *const begins[] = {
        "Primary job ",
        "a non-zero exit code. Per user-direction",
        "mpirun noticed that",
        "mpirun detected that",
        "the job to be terminated. The first",
        "  Process name: [[",
        "  Exit code: ",
        "YOUR APPLICATION TERMINATED WITH",
        "This typically refers to a problem",
        "Please see the FAQ page for debugging"};
    const char *colon;

    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
        if (strncmp(line, begins[i], strlen(begins[i])) == 0)
            return true;
    if (line[0] != '[' || strncmp(line, "[zkgkr ", 7) == 0)
        return false;
    colon = strchr(line, ':');
    return colon != NULL && colon[1 + strspn(colon + 1, "0123456789")] == ']';
}

static void take_line(filter *f, const char *line)
{
    const size_t used = strlen(f->out->banner);

    if (is_dashes(line)) {
        f->in_banner = !f->in_banner;
    } else if (!is_ours(line) && (f->in_banner || is_mpirun_line(line))) {
        (void)snprintf(f->out->banner + used, sizeof(f->out->banner) - used,
                       "%s", line);
    } else {
        if (is_ours(line))
            f->out->spoke = true;
        (void)fputs(line, stderr);
        (void)fflush(stderr);
    }
}

static void read_lines(zkg_launched *out, int fd)
{
    filter f = {out, false};
    FILE *in = fdopen(fd, "r");
    char *line = NULL;
    size_t room = 0;

    if (in == NULL) {
        (void)close(fd);
        return;
    }
    while (getline(&line, &room, in) >= 0 || errno == EINTR) {
        if (!feof(in) && ferror(in)) {
            clearerr(in);
            continue;
        }
        take_line(&f, line);
        errno = 0;
    }
    free(line);
    (void)fclose(in);
}

/* In the child: does not return. */
static void become(char *const *argv, int err_fd, pid_t parent)
{
    const int null = open("/dev/null", O_RDONLY);

    /* Of its own group, so that a terminal's signal comes once, from us. */
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(127);
    if (null >= 0)
        (void)dup2(null, 0);
    (void)dup2(err_fd, 2);
    (void)execvp(argv[0], argv);
    _exit(errno == ENOENT ? 127 : 126);
}

static void catch_signals(void)
{
    struct sigaction a = {.sa_handler = pass_on, .sa_flags = SA_RESTART};

    (void)sigemptyset(&a.sa_mask);
    (void)sigaction(SIGTERM, &a, NULL);
    (void)sigaction(SIGINT, &a, NULL);
}

zkg_status zkg_launcher_run(zkg_launched *out, char *const *argv,
                            zkg_error *err)
{
    const pid_t me = getpid();
    int pipes[2], status = 0;
    pid_t pid;

    memset(out, 0, sizeof(*out));
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return zkg_fail(err, ZKG_ERR_COMM, "no pipe: %s", strerror(errno));
    catch_signals();
    pid = fork();
    if (pid < 0) {
        (void)close(pipes[0]);
        (void)close(pipes[1]);
        return zkg_fail(err, ZKG_ERR_COMM, "no process: %s", strerror(errno));
    }
    if (pid == 0)
        become(argv, pipes[1], me);
    child = pid;
    if (stopped_by != 0)
        (void)kill(pid, SIGTERM);
    (void)close(pipes[1]);
    read_lines(out, pipes[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    child = 0;
    out->stopped_by = stopped_by;
    out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    out->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (out->exit_code >= 126 && !out->spoke && out->exit_code <= 127)
        return zkg_fail(err, ZKG_ERR_COMM,
                        "%s does not start (is it installed, and in the PATH?)",
                        argv[0]);
    return ZKG_OK;
}
