/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and their index. */
#include "kernel/list.h"

#include <string.h>

#include "base/mem.h"

void *zkg_list_add(zkg_list *l, size_t size, uint32_t n, const void *from)
{
    const uint64_t want = (uint64_t)l->count + n;
    uint64_t capacity = l->capacity == 0 ? 16 : l->capacity;
    char *at;

    if (want > INT32_MAX)
        return NULL;
    while (capacity < want)
        capacity *= 2;
    if (capacity > l->capacity) {
        void *more = zkg_realloc(l->data, (size_t)capacity, size);

        if (more == NULL)
            return NULL;
        l->data = more;
        l->capacity = (uint32_t)capacity;
    }
    at = (char *)l->data + l->count * size;
    if (from != NULL)
        memcpy(at, from, n * size);
    else
        memset(at, 0, n * size);
    l->count += n;
    return at;
}

void zkg_list_free(zkg_list *l)
{
    zkg_free(l->data);
    *l = (zkg_list){.data = NULL};
}

void zkg_index_find(const zkg_index *x, uint32_t hash, uint32_t *at)
{
    *at = x->size > 0 ? hash & (x->size - 1) : 0;
}

bool zkg_index_next(const zkg_index *x, uint32_t hash, uint32_t *at,
                    uint32_t *id)
{
    while (x->size > 0 && x->slot[*at] != 0) {
        const uint32_t here = *at;

        *at = (here + 1) & (x->size - 1);
        if (x->hash[here] == hash) {
            *id = x->slot[here] - 1;
            return true;
        }
    }
    return false;
}

static void put(zkg_index *x, uint32_t hash, uint32_t slot)
{
    uint32_t at = hash & (x->size - 1);

    while (x->slot[at] != 0)
        at = (at + 1) & (x->size - 1);
    x->slot[at] = slot;
    x->hash[at] = hash;
}

/* Half full at most. */
static bool widen(zkg_index *x)
{
    zkg_index wide = {.size = x->size == 0 ? 64 : 2 * x->size};

    wide.slot = zkg_alloc(wide.size, sizeof(wide.slot[0]));
    wide.hash = zkg_alloc(wide.size, sizeof(wide.hash[0]));
    if (wide.slot == NULL || wide.hash == NULL) {
        zkg_index_free(&wide);
        return false;
    }
    for (uint32_t i = 0; i < x->size; i++) {
        if (x->slot[i] != 0)
            put(&wide, x->hash[i], x->slot[i]);
    }
    wide.used = x->used;
    zkg_index_free(x);
    *x = wide;
    return true;
}

bool zkg_index_add(zkg_index *x, uint32_t hash, uint32_t id)
{
    if (2 * (uint64_t)x->used >= x->size && !widen(x))
        return false;
    put(x, hash, id + 1);
    x->used++;
    return true;
}

void zkg_index_free(zkg_index *x)
{
    zkg_free(x->slot);
    zkg_free(x->hash);
    *x = (zkg_index){.slot = NULL};
}

/* FNV-1a, stirred at the end. */
uint32_t zkg_hash_bytes(uint32_t seed, const void *bytes, size_t len)
{
    const unsigned char *b = bytes;
    uint64_t h = 0xcbf29ce484222325 ^ seed;

    for (size_t i = 0; i < len; i++)
        h = (h ^ b[i]) * 0x100000001b3;
    return (uint32_t)(h ^ h >> 29 ^ h >> 47);
}
