/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's side of the batch opening. */
#include "pcs/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pcs/hyperkzg.h"
#include "pcs/mercury.h"
#include "poly/eq.h"

/* Terms of [g] = sum weights[i] points[i], a commitment's chunks once only. */
typedef struct terms {
    const zkg_open_claim **order; /* claims by commitment */
    zkg_fr *power;                /* gamma^j */
    zkg_fr *scratch;              /* the most chunks of one claim */
    zkg_g1 *points;
    zkg_fr *weights;
    size_t count;
} terms;

static int by_commitment(const void *a, const void *b)
{
    const zkg_open_claim *const *x = a, *const *y = b;
    const uintptr_t p = (uintptr_t)(*x)->commitment;
    const uintptr_t q = (uintptr_t)(*y)->commitment;

    return p < q ? -1 : p > q;
}

/* All sizes are the statement's. */
static zkg_status terms_init(terms *t, const zkg_open_claim *claims,
                             size_t count, const zkg_srs_key *key)
{
    size_t chunks = 0, most = 0;

    t->order = zkg_alloc(count, sizeof(*t->order));
    t->power = zkg_alloc(count, sizeof(*t->power));
    if (t->order == NULL || t->power == NULL)
        return ZKG_ERR_NOMEM;
    for (size_t j = 0; j < count; j++)
        t->order[j] = &claims[j];
    qsort(t->order, count, sizeof(*t->order), by_commitment);
    for (size_t j = 0; j < count; j++) {
        const zkg_open_claim *c = t->order[j];

        if (j == 0 || c->commitment != t->order[j - 1]->commitment)
            chunks += (size_t)c->chunks;
        else if (c->chunks != t->order[j - 1]->chunks)
            return ZKG_ERR_INVALID;
        if (c->chunks > most)
            most = (size_t)c->chunks;
    }
    chunks += key->pcs == ZKG_PCS_HYPERKZG ? ZKG_HYPERKZG_TERMS(key->k)
                                           : ZKG_MERCURY_TERMS;
    t->scratch = zkg_alloc(most, sizeof(*t->scratch));
    t->points = zkg_alloc(chunks, sizeof(*t->points));
    t->weights = zkg_alloc(chunks, sizeof(*t->weights));
    return t->scratch != NULL && t->points != NULL && t->weights != NULL
               ? ZKG_OK
               : ZKG_ERR_NOMEM;
}

static void terms_clear(terms *t)
{
    zkg_free(t->order);
    zkg_free(t->power);
    zkg_free(t->scratch);
    zkg_free(t->points);
    zkg_free(t->weights);
}

/* weight of chunk c of claim j: gamma^j eq(z_lo, rho) eq(z_hi, c) */
static void terms_fill(terms *t, const zkg_open_claim *claims, size_t count,
                       uint32_t k, const zkg_fr *rho)
{
    const zkg_g1 *last = NULL;
    size_t at = 0;

    for (size_t j = 0; j < count; j++) {
        const zkg_open_claim *c = t->order[j];
        const size_t chunks = (size_t)c->chunks;
        const uint32_t high = c->vars > k ? c->vars - k : 0;
        zkg_fr weight;

        zkg_batch_weight(&weight, &t->power[c - claims], c, rho, k);
        zkg_eq_expand(t->scratch, high > 0 ? c->point + k : NULL, high,
                      &weight);
        if (j == 0 || c->commitment != last) {
            at = t->count;
            memcpy(t->points + at, c->commitment, chunks * sizeof(zkg_g1));
            memset(t->weights + at, 0, chunks * sizeof(zkg_fr));
            t->count += chunks;
            last = c->commitment;
        }
        for (size_t i = 0; i < chunks; i++)
            zkg_fr_add(&t->weights[at + i], &t->weights[at + i],
                       &t->scratch[i]);
    }
}

static zkg_status run(terms *t, zkg_tape *tape, const zkg_srs_key *key,
                      const zkg_open_claim *claims, size_t count,
                      uint32_t cpu_flags, zkg_verdict *verdict)
{
    zkg_fr claim, rho[ZKG_MAX_VARS];
    zkg_sumcheck_shape shape;
    zkg_status s;

    ZKG_TRY(terms_init(t, claims, count, key));
    zkg_batch_wire_start(tape, t->power, &claim, claims, count);
    zkg_batch_shape(&shape, key->k);
    s = zkg_sumcheck_verify(tape, &shape, &claim, rho);
    if (s == ZKG_ERR_MALFORMED)
        return zkg_verdict_fail(verdict, ZKG_CHECK_MALFORMED, -1, -1,
                                "the opening's sumcheck is malformed");
    ZKG_TRY(s);
    terms_fill(t, claims, count, key->k, rho);
    if (key->pcs == ZKG_PCS_HYPERKZG)
        return zkg_hyperkzg_verify(tape, key, t->points, t->weights, t->count,
                                   rho, &claim, cpu_flags, verdict);
    return zkg_mercury_verify(tape, key, t->points, t->weights, t->count, rho,
                              &claim, cpu_flags, verdict);
}

zkg_status zkg_batch_verify(zkg_tape *tape, const zkg_srs_key *key,
                            const zkg_open_claim *claims, size_t count,
                            uint32_t cpu_flags, zkg_verdict *verdict)
{
    terms t;
    zkg_status s;

    if (count == 0)
        return ZKG_OK;
    if (!zkg_batch_shapes_fit(claims, count, key->k))
        return ZKG_ERR_INVALID;
    memset(&t, 0, sizeof(t));
    s = run(&t, tape, key, claims, count, cpu_flags, verdict);
    terms_clear(&t);
    return s;
}
