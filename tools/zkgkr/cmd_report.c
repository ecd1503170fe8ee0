/* SPDX-License-Identifier: Apache-2.0
 * zkgkr report: a finished run as one page of HTML that needs nothing else. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "commands.h"
#include "options.h"
#include "run_report.h"

enum { ROWS = 100 }; /* of the table of tasks */

static const char style[] =
    ":root{color-scheme:light dark;--ink:#222;--soft:#666;--line:#e2e2e5;"
    "--card:#f7f7f8;--c:#72b7b2;--t:#4c78a8;--w:#d0d3d8;--o:#b279a2;"
    "--bad:#c0392b}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#eee;--soft:#aaa;"
    "--line:#3a3a3d;--card:#232326;--w:#55585e;--bad:#ff7b6b}"
    "body{background:#18181a}}\n"
    "body{font:14px/1.45 system-ui,-apple-system,'Segoe UI',sans-serif;"
    "color:var(--ink);max-width:1000px;margin:2em auto;padding:0 1em}\n"
    "h1{font-size:22px;margin:0 0 .2em}h2{font-size:16px;margin:2em 0 .6em}\n"
    ".soft{color:var(--soft)}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:10px;margin:1.2em 0}\n"
    ".tile{background:var(--card);border-radius:8px;padding:10px 16px}\n"
    ".tile b{display:block;font-size:20px;font-weight:600}\n"
    "svg{max-width:100%;height:auto}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{padding:4px 8px;text-align:right;border-bottom:1px solid "
    "var(--line);font-variant-numeric:tabular-nums}\n"
    "th{font-weight:600;color:var(--soft)}\n"
    "th:first-child,td:first-child{text-align:left}\n"
    ".bar{display:flex;height:16px;border-radius:3px;overflow:hidden;"
    "background:var(--card);min-width:220px}\n"
    ".bar i{display:block}.c{background:var(--c)}.t{background:var(--t)}"
    ".w{background:var(--w)}.o{background:var(--o)}\n"
    ".key span{margin-right:1.4em}.key i{display:inline-block;width:11px;"
    "height:11px;border-radius:2px;margin-right:.4em}\n"
    ".bad{color:var(--bad)}\n";

static double number(const zkg_run *run, const char *key)
{
    const zkg_json *v = zkg_json_get(run->root, key);
    double x = 0;

    if (v == NULL || zkg_json_double(&x, v, NULL) != ZKG_OK)
        return 0;
    return x;
}

static const char *words(const zkg_json *v, const char *key)
{
    const zkg_json *x = v == NULL ? NULL : zkg_json_get(v, key);
    const char *text = NULL;

    if (x == NULL || zkg_json_string(&text, x, NULL) != ZKG_OK)
        return "?";
    return text;
}

static void put_bytes(char out[32], double v)
{
    if (v >= 1 << 30)
        (void)snprintf(out, 32, "%.2f GiB", v / (1 << 30));
    else if (v >= 1 << 20)
        (void)snprintf(out, 32, "%.1f MiB", v / (1 << 20));
    else if (v >= 1 << 10)
        (void)snprintf(out, 32, "%.1f KiB", v / (1 << 10));
    else
        (void)snprintf(out, 32, "%.0f B", v);
}

static void tile(FILE *f, const char *value, const char *what)
{
    fputs("<div class=\"tile\"><b>", f);
    zkg_chart_escape(f, value);
    fprintf(f, "</b><span class=\"soft\">%s</span></div>\n", what);
}

/* Tasks' time over the longest rank's: 1 is even. */
static double balance(const zkg_run *run)
{
    double *busy = zkg_alloc(run->ranks, sizeof(*busy));
    double sum = 0, most = 0;

    for (size_t i = 0; busy != NULL && i < run->steps; i++)
        busy[run->step[i].rank] += run->step[i].wall - run->step[i].comm;
    for (uint32_t r = 0; busy != NULL && r < run->ranks; r++) {
        sum += busy[r];
        most = busy[r] > most ? busy[r] : most;
    }
    zkg_free(busy);
    return most > 0 ? sum / run->ranks / most : 1;
}

static void put_head(FILE *f, const zkg_run *run)
{
    const zkg_json *versions = zkg_json_get(run->root, "versions");
    char text[64];

    fputs("<h1>A proof and how it came about</h1>\n<p class=\"soft\">zkgkr ",
          f);
    zkg_chart_escape(f, words(versions, "zkgkr"));
    fputs(", ", f);
    zkg_chart_escape(f, words(versions, "mpi"));
    fputs(", backend ", f);
    zkg_chart_escape(f, words(versions, "backend"));
    fputs(" (", f);
    zkg_chart_escape(f, words(versions, "cpu"));
    fputs("); schedule: ", f);
    zkg_chart_escape(f, words(run->root, "schedule"));
    fputs("</p>\n<div class=\"tiles\">\n", f);
    zkg_chart_time(text, number(run, "prove_s"));
    tile(f, text, "to prove, witness included");
    (void)snprintf(text, sizeof(text), "%" PRIu32, run->ranks);
    tile(f, text, run->ranks == 1 ? "rank" : "ranks");
    put_bytes(text, number(run, "proof_bytes"));
    tile(f, text, "proof");
    put_bytes(text, number(run, "public_bytes"));
    tile(f, text, "of it public values");
    (void)snprintf(text, sizeof(text), "%.0f %%", 100 * balance(run));
    tile(f, text, "balance: mean over longest rank");
    fputs("</div>\n", f);
}

static void segment(FILE *f, const char *kind, double part)
{
    if (part > 0.0005)
        fprintf(f, "<i class=\"%s\" style=\"width:%.2f%%\"></i>", kind,
                100 * part);
}

static void cell_time(FILE *f, double seconds)
{
    char t[32];

    zkg_chart_time(t, seconds);
    fprintf(f, "<td>%s</td>", t);
}

static void put_phases(FILE *f, const zkg_run *run)
{
    double most = 0;

    for (uint32_t r = 0; r < run->ranks; r++) {
        const zkg_run_rank *x = &run->rank[r];
        const double all = x->commit + x->tasks + x->open + x->wait;

        most = all > most ? all : most;
    }
    fputs("<h2>Time by phase</h2>\n<p class=\"key soft\">"
          "<span><i class=\"c\"></i>commitments</span>"
          "<span><i class=\"t\"></i>tasks</span>"
          "<span><i class=\"o\"></i>opening</span>"
          "<span><i class=\"w\"></i>between them, waiting</span></p>\n"
          "<table><tr><th>rank</th><th style=\"text-align:left\">seconds</th>"
          "<th>commitments</th><th>tasks</th><th>opening</th>"
          "<th>waiting for others, in all</th></tr>\n",
          f);
    for (uint32_t r = 0; r < run->ranks; r++) {
        const zkg_run_rank *x = &run->rank[r];

        fprintf(f, "<tr><td>%" PRIu32 " <span class=\"soft\">", r);
        zkg_chart_escape(f, x->host);
        fputs("</span></td><td><div class=\"bar\">", f);
        segment(f, "c", most > 0 ? x->commit / most : 0);
        segment(f, "t", most > 0 ? x->tasks / most : 0);
        segment(f, "o", most > 0 ? x->open / most : 0);
        segment(f, "w", most > 0 ? x->wait / most : 0);
        fputs("</div></td>", f);
        cell_time(f, x->commit);
        cell_time(f, x->tasks);
        cell_time(f, x->open);
        cell_time(f, x->comm);
        fputs("</tr>\n", f);
    }
    fputs("</table>\n", f);
}

static void put_memory(FILE *f, const zkg_run *run)
{
    double most = 1;
    char t[32];

    for (uint32_t r = 0; r < run->ranks; r++) {
        most = run->rank[r].peak > most ? run->rank[r].peak : most;
        most = run->rank[r].planned_bytes > most ? run->rank[r].planned_bytes
                                                 : most;
    }
    fputs("<h2>Memory and messages</h2>\n<table><tr><th>rank</th>"
          "<th style=\"text-align:left\">most memory</th><th>measured</th>"
          "<th>forecast</th><th>handed over to others</th></tr>\n",
          f);
    for (uint32_t r = 0; r < run->ranks; r++) {
        const zkg_run_rank *x = &run->rank[r];

        fprintf(f, "<tr><td>%" PRIu32 "</td><td><div class=\"bar\">", r);
        segment(f, "t", x->peak / most);
        put_bytes(t, x->peak);
        fprintf(f, "</div></td><td>%s</td>", t);
        put_bytes(t, x->planned_bytes);
        fprintf(f, "<td>%s</td>", t);
        put_bytes(t, x->bytes);
        fprintf(f, "<td>%s</td></tr>\n", t);
    }
    fputs("</table>\n", f);
}

static int by_wall(const void *a, const void *b)
{
    const zkg_run_step *x = a, *y = b;

    return x->wall > y->wall ? -1 : x->wall < y->wall;
}

static void put_tasks(FILE *f, zkg_run *run)
{
    qsort(run->step, run->steps, sizeof(*run->step), by_wall);
    fputs("<h2>Tasks and tables, longest first</h2>\n<table><tr><th>name</th>"
          "<th>rank</th><th>of a group of</th><th>measured</th>"
          "<th>forecast</th><th>waiting</th><th>handed over</th>"
          "<th>memory by then</th></tr>\n",
          f);
    for (size_t i = 0; i < run->steps && i < ROWS; i++) {
        const zkg_run_step *s = &run->step[i];
        char t[32];

        fputs("<tr><td>", f);
        zkg_chart_escape(f, s->name);
        fprintf(f, "</td><td>%" PRIu32 "</td><td>%" PRIu32 "</td>", s->rank,
                s->group);
        cell_time(f, s->wall);
        cell_time(f, s->planned);
        fprintf(f, "<td%s>%.0f %%</td>",
                s->comm > 0.5 * s->wall ? " class=\"bad\"" : "",
                s->wall > 0 ? 100 * s->comm / s->wall : 0);
        put_bytes(t, s->bytes);
        fprintf(f, "<td>%s</td>", t);
        put_bytes(t, s->peak);
        fprintf(f, "<td>%s</td></tr>\n", t);
    }
    fputs("</table>\n", f);
    if (run->steps > ROWS)
        fprintf(f, "<p class=\"soft\">and %zu shorter ones</p>\n",
                run->steps - ROWS);
}

static void put_page(FILE *f, zkg_run *run)
{
    zkg_chart charts[2];

    charts[0] = run->planned;
    charts[1] = run->measured;
    fprintf(f,
            "<!doctype html>\n<html lang=\"en\"><head><meta "
            "charset=\"utf-8\"><meta name=\"viewport\" "
            "content=\"width=device-width\"><title>zkgkr: a proof on %" PRIu32
            " rank%s</title>\n<style>\n%s</style></head><body>\n",
            run->ranks, run->ranks == 1 ? "" : "s", style);
    put_head(f, run);
    fputs("<h2>Who did what when</h2>\n", f);
    zkg_chart_svg(f, charts, 2);
    fputs("<p class=\"soft\">Framed: by several ranks together. Paler: "
          "tables. A dark foot: the part of the time that went to waiting for "
          "others.</p>\n",
          f);
    put_phases(f, run);
    put_memory(f, run);
    put_tasks(f, run);
    fputs("</body></html>\n", f);
}

zkg_status zkg_cmd_report(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    const char *out = NULL, *path = NULL;
    const zkg_option options[] = {
        {"o", "FILE.html", "the page", &out, NULL, true},
    };
    size_t given = 0, len = 0;
    char *text = NULL;
    zkg_status status;
    zkg_run run;
    bool done;
    FILE *f;

    (void)cli;
    ZKG_TRY(zkg_options_parse(&done, &path, &given, 1, options, 1,
                              "zkgkr report RUN -o FILE.html\n"
                              "RUN: report.json of zkgkr prove --report, or a "
                              "folder with one",
                              argc, argv, err));
    if (done)
        return ZKG_OK;
    if (given == 0)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "which run? (report.json, or a folder with one)");
    ZKG_TRY(zkg_run_read(&run, path, err));
    f = open_memstream(&text, &len);
    if (f == NULL) {
        zkg_run_clear(&run);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a page");
    }
    put_page(f, &run);
    status = fclose(f) != 0
                 ? zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a page")
                 : zkg_file_write_atomic(out, text, len, err);
    free(text);
    zkg_run_clear(&run);
    return status;
}
