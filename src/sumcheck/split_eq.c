/* SPDX-License-Identifier: Apache-2.0
 * Split eq tables. */
#include "sumcheck/split_eq.h"

#include <string.h>

#include "base/mem.h"

/* Fewer variables in lo than this are not worth a product of two tables. */
#define LEAST_LO 5

/* tables[s] for from <= s <= to, one behind the other in *memory: the longest
 * by products, and from each one the next, eq(u, 0) + eq(u, 1) being 1. */
static zkg_status suffixes(zkg_fr **tables, zkg_fr **memory, const zkg_fr *u,
                           uint32_t from, uint32_t to,
                           const zkg_backend *backend)
{
    tables[from] = *memory;
    ZKG_TRY(backend->eq_expand(tables[from], u, to - from, NULL));
    for (uint32_t s = from; s < to; s++) {
        const size_t len = (size_t)1 << (to - s - 1);

        tables[s + 1] = tables[s] + 2 * len;
        for (size_t i = 0; i < len; i++)
            zkg_fr_add(&tables[s + 1][i], &tables[s][2 * i],
                       &tables[s][2 * i + 1]);
    }
    *memory = tables[to] + 1;
    return ZKG_OK;
}

zkg_status zkg_split_eq_new(zkg_split_eq *out, const zkg_fr *u, uint32_t from,
                            uint32_t to, const zkg_backend *backend)
{
    /* lo is longer than what join adds, so that both are as short. */
    const uint32_t n = to - from, half = (n + LEAST_LO - 1) / 2;
    const uint32_t middle = from + (half < n ? half : n);
    const uint32_t join =
        middle - from < LEAST_LO ? from : middle - (LEAST_LO - 1);
    zkg_fr *memory;
    zkg_status status;

    memset(out, 0, sizeof(*out));
    memory = zkg_alloc_raw(((size_t)2 << (middle - from)) +
                               ((size_t)2 << (to - join)),
                           sizeof(zkg_fr));
    if (memory == NULL)
        return ZKG_ERR_NOMEM;
    out->from = from;
    out->join = join;
    out->middle = middle;
    out->to = to;
    out->memory = memory;
    status = suffixes(out->lo, &memory, u, from, middle, backend);
    if (status == ZKG_OK)
        status =
            suffixes(out->all, &memory, u + (join - from), join, to, backend);
    if (status != ZKG_OK)
        zkg_split_eq_clear(out);
    return status;
}

void zkg_split_eq_clear(zkg_split_eq *eq)
{
    zkg_free(eq->memory);
    memset(eq, 0, sizeof(*eq));
}

void zkg_split_eq_weights(zkg_weights *out, const zkg_split_eq *eq, uint32_t t)
{
    const uint32_t s = t > eq->from ? t : eq->from;

    out->free = t < eq->from ? eq->from - t : 0;
    out->first = 0;
    if (s >= eq->join) {
        out->lo = eq->all[s];
        out->lo_bits = eq->to - s;
        out->hi = eq->all[eq->to]; /* 1 */
    } else {
        out->lo = eq->lo[s];
        out->lo_bits = eq->middle - s;
        out->hi = eq->all[eq->middle];
    }
}
