/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_KERNEL_COMPILE_H
#define ZKG_KERNEL_COMPILE_H

/**
 * @file
 * From a recorded kernel to a layered circuit and a witness program.
 *
 * A gate is a sum of products of two operands, of multiples of one, and a
 * constant.  An operand is a cell of a tensor or a gate of the layer before.
 * So what is multiplied becomes a gate one layer below (a *value*), products
 * are summed where they are used, and the depth is the multiplicative one.
 * Assertions, outputs and queries are gates of the top layer; an output is an
 * input of the circuit, asserted equal, and whoever uses it reads it there.
 * Values are computed as late as they can be, in the layer below their first
 * use, or earlier where carrying them costs less than carrying what they read;
 * they are carried on (relayed) for later uses, or computed again where that is
 * cheaper.
 */

#include "circuit/circuit.h"
#include "circuit/program.h"
#include "kernel/recorder.h"

/** How a call sees a parameter: another shape of as many values. */
typedef struct zkg_param_view {
    uint32_t axes; /**< of one copy */
    uint64_t len[ZKG_MAX_AXES];
    const uint32_t *order; /**< entry i is entry order[i] of it; NULL: i */
} zkg_param_view;

typedef struct zkg_compile_options {
    const zkg_param_view *view; /**< one a recorded parameter, or NULL */
} zkg_compile_options;

typedef enum zkg_compiled_role {
    ZKG_COMPILED_READ,
    ZKG_COMPILED_MADE,   /**< by the program */
    ZKG_COMPILED_VIRTUAL /**< by the circuit */
} zkg_compiled_role;

/** A parameter of the kernel as the graph will have it. */
typedef struct zkg_compiled_param {
    char name[160];
    zkg_compiled_role role;
    zkg_dtype type;
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
    uint64_t count;
    uint32_t recorded; /**< or ZKG_NO_PARAM */
} zkg_compiled_param;

/** A lookup site: all queries of a table. */
typedef struct zkg_compiled_site {
    uint32_t table, columns;
    uint32_t param[ZKG_MAX_AXES + 4];
} zkg_compiled_site;

typedef struct zkg_compiled {
    zkg_list param; /**< zkg_compiled_param */
    zkg_list site;  /**< zkg_compiled_site */
    bool has_circuit;
    zkg_circuit circuit; /**< owned, arrays and all */
    zkg_list input;      /**< uint32_t: parameter of each of its inputs */
    zkg_list output;     /**< likewise */
    zkg_program program;
    zkg_kernel_cost cost;
    uint64_t *relays; /**< by layer */
} zkg_compiled;

/**
 * Compile a recording without mistakes.
 *
 * @param[out] out zkg_compiled_clear() it; empty on failure
 * @retval ZKG_ERR_INVALID     something proves nothing, or is not there
 * @retval ZKG_ERR_UNSUPPORTED too many inputs, or too large
 */
ZKG_MUST_CHECK zkg_status zkg_compile(zkg_compiled *out, const zkg_recorder *r,
                                      const zkg_compile_options *options,
                                      zkg_error *err);
void zkg_compiled_clear(zkg_compiled *c);

static inline const zkg_compiled_param *
zkg_compiled_param_at(const zkg_compiled *c, uint32_t i)
{
    return &((const zkg_compiled_param *)c->param.data)[i];
}

#endif
