/* SPDX-License-Identifier: Apache-2.0
 * Tables dealt out over ranks. */
#include "sumcheck/slices.h"

#include <string.h>

#include "base/bits.h"
#include "base/mem.h"

/* A rank's share has at least this many entries: for fewer a round costs less
 * than its sum over the network. */
#define MIN_SHARE_VARS 7

uint32_t zkg_slices_even(uint32_t size)
{
    uint32_t m = 0;

    /* The largest share, ceil(2^m / size), against 9/8 of 2^m / size. */
    while (8 * (((UINT64_C(1) << m) + size - 1) / size) * size > UINT64_C(9)
                                                                     << m)
        m++;
    return m;
}

uint32_t zkg_slices(uint32_t vars, uint32_t size)
{
    if (size <= 1 || vars < zkg_log2_ceil(size) + MIN_SHARE_VARS)
        return 0;
    return zkg_slices_even(size);
}

uint32_t zkg_slices_rounds(uint32_t vars, uint32_t tables, uint32_t size)
{
    const uint32_t m = zkg_slices(vars, size);
    uint32_t t = 0;

    while (m > 0 && t < vars - m &&
           (uint64_t)tables << (vars - t) > ZKG_SLICES_WHOLE)
        t++;
    return t;
}

void zkg_slices_of(uint32_t *first, uint32_t *count, uint32_t slice_bits,
                   uint32_t rank, uint32_t size)
{
    const uint64_t slices = UINT64_C(1) << slice_bits;

    *first = 0;
    *count = 1;
    if (slice_bits == 0)
        return;
    *first = (uint32_t)(rank * slices / size);
    *count = (uint32_t)((rank + 1) * slices / size) - *first;
}

void zkg_slices_ends(uint64_t *first, uint64_t each, uint32_t slice_bits,
                     uint32_t size)
{
    first[0] = 0;
    for (uint32_t r = 0; r < size; r++) {
        uint32_t from, count;

        zkg_slices_of(&from, &count, slice_bits, r, size);
        first[r + 1] = each * ((uint64_t)from + count);
    }
}

/* Every rank's slices to all, `each` elements a slice. */
static zkg_status share(zkg_fr *all, size_t each, uint32_t slice_bits,
                        const zkg_comm *comm)
{
    const uint32_t size = zkg_comm_size(comm);
    uint64_t *first = zkg_alloc((size_t)size + 1, sizeof(*first));
    zkg_status status;

    if (first == NULL)
        return ZKG_ERR_NOMEM;
    zkg_slices_ends(first, each, slice_bits, size);
    status = zkg_comm_allgather_fr(comm, all, first);
    zkg_free(first);
    return status;
}

zkg_status zkg_slices_gather(zkg_fr *out, const zkg_table *tables,
                             uint32_t arity, size_t len, uint32_t slice_bits,
                             const zkg_comm *comm, const zkg_backend *backend)
{
    const size_t slices = (size_t)1 << slice_bits;
    zkg_fr *all = zkg_alloc(arity * slices * len, sizeof(*all));
    zkg_status status = all == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
    uint32_t from, count;

    zkg_slices_of(&from, &count, slice_bits, zkg_comm_rank(comm),
                  zkg_comm_size(comm));
    for (uint32_t k = 0; k < arity * count && status == ZKG_OK; k++)
        status =
            backend->table_export(all + ((size_t)arity * from + k) * len,
                                  &tables[k], 0, (size_t)1 << tables[k].vars);
    if (status == ZKG_OK)
        status = share(all, arity * len, slice_bits, comm);
    for (uint32_t k = 0; k < arity && status == ZKG_OK; k++)
        for (size_t s = 0; s < slices; s++)
            memcpy(out + (k * slices + s) * len, all + (s * arity + k) * len,
                   len * sizeof(*out));
    zkg_free(all);
    return status;
}
