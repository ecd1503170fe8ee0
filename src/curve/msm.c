/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the scalars of any type into signed magnitudes, leaves out what adds
 * nothing, and hands the rest to msm_variant.c.
 */
#include "curve/msm.h"

#include "base/mem.h"
#include "curve/msm_variant.h"

static uint64_t magnitude(int64_t v, uint32_t *negative)
{
    *negative = v < 0;
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* m = |s| in four words for the representative of s in (-p/2, p/2). */
static void magnitude_fr(uint64_t m[4], const zkg_fr *s, uint32_t *negative)
{
    uint64_t t[4], c = 0;

    zkg_fr_to_scalar(m, s);
    /* p - m, or 0 for 0, without a second product */
    for (int i = 0; i < 4; i++)
        t[i] = zkg_limb_sbb(zkg_fr_mod_.p[i], m[i], &c);
    c = 0;
    for (int i = 0; i < 4; i++)
        (void)zkg_limb_sbb(t[i], m[i], &c);
    *negative = c != 0;
    for (int i = 0; i < 4; i++)
        m[i] = c ? t[i] : m[i];
}

static uint64_t load_small(uint32_t *negative, const void *scalars,
                           zkg_scalar_type type, size_t i)
{
    *negative = 0;
    switch (type) {
    case ZKG_SCALAR_I8:
        return magnitude(((const int8_t *)scalars)[i], negative);
    case ZKG_SCALAR_U8:
        return ((const uint8_t *)scalars)[i];
    case ZKG_SCALAR_I16:
        return magnitude(((const int16_t *)scalars)[i], negative);
    case ZKG_SCALAR_U16:
        return ((const uint16_t *)scalars)[i];
    case ZKG_SCALAR_I32:
        return magnitude(((const int32_t *)scalars)[i], negative);
    case ZKG_SCALAR_U32:
        return ((const uint32_t *)scalars)[i];
    default:
        return magnitude(((const int64_t *)scalars)[i], negative);
    }
}

static uint32_t bit_length(const uint64_t *m, uint32_t limbs)
{
    for (uint32_t i = limbs; i-- > 0;)
        if (m[i])
            return 64 * i + 64 - (uint32_t)__builtin_clzll(m[i]);
    return 0;
}

/* Fills t's index and mag, four words or one each, and n and bits. */
static void load(zkg_msm_terms *t, uint32_t *index, const void *scalars,
                 zkg_scalar_type type, size_t n)
{
    const bool fr = type == ZKG_SCALAR_FR;
    uint64_t all[4] = {0, 0, 0, 0};
    uint32_t negative;

    t->limbs = fr ? 4 : 1;
    t->n = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t *m = t->mag + t->n * t->limbs, any = 0;

        if (fr)
            magnitude_fr(m, &((const zkg_fr *)scalars)[i], &negative);
        else
            m[0] = load_small(&negative, scalars, type, i);
        for (uint32_t j = 0; j < t->limbs; j++)
            any |= m[j];
        if (!any)
            continue;
        for (uint32_t j = 0; j < t->limbs; j++)
            all[j] |= m[j];
        index[t->n++] = (uint32_t)i << 1 | negative;
    }
    t->bits = bit_length(all, 4);
}

/* Leaves as many words each as the magnitudes and a bit to spare need. */
static void narrow(zkg_msm_terms *t)
{
    uint32_t limbs = t->bits / 64 + 1;

    if (limbs > t->limbs) { /* 64-bit magnitudes: from the end, they grow */
        for (size_t i = t->n; i-- > 0;) {
            t->mag[2 * i] = t->mag[i];
            t->mag[2 * i + 1] = 0;
        }
    } else {
        for (size_t i = 0; i < t->n; i++)
            for (uint32_t j = 0; j < limbs; j++)
                t->mag[i * limbs + j] = t->mag[i * t->limbs + j];
    }
    t->limbs = limbs;
}

zkg_status zkg_msm_g1(zkg_g1 *out, const zkg_g1 *points, const void *scalars,
                      zkg_scalar_type type, size_t n, uint32_t cpu_flags)
{
    const size_t words = type == ZKG_SCALAR_FR    ? 4
                         : type == ZKG_SCALAR_I64 ? 2
                                                  : 1;
    zkg_msm_terms t = {.points = points};
    zkg_status status = ZKG_ERR_NOMEM;
    uint32_t *index;
    zkg_g1j sum;

    if (n >> 31 || (unsigned)type > ZKG_SCALAR_FR)
        return ZKG_ERR_INVALID;
    if (n == 0) {
        *out = zkg_g1_infinity;
        return ZKG_OK;
    }
    index = zkg_alloc_raw(n, sizeof(*index));
    t.mag = zkg_alloc_raw(n * words, sizeof(*t.mag));
    if (!index || !t.mag)
        goto free_all;
    t.index = index;
    load(&t, index, scalars, type, n);
    if (t.n == 0) {
        *out = zkg_g1_infinity;
        status = ZKG_OK;
        goto free_all;
    }
    narrow(&t);
    if (!ZKG_VARIANT_CALL_3(cpu_flags, zkg_msm_sum, &sum, &t))
        goto free_all;
    zkg_g1j_to_affine(out, &sum);
    status = ZKG_OK;
free_all:
    zkg_free(t.mag);
    zkg_free(index);
    return status;
}

zkg_status zkg_g1_powers(zkg_g1 *out, size_t n, const zkg_fr *tau,
                         uint32_t cpu_flags)
{
    if (!ZKG_VARIANT_CALL_3(cpu_flags, zkg_g1_powers, out, n, tau))
        return ZKG_ERR_NOMEM;
    return ZKG_OK;
}
