/* SPDX-License-Identifier: Apache-2.0
 * A suite's results as tables, with a baseline beside them. */
#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "suite_plot.h"

#define PATH ZKG_SUITE_PATH
#define MAX_CASES 10000

static int by_name(const void *a, const void *b)
{
    const zkg_suite_case *x = a, *y = b;
    const int c = strcmp(x->name, y->name);

    return c != 0 ? c : (x->scale > y->scale) - (x->scale < y->scale);
}

zkg_status zkg_suite_found(zkg_suite_case **out, uint32_t *count,
                           const char *results, zkg_error *err)
{
    DIR *d = opendir(results);
    zkg_suite_case *list = NULL;
    struct dirent *e;
    uint32_t n = 0;

    if (d == NULL)
        return zkg_fail(err, ZKG_ERR_IO, "%s: no such folder", results);
    while ((e = readdir(d)) != NULL && n < MAX_CASES) {
        const char *dot = strrchr(e->d_name, '.');
        zkg_suite_case c = {.scale = 0};
        char *end;
        void *more;

        if (dot == NULL || dot[1] != 's' || dot == e->d_name)
            continue;
        c.scale = (uint32_t)strtoul(dot + 2, &end, 10);
        if (*end != 0 || c.scale == 0)
            continue;
        snprintf(c.name, sizeof(c.name), "%.*s", (int)(dot - e->d_name),
                 e->d_name);
        snprintf(c.folder, sizeof(c.folder), "%.3000s/%s", results, e->d_name);
        if (!zkg_dir_exists(c.folder))
            continue;
        more = zkg_realloc(list, n + 1, sizeof(list[0]));
        if (more == NULL) {
            (void)closedir(d);
            zkg_free(list);
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
        }
        list = more;
        list[n++] = c;
    }
    (void)closedir(d);
    if (n == 0)
        return zkg_fail(err, ZKG_ERR_IO, "%s holds no cases of a suite",
                        results);
    qsort(list, n, sizeof(list[0]), by_name);
    *out = list;
    *count = n;
    return ZKG_OK;
}

static double number(const zkg_json *v, const char *key)
{
    const zkg_json *x = zkg_json_get(v, key);
    double d = 0;

    return x != NULL && zkg_json_double(&d, x, NULL) == ZKG_OK ? d : 0;
}

void zkg_suite_baseline_of(zkg_suite_baseline *out, const char *results,
                           const char *name)
{
    char path[PATH];
    const zkg_json *v, *x;
    zkg_json_doc *doc;

    *out = (zkg_suite_baseline){.known = false};
    zkg_suite_path(path, results, "baseline.json");
    if (!zkg_file_exists(path) ||
        zkg_json_read(&doc, path, (size_t)1 << 20, NULL) != ZKG_OK)
        return;
    v = zkg_json_get(zkg_json_get(zkg_json_root(doc), "cases"), name);
    if (v != NULL) {
        const char *why = "";

        out->known = true;
        out->prove_s = number(v, "prove_s");
        out->verify_s = number(v, "verify_s");
        out->setup_s = number(v, "setup_s");
        out->key_gb = number(v, "pk_gb");
        x = zkg_json_get(v, "failed");
        if (x != NULL && zkg_json_string(&why, x, NULL) == ZKG_OK)
            snprintf(out->failed, sizeof(out->failed), "%s", why);
    }
    zkg_json_free(doc);
}

/* ---- rows ---- */

typedef enum column {
    MODEL,
    SCALE,
    RESULT,
    INPUTS,
    PROVE,
    LEAST,
    MOST,
    WITNESS,
    COMMIT,
    TASKS,
    OPEN,
    VERIFY,
    COMPILE,
    SETUP,
    PEAK,
    PROOF,
    PUBLIC,
    KEY,
    MAX_ERROR,
    MEAN_ERROR,
    RMSE,
    ARGMAX,
    LAYER,
    THEIRS,
    RATIO,
    COLUMNS
} column;

/* Heads; short tables leave out what is not marked. */
static const struct {
    const char *name;
    bool is_short;
} heads[COLUMNS] = {
    {"model", true},        {"scale", true},        {"result", true},
    {"inputs", false},      {"prove s", true},      {"least s", false},
    {"most s", false},      {"witness s", false},   {"commit s", false},
    {"tasks s", false},     {"open s", false},      {"verify s", true},
    {"compile s", false},   {"setup s", true},      {"peak MiB", true},
    {"proof KiB", true},    {"public KiB", true},   {"key KiB", false},
    {"max error", true},    {"mean error", false},  {"RMSE", false},
    {"same argmax", true},  {"worst layer", false}, {"EZKL prove s", true},
    {"times faster", true},
};

/* A case in words. */
typedef struct row {
    char cell[COLUMNS][130];
} row;

static void cell(row *r, column k, const char *fmt, ...) ZKG_PRINTF(3, 4);

static void cell(row *r, column k, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(r->cell[k], sizeof(r->cell[k]), fmt, args);
    va_end(args);
}

static void measured(row *r, const zkg_suite_result *x)
{
    const zkg_suite_run *s = &x->sum;
    const double kib = 1024, mib = 1048576;

    cell(r, PROVE, "%.3f", s->prove_s);
    cell(r, LEAST, "%.3f", s->prove_least_s);
    cell(r, MOST, "%.3f", s->prove_most_s);
    cell(r, WITNESS, "%.3f", s->witness_s);
    cell(r, COMMIT, "%.3f", s->commit_s);
    cell(r, TASKS, "%.3f", s->tasks_s);
    cell(r, OPEN, "%.3f", s->open_s);
    cell(r, VERIFY, "%.3f", s->verify_s);
    cell(r, PEAK, "%.0f", (double)s->peak_rss / mib);
    cell(r, PROOF, "%.1f", (double)(x->proof_bytes - x->public_bytes) / kib);
    cell(r, PUBLIC, "%.1f", (double)x->public_bytes / kib);
    cell(r, KEY, "%.1f", (double)x->key_bytes / kib);
    if (s->rows == 0)
        return;
    cell(r, MAX_ERROR, "%.3g", s->max_error);
    cell(r, MEAN_ERROR, "%.3g", s->mean_error);
    cell(r, RMSE, "%.3g", s->rmse);
    cell(r, ARGMAX, "%" PRIu64 " of %" PRIu64, s->same_argmax, s->rows);
    if (s->layer[0] != 0)
        cell(r, LAYER, "%.100s: %.3g", s->layer, s->layer_error);
}

static void make_row(row *r, const zkg_suite_entry *e)
{
    const zkg_suite_result *x = &e->r;
    const bool ok = strcmp(x->status, "ok") == 0;

    memset(r, 0, sizeof(*r));
    cell(r, MODEL, "%s", e->c.name);
    cell(r, SCALE, "%" PRIu32, e->c.scale);
    cell(r, INPUTS, "%" PRIu32, x->inputs);
    cell(r, COMPILE, "%.2f", x->compile_s);
    cell(r, SETUP, "%.2f", x->setup_s);
    if (ok)
        cell(r, RESULT, "proved, verified");
    else if (x->step[0] != 0)
        cell(r, RESULT, "%s: %s, exit %d", x->status, x->step, x->exit_code);
    else
        cell(r, RESULT, "not run");
    if (ok)
        measured(r, x);
    if (e->b.failed[0] != 0)
        cell(r, THEIRS, "%s", e->b.failed);
    else if (e->b.known)
        cell(r, THEIRS, "%.2f", e->b.prove_s);
    if (ok && e->b.prove_s > 0 && x->sum.prove_s > 0)
        cell(r, RATIO, "%.0f", e->b.prove_s / x->sum.prove_s);
}

/* All of them in a sentence or two. */
static void summary(zkg_writer *w, const zkg_suite_entry *e, uint32_t n)
{
    double slowest = 0, least = 0, peak = 0;
    uint32_t ok = 0, refused = 0, impossible = 0;

    for (uint32_t i = 0; i < n; i++) {
        const zkg_suite_run *s = &e[i].r.sum;
        const double ratio = e[i].b.prove_s > 0 && s->prove_s > 0
                                 ? e[i].b.prove_s / s->prove_s
                                 : 0;

        if (strcmp(e[i].r.status, "ok") != 0)
            continue;
        ok++;
        refused += s->tampered_refused;
        impossible += e[i].b.failed[0] != 0;
        slowest = s->prove_s > slowest ? s->prove_s : slowest;
        peak = (double)s->peak_rss > peak ? (double)s->peak_rss : peak;
        least = ratio > 0 && (least == 0 || ratio < least) ? ratio : least;
    }
    zkg_suite_putf(w,
                   "%" PRIu32 " of %" PRIu32 " cases proved and verified, the "
                   "tampered proofs of %" PRIu32 " refused. ",
                   ok, n, refused);
    if (ok > 0)
        zkg_suite_putf(w, "The slowest took %.2f s, the largest %.0f MiB. ",
                       slowest, peak / 1048576);
    if (least > 0)
        zkg_suite_putf(w,
                       "At least %.0f times faster than EZKL, which could not "
                       "do %" PRIu32 " of these cases.",
                       least, impossible);
    zkg_suite_putf(w, "\n");
}

/* ---- files ---- */

static void write_md(zkg_writer *w, const row *r, const zkg_suite_entry *e,
                     uint32_t n)
{
    for (int k = 0; k < COLUMNS; k++)
        if (heads[k].is_short)
            zkg_suite_putf(w, "| %s ", heads[k].name);
    zkg_suite_putf(w, "|\n");
    for (int k = 0; k < COLUMNS; k++)
        if (heads[k].is_short)
            zkg_suite_putf(w, "|---");
    zkg_suite_putf(w, "|\n");
    for (uint32_t i = 0; i < n; i++) {
        for (int k = 0; k < COLUMNS; k++)
            if (heads[k].is_short)
                zkg_suite_putf(w, "| %s ", r[i].cell[k]);
        zkg_suite_putf(w, "|\n");
    }
    zkg_suite_putf(w, "\n");
    summary(w, e, n);
}

static void write_csv(zkg_writer *w, const row *r, uint32_t n)
{
    for (int k = 0; k < COLUMNS; k++)
        zkg_suite_putf(w, "%s%s", k > 0 ? "," : "", heads[k].name);
    zkg_suite_putf(w, "\n");
    for (uint32_t i = 0; i < n; i++) {
        for (int k = 0; k < COLUMNS; k++) {
            zkg_suite_putf(w, k > 0 ? ",\"" : "\"");
            for (const char *c = r[i].cell[k]; *c != 0; c++)
                zkg_suite_putf(w, *c == '"' ? "\"\"" : "%c", *c);
            zkg_suite_putf(w, "\"");
        }
        zkg_suite_putf(w, "\n");
    }
}

static const char html_head[] =
    "<!doctype html>\n<html lang='en'><meta charset='utf-8'>\n"
    "<title>zkgkr suite</title>\n<style>\nbody{font-family:sans-serif;"
    "margin:2em;max-width:1400px}\ntable{border-collapse:collapse;font-size:"
    "13px}\ntd,th{padding:3px 8px;text-align:right;border-bottom:1px solid "
    "#ddd;white-space:nowrap}\ntd:first-child,th:first-child{text-align:left}\n"
    "td:nth-child(12){white-space:normal;min-width:14em}\n.bad{color:#b00020}\n"
    "</style>\n<h1>Suite</h1>\n<p>";

/* What the baseline's file says of itself. */
static void source_of_baseline(zkg_writer *w, const char *results)
{
    char path[PATH];
    const char *text = "";
    const zkg_json *x;
    zkg_json_doc *doc;

    zkg_suite_path(path, results, "baseline.json");
    if (!zkg_file_exists(path) ||
        zkg_json_read(&doc, path, (size_t)1 << 20, NULL) != ZKG_OK)
        return;
    x = zkg_json_get(zkg_json_root(doc), "source");
    if (x != NULL && zkg_json_string(&text, x, NULL) == ZKG_OK) {
        zkg_suite_putf(w, "<p>EZKL: ");
        zkg_suite_escape(w, text);
        zkg_suite_putf(w, "\n");
    }
    zkg_json_free(doc);
}

static void write_html(zkg_writer *w, const row *r, const zkg_suite_entry *e,
                       uint32_t n, const char *results)
{
    zkg_suite_putf(w, "%s", html_head);
    summary(w, e, n);
    source_of_baseline(w, results);
    for (int f = 0; f < ZKG_FIGURES; f++)
        zkg_suite_plot(w, (zkg_suite_figure)f, e, n);
    zkg_suite_putf(w, "<table>\n<tr>");
    for (int k = 0; k < COLUMNS; k++)
        if (heads[k].is_short)
            zkg_suite_putf(w, "<th>%s", heads[k].name);
    zkg_suite_putf(w, "\n");
    for (uint32_t i = 0; i < n; i++) {
        zkg_suite_putf(
            w, strcmp(e[i].r.status, "ok") == 0 ? "<tr>" : "<tr class='bad'>");
        for (int k = 0; k < COLUMNS; k++) {
            if (!heads[k].is_short)
                continue;
            zkg_suite_putf(w, "<td>");
            zkg_suite_escape(w, r[i].cell[k]);
        }
        zkg_suite_putf(w, "\n");
    }
    zkg_suite_putf(w, "</table>\n</html>\n");
}

static zkg_status save(zkg_writer *w, const char *results, const char *name,
                       zkg_error *err)
{
    char path[PATH];
    zkg_status s;

    zkg_suite_path(path, results, name);
    s = w->status != ZKG_OK ? zkg_fail(err, w->status, "no memory for %s", name)
                            : zkg_file_write_atomic(path, w->data, w->len, err);
    if (s == ZKG_OK)
        printf("%s\n", path);
    zkg_writer_free(w);
    return s;
}

static zkg_status save_plots(const zkg_suite_entry *e, uint32_t n,
                             const char *results, zkg_error *err)
{
    static const char *const names[ZKG_FIGURES] = {
        "prove-seconds.svg", "memory.svg", "max-error.svg"};
    zkg_status s = ZKG_OK;

    for (int f = 0; f < ZKG_FIGURES && s == ZKG_OK; f++) {
        zkg_writer w;

        zkg_writer_init(&w);
        zkg_suite_plot(&w, (zkg_suite_figure)f, e, n);
        s = save(&w, results, names[f], err);
    }
    return s;
}

static zkg_status write_all(const zkg_suite_entry *e, const row *r, uint32_t n,
                            const char *results, const bool what[3],
                            zkg_error *err)
{
    zkg_status s = ZKG_OK;
    zkg_writer w;

    zkg_writer_init(&w);
    if (what[0]) {
        write_md(&w, r, e, n);
        s = save(&w, results, "results.md", err);
    }
    if (s == ZKG_OK && what[1]) {
        write_csv(&w, r, n);
        s = save(&w, results, "results.csv", err);
    }
    if (s == ZKG_OK && what[2]) {
        write_html(&w, r, e, n, results);
        s = save(&w, results, "results.html", err);
    }
    zkg_writer_free(&w);
    return s == ZKG_OK && what[2] ? save_plots(e, n, results, err) : s;
}

zkg_status zkg_suite_export(const char *results, bool md, bool csv, bool html,
                            zkg_error *err)
{
    const bool what[3] = {md, csv, html};
    zkg_suite_entry *e;
    zkg_suite_case *c;
    zkg_status s;
    uint32_t n;
    row *r;

    ZKG_TRY(zkg_suite_found(&c, &n, results, err));
    r = zkg_alloc(n, sizeof(r[0]));
    e = zkg_alloc(n, sizeof(e[0]));
    for (uint32_t i = 0; i < n && r != NULL && e != NULL; i++) {
        e[i].c = c[i];
        zkg_suite_baseline_of(&e[i].b, results, c[i].name);
        if (zkg_suite_read(&e[i].r, c[i].folder, NULL) != ZKG_OK)
            snprintf(e[i].r.status, sizeof(e[i].r.status), "unreadable");
        make_row(&r[i], &e[i]);
    }
    s = r == NULL || e == NULL ? zkg_fail(err, ZKG_ERR_NOMEM, "no memory")
                               : write_all(e, r, n, results, what, err);
    zkg_free(r);
    zkg_free(e);
    zkg_free(c);
    return s;
}
