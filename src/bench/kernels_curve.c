/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of points, pairings, openings. */
#include <string.h>

#include "base/mem.h"
#include "bench/bench.h"
#include "curve/msm.h"
#include "curve/pairing.h"
#include "pcs/hyperkzg.h"
#include "pcs/kzg.h"
#include "pcs/mercury.h"

static zkg_status time_msm(double *seconds, zkg_bench_env *env,
                           zkg_scalar_type type)
{
    const size_t n = (size_t)1 << env->log_size;
    zkg_fr *scalars = NULL;
    int16_t *small = NULL; /* read as 8-bit, too */
    zkg_status s = zkg_bench_srs(env, env->log_size);
    double from;
    zkg_g1 out;

    if (s == ZKG_OK) {
        scalars = zkg_alloc_aligned(n, sizeof(*scalars));
        small = zkg_alloc_aligned(n, sizeof(*small));
        s = scalars == NULL || small == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
    }
    if (s == ZKG_OK) {
        zkg_bench_fill(scalars, n, 8);
        for (size_t i = 0; i < n; i++)
            memcpy(&small[i], scalars[i].l, sizeof(small[i]));
    }
    from = zkg_bench_now();
    if (s == ZKG_OK)
        s = zkg_msm_g1(&out, env->srs->g1,
                       type == ZKG_SCALAR_FR ? (void *)scalars : small, type, n,
                       env->cpu_flags);
    *seconds = zkg_bench_now() - from;
    zkg_free(scalars);
    zkg_free(small);
    return s;
}

zkg_status zkg_bench_msm_fr(double *seconds, zkg_bench_env *env)
{
    return time_msm(seconds, env, ZKG_SCALAR_FR);
}

zkg_status zkg_bench_msm_i16(double *seconds, zkg_bench_env *env)
{
    return time_msm(seconds, env, ZKG_SCALAR_I16);
}

zkg_status zkg_bench_msm_i8(double *seconds, zkg_bench_env *env)
{
    return time_msm(seconds, env, ZKG_SCALAR_I8);
}

/* In chunks of as many values as a key of that size would choose. */
static zkg_status time_commit(double *seconds, zkg_bench_env *env,
                              zkg_dtype type)
{
    const uint64_t n = (uint64_t)1 << env->log_size;
    const uint32_t k = zkg_kzg_default_k(n);
    const size_t chunks = (size_t)zkg_kzg_chunks(env->log_size, k);
    zkg_g1 *out = zkg_alloc(chunks, sizeof(*out));
    zkg_status s = out == NULL ? ZKG_ERR_NOMEM : zkg_bench_srs(env, k);
    uint64_t x = 88172645463325252u;
    zkg_array a = {0};
    double from;

    if (s == ZKG_OK)
        s = zkg_array_init(&a, type, 1, &n, NULL);
    for (uint64_t i = 0; s == ZKG_OK && i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        zkg_array_set_i64(&a, i,
                          (int64_t)x >> (64 - 8 * (int)zkg_dtype_size(type)));
    }
    from = zkg_bench_now();
    if (s == ZKG_OK)
        s = zkg_kzg_commit(out, env->srs, k, &a, env->cpu_flags);
    *seconds = zkg_bench_now() - from;
    zkg_array_clear(&a);
    zkg_free(out);
    return s;
}

zkg_status zkg_bench_commit_i16(double *seconds, zkg_bench_env *env)
{
    return time_commit(seconds, env, ZKG_I16);
}

zkg_status zkg_bench_commit_i8(double *seconds, zkg_bench_env *env)
{
    return time_commit(seconds, env, ZKG_I8);
}

zkg_status zkg_bench_pairing(double *seconds, zkg_bench_env *env)
{
    const zkg_g2 right[2] = {zkg_g2_generator, zkg_g2_generator};
    zkg_g1 left[2] = {zkg_g1_generator};
    double from;
    bool holds;

    zkg_g1_neg(&left[1], &left[0]);
    from = zkg_bench_now();
    holds = zkg_pairing_check(left, right, 2, env->cpu_flags);
    *seconds = zkg_bench_now() - from;
    return holds ? ZKG_OK : ZKG_ERR_INTERNAL;
}

static zkg_status open_one(double *seconds, zkg_bench_env *env, bool mercury,
                           zkg_fr *g, zkg_fr *eq)
{
    const uint32_t k = env->log_size;
    zkg_fr u[ZKG_SRS_MAX_POWER], value;
    zkg_tape tape;
    zkg_status s;
    double from;

    zkg_bench_fill(g, (size_t)1 << k, 9);
    zkg_bench_fill(u, k, 10);
    ZKG_TRY(env->backend->eq_expand(eq, u, k, NULL));
    ZKG_TRY(env->backend->fr_dot(&value, eq, g, (size_t)1 << k));
    zkg_tape_init_prove(&tape);
    from = zkg_bench_now();
    s = (mercury ? zkg_mercury_open : zkg_hyperkzg_open)(
        &tape, zkg_comm_self(), env->backend, env->srs, k, g, u, &value, NULL);
    *seconds = zkg_bench_now() - from;
    zkg_tape_clear(&tape);
    return s;
}

static zkg_status time_opening(double *seconds, zkg_bench_env *env,
                               bool mercury)
{
    const size_t n = (size_t)1 << env->log_size;
    zkg_fr *g = zkg_alloc_aligned(n, sizeof(*g));
    zkg_fr *eq = zkg_alloc_aligned(n, sizeof(*eq));
    zkg_status s = g == NULL || eq == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    if (s == ZKG_OK)
        s = zkg_bench_srs(env, env->log_size);
    if (s == ZKG_OK)
        s = open_one(seconds, env, mercury, g, eq);
    zkg_free(g);
    zkg_free(eq);
    return s;
}

zkg_status zkg_bench_mercury(double *seconds, zkg_bench_env *env)
{
    return time_opening(seconds, env, true);
}

zkg_status zkg_bench_hyperkzg(double *seconds, zkg_bench_env *env)
{
    return time_opening(seconds, env, false);
}
