/* SPDX-License-Identifier: Apache-2.0
 * Signals, now files, the watchdog.
 *
 * A handler may run between any two instructions: what it reads is set before
 * it is installed, or is a lock-free atomic, or is text that may be half of one
 * step and half of the next.  It writes with write(2) alone. */
#include "watch.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "fault.h"
#include "now.h"

static struct {
    bool is_on;
    int fd; /* of the now file, -1: none */
    char path[4096];
    char line[ZKG_NOW_BYTES]; /* what it holds */
    size_t line_len;          /* of `line` before the stage */
    const char *run_dir;
    const zkg_log *log;
    char on_signal[600], on_hang[600], on_shrink[600]; /* said by a handler */
    zkg_file_map mapped; /* of on_shrink; nothing: whatever it is */
    const atomic_uint *pulse;
    atomic_uint steps; /* safe points passed */
    unsigned last_steps, last_pulse;
    unsigned idle, idle_limit; /* beats of the watchdog without a change */
    bool is_quiet;             /* who started the ranks says what ended them */
    volatile sig_atomic_t signal;
    volatile sig_atomic_t by_launcher;
    struct sigaction was_alarm;
} watch = {.fd = -1};

const char *const zkg_stage_names[] = {
    [ZKG_STAGE_READING] = "reading", [ZKG_STAGE_WITNESS] = "witness",
    [ZKG_STAGE_COMMIT] = "commit",   [ZKG_STAGE_TASK] = "task",
    [ZKG_STAGE_GATHER] = "gather",   [ZKG_STAGE_OPENING] = "opening",
    [ZKG_STAGE_WRITING] = "writing",
};

static void say(const char *text)
{
    if (write(2, text, strlen(text)) < 0)
        return; /* nobody is left to tell */
}

/* `state` has eight characters. */
static void mark(const char *state)
{
    if (watch.fd >= 0 && pwrite(watch.fd, state, 8, 0) < 0)
        return;
}

/* A rank that waits for others has nothing half done, and may wait for one
 * that is gone: it stops here. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    watch.signal = number;
    watch.by_launcher = info->si_pid == getppid();
    mark("stopped ");
    if (!watch.by_launcher || !watch.is_quiet)
        say(watch.on_signal);
    if (watch.pulse != NULL && atomic_load(watch.pulse) % 2 != 0)
        _exit(zkg_status_exit_code(ZKG_ERR_INTERRUPTED));
}

static void on_alarm(int number)
{
    const unsigned steps = atomic_load(&watch.steps);
    const unsigned pulse = watch.pulse == NULL ? 0 : atomic_load(watch.pulse);

    (void)number;
    if (steps != watch.last_steps || pulse != watch.last_pulse ||
        pulse % 2 != 0) {
        watch.last_steps = steps;
        watch.last_pulse = pulse;
        watch.idle = 0;
    } else if (++watch.idle >= watch.idle_limit) {
        mark("hung    ");
        say(watch.on_hang);
        say(watch.line + 8 + strspn(watch.line + 8, " "));
        _exit(zkg_status_exit_code(ZKG_ERR_COMM));
    }
}

/* Of whatever else has lost its pages the signal is what it always was. */
static void on_bus(int number, siginfo_t *info, void *context)
{
    const uintptr_t at = (uintptr_t)info->si_addr;
    const uintptr_t first = (uintptr_t)watch.mapped.data;

    (void)context;
    if (watch.mapped.data != NULL &&
        (at < first || at - first >= watch.mapped.len)) {
        (void)signal(number, SIG_DFL);
        return; /* to the same access */
    }
    say(watch.on_shrink);
    if (watch.fd >= 0)
        (void)unlink(watch.path); /* this rank did not end without a word */
    _exit(zkg_status_exit_code(ZKG_ERR_IO));
}

void zkg_watch_mapped(const zkg_log *log, const char *folder,
                      const zkg_file_map *map)
{
    struct sigaction a = {.sa_sigaction = on_bus,
                          .sa_flags = SA_SIGINFO | (int)SA_RESETHAND};

    (void)snprintf(watch.on_shrink, sizeof(watch.on_shrink),
                   "[zkgkr %" PRIu32 "/%" PRIu32 " %.60s] error: "
                   "%.300s/tensors.safetensors: it was shortened, or can no "
                   "longer be read, while it was in use (leave a graph's "
                   "files alone until its proof is written)\n",
                   log->rank, log->size, log->host, folder);
    watch.mapped = map != NULL ? *map : (zkg_file_map){.data = NULL};
    (void)sigemptyset(&a.sa_mask);
    (void)sigaction(SIGBUS, &a, NULL);
}

static void catch_signals(void)
{
    struct sigaction a = {.sa_sigaction = on_signal,
                          .sa_flags =
                              SA_SIGINFO | SA_RESTART | (int)SA_RESETHAND};

    (void)sigemptyset(&a.sa_mask);
    (void)sigaction(SIGTERM, &a, NULL);
    (void)sigaction(SIGINT, &a, NULL);
}

/* Four beats to the limit: late by a quarter of it at most. */
static void start_watchdog(double limit_s)
{
    enum { BEATS = 4 };
    const double beat = limit_s / BEATS;
    const struct timeval t = {
        (time_t)beat, (suseconds_t)(1e6 * (beat - (double)(time_t)beat))};
    const struct itimerval timer = {t, t};
    struct sigaction a = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

    watch.idle_limit = BEATS;
    (void)sigemptyset(&a.sa_mask);
    (void)sigaction(SIGALRM, &a, &watch.was_alarm);
    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

static void open_now(const char *dir)
{
    if (dir != NULL && zkg_now_path(watch.path, dir, watch.log->rank))
        watch.fd =
            open(watch.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

static void prepare_texts(const zkg_watch_options *o)
{
    const zkg_log *log = o->log;

    (void)snprintf(watch.line, sizeof(watch.line),
                   "running rank %" PRIu32 " of %" PRIu32
                   " on %.60s (pid %ld): ",
                   log->rank, log->size, log->host, (long)getpid());
    watch.line_len = strlen(watch.line);
    if (log->rank == 0)
        (void)snprintf(
            watch.on_signal, sizeof(watch.on_signal),
            "[zkgkr 0/%" PRIu32 " %s] told to stop%s%.300s\n", log->size,
            log->host,
            log->size == 1 ? ": at the next safe point; once more: at once"
            : o->run_dir == NULL ? ""
                                 : "; the same command with --resume goes on "
                                   "from ",
            log->size == 1 || o->run_dir == NULL ? "" : o->run_dir);
    (void)snprintf(watch.on_hang, sizeof(watch.on_hang),
                   "[zkgkr %" PRIu32 "/%" PRIu32 " %s] error: no progress for "
                   "%g s (--watchdog): ",
                   log->rank, log->size, log->host, o->limit_s);
}

zkg_status zkg_watch_start(const zkg_watch_options *options, zkg_error *err)
{
    const char *dir = options->run_dir;

#ifdef ZKG_TEST_HOOKS
    ZKG_TRY(zkg_fault_init(options->log->rank, err));
#else
    (void)err;
#endif
    watch.is_on = true;
    watch.run_dir = dir;
    watch.log = options->log;
    watch.pulse = options->pulse;
    prepare_texts(options);
    open_now(dir != NULL ? dir : getenv(ZKG_NOW_DIR));
    watch.is_quiet = getenv(ZKG_NOW_DIR) != NULL;
    catch_signals();
    if (options->limit_s > 0)
        start_watchdog(options->limit_s);
    return ZKG_OK;
}

static void write_line(zkg_stage stage, const char *what)
{
    const size_t room = sizeof(watch.line) - watch.line_len;
    char *at = watch.line + watch.line_len;
    const int n = snprintf(at, room, "%s %s", zkg_stage_names[stage], what);
    size_t len = n < 0 ? 0 : (size_t)n;

    if (len > room - 2)
        len = room - 2;
    /* A zero ends it for a handler; on the disk it is padded. */
    at[len] = '\n';
    at[len + 1] = '\0';
    if (watch.fd >= 0 && watch.signal == 0) {
        char padded[ZKG_NOW_BYTES];

        memset(padded, ' ', sizeof(padded));
        memcpy(padded, watch.line, watch.line_len + len);
        padded[sizeof(padded) - 1] = '\n';
        if (pwrite(watch.fd, padded, sizeof(padded), 0) < 0)
            return; /* a message will know less */
    }
}

static zkg_status interrupted(zkg_stage stage, const char *what, zkg_error *err)
{
    const char *dir = watch.run_dir;

    return zkg_fail(err, ZKG_ERR_INTERRUPTED,
                    "stopped by %s before %s%s%s; %s%s",
                    watch.signal == SIGINT ? "SIGINT" : "SIGTERM",
                    zkg_stage_names[stage], *what == '\0' ? "" : " ", what,
                    dir == NULL ? "nothing is kept without --run-dir DIR"
                                : "the same command with --resume goes on "
                                  "from ",
                    dir == NULL ? "" : dir);
}

zkg_status zkg_watch_stage(void *user, zkg_stage stage, const char *what,
                           zkg_error *err)
{
    (void)user;
    if (!watch.is_on)
        return ZKG_OK;
    (void)atomic_fetch_add(&watch.steps, 1);
    write_line(stage, what);
#ifdef ZKG_TEST_HOOKS
    zkg_fault_at(stage);
#endif
    return watch.signal == 0 ? ZKG_OK : interrupted(stage, what, err);
}

void zkg_watch_alone(void *user, zkg_status status, const zkg_error *err)
{
    (void)user;
    /* A launcher tells all ranks to stop: rank 0 said so already. */
    if (status != ZKG_ERR_INTERRUPTED || !watch.by_launcher)
        zkg_log_error(watch.log, "%s",
                      err == NULL || err->text[0] == '\0'
                          ? zkg_status_words(status)
                          : err->text);
    zkg_watch_end();
}

void zkg_watch_end(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};

    if (!watch.is_on)
        return;
    watch.is_on = false;
    if (watch.idle_limit != 0) {
        (void)setitimer(ITIMER_REAL, &never, NULL);
        (void)sigaction(SIGALRM, &watch.was_alarm, NULL);
    }
    if (watch.fd >= 0) {
        (void)unlink(watch.path);
        (void)close(watch.fd);
        watch.fd = -1;
    }
}

static void say_last(void *user, const zkg_now *now)
{
    const zkg_log *log = user;

    if (now->state != ZKG_NOW_STOPPED)
        zkg_log_warn(log, "the last run here was cut off: %s%s", now->text,
                     now->state == ZKG_NOW_HUNG ? " (it hung)" : "");
}

void zkg_watch_last_run(const char *run_dir, const zkg_log *log)
{
    zkg_log copy = *log;

    zkg_now_read(say_last, &copy, run_dir, true);
}
