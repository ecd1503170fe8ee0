/* SPDX-License-Identifier: Apache-2.0
 * Memory. */
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

#ifdef ZKG_TEST_HOOKS
static bool is_starved;

void zkg_mem_starve(void)
{
    is_starved = true;
}
#else
enum { is_starved = 0 };
#endif

/* count * size in bytes, at least 1; 0 when it does not fit. */
static size_t bytes_of(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) ||
        bytes > PTRDIFF_MAX - ALIGNMENT || is_starved)
        return 0;
    return bytes == 0 ? 1 : bytes;
}

void *zkg_alloc(size_t count, size_t size)
{
    const size_t bytes = bytes_of(count, size);

    return bytes == 0 ? NULL : calloc(bytes, 1);
}

void *zkg_alloc_aligned(size_t count, size_t size)
{
    size_t bytes = bytes_of(count, size);
    void *p;

    if (bytes == 0)
        return NULL;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    p = aligned_alloc(ALIGNMENT, bytes);
    if (p != NULL)
        memset(p, 0, bytes);
    return p;
}

void *zkg_realloc(void *p, size_t count, size_t size)
{
    const size_t bytes = bytes_of(count, size);

    return bytes == 0 ? NULL : realloc(p, bytes);
}

char *zkg_strdup(const char *s)
{
    return strdup(s);
}

void zkg_free(void *p)
{
    free(p);
}
