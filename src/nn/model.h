/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_NN_MODEL_H
#define ZKGKR_NN_MODEL_H

/**
 * @file
 * What the operators mean, over plain integers: the definitions that tests hold
 * the graphs to, and that calibration runs (docs/operators.md).
 *
 * Arrays are row-major.  Sums are 64 bits wide; whoever calls has bounded them
 * (zkg_nn_sum_fits()).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/nn.h"

#define ZKG_NN_SPATIAL 3

/** floor(a / d + 1/2), d > 0: half up, negatives included. */
int64_t zkg_nn_round_div(int64_t a, int64_t d);

/** Does a sum of n products of |a| <= x, |b| <= y, plus z, stay below 2^62? */
bool zkg_nn_sum_fits(uint64_t n, uint64_t x, uint64_t y, uint64_t z);

/** Windows over `axes` axes: position stride y + dilation i - before. */
typedef struct zkg_nn_window {
    uint32_t axes;
    uint64_t in[ZKG_NN_SPATIAL], out[ZKG_NN_SPATIAL], kernel[ZKG_NN_SPATIAL];
    int64_t stride[ZKG_NN_SPATIAL], dilation[ZKG_NN_SPATIAL],
        before[ZKG_NN_SPATIAL];
} zkg_nn_window;

/** The product of the lengths. */
uint64_t zkg_nn_window_in(const zkg_nn_window *w);
uint64_t zkg_nn_window_out(const zkg_nn_window *w);
uint64_t zkg_nn_window_taps(const zkg_nn_window *w);

/**
 * acc[n,g,o,y] = b[g,o] + sum over c, i of w[g,o,c,i] x[n,g,c,y at i]
 *
 * @param[in] b NULL: zeros
 */
void zkg_nn_model_conv(int64_t *acc, const zkg_nn_window *w, uint64_t batch,
                       uint64_t groups, uint64_t out, uint64_t in,
                       const int64_t *weight, const int64_t *b,
                       const int64_t *x);

/** acc[n,y] = sum over i of x[n,y at i]: 0 outside.  n: batch and channels. */
void zkg_nn_model_sum_pool(int64_t *acc, const zkg_nn_window *w, uint64_t n,
                           const int64_t *x);

/** y[n,y] = max over the i that lie in x. */
void zkg_nn_model_max_pool(int64_t *y, const zkg_nn_window *w, uint64_t n,
                           const int64_t *x);

/** The numbers of a layer normalisation; docs/operators.md. */
typedef struct zkg_nn_norm {
    uint64_t rows, n;        /**< each row of n elements is one sample */
    uint32_t scale;          /**< of x and y */
    uint32_t mean_bits;      /**< the mean is stored at scale + mean_bits */
    uint32_t variance_scale; /**< v stands for v / 2^(2 variance_scale), <=
                                  scale + mean_bits */
    uint32_t root_bits;      /**< u^2 v <= 2^(2 root_bits) < (u+1)^2 v */
    uint32_t param_scale;    /**< of gain */
    int64_t epsilon; /**< n epsilon 2^(2 (scale + mean_bits)), rounded */
} zkg_nn_norm;

/**
 * One row:
 *
 *     m = round(2^e sum x / n),  e = mean_bits
 *     v = round((sum (2^e x - m)^2 + epsilon) / (n 2^(2 (s + e - vs))))
 *     u = floor(2^t / sqrt v)
 *     acc[i] = gain[i] (2^e x[i] - m) u + bias[i] 2^(e + t - vs)
 *     y[i] = round(acc[i] / 2^(p + e + t - vs))
 *
 * @param[out] acc, m, v, u
 * @param[in]  gain at scale p; NULL: 1, and p = 0
 * @param[in]  bias at scale s + p; NULL: 0
 * @return false when v is 0, or a number leaves 62 bits
 */
bool zkg_nn_model_layer_norm(int64_t *acc, int64_t *m, int64_t *v, int64_t *u,
                             const zkg_nn_norm *how, const int64_t *gain,
                             const int64_t *bias, const int64_t *x);

/**
 * y = floor(2^shift a / b + 1/2), b of either sign.
 *
 * @return false when b is 0, or a number leaves 62 bits
 */
bool zkg_nn_model_divide(int64_t *y, int64_t a, int64_t b, uint32_t shift);

/** floor(exp(-d / 2^scale) 2^bits + 1/2), d >= 0. */
int64_t zkg_nn_model_exp(int64_t d, uint32_t scale, uint32_t bits);

/**
 * One row, with e[i] = zkg_nn_model_exp(max x - x[i], scale, bits):
 *
 *     y[i] = floor(2^scale e[i] / sum e + 1/2)
 *
 * @param stride between elements of the row, in x and y
 */
void zkg_nn_model_softmax(int64_t *y, const int64_t *x, uint64_t n,
                          uint64_t stride, uint32_t scale, uint32_t bits);

/** a[i] = round(a[i] / d). */
void zkg_nn_model_rescale(int64_t *a, uint64_t n, int64_t d);

#endif
