/* SPDX-License-Identifier: Apache-2.0
 * A rank walks its list: for each child a group, freed whatever happens.
 *
 * Dependencies are tokens.  When a child ends, the first rank of its group
 * sends one token, the child's index, to each rank that was not in the group
 * and runs a child that needs it.  A rank waits for the tokens of a child's
 * needs before it joins the child's group.  A plan was checked for rings, so
 * each wait ends. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "graph/bind.h"
#include "prover/board.h"
#include "prover/prover.h"

/* MPI promises tags up to 32767. */
enum { GROUP_TAGS = 32000 };

static zkg_status wait_for_needs(zkg_prover *p, uint32_t child, bool *done)
{
    const zkg_plan *plan = p->plan;

    for (uint32_t i = plan->need_first[child]; i < plan->need_first[child + 1];
         i++)
        while (!done[plan->need[i]]) {
            const double start = zkg_seconds();
            uint64_t ended;

            ZKG_TRY(zkg_comm_recv_token(p->world, &ended));
            if (ended >= plan->tasks + plan->tables)
                return ZKG_ERR_INTERNAL;
            done[ended] = true;
            p->wait_s += zkg_seconds() - start;
        }
    return ZKG_OK;
}

static zkg_status tell_dependents(zkg_prover *p, uint32_t child)
{
    const zkg_plan *plan = p->plan;

    for (uint32_t i = plan->told_first[child]; i < plan->told_first[child + 1];
         i++)
        ZKG_TRY(zkg_comm_send_token(p->world, plan->told[i], child));
    return ZKG_OK;
}

/* A child's segment, to be freed; zeros when it failed, for rank 0 waits for
 * it all the same.  NULL without memory. */
static uint8_t *copy_segment(const zkg_prover *p, uint32_t c,
                             const zkg_child *child)
{
    const size_t len = p->layout.segment_bytes[c];
    uint8_t *segment = zkg_alloc(len, 1);

    if (segment != NULL && child != NULL && child->tape->len > 0)
        memcpy(segment, child->tape->buf,
               child->tape->len < len ? child->tape->len : len);
    return segment;
}

/* Keep what the root needs of a child, and send its segment off. */
static zkg_status keep(zkg_prover *p, uint32_t c, zkg_child *child,
                       zkg_error *err)
{
    zkg_led_child *led = &p->led[p->led_len];
    const size_t len = child->tape->len;
    uint8_t *segment;
    zkg_status status;

    /* A cheat that leaves messages out has zeros for them. */
    if (len > p->layout.segment_bytes[c] ||
        (len < p->layout.segment_bytes[c] && !zkg_hooks_cheat(child->hooks)))
        return zkg_fail(err, ZKG_ERR_INTERNAL,
                        "%s: a segment of %zu bytes instead of %zu",
                        p->plan->name[c], len, p->layout.segment_bytes[c]);
    segment = copy_segment(p, c, child);
    if (segment == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "%s: no memory for its segment",
                        p->plan->name[c]);
    led->child = c;
    zkg_tape_state(child->tape, led->end.state);
    led->end.claim = child->ledger.claim;
    led->end.claims = child->ledger.claims;
    child->ledger = (zkg_ledger){0};
    led->end.fraction = child->fraction;
    led->end.fractions = child->fractions;
    child->fraction = NULL;
    child->fractions = 0;
    p->led_len++;
    status = zkg_prover_save(p, c, segment, err);
    if (status != ZKG_OK) {
        zkg_free(segment);
        return status;
    }
    return zkg_prover_post(p, c, segment);
}

static zkg_status post_nothing(zkg_prover *p, uint32_t c)
{
    uint8_t *zeros = copy_segment(p, c, NULL);

    return zeros == NULL ? ZKG_ERR_NOMEM : zkg_prover_post(p, c, zeros);
}

static zkg_status prove_child(zkg_prover *p, uint32_t c, zkg_child *child,
                              zkg_error *err)
{
    zkg_status status;

    if (c < p->st->tasks) {
        zkg_bound_task task;

        ZKG_TRY(zkg_statement_task(&task, p->st, c, p->arrays, err));
        status = zkg_task_prove(child, &task.relations, err);
        zkg_bound_task_clear(&task);
    } else {
        zkg_bound_table table;

        ZKG_TRY(zkg_statement_table(&table, p->st, c - p->st->tasks, p->arrays,
                                    err));
        status = zkg_tableside_prove(child, &table.table, err);
        zkg_bound_table_clear(&table);
    }
    if (status != ZKG_OK)
        return zkg_fail(err, status, "%s: no proof (%s)", p->plan->name[c],
                        zkg_status_words(status));
    return ZKG_OK;
}

static bool is_shared(zkg_status s)
{
    return s == ZKG_ERR_WITNESS || s == ZKG_ERR_INVALID ||
           s == ZKG_ERR_UNSUPPORTED;
}

/* One child, on the ranks of its group. */
static zkg_status run_child(zkg_status *failed, zkg_prover *p, uint32_t c,
                            zkg_error *err)
{
    const uint32_t *ranks = p->plan->group + p->plan->group_first[c];
    const uint32_t n = p->plan->group_first[c + 1] - p->plan->group_first[c];
    zkg_comm *group = NULL;
    zkg_tape tape;
    zkg_child child = {.tape = &tape,
                       .comm = zkg_comm_self(),
                       .backend = p->backend,
                       .challenge = p->seed.challenge,
                       .hooks = p->options->hooks,
                       .room = p->options->room_bytes,
                       .scratch = &p->scratch};
    zkg_status status;

    if (n > 1) {
        status = zkg_comm_subgroup(&group, p->world, ranks, n, c % GROUP_TAGS);
        if (status != ZKG_OK)
            return zkg_fail(err, status, "%s: its group cannot be made (%s)",
                            p->plan->name[c], zkg_status_words(status));
        child.comm = group;
    }
    zkg_root_child_tape(&tape, &p->seed, p->st, c, NULL, 0);
    status = prove_child(p, c, &child, err);
    if (status != ZKG_OK && is_shared(status)) {
        if (*failed == ZKG_OK)
            *failed = status;
        status = ranks[0] == p->rank ? post_nothing(p, c) : ZKG_OK;
    } else if (status == ZKG_OK && ranks[0] == p->rank) {
        status = keep(p, c, &child, err);
    }
    zkg_child_clear(&child);
    zkg_tape_clear(&tape);
    zkg_comm_free(group);
    return status;
}

/* Steps shorter than this do not pay for a look at the peak memory, which takes
 * some 60 us. */
#define LOOK_AT_MEMORY 4e-3

/* What a step took, from what the rank had spent before it. */
static void book(zkg_step_report *step, const zkg_prover *p, double comm_s,
                 uint64_t comm_bytes)
{
    step->wall = zkg_seconds() - p->start - step->start;
    zkg_comm_traffic(p->world, &step->comm_s, &step->comm_bytes);
    step->comm_s -= comm_s;
    step->comm_bytes -= comm_bytes;
    if (step->wall >= LOOK_AT_MEMORY)
        step->peak_rss = zkg_peak_rss();
    else if (p->step_len > 0)
        step->peak_rss = step[-1].peak_rss;
}

/* Wait for what a child needs, run it, tell those that wait for it. */
static zkg_status run_step(zkg_status *failed, zkg_prover *p, uint32_t c,
                           bool *done, zkg_error *err)
{
    const zkg_plan *plan = p->plan;
    zkg_step_report *step = &p->step[p->step_len];
    zkg_status status = wait_for_needs(p, c, done);
    double comm_s;
    uint64_t comm_bytes;

    if (status != ZKG_OK)
        return zkg_fail(err, status, "%s: waiting for others failed (%s)",
                        plan->name[c], zkg_status_words(status));
    ZKG_TRY(zkg_prover_stage(p, ZKG_STAGE_TASK, plan->name[c], err));
    step->rank = p->rank;
    step->child = c;
    step->start = zkg_seconds() - p->start;
    zkg_comm_traffic(p->world, &comm_s, &comm_bytes);
    status = run_child(failed, p, c, err);
    book(step, p, comm_s, comm_bytes);
    p->step_len++;
    done[c] = true;
    if (status == ZKG_OK && plan->group[plan->group_first[c]] == p->rank)
        status = tell_dependents(p, c);
    return status;
}

/* The scratch of one child. */
static zkg_status scratch_of(size_t *bytes, const zkg_prover *p, uint32_t c,
                             zkg_error *err)
{
    const uint32_t size = p->plan->group_first[c + 1] - p->plan->group_first[c];

    if (c < p->st->tasks) {
        zkg_bound_task task;

        ZKG_TRY(zkg_statement_task(&task, p->st, c, p->arrays, err));
        *bytes = zkg_task_scratch(&task.relations, size);
        zkg_bound_task_clear(&task);
    } else {
        zkg_bound_table table;

        ZKG_TRY(zkg_statement_table(&table, p->st, c - p->st->tasks, p->arrays,
                                    err));
        *bytes = zkg_tableside_scratch(&table.table, size);
        zkg_bound_table_clear(&table);
    }
    return ZKG_OK;
}

/* Make the scratch as large as any of this rank's children will have it. */
static zkg_status reserve_scratch(zkg_prover *p, uint32_t first, uint32_t steps,
                                  zkg_error *err)
{
    size_t most = 0;

    for (uint32_t i = 0; i < steps; i++) {
        const uint32_t c = p->plan->step[first + i];
        size_t bytes = 0;

        if (!p->have[c])
            ZKG_TRY(scratch_of(&bytes, p, c, err));
        most = bytes > most ? bytes : most;
    }
    if (zkg_arena_reserve(&p->scratch, most) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_NOMEM,
                        "no memory for the tables of a task: %zu bytes", most);
    return ZKG_OK;
}

zkg_status zkg_prover_walk(zkg_status *failed, zkg_prover *p, zkg_error *err)
{
    const zkg_plan *plan = p->plan;
    const uint32_t first = plan->step_first[p->rank];
    const uint32_t steps = plan->step_first[p->rank + 1] - first;
    const double start = zkg_seconds();
    bool *done = zkg_alloc((size_t)plan->tasks + plan->tables, sizeof(*done));
    zkg_status status = ZKG_OK;

    *failed = ZKG_OK;
    p->walk_at = start - p->start;
    p->step = zkg_alloc(steps, sizeof(*p->step));
    if (done == NULL || p->step == NULL)
        status = zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a list of tasks");
    else
        memcpy(done, p->have, p->layout.children * sizeof(*done));
    if (status == ZKG_OK)
        status = reserve_scratch(p, first, steps, err);
    for (uint32_t i = 0; status == ZKG_OK && i < steps; i++) {
        const uint32_t c = plan->step[first + i];

        if (p->have[c])
            continue;
        status = run_step(failed, p, c, done, err);
        if (status == ZKG_OK)
            zkg_board_end(p->options->board, p->rank, i + 1, c,
                          p->step[p->step_len - 1].wall);
        if (status == ZKG_OK)
            status = zkg_prover_collect(p, false, err);
    }
    zkg_free(done);
    zkg_arena_clear(&p->scratch);
    p->walk_s = zkg_seconds() - start;
    return status;
}
