/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BENCH_BENCH_H
#define ZKG_BENCH_BENCH_H

/**
 * @file
 * Timed kernels: what `zkgkr bench` runs.  Figures are processor time of this
 * process, so that a busy machine disturbs them less; nothing is judged.
 */

#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "pcs/srs.h"
#include "zkgkr/status.h"

/** What a kernel may use; the same for all runs of one size. */
typedef struct zkg_bench_env {
    const zkg_backend *backend;
    uint32_t cpu_flags; /**< that go with backend */
    uint32_t log_size;
    zkg_srs *srs; /**< of known tau; NULL until a kernel wants it; owned */
} zkg_bench_env;

/**
 * One run: prepare, time, clean up.
 *
 * @param[out] seconds of the part that is timed
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_DEVICE
 */
typedef zkg_status zkg_bench_fn(double *seconds, zkg_bench_env *env);

/** A kernel, and the sizes that make sense for it. */
typedef struct zkg_bench_kernel {
    const char *name;
    const char *help;          /**< what 2^log_size counts */
    uint32_t min_log, max_log; /**< max_log 0: it has no size */
    zkg_bench_fn *run;
} zkg_bench_kernel;

/** The kernels; NULL behind the last. */
const zkg_bench_kernel *zkg_bench_kernel_at(size_t i);

/** Figures of some runs, in nanoseconds. */
typedef struct zkg_bench_result {
    double median, least, most;
    uint32_t runs;
} zkg_bench_result;

/** Median and extremes; sorts ns. */
void zkg_bench_summary(zkg_bench_result *out, double *ns, uint32_t runs);

/**
 * Run a kernel some times, after once that does not count.
 *
 * @param env  its srs is made when a kernel wants it: zkg_bench_env_clear
 * @param runs 1 .. 1000
 */
ZKG_MUST_CHECK zkg_status zkg_bench_run(zkg_bench_result *out,
                                        const zkg_bench_kernel *kernel,
                                        zkg_bench_env *env, uint32_t runs);
void zkg_bench_env_clear(zkg_bench_env *env);

/* For the kernels. */

/** Processor time of this process in seconds. */
double zkg_bench_now(void);

/** n elements that look random, the same each time. */
void zkg_bench_fill(zkg_fr *out, size_t n, uint64_t seed);

/** env->srs for 2^power values at least. */
ZKG_MUST_CHECK zkg_status zkg_bench_srs(zkg_bench_env *env, uint32_t power);

zkg_bench_fn zkg_bench_fr_axpy, zkg_bench_fr_dot, zkg_bench_fr_inv,
    zkg_bench_int_dot_i8, zkg_bench_int_dot_i16, zkg_bench_int_fold_i8,
    zkg_bench_table_fold, zkg_bench_poly_eval, zkg_bench_poly_divide,
    zkg_bench_hash, zkg_bench_sumcheck2, zkg_bench_sumcheck2_eq,
    zkg_bench_sumcheck3, zkg_bench_lookup_tree, zkg_bench_msm_fr,
    zkg_bench_msm_i16, zkg_bench_msm_i8, zkg_bench_pairing,
    zkg_bench_commit_i16, zkg_bench_commit_i8, zkg_bench_mercury,
    zkg_bench_hyperkzg;

#endif
