/* SPDX-License-Identifier: Apache-2.0
 * zkgkr launch: prove on many ranks, mpirun started and its exit codes
 * translated.
 *
 * mpirun's exit code is that of the first rank that failed, 128 + signal for
 * one that was killed, and 1 for itself.  What a rank says of itself is
 * believed: it has written its message, and its now file is gone.  A now file
 * that is left, in state running, is a rank that ended without a word: first,
 * or because mpirun killed it after one that failed. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "comm/comm.h"
#include "commands.h"
#include "graph/key.h"
#include "launcher.h"
#include "now.h"
#include "options.h"
#include "watch.h"
#include "zkgkr/prove.h"

typedef struct launch {
    const char *n_text, *mpirun, *hostfile;
    int prove_argc; /* "prove" and what follows */
    char **prove_argv;
    uint32_t cap, cores, n; /* n 0: mpirun decides */
    bool force;
    char *run_dir;     /* of prove; not owned */
    char temp_dir[32]; /* of rank-<r>.now, without run_dir */
    char program[4096];
    char n_arg[12];
    /* ranks that ended without a word */
    char lost[600];
    uint32_t lost_len;
    bool hung;
} launch;

static const char usage[] =
    "zkgkr launch [-n N|auto] [options] -- prove [options of prove]";

/* ---- what is asked for -------------------------------------------------- */

static zkg_status parse(bool *done, launch *l, int argc, char **argv,
                        zkg_error *err)
{
    const zkg_option options[] = {
        {"n", "N|auto", "ranks (auto: by task, cores and ZKML_NUM_CPUS)",
         &l->n_text, NULL, false},
        {"hostfile", "FILE", "hosts, for mpirun", &l->hostfile, NULL, false},
        {"mpirun", "PROGRAM", "instead of mpirun", &l->mpirun, NULL, false},
    };
    int dashes = 1;

    while (dashes < argc && strcmp(argv[dashes], "--") != 0)
        dashes++;
    ZKG_TRY(zkg_options_parse(done, NULL, NULL, 0, options,
                              sizeof(options) / sizeof(options[0]), usage,
                              dashes, argv, err));
    if (*done)
        return ZKG_OK;
    l->prove_argc = argc - dashes - 1;
    l->prove_argv = argv + dashes + 1;
    if (l->prove_argc < 1)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "say what to launch, after -- (usage: %s)", usage);
    if (strcmp(l->prove_argv[0], "prove") != 0)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "`%s` runs on one process: only prove is launched",
                        l->prove_argv[0]);
    return ZKG_OK;
}

/* The value of an option of prove; NULL: not given. */
static char *prove_option(const launch *l, const char *name)
{
    const size_t len = strlen(name);

    for (int i = 1; i < l->prove_argc; i++) {
        char *word = l->prove_argv[i];

        if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, len) != 0)
            continue;
        if (word[2 + len] == '=')
            return word + 3 + len;
        if (word[2 + len] == '\0')
            return i + 1 < l->prove_argc ? l->prove_argv[i + 1]
                                         : word + 2 + len;
    }
    return NULL;
}

/* ---- how many ----------------------------------------------------------- */

/* The ranks that a schedule names: those of its lines `Rank <r>:`. */
static uint32_t schedule_ranks(const char *text)
{
    uint32_t ranks = 0, r;

    for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
        at += strspn(at, " \t\r\n");
        if (sscanf(at, "Rank %" SCNu32, &r) == 1 && r < 1u << 24 && r >= ranks)
            ranks = r + 1;
    }
    return ranks;
}

/* 0: there is no schedule, or it is prove that has something to say of it. */
static uint32_t count_scheduled(const launch *l)
{
    const char *given = prove_option(l, "schedule");
    char *path = NULL;
    uint8_t *text = NULL;
    size_t len;
    uint32_t ranks = 0;

    if (given == NULL && prove_option(l, "no-schedule") != NULL)
        return 0;
    path = given != NULL && !zkg_dir_exists(given)
               ? zkg_strdup(given)
               : zkg_path_join(given == NULL ? "." : given, "schedule.txt");
    if (path != NULL && zkg_file_exists(path) &&
        zkg_file_read(&text, &len, path, (size_t)1 << 30, NULL) == ZKG_OK)
        ranks = schedule_ranks((const char *)text);
    zkg_free(text);
    zkg_free(path);
    return ranks;
}

/* Ranks that the widest task can use; 0: the key cannot be read, which prove
 * says better. */
static uint32_t widest_task(const launch *l)
{
    const char *path = prove_option(l, "key");
    zkg_key key = {0};
    zkg_job job;
    uint32_t widest = 0;

    if (path == NULL || zkg_key_read(&key, path, NULL) != ZKG_OK)
        return 0;
    if (zkg_job_init(&job, &key.statement, 1, NULL) == ZKG_OK) {
        for (uint32_t c = 0; c < job.tasks + job.tables; c++)
            if (job.width[c] > widest)
                widest = job.width[c];
        zkg_job_clear(&job);
    }
    zkg_key_clear(&key);
    return widest;
}

/* Hosts are mpirun's to know: from a file, or from the batch system. */
static bool is_elsewhere(const launch *l)
{
    return l->hostfile != NULL || getenv("SLURM_JOB_ID") != NULL ||
           getenv("PBS_NODEFILE") != NULL;
}

static zkg_status choose_n(launch *l, const zkg_log *log, zkg_error *err)
{
    uint32_t limit, widest, scheduled;

    ZKG_TRY(zkg_ranks_settings(&l->cap, &l->force, &l->cores, err));
    if (l->n_text != NULL && strcmp(l->n_text, "auto") != 0) {
        ZKG_TRY(zkg_option_u32(&l->n, "-n", l->n_text, 1, 1u << 24, err));
        if (l->n > l->cores && !l->force && !is_elsewhere(l))
            return zkg_fail(err, ZKG_ERR_USAGE,
                            "-n %" PRIu32 ": this host has %" PRIu32
                            " physical core%s (ZKML_FORCE_OVERSUBSCRIBE=1 runs "
                            "more ranks than that)",
                            l->n, l->cores, l->cores == 1 ? "" : "s");
        return ZKG_OK;
    }
    if (is_elsewhere(l))
        return ZKG_OK;
    limit = l->cap != 0 && (l->cap < l->cores || l->force) ? l->cap : l->cores;
    scheduled = count_scheduled(l);
    widest = widest_task(l);
    l->n = limit;
    if (scheduled > 0)
        l->n = scheduled;
    else if (widest > 0 && widest < limit)
        l->n = widest;
    if (l->n > limit && !l->force)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "the schedule names %" PRIu32 " ranks, and %" PRIu32
                        " may run here (ZKML_NUM_CPUS, "
                        "ZKML_FORCE_OVERSUBSCRIBE=1)",
                        scheduled, limit);
    zkg_log_info(log, "%" PRIu32 " rank%s: %s", l->n, l->n == 1 ? "" : "s",
                 scheduled > 0       ? "the schedule's"
                 : l->n < limit      ? "the widest task can use no more"
                 : limit == l->cores ? "one a physical core"
                                     : "ZKML_NUM_CPUS");
    return ZKG_OK;
}

/* ---- the run ------------------------------------------------------------ */

/* Settings that remote ranks need as well. */
static const char *const settings[] = {
    ZKG_NOW_DIR, "ZKML_NUM_CPUS", "ZKML_FORCE_OVERSUBSCRIBE", "ZKGKR_FAULT"};

static void add_mpirun(char **argv, int *argc, launch *l)
{
    static char n[] = "-n", over[] = "--oversubscribe", x[] = "-x",
                hosts[] = "--hostfile", f[] = "-f", mca[] = "--mca",
                yield[] = "mpi_yield_when_idle", one[] = "1",
                mpirun[] = "mpirun", mpiexec[] = "mpiexec.hydra";
    char library[64];
    bool is_open;

    zkg_comm_library(library, sizeof(library));
    is_open = strncmp(library, "Open MPI", 8) == 0;
    argv[(*argc)++] = l->mpirun != NULL ? (char *)(uintptr_t)l->mpirun
                      : is_open         ? mpirun
                                        : mpiexec;
    if (l->n != 0) {
        (void)snprintf(l->n_arg, sizeof(l->n_arg), "%" PRIu32, l->n);
        argv[(*argc)++] = n;
        argv[(*argc)++] = l->n_arg;
    }
    if (l->hostfile != NULL) {
        argv[(*argc)++] = is_open ? hosts : f;
        argv[(*argc)++] = (char *)(uintptr_t)l->hostfile;
    }
    if (!is_open)
        return;
    if (l->force) {
        argv[(*argc)++] = over;
        argv[(*argc)++] = mca;
        argv[(*argc)++] = yield;
        argv[(*argc)++] = one;
    }
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        if (getenv(settings[i]) != NULL) {
            argv[(*argc)++] = x;
            argv[(*argc)++] = (char *)(uintptr_t)settings[i];
        }
}

static zkg_status run(zkg_launched *end, launch *l, zkg_error *err)
{
    char **argv = zkg_alloc((size_t)l->prove_argc + 24, sizeof(*argv));
    const ssize_t len =
        readlink("/proc/self/exe", l->program, sizeof(l->program) - 1);
    int argc = 0;
    zkg_status status;

    if (argv == NULL || len <= 0) {
        zkg_free(argv);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory to launch");
    }
    l->program[len] = '\0';
    if (l->n != 1)
        add_mpirun(argv, &argc, l);
    argv[argc++] = l->program;
    for (int i = 0; i < l->prove_argc; i++)
        argv[argc++] = l->prove_argv[i];
    status = zkg_launcher_run(end, argv, err);
    zkg_free(argv);
    return status;
}

/* ---- how it ended ------------------------------------------------------- */

static void collect(void *user, const zkg_now *now)
{
    launch *l = user;
    const size_t used = strlen(l->lost);

    if (now->state == ZKG_NOW_HUNG)
        l->hung = true;
    if (now->state != ZKG_NOW_RUNNING)
        return;
    (void)snprintf(l->lost + used, sizeof(l->lost) - used, "%s%s",
                   l->lost_len > 0 ? "; " : "", now->text);
    l->lost_len++;
}

static const char *resume_hint(char out[400], const launch *l)
{
    if (l->run_dir == NULL)
        return "--run-dir DIR would have kept finished work";
    (void)snprintf(out, 400,
                   "the same command with --resume goes on from %.300s",
                   l->run_dir);
    return out;
}

/* A rank ended without a word. */
static zkg_status say_lost(const launch *l, const zkg_launched *end,
                           zkg_error *err)
{
    const int number = end->signal != 0       ? end->signal
                       : end->exit_code > 128 ? end->exit_code - 128
                                              : 0;
    char hint[400];

    if (number != 0)
        return zkg_fail(err, ZKG_ERR_COMM, "killed by signal %d (%s): %s; %s",
                        number, strsignal(number),
                        l->lost_len > 0 ? l->lost
                                        : "a rank before its work or after it",
                        resume_hint(hint, l));
    return zkg_fail(err, ZKG_ERR_COMM,
                    "ended without a word (exit code %d): %s; %s",
                    end->exit_code, l->lost, resume_hint(hint, l));
}

/* A rank has said why all end, and its exit code says the same.  Of a failure
 * of MPI the cause may be another rank, which is gone. */
static bool is_said(const launch *l, const zkg_launched *end)
{
    const bool is_ours =
        end->spoke && end->exit_code > 1 &&
        end->exit_code <= zkg_status_exit_code(ZKG_ERR_INTERNAL);

    if (l->lost_len > 0)
        return is_ours && end->exit_code != zkg_status_exit_code(ZKG_ERR_COMM);
    return is_ours || (l->hung && end->signal == 0 && end->exit_code <= 128);
}

/* The status and the one line that nobody else has said. */
static zkg_status judge(zkg_cli *cli, const launch *l, const zkg_launched *end,
                        zkg_error *err)
{
    char hint[400];

    if (end->exit_code == 0 && end->signal == 0)
        return ZKG_OK;
    if (end->stopped_by != 0)
        return zkg_fail(err, ZKG_ERR_INTERRUPTED, "stopped by %s; %s",
                        end->stopped_by == SIGINT ? "SIGINT" : "SIGTERM",
                        resume_hint(hint, l));
    if (is_said(l, end)) {
        cli->printed = true;
        cli->exit_code = end->exit_code;
        return ZKG_ERR_COMM;
    }
    if (l->lost_len > 0 || end->signal != 0 || end->exit_code > 128)
        return say_lost(l, end, err);
    (void)fputs(end->banner, stderr);
    return zkg_fail(err, ZKG_ERR_COMM, "%s failed with exit code %d",
                    l->mpirun == NULL ? "mpirun" : l->mpirun, end->exit_code);
}

static zkg_status prepare(launch *l, const zkg_log *log, zkg_error *err)
{
    if (zkg_comm_is_launched())
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "a launcher has started this already: use `zkgkr "
                        "prove` under it");
    ZKG_TRY(choose_n(l, log, err));
    l->run_dir = prove_option(l, "run-dir");
    if (l->run_dir != NULL) {
        zkg_watch_last_run(l->run_dir, log);
        (void)setenv(ZKG_NOW_DIR, l->run_dir, 1);
        return ZKG_OK;
    }
    (void)strcpy(l->temp_dir, "/tmp/zkgkr-XXXXXX");
    if (mkdtemp(l->temp_dir) == NULL)
        l->temp_dir[0] = '\0';
    (void)setenv(ZKG_NOW_DIR,
                 l->temp_dir[0] == '\0' ? "/dev/null" : l->temp_dir, 1);
    return ZKG_OK;
}

zkg_status zkg_cmd_launch(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    launch l = {.n = 0};
    zkg_launched end;
    bool done = false;
    zkg_status status = parse(&done, &l, argc, argv, err);

    if (status != ZKG_OK || done)
        return status;
    ZKG_TRY(prepare(&l, &cli->log, err));
    status = run(&end, &l, err);
    if (l.run_dir != NULL)
        zkg_now_read(collect, &l, l.run_dir, true);
    else if (l.temp_dir[0] != '\0')
        zkg_now_read(collect, &l, l.temp_dir, true);
    if (l.temp_dir[0] != '\0')
        (void)rmdir(l.temp_dir);
    return status == ZKG_OK ? judge(cli, &l, &end, err) : status;
}
