/* SPDX-License-Identifier: Apache-2.0 */
/* Padding as index arithmetic. */
#include "pcs/kzg_walk.h"

void zkg_kzg_layout_init(zkg_kzg_layout *l, const zkg_array *a)
{
    bool is_full = true;

    l->array = a;
    l->outer = a->axes;
    l->pad_bits = 0;
    l->run = 1;
    while (l->outer > 0 && is_full) {
        const uint32_t axis = --l->outer;
        const uint32_t bits = zkg_axis_bits(a->len[axis]);

        is_full = a->stored[axis] == (uint64_t)1 << bits;
        l->run *= a->stored[axis];
        l->pad_bits += bits;
    }
    l->padded = (uint64_t)1 << zkg_array_vars(a);
}

/* The first stored cell of a block; false when nothing of it is stored. */
static bool block_start(uint64_t *flat, const zkg_kzg_layout *l, uint64_t block)
{
    const zkg_array *a = l->array;
    uint64_t stride = l->run;

    *flat = 0;
    for (uint32_t axis = l->outer; axis-- > 0;) {
        const uint32_t bits = zkg_axis_bits(a->len[axis]);
        const uint64_t i = block & (((uint64_t)1 << bits) - 1);

        if (i >= a->stored[axis])
            return false;
        *flat += i * stride;
        stride *= a->stored[axis];
        block >>= bits;
    }
    return true;
}

void zkg_kzg_walk_init(zkg_kzg_walk *w, const zkg_kzg_layout *l, uint64_t begin,
                       uint64_t len)
{
    w->layout = l;
    w->begin = w->next = begin;
    w->end = begin + len;
    if (w->end > l->padded)
        w->end = l->padded;
}

bool zkg_kzg_walk_next(zkg_kzg_run *out, zkg_kzg_walk *w)
{
    const zkg_kzg_layout *l = w->layout;

    while (w->next < w->end) {
        const uint64_t block = w->next >> l->pad_bits;
        const uint64_t base = block << l->pad_bits;
        const uint64_t from = w->next;
        uint64_t to = base + l->run, flat;

        w->next = base + ((uint64_t)1 << l->pad_bits);
        if (to > w->end)
            to = w->end;
        if (from >= to || !block_start(&flat, l, block))
            continue;
        *out = (zkg_kzg_run){from - w->begin, flat + (from - base), to - from};
        return true;
    }
    return false;
}
