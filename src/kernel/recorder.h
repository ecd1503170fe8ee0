/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_KERNEL_RECORDER_H
#define ZKG_KERNEL_RECORDER_H

/**
 * @file
 * The inside of a recorded kernel: an acyclic graph of nodes, each made of
 * earlier ones.
 *
 * A node is recorded once (equal ones are one), constants are folded, and a
 * linear combination of few terms is taken into the one that uses it.  Node 0
 * is the constant 0, which every failed call returns.
 */

#include "field/fr.h"
#include "kernel/list.h"
#include "zkgkr/kernel.h"

typedef enum zkg_node_kind {
    ZKG_NODE_CONSTANT,  /**< constant[a] */
    ZKG_NODE_CELL,      /**< entry b of parameter a */
    ZKG_NODE_CHALLENGE, /**< challenge a */
    ZKG_NODE_SUM,       /**< constant[c] + terms [a, a + b) */
    ZKG_NODE_PRODUCT    /**< node a * node b, neither a constant; a <= b */
} zkg_node_kind;

typedef struct zkg_node {
    zkg_node_kind kind;
    bool random; /**< depends on a challenge */
    uint32_t a, b, c;
} zkg_node;

/** coefficient * node */
typedef struct zkg_node_term {
    uint32_t constant, node;
} zkg_node_term;

typedef enum zkg_role {
    ZKG_ROLE_INPUT,
    ZKG_ROLE_OUTPUT,
    ZKG_ROLE_HINT,   /**< all hints of one type */
    ZKG_ROLE_COUNTS, /**< an input that nothing but a table of the graph reads
                      */
    ZKG_ROLE_QUERY   /**< a column of a site, made by the circuit */
} zkg_role;

#define ZKG_NO_PARAM UINT32_MAX

typedef struct zkg_recorded_param {
    char name[128];
    zkg_role role;
    zkg_dtype type;
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
    uint64_t count;
    uint32_t *set; /**< outputs: the node of each entry */
    bool *is_set;
    uint32_t pair; /**< of an in-out: the output, or its input; else none */
} zkg_recorded_param;

typedef struct zkg_recorded_hint {
    uint32_t name;                /**< text */
    uint32_t constants, constant; /**< constants [constant, +constants) of
                                       `words` */
    uint32_t ins, in;             /**< nodes [in, +ins) of `words` */
    uint32_t outs, param, first;  /**< entries of a hint parameter */
    uint32_t node; /**< how many nodes there were when it was called */
} zkg_recorded_hint;

typedef struct zkg_recorded_assertion {
    uint32_t node, label; /**< label: text */
    uint32_t nodes;       /**< how many nodes there were */
    bool program_only;    /**< the circuit holds it otherwise */
} zkg_recorded_assertion;

typedef enum zkg_table_use {
    ZKG_TABLE_OPEN,
    ZKG_TABLE_HINTED,
    ZKG_TABLE_COUNTS
} zkg_table_use;

typedef struct zkg_recorded_table {
    char name[128];
    uint32_t bits;   /**< a range, or 0 */
    uint32_t values; /**< columns beside the key */
    int64_t *row;    /**< constant rows, 1 + values each */
    uint32_t rows, row_capacity;
    bool found;       /**< values are found by their key */
    zkg_list row_var; /**< uint32_t nodes, 1 + values a row */
    zkg_list query;   /**< uint32_t nodes, 1 + values a query */
    zkg_table_use use;
    uint32_t counts; /**< parameter, or ZKG_NO_PARAM */
} zkg_recorded_table;

struct zkg_recorder {
    char name[128];
    zkg_error failed; /**< the first mistake; status ZKG_OK: none yet */
    bool finished;
    zkg_list node;      /**< zkg_node */
    zkg_list term;      /**< zkg_node_term */
    zkg_list constant;  /**< zkg_fr */
    zkg_list param;     /**< zkg_recorded_param */
    zkg_list hint;      /**< zkg_recorded_hint */
    zkg_list assertion; /**< zkg_recorded_assertion */
    zkg_list table;     /**< zkg_recorded_table */
    zkg_list text;      /**< char * */
    zkg_list word;      /**< uint32_t, of hints */
    uint32_t challenges;
    zkg_index node_index, constant_index, text_index;
    uint32_t hint_param[ZKG_FR + 1]; /**< by type, or ZKG_NO_PARAM */
};

static inline const zkg_node *zkg_recorder_node(const zkg_recorder *r,
                                                uint32_t id)
{
    return &((const zkg_node *)r->node.data)[id];
}

static inline const zkg_fr *zkg_recorder_constant(const zkg_recorder *r,
                                                  uint32_t id)
{
    return &((const zkg_fr *)r->constant.data)[id];
}

static inline const zkg_node_term *zkg_recorder_terms(const zkg_recorder *r,
                                                      const zkg_node *sum)
{
    return &((const zkg_node_term *)r->term.data)[sum->a];
}

static inline zkg_recorded_param *zkg_recorder_param(const zkg_recorder *r,
                                                     uint32_t id)
{
    return &((zkg_recorded_param *)r->param.data)[id];
}

static inline zkg_recorded_table *zkg_recorder_table(const zkg_recorder *r,
                                                     uint32_t id)
{
    return &((zkg_recorded_table *)r->table.data)[id];
}

static inline const char *zkg_recorder_text(const zkg_recorder *r, uint32_t id)
{
    return ((char **)r->text.data)[id];
}

/** Whether nothing failed yet and the kernel is not finished. */
bool zkg_recorder_open(zkg_recorder *r);

/** Note a mistake; the first one stays. */
void zkg_recorder_fail(zkg_recorder *r, zkg_status s, const char *fmt, ...)
    ZKG_PRINTF(3, 4);

/** Ids; UINT32_MAX after a failure. */
uint32_t zkg_recorder_add_text(zkg_recorder *r, const char *text);
uint32_t zkg_recorder_add_constant(zkg_recorder *r, const zkg_fr *v);
uint32_t zkg_recorder_add_param(zkg_recorder *r, const char *name,
                                zkg_role role, zkg_dtype type, uint32_t axes,
                                const uint64_t *len);

/** Nodes; 0 after a failure. */
uint32_t zkg_recorder_cell(zkg_recorder *r, uint32_t param, uint64_t i);
zkg_var zkg_recorder_field_constant(zkg_recorder *r, const zkg_fr *v);
zkg_var zkg_recorder_combine(zkg_recorder *r, const zkg_fr *c0, size_t n,
                             const zkg_fr *c, const zkg_var *x);

/** Does x name a node? */
bool zkg_recorder_check_var(zkg_recorder *r, zkg_var x);

/** A hint with constants. */
void zkg_recorder_hint(zkg_recorder *r, const char *name, zkg_dtype type,
                       size_t outs, zkg_var *out, size_t constants,
                       const zkg_fr *constant, size_t ins, const zkg_var *in);

/** Hold an assertion in the program alone. */
void zkg_recorder_assert_in_program(zkg_recorder *r, zkg_var x,
                                    const char *label);

#endif
