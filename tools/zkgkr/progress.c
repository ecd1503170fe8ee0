/* SPDX-License-Identifier: Apache-2.0
 * How far a proof is. */
#include "progress.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"

enum { NARROW = 60, USUAL = 80, BAR = 24 };

/* Between two plain lines, at least and at most, and as a part of the time so
 * far; between two pictures of the bar. */
#define LINE_S 1.0
#define LONGEST_S 60.0
#define LINE_PART 0.1
#define BAR_S 0.1

/* What is at work is never shown as done. */
#define MOST_OF_A_STAGE 0.95

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

/* Seconds of a stage that are behind it, by the forecast. */
static double behind(double at, double forecast)
{
    return at < MOST_OF_A_STAGE * forecast ? at : MOST_OF_A_STAGE * forecast;
}

/* What part of the work is done, resumed tasks left out of it. */
static double part_done(const zkg_progress *p, const zkg_board_view *v)
{
    double all_cost = 0, tasks_s, done;

    for (uint32_t c = 0; c < p->board->children; c++)
        all_cost += p->cost[c];
    tasks_s = all_cost > 0 ? p->tasks_s * v->all_cost / all_cost : 0;
    done = v->all_cost > 0
               ? tasks_s * (v->done_cost + v->part_cost) / v->all_cost
               : 0;
    if (v->stage < ZKG_STAGE_TASK)
        done = behind(v->stage_s, p->before_s);
    else if (v->stage < ZKG_STAGE_OPENING)
        done += p->before_s;
    else
        done = p->before_s + tasks_s + behind(v->stage_s, p->after_s);
    return done / (p->before_s + tasks_s + p->after_s + 1e-9);
}

/* "12 of 30 tasks, 21 s left, slowest conv2 9.2 s so far (rank 3)" */
static void describe(char *out, size_t size, const zkg_progress *p,
                     const zkg_board_view *v, double part)
{
    const double took = zkg_seconds() - p->started;
    char left[32], slow[32], where[32] = "";
    int n;

    put_time(left, part > 0 ? took * (1 - part) / part
                            : p->before_s + p->tasks_s + p->after_s);
    put_time(slow, v->slowest_s);
    if (v->runs_on != ZKG_NOT_RUNNING)
        (void)snprintf(where, sizeof(where), " so far (rank %" PRIu32 ")",
                       v->runs_on);
    n = snprintf(out, size, "%s%" PRIu32 " of %" PRIu32 " tasks, %s left",
                 v->stage < ZKG_STAGE_TASK       ? "commitments, "
                 : v->stage == ZKG_STAGE_OPENING ? "opening, "
                                                 : "",
                 v->done, p->board->children, left);
    if (v->slowest_s > 0 && n > 0 && (size_t)n < size)
        (void)snprintf(out + n, size - (size_t)n, ", slowest %.40s %s%s",
                       p->plan->name[v->slowest], slow, where);
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

static void show(const zkg_progress *p)
{
    zkg_board_view view;
    char text[200];
    double part;

    zkg_board_look(&view, p->board, p->cost, p->seconds);
    part = part_done(p, &view);
    describe(text, sizeof(text), p, &view, part);
    if (p->how == ZKG_PROGRESS_BAR)
        draw_bar(p, part, text);
    else
        zkg_log_info(p->log, "%.0f %%: %s", 100 * part, text);
}

/* When the next picture is due, from now on. */
static double pause_s(const zkg_progress *p)
{
    const double part = LINE_PART * (zkg_seconds() - p->started);

    if (p->how == ZKG_PROGRESS_BAR)
        return BAR_S;
    return part < LINE_S ? LINE_S : part > LONGEST_S ? LONGEST_S : part;
}

/* Wait so long, or until the run ends.  With the lock. */
static bool wait_for(zkg_progress *p, double s)
{
    struct timespec until;
    int result = 0;
    double at;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    at = (double)until.tv_sec + 1e-9 * (double)until.tv_nsec + s;
    until.tv_sec = (time_t)at;
    until.tv_nsec = (long)(1e9 * (at - (double)until.tv_sec));
    while (!p->ends && result == 0)
        result = pthread_cond_timedwait(&p->end, &p->lock, &until);
    return !p->ends;
}

static void *beat(void *user)
{
    zkg_progress *p = user;

    (void)pthread_mutex_lock(&p->lock);
    while (wait_for(p, pause_s(p)))
        show(p);
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals are for the thread that proves. */
static bool start_thread(zkg_progress *p)
{
    pthread_condattr_t attr;
    sigset_t all, before;
    bool good;

    if (pthread_condattr_init(&attr) != 0)
        return false;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    good = pthread_mutex_init(&p->lock, NULL) == 0 &&
           pthread_cond_init(&p->end, &attr) == 0;
    (void)pthread_condattr_destroy(&attr);
    if (!good)
        return false;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    p->runs = pthread_create(&p->thread, NULL, beat, p) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p->runs;
}

static void set_costs(zkg_progress *p, const zkg_forecast *forecast)
{
    const uint32_t *first = p->plan->group_first;

    p->before_s = forecast->before_s;
    p->tasks_s = forecast->makespan;
    p->after_s = forecast->after_s;
    for (uint32_t c = 0; c < forecast->children; c++) {
        p->seconds[c] = forecast->end[c] - forecast->start[c];
        p->cost[c] = p->seconds[c] * (first[c + 1] - first[c]);
    }
}

zkg_status zkg_progress_start(zkg_progress *out, zkg_progress_how how,
                              const zkg_log *log, const zkg_board *board,
                              const zkg_plan *plan,
                              const zkg_forecast *forecast, zkg_error *err)
{
    const char *no_color = getenv("NO_COLOR");
    struct winsize size;

    *out = (zkg_progress){
        .how = how,
        .log = log,
        .board = board,
        .plan = plan,
        .cost = zkg_alloc(forecast->children, sizeof(*out->cost)),
        .seconds = zkg_alloc(forecast->children, sizeof(*out->seconds)),
        .started = zkg_seconds(),
        .columns = USUAL,
        .colour = isatty(2) && (no_color == NULL || no_color[0] == '\0')};
    if (ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        out->columns = size.ws_col;
    if (out->cost == NULL || out->seconds == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the progress");
    set_costs(out, forecast);
    if (!start_thread(out))
        zkg_log_warn(log, "no progress is shown: no thread for it");
    return ZKG_OK;
}

void zkg_progress_stop(zkg_progress *p, bool is_done)
{
    if (p->runs) {
        (void)pthread_mutex_lock(&p->lock);
        p->ends = true;
        (void)pthread_cond_signal(&p->end);
        (void)pthread_mutex_unlock(&p->lock);
        (void)pthread_join(p->thread, NULL);
        if (p->how == ZKG_PROGRESS_BAR) {
            if (is_done)
                draw_bar(p, 1, "");
            fputc('\n', stderr);
        }
    }
    zkg_free(p->cost);
    zkg_free(p->seconds);
    *p = (zkg_progress){.how = ZKG_PROGRESS_NONE};
}
