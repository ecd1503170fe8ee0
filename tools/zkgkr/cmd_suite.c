/* SPDX-License-Identifier: Apache-2.0
 * zkgkr suite run | status | export: many models, one after the other. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "commands.h"
#include "options.h"
#include "suite.h"
#include "zkgkr/srs.h"

#define SRS_POWER 14
#define PATH (PATH_MAX + 64)

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

/* The reference string: the user's, or one for development, made once. */
static zkg_status find_srs(char path[PATH], const zkg_suite_options *o,
                           zkg_error *err)
{
    zkg_srs *srs;
    zkg_status s;

    if (o->srs != NULL) {
        snprintf(path, PATH, "%s", o->srs);
        return ZKG_OK;
    }
    snprintf(path, PATH, "%s/development.srs", o->results);
    if (zkg_file_exists(path))
        return ZKG_OK;
    printf("making a development SRS of power %d: whoever makes one can forge "
           "proofs; --srs takes a ceremony's\n",
           SRS_POWER);
    ZKG_TRY(zkg_srs_new(&srs, SRS_POWER, err));
    s = zkg_srs_write(srs, path, err);
    zkg_srs_free(srs);
    return s;
}

/* Beside the results, so that an export needs nothing else. */
static zkg_status copy_baseline(const zkg_suite_options *o, zkg_error *err)
{
    char from[PATH], to[PATH];
    uint8_t *bytes;
    size_t len;
    zkg_status s;

    snprintf(from, sizeof(from), "%s/ezkl_baseline.json", o->models);
    snprintf(to, sizeof(to), "%s/baseline.json", o->results);
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
        printf("%-24s scale %-2" PRIu32
               "  proved in %7.3f s, verified in %6.3f s, peak %5.0f MiB",
               c->name, c->scale, r->prove_s, r->verify_s,
               (double)r->peak_rss / 1048576.0);
        if (r->rows > 0)
            printf(", largest error %.3g", r->max_error);
        printf("%s\n", skipped ? " (done before)" : "");
    }
    (void)fflush(stdout);
}

static zkg_status run_all(const zkg_suite_options *o, zkg_error *err)
{
    zkg_suite_case *c;
    uint32_t n, failed = 0;
    char srs[PATH];
    zkg_status s = ZKG_OK;

    ZKG_TRY(zkg_suite_cases(&c, &n, o, err));
    s = zkg_make_dir(o->results, err);
    if (s == ZKG_OK)
        s = find_srs(srs, o, err);
    if (s == ZKG_OK)
        s = copy_baseline(o, err);
    for (uint32_t i = 0; i < n && s == ZKG_OK; i++) {
        zkg_suite_result r;
        bool skipped;

        s = zkg_suite_run_case(&r, &skipped, &c[i], o, srs, err);
        if (s != ZKG_OK)
            break;
        failed += strcmp(r.status, "ok") != 0;
        print_line(&c[i], &r, skipped);
    }
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
    zkg_suite_options o = {.ranks = 1};
    const char *scales = "7,10", *ranks = NULL;
    const zkg_option options[] = {
        {"scales", "7,10", "the scales of each model", &scales, NULL, false},
        {"o", "DIR", "where results go", &o.results, NULL, true},
        {"ranks", "N", "processes that prove together; default 1", &ranks, NULL,
         false},
        {"memory-limit", "BYTES", "refuse what needs more on a rank (8G)",
         &o.memory, NULL, false},
        {"param-scale", "P", "as compile's", &o.param_scale, NULL, false},
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
    return run_all(&o, err);
}

static zkg_status suite_status(int argc, char **argv, zkg_error *err)
{
    const char *results = NULL;
    zkg_suite_case *c;
    size_t count = 0;
    uint32_t n;
    bool done;

    ZKG_TRY(zkg_options_parse(&done, &results, &count, 1, NULL, 0,
                              "zkgkr suite status RESULTS", argc, argv, err));
    if (done)
        return ZKG_OK;
    if (count == 0)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "suite status: name a folder of results");
    ZKG_TRY(zkg_suite_found(&c, &n, results, err));
    for (uint32_t i = 0; i < n; i++) {
        zkg_suite_result r;
        zkg_error bad = {0};

        if (zkg_suite_read(&r, c[i].folder, &bad) != ZKG_OK)
            printf("%-24s scale %-2" PRIu32 "  %s\n", c[i].name, c[i].scale,
                   bad.text);
        else if (strcmp(r.status, "running") == 0)
            printf("%-24s scale %-2" PRIu32 "  running: %s\n", c[i].name,
                   c[i].scale, r.step);
        else if (strcmp(r.status, "none") == 0)
            printf("%-24s scale %-2" PRIu32 "  broken off\n", c[i].name,
                   c[i].scale);
        else
            print_line(&c[i], &r, false);
    }
    zkg_free(c);
    return ZKG_OK;
}

static zkg_status suite_export(int argc, char **argv, zkg_error *err)
{
    bool md = false, csv = false, html = false, done;
    const char *results = NULL;
    const zkg_option options[] = {
        {"md", NULL, "results.md", NULL, &md, false},
        {"csv", NULL, "results.csv", NULL, &csv, false},
        {"html", NULL, "results.html, with a plot", NULL, &html, false},
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
