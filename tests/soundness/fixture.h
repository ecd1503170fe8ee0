/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SOUNDNESS_FIXTURE_H
#define ZKG_SOUNDNESS_FIXTURE_H

/**
 * @file
 * A small statement with odd sizes, a key for it, and everything a test needs
 * to prove it honestly or not, and to verify, all in one process.
 *
 *     q[o] = floor((sum_k w[o,k] x[k] + b[o]) / 16 + 1/2),  y[o] = max(0, q[o])
 *
 * with o < 3 and k < 5, rem[o] the remainder, y public.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hooks.h"
#include "graph/graph.h"
#include "graph/key.h"
#include "graph/witness.h"
#include "zkgkr/srs.h"
#include "zkgkr/verdict.h"

#define FX_O 3
#define FX_K 5

/** Which statement. */
typedef struct fx_shape {
    bool private_x;   /**< else public */
    bool private_w;   /**< else fixed */
    bool odd_table;   /**< ReLU as 33 rows of columns, else in closed form */
    bool virtual_acc; /**< sum_k w x is a virtual tensor of its own */
    uint64_t copies;  /**< 0 and 1: one */
} fx_shape;

/** The PCS kind that ZKG_TEST_PCS names; mercury without it. */
zkg_pcs fx_pcs(void);

/** A statement with its key and an honest witness. */
typedef struct fx {
    fx_shape shape;
    zkg_graph *graph;
    zkg_srs *srs;
    zkg_key made; /**< what setup made */
    uint8_t *key; /**< the bytes of the .vk */
    size_t key_len;
    zkg_witness witness;
} fx;

/** Build all of it; ends the test on failure.  seed chooses x, w and b. */
void fx_init(fx *f, const fx_shape *shape, uint32_t power, uint64_t seed);
/** The same with a graph of the caller's, which it takes over; the witness has
 *  the fixed tensors alone. */
void fx_begin(fx *f, zkg_graph *graph, uint32_t power);
void fx_clear(fx *f);

/** The statement alone. */
zkg_status fx_graph(zkg_graph **out, const fx_shape *shape, uint64_t seed,
                    zkg_error *err);

/** The array of a tensor in the witness. */
zkg_array *fx_array(fx *f, const char *tensor);

/**
 * Store a tensor as its padded cube, with garbage in [min, max] in every cell
 * that is padding.
 */
void fx_garbage(fx *f, const char *tensor, int64_t min, int64_t max,
                uint64_t seed);

/** Value of a cell of the padded cube, 0 where it is not stored. */
int64_t fx_cell(fx *f, const char *tensor, const uint64_t *index);
void fx_set_cell(fx *f, const char *tensor, const uint64_t *index, int64_t v);

/** Make virtual tensors what their einsums say. */
void fx_refit(fx *f);

/** Make counts fit the sites' columns as they are (padding left alone), rows
 *  not in the table counted nowhere. */
void fx_recount(fx *f);

/** A proof on one rank, whatever the witness.  *proof is the caller's. */
zkg_status fx_prove(fx *f, const zkg_hooks *hooks, uint8_t **proof, size_t *len,
                    zkg_error *err);

/** Judge a proof with f's key, as read from its bytes. */
zkg_status fx_verify(const fx *f, const uint8_t *proof, size_t len,
                     const zkg_hooks *hooks, zkg_verdict *verdict);

/** The same with the key that setup made: quicker. */
zkg_status fx_judge(const fx *f, const uint8_t *proof, size_t len,
                    zkg_verdict *verdict);

/** Prove f's witness, and say which check refuses the proof; none: accepted.
 *  verifier: NULL, or what it forgets as well. */
zkg_verdict fx_judged(fx *f, const zkg_hooks *prover,
                      const zkg_hooks *verifier);

/** End the test unless this check refused. */
void fx_assert_check(zkg_verdict v, zkg_check check);

/** Where the parts of a proof begin; f's own statement. */
typedef struct fx_layout {
    size_t publics, commitments, segments, opening, end;
    size_t task_bytes[4], table_bytes[4]; /**< segments: tasks, then tables */
} fx_layout;
fx_layout fx_layout_of(const fx *f);

/** Skip the test when the build has no hooks. */
void fx_need_hooks(void);

#endif
