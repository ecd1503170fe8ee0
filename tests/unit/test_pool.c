/* SPDX-License-Identifier: Apache-2.0
 * Blocks in pieces: their own, whatever the order in which they go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/pool.h"

enum { BLOCKS = 60 };

typedef struct block {
    unsigned char *at;
    size_t bytes;
    unsigned char mark;
} block;

static uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void take(zkg_pool *pool, block *b, size_t bytes, unsigned char mark)
{
    *b = (block){zkg_pool_take(pool, bytes), bytes, mark};
    assert_non_null(b->at);
    assert_int_equal((uintptr_t)b->at % 64, 0);
    memset(b->at, mark, bytes);
}

/* What was written there is still there. */
static void give(zkg_pool *pool, block *b)
{
    for (size_t i = 0; i < b->bytes; i++)
        if (b->at[i] != b->mark)
            fail_msg("byte %zu of a block of %zu is another's", i, b->bytes);
    zkg_pool_give(pool, b->at);
    b->at = NULL;
}

/* Sizes about those that share pieces, and the ends of their range. */
static size_t size_of(uint64_t *state)
{
    static const size_t edge[] = {1,
                                  63,
                                  64,
                                  ZKG_POOL_LEAST - 1,
                                  ZKG_POOL_LEAST,
                                  ZKG_POOL_LEAST + 1,
                                  (2u << 20) - 1,
                                  2u << 20};

    return draw(state) % 4 == 0 ? edge[draw(state) % 8]
                                : 1 + draw(state) % (600u << 10);
}

static void blocks_are_their_own(void **state)
{
    const uint64_t seed = 20261122;
    uint64_t random = seed;
    block b[BLOCKS] = {{NULL}};
    zkg_pool pool = {NULL};

    (void)state;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (uint32_t step = 0; step < 1500; step++) {
        block *at = &b[draw(&random) % BLOCKS];

        if (at->at == NULL)
            take(&pool, at, size_of(&random), (unsigned char)step);
        else
            give(&pool, at);
    }
    for (uint32_t i = 0; i < BLOCKS; i++)
        if (b[i].at != NULL)
            give(&pool, &b[i]);
    zkg_pool_give(&pool, NULL);
    assert_null(pool.newest);
}

/* Eight of a size are one piece, and the ninth begins another. */
static void a_piece_has_eight(void **state)
{
    const size_t bytes = 512u << 10;
    zkg_pool pool = {NULL};
    block b[9];

    (void)state;
    for (uint32_t i = 0; i < 9; i++) {
        take(&pool, &b[i], bytes, (unsigned char)i);
        if (i > 0 && i < 8)
            assert_ptr_equal(b[i].at, b[i - 1].at + bytes);
    }
    assert_true(zkg_pool_bytes((double)bytes) * 9 +
                    zkg_pool_slack((double)bytes) >=
                2 * 8 * (double)bytes);
    for (uint32_t i = 9; i-- > 0;)
        give(&pool, &b[i]);
    assert_null(pool.newest);
}

/* What pieces are of; what does not fit is refused. */
static void present_memory_is_there(void **state)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 3u << 20};

    (void)state;
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        unsigned char *p = zkg_alloc_present(sizes[k], 1);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        memset(p, 1, sizes[k]);
        zkg_free(p);
    }
    assert_null(zkg_alloc_present(SIZE_MAX, 2));
    assert_null(zkg_alloc_present(PTRDIFF_MAX, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_their_own),
        cmocka_unit_test(a_piece_has_eight),
        cmocka_unit_test(present_memory_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
