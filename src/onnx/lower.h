/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_ONNX_LOWER_H
#define ZKGKR_ONNX_LOWER_H

/**
 * @file
 * From a model to a graph.
 *
 * First a plan: which nodes become tasks, which ones are functions of one
 * value and so become tables, and what is not supported, all of it, by node
 * name and reason.  Then the tasks, in node order, while a few calibration
 * inputs run through the operators' integer models beside them: they say how
 * large the tables must be.
 *
 * A value is stored as integers v 2^scale.  Its tensor may have another shape
 * than the model gives it, with the same elements in the same order.
 */

#include "graph/graph.h"
#include "nn/layer.h"
#include "nn/model.h"
#include "onnx/model.h"

/** What a node becomes. */
typedef enum zkg_onnx_role {
    ZKG_ONNX_NOTHING,  /**< folded, alias, dead, or part of another */
    ZKG_ONNX_FUNCTION, /**< of one value, element by element: a table */
    ZKG_ONNX_CONV,
    ZKG_ONNX_MATMUL,   /**< MatMul and Gemm: a value with a constant matrix */
    ZKG_ONNX_MATRICES, /**< all others */
    ZKG_ONNX_AFFINE,   /**< constants per channel or element: a x + b */
    ZKG_ONNX_SUM,      /**< Add, Sub of two values; Expand of one */
    ZKG_ONNX_PRODUCT,
    ZKG_ONNX_QUOTIENT,
    ZKG_ONNX_POOL,   /**< sums over windows, divided */
    ZKG_ONNX_MOVE,   /**< elements to other places; Concat */
    ZKG_ONNX_SELECT, /**< the same, along axes as constants say */
    ZKG_ONNX_REDUCE, /**< sums over axes, divided */
    ZKG_ONNX_MAX_POOL,
    ZKG_ONNX_LAYER_NORM,
    ZKG_ONNX_SOFTMAX,
    ZKG_ONNX_UNSUPPORTED
} zkg_onnx_role;

/** One node's place in the plan. */
typedef struct zkg_onnx_step {
    zkg_onnx_role role;
    uint32_t into; /**< NOTHING: the node that it is part of, or NONE */
    uint32_t norm; /**< CONV: BatchNormalization folded into it, or NONE */
    uint32_t pool; /**< CONV: MaxPool in its task, or NONE */
    bool relu;     /**< CONV with pool: a Relu before it */
    uint32_t out;  /**< value that it makes, parts included */
    uint32_t x;    /**< LAYER_NORM: the value that is normalised */
    uint32_t gain, bias; /**< LAYER_NORM: values, or NONE */
    uint32_t axes;       /**< LAYER_NORM: trailing axes */
    double epsilon;      /**< LAYER_NORM */
    char why[200];       /**< UNSUPPORTED */
} zkg_onnx_step;

typedef struct zkg_onnx_plan {
    zkg_onnx_step *step; /**< one a node */
    uint32_t *base;      /**< one a value: it is a function of this one */
    bool *needed;        /**< one a value: a tensor of its own */
    uint32_t unsupported;
} zkg_onnx_plan;

/** Plan; m is inferred.  What is not supported stands in the steps. */
ZKG_MUST_CHECK zkg_status zkg_onnx_plan_init(zkg_onnx_plan *out,
                                             const zkg_onnx_model *m,
                                             zkg_error *err);
void zkg_onnx_plan_clear(zkg_onnx_plan *p);

/** The value with v's elements that has a maker or is an input. */
uint32_t zkg_onnx_root(const zkg_onnx_model *m, uint32_t v);

/** A table's function: the nodes from a base to a value. */
typedef struct zkg_onnx_function {
    const zkg_onnx_model *m;
    uint32_t base, value;
    uint32_t *node; /**< in order; owned */
    uint32_t nodes;
    double *at; /**< one a value; owned */
    uint32_t scale_in, scale_out;
} zkg_onnx_function;

ZKG_MUST_CHECK zkg_status zkg_onnx_function_init(zkg_onnx_function *out,
                                                 const zkg_onnx_model *m,
                                                 const zkg_onnx_plan *p,
                                                 uint32_t value,
                                                 zkg_error *err);
void zkg_onnx_function_clear(zkg_onnx_function *f);

/** The function in double precision. */
double zkg_onnx_function_real(zkg_onnx_function *f, double x);

/** floor(f(q / 2^in) 2^out + 1/2): a zkg_nn_function. */
bool zkg_onnx_function_at(int64_t *y, void *function, int64_t q);

/** Is it max(0, x), and nothing else? */
bool zkg_onnx_function_is_relu(const zkg_onnx_function *f);

/** Can this operator be part of a function of one value? */
bool zkg_onnx_op_is_function(const zkg_onnx_node *n);

/** Such an operator on its inputs v; has[i]: input i is there. */
double zkg_onnx_op_apply(const zkg_onnx_node *n, const double v[3],
                         const bool has[3]);

/* ---- compiling ---- */

typedef struct zkg_onnx_options {
    uint32_t scale, param_scale;
    const char *calibrate; /**< inputs, or NULL: made ones */
    uint32_t margin; /**< tables hold so many times what calibration saw, in
                          percent; 0: 150, or 400 without calibration data */
    zkg_visibility input, output, param;
} zkg_onnx_options;

/** What `compile` prints of one task. */
typedef struct zkg_onnx_line {
    char name[ZKG_MAX_NAME + 1], op[40];
    char shape[100];
    zkg_interval seen, range; /**< calibration; what the table holds */
    uint32_t bits;
    char table[ZKG_NN_TABLE_NAME];
    uint64_t divisor;
} zkg_onnx_line;

typedef struct zkg_onnx_report {
    zkg_onnx_line *line; /**< owned */
    uint32_t lines;
    bool made_up;       /**< no calibration data */
    int64_t **expected; /**< one an output: the integer models' values on the
                             first calibration input; owned */
    uint32_t outputs;
} zkg_onnx_report;

void zkg_onnx_report_clear(zkg_onnx_report *r);

/**
 * Compile a model, which was inferred.
 *
 * @param[out] out    the caller's, finished
 * @param[out] report the caller's
 * @retval ZKG_ERR_UNSUPPORTED operators, all of them in err and in the plan
 */
ZKG_MUST_CHECK zkg_status zkg_onnx_compile(
    zkg_graph **out, zkg_onnx_report *report, const zkg_onnx_model *m,
    const zkg_onnx_plan *plan, const zkg_onnx_options *options, zkg_error *err);

#endif
