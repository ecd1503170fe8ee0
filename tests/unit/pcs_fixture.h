/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays, points and a known tau for the tests of pcs/. */
#ifndef ZKG_TESTS_PCS_FIXTURE_H
#define ZKG_TESTS_PCS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "pcs/kzg.h"
#include "pcs/srs.h"
#include "tensor/array.h"

/* A deterministic sequence of field elements. */
static inline void fixture_fr(zkg_fr *out, uint64_t seed)
{
    uint8_t wide[64];
    zkg_hash h;

    zkg_hash_init(&h, 64);
    zkg_hash_u64(&h, seed);
    zkg_hash_final(&h, wide);
    zkg_fr_from_wide_bytes(out, wide);
}

static inline void fixture_point(zkg_fr *out, uint32_t n, uint64_t seed)
{
    for (uint32_t i = 0; i < n; i++)
        fixture_fr(&out[i], seed * 1000 + i);
}

/* An array of pseudo-random values of its type's full range. */
static inline void fixture_array(zkg_array *a, zkg_dtype type, uint32_t axes,
                                 const uint64_t *len, uint64_t seed)
{
    uint64_t count;

    assert_int_equal(zkg_array_init(a, type, axes, len, NULL), ZKG_OK);
    count = zkg_array_count(a);
    if (type == ZKG_FR) {
        for (uint64_t i = 0; i < count; i++)
            fixture_fr((zkg_fr *)a->data + i, seed + 7 * i);
        return;
    }
    for (uint64_t i = 0; i < count * zkg_dtype_size(type); i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        ((uint8_t *)a->data)[i] = (uint8_t)(seed >> 56);
    }
}

/* The value at an index of the padded array; the plain definition. */
static inline void fixture_padded(zkg_fr *out, const zkg_array *a, uint64_t i)
{
    uint64_t flat = 0, stride = 1;

    for (uint32_t axis = a->axes; axis-- > 0;) {
        const uint32_t bits = zkg_axis_bits(a->len[axis]);
        const uint64_t at = i & (((uint64_t)1 << bits) - 1);

        if (at >= a->stored[axis]) {
            *out = zkg_fr_zero;
            return;
        }
        flat += at * stride;
        stride *= a->stored[axis];
        i >>= bits;
    }
    if (a->type == ZKG_FR)
        *out = ((const zkg_fr *)a->data)[flat];
    else
        zkg_fr_from_i64(out, zkg_array_get_i64(a, flat));
}

static inline zkg_srs *fixture_srs(uint32_t power, zkg_fr *tau)
{
    zkg_srs *srs;

    fixture_fr(tau, 4242);
    assert_int_equal(zkg_srs_from_tau(&srs, power, tau, NULL), ZKG_OK);
    return srs;
}

#endif
