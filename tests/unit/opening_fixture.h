/* SPDX-License-Identifier: Apache-2.0 */
/* One vector, its opening by either PCS, and what holds of both. */
#ifndef ZKG_TESTS_OPENING_FIXTURE_H
#define ZKG_TESTS_OPENING_FIXTURE_H

#include "pcs_fixture.h"

#include "curve/msm.h"
#include "pcs/hyperkzg.h"
#include "pcs/mercury.h"
#include "poly/eq.h"

enum { POWER = 7, SIZE = 1 << POWER };

typedef struct opening {
    zkg_srs *srs;
    zkg_srs_key key;
    zkg_fr g[SIZE], u[POWER], s;
    zkg_g1 commitment;
    zkg_tape tape; /* proving */
} opening;

static inline void opening_start(opening *o, zkg_pcs pcs, uint32_t k,
                                 uint64_t seed)
{
    zkg_fr tau, weights[SIZE];

    memset(o, 0, sizeof(*o));
    o->srs = fixture_srs(POWER, &tau);
    assert_int_equal(zkg_srs_key_init(&o->key, o->srs, pcs, k, NULL), ZKG_OK);
    fixture_point(o->g, 1u << k, seed);
    fixture_point(o->u, k, seed + 1);
    zkg_eq_expand(weights, o->u, k, NULL);
    for (uint32_t i = 0; i < 1u << k; i++) {
        zkg_fr t;

        zkg_fr_mul(&t, &weights[i], &o->g[i]);
        zkg_fr_add(&o->s, &o->s, &t);
    }
    assert_int_equal(zkg_msm_g1(&o->commitment, o->srs->g1, o->g, ZKG_SCALAR_FR,
                                (size_t)1 << k, 0),
                     ZKG_OK);
}

/* A proof on a tape of its own, to be cleared. */
static inline zkg_status opening_send(zkg_tape *tape, const opening *o,
                                      const zkg_backend *backend,
                                      const zkg_hooks *hooks)
{
    zkg_tape_init_prove(tape);
    return o->key.pcs == ZKG_PCS_MERCURY
               ? zkg_mercury_open(tape, zkg_comm_self(), backend, o->srs,
                                  o->key.k, o->g, o->u, &o->s, hooks)
               : zkg_hyperkzg_open(tape, zkg_comm_self(), backend, o->srs,
                                   o->key.k, o->g, o->u, &o->s, hooks);
}

static inline void opening_prove(opening *o, zkg_pcs pcs, uint32_t k,
                                 uint64_t seed, const zkg_hooks *hooks)
{
    opening_start(o, pcs, k, seed);
    assert_int_equal(opening_send(&o->tape, o, zkg_backend_ref(), hooks),
                     ZKG_OK);
    assert_int_equal(o->tape.len, pcs == ZKG_PCS_MERCURY
                                      ? zkg_mercury_bytes()
                                      : zkg_hyperkzg_bytes(k));
}

static inline void opening_end(opening *o)
{
    zkg_tape_clear(&o->tape);
    zkg_srs_free(o->srs);
}

static inline zkg_status opening_verify(const opening *o, const uint8_t *bytes,
                                        size_t len, zkg_verdict *verdict)
{
    enum { TERMS = 1 + ZKG_MERCURY_TERMS + ZKG_HYPERKZG_TERMS(POWER) };
    zkg_g1 points[TERMS] = {o->commitment};
    zkg_fr weights[TERMS] = {zkg_fr_one};
    zkg_tape tape;
    zkg_status s;

    memset(verdict, 0, sizeof(*verdict));
    zkg_tape_init_verify(&tape, bytes, len);
    s = o->key.pcs == ZKG_PCS_MERCURY
            ? zkg_mercury_verify(&tape, &o->key, points, weights, 1, o->u,
                                 &o->s, 0, verdict)
            : zkg_hyperkzg_verify(&tape, &o->key, points, weights, 1, o->u,
                                  &o->s, 0, verdict);
    if (s == ZKG_OK)
        s = zkg_tape_finish(&tape);
    zkg_tape_clear(&tape);
    return s;
}

static inline zkg_status opening_verify_same(const opening *o,
                                             zkg_verdict *verdict)
{
    return opening_verify(o, o->tape.buf, o->tape.len, verdict);
}

#endif
