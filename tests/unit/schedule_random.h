/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TESTS_SCHEDULE_RANDOM_H
#define ZKG_TESTS_SCHEDULE_RANDOM_H

/**
 * @file
 * Random schedules.  A valid one comes from a sequence of all children: each
 * takes a random group and goes to the end of its ranks' lists, and may need
 * what stands before it.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zkgkr/schedule.h"

typedef struct random_texts {
    char *text[3]; /* schedule, mapping or NULL, dependencies or NULL */
} random_texts;

static inline uint32_t random_next(uint64_t *x)
{
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*x >> 33);
}

static inline void random_clear(random_texts *t)
{
    for (int i = 0; i < 3; i++)
        free(t->text[i]);
    memset(t, 0, sizeof(*t));
}

static inline void random_name(char *out, const zkg_job *job, uint32_t c,
                               bool mapped)
{
    if (c >= job->tasks)
        (void)sprintf(out, "Table%s", job->table_name[c - job->tasks]);
    else if (mapped)
        (void)sprintf(out, "layer%" PRIu32 "x", c * 7 + 3);
    else
        (void)sprintf(out, "Task%" PRIu32, c);
}

static inline void random_idle(FILE *f, uint64_t *seed)
{
    static const char *const idle[] = {"idle -> ", "... -> ", "idle->", ""};

    fputs(idle[random_next(seed) % 8 < 3 ? random_next(seed) % 3 : 3], f);
}

/* A shuffle of all children; about half of the tables stay out. */
static inline uint32_t random_sequence(uint32_t *seq, const zkg_job *job,
                                       uint64_t *seed)
{
    uint32_t n = 0;

    for (uint32_t c = 0; c < job->tasks + job->tables; c++)
        if (c < job->tasks || random_next(seed) % 2 == 0)
            seq[n++] = c;
    for (uint32_t i = n; i > 1; i--) {
        const uint32_t k = random_next(seed) % i, t = seq[i - 1];

        seq[i - 1] = seq[k];
        seq[k] = t;
    }
    return n;
}

/* A mask of ranks: one, some, or all of them; never none. */
static inline uint32_t random_group(const zkg_job *job, uint64_t *seed)
{
    const uint32_t all = (1u << job->ranks) - 1;
    const uint32_t kind = random_next(seed) % 4;
    const uint32_t group = kind == 0   ? all
                           : kind == 1 ? random_next(seed) & all
                                       : 1u << random_next(seed) % job->ranks;

    return group != 0 ? group : 1u << random_next(seed) % job->ranks;
}

/* Text of a valid schedule for a job of at most 16 ranks. */
static inline random_texts random_valid(const zkg_job *job, uint64_t *seed)
{
    const uint32_t children = job->tasks + job->tables;
    uint32_t *seq = calloc(children + 1u, sizeof(*seq));
    uint32_t *group = calloc(children + 1u, sizeof(*group));
    const uint32_t n = random_sequence(seq, job, seed);
    const bool mapped = random_next(seed) % 2 == 0;
    const bool needs = random_next(seed) % 3 != 0;
    random_texts t = {{NULL, NULL, NULL}};
    char name[160], other[160];
    size_t len;
    FILE *f = open_memstream(&t.text[0], &len);

    for (uint32_t i = 0; i < n; i++)
        group[seq[i]] = random_group(job, seed);
    for (uint32_t r = job->ranks; r-- > 0;) {
        fprintf(f, "%sRank %" PRIu32 "%s", random_next(seed) % 4 ? "" : "  ", r,
                random_next(seed) % 4 ? ": " : " :");
        for (uint32_t i = 0; i < n; i++) {
            if ((group[seq[i]] >> r & 1) == 0)
                continue;
            random_idle(f, seed);
            random_name(name, job, seq[i], mapped);
            fprintf(f, "%s -> ", name);
        }
        fprintf(f, "idle%s\n", random_next(seed) % 4 ? "" : " # end\n");
    }
    (void)fclose(f);
    if (mapped) {
        f = open_memstream(&t.text[1], &len);
        for (uint32_t c = job->tasks; c-- > 0;) {
            random_name(name, job, c, true);
            fprintf(f, "%s: %" PRIu32 "\n", name, c);
        }
        (void)fclose(f);
    }
    if (needs) {
        f = open_memstream(&t.text[2], &len);
        for (uint32_t i = 1; i < n; i++) {
            if (random_next(seed) % 3 != 0)
                continue;
            random_name(name, job, seq[i], mapped);
            random_name(other, job, seq[random_next(seed) % i], mapped);
            fprintf(f, "%s: %s\n", name, other);
        }
        (void)fclose(f);
    }
    free(seq);
    free(group);
    return t;
}

static inline zkg_status random_parse(zkg_plan **plan, zkg_notes *notes,
                                      const random_texts *t, const zkg_job *job,
                                      zkg_error *err)
{
    static const char *const names[3] = {"schedule.txt", "task_mapping.txt",
                                         "task_dependencies.txt"};
    zkg_schedule_text s[3];

    for (int i = 0; i < 3; i++)
        s[i] = (zkg_schedule_text){names[i], t->text[i],
                                   t->text[i] == NULL ? 0 : strlen(t->text[i])};
    return zkg_plan_parse(plan, notes, &s[0], &s[1], &s[2], job, err);
}

#endif
