/* SPDX-License-Identifier: Apache-2.0
 * A suite's results as tables, with a baseline beside them. */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "suite.h"

#define PATH (PATH_MAX + 64)
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
    if (n > 0)
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
    snprintf(path, sizeof(path), "%s/baseline.json", results);
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

/* ---- text ---- */

static void put(zkg_writer *w, const char *text)
{
    (void)zkg_writer_bytes(w, text, strlen(text));
}

static void putf(zkg_writer *w, const char *fmt, ...) ZKG_PRINTF(2, 3);

static void putf(zkg_writer *w, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    put(w, text);
}

/* Text in HTML. */
static void put_html(zkg_writer *w, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '<')
            put(w, "&lt;");
        else if (*text == '>')
            put(w, "&gt;");
        else if (*text == '&')
            put(w, "&amp;");
        else
            (void)zkg_writer_u8(w, (uint8_t)*text);
    }
}

/* Columns of one case, in words. */
typedef struct row {
    char cell[13][130];
} row;

enum { COLUMNS = 13 };

static const char *const heads[COLUMNS] = {
    "model",       "scale",        "result",       "prove s",    "verify s",
    "setup s",     "peak MiB",     "proof KiB",    "public KiB", "max error",
    "same argmax", "EZKL prove s", "times faster",
};

static void make_row(row *r, const zkg_suite_case *c, const char *results)
{
    zkg_suite_baseline b;
    zkg_suite_result x;
    zkg_error err = {0};

    memset(r, 0, sizeof(*r));
    zkg_suite_baseline_of(&b, results, c->name);
    if (zkg_suite_read(&x, c->folder, &err) != ZKG_OK)
        x = (zkg_suite_result){.status = "unreadable", .max_error = -1};
    snprintf(r->cell[0], sizeof(r->cell[0]), "%s", c->name);
    snprintf(r->cell[1], sizeof(r->cell[1]), "%" PRIu32, c->scale);
    if (strcmp(x.status, "ok") == 0)
        snprintf(r->cell[2], sizeof(r->cell[2]), "proved, verified");
    else
        snprintf(r->cell[2], sizeof(r->cell[2]), "%s %s (exit %d)", x.status,
                 x.step, x.exit_code);
    if (strcmp(x.status, "ok") == 0) {
        const double kib = 1024, mib = 1048576;

        snprintf(r->cell[3], sizeof(r->cell[3]), "%.3f", x.prove_s);
        snprintf(r->cell[4], sizeof(r->cell[4]), "%.3f", x.verify_s);
        snprintf(r->cell[5], sizeof(r->cell[5]), "%.2f", x.setup_s);
        snprintf(r->cell[6], sizeof(r->cell[6]), "%.0f",
                 (double)x.peak_rss / mib);
        snprintf(r->cell[7], sizeof(r->cell[7]), "%.1f",
                 (double)(x.proof_bytes - x.public_bytes) / kib);
        snprintf(r->cell[8], sizeof(r->cell[8]), "%.1f",
                 (double)x.public_bytes / kib);
        if (x.rows > 0) {
            snprintf(r->cell[9], sizeof(r->cell[9]), "%.3g", x.max_error);
            snprintf(r->cell[10], sizeof(r->cell[10]),
                     "%" PRIu64 " of %" PRIu64, x.same_argmax, x.rows);
        }
    }
    if (b.failed[0] != 0)
        snprintf(r->cell[11], sizeof(r->cell[11]), "%s", b.failed);
    else if (b.known)
        snprintf(r->cell[11], sizeof(r->cell[11]), "%.2f", b.prove_s);
    if (b.prove_s > 0 && x.prove_s > 0)
        snprintf(r->cell[12], sizeof(r->cell[12]), "%.0f",
                 b.prove_s / x.prove_s);
}

static void write_md(zkg_writer *w, const row *r, uint32_t n)
{
    for (int k = 0; k < COLUMNS; k++)
        putf(w, "| %s ", heads[k]);
    put(w, "|\n");
    for (int k = 0; k < COLUMNS; k++)
        put(w, "|---");
    put(w, "|\n");
    for (uint32_t i = 0; i < n; i++) {
        for (int k = 0; k < COLUMNS; k++)
            putf(w, "| %s ", r[i].cell[k]);
        put(w, "|\n");
    }
}

static void write_csv(zkg_writer *w, const row *r, uint32_t n)
{
    for (int k = 0; k < COLUMNS; k++)
        putf(w, "%s%s", k > 0 ? "," : "", heads[k]);
    put(w, "\n");
    for (uint32_t i = 0; i < n; i++) {
        for (int k = 0; k < COLUMNS; k++) {
            put(w, k > 0 ? ",\"" : "\"");
            for (const char *c = r[i].cell[k]; *c != 0; c++)
                putf(w, *c == '"' ? "\"\"" : "%c", *c);
            put(w, "\"");
        }
        put(w, "\n");
    }
}

/* Seconds on a logarithmic axis from 1 ms to 1000 s. */
static double axis_at(double seconds)
{
    const double v = seconds < 1e-3 ? 1e-3 : seconds;

    return (log10(v) + 3) / 6 * 600;
}

static void write_plot(zkg_writer *w, const zkg_suite_case *c, uint32_t n,
                       const char *results)
{
    putf(w,
         "<svg xmlns='http://www.w3.org/2000/svg' width='900' height='%u' "
         "font-family='sans-serif' font-size='11'>\n",
         40 + 22 * n);
    for (int e = -3; e <= 3; e++)
        putf(w,
             "<line x1='%.1f' y1='20' x2='%.1f' y2='%u' stroke='#ddd'/>"
             "<text x='%.1f' y='14' text-anchor='middle'>%g s</text>\n",
             220 + axis_at(pow(10, e)), 220 + axis_at(pow(10, e)), 30 + 22 * n,
             220 + axis_at(pow(10, e)), pow(10, e));
    for (uint32_t i = 0; i < n; i++) {
        zkg_suite_baseline b;
        zkg_suite_result x;
        const unsigned y = 26 + 22 * i;

        zkg_suite_baseline_of(&b, results, c[i].name);
        if (zkg_suite_read(&x, c[i].folder, NULL) != ZKG_OK)
            continue;
        putf(w,
             "<text x='212' y='%u' text-anchor='end'>%s, scale %" PRIu32
             "</text>\n",
             y + 12, c[i].name, c[i].scale);
        if (b.prove_s > 0)
            putf(w,
                 "<rect x='220' y='%u' width='%.1f' height='7' "
                 "fill='#c9c9c9'/>\n",
                 y + 9, axis_at(b.prove_s));
        if (x.prove_s > 0)
            putf(w,
                 "<rect x='220' y='%u' width='%.1f' height='9' "
                 "fill='#2b6cb0'/>\n",
                 y, axis_at(x.prove_s));
    }
    put(w, "</svg>\n");
}

static void write_html(zkg_writer *w, const row *r, const zkg_suite_case *c,
                       uint32_t n, const char *results)
{
    put(w, "<!doctype html>\n<html lang='en'><meta charset='utf-8'>\n"
           "<title>zkgkr suite</title>\n<style>body{font-family:sans-serif}"
           "table{border-collapse:collapse}td,th{padding:2px 8px;text-align:"
           "right;border-bottom:1px solid #ddd}td:first-child{text-align:left}"
           "</style>\n<h1>Suite</h1>\n<p>Seconds to prove, one line a case, on "
           "a logarithmic axis. Blue: here; grey: EZKL, where it could.</p>\n");
    write_plot(w, c, n, results);
    put(w, "<table>\n<tr>");
    for (int k = 0; k < COLUMNS; k++)
        putf(w, "<th>%s", heads[k]);
    put(w, "\n");
    for (uint32_t i = 0; i < n; i++) {
        put(w, "<tr>");
        for (int k = 0; k < COLUMNS; k++) {
            put(w, "<td>");
            put_html(w, r[i].cell[k]);
        }
        put(w, "\n");
    }
    put(w, "</table>\n</html>\n");
}

static zkg_status save(zkg_writer *w, const char *results, const char *name,
                       zkg_error *err)
{
    char path[PATH];
    zkg_status s;

    snprintf(path, sizeof(path), "%s/%s", results, name);
    s = w->status != ZKG_OK ? zkg_fail(err, w->status, "no memory for %s", name)
                            : zkg_file_write_atomic(path, w->data, w->len, err);
    if (s == ZKG_OK)
        printf("%s\n", path);
    zkg_writer_free(w);
    return s;
}

zkg_status zkg_suite_export(const char *results, bool md, bool csv, bool html,
                            zkg_error *err)
{
    zkg_suite_case *c;
    zkg_status s = ZKG_OK;
    zkg_writer w;
    uint32_t n;
    row *r;

    ZKG_TRY(zkg_suite_found(&c, &n, results, err));
    r = zkg_alloc(n, sizeof(r[0]));
    if (r == NULL)
        s = zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < n && s == ZKG_OK; i++)
        make_row(&r[i], &c[i], results);
    zkg_writer_init(&w);
    if (s == ZKG_OK && md) {
        write_md(&w, r, n);
        s = save(&w, results, "results.md", err);
    }
    if (s == ZKG_OK && csv) {
        write_csv(&w, r, n);
        s = save(&w, results, "results.csv", err);
    }
    if (s == ZKG_OK && html) {
        write_html(&w, r, c, n, results);
        s = save(&w, results, "results.html", err);
    }
    zkg_writer_free(&w);
    zkg_free(r);
    zkg_free(c);
    return s;
}
