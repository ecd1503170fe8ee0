/* SPDX-License-Identifier: Apache-2.0
 * Memory. */
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALIGNMENT 64
#define HUGE_PAGE ((size_t)2 << 20)

#ifdef ZKG_TEST_HOOKS
#include <malloc.h>

static bool is_starved;
static size_t live, most_live;

void zkg_mem_starve(void)
{
    is_starved = true;
}

void zkg_mem_live(size_t *now, size_t *most)
{
    *now = live;
    *most = most_live;
    most_live = live;
}

/* Of huge pages the system's malloc says how much address space they have: more
 * than was asked for, by less than one of them; a sanitizer's says what was. */
static size_t size_of(void *p)
{
    const size_t bytes = malloc_usable_size(p);

    return (uintptr_t)p % HUGE_PAGE == 0 && bytes >= HUGE_PAGE
               ? bytes / HUGE_PAGE * HUGE_PAGE
               : bytes;
}

static void *given(void *p)
{
    live += size_of(p);
    most_live = live > most_live ? live : most_live;
    return p;
}

/* What others allocated was never counted. */
static void *taken(void *p)
{
    const size_t bytes = size_of(p);

    live -= bytes < live ? bytes : live;
    return p;
}
#else
enum { is_starved = 0 };

static void *given(void *p)
{
    return p;
}

static void *taken(void *p)
{
    return p;
}
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

    return bytes == 0 ? NULL : given(calloc(bytes, 1));
}

static size_t alignment_of(size_t bytes)
{
    return bytes >= HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
}

size_t zkg_raw_bytes(size_t bytes)
{
    const size_t alignment = alignment_of(bytes);

    return (bytes + alignment - 1) / alignment * alignment;
}

/* From `huge` bytes on in huge pages. */
static void *alloc_raw(size_t count, size_t size, size_t huge)
{
    const size_t bytes = bytes_of(count, size);
    const size_t alignment = bytes >= huge ? HUGE_PAGE : ALIGNMENT;
    size_t rounded;
    void *p;

    if (bytes == 0 || bytes > PTRDIFF_MAX - HUGE_PAGE)
        return NULL;
    rounded = (bytes + alignment - 1) / alignment * alignment;
    p = aligned_alloc(alignment, rounded);
    /* One page fault and one entry of the address cache for 512 of them. */
    if (p != NULL && alignment == HUGE_PAGE)
        (void)madvise(p, rounded, MADV_HUGEPAGE);
    return given(p);
}

void *zkg_alloc_raw(size_t count, size_t size)
{
    return alloc_raw(count, size, HUGE_PAGE);
}

void *zkg_alloc_reserve(size_t count, size_t size)
{
    return alloc_raw(count, size, 2 * HUGE_PAGE);
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

void *zkg_alloc_present(size_t count, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t bytes = bytes_of(count, size);
    void *p;

    if (bytes == 0 || bytes > PTRDIFF_MAX - page)
        return NULL;
    p = aligned_alloc(page, (bytes + page - 1) / page * page);
    /* Linux 5.14; without it the pages come as they are touched. */
    if (p != NULL)
        (void)madvise(p, (bytes + page - 1) / page * page, MADV_POPULATE_WRITE);
    return given(p);
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
    void *more;

    if (bytes == 0)
        return NULL;
    (void)taken(p);
    more = realloc(p, bytes);
    (void)given(more != NULL ? more : p);
    return more;
}

char *zkg_strdup(const char *s)
{
    return given(strdup(s));
}

void zkg_free(void *p)
{
    free(taken(p));
}
