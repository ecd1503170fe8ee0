/* SPDX-License-Identifier: Apache-2.0
 * zkgkr suite run | status | export: many models, one after the other. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "commands.h"
#include "options.h"
#include "suite.h"
#include "suite_process.h"

#define SRS_POWER "14"
#define PATH ZKG_SUITE_PATH

/* Is name one of the comma-separated list? */
static bool is_listed(const char *list, const char *name)
{
    const size_t n = strlen(name);

    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == 0))
            return true;
    }
    return list == NULL;
}

static int by_name(const void *a, const void *b)
{
    const zkg_suite_case *x = a, *y = b;
    const int c = strcmp(x->name, y->name);

    return c != 0 ? c : (x->scale > y->scale) - (x->scale < y->scale);
}

zkg_status zkg_suite_cases(zkg_suite_case **out, uint32_t *count,
                           const zkg_suite_options *o, zkg_error *err)
{
    DIR *d = opendir(o->models);
    zkg_suite_case *list = NULL;
    struct dirent *e;
    uint32_t n = 0;

    if (d == NULL)
        return zkg_fail(err, ZKG_ERR_IO, "%s: no such folder", o->models);
    while ((e = readdir(d)) != NULL) {
        char model[PATH];
        void *more;

        snprintf(model, sizeof(model), "%.3000s/%.120s/model.onnx", o->models,
                 e->d_name);
        if (e->d_name[0] == '.' || strlen(e->d_name) > 100 ||
            !is_listed(o->only, e->d_name) || !zkg_file_exists(model))
            continue;
        more = zkg_realloc(list, n + o->scales, sizeof(list[0]));
        if (more == NULL) {
            (void)closedir(d);
            zkg_free(list);
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
        }
        list = more;
        for (uint32_t i = 0; i < o->scales; i++) {
            zkg_suite_case *c = &list[n++];

            *c = (zkg_suite_case){.scale = o->scale[i]};
            snprintf(c->name, sizeof(c->name), "%.120s", e->d_name);
            snprintf(c->folder, sizeof(c->folder), "%.3000s/%.120s.s%" PRIu32,
                     o->results, e->d_name, o->scale[i]);
        }
    }
    (void)closedir(d);
    if (n == 0)
        return zkg_fail(err, ZKG_ERR_IO, "%s has no folder with a model.onnx%s",
                        o->models, o->only != NULL ? " of these names" : "");
    qsort(list, n, sizeof(list[0]), by_name);
    *out = list;
    *count = n;
    return ZKG_OK;
}

static zkg_status parse_scales(zkg_suite_options *o, const char *text,
                               zkg_error *err)
{
    while (*text != 0) {
        char *end;
        const unsigned long v = strtoul(text, &end, 10);

        if (end == text || v < 1 || v > 20 || (*end != 0 && *end != ',') ||
            o->scales == ZKG_SUITE_MAX_SCALES)
            return zkg_fail(err, ZKG_ERR_USAGE,
                            "--scales: numbers from 1 to 20, separated by "
                            "commas");
        o->scale[o->scales++] = (uint32_t)v;
        text = *end == ',' ? end + 1 : end;
    }
    return o->scales > 0 ? ZKG_OK
                         : zkg_fail(err, ZKG_ERR_USAGE, "--scales is empty");
}

/* The reference string: the user's, or one for development, made once, by a
 * process of its own: what this one holds counts for its children's peak. */
static zkg_status find_srs(char path[PATH], const zkg_suite_options *o,
                           zkg_error *err)
{
    const char *const argv[] = {"zkgkr",   "srs", "new", "--power",
                                SRS_POWER, "-o",  path,  NULL};
    char log[PATH], line[256];
    zkg_process_end end;

    if (o->srs != NULL) {
        snprintf(path, PATH, "%s", o->srs);
        return ZKG_OK;
    }
    zkg_suite_path(path, o->results, "development.srs");
    if (zkg_file_exists(path))
        return ZKG_OK;
    printf("making a development SRS of power " SRS_POWER ": whoever makes one "
           "can forge proofs; --srs takes a ceremony's\n");
    zkg_suite_path(log, o->results, "srs.log");
    (void)fflush(NULL);
    ZKG_TRY(zkg_process_run(&end, argv, log, 0, &o->held, &o->before, err));
    zkg_suite_last_line(line, log);
    if (end.interrupted)
        return zkg_fail(err, ZKG_ERR_INTERRUPTED, "stopped before the SRS");
    return end.exit_code == 0 ? ZKG_OK
                              : zkg_fail(err, ZKG_ERR_INTERNAL,
                                         "no development SRS: %s", line);
}

/* Beside the results, so that an export needs nothing else. */
static zkg_status copy_baseline(const zkg_suite_options *o, zkg_error *err)
{
    char from[PATH], to[PATH];
    uint8_t *bytes;
    size_t len;
    zkg_status s;

    zkg_suite_path(from, o->models, "ezkl_baseline.json");
    zkg_suite_path(to, o->results, "baseline.json");
    if (!zkg_file_exists(from))
        return ZKG_OK;
    ZKG_TRY(zkg_file_read(&bytes, &len, from, (size_t)1 << 20, err));
    s = zkg_file_write_atomic(to, bytes, len, err);
    zkg_free(bytes);
    return s;
}

static void print_line(const zkg_suite_case *c, const zkg_suite_result *r,
                       bool skipped)
{
    if (strcmp(r->status, "ok") != 0) {
        printf("%-24s scale %-2" PRIu32 "  %s at %s, exit %d: %s\n", c->name,
               c->scale, r->status, r->step, r->exit_code, r->message);
    } else {
        const zkg_suite_run *x = &r->sum;

        printf("%-24s scale %-2" PRIu32
               "  proved in %7.3f s, verified in %6.3f s, peak %5.0f MiB",
               c->name, c->scale, x->prove_s, x->verify_s,
               (double)x->peak_rss / 1048576.0);
        if (x->rows > 0)
            printf(", largest error %.3g", x->max_error);
        if (r->inputs > 1)
            printf(", %" PRIu32 " inputs", r->inputs);
        printf("%s\n", skipped ? " (done before)" : "");
    }
    (void)fflush(stdout);
}

/* One suite at a time writes into a folder; its descriptor, or -1 when there
 * is one already. */
static int lock_results(const char *results)
{
    char path[PATH];
    int fd;

    zkg_suite_path(path, results, "lock");
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool is_locked(const char *results)
{
    char path[PATH];
    bool busy;
    int fd;

    zkg_suite_path(path, results, "lock");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    busy = flock(fd, LOCK_SH | LOCK_NB) != 0;
    (void)close(fd);
    return busy;
}

/* The folders of all cases, so that `status` knows what is to come. */
static zkg_status make_folders(const zkg_suite_case *c, uint32_t n,
                               zkg_error *err)
{
    for (uint32_t i = 0; i < n; i++)
        ZKG_TRY(zkg_make_dir(c[i].folder, err));
    return ZKG_OK;
}

static zkg_status run_cases(uint32_t *failed, const zkg_suite_case *c,
                            uint32_t n, const zkg_suite_options *o,
                            zkg_error *err)
{
    char srs[PATH];

    ZKG_TRY(make_folders(c, n, err));
    ZKG_TRY(find_srs(srs, o, err));
    ZKG_TRY(copy_baseline(o, err));
    for (uint32_t i = 0; i < n; i++) {
        zkg_suite_result r;
        bool skipped;

        ZKG_TRY(zkg_suite_run_case(&r, &skipped, &c[i], o, srs, err));
        *failed += strcmp(r.status, "ok") != 0;
        print_line(&c[i], &r, skipped);
    }
    return ZKG_OK;
}

static zkg_status run_all(const zkg_suite_options *o, zkg_error *err)
{
    zkg_suite_case *c;
    uint32_t n, failed = 0;
    zkg_status s;
    int lock;

    ZKG_TRY(zkg_suite_cases(&c, &n, o, err));
    s = zkg_make_dir(o->results, err);
    if (s != ZKG_OK) {
        zkg_free(c);
        return s;
    }
    lock = lock_results(o->results);
    s = lock >= 0 ? run_cases(&failed, c, n, o, err)
                  : zkg_fail(err, ZKG_ERR_USAGE,
                             "another suite runs in %s (zkgkr suite status %s)",
                             o->results, o->results);
    if (lock >= 0)
        (void)close(lock);
    zkg_free(c);
    ZKG_TRY(s);
    printf("%" PRIu32 " of %" PRIu32 " cases proved and verified\n", n - failed,
           n);
    return failed == 0 ? ZKG_OK
                       : zkg_fail(err, ZKG_ERR_INTERNAL,
                                  "%" PRIu32 " of %" PRIu32
                                  " cases failed; their logs are in %s",
                                  failed, n, o->results);
}

static zkg_status suite_run(int argc, char **argv, zkg_error *err)
{
    zkg_suite_options o = {.ranks = 1, .runs = 1};
    const char *scales = "7,10", *ranks = NULL, *timeout = NULL, *runs = NULL;
    const zkg_option options[] = {
        {"scales", "7,10", "the scales of each model", &scales, NULL, false},
        {"o", "DIR", "where results go", &o.results, NULL, true},
        {"ranks", "N", "processes that prove together; default 1", &ranks, NULL,
         false},
        {"runs", "N", "prove each input N times; the median's figures", &runs,
         NULL, false},
        {"memory-limit", "BYTES", "refuse what needs more on a rank (8G)",
         &o.memory, NULL, false},
        {"timeout", "S", "end a step that takes longer", &timeout, NULL, false},
        {"max-error", "E", "outputs that are further off fail their case",
         &o.max_error, NULL, false},
        {"param-scale", "P", "as compile's", &o.param_scale, NULL, false},
        {"margin", "M", "as compile's", &o.margin, NULL, false},
        {"srs", "FILE", "the reference string; default: one for development",
         &o.srs, NULL, false},
        {"only", "NAMES", "these models, separated by commas", &o.only, NULL,
         false},
        {"keep", NULL, "keep graphs, keys and proofs", NULL, &o.keep, false},
    };
    size_t count = 0;
    bool done;

    ZKG_TRY(zkg_options_parse(
        &done, &o.models, &count, 1, options,
        sizeof(options) / sizeof(options[0]),
        "zkgkr suite run MODELS --scales 7,10 -o DIR [options]", argc, argv,
        err));
    if (done)
        return ZKG_OK;
    if (count == 0)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "suite run: name a folder of models");
    ZKG_TRY(parse_scales(&o, scales, err));
    if (ranks != NULL)
        ZKG_TRY(zkg_option_u32(&o.ranks, "ranks", ranks, 1, 1024, err));
    if (runs != NULL)
        ZKG_TRY(
            zkg_option_u32(&o.runs, "runs", runs, 1, ZKG_SUITE_MAX_RUNS, err));
    if (timeout != NULL)
        ZKG_TRY(
            zkg_option_u32(&o.timeout_s, "timeout", timeout, 1, 1000000, err));
    zkg_process_hold_signals(&o.held, &o.before);
    return run_all(&o, err);
}

/* What a step that runs has said last. */
static void print_running(const zkg_suite_case *c, const zkg_suite_result *r)
{
    char log[PATH], name[40], line[256];

    snprintf(name, sizeof(name), "%.20s.log", r->step);
    zkg_suite_path(log, c->folder, name);
    zkg_suite_last_line(line, log);
    printf("%-24s scale %-2" PRIu32 "  running: %s, %.0f s%s%.120s\n", c->name,
           c->scale, r->step, difftime(time(NULL), (time_t)r->since),
           line[0] != 0 ? ": " : "", line);
}

typedef struct tally {
    uint32_t ok, failed, running, waiting;
} tally;

static void print_status(tally *t, const zkg_suite_case *c, bool is_live)
{
    zkg_suite_result r;
    zkg_error bad = {0};

    if (zkg_suite_read(&r, c->folder, &bad) != ZKG_OK) {
        printf("%-24s scale %-2" PRIu32 "  %s\n", c->name, c->scale, bad.text);
        t->failed++;
    } else if (is_live && strcmp(r.status, "running") == 0) {
        print_running(c, &r);
        t->running++;
    } else if (strcmp(r.status, "none") == 0 ||
               strcmp(r.status, "running") == 0) {
        printf("%-24s scale %-2" PRIu32 "  %s\n", c->name, c->scale,
               is_live ? "waiting" : "not run");
        t->waiting++;
    } else {
        print_line(c, &r, false);
        t->ok += strcmp(r.status, "ok") == 0;
        t->failed += strcmp(r.status, "ok") != 0;
    }
}

static zkg_status suite_status(int argc, char **argv, zkg_error *err)
{
    const char *results = NULL;
    tally t = {.ok = 0};
    zkg_suite_case *c;
    size_t count = 0;
    uint32_t n;
    bool done, is_live;

    ZKG_TRY(zkg_options_parse(&done, &results, &count, 1, NULL, 0,
                              "zkgkr suite status RESULTS", argc, argv, err));
    if (done)
        return ZKG_OK;
    if (count == 0)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "suite status: name a folder of results");
    ZKG_TRY(zkg_suite_found(&c, &n, results, err));
    is_live = is_locked(results);
    for (uint32_t i = 0; i < n; i++)
        print_status(&t, &c[i], is_live);
    zkg_free(c);
    printf("%" PRIu32 " of %" PRIu32 " proved and verified, %" PRIu32
           " failed, %" PRIu32 " running, %" PRIu32 " %s\n",
           t.ok, n, t.failed, t.running, t.waiting,
           is_live ? "waiting" : "not run");
    return ZKG_OK;
}

static zkg_status suite_export(int argc, char **argv, zkg_error *err)
{
    bool md = false, csv = false, html = false, done;
    const char *results = NULL;
    const zkg_option options[] = {
        {"md", NULL, "results.md", NULL, &md, false},
        {"csv", NULL, "results.csv", NULL, &csv, false},
        {"html", NULL, "results.html, and plots as SVG", NULL, &html, false},
    };
    size_t count = 0;

    ZKG_TRY(zkg_options_parse(
        &done, &results, &count, 1, options, 3,
        "zkgkr suite export RESULTS [--md] [--csv] [--html]", argc, argv, err));
    if (done)
        return ZKG_OK;
    if (count == 0)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "suite export: name a folder of results");
    if (!md && !csv && !html)
        md = csv = html = true;
    return zkg_suite_export(results, md, csv, html, err);
}

zkg_status zkg_cmd_suite(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    const char *what = argc > 1 ? argv[1] : "";

    (void)cli;
    if (strcmp(what, "run") == 0)
        return suite_run(argc - 1, argv + 1, err);
    if (strcmp(what, "status") == 0)
        return suite_status(argc - 1, argv + 1, err);
    if (strcmp(what, "export") == 0)
        return suite_export(argc - 1, argv + 1, err);
    if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0) {
        printf("usage: zkgkr suite run MODELS -o DIR [options]\n"
               "       zkgkr suite status DIR\n"
               "       zkgkr suite export DIR [--md] [--csv] [--html]\n");
        return ZKG_OK;
    }
    return zkg_fail(err, ZKG_ERR_USAGE,
                    "suite: `%s` is none of run, status, export", what);
}
