/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_EVAL_NEST_H
#define ZKGKR_GRAPH_EVAL_NEST_H

/**
 * @file
 * A term of an einsum as a nest of loops; private to the evaluation.
 *
 *   sum[out] += c * factor 0 [place 0] * factor 1 [place 1]
 *
 * where out and the places are sums of index * stride over the loops, and a
 * term is 0 where a map is not real: 0 <= u < len.
 */

#include <stdbool.h>
#include <stdint.h>

#include "graph/eval.h"

#define ZKG_NEST_MAPS (2 * ZKG_MAX_AXES)

/** An affine index of a factor: u = e + sum of coef * index. */
typedef struct zkg_nest_map {
    uint32_t factor;
    int64_t e, len;
    int64_t coef[ZKG_TASK_AXES];
} zkg_nest_map;

typedef struct zkg_nest {
    uint32_t loops; /**< 1 at least */
    uint32_t factors, maps;
    uint64_t len[ZKG_TASK_AXES];
    int64_t stride[ZKG_TASK_AXES][2]; /**< of each factor */
    int64_t out_stride[ZKG_TASK_AXES];
    zkg_nest_map map[ZKG_NEST_MAPS]; /**< those that are not always real */
    int64_t base[2];                 /**< places of index 0 */
    const zkg_array *array[2];
    uint64_t most[2]; /**< no magnitude of theirs is above it */
    int64_t c;
} zkg_nest;

/** Where loops stand. */
typedef struct zkg_nest_stand {
    uint64_t index[ZKG_TASK_AXES];
    int64_t place[2], out, u[ZKG_NEST_MAPS];
} zkg_nest_stand;

/** All loops at 0. */
void zkg_nest_start(zkg_nest_stand *s, const zkg_nest *n);

/** Move loop i on by some steps, or back. */
void zkg_nest_move(zkg_nest_stand *s, const zkg_nest *n, uint32_t i,
                   int64_t steps);

/** One step of loops [from, to), the last fastest; behind their last they are
 *  at 0 again, and it is false. */
bool zkg_nest_step(zkg_nest_stand *s, const zkg_nest *n, uint32_t from,
                   uint32_t to);

/** The part [*from, *to) of loop i in which all maps of factor f (2: of both)
 *  are real; the loop stands at 0. */
void zkg_nest_real(uint64_t *from, uint64_t *to, const zkg_nest *n,
                   const zkg_nest_stand *s, uint32_t i, uint32_t f);

void zkg_nest_swap(zkg_nest *n, uint32_t i, uint32_t j);

/**
 * The term as products of matrices of 16-bit integers: lines of either factor
 * are laid side by side and multiplied a few at a time.
 *
 * @param[in,out] sum no sum in it leaves 64 bits: the caller's duty
 * @param[out] done   false: the term is of another kind; nothing was done
 * @param[in,out] n   its loops are put into another order
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_nest_product(int64_t *sum, bool *done,
                                           zkg_nest *n);

#endif
