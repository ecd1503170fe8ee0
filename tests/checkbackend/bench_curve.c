/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of the field, the curve and the pairing, one line each: the best of
 * several runs.  Field figures are those of this build's variant (the program
 * is built plain and with ZKG_FIELD_MULX); the others are of all.  Times are of
 * the process, so that a busy machine disturbs them less.
 *
 *   bench_curve [LOG [VARIANT]]    sums of 2^LOG terms, 16 unless given;
 *                                  VARIANT: portable, mulx or best alone
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "curve/msm.h"
#include "curve/pairing.h"

enum { RUNS = 5 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void show(const char *name, const char *variant, double value,
                 const char *unit)
{
    printf("%-28s %-9s %10.2f %s\n", name, variant, value, unit);
}

static int bench_field(void)
{
#ifdef ZKG_FIELD_MULX
    const char *variant = "mulx";
#else
    const char *variant = "portable";
#endif
    enum { LEN = 512, TIMES = 2000 };
    double mul = 1e9, latency = 1e9, add = 1e9, mac = 1e9, inv = 1e9;
    static zkg_fr a[LEN], b[LEN], r[LEN];
    static int16_t small[LEN];
    zkg_fr x, y;

#ifdef ZKG_FIELD_MULX
    if (!(zkg_cpu_features(ZKG_CPU_ALL) & ZKG_CPU_MULX))
        return 0;
#endif
    for (int i = 0; i < LEN; i++) {
        zkg_fr_from_u64(&a[i], (uint64_t)i + 3);
        zkg_fr_inv(&a[i], &a[i]);
        zkg_fr_sqr(&b[i], &a[i]);
        small[i] = (int16_t)b[i].l[0];
    }
    x = y = a[1];
    for (int run = 0; run < RUNS; run++) {
        zkg_fr_wide acc = {{0}};
        double t = now(), s;

        for (int k = 0; k < TIMES; k++) {
            for (int i = 0; i < LEN; i++)
                zkg_fr_mul(&r[i], &a[i], &b[i]);
            a[k % LEN] = r[(k + 1) % LEN];
        }
        s = now();
        mul = s - t < mul ? s - t : mul;
        for (int k = 0; k < TIMES * LEN; k++)
            zkg_fr_mul(&x, &x, &y);
        t = now();
        latency = t - s < latency ? t - s : latency;
        for (int k = 0; k < TIMES; k++) {
            for (int i = 0; i < LEN; i++)
                zkg_fr_add(&r[i], &a[i], &b[i]);
            a[k % LEN] = r[(k + 1) % LEN];
        }
        s = now();
        add = s - t < add ? s - t : add;
        for (int k = 0; k < TIMES; k++)
            for (int i = 0; i < LEN; i++)
                zkg_fr_wide_mac(&acc, &a[i], small[i]);
        t = now();
        mac = t - s < mac ? t - s : mac;
        zkg_fr_wide_reduce(&y, &acc);
        for (int k = 0; k < 1000; k++) {
            zkg_fr_inv(&x, &x);
            zkg_fr_add(&x, &x, &y);
        }
        s = now();
        inv = s - t < inv ? s - t : inv;
    }
    show("fr_mul", variant, mul / TIMES / LEN * 1e9, "ns");
    show("fr_mul_latency", variant, latency / TIMES / LEN * 1e9, "ns");
    show("fr_add", variant, add / TIMES / LEN * 1e9, "ns");
    show("fr_wide_mac_small", variant, mac / TIMES / LEN * 1e9, "ns");
    show("fr_inv", variant, inv / 1000 * 1e6, "us");
    return zkg_fr_is_zero(&x) && zkg_fr_is_zero(&r[7]); /* use them */
}

static void bench_pairing(uint32_t cpu, const char *variant)
{
    enum { TIMES = 40 };
    zkg_g1 p[2] = {zkg_g1_generator, zkg_g1_generator};
    zkg_g2 q[2] = {zkg_g2_generator, zkg_g2_generator};
    double one = 1e9, check = 1e9;
    bool equal = true;
    zkg_fp12 e;

    zkg_g1_neg(&p[1], &p[0]);
    for (int run = 0; run < RUNS; run++) {
        double t = now(), s;

        for (int k = 0; k < TIMES; k++)
            zkg_pairing(&e, &p[0], &q[0], cpu);
        s = now();
        one = s - t < one ? s - t : one;
        for (int k = 0; k < TIMES; k++)
            equal &= zkg_pairing_check(p, q, 2, cpu);
        t = now();
        check = t - s < check ? t - s : check;
    }
    show("pairing", variant, one / TIMES * 1e3, "ms");
    show("pairing_check_2", variant, check / TIMES * 1e3,
         equal ? "ms" : "ms WRONG");
}

/* What 16-bit scalars are: random, with zeros for what is negative, all equal.
 */
enum { ANY, RELU, EQUAL };

static void make_small(int16_t *small, const zkg_fr *scalars, size_t n,
                       int what)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(&small[i], scalars[i].l, sizeof(small[i]));
        if (what == RELU && small[i] < 0)
            small[i] = 0;
        if (what == EQUAL)
            small[i] = 1234;
    }
}

static int bench_msm(uint32_t cpu, const char *variant, unsigned log)
{
    static const struct {
        const char *name;
        zkg_scalar_type type;
        int what;
    } kinds[] = {{"msm_fr", ZKG_SCALAR_FR, ANY},
                 {"msm_i32", ZKG_SCALAR_I32, ANY},
                 {"msm_i16", ZKG_SCALAR_I16, ANY},
                 {"msm_i16_relu", ZKG_SCALAR_I16, RELU},
                 {"msm_i16_equal", ZKG_SCALAR_I16, EQUAL},
                 {"msm_i8", ZKG_SCALAR_I8, ANY}};
    const size_t n = (size_t)1 << log;
    zkg_g1 *points = zkg_alloc_raw(n, sizeof(*points)), sum;
    zkg_fr *scalars = zkg_alloc_raw(n, sizeof(*scalars)), tau;
    int16_t *small = zkg_alloc_raw(n, sizeof(*small)); /* as 8-bit, too */
    int failed = !points || !scalars || !small;
    double t = now();

    zkg_fr_from_u64(&tau, 0x123456789abcdef);
    failed = failed || zkg_g1_powers(points, n, &tau, cpu) != ZKG_OK;
    show("g1_powers, a point", variant, (now() - t) / (double)n * 1e6, "us");
    for (size_t i = 0; !failed && i < n; i++) {
        scalars[i] = i ? scalars[i - 1] : tau;
        zkg_fr_sqr(&scalars[i], &scalars[i]);
        zkg_fr_add(&scalars[i], &scalars[i], &tau);
    }
    for (size_t k = 0; !failed && k < sizeof(kinds) / sizeof(*kinds); k++) {
        const bool is_small = kinds[k].type < ZKG_SCALAR_I32;
        double best = 1e9;
        char name[64];

        make_small(small, scalars, n, kinds[k].what);
        for (int run = 0; run < RUNS; run++) {
            t = now();
            failed |=
                zkg_msm_g1(&sum, points, is_small ? (void *)small : scalars,
                           kinds[k].type, n, cpu) != ZKG_OK;
            t = now() - t;
            best = t < best ? t : best;
        }
        snprintf(name, sizeof(name), "%s_2^%u", kinds[k].name, log);
        show(name, variant, best * 1e3, "ms");
    }
    zkg_free(small);
    zkg_free(points);
    zkg_free(scalars);
    return failed;
}

int main(int argc, char **argv)
{
    const unsigned log = argc > 1 ? (unsigned)atoi(argv[1]) : 16;
    const char *only = argc > 2 ? argv[2] : NULL;
    const uint32_t cpu = zkg_cpu_features(ZKG_CPU_ALL);
    int failed = only ? 0 : bench_field();

    for (uint32_t k = 0; k < 3; k++) {
        const char *variant = k == 0 ? "portable" : k == 1 ? "mulx" : "best";
        const uint32_t mask = k == 0 ? 0 : k == 1 ? ZKG_CPU_MULX : ZKG_CPU_ALL;

        if (only && strcmp(only, variant) != 0)
            continue;
        if (k < 2)
            bench_pairing(cpu & mask, variant);
        failed |= bench_msm(cpu & mask, variant, log);
    }
    return failed;
}
