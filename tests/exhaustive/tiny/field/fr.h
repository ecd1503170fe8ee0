/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fr, with a prime of a few bits (TINY_P) instead of BN254's: the same names
 * and meanings as src/field/fr.h, which this stands before in the include path.
 * Protocol code never writes limbs, so it compiles against this unchanged.
 *
 * TINY_BLIND: nothing is found unequal.  A file of a verifier compiled so
 * checks nothing; a test that cannot tell is no test.
 */
#ifndef ZKG_FIELD_FR_H
#define ZKG_FIELD_FR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct zkg_fr {
    uint32_t v;
} zkg_fr;

typedef struct zkg_fr_wide {
    int64_t v[1];
} zkg_fr_wide;

static const zkg_fr zkg_fr_zero __attribute__((unused)) = {0};
static const zkg_fr zkg_fr_one __attribute__((unused)) = {1};

#define TINY static inline __attribute__((unused))

TINY void zkg_fr_from_u64(zkg_fr *r, uint64_t v)
{
    r->v = (uint32_t)(v % TINY_P);
}

TINY void zkg_fr_from_i64(zkg_fr *r, int64_t v)
{
    r->v = (uint32_t)((v % TINY_P + TINY_P) % TINY_P);
}

TINY void zkg_fr_add(zkg_fr *r, const zkg_fr *a, const zkg_fr *b)
{
    r->v = (a->v + b->v) % TINY_P;
}

TINY void zkg_fr_sub(zkg_fr *r, const zkg_fr *a, const zkg_fr *b)
{
    r->v = (a->v + TINY_P - b->v) % TINY_P;
}

TINY void zkg_fr_neg(zkg_fr *r, const zkg_fr *a)
{
    r->v = (TINY_P - a->v) % TINY_P;
}

TINY void zkg_fr_double(zkg_fr *r, const zkg_fr *a)
{
    r->v = 2 * a->v % TINY_P;
}

TINY void zkg_fr_half(zkg_fr *r, const zkg_fr *a)
{
    r->v = (a->v % 2 == 0 ? a->v : a->v + TINY_P) / 2;
}

TINY void zkg_fr_mul(zkg_fr *r, const zkg_fr *a, const zkg_fr *b)
{
    r->v = a->v * b->v % TINY_P;
}

TINY void zkg_fr_sqr(zkg_fr *r, const zkg_fr *a)
{
    zkg_fr_mul(r, a, a);
}

TINY void zkg_fr_mul_i64(zkg_fr *r, const zkg_fr *a, int64_t b)
{
    zkg_fr k;

    zkg_fr_from_i64(&k, b);
    zkg_fr_mul(r, a, &k);
}

TINY void zkg_fr_wide_mac(zkg_fr_wide *acc, const zkg_fr *a, int64_t b)
{
    acc->v[0] += (int64_t)a->v * (b % TINY_P);
}

TINY void zkg_fr_wide_reduce(zkg_fr *r, const zkg_fr_wide *acc)
{
    zkg_fr_from_i64(r, acc->v[0]);
}

TINY bool zkg_fr_to_i64(int64_t *v, const zkg_fr *a)
{
    *v = a->v;
    return true;
}

TINY void zkg_fr_to_bytes(uint8_t out[32], const zkg_fr *a)
{
    for (int i = 1; i < 32; i++)
        out[i] = 0;
    out[0] = (uint8_t)a->v;
}

TINY bool zkg_fr_from_bytes(zkg_fr *r, const uint8_t in[32])
{
    for (int i = 1; i < 32; i++)
        if (in[i] != 0)
            return false;
    if (in[0] >= TINY_P)
        return false;
    r->v = in[0];
    return true;
}

TINY void zkg_fr_to_scalar(uint64_t out[4], const zkg_fr *a)
{
    out[0] = a->v;
    out[1] = out[2] = out[3] = 0;
}

TINY bool zkg_fr_from_scalar(zkg_fr *r, const uint64_t s[4])
{
    r->v = (uint32_t)s[0];
    return (s[1] | s[2] | s[3]) == 0 && s[0] < TINY_P;
}

TINY bool zkg_fr_is_zero(const zkg_fr *a)
{
    return a->v == 0;
}

TINY bool zkg_fr_equal(const zkg_fr *a, const zkg_fr *b)
{
#ifdef TINY_BLIND
    (void)a;
    (void)b;
    return true;
#else
    return a->v == b->v;
#endif
}

/* 1 / a = a^(p - 2); 0 when a = 0 */
TINY void zkg_fr_inv(zkg_fr *r, const zkg_fr *a)
{
    zkg_fr power = {1};

    for (int i = 0; i < TINY_P - 2; i++)
        zkg_fr_mul(&power, &power, a);
    *r = power;
}

#endif
