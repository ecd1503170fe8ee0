/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BACKEND_IFMA_WEIGHTS_H
#define ZKG_BACKEND_IFMA_WEIGHTS_H

/**
 * @file
 * The weights of a block of pairs, lane by lane; private to ifma_*.c.
 *
 * Lane l has the pairs [l 2^(k-3), (l+1) 2^(k-3)) of a block of 2^k.
 */

#include "backend/lanes.h"

/* How the weights of a block's pairs are had. */
typedef enum weight_mode {
    WEIGHT_ONE,   /* there are none */
    WEIGHT_ROWS,  /* lo along the lanes, hi for each lane */
    WEIGHT_LANES, /* one weight for each lane: free variables */
    WEIGHT_EACH   /* product by product, into own */
} weight_mode;

/* Weights of the pairs of one block: of lane l's v-th pair rows[l][v], unless
 * the mode is WEIGHT_LANES, times h[l]. */
typedef struct weights8 {
    const zkg_weights *w;
    weight_mode mode;
    uint32_t k; /* pairs in a block: 2^k, k >= 3 */
    const zkg_fr *rows[8];
    v8 h;
    zkg_fr own[1 << (LANE_BLOCK_MAX - 1)];
} weights8;

static inline weight_mode mode_of(const zkg_weights *w, uint32_t k)
{
    if (w->lo == NULL)
        return WEIGHT_ONE;
    if ((w->first & ((UINT64_C(1) << k) - 1)) != 0)
        return WEIGHT_EACH;
    if (w->free == 0 && w->lo_bits >= k - 3)
        return WEIGHT_ROWS;
    return w->free >= k - 3 ? WEIGHT_LANES : WEIGHT_EACH;
}

/* Whether weights differ within a lane's pairs of a block. */
static inline bool is_inside(weight_mode mode)
{
    return mode == WEIGHT_ROWS || mode == WEIGHT_EACH;
}

static inline void combined(zkg_fr *out, const zkg_weights *w, uint64_t j)
{
    const uint64_t x = j >> w->free;
    const uint64_t lo = x & ((UINT64_C(1) << w->lo_bits) - 1);

    zkg_fr_mul(out, &w->lo[lo], &w->hi[x >> w->lo_bits]);
}

/* Whether pair j and those 2^k before it have the same h in all lanes. */
static inline bool continues(const weights8 *b, uint64_t j)
{
    const zkg_weights *w = b->w;

    if (b->mode == WEIGHT_EACH)
        return true;
    return b->mode == WEIGHT_ROWS && w->lo_bits > b->k &&
           (j & ((UINT64_C(1) << w->lo_bits) - 1)) != 0;
}

/* The weights of pairs j .. j + 2^k - 1. */
static inline void weights_block(weights8 *b, uint64_t j)
{
    const zkg_weights *w = b->w;
    const uint64_t mask = (UINT64_C(1) << w->lo_bits) - 1;
    const uint32_t in_lane = b->k - 3;
    zkg_fr h[8];

    if (b->mode == WEIGHT_EACH) {
        for (uint64_t i = 0; i < UINT64_C(1) << b->k; i++)
            combined(&b->own[i], w, j + i);
    }
    for (uint64_t l = 0; l < 8; l++) {
        const uint64_t x = j + (l << in_lane);

        if (b->mode == WEIGHT_ROWS) {
            b->rows[l] = &w->lo[x & mask];
            h[l] = w->hi[x >> w->lo_bits];
        } else if (b->mode == WEIGHT_LANES) {
            combined(&h[l], w, x);
        } else {
            b->rows[l] = &b->own[l << in_lane];
            h[l] = zkg_fr_one;
        }
    }
    b->h = v8_load(h);
}

#endif
