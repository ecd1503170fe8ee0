/* SPDX-License-Identifier: Apache-2.0
 * Split eq tables. */
#include "sumcheck/split_eq.h"

#include <string.h>

#include "base/mem.h"

/* Fewer variables in lo than this are not worth a product of two tables. */
#define LEAST_LO 5

/* tables[s] for from <= s <= to, one behind the other in *memory. */
static void suffixes(zkg_fr **tables, zkg_fr **memory, const zkg_fr *u,
                     uint32_t from, uint32_t to)
{
    tables[to] = *memory;
    *tables[to] = zkg_fr_one;
    *memory += 1;
    for (uint32_t s = to; s-- > from;) {
        const size_t len = (size_t)1 << (to - s - 1);
        const zkg_fr *above = tables[s + 1];

        tables[s] = *memory;
        *memory += 2 * len;
        for (size_t i = 0; i < len; i++) {
            zkg_fr_mul(&tables[s][2 * i + 1], &above[i], &u[s - from]);
            zkg_fr_sub(&tables[s][2 * i], &above[i], &tables[s][2 * i + 1]);
        }
    }
}

zkg_status zkg_split_eq_new(zkg_split_eq *out, const zkg_fr *u, uint32_t from,
                            uint32_t to)
{
    const uint32_t middle = from + (to - from) / 2;
    const uint32_t join =
        middle - from < LEAST_LO ? from : middle - (LEAST_LO - 1);
    zkg_fr *memory;

    memset(out, 0, sizeof(*out));
    memory =
        zkg_alloc(((size_t)2 << (middle - from)) + ((size_t)2 << (to - join)),
                  sizeof(zkg_fr));
    if (memory == NULL)
        return ZKG_ERR_NOMEM;
    out->from = from;
    out->join = join;
    out->middle = middle;
    out->to = to;
    out->memory = memory;
    suffixes(out->lo, &memory, u, from, middle);
    suffixes(out->all, &memory, u + (join - from), join, to);
    return ZKG_OK;
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
