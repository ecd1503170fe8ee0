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

/** acc[b,m,n] = sum_k x[b,m,k] y[b,k,n]; a stride of 0 repeats a matrix. */
void zkg_nn_model_matmul(int64_t *acc, uint64_t batch, uint64_t m, uint64_t k,
                         uint64_t n, const int64_t *x, uint64_t x_stride,
                         const int64_t *y, uint64_t y_stride);

/** a[i] = round(a[i] / d). */
void zkg_nn_model_rescale(int64_t *a, uint64_t n, int64_t d);

#endif
