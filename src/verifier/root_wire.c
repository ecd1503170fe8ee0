/* SPDX-License-Identifier: Apache-2.0
 * The root sequence, once for both sides. */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "graph/bind.h"
#include "pcs/kzg.h"
#include "verifier/root.h"

/* ePrint 2025/118: a circuit that computes this protocol's own challenges
 * must be larger or deeper than what is absorbed here: as many zeros as the
 * largest circuit has gates, and more hashes in a row than the deepest one
 * could compute. */
static void harden(zkg_tape *tape, const zkg_statement *st)
{
    zkg_tape_public_zeros(tape, ZKG_TAG_PADDING, zkg_statement_most_gates(st));
    zkg_tape_ratchet(tape, zkg_statement_ratchets(st));
}

static const char protocol_name[] = "zkgkr gkr bn254";

/* ---- sizes ------------------------------------------------------------- */

void zkg_root_proof_sizes(zkg_proof_sizes *out, const zkg_root_layout *layout)
{
    out->public_bytes = layout->public_bytes;
    out->commit_bytes = layout->commit_bytes;
    out->segments_bytes = layout->segments_bytes;
    out->opening_bytes = layout->opening_bytes;
}

static zkg_status size_child(zkg_root_layout *out, const zkg_statement *st,
                             uint32_t c, zkg_error *err)
{
    size_t claims = 0;

    if (c < st->tasks) {
        zkg_bound_task task;

        ZKG_TRY(zkg_statement_task(&task, st, c, NULL, err));
        out->segment_bytes[c] =
            zkg_task_segment_bytes(&task.relations, &claims);
        zkg_bound_task_clear(&task);
    } else {
        zkg_bound_table table;

        ZKG_TRY(zkg_statement_table(&table, st, c - st->tasks, NULL, err));
        out->segment_bytes[c] =
            zkg_tableside_segment_bytes(&table.table, &claims);
        zkg_bound_table_clear(&table);
    }
    /* Nothing may be sent: 0 is a length.  Far below the limit no sum of
     * lengths can wrap. */
    if (out->segment_bytes[c] > SIZE_MAX / 4 ||
        out->segments_bytes > SIZE_MAX / 4)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "child %u of the proof cannot be sized: its relations "
                        "are refused or memory is short",
                        (unsigned)c);
    out->segments_bytes += out->segment_bytes[c];
    out->claims += claims;
    return ZKG_OK;
}

static zkg_status size_tensors(zkg_root_layout *out, const zkg_statement *st,
                               uint32_t k, zkg_error *err)
{
    for (uint32_t t = 0; t < st->tensors; t++) {
        const zkg_tensor *x = &st->tensor[t];
        const uint64_t chunks = zkg_kzg_chunks(zkg_tensor_vars(x), k);

        switch (x->vis) {
        case ZKG_FIXED:
            out->first_chunk[t] = out->fixed_points;
            out->fixed_points += chunks;
            break;
        case ZKG_PRIVATE:
            out->first_chunk[t] = out->private_points;
            out->private_points += chunks;
            break;
        case ZKG_PUBLIC:
            out->public_bytes +=
                (size_t)zkg_tensor_count(x) * zkg_dtype_size(x->type);
            break;
        case ZKG_VIRTUAL:
            break;
        }
        if (out->private_points > SIZE_MAX / 256 ||
            out->fixed_points > SIZE_MAX / 256 ||
            out->public_bytes > SIZE_MAX / 256)
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "the statement's proof is too large for this "
                            "machine");
    }
    out->commit_bytes = (size_t)out->private_points * ZKG_TAPE_G1_BYTES;
    return ZKG_OK;
}

zkg_status zkg_root_layout_init(zkg_root_layout *out, const zkg_statement *st,
                                const zkg_srs_key *srs, zkg_error *err)
{
    zkg_status status;

    memset(out, 0, sizeof(*out));
    out->children = st->tasks + st->tables;
    out->first_chunk =
        zkg_alloc((size_t)st->tensors + 1, sizeof(*out->first_chunk));
    out->segment_bytes =
        zkg_alloc((size_t)out->children + 1, sizeof(*out->segment_bytes));
    if (out->first_chunk == NULL || out->segment_bytes == NULL)
        status = zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a proof's layout");
    else
        status = size_tensors(out, st, srs->k, err);
    for (uint32_t c = 0; status == ZKG_OK && c < out->children; c++)
        status = size_child(out, st, c, err);
    if (status != ZKG_OK) {
        zkg_root_layout_clear(out);
        return status;
    }
    out->opening_bytes = zkg_batch_bytes(srs->pcs, srs->k, out->claims);
    return ZKG_OK;
}

void zkg_root_layout_clear(zkg_root_layout *layout)
{
    zkg_free(layout->first_chunk);
    zkg_free(layout->segment_bytes);
    memset(layout, 0, sizeof(*layout));
}

/* ---- start ------------------------------------------------------------- */

static void absorb_statement(zkg_tape *tape, const zkg_statement *st,
                             const zkg_srs_key *srs,
                             const zkg_root_layout *layout, const zkg_g1 *fixed)
{
    uint8_t features[12];

    zkg_tape_public(tape, ZKG_TAG_PROTOCOL, protocol_name,
                    sizeof(protocol_name) - 1);
    zkg_tape_public_u64(tape, ZKG_TAG_PROTOCOL, ZKG_PROTOCOL_VERSION);
    zkg_store_u32le(features, srs->development ? 1 : 0);
    zkg_store_u32le(features + 4, (uint32_t)srs->pcs);
    zkg_store_u32le(features + 8, srs->k);
    zkg_tape_public(tape, ZKG_TAG_FEATURES, features, sizeof(features));
    zkg_tape_public(tape, ZKG_TAG_SRS, srs->digest, sizeof(srs->digest));
    zkg_tape_public(tape, ZKG_TAG_GRAPH, st->digest, sizeof(st->digest));
    zkg_tape_public_g1(tape, ZKG_TAG_KEY, fixed, (size_t)layout->fixed_points);
}

static zkg_status absorb_public(zkg_tape *tape, const zkg_statement *st,
                                const zkg_array *const *arrays, zkg_error *err)
{
    for (uint32_t t = 0; t < st->tensors; t++) {
        const uint8_t *bytes;
        uint8_t *copy;

        if (st->tensor[t].vis != ZKG_PUBLIC)
            continue;
        bytes = zkg_array_le_bytes(&copy, arrays[t]);
        if (bytes == NULL)
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for %s",
                            st->tensor[t].name);
        zkg_tape_public(tape, ZKG_TAG_PUBLIC, bytes,
                        (size_t)zkg_tensor_count(&st->tensor[t]) *
                            zkg_dtype_size(st->tensor[t].type));
        zkg_free(copy);
    }
    return ZKG_OK;
}

static zkg_status wire_commitments(zkg_tape *tape, const zkg_statement *st,
                                   const zkg_root_layout *layout, uint32_t k,
                                   zkg_g1 *commitments, zkg_error *err)
{
    for (uint32_t t = 0; t < st->tensors; t++) {
        zkg_status status;

        if (st->tensor[t].vis != ZKG_PRIVATE)
            continue;
        status = zkg_tape_g1(
            tape, ZKG_TAG_COMMIT, commitments + layout->first_chunk[t],
            (size_t)zkg_kzg_chunks(zkg_tensor_vars(&st->tensor[t]), k));
        if (status != ZKG_OK)
            return zkg_fail(err, status,
                            "the commitment of %s is not a point of the curve",
                            st->tensor[t].name);
    }
    return ZKG_OK;
}

zkg_status zkg_root_begin(zkg_tape *tape, const zkg_statement *st,
                          const zkg_srs_key *srs, const zkg_root_layout *layout,
                          const zkg_g1 *fixed, const zkg_array *const *arrays,
                          zkg_error *err)
{
    absorb_statement(tape, st, srs, layout, fixed);
    return absorb_public(tape, st, arrays, err);
}

zkg_status zkg_root_start(zkg_root_seed *out, zkg_tape *tape,
                          const zkg_statement *st, uint32_t k,
                          const zkg_root_layout *layout, zkg_g1 *commitments,
                          zkg_error *err)
{
    memset(out, 0, sizeof(*out));
    ZKG_TRY(wire_commitments(tape, st, layout, k, commitments, err));
    harden(tape, st);
    zkg_tape_squeeze(tape, out->seed);
    out->challenge = zkg_alloc((size_t)st->tables + 1, sizeof(*out->challenge));
    if (out->challenge == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for challenges");
    for (uint32_t t = 0; t < st->tables; t++) {
        zkg_tape_challenge(tape, ZKG_TAG_ALPHA, &out->challenge[t].alpha, 1);
        zkg_tape_challenge(tape, ZKG_TAG_BETA, &out->challenge[t].beta, 1);
    }
    return ZKG_OK;
}

void zkg_root_seed_clear(zkg_root_seed *seed)
{
    zkg_free(seed->challenge);
    memset(seed, 0, sizeof(*seed));
}

void zkg_root_child_tape(zkg_tape *child, const zkg_root_seed *seed,
                         const zkg_statement *st, uint32_t c,
                         const uint8_t *bytes, size_t len)
{
    if (c < st->tasks)
        zkg_tape_init_child(child, seed->seed, "task", c, bytes, len);
    else
        zkg_tape_init_child(child, seed->seed, "table", c - st->tasks, bytes,
                            len);
}

/* ---- finish ------------------------------------------------------------ */

static void absorb_claim(zkg_tape *tape, const zkg_claim *claim)
{
    zkg_tape_public_u64(tape, ZKG_TAG_CLAIM, claim->tensor);
    zkg_tape_public_fr(tape, ZKG_TAG_CLAIM, claim->point, claim->vars);
    zkg_tape_public_fr(tape, ZKG_TAG_CLAIM, &claim->value, 1);
}

static zkg_status check_fractions(const zkg_child_end *ends, uint32_t children,
                                  uint32_t tables, zkg_verdict *verdict,
                                  zkg_error *err)
{
    size_t total = 0, at = 0;
    zkg_fraction *all;
    zkg_status status;

    for (uint32_t c = 0; c < children; c++)
        total += ends[c].fractions;
    all = zkg_alloc(total, sizeof(*all));
    if (all == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for fractions");
    for (uint32_t c = 0; c < children; c++)
        for (uint32_t i = 0; i < ends[c].fractions; i++)
            all[at++] = ends[c].fraction[i];
    status = zkg_fractions_check(verdict, all, total, tables);
    zkg_free(all);
    return status;
}

/* A claim is on a committed tensor and has its number of variables. */
static zkg_status list_claim(zkg_open_claim *out, const zkg_statement *st,
                             const zkg_root_layout *layout, uint32_t k,
                             const zkg_claim *claim,
                             const zkg_array *const *arrays,
                             const zkg_g1 *fixed, const zkg_g1 *commitments,
                             int64_t task, zkg_verdict *verdict)
{
    const zkg_tensor *x;
    const zkg_g1 *points;

    if (claim->tensor >= st->tensors)
        return zkg_verdict_fail(verdict, ZKG_CHECK_LEDGER, task, -1,
                                "a claim on a tensor that is not there");
    x = &st->tensor[claim->tensor];
    if ((x->vis != ZKG_FIXED && x->vis != ZKG_PRIVATE) ||
        claim->vars != zkg_tensor_vars(x))
        return zkg_verdict_fail(verdict, ZKG_CHECK_LEDGER, task, -1,
                                "nothing discharges a claim on %s tensor %s",
                                zkg_visibility_name(x->vis), x->name);
    points = x->vis == ZKG_FIXED ? fixed : commitments;
    *out = (zkg_open_claim){
        .array = arrays == NULL ? NULL : arrays[claim->tensor],
        .commitment = arrays != NULL || points == NULL
                          ? NULL
                          : points + layout->first_chunk[claim->tensor],
        .chunks = zkg_kzg_chunks(claim->vars, k),
        .vars = claim->vars,
        .point = claim->point,
        .value = claim->value,
    };
    return ZKG_OK;
}

zkg_status zkg_root_finish(zkg_open_claim **claims, size_t *count,
                           zkg_tape *tape, const zkg_statement *st,
                           const zkg_root_layout *layout, uint32_t k,
                           const zkg_child_end *ends,
                           const zkg_array *const *arrays, const zkg_g1 *fixed,
                           const zkg_g1 *commitments, zkg_verdict *verdict,
                           zkg_error *err)
{
    /* Only a prover that a test makes cheat brings no verdict. */
    const bool lenient = arrays != NULL && verdict == NULL;
    zkg_open_claim *list;
    size_t total = 0, at = 0;
    zkg_status status = ZKG_OK;

    for (uint32_t c = 0; c < layout->children; c++) {
        zkg_tape_public(tape, ZKG_TAG_CHILD, ends[c].state,
                        sizeof(ends[c].state));
        total += ends[c].claims;
    }
    for (uint32_t c = 0; c < layout->children; c++)
        for (size_t i = 0; i < ends[c].claims; i++)
            absorb_claim(tape, &ends[c].claim[i]);
    if (!lenient)
        ZKG_TRY(
            check_fractions(ends, layout->children, st->tables, verdict, err));
    /* Sizing counted them: more or fewer here is a fault of ours. */
    if (!lenient && total != layout->claims)
        return zkg_verdict_fail(verdict, ZKG_CHECK_LEDGER, -1, -1,
                                "%zu claims to open instead of %zu", total,
                                layout->claims);
    list = zkg_alloc(total, sizeof(*list));
    if (list == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for claims");
    for (uint32_t c = 0; status == ZKG_OK && c < layout->children; c++)
        for (size_t i = 0; status == ZKG_OK && i < ends[c].claims; i++)
            status = list_claim(&list[at++], st, layout, k, &ends[c].claim[i],
                                arrays, fixed, commitments,
                                c < st->tasks ? (int64_t)c : -1, verdict);
    if (status != ZKG_OK) {
        zkg_free(list);
        return status;
    }
    *claims = list;
    *count = total;
    return ZKG_OK;
}
