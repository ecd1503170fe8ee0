/* SPDX-License-Identifier: Apache-2.0
 * Leaves and layers of lookup trees, in lanes. */
#include "backend/lanes.h"

/* Leaves at a time: two blocks of entries, one of each parity. */
#define LEAF_BLOCK ((size_t)2 << LANE_BLOCK_MAX)

zkg_status zkg_ifma_pair_affine(zkg_table *even, zkg_table *odd, uint64_t at,
                                size_t n, const zkg_fr *base,
                                const zkg_column *columns, size_t count)
{
    zkg_table *const half[2] = {even, odd};
    zkg_fr block[LEAF_BLOCK];
    zkg_leaves leaves;

    if (n == 2 * lane_len(even)) {
        lane_overwrite(even);
        lane_overwrite(odd);
    }
    zkg_leaves_init(&leaves, base, columns, count);
    for (size_t from = 0; from < n;) {
        const size_t room = LEAF_BLOCK - (size_t)((at + from) % LEAF_BLOCK);
        const size_t len = n - from < room ? n - from : room;

        zkg_leaves_make(block, &leaves, from, len);
        for (size_t i = 0; i < 2 && i < len; i++) {
            const uint64_t j = at + from + i;

            zkg_lane_put(half[j & 1], j >> 1, block + i, 2, (len - i + 1) / 2);
        }
        from += len;
    }
    return ZKG_OK;
}

/* By way of plain copies. */
static zkg_status up_plain(zkg_table *out, const zkg_table *in, bool ones)
{
    zkg_table from[4] = {{0}}, to[4] = {{0}};
    zkg_status status = ZKG_OK;

    for (int i = 0; i < 4 && status == ZKG_OK; i++) {
        from[i].vars = in[i].vars;
        if (i >= 2 || !ones)
            status = zkg_backend_table_cpu.table_new(&from[i], in[i].vars);
        if (status == ZKG_OK && from[i].data != NULL)
            status = zkg_ifma_table_export(from[i].data, &in[i], 0,
                                           lane_len(&in[i]));
        if (status == ZKG_OK)
            status = zkg_backend_table_cpu.table_new(&to[i], out[i].vars);
    }
    if (status == ZKG_OK)
        status = zkg_backend_table_cpu.fraction_up(to, from, ones);
    for (int i = 0; i < 4; i++) {
        if (status == ZKG_OK)
            zkg_lane_put(&out[i], 0, to[i].data, 1, lane_len(&out[i]));
        (void)zkg_ifma_table_clear(&from[i]);
        (void)zkg_ifma_table_clear(&to[i]);
    }
    return status;
}

zkg_status zkg_ifma_fraction_up(zkg_table *out, const zkg_table *in, bool ones)
{
    const uint32_t k = lane_block(&in[2]);

    if (k == 0 && lane_is_plain(&in[3]) && lane_is_plain(&out[0]))
        return zkg_backend_table_cpu.fraction_up(out, in, ones);
    /* The halves of a block of 2^k are blocks of 2^(k-1). */
    if (k < 4 || lane_is_plain(&out[0]) || lane_block(&in[3]) != k ||
        (!ones && (lane_block(&in[0]) != k || lane_block(&in[1]) != k)))
        return up_plain(out, in, ones);
    for (int i = ones ? 2 : 0; i < 4; i++)
        lane_materialise(&in[i]);
    for (int i = 0; i < 4; i++)
        out[i].layout = k - 1;
    for (size_t g = 0; g < lane_groups(&in[2]); g++) {
        const size_t odd = g & 1;
        const v8 q0 = lane_read(lane_at(&in[2], g));
        const v8 q1 = lane_read(lane_at(&in[3], g));
        v8 p;

        for (int i = ones ? 2 : 0; i < 4; i++)
            lane_fetch(lane_at(&in[i], g), 1);
        if (ones) {
            p = v8_trim(v8_add_raw(q0, q1));
        } else {
            const v8 p0 = lane_read(lane_at(&in[0], g));
            const v8 p1 = lane_read(lane_at(&in[1], g));

            p = v8_cross(&p0, &q0, &p1, &q1);
        }
        lane_write(lane_at(&out[odd], g / 2), p);
        lane_write(lane_at(&out[2 + odd], g / 2), v8_times(q0, &q1));
    }
    for (int i = 0; i < 4; i++)
        zkg_lane_settle(&out[i]);
    return ZKG_OK;
}
