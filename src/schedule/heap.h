/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SCHEDULE_HEAP_H
#define ZKG_SCHEDULE_HEAP_H

/**
 * @file
 * A heap of (key, id): the least key first, of equal keys the least id, so
 * that plans come out alike everywhere.  Room for `cap` entries is made at the
 * start; pushing more is the caller's mistake.
 */

#include <stddef.h>
#include <stdint.h>

#include "zkgkr/status.h"

typedef struct zkg_heap_entry {
    double key;
    uint32_t id;
} zkg_heap_entry;

typedef struct zkg_heap {
    zkg_heap_entry *at;
    size_t len, cap;
} zkg_heap;

ZKG_MUST_CHECK zkg_status zkg_heap_init(zkg_heap *heap, size_t cap);
void zkg_heap_clear(zkg_heap *heap);
void zkg_heap_push(zkg_heap *heap, double key, uint32_t id);

/** Take the least entry out; the heap is not empty. */
zkg_heap_entry zkg_heap_pop(zkg_heap *heap);

#endif
