/* SPDX-License-Identifier: Apache-2.0
 * Memory. */
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 64
#define HUGE_PAGE ((size_t)2 << 20)

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

void *zkg_alloc_raw(size_t count, size_t size)
{
    const size_t bytes = bytes_of(count, size);
    const size_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
    size_t rounded;
    void *p;

    if (bytes == 0 || bytes > PTRDIFF_MAX - HUGE_PAGE)
        return NULL;
    rounded = (bytes + alignment - 1) / alignment * alignment;
    p = aligned_alloc(alignment, rounded);
    /* One page fault and one entry of the address cache for 512 of them. */
    if (p != NULL && alignment == HUGE_PAGE)
        (void)madvise(p, rounded, MADV_HUGEPAGE);
    return p;
}

void *zkg_alloc_aligned(size_t count, size_t size)
{
    void *p = zkg_alloc_raw(count, size);

    if (p != NULL)
        memset(p, 0, bytes_of(count, size));
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
