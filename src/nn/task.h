/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_NN_TASK_H
#define ZKGKR_NN_TASK_H

/**
 * @file
 * A task under construction, and the part of one that divides.
 *
 * Kernel and task have one name; a tensor made for parameter p is <name>.p.
 * Parameters and lookups come first, then einsums, then the task, then rules.
 */

#include "graph/graph.h"
#include "zkgkr/nn.h"

#define ZKG_NN_TASK_NAME (ZKG_MAX_NAME + 32)
#define ZKG_NN_FACTOR 200

typedef struct zkg_nn_task {
    zkg_graph *g;
    const char *name; /**< at most 110 characters count */
    zkg_error *err;
} zkg_nn_task;

/** The axes of some tensors of a task: "a0,a1" and their lengths. */
typedef struct zkg_nn_cube {
    char list[96];
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
} zkg_nn_cube;

/** Append one. */
void zkg_nn_cube_push(zkg_nn_cube *c, const char *axis, uint64_t len);

/** The tensor behind a parameter. */
void zkg_nn_task_tensor_name(char out[ZKG_NN_TASK_NAME], const zkg_nn_task *t,
                             const char *param);

/** "p[a0,a1]", or "p" for a scalar. */
void zkg_nn_task_factor(char out[ZKG_NN_FACTOR], const char *param,
                        const zkg_nn_cube *c);

/** Make a tensor and its parameter. */
ZKG_MUST_CHECK zkg_status zkg_nn_task_tensor(const zkg_nn_task *t,
                                             const char *param,
                                             const zkg_nn_cube *c,
                                             zkg_visibility vis,
                                             zkg_interval range);

/** The same, private and held to its range by a lookup. */
ZKG_MUST_CHECK zkg_status zkg_nn_task_ranged(const zkg_nn_task *t,
                                             const char *param,
                                             const zkg_nn_cube *c,
                                             zkg_interval range);

/** Begin an einsum; equals: a virtual parameter, or NULL. */
ZKG_MUST_CHECK zkg_status zkg_nn_task_einsum(const zkg_nn_task *t,
                                             const zkg_nn_cube *out,
                                             const char *equals);

/** Add a term of parameters, each over its own axes; b may be NULL, or a and
 *  b. */
ZKG_MUST_CHECK zkg_status zkg_nn_task_term(const zkg_nn_task *t, int64_t c,
                                           const char *a,
                                           const zkg_nn_cube *a_axes,
                                           const char *b,
                                           const zkg_nn_cube *b_axes);

/** A tensor that is there before, for a parameter. */
typedef struct zkg_nn_bound {
    const char *param, *tensor;
} zkg_nn_bound;

/** Add the task; parameters that are not listed have tensors of their own. */
ZKG_MUST_CHECK zkg_status zkg_nn_task_add(const zkg_nn_task *t,
                                          const zkg_nn_bound *bound,
                                          uint32_t bounds);

/** A rule of the task: einsum e gives the tensor of a parameter. */
ZKG_MUST_CHECK zkg_status zkg_nn_task_solve(const zkg_nn_task *t, uint32_t e,
                                            const char *param);

/* ---- division ---- */

#define ZKG_NN_QUOTIENT_DIGITS (1 + ZKG_RULE_DIGITS)

/**
 * y = floor(c A / H + 1/2) for a tensor H > 0 (docs/operators.md):
 *
 *     2 c A + H = 2 H y + rem,    2 H - 1 = rem + gap,    rem, gap >= 0
 *
 * rem and gap in digits of at most 16 bits, each held to its range.  That H is
 * positive is for the rest of the task to prove.
 */
typedef struct zkg_nn_quotient {
    const zkg_nn_task *task;
    zkg_nn_cube out;             /**< of y, rem, gap */
    int64_t c;                   /**< c >= 1 */
    const char *a, *h;           /**< parameters .. */
    const zkg_nn_cube *a_axes;   /**< .. and their axes, all in out */
    const zkg_nn_cube *h_axes;   /**< likewise */
    uint64_t a_most, h_most;     /**< their largest magnitudes */
    const char *y;               /**< tensor to be made, parameter "y" */
    zkg_visibility y_visibility; /**< public or private */
    zkg_interval q;              /**< of y: a table's range unless public */
} zkg_nn_quotient;

/** Tensors, parameters and lookups of y, rem and gap.
 *  @retval ZKG_ERR_UNSUPPORTED sums beyond 62 bits */
ZKG_MUST_CHECK zkg_status zkg_nn_quotient_params(const zkg_nn_quotient *q);

/** The two einsums: the first ones of the kernel. */
ZKG_MUST_CHECK zkg_status zkg_nn_quotient_einsums(const zkg_nn_quotient *q);

/** Their rules, once A and H are there. */
ZKG_MUST_CHECK zkg_status zkg_nn_quotient_rules(const zkg_nn_quotient *q);

#endif
