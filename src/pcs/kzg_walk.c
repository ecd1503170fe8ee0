/* SPDX-License-Identifier: Apache-2.0 */
/* Padding as index arithmetic. */
#include "pcs/kzg_walk.h"

#include <string.h>

#include "base/bytes.h"

void zkg_kzg_layout_init(zkg_kzg_layout *l, const zkg_array *a)
{
    bool is_full = true;
    uint64_t unit = 1;

    memset(l, 0, sizeof(*l));
    l->array = a;
    l->outer = a->axes;
    l->run = 1;
    while (l->outer > 0 && is_full) {
        const uint32_t axis = --l->outer;
        const uint32_t bits = zkg_axis_bits(a->len[axis]);

        is_full = a->stored[axis] == (uint64_t)1 << bits;
        l->run *= a->stored[axis];
        l->pad_bits += bits;
    }
    for (uint32_t axis = l->outer; axis-- > 0;) {
        const uint64_t len = (uint64_t)1 << zkg_axis_bits(a->len[axis]);

        l->unit[axis] = unit;
        l->skip[axis] = (len - a->stored[axis]) * unit;
        unit *= len;
    }
    l->padded = (uint64_t)1 << zkg_array_vars(a);
}

/* To the next stored block, as all before axis `from` stay or carry: stored
 * blocks stand one behind the other, so only the place among the padded ones
 * has to be found. */
static void carry(zkg_kzg_walk *w, uint32_t from, uint64_t *block)
{
    const zkg_kzg_layout *l = w->layout;

    for (uint32_t axis = from; axis-- > 0;) {
        if (++w->index[axis] < l->array->stored[axis])
            return;
        w->index[axis] = 0;
        *block += l->skip[axis];
    }
    *block = l->padded; /* the end */
}

void zkg_kzg_walk_init(zkg_kzg_walk *w, const zkg_kzg_layout *l, uint64_t begin,
                       uint64_t len)
{
    const zkg_array *a = l->array;
    const uint64_t first = begin >> l->pad_bits;
    uint64_t block = first, stride = l->run;

    w->layout = l;
    w->begin = w->next = begin;
    w->end = begin + len < l->padded ? begin + len : l->padded;
    w->flat = 0;
    for (uint32_t axis = l->outer; axis-- > 0;)
        w->index[axis] = first / l->unit[axis] %
                         ((uint64_t)1 << zkg_axis_bits(a->len[axis]));
    for (uint32_t axis = 0; axis < l->outer; axis++) {
        const uint64_t i = w->index[axis];

        if (i < a->stored[axis])
            continue;
        /* behind the last place of this axis: all below it starts anew */
        block += (a->stored[axis] - i) * l->unit[axis] + l->skip[axis];
        for (uint32_t low = axis + 1; low < l->outer; low++) {
            block -= w->index[low] * l->unit[low];
            w->index[low] = 0;
        }
        w->index[axis] = 0;
        carry(w, axis, &block);
        break;
    }
    for (uint32_t axis = l->outer; axis-- > 0;) {
        w->flat += w->index[axis] * stride;
        stride *= a->stored[axis];
    }
    if (block != first)
        w->next =
            block > l->padded >> l->pad_bits ? l->padded : block << l->pad_bits;
}

bool zkg_kzg_walk_next(zkg_kzg_run *out, zkg_kzg_walk *w)
{
    const zkg_kzg_layout *l = w->layout;

    while (w->next < w->end) {
        uint64_t block = w->next >> l->pad_bits;
        const uint64_t base = block << l->pad_bits;
        const uint64_t from = w->next;
        const uint64_t to = base + l->run < w->end ? base + l->run : w->end;
        const uint64_t flat = w->flat;

        block++;
        w->flat += l->run;
        carry(w, l->outer, &block);
        w->next =
            block > l->padded >> l->pad_bits ? l->padded : block << l->pad_bits;
        if (from >= to)
            continue;
        *out = (zkg_kzg_run){from - w->begin, flat + (from - base), to - from};
        return true;
    }
    return false;
}

/* A run of up to eight bytes, by one load and one store: what the store writes
 * behind the run is 0, or written by the next. */
static void copy_short(uint8_t *to, const uint8_t *from, size_t bytes)
{
    const uint64_t mask = UINT64_MAX >> (64 - 8 * bytes);

    zkg_store_u64le(to, zkg_load_u64le(from) & mask);
}

uint64_t zkg_kzg_gather(uint8_t *out, zkg_kzg_walk *w, uint64_t len)
{
    const zkg_array *a = w->layout->array;
    const size_t size = zkg_dtype_size(a->type);
    const uint64_t most = zkg_array_stored_count(a);
    uint64_t end = 0;
    zkg_kzg_run r;

    memset(out, 0, len * size);
    while (zkg_kzg_walk_next(&r, w)) {
        const uint8_t *from = zkg_kzg_cell(a, r.flat);
        const size_t bytes = r.len * size;

        if (bytes <= 8 && (most - r.flat) * size >= 8)
            copy_short(out + r.at * size, from, bytes);
        else
            memcpy(out + r.at * size, from, bytes);
        end = r.at + r.len;
    }
    return end;
}

uint64_t zkg_kzg_cells_before(const zkg_array *a, uint64_t at)
{
    uint64_t unit = zkg_array_stored_count(a), before = 0;
    uint32_t bits = zkg_array_vars(a);

    if (unit == 0 || at >> bits != 0)
        return unit;
    for (uint32_t axis = 0; axis < a->axes; axis++) {
        uint64_t index;

        bits -= zkg_axis_bits(a->len[axis]);
        index = at >> bits;
        at -= index << bits;
        if (index >= a->stored[axis])
            return before + unit;
        unit /= a->stored[axis];
        before += index * unit;
    }
    return before;
}
