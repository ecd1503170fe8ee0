/* SPDX-License-Identifier: Apache-2.0
 * The planner: what it writes is accepted, keeps needs and memory, and is
 * between the lower bound and the default order; on jobs of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "schedule_random.h"

static const char *const tables[] = {"range", "relu", "wide"};

typedef struct big {
    zkg_job job;
    zkg_child_cost *model;
    uint64_t *cost;
    uint32_t *width;
} big;

/* Times over a range of 1 : spread, evenly in the logarithm. */
static big big_new(uint32_t ranks, uint32_t tasks, double spread,
                   uint64_t *seed)
{
    const uint32_t n = tasks + 3;
    big b = {.model = calloc(n, sizeof(*b.model)),
             .cost = calloc(n, sizeof(*b.cost)),
             .width = calloc(n, sizeof(*b.width))};

    for (uint32_t c = 0; c < n; c++) {
        double t = 1e-3;

        for (int i = 0; i < 8; i++) {
            const double x = random_next(seed) % 1001 / 1000.0;
            double p = spread / 8;

            t *= 1 + x * (p > 1 ? p / 8 : p);
        }
        b.width[c] = 1u << random_next(seed) % 12;
        b.model[c] = (zkg_child_cost){.serial_s = 0.02e-3,
                                      .parallel_s = t,
                                      .group_s = 60e-6,
                                      .sums_s = 30e-6,
                                      .each_bytes = 1e5,
                                      .split_bytes = 1e9 * t,
                                      .width = b.width[c]};
        b.cost[c] = (uint64_t)(1e9 * t);
    }
    b.job = (zkg_job){.ranks = ranks,
                      .tasks = tasks,
                      .tables = 3,
                      .table_name = tables,
                      .cost = b.cost,
                      .width = b.width,
                      .model = b.model,
                      .rank_bytes = 1e7};
    return b;
}

static void big_clear(big *b)
{
    free(b->model);
    free(b->cost);
    free(b->width);
}

/* Random needs, each on something before it. */
static char *random_needs(uint32_t tasks, uint32_t one_in, uint64_t *seed)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    for (uint32_t t = 1; t < tasks; t++)
        if (random_next(seed) % one_in == 0)
            fprintf(f, "Task%" PRIu32 ": Task%" PRIu32 "\n", t,
                    random_next(seed) % t);
    (void)fclose(f);
    return text;
}

static zkg_plan *make(const zkg_job *job, const char *needs, uint64_t memory)
{
    const zkg_schedule_text d = {"d", needs, needs == NULL ? 0 : strlen(needs)};
    zkg_plan *plan = NULL;
    zkg_notes notes = {0};
    zkg_error err = {0};

    if (zkg_plan_make(&plan, &notes, NULL, &d, job, memory, &err) != ZKG_OK)
        fail_msg("%s\n%s", err.text, notes.text == NULL ? "" : notes.text);
    zkg_notes_clear(&notes);
    return plan;
}

/* Through the files: what was planned is what a run reads. */
static zkg_plan *through_the_files(const zkg_plan *plan, const zkg_job *job)
{
    random_texts t;
    zkg_plan *again = NULL;
    zkg_notes notes = {0};
    zkg_error err = {0};

    assert_int_equal(zkg_plan_texts(t.text, plan, job, &err), ZKG_OK);
    if (random_parse(&again, &notes, &t, job, &err) != ZKG_OK)
        fail_msg("%s\n%.2000s", err.text, notes.text);
    assert_int_equal(again->step_first[again->ranks],
                     plan->step_first[plan->ranks]);
    assert_memory_equal(again->step, plan->step,
                        sizeof(*plan->step) * plan->step_first[plan->ranks]);
    zkg_notes_clear(&notes);
    random_clear(&t);
    return again;
}

static double makespan_of(double *bound, const zkg_plan *plan,
                          const zkg_job *job)
{
    zkg_forecast f;
    double makespan;

    assert_int_equal(zkg_plan_forecast(&f, plan, job, NULL), ZKG_OK);
    makespan = f.makespan;
    *bound = f.bound;
    zkg_forecast_clear(&f);
    return makespan;
}

static void a_plan_is_valid_and_between_bound_and_default(void **state)
{
    uint64_t seed = 11;

    (void)state;
    for (uint32_t i = 0; i < 300; i++) {
        const uint32_t ranks = 1 + random_next(&seed) % 12;
        const uint32_t tasks = 1 + random_next(&seed) % 40;
        big b = big_new(ranks, tasks, 1 + random_next(&seed) % 64, &seed);
        char *needs = i % 3 == 0 ? random_needs(tasks, 2, &seed) : NULL;
        zkg_plan *plan = make(&b.job, needs, 0);
        zkg_plan *again = through_the_files(plan, &b.job);
        double bound, other, t = makespan_of(&bound, again, &b.job);

        assert_true(t >= bound * (1 - 1e-9));
        if (needs == NULL) {
            zkg_plan *simple = NULL;

            assert_int_equal(zkg_plan_default(&simple, &b.job, NULL), ZKG_OK);
            assert_true(t <= makespan_of(&other, simple, &b.job) * (1 + 1e-9));
            zkg_plan_free(simple);
        }
        zkg_plan_free(again);
        zkg_plan_free(plan);
        big_clear(&b);
        free(needs);
    }
}

static void memory_is_kept_or_refused(void **state)
{
    uint64_t seed = 5;
    uint32_t refused = 0, wider = 0;

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        big b = big_new(1 + random_next(&seed) % 8, 20, 40, &seed);
        const uint64_t memory = (uint64_t)(1.02e7 + 1e5 * (double)i);
        double share;
        zkg_plan *plan = NULL;
        zkg_notes notes = {0};
        zkg_error err = {0};
        zkg_forecast f;
        zkg_status s;

        /* A witness of 2 MB on every host, shared by its ranks. */
        b.job.shared_bytes = 2e6;
        b.job.hosts = (uint32_t)random_next(&seed) % (b.job.ranks + 1);
        share = 2e6 * (b.job.hosts == 0 ? 1 : b.job.hosts) / b.job.ranks;
        s = zkg_plan_make(&plan, &notes, NULL, NULL, &b.job, memory, &err);

        if (s != ZKG_OK) {
            assert_int_equal(s, ZKG_ERR_NOMEM);
            assert_non_null(strstr(err.text, "MiB are allowed"));
            refused++;
        } else {
            assert_int_equal(zkg_plan_forecast(&f, plan, &b.job, NULL), ZKG_OK);
            for (uint32_t r = 0; r < f.ranks; r++)
                assert_true(f.bytes[r] + share <= 1 + (double)memory);
            for (uint32_t c = 0; c < f.children; c++)
                wider +=
                    b.job.rank_bytes + share + zkg_job_bytes(&b.job, c, 1) >
                    (double)memory;
            zkg_forecast_clear(&f);
        }
        zkg_plan_free(plan);
        big_clear(&b);
    }
    assert_true(refused > 0 && refused < 100 && wider > 0);
}

static void a_ring_of_needs_is_refused(void **state)
{
    static const char text[] = "Task0: Task1\nTask1: Task0\n";
    const zkg_job job = {.ranks = 2, .tasks = 2};
    const zkg_schedule_text d = {"needs", text, sizeof(text) - 1};
    zkg_plan *plan = NULL;
    zkg_notes notes = {0};

    (void)state;
    assert_int_equal(zkg_plan_make(&plan, &notes, NULL, &d, &job, 0, NULL),
                     ZKG_ERR_USAGE);
    assert_non_null(strstr(notes.text, "needs:1:1: error: tasks depend on"));
    zkg_notes_clear(&notes);
}

/* One long task on otherwise idle ranks is split; equal ones are not. */
static void wide_tasks_are_split_where_that_pays(void **state)
{
    zkg_child_cost model[4] = {{.parallel_s = 9, .width = 64},
                               {.parallel_s = 1, .width = 64},
                               {.parallel_s = 1, .width = 64},
                               {.parallel_s = 1, .width = 64}};
    zkg_job job = {.ranks = 4, .tasks = 4, .model = model};
    zkg_plan *plan = make(&job, NULL, 0);
    double bound;

    (void)state;
    assert_true(plan->group_first[1] > 1);
    assert_true(makespan_of(&bound, plan, &job) <= 1.1 * bound);
    zkg_plan_free(plan);
    model[0].parallel_s = 1;
    plan = make(&job, NULL, 0);
    for (uint32_t c = 0; c < 4; c++)
        assert_int_equal(plan->group_first[c + 1] - plan->group_first[c], 1);
    zkg_plan_free(plan);
}

static void thousands_of_ranks_are_planned_in_seconds(void **state)
{
    static const uint32_t sizes[][2] = {
        {1000, 100000}, {10000, 100000}, {10000, 3000}};
    uint64_t seed = 1;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (int with_needs = 0; with_needs < 2; with_needs++) {
            big b = big_new(sizes[i][0], sizes[i][1], 50, &seed);
            char *needs =
                with_needs ? random_needs(sizes[i][1], 10, &seed) : NULL;
            double start = zkg_seconds(), made, read, bound, t;
            zkg_plan *plan = make(&b.job, needs, 0), *again;

            made = zkg_seconds() - start;
            start = zkg_seconds();
            again = through_the_files(plan, &b.job);
            read = zkg_seconds() - start;
            t = makespan_of(&bound, again, &b.job);
            printf("%" PRIu32 " ranks, %" PRIu32 " tasks%s: planned in %.2f s, "
                   "written and read in %.2f s; makespan %.4f s, %.1f %% above "
                   "the bound\n",
                   sizes[i][0], sizes[i][1], with_needs ? " with needs" : "",
                   made, read, t, 100 * (t / bound - 1));
            assert_true(t >= bound * (1 - 1e-9));
            zkg_plan_free(again);
            zkg_plan_free(plan);
            big_clear(&b);
            free(needs);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_valid_and_between_bound_and_default),
        cmocka_unit_test(memory_is_kept_or_refused),
        cmocka_unit_test(a_ring_of_needs_is_refused),
        cmocka_unit_test(wide_tasks_are_split_where_that_pays),
        cmocka_unit_test(thousands_of_ranks_are_planned_in_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
