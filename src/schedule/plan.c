/* SPDX-License-Identifier: Apache-2.0
 * Plans: drafts, the default order, rings of waiting ranks. */
#include "schedule/plan_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/heap.h"

zkg_status zkg_u32_push(zkg_u32_list *list, uint32_t v)
{
    if (list->len == list->cap) {
        const size_t cap = list->cap == 0 ? 8 : 2 * list->cap;
        uint32_t *at = realloc(list->at, cap * sizeof(*at));

        if (at == NULL)
            return ZKG_ERR_NOMEM;
        list->at = at;
        list->cap = cap;
    }
    list->at[list->len++] = v;
    return ZKG_OK;
}

zkg_status zkg_draft_rename(zkg_draft *draft, uint32_t child, const char *name,
                            size_t len)
{
    char *copy = malloc(len + 1);

    if (copy == NULL)
        return ZKG_ERR_NOMEM;
    memcpy(copy, name, len);
    copy[len] = '\0';
    free(draft->name[child]);
    draft->name[child] = copy;
    return ZKG_OK;
}

static zkg_status name_children(zkg_draft *draft)
{
    const zkg_job *job = draft->job;

    for (uint32_t c = 0; c < draft->children; c++) {
        char number[24];
        const char *tail = number;
        const bool is_task = c < job->tasks;
        const size_t head = is_task ? 4 : 5;
        char *name;

        (void)snprintf(number, sizeof(number), "%" PRIu32, c);
        if (!is_task)
            tail = job->table_name[c - job->tasks];
        name = malloc(head + strlen(tail) + 1);
        if (name == NULL)
            return ZKG_ERR_NOMEM;
        memcpy(name, is_task ? "Task" : "Table", head);
        strcpy(name + head, tail);
        draft->name[c] = name;
    }
    return ZKG_OK;
}

zkg_status zkg_draft_init(zkg_draft *draft, const zkg_job *job)
{
    memset(draft, 0, sizeof(*draft));
    draft->job = job;
    draft->children = job->tasks + job->tables;
    draft->order = calloc((size_t)job->ranks + 1, sizeof(*draft->order));
    draft->need = calloc((size_t)draft->children + 1, sizeof(*draft->need));
    draft->name = calloc((size_t)draft->children + 1, sizeof(*draft->name));
    if (draft->order == NULL || draft->need == NULL || draft->name == NULL)
        return ZKG_ERR_NOMEM;
    return name_children(draft);
}

void zkg_draft_clear(zkg_draft *draft)
{
    if (draft->job == NULL)
        return;
    for (uint32_t r = 0; draft->order != NULL && r < draft->job->ranks; r++)
        free(draft->order[r].at);
    for (uint32_t c = 0; c < draft->children; c++) {
        if (draft->need != NULL)
            free(draft->need[c].at);
        if (draft->name != NULL)
            free(draft->name[c]);
    }
    free(draft->order);
    free(draft->need);
    free(draft->name);
    memset(draft, 0, sizeof(*draft));
}

static uint64_t cost_of(const zkg_job *job, uint32_t child)
{
    return job->cost == NULL ? 1 : job->cost[child];
}

/* load[r]: a shared child counts in parts; runs[c]: ranks of child c. */
static void measure(const zkg_draft *draft, uint64_t *load, uint32_t *runs)
{
    const uint32_t ranks = draft->job->ranks;

    for (uint32_t r = 0; r < ranks; r++)
        for (size_t i = 0; i < draft->order[r].len; i++)
            runs[draft->order[r].at[i]]++;
    for (uint32_t r = 0; r < ranks; r++)
        for (size_t i = 0; i < draft->order[r].len; i++) {
            const uint32_t c = draft->order[r].at[i];

            load[r] += cost_of(draft->job, c) / runs[c];
        }
}

/* Tables that no list names, dearest first. */
static zkg_status unnamed_tables(zkg_heap *out, const zkg_draft *draft,
                                 const uint32_t *runs)
{
    ZKG_TRY(zkg_heap_init(out, draft->job->tables));
    for (uint32_t c = draft->job->tasks; c < draft->children; c++)
        if (runs[c] == 0)
            zkg_heap_push(out, -(double)cost_of(draft->job, c), c);
    return ZKG_OK;
}

zkg_status zkg_draft_deal_tables(zkg_draft *draft)
{
    const zkg_job *job = draft->job;
    uint64_t *load = calloc(job->ranks, sizeof(*load));
    uint32_t *runs = calloc((size_t)draft->children + 1, sizeof(*runs));
    zkg_heap tables = {0}, ranks = {0};
    zkg_status status = ZKG_ERR_NOMEM;

    if (load == NULL || runs == NULL)
        goto free_counts;
    measure(draft, load, runs);
    status = unnamed_tables(&tables, draft, runs);
    if (status == ZKG_OK)
        status = zkg_heap_init(&ranks, job->ranks);
    for (uint32_t r = 0; r < job->ranks && status == ZKG_OK; r++)
        zkg_heap_push(&ranks, (double)load[r], r);
    while (tables.len > 0 && status == ZKG_OK) {
        const uint32_t c = zkg_heap_pop(&tables).id;
        const zkg_heap_entry rank = zkg_heap_pop(&ranks);

        status = zkg_u32_push(&draft->order[rank.id], c);
        zkg_heap_push(&ranks, rank.key + (double)cost_of(job, c), rank.id);
    }

free_counts:
    zkg_heap_clear(&tables);
    zkg_heap_clear(&ranks);
    free(runs);
    free(load);
    return status;
}

/* What each child waits for: its needs, then on each rank what runs there
 * just before it. */
typedef struct waits {
    size_t *first;     /* [children + 1] */
    uint32_t *on;      /* children */
    uint32_t *through; /* ranks, or UINT32_MAX: a need */
} waits;

static void waits_clear(waits *w)
{
    free(w->first);
    free(w->on);
    free(w->through);
}

static zkg_status waits_init(waits *w, const zkg_draft *draft, bool needs_only)
{
    const uint32_t ranks = needs_only ? 0 : draft->job->ranks;
    size_t *next;

    w->first = calloc((size_t)draft->children + 2, sizeof(*w->first));
    if (w->first == NULL)
        return ZKG_ERR_NOMEM;
    next = w->first + 1;
    for (uint32_t c = 0; c < draft->children; c++)
        next[c + 1] += draft->need[c].len;
    for (uint32_t r = 0; r < ranks; r++)
        for (size_t k = 1; k < draft->order[r].len; k++)
            next[draft->order[r].at[k] + 1]++;
    for (uint32_t c = 0; c < draft->children; c++)
        next[c + 1] += next[c];
    w->on = calloc(next[draft->children] + 1, sizeof(*w->on));
    w->through = calloc(next[draft->children] + 1, sizeof(*w->through));
    if (w->on == NULL || w->through == NULL)
        return ZKG_ERR_NOMEM;
    /* next[c] runs from where c's waits begin to where they end, which is
     * first[c + 1]. */
    for (uint32_t c = 0; c < draft->children; c++)
        for (size_t i = 0; i < draft->need[c].len; i++) {
            w->through[next[c]] = UINT32_MAX;
            w->on[next[c]++] = draft->need[c].at[i];
        }
    for (uint32_t r = 0; r < ranks; r++)
        for (size_t k = 1; k < draft->order[r].len; k++) {
            const uint32_t c = draft->order[r].at[k];

            w->through[next[c]] = r;
            w->on[next[c]++] = draft->order[r].at[k - 1];
        }
    return ZKG_OK;
}

/* A search depth first: the open path, and at each of its children the next
 * wait to follow. */
typedef struct search {
    const waits *w;
    zkg_u32_list *ring, *through;
    size_t *edge;         /* [depth] */
    unsigned char *state; /* [child] */
} search;

enum { NEW = 0, OPEN = 1, DONE = 2 };

static zkg_status descend(search *s, uint32_t c)
{
    s->state[c] = OPEN;
    s->edge[s->ring->len] = s->w->first[c];
    return zkg_u32_push(s->ring, c);
}

/* The path from its child `on` to its end is a ring. */
static void cut_ring(search *s, uint32_t on)
{
    size_t first = 0;

    while (s->ring->at[first] != on)
        first++;
    s->ring->len -= first;
    s->through->len -= first;
    memmove(s->ring->at, s->ring->at + first,
            s->ring->len * sizeof(*s->ring->at));
    memmove(s->through->at, s->through->at + first,
            s->through->len * sizeof(*s->through->at));
}

static zkg_status search_from(bool *found, search *s, uint32_t start)
{
    s->ring->len = s->through->len = 0;
    ZKG_TRY(descend(s, start));
    while (s->ring->len > 0) {
        const size_t depth = s->ring->len - 1;
        const uint32_t c = s->ring->at[depth];
        const size_t i = s->edge[depth]++;

        if (i == s->w->first[c + 1]) {
            s->state[c] = DONE;
            s->ring->len--;
            if (s->through->len > 0)
                s->through->len--;
            continue;
        }
        if (s->state[s->w->on[i]] == DONE)
            continue;
        ZKG_TRY(zkg_u32_push(s->through, s->w->through[i]));
        if (s->state[s->w->on[i]] == OPEN) {
            cut_ring(s, s->w->on[i]);
            *found = true;
            return ZKG_OK;
        }
        ZKG_TRY(descend(s, s->w->on[i]));
    }
    return ZKG_OK;
}

zkg_status zkg_draft_find_ring(bool *found, zkg_u32_list *ring,
                               zkg_u32_list *through, const zkg_draft *draft,
                               bool needs_only)
{
    waits w = {0};
    search s = {.w = &w, .ring = ring, .through = through};
    zkg_status status = waits_init(&w, draft, needs_only);

    *found = false;
    s.state = calloc((size_t)draft->children + 1, 1);
    s.edge = calloc((size_t)draft->children + 1, sizeof(*s.edge));
    if (s.state == NULL || s.edge == NULL)
        status = ZKG_ERR_NOMEM;
    for (uint32_t c = 0; c < draft->children && status == ZKG_OK && !*found;
         c++)
        if (s.state[c] == NEW)
            status = search_from(found, &s, c);
    free(s.edge);
    free(s.state);
    waits_clear(&w);
    return status;
}

static zkg_status flatten(uint32_t **first, uint32_t **flat, uint32_t lists,
                          const zkg_u32_list *list)
{
    size_t total = 0;

    for (uint32_t i = 0; i < lists; i++)
        total += list[i].len;
    *first = calloc((size_t)lists + 1, sizeof(**first));
    *flat = calloc(total + 1, sizeof(**flat));
    if (*first == NULL || *flat == NULL)
        return ZKG_ERR_NOMEM;
    total = 0;
    for (uint32_t i = 0; i < lists; i++) {
        (*first)[i] = (uint32_t)total;
        for (size_t k = 0; k < list[i].len; k++)
            (*flat)[total++] = list[i].at[k];
    }
    (*first)[lists] = (uint32_t)total;
    return ZKG_OK;
}

static zkg_status fill_groups(zkg_plan *plan, const zkg_draft *draft)
{
    zkg_u32_list *group = calloc((size_t)draft->children + 1, sizeof(*group));
    zkg_status status = group == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    for (uint32_t r = 0; status == ZKG_OK && r < plan->ranks; r++)
        for (size_t i = 0; status == ZKG_OK && i < draft->order[r].len; i++)
            status = zkg_u32_push(&group[draft->order[r].at[i]], r);
    if (status == ZKG_OK)
        status =
            flatten(&plan->group_first, &plan->group, draft->children, group);
    for (uint32_t c = 0; group != NULL && c < draft->children; c++)
        free(group[c].at);
    free(group);
    return status;
}

static int by_value(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* Sort, drop what is there twice, and what `without` (ascending) holds. */
static void tidy(zkg_u32_list *list, const uint32_t *without, size_t n)
{
    size_t kept = 0, k = 0;

    if (list->len > 0)
        qsort(list->at, list->len, sizeof(*list->at), by_value);
    for (size_t i = 0; i < list->len; i++) {
        const uint32_t v = list->at[i];

        while (k < n && without[k] < v)
            k++;
        if ((k < n && without[k] == v) || (kept > 0 && list->at[kept - 1] == v))
            continue;
        list->at[kept++] = v;
    }
    list->len = kept;
}

/* The ranks that wait for each child's end elsewhere. */
static zkg_status fill_told(zkg_plan *plan, const zkg_draft *draft)
{
    zkg_u32_list *told = calloc((size_t)draft->children + 1, sizeof(*told));
    const uint32_t *first = plan->group_first;
    zkg_status status = told == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    for (uint32_t c = 0; status == ZKG_OK && c < draft->children; c++)
        for (size_t i = 0; status == ZKG_OK && i < draft->need[c].len; i++)
            for (uint32_t k = first[c]; status == ZKG_OK && k < first[c + 1];
                 k++)
                status =
                    zkg_u32_push(&told[draft->need[c].at[i]], plan->group[k]);
    for (uint32_t c = 0; status == ZKG_OK && c < draft->children; c++)
        tidy(&told[c], plan->group + first[c], first[c + 1] - first[c]);
    if (status == ZKG_OK)
        status = flatten(&plan->told_first, &plan->told, draft->children, told);
    for (uint32_t c = 0; told != NULL && c < draft->children; c++)
        free(told[c].at);
    free(told);
    return status;
}

zkg_status zkg_draft_freeze(zkg_plan **out, const zkg_draft *draft)
{
    zkg_plan *plan = calloc(1, sizeof(*plan));
    zkg_status status;

    if (plan == NULL)
        return ZKG_ERR_NOMEM;
    plan->ranks = draft->job->ranks;
    plan->tasks = draft->job->tasks;
    plan->tables = draft->job->tables;
    status = flatten(&plan->step_first, &plan->step, plan->ranks, draft->order);
    if (status == ZKG_OK)
        status = flatten(&plan->need_first, &plan->need, draft->children,
                         draft->need);
    if (status == ZKG_OK)
        status = fill_groups(plan, draft);
    if (status == ZKG_OK)
        status = fill_told(plan, draft);
    if (status != ZKG_OK) {
        zkg_plan_free(plan);
        return status;
    }
    *out = plan;
    return ZKG_OK;
}

zkg_status zkg_draft_finish(zkg_plan **out, zkg_draft *draft)
{
    ZKG_TRY(zkg_draft_freeze(out, draft));
    (*out)->name = draft->name;
    draft->name = NULL;
    return ZKG_OK;
}

/* The `width` ranks with the least to do take child c. */
static zkg_status share(zkg_draft *draft, zkg_heap *ranks, uint32_t *taken,
                        double *load, uint32_t c, uint32_t width)
{
    const double part = (double)(cost_of(draft->job, c) / width);

    for (uint32_t i = 0; i < width; i++) {
        taken[i] = zkg_heap_pop(ranks).id;
        load[taken[i]] += part;
        ZKG_TRY(zkg_u32_push(&draft->order[taken[i]], c));
    }
    for (uint32_t i = 0; i < width; i++)
        zkg_heap_push(ranks, load[taken[i]], taken[i]);
    return ZKG_OK;
}

zkg_status zkg_draft_default(zkg_draft *draft)
{
    const zkg_job *job = draft->job;
    double *load = calloc(job->ranks, sizeof(*load));
    uint32_t *taken = calloc(job->ranks, sizeof(*taken));
    zkg_heap ranks;
    zkg_status status = zkg_heap_init(&ranks, job->ranks);

    if (load == NULL || taken == NULL)
        status = ZKG_ERR_NOMEM;
    for (uint32_t r = 0; status == ZKG_OK && r < job->ranks; r++)
        zkg_heap_push(&ranks, 0, r);
    for (uint32_t t = 0; status == ZKG_OK && t < job->tasks; t++)
        status = share(draft, &ranks, taken, load, t, zkg_job_useful(job, t));
    zkg_heap_clear(&ranks);
    free(taken);
    free(load);
    return status == ZKG_OK ? zkg_draft_deal_tables(draft) : status;
}

zkg_status zkg_plan_default(zkg_plan **out, const zkg_job *job, zkg_error *err)
{
    zkg_draft draft;
    zkg_status status = zkg_draft_init(&draft, job);

    if (status == ZKG_OK)
        status = zkg_draft_default(&draft);
    if (status == ZKG_OK)
        status = zkg_draft_finish(out, &draft);
    zkg_draft_clear(&draft);
    if (status != ZKG_OK)
        return zkg_fail(err, status, "no memory for a plan");
    (*out)->is_default = true;
    return ZKG_OK;
}

zkg_status zkg_plan_text(char **out, const zkg_plan *plan, zkg_error *err)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    if (f == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a plan's text");
    for (uint32_t r = 0; r < plan->ranks; r++) {
        const uint32_t first = plan->step_first[r];

        fprintf(f, "Rank %" PRIu32 ": ", r);
        if (first == plan->step_first[r + 1])
            fprintf(f, "idle");
        for (uint32_t i = first; i < plan->step_first[r + 1]; i++)
            fprintf(f, "%s%s", i == first ? "" : " -> ",
                    plan->name[plan->step[i]]);
        fprintf(f, "\n");
    }
    if (fclose(f) != 0) {
        free(text);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a plan's text");
    }
    *out = text;
    return ZKG_OK;
}

void zkg_plan_free(zkg_plan *plan)
{
    if (plan == NULL)
        return;
    for (uint32_t c = 0; plan->name != NULL && c < plan->tasks + plan->tables;
         c++)
        free(plan->name[c]);
    free(plan->name);
    free(plan->step_first);
    free(plan->step);
    free(plan->group_first);
    free(plan->group);
    free(plan->need_first);
    free(plan->need);
    free(plan->told_first);
    free(plan->told);
    free(plan);
}
