/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TEST_CHECK_H
#define ZKG_TEST_CHECK_H

/* What the checks of slots draw and compare with.
 *
 * One check_SLOT() a line of slots.def, in the file of its subject: a slot
 * without a check does not link.  Values are biased to 0, 1 and -1 and never
 * all zero; sizes are odd as well as even, and empty; arrays end in guard
 * words. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/backend.h"

typedef struct context {
    const zkg_backend *ref, *b;
    const char *slot;
    uint64_t seed;
    bool bench;
    uint64_t checks, failures;
} context;

#define SLOT(slot, arguments, names, meaning) void check_##slot(context *c);
#include "backend/slots.def"
#undef SLOT
/* Arrays of more than 2^22 elements. */
void check_long(context *c);

/* ---- values ---- */

static inline uint64_t next(context *c)
{
    uint64_t z = (c->seed += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The element whose limbs in memory are those of p - 1, the largest. */
static inline void largest(zkg_fr *out)
{
    uint8_t bytes[32];
    zkg_fr minus_one;

    zkg_fr_from_i64(&minus_one, -1);
    zkg_fr_to_bytes(bytes, &minus_one);
    (void)zkg_fr_from_mont_bytes(out, bytes);
}

static inline void draw(context *c, zkg_fr *out)
{
    uint64_t wide[8];

    for (int i = 0; i < 8; i++)
        wide[i] = next(c);
    switch (wide[7] % 8) {
    case 0:
        zkg_fr_from_i64(out, (int64_t)(wide[6] % 3) - 1);
        break;
    case 1:
        zkg_fr_from_i64(out, (int64_t)wide[0] >> wide[1] % 64);
        break;
    case 2:
        largest(out);
        break;
    default:
        zkg_fr_from_wide_bytes(out, (const uint8_t *)wide);
    }
}

static inline void *get(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);

    if (p == NULL)
        abort();
    return p;
}

/* n elements and one guard behind them; the first is never 0.  Some arrays
 * are the largest element, in all places or in every second one: where sums
 * and differences overflow first. */
static inline zkg_fr *elements(context *c, size_t n)
{
    const uint64_t pattern = next(c) % 16;
    zkg_fr *v = get(n + 1, sizeof(*v));

    for (size_t i = 0; i < n; i++) {
        if (pattern < 2)
            largest(&v[i]);
        else
            draw(c, &v[i]);
        if (pattern == 1 && i % 2 == 0)
            v[i] = zkg_fr_zero;
    }
    if (n > 0 && zkg_fr_is_zero(&v[0]))
        v[0] = zkg_fr_one;
    memset(&v[n], 0xa5, sizeof(*v));
    return v;
}

static inline zkg_fr *copy(const zkg_fr *v, size_t n)
{
    zkg_fr *out = get(n + 1, sizeof(*out));

    memcpy(out, v, (n + 1) * sizeof(*v));
    return out;
}

/* n integers of a type, extreme ones among them; 64 guard bytes behind. */
static inline void *integers(context *c, zkg_dtype type, size_t n)
{
    const size_t size = zkg_dtype_size(type);
    uint8_t *out = get(n * size + 64, 1);

    if (type == ZKG_FR) {
        zkg_fr *v = elements(c, n);

        memcpy(out, v, n * size);
        free(v);
        return out;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t v = (int64_t)next(c);

        if (v % 8 == 0)
            v = zkg_dtype_min(type);
        else if (v % 8 == 1)
            v = zkg_dtype_max(type);
        else if (v % 8 == 2)
            v = 0;
        memcpy(out + i * size, &v, size); /* the low bytes: little-endian */
    }
    return out;
}

/* ---- comparison ---- */

static inline void verdict(context *c, bool good, const char *what, uint64_t n)
{
    c->checks++;
    if (good)
        return;
    c->failures++;
    if (c->failures < 20)
        printf("%s.%s differs: %s n=%" PRIu64 "\n", c->b->name, c->slot, what,
               n);
}

/* n elements and the guard */
static inline void same(context *c, const zkg_fr *a, const zkg_fr *b, size_t n,
                        const char *what)
{
    verdict(c, memcmp(a, b, (n + 1) * sizeof(*a)) == 0, what, n);
}

static inline void must(zkg_status s)
{
    if (s != ZKG_OK) {
        printf("a slot failed: %s\n", zkg_status_name(s));
        exit(1);
    }
}

/* A table in both backends. */
typedef struct pair {
    zkg_table ref, b;
} pair;

static inline void pair_zero(context *c, pair *p, uint32_t vars)
{
    must(c->ref->table_new(&p->ref, vars));
    must(c->b->table_new(&p->b, vars));
}

static inline void pair_draw(context *c, pair *p, uint32_t vars)
{
    const size_t n = (size_t)1 << vars;
    zkg_fr *v = elements(c, n);

    pair_zero(c, p, vars);
    must(c->ref->table_import(&p->ref, 0, v, ZKG_FR, n));
    must(c->b->table_import(&p->b, 0, v, ZKG_FR, n));
    free(v);
}

static inline void pair_clear(context *c, pair *p)
{
    must(c->ref->table_clear(&p->ref));
    must(c->b->table_clear(&p->b));
}

static inline void pair_same(context *c, const pair *p, const char *what)
{
    const size_t n = (size_t)1 << p->ref.vars;
    zkg_fr *x = elements(c, n), *y = copy(x, n);

    verdict(c, p->ref.vars == p->b.vars, "vars", n);
    must(c->ref->table_export(x, &p->ref, 0, n));
    must(c->b->table_export(y, &p->b, 0, n));
    same(c, x, y, n, what);
    free(x);
    free(y);
}

/* ---- time ---- */

static inline double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Repeat a call for a while and print the best time an element. */
#define BENCH(c, label, n, reset, call)                                        \
    do {                                                                       \
        double best_ = 1e9, end_ = seconds() + 0.3;                            \
        do {                                                                   \
            double from_, took_;                                               \
            reset;                                                             \
            from_ = seconds();                                                 \
            must(call);                                                        \
            took_ = seconds() - from_;                                         \
            if (took_ < best_)                                                 \
                best_ = took_;                                                 \
        } while (seconds() < end_);                                            \
        printf("%-6s %-20s %-14s %8.2f ns\n", (c)->b->name, (c)->slot, label,  \
               1e9 * best_ / (double)(n));                                     \
    } while (0)

enum { BENCH_VARS = 16, BENCH_LEN = 1 << BENCH_VARS };

#endif
