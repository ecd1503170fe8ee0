/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_ifma: what an operation on eight elements costs an element, in arrays
 * of lanes that stay in the first-level cache: the best of several runs, in
 * processor time.  Exits with 77 without AVX-512 IFMA.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/cpu.h"
#include "field/fr.h"
#include "field/ifma.h"

enum { RUNS = 9, LEN = 32, TIMES = 20000 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Products, as factors of further ones, of x and y into z. */
static void products(zkg_x8 *z, const zkg_x8 *x, const zkg_x8 *y,
                     const zkg_x8_mod *m)
{
    for (int i = 0; i < LEN; i += 2) {
        zkg_x8_mul2(&z[i], &x[i], &y[i], m);
        zkg_x8_to_factor(&z[i]);
        zkg_x8_to_factor(&z[i + 1]);
    }
}

/* The sum of products, in ten limbs that stand for it: nothing is reduced.
 * Lower and upper halves of products have accumulators of their own. */
static void products_summed(zkg_x8 *z, const zkg_x8 *x, const zkg_x8 *y,
                            const zkg_x8_mod *m)
{
    __m512i low[9], high[9];

    (void)m;
    for (int k = 0; k < 9; k++)
        low[k] = high[k] = _mm512_setzero_si512();
    for (int i = 0; i < LEN; i++) {
        for (int a = 0; a < 5; a++) {
            for (int b = 0; b < 5; b++) {
                low[a + b] =
                    _mm512_madd52lo_epu64(low[a + b], x[i].l[a], y[i].l[b]);
                high[a + b] =
                    _mm512_madd52hi_epu64(high[a + b], x[i].l[a], y[i].l[b]);
            }
        }
    }
    for (int k = 0; k < 5; k++) {
        z[0].l[k] = k > 0 ? _mm512_add_epi64(low[k], high[k - 1]) : low[k];
        z[1].l[k] = k < 4 ? _mm512_add_epi64(low[k + 5], high[k + 4]) : high[8];
    }
}

static void differences(zkg_x8 *z, const zkg_x8 *x, const zkg_x8 *y,
                        const zkg_x8_mod *m)
{
    for (int i = 0; i < LEN; i++) {
        zkg_x8_sub(&z[i], &x[i], &y[i], 1, m);
        zkg_x8_to_factor(&z[i]);
    }
}

static void canonical_differences(zkg_x8 *z, const zkg_x8 *x, const zkg_x8 *y,
                                  const zkg_x8_mod *m)
{
    for (int i = 0; i < LEN; i++) {
        zkg_x8_sub(&z[i], &x[i], &y[i], 1, m);
        zkg_x8_reduce4(&z[i], &z[i], m);
    }
}

static void time_of(const char *name,
                    void (*f)(zkg_x8 *, const zkg_x8 *, const zkg_x8 *,
                              const zkg_x8_mod *))
{
    zkg_x8 x[LEN], y[LEN], z[LEN];
    zkg_x8_mod m;
    zkg_fr seed;
    double best = 1e9;

    zkg_x8_mod_init(&m, &zkg_fr_mod_);
    zkg_fr_from_u64(&seed, 7);
    for (int i = 0; i < LEN; i++) {
        __m512i w[4];

        zkg_fr_inv(&seed, &seed);
        for (int k = 0; k < 4; k++)
            w[k] = _mm512_set1_epi64((long long)seed.l[k]);
        zkg_x8_from_64(&x[i], w);
        y[i] = x[i];
        zkg_fr_add(&seed, &seed, &zkg_fr_one);
    }
    for (int run = 0; run < RUNS; run++) {
        const double start = now();
        double took;

        for (int t = 0; t < TIMES; t++) {
            f(z, x, y, &m);
            __asm__ volatile("" : : "r"(z) : "memory");
        }
        took = (now() - start) / ((double)TIMES * LEN * 8);
        best = took < best ? took : best;
    }
    printf("%-36s %6.2f ns an element\n", name, 1e9 * best);
}

int main(void)
{
    if (!(zkg_cpu_features(ZKG_CPU_ALL) & ZKG_CPU_AVX512IFMA)) {
        printf("SKIP: this processor has no AVX-512 IFMA\n");
        return 77;
    }
    time_of("multiplication", products);
    time_of("multiply-accumulate, unreduced", products_summed);
    time_of("subtraction, lazy", differences);
    time_of("subtraction, canonical", canonical_differences);
    return 0;
}
