/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_DEVICE_H
#define ZKGKR_DEVICE_H

/**
 * @file
 * Graphs made by calling kernels on tensors (docs/kernels.md).
 *
 *     zkg_device_new(&d, &err);
 *     zkg_device_input(d, &a, "a", ZKG_I32, ZKG_PRIVATE, 2,
 *                      (uint64_t[]){16, 2}, &err);
 *     zkg_device_call(d, "add", add_2, 16,
 *                     (zkg_arg[]){{"a", a}, {"s", .out = &sums}}, 2, &err);
 *     zkg_device_call(d, "total", add_16, 1,
 *                     (zkg_arg[]){{"a", sums}, {"s", .out = &total}}, 2, &err);
 *     zkg_device_output(d, total, "total", ZKG_PUBLIC, &err);
 *     zkg_device_finish(&graph, d, &err);
 *
 * A handle stands for a tensor that has no values yet.  The graph is saved and
 * loaded as any other (zkgkr/graph.h), its witness made by zkgkr/witness.h.
 *
 * Nothing here is collective; strings and values are copied.  Every call
 * returns ZKG_ERR_INVALID for a handle, a name or a shape that does not fit
 * (err says which and what was expected), ZKG_ERR_NOMEM, or what zkgkr/graph.h
 * does.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/dtype.h"
#include "zkgkr/graph.h"
#include "zkgkr/kernel.h"
#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A graph under construction by calls.  Opaque. */
typedef struct zkg_device zkg_device;

/** A tensor, or a view of one: {0} is none. */
typedef struct zkg_handle {
    uint32_t id;
} zkg_handle;

/** What a parameter is bound to in a call. */
typedef struct zkg_arg {
    const char *param;
    zkg_handle in;   /**< inputs and in-outs */
    bool broadcast;  /**< all copies read the whole of `in`; else it has one
                          more axis, the copies, before the parameter's, or, of
                          one copy, may leave that out */
    zkg_handle *out; /**< outputs and in-outs: set to the new tensor, of the
                          parameter's shape with the copies before it, if
                          there are more than one */
} zkg_arg;

/** A new device without tensors, to be freed with zkg_device_free(). */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_device_new(zkg_device **out,
                                                 zkg_error *err);

/** d may be NULL. */
ZKG_API void zkg_device_free(zkg_device *d);

/** A tensor whose values come with each witness.
 *
 * @param visibility public or private
 */
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_device_input(zkg_device *d, zkg_handle *out, const char *name,
                 zkg_dtype type, zkg_visibility visibility, uint32_t axes,
                 const uint64_t *len, zkg_error *err);

/** A tensor of constants, committed in the key.  value: row-major, copied. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_device_fixed(
    zkg_device *d, zkg_handle *out, const char *name, zkg_dtype type,
    uint32_t axes, const uint64_t *len, const int64_t *value, zkg_error *err);

/** The same values, row-major, in another shape; free of cost. */
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_device_reshape(zkg_device *d, zkg_handle *out, zkg_handle in, uint32_t axes,
                   const uint64_t *len, zkg_error *err);

/** Axis i of out is axis order[i] of in; free of cost. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_device_transpose(zkg_device *d,
                                                       zkg_handle *out,
                                                       zkg_handle in,
                                                       const uint32_t *order,
                                                       zkg_error *err);

/** Entries [first, first + count) of an axis. */
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_device_slice(zkg_device *d, zkg_handle *out, zkg_handle in, uint32_t axis,
                 uint64_t first, uint64_t count, zkg_error *err);

/** Shape of a handle.  @param[out] len ZKG_MAX_AXES of them */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_device_shape(const zkg_device *d,
                                                   uint32_t *axes,
                                                   uint64_t *len, zkg_handle h,
                                                   zkg_error *err);

/**
 * Call a finished kernel: one task.
 *
 * A view that is not of one piece for each copy is copied by a task of its
 * own, `copy<i>`, before.
 *
 * @param task   its name, which schedules use; NULL: Task<i>
 * @param kernel zkg_recorder_finish() has been called
 * @param copies at least 1
 * @param arg    one a parameter, in any order
 *
 * @retval ZKG_ERR_INVALID shapes do not fit: err names kernel, parameter, both
 *                         shapes
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_device_call(
    zkg_device *d, const char *task, const zkg_recorder *kernel,
    uint64_t copies, const zkg_arg *arg, size_t args, zkg_error *err);

/** Name a tensor that a call made, and say who sees it.  Private otherwise. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_device_output(zkg_device *d, zkg_handle h,
                                                    const char *name,
                                                    zkg_visibility visibility,
                                                    zkg_error *err);

/**
 * The graph, checked and finished; to be freed with zkg_graph_free().  d can
 * only be freed afterwards.
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_device_finish(zkg_graph **out,
                                                    zkg_device *d,
                                                    zkg_error *err);

#ifdef __cplusplus
}
#endif

#endif
