/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bound task built call by call, and the round trip that the tests of
 * lookups and einsums share: prove, verify with what a verifier has, and hold
 * everything that is left (claims, fractions, lengths) to direct evaluation.
 */
#ifndef ZKG_TESTS_RELATION_FIXTURE_H
#define ZKG_TESTS_RELATION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "base/bits.h"
#include "comm/comm.h"
#include "poly/array_mle.h"
#include "relation/relation.h"

#include "rng.h"

enum { FX_MAX = 24, FX_OPERANDS = 64, FX_TABLES = 6 };

typedef struct fixture {
    rng random;
    bool garbage; /* new tensors store their padded cube, padding random */
    zkg_axis axis[FX_MAX];
    zkg_operand operand[FX_OPERANDS];
    zkg_array array[FX_OPERANDS];
    zkg_site site[FX_MAX];
    uint32_t site_columns[FX_MAX][8];
    zkg_einsum einsum[FX_MAX];
    zkg_term term[FX_MAX][6];
    zkg_lookup_challenges challenge[FX_TABLES];
    zkg_task_relations t;
} fixture;

/* What a prover or verifier leaves behind. */
typedef struct outcome {
    zkg_status status;
    zkg_child c;
    zkg_tape tape;
    zkg_error err;
} outcome;

static inline void fx_fr(fixture *f, zkg_fr *out)
{
    uint8_t wide[64];

    for (size_t i = 0; i < sizeof(wide); i++)
        wide[i] = (uint8_t)rng_u64(&f->random);
    zkg_fr_from_wide_bytes(out, wide);
}

static inline void fx_init(fixture *f, uint64_t copies)
{
    memset(f, 0, sizeof(*f));
    f->random = rng_new();
    f->axis[0] = (zkg_axis){copies, zkg_log2_ceil(copies)};
    f->t = (zkg_task_relations){.task = 7,
                                .axes = 1,
                                .axis = f->axis,
                                .operand = f->operand,
                                .site = f->site,
                                .einsum = f->einsum};
    for (uint32_t i = 0; i < FX_TABLES; i++) {
        fx_fr(f, &f->challenge[i].alpha);
        fx_fr(f, &f->challenge[i].beta);
    }
}

static inline void fx_clear(fixture *f)
{
    for (uint32_t i = 0; i < f->t.operands; i++)
        zkg_array_clear(&f->array[i]);
}

static inline uint32_t fx_axis(fixture *f, uint64_t len)
{
    f->axis[f->t.axes] = (zkg_axis){len, zkg_log2_ceil(len)};
    return f->t.axes++;
}

/* A tensor over n axes of values in [low, high]; ids of the tensors differ. */
static inline uint32_t fx_tensor(fixture *f, zkg_visibility vis, zkg_dtype type,
                                 int64_t low, int64_t high, uint32_t n,
                                 const uint32_t *axis)
{
    const uint32_t id = f->t.operands++;
    zkg_operand *o = &f->operand[id];
    zkg_array *a = &f->array[id];
    uint64_t len[ZKG_MAX_AXES] = {0}, cells = 1;

    *o = (zkg_operand){.tensor = 100 + id, .vis = vis, .axes = n, .array = a};
    for (uint32_t k = 0; k < n; k++) {
        const zkg_axis *x = &f->axis[axis[k]];

        o->axis[k] = axis[k];
        len[k] =
            f->garbage && vis != ZKG_PUBLIC ? (uint64_t)1 << x->bits : x->len;
        cells *= len[k];
    }
    assert_int_equal(zkg_array_init(a, type, n, len, NULL), ZKG_OK);
    for (uint32_t k = 0; k < n; k++)
        a->len[k] = f->axis[axis[k]].len;
    for (uint64_t i = 0; i < cells; i++) {
        int64_t v =
            low + (int64_t)rng_below(&f->random, (uint64_t)(high - low) + 1);

        /* A 1 in the padding of a lone column is a denominator 0, which the
         * verifier refuses. */
        v = f->garbage && v == 1 ? high : v;
        if (type == ZKG_FR)
            zkg_fr_from_i64(&((zkg_fr *)a->data)[i], v);
        else
            zkg_array_set_i64(a, i, v);
    }
    return id;
}

static inline uint64_t fx_flat(const fixture *f, uint32_t id,
                               const uint32_t *axis, const uint64_t *index)
{
    const zkg_array *a = &f->array[id];
    uint64_t flat = 0;

    for (uint32_t k = 0; k < a->axes; k++)
        flat = flat * a->stored[k] + index[axis[k]];
    return flat;
}

/* Whether the cell at index[axis[..]] is stored. */
static inline bool fx_stored(const fixture *f, uint32_t id,
                             const uint32_t *axis, const uint64_t *index)
{
    for (uint32_t k = 0; k < f->array[id].axes; k++)
        if (index[axis[k]] >= f->array[id].stored[k])
            return false;
    return true;
}

static inline zkg_fr fx_get(const fixture *f, uint32_t id, const uint32_t *axis,
                            const uint64_t *index)
{
    const zkg_array *a = &f->array[id];
    zkg_fr v = zkg_fr_zero;

    if (!fx_stored(f, id, axis, index))
        return v;
    if (a->type == ZKG_FR)
        return ((const zkg_fr *)a->data)[fx_flat(f, id, axis, index)];
    zkg_fr_from_i64(&v, zkg_array_get_i64(a, fx_flat(f, id, axis, index)));
    return v;
}

static inline uint32_t fx_site(fixture *f, uint32_t table, uint32_t columns,
                               const uint32_t *operand)
{
    const uint32_t j = f->t.sites++;

    memcpy(f->site_columns[j], operand, columns * sizeof(*operand));
    f->site[j] = (zkg_site){.relation = j,
                            .table = table,
                            .columns = columns,
                            .operand = f->site_columns[j]};
    return j;
}

static inline uint32_t fx_einsum(fixture *f, uint32_t n, const uint32_t *out,
                                 int32_t virtual_operand)
{
    const uint32_t i = f->t.einsums++;
    zkg_einsum *e = &f->einsum[i];

    *e = (zkg_einsum){.relation = 50 + i,
                      .out_axes = n,
                      .term = f->term[i],
                      .virtual_operand = virtual_operand};
    for (uint32_t k = 0; k < n; k++)
        e->out[k] = out[k];
    return i;
}

/* factors: 0..2 pairs (operand, axes); axes NULL: the operand's own. */
static inline void fx_term(fixture *f, uint32_t e, int64_t c, uint32_t factors,
                           const uint32_t *operand, const uint32_t *const *axes)
{
    zkg_term *term = &f->term[e][f->einsum[e].terms++];

    memset(term, 0, sizeof(*term));
    zkg_fr_from_i64(&term->c, c);
    term->factors = factors;
    for (uint32_t k = 0; k < factors; k++) {
        const zkg_operand *o = &f->operand[operand[k]];

        term->operand[k] = operand[k];
        term->indices[k] = o->axes;
        for (uint32_t i = 0; i < o->axes; i++)
            term->index[k][i] = (zkg_index){
                .a = axes != NULL && axes[k] != NULL ? axes[k][i] : o->axis[i],
                .b = ZKG_NO_AXIS,
                .s = 1};
    }
}

static inline void fx_term1(fixture *f, uint32_t e, int64_t c, uint32_t a)
{
    fx_term(f, e, c, 1, &a, NULL);
}

static inline void fx_term2(fixture *f, uint32_t e, int64_t c, uint32_t a,
                            uint32_t b)
{
    const uint32_t operand[2] = {a, b};

    fx_term(f, e, c, 2, operand, NULL);
}

/* Next index over axes[0..n) below limit[]; false after the last. */
static inline bool fx_next(uint64_t *index, uint32_t n, const uint32_t *axes,
                           const uint64_t *limit)
{
    for (uint32_t k = n; k-- > 0;) {
        if (++index[axes[k]] < limit[axes[k]])
            return true;
        index[axes[k]] = 0;
    }
    return false;
}

/* Make the index of factor x, axis k, of the einsum's last term affine. */
static inline void fx_affine(fixture *f, uint32_t e, uint32_t x, uint32_t k,
                             int64_t s, uint32_t a, int64_t d, uint32_t b,
                             int64_t offset)
{
    f->term[e][f->einsum[e].terms - 1].index[x][k] =
        (zkg_index){.a = a, .b = b, .s = s, .d = d, .e = offset};
}

/* What a factor reads; 0 where an affine index leads out of real entries. */
static inline zkg_fr fx_cell(const fixture *f, const zkg_term *term, uint32_t x,
                             const uint64_t *at)
{
    const uint32_t id = term->operand[x];
    const zkg_operand *o = &f->operand[id];
    uint64_t index[FX_MAX] = {0};
    uint32_t axis[ZKG_MAX_AXES];

    for (uint32_t k = 0; k < term->indices[x]; k++) {
        const zkg_index *i = &term->index[x][k];
        int64_t u = i->s * (int64_t)at[i->a] + i->e;

        if (i->b != ZKG_NO_AXIS)
            u += i->d * (int64_t)at[i->b];
        if (zkg_index_is_affine(i) &&
            (u < 0 || (uint64_t)u >= f->axis[o->axis[k]].len))
            return zkg_fr_zero;
        axis[k] = k;
        index[k] = (uint64_t)u;
    }
    return fx_get(f, id, axis, index);
}

static inline bool fx_is_out(const zkg_einsum *e, uint32_t axis)
{
    for (uint32_t o = 0; o < e->out_axes; o++)
        if (e->out[o] == axis)
            return true;
    return false;
}

/* The einsum's value at out index `index`, by direct sums over real cells of
 * contracted axes; terms that are broadcast, or have an affine index there,
 * count where the index is real. */
static inline zkg_fr fx_value(const fixture *f, const zkg_einsum *e,
                              const uint64_t *index)
{
    zkg_fr sum = zkg_fr_zero;

    for (uint32_t i = 0; i < e->terms; i++) {
        const zkg_term *term = &e->term[i];
        uint32_t inner[4 * ZKG_MAX_AXES], n = 0;
        uint64_t at[FX_MAX] = {0}, limit[FX_MAX] = {0};
        bool named[FX_MAX] = {false}, plain[FX_MAX] = {false};
        bool real = true;
        zkg_fr v;

        for (uint32_t k = 0; k < e->out_axes; k++)
            at[e->out[k]] = index[e->out[k]];
        for (uint32_t x = 0; x < term->factors; x++) {
            for (uint32_t k = 0; k < term->indices[x]; k++) {
                const zkg_index *y = &term->index[x][k];
                const uint32_t both[2] = {y->a, y->b};

                for (uint32_t j = 0; j < 2 && both[j] != ZKG_NO_AXIS; j++) {
                    const uint32_t a = both[j];

                    if (!fx_is_out(e, a) && !named[a]) {
                        inner[n++] = a;
                        limit[a] = f->axis[a].len;
                    }
                    named[a] = true;
                    plain[a] |= !zkg_index_is_affine(y);
                }
            }
        }
        for (uint32_t k = 0; k < e->out_axes; k++)
            real &=
                plain[e->out[k]] || index[e->out[k]] < f->axis[e->out[k]].len;
        if (!real)
            continue;
        do {
            v = term->c;
            for (uint32_t x = 0; x < term->factors; x++) {
                const zkg_fr cell = fx_cell(f, term, x, at);

                zkg_fr_mul(&v, &v, &cell);
            }
            zkg_fr_add(&sum, &sum, &v);
        } while (fx_next(at, n, inner, limit));
    }
    return sum;
}

/* Fill operand `id`, of type fr and stored as its padded cube, so that it is
 * the einsum's value times `scale` everywhere: V, or the last term. */
static inline void fx_solve(fixture *f, uint32_t e, uint32_t id, int64_t scale)
{
    const zkg_einsum *sum = &f->einsum[e];
    zkg_array *a = &f->array[id];
    uint64_t index[FX_MAX] = {0}, limit[FX_MAX] = {0};
    zkg_fr c;

    zkg_fr_from_i64(&c, scale);
    for (uint32_t k = 0; k < sum->out_axes; k++)
        limit[sum->out[k]] = a->stored[k];
    do {
        zkg_fr v = fx_value(f, sum, index);

        zkg_fr_mul(&v, &v, &c);
        ((zkg_fr *)a->data)[fx_flat(f, id, sum->out, index)] = v;
    } while (fx_next(index, sum->out_axes, sum->out, limit));
}

/* ---- round trip ---- */

static inline void outcome_clear(outcome *o)
{
    zkg_child_clear(&o->c);
    zkg_tape_clear(&o->tape);
}

static inline void fx_prove(outcome *o, const fixture *f,
                            const zkg_hooks *hooks)
{
    const uint8_t seed[64] = {1};

    memset(o, 0, sizeof(*o));
    zkg_tape_init_child(&o->tape, seed, "task", 7, NULL, 0);
    o->c = (zkg_child){.tape = &o->tape,
                       .comm = zkg_comm_self(),
                       .backend = zkg_backend_ref(),
                       .challenge = f->challenge,
                       .hooks = hooks};
    o->status = zkg_task_prove(&o->c, &f->t, &o->err);
}

/* Verify with the public arrays only; bytes must outlive o. */
static inline void fx_verify(outcome *o, const fixture *f, const uint8_t *bytes,
                             size_t len, const zkg_hooks *hooks)
{
    const uint8_t seed[64] = {1};
    zkg_operand operand[FX_OPERANDS];
    zkg_task_relations t = f->t;

    memset(o, 0, sizeof(*o));
    memcpy(operand, f->operand, sizeof(operand));
    for (uint32_t i = 0; i < t.operands; i++)
        if (operand[i].vis != ZKG_PUBLIC)
            operand[i].array = NULL;
    t.operand = operand;
    zkg_tape_init_child(&o->tape, seed, "task", 7, bytes == NULL ? seed : bytes,
                        len);
    o->c = (zkg_child){
        .tape = &o->tape, .challenge = f->challenge, .hooks = hooks};
    o->status = zkg_task_verify(&o->c, &t, &o->err);
    if (o->status == ZKG_OK)
        o->status = zkg_tape_finish(&o->tape);
}

static inline void same_claims(const zkg_ledger *a, const zkg_ledger *b)
{
    assert_int_equal(a->claims, b->claims);
    for (size_t i = 0; i < a->claims; i++)
        assert_memory_equal(&a->claim[i], &b->claim[i], sizeof(zkg_claim));
}

/* What a batch opening would find: every claim is true. */
static inline void claims_are_true(const fixture *f, const zkg_ledger *ledger)
{
    for (size_t i = 0; i < ledger->claims; i++) {
        const zkg_claim *c = &ledger->claim[i];
        zkg_fr v;

        assert_true(c->vis == ZKG_PRIVATE || c->vis == ZKG_FIXED);
        assert_int_equal(
            zkg_array_mle(&v, &f->array[c->tensor - 100], c->point), ZKG_OK);
        assert_true(zkg_fr_equal(&v, &c->value));
    }
}

/* P/Q is the sum of 1 / (alpha - sum beta^c col) over the real rows. */
static inline void fractions_are_true(const fixture *f, const zkg_child *c)
{
    assert_int_equal(c->fractions, f->t.sites);
    for (uint32_t j = 0; j < f->t.sites; j++) {
        const zkg_site *site = &f->site[j];
        const zkg_lookup_challenges *x = &f->challenge[site->table];
        uint64_t index[FX_MAX] = {0}, limit[FX_MAX] = {0};
        uint32_t axes[FX_MAX], n = 0;
        zkg_fr sum = zkg_fr_zero;

        for (uint32_t k = 0; k < site->columns; k++) {
            const zkg_operand *o = &f->operand[site->operand[k]];

            for (uint32_t i = 0; i < o->axes; i++) {
                if (limit[o->axis[i]] == 0)
                    axes[n++] = o->axis[i];
                limit[o->axis[i]] = f->axis[o->axis[i]].len;
            }
        }
        do {
            zkg_fr q = x->alpha, power = zkg_fr_one;

            for (uint32_t k = 0; k < site->columns; k++) {
                zkg_fr v = fx_get(f, site->operand[k],
                                  f->operand[site->operand[k]].axis, index);

                zkg_fr_mul(&v, &v, &power);
                zkg_fr_sub(&q, &q, &v);
                zkg_fr_mul(&power, &power, &x->beta);
            }
            zkg_fr_inv(&q, &q);
            zkg_fr_add(&sum, &sum, &q);
        } while (fx_next(index, n, axes, limit));
        zkg_fr_mul(&sum, &sum, &c->fraction[j].q);
        assert_true(zkg_fr_equal(&sum, &c->fraction[j].p));
        assert_int_equal(c->fraction[j].table, site->table);
        assert_false(c->fraction[j].table_side);
    }
}

/* The whole round trip. */
static inline void fx_check(const fixture *f)
{
    outcome prover, verifier;
    size_t claims = 0;

    fx_prove(&prover, f, NULL);
    if (prover.status != ZKG_OK)
        fail_msg("prove: %s (%s)", zkg_status_name(prover.status),
                 prover.err.text);
    fx_verify(&verifier, f, prover.tape.buf, prover.tape.len, NULL);
    if (verifier.status != ZKG_OK)
        fail_msg("verify: %s, %s (%s)", zkg_status_name(verifier.status),
                 zkg_check_name(verifier.c.verdict.check),
                 verifier.c.verdict.text);
    assert_memory_equal(prover.tape.state, verifier.tape.state,
                        sizeof(prover.tape.state));
    assert_int_equal(zkg_task_segment_bytes(&f->t, &claims), prover.tape.len);
    assert_int_equal(claims, prover.c.ledger.claims);
    same_claims(&prover.c.ledger, &verifier.c.ledger);
    claims_are_true(f, &verifier.c.ledger);
    fractions_are_true(f, &verifier.c);
    outcome_clear(&prover);
    outcome_clear(&verifier);
}

/* No byte of the segment can be changed, and none can be missing.  Some change
 * is refused with this text; NULL: with any. */
static inline void fx_check_tampering(const fixture *f, const char *refusal)
{
    outcome prover, verifier;
    bool met = refusal == NULL;
    uint8_t *bytes;

    fx_prove(&prover, f, NULL);
    assert_int_equal(prover.status, ZKG_OK);
    bytes = malloc(prover.tape.len + 1);
    assert_non_null(bytes);
    memcpy(bytes, prover.tape.buf, prover.tape.len);
    bytes[prover.tape.len] = 0;
    for (size_t i = 0; i < prover.tape.len; i++) {
        bytes[i] ^= (uint8_t)(1u << (i % 8));
        fx_verify(&verifier, f, bytes, prover.tape.len, NULL);
        assert_true(verifier.status == ZKG_ERR_REJECT ||
                    verifier.status == ZKG_ERR_MALFORMED);
        assert_int_not_equal(verifier.c.verdict.check, ZKG_CHECK_NONE);
        met = met || strstr(verifier.c.verdict.text, refusal) != NULL;
        bytes[i] ^= (uint8_t)(1u << (i % 8));
        outcome_clear(&verifier);
    }
    assert_true(met);
    for (size_t len = 0; len < prover.tape.len; len += 16) {
        fx_verify(&verifier, f, bytes, len, NULL);
        assert_int_equal(verifier.status, ZKG_ERR_MALFORMED);
        outcome_clear(&verifier);
    }
    fx_verify(&verifier, f, bytes, prover.tape.len + 1, NULL);
    assert_int_equal(verifier.status, ZKG_ERR_MALFORMED);
    outcome_clear(&verifier);
    outcome_clear(&prover);
    free(bytes);
}

#endif
