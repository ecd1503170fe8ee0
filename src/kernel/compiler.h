/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_KERNEL_COMPILER_H
#define ZKG_KERNEL_COMPILER_H

/**
 * @file
 * What the steps of a compilation share.
 *
 * An *operand* is what a gate may read: a node that is a cell or a value, or
 * a cell of an output, which no node stands for; these are numbered behind the
 * nodes.
 */

#include "kernel/compile.h"

#define ZKG_NO_OPERAND UINT32_MAX

/** One term of a gate. */
typedef struct zkg_gate_term {
    uint32_t a, b; /**< operands; b: products alone; a: not in constants */
    uint32_t challenge;
    zkg_fr c;
} zkg_gate_term;

/** Terms of a gate in zkg_compiler.term: products, linear ones, constants. */
typedef struct zkg_gate {
    uint32_t first, products, linear, constants;
} zkg_gate;

/** A gate of the top layer: node - minus. */
typedef struct zkg_top {
    uint32_t node;
    uint32_t minus; /**< a made cell, or ZKG_NO_OPERAND */
    uint32_t place; /**< the gate of the top layer */
    bool asserted;
    zkg_gate gate;
} zkg_top;

/** Entry of an output. */
typedef struct zkg_made_cell {
    uint32_t param, entry;
} zkg_made_cell;

/** A value in a layer, 1 being the lowest. */
typedef struct zkg_placed {
    uint32_t layer, node;
    bool relay;
} zkg_placed;

typedef struct zkg_compiler {
    const zkg_recorder *r;
    const zkg_compile_options *options;
    zkg_compiled *out;
    zkg_error *err;
    uint32_t nodes, params;
    /* one a node */
    bool *live;         /* the circuit has a use for it */
    bool *run;          /* the program has */
    bool *value;        /* it is a gate of its own */
    uint32_t *instead;  /* the output cell that equals it, or ZKG_NO_OPERAND */
    uint32_t *uses;     /* by sums and tops */
    bool *operand;      /* of a product */
    bool *pure;         /* no product is in its own gate */
    uint32_t *size;     /* terms of its own gate */
    uint32_t *level;    /* of a value: the lowest layer that it can be in */
    uint32_t *earliest; /* of a value: the lowest layer that it is used from */
    uint32_t *place;    /* of a value: its gate in the layer before */
    uint32_t *number;   /* its value in the program */
    zkg_gate *gate;     /* of a value */
    /* one a recorded parameter */
    uint32_t *param; /* the compiled one */
    /* one a hint */
    uint32_t *hint_first; /* its first entry, or ZKG_NO_OPERAND: not live */
    zkg_list cell;        /* zkg_made_cell */
    zkg_list term;        /* zkg_gate_term */
    zkg_list top;         /* zkg_top */
    zkg_list use;         /* zkg_placed: where values are needed */
    zkg_list placed;      /* zkg_placed, by layer, then node */
    zkg_list stack;
    uint32_t top_gates, layers;
} zkg_compiler;

/** The operand, or the node to go on with, that stands for node x. */
static inline uint32_t zkg_compiler_used(const zkg_compiler *c, uint32_t x)
{
    return c->instead[x] != ZKG_NO_OPERAND ? c->instead[x] : x;
}

static inline bool zkg_compiler_is_cell(const zkg_compiler *c, uint32_t operand)
{
    return operand >= c->nodes ||
           zkg_recorder_node(c->r, operand)->kind == ZKG_NODE_CELL;
}

zkg_status zkg_compiler_no_memory(zkg_compiler *c);

/** Add to a list of the compiler. */
ZKG_MUST_CHECK zkg_status zkg_compiler_add(zkg_compiler *c, zkg_list *l,
                                           size_t size, const void *from);

/** The hint that makes a cell; UINT32_MAX when it is no hint's. */
uint32_t zkg_compiler_hint_of(const zkg_compiler *c, const zkg_node *cell);

/** Which parameter, and which of its entries, a cell is. */
void zkg_compiler_cell(uint32_t *param, uint32_t *entry, const zkg_compiler *c,
                       uint32_t operand);

/** The gates of values and tops. */
ZKG_MUST_CHECK zkg_status zkg_compile_gates(zkg_compiler *c);
/** In which layers values are. */
ZKG_MUST_CHECK zkg_status zkg_compile_layers(zkg_compiler *c);
/** out->circuit, out->cost. */
ZKG_MUST_CHECK zkg_status zkg_compile_circuit(zkg_compiler *c);
/** out->program. */
ZKG_MUST_CHECK zkg_status zkg_compile_program(zkg_compiler *c);

#endif
