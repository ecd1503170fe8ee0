/* SPDX-License-Identifier: Apache-2.0
 * Bars of a suite's figures, as SVG. */
#include "suite_plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LEFT 190.0
#define WIDTH 560.0
#define RIGHT 90.0
#define TOP 64.0
#define BAR 9.0
#define STEP 11.0
#define GAP 10.0

static const char theirs[] = "#bdbdbd";
static const char *const shades[] = {"#1f5a96", "#6fa8dc", "#0b7a63",
                                     "#7cc7b5"};

#define SHADES (sizeof(shades) / sizeof(shades[0]))

/* A figure: its axis, and where its values are. */
typedef struct figure {
    const char *title, *unit, *below; /* below: what grey bars are */
    int low, high;                    /* powers of ten */
    double (*ours)(const zkg_suite_result *r);
    double (*baseline)(const zkg_suite_baseline *b);
} figure;

static double seconds(const zkg_suite_result *r)
{
    return r->sum.prove_s;
}

static double their_seconds(const zkg_suite_baseline *b)
{
    return b->prove_s;
}

static double memory(const zkg_suite_result *r)
{
    return (double)r->sum.peak_rss / 1048576;
}

static double their_memory(const zkg_suite_baseline *b)
{
    return b->key_gb * 1e9 / 1048576;
}

static double error(const zkg_suite_result *r)
{
    return r->sum.max_error;
}

static double nothing(const zkg_suite_baseline *b)
{
    (void)b;
    return 0;
}

static const figure figures[ZKG_FIGURES] = {
    {"Seconds to prove", "s", "EZKL", -3, 3, seconds, their_seconds},
    {"Peak memory of the prover", "MiB", "EZKL: its proving key alone", 0, 5,
     memory, their_memory},
    {"Largest error of an output against the float model", "", "", -4, 1, error,
     nothing},
};

void zkg_suite_putf(zkg_writer *w, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void)zkg_writer_bytes(w, text, strlen(text));
}

void zkg_suite_escape(zkg_writer *w, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '<')
            zkg_suite_putf(w, "&lt;");
        else if (*text == '>')
            zkg_suite_putf(w, "&gt;");
        else if (*text == '&')
            zkg_suite_putf(w, "&amp;");
        else
            zkg_suite_putf(w, "%c", *text);
    }
}

/* Pixels of a value along the axis. */
static double along(const figure *f, double v)
{
    const double x = (log10(v) - f->low) / (f->high - f->low);

    return WIDTH * (x < 0 ? 0 : x > 1 ? 1 : x);
}

static void text_at(zkg_writer *w, double x, double y, const char *more,
                    const char *text)
{
    zkg_suite_putf(w, "<text x='%.1f' y='%.1f'%s>", x, y, more);
    zkg_suite_escape(w, text);
    zkg_suite_putf(w, "</text>\n");
}

static void bar(zkg_writer *w, const figure *f, double y, double v,
                const char *colour)
{
    const double x = along(f, v);
    char text[40];

    zkg_suite_putf(w,
                   "<rect x='%.0f' y='%.1f' width='%.1f' height='%.0f' "
                   "fill='%s'/>\n",
                   LEFT, y, x < 1 ? 1 : x, BAR, colour);
    snprintf(text, sizeof(text), v < 1000 ? "%.3g%s%s" : "%.0f%s%s", v,
             f->unit[0] != 0 ? " " : "", f->unit);
    text_at(w, LEFT + x + 4, y + BAR - 1, " font-size='9'", text);
}

static bool same_model(const zkg_suite_entry *a, const zkg_suite_entry *b)
{
    return strcmp(a->c.name, b->c.name) == 0;
}

/* The place of a scale among those of all entries, for its colour. */
static uint32_t shade_of(const zkg_suite_entry *e, uint32_t n, uint32_t scale)
{
    uint32_t below = 0;

    for (uint32_t i = 0; i < n; i++) {
        bool seen = e[i].c.scale >= scale;

        for (uint32_t j = 0; j < i && !seen; j++)
            seen = e[j].c.scale == e[i].c.scale;
        below += !seen;
    }
    return below % SHADES;
}

/* Why there is no bar. */
static void could_not(zkg_writer *w, double y, const zkg_suite_baseline *b)
{
    char text[140];

    snprintf(text, sizeof(text), "EZKL: %s", b->failed);
    text_at(w, LEFT + 4, y + BAR - 1,
            " font-size='9' font-style='italic' fill='#777'", text);
}

/* The bars of one model; returns where they end. */
static double group(zkg_writer *w, const figure *f, const zkg_suite_entry *all,
                    uint32_t n, const zkg_suite_entry *e, uint32_t count,
                    double y)
{
    const double mid = y + STEP * (count + 1) / 2;
    const zkg_suite_baseline *b = &e->b;

    text_at(w, LEFT - 8, mid, " text-anchor='end'", e->c.name);
    for (uint32_t i = 0; i < count; i++, y += STEP) {
        const double v = f->ours(&e[i].r);

        if (strcmp(e[i].r.status, "ok") != 0)
            text_at(w, LEFT + 4, y + BAR - 1, " font-size='9' fill='#b00020'",
                    strcmp(e[i].r.status, "none") == 0 ? "not run"
                                                       : e[i].r.status);
        else if (v > 0)
            bar(w, f, y, v, shades[shade_of(all, n, e[i].c.scale)]);
    }
    if (f->below[0] == 0 || !b->known)
        return y;
    if (f->baseline(b) > 0)
        bar(w, f, y, f->baseline(b), theirs);
    else
        could_not(w, y, b);
    return y + STEP;
}

/* How many lines of bars there are, and groups. */
static double height(const figure *f, const zkg_suite_entry *e, uint32_t n)
{
    double h = 0;

    for (uint32_t i = 0; i < n; i++) {
        const bool last = i + 1 == n || !same_model(&e[i], &e[i + 1]);

        h += STEP + (last ? GAP : 0);
        h += last && f->below[0] != 0 && e[i].b.known ? STEP : 0;
    }
    return h;
}

static void axis(zkg_writer *w, const figure *f, double bottom)
{
    for (int k = f->low; k <= f->high; k++) {
        const double x = LEFT + along(f, pow(10, k));
        char text[40];

        snprintf(text, sizeof(text), "%g%s%s", pow(10, k),
                 f->unit[0] != 0 ? " " : "", f->unit);
        zkg_suite_putf(w,
                       "<line x1='%.1f' y1='%.0f' x2='%.1f' y2='%.0f' "
                       "stroke='#e0e0e0'/>\n",
                       x, TOP - 6, x, bottom);
        text_at(w, x, TOP - 10, " text-anchor='middle' fill='#555'", text);
    }
}

static void legend(zkg_writer *w, const figure *f, const zkg_suite_entry *e,
                   uint32_t n)
{
    double x = LEFT;

    for (uint32_t i = 0; i < n && (i == 0 || same_model(&e[0], &e[i])); i++) {
        char text[40];

        snprintf(text, sizeof(text), "scale %" PRIu32, e[i].c.scale);
        zkg_suite_putf(w,
                       "<rect x='%.0f' y='28' width='10' height='10' "
                       "fill='%s'/>\n",
                       x, shades[shade_of(e, n, e[i].c.scale)]);
        text_at(w, x + 14, 37, "", text);
        x += 90;
    }
    if (f->below[0] != 0) {
        zkg_suite_putf(w,
                       "<rect x='%.0f' y='28' width='10' height='10' "
                       "fill='%s'/>\n",
                       x, theirs);
        text_at(w, x + 14, 37, "", f->below);
    }
}

void zkg_suite_plot(zkg_writer *w, zkg_suite_figure which,
                    const zkg_suite_entry *e, uint32_t n)
{
    const figure *f = &figures[which];
    const double bottom = TOP + height(f, e, n);
    double y = TOP;

    zkg_suite_putf(w,
                   "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' "
                   "height='%.0f' font-family='sans-serif' font-size='11'>\n"
                   "<rect width='100%%' height='100%%' fill='white'/>\n",
                   LEFT + WIDTH + RIGHT, bottom + 10);
    text_at(w, LEFT, 18, " font-size='14' font-weight='bold'", f->title);
    legend(w, f, e, n);
    axis(w, f, bottom);
    for (uint32_t i = 0; i < n;) {
        uint32_t count = 1;

        while (i + count < n && same_model(&e[i], &e[i + count]))
            count++;
        y = group(w, f, e, n, &e[i], count, y) + GAP;
        i += count;
    }
    zkg_suite_putf(w, "</svg>\n");
}
