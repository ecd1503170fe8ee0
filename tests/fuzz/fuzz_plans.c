/* SPDX-License-Identifier: Apache-2.0 */
/* Files that say how to prove: schedule.txt, task_mapping.txt,
 * task_dependencies.txt, and constants of the cost model. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../soundness/fixture.h"
#include "../unit/schedule_random.h"
#include "fuzz.h"
#include "graph/graph.h"
#include "schedule/cost.h"
#include "zkgkr/prove.h"

enum { FILES = 3, TASKS = 9, JOBS = 60 };

static const char *const file_name[FILES] = {"schedule.txt", "task_mapping.txt",
                                             "task_dependencies.txt"};

typedef struct world {
    char *folder;
    char path[FILES][4200], costs[4200];
    zkg_job job;
    uint32_t width[TASKS + 2];
    random_texts good; /* a schedule of this job */
    zkg_graph *graph;  /* what constants are tried on */
} world;

/* ---- schedules ---- */

/* Job `which` and a schedule of it; every third has a mapping that names all
 * tasks, another third dependencies. */
static void new_job(world *w, uint64_t which)
{
    static const char *const table[] = {"four", "relu"};
    uint64_t seed = which + 1;

    w->job = (zkg_job){.ranks = 1 + random_next(&seed) % 4,
                       .tasks = random_next(&seed) % (TASKS + 1),
                       .tables = random_next(&seed) % 3,
                       .table_name = table,
                       .width = w->width};
    for (uint32_t c = 0; c < TASKS + 2; c++)
        w->width[c] = 1 + random_next(&seed) % 4;
    random_clear(&w->good);
    w->good = random_valid(&w->job, &seed);
}

static void put_files(const world *w)
{
    for (int i = 0; i < FILES; i++) {
        const char *text = w->good.text[i];

        (void)remove(w->path[i]);
        if (text != NULL)
            fuzz_bytes_save(
                &(fuzz_bytes){(uint8_t *)(uintptr_t)text, strlen(text), 0},
                w->path[i]);
    }
}

static void give(world *w, fuzz_bytes *out, uint64_t which, int file)
{
    const char *text;

    new_job(w, which);
    put_files(w);
    text = w->good.text[file] == NULL ? "" : w->good.text[file];
    fuzz_bytes_set(out, text, strlen(text));
}

static void schedule(void *user, fuzz_bytes *out, uint64_t which)
{
    give(user, out, which, 0);
}

static void mapping(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;

    /* An empty file is not the same as none: it names no task. */
    do
        give(w, out, which++, 1);
    while (w->good.text[1] == NULL);
}

static void dependencies(void *user, fuzz_bytes *out, uint64_t which)
{
    give(user, out, which, 2);
}

/* Each line is FILE:LINE:COLUMN: error: or warning:, of a file that there is.
 */
static void check_notes(const world *w, const zkg_notes *notes)
{
    uint32_t errors = 0, warnings = 0;

    for (const char *line = notes->text, *end; line != NULL && *line != '\0';
         line = end + 1) {
        unsigned at = 0, column = 0;
        bool named = false;
        char kind[9] = "";

        end = strchr(line, '\n');
        if (end == NULL || !fuzz_is_printable(line, (size_t)(end - line)))
            fuzz_broken("a note that is no line: %s", line);
        for (int i = 0; i < FILES && !named; i++) {
            const size_t n = strlen(w->path[i]);

            named =
                strncmp(line, w->path[i], n) == 0 &&
                sscanf(line + n, ":%u:%u: %8[a-z]:", &at, &column, kind) == 3;
        }
        if (!named || at == 0 || column == 0)
            fuzz_broken("a note without its place: %s", line);
        errors += strcmp(kind, "error") == 0;
        warnings += strcmp(kind, "warning") == 0;
    }
    /* Beyond a number of errors there is one line for all others. */
    if ((errors != notes->errors && errors < 200) ||
        (warnings != notes->warnings && notes->errors == 0) || errors > 202)
        fuzz_broken("%u errors and %u warnings are said to be %u and %u",
                    errors, warnings, notes->errors, notes->warnings);
}

static void same_list(const uint32_t *a, const uint32_t *b, size_t n,
                      const char *what)
{
    if (n > 0 && memcmp(a, b, n * sizeof(*a)) != 0)
        fuzz_broken("a plan's text has other %s", what);
}

/* Every task is run, by ranks in order, and the plan ends. */
static void check_plan(const world *w, const zkg_plan *p)
{
    const uint32_t n = p->tasks + p->tables;
    zkg_error err = {0};
    zkg_forecast f;

    for (uint32_t c = 0; c < n; c++) {
        if (p->group_first[c] >= p->group_first[c + 1])
            fuzz_broken("nobody runs %s", p->name[c]);
        for (uint32_t i = p->group_first[c]; i < p->group_first[c + 1]; i++)
            if (p->group[i] >= p->ranks ||
                (i > p->group_first[c] && p->group[i - 1] >= p->group[i]))
                fuzz_broken("the group of %s", p->name[c]);
        for (uint32_t i = p->need_first[c]; i < p->need_first[c + 1]; i++)
            for (uint32_t k = p->need_first[c]; k <= i; k++)
                if (p->need[i] >= n || p->need[i] == c ||
                    (k < i && p->need[k] == p->need[i]))
                    fuzz_broken("the needs of %s", p->name[c]);
    }
    fuzz_must(zkg_plan_forecast(&f, p, &w->job, &err), &err);
    if (!(f.makespan >= 0 && f.makespan < 1e9))
        fuzz_broken("a plan of %g s", f.makespan);
    zkg_forecast_clear(&f);
}

/* What a plan is written as is read as the same plan. */
static void round_trip(const world *w, const zkg_plan *p)
{
    const uint32_t n = p->tasks + p->tables;
    zkg_schedule_text file[FILES];
    zkg_notes notes = {0};
    zkg_error err = {0};
    zkg_plan *q = NULL;
    char *text[FILES];

    fuzz_must(zkg_plan_texts(text, p, &w->job, &err), &err);
    for (int i = 0; i < FILES; i++)
        file[i] = (zkg_schedule_text){file_name[i], text[i], strlen(text[i])};
    if (zkg_plan_parse(&q, &notes, &file[0], &file[1], &file[2], &w->job,
                       &err) != ZKG_OK)
        fuzz_broken("a plan's text is refused: %s%s", notes.text, text[0]);
    same_list(p->step_first, q->step_first, p->ranks + 1u, "steps");
    same_list(p->step, q->step, p->step_first[p->ranks], "steps");
    same_list(p->need_first, q->need_first, n + 1u, "needs");
    same_list(p->need, q->need, p->need_first[n], "needs");
    same_list(p->told_first, q->told_first, n + 1u, "messages");
    same_list(p->told, q->told, p->told_first[n], "messages");
    for (uint32_t c = 0; c < n; c++)
        if (strcmp(p->name[c], q->name[c]) != 0)
            fuzz_broken("%s comes back as %s", p->name[c], q->name[c]);
    for (int i = 0; i < FILES; i++)
        free(text[i]);
    zkg_plan_free(q);
    zkg_notes_clear(&notes);
}

static bool judge(world *w, zkg_status s, zkg_plan *plan, zkg_notes *notes,
                  const zkg_error *err)
{
    const bool took = fuzz_said(s, err, NULL, FUZZ_MAY(ZKG_ERR_USAGE));

    check_notes(w, notes);
    if (took != (notes->errors == 0))
        fuzz_broken("%u errors and %s", notes->errors, zkg_status_name(s));
    if (took) {
        check_plan(w, plan);
        round_trip(w, plan);
        zkg_plan_free(plan);
    }
    zkg_notes_clear(notes);
    return took;
}

static bool read_plan(world *w, const fuzz_bytes *b, int file)
{
    zkg_notes notes = {0};
    zkg_error err = {0};
    zkg_plan *plan = NULL;
    zkg_status s;

    fuzz_bytes_save(b, w->path[file]);
    fuzz_meter();
    s = zkg_plan_read(&plan, &notes, w->folder, NULL, NULL, &w->job, &err);
    fuzz_metered(1 << 18, 300, b->len);
    return judge(w, s, plan, &notes, &err);
}

static bool read_schedule(void *user, const fuzz_bytes *b)
{
    return read_plan(user, b, 0);
}

/* For the planner, which reads two of the files. */
static void make_plan(world *w, const fuzz_bytes *b, int file)
{
    zkg_schedule_text text[FILES];
    zkg_notes notes = {0};
    zkg_error err = {0};
    zkg_plan *plan = NULL;
    zkg_status s;

    for (int i = 0; i < FILES; i++)
        text[i] = (zkg_schedule_text){
            w->path[i], w->good.text[i],
            w->good.text[i] == NULL ? 0 : strlen(w->good.text[i])};
    text[file].text = (const char *)b->data;
    text[file].len = b->len;
    fuzz_meter();
    s = zkg_plan_make(&plan, &notes, &text[1], &text[2], &w->job, 0, &err);
    fuzz_metered(1 << 18, 300, b->len);
    (void)judge(w, s, plan, &notes, &err);
}

static bool read_mapping(void *user, const fuzz_bytes *b)
{
    make_plan(user, b, 1);
    return read_plan(user, b, 1);
}

static bool read_dependencies(void *user, const fuzz_bytes *b)
{
    make_plan(user, b, 2);
    return read_plan(user, b, 2);
}

/* ---- constants ---- */

static void costs(void *user, fuzz_bytes *out, uint64_t which)
{
    zkg_error err = {0};
    char *text = NULL;

    (void)user;
    if (which > 0) {
        static const char few[] = "child 1e-6\n\n# of this machine\nleaf 0";

        fuzz_bytes_set(out, few, sizeof(few) - 1);
        return;
    }
    fuzz_must(zkg_costs_text(&text, &zkg_costs_builtin, &err), &err);
    fuzz_bytes_set(out, text, strlen(text));
    free(text);
}

/* The text of constants is read as constants of the same text. */
static void same_costs(const world *w, const zkg_costs *c)
{
    zkg_error err = {0};
    char *text = NULL, *again = NULL;
    zkg_costs back;

    fuzz_must(zkg_costs_text(&text, c, &err), &err);
    fuzz_bytes_save(&(fuzz_bytes){(uint8_t *)text, strlen(text), 0}, w->costs);
    fuzz_must(zkg_costs_read(&back, w->costs, &err), &err);
    fuzz_must(zkg_costs_text(&again, &back, &err), &err);
    if (strcmp(text, again) != 0)
        fuzz_broken("constants\n%scome back as\n%s", text, again);
    free(text);
    free(again);
}

/* Whatever is believed of a machine, there is a plan, which has an end. */
static void plan_with(const world *w, const zkg_costs *c)
{
    for (uint32_t ranks = 1; ranks <= 3; ranks += 2) {
        zkg_notes notes = {0};
        zkg_error err = {0};
        zkg_plan *plan = NULL;
        zkg_forecast f;
        zkg_job job;

        fuzz_must(zkg_job_init_costs(&job, &w->graph->st, ranks, 0, c, &err),
                  &err);
        fuzz_must(zkg_plan_make(&plan, &notes, NULL, NULL, &job, 0, &err),
                  &err);
        fuzz_must(zkg_plan_forecast(&f, plan, &job, &err), &err);
        if (!isfinite(f.makespan + f.bound + f.before_s + f.after_s) ||
            f.makespan < f.bound * (1 - 1e-9))
            fuzz_broken("%g s where %g s are the least", f.makespan, f.bound);
        for (uint32_t r = 0; r < ranks; r++)
            if (!isfinite(f.bytes[r]))
                fuzz_broken("%g bytes", f.bytes[r]);
        zkg_forecast_clear(&f);
        zkg_plan_free(plan);
        zkg_job_clear(&job);
        zkg_notes_clear(&notes);
    }
}

static bool read_costs(void *user, const fuzz_bytes *b)
{
    world *w = user;
    zkg_error err = {0};
    zkg_costs c;
    zkg_status s;

    fuzz_bytes_save(b, w->costs);
    fuzz_meter();
    s = zkg_costs_read(&c, w->costs, &err);
    fuzz_metered(1 << 12, 2, b->len);
    if (s == ZKG_OK && memchr(b->data, 0, b->len) != NULL)
        fuzz_broken("what stands behind a byte 0 was not read");
    if (s == ZKG_OK) {
        same_costs(w, &c);
        plan_with(w, &c);
    }
    return fuzz_said(s, &err, w->costs, FUZZ_MAY(ZKG_ERR_MALFORMED));
}

static const fuzz_target all[] = {
    {"schedule.txt", &fuzz_plans, 150, schedule, read_schedule, JOBS},
    {"task_mapping.txt", &fuzz_plans, 100, mapping, read_mapping, JOBS},
    {"task_dependencies.txt", &fuzz_plans, 100, dependencies, read_dependencies,
     JOBS},
    {"costs", &fuzz_costs, 100, costs, read_costs, 2},
};

int main(int argc, char **argv)
{
    static const fx_shape shape = {.private_x = true};
    zkg_error err = {0};
    world *w = calloc(1, sizeof(*w));
    int status;

    if (w == NULL)
        return 99;
    fuzz_must(fx_graph(&w->graph, &shape, 1, &err), &err);
    w->folder = fuzz_folder();
    for (int i = 0; i < FILES; i++)
        (void)snprintf(w->path[i], sizeof(w->path[i]), "%s/%s", w->folder,
                       file_name[i]);
    (void)snprintf(w->costs, sizeof(w->costs), "%s/costs.txt", w->folder);
    status = fuzz_main("fuzz_plans", all, sizeof(all) / sizeof(all[0]), w, argc,
                       argv);
    random_clear(&w->good);
    zkg_graph_free(w->graph);
    fuzz_folder_remove(w->folder);
    free(w);
    return status;
}
