/* SPDX-License-Identifier: Apache-2.0
 * Random schedules: valid ones are taken, and a runner gets through them; each
 * planted error is refused, at its line and for its reason; orders in which a
 * runner sticks are refused with a ring that is really there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schedule_random.h"

enum { CASES = 200, DEADLOCKS = 20 };

static const char *const tables[] = {"range", "relu", "wide"};

static zkg_job random_job(uint64_t *seed)
{
    return (zkg_job){.ranks = 1 + random_next(seed) % 8,
                     .tasks = 2 + random_next(seed) % 12,
                     .tables = random_next(seed) % 4,
                     .table_name = tables};
}

/* ---- a naive runner ---------------------------------------------------- */

/* Let every rank take its next step whenever its whole group is at it and its
 * needs are done.  false: it sticks. */
static bool runs_through(const zkg_plan *p)
{
    const uint32_t n = p->tasks + p->tables;
    uint32_t *at = calloc(p->ranks, sizeof(*at));
    bool *done = calloc(n + 1u, sizeof(*done)), moved = true;
    uint32_t left = n;

    while (moved) {
        moved = false;
        for (uint32_t c = 0; c < n; c++) {
            bool ready = !done[c];

            for (uint32_t i = p->need_first[c]; i < p->need_first[c + 1]; i++)
                ready = ready && done[p->need[i]];
            for (uint32_t i = p->group_first[c]; i < p->group_first[c + 1];
                 i++) {
                const uint32_t s = p->step_first[p->group[i]] + at[p->group[i]];

                ready = ready && s < p->step_first[p->group[i] + 1] &&
                        p->step[s] == c;
            }
            if (!ready)
                continue;
            for (uint32_t i = p->group_first[c]; i < p->group_first[c + 1]; i++)
                at[p->group[i]]++;
            done[c] = moved = true;
            left--;
        }
    }
    free(at);
    free(done);
    return left == 0;
}

static void valid_schedules_are_taken_and_run(void **state)
{
    uint64_t seed = 20;

    (void)state;
    for (int i = 0; i < CASES; i++) {
        const zkg_job job = random_job(&seed);
        random_texts t = random_valid(&job, &seed);
        zkg_plan *plan = NULL;
        zkg_notes notes = {0};
        zkg_forecast f;
        zkg_error err = {0};

        if (random_parse(&plan, &notes, &t, &job, &err) != ZKG_OK)
            fail_msg("case %d: %s\n%s\n%s", i, err.text, notes.text, t.text[0]);
        assert_int_equal(notes.errors, 0);
        assert_true(runs_through(plan));
        assert_int_equal(zkg_plan_forecast(&f, plan, &job, &err), ZKG_OK);
        assert_true(f.makespan >= f.bound * (1 - 1e-12));
        zkg_forecast_clear(&f);
        zkg_plan_free(plan);
        zkg_notes_clear(&notes);
        random_clear(&t);
    }
}

/* ---- planted errors ---------------------------------------------------- */

typedef struct planted {
    char file[32];
    char reason[96]; /* must be in the message */
    uint32_t line;   /* of file; 0: any */
} planted;

static uint32_t lines_of(const char *text)
{
    uint32_t n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* Add a line at the end; its number. */
static uint32_t append(char **text, const char *line)
{
    const size_t len = *text == NULL ? 0 : strlen(*text);
    const uint32_t at = len == 0 ? 1 : lines_of(*text) + 1;
    char *longer = realloc(*text, len + strlen(line) + 2);

    assert_non_null(longer);
    (void)sprintf(longer + len, "%s\n", line);
    *text = longer;
    return at;
}

/* Put `text` in place of the first `old` (of the same kind of line). */
static void replace(char **all, const char *old, const char *text)
{
    char *at = strstr(*all, old);
    char *longer = calloc(1, strlen(*all) + strlen(text) + 1);

    assert_non_null(at);
    assert_non_null(longer);
    (void)sprintf(longer, "%.*s%s%s", (int)(at - *all), *all, text,
                  at + strlen(old));
    free(*all);
    *all = longer;
}

static void say(planted *p, const char *file, uint32_t line, const char *reason)
{
    (void)snprintf(p->file, sizeof(p->file), "%s", file);
    (void)snprintf(p->reason, sizeof(p->reason), "%s", reason);
    p->line = line;
}

enum { KINDS = 15 };

/* Plant one error of a kind into valid texts. */
static void plant(planted *p, random_texts *t, const zkg_job *job, int kind,
                  uint64_t *seed)
{
    static const char *const broken[] = {
        "Rank 0 Task0",     "Rank: Task0",        "Rank 0: Task0, Task1",
        "Rank 0: -> Task0", "Rank 0: Task0 ->",   "rank 0: Task0",
        "Rank 0:",          "Task0 -> Task1",     "Rank -1: idle",
        "Rank 0: \x01",     "Rank 0: idle idle2", "Rank 99999999999: idle",
    };
    const bool mapped = t->text[1] != NULL;
    const uint32_t task = random_next(seed) % job->tasks;
    const uint32_t rank = random_next(seed) % job->ranks;
    char name[160], text[400], reason[400];
    uint32_t line;

    random_name(name, job, task, mapped);
    switch (kind) {
    case 0:
        line = append(&t->text[0], broken[random_next(seed) % 12]);
        say(p, "schedule.txt", line, "");
        break;
    case 1:
        (void)sprintf(text, "Rank %" PRIu32 ": idle", rank);
        say(p, "schedule.txt", append(&t->text[0], text),
            "has a line already, line ");
        break;
    case 2:
        replace(&t->text[0], ":", ": Nothing9 ->");
        say(p, "schedule.txt", 0, "unknown task `Nothing9`");
        break;
    case 3: /* a rank that the job does not have */
        (void)sprintf(text, "Rank %" PRIu32 ": idle", job->ranks);
        line = append(&t->text[0], text);
        say(p, "schedule.txt", line, "ZKML_NUM_CPUS");
        break;
    case 4: /* a rank without a line */
        (void)sprintf(text, "Rank %" PRIu32, rank);
        (void)sprintf(reason, "#ank %" PRIu32, rank);
        replace(&t->text[0], text, reason);
        (void)sprintf(reason, "rank %" PRIu32 " takes part but has no line",
                      rank);
        say(p, "schedule.txt", 0, reason);
        break;
    case 5: /* a task that no rank runs */
        (void)sprintf(text, "%s ", name);
        while (strstr(t->text[0], text) != NULL)
            replace(&t->text[0], text, "... ");
        (void)sprintf(reason, "no rank runs `%s`", name);
        say(p, "schedule.txt", 0, reason);
        break;
    case 6: /* twice on a rank */
        (void)sprintf(text, "%s ", name);
        (void)sprintf(reason, "%s -> idle -> %s ", name, name);
        replace(&t->text[0], text, reason);
        (void)sprintf(reason, "`%s` is on rank ", name);
        say(p, "schedule.txt", 0, reason);
        break;
    case 7: /* index out of range */
        if (mapped) {
            (void)sprintf(text, "extra: %" PRIu32,
                          job->tasks + random_next(seed) % 9);
            say(p, "task_mapping.txt", append(&t->text[1], text),
                "is out of range");
        } else {
            (void)sprintf(text, ": Task%" PRIu32 " ->", job->tasks);
            replace(&t->text[0], ":", text);
            say(p, "schedule.txt", 0, "is out of range");
        }
        break;
    case 8: /* a name, or an index, mapped twice */
        if (!mapped)
            for (uint32_t c = 0; c < job->tasks; c++) {
                (void)sprintf(text, "Task%" PRIu32 ": %" PRIu32, c, c);
                (void)append(&t->text[1], text);
            }
        (void)sprintf(text, "%s: %" PRIu32, name, task);
        if (random_next(seed) % 2 == 0) {
            say(p, "task_mapping.txt", append(&t->text[1], text),
                "is mapped twice");
        } else {
            (void)sprintf(text, "again: %" PRIu32, task);
            say(p, "task_mapping.txt", append(&t->text[1], text),
                "has a name already");
        }
        break;
    case 9: /* malformed mapping */
        if (!mapped)
            for (uint32_t c = 0; c < job->tasks; c++) {
                (void)sprintf(text, "Task%" PRIu32 ": %" PRIu32, c, c);
                (void)append(&t->text[1], text);
            }
        say(p, "task_mapping.txt",
            append(&t->text[1], random_next(seed) % 2 ? "more: x" : "more 3"),
            "expected ");
        break;
    case 10: /* an unknown dependency */
        (void)sprintf(text, "%s: Nothing9", name);
        free(t->text[2]);
        t->text[2] = NULL;
        say(p, "task_dependencies.txt", append(&t->text[2], text),
            "unknown task `Nothing9`");
        break;
    case 11: /* malformed dependency */
        (void)sprintf(text, random_next(seed) % 2 ? "%s" : "%s: ", name);
        say(p, "task_dependencies.txt", append(&t->text[2], text), "expected ");
        break;
    case 12: /* a ring of two to four needs */
    {
        const uint32_t n = 2 + random_next(seed) % 3;
        char first[160];

        free(t->text[2]);
        t->text[2] = NULL;
        (void)strcpy(first, name);
        for (uint32_t i = 1; i < n && i < job->tasks; i++) {
            char other[160];

            random_name(other, job, (task + i) % job->tasks, mapped);
            (void)sprintf(text, "%s: %s", name, other);
            (void)append(&t->text[2], text);
            (void)strcpy(name, other);
        }
        (void)sprintf(text, "%s: %s", name, first);
        (void)append(&t->text[2], text);
        say(p, "task_dependencies.txt", 0,
            "tasks depend on each other in a ring: ");
        break;
    }
    case 13: /* itself */
        (void)sprintf(text, "%s: %s", name, name);
        free(t->text[2]);
        t->text[2] = NULL;
        say(p, "task_dependencies.txt", append(&t->text[2], text),
            "depends on itself");
        break;
    default: /* two lines of dependencies */
        free(t->text[2]);
        t->text[2] = NULL;
        {
            char other[160];

            random_name(other, job, (task + 1) % job->tasks, mapped);
            (void)sprintf(text, "%s: %s", name, other);
        }
        (void)append(&t->text[2], text);
        say(p, "task_dependencies.txt", append(&t->text[2], text),
            "has a line already, line ");
    }
}

/* Some line of the notes is an error at the place and with the reason. */
static bool is_said(const char *notes, const planted *p)
{
    char head[64];

    for (const char *line = notes; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        char *copy =
            strndup(line, end == NULL ? strlen(line) : (size_t)(end - line));
        bool fits;

        if (p->line > 0)
            (void)snprintf(head, sizeof(head), "%s:%" PRIu32 ":", p->file,
                           p->line);
        else
            (void)snprintf(head, sizeof(head), "%s:", p->file);
        assert_non_null(copy);
        fits = strncmp(copy, head, strlen(head)) == 0 &&
               strstr(copy, ": error: ") != NULL &&
               strstr(copy, p->reason) != NULL && copy[strlen(copy) - 1] == ')';
        free(copy);
        if (fits)
            return true;
        line = end == NULL ? NULL : end + 1;
    }
    return false;
}

static void each_planted_error_is_refused_for_its_reason(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (int i = 0; i < CASES; i++) {
        const zkg_job job = random_job(&seed);
        random_texts t = random_valid(&job, &seed);
        zkg_plan *plan = NULL;
        zkg_notes notes = {0};
        zkg_error err = {0};
        planted p;

        plant(&p, &t, &job, i % KINDS, &seed);
        if (random_parse(&plan, &notes, &t, &job, &err) != ZKG_ERR_USAGE)
            fail_msg("case %d of kind %d was taken", i, i % KINDS);
        if (!is_said(notes.text, &p))
            fail_msg("case %d of kind %d: wanted %s:%u: %s, got\n%s", i,
                     i % KINDS, p.file, (unsigned)p.line, p.reason, notes.text);
        assert_null(plan);
        zkg_notes_clear(&notes);
        random_clear(&t);
    }
}

/* ---- orders that stick ------------------------------------------------- */

/* A ring of `n` ranks: rank i runs task i before task i + 1, tasks shared by
 * the two ranks that name them; strewn with idle steps and tasks of their
 * own. */
static char *ring_text(uint32_t n, uint64_t *seed)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    for (uint32_t r = 0; r < n; r++) {
        fprintf(f, "Rank %" PRIu32 ": ", r);
        random_idle(f, seed);
        fprintf(f, "Task%" PRIu32 " -> ", r);
        if (random_next(seed) % 2 == 0)
            fprintf(f, "Task%" PRIu32 " -> ", n + r);
        random_idle(f, seed);
        fprintf(f, "Task%" PRIu32 "\n", (r + 1) % n);
    }
    (void)fclose(f);
    return text;
}

/* Where a line names the task; NULL: nowhere. */
static const char *find_task(const char *line, const char *end, unsigned task)
{
    for (const char *at = line; at < end; at++) {
        unsigned t;

        if (sscanf(at, "Task%u", &t) == 1 && t == task)
            return at;
    }
    return NULL;
}

/* Every link of the message is a line of the schedule in which the rank runs
 * the one before the other, and each link starts where the last one ended. */
static void check_chain(const char *notes, const char *text, uint32_t n)
{
    const char *at = strstr(notes, "ranks wait for each other for ever: ");
    uint32_t links = 0, first = 0, last = 0;

    assert_non_null(at);
    at += strlen("ranks wait for each other for ever: ");
    for (;; links++) {
        unsigned rank, a, b, line;
        int used = 0;
        char head[32];
        const char *row, *x, *y, *end;

        assert_int_equal(sscanf(at,
                                "rank %u runs Task%u before Task%u "
                                "(schedule.txt:%u)%n",
                                &rank, &a, &b, &line, &used),
                         4);
        assert_int_equal(line, rank + 1);
        (void)sprintf(head, "Rank %u: ", rank);
        row = strstr(text, head);
        assert_non_null(row);
        end = strchr(row, '\n');
        x = find_task(row, end, a);
        y = find_task(row, end, b);
        assert_true(x != NULL && y != NULL && x < y);
        if (links == 0)
            first = a;
        else
            assert_int_equal(a, last);
        last = b;
        at += used;
        if (strncmp(at, ", ", 2) != 0)
            break;
        at += 2;
    }
    assert_int_equal(last, first);
    assert_int_equal(links + 1, n);
}

static void orders_that_stick_are_refused_with_their_ring(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (int i = 0; i < DEADLOCKS; i++) {
        const uint32_t n = 2 + random_next(&seed) % 7;
        random_texts t = {{ring_text(n, &seed), NULL, NULL}};
        zkg_job job = {.ranks = n, .tasks = n};
        zkg_plan *plan = NULL;
        zkg_notes notes = {0};
        zkg_error err = {0};

        /* Tasks of their own: n .. 2n-1 where the text names them. */
        for (uint32_t c = n; c < 2 * n; c++) {
            char name[32];

            (void)sprintf(name, "Task%" PRIu32 " ", c);
            if (strstr(t.text[0], name) == NULL) {
                /* A rank must run it: at the front of rank 0's list. */
                char step[64];

                (void)sprintf(step, "Rank 0: %s-> ", name);
                replace(&t.text[0], "Rank 0: ", step);
            }
        }
        job.tasks = 2 * n;
        assert_int_equal(random_parse(&plan, &notes, &t, &job, &err),
                         ZKG_ERR_USAGE);
        assert_int_equal(notes.errors, 1);
        check_chain(notes.text, t.text[0], n);
        zkg_notes_clear(&notes);
        random_clear(&t);
    }
}

/* The runner above does stick: the test of a ring is not of nothing. */
static void the_runner_sticks_where_the_check_says_so(void **state)
{
    uint32_t step_first[] = {0, 2, 4}, step[] = {0, 1, 1, 0};
    uint32_t group_first[] = {0, 2, 4}, group[] = {0, 1, 0, 1};
    uint32_t none[] = {0, 0, 0};
    zkg_plan plan = {.ranks = 2,
                     .tasks = 2,
                     .step_first = step_first,
                     .step = step,
                     .group_first = group_first,
                     .group = group,
                     .need_first = none,
                     .need = none};
    const zkg_job job = {.ranks = 2, .tasks = 2};
    zkg_forecast f;

    (void)state;
    assert_false(runs_through(&plan));
    assert_int_equal(zkg_plan_forecast(&f, &plan, &job, NULL), ZKG_ERR_INVALID);
    step[2] = 0;
    step[3] = 1;
    assert_true(runs_through(&plan));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_schedules_are_taken_and_run),
        cmocka_unit_test(each_planted_error_is_refused_for_its_reason),
        cmocka_unit_test(orders_that_stick_are_refused_with_their_ring),
        cmocka_unit_test(the_runner_sticks_where_the_check_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
