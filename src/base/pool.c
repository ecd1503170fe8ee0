/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

enum { ALIGN = 64, BLOCKS = 8 };
#define PIECE_LEAST ((size_t)2 << 20)

typedef struct zkg_pool_piece {
    struct zkg_pool_piece *older;
    unsigned char *memory; /* owned */
    size_t bytes, used;
    size_t blocks; /* not given back yet */
} piece;

static bool is_alone(size_t bytes)
{
    return bytes < ZKG_POOL_LEAST || bytes >= PIECE_LEAST;
}

/* Of a new piece for such blocks. */
static size_t piece_bytes(size_t bytes)
{
    return BLOCKS * bytes < PIECE_LEAST ? PIECE_LEAST : BLOCKS * bytes;
}

static piece *new_piece(zkg_pool *pool, size_t bytes)
{
    piece *p = zkg_alloc(1, sizeof(*p));

    if (p == NULL)
        return NULL;
    *p = (piece){.older = pool->newest, .bytes = piece_bytes(bytes)};
    p->memory = zkg_alloc_present(p->bytes, 1);
    if (p->memory == NULL) {
        zkg_free(p);
        return NULL;
    }
    pool->newest = p;
    return p;
}

void *zkg_pool_take(zkg_pool *pool, size_t bytes)
{
    const size_t rounded = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    piece *p = pool->newest;
    void *block;

    if (is_alone(bytes))
        return zkg_alloc_raw(bytes, 1);
    if (p == NULL || rounded > p->bytes - p->used)
        p = new_piece(pool, rounded);
    if (p == NULL)
        return NULL;
    block = p->memory + p->used;
    p->used += rounded;
    p->blocks++;
    return block;
}

/* Where the piece that has the block hangs; a NULL there: it is alone. */
static piece **place_of(zkg_pool *pool, const void *block)
{
    const uintptr_t at = (uintptr_t)block;
    piece **p = &pool->newest;

    while (*p != NULL && (at < (uintptr_t)(*p)->memory ||
                          at - (uintptr_t)(*p)->memory >= (*p)->bytes))
        p = &(*p)->older;
    return p;
}

void zkg_pool_give(zkg_pool *pool, void *block)
{
    piece **at = place_of(pool, block), *p = *at;

    if (p == NULL) {
        zkg_free(block);
        return;
    }
    if (--p->blocks > 0)
        return;
    *at = p->older;
    zkg_free(p->memory);
    zkg_free(p);
}

double zkg_pool_bytes(double bytes)
{
    return bytes < (double)ZKG_POOL_LEAST || bytes >= (double)PIECE_LEAST
               ? bytes
               : bytes * BLOCKS / (BLOCKS - 1);
}

double zkg_pool_slack(double bytes)
{
    return bytes < (double)ZKG_POOL_LEAST || bytes >= (double)PIECE_LEAST
               ? 0
               : (double)piece_bytes((size_t)bytes);
}
