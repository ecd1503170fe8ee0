/* SPDX-License-Identifier: Apache-2.0 */
/* The list of kernels, and how they are timed. */
#include "bench/bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

static const zkg_bench_kernel kernels[] = {
    {"fr_axpy", "elements multiplied by one and added", 4, 24,
     zkg_bench_fr_axpy},
    {"fr_dot", "products summed", 4, 24, zkg_bench_fr_dot},
    {"fr_inv", "one inversion", 0, 0, zkg_bench_fr_inv},
    {"int_dot_i8", "8-bit integers times elements, summed", 4, 26,
     zkg_bench_int_dot_i8},
    {"int_dot_i16", "16-bit integers times elements, summed", 4, 26,
     zkg_bench_int_dot_i16},
    {"int_fold_i8", "8-bit integers of 64 rows, folded", 10, 26,
     zkg_bench_int_fold_i8},
    {"table_fold", "entries of a table folded once", 4, 24,
     zkg_bench_table_fold},
    {"poly_eval", "coefficients", 4, 24, zkg_bench_poly_eval},
    {"poly_divide", "coefficients, by X - x", 4, 24, zkg_bench_poly_divide},
    {"hash_64", "BLAKE2b-512 of 64 bytes", 0, 0, zkg_bench_hash},
    {"sumcheck_product", "entries, degree 2", 2, 24, zkg_bench_sumcheck2},
    {"sumcheck_product_eq", "entries, degree 2 and eq", 2, 24,
     zkg_bench_sumcheck2_eq},
    {"sumcheck_product3", "entries, degree 3", 2, 24, zkg_bench_sumcheck3},
    {"lookup_tree", "leaves, trees and sumchecks", 2, 22,
     zkg_bench_lookup_tree},
    {"msm_fr", "points, 254-bit scalars", 1, 22, zkg_bench_msm_fr},
    {"msm_i16", "points, 16-bit signed scalars", 1, 22, zkg_bench_msm_i16},
    {"msm_i8", "points, 8-bit signed scalars", 1, 22, zkg_bench_msm_i8},
    {"pairing", "check of a product of two", 0, 0, zkg_bench_pairing},
    {"commit_i16", "16-bit values of a tensor, by chunks", 1, 22,
     zkg_bench_commit_i16},
    {"commit_i8", "8-bit values of a tensor, by chunks", 1, 22,
     zkg_bench_commit_i8},
    {"open_mercury", "values of one opening", 1, 22, zkg_bench_mercury},
    {"open_hyperkzg", "values of one opening", 1, 22, zkg_bench_hyperkzg},
};

const zkg_bench_kernel *zkg_bench_kernel_at(size_t i)
{
    return i < sizeof(kernels) / sizeof(*kernels) ? &kernels[i] : NULL;
}

double zkg_bench_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void zkg_bench_fill(zkg_fr *out, size_t n, uint64_t seed)
{
    zkg_fr x, step;

    zkg_fr_from_u64(&x, 3 * seed + 7);
    zkg_fr_inv(&x, &x);
    zkg_fr_sqr(&step, &x);
    for (size_t i = 0; i < n; i++) {
        zkg_fr_mul(&x, &x, &step);
        zkg_fr_add(&x, &x, &zkg_fr_one);
        out[i] = x;
    }
}

zkg_status zkg_bench_srs(zkg_bench_env *env, uint32_t power)
{
    zkg_fr tau;

    if (env->srs != NULL && env->srs->power >= power)
        return ZKG_OK;
    zkg_bench_env_clear(env);
    zkg_bench_fill(&tau, 1, 1);
    return zkg_srs_from_tau(&env->srs, power == 0 ? 1 : power, &tau, NULL);
}

void zkg_bench_env_clear(zkg_bench_env *env)
{
    zkg_srs_free(env->srs);
    env->srs = NULL;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

void zkg_bench_summary(zkg_bench_result *out, double *ns, uint32_t runs)
{
    qsort(ns, runs, sizeof(*ns), by_size);
    out->least = ns[0];
    out->most = ns[runs - 1];
    out->median = (ns[(runs - 1) / 2] + ns[runs / 2]) / 2;
    out->runs = runs;
}

zkg_status zkg_bench_run(zkg_bench_result *out, const zkg_bench_kernel *kernel,
                         zkg_bench_env *env, uint32_t runs)
{
    double *ns = zkg_alloc(runs, sizeof(*ns));
    zkg_status s = ns == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
    double seconds;

    for (uint32_t i = 0; s == ZKG_OK && i <= runs; i++) {
        s = kernel->run(&seconds, env);
        if (s == ZKG_OK && i > 0)
            ns[i - 1] = 1e9 * seconds;
    }
    if (s == ZKG_OK)
        zkg_bench_summary(out, ns, runs);
    zkg_free(ns);
    return s;
}
