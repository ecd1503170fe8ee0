/* SPDX-License-Identifier: Apache-2.0
 * Schedules: every folder of tests/schedules is a case.  `job` says what is
 * planned; good/ cases hold plan.txt, bad/ cases expect.err (the folder's path
 * left out of the messages).  ZKG_BLESS=1 writes those anew. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schedule/nearest.h"
#include "zkgkr/schedule.h"

typedef struct fixture {
    zkg_job job;
    char table[4][32];
    const char *table_name[4];
    uint32_t width[64];
    uint64_t cost[64];
} fixture;

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 16);

    assert_non_null(text);
    if (f == NULL) {
        free(text);
        return NULL;
    }
    assert_true(fread(text, 1, (1 << 16) - 1, f) < (1 << 16) - 1);
    fclose(f);
    return text;
}

/* job: "ranks R", "tasks T", "table NAME", "width TASK W", a line each. */
static void read_job(fixture *x, const char *folder)
{
    char path[512], word[32], name[32];
    char *text, *line, *save = NULL;
    unsigned a, b;

    memset(x, 0, sizeof(*x));
    (void)snprintf(path, sizeof(path), "%s/job", folder);
    text = slurp(path);
    assert_non_null(text);
    for (uint32_t i = 0; i < 64; i++) {
        x->width[i] = UINT32_MAX;
        x->cost[i] = 1;
    }
    for (line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        if (sscanf(line, "table %31s", name) == 1) {
            assert_true(x->job.tables < 4);
            strcpy(x->table[x->job.tables], name);
            x->table_name[x->job.tables] = x->table[x->job.tables];
            x->job.tables++;
        } else if (sscanf(line, "width %u %u", &a, &b) == 2) {
            x->width[a] = b;
        } else if (sscanf(line, "cost %u %u", &a, &b) == 2) {
            x->cost[a] = b;
        } else if (sscanf(line, "%31s %u", word, &a) == 2) {
            if (strcmp(word, "ranks") == 0)
                x->job.ranks = a;
            else
                x->job.tasks = a;
        }
    }
    x->job.table_name = x->table_name;
    x->job.width = x->width;
    x->job.cost = x->cost;
    free(text);
}

/* Take "FOLDER/" out of every line. */
static char *without_folder(const char *text, const char *folder)
{
    char *out = calloc(1, strlen(text) + 1);
    const size_t n = strlen(folder);

    assert_non_null(out);
    for (size_t len = 0; *text != '\0';) {
        if (strncmp(text, folder, n) == 0 && text[n] == '/')
            text += n + 1;
        out[len++] = *text++;
    }
    return out;
}

static void compare(const char *got, const char *folder, const char *file)
{
    char path[512];
    char *want;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, file);
    if (getenv("ZKG_BLESS") != NULL) {
        FILE *f = fopen(path, "wb");

        assert_non_null(f);
        fputs(got, f);
        fclose(f);
    }
    want = slurp(path);
    assert_non_null(want);
    if (strcmp(got, want) != 0)
        print_error("%s\n", path);
    assert_string_equal(got, want);
    free(want);
}

static void check_plan(const zkg_plan *plan)
{
    const uint32_t children = plan->tasks + plan->tables;
    uint32_t steps = 0;

    for (uint32_t c = 0; c < children; c++) {
        assert_true(plan->group_first[c + 1] > plan->group_first[c]);
        steps += plan->group_first[c + 1] - plan->group_first[c];
        for (uint32_t i = plan->group_first[c] + 1;
             i < plan->group_first[c + 1]; i++)
            assert_true(plan->group[i - 1] < plan->group[i]);
        /* What is needed twice is waited for once. */
        for (uint32_t i = plan->need_first[c]; i < plan->need_first[c + 1]; i++)
            for (uint32_t k = plan->need_first[c]; k < i; k++)
                assert_int_not_equal(plan->need[i], plan->need[k]);
    }
    assert_int_equal(steps, plan->step_first[plan->ranks]);
}

static void run_case(const char *folder, bool good)
{
    fixture x;
    zkg_plan *plan = NULL;
    zkg_notes notes = {0};
    zkg_error err = {0};
    zkg_status status;
    char *text;

    read_job(&x, folder);
    status = zkg_plan_read(&plan, &notes, folder, NULL, NULL, &x.job, &err);
    if (good) {
        if (status != ZKG_OK)
            print_error("%s: %s\n%s", folder, err.text,
                        notes.text == NULL ? "" : notes.text);
        assert_int_equal(status, ZKG_OK);
        check_plan(plan);
        assert_int_equal(zkg_plan_text(&text, plan, &err), ZKG_OK);
        compare(text, folder, "plan.txt");
        free(text);
        zkg_plan_free(plan);
        if (notes.warnings > 0) {
            text = without_folder(notes.text, folder);
            compare(text, folder, "expect.err");
            free(text);
        }
    } else {
        if (status != ZKG_ERR_USAGE)
            print_error("%s\n", folder);
        assert_int_equal(status, ZKG_ERR_USAGE);
        assert_true(notes.errors > 0);
        text = without_folder(notes.text, folder);
        compare(text, folder, "expect.err");
        free(text);
    }
    zkg_notes_clear(&notes);
}

static uint32_t run_folder(const char *kind, bool good)
{
    char folder[256], path[512];
    DIR *dir;
    uint32_t cases = 0;

    (void)snprintf(folder, sizeof(folder), "%s/tests/schedules/%s",
                   getenv("ZKG_SOURCE_ROOT"), kind);
    dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%.200s", folder, e->d_name);
        run_case(path, good);
        cases++;
    }
    closedir(dir);
    return cases;
}

static void good_schedules_give_their_plans(void **state)
{
    (void)state;
    assert_true(run_folder("good", true) >= 4);
}

static void bad_schedules_are_refused_with_every_error(void **state)
{
    (void)state;
    assert_true(run_folder("bad", false) >= 15);
}

static void the_default_order_shares_tasks_and_deals_tables(void **state)
{
    const char *const table[] = {"small", "large"};
    const uint64_t cost[] = {100, 10, 10, 1, 50};
    const uint32_t width[] = {4, 1, 2, 1, 1};
    zkg_error err = {0};
    char *text;

    (void)state;
    for (uint32_t n = 1; n <= 8; n++) {
        const zkg_job job = {n, 3, 2, NULL, table, cost, width};
        zkg_plan *plan = NULL;

        assert_int_equal(zkg_plan_default(&plan, &job, &err), ZKG_OK);
        check_plan(plan);
        assert_true(plan->is_default);
        if (n == 2) {
            assert_int_equal(zkg_plan_text(&text, plan, &err), ZKG_OK);
            assert_string_equal(
                text, "Rank 0: Task0 -> Task1 -> Task2 -> Tablesmall\n"
                      "Rank 1: Task0 -> Task2 -> Tablelarge\n");
            free(text);
        }
        zkg_plan_free(plan);
    }
}

/* Whatever the bytes, parsing ends, and gives a plan or errors. */
static void mangled_files_are_safe(void **state)
{
    static const char honest[] = "Rank 0: Task0 -> Task1 # x\n\nRank 1: "
                                 "idle -> Task1 -> ... -> Task2\n";
    const zkg_job job = {2, 3, 0, NULL, NULL, NULL, NULL};
    uint32_t x = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[sizeof(honest)];
        zkg_schedule_text s[3] = {
            {"s", text, 0}, {"m", NULL, 0}, {"d", NULL, 0}};
        zkg_plan *plan = NULL;
        zkg_notes notes = {0};
        zkg_status status;

        memcpy(text, honest, sizeof(text));
        for (int k = 0; k <= i % 3; k++) {
            x = x * 1664525u + 1013904223u;
            text[(x >> 8) % (sizeof(text) - 1)] = (char)(x >> 24);
        }
        s[0].len = i % 5 == 0 ? (x >> 10) % sizeof(text) : sizeof(text) - 1;
        status = zkg_plan_parse(&plan, &notes, &s[0], &s[i % 7 == 0 ? 0 : 1],
                                &s[i % 11 == 0 ? 0 : 2], &job, NULL);
        assert_true((status == ZKG_OK) == (notes.errors == 0));
        zkg_plan_free(plan);
        zkg_notes_clear(&notes);
    }
}

static void the_nearest_name_is_found(void **state)
{
    const char *const names[] = {"prove", "verify", "setup"};

    (void)state;
    assert_string_equal(zkg_nearest("prov", names, 3), "prove");
    assert_string_equal(zkg_nearest("verfy", names, 3), "verify");
    assert_null(zkg_nearest("inspect", names, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_schedules_give_their_plans),
        cmocka_unit_test(bad_schedules_are_refused_with_every_error),
        cmocka_unit_test(the_default_order_shares_tasks_and_deals_tables),
        cmocka_unit_test(mangled_files_are_safe),
        cmocka_unit_test(the_nearest_name_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
