/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_GROW_H
#define ZKGKR_GRAPH_GROW_H

/**
 * @file
 * Lists that grow by one, their capacity being the next power of two.
 */

#include <stdint.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"

/**
 * Make room for one more behind `count` elements, zeroed.
 *
 * @return the list, or NULL without memory (the old one is still valid)
 */
static inline void *zkg_grow(void *list, uint32_t count, size_t size)
{
    if (count == 0 || zkg_is_pow2(count)) {
        void *more =
            zkg_realloc(list, count == 0 ? 1 : (size_t)2 * count, size);

        if (more == NULL)
            return NULL;
        list = more;
    }
    memset((char *)list + count * size, 0, size);
    return list;
}

#endif
