/* SPDX-License-Identifier: Apache-2.0
 * One segment, verified. */
#include "verifier/replay.h"

#include "graph/bind.h"

static zkg_status replay(zkg_child *child, const zkg_statement *st, uint32_t c,
                         const zkg_array *const *arrays, zkg_error *err)
{
    zkg_status status;

    if (c < st->tasks) {
        zkg_bound_task task;

        ZKG_TRY(zkg_statement_task(&task, st, c, arrays, err));
        status = zkg_task_verify(child, &task.relations, err);
        zkg_bound_task_clear(&task);
    } else {
        zkg_bound_table table;

        ZKG_TRY(zkg_statement_table(&table, st, c - st->tasks, arrays, err));
        status = zkg_tableside_verify(child, &table.table, err);
        zkg_bound_table_clear(&table);
    }
    return status;
}

/* Hand over what the root needs. */
static void take_end(zkg_child_end *end, zkg_child *child)
{
    zkg_tape_state(child->tape, end->state);
    end->claim = child->ledger.claim;
    end->claims = child->ledger.claims;
    end->fraction = child->fraction;
    end->fractions = child->fractions;
    child->ledger = (zkg_ledger){0};
    child->fraction = NULL;
    child->fractions = 0;
}

zkg_status zkg_child_replay(zkg_child_end *end, zkg_verdict *verdict,
                            const zkg_root_seed *seed, const zkg_statement *st,
                            uint32_t c, const uint8_t *bytes, size_t len,
                            const zkg_array *const *arrays,
                            const zkg_hooks *hooks, zkg_error *err)
{
    const int64_t task = c < st->tasks ? (int64_t)c : -1;
    zkg_tape tape;
    zkg_child child = {
        .tape = &tape, .challenge = seed->challenge, .hooks = hooks};
    zkg_status status;

    zkg_root_child_tape(&tape, seed, st, c, bytes, len);
    status = replay(&child, st, c, arrays, err);
    if (status == ZKG_OK && zkg_tape_finish(&tape) != ZKG_OK)
        status = zkg_verdict_fail(verdict, ZKG_CHECK_SIZE, task, -1,
                                  "a segment has bytes left");
    if (child.verdict.check != ZKG_CHECK_NONE &&
        verdict->check == ZKG_CHECK_NONE)
        *verdict = child.verdict;
    take_end(end, &child);
    zkg_child_clear(&child);
    zkg_tape_clear(&tape);
    if (status == ZKG_ERR_MALFORMED)
        return zkg_verdict_fail(verdict, ZKG_CHECK_MALFORMED, task, -1,
                                "its segment is malformed");
    if (status == ZKG_ERR_REJECT && verdict->check == ZKG_CHECK_NONE)
        return zkg_verdict_fail(verdict, ZKG_CHECK_SUMCHECK_END, task, -1,
                                "its segment does not prove its relations");
    return status;
}
