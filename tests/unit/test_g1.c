/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/g1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"

static void random_fr(zkg_fr *r, rng *g)
{
    uint8_t b[64];

    for (int i = 0; i < 64; i++)
        b[i] = (uint8_t)rng_u64(g);
    zkg_fr_from_wide_bytes(r, b);
}

static void random_point(zkg_g1 *r, rng *g)
{
    zkg_fr k;

    random_fr(&k, g);
    zkg_g1_mul(r, &zkg_g1_generator, &k);
}

/* The same point with another Z. */
static void rescale(zkg_g1j *r, const zkg_g1 *a, rng *g)
{
    zkg_fp z, zz;

    zkg_fp_from_u64(&z, rng_u64(g) | 1);
    zkg_g1j_from_affine(r, a);
    zkg_fp_sqr(&zz, &z);
    zkg_fp_mul(&r->x, &r->x, &zz);
    zkg_fp_mul(&zz, &zz, &z);
    zkg_fp_mul(&r->y, &r->y, &zz);
    zkg_fp_mul(&r->z, &r->z, &z);
}

/* The textbook law, by chord and tangent. */
static void add_plainly(zkg_g1 *r, const zkg_g1 *a, const zkg_g1 *b)
{
    zkg_fp s, d, t, x;

    if (zkg_g1_is_infinity(a) || zkg_g1_is_infinity(b)) {
        *r = zkg_g1_is_infinity(a) ? *b : *a;
        return;
    }
    if (zkg_fp_equal(&a->x, &b->x)) {
        if (!zkg_fp_equal(&a->y, &b->y)) {
            *r = zkg_g1_infinity;
            return;
        }
        zkg_fp_sqr(&s, &a->x);
        zkg_fp_mul_i64(&s, &s, 3);
        zkg_fp_double(&d, &a->y);
    } else {
        zkg_fp_sub(&s, &b->y, &a->y);
        zkg_fp_sub(&d, &b->x, &a->x);
    }
    zkg_fp_inv(&d, &d);
    zkg_fp_mul(&s, &s, &d);
    zkg_fp_sqr(&x, &s);
    zkg_fp_sub(&x, &x, &a->x);
    zkg_fp_sub(&x, &x, &b->x);
    zkg_fp_sub(&t, &a->x, &x);
    zkg_fp_mul(&t, &t, &s);
    zkg_fp_sub(&r->y, &t, &a->y);
    r->x = x;
}

static void laws_are_complete(void **state)
{
    rng g = rng_new();

    (void)state;
    for (int i = 0; i < 400; i++) {
        zkg_g1 a, b, want, got;
        zkg_g1j ja, jb, jr;

        random_point(&a, &g);
        random_point(&b, &g);
        switch (i % 8) {
        case 0:
            b = a;
            break;
        case 1:
            zkg_g1_neg(&b, &a);
            break;
        case 2:
            a = zkg_g1_infinity;
            break;
        case 3:
            b = zkg_g1_infinity;
            break;
        case 4:
            a = b = zkg_g1_infinity;
            break;
        default:
            break;
        }
        add_plainly(&want, &a, &b);
        assert_true(zkg_g1_on_curve(&want));
        zkg_g1_add(&got, &a, &b);
        assert_true(zkg_g1_equal(&got, &want));
        rescale(&ja, &a, &g);
        rescale(&jb, &b, &g);
        zkg_g1j_add(&jr, &ja, &jb);
        zkg_g1j_to_affine(&got, &jr);
        assert_true(zkg_g1_equal(&got, &want));
        zkg_g1j_add_mixed(&jr, &ja, &b);
        zkg_g1j_to_affine(&got, &jr);
        assert_true(zkg_g1_equal(&got, &want));
        zkg_g1j_add(&ja, &ja, &jb);
        zkg_g1j_to_affine(&got, &ja);
        assert_true(zkg_g1_equal(&got, &want));
        add_plainly(&want, &b, &b);
        zkg_g1j_double(&jb, &jb);
        zkg_g1j_to_affine(&got, &jb);
        assert_true(zkg_g1_equal(&got, &want));
        jr = jb;
        zkg_fp_neg(&jr.y, &jr.y);
        zkg_g1j_add(&jr, &jr, &jb);
        assert_true(zkg_g1j_is_infinity(&jr));
    }
}

static void multiples(void **state)
{
    zkg_g1 sum = zkg_g1_infinity, got, p;
    rng g = rng_new();
    zkg_fr k, l;

    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        zkg_fr_from_u64(&k, i);
        zkg_g1_mul(&got, &zkg_g1_generator, &k);
        assert_true(zkg_g1_equal(&got, &sum));
        zkg_fr_neg(&k, &k);
        zkg_g1_mul(&got, &zkg_g1_generator, &k);
        zkg_g1_neg(&got, &got);
        assert_true(zkg_g1_equal(&got, &sum));
        add_plainly(&sum, &sum, &zkg_g1_generator);
    }
    for (int i = 0; i < 20; i++) {
        random_fr(&k, &g);
        random_fr(&l, &g);
        random_point(&p, &g);
        zkg_g1_mul(&got, &p, &k);
        zkg_g1_mul(&got, &got, &l);
        zkg_fr_mul(&k, &k, &l);
        zkg_g1_mul(&p, &p, &k);
        assert_true(zkg_g1_equal(&got, &p));
    }
    zkg_g1_mul(&got, &zkg_g1_infinity, &k);
    assert_true(zkg_g1_is_infinity(&got));
}

static void to_affine_together(void **state)
{
    zkg_fp scratch[2 * 33];
    zkg_g1 a[33], out[33];
    rng g = rng_new();
    zkg_g1j j[33];

    (void)state;
    for (size_t n = 0; n <= 33; n += 11) {
        for (size_t i = 0; i < n; i++) {
            random_point(&a[i], &g);
            if (i % 5 == 2)
                a[i] = zkg_g1_infinity;
            rescale(&j[i], &a[i], &g);
        }
        zkg_g1j_batch_to_affine(out, j, n, scratch);
        for (size_t i = 0; i < n; i++)
            assert_true(zkg_g1_equal(&out[i], &a[i]));
    }
}

/* in is refused, and nothing is written */
static void refuse(const uint8_t in[32])
{
    zkg_g1 r = zkg_g1_generator;

    assert_false(zkg_g1_from_bytes(&r, in));
    assert_true(zkg_g1_equal(&r, &zkg_g1_generator));
}

static void wire_form_is_unique(void **state)
{
    uint8_t b[32], again[32], modulus[32];
    rng g = rng_new();
    zkg_g1 p, q;
    zkg_fp t;

    (void)state;
    for (int i = 0; i < 200; i++) {
        random_point(&p, &g);
        if (i == 0)
            p = zkg_g1_infinity;
        if (i == 1)
            p = zkg_g1_generator;
        zkg_g1_to_bytes(b, &p);
        assert_true(zkg_g1_from_bytes(&q, b));
        assert_true(zkg_g1_equal(&p, &q));
        zkg_g1_neg(&q, &p);
        zkg_g1_to_bytes(again, &q);
        b[31] ^= i == 0 ? 0 : 0x80;
        assert_memory_equal(b, again, 32);
        /* whatever is read is written back the same */
        for (int j = 0; j < 32; j++)
            b[j] = (uint8_t)rng_u64(&g);
        b[31] &= (uint8_t)rng_u64(&g);
        if (zkg_g1_from_bytes(&q, b)) {
            assert_true(zkg_g1_on_curve(&q));
            zkg_g1_to_bytes(again, &q);
            assert_memory_equal(b, again, 32);
        }
    }
    /* infinity and nothing else with bit 254 */
    for (int i = 0; i < 256; i++) {
        memset(b, 0, 32);
        b[31] = 0x40;
        b[i / 8] ^= (uint8_t)(1 << i % 8);
        if (i == 254) {
            /* x = 0: no point, 3 has no square root */
            refuse(b);
            b[31] = 0x80;
        }
        refuse(b);
    }
    /* x + q for an x < 2^254 - q on the curve */
    zkg_fp_neg(&t, &zkg_fp_one);
    zkg_fp_to_bytes(modulus, &t);
    modulus[0]++; /* q - 1 is even */
    for (unsigned x = 0, seen = 0; seen < 8; x++) {
        unsigned carry = x;

        memset(b, 0, 32);
        b[0] = (uint8_t)x;
        if (!zkg_g1_from_bytes(&q, b))
            continue;
        for (int i = 0; i < 32; i++) {
            carry += modulus[i];
            b[i] = (uint8_t)carry;
            carry >>= 8;
        }
        refuse(b);
        b[31] |= 0x80;
        refuse(b);
        seen++;
    }
    refuse(modulus);
}

static void raw_form(void **state)
{
    uint8_t b[64], again[64];
    rng g = rng_new();
    zkg_g1 p, q;

    (void)state;
    for (int i = 0; i < 50; i++) {
        random_point(&p, &g);
        if (i == 0)
            p = zkg_g1_infinity;
        zkg_g1_to_raw(b, &p);
        assert_true(zkg_g1_from_raw(&q, b));
        assert_true(zkg_g1_equal(&p, &q));
        for (int j = 0; j < 64; j++)
            again[j] =
                (uint8_t)((j < 32 ? p.x : p.y).l[j % 32 / 8] >> 8 * (j % 8));
        assert_true(zkg_g1_from_mont_raw(&q, again));
        assert_true(zkg_g1_equal(&p, &q));
        q = zkg_g1_generator;
        b[rng_below(&g, 64)] ^= (uint8_t)(1 << rng_below(&g, 8));
        assert_false(zkg_g1_from_raw(&q, b));
        again[rng_below(&g, 64)] ^= (uint8_t)(1 << rng_below(&g, 8));
        assert_false(zkg_g1_from_mont_raw(&q, again));
        assert_true(zkg_g1_equal(&q, &zkg_g1_generator));
    }
    p = zkg_g1_generator;
    zkg_fp_add(&p.y, &p.y, &zkg_fp_one);
    assert_false(zkg_g1_on_curve(&p));
    /* a coordinate that is not reduced: 1 + q, 2 */
    zkg_fp_neg(&p.x, &zkg_fp_one);
    zkg_fp_to_bytes(b, &p.x);
    b[0] = (uint8_t)(b[0] + 2);
    zkg_fp_to_bytes(b + 32, &zkg_g1_generator.y);
    assert_false(zkg_g1_from_raw(&p, b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laws_are_complete),
        cmocka_unit_test(multiples),
        cmocka_unit_test(to_affine_together),
        cmocka_unit_test(wire_form_is_unique),
        cmocka_unit_test(raw_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
