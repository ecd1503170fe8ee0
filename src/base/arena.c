/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>

#include "base/mem.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define HIDE(p, n) __asan_poison_memory_region(p, n)
#define SHOW(p, n) __asan_unpoison_memory_region(p, n)
#else
#define HIDE(p, n) ((void)(p), (void)(n))
#define SHOW(p, n) ((void)(p), (void)(n))
#endif

size_t zkg_arena_round(size_t bytes)
{
    return bytes > SIZE_MAX - ZKG_ARENA_ALIGN
               ? SIZE_MAX
               : (bytes + ZKG_ARENA_ALIGN - 1) / ZKG_ARENA_ALIGN *
                     ZKG_ARENA_ALIGN;
}

zkg_status zkg_arena_reserve(zkg_arena *a, size_t bytes)
{
    size_t most;

    if (a->used != 0)
        return ZKG_ERR_INTERNAL;
    if (bytes <= a->bytes)
        return ZKG_OK;
    if (a->is_part)
        return ZKG_ERR_NOMEM;
    most = a->most;
    zkg_arena_clear(a);
    a->most = most;
    a->memory = zkg_alloc_reserve(bytes, 1);
    if (a->memory == NULL)
        return ZKG_ERR_NOMEM;
    a->bytes = bytes;
    HIDE(a->memory, bytes);
    return ZKG_OK;
}

void *zkg_arena_take(zkg_arena *a, size_t bytes)
{
    const size_t rounded = zkg_arena_round(bytes);
    unsigned char *p = a->memory + a->used;

    if (a->memory == NULL || rounded > a->bytes - a->used)
        return NULL;
    a->used += rounded;
    a->most = a->used > a->most ? a->used : a->most;
    SHOW(p, bytes);
    return p;
}

zkg_status zkg_arena_part(zkg_arena *part, zkg_arena *from, size_t bytes)
{
    *part = (zkg_arena){.is_part = true};
    if (bytes == 0)
        return ZKG_OK;
    part->memory = zkg_arena_take(from, bytes);
    if (part->memory == NULL)
        return ZKG_ERR_NOMEM;
    part->bytes = zkg_arena_round(bytes);
    HIDE(part->memory, part->bytes);
    return ZKG_OK;
}

void zkg_arena_release(zkg_arena *a, size_t mark)
{
    assert(mark <= a->used);
    if (mark < a->used)
        HIDE(a->memory + mark, a->used - mark);
    a->used = mark;
}

void zkg_arena_clear(zkg_arena *a)
{
    if (!a->is_part && a->memory != NULL) {
        SHOW(a->memory, a->bytes);
        zkg_free(a->memory);
    }
    *a = (zkg_arena){0};
}
