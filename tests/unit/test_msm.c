/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/msm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "curve/glv.h"
#include "rng.h"

enum { MOST = 2100 };

static const size_t type_bytes[] = {1, 1, 2, 2, 4, 4, 8, sizeof(zkg_fr)};

static void put(void *scalars, zkg_scalar_type type, size_t i, uint64_t v)
{
    memcpy((char *)scalars + i * type_bytes[type], &v, type_bytes[type]);
}

/* The scalar as a field element. */
static void get(zkg_fr *r, const void *scalars, zkg_scalar_type type, size_t i)
{
    switch (type) {
    case ZKG_SCALAR_I8:
        zkg_fr_from_i64(r, ((const int8_t *)scalars)[i]);
        break;
    case ZKG_SCALAR_U8:
        zkg_fr_from_i64(r, ((const uint8_t *)scalars)[i]);
        break;
    case ZKG_SCALAR_I16:
        zkg_fr_from_i64(r, ((const int16_t *)scalars)[i]);
        break;
    case ZKG_SCALAR_U16:
        zkg_fr_from_i64(r, ((const uint16_t *)scalars)[i]);
        break;
    case ZKG_SCALAR_I32:
        zkg_fr_from_i64(r, ((const int32_t *)scalars)[i]);
        break;
    case ZKG_SCALAR_U32:
        zkg_fr_from_i64(r, ((const uint32_t *)scalars)[i]);
        break;
    case ZKG_SCALAR_I64:
        zkg_fr_from_i64(r, ((const int64_t *)scalars)[i]);
        break;
    default:
        *r = ((const zkg_fr *)scalars)[i];
    }
}

/* A term as |k| and the point or its negative, whichever |k| is shorter. */
static void magnitude(uint64_t out[4], zkg_g1 *p, const zkg_fr *k)
{
    zkg_fr minus;

    zkg_fr_neg(&minus, k);
    zkg_fr_to_scalar(out, &minus);
    if (out[1] == 0 && out[2] == 0 && out[3] == 0)
        zkg_g1_neg(p, p);
    else
        zkg_fr_to_scalar(out, k);
}

/* Double and add, from the highest bit on: all terms together. */
static void sum_naively(zkg_g1 *out, const zkg_g1 *points, const void *scalars,
                        zkg_scalar_type type, size_t n)
{
    uint64_t(*s)[4] = malloc((n + 1) * sizeof(*s));
    zkg_g1 *p = malloc((n + 1) * sizeof(*p));
    zkg_g1j sum;
    zkg_fr k;

    assert_true(s && p);
    for (size_t i = 0; i < n; i++) {
        p[i] = points[i];
        get(&k, scalars, type, i);
        magnitude(s[i], &p[i], &k);
    }
    zkg_g1j_set_infinity(&sum);
    for (int b = 255; b >= 0; b--) {
        zkg_g1j_double(&sum, &sum);
        for (size_t i = 0; i < n; i++)
            if (s[i][b / 64] >> b % 64 & 1)
                zkg_g1j_add_mixed(&sum, &sum, &p[i]);
    }
    zkg_g1j_to_affine(out, &sum);
    free(p);
    free(s);
}

static void check(const zkg_g1 *points, const void *scalars,
                  zkg_scalar_type type, size_t n)
{
    const uint32_t cpu[] = {0, zkg_cpu_features(ZKG_CPU_MULX),
                            zkg_cpu_features(ZKG_CPU_ALL)};
    zkg_g1 want, got;

    sum_naively(&want, points, scalars, type, n);
    for (int k = 0; k < 3; k++) {
        got = zkg_g1_generator;
        assert_int_equal(zkg_msm_g1(&got, points, scalars, type, n, cpu[k]),
                         ZKG_OK);
        assert_true(zkg_g1_equal(&got, &want));
    }
}

/* As zkg_msm_g1(), in the memory that is told beforehand. */
static void sum_within(zkg_g1 *out, const zkg_g1 *points, const void *scalars,
                       zkg_scalar_type type, size_t n, uint32_t cpu)
{
    size_t before = 0, now = 0, most = 0;

#ifdef ZKG_TEST_HOOKS
    zkg_mem_live(&before, &most);
#endif
    assert_int_equal(zkg_msm_g1(out, points, scalars, type, n, cpu), ZKG_OK);
#ifdef ZKG_TEST_HOOKS
    zkg_mem_live(&now, &most);
    assert_int_equal(now, before);
    assert_in_range(most - before, 1, zkg_msm_bytes(n));
#endif
    (void)now;
    (void)most;
    (void)before;
}

/* kind 0: distinct points; 1: also equal, opposite and infinite ones, and
 * images under the endomorphism. */
static void make_points(zkg_g1 *p, size_t n, int kind, rng *g)
{
    zkg_fr tau;

    zkg_fr_from_u64(&tau, rng_u64(g));
    assert_int_equal(zkg_g1_powers(p, n, &tau, 0), ZKG_OK);
    for (size_t i = 1; kind && i < n; i++) {
        switch (rng_below(g, 6)) {
        case 0:
            p[i] = p[i - 1];
            break;
        case 1:
            zkg_g1_neg(&p[i], &p[i - 1]);
            break;
        case 2:
            p[i] = zkg_g1_infinity;
            break;
        case 3:
            zkg_fp_mul(&p[i].x, &p[i - 1].x, &zkg_glv_beta);
            p[i].y = p[i - 1].y;
            break;
        default:
            break;
        }
    }
}

static void every_type_and_length(void **state)
{
    static const size_t lens[] = {0,  1,  2,   3,   5,   7,   31,  32,  33, 63,
                                  64, 65, 100, 255, 256, 257, 511, 513, 700};
    zkg_g1 *points[2] = {malloc(MOST * sizeof(zkg_g1)),
                         malloc(MOST * sizeof(zkg_g1))};
    zkg_fr *s = malloc(MOST * sizeof(*s));
    rng g = rng_new();

    (void)state;
    assert_true(points[0] && points[1] && s);
    for (int kind = 0; kind < 2; kind++)
        make_points(points[kind], MOST, kind, &g);
    for (size_t k = 0; k < sizeof(lens) / sizeof(*lens); k++) {
        for (int type = ZKG_SCALAR_I8; type <= (int)ZKG_SCALAR_FR; type++) {
            const size_t n = lens[k];
            const zkg_g1 *p =
                points[rng_below(&g, 2)] + rng_below(&g, MOST - n);

            for (size_t i = 0; i < n; i++) {
                if (type == (int)ZKG_SCALAR_FR) {
                    zkg_fr_from_u64(&s[i], rng_edge(&g));
                    if (rng_below(&g, 3)) /* else small */
                        zkg_fr_inv(&s[i], &s[i]);
                } else {
                    put(s, (zkg_scalar_type)type, i, rng_edge(&g));
                }
            }
            check(p, s, (zkg_scalar_type)type, n);
        }
    }
    free(points[0]);
    free(points[1]);
    free(s);
}

/* Lengths with several batches of pairs, and a few widths. */
static void many_terms(void **state)
{
    static const size_t lens[] = {2047, 2048, 2049};
    zkg_g1 *p = malloc(MOST * sizeof(*p));
    zkg_fr *s = malloc(MOST * sizeof(*s));
    rng g = rng_new();

    (void)state;
    assert_true(p && s);
    for (size_t k = 0; k < sizeof(lens) / sizeof(*lens); k++) {
        make_points(p, lens[k], k == 1, &g);
        for (size_t i = 0; i < lens[k]; i++)
            zkg_fr_from_i64(&s[i], (int64_t)rng_u64(&g));
        check(p, s, ZKG_SCALAR_FR, lens[k]);
        for (size_t i = 0; i < lens[k]; i++)
            put(s, ZKG_SCALAR_I16, i, rng_edge(&g));
        check(p, s, ZKG_SCALAR_I16, lens[k]);
        check(p, s, ZKG_SCALAR_I8, lens[k]);
    }
    free(p);
    free(s);
}

/* Windows one by one, the widest window, groups of windows that do not divide,
 * buckets of more points than are added up together: on powers of a known tau,
 * so that one element says what the sum is.  With tau = 1 the points of a
 * bucket are equal and opposite, with -1 likewise by turns. */
static void large_sums(void **state)
{
    static const struct {
        size_t n;
        zkg_scalar_type type;
        uint64_t mask; /* of the scalars' bits */
        int64_t tau;   /* 0: any */
    } cases[] = {{140001, ZKG_SCALAR_I16, UINT64_MAX, 0},
                 {40001, ZKG_SCALAR_I32, UINT64_MAX, 0},
                 {40001, ZKG_SCALAR_I32, 0x80000003, 0},
                 {40001, ZKG_SCALAR_I8, 1, 0},
                 {4 * ZKG_MSM_TOGETHER, ZKG_SCALAR_I8, UINT64_MAX, 0},
                 {4 * ZKG_MSM_TOGETHER + 1, ZKG_SCALAR_U8, UINT64_MAX, 0},
                 {140001, ZKG_SCALAR_I8, 1, 0},
                 {ZKG_MSM_PIECE + 1, ZKG_SCALAR_U32, 3, 0},
                 {ZKG_MSM_PIECE + 3, ZKG_SCALAR_FR, 1, 0},
                 {20011, ZKG_SCALAR_FR, UINT64_MAX, 0},
                 {20011, ZKG_SCALAR_I8, 0x83, 1},
                 {20011, ZKG_SCALAR_I8, 1, 1},
                 {20011, ZKG_SCALAR_I8, 1, -1},
                 {5003, ZKG_SCALAR_FR, UINT64_MAX, 0},
                 {5003, ZKG_SCALAR_FR, 3, -1},
                 {5003, ZKG_SCALAR_I64, UINT64_MAX, 0},
                 {1021, ZKG_SCALAR_FR, UINT64_MAX, 0}};
    const size_t most = cases[0].n;
    const uint32_t cpu[] = {0, zkg_cpu_features(ZKG_CPU_MULX),
                            zkg_cpu_features(ZKG_CPU_ALL)};
    zkg_g1 *p = malloc(most * sizeof(*p));
    zkg_fr *s = malloc(most * sizeof(*s));
    rng g = rng_new();
    zkg_fr tau;

    (void)state;
    assert_true(p && s);
    for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
        zkg_fr sum = zkg_fr_zero, power = zkg_fr_one, t;
        zkg_g1 want, got;

        if (k == 0 || cases[k].tau != cases[k - 1].tau) {
            zkg_fr_from_i64(&tau,
                            cases[k].tau ? cases[k].tau : (int64_t)rng_u64(&g));
            assert_int_equal(zkg_g1_powers(p, cases[k].n, &tau, cpu[1]),
                             ZKG_OK);
        }
        s[0] = tau;
        for (size_t i = 0; i < cases[k].n; i++) {
            if (cases[k].type == ZKG_SCALAR_FR) {
                zkg_fr_from_u64(&t, rng_edge(&g) & cases[k].mask);
                zkg_fr_mul(&s[i], &t, &s[i > 0 ? i - 1 : 0]);
                zkg_fr_add(&s[i], &s[i], &t);
            } else {
                put(s, cases[k].type, i, rng_u64(&g) & cases[k].mask);
            }
            get(&t, s, cases[k].type, i);
            zkg_fr_mul(&t, &t, &power);
            zkg_fr_add(&sum, &sum, &t);
            zkg_fr_mul(&power, &power, &tau);
        }
        zkg_g1_mul(&want, &zkg_g1_generator, &sum);
        for (int c = 0; c < 3; c++) {
            sum_within(&got, p, s, cases[k].type, cases[k].n, cpu[c]);
            assert_true(zkg_g1_equal(&got, &want));
        }
    }
    free(p);
    free(s);
}

/* Lists of sums of all types, most of them short, over parts of the same
 * points: as many together as there are, and more terms than go together. */
static void many_sums(void **state)
{
    enum { SUMS = 70, POINTS = 1100, ROUNDS = 3 };
    const uint32_t cpu[] = {0, zkg_cpu_features(ZKG_CPU_MULX),
                            zkg_cpu_features(ZKG_CPU_ALL)};
    zkg_g1 *p = malloc(POINTS * sizeof(*p)), want[SUMS], got[SUMS];
    zkg_fr *s = malloc((size_t)SUMS * POINTS * sizeof(*s)), tau, t;
    zkg_msm sums[SUMS];
    rng g = rng_new();

    (void)state;
    assert_true(p && s);
    for (int round = 0; round < ROUNDS; round++) {
        zkg_fr_from_u64(&tau, rng_u64(&g));
        assert_int_equal(zkg_g1_powers(p, POINTS, &tau, cpu[2]), ZKG_OK);
        for (size_t k = 0; k < SUMS; k++) {
            const zkg_scalar_type type =
                (zkg_scalar_type)rng_below(&g, ZKG_SCALAR_FR + 1);
            zkg_fr *own = s + k * POINTS, sum = zkg_fr_zero, power;
            const size_t n = round == 2 ? POINTS - 1 : rng_below(&g, 40);

            sums[k] = (zkg_msm){rng_below(&g, POINTS - n), own, type, n};
            zkg_fr_pow_u64(&power, &tau, sums[k].first);
            for (size_t i = 0; i < n; i++) {
                if (type == ZKG_SCALAR_FR) {
                    zkg_fr_from_u64(&own[i], rng_edge(&g));
                    if (k & 1)
                        zkg_fr_inv(&own[i], &own[i]);
                } else {
                    put(own, type, i, rng_edge(&g));
                }
                get(&t, own, type, i);
                zkg_fr_mul(&t, &t, &power);
                zkg_fr_add(&sum, &sum, &t);
                zkg_fr_mul(&power, &power, &tau);
            }
            zkg_g1_mul(&want[k], &zkg_g1_generator, &sum);
        }
        for (int c = 0; c < 3; c++) {
            assert_int_equal(zkg_msm_g1_many(got, p, sums, SUMS, cpu[c]),
                             ZKG_OK);
            for (size_t k = 0; k < SUMS; k++)
                assert_true(zkg_g1_equal(&got[k], &want[k]));
        }
    }
    assert_int_equal(zkg_msm_g1_many(got, p, sums, 0, 0), ZKG_OK);
    free(p);
    free(s);
}

/* Long sums of bytes, which go piece by piece, among others and not from the
 * first point on, against the same scalars in two bytes; one piece is zeros. */
static void long_sums_of_bytes(void **state)
{
    enum { N = 4 * ZKG_MSM_TOGETHER + 3, FIRST = 5, SUMS = 4 };
    zkg_g1 *p = malloc((N + FIRST) * sizeof(*p)), want, got[SUMS];
    uint8_t *byte = malloc(N);
    int16_t *wide = malloc(N * sizeof(*wide));
    const zkg_msm sums[SUMS] = {{1, byte, ZKG_SCALAR_I8, 40},
                                {FIRST, byte, ZKG_SCALAR_I8, N},
                                {FIRST - 2, byte, ZKG_SCALAR_U8, N},
                                {0, byte, ZKG_SCALAR_U8, 9}};
    const uint32_t cpu[] = {0, zkg_cpu_features(ZKG_CPU_MULX),
                            zkg_cpu_features(ZKG_CPU_ALL)};
    rng g = rng_new();
    zkg_fr tau;

    (void)state;
    assert_true(p && byte && wide);
    zkg_fr_from_u64(&tau, rng_u64(&g));
    assert_int_equal(zkg_g1_powers(p, N + FIRST, &tau, cpu[2]), ZKG_OK);
    for (size_t i = 0; i < N; i++)
        byte[i] = i / ZKG_MSM_TOGETHER == 1 ? 0 : (uint8_t)rng_u64(&g);
    for (int c = 0; c < 3; c++) {
        assert_int_equal(zkg_msm_g1_many(got, p, sums, SUMS, cpu[c]), ZKG_OK);
        for (size_t k = 0; k < SUMS; k++) {
            for (size_t i = 0; i < sums[k].n; i++)
                wide[i] = sums[k].type == ZKG_SCALAR_I8 ? (int8_t)byte[i]
                                                        : (int16_t)byte[i];
            assert_int_equal(zkg_msm_g1(&want, p + sums[k].first, wide,
                                        ZKG_SCALAR_I16, sums[k].n, cpu[c]),
                             ZKG_OK);
            assert_true(zkg_g1_equal(&got[k], &want));
        }
    }
    free(p);
    free(byte);
    free(wide);
}

/* One bucket gets everything: equal points double, opposite ones cancel. */
static void degenerate_sums(void **state)
{
    static const uint64_t values[] = {0, 1, 0xff, 0x80, 0x7f};
    zkg_g1 *p = malloc(MOST * sizeof(*p));
    int8_t *s = malloc(MOST);
    zkg_fr *f = malloc(MOST * sizeof(*f));

    (void)state;
    assert_true(p && s && f);
    for (size_t n = 4; n <= 1100; n = n * 3 - 1) {
        for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
            for (int kind = 0; kind < 3; kind++) {
                for (size_t i = 0; i < n; i++) {
                    p[i] = zkg_g1_generator;
                    if (kind == 1 && i & 1)
                        zkg_g1_neg(&p[i], &p[i]);
                    if (kind == 2)
                        p[i] = zkg_g1_infinity;
                    put(s, ZKG_SCALAR_I8, i, values[v]);
                    zkg_fr_from_i64(&f[i], -(int64_t)values[v] - 1);
                    zkg_fr_inv(&f[i], &f[i]);
                }
                check(p, s, ZKG_SCALAR_I8, n);
                if (n < 300)
                    check(p, f, ZKG_SCALAR_FR, n);
            }
        }
    }
    free(p);
    free(s);
    free(f);
}

/* Magnitudes of every bit length, at its ends: all signed digits carry. */
static void every_width(void **state)
{
    zkg_g1 *p = malloc(MOST * sizeof(*p));
    zkg_fr *s = malloc(MOST * sizeof(*s));
    rng g = rng_new();
    zkg_fr two, top;

    (void)state;
    assert_true(p && s);
    make_points(p, 300, 0, &g);
    zkg_fr_from_u64(&two, 2);
    for (uint64_t bits = 0; bits < 254; bits += bits < 70 ? 1 : 23) {
        const size_t n = bits % 3 ? 9 : 300;

        zkg_fr_pow_u64(&top, &two, bits);
        for (size_t i = 0; i < n; i++) {
            /* +-(2^bits - small), and (p -+ 1) / 2 once */
            zkg_fr_from_u64(&s[i], rng_below(&g, 4));
            zkg_fr_sub(&s[i], &top, &s[i]);
            if (i & 1)
                zkg_fr_neg(&s[i], &s[i]);
            if (bits == 253 && i == 4)
                zkg_fr_half(&s[i], &zkg_fr_one);
        }
        check(p, s, ZKG_SCALAR_FR, n);
        if (bits < 64) {
            for (size_t i = 0; i < n; i++)
                put(s, ZKG_SCALAR_I64, i,
                    ((uint64_t)1 << bits) - rng_below(&g, 3));
            check(p, s, ZKG_SCALAR_I64, n);
        }
    }
    zkg_fr_half(&s[0], &zkg_fr_one);
    zkg_fr_neg(&s[1], &s[0]);
    check(p, s, ZKG_SCALAR_FR, 2);
    free(p);
    free(s);
}

static void powers_of_tau(void **state)
{
    const uint32_t cpu[] = {0, zkg_cpu_features(ZKG_CPU_MULX),
                            zkg_cpu_features(ZKG_CPU_ALL)};
    zkg_g1 *p = malloc(1500 * sizeof(*p)), q;
    zkg_fr tau, k;

    (void)state;
    assert_true(p);
    for (int v = 0; v < 3; v++) {
        zkg_fr_from_i64(&tau, -987654321);
        zkg_fr_inv(&tau, &tau);
        assert_int_equal(zkg_g1_powers(p, 1500, &tau, cpu[v]), ZKG_OK);
        for (uint64_t i = 0; i < 1500; i += 1 + 53 * (i / 4)) {
            zkg_fr_pow_u64(&k, &tau, i);
            zkg_g1_mul(&q, &zkg_g1_generator, &k);
            assert_true(zkg_g1_equal(&q, &p[i]));
        }
        /* small, zero and unit tau: sums meet equal points */
        for (int64_t t = -1; t <= 2; t++) {
            zkg_fr_from_i64(&tau, t);
            assert_int_equal(zkg_g1_powers(p, 40, &tau, cpu[v]), ZKG_OK);
            for (uint64_t i = 0; i < 40; i++) {
                zkg_fr_pow_u64(&k, &tau, i);
                zkg_g1_mul(&q, &zkg_g1_generator, &k);
                assert_true(zkg_g1_equal(&q, &p[i]));
            }
        }
        assert_int_equal(zkg_g1_powers(p, 0, &tau, cpu[v]), ZKG_OK);
    }
    free(p);
}

/* A sum of no terms is of no points, wherever it is said to begin. */
static void empty_sums_read_nothing(void **state)
{
    enum { PAGE = 4096, N = PAGE / sizeof(zkg_g1) };
    /* nothing can be read behind them */
    zkg_g1 *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    zkg_g1 out[3], want;
    zkg_fr s[N];
    const zkg_msm sums[] = {{20000, s, ZKG_SCALAR_FR, 0},
                            {0, s, ZKG_SCALAR_FR, N},
                            {32000, s, ZKG_SCALAR_I8, 0}};
    rng g = rng_new();

    (void)state;
    assert_ptr_not_equal(p, MAP_FAILED);
    assert_int_equal(mprotect(p + N, PAGE, PROT_NONE), 0);
    make_points(p, N, 0, &g);
    for (size_t i = 0; i < N; i++) {
        zkg_fr_from_u64(&s[i], rng_u64(&g) | 1);
        zkg_fr_inv(&s[i], &s[i]);
    }
    assert_int_equal(zkg_msm_g1(&want, p, s, ZKG_SCALAR_FR, N, 0), ZKG_OK);
    assert_int_equal(zkg_msm_g1_many(out, p, sums, 3, 0), ZKG_OK);
    assert_true(zkg_g1_is_infinity(&out[0]) && zkg_g1_is_infinity(&out[2]));
    assert_true(zkg_g1_equal(&out[1], &want));
    assert_int_equal(zkg_msm_g1_many(out, p, sums, 1, 0), ZKG_OK);
    assert_true(zkg_g1_is_infinity(&out[0]));
    assert_int_equal(munmap(p, 2 * PAGE), 0);
}

static void bad_arguments(void **state)
{
    zkg_g1 r = zkg_g1_generator, out[2];
    int8_t s = 1;
    zkg_msm many[2] = {{0, &s, ZKG_SCALAR_I8, 1}, {0, &s, ZKG_SCALAR_I8, 1}};

    (void)state;
    assert_int_equal(zkg_msm_g1(&r, &r, &s, (zkg_scalar_type)8, 1, 0),
                     ZKG_ERR_INVALID);
    assert_int_equal(zkg_msm_g1(&r, &r, &s, ZKG_SCALAR_I8, (size_t)1 << 31, 0),
                     ZKG_ERR_INVALID);
    many[1].first = (size_t)1 << 31;
    assert_int_equal(zkg_msm_g1_many(out, &r, many, 2, 0), ZKG_ERR_INVALID);
    many[1].first = SIZE_MAX;
    assert_int_equal(zkg_msm_g1_many(out, &r, many, 2, 0), ZKG_ERR_INVALID);
    assert_true(zkg_g1_equal(&r, &zkg_g1_generator));
}

/* What wide scalars cost is what their halves do, and to make them; narrow ones
 * are not halved, and more or wider ones never cost less. */
static void costs_are_of_halves(void **state)
{
    (void)state;
    assert_int_equal(zkg_msm_cost(0, 254), 0);
    for (size_t n = 64; n <= (size_t)1 << 20; n *= 4) {
        const double halves = (double)zkg_msm_cost(2 * n, 126);
        const double wide = (double)zkg_msm_cost(n, 254);

        if (!(wide >= halves && wide <= 1.1 * halves + (double)n / 2))
            fail_msg("%zu: %.0f, of halves %.0f", n, wide, halves);
        assert_true(zkg_msm_cost(n, 16) < zkg_msm_cost(2 * n, 16));
    }
    for (uint32_t bits = 1; bits <= 254; bits++)
        assert_true(zkg_msm_cost(1000, bits - 1) <= zkg_msm_cost(1000, bits));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_and_length),
        cmocka_unit_test(many_terms),
        cmocka_unit_test(large_sums),
        cmocka_unit_test(many_sums),
        cmocka_unit_test(long_sums_of_bytes),
        cmocka_unit_test(degenerate_sums),
        cmocka_unit_test(every_width),
        cmocka_unit_test(powers_of_tau),
        cmocka_unit_test(empty_sums_read_nothing),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(costs_are_of_halves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
