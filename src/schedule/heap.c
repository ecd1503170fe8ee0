/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule/heap.h"

#include <assert.h>
#include <stdbool.h>

#include "base/mem.h"

static bool is_less(zkg_heap_entry a, zkg_heap_entry b)
{
    return a.key < b.key || (!(b.key < a.key) && a.id < b.id);
}

zkg_status zkg_heap_init(zkg_heap *heap, size_t cap)
{
    *heap = (zkg_heap){.at = zkg_alloc(cap + 1, sizeof(*heap->at)), .cap = cap};
    return heap->at == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
}

void zkg_heap_clear(zkg_heap *heap)
{
    zkg_free(heap->at);
    *heap = (zkg_heap){NULL, 0, 0};
}

void zkg_heap_push(zkg_heap *heap, double key, uint32_t id)
{
    const zkg_heap_entry e = {key, id};
    size_t i = heap->len++;

    assert(heap->len <= heap->cap);
    for (; i > 0 && is_less(e, heap->at[(i - 1) / 2]); i = (i - 1) / 2)
        heap->at[i] = heap->at[(i - 1) / 2];
    heap->at[i] = e;
}

zkg_heap_entry zkg_heap_pop(zkg_heap *heap)
{
    const zkg_heap_entry first = heap->at[0];
    zkg_heap_entry e;
    size_t i = 0;

    assert(heap->len > 0);
    e = heap->at[--heap->len];
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= heap->len)
            break;
        if (child + 1 < heap->len &&
            is_less(heap->at[child + 1], heap->at[child]))
            child++;
        if (!is_less(heap->at[child], e))
            break;
        heap->at[i] = heap->at[child];
        i = child;
    }
    heap->at[i] = e;
    return first;
}
