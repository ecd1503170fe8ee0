/* SPDX-License-Identifier: Apache-2.0
 * How far a proof is. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"

enum { NARROW = 60, USUAL = 80, BAR = 24 };

/* Between two plain lines; between two pictures of the bar. */
#define LINE_S 1.0
#define BAR_S 0.05

zkg_status zkg_progress_choose(zkg_progress_how *out, const char *how,
                               bool launched, zkg_error *err)
{
    if (how == NULL || strcmp(how, "auto") == 0)
        *out = !launched && isatty(2) ? ZKG_PROGRESS_BAR : ZKG_PROGRESS_PLAIN;
    else if (strcmp(how, "none") == 0)
        *out = ZKG_PROGRESS_NONE;
    else if (strcmp(how, "plain") == 0)
        *out = ZKG_PROGRESS_PLAIN;
    else if (strcmp(how, "bar") == 0)
        *out = ZKG_PROGRESS_BAR;
    else
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--progress: `%s` is none of auto, bar, plain, none",
                        how);
    return ZKG_OK;
}

zkg_status zkg_progress_init(zkg_progress *out, zkg_progress_how how,
                             const zkg_log *log, const zkg_plan *plan,
                             const zkg_job *job, zkg_error *err)
{
    const char *no_color = getenv("NO_COLOR");
    struct winsize size;

    *out = (zkg_progress){.how = how,
                          .log = log,
                          .plan = plan,
                          .children = plan->tasks + plan->tables,
                          .started = zkg_seconds(),
                          .columns = USUAL,
                          .colour = isatty(2) &&
                                    (no_color == NULL || no_color[0] == '\0')};
    out->beat = out->started;
    if (ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        out->columns = size.ws_col;
    out->cost = zkg_alloc(out->children, sizeof(*out->cost));
    if (out->cost == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the progress");
    for (uint32_t c = 0; c < out->children; c++) {
        out->cost[c] = zkg_job_seconds(job, c, 1);
        out->all += out->cost[c];
    }
    return ZKG_OK;
}

static void put_time(char out[32], double s)
{
    if (s < 10)
        (void)snprintf(out, 32, "%.1f s", s);
    else if (s < 100)
        (void)snprintf(out, 32, "%.0f s", s);
    else if (s < 6000)
        (void)snprintf(out, 32, "%.0f min", s / 60);
    else
        (void)snprintf(out, 32, "%.1f h", s / 3600);
}

/* "12 of 30 tasks, 2.1 s left, slowest conv2 1.2 s" */
static void describe(char *out, size_t size, const zkg_progress *p, double part,
                     double now)
{
    char left[32], slow[32];
    int n;

    put_time(left, part > 0 ? (now - p->started) * (1 - part) / part : 0);
    put_time(slow, p->slowest_s);
    n = snprintf(out, size, "%" PRIu32 " of %" PRIu32 " tasks, %s left",
                 p->done, p->children, left);
    if (p->slowest_s > 0 && n > 0 && (size_t)n < size)
        (void)snprintf(out + n, size - (size_t)n, ", slowest %.40s %s",
                       p->plan->name[p->slowest], slow);
}

static void draw_bar(const zkg_progress *p, double part, const char *text)
{
    static const char full[] = "########################";
    static const char empty[] = "........................";
    const int width = p->columns < NARROW ? BAR / 2 : BAR;
    const int n = (int)(part * width);
    const int room = (int)p->columns - width - 9;

    fprintf(stderr, "\r[%s%.*s%s%.*s] %3.0f %% %-*.*s",
            p->colour ? "\033[32m" : "", n, full, p->colour ? "\033[0m" : "",
            width - n, empty, 100 * part, room > 0 ? room : 0,
            room > 0 ? room : 0, text);
    fflush(stderr);
}

void zkg_progress_step(void *user, uint32_t child, double seconds)
{
    zkg_progress *p = user;
    const double now = zkg_seconds();
    char text[160];
    double part;

    p->done++;
    p->done_cost += p->cost[child];
    if (seconds > p->slowest_s) {
        p->slowest_s = seconds;
        p->slowest = child;
    }
    if (p->done < p->children &&
        now - p->beat < (p->how == ZKG_PROGRESS_BAR ? BAR_S : LINE_S))
        return;
    part = p->all > 0 ? p->done_cost / p->all : 1;
    part = part > 1 || p->done == p->children ? 1 : part;
    describe(text, sizeof(text), p, part, now);
    if (p->how == ZKG_PROGRESS_BAR)
        draw_bar(p, part, text);
    else if (p->how == ZKG_PROGRESS_PLAIN && now - p->beat >= LINE_S)
        zkg_log_info(p->log, "%.0f %%: %s", 100 * part, text);
    p->beat = now;
}

void zkg_progress_clear(zkg_progress *p)
{
    if (p->how == ZKG_PROGRESS_BAR && p->done > 0)
        fputc('\n', stderr);
    zkg_free(p->cost);
    *p = (zkg_progress){.how = ZKG_PROGRESS_NONE};
}
