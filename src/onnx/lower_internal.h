/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_ONNX_LOWER_INTERNAL_H
#define ZKGKR_ONNX_LOWER_INTERNAL_H

/**
 * @file
 * What the operators' lowerings share.
 */

#include "onnx/lower.h"
#include "onnx/window.h"

#define ZKG_ONNX_NAME 112 /* of a tensor, room for suffixes */

/** A value that is a tensor: where it is, and what it holds while calibrating.
 */
typedef struct zkg_onnx_flow {
    char tensor[ZKG_ONNX_NAME]; /**< "": not there */
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES]; /**< as stored */
    uint64_t count;
    int64_t *sample; /**< samples * count; owned */
} zkg_onnx_flow;

/** A compilation under way. */
typedef struct zkg_onnx_lowering {
    zkg_graph *g;
    const zkg_onnx_model *m;
    const zkg_onnx_plan *plan;
    const zkg_onnx_options *options;
    zkg_onnx_report *report;
    zkg_onnx_flow *flow;  /**< one a value */
    zkg_onnx_flow *plain; /**< one a value: in its own shape, where its root is
                               not; the samples are the root's */
    uint64_t samples;
    uint32_t margin; /**< percent of what was seen that tables hold */
    uint32_t node;   /**< under way */
    zkg_error *err;
} zkg_onnx_lowering;

/** zkg_fail(), unsupported, naming the node under way. */
zkg_status zkg_onnx_refuse(const zkg_onnx_lowering *w, const char *why);

/** The flow of a value, by its root. */
zkg_onnx_flow *zkg_onnx_flow_of(const zkg_onnx_lowering *w, uint32_t value);

/** Largest magnitude that a flow's tensor may hold. */
uint64_t zkg_onnx_flow_bound(const zkg_onnx_lowering *w,
                             const zkg_onnx_flow *f);

/** Logical axis k is stored as `count[k]` axes from `first[k]`. */
typedef struct zkg_onnx_map {
    uint32_t first[ZKG_ONNX_MAX_AXES], count[ZKG_ONNX_MAX_AXES];
} zkg_onnx_map;

/** false: the stored axes do not refine these. */
bool zkg_onnx_align(zkg_onnx_map *out, const zkg_onnx_flow *f,
                    const zkg_onnx_shape *logical);

/** A value's flow stored in the value's own shape: its root's, or one that a
 *  task of its own makes. */
zkg_status zkg_onnx_plain(zkg_onnx_flow **out, zkg_onnx_lowering *w,
                          uint32_t value);

/** A value's flow whose stored axes refine these: its root's, or a plain one.
 */
zkg_status zkg_onnx_aligned(zkg_onnx_flow **out, zkg_onnx_map *map,
                            zkg_onnx_lowering *w, uint32_t value,
                            const zkg_onnx_shape *logical);

/** Append a kernel axis for each stored axis: a0, a1 .. */
void zkg_onnx_push_axes(zkg_nn_layer *l, const zkg_onnx_flow *f);

/** Append "a2,a3" for some stored axes to a list of names. */
void zkg_onnx_name_axes(char *list, size_t bytes, uint32_t first,
                        uint32_t count);

/** Append a name to a list. */
void zkg_onnx_name_push(char *list, size_t bytes, const char *name);

/** round(v 2^scale) of n reals, each within 32 bits; the caller's. */
zkg_status zkg_onnx_quantised(int64_t **whole, const zkg_onnx_lowering *w,
                              const double *real, uint64_t n, uint32_t scale);

/** Parameters of the model as a tensor, of the visibility asked for:
 *  round(v 2^scale), which are the caller's. */
zkg_status zkg_onnx_weights(zkg_onnx_lowering *w, char name[ZKG_ONNX_NAME],
                            const char *suffix, uint32_t axes,
                            const uint64_t *len, const double *real,
                            uint32_t scale, int64_t **whole);

/** The same for what an operator's attributes and shapes say: always fixed. */
zkg_status zkg_onnx_fixed(zkg_onnx_lowering *w, char name[ZKG_ONNX_NAME],
                          const char *suffix, uint32_t axes,
                          const uint64_t *len, const double *real,
                          uint32_t scale, int64_t **whole);

/** factor times a constant, or factor over it, at a scale: a tensor in its own
 * shape, as of zkg_onnx_weights(), and its samples, which are the caller's. */
zkg_status zkg_onnx_constant(zkg_onnx_flow *out, zkg_onnx_lowering *w,
                             uint32_t value, const char *suffix, double factor,
                             bool invert, uint32_t scale);

/** What a flow's tensor may hold. */
zkg_interval zkg_onnx_flow_range(const zkg_onnx_lowering *w,
                                 const zkg_onnx_flow *f);

/** A name for the node under way, and for a value's tensor: valid, unused. */
void zkg_onnx_task_name(char name[ZKG_ONNX_NAME], const zkg_onnx_lowering *w,
                        const char *wish);
void zkg_onnx_tensor_name(char name[ZKG_ONNX_NAME], const zkg_onnx_lowering *w,
                          uint32_t value);

/**
 * Finish a layer: l holds A's terms and parameters, acc what A was on the
 * samples (owned by this call).  Makes q and the values that are functions of
 * it: fused into one table where nothing else needs q.
 */
zkg_status zkg_onnx_emit(zkg_onnx_lowering *w, zkg_nn_layer *l, uint32_t value,
                         int64_t *acc);

/** Tables for the values that are functions of one that is there. */
zkg_status zkg_onnx_emit_functions(zkg_onnx_lowering *w, uint32_t value);

/** What a value's interval on the samples is, and with its margin. */
zkg_interval zkg_onnx_seen(const int64_t *v, uint64_t n);
zkg_interval zkg_onnx_margin(const zkg_onnx_lowering *w, zkg_interval seen);

/** The output visibility for outputs, else private. */
zkg_visibility zkg_onnx_visibility(const zkg_onnx_lowering *w, uint32_t value);

/** A window for the models, x being stored as leading axes and its own. */
zkg_status zkg_onnx_window_model(zkg_nn_window *out, zkg_onnx_flow **x,
                                 zkg_onnx_lowering *w,
                                 const zkg_onnx_window *v);

/** Append c p0[a0] p1[a1] to the terms of A; p1 may be NULL. */
void zkg_onnx_push_term(zkg_nn_layer *l, int64_t c, const char *p0,
                        const char *a0, const char *p1, const char *a1);

/** samples * n zeros. */
zkg_status zkg_onnx_new_acc(int64_t **acc, const zkg_onnx_lowering *w,
                            uint64_t n);

/** Refuse a node whose sums could leave 62 bits. */
zkg_status zkg_onnx_too_large(const zkg_onnx_lowering *w);

/** One line of the report. */
zkg_status zkg_onnx_note(zkg_onnx_lowering *w, const char *name, const char *op,
                         const zkg_onnx_flow *y, zkg_interval seen,
                         zkg_interval range, const char *table,
                         uint64_t divisor);

/** How a flow's tensor is printed, and which value of the model it stands for.
 */
zkg_status zkg_onnx_display(zkg_onnx_lowering *w, const zkg_onnx_flow *f);

/** Operators. */
zkg_status zkg_onnx_lower_conv(zkg_onnx_lowering *w);
/** A Conv with the MaxPool after it: weights and bias as reals. */
zkg_status zkg_onnx_lower_conv_pool(zkg_onnx_lowering *w,
                                    const zkg_onnx_window *v,
                                    const double *weight, const double *bias);
zkg_status zkg_onnx_lower_matmul(zkg_onnx_lowering *w);
zkg_status zkg_onnx_lower_affine(zkg_onnx_lowering *w);
zkg_status zkg_onnx_lower_sum(zkg_onnx_lowering *w);
zkg_status zkg_onnx_lower_matrices(zkg_onnx_lowering *w);
zkg_status zkg_onnx_lower_softmax(zkg_onnx_lowering *w);
zkg_status zkg_onnx_lower_select(zkg_onnx_lowering *w);
zkg_status zkg_onnx_lower_pool(zkg_onnx_lowering *w);
zkg_status zkg_onnx_lower_move(zkg_onnx_lowering *w);
zkg_status zkg_onnx_lower_reduce(zkg_onnx_lowering *w);
zkg_status zkg_onnx_lower_max_pool(zkg_onnx_lowering *w);
zkg_status zkg_onnx_lower_layer_norm(zkg_onnx_lowering *w);

#endif
