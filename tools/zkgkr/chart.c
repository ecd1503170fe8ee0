/* SPDX-License-Identifier: Apache-2.0
 * Gantt charts. */
#include "chart.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- what both kinds share --------------------------------------------- */

zkg_status zkg_chart_of_plan(zkg_chart *out, const zkg_plan *plan,
                             const zkg_forecast *x, zkg_error *err)
{
    const size_t steps = plan->step_first[plan->ranks];
    zkg_bar *bar = zkg_alloc(steps + 2 * (size_t)plan->ranks, sizeof(*bar));
    size_t n = 0;

    if (bar == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a chart");
    for (uint32_t r = 0; r < plan->ranks; r++) {
        bar[n++] = (zkg_bar){.rank = r,
                             .child = ZKG_CHART_PHASE,
                             .group = plan->ranks,
                             .name = "commitments",
                             .wall = x->before_s};
        for (uint32_t s = plan->step_first[r]; s < plan->step_first[r + 1];
             s++) {
            const uint32_t c = plan->step[s];

            bar[n++] = (zkg_bar){.rank = r,
                                 .child = c,
                                 .group = plan->group_first[c + 1] -
                                          plan->group_first[c],
                                 .is_table = c >= plan->tasks,
                                 .name = plan->name[c],
                                 .start = x->before_s + x->start[c],
                                 .wall = x->end[c] - x->start[c]};
        }
        bar[n++] = (zkg_bar){.rank = r,
                             .child = ZKG_CHART_PHASE,
                             .group = plan->ranks,
                             .name = "opening",
                             .start = x->before_s + x->makespan,
                             .wall = x->after_s};
    }
    *out = (zkg_chart){.title = "planned",
                       .ranks = plan->ranks,
                       .span = x->before_s + x->makespan + x->after_s,
                       .bar = bar,
                       .bars = n};
    return ZKG_OK;
}

void zkg_chart_time(char out[32], double s)
{
    if (s >= 100)
        (void)snprintf(out, 32, "%.0f s", s);
    else if (s >= 1)
        (void)snprintf(out, 32, "%.3g s", s);
    else if (s >= 1e-3)
        (void)snprintf(out, 32, "%.3g ms", 1e3 * s);
    else
        (void)snprintf(out, 32, "%.3g us", 1e6 * s);
}

void zkg_chart_escape(FILE *f, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            fputs("&lt;", f);
        else if (*text == '>')
            fputs("&gt;", f);
        else if (*text == '&')
            fputs("&amp;", f);
        else if (*text == '"')
            fputs("&quot;", f);
        else
            fputc(*text, f);
    }
}

/* ---- text -------------------------------------------------------------- */

enum { TEXT_RANKS = 40, LEGEND = 24, LETTERS = 52, GUTTER = 20, LEAST = 20 };

static char letter_of(const zkg_bar *b)
{
    static const char letters[LETTERS + 1] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return b->child == ZKG_CHART_PHASE ? '-' : letters[b->child % LETTERS];
}

static int by_wall(const void *a, const void *b)
{
    const zkg_bar *x = *(const zkg_bar *const *)a;
    const zkg_bar *y = *(const zkg_bar *const *)b;

    if (x->wall > y->wall || x->wall < y->wall)
        return x->wall > y->wall ? -1 : 1;
    return x->child < y->child ? -1 : x->child > y->child;
}

/* The longest bar of each child, longest first; *n of them.  zkg_free. */
static const zkg_bar **longest(size_t *n, const zkg_chart *chart)
{
    const zkg_bar **best = zkg_alloc(chart->bars, sizeof(*best));
    uint32_t children = 0;
    const zkg_bar **of;

    *n = 0;
    for (size_t i = 0; i < chart->bars; i++)
        if (chart->bar[i].child != ZKG_CHART_PHASE &&
            chart->bar[i].child >= children)
            children = chart->bar[i].child + 1;
    of = zkg_alloc(children, sizeof(*of));
    for (size_t i = 0; best != NULL && of != NULL && i < chart->bars; i++) {
        const zkg_bar *b = &chart->bar[i];

        if (b->child != ZKG_CHART_PHASE &&
            (of[b->child] == NULL || b->wall > of[b->child]->wall))
            of[b->child] = b;
    }
    for (uint32_t c = 0; best != NULL && of != NULL && c < children; c++)
        if (of[c] != NULL)
            best[(*n)++] = of[c];
    if (*n > 0)
        qsort(best, *n, sizeof(*best), by_wall);
    zkg_free(of);
    return best;
}

static void put_legend(FILE *f, const zkg_chart *chart)
{
    size_t n;
    const zkg_bar **best = longest(&n, chart);

    for (size_t i = 0; i < n && i < LEGEND; i++) {
        char t[32];

        zkg_chart_time(t, best[i]->wall);
        fprintf(f, "  %c %-24s %9s on %" PRIu32 " rank%s\n", letter_of(best[i]),
                best[i]->name, t, best[i]->group,
                best[i]->group == 1 ? "" : "s");
    }
    if (n > LEGEND)
        fprintf(f, "  and %zu shorter ones\n", n - LEGEND);
    zkg_free(best);
}

void zkg_chart_text(FILE *f, const zkg_chart *chart, uint32_t columns)
{
    const int width = columns > GUTTER + LEAST ? (int)columns - GUTTER : LEAST;
    char *row = zkg_alloc((size_t)width + 1, 1);
    char span[32];

    if (row == NULL)
        return;
    zkg_chart_time(span, chart->span);
    fprintf(f, "%s: %s\n", chart->title, span);
    for (uint32_t r = 0; r < chart->ranks && r < TEXT_RANKS; r++) {
        double busy = 0;

        memset(row, ' ', (size_t)width);
        for (size_t i = 0; i < chart->bars; i++) {
            const zkg_bar *b = &chart->bar[i];
            int from, to;

            if (b->rank != r || chart->span <= 0)
                continue;
            from = (int)(b->start / chart->span * width);
            to = (int)ceil((b->start + b->wall) / chart->span * width);
            if (b->child != ZKG_CHART_PHASE)
                busy += b->wall - b->comm;
            for (int x = from; x < to && x < width; x++)
                if (x >= 0 && (x > from || row[x] == ' ' || to == from + 1))
                    row[x] = letter_of(b);
        }
        fprintf(f, "rank %4" PRIu32 " |%.*s| %3.0f %%\n", r, width, row,
                chart->span > 0 ? 100 * busy / chart->span : 0);
    }
    if (chart->ranks > TEXT_RANKS)
        fprintf(f, "and %" PRIu32 " ranks more\n", chart->ranks - TEXT_RANKS);
    put_legend(f, chart);
    zkg_free(row);
}

/* ---- SVG --------------------------------------------------------------- */

/* In pixels. */
enum {
    WIDTH = 960,
    LEFT = 72,
    RIGHT = 16,
    TOP = 30,  /* above a chart: its title */
    AXIS = 26, /* below the last one */
    ROW = 24,
    TALLEST = 1400, /* of one chart */
    LABEL = 7,      /* a letter's width */
    SHORTEST = 8,   /* letters that a cut label keeps at least */
    TICKS = 8
};

static const char *const palette[] = {"#4c78a8", "#f58518", "#54a24b",
                                      "#e45756", "#72b7b2", "#b279a2",
                                      "#eeca3b", "#9d755d"};

enum { COLOURS = sizeof(palette) / sizeof(palette[0]) };

/* Dark letters on the light ones. */
static const char *ink_of(uint32_t child)
{
    const uint32_t c = child % COLOURS;

    return c == 1 || c == 4 || c == 6 ? "#222" : "#fff";
}

static void put_style(FILE *f)
{
    fputs("<style>\n"
          ".zk{font:12px system-ui,-apple-system,'Segoe UI',sans-serif}\n"
          ".zk .t{fill:#222;font-weight:600;font-size:13px}\n"
          ".zk .l{fill:#555}.zk .g{stroke:#ddd}.zk .b{fill:#f4f4f5}\n"
          ".zk .p{fill:#c9ccd1}.zk .pl{fill:#333}\n"
          ".zk .w{fill:#000;opacity:.35}\n"
          ".zk .s{fill:none;stroke:#000;stroke-opacity:.55}\n"
          "@media(prefers-color-scheme:dark){.zk .t{fill:#eee}"
          ".zk .l{fill:#aaa}.zk .g{stroke:#3a3a3a}.zk .b{fill:#242426}"
          ".zk .p{fill:#55585e}.zk .pl{fill:#eee}"
          ".zk .s{stroke:#fff;stroke-opacity:.7}}\n"
          "</style>\n",
          f);
}

typedef struct scale {
    double span, row; /* seconds of the width; pixels of a rank */
} scale;

static double at(const scale *s, double seconds)
{
    return LEFT + seconds / s->span * (WIDTH - LEFT - RIGHT);
}

static void put_label(FILE *f, const zkg_bar *b, double x, double y, double w,
                      double h)
{
    const size_t room = w > LABEL ? (size_t)((w - 6) / LABEL) : 0;
    char text[128];

    if (h < 14 || (strlen(b->name) > room && room < SHORTEST))
        return;
    if (strlen(b->name) <= room)
        (void)snprintf(text, sizeof(text), "%s", b->name);
    else
        (void)snprintf(text, sizeof(text), "%.*s\xe2\x80\xa6",
                       (int)(room - 1 < 100 ? room - 1 : 100), b->name);
    if (b->child == ZKG_CHART_PHASE)
        fprintf(f, "<text class=\"pl\" x=\"%.1f\" y=\"%.1f\">", x + 4,
                y + h / 2 + 4);
    else
        fprintf(f, "<text fill=\"%s\" x=\"%.1f\" y=\"%.1f\">", ink_of(b->child),
                x + 4, y + h / 2 + 4);
    zkg_chart_escape(f, text);
    fputs("</text>", f);
}

static void put_bar(FILE *f, const zkg_bar *b, const scale *s, double top)
{
    const double gap = s->row > 6 ? 3 : 0;
    const double h = s->row - gap, y = top + b->rank * s->row;
    const double x = at(s, b->start), full = at(s, b->wall) - LEFT;
    const double w = full > 3 ? full - 0.8 : full; /* neighbours of a colour */
    char t[32], wait[32];

    if (w < 0.1)
        return;
    zkg_chart_time(t, b->wall);
    fputs("<g><title>", f);
    zkg_chart_escape(f, b->name);
    fprintf(f, ": %s, %" PRIu32 " rank%s", t, b->group,
            b->group == 1 ? "" : "s");
    if (b->comm > 0) {
        zkg_chart_time(wait, b->comm);
        fprintf(f, ", of it %s waiting and communication", wait);
    }
    fputs("</title>", f);
    if (b->child == ZKG_CHART_PHASE)
        fprintf(f,
                "<rect class=\"p\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
                "height=\"%.2f\"/>",
                x, y, w, h);
    else
        fprintf(f,
                "<rect fill=\"%s\"%s x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
                "height=\"%.2f\"/>",
                palette[b->child % COLOURS],
                b->is_table ? " fill-opacity=\".6\"" : "", x, y, w, h);
    /* A dark foot: the part of the time that went to the others. */
    if (b->comm > 0 && h >= 8)
        fprintf(f,
                "<rect class=\"w\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
                "height=\"3\"/>",
                x, y + h - 3, w * (b->comm < b->wall ? b->comm / b->wall : 1));
    if (b->group > 1 && b->child != ZKG_CHART_PHASE && h >= 8 && w >= 3)
        fprintf(f,
                "<rect class=\"s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
                "height=\"%.2f\"/>",
                x + 1, y + 1, w - 2, h - 2);
    put_label(f, b, x, y, w, h);
    fputs("</g>\n", f);
}

/* 1, 2 or 5 times a power of ten: a width's seconds in at most TICKS steps. */
static double tick_of(double span)
{
    const double raw = span / TICKS;
    const double unit = pow(10, floor(log10(raw)));

    return raw <= unit       ? unit
           : raw <= 2 * unit ? 2 * unit
           : raw <= 5 * unit ? 5 * unit
                             : 10 * unit;
}

static void put_grid(FILE *f, const scale *s, double bottom)
{
    const double tick = tick_of(s->span);

    for (int i = 0; i * tick <= s->span * (1 + 1e-9); i++) {
        char t[32];

        zkg_chart_time(t, i * tick);
        fprintf(f,
                "<line class=\"g\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" "
                "y2=\"%.1f\"/><text class=\"l\" text-anchor=\"%s\" x=\"%.1f\" "
                "y=\"%.1f\">%s</text>\n",
                at(s, i * tick), at(s, i * tick), TOP, bottom,
                i == 0 ? "start" : "middle", at(s, i * tick), bottom + 16,
                i == 0 ? "0" : t);
    }
}

static void put_ranks(FILE *f, const zkg_chart *c, const scale *s, double top)
{
    /* A label needs 14 pixels. */
    const uint32_t every = s->row >= 14 ? 1 : (uint32_t)ceil(14 / s->row);

    for (uint32_t r = 0; r < c->ranks; r++) {
        if (s->row > 6)
            fprintf(f,
                    "<rect class=\"b\" x=\"%d\" y=\"%.1f\" width=\"%d\" "
                    "height=\"%.1f\"/>",
                    LEFT, top + r * s->row, WIDTH - LEFT - RIGHT, s->row - 3);
        if (r % every == 0)
            fprintf(f,
                    "<text class=\"l\" text-anchor=\"end\" x=\"%d\" "
                    "y=\"%.1f\">rank %" PRIu32 "</text>\n",
                    LEFT - 8,
                    top + r * s->row + (s->row > 14 ? s->row / 2 + 3 : 8), r);
    }
}

void zkg_chart_svg(FILE *f, const zkg_chart *charts, size_t n)
{
    scale s = {0, ROW};
    double height = AXIS, y = TOP;
    uint32_t ranks = 1;

    for (size_t i = 0; i < n; i++) {
        s.span = charts[i].span > s.span ? charts[i].span : s.span;
        ranks = charts[i].ranks > ranks ? charts[i].ranks : ranks;
    }
    if (s.span <= 0)
        s.span = 1;
    if (ranks * s.row > TALLEST)
        s.row = (double)TALLEST / ranks;
    for (size_t i = 0; i < n; i++)
        height += TOP + charts[i].ranks * s.row;
    fprintf(f,
            "<svg class=\"zk\" xmlns=\"http://www.w3.org/2000/svg\" "
            "viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\" "
            "role=\"img\">\n",
            WIDTH, height, WIDTH, height);
    put_style(f);
    for (size_t i = 0; i < n; i++) {
        put_ranks(f, &charts[i], &s, y);
        y += TOP + charts[i].ranks * s.row;
    }
    put_grid(f, &s, height - AXIS);
    y = TOP;
    for (size_t i = 0; i < n; i++) {
        char t[32];

        zkg_chart_time(t, charts[i].span);
        fprintf(f, "<text class=\"t\" x=\"%d\" y=\"%.1f\">", LEFT, y - 10);
        zkg_chart_escape(f, charts[i].title);
        fprintf(f, ": %s</text>\n", t);
        for (size_t k = 0; k < charts[i].bars; k++)
            put_bar(f, &charts[i].bar[k], &s, y);
        y += TOP + charts[i].ranks * s.row;
    }
    fputs("</svg>\n", f);
}
