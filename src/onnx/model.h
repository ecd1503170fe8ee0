/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_ONNX_MODEL_H
#define ZKGKR_ONNX_MODEL_H

/**
 * @file
 * An ONNX model in memory: nodes, values, constants.
 *
 * Reading is safe on any bytes: every length is held to the bytes that are
 * there, and memory is a small multiple of them.  Values are numbered; a name
 * that a file gives twice is refused.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/status.h"

#define ZKG_ONNX_MAX_AXES 8
#define ZKG_ONNX_NONE UINT32_MAX /* no value, no node */

typedef struct zkg_onnx_shape {
    uint32_t axes;
    uint64_t len[ZKG_ONNX_MAX_AXES];
} zkg_onnx_shape;

/** A constant: reals (float types) or whole numbers (integers, bool). */
typedef struct zkg_onnx_tensor {
    zkg_onnx_shape shape;
    uint64_t count;
    double *real;   /**< owned, or NULL */
    int64_t *whole; /**< owned, or NULL */
} zkg_onnx_tensor;

/** An attribute: what the file gave of it. */
typedef struct zkg_onnx_attr {
    char *name;
    double f;
    int64_t i;
    char *s; /**< or NULL */
    zkg_onnx_tensor t;
    bool has_t;
    bool has_graph; /**< a subgraph, which is not read */
    double *floats;
    int64_t *ints;
    size_t n_floats, n_ints;
} zkg_onnx_attr;

typedef enum zkg_onnx_fate {
    ZKG_ONNX_LIVE,   /**< to be lowered */
    ZKG_ONNX_FOLDED, /**< its outputs are constants */
    ZKG_ONNX_ALIAS,  /**< its output is its input in another shape, or none */
    ZKG_ONNX_DEAD    /**< nobody uses it */
} zkg_onnx_fate;

typedef struct zkg_onnx_node {
    char *name; /**< the file's, or `<op>_<index>` */
    char *op, *domain;
    uint32_t *input, *output; /**< values; ZKG_ONNX_NONE: left out */
    uint32_t inputs, outputs;
    zkg_onnx_attr *attr;
    uint32_t attrs;
    zkg_onnx_fate fate; /**< set by zkg_onnx_infer() */
    /** Transpose, Slice, Pad, Gather, set by zkg_onnx_infer() where moves: axis
     *  k of the output walks axis axis[k] of the input, from from[k] in steps
     *  of step[k]; beyond its ends there is 0. */
    bool moves;
    uint32_t axis[ZKG_ONNX_MAX_AXES];
    int64_t from[ZKG_ONNX_MAX_AXES], step[ZKG_ONNX_MAX_AXES];
    /** Gather, Pad: entry i of axis k of the output is entry pick[k][i] of the
     *  input; owned; NULL: all of them in order. */
    int64_t *pick[ZKG_ONNX_MAX_AXES];
    uint64_t picks[ZKG_ONNX_MAX_AXES];
    bool selects;
} zkg_onnx_node;

typedef struct zkg_onnx_value {
    char *name;
    bool has_shape;
    zkg_onnx_shape shape;
    bool is_real;     /**< floats; set with the shape */
    bool is_constant; /**< t holds it */
    zkg_onnx_tensor t;
    uint32_t maker; /**< node, or ZKG_ONNX_NONE */
    uint32_t alias; /**< the value with the same elements in the same order,
                         itself when there is none */
    bool is_input, is_output;
} zkg_onnx_value;

typedef struct zkg_onnx_model {
    char *producer; /**< or NULL */
    int64_t opset;
    zkg_onnx_node *node;
    uint32_t nodes;
    zkg_onnx_value *value;
    uint32_t values;
    uint32_t *input, *output; /**< initializers are no inputs */
    uint32_t inputs, outputs;
    uint32_t *bucket; /**< names to values: open addressing */
    uint32_t buckets;
} zkg_onnx_model;

/**
 * Read a model.
 *
 * @param[out] out  to be cleared by the caller; empty on failure
 * @retval ZKG_ERR_MALFORMED   no ONNX model, or one that contradicts itself
 * @retval ZKG_ERR_UNSUPPORTED an opset, or a kind of tensor, that is not read
 * @retval ZKG_ERR_IO          cannot be read; external data that is not a
 *                             plain file in the model's folder
 */
ZKG_MUST_CHECK zkg_status zkg_onnx_read(zkg_onnx_model *out, const char *path,
                                        zkg_error *err);

/**
 * The same on bytes.
 *
 * @param folder where external data may lie; NULL: there is none
 */
ZKG_MUST_CHECK zkg_status zkg_onnx_parse(zkg_onnx_model *out,
                                         const uint8_t *bytes, size_t len,
                                         const char *name, const char *folder,
                                         zkg_error *err);

void zkg_onnx_clear(zkg_onnx_model *m);

/* ---- pieces ---- */

/** Elements of a shape; false when they do not fit 2^40. */
bool zkg_onnx_count(uint64_t *out, const zkg_onnx_shape *s);

/** "[1,32,64,64]"; out holds at least 200 bytes. */
void zkg_onnx_shape_text(char *out, const zkg_onnx_shape *s);

bool zkg_onnx_same_shape(const zkg_onnx_shape *a, const zkg_onnx_shape *b);

/** NULL when a node has none of that name. */
const zkg_onnx_attr *zkg_onnx_attr_of(const zkg_onnx_node *n, const char *name);

/** Attributes with their defaults. */
int64_t zkg_onnx_attr_i(const zkg_onnx_node *n, const char *name,
                        int64_t otherwise);
double zkg_onnx_attr_f(const zkg_onnx_node *n, const char *name,
                       double otherwise);
const char *zkg_onnx_attr_s(const zkg_onnx_node *n, const char *name,
                            const char *otherwise);

/** Make t real or whole, of a shape, zeroed. */
ZKG_MUST_CHECK zkg_status zkg_onnx_tensor_init(zkg_onnx_tensor *t,
                                               const zkg_onnx_shape *shape,
                                               bool is_real, zkg_error *err);
void zkg_onnx_tensor_clear(zkg_onnx_tensor *t);

/** Element i as a double, whichever it is. */
double zkg_onnx_tensor_at(const zkg_onnx_tensor *t, uint64_t i);

/** Value by name; ZKG_ONNX_NONE when there is none. */
uint32_t zkg_onnx_value_id(const zkg_onnx_model *m, const char *name);

/* ---- inference, infer.c ---- */

/**
 * Static shapes of all values; constants folded; nodes that do nothing, and
 * ones that only name a shape, become aliases; nodes that nobody uses, dead.
 * A node whose shape cannot be told keeps outputs without one; whoever lowers
 * it says so.
 *
 * @retval ZKG_ERR_MALFORMED shapes that contradict each other
 */
ZKG_MUST_CHECK zkg_status zkg_onnx_infer(zkg_onnx_model *m, zkg_error *err);

#endif
