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
#include "prover/prover.h"

/* MPI promises tags up to 32767. */
enum { GROUP_TAGS = 32000 };

static bool in_group(const zkg_plan *plan, uint32_t child, uint32_t rank)
{
    for (uint32_t i = plan->group_first[child];
         i < plan->group_first[child + 1]; i++)
        if (plan->group[i] == rank)
            return true;
    return false;
}

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

/* Does rank run a child that needs this one? */
static bool runs_dependent(const zkg_plan *plan, uint32_t rank, uint32_t child)
{
    for (uint32_t s = plan->step_first[rank]; s < plan->step_first[rank + 1];
         s++) {
        const uint32_t c = plan->step[s];

        for (uint32_t i = plan->need_first[c]; i < plan->need_first[c + 1]; i++)
            if (plan->need[i] == child)
                return true;
    }
    return false;
}

static zkg_status tell_dependents(zkg_prover *p, uint32_t child)
{
    const zkg_plan *plan = p->plan;

    if (plan->need_first[plan->tasks + plan->tables] == 0)
        return ZKG_OK;
    for (uint32_t r = 0; r < plan->ranks; r++)
        if (!in_group(plan, child, r) && runs_dependent(plan, r, child))
            ZKG_TRY(zkg_comm_send_token(p->world, r, child));
    return ZKG_OK;
}

/* Keep what the root needs of a child. */
static zkg_status keep(zkg_prover *p, uint32_t c, zkg_child *child)
{
    zkg_led_child *led = &p->led[p->led_len];

    led->child = c;
    zkg_tape_state(child->tape, led->end.state);
    led->end.claim = child->ledger.claim;
    led->end.claims = child->ledger.claims;
    child->ledger = (zkg_ledger){0};
    led->end.fraction = child->fraction;
    led->end.fractions = child->fractions;
    child->fraction = NULL;
    child->fractions = 0;
    led->segment_len = child->tape->len;
    /* A cheat that leaves messages out has zeros for them. */
    if (zkg_hooks_cheat(child->hooks) &&
        led->segment_len < p->layout.segment_bytes[c])
        led->segment_len = p->layout.segment_bytes[c];
    led->segment = zkg_alloc(led->segment_len, 1);
    p->led_len++;
    if (led->segment == NULL)
        return ZKG_ERR_NOMEM;
    if (child->tape->len > 0)
        memcpy(led->segment, child->tape->buf, child->tape->len);
    return ZKG_OK;
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
                        zkg_status_name(status));
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
                       .hooks = p->options->hooks};
    zkg_status status;

    if (n > 1) {
        status = zkg_comm_subgroup(&group, p->world, ranks, n, c % GROUP_TAGS);
        if (status != ZKG_OK)
            return zkg_fail(err, status, "%s: its group cannot be made",
                            p->plan->name[c]);
        child.comm = group;
    }
    zkg_root_child_tape(&tape, &p->seed, p->st, c, NULL, 0);
    status = prove_child(p, c, &child, err);
    if (status != ZKG_OK && is_shared(status)) {
        if (*failed == ZKG_OK)
            *failed = status;
        status = ZKG_OK;
    } else if (status == ZKG_OK && ranks[0] == p->rank) {
        status = keep(p, c, &child);
    }
    zkg_child_clear(&child);
    zkg_tape_clear(&tape);
    zkg_comm_free(group);
    return status;
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
    p->led = zkg_alloc(steps, sizeof(*p->led));
    p->step = zkg_alloc(steps, sizeof(*p->step));
    if (done == NULL || p->led == NULL || p->step == NULL)
        status = zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a list of tasks");
    for (uint32_t i = 0; status == ZKG_OK && i < steps; i++) {
        const uint32_t c = plan->step[first + i];
        zkg_step_report *step = &p->step[i];

        status = wait_for_needs(p, c, done);
        if (status != ZKG_OK) {
            status = zkg_fail(err, status, "%s: waiting for others failed",
                              plan->name[c]);
            break;
        }
        step->rank = p->rank;
        step->child = c;
        step->start = zkg_seconds() - p->start;
        status = run_child(failed, p, c, err);
        step->wall = zkg_seconds() - p->start - step->start;
        p->step_len++;
        done[c] = true;
        if (status == ZKG_OK && plan->group[plan->group_first[c]] == p->rank)
            status = tell_dependents(p, c);
        if (p->options->progress != NULL && p->rank == 0)
            p->options->progress(p->options->progress_user, i + 1, steps,
                                 plan->name[c]);
    }
    zkg_free(done);
    p->walk_s = zkg_seconds() - start;
    return status;
}
