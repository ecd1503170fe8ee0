/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_STATEMENT_H
#define ZKGKR_GRAPH_STATEMENT_H

/**
 * @file
 * What is proven, as plain data: tensors, tables, kernels, tasks
 * (docs/protocol.md, 1), its checks, its canonical encoding and its digest.
 *
 * A statement is built (graph.h) or decoded from a key, then checked; nothing
 * else reads one that was not checked.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "circuit/circuit.h"
#include "tensor/array.h"
#include "zkgkr/status.h"

#define ZKG_NO_ID UINT32_MAX /* no tensor, no table, no axis */
#define ZKG_MAX_TENSORS (1u << 20)
#define ZKG_MAX_TASKS (1u << 20)
#define ZKG_MAX_TABLES (1u << 12)
#define ZKG_MAX_KERNELS (1u << 20)
#define ZKG_MAX_CIRCUITS (1u << 12)
#define ZKG_MAX_KERNEL_AXES 15 /* copies make 16 */
#define ZKG_MAX_PARAMS 4096
#define ZKG_MAX_TERMS 4096            /* of one einsum */
#define ZKG_MAX_RELATIONS 4096        /* of one kernel */
#define ZKG_MAX_ALL_PAIRS (1u << 28)  /* of all kernels' affine indices */
#define ZKG_MAX_TABLE_COLUMNS 16      /* of one table */
#define ZKG_MAX_TABLE_BITS 30         /* rows of a table in closed form */
#define ZKG_MAX_TABLE_ROWS (1u << 20) /* rows of a table given as data */
#define ZKG_MAX_TENSOR_VARS 40
#define ZKG_MAX_NAME 127

/** A tensor.  min..max bound the values of integer types, inclusive, where a
 *  relation enforces it; of fr both are 0 and mean nothing. */
typedef struct zkg_tensor {
    char *name;
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
    zkg_dtype type;
    zkg_visibility vis;
    int64_t min, max;
} zkg_tensor;

/** A table. */
typedef struct zkg_stmt_table {
    char *name;
    zkg_table_kind kind;
    uint32_t bits; /**< closed forms: 2^bits rows; else 0 */
    uint64_t rows;
    uint32_t columns;
    zkg_array *column; /**< kind columns: `columns` arrays of i64 [rows] */
    uint32_t counts;   /**< tensor of the multiplicities, i64 [rows] */
    bool hinted;       /**< counts are nothing but this table's */
} zkg_stmt_table;

/** An integer coefficient: sign and magnitude, lowest limb first. */
typedef struct zkg_coeff {
    bool negative; /**< never with magnitude 0 */
    uint32_t limb[8];
} zkg_coeff;

/** Index of a factor: s*a + d*b + e; a plain axis is s=1, b=ZKG_NO_ID, d=e=0.
 */
typedef struct zkg_stmt_index {
    int64_t s, d, e;
    uint32_t a, b; /**< axes of the kernel */
} zkg_stmt_index;

/** A tensor parameter with its indices. */
typedef struct zkg_stmt_factor {
    uint32_t param;
    uint32_t indices;
    zkg_stmt_index index[ZKG_MAX_AXES];
} zkg_stmt_factor;

typedef struct zkg_stmt_term {
    zkg_coeff c;
    uint32_t factors; /**< 0, 1 or 2 */
    zkg_stmt_factor factor[2];
    /** Set by zkg_statement_check, of the kernel's lengths alone: the most
     *  index values that one output sums, UINT64_MAX if that or more. */
    uint64_t summed;
    bool maps; /**< set with it: some index is affine, so there may be fewer */
} zkg_stmt_term;

typedef struct zkg_stmt_einsum {
    uint32_t out_axes;
    uint32_t out[ZKG_MAX_AXES]; /**< axes of the kernel, highest first */
    uint32_t equals;            /**< parameter V of "= V[o]", or ZKG_NO_ID: 0 */
    zkg_stmt_term *term;
    uint32_t terms;
} zkg_stmt_einsum;

typedef struct zkg_stmt_lookup {
    uint32_t table;
    uint32_t columns;
    uint32_t param[ZKG_MAX_TABLE_COLUMNS];
} zkg_stmt_lookup;

typedef struct zkg_stmt_axis {
    char *name;
    uint64_t len;
} zkg_stmt_axis;

typedef struct zkg_stmt_param {
    char *name;
    uint32_t axes;
    uint32_t axis[ZKG_MAX_AXES]; /**< axes of the kernel, highest first */
} zkg_stmt_param;

/** Relations over parameters: the lookups, the einsums, then the circuit. */
typedef struct zkg_kernel {
    char *name;
    zkg_stmt_axis *axis;
    uint32_t axes;
    zkg_stmt_param *param;
    uint32_t params;
    zkg_stmt_lookup *lookup;
    uint32_t lookups;
    zkg_stmt_einsum *einsum;
    uint32_t einsums;
    uint32_t circuit; /**< of the statement, or ZKG_NO_ID: none */
    uint32_t *input;  /**< parameter of each of its inputs */
    uint32_t inputs;
    uint32_t *output; /**< parameter of each of its outputs: virtual tensors */
    uint32_t outputs;
} zkg_kernel;

/** A kernel with tensors bound to its parameters. */
typedef struct zkg_task {
    char *name;
    uint32_t kernel;
    uint64_t copies;
    uint32_t params; /**< as the kernel's */
    uint32_t *bind;  /**< tensor of each parameter */
    bool *broadcast; /**< shared by all copies */
} zkg_task;

typedef struct zkg_statement {
    zkg_tensor *tensor;
    uint32_t tensors;
    zkg_stmt_table *table;
    uint32_t tables;
    zkg_circuit *circuit; /**< owned, arrays and all: zkg_circuit_copy, _read */
    uint32_t circuits;
    zkg_kernel *kernel;
    uint32_t kernels;
    zkg_task *task;
    uint32_t tasks;
    uint8_t digest[32]; /**< set by zkg_statement_check() and _decode() */
} zkg_statement;

void zkg_statement_clear(zkg_statement *st);

/* ---- pieces ---- */

/** Is name a name for a tensor or kernel: [A-Za-z0-9_.:/-], 1 to 127? */
bool zkg_name_is_valid(const char *name);

/** The same for tables and tasks, which schedules name: [A-Za-z0-9_.]. */
bool zkg_task_name_is_valid(const char *name);

/** The same for axes and parameters: [A-Za-z_][A-Za-z0-9_]*. */
bool zkg_ident_is_valid(const char *name);

/** A kernel without any part; it takes the name over. */
zkg_kernel zkg_kernel_empty(char *name);

/** Relations of a kernel; the circuit counts as one. */
uint32_t zkg_kernel_relations(const zkg_kernel *k);

/** Gates of all layers, in one copy, of the circuit that has most of them;
 *  layers of the deepest one; 0 without circuits. */
uint64_t zkg_statement_most_gates(const zkg_statement *st);
uint32_t zkg_statement_most_layers(const zkg_statement *st);

/** Hashes in a row before the first challenge: max(1000, 4 layers of the
 * deepest circuit).  docs/protocol.md, 3 and 12.2. */
uint32_t zkg_statement_ratchets(const zkg_statement *st);

/** Parse a decimal integer below 2^256 in magnitude; false if it is none. */
bool zkg_coeff_parse(zkg_coeff *out, const char *text);

/** Write it back; out holds at least 80 bytes. */
void zkg_coeff_format(char *out, const zkg_coeff *c);

void zkg_coeff_from_i64(zkg_coeff *out, int64_t v);

/** false when it does not fit. */
bool zkg_coeff_to_i64(int64_t *out, const zkg_coeff *c);

/** Ids by name; ZKG_NO_ID when there is none. */
uint32_t zkg_statement_tensor_id(const zkg_statement *st, const char *name);
uint32_t zkg_statement_table_id(const zkg_statement *st, const char *name);
uint32_t zkg_statement_kernel_id(const zkg_statement *st, const char *name);
uint32_t zkg_statement_task_id(const zkg_statement *st, const char *name);
uint32_t zkg_kernel_axis_id(const zkg_kernel *k, const char *name);
uint32_t zkg_kernel_param_id(const zkg_kernel *k, const char *name);

/** Real elements and variables of tensor t. */
uint64_t zkg_tensor_count(const zkg_tensor *t);
uint32_t zkg_tensor_vars(const zkg_tensor *t);

/** Bits that a sum of points has windows for, by its bounds: 2^bits is its
 *  largest magnitude or above, and bits 1 at least.  254 of field elements. */
uint32_t zkg_tensor_bits(const zkg_tensor *t);

/** A cell as a decimal number; of field elements those that stand for integers
 *  of 64 bits with their sign.  out holds at least 80 bytes. */
void zkg_cell_text(char *out, const zkg_array *a, uint64_t i);

/** "[48,64]"; out holds at least 300 bytes. */
void zkg_tensor_shape_text(char *out, const zkg_tensor *t);

/** Is tensor id the counts of some hinted table? */
bool zkg_statement_is_hinted_counts(const zkg_statement *st, uint32_t id);

/** Columns that a table of this kind has; 0 for ZKG_KIND_COLUMNS. */
uint32_t zkg_table_kind_columns(zkg_table_kind kind);
const char *zkg_table_kind_name(zkg_table_kind kind);
bool zkg_table_kind_parse(zkg_table_kind *out, const char *name);

/** Entry of column c in row i of a table. */
int64_t zkg_stmt_table_entry(const zkg_stmt_table *t, uint32_t c, uint64_t i);

/** Smallest and largest entry of column c. */
void zkg_stmt_table_bounds(int64_t *min, int64_t *max, const zkg_stmt_table *t,
                           uint32_t c);

/**
 * The default of k, zkg_kzg_default_k() of the padded values of all private and
 * fixed tensors.
 */
uint32_t zkg_statement_default_k(const zkg_statement *st);

/* ---- whole statements ---- */

/**
 * Every rule of docs/protocol.md, 1, that data alone can show, and the digest.
 *
 * Names, shapes, order; who produces and who consumes virtual tensors; every
 * private integer tensor that an einsum reads checked by a lookup whose column
 * lies within the tensor's min..max; the terms of each einsum bounded below
 * p/2; every circuit one that zkg_circuit_check takes, of its parameters'
 * shapes; every tensor, table and circuit used.
 *
 * @retval ZKG_ERR_MALFORMED   it breaks a rule: the first one, with its names
 * @retval ZKG_ERR_UNSUPPORTED it is legal but not there yet
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_statement_check(zkg_statement *st,
                                              zkg_error *err);

/**
 * The canonical binary encoding (docs/formats.md): equal statements, and only
 * those, have equal bytes.
 *
 * @param[out] bytes owned by the caller: zkg_free()
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_statement_encode(uint8_t **bytes, size_t *len,
                                               const zkg_statement *st,
                                               zkg_error *err);

/**
 * Decode and check.  Safe on any bytes: no length is trusted, memory is bound
 * by a small multiple of len.
 *
 * @param[out] out to be cleared by the caller; empty on failure
 * @retval ZKG_ERR_MALFORMED truncated, another version, a byte too many, or as
 *                           zkg_statement_check
 * @retval ZKG_ERR_UNSUPPORTED, ZKG_ERR_NOMEM as there
 */
ZKG_MUST_CHECK zkg_status zkg_statement_decode(zkg_statement *out,
                                               const uint8_t *bytes, size_t len,
                                               zkg_error *err);

#endif
