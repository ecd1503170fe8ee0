/* SPDX-License-Identifier: Apache-2.0
 * Plans: drafts, the default order, rings of waiting ranks. */
#include "schedule/plan_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

zkg_status zkg_draft_deal_tables(zkg_draft *draft)
{
    const zkg_job *job = draft->job;
    uint64_t *load = calloc(job->ranks, sizeof(*load));
    uint32_t *runs = calloc((size_t)draft->children + 1, sizeof(*runs));
    zkg_status status = ZKG_ERR_NOMEM;

    if (load == NULL || runs == NULL)
        goto free_counts;
    measure(draft, load, runs);
    for (;;) {
        uint32_t next = UINT32_MAX, rank = 0;

        for (uint32_t c = job->tasks; c < draft->children; c++)
            if (runs[c] == 0 &&
                (next == UINT32_MAX || cost_of(job, c) > cost_of(job, next)))
                next = c;
        if (next == UINT32_MAX)
            break;
        for (uint32_t r = 1; r < job->ranks; r++)
            if (load[r] < load[rank])
                rank = r;
        if (zkg_u32_push(&draft->order[rank], next) != ZKG_OK)
            goto free_counts;
        runs[next] = 1;
        load[rank] += cost_of(job, next);
    }
    status = ZKG_OK;

free_counts:
    free(runs);
    free(load);
    return status;
}

/* The wait edges out of child c: call with i = 0, 1, ... until false. */
static bool waits_for(const zkg_draft *draft, uint32_t c, size_t i,
                      bool needs_only, uint32_t *on, uint32_t *through)
{
    if (i < draft->need[c].len) {
        *on = draft->need[c].at[i];
        *through = UINT32_MAX;
        return true;
    }
    i -= draft->need[c].len;
    if (needs_only)
        return false;
    for (uint32_t r = 0; r < draft->job->ranks; r++) {
        const zkg_u32_list *order = &draft->order[r];

        for (size_t k = 1; k < order->len; k++) {
            if (order->at[k] != c)
                continue;
            if (i-- == 0) {
                *on = order->at[k - 1];
                *through = r;
                return true;
            }
        }
    }
    return false;
}

zkg_status zkg_draft_find_ring(bool *found, zkg_u32_list *ring,
                               zkg_u32_list *through, const zkg_draft *draft,
                               bool needs_only)
{
    enum { NEW = 0, OPEN = 1, DONE = 2 };
    unsigned char *state = calloc((size_t)draft->children + 1, 1);
    zkg_u32_list edge = {0};
    zkg_status status = ZKG_ERR_NOMEM;

    *found = false;
    if (state == NULL)
        return ZKG_ERR_NOMEM;
    /* Depth first along the wait edges; `ring` is the open path, edge.at[i]
     * the next edge to try at its i-th child. */
    for (uint32_t start = 0; start < draft->children && !*found; start++) {
        if (state[start] != NEW)
            continue;
        ring->len = through->len = edge.len = 0;
        if (zkg_u32_push(ring, start) != ZKG_OK ||
            zkg_u32_push(&edge, 0) != ZKG_OK)
            goto free_state;
        state[start] = OPEN;
        while (ring->len > 0 && !*found) {
            const uint32_t c = ring->at[ring->len - 1];
            uint32_t on, via;

            if (!waits_for(draft, c, edge.at[edge.len - 1]++, needs_only, &on,
                           &via)) {
                state[c] = DONE;
                ring->len--;
                edge.len--;
                if (through->len > 0)
                    through->len--;
            } else if (state[on] == OPEN) {
                size_t first = 0;

                while (ring->at[first] != on)
                    first++;
                if (zkg_u32_push(through, via) != ZKG_OK)
                    goto free_state;
                ring->len -= first;
                through->len -= first;
                memmove(ring->at, ring->at + first,
                        ring->len * sizeof(*ring->at));
                memmove(through->at, through->at + first,
                        through->len * sizeof(*through->at));
                *found = true;
            } else if (state[on] == NEW) {
                state[on] = OPEN;
                if (zkg_u32_push(ring, on) != ZKG_OK ||
                    zkg_u32_push(through, via) != ZKG_OK ||
                    zkg_u32_push(&edge, 0) != ZKG_OK)
                    goto free_state;
            }
        }
    }
    status = ZKG_OK;

free_state:
    free(edge.at);
    free(state);
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

zkg_status zkg_draft_finish(zkg_plan **out, zkg_draft *draft)
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
    if (status != ZKG_OK) {
        zkg_plan_free(plan);
        return status;
    }
    plan->name = draft->name;
    draft->name = NULL;
    *out = plan;
    return ZKG_OK;
}

static zkg_status draft_default(zkg_draft *draft)
{
    const zkg_job *job = draft->job;
    uint64_t *load = calloc(job->ranks, sizeof(*load));
    bool *taken = calloc(job->ranks, sizeof(*taken));
    zkg_status status = ZKG_ERR_NOMEM;

    if (load == NULL || taken == NULL)
        goto free_load;
    for (uint32_t t = 0; t < job->tasks; t++) {
        uint32_t width = job->width == NULL ? job->ranks : job->width[t];

        if (width > job->ranks)
            width = job->ranks;
        if (width == 0)
            width = 1;
        memset(taken, 0, job->ranks * sizeof(*taken));
        for (uint32_t i = 0; i < width; i++) {
            uint32_t best = UINT32_MAX;

            for (uint32_t r = 0; r < job->ranks; r++)
                if (!taken[r] && (best == UINT32_MAX || load[r] < load[best]))
                    best = r;
            taken[best] = true;
            load[best] += cost_of(job, t) / width;
            if (zkg_u32_push(&draft->order[best], t) != ZKG_OK)
                goto free_load;
        }
    }
    status = zkg_draft_deal_tables(draft);

free_load:
    free(taken);
    free(load);
    return status;
}

zkg_status zkg_plan_default(zkg_plan **out, const zkg_job *job, zkg_error *err)
{
    zkg_draft draft;
    zkg_status status = zkg_draft_init(&draft, job);

    if (status == ZKG_OK)
        status = draft_default(&draft);
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
    free(plan);
}
