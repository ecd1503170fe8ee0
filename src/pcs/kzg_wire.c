/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of chunked commitments, which both sides compute. */
#include "pcs/kzg.h"

#include "base/bits.h"

uint64_t zkg_kzg_chunks(uint32_t n, uint32_t k)
{
    return n <= k ? 1 : (uint64_t)1 << (n - k);
}

uint32_t zkg_kzg_default_k(uint64_t values)
{
    const uint32_t k = (zkg_log2_ceil(values) + 1) / 2 + 1;

    return k < 10 ? 10 : k > 20 ? 20 : k;
}
