/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_KERNEL_LIST_H
#define ZKG_KERNEL_LIST_H

/**
 * @file
 * Lists that grow, and an index of their elements by content.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Elements of one size, which every call names.  {0} is empty. */
typedef struct zkg_list {
    void *data;
    uint32_t count, capacity;
} zkg_list;

/** n more elements behind the others, copied from `from`, or zeros where that
 *  is NULL.  @return where they are; NULL without memory, or past 2^31 */
void *zkg_list_add(zkg_list *l, size_t size, uint32_t n, const void *from);
void zkg_list_free(zkg_list *l);

/** Ids by hash.  {0} is empty. */
typedef struct zkg_index {
    uint32_t *slot; /**< id + 1, or 0 */
    uint32_t *hash;
    uint32_t size, used;
} zkg_index;

/** Start looking for a hash; *at is for zkg_index_next alone. */
void zkg_index_find(const zkg_index *x, uint32_t hash, uint32_t *at);

/** The next id of that hash; false when there is none. */
bool zkg_index_next(const zkg_index *x, uint32_t hash, uint32_t *at,
                    uint32_t *id);

/** false without memory. */
bool zkg_index_add(zkg_index *x, uint32_t hash, uint32_t id);
void zkg_index_free(zkg_index *x);

/** A hash of bytes. */
uint32_t zkg_hash_bytes(uint32_t seed, const void *bytes, size_t len);

#endif
