/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/circuit.h"
#include "relation/einsum.h"
#include "relation/lookup.h"
#include "relation/run.h"

zkg_status zkg_task_prove(zkg_child *c, const zkg_task_relations *t,
                          zkg_error *err)
{
    zkg_arena own = {0};
    zkg_task_run run;
    zkg_status status = zkg_task_run_init(&run, c, t, err);

    run.scratch = c->scratch != NULL ? c->scratch : &own;
    if (status == ZKG_OK)
        status = zkg_lookup_prove(&run);
    for (uint32_t i = 0; i < t->einsums && status == ZKG_OK; i++) {
        if (t->einsum[i].virtual_operand >= 0 &&
            zkg_hooks_want(c->hooks, ZKG_CHEAT_DROPPED_CLAIM, t->task))
            continue;
        status = zkg_einsum_prove(&run, &t->einsum[i]);
    }
    for (uint32_t i = 0; i < t->circuits && status == ZKG_OK; i++)
        status = zkg_circuit_prove(&run, &t->circuit[i]);
    if (zkg_child_cheats(c) && zkg_ledger_undischarged(&c->ledger) != NULL)
        zkg_ledger_strike(&c->ledger,
                          zkg_ledger_undischarged(&c->ledger)->tensor);
    if (status == ZKG_OK && !zkg_child_cheats(c) &&
        zkg_ledger_undischarged(&c->ledger) != NULL)
        status = zkg_fail(err, ZKG_ERR_INTERNAL,
                          "task %lld: a claim on a "
                          "virtual tensor is left open",
                          (long long)t->task);
    zkg_task_run_clear(&run);
    zkg_arena_clear(&own);
    return status;
}

size_t zkg_task_scratch(const zkg_task_relations *t, uint32_t size)
{
    size_t most = zkg_lookup_scratch(t, size);

    for (uint32_t i = 0; i < t->einsums; i++) {
        const size_t one = zkg_einsum_scratch(t, &t->einsum[i]);

        most = one > most ? one : most;
    }
    return most;
}
