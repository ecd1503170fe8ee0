/* SPDX-License-Identifier: Apache-2.0
 * A task's segment, replayed; and its length, from the statement alone. */
#include "relation/circuit.h"
#include "relation/einsum.h"
#include "relation/lookup.h"
#include "relation/run.h"

zkg_status zkg_task_verify(zkg_child *c, const zkg_task_relations *t,
                           zkg_error *err)
{
    zkg_task_run run;
    zkg_status status = zkg_task_run_init(&run, c, t, err);

    if (status == ZKG_OK)
        status = zkg_lookup_verify(&run);
    for (uint32_t i = 0; i < t->einsums && status == ZKG_OK; i++) {
        if (t->einsum[i].virtual_operand >= 0 &&
            zkg_hooks_want(c->hooks, ZKG_CHEAT_DROPPED_CLAIM, t->task))
            continue;
        status = zkg_einsum_verify(&run, &t->einsum[i]);
    }
    for (uint32_t i = 0; i < t->circuits && status == ZKG_OK; i++)
        status = zkg_circuit_verify(&run, &t->circuit[i]);
    if (status == ZKG_OK) {
        const zkg_claim *open = zkg_ledger_undischarged(&c->ledger);

        if (open != NULL)
            status =
                zkg_verdict_fail(&c->verdict, ZKG_CHECK_LEDGER, t->task, -1,
                                 "virtual tensor %u: a claim is left "
                                 "open",
                                 open->tensor);
    }
    if (status == ZKG_ERR_MALFORMED)
        status = zkg_verdict_fail(&c->verdict, ZKG_CHECK_MALFORMED, t->task, -1,
                                  "task %lld: its segment is cut short, or "
                                  "holds a number that is too large",
                                  (long long)t->task);
    zkg_task_run_clear(&run);
    return status;
}

/* Verify zeros without a check, and what is left then; SIZE_MAX and nothing
 * left when that failed. */
static size_t size_segment(zkg_ledger *left, const zkg_task_relations *t,
                           const zkg_lookup_table *table)
{
    zkg_tape tape;
    zkg_child c = {.tape = &tape, .sizing = true};
    zkg_status status;
    size_t bytes;

    zkg_tape_init_sizing(&tape);
    status = t != NULL ? zkg_task_verify(&c, t, NULL)
                       : zkg_tableside_verify(&c, table, NULL);
    bytes = tape.pos;
    *left = (zkg_ledger){0};
    if (status == ZKG_OK) {
        *left = c.ledger;
        c.ledger = (zkg_ledger){0};
    }
    zkg_child_clear(&c);
    zkg_tape_clear(&tape);
    return status == ZKG_OK ? bytes : SIZE_MAX;
}

static size_t segment_bytes(const zkg_task_relations *t,
                            const zkg_lookup_table *table, size_t *claims)
{
    zkg_ledger left;
    const size_t bytes = size_segment(&left, t, table);

    if (claims != NULL)
        *claims = left.claims;
    zkg_ledger_clear(&left);
    return bytes;
}

void zkg_task_claims(zkg_ledger *out, const zkg_task_relations *t)
{
    (void)size_segment(out, t, NULL);
}

void zkg_tableside_claims(zkg_ledger *out, const zkg_lookup_table *table)
{
    (void)size_segment(out, NULL, table);
}

size_t zkg_task_segment_bytes(const zkg_task_relations *t, size_t *claims)
{
    return segment_bytes(t, NULL, claims);
}

size_t zkg_tableside_segment_bytes(const zkg_lookup_table *table,
                                   size_t *claims)
{
    return segment_bytes(NULL, table, claims);
}
