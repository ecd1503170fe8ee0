/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random inputs for tests: splitmix64, from ZKG_TEST_SEED or a fixed seed,
 * which is printed.
 */
#ifndef ZKG_TESTS_RNG_H
#define ZKG_TESTS_RNG_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct rng {
    uint64_t state;
} rng;

static inline rng rng_new(void)
{
    const char *text = getenv("ZKG_TEST_SEED");
    rng r = {text ? strtoull(text, NULL, 0) : 20261121};

    printf("# seed %llu\n", (unsigned long long)r.state);
    return r;
}

static inline uint64_t rng_u64(rng *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/** Below n > 0. */
static inline uint64_t rng_below(rng *r, uint64_t n)
{
    return rng_u64(r) % n;
}

/** Any 64 bits, but often near 0, 2^63 or 2^64, or short. */
static inline uint64_t rng_edge(rng *r)
{
    const uint64_t v = rng_u64(r), small = v >> 8 & 3;

    switch (v & 7) {
    case 0:
        return small;
    case 1:
        return 0 - small;
    case 2:
        return ((uint64_t)1 << 63) - small;
    case 3:
        return ((uint64_t)1 << 63) + small;
    case 4:
        return v >> (v >> 58);
    default:
        return rng_u64(r);
    }
}

#endif
