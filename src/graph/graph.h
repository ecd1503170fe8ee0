/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_GRAPH_H
#define ZKGKR_GRAPH_GRAPH_H

/**
 * @file
 * The inside of a zkg_graph: statement, values, rules, display.
 */

#include "circuit/program.h"
#include "graph/display.h"
#include "graph/statement.h"
#include "tensor/array.h"
#include "tensor/safetensors.h"
#include "zkgkr/graph.h"

#define ZKG_RULE_DIGITS 3 /* beyond the lowest */

/* In a graph's folder: what everybody may see, and the values of private
 * tensors. */
#define ZKG_TENSORS_FILE "tensors.safetensors"
#define ZKG_PRIVATE_FILE "private.safetensors"

typedef enum zkg_rule_kind {
    ZKG_RULE_DIVMOD,
    ZKG_RULE_SOLVE,
    ZKG_RULE_MAP,
    ZKG_RULE_COUNT,
    ZKG_RULE_CONSTANT,
    ZKG_RULE_CIRCUIT,
    ZKG_RULE_MAX,
    ZKG_RULE_RSQRT,
    ZKG_RULE_COPY,
    ZKG_RULE_VALUES
} zkg_rule_kind;

/** A rule; ids that the kind has no use for are ZKG_NO_ID. */
typedef struct zkg_rule {
    zkg_rule_kind kind;
    uint32_t task;      /**< divmod, solve, max, circuit */
    uint32_t einsum;    /**< divmod, solve, max */
    uint32_t table;     /**< map, count */
    uint32_t column;    /**< map: of the table, what is made */
    uint32_t from;      /**< map, rsqrt, copy */
    uint32_t to;        /**< what is made; of divmod, the quotient; circuit
                             makes several, zkg_rule_makes() */
    uint32_t remainder; /**< divmod; the lowest digit */
    uint32_t digit[ZKG_RULE_DIGITS]; /**< divmod: the higher digits */
    uint32_t digits;                 /**< how many of those */
    int64_t value;                   /**< constant; rsqrt: bits */
} zkg_rule;

struct zkg_graph {
    zkg_statement st;
    zkg_array *value;     /**< one a tensor: of fixed ones and of those of rule
                               `values`; data NULL where there are none */
    zkg_program *program; /**< one a kernel; empty where there is none */
    zkg_rule *rule;
    uint32_t rules;
    uint32_t *input;
    uint32_t inputs;
    uint32_t *output;
    uint32_t outputs;
    zkg_display *display; /**< one a tensor */
    bool finished;
    zkg_safetensors tensors; /**< mapped, where `value` points into it */
};

/**
 * zkg_graph_load(), its fixed and public tensors mapped and not copied where
 * the file holds them as memory does: all processes of a host share them.  For
 * those who prove; who makes a key wants values that stay as they were checked.
 *
 * tensors.safetensors must not change while the graph lives: a file that
 * shrinks is a SIGBUS (zkg_file_map_read).
 */
ZKG_MUST_CHECK zkg_status zkg_graph_load_mapped(zkg_graph **out,
                                                const char *folder,
                                                zkg_error *err);

/** Whether every value of a tensor of integers lies in its range.
 *  @retval ZKG_ERR_WITNESS one does not */
ZKG_MUST_CHECK zkg_status zkg_values_check_range(const zkg_tensor *t,
                                                 const zkg_array *a,
                                                 zkg_error *err);

/** Say that element i of such a tensor, v, does not.
 *  @return ZKG_ERR_WITNESS */
zkg_status zkg_values_out_of_range(const zkg_tensor *t, uint64_t i, int64_t v,
                                   zkg_error *err);

/**
 * Is it rule `values`, of a tensor of this visibility?  The values of private
 * ones may not be there: their file is not for everybody.
 */
bool zkg_graph_is_stored(const zkg_graph *g, const zkg_rule *r,
                         zkg_visibility vis);

/** How many tensors of this visibility rules `values` make. */
uint32_t zkg_graph_stored(const zkg_graph *g, zkg_visibility vis);

/**
 * Give a tensor that is fixed, or that rule `values` makes, its values.
 *
 * @param value integers; of type fr: small ones
 * @retval ZKG_ERR_MALFORMED no such tensor, or another number of elements
 * @retval ZKG_ERR_WITNESS   an element outside its range
 */
ZKG_MUST_CHECK zkg_status zkg_graph_set_values(zkg_graph *g, uint32_t id,
                                               const int64_t *value,
                                               size_t count, zkg_error *err);

/**
 * Say which value of the compiled model a tensor stands for.
 *
 * @param value 1 to 255 printable characters of ASCII
 */
ZKG_MUST_CHECK zkg_status zkg_graph_display_value(zkg_graph *g,
                                                  const char *tensor,
                                                  const char *value,
                                                  zkg_error *err);

#endif
