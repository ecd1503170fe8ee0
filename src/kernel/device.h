/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_KERNEL_DEVICE_H
#define ZKG_KERNEL_DEVICE_H

/**
 * @file
 * The inside of a device: a graph under construction, and views of its
 * tensors.
 */

#include "graph/graph.h"
#include "kernel/compile.h"
#include "zkgkr/device.h"

/** A view: entry i is entry order[i] of a tensor, row-major. */
typedef struct zkg_device_view {
    uint32_t tensor; /**< of the graph */
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
    uint32_t *order; /**< owned; NULL: entry i is entry i */
} zkg_device_view;

/** A kernel that the graph has: equal ones are one. */
typedef struct zkg_device_kernel {
    char name[160];
    uint8_t digest[32]; /**< of what it was compiled to */
} zkg_device_kernel;

struct zkg_device {
    zkg_graph *graph;
    zkg_list view;   /**< zkg_device_view, handle i + 1 */
    zkg_list kernel; /**< zkg_device_kernel */
    uint32_t copies; /**< tasks that only copy, for their names */
};

static inline const zkg_tensor *zkg_device_tensor(const zkg_device *d,
                                                  uint32_t id)
{
    return &d->graph->st.tensor[id];
}

/** The view of a handle. */
ZKG_MUST_CHECK zkg_status zkg_device_find(zkg_device_view **out,
                                          const zkg_device *d, zkg_handle h,
                                          zkg_error *err);

/** A handle of a whole tensor. */
ZKG_MUST_CHECK zkg_status zkg_device_whole(zkg_device *d, zkg_handle *out,
                                           uint32_t tensor, zkg_error *err);

/** A tensor that is a copy of a view, made by a task of its own. */
ZKG_MUST_CHECK zkg_status zkg_device_copy(zkg_device *d, zkg_handle *out,
                                          zkg_handle in, zkg_error *err);

uint64_t zkg_device_count(uint32_t axes, const uint64_t *len);

/** "[3,5]"; out holds at least 300 bytes. */
void zkg_device_shape_text(char *out, uint32_t axes, const uint64_t *len);

#endif
